/*
 * given.c - weights of a layer that are values of the network.
 *
 *     kernel = flat -> dense(72) -> reshape([3, 3, 1, 8])
 *     image -> conv(8, 3x3, weight=kernel)          conv1.bias is in the file,
 *                                                   conv1.weight is computed
 *
 * The layer makes all of its parameters first; those that are given take their
 * places.
 */
#include "language/local.h"

#include <string.h>

/* The place among the inputs of "PATH.role"; -1: there is none. */
static int parameter_place(const Node *node, const char *role)
{
    size_t length = strlen(node->path);
    for (int i = node->data_count; i < node->input_count; i++) {
        const Tensor *tensor = node->input[i];
        if (tensor->kind == TENSOR_PARAMETER &&
            strncmp(tensor->name, node->path, length) == 0 &&
            tensor->name[length] == '.' &&
            strcmp(tensor->name + length + 1, role) == 0)
            return i;
    }
    return -1;
}

static void drop_tensor(Graph *graph, const Tensor *tensor)
{
    int at = tensor->id;
    for (int i = at + 1; i < graph->tensors.count; i++) {
        graph->tensors.at[i - 1] = graph->tensors.at[i];
        graph->tensors.at[i - 1]->id = i - 1;
    }
    graph->tensors.count--;
}

static bool give(Scope *scope, Node *node, const Given *given)
{
    Tensor *tensor = given->value->tensor;
    int place = parameter_place(node, given->name);
    if (place < 0) {
        report(scope, given->name_range, "'%s' has no weight '%s' here",
               op_info[node->op].name, given->name);
        return false;
    }
    if (tensor->type != DT_F32) {
        report(scope, given->range, "a weight is f32, '%s' is %s",
               tensor_show(tensor), dtype_name(tensor->type));
        return false;
    }
    if (!shape_equal(&tensor->shape, &node->input[place]->shape)) {
        graph_error(node, -1, "'%s' is %s, but '%s' of '%s' is %s",
                    tensor_show(tensor), shape_show(&tensor->shape),
                    given->name, op_info[node->op].name,
                    shape_show(&node->input[place]->shape));
        return false;
    }
    drop_tensor(scope->e->graph, node->input[place]);
    node->input[place] = tensor;
    return true;
}

bool given_attach(Scope *scope, Node *node, const Bound *bound)
{
    for (int i = 0; i < bound->given_values.count; i++)
        if (!give(scope, node, &bound->given_values.at[i]))
            return false;
    return true;
}

bool given_bind(Scope *scope, Op op, int attr, const Arg *arg, Bound *bound)
{
    Given given = { arg->name, arg->name_range, arg->value->range, NULL };
    Constant constant;
    if (arg->value->kind != EXPR_NAME ||
        (attr >= 0 && op_info[op].attrs[attr].kind != ATTR_BOOL) ||
        !scope_value(scope, arg->value->text))
        return false;
    constant = constant_of(scope, arg->value);
    bound->poisoned |= constant.kind == CONSTANT_POISON;
    given.value = constant.value;
    if (constant.kind == CONSTANT_VALUE)
        vec_push(&bound->given_values, given);
    return true;
}
