/*
 * transpose.c - the dimensions in another order.
 *
 *     transpose([2, 0, 1]) of [h, w, c]:    y[c][h][w] = x[h][w][c]
 */
#include "op/local.h"

/* Each dimension of the input once. */
static bool check_perm(const Node *node, const IntList *perm)
{
    const int rank = in_shape(node, 0)->rank;
    bool seen[MAX_RANK] = { false };
    Text wanted = { 0 };
    bool good = perm->count == rank;
    for (int d = 0; d < perm->count && good; d++) {
        good = perm->at[d] >= 0 && perm->at[d] < rank && !seen[perm->at[d]];
        if (good)
            seen[perm->at[d]] = true;
    }
    if (good)
        return true;
    attr_text(&wanted, &op_info[node->op].attrs[0], node->attrs);
    graph_error(node, attr_index(node, "perm"),
                "%s is no order of the %d dimensions of %s", text_get(&wanted),
                rank, shape_show(in_shape(node, 0)));
    graph_note_inputs(node);
    text_free(&wanted);
    return false;
}

bool transpose_infer(Graph *graph, Node *node)
{
    const IntList *perm = &node_attrs(node, TransposeAttrs)->perm;
    const Shape *x = in_shape(node, 0);
    Shape shape = { .rank = x->rank };
    (void)graph;
    if (!check_perm(node, perm))
        return false;
    for (int d = 0; d < x->rank; d++)
        shape.dim[d] = x->dim[perm->at[d]];
    return op_output(node, node->input[0]->type, shape);
}

int64_t transpose_macs(const Node *node)
{
    (void)node;
    return 0;
}

void transpose_evaluate(const Node *node, const double *const *in,
                        double *const *out)
{
    const IntList *perm = &node_attrs(node, TransposeAttrs)->perm;
    int64_t step[MAX_RANK], stride[MAX_RANK];
    shape_strides(in_shape(node, 0), step);
    for (int d = 0; d < perm->count; d++)
        stride[d] = step[perm->at[d]];
    ref_strided(out_shape(node), stride, in[0], out[0]);
}

void transpose_lower(Lower *lower, const Node *node)
{
    const IntList *perm = &node_attrs(node, TransposeAttrs)->perm;
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const Affine *at[MAX_RANK], *from[MAX_RANK];
    lower_loops(k, out_shape(node), NULL, at);
    for (int d = 0; d < perm->count; d++)
        from[perm->at[d]] = at[d];
    kernel_store(k, access_at(y, at), k_load(access_at(x, from)));
    lower_end(lower);
}
