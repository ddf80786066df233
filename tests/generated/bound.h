/*
 * bound.h - how far a float may be from the reference, element by element.
 */
#ifndef CNNC_TESTS_GENERATED_BOUND_H
#define CNNC_TESTS_GENERATED_BOUND_H

#include "graph/graph.h"

/* By tensor id, an array of the tensor's shape: the most that an element may
 * be off. The evaluation has kept all values. */
double **bound_all(Arena *arena, const Graph *graph, const Evaluation *e);

#endif
