/*
 * test_rewrite.c - replacing, removing, sorting, copying.
 */
#include "bug.h"
#include "graph/random.h"
#include "net.h"
#include "unit.h"

static char *printed(const Graph *graph)
{
    Text text = { 0 };
    char *result;
    graph_print(&text, graph);
    result = strdup(text_get(&text));
    text_free(&text);
    return result;
}

static void test_replacing_reaches_nodes_and_outputs(void)
{
    Net n = net_new(SHAPE(4));
    Tensor *x = n.last, *twice[2], *relu;
    Node *sum;
    net_add(&n, OP_RELU, "");
    relu = twice[0] = twice[1] = n.last;
    sum = net_join(&n, OP_ADD, "", twice, 2);
    graph_output(n.graph, "middle", relu, NO_RANGE);
    CU_ASSERT_FATAL(net_infer(&n));
    graph_replace(n.graph, relu, x);
    CU_ASSERT_PTR_EQUAL(sum->input[0], x);
    CU_ASSERT_PTR_EQUAL(sum->input[1], x);
    CU_ASSERT_PTR_EQUAL(n.graph->outputs.at[0].tensor, x);
    net_free(&n);
}

static void test_dead_nodes_and_their_parameters_go(void)
{
    Net n = net_new(SHAPE(4));
    Tensor *x = n.last;
    net_add(&n, OP_DENSE, "units=3");
    net_add(&n, OP_RELU, "");
    n.last = x;
    net_add(&n, OP_TANH, "");
    CU_ASSERT_FATAL(net_infer(&n));
    CU_ASSERT(graph_remove_dead(n.graph));
    CU_ASSERT_EQUAL(n.graph->nodes.count, 1);
    CU_ASSERT_EQUAL(n.graph->tensors.count, 2);
    CU_ASSERT_EQUAL(n.last->id, 1);
    graph_verify(n.graph, "a test");
    CU_ASSERT_FALSE(graph_remove_dead(n.graph));
    net_free(&n);
}

static void test_unread_inputs_stay(void)
{
    Net n = net_new(SHAPE(4));
    net_input(&n, "unread", SHAPE(7));
    net_add(&n, OP_RELU, "");
    CU_ASSERT_FATAL(net_infer(&n));
    CU_ASSERT_FALSE(graph_remove_dead(n.graph));
    CU_ASSERT_EQUAL(n.graph->inputs.count, 2);
    net_free(&n);
}

static void test_the_only_reader(void)
{
    Net n = net_new(SHAPE(4));
    Tensor *x = n.last, *twice[2];
    Node *relu = net_add(&n, OP_RELU, "");
    CU_ASSERT_PTR_EQUAL(graph_only_reader(n.graph, x), relu);
    CU_ASSERT_PTR_NULL(graph_only_reader(n.graph, n.last));
    twice[0] = twice[1] = n.last;
    net_join(&n, OP_ADD, "", twice, 2);
    CU_ASSERT_PTR_NULL(graph_only_reader(n.graph, twice[0]));
    graph_output(n.graph, "y", x, NO_RANGE);
    CU_ASSERT_PTR_NULL(graph_only_reader(n.graph, x));
    graph_count_uses(n.graph);
    CU_ASSERT_EQUAL(x->uses, 2);
    CU_ASSERT_EQUAL(twice[0]->uses, 2);
    net_free(&n);
}

static void test_sorting_moves_a_node_before_its_readers(void)
{
    Net n = net_new(SHAPE(4));
    Node *relu = net_add(&n, OP_RELU, ""), *late;
    Tensor *y = n.last;
    net_add(&n, OP_TANH, "");
    graph_output(n.graph, "y", n.last, NO_RANGE);
    n.last = y;
    late = net_add(&n, OP_SIGMOID, ""); /* between relu and tanh */
    n.graph->nodes.at[1]->input[0] = late->output[0];
    graph_sort(n.graph);
    CU_ASSERT_FATAL(graph_infer(n.graph));
    CU_ASSERT_PTR_EQUAL(n.graph->nodes.at[0], relu);
    CU_ASSERT_PTR_EQUAL(n.graph->nodes.at[1], late);
    graph_verify(n.graph, "sorting");
    net_free(&n);
}

static void sort_graph(void *graph)
{
    graph_sort(graph);
}

static void test_a_cycle_is_a_fault(void)
{
    Net n = net_new(SHAPE(4));
    Node *relu = net_add(&n, OP_RELU, "");
    char *text;
    net_add(&n, OP_TANH, "");
    relu->input[0] = n.last;
    text = bug_text(sort_graph, n.graph);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "the graph has a cycle through"));
    free(text);
    net_free(&n);
}

static void test_sorted_graphs_stay_as_they_are(void)
{
    for (uint64_t seed = 1; seed <= 100; seed++) {
        Arena *arena = arena_new();
        Graph *graph = graph_random(arena, seed, NULL);
        char *before = printed(graph), *after;
        graph_sort(graph);
        after = printed(graph);
        CU_ASSERT_STRING_EQUAL(before, after);
        free(before);
        free(after);
        graph_free(graph);
        arena_free(arena);
    }
}

static void test_a_deep_graph_is_sorted_without_recursion(void)
{
    enum { DEPTH = 20000 };
    Net n = net_new(SHAPE(1));
    for (int i = 0; i < DEPTH; i++)
        net_add(&n, OP_RELU, "");
    graph_output(n.graph, "y", n.last, NO_RANGE);
    for (int i = 0; i < DEPTH / 2; i++) { /* upside down */
        Node *node = n.graph->nodes.at[i];
        n.graph->nodes.at[i] = n.graph->nodes.at[DEPTH - 1 - i];
        n.graph->nodes.at[DEPTH - 1 - i] = node;
    }
    graph_sort(n.graph);
    CU_ASSERT_PTR_EQUAL(n.graph->nodes.at[DEPTH - 1], n.last->producer);
    net_free(&n);
}

static void test_a_copy_is_equal_and_its_own(void)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        Arena *arena = arena_new();
        Graph *graph = graph_random(arena, seed, NULL);
        char *before = printed(graph), *after;
        Graph *copy = graph_copy(arena, graph);
        graph_verify(copy, "copying");
        after = printed(copy);
        CU_ASSERT_STRING_EQUAL(before, after);
        free(after);
        copy->nodes.at[0]->output[0]->shape.dim[0]++;
        copy->nodes.at[0]->path = "changed";
        copy->outputs.count = 0;
        after = printed(graph);
        CU_ASSERT_STRING_EQUAL(before, after);
        free(before);
        free(after);
        graph_free(copy);
        graph_free(graph);
        arena_free(arena);
    }
}

static const UnitTest tests[] = {
    UNIT(test_replacing_reaches_nodes_and_outputs),
    UNIT(test_dead_nodes_and_their_parameters_go),
    UNIT(test_unread_inputs_stay),
    UNIT(test_the_only_reader),
    UNIT(test_sorting_moves_a_node_before_its_readers),
    UNIT(test_a_cycle_is_a_fault),
    UNIT(test_sorted_graphs_stay_as_they_are),
    UNIT(test_a_deep_graph_is_sorted_without_recursion),
    UNIT(test_a_copy_is_equal_and_its_own),
};
UNIT_MAIN("rewriting", tests)
