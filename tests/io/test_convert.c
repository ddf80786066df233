/*
 * test_convert.c - elements of any type as float or byte.
 */
#include "bytes.h"

#include <math.h>

static float one_f32(CnncType type, const void *data)
{
    float out;
    cnnc_to_f32(type, data, 1, &out);
    return out;
}

/* Every binary16 against its definition, in double. */
static void test_every_half_is_exact(void)
{
    for (unsigned bits = 0; bits < 65536; bits++) {
        uint16_t half = (uint16_t)bits;
        int exponent = (int)(bits >> 10 & 31), fraction = (int)(bits & 1023);
        float got = one_f32(CNNC_F16, &half);
        double want = exponent ? ldexp(1024 + fraction, exponent - 25)
                               : ldexp(fraction, -24);
        if (exponent == 31)
            want = fraction ? NAN : INFINITY;
        if (fraction && exponent == 31)
            CU_ASSERT(isnan(got))
        else
            CU_ASSERT_EQUAL(got, bits & 0x8000 ? -want : want)
        CU_ASSERT_EQUAL(!!signbit(got), bits >> 15);
    }
}

static void test_bfloat_is_the_upper_half(void)
{
    const uint16_t values[] = { 0x3f80, 0xc049, 0x7f80, 0x0001 };
    CU_ASSERT_EQUAL(one_f32(CNNC_BF16, &values[0]), 1.0f);
    CU_ASSERT_EQUAL(one_f32(CNNC_BF16, &values[1]), -3.140625f);
    CU_ASSERT(isinf(one_f32(CNNC_BF16, &values[2])));
    CU_ASSERT_EQUAL(one_f32(CNNC_BF16, &values[3]), 0x1p-133f);
}

static void test_wide_numbers_round_to_nearest_even(void)
{
    const int64_t tie_down = 16777217, tie_up = 16777219; /* 2^24 + 1, + 3 */
    const uint64_t top = UINT64_MAX;
    const int64_t bottom = INT64_MIN;
    const double third = 1.0 / 3, huge = 1e300;
    CU_ASSERT_EQUAL(one_f32(CNNC_I64, &tie_down), 16777216.0f);
    CU_ASSERT_EQUAL(one_f32(CNNC_I64, &tie_up), 16777220.0f);
    CU_ASSERT_EQUAL(one_f32(CNNC_U64, &top), 0x1p64f);
    CU_ASSERT_EQUAL(one_f32(CNNC_I64, &bottom), -0x1p63f);
    CU_ASSERT_EQUAL(one_f32(CNNC_F64, &third), 0x1.555556p-2f);
    CU_ASSERT(isinf(one_f32(CNNC_F64, &huge)));
}

static void test_small_integers_keep_their_sign(void)
{
    const int8_t i8 = -128;
    const uint8_t u8 = 200;
    const int16_t i16 = -32768;
    const uint16_t u16 = 65535;
    const int32_t i32 = -8388608;
    const uint32_t u32 = 0xff000000;
    CU_ASSERT_EQUAL(one_f32(CNNC_I8, &i8), -128);
    CU_ASSERT_EQUAL(one_f32(CNNC_U8, &u8), 200);
    CU_ASSERT_EQUAL(one_f32(CNNC_BOOL, &u8), 1);
    CU_ASSERT_EQUAL(one_f32(CNNC_I16, &i16), -32768);
    CU_ASSERT_EQUAL(one_f32(CNNC_U16, &u16), 65535);
    CU_ASSERT_EQUAL(one_f32(CNNC_I32, &i32), -8388608);
    CU_ASSERT_EQUAL(one_f32(CNNC_U32, &u32), 4278190080.0f);
}

static void test_elements_need_no_alignment(void)
{
    const double values[2] = { 1.5, -2.5 };
    char block[17];
    float out[2];
    memcpy(block + 1, values, sizeof values);
    cnnc_to_f32(CNNC_F64, block + 1, 2, out);
    CU_ASSERT(out[0] == 1.5f && out[1] == -2.5f);
}

static void test_bytes_are_whole_numbers_to_255(void)
{
    const double right[3] = { 0, 255, -0.0 };
    const double wrong[] = { 256, -1, 0.5, 255.0000001, NAN, INFINITY };
    const int64_t big = (INT64_C(1) << 32) + 7;
    uint8_t out[3] = { 9, 9, 9 };
    CnncError error;
    CU_ASSERT(cnnc_to_u8(CNNC_F64, right, 3, out, &error));
    CU_ASSERT(out[0] == 0 && out[1] == 255 && out[2] == 0);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        CU_ASSERT_FALSE(cnnc_to_u8(CNNC_F64, &wrong[i], 1, out, &error));
        CU_ASSERT_EQUAL(error.status, CNNC_ERROR_SHAPE);
    }
    CU_ASSERT_FALSE(cnnc_to_u8(CNNC_I64, &big, 1, out, NULL));
}

static const UnitTest tests[] = {
    UNIT(test_every_half_is_exact),
    UNIT(test_bfloat_is_the_upper_half),
    UNIT(test_wide_numbers_round_to_nearest_even),
    UNIT(test_small_integers_keep_their_sign),
    UNIT(test_elements_need_no_alignment),
    UNIT(test_bytes_are_whole_numbers_to_255),
};

UNIT_MAIN("convert", tests)
