/*
 * test_references.c - references of the other operators against values that
 * were computed by hand.
 */
#include "op/references.h"

/* ---- functions of one number ------------------------------------------------------ */

static void test_functions_of_one_number(void)
{
    static const struct {
        Op op;
        const char *attrs;
        double at[3]; /* at -1, 0, 2 */
    } rows[] = {
        { OP_RELU, "", { 0, 0, 2 } },
        { OP_RELU6, "", { 0, 0, 2 } },
        { OP_CLIP, "low=-0.5, high=1", { -0.5, 0, 1 } },
        { OP_LEAKY_RELU, "", { -0.01, 0, 2 } },
        { OP_LEAKY_RELU, "alpha=0.25", { -0.25, 0, 2 } },
        { OP_ELU, "", { -0.6321205588285577, 0, 2 } },
        { OP_ELU, "alpha=2", { -1.2642411176571153, 0, 2 } },
        { OP_SIGMOID, "", { 0.2689414213699951, 0.5, 0.8807970779778824 } },
        { OP_TANH, "", { -0.7615941559557649, 0, 0.9640275800758169 } },
        { OP_SOFTPLUS,
          "",
          { 0.31326168751822286, 0.6931471805599453, 2.1269280110429727 } },
        { OP_HARD_SIGMOID, "", { 1.0 / 3, 0.5, 5.0 / 6 } },
        { OP_HARD_SWISH, "", { -1.0 / 3, 0, 5.0 / 3 } },
        { OP_SILU, "", { -0.2689414213699951, 0, 1.7615941559557649 } },
        { OP_GELU, "", { -0.15865525393145707, 0, 1.9544997361036416 } },
        { OP_GELU_TANH, "", { -0.15880800939172324, 0, 1.954597694087775 } },
        { OP_HARD_SIGMOID, "alpha=0.2, beta=0.5", { 0.3, 0.5, 0.9 } },
        { OP_SWISH, "", { -0.2689414213699951, 0.0, 1.7615941559557646 } },
        { OP_SWISH,
          "alpha=0.5",
          { -0.3775406687981454, 0.0, 1.4621171572600098 } },
        { OP_MISH, "", { -0.30340146137410895, 0.0, 1.9439589595339946 } },
        { OP_LOG_SIGMOID,
          "",
          { -1.3132616875182228, -0.6931471805599453, -0.12692801104297263 } },
        { OP_SOFTSIGN, "", { -0.5, 0.0, 0.6666666666666666 } },
        { OP_SELU, "", { -1.1113307378125625, 0.0, 2.101401974710961 } },
        { OP_SELU, "alpha=2, gamma=3", { -3.792723352971346, 0.0, 6.0 } },
        { OP_CELU, "", { -0.6321205588285577, 0.0, 2.0 } },
        { OP_CELU, "alpha=2", { -0.7869386805747332, 0.0, 2.0 } },
        { OP_THRESHOLDED_RELU, "", { 0, 0, 2.0 } },
        { OP_THRESHOLDED_RELU, "alpha=2", { 0, 0, 0 } },
        { OP_SHRINK, "", { -1.0, 0, 2.0 } },
        { OP_SHRINK, "lambda=1, bias=1.5", { 0, 0, 0.5 } },
        { OP_ABS, "", { 1.0, 0.0, 2.0 } },
        { OP_NEG, "", { 1.0, -0.0, -2.0 } },
        { OP_SIGN, "", { -1, 0, 1 } },
        { OP_SQUARE, "", { 1.0, 0.0, 4.0 } },
        { OP_EXP, "", { 0.36787944117144233, 1.0, 7.38905609893065 } },
        { OP_ERF, "", { -0.8427007929497149, 0.0, 0.9953222650189527 } },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        one(rows[i].op, rows[i].attrs, SHAPE(3), LIST(-1, 0, 2), rows[i].at);
}

static void test_functions_where_they_are_defined(void)
{
    one(OP_SQRT, "", SHAPE(4), LIST(0, 2.25, INFINITY, -1),
        LIST(0, 1.5, INFINITY, NAN));
    one(OP_RECIPROCAL, "", SHAPE(4), LIST(-4, 0, INFINITY, NAN),
        LIST(-0.25, INFINITY, 0, NAN));
    one(OP_LOG, "", SHAPE(4), LIST(1, 0, INFINITY, -1),
        LIST(0, -INFINITY, INFINITY, NAN));
}

static void test_rounding(void)
{
    const double x[] = { -2.5, -1.5, -0.5, 0.5, 1.2, 2.5 };
    one(OP_FLOOR, "", SHAPE(6), x, LIST(-3, -2, -1, 0, 1, 2));
    one(OP_CEIL, "", SHAPE(6), x, LIST(-2, -1, 0, 1, 2, 3));
    one(OP_ROUND, "", SHAPE(6), x, LIST(-2, -2, 0, 0, 1, 2));
}

static void test_functions_far_out(void)
{
    const double x[] = { -1e6, 1e6, NAN };
    one(OP_RELU, "", SHAPE(3), x, LIST(0, 1e6, NAN));
    one(OP_RELU6, "", SHAPE(3), x, LIST(0, 6, NAN));
    one(OP_ELU, "", SHAPE(3), x, LIST(-1, 1e6, NAN));
    one(OP_SIGMOID, "", SHAPE(3), x, LIST(0, 1, NAN));
    one(OP_TANH, "", SHAPE(3), x, LIST(-1, 1, NAN));
    one(OP_SOFTPLUS, "", SHAPE(3), x, LIST(0, 1e6, NAN));
    one(OP_HARD_SIGMOID, "", SHAPE(3), x, LIST(0, 1, NAN));
    one(OP_HARD_SWISH, "", SHAPE(3), x, LIST(0, 1e6, NAN));
    one(OP_SILU, "", SHAPE(3), x, LIST(0, 1e6, NAN));
    one(OP_GELU, "", SHAPE(3), x, LIST(0, 1e6, NAN));
    one(OP_GELU_TANH, "", SHAPE(3), x, LIST(0, 1e6, NAN));
    one(OP_SWISH, "", SHAPE(3), x, LIST(0, 1e6, NAN));
    one(OP_MISH, "", SHAPE(3), x, LIST(0, 1e6, NAN));
    one(OP_LOG_SIGMOID, "", SHAPE(3), x, LIST(-1e6, 0, NAN));
    one(OP_SOFTSIGN, "", SHAPE(3), x,
        LIST(-1 / (1 + 1e-6), 1 / (1 + 1e-6), NAN));
    one(OP_CELU, "alpha=2", SHAPE(3), x, LIST(-2, 1e6, NAN));
    one(OP_SIGN, "", SHAPE(3), x, LIST(-1, 1, NAN));
    one(OP_THRESHOLDED_RELU, "", SHAPE(3), x, LIST(0, 1e6, NAN));
}

/* ---- functions of two numbers -------------------------------------------------------- */

static void two(Op op, const double *expected)
{
    Net n = net_new(SHAPE(2, 2));
    const float data[] = { 10, 4 };
    Tensor *inputs[2] = { n.last,
                          graph_constant(n.graph, "k", SHAPE(2), data) };
    net_join(&n, op, "", inputs, 2);
    expect(&n, LIST(1, 2, 30, -4), expected);
}

static void test_functions_of_two_numbers(void)
{
    two(OP_ADD, LIST(11, 6, 40, 0));
    two(OP_SUB, LIST(-9, -2, 20, -8));
    two(OP_MUL, LIST(10, 8, 300, -16));
    two(OP_DIV, LIST(0.1, 0.5, 3, -1));
    two(OP_MIN, LIST(1, 2, 10, -4));
    two(OP_MAX, LIST(10, 4, 30, 4));
    two(OP_PRELU, LIST(1, 2, 30, -16));
}

static void test_lists_are_folded_and_repeated_where_they_are_short(void)
{
    Net n = net_new(SHAPE(3));
    const float column[] = { 100, 200 }, number[] = { 0.5 };
    Tensor *inputs[3] = {
        n.last, graph_constant(n.graph, "a", SHAPE(2, 1), column),
        graph_constant(n.graph, "b", shape_of(0, NULL), number)
    };
    net_join(&n, OP_ADD, "", inputs, 3);
    expect(&n, LIST(1, 2, 3), LIST(101.5, 102.5, 103.5, 201.5, 202.5, 203.5));
}

/* ---- layers with parameters -------------------------------------------------------------- */

static void test_dense(void)
{
    Net n = net_new(SHAPE(2));
    Node *node = net_add(&n, OP_DENSE, "units=3");
    CU_ASSERT_FATAL(net_infer(&n));
    net_set(&n, node->input[1], (float[]){ 1, 2, 3, 4, 5, 6 });
    net_set(&n, node->input[2], (float[]){ 0.5, 0, -1 });
    expect(&n, LIST(10, 1), LIST(14.5, 25, 35));
}

static void test_dense_of_rows(void)
{
    Net n = net_new(SHAPE(2, 1, 2));
    Node *node = net_add(&n, OP_DENSE, "units=3, bias=no");
    CU_ASSERT_FATAL(net_infer(&n));
    net_set(&n, node->input[1], (float[]){ 1, 2, 3, 4, 5, 6 });
    expect(&n, LIST(10, 1, 0, 2), LIST(14, 25, 36, 8, 10, 12));
}

static void product(Shape a, const double *x, Shape b, const float *y,
                    const double *expected)
{
    Net n = net_new(a);
    Tensor *inputs[2] = { n.last, graph_constant(n.graph, "k", b, y) };
    net_join(&n, OP_MATMUL, "", inputs, 2);
    expect(&n, x, expected);
}

static void test_matmul(void)
{
    const double x[] = { 1, 2, 3, 4 };
    const float y[] = { 1, 10, 100, 1000 };
    product(SHAPE(2, 2), x, SHAPE(2, 2), y, LIST(201, 2010, 403, 4030));
    product(SHAPE(2, 2), x, SHAPE(2), y, LIST(21, 43));
    product(SHAPE(4), x, SHAPE(4), y, LIST(4321));
    product(SHAPE(2), x, SHAPE(2, 2), y, LIST(201, 2010));
    product(SHAPE(2, 1, 2), x, SHAPE(2, 1), y, LIST(21, 43));
    product(SHAPE(2, 2), x, SHAPE(2, 2, 1), y, LIST(21, 43, 2100, 4300));
    product(SHAPE(2, 1, 1, 2), x, SHAPE(2, 2, 1), y, LIST(21, 2100, 43, 4300));
}

static void test_batchnorm(void)
{
    Net n = net_new(SHAPE(2, 2));
    Node *node = net_add(&n, OP_BATCHNORM, "epsilon=1");
    CU_ASSERT_FATAL(net_infer(&n));
    net_set(&n, node->input[1], (float[]){ 2, 1 });
    net_set(&n, node->input[2], (float[]){ 100, 0 });
    net_set(&n, node->input[3], (float[]){ 1, 5 });
    net_set(&n, node->input[4], (float[]){ 3, 0 });
    expect(&n, LIST(1, 5, 3, 8), LIST(100, 0, 102, 3));
}

static void test_normalize(void)
{
    one(OP_NORMALIZE, "mean=1, std=2", SHAPE(3), LIST(1, 3, -1),
        LIST(0, 1, -1));
    one(OP_NORMALIZE, "mean=[1, 2], std=[2, 4]", SHAPE(2, 2), LIST(1, 2, 3, 4),
        LIST(0, 0, 1, 0.5));
    one(OP_NORMALIZE, "mean=0, std=[2, 4]", SHAPE(2), LIST(1, 2),
        LIST(0.5, 0.5));
}

/* ---- types ------------------------------------------------------------------------------------ */

static void test_conversion_rounds_to_even_and_clamps(void)
{
    const double x[] = { -1, 0.5, 1.5, 254.6, 300, NAN };
    one(OP_CONVERT, "type=u8", SHAPE(6), x, LIST(0, 0, 2, 255, 255, 0));
    one(OP_CONVERT, "type=i8, scale=10", SHAPE(6), x,
        LIST(-10, 5, 15, 127, 127, -128));
    one(OP_CONVERT, "scale=0.5", SHAPE(2), x, LIST(-0.5, 0.25));
}

/* ---- moving elements ---------------------------------------------------------------------------- */

static void test_concatenation(void)
{
    static const struct {
        const char *attrs;
        double expected[8];
    } rows[] = { { "axis=0", { 1, 2, 3, 4, 10, 20, 30, 40 } },
                 { "axis=-1", { 1, 2, 10, 20, 3, 4, 30, 40 } } };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Net n = net_new(SHAPE(2, 2));
        const float data[] = { 10, 20, 30, 40 };
        Tensor *inputs[2] = { n.last,
                              graph_constant(n.graph, "k", SHAPE(2, 2), data) };
        net_join(&n, OP_CONCAT, rows[i].attrs, inputs, 2);
        expect(&n, LIST(1, 2, 3, 4), rows[i].expected);
    }
}

static void test_padding(void)
{
    one(OP_PAD, "pad=[1, 0, 0, 2], value=9", SHAPE(1, 2, 2), LIST(1, 2, 3, 4),
        LIST(9, 9, 9, 9, 9, 9, 9, 9, 1, 2, 3, 4, 9, 9, 9, 9));
}

static void test_upsampling(void)
{
    one(OP_UPSAMPLE, "scale=2x3", SHAPE(1, 2, 1), LIST(1, 2),
        LIST(1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2));
    one(OP_UPSAMPLE, "scale=1x2", SHAPE(2, 1, 2), LIST(1, 2, 3, 4),
        LIST(1, 2, 1, 2, 3, 4, 3, 4));
}

static void test_reshaping_keeps_the_order(void)
{
    const double x[] = { 1, 2, 3, 4, 5, 6 };
    one(OP_FLATTEN, "", SHAPE(3, 2), x, x);
    one(OP_RESHAPE, "shape=[2, 3]", SHAPE(3, 2), x, x);
    one(OP_DROPOUT, "", SHAPE(3, 2), x, x);
}

/* ---- by their own mean and variance ---------------------------------------------------------- */

static void test_standardizing(void)
{
    const double a = 1 / sqrt(1 + 1e-5), b = sqrt(2.5 + 3);
    one(OP_STANDARDIZE, "affine=no", SHAPE(2, 2), LIST(1, 3, 7, 5),
        LIST(-a, a, a, -a));
    one(OP_STANDARDIZE, "affine=no, axes=[0], epsilon=0", SHAPE(2, 2),
        LIST(1, 3, 7, 5), LIST(-1, -1, 1, 1));
    one(OP_STANDARDIZE, "affine=no, center=no, epsilon=3", SHAPE(2), LIST(1, 2),
        LIST(1 / b, 2 / b));
}

static void test_standardizing_with_weights(void)
{
    Net n = net_new(SHAPE(2, 2));
    Node *node = net_add(&n, OP_STANDARDIZE, "epsilon=0");
    CU_ASSERT_FATAL(net_infer(&n));
    net_set(&n, node->input[1], (float[]){ 2, 4 });
    net_set(&n, node->input[2], (float[]){ 100, 10 });
    expect(&n, LIST(1, 3, 7, 5), LIST(98, 14, 102, 6));
}

static void test_standardizing_with_operands_that_are_repeated(void)
{
    Net n = net_new(SHAPE(2, 2));
    const float weight[] = { 2, 4 }, bias[] = { 10 };
    Tensor *inputs[3] = {
        n.last, graph_constant(n.graph, "w", SHAPE(2, 1), weight),
        graph_constant(n.graph, "b", shape_of(0, NULL), bias)
    };
    net_join(&n, OP_STANDARDIZE, "epsilon=0", inputs, 3);
    expect(&n, LIST(1, 3, 7, 5), LIST(8, 12, 14, 6));
}

/* ---- along an axis -------------------------------------------------------------------------------- */

static void test_softmax(void)
{
    const double third = 1.0 / 3, e = exp(1);
    one(OP_SOFTMAX, "", SHAPE(3), LIST(5, 5, 5), LIST(third, third, third));
    one(OP_SOFTMAX, "", SHAPE(2), LIST(1e4, 1e4 - 1),
        LIST(e / (e + 1), 1 / (e + 1)));
    one(OP_SOFTMAX, "axis=0", SHAPE(2, 2), LIST(0, 7, 1, 7),
        LIST(1 / (e + 1), 0.5, e / (e + 1), 0.5));
}

static void test_log_softmax(void)
{
    const double e = exp(1);
    one(OP_LOG_SOFTMAX, "", SHAPE(2), LIST(1e4, 1e4 - 1),
        LIST(1 - log(e + 1), -log(e + 1)));
    one(OP_LOG_SOFTMAX, "axis=0", SHAPE(2, 1), LIST(7, 7),
        LIST(-log(2), -log(2)));
}

static const UnitTest tests[] = {
    UNIT(test_functions_of_one_number),
    UNIT(test_functions_where_they_are_defined),
    UNIT(test_rounding),
    UNIT(test_functions_far_out),
    UNIT(test_functions_of_two_numbers),
    UNIT(test_lists_are_folded_and_repeated_where_they_are_short),
    UNIT(test_dense),
    UNIT(test_dense_of_rows),
    UNIT(test_matmul),
    UNIT(test_batchnorm),
    UNIT(test_normalize),
    UNIT(test_conversion_rounds_to_even_and_clamps),
    UNIT(test_concatenation),
    UNIT(test_padding),
    UNIT(test_upsampling),
    UNIT(test_reshaping_keeps_the_order),
    UNIT(test_softmax),
    UNIT(test_log_softmax),
    UNIT(test_standardizing),
    UNIT(test_standardizing_with_weights),
    UNIT(test_standardizing_with_operands_that_are_repeated),
};
UNIT_MAIN("references", tests)
