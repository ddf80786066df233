/*
 * rewrite_rows.c - one kernel computes rows just before another reads them.
 *
 *     for oh in 0..112: t[oh] = ...        for v in 0..56
 *     for v in 0..56                           for oh in max(0, 2*v)..
 *         y[v] = ... t[2*v - 1 .. 2*v + 1]  ->       min(112, 2*v + 2)
 *                                                  t[oh mod 3] = ...
 *                                              y[v] = ... t[.. mod 3]
 *
 * Iteration v computes what it reads and no earlier one has; rows that the
 * first iteration needs beyond its own stand before the loop. So t is a ring
 * of as many rows as one iteration reads.
 */
#include "kernel/rewrite.h"

/* ---- which rows an iteration reads ---------------------------------------------- */

typedef struct Rows {
    Kernel *kernel;
    const Buffer *buffer;
    const Var *v;
    int64_t step, low, high; /* rows step*v + low .. step*v + high - 1 */
    bool any, failed;
} Rows;

static bool see_rows(void *context, Kernel *k, const Access *access,
                     const Loops *loops, Access *result)
{
    Rows *r = context;
    Access copy = *access;
    int64_t low, high;
    *result = copy;
    if (copy.buffer != r->buffer)
        return true;
    if (copy.flat) {
        r->failed = true;
        return true;
    }
    int64_t step = affine_coef(copy.index[0], r->v);
    const Affine *rest = affine_sub(k, copy.index[0],
                                    affine_scale(k, affine_var(k, r->v), step));
    if (step < 1 || (r->any && step != r->step) ||
        !affine_lower_bound(k, rest, loops->at, loops->count, &low) ||
        !affine_upper_bound(k, rest, loops->at, loops->count, &high)) {
        r->failed = true;
        return true;
    }
    r->step = step;
    r->low = !r->any || low < r->low ? low : r->low;
    r->high = !r->any || high + 1 > r->high ? high + 1 : r->high;
    r->any = true;
    return true;
}

bool kernel_rows_read(Kernel *reader, const Buffer *buffer, int64_t *step,
                      int64_t *low, int64_t *high)
{
    Stmt *outer = reader->body;
    int64_t lo, hi;
    if (outer == NULL || outer->next != NULL || outer->kind != STMT_LOOP ||
        !loop_constant(outer, &lo, &hi) || lo != 0)
        return false;
    Rows r = { .kernel = reader, .buffer = buffer, .v = outer->loop.var };
    Loops loops = { { NULL }, 0 };
    map_accesses(reader, reader->body, &loops, see_rows, &r);
    *step = r.step;
    *low = r.low;
    *high = r.high;
    return r.any && !r.failed;
}

/* ---- one kernel of two ---------------------------------------------------------------- */

/* The producer's loop over the rows low..high of iteration v. */
static Stmt *rows_of(Kernel *k, const Stmt *rows, const Affine *low,
                     const Affine *high)
{
    Stmt *loop = stmt_copy(k, rows);
    loop->next = NULL;
    limit_try(&loop->loop.lo, low, 1);
    limit_try(&loop->loop.hi, high, 1);
    return loop;
}

bool rewrite_rows(Kernel *reader, const Kernel *producer, int64_t step,
                  int64_t low, int64_t high, Text *why)
{
    Stmt *outer = reader->body, *rows = producer->body;
    int64_t lo, hi;
    if (outer == NULL || outer->kind != STMT_LOOP || outer->next != NULL ||
        rows == NULL || rows->kind != STMT_LOOP || rows->next != NULL ||
        !loop_constant(rows, &lo, &hi)) {
        text_add(why, "rows are not the outermost loops");
        return false;
    }
    kernel_adopt(reader, producer);
    const Affine *v =
        affine_scale(reader, affine_var(reader, outer->loop.var), step);
    int64_t first = low > high - step ? low : high - step;
    Stmt *now = rows_of(reader, rows, affine_shift(reader, v, first),
                        affine_shift(reader, v, high));
    now->next = outer->loop.body;
    outer->loop.body = now;
    if (first > 0 && low < first) {
        Stmt *before = rows_of(reader, rows, affine_const(reader, 0),
                               affine_const(reader, first));
        before->next = outer;
        reader->body = before;
    }
    kernel_simplify(reader);
    return true;
}
