/*
 * write_lines.c - the lines of a body: parameters, chains, optional parts.
 *
 *     parameter gamma : f32[filters]
 *     main = in -> conv(filters, 3x3, pad=1) -> batchnorm as bn1 -> mul(gamma)
 *     skip = in
 *     if in.channels != filters {
 *         skip = in -> conv(filters, 1x1)
 *     }
 *     add(main, skip) -> relu
 *
 * A long chain of the network is cut into lines that go on from each other,
 * each from one large layer to the next.
 */
#include <string.h>

#include "import/write_local.h"

/* Of a key in a line of its own: longer ones are bound, or given up. */
enum { LONGEST_KEY = 60 };

/* How often a kind of layer came up: the names that the language makes. */
typedef struct Count {
    const char *kind;
    int count;
    bool unsure; /* some of them are optional */
} Count;

typedef struct Lines {
    Writer *w;
    Body *body;
    Text *out;
    int depth;
    VEC(Count) counts;
    Shape claimed; /* the last claim's */
} Lines;

/* ---- names of layers ---------------------------------------------------------------- */

static const char *kind_of(const Item *item)
{
    return item->block ? item->block->name : op_info[item->op].name;
}

static Count *count_of(Lines *l, const char *kind)
{
    for (int i = 0; i < l->counts.count; i++)
        if (strcmp(l->counts.at[i].kind, kind) == 0)
            return &l->counts.at[i];
    vec_push(&l->counts, (Count){ .kind = kind });
    return &l->counts.at[l->counts.count - 1];
}

static bool is_wanted(const Body *body, const char *name)
{
    for (int i = 0; i < body->items.count; i++)
        if (body->items.at[i].wanted &&
            strcmp(body->items.at[i].wanted, name) == 0)
            return true;
    return false;
}

/* " as NAME", or nothing where the language comes to the same name. */
static void add_as(Lines *l, Text *text, const Item *item, bool optional)
{
    Count *count = count_of(l, kind_of(item));
    const char *made =
        arena_printf(l->w->arena, "%s%d", kind_of(item), ++count->count);
    if (item->wanted && (count->unsure || strcmp(item->wanted, made) != 0))
        text_printf(text, " as %s", item->wanted);
    else if (!item->wanted && is_wanted(l->body, made))
        text_printf(text, " as %s_%s", made, kind_of(item));
    count->unsure |= optional;
}

/* ---- operands -------------------------------------------------------------------------- */

static const Lone *lone_of(const Lines *l, int item, const Ref *ref,
                           const Tensor *tensor)
{
    for (int i = 0; i < l->body->lone.count; i++) {
        const Lone *lone = &l->body->lone.at[i];
        if (l->body->block ? lone->item == item && lone->place == ref->place
                           : lone->tensor == tensor)
            return lone;
    }
    return NULL;
}

static void add_operand(Lines *l, Text *text, int at, const Ref *ref)
{
    const Item *item = &l->body->items.at[at];
    const int k = item_instance(item, l->body->instances);
    const Tensor *data;
    switch (ref->kind) {
    case REF_IN: text_add(text, "in"); return;
    case REF_ITEM: text_add(text, l->body->items.at[ref->item].name); return;
    case REF_INPUT: text_add(text, input_name(l->w, ref->input, true)); return;
    case REF_DATA:
        data = data_of(item, ref, k);
        if (stands_inline(l->body, item, ref))
            text_constant_inline(text, data);
        else
            text_add(text, lone_of(l, at, ref, data)->name);
        return;
    }
    BUG("no reference %d", (int)ref->kind);
}

/* conv(64, 3x3), without its name; flows: the first operand comes by arrow. */
static char *call_text(Lines *l, int at, bool flows)
{
    const Item *item = &l->body->items.at[at];
    Text text = { 0 }, list = { 0 }, arguments = { 0 };
    for (int i = flows ? 1 : 0; i < item->count; i++) {
        if (item->in[i].role)
            continue;
        text_add(&list, list.length ? ", " : "");
        add_operand(l, &list, at, &item->in[i]);
    }
    item_arguments(l->w, l->body, item, &arguments);
    if (arguments.length)
        text_printf(&list, "%s%s", list.length ? ", " : "",
                    text_get(&arguments));
    for (int i = 0; i < item->count; i++) {
        if (!item->in[i].role)
            continue;
        text_printf(&list, "%s%s=", list.length ? ", " : "", item->in[i].role);
        add_operand(l, &list, at, &item->in[i]);
    }
    text_add(&text, kind_of(item));
    if (list.length)
        text_printf(&text, "(%s)", text_get(&list));
    text_free(&list);
    text_free(&arguments);
    return text_take(&text, l->w->arena);
}

/* ---- uses in a row ---------------------------------------------------------------------- */

/* "layer1." and 3 for layer1.3; false where it does not end with a number. */
static bool split_number(const char *name, size_t *head, int64_t *number)
{
    const char *dot = name ? strrchr(name, '.') : NULL;
    if (!dot || !parse_int64(dot + 1, number) || *number < 0 ||
        *number > INT32_MAX || (dot[1] == '0' && dot[2]))
        return false;
    *head = (size_t)(dot - name);
    return true;
}

/* Whether b is the name that follows a: layer1.0, layer1.1. */
static bool counts_on(const char *a, const char *b)
{
    size_t head_a, head_b;
    int64_t x, y;
    return split_number(a, &head_a, &x) && split_number(b, &head_b, &y) &&
           head_a == head_b && strncmp(a, b, head_a) == 0 && y == x + 1;
}

/* How many uses from `at` on are one with '* N'. */
static int repeats(Lines *l, int at, int last, const char *text)
{
    const Item *first = &l->body->items.at[at];
    int count = 1;
    while (first->block && at + count <= last) {
        const Item *next = first + count;
        if (next->block != first->block ||
            strcmp(call_text(l, at + count, true), text) != 0 ||
            (first->wanted ? !counts_on(next[-1].wanted, next->wanted)
                           : next->wanted != NULL))
            break;
        count++;
    }
    return count;
}

/* Chains of the network name their uses: layer1.0, layer1.1 are of the chain
 * layer1. */
static void find_run(Lines *l, int at)
{
    Item *items = l->body->items.at;
    size_t head;
    int64_t number;
    int end = at;
    const char *name;
    if (!items[at].block || !split_number(items[at].wanted, &head, &number) ||
        number != 0 || memchr(items[at].wanted, '.', head))
        return;
    while (end + 1 < l->body->items.count && items[end + 1].block &&
           item_follows(l->body, end + 1) &&
           counts_on(items[end].wanted, items[end + 1].wanted))
        end++;
    name = name_internn(items[at].wanted, head);
    if (end == at || !name_is_unused(l->w, l->body, name))
        return;
    vec_push(&l->body->names, name);
    items[at].run = end - at + 1;
    items[end].name = name;
}

/* ---- chains ------------------------------------------------------------------------------- */

static const Node *first_node(const Lines *l, const Item *item)
{
    return item->node[item_instance(item, l->body->instances)];
}

/* Layers with large weights, and uses of blocks. */
static bool is_large(const Lines *l, int at)
{
    const Item *item = &l->body->items.at[at];
    return item->block || layer_of(l->w, first_node(l, item))->heavy;
}

static bool changes_size(const Shape *a, const Shape *b)
{
    bool changes = a->rank != b->rank;
    for (int d = 0; !changes && d + 1 < a->rank; d++)
        changes = a->dim[d] != b->dim[d];
    return changes;
}

/* What a line starts with: those, and what changes the rank; of uses that
 * follow each other, those that change the size. */
static bool opens(const Lines *l, int at)
{
    const Item *item = &l->body->items.at[at];
    const int k = item_instance(item, l->body->instances);
    const Node *node;
    if (!starts_line(l->body, item))
        return false;
    if (item->block)
        return at == 0 || !item[-1].block || item->wanted ||
               changes_size(&item->block->body.in[item->use[k]]->shape,
                            &item_tensor(item, k)->shape);
    if (is_large(l, at))
        return true;
    node = item->node[k];
    return node->output[0]->shape.rank != node->input[0]->shape.rank;
}

/* The pieces of items first..last; run: a chain gives the uses their names. */
static void add_pieces(Lines *l, Pieces *pieces, int first, int last,
                       bool flows, bool run)
{
    for (int at = first; at <= last;) {
        const Item *item = &l->body->items.at[at];
        char *call = call_text(l, at, flows || at > first);
        int count = repeats(l, at, last, call);
        Text text = { 0 };
        text_add(&text, call);
        if (count > 1)
            text_printf(&text, " * %d", count);
        if (run)
            count_of(l, kind_of(item))->count += count;
        else
            add_as(l, &text, item, l->depth > 1);
        if (!run)
            count_of(l, kind_of(item))->count += count - 1;
        vec_push(pieces, (Piece){ text_take(&text, l->w->arena),
                                  !run && opens(l, at) });
        at += count;
    }
}

/* The shape of the value, where it is worth saying; NULL. */
static const char *claim_of(Lines *l, int last)
{
    const Shape *shape;
    bool same;
    if (l->body->block || l->w->options->no_claims)
        return NULL;
    shape = &item_tensor(&l->body->items.at[last], 0)->shape;
    same = shape->rank == l->claimed.rank;
    for (int d = 0; d + 1 < shape->rank; d++)
        same = same && shape->dim[d] == l->claimed.dim[d];
    l->claimed = *shape;
    return same ? NULL : arena_text(l->w->arena, shape_show(shape));
}

static void put_chain(Lines *l, int first, int last, const char *name,
                      const Ref *source, bool flows, bool run)
{
    Pieces pieces = { 0 };
    Statement s = { .name = name, .depth = l->depth };
    Text text = { 0 };
    if (source) {
        add_operand(l, &text, first, source);
        s.source = text_take(&text, l->w->arena);
    }
    add_pieces(l, &pieces, first, last, source || flows, run);
    s.claim = claim_of(l, last);
    statement_print(l->out, &s, &pieces, l->w->options->width);
    vec_free(&pieces);
}

/* About: names of layers are not counted. */
static bool too_wide(Lines *l, int first, int last)
{
    size_t width = 0;
    for (int i = first; i <= last; i++)
        width += strlen(call_text(l, i, true)) + strlen(" -> ");
    return (int)width > l->w->options->width - 8;
}

/* The last item before a large one; the last of all where the first is large,
 * or none is. */
static int before_large(const Lines *l, int first, int last)
{
    for (int i = first; i <= last; i++)
        if (is_large(l, i) && starts_line(l->body, &l->body->items.at[i]))
            return i > first ? i - 1 : last;
    return last;
}

/* The end of a line that starts with this item: before the next that opens
 * one, once there is a large one. */
static int line_end(Lines *l, int first, int last)
{
    bool large = is_large(l, first);
    int end = first + repeats(l, first, last, call_text(l, first, true)) - 1;
    while (end < last && !(large && opens(l, end + 1)) &&
           !l->body->items.at[end + 1].run) {
        end++;
        large |= is_large(l, end);
    }
    return too_wide(l, first, end) ? before_large(l, first, end) : end;
}

static void put_thread(Lines *l, const Thread *t)
{
    const char *name = l->body->items.at[t->last].name;
    const bool whole = l->body->block && name;
    for (int first = t->first, end; first <= t->last; first = end + 1) {
        const bool flows =
            first > t->first || takes_arrow(&l->body->items.at[first]);
        const Ref *source = first == t->first && t->sourced ? &t->source : NULL;
        const int run = l->body->items.at[first].run;
        end = whole ? t->last
              : run ? first + run - 1
                    : line_end(l, first, t->last);
        put_chain(l, first, end,
                  run || end == t->last ? l->body->items.at[end].name : NULL,
                  source, flows, run > 0);
    }
}

/* ---- optional parts ------------------------------------------------------------------------ */

static void put_indent(Lines *l)
{
    for (int i = 0; i < l->depth; i++)
        text_add(l->out, "    ");
}

/* skip = in
 * if stride != 1 { skip = in -> ... } */
static void put_option(Lines *l, const Thread *t)
{
    const Option *option = &l->body->option;
    const char *name = l->body->items.at[t->last].name;
    Text source = { 0 };
    add_operand(l, &source, t->first, &option->instead);
    if (!option->joins) {
        put_indent(l);
        text_printf(l->out, "%s = %s\n", name, text_get(&source));
    }
    put_indent(l);
    text_printf(l->out, "if %s {\n", option->condition);
    l->depth++;
    put_chain(l, t->first, t->last, name, t->sourced ? &t->source : NULL, false,
              false);
    l->depth--;
    put_indent(l);
    text_add(l->out, "}\n");
    if (t->last == l->body->items.count - 1) {
        put_indent(l);
        text_printf(l->out, "%s\n", name);
    }
    text_free(&source);
}

/* ---- parameters of their own ------------------------------------------------------------------ */

/* The part of a name behind the last dot. */
static const char *last_part(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

/* A name that all instances agree on, from what the model calls them. */
static const char *lone_name(const Lines *l, const Item *item, const Ref *ref)
{
    const char *name = NULL;
    for (int k = 0; k < l->body->instances; k++) {
        const Tensor *tensor = data_of(item, ref, k);
        const char *part =
            tensor ? last_part(import_foreign_name(tensor)) : name;
        if (!l->w->options->keep_names || !part ||
            (name && strcmp(name, part) != 0) || !name_is_identifier(part) ||
            strlen(part) > 40)
            return "p";
        name = part;
    }
    return name;
}

/* " as encoder.position": the model's own name, where it can be the key. */
static void add_lone_key(const Lines *l, const Lone *lone)
{
    const char *foreign = import_foreign_name(lone->tensor);
    if (l->body->block || !l->w->options->keep_names ||
        strcmp(foreign, lone->name) == 0 || !name_is_key(foreign) ||
        strlen(foreign) > LONGEST_KEY || is_wanted(l->body, foreign))
        return;
    text_printf(l->out, " as %s", foreign);
}

static void put_lone(Lines *l, const Item *item, const Ref *ref,
                     const Lone *lone)
{
    put_indent(l);
    text_printf(l->out, "parameter %s : %s[", lone->name,
                dtype_name(lone->tensor->type));
    shape_texts(l->w, l->body, item, ref, l->out);
    text_add(l->out, "]");
    add_lone_key(l, lone);
    text_char(l->out, '\n');
}

/* An output that is no more than a constant. */
static void put_output_constant(Lines *l, const Tensor *tensor)
{
    Lone lone = { .tensor = tensor };
    const Ref none = { 0 };
    if (!is_data(tensor) || lone_of(l, 0, &none, tensor))
        return;
    lone.name = name_for_value(l->w, l->body, "p");
    vec_push(&l->body->lone, lone);
    text_printf(l->out, "parameter %s : %s", lone.name,
                dtype_name(tensor->type));
    shape_text(l->out, &tensor->shape);
    text_char(l->out, '\n');
}

static void put_parameters(Lines *l)
{
    for (int i = 0; i < l->body->items.count; i++) {
        const Item *item = &l->body->items.at[i];
        for (int j = 0; j < item->count; j++) {
            const Ref *ref = &item->in[j];
            Lone lone = { .item = i, .place = ref->place };
            if (ref->kind != REF_DATA || stands_inline(l->body, item, ref))
                continue;
            lone.tensor =
                data_of(item, ref, item_instance(item, l->body->instances));
            if (lone_of(l, i, ref, lone.tensor))
                continue;
            lone.name = name_for_value(l->w, l->body, lone_name(l, item, ref));
            vec_push(&l->body->lone, lone);
            put_lone(l, item, ref, &lone);
        }
    }
    for (int i = 0; i < l->w->graph->outputs.count && !l->body->block; i++)
        put_output_constant(l, l->w->graph->outputs.at[i].tensor);
    if (l->body->lone.count && !l->body->block)
        text_char(l->out, '\n');
}

/* ---- the body ----------------------------------------------------------------------------------- */

void write_body(Writer *w, Text *out, Body *body)
{
    Lines l = { .w = w, .body = body, .out = out };
    Threads threads = { 0 };
    l.depth = body->block ? 1 : 0;
    l.claimed.rank = -1;
    if (!body->block && w->graph->inputs.count)
        l.claimed = w->graph->inputs.at[w->graph->inputs.count - 1]->shape;
    for (int i = 0; i < body->items.count && !body->block; i++)
        find_run(&l, i);
    put_parameters(&l);
    body_threads(w, body, &threads);
    for (int t = 0; t < threads.count; t++)
        if (threads.at[t].option)
            put_option(&l, &threads.at[t]);
        else
            put_thread(&l, &threads.at[t]);
    vec_free(&threads);
    vec_free(&l.counts);
}
