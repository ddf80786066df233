/*
 * eval.c - `cnnc eval`: how good a network is, over a labelled set.
 *
 *     $ cnnc eval lenet5.cnn --data mnist
 *     accuracy                    98.61 %  (1972 of 2000)
 *     categorical_crossentropy    0.04317
 *
 * The labels of a sample are compared with the largest element of the output
 * (or with argmax's), the loss with the output itself: one of the label, or the
 * wanted outputs.
 */
#include "command/local.h"

#include "weights/dataset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES   ((size_t)32 << 20) /* of samples at a time */
#define CHUNK_SAMPLES 512
#define SHOWN_CLASSES 20 /* more make no table, only the worst mistakes */
#define SHOWN_WORST   10
#define MOST_CLASSES  4096 /* of which mistakes are counted */
/* Probabilities are kept this far from 0, so that a loss stays finite. */
#define LEAST_PROBABILITY 1e-7

typedef struct Eval {
    Arena *arena;
    const CommandOptions *options;
    Graph *graph;
    const Output *output;
    DataSet *set;
    Engine *engine;
    int64_t elements, classes; /* of the output; 1 element is a class or yes */
    int64_t done, right, labelled;
    double loss;
    int64_t *confusion; /* [label][answer]; NULL: too many classes */
} Eval;

/* ---- losses ------------------------------------------------------------------ */

static double clip(double p)
{
    return fmin(fmax(p, LEAST_PROBABILITY), 1 - LEAST_PROBABILITY);
}

static double mean_squared_error(const double *y, const double *t, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (y[i] - t[i]) * (y[i] - t[i]);
    return sum / (double)n;
}

static double mean_absolute_error(const double *y, const double *t, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += fabs(y[i] - t[i]);
    return sum / (double)n;
}

/* y: probabilities of yes */
static double binary_crossentropy(const double *y, const double *t, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum -= t[i] * log(clip(y[i])) + (1 - t[i]) * log(1 - clip(y[i]));
    return sum / (double)n;
}

/* y: probabilities of the classes, brought to a sum of 1 */
static double categorical_crossentropy(const double *y, const double *t,
                                       int64_t n)
{
    double sum = 0, all = 0;
    for (int64_t i = 0; i < n; i++)
        all += y[i];
    for (int64_t i = 0; i < n; i++)
        if (t[i] > 0)
            sum -= t[i] * log(clip(y[i] / fmax(all, LEAST_PROBABILITY)));
    return sum;
}

static double loss_of(Loss loss, const double *y, const double *t, int64_t n)
{
    switch (loss) {
    case LOSS_NONE: return 0;
    case LOSS_MEAN_SQUARED_ERROR: return mean_squared_error(y, t, n);
    case LOSS_MEAN_ABSOLUTE_ERROR: return mean_absolute_error(y, t, n);
    case LOSS_BINARY_CROSSENTROPY: return binary_crossentropy(y, t, n);
    case LOSS_CATEGORICAL_CROSSENTROPY:
        return categorical_crossentropy(y, t, n);
    }
    BUG("no loss %d", (int)loss);
}

/* ---- one sample ------------------------------------------------------------------ */

/* The class that the output names: the largest; one element is yes above a
 * half, or the class itself behind an argmax. */
static int64_t answer_of(const Eval *e, const double *y)
{
    int64_t best = 0;

    if (!dtype_is_float(e->output->tensor->type))
        return (int64_t)y[0];
    if (e->elements == 1)
        return y[0] > 0.5;
    for (int64_t i = 1; i < e->elements; i++)
        if (y[i] > y[best])
            best = i;
    return best;
}

/* What the loss compares with: the wanted outputs, or 1 at the label. */
static void wanted_of(const Eval *e, int64_t sample, double *t)
{
    const float *target = data_target(e->set, sample);
    int64_t label = data_label(e->set, sample);

    for (int64_t i = 0; i < e->elements; i++)
        t[i] = target             ? (double)target[i]
               : e->elements == 1 ? (double)label
                                  : i == label;
}

static void score(Eval *e, int64_t sample, const double *y, double *t)
{
    int64_t label = data_label(e->set, sample), answer = answer_of(e, y);

    wanted_of(e, sample, t);
    if (e->output->tensor->type == DT_F32)
        e->loss += loss_of(e->output->loss, y, t, e->elements);
    e->done++;
    if (label < 0)
        return;
    e->labelled++;
    e->right += answer == label;
    if (e->confusion && label < e->classes && answer >= 0 &&
        answer < e->classes)
        e->confusion[label * e->classes + answer]++;
}

/* ---- all samples, some at a time --------------------------------------------------- */

typedef struct Chunk {
    int64_t size; /* samples */
    char *input;
    void **outputs;
    double *y, *t;
} Chunk;

static Chunk new_chunk(const Eval *e)
{
    const Graph *graph = e->graph;
    size_t one = tensor_bytes(graph->inputs.at[0]);
    int64_t size = (int64_t)(CHUNK_BYTES / one);
    Chunk c;

    c.size = size < 1 ? 1 : size < CHUNK_SAMPLES ? size : CHUNK_SAMPLES;
    c.input = arena_array(e->arena, (size_t)c.size, one);
    c.outputs = NEW_N(e->arena, void *, graph->outputs.count);
    for (int i = 0; i < graph->outputs.count; i++)
        c.outputs[i] = arena_array(e->arena, (size_t)c.size,
                                   tensor_bytes(graph->outputs.at[i].tensor));
    c.y = NEW_N(e->arena, double, e->elements);
    c.t = NEW_N(e->arena, double, e->elements);
    return c;
}

static bool eval_chunk(Eval *e, Chunk *c, int64_t first, int64_t count)
{
    const Tensor *tensor = e->output->tensor;
    size_t in = tensor_bytes(e->graph->inputs.at[0]), out;
    const void *inputs[] = { c->input };
    const char *values = c->outputs[e->output - e->graph->outputs.at];

    for (int64_t i = 0; i < count; i++)
        if (!data_read(e->set, first + i, c->input + (size_t)i * in))
            return false;
    if (!engine_run(e->engine, count, inputs, c->outputs))
        return false;
    out = tensor_bytes(tensor);
    for (int64_t i = 0; i < count; i++) {
        to_double(tensor->type, values + (size_t)i * out, e->elements, c->y);
        score(e, first + i, c->y, c->t);
    }
    return true;
}

static bool eval_all(Eval *e)
{
    int64_t all = data_count(e->set);
    Chunk chunk = new_chunk(e);

    for (int64_t i = 0; i < all; i += chunk.size) {
        progress_show("eval: samples", i, all);
        if (!eval_chunk(e, &chunk, i,
                        all - i < chunk.size ? all - i : chunk.size))
            return false;
    }
    progress_end();
    return true;
}

/* ---- the report ----------------------------------------------------------------------- */

static const char *class_of(const Eval *e, int64_t i)
{
    if (i < e->output->class_count)
        return e->output->classes[i];
    return arena_printf(e->arena, "%lld", (long long)i);
}

static void print_confusion(Text *out, const Eval *e)
{
    char *align = arena_alloc(e->arena, (size_t)e->classes + 3);

    memset(align, 'r', (size_t)e->classes + 2);
    align[0] = 'l';
    Table table = table_new(e->arena, align);
    table_cell(&table, "label");
    for (int64_t k = 0; k < e->classes; k++)
        table_cell(&table, "%s", class_of(e, k));
    table_cell(&table, "right");
    table_rule(&table);
    for (int64_t i = 0; i < e->classes; i++) {
        const int64_t *row = e->confusion + i * e->classes;
        int64_t sum = 0;
        table_cell(&table, "%s", class_of(e, i));
        for (int64_t k = 0; k < e->classes; k++) {
            sum += row[k];
            table_cell(&table, row[k] ? "%lld" : ".", (long long)row[k]);
        }
        table_cell(&table, sum ? "%.1f %%" : "",
                   100.0 * (double)row[i] / (double)(sum ? sum : 1));
    }
    text_add(out, "\nWho (a line) was taken for whom (a column):\n\n");
    table_print(out, &table);
    table_free(&table);
}

typedef struct Mistake {
    int64_t label, answer, count;
} Mistake;

static int by_count(const void *a, const void *b)
{
    const Mistake *p = a, *q = b;

    if (p->count != q->count)
        return p->count > q->count ? -1 : 1;
    if (p->label != q->label)
        return p->label < q->label ? -1 : 1;
    return (p->answer > q->answer) - (p->answer < q->answer);
}

/* Of many classes. */
static void print_worst(Text *out, const Eval *e)
{
    VEC(Mistake) mistakes = { 0 };

    for (int64_t i = 0; i < e->classes * e->classes; i++)
        if (e->confusion[i] && i / e->classes != i % e->classes)
            vec_push(&mistakes, (Mistake){ i / e->classes, i % e->classes,
                                           e->confusion[i] });
    if (mistakes.count)
        qsort(mistakes.at, (size_t)mistakes.count, sizeof *mistakes.at,
              by_count);
    for (int i = 0; i < mistakes.count && i < SHOWN_WORST; i++) {
        const Mistake *m = &mistakes.at[i];
        text_printf(out, "%s%s was taken for %s %lld time%s\n", i ? "" : "\n",
                    class_of(e, m->label), class_of(e, m->answer),
                    (long long)m->count, m->count == 1 ? "" : "s");
    }
    vec_free(&mistakes);
}

static bool report(const Eval *e)
{
    const Loss loss = e->output->loss;
    bool has_loss = loss != LOSS_NONE && e->output->tensor->type == DT_F32;
    Table table = table_new(e->arena, "lll");
    Text text = { 0 };

    text_printf(&text, "%s: %lld samples of %s, by %s\n\n", e->graph->name,
                (long long)e->done, e->options->data, engine_name(e->engine));
    if (e->labelled) {
        table_cell(&table, "accuracy");
        table_cell(&table, "%.2f %%",
                   100.0 * (double)e->right / (double)e->labelled);
        table_cell(&table, "%lld of %lld are right", (long long)e->right,
                   (long long)e->labelled);
    }
    if (has_loss) {
        table_cell(&table, "%s", loss_name(loss));
        table_cell(&table, "%.6g", e->loss / (double)e->done);
        table_cell(&table, "mean of all samples");
    }
    table_print(&text, &table);
    table_free(&table);
    if (e->labelled && e->classes <= SHOWN_CLASSES)
        print_confusion(&text, e);
    else if (e->labelled && e->confusion)
        print_worst(&text, e);
    return output_text("-", &text);
}

/* ---- the whole --------------------------------------------------------------------------- */

/* The output that has a loss or classes, or the first. */
static const Output *find_output(const Graph *graph)
{
    for (int i = 0; i < graph->outputs.count; i++)
        if (graph->outputs.at[i].loss != LOSS_NONE)
            return &graph->outputs.at[i];
    for (int i = 0; i < graph->outputs.count; i++)
        if (graph->outputs.at[i].classes)
            return &graph->outputs.at[i];
    return &graph->outputs.at[0];
}

static bool find_form(const Eval *e, DataForm *form)
{
    static const char *const splits[] = { "test", "train", NULL };
    const CommandOptions *o = e->options;
    const Tensor *in = e->graph->inputs.at[0];

    *form = (DataForm){ .type = in->type,
                        .rank = in->shape.rank,
                        .dim = in->shape.dim,
                        .outputs = e->elements,
                        .labels = e->classes,
                        .classes = e->output->classes,
                        .class_count = e->output->class_count,
                        .split = DATA_ANY,
                        .last = -1 };
    int split = o->split ? options_choose(o->split, splits, "part") : 0;
    if (split < 0 || !input_fit(o, &form->fit))
        return false;
    if (o->split)
        form->split = split ? DATA_TRAIN : DATA_TEST;
    if (!o->range || data_parse_range(o->range, &form->first, &form->last))
        return true;
    diag_error_file(NULL, "'--range' takes A..B, not '%s'", o->range);
    return false;
}

static bool check_network(const Eval *e)
{
    if (!e->options->data) {
        diag_error_file(NULL, "'cnnc eval' needs samples: --data FOLDER");
        return false;
    }
    if (e->graph->inputs.count == 1)
        return true;
    diag_error_file(e->graph->source->name,
                    "'cnnc eval' wants a network of one input, '%s' has %d",
                    e->graph->name, e->graph->inputs.count);
    return false;
}

static bool eval(Eval *e)
{
    DataForm form;

    if (!check_network(e))
        return false;
    e->output = find_output(e->graph);
    e->elements = shape_count(&e->output->tensor->shape);
    e->classes = e->output->class_count ? e->output->class_count
                 : e->elements == 1     ? 2
                                        : e->elements;
    if (!find_form(e, &form) || !load_weights(e->graph, e->options, true))
        return false;
    if (e->classes <= MOST_CLASSES)
        e->confusion =
            arena_array(e->arena, (size_t)e->classes * (size_t)e->classes,
                        sizeof *e->confusion);
    e->set = data_open(e->arena, e->options->data, &form);
    if (!e->set)
        return false;
    e->engine = engine_open(e->options, e->graph,
                            host_has_cc(e->options) ? "c" : "kernel");
    return e->engine && eval_all(e) && report(e);
}

bool command_eval(const CommandOptions *options)
{
    Eval e = { .arena = arena_new(), .options = options };

    e.graph = load_network(e.arena, options);
    bool done = e.graph && eval(&e);
    engine_close(e.engine);
    data_close(e.set);
    if (e.graph)
        graph_free(e.graph);
    diag_flush();
    arena_free(e.arena);
    return done;
}
