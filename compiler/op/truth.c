/*
 * truth.c - comparisons and logic, from their lines in ops.def, and the choice
 * by a truth value. A bool is a byte in memory, 0 or 1.
 *
 *     greater(x, 0) -> where(x, mul(x, 0.1))
 *
 * Comparisons are those of IEEE: with a NaN none holds.
 */
#include "op/local.h"

/* ---- the formulas -------------------------------------------------------------- */

#define k_bool(value) expr_const(k, (Type){ DT_BOOL, 1 }, (value))
/* 1 where a and b are in the relation (EQ, LT, LE), else 0. */
#define k_truth(relation, a, b)                                                \
    expr_4(k, EXPR_SELECT_##relation, (a), (b), k_bool(1), k_bool(0))
#define k_untruth(relation, a, b)                                              \
    expr_4(k, EXPR_SELECT_##relation, (a), (b), k_bool(0), k_bool(1))

#define TRUTH(id, name, inputs, of_bools, reference, loop)                     \
    static double name##_at(double a, double b)                                \
    {                                                                          \
        (void)b;                                                               \
        return reference;                                                      \
    }                                                                          \
    static const Expr *name##_expr(Kernel *k, const Expr *a, const Expr *b)    \
    {                                                                          \
        (void)b;                                                               \
        return loop;                                                           \
    }
#include "graph/ops.def"

typedef struct Formula {
    bool of_bools;
    double (*at)(double a, double b);
    const Expr *(*expr)(Kernel *k, const Expr *a, const Expr *b);
} Formula;

static const Formula formulas[OP_COUNT] = {
#define TRUTH(id, name, inputs, of_bools, ...)                                 \
    [OP_##id] = { of_bools, name##_at, name##_expr },
#include "graph/ops.def"
};

/* ---- shapes ---------------------------------------------------------------------- */

/* The shape of inputs first..data_count-1, broadcast. */
static bool broadcast_inputs(const Node *node, Shape *shape)
{
    *shape = *in_shape(node, 0);
    for (int i = 1; i < node->data_count; i++) {
        if (shape_broadcast(shape, in_shape(node, i)))
            continue;
        graph_error(node, -1, "'%s' needs equal shapes, got %s and %s",
                    op_info[node->op].name, shape_show(shape),
                    shape_show(in_shape(node, i)));
        graph_note_inputs(node);
        return false;
    }
    return true;
}

static bool need_type(const Node *node, int index, DType type)
{
    const Tensor *tensor = node->input[index];
    if (tensor->type == type)
        return true;
    graph_error(node, -1, "'%s' needs %s elements, '%s' has %s",
                op_info[node->op].name, dtype_name(type), tensor_show(tensor),
                dtype_name(tensor->type));
    graph_note_inputs(node);
    return false;
}

static bool truth_infer(const Node *node)
{
    const DType type =
        formulas[node->op].of_bools ? DT_BOOL : node->input[0]->type;
    Shape shape;
    if (type == DT_F16 || type == DT_BF16) {
        graph_error(node, -1, "'%s' of %s is not supported",
                    op_info[node->op].name, dtype_name(type));
        graph_note_inputs(node);
        return false;
    }
    for (int i = 0; i < node->data_count; i++)
        if (!need_type(node, i, type))
            return false;
    return broadcast_inputs(node, &shape) && op_output(node, DT_BOOL, shape);
}

bool where_infer(Graph *graph, Node *node)
{
    Shape shape;
    (void)graph;
    return need_type(node, 0, DT_BOOL) &&
           need_type(node, 2, node->input[1]->type) &&
           broadcast_inputs(node, &shape) &&
           op_output(node, node->input[1]->type, shape);
}

int64_t where_macs(const Node *node)
{
    (void)node;
    return 0;
}

/* ---- references -------------------------------------------------------------------- */

/* Input i, repeated where needed. */
static double *spread(const Node *node, int i, const double *from)
{
    const Shape *shape = out_shape(node);
    double *wide = mem_alloc(sizeof *wide * (size_t)shape_count(shape));
    int64_t stride[MAX_RANK];
    broadcast_strides(in_shape(node, i), shape, stride);
    ref_strided(shape, stride, from, wide);
    return wide;
}

static void truth_evaluate(const Node *node, const double *const *in,
                           double *out)
{
    const int64_t count = shape_count(out_shape(node));
    const int last = node->data_count - 1; /* the only one, or b */
    double *a = spread(node, 0, in[0]), *b = spread(node, last, in[last]);
    for (int64_t i = 0; i < count; i++)
        out[i] = formulas[node->op].at(a[i], b[i]);
    mem_free(a);
    mem_free(b);
}

void where_evaluate(const Node *node, const double *const *in,
                    double *const *out)
{
    const int64_t count = shape_count(out_shape(node));
    double *wide[3];
    for (int i = 0; i < 3; i++)
        wide[i] = spread(node, i, in[i]);
    for (int64_t i = 0; i < count; i++)
        out[0][i] = wide[0][i] != 0 ? wide[1][i] : wide[2][i];
    for (int i = 0; i < 3; i++)
        mem_free(wide[i]);
}

/* ---- loops --------------------------------------------------------------------------- */

static const Expr *element(Lower *lower, const Node *node, Kernel *k, int i,
                           const Affine *const *at)
{
    return broadcast_load(k, lower_input(lower, node, i), in_shape(node, i),
                          out_shape(node), at);
}

static void truth_lower(Lower *lower, const Node *node)
{
    const Shape *shape = out_shape(node);
    Kernel *k = lower_begin(lower, node);
    const Affine *at[MAX_RANK];
    lower_loops(k, shape, loop_names(shape), at);
    const Expr *a = element(lower, node, k, 0, at);
    const Expr *b = node->data_count > 1 ? element(lower, node, k, 1, at) : a;
    kernel_store(k, access_at(lower_output(lower, node, 0), at),
                 formulas[node->op].expr(k, a, b));
    lower_end(lower);
}

/* Floats are chosen by a float: vectors have but these. */
void where_lower(Lower *lower, const Node *node)
{
    const Shape *shape = out_shape(node);
    Kernel *k = lower_begin(lower, node);
    const Affine *at[MAX_RANK];
    lower_loops(k, shape, loop_names(shape), at);
    const Expr *c = element(lower, node, k, 0, at);
    const Expr *a = element(lower, node, k, 1, at);
    const Expr *b = element(lower, node, k, 2, at);
    if (a->type.elem == DT_F32)
        c = expr_convert(k, DT_F32, c);
    kernel_store(k, access_at(lower_output(lower, node, 0), at),
                 expr_4(k, EXPR_SELECT_EQ, c, expr_const(k, c->type, 0), b, a));
    lower_end(lower);
}

#define TRUTH(id, name, ...)                                                   \
    OP_OF_KIND(name, truth_infer, truth_lower, truth_evaluate(node, in, out[0]))
#include "graph/ops.def"
