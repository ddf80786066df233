/*
 * onnx_value.c - what a model says of its inputs and outputs.
 *
 *     input  "x"  float [N, 3, 224, 224]      N is a symbol
 *     output "y"  float                       of any shape
 */
#include "import/onnx_local.h"

/* Dimensions that are known must not overflow, whatever the others are. */
static bool take_dim(const OnnxReader *r, OnnxPlace place,
                     const Pb__Dimension *file, OnnxDim *dim, int64_t *bytes)
{
    *dim = (OnnxDim){ .value = -1 };
    if (file->has_dim_value && file->dim_param.len > 0)
        return onnx_refuse(r, place,
                           "has a dimension that is a number and a symbol");
    if (file->dim_param.len > 0) {
        dim->symbol = onnx_text(r, place, file->dim_param, "a dimension");
        return dim->symbol != NULL;
    }
    if (!file->has_dim_value)
        return true;
    if (file->dim_value < 0)
        return onnx_refuse(r, place, "has the dimension %lld",
                           (long long)file->dim_value);
    dim->value = file->dim_value;
    return dim->value == 0 || size_mul(*bytes, dim->value, bytes) ||
           onnx_refuse(r, place, "has a shape whose size overflows");
}

static bool take_shape(const OnnxReader *r, OnnxPlace place,
                       const Pb__Shape *file, OnnxValueInfo *value)
{
    int64_t bytes = dtype_size(value->type);

    value->has_shape = file != NULL;
    if (!file)
        return true;
    if (file->n_dim > ONNX_MAX_RANK)
        return onnx_refuse(r, place, "has %zu dimensions, more than %d",
                           file->n_dim, ONNX_MAX_RANK);
    value->rank = (int)file->n_dim;
    for (int i = 0; i < value->rank; i++)
        if (!take_dim(r, place, file->dim[i], &value->dim[i], &bytes))
            return false;
    return true;
}

static bool take_type(const OnnxReader *r, OnnxPlace place,
                      const Pb__Type *file, OnnxValueInfo *value)
{
    const Pb__TensorType *tensor = file ? file->tensor_type : NULL;
    bool is_other =
        file && (file->has_sequence_type || file->has_map_type ||
                 file->has_opaque_type || file->has_sparse_tensor_type ||
                 file->has_optional_type);

    if (tensor && is_other)
        return onnx_refuse(r, place, "has two types");
    value->is_tensor = !is_other;
    if (!tensor)
        return true;
    if (tensor->has_elem_type && tensor->elem_type != 0) {
        value->has_type = true;
        if (!onnx_type(tensor->elem_type, &value->type))
            return onnx_refuse(r, place,
                               "is a tensor of %s, a type that is not "
                               "supported",
                               onnx_type_name(tensor->elem_type));
    }
    return take_shape(r, place, tensor->shape, value);
}

OnnxValueInfo *onnx_value(const OnnxReader *r, const char *kind,
                          const Pb__Value *file)
{
    OnnxValueInfo *value = NEW(r->arena, OnnxValueInfo);
    OnnxPlace place = { .kind = kind };

    value->name = onnx_text(r, place, file->name, "a name");
    if (!value->name)
        return NULL;
    place.name = value->name;
    if (!*value->name) {
        onnx_refuse(r, place, "has no name");
        return NULL;
    }
    return take_type(r, place, file->type, value) ? value : NULL;
}
