/*
 * rules.c - applies the rules of rules.def until none fits.
 *
 *     flatten1 = flatten(pool1)            relu1 = relu(pool1)
 *     relu1    = relu(flatten1)     ->     relu1.flat = flatten(relu1)
 *
 * Nodes are visited in order, so that what a node reads is settled when its
 * turn comes. What is replaced falls away at the end of a round.
 */
#include "pass/local.h"

#include <string.h>

/* ---- conditions -------------------------------------------------------------------- */

#define IS_RESHAPE(node) ((node)->op == OP_RESHAPE || (node)->op == OP_FLATTEN)

static bool keeps_shape(const Node *node)
{
    return shape_equal(&node->input[0]->shape, &node->output[0]->shape);
}

static bool converts_nothing(const Node *node)
{
    return node->input[0]->type == node->output[0]->type &&
           node_attrs(node, ConvertAttrs)->scale == 1;
}

/* A window of 1x1 that moves by 1: padding must be smaller, so there is none. */
static bool pools_nothing(const Node *node)
{
    const Size *kernel = node->op == OP_MAXPOOL
                             ? &node_attrs(node, MaxpoolAttrs)->kernel
                             : &node_attrs(node, AvgpoolAttrs)->kernel;
    return kernel->at[0] == 1 && kernel->at[1] == 1 && keeps_shape(node);
}

static bool slices_nothing(const Node *node)
{
    const IntList *step = &node_attrs(node, SliceAttrs)->step;
    for (int d = 0; d < step->count; d++) {
        if (step->at[d] < 0)
            return false;
    }
    return keeps_shape(node);
}

static int64_t last_dim(const Shape *shape)
{
    return shape->rank > 0 ? shape->dim[shape->rank - 1] : 1;
}

/* One known number, or one a channel. */
static bool is_by_channel(const Tensor *tensor, const Shape *x)
{
    const int64_t count = shape_count(&tensor->shape);
    return is_known(tensor) && tensor->shape.rank <= 1 &&
           (count == 1 || count == last_dim(x));
}

/* The same function of each element, in whatever shape they stand; with a
 * number a channel, as long as the channels are the same. */
static bool passes_reshape(const Node *node, const Node *reshape)
{
    const Shape *inner = &reshape->input[0]->shape;
    if (!op_info[node->op].elementwise)
        return false;
    if (node->data_count == 2 &&
        !is_by_channel(node->input[1], &node->input[0]->shape))
        return false;
    if (node->data_count > 2 || node->output_count > 1 ||
        !shape_equal(&node->output[0]->shape, &node->input[0]->shape))
        return false;
    if (node->data_count == 2 && shape_count(&node->input[1]->shape) == 1)
        return inner->rank > 0;
    return node->input_count == 1 ||
           (inner->rank > 0 &&
            last_dim(inner) == last_dim(&node->input[0]->shape));
}

/* ---- the rewriting -------------------------------------------------------------------- */

typedef struct Rules {
    Graph *graph;
    PassContext *context;
    Tensor **instead; /* by tensor id */
    int count;
    bool *is_output;
    bool changed;
} Rules;

typedef enum ResultKind {
    RESULT_BECOMES,
    RESULT_READS,
    RESULT_SINKS
} ResultKind;

typedef struct Result {
    ResultKind kind;
    Tensor *tensor;
} Result;

/* The reshape goes behind the node: relu(flatten(x)) -> flatten(relu(x)). The
 * node's result is another tensor then: the old one stands for the reshape's. */
static void sink(Rules *r, Node *node, Node *reshape)
{
    Tensor *old = node->output[0];
    const char *path = arena_printf(r->graph->arena, "%s.%s", node->path,
                                    op_info[reshape->op].name);
    Node *behind;
    build_output(r->graph, node);
    node->output[0]->uses = 1;
    node->input[0] = reshape->input[0];
    build_infer(r->graph, node);
    behind = build_node(r->graph, reshape->op, path, node->output[0], node);
    memcpy(behind->attrs, reshape->attrs, op_info[reshape->op].attrs_size);
    build_infer(r->graph, behind);
    behind->output[0]->uses = old->uses;
    r->instead[old->id] = behind->output[0];
}

/* Whether a copy into an output of the network would be lost. */
static bool is_needed_copy(const Rules *r, const Node *node)
{
    bool copies = node->op == OP_CONVERT || node->op == OP_RESHAPE;
    return copies && r->is_output[node->output[0]->id];
}

static bool rewrite(Rules *r, Node *node, Result result)
{
    switch (result.kind) {
    case RESULT_BECOMES:
        if (is_needed_copy(r, node))
            return false;
        r->instead[node->output[0]->id] = result.tensor;
        return true;
    case RESULT_READS:
        node->input[0] = result.tensor;
        build_infer(r->graph, node);
        return true;
    case RESULT_SINKS: sink(r, node, node->input[0]->producer); return true;
    }
    BUG("no result %d", (int)result.kind);
}

#define X          (node->input[0])
#define XX         (from->input[0])
#define THIS(id)   (node->op == OP_##id)
#define FROM(id)   (from != NULL && from->op == OP_##id)
#define BECOMES(t) ((Result){ RESULT_BECOMES, (t) })
#define READS(t)   ((Result){ RESULT_READS, (t) })
#define SINKS      ((Result){ RESULT_SINKS, NULL })

/* Applies the first rule that fits. */
static bool apply_one(Rules *r, Node *node)
{
    const Node *from = X->producer;
#define RULE(name, text, condition, result)                                    \
    if ((condition) && !context_skips(r->context, #name) &&                    \
        rewrite(r, node, result)) {                                            \
        r->context->rule_uses[RULE_##name]++;                                  \
        return true;                                                           \
    }
#include "pass/rules.def"
    return false;
}

/* Its result is another tensor by now. */
static bool is_replaced(const Rules *r, const Node *node)
{
    int id = node->output[0]->id;
    return id >= r->count || r->instead[id] != NULL;
}

static void read_replacements(const Rules *r, Node *node)
{
    for (int i = 0; i < node->input_count; i++) {
        Tensor *t = node->input[i];
        while (t->id < r->count && r->instead[t->id] != NULL)
            t = r->instead[t->id];
        node->input[i] = t;
    }
}

static bool apply_round(Graph *graph, PassContext *context)
{
    Rules r = { .graph = graph, .context = context };
    int nodes = graph->nodes.count;
    r.count = graph->tensors.count;
    r.instead = mem_alloc(sizeof *r.instead * (size_t)(r.count + 1));
    memset(r.instead, 0, sizeof *r.instead * (size_t)(r.count + 1));
    r.is_output = find_outputs(graph);
    graph_count_uses(graph);
    for (int n = 0; n < nodes; n++) {
        Node *node = graph->nodes.at[n];
        read_replacements(&r, node);
        while (!is_replaced(&r, node) && apply_one(&r, node))
            r.changed = true;
    }
    if (r.changed) {
        for (int i = 0; i < graph->outputs.count; i++) {
            Output *o = &graph->outputs.at[i];
            while (o->tensor->id < r.count && r.instead[o->tensor->id] != NULL)
                o->tensor = r.instead[o->tensor->id];
        }
        graph_remove_dead(graph);
    }
    mem_free(r.instead);
    mem_free(r.is_output);
    return r.changed;
}

bool apply_rules(Graph *graph, PassContext *context)
{
    bool changed = false;
    if (context_skips(context, "rules"))
        return false;
    while (apply_round(graph, context))
        changed = true;
    return changed;
}

bool pass_rules(Graph *graph, PassContext *context)
{
    return apply_rules(graph, context);
}

bool pass_tidy(Graph *graph, PassContext *context)
{
    return apply_rules(graph, context);
}
