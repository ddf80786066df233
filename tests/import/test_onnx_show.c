/*
 * test_onnx_show.c - hostile names in messages and in the listing.
 */
#include "import/models.h"

static void test_names_as_messages_show_them(void)
{
    static const struct {
        const char *name, *shown;
    } names[] = {
        { "conv1/weight:0", "conv1/weight:0" },
        { "", "" },
        { "a b", "a b" },
        { "say \"hi\"", "say \\\"hi\\\"" },
        { "it's", "it\\'s" },
        { "a\\b", "a\\\\b" },
        { "a\nb\tc\rd", "a\\nb\\tc\\rd" },
        { "\x1b[31m", "\\x1b[31m" },
        { "\x7f", "\\x7f" },
        { "a" ONNX_NUL "b", "a\\x00b" },
        { "\xe2\x80\xae", "\\u{202e}" },
        { "\xff", "\\xff" },
        { "\xc3", "\\xc3" },
        { "gr\xc3\xb6\xc3\x9f"
          "e",
          "gr\xc3\xb6\xc3\x9f"
          "e" },
        { "*/ int evil; /*", "*/ int evil; /*" },
        { "%s%n", "%s%n" },
    };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        CU_ASSERT_STRING_EQUAL(onnx_show(names[i].name), names[i].shown);
}

static void test_long_names_are_cut_in_the_middle(void)
{
    char name[70001];
    memset(name, 'n', 70000);
    memcpy(name, "the head", 8);
    strcpy(name + 69992, "the tail");
    const char *shown = onnx_show(name);
    CU_ASSERT_EQUAL(strlen(shown), 64);
    CU_ASSERT_EQUAL(strncmp(shown, "the head", 8), 0);
    CU_ASSERT_STRING_EQUAL(shown + 56, "the tail");
    CU_ASSERT_PTR_NOT_NULL(strstr(shown, "n...n"));
    name[64] = '\0';
    CU_ASSERT_STRING_EQUAL(onnx_show(name), name);
    name[64] = 'n';
    name[65] = '\0';
    CU_ASSERT_EQUAL(strlen(onnx_show(name)), 64);
}

/* Of characters that are several bytes, or that are shown as several. */
static void test_long_names_are_cut_between_characters(void)
{
    char name[400] = "";
    for (int i = 0; i < 100; i++)
        strcat(name, "\xc3\xb6");
    const char *shown = onnx_show(name);
    CU_ASSERT_EQUAL(strlen(shown), 2 * 61 + 3);
    for (const char *at = shown; *at; at += *at == '.' ? 1 : 2)
        CU_ASSERT(*at == '.' || strncmp(at, "\xc3\xb6", 2) == 0);
    memset(name, '\n', 100);
    name[100] = '\0';
    shown = onnx_show(name);
    CU_ASSERT_EQUAL(strlen(shown), 40 + 3 + 20);
    memset(name, 0xff, 100);
    CU_ASSERT(strlen(onnx_show(name)) <= 64);
}

static void test_one_message_shows_eight_names(void)
{
    const char *shown[8];
    char name[2] = "a";
    for (int i = 0; i < 8; i++, name[0]++)
        shown[i] = onnx_show(name);
    for (int i = 0; i < 8; i++)
        CU_ASSERT_EQUAL(shown[i][0], 'a' + i);
}

static void test_a_name_is_utf8(void)
{
    const char *names[] = { "\xff", "a\xc3", "\xc0\x80", "\xed\xa0\x80" };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        Builder b = relu_model();
        put_node(&b, "Neg", names[i], "z");
        CU_ASSERT(b_refuses(&b, "node (Neg) has an input that is not UTF-8"));
    }
}

static void test_a_name_can_hold_a_nul(void)
{
    Builder b = { 0 };
    Text node = { 0 };
    put_input(&b, "a", 1, "2");
    w_bytes(&node, NODE_INPUT, "a", 1);
    w_bytes(&node, NODE_OUTPUT, "a\0b", 3);
    w_text(&node, NODE_OP, "Neg");
    w_message(&b.graph, GRAPH_NODE, &node);
    Text value = { 0 };
    w_bytes(&value, 1, "a\0b", 3);
    w_message(&b.graph, GRAPH_OUTPUT, &value);
    OnnxModel *model = b_read(&b);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    CU_ASSERT_STRING_EQUAL(model->graph->output[0]->name, "a" ONNX_NUL "b");
    CU_ASSERT_STRING_EQUAL(model->listing->text, "a\\x00b = Neg(a)\n");
    b_free(&b);
}

static void test_the_listing(void)
{
    Builder b = { 0 };
    Text node = make_node("Conv", "x,-,w", "y,-");
    Text attr = make_attr("kernel_shape", ONNX_INTS);
    put_input(&b, "x", 1, "2");
    put_input(&b, "w", 1, "2");
    w_int(&attr, ATTR_INTS, 3);
    w_int(&attr, ATTR_INTS, -3);
    w_message(&node, NODE_ATTR, &attr);
    attr = make_attr("alpha", ONNX_FLOAT);
    w_float(&attr, ATTR_F, 0.1f);
    w_message(&node, NODE_ATTR, &attr);
    attr = make_attr("mode", ONNX_STRING);
    w_text(&attr, ATTR_S, "a\"\n");
    w_message(&node, NODE_ATTR, &attr);
    w_message(&b.graph, GRAPH_NODE, &node);
    Text tensor = make_tensor("", 7, "1");
    w_int(&tensor, TENSOR_INT64, 9);
    attr = make_attr("value", ONNX_TENSOR);
    w_message(&attr, ATTR_T, &tensor);
    put_node_with(&b, "Constant", "", "c", &attr);
    put_output(&b, "y", 1, "2");
    OnnxModel *model = b_read(&b);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    CU_ASSERT_STRING_EQUAL(model->listing->text,
                           "y = Conv(x, , w) kernel_shape=[3, -3] alpha=0.1 "
                           "mode=\"a\\\"\\n\"\n"
                           "c = Constant() value=i64[1] 9\n");
    Range range = onnx_node_range(model, model->graph->node[1]);
    CU_ASSERT_EQUAL(strncmp(range.source->text + range.start, "c = Con", 7), 0);
    CU_ASSERT_EQUAL(range.source->text[range.end], '\n');
    b_free(&b);
}

static void test_hostile_names_stay_in_their_line(void)
{
    Builder b = { 0 };
    Text name = { 0 };
    put_input(&b, "x", 1, "2");
    for (int i = 0; i < 70000; i++)
        text_char(&name, "\n\x1b\""[i % 3]);
    put_node(&b, name.data, "x", "\n\x1b[2J");
    for (int i = 0; i < 100; i++)
        text_add(&name, ",x");
    put_node(&b, "Sum", "x,x,x,x,x,x,x,x,x,x,x,x", "y");
    put_output(&b, "y", 1, "2");
    OnnxModel *model = b_read(&b);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    const char *text = model->listing->text;
    int lines = 0;
    for (size_t i = 0; i < model->listing->length; i++) {
        lines += text[i] == '\n';
        CU_ASSERT(text[i] == '\n' || (unsigned char)text[i] >= ' ');
    }
    CU_ASSERT_EQUAL(lines, 2);
    CU_ASSERT(model->listing->length < 300);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "Sum(x, x, x, x, x, x, x, x, ... 4 more)\n"));
    text_free(&name);
    b_free(&b);
}

static const UnitTest tests[] = {
    UNIT(test_names_as_messages_show_them),
    UNIT(test_long_names_are_cut_in_the_middle),
    UNIT(test_long_names_are_cut_between_characters),
    UNIT(test_one_message_shows_eight_names),
    UNIT(test_a_name_is_utf8),
    UNIT(test_a_name_can_hold_a_nul),
    UNIT(test_the_listing),
    UNIT(test_hostile_names_stay_in_their_line),
};
UNIT_MAIN("ONNX names", tests)
