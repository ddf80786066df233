/*
 * argmax.c - the index of the first largest element along an axis, i32.
 */
#include "op/local.h"

bool argmax_infer(Graph *graph, Node *node)
{
    ArgmaxAttrs *a = node_attrs(node, ArgmaxAttrs);
    Shape shape = *in_shape(node, 0);
    (void)graph;
    if (!op_need_f32(node) || !op_need_rank_1_up(node) ||
        !op_need_axis(node, &a->axis, shape.rank))
        return false;
    if (shape.dim[a->axis] > INT32_MAX) {
        graph_error(node, -1, "'argmax' over %lld elements exceeds i32",
                    (long long)shape.dim[a->axis]);
        return false;
    }
    shape.rank--;
    for (int64_t i = a->axis; i < shape.rank; i++)
        shape.dim[i] = shape.dim[i + 1];
    return op_output(node, DT_I32, shape);
}

int64_t argmax_macs(const Node *node)
{
    (void)node;
    return 0;
}

void argmax_evaluate(const Node *node, const double *const *in,
                     double *const *out)
{
    const AxisView view =
        axis_view(in_shape(node, 0), node_attrs(node, ArgmaxAttrs)->axis);
    for (int64_t o = 0; o < view.outer; o++)
        for (int64_t i = 0; i < view.inner; i++) {
            const double *x = in[0] + o * view.extent * view.inner + i;
            int64_t best = 0;
            for (int64_t n = 1; n < view.extent; n++)
                if (x[best * view.inner] < x[n * view.inner])
                    best = n;
            out[0][o * view.inner + i] = (double)best;
        }
}

void argmax_lower(Lower *lower, const Node *node)
{
    const int64_t axis = node_attrs(node, ArgmaxAttrs)->axis;
    const Shape *shape = in_shape(node, 0);
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const Affine *at[MAX_RANK], *to[MAX_RANK], *i;
    const Expr *value;
    row_loops(k, shape, axis, at);
    for (int d = 0; d < shape->rank - 1; d++)
        to[d] = at[d < axis ? d : d + 1];
    Access most = lower_scalar(k, "most", DT_F32);
    Access best = lower_scalar(k, "best", DT_I32);
    at[axis] = affine_const(k, 0);
    kernel_store(k, most, k_load(access_at(x, at)));
    kernel_store(k, best, expr_const(k, (Type){ DT_I32, 1 }, 0));
    if (shape->dim[axis] > 1) {
        i = at[axis] = affine_var(k, kernel_for(k, "i", 1, shape->dim[axis]));
        value = k_load(access_at(x, at));
        kernel_store(
            k, best,
            k_where_lt(k_load(most), value, expr_index(k, i), k_load(best)));
        kernel_accum(k, ACCUM_MAX, most, value);
        kernel_end(k);
    }
    kernel_store(k, access_at(y, to), k_load(best));
    lower_end(lower);
}
