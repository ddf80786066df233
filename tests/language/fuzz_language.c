/*
 * fuzz_language.c - any bytes at all, for libFuzzer.
 *
 *     build/tests/fuzz_language -dict=tests/language/cnn.dict CORPUS
 *
 * What the reader of files accepts as text is parsed, elaborated and
 * formatted; what was formatted has to be its own standard form, and a small
 * network becomes C, with weights from a seed. BUG and the sanitizers find the
 * rest.
 */
#include "fuzz.h"
#include "language/language.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void format_twice(Arena *arena, const Source *source)
{
    Text once = { 0 }, twice = { 0 };
    if (lang_format(source, &once)) {
        Source *again = source_from_text(arena, "fuzz.cnn", text_get(&once));
        REQUIRE(lang_format(again, &twice));
        REQUIRE(strcmp(text_get(&once), text_get(&twice)) == 0);
    }
    text_free(&once);
    text_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *nowhere;
    Arena *arena = arena_new();
    char *text = arena_textn(arena, (const char *)data, size);
    Source *source = source_from_text(arena, "fuzz.cnn", text);
    if (!nowhere) {
        nowhere = fopen("/dev/null", "w");
        diag_set_options((DiagOptions){ .stream = nowhere });
    }
    diag_reset();
    Graph *graph = lang_read(arena, source);
    REQUIRE((graph != NULL) == (diag_error_count() == 0));
    if (graph && fuzz_is_small(graph)) {
        graph_init_weights(graph, 1);
        fuzz_compile(arena, graph, "fuzz.cnn");
    }
    graph_free(graph);
    diag_reset();
    format_twice(arena, source);
    arena_free(arena);
    return 0;
}
