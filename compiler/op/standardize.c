/*
 * standardize.c - y = (x - mean) / sqrt(variance + epsilon) * weight + bias,
 * with mean and variance of x itself over some of the dimensions.
 *
 *     standardize(axes=[-1])        of [h, w, c]: every pixel by itself, as
 *                                   layer normalisation has it
 *     standardize(axes=[0, 1])      every channel by itself: instance
 *                                   normalisation
 *     standardize(center=no)        x / sqrt(mean of x^2 + epsilon): RMS
 *
 * The variance is that of x - mean: that of x alone would lose everything
 * where the mean is large. weight and bias are operands that are repeated as
 * numpy does, or parameters, a number for each channel.
 */
#include "op/op.h"
#include "op/reduce.h"

static const StandardizeAttrs *attrs_of(const Node *node)
{
    return node_attrs(node, StandardizeAttrs);
}

/* ---- shape ------------------------------------------------------------------------- */

static bool need_epsilon(const Node *node)
{
    const double epsilon = attrs_of(node)->epsilon;
    if (epsilon >= 0 && !isinf(epsilon))
        return true;
    graph_error(node, attr_index(node, "epsilon"),
                "'epsilon' of 'standardize' must be at least 0, got %g",
                epsilon);
    return false;
}

/* weight and bias go together with x, and do not widen it. */
static bool need_operands(const Node *node)
{
    for (int i = 1; i < node->data_count; i++) {
        Shape shape = *in_shape(node, 0);
        if (shape_broadcast(&shape, in_shape(node, i)) &&
            shape_equal(&shape, in_shape(node, 0)))
            continue;
        graph_error(node, -1, "'standardize' cannot spread %s over %s",
                    shape_show(in_shape(node, i)),
                    shape_show(in_shape(node, 0)));
        graph_note_inputs(node);
        return false;
    }
    return true;
}

static bool make_parameters(Graph *graph, Node *node)
{
    const int64_t channels = channels_of(in_shape(node, 0));
    Tensor *weight, *bias;
    if (!attrs_of(node)->affine || node->data_count > 1)
        return true;
    weight = graph_parameter(graph, node, 0, "weight", shape_of(1, &channels),
                             LAYOUT_AS_IS, 0, 1);
    if (!weight)
        return false;
    weight->init_spread = 0.25;
    if (!attrs_of(node)->center)
        return true;
    bias = graph_parameter(graph, node, 1, "bias", shape_of(1, &channels),
                           LAYOUT_AS_IS, 0, 0);
    if (bias)
        bias->init_spread = 0.1;
    return bias;
}

bool standardize_infer(Graph *graph, Node *node)
{
    return op_need_f32(node) && op_need_rank_1_up(node) && need_epsilon(node) &&
           reduction_axes(node, &node_attrs(node, StandardizeAttrs)->axes) &&
           need_operands(node) && make_parameters(graph, node) &&
           op_output_like(node);
}

int64_t standardize_macs(const Node *node)
{
    (void)node;
    return 0;
}

/* ---- reference ---------------------------------------------------------------------- */

/* Mean and 1 / sqrt(variance + epsilon) of a set of elements. */
typedef struct Moments {
    double sum, squares, mean, inverse;
} Moments;

/* By element, the set that it belongs to: the first of its elements. */
static double *find_sets(const Node *node)
{
    const Shape *shape = in_shape(node, 0);
    const IntList *axes = &attrs_of(node)->axes;
    double *set = mem_alloc(sizeof *set * (size_t)in_count(node, 0));
    double *number = mem_alloc(sizeof *number * (size_t)in_count(node, 0));
    int64_t stride[MAX_RANK];
    shape_strides(shape, stride);
    for (int i = 0; i < axes->count; i++)
        stride[axes->at[i]] = 0;
    for (int64_t i = 0; i < in_count(node, 0); i++)
        number[i] = (double)i;
    ref_strided(shape, stride, number, set);
    mem_free(number);
    return set;
}

/* Of each set, at its first element. */
static Moments *find_moments(const Node *node, const double *x,
                             const double *set)
{
    const StandardizeAttrs *a = attrs_of(node);
    const int64_t all = in_count(node, 0);
    Moments *m = mem_alloc(sizeof *m * (size_t)all);
    double n = 1;
    for (int i = 0; i < a->axes.count; i++)
        n *= (double)in_shape(node, 0)->dim[a->axes.at[i]];
    for (int64_t i = 0; i < all; i++)
        m[i] = (Moments){ 0, 0, 0, 0 };
    for (int64_t i = 0; i < all && a->center; i++)
        m[(int64_t)set[i]].sum += x[i];
    for (int64_t i = 0; i < all; i++)
        m[i].mean = m[i].sum / n;
    for (int64_t i = 0; i < all; i++) {
        const double rest = x[i] - m[(int64_t)set[i]].mean;
        m[(int64_t)set[i]].squares += rest * rest;
    }
    for (int64_t i = 0; i < all; i++)
        m[i].inverse = 1 / sqrt(m[i].squares / n + a->epsilon);
    return m;
}

void op_standardize_inverse(const Node *node, const double *x, double *inverse)
{
    double *set = find_sets(node);
    Moments *m = find_moments(node, x, set);
    for (int64_t i = 0; i < in_count(node, 0); i++)
        inverse[i] = m[(int64_t)set[i]].inverse;
    mem_free(m);
    mem_free(set);
}

/* Input `index` as wide as x; NULL where there is none. */
static double *spread(const Node *node, const double *const *in, int index)
{
    int64_t stride[MAX_RANK];
    double *wide;
    if (index >= node->input_count)
        return NULL;
    wide = mem_alloc(sizeof *wide * (size_t)in_count(node, 0));
    broadcast_strides(in_shape(node, index), in_shape(node, 0), stride);
    ref_strided(in_shape(node, 0), stride, in[index], wide);
    return wide;
}

void standardize_evaluate(const Node *node, const double *const *in,
                          double *const *out)
{
    double *set = find_sets(node);
    Moments *moments = find_moments(node, in[0], set);
    double *weight = spread(node, in, 1), *bias = spread(node, in, 2);
    for (int64_t i = 0; i < in_count(node, 0); i++) {
        const Moments *m = &moments[(int64_t)set[i]];
        out[0][i] =
            (in[0][i] - m->mean) * m->inverse * (weight ? weight[i] : 1) +
            (bias ? bias[i] : 0);
    }
    mem_free(bias);
    mem_free(weight);
    mem_free(moments);
    mem_free(set);
}

/* ---- loops ----------------------------------------------------------------------------- */

static const Expr *element(Kernel *k, const Expr *x, const Expr *most)
{
    (void)k, (void)most;
    return x;
}

/* Of the distance from the mean, where there is one. */
static const Expr *square(Kernel *k, const Expr *x, const Expr *mean)
{
    const Expr *rest = mean ? k_sub(x, mean) : x;
    return k_mul(rest, rest);
}

/* The mean of the formula's elements. */
static const Expr *mean_of(Reduction *r, const Formula *formula,
                           const char *name)
{
    Kernel *k = r->k;
    r->formula = formula;
    r->acc = lower_scalar(k, name, DT_F32);
    kernel_store(k, r->acc, k_num(0));
    reduction_run(r);
    return k_div(k_load(r->acc), k_num((double)shape_count(&r->gone)));
}

static Access kept(Kernel *k, const char *name, const Expr *value)
{
    Access access = lower_scalar(k, name, DT_F32);
    kernel_store(k, access, value);
    return access;
}

static void write_result(Reduction *r, Lower *lower, const Node *node,
                         const Expr *factor)
{
    const Shape *shape = in_shape(node, 0);
    Kernel *k = r->k;
    Buffer *y = lower_output(lower, node, 0);
    const Expr *value;
    reduction_loops(r, 0, r->gone.rank);
    value = k_load(access_at(r->x, r->at));
    value = k_mul(r->most ? k_sub(value, r->most) : value, factor);
    if (node->input_count > 1)
        value = k_mul(value, broadcast_load(k, lower_input(lower, node, 1),
                                            in_shape(node, 1), shape, r->at));
    if (node->input_count > 2)
        value = k_add(value, broadcast_load(k, lower_input(lower, node, 2),
                                            in_shape(node, 2), shape, r->at));
    kernel_store(k, access_at(y, r->at), value);
}

void standardize_lower(Lower *lower, const Node *node)
{
    static const Formula sum = { .op = ACCUM_ADD, .element = element };
    static const Formula squares = { .op = ACCUM_ADD, .element = square };
    const StandardizeAttrs *a = attrs_of(node);
    Kernel *k = lower_begin(lower, node);
    const Affine *to[MAX_RANK];
    const Expr *variance;
    Access factor;
    Reduction r = reduction_open(k, lower_input(lower, node, 0),
                                 in_shape(node, 0), &a->axes, true, to);
    if (a->center)
        r.most = k_load(kept(k, "mean", mean_of(&r, &sum, "sum")));
    variance = k_add(mean_of(&r, &squares, "squares"), k_num(a->epsilon));
    factor = kept(k, "factor", k_div(k_num(1), k_1(SQRT, variance)));
    write_result(&r, lower, node, k_load(factor));
    lower_end(lower);
}
