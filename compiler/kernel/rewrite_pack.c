/*
 * rewrite_pack.c - weights in the order in which they are read.
 *
 *     for oc.o, oh, ow.o, kh, c | kw, ow.i, oc.i:
 *         acc += x * w[kh][kw][c][16*oc.o + oc.i]
 *
 * gives w the layout [oc.o][kh][c][kw][oc.i]: the inner loops walk it from its
 * start to its end. Loops that do not move the access (oh, ow) do not matter.
 */
#include "kernel/rewrite.h"

#include <stdlib.h>
#include <string.h>

/* A loop that moves the access: its coefficient in one dimension. */
typedef struct Mover {
    int dim, depth;
    int64_t coef, count; /* count: of different values, over all of dim */
    bool outermost_of_dim;
} Mover;

typedef struct Pack {
    const char *name;
    Buffer *buffer;
    Mover mover[KERNEL_RANK * 2];
    int count;
    bool failed;
} Pack;

static void add_movers(Pack *p, const Access *access, const Loops *loops)
{
    for (int depth = 0; depth < loops->count; depth++) {
        const Var *var = loops->at[depth]->loop.var;
        int dims = 0;
        for (int d = 0; d < access->buffer->rank; d++) {
            int64_t coef = affine_coef(access->index[d], var);
            if (coef == 0)
                continue;
            if (coef < 0 || ++dims > 1 || p->count == KERNEL_RANK * 2) {
                p->failed = true;
                return;
            }
            p->mover[p->count++] =
                (Mover){ .dim = d, .depth = depth, .coef = coef };
        }
    }
}

static bool see_access(void *context, Kernel *kernel, const Access *access,
                       const Loops *loops, Access *result)
{
    (void)kernel;
    Pack *p = context;
    Access copy = *access;
    *result = copy;
    if (strcmp(copy.buffer->name, p->name) != 0)
        return true;
    if (p->buffer != NULL || copy.flat) {
        p->failed = true; /* two accesses: no one order */
        return true;
    }
    p->buffer = copy.buffer;
    add_movers(p, &copy, loops);
    return true;
}

static int by_dim_and_coef(const void *a, const void *b)
{
    const Mover *x = a, *y = b;
    if (x->dim != y->dim)
        return x->dim - y->dim;
    return x->coef > y->coef ? -1 : x->coef < y->coef;
}

static int by_depth(const void *a, const void *b)
{
    const Mover *x = a, *y = b;
    return x->depth - y->depth;
}

/* How many values each digit of a dimension takes: coefficients 32, 16, 1 over
 * 64 elements are digits of 2, 2 and 16. */
static bool count_digits(Pack *p)
{
    qsort(p->mover, (size_t)p->count, sizeof p->mover[0], by_dim_and_coef);
    for (int i = 0; i < p->count; i++) {
        Mover *m = &p->mover[i];
        bool first = i == 0 || m[-1].dim != m->dim;
        bool last = i + 1 == p->count || m[1].dim != m->dim;
        int64_t above = first ? p->buffer->dim[m->dim].extent : m[-1].coef;
        if ((last && m->coef != 1) || (!first && above % m->coef != 0))
            return false;
        m->outermost_of_dim = first;
        m->count = ceil_div(above, m->coef);
    }
    return true;
}

static bool every_dim_moves(const Pack *p)
{
    for (int d = 0; d < p->buffer->rank; d++) {
        bool found = p->buffer->dim[d].extent == 1;
        for (int i = 0; i < p->count; i++)
            found = found || p->mover[i].dim == d;
        if (!found)
            return false;
    }
    return true;
}

/* Strides from the innermost loop outward; vectors stay aligned. */
static Layout lay_out(Pack *p)
{
    Layout layout = { .count = 0 };
    int64_t stride = 1;
    qsort(p->mover, (size_t)p->count, sizeof p->mover[0], by_depth);
    for (int i = p->count - 1; i >= 0; i--) {
        const Mover *m = &p->mover[i];
        layout.piece[layout.count++] =
            (Piece){ .dim = m->dim,
                     .div = m->coef,
                     .mod = m->outermost_of_dim ? 0 : m->count,
                     .stride = stride };
        stride *= m->count;
    }
    layout.size = stride;
    return layout;
}

bool rewrite_pack(Kernel *kernel, const char *buffer, Text *why)
{
    Pack p = { .name = buffer };
    Loops loops = { { NULL }, 0 };
    map_accesses(kernel, kernel->body, &loops, see_access, &p);
    if (p.buffer == NULL || p.failed || p.buffer->place != BUFFER_CONST ||
        !count_digits(&p) || !every_dim_moves(&p)) {
        text_printf(why, "'%s' cannot be packed", buffer);
        return false;
    }
    Layout layout = lay_out(&p);
    if (p.buffer->settled && !layout_equal(&layout, &p.buffer->layout)) {
        text_printf(why, "another kernel reads '%s' as it is", buffer);
        return false;
    }
    p.buffer->layout = layout;
    return true;
}
