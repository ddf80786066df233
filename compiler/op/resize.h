/*
 * resize.h - which pixels make a pixel of a resized image, and with what
 * weights, in one direction.
 *
 *     5 pixels from 3, linear       out 0   1   2   3   4
 *                                   of  0   0,1 1   1,2 2
 */
#ifndef CNNC_OP_RESIZE_H
#define CNNC_OP_RESIZE_H

#include "op/local.h"

/* Output o is the sum over j of weight[o * taps + j] * pixel base[o] + j; what
 * would be beside the image has weight 0. */
typedef struct ResizeAxis {
    int64_t in, out, taps;
    int64_t *base;
    double *weight;
    bool *outside; /* none of it: the value for what lies outside */
} ResizeAxis;

/* dim 0: rows, 1: columns. The attributes are as the shape rule leaves them. */
int64_t resize_taps(const Node *node, int dim); /* SIZE_LIMIT: or more */
ResizeAxis resize_axis(Arena *arena, const Node *node, int dim);

/*
 * Outputs first + period*q, q in 0..count, are made from pixels
 * base + step*q + j, j in 0..taps: with weights lead..lead+taps-1 of theirs.
 */
typedef struct ResizeRun {
    int64_t first, period, count, base, step, lead, taps;
    bool outside;
} ResizeRun;

typedef VEC(ResizeRun) ResizeRuns;

/* As few runs as can be found that make all outputs. */
void resize_runs(const ResizeAxis *axis, ResizeRuns *runs);

#endif
