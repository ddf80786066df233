/*
 * binary.c - the functions of two numbers: everything from their lines in
 * ops.def.
 *
 *     add(a: [7, 7, 64], b: [64])  ->  [7, 7, 64]
 *
 * Shapes are aligned at their ends; a dimension of 1, or one that is missing,
 * is repeated. A longer list of inputs is folded from the left.
 */
#include "op/local.h"

/* ---- the formulas -------------------------------------------------------------- */

#define BINARY(id, name, most, reference, loop)                                \
    static double name##_at(double a, double b)                                \
    {                                                                          \
        return reference;                                                      \
    }                                                                          \
    static const Expr *name##_expr(Kernel *k, const Expr *a, const Expr *b)    \
    {                                                                          \
        return loop;                                                           \
    }
#include "graph/ops.def"

typedef const Expr *BinaryExpr(Kernel *k, const Expr *a, const Expr *b);

static BinaryExpr *const binary_exprs[OP_COUNT] = {
#define BINARY(id, name, ...) [OP_##id] = name##_expr,
#include "graph/ops.def"
};

bool op_is_binary(Op op)
{
    return binary_exprs[op];
}

const Expr *op_binary_expr(Kernel *k, const Node *node, const Expr *a,
                           const Expr *b)
{
    REQUIRE(op_is_binary(node->op));
    return binary_exprs[node->op](k, a, b);
}

/* ---- shape ------------------------------------------------------------------------ */

static bool binary_infer(const Node *node)
{
    Shape shape = *in_shape(node, 0);
    if (!op_need_f32(node))
        return false;
    for (int i = 1; i < node->data_count; i++) {
        if (shape_broadcast(&shape, in_shape(node, i)))
            continue;
        graph_error(node, -1, "'%s' needs equal shapes, got %s and %s",
                    op_info[node->op].name, shape_show(&shape),
                    shape_show(in_shape(node, i)));
        graph_note_inputs(node);
        return false;
    }
    return op_output(node, DT_F32, shape);
}

/* ---- reference ---------------------------------------------------------------------- */

/* Fills wide, of the output's shape, with the input, repeated where needed. */
static void spread(const Shape *in, const Shape *out, const double *from,
                   double *wide)
{
    int64_t stride[MAX_RANK];
    broadcast_strides(in, out, stride);
    ref_strided(out, stride, from, wide);
}

static void binary_evaluate(const Node *node, const double *const *in,
                            double *out, double (*at)(double, double))
{
    const Shape *shape = out_shape(node);
    const int64_t count = shape_count(shape);
    double *wide = mem_alloc(sizeof *wide * (size_t)count);
    spread(in_shape(node, 0), shape, in[0], out);
    for (int n = 1; n < node->data_count; n++) {
        spread(in_shape(node, n), shape, in[n], wide);
        for (int64_t i = 0; i < count; i++)
            out[i] = at(out[i], wide[i]);
    }
    mem_free(wide);
}

/* ---- loops ---------------------------------------------------------------------------- */

static void binary_lower(Lower *lower, const Node *node)
{
    const Shape *shape = out_shape(node);
    Kernel *k = lower_begin(lower, node);
    Buffer *y = lower_output(lower, node, 0);
    const Affine *at[MAX_RANK];
    const Expr *value = NULL, *next;
    lower_loops(k, shape, loop_names(shape), at);
    for (int i = 0; i < node->data_count; i++) {
        next = broadcast_load(k, lower_input(lower, node, i), in_shape(node, i),
                              shape, at);
        value = value ? op_binary_expr(k, node, value, next) : next;
    }
    kernel_store(k, access_at(y, at), value);
    lower_end(lower);
}

#define BINARY(id, name, ...)                                                  \
    OP_OF_KIND(name, binary_infer, binary_lower,                               \
               binary_evaluate(node, in, out[0], name##_at))
#include "graph/ops.def"
