/*
 * bound.c - how far a float may be from the reference, element by element.
 *
 *     x: off by e    ->  conv(w, b)  ->  off by   conv(e, |w|)
 *                                               + r * (conv(|x|, |w|) + |b|)
 *
 * The bounds run through the network beside the values. A sum of n products is
 * off by what its factors were off, and by r times the sum of the products'
 * sizes, with r = u * (16 + 2 * sqrt(n)), u = 2^-24: rounding errors are as
 * often up as down, so that they add like steps of a random walk, and 16 is
 * for the weights that a pass has rounded once more, for a factor moved from
 * one layer to the next, and for luck. Every operator is asked itself: its
 * reference is evaluated on shifted inputs. An element that is wrong, not
 * rounded, is off by about the sum divided by n, far more.
 */
#include "bound.h"

#include "op/op.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define UNIT_ROUNDOFF (1.0 / 16777216)
#define SAFETY        16

typedef struct Bounder {
    Arena *arena;
    const Node *node;
    const double **in; /* values of the inputs */
    double **off;      /* their bounds */
    const double *out;
    double *bound; /* of the output: what is looked for */
} Bounder;

static int64_t count_in(const Bounder *b, int index)
{
    return shape_count(&b->node->input[index]->shape);
}

static int64_t count_out(const Bounder *b)
{
    return shape_count(&b->node->output[0]->shape);
}

static double rounding(int64_t terms)
{
    return UNIT_ROUNDOFF * (SAFETY + 2 * sqrt((double)terms));
}

/* The node's output where its inputs are these. */
static double *evaluated(const Bounder *b, const double *const *in)
{
    double *out = NEW_N(b->arena, double, count_out(b));
    graph_evaluate_node(b->node, in, &out);
    return out;
}

/* ---- sums of products: convolution, dense ------------------------------------ */

static double *absolutes(const Bounder *b, int index)
{
    double *values = NEW_N(b->arena, double, count_in(b, index));
    for (int64_t i = 0; i < count_in(b, index); i++)
        values[i] = fabs(b->in[index][i]);
    return values;
}

/* Sizes: nothing cancels out. */
static double *evaluated_sizes(const Bounder *b, const double *const *in)
{
    const Op op = b->node->op;
    if (op != OP_WINOGRAD && op != OP_WINOGRAD_INPUT)
        return evaluated(b, in);
    double *out = NEW_N(b->arena, double, count_out(b));
    op_winograd_magnitudes(b->node, in, out);
    return out;
}

/* A convolution that may be computed by tiles of a row: what cancels out in
 * exact numbers leaves the rounding errors of its neighbours behind. */
static bool may_be_tiled(const Node *node)
{
    const ConvAttrs *a = node_attrs(node, ConvAttrs);
    return node->op == OP_CONV && a->kernel.at[1] == 3 &&
           a->stride.at[1] == 1 && a->dilation.at[1] == 1 && a->groups == 1;
}

/* The largest of the pixels that may lie in one tile. */
static double *spread_along_rows(const Bounder *b, const double *x)
{
    enum { TILE = 4 + 3 - 1 };
    const Shape *shape = &b->node->input[0]->shape;
    const int64_t channels = shape->dim[shape->rank - 1];
    const int64_t width = shape->dim[shape->rank - 2];
    double *wide = NEW_N(b->arena, double, count_in(b, 0));
    for (int64_t i = 0; i < count_in(b, 0); i++) {
        const int64_t w = i / channels % width;
        for (int64_t d = 1 - TILE; d < TILE; d++)
            if (w + d >= 0 && w + d < width)
                wide[i] = fmax(wide[i], x[i + d * channels]);
    }
    return wide;
}

static void bound_products(Bounder *b)
{
    const double *in[3] = { NULL };
    const bool tiled = may_be_tiled(b->node);
    int64_t filters =
        count_in(b, 1) / b->node->input[1]->shape.dim[0]; /* dense: [in][out] */
    if (b->node->input[1]->shape.rank == 4)
        filters = b->node->input[1]->shape.dim[3];
    const double r = rounding(count_in(b, 1) / filters) * (tiled ? 4 : 1);
    for (int i = 0; i < b->node->input_count; i++)
        in[i] = absolutes(b, i);
    double *sizes = evaluated_sizes(b, in), *all = sizes;
    if (tiled) {
        const double *own = in[0];
        in[0] = spread_along_rows(b, own);
        all = evaluated(b, in);
        in[0] = own;
    }
    for (int i = 0; i < b->node->input_count; i++) { /* weights may be values */
        double *wide = absolutes(b, i);
        for (int64_t k = 0; k < count_in(b, i); k++)
            wide[k] += b->off[i][k];
        in[i] = wide;
    }
    double *more = evaluated_sizes(b, in);
    for (int64_t i = 0; i < count_out(b); i++)
        b->bound[i] = more[i] - sizes[i] + r * all[i];
}

/* Points of tiles: sums of a few multiples of pixels. */
static void bound_points(Bounder *b)
{
    const double *size[1] = { absolutes(b, 0) }, *off[1] = { b->off[0] };
    const double *sums = evaluated_sizes(b, size);
    const double *carried = evaluated_sizes(b, off);
    for (int64_t i = 0; i < count_out(b); i++)
        b->bound[i] = carried[i] + rounding(1) * sums[i];
}

/* Both factors may be off. */
static void bound_matmul(Bounder *b)
{
    const double *in[2] = { absolutes(b, 0), absolutes(b, 1) };
    const Shape *x = &b->node->input[0]->shape;
    const double r = rounding(x->dim[x->rank - 1]);
    double *wide[2];
    for (int k = 0; k < 2; k++) {
        wide[k] = absolutes(b, k);
        for (int64_t i = 0; i < count_in(b, k); i++)
            wide[k][i] += b->off[k][i];
    }
    const double *more = evaluated(b, (const double *[]){ wide[0], wide[1] });
    const double *size = evaluated(b, in);
    for (int64_t i = 0; i < count_out(b); i++)
        b->bound[i] = more[i] - size[i] + r * size[i];
}

/* ---- what only moves, selects or averages ---------------------------------------- */

static void bound_moves(Bounder *b)
{
    const double **in =
        NEW_N(b->arena, const double *, b->node->input_count + 1);
    const double **zeros =
        NEW_N(b->arena, const double *, b->node->input_count + 1);
    const double r = rounding(count_in(b, 0));
    for (int k = 0; k < b->node->input_count; k++) {
        double *off = NEW_N(b->arena, double, count_in(b, k));
        for (int64_t i = 0; i < count_in(b, k); i++)
            off[i] = b->off[k][i] + r * fabs(b->in[k][i]);
        in[k] = off;
        zeros[k] = NEW_N(b->arena, double, count_in(b, k));
    }
    double *carried = evaluated(b, in), *still = evaluated(b, zeros);
    for (int64_t i = 0; i < count_out(b); i++)
        b->bound[i] = carried[i] - still[i] + /* a pad's value is rounded */
                      rounding(1) * fabs(b->out[i]);
}

/* ---- sums of sizes -------------------------------------------------------------------- */

/* What grows with the size of every element, the more the larger it is. */
static void bound_sizes(Bounder *b)
{
    const double *in = absolutes(b, 0);
    double *wide = absolutes(b, 0);
    const double r = rounding(count_in(b, 0) / count_out(b));
    for (int64_t i = 0; i < count_in(b, 0); i++)
        wide[i] += b->off[0][i] + r * wide[i];
    const double *more = evaluated(b, (const double *[]){ wide });
    const double *size = evaluated(b, &in);
    for (int64_t i = 0; i < count_out(b); i++)
        b->bound[i] = more[i] - size[i] + rounding(1) * size[i];
}

/* r is of the longest of the sums. */
static void bound_sums(Bounder *b)
{
    const double *size[1] = { absolutes(b, 0) }, *off[1] = { b->off[0] };
    const double r = rounding(count_in(b, 0));
    const double *sums = evaluated(b, size), *carried = evaluated(b, off);
    for (int64_t i = 0; i < count_out(b); i++)
        b->bound[i] = carried[i] + r * sums[i];
}

/* Weights may be negative: then all that may be off counts for all. */
static void bound_resize(Bounder *b)
{
    const ResizeAttrs *a = node_attrs(b->node, ResizeAttrs);
    const double lobes = 1 + 2 * fabs(a->cubic);
    double most = 0;
    if (strcmp(a->mode, "cubic") != 0) {
        bound_moves(b);
        return;
    }
    for (int64_t i = 0; i < count_in(b, 0); i++)
        most = fmax(most, b->off[0][i] + rounding(64) * fabs(b->in[0][i]));
    for (int64_t i = 0; i < count_out(b); i++)
        b->bound[i] = lobes * lobes * most + rounding(1) * fabs(b->out[i]);
}

/* Off by what x is off by, and by as much of y as the sums are of theirs. */
static void bound_lrn(Bounder *b)
{
    const LrnAttrs *a = node_attrs(b->node, LrnAttrs);
    const Shape *shape = &b->node->input[0]->shape;
    const int64_t channels = shape->dim[shape->rank - 1];
    for (int64_t i = 0; i < count_out(b); i++) {
        const int64_t first = i / channels * channels;
        double off = 0, least = fabs(b->out[i] / b->in[0][i]);
        for (int64_t c = 0; c < channels; c++)
            off = fmax(off, b->off[0][first + c] /
                                fmax(fabs(b->in[0][first + c]), 1e-30));
        b->bound[i] =
            b->off[0][i] * (b->in[0][i] == 0 ? 1 : least) +
            fabs(b->out[i]) * (2 * fabs(a->beta) * off + rounding(channels));
    }
}

/* ---- along an axis --------------------------------------------------------------- */

static double largest(const double *values, int64_t count)
{
    double most = 0;
    for (int64_t i = 0; i < count; i++)
        most = fmax(most, fabs(values[i]));
    return most;
}

/* y = exp(x - top) / sum: relative to y, twice what any x may be off. */
static void bound_softmax(Bounder *b)
{
    int64_t count = count_in(b, 0);
    double off = expm1(2 * largest(b->off[0], count)) +
                 rounding(count) * (1 + largest(b->in[0], count));
    for (int64_t i = 0; i < count_out(b); i++)
        b->bound[i] = b->out[i] * off + 1e-38;
}

/* x - log(sum of exp(x)): neither moves by more than any x does. */
static void bound_log_softmax(Bounder *b)
{
    int64_t count = count_in(b, 0);
    double off = 2 * largest(b->off[0], count) +
                 rounding(count) * (1 + 2 * largest(b->in[0], count));
    for (int64_t i = 0; i < count_out(b); i++)
        b->bound[i] = off + rounding(1) * fabs(b->out[i]);
}

/* The operator of x-like values and the node's input i, which is spread. */
static double *spread(const Bounder *b, Op op, const double *x, int i,
                      const double *other)
{
    Node two = *b->node;
    Tensor *input[2] = { two.input[0], two.input[i] };
    const double *in[2] = { x, other };
    double *out = NEW_N(b->arena, double, count_out(b));
    two.op = op;
    two.input = input;
    two.input_count = two.data_count = 2;
    graph_evaluate_node(&two, in, &out);
    return out;
}

/* z = (x - mean) / deviation: with every x off by d, mean and deviation are
 * off by d at most. Then weight and bias. */
static void bound_standardize(Bounder *b)
{
    const int64_t count = count_in(b, 0);
    const double d =
        largest(b->off[0], count) + rounding(count) * largest(b->in[0], count);
    double *inverse = NEW_N(b->arena, double, count);
    double *z = NEW_N(b->arena, double, count);
    Node plain = *b->node;
    plain.input_count = plain.data_count = 1;
    graph_evaluate_node(&plain, b->in, &z);
    op_standardize_inverse(&plain, b->in[0], inverse);
    for (int64_t i = 0; i < count; i++) {
        z[i] = fabs(z[i]);
        b->bound[i] = 2 * d * inverse[i] * (1 + z[i]) + rounding(1) * z[i];
    }
    if (b->node->input_count > 1) {
        double *scaled = spread(b, OP_MUL, b->bound, 1, absolutes(b, 1));
        double *carried = spread(b, OP_MUL, z, 1, b->off[1]);
        for (int64_t i = 0; i < count; i++)
            b->bound[i] = scaled[i] + carried[i];
    }
    if (b->node->input_count > 2) {
        double *bias = spread(b, OP_ADD, b->bound, 2, b->off[2]);
        double *size = spread(b, OP_ADD, b->bound, 2, absolutes(b, 2));
        for (int64_t i = 0; i < count; i++)
            b->bound[i] = bias[i] + rounding(1) * size[i];
    }
    for (int64_t i = 0; i < count; i++)
        b->bound[i] += rounding(2) * fabs(b->out[i]);
}

/* Along the axis of argmax, argmin or hardmax. */
typedef struct Rivals {
    int64_t length, inner;
    double sign; /* -1: the smallest is looked for */
} Rivals;

static Rivals rivals_of(const Node *node)
{
    const Shape *shape = &node->input[0]->shape;
    int64_t axis = node->op == OP_ARGMAX ? node_attrs(node, ArgmaxAttrs)->axis
                   : node->op == OP_ARGMIN
                       ? node_attrs(node, ArgminAttrs)->axis
                       : node_attrs(node, HardmaxAttrs)->axis;
    Rivals r = { shape->dim[axis], 1, node->op == OP_ARGMIN ? -1 : 1 };
    for (int d = (int)axis + 1; d < shape->rank; d++)
        r.inner *= shape->dim[d];
    return r;
}

/* Whether element k of the row at `first` may be the one, rather than best. */
static bool may_win(const Bounder *b, const Rivals *r, int64_t first,
                    int64_t best, int64_t k)
{
    const double *x = b->in[0] + first, *off = b->off[0] + first;
    return r->sign * x[k * r->inner] + off[k * r->inner] >=
           r->sign * x[best * r->inner] - off[best * r->inner];
}

/* Any index whose element may be the largest. */
static void bound_argmax(Bounder *b)
{
    const Rivals r = rivals_of(b->node);
    for (int64_t i = 0; i < count_out(b); i++) {
        const int64_t best = (int64_t)b->out[i];
        const int64_t first = i / r.inner * r.inner * r.length + i % r.inner;
        for (int64_t k = 0; k < r.length; k++)
            if (may_win(b, &r, first, best, k))
                b->bound[i] = fmax(b->bound[i], fabs((double)(k - best)));
    }
}

static void bound_hardmax(Bounder *b)
{
    const Rivals r = rivals_of(b->node);
    for (int64_t i = 0; i < count_out(b); i++) {
        const int64_t k = i / r.inner % r.length;
        const int64_t first = i - k * r.inner;
        if (b->out[i] == 0)
            continue;
        for (int64_t n = 0; n < r.length; n++)
            if (n != k && may_win(b, &r, first, k, n))
                b->bound[i] = b->bound[first + n * r.inner] = 1;
    }
}

/* ---- truth values ------------------------------------------------------------------------ */

/* By an index of the output: the same element of an input, repeated. */
static int64_t spread_index(const Bounder *b, int input, int64_t i)
{
    const Shape *x = &b->node->input[input]->shape;
    const Shape *y = &b->node->output[0]->shape;
    int64_t at = 0, step = 1;
    for (int d = 1; d <= y->rank; d++) {
        const int64_t dim = y->dim[y->rank - d];
        const int64_t own = d <= x->rank ? x->dim[x->rank - d] : 1;
        at += own == 1 ? 0 : i % dim * step;
        step *= own;
        i /= dim;
    }
    return at;
}

/* Either value, where the operands may be equal or on the other side. */
static void bound_relation(Bounder *b)
{
    for (int64_t i = 0; i < count_out(b); i++) {
        const int64_t k = spread_index(b, 0, i), l = spread_index(b, 1, i);
        const double x = b->in[0][k], y = b->in[1][l];
        const double off = b->off[0][k] + b->off[1][l];
        b->bound[i] = off > 0 && fabs(x - y) <= off + rounding(1) * fabs(x);
    }
}

static void bound_logic(Bounder *b)
{
    for (int n = 0; n < b->node->input_count; n++)
        for (int64_t i = 0; i < count_out(b); i++)
            b->bound[i] = fmax(b->bound[i], b->off[n][spread_index(b, n, i)]);
}

static void bound_where(Bounder *b)
{
    for (int64_t i = 0; i < count_out(b); i++) {
        const int64_t k = spread_index(b, 1, i), l = spread_index(b, 2, i);
        const bool open = b->off[0][spread_index(b, 0, i)] > 0;
        const double apart = fabs(b->in[1][k] - b->in[2][l]);
        b->bound[i] = fmax(b->off[1][k], b->off[2][l]) + (open ? apart : 0);
    }
}

/* ---- everything else: element by element ------------------------------------------- */

/* How much the output changes when one input is shifted by its bound. */
static void add_shift(Bounder *b, int index, double sign, double *most)
{
    const double **in =
        NEW_N(b->arena, const double *, b->node->input_count + 1);
    double *shifted = NEW_N(b->arena, double, count_in(b, index));
    for (int64_t i = 0; i < count_in(b, index); i++)
        shifted[i] =
            b->in[index][i] +
            sign * (b->off[index][i] + rounding(1) * fabs(b->in[index][i]));
    for (int i = 0; i < b->node->input_count; i++)
        in[i] = i == index ? shifted : b->in[i];
    const double *out = evaluated(b, in);
    for (int64_t i = 0; i < count_out(b); i++)
        most[i] =
            isnan(out[i]) ? INFINITY : fmax(most[i], fabs(out[i] - b->out[i]));
}

static void bound_elements(Bounder *b)
{
    const int count = b->node->input_count;
    for (int k = 0; k < count; k++) {
        double *most = NEW_N(b->arena, double, count_out(b));
        add_shift(b, k, 1, most);
        add_shift(b, k, -1, most);
        for (int64_t i = 0; i < count_out(b); i++)
            b->bound[i] += most[i];
    }
    /* 1 + erf(x) and its like lose what x is large by. */
    for (int64_t i = 0; i < count_out(b); i++)
        b->bound[i] += rounding(1) *
                       (fabs(b->out[i]) + (count == 1 ? fabs(b->in[0][i]) : 0));
}

/* ---- the whole ------------------------------------------------------------------------ */

typedef void Rule(Bounder *b);

/* The others, new ones too, are elementwise: bound_elements. */
static Rule *const rules[OP_COUNT] = {
    [OP_ARGMAX] = bound_argmax,
    [OP_ARGMIN] = bound_argmax,
    [OP_HARDMAX] = bound_hardmax,
    [OP_EQUAL] = bound_relation,
    [OP_LESS] = bound_relation,
    [OP_LESS_EQUAL] = bound_relation,
    [OP_GREATER] = bound_relation,
    [OP_GREATER_EQUAL] = bound_relation,
    [OP_LOGICAL_AND] = bound_logic,
    [OP_LOGICAL_OR] = bound_logic,
    [OP_LOGICAL_XOR] = bound_logic,
    [OP_LOGICAL_NOT] = bound_logic,
    [OP_WHERE] = bound_where,
    [OP_EXPAND] = bound_moves,
    [OP_TILE] = bound_moves,
    [OP_CUMSUM] = bound_sums,
    [OP_MATMUL] = bound_matmul,
    [OP_AVGPOOL] = bound_moves,
    [OP_CONCAT] = bound_moves,
    [OP_FLATTEN] = bound_moves,
    [OP_GLOBAL_AVGPOOL] = bound_moves,
    [OP_GLOBAL_MAXPOOL] = bound_moves,
    [OP_MAXPOOL] = bound_moves,
    [OP_PAD] = bound_moves,
    [OP_RESHAPE] = bound_moves,
    [OP_SLICE] = bound_moves,
    [OP_TRANSPOSE] = bound_moves,
    [OP_UPSAMPLE] = bound_moves,
    [OP_CONV] = bound_products,
    [OP_DENSE] = bound_products,
    [OP_WINOGRAD] = bound_products,
    [OP_WINOGRAD_INPUT] = bound_points,
    [OP_LOG_SOFTMAX] = bound_log_softmax,
    [OP_LPPOOL] = bound_sizes,
    [OP_REDUCE_L1] = bound_sizes,
    [OP_REDUCE_L2] = bound_sizes,
    [OP_REDUCE_MEAN] = bound_sizes,
    [OP_REDUCE_SUM] = bound_sizes,
    [OP_REDUCE_SUM_SQUARE] = bound_sizes,
    [OP_CONV_TRANSPOSE] = bound_products,
    [OP_RESIZE] = bound_resize,
    [OP_DEPTH_TO_SPACE] = bound_moves,
    [OP_SPACE_TO_DEPTH] = bound_moves,
    [OP_LRN] = bound_lrn,
    [OP_SOFTMAX] = bound_softmax,
    [OP_STANDARDIZE] = bound_standardize,
};

/* Nothing is said of what a float cannot hold, nor of what is made of it. */
static void open_far_out(Bounder *b)
{
    for (int64_t i = 0; i < count_out(b); i++)
        if (!(fabs(b->out[i]) + b->bound[i] < FLT_MAX))
            b->bound[i] = INFINITY;
}

static void bound_node(Arena *arena, const Node *node, const Evaluation *e,
                       double **all)
{
    Bounder b = { .arena = arena, .node = node };
    b.in = NEW_N(arena, const double *, node->input_count + 1);
    b.off = NEW_N(arena, double *, node->input_count + 1);
    for (int i = 0; i < node->input_count; i++) {
        b.in[i] = evaluation_value(e, node->input[i]);
        b.off[i] = all[node->input[i]->id];
    }
    b.out = evaluation_value(e, node->output[0]);
    b.bound = all[node->output[0]->id];
    if (rules[node->op])
        rules[node->op](&b);
    else
        bound_elements(&b);
    open_far_out(&b);
}

double **bound_all(Arena *arena, const Graph *graph, const Evaluation *e)
{
    double **all = NEW_N(arena, double *, graph->tensors.count);
    for (int i = 0; i < graph->tensors.count; i++)
        all[i] =
            NEW_N(arena, double, shape_count(&graph->tensors.at[i]->shape));
    for (int n = 0; n < graph->nodes.count; n++)
        bound_node(arena, graph->nodes.at[n], e, all);
    return all;
}
