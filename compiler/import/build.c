/*
 * build.c - the nodes that adapters make.
 *
 *     Conv of [1, 3, 224, 224]:
 *         conv1.nhwc   transpose(x; perm=[0, 2, 3, 1])
 *         conv1.conv   conv(conv1.nhwc, conv1.weight, ...)
 *         conv1        transpose(conv1.conv; perm=[0, 3, 1, 2])
 *
 * The shape rule of a node runs when it is made, so that adapters know every
 * shape they read; what a rule reports points at the node's line in the
 * listing.
 */
#include <ctype.h>
#include <string.h>

#include "import/local.h"

/* What the node's results are called: by the node, else by its first output,
 * where that is more than a number, else by the operator. */
static const char *wanted_name(const Adapt *a)
{
    const OnnxNode *node = a->node;
    const char *output = node->output[0];
    if (node->name[0])
        return node->name;
    if (output && !isdigit((unsigned char)output[0]))
        return output;
    return arena_printf(a->graph->arena, "%s_%s", node->op,
                        output ? output : "");
}

static const char *path_of(Adapt *a, const char *role)
{
    if (a->folding)
        return arena_printf(a->graph->arena, "node%d", a->graph->nodes.count);
    if (!a->path)
        a->path = name_take(a->import, wanted_name(a));
    if (!role && !a->path_used) {
        a->path_used = true;
        return a->path;
    }
    return name_take(
        a->import,
        role ? arena_printf(a->graph->arena, "%s.%s", a->path, role) : a->path);
}

Node *add_node(Adapt *a, Op op, const char *role, Tensor *const *in, int count)
{
    for (int i = 0; i < count; i++)
        if (!in[i])
            return NULL;
    return graph_add(a->graph, op, path_of(a, role), in, count, a->origin);
}

Tensor *add_end(Adapt *a, Node *node)
{
    if (!node)
        return NULL;
    if (graph_infer_node(a->graph, node))
        return node->output[0];
    a->failed = a->import->failed = true;
    a->import->rule_errors++;
    return NULL;
}

void add_parameter(Adapt *a, Node *node, Tensor *parameter)
{
    Tensor **input;
    if (!node || !parameter)
        return;
    input = NEW_N(a->graph->arena, Tensor *, node->input_count + 1);
    memcpy(input, node->input, sizeof *input * (size_t)node->input_count);
    input[node->input_count++] = parameter;
    node->input = input;
}

static const char *weight_name(Adapt *a, int i)
{
    if (a->folding)
        return arena_printf(a->graph->arena, "weight%d", i);
    return name_take(a->import, a->in[i]->name);
}

Tensor *add_weight(Adapt *a, int i, Shape shape, const float *data,
                   ParameterLayout layout)
{
    Tensor *tensor;
    if (!data)
        data = in_floats(a, i);
    if (!data)
        return NULL;
    if (!shape_is_valid(&shape)) {
        refuse(a, "of an empty constant '%s' is not supported", in_name(a, i));
        return NULL;
    }
    a->in_read[i] = true;
    tensor = graph_constant(a->graph, weight_name(a, i), shape, NULL);
    tensor->kind = TENSOR_PARAMETER;
    tensor->title = a->in[i]->name;
    tensor->data = data;
    tensor->layout = layout;
    tensor->origin = a->origin;
    return tensor;
}

Tensor *add_constant(Adapt *a, const char *role, Shape shape, const float *data)
{
    return graph_constant(a->graph, path_of(a, role), shape, data);
}

Tensor *add_number(Adapt *a, const char *role, double number)
{
    float data = (float)number;
    return add_constant(a, role, (Shape){ 0 }, &data);
}

Tensor *add_1(Adapt *a, Op op, const char *role, Tensor *x)
{
    return add_end(a, add_node(a, op, role, &x, 1));
}

Tensor *add_2(Adapt *a, Op op, const char *role, Tensor *x, Tensor *y)
{
    Tensor *both[] = { x, y };
    return add_end(a, add_node(a, op, role, both, 2));
}

Tensor *add_reshape(Adapt *a, const char *role, Tensor *x, Shape shape)
{
    Node *node;
    if (!x || shape_equal(&x->shape, &shape))
        return x;
    node = add_node(a, OP_RESHAPE, role, &x, 1);
    node_attrs(node, ReshapeAttrs)->shape.count = shape.rank;
    for (int d = 0; d < shape.rank; d++)
        node_attrs(node, ReshapeAttrs)->shape.at[d] = shape.dim[d];
    return add_end(a, node);
}

Tensor *add_transpose(Adapt *a, const char *role, Tensor *x,
                      const int64_t *order)
{
    bool moves = false;
    Node *node;
    for (int d = 0; x && d < x->shape.rank; d++)
        moves = moves || order[d] != d;
    if (!moves)
        return x;
    node = add_node(a, OP_TRANSPOSE, role, &x, 1);
    node_attrs(node, TransposeAttrs)->perm.count = x->shape.rank;
    for (int d = 0; d < x->shape.rank; d++)
        node_attrs(node, TransposeAttrs)->perm.at[d] = order[d];
    return add_end(a, node);
}

/* Moves dimension `from` to `to`. */
static Tensor *move_dim(Adapt *a, const char *role, Tensor *x, int from, int to)
{
    int64_t order[MAX_RANK];
    int other = 0;
    for (int d = 0; x && d < x->shape.rank; d++) {
        other += other == from;
        order[d] = d == to ? from : other++;
    }
    return add_transpose(a, role, x, order);
}

Tensor *image_in(Adapt *a, const char *role, Tensor *x)
{
    return move_dim(a, role, x, 1, x ? x->shape.rank - 1 : 0);
}

Tensor *image_out(Adapt *a, const char *role, Tensor *x)
{
    return move_dim(a, role, x, x ? x->shape.rank - 1 : 0, 1);
}
