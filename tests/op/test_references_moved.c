/*
 * test_references_moved.c - references of what moves, repeats, picks, compares
 * and sums elements.
 */
#include "op/references.h"

/* ---- moving elements --------------------------------------------------------- */

static void test_transposition(void)
{
    one(OP_TRANSPOSE, "perm=[1, 0]", SHAPE(2, 3), LIST(1, 2, 3, 4, 5, 6),
        LIST(1, 4, 2, 5, 3, 6));
    one(OP_TRANSPOSE, "perm=[2, 0, 1]", SHAPE(2, 1, 3), LIST(1, 2, 3, 4, 5, 6),
        LIST(1, 4, 2, 5, 3, 6));
    one(OP_TRANSPOSE, "perm=[1, 0, 2]", SHAPE(2, 2, 2),
        LIST(1, 2, 3, 4, 5, 6, 7, 8), LIST(1, 2, 5, 6, 3, 4, 7, 8));
}

static void test_slices(void)
{
    const double x[] = { 1, 2, 3, 4, 5, 6 };
    one(OP_SLICE, "begin=[1], end=[4]", SHAPE(6), x, LIST(2, 3, 4));
    one(OP_SLICE, "begin=[1], end=[6], step=[3]", SHAPE(6), x, LIST(2, 5));
    one(OP_SLICE, "begin=[-2], end=[99]", SHAPE(6), x, LIST(5, 6));
    one(OP_SLICE, "begin=[-1], end=[-99], step=[-2]", SHAPE(6), x,
        LIST(6, 4, 2));
    one(OP_SLICE, "begin=[99], end=[0], step=[-1]", SHAPE(6), x,
        LIST(6, 5, 4, 3, 2));
    one(OP_SLICE, "begin=[1], end=[2]", SHAPE(2, 3), x, LIST(4, 5, 6));
    one(OP_SLICE, "begin=[0, 2], end=[2, 0], step=[1, -1]", SHAPE(2, 3), x,
        LIST(3, 2, 6, 5));
    one(OP_SLICE, "begin=[1, -99], end=[-9, 1], step=[-1, 5]", SHAPE(2, 3), x,
        LIST(4, 1));
}

static void test_repetition(void)
{
    const double x[] = { 1, 2, 3 };
    one(OP_EXPAND, "shape=[2, 3]", SHAPE(3), x, LIST(1, 2, 3, 1, 2, 3));
    one(OP_EXPAND, "shape=[2]", SHAPE(3, 1), x, LIST(1, 1, 2, 2, 3, 3));
    one(OP_EXPAND, "shape=[1]", SHAPE(3), x, x);
    one(OP_EXPAND, "shape=[2, 1]", shape_of(0, NULL), x, LIST(1, 1));
    one(OP_TILE, "repeats=[2]", SHAPE(3), x, LIST(1, 2, 3, 1, 2, 3));
    one(OP_TILE, "repeats=[1, 2]", SHAPE(3, 1), x, LIST(1, 1, 2, 2, 3, 3));
    one(OP_TILE, "repeats=[2, 2]", SHAPE(2, 2), LIST(1, 2, 3, 4),
        LIST(1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2, 3, 4, 3, 4));
}

/* ---- along an axis ------------------------------------------------------------- */

static void test_argmax_takes_the_first_of_equals(void)
{
    one(OP_ARGMAX, "", SHAPE(4), LIST(1, 7, 7, 0), LIST(1));
    one(OP_ARGMAX, "", SHAPE(2, 3), LIST(3, 2, 1, 1, 2, 3), LIST(0, 2));
    one(OP_ARGMAX, "axis=0", SHAPE(2, 3), LIST(3, 2, 1, 1, 2, 3),
        LIST(0, 0, 1));
}

static void test_argmax_of_other_kinds(void)
{
    const double x[] = { 1, 7, 7, 0, 0, 5 };
    one(OP_ARGMAX, "last=yes", SHAPE(6), x, LIST(2));
    one(OP_ARGMAX, "axis=1, keep=yes, type=i64", SHAPE(2, 3), x, LIST(1, 2));
    one(OP_ARGMIN, "", SHAPE(6), x, LIST(3));
    one(OP_ARGMIN, "last=yes", SHAPE(6), x, LIST(4));
    one(OP_ARGMIN, "axis=0", SHAPE(2, 3), x, LIST(1, 1, 1));
    one(OP_HARDMAX, "", SHAPE(6), x, LIST(0, 1, 0, 0, 0, 0));
    one(OP_HARDMAX, "axis=0", SHAPE(2, 3), x, LIST(1, 1, 1, 0, 0, 0));
}

static void test_running_sums(void)
{
    const double x[] = { 1, 2, 3, 4 };
    one(OP_CUMSUM, "", SHAPE(4), x, LIST(1, 3, 6, 10));
    one(OP_CUMSUM, "exclusive=yes", SHAPE(4), x, LIST(0, 1, 3, 6));
    one(OP_CUMSUM, "reverse=yes", SHAPE(4), x, LIST(10, 9, 7, 4));
    one(OP_CUMSUM, "exclusive=yes, reverse=yes", SHAPE(4), x, LIST(9, 7, 4, 0));
    one(OP_CUMSUM, "axis=0", SHAPE(2, 2), x, LIST(1, 2, 4, 6));
}

/* ---- over some of the dimensions ------------------------------------------------ */

static void test_reductions(void)
{
    const double x[] = { 1, -2, 3, 4, 5, -6 };
    static const struct {
        Op op;
        double rows[2], columns[3], all;
    } rows[] = {
        { OP_REDUCE_SUM, { 2, 3 }, { 5, 3, -3 }, 5 },
        { OP_REDUCE_MEAN, { 2.0 / 3, 1 }, { 2.5, 1.5, -1.5 }, 5.0 / 6 },
        { OP_REDUCE_MAX, { 3, 5 }, { 4, 5, 3 }, 5 },
        { OP_REDUCE_MIN, { -2, -6 }, { 1, -2, -6 }, -6 },
        { OP_REDUCE_PROD, { -6, -120 }, { 4, -10, -18 }, 720 },
        { OP_REDUCE_L1, { 6, 15 }, { 5, 7, 9 }, 21 },
        { OP_REDUCE_SUM_SQUARE, { 14, 77 }, { 17, 29, 45 }, 91 },
        { OP_REDUCE_L2,
          { 3.7416573867739413, 8.774964387392123 },
          { 4.123105625617661, 5.385164807134504, 6.708203932499369 },
          9.539392014169456 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        one(rows[i].op, "axes=[1]", SHAPE(2, 3), x, rows[i].rows);
        one(rows[i].op, "axes=[-2], keep=yes", SHAPE(2, 3), x, rows[i].columns);
        one(rows[i].op, "", SHAPE(2, 3), x, &rows[i].all);
        one(rows[i].op, "axes=[2, 0]", SHAPE(2, 1, 3), x, &rows[i].all);
    }
}

static void test_logarithms_of_sums(void)
{
    const double x[] = { 1, 2, 1e4, 1e4 }, far[] = { -INFINITY, -INFINITY };
    one(OP_REDUCE_LOG_SUM, "axes=[1]", SHAPE(2, 2), x,
        LIST(1.0986122886681098, 9.903487552536127));
    one(OP_REDUCE_LOG_SUM_EXP, "axes=[1]", SHAPE(2, 2), x,
        LIST(2.313261687518223, 10000.693147180559945));
    one(OP_REDUCE_LOG_SUM_EXP, "", SHAPE(2), far, LIST(-INFINITY));
    one(OP_REDUCE_LOG_SUM_EXP, "", SHAPE(2), LIST(INFINITY, 0), LIST(INFINITY));
}

static void test_a_scalar_is_reduced_to_itself(void)
{
    one(OP_REDUCE_SUM, "", shape_of(0, NULL), LIST(3), LIST(3));
    one(OP_REDUCE_MEAN, "keep=yes", shape_of(0, NULL), LIST(3), LIST(3));
}

/* ---- truth values ----------------------------------------------------------------- */

/* The inputs' constants, of one type, compared. */
static void relation(Op op, DType type, const float *a, const float *b,
                     const double *expected)
{
    Net n = net_new(SHAPE(1));
    Tensor *inputs[2] = { graph_constant(n.graph, "a", SHAPE(4), a),
                          graph_constant(n.graph, "b", SHAPE(4), b) };
    inputs[0]->type = inputs[1]->type = type;
    net_join(&n, op, "", inputs, op_info[op].least_inputs);
    CU_ASSERT_FATAL(net_infer(&n));
    CU_ASSERT_EQUAL(n.last->type, DT_BOOL);
    expect(&n, LIST(0), expected);
}

static void test_comparisons(void)
{
    const float a[] = { 1, 2, 3, 0 }, b[] = { 2, 2, 2, -0.0F };
    relation(OP_EQUAL, DT_F32, a, b, LIST(0, 1, 0, 1));
    relation(OP_LESS, DT_F32, a, b, LIST(1, 0, 0, 0));
    relation(OP_LESS_EQUAL, DT_F32, a, b, LIST(1, 1, 0, 1));
    relation(OP_GREATER, DT_F32, a, b, LIST(0, 0, 1, 0));
    relation(OP_GREATER_EQUAL, DT_I64, a, b, LIST(0, 1, 1, 1));
}

static void test_no_comparison_holds_with_nan(void)
{
    static const Op relations[] = { OP_EQUAL, OP_LESS, OP_LESS_EQUAL,
                                    OP_GREATER, OP_GREATER_EQUAL };
    const float a[] = { NAN, 1, NAN, NAN }, b[] = { 1, NAN, NAN, -INFINITY };
    for (size_t i = 0; i < COUNT_OF(relations); i++)
        relation(relations[i], DT_F32, a, b, LIST(0, 0, 0, 0));
}

static void test_logic(void)
{
    const float a[] = { 0, 0, 1, 1 }, b[] = { 0, 1, 0, 1 };
    relation(OP_LOGICAL_AND, DT_BOOL, a, b, LIST(0, 0, 0, 1));
    relation(OP_LOGICAL_OR, DT_BOOL, a, b, LIST(0, 1, 1, 1));
    relation(OP_LOGICAL_XOR, DT_BOOL, a, b, LIST(0, 1, 1, 0));
    relation(OP_LOGICAL_NOT, DT_BOOL, a, b, LIST(1, 1, 0, 0));
}

static void test_choice(void)
{
    Net n = net_new(SHAPE(2, 2));
    const float c[] = { 1, 0 }, b[] = { 9 };
    Tensor *inputs[3] = { graph_constant(n.graph, "c", SHAPE(2), c), n.last,
                          graph_constant(n.graph, "b", SHAPE(1, 1, 1), b) };
    inputs[0]->type = DT_BOOL;
    net_join(&n, OP_WHERE, "", inputs, 3);
    expect(&n, LIST(1, 2, 3, 4), LIST(1, 9, 3, 9));
}

static void test_conversion_of_truth_and_whole_numbers(void)
{
    one(OP_CONVERT, "type=bool", SHAPE(4), LIST(0, -0.0, 0.25, NAN),
        LIST(0, 0, 1, 1));
    one(OP_CONVERT, "type=i64", SHAPE(4), LIST(0.5, -1.5, 1e10, NAN),
        LIST(0, -2, 1e10, -9223372036854775808.0));
}

static void test_casts(void)
{
    const double x[] = { -1.75, 0.5, 300, NAN };
    const float whole[] = { -1, 255, 256, 65537 };
    one(OP_CAST, "type=i32", SHAPE(3), x, LIST(-1, 0, 300));
    one(OP_CAST, "type=u8", SHAPE(3), x, LIST(255, 0, 44));
    one(OP_CAST, "type=bool", SHAPE(4), x, LIST(1, 1, 1, 1));
    Net n = net_new(SHAPE(1));
    Tensor *input = graph_constant(n.graph, "a", SHAPE(4), whole);
    input->type = DT_I64;
    net_join(&n, OP_CAST, "type=u8", &input, 1);
    expect(&n, x, LIST(255, 255, 0, 1));
}

static const UnitTest tests[] = {
    UNIT(test_transposition),
    UNIT(test_slices),
    UNIT(test_repetition),
    UNIT(test_argmax_takes_the_first_of_equals),
    UNIT(test_argmax_of_other_kinds),
    UNIT(test_running_sums),
    UNIT(test_reductions),
    UNIT(test_logarithms_of_sums),
    UNIT(test_a_scalar_is_reduced_to_itself),
    UNIT(test_comparisons),
    UNIT(test_no_comparison_holds_with_nan),
    UNIT(test_logic),
    UNIT(test_choice),
    UNIT(test_conversion_of_truth_and_whole_numbers),
    UNIT(test_casts),
};
UNIT_MAIN("references of moved elements", tests)
