/*
 * random.c - a generator of random valid networks, driven by op_info.
 *
 * Attributes are drawn by their kind, with a liking for their limits: kernels
 * of just the input's size, groups of one channel, odd paddings. What the shape
 * rule refuses is taken back and drawn again; so a new operator is covered as
 * soon as it has its row in ops.def.
 */
#include <math.h>
#include <string.h>

#include "graph/random_local.h"

#define MOST_DEGREE 3 /* x * x * x: products must not leave f32's range */

RandomOptions random_defaults(void)
{
    return (RandomOptions){ .least_nodes = 1,
                            .most_nodes = 10,
                            .most_elements = 12000,
                            .most_macs = 1000000 };
}

/* ---- draws --------------------------------------------------------------------- */

static Tensor *draw_value(Maker *m)
{
    int64_t last = m->values.count - 1;
    if (!chance(m, 3)) /* the newest: long chains */
        return m->values.at[last];
    return m->values.at[random_range(&m->random, 0, last)];
}

/* ---- nodes ------------------------------------------------------------------------------ */

static int degree_of(const Maker *m, const Tensor *tensor)
{
    return tensor->id < m->degrees.count ? m->degrees.at[tensor->id] : 1;
}

static void set_degree(Maker *m, const Tensor *tensor, int degree)
{
    while (m->degrees.count <= tensor->id)
        vec_push(&m->degrees, 1);
    m->degrees.at[tensor->id] = degree;
}

/* Where a node's result may leave the range of its inputs. */
static int degree_made(const Maker *m, const Node *node)
{
    int sum = 0, most = 1;
    for (int i = 0; i < node->data_count; i++) {
        int degree = degree_of(m, node->input[i]);
        sum += degree;
        most = degree > most ? degree : most;
    }
    switch ((int)node->op) {
    case OP_MUL:
    case OP_MATMUL: return sum;
    case OP_SQUARE:
    case OP_REDUCE_SUM_SQUARE: return 2 * sum;
    case OP_REDUCE_PROD: return MOST_DEGREE;
    }
    return most;
}

/* Of many factors. */
static bool is_large_product(const Node *node)
{
    return node->op == OP_REDUCE_PROD &&
           shape_count(&node->input[0]->shape) >
               8 * shape_count(&node->output[0]->shape);
}

static bool is_small(const Maker *m, const Node *node)
{
    for (int i = 0; i < node->input_count; i++)
        if (shape_count(&node->input[i]->shape) > m->options->most_elements)
            return false;
    return shape_count(&node->output[0]->shape) <= m->options->most_elements &&
           op_info[node->op].macs(node) <= m->options->most_macs &&
           degree_made(m, node) <= MOST_DEGREE && !is_large_product(node);
}

static Node *add_node(Maker *m, Op op, Tensor *const *inputs, int count)
{
    char path[64];
    snprintf(path, sizeof path, "%s_%d", op_info[op].name, ++m->count);
    return graph_add(m->graph, op, path, inputs, count, NULL);
}

/* The node counts if its rule takes it; else it was never there. */
static bool keep_node(Maker *m, Node *node, int tensors)
{
    if (graph_try(m->graph, node) && is_small(m, node)) {
        set_degree(m, node->output[0], degree_made(m, node));
        vec_push(&m->values, node->output[0]);
        return true;
    }
    m->graph->nodes.count--;
    m->graph->tensors.count = tensors;
    m->count--;
    return false;
}

static Tensor *make_constant(Maker *m, Shape shape)
{
    char name[32];
    int64_t count = shape_count(&shape);
    float *data;
    Tensor *tensor;
    data = mem_alloc(sizeof *data * (size_t)count);
    for (int64_t i = 0; i < count; i++)
        data[i] = (float)(0.5 + random_uniform(&m->random));
    snprintf(name, sizeof name, "constant%d", m->graph->tensors.count);
    tensor = graph_constant(m->graph, name, shape, data);
    mem_free(data);
    return tensor;
}

/* A constant that goes with x: its shape, some dimensions 1, some missing. */
static Tensor *make_fitting(Maker *m, const Tensor *x)
{
    Shape shape = { 0 };
    int from = (int)random_range(&m->random, 0, x->shape.rank);
    for (int i = from; i < x->shape.rank; i++)
        shape.dim[shape.rank++] = chance(m, 3) ? 1 : x->shape.dim[i];
    return make_constant(m, shape);
}

/* Another value of the same shape, a constant, or (rarely) anything. */
static Tensor *draw_other(Maker *m, Tensor *x)
{
    Tensor *candidate = draw_value(m);
    for (int tries = 0;
         tries < 8 &&
         (candidate == x || !shape_equal(&candidate->shape, &x->shape));
         tries++)
        candidate = draw_value(m);
    if (chance(m, 8) ||
        (candidate != x && shape_equal(&candidate->shape, &x->shape)))
        return candidate;
    return make_fitting(m, x);
}

/* ---- truth values ---------------------------------------------------------------------- */

static const bool takes_bools[OP_COUNT] = {
    [OP_WHERE] = true, /* the first one */
#define TRUTH(id, name, inputs, of_bools, ...) [OP_##id] = (of_bools),
#include "graph/ops.def"
};

static Tensor *make_truth_constant(Maker *m, const Tensor *x)
{
    Tensor *made = make_fitting(m, x);
    float *data = NEW_N(m->graph->arena, float, shape_count(&made->shape));
    for (int64_t i = 0; i < shape_count(&made->shape); i++)
        data[i] = chance(m, 2) ? 1 : 0;
    made->type = DT_BOOL;
    made->data = data;
    return made;
}

/* One that goes with x: one that is there, a comparison, rarely a constant. */
static Tensor *draw_truth(Maker *m, Tensor *x)
{
    static const Op relations[] = { OP_EQUAL, OP_LESS, OP_LESS_EQUAL,
                                    OP_GREATER, OP_GREATER_EQUAL };
    int tensors;
    Node *node;
    for (int tries = 0; tries < 4; tries++) {
        Tensor *value = draw_value(m);
        if (value->type == DT_BOOL && shape_equal(&value->shape, &x->shape))
            return value;
    }
    if (chance(m, 5))
        return make_truth_constant(m, x);
    Tensor *inputs[2] = { x, draw_other(m, x) };
    tensors = m->graph->tensors.count;
    node = add_node(m, PICK(m, relations), inputs, 2);
    return keep_node(m, node, tensors) ? node->output[0] : x;
}

static void draw_truths(Maker *m, Op op, Tensor **inputs, int count)
{
    Tensor *x = inputs[0];
    for (int i = 0; i < count; i++)
        if (takes_bools[op] && (op != OP_WHERE || i == 0))
            inputs[i] = draw_truth(m, x);
    if (op == OP_WHERE)
        inputs[random_range(&m->random, 1, 2)] = x;
}

/* Where an input must lie for a result of its size, and for errors that stay
 * small; everywhere, where there is no row. */
static const struct {
    Op op;
    int input;
    double low, high;
} domains[] = {
    { OP_DIV, 1, 0.5, 2 },
    { OP_RECIPROCAL, 0, 0.5, 2 },
    { OP_EXP, 0, -8, 1 },
    { OP_LOG, 0, 0.125, 64 },
    { OP_SQRT, 0, 0.0625, 64 },
    { OP_REDUCE_PROD, 0, 0.5, 2 },
    { OP_REDUCE_LOG_SUM, 0, 0.5, 2 },
    { OP_TAN, 0, -1.25, 1.25 },
    { OP_SIN, 0, -8, 8 },
    { OP_COS, 0, -8, 8 },
    { OP_ASIN, 0, -0.9375, 0.9375 },
    { OP_ACOS, 0, -0.9375, 0.9375 },
    { OP_ATANH, 0, -0.9375, 0.9375 },
    { OP_ACOSH, 0, 1.0625, 64 },
    { OP_SINH, 0, -2, 2 },
    { OP_COSH, 0, -2, 2 },
    { OP_POW, 0, 0.5, 2 },
    { OP_POW, 1, -2, 2 },
    { OP_FMOD, 1, 0.5, 2 },
};

/* The input, clipped to where it must lie; constants are from 0.5 to 1.5. */
static Tensor *clip_to_domain(Maker *m, Op op, int input, Tensor *x)
{
    for (int i = 0; i < (int)COUNT_OF(domains); i++) {
        int tensors = m->graph->tensors.count;
        Node *clip;
        if (domains[i].op != op || domains[i].input != input ||
            x->kind == TENSOR_CONSTANT)
            continue;
        clip = add_node(m, OP_CLIP, &x, 1);
        node_attrs(clip, UnaryAttrs)->p = domains[i].low;
        node_attrs(clip, UnaryAttrs)->q = domains[i].high;
        return keep_node(m, clip, tensors) ? clip->output[0] : x;
    }
    return x;
}

/* x with its last two dimensions exchanged. */
static Tensor *make_transposed(Maker *m, Tensor *x)
{
    int tensors = m->graph->tensors.count, rank = x->shape.rank;
    Node *node = add_node(m, OP_TRANSPOSE, &x, 1);
    IntList *perm = &node_attrs(node, TransposeAttrs)->perm;
    perm->count = rank;
    for (int i = 0; i < rank; i++)
        perm->at[i] = i < rank - 2 ? i : 2 * rank - 3 - i;
    return keep_node(m, node, tensors) ? node->output[0] : x;
}

/* The other operand of a product with x: its transposition, or a constant,
 * which may stand on either side. */
static void draw_factors(Maker *m, Tensor **inputs)
{
    Tensor *x = inputs[0];
    const int rank = x->shape.rank;
    Shape shape = { 0 };
    if (rank > 1 && chance(m, 2)) {
        inputs[1] = make_transposed(m, x);
        return;
    }
    for (int i = 0; i < rank - 2 && chance(m, 2); i++)
        shape.dim[shape.rank++] = chance(m, 2) ? 1 : x->shape.dim[i];
    if (rank > 1 && chance(m, 3)) { /* constant x [k, n] */
        shape.dim[shape.rank++] = draw_extent(m);
        shape.dim[shape.rank++] = x->shape.dim[rank - 2];
        inputs[0] = make_constant(m, shape);
        inputs[1] = x;
        return;
    }
    shape.dim[shape.rank++] = channels_of(x);
    if (shape.rank > 1 || !chance(m, 3))
        shape.dim[shape.rank++] = draw_extent(m);
    inputs[1] = make_constant(m, shape);
}

/* An input of the network, made small enough to weigh sums with. */
static Tensor *make_weight(Maker *m, const Tensor *parameter)
{
    char name[16];
    Tensor *input;
    Node *node;
    snprintf(name, sizeof name, "weight%d", m->graph->inputs.count);
    input = graph_input(m->graph, name, DT_F32, parameter->shape, NULL);
    node = add_node(m, OP_CONVERT, &input, 1);
    node_attrs(node, ConvertAttrs)->scale =
        parameter->init_fan_in > 0 ? 1 / sqrt(parameter->init_fan_in) : 0.5;
    if (!graph_try(m->graph, node))
        BUG("the shape rule refuses a weight");
    return node->output[0];
}

/* Weights that are computed rather than bound. Not a variance: it would have to
 * be positive. */
static void give_weights(Maker *m, Node *node)
{
    for (int i = node->data_count; i < node->input_count; i++)
        if (node->input[i]->kind == TENSOR_PARAMETER && chance(m, 2) &&
            node->input[i]->init_value == 0)
            node->input[i] = make_weight(m, node->input[i]);
    set_degree(m, node->output[0], MOST_DEGREE);
    graph_sort(m->graph);
}

static bool try_op_on(Maker *m, Op op, Tensor *x)
{
    enum { MOST = 4 };
    const OpInfo *info = &op_info[op];
    Tensor *inputs[MOST];
    int tensors, count = info->least_inputs;
    Node *node;
    inputs[0] = x;
    if (info->least_inputs < info->most_inputs)
        count = (int)random_range(&m->random, count,
                                  info->most_inputs < MOST ? info->most_inputs
                                                           : MOST);
    for (int i = 1; i < count; i++)
        inputs[i] = draw_other(m, inputs[0]);
    if (op == OP_MATMUL)
        draw_factors(m, inputs);
    if (takes_bools[op])
        draw_truths(m, op, inputs, count);
    for (int i = 0; i < count; i++)
        inputs[i] = clip_to_domain(m, op, i, inputs[i]);
    tensors = m->graph->tensors.count;
    node = add_node(m, op, inputs, count);
    for (int i = 0; i < info->attr_count; i++)
        if (!info->attrs[i].fallback || chance(m, 2))
            random_attr(m, node, &info->attrs[i]);
    if (!keep_node(m, node, tensors))
        return false;
    if (node->input_count > node->data_count && chance(m, 6))
        give_weights(m, node);
    return true;
}

/* ---- channels first ------------------------------------------------------------------------ */

static const bool of_images[OP_COUNT] = {
    [OP_CONV] = true,      [OP_MAXPOOL] = true,        [OP_AVGPOOL] = true,
    [OP_BATCHNORM] = true, [OP_UPSAMPLE] = true,       [OP_PAD] = true,
    [OP_LPPOOL] = true,    [OP_CONV_TRANSPOSE] = true,
};

/* Channels go from the first of three dimensions to the last, or back. */
static Node *add_turn(Maker *m, Tensor *x, bool back)
{
    Node *node = add_node(m, OP_TRANSPOSE, &x, 1);
    IntList *perm = &node_attrs(node, TransposeAttrs)->perm;
    const int first = x->shape.rank - 3;
    perm->count = x->shape.rank;
    for (int d = 0; d < perm->count; d++)
        perm->at[d] = d < first ? d : first + (d - first + (back ? 2 : 1)) % 3;
    return node;
}

/* transpose -> op -> transpose; nothing where the rule refuses the op. */
static bool try_turned(Maker *m, Op op, Tensor *x)
{
    const int nodes = m->graph->nodes.count, values = m->values.count;
    const int tensors = m->graph->tensors.count, count = m->count;
    Node *turn = add_turn(m, x, false);
    if (keep_node(m, turn, tensors) && try_op_on(m, op, turn->output[0])) {
        Tensor *result = m->values.at[m->values.count - 1];
        m->values.count = values; /* nobody else reads what is turned */
        turn = add_turn(m, result, true);
        return keep_node(m, turn, m->graph->tensors.count - 1);
    }
    m->graph->nodes.count = nodes;
    m->graph->tensors.count = tensors;
    m->values.count = values;
    m->count = count;
    return false;
}

static bool try_op(Maker *m, Op op)
{
    Tensor *x = draw_value(m);
    if (m->options->channels_first && of_images[op] && x->shape.rank >= 3)
        return try_turned(m, op, x);
    return try_op_on(m, op, x);
}

static bool is_allowed(const Maker *m, Op op)
{
    static const bool is_step[OP_COUNT] = {
        [OP_ARGMAX] = true, [OP_ARGMIN] = true, [OP_HARDMAX] = true,
        [OP_FLOOR] = true,  [OP_CEIL] = true,   [OP_ROUND] = true,
        [OP_SIGN] = true,   [OP_SHRINK] = true, [OP_THRESHOLDED_RELU] = true,
        [OP_WHERE] = true, /* by what decides it */
#define TRUTH(id, ...) [OP_##id] = true,
#include "graph/ops.def"
    };
    if (is_step[op] && !m->options->steps)
        return false;
    return !m->options->only || m->options->only[op];
}

/* Operators with more attributes have more to go wrong. */
static Op draw_op(Maker *m)
{
    int64_t sum = 0, at;
    for (int op = 0; op < OP_COUNT; op++)
        sum += is_allowed(m, (Op)op) ? 1 + op_info[op].attr_count : 0;
    at = random_range(&m->random, 0, sum - 1);
    for (int op = 0; op < OP_COUNT; op++) {
        at -= is_allowed(m, (Op)op) ? 1 + op_info[op].attr_count : 0;
        if (at < 0)
            return (Op)op;
    }
    BUG("no operator to draw from");
}

/* Each operator gets many tries, so that those with strict rules come up as
 * often as the others. */
static void grow(Maker *m)
{
    enum { PATIENCE = 100, TRIES = 50 };
    const int64_t wanted = random_range(&m->random, m->options->least_nodes,
                                        m->options->most_nodes);
    for (int i = 0; i < PATIENCE && m->graph->nodes.count < wanted; i++) {
        Op op = draw_op(m);
        for (int k = 0; k < TRIES && !try_op(m, op); k++)
            ;
    }
}

/* ---- inputs and outputs --------------------------------------------------------------------- */

static void add_input(Maker *m, int number)
{
    char name[16];
    Shape shape = { 0 };
    const bool bytes = chance(m, 4);
    const int batch_chance = m->options->channels_first ? 2 : 4;
    Tensor *tensor;
    snprintf(name, sizeof name, "in%d", number);
    shape.rank = chance(m, 5)              ? (int)random_range(&m->random, 1, 2)
                 : chance(m, batch_chance) ? 4
                                           : 3;
    do {
        for (int i = 0; i < shape.rank; i++)
            shape.dim[i] = draw_extent(m);
        if (shape.rank == 4) /* a batch */
            shape.dim[0] = random_range(&m->random, 1, 3);
    } while (shape_count(&shape) > m->options->most_elements);
    tensor = graph_input(m->graph, name, bytes ? DT_U8 : DT_F32, shape, NULL);
    if (m->options->steps && chance(m, 8)) {
        static const DType others[] = { DT_BOOL, DT_I8, DT_I32, DT_I64 };
        tensor->type = PICK(m, others);
    }
    if (bytes) {
        int tensors = m->graph->tensors.count;
        Node *node = add_node(m, OP_CONVERT, &tensor, 1);
        node_attrs(node, ConvertAttrs)->scale = 1.0 / 255;
        keep_node(m, node, tensors);
    } else {
        vec_push(&m->values, tensor);
    }
}

static void add_outputs(Maker *m)
{
    int number = 0;
    for (int i = 0; i < m->values.count; i++)
        if (m->values.at[i]->kind == TENSOR_INPUT && !m->values.at[i]->uses) {
            int tensors = m->graph->tensors.count;
            Tensor *x = m->values.at[i];
            Op op = x->type == DT_F32 ? OP_RELU : OP_CONVERT;
            keep_node(m, add_node(m, op, &x, 1), tensors);
        }
    graph_count_uses(m->graph);
    for (int i = 0; i < m->values.count; i++) {
        Tensor *value = m->values.at[i];
        char name[16];
        if (value->kind != TENSOR_VALUE || (value->uses && !chance(m, 6)))
            continue;
        snprintf(name, sizeof name, "out%d", number++);
        graph_output(m->graph, name, value, NO_RANGE);
    }
}

Graph *graph_random(Arena *arena, uint64_t seed, const RandomOptions *options)
{
    RandomOptions defaults = random_defaults();
    Maker m = { .options = options ? options : &defaults };
    char name[32];
    snprintf(name, sizeof name, "random%llu", (unsigned long long)seed);
    m.graph = graph_new(arena, name);
    random_seed(&m.random, seed);
    for (int64_t i = 0, n = random_range(&m.random, 1, 2); i < n; i++)
        add_input(&m, (int)i);
    grow(&m);
    graph_count_uses(m.graph);
    add_outputs(&m);
    graph_remove_dead(m.graph); /* constants of nodes that were refused */
    graph_init_weights(m.graph, seed);
    vec_free(&m.values);
    vec_free(&m.degrees);
    return m.graph;
}

void graph_random_inputs(const Graph *graph, uint64_t seed, double **inputs)
{
    Random random;
    random_seed(&random, seed);
    for (int i = 0; i < graph->inputs.count; i++) {
        const Tensor *tensor = graph->inputs.at[i];
        const int64_t count = shape_count(&tensor->shape);
        for (int64_t j = 0; j < count; j++)
            inputs[i][j] =
                tensor->type == DT_F32
                    ? (double)(float)(2 * random_uniform(&random) - 1)
                : tensor->type == DT_BOOL
                    ? (double)random_range(&random, 0, 1)
                    : (double)random_range(&random, 0,
                                           tensor->type == DT_I8 ? 127 : 255);
    }
}
