/*
 * matmul.c - products of matrices, as numpy has them.
 *
 *     [m, k] x [k, n]            ->  [m, n]       y = sum over k of a * b
 *     [7, m, k] x [k, n]         ->  [7, m, n]    the same b for each
 *     [7, 1, m, k] x [5, k, n]   ->  [7, 5, m, n]
 *     [k] x [k, n]               ->  [n]          a row
 *     [m, k] x [k]               ->  [m]          a column
 *
 * What comes before the last two dimensions broadcasts.
 */
#include <string.h>

#include "op/local.h"

/* The operands as matrices, and the dimensions before them, broadcast. */
typedef struct Product {
    Shape a, b;  /* with at least two dimensions */
    Shape batch; /* of the result */
    int64_t m, k, n;
    bool is_row, is_column; /* a, b has one dimension: m, n is no dimension */
} Product;

static int64_t from_end(const Shape *shape, int i)
{
    return shape->dim[shape->rank - i];
}

static Shape without_matrix(Shape shape)
{
    shape.rank -= 2;
    return shape;
}

/* False where the shapes do not go together. */
static bool product_of(const Node *node, Product *p)
{
    p->a = *in_shape(node, 0);
    p->b = *in_shape(node, 1);
    p->is_row = p->a.rank == 1;
    p->is_column = p->b.rank == 1;
    if (p->is_row)
        p->a = shape_of(2, (int64_t[]){ 1, p->a.dim[0] });
    if (p->is_column)
        p->b = shape_of(2, (int64_t[]){ p->b.dim[0], 1 });
    if (p->a.rank < 2 || p->b.rank < 2)
        return false;
    p->m = from_end(&p->a, 2);
    p->k = from_end(&p->a, 1);
    p->n = from_end(&p->b, 1);
    p->batch = without_matrix(p->a);
    Shape other = without_matrix(p->b);
    return p->k == from_end(&p->b, 2) && shape_broadcast(&p->batch, &other);
}

bool matmul_infer(Graph *graph, Node *node)
{
    Product p;
    Shape shape;
    (void)graph;
    if (!op_need_f32(node))
        return false;
    if (!product_of(node, &p)) {
        graph_error(node, -1, "'matmul' cannot multiply %s and %s",
                    shape_show(in_shape(node, 0)),
                    shape_show(in_shape(node, 1)));
        graph_note_inputs(node);
        return false;
    }
    shape = p.batch;
    if (!p.is_row)
        shape.dim[shape.rank++] = p.m;
    if (!p.is_column)
        shape.dim[shape.rank++] = p.n;
    return op_output(node, DT_F32, shape);
}

int64_t matmul_macs(const Node *node)
{
    Product p;
    REQUIRE(product_of(node, &p));
    return saturated_mul(shape_count(out_shape(node)), p.k);
}

/* ---- reference --------------------------------------------------------------------- */

/* [m, k] x [k, n], row by row of b. */
static void multiply(const Product *p, const double *a, const double *b,
                     double *y)
{
    memset(y, 0, sizeof *y * (size_t)(p->m * p->n));
    for (int64_t m = 0; m < p->m; m++)
        for (int64_t k = 0; k < p->k; k++)
            for (int64_t n = 0; n < p->n; n++)
                y[m * p->n + n] += a[m * p->k + k] * b[k * p->n + n];
}

/* Where the matrices of an operand begin, one for each of the batch. */
static double *matrix_starts(const Product *p, const Shape *shape)
{
    const Shape outer = without_matrix(*shape);
    const int64_t size = from_end(shape, 1) * from_end(shape, 2);
    const int64_t own = shape_count(&outer);
    int64_t stride[MAX_RANK];
    double *start = mem_alloc(sizeof *start * (size_t)own);
    double *wide = mem_alloc(sizeof *wide * (size_t)shape_count(&p->batch));
    for (int64_t i = 0; i < own; i++)
        start[i] = (double)(i * size);
    broadcast_strides(&outer, &p->batch, stride);
    ref_strided(&p->batch, stride, start, wide);
    mem_free(start);
    return wide;
}

void matmul_evaluate(const Node *node, const double *const *in,
                     double *const *out)
{
    Product p;
    REQUIRE(product_of(node, &p));
    double *a = matrix_starts(&p, &p.a), *b = matrix_starts(&p, &p.b);
    const int64_t count = shape_count(&p.batch);
    for (int64_t i = 0; i < count; i++)
        multiply(&p, in[0] + (int64_t)a[i], in[1] + (int64_t)b[i],
                 out[0] + i * p.m * p.n);
    mem_free(a);
    mem_free(b);
}

/* ---- loops --------------------------------------------------------------------------- */

/* The indices before an operand's matrix. */
static int batch_indices(Kernel *k, const Product *p, const Shape *shape,
                         const Affine *const *at, const Affine **index)
{
    const int rank = shape->rank - 2;
    for (int d = 0; d < rank; d++)
        index[d] = shape->dim[d] == 1 ? affine_const(k, 0)
                                      : at[p->batch.rank - rank + d];
    return rank;
}

void matmul_lower(Lower *lower, const Node *node)
{
    Product p;
    Kernel *k = lower_begin(lower, node);
    Buffer *a = lower_input(lower, node, 0), *b = lower_input(lower, node, 1);
    Buffer *y = lower_output(lower, node, 0);
    const Affine *at[MAX_RANK], *left[MAX_RANK], *right[MAX_RANK], *c;
    const Affine *row = affine_const(k, 0), *column = affine_const(k, 0);
    REQUIRE(product_of(node, &p));
    int rank = p.batch.rank, l, r;
    lower_loops(k, &p.batch, NULL, at);
    if (!p.is_row)
        at[rank++] = row = affine_var(k, kernel_for(k, "m", 0, p.m));
    if (!p.is_column)
        at[rank++] = column = affine_var(k, kernel_for(k, "n", 0, p.n));
    Access acc = lower_scalar(k, "acc", DT_F32);
    kernel_store(k, acc, k_num(0));
    c = affine_var(k, kernel_for(k, "k", 0, p.k));
    l = batch_indices(k, &p, &p.a, at, left);
    if (!p.is_row)
        left[l++] = row;
    left[l] = c;
    r = batch_indices(k, &p, &p.b, at, right);
    right[r++] = c;
    right[r] = column; /* not looked at where b is a column */
    kernel_fma(k, acc, k_load(access_at(a, left)), k_load(access_at(b, right)));
    kernel_end(k);
    kernel_store(k, access_at(y, at), k_load(acc));
    lower_end(lower);
}
