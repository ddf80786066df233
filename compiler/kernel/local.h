/*
 * local.h - what the files of kernel/ share and nobody else needs.
 */
#ifndef CNNC_KERNEL_LOCAL_H
#define CNNC_KERNEL_LOCAL_H

#include "kernel/kernel.h"

#define LOOPS_MOST 64 /* depth of nesting */

/* A fault of ours, with the kernel's text behind the message. */
#define KERNEL_BUG(kernel, ...) (kernel_show_on_bug(kernel), BUG(__VA_ARGS__))
void kernel_show_on_bug(const Kernel *kernel);

/* The producer is used up: its variables become the reader's, under names
 * that are free there. */
void kernel_adopt_vars(Kernel *reader, const Kernel *producer);
/* A name that nothing of the kernel has yet: "t", "t2", "t3"... */
const char *kernel_unique_name(const Kernel *kernel, const char *wanted);

/* Signed arithmetic that must not overflow: BUG where it does. */
int64_t exact_add(int64_t a, int64_t b);
int64_t exact_mul(int64_t a, int64_t b);

/* The loops around a place, outermost first. */
typedef struct Loops {
    const Stmt *at[LOOPS_MOST];
    int count;
} Loops;

void loops_enter(Loops *loops, const Stmt *loop);

/* floor(sum / div) and the rest, as affine sums; false where the interval of
 * what is no multiple of div does not lie in one block of div values. */
bool affine_divide(Kernel *kernel, const Affine *sum, int64_t div,
                   const Stmt *const *loops, int count, const Affine **quotient,
                   const Affine **remainder);

bool expr_types_fit(ExprKind kind, const Expr *const *arg);

/* By BufferPlace, LoopMark, AccumOp: how the text form spells them. */
extern const char *const place_names[BUFFER_REG + 1];
extern const char *const mark_names[LOOP_PARALLEL + 1];
extern const char *const accum_names[ACCUM_FMA + 1];

#endif
