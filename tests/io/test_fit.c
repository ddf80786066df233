/*
 * test_fit.c - an image becomes a network's input.
 */
#include "bytes.h"

#include <math.h>

static CnncImage grey(int64_t height, int64_t width, void *data)
{
    return (CnncImage){ height, width, 1, CNNC_U8, 255, data };
}

static void test_same_size_keeps_every_byte(void)
{
    uint8_t data[256], out[256];
    float real[256];
    CnncImage image = grey(16, 16, data);
    for (int i = 0; i < 256; i++)
        data[i] = (uint8_t)i;
    CU_ASSERT(cnnc_image_to_u8(&image, 16, 16, 1, NULL, out, NULL));
    CU_ASSERT_EQUAL(memcmp(out, data, 256), 0);
    CU_ASSERT(cnnc_image_to_f32(&image, 16, 16, 1, NULL, real, NULL));
    for (int i = 0; i < 256; i++)
        CU_ASSERT_EQUAL(real[i], (float)(i / 255.0));
}

static void test_white_scales_floats(void)
{
    uint8_t data[2] = { 255, 51 };
    float out[2];
    CnncImage image = grey(1, 2, data);
    CnncFit fit = { .white = 255 };
    CU_ASSERT(cnnc_image_to_f32(&image, 1, 2, 1, &fit, out, NULL));
    CU_ASSERT(out[0] == 255.0f && out[1] == 51.0f);
}

static void test_maxval_is_white(void)
{
    uint8_t data[2] = { 15, 7 };
    uint16_t wide[1] = { 1000 };
    uint8_t out[2];
    CnncImage image = { 1, 2, 1, CNNC_U8, 15, data };
    CU_ASSERT(cnnc_image_to_u8(&image, 1, 2, 1, NULL, out, NULL));
    CU_ASSERT(out[0] == 255 && out[1] == 119);
    image = (CnncImage){ 1, 1, 1, CNNC_U16, 1000, wide };
    CU_ASSERT(cnnc_image_to_u8(&image, 1, 1, 1, NULL, out, NULL));
    CU_ASSERT_EQUAL(out[0], 255);
}

static void test_colour_to_grey_is_bt601_luma(void)
{
    uint8_t data[12] = { 255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255 };
    uint8_t out[4];
    CnncImage image = { 1, 4, 3, CNNC_U8, 255, data };
    CU_ASSERT(cnnc_image_to_u8(&image, 1, 4, 1, NULL, out, NULL));
    CU_ASSERT(out[0] == 76 && out[1] == 150 && out[2] == 29 && out[3] == 255);
}

static void test_grey_to_colour_repeats(void)
{
    uint8_t data[2] = { 9, 200 }, out[6];
    CnncImage image = grey(1, 2, data);
    CU_ASSERT(cnnc_image_to_u8(&image, 1, 2, 3, NULL, out, NULL));
    CU_ASSERT_EQUAL(memcmp(out, "\x09\x09\x09\xc8\xc8\xc8", 6), 0);
}

static void test_alpha_shows_the_background(void)
{
    uint8_t rgba[8] = { 200, 100, 50, 0, 200, 100, 50, 51 }, out[6];
    uint8_t ga[2] = { 10, 0 };
    CnncFit fit = { .background = { 255, 0, 100 } };
    CnncImage image = { 1, 2, 4, CNNC_U8, 255, rgba };
    CU_ASSERT(cnnc_image_to_u8(&image, 1, 2, 3, &fit, out, NULL));
    CU_ASSERT_EQUAL(memcmp(out, "\xff\x00\x64", 3), 0);
    CU_ASSERT(out[3] == 244 && out[4] == 20 && out[5] == 90);
    image = (CnncImage){ 1, 1, 2, CNNC_U8, 255, ga };
    CU_ASSERT(cnnc_image_to_u8(&image, 1, 1, 1, &fit, out, NULL));
    CU_ASSERT_EQUAL(out[0], 88); /* the luma of the background */
}

static void test_invert(void)
{
    uint8_t data[3] = { 0, 255, 100 }, out[3];
    CnncImage image = grey(1, 3, data);
    CnncFit fit = { .invert = true };
    CU_ASSERT(cnnc_image_to_u8(&image, 1, 3, 1, &fit, out, NULL));
    CU_ASSERT(out[0] == 255 && out[1] == 0 && out[2] == 155);
}

static void test_another_size_is_an_error_unless_asked_for(void)
{
    uint8_t data[6] = { 0 }, out[16];
    CnncImage image = grey(2, 3, data);
    CnncError error;
    CU_ASSERT_FALSE(cnnc_image_to_u8(&image, 3, 2, 1, NULL, out, &error));
    CU_ASSERT_EQUAL(error.status, CNNC_ERROR_SHAPE);
    CU_ASSERT_STRING_EQUAL(error.message,
                           "the image is 2x3 (height x width), 3x2 is needed, "
                           "and no resizing was asked for");
    CU_ASSERT_FALSE(cnnc_image_to_u8(&image, 2, 3, 2, NULL, out, &error));
    CU_ASSERT_FALSE(cnnc_image_to_u8(&image, 0, 3, 1, NULL, out, &error));
    CU_ASSERT_FALSE(cnnc_image_to_u8(&image, -1, 3, 1, NULL, out, NULL));
}

static void test_nearest_takes_the_sample_under_the_centre(void)
{
    uint8_t data[4] = { 10, 20, 30, 40 }, out[8];
    CnncImage image = grey(1, 4, data);
    CnncFit fit = { .resize = CNNC_RESIZE_NEAREST };
    CU_ASSERT(cnnc_image_to_u8(&image, 1, 2, 1, &fit, out, NULL));
    CU_ASSERT(out[0] == 20 && out[1] == 40);
    CU_ASSERT(cnnc_image_to_u8(&image, 2, 4, 1, &fit, out, NULL));
    CU_ASSERT_EQUAL(memcmp(out, data, 4), 0);
    CU_ASSERT_EQUAL(memcmp(out + 4, data, 4), 0);
}

static void test_bilinear_interpolates_and_keeps_the_edge(void)
{
    uint8_t data[2] = { 0, 100 };
    uint8_t out[4];
    CnncImage image = grey(1, 2, data);
    CnncFit fit = { .resize = CNNC_RESIZE_BILINEAR };
    CU_ASSERT(cnnc_image_to_u8(&image, 1, 4, 1, &fit, out, NULL));
    CU_ASSERT(out[0] == 0 && out[1] == 25 && out[2] == 75 && out[3] == 100);
}

static void test_area_is_the_mean(void)
{
    uint8_t data[9] = { 10, 20, 30, 40, 50, 60, 70, 80, 90 };
    float out[4];
    CnncImage image = grey(3, 3, data);
    CnncFit fit = { .resize = CNNC_RESIZE_AREA, .white = 255 };
    CU_ASSERT(cnnc_image_to_f32(&image, 1, 1, 1, &fit, out, NULL));
    CU_ASSERT_DOUBLE_EQUAL(out[0], 50, 1e-4);
    /* 3 into 2: one and a half sample a side. */
    CU_ASSERT(cnnc_image_to_f32(&image, 2, 2, 1, &fit, out, NULL));
    CU_ASSERT_DOUBLE_EQUAL(out[0],
                           (10 + 0.5 * 20 + 0.5 * 40 + 0.25 * 50) / 2.25, 1e-4);
    CU_ASSERT_DOUBLE_EQUAL(out[3],
                           (90 + 0.5 * 80 + 0.5 * 60 + 0.25 * 50) / 2.25, 1e-4);
}

/* Whatever the sizes, a plain image stays plain and the range is kept. */
static void test_weights_add_up_to_one(void)
{
    uint8_t data[7 * 5], out[13 * 13];
    CnncImage image = grey(7, 5, data);
    memset(data, 255, sizeof data);
    for (int mode = CNNC_RESIZE_NEAREST; mode <= CNNC_RESIZE_AREA; mode++)
        for (int64_t h = 1; h <= 13; h++)
            for (int64_t w = 1; w <= 13; w++) {
                CnncFit fit = { .resize = (CnncResize)mode };
                CU_ASSERT(cnnc_image_to_u8(&image, h, w, 1, &fit, out, NULL));
                for (int64_t i = 0; i < h * w; i++)
                    if (out[i] != 255)
                        CU_FAIL("not white");
            }
}

static const UnitTest tests[] = {
    UNIT(test_same_size_keeps_every_byte),
    UNIT(test_white_scales_floats),
    UNIT(test_maxval_is_white),
    UNIT(test_colour_to_grey_is_bt601_luma),
    UNIT(test_grey_to_colour_repeats),
    UNIT(test_alpha_shows_the_background),
    UNIT(test_invert),
    UNIT(test_another_size_is_an_error_unless_asked_for),
    UNIT(test_nearest_takes_the_sample_under_the_centre),
    UNIT(test_bilinear_interpolates_and_keeps_the_edge),
    UNIT(test_area_is_the_mean),
    UNIT(test_weights_add_up_to_one),
};

UNIT_MAIN("fit", tests)
