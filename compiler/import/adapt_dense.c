/*
 * adapt_dense.c - Gemm and MatMul by constants: dense layers.
 *
 *     y = Gemm(x, w, b) alpha=2 transB=1     x [m, k], w [n, k], b [n]
 *
 *     one row     dense of [k]
 *     more rows   a convolution of 1x1 over an image of one row: [1, m, k]
 *
 * alpha and beta go into the weights and the bias. A constant on the left is
 * the same with everything transposed.
 */
#include "import/local.h"

/* ---- rows times a matrix ------------------------------------------------------------- */

static Tensor *one_row(Adapt *a, Tensor *x, Tensor *weight, Tensor *bias)
{
    Node *node;
    x = add_reshape(a, "row", x, shape_of(1, &x->shape.dim[1]));
    if (!x || !(node = add_node(a, OP_DENSE, NULL, &x, 1)))
        return NULL;
    node_attrs(node, DenseAttrs)->units = weight->shape.dim[1];
    node_attrs(node, DenseAttrs)->bias = bias;
    add_parameter(a, node, weight);
    add_parameter(a, node, bias);
    return add_end(a, node);
}

static Tensor *many_rows(Adapt *a, Tensor *x, Tensor *weight, Tensor *bias)
{
    const Size one = { 2, { 1, 1 } };
    Node *node;
    x = add_reshape(
        a, "rows", x,
        shape_of(3, (int64_t[]){ 1, x->shape.dim[0], x->shape.dim[1] }));
    if (!x || !(node = add_node(a, OP_CONV, NULL, &x, 1)))
        return NULL;
    weight->shape = shape_of(
        4, (int64_t[]){ 1, 1, weight->shape.dim[0], weight->shape.dim[1] });
    weight->layout = LAYOUT_CONV;
    node_attrs(node, ConvAttrs)->filters = weight->shape.dim[3];
    node_attrs(node, ConvAttrs)->kernel = one;
    node_attrs(node, ConvAttrs)->bias = bias;
    add_parameter(a, node, weight);
    add_parameter(a, node, bias);
    return add_end(a, node);
}

/* [m, k] times a parameter [k, n], plus a parameter [n] or NULL: [m, n]. */
static Tensor *rows_times(Adapt *a, Tensor *x, Tensor *weight, Tensor *bias)
{
    const int64_t m = x->shape.dim[0], n = weight->shape.dim[1];
    Tensor *y =
        m == 1 ? one_row(a, x, weight, bias) : many_rows(a, x, weight, bias);
    return add_reshape(a, "matrix", y, shape_of(2, (int64_t[]){ m, n }));
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

/* y + beta * C */
static Tensor *add_summand(Adapt *a, const Gemm *g, Tensor *y)
{
    const Shape shape = shape_of(2, (int64_t[]){ g->m, g->n });
    Tensor *c = in_tensor(a, 2);
    if (c && g->beta != 1)
        c = add_2(a, OP_MUL, "beta", c, add_number(a, "beta", g->beta));
    y = add_2(a, OP_ADD, "sum", y, c);
    if (y && !shape_equal(&y->shape, &shape)) {
        refuse(a, "cannot add '%s' to %s", in_name(a, 2), shape_show(&shape));
        return NULL;
    }
    return y;
}

static Tensor *flipped(Adapt *a, Tensor *x)
{
    return add_transpose(a, "turned", x, (int64_t[]){ 1, 0 });
}

/* alpha * A * B, with one of the two a constant; bias: NULL or a parameter. */
static Tensor *product(Adapt *a, const Gemm *g, Tensor *bias)
{
    const bool right = in_constant(a, 1);
    const int run = right ? 0 : 1, known = !run;
    Tensor *x = in_tensor(a, run);
    Tensor *weight = matrix(a, known, g->trans[known] == right, g->alpha);
    if (g->trans[run] == right)
        x = flipped(a, x);
    x = x && weight ? rows_times(a, x, weight, bias) : NULL;
    return right ? x : flipped(a, x);
}

bool adapt_gemm(Adapt *a)
{
    Gemm g;
    Tensor *bias = NULL, *y;
    bool right;
    if (!read_gemm(a, &g))
        return false;
    right = in_constant(a, 1);
    if (!right && !in_constant(a, 0))
        return refuse(a, "of two matrices that are only known at run time is "
                         "not supported");
    if (in_given(a, 2) && g.beta == 0)
        in_ignore(a, 2);
    else if (in_given(a, 2) && right)
        bias = bias_of(a, &g);
    y = a->failed ? NULL : product(a, &g, bias);
    if (y && in_given(a, 2) && g.beta != 0 && !bias)
        y = add_summand(a, &g, y);
    return out_tensor(a, 0, y);
}

/* ---- MatMul ---------------------------------------------------------------------------------- */

/* x [.., k] times the constant w [k, n] or [k]: [.., n], or [..]. */
static Tensor *times_matrix(Adapt *a, Tensor *x, Tensor *weight, bool vector)
{
    Shape shape = x->shape;
    const int64_t k = shape.dim[shape.rank - 1];
    Tensor *y = add_reshape(
        a, "rows", x, shape_of(2, (int64_t[]){ shape_count(&shape) / k, k }));
    if (!y || !(y = rows_times(a, y, weight, NULL)))
        return NULL;
    shape.dim[shape.rank - 1] = weight->shape.dim[weight->shape.rank - 1];
    shape.rank -= vector;
    return add_reshape(a, "shape", y, shape);
}

bool adapt_matmul(Adapt *a)
{
    const bool vector = in_rank(a, 1) == 1;
    Tensor *x = in_tensor(a, 0), *weight;
    if (!x)
        return false;
    if (!in_constant(a, 1) || in_rank(a, 1) > 2 || in_rank(a, 1) < 1)
        return refuse(a, "is supported by a constant matrix, '%s' is none",
                      in_name(a, 1));
    if (x->shape.rank < 1 || x->shape.dim[x->shape.rank - 1] != in_dim(a, 1, 0))
        return refuse(a,
                      "cannot sum over the last dimension of %s and %lld "
                      "rows of '%s'",
                      shape_show(&x->shape), (long long)in_dim(a, 1, 0),
                      in_name(a, 1));
    weight = vector ? add_weight(a, 1,
                                 shape_of(2, (int64_t[]){ in_dim(a, 1, 0), 1 }),
                                 NULL, LAYOUT_DENSE)
                    : matrix(a, 1, false, 1);
    return weight && out_tensor(a, 0, times_matrix(a, x, weight, vector));
}
