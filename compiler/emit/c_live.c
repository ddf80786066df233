/*
 * c_live.c - what of a kernel has an effect.
 *
 *     let t = x[i] * 2         nobody reads t: not printed, for a compiler
 *     acc = 0                  would warn of it; nor is a register that is
 *     y[i] = x[i]              written and never read
 *
 * Starting from the stores to memory, marks spread to the temporaries and
 * registers that live statements read, until nothing new is marked.
 */
#include "emit/local.h"

static bool is_reg(const Access *access)
{
    return access->buffer->place == BUFFER_REG;
}

bool live_stmt(const Function *f, const Stmt *stmt)
{
    switch (stmt->kind) {
    case STMT_LOOP: return live_list(f, stmt->loop.body);
    case STMT_BLOCK: return live_list(f, stmt->block);
    case STMT_STORE:
    case STMT_ACCUM:
        return !is_reg(&stmt->store.place) ||
               plan_element(f, &stmt->store.place)->live;
    case STMT_LET: return f->temp_live[stmt->let.temp->id];
    case STMT_PREFETCH: return true;
    }
    BUG("no statement %d", stmt->kind);
}

bool live_list(const Function *f, const Stmt *list)
{
    for (; list; list = list->next) {
        if (live_stmt(f, list))
            return true;
    }
    return false;
}

bool live_has_loop(const Function *f, const Stmt *list)
{
    for (; list; list = list->next) {
        if (list->kind == STMT_LOOP && live_stmt(f, list))
            return true;
        if (list->kind == STMT_BLOCK && live_has_loop(f, list->block))
            return true;
    }
    return false;
}

static bool mark(bool *flag)
{
    bool changed = !*flag;
    *flag = true;
    return changed;
}

static bool mark_expr(Function *f, const Expr *expr)
{
    bool changed = false;

    if (expr->kind == EXPR_TEMP)
        return mark(&f->temp_live[expr->temp->id]);
    if (expr->kind == EXPR_LOAD && is_reg(&expr->access))
        return mark(&plan_element(f, &expr->access)->live);
    for (int i = 0; i < expr_operands(expr->kind); i++)
        changed |= mark_expr(f, expr->arg[i]);
    return changed;
}

static bool mark_list(Function *f, const Stmt *list)
{
    bool changed = false;

    for (; list; list = list->next) {
        if (!live_stmt(f, list))
            continue;
        if (list->kind == STMT_LOOP)
            changed |= mark_list(f, list->loop.body);
        else if (list->kind == STMT_BLOCK)
            changed |= mark_list(f, list->block);
        else if (list->kind == STMT_LET)
            changed |= mark_expr(f, list->let.value);
        else if (list->kind == STMT_STORE || list->kind == STMT_ACCUM)
            changed |= mark_expr(f, list->store.value);
        if (list->kind == STMT_ACCUM && list->store.op == ACCUM_FMA)
            changed |= mark_expr(f, list->store.by);
    }
    return changed;
}

void live_find(Function *f)
{
    while (mark_list(f, f->kernel->body))
        continue;
}
