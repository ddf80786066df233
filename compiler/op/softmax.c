/*
 * softmax.c - y = exp(x - m) / sum of exp(x - m) along an axis, with m the
 * largest x there, so that nothing overflows.
 */
#include "op/local.h"

bool softmax_infer(Graph *graph, Node *node)
{
    SoftmaxAttrs *a = node_attrs(node, SoftmaxAttrs);
    (void)graph;
    return op_need_f32(node) && op_need_rank_1_up(node) &&
           op_need_axis(node, &a->axis, in_shape(node, 0)->rank) &&
           op_output_like(node);
}

int64_t softmax_macs(const Node *node)
{
    (void)node;
    return 0;
}

/* n elements, stride apart */
static void softmax_row(const double *x, double *y, int64_t n, int64_t stride)
{
    double most = x[0], sum = 0;
    for (int64_t i = 1; i < n; i++)
        most = ref_max(most, x[i * stride]);
    for (int64_t i = 0; i < n; i++)
        sum += y[i * stride] = exp(x[i * stride] - most);
    for (int64_t i = 0; i < n; i++)
        y[i * stride] /= sum;
}

void softmax_evaluate(const Node *node, const double *const *in,
                      double *const *out)
{
    const AxisView view =
        axis_view(out_shape(node), node_attrs(node, SoftmaxAttrs)->axis);
    for (int64_t o = 0; o < view.outer; o++)
        for (int64_t i = 0; i < view.inner; i++) {
            int64_t first = o * view.extent * view.inner + i;
            softmax_row(in[0] + first, out[0] + first, view.extent, view.inner);
        }
}

/* The result is where exp(x - most) is kept until the sum is known. */
void softmax_lower(Lower *lower, const Node *node)
{
    const int64_t axis = node_attrs(node, SoftmaxAttrs)->axis;
    const int64_t n = out_shape(node)->dim[axis];
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const Affine *at[MAX_RANK];
    row_loops(k, out_shape(node), axis, at);
    Access most = lower_scalar(k, "most", DT_F32);
    Access sum = lower_scalar(k, "sum", DT_F32);
    Access factor = lower_scalar(k, "factor", DT_F32);
    kernel_store(k, most, k_num(-INFINITY));
    at[axis] = affine_var(k, kernel_for(k, "i", 0, n));
    kernel_accum(k, ACCUM_MAX, most, k_load(access_at(x, at)));
    kernel_end(k);
    at[axis] = affine_var(k, kernel_for(k, "j", 0, n));
    kernel_store(k, access_at(y, at),
                 k_1(EXP, k_sub(k_load(access_at(x, at)), k_load(most))));
    kernel_end(k);
    kernel_store(k, sum, k_num(0));
    at[axis] = affine_var(k, kernel_for(k, "k", 0, n));
    kernel_accum(k, ACCUM_ADD, sum, k_load(access_at(y, at)));
    kernel_end(k);
    kernel_store(k, factor, k_div(k_num(1), k_load(sum)));
    at[axis] = affine_var(k, kernel_for(k, "l", 0, n));
    kernel_accum(k, ACCUM_MUL, access_at(y, at), k_load(factor));
    lower_end(lower);
}
