/*
 * adapt_cast.c - Cast: the same number in another type.
 *
 *     float32 -1.9 to int64   -1        towards 0
 *     int64 300 to uint8      44        as C does it
 *     float32 0.5 to bool     true
 */
#include "import/local.h"

DType type_of_number(int64_t number)
{
    static const DType types[] = {
        DT_COUNT, DT_F32, DT_U8,    DT_I8,    DT_U16,  DT_I16,
        DT_I32,   DT_I64, DT_COUNT, DT_BOOL,  DT_F16,  DT_F64,
        DT_U32,   DT_U64, DT_COUNT, DT_COUNT, DT_BF16,
    };
    return number >= 0 && number < (int64_t)COUNT_OF(types) ? types[number]
                                                            : DT_COUNT;
}

static bool cast_constant(Adapt *a, const OnnxTensor *from, DType type)
{
    void *data;
    OnnxTensor *to = constant_new(a, type, from->rank, from->dim, &data);
    for (int64_t i = 0; to && i < to->count; i++)
        if (dtype_is_float(from->type))
            number_store(type, data, i, onnx_tensor_number(from, i));
        else
            integer_store(type, data, i, onnx_tensor_integer(from, i));
    return out_constant(a, 0, to);
}

/* No arithmetic on these. */
static bool is_only_moved(DType type)
{
    return type == DT_F16 || type == DT_BF16 || type == DT_U64;
}

static bool cast_tensor(Adapt *a, DType type)
{
    const DType from = in_type(a, 0);
    Tensor *x = in_any(a, 0);
    Node *node;
    if (is_only_moved(from) || is_only_moved(type))
        return refuse(a, "from %s to %s at run time is not supported",
                      dtype_numpy(from), dtype_numpy(type));
    if (!x || !(node = add_node(a, OP_CAST, NULL, &x, 1)))
        return false;
    node_attrs(node, CastAttrs)->type = type;
    return out_tensor(a, 0, add_end(a, node));
}

static bool cast_to(Adapt *a, DType type)
{
    const OnnxTensor *constant = in_constant(a, 0);
    attr_ignore(a, "saturate"); /* of eight-bit floats */
    attr_ignore(a, "round_mode");
    if (in_type(a, 0) == type)
        return out_input(a, 0, 0);
    return constant ? cast_constant(a, constant, type) : cast_tensor(a, type);
}

bool adapt_cast(Adapt *a)
{
    const int64_t number = attr_int(a, "to", 0);
    const DType type = type_of_number(number);
    if (type == DT_COUNT)
        return refuse(a, "with to=%lld is not supported", (long long)number);
    return cast_to(a, type);
}

/* In old opsets a type is a word. */
bool adapt_cast_by_name(Adapt *a)
{
    static const char *const names[] = { "",       "FLOAT",   "UINT8",
                                         "INT8",   "UINT16",  "INT16",
                                         "INT32",  "INT64",   "STRING",
                                         "BOOL",   "FLOAT16", "DOUBLE",
                                         "UINT32", "UINT64",  NULL };
    const DType type = type_of_number(attr_choice(a, "to", names));
    if (a->failed)
        return false;
    if (type == DT_COUNT)
        return refuse(a, attr_given(a, "to") ? "to strings is not supported"
                                             : "needs the attribute 'to'");
    return cast_to(a, type);
}

bool adapt_cast_like(Adapt *a)
{
    in_ignore(a, 1);
    return cast_to(a, in_type(a, 1));
}
