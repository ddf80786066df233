/*
 * format.c - the standard form of a file: tokens to lines.
 *
 *     conv( 6,5x5 )->relu # a        conv(6, 5x5) -> relu  # a
 *     block b { relu }          ->   block b {
 *                                        relu
 *                                    }
 *
 * Works on tokens, not on the syntax tree: so comments stay, and so do line
 * breaks, but for those that braces ask for. align.c then puts the columns
 * of neighbouring lines below each other. The result depends on the tokens and
 * on where lines and paragraphs end, and is a fixed point.
 */
#include "language/local.h"

#include "language/grammar.h"

#include <string.h>

typedef VEC(Token) Tokens;

typedef struct Formatter {
    FormatLines *lines;
    FormatLine *line; /* being filled, or NULL */
    int braces, parentheses;
    int blank;     /* line ends since the last line */
    int statement; /* kind of the first token of the statement at hand */
    bool sign;     /* the last token was a '-' in front of its number */
    Token last;    /* the last token of the line, comments left out */
    int before;    /* kind of the last token, on whatever line */
} Formatter;

/* ---- tokens --------------------------------------------------------------------- */

static void tokens_read(const Source *source, Tokens *tokens)
{
    bool mark = strncmp(source->text, "\xef\xbb\xbf", 3) == 0;
    Scanner scanner;
    Token token;
    scanner_open(&scanner, source, mark ? 3 : 0);
    do {
        token = scanner_next(&scanner);
        vec_push(tokens, token);
    } while (token.kind != 0);
    scanner_close(&scanner);
}

/* The index of the next token that is no line end. */
static int tokens_skip_ends(const Tokens *tokens, int at)
{
    while (tokens->at[at].kind == TOK_NEWLINE)
        at++;
    return at;
}

/* ---- spaces ---------------------------------------------------------------------- */

static bool is_operator(int kind)
{
    switch (kind) {
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '<':
    case '>':
    case '=':
    case ',':
    case '(':
    case '[':
    case TOK_EQUAL:
    case TOK_UNEQUAL:
    case TOK_LESS_EQUAL:
    case TOK_GREATER_EQUAL:
    case TOK_AND:
    case TOK_OR:
    case TOK_NOT:
    case TOK_IF: return true;
    default: return false;
    }
}

static bool space_before(const Formatter *f, int kind)
{
    int last = f->last.kind;
    bool tight = f->parentheses > 0 || f->statement == TOK_WEIGHTS;
    if (last == '(' || last == '[' || kind == ')' || kind == ']' ||
        kind == ',' || f->sign)
        return false;
    if (kind == '(' || kind == '[')
        return last != TOK_NAME && !(last == '=' && tight);
    return !(tight && (kind == '=' || last == '='));
}

/* ---- lines ------------------------------------------------------------------------ */

static FormatLine *line_open(Formatter *f, int indent)
{
    FormatLine line = {
        .indent = indent, .arrow = -1, .equals = -1, .claim = -1, .colon = -1
    };
    line.blank = f->blank > 1 && f->lines->count > 0;
    vec_push(f->lines, line);
    f->line = &f->lines->at[f->lines->count - 1];
    f->last.kind = 0;
    f->sign = false;
    f->blank = 0;
    return f->line;
}

static void line_close(Formatter *f)
{
    f->line = NULL;
    f->blank = 1;
}

/* Notes what align.c wants to know, before the token is added. */
static void line_notes(Formatter *f, int kind)
{
    FormatLine *line = f->line;
    int at = (int)line->code.length;
    bool chain = line->statement == TOK_NAME;
    if (f->parentheses > 0)
        return;
    if (kind == TOK_ARROW) {
        line->claim = -1; /* only the last claim of a line is moved */
        if (line->arrow < 0 && chain)
            line->arrow = at ? at + 1 : 0;
    } else if (kind == ':' && chain) {
        line->claim = at;
    } else if (kind == ':' && (line->statement == TOK_INPUT ||
                               line->statement == TOK_PARAMETER)) {
        line->colon = at + 1;
    } else if (kind == '=' && chain && line->equals < 0 && line->head) {
        line->equals = at + 1;
    }
}

static void line_add(Formatter *f, Token token)
{
    bool sign = token.kind == '-' && is_operator(f->before);
    bool space = f->line->code.length && space_before(f, token.kind);
    line_notes(f, token.kind);
    if (space)
        text_char(&f->line->code, ' ');
    text_addn(&f->line->code, token.range.source->text + token.range.start,
              token.range.end - token.range.start);
    if (token.kind == '(' || token.kind == '[')
        f->parentheses++;
    if (token.kind == ')' || token.kind == ']')
        f->parentheses--;
    f->sign = sign;
    f->last = token;
    f->before = token.kind;
}

/* A new line for the token: a statement, or more of one. */
static void line_begin(Formatter *f, Token token)
{
    bool more = f->parentheses > 0 || token.kind == TOK_ARROW;
    bool closes = token.kind == ')' || token.kind == ']';
    int indent = f->braces + f->parentheses - (f->parentheses && closes);
    FormatLine *line;
    line_open(f, indent);
    line = f->line;
    if (!more)
        f->statement = token.kind;
    line->head = !more;
    line->more = more;
    line->arrow_first = token.kind == TOK_ARROW && f->parentheses == 0;
    line->statement = f->statement;
}

static void comment_add(Formatter *f, Token token)
{
    const char *text = token.range.source->text + token.range.start;
    size_t length = token.range.end - token.range.start;
    while (length && (text[length - 1] == ' ' || text[length - 1] == '\t' ||
                      text[length - 1] == '\r'))
        length--;
    if (!f->line)
        line_open(f, f->braces + f->parentheses);
    text_addn(&f->line->comment, text, length);
    line_close(f);
    f->blank = 0; /* the line end behind the comment counts */
}

/* ---- braces ------------------------------------------------------------------------ */

static void brace_open(Formatter *f, Token token)
{
    if (!f->line)
        line_begin(f, token);
    line_add(f, token);
    f->braces++;
}

static void brace_close(Formatter *f, Token token)
{
    f->braces--;
    f->blank = f->blank ? 1 : 0; /* no blank line at the end of a block */
    line_begin(f, token);
    line_add(f, token);
}

/* Line ends that the standard form leaves out: before 'else' and '{'. */
static bool joins(const Formatter *f, const Tokens *tokens, int at)
{
    int next = tokens->at[tokens_skip_ends(tokens, at)].kind;
    return f->line && f->parentheses == 0 && (next == TOK_ELSE || next == '{');
}

static void format_token(Formatter *f, const Tokens *tokens, int *at)
{
    Token token = tokens->at[*at];
    bool after_brace = f->line && (f->last.kind == '{' || f->last.kind == '}');
    if (token.kind == TOK_NEWLINE && joins(f, tokens, *at)) {
        *at = tokens_skip_ends(tokens, *at) - 1;
        return;
    }
    if (token.kind == TOK_NEWLINE) {
        bool opened = f->line && f->last.kind == '{';
        f->line = NULL;
        f->blank++;
        if (opened)
            *at = tokens_skip_ends(tokens, *at) - 1; /* no blank line there */
        return;
    }
    if (token.kind == TOK_COMMENT) {
        comment_add(f, token);
        return;
    }
    if ((after_brace && token.kind != TOK_ELSE) || token.kind == '}')
        f->line = NULL;
    if (token.kind == '}') {
        brace_close(f, token);
    } else if (token.kind == '{') {
        brace_open(f, token);
    } else {
        if (!f->line)
            line_begin(f, token);
        line_add(f, token);
    }
}

bool lang_format(const Source *source, Text *out)
{
    Arena *scratch = arena_new();
    int errors = diag_error_count();
    bool good = syntax_parse(scratch, source) && diag_error_count() == errors;
    FormatLines lines = { 0 };
    Tokens tokens = { 0 };
    Formatter f = { .lines = &lines };
    arena_free(scratch);
    if (!good)
        return false;
    tokens_read(source, &tokens);
    for (int at = 0; tokens.at[at].kind != 0; at++)
        format_token(&f, &tokens, &at);
    vec_free(&tokens);
    align_print(&lines, out);
    for (int i = 0; i < lines.count; i++) {
        text_free(&lines.at[i].code);
        text_free(&lines.at[i].comment);
    }
    vec_free(&lines);
    return true;
}
