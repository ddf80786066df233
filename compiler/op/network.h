/*
 * network.h - from a planned graph to a program: nests, fused and scheduled.
 */
#ifndef CNNC_OP_NETWORK_H
#define CNNC_OP_NETWORK_H

#include "graph/graph.h"
#include "kernel/schedule.h"

typedef struct LowerOptions {
    const Target *target;
    bool no_schedule;              /* leave the textbook's loops */
    const ScheduleList *overrides; /* by kernel name; or NULL */
    Text *schedules;               /* those used are printed here; or NULL */
    Text *nests;                   /* the nests before scheduling; or NULL */
} LowerOptions;

/*
 * Every node that is not fused or free becomes a kernel; those fused into it
 * are computed inside. The program is final, verified and proved in bounds.
 * NULL after diagnostics, where an override does not fit.
 */
Program *lower_network(Arena *arena, const Graph *graph,
                       const LowerOptions *options);

#endif
