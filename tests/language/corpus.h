/*
 * corpus.h - the .cnn files of the tests, and what reading one prints.
 *
 *     tests/language/errors/    with the mistakes noted in comments
 *     tests/language/golden/    with NAME.expected, the whole messages
 *     tests/language/valid/     with NAME.graph, the graph they become
 *     tests/language/format/    with NAME.expected, their standard form
 *     examples/                 what comes with the compiler
 *
 * CNNC_UPDATE=1 in the environment writes the expected files anew.
 */
#ifndef CNNC_TESTS_LANGUAGE_CORPUS_H
#define CNNC_TESTS_LANGUAGE_CORPUS_H

#include "base/capture.h"
#include "language/language.h"
#include "unit.h"

#include <glob.h>

typedef struct Corpus {
    glob_t paths;
} Corpus;

/* pattern is relative to the project's folder: "tests/language/valid/ *.cnn" */
static inline void corpus_add(Corpus *corpus, const char *pattern)
{
    Arena *arena = arena_new();
    int flags = corpus->paths.gl_pathc ? GLOB_APPEND : 0;
    glob(path_join(arena, TEST_SOURCE, pattern), flags, NULL, &corpus->paths);
    arena_free(arena);
}

static inline Corpus corpus_all(void)
{
    Corpus corpus = { 0 };
    corpus_add(&corpus, "tests/language/errors/*.cnn");
    corpus_add(&corpus, "tests/language/golden/*.cnn");
    corpus_add(&corpus, "tests/language/valid/*.cnn");
    corpus_add(&corpus, "tests/language/format/*.cnn");
    corpus_add(&corpus, "examples/*/*.cnn");
    return corpus;
}

static inline void corpus_free(Corpus *corpus)
{
    globfree(&corpus->paths);
}

/* The file as a source named by its last part, so that messages are the same
 * in every folder. */
static inline Source *corpus_source(Arena *arena, const char *path)
{
    Source *source = source_read(arena, path);
    if (source)
        source->name = path_base(arena, path);
    return source;
}

/* What reading the source prints; *good: it became a graph, in *text. */
static inline char *corpus_messages(const Source *source, bool *good,
                                    Text *text)
{
    Arena *arena = arena_new();
    Graph *graph;
    capture_start(DIAG_PLAIN);
    graph = lang_read(arena, source);
    *good = graph != NULL;
    if (graph && text)
        graph_print(text, graph);
    graph_free(graph);
    arena_free(arena);
    return capture_end();
}

static inline char *corpus_file(Arena *arena, const char *path)
{
    size_t size;
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    fclose(file);
    char *data = file_read(arena, path, 1 << 24, &size);
    return data ? arena_textn(arena, data, size) : NULL;
}

/* Whether the text is what the file says; with CNNC_UPDATE it becomes that. */
static inline bool corpus_expects(const char *path, const char *text)
{
    Arena *arena = arena_new();
    const char *expected = corpus_file(arena, path);
    bool same = expected && strcmp(expected, text) == 0;
    if (!same && getenv("CNNC_UPDATE")) {
        FILE *file = fopen(path, "wb");
        same = file && fputs(text, file) >= 0;
        if (file)
            same &= fclose(file) == 0;
    } else if (!same) {
        fprintf(stderr, "\n%s expects:\n%s\ngot:\n%s\n", path,
                expected ? expected : "(no file)", text);
    }
    arena_free(arena);
    return same;
}

#endif
