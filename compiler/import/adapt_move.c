/*
 * adapt_move.c - what picks, repeats and divides: Slice, Split, Gather, Expand,
 * Tile, and the running sum.
 *
 *     y, z = Split(x) of [4, 6], axis=1      slices [0:4, 0:3] and [0:4, 3:6]
 *     y = Gather(x, [0, 2, 4, 9])            slices 0:5:2 and 9:10, joined
 *
 * Places, steps and indices came as attributes in old opsets and come as inputs
 * in new ones; they have to be known.
 */
#include <math.h>
#include <string.h>

#include "import/local.h"

/* ---- slices ----------------------------------------------------------------------- */

static SliceAttrs whole_of(const Shape *shape)
{
    SliceAttrs s = { .begin = { .count = shape->rank } };
    s.end.count = s.step.count = shape->rank;
    for (int d = 0; d < shape->rank; d++) {
        s.end.at[d] = shape->dim[d];
        s.step.at[d] = 1;
    }
    return s;
}

static Tensor *add_slice(Adapt *a, const char *role, Tensor *x,
                         const SliceAttrs *slice)
{
    Node *node = add_node(a, OP_SLICE, role, &x, 1);
    if (node)
        *node_attrs(node, SliceAttrs) = *slice;
    return add_end(a, node);
}

/* Elements first, first + step, ... of one dimension. */
static Tensor *add_run(Adapt *a, const char *role, Tensor *x, int axis,
                       int64_t first, int64_t count, int64_t step)
{
    const int64_t last = first + (count - 1) * step;
    SliceAttrs s = whole_of(&x->shape);
    s.begin.at[axis] = first;
    s.step.at[axis] = step;
    s.end.at[axis] = step > 0   ? last + 1
                     : last > 0 ? last - 1
                                : -x->shape.dim[axis] - 1;
    return add_slice(a, role, x, &s);
}

/* Lists of one kind: starts, ends, axes, steps. How many; -1: not given. */
static int read_list(Adapt *a, int i, const char *name, int64_t *list)
{
    if (a->opset < 10)
        return attr_ints(a, name, list, ONNX_MAX_RANK);
    return in_given(a, i) ? in_ints(a, i, name, list, ONNX_MAX_RANK) : -1;
}

/* The dimension that number k of the lists is about; -1 after a refusal. */
static int slice_axis(Adapt *a, int rank, const int64_t *axes, int k,
                      bool *seen)
{
    int64_t axis = axes ? axes[k] : k;
    axis += axis < 0 ? rank : 0;
    if (axis < 0 || axis >= rank || seen[axis]) {
        refuse(a,
               axis < 0 || axis >= rank
                   ? "with axis %lld has no such dimension: there are %d"
                   : "names axis %lld twice, of %d",
               (long long)(axes ? axes[k] : k), rank);
        return -1;
    }
    seen[axis] = true;
    return (int)axis;
}

static bool read_slice(Adapt *a, SliceAttrs *s, int rank)
{
    int64_t starts[ONNX_MAX_RANK], ends[ONNX_MAX_RANK];
    int64_t axes[ONNX_MAX_RANK], steps[ONNX_MAX_RANK];
    bool seen[ONNX_MAX_RANK] = { false };
    const int count = read_list(a, 1, "starts", starts);
    const int end_count = read_list(a, 2, "ends", ends);
    const int axis_count = read_list(a, 3, "axes", axes);
    const int step_count = a->opset < 10 ? -1 : read_list(a, 4, "steps", steps);
    if (a->failed)
        return false;
    if (count < 0 || end_count != count ||
        (axis_count >= 0 && axis_count != count) ||
        (step_count >= 0 && step_count != count))
        return refuse(a, "needs as many ends, axes and steps as starts");
    for (int k = 0; k < count; k++) {
        const int d =
            slice_axis(a, rank, axis_count < 0 ? NULL : axes, k, seen);
        if (d < 0)
            return false;
        s->begin.at[d] = starts[k];
        s->end.at[d] = ends[k];
        s->step.at[d] = step_count < 0 ? 1 : steps[k];
    }
    return true;
}

/* How many elements of dimension d are left. */
static int64_t left_of(const SliceAttrs *s, int d, int64_t dim)
{
    const int64_t step = s->step.at[d], back = step < 0;
    int64_t at[2] = { s->begin.at[d], s->end.at[d] };
    for (int i = 0; i < 2; i++) {
        at[i] += at[i] < 0 ? dim : 0;
        at[i] = at[i] < -back ? -back : at[i] > dim - back ? dim - back : at[i];
    }
    if (back ? at[0] <= at[1] : at[1] <= at[0])
        return 0;
    /* 1 + (distance - 1) / |step|, without a number that does not fit */
    return back ? 1 + (at[1] + 1 - at[0]) / step
                : 1 + (at[1] - 1 - at[0]) / step;
}

/* The shape where nothing is left, or there was nothing. */
static bool is_all_gone(Adapt *a, const SliceAttrs *s, int64_t *dim)
{
    int64_t count = 1;
    for (int d = 0; d < s->begin.count; d++) {
        if (s->step.at[d] == 0)
            return false;
        dim[d] = left_of(s, d, in_dim(a, 0, d));
        count = count && dim[d];
    }
    return count == 0;
}

static SliceAttrs whole_input(const Adapt *a)
{
    Shape shape = { .rank = in_rank(a, 0) };
    for (int d = 0; d < shape.rank; d++)
        shape.dim[d] = in_dim(a, 0, d);
    return whole_of(&shape);
}

bool adapt_slice(Adapt *a)
{
    int64_t dim[ONNX_MAX_RANK];
    SliceAttrs slice = whole_input(a);
    if (!read_slice(a, &slice, slice.begin.count))
        return false;
    if (is_all_gone(a, &slice, dim)) {
        in_ignore(a, 0);
        return out_nothing(a, 0, slice.begin.count, dim);
    }
    return out_tensor(a, 0, add_slice(a, NULL, in_any(a, 0), &slice));
}

/* ---- Split -------------------------------------------------------------------------- */

/* The sizes as they are given; how many, -1: not given. */
static int given_parts(Adapt *a, int64_t *size, int most)
{
    const OnnxTensor *list;
    int count;
    if (a->opset < 13 && (a->opset > 1 || !in_given(a, 1)))
        return attr_ints(a, "split", size, most);
    if (!in_given(a, 1))
        return -1;
    if (!(list = in_need_constant(a, 1, "split")))
        return -1;
    if (dtype_is_float(list->type)) {
        refuse(a, "needs whole numbers as sizes, got %s",
               dtype_numpy(list->type));
        return -1;
    }
    count = list->count <= most ? (int)list->count : most + 1;
    for (int i = 0; i < count && i < most; i++)
        size[i] = onnx_tensor_integer(list, i);
    return count;
}

/* Parts of equal size, the last one perhaps smaller. */
static bool equal_parts(Adapt *a, int64_t dim, int64_t *size, int count)
{
    const int64_t parts = a->opset >= 18 && attr_given(a, "num_outputs")
                              ? attr_int(a, "num_outputs", 0)
                              : count;
    const int64_t each = dim / count + (dim % count != 0);
    if (parts != count)
        return refuse(a, "into %lld parts has %d outputs", (long long)parts,
                      count);
    if (a->opset < 18 && dim % count != 0)
        return refuse(a, "of %lld elements into %d equal parts is not possible",
                      (long long)dim, count);
    for (int i = 0; i < count; i++, dim -= size[i - 1])
        size[i] = each < dim ? each : dim;
    return true;
}

static bool check_parts(Adapt *a, int64_t dim, const int64_t *size, int count,
                        int given)
{
    int64_t left = dim;
    if (given >= 0 && given != count)
        return refuse(a, "into parts of %d sizes has %d outputs", given, count);
    for (int i = 0; i < count; i++) {
        if (size[i] < 0 || size[i] > left)
            return refuse(a,
                          "of %lld elements with a part of %lld is not "
                          "possible",
                          (long long)dim, (long long)size[i]);
        left -= size[i];
    }
    return left == 0 || refuse(a, "leaves %lld of %lld elements over",
                               (long long)left, (long long)dim);
}

/* Elements first, first + 1, ... of the axis; x is NULL where there are none. */
static bool give_part(Adapt *a, int i, Tensor *x, int axis, int64_t first,
                      int64_t size)
{
    int64_t dim[ONNX_MAX_RANK];
    if (x && size > 0)
        return out_tensor(
            a, i, add_run(a, i ? "part" : NULL, x, axis, first, size, 1));
    for (int d = 0; d < in_rank(a, 0); d++)
        dim[d] = d == axis ? size : in_dim(a, 0, d);
    return out_nothing(a, i, in_rank(a, 0), dim);
}

static bool has_elements(const Adapt *a)
{
    for (int d = 0; d < in_rank(a, 0); d++)
        if (in_dim(a, 0, d) == 0)
            return false;
    return true;
}

bool adapt_split(Adapt *a)
{
    const int count = a->node->output_count;
    int64_t *size = NEW_N(a->graph->arena, int64_t, count), first = 0, dim;
    const int axis = attr_axis(a, "axis", 0, in_rank(a, 0));
    const int given = given_parts(a, size, count);
    Tensor *x = has_elements(a) ? in_any(a, 0) : NULL;
    in_ignore(a, 0);
    if (a->failed)
        return false;
    dim = in_dim(a, 0, axis);
    if (given < 0 && !equal_parts(a, dim, size, count))
        return false;
    if (!check_parts(a, dim, size, count, given))
        return false;
    for (int i = 0; i < count; first += size[i++])
        if (a->node->output[i] && !give_part(a, i, x, axis, first, size[i]))
            return false;
    return true;
}

/* ---- Gather ---------------------------------------------------------------------------- */

#define MOST_RUNS 1024 /* inputs of a concat */

/* Indices at..at + count - 1 rise or fall by the same step. */
static int64_t run_length(const int64_t *index, int64_t left, int64_t *step)
{
    int64_t count = 2;
    *step = 1;
    if (left < 2 || index[1] == index[0])
        return 1;
    *step = index[1] - index[0];
    while (count < left && index[count] - index[count - 1] == *step)
        count++;
    return count;
}

/* x along the axis, in the order of the indices. */
static Tensor *pick(Adapt *a, Tensor *x, int axis, const int64_t *index,
                    int64_t count)
{
    Tensor **parts = NEW_N(a->graph->arena, Tensor *, MOST_RUNS);
    int runs = 0;
    Node *node;
    for (int64_t i = 0, length, step; i < count; i += length, runs++) {
        length = run_length(index + i, count - i, &step);
        if (runs == MOST_RUNS) {
            refuse(a, "of indices in as many as %d runs is not supported",
                   MOST_RUNS);
            return NULL;
        }
        parts[runs] = add_run(a, "run", x, axis, index[i], length, step);
        if (!parts[runs])
            return NULL;
    }
    if (runs == 1)
        return parts[0];
    node = add_node(a, OP_CONCAT, "runs", parts, runs);
    node_attrs(node, ConcatAttrs)->axis = axis;
    return add_end(a, node);
}

/* The constant's indices, counted from the start; NULL after a refusal. */
static const int64_t *indices(Adapt *a, const OnnxTensor *constant, int64_t dim)
{
    int64_t *index = NEW_N(a->graph->arena, int64_t, constant->count);
    if (dtype_is_float(constant->type)) {
        refuse(a, "needs whole numbers as indices, got %s",
               dtype_numpy(constant->type));
        return NULL;
    }
    for (int64_t i = 0; i < constant->count; i++) {
        const int64_t given = onnx_tensor_integer(constant, i);
        index[i] = given < 0 ? given + dim : given;
        if (index[i] >= 0 && index[i] < dim)
            continue;
        refuse(a, "with the index %lld of %lld elements is not possible",
               (long long)given, (long long)dim);
        return NULL;
    }
    return index;
}

bool adapt_gather(Adapt *a)
{
    const OnnxTensor *constant = in_need_constant(a, 1, "list of indices");
    Tensor *x = in_any(a, 0);
    Shape shape = { 0 };
    const int64_t *index;
    int axis;
    if (!x || !constant)
        return false;
    axis = attr_axis(a, "axis", 0, x->shape.rank);
    if (a->failed)
        return false;
    if (constant->count == 0 || x->shape.rank - 1 + constant->rank > MAX_RANK)
        return refuse(a,
                      "with indices of %d dimensions, %lld in all, is not "
                      "supported",
                      constant->rank, (long long)constant->count);
    if (!(index = indices(a, constant, x->shape.dim[axis])))
        return false;
    for (int d = 0; d < axis; d++)
        shape.dim[shape.rank++] = x->shape.dim[d];
    for (int d = 0; d < constant->rank; d++)
        shape.dim[shape.rank++] = constant->dim[d];
    for (int d = axis + 1; d < x->shape.rank; d++)
        shape.dim[shape.rank++] = x->shape.dim[d];
    x = pick(a, x, axis, index, constant->count);
    return out_tensor(a, 0, add_reshape(a, NULL, x, shape));
}

/* ---- Expand, Tile ------------------------------------------------------------------------ */

bool adapt_expand(Adapt *a)
{
    Tensor *x = in_any(a, 0);
    ExpandAttrs attrs = { 0 };
    Node *node;
    if (!x)
        return false;
    attrs.shape.count = in_ints(a, 1, "shape", attrs.shape.at, ONNX_MAX_RANK);
    if (attrs.shape.count < 0)
        return false;
    node = add_node(a, OP_EXPAND, NULL, &x, 1);
    *node_attrs(node, ExpandAttrs) = attrs;
    return out_tensor(a, 0, add_end(a, node));
}

bool adapt_tile(Adapt *a)
{
    Tensor *x = in_any(a, 0);
    TileAttrs attrs = { 0 };
    Node *node;
    if (!x)
        return false;
    attrs.repeats.count =
        in_ints(a, 1, "repeats", attrs.repeats.at, ONNX_MAX_RANK);
    if (attrs.repeats.count < 0)
        return false;
    node = add_node(a, OP_TILE, NULL, &x, 1);
    *node_attrs(node, TileAttrs) = attrs;
    return out_tensor(a, 0, add_end(a, node));
}

/* In old opsets: so many copies along one axis. */
bool adapt_tile_axis(Adapt *a)
{
    Tensor *x = in_any(a, 0);
    TileAttrs attrs = { 0 };
    double copies, axis; /* of the type of x */
    Node *node;
    if (!x || !in_number(a, 1, "number of copies", &copies) ||
        !in_number(a, 2, "axis", &axis))
        return false;
    if (!(axis >= 0 && axis < x->shape.rank) || axis != floor(axis))
        return refuse(a, "has the axis %g of a tensor of rank %d", axis,
                      x->shape.rank);
    if (!(copies >= 1 && copies <= INT32_MAX) || copies != floor(copies))
        return refuse(a, "of %g copies is not possible", copies);
    attrs.repeats.count = x->shape.rank;
    for (int d = 0; d < x->shape.rank; d++)
        attrs.repeats.at[d] = d == (int)axis ? (int64_t)copies : 1;
    node = add_node(a, OP_TILE, NULL, &x, 1);
    *node_attrs(node, TileAttrs) = attrs;
    return out_tensor(a, 0, add_end(a, node));
}

/* ---- CumSum ------------------------------------------------------------------------------- */

bool adapt_cumsum(Adapt *a)
{
    Tensor *x = in_tensor(a, 0);
    CumsumAttrs attrs = { 0 };
    Node *node;
    if (!x || in_ints(a, 1, "axis", &attrs.axis, 1) < 0)
        return false;
    attrs.exclusive = attr_flag(a, "exclusive", false);
    attrs.reverse = attr_flag(a, "reverse", false);
    node = add_node(a, OP_CUMSUM, NULL, &x, 1);
    *node_attrs(node, CumsumAttrs) = attrs;
    return out_tensor(a, 0, add_end(a, node));
}
