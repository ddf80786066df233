/*
 * test_verify.c - the verifier sees each kind of breakage.
 */
#include "bug.h"
#include "net.h"
#include "unit.h"

/* x [8, 8, 2] -> conv1 -> relu2 -> add3(relu2, conv1) -> y, and a constant */
static Net sound_net(void)
{
    Net n = net_new(SHAPE(8, 8, 2));
    const float data[] = { 1, 2, 3 };
    Tensor *inputs[3];
    net_add(&n, OP_CONV, "filters=3, kernel=3, pad=same");
    inputs[1] = n.last;
    net_add(&n, OP_RELU, "");
    inputs[0] = n.last;
    inputs[2] = graph_constant(n.graph, "k", SHAPE(3), data);
    net_join(&n, OP_ADD, "", inputs, 3);
    CU_ASSERT_FATAL(net_infer(&n));
    return n;
}

static void run_verifier(void *graph)
{
    graph_verify(graph, "a test");
}

/* A sound graph, broken in one way: the verifier must say this. */
static void expect(void (*damage)(Graph *), const char *message)
{
    Net n = sound_net();
    char *text;
    damage(n.graph);
    text = bug_text(run_verifier, n.graph);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    if (!strstr(text, message))
        fprintf(stderr, "\nexpected '%s' in\n%s\n", message, text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, message));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "the graph after a test"));
    free(text);
    net_free(&n);
}

static void test_a_sound_graph_passes(void)
{
    Net n = sound_net();
    graph_verify(n.graph, "a test");
    CU_ASSERT_PTR_NULL(bug_text(run_verifier, n.graph));
    net_free(&n);
}

/* ---- tensors -------------------------------------------------------------------- */

static Tensor *value_of(Graph *g, int node)
{
    return g->nodes.at[node]->output[0];
}

static void poison(Graph *g)
{
    value_of(g, 1)->poisoned = true;
}
static void renumber_tensor(Graph *g)
{
    g->tensors.at[1]->id = 2;
}
static void empty_shape(Graph *g)
{
    g->inputs.at[0]->shape.dim[0] = 0;
}
static void forget_producer(Graph *g)
{
    value_of(g, 1)->producer = NULL;
}
static void forget_data(Graph *g)
{
    for (int i = 0; i < g->tensors.count; i++)
        if (g->tensors.at[i]->kind == TENSOR_CONSTANT)
            g->tensors.at[i]->data = NULL;
}
static void change_parameter_type(Graph *g)
{
    g->nodes.at[0]->input[1]->type = DT_U8;
}
static void forget_node(Graph *g)
{
    g->nodes.count--;
}

static void test_tensors(void)
{
    expect(poison, "'relu2' is poisoned");
    expect(renumber_tensor, "has number 2 in place 1");
    expect(empty_shape, "'x' has the shape [0, 8, 2]");
    expect(forget_producer, "'relu2' has no producer");
    expect(forget_data, "the constant 'k' has no data");
    expect(change_parameter_type, "'conv1.weight' is u8, weights are f32");
    expect(forget_node, "the producer of 'add3' is not in the graph");
}

static void test_values_have_no_data(void)
{
    Net n = sound_net();
    float data = 0;
    char *text;
    n.last->data = &data;
    text = bug_text(run_verifier, n.graph);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "'add3' has data"));
    free(text);
    net_free(&n);
}

/* ---- nodes ------------------------------------------------------------------------ */

static void swap_nodes(Graph *g)
{
    Node *first = g->nodes.at[0];
    g->nodes.at[0] = g->nodes.at[1];
    g->nodes.at[1] = first;
    g->nodes.at[0]->id = 0;
    g->nodes.at[1]->id = 1;
}
static void renumber_node(Graph *g)
{
    g->nodes.at[2]->id = 1;
    g->nodes.at[1]->id = 2;
}
static void drop_input(Graph *g)
{
    g->nodes.at[1]->data_count = g->nodes.at[1]->input_count = 0;
}
static void read_a_stranger(Graph *g)
{
    static Tensor stranger = { .id = 0, .name = "stranger" };
    g->nodes.at[1]->input[0] = &stranger;
}
static void write_anothers_output(Graph *g)
{
    g->nodes.at[2]->output[0] = value_of(g, 1);
}
static void lose_a_parameter(Graph *g)
{
    g->nodes.at[0]->input_count--;
}
static void misshape_a_parameter(Graph *g)
{
    g->nodes.at[0]->input[1]->shape.dim[0] = 5;
}
static void change_an_attribute(Graph *g)
{
    node_attrs(g->nodes.at[0], ConvAttrs)->stride.at[0] = 2;
}
static void break_an_attribute(Graph *g)
{
    node_attrs(g->nodes.at[0], ConvAttrs)->groups = 7;
}
static void fuse_backwards(Graph *g)
{
    g->nodes.at[2]->fused_into = g->nodes.at[0];
}

static void test_nodes(void)
{
    expect(swap_nodes, "'relu2' reads 'conv1' before it is made");
    expect(renumber_node, "the producer of 'relu2' is not in the graph");
    expect(drop_input, "'relu2' has 0 inputs");
    expect(read_a_stranger, "input 0 of 'relu2' is not in the graph");
    expect(write_anothers_output, "'relu2' does not know its producer 'add3'");
    expect(fuse_backwards, "'add3' is fused into a node that is not behind it");
}

static void test_shape_rules(void)
{
    expect(lose_a_parameter, "'conv1' has 1 parameters, its rule makes 2");
    expect(misshape_a_parameter, "'conv1.weight' is [5, 3, 2, 3], 'conv1' "
                                 "needs [3, 3, 2, 3]");
    expect(change_an_attribute,
           "'conv1' is f32[8, 8, 3], its rule gives f32[4, 8, 3]");
    expect(break_an_attribute, "the shape rule refuses 'conv1'");
}

/* ---- the graph ---------------------------------------------------------------------- */

static void drop_outputs(Graph *g)
{
    g->outputs.count = 0;
}
static void output_a_stranger(Graph *g)
{
    static Tensor stranger = { .id = 0, .name = "stranger" };
    g->outputs.at[0].tensor = &stranger;
}
static void input_a_value(Graph *g)
{
    g->inputs.at[0] = value_of(g, 0);
}

static void test_edges(void)
{
    expect(drop_outputs, "there is no output");
    expect(output_a_stranger, "the output 'y' is not in the graph");
    expect(input_a_value, "input 0 is none");
}

static const UnitTest tests[] = {
    UNIT(test_a_sound_graph_passes), UNIT(test_tensors),
    UNIT(test_values_have_no_data),  UNIT(test_nodes),
    UNIT(test_shape_rules),          UNIT(test_edges),
};
UNIT_MAIN("the verifier", tests)
