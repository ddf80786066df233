/*
 * harness.c - C around a network, so that it can be run here.
 *
 *     #include "net.c"
 *     static uint8_t in_0[784];
 *     static float out_0[10];
 *     int main(int argc, char **argv)
 *     {
 *         ... lenet5_run(in_0, out_0, workspace); ...
 *     }
 */
#include "command/local.h"

#include "emit/emit.h"

void harness_network(Text *out, const Program *program, bool traced)
{
    EmitOptions options = { .source_name = "net.c",
                            .no_static = true,
                            .bundle = true,
                            .traced = traced,
                            .readable_bytes = -1 };

    emit_c(out, program, &options);
}

static int64_t port_count(const ProgramPort *port)
{
    int64_t count = 1;

    for (int i = 0; i < port->rank; i++)
        count *= port->dim[i];
    return count;
}

void harness_arrays(Text *out, const Program *program)
{
    for (int i = 0; i < program->inputs.count; i++) {
        const ProgramPort *port = &program->inputs.at[i];
        text_printf(out, "static %s in_%d[%lld];\n",
                    dtype_c(port->buffer->type), i,
                    (long long)port_count(port));
    }
    for (int i = 0; i < program->outputs.count; i++) {
        const ProgramPort *port = &program->outputs.at[i];
        text_printf(out, "static %s out_%d[%lld];\n",
                    dtype_c(port->buffer->type), i,
                    (long long)port_count(port));
    }
    text_printf(out,
                "static unsigned char space[%lld];\n\n"
                "static unsigned char *workspace_of(void)\n{\n"
                "    return space + (%lld - (uintptr_t)space %% %lld) %% "
                "%lld;\n}\n\n",
                (long long)(program->workspace + program->alignment),
                (long long)program->alignment, (long long)program->alignment,
                (long long)program->alignment);
}

void harness_call(Text *out, const Program *program, const char *name)
{
    text_printf(out, "%s_run(", name);
    for (int i = 0; i < program->inputs.count; i++)
        text_printf(out, "in_%d, ", i);
    for (int i = 0; i < program->outputs.count; i++)
        text_printf(out, "out_%d, ", i);
    text_add(out, "workspace_of());\n");
}

void harness_begin(Text *out, const char *name)
{
    text_printf(out,
                "int main(int argc, char **argv)\n{\n"
                "    FILE *from = argc > 2 ? fopen(argv[1], \"rb\") : NULL;\n"
                "    to = argc > 2 ? fopen(argv[2], \"wb\") : NULL;\n"
                "    if (!from || !to)\n        return 2;\n"
                "    if (!%s_supported())\n        return 3;\n",
                name);
}

/* Opens the loop over samples. */
void harness_read(Text *out, const Program *program)
{
    text_add(out, "    while (1");
    for (int i = 0; i < program->inputs.count; i++)
        text_printf(out, " && fread(in_%d, sizeof in_%d, 1, from) == 1", i, i);
    text_add(out, ") {\n");
}

void harness_main(Text *out, const Program *program)
{
    Arena *arena = arena_new();
    const char *name = emit_name(arena, program);

    text_add(out, "#include \"net.c\"\n#include <stdio.h>\n\n"
                  "static FILE *to;\n");
    harness_arrays(out, program);
    harness_begin(out, name);
    harness_read(out, program);
    text_add(out, "        ");
    harness_call(out, program, name);
    for (int i = 0; i < program->outputs.count; i++)
        text_printf(out,
                    "        if (fwrite(out_%d, sizeof out_%d, 1, to) != 1)\n"
                    "            return 4;\n",
                    i, i);
    text_add(out, "    }\n    return fclose(to) ? 4 : 0;\n}\n");
    arena_free(arena);
}
