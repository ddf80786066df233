/*
 * inputs.c - what an adapter asks about the inputs of its node.
 *
 *     in_tensor(a, 0)             numbers at run time, or a constant among them
 *     in_ints(a, 1, "shape", ..)  what has to be known now
 *
 * A constant that is read at run time becomes a tensor of the graph once, for
 * all its readers; the data is not copied. While folding, each constant is an
 * input of the small graph that is evaluated.
 */
#include <string.h>

#include "import/local.h"

#define EXACT ((int64_t)1 << 24) /* whole numbers that an f32 holds */

static Value *value_at(const Adapt *a, int i)
{
    REQUIRE(in_given(a, i));
    return a->in[i];
}

bool in_given(const Adapt *a, int i)
{
    return i < a->node->input_count && a->in[i];
}

const char *in_name(const Adapt *a, int i)
{
    return onnx_show(value_at(a, i)->name);
}

void in_ignore(Adapt *a, int i)
{
    if (in_given(a, i))
        a->in_read[i] = true;
}

DType in_type(const Adapt *a, int i)
{
    return value_at(a, i)->type;
}

int in_rank(const Adapt *a, int i)
{
    const Value *value = value_at(a, i);
    return value->constant ? value->constant->rank : value->tensor->shape.rank;
}

int64_t in_dim(const Adapt *a, int i, int d)
{
    const Value *value = value_at(a, i);
    REQUIRE(d >= 0 && d < in_rank(a, i));
    return value->constant ? value->constant->dim[d]
                           : value->tensor->shape.dim[d];
}

/* ---- constants among tensors --------------------------------------------------------- */

static bool is_whole(const OnnxTensor *constant)
{
    return !dtype_is_float(constant->type) && constant->type != DT_BOOL;
}

static const float *as_floats(Arena *arena, const OnnxTensor *constant)
{
    float *data;
    if (constant->type == DT_F32)
        return constant->data;
    data = NEW_N(arena, float, constant->count);
    for (int64_t i = 0; i < constant->count; i++)
        data[i] = (float)onnx_tensor_number(constant, i);
    return data;
}

/* Whether the graph has the type, and each element is the same as an f32. */
static bool fits_floats(const OnnxTensor *constant)
{
    if (dtype_is_float(constant->type))
        return constant->type == DT_F32;
    for (int64_t i = 0; i < constant->count; i++) {
        int64_t value = onnx_tensor_integer(constant, i);
        if (value < -EXACT || value > EXACT)
            return false;
    }
    return true;
}

static const char *key_of(Import *import, Value *value)
{
    if (!value->key)
        value->key = name_take(import, value->name);
    return value->key;
}

static Tensor *constant_tensor(Import *import, Value *value, const char **why)
{
    Graph *graph = import->graph;
    Shape shape;
    Tensor *tensor;
    *why = "an empty one";
    if (!constant_shape(value->constant, &shape))
        return NULL;
    *why = dtype_numpy(value->type);
    if (!fits_floats(value->constant))
        return NULL;
    tensor = graph_constant(graph, key_of(import, value), shape, NULL);
    tensor->title = value->name;
    tensor->type = value->type;
    tensor->data = as_floats(graph->arena, value->constant);
    return tensor;
}

Tensor *value_tensor(Import *import, Value *value, const char **why)
{
    if (!value->constant)
        return value->tensor;
    if (!value->shared)
        value->shared = constant_tensor(import, value, why);
    return value->shared;
}

/* ---- tensors ---------------------------------------------------------------------------- */

static void note_type(Adapt *a, DType type)
{
    if (!a->main_given || (a->main_type == DT_BOOL && type != DT_BOOL))
        a->main_type = type;
    a->main_given = true;
}

/* Doubles hold whole numbers up to 2^53; the limits of 64 bits stand for "to
 * the end" and come back as themselves. */
static bool is_exact(const OnnxTensor *constant)
{
    const int64_t most = (int64_t)1 << 53;
    if (constant->type != DT_I64 && constant->type != DT_U64)
        return true;
    for (int64_t i = 0; i < constant->count; i++) {
        int64_t value = onnx_tensor_integer(constant, i);
        if ((value < -most || value > most) && value != INT64_MAX &&
            value != INT64_MIN)
            return false;
    }
    return true;
}

static Tensor *fold_input(Adapt *a, const Value *value)
{
    Shape shape;
    if (!constant_shape(value->constant, &shape)) {
        refuse(a, "of an empty constant '%s' is not supported",
               onnx_show(value->name));
        return NULL;
    }
    if (!is_exact(value->constant)) {
        refuse(a, "of whole numbers as large as those of '%s' is not supported",
               onnx_show(value->name));
        return NULL;
    }
    vec_push(&a->fold_in, value->constant);
    return graph_input(
        a->graph, arena_printf(a->graph->arena, "in%d", a->fold_in.count),
        value->type == DT_BOOL ? DT_BOOL : DT_F32, shape, a->origin);
}

Tensor *in_any(Adapt *a, int i)
{
    Value *value = value_at(a, i);
    const char *why = NULL;
    Tensor *tensor;
    a->in_read[i] = true;
    note_type(a, value->type);
    if (a->folding)
        return fold_input(a, value);
    tensor = value_tensor(a->import, value, &why);
    if (!tensor)
        refuse(a, "with the constant '%s' (%s) at run time is not supported",
               in_name(a, i), why);
    return tensor;
}

Tensor *in_tensor(Adapt *a, int i)
{
    a->in_read[i] = true;
    if (a->folding || in_type(a, i) == DT_F32)
        return in_any(a, i);
    refuse(a, "of %s ('%s') is not supported", dtype_numpy(in_type(a, i)),
           in_name(a, i));
    return NULL;
}

Tensor **in_tensors(Adapt *a, int first, int *count)
{
    Tensor **tensors =
        NEW_N(a->graph->arena, Tensor *, a->node->input_count + 1);
    bool good = true;
    *count = 0;
    for (int i = first; i < a->node->input_count; i++) {
        if (!in_given(a, i)) {
            refuse(a, "needs each of its inputs, number %d is left out", i + 1);
            return NULL;
        }
        tensors[*count] = in_tensor(a, i);
        good = good && tensors[(*count)++];
    }
    return good ? tensors : NULL;
}

/* The second operand stands at the axis of the first, up to opset 6. */
static bool align_pair(Adapt *a, Tensor **pair)
{
    bool broadcast;
    Shape shape;
    if (!pair[0] || !pair[1] || a->opset >= 7)
        return pair[0] && pair[1];
    broadcast = attr_flag(a, "broadcast", false);
    if (!attr_given(a, "axis"))
        return true;
    shape = pair[1]->shape;
    for (int d = attr_axis(a, "axis", 0, pair[0]->shape.rank) + shape.rank;
         broadcast && d < pair[0]->shape.rank && shape.rank < MAX_RANK; d++)
        shape.dim[shape.rank++] = 1;
    pair[1] = add_reshape(a, "axis", pair[1], shape);
    return pair[1];
}

bool in_pair(Adapt *a, Tensor **pair)
{
    pair[0] = in_tensor(a, 0);
    pair[1] = in_tensor(a, 1);
    return align_pair(a, pair);
}

bool in_pair_any(Adapt *a, Tensor **pair)
{
    pair[0] = in_any(a, 0);
    pair[1] = in_any(a, 1);
    return align_pair(a, pair);
}

/* ---- what is known now -------------------------------------------------------------------- */

const OnnxTensor *in_constant(Adapt *a, int i)
{
    const Value *value = value_at(a, i);
    if (value->constant)
        a->in_read[i] = true;
    return value->constant;
}

const OnnxTensor *in_need_constant(Adapt *a, int i, const char *what)
{
    const OnnxTensor *constant = in_constant(a, i);
    if (!constant)
        refuse(a,
               "with a %s ('%s') that is only known at run time is not "
               "supported",
               what, in_name(a, i));
    return constant;
}

int in_ints(Adapt *a, int i, const char *what, int64_t *list, int most)
{
    const OnnxTensor *constant = in_need_constant(a, i, what);
    if (!constant)
        return -1;
    if (!is_whole(constant)) {
        refuse(a, "needs whole numbers as %s, got %s", what,
               dtype_numpy(constant->type));
        return -1;
    }
    if (constant->rank > 1 || constant->count > most) {
        refuse(a, "with a %s of %lld numbers is not possible", what,
               (long long)constant->count);
        return -1;
    }
    for (int64_t k = 0; k < constant->count; k++)
        list[k] = onnx_tensor_integer(constant, k);
    return (int)constant->count;
}

bool in_number(Adapt *a, int i, const char *what, double *number)
{
    const OnnxTensor *constant = in_need_constant(a, i, what);
    if (!constant)
        return false;
    if (constant->count != 1)
        return refuse(a, "needs one number as %s, got %lld", what,
                      (long long)constant->count);
    *number = onnx_tensor_number(constant, 0);
    return true;
}

int in_axis_list(Adapt *a, int i, int since, int rank, int *list)
{
    int64_t axes[ONNX_MAX_RANK];
    bool seen[ONNX_MAX_RANK] = { false };
    int count;
    if (a->opset >= since && !in_given(a, i))
        return -1;
    count = a->opset >= since ? in_ints(a, i, "axes", axes, ONNX_MAX_RANK)
                              : attr_ints(a, "axes", axes, ONNX_MAX_RANK);
    for (int k = 0; k < count; k++) {
        int64_t axis = axes[k] < 0 ? axes[k] + rank : axes[k];
        if (axis < 0 || axis >= rank || seen[axis]) {
            refuse(a,
                   axis < 0 || axis >= rank
                       ? "with axis %lld has no such dimension: there are %d"
                       : "names axis %lld twice, of %d",
                   (long long)axes[k], rank);
            return -1;
        }
        seen[axis] = true;
        list[k] = (int)axis;
    }
    return count;
}

int in_axes(Adapt *a, int i, int since, int rank, bool *flags)
{
    int list[ONNX_MAX_RANK];
    const int count = in_axis_list(a, i, since, rank, list);
    memset(flags, 0, sizeof *flags * (size_t)rank);
    for (int k = 0; k < count; k++)
        flags[list[k]] = true;
    return count;
}

const float *in_floats(Adapt *a, int i)
{
    const Value *value = value_at(a, i);
    if (!value->constant)
        return NULL;
    if (value->type != DT_F32 && !a->folding) {
        refuse(a, "of %s ('%s') is not supported", dtype_numpy(value->type),
               in_name(a, i));
        return NULL;
    }
    a->in_read[i] = true;
    return as_floats(a->graph->arena, value->constant);
}
