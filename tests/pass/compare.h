/*
 * compare.h - whether a graph still computes the same after its passes.
 *
 *     Answer before = answer_of(arena, graph, 1);
 *     pass_run_all(graph, ...);
 *     CU_ASSERT(answers_agree(graph, before, answer_of(arena, graph, 1)));
 */
#ifndef CNNC_TESTS_PASS_COMPARE_H
#define CNNC_TESTS_PASS_COMPARE_H

#include "graph/random.h"
#include "pass/pass.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_PORTS 64

/* The network's outputs, in double. */
typedef struct Answer {
    int count;
    int64_t size[MOST_PORTS];
    const double *value[MOST_PORTS];
} Answer;

static inline double **inputs_of(Arena *arena, const Graph *graph,
                                 uint64_t seed)
{
    double **inputs = NEW_N(arena, double *, graph->inputs.count + 1);
    for (int i = 0; i < graph->inputs.count; i++)
        inputs[i] =
            NEW_N(arena, double, shape_count(&graph->inputs.at[i]->shape));
    graph_random_inputs(graph, seed, inputs);
    for (int i = 0; i < graph->inputs.count; i++) /* as a float can hold */
        for (int64_t k = 0; k < shape_count(&graph->inputs.at[i]->shape); k++)
            inputs[i][k] = (double)(float)inputs[i][k];
    return inputs;
}

static inline Answer answer_of(Arena *arena, const Graph *graph, uint64_t seed)
{
    double **inputs = inputs_of(arena, graph, seed);
    Evaluation *e =
        graph_evaluate_outputs(graph, (const double *const *)inputs);
    Answer a = { .count = graph->outputs.count };
    for (int i = 0; i < a.count; i++) {
        const Tensor *t = graph->outputs.at[i].tensor;
        a.size[i] = shape_count(&t->shape);
        a.value[i] = arena_copy(arena, evaluation_value(e, t),
                                sizeof(double) * (size_t)a.size[i]);
    }
    evaluation_free(e);
    return a;
}

/* `most` is relative to the largest element, or to 1. */
static inline bool answers_agree(const Graph *graph, const Answer *expected,
                                 const Answer *got, double most)
{
    for (int i = 0; i < expected->count; i++) {
        double largest = 1;
        for (int64_t k = 0; k < expected->size[i]; k++)
            largest = fmax(largest, fabs(expected->value[i][k]));
        for (int64_t k = 0; k < expected->size[i]; k++) {
            double a = expected->value[i][k], b = got->value[i][k];
            if (a == b || (isnan(a) && isnan(b)) ||
                fabs(a - b) <= most * largest)
                continue;
            fprintf(stderr, "\n'%s': element %lld is %.9g, not %.9g\n",
                    graph->outputs.at[i].name, (long long)k, b, a);
            return false;
        }
    }
    return true;
}

static inline char *graph_text(Arena *arena, const Graph *graph)
{
    Text text = { 0 };
    graph_print(&text, graph);
    return text_take(&text, arena);
}

/* For each seed a network; one that fails is made smaller and shown. */
static inline bool check_seeds(uint64_t first, uint64_t last,
                               const RandomOptions *options,
                               bool (*fails)(Graph *, void *), void *context)
{
    bool good = true;
    for (uint64_t seed = first; good && seed <= last; seed++) {
        Arena *arena = arena_new();
        Graph *graph = graph_random(arena, seed, options);
        if (fails(graph, context)) {
            Graph *small = graph_shrink(graph, fails, context);
            good = false;
            fprintf(stderr, "\nseed %llu shrinks to\n%s\n",
                    (unsigned long long)seed, graph_text(arena, small));
            graph_free(small);
        }
        graph_free(graph);
        arena_free(arena);
    }
    return good;
}

#endif
