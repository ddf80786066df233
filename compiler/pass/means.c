/*
 * means.c - a mean over all pixels of an image is a global pool.
 *
 *     reduce_mean([0, 1]) of [h, w, c]       global_avgpool, [c]
 *     reduce_max([1, 2]) of [n, h, w, c]     global_maxpool, [n, c]
 *
 * Pools read an image in any layout, reductions in the order of the caller's
 * arrays. Where the reduction keeps its dimensions a reshape makes them.
 */
#include "pass/local.h"

/* A reduction adds long sums part by part, and is as exact as it can be. */
#define MOST_PIXELS 16384

static bool is_over_pixels(const Node *node)
{
    const IntList *axes = &node_attrs(node, ReduceAttrs)->axes;
    const Shape *x = &node->input[0]->shape;
    const int h = shape_height(x);
    return (x->rank == 3 || x->rank == 4) && axes->count == 2 &&
           axes->at[0] == h && axes->at[1] == h + 1 &&
           x->dim[h] * x->dim[h + 1] <= MOST_PIXELS;
}

/* OP_COUNT: none. */
static Op pool_of(const Node *node)
{
    if (node->op != OP_REDUCE_MEAN && node->op != OP_REDUCE_MAX)
        return OP_COUNT;
    if (!is_over_pixels(node))
        return OP_COUNT;
    return node->op == OP_REDUCE_MEAN ? OP_GLOBAL_AVGPOOL : OP_GLOBAL_MAXPOOL;
}

static Tensor *rewritten(Graph *graph, Node *node, Op op)
{
    const Tensor *out = node->output[0];
    const char *path = arena_printf(graph->arena, "%s.%s", node->path,
                                    op_info[OP_RESHAPE].name);
    Node *pool = build_node(graph, op, node->path, node->input[0], node);
    Node *reshape;
    build_infer(graph, pool);
    pool->output[0]->label = out->label;
    if (shape_equal(&pool->output[0]->shape, &out->shape))
        return pool->output[0];
    reshape = build_node(graph, OP_RESHAPE, path, pool->output[0], node);
    node_attrs(reshape, ReshapeAttrs)->shape = shape_list(&out->shape);
    build_infer(graph, reshape);
    return reshape->output[0];
}

bool pass_means(Graph *graph, PassContext *context)
{
    const int nodes = graph->nodes.count, count = graph->tensors.count;
    Tensor **instead =
        arena_array(graph->arena, (size_t)count + 1, sizeof(Tensor *));
    bool changed = false;
    (void)context;
    for (int n = 0; n < nodes; n++) {
        Node *node = graph->nodes.at[n];
        Op op = pool_of(node);
        if (op == OP_COUNT)
            continue;
        instead[node->output[0]->id] = rewritten(graph, node, op);
        changed = true;
    }
    if (!changed)
        return false;
    replace_all(graph, instead, count);
    graph_remove_dead(graph);
    return true;
}
