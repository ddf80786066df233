/*
 * cast.c - the same number in another element type, as C converts it.
 *
 *     f32 -1.75 -> i32 -1      i32 300 -> u8 44      f32 0.5 -> bool 1
 *
 * A float becomes an i32 (for larger types an i64) and that the type, where it
 * loses its upper bits; beyond the limits of these, where C says nothing, the
 * limit. convert, which rounds, is for numbers that were scaled.
 */
#include "op/local.h"

/* Floats become one of these first. */
typedef struct Wide {
    DType type;
    double low, high; /* and the largest numbers that a float holds: */
    double high_float;
} Wide;

static Wide wide_of(DType type)
{
    if (dtype_size(type) == 8 || type == DT_U32)
        return (Wide){ DT_I64, -9223372036854775808.0, 9223372036854774784.0,
                       9223371487098961920.0 };
    return (Wide){ DT_I32, -2147483648.0, 2147483647, 2147483520 };
}

static bool can_cast(DType type)
{
    return type != DT_F16 && type != DT_BF16 && type != DT_U64;
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
    const Wide wide = wide_of(to);
    if (to == DT_BOOL)
        return x != 0;
    if (dtype_is_float(to))
        return to == DT_F32 ? (double)(float)x : x;
    if (dtype_is_float(from))
        x = trunc(ref_min(ref_max(x, wide.low), wide.high));
    return without_upper_bits(to, x);
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

/* In this order of operands a NaN becomes the lower limit. */
static const Expr *clamped(Kernel *k, Wide wide, const Expr *x)
{
    const double high = x->type.elem == DT_F32 ? wide.high_float : wide.high;
    x = k_max(x, expr_const(k, x->type, wide.low));
    return k_min(x, expr_const(k, x->type, high));
}

static const Expr *casted(Kernel *k, DType to, const Expr *x)
{
    const Type truth = { DT_BOOL, 1 };
    const Wide wide = wide_of(to);
    if (x->type.elem == to)
        return x;
    if (to == DT_BOOL)
        return expr_4(k, EXPR_SELECT_EQ, x, expr_const(k, x->type, 0),
                      expr_const(k, truth, 0), expr_const(k, truth, 1));
    if (dtype_is_float(x->type.elem) && !dtype_is_float(to))
        x = expr_convert(k, wide.type, clamped(k, wide, x));
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
