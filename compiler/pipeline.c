/*
 * pipeline.c - THE list: every stage in order, with what it gives.
 *
 *     net.cnn    -> read -> weights -> [pass/passes.def] -> lower -> emit
 */
#include "pipeline.h"

#include "import/import.h"
#include "language/language.h"
#include "op/network.h"
#include "weights/weights.h"

#include <string.h>
#include <time.h>

/* STAGE(name, what it does); the passes are rows of pass/passes.def. */
#define STAGES(STAGE)                                                          \
    STAGE(read, "a network's file becomes a graph with every shape known")     \
    STAGE(weights, "every parameter gets its data, from a file or a seed")     \
    STAGE(passes, NULL)                                                        \
    STAGE(lower, "kernels: loops, fused, scheduled, proved in bounds")

static const struct Stage {
    const char *name, *help;
} stages[] = {
#define STAGE(name, help) { #name, help },
    STAGES(STAGE)
#undef STAGE
};

/* ---- names of stages ------------------------------------------------------------- */

static bool is_stage(const char *name)
{
    if (pass_find(name) != NULL || strcmp(name, "all") == 0)
        return true;
    for (size_t i = 0; i < COUNT_OF(stages); i++) {
        if (stages[i].help != NULL && strcmp(stages[i].name, name) == 0)
            return true;
    }
    return false;
}

void pipeline_list(Text *text)
{
    for (size_t i = 0; i < COUNT_OF(stages); i++) {
        if (stages[i].help != NULL)
            text_printf(text, "  %-10s%s\n", stages[i].name, stages[i].help);
        for (int p = 0; stages[i].help == NULL && p < pass_count; p++)
            text_printf(text, "  %-10s%s%s\n", passes[p].name, passes[p].help,
                        passes[p].optional ? "; can be skipped" : "");
    }
}

bool pipeline_check(const Options *options)
{
    bool good = true;
    for (int i = 0; i < options->dump_count; i++) {
        if (is_stage(options->dump_after[i]))
            continue;
        diag_error_file(NULL, "there is no stage '%s' to dump after",
                        options->dump_after[i]);
        good = false;
    }
    for (int i = 0; i < options->skip_count; i++) {
        const char *name = options->skip[i];
        if (pass_may_skip(name))
            continue;
        diag_error_file(NULL,
                        pass_find(name) ? "the pass '%s' cannot be skipped"
                                        : "there is no pass '%s' to skip",
                        name);
        good = false;
    }
    return good;
}

/* ---- dumps and times -------------------------------------------------------------- */

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static void note_time(const Options *options, const char *stage, double start)
{
    if (options->time != NULL)
        text_printf(options->time, "%9.3f ms  %s\n", milliseconds() - start,
                    stage);
}

static bool is_dumped(const Options *options, const char *stage)
{
    for (int i = 0; i < options->dump_count; i++) {
        if (strcmp(options->dump_after[i], stage) == 0 ||
            strcmp(options->dump_after[i], "all") == 0)
            return true;
    }
    return false;
}

static void dump_graph(const Options *options, const char *stage,
                       const Graph *graph)
{
    if (!is_dumped(options, stage))
        return;
    text_printf(options->dump, "# after %s\n", stage);
    graph_print(options->dump, graph);
}

/* ---- the front ------------------------------------------------------------------------ */

static Graph *read_language(Arena *arena, const char *path)
{
    const Source *source = source_read(arena, path);
    return source ? lang_read(arena, source) : NULL;
}

Graph *pipeline_read(Arena *arena, const char *path, const Options *options)
{
    double start = milliseconds();
    Graph *graph = import_is_onnx(path)
                       ? import_onnx(arena, path, &options->import)
                       : read_language(arena, path);
    if (graph == NULL)
        return NULL;
    graph_verify(graph, "read");
    note_time(options, "read", start);
    dump_graph(options, "read", graph);
    return graph;
}

/* A file where one is named; else a seed. */
static bool find_weights(Graph *graph, const Options *options)
{
    bool named = options->weights != NULL || graph->weights != NULL;
    if (options->init_weights && options->weights == NULL) {
        graph_init_weights(graph, options->init_seed);
        return true;
    }
    if (named)
        return weights_bind(graph, options->weights, options->weights_layout);
    if (graph_has_weights(graph))
        return true;
    diag_error_file(graph->source ? graph->source->name : NULL,
                    "the network '%s' has layers with weights, but names no "
                    "file of weights",
                    graph->name);
    diag_hint("a line 'weights \"FILE\"' names one, so does --weights FILE; "
              "--init SEED makes some up");
    return false;
}

bool pipeline_weights(Graph *graph, const Options *options)
{
    double start = milliseconds();
    if (!find_weights(graph, options))
        return false;
    REQUIRE(graph_has_weights(graph));
    graph_verify(graph, "weights");
    note_time(options, "weights", start);
    dump_graph(options, "weights", graph);
    return true;
}

Graph *pipeline_front(Arena *arena, const char *path, const Options *options)
{
    Graph *graph = pipeline_read(arena, path, options);
    if (graph == NULL || pipeline_weights(graph, options))
        return graph;
    graph_free(graph);
    return NULL;
}

/* ---- the middle ------------------------------------------------------------------------- */

const Target *pipeline_target(const Options *options)
{
    return options->target ? options->target : target_native();
}

void pipeline_clean(Graph *graph, const Options *options)
{
    static const char *const names[] = { "infer", "fold", "rules", "axes",
                                         "tidy" };
    PassContext context = { .target = pipeline_target(options) };
    int facts = FACT_NONE;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const Pass *pass = pass_find(names[i]);
        if (pass)
            pass_run(pass, graph, &context, &facts);
    }
    graph_remove_dead(graph);
    pass_context_free(&context);
}

void pipeline_optimise(Graph *graph, const Options *options,
                       PassContext *context)
{
    PassOptions passes_options = { options->dump_after, options->dump_count,
                                   options->dump, options->time };
    *context = (PassContext){ .target = pipeline_target(options),
                              .skip = options->skip,
                              .skip_count = options->skip_count };
    pass_run_all(graph, context, &passes_options);
}

static Program *lowered(Arena *arena, const Graph *graph,
                        const Options *options, const ScheduleList *list)
{
    LowerOptions lower = { .target = pipeline_target(options),
                           .no_schedule = options->no_schedule,
                           .overrides = list,
                           .schedules = options->schedules,
                           .nests = options->nests };
    return lower_network(arena, graph, &lower);
}

static void free_list(ScheduleList *list)
{
    for (int i = 0; i < list->count; i++)
        schedule_free(&list->at[i]);
    vec_free(list);
}

Program *pipeline_program(Arena *arena, const Graph *graph,
                          const Options *options, const PassContext *context)
{
    double start = milliseconds();
    ScheduleList list = { 0 };
    Program *program = NULL;
    const Source *file = NULL;
    if (options->schedule != NULL)
        file = source_read(arena, options->schedule);
    if (options->schedule == NULL ||
        (file != NULL && schedule_read(file, &list)))
        program = lowered(arena, graph, options, &list);
    free_list(&list);
    if (program == NULL)
        return NULL;
    program->parameters = context->parameters;
    program->macs = context->macs;
    note_time(options, "lower", start);
    if (is_dumped(options, "lower")) {
        text_add(options->dump, "# after lower\n");
        program_print(options->dump, program);
    }
    return program;
}
