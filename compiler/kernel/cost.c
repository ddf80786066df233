/*
 * cost.c - chooses a schedule: candidates, estimated in cycles, tried in turn.
 *
 * A candidate is a register tile: NV vectors of one variable by T values of
 * another, times the windows that are kept in registers at once. Where channels
 * meet their own inputs alone, a tile may have several rows.
 *
 *     convolution, many channels     NV vectors of oc,  T pixels of ow
 *     convolution, planar            NV vectors of ow,  T filters of oc
 *     depthwise                      NV vectors of c,   T pixels of ow by rows
 *     dense                          NV vectors of oc,  T = 1
 *
 * It must fit the registers, and should keep both multiply units busy: enough
 * independent sums to hide their latency, few loads a multiply-add, weights
 * that come from a near cache, little waste in the last vector and tile.
 */
#include "kernel/cost.h"

#include <stdlib.h>

#define CANDIDATES_MOST 4096
#define TRIES           12 /* candidates applied before giving up */
#define ROWS_MOST       4  /* of a tile */

/* ---- candidates ------------------------------------------------------------------------- */

static const NestLoop *loop_at(const Cost *c, int index)
{
    return &c->nest->loop[index];
}

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

/* Vectors that are stored apart need all that lies between in their tile. */
static bool weaves(const Cost *c, const Candidate *cand)
{
    int64_t apart = loop_at(c, cand->vector)->step_y;
    return apart == 1 || (cand->tile >= 0 && !cand->fused && cand->t == apart &&
                          loop_at(c, cand->tile)->extent == apart &&
                          loop_at(c, cand->tile)->step_y == 1);
}

/* The largest even share of the extent that is at most `most`. */
static int64_t even_share(int64_t extent, int64_t most)
{
    return ceil_div(extent, ceil_div(extent, most));
}

/* Tiles of cand->rows rows. */
static void add_tiles_of(Cost *c, Candidate cand)
{
    int64_t vectors = cost_vectors_of(c, &cand),
            extent = cost_tile_extent(c, &cand);
    for (cand.nv = 1; cand.nv <= vectors && cand.nv <= 8; cand.nv++) {
        int64_t seen = 0;
        for (int64_t most = 1; most <= 28; most++) {
            cand.t = even_share(extent, most);
            if (cand.t == seen || (cand.rows > 1 && cand.nv > 1) ||
                !cost_fits_registers(c, &cand) || !weaves(c, &cand))
                continue;
            seen = cand.t;
            cand.cycles = cost_cycles(c, &cand);
            if (c->candidates.count < CANDIDATES_MOST)
                vec_push(&c->candidates, cand);
        }
    }
}

/* Whether the loop around the tile's counts rows of pixels, too. */
static bool can_have_rows(const Cost *c, const Candidate *cand)
{
    int row = cand->tile - 1;
    return cand->all_taps && !cand->fused && c->nest->fma && row >= c->rows &&
           row != cand->vector && loop_at(c, row)->step_x != 0 &&
           loop_at(c, row)->step_x != STEP_UNKNOWN &&
           loop_at(c, row)->step_w == 0;
}

static void add_tiles(Cost *c, Candidate cand)
{
    cand.rows = 1;
    add_tiles_of(c, cand);
    if (!can_have_rows(c, &cand))
        return;
    int64_t extent = loop_at(c, cand.tile - 1)->extent;
    for (int64_t most = 2; most <= ROWS_MOST; most++) {
        int64_t rows = even_share(extent, most);
        if (rows == cand.rows)
            continue;
        cand.rows = rows;
        cand.strip = 0;
        add_tiles_of(c, cand);
        if ((cand.strip = cost_strip(c, &cand)) > 0)
            add_tiles_of(c, cand);
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

/* A window may be kept in registers where its limits stay constants, and must
 * be where the limits of taps along the tile depend on it, or where it has a
 * register for each of its iterations. */
static bool windows_allowed(const Cost *c, const Candidate *cand)
{
    for (int i = 0; i < c->nest->count; i++) {
        int pair = loop_at(c, i)->pair;
        bool limits = loop_at(c, i)->limits_others ||
                      (pair >= 0 && loop_at(c, pair)->limits_others);
        if (loop_at(c, i)->part != NEST_WINDOW)
            continue;
        if (loop_at(c, i)->keeps && !cost_is_held(c, cand, i))
            return false;
        if (!limits)
            continue;
        bool along = pair >= 0 && (pair == cand->tile || pair == cand->vector);
        if (cost_is_held(c, cand, i) != along)
            return false;
    }
    return true;
}

static void add_windows(Cost *c, Candidate cand)
{
    int windows = cost_window_count(c->nest);
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

static bool choose_sequence(const Kernel *kernel, const Target *target,
                            Schedule *schedule)
{
    if (cost_sequence(kernel, target, schedule) &&
        works(kernel, schedule, target))
        return true;
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
        !(read && !rows && choose_tiles(&c, kernel, schedule)) &&
        (rows || !choose_sequence(kernel, target, schedule)))
        schedule_plain(kernel, schedule);
    vec_free(&c.candidates);
    kernel_free(seen);
}
