/*
 * simplify.c - values made smaller, a rule a line.
 *
 *     max(max(x, 0.0), -1.0) * 1.0      becomes      max(x, 0.0)
 *
 * A rule never changes a bit of a result, NaN's sign and payload excepted. So
 * x + 0 stays (it turns -0 into 0), while x - 0 and x + -0 are x; and there is
 * no reassociation. Mathematics of the runtime is not folded: only it knows
 * its last bit.
 */
#include "kernel/local.h"

#include <math.h>

/* ---- constants ----------------------------------------------------------------- */

static bool is_const(const Expr *e)
{
    return e && e->kind == EXPR_CONST;
}

/* The constant with this very value: 0.0 is not -0.0. */
static bool is_value(const Expr *e, double value)
{
    return is_const(e) && e->constant == value &&
           signbit(e->constant) == signbit(value);
}

/* What may be added to anything without a trace. */
static bool is_neutral(const Expr *e)
{
    return is_value(e, dtype_is_float(e->type.elem) ? -0.0 : 0.0);
}

static const Expr *constant_like(Kernel *k, const Expr *e, double value)
{
    return expr_const(k, e->type, value);
}

/* One operation on two constants in double, of which the caller takes the
 * nearest float: for + - * / and sqrt of floats that is the float's own
 * result, as double has more than twice the bits. */
static bool fold_2(ExprKind kind, double a, double b, double *result)
{
    switch (kind) {
    case EXPR_ADD: *result = a + b; return true;
    case EXPR_SUB: *result = a - b; return true;
    case EXPR_MUL: *result = a * b; return true;
    case EXPR_DIV: *result = a / b; return true;
    case EXPR_MIN: *result = a < b ? a : b; return true;
    case EXPR_MAX: *result = a > b ? a : b; return true;
    default: return false; /* no other has two operands */
    }
}

static bool fold_1(ExprKind kind, double a, double *result)
{
    switch (kind) {
    case EXPR_NEG: *result = -a; return true;
    case EXPR_ABS: *result = fabs(a); return true;
    case EXPR_SQRT: *result = sqrt(a); return true;
    case EXPR_FLOOR: *result = floor(a); return true;
    case EXPR_CEIL: *result = ceil(a); return true;
    case EXPR_ROUND: *result = nearbyint(a); return true;
    default: return false; /* maths stays */
    }
}

/* Constants of floats, and conversions of what fits exactly. */
static const Expr *fold(Kernel *k, const Expr *e)
{
    const Expr *a = e->arg[0], *b = e->arg[1];
    int operands = expr_operands(e->kind);
    double result;

    if (operands < 1 || operands > 2 || !is_const(a) ||
        (operands == 2 && !is_const(b)))
        return NULL;
    if (e->kind == EXPR_CONVERT)
        return e->type.elem == DT_F32 && !isnan(a->constant)
                   ? constant_like(k, e, a->constant)
                   : NULL;
    if (e->type.elem != DT_F32)
        return NULL;
    if (operands == 2 ? fold_2(e->kind, a->constant, b->constant, &result)
                      : fold_1(e->kind, a->constant, &result))
        return constant_like(k, e, result);
    return NULL;
}

/* ---- rules ----------------------------------------------------------------------- */

/* min(min(x, 1), 2): the inner and the outer bound are numbers. */
static bool is_clamped_twice(const Expr *a, const Expr *b, ExprKind kind)
{
    return a->kind == kind && is_const(a->arg[1]) && is_const(b) &&
           !isnan(a->arg[1]->constant) && !isnan(b->constant);
}

static const Expr *clamp_once(Kernel *k, const Expr *a, const Expr *b,
                              ExprKind kind)
{
    return expr_2(k, kind, a->arg[0], expr_2(k, kind, a->arg[1], b));
}

/* The one value in all lanes, as a scalar; NULL where there is none. */
static const Expr *uniform(Kernel *k, const Expr *e)
{
    if (e->kind == EXPR_SPLAT)
        return e->arg[0];
    if (e->kind == EXPR_CONST && e->type.lanes > 1)
        return expr_const(k, (Type){ e->type.elem, 1 }, e->constant);
    return NULL;
}

/* Arithmetic on two splats is the splat of the arithmetic. */
static const Expr *splat_late(Kernel *k, const Expr *e)
{
    const Expr *a = uniform(k, e->arg[0]), *b = uniform(k, e->arg[1]);
    if (!a || !b)
        return NULL;
    return expr_splat(k, e->type.lanes, expr_2(k, e->kind, a, b));
}

static const Expr *splat_constant(Kernel *k, const Expr *e)
{
    return is_const(e->arg[0]) ? constant_like(k, e, e->arg[0]->constant)
                               : NULL;
}

static const Expr *index_constant(Kernel *k, const Expr *e)
{
    int64_t value;
    return affine_is_const(e->index, &value)
               ? expr_const(k, e->type, (double)value)
               : NULL;
}

/* ---- truth values: where they decide of floats, they become floats ------------- */

static bool is_select(const Expr *e)
{
    return e->kind == EXPR_SELECT_LT || e->kind == EXPR_SELECT_LE ||
           e->kind == EXPR_SELECT_EQ;
}

/* A float may be no number, which equals nothing. */
static bool is_itself(const Expr *a, const Expr *b)
{
    return !dtype_is_float(a->type.elem) && expr_equal(a, b);
}

static bool is_float_of_bool(const Expr *e)
{
    return e->type.elem == DT_F32 && e->arg[0]->type.elem == DT_BOOL;
}

/* float(x < y ? 1 : 0), of bools, is x < y ? 1.0 : 0.0. */
static const Expr *select_floats(Kernel *k, const Expr *select)
{
    return expr_4(k, select->kind, select->arg[0], select->arg[1],
                  expr_convert(k, DT_F32, select->arg[2]),
                  expr_convert(k, DT_F32, select->arg[3]));
}

static const Expr *convert_operands(Kernel *k, const Expr *e)
{
    return expr_2(k, e->kind, expr_convert(k, DT_F32, e->arg[0]),
                  expr_convert(k, DT_F32, e->arg[1]));
}

static const Expr *compare_floats(Kernel *k, const Expr *e)
{
    return expr_4(k, e->kind, expr_convert(k, DT_F32, e->arg[0]),
                  expr_convert(k, DT_F32, e->arg[1]), e->arg[2], e->arg[3]);
}

/* (x < y ? 1 : 0) == 0 ? c : d is x < y ? d : c. NULL where it is not. */
static const Expr *decided_once(Kernel *k, const Expr *e)
{
    const Expr *inner = e->arg[0], *value = e->arg[1];
    if (!is_select(inner) || !is_const(value) || !is_const(inner->arg[2]) ||
        !is_const(inner->arg[3]) ||
        (inner->arg[2]->constant == value->constant) ==
            (inner->arg[3]->constant == value->constant))
        return NULL;
    const bool straight = inner->arg[2]->constant == value->constant;
    return expr_4(k, inner->kind, inner->arg[0], inner->arg[1],
                  e->arg[straight ? 2 : 3], e->arg[straight ? 3 : 2]);
}

/* RULE(name, kind of e, condition, result): a, b, c, d are e's operands. */
#define RULES(RULE)                                                            \
    RULE(add_zero, ADD, is_neutral(b), a)                                      \
    RULE(zero_add, ADD, is_neutral(a), b)                                      \
    RULE(sub_zero, SUB, is_value(b, 0.0), a)                                   \
    RULE(mul_one, MUL, is_value(b, 1.0), a)                                    \
    RULE(one_mul, MUL, is_value(a, 1.0), b)                                    \
    RULE(div_one, DIV, is_value(b, 1.0), a)                                    \
    RULE(add_neg, ADD, b->kind == EXPR_NEG, expr_2(k, EXPR_SUB, a, b->arg[0])) \
    RULE(sub_neg, SUB, b->kind == EXPR_NEG, expr_2(k, EXPR_ADD, a, b->arg[0])) \
    RULE(fma_one, FMA, is_value(b, 1.0), expr_2(k, EXPR_ADD, a, c))            \
    RULE(one_fma, FMA, is_value(a, 1.0), expr_2(k, EXPR_ADD, b, c))            \
    RULE(min_same, MIN, expr_equal(a, b), a)                                   \
    RULE(max_same, MAX, expr_equal(a, b), a)                                   \
    RULE(min_min, MIN, is_clamped_twice(a, b, EXPR_MIN),                       \
         clamp_once(k, a, b, EXPR_MIN))                                        \
    RULE(max_max, MAX, is_clamped_twice(a, b, EXPR_MAX),                       \
         clamp_once(k, a, b, EXPR_MAX))                                        \
    RULE(neg_neg, NEG, a->kind == EXPR_NEG, a->arg[0])                         \
    RULE(abs_neg, ABS, a->kind == EXPR_NEG, expr_1(k, EXPR_ABS, a->arg[0]))    \
    RULE(abs_abs, ABS, a->kind == EXPR_ABS, a)                                 \
    RULE(same_lt, SELECT_LT, expr_equal(c, d), c)                              \
    RULE(same_le, SELECT_LE, expr_equal(c, d), c)                              \
    RULE(same_eq, SELECT_EQ, expr_equal(c, d), c)                              \
    RULE(lt_itself, SELECT_LT, is_itself(a, b), d)                             \
    RULE(le_itself, SELECT_LE, is_itself(a, b), c)                             \
    RULE(eq_itself, SELECT_EQ, is_itself(a, b), c)                             \
    RULE(float_of_choice, CONVERT, is_float_of_bool(e) && is_select(a),        \
         select_floats(k, a))                                                  \
    RULE(float_of_both, CONVERT,                                               \
         is_float_of_bool(e) && (a->kind == EXPR_MIN || a->kind == EXPR_MAX),  \
         convert_operands(k, a))                                               \
    RULE(equal_bools, SELECT_EQ, is_float_of_bool(e), compare_floats(k, e))    \
    RULE(decided_once, SELECT_EQ, true, decided_once(k, e))                    \
    RULE(splat_add, ADD, true, splat_late(k, e))                               \
    RULE(splat_sub, SUB, true, splat_late(k, e))                               \
    RULE(splat_mul, MUL, true, splat_late(k, e))                               \
    RULE(splat_div, DIV, true, splat_late(k, e))                               \
    RULE(splat_min, MIN, true, splat_late(k, e))                               \
    RULE(splat_max, MAX, true, splat_late(k, e))                               \
    RULE(splat_const, SPLAT, true, splat_constant(k, e))                       \
    RULE(index_const, VAR, true, index_constant(k, e))

#define RULE(name, kind, condition, result)                                    \
    static const Expr *rule_##name(Kernel *k, const Expr *e)                   \
    {                                                                          \
        const Expr *a = e->arg[0], *b = e->arg[1], *c = e->arg[2],             \
                   *d = e->arg[3];                                             \
        (void)a, (void)b, (void)c, (void)d, (void)k;                           \
        return (condition) ? (result) : NULL;                                  \
    }
RULES(RULE)
#undef RULE

static const struct Rule {
    const char *name;
    ExprKind kind;
    const Expr *(*apply)(Kernel *, const Expr *);
} rules[] = {
#define RULE(name, kind, condition, result) { #name, EXPR_##kind, rule_##name },
    RULES(RULE)
#undef RULE
};

/* One step at the root, or NULL. */
static const Expr *apply_rules(Kernel *kernel, const Expr *expr)
{
    const Expr *better = NULL;
    if (expr_operands(expr->kind) > 0)
        better = fold(kernel, expr);
    for (size_t i = 0; i < COUNT_OF(rules) && !better; i++) {
        if (rules[i].kind == expr->kind)
            better = rules[i].apply(kernel, expr);
    }
    return better;
}

static const Expr *simplify_operands(Kernel *kernel, const Expr *expr)
{
    const Expr *arg[4];
    bool changed = false;

    for (int i = 0; i < expr_operands(expr->kind); i++) {
        arg[i] = expr_simplify(kernel, expr->arg[i]);
        changed |= arg[i] != expr->arg[i];
    }
    return changed ? expr_with(kernel, expr, arg) : expr;
}

const Expr *expr_simplify(Kernel *kernel, const Expr *expr)
{
    const Expr *small = simplify_operands(kernel, expr);
    const Expr *better = apply_rules(kernel, small);
    return better ? expr_simplify(kernel, better) : small;
}
