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

/* The open parentheses: the column where what is in each one continues, and
 * its place in the line; [0] is the statement's. */
typedef struct Nesting {
    int column[DEEPEST];
    const char *paren[DEEPEST];
    int depth, base; /* base: the statement's first column */
} Nesting;

/* Parentheses behind which the line is broken, because what is aligned to them
 * has no room. */
typedef struct Hanging {
    const char *paren[DEEPEST];
    int count;
} Hanging;

static bool hangs(const Hanging *hanging, const char *paren)
{
    for (int i = 0; i < hanging->count; i++) {
        if (hanging->paren[i] == paren)
            return true;
    }
    return false;
}

static void nesting_step(Nesting *nest, const Hanging *hanging, const char *c,
                         int column)
{
    if (*c == '(' || *c == '[') {
        int outer = nest->depth ? nest->column[nest->depth] : nest->base;
        nest->depth += nest->depth < DEEPEST - 1;
        nest->column[nest->depth] =
            hangs(hanging, c) ? outer + INDENT : column + 1;
        nest->paren[nest->depth] = c;
    } else if ((*c == ')' || *c == ']') && nest->depth > 0) {
        nest->depth--;
    }
}

/* How much a break behind this space is to be avoided; -1: there is none. */
static int break_cost(const char *line, const char *space, int depth)
{
    char before = space > line ? space[-1] : '\0';

    if (before == ',' || before == ';')
        return 8 * depth;
    if (strncmp(space, " = ", 3) == 0 || before == '\0' || before == '=')
        return -1;
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
    const char *end, *next; /* of this line, of the next; NULL: none */
    int column;             /* where the next line begins */
    int cost;
    Nesting nest;
} Break;

/* The best place to break a line that begins at `column`; end == NULL where it
 * fits, or has no place. */
static Break find_break(const char *line, const char *from, int column,
                        Nesting nest, const Hanging *hanging)
{
    Break best = { NULL, NULL, 0, 0, nest };

    for (const char *c = from; *c; c++, column++) {
        int cost = *c == ' ' && c > from ? break_cost(line, c, nest.depth) : -1;
        if (cost >= 0 &&
            (!best.end || (column <= COLUMNS && cost <= best.cost)))
            best = (Break){ c, c + 1, nest.column[nest.depth], cost, nest };
        if (column >= COLUMNS && best.end)
            return best;
        if (*c == '(' && hangs(hanging, c)) {
            /* First what stands in front of it goes to a line of its own. */
            if (best.end && best.cost == 8 * nest.depth)
                return best;
            nesting_step(&nest, hanging, c, column);
            return (Break){ c + 1, c + 1, nest.column[nest.depth], 0, nest };
        }
        nesting_step(&nest, hanging, c, column);
    }
    if (column <= COLUMNS)
        best.end = NULL;
    return best;
}

/* Where the right side of an assignment begins; NULL: it is none. */
static const char *right_side(const char *line)
{
    const char *assign = strstr(line, "= "), *paren = strchr(line, '(');
    return assign && (!paren || assign < paren) ? assign + 2 : NULL;
}

/* For a line that is too long: the outermost parenthesis that would give more
 * room by hanging, of those open at its beginning or else of its own. */
static const char *find_culprit(const Nesting *nest, const char *from,
                                size_t length, const Hanging *hanging)
{
    for (int i = 1; i <= nest->depth; i++) {
        if (!hangs(hanging, nest->paren[i]))
            return nest->paren[i];
    }
    for (size_t i = 0; i < length; i++) {
        if (from[i] == '(' && !hangs(hanging, from + i))
            return from + i;
    }
    return NULL;
}

/* The line, broken, at the end of `out`. NULL where all of it fits, else the
 * parenthesis that is to hang. */
static const char *lay_out(Text *out, const char *line, const char *from,
                           int column, Nesting nest, const Hanging *hanging)
{
    const char *culprit = NULL;

    for (;;) {
        Break next = find_break(line, from, column, nest, hanging);
        size_t length = next.end ? (size_t)(next.end - from) : strlen(from);
        if (!culprit && column + (int)length > COLUMNS)
            culprit = find_culprit(&nest, from, length, hanging);
        text_addn(out, from, length);
        text_char(out, '\n');
        if (!next.end)
            return culprit;
        for (int i = 0; i < next.column; i++)
            text_char(out, ' ');
        from = next.next;
        column = next.column;
        nest = next.nest;
    }
}

/* The right side goes to the next line where it fits there, and would be
 * broken inside of an operand here. */
static const char *before_right_side(Writer *w, const char *line, int *column,
                                     const Nesting *nest)
{
    const Hanging none = { .count = 0 };
    const char *right = right_side(line);
    Break next = find_break(line, line, *column, *nest, &none);

    if (!right || !next.end || next.cost % 8 == 0 ||
        *column + INDENT + (int)strlen(right) > COLUMNS)
        return line;
    text_addn(w->out, line, (size_t)(right - line - 1));
    text_char(w->out, '\n');
    *column += INDENT;
    for (int i = 0; i < *column; i++)
        text_char(w->out, ' ');
    return right;
}

/* Operands stand below the first one: x = a +
 *                                       b;  */
static void write_flat(Writer *w, const char *line)
{
    int column = w->indent * INDENT;
    const char *right = right_side(line), *culprit;
    Nesting nest = { { column + INDENT }, { NULL }, 0, column };
    Hanging hanging = { .count = 0 };

    if (right && right - line < COLUMNS / 2)
        nest.column[0] = column + (int)(right - line);
    write_indent(w);
    const char *from = before_right_side(w, line, &column, &nest);
    size_t start = w->out->length;
    for (;;) {
        culprit = lay_out(w->out, line, from, column, nest, &hanging);
        if (!culprit || hanging.count == DEEPEST)
            return;
        hanging.paren[hanging.count++] = culprit;
        nest.base = column;
        w->out->length = start;
    }
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

void literal_begin(Literal *literal)
{
    for (int digit = 0; digit < 2; digit++) {
        for (int byte = 0; byte < 256; byte++)
            literal->length[digit][byte] = (unsigned char)escape(
                literal->text[digit][byte], (unsigned char)byte, digit);
    }
}

/* Four characters are copied each time, and those that count are kept. */
void literal_add(const Literal *literal, Text *text, const void *data,
                 size_t length)
{
    const unsigned char *bytes = data;
    char buffer[4 * 1024];
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        int digit =
            i + 1 < length && bytes[i + 1] >= '0' && bytes[i + 1] <= '7';
        memcpy(buffer + used, literal->text[digit][bytes[i]], 4);
        used += literal->length[digit][bytes[i]];
        if (used > sizeof buffer - 4) {
            text_addn(text, buffer, used);
            used = 0;
        }
    }
    text_addn(text, buffer, used);
}

void text_literal(Text *text, const void *data, size_t length)
{
    Literal literal = { 0 };
    literal_begin(&literal);
    literal_add(&literal, text, data, length);
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
