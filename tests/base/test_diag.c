/*
 * test_diag.c - messages: places, carets, notes, limits, JSON.
 */
#include "base/base.h"
#include "base/capture.h"
#include "base/local.h"
#include "unit.h"

#include <json-c/json.h>

static Arena *arena;

static Range range_of(const char *text, const char *part)
{
    Source *source = source_from_text(arena, "net.cnn", text);
    const char *found = strstr(source->text, part);
    size_t start = (size_t)(found - source->text);

    return (Range){ source, start, start + strlen(part) };
}

static void test_a_range_is_underlined(void)
{
    Range range =
        range_of("network a\n    add(main, skip) -> relu\n", "add(main, skip)");
    capture_start(DIAG_PLAIN);
    diag_error(range, "got [%d] and [%d]", 32, 16);
    diag_note(range_of("\n\nskip = in -> conv", "in"), "'main' is [32]");
    diag_hint("use stride=2");
    CU_ASSERT(capture_is("net.cnn:2:5: error: got [32] and [16]\n"
                         "    2 |     add(main, skip) -> relu\n"
                         "      |     ^~~~~~~~~~~~~~~\n"
                         "net.cnn:3:8: note: 'main' is [32]\n"
                         "    3 | skip = in -> conv\n"
                         "      |        ^~\n"
                         "hint: use stride=2\n"));
}

static void test_columns_count_characters_and_carets_count_their_width(void)
{
    capture_start(DIAG_PLAIN);
    diag_error(range_of("\"\xc3\xa9\xe6\xbc\xa2\" abc", "abc"), "here");
    CU_ASSERT(capture_is("net.cnn:1:6: error: here\n"
                         "    1 | \"\xc3\xa9\xe6\xbc\xa2\" abc\n"
                         "      |       ^~~\n"));
    capture_start(DIAG_PLAIN);
    diag_error(range_of("a \xe6\xbc\xa2", "\xe6\xbc\xa2"), "wide");
    CU_ASSERT(capture_is("net.cnn:1:3: error: wide\n"
                         "    1 | a \xe6\xbc\xa2\n"
                         "      |   ^~\n"));
    capture_start(DIAG_PLAIN);
    diag_error(range_of("e\xcc\x81 x", "x"), "an accent takes no column");
    CU_ASSERT(capture_is("net.cnn:1:4: error: an accent takes no column\n"
                         "    1 | e\xcc\x81 x\n"
                         "      |   ^\n"));
}

static void test_tabs_reach_to_the_next_multiple_of_eight(void)
{
    capture_start(DIAG_PLAIN);
    diag_error(range_of("ab\tcd\te", "e"), "here");
    CU_ASSERT(capture_is("net.cnn:1:7: error: here\n"
                         "    1 | ab      cd      e\n"
                         "      |                 ^\n"));
}

static void test_of_many_lines_the_first_is_underlined_to_its_end(void)
{
    capture_start(DIAG_PLAIN);
    diag_error(range_of("a -> b\r\n  -> c\r\n", "b\r\n  -> c"), "here");
    CU_ASSERT(capture_is("net.cnn:1:6: error: here\n"
                         "    1 | a -> b\n"
                         "      |      ^\n"));
    capture_start(DIAG_PLAIN);
    diag_error(range_of("conv(6,\n 5x5)", "conv(6,\n 5x5)"), "here");
    CU_ASSERT(capture_is("net.cnn:1:1: error: here\n"
                         "    1 | conv(6,\n"
                         "      | ^~~~~~~\n"));
}

static void test_the_end_of_a_line_and_of_the_file_are_places(void)
{
    Range range = range_of("conv(\nx", "\n");
    capture_start(DIAG_PLAIN);
    diag_error(range, "at the line's end");
    range.start = range.end = range.source->length;
    diag_error(range, "at the file's end");
    range.start = 1000;
    range.end = 0;
    diag_error(range, "behind it");
    CU_ASSERT(capture_is("net.cnn:1:6: error: at the line's end\n"
                         "    1 | conv(\n"
                         "      |      ^\n"
                         "net.cnn:2:2: error: at the file's end\n"
                         "    2 | x\n"
                         "      |  ^\n"
                         "net.cnn:2:2: error: behind it\n"
                         "    2 | x\n"
                         "      |  ^\n"));
    capture_start(DIAG_PLAIN);
    diag_error((Range){ source_from_text(arena, "e", ""), 0, 0 }, "empty");
    CU_ASSERT(capture_is("e:1:1: error: empty\n    1 | \n      | ^\n"));
}

static void test_long_lines_are_clipped_around_the_range(void)
{
    Text line = { 0 };

    for (int i = 0; i < 100; i++)
        text_printf(&line, "%02d--", i);
    capture_start(DIAG_PLAIN);
    diag_error(range_of(line.data, "50--"), "here");
    CU_ASSERT(capture_is(
        "net.cnn:1:201: error: here\n"
        "    1 | ...40--41--42--43--44--45--46--47--48--49--50--51--52--53--"
        "54--55--56--57--58--59--60--61--62--63--64--...\n"
        "      |                                            ^~~~\n"));
    capture_start(DIAG_PLAIN);
    diag_error(range_of(line.data, "01--"), "here");
    CU_ASSERT(capture_is(
        "net.cnn:1:5: error: here\n"
        "    1 | 00--01--02--03--04--05--06--07--08--09--10--11--12--13--"
        "14--15--16--17--18--19--20--21--22--23--24--...\n"
        "      |     ^~~~\n"));
    text_free(&line);
}

static void test_nothing_that_a_terminal_obeys_is_printed(void)
{
    capture_start(DIAG_PLAIN);
    diag_error(range_of("a\033[2J\xe2\x80\xae\xff b", "b"), "bad '%s'",
               "\033]0;x\a\xc0");
    CU_ASSERT(capture_is("net.cnn:1:9: error: bad '?]0;x?\?'\n"
                         "    1 | a?[2J?? b\n"
                         "      |         ^\n"));
}

static void test_messages_without_a_place_name_the_file_or_the_program(void)
{
    capture_start(DIAG_PLAIN);
    diag_error(NO_RANGE, "no input");
    diag_error_file("w.safetensors", "is cut off");
    diag_warning_file("w.npy", "is odd");
    diag_error_file(NULL, "nothing to do");
    CU_ASSERT_EQUAL(diag_error_count(), 3);
    CU_ASSERT(capture_is("cnnc: error: no input\n"
                         "w.safetensors: error: is cut off\n"
                         "w.npy: warning: is odd\n"
                         "cnnc: error: nothing to do\n"));
}

static void test_after_twenty_errors_one_line_says_so(void)
{
    Text expected = { 0 };

    capture_start(DIAG_PLAIN);
    for (int i = 0; i < 30; i++) {
        diag_error(NO_RANGE, "number %d", i);
        diag_note(NO_RANGE, "of thirty");
        diag_warning(NO_RANGE, "odd");
        if (i < 20)
            text_printf(&expected,
                        "cnnc: error: number %d\ncnnc: note: of thirty\n", i);
        if (i < 19)
            text_add(&expected, "cnnc: warning: odd\n");
    }
    text_add(&expected,
             "cnnc: note: too many errors: only the first 20 are shown\n");
    CU_ASSERT_EQUAL(diag_error_count(), 30);
    CU_ASSERT(capture_is(text_get(&expected)));
    CU_ASSERT_EQUAL(diag_error_count(), 0);
    text_free(&expected);
}

static void test_warnings_can_be_errors_or_nothing(void)
{
    capture_start_with((DiagOptions){ .no_warnings = true });
    diag_warning(NO_RANGE, "odd");
    diag_note(NO_RANGE, "and its note");
    diag_hint("and its hint");
    CU_ASSERT_EQUAL(diag_error_count(), 0);
    CU_ASSERT(capture_is(""));
    capture_start_with((DiagOptions){ .warnings_are_errors = true });
    diag_warning(NO_RANGE, "odd");
    CU_ASSERT_EQUAL(diag_error_count(), 1);
    CU_ASSERT(capture_is("cnnc: error: odd\n"));
}

static void test_a_message_outlives_its_source(void)
{
    Arena *short_lived = arena_new();
    Source *source = source_from_text(short_lived, "net.cnn", "x");

    capture_start(DIAG_PLAIN);
    diag_error((Range){ source, 0, 1 }, "%s", source->text);
    arena_free(short_lived);
    CU_ASSERT(capture_is("net.cnn:1:1: error: x\n    1 | x\n      | ^\n"));
}

static void test_colour_is_used_where_asked(void)
{
    capture_start(DIAG_COLOUR);
    diag_error(range_of("ab", "b"), "bad");
    CU_ASSERT(capture_is("\033[1mnet.cnn:1:2:\033[0m \033[1;31merror:\033[0m "
                         "bad\n    1 | ab\n      | \033[1;31m ^\033[0m\n"));
}

static const char *field(struct json_object *object, const char *key)
{
    return json_object_get_string(json_object_object_get(object, key));
}

static void test_json_is_one_object_on_a_line(void)
{
    capture_start(DIAG_JSON);
    diag_error(range_of("a\nb \xc3\xa9xyz", "xyz"), "a \"quoted\"\n\xff\\");
    diag_note(range_of("q", "q"), "first");
    diag_note(NO_RANGE, "second");
    diag_hint("try");
    diag_warning_file("w.npy", "odd");
    char *text = capture_end(), *second = strchr(text, '\n');
    CU_ASSERT_PTR_NOT_NULL_FATAL(second);
    *second++ = '\0';
    struct json_object *error = json_tokener_parse(text);
    struct json_object *warning = json_tokener_parse(second);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(warning);
    CU_ASSERT_STRING_EQUAL(field(error, "kind"), "error");
    CU_ASSERT_STRING_EQUAL(field(error, "file"), "net.cnn");
    CU_ASSERT_STRING_EQUAL(field(error, "line"), "2");
    CU_ASSERT_STRING_EQUAL(field(error, "column"), "4");
    CU_ASSERT_STRING_EQUAL(field(error, "end_column"), "7");
    CU_ASSERT_STRING_EQUAL(field(error, "message"),
                           "a \"quoted\"\n\xef\xbf\xbd\\");
    struct json_object *notes = json_object_object_get(error, "notes");
    CU_ASSERT_EQUAL(json_object_array_length(notes), 2);
    CU_ASSERT_STRING_EQUAL(
        field(json_object_array_get_idx(notes, 1), "message"), "second");
    CU_ASSERT_STRING_EQUAL(field(error, "hints"), "[ \"try\" ]");
    CU_ASSERT_STRING_EQUAL(field(warning, "kind"), "warning");
    CU_ASSERT_STRING_EQUAL(field(warning, "file"), "w.npy");
    CU_ASSERT_PTR_NULL(json_object_object_get(warning, "line"));
    json_object_put(error);
    json_object_put(warning);
    free(text);
}

static void test_ranges_join_to_the_one_that_holds_both(void)
{
    Range first = range_of("conv -> relu", "conv"), last = first;

    last.start = 8;
    last.end = 12;
    Range joined = range_join(last, first);
    CU_ASSERT(joined.start == 0 && joined.end == 12);
    CU_ASSERT_PTR_EQUAL(range_join(NO_RANGE, last).source, last.source);
    CU_ASSERT_EQUAL(range_join(first, NO_RANGE).end, 4);
    CU_ASSERT_EQUAL(range_join(first, range_of("abcdefgh", "h")).end, 4);
}

/* A text of pieces that are hard to show, cut anywhere. */
static Source *random_source(Random *random)
{
    static const char *const pieces[] = {
        "a",
        " ",
        "\t",
        "\n",
        "\r\n",
        "\xc3\xa9",
        "\xe6\xbc\xa2",
        "e\xcc\x81",
        "\xf0\x9f\x98\x80",
        "\xff",
        "\x80\x80",
        "\xe6",
        "\033[1m",
        "\x7f",
        "\xe2\x80\xae",
        "\xc2\x85",
        "conv(16, 5x5) -> relu -> maxpool(2x2) ",
    };
    Text text = { 0 };

    for (int64_t i = random_range(random, 0, 40); i > 0; i--)
        text_add(&text, pieces[random_range(random, 0, COUNT_OF(pieces) - 1)]);
    Source *source = source_from_text(arena, "r", text_get(&text));
    text_free(&text);
    return source;
}

/* Three lines, each of printable characters of valid UTF-8. */
static bool is_fit_for_a_terminal(const char *text)
{
    int lines = 0;
    uint32_t code;

    for (size_t length = strlen(text), at = 0; at < length;) {
        int bytes = utf8_decode(text + at, length - at, &code);
        if (bytes == 0 || (code != '\n' && utf8_is_control(code)))
            return false;
        lines += code == '\n';
        at += (size_t)bytes;
    }
    return lines == 3;
}

static void test_any_range_of_any_text_can_be_shown(void)
{
    Random random;

    random_seed(&random, 5);
    for (int i = 0; i < 5000; i++) {
        Source *source = random_source(&random);
        int64_t length = (int64_t)source->length;
        size_t start = (size_t)random_range(&random, 0, length + 2);
        size_t end = (size_t)random_range(&random, 0, length + 2);
        capture_start(DIAG_PLAIN);
        diag_error((Range){ source, start, end }, "%s", "here");
        char *text = capture_end();
        bool fit = is_fit_for_a_terminal(text);
        CU_ASSERT(fit);
        if (!fit)
            fprintf(stderr, "%zu..%zu of %s\n%s\n", start, end, source->text,
                    text);
        free(text);
    }
}

static const UnitTest tests[] = {
    UNIT(test_a_range_is_underlined),
    UNIT(test_columns_count_characters_and_carets_count_their_width),
    UNIT(test_tabs_reach_to_the_next_multiple_of_eight),
    UNIT(test_of_many_lines_the_first_is_underlined_to_its_end),
    UNIT(test_the_end_of_a_line_and_of_the_file_are_places),
    UNIT(test_long_lines_are_clipped_around_the_range),
    UNIT(test_nothing_that_a_terminal_obeys_is_printed),
    UNIT(test_messages_without_a_place_name_the_file_or_the_program),
    UNIT(test_after_twenty_errors_one_line_says_so),
    UNIT(test_warnings_can_be_errors_or_nothing),
    UNIT(test_any_range_of_any_text_can_be_shown),
    UNIT(test_a_message_outlives_its_source),
    UNIT(test_colour_is_used_where_asked),
    UNIT(test_json_is_one_object_on_a_line),
    UNIT(test_ranges_join_to_the_one_that_holds_both),
};

int main(void)
{
    arena = arena_new();
    int status = unit_run("diag", tests, COUNT_OF(tests));
    arena_free(arena);
    return status;
}
