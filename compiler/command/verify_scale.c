/*
 * verify_scale.c - what errors are measured against.
 *
 *     y = b + x0*w0 + x1*w1 + ...     scale |b| + |x0*w0| + |x1*w1| + ...
 *
 * A sum of n products in floats, in whatever order, is off by n * 2^-24 * scale
 * at the very most, and by sqrt(n) instead of n as a rule. The scale of a sum of products is the same layer computed
 * of the scales of its inputs and of |w|; what follows in the same kernel
 * passes it on.
 */
#include "command/verify.h"
#include "op/op.h"

#include <math.h>
#include <string.h>

/* More than the error of any value, of its scale. */
#define SHIFT 0x1p-13

static int64_t input_count(const Node *node, int i)
{
    return shape_count(&node->input[i]->shape);
}

/* The node as if it were `op`, of magnitudes. */
static void evaluate_as(const Node *node, Op op, const double *const *in,
                        double *out)
{
    Node other = *node;

    other.op = op;
    graph_evaluate_node(&other, in, &out);
}

static bool is_value(const Tensor *tensor)
{
    return tensor->kind == TENSOR_VALUE || tensor->kind == TENSOR_INPUT;
}

/* Parameters are exact, |w|, but for those that are computed. */
static const double **magnitudes(Arena *arena, const Node *node,
                                 const double *const *value,
                                 const double *const *scale)
{
    const double **in = NEW_N(arena, const double *, node->input_count);

    for (int i = 0; i < node->input_count; i++) {
        int64_t count = input_count(node, i);
        double *copy = NEW_N(arena, double, count);
        for (int64_t k = 0; k < count; k++)
            copy[k] =
                is_value(node->input[i]) ? scale[i][k] : fabs(value[i][k]);
        in[i] = copy;
    }
    return in;
}

/* (|x| + |mean|) * |gamma| / sqrt(variance + epsilon) + |beta|: a sum, where
 * the formula has a difference. */
static void scale_batchnorm(const Node *node, const double *const *value,
                            const double **in, double *out)
{
    /* weight, bias, running_mean, running_var */
    int64_t channels = input_count(node, 1);
    double *mean = mem_alloc((size_t)channels * sizeof *mean);

    REQUIRE(node->input_count == 5);
    for (int64_t c = 0; c < channels; c++)
        mean[c] = -fabs(value[3][c]);
    in[3] = mean;
    in[4] = value[4];
    evaluate_as(node, node->op, in, out);
    mem_free(mean);
}

/* exp(x - most) / sum: what x - most loses is in proportion to x. */
static void scale_softmax(const Node *node, const double *const *scale,
                          const double *result, double *out)
{
    int64_t count = input_count(node, 0);
    double most = 0;

    for (int64_t k = 0; k < count; k++)
        most = scale[0][k] > most ? scale[0][k] : most;
    for (int64_t k = 0; k < count; k++)
        out[k] = result[k] * (1 + 2 * most);
}

static void scale_log_softmax(const Node *node, const double *const *scale,
                              const double *result, double *out)
{
    int64_t count = input_count(node, 0);
    double most = 0;

    for (int64_t k = 0; k < count; k++)
        most = fmax(most, scale[0][k]);
    for (int64_t k = 0; k < count; k++)
        out[k] = 1 + 2 * most + fabs(result[k]);
}

/* The node's input i, spread over the first one, times `out` or plus it. */
static void combine(const Node *node, Op op, int i, const double *value,
                    double *out)
{
    Node two = *node;
    Tensor *input[2] = { node->input[0], node->input[i] };
    const double *in[2] = { out, value };
    int64_t count = input_count(node, 0);
    double *result = mem_alloc((size_t)count * sizeof *result);

    two.op = op;
    two.input = input;
    two.input_count = two.data_count = 2;
    graph_evaluate_node(&two, in, &result);
    memcpy(out, result, (size_t)count * sizeof *result);
    mem_free(result);
}

/* z = (x - mean) / deviation is off where any of the three is; then weight and
 * bias. */
static void scale_standardize(const Node *node, const double *const *value,
                              const double **in, double *out)
{
    int64_t count = input_count(node, 0);
    double *inverse = mem_alloc((size_t)count * sizeof *inverse);
    double most = 0;
    Node plain = *node;

    plain.input_count = plain.data_count = 1;
    graph_evaluate_node(&plain, value, &out);
    op_standardize_inverse(&plain, value[0], inverse);
    for (int64_t k = 0; k < count; k++)
        most = fmax(most, in[0][k]);
    for (int64_t k = 0; k < count; k++)
        out[k] = 2 * most * inverse[k] * (1 + fabs(out[k])) + fabs(out[k]);
    if (node->input_count > 1)
        combine(node, OP_MUL, 1, in[1], out);
    if (node->input_count > 2)
        combine(node, OP_ADD, 2, in[2], out);
    mem_free(inverse);
}

/* x / std - mean / std: the constants behind x are 1 / std and -mean / std. */
static void scale_normalize(const Node *node, const double *const *value,
                            const double *const *scale, double *out)
{
    REQUIRE(node->input_count == 3);
    for (int64_t k = 0; k < input_count(node, 0); k++)
        out[k] = scale[0][k] * fabs(value[1][k % input_count(node, 1)]) +
                 fabs(value[2][k % input_count(node, 2)]);
}

/* The most that a shift of one input by `sign` times its error changes. */
static void add_change(Arena *arena, const Node *node,
                       const double *const *value, const double *const *scale,
                       const double *result, int input, double sign,
                       double *most)
{
    const double **in = NEW_N(arena, const double *, node->input_count);
    double *shifted = NEW_N(arena, double, input_count(node, input));
    int64_t count = shape_count(&node->output[0]->shape);
    double *out = NEW_N(arena, double, count);

    for (int i = 0; i < node->input_count; i++)
        in[i] = i == input ? shifted : value[i];
    for (int64_t k = 0; k < input_count(node, input); k++)
        shifted[k] = value[input][k] + sign * SHIFT * scale[input][k];
    graph_evaluate_node(node, in, &out);
    for (int64_t k = 0; k < count; k++)
        most[k] =
            isnan(out[k]) ? INFINITY : fmax(most[k], fabs(out[k] - result[k]));
}

/* As large as the inputs' scales, times how steep the function is there. Next
 * to a step, as floor and sign have, either side of it will do. */
static void scale_function(Arena *arena, const Node *node,
                           const double *const *value,
                           const double *const *scale, const double *result,
                           double *out)
{
    int64_t count = shape_count(&node->output[0]->shape);

    for (int64_t k = 0; k < count; k++)
        out[k] = 2 * fabs(result[k]);
    for (int i = 0; i < node->input_count; i++) {
        double *most = NEW_N(arena, double, count);
        add_change(arena, node, value, scale, result, i, 1, most);
        add_change(arena, node, value, scale, result, i, -1, most);
        for (int64_t k = 0; k < count; k++)
            out[k] +=
                most[k] / SHIFT + (node->input_count == 1 ? scale[0][k] : 0);
    }
}

static void scale_quotient(const Node *node, const double *const *value,
                           const double *const *scale, double *out)
{
    const double *in[2] = { scale[0], NULL };
    int64_t count = input_count(node, 1);
    double *divisor = mem_alloc((size_t)count * sizeof *divisor);

    /* |a| / |b|, times how much larger the scale of b is than b */
    for (int64_t k = 0; k < count; k++)
        divisor[k] = value[1][k] * value[1][k] / fmax(scale[1][k], 1e-300);
    in[1] = divisor;
    evaluate_as(node, OP_DIV, in, out);
    mem_free(divisor);
}

/* Not one of those whose scale is that of a sum or a product. */
static bool is_function(Op op)
{
    return op_is_unary(op) ||
           (op_is_binary(op) && op != OP_ADD && op != OP_MUL && op != OP_MAX &&
            op != OP_SUB && op != OP_MIN && op != OP_DIV);
}

/* Weights of a cubic are negative, too: |x| of all pixels stands for those of
 * the window. */
static void scale_cubic(const Node *node, const double *const *scale,
                        double *out)
{
    double most = 0;

    for (int64_t k = 0; k < input_count(node, 0); k++)
        most = fmax(most, scale[0][k]);
    for (int64_t k = 0; k < shape_count(&node->output[0]->shape); k++)
        out[k] = most;
}

static bool is_cubic(const Node *node)
{
    return node->op == OP_RESIZE &&
           strcmp(node_attrs(node, ResizeAttrs)->mode, "cubic") == 0;
}

void scale_node(const Node *node, const double *const *value,
                const double *const *scale, const double *result, double *out)
{
    Arena *arena = arena_new();
    const double **in = magnitudes(arena, node, value, scale);

    if (is_function(node->op))
        scale_function(arena, node, value, scale, result, out);
    else if (node->op == OP_SUB)
        evaluate_as(node, OP_ADD, in, out);
    else if (node->op == OP_MIN)
        evaluate_as(node, OP_MAX, in, out);
    else if (node->op == OP_DIV)
        scale_quotient(node, value, scale, out);
    else if (node->op == OP_BATCHNORM)
        scale_batchnorm(node, value, in, out);
    else if (is_cubic(node))
        scale_cubic(node, scale, out);
    else if (node->op == OP_SOFTMAX)
        scale_softmax(node, scale, result, out);
    else if (node->op == OP_LOG_SOFTMAX)
        scale_log_softmax(node, scale, result, out);
    else if (node->op == OP_STANDARDIZE)
        scale_standardize(node, value, in, out);
    else if (node->op == OP_NORMALIZE)
        scale_normalize(node, value, scale, out);
    else if (node->op == OP_WINOGRAD || node->op == OP_WINOGRAD_INPUT)
        op_winograd_magnitudes(node, in, out);
    else
        evaluate_as(node, node->op, in, out);
    for (int64_t k = 0; k < shape_count(&node->output[0]->shape); k++)
        out[k] = fabs(out[k]);
    arena_free(arena);
}

static int64_t window_of(const Node *node)
{
    const Size *kernel = &node_attrs(node, AvgpoolAttrs)->kernel;
    int64_t window = 1;

    for (int i = 0; i < kernel->count; i++)
        window *= kernel->at[i];
    return window;
}

int64_t scale_roundings(const Node *node)
{
    int64_t in = input_count(node, 0);
    int64_t outs = shape_count(&node->output[0]->shape);
    int64_t macs = op_info[node->op].macs(node);

    if (macs > 0)
        return ceil_div(macs, outs) + 2;
    if (node->op == OP_SOFTMAX || node->op == OP_LOG_SOFTMAX ||
        node->op == OP_STANDARDIZE)
        return 2 * in + 16;
    if (node->op == OP_GLOBAL_AVGPOOL)
        return in / outs + 4;
    return node->op == OP_AVGPOOL ? window_of(node) + 4 : node->data_count + 8;
}
