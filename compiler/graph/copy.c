/*
 * copy.c - a second graph with tensors and nodes of its own, so that one can be
 * changed and the other kept to compare with.
 */
#include "graph/graph.h"

/* The copy of one of the graph's tensors: ids are dense. */
static Tensor *tensor_of(const Graph *copy, const Tensor *tensor)
{
    return tensor ? copy->tensors.at[tensor->id] : NULL;
}

static Tensor **tensors_of(Graph *copy, Tensor *const *list, int count)
{
    Tensor **result = NEW_N(copy->arena, Tensor *, count);
    for (int i = 0; i < count; i++)
        result[i] = tensor_of(copy, list[i]);
    return result;
}

static void copy_node(Graph *copy, const Node *node)
{
    Arena *arena = copy->arena;
    Node *made = arena_copy(arena, node, sizeof *node);
    made->input = tensors_of(copy, node->input, node->input_count);
    made->output = tensors_of(copy, node->output, node->output_count);
    made->attrs = arena_copy(arena, node->attrs, op_info[node->op].attrs_size);
    for (int i = 0; i < made->output_count; i++)
        made->output[i]->producer = made;
    vec_push(&copy->nodes, made);
}

static void copy_edges(Graph *copy, const Graph *graph)
{
    for (int i = 0; i < graph->inputs.count; i++)
        vec_push(&copy->inputs, tensor_of(copy, graph->inputs.at[i]));
    for (int i = 0; i < graph->outputs.count; i++) {
        Output output = graph->outputs.at[i];
        output.tensor = tensor_of(copy, output.tensor);
        vec_push(&copy->outputs, output);
    }
    for (int i = 0; i < graph->binds.count; i++)
        vec_push(&copy->binds, graph->binds.at[i]);
}

Graph *graph_copy(Arena *arena, const Graph *graph)
{
    Graph *copy = graph_new(arena, graph->name);
    copy->source = graph->source;
    copy->weights = graph->weights;
    copy->weights_layout = graph->weights_layout;
    copy->weights_range = graph->weights_range;
    copy->arena_bytes = graph->arena_bytes;
    copy->arena_bound = graph->arena_bound;
    for (int i = 0; i < graph->tensors.count; i++)
        vec_push(&copy->tensors,
                 arena_copy(arena, graph->tensors.at[i], sizeof(Tensor)));
    for (int n = 0; n < graph->nodes.count; n++)
        copy_node(copy, graph->nodes.at[n]);
    for (int i = 0; i < copy->tensors.count; i++) {
        Place *place = &copy->tensors.at[i]->place;
        place->within = tensor_of(copy, place->within);
    }
    for (int n = 0; n < copy->nodes.count; n++) {
        Node *node = copy->nodes.at[n];
        if (node->fused_into)
            node->fused_into = copy->nodes.at[node->fused_into->id];
    }
    copy_edges(copy, graph);
    return copy;
}
