/*
 * model_number.c - elements of a model's tensors as numbers.
 */
#include "import/onnx.h"

double onnx_tensor_number(const OnnxTensor *tensor, int64_t i)
{
    REQUIRE(i >= 0 && i < tensor->count);
    return number_load(tensor->type, tensor->data, i);
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
