/*
 * adapt_image.c - ConvTranspose.
 *
 *     y = ConvTranspose(x, w, b) strides=[2, 2] output_padding=[1, 1]
 *
 *     w [c, oc/group, kh, kw]  -> [kh, kw, c/group, oc]
 *
 * What is cut off at the sides follows from the output's size, where that is
 * given or asked to be stride times the input's.
 */
#include "import/local.h"

#define MOST ((int64_t)1 << 30) /* of a number in an attribute */

/* ---- sizes ---------------------------------------------------------------------- */

typedef struct Transposed {
    Window window;
    int64_t more[2]; /* output_padding */
} Transposed;

/* Numbers for ONNX's dimensions to the last ones of an image. */
static void read_sizes(Adapt *a, const char *name, const Transposed *t,
                       int64_t *at, int64_t fallback, int64_t least)
{
    at[0] = fallback;
    attr_sizes(a, name, at + 2 - t->window.dims, t->window.dims, fallback,
               least, MOST);
}

/* Cuts off what is more than `wanted`, or adds what is missing. */
static void cut(Transposed *t, int i, int64_t in, int64_t wanted, bool upper)
{
    Window *w = &t->window;
    int64_t total = (in - 1) * w->stride[i] + t->more[i] +
                    (w->kernel[i] - 1) * w->dilation[i] + 1 - wanted;
    if (total < 0) {
        t->more[i] -= total;
        total = 0;
    }
    w->begin[i] = upper ? total / 2 : total - total / 2;
    w->end[i] = total - w->begin[i];
}

/* output_shape: of the spatial dimensions, or (long ago) of all. */
static bool read_output(Adapt *a, const Shape *x, Transposed *t, bool upper)
{
    const int dims = t->window.dims;
    int64_t shape[4];
    int count = attr_ints(a, "output_shape", shape, dims + 2);
    if (count < 0)
        return false;
    if (count != dims && count != dims + 2) {
        refuse(a, "with an output_shape of %d numbers is not possible", count);
        return true;
    }
    for (int i = 0; i < dims && !a->failed; i++) {
        int64_t wanted = shape[count - dims + i];
        if (wanted < 1 || wanted > MOST)
            refuse(a, "with an output_shape of %lld is not possible",
                   (long long)wanted);
        cut(t, 2 - dims + i, x->dim[2 + i], wanted, upper);
    }
    return true;
}

static void read_pads(Adapt *a, const Shape *x, Transposed *t)
{
    static const char *const words[] = { "NOTSET", "SAME_UPPER", "SAME_LOWER",
                                         "VALID", NULL };
    enum { NOTSET, SAME_UPPER, SAME_LOWER };
    const int how = attr_choice(a, "auto_pad", words), dims = t->window.dims;
    int64_t pads[4] = { 0 };
    attr_sizes(a, "pads", pads, 2 * dims, 0, 0, MOST);
    if (read_output(a, x, t, how == SAME_UPPER))
        return;
    for (int i = 0; i < dims; i++) {
        const int at = 2 - dims + i;
        if (how == SAME_UPPER || how == SAME_LOWER)
            cut(t, at, x->dim[2 + i], x->dim[2 + i] * t->window.stride[at],
                how == SAME_UPPER);
        if (how != NOTSET)
            continue;
        t->window.begin[at] = pads[i];
        t->window.end[at] = pads[dims + i];
    }
}

static bool read_sizes_of(Adapt *a, const Shape *x, Transposed *t)
{
    Window *w = &t->window;
    int64_t said[2] = { 1, 1 };
    if (in_rank(a, 1) != w->dims + 2)
        return refuse(a, "of %d dimensions needs weights of as many, got %d",
                      w->dims + 2, in_rank(a, 1));
    w->kernel[0] = 1;
    for (int d = 0; d < w->dims; d++)
        w->kernel[2 - w->dims + d] = in_dim(a, 1, d + 2);
    read_sizes(a, "strides", t, w->stride, 1, 1);
    read_sizes(a, "dilations", t, w->dilation, 1, 1);
    read_sizes(a, "output_padding", t, t->more, 0, 0);
    read_pads(a, x, t);
    if (a->failed || !attr_given(a, "kernel_shape"))
        return !a->failed;
    read_sizes(a, "kernel_shape", t, said, 1, 1);
    if (said[0] == w->kernel[0] && said[1] == w->kernel[1])
        return !a->failed;
    return refuse(a,
                  "with a kernel_shape of %lldx%lld has weights of %lldx%lld",
                  (long long)said[0], (long long)said[1],
                  (long long)w->kernel[0], (long long)w->kernel[1]);
}

/* ---- weights ----------------------------------------------------------------------- */

/* w: [group][c][oc][taps], c and oc of a group */
static float *turned(Arena *arena, const float *w, int64_t group, int64_t c,
                     int64_t oc, int64_t taps)
{
    float *data = NEW_N(arena, float, group *c *oc *taps), *to = data;
    for (int64_t t = 0; t < taps; t++)
        for (int64_t i = 0; i < c; i++)
            for (int64_t g = 0; g < group; g++)
                for (int64_t o = 0; o < oc; o++)
                    *to++ = w[((g * c + i) * oc + o) * taps + t];
    return data;
}

static Tensor *weight_of(Adapt *a, const Window *window, int64_t group)
{
    const int64_t c = in_dim(a, 1, 0) / group, oc = in_dim(a, 1, 1);
    const int64_t kh = window->kernel[0], kw = window->kernel[1];
    const Shape shape = shape_of(4, (int64_t[]){ kh, kw, c, oc * group });
    const float *data = in_floats(a, 1);
    Tensor *w;
    if (data && shape_is_valid(&shape))
        data = turned(a->graph->arena, data, group, c, oc, kh * kw);
    if (data || a->failed)
        return add_weight(a, 1, shape, data, LAYOUT_CONV_TRANSPOSE);
    w = add_reshape(a, "weight", in_tensor(a, 1),
                    shape_of(5, (int64_t[]){ group, c, oc, kh, kw }));
    w = add_transpose(a, "hwio", w, (int64_t[]){ 3, 4, 1, 0, 2 });
    return add_reshape(a, "joined", w, shape);
}

static bool check_group(Adapt *a, const Tensor *x, int64_t group)
{
    if (in_dim(a, 1, 0) == x->shape.dim[1] && in_dim(a, 1, 0) % group == 0)
        return true;
    return refuse(a,
                  "with group=%lld and weights for %lld channels cannot have "
                  "%lld channels of '%s'",
                  (long long)group, (long long)in_dim(a, 1, 0),
                  (long long)x->shape.dim[1], in_name(a, 0));
}

static Tensor *bias_of(Adapt *a, int64_t filters)
{
    if (in_rank(a, 2) != 1 || in_dim(a, 2, 0) != filters) {
        refuse(a, "needs a bias '%s' of %lld numbers", in_name(a, 2),
               (long long)filters);
        return NULL;
    }
    if (in_floats(a, 2))
        return add_weight(a, 2, shape_of(1, &filters), NULL, LAYOUT_AS_IS);
    return a->failed ? NULL : in_tensor(a, 2);
}

bool adapt_conv_transpose(Adapt *a)
{
    Tensor *x = in_tensor(a, 0), *weight, *bias = NULL;
    const int64_t group = attr_between(a, "group", 1, 1, MOST);
    Transposed t = { .more = { 0, 0 } };
    ConvTransposeAttrs *attrs;
    Node *node;
    if (!x || !window_begin(a, &x->shape, &t.window) ||
        !read_sizes_of(a, &x->shape, &t) || !check_group(a, x, group))
        return false;
    x = window_in(a, &t.window, x);
    weight = weight_of(a, &t.window, group);
    if (in_given(a, 2) && !(bias = bias_of(a, in_dim(a, 1, 1) * group)))
        return false;
    if (!weight || !(node = add_node(a, OP_CONV_TRANSPOSE, NULL, &x, 1)))
        return false;
    attrs = node_attrs(node, ConvTransposeAttrs);
    attrs->filters = in_dim(a, 1, 1) * group;
    window_size(&attrs->kernel, t.window.kernel);
    window_size(&attrs->stride, t.window.stride);
    window_size(&attrs->dilation, t.window.dilation);
    window_size(&attrs->output_padding, t.more);
    window_pad(&attrs->pad, &t.window);
    attrs->groups = group;
    attrs->bias = bias;
    add_parameter(a, node, weight);
    add_parameter(a, node, bias);
    return out_tensor(a, 0, window_out(a, &t.window, add_end(a, node)));
}
