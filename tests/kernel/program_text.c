/*
 * program_text.c - programs written as text, run, and watched as they fail.
 */
#include "local.h"

#include <sys/wait.h>
#include <unistd.h>

/* ---- text --------------------------------------------------------------------- */

int64_t test_count(const Buffer *buffer)
{
    int64_t count = 1;
    for (int i = 0; i < buffer->rank; i++)
        count *= buffer->dim[i].extent;
    return count;
}

static void fill_constants(Program *program, uint64_t seed)
{
    for (int i = 0; i < program->buffers.count; i++) {
        Buffer *buffer = program->buffers.at[i];
        int64_t count = test_count(buffer);
        void *data;
        if (buffer->place != BUFFER_CONST)
            continue;
        data = arena_array(program->arena, (size_t)count,
                           (size_t)dtype_size(buffer->type));
        test_fill(buffer->type, data, count, seed + (uint64_t)i);
        buffer->data = data;
    }
}

Program *program_of(Arena *arena, const char *text)
{
    Source *source = source_from_text(arena, "test", text);
    Program *program = program_read(arena, source);
    diag_flush();
    if (!program) {
        fprintf(stderr, "%s", text);
        exit(1);
    }
    fill_constants(program, 1000);
    return program;
}

char *text_of(Arena *arena, const Program *program)
{
    Text text = { 0 };
    program_print(&text, program);
    return text_take(&text, arena);
}

char *text_of_kernel(Arena *arena, const Kernel *kernel)
{
    Text text = { 0 };
    kernel_print(&text, kernel);
    return text_take(&text, arena);
}

/* Adds the lines of `from`, each behind the prefix. */
static void add_lines(Text *text, const char *from, const char *prefix)
{
    while (*from) {
        size_t length = strcspn(from, "\n");
        text_add(text, prefix);
        text_addn(text, from, length);
        text_char(text, '\n');
        from += length + (from[length] == '\n');
    }
}

/* "x: input f32[8]\ny: ..." -> "x: input f32[8], y: ..." */
static void add_params(Text *text, const char *buffers)
{
    for (; *buffers; buffers++) {
        if (*buffers != '\n')
            text_char(text, *buffers);
        else if (buffers[1])
            text_add(text, ", ");
    }
}

static void add_ports(Text *text, const char *buffers, const char *place)
{
    for (const char *line = buffers; *line;) {
        size_t length = strcspn(line, "\n"), name = strcspn(line, ":");
        const char *of = strstr(line, " of ");
        bool part = of && of < line + length;
        if (!part && strncmp(line + name + 2, place, strlen(place)) == 0)
            text_printf(text, "    %s %.*s \"%.*s\"\n", place, (int)name, line,
                        (int)name, line);
        line += length + (line[length] == '\n');
    }
}

Program *kernel_of(Arena *arena, const char *buffers, const char *body)
{
    Text text = { 0 };

    text_add(&text, "program \"test\"\n    workspace 65536 align 64 "
                    "parameters 0 macs 0 batch 1\n");
    add_lines(&text, buffers, "    buffer ");
    add_ports(&text, buffers, "input");
    add_ports(&text, buffers, "output");
    text_add(&text, "kernel k(");
    add_params(&text, buffers);
    text_add(&text, ") macs 0\n");
    add_lines(&text, body, "    ");
    return program_of(arena, text_take(&text, arena));
}

/* ---- runs ---------------------------------------------------------------------- */

void test_fill(DType type, void *data, int64_t count, uint64_t seed)
{
    Random random;
    random_seed(&random, seed);
    for (int64_t i = 0; i < count; i++) {
        int64_t value = random_range(&random, -4, 4);
        if (type == DT_F32)
            ((float *)data)[i] = (float)value;
        else if (type == DT_I32)
            ((int32_t *)data)[i] = (int32_t)value;
        else if (type == DT_U8)
            ((uint8_t *)data)[i] = (uint8_t)(value + 4);
        else
            BUG("no test data of %s", dtype_name(type));
    }
}

static void *array_for(Arena *arena, const ProgramPort *port, int64_t batch)
{
    return arena_array(arena, (size_t)(test_count(port->buffer) * batch),
                       (size_t)dtype_size(port->buffer->type));
}

float *program_output(Arena *arena, const Program *program, uint64_t seed,
                      int64_t *count)
{
    void **in = NEW_N(arena, void *, program->inputs.count);
    void **out = NEW_N(arena, void *, program->outputs.count);

    for (int i = 0; i < program->inputs.count; i++) {
        const ProgramPort *port = &program->inputs.at[i];
        in[i] = array_for(arena, port, program->batch);
        test_fill(port->buffer->type, in[i],
                  test_count(port->buffer) * program->batch,
                  seed + (uint64_t)i);
    }
    for (int i = 0; i < program->outputs.count; i++)
        out[i] = array_for(arena, &program->outputs.at[i], program->batch);
    program_interpret(program, (const void *const *)in, out);
    *count = test_count(program->outputs.at[0].buffer) * program->batch;
    return out[0];
}

/* ---- faults ---------------------------------------------------------------------- */

static char *read_all(int fd)
{
    Text text = { 0 };
    char block[4096];
    ssize_t got;

    text_add(&text, "");
    while ((got = read(fd, block, sizeof block)) > 0)
        text_addn(&text, block, (size_t)got);
    close(fd);
    return text.data;
}

int run_in_child(void (*f)(void *), void *argument, char **message)
{
    int ends[2], status;
    pid_t child;

    fflush(NULL);
    if (pipe(ends) != 0 || (child = fork()) < 0)
        abort();
    if (child == 0) {
        dup2(ends[1], 2);
        close(ends[0]);
        close(ends[1]);
        f(argument);
        fflush(NULL);
        _exit(0); /* no leak check: the child shares the parent's memory */
    }
    close(ends[1]);
    *message = read_all(ends[0]);
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool ends_with_bug(void (*f)(void *), void *argument, const char *words)
{
    char *message;
    bool good = run_in_child(f, argument, &message) == EXIT_FAULT &&
                strstr(message, "internal error") && strstr(message, words);
    if (!good)
        fprintf(stderr, "expected a fault with '%s', got: %s\n", words,
                message);
    mem_free(message);
    return good;
}
