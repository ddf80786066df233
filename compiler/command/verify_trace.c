/*
 * verify_trace.c - runs generated C and keeps what each kernel wrote.
 *
 *     #define CNNC_AFTER(step) after(step)
 *     #include "net.c"                      ... lenet5_conv1(...); after(1); ...
 *
 *     a sample's record:   step 0 | conv1's bytes | step 1 | pool1's bytes | ...
 *
 * The record ends where the program ended: that tells the kernel. Before each
 * sample, workspace and outputs are filled with NaN, so that what reads before
 * it was written shows.
 */
#include "command/verify.h"

#include "emit/emit.h"

#include <string.h>

#define STEP_BYTES 4 /* of its number, in front of the bytes */

/* ---- what is kept -------------------------------------------------------------- */

static const Save *find_save(const Trace *trace, const Buffer *buffer)
{
    for (int i = 0; i < trace->saves.count; i++)
        if (trace->saves.at[i].buffer == buffer)
            return &trace->saves.at[i];
    return NULL;
}

static int port_of(const Program *program, const Buffer *buffer)
{
    for (int i = 0; i < program->outputs.count; i++)
        if (program->outputs.at[i].buffer == buffer ||
            program->outputs.at[i].buffer == buffer->array)
            return i;
    return -1;
}

static void add_save(Trace *trace, const Buffer *buffer, int step)
{
    Save *known = (Save *)(uintptr_t)find_save(trace, buffer);

    if (buffer->place != BUFFER_ARENA && buffer->place != BUFFER_OUTPUT)
        return;
    if (known)
        known->step = step;
    else
        vec_push(&trace->saves,
                 (Save){ .buffer = buffer,
                         .step = step,
                         .port = port_of(trace->build->program, buffer),
                         .bytes = (size_t)buffer->layout.size *
                                  (size_t)dtype_size(buffer->type) });
}

static void add_written(Trace *trace, const Stmt *list, int step)
{
    for (; list; list = list->next) {
        Stmt **body = stmt_body((Stmt *)(uintptr_t)list);
        if (body)
            add_written(trace, *body, step);
        else if (list->kind == STMT_STORE || list->kind == STMT_ACCUM)
            add_save(trace, list->store.place.buffer, step);
    }
}

/* Where each stands in a record: by step, then as they were found. */
static void place_saves(Trace *trace)
{
    const Program *program = trace->build->program;

    for (int step = 0; step < program->kernels.count; step++) {
        trace->record += STEP_BYTES;
        for (int i = 0; i < trace->saves.count; i++) {
            Save *save = &trace->saves.at[i];
            if (save->step != step)
                continue;
            save->at = trace->record;
            trace->record += save->bytes;
        }
    }
}

void trace_open(Trace *trace, Arena *arena, const Build *build)
{
    const Program *program = build->program;

    *trace = (Trace){ .arena = arena, .build = build };
    for (int i = 0; i < program->kernels.count; i++)
        add_written(trace, program->kernels.at[i]->body, i);
    place_saves(trace);
}

/* ---- the program ------------------------------------------------------------------ */

static void print_after(Text *out, const Trace *trace)
{
    const Program *program = trace->build->program;

    text_add(out, "static void after(int step)\n{\n"
                  "    int32_t number = step;\n"
                  "    fwrite(&number, sizeof number, 1, to);\n"
                  "    switch (step) {\n");
    for (int step = 0; step < program->kernels.count; step++) {
        text_printf(out, "    case %d:\n", step);
        for (int i = 0; i < trace->saves.count; i++) {
            const Save *save = &trace->saves.at[i];
            if (save->step != step)
                continue;
            if (save->port >= 0)
                text_printf(
                    out, "        fwrite((char *)out_%d + %lld, %zu, 1, to);\n",
                    save->port, (long long)save->buffer->offset, save->bytes);
            else
                text_printf(out,
                            "        fwrite(workspace_of() + %lld, %zu, 1, "
                            "to);\n",
                            (long long)save->buffer->offset, save->bytes);
        }
        text_add(out, "        break;\n");
    }
    text_add(out, "    default: break;\n    }\n    fflush(to);\n}\n\n");
}

static void print_program(Text *out, const Trace *trace)
{
    const Program *program = trace->build->program;
    const char *name = emit_name(trace->arena, program);

    text_add(out, "static void after(int step);\n"
                  "#define CNNC_AFTER(step) after(step)\n"
                  "#include \"net.c\"\n#include <stdio.h>\n"
                  "#include <string.h>\n\nstatic FILE *to;\n");
    harness_arrays(out, program);
    print_after(out, trace);
    harness_begin(out, name);
    harness_read(out, program);
    text_add(out, "        memset(space, 255, sizeof space);\n");
    for (int i = 0; i < program->outputs.count; i++)
        text_printf(out, "        memset(out_%d, 255, sizeof out_%d);\n", i, i);
    text_add(out, "        ");
    harness_call(out, program, name);
    text_add(out, "    }\n    return fclose(to) ? 4 : 0;\n}\n");
}

bool trace_run(Trace *trace, Host *host, Text *in)
{
    const char *out = host_path(host, "out");
    const char *arguments[] = { host_path(host, "in"), out, NULL };
    Text text = { 0 };

    bool good = host_write(host, "in", in);
    harness_network(&text, trace->build->program, true);
    good = host_write(host, "net.c", &text) && good;
    print_program(&text, trace);
    good = host_write(host, "main.c", &text) && good &&
           host_build(host, "net", "main.c", NULL) &&
           host_run(host, "net", arguments, &trace->outcome);
    if (good)
        trace->bytes = file_map(out, &trace->length);
    return trace->bytes != NULL;
}

/* ---- reading ------------------------------------------------------------------------- */

const Kernel *trace_last_kernel(const Trace *trace)
{
    const Program *program = trace->build->program;
    size_t rest = trace->record ? trace->length % trace->record : 0;

    for (int step = 0; step < program->kernels.count; step++) {
        if (rest < STEP_BYTES)
            return program->kernels.at[step];
        rest -= STEP_BYTES;
        for (int i = 0; i < trace->saves.count; i++) {
            const Save *save = &trace->saves.at[i];
            if (save->step == step)
                rest -= save->bytes < rest ? save->bytes : rest;
        }
    }
    return NULL;
}

bool trace_values(const Trace *trace, int64_t sample, const Tensor *tensor,
                  double *values)
{
    int64_t index[KERNEL_RANK] = { 0 };

    for (int i = 0; i < trace->saves.count; i++) {
        const Save *save = &trace->saves.at[i];
        if (strcmp(save->buffer->what, tensor->name) != 0)
            continue;
        const char *bytes = (const char *)trace->bytes +
                            (size_t)sample * trace->record + save->at;
        size_t size = (size_t)dtype_size(tensor->type);
        do {
            size_t at = (size_t)layout_address(save->buffer, index);
            char element[8];
            memcpy(element, bytes + at * size, size);
            to_double(tensor->type, element, 1, values++);
        } while (position_next(save->buffer, index));
        return true;
    }
    return false;
}

void trace_close(Trace *trace)
{
    file_unmap(trace->bytes, trace->length);
    vec_free(&trace->saves);
}
