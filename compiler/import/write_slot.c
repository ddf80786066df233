/*
 * write_slot.c - one number or text of an item in the terms of its body.
 *
 *     64 64 64               64
 *     64 128 256             filters, where that is the same in every use
 *     256 512 1024           4 * filters
 *     [28, 28, 2, 68]        [in.height, in.width, 2, in.channels / 2]
 *     [784, 4]               [in.height * in.width, 4]
 */
#include <string.h>

#include "import/write_local.h"

enum { MOST_FACTOR = 16, LIST_FACTOR = 4 };

/* ---- multiples ------------------------------------------------------------------- */

bool slot_same(const Body *body, const Slot *slot)
{
    const char *text = NULL;
    for (int k = 0; k < body->instances; k++) {
        if (slot->text[k] && text && strcmp(slot->text[k], text) != 0)
            return false;
        text = slot->text[k] ? slot->text[k] : text;
    }
    return true;
}

static bool same_texts(const Body *body, const Slot *slot, char *const *other)
{
    for (int k = 0; k < body->instances; k++)
        if (slot->text[k] && strcmp(slot->text[k], other[k]) != 0)
            return false;
    return true;
}

/* The one c with slot = c * other (or slot * c = other) in every instance; 0:
 * there is none. */
static int factor_to(const Body *body, const Slot *slot, const int64_t *other,
                     bool divides)
{
    int64_t factor = 0;
    for (int k = 0; k < body->instances; k++) {
        const int64_t a = divides ? other[k] : slot->number[k];
        const int64_t b = divides ? slot->number[k] : other[k];
        if (!slot->text[k])
            continue;
        if (a < 1 || b < 1 || a % b || a / b > MOST_FACTOR ||
            (factor && a / b != factor))
            return 0;
        factor = a / b;
    }
    return (int)factor;
}

static const char *multiple(Writer *w, const Body *body, const Slot *slot,
                            const int64_t *other, const char *name)
{
    int factor = factor_to(body, slot, other, false);
    if (factor == 1)
        return name;
    if (factor)
        return arena_printf(w->arena, "%d * %s", factor, name);
    factor = factor_to(body, slot, other, true);
    return factor ? arena_printf(w->arena, "%s / %d", name, factor) : NULL;
}

bool body_channels(const Body *body, int64_t *channels)
{
    for (int k = 0; k < body->instances; k++) {
        const Shape *shape = &body->in[k]->shape;
        if (shape->rank == 0)
            return false;
        channels[k] = shape->dim[shape->rank - 1];
    }
    return true;
}

/* In terms of the parameters that there are; NULL: it cannot be said. */
const char *slot_of_params(Writer *w, const Body *body, const Slot *slot)
{
    const Block *block = body->block;
    for (int i = 0; i < block->params.count; i++) {
        const Param *p = &block->params.at[i];
        if (same_texts(body, slot, (char *const *)p->text))
            return p->name;
    }
    for (int i = 0; slot->number && i < block->params.count; i++) {
        const Param *p = &block->params.at[i];
        const char *text =
            p->number ? multiple(w, body, slot, p->number, p->name) : NULL;
        if (text)
            return text;
    }
    return NULL;
}

static const char *of_channels(Writer *w, const Body *body, const Slot *slot)
{
    int64_t *channels = NEW_N(w->arena, int64_t, body->instances);
    if (!slot->number || !body_channels(body, channels))
        return NULL;
    return multiple(w, body, slot, channels, "in.channels");
}

/* ---- lists ------------------------------------------------------------------------- */

/* What the language calls dimension d of this many; NULL: nothing. */
static const char *fact_name(int rank, int d)
{
    switch (rank - d) {
    case 1: return "in.channels";
    case 2: return rank == 2 ? "in.length" : "in.width";
    case 3: return "in.height";
    default: return rank == 4 ? "in.depth" : NULL;
    }
}

/* Dimension d of what flows in, by instance; false: there is none. */
static bool find_sizes(const Body *body, int d, int64_t *sizes)
{
    for (int k = 0; k < body->instances; k++) {
        const Shape *shape = &body->in[k]->shape;
        if (shape->rank != body->in[0]->shape.rank || d >= shape->rank)
            return false;
        sizes[k] = shape->dim[d];
    }
    return true;
}

/* In terms of dimension d, by a factor of at most this. */
static const char *of_size(Writer *w, const Body *body, const Slot *slot, int d,
                           int most)
{
    int64_t *sizes = NEW_N(w->arena, int64_t, body->instances);
    const char *name = fact_name(body->in[0]->shape.rank, d);
    if (!name || !find_sizes(body, d, sizes) ||
        (factor_to(body, slot, sizes, false) > most) ||
        (factor_to(body, slot, sizes, true) > most))
        return NULL;
    return multiple(w, body, slot, sizes, name);
}

/* Number i of a list: the dimension of that place is tried first, and the
 * dimensions themselves before their multiples. */
static const char *of_sizes(Writer *w, const Body *body, const Slot *slot,
                            int i)
{
    const int rank = body->in[0]->shape.rank;
    for (int most = 1; most <= LIST_FACTOR; most += LIST_FACTOR - 1)
        for (int d = -1; d < rank; d++) {
            const char *text = of_size(w, body, slot, d < 0 ? i : d, most);
            if (text)
                return text;
        }
    return NULL;
}

/* In terms of the first `count` dimensions multiplied. */
static const char *of_product(Writer *w, const Body *body, const Slot *slot,
                              int count)
{
    int64_t *product = NEW_N(w->arena, int64_t, body->instances);
    int64_t *sizes = NEW_N(w->arena, int64_t, body->instances);
    Text name = { 0 };
    for (int d = 0; d < count; d++) {
        const char *fact = fact_name(body->in[0]->shape.rank, d);
        if (!fact || !find_sizes(body, d, sizes))
            return text_free(&name), NULL;
        for (int k = 0; k < body->instances; k++)
            product[k] = d ? product[k] * sizes[k] : sizes[k];
        text_printf(&name, "%s%s", d ? " * " : "", fact);
    }
    return multiple(w, body, slot, product, text_take(&name, w->arena));
}

/* Pixels, or elements. */
static const char *of_products(Writer *w, const Body *body, const Slot *slot)
{
    const int rank = body->in[0]->shape.rank;
    const char *text = rank > 2 ? of_product(w, body, slot, rank - 1) : NULL;
    return text || rank < 2 ? text : of_product(w, body, slot, rank);
}

static const char *element_text(Writer *w, const Body *body, const Slot *list,
                                int i)
{
    Slot slot = { .number = NEW_N(w->arena, int64_t, body->instances) };
    const char *text;
    slot.text = NEW_N(w->arena, const char *, body->instances);
    for (int k = 0; k < body->instances; k++) {
        if (!list->list[k])
            continue;
        slot.number[k] = list->list[k]->at[i];
        slot.text[k] =
            arena_printf(w->arena, "%lld", (long long)slot.number[k]);
    }
    if (slot_same(body, &slot))
        for (int k = 0; k < body->instances; k++)
            if (slot.text[k])
                return slot.text[k];
    text = of_sizes(w, body, &slot, i);
    if (!text)
        text = slot_of_params(w, body, &slot);
    return text ? text : of_products(w, body, &slot);
}

/* A list number by number; NULL where one of them cannot be said. */
static const char *of_elements(Writer *w, const Body *body, const Slot *slot)
{
    Text text = { 0 };
    int count = -1;
    bool good = true;
    for (int k = 0; k < body->instances; k++) {
        if (!slot->list || !slot->list[k])
            continue;
        if (count >= 0 && slot->list[k]->count != count)
            return NULL;
        count = slot->list[k]->count;
    }
    if (count < 1)
        return NULL;
    for (int i = 0; i < count && good; i++) {
        const char *element = element_text(w, body, slot, i);
        good = element != NULL;
        text_printf(&text, "%s%s", i ? ", " : "[", good ? element : "");
    }
    text_char(&text, ']');
    return good ? text_take(&text, w->arena) : (text_free(&text), NULL);
}

/* ---- new parameters ------------------------------------------------------------------- */

static bool has_param(const Block *block, const char *name)
{
    for (int i = 0; i < block->params.count; i++)
        if (strcmp(block->params.at[i].name, name) == 0)
            return true;
    return false;
}

static const char *param_name(Writer *w, const Block *block, const char *hint)
{
    const char *name = hint;
    for (int n = 2; has_param(block, name); n++)
        name = arena_printf(w->arena, "%s%d", hint, n);
    return name_intern(name);
}

/* What it mostly is; NULL where nothing is in more than half of the uses. */
static const char *mostly(const Body *body, const Slot *slot)
{
    const char *best = NULL;
    int most = 0;
    for (int k = 0; k < body->instances; k++) {
        int count = 0;
        for (int j = 0; slot->text[k] && j < body->instances; j++)
            count += slot->text[j] && !strcmp(slot->text[j], slot->text[k]);
        if (count > most) {
            most = count;
            best = slot->text[k];
        }
    }
    return 2 * most > body->instances ? best : NULL;
}

/* Instances that leave the item out get any value: nobody reads it. */
const char *slot_new_param(Writer *w, const Body *body, const Slot *slot)
{
    Block *block = body->block;
    const int count = body->instances;
    Param param = { .name = param_name(w, block, slot->hint) };
    const char *usual = slot->usual ? slot->usual : mostly(body, slot);
    int64_t number = 0;
    bool is_number = slot->number != NULL;
    param.text = NEW_N(w->arena, const char *, count);
    param.number = NEW_N(w->arena, int64_t, count);
    if (slot->usual || !slot->number)
        param.fallback = usual;
    for (int k = 0; k < count; k++) {
        param.text[k] = slot->text[k] ? slot->text[k] : usual;
        for (int j = 0; !param.text[k]; j++)
            param.text[k] = slot->text[j];
        is_number = is_number && parse_int64(param.text[k], &number);
        param.number[k] = number;
    }
    if (!is_number)
        param.number = NULL;
    vec_push(&block->params, param);
    return param.name;
}

const char *slot_text(Writer *w, const Body *body, const Slot *slot)
{
    const char *text = NULL;
    if (slot_same(body, slot))
        for (int k = 0; k < body->instances; k++)
            text = slot->text[k] ? slot->text[k] : text;
    if (!text)
        text = slot_of_params(w, body, slot);
    if (!text)
        text = of_channels(w, body, slot);
    if (!text)
        text = of_elements(w, body, slot);
    return text ? text : slot_new_param(w, body, slot);
}
