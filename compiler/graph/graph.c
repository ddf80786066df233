/*
 * graph.c - building a graph: tensors, nodes, inputs and outputs.
 *
 *     Tensor *x = graph_input(g, "image", DT_F32, shape, origin);
 *     Node *conv = graph_add(g, OP_CONV, "conv1", &x, 1, origin);
 *     node_attrs(conv, ConvAttrs)->filters = 6;         ... then graph_infer
 *
 * All of it lives in the caller's arena; the vectors alone are on the heap.
 */
#include <string.h>

#include "graph/graph.h"

Graph *graph_new(Arena *arena, const char *name)
{
    Graph *graph = NEW(arena, Graph);
    graph->arena = arena;
    graph->name = name_intern(name);
    return graph;
}

void graph_free(Graph *graph)
{
    if (!graph)
        return;
    vec_free(&graph->tensors);
    vec_free(&graph->nodes);
    vec_free(&graph->inputs);
    vec_free(&graph->outputs);
    vec_free(&graph->binds);
    vec_free(&graph->files);
}

static Tensor *tensor_add(Graph *graph, TensorKind kind, const char *name,
                          DType type, Shape shape, const Origin *origin)
{
    Tensor *tensor = NEW(graph->arena, Tensor);
    tensor->id = graph->tensors.count;
    tensor->kind = kind;
    tensor->name = name_intern(name);
    tensor->type = type;
    tensor->shape = shape;
    tensor->origin = origin;
    vec_push(&graph->tensors, tensor);
    return tensor;
}

static void *default_attrs(Arena *arena, const OpInfo *info)
{
    void *attrs = arena_alloc(arena, info->attrs_size);
    for (int i = 0; i < info->attr_count; i++) {
        const AttrInfo *attr = &info->attrs[i];
        if (attr->fallback && !attr_parse(attr, attrs, attr->fallback, arena))
            BUG("'%s' has a bad default for '%s'", info->name, attr->name);
    }
    return attrs;
}

Node *graph_add(Graph *graph, Op op, const char *path, Tensor *const *inputs,
                int count, const Origin *origin)
{
    Arena *arena = graph->arena;
    Node *node = NEW(arena, Node);
    node->id = graph->nodes.count;
    node->op = op;
    node->path = name_intern(path);
    node->input = arena_copy(arena, inputs, sizeof *inputs * (size_t)count);
    node->input_count = node->data_count = count;
    node->output = NEW_N(arena, Tensor *, 1);
    node->output_count = 1;
    node->attrs = default_attrs(arena, &op_info[op]);
    node->origin = origin;
    node->output[0] =
        tensor_add(graph, TENSOR_VALUE, path, DT_F32, (Shape){ 0 }, origin);
    node->output[0]->producer = node;
    vec_push(&graph->nodes, node);
    return node;
}

Tensor *graph_input(Graph *graph, const char *name, DType type, Shape shape,
                    const Origin *origin)
{
    Tensor *tensor = tensor_add(graph, TENSOR_INPUT, name, type, shape, origin);
    vec_push(&graph->inputs, tensor);
    return tensor;
}

Tensor *graph_constant(Graph *graph, const char *name, Shape shape,
                       const float *data)
{
    Tensor *tensor =
        tensor_add(graph, TENSOR_CONSTANT, name, DT_F32, shape, NULL);
    REQUIRE(shape_is_valid(&shape) || shape_is_empty(&shape));
    if (data)
        tensor->data = arena_copy(graph->arena, data,
                                  sizeof(float) * (size_t)shape_count(&shape));
    return tensor;
}

static void append_input(Graph *graph, Node *node, Tensor *tensor)
{
    Tensor **input = NEW_N(graph->arena, Tensor *, node->input_count + 1);
    memcpy(input, node->input, sizeof *input * (size_t)node->input_count);
    input[node->input_count++] = tensor;
    node->input = input;
}

/* A parameter that is there already: its shape may follow the attributes as
 * long as there is no data. */
static Tensor *parameter_again(Node *node, Tensor *tensor, Shape shape)
{
    if (tensor->type != DT_F32) {
        graph_error(node, -1, "'%s' needs f32 parameters, '%s' has %s",
                    op_info[node->op].name, tensor->name,
                    dtype_name(tensor->type));
        return NULL;
    }
    if (shape_equal(&tensor->shape, &shape))
        return tensor;
    if (tensor->kind != TENSOR_PARAMETER || tensor->data || tensor->data_crc) {
        graph_error(node, -1, "'%s' is %s, but '%s' needs %s", tensor->name,
                    shape_show(&tensor->shape), op_info[node->op].name,
                    shape_show(&shape));
        return NULL;
    }
    tensor->shape = shape;
    return tensor;
}

Tensor *graph_parameter(Graph *graph, Node *node, int index, const char *name,
                        Shape shape, ParameterLayout layout, double fan_in,
                        double value)
{
    int at = node->data_count + index;
    Tensor *tensor;
    REQUIRE(at <= node->input_count);
    if (!shape_is_valid(&shape)) {
        graph_error(node, -1, "the %s %s of '%s' is too large", name,
                    shape_show(&shape), op_info[node->op].name);
        return NULL;
    }
    if (at < node->input_count) {
        tensor = parameter_again(node, node->input[at], shape);
    } else {
        char *key = arena_printf(graph->arena, "%s.%s", node->path, name);
        tensor = tensor_add(graph, TENSOR_PARAMETER, key, DT_F32, shape,
                            node->origin);
        append_input(graph, node, tensor);
    }
    if (tensor && tensor->kind == TENSOR_PARAMETER) {
        tensor->layout = layout;
        tensor->init_fan_in = fan_in;
        tensor->init_value = value;
    }
    return tensor;
}

Tensor *graph_parameter_named(Graph *graph, const char *name, Shape shape,
                              const Origin *origin)
{
    return tensor_add(graph, TENSOR_PARAMETER, name, DT_F32, shape, origin);
}

void graph_output(Graph *graph, const char *name, Tensor *tensor, Range range)
{
    Output output = { 0 };
    output.name = name_intern(name);
    output.tensor = tensor;
    output.range = range;
    vec_push(&graph->outputs, output);
}

/* In the order of Loss. */
static const char *const loss_names[] = { "none", "mean_squared_error",
                                          "mean_absolute_error",
                                          "binary_crossentropy",
                                          "categorical_crossentropy" };

const char *loss_name(Loss loss)
{
    return loss_names[loss];
}

bool loss_parse(const char *name, Loss *loss)
{
    for (int i = LOSS_NONE + 1; i < (int)COUNT_OF(loss_names); i++)
        if (strcmp(name, loss_names[i]) == 0) {
            *loss = (Loss)i;
            return true;
        }
    return false;
}
