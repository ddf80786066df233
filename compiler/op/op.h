/*
 * op.h - the operators' formulas for others: what a pass needs to put an
 * activation or a sum into the kernel of the layer before it.
 */
#ifndef CNNC_OP_OP_H
#define CNNC_OP_OP_H

#include "graph/graph.h"
#include "kernel/kernel.h"

bool op_is_unary(Op op);
bool op_is_binary(Op op);
/* 1 / sqrt(variance + epsilon) of a 'standardize' node, by element. */
void op_standardize_inverse(const Node *node, const double *x, double *inverse);
/* The result of a 'winograd_input' or 'winograd' node where every coefficient is
 * its magnitude: what in's errors may grow to. */
void op_winograd_magnitudes(const Node *node, const double *const *in,
                            double *out);
/* The function of a UNARY node at x, or of a BINARY one at a and b, f32. */
const Expr *op_unary_expr(Kernel *k, const Node *node, const Expr *x);
const Expr *op_binary_expr(Kernel *k, const Node *node, const Expr *a,
                           const Expr *b);

#endif
