/*
 * evaluate.c - the reference: every node in order, in double.
 *
 * What a network "should" compute is what this computes; generated code is
 * compared with it. Parameters are floats in the graph and widened when a node
 * needs them, so that a large network does not lie in memory twice over.
 */
#include <string.h>

#include "graph/graph.h"

struct Evaluation {
    const Graph *graph;
    bool keep_all;
    double **value; /* by tensor id; NULL: not there yet, or freed */
    int *left;      /* reads still to come, by tensor id */
};

static size_t value_bytes(const Tensor *tensor)
{
    return sizeof(double) * (size_t)shape_count(&tensor->shape);
}

static double *widen(const Tensor *tensor)
{
    const int64_t count = shape_count(&tensor->shape);
    double *value;
    if (!tensor->data)
        BUG("'%s' has no data to evaluate with", tensor->name);
    value = mem_alloc(value_bytes(tensor));
    for (int64_t i = 0; i < count; i++)
        value[i] = (double)tensor->data[i];
    return value;
}

/* The tensor's values, made where they are known to the compiler. */
static double *value_of(const Evaluation *e, const Tensor *tensor)
{
    double **slot = &e->value[tensor->id];
    if (!*slot &&
        (tensor->kind == TENSOR_PARAMETER || tensor->kind == TENSOR_CONSTANT))
        *slot = widen(tensor);
    return *slot;
}

static void count_reads(Evaluation *e)
{
    const Graph *graph = e->graph;
    for (int n = 0; n < graph->nodes.count; n++) {
        const Node *node = graph->nodes.at[n];
        for (int i = 0; i < node->input_count; i++)
            e->left[node->input[i]->id]++;
    }
    for (int i = 0; i < graph->outputs.count; i++) /* never the last one */
        e->left[graph->outputs.at[i].tensor->id]++;
}

static void drop(Evaluation *e, const Tensor *tensor)
{
    if (e->left[tensor->id] || e->keep_all)
        return;
    mem_free(e->value[tensor->id]);
    e->value[tensor->id] = NULL;
}

void graph_evaluate_node(const Node *node, const double *const *in,
                         double *const *out)
{
    op_info[node->op].evaluate(node, in, out);
}

static void run_node(Evaluation *e, const Node *node)
{
    const double **in = mem_alloc(sizeof *in * (size_t)(node->input_count + 1));
    double **out = mem_alloc(sizeof *out * (size_t)(node->output_count + 1));
    for (int i = 0; i < node->input_count; i++) {
        in[i] = value_of(e, node->input[i]);
        if (!in[i])
            BUG("'%s' is read before it has a value", node->input[i]->name);
    }
    for (int i = 0; i < node->output_count; i++)
        out[i] = e->value[node->output[i]->id] =
            mem_alloc(value_bytes(node->output[i]));
    graph_evaluate_node(node, in, out);
    for (int i = 0; i < node->input_count; i++) {
        e->left[node->input[i]->id]--;
        drop(e, node->input[i]);
    }
    for (int i = 0; i < node->output_count; i++)
        drop(e, node->output[i]);
    mem_free(in);
    mem_free(out);
}

/* Work of a node, for the progress line. */
static int64_t work_of(const Node *node)
{
    int64_t work = op_info[node->op].macs(node);
    for (int i = 0; i < node->output_count; i++)
        if (!size_add(work, shape_count(&node->output[i]->shape), &work))
            return INT64_MAX;
    return work;
}

static void run(Evaluation *e)
{
    const Graph *graph = e->graph;
    int64_t done = 0, total = 0;
    for (int n = 0; n < graph->nodes.count; n++)
        if (!size_add(total, work_of(graph->nodes.at[n]), &total))
            total = INT64_MAX;
    for (int n = 0; n < graph->nodes.count; n++) {
        progress_show("evaluating", done, total);
        run_node(e, graph->nodes.at[n]);
        if (!size_add(done, work_of(graph->nodes.at[n]), &done))
            done = total;
    }
    progress_end();
}

static Evaluation *evaluate(const Graph *graph, const double *const *inputs,
                            bool keep_all)
{
    const size_t count = (size_t)graph->tensors.count + 1;
    Evaluation *e = mem_alloc(sizeof *e);
    e->graph = graph;
    e->keep_all = keep_all;
    e->value = mem_alloc(sizeof *e->value * count);
    e->left = mem_alloc(sizeof *e->left * count);
    for (size_t i = 0; i < count; i++) {
        e->value[i] = NULL;
        e->left[i] = 0;
    }
    count_reads(e);
    for (int i = 0; i < graph->inputs.count; i++) {
        const Tensor *tensor = graph->inputs.at[i];
        size_t bytes = value_bytes(tensor);
        e->value[tensor->id] = memcpy(mem_alloc(bytes), inputs[i], bytes);
    }
    run(e);
    return e;
}

Evaluation *graph_evaluate(const Graph *graph, const double *const *inputs)
{
    return evaluate(graph, inputs, true);
}

Evaluation *graph_evaluate_outputs(const Graph *graph,
                                   const double *const *inputs)
{
    return evaluate(graph, inputs, false);
}

const double *evaluation_value(const Evaluation *evaluation,
                               const Tensor *tensor)
{
    const double *value = value_of(evaluation, tensor);
    if (!value)
        BUG("the value of '%s' was not kept", tensor->name);
    return value;
}

void evaluation_free(Evaluation *evaluation)
{
    if (!evaluation)
        return;
    for (int i = 0; i < evaluation->graph->tensors.count; i++)
        mem_free(evaluation->value[i]);
    mem_free(evaluation->value);
    mem_free(evaluation->left);
    mem_free(evaluation);
}
