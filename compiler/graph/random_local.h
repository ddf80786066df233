/*
 * random_local.h - what the files of the generator share.
 */
#ifndef CNNC_GRAPH_RANDOM_LOCAL_H
#define CNNC_GRAPH_RANDOM_LOCAL_H

#include "graph/random.h"

typedef struct Maker {
    Graph *graph;
    Random random;
    const RandomOptions *options;
    VEC(Tensor *) values; /* what nodes may read */
    VEC(int) degrees;     /* of values, by tensor id: products of products */
    int count;            /* of nodes, for their names */
} Maker;

static inline bool chance(Maker *m, int one_in)
{
    return random_range(&m->random, 1, one_in) == 1;
}

#define PICK(m, list)                                                          \
    ((list)[random_range(&(m)->random, 0, (int64_t)COUNT_OF(list) - 1)])

static inline int64_t draw_extent(Maker *m)
{
    static const int64_t extents[] = { 1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 33 };
    return PICK(m, extents);
}

static inline int64_t channels_of(const Tensor *tensor)
{
    return tensor->shape.rank ? tensor->shape.dim[tensor->shape.rank - 1] : 1;
}

/* Sets the attribute to something that may fit the node's first input. */
void random_attr(Maker *m, const Node *node, const AttrInfo *attr);

#endif
