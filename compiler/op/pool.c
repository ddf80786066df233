/*
 * pool.c - the largest element, the mean, or the p-norm under a sliding window.
 *
 * Padding is no element: the maximum ignores it, and the mean divides by the
 * pixels that are there, or, with count_include_pad, by the padding's too. With
 * ceil_mode the last window may hang over the padded end; what lies beyond that
 * end is never counted.
 */
#include <float.h>

#include "op/local.h"

/* The pools' attributes begin alike, but are structs of their own. */
#define WINDOW_OF(Attrs, node)                                                 \
    (WindowAttrs)                                                              \
    {                                                                          \
        &node_attrs(node, Attrs)->kernel, &node_attrs(node, Attrs)->stride,    \
            &node_attrs(node, Attrs)->dilation, &node_attrs(node, Attrs)->pad, \
            node_attrs(node, Attrs)->ceil_mode                                 \
    }

static WindowAttrs window_of(const Node *node)
{
    if (node->op == OP_MAXPOOL)
        return WINDOW_OF(MaxpoolAttrs, node);
    if (node->op == OP_LPPOOL)
        return WINDOW_OF(LppoolAttrs, node);
    return WINDOW_OF(AvgpoolAttrs, node);
}

/* ---- shape ---------------------------------------------------------------------- */

static bool is_only_padding(const WindowAxis *a)
{
    for (int64_t o = 0; a->dilation > 1 && o < a->out; o++) {
        TapRange taps = window_taps(a, o);
        if (taps.lo >= taps.hi)
            return true;
    }
    return a->begin >= a->kernel || a->end >= a->kernel;
}

/* A window of nothing but padding would have no value. */
static bool check_padding(const Node *node, const WindowAxis *axis)
{
    for (int i = 0; i < WINDOW_DIMS; i++) {
        int64_t pad = axis[i].begin > axis[i].end ? axis[i].begin : axis[i].end;
        if (!is_only_padding(&axis[i]))
            continue;
        if (pad < axis[i].kernel)
            graph_error(node, attr_index(node, "dilation"),
                        "'%s' has windows with no pixel of the image",
                        op_info[node->op].name);
        else
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
    return op_output(node, DT_F32,
                     image_shape(in_shape(node, 0), axis[0].out, axis[1].out,
                                 channels_of(in_shape(node, 0))));
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

bool lppool_infer(Graph *graph, Node *node)
{
    (void)graph;
    return op_need_count(node, "p", node_attrs(node, LppoolAttrs)->p) &&
           pool_infer(node);
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

int64_t lppool_macs(const Node *node)
{
    (void)node;
    return 0;
}

/* ---- references --------------------------------------------------------------------- */

/* What a mean divides by in one direction. */
static int64_t divisor(const WindowAxis *a, int64_t o, bool include_pad)
{
    TapRange taps = window_taps(a, o);
    int64_t room = a->begin + a->in + a->end - o * a->stride;
    if (!include_pad)
        return taps.hi - taps.lo;
    room = ceil_div(room, a->dilation);
    return room < a->kernel ? room : a->kernel;
}

/* One pixel of the input into the sum (or maximum, ...) of its window. */
typedef double Gather(const Node *node, double sum, double x);
/* The sum of the window at (oh, ow) becomes its value. */
typedef double Finish(const Node *node, const WindowAxis *axis, int64_t oh,
                      int64_t ow, double sum);

typedef struct Pool {
    const Node *node;
    WindowAxis axis[WINDOW_DIMS];
    int64_t channels;
    double start;
    Gather *gather;
    Finish *finish;
} Pool;

/* x: an image; y: [channels] */
static void pool_pixel(const Pool *p, int64_t oh, int64_t ow, const double *x,
                       double *y)
{
    TapRange rows = window_taps(&p->axis[0], oh);
    TapRange columns = window_taps(&p->axis[1], ow);
    for (int64_t c = 0; c < p->channels; c++)
        y[c] = p->start;
    for (int64_t kh = rows.lo; kh < rows.hi; kh++)
        for (int64_t kw = columns.lo; kw < columns.hi; kw++) {
            int64_t ih = window_at(&p->axis[0], oh, kh);
            int64_t iw = window_at(&p->axis[1], ow, kw);
            const double *from = x + (ih * p->axis[1].in + iw) * p->channels;
            for (int64_t c = 0; c < p->channels; c++)
                y[c] = p->gather(p->node, y[c], from[c]);
        }
    for (int64_t c = 0; c < p->channels && p->finish; c++)
        y[c] = p->finish(p->node, p->axis, oh, ow, y[c]);
}

static void pool_evaluate(const Node *node, double start, Gather *gather,
                          Finish *finish, const double *x, double *y)
{
    Pool p = { .node = node,
               .channels = channels_of(out_shape(node)),
               .start = start,
               .gather = gather,
               .finish = finish };
    const int64_t batch = batch_of(out_shape(node));
    const int64_t image = image_count(in_shape(node, 0));
    window_axes(node, window_of(node), p.axis);
    for (int64_t n = 0; n < batch; n++, x += image)
        for (int64_t oh = 0; oh < p.axis[0].out; oh++)
            for (int64_t ow = 0; ow < p.axis[1].out; ow++, y += p.channels)
                pool_pixel(&p, oh, ow, x, y);
}

static double gather_max(const Node *node, double sum, double x)
{
    (void)node;
    return ref_max(sum, x);
}

static double gather_sum(const Node *node, double sum, double x)
{
    (void)node;
    return sum + x;
}

static double gather_power(const Node *node, double sum, double x)
{
    return sum + pow(fabs(x), (double)node_attrs(node, LppoolAttrs)->p);
}

static double finish_mean(const Node *node, const WindowAxis *axis, int64_t oh,
                          int64_t ow, double sum)
{
    const bool pads = node_attrs(node, AvgpoolAttrs)->count_include_pad;
    return sum /
           (double)(divisor(&axis[0], oh, pads) * divisor(&axis[1], ow, pads));
}

static double finish_norm(const Node *node, const WindowAxis *axis, int64_t oh,
                          int64_t ow, double sum)
{
    (void)axis, (void)oh, (void)ow;
    return pow(sum, 1 / (double)node_attrs(node, LppoolAttrs)->p);
}

void maxpool_evaluate(const Node *node, const double *const *in,
                      double *const *out)
{
    pool_evaluate(node, -INFINITY, gather_max, NULL, in[0], out[0]);
}

void avgpool_evaluate(const Node *node, const double *const *in,
                      double *const *out)
{
    pool_evaluate(node, 0, gather_sum, finish_mean, in[0], out[0]);
}

void lppool_evaluate(const Node *node, const double *const *in,
                     double *const *out)
{
    pool_evaluate(node, 0, gather_power, finish_norm, in[0], out[0]);
}

/* ---- loops ------------------------------------------------------------------------------ */

/* A pool whose loops over the output are open. */
typedef struct PoolNest {
    Kernel *k;
    Buffer *x, *y;
    WindowAxis axis[WINDOW_DIMS];
    const Affine *at[MAX_RANK];
    int height; /* where it stands in at */
    Access acc;
} PoolNest;

static PoolNest nest_begin(Lower *lower, const Node *node, double start)
{
    const Shape *y = out_shape(node);
    PoolNest p = { .k = lower_begin(lower, node), .height = shape_height(y) };
    Kernel *k = p.k;
    p.x = lower_input(lower, node, 0);
    p.y = lower_output(lower, node, 0);
    window_axes(node, window_of(node), p.axis);
    lower_loops(k, y, out_loop_names(y), p.at);
    p.acc = lower_scalar(k, "acc", DT_F32);
    kernel_store(k, p.acc, k_num(start));
    return p;
}

/* Opens the loops over the taps, and gives the pixel under one. */
static const Expr *nest_taps(const PoolNest *p)
{
    const Affine *at[MAX_RANK], *tap;
    Kernel *k = p->k;
    const int h = p->height;
    for (int i = 0; i < MAX_RANK; i++)
        at[i] = p->at[i];
    at[h] = window_loop(k, "kh", &p->axis[0], p->at[h], &tap);
    at[h + 1] = window_loop(k, "kw", &p->axis[1], p->at[h + 1], &tap);
    return k_load(access_at(p->x, at));
}

static void nest_end_taps(const PoolNest *p)
{
    kernel_end(p->k);
    kernel_end(p->k);
}

static void nest_end(Lower *lower, const PoolNest *p, const Expr *value)
{
    kernel_store(p->k, access_at(p->y, p->at), value);
    lower_end(lower);
}

void maxpool_lower(Lower *lower, const Node *node)
{
    PoolNest p = nest_begin(lower, node, -INFINITY);
    Kernel *k = p.k;
    const Expr *x = nest_taps(&p);
    kernel_accum(k, ACCUM_MAX, p.acc, x);
    nest_end_taps(&p);
    nest_end(lower, &p, k_load(p.acc));
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
static const Expr *inverse_count(const PoolNest *p, bool include_pad)
{
    const WindowAxis *axis = p->axis;
    Kernel *k = p->k;
    Access count;
    if (divides_evenly(&axis[0], include_pad) &&
        divides_evenly(&axis[1], include_pad))
        return k_num(1.0 / (double)(divisor(&axis[0], 0, include_pad) *
                                    divisor(&axis[1], 0, include_pad)));
    count = lower_scalar(k, "count", DT_F32);
    kernel_store(k, count, k_num(0));
    count_loop(k, "kh", &axis[0], include_pad, p->at[p->height]);
    count_loop(k, "kw", &axis[1], include_pad, p->at[p->height + 1]);
    kernel_accum(k, ACCUM_ADD, count, k_num(1));
    kernel_end(k);
    kernel_end(k);
    return k_div(k_num(1), k_load(count));
}

void avgpool_lower(Lower *lower, const Node *node)
{
    const bool pads = node_attrs(node, AvgpoolAttrs)->count_include_pad;
    PoolNest p = nest_begin(lower, node, 0);
    Kernel *k = p.k;
    const Expr *x = nest_taps(&p);
    kernel_accum(k, ACCUM_ADD, p.acc, x);
    nest_end_taps(&p);
    nest_end(lower, &p, k_mul(k_load(p.acc), inverse_count(&p, pads)));
}

/* x to a whole power, 1 or more, by squaring. */
static const Expr *power(Kernel *k, const Expr *x, int64_t p)
{
    enum { MOST_PRODUCTS = 32 };
    const Expr *half;
    if (p == 1)
        return x;
    if (p > MOST_PRODUCTS)
        return expr_2(k, EXPR_POW, x, k_num((double)p));
    half = power(k, x, p / 2);
    half = k_mul(half, half);
    return p % 2 ? k_mul(half, x) : half;
}

/* The largest |x| of the window, and at least a little: what is divided by it
 * has powers that neither overflow nor vanish. */
static const Expr *largest(const PoolNest *p)
{
    Kernel *k = p->k;
    Access most = lower_scalar(k, "most", DT_F32);
    const Expr *x;
    kernel_store(k, most, k_num(FLT_MIN));
    x = nest_taps(p);
    kernel_accum(k, ACCUM_MAX, most, k_1(ABS, x));
    nest_end_taps(p);
    return k_load(most);
}

void lppool_lower(Lower *lower, const Node *node)
{
    const int64_t p = node_attrs(node, LppoolAttrs)->p;
    PoolNest nest = nest_begin(lower, node, 0);
    Kernel *k = nest.k;
    const Expr *most = p > 2 ? largest(&nest) : NULL, *sum = k_load(nest.acc);
    const Expr *x = k_1(ABS, nest_taps(&nest));
    kernel_accum(k, ACCUM_ADD, nest.acc,
                 power(k, most ? k_div(x, most) : x, p));
    nest_end_taps(&nest);
    if (p == 2)
        sum = k_1(SQRT, sum);
    else if (most) /* a root */
        sum =
            k_mul(most, k_1(EXP, k_mul(k_num(1.0 / (double)p), k_1(LOG, sum))));
    nest_end(lower, &nest, sum);
}
