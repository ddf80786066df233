/*
 * weights.c - seeded weights, and what a network counts.
 *
 * A parameter's numbers come from the seed and its own name alone: adding a
 * layer changes no other layer's weights.
 */
#include <math.h>

#include "graph/graph.h"

/* FNV-1a */
static uint64_t hash_of(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
    return hash;
}

/* He et al.: normal, with variance 2 / fan_in, keeps the size of activations
 * through layers with relu. */
static float draw(Random *random, const Tensor *tensor)
{
    if (tensor->init_fan_in > 0)
        return (float)(random_normal(random) * sqrt(2 / tensor->init_fan_in));
    return (float)(tensor->init_value +
                   tensor->init_spread * (2 * random_uniform(random) - 1));
}

static void init_tensor(Graph *graph, Tensor *tensor, uint64_t seed)
{
    const int64_t count = shape_count(&tensor->shape);
    float *data = NEW_N(graph->arena, float, count);
    Random random;
    random_seed(&random, seed ^ hash_of(tensor->name));
    for (int64_t i = 0; i < count; i++)
        data[i] = draw(&random, tensor);
    tensor->data = data;
}

void graph_init_weights(Graph *graph, uint64_t seed)
{
    for (int i = 0; i < graph->tensors.count; i++) {
        Tensor *tensor = graph->tensors.at[i];
        if (tensor->kind == TENSOR_PARAMETER && !tensor->data)
            init_tensor(graph, tensor, seed);
    }
}

bool graph_has_weights(const Graph *graph)
{
    for (int i = 0; i < graph->tensors.count; i++) {
        const Tensor *tensor = graph->tensors.at[i];
        if (tensor->kind == TENSOR_PARAMETER && !tensor->data)
            return false;
    }
    return true;
}

int64_t graph_macs(const Graph *graph)
{
    int64_t sum = 0;
    for (int n = 0; n < graph->nodes.count; n++) {
        const Node *node = graph->nodes.at[n];
        if (!size_add(sum, op_info[node->op].macs(node), &sum))
            return INT64_MAX;
    }
    return sum;
}

int64_t graph_parameters(const Graph *graph)
{
    int64_t sum = 0;
    for (int i = 0; i < graph->tensors.count; i++) {
        const Tensor *tensor = graph->tensors.at[i];
        if (tensor->kind == TENSOR_PARAMETER &&
            !size_add(sum, shape_count(&tensor->shape), &sum))
            return INT64_MAX;
    }
    return sum;
}
