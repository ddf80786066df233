/*
 * verify.c - `cnnc verify`: the generated C against exact arithmetic.
 *
 *     generated C   image -> [conv1] -> x1 -> [conv2] -> x2 -> ...
 *                                       |                |
 *     in double     image -> [conv1] -> =      x1 -> [conv2] -> =
 *
 * Every layer is computed in double from what the generated C gave it, so each
 * is judged by itself: its error must stay within what rounding explains (see
 * verify_scale.c). The outputs are compared once more with the network as it
 * was written, which the passes must not have changed.
 */
#include "command/verify.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define ROUNDING           0x1p-24 /* of one operation, relative */
#define SAMPLES            3
#define OUTPUTS_MAY_DIFFER 1e-3 /* of the largest value, through all layers */

/* What was found about one layer, over all samples. */
typedef struct Finding {
    const Node *root;
    int64_t roundings;
    double worst, ulps; /* error in units of the scale; in those of result */
    bool off;
    int64_t element; /* where the error is worst */
    double got, wanted;
} Finding;

typedef struct Verify {
    Arena *arena;
    const CommandOptions *options;
    Graph *graph;       /* as it was written */
    VEC(void *) inputs; /* sample by sample, port by port */
    int64_t samples;
    Text report;
    /* Of one target: */
    Build build;
    Trace trace;
    VEC(Finding) findings;
    double difference; /* of the outputs, of their largest value */
} Verify;

/* ---- inputs --------------------------------------------------------------------- */

static void *random_input(Verify *v, const Tensor *tensor, Random *random)
{
    void *values = arena_alloc(v->arena, tensor_bytes(tensor));
    random_values(tensor, random, values);
    return values;
}

static bool find_inputs(Verify *v)
{
    const CommandOptions *o = v->options;
    int ports = v->graph->inputs.count, files = o->files.count - 1;
    Random random;
    CnncFit fit;

    if (ports ? files % ports != 0 : files > 0) {
        diag_error_file(NULL, "the network has %d inputs, got %d files", ports,
                        files);
        return false;
    }
    if (!input_fit(o, &fit))
        return false;
    v->samples = files   ? files / ports
                 : ports ? (o->samples.given ? o->samples.value : SAMPLES)
                         : 1;
    random_seed(&random, o->seed.given ? (uint64_t)o->seed.value : 1);
    for (int64_t i = 0; i < v->samples * ports; i++) {
        const Tensor *tensor = v->graph->inputs.at[i % ports];
        void *value =
            files ? input_read(v->arena, tensor, o->files.at[i + 1], &fit)
                  : random_input(v, tensor, &random);
        if (!value)
            return false;
        vec_push(&v->inputs, value);
    }
    return true;
}

static void add_inputs(const Verify *v, Text *in)
{
    int ports = v->graph->inputs.count;

    for (int64_t s = 0; s < v->samples; s++) {
        text_char(in, SAMPLE_BYTE);
        for (int i = 0; i < ports; i++)
            text_addn(in, v->inputs.at[s * ports + i],
                      tensor_bytes(v->graph->inputs.at[i]));
    }
}

/* ---- one layer --------------------------------------------------------------------- */

/* Values and scales of all tensors of the built graph, by id. */
typedef struct Values {
    Arena *arena;
    const double **value, **scale;
} Values;

static double *new_values(Values *values, const Tensor *tensor)
{
    return NEW_N(values->arena, double, shape_count(&tensor->shape));
}

/* It is exact: as large as it is. */
static void set_exact(Values *values, const Tensor *tensor, const double *value)
{
    double *scale = new_values(values, tensor);

    for (int64_t i = 0; i < shape_count(&tensor->shape); i++)
        scale[i] = fabs(value[i]);
    values->value[tensor->id] = value;
    values->scale[tensor->id] = scale;
}

static double ulp_of(double value)
{
    float magnitude = (float)fabs(value);

    return (double)nextafterf(magnitude, INFINITY) - (double)magnitude;
}

static bool both_not_finite(double got, double wanted)
{
    if (isnan(wanted))
        return isnan(got);
    return !isfinite(got) && fabs(wanted) >= FLT_MAX &&
           signbit(got) == signbit(wanted);
}

static void compare_element(Finding *f, double got, double wanted, double scale,
                            int64_t element)
{
    double error = fabs(got - wanted);

    if (both_not_finite(got, wanted))
        return;
    double ratio = error <= FLT_MIN ? 0 : error / fmax(scale, FLT_MIN);
    double ulps = error <= FLT_MIN ? 0 : error / ulp_of(wanted);
    if (!isfinite(got))
        ratio = ulps = INFINITY;
    f->ulps = fmax(f->ulps, ulps);
    if (ratio > f->worst || f->element < 0) {
        f->worst = ratio;
        f->element = element;
        f->got = got;
        f->wanted = wanted;
    }
}

/* Roundings fall either way, so a sum of n products is off by about sqrt(n) of
 * them; a product that is missing or wrong is far more. */
static double allowed(const Finding *f)
{
    return (16 + 8 * sqrt((double)f->roundings)) * ROUNDING;
}

/* Whole numbers are right or wrong. */
static void judge(Finding *f, DType type)
{
    if (dtype_is_float(type))
        f->off |= !(f->worst <= allowed(f));
    else
        f->off |= f->worst > 0;
}

static void compare_layer(Verify *v, Values *values, const Node *root,
                          int64_t sample, Finding *finding)
{
    const Tensor *out = root->output[0];
    double *got = new_values(values, out);

    if (!trace_values(&v->trace, sample, out, got))
        BUG("no kernel writes '%s'", out->name);
    for (int64_t i = 0; i < shape_count(&out->shape); i++)
        compare_element(finding, got[i], values->value[out->id][i],
                        values->scale[out->id][i], i);
    judge(finding, out->type);
    set_exact(values, out, got);
}

static void evaluate(Values *values, const Node *node)
{
    const double **in = NEW_N(values->arena, const double *, node->input_count);
    const double **scale =
        NEW_N(values->arena, const double *, node->input_count);
    const Tensor *out = node->output[0];
    double *result = new_values(values, out);
    double *size = new_values(values, out);

    for (int i = 0; i < node->input_count; i++) {
        in[i] = values->value[node->input[i]->id];
        scale[i] = values->scale[node->input[i]->id];
    }
    graph_evaluate_node(node, in, &result);
    scale_node(node, in, scale, result, size);
    values->value[out->id] = result;
    values->scale[out->id] = size;
}

/* ---- one sample ---------------------------------------------------------------------- */

static void set_known(Verify *v, Values *values, int64_t sample)
{
    const Graph *graph = v->build.graph;

    values->value = NEW_N(values->arena, const double *, graph->tensors.count);
    values->scale = NEW_N(values->arena, const double *, graph->tensors.count);
    for (int i = 0; i < graph->tensors.count; i++) {
        const Tensor *tensor = graph->tensors.at[i];
        if (!tensor->data)
            continue;
        double *value = new_values(values, tensor);
        for (int64_t k = 0; k < shape_count(&tensor->shape); k++)
            value[k] = (double)tensor->data[k];
        set_exact(values, tensor, value);
    }
    for (int i = 0; i < graph->inputs.count; i++) {
        const Tensor *tensor = graph->inputs.at[i];
        double *value = new_values(values, tensor);
        to_double(tensor->type, v->inputs.at[sample * graph->inputs.count + i],
                  shape_count(&tensor->shape), value);
        set_exact(values, tensor, value);
    }
}

static Finding *finding_of(Verify *v, const Node *root)
{
    for (int i = 0; i < v->findings.count; i++)
        if (v->findings.at[i].root == root)
            return &v->findings.at[i];
    vec_push(&v->findings, (Finding){ .root = root, .element = -1 });
    return &v->findings.at[v->findings.count - 1];
}

/* Of all layers that the root's kernel computes. */
static int64_t roundings_of(const Graph *graph, const Node *root)
{
    int64_t sum = 0;

    for (int i = 0; i < graph->nodes.count; i++)
        if (cluster_root(graph->nodes.at[i]) == root)
            sum += scale_roundings(graph->nodes.at[i]);
    return sum;
}

static void compare_outputs(Verify *v, const Values *values)
{
    const double *in[MAX_INPUTS];
    const Graph *graph = v->graph, *built = v->build.graph;

    REQUIRE(graph->inputs.count <= MAX_INPUTS);
    for (int i = 0; i < graph->inputs.count; i++)
        in[i] = values->value[built->inputs.at[i]->id];
    Evaluation *evaluation = graph_evaluate_outputs(graph, in);
    for (int i = 0; i < graph->outputs.count; i++) {
        const Tensor *tensor = graph->outputs.at[i].tensor;
        const double *wanted = evaluation_value(evaluation, tensor);
        const double *got = values->value[built->outputs.at[i].tensor->id];
        double most = FLT_MIN, error = 0;
        if (!dtype_is_float(tensor->type)) /* near ties may fall either way */
            continue;
        for (int64_t k = 0; k < shape_count(&tensor->shape); k++) {
            if (both_not_finite(got[k], wanted[k]))
                continue;
            most = fmax(most, fabs(wanted[k]));
            error = isnan(got[k]) ? INFINITY
                                  : fmax(error, fabs(got[k] - wanted[k]));
        }
        v->difference = fmax(v->difference, error / most);
    }
    evaluation_free(evaluation);
}

static void compare_sample(Verify *v, int64_t sample)
{
    const Graph *graph = v->build.graph;
    Values values = { .arena = arena_new() };

    set_known(v, &values, sample);
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        progress_show("verify: layers", sample * graph->nodes.count + i,
                      v->samples * graph->nodes.count);
        evaluate(&values, node);
        if (node_is_free(node)) {
            set_exact(&values, node->output[0],
                      values.value[node->output[0]->id]);
        } else if (!node->fused_into) {
            Finding *finding = finding_of(v, node);
            if (!finding->roundings)
                finding->roundings = roundings_of(graph, node);
            compare_layer(v, &values, node, sample, finding);
        }
    }
    compare_outputs(v, &values);
    arena_free(values.arena);
}

/* ---- the report -------------------------------------------------------------------------- */

static void add_finding(const Verify *v, Table *table, const Finding *f)
{
    const Tensor *out = f->root->output[0];
    bool exact = !dtype_is_float(out->type);

    table_cell(table, "%s", build_layers(v->arena, v->build.graph, f->root));
    table_cell(table, "%s", shape_show(&out->shape));
    table_cell(table, "%.2g", f->worst);
    table_cell(table, "%.2g", exact ? 0 : allowed(f));
    table_cell(table, "%.2g", f->ulps);
    table_cell(table, "%s", f->off ? "OFF" : "");
}

static void print_report(Verify *v)
{
    static const char *const titles[] = { "layers",  "output", "error",
                                          "allowed", "ULP",    "" };
    Table table = table_new(v->arena, "llrrrl");

    text_printf(&v->report, "%s for %s, %lld input%s\n", v->graph->name,
                v->build.program->target->name, (long long)v->samples,
                v->samples == 1 ? "" : "s");
    for (size_t i = 0; i < COUNT_OF(titles); i++)
        table_cell(&table, "%s", titles[i]);
    table_rule(&table);
    for (int i = 0; i < v->findings.count; i++)
        add_finding(v, &table, &v->findings.at[i]);
    table_rule(&table);
    table_print(&v->report, &table);
    table_free(&table);
    text_add(&v->report,
             "error: of the sum of |x*w|; allowed: what rounding explains; "
             "ULP: of the result.\n");
    text_printf(&v->report,
                "The outputs differ from those in double by at most %.2g of "
                "the largest.\n",
                v->difference);
}

static void element_text(Text *text, const Shape *shape, int64_t element)
{
    int64_t index[MAX_RANK];

    for (int i = shape->rank - 1; i >= 0; i--) {
        index[i] = element % shape->dim[i];
        element /= shape->dim[i];
    }
    for (int i = 0; i < shape->rank; i++)
        text_printf(text, "%s%lld", i ? ", " : "", (long long)index[i]);
}

static void report_off(const Verify *v, const Finding *f)
{
    Text at = { 0 };
    Range range = f->root->origin ? f->root->origin->range : NO_RANGE;

    element_text(&at, &f->root->output[0]->shape, f->element);
    diag_error(range,
               "the C for %s computes '%s' wrong: element [%s] is %.9g, "
               "not %.9g",
               v->build.program->target->name, f->root->path, text_get(&at),
               f->got, f->wanted);
    diag_note(NO_RANGE,
              "it is off by %.2g of its sum of products, %.2g would "
              "be rounding; it is the first such layer",
              f->worst, allowed(f));
    diag_hint("please report this as a fault of cnnc");
    text_free(&at);
}

static bool report_findings(Verify *v)
{
    print_report(v);
    for (int i = 0; i < v->findings.count; i++) {
        if (v->findings.at[i].off) {
            report_off(v, &v->findings.at[i]);
            return false;
        }
    }
    if (v->difference <= OUTPUTS_MAY_DIFFER)
        return true;
    diag_error_file(NULL, "the passes have changed what '%s' computes",
                    v->graph->name);
    diag_hint("--skip=PASS finds which; please report this as a fault of "
              "cnnc");
    return false;
}

static bool report_end(const Verify *v, const Host *host)
{
    const Outcome *outcome = &v->trace.outcome;
    const Kernel *kernel = trace_last_kernel(&v->trace);

    if (!outcome->signal && !outcome->status)
        return true;
    diag_error_file(NULL, "the C for %s %s%s%s%s",
                    v->build.program->target->name, outcome_show(host, outcome),
                    kernel ? " in '" : "", kernel ? kernel->name : "",
                    kernel ? "'" : "");
    diag_hint("please report this as a fault of cnnc");
    return false;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static bool verify_built(Verify *v)
{
    Text in = { 0 };
    Host host;

    v->findings.count = 0;
    v->difference = 0;
    trace_open(&v->trace, v->arena, &v->build);
    add_inputs(v, &in);
    bool done = host_open(&host, v->options) &&
                trace_run(&v->trace, &host, &in) && report_end(v, &host);
    for (int64_t i = 0; done && i < v->samples; i++)
        compare_sample(v, i);
    progress_end();
    done = done && report_findings(v);
    text_free(&in);
    trace_close(&v->trace);
    host_close(&host);
    return done;
}

static bool verify_target(Verify *v, const char *name)
{
    const Target *target = build_target_named(name);

    if (!target)
        return false;
    if (!target_runs_here(target) && !v->options->runner) {
        diag_error_file(NULL, "this processor does not run code for %s",
                        target->name);
        diag_hint("--runner=COMMAND starts programs of another machine");
        return false;
    }
    bool done = build_program(&v->build, v->graph, target, v->options) &&
                verify_built(v);
    build_free(&v->build);
    return done;
}

static bool verify(Verify *v)
{
    const CommandOptions *o = v->options;
    bool done = load_weights(v->graph, o, true) && find_inputs(v);

    if (done && o->target.count == 0)
        done = verify_target(v, "native");
    for (int i = 0; i < o->target.count && done; i++) {
        text_add(&v->report, i ? "\n" : "");
        done = verify_target(v, o->target.at[i]);
    }
    /* The table of what is off is worth seeing, too. */
    if (v->report.length && !done && !o->json)
        fputs(text_get(&v->report), stderr);
    return done && output_text("-", &v->report);
}

bool command_verify(const CommandOptions *options)
{
    Verify v = { .arena = arena_new(), .options = options };

    v.graph = load_network(v.arena, options);
    bool done = v.graph && verify(&v);
    if (v.graph)
        graph_free(v.graph);
    vec_free(&v.inputs);
    vec_free(&v.findings);
    text_free(&v.report);
    diag_flush();
    arena_free(v.arena);
    return done;
}
