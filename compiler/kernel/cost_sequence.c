/*
 * cost_sequence.c - schedules for kernels that are several loops, one behind
 * the other: softmax, norms, borders of zeros.
 *
 *     for h                       the elements of a row lie side by side:
 *         for i: most max= x      each loop gets vectors of its own, a sum as
 *         for j: y = exp(...)     partial sums
 *         for l: sum += y
 *
 *     for h, w                    rows do: vectors of rows, and each loop's
 *         for i: most max= x      variables become vectors
 *         ...
 *
 * There is one candidate of each kind, and no estimate.
 */
#include "kernel/cost.h"

#include <string.h>

#define SUMS 4 /* vectors of partial sums, to hide the latency */

typedef struct Sequence {
    const Kernel *kernel;
    const Target *target;
    Schedule *schedule;
} Sequence;

static const char *part_of(const char *name, const char *part)
{
    Text text = { 0 };
    text_printf(&text, "%s.%s", name, part);
    const char *whole = name_intern(text_get(&text));
    text_free(&text);
    return whole;
}

/* ---- what a variable moves ---------------------------------------------------------- */

typedef struct Moves {
    const Var *var;
    bool smooth; /* every access by 0 or 1, stores by 1 */
} Moves;

static void check_move(void *context, const Access *access, Role role,
                       const Stmt *stmt)
{
    Moves *m = context;
    (void)stmt;
    if (access->buffer->place == BUFFER_REG) {
        m->smooth = m->smooth && !access_uses(access, m->var);
        return;
    }
    int64_t step = access_step(access, m->var, false);
    m->smooth = m->smooth && access->buffer->type == DT_F32 &&
                (step == 1 || (role == ROLE_READ && step == 0));
}

static bool has_index(const Expr *expr, const Var *var)
{
    if (expr->kind == EXPR_VAR)
        return affine_coef(expr->index, var) != 0;
    for (int i = 0; i < expr_operands(expr->kind); i++) {
        if (has_index(expr->arg[i], var))
            return true;
    }
    return false;
}

/* Values of the list that are floats, and not the variable itself; loops that
 * do not depend on it. */
static bool can_be_vectors(const Stmt *list, const Var *var)
{
    for (; list != NULL; list = list->next) {
        if (list->kind == STMT_LOOP && (limit_uses(&list->loop.lo, var) ||
                                        limit_uses(&list->loop.hi, var) ||
                                        !can_be_vectors(list->loop.body, var)))
            return false;
        if (list->kind != STMT_STORE && list->kind != STMT_ACCUM)
            continue;
        if (list->store.place.buffer->type != DT_F32 ||
            has_index(list->store.value, var) ||
            (list->store.by != NULL && has_index(list->store.by, var)))
            return false;
    }
    return true;
}

static bool moves_smoothly(const Stmt *list, const Var *var)
{
    Moves m = { var, true };
    visit_accesses(list, check_move, &m);
    return m.smooth && can_be_vectors(list, var);
}

/* ---- vectors of rows ------------------------------------------------------------------ */

static bool has_loop(const Stmt *list)
{
    for (; list != NULL; list = list->next) {
        if (list->kind == STMT_LOOP)
            return true;
    }
    return false;
}

/* Names of the loops around the rows' statements; the last one counts rows. */
static const Stmt *find_rows(const Kernel *kernel, Text *outer)
{
    const Stmt *list = kernel->body, *rows = NULL;
    int64_t lo, hi;
    while (list != NULL && list->next == NULL && list->kind == STMT_LOOP &&
           loop_constant(list, &lo, &hi) && lo == 0) {
        if (rows != NULL)
            text_printf(outer, "%s ", rows->loop.var->name);
        rows = list;
        list = list->loop.body;
    }
    return rows != NULL && has_loop(rows->loop.body) ? rows : NULL;
}

static bool vectors_of_rows(const Sequence *s)
{
    Text order = { 0 };
    const Stmt *rows = find_rows(s->kernel, &order);
    int64_t lo, hi, lanes = target_lanes(s->target);
    bool ok = rows != NULL && loop_constant(rows, &lo, &hi) && hi > 1 &&
              moves_smoothly(rows->loop.body, rows->loop.var);
    if (ok) {
        const char *name = rows->loop.var->name, *outer = part_of(name, "o");
        bool many = hi > lanes;
        if (many) {
            schedule_add(s->schedule, STEP_SPLIT, lanes, 0, name);
            text_printf(&order, "%s ", outer);
            name = part_of(name, "i");
        }
        text_printf(&order, "| %s", name);
        schedule_add(s->schedule, STEP_ORDER, 0, 0, text_get(&order));
        if (many && hi % lanes != 0)
            schedule_add(s->schedule, STEP_PEEL, 0, 1, outer);
        schedule_add(s->schedule, STEP_VECTORIZE, 0, 0, name);
    }
    text_free(&order);
    return ok;
}

/* ---- vectors in each loop ---------------------------------------------------------------- */

static void vectorize_elements(const Sequence *s, const char *name,
                               int64_t count)
{
    int64_t lanes = target_lanes(s->target);
    if (count > lanes) {
        schedule_add(s->schedule, STEP_SPLIT, lanes, 0, name);
        if (count % lanes != 0)
            schedule_add(s->schedule, STEP_PEEL, 0, 1, part_of(name, "o"));
        name = part_of(name, "i");
    }
    schedule_add(s->schedule, STEP_VECTORIZE, 0, 0, name);
}

/* The widest vectors of which the loop fills one. */
static int64_t lanes_within(const Target *target, int64_t count)
{
    for (int i = 0; i < 4 && target->lanes[i] > 1; i++) {
        if (target->lanes[i] <= count)
            return target->lanes[i];
    }
    return 0;
}

static void vectorize_sum(const Sequence *s, const Stmt *sum, const char *name,
                          int64_t count)
{
    int64_t lanes = lanes_within(s->target, count);
    bool plain =
        sum->store.op == ACCUM_ADD && sum->store.value->kind == EXPR_LOAD;
    if (plain && count <= target_lanes(s->target)) {
        schedule_add(s->schedule, STEP_VECTORIZE, 0, 0, name);
        return;
    }
    if (lanes == 0 || sum->store.op == ACCUM_MUL)
        return;
    int64_t times = count >= 2 * SUMS * lanes ? SUMS : 1;
    schedule_add(s->schedule, STEP_PARTIAL, lanes, times, name);
    if (times > 1)
        schedule_add(s->schedule, STEP_UNROLL, 0, 0, part_of(name, "u"));
    schedule_add(s->schedule, STEP_VECTORIZE, 0, 0, part_of(name, "i"));
    if (plain && count % lanes != 0)
        schedule_add(s->schedule, STEP_VECTORIZE, 0, 0, part_of(name, "r"));
}

typedef struct Read {
    const Buffer *buffer;
    bool found;
} Read;

static void find_read(void *context, const Access *access, Role role,
                      const Stmt *stmt)
{
    Read *r = context;
    (void)stmt;
    r->found = r->found || (role == ROLE_READ && access->buffer == r->buffer);
}

static bool reads(const Stmt *list, const Buffer *buffer)
{
    Read r = { buffer, false };
    visit_accesses(list, find_read, &r);
    return r.found;
}

/* Nothing but stores; what is stored in memory is not read here. */
static bool only_stores(const Stmt *list)
{
    for (const Stmt *stmt = list; stmt != NULL; stmt = stmt->next) {
        if (stmt->kind != STMT_STORE)
            return false;
        const Buffer *to = stmt->store.place.buffer;
        if (to->place != BUFFER_REG && reads(list, to))
            return false;
    }
    return true;
}

/* Vectors hold one statement each. */
static void vectorize_stores(const Sequence *s, const char *name, int64_t count)
{
    Text order = { 0 };
    const int64_t lanes = target_lanes(s->target);
    const char *inner = name;
    if (count > lanes) {
        schedule_add(s->schedule, STEP_SPLIT, lanes, 0, name);
        inner = part_of(name, "i");
    }
    text_printf(&order, "| %s", inner);
    schedule_add(s->schedule, STEP_ORDER, 0, 0, text_get(&order));
    if (count > lanes && count % lanes != 0)
        schedule_add(s->schedule, STEP_PEEL, 0, 1, part_of(name, "o"));
    schedule_add(s->schedule, STEP_VECTORIZE, 0, 0, inner);
    text_free(&order);
}

static void vectorize_loop(const Sequence *s, const Stmt *loop)
{
    const Stmt *stmt = loop->loop.body;
    const char *name = loop->loop.var->name;
    int64_t lo, hi;
    if (!loop_constant(loop, &lo, &hi) || lo != 0 || hi < 2 || stmt == NULL)
        return;
    if (stmt->next != NULL && only_stores(stmt)) {
        if (moves_smoothly(stmt, loop->loop.var))
            vectorize_stores(s, name, hi);
        return;
    }
    if (stmt->next != NULL ||
        (stmt->kind != STMT_STORE && stmt->kind != STMT_ACCUM) ||
        !can_be_vectors(stmt, loop->loop.var))
        return;
    if (stmt->store.place.buffer->place != BUFFER_REG) {
        if (moves_smoothly(stmt, loop->loop.var))
            vectorize_elements(s, name, hi);
        return;
    }
    Stmt alone = *stmt; /* what it reads */
    alone.kind = STMT_LET;
    alone.let.value = stmt->store.value;
    if (stmt->kind != STMT_ACCUM || !moves_smoothly(&alone, loop->loop.var))
        return;
    if (stmt->store.op == ACCUM_FMA) {
        alone.let.value = stmt->store.by;
        if (!moves_smoothly(&alone, loop->loop.var))
            return;
    }
    vectorize_sum(s, stmt, name, hi);
}

static void vectorize_loops(const Sequence *s, const Stmt *list)
{
    for (; list != NULL; list = list->next) {
        if (list->kind == STMT_BLOCK)
            vectorize_loops(s, list->block);
        if (list->kind != STMT_LOOP)
            continue;
        if (has_loop(list->loop.body))
            vectorize_loops(s, list->loop.body);
        else
            vectorize_loop(s, list);
    }
}

bool cost_sequence(const Kernel *kernel, const Target *target,
                   Schedule *schedule)
{
    Sequence s = { kernel, target, schedule };
    if (target_lanes(target) == 1)
        return false;
    if (!vectors_of_rows(&s))
        vectorize_loops(&s, kernel->body);
    return schedule->steps.count > 0;
}
