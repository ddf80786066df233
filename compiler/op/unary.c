/*
 * unary.c - the functions of one number: everything from their lines in
 * ops.def.
 */
#include "op/local.h"

/* ---- the formulas -------------------------------------------------------------- */

#define UNARY(id, name, reference, loop)                                       \
    static double name##_at(double x, const UnaryAttrs *attrs)                 \
    {                                                                          \
        (void)attrs;                                                           \
        return reference;                                                      \
    }                                                                          \
    static const Expr *name##_expr(Kernel *k, const Expr *x,                   \
                                   const UnaryAttrs *attrs)                    \
    {                                                                          \
        (void)attrs;                                                           \
        return loop;                                                           \
    }
#define UNARY1(id, name, p_name, p_fallback, reference, loop)                  \
    static double name##_at(double x, const UnaryAttrs *attrs)                 \
    {                                                                          \
        const double p_name = attrs->p;                                        \
        return reference;                                                      \
    }                                                                          \
    static const Expr *name##_expr(Kernel *k, const Expr *x,                   \
                                   const UnaryAttrs *attrs)                    \
    {                                                                          \
        const Expr *p_name = k_num(attrs->p);                                  \
        return loop;                                                           \
    }
#define UNARY2(id, name, p_name, p_fallback, q_name, q_fallback, reference,    \
               loop)                                                           \
    static double name##_at(double x, const UnaryAttrs *attrs)                 \
    {                                                                          \
        const double p_name = attrs->p, q_name = attrs->q;                     \
        return reference;                                                      \
    }                                                                          \
    static const Expr *name##_expr(Kernel *k, const Expr *x,                   \
                                   const UnaryAttrs *attrs)                    \
    {                                                                          \
        const Expr *p_name = k_num(attrs->p), *q_name = k_num(attrs->q);       \
        return loop;                                                           \
    }
#include "graph/ops.def"

typedef const Expr *UnaryExpr(Kernel *k, const Expr *x,
                              const UnaryAttrs *attrs);

static UnaryExpr *const unary_exprs[OP_COUNT] = {
#define UNARY(id, name, ...)  [OP_##id] = name##_expr,
#define UNARY1(id, name, ...) [OP_##id] = name##_expr,
#define UNARY2(id, name, ...) [OP_##id] = name##_expr,
#include "graph/ops.def"
};

bool op_is_unary(Op op)
{
    return unary_exprs[op];
}

const Expr *op_unary_expr(Kernel *k, const Node *node, const Expr *x)
{
    REQUIRE(op_is_unary(node->op));
    return unary_exprs[node->op](k, x, node_attrs(node, UnaryAttrs));
}

/* ---- one rule and one nest for all ----------------------------------------------- */

static bool unary_infer(const Node *node)
{
    return op_need_f32(node) && op_output_like(node);
}

static void unary_evaluate(const Node *node, const double *x, double *y,
                           double (*at)(double, const UnaryAttrs *))
{
    const UnaryAttrs *attrs = node_attrs(node, UnaryAttrs);
    const int64_t count = in_count(node, 0);
    for (int64_t i = 0; i < count; i++)
        y[i] = at(x[i], attrs);
}

static void unary_lower(Lower *lower, const Node *node)
{
    const Shape *shape = out_shape(node);
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const Affine *at[MAX_RANK];
    lower_loops(k, shape, loop_names(shape), at);
    kernel_store(k, access_at(y, at),
                 op_unary_expr(k, node, k_load(access_at(x, at))));
    lower_end(lower);
}

#define ENTRIES(name)                                                          \
    OP_OF_KIND(name, unary_infer, unary_lower,                                 \
               unary_evaluate(node, in[0], out[0], name##_at))
#define UNARY(id, name, ...)  ENTRIES(name)
#define UNARY1(id, name, ...) ENTRIES(name)
#define UNARY2(id, name, ...) ENTRIES(name)
#include "graph/ops.def"
