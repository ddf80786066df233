/*
 * write_order.c - the nodes as items of the network's body, chain by chain.
 *
 *     a1 b1 a2 b2 add      ->      a1 a2, b1 b2, add
 *
 * A node is followed by its only reader, where that has all it reads; else by
 * the first that is left. What was in such an order stays in it.
 */
#include <string.h>

#include "import/write_local.h"

/* ---- inputs ---------------------------------------------------------------------- */

static const Node *only_reader(const Writer *w, const Tensor *tensor)
{
    return graph_only_reader(w->graph, tensor);
}

const Node *input_convert(const Writer *w, const Tensor *input)
{
    const Node *node = only_reader(w, input);
    const ConvertAttrs *a = node ? node->attrs : NULL;
    if (!node || node->op != OP_CONVERT || a->type != DT_F32 ||
        (input->type == DT_F32 && a->scale == 1))
        return NULL;
    return node;
}

const Tensor *input_of(const Writer *w, const Tensor *tensor)
{
    const Node *maker = tensor->producer;
    if (tensor->kind == TENSOR_INPUT)
        return input_convert(w, tensor) ? NULL : tensor;
    if (maker && maker->input[0]->kind == TENSOR_INPUT &&
        input_convert(w, maker->input[0]) == maker)
        return maker->input[0];
    return NULL;
}

/* ---- the order -------------------------------------------------------------------- */

typedef struct Order {
    const Graph *graph;
    Node **only;   /* by tensor id: its only reader, or NULL */
    bool *several; /* by tensor id: there are others, or it is an output */
    bool *done;    /* by node id */
    int first;     /* all nodes before it are done */
} Order;

static void find_readers(Order *o)
{
    for (int n = 0; n < o->graph->nodes.count; n++) {
        Node *node = o->graph->nodes.at[n];
        for (int i = 0; i < node->input_count; i++) {
            const int id = node->input[i]->id;
            o->several[id] |= o->only[id] != NULL;
            o->only[id] = node;
        }
    }
    for (int i = 0; i < o->graph->outputs.count; i++)
        o->several[o->graph->outputs.at[i].tensor->id] = true;
}

static bool is_ready(const Order *o, const Node *node)
{
    for (int i = 0; i < node->input_count; i++) {
        const Node *maker = node->input[i]->producer;
        if (maker && !o->done[maker->id])
            return false;
    }
    return !o->done[node->id];
}

static Node *next_node(Order *o, const Node *last)
{
    const Tensor *out = last ? last->output[0] : NULL;
    if (out && !o->several[out->id] && o->only[out->id] &&
        is_ready(o, o->only[out->id]))
        return o->only[out->id];
    while (o->first < o->graph->nodes.count && o->done[o->first])
        o->first++;
    return o->first < o->graph->nodes.count ? o->graph->nodes.at[o->first]
                                            : NULL;
}

/* ---- items -------------------------------------------------------------------------- */

static Ref ref_of(const Writer *w, const int *item, const Node *node, int place)
{
    const Tensor *tensor = node->input[place];
    const Tensor *input = input_of(w, tensor);
    Ref ref = { .place = place };
    if (place >= node->data_count)
        ref.role = layer_of(w, node)->role[place - node->data_count];
    if (is_data(tensor)) {
        ref.kind = REF_DATA;
    } else if (input) {
        ref.kind = REF_INPUT;
        ref.input = input;
    } else {
        ref.kind = REF_ITEM;
        ref.item = item[tensor->producer->id];
    }
    return ref;
}

static void add_item(Writer *w, int *item, const Node *node)
{
    Item made = { .op = node->op, .wanted = layer_of(w, node)->wanted };
    made.node = arena_copy(w->arena, &node, sizeof(const Node *));
    made.in = NEW_N(w->arena, Ref, node->input_count);
    for (int i = 0; i < node->input_count; i++)
        if (i < node->data_count || !is_data(node->input[i]))
            made.in[made.count++] = ref_of(w, item, node, i);
    item[node->id] = w->network.items.count;
    vec_push(&w->network.items, made);
    vec_push(&w->written->nodes, node);
}

static void mark_outputs(Writer *w, const int *item)
{
    for (int i = 0; i < w->graph->outputs.count; i++) {
        const Tensor *tensor = w->graph->outputs.at[i].tensor;
        if (tensor->producer && !input_of(w, tensor))
            w->network.items.at[item[tensor->producer->id]].is_output = true;
    }
}

/* The nodes of input lines come first. */
static void take_inputs(Writer *w, Order *o)
{
    for (int i = 0; i < w->graph->inputs.count; i++) {
        const Node *node = input_convert(w, w->graph->inputs.at[i]);
        if (!node)
            continue;
        o->done[node->id] = true;
        vec_push(&w->written->nodes, node);
    }
}

void write_order(Writer *w)
{
    const int nodes = w->graph->nodes.count, tensors = w->graph->tensors.count;
    Order o = { .graph = w->graph };
    int *item = NEW_N(w->arena, int, nodes);
    o.only = NEW_N(w->arena, Node *, tensors);
    o.several = NEW_N(w->arena, bool, tensors);
    o.done = NEW_N(w->arena, bool, nodes);
    w->network.instances = 1;
    w->network.option.first = -1;
    find_readers(&o);
    take_inputs(w, &o);
    for (Node *node = next_node(&o, NULL); node; node = next_node(&o, node)) {
        o.done[node->id] = true;
        add_item(w, item, node);
    }
    mark_outputs(w, item);
}
