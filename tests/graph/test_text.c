/*
 * test_text.c - read(print(g)) prints the same; what is no graph is refused
 * with a place.
 */
#include "base/capture.h"
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

/* The graph's text, read and printed again, is the same. */
static void round_trip(const Graph *graph)
{
    Arena *arena = arena_new();
    char *first = printed(graph), *second;
    Graph *again = graph_read(arena, source_from_text(arena, "g", first));
    CU_ASSERT_PTR_NOT_NULL_FATAL(again);
    graph_verify(again, "reading");
    second = printed(again);
    if (strcmp(first, second) != 0)
        fprintf(stderr, "\n%s\nread back:\n%s\n", first, second);
    CU_ASSERT_STRING_EQUAL(first, second);
    graph_free(again);
    arena_free(arena);
    free(first);
    free(second);
}

static void test_titles_are_escaped_and_come_back(void)
{
    static const char title[] = "a/b \"\\\n\x1b[2J \xc2\x9b \xe2\x80\xae\xff é";
    Net n = net_new(SHAPE(4));
    char *text;
    net_add(&n, OP_RELU, "");
    CU_ASSERT_FATAL(net_infer(&n));
    graph_output(n.graph, "y", n.last, NO_RANGE);
    n.graph->inputs.at[0]->title = title;
    n.graph->outputs.at[0].title = "y:0";
    text = printed(n.graph);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, " title=\"a/b \\\"\\\\\\x0a\\x1b[2J \\xc2\\x9b "
                     "\\xe2\\x80\\xae\\xff é\"\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, " title=\"y:0\"\n"));
    free(text);
    round_trip(n.graph);
    net_free(&n);
}

static void test_the_form(void)
{
    Net n = net_new(SHAPE(6, 6, 1));
    Node *conv;
    char *text;
    n.last->type = DT_U8;
    net_add(&n, OP_CONVERT, "scale=0.5");
    conv = net_add(&n, OP_CONV, "filters=2, kernel=3, pad=same");
    net_add(&n, OP_GLOBAL_AVGPOOL, "");
    CU_ASSERT_FATAL(net_infer(&n));
    net_set(&n, conv->input[2], (float[]){ 0.5, -0.1f });
    text = printed(n.graph);
    CU_ASSERT_STRING_EQUAL(
        text,
        "graph test\n"
        "input x: u8[6, 6, 1]\n"
        "parameter conv2.weight: f32[3, 3, 1, 2] layout=conv fan_in=9\n"
        "parameter conv2.bias: f32[2] spread=0.1 = [0.5, -0.1]\n"
        "convert1: f32[6, 6, 1] = convert(x; type=f32, scale=0.5)\n"
        "conv2: f32[6, 6, 2] = conv(convert1, conv2.weight, conv2.bias; "
        "filters=2, kernel=3x3, stride=1x1, pad=[1, 1, 1, 1], dilation=1x1, "
        "groups=1, bias=yes, flip=no)\n"
        "global_avgpool3: f32[2] = global_avgpool(conv2)\n"
        "output y = global_avgpool3\n");
    free(text);
    round_trip(n.graph);
    net_free(&n);
}

static void test_everything_that_a_graph_has(void)
{
    static const char *classes[] = { "zero", "a \"b\"\n\\" };
    Net n = net_new(SHAPE(6, 6, 80));
    Node *first, *second;
    first = net_add(&n, OP_BATCHNORM, "");
    first->output[0]->label = name_intern("main path");
    second = net_add(&n, OP_RELU, "");
    second->path = first->path; /* two values of one name, and of odd ones */
    second->output[0]->name = first->output[0]->name;
    n.graph->inputs.at[0]->name = name_intern("input");
    net_add(&n, OP_NORMALIZE, "mean=[0.1], std=0.3");
    n.last->name = name_intern("/a/b c:0");
    net_add(&n, OP_FLATTEN, "");
    CU_ASSERT_FATAL(net_infer(&n));
    n.graph->outputs.at[0].classes = classes;
    n.graph->outputs.at[0].class_count = 2;
    n.graph->outputs.at[0].loss = LOSS_CATEGORICAL_CROSSENTROPY;
    n.graph->weights = "dir/w.npz";
    n.graph->weights_layout = "hwio";
    vec_push(&n.graph->binds, (Bind){ "a b", "bn.weight", NO_RANGE });
    first->fused_into = second;
    first->output[0]->place = (Place){ .kind = PLACE_ARENA,
                                       .offset = 64,
                                       .size = 4096,
                                       .block = 16,
                                       .halo = { 1, 2, 3, 4 },
                                       .pitch = 10,
                                       .slack = 5 };
    n.last->place = (Place){ .kind = PLACE_OUTPUT,
                             .within = first->output[0],
                             .within_offset = 12,
                             .pixel = 96 };
    round_trip(n.graph);
    graph_init_weights(n.graph, 1);
    round_trip(n.graph); /* 80 elements: by their CRC */
    net_free(&n);
}

static void test_random_graphs(void)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        Arena *arena = arena_new();
        Graph *graph = graph_random(arena, seed, NULL);
        round_trip(graph);
        graph_free(graph);
        arena_free(arena);
    }
}

static void test_small_constants_keep_their_data(void)
{
    Arena *arena = arena_new();
    Graph *g = graph_read(
        arena, source_from_text(arena, "g",
                                "graph t\n"
                                "input x: f32[3]\n"
                                "constant k: f32[3] = [1.5, -inf, 1e-3]\n"
                                "\n# a comment\n"
                                "y: f32[3] = add(x, k)\n"
                                "output y = y\n"));
    const double x[] = { 1, 2, 3 }, *inputs[] = { x };
    Evaluation *e;
    CU_ASSERT_PTR_NOT_NULL_FATAL(g);
    e = graph_evaluate(g, inputs);
    CU_ASSERT_EQUAL(evaluation_value(e, g->outputs.at[0].tensor)[0], 2.5);
    evaluation_free(e);
    graph_free(g);
    arena_free(arena);
}

/* ---- what is refused ---------------------------------------------------------------- */

#define HEAD "input x: f32[4, 4, 2]\n"
#define TAIL "\noutput y = y\n"

static void test_mistakes_are_reported_with_their_place(void)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        { HEAD, "2:1: error: expected an output" },
        { HEAD "y: f32[4, 4, 2] = rely(x)" TAIL,
          "2:23: error: expected an operator before this" },
        { HEAD "y: f32[4, 4, 2] = relu(z)" TAIL,
          "2:24: error: there is no 'z' before this line" },
        { HEAD "y: f32[4, 4, 3] = relu(x)" TAIL,
          "2:1: error: 'y' is f32[4, 4, 2], not f32[4, 4, 3]" },
        { HEAD "y: f32[4, 4, 2] = relu(x)\n"
               "y: f32[4, 4, 2] = relu(x)" TAIL,
          "3:1: error: 'y' is there already" },
        { HEAD "y: f32[4, 4, 2] = relu(x" TAIL, "2:25: error: expected ','" },
        { HEAD "y: f32[2] = clip(x; low=1)" TAIL,
          "2:26: error: 'high' is missing" },
        { HEAD "y: f32[2] = clip(x; low=one, high=2)" TAIL,
          "2:25: error: 'one' is no value of 'low'" },
        { HEAD "y: f32[2] = clip(x; lowest=1, high=2)" TAIL,
          "2:27: error: expected an attribute of the operator" },
        { HEAD "y: f32[4, 4, 2] = relu(x) there" TAIL,
          "2:27: error: expected the end of the line" },
        { "input x: f33[4]\n", "1:13: error: expected an element type" },
        { "input x: f32[4, 0]\na: f32[4, 0] = relu(x)\n",
          "2:1: error: 'x' has no elements to read" },
        { "input x: f32[99999999999, 0, 99999999999]\n",
          "1:42: error: expected a shape of a valid size" },
        { "input x: f32[99999999999, 99999999999]\n",
          "1:39: error: expected a shape of a valid size" },
        { "input x: f32[1, 1, 1, 1, 1, 1, 1, 1, 1]\n",
          "1:36: error: expected ']'" },
        { "constant k: f32[1000000000] = [1]\n",
          "1:34: error: expected as many numbers as the shape has elements" },
        { "constant k: f32[2]\n", "1:19: error: expected the data" },
        { "constant k: f32[2] crc=0x12\n",
          "1:28: error: expected 0x and eight digits" },
        { "input \"x\\y\": f32[2]\n", "1:10: error: expected an escape" },
        { "input \"x: f32[2]\n", "1:17: error: expected '\"'" },
        { HEAD "y: f32[4, 4, 2] = relu(x) in z" TAIL,
          "2:30: error: there is no node or tensor 'z'" },
        { HEAD
          "parameter w: f32[1, 1, 2, 3]\n"
          "y: f32[4, 4, 3] = conv(x, w, w; filters=3, kernel=1, bias=no)" TAIL,
          "3:1: error: 'y' has 2 parameters, its rule makes 1" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Arena *arena = arena_new();
        char *text;
        capture_start(DIAG_PLAIN);
        CU_ASSERT_PTR_NULL(
            graph_read(arena, source_from_text(arena, "g", rows[i].text)));
        text = capture_end();
        if (!strstr(text, rows[i].message))
            fprintf(stderr, "\nexpected '%s' in\n%s\n", rows[i].message, text);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, rows[i].message));
        free(text);
        arena_free(arena);
    }
}

/* Any text, however damaged, is read or refused; nothing else. */
static void test_damaged_texts_are_refused_or_read(void)
{
    Arena *arena = arena_new();
    Graph *graph = graph_random(arena, 5, NULL);
    char *good = printed(graph);
    const size_t length = strlen(good);
    Random random;
    random_seed(&random, 1);
    for (int i = 0; i < 2000; i++) {
        char *bad = strdup(good);
        size_t at = (size_t)random_range(&random, 0, (int64_t)length - 1);
        bad[at] = "[](),;=\"0129-x\n "[random_range(&random, 0, 15)];
        if (i % 3 == 0)
            bad[random_range(&random, 0, (int64_t)length - 1)] = '\0';
        Arena *scratch = arena_new();
        capture_start(DIAG_PLAIN);
        Graph *read = graph_read(scratch, source_from_text(scratch, "g", bad));
        CU_ASSERT((diag_error_count() > 0) == (read == NULL));
        if (read)
            graph_verify(read, "reading");
        free(capture_end());
        graph_free(read);
        arena_free(scratch);
        free(bad);
    }
    free(good);
    graph_free(graph);
    arena_free(arena);
}

static const UnitTest tests[] = {
    UNIT(test_titles_are_escaped_and_come_back),
    UNIT(test_the_form),
    UNIT(test_everything_that_a_graph_has),
    UNIT(test_random_graphs),
    UNIT(test_small_constants_keep_their_data),
    UNIT(test_mistakes_are_reported_with_their_place),
    UNIT(test_damaged_texts_are_refused_or_read),
};
UNIT_MAIN("the text form", tests)
