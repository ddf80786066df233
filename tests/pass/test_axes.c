/*
 * test_axes.c - what the pass `axes` keeps and takes out: random networks with
 * transposes everywhere compute the same, and models whose images have their
 * channels first are left with a transpose at each end.
 */
#include "compare.h"
#include "pass/axes.h"
#include "unit.h"

/* Nothing is rounded: sums are taken in another order, in double. */
#define TOLERANCE 1e-9

static int count_op(const Graph *graph, Op op)
{
    int count = 0;
    for (int n = 0; n < graph->nodes.count; n++)
        count += graph->nodes.at[n]->op == op;
    return count;
}

static void run_axes(Graph *graph)
{
    PassContext context = { .target = target_find("x86-64-v4") };
    int facts = FACT_NONE;
    pass_run(pass_find("infer"), graph, &context, &facts);
    pass_run(pass_find("axes"), graph, &context, &facts);
    pass_context_free(&context);
}

/* ---- any network ------------------------------------------------------------------ */

static bool goes_wrong(Graph *original, void *context)
{
    Arena *arena = arena_new();
    Graph *graph = graph_copy(arena, original);
    Answer before = answer_of(arena, graph, 1), after;
    char *once;
    bool good;
    (void)context;
    run_axes(graph);
    once = graph_text(arena, graph);
    after = answer_of(arena, graph, 1);
    good = answers_agree(graph, &before, &after, TOLERANCE);
    run_axes(graph);
    if (good && strcmp(once, graph_text(arena, graph)) != 0) {
        fprintf(stderr, "\n%s\nonce more:\n%s\n", once,
                graph_text(arena, graph));
        good = false;
    }
    graph_free(graph);
    arena_free(arena);
    return !good;
}

static RandomOptions small_networks(const bool *only)
{
    RandomOptions options = random_defaults();
    options.most_elements = 500;
    options.most_macs = 20000;
    options.most_nodes = 16;
    options.channels_first = true;
    options.only = only;
    return options;
}

static void test_the_answer_stays(void)
{
    RandomOptions options = small_networks(NULL);
    CU_ASSERT(check_seeds(1, 1000, &options, goes_wrong, NULL));
}

static void test_the_answer_stays_with_many_transposes(void)
{
    static const bool only[OP_COUNT] = {
        [OP_TRANSPOSE] = true,  [OP_RESHAPE] = true, [OP_SLICE] = true,
        [OP_CONCAT] = true,     [OP_ADD] = true,     [OP_MUL] = true,
        [OP_SOFTMAX] = true,    [OP_RELU] = true,    [OP_REDUCE_SUM] = true,
        [OP_REDUCE_MAX] = true, [OP_CONV] = true,    [OP_MAXPOOL] = true,
        [OP_FLATTEN] = true,    [OP_DENSE] = true,   [OP_BATCHNORM] = true,
        [OP_MATMUL] = true,
    };
    RandomOptions options = small_networks(only);
    CU_ASSERT(check_seeds(5001, 7000, &options, goes_wrong, NULL));
}

/* ---- what is left --------------------------------------------------------------------- */

static bool leaves_too_many(Graph *original, void *context)
{
    Arena *arena = arena_new();
    Graph *graph = graph_copy(arena, original);
    int *seen = context, left;
    seen[0] += count_op(graph, OP_TRANSPOSE);
    run_axes(graph);
    left = count_op(graph, OP_TRANSPOSE);
    seen[1] += left;
    left -= graph->inputs.count + graph->outputs.count;
    graph_free(graph);
    arena_free(arena);
    return left > 0;
}

static void test_transposes_stay_at_the_ends_alone(void)
{
    static const bool only[OP_COUNT] = {
        [OP_CONV] = true,     [OP_MAXPOOL] = true,    [OP_AVGPOOL] = true,
        [OP_UPSAMPLE] = true, [OP_PAD] = true,        [OP_BATCHNORM] = true,
        [OP_RELU] = true,     [OP_HARD_SWISH] = true, [OP_ADD] = true,
        [OP_MUL] = true,
    };
    RandomOptions options = small_networks(only);
    int seen[2] = { 0, 0 };
    CU_ASSERT(check_seeds(1, 500, &options, leaves_too_many, seen));
    CU_ASSERT(seen[0] > 3 * seen[1]);
}

static const UnitTest tests[] = {
    UNIT(test_the_answer_stays),
    UNIT(test_the_answer_stays_with_many_transposes),
    UNIT(test_transposes_stay_at_the_ends_alone),
};

UNIT_MAIN("the pass axes", tests)
