/*
 * test_random.c - random networks are valid, cover every operator, and shrink
 * to what makes them fail.
 */
#include "graph/random.h"
#include "net.h"
#include "unit.h"

#include <math.h>

static char *printed(const Graph *graph)
{
    Text text = { 0 };
    char *result;
    graph_print(&text, graph);
    result = strdup(text_get(&text));
    text_free(&text);
    return result;
}

static void test_random_networks_are_valid_and_finite(void)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        Arena *arena = arena_new();
        Graph *g = graph_random(arena, seed, NULL);
        double **inputs = NEW_N(arena, double *, g->inputs.count + 1);
        Evaluation *e;
        graph_verify(g, "graph_random");
        CU_ASSERT(graph_has_weights(g));
        for (int i = 0; i < g->inputs.count; i++)
            inputs[i] =
                NEW_N(arena, double, shape_count(&g->inputs.at[i]->shape));
        graph_random_inputs(g, seed, inputs);
        e = graph_evaluate_outputs(g, (const double *const *)inputs);
        for (int i = 0; i < g->outputs.count; i++) {
            const Tensor *t = g->outputs.at[i].tensor;
            const double *y = evaluation_value(e, t);
            for (int64_t k = 0; k < shape_count(&t->shape); k++)
                if (!(fabs(y[k]) < 1e30)) {
                    CU_FAIL("a value out of range");
                    break;
                }
        }
        evaluation_free(e);
        graph_free(g);
        arena_free(arena);
    }
}

static void test_every_value_is_read_or_an_output(void)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        Arena *arena = arena_new();
        Graph *g = graph_random(arena, seed, NULL);
        graph_count_uses(g);
        for (int i = 0; i < g->tensors.count; i++)
            CU_ASSERT(g->tensors.at[i]->uses > 0);
        graph_free(g);
        arena_free(arena);
    }
}

static void test_the_seed_decides_alone(void)
{
    Arena *arena = arena_new();
    Graph *a = graph_random(arena, 17, NULL),
          *b = graph_random(arena, 17, NULL);
    Graph *c = graph_random(arena, 18, NULL);
    char *at = printed(a), *bt = printed(b), *ct = printed(c);
    CU_ASSERT_STRING_EQUAL(at, bt);
    CU_ASSERT_STRING_NOT_EQUAL(at, ct);
    free(at);
    free(bt);
    free(ct);
    graph_free(a);
    graph_free(b);
    graph_free(c);
    arena_free(arena);
}

static void test_every_operator_comes_up(void)
{
    RandomOptions options = random_defaults();
    int seen[OP_COUNT] = { 0 };
    options.steps = true;
    for (uint64_t seed = 1; seed <= 600; seed++) {
        Arena *arena = arena_new();
        Graph *g = graph_random(arena, seed, &options);
        for (int n = 0; n < g->nodes.count; n++)
            seen[g->nodes.at[n]->op]++;
        graph_free(g);
        arena_free(arena);
    }
    for (int op = 0; op < OP_COUNT; op++) {
        if (!seen[op])
            fprintf(stderr, "\nno '%s'\n", op_info[op].name);
        CU_ASSERT(seen[op] > 0);
    }
}

static void test_only_the_operators_asked_for(void)
{
    RandomOptions options = random_defaults();
    bool only[OP_COUNT] = { false };
    only[OP_CONV] = only[OP_ADD] = true;
    options.only = only;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        Arena *arena = arena_new();
        Graph *g = graph_random(arena, seed, &options);
        for (int n = 0; n < g->nodes.count; n++) {
            Op op = g->nodes.at[n]->op; /* the edges are its own business */
            CU_ASSERT(only[op] || op == OP_CONVERT || op == OP_RELU);
        }
        graph_free(g);
        arena_free(arena);
    }
}

/* ---- shrinking ----------------------------------------------------------------------- */

static bool has_big_conv(Graph *graph, void *context)
{
    ++*(int *)context;
    graph_verify(graph, "shrinking");
    for (int n = 0; n < graph->nodes.count; n++) {
        const Node *node = graph->nodes.at[n];
        if (node->op == OP_CONV &&
            node_attrs(node, ConvAttrs)->kernel.at[1] >= 3 &&
            node->input[0]->shape.dim[2] >= 2)
            return true;
    }
    return false;
}

static void test_a_failure_shrinks_to_its_cause(void)
{
    int shrunk = 0;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        Arena *arena = arena_new();
        Graph *g = graph_random(arena, seed, NULL), *small;
        int calls = 0;
        if (has_big_conv(g, &calls)) {
            const Node *node;
            const ConvAttrs *a;
            small = graph_shrink(g, has_big_conv, &calls);
            node = small->nodes.at[0];
            a = node_attrs(node, ConvAttrs);
            CU_ASSERT_EQUAL(small->nodes.count, 1);
            CU_ASSERT_EQUAL(small->outputs.count, 1);
            CU_ASSERT_EQUAL(small->inputs.count, 1);
            CU_ASSERT_EQUAL(a->kernel.at[0], 1);
            CU_ASSERT_EQUAL(a->kernel.at[1], 3);
            CU_ASSERT_EQUAL(node->input[0]->shape.dim[0], 1);
            CU_ASSERT(node->input[0]->shape.dim[1] <= 3);
            CU_ASSERT_EQUAL(a->stride.at[0], 1);
            graph_free(small);
            shrunk++;
        }
        graph_free(g);
        arena_free(arena);
    }
    CU_ASSERT(shrunk > 5);
}

static const UnitTest tests[] = {
    UNIT(test_random_networks_are_valid_and_finite),
    UNIT(test_every_value_is_read_or_an_output),
    UNIT(test_the_seed_decides_alone),
    UNIT(test_every_operator_comes_up),
    UNIT(test_only_the_operators_asked_for),
    UNIT(test_a_failure_shrinks_to_its_cause),
};
UNIT_MAIN("random networks", tests)
