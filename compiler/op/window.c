/*
 * window.c - a window sliding over an image: the rule of convolution and pools.
 *
 *      in 7, kernel 3, stride 2, pad 1:   [.0 1][2 . .]     out = 4
 *                                            [1 2 3]
 *                                                [3 4 5] ...
 *
 * Sizes are the attributes' as far as 2^30, so that products of two of them
 * and sums of a few cannot overflow.
 */
#include <stdio.h>
#include <string.h>

#include "op/local.h"

/* What the taps span: 3 taps with dilation 2 reach over 5 pixels. */
static int64_t window_span(const WindowAxis *a)
{
    return (a->kernel - 1) * a->dilation + 1;
}

/* Keras and ONNX SAME_UPPER: ceil(in / stride) outputs, the odd pixel of the
 * padding goes to the end. */
static void pad_same(WindowAxis *a)
{
    int64_t total =
        (ceil_div(a->in, a->stride) - 1) * a->stride + window_span(a) - a->in;
    if (total < 0)
        total = 0;
    a->begin = total / 2;
    a->end = total - a->begin;
}

/* Positions of the window; 0 where it never fits. */
static int64_t window_count(const WindowAxis *a, bool ceil_mode)
{
    int64_t slack = a->in + a->begin + a->end - window_span(a), count;
    if (slack < 0)
        return 0;
    if (!ceil_mode)
        return slack / a->stride + 1;
    count = ceil_div(slack, a->stride) + 1;
    /* A window must begin in the input or in the padding before it. */
    if ((count - 1) * a->stride >= a->in + a->begin)
        count--;
    return count;
}

static const char *kernel_show(const WindowAxis *axis)
{
    static char text[160];
    snprintf(text, sizeof text, "%lldx%lld", (long long)axis[0].kernel,
             (long long)axis[1].kernel);
    if (axis[0].dilation > 1 || axis[1].dilation > 1) {
        size_t n = strlen(text);
        snprintf(
            text + n, sizeof text - n, " with dilation %lldx%lld (%lldx%lld)",
            (long long)axis[0].dilation, (long long)axis[1].dilation,
            (long long)window_span(&axis[0]), (long long)window_span(&axis[1]));
    }
    return text;
}

static bool too_large(const Node *node, const WindowAxis *axis)
{
    Shape padded = *in_shape(node, 0);
    for (int i = 0; i < WINDOW_DIMS; i++)
        padded.dim[shape_height(&padded) + i] += axis[i].begin + axis[i].end;
    graph_error(node, attr_index(node, "kernel"),
                "'%s' kernel %s is larger than its padded input %s",
                op_info[node->op].name, kernel_show(axis), shape_show(&padded));
    graph_note_inputs(node);
    return false;
}

void window_axes(const Node *node, WindowAttrs attrs, WindowAxis *axis)
{
    const Shape *in = in_shape(node, 0), *out = out_shape(node);
    const int height = shape_height(in);
    for (int i = 0; i < WINDOW_DIMS; i++) {
        axis[i] = (WindowAxis){
            .in = in->dim[height + i],
            .out = out->rank == in->rank ? out->dim[height + i] : 0,
            .kernel = attrs.kernel->at[i],
            .stride = attrs.stride->at[i],
            .dilation = attrs.dilation ? attrs.dilation->at[i] : 1,
            .begin = attrs.pad->begin[i],
            .end = attrs.pad->end[i],
        };
    }
}

static bool spread(const Node *node, WindowAttrs attrs)
{
    if (!op_spread_size(node, "kernel", attrs.kernel, WINDOW_DIMS))
        return false;
    if (attrs.stride->count == 0)
        *attrs.stride = *attrs.kernel;
    return op_spread_size(node, "stride", attrs.stride, WINDOW_DIMS) &&
           (!attrs.dilation ||
            op_spread_size(node, "dilation", attrs.dilation, WINDOW_DIMS)) &&
           op_spread_pad(node, "pad", attrs.pad, WINDOW_DIMS);
}

bool window_infer(const Node *node, WindowAttrs attrs, WindowAxis *axis)
{
    int64_t begin[WINDOW_DIMS], end[WINDOW_DIMS];
    bool fits = true;
    if (!spread(node, attrs))
        return false;
    window_axes(node, attrs, axis);
    for (int i = 0; i < WINDOW_DIMS; i++) {
        if (attrs.pad->kind == PAD_SAME)
            pad_same(&axis[i]);
        axis[i].out = window_count(&axis[i], attrs.ceil_mode);
        fits = fits && axis[i].out > 0;
        begin[i] = axis[i].begin;
        end[i] = axis[i].end;
    }
    if (!fits)
        return too_large(node, axis);
    op_set_pad(attrs.pad, WINDOW_DIMS, begin, end);
    return true;
}

TapRange window_taps(const WindowAxis *a, int64_t o)
{
    int64_t first = window_at(a, o, 0);
    TapRange taps = { 0, a->kernel };
    if (first < 0)
        taps.lo = ceil_div(-first, a->dilation);
    if (first + a->kernel * a->dilation > a->in)
        taps.hi = ceil_div(a->in - first, a->dilation);
    if (taps.hi > a->kernel)
        taps.hi = a->kernel;
    return taps;
}

const Affine *window_loop(Kernel *k, const char *name, const WindowAxis *a,
                          const Affine *o, const Affine **tap)
{
    return lower_window(k, name, o, a->out, a->kernel, a->stride, a->dilation,
                        a->begin, a->in, tap);
}
