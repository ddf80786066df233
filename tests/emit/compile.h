/*
 * compile.h - compiles what emit printed, runs it, compares with the
 * interpreter.
 *
 *     net.c --each compiler found--> program --input file--> output file
 *
 * The program around the network is printed here: it reads the inputs into
 * arrays of exactly their size, aligned to no more than an element, fills the
 * workspace with NaN, and calls both functions, one of them twice.
 */
#ifndef TESTS_EMIT_COMPILE_H
#define TESTS_EMIT_COMPILE_H

#include "emit/emit.h"
#include "emit/nets.h"
#include "unit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define WARNINGS "-Wall -Wextra -Wconversion -Wpedantic -Wshadow -Werror"
#define RUNTIME  "-I" TEST_SOURCE "/runtime/include"

typedef struct Compiler {
    const char *name, *command;
    const char *target; /* NULL: all that run on this machine */
    const char *link;   /* the command for the program around it */
    const char *run;    /* in front of the program */
} Compiler;

static const Compiler compilers[] = {
    { "gcc", "gcc -std=c99 -O2 " WARNINGS, NULL, "gcc", "" },
    { "g++", "g++ -std=c++17 -O2 -x c++ " WARNINGS, NULL, "gcc", "" },
    { "clang", "clang -std=c99 -O2 " WARNINGS, NULL, "gcc", "" },
    { "clang++", "clang++ -std=c++17 -O2 -x c++ " WARNINGS, NULL, "gcc", "" },
    { "tcc", "tcc -Wall -Werror", "generic", "gcc", "" },
    { "aarch64-linux-gnu-gcc", "aarch64-linux-gnu-gcc -std=c99 -O2 " WARNINGS,
      "aarch64", "aarch64-linux-gnu-gcc -static", "qemu-aarch64 " },
};

static inline bool has_program(const char *name)
{
    char command[256];
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", name);
    return system(command) == 0;
}

static inline bool compiler_serves(const Compiler *compiler,
                                   const Target *target)
{
    bool cross = compiler->run[0] != '\0';
    if (compiler->target && strcmp(compiler->target, target->name) != 0)
        return false;
    if (!has_program(compiler->name) || (cross && !has_program("qemu-aarch64")))
        return false;
    return cross || target_runs_here(target);
}

/* ---- a folder for the files --------------------------------------------------- */

typedef struct Work {
    char folder[512];
} Work;

static inline Work work_begin(void)
{
    Work work;
    snprintf(work.folder, sizeof work.folder, "%s/emit-XXXXXX", TEST_BUILD);
    REQUIRE(mkdtemp(work.folder) != NULL);
    return work;
}

static inline void work_end(const Work *work)
{
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s'", work->folder);
    CU_ASSERT_EQUAL(system(command), 0);
}

static inline void work_write(const Work *work, const char *name,
                              const void *data, size_t size)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", work->folder, name);
    FILE *file = fopen(path, "wb");
    REQUIRE(file && fwrite(data, 1, size, file) == size);
    fclose(file);
}

/* The file's bytes, terminated; empty where it is not there. */
static inline char *work_read(const Work *work, const char *name, size_t *size)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", work->folder, name);
    FILE *file = fopen(path, "rb");
    Text text = { 0 };
    char block[4096];
    size_t count;
    text_add(&text, "");
    while (file && (count = fread(block, 1, sizeof block, file)) > 0)
        text_addn(&text, block, count);
    if (file)
        fclose(file);
    *size = text.length;
    return text.data;
}

/* Runs a command there; what it prints is shown where it fails. */
static inline bool work_run(const Work *work, const char *command)
{
    Text line = { 0 };
    size_t size;

    text_printf(&line, "cd '%s' && (%s) >log 2>&1", work->folder, command);
    bool fine = system(line.data) == 0;
    if (!fine) {
        char *log = work_read(work, "log", &size);
        fprintf(stderr, "\nfailed: %s\n%.3000s\n", command, log);
        mem_free(log);
    }
    text_free(&line);
    return fine;
}

/* ---- the program around it -------------------------------------------------------- */

static inline void add_arrays(Text *out, const ProgramPort *ports, int count,
                              const char *prefix, int64_t batch)
{
    for (int i = 0; i < count; i++) {
        long long size = (long long)(ports[i].buffer->layout.size * batch);
        const char *type = dtype_c(ports[i].buffer->type);
        text_printf(out,
                    "    %s *const %s%d = (%s *)malloc((%lld + 1) * sizeof(%s))"
                    " + 1;\n",
                    type, prefix, i, type, size, type);
        if (*prefix == 'i')
            text_printf(out,
                        "    if (fread(in%d, sizeof *in%d, %lld, from) != "
                        "%lld) return 9;\n",
                        i, i, size, size);
        else
            text_printf(out,
                        "    %s *const again%d = (%s *)malloc(%lld * "
                        "sizeof(%s));\n",
                        type, i, type, size, type);
    }
}

static inline void add_call(Text *out, const Program *program, const char *name,
                            const char *first, const char *result,
                            const char *last)
{
    text_printf(out, "    %s(%s", name, first);
    const char *comma = *first ? ", " : "";
    for (int i = 0; i < program->inputs.count; i++, comma = ", ")
        text_printf(out, "%sin%d", comma, i);
    for (int i = 0; i < program->outputs.count; i++, comma = ", ")
        text_printf(out, "%s%s%d", comma, result, i);
    text_printf(out, "%s);\n", last);
}

static inline void add_outputs(Text *out, const Program *program,
                               const char *format)
{
    for (int i = 0; i < program->outputs.count; i++)
        text_printf(out, format, i, i,
                    (long long)(program->outputs.at[i].buffer->layout.size *
                                program->batch),
                    i);
}

/* `prologue` runs first; weights: "" or what the calls get first. */
static inline void driver_text(Text *out, const Program *program,
                               const char *prologue, const char *run,
                               const char *weights, bool has_static)
{
    Arena *arena = arena_new();
    const char *name = emit_name(arena, program);

    text_add(out, "#include \"net.h\"\n#include <stdio.h>\n"
                  "#include <stdlib.h>\n#include <string.h>\n"
                  "int main(void)\n{\n"
                  "    FILE *const from = fopen(\"in\", \"rb\");\n"
                  "    FILE *const to = fopen(\"out\", \"wb\");\n");
    text_printf(out,
                "    const size_t bytes = %lld;\n"
                "    void *const workspace = aligned_alloc(64, (bytes + "
                "127) / 64 * 64);\n"
                "    memset(workspace, 0xff, bytes);\n",
                (long long)program->workspace);
    text_printf(out, "%s    if (!%s_supported()) return 3;\n", prologue, name);
    add_arrays(out, program->inputs.at, program->inputs.count, "in",
               program->batch);
    add_arrays(out, program->outputs.at, program->outputs.count, "out",
               program->batch);
    add_call(out, program, arena_printf(arena, "%s_%s", name, run), weights,
             "out", ", workspace");
    add_call(out, program, arena_printf(arena, "%s_%s", name, run), weights,
             "again", ", workspace");
    add_outputs(out, program,
                "    if (memcmp(out%d, again%d, %lld * sizeof "
                "*out%d)) return 4;\n");
    if (has_static)
        add_call(out, program, name, "", "again", "");
    add_outputs(out, program,
                "    if (memcmp(out%d, again%d, %lld * sizeof "
                "*out%d)) return 5;\n");
    for (int i = 0; i < program->outputs.count; i++)
        text_printf(out, "    fwrite(out%d, sizeof *out%d, %lld, to);\n", i, i,
                    (long long)(program->outputs.at[i].buffer->layout.size *
                                program->batch));
    for (int i = 0; i < program->inputs.count; i++)
        text_printf(out, "    free(in%d - 1);\n", i);
    for (int i = 0; i < program->outputs.count; i++)
        text_printf(out, "    free(out%d - 1);\n    free(again%d);\n", i, i);
    text_add(out, "    free(workspace);\n    fclose(from);\n");
    text_add(out, "    return fclose(to) != 0;\n}\n");
    arena_free(arena);
}

/* ---- inputs and expected outputs ----------------------------------------------------- */

static inline void fill_port(Random *random, DType type, void *data,
                             int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        if (type == DT_F32)
            ((float *)data)[i] = (float)random_range(random, -16, 16) / 8;
        else
            ((uint8_t *)data)[i] = (uint8_t)random_range(random, 0, 255);
    }
}

static inline bool port_agrees(DType type, const void *got, const void *want,
                               int64_t count)
{
    if (type != DT_F32)
        return memcmp(got, want, (size_t)(count * dtype_size(type))) == 0;
    for (int64_t i = 0; i < count; i++) {
        float a = ((const float *)got)[i], b = ((const float *)want)[i];
        if (!(fabsf(a - b) <= 1e-6f * (1 + fabsf(b)))) {
            fprintf(stderr, "\nelement %lld is %g, not %g\n", (long long)i,
                    (double)a, (double)b);
            return false;
        }
    }
    return true;
}

static inline size_t port_bytes(const Program *program, const ProgramPort *port)
{
    const Buffer *buffer = port->buffer;
    return (size_t)(buffer->layout.size * program->batch *
                    dtype_size(buffer->type));
}

/* An array for each port, one behind the other in *all. */
static inline char **port_arrays(Arena *arena, const Program *program,
                                 const ProgramPort *ports, int count,
                                 char **all, size_t *size)
{
    char **data = NEW_N(arena, char *, count);

    *size = 0;
    for (int i = 0; i < count; i++)
        *size += port_bytes(program, &ports[i]);
    *all = arena_alloc(arena, *size);
    for (int i = 0; i < count; i++)
        data[i] = i ? data[i - 1] + port_bytes(program, &ports[i - 1]) : *all;
    return data;
}

/* Writes the file `in`; gives what `out` must be. */
static inline char *expected_outputs(Arena *arena, const Work *work,
                                     const Program *program)
{
    Random random;
    char *all_in, *all_out;
    size_t in_size, out_size;
    char **in = port_arrays(arena, program, program->inputs.at,
                            program->inputs.count, &all_in, &in_size);
    char **out = port_arrays(arena, program, program->outputs.at,
                             program->outputs.count, &all_out, &out_size);

    random_seed(&random, 7);
    for (int i = 0; i < program->inputs.count; i++) {
        const Buffer *buffer = program->inputs.at[i].buffer;
        fill_port(&random, buffer->type, in[i],
                  buffer->layout.size * program->batch);
    }
    program_interpret(program, (const void *const *)in, (void *const *)out);
    work_write(work, "in", all_in, in_size);
    return all_out;
}

static inline bool outputs_agree(const Work *work, const Program *program,
                                 const char *want)
{
    size_t size, at = 0;
    char *got = work_read(work, "out", &size);
    bool same = true;

    for (int i = 0; i < program->outputs.count; i++) {
        const Buffer *buffer = program->outputs.at[i].buffer;
        int64_t count = buffer->layout.size * program->batch;
        size_t bytes = (size_t)(count * dtype_size(buffer->type));
        same = same && at + bytes <= size &&
               port_agrees(buffer->type, got + at, want + at, count);
        at += bytes;
    }
    mem_free(got);
    return same && at == size;
}

/* ---- the whole way -------------------------------------------------------------------- */

static inline void work_emit(const Work *work, const Program *program,
                             const EmitOptions *options)
{
    Text c = { 0 }, h = { 0 };

    emit_c(&c, program, options);
    emit_header(&h, program, options);
    work_write(work, "net.c", c.data, c.length);
    work_write(work, "net.h", h.data, h.length);
    text_free(&c);
    text_free(&h);
    if (options->weights_file) {
        Text file = { 0 };
        emit_weights_file(&file, program);
        work_write(work, options->weights_file, file.data, file.length);
        text_free(&file);
    }
}

/* Compiles, runs, compares; flags go to both compilations. */
static inline bool work_try(const Work *work, const Program *program,
                            const Compiler *compiler, const char *flags,
                            const char *want)
{
    Text command = { 0 };

    text_printf(&command, "%s %s -c net.c -o net.o " RUNTIME " && ",
                compiler->command, flags);
    text_printf(&command, "%s %s driver.c net.o -o program && rm -f out && ",
                compiler->link, flags);
    text_printf(&command, "%s./program", compiler->run);
    bool fine =
        work_run(work, command.data) && outputs_agree(work, program, want);
    if (!fine)
        fprintf(stderr, "\n%s, %s, %s\n", program->name, program->target->name,
                compiler->name);
    text_free(&command);
    return fine;
}

#endif
