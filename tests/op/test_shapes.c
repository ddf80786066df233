/*
 * test_shapes.c - shape rules at their limits, and the messages beyond them.
 */
#include "op/shapes.h"

static void test_windows(void)
{
    static const Row rows[] = {
        { OP_CONV, "filters=6, kernel=5x5", 3, { 28, 28, 1 }, "[24, 24, 6]" },
        { OP_CONV, "filters=6, kernel=5", 3, { 5, 5, 3 }, "[1, 1, 6]" },
        { OP_CONV, "filters=6, kernel=1x7", 3, { 5, 7, 3 }, "[5, 1, 6]" },
        { OP_CONV,
          "filters=6, kernel=5x5, pad=1",
          3,
          { 3, 3, 8 },
          "[1, 1, 6]" },
        { OP_CONV,
          "filters=2, kernel=2, stride=5",
          3,
          { 9, 10, 1 },
          "[2, 2, 2]" },
        { OP_CONV,
          "filters=2, kernel=2, stride=5x1",
          3,
          { 6, 7, 1 },
          "[1, 6, 2]" },
        { OP_CONV,
          "filters=2, kernel=3, dilation=2",
          3,
          { 5, 6, 1 },
          "[1, 2, 2]" },
        { OP_CONV,
          "filters=2, kernel=3, dilation=4x1, pad=[2, 0, 2, 0]",
          3,
          { 5, 3, 1 },
          "[1, 1, 2]" },
        { OP_CONV,
          "filters=2, kernel=3, pad=1x0",
          3,
          { 4, 4, 1 },
          "[4, 2, 2]" },
        { OP_CONV,
          "filters=2, kernel=3, pad=[0, 1, 2, 3]",
          3,
          { 4, 4, 1 },
          "[4, 6, 2]" },
        { OP_MAXPOOL, "kernel=2", 3, { 5, 4, 3 }, "[2, 2, 3]" },
        { OP_MAXPOOL, "kernel=2x3", 3, { 4, 9, 3 }, "[2, 3, 3]" },
        { OP_MAXPOOL,
          "kernel=3, stride=2, pad=1",
          3,
          { 112, 112, 1 },
          "[56, 56, 1]" },
        { OP_AVGPOOL,
          "kernel=3, stride=1, pad=same",
          3,
          { 7, 8, 1 },
          "[7, 8, 1]" },
        { OP_AVGPOOL, "kernel=7", 3, { 7, 7, 512 }, "[1, 1, 512]" },
    };
    CHECK(rows);
}

static void test_same_gives_ceil_of_in_by_stride(void)
{
    static const Row rows[] = {
        { OP_CONV,
          "filters=1, kernel=3, pad=same",
          3,
          { 7, 1, 1 },
          "[7, 1, 1]" },
        { OP_CONV,
          "filters=1, kernel=4, stride=2, pad=same",
          3,
          { 7, 8, 1 },
          "[4, 4, 1]" },
        { OP_CONV,
          "filters=1, kernel=1, stride=3, pad=same",
          3,
          { 7, 9, 1 },
          "[3, 3, 1]" },
        { OP_CONV,
          "filters=1, kernel=3, dilation=5, pad=same",
          3,
          { 2, 9, 1 },
          "[2, 9, 1]" },
        { OP_MAXPOOL,
          "kernel=2, stride=3, pad=same",
          3,
          { 7, 8, 1 },
          "[3, 3, 1]" },
    };
    CHECK(rows);
}

static void test_ceil_mode_adds_a_window_that_begins_inside(void)
{
    static const Row rows[] = {
        { OP_MAXPOOL, "kernel=2, ceil_mode=yes", 3, { 5, 4, 1 }, "[3, 2, 1]" },
        { OP_MAXPOOL,
          "kernel=3, stride=2, ceil_mode=yes",
          3,
          { 6, 7, 1 },
          "[3, 3, 1]" },
        /* the third window would begin in the padding at the end */
        { OP_MAXPOOL,
          "kernel=2, stride=2, pad=1, ceil_mode=yes",
          3,
          { 3, 2, 1 },
          "[2, 2, 1]" },
        { OP_AVGPOOL,
          "kernel=1, stride=4, ceil_mode=yes",
          3,
          { 5, 6, 1 },
          "[2, 2, 1]" },
        { OP_AVGPOOL,
          "kernel=1, stride=4, ceil_mode=yes",
          3,
          { 4, 3, 1 },
          "[1, 1, 1]" },
    };
    CHECK(rows);
}

static void test_windows_that_do_not_fit(void)
{
    static const Row rows[] = {
        { OP_CONV,
          "filters=6, kernel=5x5",
          3,
          { 3, 3, 8 },
          "'conv' kernel 5x5 is larger than its padded input [3, 3, 8]" },
        { OP_CONV,
          "filters=6, kernel=6, pad=1",
          3,
          { 3, 9, 8 },
          "'conv' kernel 6x6 is larger than its padded input [5, 11, 8]" },
        { OP_CONV,
          "filters=6, kernel=3, dilation=3",
          3,
          { 7, 6, 8 },
          "'conv' kernel 3x3 with dilation 3x3 (7x7) is larger than its padded "
          "input [7, 6, 8]" },
        { OP_MAXPOOL,
          "kernel=2x8",
          3,
          { 7, 7, 1 },
          "'maxpool' kernel 2x8 is larger than its padded input [7, 7, 1]" },
        { OP_MAXPOOL,
          "kernel=8, ceil_mode=yes",
          3,
          { 7, 7, 1 },
          "'maxpool' kernel 8x8 is larger than its padded input [7, 7, 1]" },
        { OP_MAXPOOL,
          "kernel=2, pad=2",
          3,
          { 7, 7, 1 },
          "padding 2 of 'maxpool' must be smaller than its kernel, 2x2" },
        { OP_MAXPOOL,
          "kernel=2, pad=1, dilation=3x1",
          3,
          { 2, 7, 1 },
          "'maxpool' has windows with no pixel of the image" },
        { OP_CONV,
          "filters=6, kernel=0",
          3,
          { 7, 7, 1 },
          "'kernel' of 'conv' must be at least 1, got 0" },
        { OP_CONV,
          "filters=0, kernel=1",
          3,
          { 7, 7, 1 },
          "'filters' of 'conv' must be at least 1, got 0" },
        { OP_CONV,
          "filters=1, kernel=1, stride=0x1",
          3,
          { 7, 7, 1 },
          "'stride' of 'conv' must be at least 1, got 0" },
        { OP_CONV,
          "filters=1, kernel=1, pad=-1",
          3,
          { 7, 7, 1 },
          "'pad' of 'conv' must be at least 0, got -1" },
        { OP_CONV,
          "filters=1, kernel=3x3x3",
          3,
          { 7, 7, 1 },
          "'kernel' of 'conv' needs 1 or 2 numbers, got 3" },
        { OP_CONV,
          "filters=1, kernel=3, pad=[1, 2, 3]",
          3,
          { 7, 7, 1 },
          "'pad' of 'conv' needs 1, 2 or 4 numbers, got 3" },
        { OP_CONV,
          "filters=1, kernel=3",
          2,
          { 7, 7 },
          "'conv' needs an image [height, width, channels], got [7, 7]" },
    };
    CHECK(rows);
}

static void test_groups(void)
{
    static const Row rows[] = {
        { OP_CONV,
          "filters=32, kernel=3, groups=16",
          3,
          { 3, 3, 16 },
          "[1, 1, 32]" },
        { OP_CONV,
          "filters=32, kernel=3, groups=3",
          3,
          { 3, 3, 16 },
          "groups=3 does not divide 16 input channels" },
        { OP_CONV,
          "filters=12, kernel=3, groups=8",
          3,
          { 3, 3, 16 },
          "groups=8 does not divide 12 filters" },
        { OP_CONV,
          "filters=12, kernel=3, groups=0",
          3,
          { 3, 3, 16 },
          "'groups' of 'conv' must be at least 1, got 0" },
    };
    CHECK(rows);
}

static void test_sizes_that_overflow(void)
{
    static const Row rows[] = {
        { OP_CONV,
          "filters=1, kernel=9223372036854775807",
          3,
          { 7, 7, 1 },
          "'kernel' of 'conv' is too large: 9223372036854775807" },
        { OP_CONV,
          "filters=1, kernel=1073741824, dilation=1073741824, stride=1, "
          "pad=1073741824",
          3,
          { 7, 7, 1 },
          "'conv' kernel 1073741824x1073741824 with dilation "
          "1073741824x1073741824 (1152921503533105153x1152921503533105153) is "
          "larger than its padded input [2147483655, 2147483655, 1]" },
        { OP_CONV,
          "filters=1073741824, kernel=1",
          3,
          { 1024, 2, 1 },
          "the output of 'conv' is too large: [1024, 2, 1073741824]" },
        { OP_CONV,
          "filters=1073741824, kernel=32",
          3,
          { 32, 32, 2 },
          "the weight [32, 32, 2, 1073741824] of 'conv' is too large" },
        { OP_DENSE,
          "units=1073741824",
          1,
          { 1025 },
          "the weight [1025, 1073741824] of 'dense' is too large" },
        { OP_UPSAMPLE,
          "scale=1073741824",
          3,
          { 2, 2, 1 },
          "the output of 'upsample' is too large: [2147483648, 2147483648, "
          "1]" },
        { OP_PAD,
          "pad=1073741824",
          3,
          { 2, 2, 1 },
          "the output of 'pad' is too large: [2147483650, 2147483650, 1]" },
        { OP_RESHAPE,
          "shape=[4294967296, 4294967296]",
          1,
          { 4 },
          "4294967296 is no dimension of a shape" },
    };
    CHECK(rows);
}

static void test_layers(void)
{
    static const Row rows[] = {
        { OP_DENSE, "units=10", 1, { 84 }, "[10]" },
        { OP_DENSE, "units=10", 3, { 4, 4, 16 }, "[4, 4, 10]" },
        { OP_DENSE,
          "units=10",
          0,
          { 0 },
          "'dense' needs at least one dimension, got a scalar" },
        { OP_GLOBAL_AVGPOOL, "", 3, { 7, 7, 64 }, "[64]" },
        { OP_GLOBAL_MAXPOOL, "", 2, { 7, 64 }, "[64]" },
        { OP_GLOBAL_MAXPOOL, "", 4, { 2, 7, 5, 64 }, "[2, 64]" },
        { OP_GLOBAL_AVGPOOL,
          "",
          1,
          { 7 },
          "'global_avgpool' needs pixels and channels, got [7]" },
        { OP_BATCHNORM, "", 3, { 7, 7, 64 }, "[7, 7, 64]" },
        { OP_BATCHNORM,
          "epsilon=-1",
          1,
          { 7 },
          "'epsilon' of 'batchnorm' must be at least 0, got -1" },
        { OP_NORMALIZE,
          "mean=[1, 2, 3], std=0.5",
          3,
          { 7, 7, 3 },
          "[7, 7, 3]" },
        { OP_NORMALIZE,
          "mean=[1, 2], std=0.5",
          3,
          { 7, 7, 3 },
          "'mean' has 2 numbers for 3 channels" },
        { OP_NORMALIZE,
          "mean=0, std=[1, 0, 1]",
          3,
          { 7, 7, 3 },
          "'normalize' cannot divide by 0" },
        { OP_STANDARDIZE, "", 2, { 5, 6 }, "[5, 6]" },
        { OP_STANDARDIZE, "axes=[1, 0]", 2, { 5, 6 }, "[5, 6]" },
        { OP_STANDARDIZE,
          "axes=[2]",
          2,
          { 5, 6 },
          "axis 2 of 'standardize' is not a dimension of [5, 6]" },
        { OP_STANDARDIZE,
          "axes=[0, -2]",
          2,
          { 5, 6 },
          "axis 0 stands twice in the axes of 'standardize'" },
        { OP_STANDARDIZE,
          "epsilon=-1",
          2,
          { 5, 6 },
          "'epsilon' of 'standardize' must be at least 0, got -1" },
        { OP_DROPOUT,
          "rate=1",
          1,
          { 7 },
          "'rate' of 'dropout' must be at least 0 and below 1, got 1" },
        { OP_CONVERT,
          "type=f16",
          1,
          { 7 },
          "'convert' cannot make f16 of f32" },
        { OP_CONVERT,
          "scale=0",
          1,
          { 7 },
          "'scale' of 'convert' must be a finite number other than 0, got 0" },
    };
    CHECK(rows);
}

static void test_moving_and_reducing(void)
{
    static const Row rows[] = {
        { OP_PAD, "pad=[1, 2, 3, 4]", 3, { 5, 5, 2 }, "[9, 11, 2]" },
        { OP_PAD,
          "pad=same",
          3,
          { 5, 5, 2 },
          "'pad' needs sizes: 'same' depends on a kernel" },
        { OP_FLATTEN, "", 3, { 5, 5, 16 }, "[400]" },
        { OP_RESHAPE, "shape=[20, -1]", 3, { 5, 5, 16 }, "[20, 20]" },
        { OP_RESHAPE, "shape=[]", 1, { 1 }, "[]" },
        { OP_RESHAPE,
          "shape=[3, -1]",
          3,
          { 5, 5, 16 },
          "'reshape' to [3, -1] does not fit 400 elements of [5, 5, 16]" },
        { OP_RESHAPE,
          "shape=[-1, -1]",
          1,
          { 4 },
          "'reshape' can find only one dimension, -1 stands for two" },
        { OP_RESHAPE,
          "shape=[2, 0]",
          1,
          { 4 },
          "0 is no dimension of a shape" },
        { OP_RESHAPE,
          "shape=[1, 1, 1, 1, 1, 1, 1, 1, 1]",
          1,
          { 1 },
          "'reshape' to 9 dimensions, at most 8 are possible" },
        { OP_UPSAMPLE, "scale=2x3", 3, { 5, 5, 2 }, "[10, 15, 2]" },
        { OP_SOFTMAX, "axis=0", 2, { 5, 6 }, "[5, 6]" },
        { OP_SOFTMAX,
          "axis=2",
          2,
          { 5, 6 },
          "axis 2 of 'softmax' is not a dimension of [5, 6]" },
        { OP_ARGMAX, "", 1, { 10 }, "[]" },
        { OP_ARGMAX, "axis=-2", 3, { 5, 6, 7 }, "[5, 7]" },
        { OP_ARGMAX,
          "axis=-4",
          3,
          { 5, 6, 7 },
          "axis -4 of 'argmax' is not a dimension of [5, 6, 7]" },
    };
    CHECK(rows);
}

/* ---- several inputs ------------------------------------------------------------- */

static char *joined(Op op, const char *attrs, const Shape *shapes, int count)
{
    Tensor *inputs[8];
    Net n = net_new(shapes[0]);
    Text result = { 0 };
    char *text;
    inputs[0] = n.last;
    for (int i = 1; i < count; i++)
        inputs[i] = net_input(&n, "b", shapes[i]);
    net_join(&n, op, attrs, inputs, count);
    capture_start(DIAG_PLAIN);
    if (net_infer(&n))
        shape_text(&result, &n.last->shape);
    text = capture_end();
    text_add(&result, text);
    free(text);
    text = strdup(text_get(&result));
    text_free(&result);
    net_free(&n);
    return text;
}

#define JOINED(op, attrs, expected, ...)                                       \
    do {                                                                       \
        const Shape shapes[] = { __VA_ARGS__ };                                \
        char *text = joined(op, attrs, shapes, (int)COUNT_OF(shapes));         \
        CU_ASSERT_STRING_EQUAL(text, expected);                                \
        free(text);                                                            \
    } while (0)

static void test_broadcasting(void)
{
    JOINED(OP_ADD, "", "[4, 5, 6]", SHAPE(4, 5, 6), SHAPE(4, 5, 6));
    JOINED(OP_ADD, "", "[4, 5, 6]", SHAPE(4, 5, 6), SHAPE(6));
    JOINED(OP_MUL, "", "[4, 5, 6]", SHAPE(6), SHAPE(4, 5, 1));
    JOINED(OP_SUB, "", "[4, 5, 6]", SHAPE(4, 1, 6), SHAPE(5, 1));
    JOINED(OP_MAX, "", "[4, 5, 6]", SHAPE(1), SHAPE(4, 1, 1), SHAPE(5, 1),
           SHAPE(6));
    JOINED(OP_DIV, "",
           "cnnc: error: 'div' needs equal shapes, got [4, 5, 6] and [5]\n"
           "cnnc: note: 'x' is [4, 5, 6]\n"
           "cnnc: note: 'b' is [5]\n",
           SHAPE(4, 5, 6), SHAPE(5));
    JOINED(OP_SUB, "", "cnnc: error: 'sub' takes 2 inputs, got 3\n", SHAPE(4),
           SHAPE(4), SHAPE(4));
    JOINED(OP_MIN, "", "cnnc: error: 'min' takes at least 2 inputs, got 1\n",
           SHAPE(4));
    JOINED(OP_ADD, "",
           "cnnc: error: the output of 'add' is too large: "
           "[1073741824, 1073741824]\n"
           "cnnc: note: 'x' is [1073741824, 1]\n"
           "cnnc: note: 'b' is [1073741824]\n",
           SHAPE(1073741824, 1), SHAPE(1073741824));
}

static void test_concatenation(void)
{
    JOINED(OP_CONCAT, "", "[7, 7, 100]", SHAPE(7, 7, 64), SHAPE(7, 7, 32),
           SHAPE(7, 7, 4));
    JOINED(OP_CONCAT, "axis=0", "[9, 7, 4]", SHAPE(7, 7, 4), SHAPE(2, 7, 4));
    JOINED(OP_CONCAT, "",
           "cnnc: error: 'concat' along axis 2 needs shapes that are equal "
           "elsewhere, got [7, 7, 4] and [7, 6, 4]\n"
           "cnnc: note: 'x' is [7, 7, 4]\n"
           "cnnc: note: 'b' is [7, 6, 4]\n",
           SHAPE(7, 7, 4), SHAPE(7, 6, 4));
    JOINED(OP_CONCAT, "",
           "cnnc: error: 'concat' along axis 0 needs shapes that are equal "
           "elsewhere, got [7] and [7, 6]\n"
           "cnnc: note: 'x' is [7]\n"
           "cnnc: note: 'b' is [7, 6]\n",
           SHAPE(7), SHAPE(7, 6));
}

static void test_bytes_need_a_scale(void)
{
    Net n = net_new(SHAPE(4, 4, 3));
    n.last->type = DT_U8;
    net_add(&n, OP_RELU, "");
    capture_start(DIAG_PLAIN);
    CU_ASSERT_FALSE(net_infer(&n));
    CU_ASSERT(capture_is("cnnc: error: 'relu' needs f32 elements, 'x' has u8\n"
                         "hint: a scale makes numbers of bytes: input NAME : "
                         "u8[...] / 255\n"));
    net_free(&n);
}

static const UnitTest tests[] = {
    UNIT(test_windows),
    UNIT(test_same_gives_ceil_of_in_by_stride),
    UNIT(test_ceil_mode_adds_a_window_that_begins_inside),
    UNIT(test_windows_that_do_not_fit),
    UNIT(test_groups),
    UNIT(test_sizes_that_overflow),
    UNIT(test_layers),
    UNIT(test_moving_and_reducing),
    UNIT(test_broadcasting),
    UNIT(test_concatenation),
    UNIT(test_bytes_need_a_scale),
};
UNIT_MAIN("shape rules", tests)
