/*
 * build.c - what the passes make and change graphs with.
 *
 * Graphs may have a hundred thousand layers: readers are found for all tensors
 * at once, and replacements are collected and made at the end of a pass.
 */
#include "pass/local.h"

#include <string.h>

/* ---- nodes ------------------------------------------------------------------ */

Node *build_node(Graph *graph, Op op, const char *path, Tensor *input,
                 const Node *like)
{
    return graph_add(graph, op, path, &input, 1, like->origin);
}

void build_infer(Graph *graph, Node *node)
{
    if (!op_info[node->op].infer(graph, node))
        BUG("the shape rule refuses '%s' (%s), made by a pass", node->path,
            op_info[node->op].name);
}

IntList shape_list(const Shape *shape)
{
    IntList list = { .count = shape->rank };
    memcpy(list.at, shape->dim, sizeof list.at[0] * (size_t)shape->rank);
    return list;
}

/* Numbers other than f32 go through no arithmetic: a reshape moves them. */
Node *build_copy(Graph *graph, const char *path, Tensor *input,
                 const Node *like)
{
    Op op = input->type == DT_F32 ? OP_CONVERT : OP_RESHAPE;
    const Origin *origin = like ? like->origin : input->origin;
    Node *node = graph_add(graph, op, path, &input, 1, origin);
    if (op == OP_RESHAPE)
        node_attrs(node, ReshapeAttrs)->shape = shape_list(&input->shape);
    build_infer(graph, node);
    return node;
}

Tensor *build_parameter(Graph *graph, const Tensor *like, Shape shape,
                        const float *data)
{
    Tensor *made = graph_constant(graph, like->name, shape, NULL);
    int id = made->id;
    *made = *like;
    made->id = id;
    made->shape = shape;
    made->data = data;
    if (data != like->data)
        made->data_crc = 0;
    return made;
}

void build_output(Graph *graph, Node *node)
{
    const Tensor *old = node->output[0];
    Tensor *made = graph_constant(graph, old->name, old->shape, NULL);
    int id = made->id;
    *made = *old;
    made->id = id;
    node->output[0] = made;
}

void build_input(Graph *graph, Node *node, Tensor *tensor)
{
    Tensor **input = NEW_N(graph->arena, Tensor *, node->input_count + 1);
    memcpy(input, node->input, sizeof *input * (size_t)node->input_count);
    input[node->input_count++] = tensor;
    node->input = input;
}

/* ---- who reads what ---------------------------------------------------------- */

static void *zeroed(size_t count, size_t size)
{
    void *memory = mem_alloc((count + 1) * size);
    memset(memory, 0, (count + 1) * size);
    return memory;
}

bool *find_outputs(const Graph *graph)
{
    bool *is_output = zeroed((size_t)graph->tensors.count, sizeof *is_output);
    for (int i = 0; i < graph->outputs.count; i++)
        is_output[graph->outputs.at[i].tensor->id] = true;
    return is_output;
}

Node **find_only_readers(const Graph *graph)
{
    Node **only = zeroed((size_t)graph->tensors.count, sizeof(Node *));
    bool *taken = find_outputs(graph);
    for (int n = 0; n < graph->nodes.count; n++) {
        Node *node = graph->nodes.at[n];
        for (int i = 0; i < node->input_count; i++) {
            int id = node->input[i]->id;
            only[id] = taken[id] ? NULL : node;
            taken[id] = true;
        }
    }
    mem_free(taken);
    return only;
}

static Tensor *resolve(Tensor *tensor, Tensor *const *instead, int count)
{
    while (tensor->id < count && instead[tensor->id] != NULL)
        tensor = instead[tensor->id];
    return tensor;
}

void replace_all(Graph *graph, Tensor *const *instead, int count)
{
    for (int n = 0; n < graph->nodes.count; n++) {
        Node *node = graph->nodes.at[n];
        for (int i = 0; i < node->input_count; i++)
            node->input[i] = resolve(node->input[i], instead, count);
    }
    for (int i = 0; i < graph->outputs.count; i++) {
        Output *output = &graph->outputs.at[i];
        output->tensor = resolve(output->tensor, instead, count);
    }
}

/* ---- attributes and tensors ---------------------------------------------------- */

bool window_of(const Node *node, Window *window)
{
    if (node->op == OP_CONV) {
        const ConvAttrs *a = node_attrs(node, ConvAttrs);
        *window = (Window){ &a->kernel, &a->stride, &a->dilation, &a->pad };
    } else if (node->op == OP_MAXPOOL) {
        const MaxpoolAttrs *a = node_attrs(node, MaxpoolAttrs);
        *window = (Window){ &a->kernel, &a->stride, &a->dilation, &a->pad };
    } else if (node->op == OP_AVGPOOL) {
        const AvgpoolAttrs *a = node_attrs(node, AvgpoolAttrs);
        *window = (Window){ &a->kernel, &a->stride, &a->dilation, &a->pad };
    } else if (node->op == OP_LPPOOL) {
        const LppoolAttrs *a = node_attrs(node, LppoolAttrs);
        *window = (Window){ &a->kernel, &a->stride, &a->dilation, &a->pad };
    } else {
        return false;
    }
    return true;
}

int64_t window_span(const Window *window, int dim)
{
    return (window->kernel->at[dim] - 1) * window->dilation->at[dim] + 1;
}

bool pad_is_none(const Pad *pad)
{
    for (int i = 0; i < 2; i++) {
        if (pad->begin[i] != 0 || pad->end[i] != 0)
            return false;
    }
    return true;
}

Pad pad_explicit(const int64_t begin[2], const int64_t end[2])
{
    Pad pad = { .kind = PAD_EXPLICIT, .count = 4 };
    for (int i = 0; i < 2; i++) {
        pad.number[i] = pad.begin[i] = begin[i];
        pad.number[i + 2] = pad.end[i] = end[i];
    }
    return pad;
}

bool is_known(const Tensor *tensor)
{
    return tensor->data != NULL && (tensor->kind == TENSOR_CONSTANT ||
                                    tensor->kind == TENSOR_PARAMETER);
}
