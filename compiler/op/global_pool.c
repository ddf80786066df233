/*
 * global_pool.c - the largest element, or the mean, of each channel: [h, w, c]
 * or [w, c] becomes [c], and each image of a batch by itself: [n, h, w, c]
 * becomes [n, c].
 */
#include "op/local.h"

static bool global_infer(const Node *node)
{
    const Shape *x = in_shape(node, 0);
    if (!op_need_f32(node))
        return false;
    if (x->rank < 2 || x->rank > 4) {
        graph_error(node, -1, "'%s' needs pixels and channels, got %s",
                    op_info[node->op].name, shape_show(x));
        graph_note_inputs(node);
        return false;
    }
    if (shape_is_batch(x))
        return op_output(node, DT_F32,
                         shape_of(2, (int64_t[]){ x->dim[0], x->dim[3] }));
    return op_output(node, DT_F32, shape_of(1, &x->dim[x->rank - 1]));
}

bool global_maxpool_infer(Graph *graph, Node *node)
{
    (void)graph;
    return global_infer(node);
}

bool global_avgpool_infer(Graph *graph, Node *node)
{
    (void)graph;
    return global_infer(node);
}

int64_t global_maxpool_macs(const Node *node)
{
    (void)node;
    return 0;
}

int64_t global_avgpool_macs(const Node *node)
{
    (void)node;
    return 0;
}

/* Pixels of one image. */
static int64_t pixels_of(const Node *node)
{
    return in_count(node, 0) / shape_count(out_shape(node));
}

/* Where the sum of element i of the input stands. */
static int64_t sum_of(const Node *node, int64_t i)
{
    const int64_t channels = channels_of(out_shape(node));
    return i / (pixels_of(node) * channels) * channels + i % channels;
}

void global_maxpool_evaluate(const Node *node, const double *const *in,
                             double *const *out)
{
    const int64_t count = in_count(node, 0);
    const int64_t sums = shape_count(out_shape(node));
    for (int64_t i = 0; i < sums; i++)
        out[0][i] = -INFINITY;
    for (int64_t i = 0; i < count; i++) {
        double *to = &out[0][sum_of(node, i)];
        *to = ref_max(*to, in[0][i]);
    }
}

void global_avgpool_evaluate(const Node *node, const double *const *in,
                             double *const *out)
{
    const int64_t count = in_count(node, 0);
    const int64_t sums = shape_count(out_shape(node));
    for (int64_t i = 0; i < sums; i++)
        out[0][i] = 0;
    for (int64_t i = 0; i < count; i++)
        out[0][sum_of(node, i)] += in[0][i];
    for (int64_t i = 0; i < sums; i++)
        out[0][i] /= (double)pixels_of(node);
}

/* for n, c: acc = start; for every pixel: acc op= x[n][pixel][c];
 *           y[n][c] = acc * scale */
static void global_lower(Lower *lower, const Node *node, AccumOp op,
                         double start, double scale)
{
    const Shape *in = in_shape(node, 0);
    const char *const *names = loop_names(in);
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const int first = shape_height(in), last = in->rank - 1;
    const Affine *at[MAX_RANK];
    at[0] = batch_loop(k, in);
    at[last] = affine_var(k, kernel_for(k, "c", 0, in->dim[last]));
    Access acc = lower_scalar(k, "acc", DT_F32);
    kernel_store(k, acc, k_num(start));
    for (int d = first; d < last; d++)
        at[d] = affine_var(k, kernel_for(k, names[d], 0, in->dim[d]));
    kernel_accum(k, op, acc, k_load(access_at(x, at)));
    for (int d = first; d < last; d++)
        kernel_end(k);
    kernel_store(k, first ? AT(y, at[0], at[last]) : AT(y, at[last]),
                 scale == 1 ? k_load(acc) : k_mul(k_load(acc), k_num(scale)));
    lower_end(lower);
}

void global_maxpool_lower(Lower *lower, const Node *node)
{
    global_lower(lower, node, ACCUM_MAX, -INFINITY, 1);
}

void global_avgpool_lower(Lower *lower, const Node *node)
{
    global_lower(lower, node, ACCUM_ADD, 0, 1 / (double)pixels_of(node));
}
