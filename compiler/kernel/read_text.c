/*
 * read_text.c - the reader's lines, words and signs.
 */
#include "kernel/read.h"

#include <inttypes.h>
#include <string.h>

void read_fail(Reader *r, const char *format, ...)
{
    Text text = { 0 };
    va_list list;

    if (!r->failed) {
        va_start(list, format);
        text_vprintf(&text, format, list);
        va_end(list);
        diag_error((Range){ r->source, r->at, r->at }, "%s", text_get(&text));
        text_free(&text);
    }
    r->failed = true;
    r->at = r->source->length;
    r->level = -1;
}

static char peek(const Reader *r)
{
    return r->at < r->source->length ? r->source->text[r->at] : '\0';
}

static void skip_blanks(Reader *r)
{
    while (peek(r) == ' ')
        r->at++;
}

/* ---- lines ------------------------------------------------------------------------ */

static void add_comment(Reader *r)
{
    const char *text = r->source->text + r->at + 1;
    size_t length = strcspn(text, "\n");
    const char *line;

    r->at += 1 + length;
    if (*text == ' ')
        text++, length--;
    line = arena_textn(r->arena, text, length);
    r->comment =
        r->comment ? arena_printf(r->arena, "%s\n%s", r->comment, line) : line;
}

void next_line(Reader *r)
{
    r->comment = NULL;
    while (r->at < r->source->length) {
        size_t line = r->at;
        skip_blanks(r);
        r->start = r->at;
        if (peek(r) == '#') {
            add_comment(r);
        } else if (peek(r) != '\n' && peek(r) != '\0') {
            if ((r->at - line) % 4 != 0)
                read_fail(r, "indentation is no multiple of 4");
            else
                r->level = (int)((r->at - line) / 4);
            return;
        }
        if (peek(r) == '\n')
            r->at++;
    }
    r->level = -1;
}

bool at_line_end(Reader *r)
{
    skip_blanks(r);
    return peek(r) == '\0' || peek(r) == '\n' || peek(r) == '#';
}

void end_line(Reader *r)
{
    if (!at_line_end(r)) {
        read_fail(r, "unexpected text at the end of the line");
        return;
    }
    while (peek(r) != '\0' && peek(r) != '\n')
        r->at++;
    if (peek(r) == '\n')
        r->at++;
    next_line(r);
}

/* ---- signs and words ---------------------------------------------------------------- */

bool accept(Reader *r, const char *sign)
{
    skip_blanks(r);
    if (strncmp(r->source->text + r->at, sign, strlen(sign)) != 0)
        return false;
    r->at += strlen(sign);
    return true;
}

bool expect(Reader *r, const char *sign)
{
    bool found = accept(r, sign);
    if (!found)
        read_fail(r, "expected '%s'", sign);
    return found;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "ow.o" is one name; in "oh..32" the name is "oh". */
static size_t name_length(const char *text)
{
    size_t n = 0;
    if (!is_letter(text[0]))
        return 0;
    while (
        is_letter(text[n]) || is_digit(text[n]) ||
        (text[n] == '.' && (is_letter(text[n + 1]) || is_digit(text[n + 1]))))
        n++;
    return n;
}

const char *accept_name(Reader *r)
{
    const char *text;
    size_t length;

    skip_blanks(r);
    text = r->source->text + r->at;
    length = name_length(text);
    if (length == 0)
        return NULL;
    r->at += length;
    return name_internn(text, length);
}

const char *expect_name(Reader *r, const char *what)
{
    const char *name = accept_name(r);
    if (!name)
        read_fail(r, "expected %s", what);
    return name;
}

bool accept_word(Reader *r, const char *word)
{
    size_t back = r->at;
    const char *name = accept_name(r);
    if (name && strcmp(name, word) == 0)
        return true;
    r->at = back;
    return false;
}

bool expect_word(Reader *r, const char *word)
{
    bool found = accept_word(r, word);
    if (!found)
        read_fail(r, "expected '%s'", word);
    return found;
}

/* ---- numbers and strings --------------------------------------------------------------- */

int64_t read_integer(Reader *r, int64_t low, int64_t high)
{
    char digits[24];
    size_t n = 0, back;
    int64_t value;

    skip_blanks(r);
    back = r->at;
    if (peek(r) == '-')
        digits[n++] = '-', r->at++;
    while (is_digit(peek(r)) && n < sizeof digits - 1)
        digits[n++] = r->source->text[r->at++];
    digits[n] = '\0';
    if (parse_int64(digits, &value) && value >= low && value <= high)
        return value;
    r->at = back;
    read_fail(r, "expected a number from %" PRId64 " to %" PRId64, low, high);
    return low > 0 ? low : 0;
}

/* The characters of a decimal number: 12, 1.5, 2e-07. */
static size_t number_length(const char *text)
{
    size_t n = 0;
    if (text[n] == '-')
        n++;
    while (is_digit(text[n]) || (text[n] == '.' && is_digit(text[n + 1])))
        n++;
    if (n > 0 && text[n] == 'e') {
        n++;
        if (text[n] == '-' || text[n] == '+')
            n++;
        while (is_digit(text[n]))
            n++;
    }
    return n;
}

bool read_number(Reader *r, double *value, bool *is_integer)
{
    char digits[64];
    const char *text;
    size_t length;

    skip_blanks(r);
    text = r->source->text + r->at;
    length = number_length(text);
    if (length == 0 || length >= sizeof digits)
        return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (!parse_double(digits, value))
        return false;
    *is_integer = !strpbrk(digits, ".e");
    r->at += length;
    return true;
}

static int hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One character of a string, its escape resolved. */
static bool string_char(Reader *r, Text *text)
{
    const char *s = r->source->text + r->at;

    if (s[0] == '\n' || s[0] == '\0')
        return false;
    if (s[0] != '\\') {
        text_char(text, s[0]);
        r->at++;
    } else if (s[1] == 'x' && hex_digit(s[2]) >= 0 && hex_digit(s[3]) >= 0) {
        text_char(text, (char)(16 * hex_digit(s[2]) + hex_digit(s[3])));
        r->at += 4;
    } else if (s[1] == '"' || s[1] == '\\') {
        text_char(text, s[1]);
        r->at += 2;
    } else {
        return false;
    }
    return true;
}

const char *read_string(Reader *r)
{
    Text text = { 0 };

    if (!expect(r, "\""))
        return "";
    text_add(&text, "");
    while (peek(r) != '"') {
        if (!string_char(r, &text)) {
            read_fail(r, "this string does not end in its line");
            text_free(&text);
            return "";
        }
    }
    r->at++;
    return text_take(&text, r->arena);
}
