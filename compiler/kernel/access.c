/*
 * access.c - places in buffers: from logical indices to one address.
 *
 *     x[oc.o*16 + oc.i][h][w]   with layout [c/16][h][w][16] becomes
 *     x@(1024*oc.o + 128*h + 16*w + oc.i)       where 0 <= oc.i < 16
 *
 * A division is resolved by splitting the index into a multiple of the divisor
 * and a rest whose interval, under the loops around, lies in one block.
 */
#include "kernel/local.h"

Access access_at(Buffer *buffer, const Affine *const *index)
{
    Access access = { .buffer = buffer };
    for (int i = 0; i < buffer->rank; i++) {
        REQUIRE(index[i] != NULL);
        access.index[i] = index[i];
    }
    return access;
}

Access access_flat(Buffer *buffer, const Affine *address)
{
    return (Access){ .buffer = buffer, .flat = true, .address = address };
}

/* sum = div * *multiple + *rest, every coefficient of the rest no multiple of
 * div, its base in 0..div-1. */
static void split_sum(Kernel *kernel, const Affine *sum, int64_t div,
                      const Affine **multiple, const Affine **rest)
{
    int64_t base = floor_div(sum->base, div);
    const Affine *left = affine_const(kernel, sum->base - base * div);
    const Affine *whole = affine_const(kernel, base);

    for (int i = 0; i < sum->count; i++) {
        const AffineTerm *term = &sum->term[i];
        const Affine *var = affine_var(kernel, term->var);
        if (term->coef % div == 0)
            whole = affine_add(kernel, whole,
                               affine_scale(kernel, var, term->coef / div));
        else
            left =
                affine_add(kernel, left, affine_scale(kernel, var, term->coef));
    }
    *multiple = whole;
    *rest = left;
}

/* floor(sum / div) and sum - div * that, as affine sums; false where the
 * interval of the rest does not lie within one block of div values. */
bool affine_divide(Kernel *kernel, const Affine *sum, int64_t div,
                   const Stmt *const *loops, int count, const Affine **quotient,
                   const Affine **remainder)
{
    int64_t low, high, block;

    split_sum(kernel, sum, div, quotient, remainder);
    if (!affine_lower_bound(kernel, *remainder, loops, count, &low) ||
        !affine_upper_bound(kernel, *remainder, loops, count, &high))
        return false;
    block = floor_div(low, div);
    if (floor_div(high, div) != block)
        return false;
    *quotient = affine_shift(kernel, *quotient, block);
    *remainder = affine_shift(kernel, *remainder, -exact_mul(block, div));
    return true;
}

/* Adds the piece's summand to the flat access. */
static bool flatten_piece(Kernel *kernel, const Piece *piece,
                          const Affine *index, const Stmt *const *loops,
                          int count, Access *flat)
{
    const Affine *value = index, *rest;

    if (piece->div != 1 &&
        !affine_divide(kernel, index, piece->div, loops, count, &value, &rest))
        return false;
    if (piece->mod != 0) {
        const Affine *whole = value;
        if (!affine_divide(kernel, whole, piece->mod, loops, count, &rest,
                           &value)) {
            if (flat->modulus != 0)
                return false; /* one ring an access */
            flat->ring = whole;
            flat->modulus = piece->mod;
            flat->stride = piece->stride;
            return true;
        }
    }
    flat->address = affine_add(kernel, flat->address,
                               affine_scale(kernel, value, piece->stride));
    return true;
}

bool access_flatten(Kernel *kernel, const Access *access,
                    const Stmt *const *loops, int loop_count, Access *flat)
{
    const Layout *layout = &access->buffer->layout;

    if (access->flat) {
        *flat = *access;
        return true;
    }
    *flat = access_flat(access->buffer, affine_const(kernel, layout->offset));
    for (int i = 0; i < layout->count; i++) {
        const Piece *piece = &layout->piece[i];
        if (!flatten_piece(kernel, piece, access->index[piece->dim], loops,
                           loop_count, flat))
            return false;
    }
    return true;
}
