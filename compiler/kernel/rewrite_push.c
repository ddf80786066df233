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

#include <stdlib.h>
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

/* How the indices of all accesses differ. */
typedef struct Apart {
    const Buffer *buffer;
    const Access *first;
    bool same[KERNEL_RANK];  /* not at all */
    bool alike[KERNEL_RANK]; /* by a constant: high - low at most */
    int64_t low[KERNEL_RANK], high[KERNEL_RANK];
} Apart;

static void compare_one(Apart *a, const Affine *index, int d)
{
    const Affine *first = a->first->index[d];
    int64_t offset;
    a->same[d] = a->same[d] && affine_equal(index, first);
    a->alike[d] = a->alike[d] && affine_apart(index, first, &offset);
    a->low[d] = index->base < a->low[d] ? index->base : a->low[d];
    a->high[d] = index->base > a->high[d] ? index->base : a->high[d];
}

static void compare_index(void *context, const Access *access, Role role,
                          const Stmt *stmt)
{
    Apart *a = context;
    (void)role, (void)stmt;
    if (access->buffer != a->buffer)
        return;
    if (a->first == NULL)
        a->first = access;
    for (int d = 0; d < a->buffer->rank; d++) {
        if (access->flat || a->first->flat)
            a->same[d] = a->alike[d] = false;
        else
            compare_one(a, access->index[d], d);
    }
}

static Apart compare_indices(const Stmt *list, const Buffer *buffer)
{
    Apart a = { .buffer = buffer };
    for (int d = 0; d < KERNEL_RANK; d++) {
        a.same[d] = a.alike[d] = true;
        a.low[d] = INT64_MAX;
        a.high[d] = INT64_MIN;
    }
    visit_accesses(list, compare_index, &a);
    return a;
}

/* One of the loops around the store runs over all of a dimension. */
static bool fills(const Stmt *stmt, const Buffer *buffer, int dim)
{
    for (; stmt->kind == STMT_LOOP; stmt = stmt->loop.body) {
        const Stmt *store = stmt;
        int64_t lo, hi;
        while (store->kind == STMT_LOOP)
            store = store->loop.body;
        const Affine *index = store->store.place.index[dim];
        if (!store->store.place.flat && index->base == 0 && index->count == 1 &&
            index->term[0].coef == 1 && index->term[0].var == stmt->loop.var &&
            loop_constant(stmt, &lo, &hi) && lo == 0 &&
            hi == buffer->dim[dim].extent)
            return true;
    }
    return false;
}

bool local_starts_afresh(const Stmt *list, const Buffer *buffer)
{
    const Apart a = compare_indices(list, buffer);
    const bool same_place = uses_in(list, buffer, NULL).same_place;
    while (list != NULL && uses_of_one(list, buffer, NULL).count == 0)
        list = list->next;
    if (list == NULL)
        return false;
    if (list->kind == STMT_LOOP && touching(list, buffer) == 1 &&
        !is_plain_store(list, buffer)) /* each iteration does */
        return local_starts_afresh(list->loop.body, buffer);
    if (!is_plain_store(list, buffer))
        return false;
    for (int d = 0; d < buffer->rank && !same_place; d++) {
        if (!a.same[d] && !fills(list, buffer, d))
            return false;
    }
    return true;
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

static int64_t gcd_of(int64_t a, int64_t b)
{
    return b == 0 ? a : gcd_of(b, a % b);
}

/* 32*i + 2*v + {0, 1} with v in 0..16: the accesses' difference is less than a
 * step of v, and the steps of v together less than one of what is inside. */
static bool digit_is_apart(const Apart *a, int dim, const Stmt *loop)
{
    const Affine *index = a->first->index[dim];
    const int64_t step = llabs(affine_coef(index, loop->loop.var));
    const int64_t count = loop_iterations_most(loop);
    const int64_t apart = a->high[dim] - a->low[dim];
    int64_t inside = 0;
    for (int i = 0; i < index->count; i++) {
        if (binds(loop->loop.body, index->term[i].var))
            inside = gcd_of(llabs(index->term[i].coef), inside);
    }
    if (apart >= step)
        return false;
    return inside == 0 || (count > 0 && (count - 1) * step + apart < inside);
}

/* An index that all accesses have in common, but for a constant: each iteration
 * has elements of its own. */
static bool iterations_are_apart(const Stmt *loop, const Buffer *buffer)
{
    const Apart a = compare_indices(loop->loop.body, buffer);
    for (int d = 0; d < buffer->rank; d++) {
        if (a.alike[d] && digit_is_apart(&a, d, loop))
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
        !local_starts_afresh(loop->loop.body, buffer)) {
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
