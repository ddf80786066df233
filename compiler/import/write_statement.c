/*
 * write_statement.c - the lines of one statement.
 *
 *     main = in -> conv(64, 1x1) as conv1 -> batchnorm as bn1 -> relu
 *               -> conv(64, 3x3, pad=1) as conv2 -> batchnorm as bn2 -> relu
 *
 * A new line starts where the width asks for it, and before a layer that opens
 * one. A layer that is longer than a line is broken behind its commas. Columns
 * are the formatter's affair; here they only matter for what fits.
 */
#include <string.h>

#include "import/write_local.h"

enum { INDENT = 4 };

typedef struct Printer {
    Text *out;
    int width, column; /* of what comes next */
    int depth;
} Printer;

static void put(Printer *p, const char *text)
{
    text_add(p->out, text);
    p->column += (int)strlen(text);
}

static void new_line(Printer *p, int column)
{
    text_char(p->out, '\n');
    p->column = column;
}

static int length_of(const Piece *piece)
{
    return (int)strlen(piece->text);
}

/* Behind a comma the rest goes to the next line, where it does not fit. */
static void put_broken(Printer *p, const char *text)
{
    int parentheses = 0;
    while (*text) {
        size_t length = strcspn(text, ",");
        const char *more = text[length] ? text + length + 1 : text + length;
        length += text[length] == ',';
        if (p->column + (int)length > p->width && parentheses) {
            new_line(p, (p->depth + parentheses) * INDENT);
            text += *text == ' ';
            length = (size_t)(more - text);
        }
        for (size_t i = 0; i < length; i++)
            parentheses += text[i] == '(' || text[i] == '['   ? 1
                           : text[i] == ')' || text[i] == ']' ? -1
                                                              : 0;
        text_addn(p->out, text, length);
        p->column += (int)length;
        text = more;
    }
}

static void put_piece(Printer *p, const Piece *piece)
{
    if (p->column + length_of(piece) > p->width)
        put_broken(p, piece->text);
    else
        put(p, piece->text);
}

static bool fits(const Printer *p, const Pieces *pieces, const Statement *s)
{
    int length = p->column + (s->claim ? (int)strlen(s->claim) + 4 : 0);
    for (int i = 0; i < pieces->count; i++)
        length += length_of(&pieces->at[i]) + (i ? 4 : 0);
    return length <= p->width;
}

/* The pieces from `at` on; a line that holds an opening one ends before the
 * next. column: where the arrows of further lines stand. */
static void put_pieces(Printer *p, const Pieces *pieces, int column, bool first,
                       bool one_line)
{
    bool opened = false;
    for (int i = 0; i < pieces->count; i++) {
        const Piece *piece = &pieces->at[i];
        const bool long_line = p->column + 4 + length_of(piece) > p->width;
        if (first) {
            put_piece(p, piece);
        } else {
            if (!one_line && (long_line || (opened && piece->opens) ||
                              (i == 1 && column == (p->depth + 1) * INDENT))) {
                new_line(p, column);
                put(p, "-> ");
                opened = false;
            } else {
                put(p, " -> ");
            }
            put_piece(p, piece);
        }
        opened |= piece->opens;
        first = false;
    }
}

void statement_print(Text *out, const Statement *s, const Pieces *pieces,
                     int width)
{
    Printer p = { .out = out,
                  .width = width,
                  .column = s->depth * INDENT,
                  .depth = s->depth };
    int column = (s->depth + 1) * INDENT;
    if (s->name) {
        put(&p, s->name);
        put(&p, " = ");
    }
    if (s->source) {
        put(&p, s->source);
        column = p.column + 1;
    }
    put_pieces(&p, pieces, column, !s->source, fits(&p, pieces, s));
    if (s->claim)
        text_printf(out, " : %s", s->claim);
    text_char(out, '\n');
}
