/*
 * interpret_ops.c - the instructions: loads, arithmetic, stores, loops.
 *
 * Arithmetic is that of the generated C on a machine with fma: each operation
 * in its element type, rounded once. Integers wrap.
 */
#include "kernel/interpret.h"

#include <math.h>
#include <string.h>

Class class_of(DType type)
{
    if (type == DT_F32)
        return CLASS_F32;
    return type == DT_F64 ? CLASS_F64 : CLASS_INT;
}

static int64_t wrap(DType type, int64_t value)
{
    switch (type) {
    case DT_U8:
    case DT_BOOL: return (uint8_t)value;
    case DT_I8: return (int8_t)value;
    case DT_U16: return (uint16_t)value;
    case DT_I16: return (int16_t)value;
    case DT_U32: return (uint32_t)value;
    case DT_I32: return (int32_t)value;
    default: return value;
    }
}

/* ---- memory -------------------------------------------------------------------- */

static void load_lane(Slot *slot, int lane, DType type, const char *from)
{
    switch (type) {
#define INTEGER(id, T)                                                         \
    case DT_##id: {                                                            \
        T value;                                                               \
        memcpy(&value, from, sizeof value);                                    \
        slot->i[lane] = value;                                                 \
        return;                                                                \
    }
        INTEGER(U8, uint8_t)
        INTEGER(I8, int8_t)
        INTEGER(U16, uint16_t)
        INTEGER(I16, int16_t)
        INTEGER(U32, uint32_t)
        INTEGER(I32, int32_t)
        INTEGER(I64, int64_t)
        INTEGER(BOOL, uint8_t)
        INTEGER(F16, uint16_t) /* only moved */
        INTEGER(BF16, uint16_t)
#undef INTEGER
    case DT_F32: memcpy(&slot->f[lane], from, 4); return;
    case DT_F64: memcpy(&slot->d[lane], from, 8); return;
    case DT_U64: memcpy(&slot->i[lane], from, 8); return;
    case DT_COUNT: break;
    }
    BUG("no arithmetic on %s", dtype_name(type));
}

static void store_lane(const Slot *slot, int lane, DType type, char *to)
{
    if (type == DT_F32) {
        memcpy(to, &slot->f[lane], 4);
    } else if (type == DT_F64) {
        memcpy(to, &slot->d[lane], 8);
    } else {
        /* The low bytes, whatever the order of bytes is. */
        uint8_t u8 = (uint8_t)slot->i[lane];
        uint16_t u16 = (uint16_t)slot->i[lane];
        uint32_t u32 = (uint32_t)slot->i[lane];
        int size = dtype_size(type);
        const void *from = size == 1   ? (const void *)&u8
                           : size == 2 ? (const void *)&u16
                           : size == 4 ? (const void *)&u32
                                       : (const void *)&slot->i[lane];
        memcpy(to, from, (size_t)size);
    }
}

/* Lanes 0..active-1 from every step-th element; the others are 0. */
static void load_lanes(Machine *m, const Code *c, int step)
{
    Slot *out = &m->slots.at[c->out];
    int size = dtype_size(c->elem);
    int64_t at = place_address(m, c, (c->active - 1) * step + 1);
    const char *from = c->memory->data + at * size;
    const uint8_t *written = c->memory->written + at * size;

    m->at = at;
    if (c->active < c->lanes)
        memset(out, 0, sizeof *out);
    out->poison = 0;
    for (int i = 0; i < c->active; i++) {
        load_lane(out, i, c->elem, from);
        if (!memchr(written, 0, (size_t)size))
            ;
        else if (c->lanes == 1)
            machine_fault(m, c, "is read before it is written");
        else
            out->poison |= 1u << i;
        from += step * size;
        written += step * size;
    }
}

void run_load(Machine *m, const Code *c)
{
    load_lanes(m, c, 1);
}

void run_even(Machine *m, const Code *c)
{
    load_lanes(m, c, 2);
}

void run_third(Machine *m, const Code *c)
{
    load_lanes(m, c, 3);
}

void run_fourth(Machine *m, const Code *c)
{
    load_lanes(m, c, 4);
}

/* The cases that most instructions are: one float, */
static void load_f32(Machine *m, const Code *c)
{
    int64_t at = place_address(m, c, 1);
    uint32_t written;

    m->at = at;
    memcpy(&written, c->memory->written + 4 * at, 4);
    if (written != 0x01010101)
        machine_fault(m, c, "is read before it is written");
    memcpy(m->slots.at[c->out].f, c->memory->data + 4 * at, 4);
    m->slots.at[c->out].poison = 0;
}

/* and a whole vector of floats that are all there. */
static void load_f32s(Machine *m, const Code *c)
{
    Slot *out = &m->slots.at[c->out];
    size_t size = 4 * (size_t)c->lanes;
    int64_t at;

    if (c->active < c->lanes) {
        load_lanes(m, c, 1);
        return;
    }
    at = place_address(m, c, c->lanes);
    if (memchr(c->memory->written + 4 * at, 0, size)) {
        load_lanes(m, c, 1);
        return;
    }
    m->at = at;
    memcpy(out->f, c->memory->data + 4 * at, size);
    out->poison = 0;
}

static void store_at(const Machine *m, const Code *c, int64_t at)
{
    const Slot *value = &m->slots.at[c->arg[0]];
    int size = dtype_size(c->elem);
    char *to = c->memory->data + at * size;
    uint8_t *written = c->memory->written + at * size;

    if (c->elem == DT_F32 && value->poison == 0) {
        memcpy(to, value->f, 4 * (size_t)c->active);
        memset(written, 1, 4 * (size_t)c->active);
        return;
    }
    for (int i = 0; i < c->active; i++) {
        store_lane(value, i, c->elem, to + i * size);
        memset(written + i * size, !(value->poison >> i & 1), (size_t)size);
    }
}

void run_store(Machine *m, const Code *c)
{
    store_at(m, c, place_address(m, c, c->active));
}

void run_store_apart(Machine *m, const Code *c)
{
    const Slot *value = &m->slots.at[c->arg[0]];
    int64_t at = place_address(m, c, c->apart * (c->active - 1) + 1);
    for (int i = 0; i < c->active; i++, at += c->apart) {
        store_lane(value, i, c->elem, c->memory->data + 4 * at);
        memset(c->memory->written + 4 * at, !(value->poison >> i & 1), 4);
    }
}

/* Where the load just before took it from. */
void run_store_again(Machine *m, const Code *c)
{
    store_at(m, c, m->at);
}

/* ---- arithmetic ------------------------------------------------------------------ */

#define SLOT(n)        (&m->slots.at[c->arg[n]])
#define OUT            (&m->slots.at[c->out])
#define LANES          for (int i = 0; i < c->lanes; i++)
#define AS_IS(value)   (value)
#define WRAPPED(value) (wrap(c->elem, (value)))

#define UNARY(name, T, field, round, formula)                                  \
    static void name(Machine *m, const Code *c)                                \
    {                                                                          \
        const Slot *a = SLOT(0);                                               \
        Slot *out = OUT;                                                       \
        LANES                                                                  \
        {                                                                      \
            T x = a->field[i];                                                 \
            out->field[i] = round(formula);                                    \
        }                                                                      \
        out->poison = a->poison;                                               \
    }

#define BINARY(name, T, field, round, formula)                                 \
    static void name(Machine *m, const Code *c)                                \
    {                                                                          \
        const Slot *a = SLOT(0), *b = SLOT(1);                                 \
        Slot *out = OUT;                                                       \
        LANES                                                                  \
        {                                                                      \
            T x = a->field[i], y = b->field[i];                                \
            out->field[i] = round(formula);                                    \
        }                                                                      \
        out->poison = a->poison | b->poison;                                   \
    }

#define TERNARY(name, T, field, formula)                                       \
    static void name(Machine *m, const Code *c)                                \
    {                                                                          \
        const Slot *a = SLOT(0), *b = SLOT(1), *d = SLOT(2);                   \
        Slot *out = OUT;                                                       \
        LANES                                                                  \
        {                                                                      \
            T x = a->field[i], y = b->field[i], z = d->field[i];               \
            out->field[i] = formula;                                           \
        }                                                                      \
        out->poison = a->poison | b->poison | d->poison;                       \
    }

static NORETURN void refuse_poison(const Machine *m, const Code *c)
{
    KERNEL_BUG(m->kernel, "kernel '%s': %s of lanes that were never written",
               m->kernel->name, expr_name(c->kind));
}

/* All lanes into one: a poisoned one spoils it, so it must not be there. */
#define ACROSS(name, T, field, formula)                                        \
    static void name(Machine *m, const Code *c)                                \
    {                                                                          \
        const Slot *a = SLOT(0);                                               \
        T x = a->field[0];                                                     \
        if (a->poison)                                                         \
            refuse_poison(m, c);                                               \
        for (int i = 1; i < c->lanes; i++) {                                   \
            T y = a->field[i];                                                 \
            x = formula;                                                       \
        }                                                                      \
        OUT->field[0] = x;                                                     \
        OUT->poison = 0;                                                       \
    }

#define EVERY_CLASS(form, name, formula)                                       \
    form(name##_f32, float, f, AS_IS, formula)                                 \
        form(name##_f64, double, d, AS_IS, formula)                            \
            form(name##_int, int64_t, i, WRAPPED, formula)

EVERY_CLASS(BINARY, add, x + y)
EVERY_CLASS(BINARY, sub, x - y)
EVERY_CLASS(BINARY, mul, x *y)
EVERY_CLASS(BINARY, min, x < y ? x : y)
EVERY_CLASS(BINARY, max, x > y ? x : y)
BINARY(div_f32, float, f, AS_IS, x / y)
BINARY(div_f64, double, d, AS_IS, x / y)
TERNARY(fma_f32, float, f, fmaf(x, y, z))
TERNARY(fma_f64, double, d, fma(x, y, z))
EVERY_CLASS(UNARY, neg, -x)
UNARY(abs_f32, float, f, AS_IS, fabsf(x))
UNARY(abs_f64, double, d, AS_IS, fabs(x))
UNARY(abs_int, int64_t, i, WRAPPED, x < 0 ? -x : x)
UNARY(sqrt_f32, float, f, AS_IS, sqrtf(x))
UNARY(sqrt_f64, double, d, AS_IS, sqrt(x))
UNARY(floor_f32, float, f, AS_IS, floorf(x))
UNARY(floor_f64, double, d, AS_IS, floor(x))
UNARY(ceil_f32, float, f, AS_IS, ceilf(x))
UNARY(ceil_f64, double, d, AS_IS, ceil(x))
UNARY(round_f32, float, f, AS_IS, nearbyintf(x))
UNARY(round_f64, double, d, AS_IS, nearbyint(x))
UNARY(maths_any_f32, float, f, AS_IS, maths_f32(c->kind)(x))
UNARY(maths_any_f64, double, d, AS_IS, maths_f64(c->kind)(x))
BINARY(maths2_any_f32, float, f, AS_IS, maths2_f32(c->kind)(x, y))
BINARY(maths2_any_f64, double, d, AS_IS, maths2_f64(c->kind)(x, y))
ACROSS(sum_f32, float, f, x + y)
ACROSS(sum_f64, double, d, x + y)
ACROSS(max_across_f32, float, f, x > y ? x : y)
ACROSS(max_across_f64, double, d, x > y ? x : y)
ACROSS(min_across_f32, float, f, x < y ? x : y)
ACROSS(min_across_f64, double, d, x < y ? x : y)

static void copy_lane(Slot *to, int lane, const Slot *from, int from_lane,
                      Class class)
{
    if (class == CLASS_F32)
        to->f[lane] = from->f[from_lane];
    else if (class == CLASS_F64)
        to->d[lane] = from->d[from_lane];
    else
        to->i[lane] = from->i[from_lane];
}

#define COMPARE(x, y)                                                          \
    (kind == EXPR_SELECT_LT   ? (x) < (y)                                      \
     : kind == EXPR_SELECT_LE ? (x) <= (y)                                     \
                              : (x) == (y))

static bool lane_holds(ExprKind kind, DType type, const Slot *a, const Slot *b,
                       int i)
{
    if (type == DT_U64)
        return COMPARE((uint64_t)a->i[i], (uint64_t)b->i[i]);
    switch (class_of(type)) {
    case CLASS_F32: return COMPARE(a->f[i], b->f[i]);
    case CLASS_F64: return COMPARE(a->d[i], b->d[i]);
    case CLASS_INT: return COMPARE(a->i[i], b->i[i]);
    }
    BUG("no class of %s", dtype_name(type));
}

/* The result may share its slot with an operand of another width. */
static void run_select(Machine *m, const Code *c)
{
    const Slot *a = SLOT(0), *b = SLOT(1);
    Slot result = { .poison = a->poison | b->poison };

    LANES
    {
        bool holds = lane_holds(c->kind, c->from, a, b, i);
        const Slot *chosen = holds ? SLOT(2) : SLOT(3);
        copy_lane(&result, i, chosen, i, class_of(c->elem));
        result.poison |= chosen->poison & 1u << i;
    }
    *OUT = result;
}

/* Towards zero, the nearest that the type has, NaN as 0. */
static int64_t double_to_int(DType type, double value)
{
    int bits = 8 * dtype_size(type);
    bool is_signed =
        type == DT_I8 || type == DT_I16 || type == DT_I32 || type == DT_I64;
    double high = ldexp(1, is_signed ? bits - 1 : bits);

    if (isnan(value))
        return 0;
    if (value >= high)
        return is_signed ? (int64_t)(((uint64_t)1 << (bits - 1)) - 1)
                         : (int64_t)(((uint64_t)1 << bits) - 1);
    if (value <= (is_signed ? -high : 0))
        return is_signed ? -(int64_t)((uint64_t)1 << (bits - 1)) : 0;
    return (int64_t)value;
}

static void convert_lane(const Code *c, Slot *out, const Slot *a, int i)
{
    Class from = class_of(c->from), to = class_of(c->elem);

    if (from == CLASS_INT && to == CLASS_INT)
        out->i[i] = wrap(c->elem, a->i[i]);
    else if (from == CLASS_INT && to == CLASS_F32)
        out->f[i] = (float)a->i[i];
    else if (from == CLASS_INT)
        out->d[i] = (double)a->i[i];
    else if (to == CLASS_INT)
        out->i[i] = double_to_int(c->elem, from == CLASS_F32 ? (double)a->f[i]
                                                             : a->d[i]);
    else if (to == CLASS_F32)
        out->f[i] = from == CLASS_F32 ? a->f[i] : (float)a->d[i];
    else
        out->d[i] = from == CLASS_F32 ? (double)a->f[i] : a->d[i];
}

static void run_convert(Machine *m, const Code *c)
{
    Slot a = *SLOT(0); /* as above */
    LANES
    convert_lane(c, OUT, &a, i);
    OUT->poison = a.poison;
}

static void run_splat(Machine *m, const Code *c)
{
    Slot a = *SLOT(0);
    LANES
    copy_lane(OUT, i, &a, 0, class_of(c->elem));
    OUT->poison = 0;
}

void run_index(Machine *m, const Code *c)
{
    OUT->i[0] = sum_value(m, c->access.address);
    OUT->poison = 0;
}

void run_copy(Machine *m, const Code *c)
{
    *OUT = *SLOT(0);
}

/* ---- loops ------------------------------------------------------------------------ */

static int64_t limit_value(const Machine *m, const Limit *limit, bool maximum)
{
    int64_t best = 0;
    for (int i = 0; i < limit->count; i++) {
        const LimitTerm *term = &limit->term[i];
        int64_t value = sum_value(m, term->sum);
        if (term->div != 1)
            value = ceil_div(value, term->div);
        if (i == 0 || (maximum ? value > best : value < best))
            best = value;
    }
    return best;
}

/* jump: behind the loop. */
void run_loop(Machine *m, const Code *c)
{
    int id = c->loop->loop.var->id;
    m->var[id] = limit_value(m, &c->loop->loop.lo, true);
    m->end[id] = limit_value(m, &c->loop->loop.hi, false);
    if (m->var[id] >= m->end[id])
        m->pc = c->jump;
}

/* jump: the first instruction of the body. */
void run_next(Machine *m, const Code *c)
{
    int id = c->loop->loop.var->id;
    if (++m->var[id] < m->end[id])
        m->pc = c->jump;
}

void run_stop(Machine *m, const Code *c)
{
    (void)c;
    m->pc = -1;
}

/* ---- the table ---------------------------------------------------------------------- */

static Run *const table[EXPR_COUNT][3] = {
    [EXPR_LOAD] = { run_load, run_load, run_load },
    [EXPR_EVEN] = { run_even, run_even, run_even },
    [EXPR_THIRD] = { run_third, run_third, run_third },
    [EXPR_FOURTH] = { run_fourth, run_fourth, run_fourth },
    [EXPR_VAR] = { NULL, NULL, run_index },
    [EXPR_ADD] = { add_f32, add_f64, add_int },
    [EXPR_SUB] = { sub_f32, sub_f64, sub_int },
    [EXPR_MUL] = { mul_f32, mul_f64, mul_int },
    [EXPR_DIV] = { div_f32, div_f64, NULL },
    [EXPR_MIN] = { min_f32, min_f64, min_int },
    [EXPR_MAX] = { max_f32, max_f64, max_int },
    [EXPR_FMA] = { fma_f32, fma_f64, NULL },
    [EXPR_NEG] = { neg_f32, neg_f64, neg_int },
    [EXPR_ABS] = { abs_f32, abs_f64, abs_int },
    [EXPR_SQRT] = { sqrt_f32, sqrt_f64, NULL },
    [EXPR_FLOOR] = { floor_f32, floor_f64, NULL },
    [EXPR_CEIL] = { ceil_f32, ceil_f64, NULL },
    [EXPR_ROUND] = { round_f32, round_f64, NULL },
    [EXPR_SELECT_LT] = { run_select, run_select, run_select },
    [EXPR_SELECT_LE] = { run_select, run_select, run_select },
    [EXPR_SELECT_EQ] = { run_select, run_select, run_select },
    [EXPR_CONVERT] = { run_convert, run_convert, run_convert },
    [EXPR_SPLAT] = { run_splat, run_splat, run_splat },
    [EXPR_SUM] = { sum_f32, sum_f64, NULL },
    [EXPR_MAX_ACROSS] = { max_across_f32, max_across_f64, NULL },
    [EXPR_MIN_ACROSS] = { min_across_f32, min_across_f64, NULL },
};

/* NULL where it is no mathematical function, or not of floats. */
static Run *maths_run(ExprKind kind, Class class)
{
    if (class == CLASS_INT)
        return NULL;
    if (maths_f32(kind))
        return class == CLASS_F32 ? maths_any_f32 : maths_any_f64;
    if (maths2_f32(kind))
        return class == CLASS_F32 ? maths2_any_f32 : maths2_any_f64;
    return NULL;
}

Run *run_of(ExprKind kind, Type type)
{
    Run *run = table[kind][class_of(type.elem)];
    if (!run)
        run = maths_run(kind, class_of(type.elem));
    if (kind == EXPR_LOAD && type.elem == DT_F32)
        run = type.lanes == 1 ? load_f32 : load_f32s;
    if (!run)
        BUG("no '%s' of %s", expr_name(kind), dtype_name(type.elem));
    return run;
}
