/*
 * test_shapes_moved.c - shape rules of what moves, repeats and picks elements.
 */
#include "op/shapes.h"

static void test_transpositions(void)
{
    static const Row rows[] = {
        { OP_TRANSPOSE, "perm=[]", 0, { 0 }, "[]" },
        { OP_TRANSPOSE, "perm=[0]", 1, { 5 }, "[5]" },
        { OP_TRANSPOSE, "perm=[2, 0, 1]", 3, { 5, 6, 7 }, "[7, 5, 6]" },
        { OP_TRANSPOSE,
          "perm=[7, 6, 5, 4, 3, 2, 1, 0]",
          8,
          { 1, 2, 3, 4, 5, 6, 7, 8 },
          "[8, 7, 6, 5, 4, 3, 2, 1]" },
        { OP_TRANSPOSE,
          "perm=[0, 1]",
          3,
          { 5, 6, 7 },
          "[0, 1] is no order of the 3 dimensions of [5, 6, 7]" },
        { OP_TRANSPOSE,
          "perm=[0, 1, 1]",
          3,
          { 5, 6, 7 },
          "[0, 1, 1] is no order of the 3 dimensions of [5, 6, 7]" },
        { OP_TRANSPOSE,
          "perm=[0, 2]",
          2,
          { 5, 6 },
          "[0, 2] is no order of the 2 dimensions of [5, 6]" },
        { OP_TRANSPOSE,
          "perm=[-1, 0]",
          2,
          { 5, 6 },
          "[-1, 0] is no order of the 2 dimensions of [5, 6]" },
    };
    CHECK(rows);
}

static void test_slices(void)
{
    static const Row rows[] = {
        { OP_SLICE, "begin=[], end=[]", 2, { 5, 6 }, "[5, 6]" },
        { OP_SLICE, "begin=[1], end=[3]", 2, { 5, 6 }, "[2, 6]" },
        { OP_SLICE, "begin=[0, 1], end=[9, -1]", 2, { 5, 6 }, "[5, 4]" },
        { OP_SLICE, "begin=[0], end=[7], step=[3]", 1, { 7 }, "[3]" },
        { OP_SLICE, "begin=[0], end=[6], step=[3]", 1, { 7 }, "[2]" },
        { OP_SLICE,
          "begin=[0], end=[7], step=[9223372036854775807]",
          1,
          { 7 },
          "[1]" },
        { OP_SLICE,
          "begin=[-1], end=[-9223372036854775808], "
          "step=[-9223372036854775808]",
          1,
          { 7 },
          "[1]" },
        { OP_SLICE, "begin=[6], end=[-8], step=[-2]", 1, { 7 }, "[4]" },
        { OP_SLICE, "begin=[9], end=[0], step=[-6]", 1, { 7 }, "[1]" },
        { OP_SLICE,
          "begin=[3], end=[3]",
          1,
          { 7 },
          "'slice' from 3 to 3 leaves nothing of dimension 0 of [7]" },
        { OP_SLICE,
          "begin=[7], end=[9]",
          1,
          { 7 },
          "'slice' from 7 to 9 leaves nothing of dimension 0 of [7]" },
        { OP_SLICE,
          "begin=[0], end=[3], step=[-1]",
          1,
          { 7 },
          "'slice' from 0 to 3 leaves nothing of dimension 0 of [7]" },
        { OP_SLICE,
          "begin=[0, 0], end=[1, 1]",
          1,
          { 7 },
          "'slice' of 2 dimensions, [7] has 1" },
        { OP_SLICE,
          "begin=[0], end=[]",
          1,
          { 7 },
          "'begin' of 'slice' has 1 numbers, 'end' 0" },
        { OP_SLICE,
          "begin=[0], end=[1], step=[1, 1]",
          2,
          { 7, 7 },
          "'begin' of 'slice' has 1 numbers, 'step' 2" },
        { OP_SLICE,
          "begin=[0], end=[1], step=[0]",
          1,
          { 7 },
          "'step' of 'slice' must not be 0" },
    };
    CHECK(rows);
}

/* What inference leaves says the same when it is read again. */
static void test_slices_are_inferred_twice(void)
{
    static const char *const attrs[] = {
        "begin=[-99], end=[99], step=[4]", "begin=[99], end=[-99], step=[-1]",
        "begin=[5], end=[-99], step=[-5]", "begin=[-1], end=[-99], step=[-6]",
        "begin=[0], end=[-99], step=[-1]", "begin=[2], end=[3], step=[2]",
    };
    for (size_t i = 0; i < COUNT_OF(attrs); i++) {
        Net n = net_new(SHAPE(7));
        Node *node = net_add(&n, OP_SLICE, attrs[i]);
        CU_ASSERT_FATAL(net_infer(&n));
        const SliceAttrs first = *node_attrs(node, SliceAttrs);
        const Shape shape = n.last->shape;
        CU_ASSERT(graph_infer(n.graph));
        CU_ASSERT(shape_equal(&shape, &n.last->shape));
        CU_ASSERT_EQUAL(memcmp(&first, node->attrs, sizeof first), 0);
        net_free(&n);
    }
}

static void test_reductions(void)
{
    static const Row rows[] = {
        { OP_REDUCE_SUM, "", 3, { 5, 6, 7 }, "[]" },
        { OP_REDUCE_SUM, "keep=yes", 3, { 5, 6, 7 }, "[1, 1, 1]" },
        { OP_REDUCE_SUM, "axes=[-1, 0]", 3, { 5, 6, 7 }, "[6]" },
        { OP_REDUCE_MAX, "axes=[1], keep=yes", 3, { 5, 6, 7 }, "[5, 1, 7]" },
        { OP_REDUCE_L2,
          "axes=[3]",
          3,
          { 5, 6, 7 },
          "axis 3 of 'reduce_l2' is not a dimension of [5, 6, 7]" },
        { OP_REDUCE_L2,
          "axes=[-4]",
          3,
          { 5, 6, 7 },
          "axis -4 of 'reduce_l2' is not a dimension of [5, 6, 7]" },
        { OP_REDUCE_L2,
          "axes=[2, -1]",
          3,
          { 5, 6, 7 },
          "axis 2 stands twice in the axes of 'reduce_l2'" },
    };
    CHECK(rows);
}

static void test_repetitions(void)
{
    static const Row rows[] = {
        { OP_EXPAND,
          "shape=[4, 5, 1]",
          3,
          { 5, 1, 3 },
          "'expand' cannot "
          "repeat [5, 1, 3] to [4, 5, 1]" },
        { OP_EXPAND, "shape=[2, 1, 4, 1]", 3, { 5, 1, 3 }, "[2, 5, 4, 3]" },
        { OP_EXPAND, "shape=[]", 2, { 5, 1 }, "[5, 1]" },
        { OP_EXPAND,
          "shape=[0]",
          1,
          { 1 },
          "'shape' of 'expand' must be at least 1, got 0" },
        { OP_EXPAND,
          "shape=[1, 1, 1, 1, 1, 1, 1, 1, 1]",
          1,
          { 1 },
          "'expand' to 9 dimensions, at most 8 are possible" },
        { OP_EXPAND,
          "shape=[1073741824, 1073741824]",
          1,
          { 1 },
          "the output of 'expand' is too large: [1073741824, 1073741824]" },
        { OP_TILE, "repeats=[2, 3]", 2, { 5, 6 }, "[10, 18]" },
        { OP_TILE,
          "repeats=[2]",
          2,
          { 5, 6 },
          "'repeats' of 'tile' has 1 numbers, [5, 6] has 2 dimensions" },
        { OP_TILE,
          "repeats=[0]",
          1,
          { 5 },
          "'repeats' of 'tile' must be at least 1, got 0" },
        { OP_TILE,
          "repeats=[1073741824, 1073741824]",
          2,
          { 2, 2 },
          "the output of 'tile' is too large: [2147483648, 2147483648]" },
    };
    CHECK(rows);
}

static void test_places(void)
{
    static const Row rows[] = {
        { OP_ARGMAX, "axis=1, keep=yes", 3, { 5, 6, 7 }, "[5, 1, 7]" },
        { OP_ARGMIN, "axis=0", 3, { 5, 6, 7 }, "[6, 7]" },
        { OP_ARGMIN, "type=u8", 1, { 5 }, "an index is i32 or i64, not u8" },
        { OP_HARDMAX, "axis=0", 2, { 5, 6 }, "[5, 6]" },
        { OP_CUMSUM, "axis=-2", 2, { 5, 6 }, "[5, 6]" },
        { OP_CUMSUM,
          "axis=2",
          2,
          { 5, 6 },
          "axis 2 of 'cumsum' is not a dimension of [5, 6]" },
        { OP_LOGICAL_NOT,
          "",
          1,
          { 5 },
          "'logical_not' needs bool elements, 'x' has f32" },
    };
    CHECK(rows);
}

/* ---- products ------------------------------------------------------------------ */

static void check_product(Shape a, Shape b, const char *expected)
{
    Net n = net_new(a);
    Tensor *inputs[] = { n.last, net_input(&n, "y", b) };
    net_join(&n, OP_MATMUL, "", inputs, 2);
    capture_start(DIAG_PLAIN);
    const bool good = net_infer(&n);
    char *text = capture_end();
    if (good)
        CU_ASSERT_STRING_EQUAL(shape_show(&n.last->shape), expected);
    if (!good)
        CU_ASSERT_PTR_NOT_NULL(strstr(text, expected));
    free(text);
    net_free(&n);
}

static void test_products(void)
{
    check_product(SHAPE(2, 3), SHAPE(3, 4), "[2, 4]");
    check_product(SHAPE(3), SHAPE(3), "[]");
    check_product(SHAPE(3), SHAPE(3, 4), "[4]");
    check_product(SHAPE(2, 3), SHAPE(3), "[2]");
    check_product(SHAPE(3), SHAPE(5, 3, 4), "[5, 4]");
    check_product(SHAPE(5, 2, 3), SHAPE(3), "[5, 2]");
    check_product(SHAPE(5, 2, 3), SHAPE(3, 4), "[5, 2, 4]");
    check_product(SHAPE(7, 1, 2, 3), SHAPE(5, 3, 4), "[7, 5, 2, 4]");
    check_product(SHAPE(2, 3), SHAPE(2, 3),
                  "'matmul' cannot multiply [2, 3] and [2, 3]");
    check_product(SHAPE(5, 2, 3), SHAPE(4, 3, 2),
                  "'matmul' cannot multiply [5, 2, 3] and [4, 3, 2]");
    check_product(SHAPE(2, 3), shape_of(0, NULL),
                  "'matmul' cannot multiply [2, 3] and []");
}

static const UnitTest tests[] = {
    UNIT(test_transpositions),
    UNIT(test_slices),
    UNIT(test_slices_are_inferred_twice),
    UNIT(test_reductions),
    UNIT(test_repetitions),
    UNIT(test_places),
    UNIT(test_products),
};
UNIT_MAIN("shapes of moved elements", tests)
