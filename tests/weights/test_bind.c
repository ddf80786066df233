/*
 * test_bind.c - a file's tensors as a network's parameters: layouts, orders.
 */
#include "graph/graph.h"
#include "weights/files.h"
#include "weights/weights.h"

/* 0, 1, 2, ... as values, so that a value is its place in the file. */
static float counting[4096];

static WeightTensor tensor(const char *name, int rank, const int64_t *dim)
{
    WeightTensor t = { .name = name, .rank = rank, .count = 1 };
    for (int i = 0; i < rank; i++)
        t.count *= (size_t)(t.dim[i] = dim[i]);
    REQUIRE(t.count <= COUNT_OF(counting));
    for (size_t i = 0; i < t.count; i++)
        counting[i] = (float)i;
    t.size = 4 * t.count;
    t.data = counting;
    return t;
}
#define DIM(...)                                                               \
    (const int64_t[])                                                          \
    {                                                                          \
        __VA_ARGS__                                                            \
    }

static Graph *graph_of(Arena *arena, const char *text)
{
    Graph *graph = graph_read(arena, source_from_text(arena, "g", text));
    REQUIRE(graph != NULL);
    return graph;
}

static bool bind_to(Graph *graph, const WeightTensor *tensors, int count,
                    const char *layout)
{
    const char *path = scratch("bind.safetensors");
    REQUIRE(weights_write_safetensors(path, tensors, count, NULL, 0));
    REQUIRE(file_commit());
    return weights_bind(graph, path, layout);
}

static const float *data_of(const Graph *graph, const char *name)
{
    for (int i = 0; i < graph->tensors.count; i++)
        if (strcmp(graph->tensors.at[i]->name, name) == 0)
            return graph->tensors.at[i]->data;
    BUG("no tensor '%s'", name);
}

static const char conv_graph[] =
    "graph g\n"
    "input x: f32[4, 5, 2]\n"
    "parameter c.weight: f32[3, 4, 2, 20] layout=conv\n"
    "c: f32[2, 2, 20] = conv(x, c.weight; filters=20, kernel=3x4, bias=no)\n"
    "output y = c\n";

static void test_conv_weights_from_oihw(void)
{
    const WeightTensor w = tensor("c.weight", 4, DIM(20, 2, 3, 4));
    Arena *arena = arena_new();
    Graph *graph = graph_of(arena, conv_graph);
    CU_ASSERT_FATAL(bind_to(graph, &w, 1, NULL));
    const float *data = data_of(graph, "c.weight");
    for (int kh = 0; kh < 3; kh++)
        for (int kw = 0; kw < 4; kw++)
            for (int c = 0; c < 2; c++)
                for (int oc = 0; oc < 20; oc++)
                    CU_ASSERT_EQUAL((int)*data++,
                                    ((oc * 2 + c) * 3 + kh) * 4 + kw);
    graph_free(graph);
    arena_free(arena);
}

static void test_conv_weights_from_hwio(void)
{
    const WeightTensor w = tensor("c.weight", 4, DIM(3, 4, 2, 20));
    Arena *arena = arena_new();
    Graph *graph = graph_of(arena, conv_graph);
    CU_ASSERT_FATAL(bind_to(graph, &w, 1, "hwio"));
    for (int i = 0; i < 480; i++)
        CU_ASSERT_EQUAL(data_of(graph, "c.weight")[i], (float)i);
    graph_free(graph);
    arena_free(arena);
}

static const char transposed_graph[] =
    "graph g\n"
    "input x: f32[4, 5, 6]\n"
    "parameter c.weight: f32[2, 3, 3, 8] layout=conv_transpose\n"
    "c: f32[5, 7, 8] = conv_transpose(x, c.weight; filters=8, kernel=2x3, "
    "groups=2, bias=no)\n"
    "output y = c\n";

/* Ours is [kh][kw][c][oc], c and the file's out within their group. */
static void check_transposed(const float *data, bool hwoi)
{
    for (int tap = 0; tap < 6; tap++)
        for (int c = 0; c < 3; c++)
            for (int oc = 0; oc < 8; oc++) {
                int in = oc / 4 * 3 + c, out = oc % 4;
                CU_ASSERT_EQUAL((int)*data++, hwoi ? (tap * 4 + out) * 6 + in
                                                   : (in * 4 + out) * 6 + tap);
            }
}

static void test_transposed_weights_have_the_input_first(void)
{
    const WeightTensor first = tensor("c.weight", 4, DIM(6, 4, 2, 3));
    const WeightTensor last = tensor("c.weight", 4, DIM(2, 3, 4, 6));
    Arena *arena = arena_new();
    Graph *graph = graph_of(arena, transposed_graph);
    CU_ASSERT_FATAL(bind_to(graph, &last, 1, "hwio"));
    check_transposed(data_of(graph, "c.weight"), true);
    CU_ASSERT_FATAL(bind_to(graph, &first, 1, NULL));
    check_transposed(data_of(graph, "c.weight"), false);
    const char *path = scratch("saved.safetensors");
    CU_ASSERT_FATAL(weights_save(graph, path) && file_commit());
    CU_ASSERT_FATAL(weights_bind(graph, path, NULL));
    check_transposed(data_of(graph, "c.weight"), false);
    graph_free(graph);
    arena_free(arena);
}

static const char flat_graph[] =
    "graph g\n"
    "input x: f32[2, 3, 4]\n"
    "parameter bn.weight: f32[24]\n"
    "parameter bn.bias: f32[24]\n"
    "parameter bn.running_mean: f32[24]\n"
    "parameter bn.running_var: f32[24]\n"
    "parameter fc1.weight: f32[24, 5] layout=dense\n"
    "parameter fc2.weight: f32[5, 2] layout=dense\n"
    "flat: f32[24] = flatten(x)\n"
    "act: f32[24] = relu(flat)\n"
    "bn: f32[24] = batchnorm(act, bn.weight, bn.bias, bn.running_mean, "
    "bn.running_var)\n"
    "fc1: f32[5] = dense(bn, fc1.weight; units=5, bias=no)\n"
    "fc2: f32[2] = dense(fc1, fc2.weight; units=2, bias=no)\n"
    "output y = fc2\n";

static void bind_flat(Graph *graph, const char *layout)
{
    bool hwio = layout && strcmp(layout, "hwio") == 0;
    const WeightTensor tensors[] = {
        tensor("bn.weight", 1, DIM(24)),
        tensor("bn.bias", 1, DIM(24)),
        tensor("bn.running_mean", 1, DIM(24)),
        tensor("bn.running_var", 1, DIM(24)),
        tensor("fc1.weight", 2, hwio ? DIM(24, 5) : DIM(5, 24)),
        tensor("fc2.weight", 2, hwio ? DIM(5, 2) : DIM(2, 5)),
    };
    CU_ASSERT_FATAL(bind_to(graph, tensors, 6, layout));
}

/* Behind a flatten of [h][w][c] the file counts channel by channel. */
static void test_a_flat_value_has_the_order_of_the_files_world(void)
{
    Arena *arena = arena_new();
    Graph *graph = graph_of(arena, flat_graph);
    bind_flat(graph, NULL);
    const float *fc1 = data_of(graph, "fc1.weight");
    const float *fc2 = data_of(graph, "fc2.weight");
    const float *mean = data_of(graph, "bn.running_mean");
    for (int h = 0; h < 2; h++)
        for (int w = 0; w < 3; w++)
            for (int c = 0; c < 4; c++) {
                int theirs = (c * 2 + h) * 3 + w;
                CU_ASSERT_EQUAL(*mean++, (float)theirs);
                for (int o = 0; o < 5; o++)
                    CU_ASSERT_EQUAL(*fc1++, (float)(o * 24 + theirs));
            }
    for (int i = 0; i < 5; i++)
        for (int o = 0; o < 2; o++)
            CU_ASSERT_EQUAL(*fc2++, (float)(o * 5 + i));
    graph_free(graph);
    arena_free(arena);
}

static void test_hwio_keeps_our_order(void)
{
    Arena *arena = arena_new();
    Graph *graph = graph_of(arena, flat_graph);
    bind_flat(graph, "hwio");
    for (int i = 0; i < 120; i++)
        CU_ASSERT_EQUAL(data_of(graph, "fc1.weight")[i], (float)i);
    CU_ASSERT_EQUAL(data_of(graph, "bn.weight")[7], 7);
    graph_free(graph);
    arena_free(arena);
}

static void test_a_concat_of_flat_values(void)
{
    const WeightTensor w = tensor("fc.weight", 2, DIM(1, 11));
    /* x: [1][2][2] is x00 x01 / y: 3 as it is / x again. */
    static const float want[11] = { 0, 2, 1, 3, 4, 5, 6, 7, 9, 8, 10 };
    Arena *arena = arena_new();
    Graph *graph = graph_of(
        arena, "graph g\n"
               "input x: f32[1, 2, 2]\n"
               "input y: f32[3]\n"
               "parameter fc.weight: f32[11, 1] layout=dense\n"
               "flat: f32[4] = flatten(x)\n"
               "both: f32[11] = concat(flat, y, flat)\n"
               "fc: f32[1] = dense(both, fc.weight; units=1, bias=no)\n"
               "output z = fc\n");
    CU_ASSERT_FATAL(bind_to(graph, &w, 1, NULL));
    for (int i = 0; i < 11; i++)
        CU_ASSERT_EQUAL(data_of(graph, "fc.weight")[i], want[i]);
    graph_free(graph);
    arena_free(arena);
}

static void test_what_does_not_fit_is_an_error(void)
{
    const WeightTensor w = tensor("c.weight", 4, DIM(3, 4, 2, 20));
    Arena *arena = arena_new();
    Graph *graph = graph_of(arena, conv_graph);
    capture_start(DIAG_PLAIN);
    CU_ASSERT_FALSE(bind_to(graph, &w, 1, NULL));
    CU_ASSERT(capture_has("'c.weight' is [3, 4, 2, 20] in the file, "
                          "[20, 2, 3, 4] is needed\nhint: 'layout=hwio' would "
                          "fit this shape\n"));
    CU_ASSERT_PTR_NULL(data_of(graph, "c.weight"));
    capture_start(DIAG_PLAIN);
    CU_ASSERT_FALSE(bind_to(graph, &w, 1, "ohwi"));
    CU_ASSERT(capture_has("no layout of weights is called 'ohwi'"));
    capture_start(DIAG_PLAIN);
    CU_ASSERT_FALSE(weights_bind(graph, scratch("none.safetensors"), NULL));
    CU_ASSERT(capture_has("cannot be opened"));
    graph_free(graph);
    arena_free(arena);
}

static const UnitTest tests[] = {
    UNIT(test_conv_weights_from_oihw),
    UNIT(test_conv_weights_from_hwio),
    UNIT(test_transposed_weights_have_the_input_first),
    UNIT(test_a_flat_value_has_the_order_of_the_files_world),
    UNIT(test_hwio_keeps_our_order),
    UNIT(test_a_concat_of_flat_values),
    UNIT(test_what_does_not_fit_is_an_error),
};

UNIT_MAIN("bind", tests)
