/*
 * rewrite.c - what passes change a graph with.
 *
 *     graph_replace(g, old, new);     every reader of old reads new
 *     graph_remove_dead(g);           what nothing reads any more goes
 *     graph_sort(g);                  nodes appended at the end move up
 */
#include <string.h>

#include "graph/graph.h"

void graph_replace(Graph *graph, Tensor *from, Tensor *to)
{
    for (int n = 0; n < graph->nodes.count; n++) {
        Node *node = graph->nodes.at[n];
        for (int i = 0; i < node->input_count; i++)
            if (node->input[i] == from)
                node->input[i] = to;
    }
    for (int i = 0; i < graph->outputs.count; i++)
        if (graph->outputs.at[i].tensor == from)
            graph->outputs.at[i].tensor = to;
}

void graph_count_uses(Graph *graph)
{
    for (int i = 0; i < graph->tensors.count; i++)
        graph->tensors.at[i]->uses = 0;
    for (int n = 0; n < graph->nodes.count; n++) {
        Node *node = graph->nodes.at[n];
        for (int i = 0; i < node->input_count; i++)
            node->input[i]->uses++;
    }
    for (int i = 0; i < graph->outputs.count; i++)
        graph->outputs.at[i].tensor->uses++;
}

Node *graph_only_reader(const Graph *graph, const Tensor *tensor)
{
    Node *reader = NULL;
    for (int i = 0; i < graph->outputs.count; i++)
        if (graph->outputs.at[i].tensor == tensor)
            return NULL;
    for (int n = 0; n < graph->nodes.count; n++) {
        Node *node = graph->nodes.at[n];
        for (int i = 0; i < node->input_count; i++) {
            if (node->input[i] != tensor)
                continue;
            if (reader)
                return NULL;
            reader = node;
        }
    }
    return reader;
}

/* ---- dead code ------------------------------------------------------------- */

static void mark(Tensor *tensor, bool *live_tensor, bool *live_node)
{
    live_tensor[tensor->id] = true;
    if (tensor->producer)
        live_node[tensor->producer->id] = true;
    if (tensor->place.within)
        live_tensor[tensor->place.within->id] = true;
}

/* Nodes are in topological order: once backwards is enough. */
static void mark_live(const Graph *graph, bool *live_tensor, bool *live_node)
{
    for (int i = 0; i < graph->inputs.count; i++)
        live_tensor[graph->inputs.at[i]->id] = true;
    for (int i = 0; i < graph->outputs.count; i++)
        mark(graph->outputs.at[i].tensor, live_tensor, live_node);
    for (int n = graph->nodes.count; n-- > 0;) {
        const Node *node = graph->nodes.at[n];
        if (!live_node[n])
            continue;
        for (int i = 0; i < node->input_count; i++)
            mark(node->input[i], live_tensor, live_node);
        for (int i = 0; i < node->output_count; i++)
            live_tensor[node->output[i]->id] = true;
    }
}

static void renumber(Graph *graph)
{
    for (int i = 0; i < graph->tensors.count; i++)
        graph->tensors.at[i]->id = i;
    for (int n = 0; n < graph->nodes.count; n++)
        graph->nodes.at[n]->id = n;
}

static bool sweep(Graph *graph, const bool *live_tensor, const bool *live_node)
{
    int tensors = 0, nodes = 0;
    bool removed;
    for (int i = 0; i < graph->tensors.count; i++)
        if (live_tensor[i])
            graph->tensors.at[tensors++] = graph->tensors.at[i];
    for (int n = 0; n < graph->nodes.count; n++)
        if (live_node[n])
            graph->nodes.at[nodes++] = graph->nodes.at[n];
    removed = tensors < graph->tensors.count || nodes < graph->nodes.count;
    graph->tensors.count = tensors;
    graph->nodes.count = nodes;
    return removed;
}

bool graph_remove_dead(Graph *graph)
{
    bool *live_tensor, *live_node, removed;
    graph_sort(graph);
    live_tensor = mem_alloc((size_t)graph->tensors.count + 1);
    live_node = mem_alloc((size_t)graph->nodes.count + 1);
    memset(live_tensor, 0, (size_t)graph->tensors.count + 1);
    memset(live_node, 0, (size_t)graph->nodes.count + 1);
    mark_live(graph, live_tensor, live_node);
    removed = sweep(graph, live_tensor, live_node);
    renumber(graph);
    mem_free(live_tensor);
    mem_free(live_node);
    return removed;
}

/* ---- order ------------------------------------------------------------------ */

/* A node on the way down, and the next of its inputs to look at. */
typedef struct Visit {
    Node *node;
    int next;
} Visit;

typedef struct Sorter {
    VEC(Visit) stack; /* not recursion: graphs may be deep */
    Node **order;
    int count;
    char *state; /* by node id: 0 new, 1 on the stack, 2 done */
} Sorter;

static void visit(Sorter *s, Node *root)
{
    if (s->state[root->id] == 0)
        vec_push(&s->stack, (Visit){ root, 0 });
    while (s->stack.count) {
        Visit *top = &s->stack.at[s->stack.count - 1];
        Node *node = top->node;
        s->state[node->id] = 1;
        if (top->next == node->input_count) {
            s->state[node->id] = 2;
            s->order[s->count++] = node;
            s->stack.count--;
            continue;
        }
        Node *before = node->input[top->next++]->producer;
        if (before && s->state[before->id] == 1)
            BUG("the graph has a cycle through '%s'", node->path);
        if (before && s->state[before->id] == 0)
            vec_push(&s->stack, (Visit){ before, 0 });
    }
}

/* Depth first, in the old order: what was sorted stays as it is. */
void graph_sort(Graph *graph)
{
    Sorter s = { { 0 }, NULL, 0, NULL };
    size_t count = (size_t)graph->nodes.count;
    if (!count)
        return;
    s.order = mem_alloc(sizeof *s.order * count);
    s.state = mem_alloc(count);
    memset(s.state, 0, count);
    renumber(graph);
    for (size_t n = 0; n < count; n++)
        visit(&s, graph->nodes.at[n]);
    if (s.count != graph->nodes.count)
        BUG("a node reads one that is not in the graph");
    memcpy(graph->nodes.at, s.order, sizeof *s.order * count);
    renumber(graph);
    vec_free(&s.stack);
    mem_free(s.order);
    mem_free(s.state);
}
