/*
 * ports.c - an output of the network is a value that one node makes for it.
 *
 *     output a = image        a.copy = convert(image)    output a = a.copy
 *     output b = conv1        (read by relu1 too)        output b = b.copy
 *
 * The caller's array is written once, by one kernel, and never read back; so
 * what somebody else needs as well is copied into it.
 */
#include "pass/local.h"

#include <string.h>

/* By tensor id: reads by nodes, and outputs of the network. */
static int *count_reads(const Graph *graph)
{
    size_t size = sizeof(int) * (size_t)(graph->tensors.count + 1);
    int *reads = mem_alloc(size);
    memset(reads, 0, size);
    for (int n = 0; n < graph->nodes.count; n++) {
        const Node *node = graph->nodes.at[n];
        for (int i = 0; i < node->input_count; i++)
            reads[node->input[i]->id]++;
    }
    for (int i = 0; i < graph->outputs.count; i++)
        reads[graph->outputs.at[i].tensor->id]++;
    return reads;
}

/* For the output alone, or there is nothing to make. */
static bool is_made(const Tensor *tensor, const int *reads)
{
    return reads[tensor->id] == 1 &&
           (tensor->kind == TENSOR_VALUE || shape_is_empty(&tensor->shape));
}

bool pass_ports(Graph *graph, PassContext *context)
{
    int *reads = count_reads(graph);
    bool changed = false;
    (void)context;
    for (int i = 0; i < graph->outputs.count; i++) {
        Output *output = &graph->outputs.at[i];
        Tensor *tensor = output->tensor;
        if (is_made(tensor, reads))
            continue;
        const char *path = arena_printf(graph->arena, "%s.copy", output->name);
        output->tensor =
            build_copy(graph, path, tensor, tensor->producer)->output[0];
        changed = true;
    }
    mem_free(reads);
    if (changed)
        graph_sort(graph);
    return changed;
}

void ports_check(const Graph *graph, const char *after)
{
    int *reads = count_reads(graph);
    for (int i = 0; i < graph->outputs.count; i++) {
        const Tensor *tensor = graph->outputs.at[i].tensor;
        if (!is_made(tensor, reads))
            BUG("after %s: the output '%s' is read or made elsewhere", after,
                graph->outputs.at[i].name);
    }
    mem_free(reads);
}
