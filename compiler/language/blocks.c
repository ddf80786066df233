/*
 * blocks.c - the blocks of a file, and each use of one.
 *
 *     block residual(filters, stride=1) { ... }
 *     layer2 = residual(32, stride=2)        filters = 32, stride = 2
 *
 * A use is elaborated like lines of the network, in a scope of its own: 'in'
 * is what flows in, and the value of the last line flows out.
 */
#include "language/local.h"

#include <string.h>

/* ---- definitions ---------------------------------------------------------------- */

/* A use of a block that is wrong here would be reported for no reason. */
static void check_parameters(Scope *scope, Statement *block)
{
    Map names = { 0 };
    bool fallback = false;
    for (Arg *p = block->block.parameters.first; p; p = p->next) {
        Arg *other = map_get(&names, p->name);
        if (strcmp(p->name, "in") == 0)
            report(scope, p->name_range,
                   "'in' is what flows into the block, "
                   "not a name for a parameter");
        if (other &&
            report(scope, p->name_range, "block '%s' has two parameters '%s'",
                   block->name, p->name))
            diag_note(other->name_range, "the other one is here");
        if (fallback && !p->value)
            report(scope, p->name_range,
                   "parameter '%s' needs a default: the one before it has one",
                   p->name);
        if (other || (fallback && !p->value))
            block->block.broken = true;
        fallback |= p->value != NULL;
        map_set(&names, p->name, p);
    }
    map_free(&names);
}

static void collect_block(Scope *scope, Statement *s)
{
    Elaborator *e = scope->e;
    Statement *other = s->name ? map_get(&e->blocks, s->name) : NULL;
    if (!s->name)
        return;
    if (op_find(s->name) != OP_COUNT || strcmp(s->name, "in") == 0) {
        report(scope, s->name_range, "'%s' is %s, not a name for a block",
               s->name,
               strcmp(s->name, "in") == 0 ? "what flows in" : "a layer");
    } else if (other) {
        if (report(scope, s->name_range, "there are two blocks '%s'", s->name))
            diag_note(other->name_range, "the other one is here");
        s->block.used = true;
    } else {
        map_set(&e->blocks, s->name, s);
    }
    check_parameters(scope, s);
}

void blocks_collect(Scope *scope, const Body *body, bool outermost)
{
    for (Statement *s = body ? body->first : NULL; s; s = s->next) {
        if (s->kind == STATEMENT_BLOCK && outermost)
            collect_block(scope, s);
        else if (s->kind == STATEMENT_BLOCK)
            report(scope, s->range,
                   "a block cannot be defined within "
                   "another block or an 'if'");
        if (s->kind == STATEMENT_BLOCK)
            blocks_collect(scope, s->block.body, false);
        if (s->kind == STATEMENT_IF) {
            blocks_collect(scope, s->branch.yes, false);
            blocks_collect(scope, s->branch.no, false);
        }
    }
}

/* ---- parameters -------------------------------------------------------------------- */

static const Arg *parameter_at(const Statement *block, int place)
{
    const Arg *p = block->block.parameters.first;
    while (p && place-- > 0)
        p = p->next;
    return p;
}

static const Arg *parameter_named(Scope *scope, const Statement *block,
                                  const Arg *arg)
{
    Map names = { 0 };
    const Map *maps[] = { &names };
    const Arg *p = block->block.parameters.first;
    while (p && p->name != arg->name)
        p = p->next;
    if (p || !report(scope, arg->name_range, "block '%s' has no parameter '%s'",
                     block->name, arg->name))
        return p;
    for (Arg *q = block->block.parameters.first; q; q = q->next)
        map_set(&names, q->name, q);
    report_nearest(arg->name, maps, 1, false);
    map_free(&names);
    return NULL;
}

static void set_parameter(Scope *inner, const Arg *parameter, Constant constant)
{
    Constant *copy = arena_copy(inner->e->scratch, &constant, sizeof constant);
    map_set(&inner->parameters, parameter->name, copy);
}

static bool bind_argument(Scope *scope, Scope *inner, const Arg *arg,
                          const Arg *parameter)
{
    Constant constant = constant_of(scope, arg->value);
    if (!parameter)
        return false;
    if (map_get(&inner->parameters, parameter->name)) {
        report(scope, arg->name ? arg->name_range : arg->value->range,
               "'%s' is given twice", parameter->name);
        return false;
    }
    set_parameter(inner, parameter, constant);
    return constant.kind != CONSTANT_POISON;
}

static bool bind_arguments(Scope *scope, Scope *inner, const Step *step)
{
    const Statement *block = inner->block;
    bool good = true, named = false;
    int place = 0;
    for (const Arg *arg = step->args.first; arg; arg = arg->next) {
        const Arg *parameter = arg->name ? parameter_named(scope, block, arg)
                                         : parameter_at(block, place++);
        if (!arg->name && named) {
            report(scope, arg->value->range,
                   "an argument without a name cannot follow one with a name");
            parameter = NULL;
        } else if (!arg->name && !parameter) {
            report(scope, arg->value->range,
                   "block '%s' has %d parameter%s, got more", block->name,
                   block->block.parameters.count,
                   block->block.parameters.count == 1 ? "" : "s");
        }
        named |= arg->name != NULL;
        good &= bind_argument(scope, inner, arg, parameter);
    }
    return good;
}

/* Parameters that were not given: their defaults, which may use those before
 * them and what flows in. */
static bool bind_defaults(Scope *scope, Scope *inner, const Step *step)
{
    Text missing = { 0 };
    bool good = true;
    const Arg *p = inner->block->block.parameters.first;
    for (; p; p = p->next) {
        if (map_get(&inner->parameters, p->name))
            continue;
        if (p->value) {
            Constant constant = constant_of(inner, p->value);
            good &= constant.kind != CONSTANT_POISON;
            set_parameter(inner, p, constant);
        } else {
            text_printf(&missing, "%s'%s'", missing.length ? " and " : "",
                        p->name);
        }
    }
    if (missing.length) {
        if (report_first(scope, step->range, "block '%s' needs %s",
                         inner->block->name, text_get(&missing))) {
            diag_note(inner->block->name_range, "the block is here");
            report_uses(scope);
        }
        good = false;
    }
    text_free(&missing);
    return good;
}

/* ---- uses ----------------------------------------------------------------------------- */

static bool within_limits(Scope *scope, const Step *step,
                          const Statement *block)
{
    for (const Scope *s = scope; s; s = s->outer)
        if (s->block == block) {
            if (report_first(scope, step->range, "block '%s' uses itself",
                             block->name))
                report_uses(scope);
            return false;
        }
    if (scope->depth < LANG_MAX_BLOCKS)
        return true;
    report(scope, step->range, "blocks are nested more than %d deep",
           LANG_MAX_BLOCKS);
    return false;
}

static const Origin *use_origin(const Scope *scope, const Step *step,
                                const Statement *block)
{
    Origin *origin = NEW(scope->e->keep, Origin);
    origin->range = step->range;
    origin->block = block->name;
    origin->within = scope->use;
    return origin;
}

static Value *value_within(Scope *inner, const Value *flow)
{
    Value *in = value_new(inner, flow->tensor, flow->range);
    in->name = name_intern("in");
    in->used = true;
    map_set(&inner->values, in->name, in);
    return in;
}

Value *elaborate_block(Scope *scope, Step *step, Statement *block, Value *flow,
                       const char *path)
{
    Scope *inner;
    Value *out;
    block->block.used = true;
    if (block->block.broken || !within_limits(scope, step, block))
        return value_poison(scope, step->range);
    inner = scope_new(scope->e, scope, block);
    inner->use = use_origin(scope, step, block);
    inner->path = path;
    inner->running = inner->last = value_within(inner, flow);
    out = value_poison(scope, step->range);
    if (bind_arguments(scope, inner, step) && bind_defaults(scope, inner, step))
        elaborate_body(inner, block->block.body);
    else
        inner->last = out;
    inner->last->used = true;
    if (!value_is_poison(inner->last))
        out = value_new(scope, inner->last->tensor, step->range);
    scope_free(inner);
    return out;
}
