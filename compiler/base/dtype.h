/*
 * dtype.h - the element types that tensors, buffers and weight files share.
 */
#ifndef CNNC_BASE_DTYPE_H
#define CNNC_BASE_DTYPE_H

#include <stdbool.h>
#include <stdint.h>

/* DTYPE(constant, name in our texts, bytes, C type, float?) */
#define DTYPES(DTYPE)                                                          \
    DTYPE(F32, "f32", 4, "float", true)                                        \
    DTYPE(F64, "f64", 8, "double", true)                                       \
    DTYPE(F16, "f16", 2, "uint16_t", true)                                     \
    DTYPE(BF16, "bf16", 2, "uint16_t", true)                                   \
    DTYPE(U8, "u8", 1, "uint8_t", false)                                       \
    DTYPE(I8, "i8", 1, "int8_t", false)                                        \
    DTYPE(U16, "u16", 2, "uint16_t", false)                                    \
    DTYPE(I16, "i16", 2, "int16_t", false)                                     \
    DTYPE(U32, "u32", 4, "uint32_t", false)                                    \
    DTYPE(I32, "i32", 4, "int32_t", false)                                     \
    DTYPE(U64, "u64", 8, "uint64_t", false)                                    \
    DTYPE(I64, "i64", 8, "int64_t", false)                                     \
    DTYPE(BOOL, "bool", 1, "uint8_t", false)

typedef enum DType {
#define DTYPE(id, name, bytes, c, is_float) DT_##id,
    DTYPES(DTYPE)
#undef DTYPE
        DT_COUNT
} DType;

int dtype_size(DType type);          /* bytes */
const char *dtype_name(DType type);  /* "f32" */
const char *dtype_c(DType type);     /* "float" */
const char *dtype_numpy(DType type); /* "float32", as a manifest says */
bool dtype_is_float(DType type);
bool dtype_parse(const char *name, DType *type);

/* Element i of data of this type; what double cannot hold is rounded. */
double number_load(DType type, const void *data, int64_t i);
/* Element i of data of this type: rounded, or for a whole number what C makes
 * of it, with what is too large for 64 bits held at the limit. */
void number_store(DType type, void *data, int64_t i, double value);
void integer_store(DType type, void *data, int64_t i, int64_t value);

#endif
