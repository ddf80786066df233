/*
 * c_write.c - lines of C: indentation, and breaks at 80 columns.
 *
 *     a0 = f32x16_fma(f32x16_load(wr + 256 + 16 * c),
 *                     f32x16_splat(xr[16 + c]), a0);
 *
 * A line comes flat and is broken where clang-format would do it: after a
 * comma, a semicolon or an operator, at the outermost parenthesis that has a
 * place in reach; what follows is aligned behind that parenthesis. Lines with
 * string literals go through write_raw and are broken by whoever makes them.
 */
#include "emit/local.h"

#include <ctype.h>
#include <string.h>

#define COLUMNS 80
#define INDENT  4
#define DEEPEST 64

static void write_indent(Writer *w)
{
    for (int i = 0; i < w->indent * INDENT; i++)
        text_char(w->out, ' ');
}

void write_raw(Writer *w, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    text_vprintf(w->out, format, list);
    va_end(list);
    text_char(w->out, '\n');
}

/* The open parentheses: the column behind each; [0] is the statement's. */
typedef struct Nesting {
    int column[DEEPEST];
    int depth;
} Nesting;

static void nesting_step(Nesting *nest, char c, int column)
{
    if (c == '(' || c == '[') {
        nest->depth += nest->depth < DEEPEST - 1;
        nest->column[nest->depth] = column + 1;
    } else if ((c == ')' || c == ']') && nest->depth > 0) {
        nest->depth--;
    }
}

/* How much a break behind this space is to be avoided; -1: there is none. */
static int break_cost(const char *line, const char *space, int depth)
{
    char before = space > line ? space[-1] : '\0';

    if (before == ',' || before == ';')
        return 8 * depth;
    if (strncmp(space, " = ", 3) == 0 || before == '\0')
        return -1;
    if (before == '=' && (space - line < 2 || space[-2] == ' '))
        return 1000;
    if (strncmp(space, " ? ", 3) == 0 || strncmp(space, " : ", 3) == 0)
        return 8 * depth + 1;
    if (space - line < 2 || (space[-2] != ' ' && before != '|'))
        return -1;
    if (strchr("|<>", before))
        return 8 * depth + 2;
    if (strchr("+-", before))
        return 8 * depth + 3;
    if (strchr("*/%", before))
        return 8 * depth + 4;
    return -1;
}

typedef struct Break {
    const char *at; /* the space; NULL: none */
    int column;     /* where the next line begins */
    Nesting nest;
} Break;

/* The best place to break a line that begins at `column`; at == NULL where it
 * fits, or has no place. */
static Break find_break(const char *line, const char *from, int column,
                        Nesting nest)
{
    Break best = { NULL, 0, nest };
    int best_cost = 0;

    for (const char *c = from; *c; c++, column++) {
        int cost = *c == ' ' && c > from ? break_cost(line, c, nest.depth) : -1;
        if (cost >= 0 &&
            (column <= COLUMNS ? !best.at || cost <= best_cost : !best.at)) {
            best = (Break){ c, nest.column[nest.depth], nest };
            best_cost = cost;
        }
        if (column >= COLUMNS && best.at)
            return best;
        nesting_step(&nest, *c, column);
    }
    if (column <= COLUMNS)
        best.at = NULL;
    return best;
}

/* Operands stand below the first one: x = a +
 *                                       b;  */
static int continuation(const char *line, int indent)
{
    const char *assign = strstr(line, "= "), *paren = strchr(line, '(');

    if (assign && (!paren || assign < paren) && assign - line < COLUMNS / 2)
        return indent + (int)(assign - line) + 2;
    return indent + INDENT;
}

static void write_flat(Writer *w, const char *line)
{
    int column = w->indent * INDENT;
    const char *from = line;
    Nesting nest = { { continuation(line, column) }, 0 };

    write_indent(w);
    for (;;) {
        Break next = find_break(line, from, column, nest);
        if (!next.at)
            break;
        text_addn(w->out, from, (size_t)(next.at - from));
        text_char(w->out, '\n');
        for (int i = 0; i < next.column; i++)
            text_char(w->out, ' ');
        from = next.at + 1;
        column = next.column;
        nest = next.nest;
    }
    text_add(w->out, from);
    text_char(w->out, '\n');
}

void write_line(Writer *w, const char *format, ...)
{
    va_list list;

    w->line.length = 0;
    va_start(list, format);
    text_vprintf(&w->line, format, list);
    va_end(list);
    write_flat(w, text_get(&w->line));
}

void write_open(Writer *w, const char *format, ...)
{
    va_list list;

    w->line.length = 0;
    va_start(list, format);
    text_vprintf(&w->line, format, list);
    va_end(list);
    text_add(&w->line, w->line.length ? " {" : "{");
    write_flat(w, w->line.data);
    w->indent++;
}

void write_close(Writer *w)
{
    w->indent--;
    write_line(w, "}");
}

/* ---- comments ---------------------------------------------------------------- */

#define COMMENT_LONGEST 400

/* Printable ASCII, no start or end of a comment, no trigraph, not endless. */
void text_comment(Text *text, const char *words)
{
    size_t start = text->length;

    for (const char *c = words; *c; c++) {
        char last = text->length > start ? text->data[text->length - 1] : '\0';
        bool plain = *c >= ' ' && *c <= '~';
        if (text->length - start >= COMMENT_LONGEST) {
            text_add(text, "...");
            return;
        }
        if (((last == '*' && *c == '/') || (last == '/' && *c == '*') ||
             (last == '?' && *c == '?')))
            text_char(text, ' ');
        text_char(text, plain ? *c : '_');
    }
}

/* A line of a comment, broken between words. */
static void comment_line(Writer *w, const char *words)
{
    Text safe = { 0 };

    text_comment(&safe, words);
    const char *at = text_get(&safe);
    size_t room = (size_t)(COLUMNS - 6 - w->indent * INDENT);
    while (strlen(at) > room) {
        size_t cut = room;
        while (cut > 0 && at[cut] != ' ')
            cut--;
        if (cut == 0)
            cut = room;
        text_printf(w->out, "%.*s\n", (int)cut, at);
        write_indent(w);
        text_add(w->out, " * ");
        at += cut + (at[cut] == ' ');
    }
    text_add(w->out, at);
    text_free(&safe);
}

void write_comment(Writer *w, const char *text)
{
    write_indent(w);
    text_add(w->out, "/* ");
    while (text) {
        const char *end = strchr(text, '\n');
        size_t length = end ? (size_t)(end - text) : strlen(text);
        char *line = mem_alloc(length + 1);
        memcpy(line, text, length);
        line[length] = '\0';
        comment_line(w, line);
        mem_free(line);
        text = end && end[1] ? end + 1 : NULL;
        if (text) {
            text_char(w->out, '\n');
            write_indent(w);
            text_add(w->out, *text == '\n' ? " *" : " * ");
        }
    }
    text_add(w->out, " */\n");
}

/* ---- literals ------------------------------------------------------------------- */

/* A byte of a literal at `to`; the number of characters. Octal escapes are as
 * short as the next byte allows; "??" could begin a trigraph. */
static size_t escape(char *to, unsigned char byte, bool digit_follows)
{
    size_t length = 0;

    if (byte >= ' ' && byte <= '~') {
        if (byte == '"' || byte == '\\' || byte == '?')
            to[length++] = '\\';
        to[length++] = (char)byte;
        return length;
    }
    to[length++] = '\\';
    if (digit_follows || byte >= 0100)
        to[length++] = (char)('0' + (byte >> 6));
    if (digit_follows || byte >= 010)
        to[length++] = (char)('0' + (byte >> 3 & 7));
    to[length++] = (char)('0' + (byte & 7));
    return length;
}

void text_literal(Text *text, const void *data, size_t length)
{
    const unsigned char *bytes = data;
    char buffer[4 * 256];
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        bool digit =
            i + 1 < length && bytes[i + 1] >= '0' && bytes[i + 1] <= '7';
        used += escape(buffer + used, bytes[i], digit);
        if (used > sizeof buffer - 4) {
            text_addn(text, buffer, used);
            used = 0;
        }
    }
    text_addn(text, buffer, used);
}

/* A literal of any length is fine for the compilers that know this pragma; it
 * is the standard that does not promise it. */
void write_long_literals_begin(Writer *w)
{
    write_raw(w, "#if defined(__GNUC__)");
    write_raw(w, "#pragma GCC diagnostic push");
    write_raw(w, "#pragma GCC diagnostic ignored \"-Woverlength-strings\"");
    write_raw(w, "#endif");
}

void write_long_literals_end(Writer *w)
{
    write_raw(w, "#if defined(__GNUC__)");
    write_raw(w, "#pragma GCC diagnostic pop");
    write_raw(w, "#endif");
}
