/*
 * shrink.c - makes a failing network small.
 *
 * One change after the other is tried on a copy: fewer outputs, a node less, a
 * smaller attribute, a smaller input. A change that keeps the failure stays,
 * until none does.
 */
#include <string.h>

#include "graph/random.h"

typedef struct Shrinker {
    Graph *best;
    bool (*still_fails)(Graph *, void *);
    void *context;
} Shrinker;

/* Brings shapes and weights up to date after a change; false where the network
 * is no longer valid. */
static bool settle(Graph *graph)
{
    graph_remove_dead(graph);
    for (int i = 0; i < graph->tensors.count; i++)
        if (graph->tensors.at[i]->kind == TENSOR_PARAMETER)
            graph->tensors.at[i]->data = NULL;
    for (int n = 0; n < graph->nodes.count; n++)
        if (!graph_try(graph, graph->nodes.at[n]))
            return false;
    for (int i = 0; i < graph->outputs.count; i++)
        if (graph->outputs.at[i].tensor->kind != TENSOR_VALUE)
            return false; /* a network that computes nothing is another case */
    graph_init_weights(graph, 1);
    return true;
}

/* Takes the changed copy if it is valid and still fails. */
static bool take(Shrinker *s, Graph *changed)
{
    if (settle(changed) && s->still_fails(changed, s->context)) {
        graph_free(s->best);
        s->best = changed;
        return true;
    }
    graph_free(changed);
    return false;
}

static Graph *fresh(const Shrinker *s)
{
    return graph_copy(s->best->arena, s->best);
}

/* ---- outputs and nodes ---------------------------------------------------------- */

static bool drop_output(Shrinker *s, int index)
{
    Graph *g = fresh(s);
    g->outputs.count--;
    memmove(&g->outputs.at[index], &g->outputs.at[index + 1],
            sizeof *g->outputs.at * (size_t)(g->outputs.count - index));
    return take(s, g);
}

/* The output is taken one node earlier. */
static bool retreat_output(Shrinker *s, int index)
{
    const Node *last = s->best->outputs.at[index].tensor->producer;
    for (int i = 0; i < last->data_count; i++) {
        Graph *g = fresh(s);
        Output *output = &g->outputs.at[index];
        output->tensor = output->tensor->producer->input[i];
        if (take(s, g))
            return true;
    }
    return false;
}

static bool drop_input(Shrinker *s, int index)
{
    Graph *g = fresh(s);
    graph_count_uses(g);
    if (g->inputs.at[index]->uses) {
        graph_free(g);
        return false;
    }
    g->inputs.count--;
    memmove(&g->inputs.at[index], &g->inputs.at[index + 1],
            sizeof *g->inputs.at * (size_t)(g->inputs.count - index));
    return take(s, g);
}

/* The node's readers read its input instead. */
static bool bypass_node(Shrinker *s, int index)
{
    Graph *g = fresh(s);
    Node *node = g->nodes.at[index];
    for (int i = 0; i < node->data_count; i++)
        if (shape_equal(&node->input[i]->shape, &node->output[0]->shape) &&
            node->input[i]->type == node->output[0]->type) {
            graph_replace(g, node->output[0], node->input[i]);
            return take(s, g);
        }
    graph_free(g);
    return false;
}

/* What the node computes comes from outside. */
static bool cut_node(Shrinker *s, int index)
{
    Graph *g = fresh(s);
    Tensor *value = g->nodes.at[index]->output[0], *input;
    char name[32];
    snprintf(name, sizeof name, "cut%d", g->inputs.count);
    input = graph_input(g, name, value->type, value->shape, NULL);
    graph_replace(g, value, input);
    return take(s, g);
}

/* One input less for add, concat and their like. */
static bool drop_operand(Shrinker *s, int index)
{
    Graph *g = fresh(s);
    Node *node = g->nodes.at[index];
    if (node->data_count <= op_info[node->op].least_inputs ||
        node->input_count != node->data_count) {
        graph_free(g);
        return false;
    }
    node->input_count = --node->data_count;
    return take(s, g);
}

/* Weights that are computed become parameters. */
static bool bind_weights(Shrinker *s, int index)
{
    const Node *node = s->best->nodes.at[index];
    for (int i = node->data_count; i < node->input_count; i++)
        if (node->input[i]->kind == TENSOR_VALUE ||
            node->input[i]->kind == TENSOR_INPUT) {
            Graph *g = fresh(s);
            Node *copy = g->nodes.at[index];
            copy->input_count = copy->data_count;
            return take(s, g);
        }
    return false;
}

/* ---- numbers ---------------------------------------------------------------------- */

/* 1, half of it, one less: the first that is smaller and not tried yet. */
static int64_t smaller(int64_t value, int attempt)
{
    int64_t tries[] = { 1, value / 2, value - 1 };
    return tries[attempt];
}

/* The attribute's number at the index, or NULL where it has no more. */
static int64_t *number_of(const AttrInfo *attr, void *attrs, int index)
{
    void *field = (char *)attrs + attr->offset;
    Size *size = field;
    Pad *pad = field;
    if (attr->kind == ATTR_INT)
        return index == 0 ? field : NULL;
    if (attr->kind == ATTR_SIZE)
        return index < size->count ? &size->at[index] : NULL;
    if (attr->kind == ATTR_PAD)
        return index < pad->count ? &pad->number[index] : NULL;
    return NULL;
}

static bool shrink_number(Shrinker *s, int node, const AttrInfo *attr,
                          int index)
{
    const int64_t least = attr->kind == ATTR_PAD ? 0 : 1;
    for (int attempt = 0; attempt < 3; attempt++) {
        Graph *g = fresh(s);
        int64_t *number = number_of(attr, g->nodes.at[node]->attrs, index);
        int64_t value = smaller(*number, attempt);
        if (attempt == 0)
            value = least;
        if (value < *number && value >= least) {
            *number = value;
            if (take(s, g))
                return true;
        } else {
            graph_free(g);
        }
    }
    return false;
}

/* Back to its default. */
static bool reset_attr(Shrinker *s, int node, const AttrInfo *attr)
{
    Graph *g = fresh(s);
    void *attrs = g->nodes.at[node]->attrs;
    Text before = { 0 }, after = { 0 };
    bool differs = false;
    if (attr->fallback &&
        (attr->kind == ATTR_BOOL || attr->kind == ATTR_FLOAT)) {
        attr_text(&before, attr, attrs);
        attr_parse(attr, attrs, attr->fallback, g->arena);
        attr_text(&after, attr, attrs);
        differs = strcmp(text_get(&before), text_get(&after)) != 0;
    }
    text_free(&before);
    text_free(&after);
    if (differs)
        return take(s, g);
    graph_free(g);
    return false;
}

static bool shrink_attrs(Shrinker *s, int node)
{
    const OpInfo *info = &op_info[s->best->nodes.at[node]->op];
    bool changed = false;
    for (int i = 0; i < info->attr_count; i++) {
        const AttrInfo *attr = &info->attrs[i];
        for (int k = 0; number_of(attr, s->best->nodes.at[node]->attrs, k); k++)
            changed |= shrink_number(s, node, attr, k);
        changed |= reset_attr(s, node, attr);
    }
    return changed;
}

static bool shrink_extent(Shrinker *s, int input, int dim)
{
    for (int attempt = 0; attempt < 3; attempt++) {
        Graph *g = fresh(s);
        int64_t *extent = &g->inputs.at[input]->shape.dim[dim];
        int64_t value = smaller(*extent, attempt);
        if (value < *extent && value >= 1) {
            *extent = value;
            if (take(s, g))
                return true;
        } else {
            graph_free(g);
        }
    }
    return false;
}

/* ---- until nothing helps ---------------------------------------------------------------- */

static bool shrink_structure(Shrinker *s)
{
    bool changed = false;
    for (int i = 0; i < s->best->outputs.count && s->best->outputs.count > 1;)
        if (drop_output(s, i))
            changed = true;
        else
            i++;
    for (int i = 0; i < s->best->outputs.count;)
        if (retreat_output(s, i))
            changed = true;
        else
            i++;
    for (int n = 0; n < s->best->nodes.count;)
        if (bypass_node(s, n) || cut_node(s, n) || drop_operand(s, n) ||
            bind_weights(s, n))
            changed = true;
        else
            n++;
    for (int i = 0; i < s->best->inputs.count && s->best->inputs.count > 1;)
        if (drop_input(s, i))
            changed = true;
        else
            i++;
    return changed;
}

static bool shrink_numbers(Shrinker *s)
{
    bool changed = false;
    for (int i = 0; i < s->best->inputs.count; i++)
        for (int d = 0; d < s->best->inputs.at[i]->shape.rank; d++)
            changed |= shrink_extent(s, i, d);
    for (int n = 0; n < s->best->nodes.count; n++)
        changed |= shrink_attrs(s, n);
    return changed;
}

Graph *graph_shrink(Graph *graph, bool (*still_fails)(Graph *, void *),
                    void *context)
{
    Shrinker s = { graph_copy(graph->arena, graph), still_fails, context };
    bool changed = true;
    while (changed) {
        changed = shrink_structure(&s);
        changed |= shrink_numbers(&s);
    }
    return s.best;
}
