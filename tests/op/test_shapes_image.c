/*
 * test_shapes_image.c - shape rules of layers that make images of other sizes.
 */
#include "op/shapes.h"

static void test_transposed_convolutions(void)
{
    static const Row rows[] = {
        { OP_CONV_TRANSPOSE,
          "filters=6, kernel=2, stride=2",
          3,
          { 5, 7, 3 },
          "[10, 14, 6]" },
        { OP_CONV_TRANSPOSE,
          "filters=6, kernel=3, stride=2, pad=1, output_padding=1x0",
          3,
          { 5, 7, 3 },
          "[10, 13, 6]" },
        { OP_CONV_TRANSPOSE,
          "filters=6, kernel=3x1, stride=3, pad=same, dilation=2",
          3,
          { 5, 7, 3 },
          "[15, 21, 6]" },
        { OP_CONV_TRANSPOSE,
          "filters=6, kernel=3, pad=[1, 0, 6, 0]",
          3,
          { 5, 7, 3 },
          "'conv_transpose' has nothing left within its padding" },
        { OP_CONV_TRANSPOSE,
          "filters=6, kernel=3, stride=1025",
          3,
          { 5, 7, 3 },
          "'stride' of 'conv_transpose' is at most 1024" },
        { OP_CONV_TRANSPOSE,
          "filters=6, kernel=9, stride=9, dilation=2",
          3,
          { 5, 7, 3 },
          "'conv_transpose' with stride 9x9 and dilation 2x2 has too many "
          "kinds of pixels" },
        { OP_CONV_TRANSPOSE,
          "filters=6, kernel=3, output_padding=-1",
          3,
          { 5, 7, 3 },
          "'output_padding' of 'conv_transpose' must be at least 0, got -1" },
    };
    CHECK(rows);
}

static void test_resized_images(void)
{
    static const Row rows[] = {
        { OP_RESIZE, "size=9", 3, { 5, 7, 3 }, "[9, 9, 3]" },
        { OP_RESIZE,
          "size=1x20, mode=cubic",
          4,
          { 2, 5, 7, 3 },
          "[2, 1, 20, 3]" },
        { OP_RESIZE,
          "size=9, mode=bilinear",
          3,
          { 5, 7, 3 },
          "'mode' of 'resize' is 'nearest', 'linear' or 'cubic', not "
          "'bilinear'" },
        { OP_RESIZE,
          "size=9, scale=[1, 2, 3]",
          3,
          { 5, 7, 3 },
          "'scale' of 'resize' needs 2 numbers, got 3" },
        { OP_RESIZE,
          "size=9, scale=[2, -1]",
          3,
          { 5, 7, 3 },
          "'scale' of 'resize' must not be negative, got -1" },
        { OP_RESIZE,
          "size=9, crop=[0, 0.5, 1, 0.25]",
          3,
          { 5, 7, 3 },
          "'crop' of 'resize' ends before it begins: 0.5 to 0.25" },
        { OP_RESIZE,
          "size=2000000x1",
          3,
          { 5, 7, 3 },
          "'resize' from 5 to 2000000 pixels is too large" },
        { OP_RESIZE,
          "size=9, scale=[1e-9, 1], antialias=yes",
          3,
          { 5, 7, 3 },
          "'resize' from 5 to 9 pixels is too large" },
    };
    CHECK(rows);
}

static void test_blocks_of_pixels(void)
{
    static const Row rows[] = {
        { OP_DEPTH_TO_SPACE, "block=2", 3, { 5, 7, 12 }, "[10, 14, 3]" },
        { OP_DEPTH_TO_SPACE,
          "block=3x2, order=crd",
          4,
          { 2, 5, 7, 12 },
          "[2, 15, 14, 2]" },
        { OP_SPACE_TO_DEPTH, "block=5x7", 3, { 5, 7, 2 }, "[1, 1, 70]" },
        { OP_DEPTH_TO_SPACE,
          "block=2",
          3,
          { 5, 7, 6 },
          "'block' 2x2 does not divide 6 channels" },
        { OP_SPACE_TO_DEPTH,
          "block=2",
          3,
          { 6, 7, 6 },
          "'block' 2x2 does not divide an image of 6x7" },
        { OP_DEPTH_TO_SPACE,
          "block=2, order=abc",
          3,
          { 5, 7, 4 },
          "'order' of 'depth_to_space' is 'dcr' or 'crd', not 'abc'" },
        { OP_LRN, "size=5", 3, { 5, 7, 3 }, "[5, 7, 3]" },
        { OP_LRN,
          "size=3, bias=0",
          3,
          { 5, 7, 3 },
          "'lrn' needs a positive bias and no negative alpha, got 0 and "
          "0.0001" },
        { OP_LRN,
          "size=0",
          3,
          { 5, 7, 3 },
          "'size' of 'lrn' must be at least 1, got 0" },
    };
    CHECK(rows);
}

static void test_windows_over_a_batch(void)
{
    static const Row rows[] = {
        { OP_CONV,
          "filters=6, kernel=5x3",
          4,
          { 2, 28, 28, 1 },
          "[2, 24, 26, 6]" },
        { OP_LPPOOL, "kernel=7", 4, { 3, 7, 9, 5 }, "[3, 1, 1, 5]" },
        { OP_PAD, "pad=1x2", 4, { 3, 7, 9, 5 }, "[3, 9, 13, 5]" },
        { OP_UPSAMPLE, "scale=2x3", 4, { 3, 7, 9, 5 }, "[3, 14, 27, 5]" },
        { OP_MAXPOOL,
          "kernel=8",
          4,
          { 9, 7, 9, 1 },
          "'maxpool' kernel 8x8 is larger than its padded input "
          "[9, 7, 9, 1]" },
    };
    CHECK(rows);
}

static const UnitTest tests[] = {
    UNIT(test_transposed_convolutions),
    UNIT(test_resized_images),
    UNIT(test_windows_over_a_batch),
    UNIT(test_blocks_of_pixels),
};
UNIT_MAIN("shapes of images", tests)
