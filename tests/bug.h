/*
 * bug.h - runs what must end in a fault of ours, in a child process.
 *
 *     char *text = bug_text(break_the_graph, &context);   NULL: there was none
 *     CU_ASSERT_PTR_NOT_NULL(strstr(text, "has no producer"));
 */
#ifndef CNNC_TESTS_BUG_H
#define CNNC_TESTS_BUG_H

#include "base/base.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child wrote to stderr, to be freed; NULL where it did not exit with
 * EXIT_FAULT. */
static inline char *bug_text(void (*run)(void *), void *context)
{
    FILE *file = tmpfile();
    char *text = calloc(1, 1 << 17);
    int status = 0;
    pid_t child;
    fflush(NULL);
    child = fork();
    if (child == 0) {
        dup2(fileno(file), STDERR_FILENO);
        run(context);
        _exit(0);
    }
    waitpid(child, &status, 0);
    rewind(file);
    if (fread(text, 1, (1 << 17) - 1, file) == 0)
        text[0] = '\0';
    fclose(file);
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAULT)
        return text;
    free(text);
    return NULL;
}

#endif
