/*
 * test_input.c - a network's input from an image or an array, by content.
 */
#include "bytes.h"

static void test_an_image_is_fitted(void)
{
    const char *path = scratch_path("io_input.pgm");
    const int64_t dim[3] = { 1, 2, 1 }, wide[3] = { 2, 4, 3 };
    Bytes b = { { 0 }, 0 };
    CnncFit fit = { .resize = CNNC_RESIZE_NEAREST };
    uint8_t out[24];
    float real[2];
    put_text(&b, "P2 2 1 255 51 255");
    save(path, &b);
    CU_ASSERT(cnnc_input_read(path, CNNC_U8, 3, dim, NULL, out, NULL));
    CU_ASSERT(out[0] == 51 && out[1] == 255);
    CU_ASSERT(cnnc_input_read(path, CNNC_F32, 2, dim, NULL, real, NULL));
    CU_ASSERT(real[0] == 0.2f && real[1] == 1.0f);
    CU_ASSERT(cnnc_input_read(path, CNNC_U8, 3, wide, &fit, out, NULL));
    CU_ASSERT(out[0] == 51 && out[23] == 255);
    remove(path);
}

static void test_an_image_is_turned_where_its_channels_come_first(void)
{
    static const uint8_t planes[] = { 1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12 };
    const char *path = scratch_path("io_planes.ppm");
    const int64_t dim[3] = { 3, 1, 4 }, grey[3] = { 1, 1, 4 };
    Bytes b = { { 0 }, 0 };
    uint8_t out[12];
    float real[12];
    put_text(&b, "P3 4 1 255 1 2 3 4 5 6 7 8 9 10 11 12");
    save(path, &b);
    CU_ASSERT(cnnc_input_read(path, CNNC_U8, 3, dim, NULL, out, NULL));
    CU_ASSERT_EQUAL(memcmp(out, planes, sizeof planes), 0);
    CU_ASSERT(cnnc_input_read(path, CNNC_F32, 3, dim, NULL, real, NULL));
    CU_ASSERT(real[1] == 4 / 255.0f && real[11] == 12 / 255.0f);
    CU_ASSERT(cnnc_input_read(path, CNNC_U8, 3, grey, NULL, out, NULL));
    CU_ASSERT(out[0] == 2 && out[3] == 11);
    remove(path);
}

static void test_an_array_is_taken_as_it_is(void)
{
    const char *path = scratch_path("io_input.npy");
    const int64_t dim[3] = { 2, 1, 3 }, other[2] = { 3, 2 };
    float values[6] = { 0, 1, 2, 3, 4, 255 }, real[6];
    uint8_t out[6];
    CnncArray array = { CNNC_F32, 3, { 1, 2, 3 }, 6, 24, values };
    CnncError error;
    CU_ASSERT(cnnc_npy_write(path, &array, &error));
    CU_ASSERT(cnnc_input_read(path, CNNC_F32, 3, dim, NULL, real, &error));
    CU_ASSERT_EQUAL(memcmp(real, values, sizeof values), 0);
    CU_ASSERT(cnnc_input_read(path, CNNC_U8, 3, dim, NULL, out, &error));
    CU_ASSERT(out[1] == 1 && out[5] == 255);
    CU_ASSERT_FALSE(
        cnnc_input_read(path, CNNC_F32, 2, other, NULL, real, &error));
    CU_ASSERT_EQUAL(error.status, CNNC_ERROR_SHAPE);
    CU_ASSERT_STRING_EQUAL(error.message,
                           "the array is [1, 2, 3], [3, 2] is needed");
    values[3] = 0.5f;
    CU_ASSERT(cnnc_npy_write(path, &array, &error));
    CU_ASSERT_FALSE(cnnc_input_read(path, CNNC_U8, 3, dim, NULL, out, &error));
    CU_ASSERT_STRING_EQUAL(error.path, path);
    CU_ASSERT_STRING_EQUAL(error.message, "element 3 is 0.5, not a whole "
                                          "number from 0 to 255");
    remove(path);
}

static void test_what_no_image_can_be(void)
{
    const char *path = scratch_path("io_input2.pgm");
    const int64_t one[1] = { 2 }, five[3] = { 2, 1, 5 };
    Bytes b = { { 0 }, 0 };
    uint8_t out[10];
    CnncError error;
    put_text(&b, "P2 2 1 255 51 255");
    save(path, &b);
    CU_ASSERT_FALSE(cnnc_input_read(path, CNNC_U8, 1, one, NULL, out, &error));
    CU_ASSERT_STRING_EQUAL(error.message,
                           "an image is no input of 1 dimensions");
    CU_ASSERT_FALSE(cnnc_input_read(path, CNNC_U8, 3, five, NULL, out, &error));
    CU_ASSERT_STRING_EQUAL(error.message,
                           "an image becomes 1 or 3 channels, not 5");
    CU_ASSERT_FALSE(cnnc_input_read(path, CNNC_I32, 3, five, NULL, out, NULL));
    remove(path);
}

static const UnitTest tests[] = {
    UNIT(test_an_image_is_fitted),
    UNIT(test_an_image_is_turned_where_its_channels_come_first),
    UNIT(test_an_array_is_taken_as_it_is),
    UNIT(test_what_no_image_can_be),
};

UNIT_MAIN("input", tests)
