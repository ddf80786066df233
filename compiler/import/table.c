/*
 * table.c - which adapter an operator has, in which opsets.
 *
 *     "Flatten"   a row of adapters.def: adapt_flatten
 *     "Sqrt"      a row ONNX(...) of ops.def: the operator under another name
 */
#include <string.h>

#include "import/local.h"

static const AdapterRow rows[] = {
#define ADAPTER(op, since, until, least, most, outputs, function)              \
    { #op, since, until, least, most, outputs, adapt_##function, NULL },
#include "import/adapters.def"
};

static const Column columns[] = {
#define ONNX(id, name, since, until, most, attributes)                         \
    { OP_##id, #name, since, until, most, attributes },
#include "graph/ops.def"
};

static bool covers(int since, int until, int opset, int *other)
{
    const bool good = opset >= since && (until == 0 || opset <= until);
    if (!good)
        *other = opset < since ? since : until;
    return good;
}

static const AdapterRow *column_row(Arena *arena, const Column *column)
{
    AdapterRow *row = NEW(arena, AdapterRow);
    const int most = column->most_inputs;
    *row = (AdapterRow){ column->name,
                         column->since,
                         column->until,
                         most > 2 ? 1 : most, /* a list may have one item */
                         most > 2 ? INT32_MAX : most,
                         1,
                         adapt_column,
                         column };
    return row;
}

const AdapterRow *adapter_find(Arena *arena, const OnnxNode *node, int opset,
                               int *other)
{
    *other = 0;
    if (node->domain[0])
        return NULL;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(rows[i].op, node->op) == 0 &&
            covers(rows[i].since, rows[i].until, opset, other))
            return &rows[i];
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        if (strcmp(columns[i].name, node->op) == 0 &&
            covers(columns[i].since, columns[i].until, opset, other))
            return column_row(arena, &columns[i]);
    return NULL;
}

/* ---- what differs by name only ------------------------------------------------ */

/* The next "ours=theirs:default"; false at the end. */
static bool next_pair(Arena *arena, const char **text, const char *part[3])
{
    static const char ends[] = "=: ";
    *text += strspn(*text, " ");
    for (int i = 0; i < 3 && **text; i++) {
        size_t length = strcspn(*text, (char[]){ ends[i], '\0' });
        part[i] = arena_textn(arena, *text, length);
        *text += length;
        *text += **text != '\0';
        if (i == 2)
            return true;
    }
    return false;
}

static void set_attribute(Adapt *a, Node *node, const char *const part[3])
{
    const AttrInfo *info = &op_info[node->op].attrs[attr_index(node, part[0])];
    void *field = (char *)node->attrs + info->offset;
    double fallback;
    if (!parse_double(part[2], &fallback))
        BUG("'%s' has a bad default in ops.def", a->node->op);
    if (info->kind == ATTR_FLOAT)
        *(double *)field = attr_float(a, part[1], fallback);
    else if (info->kind == ATTR_BOOL)
        *(bool *)field = attr_flag(a, part[1], fallback != 0);
    else if (info->kind == ATTR_INT)
        *(int64_t *)field = attr_int(a, part[1], (int64_t)fallback);
    else
        BUG("'%s' has an attribute of another kind in ops.def", a->node->op);
}

static bool set_attributes(Adapt *a, Node *node)
{
    const char *text = a->row->column->attributes, *part[3];
    while (node && next_pair(a->graph->arena, &text, part))
        set_attribute(a, node, part);
    return node;
}

bool adapt_column(Adapt *a)
{
    const Column *column = a->row->column;
    Tensor *pair[2], **in = pair;
    int count = 2;
    Node *node;
    if (column->most_inputs == 2 ? !in_pair(a, pair)
                                 : !(in = in_tensors(a, 0, &count)))
        return false;
    if (count < op_info[column->op].least_inputs)
        return out_tensor(a, 0, in[0]); /* the sum of one */
    node = add_node(a, column->op, NULL, in, count);
    return set_attributes(a, node) && out_tensor(a, 0, add_end(a, node));
}
