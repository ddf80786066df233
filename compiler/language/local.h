/*
 * local.h - what the files of the language folder share.
 *
 *     bytes --lexer.l--> tokens --lines.c--> tokens and line ends
 *           --grammar.y, ast.c--> Statement, Step, Expr
 *           --elaborate.c, step.c, blocks.c, ...--> Graph
 *
 * A syntax tree lives in the scratch arena of one lang_read and holds ranges
 * of the source everywhere. Trees are at most LANG_MAX_NESTING deep, so that
 * walking them by recursion is safe.
 */
#ifndef CNNC_LANGUAGE_LOCAL_H
#define CNNC_LANGUAGE_LOCAL_H

#include "language/language.h"

/* ---- names to pointers (map.c) ---------------------------------------------- */

/* Keys are interned names; entries keep the order they were added in. */
typedef struct MapEntry {
    const char *name;
    void *value;
} MapEntry;

typedef struct Map {
    VEC(MapEntry) entries;
    int *slot; /* hash table of entry numbers plus one; 0: free */
    int slots;
} Map;

void *map_get(const Map *map, const char *name); /* NULL: not there */
void map_set(Map *map, const char *name, void *value);
void map_free(Map *map);

/* ---- the syntax tree (ast.c) ------------------------------------------------- */

/* OPERATOR(constant, spelling) */
#define OPERATORS(OPERATOR)                                                    \
    OPERATOR(ADD, "+")                                                         \
    OPERATOR(SUBTRACT, "-")                                                    \
    OPERATOR(MULTIPLY, "*")                                                    \
    OPERATOR(DIVIDE, "/")                                                      \
    OPERATOR(REMAINDER, "%")                                                   \
    OPERATOR(EQUAL, "==")                                                      \
    OPERATOR(UNEQUAL, "!=")                                                    \
    OPERATOR(LESS, "<")                                                        \
    OPERATOR(LESS_EQUAL, "<=")                                                 \
    OPERATOR(GREATER, ">")                                                     \
    OPERATOR(GREATER_EQUAL, ">=")                                              \
    OPERATOR(AND, "and")                                                       \
    OPERATOR(OR, "or")                                                         \
    OPERATOR(NOT, "not")                                                       \
    OPERATOR(NEGATE, "-")

typedef enum Operator {
#define OPERATOR(id, text) OPERATOR_##id,
    OPERATORS(OPERATOR)
#undef OPERATOR
} Operator;

typedef struct Expr Expr;

/* One argument of a call: 5x5, or pad=same. */
typedef struct Arg {
    const char *name; /* NULL: positional */
    Range name_range;
    Expr *value; /* a parameter of a block may have none */
    struct Arg *next;
} Arg;

typedef struct Args {
    Arg *first, *last;
    int count;
} Args;

typedef enum ExprKind {
    EXPR_BROKEN, /* reported already */
    EXPR_INT,    /* integer */
    EXPR_FLOAT,  /* number */
    EXPR_BOOL,   /* truth */
    EXPR_TEXT,   /* text */
    EXPR_NAME,   /* text */
    EXPR_PATH,   /* text: in.channels */
    EXPR_SIZE,   /* items: 5x5 */
    EXPR_LIST,   /* items: [1, 2] */
    EXPR_CALL,   /* call */
    EXPR_UNARY,  /* operation, left alone */
    EXPR_BINARY  /* operation */
} ExprKind;

struct Expr {
    ExprKind kind;
    Range range;
    int depth;
    union {
        int64_t integer;
        double number;
        bool truth;
        const char *text;
        Args items;
        struct {
            const char *name;
            Range name_range;
            Args args;
        } call;
        struct {
            Operator op;
            Expr *left, *right;
        } operation;
    };
};

/* What stands behind a ':': a shape claim or classes(...). */
typedef struct Note {
    Expr *expr;
    struct Note *next;
} Note;

/* A member of a chain: conv(6, 5x5) * 2 as c : [24, 24, 6] */
typedef struct Step {
    const char *name;
    Range name_range; /* conv */
    Range range;      /* conv(6, 5x5) */
    Args args;
    bool called; /* with parentheses */
    Expr *repeat;
    const char *as;
    Range as_range;
    Note *notes, *last_note;
    bool failed; /* reported; other uses of the block stay silent */
    struct Step *next;
} Step;

typedef struct Chain {
    Step *first, *last;
    Range range;
} Chain;

typedef struct Statement Statement;

typedef struct Body {
    Statement *first, *last;
} Body;

/* A scale of an input: / 255 */
typedef struct Scale {
    Operator op;
    Expr *by;
    struct Scale *next;
} Scale;

typedef enum StatementKind {
    STATEMENT_BROKEN,    /* a line that could not be parsed */
    STATEMENT_NETWORK,   /* name */
    STATEMENT_WEIGHTS,   /* text, layout */
    STATEMENT_INPUT,     /* name, input */
    STATEMENT_PARAMETER, /* name, input */
    STATEMENT_OUTPUT,    /* name, output */
    STATEMENT_BLOCK,     /* name, block */
    STATEMENT_IF,        /* branch */
    STATEMENT_CHAIN,     /* name or NULL, chain */
    STATEMENT_LOSS,      /* name, loss */
    STATEMENT_BIND,      /* name (the path), text */
    STATEMENT_TRAIN
} StatementKind;

struct Statement {
    StatementKind kind;
    Range range;
    const char *name;
    Range name_range;
    Statement *next;
    union {
        struct {
            const char *file;
            Range file_range;
            const char *option, *layout;
            Range option_range, layout_range;
        } weights;
        struct {
            const char *type;
            Range type_range;
            Expr *shape;
            Scale *scales;
            const char *flows; /* the type of what flows on, or NULL */
            Range flows_range;
            const char *key; /* of a parameter, or NULL: its name */
        } input;
        struct {
            Chain *chain; /* or NULL */
            Note *notes;  /* where there is no chain */
        } output;
        struct {
            Args parameters;
            Body *body;
            bool broken; /* its head could not be parsed */
            bool used;
        } block;
        struct {
            Expr *condition; /* NULL: could not be parsed */
            Body *yes, *no;  /* no: or NULL */
        } branch;
        Chain *chain;
        struct {
            const char *of; /* an output, or NULL */
            Range of_range;
        } loss;
        const char *text; /* STATEMENT_BIND: the name in the file */
    };
};

typedef struct Parser Parser;

Expr *ast_int(Parser *p, Range range);
Expr *ast_float(Parser *p, Range range);
Expr *ast_size(Parser *p, Range range);
Expr *ast_text(Parser *p, Range range);
Expr *ast_bool(Parser *p, Range range, bool truth);
Expr *ast_name(Parser *p, Range range, const char *name);
Expr *ast_path(Parser *p, Range range, const char *path);
Expr *ast_list(Parser *p, Range range, Args items);
Expr *ast_call(Parser *p, Range range, const char *name, Range name_range,
               Args args);
Expr *ast_unary(Parser *p, Range range, Operator op, Expr *operand);
Expr *ast_binary(Parser *p, Range range, Operator op, Expr *left, Expr *right);
/* The expression in parentheses, with their range. */
Expr *ast_within(Expr *expr, Range range);

Arg *arg_new(Parser *p, const char *name, Range name_range, Expr *value);
Args args_none(void);
Args args_one(Arg *arg);
Args args_add(Args args, Arg *arg);

Step *step_new(Parser *p, Range range, const char *name, Range name_range);
Step *step_call(Parser *p, Range range, const char *name, Range name_range,
                Args args);
Step *step_repeat(Step *step, Expr *count);
Step *step_as(Step *step, const char *name, Range range);
Step *step_note(Parser *p, Step *step, Expr *expr);
Chain *chain_new(Parser *p, Step *step, Range range);
Chain *chain_add(Chain *chain, Step *step, Range range);

Body *body_new(Parser *p);
Body *body_add(Parser *p, Body *body, Statement *statement);

Statement *statement_network(Parser *p, Range range, const char *name,
                             Range name_range);
Statement *statement_weights(Parser *p, Range range, Range file);
Statement *statement_layout(Statement *weights, const char *option,
                            Range option_range, const char *layout,
                            Range layout_range);
Statement *statement_input(Parser *p, Range range, const char *name,
                           Range name_range);
Statement *statement_type(Statement *input, const char *type, Range type_range,
                          Expr *shape, Scale *scales);
Statement *statement_flows(Statement *input, Range range, const char *type,
                           Range type_range);
Statement *statement_parameter(Parser *p, Range range, const char *name,
                               Range name_range, const char *key);
Scale *scale_add(Parser *p, Scale *scales, Operator op, Expr *by);
Statement *statement_output(Parser *p, Range range, const char *name,
                            Range name_range, Chain *chain);
Statement *statement_note(Parser *p, Statement *output, Expr *expr);
Statement *statement_block(Parser *p, Range range, const char *name,
                           Range name_range, Args parameters, Body *body);
Statement *statement_broken_block(Parser *p, Range range, Body *body);
Statement *statement_if(Parser *p, Range range, Expr *condition, Body *yes,
                        Body *no);
Statement *statement_chain(Parser *p, Range range, const char *name,
                           Range name_range, Chain *chain);
Statement *statement_loss(Parser *p, Range range, const char *loss,
                          Range loss_range);
Statement *statement_loss_of(Statement *loss, const char *of, Range of_range);
Statement *statement_bind(Parser *p, Range range, Range from, const char *to,
                          Range to_range);
Statement *statement_train(Parser *p, Range range);
/* A line that could not be parsed; ends the recovery from its error. */
Statement *statement_broken(Parser *p, Range range);

/* ---- tokens and lines (lexer.l, lines.c, syntax.c) ------------------------------- */

typedef struct Token {
    int kind; /* a TOK_ of grammar.h */
    Range range;
} Token;

typedef struct Scanner {
    const Source *source;
    void *flex;
    size_t offset; /* of the next token */
    bool bind;     /* behind a 'bind': an arrow leads to a key */
} Scanner;

void scanner_open(Scanner *scanner, const Source *source, size_t offset);
void scanner_close(Scanner *scanner);
/* Every token as it stands in the file, comments and line ends too. */
Token scanner_next(Scanner *scanner);

struct Parser {
    Arena *arena;
    const Source *source;
    Scanner scanner;
    Token ahead; /* looked at already, where has_ahead */
    bool has_ahead;
    Token previous;  /* handed out last; kind 0 at the start of the file */
    Token before;    /* handed out before that one */
    Token first;     /* of the statement at hand */
    VEC(Token) open; /* brackets that wait for their partner */
    bool recovering; /* an error of this line is reported already */
    bool resume;     /* go on with a line end, then at resume_at */
    size_t resume_at;
    bool stopped; /* too deeply nested, or too many errors, to go on */
    int orphans;  /* '}' to come whose line with the '{' was broken */
    int errors;   /* diag_error_count at the start */
    Body *body;   /* of the file, once parsed */
};

/* The statements of the file, those of broken lines as STATEMENT_BROKEN; NULL
 * where reading could not go on to the end. */
Body *syntax_parse(Arena *arena, const Source *source);

/* The next token for the grammar, without comments, with line ends only where
 * they end something. */
Token lines_next(Parser *p);
/* After a syntax error at the token: whether line ends are tokens again. */
void lines_recover(Parser *p, Token at);
/* Whether the token is on a later line than the one before it. */
bool lines_is_later(const Parser *p, Token at);
/* The innermost bracket without a partner, where the brackets that are open
 * are never closed; NULL: they are. */
const Token *lines_unclosed(const Parser *p, Token at);

void syntax_open(Parser *p, Arena *arena, const Source *source);
void syntax_close(Parser *p);
/* An error in the syntax, unless this line has one already: then false. */
bool syntax_error(Parser *p, Range range, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* The error for a token where the grammar wants one of those. */
void syntax_unexpected(Parser *p, Token token, const char **expected,
                       int count);
/* The error for a token that no rule of the lexer knows. */
void syntax_unknown(Parser *p, Token token);
char *syntax_text(Arena *arena, Range range); /* the bytes of the range */
const char *syntax_name(Range range);         /* the same, interned */

/* ---- the standard form (format.c, align.c) ---------------------------------------- */

/* A line of the output. Places are offsets in the code; -1: there is none. */
typedef struct FormatLine {
    Text code, comment;
    bool blank;       /* a blank line comes before */
    bool head;        /* a statement begins here */
    bool more;        /* the line goes on with a statement */
    bool arrow_first; /* it begins with '->' */
    int indent;       /* in steps */
    int statement;    /* kind of the statement's first token */
    int arrow;        /* the first '->' outside of parentheses */
    int equals;       /* the '=' of name = chain */
    int claim;        /* the ':' of the claim at the end */
    int colon;        /* the ':' of an input */
    int column;       /* where the code begins */
    int comment_column;
} FormatLine;

typedef VEC(FormatLine) FormatLines;

void align_print(FormatLines *lines, Text *out);

/* ---- constants (constant.c, operate.c) --------------------------------------------- */

typedef struct Elaborator Elaborator;
typedef struct Scope Scope;
typedef struct Value Value;

typedef enum ConstantKind {
    CONSTANT_POISON, /* reported already */
    CONSTANT_INT,
    CONSTANT_FLOAT,
    CONSTANT_BOOL,
    CONSTANT_WORD, /* same, valid */
    CONSTANT_TEXT,
    CONSTANT_LIST, /* of numbers; a size too */
    CONSTANT_VALUE /* of the network: known is only its shape */
} ConstantKind;

typedef struct Constant {
    ConstantKind kind;
    Range range; /* where it was written: for notes */
    union {
        int64_t integer;
        double number;
        bool truth;
        const char *text;
        struct {
            struct Constant *at;
            int count;
            bool size; /* written as 5x5 */
        } list;
        Value *value;
    };
} Constant;

Constant constant_of(Scope *scope, const Expr *expr);
/* For the mistakes in them alone: what they belong to is one. */
void constant_look(Scope *scope, const Args *args);
/* "64", "0.5", "5x5", "yes", for messages. */
const char *constant_show(Arena *arena, const Constant *constant);
const char *constant_kind(const Constant *constant); /* "a text" */
/* Whether it is a whole number, as 8 and 32 * 0.25 are. */
bool constant_whole(const Constant *constant, int64_t *whole);
bool constant_number(const Constant *constant, double *number);
Constant operate(Scope *scope, const Expr *expr, Constant left, Constant right);

/* ---- elaboration (elaborate.c and the files it names) ---------------------------------- */

/* A value of the network that has a name or flows on to the next line. */
struct Value {
    Tensor *tensor;
    const char *name; /* or NULL */
    Range range;
    bool used;
    const Body *body; /* the lines its definition is among */
};

/* One use of a block, or the network itself. */
struct Scope {
    Elaborator *e;
    Scope *outer;
    Statement *block;  /* NULL: the network */
    const Body *body;  /* its lines */
    const Origin *use; /* where the block is used; NULL: the network */
    const char *path;  /* "layer2.0", or "" */
    Map values;        /* Value */
    Map parameters;    /* Constant */
    Map counts;        /* of each kind of layer: int */
    Map paths;         /* names of layers in here: Range */
    Value *running;    /* what flows into the next line; NULL: nothing yet */
    Value *last;       /* the value of the last line */
    const Body *lines; /* those at hand: the body, or a part of an 'if' */
    int depth;         /* of blocks */
};

struct Elaborator {
    Arena *keep, *scratch;
    const Source *source;
    const Body *body;
    Graph *graph;
    Map blocks;   /* Statement */
    Map reported; /* ranges with an error, so that each has only one */
    Map outputs;  /* Range, by name */
    int layers, steps, errors;
    bool broken;              /* there are lines that could not be parsed */
    bool stopped;             /* a limit was hit: all that follows is poison */
    bool has_input;           /* or a line that should have been one; or a
                                 parameter, of which a network may consist */
    Range network;            /* the line with its name */
    const Chain *output;      /* the chain of the output line at hand */
    const Statement *weights; /* the line, once there was one */
};

/* elaborate.c */
Graph *elaborate(Arena *keep, Arena *scratch, const Source *source,
                 const Body *body, int errors);
void elaborate_body(Scope *scope, const Body *body);

/* scope.c: names and their values */
Scope *scope_new(Elaborator *e, Scope *outer, Statement *block);
void scope_free(Scope *scope); /* warns of values nobody used */
Value *value_new(Scope *scope, Tensor *tensor, Range range);
Value *value_poison(Scope *scope, Range range);
bool value_is_poison(const Value *value);
/* The value of that name, NULL where there is none. */
Value *scope_value(Scope *scope, const char *name);
/* Gives the value a name; false, after an error, where it means something. */
bool scope_define(Scope *scope, const char *name, Range range, Value *value);
void scope_flow(Scope *scope, Value *value); /* into the next line */
/* The error for a name that means nothing: "no %s '%s'", with the nearest of
 * the names that would mean something, layers and blocks among them or not. */
void scope_unknown(Scope *scope, Range range, const char *kinds,
                   const char *name, bool layers);

/* report.c: errors, one a place, with the block uses around them */
/* Both are false where the place has an error already: nothing is printed.
 * After report_first come notes, then report_uses. */
bool report(const Scope *scope, Range range, const char *format, ...)
    PRINTF_LIKE(3, 4);
bool report_first(const Scope *scope, Range range, const char *format, ...)
    PRINTF_LIKE(3, 4);
void report_uses(const Scope *scope);
void report_warning(const Scope *scope, Range range, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* A note for where the number was written, if that was not in the range. */
void report_constant(const Constant *constant, Range range);
void report_nearest(const char *word, const Map *const *maps, int count,
                    bool layers);
/* Counts a line, or a layer; false, after one message, beyond the limits. */
bool report_limits(Scope *scope, Range range, bool layer);

/* step.c: chains, layers, names of layers */
/* What comes out of the chain. from_source: it started from a named value. */
Value *elaborate_chain(Scope *scope, const Chain *chain, const char *name,
                       bool *from_source);
/* Of a line that could not be parsed: the names behind its arrows. */
void elaborate_broken_chain(Scope *scope, Range range);
/* The network's layers of that name, or "", and the name of a single one. */
const char *path_join_names(Arena *arena, const char *path, const char *name);
/* False, after an error, where another layer of the block has the name. */
bool path_is_free(Scope *scope, Range range, const char *name);

/* A weight that is a value: weight=kernel */
typedef struct Given {
    const char *name;
    Range name_range, range;
    Value *value;
} Given;

/* arguments.c: the arguments of a layer */
typedef struct Bound {
    VEC(Constant) inputs; /* values of the network, numbers, lists */
    bool has_values;      /* a value of the network is among them */
    bool poisoned;
    Constant attr[MAX_ATTRS];
    Range attr_range[MAX_ATTRS];
    bool given[MAX_ATTRS];
    VEC(Given) given_values;
} Bound;

/* False where something is wrong with them, after reporting it. */
bool arguments_bind(Scope *scope, const Step *step, Op op, Bound *bound);
/* Puts an argument into the attribute struct; false after an error. */
bool argument_store(Scope *scope, Op op, int attr, const Bound *bound,
                    void *attrs);

/* given.c: weights that are values of the network */
/* Whether the argument is one; attr: the attribute of its name, or -1. */
bool given_bind(Scope *scope, Op op, int attr, const Arg *arg, Bound *bound);
/* Puts them into a node whose shape is known; false after an error. */
bool given_attach(Scope *scope, Node *node, const Bound *bound);

/* blocks.c */
void blocks_collect(Scope *scope, const Body *body, bool outermost);
Value *elaborate_block(Scope *scope, Step *step, Statement *block, Value *flow,
                       const char *path);

/* source.c: values that no layer makes */
void elaborate_input(Scope *scope, const Statement *s);
void elaborate_parameter(Scope *scope, const Statement *s);

/* network.c: what is outside of blocks */
void elaborate_output(Scope *scope, const Statement *s);
void elaborate_loss(Scope *scope, const Statement *s);
void elaborate_weights(Scope *scope, const Statement *s);
void elaborate_bind(Scope *scope, const Statement *s);
void elaborate_end(Scope *scope); /* checks that need the whole network */
/* Dimensions of a shape or claim; false after an error. */
bool elaborate_shape(Scope *scope, const Expr *expr, Shape *shape);
void elaborate_claim(Scope *scope, const Expr *claim, const Value *value);
/* The place of a layer, with the block uses around it. */
const Origin *elaborate_origin(const Scope *scope, Range range);

#endif
