/*
 * rewrite_prefetch.c - asks for weights before they are needed.
 *
 *     for oc                                  a slice of weights each, from far
 *         for oh                              which serves every row
 *             for c
 *                 prefetch w{S*(oc + 1) + 16*(C*oh + c)}
 *                 acc += x * w{S*oc + 16*c}:16
 *
 * While the rows of one slice are computed the next one comes, a line or a few
 * in each iteration: spread evenly, it hides behind the arithmetic. Where a
 * stream is read once, lines some way ahead are asked for instead.
 */
#include "kernel/rewrite.h"

#include <string.h>

typedef struct Prefetch {
    Kernel *kernel;
    const char *buffer;
    int64_t ahead; /* elements; 0: the next slice */
    const Stmt *slices;
    Loops inside; /* loops within the one over slices */
    VEC(Access) lines;
} Prefetch;

static int64_t line_of(const Buffer *buffer)
{
    return 64 / dtype_size(buffer->type);
}

/* ---- some way ahead ------------------------------------------------------------------ */

static void add_line(void *context, const Access *access, Role role,
                     const Stmt *stmt)
{
    Prefetch *p = context;
    (void)stmt;
    int64_t line = line_of(access->buffer), apart;
    if (role != ROLE_READ || !access->flat || access->modulus != 0 ||
        strcmp(access->buffer->name, p->buffer) != 0)
        return;
    for (int i = 0; i < p->lines.count; i++) {
        const Affine *difference =
            affine_sub(p->kernel, access->address, p->lines.at[i].address);
        if (affine_is_const(difference, &apart) && apart > -line &&
            apart < line)
            return;
    }
    vec_push(&p->lines, *access);
}

static void put_first(Kernel *k, Stmt *loop, Access line, const Affine *address)
{
    Stmt *s = stmt_new(k, STMT_PREFETCH);
    s->prefetch = line;
    s->prefetch.address = address;
    s->next = loop->loop.body;
    loop->loop.body = s;
}

static bool is_innermost(const Stmt *loop)
{
    for (const Stmt *s = loop->loop.body; s != NULL; s = s->next) {
        if (s->kind == STMT_LOOP || s->kind == STMT_BLOCK)
            return false;
    }
    return true;
}

static void put_ahead(Prefetch *p, Stmt *loop)
{
    for (int i = 0; i < p->lines.count; i++)
        put_first(p->kernel, loop, p->lines.at[i],
                  affine_shift(p->kernel, p->lines.at[i].address, p->ahead));
}

/* ---- the next slice --------------------------------------------------------------------- */

#define LINES_MOST 4 /* in one iteration */

/* Iteration i of all the loops inside asks for lines per*i .. of the slice
 * after this one. */
static void put_next(Prefetch *p, Stmt *loop)
{
    Kernel *k = p->kernel;
    const Access *first = &p->lines.at[0];
    int64_t line = line_of(first->buffer), count = 1;
    const Var *v = p->slices->loop.var;
    int64_t slice = affine_coef(first->address, v);
    const Affine *at = affine_const(k, 0);
    for (int i = p->inside.count - 1; i >= 0; i--) {
        const Stmt *l = p->inside.at[i];
        int64_t most = loop_iterations_most(l);
        if (most < 1 || !size_mul(count, most, &count))
            return;
        at = affine_add(
            k, at, affine_scale(k, affine_var(k, l->loop.var), count / most));
    }
    int64_t per = ceil_div(slice, line * count);
    if (slice < line || per > LINES_MOST)
        return;
    const Affine *start = affine_add(
        k, affine_scale(k, affine_shift(k, affine_var(k, v), 1), slice),
        affine_scale(k, at, line * per));
    for (int64_t i = per - 1; i >= 0; i--)
        put_first(k, loop, *first, affine_shift(k, start, line * i));
}

/* ---- finding the loops --------------------------------------------------------------------- */

static void prefetch_in(Prefetch *p, Stmt *list)
{
    for (; list != NULL; list = list->next) {
        if (list->kind == STMT_BLOCK)
            prefetch_in(p, list->block);
        if (list->kind != STMT_LOOP)
            continue;
        loops_enter(&p->inside, list);
        if (is_innermost(list)) {
            p->lines.count = 0;
            visit_accesses(list->loop.body, add_line, p);
            if (p->lines.count > 0 && p->ahead > 0)
                put_ahead(p, list);
            else if (p->lines.count > 0)
                put_next(p, list);
        } else {
            prefetch_in(p, list->loop.body);
        }
        p->inside.count--;
    }
}

static bool prefetch_loop(void *context, Kernel *k, Stmt **link,
                          const Loops *around, Text *why)
{
    Prefetch *p = context;
    (void)k, (void)around, (void)why;
    p->slices = *link;
    p->inside.count = 0;
    if (p->ahead > 0 && is_innermost(*link)) {
        Stmt *next = (*link)->next;
        (*link)->next = NULL;
        prefetch_in(p, *link);
        (*link)->next = next;
    } else {
        prefetch_in(p, (*link)->loop.body);
    }
    return true;
}

bool rewrite_prefetch(Kernel *kernel, const char *buffer, const char *var,
                      int64_t ahead, Text *why)
{
    Prefetch p = { .kernel = kernel, .buffer = buffer, .ahead = ahead };
    bool ok = each_loop(kernel, var, prefetch_loop, &p, why);
    vec_free(&p.lines);
    return ok;
}
