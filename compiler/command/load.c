/*
 * load.c - what commands read and write.
 *
 *     weights of a network, the first that is there:
 *         --weights FILE, --init SEED, the network's own line
 */
#include "command/local.h"

#include "pipeline.h"

#include <string.h>
#include <sys/stat.h>

/* What --init starts from where a command needs some weights, any. */
#define ANY_SEED 1

/* N=1; false after a diagnostic. */
static bool read_dim(Arena *arena, const char *text, ImportDim *dim)
{
    const char *equals = strrchr(text, '=');

    if (equals && equals > text && parse_int64(equals + 1, &dim->value) &&
        dim->value >= 1) {
        dim->name = arena_textn(arena, text, (size_t)(equals - text));
        return true;
    }
    diag_error_file(NULL,
                    "--dim takes NAME=VALUE, a whole number of at least "
                    "1, not '%s'",
                    text);
    return false;
}

static bool import_options(Arena *arena, const CommandOptions *options,
                           ImportOptions *import)
{
    static const char *const layouts[] = { "model", "nhwc", NULL };
    ImportDim *dims = NEW_N(arena, ImportDim, options->dim.count);
    int layout = 0;

    for (int i = 0; i < options->dim.count; i++)
        if (!read_dim(arena, options->dim.at[i], &dims[i]))
            return false;
    if (options->io_layout)
        layout = options_choose(options->io_layout, layouts, "layout");
    *import = (ImportOptions){ dims, options->dim.count, layout == 1 };
    return layout >= 0;
}

/* What the first stages dump, the later ones do in build.c. */
static void put_dump(Text *dump)
{
    fputs(text_get(dump), stderr);
    text_free(dump);
}

Graph *load_network(Arena *arena, const CommandOptions *options)
{
    Text dump = { 0 };
    Options how = { .dump_after = options->dump_after.at,
                    .dump_count = options->dump_after.count,
                    .dump = &dump };
    Graph *graph;

    if (!import_options(arena, options, &how.import))
        return NULL;
    graph = pipeline_read(arena, options->files.at[0], &how);
    put_dump(&dump);
    return graph;
}

Graph *load_layers(Arena *arena, const CommandOptions *options)
{
    Graph *graph = load_network(arena, options);

    if (graph && import_is_onnx(options->files.at[0]))
        pipeline_clean(graph, &(Options){ 0 });
    return graph;
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
    Text dump = { 0 };
    Options how = { .weights = options->weights,
                    .init_weights = options->init.given,
                    .init_seed = (uint64_t)options->init.value,
                    .dump_after = options->dump_after.at,
                    .dump_count = options->dump_after.count,
                    .dump = &dump };
    bool done;

    if (!needed && !options->weights && !graph->weights && !how.init_weights) {
        how.init_weights = true;
        how.init_seed = ANY_SEED;
    }
    done = pipeline_weights(graph, &how);
    put_dump(&dump);
    return done;
}

bool path_same_file(const char *a, const char *b)
{
    struct stat one, two;

    if (strcmp(a, b) == 0)
        return true;
    return stat(a, &one) == 0 && stat(b, &two) == 0 &&
           one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

bool output_text(const char *path, Text *text)
{
    bool done = file_write(path, text_get(text), text->length);
    text_free(text);
    return done;
}
