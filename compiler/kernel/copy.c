/*
 * copy.c - a kernel to try a schedule on.
 */
#include "kernel/rewrite.h"

#include <string.h>

typedef struct Locals {
    const Kernel *from;
    Kernel *to;
} Locals;

static bool rename_local(void *context, Kernel *kernel, const Access *access,
                         const Loops *loops, Access *result)
{
    (void)kernel, (void)loops;
    const Locals *l = context;
    Access copy = *access;
    for (int i = 0; i < l->from->locals.count; i++) {
        if (copy.buffer == l->from->locals.at[i])
            copy.buffer = l->to->locals.at[i];
    }
    *result = copy;
    return true;
}

Kernel *kernel_copy(const Kernel *kernel)
{
    Kernel *copy = kernel_new(kernel->arena, kernel->name);
    copy->comment = kernel->comment;
    copy->macs = kernel->macs;
    for (int i = 0; i < kernel->params.count; i++)
        vec_push(&copy->params, kernel->params.at[i]);
    for (int i = 0; i < kernel->vars.count; i++)
        vec_push(&copy->vars, kernel->vars.at[i]);
    for (int i = 0; i < kernel->temps.count; i++)
        vec_push(&copy->temps, kernel->temps.at[i]);
    for (int i = 0; i < kernel->locals.count; i++)
        vec_push(&copy->locals, arena_copy(copy->arena, kernel->locals.at[i],
                                           sizeof *kernel->locals.at[i]));
    Locals l = { kernel, copy };
    Loops loops = { { NULL }, 0 };
    copy->body = stmt_copy(copy, kernel->body);
    map_accesses(copy, copy->body, &loops, rename_local, &l);
    return copy;
}
