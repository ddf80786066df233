/*
 * convert.c - another element type, with a factor: bytes 0..255 to 0..1, and
 * back to whole numbers, rounded and clamped.
 */
#include "op/local.h"

/* The types that a network's edges have, and what they hold. Where loops clamp
 * floats, the upper ends are the largest floats within. (i64's upper end is
 * 2^63 in double.) */
static const struct {
    DType type;
    double low, high, loop_high;
} limits[] = { { DT_BOOL, 0, 1, 1 },
               { DT_U8, 0, 255, 255 },
               { DT_I8, -128, 127, 127 },
               { DT_U16, 0, 65535, 65535 },
               { DT_I16, -32768, 32767, 32767 },
               { DT_I32, -2147483648.0, 2147483647, 2147483520 },
               { DT_I64, -9223372036854775808.0, 9223372036854775807.0,
                 9223371487098961920.0 } };

/* Index into limits; -1 for f32, -2 for what is not supported. */
static int limits_of(DType type)
{
    for (int i = 0; i < (int)COUNT_OF(limits); i++)
        if (limits[i].type == type)
            return i;
    return type == DT_F32 ? -1 : -2;
}

bool convert_infer(Graph *graph, Node *node)
{
    const ConvertAttrs *a = node_attrs(node, ConvertAttrs);
    DType from = node->input[0]->type;
    (void)graph;
    if (limits_of(from) == -2 || limits_of(a->type) == -2) {
        graph_error(node, attr_index(node, "type"),
                    "'convert' cannot make %s of %s", dtype_name(a->type),
                    dtype_name(from));
        return false;
    }
    if (!isfinite((float)a->scale) || a->scale == 0) {
        graph_error(node, attr_index(node, "scale"),
                    "'scale' of 'convert' must be a finite number other than "
                    "0, got %g",
                    a->scale);
        return false;
    }
    return op_output(node, a->type, *in_shape(node, 0));
}

int64_t convert_macs(const Node *node)
{
    (void)node;
    return 0;
}

void convert_evaluate(const Node *node, const double *const *in,
                      double *const *out)
{
    const ConvertAttrs *a = node_attrs(node, ConvertAttrs);
    const int64_t count = in_count(node, 0);
    const int to = limits_of(a->type);
    for (int64_t i = 0; i < count; i++) {
        double value = in[0][i] * a->scale;
        if (a->type == DT_BOOL)
            value = value != 0;
        else if (to >= 0)
            value = ref_min(ref_max(nearbyint(value), limits[to].low),
                            limits[to].high);
        out[0][i] = value;
    }
}

/* From f32. */
static const Expr *rounded(Kernel *k, DType type, const Expr *x)
{
    const int to = limits_of(type);
    /* In this order of operands a NaN becomes the lower limit. */
    x = k_max(k_1(ROUND, x), k_num(limits[to].low));
    return expr_convert(k, type, k_min(x, k_num(limits[to].loop_high)));
}

static const Expr *number(Kernel *k, const Expr *like, double value)
{
    return expr_const(k, like->type, value);
}

/* Whole numbers stay what they are, as far as the other type holds them. */
static const Expr *clamped(Kernel *k, DType type, const Expr *x)
{
    const int from = limits_of(x->type.elem), to = limits_of(type);
    const Expr *low = number(k, x, limits[to].low);
    const Expr *high = number(k, x, limits[to].high);
    if (limits[to].low > limits[from].low)
        x = expr_4(k, EXPR_SELECT_LT, x, low, low, x);
    if (limits[to].high < limits[from].high)
        x = expr_4(k, EXPR_SELECT_LT, high, x, high, x);
    return expr_convert(k, type, x);
}

static const Expr *converted(Kernel *k, const ConvertAttrs *a, const Expr *x)
{
    const bool is_whole = x->type.elem != DT_F32;
    if (a->type == DT_BOOL) /* a scale is not 0 */
        return expr_4(k, EXPR_SELECT_EQ, x, number(k, x, 0),
                      expr_const(k, (Type){ DT_BOOL, 1 }, 0),
                      expr_const(k, (Type){ DT_BOOL, 1 }, 1));
    if (x->type.elem == a->type && a->scale == 1)
        return x;
    if (is_whole && a->type != DT_F32 && a->scale == 1)
        return clamped(k, a->type, x);
    if (is_whole)
        x = expr_convert(k, DT_F32, x);
    if (a->scale != 1)
        x = k_mul(x, k_num(a->scale));
    return a->type == DT_F32 ? x : rounded(k, a->type, x);
}

void convert_lower(Lower *lower, const Node *node)
{
    const Shape *shape = out_shape(node);
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const Affine *at[MAX_RANK];
    lower_loops(k, shape, loop_names(shape), at);
    kernel_store(
        k, access_at(y, at),
        converted(k, node_attrs(node, ConvertAttrs), k_load(access_at(x, at))));
    lower_end(lower);
}
