/*
 * conv.c - convolution (the cross-correlation that frameworks call so).
 *
 *     y[oh][ow][oc] = b[oc] + sum over kh, kw, c of
 *                     x[oh*stride + kh*dilation - top][...][c] * w[kh][kw][c][oc]
 *
 * With groups, the channels fall into as many equal blocks, and block g of the
 * output sees block g of the input alone: c counts within the block. With
 * flip=yes the weights are read backwards: the textbook's convolution.
 */
#include "op/local.h"

static WindowAttrs window_of(ConvAttrs *a)
{
    return (WindowAttrs){ &a->kernel, &a->stride, &a->dilation, &a->pad,
                          false };
}

/* ---- shape ---------------------------------------------------------------------- */

bool conv_check_groups(const Node *node, int64_t groups, int64_t filters)
{
    const int64_t channels = channels_of(in_shape(node, 0));
    const int attr = attr_index(node, "groups");
    if (!op_need_count(node, "groups", groups))
        return false;
    if (channels % groups) {
        graph_error(node, attr,
                    "groups=%lld does not divide %lld input "
                    "channels",
                    (long long)groups, (long long)channels);
        graph_note_inputs(node);
        return false;
    }
    if (filters % groups) {
        graph_error(node, attr, "groups=%lld does not divide %lld filters",
                    (long long)groups, (long long)filters);
        return false;
    }
    return true;
}

bool conv_parameters(Graph *graph, Node *node, ConvWeights weights)
{
    int64_t c = channels_of(in_shape(node, 0)) / weights.groups;
    const int64_t *window = weights.kernel->at;
    Shape shape =
        shape_of(4, (int64_t[]){ window[0], window[1], c, weights.filters });
    Shape vector = shape_of(1, &weights.filters);
    Tensor *bias;
    if (!graph_parameter(graph, node, 0, "weight", shape, weights.layout,
                         weights.taps * (double)c, 0))
        return false;
    if (!weights.bias)
        return true;
    bias = graph_parameter(graph, node, 1, "bias", vector, LAYOUT_AS_IS, 0, 0);
    if (bias)
        bias->init_spread = 0.1;
    return bias;
}

bool conv_infer(Graph *graph, Node *node)
{
    ConvAttrs *a = node_attrs(node, ConvAttrs);
    WindowAxis axis[WINDOW_DIMS];
    if (!op_need_f32(node) || !op_need_image(node) ||
        !op_need_count(node, "filters", a->filters) ||
        !conv_check_groups(node, a->groups, a->filters) ||
        !window_infer(node, window_of(a), axis))
        return false;
    return op_output(node, DT_F32,
                     image_shape(in_shape(node, 0), axis[0].out, axis[1].out,
                                 a->filters)) &&
           conv_parameters(graph, node,
                           (ConvWeights){ &a->kernel, a->groups, a->filters,
                                          a->bias, LAYOUT_CONV,
                                          (double)a->kernel.at[0] *
                                              (double)a->kernel.at[1] });
}

int64_t conv_macs(const Node *node)
{
    const Shape *w = in_shape(node, 1); /* [kh][kw][c][oc] */
    return saturated_mul(shape_count(out_shape(node)),
                         shape_count(w) / channels_of(w));
}

/* ---- reference ------------------------------------------------------------------- */

/* Sizes of a convolution whose loops are about to run. */
typedef struct ConvSizes {
    WindowAxis axis[WINDOW_DIMS];
    int64_t channels, filters, groups, c, oc; /* c, oc: of a group */
    bool flip;
} ConvSizes;

static ConvSizes sizes_of(const Node *node)
{
    ConvAttrs *a = node_attrs(node, ConvAttrs);
    ConvSizes s = { .channels = channels_of(in_shape(node, 0)),
                    .filters = a->filters,
                    .groups = a->groups,
                    .flip = a->flip };
    s.c = s.channels / s.groups;
    s.oc = s.filters / s.groups;
    window_axes(node, window_of(a), s.axis);
    return s;
}

/* y += x * w at one tap. x: [channels], w: [c][filters], y: [filters] */
static void add_pixel(const ConvSizes *s, const double *x, const double *w,
                      double *y)
{
    if (s->c == 1 && s->oc == 1) { /* depthwise: one loop over the channels */
        for (int64_t c = 0; c < s->channels; c++)
            y[c] += x[c] * w[c];
        return;
    }
    for (int64_t g = 0; g < s->groups; g++)
        for (int64_t c = 0; c < s->c; c++) {
            const double factor = x[g * s->c + c];
            const double *row = w + c * s->filters + g * s->oc;
            double *to = y + g * s->oc;
            for (int64_t oc = 0; oc < s->oc; oc++)
                to[oc] += factor * row[oc];
        }
}

/* One tap over a row of the output: the weights of the tap stay in the cache.
 * x: [width][channels], y: [out][filters] */
static void add_row(const ConvSizes *s, int64_t kw, const double *x,
                    const double *w, double *y)
{
    const WindowAxis *a = &s->axis[1];
    for (int64_t ow = 0; ow < a->out; ow++) {
        int64_t iw = window_at(a, ow, kw);
        if (iw >= 0 && iw < a->in)
            add_pixel(s, x + iw * s->channels, w, y + ow * s->filters);
    }
}

/* All taps of one row of the output. */
static void conv_row(const ConvSizes *s, int64_t oh, const double *x,
                     const double *w, double *y)
{
    const WindowAxis *ah = &s->axis[0], *aw = &s->axis[1];
    TapRange rows = window_taps(ah, oh);
    for (int64_t kh = rows.lo; kh < rows.hi; kh++)
        for (int64_t kw = 0; kw < aw->kernel; kw++) {
            int64_t tap = kh * aw->kernel + kw;
            if (s->flip)
                tap = ah->kernel * aw->kernel - 1 - tap;
            add_row(s, kw, x + window_at(ah, oh, kh) * aw->in * s->channels,
                    w + tap * s->c * s->filters, y);
        }
}

void conv_evaluate(const Node *node, const double *const *in,
                   double *const *out)
{
    const ConvSizes s = sizes_of(node);
    const bool bias = node_attrs(node, ConvAttrs)->bias;
    const int64_t row = s.axis[1].out * s.filters, rows = s.axis[0].out;
    const int64_t batch = batch_of(out_shape(node));
    const int64_t image = image_count(in_shape(node, 0));
    for (int64_t r = 0; r < batch * rows; r++) {
        double *y = out[0] + r * row;
        for (int64_t i = 0; i < row; i++)
            y[i] = bias ? in[2][i % s.filters] : 0;
        conv_row(&s, r % rows, in[0] + r / rows * image, in[1], y);
    }
}

/* ---- loops ------------------------------------------------------------------------ */

void conv_filter_loops(Kernel *k, int64_t groups, int64_t channels,
                       int64_t filters, const Affine **oc, const Affine **base)
{
    const Affine *g;
    *base = affine_const(k, 0);
    if (groups == 1) {
        *oc = affine_var(k, kernel_for(k, "oc", 0, filters));
        return;
    }
    g = affine_var(k, kernel_for(k, filters == 1 ? "oc" : "g", 0, groups));
    *base = affine_scale(k, g, channels);
    *oc = g;
    if (filters > 1)
        *oc = affine_add(k, affine_scale(k, g, filters),
                         affine_var(k, kernel_for(k, "oc", 0, filters)));
}

/* The tap's index into the weights. */
static const Affine *weight_tap(Kernel *k, const ConvSizes *s, int dim,
                                const Affine *tap)
{
    if (!s->flip)
        return tap;
    return affine_sub(k, affine_const(k, s->axis[dim].kernel - 1), tap);
}

void conv_lower(Lower *lower, const Node *node)
{
    const ConvSizes s = sizes_of(node);
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *w = lower_input(lower, node, 1);
    Buffer *y = lower_output(lower, node, 0);
    const Affine *n = batch_loop(k, out_shape(node));
    const Affine *oh = affine_var(k, kernel_for(k, "oh", 0, s.axis[0].out));
    const Affine *ow = affine_var(k, kernel_for(k, "ow", 0, s.axis[1].out));
    const Affine *oc, *base, *kh, *kw, *ih, *iw, *c;
    conv_filter_loops(k, s.groups, s.c, s.oc, &oc, &base);
    Access acc = lower_scalar(k, "acc", DT_F32);
    kernel_store(k, acc,
                 node_attrs(node, ConvAttrs)->bias
                     ? k_load(AT(lower_input(lower, node, 2), oc))
                     : k_num(0));
    ih = window_loop(k, "kh", &s.axis[0], oh, &kh);
    iw = window_loop(k, "kw", &s.axis[1], ow, &kw);
    c = affine_var(k, kernel_for(k, "c", 0, s.c));
    kernel_fma(k, acc, k_load(image_at(x, n, ih, iw, affine_add(k, base, c))),
               k_load(AT(w, weight_tap(k, &s, 0, kh), weight_tap(k, &s, 1, kw),
                         c, oc)));
    kernel_end(k);
    kernel_end(k);
    kernel_end(k);
    kernel_store(k, image_at(y, n, oh, ow, oc), k_load(acc));
    lower_end(lower);
}
