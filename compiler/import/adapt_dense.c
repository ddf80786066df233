/*
 * adapt_dense.c - Gemm and MatMul.
 *
 *     y = Gemm(x, w, b) alpha=2 transB=1     x [m, k], w [n, k], b [n]
 *
 * A product by a constant is a dense layer: alpha and beta go into its weights
 * and its bias. A constant on the left is the same with everything transposed.
 */
#include "import/local.h"

/* ---- products ------------------------------------------------------------------------- */

/* x [.., k] times a parameter [k, n], plus a parameter [n] or NULL. */
static Tensor *dense(Adapt *a, Tensor *x, Tensor *weight, Tensor *bias)
{
    Node *node;
    if (!weight || !(node = add_node(a, OP_DENSE, NULL, &x, 1)))
        return NULL;
    node_attrs(node, DenseAttrs)->units = weight->shape.dim[1];
    node_attrs(node, DenseAttrs)->bias = bias;
    add_parameter(a, node, weight);
    add_parameter(a, node, bias);
    return add_end(a, node);
}

/* The constant input i, [rows][columns], as a parameter: transposed where that
 * is asked for, times a factor. */
static Tensor *matrix(Adapt *a, int i, bool transposed, double factor)
{
    const int64_t rows = in_dim(a, i, 0), columns = in_dim(a, i, 1);
    const float *from = in_floats(a, i);
    Shape shape = shape_of(2, (int64_t[]){ transposed ? columns : rows,
                                           transposed ? rows : columns });
    float *data;
    if (!from)
        return NULL;
    if (!transposed && factor == 1)
        return add_weight(a, i, shape, from, LAYOUT_DENSE);
    data = NEW_N(a->graph->arena, float, rows *columns);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++)
            data[transposed ? c * rows + r : r * columns + c] =
                (float)(factor * (double)from[r * columns + c]);
    return add_weight(a, i, shape, data, LAYOUT_DENSE);
}

/* ---- Gemm --------------------------------------------------------------------------------- */

typedef struct Gemm {
    double alpha, beta;
    bool trans[2];
    int64_t m, n;
} Gemm;

static bool read_gemm(Adapt *a, Gemm *g)
{
    int64_t k[2];
    g->alpha = attr_float(a, "alpha", 1);
    g->beta = attr_float(a, "beta", 1);
    g->trans[0] = attr_flag(a, "transA", false);
    g->trans[1] = attr_flag(a, "transB", false);
    if (a->opset < 7)
        attr_flag(a, "broadcast", false);
    for (int i = 0; i < 2; i++)
        if (in_rank(a, i) != 2)
            return refuse(a, "needs matrices, '%s' has %d dimensions",
                          in_name(a, i), in_rank(a, i));
    g->m = in_dim(a, 0, g->trans[0]);
    g->n = in_dim(a, 1, !g->trans[1]);
    k[0] = in_dim(a, 0, !g->trans[0]);
    k[1] = in_dim(a, 1, g->trans[1]);
    if (k[0] != k[1])
        return refuse(a,
                      "cannot sum over %lld columns of '%s' and %lld rows "
                      "of '%s'",
                      (long long)k[0], in_name(a, 0), (long long)k[1],
                      in_name(a, 1));
    return !a->failed;
}

/* C where it is the same for each row, times beta; NULL: it is not. */
static Tensor *bias_of(Adapt *a, const Gemm *g)
{
    const int rank = in_rank(a, 2);
    const int64_t columns = rank ? in_dim(a, 2, rank - 1) : 1;
    const float *from;
    float *data;
    if (rank > 2 || (rank == 2 && in_dim(a, 2, 0) != 1) ||
        (columns != g->n && columns != 1) || !(from = in_floats(a, 2)))
        return NULL;
    data = NEW_N(a->graph->arena, float, g->n);
    for (int64_t i = 0; i < g->n; i++)
        data[i] = (float)(g->beta * (double)from[columns == 1 ? 0 : i]);
    return add_weight(a, 2, shape_of(1, &g->n), data, LAYOUT_AS_IS);
}

/* x times a factor; the same where that is 1. */
static Tensor *scaled(Adapt *a, const char *role, Tensor *x, double factor)
{
    if (factor == 1)
        return x;
    return add_2(a, OP_MUL, role, x, add_number(a, role, factor));
}

/* y + beta * C */
static Tensor *add_summand(Adapt *a, const Gemm *g, Tensor *y)
{
    const Shape shape = shape_of(2, (int64_t[]){ g->m, g->n });
    y = add_2(a, OP_ADD, "sum", y, scaled(a, "beta", in_tensor(a, 2), g->beta));
    if (y && !shape_equal(&y->shape, &shape)) {
        refuse(a, "cannot add '%s' to %s", in_name(a, 2), shape_show(&shape));
        return NULL;
    }
    return y;
}

static Tensor *turned(Adapt *a, Tensor *x, bool turn)
{
    return turn ? add_transpose(a, "turned", x, (int64_t[]){ 1, 0 }) : x;
}

/* alpha * A * B; bias: NULL or a parameter, where B is a constant. */
static Tensor *product(Adapt *a, const Gemm *g, Tensor *bias)
{
    Tensor *x[2], *y;
    if (in_constant(a, 1)) {
        x[0] = turned(a, in_tensor(a, 0), g->trans[0]);
        return dense(a, x[0], matrix(a, 1, g->trans[1], g->alpha), bias);
    }
    if (in_constant(a, 0)) { /* everything transposed */
        x[1] = turned(a, in_tensor(a, 1), !g->trans[1]);
        y = dense(a, x[1], matrix(a, 0, !g->trans[0], g->alpha), NULL);
        return turned(a, y, true);
    }
    for (int i = 0; i < 2; i++)
        x[i] = turned(a, in_tensor(a, i), g->trans[i]);
    return scaled(a, "alpha", add_2(a, OP_MATMUL, NULL, x[0], x[1]), g->alpha);
}

bool adapt_gemm(Adapt *a)
{
    Gemm g;
    Tensor *bias = NULL, *y;
    if (!read_gemm(a, &g))
        return false;
    if (in_given(a, 2) && g.beta == 0)
        in_ignore(a, 2);
    else if (in_given(a, 2) && in_constant(a, 1))
        bias = bias_of(a, &g);
    y = a->failed ? NULL : product(a, &g, bias);
    if (y && in_given(a, 2) && g.beta != 0 && !bias)
        y = add_summand(a, &g, y);
    return out_tensor(a, 0, y);
}

/* ---- MatMul ---------------------------------------------------------------------------- */

bool adapt_matmul(Adapt *a)
{
    Tensor *x = in_tensor(a, 0);
    if (!x)
        return false;
    if (!in_constant(a, 1) || in_rank(a, 1) != 2)
        return out_tensor(a, 0, add_2(a, OP_MATMUL, NULL, x, in_tensor(a, 1)));
    if (x->shape.rank < 1 || x->shape.dim[x->shape.rank - 1] != in_dim(a, 1, 0))
        return refuse(a,
                      "cannot sum over the last dimension of %s and %lld "
                      "rows of '%s'",
                      shape_show(&x->shape), (long long)in_dim(a, 1, 0),
                      in_name(a, 1));
    return out_tensor(a, 0, dense(a, x, matrix(a, 1, false, 1), NULL));
}
