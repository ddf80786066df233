/*
 * test_golden.c - what each pass does, as texts side by side.
 *
 *     golden/pad.txt:   # passes: infer pad
 *                       graph pad ...            before
 *                       # after
 *                       graph pad ...            after; then remarks
 *
 * `# target: NAME` chooses another target than x86-64-v4. With CNNC_UPDATE=1
 * in the environment the second half is written anew.
 */
#include "compare.h"
#include "unit.h"

#include <dirent.h>

#define FOLDER    TEST_SOURCE "/tests/pass/golden"
#define SEPARATOR "# after\n"

typedef struct Golden {
    Arena *arena;
    const char *before; /* all up to the separator */
    const char *after;  /* as it is in the file */
    const char *passes; /* names, each followed by a blank or the end */
    const char *target;
} Golden;

/* The rest of the line that begins with the word, or NULL. */
static const char *line_of(Arena *arena, const char *text, const char *word)
{
    const char *line = strstr(text, word);
    if (line == NULL)
        return NULL;
    line += strlen(word);
    return arena_textn(arena, line, strcspn(line, "\n"));
}

static bool golden_read(Golden *g, const char *path)
{
    size_t size;
    const char *bytes = file_read(g->arena, path, 1 << 20, &size), *text,
               *split;
    if (bytes == NULL)
        return false;
    text = arena_textn(g->arena, bytes, size);
    split = strstr(text, SEPARATOR);
    g->after = split ? split + strlen(SEPARATOR) : "";
    g->before =
        split ? arena_textn(g->arena, text, (size_t)(split - text)) : text;
    g->passes = line_of(g->arena, g->before, "# passes: ");
    g->target = line_of(g->arena, g->before, "# target: ");
    return g->passes != NULL;
}

static const char *golden_run(const Golden *g, const char *path)
{
    Graph *graph =
        graph_read(g->arena, source_from_text(g->arena, path, g->before));
    PassContext context = { .target = target_find(g->target ? g->target
                                                            : "x86-64-v4") };
    int facts = FACT_NONE;
    Text text = { 0 };
    diag_flush();
    if (graph == NULL)
        return "";
    for (const char *at = g->passes; *at; at += *at == ' ') {
        size_t length = strcspn(at, " ");
        const Pass *pass = pass_find(arena_textn(g->arena, at, length));
        CU_ASSERT_PTR_NOT_NULL_FATAL(pass);
        pass_run(pass, graph, &context, &facts);
        at += length;
    }
    graph_print(&text, graph);
    for (int i = 0; i < context.remarks.count; i++)
        text_printf(&text, "# remark: %s\n", context.remarks.at[i].text);
    pass_context_free(&context);
    graph_free(graph);
    return text_take(&text, g->arena);
}

static bool update(const Golden *g, const char *path, const char *after)
{
    Text text = { 0 };
    bool good;
    text_printf(&text, "%s%s%s", g->before, SEPARATOR, after);
    good = file_write(path, text_get(&text), text.length) && file_commit();
    text_free(&text);
    return good;
}

static void check_file(const char *name)
{
    Golden g = { .arena = arena_new() };
    const char *path = path_join(g.arena, FOLDER, name), *after;
    CU_ASSERT_FATAL(golden_read(&g, path));
    after = golden_run(&g, path);
    if (strcmp(after, g.after) != 0 && getenv("CNNC_UPDATE")) {
        CU_ASSERT(update(&g, path, after));
    } else if (strcmp(after, g.after) != 0) {
        fprintf(stderr, "\n%s: now it is\n%s\n", name, after);
        CU_FAIL("a golden text differs");
    }
    arena_free(g.arena);
}

static void test_every_pass_as_text(void)
{
    DIR *folder = opendir(FOLDER);
    int count = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
    for (struct dirent *e; (e = readdir(folder)) != NULL;) {
        if (e->d_name[0] == '.')
            continue;
        check_file(e->d_name);
        count++;
    }
    closedir(folder);
    CU_ASSERT(count >= 15);
}

static const UnitTest tests[] = {
    UNIT(test_every_pass_as_text),
};

UNIT_MAIN("passes, before and after", tests)
