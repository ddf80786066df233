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

/* Opens the loop over samples. Each begins with a byte: its inputs may have
 * none. */
void harness_read(Text *out, const Program *program)
{
    text_add(out, "    while (fgetc(from) != EOF");
    for (int i = 0; i < program->inputs.count; i++)
        text_printf(out,
                    " && fread(in_%d, 1, sizeof in_%d, from) == sizeof in_%d",
                    i, i, i);
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
                    "        if (fwrite(out_%d, 1, sizeof out_%d, to) != "
                    "sizeof out_%d)\n"
                    "            return 4;\n",
                    i, i, i);
    text_add(out, "    }\n    return fclose(to) ? 4 : 0;\n}\n");
    arena_free(arena);
}

/* ---- measuring ---------------------------------------------------------------- */

/* What a round writes: doubles.
 *
 *     peak    multiply-adds a second that this core does at best
 *     whole   seconds of a run of the network
 *     a kernel each: its seconds, the fewest of the runs in which each is timed
 */
/* own: of this process alone, so that neighbours do not count; it takes longer
 * to read than some kernels take. */
static const char bench_clock[] =
    "static double read_clock(clockid_t clock)\n{\n"
    "    struct timespec t;\n"
    "    clock_gettime(clock, &t);\n"
    "    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;\n}\n\n"
    "static double now(void)\n{\n"
    "    return read_clock(CLOCK_MONOTONIC);\n}\n\n"
    "static double own(void)\n{\n"
    "    return read_clock(CLOCK_PROCESS_CPUTIME_ID);\n}\n\n"
    "static void after(int step)\n{\n"
    "    if (timed) {\n"
    "        const double t = now() - last;\n"
    "        if (t < spent[step])\n"
    "            spent[step] = t;\n"
    "        last = now();\n"
    "    }\n}\n\n";

/* Independent ones, so that none waits for another; they start apart, else the
 * compiler would find that one is as good as all. */
#define PEAK_SUMS  12
#define PEAK_LOOPS 20000

/* Vectors as wide as the network's; the smallest that a machine has where it
 * uses none. */
static void print_peak(Text *out, const Target *target)
{
    int lanes = target_lanes(target) > 4 ? target_lanes(target) : 4;

    text_printf(out,
                "typedef float peak_vector __attribute__((vector_size(%d)));\n",
                lanes * 4);
    if (target->features)
        text_printf(out, "__attribute__((target(\"%s\")))\n", target->features);
    text_add(out, "static double peak(void)\n{\n"
                  "    peak_vector x, y;\n    double t;\n");
    text_printf(out,
                "    for (int i = 0; i < %d; i++) {\n"
                "        x[i] = factor;\n        y[i] = factor / 4;\n"
                "    }\n",
                lanes);
    for (int i = 0; i < PEAK_SUMS; i++)
        text_printf(out, "    peak_vector a%d = x + %d.0f;\n", i, i);
    text_printf(out, "    t = own();\n    for (int i = 0; i < %d; i++) {\n",
                PEAK_LOOPS);
    for (int i = 0; i < PEAK_SUMS; i++)
        text_printf(out, "        a%d = a%d * x + y;\n", i, i);
    text_add(out, "    }\n    t = own() - t;\n    a0 += a1");
    for (int i = 2; i < PEAK_SUMS; i++)
        text_printf(out, " + a%d", i);
    text_printf(out,
                ";\n    for (int i = 0; i < %d; i++)\n"
                "        sink += a0[i];\n"
                "    return %d.0 * %d * %d / t;\n}\n\n",
                lanes, PEAK_SUMS, PEAK_LOOPS, lanes);
}

/* Runs until a round takes at least 2 ms; the first runs warm up. */
static void print_rounds(Text *out, const Program *program, const char *name,
                         int64_t rounds)
{
    int steps = program->kernels.count;

    text_add(out, "static void run(long times)\n{\n"
                  "    for (long i = 0; i < times; i++) {\n"
                  "        if (timed)\n            last = now();\n        ");
    harness_call(out, program, name);
    text_printf(out,
                "    }\n}\n\n"
                "static void measure(long times)\n{\n"
                "    double best = peak(), t = own();\n\n"
                "    run(times);\n"
                "    t = (own() - t) / (double)times;\n"
                "    fwrite(&best, sizeof best, 1, to);\n"
                "    fwrite(&t, sizeof t, 1, to);\n"
                "    timed = 1;\n"
                "    for (int i = 0; i < %d; i++)\n"
                "        spent[i] = 1e9;\n"
                "    run(times);\n"
                "    timed = 0;\n"
                "    for (int i = 0; i < %d; i++) {\n"
                "        spent[i] -= clock_cost;\n"
                "        fwrite(&spent[i], sizeof spent[i], 1, to);\n"
                "    }\n}\n\n",
                steps, steps);
    text_printf(
        out,
        "static void measure_all(void)\n{\n"
        "    long times = 1;\n    double t;\n\n"
        "    for (int i = 0; i < 1000; i++) {\n"
        "        last = now();\n        t = now() - last;\n"
        "        if (t < clock_cost)\n            clock_cost = t;\n    }\n"
        "    for (t = 0; t < 2e-3; times *= 2) {\n"
        "        t = own();\n        run(times);\n        t = own() - t;\n"
        "    }\n"
        "    while (now() - last < 0.05)\n        peak();\n"
        "    for (int i = 0; i < %lld; i++)\n"
        "        measure(times);\n}\n\n",
        (long long)rounds);
}

void harness_bench(Text *out, const Program *program, int64_t rounds)
{
    Arena *arena = arena_new();
    const char *name = emit_name(arena, program);

    text_printf(out,
                "static void after(int step);\n"
                "#define CNNC_AFTER(step) after(step)\n"
                "#include \"net.c\"\n#include <stdio.h>\n#include <string.h>\n"
                "#include <time.h>\n\nstatic FILE *to;\nstatic int timed;\n"
                "static double last, clock_cost = 1, spent[%d];\n"
                "static volatile float factor = 0.75f, sink;\n\n",
                program->kernels.count ? program->kernels.count : 1);
    harness_arrays(out, program);
    text_add(out, bench_clock);
    print_peak(out, program->target);
    print_rounds(out, program, name, rounds);
    harness_begin(out, name);
    harness_read(out, program);
    text_add(out, "    measure_all();\n        break;\n    }\n"
                  "    return fclose(to) ? 4 : 0;\n}\n");
    arena_free(arena);
}
