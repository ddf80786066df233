/*
 * test_batch.c - layers of images on [n][h][w][c]: each image of a batch goes
 * its way by itself, and its nest is one loop deeper.
 */
#include "net.h"
#include "unit.h"

typedef struct Row {
    Op op;
    const char *attrs;
} Row;

static const Row rows[] = {
    { OP_CONV, "filters=5, kernel=3, stride=2, pad=same" },
    { OP_CONV, "filters=4, kernel=2x3, groups=2, dilation=2" },
    { OP_CONV, "filters=4, kernel=3, groups=4, pad=1, bias=no" },
    { OP_CONV_TRANSPOSE, "filters=4, kernel=4x3, stride=2, groups=2" },
    { OP_WINOGRAD_INPUT, "tile=2, left=1, right=1" },
    { OP_WINOGRAD, "filters=3, tile=4" },
    { OP_MAXPOOL, "kernel=3, stride=2, pad=1" },
    { OP_AVGPOOL, "kernel=3, stride=2, pad=1, ceil_mode=yes" },
    { OP_LPPOOL, "kernel=2, p=3" },
    { OP_GLOBAL_MAXPOOL, "" },
    { OP_GLOBAL_AVGPOOL, "" },
    { OP_PAD, "pad=[0, 1, 2, 3], value=0.5" },
    { OP_UPSAMPLE, "scale=2x3" },
    { OP_RESIZE, "size=9x5" },
    { OP_RESIZE, "size=4x13, mode=cubic, coordinates=align_corners" },
    { OP_DEPTH_TO_SPACE, "block=2" },
    { OP_DEPTH_TO_SPACE, "block=1x4, order=crd" },
    { OP_SPACE_TO_DEPTH, "block=7x3" },
    { OP_LRN, "size=3, alpha=0.5" },
    { OP_BATCHNORM, "" },
};

#define IMAGES 3
#define COUNT  (7 * 6 * 4) /* elements of an image */

/* The layer's answer on the shape; weights come from its name alone. */
static const double *run(Net *n, const Row *row, Shape shape, const double *x,
                         Evaluation **e)
{
    *n = net_new(shape);
    net_add(n, row->op, row->attrs);
    CU_ASSERT_FATAL(net_infer(n));
    graph_init_weights(n->graph, 5);
    return net_run(n, x, e);
}

static void check(const Row *row)
{
    double x[IMAGES * COUNT];
    Net all, one;
    Evaluation *e, *f;
    Random random;
    random_seed(&random, 3);
    for (size_t i = 0; i < COUNT_OF(x); i++)
        x[i] = random_normal(&random);
    const double *y = run(&all, row, SHAPE(IMAGES, 7, 6, 4), x, &e);
    for (int i = 0; i < IMAGES; i++) {
        const double *z = run(&one, row, SHAPE(7, 6, 4), x + i * COUNT, &f);
        const int64_t count = shape_count(&one.last->shape);
        CU_ASSERT_EQUAL(shape_count(&all.last->shape), IMAGES * count);
        CU_ASSERT_EQUAL(all.last->shape.dim[0], IMAGES);
        bool same = memcmp(y + i * count, z, sizeof *z * (size_t)count) == 0;
        if (!same)
            fprintf(stderr, "\n%s(%s): image %d differs\n",
                    op_info[row->op].name, row->attrs, i);
        CU_ASSERT(same);
        evaluation_free(f);
        net_free(&one);
    }
    evaluation_free(e);
    net_free(&all);
}

static void test_each_image_goes_its_way_by_itself(void)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(&rows[i]);
}

static const UnitTest tests[] = {
    UNIT(test_each_image_goes_its_way_by_itself),
};
UNIT_MAIN("batches", tests)
