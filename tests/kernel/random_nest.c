/*
 * random_nest.c - kernels as operators build them, of random kind and size.
 *
 *     for oh in 0..9
 *         for oc in 0..6
 *             acc = b[oc]
 *             for kh in max(0, 1 - 2*oh)..min(3, 18 - 2*oh)
 *                 for c in 0..5
 *                     acc += x[2*oh + kh - 1][c] * w[kh][c][oc]
 *             y[oh][oc] = max(acc, 0.0)
 *
 * Some compute tiles of outputs from as many sums in the last direction:
 *
 *             for j in 0..3
 *                 acc[j] = b[oc]
 *                 ...
 *             y[2*oh][oc] = acc[0] + 2.0 * acc[1]
 *             y[2*oh + 1][oc] = acc[1] + 2.0 * acc[2]
 */
#include "local.h"

/* One direction of a window; window 0: there is none. */
typedef struct Way {
    int64_t outputs, window, stride, dilation, pad, extent;
} Way;

typedef enum Channels {
    CHANNELS_NONE,  /* the input has none */
    CHANNELS_EACH,  /* one by one: depthwise, pooling, elementwise */
    CHANNELS_FULL,  /* each output reads all */
    CHANNELS_GROUPS /* each output reads those of its group */
} Channels;

typedef struct Maker {
    Random random;
    Program *program;
    Kernel *k;
    int ways;
    Way way[2];
    Channels channels;
    int64_t groups, in, out; /* channels of a group */
    bool weights;
    AccumOp op;
    int64_t tile, points; /* outputs and sums of a tile; points 0: no tiles */
    const Affine *j;
    const Affine *o[2], *tap[2], *at[2]; /* output, tap, input position */
    const Affine *group, *c, *oc;        /* channel within the group */
    Buffer *x, *w, *b, *y, *skip;
} Maker;

static int64_t pick(Maker *m, int64_t low, int64_t high)
{
    return random_range(&m->random, low, high);
}

static bool chance(Maker *m, int percent)
{
    return pick(m, 1, 100) <= percent;
}

/* ---- shapes --------------------------------------------------------------------- */

/* A window that fits at least once; extents of 1 and large pads are likely. */
static Way pick_way(Maker *m)
{
    Way way = { .window = chance(m, 20) ? 1 : pick(m, 1, 5) };
    int64_t reach;

    way.stride = chance(m, 60) ? 1 : pick(m, 1, 3);
    way.dilation = chance(m, 70) ? 1 : pick(m, 2, 3);
    reach = (way.window - 1) * way.dilation + 1;
    way.pad = pick(m, 0, reach - 1);
    way.extent = pick(m, 1, 20);
    if (way.extent + way.pad < reach)
        way.extent = reach - way.pad;
    /* As many outputs as fit, with padding behind the end as before it. */
    way.outputs = (way.extent + 2 * way.pad - reach) / way.stride + 1;
    if (way.outputs > 12)
        way.outputs = pick(m, 1, way.outputs);
    return way;
}

static void pick_shape(Maker *m)
{
    m->ways = (int)pick(m, 0, 2);
    for (int i = 0; i < m->ways; i++)
        m->way[i] = pick_way(m);
    m->channels = (Channels)pick(
        m, m->ways == 0 ? CHANNELS_EACH : CHANNELS_NONE, CHANNELS_GROUPS);
    m->groups = m->channels == CHANNELS_GROUPS ? pick(m, 1, 3)
                : m->channels == CHANNELS_EACH ? pick(m, 1, 40)
                                               : 1;
    m->in = m->channels >= CHANNELS_FULL ? pick(m, 1, 18) : 1;
    m->out = m->channels >= CHANNELS_FULL ? pick(m, 1, 36) : 1;
    if (m->ways > 0 && chance(m, 25)) {
        m->tile = pick(m, 1, 3);
        m->points = pick(m, 1, 4);
        m->way[m->ways - 1] = (Way){ .outputs = pick(m, 1, 6),
                                     .window = 1,
                                     .stride = m->points,
                                     .dilation = 1 };
        m->way[m->ways - 1].extent = m->points * m->way[m->ways - 1].outputs;
    }
    m->weights = chance(m, 75);
    m->op = m->weights ? (chance(m, 50) ? ACCUM_ADD : ACCUM_FMA)
                       : (AccumOp)pick(m, ACCUM_ADD, ACCUM_MAX);
    if (m->op == ACCUM_MUL) /* products grow too fast */
        m->op = ACCUM_ADD;
}

/* ---- buffers ---------------------------------------------------------------------- */

static Buffer *add_buffer(Maker *m, const char *name, BufferPlace place,
                          int rank, const int64_t *extent)
{
    Buffer *buffer =
        program_buffer(m->program, name, DT_F32, place, rank, extent);
    if (place == BUFFER_CONST) {
        int64_t count = test_count(buffer);
        float *data = NEW_N(m->program->arena, float, count);
        test_fill(DT_F32, data, count, random_bits(&m->random));
        buffer->data = data;
    }
    return kernel_param(m->k, buffer);
}

static void add_port(Maker *m, Buffer *buffer)
{
    ProgramPort port = { .buffer = buffer, .name = buffer->name };
    port.rank = buffer->rank;
    for (int i = 0; i < port.rank; i++)
        port.dim[i] = buffer->dim[i].extent;
    if (buffer->place == BUFFER_INPUT)
        vec_push(&m->program->inputs, port);
    else
        vec_push(&m->program->outputs, port);
}

static void add_buffers(Maker *m)
{
    int64_t x[4], w[4], y[4], channels = m->groups * m->out;
    int rank = m->ways;

    for (int i = 0; i < m->ways; i++) {
        x[i] = m->way[i].extent;
        w[i] = m->way[i].window;
        y[i] = m->way[i].outputs;
    }
    if (m->points)
        y[rank - 1] *= m->tile;
    x[rank] = m->groups * m->in;
    y[rank] = w[rank + 1] = channels;
    w[rank] = m->in;
    if (m->channels != CHANNELS_NONE)
        rank++;
    m->x = add_buffer(m, "x", BUFFER_INPUT, rank, x);
    if (m->weights)
        m->w = add_buffer(m, "w", BUFFER_CONST, m->ways + 2, w);
    if (chance(m, 60))
        m->b = add_buffer(m, "b", BUFFER_CONST, 1, &channels);
    m->y = add_buffer(m, "y", BUFFER_OUTPUT, rank, y);
    if (chance(m, 30))
        m->skip = add_buffer(m, "skip", BUFFER_INPUT, rank, y);
    add_port(m, m->x);
    add_port(m, m->y);
    if (m->skip)
        add_port(m, m->skip);
}

/* ---- loops --------------------------------------------------------------------------- */

static const Affine *open_loop(Maker *m, const char *name, int64_t count)
{
    return affine_var(m->k, kernel_for(m->k, name, 0, count));
}

static void open_outputs(Maker *m)
{
    static const char *const names[] = { "oh", "ow" };
    Kernel *k = m->k;

    for (int i = 0; i < m->ways; i++)
        m->o[i] = open_loop(m, names[i], m->way[i].outputs);
    m->group = affine_const(k, 0);
    m->c = m->oc = m->group;
    if (m->channels == CHANNELS_GROUPS || m->channels == CHANNELS_EACH)
        m->group =
            open_loop(m, m->channels == CHANNELS_EACH ? "oc" : "g", m->groups);
    if (m->channels >= CHANNELS_FULL)
        m->oc = open_loop(m, "oc", m->out);
}

/* Limits only where a position of the output can touch the padding. */
static void open_tap(Maker *m, int i)
{
    static const char *const names[] = { "kh", "kw" };
    const Way *way = &m->way[i];
    Kernel *k = m->k;
    const Affine *from = affine_scale(k, m->o[i], way->stride);
    Limit lo = limit_of(affine_const(k, 0));
    Limit hi = limit_of(affine_const(k, way->window));
    int64_t last = (way->outputs - 1) * way->stride +
                   (way->window - 1) * way->dilation - way->pad;

    if (way->pad > 0)
        limit_add(&lo, affine_sub(k, affine_const(k, way->pad), from),
                  way->dilation);
    if (last >= way->extent)
        limit_add(&hi,
                  affine_sub(k, affine_const(k, way->extent + way->pad), from),
                  way->dilation);
    m->tap[i] = affine_var(k, kernel_for_within(k, names[i], lo, hi));
    m->at[i] = affine_shift(
        k, affine_add(k, from, affine_scale(k, m->tap[i], way->dilation)),
        -way->pad);
    if (m->points && i == m->ways - 1)
        m->at[i] = affine_add(k, m->at[i], m->j);
}

static const Affine *channel(Maker *m, int64_t size, const Affine *within)
{
    return affine_add(m->k, affine_scale(m->k, m->group, size), within);
}

/* Position of the output, or of the input under the taps. */
static Access at_position(Maker *m, Buffer *buffer, const Affine *const *way,
                          const Affine *last)
{
    const Affine *index[KERNEL_RANK + 1] = { NULL };
    for (int i = 0; i < m->ways; i++)
        index[i] = way[i];
    if (m->channels != CHANNELS_NONE)
        index[m->ways] = last;
    return access_at(buffer, index);
}

/* ---- the statements --------------------------------------------------------------------- */

static const Expr *start_value(Maker *m)
{
    Kernel *k = m->k;
    if (m->b)
        return expr_load(k, AT(m->b, channel(m, m->out, m->oc)));
    if (m->op == ACCUM_MAX)
        return expr_const(k, F32, -100);
    return expr_const(k, F32, m->op == ACCUM_MIN ? 100 : 0);
}

static void accumulate(Maker *m, Access acc)
{
    Kernel *k = m->k;
    const Expr *x =
        expr_load(k, at_position(m, m->x, m->at, channel(m, m->in, m->c)));
    const Affine *index[KERNEL_RANK + 1] = { NULL };
    const Expr *w;

    if (!m->weights) {
        kernel_accum(k, m->op, acc, x);
        return;
    }
    for (int i = 0; i < m->ways; i++)
        index[i] = m->tap[i];
    index[m->ways] = m->c;
    index[m->ways + 1] = channel(m, m->out, m->oc);
    w = expr_load(k, access_at(m->w, index));
    if (m->op == ACCUM_FMA)
        kernel_fma(k, acc, x, w);
    else
        kernel_accum(k, m->op, acc, expr_2(k, EXPR_MUL, x, w));
}

static void reduce(Maker *m, Access acc)
{
    int depth = m->k->depth;
    for (int i = 0; i < m->ways; i++)
        open_tap(m, i);
    if (m->channels >= CHANNELS_FULL)
        m->c = open_loop(m, "c", m->in);
    accumulate(m, acc);
    while (m->k->depth > depth)
        kernel_end(m->k);
    m->c = affine_const(m->k, 0);
}

/* Output i of the tile. */
static Access output_at(Maker *m, Buffer *buffer, int64_t i)
{
    const Affine *o[2] = { m->o[0], m->o[1] };
    const int last = m->ways - 1;
    if (m->points)
        o[last] = affine_shift(m->k, affine_scale(m->k, o[last], m->tile), i);
    return at_position(m, buffer, o, channel(m, m->out, m->oc));
}

static const Expr *epilogue(Maker *m, int64_t i, const Expr *value)
{
    Kernel *k = m->k;
    const Expr *zero = expr_const(k, F32, 0);

    if (m->skip)
        value =
            expr_2(k, EXPR_ADD, value, expr_load(k, output_at(m, m->skip, i)));
    switch (pick(m, 0, 5)) {
    case 0: return value;
    case 1: return expr_2(k, EXPR_MAX, value, zero);
    case 2:
        return expr_2(k, EXPR_MIN, expr_2(k, EXPR_MAX, value, zero),
                      expr_const(k, F32, 6));
    case 3:
        return expr_4(k, EXPR_SELECT_LT, value, zero,
                      expr_2(k, EXPR_MUL, value, expr_const(k, F32, 0.25)),
                      value);
    case 4: return expr_2(k, EXPR_SUB, expr_1(k, EXPR_ABS, value), value);
    default:
        return expr_3(k, EXPR_FMA, value, expr_const(k, F32, 2),
                      expr_const(k, F32, -1));
    }
}

static void compute_one(Maker *m)
{
    Kernel *k = m->k;
    Buffer *local = kernel_local(k, "acc", DT_F32, BUFFER_REG, 0, NULL);
    Access acc = access_at(local, (const Affine *const[]){ NULL });
    kernel_store(k, acc, start_value(m));
    reduce(m, acc);
    kernel_store(k, output_at(m, m->y, 0), epilogue(m, 0, expr_load(k, acc)));
}

static const Expr *sum_of_tile(Maker *m, Buffer *acc, int64_t j)
{
    return expr_load(m->k, AT(acc, affine_const(m->k, j % m->points)));
}

static void compute_tile(Maker *m)
{
    Kernel *k = m->k;
    Buffer *acc = kernel_local(k, "acc", DT_F32, BUFFER_REG, 1, &m->points);
    m->j = open_loop(m, "j", m->points);
    kernel_store(k, AT(acc, m->j), start_value(m));
    reduce(m, AT(acc, m->j));
    kernel_end(k);
    for (int64_t i = 0; i < m->tile; i++)
        kernel_store(
            k, output_at(m, m->y, i),
            epilogue(m, i,
                     expr_3(k, EXPR_FMA, sum_of_tile(m, acc, i + 1),
                            expr_const(k, F32, 2), sum_of_tile(m, acc, i))));
}

Program *random_nest(Arena *arena, uint64_t seed)
{
    Maker m = { 0 };

    random_seed(&m.random, seed);
    m.program = program_new(arena, "nest", target_find("generic"));
    m.k = kernel_new(arena, "nest");
    vec_push(&m.program->kernels, m.k);
    pick_shape(&m);
    add_buffers(&m);
    open_outputs(&m);
    if (m.points)
        compute_tile(&m);
    else
        compute_one(&m);
    while (m.k->depth > 0)
        kernel_end(m.k);
    return m.program;
}
