/*
 * rewrite_fuse.c - two loops become one, where addresses allow it.
 *
 *     for oh in 0..7                      for oh.ow in 0..49
 *         for ow in 0..7          ->          ... x{oh.ow*64 + c}
 *             ... x[oh][ow][c]
 *
 * Without division: every access that knows oh and ow must step by ow's extent
 * times as much for oh as for ow. So these accesses become flat addresses.
 */
#include "kernel/rewrite.h"

#include <string.h>

typedef struct Fuse {
    const Var *a, *b, *fused;
    const char *inner; /* name of b */
    const char *name;  /* of the one that they become, or NULL */
    int64_t extent;    /* of b */
    Text *why;
} Fuse;

/* address and ring with a * extent + b replaced by the fused variable. */
static bool fuse_sum(Kernel *k, const Fuse *f, const Affine *sum,
                     const Affine **result)
{
    if (affine_coef(sum, f->a) != f->extent * affine_coef(sum, f->b))
        return false;
    const Affine *s = affine_substitute(k, sum, f->a, affine_const(k, 0));
    *result = affine_substitute(k, s, f->b, affine_var(k, f->fused));
    return true;
}

static bool fuse_access(void *context, Kernel *k, const Access *access,
                        const Loops *loops, Access *result)
{
    Fuse *f = context;
    Access flat = *access;
    if (!access_uses(access, f->a) && !access_uses(access, f->b)) {
        *result = flat;
        return true;
    }
    if (!access->flat &&
        !access_flatten(k, access, loops->at, loops->count, &flat)) {
        text_printf(f->why, "'%s' has no flat address yet",
                    access->buffer->name);
        return false;
    }
    if (flat.modulus != 0 || !fuse_sum(k, f, flat.address, &flat.address)) {
        text_printf(f->why,
                    "'%s' does not lie in one piece over '%s' and "
                    "'%s'",
                    access->buffer->name, f->a->name, f->b->name);
        return false;
    }
    *result = flat;
    return true;
}

static bool any_limit_uses(const Stmt *list, const Var *a, const Var *b)
{
    for (; list != NULL; list = list->next) {
        if (list->kind == STMT_BLOCK && any_limit_uses(list->block, a, b))
            return true;
        if (list->kind != STMT_LOOP)
            continue;
        if (limit_uses(&list->loop.lo, a) || limit_uses(&list->loop.hi, a) ||
            limit_uses(&list->loop.lo, b) || limit_uses(&list->loop.hi, b) ||
            any_limit_uses(list->loop.body, a, b))
            return true;
    }
    return false;
}

static bool fuse_loop(void *context, Kernel *k, Stmt **link,
                      const Loops *around, Text *why)
{
    Fuse *f = context;
    Stmt *outer = *link, *inner = outer->loop.body;
    int64_t alo, ahi, blo, bhi;
    if (inner == NULL || inner->next != NULL || inner->kind != STMT_LOOP ||
        strcmp(inner->loop.var->name, f->inner) != 0 ||
        !loop_constant(outer, &alo, &ahi) ||
        !loop_constant(inner, &blo, &bhi)) {
        text_printf(why,
                    "'%s' is not right inside of '%s', with constant "
                    "limits",
                    f->inner, outer->loop.var->name);
        return false;
    }
    f->a = outer->loop.var;
    f->b = inner->loop.var;
    f->extent = bhi;
    if (alo != 0 || blo != 0 || any_limit_uses(inner->loop.body, f->a, f->b)) {
        text_printf(why, "limits depend on '%s' or '%s'", f->a->name,
                    f->b->name);
        return false;
    }
    if (f->fused == NULL)
        f->fused =
            kernel_var(k, f->name ? f->name
                                  : arena_printf(k->arena, "%s.%s", f->a->name,
                                                 f->b->name));
    Loops loops = *around;
    loops_enter(&loops, outer);
    loops_enter(&loops, inner);
    if (!map_accesses(k, inner->loop.body, &loops, fuse_access, f))
        return false;
    outer->loop.var = f->fused;
    outer->loop.hi = (Limit){ 0 };
    limit_try(&outer->loop.hi, affine_const(k, ahi * bhi), 1);
    outer->loop.body = inner->loop.body;
    return true;
}

bool rewrite_fuse(Kernel *kernel, const char *outer, const char *inner,
                  const char *name, Text *why)
{
    Fuse f = { .inner = inner, .name = name, .why = why };
    if (!each_loop(kernel, outer, fuse_loop, &f, why))
        return false;
    kernel_simplify(kernel);
    return true;
}
