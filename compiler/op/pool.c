/*
 * pool.c - the largest element, or the mean, under a sliding window.
 *
 * Padding is no element: the maximum ignores it, and the mean divides by the
 * pixels that are there, or, with count_include_pad, by the padding's too. With
 * ceil_mode the last window may hang over the padded end; what lies beyond that
 * end is never counted.
 */
#include "op/local.h"

/* The two pools' attributes begin alike, but are structs of their own. */
static WindowAttrs window_of(const Node *node)
{
    if (node->op == OP_MAXPOOL) {
        MaxpoolAttrs *a = node_attrs(node, MaxpoolAttrs);
        return (WindowAttrs){ &a->kernel, &a->stride, NULL, &a->pad,
                              a->ceil_mode };
    }
    AvgpoolAttrs *a = node_attrs(node, AvgpoolAttrs);
    return (WindowAttrs){ &a->kernel, &a->stride, NULL, &a->pad, a->ceil_mode };
}

/* A window of nothing but padding would have no value. */
static bool check_padding(const Node *node, const WindowAxis *axis)
{
    for (int i = 0; i < WINDOW_DIMS; i++) {
        int64_t pad = axis[i].begin > axis[i].end ? axis[i].begin : axis[i].end;
        if (pad < axis[i].kernel)
            continue;
        graph_error(node, attr_index(node, "pad"),
                    "padding %lld of '%s' must be smaller than its kernel, "
                    "%lldx%lld",
                    (long long)pad, op_info[node->op].name,
                    (long long)axis[0].kernel, (long long)axis[1].kernel);
        return false;
    }
    return true;
}

static bool pool_infer(const Node *node)
{
    WindowAxis axis[WINDOW_DIMS];
    if (!op_need_f32(node) || !op_need_image(node) ||
        !window_infer(node, window_of(node), axis) ||
        !check_padding(node, axis))
        return false;
    return op_output(
        node, DT_F32,
        shape_of(3, (int64_t[]){ axis[0].out, axis[1].out,
                                 channels_of(in_shape(node, 0)) }));
}

bool maxpool_infer(Graph *graph, Node *node)
{
    (void)graph;
    return pool_infer(node);
}

bool avgpool_infer(Graph *graph, Node *node)
{
    (void)graph;
    return pool_infer(node);
}

int64_t maxpool_macs(const Node *node)
{
    (void)node;
    return 0;
}

int64_t avgpool_macs(const Node *node)
{
    (void)node;
    return 0;
}

/* ---- references --------------------------------------------------------------------- */

typedef void Gather(double *to, const double *from, int64_t channels);

static void gather_max(double *to, const double *from, int64_t channels)
{
    for (int64_t c = 0; c < channels; c++)
        to[c] = ref_max(to[c], from[c]);
}

static void gather_sum(double *to, const double *from, int64_t channels)
{
    for (int64_t c = 0; c < channels; c++)
        to[c] += from[c];
}

/* All pixels under the window at (oh, ow) into to: [channels]. */
static void gather(const WindowAxis *axis, int64_t oh, int64_t ow, Gather *with,
                   int64_t channels, const double *x, double *to)
{
    TapRange rows = window_taps(&axis[0], oh);
    TapRange columns = window_taps(&axis[1], ow);
    for (int64_t kh = rows.lo; kh < rows.hi; kh++)
        for (int64_t kw = columns.lo; kw < columns.hi; kw++) {
            int64_t ih = window_at(&axis[0], oh, kh);
            int64_t iw = window_at(&axis[1], ow, kw);
            with(to, x + (ih * axis[1].in + iw) * channels, channels);
        }
}

/* What a mean divides by in one direction. */
static int64_t divisor(const WindowAxis *a, int64_t o, bool include_pad)
{
    TapRange taps = window_taps(a, o);
    int64_t end = o * a->stride + a->kernel, limit = a->begin + a->in + a->end;
    if (!include_pad)
        return taps.hi - taps.lo;
    return (end < limit ? end : limit) - o * a->stride;
}

void maxpool_evaluate(const Node *node, const double *const *in,
                      double *const *out)
{
    const int64_t channels = channels_of(out_shape(node));
    WindowAxis axis[WINDOW_DIMS];
    double *y = out[0];
    window_axes(node, window_of(node), axis);
    for (int64_t oh = 0; oh < axis[0].out; oh++)
        for (int64_t ow = 0; ow < axis[1].out; ow++, y += channels) {
            for (int64_t c = 0; c < channels; c++)
                y[c] = -INFINITY;
            gather(axis, oh, ow, gather_max, channels, in[0], y);
        }
}

void avgpool_evaluate(const Node *node, const double *const *in,
                      double *const *out)
{
    const bool pads = node_attrs(node, AvgpoolAttrs)->count_include_pad;
    const int64_t channels = channels_of(out_shape(node));
    WindowAxis axis[WINDOW_DIMS];
    double *y = out[0];
    window_axes(node, window_of(node), axis);
    for (int64_t oh = 0; oh < axis[0].out; oh++)
        for (int64_t ow = 0; ow < axis[1].out; ow++, y += channels) {
            int64_t count =
                divisor(&axis[0], oh, pads) * divisor(&axis[1], ow, pads);
            for (int64_t c = 0; c < channels; c++)
                y[c] = 0;
            gather(axis, oh, ow, gather_sum, channels, in[0], y);
            for (int64_t c = 0; c < channels; c++)
                y[c] /= (double)count;
        }
}

/* ---- loops ------------------------------------------------------------------------------ */

void maxpool_lower(Lower *lower, const Node *node)
{
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const Affine *at[MAX_RANK], *ih, *iw, *tap;
    WindowAxis axis[WINDOW_DIMS];
    window_axes(node, window_of(node), axis);
    lower_loops(k, out_shape(node), out_loop_names(out_shape(node)), at);
    Access acc = lower_scalar(k, "acc", DT_F32);
    kernel_store(k, acc, k_num(-INFINITY));
    ih = window_loop(k, "kh", &axis[0], at[0], &tap);
    iw = window_loop(k, "kw", &axis[1], at[1], &tap);
    kernel_accum(k, ACCUM_MAX, acc, k_load(AT(x, ih, iw, at[2])));
    kernel_end(k);
    kernel_end(k);
    kernel_store(k, access_at(y, at), k_load(acc));
    lower_end(lower);
}

/* Whether every window divides by the same number. */
static bool divides_evenly(const WindowAxis *a, bool include_pad)
{
    int64_t first = divisor(a, 0, include_pad);
    for (int64_t o = 1; o < a->out; o++)
        if (divisor(a, o, include_pad) != first)
            return false;
    return true;
}

/* A loop that opens over what the mean counts in one direction: the taps inside
 * the input, or those inside the padded input. */
static void count_loop(Kernel *k, const char *name, const WindowAxis *axis,
                       bool include_pad, const Affine *o)
{
    const Affine *tap;
    WindowAxis a = *axis;
    if (include_pad) {
        a.in += a.begin + a.end;
        a.begin = a.end = 0;
    }
    window_loop(k, name, &a, o, &tap);
}

/* Counts into a register where windows differ: there is no division of
 * indices. */
static const Expr *inverse_count(Kernel *k, const WindowAxis *axis,
                                 bool include_pad, const Affine *const *at)
{
    Access count;
    if (divides_evenly(&axis[0], include_pad) &&
        divides_evenly(&axis[1], include_pad))
        return k_num(1.0 / (double)(divisor(&axis[0], 0, include_pad) *
                                    divisor(&axis[1], 0, include_pad)));
    count = lower_scalar(k, "count", DT_F32);
    kernel_store(k, count, k_num(0));
    count_loop(k, "kh", &axis[0], include_pad, at[0]);
    count_loop(k, "kw", &axis[1], include_pad, at[1]);
    kernel_accum(k, ACCUM_ADD, count, k_num(1));
    kernel_end(k);
    kernel_end(k);
    return k_div(k_num(1), k_load(count));
}

void avgpool_lower(Lower *lower, const Node *node)
{
    const bool pads = node_attrs(node, AvgpoolAttrs)->count_include_pad;
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const Affine *at[MAX_RANK], *ih, *iw, *tap;
    WindowAxis axis[WINDOW_DIMS];
    window_axes(node, window_of(node), axis);
    lower_loops(k, out_shape(node), out_loop_names(out_shape(node)), at);
    Access acc = lower_scalar(k, "acc", DT_F32);
    kernel_store(k, acc, k_num(0));
    ih = window_loop(k, "kh", &axis[0], at[0], &tap);
    iw = window_loop(k, "kw", &axis[1], at[1], &tap);
    kernel_accum(k, ACCUM_ADD, acc, k_load(AT(x, ih, iw, at[2])));
    kernel_end(k);
    kernel_end(k);
    kernel_store(k, access_at(y, at),
                 k_mul(k_load(acc), inverse_count(k, axis, pads, at)));
    lower_end(lower);
}
