/*
 * simplify_stmt.c - loops and their limits made smaller.
 *
 *     for kh in max(0, 1 - oh)..min(3, 33 - oh)     with oh in 4..8
 *     for kh in 0..3
 *
 * By the intervals that the loops around give: limits that another one always
 * surpasses go, a loop that runs once is its body, one that never runs and
 * what is empty is nothing.
 */
#include "kernel/local.h"

typedef struct Work {
    Kernel *kernel;
    Loops loops;
    int *uses; /* of each temporary */
    bool changed;
} Work;

/* ---- limits ---------------------------------------------------------------------- */

static int64_t greatest_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a < 0 ? -a : a;
}

/* ceil((g*s + base) / (g*d)) is ceil((s + ceil(base/g)) / d). */
static void reduce_term(Work *work, LimitTerm *term)
{
    int64_t common = term->div;
    const Affine *sum = affine_const(work->kernel, 0);

    for (int i = 0; i < term->sum->count; i++)
        common = greatest_divisor(common, term->sum->term[i].coef);
    if (common == 1)
        return;
    for (int i = 0; i < term->sum->count; i++) {
        const AffineTerm *t = &term->sum->term[i];
        const Affine *var = affine_var(work->kernel, t->var);
        sum = affine_add(work->kernel, sum,
                         affine_scale(work->kernel, var, t->coef / common));
    }
    term->sum =
        affine_shift(work->kernel, sum, ceil_div(term->sum->base, common));
    term->div /= common;
    work->changed = true;
}

/* a/a.div - b/b.div times both divisors, as one sum. */
static const Affine *term_difference(Work *work, const LimitTerm *a,
                                     const LimitTerm *b)
{
    return affine_sub(work->kernel, affine_scale(work->kernel, a->sum, b->div),
                      affine_scale(work->kernel, b->sum, a->div));
}

static bool lower_of(Work *work, const Affine *sum, int64_t *bound)
{
    return affine_lower_bound(work->kernel, sum, work->loops.at,
                              work->loops.count, bound);
}

static bool upper_of(Work *work, const Affine *sum, int64_t *bound)
{
    return affine_upper_bound(work->kernel, sum, work->loops.at,
                              work->loops.count, bound);
}

/* Whether term a is never below term b: by their difference, or, as rounding
 * up may help, by the interval of each. */
static bool never_below(Work *work, const LimitTerm *a, const LimitTerm *b)
{
    int64_t low, high;
    if (lower_of(work, term_difference(work, a, b), &low) && low >= 0)
        return true;
    return lower_of(work, a->sum, &low) && upper_of(work, b->sum, &high) &&
           ceil_div(low, a->div) >= ceil_div(high, b->div);
}

/* Of the terms of a maximum, those go that another one is never below; of a
 * minimum, those that are never below another one. */
static void drop_terms(Work *work, Limit *limit, bool maximum)
{
    for (int i = limit->count - 1; i >= 0; i--) {
        bool needless = false;
        for (int j = 0; j < limit->count && !needless; j++) {
            const LimitTerm *a = &limit->term[j], *b = &limit->term[i];
            needless = j != i && (maximum ? never_below(work, a, b)
                                          : never_below(work, b, a));
        }
        if (!needless)
            continue;
        limit->count--;
        for (int j = i; j < limit->count; j++)
            limit->term[j] = limit->term[j + 1];
        work->changed = true;
    }
}

static void simplify_limit(Work *work, Limit *limit, bool maximum)
{
    for (int i = 0; i < limit->count; i++) {
        if (limit->term[i].div > 1)
            reduce_term(work, &limit->term[i]);
    }
    if (limit->count > 1)
        drop_terms(work, limit, maximum);
}

/* ---- how often a loop runs --------------------------------------------------------- */

/* Some upper limit is never above some lower one. */
static bool runs_never(Work *work, const Stmt *loop)
{
    for (int i = 0; i < loop->loop.lo.count; i++) {
        for (int j = 0; j < loop->loop.hi.count; j++) {
            if (never_below(work, &loop->loop.lo.term[i],
                            &loop->loop.hi.term[j]))
                return true;
        }
    }
    return false;
}

/* hi - lo of one pair of terms: at least 1; *most_once where it is also at
 * most 1. Divisions are left alone. */
static bool runs_at_least_once(Work *work, const LimitTerm *lo,
                               const LimitTerm *hi, bool *most_once)
{
    const Affine *trips = term_difference(work, hi, lo);
    int64_t low, high;

    if (lo->div != 1 || hi->div != 1 || !lower_of(work, trips, &low) || low < 1)
        return false;
    *most_once |= upper_of(work, trips, &high) && high <= 1;
    return true;
}

/* The only value of the variable of a loop that always runs once, or NULL. */
static const Affine *only_value(Work *work, const Stmt *loop)
{
    const Limit *lo = &loop->loop.lo, *hi = &loop->loop.hi;
    bool most_once = false;

    for (int i = 0; i < lo->count; i++) {
        for (int j = 0; j < hi->count; j++) {
            if (!runs_at_least_once(work, &lo->term[i], &hi->term[j],
                                    &most_once))
                return NULL;
        }
    }
    if (!most_once)
        return NULL;
    if (lo->count == 1)
        return lo->term[0].sum;
    return hi->count == 1 ? affine_shift(work->kernel, hi->term[0].sum, -1)
                          : NULL;
}

/* ---- statements ---------------------------------------------------------------------- */

static void simplify_list(Work *work, Stmt **list);

static const Expr *simplify_value(Work *work, const Expr *value)
{
    const Expr *small = value ? expr_simplify(work->kernel, value) : NULL;
    work->changed |= small != value;
    return small;
}

static void simplify_loop(Work *work, Stmt *stmt)
{
    simplify_limit(work, &stmt->loop.lo, true);
    simplify_limit(work, &stmt->loop.hi, false);
    loops_enter(&work->loops, stmt);
    simplify_list(work, &stmt->loop.body);
    work->loops.count--;
}

static void simplify_inside(Work *work, Stmt *stmt)
{
    switch (stmt->kind) {
    case STMT_LOOP: simplify_loop(work, stmt); return;
    case STMT_STORE:
    case STMT_ACCUM:
        stmt->store.value = simplify_value(work, stmt->store.value);
        stmt->store.by = simplify_value(work, stmt->store.by);
        return;
    case STMT_LET:
        stmt->let.value = simplify_value(work, stmt->let.value);
        return;
    case STMT_PREFETCH: return;
    case STMT_BLOCK: simplify_list(work, &stmt->block); return;
    }
    BUG("no statement %d", (int)stmt->kind);
}

static bool is_nothing(Work *work, const Stmt *stmt)
{
    if (stmt->kind == STMT_LOOP)
        return stmt->loop.body == NULL || runs_never(work, stmt);
    if (stmt->kind == STMT_LET)
        return work->uses[stmt->let.temp->id] == 0;
    return stmt->kind == STMT_BLOCK && stmt->block == NULL;
}

/* A scope is needed where something is named in it. */
static bool names_something(const Stmt *list)
{
    for (; list; list = list->next) {
        if (list->kind == STMT_LET)
            return true;
    }
    return false;
}

/* Puts the list in the place of *at; the list is not empty. */
static void splice(Stmt **at, Stmt *list)
{
    Stmt *old = *at, *last = list;

    while (last->next)
        last = last->next;
    last->next = old->next;
    if (old->comment && !list->comment)
        list->comment = old->comment;
    *at = list;
}

/* Replaces the statement by its body where that is all it is. */
static bool unwrap(Work *work, Stmt **at)
{
    Stmt *stmt = *at;

    if (stmt->kind == STMT_LOOP) {
        const Affine *value = only_value(work, stmt);
        Stmt *body = stmt->loop.body;
        if (!value)
            return false;
        stmt_substitute(work->kernel, body, stmt->loop.var, value);
        stmt->kind = STMT_BLOCK;
        stmt->block = body;
    } else if (stmt->kind != STMT_BLOCK || names_something(stmt->block)) {
        return false;
    }
    if (!names_something(stmt->block))
        splice(at, stmt->block);
    return true;
}

static void simplify_list(Work *work, Stmt **list)
{
    for (Stmt **at = list; *at;) {
        simplify_inside(work, *at);
        if (is_nothing(work, *at)) {
            *at = (*at)->next;
            work->changed = true;
        } else if (unwrap(work, at)) {
            work->changed = true;
        } else {
            at = &(*at)->next;
        }
    }
}

/* ---- uses of temporaries --------------------------------------------------------------- */

static void count_in_value(int *uses, const Expr *expr)
{
    if (!expr)
        return;
    if (expr->kind == EXPR_TEMP)
        uses[expr->temp->id]++;
    for (int i = 0; i < expr_operands(expr->kind); i++)
        count_in_value(uses, expr->arg[i]);
}

static void count_in_list(int *uses, const Stmt *list)
{
    for (; list; list = list->next) {
        switch (list->kind) {
        case STMT_LOOP: count_in_list(uses, list->loop.body); break;
        case STMT_STORE:
        case STMT_ACCUM:
            count_in_value(uses, list->store.value);
            count_in_value(uses, list->store.by);
            break;
        case STMT_LET: count_in_value(uses, list->let.value); break;
        case STMT_PREFETCH: break;
        case STMT_BLOCK: count_in_list(uses, list->block); break;
        }
    }
}

bool kernel_simplify(Kernel *kernel)
{
    Work work = { .kernel = kernel };
    bool any = false;

    do {
        work.changed = false;
        work.uses = NEW_N(kernel->arena, int, kernel->temps.count);
        count_in_list(work.uses, kernel->body);
        simplify_list(&work, &kernel->body);
        any |= work.changed;
    } while (work.changed);
    return any;
}
