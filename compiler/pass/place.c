/*
 * place.c - what is in memory, and in whose.
 *
 *     image    the caller's, read            PLACE_INPUT
 *     conv1    fused into pool1: nowhere     PLACE_NONE
 *     conv2    the same, but by rows         PLACE_ARENA, a ring of them
 *     pool1    the workspace                 PLACE_ARENA
 *     digit    the caller's, written         PLACE_OUTPUT
 */
#include "pass/local.h"

static PlaceKind kind_of(const Tensor *tensor, bool is_output)
{
    switch (tensor->kind) {
    case TENSOR_INPUT: return PLACE_INPUT;
    case TENSOR_PARAMETER: /* data of the program, wherever that puts it */
    case TENSOR_CONSTANT: return PLACE_NONE;
    case TENSOR_VALUE:
        if (node_is_by_rows(tensor->producer))
            return PLACE_ARENA;
        if (tensor->producer->fused_into != NULL)
            return PLACE_NONE;
        return is_output ? PLACE_OUTPUT : PLACE_ARENA;
    }
    BUG("no kind of tensor %d", (int)tensor->kind);
}

bool pass_place(Graph *graph, PassContext *context)
{
    bool *is_output = find_outputs(graph), changed = false;
    (void)context;
    for (int i = 0; i < graph->tensors.count; i++) {
        Tensor *tensor = graph->tensors.at[i];
        PlaceKind kind = kind_of(tensor, is_output[i]);
        changed |= tensor->place.kind != kind;
        tensor->place.kind = kind;
    }
    mem_free(is_output);
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
    bool *is_output = find_outputs(graph);
    for (int i = 0; i < graph->tensors.count; i++) {
        const Tensor *tensor = graph->tensors.at[i];
        if (tensor->place.kind != kind_of(tensor, is_output[i]))
            BUG("after %s: '%s' is in the wrong place", after, tensor->name);
        check_layout(tensor, after);
    }
    mem_free(is_output);
}
