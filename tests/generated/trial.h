/*
 * trial.h - a network, what it must answer, and the ways to compile it.
 *
 *     Trial *t = trial_new(graph);
 *     Program *p = trial_program(t, &variant);        passes, plan, kernels
 *     program_interpret(p, t->in, t->got);
 *     if (!trial_agrees(t)) ...
 */
#ifndef CNNC_TESTS_GENERATED_TRIAL_H
#define CNNC_TESTS_GENERATED_TRIAL_H

#include "graph/graph.h"
#include "kernel/kernel.h"

typedef struct Trial {
    Arena *arena;
    const Graph *graph; /* never changed */
    const void **in;    /* by input: arrays of the tensors' types */
    void **got;         /* by output: room for an answer */
    const double **want, **bound;
} Trial;

/* The reference's answer for seeded inputs. */
Trial *trial_new(const Graph *graph);
void trial_free(Trial *trial);
int64_t trial_in_bytes(const Trial *trial, int input);
int64_t trial_got_bytes(const Trial *trial, int output);
/* Whether every element of `got` is within its bound; says which is not. */
bool trial_agrees(const Trial *trial);
/* Elements whose bound is so wide that they prove little. */
void trial_weakness(const Trial *trial, int64_t *weak, int64_t *all);

#define MOST_SKIPS 64

/* One of the ways to compile a network. */
typedef struct Variant {
    const Target *target;
    bool no_schedule;
    const char *skip[MOST_SKIPS]; /* passes and rules */
    int skip_count;
} Variant;

/* A target, and a random set of passes and rules that are left out (often
 * none, at times all). */
Variant variant_random(uint64_t seed, const Target *target);
void variant_skip_all(Variant *variant);
/* "x86-64-v4 no-schedule skip=fold,rules" and back. */
void variant_print(Text *text, const Variant *variant);
bool variant_read(const char *text, Variant *variant);

/* In the trial's arena; name: of the network, in C. */
Program *trial_program(const Trial *trial, const Variant *variant,
                       const char *name);
void program_done(Program *program); /* its vectors */

#endif
