/*
 * write_thread.c - a body as chains, and which values need names.
 *
 *     conv1 bn1 relu  conv2 bn2  add     conv1 -> bn1 -> relu      x
 *                 +------------>         conv2 -> bn2 -> add(x)
 *
 * A chain goes on as long as each layer is the only reader of the one before
 * it. A value has a name where somebody else reads it. What a line without a
 * source goes on from depends on the names of the lines before it: the names
 * are found by asking again until nothing more needs one.
 */
#include <string.h>

#include "import/write_local.h"

bool same_ref(const Ref *a, const Ref *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case REF_IN: return true;
    case REF_ITEM: return a->item == b->item;
    case REF_INPUT: return a->input == b->input;
    case REF_DATA: return false;
    }
    BUG("no reference %d", (int)a->kind);
}

int live_operands(const Item *item, const Ref **first)
{
    int count = 0;
    for (int i = 0; i < item->count; i++) {
        if (item->in[i].kind == REF_DATA || item->in[i].role)
            continue;
        if (count++ == 0)
            *first = &item->in[i];
    }
    return count;
}

void count_readers(Body *body)
{
    for (int i = 0; i < body->items.count; i++)
        body->items.at[i].readers = 0;
    for (int i = 0; i < body->items.count; i++)
        for (int j = 0; j < body->items.at[i].count; j++)
            if (body->items.at[i].in[j].kind == REF_ITEM)
                body->items.at[body->items.at[i].in[j].item].readers++;
}

bool takes_arrow(const Item *item)
{
    const Ref *first = NULL;
    const int live = live_operands(item, &first);
    if (live == 0) /* of a constant: from its name */
        return !item->block && item->count > 0 &&
               op_info[item->op].most_inputs == 1;
    return live == 1 && first == item->in;
}

bool starts_line(const Body *body, const Item *item)
{
    for (int i = 1; i < item->count; i++)
        if (!item->in[i].role && !(item->in[i].kind == REF_DATA &&
                                   stands_inline(body, item, &item->in[i])))
            return false;
    return true;
}

/* ---- chains ------------------------------------------------------------------------- */

bool is_option(const Body *body, int item)
{
    const Option *option = &body->option;
    return option->first >= 0 && item >= option->first && item <= option->last;
}

bool item_follows(const Body *body, int item)
{
    const Item *before = &body->items.at[item - 1];
    const Ref *flow = &body->items.at[item].in[0];
    return body->items.at[item].count && flow->kind == REF_ITEM &&
           flow->item == item - 1 && !flow->role && before->readers == 1 &&
           !before->is_output &&
           is_option(body, item) == is_option(body, item - 1);
}

static void find_threads(const Body *body, Threads *threads)
{
    threads->count = 0;
    for (int i = 0; i < body->items.count; i++) {
        if (i && item_follows(body, i))
            threads->at[threads->count - 1].last = i;
        else
            vec_push(threads, (Thread){ .first = i,
                                        .last = i,
                                        .option = is_option(body, i) });
    }
}

/* ---- who needs a name ------------------------------------------------------------------ */

typedef struct Needs {
    Writer *w;
    Body *body;
    bool *needed; /* by item */
    Ref running;  /* what a line without a source goes on from */
    bool flows;   /* there is such a value */
    bool changed;
} Needs;

static void need(Needs *n, const Ref *ref)
{
    if (ref->kind != REF_ITEM || n->needed[ref->item])
        return;
    n->needed[ref->item] = n->changed = true;
}

static void need_operands(Needs *n, const Item *item, int from)
{
    for (int i = from; i < item->count; i++)
        need(n, &item->in[i]);
}

/* An optional part starts from its name, and ends in one. */
static void need_option(Needs *n, Thread *t)
{
    const Option *option = &n->body->option;
    const Ref end = { .kind = REF_ITEM, .item = option->last };
    need(n, &option->instead);
    need(n, &end);
    t->source = option->instead;
    t->sourced = !option->joins;
    n->flows &= t->sourced;
    for (int i = t->first; i <= t->last; i++)
        need_operands(n, &n->body->items.at[i], t->sourced ? 1 : 0);
}

static void need_thread(Needs *n, Thread *t)
{
    const Item *item = &n->body->items.at[t->first];
    const Ref *flow = item->in;
    const bool chain = takes_arrow(item);
    const bool side = n->body->block && n->needed[t->last];
    t->sourced = false;
    if (chain &&
        (!(n->flows && same_ref(flow, &n->running)) ||
         !starts_line(n->body, item) || (side && flow->kind == REF_IN))) {
        t->sourced = true;
        t->source = *flow;
        need(n, flow);
    }
    need_operands(n, item, chain ? 1 : 0);
    for (int i = t->first + 1; i <= t->last; i++)
        need_operands(n, &n->body->items.at[i], 1);
    if (side && t->sourced)
        return; /* what flows stays */
    n->running = (Ref){ .kind = REF_ITEM, .item = t->last };
    n->flows = true;
}

static void need_outputs(Needs *n)
{
    for (int i = 0; i < n->body->items.count; i++) {
        Ref ref = { .kind = REF_ITEM, .item = i };
        if (n->body->items.at[i].is_output &&
            !(n->flows && same_ref(&ref, &n->running)))
            need(n, &ref);
    }
}

static void start(Needs *n)
{
    const Graph *graph = n->w->graph;
    n->changed = false;
    n->flows = true;
    n->running = (Ref){ .kind = REF_IN };
    if (n->body->block)
        return;
    n->running.kind = REF_INPUT;
    n->flows = graph->inputs.count > 0;
    if (n->flows)
        n->running.input = graph->inputs.at[graph->inputs.count - 1];
}

/* ---- names ---------------------------------------------------------------------------------- */

/* The first output of the network that is the item's value; NULL: none. */
static const char *output_name(const Writer *w, const Item *item)
{
    for (int i = 0; i < w->graph->outputs.count; i++)
        if (w->graph->outputs.at[i].tensor == item_tensor(item, 0))
            return w->output_names[i];
    return NULL;
}

static void give_name(Writer *w, Body *body, int item)
{
    Item *at = &body->items.at[item];
    const char *name = at->is_output ? output_name(w, at) : NULL;
    const Option *option = &body->option;
    if (at->name)
        return;
    if (name && !name_means_something(w, name))
        at->name = name;
    else if (option->first >= 0 && item == option->last && option->joins)
        at->name = body->items.at[option->instead.item].name;
    else
        at->name = name_for_value(w, body, value_name(body, item));
}

void body_threads(Writer *w, Body *body, Threads *threads)
{
    Needs n = { .w = w, .body = body };
    n.needed = NEW_N(w->arena, bool, body->items.count);
    find_threads(body, threads);
    do {
        start(&n);
        for (int t = 0; t < threads->count; t++)
            if (threads->at[t].option)
                need_option(&n, &threads->at[t]);
            else
                need_thread(&n, &threads->at[t]);
        if (!body->block)
            need_outputs(&n);
    } while (n.changed);
    for (int i = 0; i < body->items.count; i++)
        if (n.needed[i])
            give_name(w, body, i);
}
