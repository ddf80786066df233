/*
 * write_local.h - what the files of the writer share.
 *
 *     graph --order.c--> Body of Items: layers in the order of the text
 *           --find.c, block.c--> windows that repeat become Blocks
 *           --params.c--> their parameters, from what differs
 *           --names.c, lines.c--> values with names, chains, lines
 *
 * A body is the network, or a block. It has an instance for each time that it
 * is there: the network one, a block one for each use that unfolds. An item is
 * a layer or the use of a block, in every instance of its body.
 */
#ifndef CNNC_IMPORT_WRITE_LOCAL_H
#define CNNC_IMPORT_WRITE_LOCAL_H

#include "import/write.h"

typedef struct Block Block;
typedef struct Body Body;

/* ---- bodies ------------------------------------------------------------------- */

typedef enum RefKind {
    REF_IN,    /* what flows into the block */
    REF_ITEM,  /* what an item of the same body gives */
    REF_INPUT, /* an input of the network */
    REF_DATA   /* a constant or parameter, one of each instance */
} RefKind;

/* An operand of an item. */
typedef struct Ref {
    RefKind kind;
    int item;            /* REF_ITEM */
    const Tensor *input; /* REF_INPUT; as the input line leaves it */
    int place;           /* among the node's inputs */
    const char *role;    /* of a weight that is a value; NULL: data */
} Ref;

typedef struct Item {
    Op op;        /* where block is NULL */
    Block *block; /* the block it is a use of; NULL: a layer */
    int count;
    Ref *in; /* data first */
    /* By instance of the body: */
    const Node **node;  /* of a layer; NULL where it is left out */
    int *use;           /* instance of the block; -1 where it is left out */
    const char *wanted; /* its name within the body, from its weights; NULL */
    int cost;           /* characters without its name: see item_cost */
    uint64_t hash;      /* of all but its connections */
    int readers;        /* items of the body, and outputs */
    int run;            /* uses from here on that a chain names; 0: none */
    bool is_output;
    const char *name; /* of its value; NULL: it needs none */
} Item;

/* Items first..last are there in some instances only; else what reads the last
 * of them reads `instead`. They are a chain from there, or one layer that joins
 * it with another value. first < 0: there are none. */
typedef struct Option {
    int first, last;
    bool joins;
    Ref instead;
    const char *condition;
} Option;

/* A constant that cannot stand in a line: a parameter of its own. */
typedef struct Lone {
    const Tensor *tensor; /* of the first instance */
    int item, place;      /* in a block */
    const char *name;
} Lone;

struct Body {
    Block *block; /* NULL: the network */
    int number;   /* 0: the network */
    VEC(Item) items;
    int instances;
    const Tensor **in; /* by instance; NULL: of the network */
    Option option;
    VEC(const char *) names; /* of values and parameters */
    VEC(Lone) lone;
};

/* What differs between the uses of a block. */
typedef struct Param {
    const char *name;
    const char *fallback; /* NULL: it has to be given */
    const char **text;    /* by instance */
    int64_t *number;      /* the same as whole numbers; NULL: it is none */
} Param;

struct Block {
    const char *name;
    Body body;
    VEC(Param) params;
};

/* What the writer knows of a node. */
typedef struct Layer {
    int role_count;
    const char **role; /* of the inputs behind the data inputs; NULL: none */
    bool heavy;        /* it has weights with rows and columns */
    const char **attr; /* as text, by attribute */
    bool *is_default;
    bool *is_same; /* padding that pad=same gives too */
    const char *wanted;
} Layer;

typedef struct Writer {
    Arena *arena;
    const Graph *graph;
    const WriteOptions *options;
    Layer *layers; /* by node id */
    Body network;
    VEC(Block *) blocks;
    bool *input_named;         /* by input: a line starts from it */
    const char **input_names;  /* as input_name gives them, but for words of */
    const char **output_names; /* the language */
    Written *written;
} Writer;

static inline const Layer *layer_of(const Writer *w, const Node *node)
{
    return &w->layers[node->id];
}

/* The first instance in which the item is there. */
int item_instance(const Item *item, int instances);

/* ---- layers (write_layer.c) ------------------------------------------------------ */

void write_layers(Writer *w);
bool is_data(const Tensor *tensor); /* a constant or a parameter */
/* The constant that the operand is in an instance; NULL where the item is left
 * out. */
const Tensor *data_of(const Item *item, const Ref *ref, int k);
/* Whether it can stand in the line: it is small, and the same everywhere. */
bool stands_inline(const Body *body, const Item *item, const Ref *ref);
void text_constant_inline(Text *text, const Tensor *tensor);

/* Gives layers the names that their keys ask for (write_wanted.c). */
void write_wanted(Writer *w);
bool name_is_key(const char *name); /* letters, digits, '_', dots between */

/* ---- the order (write_order.c) ------------------------------------------------------ */

/* Fills in w->network. */
void write_order(Writer *w);
/* The input whose line leaves this tensor; NULL: none. */
const Tensor *input_of(const Writer *w, const Tensor *tensor);
/* The node that an input line makes itself; NULL: none. */
const Node *input_convert(const Writer *w, const Tensor *input);

/* ---- repeats (write_find.c, write_window.c, write_block.c) ------------------------ */

/* Items first..first+length-1 of a body, as a place for the use of a block. */
typedef struct Window {
    Body *body;
    int first, length;
    uint64_t hash;      /* of its structure */
    const char *names;  /* of its layers, without the prefix; NULL: they do not
                          fit into a block */
    const char *prefix; /* what the use has to be called; NULL: anything */
} Window;

typedef VEC(Window) Windows;

/* Windows that are alike: those of the pattern's length have all of it, the
 * others lack option.first..option.last (counted from the window's start). */
typedef struct Pattern {
    int length;
    Option option;
    Windows windows;
    int full;  /* one of them that has all of it */
    int saves; /* characters, at most */
} Pattern;

typedef VEC(Pattern) Patterns;

/* Finds what repeats, and makes blocks of it, the most worthwhile first. */
void write_blocks(Writer *w);
/* All windows of the bodies with one value in and one out, by hash. */
void windows_find(Writer *w, Windows *windows);
/* Fills in names and prefix. */
void window_names(Window *window);
/* The hash of the window without its items of the option. */
uint64_t window_hash_without(const Window *window, const Option *option);
/* Parts of the window that others may lack; how many. */
int window_options(const Window *window, Option *options, int most);
bool is_option(const Body *body, int item);
/* The place in the window for the pattern's item i; -1: it lacks that. */
int window_place(const Pattern *pattern, const Window *window, int i);

/* The patterns that may be worth a block, without those that cannot. */
void patterns_find(Writer *w, Patterns *patterns);
void patterns_free(Patterns *patterns);
/* Characters of the item in the text, about. */
int item_cost(const Item *item);
/* Characters that the pattern saves, made a block; 0 or less: nothing. */
int pattern_saves(Writer *w, const Pattern *pattern);
/* Makes a block of it; its windows become items. */
void pattern_apply(Writer *w, const Pattern *pattern);

/* ---- slots (write_slot.c) ------------------------------------------------------------------- */

/* A number or text of an item, in every instance of its body. */
typedef struct Slot {
    const char **text;    /* NULL where the item is left out */
    int64_t *number;      /* the same as a whole number; NULL: it is none */
    const IntList **list; /* the same as a list; NULL: it is none */
    const char *hint;     /* for the name of a parameter */
    const char *usual;    /* what it is where nothing is said; NULL */
} Slot;

/* Whether it is the same wherever the item is. */
bool slot_same(const Body *body, const Slot *slot);
/* As it is where that is always the same; else in terms of parameters and of
 * what flows in; else as a new parameter. */
const char *slot_text(Writer *w, const Body *body, const Slot *slot);
/* In terms of the parameters that there are; NULL: it cannot be said. */
const char *slot_of_params(Writer *w, const Body *body, const Slot *slot);
const char *slot_new_param(Writer *w, const Body *body, const Slot *slot);
/* Channels of what flows in, by instance; false: it has none. */
bool body_channels(const Body *body, int64_t *channels);

/* ---- parameters (write_params.c) ------------------------------------------------------------ */

bool item_is_there(const Item *item, int k);
/* What the item gives in an instance where it is there. */
const Tensor *item_tensor(const Item *item, int k);
/* Finds the parameters of the block, from the values of its items. */
void block_params(Writer *w, Block *block);
/* "stride=stride": the arguments of an item that are no values, each text as
 * the item's body writes it. */
void item_arguments(Writer *w, const Body *body, const Item *item,
                    Text *arguments);
/* The dimensions of an operand that is a constant: "1, filters". */
void shape_texts(Writer *w, const Body *body, const Item *item, const Ref *ref,
                 Text *out);

/* ---- names (write_names.c) --------------------------------------------------------------------- */

bool name_is_keyword(const char *name);
/* Words of the language, layers and blocks; what is no identifier. */
bool name_means_something(const Writer *w, const char *name);
/* The name of an input or output without the dots that it may have. */
const char *port_name(const Writer *w, const char *name);
/* Gives each input and output a name; inputs that nobody reads begin with '_'.
 */
void write_ports(Writer *w);
/* What an input is called: by lines that start from it, and on its own line,
 * where a keyword is fine as long as no line needs it. */
const char *input_name(Writer *w, const Tensor *input, bool in_a_line);
/* Whether a value of the body can be called so. */
bool name_is_unused(const Writer *w, const Body *body, const char *name);
/* The name, or one with a number, for a value of the body. */
const char *name_for_value(Writer *w, Body *body, const char *name);
/* A name that says what the block is. */
const char *block_name(Writer *w, const Block *block);
/* A name for the value of the item, from who reads it. */
const char *value_name(const Body *body, int item);

/* ---- lines (write_thread.c, write_lines.c, write_statement.c) --------------------------------------- */

/* A chain: items first..last, each but the first reads the one before it. */
typedef struct Thread {
    int first, last;
    bool option;
    bool sourced; /* it starts from a value by name: source */
    Ref source;
} Thread;

typedef VEC(Thread) Threads;

/* Whether the item's first operand is what the item before it makes, for it
 * alone. */
bool item_follows(const Body *body, int item);
/* The threads of the body; the values that need names get them. */
void body_threads(Writer *w, Body *body, Threads *threads);
/* The operands that are no constants, without weights that are values; the
 * first of them. */
int live_operands(const Item *item, const Ref **first);
/* Whether the item's first operand can come by an arrow, from a source or the
 * line before. */
bool takes_arrow(const Item *item);
/* Whether a line can start with the item and go on from the line before: none
 * of its arguments is a value. */
bool starts_line(const Body *body, const Item *item);
void count_readers(Body *body);
bool same_ref(const Ref *a, const Ref *b);

/* A member of a chain. */
typedef struct Piece {
    const char *text;
    bool opens; /* a line may well start with it */
} Piece;

typedef VEC(Piece) Pieces;

typedef struct Statement {
    const char *name, *source; /* or NULL */
    const char *claim;         /* "[56, 56, 64]", or NULL */
    int depth;                 /* of braces */
} Statement;

/* One statement, on as many lines as it takes. */
void statement_print(Text *out, const Statement *s, const Pieces *pieces,
                     int width);
void write_body(Writer *w, Text *out, Body *body);

#endif
