/*
 * pad.c - a border of zeros becomes the padding of the window behind it.
 *
 *     pad(1) -> conv(16, 3x3)              conv(16, 3x3, pad=1)
 *     relu -> pad(1) -> maxpool(2x2)       relu -> maxpool(2x2, pad=1)
 *     pad(1) -> avgpool(2x2)               avgpool(2x2, pad=1,
 *                                                  count_include_pad=yes)
 *
 * A maximum ignores padding but not a border's zeros: the same only where no
 * element is negative. A mean counts the border's zeros.
 */
#include "pass/local.h"

static bool pads_zeros(const Node *node)
{
    return node != NULL && node->op == OP_PAD &&
           node_attrs(node, PaddingAttrs)->value == 0;
}

static Pad pad_sum(const Pad *a, const Pad *b)
{
    int64_t begin[2], end[2];
    for (int i = 0; i < 2; i++) {
        begin[i] = a->begin[i] + b->begin[i];
        end[i] = a->end[i] + b->end[i];
    }
    return pad_explicit(begin, end);
}

/* A pool refuses padding that could fill a window. */
static bool fits_window(const Pad *pad, const Size *kernel,
                        const Size *dilation)
{
    for (int i = 0; i < 2; i++) {
        if (pad->begin[i] >= kernel->at[i] || pad->end[i] >= kernel->at[i] ||
            dilation->at[i] > 1)
            return false;
    }
    return true;
}

static bool is_never_negative(const Tensor *tensor)
{
    const Node *node = tensor->producer;
    if (node == NULL)
        return false;
    if (node->op == OP_CLIP)
        return node_attrs(node, UnaryAttrs)->p >= 0;
    return node->op == OP_RELU || node->op == OP_RELU6 ||
           node->op == OP_SIGMOID || node->op == OP_HARD_SIGMOID ||
           node->op == OP_SOFTPLUS || node->op == OP_SOFTMAX;
}

/* The padding attribute that may take the border's, or NULL. With ceil_mode,
 * the number of windows depends on where the padding ends. */
static Pad *pad_of_reader(const Node *node, const Node *border)
{
    const Pad *more = &node_attrs(border, PaddingAttrs)->pad;
    Pad sum;
    if (node->op == OP_CONV)
        return &node_attrs(node, ConvAttrs)->pad;
    if (node->op == OP_PAD)
        return pads_zeros(node) ? &node_attrs(node, PaddingAttrs)->pad : NULL;
    if (node->op == OP_MAXPOOL) {
        MaxpoolAttrs *a = node_attrs(node, MaxpoolAttrs);
        sum = pad_sum(&a->pad, more);
        return !a->ceil_mode && fits_window(&sum, &a->kernel, &a->dilation) &&
                       is_never_negative(border->input[0])
                   ? &a->pad
                   : NULL;
    }
    if (node->op == OP_AVGPOOL) {
        AvgpoolAttrs *a = node_attrs(node, AvgpoolAttrs);
        sum = pad_sum(&a->pad, more);
        return !a->ceil_mode && fits_window(&sum, &a->kernel, &a->dilation) &&
                       (a->count_include_pad || pad_is_none(&a->pad))
                   ? &a->pad
                   : NULL;
    }
    return NULL;
}

static bool absorb(Graph *graph, Node *node)
{
    Node *border = node->input[0]->producer;
    Pad *pad;
    if (!pads_zeros(border))
        return false;
    pad = pad_of_reader(node, border);
    if (pad == NULL)
        return false;
    *pad = pad_sum(pad, &node_attrs(border, PaddingAttrs)->pad);
    if (node->op == OP_AVGPOOL)
        node_attrs(node, AvgpoolAttrs)->count_include_pad = true;
    node->input[0] = border->input[0];
    build_infer(graph, node);
    return true;
}

bool pass_pad(Graph *graph, PassContext *context)
{
    bool changed = false;
    (void)context;
    for (int n = 0; n < graph->nodes.count; n++) {
        while (absorb(graph, graph->nodes.at[n]))
            changed = true;
    }
    if (changed)
        graph_remove_dead(graph);
    return changed;
}
