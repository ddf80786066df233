/*
 * test_table.c - contracts, names, skipping, dumps and times.
 */
#include "base/capture.h"
#include "bug.h"
#include "compare.h"
#include "pipeline.h"
#include "unit.h"

static const char small[] = "graph small\n"
                            "input x: f32[4, 4, 2]\n"
                            "d: f32[4, 4, 2] = dropout(x)\n"
                            "r: f32[4, 4, 2] = relu(d)\n"
                            "output y = r\n";

static Graph *read_small(Arena *arena)
{
    return graph_read(arena, source_from_text(arena, "small", small));
}

static void test_names_are_unique_and_found(void)
{
    for (int i = 0; i < pass_count; i++) {
        CU_ASSERT_PTR_EQUAL(pass_find(passes[i].name), &passes[i]);
        CU_ASSERT(passes[i].help[0] != '\0');
    }
    CU_ASSERT_PTR_NULL(pass_find("fusion"));
}

/* In the order of the table every pass has what it needs, whatever optional
 * ones are left out. */
static void test_contracts_fit_the_order(void)
{
    int facts = FACT_NONE;
    for (int i = 0; i < pass_count; i++) {
        const Pass *p = &passes[i];
        CU_ASSERT_EQUAL(p->needs & ~facts, 0);
        CU_ASSERT(!p->optional || p->gives == FACT_NONE);
        CU_ASSERT(!p->optional || (facts & ~p->keeps) == FACT_NONE);
        facts = (facts & p->keeps) | p->gives;
    }
    CU_ASSERT_EQUAL(facts, FACT_ALL);
}

static void plan_alone(void *graph)
{
    PassContext context = { .target = target_find("generic") };
    int facts = FACT_SHAPES;
    pass_run(pass_find("plan"), graph, &context, &facts);
}

static void test_a_pass_without_what_it_needs_is_refused(void)
{
    Arena *arena = arena_new();
    Graph *graph = read_small(arena);
    char *text = bug_text(plan_alone, graph);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "the pass 'plan' needs"));
    free(text);
    graph_free(graph);
    arena_free(arena);
}

/* A network's output that somebody reads is no port. */
static void break_ports(void *context)
{
    Graph *graph = context;
    PassContext c = { .target = target_find("generic") };
    int facts = FACT_SHAPES | FACT_PORTS;
    graph_output(graph, "again", graph->outputs.at[0].tensor, NO_RANGE);
    pass_run(pass_find("dead"), graph, &c, &facts);
}

static void test_a_fact_that_does_not_hold_is_found(void)
{
    Arena *arena = arena_new();
    Graph *graph = read_small(arena);
    char *text = bug_text(break_ports, graph);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "after dead: the output 'y'"));
    free(text);
    graph_free(graph);
    arena_free(arena);
}

static void test_skipped_rules_do_not_apply(void)
{
    Arena *arena = arena_new();
    Graph *graph = read_small(arena);
    static const char *const skip[] = { "dropout" };
    PassContext context = { .target = target_find("generic"),
                            .skip = skip,
                            .skip_count = 1 };
    PassOptions options = { NULL, 0, NULL, NULL };
    pass_run_all(graph, &context, &options);
    CU_ASSERT_EQUAL(graph->nodes.count, 2);
    CU_ASSERT_EQUAL(context.rule_uses[RULE_dropout], 0);
    context.skip_count = 0;
    pass_run_all(graph, &context, &options);
    CU_ASSERT_EQUAL(graph->nodes.count, 1);
    CU_ASSERT_EQUAL(context.rule_uses[RULE_dropout], 1);
    pass_context_free(&context);
    graph_free(graph);
    arena_free(arena);
}

static void test_dumps_and_times(void)
{
    Arena *arena = arena_new();
    Graph *graph = read_small(arena);
    static const char *const after[] = { "rules", "fuse" };
    static const char *const skip[] = { "layout" };
    Text dump = { 0 }, time = { 0 };
    PassContext context;
    Options options = { .target = target_find("generic"),
                        .dump_after = after,
                        .dump_count = 2,
                        .dump = &dump,
                        .time = &time,
                        .skip = skip,
                        .skip_count = 1 };
    pipeline_optimise(graph, &options, &context);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&dump), "# after rules\ngraph"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text_get(&dump), "# after fuse (nothing changed)\ngraph"));
    CU_ASSERT_PTR_NULL(strstr(text_get(&dump), "# after plan"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&time), " ms  plan\n"));
    CU_ASSERT_PTR_NULL(strstr(text_get(&time), " ms  layout\n"));
    CU_ASSERT_EQUAL(context.macs, 0);
    text_free(&dump);
    text_free(&time);
    pass_context_free(&context);
    graph_free(graph);
    arena_free(arena);
}

static void test_wrong_names_are_told(void)
{
    static const char *const after[] = { "plan", "lower", "optimise" };
    static const char *const skip[] = { "fold", "relu_twice", "plan", "loops" };
    Options options = {
        .dump_after = after, .dump_count = 3, .skip = skip, .skip_count = 4
    };
    capture_start(DIAG_PLAIN);
    CU_ASSERT_FALSE(pipeline_check(&options));
    CU_ASSERT(
        capture_is("cnnc: error: there is no stage 'optimise' to dump after\n"
                   "cnnc: error: the pass 'plan' cannot be skipped\n"
                   "cnnc: error: there is no pass 'loops' to skip\n"));
}

static const UnitTest tests[] = {
    UNIT(test_names_are_unique_and_found),
    UNIT(test_contracts_fit_the_order),
    UNIT(test_a_pass_without_what_it_needs_is_refused),
    UNIT(test_a_fact_that_does_not_hold_is_found),
    UNIT(test_skipped_rules_do_not_apply),
    UNIT(test_dumps_and_times),
    UNIT(test_wrong_names_are_told),
};

UNIT_MAIN("the table of passes", tests)
