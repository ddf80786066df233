/*
 * test_limits.c - files that ask for too much, or are no text at all.
 *
 *     conv(((((((... 10,000 deep      "brackets are nested more than 200 deep"
 *
 * Each gets one clear message; none overflows the stack or runs for long.
 */
#include "language/corpus.h"

#define HEAD "network limits\ninput x : f32[8, 8, 4]\n"
#define TAIL "\noutput y\n"

static bool prints(const char *text, const char *message)
{
    Arena *arena = arena_new();
    Source *source = source_from_text(arena, "limits.cnn", text);
    bool good, found;
    char *printed = corpus_messages(source, &good, NULL);
    found = strstr(printed, message) != NULL && !good;
    if (!found)
        fprintf(stderr, "\nexpected: %s\nprinted: %.500s\n", message, printed);
    free(printed);
    arena_free(arena);
    return found;
}

static int count_of(const char *text, const char *what)
{
    int count = 0;
    for (const char *s = text; (s = strstr(s, what)); s++)
        count++;
    return count;
}

/* HEAD, n times `part`, n times `end`, TAIL; the message is the only error. */
static bool nested(const char *before, const char *part, const char *middle,
                   const char *end, int n, const char *message)
{
    Arena *arena = arena_new();
    Text text = { 0 };
    bool good, right;
    text_add(&text, HEAD);
    text_add(&text, before);
    for (int i = 0; i < n; i++)
        text_add(&text, part);
    text_add(&text, middle);
    for (int i = 0; i < n; i++)
        text_add(&text, end);
    text_add(&text, TAIL);
    Source *source = source_from_text(arena, "limits.cnn", text_get(&text));
    char *printed = corpus_messages(source, &good, NULL);
    right =
        !good && strstr(printed, message) && count_of(printed, "error:") == 1;
    if (!right)
        fprintf(stderr, "\nexpected: %s\nprinted: %.500s\n", message, printed);
    free(printed);
    text_free(&text);
    arena_free(arena);
    return right;
}

static void test_ten_thousand_brackets(void)
{
    const char *message = "brackets are nested more than 200 deep";
    CU_ASSERT(nested("conv(", "(", "1", ")", 10000, message));
    CU_ASSERT(nested("conv(8, kernel=", "[", "1", "]", 10000, message));
    CU_ASSERT(nested("conv(8, ", "min(1, ", "1", ")", 10000, message));
    CU_ASSERT(nested("", "if yes {\n", "relu\n", "}\n", 10000, message));
    CU_ASSERT(nested("conv(", "(", "1", "", 300, message));
}

static void test_long_and_deep_expressions(void)
{
    const char *deep = "this expression is nested more than 200 deep";
    const char *stack = "this is too deeply nested";
    CU_ASSERT(nested("conv(8, 1", " + 0", ")", "", 10000, deep));
    CU_ASSERT(nested("conv(8, ", "-", "1)", "", 300, deep));
    CU_ASSERT(nested("conv(8, ", "-", "1)", "", 100000, stack));
    CU_ASSERT(nested("relu\n", "if no { relu } else ", "{ relu }", "", 100000,
                     stack));
}

static void test_a_long_list_is_not_deep(void)
{
    CU_ASSERT(nested("normalize(mean=[0", ", 0", "], std=1)", "", 10000,
                     "normalize"));
    CU_ASSERT(nested("relu", " -> relu", " -> oops", "", 2000,
                     "no layer, block or value 'oops'"));
}

static void test_blocks_within_blocks(void)
{
    Text text = { 0 };
    text_add(&text, HEAD "block b0 { relu }\n");
    for (int i = 1; i <= 150; i++)
        text_printf(&text, "block b%d { b%d }\n", i, i - 1);
    text_add(&text, "b150" TAIL);
    CU_ASSERT(prints(text_get(&text), "blocks are nested more than 100 deep"));
    text_free(&text);
}

static void test_blocks_that_double(void)
{
    Text text = { 0 };
    text_add(&text, HEAD "block b0 { in }\n");
    for (int i = 1; i <= 60; i++)
        text_printf(&text, "block b%d { b%d -> b%d }\n", i, i - 1, i - 1);
    text_add(&text, "b60" TAIL);
    CU_ASSERT(prints(text_get(&text),
                     "the network unfolds to more than 300000 lines"));
    text_free(&text);
}

static void test_repeats_without_end(void)
{
    CU_ASSERT(prints(HEAD "relu * 9223372036854775807" TAIL,
                     "the network has more than 100000 layers"));
    CU_ASSERT(prints(HEAD "relu * 9223372036854775808" TAIL,
                     "the number 9223372036854775808 is too large"));
}

static void test_shapes_that_overflow(void)
{
    CU_ASSERT(prints("network n\ninput x : f32[2147483648, 2147483648, "
                     "2147483648]\nrelu\noutput y\n",
                     "is too large"));
    CU_ASSERT(prints(HEAD "upsample(100000000)" TAIL, "too large"));
    CU_ASSERT(
        prints(HEAD "conv(8, 3x3, pad=9223372036854775807)" TAIL, "error: "));
    CU_ASSERT(prints(HEAD "conv(8, 9223372036854775807x1)" TAIL, "error: "));
    CU_ASSERT(prints(HEAD "dense(9223372036854775807)" TAIL, "error: "));
}

static void test_twenty_errors_are_enough(void)
{
    Text text = { 0 };
    Arena *arena = arena_new();
    bool good;
    text_add(&text, HEAD);
    for (int i = 0; i < 1000; i++)
        text_printf(&text, i % 2 ? "conv(8 3)\n" : "nothing%d(8)\n", i);
    char *printed = corpus_messages(
        source_from_text(arena, "limits.cnn", text_get(&text)), &good, NULL);
    CU_ASSERT(!good);
    CU_ASSERT_EQUAL(count_of(printed, "error: "), 20);
    CU_ASSERT_EQUAL(count_of(printed, "only the first 20 are shown"), 1);
    free(printed);
    text_free(&text);
    arena_free(arena);
}

/* A file with those bytes, read as the compiler reads it. */
static bool file_prints(const char *bytes, size_t size, const char *message)
{
    Arena *arena = arena_new();
    char path[] = "/tmp/cnnc_limits_XXXXXX";
    int file = mkstemp(path);
    FILE *stream = file < 0 ? NULL : fdopen(file, "wb");
    Source *source;
    char *printed;
    bool found;
    if (!stream || fwrite(bytes, 1, size, stream) != size ||
        fclose(stream) != 0)
        return false;
    capture_start(DIAG_PLAIN);
    source = source_read(arena, path);
    found = source && lang_read(arena, source);
    printed = capture_end();
    found =
        !found && strstr(printed, message) && count_of(printed, "error: ") == 1;
    if (!found)
        fprintf(stderr, "\nexpected: %s\nprinted: %s\n", message, printed);
    free(printed);
    remove(path);
    arena_free(arena);
    return found;
}

static void test_files_that_are_no_text(void)
{
    static const char nul[] = "network a\ninput x\0: f32[3]\n";
    CU_ASSERT(file_prints(nul, sizeof nul - 1, "NUL"));
    CU_ASSERT(file_prints("network \xff\xfe\n", 11, "UTF-8"));
    CU_ASSERT(file_prints("", 0, "there is no network in this file"));
    CU_ASSERT(file_prints("# only a comment", 16,
                          "there is no network in this file"));
    CU_ASSERT(file_prints("\n\n\n", 3, "there is no network in this file"));
}

static const UnitTest tests[] = {
    UNIT(test_ten_thousand_brackets),   UNIT(test_long_and_deep_expressions),
    UNIT(test_a_long_list_is_not_deep), UNIT(test_blocks_within_blocks),
    UNIT(test_blocks_that_double),      UNIT(test_repeats_without_end),
    UNIT(test_shapes_that_overflow),    UNIT(test_twenty_errors_are_enough),
    UNIT(test_files_that_are_no_text),
};
UNIT_MAIN("language limits", tests)
