/*
 * rewrite_share.c - what is loaded more than once gets a name.
 *
 *     acc{0}  += x{k} * w{0}:16            let t0 = splat(x{k})
 *     acc{16} += x{k} * w{16}:16    ->     acc{0}  += t0 * w{0}:16
 *                                          acc{16} += t0 * w{16}:16
 *
 * Only within straight-line code, with no write to memory between, and only
 * while the next use is near: a name that lives long is a register lost.
 */
#include "kernel/rewrite.h"

#include <stdlib.h>
#include <string.h>

#define NEAR 12 /* statements from one use to the next */

typedef struct Entry {
    const Expr *expr;
    int last, uses, first;
    const Temp *temp;
} Entry;

typedef struct Share {
    Kernel *kernel;
    VEC(Entry) entries;
    VEC(int) uses; /* entry of every shareable operand, in order */
    int next_use;
    int at;    /* number of the statement */
    int floor; /* loads before this statement saw other memory */
    bool naming;
} Share;

static bool is_memory_load(const Expr *expr)
{
    return (expr_is_load(expr)) && expr->access.buffer->place != BUFFER_REG;
}

/* A load, or a load converted or splatted. */
static bool is_shareable(const Expr *expr)
{
    while (expr->kind == EXPR_SPLAT || expr->kind == EXPR_CONVERT)
        expr = expr->arg[0];
    return is_memory_load(expr);
}

static int find_entry(Share *s, const Expr *expr)
{
    for (int i = s->entries.count - 1; i >= 0; i--) {
        Entry *entry = &s->entries.at[i];
        if (entry->last < s->floor || s->at - entry->last > NEAR)
            continue;
        if (expr_equal(entry->expr, expr))
            return i;
    }
    vec_push(&s->entries, (Entry){ .expr = expr, .first = s->at });
    return s->entries.count - 1;
}

static const Expr *share_expr(Share *s, const Expr *expr)
{
    if (is_shareable(expr)) {
        if (!s->naming) {
            int i = find_entry(s, expr);
            s->entries.at[i].last = s->at;
            s->entries.at[i].uses++;
            vec_push(&s->uses, i);
            return expr;
        }
        const Entry *entry = &s->entries.at[s->uses.at[s->next_use++]];
        return entry->temp ? expr_temp(s->kernel, entry->temp) : expr;
    }
    Expr *copy = NULL;
    for (int i = 0; i < expr_operands(expr->kind); i++) {
        const Expr *arg = share_expr(s, expr->arg[i]);
        if (arg == expr->arg[i])
            continue;
        if (copy == NULL)
            copy = arena_copy(s->kernel->arena, expr, sizeof *expr);
        copy->arg[i] = arg;
    }
    return copy != NULL ? copy : expr;
}

static void share_stmt(Share *s, Stmt *stmt)
{
    if (stmt->kind == STMT_LET) {
        stmt->let.value = share_expr(s, stmt->let.value);
        return;
    }
    if (stmt->kind != STMT_STORE && stmt->kind != STMT_ACCUM)
        return;
    stmt->store.value = share_expr(s, stmt->store.value);
    if (stmt->kind == STMT_ACCUM && stmt->store.op == ACCUM_FMA)
        stmt->store.by = share_expr(s, stmt->store.by);
    if (stmt->store.place.buffer->place != BUFFER_REG)
        s->floor = s->at + 1;
}

static bool is_straight(const Stmt *stmt)
{
    return stmt != NULL && stmt->kind != STMT_LOOP && stmt->kind != STMT_BLOCK;
}

static const char *temp_prefix(const Expr *expr)
{
    while (expr->kind == EXPR_SPLAT || expr->kind == EXPR_CONVERT)
        expr = expr->arg[0];
    return expr->access.buffer->place == BUFFER_CONST ? "w" : "v";
}

/* Names entries used twice, and puts their `let` before the first use. */
static void name_entries(Share *s, Stmt **link, const Stmt *end)
{
    Kernel *k = s->kernel;
    int entry = 0;
    for (int at = 0; *link != end; at++) {
        for (; entry < s->entries.count && s->entries.at[entry].first == at;
             entry++) {
            Entry *e = &s->entries.at[entry];
            if (e->uses < 2)
                continue;
            e->temp = kernel_temp(k, temp_prefix(e->expr), e->expr->type);
            Stmt *let = stmt_new(k, STMT_LET);
            let->let.temp = e->temp;
            let->let.value = e->expr;
            let->next = *link;
            *link = let;
            link = &let->next;
        }
        share_stmt(s, *link);
        link = &(*link)->next;
    }
}

static void share_run(Kernel *k, Stmt **link, const Stmt *end)
{
    Share s = { .kernel = k };
    for (Stmt *stmt = *link; stmt != end; stmt = stmt->next, s.at++)
        share_stmt(&s, stmt);
    s.naming = true;
    s.at = 0;
    name_entries(&s, link, end);
    vec_free(&s.entries);
    vec_free(&s.uses);
}

static void share_list(Kernel *k, Stmt **link)
{
    while (*link != NULL) {
        Stmt *stmt = *link;
        if (stmt->kind == STMT_LOOP)
            share_list(k, &stmt->loop.body);
        else if (stmt->kind == STMT_BLOCK)
            share_list(k, &stmt->block);
        if (!is_straight(stmt)) {
            link = &stmt->next;
            continue;
        }
        Stmt *end = stmt;
        while (is_straight(end))
            end = end->next;
        share_run(k, link, end);
        while (*link != end)
            link = &(*link)->next;
    }
}

void rewrite_share(Kernel *kernel)
{
    share_list(kernel, &kernel->body);
}
