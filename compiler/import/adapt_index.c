/*
 * adapt_index.c - what depends on where an element stands: Trilu, EyeLike,
 * OneHot, and the windows of signal processing.
 *
 *     Trilu(x, k=0) upper=1      a b c        where(1 1 1, x, 0)
 *                                0 e f              0 1 1
 *                                0 0 i              0 0 1
 *
 * The places are known: they are constants, and so are some of the results.
 */
#include <math.h>
#include <string.h>

#include "import/local.h"

#define PI 3.14159265358979323846

/* A constant of any type whose elements floats hold. */
static Tensor *typed_constant(Adapt *a, const char *role, DType type,
                              Shape shape, const float *data)
{
    Tensor *tensor = add_constant(a, role, shape, data);
    tensor->type = type;
    return tensor;
}

static Tensor *number_of(Adapt *a, const char *role, DType type, double number)
{
    const float data = (float)number;
    return typed_constant(a, role, type, (Shape){ 0 }, &data);
}

/* c ? x : y */
static bool give_chosen(Adapt *a, Tensor *c, Tensor *x, Tensor *y, DType type)
{
    Tensor *const in[] = { c, x, y };
    return out_typed(a, 0, add_end(a, add_node(a, OP_WHERE, NULL, in, 3)),
                     type);
}

/* ---- triangles --------------------------------------------------------------------- */

/* Of each element of a matrix: how far right of the diagonal it is. */
static Tensor *distances(Adapt *a, const Shape *x, DType type)
{
    const int64_t columns = x->dim[x->rank - 1];
    const Shape shape = shape_of(2, x->dim + x->rank - 2);
    const int64_t count = shape_count(&shape);
    float *data = mem_alloc(sizeof *data * (size_t)count);
    Tensor *made;
    for (int64_t i = 0; i < count; i++)
        data[i] = (float)(i % columns - i / columns);
    made = typed_constant(a, "distance", type, shape, data);
    mem_free(data);
    return made;
}

static bool has_elements(const Adapt *a, int i)
{
    for (int d = 0; d < in_rank(a, i); d++)
        if (in_dim(a, i, d) == 0)
            return false;
    return true;
}

bool adapt_trilu(Adapt *a)
{
    const Op op =
        attr_flag(a, "upper", true) ? OP_GREATER_EQUAL : OP_LESS_EQUAL;
    Tensor *x, *k;
    in_ignore(a, 1);
    if (in_rank(a, 0) < 2 || (in_given(a, 1) && in_rank(a, 1) > 1))
        return refuse(a, "needs matrices and one number");
    if (!has_elements(a, 0))
        return out_input(a, 0, 0);
    x = in_any(a, 0);
    if (in_given(a, 1) && has_elements(a, 1))
        k = in_any(a, 1);
    else
        k = number_of(a, "diagonal", x ? x->type : DT_F32, 0);
    if (!x || !k)
        return false;
    return give_chosen(
        a, add_2(a, op, "mask", distances(a, &x->shape, k->type), k), x,
        number_of(a, "zero", x->type, 0), in_type(a, 0));
}

bool adapt_eye_like(Adapt *a)
{
    const int64_t k = attr_between(a, "k", 0, -(int64_t)INT32_MAX, INT32_MAX);
    DType type = in_type(a, 0);
    OnnxTensor *made;
    int64_t dim[2];
    void *data;
    in_ignore(a, 0);
    if (attr_given(a, "dtype"))
        type = type_of_number(attr_int(a, "dtype", 0));
    if (a->failed)
        return false;
    if (type == DT_COUNT || in_rank(a, 0) != 2)
        return refuse(a, "of %d dimensions and this 'dtype' is not supported",
                      in_rank(a, 0));
    for (int d = 0; d < 2; d++)
        dim[d] = in_dim(a, 0, d);
    made = constant_new(a, type, 2, dim, &data);
    for (int64_t i = 0; made && i < made->count; i++)
        number_store(type, data, i, i % dim[1] - i / dim[1] == k);
    return out_constant(a, 0, made);
}

/* ---- one of many -------------------------------------------------------------------- */

/* 0, 1, ..., along one dimension; from: of the first of them. */
static Tensor *places(Adapt *a, DType type, int rank, int axis, int64_t count,
                      int64_t from)
{
    float *data = mem_alloc(sizeof *data * (size_t)count);
    Shape shape = { .rank = rank };
    Tensor *made;
    for (int d = 0; d < rank; d++)
        shape.dim[d] = d == axis ? count : 1;
    for (int64_t i = 0; i < count; i++)
        data[i] = (float)(from + i);
    made = typed_constant(a, "places", type, shape, data);
    mem_free(data);
    return made;
}

/* Where x, with 1 for the axis, is the place, counted from `from`. */
static Tensor *is_at(Adapt *a, const char *role, Tensor *x, int axis,
                     int64_t depth, int64_t from)
{
    if (!x)
        return NULL;
    return add_2(a, OP_EQUAL, role, x,
                 places(a, x->type, x->shape.rank, axis, depth, from));
}

/* Element i of two. */
static Tensor *value_at(Adapt *a, const char *role, Tensor *values, int i)
{
    Node *node = add_node(a, OP_SLICE, role, &values, 1);
    if (!node)
        return NULL;
    *node_attrs(node, SliceAttrs) = (SliceAttrs){ .begin = { 1, { i } },
                                                  .end = { 1, { i + 1 } },
                                                  .step = { 1, { 1 } } };
    return add_end(a, node);
}

/* Negative indices count from the end; those beyond either have no place. */
bool adapt_one_hot(Adapt *a)
{
    Tensor *x = in_any(a, 0), *values = in_any(a, 2), *here, *back;
    double depth;
    Shape shape;
    int axis, from = 0;
    if (!values || !x || !in_number(a, 1, "depth", &depth))
        return false;
    if (!(depth >= 1 && depth <= 1 << 24) || depth != floor(depth) ||
        values->shape.rank != 1 || values->shape.dim[0] != 2 ||
        x->shape.rank == MAX_RANK)
        return refuse(a,
                      "of %s with a depth of %g and values of %s is not "
                      "supported",
                      shape_show(&x->shape), depth, shape_show(&values->shape));
    shape = (Shape){ .rank = x->shape.rank + 1 };
    axis = attr_axis(a, "axis", -1, shape.rank);
    if (a->failed)
        return false;
    for (int d = 0; d < shape.rank; d++)
        shape.dim[d] = d == axis ? 1 : x->shape.dim[from++];
    x = add_reshape(a, "index", x, shape);
    here = is_at(a, "here", x, axis, (int64_t)depth, 0);
    back = is_at(a, "back", x, axis, (int64_t)depth, -(int64_t)depth);
    return give_chosen(a, add_2(a, OP_LOGICAL_OR, "either", here, back),
                       value_at(a, "on", values, 1),
                       value_at(a, "off", values, 0), in_type(a, 2));
}

/* ---- windows of signals --------------------------------------------------------------- */

/* The factors of 1, cos(t) and cos(2*t), t from 0 to 2 pi. */
static const struct {
    const char *op;
    double factor[3];
} functions[] = {
    { "BlackmanWindow", { 0.42, -0.5, 0.08 } },
    { "HammingWindow", { 25.0 / 46, -21.0 / 46, 0 } },
    { "HannWindow", { 0.5, -0.5, 0 } },
};

static double function_at(const char *op, double t)
{
    for (size_t i = 0; i < COUNT_OF(functions); i++)
        if (strcmp(functions[i].op, op) == 0) {
            const double *f = functions[i].factor;
            return f[0] + f[1] * cos(t) + f[2] * cos(2 * t);
        }
    BUG("no window '%s'", op);
}

bool adapt_window_function(Adapt *a)
{
    const DType type = type_of_number(attr_int(a, "output_datatype", 1));
    const bool periodic = attr_flag(a, "periodic", true);
    OnnxTensor *made;
    int64_t size;
    double given, step;
    void *data;
    if (!in_number(a, 0, "size", &given))
        return false;
    if (type == DT_COUNT || !(given >= 1 && given <= INT32_MAX) ||
        given != floor(given))
        return refuse(a, "of %g elements and this type is not supported",
                      given);
    size = (int64_t)given;
    step = 2 * PI / (periodic || size == 1 ? given : given - 1);
    made = constant_new(a, type, 1, &size, &data);
    for (int64_t i = 0; made && i < size; i++)
        number_store(type, data, i, function_at(a->node->op, (double)i * step));
    return out_constant(a, 0, made);
}
