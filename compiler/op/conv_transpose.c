/*
 * conv_transpose.c - transposed convolution: the way back of a convolution.
 *
 *     y[ih*stride + kh*dilation - top][...][oc] += x[ih][...][c] * w[kh][...][c][oc]
 *
 * The reference scatters like that. The loops gather: which taps reach output
 * oh, and from where, repeats with the stride. With stride 2 and 4 taps
 *
 *     oh = 2*q          taps 3, 1 of pixels q-1, q
 *     oh = 2*q + 1      taps 2, 0 of pixels q, q+1
 *
 * so each phase, oh modulo the stride, is a small convolution with stride 1 of
 * every other weight, backwards, and there is a nest for each kind of phase:
 * those with as many taps at the same pixels share one, in which the phase is
 * one more loop. Where the weights are known, each nest gets those it needs, in
 * its order.
 */
#include <string.h>

#include "op/local.h"

#define MOST_STRIDE 1024
#define MOST_KINDS  64 /* of phases, both directions multiplied */

/* One direction. */
typedef struct Way {
    int64_t in, out, kernel, stride, dilation, begin;
} Way;

/* Phases first..first+count-1: oh = stride*q + phase with q in 0..outputs sees
 * pixels q + step*j - pad with j in 0..taps; the tap is last_tap of the last
 * phase, one less for each phase before it, less tap_step*j. */
typedef struct Kind {
    int64_t first, count, outputs, taps, step, pad, last_tap, tap_step;
} Kind;

/* ---- phases -------------------------------------------------------------------- */

static int64_t gcd(int64_t a, int64_t b)
{
    return b == 0 ? a : gcd(b, a % b);
}

static Kind kind_of(const Way *w, int64_t phase)
{
    const int64_t common = gcd(w->stride, w->dilation);
    Kind kind = { .first = phase,
                  .count = 1,
                  .outputs = ceil_div(w->out - phase, w->stride),
                  .step = w->dilation / common,
                  .tap_step = w->stride / common };
    int64_t tap = 0, place = phase + w->begin;
    while (tap < kind.tap_step && (place - tap * w->dilation) % w->stride)
        tap++;
    if (tap == kind.tap_step || tap >= w->kernel)
        return kind; /* between what the taps reach */
    kind.taps = (w->kernel - 1 - tap) / kind.tap_step + 1;
    kind.last_tap = tap + (kind.taps - 1) * kind.tap_step;
    kind.pad = (kind.last_tap * w->dilation - place) / w->stride;
    return kind;
}

static bool kinds_join(const Kind *a, const Kind *b)
{
    if (a->taps != b->taps || a->outputs != b->outputs)
        return false;
    return a->taps == 0 || (a->pad == b->pad && b->last_tap == a->last_tap + 1);
}

/* The kinds in order; most + 1 where there are more. */
static int find_kinds(const Way *w, Kind *kind, int most)
{
    int count = 0;
    for (int64_t p = 0; p < w->stride && p < w->out; p++) {
        Kind next = kind_of(w, p);
        if (count > 0 && kinds_join(&kind[count - 1], &next)) {
            kind[count - 1].count++;
            kind[count - 1].last_tap = next.last_tap;
            continue;
        }
        if (count == most)
            return most + 1;
        kind[count++] = next;
    }
    return count;
}

/* ---- shape ---------------------------------------------------------------------- */

static void find_ways(const Node *node, Way *way)
{
    const ConvTransposeAttrs *a = node_attrs(node, ConvTransposeAttrs);
    const Shape *in = in_shape(node, 0), *out = out_shape(node);
    const int height = shape_height(in);
    for (int i = 0; i < WINDOW_DIMS; i++)
        way[i] = (Way){ .in = in->dim[height + i],
                        .out = out->rank == in->rank ? out->dim[height + i] : 0,
                        .kernel = a->kernel.at[i],
                        .stride = a->stride.at[i],
                        .dilation = a->dilation.at[i],
                        .begin = a->pad.begin[i] };
}

/* What the taps of all pixels reach over, without padding. */
static int64_t reach_of(const Way *w)
{
    return (w->in - 1) * w->stride + (w->kernel - 1) * w->dilation + 1;
}

/* pad=same: stride times the input. Where the taps do not reach that far, it
 * is the output that is padded. */
static void pad_same(ConvTransposeAttrs *a, const Way *way)
{
    int64_t begin[WINDOW_DIMS], end[WINDOW_DIMS];
    for (int i = 0; i < WINDOW_DIMS; i++) {
        int64_t total = reach_of(&way[i]) + a->output_padding.at[i] -
                        way[i].in * way[i].stride;
        if (total < 0)
            a->output_padding.at[i] -= total;
        begin[i] = total < 0 ? 0 : total / 2;
        end[i] = total < 0 ? 0 : total - begin[i];
    }
    op_set_pad(&a->pad, WINDOW_DIMS, begin, end);
}

static bool check_sizes(const Node *node, ConvTransposeAttrs *a)
{
    const int stride = attr_index(node, "stride");
    if (!op_spread_size(node, "kernel", &a->kernel, WINDOW_DIMS) ||
        !op_spread_size(node, "stride", &a->stride, WINDOW_DIMS) ||
        !op_spread_size(node, "dilation", &a->dilation, WINDOW_DIMS) ||
        !op_spread_count(node, "output_padding", &a->output_padding,
                         WINDOW_DIMS) ||
        !op_spread_pad(node, "pad", &a->pad, WINDOW_DIMS))
        return false;
    if (a->stride.at[0] <= MOST_STRIDE && a->stride.at[1] <= MOST_STRIDE)
        return true;
    graph_error(node, stride, "'stride' of 'conv_transpose' is at most %d",
                MOST_STRIDE);
    return false;
}

static bool find_outputs(const Node *node, ConvTransposeAttrs *a, Way *way)
{
    find_ways(node, way);
    if (a->pad.kind == PAD_SAME)
        pad_same(a, way);
    for (int i = 0; i < WINDOW_DIMS; i++) {
        way[i].begin = a->pad.begin[i];
        way[i].out = reach_of(&way[i]) + a->output_padding.at[i] -
                     a->pad.begin[i] - a->pad.end[i];
        if (way[i].out >= 1)
            continue;
        graph_error(node, attr_index(node, "pad"),
                    "'conv_transpose' has nothing left within its padding");
        graph_note_inputs(node);
        return false;
    }
    return true;
}

/* Each kind becomes loops of its own. */
static bool check_kinds(const Node *node, const Way *way)
{
    Kind kind[MOST_KINDS];
    int rows = find_kinds(&way[0], kind, MOST_KINDS);
    int columns = find_kinds(&way[1], kind, MOST_KINDS);
    if (rows * columns <= MOST_KINDS)
        return true;
    graph_error(node, attr_index(node, "dilation"),
                "'conv_transpose' with stride %lldx%lld and dilation "
                "%lldx%lld has too many kinds of pixels",
                (long long)way[0].stride, (long long)way[1].stride,
                (long long)way[0].dilation, (long long)way[1].dilation);
    return false;
}

bool conv_transpose_infer(Graph *graph, Node *node)
{
    ConvTransposeAttrs *a = node_attrs(node, ConvTransposeAttrs);
    Way way[WINDOW_DIMS];
    if (!op_need_f32(node) || !op_need_image(node) ||
        !op_need_count(node, "filters", a->filters) ||
        !conv_check_groups(node, a->groups, a->filters) ||
        !check_sizes(node, a) || !find_outputs(node, a, way) ||
        !op_output(node, DT_F32,
                   image_shape(in_shape(node, 0), way[0].out, way[1].out,
                               a->filters)) ||
        !check_kinds(node, way))
        return false;
    /* As many products make an output as taps reach it. */
    double taps = ceil((double)a->kernel.at[0] / (double)a->stride.at[0]) *
                  ceil((double)a->kernel.at[1] / (double)a->stride.at[1]);
    return conv_parameters(graph, node,
                           (ConvWeights){ &a->kernel, a->groups, a->filters,
                                          a->bias, LAYOUT_CONV_TRANSPOSE,
                                          taps });
}

int64_t conv_transpose_macs(const Node *node)
{
    const Shape *in = in_shape(node, 0);
    return saturated_mul(shape_count(in) / channels_of(in), in_count(node, 1));
}

/* ---- reference ------------------------------------------------------------------- */

/* An input pixel through one tap. x: [channels], w: [c][filters], y: [filters] */
static void scatter_pixel(const ConvTransposeAttrs *a, int64_t channels,
                          const double *x, const double *w, double *y)
{
    const int64_t size = channels / a->groups, oc = a->filters / a->groups;
    for (int64_t c = 0; c < channels; c++) {
        const int64_t group = c / size;
        const double *row = w + c % size * a->filters + group * oc;
        for (int64_t o = 0; o < oc; o++)
            y[group * oc + o] += x[c] * row[o];
    }
}

/* Where pixel i comes to lie through tap k; -1: nowhere. */
static int64_t reached(const Way *w, int64_t i, int64_t k)
{
    int64_t o = i * w->stride + k * w->dilation - w->begin;
    return o < w->out ? o : -1;
}

/* An image through one tap. */
static void scatter_tap(const ConvTransposeAttrs *a, const Way *way, int64_t c,
                        int64_t tap, const double *x, const double *w,
                        double *y)
{
    const int64_t kh = tap / way[1].kernel, kw = tap % way[1].kernel;
    for (int64_t ih = 0; ih < way[0].in; ih++)
        for (int64_t iw = 0; iw < way[1].in; iw++, x += c) {
            int64_t oh = reached(&way[0], ih, kh);
            int64_t ow = reached(&way[1], iw, kw);
            if (oh >= 0 && ow >= 0)
                scatter_pixel(a, c, x, w,
                              y + (oh * way[1].out + ow) * a->filters);
        }
}

void conv_transpose_evaluate(const Node *node, const double *const *in,
                             double *const *out)
{
    const ConvTransposeAttrs *a = node_attrs(node, ConvTransposeAttrs);
    const Shape *x = in_shape(node, 0), *y = out_shape(node);
    const int64_t taps = a->kernel.at[0] * a->kernel.at[1];
    const int64_t size = in_count(node, 1) / taps, count = shape_count(y);
    Way way[WINDOW_DIMS];
    find_ways(node, way);
    for (int64_t i = 0; i < count; i++)
        out[0][i] = a->bias ? in[2][i % a->filters] : 0;
    for (int64_t n = 0; n < batch_of(x); n++)
        for (int64_t t = 0; t < taps; t++)
            scatter_tap(a, way, channels_of(x), t, in[0] + n * image_count(x),
                        in[1] + t * size, out[0] + n * image_count(y));
}

/* ---- loops ------------------------------------------------------------------------ */

/* One direction of a nest: an output, and the pixels and taps that make it. */
typedef struct Line {
    const Way *way;
    const Kind *kind;
    const Affine *q, *phase; /* phase: backwards, from the last of the kind */
    const Affine *out, *in, *j;
} Line;

static int64_t tap_at(const Kind *kind, int64_t j, int64_t phase)
{
    return kind->last_tap - phase - kind->tap_step * j;
}

static const Affine *tap_affine(Kernel *k, const Line *line)
{
    const Kind *kind = line->kind;
    return affine_sub(
        k, affine_const(k, kind->last_tap),
        affine_add(k, line->phase, affine_scale(k, line->j, kind->tap_step)));
}

static void open_outputs(Kernel *k, Line *line, const char *q,
                         const char *phase)
{
    const Kind *kind = line->kind;
    line->q = affine_var(k, kernel_for(k, q, 0, kind->outputs));
    line->phase = affine_const(k, 0);
    if (kind->count > 1)
        line->phase = affine_var(k, kernel_for(k, phase, 0, kind->count));
    line->out =
        affine_sub(k,
                   affine_shift(k, affine_scale(k, line->q, line->way->stride),
                                kind->first + kind->count - 1),
                   line->phase);
}

static void open_taps(Kernel *k, Line *line, const char *name)
{
    const Kind *kind = line->kind;
    line->in = lower_window(k, name, line->q, kind->outputs, kind->taps, 1,
                            kind->step, kind->pad, line->way->in, &line->j);
}

/* Weights of one kind of row and one kind of column, as the loops read them:
 * [taps * phases][taps * phases][c][oc]. */
static const float *weights_of(Arena *arena, const Tensor *weight,
                               const Kind *rows, const Kind *columns)
{
    const int64_t *dim = weight->shape.dim, size = dim[2] * dim[3];
    const int64_t height = rows->taps * rows->count;
    const int64_t width = columns->taps * columns->count;
    float *data = NEW_N(arena, float, height *width *size), *to = data;
    for (int64_t h = 0; h < height; h++)
        for (int64_t w = 0; w < width; w++, to += size) {
            int64_t kh = tap_at(rows, h / rows->count, h % rows->count);
            int64_t kw =
                tap_at(columns, w / columns->count, w % columns->count);
            memcpy(to, weight->data + (kh * dim[1] + kw) * size,
                   sizeof *to * (size_t)size);
        }
    return data;
}

/* The weight under the taps that are open. */
static Access weight_at(Lower *lower, Kernel *k, const Node *node,
                        const Line *rows, const Line *columns, const Affine *c,
                        const Affine *oc)
{
    const Tensor *weight = node->input[1];
    const Kind *r = rows->kind, *s = columns->kind;
    Buffer *w;
    if (!weight->data) { /* computed by the network */
        w = lower_input(lower, node, 1);
        return AT(w, tap_affine(k, rows), tap_affine(k, columns), c, oc);
    }
    w = lower_constant(lower, weight, 4,
                       (int64_t[]){ r->taps * r->count, s->taps * s->count,
                                    weight->shape.dim[2],
                                    weight->shape.dim[3] },
                       weights_of(k->arena, weight, r, s));
    return AT(
        w, affine_add(k, affine_scale(k, rows->j, r->count), rows->phase),
        affine_add(k, affine_scale(k, columns->j, s->count), columns->phase), c,
        oc);
}

/* All outputs of one kind of row and one kind of column. */
static void lower_kinds(Lower *lower, Kernel *k, const Node *node, Line *rows,
                        Line *columns)
{
    const ConvTransposeAttrs *a = node_attrs(node, ConvTransposeAttrs);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const int64_t size = channels_of(in_shape(node, 0)) / a->groups;
    const int depth = k->depth;
    const Affine *n = batch_loop(k, out_shape(node)), *oc, *base, *c;
    open_outputs(k, rows, "h", "ph");
    open_outputs(k, columns, "w", "pw");
    conv_filter_loops(k, a->groups, size, a->filters / a->groups, &oc, &base);
    Access acc = lower_scalar(k, "acc", DT_F32);
    kernel_store(k, acc,
                 a->bias ? k_load(AT(lower_input(lower, node, 2), oc))
                         : k_num(0));
    if (rows->kind->taps > 0 && columns->kind->taps > 0) {
        open_taps(k, rows, "kh");
        open_taps(k, columns, "kw");
        c = affine_var(k, kernel_for(k, "c", 0, size));
        kernel_fma(k, acc,
                   k_load(image_at(x, n, rows->in, columns->in,
                                   affine_add(k, base, c))),
                   k_load(weight_at(lower, k, node, rows, columns, c, oc)));
        for (int i = 0; i < WINDOW_DIMS + 1; i++)
            kernel_end(k);
    }
    kernel_store(k, image_at(y, n, rows->out, columns->out, oc), k_load(acc));
    while (k->depth > depth)
        kernel_end(k);
}

void conv_transpose_lower(Lower *lower, const Node *node)
{
    Kernel *k = lower_begin(lower, node);
    Kind rows[MOST_KINDS], columns[MOST_KINDS];
    Way way[WINDOW_DIMS];
    find_ways(node, way);
    int row_kinds = find_kinds(&way[0], rows, MOST_KINDS);
    int column_kinds = find_kinds(&way[1], columns, MOST_KINDS);
    for (int r = 0; r < row_kinds; r++)
        for (int c = 0; c < column_kinds; c++)
            lower_kinds(lower, k, node,
                        &(Line){ .way = &way[0], .kind = &rows[r] },
                        &(Line){ .way = &way[1], .kind = &columns[c] });
    lower_end(lower);
}
