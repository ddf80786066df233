/*
 * expr.c - values: constructors that check the types, comparison, copies.
 *
 *     max(0.0, acc)      MAX(CONST 0.0, LOAD acc)
 *
 * A value never changes once it is built, so parts may be shared freely.
 */
#include "kernel/local.h"

#include <string.h>

static const struct {
    int operands;
    const char *text;
} rows[EXPR_COUNT] = {
#define EXPR(id, operands, text) { operands, text },
    EXPRS(EXPR)
#undef EXPR
};

int expr_operands(ExprKind kind)
{
    REQUIRE(kind >= 0 && kind < EXPR_COUNT);
    return rows[kind].operands;
}

const char *expr_name(ExprKind kind)
{
    REQUIRE(kind >= 0 && kind < EXPR_COUNT);
    return rows[kind].text;
}

bool type_equal(Type a, Type b)
{
    return a.elem == b.elem && a.lanes == b.lanes;
}

static Expr *expr_new(Kernel *kernel, ExprKind kind, Type type)
{
    Expr *expr = NEW(kernel->arena, Expr);
    REQUIRE(type.lanes >= 1);
    expr->kind = kind;
    expr->type = type;
    return expr;
}

/* A constant is a value of its type: f32(0.1) is not the double 0.1. */
const Expr *expr_const(Kernel *kernel, Type type, double value)
{
    Expr *expr = expr_new(kernel, EXPR_CONST, type);
    expr->constant = type.elem == DT_F32 ? (double)(float)value : value;
    return expr;
}

const Expr *expr_load(Kernel *kernel, Access access)
{
    return expr_load_vector(kernel, access, 1, 1);
}

const Expr *expr_load_vector(Kernel *kernel, Access access, int lanes,
                             int active)
{
    Expr *expr =
        expr_new(kernel, EXPR_LOAD, (Type){ access.buffer->type, lanes });
    REQUIRE(active >= 1 && active <= lanes);
    expr->access = access;
    expr->active = active;
    return expr;
}

_Static_assert(EXPR_EVEN == EXPR_LOAD + 1 && EXPR_THIRD == EXPR_LOAD + 2 &&
                   EXPR_FOURTH == EXPR_LOAD + 3,
               "the loads stand in the order of their steps");

bool expr_is_load(const Expr *expr)
{
    return expr->kind >= EXPR_LOAD && expr->kind <= EXPR_FOURTH;
}

int expr_step(const Expr *load)
{
    REQUIRE(expr_is_load(load));
    return (int)load->kind - EXPR_LOAD + 1;
}

const Expr *expr_load_every(Kernel *kernel, Access access, int step, int lanes,
                            int active)
{
    REQUIRE(step >= 2 && step <= 4 && active >= 1 && active <= lanes);
    Expr *expr = expr_new(kernel, (ExprKind)(EXPR_LOAD + step - 1),
                          (Type){ access.buffer->type, lanes });
    expr->access = access;
    expr->active = active;
    return expr;
}

const Expr *expr_temp(Kernel *kernel, const Temp *temp)
{
    Expr *expr = expr_new(kernel, EXPR_TEMP, temp->type);
    expr->temp = temp;
    return expr;
}

const Expr *expr_index(Kernel *kernel, const Affine *index)
{
    Expr *expr = expr_new(kernel, EXPR_VAR, (Type){ DT_I32, 1 });
    expr->index = index;
    return expr;
}

/* ---- arithmetic -------------------------------------------------------------- */

/* Whether operands of these types go together: all of one type, but for the
 * selects, which compare two of one type and choose between two of another. */
bool expr_types_fit(ExprKind kind, const Expr *const *arg)
{
    int operands = expr_operands(kind);

    if (kind >= EXPR_SUM)
        return arg[0]->type.lanes > 1;
    if (operands >= 2 && !type_equal(arg[0]->type, arg[1]->type))
        return false;
    if (operands == 3)
        return type_equal(arg[0]->type, arg[2]->type);
    return operands < 4 || (type_equal(arg[2]->type, arg[3]->type) &&
                            arg[2]->type.lanes == arg[0]->type.lanes);
}

static Type result_type(ExprKind kind, const Expr *const *arg)
{
    REQUIRE(kind != EXPR_CONVERT && kind != EXPR_SPLAT);
    REQUIRE(expr_types_fit(kind, arg));
    if (kind >= EXPR_SUM)
        return (Type){ arg[0]->type.elem, 1 };
    return arg[expr_operands(kind) == 4 ? 2 : 0]->type;
}

static const Expr *expr_n(Kernel *kernel, ExprKind kind, int count,
                          const Expr *const *arg)
{
    Expr *expr;
    REQUIRE(expr_operands(kind) == count);
    expr = expr_new(kernel, kind, result_type(kind, arg));
    for (int i = 0; i < count; i++)
        expr->arg[i] = arg[i];
    return expr;
}

const Expr *expr_1(Kernel *kernel, ExprKind kind, const Expr *a)
{
    return expr_n(kernel, kind, 1, &a);
}

const Expr *expr_2(Kernel *kernel, ExprKind kind, const Expr *a, const Expr *b)
{
    return expr_n(kernel, kind, 2, (const Expr *const[]){ a, b });
}

const Expr *expr_3(Kernel *kernel, ExprKind kind, const Expr *a, const Expr *b,
                   const Expr *c)
{
    return expr_n(kernel, kind, 3, (const Expr *const[]){ a, b, c });
}

const Expr *expr_4(Kernel *kernel, ExprKind kind, const Expr *a, const Expr *b,
                   const Expr *c, const Expr *d)
{
    return expr_n(kernel, kind, 4, (const Expr *const[]){ a, b, c, d });
}

const Expr *expr_convert(Kernel *kernel, DType to, const Expr *a)
{
    Expr *expr;
    if (a->type.elem == to)
        return a;
    expr = expr_new(kernel, EXPR_CONVERT, (Type){ to, a->type.lanes });
    expr->arg[0] = a;
    return expr;
}

const Expr *expr_splat(Kernel *kernel, int lanes, const Expr *a)
{
    Expr *expr;
    if (a->type.lanes == lanes)
        return a;
    REQUIRE(a->type.lanes == 1);
    expr = expr_new(kernel, EXPR_SPLAT, (Type){ a->type.elem, lanes });
    expr->arg[0] = a;
    return expr;
}

/* The same expression over other operands. */
const Expr *expr_with(Kernel *kernel, const Expr *expr, const Expr *const *arg)
{
    Expr *copy = arena_copy(kernel->arena, expr, sizeof *expr);
    for (int i = 0; i < expr_operands(expr->kind); i++)
        copy->arg[i] = arg[i];
    return copy;
}

const Expr *expr_with_access(Kernel *kernel, const Expr *expr, Access access)
{
    Expr *copy = arena_copy(kernel->arena, expr, sizeof *expr);
    copy->access = access;
    return copy;
}

/* ---- comparison -------------------------------------------------------------- */

static bool sums_equal(const Affine *a, const Affine *b)
{
    return a == b || (a && b && affine_equal(a, b));
}

bool access_equal(const Access *a, const Access *b)
{
    if (a->buffer != b->buffer || a->flat != b->flat)
        return false;
    if (a->flat)
        return sums_equal(a->address, b->address) && a->modulus == b->modulus &&
               (a->modulus == 0 ||
                (a->stride == b->stride && sums_equal(a->ring, b->ring)));
    for (int i = 0; i < a->buffer->rank; i++) {
        if (!sums_equal(a->index[i], b->index[i]))
            return false;
    }
    return true;
}

static bool args_equal(const Expr *a, const Expr *b)
{
    for (int i = 0; i < expr_operands(a->kind); i++) {
        if (!expr_equal(a->arg[i], b->arg[i]))
            return false;
    }
    return true;
}

bool expr_equal(const Expr *a, const Expr *b)
{
    if (a == b)
        return true;
    if (a->kind != b->kind || !type_equal(a->type, b->type))
        return false;
    if (a->kind == EXPR_CONST) /* by bits: 0 is not -0, a NaN is itself */
        return memcmp(&a->constant, &b->constant, sizeof a->constant) == 0;
    if (expr_is_load(a))
        return a->active == b->active && access_equal(&a->access, &b->access);
    if (a->kind == EXPR_TEMP)
        return a->temp == b->temp;
    if (a->kind == EXPR_VAR)
        return sums_equal(a->index, b->index);
    return args_equal(a, b);
}

/* ---- substitution ------------------------------------------------------------ */

static const Expr *substitute_args(Kernel *kernel, const Expr *expr,
                                   const Var *var, const Affine *by)
{
    const Expr *arg[4];
    bool changed = false;

    for (int i = 0; i < expr_operands(expr->kind); i++) {
        arg[i] = expr_substitute(kernel, expr->arg[i], var, by);
        changed |= arg[i] != expr->arg[i];
    }
    return changed ? expr_with(kernel, expr, arg) : expr;
}

const Expr *expr_substitute(Kernel *kernel, const Expr *expr, const Var *var,
                            const Affine *by)
{
    if (expr_is_load(expr)) {
        Access access = access_substitute(kernel, expr->access, var, by);
        if (access_equal(&access, &expr->access))
            return expr;
        return expr_with_access(kernel, expr, access);
    }
    if (expr->kind == EXPR_VAR) {
        const Affine *sum = affine_substitute(kernel, expr->index, var, by);
        return sum == expr->index ? expr : expr_index(kernel, sum);
    }
    return substitute_args(kernel, expr, var, by);
}
