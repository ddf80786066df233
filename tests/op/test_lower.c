/*
 * test_lower.c - every operator's loops compute what its reference says.
 *
 * Each node of random networks becomes a program of its own; its inputs are the
 * reference's values as floats, and the interpreter checks every access.
 */
#include "graph/random.h"
#include "net.h"
#include "op/lower_local.h"
#include "unit.h"

#include <math.h>

/* Values of a tensor in its own type, and the same as double. */
typedef struct Values {
    void *typed;
    double *exact;
} Values;

static Values values_of(Arena *arena, const Tensor *tensor,
                        const double *reference)
{
    const int64_t count = shape_count(&tensor->shape);
    Values v = { arena_array(arena, (size_t)count, 8),
                 NEW_N(arena, double, count) };
    for (int64_t i = 0; i < count; i++) {
        number_store(tensor->type, v.typed, i, reference[i]);
        v.exact[i] = number_load(tensor->type, v.typed, i);
    }
    return v;
}

/* The most that an element may be off. */
static double tolerance(const Node *node, const double *expected)
{
    const Tensor *out = node->output[0];
    double most = 1;
    if (out->type != DT_F32) /* rounding at a half may go either way */
        return node->op == OP_CONVERT ? 1 : 0;
    for (int64_t i = 0; i < shape_count(&out->shape); i++)
        most = fmax(most, fabs(expected[i]));
    return most * 2e-5;
}

static bool agrees(const Node *node, const void *got, const double *expected)
{
    const Tensor *out = node->output[0];
    const double most = tolerance(node, expected);
    for (int64_t i = 0; i < shape_count(&out->shape); i++) {
        double value = number_load(out->type, got, i);
        bool same = out->type == DT_I32 && fabs(expected[i]) > 1e6
                        ? fabs(value / expected[i] - 1) < 1e-6
                        : fabs(value - expected[i]) <= most;
        if (!same) {
            fprintf(stderr, "\n'%s': element %lld is %.9g, not %.9g\n",
                    node->path, (long long)i, value, expected[i]);
            return false;
        }
    }
    return true;
}

static void add_port(Lower *l, Tensor *tensor, bool output)
{
    ProgramPort port = { .name = tensor->name, .rank = tensor->shape.rank };
    tensor->place.kind = output ? PLACE_OUTPUT : PLACE_INPUT;
    port.buffer = lower_buffer(l, tensor);
    memcpy(port.dim, tensor->shape.dim, sizeof port.dim);
    if (output)
        vec_push(&l->program->outputs, port);
    else
        vec_push(&l->program->inputs, port);
}

static Program *program_of(Arena *arena, const Graph *graph, const Node *node,
                           Tensor **inputs, int count)
{
    Program *program = program_new(arena, "test", target_find("generic"));
    Lower l = { program, graph, NULL,
                NEW_N(arena, Buffer *, graph->tensors.count) };
    for (int i = 0; i < count; i++)
        add_port(&l, inputs[i], false);
    add_port(&l, node->output[0], true);
    op_info[node->op].lower(&l, node);
    kernel_verify(l.kernel, program->target, false);
    kernel_prove(l.kernel);
    vec_push(&program->kernels, l.kernel);
    return program;
}

/* The node's inputs from outside, each once. */
static int outer_inputs(const Node *node, Tensor **inputs)
{
    int count = 0;
    for (int i = 0; i < node->input_count; i++) {
        Tensor *tensor = node->input[i];
        bool known = tensor->data;
        for (int k = 0; k < count; k++)
            known = known || inputs[k] == tensor;
        if (!known)
            inputs[count++] = tensor;
    }
    return count;
}

static bool check_node(const Graph *graph, const Node *node,
                       const Evaluation *e)
{
    Arena *arena = arena_new();
    Tensor *inputs[8];
    const void *typed[8];
    const double *exact[8];
    const Tensor *out = node->output[0];
    double *expected = NEW_N(arena, double, shape_count(&out->shape));
    void *got = arena_array(arena, (size_t)shape_count(&out->shape), 8);
    int count = outer_inputs(node, inputs);
    Program *program = program_of(arena, graph, node, inputs, count);
    for (int i = 0; i < count; i++)
        typed[i] =
            values_of(arena, inputs[i], evaluation_value(e, inputs[i])).typed;
    for (int i = 0; i < node->input_count; i++)
        exact[i] = values_of(arena, node->input[i],
                             evaluation_value(e, node->input[i]))
                       .exact;
    graph_evaluate_node(node, exact, &expected);
    program_interpret(program, typed, &got);
    bool good = agrees(node, got, expected);
    for (int i = 0; i < program->kernels.count; i++)
        kernel_free(program->kernels.at[i]);
    program_free(program);
    arena_free(arena);
    return good;
}

static bool check_graph(Graph *graph, void *context)
{
    Arena *arena = arena_new();
    double *inputs[64];
    bool good = true;
    (void)context;
    for (int i = 0; i < graph->inputs.count; i++)
        inputs[i] =
            NEW_N(arena, double, shape_count(&graph->inputs.at[i]->shape));
    graph_random_inputs(graph, 1, inputs);
    Evaluation *e = graph_evaluate(graph, (const double *const *)inputs);
    for (int n = 0; n < graph->nodes.count; n++)
        good = check_node(graph, graph->nodes.at[n], e) && good;
    evaluation_free(e);
    arena_free(arena);
    return good;
}

static bool fails(Graph *graph, void *context)
{
    return !check_graph(graph, context);
}

static void check_seeds(uint64_t first, uint64_t last,
                        const RandomOptions *options)
{
    for (uint64_t seed = first; seed <= last; seed++) {
        Arena *arena = arena_new();
        Graph *graph = graph_random(arena, seed, options);
        bool good = check_graph(graph, NULL);
        CU_ASSERT(good);
        if (!good) {
            Graph *small = graph_shrink(graph, fails, NULL);
            Text text = { 0 };
            graph_print(&text, small);
            fprintf(stderr, "\nseed %llu shrinks to\n%s\n",
                    (unsigned long long)seed, text_get(&text));
            text_free(&text);
            graph_free(small);
        }
        graph_free(graph);
        arena_free(arena);
    }
}

static void test_random_networks(void)
{
    RandomOptions options = random_defaults();
    options.most_elements = 3000;
    options.most_macs = 100000;
    options.steps = true;
    check_seeds(1, 120, &options);
}

/* Each operator by itself, so that none is too rare to be seen. */
static void test_every_operator(void)
{
    RandomOptions options = random_defaults();
    options.most_elements = 3000;
    options.most_macs = 100000;
    options.steps = true;
    options.least_nodes = 2;
    options.most_nodes = 3;
    for (int op = 0; op < OP_COUNT; op++) {
        bool only[OP_COUNT] = { false };
        only[op] = true;
        options.only = only;
        check_seeds(1000, 1007, &options);
    }
}

static const UnitTest tests[] = {
    UNIT(test_random_networks),
    UNIT(test_every_operator),
};
UNIT_MAIN("loops", tests)
