/*
 * ast.c - builds the syntax tree; every action of the grammar is a call here.
 *
 *     conv(6, 5x5) -> relu * 2
 *
 *     Chain: Step conv, Args: 6, 5x5
 *            Step relu, repeat 2
 *
 * Numbers are read here, and expressions kept shallow enough to be walked by
 * recursion.
 */
#include "language/local.h"

#include "language/grammar.h"

#include <string.h>

/* ---- expressions -------------------------------------------------------------- */

static Expr *expr_new(Parser *p, ExprKind kind, Range range)
{
    Expr *expr = NEW(p->arena, Expr);
    expr->kind = kind;
    expr->range = range;
    expr->depth = 1;
    return expr;
}

/* Takes account of a part; too deep an expression becomes a broken one. */
static void expr_holds(Parser *p, Expr *expr, const Expr *part)
{
    if (!part)
        return;
    if (expr->depth <= part->depth)
        expr->depth = part->depth + 1;
    if (expr->depth <= LANG_MAX_NESTING)
        return;
    syntax_error(p, expr->range, "this expression is nested more than %d deep",
                 LANG_MAX_NESTING);
    expr->kind = EXPR_BROKEN;
    expr->depth = 1;
}

static bool number_read(Parser *p, Range range, int64_t *number)
{
    if (parse_int64(syntax_text(p->arena, range), number))
        return true;
    syntax_error(p, range, "the number %s is too large",
                 syntax_text(p->arena, range));
    return false;
}

Expr *ast_int(Parser *p, Range range)
{
    Expr *expr = expr_new(p, EXPR_INT, range);
    if (!number_read(p, range, &expr->integer))
        expr->kind = EXPR_BROKEN;
    return expr;
}

Expr *ast_float(Parser *p, Range range)
{
    Expr *expr = expr_new(p, EXPR_FLOAT, range);
    const char *text = syntax_text(p->arena, range);
    bool read = parse_double(text, &expr->number);
    if (read && expr->number <= 1.7976931348623157e308)
        return expr;
    syntax_error(p, range, "the number %s is too large", text);
    expr->kind = EXPR_BROKEN;
    return expr;
}

/* The numbers of 5x5, each an expression with its own range. */
Expr *ast_size(Parser *p, Range range)
{
    Expr *expr = expr_new(p, EXPR_SIZE, range);
    Range part = range;
    expr->items = args_none();
    while (part.start < range.end) {
        part.end = part.start;
        while (part.end < range.end && range.source->text[part.end] != 'x')
            part.end++;
        expr->items =
            args_add(expr->items, arg_new(p, NULL, part, ast_int(p, part)));
        part.start = part.end + 1;
    }
    return expr;
}

Expr *ast_text(Parser *p, Range range)
{
    Expr *expr = expr_new(p, EXPR_TEXT, range);
    Text text = { 0 };
    const char *s = range.source->text;
    for (size_t i = range.start + 1; i + 1 < range.end; i++) {
        char c = s[i];
        if (c == '\\') {
            c = s[++i];
            if (c == 'n' || c == 't')
                c = c == 'n' ? '\n' : '\t';
            else if (c != '"' && c != '\\')
                syntax_error(p, (Range){ range.source, i - 1, i + 1 },
                             "a text has \\\", \\\\, \\n and \\t, nothing else "
                             "behind a '\\'");
        }
        text_char(&text, c);
    }
    expr->text = name_intern(text_get(&text));
    text_free(&text);
    return expr;
}

Expr *ast_bool(Parser *p, Range range, bool truth)
{
    Expr *expr = expr_new(p, EXPR_BOOL, range);
    expr->truth = truth;
    return expr;
}

Expr *ast_name(Parser *p, Range range, const char *name)
{
    Expr *expr = expr_new(p, EXPR_NAME, range);
    expr->text = name;
    return expr;
}

Expr *ast_path(Parser *p, Range range, const char *path)
{
    Expr *expr = expr_new(p, EXPR_PATH, range);
    expr->text = path;
    return expr;
}

Expr *ast_list(Parser *p, Range range, Args items)
{
    Expr *expr = expr_new(p, EXPR_LIST, range);
    expr->items = items;
    for (const Arg *arg = items.first; arg; arg = arg->next)
        expr_holds(p, expr, arg->value);
    return expr;
}

Expr *ast_call(Parser *p, Range range, const char *name, Range name_range,
               Args args)
{
    Expr *expr = expr_new(p, EXPR_CALL, range);
    expr->call.name = name;
    expr->call.name_range = name_range;
    expr->call.args = args;
    for (const Arg *arg = args.first; arg; arg = arg->next)
        expr_holds(p, expr, arg->value);
    return expr;
}

Expr *ast_unary(Parser *p, Range range, Operator op, Expr *operand)
{
    Expr *expr = expr_new(p, EXPR_UNARY, range);
    expr->operation.op = op;
    expr->operation.left = operand;
    expr_holds(p, expr, operand);
    return expr;
}

Expr *ast_binary(Parser *p, Range range, Operator op, Expr *left, Expr *right)
{
    Expr *expr = expr_new(p, EXPR_BINARY, range);
    expr->operation.op = op;
    expr->operation.left = left;
    expr->operation.right = right;
    expr_holds(p, expr, left);
    expr_holds(p, expr, right);
    return expr;
}

Expr *ast_within(Expr *expr, Range range)
{
    expr->range = range;
    return expr;
}

/* ---- arguments ------------------------------------------------------------------ */

Arg *arg_new(Parser *p, const char *name, Range name_range, Expr *value)
{
    Arg *arg = NEW(p->arena, Arg);
    arg->name = name;
    arg->name_range = name_range;
    arg->value = value;
    return arg;
}

Args args_none(void)
{
    return (Args){ 0 };
}

Args args_one(Arg *arg)
{
    return (Args){ arg, arg, 1 };
}

Args args_add(Args args, Arg *arg)
{
    if (!args.first)
        return args_one(arg);
    args.last->next = arg;
    args.last = arg;
    args.count++;
    return args;
}

/* ---- chains ---------------------------------------------------------------------- */

Step *step_new(Parser *p, Range range, const char *name, Range name_range)
{
    Step *step = NEW(p->arena, Step);
    step->range = range;
    step->name = name;
    step->name_range = name_range;
    return step;
}

Step *step_call(Parser *p, Range range, const char *name, Range name_range,
                Args args)
{
    Step *step = step_new(p, range, name, name_range);
    step->called = true;
    step->args = args;
    return step;
}

Step *step_repeat(Step *step, Expr *count)
{
    step->repeat = count;
    return step;
}

Step *step_as(Step *step, const char *name, Range range)
{
    step->as = name;
    step->as_range = range;
    return step;
}

static Note *note_new(Parser *p, Expr *expr)
{
    Note *note = NEW(p->arena, Note);
    note->expr = expr;
    return note;
}

Step *step_note(Parser *p, Step *step, Expr *expr)
{
    Note *note = note_new(p, expr);
    if (step->last_note)
        step->last_note->next = note;
    else
        step->notes = note;
    step->last_note = note;
    return step;
}

Chain *chain_new(Parser *p, Step *step, Range range)
{
    Chain *chain = NEW(p->arena, Chain);
    chain->first = chain->last = step;
    chain->range = range;
    return chain;
}

Chain *chain_add(Chain *chain, Step *step, Range range)
{
    chain->last->next = step;
    chain->last = step;
    chain->range = range;
    return chain;
}

/* ---- statements -------------------------------------------------------------------- */

Body *body_new(Parser *p)
{
    return NEW(p->arena, Body);
}

/* The lines of a block whose head is broken stand outside of any block: they
 * would be misread there, and are left out. */
Body *body_add(Parser *p, Body *body, Statement *statement)
{
    if (p->orphans && statement->kind != STATEMENT_BLOCK &&
        statement->kind != STATEMENT_BROKEN)
        return body;
    if (body->last)
        body->last->next = statement;
    else
        body->first = statement;
    body->last = statement;
    return body;
}

static Statement *statement_new(Parser *p, StatementKind kind, Range range,
                                const char *name, Range name_range)
{
    Statement *s = NEW(p->arena, Statement);
    s->kind = kind;
    s->range = range;
    s->name = name;
    s->name_range = name_range;
    return s;
}

Statement *statement_network(Parser *p, Range range, const char *name,
                             Range name_range)
{
    return statement_new(p, STATEMENT_NETWORK, range, name, name_range);
}

Statement *statement_weights(Parser *p, Range range, Range file)
{
    Statement *s = statement_new(p, STATEMENT_WEIGHTS, range, NULL, range);
    s->weights.file = ast_text(p, file)->text;
    s->weights.file_range = file;
    return s;
}

Statement *statement_layout(Statement *weights, const char *option,
                            Range option_range, const char *layout,
                            Range layout_range)
{
    weights->weights.option = option;
    weights->weights.option_range = option_range;
    weights->weights.layout = layout;
    weights->weights.layout_range = layout_range;
    return weights;
}

Statement *statement_input(Parser *p, Range range, const char *name,
                           Range name_range)
{
    return statement_new(p, STATEMENT_INPUT, range, name, name_range);
}

Statement *statement_type(Statement *input, const char *type, Range type_range,
                          Expr *shape, Scale *scales)
{
    input->input.type = type;
    input->input.type_range = type_range;
    input->input.shape = shape;
    input->input.scales = scales;
    return input;
}

Statement *statement_flows(Statement *input, Range range, const char *type,
                           Range type_range)
{
    input->range = range;
    input->input.flows = type;
    input->input.flows_range = type_range;
    return input;
}

Statement *statement_parameter(Parser *p, Range range, const char *name,
                               Range name_range, const char *key)
{
    Statement *s =
        statement_new(p, STATEMENT_PARAMETER, range, name, name_range);
    s->input.key = key;
    return s;
}

Scale *scale_add(Parser *p, Scale *scales, Operator op, Expr *by)
{
    Scale **end = &scales;
    while (*end)
        end = &(*end)->next;
    *end = NEW(p->arena, Scale);
    (*end)->op = op;
    (*end)->by = by;
    return scales;
}

Statement *statement_output(Parser *p, Range range, const char *name,
                            Range name_range, Chain *chain)
{
    Statement *s = statement_new(p, STATEMENT_OUTPUT, range, name, name_range);
    s->output.chain = chain;
    return s;
}

Statement *statement_note(Parser *p, Statement *output, Expr *expr)
{
    output->output.notes = note_new(p, expr);
    return output;
}

Statement *statement_block(Parser *p, Range range, const char *name,
                           Range name_range, Args parameters, Body *body)
{
    Statement *s = statement_new(p, STATEMENT_BLOCK, range, name, name_range);
    s->block.parameters = parameters;
    s->block.body = body;
    return s;
}

Statement *statement_if(Parser *p, Range range, Expr *condition, Body *yes,
                        Body *no)
{
    Statement *s = statement_new(p, STATEMENT_IF, range, NULL, range);
    s->branch.condition = condition;
    s->branch.yes = yes;
    s->branch.no = no;
    return s;
}

Statement *statement_chain(Parser *p, Range range, const char *name,
                           Range name_range, Chain *chain)
{
    Statement *s = statement_new(p, STATEMENT_CHAIN, range, name, name_range);
    s->chain = chain;
    return s;
}

Statement *statement_loss(Parser *p, Range range, const char *loss,
                          Range loss_range)
{
    return statement_new(p, STATEMENT_LOSS, range, loss, loss_range);
}

Statement *statement_loss_of(Statement *loss, const char *of, Range of_range)
{
    loss->loss.of = of;
    loss->loss.of_range = of_range;
    return loss;
}

Statement *statement_bind(Parser *p, Range range, Range from, const char *to,
                          Range to_range)
{
    Statement *s = statement_new(p, STATEMENT_BIND, range, to, to_range);
    s->text = ast_text(p, from)->text;
    return s;
}

Statement *statement_train(Parser *p, Range range)
{
    return statement_new(p, STATEMENT_TRAIN, range, NULL, range);
}

/* ---- lines that could not be parsed -------------------------------------------------- */

/* What such a line would have named, so that uses of the name stay silent:
 * its kind, and the name's token in *name (kind 0 where there is none). */
static int broken_kind(Range range, Token *name)
{
    Source part = *range.source;
    Scanner scanner;
    Token first, second;
    part.length = range.end;
    scanner_open(&scanner, &part, range.start);
    do
        first = scanner_next(&scanner);
    while (first.kind == TOK_COMMENT || first.kind == TOK_NEWLINE);
    second = scanner_next(&scanner);
    scanner_close(&scanner);
    *name = second.kind == '=' ? first : second;
    if (name->kind != TOK_NAME)
        name->kind = 0;
    name->range.source = range.source;
    return first.kind;
}

Statement *statement_broken_block(Parser *p, Range range, Body *body)
{
    Token name;
    Statement *s;
    broken_kind(range, &name);
    s = statement_new(p, STATEMENT_BLOCK, range,
                      name.kind ? syntax_name(name.range) : NULL, name.range);
    s->block.body = body;
    s->block.broken = true;
    return s;
}

Statement *statement_broken(Parser *p, Range range)
{
    Token name;
    int kind = broken_kind(range, &name);
    bool head =
        (kind == TOK_BLOCK || kind == TOK_IF) &&
        !memchr(range.source->text + range.start, '{', range.end - range.start);
    p->recovering = false;
    if (head)
        p->orphans++;
    if (kind == TOK_BLOCK)
        return statement_broken_block(p, range, body_new(p));
    return statement_new(p, STATEMENT_BROKEN, range,
                         name.kind ? syntax_name(name.range) : NULL,
                         name.range);
}
