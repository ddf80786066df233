/*
 * pipeline.h - every stage, from a network's file to a program.
 *
 *     Options o = { .target = target_find("x86-64-v3"), ... };
 *     Graph *graph = pipeline_read(arena, "net.cnn", &o);
 *     if (graph && pipeline_weights(graph, &o)) {
 *         pipeline_optimise(graph, &o, &context);
 *         program = pipeline_program(arena, graph, &o, &context);
 *     }
 *
 * A function that gives NULL or false has reported why.
 */
#ifndef CNNC_PIPELINE_H
#define CNNC_PIPELINE_H

#include "graph/graph.h"
#include "import/import.h"
#include "kernel/kernel.h"
#include "pass/pass.h"
#include "target/target.h"

/* All zero is a good start. */
typedef struct Options {
    ImportOptions import; /* of a model that is no .cnn */

    const Target *target; /* NULL: this machine's */

    const char *weights; /* wins over what the network names; NULL: that */
    const char *weights_layout; /* "oihw", "hwio"; NULL: the container's */
    bool init_weights; /* seeded weights for a network that names no file */
    uint64_t init_seed;

    const char *const *skip; /* optional passes and rules */
    int skip_count;
    const char *const *dump_after; /* stages, or "all" */
    int dump_count;
    Text *dump; /* receives the dumps */
    Text *time; /* receives the time of each stage; NULL: not wanted */

    bool no_schedule;     /* leave the textbook's loops */
    const char *schedule; /* a file of schedules by kernel; NULL: none */
    Text *schedules;      /* receives those used; NULL: not wanted */
    Text *nests;          /* receives the loops before that; or NULL */
} Options;

/* An error for each name in skip and dump_after that is none. */
bool pipeline_check(const Options *options);
/* The stages in order with a line about each, for --help. */
void pipeline_list(Text *text);
const Target *pipeline_target(const Options *options);

/* The network, every shape known; parameters without data. */
Graph *pipeline_read(Arena *arena, const char *path, const Options *options);
/* Data for every parameter: from a file, or seeded. */
bool pipeline_weights(Graph *graph, const Options *options);
/* Both. */
Graph *pipeline_front(Arena *arena, const char *path, const Options *options);
/* Folds constants and leaves out what a foreign format made necessary:
 * transposes, batches of one, layers that do nothing. What a person would write
 * stays, such as batchnorm. */
void pipeline_clean(Graph *graph, const Options *options);
/* Every pass in order; the context is filled in, pass_context_free ends it. */
void pipeline_optimise(Graph *graph, const Options *options,
                       PassContext *context);
/* Kernels, scheduled, verified and proved. */
Program *pipeline_program(Arena *arena, const Graph *graph,
                          const Options *options, const PassContext *context);

#endif
