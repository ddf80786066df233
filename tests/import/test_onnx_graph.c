/*
 * test_onnx_graph.c - the model and its graph: versions, values, order.
 */
#include "import/models.h"

/* ---- versions ------------------------------------------------------------- */

static void test_operator_sets_1_to_26(void)
{
    for (int opset = 0; opset < 30; opset++) {
        Builder b = relu_model();
        Text bytes = { 0 };
        w_int(&bytes, MODEL_IR, 8);
        w_bytes(&bytes, MODEL_GRAPH, b.graph.data, b.graph.length);
        w_import(&bytes, MODEL_IMPORT, "", opset);
        OnnxModel *model = b_read_bytes(&b, bytes.data, bytes.length);
        CU_ASSERT((model != NULL) == (opset >= 1 && opset <= 26));
        CU_ASSERT(model || strstr(b.said, "supported are 1 to 26"));
        text_free(&bytes);
        b_free(&b);
    }
}

static void test_formats_3_to_13(void)
{
    for (int ir = 1; ir < 20; ir++) {
        Builder b = relu_model();
        b.ir = ir;
        bool good = ir >= 3 && ir <= 13;
        CU_ASSERT(good ? b_read(&b) != NULL
                       : b_refuses(&b, "(ir_version), supported are 3 to 13"));
        b_free(&b);
    }
}

static void test_a_model_imports_operators(void)
{
    Text bytes = { 0 };
    Builder b = relu_model();
    w_int(&bytes, MODEL_IR, 8);
    w_message(&bytes, MODEL_GRAPH, &b.graph);
    CU_ASSERT(b_refuses_bytes(&b, bytes.data, bytes.length,
                              "imports no set of ONNX's operators"));
    text_free(&bytes);
}

static void test_imports_of_other_domains_only_are_named(void)
{
    Text bytes = { 0 };
    Builder b = relu_model();
    w_int(&bytes, MODEL_IR, 8);
    w_message(&bytes, MODEL_GRAPH, &b.graph);
    w_import(&bytes, MODEL_IMPORT, "com.other", 1);
    CU_ASSERT(b_refuses_bytes(&b, bytes.data, bytes.length,
                              "only those of the domain 'com.other'"));
    text_free(&bytes);
}

static void test_a_model_has_a_graph(void)
{
    Text bytes = { 0 };
    Builder b = { 0 };
    w_int(&bytes, MODEL_IR, 8);
    w_import(&bytes, MODEL_IMPORT, "", 13);
    CU_ASSERT(b_refuses_bytes(&b, bytes.data, bytes.length, "has no graph"));
    text_free(&bytes);
}

static void test_onnx_spelt_out_is_onnx(void)
{
    Builder b = { 0 };
    Text node = make_node("Relu", "x", "y");
    put_input(&b, "x", 1, "2");
    w_text(&node, NODE_DOMAIN, "ai.onnx");
    w_message(&b.graph, GRAPH_NODE, &node);
    put_output(&b, "y", 1, "2");
    OnnxModel *model = b_read(&b);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    CU_ASSERT_STRING_EQUAL(model->graph->node[0]->domain, "");
    b_free(&b);
    b = relu_model();
    w_import(&b.tail, MODEL_IMPORT, "ai.onnx", 13);
    CU_ASSERT(b_refuses(&b, "imports '' twice"));
}

static void test_a_domain_is_imported(void)
{
    Builder b = { 0 };
    Text node = make_node("Frob", "x", "y");
    put_input(&b, "x", 1, "2");
    w_text(&node, NODE_DOMAIN, "com.example");
    w_message(&b.graph, GRAPH_NODE, &node);
    put_output(&b, "y", 1, "2");
    Text keep = b_bytes(&b);
    CU_ASSERT(b_refuses(&b, "node (Frob) is of the domain 'com.example', which "
                            "is not imported"));
    w_import(&keep, MODEL_IMPORT, "com.example", 3);
    OnnxModel *model = b_read_bytes(&b, keep.data, keep.length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    CU_ASSERT_STRING_EQUAL(model->graph->node[0]->domain, "com.example");
    CU_ASSERT_EQUAL(model->graph->node[0]->opset, 3);
    text_free(&keep);
    b_free(&b);
}

/* ---- inputs and outputs ----------------------------------------------------- */

static void test_shapes_of_inputs(void)
{
    Builder b = { 0 };
    put_input(&b, "x", 1, "N,3,0");
    put_input(&b, "s", 7, "");
    put_node(&b, "Op", "x,s", "y,z");
    put_output(&b, "y", 1, "2");
    put_output(&b, "z", 0, NULL);
    OnnxModel *model = b_read(&b);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    const OnnxValueInfo *x = model->graph->input[0];
    CU_ASSERT_EQUAL(x->rank, 3);
    CU_ASSERT_EQUAL(x->dim[0].value, -1);
    CU_ASSERT_STRING_EQUAL(x->dim[0].symbol, "N");
    CU_ASSERT_EQUAL(x->dim[1].value, 3);
    CU_ASSERT_PTR_NULL(x->dim[1].symbol);
    CU_ASSERT_EQUAL(x->dim[2].value, 0);
    CU_ASSERT(x->is_tensor && x->has_type && x->has_shape);
    CU_ASSERT_EQUAL(x->type, DT_F32);
    CU_ASSERT_EQUAL(model->graph->input[1]->type, DT_I64);
    CU_ASSERT_EQUAL(model->graph->input[1]->rank, 0);
    CU_ASSERT(model->graph->input[1]->has_shape);
    CU_ASSERT(!model->graph->output[1]->has_type);
    CU_ASSERT(!model->graph->output[1]->has_shape);
    b_free(&b);
}

static void test_inputs_that_are_none(void)
{
    static const struct {
        int type;
        const char *shape, *message;
    } inputs[] = {
        { 1, "-1,3", "input 'i' has the dimension -1" },
        { 1, "1,1,1,1,1,1,1,1,1", "input 'i' has 9 dimensions, more than 8" },
        { 1, "4611686018427387904", "input 'i' has a shape whose size over" },
        { 1, "N,4294967296,4294967296", "input 'i' has a shape whose size" },
        { 0, "2", "input 'i' has no type" },
        { 8, "2", "input 'i' is a tensor of string, a type that is not" },
        { 77, "2", "input 'i' is a tensor of number 77, a type" },
    };
    for (size_t i = 0; i < COUNT_OF(inputs); i++) {
        Builder b = relu_model();
        put_input(&b, "i", inputs[i].type, inputs[i].shape);
        CU_ASSERT(b_refuses(&b, inputs[i].message));
    }
}

static void test_an_input_that_is_no_tensor_says_so(void)
{
    Builder b = relu_model();
    Text value = { 0 }, type = { 0 };
    w_text(&type, 4, "");
    w_text(&value, 1, "list");
    w_message(&value, 2, &type);
    w_message(&b.graph, GRAPH_INPUT, &value);
    OnnxModel *model = b_read(&b);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    CU_ASSERT(!model->graph->input[1]->is_tensor);
    b_free(&b);
}

static void test_an_initialiser_that_is_an_input_counts_once(void)
{
    const float data[] = { 1, 2 };
    Builder b = relu_model();
    put_input(&b, "w", 1, "2");
    put_floats(&b, "w", "2", data, 2);
    OnnxModel *model = b_read(&b);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    CU_ASSERT_EQUAL(model->graph->input_count, 1);
    CU_ASSERT_STRING_EQUAL(model->graph->input[0]->name, "x");
    CU_ASSERT_EQUAL(model->graph->initializer_count, 1);
    b_free(&b);
}

static void test_an_input_is_like_its_initialiser(void)
{
    const float data[] = { 1, 2 };
    Builder b = relu_model();
    put_input(&b, "w", 1, "1,2");
    put_floats(&b, "w", "2", data, 2);
    CU_ASSERT(b_refuses(&b, "input 'w' is [1, 2], and its initialiser [2]"));
    b = relu_model();
    put_input(&b, "w", 6, "2");
    put_floats(&b, "w", "2", data, 2);
    CU_ASSERT(b_refuses(&b, "input 'w' is i32, and its initialiser f32"));
}

/* Before ir_version 4 an initialiser is an input; that some are not is borne
 * as long as somebody reads them. */
static void test_an_old_initialiser_is_an_input_or_read(void)
{
    const float data[] = { 1, 2 };
    Builder b = relu_model();
    b.ir = 3;
    put_floats(&b, "w", "2", data, 2);
    CU_ASSERT(b_refuses(&b, "initialiser 'w' is no input, as ir_version 3"));
    b = relu_model();
    b.ir = 3;
    put_floats(&b, "w", "2", data, 2);
    put_node(&b, "Relu", "w", "z");
    CU_ASSERT_PTR_NOT_NULL(b_read(&b));
    b_free(&b);
}

static void test_names_that_are_there_twice(void)
{
    const float data[] = { 1, 2 };
    Builder b = relu_model();
    put_input(&b, "x", 1, "2,3");
    CU_ASSERT(b_refuses(&b, "input 'x' is there twice"));
    b = relu_model();
    put_output(&b, "y", 1, "2,3");
    CU_ASSERT(b_refuses(&b, "output 'y' is there twice"));
    b = relu_model();
    put_floats(&b, "w", "2", data, 2);
    put_floats(&b, "w", "2", data, 2);
    CU_ASSERT(b_refuses(&b, "initialiser 'w' is there twice"));
    b = relu_model();
    put_floats(&b, "w", "2", data, 2);
    Text words = make_tensor("w", 8, "1");
    put_tensor(&b, &words);
    CU_ASSERT(b_refuses(&b, "initialiser 'w' is there twice"));
    b = relu_model();
    put_node(&b, "Neg", "x", "y");
    CU_ASSERT(b_refuses(&b, "net.onnx:2:1: error: makes 'y', which a node "
                            "makes already"));
    b = relu_model();
    put_node(&b, "Neg", "y", "x");
    CU_ASSERT(b_refuses(&b, "makes 'x', which an input makes already"));
    b = relu_model();
    put_floats(&b, "w", "2", data, 2);
    put_node(&b, "Neg", "y", "w");
    CU_ASSERT(b_refuses(&b, "makes 'w', which an initialiser makes already"));
    b = relu_model();
    put_node(&b, "Split", "y", "z,z");
    CU_ASSERT(b_refuses(&b, "makes 'z', which a node makes already"));
}

static void test_values_that_nothing_makes(void)
{
    Builder b = relu_model();
    put_node(&b, "Neg", "nobody", "z");
    CU_ASSERT(b_refuses(&b, "net.onnx:2:1: error: reads 'nobody', which "
                            "nothing makes"));
    b = relu_model();
    put_output(&b, "nobody", 1, "2");
    CU_ASSERT(b_refuses(&b, "output 'nobody' is made by nothing"));
}

static void test_a_graph_has_outputs(void)
{
    Builder b = { 0 };
    put_input(&b, "x", 1, "2");
    put_node(&b, "Relu", "x", "y");
    CU_ASSERT(b_refuses(&b, "the graph has no outputs"));
}

static void test_an_output_can_be_an_input(void)
{
    Builder b = relu_model();
    put_output(&b, "x", 1, "2,3");
    CU_ASSERT_PTR_NOT_NULL(b_read(&b));
    b_free(&b);
}

/* ---- nodes --------------------------------------------------------------------- */

static void test_inputs_that_are_left_out(void)
{
    Builder b = { 0 };
    put_input(&b, "x", 1, "2");
    put_node(&b, "Clip", "x,-,x,-,-", "-,y,-");
    put_output(&b, "y", 1, "2");
    OnnxModel *model = b_read(&b);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    const OnnxNode *node = model->graph->node[0];
    CU_ASSERT_EQUAL(node->input_count, 3);
    CU_ASSERT_PTR_NULL(node->input[1]);
    CU_ASSERT_STRING_EQUAL(node->input[2], "x");
    CU_ASSERT_EQUAL(node->output_count, 2);
    CU_ASSERT_PTR_NULL(node->output[0]);
    b_free(&b);
}

static void test_a_node_makes_something(void)
{
    Builder b = relu_model();
    put_node(&b, "Neg", "x", "-");
    CU_ASSERT(b_refuses(&b, "net.onnx:2:1: error: a node without an output"));
    b = relu_model();
    put_node(&b, "Neg", "x", "");
    CU_ASSERT(b_refuses(&b, "a node without an output"));
}

static void test_a_node_has_an_operator(void)
{
    Builder b = relu_model();
    put_node(&b, "", "x", "z");
    CU_ASSERT(b_refuses(&b, "node () has no operator"));
}

static void test_makers_come_before_readers(void)
{
    Builder b = { 0 };
    put_input(&b, "x", 1, "2");
    put_node(&b, "Add", "b,c", "d");
    put_node(&b, "Neg", "x", "a");
    put_node(&b, "Relu", "b", "c");
    put_node(&b, "Abs", "a", "b");
    put_node(&b, "Exp", "x", "e");
    put_output(&b, "d", 1, "2");
    OnnxModel *model = b_read(&b);
    const char *order[] = { "Neg", "Abs", "Relu", "Add", "Exp" };
    const int lines[] = { 2, 4, 3, 1, 5 };
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    for (int i = 0; i < 5; i++) {
        CU_ASSERT_STRING_EQUAL(model->graph->node[i]->op, order[i]);
        CU_ASSERT_EQUAL(model->graph->node[i]->line, lines[i]);
    }
    b_free(&b);
}

static void test_an_order_that_is_right_is_kept(void)
{
    Builder b = { 0 };
    put_input(&b, "x", 1, "2");
    put_node(&b, "Neg", "x", "a");
    put_node(&b, "Abs", "x", "b");
    put_node(&b, "Add", "b,a", "c");
    put_output(&b, "c", 1, "2");
    OnnxModel *model = b_read(&b);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(model->graph->node[i]->line, i + 1);
    b_free(&b);
}

static void test_more_nodes_than_anyone_has(void)
{
    Builder b = relu_model();
    for (int i = 0; i < 200000; i++)
        put_node(&b, "Neg", "x", "z");
    CU_ASSERT(b_refuses(&b, "the graph has 200001 nodes, more than 200000"));
}

static void test_cycles(void)
{
    Builder b = relu_model();
    put_node(&b, "Neg", "a", "a");
    CU_ASSERT(b_refuses(&b, "reads from itself, over 1 nodes"));
    b = relu_model();
    put_node(&b, "Neg", "c", "a");
    put_node(&b, "Abs", "a", "b");
    put_node(&b, "Exp", "b", "c");
    CU_ASSERT(b_refuses(&b, "reads from itself, over 3 nodes"));
}

/* In the wrong order, so that the first one waits for all. */
static void test_a_hundred_thousand_nodes_in_a_chain(void)
{
    Builder b = { 0 };
    put_input(&b, "v0", 1, "2");
    put_output(&b, "v100000", 1, "2");
    for (int i = 100000; i > 0; i--) {
        char in[16], out[16];
        snprintf(in, sizeof in, "v%d", i - 1);
        snprintf(out, sizeof out, "v%d", i);
        put_node(&b, "Neg", in, out);
    }
    OnnxModel *model = b_read(&b);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    CU_ASSERT_EQUAL(model->graph->node[0]->line, 100000);
    CU_ASSERT_EQUAL(model->graph->node[99999]->line, 1);
    b_free(&b);
}

static const UnitTest tests[] = {
    UNIT(test_operator_sets_1_to_26),
    UNIT(test_formats_3_to_13),
    UNIT(test_a_model_imports_operators),
    UNIT(test_imports_of_other_domains_only_are_named),
    UNIT(test_a_model_has_a_graph),
    UNIT(test_onnx_spelt_out_is_onnx),
    UNIT(test_a_domain_is_imported),
    UNIT(test_shapes_of_inputs),
    UNIT(test_inputs_that_are_none),
    UNIT(test_an_input_that_is_no_tensor_says_so),
    UNIT(test_an_initialiser_that_is_an_input_counts_once),
    UNIT(test_an_input_is_like_its_initialiser),
    UNIT(test_an_old_initialiser_is_an_input_or_read),
    UNIT(test_names_that_are_there_twice),
    UNIT(test_values_that_nothing_makes),
    UNIT(test_a_graph_has_outputs),
    UNIT(test_an_output_can_be_an_input),
    UNIT(test_inputs_that_are_left_out),
    UNIT(test_a_node_makes_something),
    UNIT(test_a_node_has_an_operator),
    UNIT(test_makers_come_before_readers),
    UNIT(test_an_order_that_is_right_is_kept),
    UNIT(test_more_nodes_than_anyone_has),
    UNIT(test_cycles),
    UNIT(test_a_hundred_thousand_nodes_in_a_chain),
};
UNIT_MAIN("ONNX graphs", tests)
