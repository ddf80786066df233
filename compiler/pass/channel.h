/*
 * channel.h - layers that are a factor and a summand for each channel.
 *
 *     batchnorm, normalize, convert, mul(x, [2, 3]), add(x, 1), ...
 *     y[..][c] = x[..][c] * scale[c] + shift[c]
 */
#ifndef CNNC_PASS_CHANNEL_H
#define CNNC_PASS_CHANNEL_H

#include "pass/local.h"

typedef struct ChannelMap {
    Tensor *x;     /* what is mapped */
    int64_t count; /* of numbers: the channels', or 1 for all alike */
    double *scale, *shift;
} ChannelMap;

/* Whether the node is such a layer, and its numbers are known. */
bool channel_map(Arena *arena, const Node *node, ChannelMap *map);
/* first, then second. */
ChannelMap channel_compose(Arena *arena, const ChannelMap *first,
                           const ChannelMap *second);
bool channel_only_scales(const ChannelMap *map);
double channel_scale(const ChannelMap *map, int64_t channel);
double channel_shift(const ChannelMap *map, int64_t channel);
/* The node becomes a normalize of the map; false (and nothing happens) where
 * floats cannot express it. */
bool channel_normalize(Graph *graph, Node *node, const ChannelMap *map);

/* The map goes into the weights of the convolution or dense layer that it
 * follows, or that it precedes. False where the weights would not be finite;
 * the graph is as it was then. */
bool channel_into_producer(Graph *graph, Node *sum, const ChannelMap *map);
bool channel_into_reader(Graph *graph, Node *sum, const ChannelMap *map);

#endif
