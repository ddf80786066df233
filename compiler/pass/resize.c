/*
 * resize.c - one direction after the other.
 *
 *     x [100, 100, 8] -> resize(141x141)
 *     x [100, 100, 8] -> resize(141x100) -> resize(141x141)
 *
 * A resize is loops for each kind of row times each kind of column. Where the
 * sizes have little in common there are many kinds of both, and a wide window
 * has many taps: then two layers are less code and less work. First comes the
 * direction that leaves less.
 */
#include "pass/local.h"

#include <math.h>
#include <string.h>

#define MOST_NESTS 16

static int64_t size_in(const Node *node, int dim)
{
    const Shape *x = &node->input[0]->shape;
    return x->dim[shape_height(x) + dim];
}

static double scale_of(const ResizeAttrs *a, int dim)
{
    return a->scale.at[a->scale.count == 1 ? 0 : dim];
}

/* The direction stays as it is. */
static bool is_same(const Node *node, int dim)
{
    const ResizeAttrs *a = node_attrs(node, ResizeAttrs);
    return size_in(node, dim) == a->size.at[dim] && scale_of(a, dim) == 0 &&
           a->crop.at[dim] == 0 && a->crop.at[dim + 2] == 1;
}

static int64_t gcd(int64_t a, int64_t b)
{
    return b == 0 ? a : gcd(b, a % b);
}

/* About so many nests: as many as outputs until the pattern is there again, or
 * until it nearly is. */
static double kinds(const Node *node, int dim)
{
    const int64_t out = node_attrs(node, ResizeAttrs)->size.at[dim];
    const double period = (double)(out / gcd(out, size_in(node, dim)));
    return fmin(period, 2 * sqrt((double)out));
}

static bool is_better_split(const Node *node)
{
    const ResizeAttrs *a = node_attrs(node, ResizeAttrs);
    if (node->op != OP_RESIZE || is_same(node, 0) || is_same(node, 1))
        return false;
    return strcmp(a->mode, "cubic") == 0 || a->antialias ||
           kinds(node, 0) * kinds(node, 1) > MOST_NESTS;
}

/* The direction is done elsewhere. */
static void leave_out(Arena *arena, ResizeAttrs *a, int dim, int64_t size)
{
    double *scale = NEW_N(arena, double, 2);
    for (int i = 0; i < 2; i++)
        scale[i] = i == dim ? 0 : scale_of(a, i);
    a->scale = (FloatList){ 2, scale };
    a->crop.at = arena_copy(arena, a->crop.at, 4 * sizeof *a->crop.at);
    a->crop.at[dim] = 0;
    a->crop.at[dim + 2] = 1;
    a->size.at[dim] = size;
}

static void split(Graph *graph, Node *node)
{
    ResizeAttrs *a = node_attrs(node, ResizeAttrs), *b;
    const double rows = (double)a->size.at[0] / (double)size_in(node, 0);
    const double columns = (double)a->size.at[1] / (double)size_in(node, 1);
    const int first = columns < rows;
    const char *path = arena_printf(graph->arena, "%s.%s", node->path,
                                    first == 0 ? "rows" : "columns");
    Node *before = build_node(graph, OP_RESIZE, path, node->input[0], node);
    b = node_attrs(before, ResizeAttrs);
    *b = *a;
    leave_out(graph->arena, b, !first, size_in(node, !first));
    leave_out(graph->arena, a, first, a->size.at[first]);
    build_infer(graph, before);
    node->input[0] = before->output[0];
    build_infer(graph, node);
}

bool pass_resize(Graph *graph, PassContext *context)
{
    const int nodes = graph->nodes.count;
    bool changed = false;
    (void)context;
    for (int n = 0; n < nodes; n++) {
        Node *node = graph->nodes.at[n];
        if (!is_better_split(node))
            continue;
        split(graph, node);
        changed = true;
    }
    if (changed)
        graph_sort(graph);
    return changed;
}
