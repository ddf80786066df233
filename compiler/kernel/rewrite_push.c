/*
 * rewrite_push.c - makes a loop the innermost around each statement it holds.
 *
 *     for i                           for i
 *         acc = b                         acc[i] = b
 *         for k                 ->    for k
 *             acc += x[i+k]*w[k]          for i
 *         y[i] = acc                          acc[i] += x[i+k] * w[k]
 *                                     for i
 *                                         y[i] = acc[i]
 *
 * A local whose value lives from one statement to another gets a dimension for
 * the loop. That is legal where every iteration gives it a value before it
 * reads it, and nothing outside of the loop knows it.
 */
#include "kernel/rewrite.h"

#include <string.h>

/* ---- which locals live across ------------------------------------------------- */

typedef struct Uses {
    const Buffer *buffer;
    const Var *var;
    int count;
    bool written, with_var, same_place;
    const Access *first;
} Uses;

static void count_uses(void *context, const Access *access, Role role,
                       const Stmt *stmt)
{
    (void)stmt;
    Uses *u = context;
    if (access->buffer != u->buffer)
        return;
    if (u->count++ == 0) {
        u->first = access;
        u->same_place = true;
    }
    u->same_place = u->same_place && access_same_place(u->first, access);
    u->written = u->written || role != ROLE_READ;
    u->with_var = u->with_var || (u->var && access_uses(access, u->var));
}

static Uses uses_in(const Stmt *list, const Buffer *buffer, const Var *var)
{
    Uses u = { .buffer = buffer, .var = var };
    visit_accesses(list, count_uses, &u);
    return u;
}

static Uses uses_of_one(const Stmt *stmt, const Buffer *buffer, const Var *var)
{
    Stmt alone = *stmt;
    alone.next = NULL;
    return uses_in(&alone, buffer, var);
}

/* Statements of the list that touch the buffer. */
static int touching(const Stmt *list, const Buffer *buffer)
{
    int count = 0;
    for (; list != NULL; list = list->next)
        count += uses_of_one(list, buffer, NULL).count > 0;
    return count;
}

/* A store of the buffer that reads none of it, perhaps with loops around that
 * an earlier push left there. */
static bool is_plain_store(const Stmt *stmt, const Buffer *buffer)
{
    while (stmt->kind == STMT_LOOP && stmt->loop.body != NULL &&
           stmt->loop.body->next == NULL)
        stmt = stmt->loop.body;
    return stmt->kind == STMT_STORE && stmt->store.place.buffer == buffer &&
           uses_of_one(stmt, buffer, NULL).count == 1;
}

/* The first statement that touches it gives it a value, at the same place (or
 * places, over loops that are copies of one another) as all others mean. */
static bool starts_afresh(const Stmt *list, const Buffer *buffer)
{
    if (!uses_in(list, buffer, NULL).same_place)
        return false;
    for (; list != NULL; list = list->next) {
        if (uses_of_one(list, buffer, NULL).count > 0)
            return is_plain_store(list, buffer);
    }
    return false;
}

/* ---- a dimension more ------------------------------------------------------------ */

typedef struct Grow {
    Buffer *buffer;
    const Affine *index;
    int64_t extent;
} Grow;

static bool grow_access(void *context, Kernel *kernel, const Access *access,
                        const Loops *loops, Access *result)
{
    (void)loops;
    Grow *g = context;
    Access copy = *access; /* result may be access itself */
    *result = copy;
    if (copy.buffer != g->buffer)
        return true;
    if (copy.flat) /* the new dimension is the last: each element a row */
        result->address = affine_add(
            kernel, affine_scale(kernel, copy.address, g->extent), g->index);
    else
        result->index[g->buffer->rank - 1] = g->index;
    return copy.modulus == 0;
}

/* Adds a dimension for the loop's variable to a local and its accesses. */
static bool expand_local(Kernel *k, Buffer *buffer, Stmt *loop,
                         const Loops *around, Text *why)
{
    const char *name = loop->loop.var->name;
    Loops loops = *around;
    loops_enter(&loops, loop);
    const Affine *v = affine_var(k, loop->loop.var);
    int64_t lo, hi;
    if (buffer->rank == KERNEL_RANK ||
        !affine_lower_bound(k, v, loops.at, loops.count, &lo) ||
        !affine_upper_bound(k, v, loops.at, loops.count, &hi)) {
        text_printf(why, "'%s' has no constant range for '%s'", name,
                    buffer->name);
        return false;
    }
    buffer->dim[buffer->rank++] = (Dim){ .extent = hi - lo + 1 };
    buffer->layout = layout_plain(buffer->rank, buffer->dim);
    Grow g = { buffer, affine_shift(k, v, -lo), hi - lo + 1 };
    return map_accesses(k, loop->loop.body, &loops, grow_access, &g);
}

/* ---- iterations that never meet ----------------------------------------------------- */

typedef struct Apart {
    const Buffer *buffer;
    const Access *first;
    bool same[KERNEL_RANK]; /* all accesses have one index there */
} Apart;

static void compare_index(void *context, const Access *access, Role role,
                          const Stmt *stmt)
{
    Apart *a = context;
    (void)role, (void)stmt;
    if (access->buffer != a->buffer)
        return;
    if (a->first == NULL)
        a->first = access;
    for (int d = 0; d < a->buffer->rank; d++)
        a->same[d] = a->same[d] && !access->flat && !a->first->flat &&
                     affine_equal(access->index[d], a->first->index[d]);
}

static bool binds(const Stmt *list, const Var *var)
{
    for (; list != NULL; list = list->next) {
        if (list->kind == STMT_BLOCK && binds(list->block, var))
            return true;
        if (list->kind == STMT_LOOP &&
            (list->loop.var == var || binds(list->loop.body, var)))
            return true;
    }
    return false;
}

/* An index that the loop's variable and those around decide, and that all
 * accesses have in common: each iteration has elements of its own. */
static bool iterations_are_apart(const Stmt *loop, const Buffer *buffer)
{
    Apart a = { .buffer = buffer };
    for (int d = 0; d < KERNEL_RANK; d++)
        a.same[d] = true;
    visit_accesses(loop->loop.body, compare_index, &a);
    for (int d = 0; d < buffer->rank; d++) {
        const Affine *index = a.first->flat ? NULL : a.first->index[d];
        bool apart = a.same[d] && affine_coef(index, loop->loop.var) != 0;
        for (int i = 0; apart && i < index->count; i++)
            apart = !binds(loop->loop.body, index->term[i].var);
        if (apart)
            return true;
    }
    return false;
}

/* Makes the buffer's accesses in different statements of the loop's body
 * independent of the order of the loop's iterations, or refuses. */
static bool separate(Kernel *k, Buffer *buffer, Stmt *loop, const Loops *around,
                     Text *why)
{
    const Var *v = loop->loop.var;
    Uses inside = uses_in(loop->loop.body, buffer, v);
    bool local = buffer->place == BUFFER_REG || buffer->place == BUFFER_LOCAL;
    if (!inside.written || touching(loop->loop.body, buffer) < 2)
        return true;
    if (inside.with_var &&
        (inside.same_place || iterations_are_apart(loop, buffer)))
        return true;
    int everywhere = uses_in(k->body, buffer, NULL).count;
    if (!local || inside.with_var || everywhere != inside.count ||
        !starts_afresh(loop->loop.body, buffer)) {
        text_printf(why, "'%s' lives on between iterations of '%s'",
                    buffer->name, v->name);
        return false;
    }
    return expand_local(k, buffer, loop, around, why);
}

typedef struct Found {
    VEC(Buffer *) buffers;
} Found;

static void find_buffer(void *context, const Access *access, Role role,
                        const Stmt *stmt)
{
    (void)role, (void)stmt;
    Found *f = context;
    for (int i = 0; i < f->buffers.count; i++) {
        if (f->buffers.at[i] == access->buffer)
            return;
    }
    vec_push(&f->buffers, access->buffer);
}

static bool separate_all(Kernel *k, Stmt *loop, const Loops *around, Text *why)
{
    Found f = { { 0 } };
    visit_accesses(loop->loop.body, find_buffer, &f);
    bool ok = true;
    for (int i = 0; ok && i < f.buffers.count; i++)
        ok = separate(k, f.buffers.at[i], loop, around, why);
    vec_free(&f.buffers);
    return ok;
}

/* ---- pushing ------------------------------------------------------------------------- */

static bool push_loop(Kernel *k, Stmt **link, Loops *around, Text *why);

/* One copy of the loop a statement. */
static bool distribute(Kernel *k, Stmt **link, Loops *around, Text *why)
{
    Stmt *loop = *link, *after = loop->next;
    if (!separate_all(k, loop, around, why))
        return false;
    for (Stmt *child = loop->loop.body, *next; child != NULL; child = next) {
        next = child->next;
        child->next = NULL;
        Stmt *own = stmt_new(k, STMT_LOOP);
        own->loop = loop->loop;
        own->loop.body = child;
        *link = own;
        if (!push_loop(k, link, around, why))
            return false;
        while (*link != NULL)
            link = &(*link)->next;
    }
    *link = after;
    return true;
}

static bool push_through_loop(Kernel *k, Stmt **link, Loops *around, Text *why)
{
    Stmt *outer = loop_interchange(k, *link, why);
    if (outer == NULL)
        return false;
    *link = outer;
    loops_enter(around, outer);
    bool ok = push_loop(k, &outer->loop.body, around, why);
    around->count--;
    return ok;
}

static bool push_through_block(Kernel *k, Stmt **link, Loops *around, Text *why)
{
    Stmt *loop = *link, *block = loop->loop.body;
    loop->loop.body = block->block;
    block->block = loop;
    block->next = loop->next;
    loop->next = NULL;
    *link = block;
    return push_loop(k, &block->block, around, why);
}

static bool push_loop(Kernel *k, Stmt **link, Loops *around, Text *why)
{
    Stmt *loop = *link, *body = loop->loop.body;
    if (body == NULL)
        return true;
    if (body->next != NULL)
        return distribute(k, link, around, why);
    if (body->kind == STMT_LOOP)
        return push_through_loop(k, link, around, why);
    if (body->kind == STMT_BLOCK)
        return push_through_block(k, link, around, why);
    return true;
}

static bool push_each(void *context, Kernel *k, Stmt **link,
                      const Loops *around, Text *why)
{
    (void)context;
    Loops loops = *around;
    return push_loop(k, link, &loops, why);
}

bool rewrite_push(Kernel *kernel, const char *var, Text *why)
{
    if (!each_loop_left(kernel, var, push_each, NULL, why))
        return false;
    kernel_simplify(kernel);
    return true;
}
