/*
 * fold.c - a node whose inputs are all constants is computed now.
 *
 *     Shape(x) -> Gather(0) -> Unsqueeze -> Concat(.., -1) -> Reshape's shape
 *
 * Its adapter makes a small graph with the constants as inputs, which the
 * operators' references compute in double. The result is then what ONNX's type
 * makes of that: floats are rounded, quotients of whole numbers truncated.
 */
#include <math.h>

#include "import/local.h"

#define MOST_FOLDED ((int64_t)1 << 25) /* elements of a tensor */
#define MOST_WORK   ((int64_t)1 << 31) /* multiplications of a node */

static bool check_sizes(Adapt *a)
{
    const Graph *graph = a->graph;
    for (int i = 0; i < graph->tensors.count; i++)
        if (shape_count(&graph->tensors.at[i]->shape) > MOST_FOLDED)
            return refuse(a, "of constants as large as %s is not supported",
                          shape_show(&graph->tensors.at[i]->shape));
    for (int n = 0; n < graph->nodes.count; n++) {
        const Node *node = graph->nodes.at[n];
        if (op_info[node->op].macs(node) > MOST_WORK)
            return refuse(a, "of constants takes too many multiplications");
    }
    return true;
}

static bool keep(Adapt *a, int i, const double *value)
{
    const Value *out = &a->out[i];
    const Shape *shape = &out->tensor->shape;
    void *data;
    const OnnxTensor *made =
        constant_new(a, out->type, shape->rank, shape->dim, &data);
    if (!made)
        return false;
    for (int64_t k = 0; k < made->count; k++) {
        if (!dtype_is_float(out->type) && !isfinite(value[k]))
            return refuse(a, "of whole numbers divides by zero");
        number_store(out->type, data, k, value[k]);
    }
    a->out[i].tensor = NULL;
    a->out[i].constant = made;
    return true;
}

static double *widened(const OnnxTensor *constant)
{
    double *value = mem_alloc(sizeof *value * (size_t)constant->count);
    for (int64_t i = 0; i < constant->count; i++)
        value[i] = onnx_tensor_number(constant, i);
    return value;
}

/* Everything that the adapter made. */
static bool evaluate(Adapt *a)
{
    const int count = a->fold_in.count;
    double **in = mem_alloc(sizeof *in * (size_t)(count + 1));
    Evaluation *evaluation;
    bool good = true;
    for (int i = 0; i < count; i++)
        in[i] = widened(a->fold_in.at[i]);
    evaluation = graph_evaluate(a->graph, (const double *const *)in);
    for (int i = 0; i < a->node->output_count; i++)
        if (a->out[i].tensor)
            good = good &&
                   keep(a, i, evaluation_value(evaluation, a->out[i].tensor));
    evaluation_free(evaluation);
    for (int i = 0; i < count; i++)
        mem_free(in[i]);
    mem_free(in);
    return good;
}

static bool has_tensors(const Adapt *a)
{
    for (int i = 0; i < a->node->output_count; i++)
        if (a->out[i].tensor)
            return true;
    return false;
}

bool fold_node(Adapt *a)
{
    Graph *outer = a->graph;
    Arena *arena = arena_new();
    bool good;
    a->graph = graph_new(arena, "fold");
    good = a->row->run(a);
    if (good && !a->failed && has_tensors(a))
        good = check_sizes(a) && evaluate(a);
    diag_flush();
    graph_free(a->graph);
    arena_free(arena);
    a->graph = outer;
    return good;
}
