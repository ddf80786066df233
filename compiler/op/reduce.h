/*
 * reduce.h - the loops of sums and extremes over some of the dimensions.
 *
 *     Reduction r = reduction_open(k, x, shape, axes, false, to);
 *     r.formula = ...; r.acc = a scalar that holds the start
 *     reduction_run(&r);
 *     kernel_store(k, access_at(y, to), ... k_load(r.acc) ...);
 *
 * Open are then the loops over the dimensions that stay. What runs may run
 * again, with another formula: a variance behind a mean.
 */
#ifndef CNNC_OP_REDUCE_H
#define CNNC_OP_REDUCE_H

#include "op/local.h"

typedef struct Formula {
    AccumOp op;
    double start;
    bool shifted; /* the formulas need the largest element */
    double (*ref_element)(double x, double most);
    double (*ref_finish)(double acc, double n, double most);
    const Expr *(*element)(Kernel *k, const Expr *x, const Expr *most);
    const Expr *(*finish)(Kernel *k, const Expr *acc, double n,
                          const Expr *most);
} Formula;

typedef struct Reduction {
    Kernel *k;
    const Formula *formula;
    Buffer *x;
    const Affine *at[MAX_RANK]; /* indices of x */
    int axis[MAX_RANK];         /* the reduced dimensions, */
    Shape gone;                 /* and their extents */
    const Expr *most;           /* what the formula calls so, or NULL */
    bool plain;                 /* the largest element is looked for */
    int64_t part;               /* elements that are added in one go */
    Access acc;
} Reduction;

/* Checks the node's axes; afterwards each that is meant, ascending. */
bool reduction_axes(const Node *node, IntList *axes);
/* Opens the loops over the dimensions of x that stay; to[] receives the indices
 * of the result. The axes are normalised. */
Reduction reduction_open(Kernel *k, Buffer *x, const Shape *shape,
                         const IntList *axes, bool keep, const Affine **to);
/* acc op= the formula's element, for all elements. */
void reduction_run(Reduction *r);
/* Opens the loops over the reduced dimensions from..to-1, for r->at. */
void reduction_loops(Reduction *r, int from, int to);

#endif
