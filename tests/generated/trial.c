/*
 * trial.c - a network, what it must answer, and the ways to compile it.
 */
#include "trial.h"

#include "bound.h"
#include "graph/random.h"
#include "pass/pass.h"
#include "pipeline.h"

#include <math.h>
#include <string.h>

/* ---- typed arrays ------------------------------------------------------------- */

static int64_t bytes_of(const Tensor *tensor)
{
    return shape_count(&tensor->shape) * dtype_size(tensor->type);
}

int64_t trial_in_bytes(const Trial *trial, int input)
{
    return bytes_of(trial->graph->inputs.at[input]);
}

int64_t trial_got_bytes(const Trial *trial, int output)
{
    return bytes_of(trial->graph->outputs.at[output].tensor);
}

/* ---- the reference ---------------------------------------------------------------- */

static void make_inputs(Trial *t, double **exact)
{
    const Graph *g = t->graph;
    for (int i = 0; i < g->inputs.count; i++)
        exact[i] =
            NEW_N(t->arena, double, shape_count(&g->inputs.at[i]->shape));
    graph_random_inputs(g, 1, exact);
    for (int i = 0; i < g->inputs.count; i++) {
        const Tensor *tensor = g->inputs.at[i];
        void *typed = arena_alloc(t->arena, (size_t)bytes_of(tensor));
        for (int64_t k = 0; k < shape_count(&tensor->shape); k++)
            number_store(tensor->type, typed, k, exact[i][k]);
        t->in[i] = typed;
    }
}

Trial *trial_new(const Graph *graph)
{
    Arena *arena = arena_new();
    Trial *t = NEW(arena, Trial);
    const int outputs = graph->outputs.count;
    double **exact = NEW_N(arena, double *, graph->inputs.count);
    *t = (Trial){ .arena = arena, .graph = graph };
    t->in = NEW_N(arena, const void *, graph->inputs.count);
    t->got = NEW_N(arena, void *, outputs);
    t->want = NEW_N(arena, const double *, outputs);
    t->bound = NEW_N(arena, const double *, outputs);
    make_inputs(t, exact);
    Evaluation *e = graph_evaluate(graph, (const double *const *)exact);
    double **bound = bound_all(arena, graph, e);
    for (int i = 0; i < outputs; i++) {
        const Tensor *tensor = graph->outputs.at[i].tensor;
        size_t size = sizeof(double) * (size_t)shape_count(&tensor->shape);
        t->want[i] = arena_copy(arena, evaluation_value(e, tensor), size);
        t->bound[i] = bound[tensor->id];
        t->got[i] = arena_alloc(arena, (size_t)bytes_of(tensor));
    }
    evaluation_free(e);
    return t;
}

void trial_free(Trial *trial)
{
    arena_free(trial->arena);
}

static bool output_agrees(const Trial *t, int output)
{
    const Output *o = &t->graph->outputs.at[output];
    const double *want = t->want[output], *bound = t->bound[output];
    for (int64_t i = 0; i < shape_count(&o->tensor->shape); i++) {
        double got = number_load(o->tensor->type, t->got[output], i);
        if (!isfinite(want[i]) || !isfinite(bound[i]) ||
            fabs(got - want[i]) <= bound[i])
            continue;
        fprintf(stderr, "'%s': element %lld is %.9g, not %.9g +- %.3g\n",
                o->name, (long long)i, got, want[i], bound[i]);
        return false;
    }
    return true;
}

bool trial_agrees(const Trial *trial)
{
    bool agrees = true;
    for (int i = 0; i < trial->graph->outputs.count; i++)
        agrees = output_agrees(trial, i) && agrees;
    return agrees;
}

void trial_weakness(const Trial *trial, int64_t *weak, int64_t *all)
{
    for (int o = 0; o < trial->graph->outputs.count; o++) {
        const Tensor *tensor = trial->graph->outputs.at[o].tensor;
        const int64_t count = shape_count(&tensor->shape);
        double most = 0;
        for (int64_t i = 0; i < count; i++)
            most = fmax(most, fabs(trial->want[o][i]));
        for (int64_t i = 0; i < count; i++)
            *weak += !(trial->bound[o][i] < most / 100 + 1e-6);
        *all += count;
    }
}

/* ---- variants ------------------------------------------------------------------------ */

static const char *const rule_names[] = {
#define RULE(name, ...) #name,
#include "pass/rules.def"
};

/* Every name that may be skipped, passes first. */
static int skip_names(const char **names)
{
    int count = 0;
    for (int i = 0; i < pass_count; i++)
        if (passes[i].optional)
            names[count++] = passes[i].name;
    for (int i = 0; i < (int)COUNT_OF(rule_names); i++)
        names[count++] = rule_names[i];
    REQUIRE(count <= MOST_SKIPS);
    return count;
}

void variant_skip_all(Variant *variant)
{
    variant->skip_count = skip_names(variant->skip);
}

Variant variant_random(uint64_t seed, const Target *target)
{
    Variant v = { .target = target };
    const char *names[MOST_SKIPS];
    Random random;
    random_seed(&random, seed * 31 + 7);
    v.no_schedule = random_range(&random, 0, 7) == 0;
    int64_t kind = random_range(&random, 0, 5); /* 0, 1, 2: all passes */
    int count = skip_names(names);
    for (int i = 0; i < count && kind > 2; i++)
        if (kind == 3 || random_range(&random, 0, 2) == 0)
            v.skip[v.skip_count++] = names[i];
    return v;
}

void variant_print(Text *text, const Variant *variant)
{
    text_add(text, variant->target->name);
    text_add(text, variant->no_schedule ? " no-schedule" : "");
    for (int i = 0; i < variant->skip_count; i++)
        text_printf(text, "%s%s", i ? "," : " skip=", variant->skip[i]);
}

static bool read_skips(const char *list, Variant *variant)
{
    while (*list && variant->skip_count < MOST_SKIPS) {
        size_t length = strcspn(list, ",");
        const char *name = name_internn(list, length);
        if (pass_may_skip(name)) /* others have gone since */
            variant->skip[variant->skip_count++] = name;
        list += length + (list[length] == ',');
    }
    return *list == '\0';
}

bool variant_read(const char *text, Variant *variant)
{
    *variant = (Variant){ 0 };
    while (*text) {
        size_t length = strcspn(text, " \n");
        const char *word = name_internn(text, length);
        if (!variant->target)
            variant->target = target_find(word);
        else if (strcmp(word, "no-schedule") == 0)
            variant->no_schedule = true;
        else if (strncmp(word, "skip=", 5) != 0 ||
                 !read_skips(word + 5, variant))
            return false;
        text += length;
        text += strspn(text, " \n");
    }
    return variant->target != NULL;
}

/* ---- programs ---------------------------------------------------------------------------- */

Program *trial_program(const Trial *trial, const Variant *variant,
                       const char *name)
{
    Graph *copy = graph_copy(trial->arena, trial->graph);
    PassContext context;
    Options options = { .target = variant->target,
                        .skip = variant->skip,
                        .skip_count = variant->skip_count,
                        .no_schedule = variant->no_schedule };
    copy->name = name;
    pipeline_optimise(copy, &options, &context);
    Program *program = pipeline_program(trial->arena, copy, &options, &context);
    pass_context_free(&context);
    graph_free(copy);
    return program;
}

void program_done(Program *program)
{
    for (int i = 0; i < program->kernels.count; i++)
        kernel_free(program->kernels.at[i]);
    program_free(program);
}
