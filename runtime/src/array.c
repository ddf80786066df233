/* SPDX-License-Identifier: 0BSD */
/*
 * array.c - element types: their sizes, and any of them as float or byte.
 *
 *     f16  s eeeee mmmmmmmmmm          bf16  s eeeeeeee mmmmmmm
 *
 * Elements are fetched with memcpy, since those of a mapped file may lie at
 * any address.
 */
#include "local.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    size_t size;
} types[] = {
    [CNNC_BOOL] = { "bool", 1 }, [CNNC_U8] = { "u8", 1 },
    [CNNC_I8] = { "i8", 1 },     [CNNC_U16] = { "u16", 2 },
    [CNNC_I16] = { "i16", 2 },   [CNNC_U32] = { "u32", 4 },
    [CNNC_I32] = { "i32", 4 },   [CNNC_U64] = { "u64", 8 },
    [CNNC_I64] = { "i64", 8 },   [CNNC_F16] = { "f16", 2 },
    [CNNC_BF16] = { "bf16", 2 }, [CNNC_F32] = { "f32", 4 },
    [CNNC_F64] = { "f64", 8 },
};

size_t cnnc_type_size(CnncType type)
{
    return types[type].size;
}

const char *cnnc_type_name(CnncType type)
{
    return types[type].name;
}

void cnnc_array_free(CnncArray *array)
{
    free(array->data);
    array->data = NULL;
    array->count = array->size = 0;
}

bool cnnc_io_array_measure(CnncArray *array)
{
    size_t most = PTRDIFF_MAX / cnnc_type_size(array->type);
    size_t count = 1;
    int k;
    for (k = 0; k < array->rank; k++)
        if (array->dim[k] == 0)
            count = 0;
    for (k = 0; k < array->rank && count; k++) {
        if ((uint64_t)array->dim[k] > most / count)
            return false;
        count *= (size_t)array->dim[k];
    }
    array->count = count;
    array->size = count * cnnc_type_size(array->type);
    return true;
}

bool cnnc_io_host_is_little(void)
{
    const uint16_t one = 1;
    uint8_t first;
    memcpy(&first, &one, 1);
    return first == 1;
}

void cnnc_io_swap(void *data, size_t count, size_t element)
{
    uint8_t *at = (uint8_t *)data;
    size_t i, k;
    for (i = 0; i < count; i++, at += element) {
        for (k = 0; k < element / 2; k++) {
            uint8_t byte = at[k];
            at[k] = at[element - 1 - k];
            at[element - 1 - k] = byte;
        }
    }
}

uint32_t cnnc_io_big32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
           (uint32_t)bytes[2] << 8 | bytes[3];
}

/* ---- elements as float ------------------------------------------------------ */

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Every binary16 is a binary32 too. The bits of a NaN are kept. */
static float float_of_half(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t exponent = half >> 10 & 31;
    uint32_t fraction = half & 1023;
    if (exponent == 31)
        return float_of_bits(sign | 0x7f800000 | fraction << 13);
    if (exponent)
        return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
    /* Subnormal: fraction * 2^-24. */
    return (float)fraction * (sign ? -0x1p-24f : 0x1p-24f);
}

#define CONVERT(T, EXPRESSION)                                                 \
    for (i = 0; i < count; i++) {                                              \
        T x;                                                                   \
        memcpy(&x, (const char *)data + i * sizeof x, sizeof x);               \
        out[i] = (EXPRESSION);                                                 \
    }                                                                          \
    return

void cnnc_to_f32(CnncType type, const void *data, size_t count, float *out)
{
    size_t i;
    switch (type) {
    case CNNC_BOOL: CONVERT(uint8_t, x ? 1.0f : 0.0f);
    case CNNC_U8: CONVERT(uint8_t, (float)x);
    case CNNC_I8: CONVERT(int8_t, (float)x);
    case CNNC_U16: CONVERT(uint16_t, (float)x);
    case CNNC_I16: CONVERT(int16_t, (float)x);
    case CNNC_U32: CONVERT(uint32_t, (float)x);
    case CNNC_I32: CONVERT(int32_t, (float)x);
    case CNNC_U64: CONVERT(uint64_t, (float)x);
    case CNNC_I64: CONVERT(int64_t, (float)x);
    case CNNC_F16: CONVERT(uint16_t, float_of_half(x));
    case CNNC_BF16: CONVERT(uint16_t, float_of_bits((uint32_t)x << 16));
    case CNNC_F32: memcpy(out, data, count * sizeof *out); return;
    case CNNC_F64: CONVERT(double, (float)x);
    }
}

/* ---- elements as bytes ------------------------------------------------------- */

/* One element as a double, which holds every value from 0 to 255. */
static double element_value(CnncType type, const void *data, size_t i)
{
    const char *at = (const char *)data + i * cnnc_type_size(type);
    float value;
    if (type == CNNC_F64) {
        double exact;
        memcpy(&exact, at, sizeof exact);
        return exact;
    }
    cnnc_to_f32(type, at, 1, &value);
    return value;
}

bool cnnc_to_u8(CnncType type, const void *data, size_t count, uint8_t *out,
                CnncError *error)
{
    Input in = { "array", NULL, 0, 0, NULL, NULL };
    size_t i;
    in.error = error;
    for (i = 0; i < count; i++) {
        double value = element_value(type, data, i);
        if (!(value >= 0 && value <= 255 && value == (double)(int)value))
            return cnnc_io_fail(&in, CNNC_ERROR_SHAPE,
                                "element %llu is %g, not a whole number "
                                "from 0 to 255",
                                (unsigned long long)i, value);
        out[i] = (uint8_t)value;
    }
    return true;
}
