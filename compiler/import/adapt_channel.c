/*
 * adapt_channel.c - BatchNormalization, LRN, Softmax, LogSoftmax, Clip, Mean.
 *
 * Softmax before opset 13 sees a matrix: all dimensions from the axis on
 * together are a row.
 */
#include <math.h>
#include <string.h>

#include "import/local.h"

/* ---- BatchNormalization -------------------------------------------------------------- */

static bool check_training(Adapt *a)
{
    const bool training = a->opset < 7 && !attr_flag(a, "is_test", false);
    attr_ignore(a, "momentum");
    if (a->opset < 9 && attr_between(a, "spatial", 1, 0, 1) == 0)
        return refuse(a, "with spatial=0 is not supported");
    /* Before opset 7 exporters left is_test out, and asked for one output. */
    for (int i = 1; i < a->node->output_count; i++)
        if (training && out_used(a, i))
            return refuse(a, "in training mode is not supported");
    return !a->failed;
}

/* A vector over the channels, as a parameter or as it comes. */
static Tensor *channel_vector(Adapt *a, int i, int64_t channels)
{
    if (in_rank(a, i) != 1 || in_dim(a, i, 0) != channels) {
        refuse(a, "needs %lld numbers in '%s'", (long long)channels,
               in_name(a, i));
        return NULL;
    }
    if (in_floats(a, i))
        return add_weight(a, i, shape_of(1, &channels), NULL, LAYOUT_AS_IS);
    return a->failed ? NULL : in_tensor(a, i);
}

bool adapt_batchnorm(Adapt *a)
{
    Tensor *x, *vector[4], *y;
    Shape shape;
    Node *node;
    if (a->opset >= 14 && attr_flag(a, "training_mode", false))
        return norm_of_batch(a);
    x = in_tensor(a, 0);
    if (!x || !check_training(a))
        return false;
    shape = x->shape;
    if (shape.rank < 2)
        return refuse(a, "of %s has no channels", shape_show(&shape));
    for (int i = 0; i < 4; i++)
        if (!(vector[i] = channel_vector(a, i + 1, shape.dim[1])))
            return false;
    x = shape.rank > 2 ? image_in(a, "nhwc", x) : x;
    if (!x || !(node = add_node(a, OP_BATCHNORM, NULL, &x, 1)))
        return false;
    node_attrs(node, BatchnormAttrs)->epsilon = attr_float(a, "epsilon", 1e-5);
    for (int i = 0; i < 4; i++)
        add_parameter(a, node, vector[i]);
    y = add_end(a, node);
    return out_tensor(a, 0, shape.rank > 2 ? image_out(a, "nchw", y) : y);
}

/* ---- LRN ------------------------------------------------------------------------------- */

bool adapt_lrn(Adapt *a)
{
    Tensor *x = in_tensor(a, 0);
    LrnAttrs *attrs;
    Node *node;
    if (!attr_given(a, "size"))
        return refuse(a, "needs the attribute 'size'");
    if (x && x->shape.rank < 2)
        return refuse(a, "of %s has no channels", shape_show(&x->shape));
    x = image_in(a, "nhwc", x);
    if (!x || !(node = add_node(a, OP_LRN, NULL, &x, 1)))
        return false;
    attrs = node_attrs(node, LrnAttrs);
    attrs->size = attr_between(a, "size", 1, 1, INT32_MAX);
    attrs->alpha = attr_float(a, "alpha", 0.0001);
    attrs->beta = attr_float(a, "beta", 0.75);
    attrs->bias = attr_float(a, "bias", 1);
    return out_tensor(a, 0, image_out(a, "nchw", add_end(a, node)));
}

/* ---- Softmax, LogSoftmax --------------------------------------------------------------- */

static Tensor *softmax(Adapt *a, Tensor *x, int axis)
{
    const bool log_of = strcmp(a->node->op, "LogSoftmax") == 0;
    Node *node = add_node(a, log_of ? OP_LOG_SOFTMAX : OP_SOFTMAX, NULL, &x, 1);
    if (node && log_of)
        node_attrs(node, LogSoftmaxAttrs)->axis = axis;
    else if (node)
        node_attrs(node, SoftmaxAttrs)->axis = axis;
    return add_end(a, node);
}

bool adapt_softmax(Adapt *a)
{
    Tensor *x = in_tensor(a, 0), *y;
    Shape shape, row;
    int axis;
    if (!x)
        return false;
    shape = x->shape;
    axis = attr_axis(a, "axis", a->opset >= 13 ? -1 : 1, shape.rank);
    if (a->failed)
        return false;
    if (a->opset >= 13 || axis == shape.rank - 1)
        return out_tensor(a, 0, softmax(a, x, axis));
    row = shape_of(axis + 1, shape.dim);
    for (int d = axis + 1; d < shape.rank; d++)
        row.dim[axis] *= shape.dim[d];
    y = softmax(a, add_reshape(a, "row", x, row), axis);
    return out_tensor(a, 0, add_reshape(a, "shape", y, shape));
}

/* ---- Clip --------------------------------------------------------------------------------- */

static bool clip(Adapt *a, double low, double high)
{
    Tensor *x = in_tensor(a, 0);
    Node *node;
    if (isinf(low) && low < 0 && isinf(high) && high > 0)
        return out_input(a, 0, 0);
    if (low == 0 && isinf(high) && high > 0)
        return out_tensor(a, 0, add_1(a, OP_RELU, NULL, x));
    if (low == 0 && high == 6)
        return out_tensor(a, 0, add_1(a, OP_RELU6, NULL, x));
    if (!x || !(node = add_node(a, OP_CLIP, NULL, &x, 1)))
        return false;
    node_attrs(node, UnaryAttrs)->p = low;
    node_attrs(node, UnaryAttrs)->q = high;
    return out_tensor(a, 0, add_end(a, node));
}

bool adapt_clip_attributes(Adapt *a)
{
    const double low = attr_float(a, "min", -INFINITY);
    return clip(a, low, attr_float(a, "max", INFINITY));
}

/* Limits that are known at run time only. */
static bool clip_by_tensors(Adapt *a)
{
    Tensor *x = in_tensor(a, 0);
    if (in_given(a, 1))
        x = add_2(a, OP_MAX, "low", x, in_tensor(a, 1));
    if (in_given(a, 2))
        x = add_2(a, OP_MIN, NULL, x, in_tensor(a, 2));
    return out_tensor(a, 0, x);
}

bool adapt_clip(Adapt *a)
{
    double limit[2] = { -INFINITY, INFINITY };
    for (int i = 1; i <= 2; i++)
        if (in_given(a, i) && !in_constant(a, i))
            return clip_by_tensors(a);
    for (int i = 1; i <= 2; i++)
        if (in_given(a, i) &&
            !in_number(a, i, i == 1 ? "min" : "max", &limit[i - 1]))
            return false;
    return clip(a, limit[0], limit[1]);
}

/* ---- Mean ---------------------------------------------------------------------------------- */

bool adapt_mean(Adapt *a)
{
    int count;
    Tensor **in = in_tensors(a, 0, &count), *sum;
    if (!in)
        return false;
    if (count == 1)
        return out_tensor(a, 0, in[0]);
    sum = add_end(a, add_node(a, OP_ADD, "sum", in, count));
    return out_tensor(
        a, 0, add_2(a, OP_DIV, NULL, sum, add_number(a, "count", count)));
}
