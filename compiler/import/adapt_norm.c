/*
 * adapt_norm.c - LayerNormalization and its relatives.
 *
 *     InstanceNormalization of [n, c, h, w]:
 *         standardize(x, scale [c, 1, 1], bias [c, 1, 1]; axes=[2, 3])
 *
 *     GroupNormalization, num_groups=g:
 *         the same of [n, g, c / g, h, w]; axes=[2, 3, 4]
 *
 * Scale and bias are spread over x as operands: constants or not. What the
 * model asks for beside the result (a mean, a deviation) has nodes of its own.
 */
#include "import/local.h"

/* ---- pieces -------------------------------------------------------------------------- */

typedef struct Norm {
    Tensor *x, *scale, *bias; /* the latter two NULL where there are none */
    IntList axes;
    double epsilon;
    bool center;
} Norm;

/* The dimensions from `first` on. */
static IntList axes_from(const Tensor *x, int first)
{
    IntList list = { 0 };
    for (int d = first; d < x->shape.rank; d++)
        list.at[list.count++] = d;
    return list;
}

static Tensor *add_norm(Adapt *a, const char *role, const Norm *norm)
{
    Tensor *in[] = { norm->x, norm->scale, norm->bias };
    const int count = norm->bias ? 3 : norm->scale ? 2 : 1;
    Node *node = add_node(a, OP_STANDARDIZE, role, in, count);
    StandardizeAttrs *attrs;
    if (!node)
        return NULL;
    attrs = node_attrs(node, StandardizeAttrs);
    attrs->axes = norm->axes;
    attrs->epsilon = norm->epsilon;
    attrs->center = norm->center;
    attrs->affine = false;
    return add_end(a, node);
}

static Tensor *add_reduction(Adapt *a, Op op, const char *role, Tensor *x,
                             const IntList *axes, bool keep)
{
    Node *node = add_node(a, op, role, &x, 1);
    if (!node)
        return NULL;
    node_attrs(node, ReduceAttrs)->axes = *axes;
    node_attrs(node, ReduceAttrs)->keep = keep;
    return add_end(a, node);
}

/* The mean of (x - mean)^2, mean being kept as dimensions of 1. */
static Tensor *add_variance(Adapt *a, Tensor *x, Tensor *mean,
                            const IntList *axes, bool keep)
{
    Tensor *rest = add_2(a, OP_SUB, "rest", x, mean);
    return add_reduction(a, OP_REDUCE_MEAN, "variance",
                         add_1(a, OP_SQUARE, "square", rest), axes, keep);
}

/* Input i, a list of `count` numbers, in this shape. */
static Tensor *list_as(Adapt *a, int i, int64_t count, Shape shape)
{
    if (in_rank(a, i) != 1 || in_dim(a, i, 0) != count) {
        refuse(a, "needs %lld numbers in '%s'", (long long)count,
               in_name(a, i));
        return NULL;
    }
    return add_reshape(a, i == 1 ? "scale" : "bias", in_tensor(a, i), shape);
}

/* ---- over the last dimensions --------------------------------------------------------- */

static bool begin_norm(Adapt *a, Norm *norm, bool center)
{
    norm->x = in_tensor(a, 0);
    if (!norm->x)
        return false;
    attr_between(a, "stash_type", 1, 1, 1);
    norm->axes =
        axes_from(norm->x, attr_axis(a, "axis", -1, norm->x->shape.rank));
    norm->epsilon = attr_float(a, "epsilon", 1e-5);
    norm->center = center;
    norm->scale = in_tensor(a, 1);
    norm->bias = in_given(a, 2) ? in_tensor(a, 2) : NULL;
    return !a->failed;
}

/* 1 / sqrt(variance + epsilon) */
static Tensor *add_inverse(Adapt *a, const Norm *norm, Tensor *mean)
{
    Tensor *variance = add_variance(a, norm->x, mean, &norm->axes, true);
    Tensor *more = add_2(a, OP_ADD, "more", variance,
                         add_number(a, "epsilon", norm->epsilon));
    return add_1(a, OP_RECIPROCAL, "inverse",
                 add_1(a, OP_SQRT, "deviation", more));
}

bool adapt_layer_norm(Adapt *a)
{
    Norm norm = { .x = NULL };
    Tensor *mean;
    if (!begin_norm(a, &norm, true) ||
        !out_tensor(a, 0, add_norm(a, NULL, &norm)))
        return false;
    if (!out_used(a, 1) && !out_used(a, 2))
        return true;
    mean = add_reduction(a, OP_REDUCE_MEAN, "mean", norm.x, &norm.axes, true);
    if (out_used(a, 1) && !out_tensor(a, 1, mean))
        return false;
    return !out_used(a, 2) || out_tensor(a, 2, add_inverse(a, &norm, mean));
}

bool adapt_rms_norm(Adapt *a)
{
    Norm norm = { .x = NULL };
    return begin_norm(a, &norm, false) &&
           out_tensor(a, 0, add_norm(a, NULL, &norm));
}

/* ---- over what is not a channel --------------------------------------------------------- */

bool adapt_instance_norm(Adapt *a)
{
    Norm norm = { in_tensor(a, 0), .center = true };
    Shape shape = { 0 };
    if (!norm.x)
        return false;
    if (norm.x->shape.rank < 3)
        return refuse(a, "of %s has no images", shape_show(&norm.x->shape));
    norm.axes = axes_from(norm.x, 2);
    norm.epsilon = attr_float(a, "epsilon", 1e-5);
    shape.rank = norm.x->shape.rank - 1;
    for (int d = 0; d < shape.rank; d++)
        shape.dim[d] = d ? 1 : norm.x->shape.dim[1];
    norm.scale = list_as(a, 1, shape.dim[0], shape);
    norm.bias = list_as(a, 2, shape.dim[0], shape);
    return norm.scale && norm.bias &&
           out_tensor(a, 0, add_norm(a, NULL, &norm));
}

/* [n, c, ...] as [n, groups, c / groups, ...]; false where that cannot be. */
static bool grouped(Adapt *a, const Shape *x, Shape *shape)
{
    const int64_t groups = attr_between(a, "num_groups", 0, 1, INT32_MAX);
    if (a->failed)
        return false;
    if (x->rank < 2 || x->rank >= MAX_RANK || x->dim[1] % groups != 0)
        return refuse(a, "of %s in %lld groups is not possible", shape_show(x),
                      (long long)groups);
    *shape = (Shape){ .rank = x->rank + 1, .dim = { x->dim[0], groups } };
    shape->dim[2] = x->dim[1] / groups;
    for (int d = 2; d < x->rank; d++)
        shape->dim[d + 1] = x->dim[d];
    return true;
}

/* Before opset 21 there is a number for each group, since then for each
 * channel. */
bool adapt_group_norm(Adapt *a)
{
    Tensor *x = in_tensor(a, 0);
    Norm norm = { NULL, .center = true };
    Shape shape, list;
    if (!x || !grouped(a, &x->shape, &shape))
        return false;
    attr_between(a, "stash_type", 1, 1, 1);
    norm.epsilon = attr_float(a, "epsilon", 1e-5);
    list = (Shape){ .rank = shape.rank - 1, .dim = { shape.dim[1] } };
    for (int d = 1; d < list.rank; d++)
        list.dim[d] = d == 1 && a->opset >= 21 ? shape.dim[2] : 1;
    norm.scale = list_as(a, 1, shape_count(&list), list);
    norm.bias = list_as(a, 2, shape_count(&list), list);
    norm.x = add_reshape(a, "groups", x, shape);
    if (!norm.scale || !norm.bias || !norm.x)
        return false;
    norm.axes = axes_from(norm.x, 2);
    return out_tensor(
        a, 0, add_reshape(a, NULL, add_norm(a, "norm", &norm), x->shape));
}

/* ---- by a norm alone ---------------------------------------------------------------------- */

/* Zeros stay zeros: their norm is taken as the smallest there is. */
bool adapt_lp_norm(Adapt *a)
{
    Tensor *x = in_tensor(a, 0), *norm;
    IntList axis = { 1, { 0 } };
    int64_t p;
    if (!x)
        return false;
    axis.at[0] = attr_axis(a, "axis", -1, x->shape.rank);
    p = attr_between(a, "p", 2, 1, 2);
    if (a->failed)
        return false;
    norm = add_reduction(a, p == 1 ? OP_REDUCE_L1 : OP_REDUCE_L2, "norm", x,
                         &axis, true);
    norm = add_2(a, OP_MAX, "least", norm, add_number(a, "tiny", 1e-37));
    return out_tensor(a, 0, add_2(a, OP_DIV, NULL, x, norm));
}

/* (x - mean) / (deviation + 1e-9) */
bool adapt_mean_variance(Adapt *a)
{
    Tensor *x = in_tensor(a, 0), *mean, *deviation;
    IntList axes = { 3, { 0, 2, 3 } };
    int64_t list[ONNX_MAX_RANK];
    const int count = attr_ints(a, "axes", list, ONNX_MAX_RANK);
    if (!x || a->failed)
        return false;
    for (int i = 0; i < count; i++)
        axes.at[i] = list[i];
    axes.count = count >= 0 ? count : axes.count;
    mean = add_reduction(a, OP_REDUCE_MEAN, "mean", x, &axes, true);
    deviation =
        add_1(a, OP_SQRT, "deviation", add_variance(a, x, mean, &axes, true));
    deviation =
        add_2(a, OP_ADD, "more", deviation, add_number(a, "tiny", 1e-9));
    return out_tensor(a, 0,
                      add_2(a, OP_DIV, NULL,
                            add_2(a, OP_SUB, "centered", x, mean), deviation));
}

/* ---- BatchNormalization in training mode -------------------------------------------------- */

/* old * momentum + new * (1 - momentum), all over the channels */
static Tensor *running(Adapt *a, const char *role, int input, Tensor *now,
                       double momentum)
{
    Tensor *old = in_tensor(a, input);
    Tensor *in[2] = {
        add_2(a, OP_MUL, role, old, add_number(a, role, momentum)),
        add_2(a, OP_MUL, role, now, add_number(a, role, 1 - momentum))
    };
    return add_end(a, add_node(a, OP_ADD, role, in, 2));
}

static bool give_statistics(Adapt *a, const Norm *norm, double momentum)
{
    Tensor *mean =
        add_reduction(a, OP_REDUCE_MEAN, "mean", norm->x, &norm->axes, true);
    Tensor *variance = add_variance(a, norm->x, mean, &norm->axes, false);
    const Shape channels = shape_of(1, &norm->x->shape.dim[1]);
    mean = add_reshape(a, "means", mean, channels);
    if (out_used(a, 1) &&
        !out_tensor(a, 1, running(a, "running_mean", 3, mean, momentum)))
        return false;
    return !out_used(a, 2) ||
           out_tensor(a, 2, running(a, "running_var", 4, variance, momentum));
}

/* Mean and variance are those of the batch itself. */
bool norm_of_batch(Adapt *a)
{
    const double momentum = attr_float(a, "momentum", 0.9);
    Norm norm = { in_tensor(a, 0), .center = true };
    Shape shape = { 0 };
    if (!norm.x)
        return false;
    if (norm.x->shape.rank < 2)
        return refuse(a, "of %s has no channels", shape_show(&norm.x->shape));
    norm.epsilon = attr_float(a, "epsilon", 1e-5);
    norm.axes = axes_from(norm.x, 1);
    norm.axes.at[0] = 0;
    shape.rank = norm.x->shape.rank - 1;
    for (int d = 0; d < shape.rank; d++)
        shape.dim[d] = d ? 1 : norm.x->shape.dim[1];
    norm.scale = list_as(a, 1, shape.dim[0], shape);
    norm.bias = list_as(a, 2, shape.dim[0], shape);
    in_ignore(a, 3);
    in_ignore(a, 4);
    return norm.scale && norm.bias &&
           out_tensor(a, 0, add_norm(a, NULL, &norm)) &&
           ((!out_used(a, 1) && !out_used(a, 2)) ||
            give_statistics(a, &norm, momentum));
}
