/*
 * fold.c - computes now what would be the same in every run.
 *
 *     bias = [1, 2], two = [2, 2]:   mul(bias, two)   ->   [2, 4]
 *
 * Through the operators' references, in double, rounded once. And weights that
 * a convolution with flip=yes reads backwards are turned over, so that all
 * kernels step forward through them.
 */
#include "pass/local.h"

#include <string.h>

#define MOST_FOLDED ((int64_t)1 << 26) /* elements of a result */

static bool all_known(const Node *node)
{
    for (int i = 0; i < node->input_count; i++) {
        if (!is_known(node->input[i]))
            return false;
    }
    return node->output_count == 1 &&
           (node->output[0]->type == DT_F32 ||
            node->output[0]->type == DT_BOOL) &&
           shape_count(&node->output[0]->shape) <= MOST_FOLDED;
}

static double *widened(const Tensor *tensor)
{
    const int64_t count = shape_count(&tensor->shape);
    double *wide = mem_alloc(sizeof *wide * (size_t)count);
    for (int64_t i = 0; i < count; i++)
        wide[i] = (double)tensor->data[i];
    return wide;
}

static Tensor *evaluated(Graph *graph, const Node *node)
{
    const Tensor *result = node->output[0];
    const int64_t count = shape_count(&result->shape);
    double **in = mem_alloc(sizeof *in * (size_t)node->input_count);
    double *out = mem_alloc(sizeof *out * (size_t)count);
    float *data = NEW_N(graph->arena, float, count);
    Tensor *constant;
    for (int i = 0; i < node->input_count; i++)
        in[i] = widened(node->input[i]);
    graph_evaluate_node(node, (const double *const *)in, &out);
    for (int64_t i = 0; i < count; i++)
        data[i] = (float)out[i];
    for (int i = 0; i < node->input_count; i++)
        mem_free(in[i]);
    mem_free(in);
    mem_free(out);
    constant = graph_constant(graph, result->name, result->shape, NULL);
    constant->type = result->type;
    constant->data = data;
    constant->label = result->label;
    constant->origin = result->origin;
    return constant;
}

bool pass_fold(Graph *graph, PassContext *context)
{
    const int count = graph->tensors.count;
    Tensor **instead = mem_alloc(sizeof *instead * (size_t)(count + 1));
    bool changed = false;
    (void)context;
    memset(instead, 0, sizeof *instead * (size_t)(count + 1));
    for (int n = 0; n < graph->nodes.count; n++) {
        Node *node = graph->nodes.at[n];
        for (int i = 0; i < node->input_count; i++) {
            const Tensor *t = node->input[i];
            if (t->id < count && instead[t->id] != NULL)
                node->input[i] = instead[t->id];
        }
        if (!all_known(node))
            continue;
        instead[node->output[0]->id] = evaluated(graph, node);
        changed = true;
    }
    if (changed) {
        replace_all(graph, instead, count);
        graph_remove_dead(graph);
    }
    mem_free(instead);
    return changed;
}

/* ---- flip ---------------------------------------------------------------------- */

/* w: [kh][kw][c][oc]; the taps in reverse, each tap as it is. */
static float *turned_over(Arena *arena, const Tensor *weight)
{
    const int64_t *dim = weight->shape.dim;
    const int64_t taps = dim[0] * dim[1], size = dim[2] * dim[3];
    float *data = NEW_N(arena, float, taps *size);
    for (int64_t t = 0; t < taps; t++)
        memcpy(data + t * size, weight->data + (taps - 1 - t) * size,
               sizeof *data * (size_t)size);
    return data;
}

bool pass_flip(Graph *graph, PassContext *context)
{
    bool changed = false;
    (void)context;
    for (int n = 0; n < graph->nodes.count; n++) {
        Node *node = graph->nodes.at[n];
        const Tensor *weight;
        if (node->op != OP_CONV || !node_attrs(node, ConvAttrs)->flip ||
            !is_known(node->input[1]))
            continue;
        weight = node->input[1];
        node->input[1] = build_parameter(graph, weight, weight->shape,
                                         turned_over(graph->arena, weight));
        node_attrs(node, ConvAttrs)->flip = false;
        changed = true;
    }
    if (changed)
        graph_remove_dead(graph);
    return changed;
}
