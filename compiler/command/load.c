/*
 * load.c - what commands read and write.
 *
 *     weights of a network, the first that is there:
 *         --weights FILE, --init SEED, the network's own line
 */
#include "command/local.h"

#include "pipeline.h"

/* What --init starts from where a command needs some weights, any. */
#define ANY_SEED 1

Graph *load_network(Arena *arena, const CommandOptions *options)
{
    return pipeline_read(arena, options->files.at[0], &(Options){ 0 });
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

bool load_weights(Graph *graph, const CommandOptions *options, bool needed)
{
    Options how = { .weights = options->weights,
                    .init_weights = options->init.given,
                    .init_seed = (uint64_t)options->init.value };

    if (!needed && !options->weights && !graph->weights && !how.init_weights) {
        how.init_weights = true;
        how.init_seed = ANY_SEED;
    }
    return pipeline_weights(graph, &how);
}

bool output_text(const char *path, Text *text)
{
    bool done = file_write(path, text_get(text), text->length);
    text_free(text);
    return done;
}
