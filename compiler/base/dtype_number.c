/*
 * dtype_number.c - elements of arrays as numbers, and numbers as elements.
 *
 *     f16 0x3c00 -> 1.0      bf16 0x3f80 -> 1.0      u8 0xff -> 255
 */
#include "base/base.h"
#include "base/dtype.h"

#include <math.h>
#include <string.h>

/* ---- loading ----------------------------------------------------------------------- */

/* IEEE binary16: a sign, 5 bits of exponent, 10 of fraction. */
static double from_half(uint16_t bits)
{
    int exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
    double value;

    if (exponent == 0x1f)
        value = fraction ? NAN : INFINITY;
    else if (exponent == 0)
        value = ldexp(fraction, -24);
    else
        value = ldexp(fraction | 0x400, exponent - 25);
    return bits & 0x8000 ? -value : value;
}

/* The upper half of an IEEE binary32. */
static double from_bfloat(uint16_t bits)
{
    uint32_t wide = (uint32_t)bits << 16;
    float value;

    memcpy(&value, &wide, sizeof value);
    return (double)value;
}

double number_load(DType type, const void *data, int64_t i)
{
    switch (type) {
    case DT_F32: return (double)((const float *)data)[i];
    case DT_F64: return ((const double *)data)[i];
    case DT_F16: return from_half(((const uint16_t *)data)[i]);
    case DT_BF16: return from_bfloat(((const uint16_t *)data)[i]);
    case DT_U8:
    case DT_BOOL: return ((const uint8_t *)data)[i];
    case DT_I8: return ((const int8_t *)data)[i];
    case DT_U16: return ((const uint16_t *)data)[i];
    case DT_I16: return ((const int16_t *)data)[i];
    case DT_U32: return ((const uint32_t *)data)[i];
    case DT_I32: return ((const int32_t *)data)[i];
    case DT_U64: return (double)((const uint64_t *)data)[i];
    case DT_I64: return (double)((const int64_t *)data)[i];
    case DT_COUNT: break;
    }
    BUG("no type %d", (int)type);
}

/* ---- storing ---------------------------------------------------------------------- */

static uint32_t float_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The nearest bfloat16, the even one of two. */
static uint16_t bf16_of(float value)
{
    const uint32_t bits = float_bits(value);
    if (isnan(value))
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* The nearest half: a significand of 11 bits, exponents from -14 to 15. */
static uint16_t f16_of(double value)
{
    const unsigned sign = signbit(value) ? 0x8000u : 0;
    int exponent;
    double scaled;
    if (isnan(value))
        return 0x7e00;
    value = fabs(value);
    if (value >= 65520) /* rounds to infinity */
        return (uint16_t)(sign | 0x7c00);
    frexp(value, &exponent);
    if (exponent < -13)
        exponent = -13;
    scaled = nearbyint(ldexp(value, 11 - exponent));
    /* A significand of 2048 carries into the exponent by itself. */
    return (uint16_t)(sign + ((unsigned)(exponent + 13) << 10) +
                      (unsigned)scaled);
}

static int64_t whole(double value)
{
    if (isnan(value))
        return 0;
    if (value >= 9223372036854775808.0)
        return INT64_MAX;
    if (value <= -9223372036854775808.0)
        return INT64_MIN;
    return (int64_t)value;
}

void integer_store(DType type, void *data, int64_t i, int64_t value)
{
    switch (type) {
    case DT_F32: ((float *)data)[i] = (float)value; return;
    case DT_F64: ((double *)data)[i] = (double)value; return;
    case DT_F16: ((uint16_t *)data)[i] = f16_of((double)value); return;
    case DT_BF16: ((uint16_t *)data)[i] = bf16_of((float)value); return;
    case DT_U8: ((uint8_t *)data)[i] = (uint8_t)value; return;
    case DT_I8: ((int8_t *)data)[i] = (int8_t)value; return;
    case DT_U16: ((uint16_t *)data)[i] = (uint16_t)value; return;
    case DT_I16: ((int16_t *)data)[i] = (int16_t)value; return;
    case DT_U32: ((uint32_t *)data)[i] = (uint32_t)value; return;
    case DT_I32: ((int32_t *)data)[i] = (int32_t)value; return;
    case DT_U64: ((uint64_t *)data)[i] = (uint64_t)value; return;
    case DT_I64: ((int64_t *)data)[i] = value; return;
    case DT_BOOL: ((uint8_t *)data)[i] = value != 0; return;
    case DT_COUNT: break;
    }
    BUG("no type %d", (int)type);
}

void number_store(DType type, void *data, int64_t i, double value)
{
    if (type == DT_F32)
        ((float *)data)[i] = (float)value;
    else if (type == DT_F64)
        ((double *)data)[i] = value;
    else if (type == DT_F16)
        ((uint16_t *)data)[i] = f16_of(value);
    else if (type == DT_BF16)
        ((uint16_t *)data)[i] = bf16_of((float)value);
    else if (type == DT_BOOL)
        ((uint8_t *)data)[i] = value != 0;
    else
        integer_store(type, data, i, whole(value));
}
