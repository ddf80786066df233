/*
 * lrn.c - local response normalisation: each channel is divided by what the
 * channels around it sum up to.
 *
 *     y[c] = x[c] / (bias + alpha / size * sum of x[d]^2)^beta
 *
 * d from c - floor((size - 1) / 2) to c + ceil((size - 1) / 2), where there are
 * such channels.
 */
#include "op/local.h"

/* Along the channels. */
static WindowAxis window_of(const Node *node)
{
    const int64_t size = node_attrs(node, LrnAttrs)->size;
    const int64_t channels = channels_of(in_shape(node, 0));
    return (WindowAxis){ .in = channels,
                         .out = channels,
                         .kernel = size,
                         .stride = 1,
                         .dilation = 1,
                         .begin = (size - 1) / 2,
                         .end = size / 2 };
}

/* What is divided by must be a number. */
static bool check_numbers(const Node *node, const LrnAttrs *a)
{
    if (a->bias > 0 && isfinite(a->bias) && a->alpha >= 0 &&
        isfinite(a->alpha) && isfinite(a->beta))
        return true;
    graph_error(node, attr_index(node, a->alpha >= 0 ? "bias" : "alpha"),
                "'lrn' needs a positive bias and no negative alpha, got %g and "
                "%g",
                a->bias, a->alpha);
    return false;
}

bool lrn_infer(Graph *graph, Node *node)
{
    const LrnAttrs *a = node_attrs(node, LrnAttrs);
    (void)graph;
    return op_need_f32(node) && op_need_rank_1_up(node) &&
           op_need_count(node, "size", a->size) && check_numbers(node, a) &&
           op_output_like(node);
}

int64_t lrn_macs(const Node *node)
{
    (void)node;
    return 0;
}

void lrn_evaluate(const Node *node, const double *const *in, double *const *out)
{
    const LrnAttrs *a = node_attrs(node, LrnAttrs);
    const WindowAxis w = window_of(node);
    const int64_t count = in_count(node, 0);
    for (int64_t i = 0; i < count; i++) {
        const double *pixel = in[0] + i / w.in * w.in;
        TapRange taps = window_taps(&w, i % w.in);
        double sum = 0;
        for (int64_t t = taps.lo; t < taps.hi; t++) {
            const double x = pixel[window_at(&w, i % w.in, t)];
            sum += x * x;
        }
        out[0][i] =
            in[0][i] / pow(a->bias + a->alpha / (double)a->size * sum, a->beta);
    }
}

/* x / base^beta. The usual beta of 3/4 is two roots. */
static const Expr *divided(Kernel *k, const Expr *x, const Expr *base,
                           double beta)
{
    const Expr *root = k_1(SQRT, base);
    if (beta == 1)
        return k_div(x, base);
    if (beta == 0.5)
        return k_div(x, root);
    if (beta == 0.75)
        return k_div(x, k_mul(root, k_1(SQRT, root)));
    return k_div(x, k_1(EXP, k_mul(k_num(beta), k_1(LOG, base))));
}

/* Channels first..last-1; all of their windows lie within the image, or it is
 * for the limits of the loop over them to say. */
static void lower_channels(Lower *lower, Kernel *k, const Node *node,
                           int64_t first, int64_t last, bool within)
{
    const LrnAttrs *a = node_attrs(node, LrnAttrs);
    const Shape *shape = out_shape(node);
    const WindowAxis w = window_of(node);
    const int depth = k->depth, rank = shape->rank;
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const Affine *at[MAX_RANK], *near[MAX_RANK], *tap;
    Shape some = *shape;
    const Expr *value;
    some.dim[rank - 1] = last - first;
    if (first == last)
        return;
    lower_loops(k, &some, loop_names(shape), at);
    at[rank - 1] = affine_shift(k, at[rank - 1], first);
    Access sum = lower_scalar(k, "sum", DT_F32);
    kernel_store(k, sum, k_num(0));
    for (int d = 0; d < rank; d++)
        near[d] = at[d];
    if (within) {
        tap = affine_var(k, kernel_for(k, "k", 0, w.kernel));
        near[rank - 1] =
            affine_shift(k, affine_add(k, at[rank - 1], tap), -w.begin);
    } else {
        near[rank - 1] = window_loop(k, "k", &w, at[rank - 1], &tap);
    }
    value = k_load(access_at(x, near));
    kernel_accum(k, ACCUM_ADD, sum, k_mul(value, value));
    kernel_end(k);
    value =
        k_fma(k_num(a->alpha / (double)a->size), k_load(sum), k_num(a->bias));
    kernel_store(k, access_at(y, at),
                 divided(k, k_load(access_at(x, at)), value, a->beta));
    while (k->depth > depth)
        kernel_end(k);
}

/* The channels at either end by themselves: the others' windows are alike. */
void lrn_lower(Lower *lower, const Node *node)
{
    const WindowAxis w = window_of(node);
    Kernel *k = lower_begin(lower, node);
    if (w.begin + w.end >= w.in) {
        lower_channels(lower, k, node, 0, w.in, false);
    } else {
        lower_channels(lower, k, node, 0, w.begin, false);
        lower_channels(lower, k, node, w.begin, w.in - w.end, true);
        lower_channels(lower, k, node, w.in - w.end, w.in, false);
    }
    lower_end(lower);
}
