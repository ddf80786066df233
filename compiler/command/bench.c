/*
 * bench.c - `cnnc bench`: the time of the network and of each of its kernels.
 *
 *     layers                  MACs      time  share  of peak
 *     conv1, relu1, pool1  117,600   3.11 us   41 %     62 %
 *
 * The C is built by this machine's C compiler and run on one random input, in
 * rounds: each measures the core's peak, the whole, and the kernels one by one.
 * The median of the rounds counts, so that a disturbed round does not.
 */
#include "command/local.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS 21

typedef struct Bench {
    Arena *arena;
    const CommandOptions *options;
    Graph *graph;
    Build build;
    int64_t rounds;
    const double *times; /* [rounds][2 + kernels] */
    int columns;
} Bench;

/* ---- measuring ---------------------------------------------------------------- */

static void add_input(Text *in, const Tensor *tensor, Random *random)
{
    const size_t bytes = tensor_bytes(tensor);
    void *values = mem_alloc(bytes);
    random_values(tensor, random, values);
    text_addn(in, values, bytes);
    mem_free(values);
}

static bool write_program(Bench *b, Host *host)
{
    const CommandOptions *o = b->options;
    Text text = { 0 };
    Random random;

    random_seed(&random, o->seed.given ? (uint64_t)o->seed.value : 1);
    text_char(&text, SAMPLE_BYTE);
    for (int i = 0; i < b->graph->inputs.count; i++)
        add_input(&text, b->graph->inputs.at[i], &random);
    bool good = host_write(host, "in", &text);
    harness_network(&text, b->build.program, true);
    good = host_write(host, "net.c", &text) && good;
    harness_bench(&text, b->build.program, b->rounds);
    return host_write(host, "main.c", &text) && good &&
           host_build(host, "net", "main.c", NULL);
}

static bool run_program(Bench *b, Host *host)
{
    const char *out = host_path(host, "out");
    const char *arguments[] = { host_path(host, "in"), out, NULL };
    Outcome outcome;
    size_t size;

    if (!host_run(host, "net", arguments, &outcome))
        return false;
    if (outcome.signal || outcome.status) {
        diag_error_file(NULL, "the compiled network %s",
                        outcome_show(host, &outcome));
        return false;
    }
    b->columns = 2 + b->build.program->kernels.count;
    b->times = file_read(b->arena, out, INT64_MAX, &size);
    if (!b->times)
        return false;
    REQUIRE(size == (size_t)b->rounds * (size_t)b->columns * sizeof *b->times);
    return true;
}

/* ---- the report ------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const Bench *b, int column)
{
    double *values = NEW_N(b->arena, double, b->rounds);

    for (int64_t i = 0; i < b->rounds; i++)
        values[i] = b->times[i * b->columns + column];
    qsort(values, (size_t)b->rounds, sizeof *values, by_value);
    return values[b->rounds / 2] > 0 ? values[b->rounds / 2] : 0;
}

static const char *show_time(Arena *arena, double seconds)
{
    if (seconds < 1e-3)
        return arena_printf(arena, "%.2f us", 1e6 * seconds);
    return seconds < 1
               ? arena_printf(arena, seconds < 0.1 ? "%.2f ms" : "%.1f ms",
                              1e3 * seconds)
               : arena_printf(arena, "%.2f s", seconds);
}

static void add_row(const Bench *b, Table *table, const char *layers,
                    int64_t macs, double seconds, double all, double peak)
{
    table_cell(table, "%s", layers);
    table_cell(table, "%s", show_count(b->arena, macs));
    table_cell(table, "%s", show_time(b->arena, seconds));
    table_cell(table, all > 0 ? "%.1f %%" : "", 100 * seconds / all);
    table_cell(table, macs && seconds > 0 ? "%.1f %%" : "",
               100 * (double)macs / seconds / peak);
}

static int64_t macs_of(const Bench *b, const Node *root)
{
    const Graph *graph = b->build.graph;
    int64_t sum = 0;

    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        if (root && cluster_root(node) == root)
            sum += op_info[node->op].macs(node);
    }
    return sum;
}

static void add_rows(const Bench *b, Table *table, double peak)
{
    static const char *const titles[] = { "layers", "MACs", "time", "share",
                                          "of peak" };
    const Program *program = b->build.program;
    double whole = median(b, 1), all = 0;

    for (size_t i = 0; i < COUNT_OF(titles); i++)
        table_cell(table, "%s", titles[i]);
    table_rule(table);
    for (int i = 0; i < program->kernels.count; i++)
        all += median(b, 2 + i);
    for (int i = 0; i < program->kernels.count; i++) {
        const Kernel *kernel = program->kernels.at[i];
        const Node *root = build_root(&b->build, kernel);
        add_row(b, table,
                root ? build_layers(b->arena, b->build.graph, root)
                     : kernel->name,
                macs_of(b, root), median(b, 2 + i), all, peak);
    }
    table_rule(table);
    add_row(b, table, "the whole", program->macs, whole, 0, peak);
}

static bool report(const Bench *b, const Host *host)
{
    double peak = median(b, 0);
    Table table = table_new(b->arena, "lrrrr");
    Text text = { 0 };

    text_printf(&text, "%s for %s, built by %s; median of %lld rounds\n\n",
                b->graph->name, b->build.program->target->name, host->cc.at[0],
                (long long)b->rounds);
    add_rows(b, &table, peak);
    table_print(&text, &table);
    table_free(&table);
    text_printf(&text,
                "\npeak: %.1f GFLOP/s, %d floats at a time (a multiply-add "
                "counts two)\n",
                2e-9 * peak,
                target_lanes(b->build.program->target) > 4
                    ? target_lanes(b->build.program->target)
                    : 4);
    return output_text("-", &text);
}

/* ---- the whole ----------------------------------------------------------------------- */

static bool bench_built(Bench *b)
{
    Host host;

    if (b->build.program->kernels.count == 0) {
        diag_error_file(NULL, "the network computes nothing: there is nothing "
                              "to measure");
        return false;
    }
    bool done = host_open(&host, b->options) && write_program(b, &host) &&
                run_program(b, &host) && report(b, &host);

    host_close(&host);
    return done;
}

static bool bench(Bench *b)
{
    const CommandOptions *o = b->options;
    const Target *target = build_target(o);

    b->rounds = o->rounds.given ? o->rounds.value : ROUNDS;
    if (b->rounds < 1 || b->rounds > 1000000) {
        diag_error_file(NULL, "'--rounds' is from 1 to 1,000,000");
        return false;
    }
    if (!target || !load_weights(b->graph, o, true))
        return false;
    if (!target_runs_here(target)) {
        diag_error_file(NULL, "this processor does not run code for %s",
                        target->name);
        return false;
    }
    bool done = build_program(&b->build, b->graph, target, o) && bench_built(b);
    build_free(&b->build);
    return done;
}

bool command_bench(const CommandOptions *options)
{
    Bench b = { .arena = arena_new(), .options = options };

    b.graph = load_network(b.arena, options);
    bool done = b.graph && bench(&b);
    if (b.graph)
        graph_free(b.graph);
    diag_flush();
    arena_free(b.arena);
    return done;
}
