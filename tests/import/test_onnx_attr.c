/*
 * test_onnx_attr.c - attributes: each kind, and types that are wrong.
 */
#include "import/models.h"

/* x -> Op with that attribute -> y. */
static Builder with_attr(Text *attr)
{
    Builder b = { 0 };
    put_input(&b, "x", 1, "2");
    put_node_with(&b, "Op", "x", "y", attr);
    put_output(&b, "y", 1, "2");
    return b;
}

static const OnnxAttr *first(Builder *b)
{
    OnnxModel *model = b_read(b);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    CU_ASSERT_EQUAL_FATAL(model->graph->node[0]->attr_count, 1);
    return &model->graph->node[0]->attr[0];
}

static void test_numbers_and_texts(void)
{
    Text attr = make_attr("a", ONNX_FLOAT);
    w_float(&attr, ATTR_F, 0.25f);
    Builder b = with_attr(&attr);
    const OnnxAttr *a = first(&b);
    CU_ASSERT_STRING_EQUAL(a->name, "a");
    CU_ASSERT_EQUAL(a->kind, ONNX_FLOAT);
    CU_ASSERT_EQUAL(a->f, 0.25f);
    b_free(&b);
    attr = make_attr("a", ONNX_INT);
    w_int(&attr, ATTR_I, -7);
    b = with_attr(&attr);
    a = first(&b);
    CU_ASSERT_EQUAL(a->kind, ONNX_INT);
    CU_ASSERT_EQUAL(a->i, -7);
    b_free(&b);
    attr = make_attr("a", ONNX_STRING);
    w_text(&attr, ATTR_S, "SAME_UPPER");
    b = with_attr(&attr);
    a = first(&b);
    CU_ASSERT_EQUAL(a->kind, ONNX_STRING);
    CU_ASSERT_STRING_EQUAL(a->s, "SAME_UPPER");
    b_free(&b);
}

static void test_lists(void)
{
    Text attr = make_attr("a", ONNX_FLOATS);
    w_float(&attr, ATTR_FLOATS, 1);
    w_float(&attr, ATTR_FLOATS, 2.5f);
    Builder b = with_attr(&attr);
    const OnnxAttr *a = first(&b);
    CU_ASSERT_EQUAL(a->kind, ONNX_FLOATS);
    CU_ASSERT_EQUAL(a->count, 2);
    CU_ASSERT_EQUAL(a->floats[1], 2.5f);
    b_free(&b);
    attr = make_attr("a", ONNX_INTS);
    w_int(&attr, ATTR_INTS, 3);
    w_int(&attr, ATTR_INTS, -1);
    b = with_attr(&attr);
    a = first(&b);
    CU_ASSERT_EQUAL(a->count, 2);
    CU_ASSERT_EQUAL(a->ints[1], -1);
    b_free(&b);
    attr = make_attr("a", ONNX_STRINGS);
    w_text(&attr, ATTR_STRINGS, "one");
    w_text(&attr, ATTR_STRINGS, "");
    b = with_attr(&attr);
    a = first(&b);
    CU_ASSERT_EQUAL(a->count, 2);
    CU_ASSERT_STRING_EQUAL(a->strings[0], "one");
    CU_ASSERT_STRING_EQUAL(a->strings[1], "");
    b_free(&b);
}

static void test_a_tensor(void)
{
    Text attr = make_attr("value", ONNX_TENSOR);
    Text tensor = make_tensor("", 7, "2");
    w_int(&tensor, TENSOR_INT64, 4);
    w_int(&tensor, TENSOR_INT64, 5);
    w_message(&attr, ATTR_T, &tensor);
    Builder b = with_attr(&attr);
    const OnnxAttr *a = first(&b);
    CU_ASSERT_EQUAL(a->kind, ONNX_TENSOR);
    CU_ASSERT_EQUAL(onnx_tensor_integer(a->tensor, 1), 5);
    CU_ASSERT_STRING_EQUAL(a->tensor->name, "");
    b_free(&b);
}

/* Writers of another protobuf do not write zeros. */
static void test_a_value_that_is_not_there_is_zero(void)
{
    for (int kind = ONNX_FLOAT; kind <= ONNX_STRINGS; kind++) {
        Text attr = make_attr("a", kind);
        Builder b = with_attr(&attr);
        if (kind == ONNX_TENSOR) {
            CU_ASSERT(b_refuses(&b, "attribute 'a' of a node (Op) is to be a "
                                    "tensor and has none"));
            continue;
        }
        const OnnxAttr *a = first(&b);
        CU_ASSERT_EQUAL((int)a->kind, kind);
        CU_ASSERT(a->i == 0 && a->f == 0 && a->count == 0);
        if (kind == ONNX_STRING)
            CU_ASSERT_STRING_EQUAL(a->s, "");
        b_free(&b);
    }
}

static void test_a_type_that_is_left_out_is_seen_from_the_value(void)
{
    Text attr = make_attr("a", 0);
    w_int(&attr, ATTR_INTS, 3);
    Builder b = with_attr(&attr);
    CU_ASSERT_EQUAL(first(&b)->kind, ONNX_INTS);
    b_free(&b);
    attr = make_attr("a", 0);
    b = with_attr(&attr);
    CU_ASSERT(b_refuses(&b, "has no type and no value"));
}

static void test_types_that_are_wrong(void)
{
    Text attr = make_attr("a", ONNX_FLOAT);
    w_int(&attr, ATTR_I, 3);
    Builder b = with_attr(&attr);
    CU_ASSERT(b_refuses(&b, "attribute 'a' of a node (Op) is to be a float and "
                            "has an integer"));
    attr = make_attr("a", ONNX_INT);
    w_int(&attr, ATTR_I, 3);
    w_text(&attr, ATTR_S, "3");
    b = with_attr(&attr);
    CU_ASSERT(b_refuses(&b, "has two values: an integer and a string"));
    attr = make_attr("a", 77);
    w_int(&attr, ATTR_I, 3);
    b = with_attr(&attr);
    CU_ASSERT(b_refuses(&b, "has the unknown type 77"));
    attr = make_attr("a", 0);
    w_int(&attr, ATTR_TYPE, -1);
    b = with_attr(&attr);
    CU_ASSERT(b_refuses(&b, "has the unknown type -1"));
}

static void test_an_attribute_has_a_name(void)
{
    Text attr = make_attr("", ONNX_INT);
    Builder b = with_attr(&attr);
    CU_ASSERT(b_refuses(&b, "has no name"));
}

static void test_an_attribute_twice(void)
{
    Builder b = relu_model();
    Text node = make_node("Op", "x", "z");
    w_text(&node, NODE_NAME, "the one");
    for (int i = 0; i < 2; i++) {
        Text attr = make_attr("a", ONNX_INT);
        w_message(&node, NODE_ATTR, &attr);
    }
    w_message(&b.graph, GRAPH_NODE, &node);
    CU_ASSERT(b_refuses(&b, "node 'the one' (Op) has two attributes 'a'"));
}

static void test_too_many_attributes(void)
{
    Builder b = relu_model();
    Text node = make_node("Op", "x", "z");
    for (int i = 0; i < 300; i++)
        w_text(&node, NODE_ATTR, "");
    w_message(&b.graph, GRAPH_NODE, &node);
    CU_ASSERT(b_refuses(&b, "has 300 attributes, more than 256"));
}

static void test_a_tensor_in_an_attribute_is_checked(void)
{
    Text attr = make_attr("value", ONNX_TENSOR);
    Text tensor = make_tensor("", 8, "1");
    w_message(&attr, ATTR_T, &tensor);
    Builder b = with_attr(&attr);
    CU_ASSERT(b_refuses(&b, "attribute 'value' of a node (Op) is a tensor of "
                            "string, a type that is not supported"));
    attr = make_attr("value", ONNX_TENSOR);
    tensor = make_tensor("", 1, "2");
    w_bytes(&tensor, TENSOR_RAW, "0123", 4);
    w_message(&attr, ATTR_T, &tensor);
    b = with_attr(&attr);
    CU_ASSERT(b_refuses(&b, "has 4 bytes of data"));
}

static void test_references_are_for_functions(void)
{
    Text attr = make_attr("a", ONNX_INT);
    w_text(&attr, ATTR_REFERENCE, "alpha");
    Builder b = with_attr(&attr);
    CU_ASSERT(b_refuses(&b, "stands for an attribute of a function, and is in "
                            "none"));
}

static const UnitTest tests[] = {
    UNIT(test_numbers_and_texts),
    UNIT(test_lists),
    UNIT(test_a_tensor),
    UNIT(test_a_value_that_is_not_there_is_zero),
    UNIT(test_a_type_that_is_left_out_is_seen_from_the_value),
    UNIT(test_types_that_are_wrong),
    UNIT(test_an_attribute_has_a_name),
    UNIT(test_an_attribute_twice),
    UNIT(test_too_many_attributes),
    UNIT(test_a_tensor_in_an_attribute_is_checked),
    UNIT(test_references_are_for_functions),
};
UNIT_MAIN("ONNX attributes", tests)
