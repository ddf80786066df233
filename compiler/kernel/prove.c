/*
 * prove.c - every access of a kernel stays inside its buffer.
 *
 *     x[oh + kh - 1][c]     0 <= oh + kh - 1 <= 31 and 0 <= c <= 15, by the
 *                           limits of the loops around (bounds.c)
 *     x@(16*c.o), 16 lanes  0 <= 16*c.o and 16*c.o + 15 <= 511
 *
 * A logical access must stay in the dimensions, halo and slack with them; its
 * vector lanes follow the piece of the layout that has stride 1, within the
 * dimension or, where that is divided, within the block. A prefetch touches
 * nothing, so there is nothing to prove.
 */
#include "kernel/local.h"

#include <inttypes.h>

typedef struct Proof {
    Kernel *kernel;
    Loops loops;
} Proof;

static NORETURN void refuse(const Proof *proof, const Access *access, int span,
                            const char *what)
{
    Text text = { 0 };
    access_print(&text, access);
    KERNEL_BUG(proof->kernel,
               "kernel '%s': cannot prove that %s, %d lanes, "
               "stays inside: %s",
               proof->kernel->name, text_get(&text), span, what);
}

/* low <= sum and sum <= high, always. */
static bool is_within(const Proof *proof, const Affine *sum, int64_t low,
                      int64_t high)
{
    int64_t bound;
    return affine_lower_bound(proof->kernel, sum, proof->loops.at,
                              proof->loops.count, &bound) &&
           bound >= low &&
           affine_upper_bound(proof->kernel, sum, proof->loops.at,
                              proof->loops.count, &bound) &&
           bound <= high;
}

static void prove_flat(const Proof *proof, const Access *access, int span)
{
    int64_t last = access->buffer->layout.size - span, ring = 0;

    if (access->modulus) {
        if (!is_within(proof, access->ring, 0, INT64_MAX))
            refuse(proof, access, span, "its ring's index may be negative");
        ring = exact_mul(access->modulus - 1, access->stride);
    }
    if (!is_within(proof, access->address, ring < 0 ? -ring : 0,
                   ring > 0 ? last - ring : last))
        refuse(proof, access, span, "its address");
}

/* The piece along which consecutive addresses lie. */
static const Piece *unit_piece(const Layout *layout)
{
    for (int i = layout->count - 1; i >= 0; i--) {
        if (layout->piece[i].stride == 1)
            return &layout->piece[i];
    }
    return NULL;
}

/* Lanes beside the first: in the same row, or the same block of it. */
static void prove_lanes(const Proof *proof, const Access *access, int span)
{
    const Piece *unit = unit_piece(&access->buffer->layout);
    const Dim *dim;
    const Affine *index, *block, *rest;

    if (!unit)
        refuse(proof, access, span, "no dimension has stride 1");
    dim = &access->buffer->dim[unit->dim];
    index = access->index[unit->dim];
    if (piece_is_linear(unit)) {
        if (!is_within(proof, index, -dim->before,
                       dim->extent + dim->after - span))
            refuse(proof, access, span, "its last lane");
        return;
    }
    if (unit->div != 1 ||
        !affine_divide(proof->kernel, index, unit->mod, proof->loops.at,
                       proof->loops.count, &block, &rest) ||
        !is_within(proof, rest, 0, unit->mod - span))
        refuse(proof, access, span, "its lanes leave the block");
}

static void prove_logical(const Proof *proof, const Access *access, int span)
{
    for (int i = 0; i < access->buffer->rank; i++) {
        const Dim *dim = &access->buffer->dim[i];
        char what[32];
        snprintf(what, sizeof what, "index %d", i);
        if (!is_within(proof, access->index[i], -dim->before,
                       dim->extent + dim->after - 1))
            refuse(proof, access, span, what);
    }
    if (span > 1)
        prove_lanes(proof, access, span);
}

static void prove_access(const Proof *proof, const Access *access, int span)
{
    if (access->flat)
        prove_flat(proof, access, span);
    else
        prove_logical(proof, access, span);
}

static void prove_value(const Proof *proof, const Expr *expr)
{
    if (expr_is_load(expr))
        prove_access(proof, &expr->access,
                     expr_step(expr) * (expr->active - 1) + 1);
    for (int i = 0; i < expr_operands(expr->kind); i++)
        prove_value(proof, expr->arg[i]);
}

/* Elements from the first lane's to the last one's. */
static int store_span(const Stmt *stmt)
{
    int apart = stmt->store.apart > 0 ? stmt->store.apart : 1;
    return apart * (stmt->store.active - 1) + 1;
}

static void prove_list(Proof *proof, const Stmt *list)
{
    for (; list; list = list->next) {
        switch (list->kind) {
        case STMT_LOOP:
            loops_enter(&proof->loops, list);
            prove_list(proof, list->loop.body);
            proof->loops.count--;
            break;
        case STMT_STORE:
        case STMT_ACCUM:
            prove_value(proof, list->store.value);
            if (list->store.by)
                prove_value(proof, list->store.by);
            prove_access(proof, &list->store.place, store_span(list));
            break;
        case STMT_LET: prove_value(proof, list->let.value); break;
        case STMT_PREFETCH: break;
        case STMT_BLOCK: prove_list(proof, list->block); break;
        }
    }
}

void kernel_prove(Kernel *kernel)
{
    Proof proof = { .kernel = kernel };
    prove_list(&proof, kernel->body);
}
