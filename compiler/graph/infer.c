/*
 * infer.c - runs the shape rules, and says where the numbers came from.
 *
 *     net.cnn:12:5: error: 'add' needs equal shapes, got [32, 32, 16] and ...
 *     net.cnn:6:18: note: 'main' is [16, 16, 32]: 'conv1' is
 *                   conv(32, 3x3, stride=2) of [32, 32, 16]
 *     net.cnn:17:10: note: in block 'residual' used here
 *
 * A node that fails poisons its outputs; what reads a poisoned tensor is
 * neither checked nor reported again.
 */
#include "graph/graph.h"

/* The node whose shape rule runs: its block uses are noted at the end. */
static const Node *inferring;
/* A rule is only tried: nothing is reported, nothing poisoned. */
static bool quiet;

static Range origin_range(const Origin *origin)
{
    return origin ? origin->range : NO_RANGE;
}

static void note_blocks(const Node *node)
{
    const Origin *outer = node->origin ? node->origin->within : NULL;
    for (; outer; outer = outer->within)
        diag_note(outer->range, "in block '%s' used here",
                  outer->block ? outer->block : "?");
}

static void poison(const Node *node)
{
    for (int i = 0; i < node->output_count; i++)
        node->output[i]->poisoned = true;
}

void graph_error(const Node *node, int attr, const char *format, ...)
{
    Range range = origin_range(node->origin);
    Text message = { 0 };
    va_list list;
    if (quiet)
        return;
    if (attr >= 0 && node->attr_range && node->attr_range[attr].source)
        range = node->attr_range[attr];
    va_start(list, format);
    text_vprintf(&message, format, list);
    va_end(list);
    diag_error(range, "%s", text_get(&message));
    text_free(&message);
    poison(node);
    if (node != inferring)
        note_blocks(node);
}

void graph_hint(const char *hint)
{
    if (!quiet)
        diag_hint("%s", hint);
}

const char *tensor_show(const Tensor *tensor)
{
    if (tensor->label)
        return tensor->label;
    return tensor->producer ? tensor->producer->path : tensor->name;
}

/* ---- where a shape came from ------------------------------------------------ */

/* The node that gave the tensor its shape: past all that keep it. */
static const Node *shaped_by(const Tensor *tensor)
{
    const Node *node = tensor->producer;
    while (node && node->data_count && op_info[node->op].elementwise &&
           shape_equal(&node->input[0]->shape, &node->output[0]->shape))
        node = node->input[0]->producer;
    return node;
}

static bool attr_is_default(const AttrInfo *info, const void *attrs)
{
    static const Pad none;
    const Pad *pad = (const void *)((const char *)attrs + info->offset);
    Text text = { 0 };
    bool same = false;
    if (!info->fallback)
        return false;
    if (info->kind == ATTR_PAD) { /* [0, 0, 0, 0] came from 'valid' */
        for (int i = 0; i < pad->count; i++)
            if (pad->number[i] != none.number[i])
                return false;
        return pad->kind != PAD_SAME;
    }
    if (info->kind == ATTR_SIZE) { /* 1x1 came from 1 */
        const Size *size = (const void *)((const char *)attrs + info->offset);
        for (int i = 0; i < size->count; i++)
            if (size->at[i] != 1)
                return false;
        return true;
    }
    attr_text(&text, info, attrs);
    same = name_intern(text_get(&text)) == name_intern(info->fallback);
    text_free(&text);
    return same;
}

/* The node as a person would write it: "conv(32, 3x3, stride=2x2)". */
static void print_call(Text *text, const Node *node)
{
    const OpInfo *info = &op_info[node->op];
    const char *separator = "";
    text_printf(text, "%s(", info->name);
    for (int i = 0; i < info->attr_count; i++) {
        const AttrInfo *attr = &info->attrs[i];
        if (attr_is_default(attr, node->attrs))
            continue;
        text_add(text, separator);
        if (attr->fallback)
            text_printf(text, "%s=", attr->name);
        attr_text(text, attr, node->attrs);
        separator = ", ";
    }
    text_char(text, ')');
}

static void note_tensor(const Tensor *tensor)
{
    const Node *maker = shaped_by(tensor);
    Text why = { 0 };
    if (maker) {
        text_printf(&why, ": '%s' is ", maker->path);
        print_call(&why, maker);
        if (maker->data_count == 1)
            text_printf(&why, " of %s", shape_show(&maker->input[0]->shape));
    }
    diag_note(origin_range(tensor->origin), "'%s' is %s%s", tensor_show(tensor),
              shape_show(&tensor->shape), text_get(&why));
    text_free(&why);
}

void graph_note_inputs(const Node *node)
{
    enum { MOST = 4 }; /* a list of hundreds helps nobody */
    for (int i = 0; !quiet && i < node->data_count && i < MOST; i++)
        note_tensor(node->input[i]);
}

/* ---- the rules in order ------------------------------------------------------- */

static bool reads_poison(const Node *node)
{
    for (int i = 0; i < node->input_count; i++)
        if (node->input[i]->poisoned)
            return true;
    return false;
}

static bool check_count(const Node *node)
{
    const OpInfo *info = &op_info[node->op];
    const int count = node->data_count;
    if (count < info->least_inputs)
        graph_error(node, -1, "'%s' takes %s%d inputs, got %d", info->name,
                    info->most_inputs > info->least_inputs ? "at least " : "",
                    info->least_inputs, count);
    else if (count > info->most_inputs)
        graph_error(node, -1, "'%s' takes %s%d inputs, got %d", info->name,
                    info->most_inputs > info->least_inputs ? "at most " : "",
                    info->most_inputs, count);
    return count >= info->least_inputs && count <= info->most_inputs;
}

bool graph_infer_node(Graph *graph, Node *node)
{
    bool good;
    inferring = node;
    good = check_count(node) && op_info[node->op].infer(graph, node);
    inferring = NULL;
    if (!good) {
        poison(node);
        note_blocks(node);
    }
    return good;
}

bool graph_try(Graph *graph, Node *node)
{
    bool good;
    quiet = true;
    good = check_count(node) && op_info[node->op].infer(graph, node);
    quiet = false;
    return good;
}

bool graph_infer(Graph *graph)
{
    bool good = true;
    for (int n = 0; n < graph->nodes.count; n++) {
        Node *node = graph->nodes.at[n];
        if (reads_poison(node)) {
            poison(node);
            good = false;
        } else if (!graph_infer_node(graph, node)) {
            good = false;
        }
    }
    return good;
}
