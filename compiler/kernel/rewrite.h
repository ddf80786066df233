/*
 * rewrite.h - what the rewrites share: walking, limits, interchange.
 */
#ifndef CNNC_REWRITE_H
#define CNNC_REWRITE_H

#include "kernel/local.h"
#include "kernel/schedule.h"

typedef enum Role { ROLE_READ, ROLE_STORE, ROLE_ACCUM } Role;

/* Called for every access of a list, in the order of execution: what a
 * statement reads, then what it writes. */
typedef void AccessVisitor(void *context, const Access *access, Role role,
                           const Stmt *stmt);
void visit_accesses(const Stmt *list, AccessVisitor *visit, void *context);
void visit_expr(const Expr *expr, const Stmt *stmt, AccessVisitor *visit,
                void *context);

int count_accesses(const Stmt *list, const Buffer *buffer);

/* The list with every access replaced by what map says; false stops. */
typedef bool AccessMap(void *context, Kernel *kernel, const Access *access,
                       const Loops *loops, Access *result);
bool map_accesses(Kernel *kernel, Stmt *list, Loops *loops, AccessMap *map,
                  void *context);
const Expr *map_expr(Kernel *kernel, const Expr *expr, const Loops *loops,
                     AccessMap *map, void *context, bool *ok);

bool access_same_place(const Access *a, const Access *b);
/* Whether the access depends on the variable at all. */
bool access_uses(const Access *access, const Var *var);
bool limit_uses(const Limit *limit, const Var *var);
/* False where there is no room. Adds nothing that is there already. */
bool limit_try(Limit *limit, const Affine *sum, int64_t div);
/* lo and hi of a loop whose limits are plain constants. */
/* At most so many iterations; -1 where no constant says so. */
int64_t loop_iterations_most(const Stmt *loop);
bool loop_constant(const Stmt *loop, int64_t *lo, int64_t *hi);

/* The other kernel is used up: what it names moves. */
void kernel_adopt(Kernel *kernel, const Kernel *other);
void kernel_drop_param(Kernel *kernel, const Buffer *buffer);

/* A constant of f32 without infinities and NaNs. */
bool buffer_is_finite(const Buffer *buffer);

/* The last statement of a list; NULL for the empty one. */
Stmt *list_last(Stmt *list);

/* Whether what the list does with a local depends on nothing before it: the
 * first statement that touches it gives a value to the place (or places, over
 * loops that are copies of one another) that all others mean; or, in some
 * dimensions, to all there are. */
bool local_starts_afresh(const Stmt *list, const Buffer *buffer);

/* Swaps a loop with the only statement of its body, a loop; returns the new
 * outer one. */
Stmt *loop_interchange(Kernel *kernel, Stmt *outer, Text *why);

/* Calls act for every loop over a variable of that name, innermost copies
 * last; act replaces *link. Says so where there is none. */
typedef bool LoopAct(void *context, Kernel *kernel, Stmt **link,
                     const Loops *around, Text *why);
bool each_loop(Kernel *kernel, const char *var, LoopAct *act, void *context,
               Text *why);
/* The same, but a loop of one iteration may have gone already: then there is
 * nothing to do. */
bool each_loop_left(Kernel *kernel, const char *var, LoopAct *act,
                    void *context, Text *why);

#endif
