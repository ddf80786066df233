/*
 * grammar.y - the grammar of .cnn files.
 *
 *     conv(6, 5x5) -> relu * 2 as r : [24, 24, 6]
 *     ~~~~~~~~~~~~    ~~~~            ~~~~~~~~~~~
 *     step            step            note
 *
 * Every action is one call of a constructor of ast.c. A line that cannot be
 * parsed becomes a STATEMENT_BROKEN, and reading goes on behind it; the head
 * of a block or an 'if' has its own recovery, so that its braces stay paired.
 */
%require "3.8"
%code requires {
#include "language/local.h"
}
%define api.pure full
%define api.prefix {grammar_}
%define api.token.prefix {TOK_}
%define api.value.type union
%define api.location.type {Range}
%define parse.error custom
%define parse.lac full
%locations
%param {Parser *p}
%expect 0

%code {
/* Bytes of the first symbol to the last; an empty rule is a point. */
#define YYLLOC_DEFAULT(Current, Rhs, N)                                        \
    ((Current) = (N) ? range_join(YYRHSLOC(Rhs, 1), YYRHSLOC(Rhs, N))          \
                     : range_point(YYRHSLOC(Rhs, 0)))
/* Only nested brackets and signs push the stack, and those are limited. */
#define YYMAXDEPTH 10000

static Range range_point(Range before);
static int grammar_lex(GRAMMAR_STYPE *value, Range *range, Parser *p);
static void grammar_error(const Range *range, Parser *p, const char *message);
}

%token END 0            "the end of the file"
%token NEWLINE          "the end of the line"
%token COMMENT          "a comment"
%token <const char *> NAME "a name"
%token <const char *> PATH "a path"
%token NUMBER           "a number"
%token FLOAT            "a fraction"
%token SIZE             "a size"
%token TEXT             "a text"
%token ARROW            "'->'"
%token EQUAL            "'=='"
%token UNEQUAL          "'!='"
%token LESS_EQUAL       "'<='"
%token GREATER_EQUAL    "'>='"
%token NETWORK          "'network'"
%token WEIGHTS          "'weights'"
%token INPUT            "'input'"
%token OUTPUT           "'output'"
%token BLOCK            "'block'"
%token IF               "'if'"
%token ELSE             "'else'"
%token AS               "'as'"
%token LOSS             "'loss'"
%token BIND             "'bind'"
%token TRAIN            "'train'"
%token PARAMETER        "'parameter'"
%token AND              "'and'"
%token OR               "'or'"
%token NOT              "'not'"
%token YES              "'yes'"
%token NO               "'no'"
%token UNKNOWN          "an unknown character"
%token UNKNOWN_NUMBER   "an unknown number"
%token UNKNOWN_TEXT     "a text without an end"

%left OR
%left AND
%precedence NOT
%nonassoc EQUAL UNEQUAL '<' LESS_EQUAL '>' GREATER_EQUAL
%left '+' '-'
%left '*' '/' '%'
%precedence SIGN

%type <Body *> lines body else
%type <Statement *> line statement weights input input_line learned output loss if
%type <Statement *> train
%type <Scale *> scales
%type <Chain *> chain
%type <Step *> step layer use
%type <Expr *> note expr primary call list claim
%type <Args> parameters parameter_list arguments argument_list items
%type <Arg *> parameter argument
%type <const char *> word key

%%

file:
    lines                       { p->body = $lines; }
  ;

lines:
    %empty                      { $$ = body_new(p); }
  | lines line                  { $$ = body_add(p, $1, $line); }
  ;

line:
    statement NEWLINE           { $$ = $statement; }
  | error NEWLINE               { $$ = statement_broken(p, @1); yyerrok; }
  | BLOCK error NEWLINE         { $$ = statement_broken(p, @$); yyerrok; }
  | IF error NEWLINE            { $$ = statement_broken(p, @$); yyerrok; }
  ;

body:
    '{' lines '}'               { $$ = $lines; }
  ;

statement:
    NETWORK NAME                { $$ = statement_network(p, @$, $2, @2); }
  | weights
  | input
  | learned
  | output
  | loss
  | train
  | if
  | BIND TEXT ARROW key         { $$ = statement_bind(p, @$, @2, $key, @key); }
  | BLOCK NAME parameters body  { $$ = statement_block(p, @$, $2, @2,
                                                       $parameters, $body); }
  | error body                  { $$ = statement_broken(p, @$); }
  | BLOCK error body            { $$ = statement_broken_block(p, @$, $body); }
  | chain                       { $$ = statement_chain(p, @$, NULL, @$, $1); }
  | NAME '=' chain              { $$ = statement_chain(p, @$, $1, @1, $3); }
  ;

weights:
    WEIGHTS TEXT                { $$ = statement_weights(p, @$, @2); }
  | WEIGHTS TEXT NAME '=' NAME
      { $$ = statement_layout(statement_weights(p, @$, @2), $3, @3, $5, @5); }
  ;

input:
    input_line
  | input_line AS NAME          { $$ = statement_flows($1, @$, $3, @3); }
  ;

input_line:
    INPUT word ':' NAME list scales
      { $$ = statement_type(statement_input(p, @$, $2, @2), $4, @4, $5, $6); }
  ;

learned:
    PARAMETER NAME ':' NAME list
      { $$ = statement_type(statement_parameter(p, @$, $2, @2, NULL), $4, @4, $5, NULL); }
  | PARAMETER NAME ':' NAME list AS key
      { $$ = statement_type(statement_parameter(p, @$, $2, @2, $key), $4, @4, $5, NULL); }
  ;

scales:
    %empty                      { $$ = NULL; }
  | scales '*' primary          { $$ = scale_add(p, $1, OPERATOR_MULTIPLY, $3); }
  | scales '/' primary          { $$ = scale_add(p, $1, OPERATOR_DIVIDE, $3); }
  ;

output:
    OUTPUT word                 { $$ = statement_output(p, @$, $2, @2, NULL); }
  | OUTPUT word '=' chain       { $$ = statement_output(p, @$, $2, @2, $4); }
  | OUTPUT word ':' note
      { $$ = statement_note(p, statement_output(p, @$, $2, @2, NULL), $4); }
  ;

loss:
    LOSS NAME                   { $$ = statement_loss(p, @$, $2, @2); }
  | LOSS NAME '(' word ')'
      { $$ = statement_loss_of(statement_loss(p, @$, $2, @2), $4, @4); }
  ;

if:
    IF expr body else           { $$ = statement_if(p, @$, $2, $3, $4); }
  | IF error body else          { $$ = statement_if(p, @$, NULL, $3, $4); }
  ;

else:
    %empty                      { $$ = NULL; }
  | ELSE body                   { $$ = $body; }
  | ELSE if                     { $$ = body_add(p, body_new(p), $if); }
  ;

train:
    TRAIN '{' settings '}'      { $$ = statement_train(p, @$); }
  ;

settings:
    %empty
  | settings NAME '=' expr NEWLINE
  | settings error NEWLINE      { p->recovering = false; yyerrok; }
  ;

/* ---- chains ---- */

chain:
    step                        { $$ = chain_new(p, $1, @$); }
  | chain ARROW step            { $$ = chain_add($1, $3, @$); }
  ;

step:
    layer
  | step ':' note               { $$ = step_note(p, $1, $3); }
  ;

layer:
    use
  | use '*' primary             { $$ = step_repeat($1, $3); }
  | use AS key                  { $$ = step_as($1, $3, @3); }
  | use '*' primary AS key      { $$ = step_as(step_repeat($1, $3), $5, @5); }
  ;

use:
    NAME                        { $$ = step_new(p, @$, $1, @1); }
  | NAME '(' arguments ')'      { $$ = step_call(p, @$, $1, @1, $3); }
  ;

note:
    claim
  | call
  ;

claim:
    list
  ;

key:
    word
  | PATH
  | NUMBER                      { $$ = syntax_name(@1); }
  ;

/* A name may be a keyword where nothing else can stand. */
word:
    NAME
  | keyword                     { $$ = syntax_name(@1); }
  ;

keyword:
    NETWORK | WEIGHTS | INPUT | OUTPUT | BLOCK | IF | ELSE | AS | LOSS | BIND
  | TRAIN | PARAMETER | AND | OR | NOT | YES | NO
  ;

/* ---- arguments ---- */

parameters:
    %empty                      { $$ = args_none(); }
  | '(' ')'                     { $$ = args_none(); }
  | '(' parameter_list ')'      { $$ = $2; }
  ;

parameter_list:
    parameter                   { $$ = args_one($1); }
  | parameter_list ',' parameter  { $$ = args_add($1, $3); }
  ;

parameter:
    NAME                        { $$ = arg_new(p, $1, @1, NULL); }
  | NAME '=' expr               { $$ = arg_new(p, $1, @1, $3); }
  ;

arguments:
    %empty                      { $$ = args_none(); }
  | argument_list
  ;

argument_list:
    argument                    { $$ = args_one($1); }
  | argument_list ',' argument  { $$ = args_add($1, $3); }
  ;

argument:
    expr                        { $$ = arg_new(p, NULL, @$, $1); }
  | NAME '=' expr               { $$ = arg_new(p, $1, @1, $3); }
  ;

/* ---- constant expressions ---- */

expr:
    primary
  | NOT expr                    { $$ = ast_unary(p, @$, OPERATOR_NOT, $2); }
  | '-' expr %prec SIGN         { $$ = ast_unary(p, @$, OPERATOR_NEGATE, $2); }
  | expr '+' expr               { $$ = ast_binary(p, @$, OPERATOR_ADD, $1, $3); }
  | expr '-' expr               { $$ = ast_binary(p, @$, OPERATOR_SUBTRACT, $1, $3); }
  | expr '*' expr               { $$ = ast_binary(p, @$, OPERATOR_MULTIPLY, $1, $3); }
  | expr '/' expr               { $$ = ast_binary(p, @$, OPERATOR_DIVIDE, $1, $3); }
  | expr '%' expr               { $$ = ast_binary(p, @$, OPERATOR_REMAINDER, $1, $3); }
  | expr EQUAL expr             { $$ = ast_binary(p, @$, OPERATOR_EQUAL, $1, $3); }
  | expr UNEQUAL expr           { $$ = ast_binary(p, @$, OPERATOR_UNEQUAL, $1, $3); }
  | expr '<' expr               { $$ = ast_binary(p, @$, OPERATOR_LESS, $1, $3); }
  | expr LESS_EQUAL expr        { $$ = ast_binary(p, @$, OPERATOR_LESS_EQUAL, $1, $3); }
  | expr '>' expr               { $$ = ast_binary(p, @$, OPERATOR_GREATER, $1, $3); }
  | expr GREATER_EQUAL expr     { $$ = ast_binary(p, @$, OPERATOR_GREATER_EQUAL, $1, $3); }
  | expr AND expr               { $$ = ast_binary(p, @$, OPERATOR_AND, $1, $3); }
  | expr OR expr                { $$ = ast_binary(p, @$, OPERATOR_OR, $1, $3); }
  ;

primary:
    NUMBER                      { $$ = ast_int(p, @1); }
  | FLOAT                       { $$ = ast_float(p, @1); }
  | SIZE                        { $$ = ast_size(p, @1); }
  | TEXT                        { $$ = ast_text(p, @1); }
  | YES                         { $$ = ast_bool(p, @1, true); }
  | NO                          { $$ = ast_bool(p, @1, false); }
  | NAME                        { $$ = ast_name(p, @1, $1); }
  | PATH                        { $$ = ast_path(p, @1, $1); }
  | call
  | list
  | '(' expr ')'                { $$ = ast_within($2, @$); }
  ;

call:
    NAME '(' arguments ')'      { $$ = ast_call(p, @$, $1, @1, $3); }
  ;

list:
    '[' ']'                     { $$ = ast_list(p, @$, args_none()); }
  | '[' items ']'               { $$ = ast_list(p, @$, $2); }
  ;

items:
    expr                        { $$ = args_one(arg_new(p, NULL, @1, $1)); }
  | items ',' expr              { $$ = args_add($1, arg_new(p, NULL, @3, $3)); }
  ;

%%

static Range range_point(Range before)
{
    before.start = before.end;
    return before;
}

static int grammar_lex(GRAMMAR_STYPE *value, Range *range, Parser *p)
{
    Token token = lines_next(p);
    *range = token.range;
    if (token.kind == TOK_NAME)
        value->TOK_NAME = syntax_name(token.range);
    else if (token.kind == TOK_PATH)
        value->TOK_PATH = syntax_name(token.range);
    return token.kind;
}

/* Only for what is no mistake in the syntax: a stack that grew too large. */
static void grammar_error(const Range *range, Parser *p, const char *message)
{
    (void)message;
    syntax_error(p, *range, "this is too deeply nested");
}

static int yyreport_syntax_error(const yypcontext_t *context, Parser *p)
{
    enum { MOST = YYNTOKENS };
    yysymbol_kind_t symbols[MOST];
    const char *names[MOST];
    int count = yypcontext_expected_tokens(context, symbols, MOST);
    Token token = { 0 };
    token.kind = yypcontext_token(context) == YYSYMBOL_YYEMPTY ? 0
                                                               : p->previous.kind;
    token.range = *yypcontext_location(context);
    for (int i = 0; i < count; i++)
        names[i] = yysymbol_name(symbols[i]);
    syntax_unexpected(p, token, names, count);
    return 0;
}

Body *syntax_parse(Arena *arena, const Source *source)
{
    Parser parser = { 0 };
    syntax_open(&parser, arena, source);
    int failed = grammar_parse(&parser);
    syntax_close(&parser);
    return failed ? NULL : parser.body;
}
