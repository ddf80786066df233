/*
 * place.c - what is in memory, and in whose.
 *
 *     image    the caller's, read            PLACE_INPUT
 *     conv1    fused into pool1: nowhere     PLACE_NONE
 *     conv2    the same, but by rows         PLACE_ARENA, a ring of them
 *     pool1    the workspace                 PLACE_ARENA
 *     digit    the caller's, written         PLACE_OUTPUT
 *
 * What a reshape makes of the caller's array is that array, and so is what a
 * transpose of [c, h, w] makes of it: an image in planes.
 *
 *     x [1, 3, 8, 8] -> reshape [3, 8, 8] -> transpose [8, 8, 3] -> conv
 *     all of them the caller's; the last one planar
 *
 * Slices of what the caller gives are read where they are, and the parts of a
 * concat that is an output are written where they belong.
 */
#include "pass/local.h"

/* ---- the caller's arrays in other shapes ------------------------------------------- */

/* Whether the node's result is its input's array, and in planes of which. */
typedef enum Turn { TURN_NONE, TURN_SHAPE, TURN_TO_PLANES, TURN_TO_ROWS } Turn;

static bool has_perm(const Node *node, int64_t a, int64_t b, int64_t c)
{
    const IntList *perm = &node_attrs(node, TransposeAttrs)->perm;
    return perm->count == 3 && perm->at[0] == a && perm->at[1] == b &&
           perm->at[2] == c;
}

static Turn turn_of(const Node *node)
{
    if (node->op == OP_RESHAPE || node->op == OP_FLATTEN)
        return TURN_SHAPE;
    if (node->op != OP_TRANSPOSE)
        return TURN_NONE;
    return has_perm(node, 1, 2, 0)   ? TURN_TO_PLANES /* c h w: h w c */
           : has_perm(node, 2, 0, 1) ? TURN_TO_ROWS
                                     : TURN_NONE;
}

static bool is_renaming(const Node *node)
{
    return node != NULL && turn_of(node) == TURN_SHAPE;
}

bool node_turns_port(const Node *node, Node *const *only, const bool *is_output)
{
    const Turn turn = turn_of(node);
    const Tensor *t = turn == TURN_TO_ROWS ? node->output[0] : node->input[0];
    if (turn == TURN_TO_PLANES) {
        while (is_renaming(t->producer))
            t = t->producer->input[0];
        return t->kind == TENSOR_INPUT;
    }
    while (turn == TURN_TO_ROWS && is_renaming(only[t->id]))
        t = only[t->id]->output[0];
    return turn == TURN_TO_ROWS && is_output[t->id];
}

static bool is_callers(const Place *place, PlaceKind kind)
{
    return place->kind == kind && place->block == 0 && place->pixel == 0;
}

/* From an input on: x -> reshape -> transpose. */
static void view_input(const Node *node, Place *places)
{
    const Turn turn = turn_of(node);
    const Tensor *out = node->output[0];
    Place *place = &places[out->id];
    if ((turn != TURN_SHAPE && turn != TURN_TO_PLANES) ||
        place->kind != PLACE_ARENA ||
        !is_callers(&places[node->input[0]->id], PLACE_INPUT))
        return;
    *place = (Place){ .kind = PLACE_INPUT,
                      .within = node->input[0],
                      .block = turn == TURN_TO_PLANES };
}

/* Back from an output: transpose -> reshape -> y. */
static void view_output(const Node *node, Node *const *only, Place *places)
{
    const Turn turn = turn_of(node);
    const Tensor *in = node->input[0];
    Place *place = &places[in->id];
    if ((turn != TURN_SHAPE && turn != TURN_TO_ROWS) ||
        place->kind != PLACE_ARENA || only[in->id] != node ||
        node_is_by_rows(in->producer) ||
        !is_callers(&places[node->output[0]->id], PLACE_OUTPUT))
        return;
    *place = (Place){ .kind = PLACE_OUTPUT,
                      .within = node->output[0],
                      .block = turn == TURN_TO_ROWS };
}

/* The part of the caller's array that begins at index `start` along the axis:
 * all elements of it in a row, or a slice of each pixel; false where it is
 * neither. */
static bool view_part(const Tensor *whole, const Place *place, int axis,
                      int64_t start, Place *view)
{
    const Shape *shape = &whole->shape;
    int64_t outer = 1, inner = 1;
    for (int d = 0; d < shape->rank; d++) {
        outer *= d < axis ? shape->dim[d] : 1;
        inner *= d > axis ? shape->dim[d] : 1;
    }
    *view = (Place){ .kind = place->kind,
                     .within = (Tensor *)(uintptr_t)whole,
                     .within_offset = start * inner,
                     .block = place->block };
    if (place->block == 1) { /* planes */
        view->within_offset = start * shape->dim[0] * shape->dim[1];
        return axis == 2;
    }
    if (outer == 1 && place->pixel == 0)
        return true;
    view->pixel = place->pixel ? place->pixel : shape->dim[shape->rank - 1];
    return axis == 2 && shape->rank == 3;
}

/* From an input on: x -> slice. */
static void view_slice(const Node *node, Place *places)
{
    const Tensor *in = node->input[0], *out = node->output[0];
    const int axis = node->op == OP_SLICE ? slice_axis(node) : -1;
    Place *place = &places[out->id], view;
    if (axis >= 0 && place->kind == PLACE_ARENA &&
        places[in->id].kind == PLACE_INPUT && !shape_is_empty(&out->shape) &&
        view_part(in, &places[in->id], axis,
                  node_attrs(node, SliceAttrs)->begin.at[axis], &view))
        *place = view;
}

/* Back from an output: concat -> y. */
static bool can_view_part(const Node *node, int i, Node *const *only,
                          const Place *places)
{
    const Tensor *part = node->input[i];
    return places[part->id].kind == PLACE_ARENA && only[part->id] == node &&
           !node_is_by_rows(part->producer);
}

/* All parts, or none: a copy of some would need a copy of all. */
static void view_concat(const Node *node, Node *const *only, Place *places)
{
    const Tensor *out = node->output[0];
    const Place whole = places[out->id];
    if (node->op != OP_CONCAT || whole.kind != PLACE_OUTPUT)
        return;
    const int axis = (int)node_attrs(node, ConcatAttrs)->axis;
    Place view;
    for (int i = 0; i < node->data_count; i++) {
        if (!view_part(out, &whole, axis, 0, &view) ||
            !can_view_part(node, i, only, places))
            return;
    }
    int64_t start = 0;
    for (int i = 0; i < node->data_count; i++) {
        const Tensor *part = node->input[i];
        (void)view_part(out, &whole, axis, start, &places[part->id]);
        start += part->shape.dim[axis];
    }
}

/* ---- the pass --------------------------------------------------------------------- */

static PlaceKind kind_of(const Tensor *tensor, bool is_output)
{
    switch (tensor->kind) {
    case TENSOR_INPUT: return PLACE_INPUT;
    case TENSOR_PARAMETER: /* data of the program, wherever that puts it */
        return PLACE_NONE;
    case TENSOR_CONSTANT:
        return is_output ? PLACE_OUTPUT : PLACE_NONE; /* without elements */
    case TENSOR_VALUE:
        if (node_is_by_rows(tensor->producer))
            return PLACE_ARENA;
        if (tensor->producer->fused_into != NULL)
            return PLACE_NONE;
        return is_output ? PLACE_OUTPUT : PLACE_ARENA;
    }
    BUG("no kind of tensor %d", (int)tensor->kind);
}

/* By tensor id; to be freed. */
static Place *find_places(const Graph *graph)
{
    bool *is_output = find_outputs(graph);
    Node **only = find_only_readers(graph);
    Place *places =
        mem_alloc(sizeof *places * (size_t)(graph->tensors.count + 1));
    for (int i = 0; i < graph->tensors.count; i++) {
        const Tensor *tensor = graph->tensors.at[i];
        places[i] = (Place){ .kind = kind_of(tensor, is_output[i]) };
    }
    for (int n = 0; n < graph->nodes.count; n++) {
        view_input(graph->nodes.at[n], places);
        view_slice(graph->nodes.at[n], places);
    }
    for (int n = graph->nodes.count; n-- > 0;) {
        view_output(graph->nodes.at[n], only, places);
        view_concat(graph->nodes.at[n], only, places);
    }
    mem_free(only);
    mem_free(is_output);
    return places;
}

bool pass_place(Graph *graph, PassContext *context)
{
    Place *places = find_places(graph);
    bool changed = false;
    (void)context;
    for (int i = 0; i < graph->tensors.count; i++) {
        Place *place = &graph->tensors.at[i]->place;
        if (place->kind == places[i].kind &&
            (!place_is_view(&places[i]) || place->within == places[i].within))
            continue;
        places[i].ring = place->ring;
        *place = places[i];
        changed = true;
    }
    mem_free(places);
    return changed;
}

/* ---- what holds of places -------------------------------------------------------- */

static void check_layout(const Tensor *tensor, const char *after)
{
    const Place *p = &tensor->place;
    bool has_layout =
        p->block != 0 || p->pitch != 0 || p->pixel != 0 || p->slack != 0;
    for (int i = 0; i < 4; i++) {
        has_layout |= p->halo[i] != 0;
        if (p->halo[i] < 0)
            BUG("after %s: '%s' has a negative halo", after, tensor->name);
    }
    if (place_is_view(p) && p->block <= 1 && tensor->shape.rank == 3)
        has_layout = p->pitch != 0 || p->slack != 0;
    if (has_layout && (p->kind != PLACE_ARENA || tensor->shape.rank != 3))
        BUG("after %s: '%s' is no image of the arena, but has a layout", after,
            tensor->name);
    if (p->ring != 0 && (tensor->producer->fused_into == NULL || p->ring < 0 ||
                         p->ring > tensor->shape.dim[0]))
        BUG("after %s: '%s' has a ring of %lld rows", after, tensor->name,
            (long long)p->ring);
    if (p->block < 0 || p->pitch < 0 || p->pixel < 0 || p->slack < 0)
        BUG("after %s: '%s' has a negative layout", after, tensor->name);
    if (p->block > 1 && tensor->shape.dim[2] % p->block != 0)
        BUG("after %s: '%s' has %lld channels in blocks of %lld", after,
            tensor->name, (long long)tensor->shape.dim[2], (long long)p->block);
}

void places_check(const Graph *graph, const char *after)
{
    Place *places = find_places(graph);
    for (int i = 0; i < graph->tensors.count; i++) {
        const Tensor *tensor = graph->tensors.at[i];
        if (tensor->place.kind != places[i].kind ||
            place_is_view(&tensor->place) != place_is_view(&places[i]))
            BUG("after %s: '%s' is in the wrong place", after, tensor->name);
        check_layout(tensor, after);
    }
    mem_free(places);
}
