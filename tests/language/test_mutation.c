/*
 * test_mutation.c - no damage to a file makes the compiler fail.
 *
 *     conv(6, 5x5) -> relu      cut after every byte,
 *     conv(6, 5x5               each token left out, and doubled
 *
 * Whatever comes out: a graph without an error, or at most 20 errors and no
 * graph; and what can be formatted is formatted to a fixed point.
 */
#include "language/corpus.h"

#include <ctype.h>

static int count_of(const char *text, const char *what)
{
    int count = 0;
    for (const char *s = text; (s = strstr(s, what)); s++)
        count++;
    return count;
}

static bool format_text(Arena *arena, const char *text, Text *out)
{
    bool good;
    capture_start(DIAG_PLAIN);
    good = lang_format(source_from_text(arena, "mutant.cnn", text), out);
    free(capture_end());
    return good;
}

static bool is_sound(const char *text)
{
    Arena *arena = arena_new();
    Source *source = source_from_text(arena, "mutant.cnn", text);
    Text once = { 0 }, twice = { 0 };
    bool good, sound;
    char *printed = corpus_messages(source, &good, NULL);
    int errors = count_of(printed, ": error: ");
    sound = good ? errors == 0 : errors > 0 && errors <= 20;
    if (format_text(arena, text, &once))
        sound &= format_text(arena, text_get(&once), &twice) &&
                 strcmp(text_get(&once), text_get(&twice)) == 0;
    if (!sound)
        fprintf(stderr, "\nunsound (%d errors):\n%s\n---\n%s\n", errors, text,
                printed);
    free(printed);
    text_free(&once);
    text_free(&twice);
    arena_free(arena);
    return sound;
}

/* The length of the word, number or character at the start. */
static size_t token_length(const char *text)
{
    size_t length = 0;
    while (isalnum((unsigned char)text[length]) || text[length] == '_')
        length++;
    return length ? length : 1;
}

static bool without(const char *text, size_t start, size_t length)
{
    Text mutant = { 0 };
    bool sound;
    text_addn(&mutant, text, start);
    text_add(&mutant, text + start + length);
    sound = is_sound(text_get(&mutant));
    text_free(&mutant);
    return sound;
}

static bool doubled(const char *text, size_t start, size_t length)
{
    Text mutant = { 0 };
    bool sound;
    text_addn(&mutant, text, start + length);
    text_char(&mutant, ' ');
    text_add(&mutant, text + start);
    sound = is_sound(text_get(&mutant));
    text_free(&mutant);
    return sound;
}

/* UTF-8 is checked before the language sees a text: no cut within a letter. */
static bool is_letter_start(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

static void cut_everywhere(Arena *arena, const char *text)
{
    for (size_t i = 0; text[i]; i++)
        if (is_letter_start(text[i]))
            CU_ASSERT(is_sound(arena_textn(arena, text, i)));
}

static void change_every_token(const char *text)
{
    for (size_t i = 0, length; text[i]; i += length) {
        length = token_length(text + i);
        if (isspace((unsigned char)text[i]) || (unsigned char)text[i] >= 0x80)
            continue;
        CU_ASSERT(without(text, i, length));
        CU_ASSERT(doubled(text, i, length));
    }
}

/* Files that unfold to huge networks are left to test_limits. */
static void over_files(const char *pattern, bool tokens)
{
    Corpus corpus = { 0 };
    corpus_add(&corpus, pattern);
    CU_ASSERT(corpus.paths.gl_pathc > 0);
    for (size_t i = 0; i < corpus.paths.gl_pathc; i++) {
        Arena *arena = arena_new();
        Source *source = corpus_source(arena, corpus.paths.gl_pathv[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(source);
        if (!strstr(source->text, "000000") &&
            !strstr(source->text, "00000\n")) {
            if (tokens)
                change_every_token(source->text);
            else
                cut_everywhere(arena, source->text);
        }
        arena_free(arena);
    }
    corpus_free(&corpus);
}

static void test_files_cut_after_every_byte(void)
{
    over_files("tests/language/valid/*.cnn", false);
    over_files("tests/language/golden/*.cnn", false);
    over_files("tests/language/format/*.cnn", false);
}

static void test_tokens_left_out_and_doubled(void)
{
    over_files("tests/language/valid/*.cnn", true);
    over_files("tests/language/golden/*.cnn", true);
    over_files("tests/language/format/*.cnn", true);
}

static const UnitTest tests[] = {
    UNIT(test_files_cut_after_every_byte),
    UNIT(test_tokens_left_out_and_doubled),
};
UNIT_MAIN("language mutations", tests)
