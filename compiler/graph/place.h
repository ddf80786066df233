/*
 * place.h - how a tensor's elements lie in the memory that the plan gave it.
 *
 *     block 0, halo 1      . . . . .        block 8      [c/8][h][w][8]
 *     [h][w][c] in a       . x x x .        block 1      planar: [c][h][w]
 *     border of zeros      . x x x .
 *                          . . . . .
 */
#ifndef CNNC_GRAPH_PLACE_H
#define CNNC_GRAPH_PLACE_H

#include "graph/graph.h"

/* Elements from one to the next in each direction of an [h][w][c] image; where
 * block > 0, c is the step from one block of channels to the next. */
typedef struct Steps {
    int64_t offset; /* of [0][0][0]: the halo before it */
    int64_t h, w, c;
    int64_t size; /* elements of the whole */
} Steps;

/* Rank 3 only. */
Steps place_steps(const Shape *shape, const Place *place);
/* Elements of memory for a tensor of any rank, slack included. */
int64_t place_elements(const Shape *shape, const Place *place);
/* Channels that are stored: the count rounded up to whole blocks. */
int64_t place_channels(const Shape *shape, const Place *place);
/* The caller's array in another shape, or planar. */
bool place_is_view(const Place *place);
/* Row-major without any gap or border. */
bool place_is_plain(const Place *place);

#endif
