/*
 * plan.c - where in the arena each tensor lies.
 *
 *     offset
 *       6272  |conv1 . . |          Tensors that live at the same time lie
 *       4704  |conv1 |add1|         side by side; others over each other.
 *          0  |pool1 . . .|  time
 *
 * A packing problem: greedy in several orders, each tensor in a gap that is
 * free for all its life, and the best of them. The lower bound is what lives at
 * the fullest moment; where that is not reached, tensors go to either end of
 * it at random, for a while.
 */
#include "pass/local.h"

#include <stdlib.h>

/* Above so many tensors only the order of time is tried: a step then looks at
 * the tensors that are alive, not at all. */
#define MANY_ITEMS 3000

/* Packings tried at random, each tensor against each; a network of a hundred
 * layers takes a few milliseconds. */
#define MOST_TRIES   400
#define RANDOM_ITEMS 300

typedef struct Item {
    Tensor *tensor;
    int first, last;
    int64_t size, offset; /* bytes; size a multiple of the alignment */
} Item;

typedef struct Packing {
    Item *items;
    int count;
    int64_t *offset; /* by tensor id: the best so far */
    int64_t peak, best;
} Packing;

/* ---- orders --------------------------------------------------------------------- */

static int by_number(const Item *a, const Item *b)
{
    return (a->tensor->id > b->tensor->id) - (a->tensor->id < b->tensor->id);
}

static int by_time(const void *a, const void *b)
{
    const Item *p = a, *q = b;
    if (p->first != q->first)
        return p->first < q->first ? -1 : 1;
    return by_number(p, q);
}

static int by_size(const void *a, const void *b)
{
    const Item *p = a, *q = b;
    if (p->size != q->size)
        return p->size > q->size ? -1 : 1;
    return by_time(a, b);
}

static int by_life(const void *a, const void *b)
{
    const Item *p = a, *q = b;
    int s = p->last - p->first, t = q->last - q->first;
    if (s != t)
        return s > t ? -1 : 1;
    return by_size(a, b);
}

static int by_area(const void *a, const void *b)
{
    const Item *p = a, *q = b;
    double s = (double)p->size * (p->last - p->first + 1);
    double t = (double)q->size * (q->last - q->first + 1);
    if (s > t || s < t)
        return s > t ? -1 : 1;
    return by_size(a, b);
}

typedef int Order(const void *a, const void *b);

/* The order of time first: it is the one for many tensors. */
static Order *const orders[] = { by_time, by_size, by_area, by_life };

/* ---- one packing -------------------------------------------------------------------- */

static bool live_together(const Item *a, const Item *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* Placed items, in the order of their offsets. */
typedef VEC(Item *) Placed;

typedef enum Fit { FIT_LOWEST, FIT_NARROWEST, FIT_HIGHEST } Fit;

/* The gap, between those that live at the same time, that fits the item; the
 * highest lies below the ceiling. */
static int64_t find_gap(const Placed *placed, const Item *item, Fit fit,
                        int64_t ceiling)
{
    int64_t end = 0, best = -1, narrowest = INT64_MAX;
    for (int i = 0; i < placed->count; i++) {
        const Item *other = placed->at[i];
        if (!live_together(item, other))
            continue;
        int64_t gap = other->offset - end;
        if (gap >= item->size && (fit != FIT_NARROWEST || gap < narrowest)) {
            best = fit == FIT_HIGHEST ? other->offset - item->size : end;
            narrowest = gap;
            if (fit == FIT_LOWEST)
                return best;
        }
        if (other->offset + other->size > end)
            end = other->offset + other->size;
    }
    if (fit == FIT_HIGHEST && ceiling - end >= item->size)
        return ceiling - item->size;
    return best >= 0 ? best : end;
}

static void insert(Placed *placed, Item *item)
{
    int i = placed->count;
    vec_push(placed, item);
    for (; i > 0 && placed->at[i - 1]->offset > item->offset; i--)
        placed->at[i] = placed->at[i - 1];
    placed->at[i] = item;
}

/* Items come in the order of time: who died will meet nobody any more. */
static void drop_dead(Placed *placed, int now)
{
    int kept = 0;
    for (int i = 0; i < placed->count; i++) {
        if (placed->at[i]->last >= now)
            placed->at[kept++] = placed->at[i];
    }
    placed->count = kept;
}

static void keep_if_better(Packing *p)
{
    if (p->best >= 0 && p->peak >= p->best)
        return;
    p->best = p->peak;
    for (int i = 0; i < p->count; i++)
        p->offset[p->items[i].tensor->id] = p->items[i].offset;
}

/* coin: each item by itself goes to the lowest or the highest place. */
static void pack(Packing *p, Order *order, Fit fit, int64_t ceiling,
                 Random *coin)
{
    Placed placed = { 0 };
    qsort(p->items, (size_t)p->count, sizeof *p->items, order);
    p->peak = 0;
    for (int i = 0; i < p->count; i++) {
        Item *item = &p->items[i];
        if (order == by_time)
            drop_dead(&placed, item->first);
        if (coin != NULL)
            fit = random_bits(coin) >> 63 ? FIT_LOWEST : FIT_HIGHEST;
        item->offset = find_gap(&placed, item, fit, ceiling);
        if (item->offset + item->size > p->peak)
            p->peak = item->offset + item->size;
        insert(&placed, item);
    }
    vec_free(&placed);
    keep_if_better(p);
}

/* A function of the network alone: the seed is always the same. */
static void pack_at_random(Packing *p, int64_t bound)
{
    Random coin;
    random_seed(&coin, 1);
    for (int i = 0; i < MOST_TRIES && p->best > bound; i++)
        pack(p, orders[i % 2], FIT_LOWEST, bound, &coin);
}

static void pack_well(Packing *p, int64_t bound)
{
    static const Fit fits[] = { FIT_LOWEST, FIT_NARROWEST, FIT_HIGHEST };
    for (size_t i = 0; i < COUNT_OF(orders) * COUNT_OF(fits); i++) {
        if (i > 0 && (p->count > MANY_ITEMS || p->best <= bound))
            return;
        pack(p, orders[i / COUNT_OF(fits)], fits[i % COUNT_OF(fits)], bound,
             NULL);
    }
    if (p->count <= RANDOM_ITEMS)
        pack_at_random(p, bound);
}

/* ---- sizes ------------------------------------------------------------------------------ */

static int64_t byte_size(const Tensor *tensor, int64_t align)
{
    int64_t count = place_elements(&tensor->shape, &tensor->place), bytes;
    if (!size_mul(count, dtype_size(tensor->type), &bytes) ||
        !size_add(bytes, align - 1, &bytes))
        BUG("the size of '%s' overflows", tensor->name);
    return bytes / align * align;
}

static Packing items_of(Graph *graph, const Lifetime *lifetime, int64_t align)
{
    Packing p = { .best = -1 };
    p.items = NEW_N(graph->arena, Item, graph->tensors.count + 1);
    p.offset = NEW_N(graph->arena, int64_t, graph->tensors.count + 1);
    for (int i = 0; i < graph->tensors.count; i++) {
        Tensor *t = graph->tensors.at[i];
        if (t->place.kind != PLACE_ARENA || t->place.within != NULL)
            continue;
        p.items[p.count++] = (Item){ t, lifetime[i].first, lifetime[i].last,
                                     byte_size(t, align), 0 };
    }
    return p;
}

/* By step: bytes that live then; count + 1 numbers, to be freed. */
static int64_t *live_bytes(const Item *items, int count, int steps)
{
    int64_t *live = mem_alloc(sizeof *live * (size_t)(steps + 2));
    for (int i = 0; i <= steps + 1; i++)
        live[i] = 0;
    for (int i = 0; i < count; i++) {
        live[items[i].first] += items[i].size;
        live[items[i].last + 1] -= items[i].size;
    }
    for (int i = 1; i <= steps; i++)
        live[i] += live[i - 1];
    return live;
}

int64_t plan_live_bytes(const Graph *graph, const Node *node)
{
    int64_t sum = 0;
    int step = cluster_root(node)->id;
    Lifetime *life =
        mem_alloc(sizeof *life * (size_t)(graph->tensors.count + 1));
    find_lifetimes(graph, life);
    for (int i = 0; i < graph->tensors.count; i++) {
        const Tensor *t = graph->tensors.at[i];
        if (t->place.kind == PLACE_ARENA && t->place.within == NULL &&
            life[i].first <= step && step <= life[i].last)
            sum += t->place.size;
    }
    mem_free(life);
    return sum;
}

/* ---- the pass ------------------------------------------------------------------------------ */

static int64_t most_live(const Graph *graph, const Packing *p)
{
    int64_t *live = live_bytes(p->items, p->count, graph->nodes.count);
    int64_t most = 0;
    for (int i = 0; i <= graph->nodes.count; i++) {
        if (live[i] > most)
            most = live[i];
    }
    mem_free(live);
    return most;
}

static bool set_offsets(Graph *graph, const Packing *p, int64_t align)
{
    bool changed = false;
    for (int i = 0; i < graph->tensors.count; i++) {
        Tensor *t = graph->tensors.at[i];
        int64_t element, size = 0, offset = 0;
        if (t->place.kind == PLACE_ARENA) {
            const Tensor *owner = memory_owner(t, &element);
            offset = p->offset[owner->id] + element * dtype_size(t->type);
            size = t == owner ? byte_size(t, align)
                              : place_elements(&t->shape, &t->place) *
                                    dtype_size(t->type);
        }
        changed |= t->place.offset != offset || t->place.size != size;
        t->place.offset = offset;
        t->place.size = size;
    }
    return changed;
}

bool pass_plan(Graph *graph, PassContext *context)
{
    const int64_t align = context->target->align;
    Lifetime *life = NEW_N(graph->arena, Lifetime, graph->tensors.count + 1);
    Packing p;
    find_lifetimes(graph, life);
    p = items_of(graph, life, align);
    graph->arena_bound = most_live(graph, &p);
    pack_well(&p, graph->arena_bound);
    graph->arena_bytes = p.best < 0 ? 0 : p.best;
    return set_offsets(graph, &p, align);
}
