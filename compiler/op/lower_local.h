/*
 * lower_local.h - what lower.c and network.c share.
 */
#ifndef CNNC_OP_LOWER_LOCAL_H
#define CNNC_OP_LOWER_LOCAL_H

#include "op/lower.h"
#include "op/network.h"

typedef VEC(const Node *) VecNodes;

struct Lower {
    Program *program;
    const Graph *graph;
    Kernel *kernel;  /* the one being built */
    Buffer **buffer; /* by tensor id; NULL: not asked for yet */
};

Buffer *lower_buffer(Lower *lower, const Tensor *tensor);

#endif
