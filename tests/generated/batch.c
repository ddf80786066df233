/*
 * batch.c - many networks in one program of C, compiled once and run.
 */
#include "batch.h"

#include "emit/emit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SANITIZE "-g -fsanitize=address,undefined -fno-sanitize-recover=all"

const Toolchain toolchains[] = {
    { "gcc", "-std=c99 -O2 " WARNINGS, NULL, NULL },
    { "clang", "-std=c99 -O2 " WARNINGS, NULL, NULL },
    { "clang", "-std=c99 -O1 " WARNINGS, NULL, NULL },
    { "g++", "-std=c++17 -x c++ -O1 " WARNINGS, NULL, NULL },
    { "clang++", "-std=c++17 -x c++ -O1 " WARNINGS, NULL, NULL },
    { "gcc", "-std=c99 -O1 " SANITIZE " " WARNINGS, NULL, NULL },
    { "tcc", "-Wall -Werror", "generic", NULL },
    { "aarch64-linux-gnu-gcc", "-static -std=c99 -O2 " WARNINGS, "aarch64",
      "qemu-aarch64" },
};
const int toolchain_count = (int)COUNT_OF(toolchains);

const Toolchain *toolchain_find(const char *compiler, const char *flag)
{
    for (int i = 0; i < toolchain_count; i++)
        if (strcmp(toolchains[i].compiler, compiler) == 0 &&
            strstr(toolchains[i].flags, flag))
            return &toolchains[i];
    BUG("no toolchain '%s' with %s", compiler, flag);
}

bool has_program(const char *name)
{
    char command[256];
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", name);
    return system(command) == 0;
}

const char *toolchain_lacks(const Toolchain *toolchain, const Target *target)
{
    if (toolchain->target && strcmp(toolchain->target, target->name) != 0)
        return "it compiles for another target";
    if (!has_program(toolchain->compiler))
        return "the compiler is not there";
    if (toolchain->runner && !has_program(toolchain->runner))
        return "qemu is not there";
    if (!toolchain->runner && !target_runs_here(target))
        return "this processor lacks the target's instructions";
    return NULL;
}

/* ---- files ------------------------------------------------------------------------ */

static void put_file(const char *folder, const char *name, const Text *text)
{
    char path[700];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    REQUIRE(file &&
            fwrite(text_get(text), 1, text->length, file) == text->length);
    REQUIRE(fclose(file) == 0);
}

static void show_file(const char *folder, const char *name, Text *text)
{
    char path[700], block[4096];
    size_t count;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    while (file && (count = fread(block, 1, sizeof block, file)) > 0)
        text_addn(text, block, count);
    if (file)
        fclose(file);
}

/* ---- the program ------------------------------------------------------------------ */

static const char head[] =
    "#define _POSIX_C_SOURCE 200112L\n"
    "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
    "static FILE *from, *to;\n"
    "/* Right behind an element, so that no more is aligned; ends where the\n"
    " * memory ends. */\n"
    "static void *room(size_t size, size_t element)\n{\n"
    "    char *memory = (char *)malloc(size + element);\n"
    "    if (memory == NULL) exit(9);\n"
    "    memset(memory, 0xaa, size + element);\n"
    "    return memory + element;\n}\n"
    "static void *given(size_t size, size_t element)\n{\n"
    "    void *memory = room(size, element);\n"
    "    if (fread(memory, 1, size, from) != size) exit(9);\n"
    "    return memory;\n}\n"
    "static void poison(void **memory, size_t align, size_t size)\n{\n"
    "    if (*memory == NULL && posix_memalign(memory, align, size ? size : 1))\n"
    "        exit(9);\n"
    "    memset(*memory, 0xff, size);\n}\n";

/* n3_in0, n3_again1: an array of each port. */
static void add_arrays(Text *c, const ProgramPort *ports, int count,
                       const char *name, const char *function)
{
    for (int i = 0; i < count; i++) {
        const Buffer *b = ports[i].buffer;
        const char *type = dtype_c(b->type);
        int64_t elements = 1;
        for (int d = 0; d < ports[i].rank; d++)
            elements *= ports[i].dim[d];
        text_printf(c, "    %s *const %s%d = (%s *)%s(%lld, sizeof(%s));\n",
                    type, name, i, type, function,
                    (long long)(elements * dtype_size(b->type)), type);
    }
}

static void add_call(Text *c, const Program *p, const char *out)
{
    text_printf(c, "    poison(&workspace, %lld, %lld);\n    %s_run(",
                (long long)p->alignment, (long long)p->workspace, p->name);
    for (int i = 0; i < p->inputs.count; i++)
        text_printf(c, "in%d, ", i);
    for (int i = 0; i < p->outputs.count; i++)
        text_printf(c, "%s%d, ", out, i);
    text_add(c, "workspace);\n");
}

static void add_network(Text *c, const Trial *trial, const Program *p)
{
    text_printf(c, "static void try_%s(void)\n{\n    void *workspace = NULL;\n",
                p->name);
    add_arrays(c, p->inputs.at, p->inputs.count, "in", "given");
    add_arrays(c, p->outputs.at, p->outputs.count, "out", "room");
    add_arrays(c, p->outputs.at, p->outputs.count, "again", "room");
    text_printf(c, "    if (!%s_supported()) exit(8);\n", p->name);
    add_call(c, p, "out");
    add_call(c, p, "again");
    for (int i = 0; i < p->outputs.count; i++) {
        long long bytes = (long long)trial_got_bytes(trial, i);
        text_printf(c,
                    "    if (memcmp(out%d, again%d, %lld)) exit(7);\n"
                    "    fwrite(out%d, 1, %lld, to);\n"
                    "    free(out%d - 1);\n    free(again%d - 1);\n",
                    i, i, bytes, i, bytes, i, i);
    }
    for (int i = 0; i < p->inputs.count; i++)
        text_printf(c, "    free(in%d - 1);\n", i);
    text_add(c, "    free(workspace);\n    fflush(to);\n}\n");
}

static void write_program(const char *folder, const BatchItem *items, int count)
{
    Text all = { 0 };
    text_add(&all, head);
    for (int i = 0; i < count; i++) {
        Text c = { 0 }, h = { 0 };
        Text name = { 0 };
        text_printf(&name, "%s.h", items[i].program->name);
        EmitOptions options = { .source_name = "net.c",
                                .header_name = text_get(&name),
                                /* numbers, or literals */
                                .readable_bytes = i % 2 ? -1 : 0 };
        emit_c(&c, items[i].program, &options);
        emit_header(&h, items[i].program, &options);
        put_file(folder, text_get(&name), &h);
        text_printf(&all, "#include \"%s\"\n", text_get(&name));
        name.data[name.length - 1] = 'c';
        put_file(folder, text_get(&name), &c);
        text_printf(&all, "#include \"%s\"\n", text_get(&name));
        add_network(&all, items[i].trial, items[i].program);
        text_free(&c);
        text_free(&h);
        text_free(&name);
    }
    text_add(&all, "int main(void)\n{\n    from = fopen(\"in\", \"rb\");\n"
                   "    to = fopen(\"out\", \"wb\");\n"
                   "    if (from == NULL || to == NULL) return 9;\n");
    for (int i = 0; i < count; i++)
        text_printf(&all, "    try_%s();\n", items[i].program->name);
    text_add(&all, "    fclose(from);\n    return fclose(to) != 0;\n}\n");
    put_file(folder, "all.c", &all);
    text_free(&all);
}

static void write_inputs(const char *folder, const BatchItem *items, int count)
{
    Text in = { 0 };
    for (int i = 0; i < count; i++)
        for (int k = 0; k < items[i].trial->graph->inputs.count; k++)
            text_addn(&in, items[i].trial->in[k],
                      (size_t)trial_in_bytes(items[i].trial, k));
    put_file(folder, "in", &in);
    text_free(&in);
}

/* ---- running and comparing ------------------------------------------------------------ */

static int run_command(const char *folder, const char *format, ...)
    PRINTF_LIKE(2, 3);

static int run_command(const char *folder, const char *format, ...)
{
    Text line = { 0 };
    va_list list;
    text_printf(&line, "cd '%s' && (", folder);
    va_start(list, format);
    text_vprintf(&line, format, list);
    va_end(list);
    text_add(&line, ") >log 2>&1");
    int status = system(text_get(&line));
    if (status != 0) {
        Text log = { 0 };
        show_file(folder, "log", &log);
        fprintf(stderr, "failed (%d): %s\n%.3000s\n", status, text_get(&line),
                text_get(&log));
        text_free(&log);
    }
    text_free(&line);
    return status;
}

/* The network that the compiler complains of: the first "n3.c:" in the log. */
static int named_in_log(const char *folder, const BatchItem *items, int count)
{
    Text log = { 0 };
    int found = 0;
    const char *first = NULL;
    show_file(folder, "log", &log);
    for (int i = 0; i < count; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s.c:", items[i].program->name);
        const char *at = strstr(text_get(&log), name);
        if (at != NULL && (first == NULL || at < first)) {
            first = at;
            found = i;
        }
    }
    text_free(&log);
    return found;
}

/* The first item whose answer is missing or wrong. */
static int first_wrong(const char *folder, const BatchItem *items, int count)
{
    Text out = { 0 };
    size_t at = 0;
    int wrong = -1;
    show_file(folder, "out", &out);
    for (int i = 0; i < count && wrong < 0; i++) {
        const Trial *t = items[i].trial;
        for (int k = 0; k < t->graph->outputs.count && wrong < 0; k++) {
            size_t size = (size_t)trial_got_bytes(t, k);
            if (at + size > out.length)
                wrong = i;
            else
                memcpy(t->got[k], out.data + at, size);
            at += size;
        }
        if (wrong < 0 && !trial_agrees(t))
            wrong = i;
    }
    text_free(&out);
    return wrong;
}

int batch_run(const Toolchain *toolchain, const BatchItem *items, int count)
{
    char folder[600];
    int wrong;
    snprintf(folder, sizeof folder, "%s/generated-XXXXXX", TEST_BUILD);
    REQUIRE(mkdtemp(folder) != NULL);
    write_program(folder, items, count);
    write_inputs(folder, items, count);
    if (run_command(folder, "%s %s -I%s/runtime/include all.c -o all",
                    toolchain->compiler, toolchain->flags, TEST_SOURCE) != 0)
        wrong = named_in_log(folder, items, count);
    else {
        int status = run_command(folder, "%s ./all",
                                 toolchain->runner ? toolchain->runner : "");
        wrong = first_wrong(folder, items, count);
        if (status != 0 && wrong < 0)
            wrong = count - 1;
    }
    if (getenv("CNNC_KEEP") == NULL) /* the folder's log goes with it */
        run_command(folder, "rm -rf '%s'", folder);
    return wrong;
}
