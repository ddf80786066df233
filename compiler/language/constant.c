/*
 * constant.c - the value of an expression, while the file is compiled.
 *
 *     filters * 2        parameter   ->  64
 *     in.channels        of a value  ->  16
 *     min(8, filters)    function    ->  8
 *     pad=same           a word      ->  same
 *
 * Whole numbers stay whole as long as they can: 6 / 2 is 3, 7 / 2 is 3.5, so
 * that nothing is cut off silently. What could not be evaluated was reported
 * and is poison, which everything accepts without a word.
 */
#include "language/local.h"

#include <math.h>
#include <string.h>

static Constant constant_new(ConstantKind kind, Range range)
{
    Constant constant = { 0 };
    constant.kind = kind;
    constant.range = range;
    return constant;
}

/* ---- showing ---------------------------------------------------------------- */

static void text_constant(Text *text, const Constant *constant)
{
    switch (constant->kind) {
    case CONSTANT_POISON: text_add(text, "?"); return;
    case CONSTANT_INT:
        text_printf(text, "%lld", (long long)constant->integer);
        return;
    case CONSTANT_FLOAT: text_double(text, constant->number); return;
    case CONSTANT_BOOL: text_add(text, constant->truth ? "yes" : "no"); return;
    case CONSTANT_WORD: text_printf(text, "'%s'", constant->text); return;
    case CONSTANT_TEXT: text_printf(text, "\"%s\"", constant->text); return;
    case CONSTANT_LIST:
        text_add(text, constant->list.size ? "" : "[");
        for (int i = 0; i < constant->list.count; i++) {
            if (i)
                text_add(text, constant->list.size ? "x" : ", ");
            text_constant(text, &constant->list.at[i]);
        }
        text_add(text, constant->list.size ? "" : "]");
        return;
    case CONSTANT_VALUE:
        text_printf(text, "the value '%s'",
                    constant->value->name ? constant->value->name : "in");
        return;
    }
    BUG("no constant kind %d", (int)constant->kind);
}

const char *constant_show(Arena *arena, const Constant *constant)
{
    Text text = { 0 };
    text_constant(&text, constant);
    return text_take(&text, arena);
}

bool constant_whole(const Constant *constant, int64_t *whole)
{
    double number = constant->number;
    if (constant->kind == CONSTANT_INT) {
        *whole = constant->integer;
        return true;
    }
    if (constant->kind != CONSTANT_FLOAT || !(fabs(number) < 9e15) ||
        number != floor(number))
        return false;
    *whole = (int64_t)number;
    return true;
}

bool constant_number(const Constant *constant, double *number)
{
    *number = constant->kind == CONSTANT_INT     ? (double)constant->integer
              : constant->kind == CONSTANT_FLOAT ? constant->number
                                                 : 0;
    return constant->kind == CONSTANT_INT || constant->kind == CONSTANT_FLOAT;
}

/* ---- names -------------------------------------------------------------------- */

static bool is_word(const char *name)
{
    DType type;
    return strcmp(name, "same") == 0 || strcmp(name, "valid") == 0 ||
           attr_is_word(name) || dtype_parse(name, &type);
}

/* Words for numbers that digits cannot write. */
static bool special_number(const char *name, double *number)
{
    *number = strcmp(name, "nan") == 0 ? (double)NAN : HUGE_VAL;
    return isnan(*number) || strcmp(name, "inf") == 0;
}

static Constant constant_name(Scope *scope, const Expr *expr)
{
    Constant *parameter = map_get(&scope->parameters, expr->text);
    Constant constant = constant_new(CONSTANT_VALUE, expr->range);
    Value *value;
    if (parameter)
        return *parameter;
    value = scope_value(scope, expr->text);
    if (value) {
        constant.value = value;
        if (value_is_poison(value))
            constant.kind = CONSTANT_POISON;
        value->used = true;
        return constant;
    }
    constant.kind = CONSTANT_FLOAT;
    if (special_number(expr->text, &constant.number))
        return constant;
    constant.kind = CONSTANT_WORD;
    constant.text = expr->text;
    if (is_word(expr->text))
        return constant;
    scope_unknown(scope, expr->range, "parameter or value", expr->text, false);
    constant.kind = CONSTANT_POISON;
    return constant;
}

/* The facts of a value: its dimension counted from the end. */
static const struct {
    const char *name;
    int from_end, least_rank, most_rank;
} facts[] = {
    { "channels", 1, 1, MAX_RANK }, { "width", 2, 3, MAX_RANK },
    { "height", 3, 3, MAX_RANK },   { "depth", 4, 4, MAX_RANK },
    { "length", 2, 2, 2 },
};

static Constant fact_of(Scope *scope, const Expr *expr, const char *fact,
                        const Value *value)
{
    Constant constant = constant_new(CONSTANT_POISON, expr->range);
    const Shape *shape = &value->tensor->shape;
    const char *names[COUNT_OF(facts)];
    for (size_t i = 0; i < COUNT_OF(facts); i++) {
        names[i] = facts[i].name;
        if (strcmp(fact, facts[i].name) != 0)
            continue;
        if (shape->rank < facts[i].least_rank ||
            shape->rank > facts[i].most_rank) {
            report(scope, expr->range, "a value of shape %s has no '%s'",
                   shape_show(shape), fact);
            return constant;
        }
        constant.kind = CONSTANT_INT;
        constant.integer = shape->dim[shape->rank - facts[i].from_end];
        return constant;
    }
    if (report(scope, expr->range, "a value has no '%s'", fact)) {
        const char *nearest = name_nearest(fact, names, COUNT_OF(names));
        if (nearest)
            diag_hint("did you mean '%s'?", nearest);
        else
            diag_hint("a value has channels, height, width, depth, length");
    }
    return constant;
}

static Constant constant_path(Scope *scope, const Expr *expr)
{
    const char *dot = strchr(expr->text, '.');
    const char *name = name_internn(expr->text, (size_t)(dot - expr->text));
    Range range = expr->range;
    Value *value = scope_value(scope, name);
    range.end = range.start + strlen(name);
    if (!value) {
        scope_unknown(scope, range, "value", name, false);
        return constant_new(CONSTANT_POISON, expr->range);
    }
    if (value_is_poison(value))
        return constant_new(CONSTANT_POISON, expr->range);
    return fact_of(scope, expr, dot + 1, value);
}

/* ---- lists and functions --------------------------------------------------------- */

static Constant constant_list(Scope *scope, const Expr *expr)
{
    Constant list = constant_new(CONSTANT_LIST, expr->range);
    bool poisoned = false;
    list.list.size = expr->kind == EXPR_SIZE;
    list.list.at = NEW_N(scope->e->scratch, Constant, expr->items.count);
    for (const Arg *arg = expr->items.first; arg; arg = arg->next) {
        Constant *item = &list.list.at[list.list.count++];
        double number;
        *item = constant_of(scope, arg->value);
        if (item->kind == CONSTANT_POISON) {
            poisoned = true;
        } else if (!constant_number(item, &number)) {
            report(scope, arg->value->range, "a list holds numbers, got %s",
                   constant_kind(item));
            poisoned = true;
        }
    }
    if (poisoned)
        list.kind = CONSTANT_POISON;
    return list;
}

typedef enum Function { FUNCTION_MIN, FUNCTION_MAX, FUNCTION_FLOOR } Function;

static const struct {
    const char *name;
    int least, most;
} functions[] = {
    [FUNCTION_MIN] = { "min", 2, 1000 },
    [FUNCTION_MAX] = { "max", 2, 1000 },
    [FUNCTION_FLOOR] = { "floor", 1, 1 },
};

static int function_find(Scope *scope, const Expr *expr)
{
    const char *names[COUNT_OF(functions)];
    const char *nearest;
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        names[i] = functions[i].name;
        if (strcmp(functions[i].name, expr->call.name) == 0)
            return (int)i;
    }
    if (!report(scope, expr->call.name_range, "no function '%s'",
                expr->call.name))
        return -1;
    nearest = name_nearest(expr->call.name, names, COUNT_OF(names));
    if (nearest)
        diag_hint("did you mean '%s'?", nearest);
    else if (op_find(expr->call.name) != OP_COUNT)
        diag_hint("a layer cannot be an argument: name its value first, on a "
                  "line of its own");
    return -1;
}

/* The smaller, the larger, or the next. */
static Constant function_apply(Function function, Constant result,
                               Constant next)
{
    double a, b;
    constant_number(&result, &a);
    constant_number(&next, &b);
    if (result.kind == CONSTANT_INT && next.kind == CONSTANT_INT)
        return (function == FUNCTION_MIN) == (next.integer < result.integer)
                   ? next
                   : result;
    return (function == FUNCTION_MIN) == (b < a) ? next : result;
}

static Constant constant_floor(Constant number)
{
    int64_t whole;
    if (number.kind == CONSTANT_FLOAT)
        number.number = floor(number.number);
    if (constant_whole(&number, &whole)) {
        number.kind = CONSTANT_INT;
        number.integer = whole;
    }
    return number;
}

void constant_look(Scope *scope, const Args *args)
{
    for (const Arg *arg = args->first; arg; arg = arg->next)
        constant_of(scope, arg->value);
}

/* A number among the arguments; poison, after an error, for all else. */
static Constant function_argument(Scope *scope, const Expr *expr,
                                  const Arg *arg)
{
    Constant next = constant_of(scope, arg->value);
    double number;
    if (next.kind == CONSTANT_POISON || constant_number(&next, &number))
        return next;
    report(scope, arg->value->range, "'%s' takes numbers, got %s",
           expr->call.name, constant_kind(&next));
    next.kind = CONSTANT_POISON;
    return next;
}

static Constant constant_call(Scope *scope, const Expr *expr)
{
    int function = function_find(scope, expr), count = expr->call.args.count;
    Constant result = constant_new(CONSTANT_POISON, expr->range);
    bool good = true;
    if (function < 0) {
        constant_look(scope, &expr->call.args);
        return result;
    }
    if (count < functions[function].least || count > functions[function].most) {
        report(scope, expr->range, "'%s' takes %s%d argument%s, got %d",
               expr->call.name, functions[function].most > 1 ? "at least " : "",
               functions[function].least,
               functions[function].least > 1 ? "s" : "", count);
        constant_look(scope, &expr->call.args);
        return result;
    }
    for (const Arg *arg = expr->call.args.first; arg; arg = arg->next) {
        Constant next = function_argument(scope, expr, arg);
        if (arg->name)
            report(scope, arg->name_range, "'%s' has no named arguments",
                   expr->call.name);
        good &= next.kind != CONSTANT_POISON && !arg->name;
        if (good)
            result = arg == expr->call.args.first
                         ? next
                         : function_apply((Function)function, result, next);
    }
    if (!good)
        return constant_new(CONSTANT_POISON, expr->range);
    if (function == FUNCTION_FLOOR)
        result = constant_floor(result);
    result.range = expr->range;
    return result;
}

/* ---- expressions -------------------------------------------------------------------- */

/* 'and' and 'or' look at their right side only where it matters, so that
 * n != 0 and 8 / n > 1 is no division by zero. */
static Constant constant_binary(Scope *scope, const Expr *expr)
{
    Operator op = expr->operation.op;
    Constant left = constant_of(scope, expr->operation.left);
    if (left.kind == CONSTANT_BOOL && ((op == OPERATOR_AND && !left.truth) ||
                                       (op == OPERATOR_OR && left.truth)))
        return left;
    return operate(scope, expr, left,
                   constant_of(scope, expr->operation.right));
}

Constant constant_of(Scope *scope, const Expr *expr)
{
    Constant constant = constant_new(CONSTANT_POISON, expr->range);
    switch (expr->kind) {
    case EXPR_BROKEN: return constant;
    case EXPR_INT:
        constant.kind = CONSTANT_INT;
        constant.integer = expr->integer;
        return constant;
    case EXPR_FLOAT:
        constant.kind = CONSTANT_FLOAT;
        constant.number = expr->number;
        return constant;
    case EXPR_BOOL:
        constant.kind = CONSTANT_BOOL;
        constant.truth = expr->truth;
        return constant;
    case EXPR_TEXT:
        constant.kind = CONSTANT_TEXT;
        constant.text = expr->text;
        return constant;
    case EXPR_NAME: return constant_name(scope, expr);
    case EXPR_PATH: return constant_path(scope, expr);
    case EXPR_SIZE:
    case EXPR_LIST: return constant_list(scope, expr);
    case EXPR_CALL: return constant_call(scope, expr);
    case EXPR_UNARY:
        constant = constant_of(scope, expr->operation.left);
        return operate(scope, expr, constant, constant);
    case EXPR_BINARY: return constant_binary(scope, expr);
    }
    BUG("no expression kind %d", (int)expr->kind);
}
