/*
 * rewrite_append.c - computes a reader's element where its operand is stored.
 *
 *     for h: t[2*h] = a        for h: t[2*h + 1] = b
 *     for i: y[i] = max(0, t[i])
 *
 * becomes
 *
 *     for h: y[2*h] = max(0, a)        for h: y[2*h + 1] = max(0, b)
 *
 * The other way round than rewrite_inline: the producer's loops stay, whatever
 * they are, and the reader has to be one statement for each element.
 */
#include "kernel/rewrite.h"

typedef struct Append {
    Kernel *kernel;              /* the producer's */
    const Stmt *store;           /* of the reader */
    const Var *var[KERNEL_RANK]; /* of its dimensions; NULL: it is always 0 */
    const Buffer *buffer;        /* between the two */
    Text *why;
    int count;
} Append;

/* ---- the reader ------------------------------------------------------------------- */

/* Nothing but loops around one store, each over a dimension of the result. */
static bool take_reader(Append *a, const Kernel *reader)
{
    const Stmt *list = reader->body;
    int loops = 0, used = 0;
    for (; list != NULL && list->next == NULL && list->kind == STMT_LOOP;
         list = list->loop.body)
        loops++;
    if (list == NULL || list->next != NULL || list->kind != STMT_STORE ||
        list->store.place.flat)
        return false;
    a->store = list;
    for (int d = 0; d < list->store.place.buffer->rank; d++) {
        const Affine *index = list->store.place.index[d];
        int64_t fixed;
        if (affine_is_const(index, &fixed)) {
            a->var[d] = NULL;
            continue;
        }
        if (index->base != 0 || index->count != 1 || index->term[0].coef != 1)
            return false;
        a->var[d] = index->term[0].var;
        used++;
    }
    return used == loops;
}

static bool same_index(const Access *a, const Access *b)
{
    bool same = !a->flat && a->buffer->rank == b->buffer->rank;
    for (int d = 0; same && d < a->buffer->rank; d++)
        same = affine_equal(a->index[d], b->index[d]);
    return same;
}

typedef struct Reads {
    const Append *append;
    bool in_step;
} Reads;

static void see_read(void *context, const Access *access, Role role,
                     const Stmt *stmt)
{
    Reads *r = context;
    if (role == ROLE_READ && access->buffer == r->append->buffer)
        r->in_step = r->in_step && same_index(access, &stmt->store.place);
}

/* ---- one store of the producer ------------------------------------------------------ */

static const Expr *with_value(const Append *a, const Expr *expr,
                              const Expr *value)
{
    const Expr *arg[4] = { NULL };
    if (expr->kind == EXPR_LOAD && expr->access.buffer == a->buffer)
        return value;
    if (expr_operands(expr->kind) == 0)
        return expr;
    for (int i = 0; i < expr_operands(expr->kind); i++)
        arg[i] = with_value(a, expr->arg[i], value);
    return expr_with(a->kernel, expr, arg);
}

/* What is stored, as a register: the reader may use it several times. */
static const Expr *name_value(const Append *a, Stmt **link)
{
    Kernel *k = a->kernel;
    Stmt *store = *link, *before;
    const Expr *value = store->store.value;
    if (value->kind == EXPR_LOAD && value->access.buffer->place == BUFFER_REG)
        return value;
    Access local = access_at(
        kernel_local(k, a->buffer->name, value->type.elem, BUFFER_REG, 0, NULL),
        (const Affine *const[]){ NULL });
    before = stmt_new(k, STMT_STORE);
    before->store.place = local;
    before->store.value = value;
    before->store.lanes = before->store.active = 1;
    before->next = store;
    *link = before;
    return expr_load(k, local);
}

static void append_to(Append *a, Stmt **link)
{
    Kernel *k = a->kernel;
    Stmt *store = *link;
    const Access at = store->store.place;
    const Expr *value = name_value(a, link);
    const Expr *result = a->store->store.value;
    Access place = a->store->store.place;
    for (int d = 0; d < at.buffer->rank; d++) {
        if (a->var[d] == NULL)
            continue;
        result = expr_substitute(k, result, a->var[d], at.index[d]);
        place = access_substitute(k, place, a->var[d], at.index[d]);
    }
    store->store.value = with_value(a, result, value);
    store->store.place = place;
    a->count++;
}

static bool append_list(Append *a, Stmt **link)
{
    for (; *link != NULL; link = &(*link)->next) {
        Stmt *stmt = *link, **body = stmt_body(stmt);
        bool writes = (stmt->kind == STMT_STORE || stmt->kind == STMT_ACCUM) &&
                      stmt->store.place.buffer == a->buffer;
        if (body != NULL && !append_list(a, body))
            return false;
        if (!writes)
            continue;
        if (stmt->kind == STMT_ACCUM || stmt->store.place.flat) {
            text_printf(a->why, "'%s' is no single value for each element",
                        a->buffer->name);
            return false;
        }
        append_to(a, link);
        while (*link != stmt)
            link = &(*link)->next;
    }
    return true;
}

bool rewrite_append(Kernel *kernel, const Kernel *reader, Buffer *buffer,
                    Text *why)
{
    Append a = { .kernel = kernel, .buffer = buffer, .why = why };
    Reads reads = { &a, true };
    if (!take_reader(&a, reader)) {
        text_printf(why, "'%s' is no single statement", reader->name);
        return false;
    }
    visit_accesses(a.store, see_read, &reads);
    if (!reads.in_step) {
        text_printf(why, "'%s' reads '%s' elsewhere", reader->name,
                    buffer->name);
        return false;
    }
    kernel_adopt(kernel, reader);
    if (!append_list(&a, &kernel->body))
        return false;
    if (a.count == 0) {
        text_printf(why, "'%s' does not store '%s'", kernel->name,
                    buffer->name);
        return false;
    }
    kernel_drop_param(kernel, buffer);
    kernel_simplify(kernel);
    return true;
}
