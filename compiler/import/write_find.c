/*
 * write_find.c - what repeats, and what of it is worth a block.
 *
 *     windows by hash and names     A: 3 times, B: 13 times, C: once, ...
 *     A without its projection is B           A + B: 16 times
 *     the one that saves most characters becomes a block, and so on
 */
#include <stdlib.h>
#include <string.h>

#include "import/write_local.h"

enum {
    LEAST_SAVED = 80,    /* characters that a block has to save */
    MOST_LOOKED_AT = 40, /* patterns that are measured, of the promising ones */
    MOST_OPTIONS = 8,
    MOST_BLOCKS = 60
};

void patterns_free(Patterns *patterns)
{
    for (int i = 0; i < patterns->count; i++)
        vec_free(&patterns->at[i].windows);
    vec_free(patterns);
}

/* ---- windows that are alike ----------------------------------------------------------- */

static int cost_of(const Window *window)
{
    int cost = 0;
    for (int i = 0; i < window->length; i++)
        cost += item_cost(&window->body->items.at[window->first + i]);
    return cost;
}

static bool overlaps(const Window *a, const Window *b)
{
    return a->body == b->body && a->first < b->first + b->length &&
           b->first < a->first + a->length;
}

/* Whether the pattern can have the window too: it is apart from the others,
 * and is called otherwise. */
static bool takes(const Pattern *pattern, const Window *window)
{
    for (int i = 0; i < pattern->windows.count; i++) {
        const Window *other = &pattern->windows.at[i];
        if (overlaps(other, window) ||
            (other->body == window->body && window->prefix &&
             other->prefix == window->prefix))
            return false;
    }
    return true;
}

/* A use cannot be called like a layer beside it. */
static bool prefix_is_free(const Window *window)
{
    for (int i = 0; i < window->body->items.count && window->prefix; i++)
        if (window->body->items.at[i].wanted == window->prefix)
            return false;
    return true;
}

/* Takes windows of a group that have these names. */
static void take_windows(Pattern *pattern, const Window *windows, int count,
                         const char *names)
{
    for (int i = 0; i < count; i++)
        if (windows[i].names == names && takes(pattern, &windows[i]) &&
            prefix_is_free(&windows[i]))
            vec_push(&pattern->windows, windows[i]);
}

static int compare_places(const void *a, const void *b)
{
    const Window *x = a, *y = b;
    if (x->body != y->body)
        return x->body->number - y->body->number;
    return x->first - y->first;
}

static void promise(Patterns *patterns, Pattern *pattern)
{
    const int count = pattern->windows.count;
    pattern->saves = -40;
    if (count)
        qsort(pattern->windows.at, (size_t)count, sizeof(Window),
              compare_places);
    for (int i = 0; i < count; i++) {
        pattern->saves += cost_of(&pattern->windows.at[i]);
        if (pattern->windows.at[i].length == pattern->length)
            pattern->full = i;
    }
    if (count)
        pattern->saves -= cost_of(&pattern->windows.at[pattern->full]);
    if (pattern->windows.count < 2 || pattern->saves < LEAST_SAVED) {
        vec_free(&pattern->windows);
        return;
    }
    vec_push(patterns, *pattern);
}

static bool seen_before(const Window *windows, int at)
{
    for (int i = 0; i < at; i++)
        if (windows[i].names == windows[at].names)
            return true;
    return false;
}

/* ---- groups ------------------------------------------------------------------------------ */

/* Windows of one hash that have these names, from the first on; and, since
 * they may be apart from each other in another way, from each of those on that
 * overlap it. */
static void find_aligned(Patterns *patterns, const Window *windows, int count,
                         int first)
{
    const Window *start = &windows[first];
    for (int i = first; i < count; i++) {
        Pattern pattern = { .length = start->length };
        if (!overlaps(&windows[i], start))
            break;
        pattern.option.first = -1;
        take_windows(&pattern, windows + i, count - i, start->names);
        promise(patterns, &pattern);
    }
}

/* Windows first..first+count-1, of one hash. */
static void find_plain(Patterns *patterns, Window *windows, int count)
{
    if (count < 2 || (count - 1) * cost_of(windows) < LEAST_SAVED + 40)
        return;
    for (int i = 0; i < count; i++)
        window_names(&windows[i]);
    for (int i = 0; i < count; i++)
        if (windows[i].names && !seen_before(windows, i))
            find_aligned(patterns, windows, count, i);
}

static int group_end(const Windows *windows, int first)
{
    int end = first + 1;
    while (end < windows->count &&
           windows->at[end].hash == windows->at[first].hash)
        end++;
    return end;
}

/* The first window of that hash; -1: there is none. */
static int find_hash(const Windows *windows, uint64_t hash)
{
    int low = 0, high = windows->count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (windows->at[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low < windows->count && windows->at[low].hash == hash ? low : -1;
}

/* The names of the window without those of the option's items. */
static const char *names_without(const Window *window, const Option *option)
{
    Text text = { 0 };
    const char *names = window->names, *made;
    for (int i = 0; i < window->length; i++) {
        const char *end = strchr(names, ';') + 1;
        const int at = window->first + i;
        if (at < option->first || at > option->last)
            text_addn(&text, names, (size_t)(end - names));
        names = end;
    }
    made = name_intern(text_get(&text));
    text_free(&text);
    return made;
}

/* Windows like this one, and those like it without a part. */
static void find_merged(Patterns *patterns, Windows *windows, int first,
                        int end, const Option *option)
{
    const int other =
        find_hash(windows, window_hash_without(&windows->at[first], option));
    Window *full = &windows->at[first], *part;
    Pattern pattern = { .length = full->length, .option = *option };
    int parts;
    if (other < 0)
        return;
    part = &windows->at[other];
    parts = group_end(windows, other) - other;
    for (int i = 0; i < end - first; i++)
        window_names(&full[i]);
    for (int i = 0; i < parts; i++)
        window_names(&part[i]);
    if (!full->names)
        return;
    pattern.option.first -= full->first;
    pattern.option.last -= full->first;
    if (pattern.option.instead.kind == REF_ITEM)
        pattern.option.instead.item -= full->first;
    if (pattern.option.instead.kind == REF_ITEM &&
        pattern.option.instead.item < 0)
        pattern.option.instead = (Ref){ .kind = REF_IN };
    if (pattern.option.instead.kind == REF_INPUT)
        pattern.option.instead = (Ref){ .kind = REF_IN };
    take_windows(&pattern, full, end - first, full->names);
    take_windows(&pattern, part, parts, names_without(full, option));
    promise(patterns, &pattern);
}

static int compare(const void *a, const void *b)
{
    const Pattern *x = a, *y = b;
    const Window *p = x->windows.at, *q = y->windows.at;
    if (x->saves != y->saves)
        return x->saves > y->saves ? -1 : 1;
    if (p->body->number != q->body->number)
        return p->body->number < q->body->number ? -1 : 1;
    if (p->first != q->first)
        return p->first < q->first ? -1 : 1;
    if (x->length != y->length)
        return x->length < y->length ? -1 : 1;
    return x->option.first - y->option.first;
}

void patterns_find(Writer *w, Patterns *patterns)
{
    Windows windows = { 0 };
    windows_find(w, &windows);
    for (int first = 0, end; first < windows.count; first = end) {
        Option options[MOST_OPTIONS];
        int count;
        end = group_end(&windows, first);
        find_plain(patterns, &windows.at[first], end - first);
        count = window_options(&windows.at[first], options, MOST_OPTIONS);
        for (int i = 0; i < count; i++)
            find_merged(patterns, &windows, first, end, &options[i]);
    }
    vec_free(&windows);
    if (patterns->count)
        qsort(patterns->at, (size_t)patterns->count, sizeof *patterns->at,
              compare);
}

/* ---- one after the other --------------------------------------------------------------------- */

/* Of those that promise most, the one that keeps most; NULL: none is worth it. */
static const Pattern *best_of(Writer *w, const Patterns *patterns)
{
    const Pattern *best = NULL;
    int most = LEAST_SAVED;
    for (int i = 0; i < patterns->count && i < MOST_LOOKED_AT; i++) {
        const Pattern *pattern = &patterns->at[i];
        int saves;
        if (pattern->saves <= most)
            break;
        saves = pattern_saves(w, pattern);
        if (saves > most) {
            most = saves;
            best = pattern;
        }
    }
    return best;
}

static void cost_items(Writer *w)
{
    for (int i = 0; i < w->network.items.count; i++) {
        Item *item = &w->network.items.at[i];
        Text text = { 0 };
        item_arguments(w, &w->network, item, &text);
        item->cost = (int)strlen(op_info[item->op].name) + (int)text.length + 6;
        text_free(&text);
    }
}

void write_blocks(Writer *w)
{
    bool more = true;
    cost_items(w);
    while (more && w->blocks.count < MOST_BLOCKS) {
        Patterns patterns = { 0 };
        const Pattern *best;
        patterns_find(w, &patterns);
        best = best_of(w, &patterns);
        more = best != NULL;
        if (best)
            pattern_apply(w, best);
        patterns_free(&patterns);
    }
    for (int i = w->blocks.count - 1; i >= 0; i--)
        block_params(w, w->blocks.at[i]);
    for (int i = 0; i < w->blocks.count; i++)
        w->blocks.at[i]->name = block_name(w, w->blocks.at[i]);
}
