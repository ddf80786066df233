/*
 * dropout.c - the identity, outside of training.
 */
#include <string.h>

#include "op/local.h"

bool dropout_infer(Graph *graph, Node *node)
{
    double rate = node_attrs(node, DropoutAttrs)->rate;
    (void)graph;
    if (!(rate >= 0 && rate < 1)) {
        graph_error(node, attr_index(node, "rate"),
                    "'rate' of 'dropout' must be at least 0 and below 1, "
                    "got %g",
                    rate);
        return false;
    }
    return op_output_like(node);
}

int64_t dropout_macs(const Node *node)
{
    (void)node;
    return 0;
}

void dropout_evaluate(const Node *node, const double *const *in,
                      double *const *out)
{
    memcpy(out[0], in[0], sizeof(double) * (size_t)in_count(node, 0));
}

void dropout_lower(Lower *lower, const Node *node)
{
    const Shape *shape = out_shape(node);
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const Affine *at[MAX_RANK];
    lower_loops(k, shape, loop_names(shape), at);
    kernel_store(k, access_at(y, at), k_load(access_at(x, at)));
    lower_end(lower);
}
