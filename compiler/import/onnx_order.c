/*
 * onnx_order.c - who makes each value, who reads it, and in which order.
 *
 *     y = Relu(t)                t = Conv(x, w)
 *     t = Conv(x, w)     -->     y = Relu(t)
 *
 * A value has one maker: an input, an initialiser or a node. Nodes keep the
 * order of the file but for those that stand before one they read from.
 */
#include "import/onnx_local.h"

#include <string.h>

/* What a name stands for: a node by its index, or one of these. */
enum { FROM_INPUT = -1, FROM_INITIALIZER = -2, FROM_UNSUPPORTED = -3 };

/* ---- makers -------------------------------------------------------------- */

static void add_makers(const OnnxReader *r, OnnxNames *makers)
{
    const OnnxGraph *graph = r->model->graph;

    for (int i = 0; i < graph->input_count; i++)
        onnx_names_add(makers, graph->input[i]->name, FROM_INPUT);
    for (int i = 0; i < graph->initializer_count; i++)
        onnx_names_add(makers, graph->initializer[i]->name, FROM_INITIALIZER);
    for (int i = 0; i < r->unsupported.count; i++)
        onnx_names_add(makers, r->unsupported.at[i].name, FROM_UNSUPPORTED);
    for (int i = 0; i < graph->node_count; i++)
        for (int j = 0; j < graph->node[i]->output_count; j++)
            if (graph->node[i]->output[j])
                onnx_names_add(makers, graph->node[i]->output[j], i);
    onnx_names_sort(makers);
}

static const char *maker_text(int what)
{
    return what == FROM_INPUT ? "an input"
           : what >= 0        ? "a node"
                              : "an initialiser";
}

/* Only a node can be the second maker: the others were checked before. */
static bool check_makers(const OnnxModel *model, const OnnxNames *makers)
{
    bool good = true;

    for (int i = 1; i < makers->count; i++) {
        const OnnxName *first = &makers->at[i - 1], *again = &makers->at[i];
        if (strcmp(first->name, again->name) != 0)
            continue;
        REQUIRE(again->what >= 0);
        diag_error(onnx_node_range(model, model->graph->node[again->what]),
                   "makes '%s', which %s makes already", onnx_show(again->name),
                   maker_text(first->what));
        if (first->what >= 0)
            diag_note(onnx_node_range(model, model->graph->node[first->what]),
                      "made here first");
        good = false;
    }
    return good;
}

/* ---- readers ------------------------------------------------------------- */

static bool check_outputs(const OnnxReader *r, const OnnxNode *node)
{
    for (int i = 0; i < node->output_count; i++)
        if (node->output[i])
            return true;
    diag_error(onnx_node_range(r->model, node), "a node without an output");
    return false;
}

static bool check_reader(const OnnxReader *r, const OnnxNode *node,
                         const OnnxNames *makers)
{
    bool good = check_outputs(r, node);

    for (int i = 0; i < node->input_count; i++) {
        const char *name = node->input[i];
        const OnnxName *maker = name ? onnx_names_find(makers, name) : NULL;
        if (!name || (maker && maker->what != FROM_UNSUPPORTED))
            continue;
        if (!maker)
            diag_error(onnx_node_range(r->model, node),
                       "reads '%s', which nothing makes", onnx_show(name));
        else
            diag_error(onnx_node_range(r->model, node),
                       "reads '%s', an initialiser of type %s, which is not "
                       "supported",
                       onnx_show(name), onnx_unsupported(r, name));
        good = false;
    }
    return good;
}

static bool check_readers(const OnnxReader *r, const OnnxNames *makers)
{
    const OnnxGraph *graph = r->model->graph;
    bool good = true;

    for (int i = 0; i < graph->node_count; i++)
        good &= check_reader(r, graph->node[i], makers);
    for (int i = 0; i < graph->output_count; i++) {
        const char *name = graph->output[i]->name;
        const OnnxName *maker = onnx_names_find(makers, name);
        OnnxPlace place = { .kind = "output", .name = name };
        if (!maker)
            good = onnx_refuse(r, place, "is made by nothing");
        else if (maker->what == FROM_UNSUPPORTED)
            good = onnx_refuse(
                r, place,
                "is an initialiser of type %s, which is not supported",
                onnx_unsupported(r, name));
    }
    return good;
}

/* In models before IR 4 all initialisers are inputs. Many writers got that
 * wrong; but one that is no input and that nothing reads has lost its name, or
 * the input that it was meant for has. */
static bool check_unread(const OnnxReader *r)
{
    const OnnxGraph *graph = r->model->graph;
    OnnxNames used = { 0 };
    bool good = true;

    for (size_t i = 0; i < r->file->graph->n_input; i++)
        onnx_names_add(&used, r->input_names[i], 0);
    for (int i = 0; i < graph->node_count; i++)
        for (int j = 0; j < graph->node[i]->input_count; j++)
            if (graph->node[i]->input[j])
                onnx_names_add(&used, graph->node[i]->input[j], 0);
    for (int i = 0; i < graph->output_count; i++)
        onnx_names_add(&used, graph->output[i]->name, 0);
    onnx_names_sort(&used);
    for (int i = 0; i < graph->initializer_count; i++) {
        const char *name = graph->initializer[i]->name;
        if (!onnx_names_find(&used, name))
            good = onnx_refuse(
                r, (OnnxPlace){ .kind = "initialiser", .name = name },
                "is no input, as ir_version %lld wants, and nothing reads it",
                (long long)r->model->ir_version);
    }
    vec_free(&used);
    return good;
}

/* ---- order --------------------------------------------------------------- */

typedef enum State { UNSEEN, OPEN, PLACED } State;

typedef struct Visit {
    int node, input; /* the next input to look at */
} Visit;

typedef struct Order {
    const OnnxReader *r;
    const OnnxNames *makers;
    State *state;
    VEC(Visit) open; /* each reads from the one behind it */
    OnnxNode **sorted;
    int count;
} Order;

static bool report_cycle(const Order *o, int again)
{
    const OnnxModel *model = o->r->model;
    int first = o->open.count - 1, shown = 0;

    while (o->open.at[first].node != again)
        first--;
    diag_error(onnx_node_range(model, model->graph->node[again]),
               "reads from itself, over %d nodes", o->open.count - first);
    for (int i = first + 1; i < o->open.count && shown < 4; i++, shown++)
        diag_note(
            onnx_node_range(model, model->graph->node[o->open.at[i].node]),
            "which it reads from");
    return false;
}

/* The next node that the visited one has to wait for; -1: none. */
static int next_maker(const Order *o, Visit *visit)
{
    const OnnxNode *node = o->r->model->graph->node[visit->node];

    while (visit->input < node->input_count) {
        const char *name = node->input[visit->input++];
        int maker = name ? onnx_names_find(o->makers, name)->what : -1;
        if (maker >= 0 && o->state[maker] != PLACED)
            return maker;
    }
    return -1;
}

static bool place_node(Order *o, int start)
{
    if (o->state[start] == PLACED)
        return true;
    vec_push(&o->open, (Visit){ start, 0 });
    o->state[start] = OPEN;
    while (o->open.count > 0) {
        Visit *visit = &o->open.at[o->open.count - 1];
        int maker = next_maker(o, visit);
        if (maker < 0) {
            o->state[visit->node] = PLACED;
            o->sorted[o->count++] = o->r->model->graph->node[visit->node];
            o->open.count--;
            continue;
        }
        if (o->state[maker] == OPEN)
            return report_cycle(o, maker);
        o->state[maker] = OPEN;
        vec_push(&o->open, (Visit){ maker, 0 });
    }
    return true;
}

static bool sort_nodes(const OnnxReader *r, const OnnxNames *makers)
{
    OnnxGraph *graph = r->model->graph;
    size_t count = (size_t)graph->node_count;
    Order o = { .r = r, .makers = makers };
    bool good = true;

    o.state = NEW_N(r->arena, State, count);
    o.sorted = NEW_N(r->arena, OnnxNode *, count);
    for (int i = 0; i < graph->node_count && good; i++)
        good = place_node(&o, i);
    vec_free(&o.open);
    graph->node = o.sorted;
    return good;
}

bool onnx_order(OnnxReader *r)
{
    OnnxNames makers = { 0 };
    bool good;

    add_makers(r, &makers);
    good = check_makers(r->model, &makers) && check_readers(r, &makers) &&
           (r->model->ir_version >= ONNX_IR_CONSTANTS || check_unread(r)) &&
           sort_nodes(r, &makers);
    vec_free(&makers);
    return good;
}
