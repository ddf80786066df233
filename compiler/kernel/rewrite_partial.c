/*
 * rewrite_partial.c - one sum as several, so that vectors can take part.
 *
 *     for i in 0..70                for i.u in 0..2, i.i in 0..16
 *         acc += x[i]                   part[i.u][i.i] = 0
 *                                   for i.o in 0..2
 *     partial i by 16 times 2           for i.u in 0..2, i.i in 0..16
 *                             ->            part[i.u][i.i] +=
 *                                               x[32*i.o + 16*i.u + i.i]
 *                                   for i.i in 0..16
 *                                       part[0][i.i] += part[1][i.i]
 *                                   for i.i in 0..16
 *                                       acc += part[0][i.i]
 *                                   for i.r in 0..6
 *                                       acc += x[64 + i.r]
 *
 * So element i belongs to partial sum i mod 32 here, and the order is fixed.
 * Where loops stand between i and the sum (over the outputs of a dense layer),
 * part[i.u] has all of their elements: by 1 times 4, say, four sums for each
 * output take turns, none of which waits for the one before.
 * Smallest and largest elements may be looked at twice: there the last vector
 * ends at the last element, and nothing is left over.
 */
#include "kernel/rewrite.h"

#include <math.h>

#define INNER_MOST (KERNEL_RANK - 2)
#define PARTS_MOST 1024 /* elements of all partial sums */

typedef struct Partial {
    Kernel *kernel;
    int64_t lanes, times;
    const Var *outer, *times_var, *lane, *rest, *left; /* .o .u .i .t .r */
    const Stmt *sum;                                   /* of the loop at hand */
    const Stmt *inner[INNER_MOST]; /* loops between the two */
    int64_t extent[INNER_MOST];
    int depth;
    const Var *var;
    Buffer *part;
    Stmt *first, **end; /* what it becomes */
} Partial;

static bool is_idempotent(AccumOp op)
{
    return op == ACCUM_MIN || op == ACCUM_MAX;
}

static double identity_of(AccumOp op)
{
    return op == ACCUM_MIN ? INFINITY : op == ACCUM_MAX ? -INFINITY : 0;
}

/* ---- statements --------------------------------------------------------------- */

static Stmt *loop_of(const Partial *p, const Var *var, int64_t count,
                     Stmt *body)
{
    Stmt *loop = stmt_new(p->kernel, STMT_LOOP);
    loop->loop.var = var;
    limit_try(&loop->loop.lo, affine_const(p->kernel, 0), 1);
    limit_try(&loop->loop.hi, affine_const(p->kernel, count), 1);
    loop->loop.body = body;
    return loop;
}

/* The statement, for every lane, within copies of the loops around the sum. */
static Stmt *nest_of(const Partial *p, Stmt *stmt)
{
    for (int i = p->depth - 1; i >= 0; i--) {
        stmt = loop_of(p, p->inner[i]->loop.var, p->extent[i], stmt);
        stmt->loop.mark = p->inner[i]->loop.mark;
    }
    return stmt;
}

static Stmt *vector_of(const Partial *p, Stmt *stmt)
{
    return nest_of(p, loop_of(p, p->lane, p->lanes, stmt));
}

static void append(Partial *p, Stmt *stmt)
{
    *p->end = stmt;
    p->end = &stmt->next;
}

/* part[u][the inner loops'][i.i] */
static Access part_at(const Partial *p, const Affine *u)
{
    const Affine *index[KERNEL_RANK] = { u };
    for (int i = 0; i < p->depth; i++)
        index[1 + i] = affine_var(p->kernel, p->inner[i]->loop.var);
    index[1 + p->depth] = affine_var(p->kernel, p->lane);
    return access_at(p->part, index);
}

static Stmt *accum(const Partial *p, AccumOp op, Access place,
                   const Expr *value, const Expr *by)
{
    Stmt *stmt = stmt_new(p->kernel, STMT_ACCUM);
    stmt->store.op = op;
    stmt->store.place = place;
    stmt->store.value = value;
    stmt->store.by = by;
    stmt->store.lanes = stmt->store.active = 1;
    return stmt;
}

/* The sum's statement with the loop's variable at `at`, into `place`. */
static Stmt *sum_at(const Partial *p, const Affine *at, Access place)
{
    Stmt *copy = stmt_copy(p->kernel, p->sum);
    stmt_substitute(p->kernel, copy, p->var, at);
    copy->store.place = place;
    return copy;
}

static void clear(Partial *p, int64_t times)
{
    Kernel *k = p->kernel;
    Stmt *stmt = stmt_new(k, STMT_STORE);
    stmt->store.place = part_at(p, affine_var(k, p->times_var));
    stmt->store.value =
        expr_const(k, p->sum->store.value->type, identity_of(p->sum->store.op));
    stmt->store.lanes = stmt->store.active = 1;
    append(p, loop_of(p, p->times_var, times, vector_of(p, stmt)));
}

/* Rounds of times * lanes elements. */
static void main_loop(Partial *p, int64_t rounds, int64_t times)
{
    Kernel *k = p->kernel;
    const Affine *u = affine_var(k, p->times_var);
    const Affine *at = affine_add(
        k, affine_scale(k, affine_var(k, p->outer), times * p->lanes),
        affine_add(k, affine_scale(k, u, p->lanes), affine_var(k, p->lane)));
    Stmt *stmt = sum_at(p, at, part_at(p, u));
    stmt = loop_of(p, p->times_var, times, vector_of(p, stmt));
    append(p, loop_of(p, p->outer, rounds, stmt));
}

/* `count` more vectors from `start` on. */
static void vectors_from(Partial *p, int64_t start, int64_t count)
{
    Kernel *k = p->kernel;
    const Affine *at = affine_shift(
        k,
        affine_add(k, affine_scale(k, affine_var(k, p->rest), p->lanes),
                   affine_var(k, p->lane)),
        start);
    Stmt *stmt = sum_at(p, at, part_at(p, affine_const(k, 0)));
    if (count > 0)
        append(p, loop_of(p, p->rest, count, vector_of(p, stmt)));
}

static const Expr *load_part(const Partial *p, const Affine *u)
{
    return expr_load(p->kernel, part_at(p, u));
}

static void combine(Partial *p, int64_t times)
{
    Kernel *k = p->kernel;
    AccumOp op = p->sum->store.op == ACCUM_FMA ? ACCUM_ADD : p->sum->store.op;
    const Affine *zero = affine_const(k, 0);
    const Affine *next = affine_shift(k, affine_var(k, p->times_var), 1);
    Stmt *stmt = accum(p, op, part_at(p, zero), load_part(p, next), NULL);
    if (times > 1)
        append(p, loop_of(p, p->times_var, times - 1, vector_of(p, stmt)));
    stmt = accum(p, op, p->sum->store.place, load_part(p, zero), NULL);
    append(p, vector_of(p, stmt));
}

/* The last elements, fewer than a vector. */
static void leftovers(Partial *p, int64_t start, int64_t count)
{
    Kernel *k = p->kernel;
    const Affine *at = affine_shift(k, affine_var(k, p->left), start);
    if (count > 0)
        append(p, loop_of(p, p->left, count,
                          nest_of(p, sum_at(p, at, p->sum->store.place))));
}

/* ---- the loop --------------------------------------------------------------------- */

/* Goes down to the sum through loops from 0 to a constant. */
static const Stmt *find_sum(Partial *p, const Stmt *stmt)
{
    int64_t lo, parts = p->lanes * p->times;
    p->depth = 0;
    while (stmt->kind == STMT_LOOP && stmt->next == NULL &&
           p->depth < INNER_MOST &&
           loop_constant(stmt, &lo, &p->extent[p->depth]) && lo == 0 &&
           p->extent[p->depth] > 0 &&
           p->extent[p->depth] <= PARTS_MOST / parts) {
        parts *= p->extent[p->depth];
        p->inner[p->depth++] = stmt;
        stmt = stmt->loop.body;
    }
    return stmt;
}

static bool is_sum(const Stmt *loop, const Stmt *sum, int64_t least,
                   int64_t *count, Text *why)
{
    int64_t lo;
    const char *fault = NULL;
    if (!loop_constant(loop, &lo, count) || lo != 0 || *count < least)
        fault = "needs more iterations, from 0 on";
    else if (sum->next != NULL || sum->kind != STMT_ACCUM ||
             sum->store.op == ACCUM_MUL ||
             sum->store.place.buffer->place != BUFFER_REG ||
             sum->store.place.buffer->type != DT_F32 ||
             access_uses(&sum->store.place, loop->loop.var) ||
             count_accesses(sum, sum->store.place.buffer) != 1)
        fault = "is around no sum in a register";
    if (fault != NULL)
        text_printf(why, "'%s' %s", loop->loop.var->name, fault);
    return fault == NULL;
}

static const Var *part_var(const Partial *p, const char *end)
{
    return kernel_var(
        p->kernel, arena_printf(p->kernel->arena, "%s.%s", p->var->name, end));
}

static void name_vars(Partial *p)
{
    if (p->outer != NULL)
        return;
    p->outer = part_var(p, "o");
    p->times_var = part_var(p, "u");
    p->lane = part_var(p, "i");
    p->rest = part_var(p, "t");
    p->left = part_var(p, "r");
}

static bool partial_loop(void *context, Kernel *k, Stmt **link,
                         const Loops *around, Text *why)
{
    Partial *p = context;
    Stmt *loop = *link, *after = loop->next;
    int64_t count;
    (void)around;
    p->sum = find_sum(p, loop->loop.body);
    if (!is_sum(loop, p->sum, p->lanes, &count, why))
        return false;
    p->var = loop->loop.var;
    p->first = NULL;
    p->end = &p->first;
    name_vars(p);
    int64_t times = count < p->lanes * p->times ? 1 : p->times;
    int64_t rounds = count / (p->lanes * times);
    int64_t seen = rounds * p->lanes * times, left = count % p->lanes;
    int64_t dims[KERNEL_RANK] = { times };
    for (int i = 0; i < p->depth; i++)
        dims[1 + i] = p->extent[i];
    dims[1 + p->depth] = p->lanes;
    p->part = kernel_local(k, "part", DT_F32, BUFFER_REG, 2 + p->depth, dims);
    clear(p, times);
    main_loop(p, rounds, times);
    vectors_from(p, seen, (count - seen) / p->lanes);
    if (is_idempotent(p->sum->store.op) && left > 0)
        vectors_from(p, count - p->lanes, 1);
    combine(p, times);
    if (!is_idempotent(p->sum->store.op))
        leftovers(p, count - left, left);
    p->first->comment = loop->comment;
    *p->end = after;
    *link = p->first;
    return true;
}

bool rewrite_partial(Kernel *kernel, const char *var, int64_t lanes,
                     int64_t times, Text *why)
{
    Partial p = { .kernel = kernel, .lanes = lanes, .times = times };
    if (lanes < 1 || times < 1 || lanes > 64 || times > 16) {
        text_printf(why, "no partial sums by %lld times %lld", (long long)lanes,
                    (long long)times);
        return false;
    }
    if (!each_loop(kernel, var, partial_loop, &p, why))
        return false;
    kernel_simplify(kernel);
    return true;
}
