/*
 * hunt.h - looks for networks that are compiled wrongly, and makes them small.
 *
 *     seeds 1..500 --random networks--> check --fails--> shrink --> found/
 *
 * A check runs in a child process: a fault of the compiler, which ends the
 * process, is one of the things looked for. What was found is kept as a file
 * in found/, and every file there is checked first from then on.
 */
#ifndef CNNC_TESTS_GENERATED_HUNT_H
#define CNNC_TESTS_GENERATED_HUNT_H

#include "graph/random.h"
#include "trial.h"

/* True where the variant's answer is the reference's. */
typedef bool Check(const Trial *trial, const Variant *variant);

/* What a seed's network is like: every operator, or those of one kind of
 * network only, so that layers meet that fuse with each other. */
RandomOptions hunt_options(uint64_t seed);
/* How the seed's network is compiled for the target. */
Variant hunt_variant(uint64_t seed, const Target *target);

/* Checks in a child process; quiet: without its messages. 0: fine. */
int hunt_status(Check *check, const Graph *graph, const Variant *variant,
                bool quiet);
/* Shrinks what fails, prints it, keeps it under the name. */
void hunt_report(Check *check, Graph *graph, const Variant *variant,
                 const char *name);
/* Every seed on every target in the list; how many failed, 8 at most. */
int hunt_seeds(Check *check, uint64_t first, uint64_t last,
               const Target *const *list, int count);

/* Each file in found/: its network, and the variant that it failed in. */
typedef void Found(const char *name, const Graph *graph, const Variant *variant,
                   void *context);
int hunt_found(Found *found, void *context); /* how many there are */

/* "FIRST-LAST" in the environment variable, for a longer hunt. */
void hunt_range(const char *variable, uint64_t *first, uint64_t *last);

#endif
