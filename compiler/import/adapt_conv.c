/*
 * adapt_conv.c - Conv, and the windows of convolutions and pools.
 *
 *     y = Conv(x, w, b) strides=[2, 2] auto_pad="SAME_LOWER"
 *
 *     x [n, c, h, w]           -> nhwc
 *     w [oc, c/group, kh, kw]  -> [kh, kw, c/group, oc]
 *
 * auto_pad becomes numbers: SAME_UPPER puts the odd pixel at the end, as ours
 * does, SAME_LOWER at the beginning. One dimension is an image of one row.
 */
#include <string.h>

#include "import/local.h"

#define MOST ((int64_t)1 << 30) /* of a number in an attribute */

/* ---- windows ------------------------------------------------------------------------ */

bool window_begin(Adapt *a, const Shape *x, Window *window)
{
    *window = (Window){ .dims = x->rank - 2 };
    if (window->dims == 1 || window->dims == 2)
        return true;
    return refuse(a, "of %s is not supported: only images and sequences are",
                  shape_show(x));
}

/* Numbers for ONNX's dimensions to the last ones of an image. */
static void read_sizes(Adapt *a, const char *name, const Window *window,
                       int64_t *at)
{
    at[0] = 1;
    attr_sizes(a, name, at + 2 - window->dims, window->dims, 1, 1, MOST);
}

bool window_kernel(Adapt *a, Window *window)
{
    if (!attr_given(a, "kernel_shape"))
        return refuse(a, "needs the attribute 'kernel_shape'");
    read_sizes(a, "kernel_shape", window, window->kernel);
    return !a->failed;
}

static void pad_same(Window *window, const Shape *x, bool lower)
{
    for (int i = 2 - window->dims; i < 2; i++) {
        const int64_t in = x->dim[x->rank - 2 + i], stride = window->stride[i];
        const int64_t span = (window->kernel[i] - 1) * window->dilation[i] + 1;
        int64_t total = (ceil_div(in, stride) - 1) * stride + span - in;
        total = total < 0 ? 0 : total;
        window->begin[i] = lower ? total - total / 2 : total / 2;
        window->end[i] = total - window->begin[i];
    }
}

static bool read_pads(Adapt *a, Window *window)
{
    const int dims = window->dims, first = 2 - dims;
    int64_t pads[4];
    bool any = false;
    attr_sizes(a, "pads", pads, 2 * dims, 0, 0, MOST);
    for (int i = 0; i < dims; i++) {
        window->begin[first + i] = pads[i];
        window->end[first + i] = pads[dims + i];
        any = any || pads[i] || pads[dims + i];
    }
    return any;
}

bool window_read(Adapt *a, const Shape *x, bool dilated, Window *window)
{
    static const char *const words[] = { "NOTSET", "SAME_UPPER", "SAME_LOWER",
                                         "VALID", NULL };
    enum { NOTSET, SAME_UPPER, SAME_LOWER };
    const int how = attr_choice(a, "auto_pad", words);
    const bool pads = read_pads(a, window);
    read_sizes(a, "strides", window, window->stride);
    window->dilation[0] = window->dilation[1] = 1;
    if (dilated)
        read_sizes(a, "dilations", window, window->dilation);
    if (how != NOTSET && pads)
        return refuse(a, "with both 'auto_pad' and 'pads' is not supported");
    if (how == SAME_UPPER || how == SAME_LOWER)
        pad_same(window, x, how == SAME_LOWER);
    return !a->failed;
}

void window_size(Size *size, const int64_t *at)
{
    *size = (Size){ 2, { at[0], at[1] } };
}

void window_pad(Pad *pad, const Window *window)
{
    *pad = (Pad){ PAD_EXPLICIT, 4, { 0 }, { 0 }, { 0 } };
    for (int i = 0; i < 2; i++) {
        pad->number[i] = window->begin[i];
        pad->number[2 + i] = window->end[i];
    }
}

Tensor *window_in(Adapt *a, const Window *window, Tensor *x)
{
    if (x && window->dims == 1)
        x = add_reshape(
            a, "row", x,
            shape_of(4, (int64_t[]){ x->shape.dim[0], x->shape.dim[1], 1,
                                     x->shape.dim[2] }));
    return image_in(a, "nhwc", x);
}

Tensor *window_out(Adapt *a, const Window *window, Tensor *y)
{
    y = image_out(a, "nchw", y);
    if (y && window->dims == 1)
        y = add_reshape(
            a, "line", y,
            shape_of(3, (int64_t[]){ y->shape.dim[0], y->shape.dim[1],
                                     y->shape.dim[3] }));
    return y;
}

/* ---- Conv ----------------------------------------------------------------------------- */

/* The kernel from the weights' shape; kernel_shape must say the same. */
static bool read_kernel(Adapt *a, Window *window)
{
    int64_t said[2];
    if (in_rank(a, 1) != window->dims + 2)
        return refuse(a, "of %d dimensions needs weights of as many, got %d",
                      window->dims + 2, in_rank(a, 1));
    window->kernel[0] = 1;
    for (int d = 0; d < window->dims; d++)
        window->kernel[2 - window->dims + d] = in_dim(a, 1, d + 2);
    if (!attr_given(a, "kernel_shape"))
        return true;
    read_sizes(a, "kernel_shape", window, said);
    if (a->failed || memcmp(said, window->kernel, sizeof said) == 0)
        return !a->failed;
    return refuse(a,
                  "with a kernel_shape of %lldx%lld has weights of %lldx%lld",
                  (long long)said[0], (long long)said[1],
                  (long long)window->kernel[0], (long long)window->kernel[1]);
}

/* Rows of [oc][size] as [size][oc], where size is c, kh, kw: the taps first. */
static float *turned(Arena *arena, const float *w, int64_t oc, int64_t c,
                     int64_t taps)
{
    float *data = NEW_N(arena, float, oc *c *taps), *to = data;
    for (int64_t t = 0; t < taps; t++)
        for (int64_t i = 0; i < c; i++)
            for (int64_t o = 0; o < oc; o++)
                *to++ = w[(o * c + i) * taps + t];
    return data;
}

static Tensor *conv_weight(Adapt *a, const Window *window)
{
    const int64_t oc = in_dim(a, 1, 0), c = in_dim(a, 1, 1);
    const int64_t kh = window->kernel[0], kw = window->kernel[1];
    const Shape shape = shape_of(4, (int64_t[]){ kh, kw, c, oc });
    const float *data = in_floats(a, 1);
    Tensor *w;
    if (data && shape_is_valid(&shape))
        data = turned(a->graph->arena, data, oc, c, kh * kw);
    if (data || a->failed)
        return add_weight(a, 1, shape, data, LAYOUT_CONV);
    w = add_reshape(a, "weight", in_tensor(a, 1),
                    shape_of(4, (int64_t[]){ oc, c, kh, kw }));
    return add_transpose(a, "hwio", w, (int64_t[]){ 2, 3, 1, 0 });
}

static Tensor *conv_bias(Adapt *a)
{
    const int64_t oc = in_dim(a, 1, 0);
    if (in_rank(a, 2) != 1 || in_dim(a, 2, 0) != oc) {
        refuse(a, "needs a bias '%s' of %lld numbers", in_name(a, 2),
               (long long)oc);
        return NULL;
    }
    if (in_floats(a, 2))
        return add_weight(a, 2, shape_of(1, &oc), NULL, LAYOUT_AS_IS);
    return a->failed ? NULL : in_tensor(a, 2);
}

static bool check_group(Adapt *a, const Tensor *x, int64_t group)
{
    if (in_dim(a, 1, 1) * group == x->shape.dim[1])
        return true;
    return refuse(a,
                  "with group=%lld and weights for %lld channels cannot have "
                  "%lld channels of '%s'",
                  (long long)group, (long long)in_dim(a, 1, 1),
                  (long long)x->shape.dim[1], in_name(a, 0));
}

bool adapt_conv(Adapt *a)
{
    Tensor *x = in_tensor(a, 0), *weight, *bias = NULL;
    const int64_t group = attr_between(a, "group", 1, 1, MOST);
    Window window;
    ConvAttrs *attrs;
    Node *node;
    if (!x || !window_begin(a, &x->shape, &window) ||
        !read_kernel(a, &window) || !window_read(a, &x->shape, true, &window) ||
        !check_group(a, x, group))
        return false;
    x = window_in(a, &window, x);
    weight = conv_weight(a, &window);
    if (in_given(a, 2) && !(bias = conv_bias(a)))
        return false;
    if (!weight || !(node = add_node(a, OP_CONV, NULL, &x, 1)))
        return false;
    attrs = node_attrs(node, ConvAttrs);
    attrs->filters = in_dim(a, 1, 0);
    window_size(&attrs->kernel, window.kernel);
    window_size(&attrs->stride, window.stride);
    window_size(&attrs->dilation, window.dilation);
    window_pad(&attrs->pad, &window);
    attrs->groups = group;
    attrs->bias = bias;
    add_parameter(a, node, weight);
    add_parameter(a, node, bias);
    return out_tensor(a, 0, window_out(a, &window, add_end(a, node)));
}
