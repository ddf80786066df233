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

/* Widens *shape by the other; false where they do not go together. */
static bool broadcast(Shape *shape, const Shape *other)
{
    Shape wide = shape->rank >= other->rank ? *shape : *other;
    for (int i = 1; i <= shape->rank && i <= other->rank; i++) {
        int64_t a = shape->dim[shape->rank - i];
        int64_t b = other->dim[other->rank - i];
        if (a != b && a != 1 && b != 1)
            return false;
        wide.dim[wide.rank - i] = a == 1 ? b : a;
    }
    *shape = wide;
    return true;
}

static bool binary_infer(const Node *node)
{
    Shape shape = *in_shape(node, 0);
    if (!op_need_f32(node))
        return false;
    for (int i = 1; i < node->data_count; i++) {
        if (broadcast(&shape, in_shape(node, i)))
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

/* Elements from one step to the next in each dimension of the output; 0 where
 * the input is repeated. */
static void broadcast_strides(const Shape *in, const Shape *out,
                              int64_t *stride)
{
    int64_t step = 1;
    for (int i = 1; i <= out->rank; i++) {
        int64_t extent = i <= in->rank ? in->dim[in->rank - i] : 1;
        stride[out->rank - i] = extent == 1 ? 0 : step;
        step *= extent;
    }
}

/* Fills wide, of the output's shape, with the input, repeated where needed. */
static void spread(const Shape *in, const Shape *out, const double *from,
                   double *wide)
{
    int64_t stride[MAX_RANK], index[MAX_RANK] = { 0 };
    const int64_t count = shape_count(out);
    broadcast_strides(in, out, stride);
    for (int64_t i = 0; i < count; i++) {
        wide[i] = *from;
        for (int d = out->rank; d-- > 0;) {
            from += stride[d];
            if (++index[d] < out->dim[d])
                break;
            from -= stride[d] * out->dim[d];
            index[d] = 0;
        }
    }
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

/* The input's element for the output's at these indices. */
static const Expr *element(Kernel *k, Buffer *buffer, const Shape *in,
                           const Shape *out, const Affine *const *at)
{
    const Affine *index[MAX_RANK];
    for (int i = 0; i < in->rank; i++)
        index[i] =
            in->dim[i] == 1 ? affine_const(k, 0) : at[out->rank - in->rank + i];
    return k_load(access_at(buffer, index));
}

static void binary_lower(Lower *lower, const Node *node)
{
    const Shape *shape = out_shape(node);
    Kernel *k = lower_begin(lower, node);
    Buffer *y = lower_output(lower, node, 0);
    const Affine *at[MAX_RANK];
    const Expr *value = NULL, *next;
    lower_loops(k, shape, loop_names(shape), at);
    for (int i = 0; i < node->data_count; i++) {
        next = element(k, lower_input(lower, node, i), in_shape(node, i), shape,
                       at);
        value = value ? op_binary_expr(k, node, value, next) : next;
    }
    kernel_store(k, access_at(y, at), value);
    lower_end(lower);
}

#define BINARY(id, name, ...)                                                  \
    bool name##_infer(Graph *graph, Node *node)                                \
    {                                                                          \
        (void)graph;                                                           \
        return binary_infer(node);                                             \
    }                                                                          \
    void name##_evaluate(const Node *node, const double *const *in,            \
                         double *const *out)                                   \
    {                                                                          \
        binary_evaluate(node, in, out[0], name##_at);                          \
    }                                                                          \
    int64_t name##_macs(const Node *node)                                      \
    {                                                                          \
        (void)node;                                                            \
        return 0;                                                              \
    }                                                                          \
    void name##_lower(Lower *lower, const Node *node)                          \
    {                                                                          \
        binary_lower(lower, node);                                             \
    }
#include "graph/ops.def"
