/*
 * caret.c - shows a line of the source with a range of it underlined.
 *
 *        12 |     add(main, skip) -> relu
 *           |     ^~~~~~~~~~~~~~~
 *
 * Columns on the screen are neither bytes nor characters: tabs reach to the
 * next multiple of eight, Chinese takes two columns, accents take none. A line
 * longer than the window is clipped around the range's start. Nothing that a
 * terminal would obey gets through.
 */
#include "base/base.h"
#include "base/local.h"

#include <string.h>

#define WINDOW 100 /* characters of a line that are shown */
#define BEFORE 40  /* of them in front of the range, in a clipped line */
#define TAB    8

typedef struct Span {
    uint32_t first, last;
} Span;

static bool in_spans(uint32_t code, const Span *spans, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (code >= spans[i].first && code <= spans[i].last)
            return true;
    return false;
}

int caret_width(uint32_t code)
{
    static const Span none[] = {
        { 0x300, 0x36f },   { 0x483, 0x489 },   { 0x591, 0x5bd },
        { 0x610, 0x61a },   { 0x64b, 0x65f },   { 0x1ab0, 0x1aff },
        { 0x1dc0, 0x1dff }, { 0x200b, 0x200d }, { 0x20d0, 0x20ff },
        { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f },
    };
    static const Span two[] = {
        { 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0xa4cf },
        { 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },
        { 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f },
        { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1faff }, { 0x20000, 0x3fffd },
    };

    if (code < 0x300)
        return 1;
    if (in_spans(code, none, COUNT_OF(none)))
        return 0;
    return in_spans(code, two, COUNT_OF(two)) ? 2 : 1;
}

bool utf8_is_control(uint32_t code)
{
    static const Span controls[] = {
        { 0, 0x1f },        { 0x7f, 0x9f },     { 0x200e, 0x200f },
        { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfeff, 0xfeff },
        { 0xfff9, 0xfffb },
    };
    return in_spans(code, controls, COUNT_OF(controls));
}

/* The character at text as a terminal may see it; its bytes, its code. */
static int safe_char(const char *text, size_t room, uint32_t *code)
{
    int length = utf8_decode(text, room, code);

    if (length == 0) {
        *code = '?';
        return 1;
    }
    if (utf8_is_control(*code) && *code != '\t' && *code != '\n')
        *code = '?';
    return length;
}

void caret_add_safe(Text *out, const char *text, size_t length)
{
    uint32_t code;

    for (size_t at = 0; at < length;) {
        int bytes = safe_char(text + at, length - at, &code);
        if (code == '?')
            text_char(out, '?');
        else
            text_addn(out, text + at, (size_t)bytes);
        at += (size_t)bytes;
    }
}

/* ---- which part of a line is shown --------------------------------------- */

typedef struct View {
    const char *from, *to; /* what is shown of the line */
    bool cut_left, cut_right;
} View;

static bool is_inside(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* The place count characters further (back where negative), at most limit. */
static const char *skip_chars(const char *at, const char *limit, int count)
{
    int step = count < 0 ? -1 : 1;

    for (; count != 0 && at != limit; count -= step)
        do
            at += step;
        while (at != limit && is_inside(*at));
    return at;
}

static View view_of(Range range)
{
    const char *text = range.source->text, *end = text + range.source->length;
    const char *start = text + range.start;
    const char *line = start,
               *stop = memchr(start, '\n', (size_t)(end - start));

    while (line > text && line[-1] != '\n')
        line--;
    if (!stop)
        stop = end;
    if (stop > line && stop[-1] == '\r')
        stop--;
    View view = { line, skip_chars(line, stop, WINDOW), false, false };
    if (view.to == stop)
        return view;
    view.from = skip_chars(start, line, -BEFORE);
    view.to = skip_chars(view.from, stop, WINDOW);
    view.cut_left = view.from != line;
    view.cut_right = view.to != stop;
    return view;
}

/* ---- the two lines ------------------------------------------------------- */

/* The part of the line in sight, tabs as spaces; its underline in marks. */
static void add_view(Text *out, Text *marks, View view, Range range)
{
    const char *text = range.source->text;
    const char *first = text + range.start, *last = text + range.end;
    int column = 0;
    uint32_t code;

    for (const char *at = view.from; at < view.to;) {
        int bytes = safe_char(at, (size_t)(view.to - at), &code);
        int width = code == '\t' ? TAB - column % TAB : caret_width(code);
        char mark = at == first ? '^' : at > first && at < last ? '~' : ' ';
        if (code == '\t')
            text_printf(out, "%*s", width, "");
        else
            caret_add_safe(out, at, (size_t)bytes);
        for (int i = 0; i < width; i++)
            text_char(marks, i > 0 && mark == '^' ? '~' : mark);
        column += width;
        at += bytes;
    }
    if (first >= view.to) /* the end of the line, or of the file */
        text_char(marks, '^');
    while (marks->length && marks->data[marks->length - 1] == ' ')
        marks->data[--marks->length] = '\0';
}

/* A range to underline: inside the text, and at least a place. */
static Range range_sane(Range range)
{
    if (range.start > range.source->length)
        range.start = range.source->length;
    while (range.start > 0 && is_inside(range.source->text[range.start]))
        range.start--;
    if (range.end > range.source->length)
        range.end = range.source->length;
    if (range.end <= range.start)
        range.end = range.start + 1;
    return range;
}

void caret_add(Text *out, Range range, const char *mark)
{
    Text marks = { 0 };
    int line, column;

    range = range_sane(range);
    source_position(range.source, range.start, &line, &column);
    View view = view_of(range);
    text_printf(out, "%5d | %s", line, view.cut_left ? "..." : "");
    add_view(out, &marks, view, range);
    text_printf(out, "%s\n      | %s%s%s%s\n", view.cut_right ? "..." : "",
                view.cut_left ? "   " : "", mark, text_get(&marks),
                *mark ? "\033[0m" : "");
    text_free(&marks);
}
