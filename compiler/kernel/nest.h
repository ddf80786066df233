/*
 * nest.h - what the cost model sees of a kernel: its loops and what they move.
 */
#ifndef CNNC_NEST_H
#define CNNC_NEST_H

#include "kernel/rewrite.h"

#define NEST_LOOPS 20

/* Where a loop stands. */
typedef enum NestPart {
    NEST_OUT,    /* over the output's elements */
    NEST_WINDOW, /* around the sum: the pool behind a convolution */
    NEST_REDUCE  /* within the sum */
} NestPart;

typedef struct NestLoop {
    const Var *var;
    NestPart part;
    int64_t extent; /* at most so many iterations */
    bool limited;   /* limits depend on other loops: padding */
    bool limits_others;
    int64_t first, last; /* iterations whose padding limits others */
    bool keeps;          /* each iteration has a register of its own */
    int pair; /* the outer loop that moves the input in the same dimension, or
                 -1: a tap's pixel */
    int64_t step_y, step_x, step_w; /* elements per iteration; see STEP_... */
} NestLoop;

#define STEP_UNKNOWN INT64_MIN /* not one number */

typedef struct Nest {
    NestLoop loop[NEST_LOOPS];
    int count, outs;
    const Stmt *main;  /* the sum's statement, or the store */
    const Stmt *store; /* the last store of an element */
    const Access *x;   /* what the sum reads that is no constant, or NULL */
    const Access *w;   /* what it multiplies with: a constant, or else the
                          other operand; or NULL */
    bool fma;
    bool packs;  /* w is a constant, to be laid out as it is read */
    int scalars; /* locals of rank 0 */
} Nest;

/* False where the kernel is no nest of the expected form. */
bool nest_read(Kernel *kernel, Nest *nest);
/* Elements that the address moves when the variable moves by one. Constants
 * count as packed: 1 where the variable is in one dimension alone. */
int64_t access_step(const Access *access, const Var *var, bool packed);
/* Whether every access moves by 0, 1 (or up to 4, when read) elements with it;
 * stores may lie as far apart as can be woven. */
bool nest_can_vectorize(const Kernel *kernel, const Nest *nest, const Var *var);

#endif
