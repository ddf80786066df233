/*
 * model_number.c - elements of a model's tensors as numbers.
 *
 *     f16 0x3c00 -> 1.0      bf16 0x3f80 -> 1.0      u8 0xff -> 255
 */
#include "import/onnx.h"

#include <math.h>
#include <string.h>

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

double onnx_tensor_number(const OnnxTensor *tensor, int64_t i)
{
    const void *data = tensor->data;

    REQUIRE(i >= 0 && i < tensor->count);
    switch (tensor->type) {
    case DT_F32: return (double)((const float *)data)[i];
    case DT_F64: return ((const double *)data)[i];
    case DT_F16: return from_half(((const uint16_t *)data)[i]);
    case DT_BF16: return from_bfloat(((const uint16_t *)data)[i]);
    case DT_U64: return (double)((const uint64_t *)data)[i];
    case DT_I64: return (double)((const int64_t *)data)[i];
    case DT_U8:
    case DT_I8:
    case DT_U16:
    case DT_I16:
    case DT_U32:
    case DT_I32:
    case DT_BOOL: return (double)onnx_tensor_integer(tensor, i);
    case DT_COUNT: break;
    }
    BUG("no type %d", (int)tensor->type);
}

int64_t onnx_tensor_integer(const OnnxTensor *tensor, int64_t i)
{
    const void *data = tensor->data;

    REQUIRE(i >= 0 && i < tensor->count);
    switch (tensor->type) {
    case DT_U8:
    case DT_BOOL: return ((const uint8_t *)data)[i];
    case DT_I8: return ((const int8_t *)data)[i];
    case DT_U16: return ((const uint16_t *)data)[i];
    case DT_I16: return ((const int16_t *)data)[i];
    case DT_U32: return ((const uint32_t *)data)[i];
    case DT_I32: return ((const int32_t *)data)[i];
    case DT_I64: return ((const int64_t *)data)[i];
    case DT_U64: {
        uint64_t value = ((const uint64_t *)data)[i];
        return value > INT64_MAX ? INT64_MAX : (int64_t)value;
    }
    case DT_F32:
    case DT_F64:
    case DT_F16:
    case DT_BF16:
    case DT_COUNT: break;
    }
    BUG("no whole numbers: type %d", (int)tensor->type);
}
