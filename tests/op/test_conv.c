/*
 * test_conv.c - the reference of convolution against another formula.
 *
 * The other one scatters: every input pixel goes through every tap to the
 * output that it contributes to, if there is one, with weights in the order
 * [oc][c][kh][kw].
 */
#include "base/capture.h"
#include "net.h"
#include "unit.h"

#include <math.h>

/* One direction: the output that input i reaches through tap k, or -1. */
static int64_t reached(int64_t i, int64_t k, const ConvAttrs *a, int dim,
                       int64_t outputs)
{
    int64_t start = i + a->pad.begin[dim] - k * a->dilation.at[dim];
    if (start < 0 || start % a->stride.at[dim] ||
        start / a->stride.at[dim] >= outputs)
        return -1;
    return start / a->stride.at[dim];
}

/* The weight that our [kh][kw][c][oc] holds for this tap. */
static double weight_at(const Node *node, int64_t oc, int64_t c, int64_t kh,
                        int64_t kw)
{
    const Shape *s = &node->input[1]->shape;
    if (node_attrs(node, ConvAttrs)->flip) {
        kh = s->dim[0] - 1 - kh;
        kw = s->dim[1] - 1 - kw;
    }
    return (double)node->input[1]
        ->data[((kh * s->dim[1] + kw) * s->dim[2] + c) * s->dim[3] + oc];
}

static void scatter_pixel(const Node *node, int64_t h, int64_t w, int64_t ic,
                          double x, double *y)
{
    const ConvAttrs *a = node_attrs(node, ConvAttrs);
    const Shape *in = &node->input[0]->shape, *out = &node->output[0]->shape;
    const int64_t block = in->dim[2] / a->groups;
    const int64_t filters = a->filters / a->groups;
    for (int64_t kh = 0; kh < a->kernel.at[0]; kh++)
        for (int64_t kw = 0; kw < a->kernel.at[1]; kw++) {
            int64_t oh = reached(h, kh, a, 0, out->dim[0]);
            int64_t ow = reached(w, kw, a, 1, out->dim[1]);
            for (int64_t f = 0; f < filters && oh >= 0 && ow >= 0; f++) {
                int64_t oc = ic / block * filters + f;
                y[(oh * out->dim[1] + ow) * out->dim[2] + oc] +=
                    x * weight_at(node, oc, ic % block, kh, kw);
            }
        }
}

static double *scattered(const Node *node, const double *x)
{
    const Shape *in = &node->input[0]->shape, *out = &node->output[0]->shape;
    const int64_t count = shape_count(out);
    double *y = mem_alloc(sizeof *y * (size_t)count);
    for (int64_t i = 0; i < count; i++)
        y[i] = node->input_count > 2
                   ? (double)node->input[2]->data[i % out->dim[2]]
                   : 0;
    for (int64_t h = 0; h < in->dim[0]; h++)
        for (int64_t w = 0; w < in->dim[1]; w++)
            for (int64_t c = 0; c < in->dim[2]; c++)
                scatter_pixel(node, h, w, c,
                              x[(h * in->dim[1] + w) * in->dim[2] + c], y);
    return y;
}

static void check(Shape shape, const char *attrs)
{
    Net n = net_new(shape);
    Node *node = net_add(&n, OP_CONV, attrs);
    const int64_t count = shape_count(&shape);
    double *x = mem_alloc(sizeof *x * (size_t)count), *expected, worst = 0;
    const double *y;
    Evaluation *e;
    Random random;
    random_seed(&random, 7);
    for (int64_t i = 0; i < count; i++)
        x[i] = random_normal(&random);
    CU_ASSERT_FATAL(net_infer(&n));
    graph_init_weights(n.graph, 3);
    y = net_run(&n, x, &e);
    expected = scattered(node, x);
    for (int64_t i = 0; i < shape_count(&n.last->shape); i++)
        worst = fmax(worst, fabs(y[i] - expected[i]));
    if (!(worst < 1e-10))
        fprintf(stderr, "\nconv(%s) on %s: off by %g\n", attrs,
                shape_show(&shape), worst);
    CU_ASSERT(worst < 1e-10);
    evaluation_free(e);
    mem_free(expected);
    mem_free(x);
    net_free(&n);
}

static void test_sizes_strides_and_paddings(void)
{
    check(SHAPE(1, 1, 1), "filters=1, kernel=1");
    check(SHAPE(5, 7, 3), "filters=4, kernel=5x7");
    check(SHAPE(7, 5, 3), "filters=4, kernel=3x2, stride=2x3");
    check(SHAPE(9, 9, 2), "filters=3, kernel=2, stride=4");
    check(SHAPE(6, 6, 2), "filters=3, kernel=3, pad=same");
    check(SHAPE(7, 8, 2), "filters=3, kernel=4, stride=2, pad=same");
    check(SHAPE(5, 5, 2), "filters=3, kernel=3, pad=[0, 1, 2, 3]");
    check(SHAPE(3, 3, 2), "filters=3, kernel=2, pad=4, stride=3");
    check(SHAPE(6, 7, 17), "filters=33, kernel=3, bias=no");
}

static void test_dilation(void)
{
    check(SHAPE(9, 9, 2), "filters=3, kernel=3, dilation=2");
    check(SHAPE(9, 9, 2), "filters=3, kernel=3x2, dilation=4x3, pad=same");
    check(SHAPE(4, 4, 2), "filters=3, kernel=3, dilation=5, pad=5, stride=2");
}

static void test_groups(void)
{
    check(SHAPE(5, 5, 6), "filters=4, kernel=3, groups=2");
    check(SHAPE(5, 5, 6), "filters=6, kernel=3, groups=6, pad=1");
    check(SHAPE(5, 5, 6), "filters=12, kernel=3, groups=6, bias=no");
    check(SHAPE(5, 5, 15), "filters=3, kernel=3, groups=3, stride=2");
}

static void test_flip_reads_the_weights_backwards(void)
{
    check(SHAPE(5, 7, 3), "filters=4, kernel=3x2, flip=yes, pad=same");
    check(SHAPE(5, 7, 4), "filters=4, kernel=3x4, flip=yes, groups=4");
}

/* sum over a of x(a) w(t - a), with x = 1 2 3 4 and w = 1 10 100 */
static void test_flip_is_the_textbooks_convolution(void)
{
    static const float weight[] = { 1, 10, 100 };
    static const double x[] = { 1, 2, 3, 4 };
    Net n = net_new(SHAPE(1, 4, 1));
    Node *node =
        net_add(&n, OP_CONV, "filters=1, kernel=1x3, flip=yes, bias=no");
    const double *y;
    Evaluation *e;
    CU_ASSERT_FATAL(net_infer(&n));
    net_set(&n, node->input[1], weight);
    y = net_run(&n, x, &e);
    CU_ASSERT_EQUAL(y[0], 3 * 1 + 2 * 10 + 1 * 100);
    CU_ASSERT_EQUAL(y[1], 4 * 1 + 3 * 10 + 2 * 100);
    evaluation_free(e);
    net_free(&n);
}

/* The same numbers as a parameter, and as an input of the network. */
static void test_weights_may_be_computed(void)
{
    double x[5 * 6 * 4], w[3 * 3 * 2 * 6];
    Net bound = net_new(SHAPE(5, 6, 4)), given = net_new(SHAPE(5, 6, 4));
    const char *attrs = "filters=6, kernel=3, groups=2, pad=1";
    Node *first = net_add(&bound, OP_CONV, attrs), *second;
    const double *in[2] = { x, w };
    Evaluation *e, *f;
    Random random;
    random_seed(&random, 5);
    for (size_t i = 0; i < COUNT_OF(x); i++)
        x[i] = random_normal(&random);
    CU_ASSERT_FATAL(net_infer(&bound));
    graph_init_weights(bound.graph, 3);
    for (size_t i = 0; i < COUNT_OF(w); i++)
        w[i] = (double)first->input[1]->data[i];
    Tensor *inputs[] = { given.last,
                         net_input(&given, "w", first->input[1]->shape) };
    second = net_join(&given, OP_CONV, attrs, inputs, 2);
    second->data_count = 1; /* w stands where the parameter would */
    CU_ASSERT_FATAL(net_infer(&given));
    graph_verify(given.graph, "attached");
    net_set(&given, second->input[2], first->input[2]->data);
    const double *y = net_run(&bound, x, &e);
    f = graph_evaluate(given.graph, in);
    const double *z = evaluation_value(f, given.last);
    CU_ASSERT(memcmp(y, z, sizeof *y * 5 * 6 * 6) == 0);
    evaluation_free(e);
    evaluation_free(f);
    net_free(&bound);
    net_free(&given);
}

static void test_computed_weights_of_another_shape_are_refused(void)
{
    Net n = net_new(SHAPE(5, 6, 4));
    Tensor *inputs[] = { n.last, net_input(&n, "w", SHAPE(3, 3, 4, 5)) };
    net_join(&n, OP_CONV, "filters=6, kernel=3", inputs, 2)->data_count = 1;
    capture_start(DIAG_PLAIN);
    CU_ASSERT_FALSE(net_infer(&n));
    char *text = capture_end();
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "'w' is [3, 3, 4, 5], but 'conv' needs [3, 3, 4, 6]"));
    free(text);
    net_free(&n);
}

static void test_macs_count_every_tap(void)
{
    Net n = net_new(SHAPE(28, 28, 1));
    net_add(&n, OP_CONV, "filters=6, kernel=5x5, pad=same");
    net_add(&n, OP_CONV, "filters=12, kernel=3, groups=6, stride=2");
    CU_ASSERT_FATAL(net_infer(&n));
    CU_ASSERT_EQUAL(graph_macs(n.graph), 28 * 28 * 6 * 25 + 13 * 13 * 12 * 9);
    CU_ASSERT_EQUAL(graph_parameters(n.graph), 6 * 25 + 6 + 12 * 9 * 1 + 12);
    net_free(&n);
}

static const UnitTest tests[] = {
    UNIT(test_sizes_strides_and_paddings),
    UNIT(test_dilation),
    UNIT(test_groups),
    UNIT(test_flip_reads_the_weights_backwards),
    UNIT(test_flip_is_the_textbooks_convolution),
    UNIT(test_weights_may_be_computed),
    UNIT(test_computed_weights_of_another_shape_are_refused),
    UNIT(test_macs_count_every_tap),
};
UNIT_MAIN("convolution", tests)
