/*
 * write_layer.c - what the writer wants to know of each node.
 *
 *     conv1 = conv(x, w, b; kernel=5x5, stride=1x1, pad=[2, 2, 2, 2], ...)
 *
 *     roles       weight, bias
 *     attributes  kernel "5x5", stride "1" (the default), pad "2" (same, too)
 *
 * All of it is asked of the shape rule, which is run again on the data inputs
 * alone: it makes the parameters, and says what an attribute comes to. So no
 * operator is known here by name.
 */
#include <math.h>
#include <string.h>

#include "import/write_local.h"

#define MOST_INLINE 4 /* elements of a constant that stands in the line */

const char *import_foreign_name(const Tensor *tensor)
{
    return tensor->title ? tensor->title : tensor->name;
}

bool is_data(const Tensor *tensor)
{
    return tensor->kind == TENSOR_CONSTANT || tensor->kind == TENSOR_PARAMETER;
}

/* ---- the rule, once more ---------------------------------------------------------- */

/* A node of the same operator and data inputs, in a graph of its own. */
typedef struct Trial {
    Graph graph;
    Node node;
    Tensor out, *outs[1];
} Trial;

static void trial_open(Trial *t, const Graph *graph, const Node *node)
{
    t->graph = *graph;
    memset(&t->graph.tensors, 0, sizeof t->graph.tensors);
    t->graph.arena = arena_new();
    t->node = *node;
    t->node.input_count = node->data_count;
    t->node.attrs =
        arena_copy(t->graph.arena, node->attrs, op_info[node->op].attrs_size);
    t->out = *node->output[0];
    t->outs[0] = &t->out;
    t->node.output = t->outs;
    t->node.output_count = 1;
}

static void trial_close(Trial *t)
{
    vec_free(&t->graph.tensors);
    arena_free(t->graph.arena);
}

static bool same_attrs(const Node *a, const Node *b)
{
    const OpInfo *info = &op_info[a->op];
    Text x = { 0 }, y = { 0 };
    for (int i = 0; i < info->attr_count; i++) {
        attr_text(&x, &info->attrs[i], a->attrs);
        text_char(&x, ';');
        attr_text(&y, &info->attrs[i], b->attrs);
        text_char(&y, ';');
    }
    bool same = strcmp(text_get(&x), text_get(&y)) == 0;
    text_free(&x);
    text_free(&y);
    return same;
}

/* Whether the attribute, given as this text, comes to what the node has. */
static bool comes_to_same(const Graph *graph, const Node *node, int attr,
                          const char *text)
{
    const AttrInfo *info = &op_info[node->op].attrs[attr];
    Trial t;
    bool same;
    trial_open(&t, graph, node);
    same = attr_parse(info, t.node.attrs, text, t.graph.arena) &&
           graph_try(&t.graph, &t.node) && same_attrs(&t.node, node) &&
           t.out.type == node->output[0]->type &&
           shape_equal(&t.out.shape, &node->output[0]->shape);
    trial_close(&t);
    return same;
}

/* ---- attributes ---------------------------------------------------------------------- */

static bool all_equal(const int64_t *at, int count)
{
    for (int i = 1; i < count; i++)
        if (at[i] != at[0])
            return false;
    return true;
}

/* 5x5 for a kernel, 2 for a stride of 2x2. */
static void text_size(Text *text, const AttrInfo *info, const Size *size)
{
    int count = size->count;
    if (strcmp(info->name, "kernel") != 0 && all_equal(size->at, count))
        count = 1;
    for (int i = 0; i < count; i++)
        text_printf(text, "%s%lld", i ? "x" : "", (long long)size->at[i]);
}

/* 1, 1x2 or [0, 0, 1, 1] */
static void text_pad(Text *text, const Pad *pad)
{
    const int dims = pad->count / 2;
    if (pad->count % 2 || dims > 3 ||
        memcmp(pad->number, pad->number + dims,
               sizeof *pad->number * (size_t)dims) != 0) {
        text_char(text, '[');
        for (int i = 0; i < pad->count; i++)
            text_printf(text, "%s%lld", i ? ", " : "",
                        (long long)pad->number[i]);
        text_char(text, ']');
        return;
    }
    for (int i = 0; i < (all_equal(pad->number, dims) ? 1 : dims); i++)
        text_printf(text, "%s%lld", i ? "x" : "", (long long)pad->number[i]);
}

static const char *attribute_text(Arena *arena, const Node *node, int attr)
{
    const AttrInfo *info = &op_info[node->op].attrs[attr];
    const void *field = (const char *)node->attrs + info->offset;
    const FloatList *list = field;
    Text text = { 0 };
    if (info->kind == ATTR_SIZE && ((const Size *)field)->count > 0)
        text_size(&text, info, field);
    else if (info->kind == ATTR_PAD &&
             ((const Pad *)field)->kind == PAD_EXPLICIT)
        text_pad(&text, field);
    else if (info->kind == ATTR_FLOATS && list->count == 1)
        text_double(&text, list->at[0]);
    else
        attr_text(&text, info, node->attrs);
    return text_take(&text, arena);
}

static void find_attributes(Writer *w, const Node *node, Layer *layer)
{
    const OpInfo *info = &op_info[node->op];
    layer->attr = NEW_N(w->arena, const char *, info->attr_count);
    layer->is_default = NEW_N(w->arena, bool, info->attr_count);
    layer->is_same = NEW_N(w->arena, bool, info->attr_count);
    for (int i = 0; i < info->attr_count; i++) {
        const AttrInfo *attr = &info->attrs[i];
        layer->attr[i] = attribute_text(w->arena, node, i);
        layer->is_default[i] =
            attr->fallback && comes_to_same(w->graph, node, i, attr->fallback);
        layer->is_same[i] =
            attr->kind == ATTR_PAD && comes_to_same(w->graph, node, i, "same");
        if (layer->is_same[i] && layer->attr[i][0] == '[')
            layer->attr[i] = "same";
        if (layer->is_default[i] && strcmp(attr->fallback, "kernel") != 0)
            layer->attr[i] = attr->fallback;
    }
}

/* ---- parameters ------------------------------------------------------------------------ */

static void find_roles(Writer *w, const Node *node, Layer *layer)
{
    const size_t length = strlen(node->path) + 1;
    Trial t;
    trial_open(&t, w->graph, node);
    if (!graph_try(&t.graph, &t.node))
        BUG("the shape rule refuses '%s'", node->path);
    REQUIRE(t.node.input_count == node->input_count);
    layer->role_count = node->input_count - node->data_count;
    layer->role = NEW_N(w->arena, const char *, layer->role_count);
    for (int i = 0; i < layer->role_count; i++) {
        const Tensor *made = t.node.input[node->data_count + i];
        if (made->kind != TENSOR_PARAMETER)
            continue;
        layer->role[i] = name_intern(made->name + length);
        layer->heavy |= made->layout != LAYOUT_AS_IS;
    }
    trial_close(&t);
}

/* ---- constants in a line ------------------------------------------------------------------ */

static bool is_inline(const Tensor *tensor, Op reader)
{
    const int64_t count = shape_count(&tensor->shape);
    if (tensor->kind != TENSOR_CONSTANT || tensor->type != DT_F32 ||
        !tensor->data || tensor->shape.rank > 1 || count > MOST_INLINE ||
        op_info[reader].most_inputs < 2 || !op_info[reader].elementwise)
        return false;
    for (int64_t i = 0; i < count; i++)
        if (isnan(tensor->data[i]))
            return false; /* there is more than one */
    return true;
}

const Tensor *data_of(const Item *item, const Ref *ref, int k)
{
    return item->node[k] ? item->node[k]->input[ref->place] : NULL;
}

bool stands_inline(const Body *body, const Item *item, const Ref *ref)
{
    const Ref *live;
    const Tensor *first = NULL;
    if (live_operands(item, &live) == 0)
        return false;
    for (int k = 0; k < body->instances; k++) {
        const Tensor *tensor = data_of(item, ref, k);
        if (!tensor)
            continue;
        first = first ? first : tensor;
        if (!is_inline(tensor, item->op) ||
            !shape_equal(&tensor->shape, &first->shape) ||
            memcmp(tensor->data, first->data,
                   sizeof(float) * (size_t)shape_count(&first->shape)) != 0)
            return false;
    }
    return true;
}

/* -0.0 is no whole number. */
static void text_number(Text *text, float number)
{
    if (number == 0 && signbit(number))
        text_add(text, "-0.0");
    else
        text_float(text, number, false);
}

void text_constant_inline(Text *text, const Tensor *tensor)
{
    const int64_t count = shape_count(&tensor->shape);
    text_add(text, tensor->shape.rank ? "[" : "");
    for (int64_t i = 0; i < count; i++) {
        text_add(text, i ? ", " : "");
        text_number(text, tensor->data[i]);
    }
    text_add(text, tensor->shape.rank ? "]" : "");
}

/* ---- all of them ---------------------------------------------------------------------------- */

void write_layers(Writer *w)
{
    const int count = w->graph->nodes.count;
    w->layers = NEW_N(w->arena, Layer, count);
    for (int n = 0; n < count; n++) {
        const Node *node = w->graph->nodes.at[n];
        Layer *layer = &w->layers[n];
        find_roles(w, node, layer);
        find_attributes(w, node, layer);
    }
    if (w->options->keep_names)
        write_wanted(w);
}
