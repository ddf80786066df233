/*
 * elaborate.c - unfolds the syntax tree into a graph, line by line.
 *
 *     layer1 = residual(16)   ->   layer1.conv1 = conv(...), layer1.bn1 = ...
 *
 * What the line before left is the running value: a line without a source goes
 * on from it. A named chain inside a block that starts from a named value is a
 * side branch, which leaves it alone. Shapes are known as soon as a layer is
 * there, so that an 'if' can ask for them.
 */
#include "language/local.h"

#include <string.h>

/* ---- lines ------------------------------------------------------------------------ */

static void elaborate_named(Scope *scope, const Statement *s)
{
    bool from_source, alias;
    Value *value = elaborate_chain(scope, s->chain, s->name, &from_source);
    alias = from_source && s->chain->first == s->chain->last;
    if (value_is_poison(value)) {
        value = value_poison(scope, s->range);
    } else {
        if (!alias)
            value->tensor->label = s->name;
        value = value_new(scope, value->tensor, s->name_range);
    }
    scope->last = value;
    if (!scope_define(scope, s->name, s->name_range, value))
        value->used = true;
    if (!from_source || !scope->block)
        scope_flow(scope, value);
}

static void elaborate_line(Scope *scope, const Statement *s)
{
    bool from_source;
    if (s->name) {
        elaborate_named(scope, s);
        return;
    }
    scope->last = elaborate_chain(scope, s->chain, NULL, &from_source);
    scope_flow(scope, scope->last);
}

/* Names that lines of the body would define, had it been elaborated. */
static void poison_body(Scope *scope, const Body *body)
{
    for (const Statement *s = body ? body->first : NULL; s; s = s->next) {
        if ((s->kind == STATEMENT_CHAIN || s->kind == STATEMENT_PARAMETER) &&
            s->name)
            map_set(&scope->values, s->name, value_poison(scope, s->range));
        if (s->kind == STATEMENT_IF) {
            poison_body(scope, s->branch.yes);
            poison_body(scope, s->branch.no);
        }
    }
    scope->running = scope->last = value_poison(scope, NO_RANGE);
}

static void elaborate_if(Scope *scope, const Statement *s)
{
    const Expr *condition = s->branch.condition;
    const Body *lines = scope->lines, *taken;
    Constant constant = { 0 };
    if (condition)
        constant = constant_of(scope, condition);
    if (constant.kind == CONSTANT_BOOL) {
        taken = constant.truth ? s->branch.yes : s->branch.no;
        if (taken)
            elaborate_body(scope, taken);
        scope->lines = lines;
        return;
    }
    if (constant.kind != CONSTANT_POISON)
        report(scope, condition->range, "an 'if' needs a condition, got %s",
               constant_kind(&constant));
    poison_body(scope, s->branch.yes);
    poison_body(scope, s->branch.no);
}

/* A line that could not be parsed: what it names is not known, no more; what
 * stands behind its arrows is looked at all the same. */
static void elaborate_broken(Scope *scope, const Statement *s)
{
    Value *value = value_poison(scope, s->range);
    if (s->name && op_find(s->name) == OP_COUNT)
        map_set(&scope->values, s->name, value);
    elaborate_broken_chain(scope, s->range);
    scope->running = scope->last = value;
    scope->e->broken = true;
}

/* ---- statements --------------------------------------------------------------------- */

/* Statements that are not chains belong to the network itself. */
static bool in_its_place(Scope *scope, const Statement *s)
{
    bool anywhere = s->kind == STATEMENT_BROKEN || s->kind == STATEMENT_IF ||
                    s->kind == STATEMENT_CHAIN || s->kind == STATEMENT_BLOCK ||
                    s->kind == STATEMENT_PARAMETER;
    bool in_if = scope->lines != scope->body;
    if (anywhere || (!scope->block && !in_if))
        return true;
    report(scope, s->range, "this line cannot stand within %s",
           in_if ? "an 'if'" : "a block");
    return false;
}

static void elaborate_statement(Scope *scope, const Statement *s)
{
    switch (s->kind) {
    case STATEMENT_BROKEN: elaborate_broken(scope, s); return;
    case STATEMENT_NETWORK: return; /* network_name has seen it */
    case STATEMENT_WEIGHTS: elaborate_weights(scope, s); return;
    case STATEMENT_INPUT: elaborate_input(scope, s); return;
    case STATEMENT_PARAMETER: elaborate_parameter(scope, s); return;
    case STATEMENT_OUTPUT: elaborate_output(scope, s); return;
    case STATEMENT_BLOCK: return; /* blocks_collect has seen it */
    case STATEMENT_IF: elaborate_if(scope, s); return;
    case STATEMENT_CHAIN: elaborate_line(scope, s); return;
    case STATEMENT_LOSS: return; /* elaborate_losses, behind all outputs */
    case STATEMENT_BIND: elaborate_bind(scope, s); return;
    case STATEMENT_TRAIN: return; /* parsed, no more */
    }
    BUG("no statement kind %d", (int)s->kind);
}

void elaborate_body(Scope *scope, const Body *body)
{
    scope->lines = body;
    for (const Statement *s = body->first; s; s = s->next) {
        if (!report_limits(scope, s->range, false)) {
            scope->last = value_poison(scope, s->range);
            return;
        }
        if (in_its_place(scope, s))
            elaborate_statement(scope, s);
    }
}

static void elaborate_losses(Scope *scope)
{
    for (const Statement *s = scope->body->first; s; s = s->next)
        if (s->kind == STATEMENT_LOSS)
            elaborate_loss(scope, s);
}

/* ---- the network ----------------------------------------------------------------------- */

/* 'network NAME' is the first line; another name is made up after an error. */
static const char *network_name(Scope *scope)
{
    const Statement *first = scope->body->first, *network = NULL;
    Range start = { scope->e->source, 0, 0 };
    for (const Statement *s = first; s; s = s->next) {
        if (s->kind != STATEMENT_NETWORK)
            continue;
        if (network) {
            if (report(scope, s->range, "there is a second 'network'"))
                diag_note(network->range, "the first one is here");
        } else if (s != first && first->kind != STATEMENT_BROKEN) {
            report(scope, s->range, "'network' is the first line of a file");
        }
        network = network ? network : s;
    }
    if (network) {
        scope->e->network = network->range;
        return network->name;
    }
    scope->e->network = first ? first->range : start;
    if (!first || first->kind != STATEMENT_BROKEN) {
        if (report(scope, first ? first->range : start,
                   first ? "a file starts with 'network' and a name"
                         : "there is no network in this file"))
            diag_hint("write a line such as: network lenet5");
    }
    return "network";
}

static bool has_broken_lines(const Body *body)
{
    for (const Statement *s = body ? body->first : NULL; s; s = s->next) {
        if (s->kind == STATEMENT_BROKEN ||
            (s->kind == STATEMENT_BLOCK && s->block.broken))
            return true;
        if (s->kind == STATEMENT_IF &&
            (has_broken_lines(s->branch.yes) || has_broken_lines(s->branch.no)))
            return true;
    }
    return false;
}

static void elaborator_free(Elaborator *e)
{
    map_free(&e->blocks);
    map_free(&e->reported);
    map_free(&e->outputs);
}

Graph *elaborate(Arena *keep, Arena *scratch, const Source *source,
                 const Body *body, int errors)
{
    Elaborator e = {
        .keep = keep, .scratch = scratch, .source = source, .body = body
    };
    Scope *scope = scope_new(&e, NULL, NULL);
    Graph *graph;
    e.errors = errors;
    e.broken = has_broken_lines(body);
    e.graph = graph_new(keep, network_name(scope));
    e.graph->source = source;
    if (body->first) {
        blocks_collect(scope, body, true);
        elaborate_body(scope, body);
        scope->lines = body;
        elaborate_losses(scope);
        elaborate_end(scope);
    }
    scope_free(scope);
    elaborator_free(&e);
    graph = diag_error_count() == errors ? e.graph : NULL;
    if (!graph)
        graph_free(e.graph);
    return graph;
}

Graph *lang_read(Arena *keep, const Source *source)
{
    Arena *scratch = arena_new();
    int errors = diag_error_count();
    Body *body = syntax_parse(scratch, source);
    Graph *graph = NULL;
    if (body)
        graph = elaborate(keep, scratch, source, body, errors);
    arena_free(scratch);
    return graph;
}
