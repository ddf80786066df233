/*
 * dense.c - y[o] = b[o] + sum over i of x[i] * w[i][o], of a vector or of each
 * row of an array: [..., in] becomes [..., units].
 */
#include <string.h>

#include "op/local.h"

bool dense_infer(Graph *graph, Node *node)
{
    const DenseAttrs *a = node_attrs(node, DenseAttrs);
    const int64_t inputs = channels_of(in_shape(node, 0));
    Shape shape = *in_shape(node, 0);
    Tensor *bias;
    if (!op_need_f32(node) || !op_need_count(node, "units", a->units) ||
        !op_need_rank_1_up(node))
        return false;
    shape.dim[shape.rank - 1] = a->units;
    if (!op_output(node, DT_F32, shape) ||
        !graph_parameter(graph, node, 0, "weight",
                         shape_of(2, (int64_t[]){ inputs, a->units }),
                         LAYOUT_DENSE, (double)inputs, 0))
        return false;
    if (!a->bias)
        return true;
    bias = graph_parameter(graph, node, 1, "bias", shape_of(1, &a->units),
                           LAYOUT_AS_IS, 0, 0);
    if (bias)
        bias->init_spread = 0.1;
    return bias;
}

int64_t dense_macs(const Node *node)
{
    const int64_t inputs = channels_of(in_shape(node, 0));
    return saturated_mul(in_count(node, 0) / inputs, in_count(node, 1));
}

static void dense_row(const DenseAttrs *a, int64_t inputs, const double *x,
                      const double *w, const double *b, double *y)
{
    for (int64_t o = 0; o < a->units; o++)
        y[o] = b ? b[o] : 0;
    for (int64_t i = 0; i < inputs; i++)
        for (int64_t o = 0; o < a->units; o++)
            y[o] += x[i] * w[i * a->units + o];
}

void dense_evaluate(const Node *node, const double *const *in,
                    double *const *out)
{
    const DenseAttrs *a = node_attrs(node, DenseAttrs);
    const int64_t inputs = channels_of(in_shape(node, 0));
    const int64_t rows = in_count(node, 0) / inputs;
    for (int64_t r = 0; r < rows; r++)
        dense_row(a, inputs, in[0] + r * inputs, in[1], a->bias ? in[2] : NULL,
                  out[0] + r * a->units);
}

void dense_lower(Lower *lower, const Node *node)
{
    const DenseAttrs *a = node_attrs(node, DenseAttrs);
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *w = lower_input(lower, node, 1);
    Buffer *y = lower_output(lower, node, 0);
    Shape rows = *in_shape(node, 0);
    const Affine *at[MAX_RANK], *to[MAX_RANK], *o, *c;
    const int last = --rows.rank;
    lower_loops(k, &rows, NULL, at);
    memcpy(to, at, sizeof to);
    to[last] = o = affine_var(k, kernel_for(k, "oc", 0, a->units));
    Access acc = lower_scalar(k, "acc", DT_F32);
    kernel_store(k, acc,
                 a->bias ? k_load(AT(lower_input(lower, node, 2), o))
                         : k_num(0));
    at[last] = c =
        affine_var(k, kernel_for(k, "c", 0, channels_of(in_shape(node, 0))));
    kernel_fma(k, acc, k_load(access_at(x, at)), k_load(AT(w, c, o)));
    kernel_end(k);
    kernel_store(k, access_at(y, to), k_load(acc));
    lower_end(lower);
}
