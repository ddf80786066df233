/*
 * schedule.h - rewrites of loop nests, and lists of them.
 *
 *     conv2: split ow by 14; split oc by 32; split oc.i by 16;
 *            order oc.o oh ow.o kh c | kw ow.i oc.i.o oc.i.i;
 *            peel ow.o; unroll kw ow.i oc.i.o; vectorize oc.i.i
 *
 * A rewrite never changes what a kernel computes (but for the rounding of a
 * sum that is taken in another order); where it cannot be sure, it refuses,
 * says why, and leaves the kernel in a state that is only to be dropped.
 * Every loop over a variable of that name is meant, wherever copies stand.
 */
#ifndef CNNC_SCHEDULE_H
#define CNNC_SCHEDULE_H

#include "kernel/kernel.h"

/* v becomes factor * v.o + v.i; v.i ends early in the last block where the
 * factor does not divide. */
bool rewrite_split(Kernel *kernel, const char *var, int64_t factor, Text *why);
/* Two nested loops become one, `name` or (NULL) "a.b", where in every access a's coefficient is
 * b's extent times b's coefficient. */
bool rewrite_fuse(Kernel *kernel, const char *outer, const char *inner,
                  const char *name, Text *why);
/*
 * Makes the variable's loop the innermost around every single statement that
 * it holds: moved through the loops inside it, and copied to each statement
 * of a list, for which locals get a dimension of their own (acc becomes
 * acc[ow.i]).
 */
bool rewrite_push(Kernel *kernel, const char *var, Text *why);
/* Sorts chains of perfectly nested loops into the given order; those that are
 * not named stay where they are. */
bool rewrite_order(Kernel *kernel, const char *const *vars, int count,
                   Text *why);
/* The first and last iterations stand for themselves. Fewer iterations than
 * that: all do. */
bool rewrite_peel(Kernel *kernel, const char *var, int64_t first, int64_t last,
                  Text *why);
bool rewrite_mark(Kernel *kernel, const char *var, LoopMark mark, Text *why);
/* After kernel_expand: accumulations into registers in straight-line code are
 * sorted by their address in the buffer, so that what was loaded once is used
 * at once. */
bool rewrite_reuse(Kernel *kernel, const char *buffer, Text *why);
/* After kernel_expand: in the innermost loops within those over var, asks for
 * the buffer's lines `ahead` elements behind those read; or, 0, for the part
 * that the next iteration of var reads, a share in each iteration. */
bool rewrite_prefetch(Kernel *kernel, const char *buffer, const char *var,
                      int64_t ahead, Text *why);
/* After kernel_expand: the loop may leave out the iterations whose factor is 0.
 * Refuses where they would count, and where a constant is not finite. */
bool rewrite_nonzero(Kernel *kernel, const char *var, Text *why);

/*
 * Fusion: the reader's loads of `buffer` are replaced by what the producer's
 * nest computes for that element. The producer is a perfect nest over the
 * buffer's dimensions whose last statement stores it.
 */
bool rewrite_inline(Kernel *reader, const Kernel *producer, Buffer *buffer,
                    Text *why);
/*
 * The same the other way round, for a producer that is no such nest: where it
 * stores an element, it stores what the reader makes of that instead. The
 * reader is one statement that reads the buffer where it stores. One that
 * fails may have changed the kernel.
 */
bool rewrite_append(Kernel *kernel, const Kernel *reader, Buffer *buffer,
                    Text *why);
/*
 * Fusion over rows. Iteration v of the reader's outermost loop reads rows
 * step*v + low .. step*v + high - 1 of the buffer (false: not of that kind).
 */
bool kernel_rows_read(Kernel *reader, const Buffer *buffer, int64_t *step,
                      int64_t *low, int64_t *high);
/*
 * Both kernels are final, rows their outermost loops, and the buffer between
 * them is a ring of at least high - low rows: before each iteration of the
 * reader stands the producer's loop over the rows that it needs first.
 */
bool rewrite_rows(Kernel *reader, const Kernel *producer, int64_t step,
                  int64_t low, int64_t high, Text *why);
/* Limits that keep a tap out of the padding are dropped where the buffer has a
 * halo of zeros to read instead. */
bool rewrite_halo(Kernel *kernel, Text *why);

/*
 * Sums (products, extremes) into a register over a loop from 0 on: `lanes` times
 * `times` partial ones, which are added in the end.
 */
bool rewrite_partial(Kernel *kernel, const char *var, int64_t lanes,
                     int64_t times, Text *why);
/*
 * Stores whose lanes lie N elements apart come to stand behind each other in
 * the order of their addresses, so that N of them fill memory without gaps:
 * after kernel_expand and rewrite_share. Refuses where some are missing.
 */
bool rewrite_weave(Kernel *kernel, Text *why);
/* Names what straight-line code loads more than once: after kernel_expand. */
void rewrite_share(Kernel *kernel);

/*
 * Flattens all accesses, writes out UNROLL loops, and turns VECTOR loops into
 * vectors of the narrowest width that holds their elements.
 */
bool kernel_expand(Kernel *kernel, const Target *target, Text *why);

/* After kernel_expand: registers in loops that were not written out become
 * arrays. Refuses where they would take too much of the stack. */
bool rewrite_spill(Kernel *kernel, Text *why);

/*
 * Lays a constant buffer out in the order in which the loops around its access
 * read it, outermost first: what is read next lies next, and what a vector
 * loads lies together. Before peeling and expansion.
 */
bool rewrite_pack(Kernel *kernel, const char *buffer, Text *why);

/*
 * Each of several nests side by side as a kernel of its own, with variables and
 * locals of its own; 0 where there are not several, more than `most`, or where
 * they share something. kernel_join puts what the other does, which is used up,
 * behind what the kernel does.
 */
int kernel_parts(const Kernel *kernel, Kernel **parts, int most);
void kernel_join(Kernel *kernel, const Kernel *other);

/* A kernel of its own with the same body: a rewrite that fails on it leaves
 * the first as it was. Buffers of the program are shared, locals are not. */
Kernel *kernel_copy(const Kernel *kernel);
/* The kernel reads another buffer of the same layout instead. */
void kernel_replace_buffer(Kernel *kernel, const Buffer *old, Buffer *by);

/* ---- schedules as text ------------------------------------------------------- */

typedef enum StepKind {
    STEP_SPLIT,
    STEP_FUSE,
    STEP_ORDER,
    STEP_PEEL,
    STEP_PACK,
    STEP_PARTIAL,
    STEP_HALO,
    STEP_UNROLL,
    STEP_VECTORIZE,
    STEP_REUSE,
    STEP_PREFETCH,
    STEP_NONZERO
} StepKind;

#define STEP_NAMES 24

typedef struct Step {
    StepKind kind;
    const char *name[STEP_NAMES]; /* variables or buffers */
    int count;
    int bar;           /* ORDER: names from here on are pushed */
    int64_t number[2]; /* factor; first, last; lanes, times; ahead */
} Step;

typedef struct Schedule {
    const char *kernel;
    VEC(Step) steps;
} Schedule;

void schedule_add(Schedule *schedule, StepKind kind, int64_t first,
                  int64_t second, const char *names);
void schedule_print(Text *text, const Schedule *schedule);
/* A file of `KERNEL: step; step` entries; '#' starts a comment. */
typedef VEC(Schedule) ScheduleList;
bool schedule_read(const Source *source, ScheduleList *list);
void schedule_free(Schedule *schedule);
/* The steps that come before expansion. */
bool schedule_steps(Kernel *kernel, const Schedule *schedule, Text *why);
/* All of it: the steps, expansion, sharing. The kernel is final then. */
bool schedule_apply(Kernel *kernel, const Schedule *schedule,
                    const Target *target, Text *why);

/* The schedule that the cost model likes best for the target. rows: the first
 * loop stays outermost and whole. */
void schedule_choose(Kernel *kernel, const Target *target, bool rows,
                     Schedule *schedule);
/* The textbook's loops, but for what layouts need: channels are split by their
 * blocks. */
void schedule_plain(const Kernel *kernel, Schedule *schedule);

#endif
