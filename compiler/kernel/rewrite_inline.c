/*
 * rewrite_inline.c - computes an element where it is read.
 *
 *     for i: t[i] = a[i] + b[i]
 *     for i: y[i] = max(0, t[i])       ->   for i: y[i] = max(0, a[i] + b[i])
 *
 * The producer's statements for one element stand before the reader's, their
 * indices are the reader's, and what the producer would have stored is used
 * instead of the load. A value read several times is computed several times,
 * so fusion asks for it only where each element is read once.
 */
#include "kernel/rewrite.h"

#include <string.h>

/* ---- bringing one kernel's names into another ------------------------------------ */

/* The producer is used up by this: its variables and locals move. */
static void adopt(Kernel *reader, const Kernel *producer, const Buffer *gone)
{
    kernel_adopt_vars(reader, producer);
    for (int i = 0; i < producer->params.count; i++) {
        if (producer->params.at[i] != gone)
            kernel_param(reader, producer->params.at[i]);
    }
    reader->macs += producer->macs;
}

/* ---- the producer's nest ------------------------------------------------------------- */

typedef struct Element {
    const Var *var[KERNEL_RANK]; /* of each index; NULL: it is always 0 */
    Stmt *body;                  /* ends with the store */
    const Stmt *store;
} Element;

/* The dimension's variable where the index is just that, with the whole
 * extent as its range; none where there is one position only. */
static bool take_index(const Affine *index, const Dim *dim,
                       const Stmt *const *loops, int count, const Var **var)
{
    int64_t lo, hi;
    *var = NULL;
    if (affine_is_const(index, &lo))
        return lo == 0 && dim->extent == 1;
    if (index->base != 0 || index->count != 1 || index->term[0].coef != 1)
        return false;
    for (int i = 0; i < count; i++) {
        if (loops[i]->loop.var == index->term[0].var)
            *var = loops[i]->loop.var;
        if (*var != NULL)
            return loop_constant(loops[i], &lo, &hi) && lo == 0 &&
                   hi == dim->extent;
    }
    return false;
}

static bool take_apart(const Kernel *producer, const Buffer *buffer,
                       Element *element, Text *why)
{
    const Stmt *loops[KERNEL_RANK];
    int count = 0, used = 0;
    Stmt *list = producer->body;
    while (count < KERNEL_RANK && list != NULL && list->next == NULL &&
           list->kind == STMT_LOOP) {
        loops[count++] = list;
        list = list->loop.body;
    }
    element->body = list;
    element->store = list_last(list);
    const Stmt *s = element->store;
    bool fits = s != NULL && s->kind == STMT_STORE &&
                s->store.place.buffer == buffer && !s->store.place.flat;
    for (int d = 0; fits && d < buffer->rank; d++) {
        fits = take_index(s->store.place.index[d], &buffer->dim[d], loops,
                          count, &element->var[d]);
        used += element->var[d] != NULL;
    }
    fits = fits && used == count;
    if (!fits)
        text_printf(why, "'%s' is no plain nest over '%s'", producer->name,
                    buffer->name);
    return fits;
}

/* ---- one insertion ----------------------------------------------------------------------- */

typedef struct Rename {
    VEC(Buffer *) from;
    VEC(Buffer *) to;
} Rename;

static bool rename_access(void *context, Kernel *kernel, const Access *access,
                          const Loops *loops, Access *result)
{
    (void)kernel, (void)loops;
    Rename *r = context;
    Access copy = *access;
    for (int i = 0; i < r->from.count; i++) {
        if (copy.buffer == r->from.at[i])
            copy.buffer = r->to.at[i];
    }
    *result = copy;
    return true;
}

/* A copy of the element's statements at the given index, with locals of its
 * own; *value is what would have been stored. */
static Stmt *element_at(Kernel *k, const Kernel *producer,
                        const Element *element, const Access *at,
                        const Expr **value)
{
    Rename r = { { 0 }, { 0 } };
    for (int i = 0; i < producer->locals.count; i++) {
        Buffer *old = producer->locals.at[i];
        int64_t extent[KERNEL_RANK];
        for (int d = 0; d < old->rank; d++)
            extent[d] = old->dim[d].extent;
        vec_push(&r.from, old);
        vec_push(&r.to, kernel_local(k, old->name, old->type, old->place,
                                     old->rank, extent));
    }
    Stmt *copy = stmt_copy(k, element->body);
    Loops loops = { { NULL }, 0 };
    map_accesses(k, copy, &loops, rename_access, &r);
    for (int d = 0; d < at->buffer->rank; d++) {
        if (element->var[d] == NULL)
            continue;
        stmt_substitute(k, copy, element->var[d], at->index[d]);
    }
    vec_free(&r.from);
    vec_free(&r.to);
    *value = list_last(copy)->store.value;
    if (copy->next == NULL)
        return NULL;
    Stmt *before = copy;
    while (before->next->next != NULL)
        before = before->next;
    before->next = NULL;
    return copy;
}

typedef struct Inline {
    Kernel *kernel;
    const Kernel *producer;
    const Element *element;
    const Buffer *buffer;
    Text *why;
    int count;
} Inline;

static const Expr *replace_load(Kernel *k, const Expr *expr, const Access *at,
                                const Expr *value)
{
    if (expr->kind == EXPR_LOAD && access_same_place(&expr->access, at))
        return value;
    Expr *copy = NULL;
    for (int i = 0; i < expr_operands(expr->kind); i++) {
        const Expr *arg = replace_load(k, expr->arg[i], at, value);
        if (arg == expr->arg[i])
            continue;
        if (copy == NULL)
            copy = arena_copy(k->arena, expr, sizeof *expr);
        copy->arg[i] = arg;
    }
    return copy != NULL ? copy : expr;
}

/* The first load of the buffer in the statement; NULL where there is none. */
typedef struct FirstLoad {
    const Buffer *buffer;
    const Access *found;
} FirstLoad;

static void first_load(void *context, const Access *access, Role role,
                       const Stmt *stmt)
{
    (void)stmt;
    FirstLoad *f = context;
    if (role == ROLE_READ && access->buffer == f->buffer && f->found == NULL)
        f->found = access;
}

/* Replaces the loads of the statement at *link; statements come before it, and
 * *link moves to the statement again. */
static bool inline_into(Inline *in, Stmt ***link)
{
    Stmt *stmt = **link;
    for (;;) {
        FirstLoad f = { in->buffer, NULL };
        Stmt alone = *stmt;
        alone.next = NULL;
        visit_accesses(&alone, first_load, &f);
        if (f.found == NULL)
            return true;
        if (f.found->flat) {
            text_printf(in->why, "'%s' is read by address", in->buffer->name);
            return false;
        }
        Access at = *f.found;
        const Expr *value;
        Stmt *before =
            element_at(in->kernel, in->producer, in->element, &at, &value);
        stmt->store.value =
            replace_load(in->kernel, stmt->store.value, &at, value);
        if (stmt->kind == STMT_ACCUM && stmt->store.op == ACCUM_FMA)
            stmt->store.by =
                replace_load(in->kernel, stmt->store.by, &at, value);
        in->count++;
        if (before == NULL)
            continue;
        **link = before;
        Stmt *last = list_last(before);
        last->next = stmt;
        *link = &last->next;
    }
}

static bool inline_list(Inline *in, Stmt **link)
{
    for (; *link != NULL; link = &(*link)->next) {
        Stmt *stmt = *link;
        bool ok = true;
        if (stmt->kind == STMT_LOOP)
            ok = inline_list(in, &stmt->loop.body);
        else if (stmt->kind == STMT_BLOCK)
            ok = inline_list(in, &stmt->block);
        else if (stmt->kind == STMT_STORE || stmt->kind == STMT_ACCUM)
            ok = inline_into(in, &link);
        if (!ok)
            return false;
    }
    return true;
}

void kernel_drop_param(Kernel *k, const Buffer *buffer)
{
    int kept = 0;
    for (int i = 0; i < k->params.count; i++) {
        if (k->params.at[i] != buffer)
            k->params.at[kept++] = k->params.at[i];
    }
    k->params.count = kept;
}

bool rewrite_inline(Kernel *reader, const Kernel *producer, Buffer *buffer,
                    Text *why)
{
    Element element = { .body = NULL };
    if (!take_apart(producer, buffer, &element, why))
        return false;
    adopt(reader, producer, buffer);
    Inline in = { .kernel = reader,
                  .producer = producer,
                  .element = &element,
                  .buffer = buffer,
                  .why = why };
    if (!inline_list(&in, &reader->body))
        return false;
    if (in.count == 0) {
        text_printf(why, "'%s' does not read '%s'", reader->name, buffer->name);
        return false;
    }
    kernel_drop_param(reader, buffer);
    kernel_simplify(reader);
    return true;
}
