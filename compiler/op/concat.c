/*
 * concat.c - tensors one after the other along an axis.
 *
 *     concat([7, 7, 64], [7, 7, 32])  ->  [7, 7, 96]
 */
#include <string.h>

#include "op/local.h"

static bool fits(const Shape *a, const Shape *b, int64_t axis)
{
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (i != axis && a->dim[i] != b->dim[i])
            return false;
    return true;
}

static bool check_inputs(const Node *node, int64_t axis)
{
    const Tensor *first = node->input[0];
    for (int i = 1; i < node->data_count; i++) {
        const Tensor *other = node->input[i];
        if (first->type != other->type) {
            graph_error(node, -1, "'concat' needs equal types, got %s and %s",
                        dtype_name(first->type), dtype_name(other->type));
            graph_note_inputs(node);
            return false;
        }
        if (!fits(&first->shape, &other->shape, axis)) {
            graph_error(node, -1,
                        "'concat' along axis %lld needs shapes that are equal "
                        "elsewhere, got %s and %s",
                        (long long)axis, shape_show(&first->shape),
                        shape_show(&other->shape));
            graph_note_inputs(node);
            return false;
        }
    }
    return true;
}

bool concat_infer(Graph *graph, Node *node)
{
    ConcatAttrs *a = node_attrs(node, ConcatAttrs);
    Shape shape = *in_shape(node, 0);
    (void)graph;
    if (!op_need_rank_1_up(node) || !op_need_axis(node, &a->axis, shape.rank) ||
        !check_inputs(node, a->axis))
        return false;
    for (int i = 1; i < node->data_count; i++) /* 1024 times 2^40 at most */
        shape.dim[a->axis] += in_shape(node, i)->dim[a->axis];
    return op_output(node, node->input[0]->type, shape);
}

int64_t concat_macs(const Node *node)
{
    (void)node;
    return 0;
}

void concat_evaluate(const Node *node, const double *const *in,
                     double *const *out)
{
    const int64_t axis = node_attrs(node, ConcatAttrs)->axis;
    const AxisView to = axis_view(out_shape(node), axis);
    double *start = out[0];
    for (int i = 0; i < node->data_count; i++) {
        const AxisView from = axis_view(in_shape(node, i), axis);
        const int64_t run = from.extent * from.inner;
        for (int64_t o = 0; o < from.outer; o++)
            memcpy(start + o * to.extent * to.inner, in[i] + o * run,
                   sizeof(double) * (size_t)run);
        start += run;
    }
}

void concat_lower(Lower *lower, const Node *node)
{
    const int64_t axis = node_attrs(node, ConcatAttrs)->axis;
    Kernel *k = lower_begin(lower, node);
    Buffer *y = lower_output(lower, node, 0);
    int64_t start = 0;
    for (int i = 0; i < node->data_count; i++) {
        const Shape *shape = in_shape(node, i);
        const Affine *at[MAX_RANK], *to[MAX_RANK];
        lower_loops(k, shape, loop_names(shape), at);
        memcpy(to, at, sizeof to);
        to[axis] = affine_shift(k, at[axis], start);
        kernel_store(k, access_at(y, to),
                     k_load(access_at(lower_input(lower, node, i), at)));
        for (int d = 0; d < shape->rank; d++)
            kernel_end(k);
        start += shape->dim[axis];
    }
    lower_end(lower);
}
