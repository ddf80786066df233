/*
 * write_window.c - parts of a body that could be the use of a block.
 *
 *     conv1 bn1 relu [conv2 bn2 conv3 bn3 add relu] pool fc
 *
 * Items in a row, of which only the last is read from outside, and which read
 * one value from outside: what the block gives, and what flows in. Two windows
 * have the same hash where their operators and connections are the same, with
 * whatever sizes.
 */
#include <stdlib.h>
#include <string.h>

#include "import/write_local.h"

enum {
    LEAST_LENGTH = 3,
    MOST_LENGTH = 100,
    SHORT_LENGTH = 40 /* of a very long network */
};

/* ---- hashes ------------------------------------------------------------------------- */

static uint64_t mixed(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static uint64_t mixed_text(uint64_t hash, const char *text)
{
    for (; text && *text; text++)
        hash = mixed(hash, (unsigned char)*text);
    return mixed(hash, 1);
}

/* What is no size: yes and no, element types, lists of numbers. */
static uint64_t hash_attributes(const Item *item, const Node *node)
{
    const OpInfo *info = &op_info[item->op];
    uint64_t hash = 2 + (uint64_t)item->op;
    for (int i = 0; i < info->attr_count; i++) {
        const AttrKind kind = info->attrs[i].kind;
        Text text = { 0 };
        if (kind != ATTR_BOOL && kind != ATTR_DTYPE && kind != ATTR_FLOATS)
            continue;
        attr_text(&text, &info->attrs[i], node->attrs);
        hash = mixed_text(hash, text_get(&text));
        text_free(&text);
    }
    return hash;
}

/* All but which values it reads. */
static uint64_t hash_alone(const Body *body, const Item *item)
{
    const int k = item_instance(item, body->instances);
    uint64_t hash;
    if (item->block)
        return mixed(3, (uint64_t)item->block->body.number);
    hash = hash_attributes(item, item->node[k]);
    for (int i = 0; i < item->count; i++) {
        const Ref *ref = &item->in[i];
        hash = mixed_text(hash, ref->role);
        if (ref->kind == REF_DATA) {
            const Tensor *tensor = data_of(item, ref, k);
            hash = mixed(hash, 11 + (uint64_t)tensor->shape.rank);
            hash = mixed(hash, (uint64_t)tensor->type);
            hash = mixed(hash, stands_inline(body, item, ref));
        }
    }
    return hash;
}

/* Numbers of a window's items, in their order: place[i] is that of item
 * first + i of the body; -1: it has none. */
typedef struct Places {
    int first, length;
    int place[MOST_LENGTH];
} Places;

static int place_of(const Places *places, const Ref *ref)
{
    const int at = ref->item - places->first;
    if (ref->kind != REF_ITEM || at < 0 || at >= places->length)
        return -1;
    return places->place[at];
}

static uint64_t hash_item(uint64_t hash, const Item *item, const Places *places)
{
    hash = mixed(hash, item->hash);
    for (int i = 0; i < item->count; i++)
        if (item->in[i].kind != REF_DATA)
            hash = mixed(hash, 5 + (uint64_t)place_of(places, &item->in[i]));
    return hash;
}

/* ---- one value in, one out ------------------------------------------------------------- */

/* The last item that reads each; where an output does, one behind all. */
static int *last_readers(const Body *body)
{
    const int count = body->items.count;
    int *last = mem_alloc(sizeof *last * (size_t)(count + 1));
    for (int i = 0; i < count; i++) {
        const Item *item = &body->items.at[i];
        last[i] = item->is_output ? count : i;
        for (int j = 0; j < item->count; j++)
            if (item->in[j].kind == REF_ITEM && last[item->in[j].item] < i)
                last[item->in[j].item] = i;
    }
    return last;
}

/* Whether the item reads nothing from outside but one value, *in. */
static bool reads_one(const Item *item, const Places *places, Ref *in,
                      bool *has_in)
{
    for (int i = 0; i < item->count; i++) {
        const Ref *ref = &item->in[i];
        if (ref->kind == REF_DATA || place_of(places, ref) >= 0)
            continue;
        if (*has_in && !same_ref(ref, in))
            return false;
        *in = *ref;
        *has_in = true;
    }
    return true;
}

/* All windows that start with this item. */
static void windows_from(Body *body, int first, const int *last,
                         Windows *windows)
{
    const int count = body->items.count;
    const int most = count > 2000 ? SHORT_LENGTH : MOST_LENGTH;
    Places places = { .first = first };
    uint64_t hash = 1;
    int furthest = -1; /* reader of what is not the last */
    bool has_in = false;
    Ref in = { 0 };
    for (int at = first; at < count && at - first < most; at++) {
        const Item *item = &body->items.at[at];
        if (is_option(body, at) || !reads_one(item, &places, &in, &has_in))
            break;
        hash = hash_item(hash, item, &places);
        places.place[places.length++] = at - first;
        if (has_in && furthest <= at && places.length >= LEAST_LENGTH &&
            !(body->block && places.length == count))
            vec_push(windows, (Window){ .body = body,
                                        .first = first,
                                        .length = places.length,
                                        .hash = hash });
        furthest = last[at] > furthest ? last[at] : furthest;
        if (furthest == count)
            break;
    }
}

static void windows_of(Body *body, Windows *windows)
{
    int *last = last_readers(body);
    const Option *option = &body->option;
    if (option->first >= 0 && option->instead.kind == REF_ITEM &&
        last[option->instead.item] < option->last)
        last[option->instead.item] = option->last;
    count_readers(body);
    for (int i = 0; i < body->items.count; i++)
        body->items.at[i].hash = hash_alone(body, &body->items.at[i]);
    for (int i = 0; i < body->items.count; i++)
        windows_from(body, i, last, windows);
    mem_free(last);
}

static int compare(const void *a, const void *b)
{
    const Window *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    if (x->body->number != y->body->number)
        return x->body->number < y->body->number ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

void windows_find(Writer *w, Windows *windows)
{
    windows->count = 0;
    windows_of(&w->network, windows);
    for (int i = 0; i < w->blocks.count; i++)
        windows_of(&w->blocks.at[i]->body, windows);
    if (windows->count)
        qsort(windows->at, (size_t)windows->count, sizeof *windows->at,
              compare);
}

/* ---- names ------------------------------------------------------------------------------- */

/* Characters that a and b begin with, as far as whole parts of a path. */
static size_t common_parts(const char *a, size_t length, const char *b)
{
    size_t same = 0, end = 0;
    while (same < length && a[same] == b[same])
        if (a[same++] == '.')
            end = same - 1;
    if (same == length && (b[same] == '.' || b[same] == '\0'))
        end = same;
    return end;
}

/* Parts of the path up to its last number: features.3 of features.3.conv. */
static size_t numbered_part(const char *path, size_t length)
{
    for (size_t end = length; end > 0;) {
        size_t start = end;
        while (start > 0 && path[start - 1] != '.')
            start--;
        if (strspn(path + start, "0123456789") == end - start && end > start)
            return end;
        end = start ? start - 1 : 0;
    }
    return 0;
}

static bool begins_with(const char *name, const char *prefix, size_t length)
{
    return strncmp(name, prefix, length) == 0 && name[length] == '.';
}

/* Whether an item outside of the window is called by this prefix. */
static bool used_outside(const Window *window, const char *prefix,
                         size_t length)
{
    for (int i = 0; i < window->body->items.count; i++) {
        const char *name = window->body->items.at[i].wanted;
        bool inside = i >= window->first && i < window->first + window->length;
        if (!inside && name &&
            (begins_with(name, prefix, length) ||
             (strncmp(name, prefix, length) == 0 && !name[length])))
            return true;
    }
    return false;
}

static size_t prefix_length(const Window *window, const char **name)
{
    size_t length = 0, shorter;
    *name = NULL;
    for (int i = 0; i < window->length; i++) {
        const Item *item = &window->body->items.at[window->first + i];
        const char *dot;
        if (!item->wanted)
            continue;
        if (!*name) {
            dot = strrchr(item->wanted, '.');
            *name = item->wanted;
            length = dot ? (size_t)(dot - item->wanted) : 0;
        }
        length = common_parts(*name, length, item->wanted);
        if (!item->wanted[length]) { /* it is all of the prefix */
            while (length > 0 && item->wanted[--length] != '.')
                ;
        }
    }
    shorter = *name ? numbered_part(*name, length) : 0;
    return shorter && !used_outside(window, *name, shorter) ? shorter : length;
}

void window_names(Window *window)
{
    const char *name;
    const size_t length = prefix_length(window, &name);
    Text names = { 0 };
    window->names = window->prefix = NULL;
    if (name && !length)
        return;
    for (int i = 0; i < window->length; i++) {
        const char *wanted = window->body->items.at[window->first + i].wanted;
        text_printf(&names, "%s;", wanted ? wanted + length + 1 : "");
    }
    if (name)
        window->prefix = name_internn(name, length);
    window->names = name_intern(text_get(&names));
    text_free(&names);
}

/* ---- parts that others lack ------------------------------------------------------------------ */

static bool has_parameters(const Body *body, int first, int last)
{
    for (int i = first; i <= last; i++)
        for (int j = 0; j < body->items.at[i].count; j++)
            if (body->items.at[i].in[j].kind == REF_DATA &&
                !stands_inline(body, &body->items.at[i],
                               &body->items.at[i].in[j]))
                return true;
    return false;
}

/* The whole branch that ends in item `last`, back to where others read. */
static bool find_branch(const Window *window, int last, Option *option)
{
    const Body *body = window->body;
    int first = last;
    const Ref *in;
    for (;;) {
        const Item *item = &body->items.at[first];
        if (live_operands(item, &in) != 1 || in != item->in)
            return false;
        if (in->kind != REF_ITEM || in->item != first - 1 ||
            first == window->first || body->items.at[first - 1].readers > 1)
            break;
        first--;
    }
    for (int i = first; i <= last; i++)
        if (body->items.at[i].readers != 1)
            return false;
    *option = (Option){ .first = first, .last = last, .instead = *in };
    return last - first < 8 && !has_parameters(body, first, last);
}

/* The join itself, of one value with what flows into the window. */
static bool find_join(const Window *window, int at, Option *option)
{
    const Item *item = &window->body->items.at[at];
    const int end = window->first + window->length - 1;
    for (int i = 0; item->count == 2 && i < 2; i++) {
        const Ref *one = &item->in[i], *other = &item->in[1 - i];
        if (one->kind != REF_ITEM || one->item < window->first ||
            window->body->items.at[one->item].readers != 1 || one->role ||
            other->kind == REF_DATA || other->role ||
            (other->kind == REF_ITEM && other->item >= window->first) ||
            (at == end && one->item != at - 1))
            continue;
        *option =
            (Option){ .first = at, .last = at, .joins = true, .instead = *one };
        return true;
    }
    return false;
}

int window_options(const Window *window, Option *options, int most)
{
    int count = 0;
    for (int i = 0; i < window->length; i++) {
        const int at = window->first + i;
        const Item *item = &window->body->items.at[at];
        const Ref *live;
        if (item->block || live_operands(item, &live) < 2)
            continue;
        for (int j = 0; j < item->count && count < most; j++)
            if (item->in[j].kind == REF_ITEM &&
                item->in[j].item >= window->first &&
                find_branch(window, item->in[j].item, &options[count]))
                count++;
        if (count < most && find_join(window, at, &options[count]))
            count++;
    }
    return count;
}

uint64_t window_hash_without(const Window *window, const Option *option)
{
    Places places = { .first = window->first, .length = window->length };
    uint64_t hash = 1;
    int next = 0;
    for (int i = 0; i < window->length; i++)
        places.place[i] = -1;
    for (int i = 0; i < window->length; i++) {
        const int at = window->first + i;
        if (at < option->first || at > option->last) {
            hash = hash_item(hash, &window->body->items.at[at], &places);
            places.place[i] = next++;
        }
        if (at == option->last)
            places.place[i] = place_of(&places, &option->instead);
    }
    return hash;
}
