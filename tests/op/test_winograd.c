/*
 * test_winograd.c - a convolution by tiles of a row is the convolution.
 */
#include "graph/winograd.h"
#include "op/op.h"
#include "op/shapes.h"

#include <math.h>

/* A convolution, and the two that it may become. */
typedef struct Pair {
    const char *conv, *points, *products;
    int tile, rows;
    int64_t shape[3];
} Pair;

static const Pair pairs[] = {
    { "filters=5, kernel=3, pad=1",
      "tile=4, left=1, right=1",
      "filters=5, kernel=3x1, pad=[1, 0, 1, 0], tile=4",
      4,
      3,
      { 7, 8, 3 } },
    { "filters=5, kernel=3, pad=1",
      "tile=2, left=1, right=1",
      "filters=5, kernel=3x1, pad=[1, 0, 1, 0], tile=2",
      2,
      3,
      { 7, 8, 3 } },
    { "filters=1, kernel=3",
      "tile=4",
      "filters=1, kernel=3x1, tile=4",
      4,
      3,
      { 3, 6, 1 } },
    { "filters=1, kernel=3",
      "tile=2",
      "filters=1, kernel=3x1, tile=2",
      2,
      3,
      { 3, 4, 1 } },
    { "filters=2, kernel=1x3, pad=[0, 5, 0, 1], bias=no",
      "tile=4, left=5, right=1",
      "filters=2, kernel=1x1, tile=4, bias=no",
      4,
      1,
      { 2, 8, 3 } },
    { "filters=3, kernel=5x3, stride=2x1, pad=[3, 0, 0, 13]",
      "tile=2, left=0, right=13",
      "filters=3, kernel=5x1, stride=2x1, pad=[3, 0, 0, 0], tile=2",
      2,
      5,
      { 6, 1, 2 } },
};

static const double *run(Net *n, const double *x, Evaluation **e)
{
    CU_ASSERT_FATAL(net_infer(n));
    return net_run(n, x, e);
}

static Node *last_node(const Net *n)
{
    return n->graph->nodes.at[n->graph->nodes.count - 1];
}

/* The weights of the one for the other; the bias stays. */
static void give_weights(const Pair *pair, const Net *conv, const Net *tiles)
{
    const Node *from = last_node(conv), *to = last_node(tiles);
    const int64_t *dim = from->input[1]->shape.dim, count = dim[2] * dim[3];
    const int64_t size = shape_count(&to->input[1]->shape);
    float *data = NEW_N(tiles->graph->arena, float, size);
    CU_ASSERT_EQUAL(size, pair->rows * (pair->tile + 2) * count);
    winograd_weights(pair->tile, pair->rows, count, from->input[1]->data, data);
    to->input[1]->data = data;
    if (to->input_count > 2)
        to->input[2]->data = from->input[2]->data;
}

static void check_pair(const Pair *pair)
{
    Net conv = net_new(shape_of(3, pair->shape));
    Net tiles = net_new(shape_of(3, pair->shape));
    double x[7 * 8 * 3];
    Evaluation *e, *f;
    Random random;
    random_seed(&random, 7);
    for (size_t i = 0; i < COUNT_OF(x); i++)
        x[i] = random_normal(&random);
    net_add(&conv, OP_CONV, pair->conv);
    net_add(&tiles, OP_WINOGRAD_INPUT, pair->points);
    net_add(&tiles, OP_WINOGRAD, pair->products);
    CU_ASSERT_FATAL(net_infer(&conv) && net_infer(&tiles));
    graph_init_weights(conv.graph, 5);
    give_weights(pair, &conv, &tiles);
    const double *y = run(&conv, x, &e), *z = run(&tiles, x, &f);
    CU_ASSERT_FATAL(shape_equal(&conv.last->shape, &tiles.last->shape));
    double most = 0, apart = 0;
    for (int64_t i = 0; i < shape_count(&conv.last->shape); i++) {
        most = fmax(most, fabs(y[i]));
        apart = fmax(apart, fabs(y[i] - z[i]));
    }
    CU_ASSERT(most > 0.1);
    CU_ASSERT(apart < 1e-6 * most); /* the weights are floats */
    if (!(apart < 1e-6 * most))
        fprintf(stderr, "\n%s: off by %g of %g\n", pair->products, apart, most);
    evaluation_free(e);
    evaluation_free(f);
    net_free(&conv);
    net_free(&tiles);
}

static void test_tiles_are_the_convolution(void)
{
    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        check_pair(&pairs[i]);
}

/* Of a row of ones the outer sums cancel out, their sizes do not. */
static void test_magnitudes_cancel_nothing(void)
{
    Net n = net_new(SHAPE(1, 6, 1));
    const double x[6] = { 1, 1, 1, 1, 1, 1 };
    const double *in[] = { x };
    double sizes[6];
    Evaluation *e;
    net_add(&n, OP_WINOGRAD_INPUT, "tile=4");
    const double *y = run(&n, x, &e);
    op_winograd_magnitudes(last_node(&n), in, sizes);
    CU_ASSERT_EQUAL(y[0], 0);
    CU_ASSERT_EQUAL(sizes[0], 10);
    CU_ASSERT_EQUAL(y[1], -6);
    CU_ASSERT_EQUAL(sizes[1], 10);
    CU_ASSERT_EQUAL(y[5], 0);
    CU_ASSERT_EQUAL(sizes[5], 10);
    evaluation_free(e);
    net_free(&n);
}

static void test_shapes(void)
{
    static const Row rows[] = {
        { OP_WINOGRAD_INPUT, "", 3, { 5, 10, 3 }, "[5, 12, 3]" },
        { OP_WINOGRAD_INPUT, "tile=2", 4, { 9, 5, 10, 3 }, "[9, 5, 16, 3]" },
        { OP_WINOGRAD_INPUT, "left=1, right=1", 3, { 5, 8, 3 }, "[5, 12, 3]" },
        { OP_WINOGRAD_INPUT,
          "tile=3",
          3,
          { 5, 8, 3 },
          "'tile' of 'winograd_input' must be 2 or 4, got 3" },
        { OP_WINOGRAD_INPUT,
          "",
          3,
          { 5, 8, 3 },
          "rows of 6 outputs are no whole tiles of 4" },
        { OP_WINOGRAD_INPUT,
          "",
          3,
          { 5, 2, 3 },
          "rows of 0 outputs are no whole tiles of 4" },
        { OP_WINOGRAD_INPUT,
          "left=-1",
          3,
          { 5, 8, 3 },
          "'left' of 'winograd_input' must be 0 to 1073741824, got -1" },
        { OP_WINOGRAD_INPUT,
          "right=1073741825",
          3,
          { 5, 8, 3 },
          "'right' of 'winograd_input' must be 0 to 1073741824, got 1073741825" },
        { OP_WINOGRAD, "filters=7", 3, { 5, 12, 3 }, "[3, 8, 7]" },
        { OP_WINOGRAD,
          "filters=7, kernel=2x1, stride=2x1, pad=[1, 0, 0, 0], tile=2",
          4,
          { 2, 5, 12, 3 },
          "[2, 3, 6, 7]" },
        { OP_WINOGRAD,
          "filters=7",
          3,
          { 5, 13, 3 },
          "tiles of 4 need rows of a multiple of 6 points" },
        { OP_WINOGRAD,
          "filters=7, tile=5",
          3,
          { 5, 12, 3 },
          "'tile' of 'winograd' must be 2 or 4, got 5" },
        { OP_WINOGRAD,
          "filters=7, kernel=3",
          3,
          { 5, 12, 3 },
          "'winograd' has windows of one column, without stride or padding "
          "along rows" },
        { OP_WINOGRAD,
          "filters=7, pad=1",
          3,
          { 5, 12, 3 },
          "'winograd' has windows of one column, without stride or padding "
          "along rows" },
        { OP_WINOGRAD,
          "filters=0",
          3,
          { 5, 12, 3 },
          "'filters' of 'winograd' must be at least 1, got 0" },
    };
    CHECK(rows);
}

static const UnitTest tests[] = {
    UNIT(test_tiles_are_the_convolution),
    UNIT(test_magnitudes_cancel_nothing),
    UNIT(test_shapes),
};
UNIT_MAIN("convolutions by tiles", tests)
