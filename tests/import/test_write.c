/*
 * test_write.c - a graph that is written as a .cnn file and read again is the
 * same graph, and the file reads as a person would have written it.
 */
#include "command/import.h"
#include "graph/random.h"
#include "import/write.h"
#include "language/language.h"
#include "net.h"
#include "unit.h"

#include <glob.h>

/* A graph, what was written of it, and that read again. */
typedef struct Trip {
    Arena *arena;
    Graph *graph;
    Imported imported;
} Trip;

static Trip trip_of(Arena *arena, Graph *graph)
{
    Trip trip = { .arena = arena, .graph = graph };
    import_compose(arena, graph, "net.cnn", "net.onnx", "net.safetensors",
                   &trip.imported);
    return trip;
}

static Trip trip_of_file(const char *path)
{
    Arena *arena = arena_new();
    const Source *source =
        source_read(arena, path_join(arena, TEST_SOURCE, path));
    Graph *graph;
    CU_ASSERT_PTR_NOT_NULL_FATAL(source);
    graph = lang_read(arena, source);
    CU_ASSERT_PTR_NOT_NULL_FATAL(graph);
    graph_init_weights(graph, 1);
    return trip_of(arena, graph);
}

static Trip trip_of_text(const char *text)
{
    Arena *arena = arena_new();
    Graph *graph = lang_read(arena, source_from_text(arena, "test.cnn", text));
    CU_ASSERT_PTR_NOT_NULL_FATAL(graph);
    graph_init_weights(graph, 1);
    return trip_of(arena, graph);
}

static void trip_free(Trip *trip)
{
    imported_free(&trip->imported);
    graph_free(trip->graph);
    arena_free(trip->arena);
}

static const char *text_of(const Trip *trip)
{
    return text_get(&trip->imported.text);
}

/* ---- what is the same ------------------------------------------------------------ */

static double **random_inputs(Arena *arena, const Graph *graph)
{
    double **inputs = NEW_N(arena, double *, graph->inputs.count);
    for (int i = 0; i < graph->inputs.count; i++)
        inputs[i] =
            NEW_N(arena, double, shape_count(&graph->inputs.at[i]->shape));
    graph_random_inputs(graph, 7, inputs);
    return inputs;
}

/* Bit for bit, from the same inputs. */
static bool same_answers(const Trip *trip)
{
    const Graph *graph = trip->graph, *read = trip->imported.graph;
    double **inputs = random_inputs(trip->arena, graph);
    Evaluation *a = graph_evaluate_outputs(graph, (const double **)inputs);
    Evaluation *b = graph_evaluate_outputs(read, (const double **)inputs);
    bool same = true;
    for (int i = 0; i < graph->outputs.count; i++) {
        const Tensor *out = graph->outputs.at[i].tensor;
        const Tensor *again = read->outputs.at[i].tensor;
        same = same &&
               memcmp(evaluation_value(a, out), evaluation_value(b, again),
                      sizeof(double) * (size_t)shape_count(&out->shape)) == 0;
    }
    evaluation_free(a);
    evaluation_free(b);
    return same;
}

static bool is_in_standard_form(const Trip *trip)
{
    Text again = { 0 };
    bool same =
        lang_format(source_from_text(trip->arena, "net.cnn", text_of(trip)),
                    &again) &&
        strcmp(text_get(&again), text_of(trip)) == 0;
    text_free(&again);
    return same;
}

static int longest_line(const char *text)
{
    int longest = 0;
    while (*text) {
        int length = (int)strcspn(text, "\n");
        longest = length > longest ? length : longest;
        text += length + (text[length] == '\n');
    }
    return longest;
}

static void test_random_networks_come_back(void)
{
    RandomOptions options = random_defaults();
    for (uint64_t seed = 1; seed <= 300; seed++) {
        Arena *arena = arena_new();
        options.steps = seed % 2;
        options.most_nodes = seed % 10 == 0 ? 60 : 12;
        Trip trip = trip_of(arena, graph_random(arena, seed, &options));
        bool same = same_answers(&trip);
        if (!same)
            fprintf(stderr, "\nseed %d:\n%s\n", (int)seed, text_of(&trip));
        CU_ASSERT(same);
        CU_ASSERT(is_in_standard_form(&trip));
        trip_free(&trip);
    }
}

static void test_networks_of_people_come_back(void)
{
    static const char *const folders[] = { "examples/nets/*.cnn",
                                           "tests/language/valid/*.cnn" };
    glob_t found = { 0 };
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        Arena *arena = arena_new();
        glob(path_join(arena, TEST_SOURCE, folders[i]), i ? GLOB_APPEND : 0,
             NULL, &found);
        arena_free(arena);
    }
    CU_ASSERT(found.gl_pathc >= 18);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        Trip trip = trip_of_file(found.gl_pathv[i] + strlen(TEST_SOURCE) + 1);
        CU_ASSERT(is_in_standard_form(&trip));
        CU_ASSERT(longest_line(text_of(&trip)) <= 100);
        trip_free(&trip);
    }
    globfree(&found);
}

/* ---- how it reads -------------------------------------------------------------------- */

static int lines_of(const char *text)
{
    int lines = 0;
    for (const char *s = text; *s; s++)
        lines += *s == '\n' && s > text && s[-1] != '\n';
    return lines;
}

/* The text has each of the parts. */
static void check_has(const Trip *trip, const char *const *parts)
{
    for (; *parts; parts++) {
        if (!strstr(text_of(trip), *parts))
            fprintf(stderr, "\nmissing: %s\n%s\n", *parts, text_of(trip));
        CU_ASSERT_PTR_NOT_NULL(strstr(text_of(trip), *parts));
    }
}

static void test_resnet50_is_as_short_as_by_hand(void)
{
    static const char *const parts[] = {
        "block bottleneck(filters, stride=1) {\n",
        "    if stride != 1 or in.channels != 4 * filters {\n",
        "layer1 = bottleneck(64) * 3\n",
        "layer3 = bottleneck(256, stride=2) -> bottleneck(256) * 5",
        " as downsample.0\n",
        NULL,
    };
    Trip trip = trip_of_file("examples/nets/resnet50.cnn");
    check_has(&trip, parts);
    CU_ASSERT(lines_of(text_of(&trip)) <= 30);
    CU_ASSERT_EQUAL(trip.imported.graph->binds.count, 0);
    trip_free(&trip);
}

static void test_a_sum_that_some_uses_lack_is_optional(void)
{
    static const char *const parts[] = {
        "block inverted(filters, stride=1) {\n",
        "    if stride == 1 and in.channels == filters {\n",
        "        main = add(in, main)\n",
        "inverted(96) * 3 as features.11\n",
        NULL,
    };
    Trip trip = trip_of_file("examples/nets/mobilenetv2.cnn");
    check_has(&trip, parts);
    CU_ASSERT_EQUAL(trip.imported.graph->binds.count, 0);
    trip_free(&trip);
}

static void test_numbers_in_terms_of_channels(void)
{
    static const char *const parts[] = {
        "conv(in.channels, 3x3, stride=stride, pad=same, groups=in.channels, "
        "bias=no)",
        "-> separable(128, stride=2) -> separable(128) * 5",
        NULL,
    };
    Trip trip = trip_of_file("examples/nets/mobilenetv1_025.cnn");
    check_has(&trip, parts);
    trip_free(&trip);
}

static void test_what_pays_for_no_block_stays(void)
{
    Trip trip = trip_of_file("examples/lenet5/lenet5.cnn");
    static const char *const parts[] = {
        "input image : u8[28, 28, 1] / 255\n",
        "conv(6, 5x5, pad=2) -> relu -> maxpool(2x2)",
        "output digit : classes(\"0\", ",
        "\nloss categorical_crossentropy\n",
        NULL,
    };
    check_has(&trip, parts);
    CU_ASSERT_PTR_NULL(strstr(text_of(&trip), "block"));
    trip_free(&trip);
}

static void test_blocks_within_blocks(void)
{
    static const char text[] =
        "network nested\n"
        "input x : f32[16, 16, 8]\n"
        "block unit(filters, kernel=3x3) {\n"
        "    conv(filters, kernel, pad=same, bias=no) -> batchnorm -> relu\n"
        "}\n"
        "block stage(filters) {\n"
        "    wide = in -> unit(filters) -> unit(2 * filters)\n"
        "    tall = in -> unit(filters, kernel=1x5) -> unit(filters)\n"
        "    concat(wide, tall, in)\n"
        "}\n"
        "stage(4) -> stage(8) -> stage(12) -> stage(16)\n"
        "output y\n";
    Trip trip = trip_of_text(text);
    static const char *const parts[] = { "block mixed(", "block unit(", NULL };
    check_has(&trip, parts);
    CU_ASSERT(lines_of(text_of(&trip)) <= 26);
    trip_free(&trip);
}

static void test_lists_in_terms_of_what_flows_in(void)
{
    static const char text[] =
        "network shuffled\n"
        "input x : f32[16, 16, 8]\n"
        "block unit(filters, stride=1) {\n"
        "    in -> reshape([in.height, in.width, 2, in.channels / 2])\n"
        "       -> transpose([0, 1, 3, 2])\n"
        "       -> reshape([in.height, in.width, in.channels])\n"
        "       -> conv(filters, 3x3, stride=stride, pad=1) -> relu\n"
        "}\n"
        "unit(8) -> unit(24, stride=2) -> unit(24) -> unit(40, stride=2)\n"
        "output y\n";
    static const char *const parts[] = {
        "reshape([in.height, in.width, 2, in.channels / 2])",
        "reshape([in.height, in.width, in.channels])",
        "block unit(filters, stride=1) {\n", NULL
    };
    Trip trip = trip_of_text(text);
    check_has(&trip, parts);
    trip_free(&trip);
}

static void test_lists_in_terms_of_pixels(void)
{
    static const char text[] =
        "network heads\n"
        "input x : f32[16, 16, 8]\n"
        "block head(filters) {\n"
        "    in -> conv(filters, 1x1) -> relu -> conv(filters, 3x3, pad=1)\n"
        "       -> relu -> conv(filters, 1x1) -> sigmoid\n"
        "       -> reshape([1, in.height * in.width, filters])\n"
        "}\n"
        "a = x -> head(4)\n"
        "b = x -> maxpool(2x2) -> head(4)\n"
        "c = x -> maxpool(4x4) -> head(10)\n"
        "d = x -> maxpool(8x8) -> head(10)\n"
        "output a\n"
        "output b\n"
        "output c\n"
        "output d\n";
    static const char *const parts[] = {
        "reshape([1, in.height * in.width, filters])", "stage(10)", NULL
    };
    Trip trip = trip_of_text(text);
    check_has(&trip, parts);
    trip_free(&trip);
}

/* ---- names --------------------------------------------------------------------------------- */

/* Names of the weights, in the order of the graph's tensors. */
static Trip trip_with_titles(const char *text, const char *const *titles)
{
    Arena *arena = arena_new();
    Graph *graph = lang_read(arena, source_from_text(arena, "test.cnn", text));
    CU_ASSERT_PTR_NOT_NULL_FATAL(graph);
    graph_init_weights(graph, 1);
    for (int i = 0; i < graph->tensors.count; i++)
        if (graph->tensors.at[i]->kind == TENSOR_PARAMETER)
            graph->tensors.at[i]->title = *titles++;
    return trip_of(arena, graph);
}

static void test_names_that_are_no_keys_are_bound(void)
{
    static const char text[] = "network n\n"
                               "input x : f32[4]\n"
                               "dense(3) -> dense(2, bias=no)\n"
                               "output y\n";
    static const char *const titles[] = { "fc1.weight", "b\"\\\n\t1", "f\x01" };
    Trip trip = trip_with_titles(text, titles);
    static const char *const parts[] = {
        "dense(3) as fc1\n", "bind \"b\\\"\\\\\\n\\t1\" -> fc1.bias\n", NULL
    };
    check_has(&trip, parts);
    CU_ASSERT_EQUAL(trip.imported.graph->binds.count, 1);
    trip_free(&trip);
}

static void test_layers_are_called_apart_from_names_that_count(void)
{
    static const char text[] = "network n\n"
                               "input x : f32[4]\n"
                               "dense(4, bias=no) -> dense(4, bias=no)\n"
                               "output y\n";
    static const char *const titles[] = { "dense2.weight", "other" };
    Trip trip = trip_with_titles(text, titles);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_of(&trip), "as dense2"));
    trip_free(&trip);
}

static void test_too_many_binds_are_none(void)
{
    static const char *titles[60];
    static char names[60][8];
    Text text = { 0 };
    text_add(&text, "network n\ninput x : f32[4]\n");
    for (int i = 0; i < 60; i++) {
        snprintf(names[i], sizeof names[i], "w%d", i);
        titles[i] = names[i];
        text_printf(&text, "dense(%d, bias=no)\n", i % 7 + 1);
    }
    text_add(&text, "output y\n");
    Trip trip = trip_with_titles(text_get(&text), titles);
    CU_ASSERT_EQUAL(trip.imported.graph->binds.count, 0);
    CU_ASSERT_PTR_NULL(strstr(text_of(&trip), "\nbind"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text_of(&trip), "\n# the weights have other names than in the "
                               "model: "));
    CU_ASSERT(is_in_standard_form(&trip));
    text_free(&text);
    trip_free(&trip);
}

static const UnitTest tests[] = {
    UNIT(test_random_networks_come_back),
    UNIT(test_networks_of_people_come_back),
    UNIT(test_resnet50_is_as_short_as_by_hand),
    UNIT(test_a_sum_that_some_uses_lack_is_optional),
    UNIT(test_numbers_in_terms_of_channels),
    UNIT(test_what_pays_for_no_block_stays),
    UNIT(test_blocks_within_blocks),
    UNIT(test_lists_in_terms_of_what_flows_in),
    UNIT(test_lists_in_terms_of_pixels),
    UNIT(test_names_that_are_no_keys_are_bound),
    UNIT(test_layers_are_called_apart_from_names_that_count),
    UNIT(test_too_many_binds_are_none),
};
UNIT_MAIN("import write", tests)
