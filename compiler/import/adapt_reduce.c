/*
 * adapt_reduce.c - reductions over dimensions, and where the largest is.
 *
 *     y = ReduceSum(x, [1]) keepdims=1 of [2, 3, 4]: [2, 1, 4]
 *
 * The axes came as an attribute until opset 12 (ReduceSum) or 17 (the others),
 * and come as an input since. None: all, or (noop_with_empty_axes) none: then
 * each element is the reduction of itself, its amount or logarithm, say.
 */
#include "import/local.h"

/* ---- reductions ----------------------------------------------------------------- */

static Tensor *add_reduction(Adapt *a, Op op, Tensor *x, const bool *flags,
                             bool keep)
{
    Node *node = add_node(a, op, NULL, &x, 1);
    ReduceAttrs *attrs = node_attrs(node, ReduceAttrs);
    for (int d = 0; d < x->shape.rank; d++)
        if (flags[d])
            attrs->axes.at[attrs->axes.count++] = d;
    attrs->keep = keep;
    return add_end(a, node);
}

static Tensor *add_reduction_of_one(Adapt *a, Op op, Tensor *x)
{
    switch (op) {
    case OP_REDUCE_L1:
    case OP_REDUCE_L2: return add_1(a, OP_ABS, NULL, x);
    case OP_REDUCE_LOG_SUM: return add_1(a, OP_LOG, NULL, x);
    case OP_REDUCE_SUM_SQUARE: return add_2(a, OP_MUL, NULL, x, x);
    default: return x;
    }
}

/* axes_since: the opset since which they are an input. */
static bool reduce(Adapt *a, Op op, int axes_since)
{
    bool flags[ONNX_MAX_RANK];
    Tensor *x = in_tensor(a, 0), *y;
    const bool keep = attr_flag(a, "keepdims", true);
    const bool noop =
        a->opset >= axes_since && attr_flag(a, "noop_with_empty_axes", false);
    int count;
    if (!x)
        return false;
    count = in_axes(a, 1, axes_since, x->shape.rank, flags);
    if (a->failed)
        return false;
    if (count > 0 || !noop)
        return out_tensor(a, 0, add_reduction(a, op, x, flags, keep));
    y = add_reduction_of_one(a, op, x);
    return y == x ? out_input(a, 0, 0) : out_tensor(a, 0, y);
}

bool adapt_reduce_sum(Adapt *a)
{
    return reduce(a, OP_REDUCE_SUM, 13);
}

#define REDUCTION(name, op)                                                    \
    bool adapt_reduce_##name(Adapt *a)                                         \
    {                                                                          \
        return reduce(a, OP_REDUCE_##op, 18);                                  \
    }
REDUCTION(l1, L1)
REDUCTION(l2, L2)
REDUCTION(log_sum, LOG_SUM)
REDUCTION(log_sum_exp, LOG_SUM_EXP)
REDUCTION(max, MAX)
REDUCTION(mean, MEAN)
REDUCTION(min, MIN)
REDUCTION(prod, PROD)
REDUCTION(sum_square, SUM_SQUARE)

/* ---- ArgMax, ArgMin ---------------------------------------------------------------- */

/* Both have the attributes of ArgmaxAttrs. */
_Static_assert(sizeof(ArgmaxAttrs) == sizeof(ArgminAttrs),
               "argmax and argmin have the same attributes");

static bool find(Adapt *a, Op op)
{
    Tensor *x = in_tensor(a, 0);
    ArgmaxAttrs attrs = { .type = DT_I64 };
    Node *node;
    if (!x)
        return false;
    attrs.axis = attr_axis(a, "axis", 0, x->shape.rank);
    attrs.keep = attr_flag(a, "keepdims", true);
    attrs.last = a->opset >= 12 && attr_flag(a, "select_last_index", false);
    if (a->failed)
        return false;
    node = add_node(a, op, NULL, &x, 1);
    *node_attrs(node, ArgmaxAttrs) = attrs;
    return out_tensor(a, 0, add_end(a, node));
}

bool adapt_argmax(Adapt *a)
{
    return find(a, OP_ARGMAX);
}

bool adapt_argmin(Adapt *a)
{
    return find(a, OP_ARGMIN);
}

/* ---- Hardmax -------------------------------------------------------------------------- */

/* Until opset 12 all dimensions from the axis on are one. */
bool adapt_hardmax(Adapt *a)
{
    Tensor *x = in_tensor(a, 0);
    Shape shape, row;
    Node *node;
    int axis;
    if (!x)
        return false;
    shape = row = x->shape;
    axis = attr_axis(a, "axis", a->opset >= 13 ? -1 : 1, shape.rank);
    if (a->failed)
        return false;
    if (a->opset < 13) {
        row.rank = axis + 1;
        for (int d = axis + 1; d < shape.rank; d++)
            row.dim[axis] *= shape.dim[d];
    }
    x = add_reshape(a, "row", x, row);
    if (!x || !(node = add_node(a, OP_HARDMAX, NULL, &x, 1)))
        return false;
    node_attrs(node, HardmaxAttrs)->axis = axis;
    return out_tensor(a, 0, add_reshape(a, "shape", add_end(a, node), shape));
}
