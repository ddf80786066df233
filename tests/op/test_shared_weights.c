/*
 * test_shared_weights.c - layers that read the same weights.
 *
 *     a = conv(x, w)    its kernel reads w rows by rows      w
 *     b = conv(y, w)    its kernel reads w taps by taps      w_2
 *     c = conv(z, w)    as a does                            w
 *
 * What they compute is checked by generated/found.
 */
#include "kernel/kernel.h"
#include "pass/pass.h"
#include "pipeline.h"
#include "unit.h"

#define CONV(size)                                                             \
    "filters=80, kernel=3x3, stride=1x1, pad=" size                            \
    ", dilation=1x1, groups=1, bias=no, flip=no"

static const char text[] =
    "graph shared\n"
    "input x: f32[9, 11, 20]\n"
    "input y: f32[3, 4, 20]\n"
    "input z: f32[9, 11, 20]\n"
    "parameter w: f32[3, 3, 20, 80] layout=conv fan_in=180\n"
    "a: f32[9, 11, 80] = conv(x, w; " CONV(
        "[1, 1, 1, 1]") ")\n"
                        "b: f32[1, 2, 80] = conv(y, w; " CONV(
                            "[0, 0, 0, 0]") ")\n"
                                            "c: f32[9, 11, 80] = conv(z, w; " CONV(
                                                "[1, 1, 1, 1]") ")\n"
                                                                "output o1 = a\n"
                                                                "output o2 = b\n"
                                                                "output o3 = c\n";

/* The weights that the kernel reads. */
static const Buffer *weights_of(const Kernel *kernel)
{
    for (int i = 0; i < kernel->params.count; i++) {
        if (kernel->params.at[i]->place == BUFFER_CONST)
            return kernel->params.at[i];
    }
    return NULL;
}

static int constants_of(const Program *program)
{
    int count = 0;
    for (int i = 0; i < program->buffers.count; i++)
        count += program->buffers.at[i]->place == BUFFER_CONST;
    return count;
}

static void test_weights_are_stored_once_for_each_order_of_reading(void)
{
    Arena *arena = arena_new();
    Graph *graph = graph_read(arena, source_from_text(arena, "shared", text));
    Options options = { .target = target_find("x86-64-v4") };
    PassContext context;
    CU_ASSERT_PTR_NOT_NULL_FATAL(graph);
    graph_init_weights(graph, 1);
    pipeline_optimise(graph, &options, &context);
    Program *program = pipeline_program(arena, graph, &options, &context);
    CU_ASSERT_EQUAL_FATAL(program->kernels.count, 3);
    const Buffer *a = weights_of(program->kernels.at[0]);
    const Buffer *b = weights_of(program->kernels.at[1]);
    const Buffer *c = weights_of(program->kernels.at[2]);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_PTR_EQUAL(a, c);
    CU_ASSERT_PTR_NOT_EQUAL(a, b);
    CU_ASSERT_FALSE(layout_equal(&a->layout, &b->layout));
    CU_ASSERT_PTR_EQUAL(a->data, b->data);
    CU_ASSERT_EQUAL(constants_of(program), 2);
    for (int i = 0; i < program->kernels.count; i++)
        kernel_free(program->kernels.at[i]);
    program_free(program);
    pass_context_free(&context);
    graph_free(graph);
    arena_free(arena);
}

static const UnitTest tests[] = {
    UNIT(test_weights_are_stored_once_for_each_order_of_reading),
};
UNIT_MAIN("shared weights", tests)
