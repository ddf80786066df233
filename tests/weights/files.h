/*
 * files.h - files and folders for the tests of weights and data sets.
 */
#ifndef TESTS_WEIGHTS_FILES_H
#define TESTS_WEIGHTS_FILES_H

#include "base/base.h"
#include "base/capture.h"
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A file's path within a folder of this test's own, made when needed. */
static inline const char *scratch(const char *name)
{
    static char paths[8][4096], folder[2048];
    static int next;
    char *path = paths[next++ % 8];

    if (!folder[0]) {
        snprintf(folder, sizeof folder, "%s/tests/%s-files", TEST_BUILD,
                 strrchr("/" __BASE_FILE__, '/') + 1);
        REQUIRE(mkdir(folder, 0777) == 0 || errno == EEXIST);
    }
    snprintf(path, sizeof paths[0], "%s%s%s", folder, name[0] ? "/" : "", name);
    return path;
}

static inline void save(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    REQUIRE(file != NULL);
    REQUIRE(fwrite(data, 1, size, file) == size);
    REQUIRE(fclose(file) == 0);
}

/* The text that was printed since capture_start has this in it. */
static inline bool capture_has(const char *part)
{
    char *text = capture_end();
    bool has = strstr(text, part) != NULL;
    if (!has)
        fprintf(stderr, "\nexpected a part:\n%s\nprinted:\n%s\n", part, text);
    free(text);
    return has;
}

#endif
