/*
 * verify.c - what must hold of every graph between two passes.
 *
 * Identities are dense, what is read was made before, shapes and types are what
 * the shape rules give, constants have data. A graph that breaks one is a fault
 * of the pass before: BUG, with the graph's text.
 */
#include <string.h>

#include "graph/local.h"

typedef struct Verifier {
    const Graph *graph;
    const char *after;
    bool *made; /* by tensor id */
} Verifier;

/* The graph's text may be what is broken: it comes last, in the context. */
#define FAULT(v, ...) fault((v), arena_printf((v)->graph->arena, __VA_ARGS__))

NORETURN static void fault(const Verifier *v, const char *what)
{
    static char context[1 << 16];
    Text text = { 0 };
    graph_print(&text, v->graph);
    snprintf(context, sizeof context, "%s", text_get(&text));
    bug_context = context;
    BUG("the graph after %s: %s", v->after, what);
}

static const char *tensor_name(const Tensor *tensor)
{
    return tensor->name ? tensor->name : "?";
}

/* ---- tensors -------------------------------------------------------------------- */

/* An input that nobody uses, or a constant that is an output only. */
static bool may_be_empty(const Verifier *v, const Tensor *tensor)
{
    for (int n = 0; n < v->graph->nodes.count; n++)
        for (int i = 0; i < v->graph->nodes.at[n]->input_count; i++)
            if (v->graph->nodes.at[n]->input[i] == tensor)
                return false;
    return shape_is_empty(&tensor->shape) &&
           (tensor->kind == TENSOR_INPUT || tensor->kind == TENSOR_CONSTANT);
}

static void verify_identity(const Verifier *v, int index)
{
    const Tensor *tensor = v->graph->tensors.at[index];
    if (!tensor->name)
        FAULT(v, "tensor %d has no name", index);
    if (tensor->id != index)
        FAULT(v, "tensor '%s' has number %d in place %d", tensor->name,
              tensor->id, index);
    if (tensor->poisoned)
        FAULT(v, "'%s' is poisoned", tensor->name);
    if (!shape_is_valid(&tensor->shape) && !may_be_empty(v, tensor))
        FAULT(v, "'%s' has the shape %s", tensor->name,
              shape_show(&tensor->shape));
}

static void verify_kind(const Verifier *v, const Tensor *tensor)
{
    const bool value = tensor->kind == TENSOR_VALUE;
    if (value != (tensor->producer != NULL))
        FAULT(v, "'%s' %s", tensor->name,
              value ? "has no producer" : "is no value but has a producer");
    if ((value || tensor->kind == TENSOR_INPUT) && tensor->data)
        FAULT(v, "'%s' has data, but is no constant", tensor->name);
    if (tensor->kind == TENSOR_CONSTANT && !tensor->data && !tensor->data_crc)
        FAULT(v, "the constant '%s' has no data", tensor->name);
}

static void verify_tensors(const Verifier *v)
{
    for (int i = 0; i < v->graph->tensors.count; i++) {
        const Tensor *tensor = v->graph->tensors.at[i];
        verify_identity(v, i);
        verify_kind(v, tensor);
        if (tensor->kind == TENSOR_VALUE) {
            const Node *node = tensor->producer;
            if (node->id < 0 || node->id >= v->graph->nodes.count ||
                v->graph->nodes.at[node->id] != node)
                FAULT(v, "the producer of '%s' is not in the graph",
                      tensor->name);
        }
    }
}

/* ---- nodes ------------------------------------------------------------------------ */

static bool is_ours(const Graph *graph, const Tensor *tensor)
{
    return tensor && tensor->id >= 0 && tensor->id < graph->tensors.count &&
           graph->tensors.at[tensor->id] == tensor;
}

static void verify_reads(const Verifier *v, const Node *node)
{
    const OpInfo *info = &op_info[node->op];
    if (node->data_count < info->least_inputs ||
        node->data_count > info->most_inputs ||
        node->input_count < node->data_count)
        FAULT(v, "'%s' has %d inputs, %d of them data", node->path,
              node->input_count, node->data_count);
    for (int i = 0; i < node->input_count; i++) {
        const Tensor *tensor = node->input[i];
        if (!is_ours(v->graph, tensor))
            FAULT(v, "input %d of '%s' is not in the graph", i, node->path);
        if (!v->made[tensor->id])
            FAULT(v, "'%s' reads '%s' before it is made", node->path,
                  tensor_name(tensor));
        if (i >= node->data_count && tensor->type != DT_F32)
            FAULT(v, "'%s' is %s, weights are f32", tensor_name(tensor),
                  dtype_name(tensor->type));
    }
}

static void verify_writes(const Verifier *v, const Node *node)
{
    if (node->output_count < 1)
        FAULT(v, "'%s' has no output", node->path);
    for (int i = 0; i < node->output_count; i++) {
        const Tensor *tensor = node->output[i];
        if (!is_ours(v->graph, tensor))
            FAULT(v, "output %d of '%s' is not in the graph", i, node->path);
        if (tensor->producer != node)
            FAULT(v, "'%s' does not know its producer '%s'",
                  tensor_name(tensor), node->path);
        if (v->made[tensor->id])
            FAULT(v, "'%s' is made twice", tensor->name);
        v->made[tensor->id] = true;
    }
}

static void verify_place_in_order(const Verifier *v, const Node *node)
{
    const Node *into = node->fused_into;
    if (into && (into->id <= node->id || into->id >= v->graph->nodes.count ||
                 v->graph->nodes.at[into->id] != into))
        FAULT(v, "'%s' is fused into a node that is not behind it", node->path);
}

/* What the node has beside what its rule made of its data inputs alone. */
static bool rule_compare(const Node *node, const Node *fresh, Text *why)
{
    const Tensor *have = node->output[0], *made = fresh->output[0];
    if (node->input_count != fresh->input_count) {
        text_printf(why, "'%s' has %d parameters, its rule makes %d",
                    node->path, node->input_count - node->data_count,
                    fresh->input_count - fresh->data_count);
        return false;
    }
    for (int i = node->data_count; i < node->input_count; i++)
        if (!shape_equal(&node->input[i]->shape, &fresh->input[i]->shape)) {
            text_printf(why, "'%s' is %s, '%s' needs %s", node->input[i]->name,
                        shape_show(&node->input[i]->shape), node->path,
                        shape_show(&fresh->input[i]->shape));
            return false;
        }
    if (have->type == made->type && shape_equal(&have->shape, &made->shape))
        return true;
    text_printf(why, "'%s' is %s%s, its rule gives %s%s", node->path,
                dtype_name(have->type), shape_show(&have->shape),
                dtype_name(made->type), shape_show(&made->shape));
    return false;
}

bool node_obeys_rule(const Graph *graph, const Node *node, Text *why)
{
    const OpInfo *info = &op_info[node->op];
    Graph scratch = *graph;
    Node fresh = *node;
    Tensor result = *node->output[0], *output = &result;
    bool good;
    memset(&scratch.tensors, 0, sizeof scratch.tensors);
    scratch.arena = arena_new();
    fresh.input_count = fresh.data_count;
    fresh.output = &output;
    fresh.output_count = 1;
    fresh.attrs = arena_copy(scratch.arena, node->attrs, info->attrs_size);
    good = info->infer(&scratch, &fresh);
    if (good)
        good = rule_compare(node, &fresh, why);
    else
        text_printf(why, "the shape rule refuses '%s'", node->path);
    vec_free(&scratch.tensors);
    arena_free(scratch.arena);
    return good;
}

static void verify_shapes(const Verifier *v, const Node *node)
{
    Text why = { 0 };
    if (!node_obeys_rule(v->graph, node, &why))
        FAULT(v, "%s", text_get(&why));
    text_free(&why);
}

static void verify_nodes(const Verifier *v)
{
    for (int n = 0; n < v->graph->nodes.count; n++) {
        const Node *node = v->graph->nodes.at[n];
        if ((int)node->op < 0 || node->op >= OP_COUNT)
            FAULT(v, "'%s' has no operator", node->path);
        verify_reads(v, node);
        verify_writes(v, node);
        verify_place_in_order(v, node);
        verify_shapes(v, node);
    }
}

/* ---- the graph ---------------------------------------------------------------------- */

static void verify_edges(const Verifier *v)
{
    const Graph *graph = v->graph;
    for (int i = 0; i < graph->inputs.count; i++)
        if (!is_ours(graph, graph->inputs.at[i]) ||
            graph->inputs.at[i]->kind != TENSOR_INPUT)
            FAULT(v, "input %d is none", i);
    if (!graph->outputs.count)
        FAULT(v, "there is no output");
    for (int i = 0; i < graph->outputs.count; i++)
        if (!is_ours(graph, graph->outputs.at[i].tensor))
            FAULT(v, "the output '%s' is not in the graph",
                  graph->outputs.at[i].name);
}

void graph_verify(const Graph *graph, const char *after)
{
    const size_t count = (size_t)graph->tensors.count + 1;
    Verifier v = { graph, after, mem_alloc(sizeof *v.made * count) };
    verify_tensors(&v);
    for (int i = 0; i < graph->tensors.count; i++)
        v.made[i] = graph->tensors.at[i]->kind != TENSOR_VALUE;
    verify_edges(&v);
    verify_nodes(&v);
    mem_free(v.made);
}
