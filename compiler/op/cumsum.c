/*
 * cumsum.c - sums of all elements up to each one along an axis.
 *
 *     [1, 2, 3]:    1 3 6;  exclusive 0 1 3;  reverse 6 5 3
 *
 * A long sum is kept in double: each of its results is one of the output's.
 */
#include "op/local.h"

#define LONG 256 /* elements */

bool cumsum_infer(Graph *graph, Node *node)
{
    CumsumAttrs *a = node_attrs(node, CumsumAttrs);
    (void)graph;
    return op_need_f32(node) && op_need_rank_1_up(node) &&
           op_need_axis(node, &a->axis, in_shape(node, 0)->rank) &&
           op_output_like(node);
}

int64_t cumsum_macs(const Node *node)
{
    (void)node;
    return 0;
}

/* n elements, stride apart; a negative stride runs backwards. */
static void cumsum_row(const double *x, double *y, int64_t n, int64_t stride,
                       bool exclusive)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const double before = sum;
        sum += x[i * stride];
        y[i * stride] = exclusive ? before : sum;
    }
}

void cumsum_evaluate(const Node *node, const double *const *in,
                     double *const *out)
{
    const CumsumAttrs *a = node_attrs(node, CumsumAttrs);
    const AxisView view = axis_view(out_shape(node), a->axis);
    const int64_t last = (view.extent - 1) * view.inner;
    for (int64_t o = 0; o < view.outer; o++)
        for (int64_t i = 0; i < view.inner; i++) {
            int64_t first = o * view.extent * view.inner + i;
            first += a->reverse ? last : 0;
            cumsum_row(in[0] + first, out[0] + first, view.extent,
                       a->reverse ? -view.inner : view.inner, a->exclusive);
        }
}

static const Expr *in_type(Kernel *k, DType type, const Expr *x)
{
    return x->type.elem == type ? x : expr_convert(k, type, x);
}

void cumsum_lower(Lower *lower, const Node *node)
{
    const CumsumAttrs *a = node_attrs(node, CumsumAttrs);
    const int64_t n = out_shape(node)->dim[a->axis];
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const Affine *at[MAX_RANK], *i;
    row_loops(k, out_shape(node), a->axis, at);
    const DType type = n > LONG ? DT_F64 : DT_F32;
    Access sum = lower_scalar(k, "sum", type);
    kernel_store(k, sum, expr_const(k, (Type){ type, 1 }, 0));
    i = affine_var(k, kernel_for(k, "i", 0, n));
    if (a->reverse)
        i = affine_sub(k, affine_const(k, n - 1), i);
    at[a->axis] = i;
    if (a->exclusive)
        kernel_store(k, access_at(y, at), in_type(k, DT_F32, k_load(sum)));
    kernel_accum(k, ACCUM_ADD, sum, in_type(k, type, k_load(access_at(x, at))));
    if (!a->exclusive)
        kernel_store(k, access_at(y, at), in_type(k, DT_F32, k_load(sum)));
    lower_end(lower);
}
