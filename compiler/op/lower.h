/*
 * lower.h - what an operator's `lower` sees: from a node to its loop nest.
 *
 *     void relu_lower(Lower *l, const Node *node)
 *     {
 *         Kernel *k = lower_begin(l, node);
 *         Access x, y;  ... loops over the output ...
 *         kernel_store(k, y, value);
 *         lower_end(l);
 *     }
 *
 * A nest is the textbook's: loops over every index of the output, outermost
 * first, in the order of the output's dimensions; inside, statements that
 * compute one element in REG locals of rank 0 and store it last. Nothing here
 * knows of layouts, vectors, targets or fusion: logical indices only. Then an
 * operator can be inlined into its reader (a convolution into the pool behind
 * it), and every schedule serves it.
 *
 * Where one output element is not a separate sum (softmax, argmax), the loops
 * stand around the rows, and several statements or loops store.
 *
 * Boundaries are limits of the loops over taps, as ih = oh*stride + kh*dilation
 * - pad must stay in 0..H: kh from ceil((pad - oh*stride)/dilation), which is
 * what lower_window says.
 */
#ifndef CNNC_OP_LOWER_H
#define CNNC_OP_LOWER_H

#include "graph/graph.h"
#include "kernel/kernel.h"

typedef struct Lower Lower;

/* A new kernel named after the node. lower_end closes all loops. */
Kernel *lower_begin(Lower *lower, const Node *node);
void lower_end(Lower *lower);
/* The buffer that stands for the tensor: rank and extents are its shape's (a
 * scalar has rank 0), whatever its memory looks like. Already a param of the
 * kernel. */
Buffer *lower_input(Lower *lower, const Node *node, int index);
Buffer *lower_output(Lower *lower, const Node *node, int index);

/* Numbers that the node computes from a parameter of its own, or from its
 * attributes: row-major, named after the tensor, in the network's arena. */
Buffer *lower_constant(Lower *lower, const Tensor *like, int rank,
                       const int64_t *extent, const float *data);

/* Loops over every dimension of the shape, outermost first, named by `names`
 * (NULL: "i0", "i1", ...); out receives the variables as affine sums. */
void lower_loops(Kernel *kernel, const Shape *shape, const char *const *names,
                 const Affine **out);
/*
 * Opens the loop over the taps of a window in one direction,
 *     for k in max(0, ceil((pad - o*stride)/dilation)) ..
 *              min(window, ceil((extent + pad - o*stride)/dilation))
 * and gives the position under the tap, o*stride + k*dilation - pad. The
 * limits are left out where no position of the output can touch the padding.
 * *tap receives k.
 */
const Affine *lower_window(Kernel *kernel, const char *name, const Affine *o,
                           int64_t outputs, int64_t window, int64_t stride,
                           int64_t dilation, int64_t pad, int64_t extent,
                           const Affine **tap);
/* A scalar f32 accumulator in a register, and its access. */
Access lower_scalar(Kernel *kernel, const char *name, DType type);
/* An access with the indices of a C array of const Affine *. */
#define AT(buffer, ...)                                                        \
    access_at((buffer), (const Affine *const[]){ __VA_ARGS__, NULL })

#endif
