/*
 * rewrite_halo.c - reads zeros instead of skipping taps.
 *
 *     for kw in max(0, 1 - ow)..min(3, 29 - ow)          for kw in 0..3
 *         acc += x[ow + kw - 1] * w[kw]           ->         the same
 *
 * Where x has zeros around it, a tap in the padding adds 0 * w, so the limits
 * that keep it out may go. Only for a sum of products with that buffer.
 */
#include "kernel/rewrite.h"

/* ---- may the limits go? --------------------------------------------------------- */

typedef struct Inside {
    Kernel *kernel;
    Loops *loops;
    bool halo; /* something is read from a halo */
    bool inside;
} Inside;

static bool index_inside(Kernel *k, const Access *access, int d,
                         const Loops *loops)
{
    const Dim *dim = &access->buffer->dim[d];
    int64_t low, high;
    return affine_lower_bound(k, access->index[d], loops->at, loops->count,
                              &low) &&
           affine_upper_bound(k, access->index[d], loops->at, loops->count,
                              &high) &&
           low >= -dim->before && high < dim->extent + dim->after;
}

static bool index_in_halo(Kernel *k, const Access *access, int d,
                          const Loops *loops)
{
    const Dim *dim = &access->buffer->dim[d];
    int64_t low, high;
    return (dim->before > 0 || dim->after > 0) &&
           affine_lower_bound(k, access->index[d], loops->at, loops->count,
                              &low) &&
           affine_upper_bound(k, access->index[d], loops->at, loops->count,
                              &high) &&
           (low < 0 || high >= dim->extent);
}

static void check_inside(void *context, const Access *access, Role role,
                         const Stmt *stmt)
{
    Inside *in = context;
    (void)stmt;
    if (access->flat) {
        in->inside = false;
        return;
    }
    for (int d = 0; d < access->buffer->rank; d++) {
        in->inside =
            in->inside && index_inside(in->kernel, access, d, in->loops);
        if (role == ROLE_READ)
            in->halo =
                in->halo || index_in_halo(in->kernel, access, d, in->loops);
        else if (index_in_halo(in->kernel, access, d, in->loops))
            in->inside = false;
    }
}

/* Only sums of products below: then a zero factor changes nothing. */
static bool only_products(Inside *in, const Stmt *list)
{
    for (; list != NULL; list = list->next) {
        if (list->kind == STMT_LOOP) {
            loops_enter(in->loops, list);
            bool ok = only_products(in, list->loop.body);
            in->loops->count--;
            if (!ok)
                return false;
            continue;
        }
        if (list->kind != STMT_ACCUM || list->store.op != ACCUM_FMA)
            return false;
        Stmt alone = *list;
        alone.next = NULL;
        visit_accesses(&alone, check_inside, in);
        if (!in->inside)
            return false;
    }
    return true;
}

/* ---- dropping them ---------------------------------------------------------------- */

static Limit constant_terms(const Limit *limit)
{
    Limit kept = { 0 };
    for (int i = 0; i < limit->count; i++) {
        if (affine_is_const(limit->term[i].sum, NULL))
            kept.term[kept.count++] = limit->term[i];
    }
    return kept;
}

static bool drop_in(Kernel *k, Stmt *list, Loops *loops)
{
    bool changed = false;
    for (; list != NULL; list = list->next) {
        if (list->kind == STMT_BLOCK)
            changed |= drop_in(k, list->block, loops);
        if (list->kind != STMT_LOOP)
            continue;
        Limit lo = list->loop.lo, hi = list->loop.hi;
        Limit plain_lo = constant_terms(&lo), plain_hi = constant_terms(&hi);
        bool fewer = plain_lo.count < lo.count || plain_hi.count < hi.count;
        loops_enter(loops, list);
        if (fewer && plain_lo.count > 0 && plain_hi.count > 0) {
            list->loop.lo = plain_lo;
            list->loop.hi = plain_hi;
            Inside in = { k, loops, false, true };
            if (only_products(&in, list->loop.body) && in.halo) {
                changed = true;
            } else {
                list->loop.lo = lo;
                list->loop.hi = hi;
            }
        }
        changed |= drop_in(k, list->loop.body, loops);
        loops->count--;
    }
    return changed;
}

bool rewrite_halo(Kernel *kernel, Text *why)
{
    Loops loops = { { NULL }, 0 };
    if (!drop_in(kernel, kernel->body, &loops)) {
        text_add(why, "no limit can be dropped");
        return false;
    }
    kernel_simplify(kernel);
    return true;
}
