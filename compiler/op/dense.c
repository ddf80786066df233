/*
 * dense.c - y[o] = b[o] + sum over i of x[i] * w[i][o].
 */
#include "op/local.h"

bool dense_infer(Graph *graph, Node *node)
{
    const DenseAttrs *a = node_attrs(node, DenseAttrs);
    const Shape *x = in_shape(node, 0);
    Tensor *bias;
    if (!op_need_f32(node) || !op_need_count(node, "units", a->units))
        return false;
    if (x->rank != 1) {
        graph_error(node, -1, "'dense' needs a vector, got %s", shape_show(x));
        graph_note_inputs(node);
        graph_hint("'flatten' in front of it makes one");
        return false;
    }
    if (!op_output(node, DT_F32, shape_of(1, &a->units)) ||
        !graph_parameter(graph, node, 0, "weight",
                         shape_of(2, (int64_t[]){ x->dim[0], a->units }),
                         LAYOUT_DENSE, (double)x->dim[0], 0))
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
    return in_count(node, 1);
}

void dense_evaluate(const Node *node, const double *const *in,
                    double *const *out)
{
    const DenseAttrs *a = node_attrs(node, DenseAttrs);
    const int64_t inputs = in_count(node, 0);
    for (int64_t o = 0; o < a->units; o++)
        out[0][o] = a->bias ? in[2][o] : 0;
    for (int64_t i = 0; i < inputs; i++) {
        const double factor = in[0][i];
        const double *row = in[1] + i * a->units;
        for (int64_t o = 0; o < a->units; o++)
            out[0][o] += factor * row[o];
    }
}

void dense_lower(Lower *lower, const Node *node)
{
    const DenseAttrs *a = node_attrs(node, DenseAttrs);
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *w = lower_input(lower, node, 1);
    Buffer *y = lower_output(lower, node, 0);
    const Affine *o = affine_var(k, kernel_for(k, "oc", 0, a->units)), *c;
    Access acc = lower_scalar(k, "acc", DT_F32);
    kernel_store(k, acc,
                 a->bias ? k_load(AT(lower_input(lower, node, 2), o))
                         : k_num(0));
    c = affine_var(k, kernel_for(k, "c", 0, in_count(node, 0)));
    kernel_fma(k, acc, k_load(AT(x, c)), k_load(AT(w, c, o)));
    kernel_end(k);
    kernel_store(k, AT(y, o), k_load(acc));
    lower_end(lower);
}
