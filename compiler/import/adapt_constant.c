/*
 * adapt_constant.c - constants, facts about shapes, and what does nothing.
 *
 *     s = Shape(x)      [1, 16, 5, 5] as a constant: all shapes are known
 *     y = Dropout(x)    x
 */
#include <math.h>
#include <string.h>

#include "import/local.h"

/* ---- Identity, Dropout ------------------------------------------------------------------ */

bool adapt_identity(Adapt *a)
{
    return out_input(a, 0, 0);
}

/* Whether the node drops anything: in training, unless the ratio is 0. */
static bool drops(Adapt *a)
{
    const OnnxTensor *ratio = in_given(a, 1) ? in_constant(a, 1) : NULL;
    const OnnxTensor *training = NULL;
    in_ignore(a, 1);
    attr_ignore(a, "ratio");
    attr_ignore(a, "seed");
    if (a->opset < 7)
        return !attr_flag(a, "is_test", false) && out_used(a, 1);
    if (!in_given(a, 2) || !(training = in_need_constant(a, 2, "mode")))
        return a->failed;
    return training->count != 1 ||
           (onnx_tensor_number(training, 0) != 0 &&
            !(ratio && ratio->count == 1 && onnx_tensor_number(ratio, 0) == 0));
}

/* Of all that was not dropped: everything. Before opset 12 nothing was said
 * about it. */
static bool dropout_mask(Adapt *a)
{
    int64_t dim[ONNX_MAX_RANK];
    OnnxTensor *mask;
    void *data;
    for (int d = 0; d < in_rank(a, 0); d++)
        dim[d] = in_dim(a, 0, d);
    if (a->opset < 12)
        return refuse(a, "with its mask is not supported in opset %d",
                      a->opset);
    mask = constant_new(a, DT_BOOL, in_rank(a, 0), dim, &data);
    for (int64_t i = 0; mask && i < mask->count; i++)
        integer_store(DT_BOOL, data, i, 1);
    return out_constant(a, 1, mask);
}

bool adapt_dropout(Adapt *a)
{
    if (drops(a))
        return !a->failed && refuse(a, "in training mode is not supported");
    return out_input(a, 0, 0) && (!out_used(a, 1) || dropout_mask(a));
}

/* ---- Constant, ConstantOfShape ----------------------------------------------------------------- */

static bool constant_ints(Adapt *a, const char *name)
{
    int64_t list[2 * ONNX_MAX_RANK], count;
    OnnxTensor *made;
    void *data;
    count = attr_ints(a, name, list, (int)COUNT_OF(list));
    if (count < 0)
        return false;
    made = constant_new(a, DT_I64, 1, &count, &data);
    for (int64_t i = 0; made && i < count; i++)
        integer_store(DT_I64, data, i, list[i]);
    return out_constant(a, 0, made);
}

static bool constant_floats(Adapt *a, const char *name)
{
    const float *list = NULL;
    int64_t count = attr_floats(a, name, &list);
    OnnxTensor *made;
    void *data;
    if (count < 0)
        return false;
    made = constant_new(a, DT_F32, 1, &count, &data);
    if (made && count)
        memcpy(data, list, sizeof *list * (size_t)count);
    return out_constant(a, 0, made);
}

static bool constant_number(Adapt *a, DType type, const char *name)
{
    void *data;
    OnnxTensor *made = constant_new(a, type, 0, NULL, &data);
    if (!made)
        return false;
    if (type == DT_I64)
        integer_store(type, data, 0, attr_int(a, name, 0));
    else
        number_store(type, data, 0, attr_float(a, name, 0));
    return out_constant(a, 0, made);
}

bool adapt_constant(Adapt *a)
{
    if (attr_given(a, "value"))
        return out_constant(a, 0, attr_tensor(a, "value"));
    if (attr_given(a, "value_float"))
        return constant_number(a, DT_F32, "value_float");
    if (attr_given(a, "value_int"))
        return constant_number(a, DT_I64, "value_int");
    if (attr_given(a, "value_floats"))
        return constant_floats(a, "value_floats");
    if (attr_given(a, "value_ints"))
        return constant_ints(a, "value_ints");
    return refuse(a, "without a value that is a tensor or numbers is not "
                     "supported");
}

bool adapt_constant_of_shape(Adapt *a)
{
    static const float zero = 0;
    static const OnnxTensor none = { "", DT_F32, 1, { 1 }, 1, &zero };
    const OnnxTensor *value =
        attr_given(a, "value") ? attr_tensor(a, "value") : &none;
    int64_t dim[ONNX_MAX_RANK];
    int rank = in_ints(a, 0, "shape", dim, ONNX_MAX_RANK);
    OnnxTensor *made;
    size_t size;
    void *data;
    if (!value || rank < 0)
        return false;
    if (value->count != 1)
        return refuse(a, "needs one number as 'value', got %lld",
                      (long long)value->count);
    if (!(made = constant_new(a, value->type, rank, dim, &data)))
        return false;
    size = (size_t)dtype_size(value->type);
    for (int64_t i = 0; i < made->count; i++)
        memcpy((char *)data + size * (size_t)i, value->data, size);
    return out_constant(a, 0, made);
}

/* ---- Range --------------------------------------------------------------------------------------- */

bool adapt_range(Adapt *a)
{
    double number[3];
    int64_t count;
    const DType type = in_type(a, 0);
    OnnxTensor *made;
    void *data;
    for (int i = 0; i < 3; i++)
        if (!in_number(a, i, "limit", &number[i]))
            return false;
    number[1] = ceil((number[1] - number[0]) / number[2]);
    if (!(fabs(number[1]) < 1e9) || number[2] == 0)
        return refuse(a, "from %g in steps of %g is too long", number[0],
                      number[2]);
    count = number[1] > 0 ? (int64_t)number[1] : 0;
    made = constant_new(a, type, 1, &count, &data);
    for (int64_t i = 0; made && i < count; i++)
        number_store(type, data, i, number[0] + (double)i * number[2]);
    return out_constant(a, 0, made);
}

/* ---- shapes ----------------------------------------------------------------------------------------- */

/* A limit of Shape's, counted from the end where it is negative, and kept
 * within 0..rank. */
static int limit(int64_t value, int rank)
{
    value += value < 0 ? rank : 0;
    return (int)(value < 0 ? 0 : value > rank ? rank : value);
}

bool adapt_shape(Adapt *a)
{
    const int rank = in_rank(a, 0);
    int start = 0, end = rank;
    int64_t count;
    OnnxTensor *made;
    void *data;
    in_ignore(a, 0);
    if (a->opset >= 15) {
        start = limit(attr_int(a, "start", 0), rank);
        end = limit(attr_int(a, "end", rank), rank);
    }
    count = end > start ? end - start : 0;
    made = constant_new(a, DT_I64, 1, &count, &data);
    for (int d = 0; made && d < count; d++)
        integer_store(DT_I64, data, d, in_dim(a, 0, start + d));
    return out_constant(a, 0, made);
}

bool adapt_size(Adapt *a)
{
    int64_t count = 1;
    OnnxTensor *made;
    void *data;
    in_ignore(a, 0);
    for (int d = 0; d < in_rank(a, 0); d++)
        count *= in_dim(a, 0, d);
    made = constant_new(a, DT_I64, 0, NULL, &data);
    if (made)
        integer_store(DT_I64, data, 0, count);
    return out_constant(a, 0, made);
}
