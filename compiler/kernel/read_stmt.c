/*
 * read_stmt.c - the reader's statements.
 */
#include "kernel/read.h"

#include <inttypes.h>
#include <string.h>

/* ---- loops ---------------------------------------------------------------------------- */

/* sum, or ceil((sum) / div) */
static void read_limit_term(Reader *r, Limit *limit)
{
    LimitTerm term = { NULL, 1 };
    size_t back = r->at;
    bool divided = accept_word(r, "ceil") && accept(r, "((");

    if (!divided)
        r->at = back;
    term.sum = read_sum(r);
    if (divided) {
        expect(r, ")");
        expect(r, "/");
        term.div = read_integer(r, 1, READ_EXTENT_MAX);
        expect(r, ")");
    }
    if (limit->count == LIMIT_TERMS)
        read_fail(r, "a limit has at most %d terms", LIMIT_TERMS);
    else
        limit->term[limit->count++] = term;
}

/* A term, or max(term, ...) */
static Limit read_limit(Reader *r, const char *join)
{
    Limit limit = { 0 };
    size_t back = r->at;

    if (!accept_word(r, join) || !accept(r, "(")) {
        r->at = back;
        read_limit_term(r, &limit);
        return limit;
    }
    do
        read_limit_term(r, &limit);
    while (!r->failed && accept(r, ","));
    expect(r, ")");
    return limit;
}

static const Var *loop_var(Reader *r, const char *name)
{
    for (int i = 0; i < r->loops.count; i++) {
        if (r->loops.at[i]->loop.var->name == name)
            read_fail(r, "a loop around is over '%s', too", name);
    }
    for (int i = 0; i < r->kernel->vars.count; i++) {
        if (r->kernel->vars.at[i]->name == name)
            return r->kernel->vars.at[i];
    }
    return kernel_var(r->kernel, name);
}

static LoopMark read_mark(Reader *r)
{
    for (int i = LOOP_SERIAL + 1; i <= LOOP_PARALLEL; i++) {
        if (accept_word(r, mark_names[i]))
            return (LoopMark)i;
    }
    return LOOP_SERIAL;
}

static void read_loop(Reader *r, Stmt *stmt, const char *name, int level)
{
    const Var *var = loop_var(r, name);
    stmt->kind = STMT_LOOP;
    stmt->loop.var = var;
    stmt->loop.lo = read_limit(r, "max");
    expect(r, "..");
    stmt->loop.hi = read_limit(r, "min");
    stmt->loop.mark = read_mark(r);
    end_line(r);
    if (r->failed)
        return;
    loops_enter(&r->loops, stmt);
    stmt->loop.body = read_stmts(r, level + 1);
    r->loops.count--;
}

/* ---- the others ------------------------------------------------------------------------- */

/* Lets of one name that lie beside each other share the temporary. */
static const Temp *let_temp(Reader *r, const char *name, Type type)
{
    for (int i = 0; i < r->known.count; i++) {
        if (strcmp(r->known.at[i]->name, name) == 0)
            read_fail(r, "'%s' is defined twice", name);
    }
    for (int i = 0; i < r->kernel->temps.count; i++) {
        const Temp *temp = r->kernel->temps.at[i];
        if (strcmp(temp->name, name) == 0 && type_equal(temp->type, type))
            return temp;
    }
    if (kernel_unique_name(r->kernel, name) != name)
        read_fail(r, "the name '%s' is taken", name);
    return r->failed ? NULL : kernel_temp(r->kernel, name, type);
}

static void read_let(Reader *r, Stmt *stmt, const char *name)
{
    const Expr *value = read_value(r);
    if (!value)
        return;
    stmt->kind = STMT_LET;
    stmt->let.value = value;
    stmt->let.temp = let_temp(r, name, value->type);
    end_line(r);
    if (!r->failed)
        vec_push(&r->known, stmt->let.temp);
}

/* = or += or another; true where there is one. */
static bool read_assign(Reader *r, Stmt *stmt)
{
    stmt->kind = STMT_STORE;
    if (accept(r, "="))
        return true;
    stmt->kind = STMT_ACCUM;
    for (int i = ACCUM_ADD; i <= ACCUM_FMA; i++) {
        stmt->store.op = (AccumOp)i;
        if (accept(r, accum_names[i]))
            return true;
    }
    read_fail(r, "expected '=' or '+='");
    return false;
}

static void check_store(Reader *r, const Stmt *stmt)
{
    const Expr *value = stmt->store.value, *by = stmt->store.by;
    if (value->type.elem != stmt->store.place.buffer->type)
        read_fail(r, "a value of %s does not go into '%s' of %s",
                  dtype_name(value->type.elem), stmt->store.place.buffer->name,
                  dtype_name(stmt->store.place.buffer->type));
    if (by && !type_equal(by->type, value->type))
        read_fail(r, "the factors differ in type");
}

static void read_store(Reader *r, Stmt *stmt)
{
    if (!read_access(r, &stmt->store.place) || !read_assign(r, stmt))
        return;
    stmt->store.value = read_value(r);
    if (!stmt->store.value)
        return;
    if (stmt->kind == STMT_ACCUM && stmt->store.op == ACCUM_FMA) {
        expect(r, ",");
        stmt->store.by = read_value(r);
    }
    stmt->store.lanes = stmt->store.active = stmt->store.value->type.lanes;
    if (accept_word(r, "first"))
        stmt->store.active = (int)read_integer(r, 1, stmt->store.lanes);
    if (accept_word(r, "apart"))
        stmt->store.apart = (int)read_integer(r, 2, 8);
    check_store(r, stmt);
    end_line(r);
}

/* Buffers may be called "for" or "let", too: what follows decides. */
static void read_stmt(Reader *r, Stmt *stmt, int level)
{
    size_t start = r->at;
    const char *name;

    if (accept_word(r, "for") && (name = accept_name(r)) &&
        accept_word(r, "in")) {
        read_loop(r, stmt, name, level);
        return;
    }
    r->at = start;
    if (accept_word(r, "let") && (name = accept_name(r)) && accept(r, "=")) {
        read_let(r, stmt, name);
        return;
    }
    r->at = start;
    if (accept_word(r, "block") && at_line_end(r)) {
        stmt->kind = STMT_BLOCK;
        end_line(r);
        stmt->block = read_stmts(r, level + 1);
        return;
    }
    r->at = start;
    if (accept_word(r, "prefetch") && (name = accept_name(r))) {
        r->at -= strlen(name);
        stmt->kind = STMT_PREFETCH;
        read_access(r, &stmt->prefetch);
        end_line(r);
        return;
    }
    r->at = start;
    read_store(r, stmt);
}

Stmt *read_stmts(Reader *r, int level)
{
    Stmt *first = NULL, **end = &first;
    int known = r->known.count;

    if (level > LOOPS_MOST)
        read_fail(r, "loops nest too deeply");
    while (r->level >= level && !r->failed) {
        Stmt *stmt = stmt_new(r->kernel, STMT_BLOCK);
        stmt->comment = r->comment;
        if (r->level > level)
            read_fail(r, "this line is indented too much");
        else
            read_stmt(r, stmt, level);
        *end = stmt;
        end = &stmt->next;
    }
    r->known.count = known;
    return first;
}
