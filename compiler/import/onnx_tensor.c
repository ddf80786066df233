/*
 * onnx_tensor.c - tensors of the file: their type, shape and elements.
 *
 *     dims 2 3, data_type 1 (float), raw_data of 24 bytes
 *     dims 2 3, data_type 1 (float), float_data of 6 numbers
 *     dims 2 3, data_type 3 (int8), int32_data of 6 numbers, -128 to 127
 *     dims 2 3, data_type 1 (float), data_location 1: in another file
 *
 * Elements are in exactly one of these places, and as many as the shape says.
 * Those that lie there as we have them stay where they are.
 */
#include "import/onnx_local.h"

#include <string.h>

#define EXTERNAL 1 /* of data_location */

/* Where a type's elements are when they are not bytes. */
typedef enum Field {
    NO_FIELD,
    IN_FLOAT,
    IN_INT32,
    IN_INT64,
    IN_DOUBLE,
    IN_UINT64
} Field;

typedef struct TypeRow {
    const char *name;
    DType type; /* DT_COUNT: not supported */
    Field field;
    int64_t least, most; /* of IN_INT32 and IN_UINT64 */
} TypeRow;

static const TypeRow types[] = {
    { "undefined", DT_COUNT, NO_FIELD, 0, 0 },
    { "float", DT_F32, IN_FLOAT, 0, 0 },
    { "uint8", DT_U8, IN_INT32, 0, UINT8_MAX },
    { "int8", DT_I8, IN_INT32, INT8_MIN, INT8_MAX },
    { "uint16", DT_U16, IN_INT32, 0, UINT16_MAX },
    { "int16", DT_I16, IN_INT32, INT16_MIN, INT16_MAX },
    { "int32", DT_I32, IN_INT32, INT32_MIN, INT32_MAX },
    { "int64", DT_I64, IN_INT64, 0, 0 },
    { "string", DT_COUNT, NO_FIELD, 0, 0 },
    { "bool", DT_BOOL, IN_INT32, 0, 1 },
    { "float16", DT_F16, IN_INT32, 0, UINT16_MAX }, /* its bits */
    { "double", DT_F64, IN_DOUBLE, 0, 0 },
    { "uint32", DT_U32, IN_UINT64, 0, UINT32_MAX },
    { "uint64", DT_U64, IN_UINT64, 0, 0 },
    { "complex64", DT_COUNT, NO_FIELD, 0, 0 },
    { "complex128", DT_COUNT, NO_FIELD, 0, 0 },
    { "bfloat16", DT_BF16, IN_INT32, 0, UINT16_MAX }, /* its bits */
    { "float8e4m3fn", DT_COUNT, NO_FIELD, 0, 0 },
    { "float8e4m3fnuz", DT_COUNT, NO_FIELD, 0, 0 },
    { "float8e5m2", DT_COUNT, NO_FIELD, 0, 0 },
    { "float8e5m2fnuz", DT_COUNT, NO_FIELD, 0, 0 },
    { "uint4", DT_COUNT, NO_FIELD, 0, 0 },
    { "int4", DT_COUNT, NO_FIELD, 0, 0 },
    { "float4e2m1", DT_COUNT, NO_FIELD, 0, 0 },
    { "float8e8m0", DT_COUNT, NO_FIELD, 0, 0 },
    { "uint2", DT_COUNT, NO_FIELD, 0, 0 },
    { "int2", DT_COUNT, NO_FIELD, 0, 0 },
};

const char *onnx_type_name(int64_t code)
{
    static char number[32];

    if (code >= 0 && code < (int64_t)COUNT_OF(types))
        return types[code].name;
    snprintf(number, sizeof number, "number %lld", (long long)code);
    return number;
}

bool onnx_type(int64_t code, DType *type)
{
    if (code < 0 || code >= (int64_t)COUNT_OF(types) ||
        types[code].type == DT_COUNT)
        return false;
    *type = types[code].type;
    return true;
}

/* ---- shape --------------------------------------------------------------- */

static const char *shape_text(const OnnxReader *r, const Pb__Tensor *file)
{
    Text text = { 0 };

    text_char(&text, '[');
    for (size_t i = 0; i < file->n_dims && i < ONNX_MAX_RANK; i++)
        text_printf(&text, i ? ", %lld" : "%lld", (long long)file->dims[i]);
    text_char(&text, ']');
    return text_take(&text, r->arena);
}

/* Dimensions whose product fits, without those of 0 as well: strides are made
 * of them. */
static bool take_shape(const OnnxReader *r, OnnxPlace place,
                       const Pb__Tensor *file, OnnxTensor *tensor)
{
    int64_t bytes = dtype_size(tensor->type);

    if (file->n_dims > ONNX_MAX_RANK)
        return onnx_refuse(r, place, "has %zu dimensions, more than %d",
                           file->n_dims, ONNX_MAX_RANK);
    tensor->rank = (int)file->n_dims;
    tensor->count = 1;
    for (int i = 0; i < tensor->rank; i++) {
        int64_t dim = tensor->dim[i] = file->dims[i];
        if (dim < 0)
            return onnx_refuse(r, place, "has a negative dimension: %s",
                               shape_text(r, file));
        if (dim > 0 && !size_mul(bytes, dim, &bytes))
            return onnx_refuse(r, place, "has a shape whose size overflows: %s",
                               shape_text(r, file));
        tensor->count *= dim;
    }
    return true;
}

/* ---- elements ------------------------------------------------------------ */

static size_t field_count(const Pb__Tensor *file, Field field)
{
    switch (field) {
    case NO_FIELD: return file->n_string_data;
    case IN_FLOAT: return file->n_float_data;
    case IN_INT32: return file->n_int32_data;
    case IN_INT64: return file->n_int64_data;
    case IN_DOUBLE: return file->n_double_data;
    case IN_UINT64: return file->n_uint64_data;
    }
    BUG("no field %d", (int)field);
}

/* How many of the places hold something. */
static int places_used(const Pb__Tensor *file)
{
    int used = file->data_location == EXTERNAL;

    for (Field field = NO_FIELD; field <= IN_UINT64; field++)
        used += field_count(file, field) > 0;
    return used + (file->raw_data.len > 0);
}

static bool wrong_count(const OnnxReader *r, OnnxPlace place,
                        const Pb__Tensor *file, const OnnxTensor *tensor,
                        size_t got, int64_t wanted, const char *unit)
{
    return onnx_refuse(r, place,
                       "has %zu %s of data, its shape %s of %s "
                       "makes it %lld",
                       got, unit, shape_text(r, file),
                       onnx_type_name(file->data_type), (long long)wanted) &&
           tensor;
}

/* Little-endian bytes as elements, in place: they are the arena's. */
static const void *from_bytes(void *data, const OnnxTensor *tensor)
{
    const uint16_t one = 1;
    size_t size = (size_t)dtype_size(tensor->type);
    uint8_t *bytes = data, swapped[8];

    if (tensor->type == DT_BOOL)
        for (int64_t i = 0; i < tensor->count; i++)
            bytes[i] = bytes[i] != 0;
    if (*(const uint8_t *)&one == 1)
        return data;
    for (int64_t i = 0; i < tensor->count; i++, bytes += size) {
        for (size_t b = 0; b < size; b++)
            swapped[b] = bytes[size - 1 - b];
        memcpy(bytes, swapped, size);
    }
    return data;
}

static void store(void *data, int64_t i, size_t size, uint64_t value)
{
    if (size == 1)
        ((uint8_t *)data)[i] = (uint8_t)value;
    else if (size == 2)
        ((uint16_t *)data)[i] = (uint16_t)value;
    else
        ((uint32_t *)data)[i] = (uint32_t)value;
}

/* Elements that are wider in the file than in memory. */
static const void *narrowed(const OnnxReader *r, OnnxPlace place,
                            const Pb__Tensor *file, const OnnxTensor *tensor)
{
    const TypeRow *row = &types[file->data_type];
    size_t size = (size_t)dtype_size(tensor->type);
    void *data = arena_array(r->arena, (size_t)tensor->count, size);

    for (int64_t i = 0; i < tensor->count; i++) {
        uint64_t wide = row->field == IN_UINT64 ? file->uint64_data[i] : 0;
        int64_t value = row->field == IN_INT32 ? file->int32_data[i]
                        : wide > INT64_MAX     ? INT64_MAX
                                               : (int64_t)wide;
        if (value < row->least || value > row->most) {
            onnx_refuse(r, place,
                        "has the element %lld, which is no %s (element %lld)",
                        (long long)value, row->name, (long long)i);
            return NULL;
        }
        store(data, i, size, (uint64_t)value);
    }
    return data;
}

static const void *from_field(const OnnxReader *r, OnnxPlace place,
                              const Pb__Tensor *file, const OnnxTensor *tensor)
{
    switch (tensor->type) {
    case DT_F32: return file->float_data;
    case DT_F64: return file->double_data;
    case DT_I64: return file->int64_data;
    case DT_U64: return file->uint64_data;
    case DT_I32: return file->int32_data;
    case DT_F16:
    case DT_BF16:
    case DT_U8:
    case DT_I8:
    case DT_U16:
    case DT_I16:
    case DT_U32:
    case DT_BOOL: return narrowed(r, place, file, tensor);
    case DT_COUNT: break;
    }
    BUG("no type %d", (int)tensor->type);
}

static bool take_data(OnnxReader *r, OnnxPlace place, const Pb__Tensor *file,
                      OnnxTensor *tensor)
{
    Field field = types[file->data_type].field;
    int64_t size = tensor->count * dtype_size(tensor->type);
    bool is_external = file->data_location == EXTERNAL;
    size_t stored = field_count(file, field);

    if (file->has_segment)
        return onnx_refuse(r, place,
                           "is a segment of a tensor, which is not "
                           "supported");
    if (file->data_location < 0 || file->data_location > EXTERNAL)
        return onnx_refuse(r, place, "has its data in an unknown place: %lld",
                           (long long)file->data_location);
    if (places_used(file) > 1)
        return onnx_refuse(r, place, "has data in more than one place");
    if (file->raw_data.len > 0 || is_external) {
        if (!is_external && (int64_t)file->raw_data.len != size)
            return wrong_count(r, place, file, tensor, file->raw_data.len, size,
                               "bytes");
        const void *data = is_external ? onnx_external(r, place, file, size)
                                       : file->raw_data.data;
        tensor->data =
            data ? from_bytes((void *)(uintptr_t)data, tensor) : NULL;
        return data != NULL;
    }
    if ((int64_t)stored != tensor->count)
        return wrong_count(r, place, file, tensor, stored, tensor->count,
                           "elements");
    tensor->data = tensor->count ? from_field(r, place, file, tensor)
                                 : arena_alloc(r->arena, 0);
    return tensor->data != NULL;
}

OnnxTensor *onnx_tensor(OnnxReader *r, OnnxPlace place, const Pb__Tensor *file)
{
    OnnxTensor *tensor = NEW(r->arena, OnnxTensor);

    if (!onnx_type(file->data_type, &tensor->type)) {
        onnx_refuse(r, place, "is a tensor of %s, a type that is not supported",
                    onnx_type_name(file->data_type));
        return NULL;
    }
    tensor->name = onnx_text(r, place, file->name, "a name");
    if (!tensor->name || !take_shape(r, place, file, tensor) ||
        !take_data(r, place, file, tensor))
        return NULL;
    return tensor;
}
