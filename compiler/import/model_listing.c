/*
 * model_listing.c - the nodes of a model as a text that messages point into.
 *
 *     conv1_out = Conv(x, conv1.weight, conv1.bias) kernel_shape=[3, 3]
 *     a, b = Split(y, ) axis=0
 *     c = com.example.Frob(a, ... 97 more)
 *
 * A line is for reading: names, lists and the line itself are cut. Beyond
 * LISTING_LIMIT bytes a line is only "...": each node still has its own.
 */
#include "import/model.h"

#include <string.h>

#define LISTING_LIMIT ((size_t)32 << 20)
#define NAME_SHOWN    48 /* characters of a name */
#define NAMES_SHOWN   8  /* inputs, outputs, attributes, elements of a list */

static void add_more(Text *out, int more)
{
    text_printf(out, "... %d more", more);
}

static void add_names(Text *out, const char *const *names, int count)
{
    for (int i = 0; i < count && i < NAMES_SHOWN; i++) {
        text_add(out, i ? ", " : "");
        model_show(out, names[i] ? names[i] : "", NAME_SHOWN);
    }
    if (count > NAMES_SHOWN) {
        text_add(out, ", ");
        add_more(out, count - NAMES_SHOWN);
    }
}

static void add_string(Text *out, const char *s)
{
    text_char(out, '"');
    model_show(out, s, NAME_SHOWN);
    text_char(out, '"');
}

static void add_tensor(Text *out, const OnnxTensor *tensor)
{
    text_add(out, dtype_name(tensor->type));
    text_char(out, '[');
    for (int i = 0; i < tensor->rank; i++)
        text_printf(out, i ? ", %lld" : "%lld", (long long)tensor->dim[i]);
    text_char(out, ']');
    if (tensor->count != 1)
        return;
    text_char(out, ' ');
    if (dtype_is_float(tensor->type))
        text_double(out, onnx_tensor_number(tensor, 0));
    else
        text_printf(out, "%lld", (long long)onnx_tensor_integer(tensor, 0));
}

static void add_list(Text *out, const OnnxAttr *attr)
{
    text_char(out, '[');
    for (int i = 0; i < attr->count && i < NAMES_SHOWN; i++) {
        text_add(out, i ? ", " : "");
        if (attr->kind == ONNX_FLOATS)
            text_float(out, attr->floats[i], false);
        else if (attr->kind == ONNX_INTS)
            text_printf(out, "%lld", (long long)attr->ints[i]);
        else
            add_string(out, attr->strings[i]);
    }
    if (attr->count > NAMES_SHOWN) {
        text_add(out, ", ");
        add_more(out, attr->count - NAMES_SHOWN);
    }
    text_char(out, ']');
}

static void add_value(Text *out, const OnnxAttr *attr)
{
    switch (attr->kind) {
    case ONNX_FLOAT: text_float(out, attr->f, false); return;
    case ONNX_INT: text_printf(out, "%lld", (long long)attr->i); return;
    case ONNX_STRING: add_string(out, attr->s); return;
    case ONNX_TENSOR: add_tensor(out, attr->tensor); return;
    case ONNX_GRAPH: text_add(out, "<graph>"); return;
    case ONNX_FLOATS:
    case ONNX_INTS:
    case ONNX_STRINGS: add_list(out, attr); return;
    case ONNX_OTHER: text_add(out, "<...>"); return;
    }
    BUG("no attribute of kind %d", (int)attr->kind);
}

static void add_node(Text *out, const OnnxNode *node)
{
    add_names(out, node->output, node->output_count);
    text_add(out, " = ");
    if (*node->domain) {
        model_show(out, node->domain, NAME_SHOWN);
        text_char(out, '.');
    }
    model_show(out, node->op, NAME_SHOWN);
    text_char(out, '(');
    add_names(out, node->input, node->input_count);
    text_char(out, ')');
    for (int i = 0; i < node->attr_count && i < NAMES_SHOWN; i++) {
        text_char(out, ' ');
        model_show(out, node->attr[i].name, NAME_SHOWN);
        text_char(out, '=');
        add_value(out, &node->attr[i]);
    }
    if (node->attr_count > NAMES_SHOWN) {
        text_char(out, ' ');
        add_more(out, node->attr_count - NAMES_SHOWN);
    }
}

void model_list(Arena *arena, OnnxModel *model)
{
    Text text = { 0 };
    Source *listing = NEW(arena, Source);

    for (int i = 0; i < model->graph->node_count; i++) {
        model->graph->node[i]->line = i + 1;
        model->graph->node[i]->start = text.length;
        if (text.length < LISTING_LIMIT)
            add_node(&text, model->graph->node[i]);
        else
            text_add(&text, "...");
        text_char(&text, '\n');
    }
    listing->name = model->path;
    listing->length = text.length;
    listing->text = text_take(&text, arena);
    model->listing = listing;
}

Range onnx_node_range(const OnnxModel *model, const OnnxNode *node)
{
    const Source *source = model->listing;
    const char *end = strchr(source->text + node->start, '\n');

    return (Range){ source, node->start, (size_t)(end - source->text) };
}
