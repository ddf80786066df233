/*
 * nest.c - reads a kernel's shape for the cost model.
 *
 *     for oh, ow, oc                      three NEST_OUT
 *         m = -inf
 *         for dy, dx                      two NEST_WINDOW
 *             acc = b[oc]
 *             for kh, kw, c               three NEST_REDUCE
 *                 acc += x * w            main
 *             m = max(m, acc)
 *         y[oh][ow][oc] = m               store
 */
#include "kernel/nest.h"

/* ---- steps ----------------------------------------------------------------------- */

int64_t access_step(const Access *access, const Var *var, bool packed)
{
    const Buffer *b = access->buffer;
    if (access->flat)
        return access->modulus == 0 ? affine_coef(access->address, var)
                                    : STEP_UNKNOWN;
    int64_t step = 0;
    for (int d = 0; d < b->rank; d++) {
        int64_t coef = affine_coef(access->index[d], var);
        if (coef == 0)
            continue;
        if (packed)
            return step == 0 && coef == 1 ? 1 : STEP_UNKNOWN;
        int pieces = 0;
        for (int i = 0; i < b->layout.count; i++) {
            const Piece *p = &b->layout.piece[i];
            pieces += p->dim == d;
            if (p->dim == d && p->div == 1)
                step += coef * p->stride;
        }
        if (pieces > 1 && coef != 1)
            return STEP_UNKNOWN;
    }
    return step;
}

/* ---- the loops ------------------------------------------------------------------- */

static bool add_loop(Kernel *k, Nest *nest, Loops *loops, const Stmt *loop,
                     NestPart part)
{
    int64_t lo, hi, fixed;
    const Affine *v = affine_var(k, loop->loop.var);
    if (nest->count == NEST_LOOPS)
        return false;
    loops_enter(loops, loop);
    if (!affine_lower_bound(k, v, loops->at, loops->count, &lo) ||
        !affine_upper_bound(k, v, loops->at, loops->count, &hi))
        return false;
    nest->loop[nest->count++] = (NestLoop){
        .var = loop->loop.var,
        .part = part,
        .extent = hi - lo + 1,
        .limited = !loop_constant(loop, &fixed, &fixed),
        .pair = -1,
    };
    return true;
}

static bool holds_accum(const Stmt *stmt)
{
    for (; stmt != NULL; stmt = stmt->next) {
        if (stmt->kind == STMT_ACCUM ||
            (stmt->kind == STMT_LOOP && holds_accum(stmt->loop.body)))
            return true;
    }
    return false;
}

/* The first loop of the list with the sum in it. */
static const Stmt *inner_loop(const Stmt *list)
{
    for (; list != NULL; list = list->next) {
        if (list->kind == STMT_LOOP && holds_accum(list->loop.body))
            return list;
    }
    return NULL;
}

static const Stmt *only_accum(const Stmt *list)
{
    return list != NULL && list->next == NULL && list->kind == STMT_ACCUM
               ? list
               : NULL;
}

/* From below the outer loops to the sum. A loop with more than the next loop
 * in it stands around the sum. */
static bool read_inside(Kernel *k, Nest *nest, Loops *loops, const Stmt *list)
{
    const Stmt *loop;
    int sum_from = nest->count;
    nest->store = list_last((Stmt *)list);
    while ((loop = inner_loop(list)) != NULL) {
        if (!add_loop(k, nest, loops, loop, NEST_REDUCE))
            return false;
        list = loop->loop.body;
        if (list->next != NULL)
            sum_from = nest->count;
    }
    for (int i = nest->outs; i < sum_from; i++)
        nest->loop[i].part = NEST_WINDOW;
    nest->main = only_accum(list);
    return true;
}

/* ---- operands -------------------------------------------------------------------- */

static void find_operand(void *context, const Access *access, Role role,
                         const Stmt *stmt)
{
    (void)stmt;
    Nest *nest = context;
    if (role != ROLE_READ || access->buffer->place == BUFFER_REG)
        return;
    if (access->buffer->place == BUFFER_CONST && nest->w == NULL)
        nest->w = access;
    else if (access->buffer->place != BUFFER_CONST && nest->x == NULL)
        nest->x = access;
}

/* Both operands are computed by the network: a plain load of the second one
 * takes the part of the weights. */
static void find_second(Nest *nest)
{
    const Expr *by = nest->main->store.by;
    if (by->kind == EXPR_LOAD && by->access.buffer->place != BUFFER_REG &&
        nest->x != NULL && &by->access != nest->x)
        nest->w = &by->access;
}

static void find_operands(Nest *nest)
{
    nest->fma = nest->main != NULL && nest->main->store.op == ACCUM_FMA;
    if (nest->main == NULL) {
        nest->main = nest->store;
        return;
    }
    Stmt alone = *nest->main;
    alone.next = NULL;
    visit_accesses(&alone, find_operand, nest);
    if (!nest->fma)
        nest->w = NULL;
    nest->packs = nest->w != NULL;
    if (nest->fma && nest->w == NULL)
        find_second(nest);
}

static void find_steps(Nest *nest)
{
    for (int i = 0; i < nest->count; i++) {
        NestLoop *l = &nest->loop[i];
        l->step_y = access_step(&nest->store->store.place, l->var, false);
        l->step_x = nest->x ? access_step(nest->x, l->var, false) : 0;
        l->step_w = nest->w ? access_step(nest->w, l->var, nest->packs) : 0;
    }
}

static void find_register(void *context, const Access *access, Role role,
                          const Stmt *stmt)
{
    NestLoop *l = context;
    (void)role, (void)stmt;
    l->keeps = l->keeps || (access->buffer->place == BUFFER_REG &&
                            access_uses(access, l->var));
}

/* kw moves the input where ow does: x[ow + kw]. */
static void find_pairs(Nest *nest)
{
    for (int i = nest->outs; nest->x != NULL && i < nest->count; i++) {
        for (int d = 0; !nest->x->flat && d < nest->x->buffer->rank; d++) {
            const Affine *index = nest->x->index[d];
            if (affine_coef(index, nest->loop[i].var) == 0)
                continue;
            for (int o = 0; o < nest->outs; o++) {
                if (affine_coef(index, nest->loop[o].var) != 0)
                    nest->loop[i].pair = o;
            }
        }
    }
}

/* ---- padding ----------------------------------------------------------------------- */

/* How far from its start and its end a variable's iterations make a limit
 * tighter than its constant term. */
static void padding_of(Kernel *k, NestLoop *l, const Loops *loops,
                       const Limit *limit, bool lower)
{
    for (int t = 0; t < limit->count; t++) {
        int64_t coef = affine_coef(limit->term[t].sum, l->var), bound;
        if (coef == 0)
            continue;
        l->limits_others = true;
        /* Iterations v for which the term may bind: found from the bounds of
         * the rest of the sum. */
        const Affine *rest = affine_substitute(k, limit->term[t].sum, l->var,
                                               affine_const(k, 0));
        int64_t other = 0;
        for (int u = 0; u < limit->count; u++) {
            int64_t value;
            if (affine_is_const(limit->term[u].sum, &value))
                other = ceil_div(value, limit->term[u].div);
        }
        bool known =
            lower
                ? affine_upper_bound(k, rest, loops->at, loops->count, &bound)
                : affine_lower_bound(k, rest, loops->at, loops->count, &bound);
        if (!known || coef > 0) {
            l->first = l->last = l->extent;
            continue;
        }
        if (lower) { /* bound - |coef| v > other * div */
            int64_t n = ceil_div(bound - other * limit->term[t].div, -coef);
            if (n > l->first)
                l->first = n;
        } else { /* bound - |coef| v <= (other - 1) * div */
            int64_t div = limit->term[t].div;
            int64_t from = ceil_div(bound - (other - 1) * div, -coef);
            if (l->extent - from > l->last)
                l->last = l->extent - from;
        }
    }
}

static void find_padding(Kernel *k, Nest *nest, const Loops *loops)
{
    for (int i = 0; i < nest->count; i++) {
        for (int j = 0; j < loops->count; j++) {
            padding_of(k, &nest->loop[i], loops, &loops->at[j]->loop.lo, true);
            padding_of(k, &nest->loop[i], loops, &loops->at[j]->loop.hi, false);
        }
        if (nest->loop[i].first > nest->loop[i].extent)
            nest->loop[i].first = nest->loop[i].extent;
        if (nest->loop[i].last > nest->loop[i].extent)
            nest->loop[i].last = nest->loop[i].extent;
    }
}

bool nest_read(Kernel *kernel, Nest *nest)
{
    Loops loops = { { NULL }, 0 };
    const Stmt *list = kernel->body;
    int64_t lo, hi;
    *nest = (Nest){ .count = 0 };
    while (list != NULL && list->next == NULL && list->kind == STMT_LOOP &&
           loop_constant(list, &lo, &hi)) {
        if (!add_loop(kernel, nest, &loops, list, NEST_OUT))
            return false;
        list = list->loop.body;
    }
    nest->outs = nest->count;
    if (nest->outs == 0 || !read_inside(kernel, nest, &loops, list) ||
        nest->store == NULL || nest->store->kind != STMT_STORE ||
        nest->store->store.place.buffer->place == BUFFER_REG)
        return false;
    for (int i = 0; i < kernel->locals.count; i++)
        nest->scalars += kernel->locals.at[i]->rank == 0;
    find_operands(nest);
    find_steps(nest);
    for (int i = 0; i < nest->count; i++)
        visit_accesses(kernel->body, find_register, &nest->loop[i]);
    find_pairs(nest);
    find_padding(kernel, nest, &loops);
    return true;
}

/* ---- vectors ------------------------------------------------------------------------- */

typedef struct Steps {
    const Nest *nest;
    const Var *var;
    bool ok;
} Steps;

static void check_step(void *context, const Access *access, Role role,
                       const Stmt *stmt)
{
    Steps *s = context;
    (void)stmt;
    if (access->buffer->place == BUFFER_REG ||
        access->buffer->place == BUFFER_LOCAL)
        return;
    bool packed = s->nest->packs && access == s->nest->w;
    int64_t step = access_step(access, s->var, packed);
    bool apart = role == ROLE_READ && step >= 2 && step <= 4 &&
                 access->buffer->type == DT_F32;
    bool woven = role == ROLE_STORE && target_weaves(step);
    s->ok = s->ok && (step == 0 || step == 1 || apart || woven) &&
            (role == ROLE_READ || step == 1 || woven);
}

bool nest_can_vectorize(const Kernel *kernel, const Nest *nest, const Var *var)
{
    Steps s = { nest, var, true };
    visit_accesses(kernel->body, check_step, &s);
    return s.ok && nest->store->store.place.buffer->type == DT_F32;
}
