/*
 * strided.c - arrays read at a stride of their own along each dimension.
 *
 *     out [3, 2] of a [2, 3]:      strides 3, 1 give it as it lies,
 *                                  1, 3 transposed, 0, 1 its row repeated,
 *                                  -1 from the last element on: backwards
 */
#include "op/local.h"

void shape_strides(const Shape *shape, int64_t *stride)
{
    int64_t step = 1;
    for (int d = shape->rank; d-- > 0; step *= shape->dim[d])
        stride[d] = step;
}

bool shape_broadcast(Shape *shape, const Shape *other)
{
    Shape wide = shape->rank >= other->rank ? *shape : *other;
    for (int i = 1; i <= shape->rank && i <= other->rank; i++) {
        int64_t a = shape->dim[shape->rank - i];
        int64_t b = other->dim[other->rank - i];
        if (a != b && a != 1 && b != 1)
            return false;
        wide.dim[wide.rank - i] = a == 1 ? b : a;
    }
    *shape = wide;
    return true;
}

void broadcast_strides(const Shape *in, const Shape *out, int64_t *stride)
{
    int64_t step[MAX_RANK];
    shape_strides(in, step);
    for (int d = 0; d < out->rank; d++) {
        int i = d - (out->rank - in->rank);
        stride[d] = i < 0 || in->dim[i] == 1 ? 0 : step[i];
    }
}

void ref_strided(const Shape *out, const int64_t *stride, const double *from,
                 double *to)
{
    int64_t index[MAX_RANK] = { 0 }, at = 0;
    const int64_t count = shape_count(out);
    for (int64_t i = 0; i < count; i++) {
        to[i] = from[at];
        for (int d = out->rank; d-- > 0;) {
            at += stride[d];
            if (++index[d] < out->dim[d])
                break;
            at -= stride[d] * out->dim[d];
            index[d] = 0;
        }
    }
}

const Expr *broadcast_load(Kernel *k, Buffer *buffer, const Shape *in,
                           const Shape *out, const Affine *const *at)
{
    const Affine *index[MAX_RANK];
    for (int i = 0; i < in->rank; i++)
        index[i] =
            in->dim[i] == 1 ? affine_const(k, 0) : at[out->rank - in->rank + i];
    return k_load(access_at(buffer, index));
}
