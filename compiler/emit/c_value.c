/*
 * c_value.c - expressions as C: scalars by operators, vectors by the runtime's
 * functions.
 *
 *     x[c] * 0.5f + 1.0f
 *     f32x16_fma(w0, f32x16_splat(x_row[c]), a0)
 *
 * Parentheses stand where C needs them; what a compiler warns of (a sum of
 * bytes is an int) is converted back.
 */
#include "emit/local.h"

#include <math.h>

const char *value_type(Function *f, Type type)
{
    if (type.lanes == 1)
        return dtype_c(type.elem);
    REQUIRE(type.elem == DT_F32);
    return arena_printf(f->arena, "f32x%d", type.lanes);
}

void value_call(Text *out, Type type, const char *name)
{
    if (type.elem != DT_F32)
        BUG("no '%s' of %s in the runtime", name, dtype_name(type.elem));
    if (type.lanes > 1)
        text_printf(out, "f32x%d_%s(", type.lanes, name);
    else
        text_printf(out, "f32_%s(", name);
}

static void operand(Function *f, Text *out, const Expr *expr, Precedence want)
{
    size_t start = out->length;
    text_enclose(out, start, value_text(f, out, expr), want);
}

static void arguments(Function *f, Text *out, const Expr *const *arg, int count)
{
    for (int i = 0; i < count; i++) {
        if (i)
            text_add(out, ", ");
        value_text(f, out, arg[i]);
    }
    text_char(out, ')');
}

/* ---- constants ---------------------------------------------------------------- */

/* Infinity and NaN have no literal. */
static Precedence not_finite(Text *out, DType type, double value)
{
    const char *sign = !isnan(value) && value < 0 ? "-" : "";
    const char *cast = type == DT_F64 ? "(double)" : "";

    text_printf(out, "%s%s%s", sign, cast,
                isnan(value) ? "CNNC_NAN" : "CNNC_INF");
    return *sign || *cast ? PREC_UNARY : PREC_PRIMARY;
}

static Precedence constant(Text *out, DType type, double value)
{
    if (!dtype_is_float(type)) {
        text_printf(out, "%lld", (long long)value);
    } else if (!isfinite(value)) {
        return not_finite(out, type, value);
    } else if (type == DT_F32) {
        text_float(out, (float)value, true);
        text_char(out, 'f');
    } else {
        text_double(out, value);
    }
    return signbit(value) ? PREC_UNARY : PREC_PRIMARY;
}

static Precedence constant_value(Text *out, const Expr *expr)
{
    if (expr->type.lanes == 1)
        return constant(out, expr->type.elem, expr->constant);
    if (expr->constant == 0 && !signbit(expr->constant)) {
        value_call(out, expr->type, "zero");
    } else {
        value_call(out, expr->type, "splat");
        constant(out, expr->type.elem, expr->constant);
    }
    text_char(out, ')');
    return PREC_PRIMARY;
}

/* ---- loads ---------------------------------------------------------------------- */

static Precedence load(Function *f, Text *out, const Expr *expr)
{
    bool part = expr->type.lanes > 1 && expr->active < expr->type.lanes;

    if (expr->access.buffer->place == BUFFER_REG) {
        text_add(out, plan_element(f, &expr->access)->name);
        return PREC_PRIMARY;
    }
    if (expr->type.lanes == 1) {
        index_element(f, out, &expr->access);
        return PREC_PRIMARY;
    }
    static const char *const whole[] = { "load", "load_even", "load_third",
                                         "load_fourth" };
    static const char *const some[] = { "load_part", "load_even_part",
                                        "load_third_part", "load_fourth_part" };
    int step = expr_step(expr);
    value_call(out, expr->type, (part ? some : whole)[step - 1]);
    index_pointer(f, out, &expr->access);
    if (part)
        text_printf(out, ", %d", expr->active);
    text_char(out, ')');
    return PREC_PRIMARY;
}

/* Bytes become floats as they are loaded. */
static Precedence load_bytes(Function *f, Text *out, Type type,
                             const Expr *bytes)
{
    bool part = bytes->active < bytes->type.lanes;
    bool is_signed = bytes->type.elem == DT_I8;

    if (bytes->kind != EXPR_LOAD ||
        (bytes->type.elem != DT_U8 && bytes->type.elem != DT_BOOL &&
         !is_signed) ||
        bytes->access.buffer->place == BUFFER_REG)
        BUG("vectors of %s only as they are loaded",
            dtype_name(bytes->type.elem));
    value_call(out, type,
               is_signed ? (part ? "load_i8_part" : "load_i8")
                         : (part ? "load_u8_part" : "load_u8"));
    index_pointer(f, out, &bytes->access);
    if (part)
        text_printf(out, ", %d", bytes->active);
    text_char(out, ')');
    return PREC_PRIMARY;
}

static Precedence convert(Function *f, Text *out, const Expr *expr)
{
    if (expr->type.lanes > 1)
        return load_bytes(f, out, expr->type, expr->arg[0]);
    if (expr->type.elem == expr->arg[0]->type.elem)
        return value_text(f, out, expr->arg[0]);
    text_printf(out, "(%s)", dtype_c(expr->type.elem));
    operand(f, out, expr->arg[0], PREC_UNARY);
    return PREC_UNARY;
}

/* ---- arithmetic ------------------------------------------------------------------- */

/* C computes in int what is narrower. */
static bool is_narrow(DType type)
{
    return !dtype_is_float(type) && dtype_size(type) < 4;
}

/* What was printed from `start` is an int in C, and made the narrow type. */
static Precedence narrowed(Text *out, size_t start, DType type)
{
    Text head = { 0 };

    text_enclose(out, start, PREC_CONDITION, PREC_PRIMARY);
    text_printf(&head, "(%s)%s", dtype_c(type), out->data + start);
    out->length = start;
    text_addn(out, head.data, head.length);
    text_free(&head);
    return PREC_UNARY;
}

/* a + b + c without parentheses only where it groups as the tree does. */
static Precedence infix(Function *f, Text *out, const Expr *expr)
{
    Precedence have = expr->kind == EXPR_ADD || expr->kind == EXPR_SUB
                          ? PREC_SUM
                          : PREC_PRODUCT;
    size_t start = out->length;

    operand(f, out, expr->arg[0], have);
    text_printf(out, " %s ", expr_name(expr->kind));
    operand(f, out, expr->arg[1], have + 1);
    return is_narrow(expr->type.elem) ? narrowed(out, start, expr->type.elem)
                                      : have;
}

/* a < b ? c : d, for types that the runtime has no functions for. */
static Precedence choose(Function *f, Text *out, const Expr *const *arg,
                         const char *relation, const Expr *yes, const Expr *no)
{
    size_t start = out->length;

    if (arg[0]->type.lanes > 1)
        BUG("no choice between vectors of %s", dtype_name(yes->type.elem));
    operand(f, out, arg[0], PREC_SUM);
    text_printf(out, " %s ", relation);
    operand(f, out, arg[1], PREC_SUM);
    text_add(out, " ? ");
    operand(f, out, yes, PREC_SUM);
    text_add(out, " : ");
    operand(f, out, no, PREC_SUM);
    return is_narrow(yes->type.elem) ? narrowed(out, start, yes->type.elem)
                                     : PREC_CONDITION;
}

static Precedence call(Function *f, Text *out, const Expr *expr)
{
    value_call(out, expr->type, expr_name(expr->kind));
    arguments(f, out, expr->arg, expr_operands(expr->kind));
    return PREC_PRIMARY;
}

static Precedence vector_arithmetic(Function *f, Text *out, const Expr *expr)
{
    const char *name = expr->kind == EXPR_ADD   ? "add"
                       : expr->kind == EXPR_SUB ? "sub"
                       : expr->kind == EXPR_MUL ? "mul"
                                                : "div";
    value_call(out, expr->type, name);
    arguments(f, out, expr->arg, 2);
    return PREC_PRIMARY;
}

static Precedence extreme(Function *f, Text *out, const Expr *expr)
{
    if (expr->type.elem == DT_F32)
        return call(f, out, expr);
    return choose(f, out, expr->arg, expr->kind == EXPR_MIN ? "<" : ">",
                  expr->arg[0], expr->arg[1]);
}

static Precedence select_of(Function *f, Text *out, const Expr *expr,
                            const char *relation)
{
    if (expr->type.elem == DT_F32 && expr->arg[0]->type.elem == DT_F32)
        return call(f, out, expr);
    return choose(f, out, expr->arg, relation, expr->arg[2], expr->arg[3]);
}

static Precedence negation(Function *f, Text *out, const Expr *expr)
{
    size_t start = out->length;

    if (expr->type.lanes > 1)
        return call(f, out, expr);
    text_char(out, '-');
    operand(f, out, expr->arg[0], PREC_PRIMARY);
    return is_narrow(expr->type.elem) ? narrowed(out, start, expr->type.elem)
                                      : PREC_UNARY;
}

/* x < 0 ? -x : x, where the runtime has no function. */
static Precedence absolute(Function *f, Text *out, const Expr *expr)
{
    size_t start = out->length;

    if (expr->type.elem == DT_F32)
        return call(f, out, expr);
    operand(f, out, expr->arg[0], PREC_SUM);
    text_add(out, " < 0 ? -");
    operand(f, out, expr->arg[0], PREC_PRIMARY);
    text_add(out, " : ");
    operand(f, out, expr->arg[0], PREC_SUM);
    return is_narrow(expr->type.elem) ? narrowed(out, start, expr->type.elem)
                                      : PREC_CONDITION;
}

/* A vector becomes a scalar: the function is the vector's. */
static Precedence across(Function *f, Text *out, const Expr *expr)
{
    value_call(out, expr->arg[0]->type, expr_name(expr->kind));
    arguments(f, out, expr->arg, 1);
    return PREC_PRIMARY;
}

static Precedence index_value(Function *f, Text *out, const Expr *expr)
{
    if (!f->wide)
        return index_sum(f, out, expr->index);
    text_add(out, "(int32_t)");
    size_t start = out->length;
    text_enclose(out, start, index_sum(f, out, expr->index), PREC_UNARY);
    return PREC_UNARY;
}

Precedence value_text(Function *f, Text *out, const Expr *expr)
{
    switch (expr->kind) {
    case EXPR_CONST: return constant_value(out, expr);
    case EXPR_LOAD:
    case EXPR_EVEN:
    case EXPR_THIRD:
    case EXPR_FOURTH: return load(f, out, expr);
    case EXPR_TEMP:
        text_add(out, f->temp_name[expr->temp->id]);
        return PREC_PRIMARY;
    case EXPR_VAR: return index_value(f, out, expr);
    case EXPR_ADD:
    case EXPR_SUB:
    case EXPR_MUL:
    case EXPR_DIV:
        return expr->type.lanes > 1 ? vector_arithmetic(f, out, expr)
                                    : infix(f, out, expr);
    case EXPR_MIN:
    case EXPR_MAX: return extreme(f, out, expr);
    case EXPR_NEG: return negation(f, out, expr);
    case EXPR_ABS: return absolute(f, out, expr);
    case EXPR_FMA:
    case EXPR_SQRT:
    case EXPR_FLOOR:
    case EXPR_CEIL:
    case EXPR_ROUND:
    case EXPR_EXP:
    case EXPR_LOG:
    case EXPR_EXPM1:
    case EXPR_LOG1P:
    case EXPR_TANH:
    case EXPR_SIGMOID:
    case EXPR_ERF:
    case EXPR_SOFTPLUS:
    case EXPR_SIN:
    case EXPR_COS:
    case EXPR_TAN:
    case EXPR_ASIN:
    case EXPR_ACOS:
    case EXPR_ATAN:
    case EXPR_SINH:
    case EXPR_COSH:
    case EXPR_ASINH:
    case EXPR_ACOSH:
    case EXPR_ATANH:
    case EXPR_POW:
    case EXPR_FMOD: return call(f, out, expr);
    case EXPR_SELECT_LT: return select_of(f, out, expr, "<");
    case EXPR_SELECT_LE: return select_of(f, out, expr, "<=");
    case EXPR_SELECT_EQ: return select_of(f, out, expr, "==");
    case EXPR_CONVERT: return convert(f, out, expr);
    case EXPR_SPLAT:
        value_call(out, expr->type, "splat");
        arguments(f, out, expr->arg, 1);
        return PREC_PRIMARY;
    case EXPR_SUM:
    case EXPR_MAX_ACROSS:
    case EXPR_MIN_ACROSS: return across(f, out, expr);
    case EXPR_COUNT: break;
    }
    BUG("no expression %d", expr->kind);
}
