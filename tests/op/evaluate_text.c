/*
 * evaluate_text.c - evaluates the text form of a graph on raw arrays.
 *
 *     evaluate_text net.txt FOLDER
 *
 * FOLDER/NAME.f64 is the input NAME, row-major doubles; FOLDER/NAME.f32 the
 * parameter NAME; FOLDER/NAME.out, written, the output NAME in doubles.
 */
#include "graph/graph.h"

#include <stdlib.h>

static const void *array_read(Arena *arena, const char *folder,
                              const Tensor *tensor, const char *suffix,
                              size_t element)
{
    char *path = arena_printf(arena, "%s/%s%s", folder, tensor->name, suffix);
    size_t size;
    const void *data = file_read(arena, path, (int64_t)1 << 32, &size);
    if (!data)
        exit(EXIT_MISTAKE);
    if (size != element * (size_t)shape_count(&tensor->shape)) {
        diag_error_file(path, "%zu bytes are not %s", size,
                        shape_show(&tensor->shape));
        exit(EXIT_MISTAKE);
    }
    return data;
}

static void parameters_read(Graph *graph, const char *folder)
{
    for (int i = 0; i < graph->tensors.count; i++) {
        Tensor *t = graph->tensors.at[i];
        if (t->kind == TENSOR_PARAMETER && !t->data)
            t->data =
                array_read(graph->arena, folder, t, ".f32", sizeof(float));
    }
}

static void outputs_write(const Graph *graph, const Evaluation *e,
                          const char *folder)
{
    for (int i = 0; i < graph->outputs.count; i++) {
        const Output *o = &graph->outputs.at[i];
        file_write(arena_printf(graph->arena, "%s/%s.out", folder, o->name),
                   evaluation_value(e, o->tensor),
                   sizeof(double) * (size_t)shape_count(&o->tensor->shape));
    }
}

int main(int argc, char **argv)
{
    Arena *arena = arena_new();
    Source *source = argc == 3 ? source_read(arena, argv[1]) : NULL;
    Graph *graph = source ? graph_read(arena, source) : NULL;
    const double **inputs;
    Evaluation *e;
    if (!graph) {
        diag_flush();
        return argc == 3 ? EXIT_MISTAKE : EXIT_USAGE;
    }
    parameters_read(graph, argv[2]);
    inputs = NEW_N(arena, const double *, graph->inputs.count);
    for (int i = 0; i < graph->inputs.count; i++)
        inputs[i] = array_read(arena, argv[2], graph->inputs.at[i], ".f64",
                               sizeof(double));
    e = graph_evaluate_outputs(graph, inputs);
    outputs_write(graph, e, argv[2]);
    evaluation_free(e);
    graph_free(graph);
    if (!file_commit())
        return EXIT_MISTAKE;
    arena_free(arena);
    return 0;
}
