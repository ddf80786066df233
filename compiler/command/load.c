/*
 * load.c - what commands read and write.
 *
 *     weights of a network, the first that is there:
 *         --weights FILE, --init SEED, the network's own line
 */
#include "command/local.h"

#include "language/language.h"
#include "weights/weights.h"

#include <string.h>
#include <unistd.h>

/* What --init starts from where a command needs some weights, any. */
#define ANY_SEED 1

const Source *load_source(Arena *arena, const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    Source *source = source_read(arena, standard ? "/dev/stdin" : path);

    if (source && standard)
        source->name = "<stdin>";
    return source;
}

Graph *load_network(Arena *arena, const CommandOptions *options)
{
    const Source *source = load_source(arena, options->files.at[0]);
    return source ? lang_read(arena, source) : NULL;
}

const char *load_weights_path(Arena *arena, const Graph *graph,
                              const CommandOptions *options)
{
    if (options->weights)
        return options->weights;
    if (options->init.given || !graph->weights)
        return NULL;
    return path_join(arena, path_folder(arena, graph->source->name),
                     graph->weights);
}

static void report_no_weights(const Graph *graph)
{
    diag_error_file(graph->source->name, "the network '%s' has no weights",
                    graph->name);
    diag_hint("name their file by a line 'weights \"FILE\"' or by --weights "
              "FILE; --init SEED takes random ones");
}

bool load_weights(Graph *graph, const CommandOptions *options, bool needed)
{
    if (options->weights)
        return weights_bind(graph, options->weights, NULL);
    if (options->init.given) {
        graph_init_weights(graph, (uint64_t)options->init.value);
        return true;
    }
    if (graph->weights)
        return weights_bind(graph, NULL, NULL);
    if (needed && !graph_has_weights(graph)) {
        report_no_weights(graph);
        return false;
    }
    graph_init_weights(graph, ANY_SEED);
    return true;
}

bool output_text(const char *path, Text *text)
{
    bool done = file_write(path, text_get(text), text->length);
    text_free(text);
    return done;
}

bool output_is_terminal(void)
{
    return isatty(STDOUT_FILENO);
}
