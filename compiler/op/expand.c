/*
 * expand.c - the same elements again: expand and tile.
 *
 *     expand([2, 3]) of [3]:     a b c            tile([2]) of [3]:   a b c a b c
 *                                a b c
 *
 * expand repeats dimensions of 1, as the operands of a sum are, and those that
 * are missing; tile repeats the whole array side by side.
 */
#include "op/local.h"

/* ---- expand --------------------------------------------------------------------- */

bool expand_infer(Graph *graph, Node *node)
{
    const IntList *list = &node_attrs(node, ExpandAttrs)->shape;
    Shape shape = *in_shape(node, 0), wanted;
    (void)graph;
    if (list->count > MAX_RANK) {
        graph_error(node, attr_index(node, "shape"),
                    "'expand' to %d dimensions, at most %d are possible",
                    list->count, MAX_RANK);
        return false;
    }
    wanted = shape_of(list->count, list->at);
    for (int d = 0; d < wanted.rank; d++)
        if (!op_need_count(node, "shape", wanted.dim[d]))
            return false;
    if (!shape_broadcast(&shape, &wanted)) {
        graph_error(node, attr_index(node, "shape"),
                    "'expand' cannot repeat %s to %s",
                    shape_show(in_shape(node, 0)), shape_show(&wanted));
        graph_note_inputs(node);
        return false;
    }
    return op_output(node, node->input[0]->type, shape);
}

int64_t expand_macs(const Node *node)
{
    (void)node;
    return 0;
}

void expand_evaluate(const Node *node, const double *const *in,
                     double *const *out)
{
    int64_t stride[MAX_RANK];
    broadcast_strides(in_shape(node, 0), out_shape(node), stride);
    ref_strided(out_shape(node), stride, in[0], out[0]);
}

void expand_lower(Lower *lower, const Node *node)
{
    const Shape *shape = out_shape(node);
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const Affine *at[MAX_RANK];
    lower_loops(k, shape, loop_names(shape), at);
    kernel_store(k, access_at(y, at),
                 broadcast_load(k, x, in_shape(node, 0), shape, at));
    lower_end(lower);
}

/* ---- tile ------------------------------------------------------------------------ */

bool tile_infer(Graph *graph, Node *node)
{
    const IntList *repeats = &node_attrs(node, TileAttrs)->repeats;
    Shape shape = *in_shape(node, 0);
    (void)graph;
    if (repeats->count != shape.rank) {
        graph_error(node, attr_index(node, "repeats"),
                    "'repeats' of 'tile' has %d numbers, %s has %d dimensions",
                    repeats->count, shape_show(&shape), shape.rank);
        graph_note_inputs(node);
        return false;
    }
    for (int d = 0; d < shape.rank; d++) {
        if (!op_need_count(node, "repeats", repeats->at[d]))
            return false;
        shape.dim[d] = saturated_mul(shape.dim[d], repeats->at[d]);
    }
    return op_output(node, node->input[0]->type, shape);
}

int64_t tile_macs(const Node *node)
{
    (void)node;
    return 0;
}

void tile_evaluate(const Node *node, const double *const *in,
                   double *const *out)
{
    const Shape *x = in_shape(node, 0), *y = out_shape(node);
    const int64_t count = shape_count(y);
    for (int64_t i = 0; i < count; i++) {
        int64_t rest = i, at = 0, step = 1;
        for (int d = y->rank; d-- > 0;) {
            at += rest % y->dim[d] % x->dim[d] * step;
            rest /= y->dim[d];
            step *= x->dim[d];
        }
        out[0][i] = in[0][at];
    }
}

/* A dimension's loops: over its copies, and over its elements. */
static void tile_loops(Kernel *k, int64_t repeats, int64_t dim,
                       const Affine **from, const Affine **to)
{
    const Affine *copy = affine_const(k, 0);
    *from = affine_const(k, 0);
    if (repeats > 1)
        copy = affine_var(k, kernel_for(k, "copy", 0, repeats));
    if (dim > 1 || repeats == 1)
        *from = affine_var(k, kernel_for(k, "i", 0, dim));
    *to = affine_add(k, affine_scale(k, copy, dim), *from);
}

void tile_lower(Lower *lower, const Node *node)
{
    const IntList *repeats = &node_attrs(node, TileAttrs)->repeats;
    const Shape *shape = in_shape(node, 0);
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const Affine *from[MAX_RANK], *to[MAX_RANK];
    for (int d = 0; d < shape->rank; d++)
        tile_loops(k, repeats->at[d], shape->dim[d], &from[d], &to[d]);
    kernel_store(k, access_at(y, to), k_load(access_at(x, from)));
    lower_end(lower);
}
