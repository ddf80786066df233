/*
 * test_infer.c - inference: messages with their notes, poison, idempotence.
 */
#include "base/capture.h"
#include "graph/random.h"
#include "net.h"
#include "unit.h"

/* Where the part stands in the source, within these block uses. */
static Origin *origin_of(Net *n, const Source *source, const char *part,
                         const Origin *within)
{
    Origin *origin = NEW(n->arena, Origin);
    size_t start = (size_t)(strstr(source->text, part) - source->text);
    origin->range = (Range){ source, start, start + strlen(part) };
    origin->within = within;
    return origin;
}

static void test_notes_say_where_the_numbers_came_from(void)
{
    Net n = net_new(SHAPE(32, 32, 16));
    Source *s = source_from_text(n.arena, "net.cnn",
                                 "image\n"
                                 "conv(32, 3x3, stride=2, pad=same) -> relu\n"
                                 "add(main, image)\n"
                                 "residual(2)\n");
    Origin *use = origin_of(&n, s, "residual(2)", NULL);
    Tensor *image = n.last, *inputs[2] = { NULL, image };
    use->block = "residual";
    image->origin = origin_of(&n, s, "image", NULL);
    net_add(&n, OP_CONV, "filters=32, kernel=3, stride=2, pad=same");
    net_add(&n, OP_RELU, "");
    inputs[0] = n.last;
    n.last->label = "main";
    n.last->origin = origin_of(&n, s, "relu", use);
    net_join(&n, OP_ADD, "", inputs, 2)->origin =
        origin_of(&n, s, "add(main, image)", use);
    capture_start(DIAG_PLAIN);
    CU_ASSERT_FALSE(net_infer(&n));
    CU_ASSERT(capture_is(
        "net.cnn:3:1: error: 'add' needs equal shapes, got [16, 16, 32] and "
        "[32, 32, 16]\n"
        "    3 | add(main, image)\n"
        "      | ^~~~~~~~~~~~~~~~\n"
        "net.cnn:2:38: note: 'main' is [16, 16, 32]: 'conv1' is "
        "conv(32, 3x3, stride=2x2, pad=[0, 0, 1, 1]) of [32, 32, 16]\n"
        "    2 | conv(32, 3x3, stride=2, pad=same) -> relu\n"
        "      |                                      ^~~~\n"
        "net.cnn:1:1: note: 'x' is [32, 32, 16]\n"
        "    1 | image\n"
        "      | ^~~~~\n"
        "net.cnn:4:1: note: in block 'residual' used here\n"
        "    4 | residual(2)\n"
        "      | ^~~~~~~~~~~\n"));
    net_free(&n);
}

static void test_the_argument_at_fault_is_underlined(void)
{
    Net n = net_new(SHAPE(4, 4, 3));
    Source *s = source_from_text(n.arena, "net.cnn", "conv(4, 3, groups=2)\n");
    Node *node = net_add(&n, OP_CONV, "filters=4, kernel=3, groups=2");
    node->origin = origin_of(&n, s, "conv(4, 3, groups=2)", NULL);
    node->attr_range = NEW_N(n.arena, Range, op_info[OP_CONV].attr_count);
    node->attr_range[attr_index(node, "groups")] =
        origin_of(&n, s, "groups=2", NULL)->range;
    capture_start(DIAG_PLAIN);
    CU_ASSERT_FALSE(net_infer(&n));
    CU_ASSERT(capture_is(
        "net.cnn:1:12: error: groups=2 does not divide 3 input channels\n"
        "    1 | conv(4, 3, groups=2)\n"
        "      |            ^~~~~~~~\n"
        "cnnc: note: 'x' is [4, 4, 3]\n"));
    net_free(&n);
}

static void test_one_mistake_is_reported_once(void)
{
    Net n = net_new(SHAPE(4, 4, 3));
    char *text;
    net_add(&n, OP_CONV, "filters=4, kernel=5");
    net_add(&n, OP_CONV, "filters=4, kernel=5");
    net_add(&n, OP_DENSE, "units=0");
    capture_start(DIAG_PLAIN);
    CU_ASSERT_FALSE(net_infer(&n));
    CU_ASSERT_EQUAL(diag_error_count(), 1);
    CU_ASSERT(n.last->poisoned);
    text = capture_end();
    free(text);
    net_free(&n);
}

static void test_a_trial_says_nothing(void)
{
    Net n = net_new(SHAPE(4, 4, 3));
    Node *node = net_add(&n, OP_DENSE, "units=0");
    capture_start(DIAG_PLAIN);
    CU_ASSERT_FALSE(graph_try(n.graph, node));
    CU_ASSERT_FALSE(n.last->poisoned);
    CU_ASSERT(capture_is(""));
    net_free(&n);
}

static void test_parameters_follow_attributes_until_they_have_data(void)
{
    Net n = net_new(SHAPE(4, 4, 3));
    Node *node = net_add(&n, OP_CONV, "filters=4, kernel=3");
    CU_ASSERT_FATAL(net_infer(&n));
    node_attrs(node, ConvAttrs)->filters = 5;
    CU_ASSERT_FATAL(graph_infer(n.graph));
    CU_ASSERT_EQUAL(node->input_count, 3);
    CU_ASSERT_EQUAL(node->input[1]->shape.dim[3], 5);
    graph_init_weights(n.graph, 1);
    node_attrs(node, ConvAttrs)->filters = 6;
    capture_start(DIAG_PLAIN);
    CU_ASSERT_FALSE(graph_infer(n.graph));
    CU_ASSERT(capture_is("cnnc: error: 'conv1.weight' is [3, 3, 3, 5], but "
                         "'conv' needs [3, 3, 3, 6]\n"));
    net_free(&n);
}

static char *printed(const Graph *graph)
{
    Text text = { 0 };
    char *result;
    graph_print(&text, graph);
    result = strdup(text_get(&text));
    text_free(&text);
    return result;
}

static void test_inference_is_idempotent(void)
{
    const RandomOptions options = { 1, 12, 12000, 1000000, true, NULL, false };
    for (uint64_t seed = 1; seed <= 300; seed++) {
        Arena *arena = arena_new();
        Graph *graph = graph_random(arena, seed, &options);
        char *before = printed(graph), *after;
        CU_ASSERT(graph_infer(graph));
        after = printed(graph);
        CU_ASSERT_STRING_EQUAL(before, after);
        free(before);
        free(after);
        graph_free(graph);
        arena_free(arena);
    }
}

static const UnitTest tests[] = {
    UNIT(test_notes_say_where_the_numbers_came_from),
    UNIT(test_the_argument_at_fault_is_underlined),
    UNIT(test_one_mistake_is_reported_once),
    UNIT(test_a_trial_says_nothing),
    UNIT(test_parameters_follow_attributes_until_they_have_data),
    UNIT(test_inference_is_idempotent),
};
UNIT_MAIN("inference", tests)
