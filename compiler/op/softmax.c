/*
 * softmax.c - y = exp(x - m) / sum of exp(x - m) along an axis, with m the
 * largest x there, so that nothing overflows; and its logarithm,
 * x - m - log(sum of exp(x - m)).
 */
#include "op/local.h"

/* Attributes of both. */
static int64_t *axis_of(const Node *node)
{
    return node->op == OP_SOFTMAX ? &node_attrs(node, SoftmaxAttrs)->axis
                                  : &node_attrs(node, LogSoftmaxAttrs)->axis;
}

static bool infer(const Node *node)
{
    return op_need_f32(node) && op_need_rank_1_up(node) &&
           op_need_axis(node, axis_of(node), in_shape(node, 0)->rank) &&
           op_output_like(node);
}

/* ---- reference ------------------------------------------------------------------ */

/* n elements, stride apart */
static void softmax_row(const double *x, double *y, int64_t n, int64_t stride,
                        bool log_of)
{
    double most = x[0], sum = 0;
    for (int64_t i = 1; i < n; i++)
        most = ref_max(most, x[i * stride]);
    for (int64_t i = 0; i < n; i++)
        sum += y[i * stride] = exp(x[i * stride] - most);
    for (int64_t i = 0; i < n; i++)
        y[i * stride] =
            log_of ? x[i * stride] - most - log(sum) : y[i * stride] / sum;
}

static void evaluate(const Node *node, const double *x, double *y)
{
    const AxisView view = axis_view(out_shape(node), *axis_of(node));
    for (int64_t o = 0; o < view.outer; o++)
        for (int64_t i = 0; i < view.inner; i++) {
            int64_t first = o * view.extent * view.inner + i;
            softmax_row(x + first, y + first, view.extent, view.inner,
                        node->op == OP_LOG_SOFTMAX);
        }
}

/* ---- loops ------------------------------------------------------------------------ */

typedef struct Row {
    Kernel *k;
    Buffer *x, *y;
    const Affine *at[MAX_RANK];
    int64_t axis, n;
    Access most, sum;
} Row;

static void open_loop(Row *r, const char *name)
{
    r->at[r->axis] = affine_var(r->k, kernel_for(r->k, name, 0, r->n));
}

/* x - most: of the same element in each of the loops. */
static const Expr *below_most(const Row *r)
{
    Kernel *k = r->k;
    return k_sub(k_load(access_at(r->x, r->at)), k_load(r->most));
}

/* The result is where exp(x - most) is kept until the sum is known. */
static void find_sum(Row *r)
{
    Kernel *k = r->k;
    kernel_store(k, r->most, k_num(-INFINITY));
    open_loop(r, "i");
    kernel_accum(k, ACCUM_MAX, r->most, k_load(access_at(r->x, r->at)));
    kernel_end(k);
    open_loop(r, "j");
    kernel_store(k, access_at(r->y, r->at), k_1(EXP, below_most(r)));
    kernel_end(k);
    kernel_store(k, r->sum, k_num(0));
    open_loop(r, "k");
    kernel_accum(k, ACCUM_ADD, r->sum, k_load(access_at(r->y, r->at)));
    kernel_end(k);
}

static void softmax_loops(Lower *lower, const Node *node)
{
    Kernel *k = lower_begin(lower, node);
    Row r = { .k = k, .axis = *axis_of(node) };
    r.n = out_shape(node)->dim[r.axis];
    r.x = lower_input(lower, node, 0);
    r.y = lower_output(lower, node, 0);
    row_loops(k, out_shape(node), r.axis, r.at);
    r.most = lower_scalar(k, "most", DT_F32);
    r.sum = lower_scalar(k, "sum", DT_F32);
    find_sum(&r);
    const bool log_of = node->op == OP_LOG_SOFTMAX;
    Access last = lower_scalar(k, log_of ? "log" : "factor", DT_F32);
    kernel_store(k, last,
                 log_of ? k_1(LOG, k_load(r.sum))
                        : k_div(k_num(1), k_load(r.sum)));
    open_loop(&r, "l");
    if (log_of)
        kernel_store(k, access_at(r.y, r.at),
                     k_sub(below_most(&r), k_load(last)));
    else
        kernel_accum(k, ACCUM_MUL, access_at(r.y, r.at), k_load(last));
    lower_end(lower);
}

OP_OF_KIND(softmax, infer, softmax_loops, evaluate(node, in[0], out[0]))
OP_OF_KIND(log_softmax, infer, softmax_loops, evaluate(node, in[0], out[0]))
