/*
 * winograd.c - convolutions along rows with fewer products.
 *
 * Two outputs of a window of three taps need four products instead of six
 * (points = tile + 2):
 *
 *     x0 x1 x2 x3  -> winograd_input ->  x0-x2  x1+x2  x2-x1  x1-x3
 *     products of these with sums of the taps, made when compiling: m0 .. m3
 *     y0 = m0 + m1 + m2      y1 = m1 - m2 - m3
 *
 * and four outputs need six instead of twelve (graph/winograd.c has the
 * numbers). The other direction stays a sum over the rows of the window,
 * so sums that belong to one tile are added up in registers.
 *
 *     winograd_input   [h][tiles * tile][c] -> [h][tiles * points][c]
 *     winograd         [h][tiles * points][c] x [kh][points][c][oc]
 *                      -> [oh][tiles * tile][oc]
 *
 * Passes make these two of a convolution (pass/winograd.c).
 */
#include "op/local.h"

#include "graph/winograd.h"

#include <string.h>

static bool need_tile(const Node *node, int64_t tile)
{
    if (winograd_matrices(tile) != NULL)
        return true;
    graph_error(node, attr_index(node, "tile"),
                "'tile' of '%s' must be 2 or 4, got %lld",
                op_info[node->op].name, (long long)tile);
    return false;
}

static double weigh(const double *row, int i, bool magnitudes)
{
    return magnitudes ? fabs(row[i]) : row[i];
}

/* ---- the input's side ------------------------------------------------------------ */

static bool need_padding(const Node *node, const char *name, int64_t count)
{
    if (count >= 0 && count <= SIZE_LIMIT)
        return true;
    graph_error(node, attr_index(node, name),
                "'%s' of 'winograd_input' must be 0 to %lld, got %lld", name,
                (long long)SIZE_LIMIT, (long long)count);
    return false;
}

bool winograd_input_infer(Graph *graph, Node *node)
{
    const WinogradInputAttrs *a = node_attrs(node, WinogradInputAttrs);
    const Shape *x = in_shape(node, 0);
    int64_t width;
    (void)graph;
    if (!op_need_f32(node) || !op_need_image(node) || !need_tile(node, a->tile))
        return false;
    if (!need_padding(node, "left", a->left) ||
        !need_padding(node, "right", a->right))
        return false;
    width =
        x->dim[shape_height(x) + 1] + a->left + a->right - (WINOGRAD_TAPS - 1);
    if (width < 1 || width % a->tile != 0) {
        graph_error(node, attr_index(node, "tile"),
                    "rows of %lld outputs are no whole tiles of %lld",
                    (long long)width, (long long)a->tile);
        graph_note_inputs(node);
        return false;
    }
    return op_output(
        node, DT_F32,
        image_shape(x, x->dim[shape_height(x)],
                    width / a->tile * (a->tile + WINOGRAD_TAPS - 1),
                    channels_of(x)));
}

int64_t winograd_input_macs(const Node *node)
{
    (void)node;
    return 0;
}

/* Pixels of the input that a tile reads: first + i for i in lo..hi-1, the
 * others are padding. */
typedef struct Reach {
    int64_t first;
    int lo, hi;
} Reach;

static Reach reach_of(const Node *node, const WinogradMatrices *m, int64_t tile)
{
    const Shape *x = in_shape(node, 0);
    const int64_t width = x->dim[shape_height(x) + 1];
    const int64_t left = node_attrs(node, WinogradInputAttrs)->left;
    Reach r = { tile * m->tile - left, 0, 0 };
    for (int i = 0; i < m->points; i++) {
        if (r.first + i < 0)
            r.lo = i + 1;
        if (r.first + i < width)
            r.hi = i + 1;
    }
    if (r.lo >= r.hi)
        r.lo = r.hi = 0;
    return r;
}

static int64_t tiles_of(const Shape *points, const WinogradMatrices *m)
{
    return points->dim[shape_height(points) + 1] / m->points;
}

/* x, y: pixels of `channels` */
static void transform_tile(const WinogradMatrices *m, const Reach *r,
                           int64_t channels, bool magnitudes, const double *x,
                           double *y)
{
    for (int j = 0; j < m->points; j++)
        for (int64_t c = 0; c < channels; c++) {
            double sum = 0;
            for (int i = r->lo; i < r->hi; i++)
                sum += weigh(m->input[j], i, magnitudes) *
                       x[(r->first + i) * channels + c];
            y[j * channels + c] = sum;
        }
}

static void transform_input(const Node *node, const double *x, bool magnitudes,
                            double *y)
{
    const WinogradMatrices *m =
        winograd_matrices(node_attrs(node, WinogradInputAttrs)->tile);
    const Shape *in = in_shape(node, 0);
    const int64_t channels = channels_of(in),
                  tiles = tiles_of(out_shape(node), m);
    const int64_t row = in->dim[shape_height(in) + 1] * channels;
    const int64_t rows = in_count(node, 0) / row;
    for (int64_t h = 0; h < rows; h++)
        for (int64_t t = 0; t < tiles; t++) {
            Reach r = reach_of(node, m, t);
            transform_tile(m, &r, channels, magnitudes, x + h * row,
                           y + (h * tiles + t) * m->points * channels);
        }
}

void winograd_input_evaluate(const Node *node, const double *const *in,
                             double *const *out)
{
    transform_input(node, in[0], false, out[0]);
}

/* sum + factor * value; NULL stands for nothing yet. */
static const Expr *add_multiple(Kernel *k, const Expr *sum, double factor,
                                const Expr *value)
{
    if (factor == 0)
        return sum;
    if (sum == NULL)
        return factor == 1 ? value : k_mul(k_num(factor), value);
    if (factor == 1)
        return k_add(sum, value);
    return factor == -1 ? k_sub(sum, value) : k_fma(k_num(factor), value, sum);
}

/* Tiles that have the same part of their pixels inside of the image. */
static int64_t alike(const Node *node, const WinogradMatrices *m, int64_t tile,
                     int64_t tiles)
{
    const Reach r = reach_of(node, m, tile);
    int64_t end = tile + 1;
    for (; end < tiles; end++) {
        Reach other = reach_of(node, m, end);
        if (other.lo != r.lo || other.hi != r.hi)
            break;
    }
    return end;
}

/* For each tile of begin..end-1 and each channel: its pixels, then all points. */
static void lower_tiles(Lower *lower, Kernel *k, const Node *node,
                        const WinogradMatrices *m, const Affine *n,
                        const Affine *h, int64_t begin, int64_t end)
{
    static const char *const names[] = { "p", "q", "r", "s", "u", "v" };
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const int64_t left = node_attrs(node, WinogradInputAttrs)->left;
    const Reach r = reach_of(node, m, begin);
    const Affine *t = affine_var(k, kernel_for(k, "t", begin, end));
    const Affine *from = affine_shift(k, affine_scale(k, t, m->tile), -left);
    const Affine *to = affine_scale(k, t, m->points);
    const Affine *c =
        affine_var(k, kernel_for(k, "c", 0, channels_of(in_shape(node, 0))));
    Access pixel[WINOGRAD_POINTS];
    for (int i = r.lo; i < r.hi; i++) {
        pixel[i] = lower_scalar(k, names[i], DT_F32);
        kernel_store(k, pixel[i],
                     k_load(image_at(x, n, h, affine_shift(k, from, i), c)));
    }
    for (int j = 0; j < m->points; j++) {
        const Expr *sum = NULL;
        for (int i = r.lo; i < r.hi; i++)
            sum = add_multiple(k, sum, m->input[j][i], k_load(pixel[i]));
        kernel_store(k, image_at(y, n, h, affine_shift(k, to, j), c),
                     sum ? sum : k_num(0));
    }
    kernel_end(k);
    kernel_end(k);
}

void winograd_input_lower(Lower *lower, const Node *node)
{
    const WinogradMatrices *m =
        winograd_matrices(node_attrs(node, WinogradInputAttrs)->tile);
    const Shape *points = out_shape(node);
    const int64_t tiles = tiles_of(points, m);
    Kernel *k = lower_begin(lower, node);
    const Affine *n = batch_loop(k, points);
    const Affine *h =
        affine_var(k, kernel_for(k, "h", 0, points->dim[shape_height(points)]));
    for (int64_t begin = 0, end; begin < tiles; begin = end) {
        end = alike(node, m, begin, tiles);
        lower_tiles(lower, k, node, m, n, h, begin, end);
    }
    lower_end(lower);
}

/* ---- the products ------------------------------------------------------------------ */

static WindowAttrs window_of(WinogradAttrs *a)
{
    return (WindowAttrs){ &a->kernel, &a->stride, NULL, &a->pad, false };
}

/* The window is one column of points: the rows of a convolution's. */
static bool check_columns(const Node *node, const WinogradMatrices *m)
{
    const WinogradAttrs *a = node_attrs(node, WinogradAttrs);
    const Shape *x = in_shape(node, 0);
    if (a->kernel.at[1] != 1 || a->stride.at[1] != 1 || a->pad.begin[1] != 0 ||
        a->pad.end[1] != 0) {
        graph_error(node, attr_index(node, "kernel"),
                    "'winograd' has windows of one column, without stride or "
                    "padding along rows");
        return false;
    }
    if (x->dim[shape_height(x) + 1] % m->points == 0)
        return true;
    graph_error(node, attr_index(node, "tile"),
                "tiles of %d need rows of a multiple of %d points", m->tile,
                m->points);
    graph_note_inputs(node);
    return false;
}

bool winograd_infer(Graph *graph, Node *node)
{
    WinogradAttrs *a = node_attrs(node, WinogradAttrs);
    const Shape *x = in_shape(node, 0);
    const WinogradMatrices *m;
    WindowAxis axis[WINDOW_DIMS];
    Size kernel;
    if (!op_need_f32(node) || !op_need_image(node) ||
        !op_need_count(node, "filters", a->filters) ||
        !need_tile(node, a->tile) || !window_infer(node, window_of(a), axis))
        return false;
    m = winograd_matrices(a->tile);
    if (!check_columns(node, m))
        return false;
    kernel = (Size){ 2, { a->kernel.at[0], m->points } };
    return op_output(node, DT_F32,
                     image_shape(x, axis[0].out, tiles_of(x, m) * m->tile,
                                 a->filters)) &&
           conv_parameters(
               graph, node,
               (ConvWeights){ &kernel, 1, a->filters, a->bias, LAYOUT_AS_IS,
                              (double)(a->kernel.at[0] * WINOGRAD_TAPS) });
}

int64_t winograd_macs(const Node *node)
{
    const WinogradMatrices *m =
        winograd_matrices(node_attrs(node, WinogradAttrs)->tile);
    const Shape *w = in_shape(node, 1); /* [kh][points][c][oc] */
    return saturated_mul(shape_count(out_shape(node)) / m->tile,
                         shape_count(w) / channels_of(w));
}

/* m[j][oc] += x[j][c] * w[j][c][oc], of one tile and one row of the window */
static void add_products(const WinogradMatrices *m, int64_t channels,
                         int64_t filters, const double *x, const double *w,
                         double *products)
{
    for (int64_t i = 0; i < m->points * channels; i++) {
        double *to = products + i / channels * filters;
        for (int64_t oc = 0; oc < filters; oc++)
            to[oc] += x[i] * w[i * filters + oc];
    }
}

/* y[i][oc] = bias[oc] + sum over j of output[i][j] * m[j][oc] */
static void transform_output(const WinogradMatrices *m, int64_t filters,
                             bool magnitudes, const double *bias,
                             const double *products, double *y)
{
    for (int i = 0; i < m->tile; i++)
        for (int64_t oc = 0; oc < filters; oc++) {
            double sum = bias ? bias[oc] : 0;
            for (int j = 0; j < m->points; j++)
                sum += weigh(m->output[i], j, magnitudes) *
                       products[j * filters + oc];
            y[i * filters + oc] = sum;
        }
}

static void convolve(const Node *node, const double *const *in, bool magnitudes,
                     double *out)
{
    WinogradAttrs *a = node_attrs(node, WinogradAttrs);
    const WinogradMatrices *m = winograd_matrices(a->tile);
    const Shape *x = in_shape(node, 0);
    const int64_t c = channels_of(x), points = m->points * c;
    const int64_t tiles = tiles_of(x, m), sums = m->points * a->filters;
    double *products = mem_alloc((size_t)sums * sizeof *products);
    WindowAxis axis[WINDOW_DIMS];
    window_axes(node, window_of(a), axis);
    for (int64_t row = 0; row < batch_of(x) * axis[0].out; row++)
        for (int64_t t = 0; t < tiles; t++) {
            const double *image = in[0] + row / axis[0].out * image_count(x);
            TapRange rows = window_taps(&axis[0], row % axis[0].out);
            memset(products, 0, (size_t)sums * sizeof *products);
            for (int64_t kh = rows.lo; kh < rows.hi; kh++) {
                int64_t ih = window_at(&axis[0], row % axis[0].out, kh);
                add_products(m, c, a->filters,
                             image + (ih * tiles + t) * points,
                             in[1] + kh * points * a->filters, products);
            }
            transform_output(m, a->filters, magnitudes, a->bias ? in[2] : NULL,
                             products,
                             out + (row * tiles + t) * m->tile * a->filters);
        }
    mem_free(products);
}

void winograd_evaluate(const Node *node, const double *const *in,
                       double *const *out)
{
    convolve(node, in, false, out[0]);
}

/* y[..][tile * t + i][oc] = bias[oc] + sum over j of output[i][j] * acc[j] */
static void store_tile(Lower *lower, Kernel *k, const Node *node,
                       const WinogradMatrices *m, const Affine *const *at,
                       Buffer *acc)
{
    Buffer *y = lower_output(lower, node, 0);
    const Affine *first = affine_scale(k, at[2], m->tile), *oc = at[3];
    for (int i = 0; i < m->tile; i++) {
        const Expr *sum = NULL;
        if (node_attrs(node, WinogradAttrs)->bias)
            sum = k_load(AT(lower_input(lower, node, 2), oc));
        for (int j = 0; j < m->points; j++)
            sum = add_multiple(k, sum, m->output[i][j],
                               k_load(AT(acc, affine_const(k, j))));
        kernel_store(
            k, image_at(y, at[0], at[1], affine_shift(k, first, i), oc), sum);
    }
}

void winograd_lower(Lower *lower, const Node *node)
{
    WinogradAttrs *a = node_attrs(node, WinogradAttrs);
    const WinogradMatrices *m = winograd_matrices(a->tile);
    const Shape *in = in_shape(node, 0);
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *w = lower_input(lower, node, 1);
    Buffer *acc = kernel_local(k, "acc", DT_F32, BUFFER_REG, 1,
                               (const int64_t[]){ m->points });
    WindowAxis axis[WINDOW_DIMS];
    window_axes(node, window_of(a), axis);
    const Affine *at[4], *j, *kh, *ih, *c;
    at[0] = batch_loop(k, in);
    at[1] = affine_var(k, kernel_for(k, "oh", 0, axis[0].out));
    at[2] = affine_var(k, kernel_for(k, "t", 0, tiles_of(in, m)));
    at[3] = affine_var(k, kernel_for(k, "oc", 0, a->filters));
    j = affine_var(k, kernel_for(k, "j", 0, m->points));
    kernel_store(k, AT(acc, j), k_num(0));
    ih = window_loop(k, "kh", &axis[0], at[1], &kh);
    c = affine_var(k, kernel_for(k, "c", 0, channels_of(in)));
    kernel_fma(k, AT(acc, j),
               k_load(image_at(
                   x, at[0], ih,
                   affine_add(k, affine_scale(k, at[2], m->points), j), c)),
               k_load(AT(w, kh, j, c, at[3])));
    kernel_end(k);
    kernel_end(k);
    kernel_end(k);
    store_tile(lower, k, node, m, at, acc);
    lower_end(lower);
}

/* ---- for others ------------------------------------------------------------------------ */

void op_winograd_magnitudes(const Node *node, const double *const *in,
                            double *out)
{
    if (node->op == OP_WINOGRAD_INPUT)
        transform_input(node, in[0], true, out);
    else
        convolve(node, in, true, out);
}
