/*
 * references.h - a node's reference against values that were computed by hand.
 *
 *     one(OP_RELU, "", SHAPE(2), LIST(-1, 2), LIST(0, 2));
 */
#ifndef CNNC_TESTS_OP_REFERENCES_H
#define CNNC_TESTS_OP_REFERENCES_H

#include "net.h"
#include "unit.h"

#include <math.h>

static inline bool is_close(double a, double b)
{
    return a == b || fabs(a - b) <= 1e-14 * fmax(1, fabs(b)) ||
           (isnan(a) && isnan(b));
}

static inline void compare(const char *what, const double *y,
                           const double *expected, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        bool same = is_close(y[i], expected[i]);
        if (!same)
            fprintf(stderr, "\n%s: element %lld is %.17g, expected %.17g\n",
                    what, (long long)i, y[i], expected[i]);
        CU_ASSERT(same);
    }
}

/* Runs what net_add appended last. */
static inline void expect(Net *n, const double *x, const double *expected)
{
    const double *y;
    Evaluation *e;
    CU_ASSERT_FATAL(net_infer(n));
    y = net_run(n, x, &e);
    compare(op_info[n->graph->nodes.at[0]->op].name, y, expected,
            shape_count(&n->last->shape));
    evaluation_free(e);
    net_free(n);
}

static inline void one(Op op, const char *attrs, Shape shape, const double *x,
                       const double *expected)
{
    Net n = net_new(shape);
    net_add(&n, op, attrs);
    expect(&n, x, expected);
}

#define LIST(...) ((const double[]){ __VA_ARGS__ })

#endif
