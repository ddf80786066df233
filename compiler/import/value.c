/*
 * value.c - what the names of a model stand for, and numbers in its types.
 *
 *     "x"             a tensor, at run time
 *     "conv1.weight"  a constant: elements of ONNX's type, kept exactly
 *     "shape_out"     a constant that was computed
 *
 * Values are found by the address of their interned name, in a hash table with
 * open addressing that is at most half full.
 */
#include <math.h>
#include <string.h>

#include "import/local.h"

/* ---- the table ------------------------------------------------------------------ */

static size_t place_of(const Value *const *at, size_t size, const char *name)
{
    size_t i = (size_t)((uintptr_t)name >> 3) * 0x9e3779b1u & (size - 1);
    while (at[i] && at[i]->name != name)
        i = (i + 1) & (size - 1);
    return i;
}

static const Value *const *entries(const ValueTable *table)
{
    return (const Value *const *)table->at;
}

static void grow(ValueTable *table)
{
    Value **old = table->at;
    const size_t old_size = table->size;
    table->size = old_size ? 2 * old_size : 256;
    table->at = mem_alloc(table->size * sizeof *table->at);
    memset(table->at, 0, table->size * sizeof *table->at);
    for (size_t i = 0; i < old_size; i++)
        if (old[i])
            table->at[place_of(entries(table), table->size, old[i]->name)] =
                old[i];
    mem_free(old);
}

Value *value_find(Import *import, const char *name)
{
    const ValueTable *table = &import->values;
    if (!table->size)
        return NULL;
    return table->at[place_of(entries(table), table->size, name_intern(name))];
}

Value *value_make(Import *import, const char *name)
{
    ValueTable *table = &import->values;
    size_t place;
    if (2 * table->used >= table->size)
        grow(table);
    name = name_intern(name);
    place = place_of(entries(table), table->size, name);
    if (!table->at[place]) {
        table->at[place] = NEW(import->arena, Value);
        table->at[place]->name = name;
        table->used++;
    }
    return table->at[place];
}

void values_free(Import *import)
{
    mem_free(import->values.at);
    import->values = (ValueTable){ 0 };
}

/* ---- numbers ---------------------------------------------------------------------- */

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

bool constant_shape(const OnnxTensor *constant, Shape *shape)
{
    *shape = shape_of(constant->rank, constant->dim);
    return shape_is_valid(shape);
}
