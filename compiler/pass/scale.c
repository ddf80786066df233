#include "pass/local.h"
bool pass_scale(Graph *graph, PassContext *context)
{
    (void)graph, (void)context;
    return false;
}
