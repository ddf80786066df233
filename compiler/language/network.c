/*
 * network.c - what belongs to the network as a whole, outside of blocks.
 *
 *     weights "lenet5.safetensors"
 *     output digit : classes("0", "1", ...)
 *     loss categorical_crossentropy
 *     bind "a.b.kernel" -> stem.weight
 */
#include "language/local.h"

#include <string.h>

const Origin *elaborate_origin(const Scope *scope, Range range)
{
    Origin *origin = NEW(scope->e->keep, Origin);
    origin->range = range;
    origin->within = scope->use;
    return origin;
}

/* ---- shapes ------------------------------------------------------------------------ */

static bool dimension_of(Scope *scope, const Expr *expr, int64_t *dimension)
{
    Constant constant = constant_of(scope, expr);
    if (constant.kind == CONSTANT_POISON)
        return false;
    if (constant_whole(&constant, dimension) && *dimension >= 1)
        return true;
    if (report_first(scope, expr->range,
                     "a dimension is a whole number of at least 1, got %s",
                     constant_show(scope->e->scratch, &constant))) {
        report_constant(&constant, expr->range);
        report_uses(scope);
    }
    return false;
}

bool elaborate_shape(Scope *scope, const Expr *expr, Shape *shape)
{
    int rank = 0;
    bool good = true;
    if (expr->items.count > MAX_RANK) {
        report(scope, expr->range, "a shape has at most %d dimensions, got %d",
               MAX_RANK, expr->items.count);
        return false;
    }
    memset(shape, 0, sizeof *shape);
    for (const Arg *arg = expr->items.first; arg; arg = arg->next)
        good &= dimension_of(scope, arg->value, &shape->dim[rank++]);
    shape->rank = rank;
    if (!good || shape_is_valid(shape))
        return good;
    report(scope, expr->range, "a value of shape %s is too large",
           shape_show(shape));
    return false;
}

void elaborate_claim(Scope *scope, const Expr *claim, const Value *value)
{
    Shape shape;
    if (!elaborate_shape(scope, claim, &shape) || value_is_poison(value) ||
        shape_equal(&shape, &value->tensor->shape))
        return;
    if (report_first(scope, claim->range, "the shape here is %s, not %s",
                     shape_show(&value->tensor->shape), shape_show(&shape))) {
        if (value->tensor->producer)
            graph_note_inputs(value->tensor->producer);
        report_uses(scope);
    }
}

/* ---- outputs -------------------------------------------------------------------------- */

/* The value of an output line: its chain, the value of its name, or else what
 * the line before left. */
static Value *output_value(Scope *scope, const Statement *s)
{
    Value *value = NULL;
    bool from_source;
    if (s->output.chain) {
        scope->e->output = s->output.chain;
        value = elaborate_chain(scope, s->output.chain, NULL, &from_source);
        scope->e->output = NULL;
        return value;
    }
    value = scope_value(scope, s->name);
    if (!value)
        value = scope->running;
    if (!value) {
        if (report(scope, s->range, "there is no value for output '%s' yet",
                   s->name))
            diag_hint("an 'output' line comes behind the layers");
        value = value_poison(scope, s->range);
    }
    return value;
}

/* How many classes the value tells apart: its channels, or for an index those
 * that argmax chose from. */
static int64_t classes_of(const Tensor *tensor)
{
    const Shape *shape = &tensor->shape;
    if (tensor->producer && tensor->producer->op == OP_ARGMAX)
        shape = &tensor->producer->input[0]->shape;
    return shape->rank ? shape->dim[shape->rank - 1] : 1;
}

/* output: NULL where its value is poison. */
static void output_classes(Scope *scope, const Expr *call, Output *output)
{
    Args args = call->call.args;
    int count = 0;
    const char **classes = NEW_N(scope->e->keep, const char *, args.count);
    for (const Arg *arg = args.first; arg; arg = arg->next) {
        if (arg->value->kind != EXPR_TEXT || arg->name) {
            report(scope, arg->value->range,
                   "a class is a text, as in classes(\"cat\", \"dog\")");
            return;
        }
        classes[count++] = arg->value->text;
    }
    if (!output)
        return;
    output->classes = classes;
    output->class_count = count;
    if (count != classes_of(output->tensor) &&
        report(scope, call->range, "'%s' tells %lld classes apart, got %d",
               output->name, (long long)classes_of(output->tensor), count))
        diag_note(output->range, "its shape is %s",
                  shape_show(&output->tensor->shape));
}

static void output_notes(Scope *scope, const Statement *s, const Value *value,
                         Output *output)
{
    const Note *note =
        s->output.chain ? s->output.chain->last->notes : s->output.notes;
    for (; note; note = note->next)
        if (note->expr->kind == EXPR_LIST) {
            if (!s->output.chain)
                elaborate_claim(scope, note->expr, value);
        } else if (strcmp(note->expr->call.name, "classes") != 0) {
            if (report(scope, note->expr->call.name_range,
                       "an output has a shape or classes(...), not '%s'",
                       note->expr->call.name))
                diag_hint("did you mean 'classes'?");
        } else {
            output_classes(scope, note->expr, output);
        }
}

/* Names of inputs and outputs are parameters of one C function. */
static bool output_name_is_free(Scope *scope, const Statement *s)
{
    Elaborator *e = scope->e;
    const Range *other = map_get(&e->outputs, s->name);
    const char *kind = "output";
    for (int i = 0; i < e->graph->inputs.count; i++)
        if (e->graph->inputs.at[i]->name == s->name) {
            other = &e->graph->inputs.at[i]->origin->range;
            kind = "input";
        }
    if (other && report(scope, s->name_range, "there is an %s '%s' already",
                        kind, s->name))
        diag_note(*other, "it is here");
    if (!other)
        map_set(&e->outputs, s->name, (void *)&s->name_range);
    return !other;
}

void elaborate_output(Scope *scope, const Statement *s)
{
    Graph *graph = scope->e->graph;
    Value *value = output_value(scope, s);
    Output *output = NULL;
    value->used = true;
    if (output_name_is_free(scope, s) && !value_is_poison(value)) {
        graph_output(graph, s->name, value->tensor, s->range);
        output = &graph->outputs.at[graph->outputs.count - 1];
    }
    output_notes(scope, s, value, output);
}

/* ---- loss ------------------------------------------------------------------------------- */

static bool loss_of(Scope *scope, const Statement *s, Loss *loss)
{
    const char *names[LOSS_CATEGORICAL_CROSSENTROPY];
    const char *nearest;
    if (loss_parse(s->name, loss))
        return true;
    if (!report(scope, s->name_range, "no loss '%s'", s->name))
        return false;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        names[i] = loss_name((Loss)(i + 1));
    nearest = name_nearest(s->name, names, COUNT_OF(names));
    if (nearest)
        diag_hint("did you mean '%s'?", nearest);
    else
        diag_hint("there are %s, %s, %s and %s", names[0], names[1], names[2],
                  names[3]);
    return false;
}

/* The output that a loss is for; NULL after an error. */
static Output *loss_output(Scope *scope, const Statement *s)
{
    Elaborator *e = scope->e;
    const Map *maps[] = { &e->outputs };
    Range range = s->loss.of ? s->loss.of_range : s->range;
    for (int i = 0; i < e->graph->outputs.count; i++)
        if (s->loss.of ? e->graph->outputs.at[i].name == s->loss.of
                       : e->outputs.entries.count == 1)
            return &e->graph->outputs.at[i];
    if (s->loss.of && map_get(&e->outputs, s->loss.of))
        return NULL;
    if (s->loss.of) {
        if (report(scope, range, "no output '%s'", s->loss.of))
            report_nearest(s->loss.of, maps, 1, false);
    } else if (e->outputs.entries.count > 1) {
        if (report(scope, range,
                   "there are %d outputs: the loss needs the "
                   "name of one",
                   e->outputs.entries.count))
            diag_hint("write: loss %s(%s)", s->name,
                      e->outputs.entries.at[0].name);
    }
    return NULL;
}

void elaborate_loss(Scope *scope, const Statement *s)
{
    Loss loss = LOSS_NONE;
    bool good = loss_of(scope, s, &loss);
    Output *output = loss_output(scope, s);
    if (!good || !output)
        return;
    if (output->loss != LOSS_NONE)
        report(scope, s->range, "output '%s' has a loss already: %s",
               output->name, loss_name(output->loss));
    output->loss = loss;
}

/* ---- weights ------------------------------------------------------------------------------ */

void elaborate_weights(Scope *scope, const Statement *s)
{
    Elaborator *e = scope->e;
    if (e->weights) {
        if (report(scope, s->range, "there is a 'weights' line already"))
            diag_note(e->weights->range, "it is here");
        return;
    }
    e->weights = s;
    e->graph->weights = arena_text(e->keep, s->weights.file);
    e->graph->weights_range = s->range;
    if (!s->weights.option)
        return;
    if (strcmp(s->weights.option, "layout") != 0)
        report(scope, s->weights.option_range,
               "'weights' has no argument '%s': there is 'layout'",
               s->weights.option);
    else if (strcmp(s->weights.layout, "oihw") != 0 &&
             strcmp(s->weights.layout, "hwio") != 0)
        report(scope, s->weights.layout_range,
               "a layout is oihw or hwio, not '%s'", s->weights.layout);
    else
        e->graph->weights_layout = s->weights.layout;
}

void elaborate_bind(Scope *scope, const Statement *s)
{
    Bind bind = { s->text, s->name, s->range };
    (void)scope;
    vec_push(&scope->e->graph->binds, bind);
}

/* ---- the network as a whole ----------------------------------------------------------------- */

static void check_binds(Scope *scope)
{
    const Graph *graph = scope->e->graph;
    Map parameters = { 0 }, bound = { 0 };
    const Map *maps[] = { &parameters };
    for (int i = 0; i < graph->tensors.count; i++)
        if (graph->tensors.at[i]->kind == TENSOR_PARAMETER)
            map_set(&parameters, graph->tensors.at[i]->name,
                    graph->tensors.at[i]);
    for (int i = 0; i < graph->binds.count; i++) {
        Bind *bind = &graph->binds.at[i];
        Bind *other = map_get(&bound, bind->to);
        if (!map_get(&parameters, bind->to)) {
            if (report(scope, bind->range, "no layer has a weight '%s'",
                       bind->to))
                report_nearest(bind->to, maps, 1, false);
        } else if (other) {
            if (report(scope, bind->range, "'%s' is bound already", bind->to))
                diag_note(other->range, "it is bound here");
        }
        map_set(&bound, bind->to, bind);
    }
    map_free(&parameters);
    map_free(&bound);
}

static void check_whole(Scope *scope)
{
    Elaborator *e = scope->e;
    if (!e->has_input) {
        if (report(scope, e->network, "the network has no input"))
            diag_hint("write a line such as: input image : f32[28, 28, 1]");
    } else if (!e->outputs.entries.count) {
        if (report(scope, e->network, "the network has no output"))
            diag_hint("write a line such as: output scores");
    }
}

void elaborate_end(Scope *scope)
{
    Elaborator *e = scope->e;
    if (!e->broken && !e->stopped)
        check_whole(scope);
    if (diag_error_count() == e->errors)
        check_binds(scope);
    for (int i = 0; i < e->blocks.entries.count; i++) {
        const Statement *block = e->blocks.entries.at[i].value;
        if (!block->block.used)
            report_warning(scope, block->name_range, "block '%s' is never used",
                           block->name);
    }
}
