/*
 * dense.c - a dense layer on a flattened image is a convolution of it.
 *
 *     pool2 [5][5][16] -> flatten [400] -> dense(120)
 *     pool2 [5][5][16] -> conv(120, 5x5) [1][1][120] -> flatten [120]
 *
 * The weights stay where they are: [in][out] row by row is [kh][kw][c][oc]. A
 * convolution reads its image in any layout, so nothing needs to be put in
 * order for it, and what it leaves is flat anyway.
 */
#include "pass/local.h"

/* Weights and bias are no values of the network. */
static bool has_parameters(const Node *node)
{
    for (int i = node->data_count; i < node->input_count; i++) {
        if (node->input[i]->kind != TENSOR_PARAMETER &&
            node->input[i]->kind != TENSOR_CONSTANT)
            return false;
    }
    return true;
}

/* The image behind the node's flattened input, or NULL. */
static Tensor *flattened_image(const Node *node)
{
    const Node *flatten = node->input[0]->producer;
    Tensor *image;
    if (node->op != OP_DENSE || flatten == NULL || !has_parameters(node) ||
        node->input[0]->shape.rank != 1 ||
        (flatten->op != OP_FLATTEN && flatten->op != OP_RESHAPE))
        return NULL;
    image = flatten->input[0];
    if (image->shape.rank != 3 || image->type != DT_F32 ||
        image->shape.dim[0] * image->shape.dim[1] == 1)
        return NULL;
    return image;
}

static Node *convolution_of(Graph *graph, const Node *dense, Tensor *image)
{
    const DenseAttrs *a = node_attrs(dense, DenseAttrs);
    const int64_t *dim = image->shape.dim, none[2] = { 0, 0 };
    Node *conv = build_node(graph, OP_CONV, dense->path, image, dense);
    ConvAttrs *c = node_attrs(conv, ConvAttrs);
    c->filters = a->units;
    c->kernel = (Size){ 2, { dim[0], dim[1] } };
    c->pad = pad_explicit(none, none);
    c->bias = a->bias;
    build_input(graph, conv,
                build_parameter(graph, dense->input[1],
                                shape_of(4, (int64_t[]){ dim[0], dim[1], dim[2],
                                                         a->units }),
                                dense->input[1]->data));
    if (a->bias)
        build_input(graph, conv, dense->input[2]);
    build_infer(graph, conv);
    return conv;
}

static Tensor *rewritten(Graph *graph, Node *dense, Tensor *image)
{
    Node *conv = convolution_of(graph, dense, image);
    const char *path = arena_printf(graph->arena, "%s.flatten", dense->path);
    Node *flatten = build_node(graph, OP_FLATTEN, path, conv->output[0], dense);
    build_infer(graph, flatten);
    conv->output[0]->label = dense->output[0]->label;
    return flatten->output[0];
}

bool pass_dense(Graph *graph, PassContext *context)
{
    const int nodes = graph->nodes.count, count = graph->tensors.count;
    Tensor **instead =
        arena_array(graph->arena, (size_t)count + 1, sizeof(Tensor *));
    bool changed = false;
    for (int n = 0; n < nodes; n++) {
        Node *node = graph->nodes.at[n];
        Tensor *image = flattened_image(node);
        if (image == NULL)
            continue;
        instead[node->output[0]->id] = rewritten(graph, node, image);
        changed = true;
    }
    if (!changed)
        return false;
    replace_all(graph, instead, count);
    graph_remove_dead(graph);
    apply_rules(graph, context); /* activations move before the flatten */
    return true;
}
