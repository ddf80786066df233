/*
 * global_pool.c - the largest element, or the mean, of each channel:
 * [h, w, c] or [n, c] becomes [c].
 */
#include "op/local.h"

static bool global_infer(const Node *node)
{
    const Shape *x = in_shape(node, 0);
    if (!op_need_f32(node))
        return false;
    if (x->rank < 2) {
        graph_error(node, -1, "'%s' needs pixels and channels, got %s",
                    op_info[node->op].name, shape_show(x));
        graph_note_inputs(node);
        return false;
    }
    return op_output(node, DT_F32, shape_of(1, &x->dim[x->rank - 1]));
}

bool global_maxpool_infer(Graph *graph, Node *node)
{
    (void)graph;
    return global_infer(node);
}

bool global_avgpool_infer(Graph *graph, Node *node)
{
    (void)graph;
    return global_infer(node);
}

int64_t global_maxpool_macs(const Node *node)
{
    (void)node;
    return 0;
}

int64_t global_avgpool_macs(const Node *node)
{
    (void)node;
    return 0;
}

void global_maxpool_evaluate(const Node *node, const double *const *in,
                             double *const *out)
{
    const int64_t channels = channels_of(out_shape(node));
    const int64_t count = in_count(node, 0);
    for (int64_t i = 0; i < count; i++) {
        double *to = &out[0][i % channels];
        *to = i < channels ? in[0][i] : ref_max(*to, in[0][i]);
    }
}

void global_avgpool_evaluate(const Node *node, const double *const *in,
                             double *const *out)
{
    const int64_t channels = channels_of(out_shape(node));
    const int64_t count = in_count(node, 0);
    for (int64_t c = 0; c < channels; c++)
        out[0][c] = 0;
    for (int64_t i = 0; i < count; i++)
        out[0][i % channels] += in[0][i];
    for (int64_t c = 0; c < channels; c++)
        out[0][c] /= (double)(count / channels);
}

/* for c: acc = start; for every pixel: acc op= x[pixel][c]; y[c] = acc * scale */
static void global_lower(Lower *lower, const Node *node, AccumOp op,
                         double start, double scale)
{
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    Shape pixels = *in_shape(node, 0);
    const Affine *at[MAX_RANK], *c;
    c = affine_var(k, kernel_for(k, "c", 0, channels_of(out_shape(node))));
    Access acc = lower_scalar(k, "acc", DT_F32);
    kernel_store(k, acc, k_num(start));
    pixels.rank--;
    lower_loops(k, &pixels,
                pixels.rank == 2 ? loop_names(in_shape(node, 0)) : NULL, at);
    at[pixels.rank] = c;
    kernel_accum(k, op, acc, k_load(access_at(x, at)));
    for (int i = 0; i < pixels.rank; i++)
        kernel_end(k);
    kernel_store(k, AT(y, c),
                 scale == 1 ? k_load(acc) : k_mul(k_load(acc), k_num(scale)));
    lower_end(lower);
}

void global_maxpool_lower(Lower *lower, const Node *node)
{
    global_lower(lower, node, ACCUM_MAX, -INFINITY, 1);
}

void global_avgpool_lower(Lower *lower, const Node *node)
{
    double pixels = (double)(in_count(node, 0) / channels_of(out_shape(node)));
    global_lower(lower, node, ACCUM_ADD, 0, 1 / pixels);
}
