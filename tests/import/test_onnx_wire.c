/*
 * test_onnx_wire.c - bytes that are no model, and models that are too much.
 */
#include "import/models.h"

static void test_a_small_model(void)
{
    Builder b = relu_model();
    OnnxModel *model = b_read(&b);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    CU_ASSERT_EQUAL(model->ir_version, 8);
    CU_ASSERT_EQUAL(model->opset, 13);
    CU_ASSERT_EQUAL(model->graph->node_count, 1);
    CU_ASSERT_EQUAL(model->graph->input_count, 1);
    CU_ASSERT_EQUAL(model->graph->output_count, 1);
    const OnnxNode *node = model->graph->node[0];
    CU_ASSERT_STRING_EQUAL(node->op, "Relu");
    CU_ASSERT_STRING_EQUAL(node->domain, "");
    CU_ASSERT_STRING_EQUAL(node->input[0], "x");
    CU_ASSERT_STRING_EQUAL(node->output[0], "y");
    CU_ASSERT_EQUAL(node->opset, 13);
    b_free(&b);
}

static void test_an_empty_file(void)
{
    Builder b = { 0 };
    CU_ASSERT(b_refuses_bytes(&b, "", 0, "is empty"));
}

static void test_texts_and_pictures_are_no_models(void)
{
    const char *files[] = { "This is not an ONNX model.\n", "\177ELF\2\1\1",
                            "\x89PNG\r\n\x1a\n", "{\"format\": 1}",
                            "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" };
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        Builder b = { 0 };
        CU_ASSERT(b_refuses_bytes(&b, files[i], strlen(files[i]),
                                  "is no ONNX model: at byte"));
    }
}

static void test_a_file_cut_after_every_byte(void)
{
    Builder b = relu_model();
    Text bytes = b_bytes(&b);
    b_free(&b);
    for (size_t i = 0; i < bytes.length; i++) {
        void *part = malloc(i + 1); /* so that one byte too far is seen */
        memcpy(part, bytes.data, i);
        CU_ASSERT_PTR_NULL(b_read_bytes(&b, part, i));
        b_free(&b);
        free(part);
    }
    text_free(&bytes);
}

static void test_every_byte_changed(void)
{
    Builder b = relu_model();
    Text bytes = b_bytes(&b);
    b_free(&b);
    for (size_t i = 0; i < bytes.length; i++)
        for (int bit = 0; bit < 8; bit++) {
            bytes.data[i] = (char)(bytes.data[i] ^ 1 << bit);
            b_read_bytes(&b, bytes.data, bytes.length);
            b_free(&b);
            bytes.data[i] = (char)(bytes.data[i] ^ 1 << bit);
        }
    text_free(&bytes);
}

static void test_the_place_of_a_fault_is_named(void)
{
    Builder b = { 0 };
    Text node = { 0 };
    w_number(&node, NODE_OP << 3 | 2);
    w_number(&node, 100);
    w_message(&b.graph, GRAPH_NODE, &node);
    CU_ASSERT(b_refuses(&b, "at byte 6 of 14: 'graph.node.op_type' is cut "
                            "off"));
}

static void test_a_field_of_another_kind(void)
{
    Builder b = { 0 };
    w_int(&b.graph, GRAPH_NODE, 5);
    CU_ASSERT(b_refuses(&b, "'graph.node' has a value of another kind"));
}

static void test_a_single_field_twice(void)
{
    Builder b = relu_model();
    w_text(&b.tail, MODEL_GRAPH, "");
    CU_ASSERT(b_refuses(&b, "'graph' is there a second time"));
}

static void test_a_list_in_one_piece_of_broken_elements(void)
{
    Builder b = relu_model();
    Text tensor = make_tensor("w", 1, "1");
    w_bytes(&tensor, TENSOR_FLOAT, "123", 3);
    put_tensor(&b, &tensor);
    CU_ASSERT(b_refuses(&b, "'graph.initializer.float_data' is no list of "
                            "whole elements"));
}

static void test_fields_that_are_not_known_are_passed_over(void)
{
    Builder b = relu_model();
    w_int(&b.tail, 5000, 1);
    w_text(&b.tail, 2, "a producer");
    w_float(&b.graph, 99, 1);
    CU_ASSERT_PTR_NOT_NULL(b_read(&b));
    b_free(&b);
}

static void test_groups_are_refused(void)
{
    Builder b = relu_model();
    w_number(&b.tail, 99 << 3 | 3);
    CU_ASSERT(b_refuses(&b, "is written in a way that is not known"));
}

static void test_lists_need_not_be_in_one_piece(void)
{
    Builder b = relu_model();
    Text tensor = make_tensor("w", 1, "2");
    w_float(&tensor, TENSOR_FLOAT, 1.5f);
    w_float(&tensor, TENSOR_FLOAT, -2);
    put_tensor(&b, &tensor);
    OnnxModel *model = b_read(&b);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    CU_ASSERT_EQUAL(onnx_tensor_number(model->graph->initializer[0], 0), 1.5);
    CU_ASSERT_EQUAL(onnx_tensor_number(model->graph->initializer[0], 1), -2);
    b_free(&b);
}

/* Graphs within graphs are bytes to the reader: no depth matters. */
static void test_nested_graphs_do_not_exhaust_the_stack(void)
{
    Text node = make_node("Relu", "x", "y");
    for (int i = 0; i < 2000; i++) {
        Text graph = { 0 }, attr = make_attr("then_branch", 5);
        w_message(&graph, GRAPH_NODE, &node);
        w_message(&attr, ATTR_G, &graph);
        node = make_node("If", "c", "y");
        w_message(&node, NODE_ATTR, &attr);
    }
    Builder b = { 0 };
    put_input(&b, "c", 9, "");
    w_message(&b.graph, GRAPH_NODE, &node);
    put_output(&b, "y", 1, NULL);
    OnnxModel *model = b_read(&b);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    CU_ASSERT_EQUAL(model->graph->node[0]->attr[0].kind, ONNX_GRAPH);
    b_free(&b);
}

/* Two bytes each in the file, two hundred in memory. */
static void test_millions_of_empty_messages(void)
{
    Builder b = relu_model();
    for (int i = 0; i < 2000000; i++)
        w_text(&b.graph, GRAPH_NODE, "");
    CU_ASSERT(b_refuses(&b, "MiB of memory"));
}

static void test_a_file_that_is_not_there(void)
{
    Arena *arena = arena_new();
    diag_set_options((DiagOptions){ .stream = fopen("/dev/null", "w") });
    diag_reset();
    CU_ASSERT_PTR_NULL(onnx_read(arena, "no/such/file.onnx"));
    CU_ASSERT_EQUAL(diag_error_count(), 1);
    CU_ASSERT_PTR_NULL(onnx_read(arena, "/dev/null"));
    CU_ASSERT_EQUAL(diag_error_count(), 2);
    diag_set_options((DiagOptions){ 0 });
    arena_free(arena);
}

static const UnitTest tests[] = {
    UNIT(test_a_small_model),
    UNIT(test_an_empty_file),
    UNIT(test_texts_and_pictures_are_no_models),
    UNIT(test_a_file_cut_after_every_byte),
    UNIT(test_every_byte_changed),
    UNIT(test_the_place_of_a_fault_is_named),
    UNIT(test_a_field_of_another_kind),
    UNIT(test_a_single_field_twice),
    UNIT(test_a_list_in_one_piece_of_broken_elements),
    UNIT(test_fields_that_are_not_known_are_passed_over),
    UNIT(test_groups_are_refused),
    UNIT(test_lists_need_not_be_in_one_piece),
    UNIT(test_nested_graphs_do_not_exhaust_the_stack),
    UNIT(test_millions_of_empty_messages),
    UNIT(test_a_file_that_is_not_there),
};
UNIT_MAIN("ONNX on the wire", tests)
