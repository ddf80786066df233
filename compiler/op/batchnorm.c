/*
 * batchnorm.c - y = (x - mean) / sqrt(variance + epsilon) * weight + bias, each
 * a vector over the channels, learnt in training and fixed since.
 */
#include "op/local.h"

/* In the order of the node's inputs after x. */
static const struct {
    const char *name;
    double value, spread; /* what seeded weights are drawn from */
} vectors[] = { { "weight", 1, 0.25 },
                { "bias", 0, 0.1 },
                { "running_mean", 0, 0.1 },
                { "running_var", 1, 0.5 } };

bool batchnorm_infer(Graph *graph, Node *node)
{
    const BatchnormAttrs *a = node_attrs(node, BatchnormAttrs);
    int64_t channels = channels_of(in_shape(node, 0));
    if (!op_need_f32(node) || !op_need_rank_1_up(node))
        return false;
    if (!(a->epsilon >= 0) || isinf(a->epsilon)) {
        graph_error(node, attr_index(node, "epsilon"),
                    "'epsilon' of 'batchnorm' must be at least 0, got %g",
                    a->epsilon);
        return false;
    }
    for (int i = 0; i < (int)COUNT_OF(vectors); i++) {
        Tensor *vector = graph_parameter(graph, node, i, vectors[i].name,
                                         shape_of(1, &channels), LAYOUT_AS_IS,
                                         0, vectors[i].value);
        if (!vector)
            return false;
        vector->init_spread = vectors[i].spread;
    }
    return op_output_like(node);
}

int64_t batchnorm_macs(const Node *node)
{
    (void)node;
    return 0; /* as papers count: it becomes part of the layer before it */
}

void batchnorm_evaluate(const Node *node, const double *const *in,
                        double *const *out)
{
    const double epsilon = node_attrs(node, BatchnormAttrs)->epsilon;
    const int64_t channels = in_count(node, 1), count = in_count(node, 0);
    const double *weight = in[1], *bias = in[2], *mean = in[3], *var = in[4];
    for (int64_t i = 0; i < count; i++) {
        int64_t c = i % channels;
        out[0][i] =
            (in[0][i] - mean[c]) / sqrt(var[c] + epsilon) * weight[c] + bias[c];
    }
}

void batchnorm_lower(Lower *lower, const Node *node)
{
    const BatchnormAttrs *a = node_attrs(node, BatchnormAttrs);
    const Shape *shape = out_shape(node);
    Kernel *k = lower_begin(lower, node);
    Buffer *y = lower_output(lower, node, 0);
    const Expr *value[5], *scale; /* x, weight, bias, mean, variance */
    const Affine *at[MAX_RANK];
    lower_loops(k, shape, loop_names(shape), at);
    value[0] = k_load(access_at(lower_input(lower, node, 0), at));
    for (int i = 1; i < 5; i++)
        value[i] = k_load(AT(lower_input(lower, node, i), at[shape->rank - 1]));
    scale = k_div(value[1], k_1(SQRT, k_add(value[4], k_num(a->epsilon))));
    kernel_store(k, access_at(y, at),
                 k_fma(k_sub(value[0], value[3]), scale, value[2]));
    lower_end(lower);
}
