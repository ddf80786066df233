/*
 * dtype.c - facts of the element types: name, size, spelling in C.
 */
#include "base/dtype.h"

#include "base/base.h"

#include <string.h>

typedef struct DTypeRow {
    const char *name;
    int bytes;
    const char *c;
    bool is_float;
} DTypeRow;

static const char *const numpy_names[DT_COUNT] = {
    [DT_F32] = "float32",   [DT_F64] = "float64", [DT_F16] = "float16",
    [DT_BF16] = "bfloat16", [DT_U8] = "uint8",    [DT_I8] = "int8",
    [DT_U16] = "uint16",    [DT_I16] = "int16",   [DT_U32] = "uint32",
    [DT_I32] = "int32",     [DT_U64] = "uint64",  [DT_I64] = "int64",
    [DT_BOOL] = "bool",
};

static const DTypeRow rows[DT_COUNT] = {
#define DTYPE(id, name, bytes, c, is_float) { name, bytes, c, is_float },
    DTYPES(DTYPE)
#undef DTYPE
};

static const DTypeRow *row(DType type)
{
    REQUIRE(type >= 0 && type < DT_COUNT);
    return &rows[type];
}

int dtype_size(DType type)
{
    return row(type)->bytes;
}

const char *dtype_name(DType type)
{
    return row(type)->name;
}

const char *dtype_c(DType type)
{
    return row(type)->c;
}

const char *dtype_numpy(DType type)
{
    REQUIRE(row(type) != NULL);
    return numpy_names[type];
}

bool dtype_is_float(DType type)
{
    return row(type)->is_float;
}

bool dtype_parse(const char *name, DType *type)
{
    for (int i = 0; i < DT_COUNT; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            *type = (DType)i;
            return true;
        }
    }
    return false;
}
