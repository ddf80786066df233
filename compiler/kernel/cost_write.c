/*
 * cost_write.c - a candidate as a list of rewrites.
 *
 *     14 pixels of ow x 2 vectors of oc      split c by 16;
 *                                      ->    split oc by 32; split oc.i by 16;
 *                                            split ow by 14;
 *                                            order oc.o oh ow.o kh c.o c.i |
 *                                                  kw ow.i oc.i.o oc.i.i; ...
 */
#include "kernel/cost.h"

#include <string.h>

#define LIST_LEAST 64 /* products of a sum, some of which may be left out */
#define ROW_LEAST  4  /* vectors of each, so that the list is little beside */

typedef struct Write {
    const Cost *cost;
    const Candidate *cand;
    Schedule *schedule;
    const char *name[NEST_LOOPS][3]; /* what became of each loop: serial,
                                        written out, vector; or NULL */
    const char *block[NEST_LOOPS];   /* the inner half of a blocked one */
    const char *strip;               /* the vector's, around all others */
    Text peel;
} Write;

static const char *part_of(const char *name, const char *part)
{
    Text text = { 0 };
    text_printf(&text, "%s.%s", name, part);
    const char *whole = name_intern(text_get(&text));
    text_free(&text);
    return whole;
}

static void word(Text *text, const char *name)
{
    if (name != NULL)
        text_printf(text, "%s%s", text->length ? " " : "", name);
}

/* ---- layouts in blocks ---------------------------------------------------------- */

typedef struct Block {
    const Var *var;
    int64_t size;
} Block;

/* A digit of its dimension, not a ring: another piece counts the rest. */
static bool is_block(const Layout *layout, const Piece *piece)
{
    for (int i = 0; i < layout->count; i++) {
        if (layout->piece[i].dim == piece->dim &&
            layout->piece[i].div == piece->mod)
            return piece->mod > 0 && piece->div == 1;
    }
    return false;
}

static void find_block(void *context, const Access *access, Role role,
                       const Stmt *stmt)
{
    Block *b = context;
    const Layout *l = &access->buffer->layout;
    (void)role, (void)stmt;
    if (access->flat || access->buffer->place == BUFFER_CONST)
        return;
    for (int i = 0; i < l->count; i++) {
        const Piece *p = &l->piece[i];
        int64_t coef = affine_coef(access->index[p->dim], b->var);
        if (coef == 0 || !is_block(l, p) || coef % p->mod == 0)
            continue; /* groups of whole blocks */
        int64_t size = p->mod % coef == 0 ? p->mod / coef : p->mod;
        if (size > b->size)
            b->size = size;
    }
}

/* The block by which some buffer stores what the loop counts; 0: none. */
static int64_t block_of(const Kernel *kernel, const Var *var)
{
    Block b = { var, 0 };
    visit_accesses(kernel->body, find_block, &b);
    return b.size;
}

static void split_blocks(Write *w, const Kernel *kernel)
{
    for (int i = 0; i < w->cost->nest->count; i++) {
        const NestLoop *l = &w->cost->nest->loop[i];
        int64_t size = block_of(kernel, l->var);
        w->name[i][0] = l->var->name;
        if (i == w->cand->vector || size == 0 || l->extent <= size)
            continue;
        schedule_add(w->schedule, STEP_SPLIT, size, 0, l->var->name);
        w->name[i][0] = part_of(l->var->name, "o");
        w->block[i] = part_of(l->var->name, "i");
    }
}

typedef struct PlainBlocks {
    const Kernel *kernel;
    Schedule *schedule;
} PlainBlocks;

static void split_list(const PlainBlocks *p, const Stmt *list)
{
    for (; list != NULL; list = list->next) {
        if (list->kind == STMT_BLOCK)
            split_list(p, list->block);
        if (list->kind != STMT_LOOP)
            continue;
        const Var *var = list->loop.var;
        int64_t lo, hi, size = block_of(p->kernel, var);
        bool small = loop_constant(list, &lo, &hi) && hi <= size;
        bool known = false;
        for (int i = 0; i < p->schedule->steps.count; i++)
            known = known ||
                    p->schedule->steps.at[i].name[0] == name_intern(var->name);
        if (size > 0 && !small && !known)
            schedule_add(p->schedule, STEP_SPLIT, size, 0, var->name);
        split_list(p, list->loop.body);
    }
}

void schedule_plain(const Kernel *kernel, Schedule *schedule)
{
    PlainBlocks p = { kernel, schedule };
    split_list(&p, kernel->body);
}

/* ---- one long loop -------------------------------------------------------------------- */

/* Outermost first: blocks of channels, then the loops as they stand, then the
 * channels of a block. */
static int memory_order(const Kernel *kernel, const Nest *nest,
                        Schedule *schedule, const char **name)
{
    int count = 0, last = nest->outs - 1;
    const Var *var = nest->loop[last].var;
    int64_t size = block_of(kernel, var);
    bool blocked = size > 0 && nest->loop[last].extent > size;
    if (blocked) {
        schedule_add(schedule, STEP_SPLIT, size, 0, var->name);
        name[count++] = part_of(var->name, "o");
    }
    for (int i = 0; i < last; i++)
        name[count++] = nest->loop[i].var->name;
    name[count++] = blocked ? part_of(var->name, "i") : var->name;
    return count;
}

void cost_write_flat(const Kernel *kernel, const Nest *nest, Schedule *schedule)
{
    const char *name[NEST_LOOPS + 1];
    Text text = { 0 };
    int count = memory_order(kernel, nest, schedule, name);
    for (int i = 0; i < count; i++)
        word(&text, name[i]);
    schedule_add(schedule, STEP_ORDER, 0, 0, text_get(&text));
    for (int i = 1; i < count; i++) {
        text.length = 0;
        word(&text, name[0]);
        word(&text, name[i]);
        if (i + 1 == count)
            word(&text, "i");
        schedule_add(schedule, STEP_FUSE, 0, 0, text_get(&text));
        name[0] = part_of(name[0], name[i]);
    }
    text_free(&text);
}

/* ---- tiles of what is turned ------------------------------------------------------------ */

#define TILE 16 /* elements: a line of the cache */
#define MANY_LINES                                                             \
    4096 /* elements that are turned at once: not near any more */

/* The first that is no constant. */
static void find_read(void *context, const Access *access, Role role,
                      const Stmt *stmt)
{
    const Access **read = context;
    (void)stmt;
    if (role == ROLE_READ && *read == NULL &&
        access->buffer->place != BUFFER_CONST &&
        access->buffer->place != BUFFER_REG)
        *read = access;
}

/* The loop along which the elements lie next to each other, or -1. */
static int loop_along(const Nest *nest, const Access *access)
{
    for (int i = 0; access != NULL && i < nest->outs; i++) {
        const NestLoop *l = &nest->loop[i];
        if (l->extent > 1 && access_step(access, l->var, false) == 1)
            return i;
    }
    return -1;
}

/* The outer half goes into the order's first part. */
static const char *split_lines(const Kernel *kernel, const NestLoop *loop,
                               Schedule *schedule, Text *order)
{
    int64_t size = block_of(kernel, loop->var);
    if (size == 0)
        size = TILE;
    if (loop->extent <= size)
        return loop->var->name;
    schedule_add(schedule, STEP_SPLIT, size, 0, loop->var->name);
    word(order, part_of(loop->var->name, "o"));
    return part_of(loop->var->name, "i");
}

bool cost_write_tiles(const Kernel *kernel, const Nest *nest,
                      Schedule *schedule)
{
    const char *inner, *innermost;
    const Access *read = NULL;
    Text order = { 0 };
    int from, to;
    visit_accesses(kernel->body, find_read, &read);
    from = loop_along(nest, read);
    to = loop_along(nest, &nest->store->store.place);
    if (nest->main != nest->store || from < 0 || to < 0 || from == to ||
        nest->loop[from].extent < MANY_LINES / nest->loop[to].extent)
        return false;
    for (int i = 0; i < nest->outs; i++) {
        if (i != from && i != to)
            word(&order, nest->loop[i].var->name);
    }
    innermost = split_lines(kernel, &nest->loop[to], schedule, &order);
    inner = split_lines(kernel, &nest->loop[from], schedule, &order);
    word(&order, inner);
    word(&order, innermost);
    schedule_add(schedule, STEP_ORDER, 0, 0, text_get(&order));
    text_free(&order);
    return true;
}

/* ---- the vector's and the tile's loops -------------------------------------------- */

static void split_vector(Write *w)
{
    int v = w->cand->vector, lanes = w->cost->lanes;
    int64_t nv = w->cand->nv, vectors = cost_vectors_of(w->cost, w->cand);
    int64_t extent = w->cost->nest->loop[v].extent;
    const char **name = w->name[v], *whole = name[0];
    name[0] = NULL;
    if (w->cand->strip > 0) {
        vectors = w->cand->strip;
        schedule_add(w->schedule, STEP_SPLIT, lanes * vectors, 0, whole);
        w->strip = part_of(whole, "o");
        whole = part_of(whole, "i");
    }
    if (nv < vectors) {
        schedule_add(w->schedule, STEP_SPLIT, lanes * nv, 0, whole);
        name[0] = part_of(whole, "o");
        if (extent % (lanes * nv) != 0)
            word(&w->peel, name[0]);
        whole = part_of(whole, "i");
    }
    if (lanes == 1) {
        name[nv > 1 ? 1 : 0] = nv > 1 ? whole : name[0] ? name[0] : whole;
        return;
    }
    if (nv > 1) {
        schedule_add(w->schedule, STEP_SPLIT, lanes, 0, whole);
        name[1] = part_of(whole, "o");
        whole = part_of(whole, "i");
    }
    name[2] = whole;
}

/* Tiles whose pixels touch padding stand for themselves, so that all limits
 * inside of them are constants; so does a last one that is smaller. */
static void peel_tile(Write *w, int tile, int64_t t, int64_t extent)
{
    const NestLoop *l = &w->cost->nest->loop[tile];
    int64_t first = l->limits_others ? l->first : 0;
    int64_t last = l->limits_others ? l->last : 0;
    if (w->name[tile][0] == NULL || w->name[tile][1] == NULL)
        return;
    int64_t tiles = ceil_div(extent, t);
    int64_t head = ceil_div(first, t);
    int64_t tail = last > 0 ? tiles - (extent - last) / t : 0;
    if (extent % t != 0 && tail == 0)
        tail = 1;
    if (head > 0 || tail > 0)
        schedule_add(w->schedule, STEP_PEEL, head, tail, w->name[tile][0]);
}

/* Values 0..t-1 of the loop within a tile, the tiles around. */
static void split_tile_of(Write *w, int tile, int64_t t, int64_t extent)
{
    const char **name = w->name[tile];
    if (t >= extent) {
        name[1] = name[0];
        name[0] = NULL;
    } else if (t > 1) {
        schedule_add(w->schedule, STEP_SPLIT, t, 0, name[0]);
        name[1] = part_of(name[0], "i");
        name[0] = part_of(name[0], "o");
    }
}

static void split_tile(Write *w)
{
    int tile = w->cand->tile;
    if (tile < 0)
        return;
    const char **name = w->name[tile];
    if (w->cand->fused) {
        Text both = { 0 };
        text_printf(&both, "%s %s", w->name[tile - 1][0], name[0]);
        schedule_add(w->schedule, STEP_FUSE, 0, 0, text_get(&both));
        name[0] = part_of(w->name[tile - 1][0], name[0]);
        w->name[tile - 1][0] = NULL;
        text_free(&both);
    }
    if (w->cand->rows > 1)
        split_tile_of(w, tile - 1, w->cand->rows,
                      w->cost->nest->loop[tile - 1].extent);
    split_tile_of(w, tile, w->cand->t, cost_tile_extent(w->cost, w->cand));
}

/* ---- the order ------------------------------------------------------------------------ */

/* Weights that serve many pixels are fetched once: their loop is outermost.
 * Otherwise as the output lies in memory, so that whole lines are used. Where
 * all taps are written out, each tile stands in a loop of its own over the
 * channels: C compilers mix the code of tiles that stand side by side. */
static void outer_loops(Write *w, Text *text)
{
    const Nest *nest = w->cost->nest;
    int v = w->cand->vector, tile = w->cand->tile, first = -1;
    if (nest->fma && nest->loop[v].step_w != 0 &&
        !cost_is_per_channel(w->cost, w->cand))
        first = v;
    else if (nest->fma && tile >= 0 && nest->loop[tile].step_w != 0)
        first = tile;
    else if (cost_is_outermost_in_memory(w->cost, v) && !w->cand->all_taps)
        first = v;
    if (w->cost->rows)
        word(text, w->name[0][0]);
    word(text, w->strip);
    if (first >= 0)
        word(text, w->name[first][0]);
    if (w->strip != NULL && tile >= 0)
        word(text, w->name[first = tile][0]);
    for (int i = w->cost->rows; i < nest->outs; i++) {
        if (i != first && i != v && i != tile)
            word(text, w->name[i][0]);
    }
    if (tile >= 0 && tile != first)
        word(text, w->name[tile][0]);
    if (v != first)
        word(text, w->name[v][0]);
}

static void write_order(Write *w)
{
    const Nest *nest = w->cost->nest;
    Text text = { 0 };
    int v = w->cand->vector, tile = w->cand->tile;
    outer_loops(w, &text);
    for (int i = nest->outs; i < nest->count; i++) {
        if (!cost_is_tap(w->cost, w->cand, i) &&
            !cost_is_held(w->cost, w->cand, i)) {
            word(&text, w->name[i][0]);
            word(&text, w->block[i]);
        }
    }
    text_add(&text, " |");
    bool planar = cost_is_planar(w->cost, w->cand);
    for (int i = nest->outs; i < nest->count; i++) {
        if (cost_is_tap(w->cost, w->cand, i) ||
            (cost_is_held(w->cost, w->cand, i) && !planar))
            word(&text, w->name[i][0]);
    }
    if (tile >= 0 && w->cand->rows > 1)
        word(&text, w->name[tile - 1][1]);
    if (tile >= 0)
        word(&text, w->name[tile][1]);
    for (int i = nest->outs; i < nest->count; i++) {
        if (cost_is_held(w->cost, w->cand, i) && planar)
            word(&text, w->name[i][0]);
    }
    word(&text, w->name[v][1]);
    word(&text, w->name[v][2]);
    schedule_add(w->schedule, STEP_ORDER, 0, 0, text_get(&text));
    text_free(&text);
}

static void write_marks(Write *w)
{
    const Nest *nest = w->cost->nest;
    Text unroll = { 0 };
    int v = w->cand->vector, tile = w->cand->tile;
    for (int i = nest->outs; i < nest->count; i++) {
        if (cost_is_tap(w->cost, w->cand, i) ||
            cost_is_held(w->cost, w->cand, i))
            word(&unroll, w->name[i][0]);
    }
    if (tile >= 0 && w->cand->rows > 1)
        word(&unroll, w->name[tile - 1][1]);
    if (tile >= 0)
        word(&unroll, w->name[tile][1]);
    word(&unroll, w->name[v][1]);
    if (unroll.length > 0)
        schedule_add(w->schedule, STEP_UNROLL, 0, 0, text_get(&unroll));
    if (w->name[v][2] != NULL)
        schedule_add(w->schedule, STEP_VECTORIZE, 0, 0, w->name[v][2]);
    text_free(&unroll);
}

/* Few sums, each of many products. */
static void write_partial(const Write *w)
{
    int loop;
    int64_t times = cost_partial(w->cost, w->cand, &loop);
    if (times == 1 || w->block[loop] != NULL)
        return;
    schedule_add(w->schedule, STEP_PARTIAL, 1, times, w->name[loop][0]);
    schedule_add(w->schedule, STEP_UNROLL, 0, 0,
                 part_of(w->name[loop][0], "u"));
}

/* A dense layer behind a relu leaves out what is multiplied by zero, where its
 * weights come from behind the first cache: a row of several vectors each. Its
 * sums wait for these, not for each other. */
static bool leaves_out_zeros(const Write *w)
{
    const Nest *nest = w->cost->nest;
    const Candidate *cand = w->cand;
    const int reduce = nest->outs;
    const NestLoop *l = &nest->loop[reduce];
    return nest->fma && w->cost->lanes > 1 && cand->tile < 0 &&
           nest->count == nest->outs + 1 && nest->x != NULL &&
           nest->x->buffer->zeros && nest->w != NULL && cand->nv >= ROW_LEAST &&
           nest->loop[cand->vector].step_x == 0 && l->step_x == 1 &&
           !l->limited && l->extent >= LIST_LEAST &&
           l->extent <= NONZERO_MOST && w->block[reduce] == NULL &&
           4 * nest->w->buffer->layout.size >= w->cost->target->l1_bytes &&
           buffer_is_finite(nest->w->buffer);
}

/* Weights that the second cache does not hold come while the slice before them
 * serves its rows. */
static void write_prefetch(const Write *w)
{
    const Nest *nest = w->cost->nest;
    const char *slices = w->name[w->cand->vector][0];
    if (!nest->packs || slices == NULL || w->cost->lanes == 1 ||
        nest->loop[w->cand->vector].step_w == 0 ||
        4 * nest->w->buffer->layout.size < w->cost->target->l2_bytes / 2)
        return;
    Text names = { 0 };
    text_printf(&names, "%s %s", nest->w->buffer->name, slices);
    schedule_add(w->schedule, STEP_PREFETCH, 0, 0, text_get(&names));
    text_free(&names);
}

void cost_write(const Cost *cost, const Candidate *cand, const Kernel *kernel,
                Schedule *schedule)
{
    Write w = { .cost = cost, .cand = cand, .schedule = schedule };
    const Nest *nest = cost->nest;
    split_blocks(&w, kernel);
    split_vector(&w);
    int tile = cand->tile;
    split_tile(&w);
    write_order(&w);
    if (nest->packs)
        schedule_add(schedule, STEP_PACK, 0, 0, nest->w->buffer->name);
    bool several = tile >= 0 && cand->rows > 1;
    if (several)
        peel_tile(&w, tile - 1, cand->rows, nest->loop[tile - 1].extent);
    if (tile >= 0)
        peel_tile(&w, tile, cand->t, cost_tile_extent(cost, cand));
    for (int i = 0; i < nest->outs && cand->all_taps; i++) {
        const NestLoop *l = &nest->loop[i];
        if (i != tile && i != cand->vector && l->limits_others &&
            !(several && i == tile - 1))
            schedule_add(schedule, STEP_PEEL, l->first, l->last, l->var->name);
    }
    if (w.peel.length > 0)
        schedule_add(schedule, STEP_PEEL, 0, 1, text_get(&w.peel));
    const bool zeros = leaves_out_zeros(&w);
    if (!zeros)
        write_partial(&w);
    write_marks(&w);
    if (cost_sorts_input(cost, cand))
        schedule_add(schedule, STEP_REUSE, 0, 0, nest->x->buffer->name);
    if (zeros)
        schedule_add(schedule, STEP_NONZERO, 0, 0, w.name[nest->outs][0]);
    else
        write_prefetch(&w);
    text_free(&w.peel);
}
