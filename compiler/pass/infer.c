/*
 * infer.c - shapes, and what nothing reads.
 */
#include "pass/local.h"

bool pass_infer(Graph *graph, PassContext *context)
{
    (void)context;
    if (!graph_infer(graph))
        BUG("the shape rules refuse a graph that was checked before");
    return false;
}

bool pass_dead(Graph *graph, PassContext *context)
{
    (void)context;
    return graph_remove_dead(graph);
}
