/*
 * adapt_nothing.c - what operators make of tensors without elements.
 *
 *     ReduceSum(x, [1]) of [2, 0, 4]:  [2, 1, 4] zeros, the sum of nothing
 *     Mul(x, x) of [2, 0, 4]:          [2, 0, 4]
 *     Reshape(x, [4, 0]) of [0, 3]:    [4, 0]
 *
 * All that is known when compiling. No kernel, and no tensor of the graph, has
 * to do with them: only an input or output of the model may be one.
 */
#include <math.h>
#include <string.h>

#include "import/local.h"

typedef bool Rule(Adapt *a);

bool out_nothing(Adapt *a, int i, int rank, const int64_t *dim)
{
    void *data;
    return out_constant(a, i, constant_new(a, in_type(a, 0), rank, dim, &data));
}

static int copy_dims(const Adapt *a, int i, int64_t *dim)
{
    const int rank = in_rank(a, i);
    for (int d = 0; d < rank; d++)
        dim[d] = in_dim(a, i, d);
    return rank;
}

/* ---- element by element ------------------------------------------------------------ */

/* Behind one another from the last dimension on; a 1 becomes what the other is. */
static bool spread(int *rank, int64_t *dim, int other_rank,
                   const int64_t *other)
{
    for (; *rank < other_rank; ++*rank) {
        memmove(dim + 1, dim, sizeof *dim * (size_t)*rank);
        dim[0] = 1;
    }
    for (int d = 1; d <= other_rank; d++) {
        int64_t *to = &dim[*rank - d], from = other[other_rank - d];
        if (*to != from && *to != 1 && from != 1)
            return false;
        *to = *to == 1 ? from : *to;
    }
    return true;
}

static bool elementwise(Adapt *a)
{
    int64_t dim[ONNX_MAX_RANK], other[ONNX_MAX_RANK];
    int rank = copy_dims(a, 0, dim);
    for (int i = 0; i < a->node->input_count; i++) {
        if (!in_given(a, i) || in_type(a, i) != in_type(a, 0))
            return refuse(a, "needs inputs of one type");
        in_ignore(a, i);
        if (!spread(&rank, dim, copy_dims(a, i, other), other))
            return refuse(a, "cannot spread '%s' over '%s'", in_name(a, i),
                          in_name(a, 0));
    }
    return out_nothing(a, 0, rank, dim);
}

/* ---- reductions ---------------------------------------------------------------------- */

/* Of no elements. */
typedef struct Start {
    const char *op;
    double value;
    int axes_since;
} Start;

static const Start starts[] = {
    { "ReduceL1", 0, 18 },
    { "ReduceL2", 0, 18 },
    { "ReduceLogSum", -INFINITY, 18 },
    { "ReduceLogSumExp", -INFINITY, 18 },
    { "ReduceMax", -INFINITY, 18 },
    { "ReduceMin", INFINITY, 18 },
    { "ReduceMean", NAN, 18 },
    { "ReduceProd", 1, 18 },
    { "ReduceSum", 0, 13 },
    { "ReduceSumSquare", 0, 18 },
};

static const Start *start_of(const Adapt *a)
{
    for (size_t i = 0; i < COUNT_OF(starts); i++)
        if (strcmp(starts[i].op, a->node->op) == 0)
            return &starts[i];
    return NULL;
}

static bool fill(Adapt *a, int rank, const int64_t *dim, double value)
{
    const DType type = in_type(a, 0);
    OnnxTensor *made;
    void *data;
    if (!dtype_is_float(type) && !isfinite(value))
        return refuse(a, "of no elements of %s has no value",
                      dtype_numpy(type));
    made = constant_new(a, type, rank, dim, &data);
    for (int64_t i = 0; made && i < made->count; i++)
        number_store(type, data, i, value);
    return out_constant(a, 0, made);
}

static bool reduce(Adapt *a)
{
    const Start *start = start_of(a);
    const bool keep = attr_flag(a, "keepdims", true);
    const bool noop = a->opset >= start->axes_since &&
                      attr_flag(a, "noop_with_empty_axes", false);
    int64_t dim[ONNX_MAX_RANK];
    bool flags[ONNX_MAX_RANK];
    const int rank = in_rank(a, 0);
    const int count = in_axes(a, 1, start->axes_since, rank, flags);
    int kept = 0;
    in_ignore(a, 0);
    if (a->failed)
        return false;
    if (count <= 0 && noop)
        return out_input(a, 0, 0);
    for (int d = 0; d < rank; d++) {
        const bool gone = count <= 0 || flags[d];
        if (!gone || keep)
            dim[kept++] = gone ? 1 : in_dim(a, 0, d);
    }
    return fill(a, kept, dim, start->value);
}

/* ---- other shapes ------------------------------------------------------------------------ */

/* With a 0 in the shape there is no telling what -1 would be. */
static bool reshape(Adapt *a)
{
    int64_t dim[ONNX_MAX_RANK], known = 1;
    const bool zero = a->opset >= 14 && attr_flag(a, "allowzero", false);
    const int rank = in_ints(a, 1, "shape", dim, ONNX_MAX_RANK);
    int open = -1;
    in_ignore(a, 0);
    for (int d = 0; d < rank; d++) {
        if (dim[d] == 0 && !zero && d < in_rank(a, 0))
            dim[d] = in_dim(a, 0, d);
        if (dim[d] == -1 && open < 0)
            open = d;
        else if (dim[d] < 0 || !size_mul(known, dim[d], &known))
            return refuse(a, "to a shape with %lld is not possible",
                          (long long)dim[d]);
    }
    if (rank < 0)
        return false;
    if (open >= 0 && known != 0)
        dim[open] = known = 0;
    else if (open >= 0 || known != 0)
        return refuse(a, "of no elements to %lld%s is not possible",
                      (long long)known, open >= 0 ? " and -1" : "");
    return out_nothing(a, 0, rank, dim);
}

static bool flatten(Adapt *a)
{
    const int rank = in_rank(a, 0);
    int64_t dim[2] = { 1, 1 };
    int64_t axis = attr_between(a, "axis", 1, a->opset >= 11 ? -rank : 0, rank);
    axis += axis < 0 ? rank : 0;
    in_ignore(a, 0);
    for (int d = 0; d < rank; d++)
        if (!size_mul(dim[d >= axis], in_dim(a, 0, d), &dim[d >= axis]))
            return refuse(a, "makes a dimension that is too large");
    return out_nothing(a, 0, 2, dim);
}

static bool transpose(Adapt *a)
{
    const int rank = in_rank(a, 0);
    int64_t order[ONNX_MAX_RANK], dim[ONNX_MAX_RANK];
    bool seen[ONNX_MAX_RANK] = { false };
    const int count = attr_ints(a, "perm", order, ONNX_MAX_RANK);
    in_ignore(a, 0);
    if (count >= 0 && count != rank)
        return refuse(a, "needs %d numbers in 'perm', got %d", rank, count);
    for (int d = 0; d < rank; d++) {
        const int64_t from = count < 0 ? rank - 1 - d : order[d];
        if (from < 0 || from >= rank || seen[from])
            return refuse(a, "with %lld in 'perm' is not possible",
                          (long long)from);
        seen[from] = true;
        dim[d] = in_dim(a, 0, (int)from);
    }
    return out_nothing(a, 0, rank, dim);
}

static const struct {
    const char *op;
    Rule *rule;
} rules[] = {
    { "Flatten", flatten },
    { "Reshape", reshape },
    { "Transpose", transpose },
};

/* ---- the whole ----------------------------------------------------------------------------- */

static bool is_nothing(const Adapt *a, int i)
{
    return in_given(a, i) && a->in[i]->constant &&
           a->in[i]->constant->count == 0;
}

/* Its attributes change no shape; each is a number that has been checked. */
static bool is_elementwise(const Adapt *a)
{
    return a->row->column && a->row->column->attributes[0] == '\0';
}

static Rule *rule_of(const Adapt *a)
{
    for (size_t i = 0; i < COUNT_OF(rules); i++)
        if (strcmp(rules[i].op, a->node->op) == 0 &&
            (a->opset >= 5 || rules[i].rule != reshape))
            return rules[i].rule;
    return start_of(a) ? reduce : NULL;
}

bool is_of_nothing(const Adapt *a)
{
    if (!is_elementwise(a))
        return is_nothing(a, 0) && rule_of(a);
    for (int i = 0; i < a->node->input_count; i++)
        if (is_nothing(a, i))
            return true;
    return false;
}

bool adapt_nothing(Adapt *a)
{
    return is_elementwise(a) ? elementwise(a) : rule_of(a)(a);
}
