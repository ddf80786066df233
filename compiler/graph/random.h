/*
 * random.h - random valid networks, and smaller ones that fail the same way.
 *
 *     RandomOptions options = random_defaults();
 *     Graph *g = graph_random(arena, seed, &options);
 *     if (!agree(g))
 *         g = graph_shrink(g, disagrees, NULL);       ... and print it
 */
#ifndef CNNC_GRAPH_RANDOM_H
#define CNNC_GRAPH_RANDOM_H

#include "graph/graph.h"

typedef struct RandomOptions {
    int least_nodes, most_nodes;
    int64_t most_elements; /* of a tensor */
    int64_t most_macs;     /* of a node */
    /* Also argmax, thresholds, and conversions to whole numbers: small
     * differences of their input make large ones of their output. */
    bool steps;
    const bool *only; /* by Op: those to choose from; NULL: all */
    /* Images are [n, c, h, w] or [c, h, w], as in foreign models: layers of
     * images stand between two transposes. */
    bool channels_first;
} RandomOptions;

RandomOptions random_defaults(void);

/* A function of the seed and the options alone. Inferred, with weights; every
 * value is read or an output. */
Graph *graph_random(Arena *arena, uint64_t seed, const RandomOptions *options);

/* Inputs for it: bytes for u8, else uniform in -1..1. */
void graph_random_inputs(const Graph *graph, uint64_t seed, double **inputs);

/*
 * Drops outputs and nodes and makes attributes and shapes smaller as long as
 * still_fails says true; the parameters are seeded anew each time. Gives the
 * smallest graph, in the arena of the first.
 */
Graph *graph_shrink(Graph *graph, bool (*still_fails)(Graph *, void *),
                    void *context);

#endif
