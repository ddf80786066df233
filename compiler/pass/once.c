/*
 * once.c - weights that are equal are one.
 *
 *     left  -> conv(w)                 left  -> conv(w)
 *     right -> conv(w2)    w2 = w      right -> conv(w)
 *
 * A foreign model, or two binds to one tensor of a file, give each layer its
 * own copy. Small ones and those of one number (biases that are all 0) are left
 * alone: their names are worth more than their bytes.
 */
#include "pass/local.h"

#include <string.h>

enum { LEAST_COUNT = 64 };

typedef struct Weight {
    Tensor *tensor;
    uint32_t crc; /* of the first elements */
} Weight;

typedef VEC(Weight) Weights;

static size_t bytes_of(const Tensor *tensor)
{
    return sizeof *tensor->data * (size_t)shape_count(&tensor->shape);
}

static bool is_worth_it(const Tensor *tensor)
{
    const bool is_data =
        tensor->kind == TENSOR_PARAMETER || tensor->kind == TENSOR_CONSTANT;
    const size_t bytes = is_data ? bytes_of(tensor) : 0;
    return is_data && tensor->data && bytes >= LEAST_COUNT * sizeof(float) &&
           memcmp(tensor->data, tensor->data + 1, bytes - sizeof(float)) != 0;
}

static bool is_same(const Tensor *a, const Tensor *b)
{
    return a == b || (a->type == b->type && a->layout == b->layout &&
                      shape_equal(&a->shape, &b->shape) &&
                      memcmp(a->data, b->data, bytes_of(a)) == 0);
}

/* The first that is equal; else the tensor itself, which is kept in mind. */
static Tensor *first_of(Weights *weights, Tensor *tensor)
{
    const uint32_t crc =
        crc32_of(tensor->data, LEAST_COUNT * sizeof *tensor->data, 0);
    for (int i = 0; i < weights->count; i++)
        if (weights->at[i].crc == crc && is_same(weights->at[i].tensor, tensor))
            return weights->at[i].tensor;
    vec_push(weights, ((Weight){ tensor, crc }));
    return tensor;
}

bool pass_once(Graph *graph, PassContext *context)
{
    Weights weights = { 0 };
    bool changed = false;
    (void)context;
    for (int n = 0; n < graph->nodes.count; n++) {
        Node *node = graph->nodes.at[n];
        for (int i = 0; i < node->input_count; i++) {
            Tensor *tensor = node->input[i];
            if (!is_worth_it(tensor))
                continue;
            node->input[i] = first_of(&weights, tensor);
            changed |= node->input[i] != tensor;
        }
    }
    vec_free(&weights);
    return changed;
}
