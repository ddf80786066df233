/*
 * rewrite_prefetch.c - asks for weights before they are needed.
 *
 *     for c                              for c
 *         acc += x{c} * w{32*c}:16  ->       prefetch w{32*c + 2048}
 *                                            acc += x{c} * w{32*c}:16
 *
 * One line for each line that an iteration reads. A prefetch behind the end of
 * the buffer does no harm.
 */
#include "kernel/rewrite.h"

#include <string.h>

typedef struct Prefetch {
    Kernel *kernel;
    const char *buffer;
    const Var *var;
    int64_t ahead;
    VEC(Access) lines;
} Prefetch;

static void add_line(void *context, const Access *access, Role role,
                     const Stmt *stmt)
{
    Prefetch *p = context;
    (void)stmt;
    int64_t line = 64 / dtype_size(access->buffer->type), apart;
    if (role != ROLE_READ || !access->flat || access->modulus != 0 ||
        strcmp(access->buffer->name, p->buffer) != 0 ||
        affine_coef(access->address, p->var) == 0)
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

static bool prefetch_loop(void *context, Kernel *k, Stmt **link,
                          const Loops *around, Text *why)
{
    Prefetch *p = context;
    Stmt *loop = *link;
    (void)around, (void)why;
    p->var = loop->loop.var;
    p->lines.count = 0;
    for (Stmt *s = loop->loop.body; s != NULL; s = s->next) {
        if (s->kind == STMT_LOOP || s->kind == STMT_BLOCK)
            return true; /* not innermost */
    }
    visit_accesses(loop->loop.body, add_line, p);
    for (int i = 0; i < p->lines.count; i++) {
        Stmt *s = stmt_new(k, STMT_PREFETCH);
        s->prefetch = p->lines.at[i];
        s->prefetch.address = affine_shift(k, s->prefetch.address, p->ahead);
        s->next = loop->loop.body;
        loop->loop.body = s;
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
