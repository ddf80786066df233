/*
 * cost.c - chooses a schedule: candidates, estimated in cycles, tried in turn.
 *
 * A candidate is a register tile: NV vectors of one variable by T values of
 * another, times the windows that are kept in registers at once.
 *
 *     convolution, many channels     NV vectors of oc,  T pixels of ow
 *     convolution, planar            NV vectors of ow,  T filters of oc
 *     depthwise                      NV vectors of c,   T pixels of ow
 *     dense                          NV vectors of oc,  T = 1
 *
 * It must fit the registers, and should keep both multiply units busy: enough
 * independent sums to hide their latency, few loads a multiply-add, weights
 * that come from a near cache, little waste in the last vector and tile.
 */
#include "kernel/cost.h"

#include <stdlib.h>

#define CHAINS          8   /* sums that hide the latency of multiply-add */
#define LATENCY         4   /* cycles */
#define TILE_CODE       640 /* multiply-adds written out in one tile */
#define CANDIDATES_MOST 4096
#define TRIES           12 /* candidates applied before giving up */

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

static int window_count_of(const Nest *nest)
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

/* A window may be kept in registers where its limits stay constants, and must
 * be where the limits of taps along the tile depend on it. */
static bool windows_allowed(const Cost *c, const Candidate *cand)
{
    for (int i = 0; i < c->nest->count; i++) {
        int pair = loop_at(c, i)->pair;
        bool limits = loop_at(c, i)->limits_others ||
                      (pair >= 0 && loop_at(c, pair)->limits_others);
        if (loop_at(c, i)->part != NEST_WINDOW || !limits)
            continue;
        bool along = pair >= 0 && (pair == cand->tile || pair == cand->vector);
        if (cost_is_held(c, cand, i) != along)
            return false;
    }
    return true;
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

static bool fits_registers(const Cost *c, const Candidate *cand)
{
    int64_t sums = cand->nv * cand->t * held_of(c, cand), all = sums;
    if (window_count_of(c->nest) > cand->windows)
        all += cand->nv * cand->t; /* the pool's result lives on */
    int64_t code = c->lanes == 1 ? TILE_CODE / 8 : TILE_CODE;
    if (c->is_light && c->nest->fma && sums > CHAINS)
        return false; /* memory is what it waits for */
    return all + other_registers(c, cand) <= c->target->registers &&
           all <= c->target->registers * 7 / 8 &&
           sums * taps_of(c, cand) <= code &&
           sums * taps_of(c, cand) * copies_of(c, cand) <= 3 * code;
}

/* ---- cycles ----------------------------------------------------------------------------- */

static double max2(double a, double b)
{
    return a > b ? a : b;
}

/* Bytes of the weights that one pass over a tile reads. */
static double weight_bytes(const Cost *c, const Candidate *cand)
{
    double bytes = 4 * steps_of(c, cand) * (double)taps_of(c, cand);
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

/* Loads of one iteration of the innermost loop over a tile of nv x t. A vector
 * that begins at any pixel mostly lies in two lines of the cache, and every
 * other pixel is taken from two vectors. */
static double loads_of(const Cost *c, const Candidate *cand, double nv,
                       double t)
{
    double taps = (double)taps_of(c, cand), held = (double)held_of(c, cand);
    const NestLoop *v = loop_at(c, cand->vector);
    if (!c->nest->fma)
        return nv * t * held * taps;
    if (cost_is_planar(c, cand)) {
        double each = v->step_x >= 2 ? 1.5 * (double)v->step_x
                      : taps > 1     ? 2
                                     : 1;
        return each * nv * held * taps + t * taps;
    }
    double x =
        cost_sorts_input(c, cand) ? t * held + taps - 1 : t * held * taps;
    return (v->step_x == 0 ? x : nv * x) + nv * taps;
}

/* Cycles of one iteration of the innermost loop over a tile of nv x t. */
static double step_cycles(const Cost *c, const Candidate *cand, double nv,
                          double t)
{
    double taps = (double)taps_of(c, cand);
    double sums = nv * t * (double)held_of(c, cand);
    double per_cycle = c->target->flops_per_cycle / (2 * c->lanes);
    double work = sums * taps / per_cycle;
    double chain = sums < CHAINS ? taps * LATENCY : 0;
    double loop = steps_of(c, cand) > 1 ? 1.5 : 0;
    return max2(max2(work, loads_of(c, cand, nv, t) / 2), chain) + loop;
}

static double tile_cycles(const Cost *c, const Candidate *cand, double nv,
                          double t, double bandwidth)
{
    double steps = steps_of(c, cand) * outer_windows_of(c, cand);
    double sums = nv * t * (double)held_of(c, cand);
    double memory = weight_bytes(c, cand) / bandwidth;
    double around = 1.5 * sums * outer_windows_of(c, cand) + 2 * nv * t + 12;
    return max2(steps * step_cycles(c, cand, nv, t), memory) + around;
}

static double cycles_of(const Cost *c, const Candidate *cand)
{
    double outer = 1;
    for (int i = 0; i < c->nest->outs; i++) {
        if (i != cand->vector && i != cand->tile &&
            !(cand->fused && i == cand->tile - 1))
            outer *= (double)loop_at(c, i)->extent;
    }
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

/* ---- candidates ------------------------------------------------------------------------- */

static bool can_fuse(const Cost *c, int tile)
{
    const NestLoop *b = loop_at(c, tile);
    if (tile < 1 + c->rows || c->nest->x == NULL)
        return false;
    const NestLoop *a = loop_at(c, tile - 1);
    return !a->limits_others && !b->limits_others &&
           a->step_x == b->step_x * b->extent &&
           a->step_y == b->step_y * b->extent && a->step_w == 0 &&
           b->step_w == 0;
}

static void add_tiles(Cost *c, Candidate cand)
{
    int64_t vectors = cost_vectors_of(c, &cand),
            extent = cost_tile_extent(c, &cand);
    for (cand.nv = 1; cand.nv <= vectors && cand.nv <= 8; cand.nv++) {
        int64_t seen = 0;
        for (int64_t most = 1; most <= 28; most++) {
            /* as many in each tile as can be */
            cand.t = ceil_div(extent, ceil_div(extent, most));
            if (cand.t == seen || !fits_registers(c, &cand))
                continue;
            seen = cand.t;
            cand.cycles = cycles_of(c, &cand);
            if (c->candidates.count < CANDIDATES_MOST)
                vec_push(&c->candidates, cand);
        }
    }
}

/* Few rows have padding under their window: each stands for itself. */
static bool edges_are_short(const Cost *c)
{
    bool any = false;
    for (int i = 0; i < c->nest->outs; i++) {
        const NestLoop *l = loop_at(c, i);
        any = any || l->limits_others;
        if (l->limits_others && (l->first > 2 || l->last > 2))
            return false;
    }
    return any;
}

static void add_windows(Cost *c, Candidate cand)
{
    int windows = window_count_of(c->nest);
    for (cand.windows = 0; cand.windows <= windows; cand.windows++) {
        if (!windows_allowed(c, &cand))
            continue;
        cand.all_taps = false;
        add_tiles(c, cand);
        cand.all_taps =
            cost_is_per_channel(c, &cand) && c->lanes > 1 && !c->rows;
        if (cand.all_taps && edges_are_short(c))
            add_tiles(c, cand);
    }
}

static bool has_filters(const Cost *c)
{
    for (int i = 0; i < c->nest->outs; i++) {
        if (loop_at(c, i)->step_x == 0 && loop_at(c, i)->step_w != 0)
            return true;
    }
    return false;
}

/* The other loop of the tile: pixels for a vector of channels, filters for a
 * vector of pixels. */
static bool can_tile(const Cost *c, int vector, int tile)
{
    const NestLoop *v = loop_at(c, vector), *t = loop_at(c, tile);
    if (tile == vector)
        return false;
    if (!c->nest->fma)
        return t->step_x != 0 && t->step_x != STEP_UNKNOWN;
    if (v->step_x != 0 && v->step_w == 0 && has_filters(c))
        return t->step_x == 0 && t->step_w != 0;
    return t->step_w == 0 && t->step_x != 0;
}

static void add_vector(Cost *c, const Kernel *kernel, int vector)
{
    const NestLoop *v = loop_at(c, vector);
    if (c->lanes > 1 &&
        (v->limits_others || !nest_can_vectorize(kernel, c->nest, v->var)))
        return;
    Candidate cand = { .vector = vector, .tile = -1 };
    int before = c->candidates.count;
    for (int tile = c->nest->outs - 1; tile >= c->rows; tile--) {
        if (!can_tile(c, vector, tile))
            continue;
        cand.tile = tile;
        cand.fused = false;
        add_windows(c, cand);
        cand.fused = can_fuse(c, tile) && tile - 1 != vector;
        if (cand.fused)
            add_windows(c, cand);
    }
    cand.tile = -1;
    cand.fused = false;
    if (c->candidates.count == before)
        add_windows(c, cand);
}

static int by_cycles(const void *a, const void *b)
{
    const Candidate *x = a, *y = b;
    if (x->cycles != y->cycles)
        return x->cycles < y->cycles ? -1 : 1;
    if (x->nv != y->nv)
        return x->nv < y->nv ? -1 : 1;
    return x->t < y->t ? -1 : x->t > y->t;
}

/* ---- choosing --------------------------------------------------------------------------- */

static void gather_candidates(Cost *c, const Kernel *kernel)
{
    for (int i = c->rows; i < c->nest->outs; i++)
        add_vector(c, kernel, i);
    if (c->candidates.count > 0)
        qsort(c->candidates.at, (size_t)c->candidates.count,
              sizeof c->candidates.at[0], by_cycles);
}

/* On a copy; what it packed, buffers of the program, is laid out as before. */
static bool works(const Kernel *kernel, const Schedule *schedule,
                  const Target *target)
{
    Text why = { 0 };
    Kernel *copy = kernel_copy(kernel);
    Layout *before = mem_alloc((size_t)kernel->params.count * sizeof *before);
    for (int i = 0; i < kernel->params.count; i++)
        before[i] = kernel->params.at[i]->layout;
    bool ok = schedule_apply(copy, schedule, target, &why);
    for (int i = 0; i < kernel->params.count; i++)
        kernel->params.at[i]->layout = before[i];
    mem_free(before);
    kernel_free(copy);
    text_free(&why);
    return ok;
}

/* The first of the cheapest that can be applied after the first steps. */
static bool choose_candidate(const Cost *c, const Kernel *kernel,
                             const Kernel *seen, Schedule *schedule)
{
    int first = schedule->steps.count;
    for (int i = 0; i < c->candidates.count && i < TRIES; i++) {
        cost_write(c, &c->candidates.at[i], seen, schedule);
        if (works(kernel, schedule, c->target))
            return true;
        schedule->steps.count = first;
    }
    schedule->steps.count = 0;
    return false;
}

static bool choose_tiles(const Cost *c, const Kernel *kernel,
                         Schedule *schedule)
{
    if (cost_write_tiles(kernel, c->nest, schedule) &&
        works(kernel, schedule, c->target))
        return true;
    schedule->steps.count = 0;
    return false;
}

/* The kernel after the first steps, or NULL where they do not apply. */
static Kernel *kernel_after(const Kernel *kernel, const Schedule *schedule)
{
    Text why = { 0 };
    Kernel *copy = kernel_copy(kernel);
    bool ok = schedule_steps(copy, schedule, &why);
    text_free(&why);
    if (ok)
        return copy;
    kernel_free(copy);
    return NULL;
}

/* First steps: zeros read instead of limits, or one long loop. */
static Kernel *choose_start(const Kernel *kernel, bool rows, Schedule *schedule)
{
    Nest nest;
    Kernel *seen;
    schedule_add(schedule, STEP_HALO, 0, 0, "");
    if ((seen = kernel_after(kernel, schedule)) != NULL)
        return seen;
    schedule->steps.count = 0;
    seen = kernel_copy(kernel);
    if (rows || !nest_read(seen, &nest) || nest.main != nest.store ||
        nest.outs < 2)
        return seen;
    cost_write_flat(seen, &nest, schedule);
    kernel_free(seen);
    if ((seen = kernel_after(kernel, schedule)) != NULL)
        return seen;
    schedule->steps.count = 0;
    return kernel_copy(kernel);
}

void schedule_choose(Kernel *kernel, const Target *target, bool rows,
                     Schedule *schedule)
{
    Nest nest;
    Kernel *seen = choose_start(kernel, rows, schedule);
    Cost c = { .nest = &nest,
               .rows = rows,
               .is_light = kernel->macs == 0,
               .target = target,
               .lanes = target_lanes(target) };
    bool read = nest_read(seen, &nest);
    if (read)
        gather_candidates(&c, seen);
    if (!choose_candidate(&c, kernel, seen, schedule) &&
        !(read && !rows && choose_tiles(&c, kernel, schedule)))
        schedule_plain(kernel, schedule);
    vec_free(&c.candidates);
    kernel_free(seen);
}
