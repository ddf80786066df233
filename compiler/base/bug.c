/*
 * bug.c - the way out when the compiler itself is wrong.
 *
 *     cnnc: internal error: no operator 99 (compiler/graph/verify.c:12)
 *     in kernel 'conv1'
 *     This is a fault of cnnc. Please report it with the input that shows it.
 */
#include "base/base.h"

#include <stdlib.h>

const char *bug_context;

void bug_at(const char *file, int line, const char *format, ...)
{
    static bool inside;
    va_list list;

    if (inside) /* a fault while cleaning up after a fault */
        _Exit(EXIT_FAULT);
    inside = true;
    progress_end();
    diag_flush();
    fputs("cnnc: internal error: ", stderr);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fprintf(stderr, " (%s:%d)\n", file, line);
    if (bug_context)
        fprintf(stderr, "%s\n", bug_context);
    fputs("This is a fault of cnnc. Please report it with the input that "
          "shows it.\n",
          stderr);
    file_abandon();
    exit(EXIT_FAULT);
}
