/*
 * build.c - from a network with weights to a program for a target.
 */
#include "command/local.h"

#include "op/network.h"

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

/* ---- passes -------------------------------------------------------------------- */

static bool check_passes(const CommandOptions *options)
{
    for (int i = 0; i < options->skip.count; i++) {
        const char *name = options->skip.at[i];
        if (pass_may_skip(name))
            continue;
        if (pass_find(name))
            diag_error_file(NULL, "the pass '%s' cannot be left out", name);
        else
            diag_error_file(NULL, "there is no pass or rule '%s'", name);
        return false;
    }
    for (int i = 0; i < options->dump_after.count; i++) {
        const char *name = options->dump_after.at[i];
        if (strcmp(name, "all") == 0 || pass_find(name))
            continue;
        diag_error_file(NULL, "there is no pass '%s'", name);
        return false;
    }
    return true;
}

/* -O0: what makes loops harder to read is left out as well. */
static void add_skips(const CommandOptions *options, TextList *skip)
{
    for (int i = 0; i < options->skip.count; i++)
        vec_push(skip, options->skip.at[i]);
    if (options->level && options->level[0] == '0')
        vec_push(skip, "layout");
}

static void run_passes(Build *build, const Target *target,
                       const CommandOptions *options)
{
    TextList skip = { 0 };
    Text dump = { 0 }, time = { 0 };
    PassOptions pass_options = { .dump_after = options->dump_after.at,
                                 .dump_count = options->dump_after.count,
                                 .dump = &dump,
                                 .time = options->time_passes ? &time : NULL };

    add_skips(options, &skip);
    build->context = (PassContext){ .target = target,
                                    .skip = skip.at,
                                    .skip_count = skip.count };
    pass_run_all(build->graph, &build->context, &pass_options);
    build->context.skip = NULL;
    build->context.skip_count = 0;
    vec_free(&skip);
    fputs(text_get(&dump), stderr);
    fputs(text_get(&time), stderr);
    text_free(&dump);
    text_free(&time);
}

/* ---- schedules -------------------------------------------------------------------- */

static bool has_kernel(const Program *program, const char *name)
{
    for (int i = 0; i < program->kernels.count; i++)
        if (strcmp(program->kernels.at[i]->name, name) == 0)
            return true;
    return false;
}

/* A schedule of a kernel that is not there is a mistake, not a wish. */
static bool check_schedules(const Build *build, const char *path,
                            const ScheduleList *list)
{
    const char *names[256];
    int count = 0;

    for (int i = 0; i < build->program->kernels.count; i++)
        if (count < (int)COUNT_OF(names))
            names[count++] = build->program->kernels.at[i]->name;
    for (int i = 0; i < list->count; i++) {
        const char *name = list->at[i].kernel;
        if (has_kernel(build->program, name))
            continue;
        diag_error_file(path, "the network has no kernel '%s'", name);
        const char *near = name_nearest(name, names, count);
        if (near)
            diag_hint("did you mean '%s'?", near);
        return false;
    }
    return true;
}

static bool read_schedules(Arena *arena, const CommandOptions *options,
                           ScheduleList *list)
{
    if (!options->schedule)
        return true;
    const Source *source = load_source(arena, options->schedule);
    return source && schedule_read(source, list);
}

static void free_schedules(ScheduleList *list)
{
    for (int i = 0; i < list->count; i++)
        schedule_free(&list->at[i]);
    vec_free(list);
}

static bool dump_schedules(const Build *build, const CommandOptions *options)
{
    return !options->dump_schedule ||
           file_write(options->dump_schedule, text_get(&build->schedules),
                      build->schedules.length);
}

/* ---- the whole ----------------------------------------------------------------------- */

static const char *target_note(const CommandOptions *options)
{
    for (int i = 0; i < options->target.count; i++)
        if (strcmp(options->target.at[i], "native") != 0)
            return "as --target says";
    return "the machine's own on which it was compiled; --target chooses";
}

static bool lower(Build *build, const Target *target, const CommandOptions *options)
{
    ScheduleList list = { 0 };
    LowerOptions lower_options = { .target = target,
                                   .no_schedule = options->level &&
                                                  options->level[0] == '0',
                                   .overrides = &list,
                                   .schedules = &build->schedules,
                                   .nests = &build->nests };

    bool done = read_schedules(build->arena, options, &list);
    if (done)
        build->program =
            lower_network(build->arena, build->graph, &lower_options);
    done = build->program && check_schedules(build, options->schedule, &list);
    free_schedules(&list);
    return done;
}

bool build_program(Build *build, const Graph *graph, const Target *target,
                   const CommandOptions *options)
{
    *build = (Build){ .arena = arena_new() };
    if (!check_passes(options))
        return false;
    build->graph = graph_copy(build->arena, graph);
    run_passes(build, target, options);
    if (!lower(build, target, options))
        return false;
    build->program->origin = path_base(build->arena, graph->source->name);
    build->program->target_note = target_note(options);
    build->program->parameters = graph_parameters(graph);
    build->program->macs = graph_macs(graph);
    return dump_schedules(build, options);
}

void build_free(Build *build)
{
    pass_context_free(&build->context);
    text_free(&build->nests);
    text_free(&build->schedules);
    if (build->program)
        program_free(build->program);
    if (build->graph)
        graph_free(build->graph);
    diag_flush();
    arena_free(build->arena);
}
