/*
 * operate.c - the operators of constant expressions.
 *
 *     6 / 2 = 3      7 / 2 = 3.5      -7 % 3 = 2      1.5 + 1 = 2.5
 *     same == valid = no              3x3 == 3x3 = yes
 *
 * Whole numbers are int64 and never wrap around; fractions are doubles and
 * never become infinite. The remainder has the sign of the divisor.
 */
#include "language/local.h"

#include <math.h>
#include <string.h>

static const char *operator_text(Operator op)
{
    static const char *const texts[] = {
#define OPERATOR(id, text) text,
        OPERATORS(OPERATOR)
#undef OPERATOR
    };
    return texts[op];
}

const char *constant_kind(const Constant *constant)
{
    switch (constant->kind) {
    case CONSTANT_POISON: return "nothing";
    case CONSTANT_INT: return "a whole number";
    case CONSTANT_FLOAT: return "a fraction";
    case CONSTANT_BOOL: return "a truth value";
    case CONSTANT_WORD: return "a word";
    case CONSTANT_TEXT: return "a text";
    case CONSTANT_LIST: return constant->list.size ? "a size" : "a list";
    case CONSTANT_VALUE: return "a value of the network";
    }
    BUG("no constant kind %d", (int)constant->kind);
}

static Constant constant_poison(const Expr *expr)
{
    Constant constant = { 0 };
    constant.range = expr->range;
    return constant;
}

static Constant constant_int(const Expr *expr, int64_t integer)
{
    Constant constant = constant_poison(expr);
    constant.kind = CONSTANT_INT;
    constant.integer = integer;
    return constant;
}

static Constant constant_bool(const Expr *expr, bool truth)
{
    Constant constant = constant_poison(expr);
    constant.kind = CONSTANT_BOOL;
    constant.truth = truth;
    return constant;
}

static Constant constant_float(Scope *scope, const Expr *expr, double number)
{
    Constant constant = constant_poison(expr);
    if (!isfinite(number)) {
        report(scope, expr->range, "the result of '%s' is too large",
               operator_text(expr->operation.op));
        return constant;
    }
    constant.kind = CONSTANT_FLOAT;
    constant.number = number;
    return constant;
}

/* The operand at fault, with what it should have been. */
static Constant operand_wrong(Scope *scope, const Expr *expr, bool right,
                              const Constant *operand, const char *wanted)
{
    const Expr *part = right ? expr->operation.right : expr->operation.left;
    if (report_first(scope, part->range, "'%s' needs %s, got %s",
                     operator_text(expr->operation.op), wanted,
                     constant_kind(operand))) {
        report_constant(operand, part->range);
        report_uses(scope);
    }
    return constant_poison(expr);
}

/* ---- whole numbers ------------------------------------------------------------ */

static Constant divided(Scope *scope, const Expr *expr, int64_t a, int64_t b)
{
    if (expr->operation.op == OPERATOR_REMAINDER) {
        int64_t rest = b == -1 ? 0 : a % b; /* INT64_MIN % -1 overflows */
        return constant_int(expr,
                            rest && (rest < 0) != (b < 0) ? rest + b : rest);
    }
    if (b != -1 && a % b == 0)
        return constant_int(expr, a / b);
    return constant_float(scope, expr, (double)a / (double)b);
}

static Constant operate_int(Scope *scope, const Expr *expr, int64_t a,
                            int64_t b)
{
    Operator op = expr->operation.op;
    int64_t result = 0;
    bool overflow;
    if (op == OPERATOR_DIVIDE || op == OPERATOR_REMAINDER) {
        if (b != -1 || op == OPERATOR_REMAINDER)
            return divided(scope, expr, a, b);
        op = OPERATOR_SUBTRACT; /* a / -1 is 0 - a */
        b = a;
        a = 0;
    }
    overflow = op == OPERATOR_ADD ? __builtin_add_overflow(a, b, &result)
               : op == OPERATOR_SUBTRACT
                   ? __builtin_sub_overflow(a, b, &result)
                   : __builtin_mul_overflow(a, b, &result);
    if (!overflow)
        return constant_int(expr, result);
    report(scope, expr->range, "the result of '%s' is too large",
           operator_text(expr->operation.op));
    return constant_poison(expr);
}

/* ---- fractions ------------------------------------------------------------------ */

static Constant operate_float(Scope *scope, const Expr *expr, double a,
                              double b)
{
    switch (expr->operation.op) {
    case OPERATOR_ADD: return constant_float(scope, expr, a + b);
    case OPERATOR_SUBTRACT: return constant_float(scope, expr, a - b);
    case OPERATOR_MULTIPLY: return constant_float(scope, expr, a * b);
    case OPERATOR_DIVIDE: return constant_float(scope, expr, a / b);
    default: break;
    }
    report(scope, expr->range, "'%%' needs whole numbers");
    return constant_poison(expr);
}

static Constant operate_arithmetic(Scope *scope, const Expr *expr,
                                   const Constant *left, const Constant *right)
{
    Operator op = expr->operation.op;
    double a, b;
    if (!constant_number(left, &a))
        return operand_wrong(scope, expr, false, left, "numbers");
    if (!constant_number(right, &b))
        return operand_wrong(scope, expr, true, right, "numbers");
    if (b == 0 && (op == OPERATOR_DIVIDE || op == OPERATOR_REMAINDER)) {
        if (report_first(scope, expr->range, "division by zero")) {
            report_constant(right, expr->range);
            report_uses(scope);
        }
        return constant_poison(expr);
    }
    if (left->kind == CONSTANT_INT && right->kind == CONSTANT_INT)
        return operate_int(scope, expr, left->integer, right->integer);
    return operate_float(scope, expr, a, b);
}

/* ---- comparisons ------------------------------------------------------------------- */

static bool constants_equal(const Constant *a, const Constant *b)
{
    double x, y;
    if (a->kind == CONSTANT_INT && b->kind == CONSTANT_INT)
        return a->integer == b->integer;
    if (constant_number(a, &x) && constant_number(b, &y))
        return x == y;
    if (a->kind == CONSTANT_BOOL)
        return a->truth == b->truth;
    if (a->kind == CONSTANT_WORD || a->kind == CONSTANT_TEXT)
        return strcmp(a->text, b->text) == 0;
    if (a->list.count != b->list.count)
        return false;
    for (int i = 0; i < a->list.count; i++)
        if (!constants_equal(&a->list.at[i], &b->list.at[i]))
            return false;
    return true;
}

static bool comparable(const Constant *a, const Constant *b)
{
    double number;
    if (a->kind == CONSTANT_VALUE || b->kind == CONSTANT_VALUE)
        return false;
    return a->kind == b->kind ||
           (constant_number(a, &number) && constant_number(b, &number));
}

static Constant operate_equal(Scope *scope, const Expr *expr,
                              const Constant *left, const Constant *right)
{
    bool unequal = expr->operation.op == OPERATOR_UNEQUAL;
    if (!comparable(left, right)) {
        report(scope, expr->range, "'%s' cannot compare %s with %s",
               operator_text(expr->operation.op), constant_kind(left),
               constant_kind(right));
        return constant_poison(expr);
    }
    return constant_bool(expr, constants_equal(left, right) != unequal);
}

static bool in_order(Operator op, int comparison)
{
    return op == OPERATOR_LESS         ? comparison < 0
           : op == OPERATOR_LESS_EQUAL ? comparison <= 0
           : op == OPERATOR_GREATER    ? comparison > 0
                                       : comparison >= 0;
}

static Constant operate_order(Scope *scope, const Expr *expr,
                              const Constant *left, const Constant *right)
{
    double a, b;
    int comparison;
    if (!constant_number(left, &a))
        return operand_wrong(scope, expr, false, left, "numbers");
    if (!constant_number(right, &b))
        return operand_wrong(scope, expr, true, right, "numbers");
    if (left->kind == CONSTANT_INT && right->kind == CONSTANT_INT)
        comparison =
            (left->integer > right->integer) - (left->integer < right->integer);
    else
        comparison = (a > b) - (a < b);
    return constant_bool(expr, in_order(expr->operation.op, comparison));
}

/* ---- truth ------------------------------------------------------------------------------ */

static Constant operate_truth(Scope *scope, const Expr *expr,
                              const Constant *left, const Constant *right)
{
    bool one = expr->operation.op == OPERATOR_NOT;
    if (left->kind != CONSTANT_BOOL)
        return operand_wrong(scope, expr, false, left, "a condition");
    if (one)
        return constant_bool(expr, !left->truth);
    if (right->kind != CONSTANT_BOOL)
        return operand_wrong(scope, expr, true, right, "a condition");
    return constant_bool(expr, right->truth); /* the left one decided nothing */
}

static Constant operate_sign(Scope *scope, const Expr *expr,
                             const Constant *operand)
{
    double number;
    if (!constant_number(operand, &number))
        return operand_wrong(scope, expr, false, operand, "a number");
    if (operand->kind == CONSTANT_FLOAT) {
        Constant negative = constant_poison(expr);
        negative.kind = CONSTANT_FLOAT; /* -inf is no result that grew */
        negative.number = -number;
        return negative;
    }
    if (operand->integer == INT64_MIN) {
        report(scope, expr->range, "the result of '-' is too large");
        return constant_poison(expr);
    }
    return constant_int(expr, -operand->integer);
}

Constant operate(Scope *scope, const Expr *expr, Constant left, Constant right)
{
    if (left.kind == CONSTANT_POISON || right.kind == CONSTANT_POISON)
        return constant_poison(expr);
    switch (expr->operation.op) {
    case OPERATOR_ADD:
    case OPERATOR_SUBTRACT:
    case OPERATOR_MULTIPLY:
    case OPERATOR_DIVIDE:
    case OPERATOR_REMAINDER:
        return operate_arithmetic(scope, expr, &left, &right);
    case OPERATOR_EQUAL:
    case OPERATOR_UNEQUAL: return operate_equal(scope, expr, &left, &right);
    case OPERATOR_LESS:
    case OPERATOR_LESS_EQUAL:
    case OPERATOR_GREATER:
    case OPERATOR_GREATER_EQUAL:
        return operate_order(scope, expr, &left, &right);
    case OPERATOR_AND:
    case OPERATOR_OR:
    case OPERATOR_NOT: return operate_truth(scope, expr, &left, &right);
    case OPERATOR_NEGATE: return operate_sign(scope, expr, &left);
    }
    BUG("no operator %d", (int)expr->operation.op);
}
