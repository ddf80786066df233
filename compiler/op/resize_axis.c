/*
 * resize_axis.c - from coordinates to pixels and weights, and what repeats.
 *
 *     out 0    pixels -1 0    (0 twice)       twice the size, linear:
 *     out 1    pixels  0 1                    two runs, of even and of odd
 *     out 2    pixels  0 1                    outputs; in each the first pixel
 *     out 3    pixels  1 2                    moves by one from output to
 *     ...                                     output
 *
 * Coordinates are those of ONNX's Resize. For the nearest pixel they are
 * rounded to floats, after the division by the scale too: then a scale like
 * 0.6, which no float is, meets the pixels that it means.
 */
#include <float.h>
#include <string.h>

#include "op/resize.h"

#define MOST_PERIOD 64
#define FAR_AWAY    ((double)SIZE_LIMIT)

/* ---- coordinates ------------------------------------------------------------------ */

typedef struct Mapping {
    const ResizeAttrs *attrs;
    const char *how; /* the attribute 'coordinates' */
    int64_t in, out;
    double scale, width; /* width: of the output, before it was rounded */
    double start, end;   /* of the crop */
} Mapping;

static Mapping mapping_of(const Node *node, int dim)
{
    const ResizeAttrs *a = node_attrs(node, ResizeAttrs);
    const Shape *x = in_shape(node, 0);
    Mapping m = { .attrs = a,
                  .how = a->coordinates,
                  .in = x->dim[shape_height(x) + dim],
                  .out = a->size.at[dim],
                  .start = a->crop.at[dim],
                  .end = a->crop.at[dim + 2] };
    m.scale = a->scale.at[a->scale.count == 1 ? 0 : dim];
    m.width =
        m.scale > 0 ? (double)(float)(m.scale * (double)m.in) : (double)m.out;
    if (m.scale <= 0)
        m.scale = (double)m.out / (double)m.in;
    return m;
}

static bool is_word(Word word, const char *other)
{
    return strcmp(word, other) == 0;
}

static double place_in_crop(const Mapping *m, double o)
{
    const double last = (double)(m->in - 1);
    double share = m->width == 1 ? 0.5 : o / (m->width - 1);
    return (m->start + share * (m->end - m->start)) * last;
}

/* o / scale */
static double unscaled(const Mapping *m, double o)
{
    const double place = o / m->scale;
    return is_word(m->attrs->mode, "nearest") ? (double)(float)place : place;
}

/* Where output o lies among the input's pixels. */
static double place_of(const Mapping *m, double o)
{
    const double in = (double)m->in, out = (double)m->out;
    const double half = unscaled(m, o + 0.5) - 0.5;
    if (is_word(m->how, "asymmetric"))
        return unscaled(m, o);
    if (is_word(m->how, "tf_half_pixel"))
        return m->scale == 1 ? o : unscaled(m, o + 0.5);
    if (is_word(m->how, "align_corners"))
        return m->width <= 1 ? 0 : o * (in - 1) / (m->width - 1);
    if (is_word(m->how, "pytorch_half_pixel"))
        return m->out == 1 ? 0 : half;
    if (is_word(m->how, "half_pixel_symmetric"))
        return in / 2 * (1 - out / m->width) + half;
    return is_word(m->how, "crop") ? place_in_crop(m, o) : half;
}

/* ---- weights ------------------------------------------------------------------------ */

/* A window of taps that begins at pixel `base`. */
typedef struct Taps {
    int64_t base;
    double *weight;
} Taps;

static int64_t nearest_pixel(const ResizeAttrs *a, double exact)
{
    const double place = (double)(float)exact;
    if (is_word(a->round, "floor"))
        return (int64_t)floor(place);
    if (is_word(a->round, "ceil"))
        return (int64_t)ceil(place);
    return is_word(a->round, "prefer_ceil") ? (int64_t)floor(place + 0.5)
                                            : (int64_t)ceil(place - 0.5);
}

static double kernel_at(const ResizeAttrs *a, double x)
{
    const double b = a->cubic;
    x = fabs(x);
    if (is_word(a->mode, "linear"))
        return ref_max(0, 1 - x);
    if (x <= 1)
        return ((b + 2) * x - (b + 3)) * x * x + 1;
    return x < 2 ? ((b * x - 5 * b) * x + 8 * b) * x - 4 * b : 0;
}

/* How much smaller the image gets: the kernel is as much wider. */
static double shrinking(const Mapping *m)
{
    return m->attrs->antialias ? ref_min(1, m->scale) : 1;
}

static int64_t taps_of(const Mapping *m)
{
    const double reach = is_word(m->attrs->mode, "linear") ? 1 : 2;
    double taps = 2 * ceil(reach / shrinking(m));
    if (is_word(m->attrs->mode, "nearest"))
        return 1;
    return taps < (double)SIZE_LIMIT ? (int64_t)taps : SIZE_LIMIT;
}

int64_t resize_taps(const Node *node, int dim)
{
    const Mapping m = mapping_of(node, dim);
    return taps_of(&m);
}

static void weigh(const Mapping *m, double place, int64_t taps, Taps *t)
{
    const double shrink = shrinking(m);
    double sum = 0;
    if (taps == 1) {
        t->base = nearest_pixel(m->attrs, place);
        t->weight[0] = 1;
        return;
    }
    t->base = (int64_t)floor(place) + 1 - taps / 2;
    for (int64_t j = 0; j < taps; j++) {
        int64_t pixel = t->base + j;
        bool counts =
            !m->attrs->exclude_outside || (pixel >= 0 && pixel < m->in);
        t->weight[j] =
            counts ? kernel_at(m->attrs, ((double)pixel - place) * shrink) : 0;
        sum += t->weight[j];
    }
    for (int64_t j = 0; j < taps && sum != 0; j++)
        t->weight[j] /= sum;
}

static bool is_outside(const Mapping *m, double place)
{
    return is_word(m->how, "crop") &&
           ((float)place < 0 || (float)place > (float)(m->in - 1));
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* Pixels beside the image are those of its edge. */
static void fold_edges(int64_t in, int64_t taps, Taps *t, double *to)
{
    const int64_t base = clamp(t->base, 1 - taps, in - 1);
    for (int64_t j = 0; j < taps; j++) {
        int64_t pixel = clamp(t->base + j, 0, in - 1);
        to[pixel - base] += t->weight[j];
    }
    for (int64_t j = 0; j < taps; j++)
        if (fabs(to[j]) < DBL_EPSILON * 64) /* what rounding left of 0 */
            to[j] = 0;
    t->base = base;
}

ResizeAxis resize_axis(Arena *arena, const Node *node, int dim)
{
    const Mapping m = mapping_of(node, dim);
    ResizeAxis axis = { .in = m.in, .out = m.out, .taps = taps_of(&m) };
    Taps t = { .weight = NEW_N(arena, double, axis.taps) };
    axis.base = NEW_N(arena, int64_t, axis.out);
    axis.weight = NEW_N(arena, double, axis.out *axis.taps);
    axis.outside = NEW_N(arena, bool, axis.out);
    for (int64_t o = 0; o < m.out; o++) {
        double place = place_of(&m, (double)o);
        axis.outside[o] = is_outside(&m, place);
        if (axis.outside[o])
            continue;
        /* Far away there is nothing but the edge. */
        place = ref_clip(place, -FAR_AWAY, (double)m.in + FAR_AWAY);
        weigh(&m, place, axis.taps, &t);
        fold_edges(m.in, axis.taps, &t, axis.weight + o * axis.taps);
        axis.base[o] = t.base;
    }
    return axis;
}

/* ---- runs --------------------------------------------------------------------------- */

/* The longest run from output `first` on. */
static ResizeRun run_from(const ResizeAxis *a, int64_t first, int64_t period)
{
    ResizeRun run = { .first = first,
                      .period = period,
                      .count = 1,
                      .base = a->base[first],
                      .taps = a->taps,
                      .outside = a->outside[first] };
    for (int64_t o = first + period; o < a->out; o += period, run.count++) {
        int64_t step = a->base[o] - a->base[o - period];
        if (a->outside[o] != run.outside || step < 0)
            break;
        if (run.count == 1)
            run.step = step;
        if (step != run.step)
            break;
    }
    return run;
}

static int64_t count_runs(const ResizeAxis *a, int64_t period, int64_t most)
{
    int64_t count = 0;
    for (int64_t r = 0; r < period && count < most; r++)
        for (int64_t o = r; o < a->out && count < most; count++) {
            ResizeRun run = run_from(a, o, period);
            o += run.count * period;
        }
    return count;
}

static int64_t best_period(const ResizeAxis *a)
{
    int64_t best = 1, least = count_runs(a, 1, INT64_MAX);
    for (int64_t p = 2; p <= MOST_PERIOD && p < a->out && p < least; p++) {
        int64_t count = count_runs(a, p, least);
        if (count < least) {
            least = count;
            best = p;
        }
    }
    return best;
}

static bool tap_is_idle(const ResizeAxis *a, const ResizeRun *run, int64_t j)
{
    for (int64_t q = 0; q < run->count; q++)
        if (a->weight[(run->first + q * run->period) * a->taps + j] != 0)
            return false;
    return true;
}

/* Leaves out taps at either end that have no weight in any output. */
static void trim(const ResizeAxis *a, ResizeRun *run)
{
    while (run->taps > 1 && tap_is_idle(a, run, run->lead + run->taps - 1))
        run->taps--;
    while (run->taps > 1 && tap_is_idle(a, run, run->lead)) {
        run->lead++;
        run->taps--;
    }
    run->base += run->lead;
}

void resize_runs(const ResizeAxis *a, ResizeRuns *runs)
{
    const int64_t period = best_period(a);
    for (int64_t r = 0; r < period; r++)
        for (int64_t o = r; o < a->out;) {
            ResizeRun run = run_from(a, o, period);
            o += run.count * period;
            if (!run.outside)
                trim(a, &run);
            vec_push(runs, run);
        }
}
