/*
 * local.h - what the operators share.
 *
 *     op_need_...    checks with messages for the user; false after one
 *     ref_...        pieces of references, in double
 *     k_...          expressions of the loop IR, f32, in a kernel named k
 *     Window         a window sliding over an image: convolution and pools
 */
#ifndef CNNC_OP_LOCAL_H
#define CNNC_OP_LOCAL_H

#include <math.h>

#include "graph/graph.h"
#include "kernel/kernel.h"
#include "op/lower.h"
#include "op/op.h"

/* ---- the table's entries (table.c) ------------------------------------------ */

#define OP_ENTRIES(name)                                                       \
    bool name##_infer(Graph *graph, Node *node);                               \
    void name##_evaluate(const Node *node, const double *const *in,            \
                         double *const *out);                                  \
    int64_t name##_macs(const Node *node);                                     \
    void name##_lower(Lower *lower, const Node *node);

#define OP_BEGIN(id, name, ...) OP_ENTRIES(name)
#define OP(id, name, ...)       OP_ENTRIES(name)
#define UNARY(id, name, ...)    OP_ENTRIES(name)
#define UNARY1(id, name, ...)   OP_ENTRIES(name)
#define UNARY2(id, name, ...)   OP_ENTRIES(name)
#define BINARY(id, name, ...)   OP_ENTRIES(name)
#define REDUCE(id, name, ...)   OP_ENTRIES(name)
#define TRUTH(id, name, ...)    OP_ENTRIES(name)
#include "graph/ops.def"

/* The entries of an operator that counts no multiply-adds and has them in
 * common with all of its kind; `reference` computes out of in. */
#define OP_OF_KIND(name, infer, lower, reference)                              \
    bool name##_infer(Graph *graph, Node *node)                                \
    {                                                                          \
        (void)graph;                                                           \
        return infer(node);                                                    \
    }                                                                          \
    void name##_evaluate(const Node *node, const double *const *in,            \
                         double *const *out)                                   \
    {                                                                          \
        reference;                                                             \
    }                                                                          \
    int64_t name##_macs(const Node *node)                                      \
    {                                                                          \
        (void)node;                                                            \
        return 0;                                                              \
    }                                                                          \
    void name##_lower(Lower *to, const Node *node)                             \
    {                                                                          \
        lower(to, node);                                                       \
    }

/* ---- shape rules (check.c) ---------------------------------------------------- */

#define SIZE_LIMIT ((int64_t)1 << 30) /* of any number in an attribute */

/* Every data input is f32. */
bool op_need_f32(const Node *node);
/* The first data input is an image, [height, width, channels], or a batch of
 * images, [n, height, width, channels]. */
bool op_need_image(const Node *node);
bool op_need_rank_1_up(const Node *node);
/* 1..SIZE_LIMIT */
bool op_need_count(const Node *node, const char *attr, int64_t value);
/* One of the attribute's words. */
bool op_need_word(const Node *node, const char *attr, Word word);
/* Axis of a tensor of this rank; negative ones count from the end. */
bool op_need_axis(const Node *node, int64_t *axis, int rank);
/* A size for each of the dims, all in 1..SIZE_LIMIT. */
bool op_spread_size(const Node *node, const char *attr, Size *size, int dims);
/* The same for what may be 0. */
bool op_spread_count(const Node *node, const char *attr, Size *size, int dims);
/* Begins and ends for each of the dims, all in 0..SIZE_LIMIT; 'same' needs more
 * than the attribute and is left alone. */
bool op_spread_pad(const Node *node, const char *attr, Pad *pad, int dims);
/* Begins and ends as a Pad that spreads to itself. */
void op_set_pad(Pad *pad, int dims, const int64_t *begin, const int64_t *end);
/* Type and shape of the output; an error where it is too large. */
bool op_output(const Node *node, DType type, Shape shape);
bool op_output_like(const Node *node); /* the first input's */

static inline const Shape *in_shape(const Node *node, int index)
{
    return &node->input[index]->shape;
}

static inline const Shape *out_shape(const Node *node)
{
    return &node->output[0]->shape;
}

static inline int64_t in_count(const Node *node, int index)
{
    return shape_count(in_shape(node, index));
}

/* The last dimension; 1 for a scalar. */
static inline int64_t channels_of(const Shape *shape)
{
    return shape->rank ? shape->dim[shape->rank - 1] : 1;
}

/* What comes before, within and behind one dimension: [outer][extent][inner]
 * is the same array. */
typedef struct AxisView {
    int64_t outer, extent, inner;
} AxisView;

AxisView axis_view(const Shape *shape, int64_t axis);

/* a * b, or INT64_MAX */
int64_t saturated_mul(int64_t a, int64_t b);

/* ---- images (image.c) ---------------------------------------------------------- */

int64_t batch_of(const Shape *image);    /* 1 where there is none */
int64_t image_count(const Shape *image); /* elements of one image */
/* An image of other sizes, as many of them as of the first. */
Shape image_shape(const Shape *like, int64_t h, int64_t w, int64_t c);
/* Opens the loop over the batch; NULL where there is none. */
const Affine *batch_loop(Kernel *k, const Shape *image);
/* x[n][h][w][c], and x[h][w][c] where n is NULL. */
Access image_at(Buffer *buffer, const Affine *n, const Affine *h,
                const Affine *w, const Affine *c);

/* ---- windows (window.c) ---------------------------------------------------------- */

/* One direction of a window sliding over an image. */
typedef struct WindowAxis {
    int64_t in, out, kernel, stride, dilation, begin, end;
} WindowAxis;

typedef struct WindowAttrs {
    Size *kernel, *stride, *dilation; /* dilation NULL: 1 */
    Pad *pad;
    bool ceil_mode; /* a last window may hang over the end */
} WindowAttrs;

#define WINDOW_DIMS 2

/* Checks and normalises the attributes, and gives each direction. */
bool window_infer(const Node *node, WindowAttrs attrs, WindowAxis *axis);
/* The same from attributes that were normalised. */
void window_axes(const Node *node, WindowAttrs attrs, WindowAxis *axis);
/* Taps lo..hi-1 lie inside the input at output position o. */
typedef struct TapRange {
    int64_t lo, hi;
} TapRange;
TapRange window_taps(const WindowAxis *axis, int64_t o);
/* Where tap k lies at output position o. */
static inline int64_t window_at(const WindowAxis *axis, int64_t o, int64_t k)
{
    return o * axis->stride + k * axis->dilation - axis->begin;
}
/* The loop over the taps; gives the position under one. */
const Affine *window_loop(Kernel *k, const char *name, const WindowAxis *axis,
                          const Affine *o, const Affine **tap);

/* ---- convolutions (conv.c) --------------------------------------------------------- */

/* The groups divide the input's channels and the filters. */
bool conv_check_groups(const Node *node, int64_t groups, int64_t filters);

typedef struct ConvWeights {
    const Size *kernel;
    int64_t groups, filters;
    bool bias;
    ParameterLayout layout;
    double taps; /* as many products a channel make an output */
} ConvWeights;

/* weight [kh][kw][c][oc], c of a group, and bias [oc] */
bool conv_parameters(Graph *graph, Node *node, ConvWeights weights);
/* Opens the loop over the filters; with groups two, one inside the other. The
 * filter is *oc, its group's first input channel *base. channels and filters
 * are those of one group. */
void conv_filter_loops(Kernel *k, int64_t groups, int64_t channels,
                       int64_t filters, const Affine **oc, const Affine **base);

/* ---- references --------------------------------------------------------------------- */

#define SQRT_HALF    0.70710678118654752440
#define SQRT_2_BY_PI 0.79788456080286535588

static inline double ref_max(double a, double b)
{
    return a > b ? a : b;
}

static inline double ref_min(double a, double b)
{
    return a < b ? a : b;
}

/* NaN stays NaN. */
static inline double ref_clip(double x, double low, double high)
{
    return ref_min(high, ref_max(low, x));
}

static inline double ref_sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static inline double ref_softplus(double x)
{
    return ref_max(0, x) + log1p(exp(-fabs(x)));
}

/* Towards zero by the bias; 0 between -lambda and lambda. */
static inline double ref_shrink(double x, double lambda, double bias)
{
    return x < -lambda ? x + bias : x > lambda ? x - bias : 0;
}

/* ---- arrays by strides (strided.c) --------------------------------------------------- */

/* Elements from one index to the next, of a row-major array. */
void shape_strides(const Shape *shape, int64_t *stride);
/* Widens *shape by the other; false where they do not go together. */
bool shape_broadcast(Shape *shape, const Shape *other);
/* The strides of `in` seen as `out`, into which it broadcasts: 0 where it is
 * repeated. */
void broadcast_strides(const Shape *in, const Shape *out, int64_t *stride);
/* to[i][j]... = from[i * stride[0] + j * stride[1] + ...] over all of out. */
void ref_strided(const Shape *out, const int64_t *stride, const double *from,
                 double *to);
/* The element of the input, of shape `in`, that stands at these indices of
 * `out`, into which it broadcasts. */
const Expr *broadcast_load(Kernel *k, Buffer *buffer, const Shape *in,
                           const Shape *out, const Affine *const *at);

/* ---- expressions (expr.c) -------------------------------------------------------------- */

static const Type F32_SCALAR = { DT_F32, 1 };

#define k_1(kind, a)   expr_1(k, EXPR_##kind, (a))
#define k_add(a, b)    expr_2(k, EXPR_ADD, (a), (b))
#define k_sub(a, b)    expr_2(k, EXPR_SUB, (a), (b))
#define k_mul(a, b)    expr_2(k, EXPR_MUL, (a), (b))
#define k_div(a, b)    expr_2(k, EXPR_DIV, (a), (b))
#define k_min(a, b)    expr_2(k, EXPR_MIN, (a), (b))
#define k_max(a, b)    expr_2(k, EXPR_MAX, (a), (b))
#define k_fma(a, b, c) expr_3(k, EXPR_FMA, (a), (b), (c))
/* a < b ? c : d */
#define k_where_lt(a, b, c, d) expr_4(k, EXPR_SELECT_LT, (a), (b), (c), (d))
#define k_where_le(a, b, c, d) expr_4(k, EXPR_SELECT_LE, (a), (b), (c), (d))
/* The nearest float. */
#define k_num(value)         expr_const(k, F32_SCALAR, (double)(float)(value))
#define k_clip(x, low, high) k_min((high), k_max((low), (x)))
#define k_half_of(x, f)                                                        \
    k_mul(k_mul((x), k_num(0.5)), k_add((f), k_num(1))) /* x/2 * (1 + f) */
#define k_cubic(x, factor, third)                                              \
    k_mul(k_mul(k_num(factor), (x)),                                           \
          k_fma(k_mul(k_num(third), (x)), (x), k_num(1)))
#define k_load(access) expr_load(k, (access))

/* Opens a loop over every dimension but the axis. */
void row_loops(Kernel *k, const Shape *shape, int64_t axis, const Affine **at);
/* Names of the loops over a tensor: h w c for an image, w c for a sequence, n h
 * w c for a batch of images. */
const char *const *loop_names(const Shape *shape);
const char *const *out_loop_names(const Shape *shape); /* oh ow oc */

#endif
