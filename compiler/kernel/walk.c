/*
 * walk.c - walking over statements and what they touch.
 *
 *     acc[i] += x[i] * w[0]      visits  x[i], w[0], then acc[i]
 */
#include "kernel/rewrite.h"

#include <string.h>

void visit_expr(const Expr *expr, const Stmt *stmt, AccessVisitor *visit,
                void *context)
{
    if (expr_is_load(expr)) {
        visit(context, &expr->access, ROLE_READ, stmt);
        return;
    }
    for (int i = 0; i < expr_operands(expr->kind); i++)
        visit_expr(expr->arg[i], stmt, visit, context);
}

static void visit_stmt(const Stmt *stmt, AccessVisitor *visit, void *context)
{
    switch (stmt->kind) {
    case STMT_LOOP: visit_accesses(stmt->loop.body, visit, context); return;
    case STMT_BLOCK: visit_accesses(stmt->block, visit, context); return;
    case STMT_STORE:
        visit_expr(stmt->store.value, stmt, visit, context);
        visit(context, &stmt->store.place, ROLE_STORE, stmt);
        return;
    case STMT_ACCUM:
        visit_expr(stmt->store.value, stmt, visit, context);
        if (stmt->store.op == ACCUM_FMA)
            visit_expr(stmt->store.by, stmt, visit, context);
        visit(context, &stmt->store.place, ROLE_ACCUM, stmt);
        return;
    case STMT_LET: visit_expr(stmt->let.value, stmt, visit, context); return;
    case STMT_PREFETCH: return;
    }
    BUG("no statement %d", (int)stmt->kind);
}

void visit_accesses(const Stmt *list, AccessVisitor *visit, void *context)
{
    for (; list != NULL; list = list->next)
        visit_stmt(list, visit, context);
}

typedef struct Count {
    const Buffer *buffer;
    int count;
} Count;

static void count_access(void *context, const Access *access, Role role,
                         const Stmt *stmt)
{
    Count *c = context;
    (void)role, (void)stmt;
    c->count += access->buffer == c->buffer;
}

int count_accesses(const Stmt *list, const Buffer *buffer)
{
    Count c = { buffer, 0 };
    visit_accesses(list, count_access, &c);
    return c.count;
}

const Expr *map_expr(Kernel *kernel, const Expr *expr, const Loops *loops,
                     AccessMap *map, void *context, bool *ok)
{
    Expr *copy = NULL;
    if (expr_is_load(expr)) {
        copy = arena_copy(kernel->arena, expr, sizeof *expr);
        if (!map(context, kernel, &expr->access, loops, &copy->access))
            *ok = false;
        return copy;
    }
    for (int i = 0; i < expr_operands(expr->kind); i++) {
        const Expr *arg =
            map_expr(kernel, expr->arg[i], loops, map, context, ok);
        if (arg == expr->arg[i])
            continue;
        if (copy == NULL)
            copy = arena_copy(kernel->arena, expr, sizeof *expr);
        copy->arg[i] = arg;
    }
    return copy != NULL ? copy : expr;
}

static bool map_store(Kernel *kernel, Stmt *stmt, Loops *loops, AccessMap *map,
                      void *context)
{
    bool ok = true;
    stmt->store.value =
        map_expr(kernel, stmt->store.value, loops, map, context, &ok);
    if (stmt->kind == STMT_ACCUM && stmt->store.op == ACCUM_FMA)
        stmt->store.by =
            map_expr(kernel, stmt->store.by, loops, map, context, &ok);
    Access place = stmt->store.place;
    return ok && map(context, kernel, &place, loops, &stmt->store.place);
}

static bool map_stmt(Kernel *kernel, Stmt *stmt, Loops *loops, AccessMap *map,
                     void *context)
{
    bool ok = true;
    Access place;
    switch (stmt->kind) {
    case STMT_LOOP:
        loops_enter(loops, stmt);
        ok = map_accesses(kernel, stmt->loop.body, loops, map, context);
        loops->count--;
        return ok;
    case STMT_BLOCK:
        return map_accesses(kernel, stmt->block, loops, map, context);
    case STMT_STORE:
    case STMT_ACCUM: return map_store(kernel, stmt, loops, map, context);
    case STMT_LET:
        stmt->let.value =
            map_expr(kernel, stmt->let.value, loops, map, context, &ok);
        return ok;
    case STMT_PREFETCH:
        place = stmt->prefetch;
        return map(context, kernel, &place, loops, &stmt->prefetch);
    }
    BUG("no statement %d", (int)stmt->kind);
}

bool map_accesses(Kernel *kernel, Stmt *list, Loops *loops, AccessMap *map,
                  void *context)
{
    for (; list != NULL; list = list->next) {
        if (!map_stmt(kernel, list, loops, map, context))
            return false;
    }
    return true;
}

typedef struct Replace {
    const Buffer *old;
    Buffer *by;
} Replace;

static bool replace_buffer(void *context, Kernel *kernel, const Access *access,
                           const Loops *loops, Access *result)
{
    const Replace *r = context;
    Access copy = *access;
    (void)kernel, (void)loops;
    if (copy.buffer == r->old)
        copy.buffer = r->by;
    *result = copy;
    return true;
}

void kernel_replace_buffer(Kernel *kernel, const Buffer *old, Buffer *by)
{
    Replace r = { old, by };
    Loops loops = { { NULL }, 0 };
    map_accesses(kernel, kernel->body, &loops, replace_buffer, &r);
    for (int i = 0; i < kernel->params.count; i++) {
        if (kernel->params.at[i] == old)
            kernel->params.at[i] = by;
    }
}

bool access_same_place(const Access *a, const Access *b)
{
    if (a->buffer != b->buffer || a->flat != b->flat)
        return false;
    if (a->flat)
        return affine_equal(a->address, b->address) &&
               a->modulus == b->modulus &&
               (a->modulus == 0 || affine_equal(a->ring, b->ring));
    for (int i = 0; i < a->buffer->rank; i++) {
        if (!affine_equal(a->index[i], b->index[i]))
            return false;
    }
    return true;
}

bool access_uses(const Access *access, const Var *var)
{
    if (access->flat)
        return affine_coef(access->address, var) != 0 ||
               (access->modulus != 0 && affine_coef(access->ring, var) != 0);
    for (int i = 0; i < access->buffer->rank; i++) {
        if (affine_coef(access->index[i], var) != 0)
            return true;
    }
    return false;
}

bool limit_uses(const Limit *limit, const Var *var)
{
    for (int i = 0; i < limit->count; i++) {
        if (affine_coef(limit->term[i].sum, var) != 0)
            return true;
    }
    return false;
}

bool limit_try(Limit *limit, const Affine *sum, int64_t div)
{
    for (int i = 0; i < limit->count; i++) {
        if (limit->term[i].div == div && affine_equal(limit->term[i].sum, sum))
            return true;
    }
    if (limit->count == LIMIT_TERMS)
        return false;
    limit->term[limit->count++] = (LimitTerm){ sum, div };
    return true;
}

static bool limit_constant(const Limit *limit, bool lower, int64_t *value)
{
    for (int i = 0; i < limit->count; i++) {
        int64_t term;
        if (!affine_is_const(limit->term[i].sum, &term))
            return false;
        term = ceil_div(term, limit->term[i].div);
        if (i == 0 || (lower ? term > *value : term < *value))
            *value = term;
    }
    return limit->count > 0;
}

bool loop_constant(const Stmt *loop, int64_t *lo, int64_t *hi)
{
    return limit_constant(&loop->loop.lo, true, lo) &&
           limit_constant(&loop->loop.hi, false, hi);
}

Stmt *list_last(Stmt *list)
{
    while (list != NULL && list->next != NULL)
        list = list->next;
    return list;
}

typedef struct Each {
    Kernel *kernel;
    const char *var;
    LoopAct *act;
    void *context;
    Text *why;
    Loops loops;
    int found;
} Each;

static bool each_in(Each *e, Stmt **link)
{
    for (; *link != NULL; link = &(*link)->next) {
        Stmt *stmt = *link, *next = stmt->next;
        if (stmt->kind == STMT_BLOCK && !each_in(e, &stmt->block))
            return false;
        if (stmt->kind != STMT_LOOP)
            continue;
        if (strcmp(stmt->loop.var->name, e->var) == 0) {
            e->found++;
            if (!e->act(e->context, e->kernel, link, &e->loops, e->why))
                return false;
            while (*link != NULL && (*link)->next != next)
                link = &(*link)->next;
            if (*link == NULL)
                return true;
            continue;
        }
        loops_enter(&e->loops, stmt);
        if (!each_in(e, &stmt->loop.body))
            return false;
        e->loops.count--;
    }
    return true;
}

bool each_loop(Kernel *kernel, const char *var, LoopAct *act, void *context,
               Text *why)
{
    Each e = { .kernel = kernel, .var = var, .act = act, .why = why };
    e.context = context;
    if (!each_in(&e, &kernel->body))
        return false;
    if (e.found == 0)
        text_printf(why, "no loop over '%s'", var);
    return e.found > 0;
}

static bool has_loop(const Stmt *list, const char *var)
{
    for (; list != NULL; list = list->next) {
        if (list->kind == STMT_BLOCK && has_loop(list->block, var))
            return true;
        if (list->kind == STMT_LOOP &&
            (strcmp(list->loop.var->name, var) == 0 ||
             has_loop(list->loop.body, var)))
            return true;
    }
    return false;
}

bool each_loop_left(Kernel *kernel, const char *var, LoopAct *act,
                    void *context, Text *why)
{
    Text none = { 0 };
    bool ok = each_loop(kernel, var, act, context, &none), gone = false;
    for (int i = 0; !ok && i < kernel->vars.count; i++)
        gone = gone || (strcmp(kernel->vars.at[i]->name, var) == 0 &&
                        !has_loop(kernel->body, var));
    if (!ok && !gone)
        text_add(why, text_get(&none));
    text_free(&none);
    return ok || gone;
}
