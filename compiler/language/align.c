/*
 * align.c - the columns of neighbouring lines, and the printing of all.
 *
 *     conv(6, 5x5, pad=same) -> relu -> maxpool(2x2)
 *     conv(16, 5x5)          -> relu -> maxpool(2x2)   first arrows
 *     input image : u8[8, 8, 3]
 *     input mask  : f32[8, 8, 1]                       colons of inputs
 *     batch  = 64
 *     epochs = 5                                       equal signs
 *     main = in -> conv(8, 3x3)
 *               -> relu                : [32, 32, 8]
 *               -> conv(16, 3x3)       : [30, 30, 16]  # claims, comments
 *
 * Lines that differ too much in length are left as they are.
 */
#include "language/local.h"

#include <string.h>

enum {
    INDENT = 4,
    MOST_PADDING = 16, /* more would tear a line apart */
    MOST_GAP = 40,     /* the same for claims and comments */
    GAP = 2            /* before claims and comments */
};

/* Characters, not bytes. */
static int width_of(const char *text, size_t length)
{
    int width = 0;
    for (size_t i = 0; i < length; i++)
        width += ((unsigned char)text[i] & 0xc0) != 0x80;
    return width;
}

static void text_spaces(Text *text, int count)
{
    while (count-- > 0)
        text_char(text, ' ');
}

/* Widens the code with blanks at a place, and moves the places behind it. */
static void line_widen(FormatLine *line, int place, int blanks)
{
    Text code = { 0 };
    if (blanks <= 0)
        return;
    text_addn(&code, line->code.data, (size_t)place);
    text_spaces(&code, blanks);
    text_add(&code, line->code.data + place);
    text_free(&line->code);
    line->code = code;
    if (line->arrow >= place)
        line->arrow += blanks;
    if (line->equals >= place)
        line->equals += blanks;
    if (line->claim >= place)
        line->claim += blanks;
}

/* ---- one column of a run of lines -------------------------------------------------- */

typedef int (*ColumnOf)(const FormatLine *line);

/* The '=' of name = chain. */
static int equals_place(const FormatLine *line)
{
    return line->head ? line->equals : -1;
}

/* The ':' of an input. */
static int colon_place(const FormatLine *line)
{
    return line->head ? line->colon : -1;
}

/* The first arrow of a chain without a name. */
static int arrow_place(const FormatLine *line)
{
    return line->head && line->equals < 0 ? line->arrow : -1;
}

static bool same_run(const FormatLine *a, const FormatLine *b,
                     ColumnOf column_of)
{
    return column_of(b) >= 0 && !b->blank && a->indent == b->indent;
}

/* All of the run, or none of it where a line would be torn apart. */
static void align_run(FormatLine *line, int count, ColumnOf column_of)
{
    int least = column_of(&line[0]), most = least;
    for (int i = 1; i < count; i++) {
        int at = column_of(&line[i]);
        least = at < least ? at : least;
        most = at > most ? at : most;
    }
    for (int i = 0; i < count && most - least <= MOST_PADDING; i++)
        line_widen(&line[i], column_of(&line[i]), most - column_of(&line[i]));
}

static void align_places(FormatLines *lines, ColumnOf column_of)
{
    for (int first = 0, next; first < lines->count; first = next) {
        next = first + 1;
        if (column_of(&lines->at[first]) < 0)
            continue;
        while (next < lines->count &&
               same_run(&lines->at[first], &lines->at[next], column_of))
            next++;
        align_run(&lines->at[first], next - first, column_of);
    }
}

/* Lines that begin with an arrow stand below the first arrow of their chain. */
static void align_continued(FormatLines *lines)
{
    int column = 0;
    for (int i = 0; i < lines->count; i++) {
        FormatLine *line = &lines->at[i];
        if (line->head)
            column = line->arrow >= 0 ? line->indent * INDENT + line->arrow
                                      : (line->indent + 1) * INDENT;
        line->column = line->arrow_first ? column : line->indent * INDENT;
    }
}

/* ---- claims and comments -------------------------------------------------------------- */

/* The width without the claim that stands at the end. */
static int code_width(const FormatLine *line)
{
    size_t length = line->claim >= 0 ? (size_t)line->claim : line->code.length;
    return line->column + width_of(text_get(&line->code), length);
}

static int full_width(const FormatLine *line)
{
    return line->column + width_of(text_get(&line->code), line->code.length);
}

/* Lines of one depth, up to a blank one. */
static int paragraph_end(const FormatLines *lines, int first)
{
    int next = first + 1;
    while (next < lines->count && !lines->at[next].blank &&
           lines->at[next].indent == lines->at[first].indent)
        next++;
    return next;
}

/* The column for what stands behind a code of that width. */
static int gap_column(int width, int column)
{
    return column - width > MOST_GAP ? width + GAP : column;
}

static void align_claims(FormatLine *line, int count)
{
    int column = 0;
    for (int i = 0; i < count; i++)
        if (line[i].claim >= 0 && code_width(&line[i]) + GAP > column)
            column = code_width(&line[i]) + GAP;
    for (int i = 0; i < count; i++) {
        int width = code_width(&line[i]);
        if (line[i].claim >= 0) /* a blank is there already */
            line_widen(&line[i], line[i].claim,
                       gap_column(width, column) - width - 1);
    }
}

static void align_comments(FormatLine *line, int count)
{
    int column = 0;
    for (int i = 0; i < count; i++)
        if (line[i].comment.length && line[i].code.length &&
            full_width(&line[i]) + GAP > column)
            column = full_width(&line[i]) + GAP;
    for (int i = 0; i < count; i++)
        line[i].comment_column =
            line[i].code.length ? gap_column(full_width(&line[i]), column) : 0;
}

static void print_line(Text *out, const FormatLine *line)
{
    if (line->blank)
        text_char(out, '\n');
    text_spaces(out, line->column);
    text_add(out, text_get(&line->code));
    if (line->comment.length) {
        text_spaces(out, line->comment_column - full_width(line));
        text_add(out, text_get(&line->comment));
    }
    text_char(out, '\n');
}

void align_print(FormatLines *lines, Text *out)
{
    align_places(lines, colon_place);
    align_places(lines, equals_place);
    align_places(lines, arrow_place);
    align_continued(lines);
    for (int first = 0, next; first < lines->count; first = next) {
        next = paragraph_end(lines, first);
        align_claims(&lines->at[first], next - first);
        align_comments(&lines->at[first], next - first);
    }
    for (int i = 0; i < lines->count; i++)
        print_line(out, &lines->at[i]);
}
