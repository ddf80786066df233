/*
 * cost_estimate.c - whether a candidate fits the registers, and its cycles.
 *
 *     7 pixels x 3 vectors: 21 sums, 3 weights, 1 input     25 of 32 registers
 *     a step: 21 multiply-adds, 10 loads                    10.5 cycles
 *
 * Rough, but in the same way for all candidates: only the order counts.
 */
#include "kernel/cost.h"

#define CHAINS      8   /* sums that hide the latency of multiply-add */
#define LATENCY     4   /* cycles */
#define TILE_CODE   640 /* multiply-adds written out in one tile */
#define STRIP_LEAST 4   /* vectors */
#define STRIP_MOST  8

/* ---- what a candidate means ------------------------------------------------------- */

static const NestLoop *loop_at(const Cost *c, int index)
{
    return &c->nest->loop[index];
}

/* Vectors of channels that meet their own input: depthwise, pools. */
bool cost_is_per_channel(const Cost *c, const Candidate *cand)
{
    const NestLoop *v = loop_at(c, cand->vector);
    return v->step_x != 0 && (v->step_w != 0 || !c->nest->fma);
}

/* Taps that are written out: along the tile, whose sums then share inputs, and
 * for single channels also those that no padding limits. */
bool cost_is_tap(const Cost *c, const Candidate *cand, int index)
{
    const NestLoop *l = loop_at(c, index);
    if (l->part != NEST_REDUCE || l->pair < 0 || l->extent > 16)
        return false;
    if (l->pair == cand->tile || l->pair == cand->vector)
        return true;
    return cost_is_per_channel(c, cand) && (cand->all_taps || !l->limited);
}

static int64_t taps_of(const Cost *c, const Candidate *cand)
{
    int64_t taps = 1;
    for (int i = 0; i < c->nest->count; i++)
        taps *= cost_is_tap(c, cand, i) ? loop_at(c, i)->extent : 1;
    return taps;
}

/* Iterations of the sum that stay loops. */
static double steps_of(const Cost *c, const Candidate *cand)
{
    double steps = 1;
    for (int i = 0; i < c->nest->count; i++) {
        if (loop_at(c, i)->part == NEST_REDUCE && !cost_is_tap(c, cand, i))
            steps *= (double)loop_at(c, i)->extent;
    }
    return steps;
}

int cost_window_count(const Nest *nest)
{
    int count = 0;
    for (int i = 0; i < nest->count; i++)
        count += nest->loop[i].part == NEST_WINDOW;
    return count;
}

/* Whether window loop i is kept in registers. */
bool cost_is_held(const Cost *c, const Candidate *cand, int index)
{
    int behind = 0;
    for (int i = index + 1; i < c->nest->count; i++)
        behind += loop_at(c, i)->part == NEST_WINDOW;
    return loop_at(c, index)->part == NEST_WINDOW && behind < cand->windows;
}

static int64_t held_of(const Cost *c, const Candidate *cand)
{
    int64_t held = 1;
    for (int i = 0; i < c->nest->count; i++)
        held *= cost_is_held(c, cand, i) ? loop_at(c, i)->extent : 1;
    return held;
}

/* Weights for one of the tile's: where each of what is held has its own. */
static int64_t weights_of(const Cost *c, const Candidate *cand)
{
    int64_t weights = taps_of(c, cand);
    for (int i = 0; i < c->nest->count; i++) {
        if (cost_is_held(c, cand, i) && loop_at(c, i)->step_w != 0)
            weights *= loop_at(c, i)->extent;
    }
    return weights;
}

static double outer_windows_of(const Cost *c, const Candidate *cand)
{
    double count = 1;
    for (int i = 0; i < c->nest->count; i++) {
        if (loop_at(c, i)->part == NEST_WINDOW && !cost_is_held(c, cand, i))
            count *= (double)loop_at(c, i)->extent;
    }
    return count;
}

/* Of one tile. */
static int64_t sums_of(const Cost *c, const Candidate *cand)
{
    return cand->nv * cand->t * cand->rows * held_of(c, cand);
}

/* The weights of a strip leave most of the first cache to the image. Longer
 * strips use more of each page, shorter ones have more weights at hand. */
int64_t cost_strip(const Cost *c, const Candidate *cand)
{
    int64_t extent = loop_at(c, cand->vector)->extent;
    int64_t bytes = 4 * c->lanes * taps_of(c, cand);
    if (!cost_is_per_channel(c, cand) || !c->nest->fma ||
        cost_is_outermost_in_memory(c, cand->vector) || extent % c->lanes != 0)
        return 0;
    for (int64_t strip = STRIP_MOST; strip >= STRIP_LEAST; strip--) {
        if (extent % (strip * c->lanes) == 0 && extent > strip * c->lanes &&
            8 * strip * bytes <= c->target->l1_bytes)
            return strip;
    }
    return 0;
}

/* ---- registers ---------------------------------------------------------------------- */

int64_t cost_vectors_of(const Cost *c, const Candidate *cand)
{
    return ceil_div(loop_at(c, cand->vector)->extent, c->lanes);
}

int64_t cost_tile_extent(const Cost *c, const Candidate *cand)
{
    if (cand->tile < 0)
        return 1;
    int64_t extent = loop_at(c, cand->tile)->extent;
    return cand->fused ? extent * loop_at(c, cand->tile - 1)->extent : extent;
}

bool cost_is_outermost_in_memory(const Cost *c, int index)
{
    const Access *place = &c->nest->store->store.place;
    const Layout *layout = &place->buffer->layout;
    for (int i = 0; !place->flat && i < layout->count; i++) {
        const Piece *p = &layout->piece[i];
        if (p->div > 1 &&
            affine_coef(place->index[p->dim], loop_at(c, index)->var) != 0)
            return true;
    }
    return false;
}

/* Vectors of pixels: weights come one by one, each for all vectors. */
bool cost_is_planar(const Cost *c, const Candidate *cand)
{
    const NestLoop *v = loop_at(c, cand->vector);
    return c->nest->fma && v->step_x != 0 && v->step_w == 0;
}

/* Where taps are written out for vectors of channels, accumulations are sorted
 * by their input: each is loaded once, used by all its sums, and gone. (Taps in
 * their own order share inputs too, far apart, and C compilers keep them in
 * registers that the sums need.) */
bool cost_sorts_input(const Cost *c, const Candidate *cand)
{
    return c->nest->fma && taps_of(c, cand) > 1 && c->nest->x != NULL &&
           !cost_is_planar(c, cand);
}

/* Registers beside the sums: the weights of all taps where inputs come one by
 * one, else those of one tap; and an input. Planar: the inputs of one tap, and
 * a weight. */
static int64_t other_registers(const Cost *c, const Candidate *cand)
{
    int64_t taps = cost_sorts_input(c, cand) ? taps_of(c, cand) : 1;
    if (c->lanes == 1)
        return 8; /* small code for small machines */
    return cost_is_planar(c, cand) ? cand->nv * held_of(c, cand) + 1
                                   : cand->nv * taps + 1;
}

/* Copies of the tile's code: at the start, in the middle and at the end of
 * loops whose padding decides which taps there are. */
static int64_t copies_of(const Cost *c, const Candidate *cand)
{
    int64_t copies = 1;
    for (int i = 0; i < c->nest->outs; i++) {
        const NestLoop *l = loop_at(c, i);
        if (l->limits_others && (i == cand->tile || cand->all_taps))
            copies *= 1 + (l->first > 0) + (l->last > 0);
    }
    return copies;
}

bool cost_fits_registers(const Cost *c, const Candidate *cand)
{
    int64_t sums = sums_of(c, cand), all = sums;
    if (cost_window_count(c->nest) > cand->windows)
        all += cand->nv * cand->t; /* the pool's result lives on */
    int64_t code = c->lanes == 1 ? TILE_CODE / 8 : TILE_CODE;
    int64_t spare = cand->rows > 1 ? 4 : 0; /* for what C compilers mix up */
    if (c->is_light && c->nest->fma && sums > CHAINS)
        return false; /* memory is what it waits for */
    if (cand->strip > 0 && sums > CHAINS)
        return false; /* the smaller, the more stays near */
    return all + other_registers(c, cand) + spare <= c->target->registers &&
           all <= c->target->registers * 7 / 8 &&
           sums * taps_of(c, cand) <= code &&
           sums * taps_of(c, cand) * copies_of(c, cand) <= 3 * code;
}

int64_t cost_partial(const Cost *c, const Candidate *cand, int *loop)
{
    int64_t sums = sums_of(c, cand), times = ceil_div(CHAINS, sums);
    int64_t room = c->target->registers - other_registers(c, cand);
    int found = 0;
    for (int i = 0; i < c->nest->count; i++) {
        if (loop_at(c, i)->part == NEST_OUT)
            continue;
        *loop = i;
        found++;
    }
    if (found != 1 || !c->nest->fma || c->lanes == 1 ||
        loop_at(c, *loop)->part != NEST_REDUCE || cost_is_tap(c, cand, *loop) ||
        loop_at(c, *loop)->limited || loop_at(c, *loop)->extent < 4 * CHAINS)
        return 1;
    if (times > room / sums)
        times = room / sums;
    return times > 1 ? times : 1;
}

/* ---- cycles ----------------------------------------------------------------------------- */

static double max2(double a, double b)
{
    return a > b ? a : b;
}

/* Bytes of the weights that one pass over a tile reads. */
static double weight_bytes(const Cost *c, const Candidate *cand)
{
    double bytes = 4 * steps_of(c, cand) * (double)weights_of(c, cand);
    if (c->nest->w == NULL)
        return 0;
    if (loop_at(c, cand->vector)->step_w == 1)
        return bytes * (double)(cand->nv * c->lanes);
    return bytes * (double)cand->t;
}

static double weight_bandwidth(const Cost *c, const Candidate *cand,
                               double tiles)
{
    double slice = weight_bytes(c, cand);
    if (tiles < 2 || slice > (double)c->target->l2_bytes)
        return slice > (double)c->target->l2_bytes / 2
                   ? c->target->load_bytes_per_cycle_memory
                   : c->target->load_bytes_per_cycle_l2;
    if (slice > 0.6 * (double)c->target->l1_bytes)
        return c->target->load_bytes_per_cycle_l2;
    return c->target->load_bytes_per_cycle_l1;
}

/* Different inputs under the taps of t pixels in each row of the tile. */
static double inputs_of(const Cost *c, const Candidate *cand, double t)
{
    double inputs = (double)held_of(c, cand), rows = (double)cand->rows;
    bool along = false, down = false;
    for (int i = 0; i < c->nest->count; i++) {
        double taps = (double)loop_at(c, i)->extent;
        int pair = loop_at(c, i)->pair;
        if (!cost_is_tap(c, cand, i))
            continue;
        if (pair == cand->tile)
            inputs *= t + taps - 1;
        else if (rows > 1 && pair == cand->tile - 1)
            inputs *= rows + taps - 1;
        else
            inputs *= taps;
        along = along || pair == cand->tile;
        down = down || (rows > 1 && pair == cand->tile - 1);
    }
    return inputs * (along ? 1 : t) * (down ? 1 : rows);
}

/* Loads of one iteration of the innermost loop over a tile of nv x t. A vector
 * that begins at any pixel mostly lies in two lines of the cache, and every
 * other pixel is taken from two vectors. */
static double loads_of(const Cost *c, const Candidate *cand, double nv,
                       double t)
{
    double taps = (double)taps_of(c, cand), held = (double)held_of(c, cand);
    double weights = (double)weights_of(c, cand);
    const NestLoop *v = loop_at(c, cand->vector);
    if (!c->nest->fma)
        return nv * t * held * taps;
    if (cost_is_planar(c, cand)) {
        double each = v->step_x >= 2 ? 1.5 * (double)v->step_x
                      : taps > 1     ? 2
                                     : 1;
        return each * nv * held * taps + t * weights;
    }
    double x =
        cost_sorts_input(c, cand) ? t * held + taps - 1 : t * held * taps;
    if (cost_sorts_input(c, cand) && cost_is_per_channel(c, cand))
        x = inputs_of(c, cand, t);
    return (v->step_x == 0 ? x : nv * x) + nv * weights;
}

/* Bytes of a tile's inputs, weights and results in all its channels. */
static double tile_bytes(const Cost *c, const Candidate *cand, double t)
{
    double steps = steps_of(c, cand), taps = (double)taps_of(c, cand);
    double places =
        steps * (inputs_of(c, cand, t) + taps) + t * (double)cand->rows;
    return 4 * places * (double)loop_at(c, cand->vector)->extent;
}

/* Inputs that a tile of a strip finds in the first cache: those it shares with
 * the one above, if the results in between have left them there. Pixels that
 * lie all channels apart meet in few sets of the cache, so that it holds as
 * many of them as it would with all their channels. */
static double near_inputs(const Cost *c, const Candidate *cand, double t)
{
    Candidate below = *cand;
    below.rows = 2 * cand->rows;
    double inputs = inputs_of(c, cand, t);
    double shared = 2 * inputs - inputs_of(c, &below, t);
    double pixels = shared + t * (double)cand->rows;
    double bytes = 4 * pixels * (double)loop_at(c, cand->vector)->extent;
    if (cand->strip == 0 || bytes > 0.85 * (double)c->target->l1_bytes)
        return 0;
    return shared;
}

/* Channels are the innermost loop, and what neighbouring tiles share has left
 * the first cache by the time it is read again: each tile's inputs come from
 * the second. */
static double far_cycles(const Cost *c, const Candidate *cand, double nv,
                         double t)
{
    double inputs = inputs_of(c, cand, t) - near_inputs(c, cand, t);
    double bytes = 4 * nv * (double)c->lanes * inputs;
    if (!cost_is_per_channel(c, cand) || !c->nest->fma ||
        (cost_is_outermost_in_memory(c, cand->vector) && !cand->all_taps) ||
        tile_bytes(c, cand, t) <= 0.5 * (double)c->target->l1_bytes)
        return 0;
    return bytes / c->target->load_bytes_per_cycle_l2;
}

/* Cycles of one iteration of the innermost loop over a tile of nv x t. */
static double step_cycles(const Cost *c, const Candidate *cand, double nv,
                          double t)
{
    double taps = (double)taps_of(c, cand);
    double sums = nv * t * (double)(cand->rows * held_of(c, cand));
    double per_cycle = c->target->flops_per_cycle / (2 * c->lanes);
    double work = sums * taps / per_cycle;
    int around;
    double chains = sums * (double)cost_partial(c, cand, &around);
    double chain = chains < CHAINS ? taps * LATENCY * sums / chains : 0;
    double loop = steps_of(c, cand) > 1 ? 1.5 : 0;
    return max2(max2(work, loads_of(c, cand, nv, t) / 2), chain) + loop +
           far_cycles(c, cand, nv, t);
}

static double tile_cycles(const Cost *c, const Candidate *cand, double nv,
                          double t, double bandwidth)
{
    double steps = steps_of(c, cand) * outer_windows_of(c, cand);
    double sums = nv * t * (double)(cand->rows * held_of(c, cand));
    double memory = weight_bytes(c, cand) / bandwidth;
    double around = 1.5 * sums * outer_windows_of(c, cand) +
                    2 * nv * t * (double)cand->rows + 12;
    if (cand->all_taps && cand->nv == 1 && cost_sorts_input(c, cand))
        around = sums + 4; /* in the shadow of the multiply-adds */
    if (loop_at(c, cand->vector)->step_y > 1)
        around += 2 * nv * t; /* shuffles */
    return max2(steps * step_cycles(c, cand, nv, t), memory) + around;
}

/* Of all tiles of cand->rows rows, which stand in so many places. */
static double bands_cycles(const Cost *c, const Candidate *cand, double outer)
{
    int64_t nv = cost_vectors_of(c, cand), t = cost_tile_extent(c, cand);
    int64_t vrest = nv % cand->nv, trest = t % cand->t;
    double tiles = outer * (double)(t / cand->t + (trest > 0));
    double bw = weight_bandwidth(c, cand, tiles);
    double row = (double)(t / cand->t) *
                 tile_cycles(c, cand, (double)cand->nv, (double)cand->t, bw);
    if (trest > 0)
        row += tile_cycles(c, cand, (double)cand->nv, (double)trest, bw) + 4;
    double last = 0;
    if (vrest > 0)
        last = (double)(t / cand->t + (trest > 0)) *
               (tile_cycles(c, cand, (double)vrest, (double)cand->t, bw) + 4);
    double cycles = outer * ((double)(nv / cand->nv) * row + last);
    /* What is peeled is code a second time. */
    return vrest > 0 && nv > cand->nv ? 1.03 * cycles : cycles;
}

double cost_cycles(const Cost *c, const Candidate *cand)
{
    double outer = 1;
    for (int i = 0; i < c->nest->outs; i++) {
        if (i != cand->vector && i != cand->tile &&
            !((cand->fused || cand->rows > 1) && i == cand->tile - 1))
            outer *= (double)loop_at(c, i)->extent;
    }
    if (cand->rows == 1)
        return bands_cycles(c, cand, outer);
    int64_t rows = loop_at(c, cand->tile - 1)->extent;
    Candidate rest = *cand;
    rest.rows = rows % cand->rows;
    double cycles = (double)(rows / cand->rows) * bands_cycles(c, cand, outer);
    return rest.rows == 0 ? cycles : cycles + bands_cycles(c, &rest, outer);
}
