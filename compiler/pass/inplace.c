/*
 * inplace.c - a result in the memory of an operand that nobody needs any more.
 *
 *     add1 = add(conv2, skip)       skip dies here: add1 within skip
 *
 * Only where each element of the operand is read for the same element of the
 * result: by elementwise operators up to the root of the kernel. Then it does
 * not matter in which order the elements are computed.
 */
#include "pass/local.h"

typedef struct InPlace {
    Lifetime *lifetime; /* of a tensor's memory, at its owner */
    const Node **first; /* by root: the first node of the cluster ... */
    const Node **next;  /* ... and by node the one behind it */
} InPlace;

static void list_members(const Graph *graph, InPlace *in)
{
    size_t count = (size_t)graph->nodes.count + 1;
    in->first = arena_array(graph->arena, count, sizeof *in->first);
    in->next = arena_array(graph->arena, count, sizeof *in->next);
    for (int n = graph->nodes.count - 1; n >= 0; n--) {
        const Node *node = graph->nodes.at[n];
        int root = cluster_root(node)->id;
        in->next[n] = in->first[root];
        in->first[root] = node;
    }
}

/* Element i of the kernel's result needs element i of x, and no other. */
static bool reads_in_step(const Node *reader, const Tensor *x)
{
    if (!shape_equal(&x->shape, &cluster_root(reader)->output[0]->shape))
        return false;
    for (const Node *n = reader; n != NULL; n = n->fused_into) {
        if (!op_info[n->op].elementwise)
            return false;
    }
    return true;
}

/* All that the kernel reads of the memory, it reads in step. */
static bool reads_all_in_step(const InPlace *in, const Node *root,
                              const Tensor *owner)
{
    for (const Node *n = in->first[root->id]; n; n = in->next[n->id]) {
        for (int i = 0; i < n->input_count; i++) {
            int64_t element;
            if (memory_owner(n->input[i], &element) == owner &&
                !reads_in_step(n, n->input[i]))
                return false;
        }
    }
    return true;
}

/* x is all of its memory, which ends with this kernel. */
static bool may_take(const InPlace *in, const Node *root, const Tensor *x)
{
    const Tensor *y = root->output[0];
    int64_t element;
    const Tensor *owner = memory_owner(x, &element);
    return x->place.kind == PLACE_ARENA && x->type == y->type && element == 0 &&
           layouts_equal(&x->place, &y->place) &&
           shape_equal(&x->shape, &y->shape) &&
           place_elements(&x->shape, &x->place) ==
               place_elements(&owner->shape, &owner->place) &&
           in->lifetime[owner->id].last == root->id &&
           reads_all_in_step(in, root, owner);
}

static bool take_operand(InPlace *in, const Node *root)
{
    Tensor *y = root->output[0];
    if (root->fused_into != NULL || node_is_free(root) ||
        root->output_count != 1 || y->place.kind != PLACE_ARENA ||
        y->place.within != NULL)
        return false;
    for (const Node *n = in->first[root->id]; n; n = in->next[n->id]) {
        for (int i = 0; i < n->data_count; i++) {
            Tensor *x = n->input[i];
            int64_t element;
            if (!may_take(in, root, x))
                continue;
            in->lifetime[memory_owner(x, &element)->id].last =
                in->lifetime[y->id].last;
            y->place.within = x;
            return true;
        }
    }
    return false;
}

bool pass_inplace(Graph *graph, PassContext *context)
{
    InPlace in = { NULL, NULL, NULL };
    bool changed = false;
    (void)context;
    in.lifetime = NEW_N(graph->arena, Lifetime, graph->tensors.count + 1);
    find_lifetimes(graph, in.lifetime);
    list_members(graph, &in);
    for (int n = 0; n < graph->nodes.count; n++)
        changed |= take_operand(&in, graph->nodes.at[n]);
    return changed;
}
