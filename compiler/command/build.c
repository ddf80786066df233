/*
 * build.c - from a network with weights to a program for a target.
 */
#include "command/local.h"

#include "pipeline.h"

#include <string.h>

/* ---- the target ------------------------------------------------------------- */

const Target *build_target_named(const char *name)
{
    const Target *target = target_find(name);
    const char *names[32];
    int count = 0;

    if (target)
        return target;
    for (int i = 0; i < target_count; i++)
        if (count < (int)COUNT_OF(names) - 2)
            names[count++] = targets[i].name;
    names[count++] = "native";
    names[count] = NULL;
    options_choose(name, names, "target");
    return NULL;
}

const Target *build_target(const CommandOptions *options)
{
    if (options->target.count > 1) {
        diag_error_file(NULL, "one target at a time, got %d",
                        options->target.count);
        return NULL;
    }
    return build_target_named(options->target.count ? options->target.at[0]
                                                    : "native");
}

/* ---- schedules -------------------------------------------------------------------- */

static bool has_kernel(const Program *program, const char *name)
{
    for (int i = 0; i < program->kernels.count; i++)
        if (strcmp(program->kernels.at[i]->name, name) == 0)
            return true;
    return false;
}

static void report_no_kernel(const Program *program, const char *path,
                             const char *name)
{
    const char *names[256];
    int count = 0;

    for (int i = 0; i < program->kernels.count; i++)
        if (count < (int)COUNT_OF(names))
            names[count++] = program->kernels.at[i]->name;
    diag_error_file(path, "the network has no kernel '%s'", name);
    const char *near = name_nearest(name, names, count);
    if (near)
        diag_hint("did you mean '%s'?", near);
}

/* A schedule of a kernel that is not there is a mistake, not a wish. */
static bool check_schedules(const Build *build, const char *path)
{
    ScheduleList list = { 0 };
    const Source *source = path ? source_read(build->arena, path) : NULL;
    bool good = true;

    if (source)
        schedule_read(source, &list);
    for (int i = 0; i < list.count && good; i++) {
        good = has_kernel(build->program, list.at[i].kernel);
        if (!good)
            report_no_kernel(build->program, path, list.at[i].kernel);
    }
    for (int i = 0; i < list.count; i++)
        schedule_free(&list.at[i]);
    vec_free(&list);
    return good;
}

static bool dump_schedules(const Build *build, const CommandOptions *options)
{
    return !options->dump_schedule ||
           file_write(options->dump_schedule, text_get(&build->schedules),
                      build->schedules.length);
}

/* ---- the whole ----------------------------------------------------------------------- */

static bool is_plain(const CommandOptions *options)
{
    return options->level && options->level[0] == '0';
}

static const char *target_note(const CommandOptions *options)
{
    for (int i = 0; i < options->target.count; i++)
        if (strcmp(options->target.at[i], "native") != 0)
            return "as --target says";
    return "the machine's own on which it was compiled; --target chooses";
}

/* -O0: what makes loops harder to read is left out as well. */
static void add_skips(const CommandOptions *options, TextList *skip)
{
    for (int i = 0; i < options->skip.count; i++)
        vec_push(skip, options->skip.at[i]);
    if (is_plain(options)) {
        vec_push(skip, "layout");
        vec_push(skip, "winograd");
    }
}

static Options pipeline_options(Build *build, const Target *target,
                                const CommandOptions *options,
                                const TextList *skip)
{
    return (Options){ .target = target,
                      .skip = skip->at,
                      .skip_count = skip->count,
                      .dump_after = options->dump_after.at,
                      .dump_count = options->dump_after.count,
                      .dump = &build->dump,
                      .time = options->time_passes ? &build->time : NULL,
                      .no_schedule = is_plain(options),
                      .schedule = options->schedule,
                      .schedules = &build->schedules,
                      .nests = &build->nests };
}

static bool run_pipeline(Build *build, const Graph *graph, Options *how)
{
    if (!pipeline_check(how))
        return false;
    build->graph = graph_copy(build->arena, graph);
    pipeline_optimise(build->graph, how, &build->context);
    build->context.skip = NULL; /* the names end with the options */
    build->context.skip_count = 0;
    build->program =
        pipeline_program(build->arena, build->graph, how, &build->context);
    return build->program && check_schedules(build, how->schedule);
}

bool build_program(Build *build, const Graph *graph, const Target *target,
                   const CommandOptions *options)
{
    TextList skip = { 0 };

    *build = (Build){ .arena = arena_new() };
    add_skips(options, &skip);
    Options how = pipeline_options(build, target, options, &skip);
    bool done = run_pipeline(build, graph, &how);
    vec_free(&skip);
    fputs(text_get(&build->dump), stderr);
    fputs(text_get(&build->time), stderr);
    if (!done)
        return false;
    build->program->origin = path_base(build->arena, graph->source->name);
    build->program->target_note = target_note(options);
    return dump_schedules(build, options);
}

void build_free(Build *build)
{
    pass_context_free(&build->context);
    text_free(&build->nests);
    text_free(&build->schedules);
    text_free(&build->dump);
    text_free(&build->time);
    if (build->program)
        program_free(build->program);
    if (build->graph)
        graph_free(build->graph);
    diag_flush();
    arena_free(build->arena);
}

/* ---- layers and kernels ------------------------------------------------------------ */

/* The folder of the first is not said again. */
const char *build_layers(Arena *arena, const Graph *graph, const Node *root)
{
    const char *first = NULL;
    size_t folder = 0;
    Text text = { 0 };

    for (int i = 0; i < graph->nodes.count; i++) {
        const char *path = graph->nodes.at[i]->path;
        if (cluster_root(graph->nodes.at[i]) != root)
            continue;
        if (!first) {
            const char *dot = strrchr(path, '.');
            first = path;
            folder = dot ? (size_t)(dot + 1 - path) : 0;
            text_add(&text, path);
            continue;
        }
        text_printf(&text, ", %s",
                    path + (strncmp(path, first, folder) == 0 ? folder : 0));
    }
    return text_take(&text, arena);
}

const Node *build_root(const Build *build, const Kernel *kernel)
{
    const Graph *graph = build->graph;

    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        if (strcmp(name_to_c(build->arena, node->path), kernel->name) == 0)
            return node_is_free(node) ? NULL : cluster_root(node);
    }
    return NULL;
}
