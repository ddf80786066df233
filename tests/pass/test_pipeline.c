/*
 * test_pipeline.c - from a file to a program, and what stops on the way.
 */
#include "base/capture.h"
#include "pipeline.h"
#include "unit.h"

#include <unistd.h>

static const char with_weights[] =
    "network small\n"
    "input x : u8[8, 8, 1] / 255\n"
    "conv(4, 3x3, pad=same) as c1 -> batchnorm as b1 -> relu -> maxpool(2x2)\n"
    "flatten -> dense(3) as d1 -> softmax\n"
    "output y\n";

static const char without[] = "network plain\n"
                              "input x : f32[4, 4, 2]\n"
                              "relu -> maxpool(2x2)\n"
                              "output y\n";

/* A file of its own; removed by the caller. */
static char *file_of(const char *text)
{
    char *path = strdup("/tmp/cnnc_pipeline_XXXXXX");
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    fputs(text, file);
    fclose(file);
    return path;
}

static Program *compiled(Arena *arena, const char *text, const Options *options)
{
    char *path = file_of(text);
    Graph *graph = pipeline_front(arena, path, options);
    Program *program = NULL;
    PassContext context;
    unlink(path);
    free(path);
    if (graph == NULL)
        return NULL;
    pipeline_optimise(graph, options, &context);
    program = pipeline_program(arena, graph, options, &context);
    pass_context_free(&context);
    graph_free(graph);
    return program;
}

static void release(Program *program)
{
    for (int i = 0; i < program->kernels.count; i++)
        kernel_free(program->kernels.at[i]);
    program_free(program);
}

/* bytes, then conv + batchnorm + relu + maxpool, then dense, then softmax; and
 * a border where a target wants one. */
static void test_layers_become_few_kernels(void)
{
    for (int t = 0; t < target_count; t++) {
        Arena *arena = arena_new();
        Options options = { .target = &targets[t], .init_weights = true };
        Program *program = compiled(arena, with_weights, &options);
        CU_ASSERT_PTR_NOT_NULL_FATAL(program);
        CU_ASSERT(program->kernels.count >= 4 && program->kernels.count <= 5);
        CU_ASSERT_EQUAL(program->parameters, 4 * 9 + 4 + 4 * 4 + 64 * 3 + 3);
        CU_ASSERT_EQUAL(program->macs, 64 * 9 * 4 + 64 * 3);
        release(program);
        arena_free(arena);
    }
}

static void test_layers_without_weights_need_none(void)
{
    Arena *arena = arena_new();
    Options options = { .target = target_find("generic") };
    Program *program = compiled(arena, without, &options);
    CU_ASSERT_PTR_NOT_NULL_FATAL(program);
    release(program);
    arena_free(arena);
}

static void test_missing_weights_are_told(void)
{
    Arena *arena = arena_new();
    Options options = { .target = target_find("generic") };
    char *text;
    capture_start(DIAG_PLAIN);
    CU_ASSERT_PTR_NULL(compiled(arena, with_weights, &options));
    text = capture_end();
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "has layers with weights, but names no file of weights"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "--init SEED"));
    free(text);
    arena_free(arena);
}

static void test_the_seed_makes_the_weights(void)
{
    const float *first = NULL;
    Arena *arena = arena_new();
    for (uint64_t seed = 1; seed <= 2; seed++) {
        Options options = { .init_weights = true, .init_seed = seed };
        char *path = file_of(with_weights);
        Graph *graph = pipeline_front(arena, path, &options);
        const float *data;
        CU_ASSERT_PTR_NOT_NULL_FATAL(graph);
        data = graph->nodes.at[1]->input[1]->data;
        if (first)
            CU_ASSERT_NOT_EQUAL(memcmp(first, data, 16), 0);
        first = data;
        unlink(path);
        free(path);
        graph_free(graph);
    }
    arena_free(arena);
}

static void test_a_schedule_for_another_kernel_is_refused(void)
{
    Arena *arena = arena_new();
    char *schedule = file_of("c1: split nowhere by 4\n");
    Options options = { .target = target_find("generic"),
                        .init_weights = true,
                        .schedule = schedule };
    char *text;
    capture_start(DIAG_PLAIN);
    CU_ASSERT_PTR_NULL(compiled(arena, with_weights, &options));
    text = capture_end();
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "the schedule of 'c1' does not fit"));
    free(text);
    unlink(schedule);
    free(schedule);
    arena_free(arena);
}

static void test_the_list_names_every_stage(void)
{
    Text text = { 0 };
    pipeline_list(&text);
    for (int i = 0; i < pass_count; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&text), passes[i].help));
    CU_ASSERT(strstr(text_get(&text), "  read ") <
              strstr(text_get(&text), "  fuse "));
    CU_ASSERT(strstr(text_get(&text), "  plan ") <
              strstr(text_get(&text), "  lower "));
    text_free(&text);
}

static const UnitTest tests[] = {
    UNIT(test_layers_become_few_kernels),
    UNIT(test_layers_without_weights_need_none),
    UNIT(test_missing_weights_are_told),
    UNIT(test_the_seed_makes_the_weights),
    UNIT(test_a_schedule_for_another_kernel_is_refused),
    UNIT(test_the_list_names_every_stage),
};

UNIT_MAIN("the pipeline", tests)
