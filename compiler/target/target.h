/*
 * target.h - what a machine can do, as data.
 */
#ifndef CNNC_TARGET_H
#define CNNC_TARGET_H

#include "base/base.h"

typedef struct Target {
    const char *name;     /* "x86-64-v4" */
    const char *define;   /* CNNC_TARGET_X86_64_V4: selects the runtime's */
    const char *features; /* of the target pragma: "avx512f,..."; or NULL */
    const char *guard;    /* preprocessor condition of the architecture */
    const char *about;    /* one line for --help */
    int lanes[4];         /* widths of f32 vectors, widest first, 0 ends */
    int registers;        /* vector registers */
    bool fma;
    bool masks;    /* part loads and stores cost no more than full */
    int64_t align; /* bytes for weights and workspace */
    int64_t l1_bytes, l2_bytes;
    double flops_per_cycle; /* float32 multiply-adds count 2 */
    double load_bytes_per_cycle_l1, load_bytes_per_cycle_l2,
        load_bytes_per_cycle_memory;
} Target;

extern const Target targets[];
extern const int target_count;
/* NULL where there is none of that name; "native" asks the processor. */
const Target *target_find(const char *name);
const Target *target_native(void);
/* Widest lanes: 1 on scalar targets. */
int target_lanes(const Target *target);
/* Whether the runtime weaves so many vectors into one stretch of memory: pixels
 * of that many channels. The same everywhere. */
bool target_weaves(int64_t count);
/* Whether code for the target runs on this processor. */
bool target_runs_here(const Target *target);

#endif
