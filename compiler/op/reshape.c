/*
 * reshape.c - flatten and reshape: the same elements in the same order.
 *
 *     [4, 6] -> [2, 12]:    for a in 0..2, b in 0..2, c in 0..6
 *                               y[a][6*b + c] = x[2*a + b][c]
 *
 * Where both lie in memory in their order, one loop copies all. Else the loops
 * run over the coarsest shape that refines both, [2, 2, 6] above. There is none
 * where the dimensions overlap, as in [4, 6] -> [3, 8]: then each stretch that
 * lies within one row of both has a loop of its own. A copy is rare: the plan
 * lets both tensors share their memory.
 */
#include <string.h>

#include "op/local.h"

/* ---- shape --------------------------------------------------------------------- */

bool flatten_infer(Graph *graph, Node *node)
{
    int64_t count = in_count(node, 0);
    (void)graph;
    return op_output(node, node->input[0]->type, shape_of(1, &count));
}

/* The product of all but -1; 0 after an error. */
static int64_t known_count(const Node *node, const IntList *list, int *open)
{
    int64_t count = 1;
    *open = -1;
    for (int i = 0; i < list->count; i++) {
        if (list->at[i] == -1 && *open < 0)
            *open = i;
        else if (list->at[i] < 1 || !size_mul(count, list->at[i], &count)) {
            graph_error(node, attr_index(node, "shape"),
                        list->at[i] == -1
                            ? "'reshape' can find only one dimension, %lld "
                              "stands for two"
                            : "%lld is no dimension of a shape",
                        (long long)list->at[i]);
            return 0;
        }
    }
    return count;
}

bool reshape_infer(Graph *graph, Node *node)
{
    IntList *list = &node_attrs(node, ReshapeAttrs)->shape;
    int64_t count = in_count(node, 0), known;
    Text wanted = { 0 };
    int open;
    (void)graph;
    if (list->count > MAX_RANK) {
        graph_error(node, attr_index(node, "shape"),
                    "'reshape' to %d dimensions, at most %d are possible",
                    list->count, MAX_RANK);
        return false;
    }
    known = known_count(node, list, &open);
    if (!known)
        return false;
    if (open < 0 ? known != count : count % known != 0) {
        attr_text(&wanted, &op_info[node->op].attrs[0], node->attrs);
        graph_error(node, attr_index(node, "shape"),
                    "'reshape' to %s does not fit %lld elements of %s",
                    text_get(&wanted), (long long)count,
                    shape_show(in_shape(node, 0)));
        graph_note_inputs(node);
        text_free(&wanted);
        return false;
    }
    if (open >= 0)
        list->at[open] = count / known;
    return op_output(node, node->input[0]->type,
                     shape_of(list->count, list->at));
}

int64_t flatten_macs(const Node *node)
{
    (void)node;
    return 0;
}

int64_t reshape_macs(const Node *node)
{
    (void)node;
    return 0;
}

void flatten_evaluate(const Node *node, const double *const *in,
                      double *const *out)
{
    memcpy(out[0], in[0], sizeof(double) * (size_t)in_count(node, 0));
}

void reshape_evaluate(const Node *node, const double *const *in,
                      double *const *out)
{
    flatten_evaluate(node, in, out);
}

/* ---- loops: a common refinement ---------------------------------------------------- */

/* The sizes of the blocks that the dimensions of a shape step by, ascending:
 * [4, 6] has 1, 6, 24. */
typedef struct Steps {
    int count;
    int64_t at[2 * MAX_RANK + 2];
} Steps;

static void steps_add(Steps *steps, int64_t step)
{
    int i = steps->count;
    while (i > 0 && steps->at[i - 1] > step)
        i--;
    if (i > 0 && steps->at[i - 1] == step)
        return;
    memmove(&steps->at[i + 1], &steps->at[i],
            sizeof steps->at[0] * (size_t)(steps->count - i));
    steps->at[i] = step;
    steps->count++;
}

static void steps_of(Steps *steps, const Shape *shape)
{
    int64_t step = 1;
    steps_add(steps, step);
    for (int i = shape->rank; i-- > 0;)
        steps_add(steps, step *= shape->dim[i]);
}

static bool steps_refine(const Steps *steps)
{
    for (int i = 1; i < steps->count; i++)
        if (steps->at[i] % steps->at[i - 1])
            return false;
    return true;
}

/* Indices of a shape from the loops over the steps: loop i counts blocks of
 * steps->at[i]. */
static void indices(Kernel *k, const Shape *shape, const Steps *steps,
                    const Affine *const *loop, const Affine **at)
{
    int64_t block = 1;
    int i = 0;
    for (int d = shape->rank; d-- > 0;) {
        int64_t end = block * shape->dim[d];
        at[d] = affine_const(k, 0);
        for (; i < steps->count - 1 && steps->at[i] < end; i++)
            at[d] = affine_add(
                k, affine_scale(k, loop[i], steps->at[i] / block), at[d]);
        block = end;
    }
}

static void copy_refined(Kernel *k, const Node *node, const Steps *steps,
                         Buffer *x, Buffer *y)
{
    const Affine *loop[2 * MAX_RANK + 2];
    const Affine *from[MAX_RANK], *to[MAX_RANK];
    for (int i = steps->count - 1; i-- > 0;) {
        char name[16];
        snprintf(name, sizeof name, "i%d", steps->count - 2 - i);
        loop[i] = affine_var(k, kernel_for(k, name_intern(name), 0,
                                           steps->at[i + 1] / steps->at[i]));
    }
    indices(k, in_shape(node, 0), steps, loop, from);
    indices(k, out_shape(node), steps, loop, to);
    kernel_store(k, access_at(y, to), k_load(access_at(x, from)));
}

/* ---- loops: stretch by stretch -------------------------------------------------------- */

/* Constant indices of the row that the element lies in; the last one counts
 * from the element on by i. */
static void row_indices(Kernel *k, const Shape *shape, int64_t element,
                        const Affine *i, const Affine **at)
{
    for (int d = shape->rank; d-- > 0;) {
        at[d] = affine_const(k, element % shape->dim[d]);
        if (d == shape->rank - 1)
            at[d] = affine_add(k, at[d], i);
        element /= shape->dim[d];
    }
}

static void copy_stretches(Kernel *k, const Node *node, Buffer *x, Buffer *y)
{
    const Shape *in = in_shape(node, 0), *out = out_shape(node);
    const int64_t count = shape_count(in);
    const int64_t in_row = channels_of(in), out_row = channels_of(out);
    for (int64_t first = 0, run; first < count; first += run) {
        const Affine *from[MAX_RANK], *to[MAX_RANK], *i;
        int64_t in_left = in_row - first % in_row;
        int64_t out_left = out_row - first % out_row;
        run = in_left < out_left ? in_left : out_left;
        i = affine_var(
            k, kernel_for(k, arena_printf(k->arena, "i%lld", (long long)first),
                          0, run));
        row_indices(k, in, first, i, from);
        row_indices(k, out, first, i, to);
        kernel_store(k, access_at(y, to), k_load(access_at(x, from)));
        kernel_end(k);
    }
}

/* ---- loops: one, where both lie in their order ------------------------------------------ */

static void copy_in_order(Kernel *k, const Node *node, Buffer *x, Buffer *y)
{
    const Affine *i =
        affine_var(k, kernel_for(k, "i", 0, shape_count(out_shape(node))));
    kernel_store(k, access_flat(y, i), k_load(access_flat(x, i)));
}

void reshape_lower(Lower *lower, const Node *node)
{
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    Steps steps = { 0 };
    steps_of(&steps, in_shape(node, 0));
    steps_of(&steps, out_shape(node));
    if (layout_in_order(x) && layout_in_order(y))
        copy_in_order(k, node, x, y);
    else if (steps_refine(&steps))
        copy_refined(k, node, &steps, x, y);
    else
        copy_stretches(k, node, x, y);
    lower_end(lower);
}

void flatten_lower(Lower *lower, const Node *node)
{
    reshape_lower(lower, node);
}
