/*
 * resize.c - an image in another size.
 *
 *     y[oh][ow][c] = sum over kh, kw of
 *                    x[row(oh) + kh][column(ow) + kw][c] * v[oh][kh] * w[ow][kw]
 *
 * Both directions by themselves: which pixels and which weights, are tables
 * (resize_axis.c). Where the first pixel moves by the same step from output to
 * output, the outputs are a run; each pair of a run of rows and one of columns
 * is a nest, with every index a sum of loop variables.
 */
#include "op/resize.h"

#define MOST_PIXELS  ((int64_t)1 << 20) /* of a direction */
#define MOST_WEIGHTS ((int64_t)1 << 24)
#define MOST_HALF    ((int64_t)1 << 40) /* elements, one direction done */

/* ---- shape ---------------------------------------------------------------------- */

/* All of them finite, as many as one of the counts says. */
static bool check_list(const Node *node, const char *attr,
                       const FloatList *list, int count, int or_count)
{
    if (list->count != count && list->count != or_count) {
        graph_error(node, attr_index(node, attr),
                    "'%s' of 'resize' needs %d numbers, got %d", attr, count,
                    list->count);
        return false;
    }
    for (int i = 0; i < list->count; i++)
        if (!isfinite(list->at[i])) {
            graph_error(node, attr_index(node, attr),
                        "'%s' of 'resize' must be finite", attr);
            return false;
        }
    return true;
}

static bool check_lists(const Node *node, const ResizeAttrs *a)
{
    if (!check_list(node, "scale", &a->scale, WINDOW_DIMS, 1) ||
        !check_list(node, "crop", &a->crop, 2 * WINDOW_DIMS, 2 * WINDOW_DIMS))
        return false;
    for (int i = 0; i < a->scale.count; i++)
        if (a->scale.at[i] < 0) {
            graph_error(node, attr_index(node, "scale"),
                        "'scale' of 'resize' must not be negative, got %g",
                        a->scale.at[i]);
            return false;
        }
    for (int i = 0; i < WINDOW_DIMS; i++)
        if (a->crop.at[i] > a->crop.at[WINDOW_DIMS + i]) {
            graph_error(node, attr_index(node, "crop"),
                        "'crop' of 'resize' ends before it begins: %g to %g",
                        a->crop.at[i], a->crop.at[WINDOW_DIMS + i]);
            return false;
        }
    return true;
}

static bool check_words(const Node *node, const ResizeAttrs *a)
{
    return op_need_word(node, "mode", a->mode) &&
           op_need_word(node, "coordinates", a->coordinates) &&
           op_need_word(node, "round", a->round);
}

static int64_t columns_done(const Shape *x, const Shape *y)
{
    return saturated_mul(shape_count(x) / x->dim[shape_height(x) + 1],
                         y->dim[shape_height(y) + 1]);
}

static int64_t rows_done(const Shape *x, const Shape *y)
{
    return saturated_mul(shape_count(x) / x->dim[shape_height(x)],
                         y->dim[shape_height(y)]);
}

static bool columns_first(const Shape *x, const Shape *y)
{
    return columns_done(x, y) <= rows_done(x, y);
}

/* Elements between the one direction and the other. */
static int64_t half_count(const Shape *x, const Shape *y)
{
    return columns_first(x, y) ? columns_done(x, y) : rows_done(x, y);
}

static bool check_work(const Node *node, const ResizeAttrs *a)
{
    const Shape *x = in_shape(node, 0);
    for (int i = 0; i < WINDOW_DIMS; i++) {
        int64_t in = x->dim[shape_height(x) + i];
        if (a->size.at[i] <= MOST_PIXELS && in <= MOST_PIXELS &&
            saturated_mul(a->size.at[i], resize_taps(node, i)) <= MOST_WEIGHTS)
            continue;
        graph_error(node, attr_index(node, "size"),
                    "'resize' from %lld to %lld pixels is too large",
                    (long long)in, (long long)a->size.at[i]);
        return false;
    }
    return true;
}

static bool check_half(const Node *node)
{
    if (half_count(in_shape(node, 0), out_shape(node)) <= MOST_HALF)
        return true;
    graph_error(node, attr_index(node, "size"),
                "'resize' from %s to %s is too large",
                shape_show(in_shape(node, 0)), shape_show(out_shape(node)));
    return false;
}

bool resize_infer(Graph *graph, Node *node)
{
    ResizeAttrs *a = node_attrs(node, ResizeAttrs);
    (void)graph;
    return op_need_f32(node) && op_need_image(node) &&
           op_spread_size(node, "size", &a->size, WINDOW_DIMS) &&
           check_words(node, a) && check_lists(node, a) &&
           check_work(node, a) &&
           op_output(node, DT_F32,
                     image_shape(in_shape(node, 0), a->size.at[0],
                                 a->size.at[1],
                                 channels_of(in_shape(node, 0)))) &&
           check_half(node);
}

int64_t resize_macs(const Node *node)
{
    (void)node;
    return 0;
}

/* ---- reference ------------------------------------------------------------------- */

/* [outer][in][inner] becomes [outer][out][inner]. */
static void resize_along(const ResizeAxis *a, int64_t outer, int64_t inner,
                         double outside, const double *x, double *y)
{
    for (int64_t i = 0; i < outer; i++, x += a->in * inner)
        for (int64_t o = 0; o < a->out; o++, y += inner) {
            for (int64_t c = 0; c < inner; c++)
                y[c] = a->outside[o] ? outside : 0;
            for (int64_t j = 0; j < a->taps; j++) {
                const double weight = a->weight[o * a->taps + j];
                const double *from = x + (a->base[o] + j) * inner;
                for (int64_t c = 0; c < inner && weight != 0; c++)
                    y[c] += weight * from[c];
            }
        }
}

/* What was beside the image in the first direction stays so in the second. */
static void keep_outside(const ResizeAxis *rows, const ResizeAxis *columns,
                         int64_t c, double outside, double *y)
{
    for (int64_t oh = 0; oh < rows->out; oh++)
        for (int64_t ow = 0; ow < columns->out; ow++, y += c)
            for (int64_t i = 0; i < c; i++)
                if (rows->outside[oh] || columns->outside[ow])
                    y[i] = outside;
}

/* First the direction that leaves less. */
void resize_evaluate(const Node *node, const double *const *in,
                     double *const *out)
{
    const double outside = node_attrs(node, ResizeAttrs)->outside;
    const Shape *x = in_shape(node, 0), *y = out_shape(node);
    const int64_t c = channels_of(x), batch = batch_of(x);
    Arena *arena = arena_new();
    ResizeAxis rows = resize_axis(arena, node, 0);
    ResizeAxis columns = resize_axis(arena, node, 1);
    const bool first = columns_first(x, y);
    double *half = mem_alloc(sizeof *half * (size_t)half_count(x, y));
    if (first) {
        resize_along(&columns, batch * rows.in, c, outside, in[0], half);
        resize_along(&rows, batch, columns.out * c, outside, half, out[0]);
    } else {
        resize_along(&rows, batch, columns.in * c, outside, in[0], half);
        resize_along(&columns, batch * rows.out, c, outside, half, out[0]);
    }
    for (int64_t n = 0; n < batch; n++)
        keep_outside(&rows, &columns, c, outside, out[0] + n * image_count(y));
    mem_free(half);
    arena_free(arena);
}

/* ---- loops ------------------------------------------------------------------------ */

/* One direction of a nest. */
typedef struct Line {
    const ResizeAxis *axis;
    const ResizeRun *run;
    const Affine *q, *out, *in, *tap;
    Buffer *weight; /* [outputs][taps], or [1][taps] where all are equal; NULL:
                       a single 1 */
} Line;

static double weight_at(const Line *l, int64_t q, int64_t j)
{
    int64_t o = l->run->first + q * l->run->period;
    return l->axis->weight[o * l->axis->taps + l->run->lead + j];
}

static bool is_constant(const Line *l)
{
    for (int64_t q = 1; q < l->run->count; q++)
        for (int64_t j = 0; j < l->run->taps; j++)
            if (weight_at(l, q, j) != weight_at(l, 0, j))
                return false;
    return true;
}

static void make_weights(Lower *lower, Kernel *k, const Node *node, Line *l)
{
    const ResizeRun *run = l->run;
    const bool constant = is_constant(l);
    const int64_t rows = constant ? 1 : run->count;
    float *data;
    l->weight = NULL;
    if (run->outside || (constant && run->taps == 1 && weight_at(l, 0, 0) == 1))
        return;
    data = NEW_N(k->arena, float, rows * run->taps);
    for (int64_t i = 0; i < rows * run->taps; i++)
        data[i] = (float)weight_at(l, i / run->taps, i % run->taps);
    l->weight = lower_constant(lower, node->output[0], 2,
                               (int64_t[]){ rows, run->taps }, data);
}

static void open_outputs(Kernel *k, Line *l, const char *name)
{
    const ResizeRun *run = l->run;
    l->q = affine_var(k, kernel_for(k, name, 0, run->count));
    l->out = affine_shift(k, affine_scale(k, l->q, run->period), run->first);
}

static void open_taps(Kernel *k, Line *l, const char *name)
{
    const ResizeRun *run = l->run;
    l->in = lower_window(k, name, l->q, run->count, run->taps, run->step, 1,
                         -run->base, l->axis->in, &l->tap);
}

/* The only pixel, without a loop. */
static void take_pixel(Kernel *k, Line *l)
{
    l->in = affine_shift(k, affine_scale(k, l->q, l->run->step), l->run->base);
}

static const Expr *load_weight(Kernel *k, const Line *l)
{
    return k_load(AT(l->weight,
                     l->weight->dim[0].extent == 1 ? affine_const(k, 0) : l->q,
                     l->tap));
}

/* The weight under the taps that are open. */
static const Expr *weight_of(Kernel *k, const Line *rows, const Line *columns)
{
    if (!rows->weight)
        return load_weight(k, columns);
    if (!columns->weight)
        return load_weight(k, rows);
    return k_mul(load_weight(k, rows), load_weight(k, columns));
}

/* The sum over the taps, in a register. */
static const Expr *sum_taps(Kernel *k, Buffer *x, const Affine *n, Line *rows,
                            Line *columns, const Affine *c)
{
    Access acc = lower_scalar(k, "acc", DT_F32);
    kernel_store(k, acc, k_num(0));
    open_taps(k, rows, "kh");
    open_taps(k, columns, "kw");
    kernel_fma(k, acc, k_load(image_at(x, n, rows->in, columns->in, c)),
               weight_of(k, rows, columns));
    kernel_end(k);
    kernel_end(k);
    return k_load(acc);
}

static void lower_runs(Lower *lower, Kernel *k, const Node *node, Line *rows,
                       Line *columns)
{
    const ResizeAttrs *a = node_attrs(node, ResizeAttrs);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const Affine *n = batch_loop(k, out_shape(node)), *c;
    const Expr *value;
    const int depth = k->depth - (n != NULL);
    open_outputs(k, rows, "oh");
    open_outputs(k, columns, "ow");
    c = affine_var(k, kernel_for(k, "c", 0, channels_of(out_shape(node))));
    if (rows->run->outside || columns->run->outside) {
        value = k_num(a->outside);
    } else if (!rows->weight && !columns->weight) {
        take_pixel(k, rows);
        take_pixel(k, columns);
        value = k_load(image_at(x, n, rows->in, columns->in, c));
    } else {
        value = sum_taps(k, x, n, rows, columns, c);
    }
    kernel_store(k, image_at(y, n, rows->out, columns->out, c), value);
    while (k->depth > depth)
        kernel_end(k);
}

void resize_lower(Lower *lower, const Node *node)
{
    Kernel *k = lower_begin(lower, node);
    ResizeAxis axis[WINDOW_DIMS];
    ResizeRuns runs[WINDOW_DIMS] = { { 0 }, { 0 } };
    for (int d = 0; d < WINDOW_DIMS; d++) {
        axis[d] = resize_axis(k->arena, node, d);
        resize_runs(&axis[d], &runs[d]);
    }
    for (int r = 0; r < runs[0].count; r++) {
        Line rows = { .axis = &axis[0], .run = &runs[0].at[r] };
        make_weights(lower, k, node, &rows);
        for (int c = 0; c < runs[1].count; c++) {
            Line columns = { .axis = &axis[1], .run = &runs[1].at[c] };
            make_weights(lower, k, node, &columns);
            lower_runs(lower, k, node, &rows, &columns);
        }
    }
    vec_free(&runs[0]);
    vec_free(&runs[1]);
    lower_end(lower);
}
