/*
 * capture.h - reads back what diagnostics print.
 *
 *     capture_start(DIAG_PLAIN);
 *     diag_error(range, "too large");
 *     capture_is("a.cnn:1:1: error: too large\n" ...);
 */
#ifndef CNNC_TESTS_BASE_CAPTURE_H
#define CNNC_TESTS_BASE_CAPTURE_H

#include "base/base.h"

#include <stdlib.h>
#include <string.h>

static FILE *capture_stream;
static char *capture_text;
static size_t capture_size;

static inline void capture_start_with(DiagOptions options)
{
    capture_stream = open_memstream(&capture_text, &capture_size);
    options.stream = capture_stream;
    diag_set_options(options);
    diag_reset();
}

static inline void capture_start(DiagStyle style)
{
    capture_start_with((DiagOptions){ .style = style });
}

/* What was printed since the start; to be freed. Ends the capture. */
static inline char *capture_end(void)
{
    diag_flush();
    diag_set_options((DiagOptions){ .style = DIAG_PLAIN });
    diag_reset();
    fclose(capture_stream);
    return capture_text;
}

static inline bool capture_is(const char *expected)
{
    char *text = capture_end();
    bool same = strcmp(text, expected) == 0;
    if (!same)
        fprintf(stderr, "\nexpected:\n%s\nprinted:\n%s\n", expected, text);
    free(text);
    return same;
}

#endif
