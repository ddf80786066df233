/*
 * test_pool.c - the references of the pools against a padded copy.
 *
 * The copy marks each pixel as one of the input, of the padding, or (behind a
 * window that ceil_mode lets hang over) of nothing.
 */
#include "net.h"
#include "unit.h"

#include <math.h>

typedef enum Mark { NOTHING, PADDING, INPUT } Mark;

static Mark mark_of(const Pad *pad, const Shape *in, int64_t h, int64_t w)
{
    if (h >= pad->begin[0] + in->dim[0] + pad->end[0] ||
        w >= pad->begin[1] + in->dim[1] + pad->end[1])
        return NOTHING;
    return h >= pad->begin[0] && h < pad->begin[0] + in->dim[0] &&
                   w >= pad->begin[1] && w < pad->begin[1] + in->dim[1]
               ? INPUT
               : PADDING;
}

/* The window of any of the pools: their attributes begin alike. */
typedef struct Window {
    const Size *kernel, *stride, *dilation;
    const Pad *pad;
} Window;

static Window window_of(const Node *node)
{
    if (node->op == OP_MAXPOOL) {
        const MaxpoolAttrs *a = node_attrs(node, MaxpoolAttrs);
        return (Window){ &a->kernel, &a->stride, &a->dilation, &a->pad };
    }
    if (node->op == OP_LPPOOL) {
        const LppoolAttrs *a = node_attrs(node, LppoolAttrs);
        return (Window){ &a->kernel, &a->stride, &a->dilation, &a->pad };
    }
    const AvgpoolAttrs *a = node_attrs(node, AvgpoolAttrs);
    return (Window){ &a->kernel, &a->stride, &a->dilation, &a->pad };
}

typedef struct Pixels {
    double most, sum, powers;
    int64_t inputs, paddings;
} Pixels;

/* What lies under the window whose corner is (top, left) of the padded copy. */
static Pixels under(const double *x, const Shape *in, const Window *win,
                    int64_t top, int64_t left, int64_t c, double power)
{
    Pixels p = { -INFINITY, 0, 0, 0, 0 };
    const Pad *pad = win->pad;
    for (int64_t kh = 0; kh < win->kernel->at[0]; kh++)
        for (int64_t kw = 0; kw < win->kernel->at[1]; kw++) {
            int64_t h = top + kh * win->dilation->at[0];
            int64_t w = left + kw * win->dilation->at[1];
            Mark mark = mark_of(pad, in, h, w);
            p.inputs += mark == INPUT;
            p.paddings += mark == PADDING;
            if (mark == INPUT) {
                double v =
                    x[((h - pad->begin[0]) * in->dim[1] + w - pad->begin[1]) *
                          in->dim[2] +
                      c];
                p.sum += v;
                p.powers += pow(fabs(v), power);
                p.most = v > p.most ? v : p.most;
            }
        }
    return p;
}

static double expected_at(const Node *node, const double *x, int64_t i)
{
    const Shape *in = &node->input[0]->shape, *out = &node->output[0]->shape;
    const Window win = window_of(node);
    int64_t c = i % out->dim[2], w = i / out->dim[2] % out->dim[1];
    int64_t h = i / out->dim[2] / out->dim[1];
    double power =
        node->op == OP_LPPOOL ? (double)node_attrs(node, LppoolAttrs)->p : 1;
    Pixels p = under(x, in, &win, h * win.stride->at[0], w * win.stride->at[1],
                     c, power);
    if (node->op == OP_MAXPOOL)
        return p.most;
    if (node->op == OP_LPPOOL)
        return pow(p.powers, 1 / power);
    bool pads = node_attrs(node, AvgpoolAttrs)->count_include_pad;
    return p.sum / (double)(p.inputs + (pads ? p.paddings : 0));
}

static void check(Op op, Shape shape, const char *attrs)
{
    Net n = net_new(shape);
    Node *node = net_add(&n, op, attrs);
    const int64_t count = shape_count(&shape);
    double *x = mem_alloc(sizeof *x * (size_t)count), worst = 0;
    const double *y;
    Evaluation *e;
    Random random;
    random_seed(&random, 11);
    for (int64_t i = 0; i < count; i++)
        x[i] = random_normal(&random) - 2; /* a zero of padding would win */
    CU_ASSERT_FATAL(net_infer(&n));
    y = net_run(&n, x, &e);
    for (int64_t i = 0; i < shape_count(&n.last->shape); i++)
        worst = fmax(worst, fabs(y[i] - expected_at(node, x, i)));
    if (!(worst < 1e-12))
        fprintf(stderr, "\n%s(%s) on %s: off by %g\n", op_info[op].name, attrs,
                shape_show(&shape), worst);
    CU_ASSERT(worst < 1e-12);
    evaluation_free(e);
    mem_free(x);
    net_free(&n);
}

static const Op pools[] = { OP_MAXPOOL, OP_AVGPOOL, OP_LPPOOL };

static void test_windows(void)
{
    for (size_t i = 0; i < COUNT_OF(pools); i++) {
        Op op = pools[i];
        check(op, SHAPE(4, 6, 3), "kernel=2");
        check(op, SHAPE(5, 7, 3), "kernel=2x3");
        check(op, SHAPE(7, 7, 2), "kernel=3, stride=2");
        check(op, SHAPE(7, 7, 2), "kernel=2, stride=3");
        check(op, SHAPE(7, 7, 2), "kernel=7");
    }
}

static void test_padding_is_no_element(void)
{
    for (size_t i = 0; i < COUNT_OF(pools); i++) {
        Op op = pools[i];
        check(op, SHAPE(7, 7, 2), "kernel=3, stride=2, pad=1");
        check(op, SHAPE(6, 7, 2), "kernel=3, stride=2, pad=same");
        check(op, SHAPE(6, 7, 2), "kernel=3x4, stride=1, pad=[0, 3, 2, 1]");
        check(op, SHAPE(1, 1, 2), "kernel=5, stride=1, pad=same");
    }
}

static void test_count_include_pad_divides_by_the_padding_too(void)
{
    check(OP_AVGPOOL, SHAPE(7, 7, 2),
          "kernel=3, stride=2, pad=1, count_include_pad=yes");
    check(OP_AVGPOOL, SHAPE(6, 7, 2),
          "kernel=3x4, stride=1, pad=[0, 3, 2, 1], count_include_pad=yes");
}

static void test_ceil_mode_never_counts_what_is_behind_the_padding(void)
{
    for (size_t i = 0; i < COUNT_OF(pools); i++) {
        Op op = pools[i];
        check(op, SHAPE(5, 6, 2), "kernel=2, ceil_mode=yes");
        check(op, SHAPE(6, 8, 2), "kernel=3, stride=2, pad=1, ceil_mode=yes");
    }
    check(OP_AVGPOOL, SHAPE(6, 8, 2),
          "kernel=3, stride=2, pad=1, ceil_mode=yes, count_include_pad=yes");
}

static void test_dilation(void)
{
    for (size_t i = 0; i < COUNT_OF(pools); i++) {
        Op op = pools[i];
        check(op, SHAPE(7, 9, 2), "kernel=3, stride=1, dilation=2");
        check(op, SHAPE(7, 9, 2), "kernel=2x3, stride=2, dilation=3x2, pad=1");
        check(op, SHAPE(8, 9, 2),
              "kernel=3, stride=2, dilation=2, pad=1, ceil_mode=yes");
    }
    check(OP_AVGPOOL, SHAPE(8, 9, 2),
          "kernel=3, stride=2, dilation=2, pad=1, ceil_mode=yes, "
          "count_include_pad=yes");
}

static void test_norms_of_any_power(void)
{
    check(OP_LPPOOL, SHAPE(5, 7, 3), "kernel=2x3, p=1");
    check(OP_LPPOOL, SHAPE(5, 7, 3), "kernel=2x3, p=3");
    check(OP_LPPOOL, SHAPE(5, 7, 3), "kernel=3, stride=2, pad=1, p=7");
}

static void test_global_pools(void)
{
    static const double x[] = { 1, -5, 2, -7, 6, -6 };
    static const Op ops[] = { OP_GLOBAL_MAXPOOL, OP_GLOBAL_AVGPOOL };
    static const double expected[2][2] = { { 6, -5 }, { 3, -6 } };
    for (int i = 0; i < 2; i++) {
        Net n = net_new(SHAPE(3, 1, 2));
        const double *y;
        Evaluation *e;
        net_add(&n, ops[i], "");
        CU_ASSERT_FATAL(net_infer(&n));
        y = net_run(&n, x, &e);
        CU_ASSERT_EQUAL(y[0], expected[i][0]);
        CU_ASSERT_EQUAL(y[1], expected[i][1]);
        evaluation_free(e);
        net_free(&n);
    }
}

static const UnitTest tests[] = {
    UNIT(test_windows),
    UNIT(test_padding_is_no_element),
    UNIT(test_count_include_pad_divides_by_the_padding_too),
    UNIT(test_ceil_mode_never_counts_what_is_behind_the_padding),
    UNIT(test_dilation),
    UNIT(test_norms_of_any_power),
    UNIT(test_global_pools),
};
UNIT_MAIN("pools", tests)
