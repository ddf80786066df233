/*
 * slice.c - every step-th element from begin on, before end, in each dimension.
 *
 *     slice([0, -1], [4, 0], [1, -2]) of [4, 7]  ->  [4, 3]
 *     y[a][b] = x[a][6 - 2 * b]
 *
 * A negative begin or end counts from the end of the dimension; beyond it the
 * dimension's limit is meant. Dimensions that are not named stay whole. After
 * inference there are three numbers for each dimension, end is just behind the
 * last element, and where that is before the first one of a slice that runs
 * backwards, -dim - 1 says so.
 */
#include "op/local.h"

/* One dimension's slice: begin, begin + step, ... */
typedef struct Run {
    int64_t begin, step, count;
} Run;

static int64_t clamped(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* No step is longer than the dimension in effect. */
static Run run_of(int64_t begin, int64_t end, int64_t step, int64_t dim)
{
    const int64_t back = step < 0; /* positions -1..dim-1 rather than 0..dim */
    Run run;
    begin += begin < 0 ? dim : 0;
    end += end < 0 ? dim : 0;
    step = clamped(step, -dim, dim);
    run.begin = clamped(begin, -back, dim - back);
    end = clamped(end, -back, dim - back);
    run.count = back ? (run.begin - end - step - 1) / -step
                     : (end - run.begin + step - 1) / step;
    run.step = run.count == 1 ? 1 : step;
    return run;
}

static Run run_at(const Node *node, int d)
{
    const SliceAttrs *a = node_attrs(node, SliceAttrs);
    return run_of(a->begin.at[d], a->end.at[d], a->step.at[d],
                  in_shape(node, 0)->dim[d]);
}

/* As many ends as begins, as many steps or none, for dimensions there are. */
static bool check_counts(const Node *node)
{
    const SliceAttrs *a = node_attrs(node, SliceAttrs);
    const Shape *shape = in_shape(node, 0);
    if (a->begin.count > shape->rank) {
        graph_error(node, attr_index(node, "begin"),
                    "'slice' of %d dimensions, %s has %d", a->begin.count,
                    shape_show(shape), shape->rank);
        graph_note_inputs(node);
        return false;
    }
    if (a->end.count != a->begin.count) {
        graph_error(node, attr_index(node, "end"),
                    "'begin' of 'slice' has %d numbers, 'end' %d",
                    a->begin.count, a->end.count);
        return false;
    }
    if (a->step.count && a->step.count != a->begin.count) {
        graph_error(node, attr_index(node, "step"),
                    "'begin' of 'slice' has %d numbers, 'step' %d",
                    a->begin.count, a->step.count);
        return false;
    }
    for (int d = 0; d < a->step.count; d++)
        if (a->step.at[d] == 0) {
            graph_error(node, attr_index(node, "step"),
                        "'step' of 'slice' must not be 0");
            return false;
        }
    return true;
}

/* Three numbers for each dimension. */
static void complete(SliceAttrs *a, const Shape *shape)
{
    for (int d = a->step.count; d < shape->rank; d++)
        a->step.at[d] = 1;
    for (int d = a->begin.count; d < shape->rank; d++) {
        a->begin.at[d] = 0;
        a->end.at[d] = shape->dim[d];
    }
    a->begin.count = a->end.count = a->step.count = shape->rank;
}

bool slice_infer(Graph *graph, Node *node)
{
    SliceAttrs *a = node_attrs(node, SliceAttrs);
    Shape shape = *in_shape(node, 0);
    (void)graph;
    if (!check_counts(node))
        return false;
    complete(a, &shape);
    for (int d = 0; d < shape.rank; d++) {
        const int64_t dim = shape.dim[d];
        Run run = run_at(node, d);
        int64_t last = run.begin + (run.count - 1) * run.step;
        if (run.count < 1) {
            graph_error(node, attr_index(node, "end"),
                        "'slice' from %lld to %lld leaves nothing of dimension "
                        "%d of %s",
                        (long long)a->begin.at[d], (long long)a->end.at[d], d,
                        shape_show(in_shape(node, 0)));
            graph_note_inputs(node);
            return false;
        }
        a->begin.at[d] = run.begin;
        a->end.at[d] = run.step > 0 ? last + 1 : last > 0 ? last - 1 : -dim - 1;
        a->step.at[d] = run.step;
        shape.dim[d] = run.count;
    }
    return op_output(node, node->input[0]->type, shape);
}

int64_t slice_macs(const Node *node)
{
    (void)node;
    return 0;
}

void slice_evaluate(const Node *node, const double *const *in,
                    double *const *out)
{
    const Shape *shape = out_shape(node);
    const double *from = in[0];
    int64_t stride[MAX_RANK];
    shape_strides(in_shape(node, 0), stride);
    for (int d = 0; d < shape->rank; d++) {
        Run run = run_at(node, d);
        from += run.begin * stride[d];
        stride[d] *= run.step;
    }
    ref_strided(shape, stride, from, out[0]);
}

void slice_lower(Lower *lower, const Node *node)
{
    const Shape *shape = out_shape(node);
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const Affine *at[MAX_RANK], *from[MAX_RANK];
    lower_loops(k, shape, loop_names(shape), at);
    for (int d = 0; d < shape->rank; d++) {
        Run run = run_at(node, d);
        from[d] = affine_shift(k, affine_scale(k, at[d], run.step), run.begin);
    }
    kernel_store(k, access_at(y, at), k_load(access_at(x, from)));
    lower_end(lower);
}
