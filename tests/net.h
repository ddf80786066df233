/*
 * net.h - small graphs for tests.
 *
 *     Net n = net_new(SHAPE(28, 28, 1));
 *     net_add(&n, OP_CONV, "filters=6, kernel=5x5, pad=same");
 *     net_add(&n, OP_RELU, "");
 *     CU_ASSERT(net_infer(&n));          ... shape_show(&n.last->shape)
 *     net_free(&n);
 */
#ifndef CNNC_TESTS_NET_H
#define CNNC_TESTS_NET_H

#include "graph/graph.h"

#include <stdlib.h>
#include <string.h>

#define SHAPE(...)                                                             \
    shape_of((int)COUNT_OF(((int64_t[]){ __VA_ARGS__ })),                      \
             (int64_t[]){ __VA_ARGS__ })

typedef struct Net {
    Arena *arena;
    Graph *graph;
    Tensor *last; /* what the next node reads */
} Net;

static inline Net net_new(Shape shape)
{
    Net n;
    n.arena = arena_new();
    n.graph = graph_new(n.arena, "test");
    n.last = graph_input(n.graph, "x", DT_F32, shape, NULL);
    return n;
}

static inline void net_free(Net *n)
{
    graph_free(n->graph);
    arena_free(n->arena);
}

static inline Tensor *net_input(Net *n, const char *name, Shape shape)
{
    return graph_input(n->graph, name, DT_F32, shape, NULL);
}

/* Sets attributes from "filters=6, pad=[1, 1, 2, 2]"; aborts on a bad one. */
static inline void net_attrs(Net *n, Node *node, const char *attrs)
{
    while (*attrs) {
        const char *equal = strchr(attrs, '='), *end = equal + 1;
        const AttrInfo *list = op_info[node->op].attrs;
        char *name = arena_textn(n->arena, attrs, (size_t)(equal - attrs));
        for (int depth = 0; *end && (depth || *end != ','); end++)
            depth += *end == '[' ? 1 : *end == ']' ? -1 : 0;
        if (!attr_parse(
                &list[attr_index(node, name)], node->attrs,
                arena_textn(n->arena, equal + 1, (size_t)(end - equal - 1)),
                n->arena))
            abort();
        attrs = *end ? end + 2 : end; /* ", " */
    }
}

static inline Node *net_join(Net *n, Op op, const char *attrs,
                             Tensor *const *inputs, int count)
{
    char *path = arena_printf(n->arena, "%s%d", op_info[op].name,
                              n->graph->nodes.count + 1);
    Node *node = graph_add(n->graph, op, path, inputs, count, NULL);
    net_attrs(n, node, attrs);
    n->last = node->output[0];
    return node;
}

static inline Node *net_add(Net *n, Op op, const char *attrs)
{
    return net_join(n, op, attrs, &n->last, 1);
}

/* The last value becomes the output "y"; then the shape rules. */
static inline bool net_infer(Net *n)
{
    if (!n->graph->outputs.count)
        graph_output(n->graph, "y", n->last, NO_RANGE);
    return graph_infer(n->graph);
}

/* Data for a parameter: the numbers first, first + step, ... */
static inline void net_ramp(Net *n, Tensor *tensor, double first, double step)
{
    const int64_t count = shape_count(&tensor->shape);
    float *data = NEW_N(n->arena, float, count);
    for (int64_t i = 0; i < count; i++)
        data[i] = (float)(first + step * (double)i);
    tensor->data = data;
}

static inline void net_set(Net *n, Tensor *tensor, const float *data)
{
    tensor->data = arena_copy(
        n->arena, data, sizeof *data * (size_t)shape_count(&tensor->shape));
}

/* The output's values for one input; to be freed with evaluation_free through
 * *evaluation. */
static inline const double *net_run(Net *n, const double *x,
                                    Evaluation **evaluation)
{
    *evaluation = graph_evaluate(n->graph, &x);
    return evaluation_value(*evaluation, n->graph->outputs.at[0].tensor);
}

#endif
