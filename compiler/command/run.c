/*
 * run.c - `cnnc run`: the network's answer for one input.
 *
 *     $ cnnc run lenet5.cnn seven.png
 *     digit: 7
 *         7    0.998  ####################
 *         1   0.0012
 */
#include "command/local.h"
#include "weights/weights.h"

#include <math.h>
#include <string.h>

#define BEST   5  /* of the classes */
#define VALUES 12 /* of an array, without -o */
#define BAR    20

/* out.npy for the only output, out-NAME.npy where there are several. */
static const char *array_path(Arena *arena, const Graph *graph,
                              const char *path, int i)
{
    if (graph->outputs.count == 1 || strcmp(path, "-") == 0)
        return path;
    const char *suffix = strrchr(path, '.');
    if (!suffix || strchr(suffix, '/'))
        suffix = "";
    return arena_printf(
        arena, "%s",
        path_with_suffix(
            arena, path,
            arena_printf(arena, "-%s%s",
                         name_to_c(arena, graph->outputs.at[i].name), suffix)));
}

static bool write_array(const char *path, const Tensor *tensor,
                        const void *data)
{
    CnncArray array = { .type = dtype_to_cnnc(tensor->type),
                        .rank = tensor->shape.rank,
                        .count = (size_t)shape_count(&tensor->shape),
                        .size = tensor_bytes(tensor) };
    char head[256];
    Text text = { 0 };

    memcpy(array.dim, tensor->shape.dim, sizeof array.dim);
    text_addn(&text, head, cnnc_npy_head(&array, head, sizeof head));
    text_addn(&text, data, array.size);
    return output_text(path, &text);
}

/* ---- for people ---------------------------------------------------------------- */

static void find_best(const double *values, int64_t count, int64_t *best,
                      int wanted)
{
    for (int n = 0; n < wanted; n++) {
        best[n] = -1;
        for (int64_t i = 0; i < count; i++) {
            bool taken = false;
            for (int k = 0; k < n; k++)
                taken |= best[k] == i;
            if (!taken && (best[n] < 0 || values[i] > values[best[n]]))
                best[n] = i;
        }
    }
}

static const char *class_name(Arena *arena, const Output *output, int64_t i)
{
    if (output->classes && i >= 0 && i < output->class_count)
        return output->classes[i];
    return arena_printf(arena, "%lld", (long long)i);
}

static void print_best(Text *out, Arena *arena, const Output *output,
                       const double *values, int64_t count)
{
    int64_t best[BEST];
    int shown = count < BEST ? (int)count : BEST;
    Table table = table_new(arena, "llrl");
    char bar[BAR + 1];

    find_best(values, count, best, shown);
    text_printf(out, "%s: %s\n", show_port(output->name, output->title),
                class_name(arena, output, best[0]));
    for (int n = 0; n < shown; n++) {
        double value = values[best[n]];
        int length = value > 0 && value <= 1 ? (int)(value * BAR + 0.5) : 0;
        memset(bar, '#', sizeof bar);
        bar[length] = '\0';
        table_cell(&table, "  ");
        table_cell(&table, "%s", class_name(arena, output, best[n]));
        table_cell(&table, "%.4g", value);
        table_cell(&table, "%s", bar);
    }
    table_print(out, &table);
    table_free(&table);
}

static void print_values(Text *out, const Output *output, const double *values,
                         int64_t count)
{
    int64_t shown = count < VALUES ? count : VALUES;
    double least = INFINITY, most = -INFINITY, sum = 0;

    for (int64_t i = 0; i < count; i++) {
        least = values[i] < least ? values[i] : least;
        most = values[i] > most ? values[i] : most;
        sum += values[i];
    }
    text_printf(out, "%s: %s %s", show_port(output->name, output->title),
                dtype_name(output->tensor->type),
                shape_show(&output->tensor->shape));
    if (count > shown)
        text_printf(out, ", %.6g to %.6g, mean %.6g", least, most,
                    sum / (double)count);
    text_add(out, "\n ");
    for (int64_t i = 0; i < shown; i++)
        text_printf(out, " %.6g", values[i]);
    text_add(out, count > shown ? " ... (-o FILE writes all)\n" : "\n");
}

static void print_output(Text *out, Arena *arena, const Output *output,
                         const void *data)
{
    const Tensor *tensor = output->tensor;
    int64_t count = shape_count(&tensor->shape);
    double *values = NEW_N(arena, double, count);

    to_double(tensor->type, data, count, values);
    if (output->classes && !dtype_is_float(tensor->type) && count == 1)
        text_printf(out, "%s: %s\n", show_port(output->name, output->title),
                    class_name(arena, output, (int64_t)values[0]));
    else if (output->classes && tensor->shape.rank == 1)
        print_best(out, arena, output, values, count);
    else
        print_values(out, output, values, count);
}

/* ---- the whole ------------------------------------------------------------------- */

static bool show_outputs(Arena *arena, const CommandOptions *options,
                         const Graph *graph, void *const *outputs)
{
    Text text = { 0 };

    for (int i = 0; i < graph->outputs.count; i++) {
        const Output *output = &graph->outputs.at[i];
        if (!options->output)
            print_output(&text, arena, output, outputs[i]);
        else if (!write_array(array_path(arena, graph, options->output, i),
                              output->tensor, outputs[i]))
            return false;
    }
    return options->output || output_text("-", &text);
}

static bool check_counts(const CommandOptions *options, const Graph *graph)
{
    int files = options->files.count - 1;

    if (files == graph->inputs.count)
        return true;
    diag_error_file(NULL, "the network has %d input%s, got %d file%s",
                    graph->inputs.count, graph->inputs.count == 1 ? "" : "s",
                    files, files == 1 ? "" : "s");
    return false;
}

static bool run(Arena *arena, const CommandOptions *options, Graph *graph)
{
    const void **inputs = NEW_N(arena, const void *, graph->inputs.count);
    void **outputs = NEW_N(arena, void *, graph->outputs.count);
    CnncFit fit;

    if (!check_counts(options, graph) || !input_fit(options, &fit))
        return false;
    for (int i = 0; i < graph->inputs.count; i++)
        if (!(inputs[i] = input_read(arena, graph->inputs.at[i],
                                     options->files.at[i + 1], &fit)))
            return false;
    for (int i = 0; i < graph->outputs.count; i++)
        outputs[i] =
            arena_alloc(arena, tensor_bytes(graph->outputs.at[i].tensor));
    if (!load_weights(graph, options, true))
        return false;
    Engine *engine = engine_open(options, graph, "reference");
    bool done = engine && engine_run(engine, 1, inputs, outputs) &&
                show_outputs(arena, options, graph, outputs);
    engine_close(engine);
    return done;
}

bool command_run(const CommandOptions *options)
{
    Arena *arena = arena_new();
    Graph *graph = load_network(arena, options);
    bool done = graph && run(arena, options, graph);

    if (graph)
        graph_free(graph);
    diag_flush();
    arena_free(arena);
    return done;
}
