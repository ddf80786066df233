/*
 * test_golden.c - whole messages, whole graphs, whole formatted files.
 *
 *     golden/add.cnn   its messages are   golden/add.expected
 *     valid/unet.cnn   its graph is       valid/unet.graph
 *     format/mess.cnn  its standard form  format/mess.expected
 *
 * CNNC_UPDATE=1 writes the files anew; the difference is then for git to show.
 */
#include "language/corpus.h"

static void test_messages_with_carets_notes_and_hints(void)
{
    Corpus corpus = { 0 };
    corpus_add(&corpus, "tests/language/golden/*.cnn");
    CU_ASSERT(corpus.paths.gl_pathc >= 12);
    for (size_t i = 0; i < corpus.paths.gl_pathc; i++) {
        Arena *arena = arena_new();
        const char *path = corpus.paths.gl_pathv[i];
        Source *source = corpus_source(arena, path);
        bool good;
        CU_ASSERT_PTR_NOT_NULL_FATAL(source);
        char *text = corpus_messages(source, &good, NULL);
        CU_ASSERT(
            corpus_expects(path_with_suffix(arena, path, ".expected"), text));
        free(text);
        arena_free(arena);
    }
    corpus_free(&corpus);
}

static void test_graphs_of_valid_files(void)
{
    Corpus corpus = { 0 };
    corpus_add(&corpus, "tests/language/valid/*.cnn");
    CU_ASSERT(corpus.paths.gl_pathc >= 6);
    for (size_t i = 0; i < corpus.paths.gl_pathc; i++) {
        Arena *arena = arena_new();
        const char *path = corpus.paths.gl_pathv[i];
        Source *source = corpus_source(arena, path);
        Text graph = { 0 };
        bool good;
        CU_ASSERT_PTR_NOT_NULL_FATAL(source);
        char *text = corpus_messages(source, &good, &graph);
        CU_ASSERT(good);
        CU_ASSERT_STRING_EQUAL(text, "");
        CU_ASSERT(corpus_expects(path_with_suffix(arena, path, ".graph"),
                                 text_get(&graph)));
        free(text);
        text_free(&graph);
        arena_free(arena);
    }
    corpus_free(&corpus);
}

static bool format_text(const Source *source, Text *text)
{
    bool good;
    capture_start(DIAG_PLAIN);
    good = lang_format(source, text);
    free(capture_end());
    return good;
}

static void test_standard_form(void)
{
    Corpus corpus = { 0 };
    corpus_add(&corpus, "tests/language/format/*.cnn");
    CU_ASSERT(corpus.paths.gl_pathc >= 3);
    for (size_t i = 0; i < corpus.paths.gl_pathc; i++) {
        Arena *arena = arena_new();
        const char *path = corpus.paths.gl_pathv[i];
        Source *source = corpus_source(arena, path);
        Text text = { 0 };
        CU_ASSERT_PTR_NOT_NULL_FATAL(source);
        CU_ASSERT(format_text(source, &text));
        CU_ASSERT(corpus_expects(path_with_suffix(arena, path, ".expected"),
                                 text_get(&text)));
        text_free(&text);
        arena_free(arena);
    }
    corpus_free(&corpus);
}

/* What is neither a blank nor a line end: formatting changes nothing else. */
static char *squeeze(Arena *arena, const char *text)
{
    char *copy = arena_text(arena, text), *end = copy;
    for (const char *s = copy; *s; s++)
        if (!strchr(" \t\r\n", *s))
            *end++ = *s;
    *end = '\0';
    return copy;
}

static void check_format_twice(const char *path)
{
    Arena *arena = arena_new();
    Source *source = corpus_source(arena, path), *again;
    Text once = { 0 }, twice = { 0 };
    CU_ASSERT_PTR_NOT_NULL_FATAL(source);
    if (format_text(source, &once)) {
        again = source_from_text(arena, source->name, text_get(&once));
        CU_ASSERT(format_text(again, &twice));
        CU_ASSERT_STRING_EQUAL(text_get(&twice), text_get(&once));
        CU_ASSERT_STRING_EQUAL(squeeze(arena, text_get(&once)),
                               squeeze(arena, source->text));
    } else {
        CU_ASSERT_EQUAL(once.length, 0);
    }
    text_free(&once);
    text_free(&twice);
    arena_free(arena);
}

static void test_formatting_twice_is_formatting_once(void)
{
    Corpus corpus = corpus_all();
    for (size_t i = 0; i < corpus.paths.gl_pathc; i++)
        check_format_twice(corpus.paths.gl_pathv[i]);
    corpus_free(&corpus);
}

static char *graph_text(Arena *arena, const Source *source, bool *good)
{
    Text graph = { 0 };
    free(corpus_messages(source, good, &graph));
    return text_take(&graph, arena);
}

static void test_formatting_keeps_the_graph(void)
{
    Corpus corpus = corpus_all();
    for (size_t i = 0; i < corpus.paths.gl_pathc; i++) {
        Arena *arena = arena_new();
        Source *source = corpus_source(arena, corpus.paths.gl_pathv[i]);
        Text text = { 0 };
        bool good = false, good_again = false;
        CU_ASSERT_PTR_NOT_NULL_FATAL(source);
        char *graph = graph_text(arena, source, &good);
        if (good && format_text(source, &text)) {
            Source *again =
                source_from_text(arena, source->name, text_get(&text));
            CU_ASSERT_STRING_EQUAL(graph_text(arena, again, &good_again),
                                   graph);
            CU_ASSERT(good_again);
        }
        text_free(&text);
        arena_free(arena);
    }
    corpus_free(&corpus);
}

static const UnitTest tests[] = {
    UNIT(test_messages_with_carets_notes_and_hints),
    UNIT(test_graphs_of_valid_files),
    UNIT(test_standard_form),
    UNIT(test_formatting_twice_is_formatting_once),
    UNIT(test_formatting_keeps_the_graph),
};
UNIT_MAIN("language goldens", tests)
