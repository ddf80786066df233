/*
 * test_random.c - what must hold of the passes on any network: the answer
 * stays, whatever is skipped; a pass leaves nothing for itself to do; the plan
 * is proved (by the driver), and kernels that use its memory compute the
 * network.
 */
#include "compare.h"
#include "net.h"
#include "op/network.h"
#include "unit.h"

/* Rounding of weights to floats, twice over. */
#define TOLERANCE 1e-4

static const Target *target_number(uint64_t n)
{
    return &targets[n % (uint64_t)target_count];
}

static RandomOptions small_networks(void)
{
    RandomOptions options = random_defaults();
    options.most_elements = 4000;
    options.most_macs = 100000;
    options.most_nodes = 14;
    return options;
}

/* ---- the answer ----------------------------------------------------------------- */

/* Every optional pass and every rule is skipped with one chance in `one_in`. */
static int draw_skips(Random *random, int64_t one_in, const char **skip)
{
    static const char *const rules[] = {
#define RULE(name, ...) #name,
#include "pass/rules.def"
    };
    int count = 0;
    for (int i = 0; one_in && i < pass_count; i++) {
        if (passes[i].optional && random_range(random, 1, one_in) == 1)
            skip[count++] = passes[i].name;
    }
    for (size_t i = 0; one_in && i < COUNT_OF(rules); i++) {
        if (random_range(random, 1, one_in) == 1)
            skip[count++] = rules[i];
    }
    return count;
}

typedef struct Trial {
    int64_t skip_one_in; /* 0: skip nothing */
    uint64_t number;
} Trial;

static bool changes_answer(Graph *original, void *context)
{
    Trial *trial = context;
    Arena *arena = arena_new();
    Graph *graph = graph_copy(arena, original);
    const char *skip[64];
    Random random;
    PassContext passes_context = { .target = target_number(trial->number) };
    PassOptions options = { NULL, 0, NULL, NULL };
    Answer before = answer_of(arena, graph, 1), after;
    bool good;
    random_seed(&random, trial->number);
    passes_context.skip = skip;
    passes_context.skip_count = draw_skips(&random, trial->skip_one_in, skip);
    pass_run_all(graph, &passes_context, &options);
    after = answer_of(arena, graph, 1);
    good = answers_agree(graph, &before, &after, TOLERANCE);
    for (int i = 0; !good && i < passes_context.skip_count; i++)
        fprintf(stderr, "skipped: %s\n", skip[i]);
    pass_context_free(&passes_context);
    graph_free(graph);
    arena_free(arena);
    return !good;
}

static void test_the_answer_stays(void)
{
    RandomOptions options = small_networks();
    for (uint64_t seed = 1; seed <= 250; seed++) {
        Trial trial = { 0, seed };
        CU_ASSERT_FATAL(
            check_seeds(seed, seed, &options, changes_answer, &trial));
    }
}

static void test_any_passes_may_be_skipped(void)
{
    RandomOptions options = small_networks();
    for (uint64_t seed = 1001; seed <= 1400; seed++) {
        Trial trial = { 2 + (int64_t)(seed % 3), seed };
        CU_ASSERT_FATAL(
            check_seeds(seed, seed, &options, changes_answer, &trial));
    }
}

/* ---- a second time ------------------------------------------------------------------ */

static bool has_more_to_do(Graph *original, void *context)
{
    Arena *arena = arena_new();
    Graph *graph = graph_copy(arena, original);
    PassContext c = { .target = target_number(*(const uint64_t *)context) };
    int facts = FACT_NONE;
    bool good = true;
    for (int i = 0; good && i < pass_count; i++) {
        char *first;
        pass_run(&passes[i], graph, &c, &facts);
        first = graph_text(arena, graph);
        good = !pass_run(&passes[i], graph, &c, &facts) &&
               strcmp(first, graph_text(arena, graph)) == 0;
        if (!good)
            fprintf(stderr, "\n%s\n'%s' for %s once more:\n%s\n", first,
                    passes[i].name, c.target->name, graph_text(arena, graph));
    }
    pass_context_free(&c);
    graph_free(graph);
    arena_free(arena);
    return !good;
}

static void test_passes_are_idempotent(void)
{
    RandomOptions options = small_networks();
    for (uint64_t seed = 2001; seed <= 2250; seed++)
        CU_ASSERT_FATAL(
            check_seeds(seed, seed, &options, has_more_to_do, &seed));
}

/* ---- through the planned memory --------------------------------------------------------- */

static void *typed_values(Arena *arena, const Tensor *tensor,
                          const double *values)
{
    const int64_t count = shape_count(&tensor->shape);
    void *typed = arena_array(arena, (size_t)count, 8);
    for (int64_t i = 0; i < count; i++) {
        if (tensor->type == DT_F32)
            ((float *)typed)[i] = (float)values[i];
        else if (tensor->type == DT_U8)
            ((uint8_t *)typed)[i] = (uint8_t)values[i];
        else
            abort();
    }
    return typed;
}

static Answer interpreted(Arena *arena, const Graph *graph,
                          const Program *program)
{
    const void *in[MOST_PORTS];
    void *out[MOST_PORTS];
    double **inputs = inputs_of(arena, graph, 1);
    Answer a = { .count = graph->outputs.count };
    for (int i = 0; i < graph->inputs.count; i++)
        in[i] = typed_values(arena, graph->inputs.at[i], inputs[i]);
    for (int i = 0; i < a.count; i++) {
        a.size[i] = shape_count(&graph->outputs.at[i].tensor->shape);
        out[i] = arena_array(arena, (size_t)a.size[i], 8);
    }
    program_interpret(program, in, out);
    for (int i = 0; i < a.count; i++) {
        double *wide = NEW_N(arena, double, a.size[i]);
        for (int64_t k = 0; k < a.size[i]; k++)
            wide[k] = (double)((const float *)out[i])[k];
        a.value[i] = wide;
    }
    return a;
}

/* Kernels as the operators wrote them, fused, in the memory of the plan. */
static bool kernels_differ(Graph *original, void *context)
{
    const Trial *trial = context;
    Arena *arena = arena_new();
    Graph *graph = graph_copy(arena, original);
    const char *skip[64];
    Random random;
    PassContext c = { .target = target_number(trial->number) };
    PassOptions options = { NULL, 0, NULL, NULL };
    LowerOptions lower = { .target = c.target };
    Answer before = answer_of(arena, graph, 1), after;
    bool good;
    random_seed(&random, trial->number);
    c.skip = skip;
    c.skip_count = draw_skips(&random, trial->skip_one_in, skip);
    pass_run_all(graph, &c, &options);
    Program *program = lower_network(arena, graph, &lower);
    after = interpreted(arena, graph, program);
    good = answers_agree(graph, &before, &after, 1e-3);
    if (!good)
        fprintf(stderr, "\n%s\n", graph_text(arena, graph));
    for (int i = 0; i < program->kernels.count; i++)
        kernel_free(program->kernels.at[i]);
    program_free(program);
    pass_context_free(&c);
    graph_free(graph);
    arena_free(arena);
    return !good;
}

/* Nothing but what is fused, shared and laid out in many ways. */
static void test_kernels_of_images(void)
{
    static const bool only[OP_COUNT] = {
        [OP_CONV] = true,     [OP_MAXPOOL] = true, [OP_AVGPOOL] = true,
        [OP_CONCAT] = true,   [OP_ADD] = true,     [OP_RELU] = true,
        [OP_UPSAMPLE] = true, [OP_PAD] = true,     [OP_BATCHNORM] = true,
    };
    RandomOptions options = small_networks();
    options.most_elements = 4000;
    options.most_macs = 40000;
    options.only = only;
    for (uint64_t seed = 4001; seed <= 4150; seed++) {
        Trial trial = { seed % 4 == 0 ? 4 : 0, seed };
        CU_ASSERT_FATAL(
            check_seeds(seed, seed, &options, kernels_differ, &trial));
    }
}

static void test_kernels_in_planned_memory(void)
{
    RandomOptions options = small_networks();
    options.most_elements = 2000;
    options.most_macs = 20000;
    for (uint64_t seed = 3001; seed <= 3150; seed++) {
        Trial trial = { seed % 3 == 0 ? 3 : 0, seed };
        CU_ASSERT_FATAL(
            check_seeds(seed, seed, &options, kernels_differ, &trial));
    }
}

/* Models whose channels come first: the caller's arrays in other shapes. */
static void test_kernels_of_turned_images(void)
{
    static const bool only[OP_COUNT] = {
        [OP_CONV] = true,      [OP_MAXPOOL] = true, [OP_AVGPOOL] = true,
        [OP_CONCAT] = true,    [OP_ADD] = true,     [OP_RELU] = true,
        [OP_TRANSPOSE] = true, [OP_PAD] = true,     [OP_RESHAPE] = true,
        [OP_FLATTEN] = true,   [OP_DENSE] = true,   [OP_SLICE] = true,
    };
    RandomOptions options = small_networks();
    options.most_elements = 2000;
    options.most_macs = 20000;
    options.most_nodes = 8;
    options.channels_first = true;
    options.only = only;
    for (uint64_t seed = 6001; seed <= 6300; seed++) {
        Trial trial = { seed % 3 == 0 ? 3 : 0, seed };
        CU_ASSERT_FATAL(
            check_seeds(seed, seed, &options, kernels_differ, &trial));
    }
}

/* ---- networks of a kind ---------------------------------------------------------------- */

/* Nodes that the passes left and `counts` likes. */
static int left_of(const Graph *original, const Target *target,
                   bool (*counts)(const Node *))
{
    Arena *arena = arena_new();
    Graph *graph = graph_copy(arena, original);
    PassContext c = { .target = target };
    PassOptions options = { NULL, 0, NULL, NULL };
    int left = 0;
    pass_run_all(graph, &c, &options);
    for (int n = 0; n < graph->nodes.count; n++)
        left += counts(graph->nodes.at[n]);
    pass_context_free(&c);
    graph_free(graph);
    arena_free(arena);
    return left;
}

/* Kernels of 60 networks against the reference, now and then with passes
 * skipped; how many of what is liked there was. */
static int check_drawn(Net (*draw)(Random *), bool (*counts)(const Node *))
{
    int left = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        Trial trial = { seed % 3 == 0 ? 4 : 0, seed };
        Random random;
        Net n;
        random_seed(&random, seed);
        n = draw(&random);
        CU_ASSERT_FATAL(net_infer(&n));
        graph_init_weights(n.graph, seed);
        left += left_of(n.graph, target_number(seed), counts);
        CU_ASSERT_FALSE(kernels_differ(n.graph, &trial));
        net_free(&n);
    }
    return left;
}

/* ---- rings of rows ------------------------------------------------------------------------- */

/* conv -> relu -> pool -> relu, with windows that overlap or are large. */
static Net draw_pooled(Random *r)
{
    int64_t channels = random_range(r, 1, 3) * (r->state[0] % 2 ? 1 : 8);
    int64_t kernel = random_range(r, 2, 6);
    int64_t stride = random_range(r, 1, kernel);
    int64_t pad = random_range(r, 0, kernel - 1);
    Net n = net_new(
        SHAPE(random_range(r, 9, 17), random_range(r, 9, 17), channels));
    char text[160];
    snprintf(text, sizeof text, "filters=%d, kernel=%d, pad=%d",
             (int)random_range(r, 1, 33), (int)random_range(r, 1, 3),
             (int)random_range(r, 0, 2));
    net_add(&n, OP_CONV, text);
    net_add(&n, OP_LEAKY_RELU, "");
    snprintf(text, sizeof text, "kernel=%d, stride=%d, pad=%d, ceil_mode=%s",
             (int)kernel, (int)stride, (int)pad,
             random_range(r, 0, 1) ? "yes" : "no");
    net_add(&n, random_range(r, 0, 1) ? OP_MAXPOOL : OP_AVGPOOL, text);
    net_add(&n, OP_TANH, "");
    graph_output(n.graph, "y", n.last, NO_RANGE);
    return n;
}

static void test_rings_of_rows(void)
{
    CU_ASSERT(check_drawn(draw_pooled, node_is_by_rows) > 30);
}

/* ---- tiles of a row ------------------------------------------------------------------------- */

static bool is_tiled(const Node *node)
{
    return node->op == OP_WINOGRAD;
}

/* Convolutions with windows of three columns one after the other, often added
 * to what they read or put beside it. */
static Net draw_tiled(Random *r)
{
    static const int64_t widths[] = { 8, 12, 14, 16, 18, 20 };
    const int64_t channels = 16 * random_range(r, 1, 2);
    Net n = net_new(
        SHAPE(random_range(r, 7, 12), widths[random_range(r, 0, 5)], channels));
    for (int64_t more = random_range(r, 1, 3); more; more--) {
        const int64_t rows = random_range(r, 1, 3);
        const int64_t left = random_range(r, 0, 2);
        Tensor *both[] = { n.last, NULL };
        char text[160];
        snprintf(text, sizeof text,
                 "filters=%d, kernel=%dx3, pad=[%d, %d, %d, %d]",
                 (int)(random_range(r, 0, 2) ? channels : 48), (int)rows,
                 (int)random_range(r, 0, rows), (int)left,
                 (int)random_range(r, 0, rows), (int)(2 - left));
        both[1] = net_add(&n, OP_CONV, text)->output[0];
        if (random_range(r, 0, 1))
            both[1] = net_add(&n, OP_LEAKY_RELU, "")->output[0];
        if (!graph_infer(n.graph))
            return n;
        if (shape_equal(&both[0]->shape, &both[1]->shape))
            net_join(&n, random_range(r, 0, 2) ? OP_ADD : OP_CONCAT, "", both,
                     2);
    }
    graph_output(n.graph, "y", n.last, NO_RANGE);
    return n;
}

static void test_tiles_of_rows(void)
{
    CU_ASSERT(check_drawn(draw_tiled, is_tiled) > 30);
}

static const UnitTest tests[] = {
    UNIT(test_the_answer_stays),      UNIT(test_any_passes_may_be_skipped),
    UNIT(test_passes_are_idempotent), UNIT(test_kernels_in_planned_memory),
    UNIT(test_kernels_of_images),     UNIT(test_kernels_of_turned_images),
    UNIT(test_rings_of_rows),         UNIT(test_tiles_of_rows),
};

UNIT_MAIN("passes on random networks", tests)
