/*
 * write_block.c - windows that are alike become uses of a block.
 *
 *     ... [a b c] d [a b c] ...     block(a b c):  ... [use] d [use] ...
 *
 * The block has an instance for every instance of every window. Windows that
 * lack the optional part leave its items out of theirs.
 */
#include <string.h>

#include "import/write_local.h"

int window_place(const Pattern *pattern, const Window *window, int i)
{
    const Option *option = &pattern->option;
    if (window->length == pattern->length || i < option->first)
        return i;
    return i > option->last ? i - (option->last - option->first + 1) : -1;
}

/* ---- the block's body --------------------------------------------------------------- */

/* The item that the window has for the pattern's item i; NULL: none. */
static const Item *item_at(const Pattern *pattern, int window, int i)
{
    const Window *at = &pattern->windows.at[window];
    const int place = window_place(pattern, at, i);
    return place < 0 ? NULL : &at->body->items.at[at->first + place];
}

static Ref ref_within(const Window *window, const Ref *ref)
{
    Ref inner = *ref;
    if (ref->kind == REF_DATA)
        return inner;
    if (ref->kind == REF_ITEM && ref->item >= window->first)
        inner.item -= window->first;
    else
        inner = (Ref){ .kind = REF_IN, .place = ref->place, .role = ref->role };
    return inner;
}

static const char *name_within(const Window *window, const char *wanted)
{
    return wanted && window->prefix
               ? name_intern(wanted + strlen(window->prefix) + 1)
               : NULL;
}

/* The pattern's item i, with all that its windows have for it. */
static Item item_made(Writer *w, const Pattern *pattern, const Body *body,
                      int i)
{
    const Window *window = &pattern->windows.at[pattern->full];
    Item made = window->body->items.at[window->first + i];
    int next = 0;
    made.in = NEW_N(w->arena, Ref, made.count);
    for (int j = 0; j < made.count; j++)
        made.in[j] = ref_within(
            window, &window->body->items.at[window->first + i].in[j]);
    made.wanted = name_within(window, made.wanted);
    made.name = NULL;
    made.is_output = false;
    made.node = NEW_N(w->arena, const Node *, body->instances);
    made.use = NEW_N(w->arena, int, body->instances);
    for (int n = 0; n < pattern->windows.count; n++) {
        const Item *item = item_at(pattern, n, i);
        const int count = pattern->windows.at[n].body->instances;
        for (int k = 0; k < count; k++, next++)
            if (made.block)
                made.use[next] = item ? item->use[k] : -1;
            else
                made.node[next] = item ? item->node[k] : NULL;
    }
    return made;
}

/* What flows into the window in an instance. */
static const Tensor *window_in(const Window *window, int k)
{
    const Body *body = window->body;
    for (int i = window->first; i < window->first + window->length; i++)
        for (int j = 0; j < body->items.at[i].count; j++) {
            const Item *item = &body->items.at[i];
            const Ref *ref = &item->in[j];
            if (ref->kind == REF_DATA ||
                (ref->kind == REF_ITEM && ref->item >= window->first))
                continue;
            if (!item_is_there(item, k))
                continue;
            return item->block ? item->block->body.in[item->use[k]]
                               : item->node[k]->input[ref->place];
        }
    BUG("nothing flows into a part that repeats");
}

static Block *block_made(Writer *w, const Pattern *pattern)
{
    Block *block = NEW(w->arena, Block);
    Body *body = &block->body;
    int next = 0;
    body->block = block;
    body->number = w->blocks.count + 1;
    body->option = pattern->option;
    for (int n = 0; n < pattern->windows.count; n++)
        body->instances += pattern->windows.at[n].body->instances;
    body->in = NEW_N(w->arena, const Tensor *, body->instances);
    for (int n = 0; n < pattern->windows.count; n++) {
        const Window *window = &pattern->windows.at[n];
        for (int k = 0; k < window->body->instances; k++)
            body->in[next++] = window_in(window, k);
    }
    for (int i = 0; i < pattern->length; i++)
        vec_push(&body->items, item_made(w, pattern, body, i));
    count_readers(body);
    block_params(w, block);
    return block;
}

static void block_free(Block *block)
{
    vec_free(&block->body.items);
    vec_free(&block->body.names);
    vec_free(&block->params);
}

/* ---- its uses --------------------------------------------------------------------------- */

/* The window as one item; instances of the block from `first` on are its. */
static Item use_made(Writer *w, Block *block, const Window *window, int first)
{
    const Body *body = window->body;
    const Item *last = &body->items.at[window->first + window->length - 1];
    Item use = { .op = OP_COUNT, .block = block, .count = 1 };
    use.in = NEW(w->arena, Ref);
    for (int i = window->first; i < window->first + window->length; i++)
        for (int j = 0; j < body->items.at[i].count; j++) {
            const Ref *ref = &body->items.at[i].in[j];
            if (ref->kind != REF_DATA &&
                !(ref->kind == REF_ITEM && ref->item >= window->first))
                *use.in = *ref;
        }
    use.in->role = NULL;
    use.use = NEW_N(w->arena, int, body->instances);
    for (int k = 0; k < body->instances; k++)
        use.use[k] = first + k;
    use.wanted = window->prefix;
    use.is_output = last->is_output;
    return use;
}

/* The arguments of the use, in the terms of its body; what parameters that
 * body would need for them is taken back. */
static char *use_text(Writer *w, const Body *body, const Item *use)
{
    const int before = body->block ? body->block->params.count : 0;
    Text text = { 0 };
    item_arguments(w, body, use, &text);
    if (body->block)
        body->block->params.count = before;
    return text_take(&text, w->arena);
}

/* ---- what it saves ------------------------------------------------------------------------- */

/* A block that starts with an activation is worth less: it should have ended
 * the one before. */
enum {
    HEAD = 45,
    CALL = 18,
    ODD_START = 24,
    FEW_PARAMS = 3, /* each more makes it harder to read */
    PARAM = 40,
    MOST_PARAMS = 6
};

static bool starts_oddly(const Body *body)
{
    const Item *item = &body->items.at[0];
    return !item->block && item->count == 1 && op_info[item->op].elementwise;
}

/* " as wide.0.conv1"; names of uses that are counted come from their chain. */
static int name_cost(const Item *item)
{
    const char *dot = item->wanted ? strrchr(item->wanted, '.') : NULL;
    if (!dot ||
        (item->block && strspn(dot + 1, "0123456789") == strlen(dot + 1)))
        return 0;
    return (int)strlen(item->wanted) + 4;
}

int item_cost(const Item *item)
{
    return item->cost + name_cost(item);
}

static int body_cost(Writer *w, const Body *body)
{
    int cost = HEAD;
    for (int i = 0; i < body->items.count; i++) {
        const Item *item = &body->items.at[i];
        Text text = { 0 };
        item_arguments(w, body, item, &text);
        cost += (int)text.length + 10 + name_cost(item);
        text_free(&text);
    }
    return cost + (body->option.first >= 0 ? HEAD : 0) +
           (starts_oddly(body) ? ODD_START : 0);
}

/* Uses that follow each other with the same arguments are one with '* N'. */
static int uses_cost(Writer *w, const Pattern *pattern, Block *block)
{
    const Window *before = NULL;
    const char *said = NULL;
    int cost = 0, next = 0;
    for (int n = 0; n < pattern->windows.count; n++) {
        const Window *window = &pattern->windows.at[n];
        const Item use = use_made(w, block, window, next);
        const char *text = use_text(w, window->body, &use);
        bool same = before && before->body == window->body &&
                    before->first + before->length == window->first &&
                    strcmp(said, text) == 0;
        if (!same)
            cost += CALL + (int)strlen(text) + name_cost(&use);
        next += window->body->instances;
        before = window;
        said = text;
    }
    return cost;
}

int pattern_saves(Writer *w, const Pattern *pattern)
{
    Writer scratch = *w;
    Block *block;
    int saves = 0;
    scratch.arena = arena_new();
    block = block_made(&scratch, pattern);
    for (int n = 0; n < pattern->windows.count; n++) {
        const Window *window = &pattern->windows.at[n];
        for (int i = 0; i < window->length; i++)
            saves += item_cost(&window->body->items.at[window->first + i]);
    }
    saves -= body_cost(&scratch, &block->body);
    saves -= uses_cost(&scratch, pattern, block);
    if (block->params.count > FEW_PARAMS)
        saves -= PARAM * (block->params.count - FEW_PARAMS);
    if (block->params.count > MOST_PARAMS)
        saves = 0;
    block_free(block);
    arena_free(scratch.arena);
    return saves;
}

/* ---- the change --------------------------------------------------------------------------------- */

static void move_ref(Ref *ref, const int *moved)
{
    if (ref->kind == REF_ITEM)
        ref->item = moved[ref->item];
}

/* A use that repeats the one before it costs nothing. */
static void cost_uses(Writer *w, Body *body)
{
    const char *before = "";
    for (int i = 0; i < body->items.count; i++) {
        Item *item = &body->items.at[i];
        const char *text = item->block ? use_text(w, body, item) : "";
        const bool again = item->block && i > 0 &&
                           item[-1].block == item->block &&
                           strcmp(text, before) == 0;
        if (item->block)
            item->cost = again ? 0 : CALL + (int)strlen(text);
        before = text;
    }
}

/* Items of the body that windows cover are left out, but for their last,
 * which is the use; moved: where each is now. */
static void contract(Writer *w, const Pattern *pattern, Block *block,
                     Body *body)
{
    const int count = body->items.count;
    Item *uses = NEW_N(w->arena, Item, count);
    char *state = arena_alloc(w->arena, (size_t)count); /* 1: goes, 2: use */
    int *moved = NEW_N(w->arena, int, count), kept = 0, next = 0;
    for (int n = 0; n < pattern->windows.count; n++) {
        const Window *window = &pattern->windows.at[n];
        const int last = window->first + window->length - 1;
        if (window->body == body) {
            memset(state + window->first, 1, (size_t)window->length);
            state[last] = 2;
            uses[last] = use_made(w, block, window, next);
        }
        next += window->body->instances;
    }
    for (int i = 0; i < count; i++) {
        moved[i] = kept;
        if (state[i] != 1)
            body->items.at[kept++] = state[i] ? uses[i] : body->items.at[i];
    }
    body->items.count = kept;
    for (int i = 0; i < kept; i++)
        for (int j = 0; j < body->items.at[i].count; j++)
            move_ref(&body->items.at[i].in[j], moved);
    if (body->option.first >= 0) {
        body->option.first = moved[body->option.first];
        body->option.last = moved[body->option.last];
        move_ref(&body->option.instead, moved);
    }
}

void pattern_apply(Writer *w, const Pattern *pattern)
{
    Block *block = block_made(w, pattern);
    contract(w, pattern, block, &w->network);
    cost_uses(w, &w->network);
    for (int i = 0; i < w->blocks.count; i++) {
        contract(w, pattern, block, &w->blocks.at[i]->body);
        cost_uses(w, &w->blocks.at[i]->body);
    }
    vec_push(&w->blocks, block);
    cost_uses(w, &block->body);
}
