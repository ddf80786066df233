/*
 * step.c - chains: from the value that flows in to the one that comes out.
 *
 *     layer2 = residual(32, stride=2) -> residual(32) * 2 -> relu
 *              layer2.0                  layer2.1, .2        relu1
 *
 * A layer's path is the prefix of its block, then its own name: what 'as'
 * says, or its kind and its count in the block. Blocks of a named chain are
 * called after the chain, numbered where there are several (or one with '*').
 */
#include "language/local.h"

#include "language/grammar.h"

#include <string.h>

/* How the layers of one chain are named. */
typedef struct Naming {
    const char *name; /* of the chain; NULL: none */
    bool numbered;
    int next;
} Naming;

const char *path_join_names(Arena *arena, const char *path, const char *name)
{
    return *path ? name_intern(arena_printf(arena, "%s.%s", path, name)) : name;
}

static Naming naming_of(Scope *scope, const Chain *chain, const char *name)
{
    Naming naming = { name, false, 0 };
    int blocks = 0;
    for (const Step *step = chain->first; step; step = step->next)
        if (!step->as && map_get(&scope->e->blocks, step->name)) {
            blocks++;
            naming.numbered |= step->repeat != NULL;
        }
    naming.numbered |= blocks > 1;
    return naming;
}

/* conv1, conv2, ...: counts all layers of the kind in this block. */
static const char *counted_name(Scope *scope, const char *kind, bool only_count)
{
    int *count = map_get(&scope->counts, kind);
    if (!count) {
        count = NEW(scope->e->scratch, int);
        map_set(&scope->counts, kind, count);
    }
    ++*count;
    return only_count ? NULL
                      : name_intern(arena_printf(scope->e->scratch, "%s%d",
                                                 kind, *count));
}

/* twins.0, twins.1, ...; features.3, features.4, ... for "features.3". */
static const char *repeated_name(Arena *arena, const char *as, int64_t at)
{
    const char *dot = strrchr(as, '.');
    int64_t first;
    if (!dot || !parse_int64(dot + 1, &first) || first < 0 || first > INT32_MAX)
        return name_intern(arena_printf(arena, "%s.%lld", as, (long long)at));
    return name_intern(arena_printf(arena, "%.*s.%lld", (int)(dot - as), as,
                                    (long long)(first + at)));
}

/* The name within the block; `at` is the number of this repetition. */
static const char *step_name(Scope *scope, Naming *naming, const Step *step,
                             int64_t at)
{
    Arena *scratch = scope->e->scratch;
    bool block = map_get(&scope->e->blocks, step->name) != NULL;
    bool given = step->as || (naming->name && block);
    const char *name = counted_name(scope, step->name, given);
    if (step->as && step->repeat)
        return repeated_name(scratch, step->as, at);
    if (step->as)
        return step->as;
    if (!given)
        return name;
    if (!naming->numbered)
        return naming->name;
    return name_intern(
        arena_printf(scratch, "%s.%d", naming->name, naming->next++));
}

bool path_is_free(Scope *scope, Range range, const char *name)
{
    Range *other = map_get(&scope->paths, name);
    if (!other) {
        other = arena_copy(scope->e->scratch, &range, sizeof range);
        map_set(&scope->paths, name, other);
        return true;
    }
    if (report_first(scope, range, "two layers are called '%s'", name)) {
        diag_note(*other, "the other one is here");
        report_uses(scope);
    }
    return false;
}

/* ---- what flows in -------------------------------------------------------------- */

/* The value that a chain starts from: its first member without parentheses. */
static Value *chain_source(Scope *scope, const Step *step)
{
    Value *value = NULL;
    if (!step->called && !step->repeat && !step->as)
        value = scope_value(scope, step->name);
    if (value)
        value->used = true;
    return value;
}

/* What the line before left; an error where there is nothing yet. */
static Value *running_value(Scope *scope, const Step *step)
{
    if (!scope->running) {
        if (report(scope, step->range, "nothing flows into '%s' yet",
                   step->name))
            diag_hint("a line goes on from the line before it: an 'input' "
                      "comes first");
        scope->running = value_poison(scope, step->range);
    }
    scope->running->used = true;
    return scope->running;
}

/* ---- operators --------------------------------------------------------------------- */

/* A number, or a list with one for each channel, as a tensor. */
static Tensor *constant_tensor(Scope *scope, const Constant *constant,
                               const char *path, int place)
{
    Graph *graph = scope->e->graph;
    int count = constant->kind == CONSTANT_LIST ? constant->list.count : 1;
    float *data = NEW_N(scope->e->scratch, float, count);
    Shape shape = { 0 };
    double number = 0;
    for (int i = 0; i < count; i++) {
        bool list = constant->kind == CONSTANT_LIST;
        constant_number(list ? &constant->list.at[i] : constant, &number);
        data[i] = (float)number;
    }
    if (constant->kind == CONSTANT_LIST) {
        shape.rank = 1;
        shape.dim[0] = count;
    }
    return graph_constant(
        graph, arena_printf(scope->e->scratch, "%s.constant%d", path, place),
        shape, data);
}

static bool inputs_are_right(Scope *scope, const Step *step, Op op,
                             const Bound *bound, bool flows)
{
    const OpInfo *info = &op_info[op];
    int count = bound->inputs.count + flows;
    if (count < info->least_inputs || count > info->most_inputs) {
        bool few = count < info->least_inputs;
        if (report(scope, step->range, "'%s' takes %s%d values, got %d",
                   info->name,
                   info->least_inputs == info->most_inputs ? ""
                   : few                                   ? "at least "
                                                           : "at most ",
                   few ? info->least_inputs : info->most_inputs, count) &&
            few)
            diag_hint("write the values as arguments: %s(a, b)", info->name);
        return false;
    }
    for (int i = 0; i < bound->inputs.count; i++) {
        const Constant *c = &bound->inputs.at[i];
        double number;
        if (c->kind != CONSTANT_VALUE && !constant_number(c, &number) &&
            (c->kind != CONSTANT_LIST || c->list.count == 0)) {
            report(scope, c->range, "'%s' takes values and numbers, got %s",
                   info->name, constant_kind(c));
            return false;
        }
    }
    return true;
}

/* The node, its attributes set and its shape known; NULL after an error. */
static Node *operator_node(Scope *scope, Step *step, Op op, const char *path,
                           Value *flow, const Bound *bound)
{
    Elaborator *e = scope->e;
    int count = bound->inputs.count + (flow != NULL), next = 0;
    Tensor **inputs = NEW_N(e->scratch, Tensor *, count);
    Node *node;
    if (flow)
        inputs[next++] = flow->tensor;
    for (int i = 0; i < bound->inputs.count; i++) {
        const Constant *c = &bound->inputs.at[i];
        inputs[next] = c->kind == CONSTANT_VALUE
                           ? c->value->tensor
                           : constant_tensor(scope, c, path, next);
        next++;
    }
    node = graph_add(e->graph, op, path, inputs, count,
                     elaborate_origin(scope, step->range));
    node->attr_range = NEW_N(e->keep, Range, MAX_ATTRS);
    for (int i = 0; i < op_info[op].attr_count; i++) {
        if (!bound->given[i])
            continue;
        node->attr_range[i] = bound->attr_range[i];
        argument_store(scope, op, i, bound, node->attrs);
    }
    return graph_infer_node(e->graph, node) && given_attach(scope, node, bound)
               ? node
               : NULL;
}

/* Whether the arguments have the types of the attributes. Looked at even where
 * no value flows in, so that one run finds every wrong argument. */
static bool arguments_fit(Scope *scope, Op op, const Bound *bound)
{
    void *attrs = arena_alloc(scope->e->scratch, op_info[op].attrs_size);
    bool good = true;
    for (int i = 0; i < op_info[op].attr_count; i++)
        if (bound->given[i] && bound->attr[i].kind != CONSTANT_POISON)
            good &= argument_store(scope, op, i, bound, attrs);
    return good;
}

/* A mistake in a layer is reported once, at the first use of its block. */
static Value *apply_operator(Scope *scope, Step *step, Op op, const char *path,
                             Value *flow)
{
    Bound bound = { 0 };
    Value *result = NULL;
    bool good = arguments_bind(scope, step, op, &bound);
    good &= arguments_fit(scope, op, &bound);
    if (!flow && !bound.has_values)
        flow = running_value(scope, step);
    good = good && !(flow && value_is_poison(flow)) && !step->failed &&
           !scope->e->stopped &&
           inputs_are_right(scope, step, op, &bound, flow != NULL);
    if (good) {
        Node *node = operator_node(scope, step, op, path, flow, &bound);
        if (node)
            result = value_new(scope, node->output[0], step->range);
        else
            step->failed = true;
    }
    vec_free(&bound.inputs);
    vec_free(&bound.given_values);
    return result ? result : value_poison(scope, step->range);
}

/* ---- one member of a chain ------------------------------------------------------------ */

static Value *apply_nothing(Scope *scope, const Step *step)
{
    const Value *value = scope_value(scope, step->name);
    if (value && value_is_poison(value)) {
        ; /* may have been meant as a block, in a line that is broken */
    } else if (value && step->repeat) {
        if (report(scope, step->range, "'%s' is a value: it cannot be repeated",
                   step->name))
            diag_hint("to multiply it, write mul(%s, ...)", step->name);
    } else if (value) {
        if (report(scope, step->name_range, "'%s' is a value, not a layer",
                   step->name))
            diag_hint("a chain may start from a value, as in '%s -> relu'",
                      step->name);
    } else {
        scope_unknown(scope, step->name_range,
                      step->called ? "layer or block" : "layer, block or value",
                      step->name, true);
    }
    constant_look(scope, &step->args);
    return value_poison(scope, step->range);
}

/* Whether a name can end here: what follows is none of the syntax's business
 * where the mistake is elsewhere. */
static bool may_follow_name(int kind)
{
    return kind == '(' || kind == ':' || kind == '*' || kind == TOK_ARROW ||
           kind == TOK_AS || kind == TOK_COMMENT || kind == TOK_NEWLINE ||
           kind == 0;
}

void elaborate_broken_chain(Scope *scope, Range range)
{
    Source part = *range.source;
    Token token = { .kind = TOK_NEWLINE }, name;
    Scanner scanner;
    part.length = range.end;
    scanner_open(&scanner, &part, range.start);
    while (token.kind != 0 && token.kind != '{') {
        bool arrow = token.kind == TOK_ARROW;
        name = token = scanner_next(&scanner);
        if (token.kind == TOK_BIND)
            break; /* its arrow leads to a weight */
        if (!arrow || token.kind != TOK_NAME)
            continue;
        token = scanner_next(&scanner);
        name.range.source = range.source;
        Step step = { .name = syntax_name(name.range),
                      .name_range = name.range,
                      .range = name.range,
                      .called = token.kind == '(' };
        if (may_follow_name(token.kind) && op_find(step.name) == OP_COUNT &&
            !map_get(&scope->e->blocks, step.name))
            apply_nothing(scope, &step);
    }
    scanner_close(&scanner);
}

static Value *apply_once(Scope *scope, Step *step, Value *flow,
                         const char *name)
{
    Statement *block = map_get(&scope->e->blocks, step->name);
    Op op = op_find(step->name);
    const char *path = path_join_names(scope->e->scratch, scope->path, name);
    if (!report_limits(scope, step->range, op != OP_COUNT) ||
        !path_is_free(scope, step->as ? step->as_range : step->range, name))
        return value_poison(scope, step->range);
    if (op != OP_COUNT)
        return apply_operator(scope, step, op, path, flow);
    if (!flow)
        flow = running_value(scope, step);
    return elaborate_block(scope, step, block, flow, path);
}

/* How often the step is there; -1 after an error. */
static int64_t repeat_count(Scope *scope, const Step *step)
{
    Constant constant;
    int64_t count;
    if (!step->repeat)
        return 1;
    constant = constant_of(scope, step->repeat);
    if (constant.kind == CONSTANT_POISON)
        return -1;
    if (constant_whole(&constant, &count) && count >= 0)
        return count;
    if (report_first(scope, step->repeat->range,
                     "a layer is repeated a whole number of times, got %s",
                     constant_show(scope->e->scratch, &constant))) {
        report_constant(&constant, step->repeat->range);
        report_uses(scope);
    }
    return -1;
}

/* flow: NULL at the start of a line, where the line before flows in. */
static Value *apply_step(Scope *scope, Naming *naming, Step *step, Value *flow)
{
    int64_t count = repeat_count(scope, step);
    if (op_find(step->name) == OP_COUNT &&
        !map_get(&scope->e->blocks, step->name))
        return apply_nothing(scope, step);
    if (count == 0 && !flow)
        return running_value(scope, step);
    for (int64_t i = 0; i < count && !scope->e->stopped; i++)
        flow = apply_once(scope, step, flow, step_name(scope, naming, step, i));
    return count < 0 || !flow ? value_poison(scope, step->range) : flow;
}

/* Claims are checked here; classes(...) is the affair of an output line. */
static void step_notes(Scope *scope, const Chain *chain, const Step *step,
                       const Value *value)
{
    for (const Note *note = step->notes; note; note = note->next)
        if (note->expr->kind == EXPR_LIST)
            elaborate_claim(scope, note->expr, value);
        else if (scope->e->output != chain || step != chain->last)
            report(scope, note->expr->range,
                   "'%s(...)' belongs into an 'output' line",
                   note->expr->call.name);
}

Value *elaborate_chain(Scope *scope, const Chain *chain, const char *name,
                       bool *from_source)
{
    Naming naming = naming_of(scope, chain, name);
    Step *step = chain->first;
    Value *flow = chain_source(scope, step);
    *from_source = flow != NULL;
    if (flow) {
        step_notes(scope, chain, step, flow);
        step = step->next;
    }
    for (; step; step = step->next) {
        flow = apply_step(scope, &naming, step, flow);
        step_notes(scope, chain, step, flow);
    }
    return flow;
}
