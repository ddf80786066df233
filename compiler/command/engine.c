/*
 * engine.c - three ways to compute a network.
 *
 *     reference    the graph as it was written, in double precision
 *     kernel       the scheduled loops of the target, interpreted
 *     c            the generated C, built by this machine's C compiler
 */
#include "command/local.h"

#include "emit/emit.h"

#include <stdlib.h>
#include <string.h>

typedef enum EngineKind {
    ENGINE_REFERENCE,
    ENGINE_KERNEL,
    ENGINE_C
} EngineKind;

static const char *const engine_names[] = { "reference", "kernel", "c", NULL };

struct Engine {
    Arena *arena;
    EngineKind kind;
    const Graph *graph;
    Build build;
    bool built;
    Host host;
    bool hosted;
};

/* ---- values ---------------------------------------------------------------- */

size_t tensor_bytes(const Tensor *tensor)
{
    return (size_t)shape_count(&tensor->shape) *
           (size_t)dtype_size(tensor->type);
}

void from_double(DType type, const double *in, int64_t count, void *out)
{
    for (int64_t i = 0; i < count; i++)
        number_store(type, out, i, in[i]);
}

void to_double(DType type, const void *in, int64_t count, double *out)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = number_load(type, in, i);
}

void random_values(const Tensor *tensor, Random *random, void *out)
{
    const int64_t count = shape_count(&tensor->shape);
    const int64_t most = tensor->type == DT_BOOL ? 1
                         : tensor->type == DT_I8 ? 127
                                                 : 255;
    for (int64_t i = 0; i < count; i++)
        number_store(tensor->type, out, i,
                     dtype_is_float(tensor->type)
                         ? random_normal(random)
                         : (double)random_range(random, 0, most));
}

/* ---- opening ------------------------------------------------------------------- */

static bool build_engine(Engine *e, const CommandOptions *options)
{
    const Target *target = build_target(options);

    if (!target)
        return false;
    e->built = true;
    return build_program(&e->build, e->graph, target, options);
}

static bool build_c(Engine *e, const CommandOptions *options)
{
    Text text = { 0 };

    const Target *target = e->build.program->target;
    if (!target_runs_here(target) && !options->runner) {
        diag_error_file(NULL, "this processor does not run code for %s",
                        target->name);
        diag_hint("--target=generic always runs; --runner=COMMAND starts "
                  "programs of another machine");
        return false;
    }
    e->hosted = true;
    if (!host_open(&e->host, options))
        return false;
    harness_network(&text, e->build.program, false);
    if (!host_write(&e->host, "net.c", &text))
        return false;
    harness_main(&text, e->build.program);
    return host_write(&e->host, "main.c", &text) &&
           host_build(&e->host, "net", "main.c", NULL);
}

static bool open_kind(Engine *e, const CommandOptions *options)
{
    switch (e->kind) {
    case ENGINE_REFERENCE: return true;
    case ENGINE_KERNEL: return build_engine(e, options);
    case ENGINE_C: return build_engine(e, options) && build_c(e, options);
    }
    BUG("no engine %d", (int)e->kind);
}

Engine *engine_open(const CommandOptions *options, const Graph *graph,
                    const char *fallback)
{
    Arena *arena = arena_new();
    Engine *e = NEW(arena, Engine);
    int kind = options_choose(options->engine ? options->engine : fallback,
                              engine_names, "engine");

    *e = (Engine){ .arena = arena, .graph = graph };
    if (kind >= 0)
        e->kind = (EngineKind)kind;
    if (kind >= 0 && open_kind(e, options))
        return e;
    engine_close(e);
    return NULL;
}

void engine_close(Engine *e)
{
    if (!e)
        return;
    if (e->hosted)
        host_close(&e->host);
    if (e->built)
        build_free(&e->build);
    diag_flush();
    arena_free(e->arena);
}

const char *engine_name(const Engine *e)
{
    switch (e->kind) {
    case ENGINE_REFERENCE: return "the reference, in double precision";
    case ENGINE_KERNEL:
        return arena_printf(e->arena, "the loops for %s, interpreted",
                            e->build.program->target->name);
    case ENGINE_C:
        return arena_printf(e->arena, "C for %s, built by %s",
                            e->build.program->target->name, e->host.cc.at[0]);
    }
    BUG("no engine %d", (int)e->kind);
}

/* ---- running ------------------------------------------------------------------------ */

static void run_reference(Engine *e, int64_t sample, const void *const *inputs,
                          void *const *outputs)
{
    const Graph *graph = e->graph;
    Arena *arena = arena_new();
    const double **in = NEW_N(arena, const double *, graph->inputs.count);

    for (int i = 0; i < graph->inputs.count; i++) {
        const Tensor *tensor = graph->inputs.at[i];
        int64_t count = shape_count(&tensor->shape);
        double *values = NEW_N(arena, double, count);
        to_double(tensor->type,
                  (const char *)inputs[i] +
                      (size_t)sample * tensor_bytes(tensor),
                  count, values);
        in[i] = values;
    }
    Evaluation *evaluation = graph_evaluate_outputs(graph, in);
    for (int i = 0; i < graph->outputs.count; i++) {
        const Tensor *tensor = graph->outputs.at[i].tensor;
        from_double(tensor->type, evaluation_value(evaluation, tensor),
                    shape_count(&tensor->shape),
                    (char *)outputs[i] + (size_t)sample * tensor_bytes(tensor));
    }
    evaluation_free(evaluation);
    arena_free(arena);
}

static void run_kernel(Engine *e, int64_t sample, const void *const *inputs,
                       void *const *outputs)
{
    const Graph *graph = e->graph;
    Arena *arena = arena_new();
    const void **in = NEW_N(arena, const void *, graph->inputs.count);
    void **out = NEW_N(arena, void *, graph->outputs.count);

    for (int i = 0; i < graph->inputs.count; i++)
        in[i] = (const char *)inputs[i] +
                (size_t)sample * tensor_bytes(graph->inputs.at[i]);
    for (int i = 0; i < graph->outputs.count; i++)
        out[i] = (char *)outputs[i] +
                 (size_t)sample * tensor_bytes(graph->outputs.at[i].tensor);
    program_interpret(e->build.program, in, out);
    arena_free(arena);
}

static void add_samples(Engine *e, int64_t samples, const void *const *inputs,
                        Text *in)
{
    for (int64_t s = 0; s < samples; s++) {
        text_char(in, SAMPLE_BYTE);
        for (int i = 0; i < e->graph->inputs.count; i++) {
            size_t size = tensor_bytes(e->graph->inputs.at[i]);
            text_addn(in, (const char *)inputs[i] + (size_t)s * size, size);
        }
    }
}

static bool take_samples(Engine *e, int64_t samples, const char *bytes,
                         size_t length, void *const *outputs)
{
    size_t at = 0, one = 0;

    for (int i = 0; i < e->graph->outputs.count; i++)
        one += tensor_bytes(e->graph->outputs.at[i].tensor);
    if (one * (size_t)samples != length) {
        diag_error_file(NULL, "the built program wrote %zu bytes, not %zu",
                        length, one * (size_t)samples);
        return false;
    }
    for (int64_t s = 0; s < samples; s++) {
        for (int i = 0; i < e->graph->outputs.count; i++) {
            size_t size = tensor_bytes(e->graph->outputs.at[i].tensor);
            memcpy((char *)outputs[i] + (size_t)s * size, bytes + at, size);
            at += size;
        }
    }
    return true;
}

static bool run_c(Engine *e, int64_t samples, const void *const *inputs,
                  void *const *outputs)
{
    const char *out = host_path(&e->host, "out");
    const char *arguments[] = { host_path(&e->host, "in"), out, NULL };
    Outcome outcome;
    Text in = { 0 };
    size_t size = 0;

    add_samples(e, samples, inputs, &in);
    if (!host_write(&e->host, "in", &in) ||
        !host_run(&e->host, "net", arguments, &outcome))
        return false;
    if (outcome.signal || outcome.status) {
        diag_error_file(NULL, "the compiled network %s",
                        outcome_show(&e->host, &outcome));
        diag_hint("'cnnc verify' finds the layer");
        return false;
    }
    const void *bytes = file_map(out, &size);
    bool good = bytes && take_samples(e, samples, bytes, size, outputs);
    file_unmap(bytes, size);
    return good;
}

bool engine_run(Engine *e, int64_t samples, const void *const *inputs,
                void *const *outputs)
{
    if (e->kind == ENGINE_C)
        return run_c(e, samples, inputs, outputs);
    for (int64_t s = 0; s < samples; s++) {
        if (e->kind == ENGINE_REFERENCE)
            run_reference(e, s, inputs, outputs);
        else
            run_kernel(e, s, inputs, outputs);
    }
    return true;
}
