/*
 * lines.c - decides which line ends are tokens, and finds back after errors.
 *
 *     conv(6,          a line end within brackets is none,
 *          5x5)
 *        -> relu       nor is one before '->', 'else' or '{';
 *     if x { relu }    before '}' there is one, even where none was written
 *
 * So each statement of the grammar ends with a line end. After a syntax error
 * the parser skips to the next one. Brackets that are open by then are given
 * up, unless their partners come before the next statement does.
 */
#include "language/local.h"

#include "language/grammar.h"

#include <string.h>

static Token lines_take(Parser *p)
{
    if (p->has_ahead) {
        p->has_ahead = false;
        return p->ahead;
    }
    return scanner_next(&p->scanner);
}

static void lines_put_back(Parser *p, Token token)
{
    p->ahead = token;
    p->has_ahead = true;
}

/* A token of that kind just before the given one. */
static Token token_before(Token token, int kind)
{
    token.kind = kind;
    token.range.end = token.range.start;
    return token;
}

static bool within_parentheses(const Parser *p)
{
    int kind = p->open.count ? p->open.at[p->open.count - 1].kind : 0;
    return kind == '(' || kind == '[';
}

/* Whether something stands on this line that has to be ended. */
static bool line_is_open(const Parser *p)
{
    int kind = p->previous.kind;
    return kind != 0 && kind != TOK_NEWLINE && kind != '{';
}

/* The next token, comments and needless line ends left out. */
static Token lines_significant(Parser *p)
{
    Token token = lines_take(p), end = { 0 };
    while (token.kind == TOK_COMMENT || token.kind == TOK_NEWLINE) {
        if (token.kind == TOK_NEWLINE && !end.kind)
            end = token;
        token = lines_take(p);
    }
    if (!end.kind || !line_is_open(p) || within_parentheses(p) ||
        token.kind == TOK_ARROW || token.kind == TOK_ELSE || token.kind == '{')
        return token;
    lines_put_back(p, token);
    return end;
}

/* ---- brackets --------------------------------------------------------------- */

static bool is_closing(int kind)
{
    return kind == ')' || kind == ']' || kind == '}';
}

static bool is_opening(int kind)
{
    return kind == '(' || kind == '[' || kind == '{';
}

static void lines_open(Parser *p, Token *token)
{
    vec_push(&p->open, *token);
    if (p->open.count <= LANG_MAX_NESTING)
        return;
    syntax_error(p, token->range, "brackets are nested more than %d deep",
                 LANG_MAX_NESTING);
    p->stopped = true;
    token->kind = TOK_GRAMMAR_error;
}

/* A closing brace gives up all parentheses within it; a parenthesis of the
 * wrong kind closes the innermost one all the same. */
static void lines_close(Parser *p, Token *token)
{
    if (token->kind == '}')
        while (within_parentheses(p))
            p->open.count--;
    if (p->open.count && (within_parentheses(p) || token->kind == '}')) {
        p->open.count--;
    } else if (token->kind == '}') {
        if (p->orphans)
            p->orphans--;
        else
            syntax_error(p, token->range, "there is no '{' for this '}'");
        token->kind = TOK_GRAMMAR_error;
    }
}

static bool never_in_parentheses(int kind)
{
    switch (kind) {
    case '{':
    case '}':
    case ':':
    case TOK_ARROW:
    case TOK_NETWORK:
    case TOK_WEIGHTS:
    case TOK_INPUT:
    case TOK_OUTPUT:
    case TOK_BLOCK:
    case TOK_IF:
    case TOK_ELSE:
    case TOK_AS:
    case TOK_LOSS:
    case TOK_BIND:
    case TOK_TRAIN: return true;
    default: return false;
    }
}

/* Whether the parentheses that are open before the offset are closed before
 * something comes that cannot be within them. */
static bool lines_closes(const Parser *p, size_t offset, int depth)
{
    bool closes = false, ended = false;
    Scanner scanner;
    scanner_open(&scanner, p->source, offset);
    while (!closes && !ended) {
        Token token = scanner_next(&scanner);
        if (token.kind == TOK_COMMENT)
            continue;
        if (token.kind == '(' || token.kind == '[')
            depth++;
        else if (token.kind == ')' || token.kind == ']')
            depth--;
        closes = depth == 0;
        ended = token.kind == 0 || never_in_parentheses(token.kind);
    }
    scanner_close(&scanner);
    return closes;
}

const Token *lines_unclosed(const Parser *p, Token at)
{
    int depth = 0;
    while (depth < p->open.count &&
           p->open.at[p->open.count - 1 - depth].kind != '{')
        depth++;
    if (depth == 0 || (!never_in_parentheses(at.kind) &&
                       lines_closes(p, at.range.end, depth)))
        return NULL;
    return &p->open.at[p->open.count - 1];
}

/* ---- after an error ----------------------------------------------------------- */

bool lines_is_later(const Parser *p, Token at)
{
    size_t start = p->before.range.source ? p->before.range.end : 0;
    return at.range.start > start &&
           memchr(p->source->text + start, '\n', at.range.start - start);
}

void lines_recover(Parser *p, Token at)
{
    if (!lines_unclosed(p, at))
        return;
    while (within_parentheses(p))
        p->open.count--;
    if (at.kind != TOK_NEWLINE && lines_is_later(p, at)) {
        p->resume = true;
        p->resume_at = at.range.start;
    }
}

/* The parser is behind a line end that was no token: hands it out now, and
 * reads what follows again. */
static Token lines_resume(Parser *p)
{
    Token token = { TOK_NEWLINE, { p->source, p->resume_at, p->resume_at } };
    scanner_close(&p->scanner);
    scanner_open(&p->scanner, p->source, p->resume_at);
    p->resume = p->has_ahead = false;
    return token;
}

/* ---- tokens for the grammar ------------------------------------------------------ */

static bool is_unknown(int kind)
{
    return kind == TOK_UNKNOWN || kind == TOK_UNKNOWN_NUMBER ||
           kind == TOK_UNKNOWN_TEXT;
}

static Token lines_read(Parser *p)
{
    Token token = lines_significant(p);
    if ((token.kind == '}' || token.kind == 0) && line_is_open(p)) {
        lines_put_back(p, token);
        return token_before(token, TOK_NEWLINE);
    }
    if (is_opening(token.kind)) {
        lines_open(p, &token);
    } else if (is_closing(token.kind)) {
        lines_close(p, &token);
    } else if (is_unknown(token.kind) && !p->recovering) {
        syntax_unknown(p, token);
        lines_recover(p, token);
        token.kind = TOK_GRAMMAR_error;
    }
    return token;
}

Token lines_next(Parser *p)
{
    Token token;
    if (diag_error_count() - p->errors > 20)
        p->stopped = true;
    if (p->stopped) {
        token = token_before(p->previous, 0);
        return token;
    }
    token = p->resume ? lines_resume(p) : lines_read(p);
    if (token.kind == TOK_NEWLINE)
        p->recovering = false;
    if (!line_is_open(p))
        p->first = token;
    p->before = p->previous;
    p->previous = token;
    return token;
}
