/*
 * write_params.c - what differs between the uses of a block.
 *
 *     conv1.filters  64  128  256      a parameter: filters
 *     conv3.filters  256 512  1024     4 * filters
 *     conv2.stride   1   2    2        a parameter: stride=2
 *     expand         96  144  192      6 * in.channels
 *     kernel         3x3 3x3  3x3      3x3
 *
 * A number is written as it is where it is always the same, else in terms of
 * the parameters that there are, else of the channels that flow in; else it is
 * a parameter of its own.
 */
#include <string.h>

#include "import/write_local.h"

int item_instance(const Item *item, int instances)
{
    for (int k = 0; k < instances; k++)
        if (item->block ? item->use[k] >= 0 : item->node[k] != NULL)
            return k;
    BUG("an item that is never there");
}

bool item_is_there(const Item *item, int k)
{
    return item->block ? item->use[k] >= 0 : item->node[k] != NULL;
}

static const char *body_number(Writer *w, const Body *body,
                               const int64_t *numbers)
{
    Slot slot = { .hint = "size" };
    slot.text = NEW_N(w->arena, const char *, body->instances);
    slot.number = arena_copy(w->arena, numbers,
                             sizeof *numbers * (size_t)body->instances);
    for (int k = 0; k < body->instances; k++)
        slot.text[k] = arena_printf(w->arena, "%lld", (long long)numbers[k]);
    return slot_text(w, body, &slot);
}

/* ---- the slots of an item ---------------------------------------------------------------- */

static void add_argument(Text *out, const char *name, const char *text)
{
    text_add(out, out->length ? ", " : "");
    if (name)
        text_printf(out, "%s=", name);
    text_add(out, text);
}

static Slot attr_slot(Writer *w, const Body *body, const Item *item, int attr)
{
    const AttrInfo *info = &op_info[item->op].attrs[attr];
    Slot slot = { .hint = info->name };
    bool same = true;
    slot.text = NEW_N(w->arena, const char *, body->instances);
    if (info->kind == ATTR_INT)
        slot.number = NEW_N(w->arena, int64_t, body->instances);
    if (info->kind == ATTR_INTS)
        slot.list = NEW_N(w->arena, const IntList *, body->instances);
    for (int k = 0; k < body->instances; k++) {
        const Layer *layer = item->node[k] ? layer_of(w, item->node[k]) : NULL;
        if (!layer)
            continue;
        slot.text[k] = layer->attr[attr];
        if (slot.list)
            slot.list[k] = (const void *)((const char *)item->node[k]->attrs +
                                          info->offset);
        same &= layer->is_same[attr];
        if (slot.number && !parse_int64(slot.text[k], &slot.number[k]))
            BUG("'%s' is no whole number", slot.text[k]);
    }
    if (info->kind == ATTR_PAD && same && !slot_same(body, &slot))
        for (int k = 0; k < body->instances; k++)
            slot.text[k] = slot.text[k] ? "same" : NULL;
    slot.usual = info->fallback && strcmp(info->fallback, "kernel") != 0
                     ? info->fallback
                     : NULL;
    return slot;
}

static bool always_default(const Writer *w, const Body *body, const Item *item,
                           int attr)
{
    for (int k = 0; k < body->instances; k++)
        if (item->node[k] && !layer_of(w, item->node[k])->is_default[attr])
            return false;
    return true;
}

static void layer_arguments(Writer *w, const Body *body, const Item *item,
                            Text *out)
{
    const OpInfo *info = &op_info[item->op];
    for (int i = 0; i < info->attr_count; i++) {
        const AttrInfo *attr = &info->attrs[i];
        Slot slot;
        if (always_default(w, body, item, i))
            continue;
        slot = attr_slot(w, body, item, i);
        add_argument(
            out, attr->fallback || info->most_inputs > 1 ? attr->name : NULL,
            slot_text(w, body, &slot));
    }
}

static Slot param_slot(Writer *w, const Body *body, const Item *item,
                       const Param *param)
{
    Slot slot = { .hint = param->name, .usual = param->fallback };
    slot.text = NEW_N(w->arena, const char *, body->instances);
    if (param->number)
        slot.number = NEW_N(w->arena, int64_t, body->instances);
    for (int k = 0; k < body->instances; k++) {
        const int use = item->use[k];
        if (use < 0)
            continue;
        slot.text[k] = param->text[use];
        if (slot.number)
            slot.number[k] = param->number[use];
    }
    return slot;
}

/* Those with a default come last, and have their names. */
static void use_arguments(Writer *w, const Body *body, const Item *item,
                          Text *out)
{
    const Block *block = item->block;
    for (int i = 0; i < block->params.count; i++) {
        const Param *p = &block->params.at[i];
        Slot slot = param_slot(w, body, item, p);
        const char *text;
        if (p->fallback && slot_same(body, &slot) &&
            strcmp(slot.text[item_instance(item, body->instances)],
                   p->fallback) == 0)
            continue;
        text = slot_text(w, body, &slot);
        add_argument(out, p->fallback ? p->name : NULL, text);
    }
}

void item_arguments(Writer *w, const Body *body, const Item *item,
                    Text *arguments)
{
    if (item->block)
        use_arguments(w, body, item, arguments);
    else
        layer_arguments(w, body, item, arguments);
}

/* ---- conditions ------------------------------------------------------------------------------ */

/* What comes out of a body in an instance. */
static const Tensor *body_out(const Body *body, int k)
{
    const Option *option = &body->option;
    int last = body->items.count - 1;
    const Item *item = &body->items.at[last];
    if (!item_is_there(item, k)) {
        REQUIRE(option->last == last && option->instead.kind == REF_ITEM);
        item = &body->items.at[option->instead.item];
    }
    return item_tensor(item, k);
}

const Tensor *item_tensor(const Item *item, int k)
{
    return item->block ? body_out(&item->block->body, item->use[k])
                       : item->node[k]->output[0];
}

/* Whether the text of the parameter in instance k is the text. */
static bool param_is(const Param *param, int k, const char *text)
{
    return strcmp(param->text[k], text) == 0;
}

typedef struct Facts {
    const bool *there; /* by instance: the option is taken */
    const Param *stride;
    const int64_t *in, *out; /* channels */
} Facts;

/* Whether "stride != 1" or "in.channels != out", as far as they are asked for,
 * tells the instances apart; `there` where it holds, or where it does not. */
static bool tells(const Body *body, const Facts *f, bool stride, bool channels,
                  bool where)
{
    for (int k = 0; k < body->instances; k++) {
        bool holds = (stride && !param_is(f->stride, k, "1")) ||
                     (channels && f->in[k] != f->out[k]);
        if (f->there[k] != (holds == where))
            return false;
    }
    return true;
}

/* in.channels != 4 * filters; NULL: it cannot be said without a parameter. */
static const char *out_channels(Writer *w, const Body *body, const int64_t *out)
{
    Slot slot = { .number = arena_copy(w->arena, out,
                                       sizeof *out * (size_t)body->instances) };
    slot.text = NEW_N(w->arena, const char *, body->instances);
    for (int k = 0; k < body->instances; k++)
        slot.text[k] = arena_printf(w->arena, "%lld", (long long)out[k]);
    if (slot_same(body, &slot))
        return slot.text[0];
    return slot_of_params(w, body, &slot);
}

static const char *natural_condition(Writer *w, const Body *body,
                                     const Facts *f)
{
    const char *out = out_channels(w, body, f->out);
    static const struct {
        bool stride, channels, where;
        const char *text;
    } forms[] = {
        { true, true, true, "stride != 1 or in.channels != %s" },
        { true, true, false, "stride == 1 and in.channels == %s" },
        { false, true, true, "in.channels != %s" },
        { false, true, false, "in.channels == %s" },
        { true, false, true, "stride != 1" },
        { true, false, false, "stride == 1" },
    };
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        Text text = { 0 };
        if ((forms[i].stride && !f->stride) || (forms[i].channels && !out) ||
            !tells(body, f, forms[i].stride, forms[i].channels, forms[i].where))
            continue;
        for (const char *s = forms[i].text; *s; s++)
            if (s[0] == '%' && s[1] == 's')
                text_add(&text, out), s++;
            else
                text_char(&text, *s);
        return text_take(&text, w->arena);
    }
    return NULL;
}

static const Param *param_called(const Block *block, const char *name)
{
    for (int i = 0; i < block->params.count; i++)
        if (strcmp(block->params.at[i].name, name) == 0)
            return &block->params.at[i];
    return NULL;
}

/* A parameter of its own, yes or no. */
static const char *made_condition(Writer *w, const Body *body,
                                  const bool *there, const char *hint)
{
    Slot slot = { .hint = hint };
    slot.text = NEW_N(w->arena, const char *, body->instances);
    for (int k = 0; k < body->instances; k++)
        slot.text[k] = there[k] ? "yes" : "no";
    return slot_new_param(w, body, &slot);
}

static const char *condition_of(Writer *w, const Body *body)
{
    const Item *item = &body->items.at[body->option.last];
    const int count = body->instances;
    bool *there = NEW_N(w->arena, bool, count), ranked;
    int64_t *in = NEW_N(w->arena, int64_t, count);
    int64_t *out = NEW_N(w->arena, int64_t, count);
    const char *text;
    ranked = body_channels(body, in);
    for (int k = 0; k < count; k++) {
        const Tensor *end = body_out(body, k);
        there[k] = item_is_there(item, k);
        ranked = ranked && end->shape.rank > 0;
        if (ranked)
            out[k] = end->shape.dim[end->shape.rank - 1];
    }
    Facts facts = { there, param_called(body->block, "stride"), in, out };
    text = ranked ? natural_condition(w, body, &facts) : NULL;
    return text ? text
                : made_condition(w, body, there,
                                 body->option.joins ? "residual" : "project");
}

/* ---- all of a block --------------------------------------------------------------------------- */

/* Those that have to be given come first; else in the order they came up. */
static void sort_params(Block *block)
{
    for (int i = 1; i < block->params.count; i++)
        for (int j = i; j > 0 && !block->params.at[j].fallback &&
                        block->params.at[j - 1].fallback;
             j--) {
            Param moved = block->params.at[j];
            block->params.at[j] = block->params.at[j - 1];
            block->params.at[j - 1] = moved;
        }
}

void shape_texts(Writer *w, const Body *body, const Item *item, const Ref *ref,
                 Text *out)
{
    const int first = item_instance(item, body->instances);
    const Shape *shape = &data_of(item, ref, first)->shape;
    int64_t *numbers = NEW_N(w->arena, int64_t, body->instances);
    for (int d = 0; d < shape->rank; d++) {
        for (int k = 0; k < body->instances; k++) {
            const Tensor *tensor = data_of(item, ref, k);
            numbers[k] = tensor ? tensor->shape.dim[d] : shape->dim[d];
        }
        text_printf(out, "%s%s", d ? ", " : "", body_number(w, body, numbers));
    }
}

static void look_at_item(Writer *w, const Body *body, const Item *item)
{
    Text text = { 0 };
    item_arguments(w, body, item, &text);
    for (int i = 0; i < item->count; i++)
        if (item->in[i].kind == REF_DATA &&
            !stands_inline(body, item, &item->in[i]))
            shape_texts(w, body, item, &item->in[i], &text);
    text_free(&text);
}

void block_params(Writer *w, Block *block)
{
    Body *body = &block->body;
    block->params.count = 0;
    for (int i = 0; i < body->items.count; i++)
        look_at_item(w, body, &body->items.at[i]);
    if (body->option.first >= 0)
        body->option.condition = condition_of(w, body);
    sort_params(block);
}
