/*
 * scope.c - the names of one use of a block, or of the network's own lines.
 *
 *     main = in -> conv(...)       'main' and 'in' are values of the block,
 *     add(main, in) -> relu        'filters' one of its parameters
 *
 * A block sees nothing of what is around it but what flows in and what its
 * arguments bring. A name gets a value once, and another one only within an
 * 'if' that may replace it.
 */
#include "language/local.h"

#include <string.h>

Scope *scope_new(Elaborator *e, Scope *outer, Statement *block)
{
    Scope *scope = NEW(e->scratch, Scope);
    scope->e = e;
    scope->outer = outer;
    scope->block = block;
    scope->body = block ? block->block.body : e->body;
    scope->lines = scope->body;
    scope->path = "";
    scope->depth = outer ? outer->depth + 1 : 0;
    return scope;
}

/* ---- values ------------------------------------------------------------------ */

Value *value_new(Scope *scope, Tensor *tensor, Range range)
{
    Value *value = NEW(scope->e->scratch, Value);
    value->tensor = tensor;
    value->range = range;
    value->body = scope->lines;
    return value;
}

Value *value_poison(Scope *scope, Range range)
{
    Tensor *tensor = NEW(scope->e->scratch, Tensor);
    Value *value = value_new(scope, tensor, range);
    tensor->poisoned = true;
    value->used = true;
    return value;
}

bool value_is_poison(const Value *value)
{
    return value->tensor->poisoned;
}

Value *scope_value(Scope *scope, const char *name)
{
    const Constant *parameter = map_get(&scope->parameters, name);
    if (parameter)
        return parameter->kind == CONSTANT_VALUE ? parameter->value : NULL;
    return map_get(&scope->values, name);
}

/* A name that begins with '_' says that it may be unused. */
static void warn_unused(Scope *scope, const Value *value)
{
    bool input = value->tensor->kind == TENSOR_INPUT;
    if (value->used || (value->name && value->name[0] == '_'))
        return;
    if (value->name)
        report_warning(scope, value->range, "%s '%s' is never used",
                       input ? "input" : "value", value->name);
    else if (!input)
        report_warning(scope, value->range,
                       "the value of this line is never used");
}

void scope_free(Scope *scope)
{
    for (int i = 0; i < scope->values.entries.count; i++)
        warn_unused(scope, scope->values.entries.at[i].value);
    if (scope->running)
        warn_unused(scope, scope->running);
    map_free(&scope->values);
    map_free(&scope->parameters);
    map_free(&scope->counts);
    map_free(&scope->paths);
}

/* ---- definitions ----------------------------------------------------------------- */

static bool means_something(Scope *scope, const char *name, Range range)
{
    Statement *block = map_get(&scope->e->blocks, name);
    const char *kind = strcmp(name, "in") == 0     ? "what flows in"
                       : op_find(name) != OP_COUNT ? "a layer"
                       : block                     ? "a block"
                       : map_get(&scope->parameters, name)
                           ? "a parameter of the block"
                           : NULL;
    if (!kind)
        return false;
    if (report_first(scope, range, "'%s' is %s, not a name for a value", name,
                     kind)) {
        if (block)
            diag_note(block->name_range, "the block is here");
        report_uses(scope);
    }
    return true;
}

bool scope_define(Scope *scope, const char *name, Range range, Value *value)
{
    Value *old = map_get(&scope->values, name);
    if (means_something(scope, name, range))
        return false;
    if (old && old->body == scope->lines) {
        if (report_first(scope, range, "'%s' has a value already", name)) {
            diag_note(old->range, "it is given here");
            report_uses(scope);
        }
        return false;
    }
    value->name = name;
    map_set(&scope->values, name, value);
    return true;
}

void scope_flow(Scope *scope, Value *value)
{
    if (scope->running && !scope->running->name)
        warn_unused(scope, scope->running);
    scope->running = value;
}

/* ---- names that mean nothing -------------------------------------------------------- */

/* The line that gives the name a value, wherever it stands. */
static const Statement *definition_in(const Body *body, const char *name)
{
    for (const Statement *s = body ? body->first : NULL; s; s = s->next) {
        const Statement *found = NULL;
        if (s->kind == STATEMENT_IF) {
            found = definition_in(s->branch.yes, name);
            if (!found)
                found = definition_in(s->branch.no, name);
        } else if (s->kind == STATEMENT_CHAIN || s->kind == STATEMENT_INPUT ||
                   s->kind == STATEMENT_PARAMETER) {
            found = s->name == name ? s : NULL;
        }
        if (found)
            return found;
    }
    return NULL;
}

static bool without_value_yet(Scope *scope, Range range, const char *name)
{
    const Statement *s = definition_in(scope->body, name);
    bool later = s && s->range.end > range.start;
    if (!s)
        return false;
    if (report_first(scope, range,
                     later ? "'%s' is used before it has a value"
                           : "'%s' has no value here",
                     name)) {
        diag_note(s->name_range, later ? "it gets one here"
                                       : "it gets one only where the 'if' "
                                         "around this line holds");
        report_uses(scope);
    }
    return true;
}

static bool of_the_network(Scope *scope, Range range, const char *name)
{
    Scope *network = scope;
    while (network->outer)
        network = network->outer;
    if (network == scope || !map_get(&network->values, name))
        return false;
    if (report(scope, range, "'%s' is not known within the block", name))
        diag_hint("a block sees what flows in and its arguments: give it "
                  "a parameter for '%s'",
                  name);
    return true;
}

void scope_unknown(Scope *scope, Range range, const char *kinds,
                   const char *name, bool layers)
{
    const Map *const maps[] = { &scope->values, &scope->parameters,
                                &scope->e->blocks };
    if (without_value_yet(scope, range, name) ||
        of_the_network(scope, range, name))
        return;
    if (!report(scope, range, "no %s '%s'", kinds, name))
        return;
    if (strcmp(name, "in") == 0)
        diag_hint("'in' is what flows into a block: there is none around");
    else
        report_nearest(name, maps, layers ? 3 : 2, layers);
}
