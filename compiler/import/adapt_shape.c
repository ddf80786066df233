/*
 * adapt_shape.c - what moves elements or only calls them otherwise.
 *
 *     y = Reshape(x, [0, -1]) of [1, 16, 5, 5]: [1, 400]
 *
 * What these need to know (a shape, axes, the width of a border) came as
 * attributes in old opsets, and comes as inputs in new ones.
 */
#include <string.h>

#include "import/local.h"

/* ---- Reshape and relatives ------------------------------------------------------------- */

/* 0 stands for the input's dimension, -1 for what is left. */
static bool resolve(Adapt *a, const Tensor *x, int64_t *list, int count)
{
    const bool zero = a->opset >= 14 && attr_flag(a, "allowzero", false);
    int64_t known = 1, all = shape_count(&x->shape);
    int open = -1;
    for (int d = 0; d < count; d++) {
        if (list[d] == 0 && !zero && d < x->shape.rank)
            list[d] = x->shape.dim[d];
        if (list[d] == -1 && open < 0)
            open = d;
        else if (list[d] < 1 || !size_mul(known, list[d], &known))
            return refuse(a, "of %s to a shape with %lld is not possible",
                          shape_show(&x->shape), (long long)list[d]);
    }
    if (open >= 0 && all % known == 0)
        list[open] = all / known;
    if (open >= 0 ? all % known == 0 : all == known)
        return true;
    return refuse(a, "of %lld elements, %s, to %lld is not possible",
                  (long long)all, shape_show(&x->shape), (long long)known);
}

bool adapt_reshape(Adapt *a)
{
    int64_t list[ONNX_MAX_RANK];
    Tensor *x = in_any(a, 0);
    int count;
    if (!x)
        return false;
    count = in_ints(a, 1, "shape", list, ONNX_MAX_RANK);
    return count >= 0 && resolve(a, x, list, count) &&
           out_tensor(a, 0, add_reshape(a, NULL, x, shape_of(count, list)));
}

bool adapt_reshape_attribute(Adapt *a)
{
    int64_t list[ONNX_MAX_RANK];
    const int count = attr_ints(a, "shape", list, ONNX_MAX_RANK);
    Tensor *x = in_any(a, 0);
    if (count < 0)
        return refuse(a, "needs the attribute 'shape'");
    return x && resolve(a, x, list, count) &&
           out_tensor(a, 0, add_reshape(a, NULL, x, shape_of(count, list)));
}

bool adapt_flatten(Adapt *a)
{
    Tensor *x = in_any(a, 0);
    int64_t dim[2] = { 1, 1 };
    int64_t axis;
    if (!x)
        return false;
    axis = attr_between(a, "axis", 1, a->opset >= 11 ? -x->shape.rank : 0,
                        x->shape.rank);
    axis += axis < 0 ? x->shape.rank : 0;
    for (int d = 0; d < x->shape.rank; d++)
        dim[d >= axis] *= x->shape.dim[d];
    return out_tensor(a, 0, add_reshape(a, NULL, x, shape_of(2, dim)));
}

bool adapt_squeeze(Adapt *a)
{
    bool gone[ONNX_MAX_RANK];
    Tensor *x = in_any(a, 0);
    Shape shape = { 0 };
    int count;
    if (!x)
        return false;
    count = in_axes(a, 1, 13, x->shape.rank, gone);
    for (int d = 0; d < x->shape.rank; d++) {
        if (count < 0 ? x->shape.dim[d] == 1 : gone[d]) {
            if (x->shape.dim[d] != 1)
                return refuse(a, "cannot drop dimension %d of %s", d,
                              shape_show(&x->shape));
        } else {
            shape.dim[shape.rank++] = x->shape.dim[d];
        }
    }
    return out_tensor(a, 0, add_reshape(a, NULL, x, shape));
}

/* How many axes there are, before their rank is known; -1 after a refusal. */
static int count_axes(Adapt *a)
{
    int64_t axes[ONNX_MAX_RANK];
    int count;
    if (a->opset >= 13 && !in_given(a, 1))
        count = -1;
    else
        count = a->opset >= 13 ? in_ints(a, 1, "axes", axes, ONNX_MAX_RANK)
                               : attr_ints(a, "axes", axes, ONNX_MAX_RANK);
    if (count < 0 && !a->failed)
        refuse(a, "needs axes");
    return count;
}

bool adapt_unsqueeze(Adapt *a)
{
    bool made[ONNX_MAX_RANK];
    Tensor *x = in_any(a, 0);
    int count = count_axes(a), from = 0;
    Shape shape = { 0 };
    if (!x || count < 0)
        return false;
    shape.rank = x->shape.rank + count;
    if (shape.rank > ONNX_MAX_RANK)
        return refuse(a, "to %d dimensions is not supported", shape.rank);
    if (in_axes(a, 1, 13, shape.rank, made) < 0)
        return false;
    for (int d = 0; d < shape.rank; d++)
        shape.dim[d] = made[d] ? 1 : x->shape.dim[from++];
    return out_tensor(a, 0, add_reshape(a, NULL, x, shape));
}

/* ---- Transpose, Concat -------------------------------------------------------------------- */

bool adapt_transpose(Adapt *a)
{
    int64_t perm[ONNX_MAX_RANK];
    bool seen[ONNX_MAX_RANK] = { false };
    Tensor *x = in_any(a, 0);
    int count;
    if (!x)
        return false;
    count = attr_ints(a, "perm", perm, ONNX_MAX_RANK);
    for (int d = 0; count < 0 && d < x->shape.rank; d++)
        perm[d] = x->shape.rank - 1 - d;
    if (count >= 0 && count != x->shape.rank)
        return refuse(a, "needs %d numbers in 'perm', got %d", x->shape.rank,
                      count);
    for (int d = 0; d < x->shape.rank; d++) {
        if (perm[d] < 0 || perm[d] >= x->shape.rank || seen[perm[d]])
            return refuse(a,
                          "with a 'perm' that is no order of %d dimensions "
                          "is not possible",
                          x->shape.rank);
        seen[perm[d]] = true;
    }
    return out_tensor(a, 0, add_transpose(a, NULL, x, perm));
}

static bool is_empty(const Adapt *a, int i)
{
    for (int d = 0; d < in_rank(a, i); d++)
        if (in_dim(a, i, d) == 0)
            return true;
    return false;
}

/* The inputs that have elements; empty ones, as in lists of shapes, add none. */
static bool concat_inputs(Adapt *a, Tensor **in, int *count)
{
    *count = 0;
    for (int i = 0; i < a->node->input_count; i++) {
        if (!in_given(a, i))
            return refuse(a, "needs each of its inputs, number %d is left out",
                          i + 1);
        if (is_empty(a, i))
            in_ignore(a, i);
        else if (!(in[(*count)++] = in_any(a, i)))
            return false;
    }
    return true;
}

bool adapt_concat(Adapt *a)
{
    Tensor **in = NEW_N(a->graph->arena, Tensor *, a->node->input_count + 1);
    const int axis = attr_axis(a, "axis", 1, in_rank(a, 0));
    int count;
    Node *node;
    if (a->opset >= 4 && !attr_given(a, "axis"))
        return refuse(a, "needs the attribute 'axis'");
    if (!concat_inputs(a, in, &count))
        return false;
    if (count == 0)
        return out_input(a, 0, 0);
    if (count == 1)
        return out_tensor(a, 0, in[0]);
    node = add_node(a, OP_CONCAT, NULL, in, count);
    node_attrs(node, ConcatAttrs)->axis = axis;
    return out_tensor(a, 0, add_end(a, node));
}
