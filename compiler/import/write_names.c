/*
 * write_names.c - names that the text needs and the graph has not.
 *
 *     bottleneck   a block with 1x1, 3x3 and 1x1 convolutions and a sum
 *     main, skip   the two sides of a sum that starts from one value
 *     x, x2        other values that several layers read
 */
#include <string.h>

#include "import/write_local.h"

/* ---- what means something --------------------------------------------------------- */

static bool is_one_of(const char *name, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], name) == 0)
            return true;
    return false;
}

bool name_is_keyword(const char *name)
{
    static const char *const words[] = {
        "network", "weights", "input",     "output", "block", "loss",
        "bind",    "train",   "parameter", "if",     "else",  "as",
        "and",     "or",      "not",       "yes",    "no",    NULL,
    };
    return is_one_of(name, words);
}

/* What a value cannot be called, beside keywords, or should not. */
static bool is_word(const char *name)
{
    static const char *const words[] = { "in",  "same",  "valid", "inf",
                                         "nan", "floor", NULL };
    DType type;
    return is_one_of(name, words) || dtype_parse(name, &type) ||
           op_find(name) != OP_COUNT;
}

bool name_means_something(const Writer *w, const char *name)
{
    for (int i = 0; i < w->blocks.count; i++)
        if (w->blocks.at[i]->name && !strcmp(w->blocks.at[i]->name, name))
            return true;
    return is_word(name) || name_is_keyword(name) || !name_is_identifier(name);
}

/* ---- inputs and outputs ------------------------------------------------------------ */

const char *port_name(const Writer *w, const char *name)
{
    char *made = arena_text(w->arena, name);
    for (char *s = made; *s; s++)
        if (*s == '.')
            *s = '_';
    return name_intern(
        name_is_identifier(made) ? made : arena_printf(w->arena, "_%s", made));
}

/* The name in a line, which is no keyword. */
static const char *name_in_line(const Writer *w, const char *name)
{
    if (!is_word(name) && !name_is_keyword(name))
        return name;
    return name_intern(arena_printf(w->arena, "%s_", name));
}

static bool port_is_taken(const Writer *w, const char *name)
{
    for (int i = 0; i < w->network.names.count; i++)
        if (strcmp(w->network.names.at[i], name) == 0)
            return true;
    return false;
}

/* The name, or one with a number: those of a.b and a_b would be one. */
static const char *take_port(Writer *w, const char *name)
{
    const char *made = name;
    for (int n = 2;
         port_is_taken(w, made) || port_is_taken(w, name_in_line(w, made)); n++)
        made = arena_printf(w->arena, "%s_%d", name, n);
    made = name_intern(made);
    vec_push(&w->network.names, made);
    if (name_in_line(w, made) != made)
        vec_push(&w->network.names, name_in_line(w, made));
    return made;
}

static bool is_read(const Graph *graph, const Tensor *tensor)
{
    for (int n = 0; n < graph->nodes.count; n++)
        for (int i = 0; i < graph->nodes.at[n]->input_count; i++)
            if (graph->nodes.at[n]->input[i] == tensor)
                return true;
    for (int i = 0; i < graph->outputs.count; i++)
        if (graph->outputs.at[i].tensor == tensor)
            return true;
    return false;
}

void write_ports(Writer *w)
{
    const Graph *graph = w->graph;
    w->input_named = NEW_N(w->arena, bool, graph->inputs.count);
    w->input_names = NEW_N(w->arena, const char *, graph->inputs.count);
    w->output_names = NEW_N(w->arena, const char *, graph->outputs.count);
    for (int i = 0; i < graph->inputs.count; i++) {
        const char *name = port_name(w, graph->inputs.at[i]->name);
        if (!is_read(graph, graph->inputs.at[i]) && name[0] != '_')
            name = arena_printf(w->arena, "_%s", name);
        w->input_names[i] = take_port(w, name);
    }
    for (int i = 0; i < graph->outputs.count; i++)
        w->output_names[i] =
            take_port(w, port_name(w, graph->outputs.at[i].name));
}

const char *input_name(Writer *w, const Tensor *input, bool in_a_line)
{
    int at = 0;
    while (w->graph->inputs.at[at] != input)
        at++;
    w->input_named[at] |= in_a_line;
    if (name_is_keyword(w->input_names[at]) && !w->input_named[at])
        return w->input_names[at];
    return name_in_line(w, w->input_names[at]);
}

/* conv1: what a layer without a name is called. */
static bool is_counted(const char *name)
{
    size_t length = strlen(name);
    while (length && name[length - 1] >= '0' && name[length - 1] <= '9')
        length--;
    return name[length] && op_find(name_internn(name, length)) != OP_COUNT;
}

static bool is_taken(const Writer *w, const Body *body, const char *name)
{
    const Block *block = body->block;
    if (name_means_something(w, name) || is_counted(name))
        return true;
    for (int i = 0; i < body->items.count; i++)
        if (body->items.at[i].wanted &&
            strcmp(body->items.at[i].wanted, name) == 0)
            return true;
    for (int i = 0; i < body->names.count; i++)
        if (strcmp(body->names.at[i], name) == 0)
            return true;
    for (int i = 0; block && i < block->params.count; i++)
        if (strcmp(block->params.at[i].name, name) == 0)
            return true;
    return false;
}

bool name_is_unused(const Writer *w, const Body *body, const char *name)
{
    return !is_taken(w, body, name);
}

const char *name_for_value(Writer *w, Body *body, const char *name)
{
    const char *made = name;
    for (int n = 2; is_taken(w, body, made); n++)
        made = arena_printf(w->arena, "%s%d", name, n);
    made = name_intern(made);
    vec_push(&body->names, made);
    return made;
}

/* ---- blocks ------------------------------------------------------------------------ */

/* What a block consists of, in numbers. */
typedef struct Content {
    int convs, depthwise, ones, joins, concats, items;
} Content;

static void look_at(const Writer *w, const Body *body, Content *c)
{
    for (int i = 0; i < body->items.count; i++) {
        const Item *item = &body->items.at[i];
        const Node *node;
        const Ref *live;
        if (item->block) {
            look_at(w, &item->block->body, c);
            continue;
        }
        node = item->node[item_instance(item, body->instances)];
        c->items++;
        c->joins += item->op == OP_ADD && live_operands(item, &live) > 1;
        c->concats += item->op == OP_CONCAT;
        if (item->op == OP_CONV) {
            const ConvAttrs *a = node->attrs;
            c->convs++;
            c->depthwise += a->groups > 1;
            c->ones += a->groups == 1 && a->kernel.at[0] == 1;
        }
    }
}

static const char *content_name(const Content *c)
{
    if (c->concats)
        return c->convs > 2 ? "mixed" : "grown";
    if (c->depthwise && c->ones)
        return c->joins ? "inverted" : "separable";
    if (c->joins && c->ones >= 2 && c->convs > c->ones)
        return "bottleneck";
    if (c->joins)
        return "residual";
    return c->convs <= 1 ? "unit" : "stage";
}

const char *block_name(Writer *w, const Block *block)
{
    Content content = { 0 };
    const char *name, *made;
    look_at(w, &block->body, &content);
    name = made = content_name(&content);
    for (int n = 2; !name_is_unused(w, &w->network, made); n++)
        made = arena_printf(w->arena, "%s%d", name, n);
    return name_intern(made);
}

/* ---- values ----------------------------------------------------------------------------- */

static const Item *first_reader(const Body *body, int item, int *place)
{
    for (int i = item + 1; i < body->items.count; i++) {
        const Item *reader = &body->items.at[i];
        for (*place = 0; *place < reader->count; ++*place)
            if (reader->in[*place].kind == REF_ITEM &&
                reader->in[*place].item == item)
                return reader;
    }
    return NULL;
}

/* Items in a row, each read by the next alone, that end in the operand. */
static int chain_length(const Body *body, const Ref *ref)
{
    int length = 0;
    while (ref->kind == REF_ITEM && body->items.at[ref->item].count &&
           body->items.at[ref->item].readers == 1) {
        ref = &body->items.at[ref->item].in[0];
        length++;
    }
    return length;
}

/* The longer way into a sum is the main one. */
static const char *name_of_side(const Body *body, const Item *sum, int place)
{
    const int this = chain_length(body, &sum->in[place]);
    const int other = chain_length(body, &sum->in[1 - place]);
    return this > other || (this == other && place == 0) ? "main" : "skip";
}

const char *value_name(const Body *body, int item)
{
    int place;
    const Item *reader = first_reader(body, item, &place);
    const Item *maker = &body->items.at[item];
    if (!reader || maker->readers > 1 || reader->block || reader->count < 2)
        return "x";
    if (body->option.joins && body->option.instead.item == item)
        return "main";
    if (reader->in[place].role)
        return reader->in[place].role;
    if (reader->op == OP_ADD && reader->count == 2)
        return name_of_side(body, reader, place);
    if (!maker->block && maker->op == OP_SIGMOID)
        return "gate";
    return reader->op == OP_CONCAT ? "branch" : "x";
}
