/*
 * syntax.c - what is said about a file that does not follow the grammar.
 *
 *     net.cnn:4:9: error: expected ',' or ')', found '5x5'
 *         4 |  conv(6 5x5)
 *           |         ^~~
 *
 * The grammar knows every token that could stand there; here that becomes a
 * sentence: all that starts a value is "a value", operators go without saying,
 * and a misspelt first word is told from a mistake behind it.
 */
#include "language/local.h"

#include "language/grammar.h"

#include <string.h>

void syntax_open(Parser *p, Arena *arena, const Source *source)
{
    static const char mark[] = "\xef\xbb\xbf"; /* some editors leave one */
    size_t start = strncmp(source->text, mark, 3) == 0 ? 3 : 0;
    p->arena = arena;
    p->source = source;
    p->errors = diag_error_count();
    p->previous.range = (Range){ source, start, start };
    scanner_open(&p->scanner, source, start);
}

void syntax_close(Parser *p)
{
    scanner_close(&p->scanner);
    vec_free(&p->open);
}

char *syntax_text(Arena *arena, Range range)
{
    return arena_textn(arena, range.source->text + range.start,
                       range.end - range.start);
}

const char *syntax_name(Range range)
{
    return name_internn(range.source->text + range.start,
                        range.end - range.start);
}

bool syntax_error(Parser *p, Range range, const char *format, ...)
{
    Text message = { 0 };
    va_list list;
    if (p->recovering)
        return false;
    p->recovering = true;
    va_start(list, format);
    text_vprintf(&message, format, list);
    va_end(list);
    diag_error(range, "%s", text_get(&message));
    text_free(&message);
    return true;
}

/* ---- the words of the language -------------------------------------------------- */

/* Those that begin a line come first. */
static const char *const keywords[] = {
    "network", "weights", "input",     "output", "block", "loss",
    "bind",    "train",   "parameter", "if",     "else",  "as",
    "and",     "or",      "not",       "yes",    "no",
};

enum { LINE_KEYWORDS = 10 };

/* ---- unknown characters ------------------------------------------------------------ */

static const struct {
    const char *start, *advice;
} mistaken[] = {
    { "\xe2\x86\x92", "an arrow is written '->'" },
    { "\xc3\x97", "a size is written 5x5" },
    { "\xe2\x80\x9c", "a text is written in straight double quotes: \"...\"" },
    { "\xe2\x80\x98", "a text is written in double quotes: \"...\"" },
    { "\xc2\xa0", "this is a space that does not break lines" },
    { "'", "a text is written in double quotes: \"...\"" },
    { ";", "a line needs no ';' at its end" },
    { "&", "write 'and'" },
    { "|", "write 'or'" },
    { "!", "write 'not'" },
};

static void unknown_number(Parser *p, Token token)
{
    const char *text = syntax_name(token.range);
    if (!syntax_error(p, token.range, "'%s' is neither a number nor a size",
                      text))
        return;
    if (text[0] == '.')
        diag_hint("a fraction starts with a digit: 0%s", text);
    else if (text[strlen(text) - 1] == '.')
        diag_hint("a fraction ends with a digit: %s0", text);
    else if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        diag_hint("numbers are written in decimal");
    else
        diag_hint("a size is written 5x5, a fraction 0.5 or 1e-3");
}

void syntax_unknown(Parser *p, Token token)
{
    const char *text;
    if (token.kind == TOK_UNKNOWN_NUMBER) {
        unknown_number(p, token);
        return;
    }
    if (token.kind == TOK_UNKNOWN_TEXT) {
        if (syntax_error(p, token.range, "this text has no end"))
            diag_hint("a text ends with '\"' on the line it starts on");
        return;
    }
    if (token.range.source->text[token.range.start] == '\0') {
        syntax_error(p, token.range, "unexpected NUL byte");
        return;
    }
    text = syntax_name(token.range);
    if (!syntax_error(p, token.range, "unexpected '%s'", text))
        return;
    for (size_t i = 0; i < COUNT_OF(mistaken); i++)
        if (strncmp(text, mistaken[i].start, strlen(mistaken[i].start)) == 0) {
            diag_hint("%s", mistaken[i].advice);
            return;
        }
}

/* ---- unexpected tokens ---------------------------------------------------------------- */

static bool list_has(const char **list, int count, const char *word)
{
    for (int i = 0; i < count; i++)
        if (strcmp(list[i], word) == 0)
            return true;
    return false;
}

/* Takes the words out of the list; the new count. */
static int list_drop(const char **list, int count, const char *const *words)
{
    int kept = 0;
    for (int i = 0; i < count; i++) {
        bool drop = false;
        for (int w = 0; words[w]; w++)
            drop |= strcmp(list[i], words[w]) == 0;
        if (!drop)
            list[kept++] = list[i];
    }
    return kept;
}

/* Groups of tokens and the one word for each: where the list has the two
 * witnesses, the group's members go. */
static const struct {
    const char *first, *second, *word;
    const char *const *members;
} groups[] = {
    { "a fraction", "a number", "a value",
      (const char *const[]){ "a number", "a fraction", "a size", "a text",
                             "'yes'", "'no'", "'not'", "'-'", "'('", "'['",
                             "a path", "a name", NULL } },
    { "'network'", "'yes'", "a name",
      (const char *const[]){ "'network'", "'weights'", "'input'", "'output'",
                             "'block'",   "'if'",      "'else'",  "'as'",
                             "'loss'",    "'bind'",    "'train'", "'parameter'",
                             "'and'",     "'or'",      "'not'",   "'yes'",
                             "'no'",      "a name",    "a path",  "a number",
                             NULL } },
    { "'network'", "'block'", "a statement",
      (const char *const[]){ "'network'", "'weights'", "'input'", "'output'",
                             "'block'", "'if'", "'loss'", "'bind'", "'train'",
                             "'parameter'", "a name", NULL } },
    { "'and'", "'or'", NULL,
      (const char *const[]){ "'+'", "'-'", "'*'", "'/'", "'%'", "'=='", "'!='",
                             "'<'", "'<='", "'>'", "'>='", "'and'", "'or'",
                             NULL } },
};

static int list_group(const char **list, int count)
{
    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        if (!list_has(list, count, groups[i].first) ||
            !list_has(list, count, groups[i].second))
            continue;
        count = list_drop(list, count, groups[i].members);
        if (groups[i].word)
            list[count++] = groups[i].word;
    }
    return count;
}

static void text_list(Text *text, const char **list, int count)
{
    for (int i = 0; i < count; i++)
        text_printf(text, "%s%s",
                    i == 0           ? ""
                    : i == count - 1 ? " or "
                                     : ", ",
                    list[i]);
}

/* 'conv', or what stands there instead of a word. */
static const char *token_show(Parser *p, Token token)
{
    enum { MOST = 40 };
    size_t length = token.range.end - token.range.start;
    if (token.kind == TOK_NEWLINE)
        return "the end of the line";
    if (token.kind == 0)
        return "the end of the file";
    return arena_printf(p->arena, "'%.*s%s'",
                        (int)(length > MOST ? MOST : length),
                        token.range.source->text + token.range.start,
                        length > MOST ? "..." : "");
}

/* An end of line is shown where the line's last token ends. */
static Range token_place(const Parser *p, Token token)
{
    Range place = token.range;
    if (token.kind == TOK_NEWLINE || token.kind == 0)
        place.start = place.end = p->before.range.end;
    return place;
}

/* netwrok lenet5: a first word that is nearly a keyword. */
static bool misspelt_keyword(Parser *p, Token token)
{
    const char *word, *nearest;
    if (p->before.kind != TOK_NAME ||
        p->before.range.start != p->first.range.start ||
        (token.kind != TOK_NAME && token.kind != TOK_TEXT))
        return false;
    word = syntax_name(p->before.range);
    nearest = name_nearest(word, keywords, LINE_KEYWORDS);
    if (!nearest)
        return false;
    syntax_error(p, p->before.range, "'%s' begins no statement", word);
    diag_hint("did you mean '%s'?", nearest);
    return true;
}

/* 5 x 5 */
static void hint_size(Parser *p, Token token)
{
    if (p->before.kind == TOK_NUMBER && token.kind == TOK_NAME &&
        p->source->text[token.range.start] == 'x')
        diag_hint("a size is written without blanks: 5x5");
}

static const Token *open_brace(const Parser *p)
{
    for (int i = p->open.count - 1; i >= 0; i--)
        if (p->open.at[i].kind == '{')
            return &p->open.at[i];
    return NULL;
}

void syntax_unexpected(Parser *p, Token token, const char **expected, int count)
{
    enum { MOST = 4 };
    const Token *unclosed = lines_unclosed(p, token);
    const Token *brace = token.kind == 0 ? open_brace(p) : NULL;
    Token found = token;
    Text text = { 0 };
    if (unclosed && lines_is_later(p, token))
        found.kind = TOK_NEWLINE; /* the line end that was no token */
    count = list_group(expected, count);
    text_list(&text, expected, count);
    if (p->recovering) {
        ; /* said already */
    } else if (brace) {
        syntax_error(p, brace->range, "this '{' is never closed");
    } else if (unclosed) {
        if (syntax_error(p, token_place(p, found), "expected %s, found %s",
                         text_get(&text), token_show(p, found)))
            diag_note(unclosed->range, "this '%c' is never closed",
                      unclosed->kind);
    } else if (misspelt_keyword(p, token)) {
        ; /* that was all */
    } else if (count > MOST) {
        syntax_error(p, token_place(p, token), "unexpected %s",
                     token_show(p, token));
    } else {
        syntax_error(p, token_place(p, token), "expected %s, found %s",
                     text_get(&text), token_show(p, token));
        hint_size(p, token);
    }
    text_free(&text);
    lines_recover(p, token);
}
