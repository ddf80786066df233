/*
 * verify.h - what the parts of `cnnc verify` share.
 */
#ifndef CNNC_COMMAND_VERIFY_H
#define CNNC_COMMAND_VERIFY_H

#include "command/local.h"

/* ---- what the generated code left in memory (verify_trace.c) ------------------ */

/* A buffer's bytes, kept after the last kernel that writes it: later ones may
 * put something else in its place. */
typedef struct Save {
    const Buffer *buffer;
    int step;  /* that kernel */
    int port;  /* of an output; -1: in the workspace */
    size_t at; /* in the record of a sample */
    size_t bytes;
} Save;

typedef struct Trace {
    Arena *arena;
    const Build *build;
    VEC(Save) saves;
    size_t record;     /* bytes of a sample */
    const void *bytes; /* of all samples */
    size_t length;
    Outcome outcome;
} Trace;

void trace_open(Trace *trace, Arena *arena, const Build *build);
/* Builds the program and runs it on `samples` inputs, one after another in
 * `in`. False after diagnostics; it may have ended early, see outcome. */
bool trace_run(Trace *trace, Host *host, Text *in);
/* The kernel in which the program ended before its end. */
const Kernel *trace_last_kernel(const Trace *trace);
/* The tensor's values, row-major; false where no kernel writes it. */
bool trace_values(const Trace *trace, int64_t sample, const Tensor *tensor,
                  double *values);
void trace_close(Trace *trace);

/* ---- how large an error may be (verify_scale.c) ---------------------------------- */

/*
 * For each element of the node's output the sum of |x * w| that it is made of:
 * rounding makes errors in proportion to that. value: of the inputs and of the
 * output; scale: of the inputs, |x| where x is exact.
 */
void scale_node(const Node *node, const double *const *value,
                const double *const *scale, const double *result, double *out);
/* Roundings behind one element of the output. */
int64_t scale_roundings(const Node *node);

#endif
