/*
 * stmt.c - statements: new ones, copies, substitution in whole lists.
 *
 * A copy shares loop variables and temporaries with its original: it may stand
 * beside it, in a scope of its own, but never inside.
 */
#include "kernel/local.h"

void loops_enter(Loops *loops, const Stmt *loop)
{
    REQUIRE(loops->count < LOOPS_MOST);
    loops->at[loops->count++] = loop;
}

Stmt *stmt_new(Kernel *kernel, StmtKind kind)
{
    Stmt *stmt = NEW(kernel->arena, Stmt);
    stmt->kind = kind;
    return stmt;
}

/* The list inside a loop or a block; NULL for another statement. */
Stmt **stmt_body(Stmt *stmt)
{
    if (stmt->kind == STMT_LOOP)
        return &stmt->loop.body;
    return stmt->kind == STMT_BLOCK ? &stmt->block : NULL;
}

Stmt *stmt_copy(Kernel *kernel, const Stmt *list)
{
    Stmt *first = NULL, **end = &first;

    for (; list; list = list->next) {
        Stmt *copy = arena_copy(kernel->arena, list, sizeof *list);
        Stmt **body = stmt_body(copy);
        if (body)
            *body = stmt_copy(kernel, *body);
        copy->next = NULL;
        *end = copy;
        end = &copy->next;
    }
    return first;
}

/* ---- woven stores ------------------------------------------------------------ */

static bool reads_buffer(const Expr *expr, const Buffer *buffer)
{
    if (expr_is_load(expr))
        return expr->access.buffer == buffer;
    for (int i = 0; i < expr_operands(expr->kind); i++) {
        if (reads_buffer(expr->arg[i], buffer))
            return true;
    }
    return false;
}

int store_woven(const Stmt *first)
{
    const int count = first->store.apart;
    const Stmt *stmt = first;
    for (int i = 0; i < count; i++, stmt = stmt->next) {
        int64_t offset;
        if (stmt == NULL || stmt->kind != STMT_STORE ||
            stmt->store.place.buffer != first->store.place.buffer ||
            stmt->store.apart != count ||
            stmt->store.lanes != first->store.lanes ||
            stmt->store.active != first->store.active ||
            reads_buffer(stmt->store.value, stmt->store.place.buffer) ||
            !affine_apart(stmt->store.place.address, first->store.place.address,
                          &offset) ||
            offset != i)
            return 0;
    }
    return count;
}

/* ---- substitution ------------------------------------------------------------ */

Access access_substitute(Kernel *kernel, Access access, const Var *var,
                         const Affine *by)
{
    if (access.flat) {
        access.address = affine_substitute(kernel, access.address, var, by);
        if (access.modulus)
            access.ring = affine_substitute(kernel, access.ring, var, by);
        return access;
    }
    for (int i = 0; i < access.buffer->rank; i++)
        access.index[i] = affine_substitute(kernel, access.index[i], var, by);
    return access;
}

Limit limit_substitute(Kernel *kernel, Limit limit, const Var *var,
                       const Affine *by)
{
    for (int i = 0; i < limit.count; i++)
        limit.term[i].sum =
            affine_substitute(kernel, limit.term[i].sum, var, by);
    return limit;
}

static void substitute_store(Kernel *kernel, Stmt *stmt, const Var *var,
                             const Affine *by)
{
    stmt->store.place = access_substitute(kernel, stmt->store.place, var, by);
    stmt->store.value = expr_substitute(kernel, stmt->store.value, var, by);
    if (stmt->store.by)
        stmt->store.by = expr_substitute(kernel, stmt->store.by, var, by);
}

static void substitute_one(Kernel *kernel, Stmt *stmt, const Var *var,
                           const Affine *by)
{
    switch (stmt->kind) {
    case STMT_LOOP:
        stmt->loop.lo = limit_substitute(kernel, stmt->loop.lo, var, by);
        stmt->loop.hi = limit_substitute(kernel, stmt->loop.hi, var, by);
        stmt_substitute(kernel, stmt->loop.body, var, by);
        return;
    case STMT_STORE:
    case STMT_ACCUM: substitute_store(kernel, stmt, var, by); return;
    case STMT_LET:
        stmt->let.value = expr_substitute(kernel, stmt->let.value, var, by);
        return;
    case STMT_PREFETCH:
        stmt->prefetch = access_substitute(kernel, stmt->prefetch, var, by);
        return;
    case STMT_BLOCK: stmt_substitute(kernel, stmt->block, var, by); return;
    }
    BUG("no statement %d", (int)stmt->kind);
}

void stmt_substitute(Kernel *kernel, Stmt *list, const Var *var,
                     const Affine *by)
{
    for (; list; list = list->next)
        substitute_one(kernel, list, var, by);
}
