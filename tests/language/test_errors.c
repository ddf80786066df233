/*
 * test_errors.c - each mistake in errors/ is reported where its comment says,
 * and nothing else is.
 *
 *     conv(16 3x3)          #~ error: expected ')' or ','
 *     weights "no end
 *     #~^ error: this text has no end          (of the line above)
 *
 * A comment may hold several of them. What it quotes has to be a part of the
 * message; notes and hints are the affair of golden/.
 */
#include "language/corpus.h"

#include <ctype.h>

typedef struct Message {
    int line;
    const char *kind, *text;
    bool found;
} Message;

typedef VEC(Message) Messages;

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Messages that the comments of the file ask for. */
static void read_expected(Arena *arena, const char *text, Messages *expected)
{
    int line = 1;
    for (const char *s = text; *s; s++) {
        Message message = { .line = line };
        const char *end;
        line += *s == '\n';
        if (!starts(s, "#~"))
            continue;
        s += 2;
        message.line = line - (*s == '^');
        s += *s == '^';
        s += strspn(s, " ");
        message.kind = starts(s, "error: ")     ? "error"
                       : starts(s, "warning: ") ? "warning"
                                                : NULL;
        CU_ASSERT_PTR_NOT_NULL_FATAL(message.kind);
        s = strchr(s, ' ') + 1;
        end = strstr(s, " #~");
        if (!end || memchr(s, '\n', (size_t)(end - s)))
            end = s + strcspn(s, "\n");
        message.text = arena_textn(arena, s, (size_t)(end - s));
        vec_push(expected, message);
        s = end - 1;
    }
}

/* NAME:LINE:COLUMN: KIND: TEXT, of errors and warnings. */
static void read_printed(Arena *arena, const char *name, char *text,
                         Messages *printed)
{
    for (char *s = strtok(text, "\n"); s; s = strtok(NULL, "\n")) {
        Message message = { 0 };
        char *rest;
        if (!starts(s, name) || s[strlen(name)] != ':')
            continue;
        message.line = (int)strtol(s + strlen(name) + 1, &rest, 10);
        rest = strstr(rest, ": ");
        if (!rest || starts(rest, ": note"))
            continue;
        message.kind = starts(rest, ": error") ? "error" : "warning";
        message.text = arena_text(arena, strstr(rest + 2, ": ") + 2);
        vec_push(printed, message);
    }
}

static bool fits(const Message *printed, const Message *expected)
{
    return !printed->found && printed->line == expected->line &&
           strcmp(printed->kind, expected->kind) == 0 &&
           strstr(printed->text, expected->text);
}

static int compare(const char *name, Messages *expected, Messages *printed)
{
    int wrong = 0;
    for (int e = 0; e < expected->count; e++) {
        const Message *want = &expected->at[e];
        int p = 0;
        while (p < printed->count && !fits(&printed->at[p], want))
            p++;
        if (p < printed->count) {
            printed->at[p].found = true;
            continue;
        }
        wrong++;
        fprintf(stderr, "\n%s:%d: missing: %s: %s\n", name, want->line,
                want->kind, want->text);
    }
    for (int p = 0; p < printed->count; p++)
        if (!printed->at[p].found) {
            wrong++;
            fprintf(stderr, "\n%s:%d: too much: %s: %s\n", name,
                    printed->at[p].line, printed->at[p].kind,
                    printed->at[p].text);
        }
    return wrong;
}

static void check_file(const char *path)
{
    Arena *arena = arena_new();
    Source *source = corpus_source(arena, path);
    Messages expected = { 0 }, printed = { 0 };
    bool good, errors = false;
    char *text;
    CU_ASSERT_PTR_NOT_NULL_FATAL(source);
    text = corpus_messages(source, &good, NULL);
    read_expected(arena, source->text, &expected);
    read_printed(arena, source->name, text, &printed);
    CU_ASSERT_EQUAL(compare(source->name, &expected, &printed), 0);
    CU_ASSERT(expected.count > 0);
    for (int i = 0; i < expected.count; i++)
        errors |= strcmp(expected.at[i].kind, "error") == 0;
    CU_ASSERT_EQUAL(good, !errors);
    free(text);
    vec_free(&expected);
    vec_free(&printed);
    arena_free(arena);
}

static void test_every_mistake_is_reported_once_on_its_line(void)
{
    Corpus corpus = { 0 };
    corpus_add(&corpus, "tests/language/errors/*.cnn");
    CU_ASSERT(corpus.paths.gl_pathc > 20);
    for (size_t i = 0; i < corpus.paths.gl_pathc; i++)
        check_file(corpus.paths.gl_pathv[i]);
    corpus_free(&corpus);
}

static const UnitTest tests[] = {
    UNIT(test_every_mistake_is_reported_once_on_its_line),
};
UNIT_MAIN("language errors", tests)
