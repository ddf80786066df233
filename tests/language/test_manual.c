/*
 * test_manual.c - docs/language.md says what the compiler does.
 *
 *     every row of ops.def       is a row of the manual's tables, with its
 *                                arguments and defaults
 *     every network in it        is read without a complaint, and is in
 *                                standard form
 *     every keyword              stands in the list of keywords and in the
 *                                grammar
 */
#include "language/corpus.h"

static char *manual(Arena *arena)
{
    char *text =
        corpus_file(arena, path_join(arena, TEST_SOURCE, "docs/language.md"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    return text;
}

/* conv(filters, kernel, stride=1, ...), as the tables write it. */
static void call_text(Text *text, const OpInfo *info)
{
    const char *separator = "(";
    text_add(text, info->name);
    if (info->most_inputs > 1) {
        text_add(text, info->least_inputs == 3 ? "(a, b, c"
                       : info->most_inputs > 2 ? "(a, b, ..."
                                               : "(a, b");
        separator = ", ";
    }
    for (int i = 0; i < info->attr_count; i++) {
        const AttrInfo *attr = &info->attrs[i];
        text_printf(text, "%s%s", separator, attr->name);
        if (attr->fallback)
            text_printf(text, "=%s", attr->fallback);
        separator = ", ";
    }
    text_add(text, separator[0] == '(' ? "" : ")");
}

static void test_every_layer_is_in_the_tables(void)
{
    Arena *arena = arena_new();
    const char *text = manual(arena);
    for (int op = 0; op < OP_COUNT; op++) {
        Text row = { 0 };
        text_add(&row, "\n| `");
        call_text(&row, &op_info[op]);
        text_add(&row, "` | ");
        if (!strstr(text, text_get(&row))) {
            fprintf(stderr, "\nmissing in docs/language.md: %s\n",
                    text_get(&row));
            CU_FAIL("a layer is missing");
        }
        text_free(&row);
    }
    arena_free(arena);
}

static void test_every_keyword_is_listed(void)
{
    static const char *const words[] = {
        "network", "weights", "input", "output", "block",     "if",
        "else",    "as",      "loss",  "bind",   "train",     "and",
        "or",      "not",     "yes",   "no",     "parameter",
    };
    Arena *arena = arena_new();
    const char *text = manual(arena);
    const char *grammar = strstr(text, "\n## The grammar\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(grammar);
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        CU_ASSERT_PTR_NOT_NULL(
            strstr(text, arena_printf(arena, "`%s`", words[i])));
        CU_ASSERT_PTR_NOT_NULL(
            strstr(grammar, arena_printf(arena, "\"%s\"", words[i])));
    }
    arena_free(arena);
}

static void check_network(Arena *arena, const char *text)
{
    Source *source = source_from_text(arena, "manual.cnn", text);
    Text form = { 0 };
    bool good;
    char *printed = corpus_messages(source, &good, NULL);
    CU_ASSERT_STRING_EQUAL(printed, "");
    CU_ASSERT(good);
    CU_ASSERT(lang_format(source, &form));
    if (strcmp(text_get(&form), text) != 0)
        fprintf(stderr, "\nstandard form:\n%s\n", text_get(&form));
    CU_ASSERT_STRING_EQUAL(text_get(&form), text);
    text_free(&form);
    free(printed);
}

static void test_networks_of_the_manual_are_right(void)
{
    static const char fence[] = "```cnn\n";
    Arena *arena = arena_new();
    int count = 0;
    const char *text = manual(arena);
    while ((text = strstr(text, fence)) != NULL) {
        const char *start = text + sizeof fence - 1;
        text = strstr(start, "```");
        CU_ASSERT_PTR_NOT_NULL_FATAL(text);
        check_network(arena, arena_textn(arena, start, (size_t)(text - start)));
        count++;
    }
    CU_ASSERT(count >= 5);
    arena_free(arena);
}

static void test_limits_of_the_manual(void)
{
    Arena *arena = arena_new();
    const char *text = manual(arena);
    Text limits = { 0 };
    text_printf(&limits, "expressions %d deep, blocks within blocks %d deep, ",
                LANG_MAX_NESTING, LANG_MAX_BLOCKS);
    text_thousands(&limits, LANG_MAX_LAYERS);
    text_add(&limits, " layers, ");
    text_thousands(&limits, LANG_MAX_STEPS);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, text_get(&limits)));
    text_free(&limits);
    arena_free(arena);
}

static const UnitTest tests[] = {
    UNIT(test_every_layer_is_in_the_tables),
    UNIT(test_every_keyword_is_listed),
    UNIT(test_networks_of_the_manual_are_right),
    UNIT(test_limits_of_the_manual),
};
UNIT_MAIN("language manual", tests)
