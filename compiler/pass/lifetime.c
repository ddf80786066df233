/*
 * lifetime.c - from which kernel to which a tensor's bytes are needed.
 *
 *     0 conv1 (in 1)    t0 . . .        A cluster reads and writes when its
 *     1 pool1           . t1 . .        root runs. What lies within another
 *     2 flatten1        . |  . .        tensor's memory keeps that alive.
 *     3 dense1          . |  t3
 */
#include "pass/local.h"

Tensor *memory_owner(const Tensor *tensor, int64_t *element)
{
    const Tensor *t = tensor;
    *element = 0;
    for (; t->place.within != NULL; t = t->place.within)
        *element += t->place.within_offset;
    return (Tensor *)(uintptr_t)t;
}

bool layouts_equal(const Place *a, const Place *b)
{
    for (int i = 0; i < 4; i++) {
        if (a->halo[i] != b->halo[i])
            return false;
    }
    return a->block == b->block && a->pitch == b->pitch &&
           a->pixel == b->pixel && a->ring == b->ring && a->slack == b->slack;
}

bool layout_is_linear(const Tensor *tensor)
{
    const int64_t *dim = tensor->shape.dim;
    const Place *p = &tensor->place;
    Steps s;
    if (tensor->shape.rank != 3)
        return true;
    if (p->ring != 0)
        return false;
    s = place_steps(&tensor->shape, p);
    if (s.size - p->slack != shape_count(&tensor->shape) || s.offset != 0)
        return false;
    if ((dim[0] > 1 && s.h != dim[1] * dim[2]) || (dim[1] > 1 && s.w != dim[2]))
        return false;
    if (p->block == 0 || dim[2] <= p->block)
        return true;
    return s.c == p->block; /* blocks in a row: a single pixel */
}

static void extend(Lifetime *l, int step)
{
    if (l->first < 0 || step < l->first)
        l->first = step;
    if (step > l->last)
        l->last = step;
}

static void touch(Lifetime *lifetime, const Tensor *tensor, int step)
{
    int64_t element;
    if (tensor->place.kind != PLACE_ARENA)
        return;
    extend(&lifetime[tensor->id], step);
    for (const Tensor *t = tensor->place.within; t; t = t->place.within)
        extend(&lifetime[t->id], step);
    REQUIRE(memory_owner(tensor, &element)->place.kind == PLACE_ARENA);
}

void find_lifetimes(const Graph *graph, Lifetime *lifetime)
{
    for (int i = 0; i < graph->tensors.count; i++)
        lifetime[i] = (Lifetime){ -1, -1 };
    for (int n = 0; n < graph->nodes.count; n++) {
        const Node *node = graph->nodes.at[n];
        int step = cluster_root(node)->id;
        for (int i = 0; i < node->input_count; i++)
            touch(lifetime, node->input[i], step);
        for (int i = 0; i < node->output_count; i++)
            touch(lifetime, node->output[i], step);
    }
}
