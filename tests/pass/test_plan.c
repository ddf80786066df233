/*
 * test_plan.c - the proof of the plan finds every kind of mistake in one; the
 * plan is as small as it can be where that is known.
 */
#include "bug.h"
#include "compare.h"
#include "unit.h"

/* c1 and c2 live together; a sum over one of them; slices of a concat; an
 * image in planes with a halo. */
static const char residual[] =
    "graph residual\n"
    "input x: f32[8, 8, 16]\n"
    "c1: f32[8, 8, 16] = conv(x; filters=16, kernel=3, pad=1)\n"
    "c2: f32[8, 8, 16] = conv(c1; filters=16, kernel=3, pad=1)\n"
    "c3: f32[8, 8, 16] = conv(c2; filters=16, kernel=3, pad=1)\n"
    "a: f32[8, 8, 16] = add(c3, c1)\n"
    "c4: f32[8, 8, 16] = conv(a; filters=16, kernel=3, pad=1)\n"
    "g: f32[16] = global_avgpool(c4)\n"
    "output y = g\n";

static const char slices[] =
    "graph slices\n"
    "input x: f32[4, 4, 3]\n"
    "l: f32[4, 4, 3] = conv(x; filters=3, kernel=1)\n"
    "r: f32[4, 4, 5] = conv(l; filters=5, kernel=1)\n"
    "both: f32[4, 4, 8] = concat(l, r)\n"
    "c: f32[4, 4, 3] = conv(both; filters=3, kernel=1)\n"
    "g: f32[3] = global_avgpool(c)\n"
    "output y = g\n";

static const char planes[] =
    "graph planes\n"
    "input x: u8[16, 32, 1]\n"
    "s: f32[16, 32, 1] = convert(x)\n"
    "c1: f32[16, 32, 2] = conv(s; filters=2, kernel=3, pad=1)\n"
    "c2: f32[16, 32, 16] = conv(c1; filters=16, kernel=3, pad=1)\n"
    "g: f32[16] = global_avgpool(c2)\n"
    "output y = g\n";

static Graph *planned(Arena *arena, const char *text, const char *target)
{
    Graph *graph = graph_read(arena, source_from_text(arena, "plan", text));
    static const char *const skip[] = { "winograd" }; /* more tensors */
    PassContext context = { .target = target_find(target),
                            .skip = skip,
                            .skip_count = 1 };
    PassOptions options = { NULL, 0, NULL, NULL };
    diag_flush();
    CU_ASSERT_PTR_NOT_NULL_FATAL(graph);
    pass_run_all(graph, &context, &options);
    pass_context_free(&context);
    return graph;
}

static Tensor *named(const Graph *graph, const char *name)
{
    for (int i = 0; i < graph->tensors.count; i++) {
        if (strcmp(graph->tensors.at[i]->name, name) == 0)
            return graph->tensors.at[i];
    }
    abort();
}

static void check_again(void *graph)
{
    plan_check(graph, "a test");
}

/* The plan of the graph, as it was changed, is refused in these words. */
static void expect_fault(Graph *graph, const char *words)
{
    char *text = bug_text(check_again, graph);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    if (!strstr(text, words))
        fprintf(stderr, "\n%s", text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, words));
    free(text);
}

static void test_a_plan_holds(void)
{
    static const char *const texts[] = { residual, slices, planes };
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        for (int t = 0; t < target_count; t++) {
            Arena *arena = arena_new();
            Graph *graph = planned(arena, texts[i], targets[t].name);
            CU_ASSERT(graph->arena_bytes >= graph->arena_bound);
            CU_ASSERT_PTR_NULL(bug_text(check_again, graph));
            graph_free(graph);
            arena_free(arena);
        }
}

static void test_a_live_tensor_overwritten(void)
{
    Arena *arena = arena_new();
    Graph *graph = planned(arena, residual, "x86-64-v4");
    named(graph, "c2")->place.offset = named(graph, "c1")->place.offset;
    expect_fault(graph, "'c2' overwrites 'c1' while it reads it");
    graph_free(graph);
    graph = planned(arena, residual, "x86-64-v4");
    named(graph, "c1")->place.offset = named(graph, "c2")->place.offset + 64;
    graph->arena_bytes *= 2;
    expect_fault(graph, "overwrites");
    graph_free(graph);
    arena_free(arena);
}

static void test_a_sum_one_element_off_its_operand(void)
{
    Arena *arena = arena_new();
    Graph *graph = planned(arena, residual, "x86-64-v4");
    CU_ASSERT_PTR_EQUAL(named(graph, "a")->place.within, named(graph, "c1"));
    named(graph, "a")->place.offset += 4;
    graph->arena_bytes += 4;
    expect_fault(graph, "'a' overwrites 'c1' while it reads it");
    graph_free(graph);
    arena_free(arena);
}

static void test_a_result_over_what_a_window_reads(void)
{
    Arena *arena = arena_new();
    Graph *graph = planned(arena, residual, "x86-64-v4");
    named(graph, "c4")->place.offset = named(graph, "a")->place.offset;
    expect_fault(graph, "'c4' overwrites 'a' while it reads it");
    graph_free(graph);
    arena_free(arena);
}

static void test_a_slice_in_the_wrong_place(void)
{
    Arena *arena = arena_new();
    Graph *graph = planned(arena, slices, "x86-64-v4");
    CU_ASSERT_EQUAL(named(graph, "r")->place.within_offset, 3);
    named(graph, "r")->place.offset -= 4;
    expect_fault(graph, "while it reads it");
    graph_free(graph);
    graph = planned(arena, slices, "x86-64-v4");
    named(graph, "r")->place.pixel = 5;
    named(graph, "l")->place.pixel = 0;
    expect_fault(graph, "overwrites");
    graph_free(graph);
    arena_free(arena);
}

static void test_a_border_overwritten(void)
{
    Arena *arena = arena_new();
    Graph *graph = planned(arena, planes, "x86-64-v4");
    Tensor *s = named(graph, "s"), *c1 = named(graph, "c1");
    CU_ASSERT_EQUAL(s->place.halo[0], 1);
    CU_ASSERT_EQUAL(c1->place.block, 1);
    /* c1 begins where the last row of zeros does. */
    c1->place.offset = s->place.offset + 17 * 34 * 4;
    graph->arena_bytes *= 2;
    expect_fault(graph, "'c1' overwrites 's' while it reads it");
    graph_free(graph);
    arena_free(arena);
}

static void test_an_arena_too_small(void)
{
    Arena *arena = arena_new();
    Graph *graph = planned(arena, residual, "x86-64-v4");
    graph->arena_bytes -= 4;
    expect_fault(graph, "leaves the arena");
    graph_free(graph);
    arena_free(arena);
}

/* A chain needs its two largest neighbours, each a kilobyte here. */
static void test_a_chain_needs_two_neighbours(void)
{
    Arena *arena = arena_new();
    Text text = { 0 };
    Graph *graph;
    text_add(&text, "graph chain\ninput s0: f32[256]\n");
    for (int i = 1; i <= 20; i++)
        text_printf(&text,
                    "d%d: f32[256] = dense(s%d; units=256)\n"
                    "s%d: f32[256] = softmax(d%d)\n",
                    i, i - 1, i, i);
    text_add(&text, "output y = s20\n");
    graph = planned(arena, text_get(&text), "x86-64-v3");
    CU_ASSERT_EQUAL(graph->arena_bytes, 2048);
    CU_ASSERT_EQUAL(graph->arena_bound, 2048);
    graph_free(graph);
    arena_free(arena);
    text_free(&text);
}

/* 512, 512, 64, 512, 512 bytes: whoever goes lowest first needs 1088. */
static void test_a_bottleneck_fits_between(void)
{
    static const char text[] = "graph bottleneck\n"
                               "input x: f32[16]\n"
                               "d1: f32[128] = dense(x; units=128)\n"
                               "d2: f32[128] = dense(d1; units=128)\n"
                               "d3: f32[128] = dense(d2; units=128)\n"
                               "d4: f32[128] = dense(d3; units=128)\n"
                               "d5: f32[8] = dense(d4; units=8)\n"
                               "d6: f32[128] = dense(d5; units=128)\n"
                               "d7: f32[128] = dense(d6; units=128)\n"
                               "d8: f32[4] = dense(d7; units=4)\n"
                               "output y = d8\n";
    Arena *arena = arena_new();
    Graph *graph = planned(arena, text, "x86-64-v4");
    CU_ASSERT_EQUAL(graph->arena_bytes, 1024);
    graph_free(graph);
    arena_free(arena);
}

static const char pooled[] =
    "graph pooled\n"
    "input x: f32[16, 16, 3]\n"
    "c1: f32[16, 16, 16] = conv(x; filters=16, kernel=3, pad=1)\n"
    "m1: f32[7, 7, 16] = maxpool(c1; kernel=3, stride=2)\n"
    "c2: f32[7, 7, 16] = conv(m1; filters=16, kernel=3, pad=1)\n"
    "m2: f32[3, 3, 16] = maxpool(c2; kernel=3, stride=2)\n"
    "g: f32[16] = global_avgpool(m2)\n"
    "output y = g\n";

static void test_a_ring_overwritten(void)
{
    Arena *arena = arena_new();
    Graph *graph = planned(arena, pooled, "x86-64-v4");
    CU_ASSERT_EQUAL(named(graph, "c1")->place.ring, 3);
    CU_ASSERT_EQUAL(named(graph, "c1")->place.size, 3 * 16 * 16 * 4);
    named(graph, "m1")->place.offset = named(graph, "c1")->place.offset;
    expect_fault(graph, "'m1' overwrites 'c1' while it reads it");
    graph_free(graph);
    graph = planned(arena, pooled, "x86-64-v4");
    named(graph, "c2")->place.offset = named(graph, "m1")->place.offset;
    expect_fault(graph, "the ring of 'c2' overwrites 'm1'");
    graph_free(graph);
    arena_free(arena);
}

/* Two tensors of 128 MB each: not element by element, but checked. */
static void test_a_large_arena(void)
{
    static const char text[] = "graph large\n"
                               "input x: f32[2048, 2048, 8]\n"
                               "s1: f32[2048, 2048, 8] = softmax(x)\n"
                               "s2: f32[2048, 2048, 8] = softmax(s1)\n"
                               "s3: f32[2048, 2048, 8] = softmax(s2)\n"
                               "g: f32[8] = global_avgpool(s3)\n"
                               "output y = g\n";
    Arena *arena = arena_new();
    Graph *graph = planned(arena, text, "x86-64-v4");
    CU_ASSERT_EQUAL(graph->arena_bytes, 2ll << 27);
    named(graph, "s2")->place.offset = named(graph, "s1")->place.offset + 64;
    expect_fault(graph, "the plan puts 's2' over 's1'");
    graph_free(graph);
    arena_free(arena);
}

/* The bytes that live beside a kernel are the arena's at its fullest. */
static void test_live_bytes_of_a_kernel(void)
{
    Arena *arena = arena_new();
    Graph *graph = planned(arena, residual, "x86-64-v4");
    int64_t most = 0;
    for (int n = 0; n < graph->nodes.count; n++) {
        int64_t live = plan_live_bytes(graph, graph->nodes.at[n]);
        most = live > most ? live : most;
    }
    CU_ASSERT_EQUAL(most, graph->arena_bound);
    graph_free(graph);
    arena_free(arena);
}

static const UnitTest tests[] = {
    UNIT(test_a_plan_holds),
    UNIT(test_a_live_tensor_overwritten),
    UNIT(test_a_sum_one_element_off_its_operand),
    UNIT(test_a_result_over_what_a_window_reads),
    UNIT(test_a_slice_in_the_wrong_place),
    UNIT(test_a_border_overwritten),
    UNIT(test_an_arena_too_small),
    UNIT(test_a_chain_needs_two_neighbours),
    UNIT(test_a_bottleneck_fits_between),
    UNIT(test_a_ring_overwritten),
    UNIT(test_a_large_arena),
    UNIT(test_live_bytes_of_a_kernel),
};

UNIT_MAIN("the plan and its proof", tests)
