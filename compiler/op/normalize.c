/*
 * normalize.c - y = (x - mean) / std, with one number for all channels or one
 * for each.
 *
 * The loops read two constants that the shape rule makes of the attributes,
 * y = x * scale + offset; the reference keeps to the attributes, in double.
 */
#include <string.h>

#include "op/local.h"

static bool check_list(const Node *node, const char *attr,
                       const FloatList *list, int64_t channels)
{
    if (list->count != 1 && list->count != channels) {
        graph_error(node, attr_index(node, attr),
                    "'%s' has %d numbers for %lld channels", attr, list->count,
                    (long long)channels);
        graph_note_inputs(node);
        return false;
    }
    for (int i = 0; i < list->count; i++)
        if (!isfinite(list->at[i])) {
            graph_error(node, attr_index(node, attr),
                        "'%s' of 'normalize' must be finite", attr);
            return false;
        }
    return true;
}

static bool check_std(const Node *node, const FloatList *std)
{
    for (int i = 0; i < std->count; i++)
        if (!isnormal((float)std->at[i]) || !isnormal(1 / (float)std->at[i])) {
            graph_error(node, attr_index(node, "std"),
                        "'normalize' cannot divide by %g", std->at[i]);
            return false;
        }
    return true;
}

static double list_at(const FloatList *list, int64_t channel)
{
    return list->at[list->count == 1 ? 0 : channel];
}

/* Makes the constant, or brings the one that is there up to date. */
static void set_constant(Graph *graph, Node *node, int index, const char *name,
                         int64_t count, const float *data)
{
    Shape shape = shape_of(1, &count);
    size_t bytes = sizeof *data * (size_t)count;
    Tensor *made, **input;
    if (index < node->input_count) {
        Tensor *old = node->input[index];
        bool fits = shape_equal(&old->shape, &shape);
        if (fits && !old->data) /* read from a text that left it out */
            old->data = data;
        if (fits && memcmp(old->data, data, bytes) == 0)
            return;
    }
    made = graph_constant(graph,
                          arena_printf(graph->arena, "%s.%s", node->path, name),
                          shape, data);
    if (index < node->input_count) {
        node->input[index] = made;
        return;
    }
    input = NEW_N(graph->arena, Tensor *, node->input_count + 1);
    memcpy(input, node->input, sizeof *input * (size_t)node->input_count);
    input[node->input_count++] = made;
    node->input = input;
}

static void make_constants(Graph *graph, Node *node, int64_t channels)
{
    const NormalizeAttrs *a = node_attrs(node, NormalizeAttrs);
    int64_t count = a->mean.count == 1 && a->std.count == 1 ? 1 : channels;
    float *scale = NEW_N(graph->arena, float, count);
    float *offset = NEW_N(graph->arena, float, count);
    for (int64_t c = 0; c < count; c++) {
        scale[c] = (float)(1 / list_at(&a->std, c));
        offset[c] = (float)(-list_at(&a->mean, c) / list_at(&a->std, c));
    }
    set_constant(graph, node, 1, "scale", count, scale);
    set_constant(graph, node, 2, "offset", count, offset);
}

bool normalize_infer(Graph *graph, Node *node)
{
    const NormalizeAttrs *a = node_attrs(node, NormalizeAttrs);
    int64_t channels = channels_of(in_shape(node, 0));
    if (!op_need_f32(node) || !op_need_rank_1_up(node) ||
        !check_list(node, "mean", &a->mean, channels) ||
        !check_list(node, "std", &a->std, channels) ||
        !check_std(node, &a->std))
        return false;
    make_constants(graph, node, channels);
    return op_output_like(node);
}

int64_t normalize_macs(const Node *node)
{
    (void)node;
    return 0;
}

void normalize_evaluate(const Node *node, const double *const *in,
                        double *const *out)
{
    const NormalizeAttrs *a = node_attrs(node, NormalizeAttrs);
    const int64_t channels = channels_of(out_shape(node));
    const int64_t count = in_count(node, 0);
    for (int64_t i = 0; i < count; i++)
        out[0][i] = (in[0][i] - list_at(&a->mean, i % channels)) /
                    list_at(&a->std, i % channels);
}

void normalize_lower(Lower *lower, const Node *node)
{
    const Shape *shape = out_shape(node);
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const Affine *at[MAX_RANK], *c;
    lower_loops(k, shape, loop_names(shape), at);
    c = in_count(node, 1) == 1 ? affine_const(k, 0) : at[shape->rank - 1];
    kernel_store(k, access_at(y, at),
                 k_fma(k_load(access_at(x, at)),
                       k_load(AT(lower_input(lower, node, 1), c)),
                       k_load(AT(lower_input(lower, node, 2), c))));
    lower_end(lower);
}
