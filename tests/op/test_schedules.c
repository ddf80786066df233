/*
 * test_schedules.c - layers for which the cost model must find vectors, on
 * every target that has them.
 *
 *     conv(16, 1x1, pad=1) -> relu -> maxpool(2)      conv1: ...; vectorize oc
 */
#include "pipeline.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

/* The schedules of a network of these lines. */
static void schedules_of(const char *lines, const Target *target, Text *text)
{
    Arena *arena = arena_new();
    Graph *graph = graph_read(arena, source_from_text(arena, "test", lines));
    Options options = { .target = target, .schedules = text };
    PassContext context;
    CU_ASSERT_PTR_NOT_NULL_FATAL(graph);
    graph_init_weights(graph, 1);
    pipeline_optimise(graph, &options, &context);
    Program *program = pipeline_program(arena, graph, &options, &context);
    for (int i = 0; i < program->kernels.count; i++)
        kernel_free(program->kernels.at[i]);
    program_free(program);
    pass_context_free(&context);
    graph_free(graph);
    arena_free(arena);
}

static bool has_vectors(const char *schedules, const char *kernel)
{
    char name[64];
    snprintf(name, sizeof name, "%s:", kernel);
    const char *at = strstr(schedules, name), *next;
    if (at == NULL)
        return false;
    for (next = strchr(at, '\n'); next != NULL && next[1] == ' ';)
        next = strchr(next + 1, '\n');
    const char *found = strstr(at, "vectorize");
    return found != NULL && (next == NULL || found < next);
}

static void check_vectors(const char *lines, const char *kernel)
{
    for (int i = 0; i < target_count; i++) {
        Text text = { 0 };
        if (target_lanes(&targets[i]) == 1)
            continue;
        schedules_of(lines, &targets[i], &text);
        bool found = has_vectors(text_get(&text), kernel);
        CU_ASSERT_TRUE(found);
        if (!found)
            fprintf(stderr, "\n%s: %s\n", targets[i].name, text_get(&text));
        text_free(&text);
    }
}

/* The loops over a single tap vanish on the way. */
static void test_a_padded_1x1_convolution_has_vectors(void)
{
    check_vectors("graph one\n"
                  "input x: f32[8, 8, 6]\n"
                  "parameter w: f32[1, 1, 6, 16] layout=conv fan_in=6\n"
                  "c: f32[10, 10, 16] = conv(x, w; filters=16, kernel=1x1, "
                  "pad=1, bias=no)\n"
                  "r: f32[10, 10, 16] = relu(c)\n"
                  "p: f32[5, 5, 16] = maxpool(r; kernel=2x2, stride=2x2)\n"
                  "output y = p\n",
                  "c");
}

/* A row lies in memory as it is; rows lie beside each other. */
static void test_softmax_has_vectors_along_and_across_its_axis(void)
{
    check_vectors("graph one\n"
                  "input x: f32[20, 21]\n"
                  "s: f32[20, 21] = softmax(x; axis=1)\n"
                  "output y = s\n",
                  "s");
    check_vectors("graph one\n"
                  "input x: f32[7, 21]\n"
                  "s: f32[7, 21] = softmax(x; axis=0)\n"
                  "output y = s\n",
                  "s");
}

/* Each of the words, on every target with vectors. */
static void expect_words(const char *lines, const char *const *words, int count)
{
    for (int i = 0; i < target_count; i++) {
        Text text = { 0 };
        if (target_lanes(&targets[i]) == 1)
            continue;
        schedules_of(lines, &targets[i], &text);
        for (int w = 0; w < count; w++)
            CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&text), words[w]));
        text_free(&text);
    }
}

/* Each target's own choice of rows or tiles side by side. */
static void test_tiles_of_a_row_have_vectors(void)
{
    expect_words(
        "graph one\n"
        "input x: f32[16, 24, 32]\n"
        "parameter w: f32[3, 6, 32, 32] fan_in=288\n"
        "points: f32[16, 36, 32] = winograd_input(x; left=1, right=1)\n"
        "c: f32[16, 24, 32] = winograd(points, w; filters=32, "
        "pad=[1, 0, 1, 0], bias=no)\n"
        "r: f32[16, 24, 32] = relu(c)\n"
        "output y = r\n",
        (const char *const[]){ "unroll j", "vectorize oc", "vectorize c",
                               "pack w" },
        4);
}

/* Two channels in the caller's order: they are woven. */
static void test_a_last_layer_of_few_channels_runs_over_pixels(void)
{
    expect_words("graph one\n"
                 "input x: f32[28, 28, 1]\n"
                 "parameter w: f32[5, 5, 1, 2] layout=conv fan_in=25\n"
                 "c: f32[28, 28, 2] = conv(x, w; filters=2, kernel=5x5, "
                 "pad=2, bias=no)\n"
                 "output y = c\n",
                 (const char *const[]){ "vectorize ow" }, 1);
}

/* Eight sums of 128 products would each wait for their own last one. */
static void test_few_outputs_take_their_sums_in_turns(void)
{
    expect_words("graph one\n"
                 "input x: f32[128]\n"
                 "parameter w: f32[128, 8] layout=dense fan_in=128\n"
                 "d: f32[8] = dense(x, w; units=8, bias=no)\n"
                 "output y = d\n",
                 (const char *const[]){ "partial c", "times" }, 2);
}

/* Where the weights come from behind the first cache. */
static void test_zeros_behind_a_relu_are_left_out(void)
{
    static const char *const before[] = { "relu", "tanh" };
    for (int i = 0; i < target_count * 2; i++) {
        const Target *target = &targets[i / 2];
        Text text = { 0 }, graph = { 0 };
        text_printf(&graph,
                    "graph one\n"
                    "input x: f32[256]\n"
                    "parameter w: f32[256, 256] layout=dense fan_in=256\n"
                    "r: f32[256] = %s(x)\n"
                    "d: f32[256] = dense(r, w; units=256, bias=no)\n"
                    "output y = d\n",
                    before[i % 2]);
        schedules_of(text_get(&graph), target, &text);
        bool found = strstr(text_get(&text), "nonzero c") != NULL;
        CU_ASSERT_EQUAL(found, i % 2 == 0 && target_lanes(target) > 1);
        text_free(&graph);
        text_free(&text);
    }
}

static const UnitTest tests[] = {
    UNIT(test_tiles_of_a_row_have_vectors),
    UNIT(test_zeros_behind_a_relu_are_left_out),
    UNIT(test_a_padded_1x1_convolution_has_vectors),
    UNIT(test_softmax_has_vectors_along_and_across_its_axis),
    UNIT(test_a_last_layer_of_few_channels_runs_over_pixels),
    UNIT(test_few_outputs_take_their_sums_in_turns),
};
UNIT_MAIN("schedules", tests)
