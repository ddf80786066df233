/*
 * shapes.h - rows of a node on one input, and its shape or what is said of it.
 *
 *     { OP_DENSE, "units=10", 1, { 400 }, "[10]" }
 */
#ifndef CNNC_TESTS_OP_SHAPES_H
#define CNNC_TESTS_OP_SHAPES_H

#include "base/capture.h"
#include "net.h"
#include "unit.h"

/* One node on one input: its shape, or the first line of the error. */
typedef struct Row {
    Op op;
    const char *attrs;
    int rank;
    int64_t in[MAX_RANK];
    const char *expected;
} Row;

static inline char *outcome(const Row *row)
{
    Net n = net_new(shape_of(row->rank, row->in));
    char *text, *end;
    bool good;
    Text result = { 0 };
    net_add(&n, row->op, row->attrs);
    capture_start(DIAG_PLAIN);
    good = net_infer(&n);
    text = capture_end();
    end = strchr(text, '\n');
    if (good) {
        CU_ASSERT_STRING_EQUAL(text, "");
        shape_text(&result, &n.last->shape);
    } else {
        CU_ASSERT(n.last->poisoned);
        CU_ASSERT_EQUAL_FATAL(strncmp(text, "cnnc: error: ", 13), 0);
        text_addn(&result, text + 13, (size_t)(end - text) - 13);
    }
    free(text);
    text = strdup(text_get(&result));
    text_free(&result);
    net_free(&n);
    return text;
}

static inline void check(const Row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *text = outcome(&rows[i]);
        bool same = strcmp(text, rows[i].expected) == 0;
        if (!same)
            fprintf(stderr,
                    "\n%s(%s) on rank %d: expected\n    %s\ngot\n    "
                    "%s\n",
                    op_info[rows[i].op].name, rows[i].attrs, rows[i].rank,
                    rows[i].expected, text);
        CU_ASSERT(same);
        free(text);
    }
}

#define CHECK(rows) check((rows), COUNT_OF(rows))

#endif
