/*
 * share.c - tensors that are the memory of others, so that nothing is copied.
 *
 *     flatten1 within pool1                  the same elements, in order
 *     left, right within concat1             slices of its pixels:
 *                                            [l l l r r][l l l r r] ...
 *                                            or of its rows: [l l l r r] ...
 *     slice1 within conv1                    likewise
 *
 * flatten, reshape, concat and slice then have no kernel.
 */
#include "pass/local.h"

/* ---- what is free --------------------------------------------------------------- */

static bool is_within(const Tensor *tensor, const Tensor *outer)
{
    for (; tensor != NULL; tensor = tensor->place.within) {
        if (tensor == outer)
            return true;
    }
    return false;
}

bool node_is_free(const Node *node)
{
    const Tensor *out = node->output[0];
    if (node->op == OP_FLATTEN || node->op == OP_RESHAPE ||
        node->op == OP_DROPOUT || node->op == OP_TRANSPOSE)
        return is_within(out, node->input[0]) || is_within(node->input[0], out);
    if (node->op == OP_SLICE)
        return is_within(out, node->input[0]);
    if (node->op != OP_CONCAT)
        return false;
    for (int i = 0; i < node->data_count; i++) {
        if (!is_within(node->input[i], out))
            return false;
    }
    return true;
}

/* ---- flatten and reshape ------------------------------------------------------------ */

static void share_reshape(Node *node)
{
    Tensor *in = node->input[0], *out = node->output[0];
    if (in->place.kind != PLACE_ARENA || out->place.kind != PLACE_ARENA ||
        !layout_is_linear(in) || !layout_is_linear(out))
        return;
    if (out->place.within == NULL)
        out->place.within = in;
    else if (in->place.within == NULL) /* the result is part of a concat */
        in->place.within = out;
}

/* ---- parts ----------------------------------------------------------------------------- */

/* Equal but for the widths of a pixel and of a row, which a part takes over. */
static bool same_planes(const Place *whole, const Place *part)
{
    Place narrow = *whole;
    narrow.pixel = part->pixel;
    narrow.pitch = part->pitch;
    return layouts_equal(&narrow, part);
}

/* No zeros around it, and nothing behind a row that may be written over. */
static bool has_bare_rows(const Place *p)
{
    return p->block != 1 && p->slack == 0 && p->ring == 0 && p->halo[0] == 0 &&
           p->halo[1] == 0 && p->halo[2] == 0 && p->halo[3] == 0;
}

/* Elements from the start of the whole to that of a part that begins at index
 * `start` along the axis; false where the part is no regular piece of it. */
static bool part_offset(const Tensor *whole, int axis, int64_t start,
                        const Tensor *part, int64_t *offset)
{
    const Place *p = &whole->place;
    int64_t inner = 1;
    for (int d = axis + 1; d < whole->shape.rank; d++)
        inner *= whole->shape.dim[d];
    if (axis == 0 && layout_is_linear(whole) && layout_is_linear(part)) {
        *offset = start * inner;
        return true;
    }
    if (whole->shape.rank != 3 || !same_planes(p, &part->place))
        return false;
    if (axis == 1) {
        *offset = start * place_steps(&whole->shape, p).w;
        return has_bare_rows(p);
    }
    if (axis != 2)
        return false;
    if (p->block == 0) {
        *offset = start;
        return true;
    }
    *offset = start / p->block * place_steps(&whole->shape, p).c;
    return start % p->block == 0 && part->shape.dim[2] % p->block == 0;
}

static void put_within(const Tensor *whole, int axis, Tensor *part,
                       int64_t offset)
{
    Place *p = &part->place;
    p->within = (Tensor *)(uintptr_t)whole;
    p->within_offset = offset;
    if (axis == 0 || whole->shape.rank != 3)
        return; /* as they are, one behind the other */
    p->pixel = whole->place.pixel;
    p->pitch = whole->place.pitch;
    if (axis == 2 && p->block == 0 && p->pixel == 0)
        p->pixel = whole->shape.dim[2];
    if (axis == 1 && p->pitch == 0)
        p->pitch = whole->shape.dim[1];
}

/* ---- slice ------------------------------------------------------------------------------ */

int slice_axis(const Node *node)
{
    const SliceAttrs *a = node_attrs(node, SliceAttrs);
    const Shape *in = &node->input[0]->shape, *out = &node->output[0]->shape;
    int axis = -1;
    for (int d = 0; d < in->rank; d++) {
        if (in->dim[d] == out->dim[d] && a->step.at[d] == 1)
            continue;
        if (axis >= 0 || a->step.at[d] != 1)
            return -1;
        axis = d;
    }
    return axis;
}

static void share_slice(Node *node)
{
    const int axis = slice_axis(node);
    Tensor *in = node->input[0], *out = node->output[0];
    int64_t offset;
    if (axis < 0 || in->place.kind != PLACE_ARENA ||
        out->place.kind != PLACE_ARENA || out->place.within != NULL ||
        !part_offset(in, axis, node_attrs(node, SliceAttrs)->begin.at[axis],
                     out, &offset))
        return;
    put_within(in, axis, out, offset);
}

/* ---- concat ---------------------------------------------------------------------------- */

/* The part's memory is nobody else's yet, and nothing but itself. */
static bool may_move(const Node *node, int i)
{
    const Tensor *x = node->input[i];
    for (int j = 0; j < i; j++) {
        if (node->input[j] == x)
            return false;
    }
    return x->place.kind == PLACE_ARENA && x->place.within == NULL &&
           x->kind == TENSOR_VALUE;
}

static bool can_share_concat(const Node *node)
{
    const int64_t axis = node_attrs(node, ConcatAttrs)->axis;
    int64_t start = 0, offset;
    if (node->output[0]->place.kind != PLACE_ARENA)
        return false;
    for (int i = 0; i < node->data_count; i++) {
        if (!may_move(node, i) || !part_offset(node->output[0], (int)axis,
                                               start, node->input[i], &offset))
            return false;
        start += node->input[i]->shape.dim[axis];
    }
    return true;
}

static void share_concat(Node *node)
{
    const int axis = (int)node_attrs(node, ConcatAttrs)->axis;
    int64_t start = 0, offset;
    if (!can_share_concat(node))
        return;
    for (int i = 0; i < node->data_count; i++) {
        Tensor *x = node->input[i];
        if (!part_offset(node->output[0], axis, start, x, &offset))
            BUG("'%s' lost its parts", node->path);
        put_within(node->output[0], axis, x, offset);
        start += x->shape.dim[axis];
    }
}

/* ---- the pass ---------------------------------------------------------------------------- */

static void forget(Tensor *tensor)
{
    if (place_is_view(&tensor->place))
        return;
    tensor->place.within = NULL;
    tensor->place.within_offset = 0;
    tensor->place.pixel = tensor->place.pitch = 0;
}

bool pass_share(Graph *graph, PassContext *context)
{
    Place *before = NEW_N(graph->arena, Place, graph->tensors.count + 1);
    bool changed = false;
    (void)context;
    for (int i = 0; i < graph->tensors.count; i++) {
        before[i] = graph->tensors.at[i]->place;
        forget(graph->tensors.at[i]);
    }
    /* Wholes before their parts, which may be wholes themselves; and reshapes
     * last, as what they read may have become a slice. Slices in between, of
     * what is not part of something else. */
    for (int n = graph->nodes.count - 1; n >= 0; n--) {
        if (graph->nodes.at[n]->op == OP_CONCAT)
            share_concat(graph->nodes.at[n]);
    }
    for (int n = 0; n < graph->nodes.count; n++) {
        Node *node = graph->nodes.at[n];
        if (node->op == OP_SLICE)
            share_slice(node);
        if (node->op == OP_FLATTEN || node->op == OP_RESHAPE)
            share_reshape(node);
    }
    for (int i = 0; i < graph->tensors.count; i++) {
        const Place *p = &graph->tensors.at[i]->place;
        changed |= p->within != before[i].within ||
                   p->within_offset != before[i].within_offset ||
                   p->pixel != before[i].pixel || p->pitch != before[i].pitch;
    }
    return changed;
}

/* ---- what holds of shared memory ------------------------------------------------------------ */

void shared_check(const Graph *graph, const char *after)
{
    for (int i = 0; i < graph->tensors.count; i++) {
        const Tensor *t = graph->tensors.at[i];
        int64_t element, size = place_elements(&t->shape, &t->place);
        const Tensor *owner = memory_owner(t, &element);
        int64_t room = place_elements(&owner->shape, &owner->place);
        if (owner == t)
            continue;
        if (t->place.kind != owner->place.kind)
            BUG("after %s: '%s' shares memory of another kind", after, t->name);
        if (t->type != owner->type)
            BUG("after %s: '%s' shares the memory of another type", after,
                t->name);
        if (element < 0 || element + size > room)
            BUG("after %s: '%s' leaves the memory of '%s'", after, t->name,
                owner->name);
    }
}
