/*
 * rewrite_loops.c - split, mark, peel, and the order of loops.
 *
 *     for i in 0..10              for i.o in 0..3
 *         y[i] = x[i]      ->         for i.i in 0..min(4, 10 - 4*i.o)
 *                                         y[4*i.o + i.i] = x[4*i.o + i.i]
 *
 * Limits may depend on outer loops, so that a window's padding stays right
 * whatever is done to its loops.
 */
#include "kernel/rewrite.h"

#include <stdlib.h>
#include <string.h>

/* ---- split ------------------------------------------------------------------- */

typedef struct Split {
    int64_t factor;
    const Var *outer, *inner;
} Split;

static bool split_limits(Kernel *k, const Split *s, const Stmt *loop,
                         Stmt *outer, Stmt *inner, Text *why)
{
    int64_t f = s->factor;
    const Affine *base = affine_scale(k, affine_var(k, s->outer), f);
    bool room = limit_try(&inner->loop.lo, affine_const(k, 0), 1) &&
                limit_try(&inner->loop.hi, affine_const(k, f), 1);
    for (int i = 0; i < loop->loop.lo.count; i++) {
        LimitTerm t = loop->loop.lo.term[i];
        if (t.div != 1) {
            text_printf(why, "'%s' has a rational lower limit",
                        loop->loop.var->name);
            return false;
        }
        /* floor(lo / f) */
        room = room &&
               limit_try(&outer->loop.lo, affine_shift(k, t.sum, 1 - f), f) &&
               limit_try(&inner->loop.lo, affine_sub(k, t.sum, base), 1);
    }
    for (int i = 0; i < loop->loop.hi.count; i++) {
        LimitTerm t = loop->loop.hi.term[i];
        const Affine *rest = affine_sub(k, t.sum, affine_scale(k, base, t.div));
        room = room && limit_try(&outer->loop.hi, t.sum, t.div * f) &&
               limit_try(&inner->loop.hi, rest, t.div);
    }
    if (!room)
        text_printf(why, "too many limits on '%s'", loop->loop.var->name);
    return room;
}

static bool split_loop(void *context, Kernel *k, Stmt **link,
                       const Loops *around, Text *why)
{
    (void)around;
    Split *s = context;
    Stmt *loop = *link;
    if (s->outer == NULL) {
        const char *name = loop->loop.var->name;
        s->outer = kernel_var(k, arena_printf(k->arena, "%s.o", name));
        s->inner = kernel_var(k, arena_printf(k->arena, "%s.i", name));
    }
    Stmt *outer = stmt_new(k, STMT_LOOP), *inner = stmt_new(k, STMT_LOOP);
    if (!split_limits(k, s, loop, outer, inner, why))
        return false;
    outer->loop.var = s->outer;
    outer->loop.body = inner;
    outer->next = loop->next;
    outer->comment = loop->comment;
    inner->loop.var = s->inner;
    inner->loop.body = loop->loop.body;
    const Affine *whole =
        affine_add(k, affine_scale(k, affine_var(k, s->outer), s->factor),
                   affine_var(k, s->inner));
    stmt_substitute(k, inner->loop.body, loop->loop.var, whole);
    *link = outer;
    return true;
}

bool rewrite_split(Kernel *kernel, const char *var, int64_t factor, Text *why)
{
    if (factor < 1) {
        text_printf(why, "cannot split by %lld", (long long)factor);
        return false;
    }
    Split s = { .factor = factor };
    if (!each_loop(kernel, var, split_loop, &s, why))
        return false;
    kernel_simplify(kernel);
    return true;
}

/* ---- mark and peel ---------------------------------------------------------------- */

static bool mark_loop(void *context, Kernel *k, Stmt **link,
                      const Loops *around, Text *why)
{
    (void)k, (void)around, (void)why;
    (*link)->loop.mark = *(LoopMark *)context;
    return true;
}

bool rewrite_mark(Kernel *kernel, const char *var, LoopMark mark, Text *why)
{
    return each_loop_left(kernel, var, mark_loop, &mark, why);
}

typedef struct Private {
    VEC(Buffer *) own; /* locals that nothing outside of the loop knows */
    VEC(Buffer *) copy;
} Private;

static void find_private(Kernel *k, const Stmt *loop, Private *p)
{
    for (int i = 0; i < k->locals.count; i++) {
        Buffer *local = k->locals.at[i];
        int inside = count_accesses(loop->loop.body, local);
        if (inside > 0 && inside == count_accesses(k->body, local))
            vec_push(&p->own, local);
    }
}

static bool use_copy(void *context, Kernel *k, const Access *access,
                     const Loops *loops, Access *result)
{
    (void)k, (void)loops;
    const Private *p = context;
    Access copy = *access;
    for (int i = 0; i < p->copy.count; i++) {
        if (copy.buffer == p->own.at[i])
            copy.buffer = p->copy.at[i];
    }
    *result = copy;
    return true;
}

/* A copy of the body with the variable fixed, and locals of its own: its
 * vectors may be of another width. */
static Stmt *iteration(Kernel *k, const Stmt *loop, int64_t value, Private *p)
{
    Stmt *block = stmt_new(k, STMT_BLOCK);
    Loops loops = { { NULL }, 0 };
    block->block = stmt_copy(k, loop->loop.body);
    stmt_substitute(k, block->block, loop->loop.var, affine_const(k, value));
    p->copy.count = 0;
    for (int i = 0; i < p->own.count; i++) {
        const Buffer *own = p->own.at[i];
        int64_t extent[KERNEL_RANK];
        for (int d = 0; d < own->rank; d++)
            extent[d] = own->dim[d].extent;
        vec_push(&p->copy, kernel_local(k, own->name, own->type, own->place,
                                        own->rank, extent));
    }
    map_accesses(k, block->block, &loops, use_copy, p);
    return block;
}

static bool peel_loop(void *context, Kernel *k, Stmt **link,
                      const Loops *around, Text *why)
{
    (void)around;
    const int64_t *number = context;
    Stmt *loop = *link, *after = loop->next;
    int64_t lo, hi;
    if (!loop_constant(loop, &lo, &hi)) {
        text_printf(why, "the limits of '%s' are not constant",
                    loop->loop.var->name);
        return false;
    }
    Private p = { { 0 }, { 0 } };
    find_private(k, loop, &p);
    int64_t first_end = lo + number[0], last = hi - number[1];
    if (first_end >= last) /* nothing left between: all stand alone */
        first_end = last = hi;
    for (int64_t v = lo; v < first_end && v < hi; v++) {
        *link = iteration(k, loop, v, &p);
        link = &(*link)->next;
    }
    if (first_end < last) {
        Stmt *middle = stmt_copy(k, loop);
        middle->next = NULL;
        middle->loop.lo = (Limit){ 0 };
        middle->loop.hi = (Limit){ 0 };
        limit_try(&middle->loop.lo, affine_const(k, first_end), 1);
        limit_try(&middle->loop.hi, affine_const(k, last), 1);
        *link = middle;
        link = &middle->next;
    }
    for (int64_t v = last; v < hi; v++) {
        *link = iteration(k, loop, v, &p);
        link = &(*link)->next;
    }
    *link = after;
    vec_free(&p.own);
    vec_free(&p.copy);
    return true;
}

bool rewrite_peel(Kernel *kernel, const char *var, int64_t first, int64_t last,
                  Text *why)
{
    int64_t number[2] = { first, last };
    if (!each_loop_left(kernel, var, peel_loop, number, why))
        return false;
    kernel_simplify(kernel);
    return true;
}

/* ---- interchange -------------------------------------------------------------------- */

typedef struct Written {
    VEC(const Access *) writes;
    VEC(const Access *) all;
    bool accum_only, store_first;
    AccumOp op;
    bool any_accum;
    const Buffer *buffer; /* NULL: only gather what is written */
} Written;

static void gather(void *context, const Access *access, Role role,
                   const Stmt *stmt)
{
    Written *w = context;
    if (w->buffer != NULL && access->buffer != w->buffer)
        return;
    if (role != ROLE_READ)
        vec_push(&w->writes, access);
    if (w->buffer == NULL)
        return;
    if (w->all.count == 0)
        w->store_first = role == ROLE_STORE;
    vec_push(&w->all, access);
    if (role != ROLE_ACCUM) {
        w->accum_only = false;
        return;
    }
    if (w->any_accum && w->op != stmt->store.op)
        w->accum_only = false;
    w->any_accum = true;
    w->op = stmt->store.op;
}

int64_t loop_iterations_most(const Stmt *loop)
{
    int64_t lo = INT64_MIN, hi = INT64_MAX, value;
    for (int i = 0; i < loop->loop.lo.count; i++) {
        LimitTerm t = loop->loop.lo.term[i];
        if (affine_is_const(t.sum, &value) && ceil_div(value, t.div) > lo)
            lo = ceil_div(value, t.div);
    }
    for (int i = 0; i < loop->loop.hi.count; i++) {
        LimitTerm t = loop->loop.hi.term[i];
        if (affine_is_const(t.sum, &value) && ceil_div(value, t.div) < hi)
            hi = ceil_div(value, t.div);
    }
    return lo == INT64_MIN || hi == INT64_MAX ? -1 : hi - lo;
}

static int64_t gcd_of(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* ca*a + cb*b never takes a value twice: equal ones are ca/g steps of b and
 * cb/g steps of a apart, and one of the two has fewer iterations. */
static bool digits_apart(const Affine *index, const Stmt *a, const Stmt *b)
{
    int64_t ca = llabs(affine_coef(index, a->loop.var));
    int64_t cb = llabs(affine_coef(index, b->loop.var));
    int64_t na = loop_iterations_most(a), nb = loop_iterations_most(b);
    if (ca == 0 || cb == 0)
        return false;
    int64_t g = gcd_of(ca, cb);
    return (nb >= 0 && ca / g >= nb) || (na >= 0 && cb / g >= na);
}

/* Different iterations of (a, b) touch different places. */
static bool access_injective(const Access *access, const Stmt *a, const Stmt *b)
{
    if (access->flat)
        return digits_apart(access->address, a, b);
    int with_a = -1, with_b = -1;
    for (int i = 0; i < access->buffer->rank; i++) {
        bool has_a = affine_coef(access->index[i], a->loop.var) != 0;
        bool has_b = affine_coef(access->index[i], b->loop.var) != 0;
        if (has_a && has_b && digits_apart(access->index[i], a, b))
            return true;
        if (has_a && !has_b)
            with_a = i;
        if (has_b && !has_a)
            with_b = i;
    }
    return with_a >= 0 && with_b >= 0;
}

/* y[4*t + 1] and y[4*t + 2]: some index of the two differs by what no values of
 * its variables make up for. */
static bool never_meet(const Access *x, const Access *y)
{
    for (int d = 0; d < x->buffer->rank && !x->flat && !y->flat; d++) {
        int64_t step = 0, offset;
        for (int i = 0; i < x->index[d]->count; i++)
            step = gcd_of(step, llabs(x->index[d]->term[i].coef));
        if (affine_apart(x->index[d], y->index[d], &offset) &&
            (step == 0 ? offset != 0 : offset % step != 0))
            return true;
    }
    return false;
}

/* Whatever touches the buffer at the same place does so by the same index. */
static bool places_are_apart(const Written *w)
{
    for (int i = 0; i < w->all.count; i++)
        for (int j = 0; j < i; j++) {
            if (!access_same_place(w->all.at[i], w->all.at[j]) &&
                !never_meet(w->all.at[i], w->all.at[j]))
                return false;
        }
    return true;
}

static bool order_is_free(const Access *access, const Stmt *a, const Stmt *b)
{
    return !access_uses(access, a->loop.var) ||
           !access_uses(access, b->loop.var) || access_injective(access, a, b);
}

/* Whether iterations (a, b) may run in the order (b, a), for one buffer that
 * the body writes. */
static bool swap_is_safe(const Stmt *body, const Buffer *buffer,
                         const Stmt *aloop, const Stmt *bloop)
{
    const Var *a = aloop->loop.var, *b = bloop->loop.var;
    Written w = { .accum_only = true, .buffer = buffer };
    visit_accesses(body, gather, &w);
    bool local = buffer->place == BUFFER_REG || buffer->place == BUFFER_LOCAL;
    bool moves = false;
    for (int i = 0; i < w.all.count; i++)
        moves =
            moves || access_uses(w.all.at[i], a) || access_uses(w.all.at[i], b);
    bool safe =
        w.accum_only || (local && !moves && local_starts_afresh(body, buffer));
    if (!safe) {
        const Access *first = w.all.at[0];
        safe = places_are_apart(&w);
        for (int i = 0; i < w.all.count; i++)
            safe = safe && order_is_free(w.all.at[i], aloop, bloop);
        /* Independent of both: only for locals that start afresh in each
         * iteration. */
        if (safe && !access_uses(first, a) && !access_uses(first, b))
            safe = w.store_first && local;
    }
    vec_free(&w.writes);
    vec_free(&w.all);
    return safe;
}

static bool interchange_is_safe(const Stmt *body, const Stmt *a, const Stmt *b,
                                Text *why)
{
    Written w = { .buffer = NULL };
    visit_accesses(body, gather, &w);
    bool safe = true;
    for (int i = 0; safe && i < w.writes.count; i++) {
        safe = swap_is_safe(body, w.writes.at[i]->buffer, a, b);
        if (!safe)
            text_printf(why,
                        "'%s' and '%s' cannot be swapped: both decide "
                        "the order of writes to '%s'",
                        a->loop.var->name, b->loop.var->name,
                        w.writes.at[i]->buffer->name);
    }
    vec_free(&w.writes);
    return safe;
}

/* What a limit of j over all i in its range allows: i, with coefficient b,
 * replaced by each limit of its own that makes the term loosest. */
static bool limit_without(Kernel *k, const Limit *limit, bool lower,
                          const Stmt *iloop, Limit *result)
{
    const Var *i = iloop->loop.var;
    for (int t = 0; t < limit->count; t++) {
        LimitTerm term = limit->term[t];
        int64_t b = affine_coef(term.sum, i);
        if (b == 0) {
            if (!limit_try(result, term.sum, term.div))
                return false;
            continue;
        }
        const Affine *rest =
            affine_substitute(k, term.sum, i, affine_const(k, 0));
        bool from_low = (b > 0) == lower;
        const Limit *own = from_low ? &iloop->loop.lo : &iloop->loop.hi;
        for (int u = 0; u < own->count; u++) {
            /* i >= s/d, or i <= (s-1)/d */
            const Affine *s = own->term[u].sum;
            int64_t d = own->term[u].div;
            if (!from_low)
                s = affine_shift(k, s, -1);
            const Affine *sum =
                affine_add(k, affine_scale(k, rest, d), affine_scale(k, s, b));
            if (!limit_try(result, sum, term.div * d))
                return false;
        }
    }
    return true;
}

/* The limits of j that mention i, solved for i. */
static bool limit_turned(Kernel *k, const Limit *limit, bool lower,
                         const Var *i, const Var *j, Limit *lo, Limit *hi)
{
    for (int t = 0; t < limit->count; t++) {
        LimitTerm term = limit->term[t];
        int64_t b = affine_coef(term.sum, i);
        if (b == 0)
            continue;
        const Affine *a = affine_substitute(k, term.sum, i, affine_const(k, 0));
        const Affine *dj = affine_scale(k, affine_var(k, j), term.div);
        bool added;
        if (lower && b < 0) /* -b*i >= a - d*j */
            added = limit_try(lo, affine_sub(k, a, dj), -b);
        else if (lower) /* b*i <= d*j - a */
            added = limit_try(hi, affine_shift(k, affine_sub(k, dj, a), 1), b);
        else if (b > 0) /* b*i > d*j - a */
            added = limit_try(lo, affine_shift(k, affine_sub(k, dj, a), 1), b);
        else /* -b*i < a - d*j */
            added = limit_try(hi, affine_sub(k, a, dj), -b);
        if (!added)
            return false;
    }
    return true;
}

static bool limits_swap(Kernel *k, Stmt *iloop, Stmt *jloop)
{
    Limit jlo = { 0 }, jhi = { 0 };
    Limit ilo = iloop->loop.lo, ihi = iloop->loop.hi;
    const Var *i = iloop->loop.var, *j = jloop->loop.var;
    if (!limit_without(k, &jloop->loop.lo, true, iloop, &jlo) ||
        !limit_without(k, &jloop->loop.hi, false, iloop, &jhi) ||
        !limit_turned(k, &jloop->loop.lo, true, i, j, &ilo, &ihi) ||
        !limit_turned(k, &jloop->loop.hi, false, i, j, &ilo, &ihi))
        return false;
    iloop->loop.lo = ilo;
    iloop->loop.hi = ihi;
    jloop->loop.lo = jlo;
    jloop->loop.hi = jhi;
    return true;
}

Stmt *loop_interchange(Kernel *kernel, Stmt *outer, Text *why)
{
    Stmt *inner = outer->loop.body;
    REQUIRE(inner->kind == STMT_LOOP && inner->next == NULL);
    if (!interchange_is_safe(inner->loop.body, outer, inner, why))
        return NULL;
    if (!limits_swap(kernel, outer, inner)) {
        text_printf(why, "too many limits between '%s' and '%s'",
                    outer->loop.var->name, inner->loop.var->name);
        return NULL;
    }
    inner->next = outer->next;
    inner->comment = outer->comment;
    outer->next = NULL;
    outer->comment = NULL;
    outer->loop.body = inner->loop.body;
    inner->loop.body = outer;
    return inner;
}

/* ---- order ------------------------------------------------------------------------------ */

typedef struct Order {
    const char *const *vars;
    int count;
} Order;

static int rank_of(const Order *order, const Stmt *loop)
{
    for (int i = 0; i < order->count; i++) {
        if (strcmp(order->vars[i], loop->loop.var->name) == 0)
            return i;
    }
    return -1;
}

static bool order_list(Kernel *k, const Order *order, Stmt **link, Text *why);

/* Bubbles the loop at *link inward past those that belong outside. */
static bool order_chain(Kernel *k, const Order *order, Stmt **link, Text *why)
{
    Stmt *loop = *link;
    if (!order_list(k, order, &loop->loop.body, why))
        return false;
    Stmt *inner = loop->loop.body;
    if (inner == NULL || inner->next != NULL || inner->kind != STMT_LOOP ||
        rank_of(order, inner) < 0 ||
        rank_of(order, loop) <= rank_of(order, inner))
        return true;
    Stmt *swapped = loop_interchange(k, loop, why);
    if (swapped == NULL)
        return false;
    *link = swapped;
    return order_chain(k, order, &swapped->loop.body, why);
}

static bool order_list(Kernel *k, const Order *order, Stmt **link, Text *why)
{
    for (; *link != NULL; link = &(*link)->next) {
        if ((*link)->kind == STMT_BLOCK &&
            !order_list(k, order, &(*link)->block, why))
            return false;
        if ((*link)->kind == STMT_LOOP && !order_chain(k, order, link, why))
            return false;
    }
    return true;
}

bool rewrite_order(Kernel *kernel, const char *const *vars, int count,
                   Text *why)
{
    Order order = { vars, count };
    if (!order_list(kernel, &order, &kernel->body, why))
        return false;
    kernel_simplify(kernel);
    return true;
}
