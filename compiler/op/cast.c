/*
 * cast.c - the same number in another element type, as C converts it.
 *
 *     f32 -1.75 -> i32 -1      i32 300 -> u8 44      f32 0.5 -> bool 1
 *
 * Floats that are beyond a type's limits become the limit: in C they would be
 * anything. convert, which rounds, is for numbers that were scaled.
 */
#include "op/local.h"

/* What whole types hold; loops clamp floats to the largest ones within. */
static const struct {
    DType type;
    double low, high, loop_high;
} limits[] = { { DT_U8, 0, 255, 255 },
               { DT_I8, -128, 127, 127 },
               { DT_U16, 0, 65535, 65535 },
               { DT_I16, -32768, 32767, 32767 },
               { DT_U32, 0, 4294967295.0, 4294967040.0 },
               { DT_I32, -2147483648.0, 2147483647, 2147483520 },
               { DT_I64, -9223372036854775808.0, 9223372036854774784.0,
                 9223371487098961920.0 } };

static int limits_of(DType type)
{
    for (int i = 0; i < (int)COUNT_OF(limits); i++)
        if (limits[i].type == type)
            return i;
    return -1;
}

static bool can_cast(DType type)
{
    return type == DT_F32 || type == DT_F64 || type == DT_BOOL ||
           limits_of(type) >= 0;
}

bool cast_infer(Graph *graph, Node *node)
{
    const DType from = node->input[0]->type;
    const DType to = node_attrs(node, CastAttrs)->type;
    (void)graph;
    if (can_cast(from) && can_cast(to))
        return op_output(node, to, *in_shape(node, 0));
    graph_error(node, attr_index(node, "type"), "'cast' cannot make %s of %s",
                dtype_name(to), dtype_name(from));
    return false;
}

int64_t cast_macs(const Node *node)
{
    (void)node;
    return 0;
}

/* ---- reference -------------------------------------------------------------------- */

/* Of a whole number, in two's complement. */
static double without_upper_bits(DType type, double value)
{
    const uint64_t bits = (uint64_t)(int64_t)value;
    switch (type) {
    case DT_U8: return (uint8_t)bits;
    case DT_I8: return (int8_t)bits;
    case DT_U16: return (uint16_t)bits;
    case DT_I16: return (int16_t)bits;
    case DT_U32: return (uint32_t)bits;
    case DT_I32: return (int32_t)bits;
    default: return value;
    }
}

static double ref_cast(DType from, DType to, double x)
{
    const int limit = limits_of(to);
    if (to == DT_BOOL)
        return x != 0;
    if (to == DT_F32)
        return (double)(float)x;
    if (limit < 0)
        return x;
    if (!dtype_is_float(from))
        return without_upper_bits(to, x);
    return trunc(ref_min(ref_max(x, limits[limit].low), limits[limit].high));
}

void cast_evaluate(const Node *node, const double *const *in,
                   double *const *out)
{
    const DType from = node->input[0]->type;
    const DType to = node_attrs(node, CastAttrs)->type;
    const int64_t count = in_count(node, 0);
    for (int64_t i = 0; i < count; i++)
        out[0][i] = ref_cast(from, to, in[0][i]);
}

/* ---- loops --------------------------------------------------------------------------- */

static const Expr *number(Kernel *k, Type type, double value)
{
    return expr_const(k, type, value);
}

static const Expr *casted(Kernel *k, DType to, const Expr *x)
{
    const Type type = x->type, truth = { DT_BOOL, 1 };
    const int limit = limits_of(to);
    if (type.elem == to)
        return x;
    if (to == DT_BOOL)
        return expr_4(k, EXPR_SELECT_EQ, x, number(k, type, 0),
                      number(k, truth, 0), number(k, truth, 1));
    if (dtype_is_float(type.elem) && limit >= 0) {
        /* In this order of operands a NaN becomes the lower limit. */
        x = k_max(x, number(k, type, limits[limit].low));
        x = k_min(x, number(k, type,
                            type.elem == DT_F32 ? limits[limit].loop_high
                                                : limits[limit].high));
    }
    return expr_convert(k, to, x);
}

void cast_lower(Lower *lower, const Node *node)
{
    const Shape *shape = out_shape(node);
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const Affine *at[MAX_RANK];
    lower_loops(k, shape, loop_names(shape), at);
    kernel_store(k, access_at(y, at),
                 casted(k, y->type, k_load(access_at(x, at))));
    lower_end(lower);
}
