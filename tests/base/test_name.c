/*
 * test_name.c - interned strings, the nearest word, names for C.
 */
#include "base/base.h"
#include "unit.h"

#include <string.h>

static void test_equal_strings_are_one_pointer(void)
{
    char copy[] = "conv1";

    CU_ASSERT_PTR_EQUAL(name_intern("conv1"), name_intern(copy));
    CU_ASSERT_PTR_EQUAL(name_internn("conv1.weight", 5), name_intern(copy));
    CU_ASSERT_PTR_NOT_EQUAL(name_intern("conv"), name_intern(copy));
    CU_ASSERT_STRING_EQUAL(name_intern(""), "");
}

static void test_names_stay_while_the_table_grows(void)
{
    const char *first[2000];
    char name[32];

    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < 2000; i++) {
            snprintf(name, sizeof name, "layer%d.%d", i / 7, i);
            if (pass == 0)
                first[i] = name_intern(name);
            CU_ASSERT_PTR_EQUAL(first[i], name_intern(name));
            CU_ASSERT_STRING_EQUAL(first[i], name);
        }
}

static void test_identifiers_are_letters_digits_and_underscores(void)
{
    CU_ASSERT(name_is_identifier("_a9Z"));
    CU_ASSERT_FALSE(name_is_identifier(""));
    CU_ASSERT_FALSE(name_is_identifier("9a"));
    CU_ASSERT_FALSE(name_is_identifier("a.b"));
    CU_ASSERT_FALSE(name_is_identifier("caf\xc3\xa9"));
}

static void test_the_nearest_word_is_found(void)
{
    static const struct {
        const char *word, *nearest;
    } rows[] = {
        { "maxpol", "maxpool" },
        { "mxapool", "maxpool" },
        { "Conv", "conv" },
        { "CONV", "conv" },
        { "batch_norm", "batchnorm" },
        { "dnese", "dense" },
        { "relu", "relu" },
        { "rleu6", "relu6" },
        { "x", NULL },
        { "transformer", NULL },
        { "", NULL },
        { "conb", "conv" },
    };
    static const char *const words[] = { "maxpool",   "avgpool", "conv",
                                         "batchnorm", "dense",   "relu6",
                                         "relu" };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *found =
            name_nearest(rows[i].word, words, (int)COUNT_OF(words));
        CU_ASSERT_EQUAL(found == NULL, rows[i].nearest == NULL);
        if (found && rows[i].nearest)
            CU_ASSERT_STRING_EQUAL(found, rows[i].nearest);
    }
}

static void test_very_long_words_are_near_nothing(void)
{
    char word[1000];
    const char *words[] = { word };

    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    CU_ASSERT_PTR_NULL(name_nearest(word, words, 1));
    CU_ASSERT_PTR_NULL(name_nearest("aaaa", words, 1));
}

static void test_any_text_gives_a_name_for_c(void)
{
    static const struct {
        const char *text, *name;
    } rows[] = {
        { "conv1", "conv1" },
        { "layer2.0.conv1", "layer2_0_conv1" },
        { "a__b", "a_b" },
        { "__init", "init" },
        { "3x3", "n3x3" },
        { "caf\xc3\xa9 au lait", "caf_au_lait" },
        { "", "unnamed" },
        { "\xe6\xbc\xa2", "unnamed" },
        { "int", "int_" },
        { "_int_", "int_" },
        { "class", "class_" },
        { "linux", "linux_" },
        { "a\"; #include \"x", "a_include_x" },
        { "xor_eq", "xor_eq_" },
    };
    Arena *arena = arena_new();

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CU_ASSERT_STRING_EQUAL(name_to_c(arena, rows[i].text), rows[i].name);
    arena_free(arena);
}

static void test_long_names_for_c_are_cut_and_stay_different(void)
{
    Arena *arena = arena_new();
    char a[301], b[301];

    memset(a, 'q', 300);
    a[300] = '\0';
    memcpy(b, a, sizeof b);
    b[299] = 'r';
    char *first = name_to_c(arena, a), *second = name_to_c(arena, b);
    CU_ASSERT_EQUAL(strlen(first), 64);
    CU_ASSERT(name_is_identifier(first));
    CU_ASSERT_STRING_NOT_EQUAL(first, second);
    arena_free(arena);
}

static const UnitTest tests[] = {
    UNIT(test_equal_strings_are_one_pointer),
    UNIT(test_names_stay_while_the_table_grows),
    UNIT(test_identifiers_are_letters_digits_and_underscores),
    UNIT(test_the_nearest_word_is_found),
    UNIT(test_very_long_words_are_near_nothing),
    UNIT(test_any_text_gives_a_name_for_c),
    UNIT(test_long_names_for_c_are_cut_and_stay_different),
};

UNIT_MAIN("name", tests)
