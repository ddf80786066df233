/*
 * local.h - how an operator of ONNX becomes nodes of a graph.
 *
 *     ADAPTER(Flatten, 6, 0, 1, 1, 1, flatten)             a row of adapters.def
 *
 *     bool adapt_flatten(Adapt *a)                         and its function
 *     {
 *         Tensor *x = in_tensor(a, 0);
 *         int axis = attr_axis(a, "axis", 1, in_rank(a, 0) + 1);
 *         ...
 *         return out_tensor(a, 0, add_reshape(a, NULL, x, shape));
 *     }
 *
 * The rules:
 *  - Every attribute of the node that nobody read is refused afterwards, so is
 *    every input, and every output that is used but was not given.
 *  - Whoever refuses does so by refuse(), with a text that goes on after the
 *    operator's name, and the adapter returns false. attr_... and in_... may
 *    refuse too and then give a harmless value; the adapter may go on, what it
 *    makes is dropped. Functions that take tensors pass a NULL on.
 *  - A tensor has ONNX's shape in ONNX's order. What needs an image channels
 *    last goes through image_in and image_out.
 *  - An adapter does not care whether its inputs are constants. Where all of
 *    them are, it runs on a graph of its own, which is evaluated in double; the
 *    result has the type of the first input (or what out_typed says).
 */
#ifndef CNNC_IMPORT_LOCAL_H
#define CNNC_IMPORT_LOCAL_H

#include "import/import.h"
#include "import/onnx.h"

/* ---- values (value.c) ---------------------------------------------------------- */

/* What a name of the model stands for: a tensor at run time, or a constant. */
typedef struct Value {
    const char *name; /* the model's, interned */
    DType type;       /* ONNX's */
    Tensor *tensor;   /* at run time; its shape and type are ONNX's */
    const OnnxTensor *constant;
    bool poisoned;   /* its maker was refused */
    int uses;        /* by nodes, and as outputs of the model */
    const char *key; /* of a constant: its name in the graph, once it has one */
    Tensor *shared;  /* of a constant: itself in the graph, as it is */
} Value;

typedef struct ValueTable {
    Value **at; /* NULL: a free place; by the name's address */
    size_t size, used;
} ValueTable;

/* The names in the graph, as C sees them. */
typedef struct TakenName {
    const char *name; /* interned; NULL: a free place */
    int next;         /* number for the next that would be called so */
} TakenName;

typedef struct TakenNames {
    TakenName *at;
    size_t size, used;
} TakenNames;

typedef struct Import {
    Arena *arena;
    const OnnxModel *model;
    const ImportOptions *options;
    Graph *graph;
    ValueTable values;
    TakenNames taken;   /* names of tensors and paths of nodes */
    TakenNames ports;   /* names of inputs and outputs */
    int64_t made_bytes; /* of constants that were computed */
    bool some_as_said;  /* an output has the shape that the model says */
    int rule_errors;    /* nodes that a shape rule refused */
    bool failed;
} Import;

Value *value_find(Import *import, const char *name); /* NULL: none */
Value *value_make(Import *import, const char *name);
void values_free(Import *import);

/* The dimensions as a shape; false where one is 0, or they are too many. */
bool constant_shape(const OnnxTensor *constant, Shape *shape);

/* ---- names in the graph (names.c) ------------------------------------------------- */

/*
 * The model's name as a path of letters, digits, '_' and '.', which no other
 * in the graph equals, not even as an identifier of C:
 *
 *     "/layer1/conv1/Conv"  layer1.conv1.Conv      "a/b" beside "a.b"  a.b_2
 */
const char *name_take(Import *import, const char *name);
/* The same for an input or output: among these alone. */
const char *name_take_port(Import *import, const char *name);
void names_free(TakenNames *names);

/* ---- one node (adapt.c) -------------------------------------------------------------- */

typedef struct AdapterRow AdapterRow;

typedef struct Adapt {
    Import *import;
    const OnnxNode *node;
    const AdapterRow *row;
    int opset;
    Graph *graph;         /* the model's, or one to be folded */
    const Origin *origin; /* the node's line in the listing */
    const char *path;     /* of what it makes; NULL: not chosen yet */
    bool path_used;       /* by its main node */
    Value **in;           /* by input; NULL: left out */
    bool *in_read;
    Value *out; /* by output: what the adapter gave */
    bool folding;
    bool failed;
    DType
        main_type; /* of the first input that was read; bool only if all are */
    bool main_given;
    VEC(const OnnxTensor *) fold_in; /* by input of the graph to be folded */
} Adapt;

typedef bool Adapter(Adapt *a);

struct AdapterRow {
    const char *op;
    int since, until; /* opsets; until 0: it still is */
    int least_inputs, most_inputs, most_outputs;
    Adapter *run;
    const struct Column *column; /* what differs by name only; or NULL */
};

/* A row ONNX(...) of ops.def: an operator that is ours but for its name and
 * its attributes, "ours=theirs:default ...". */
typedef struct Column {
    Op op;
    const char *name;
    int since, until, most_inputs;
    const char *attributes;
} Column;

/* NULL: no such operator in this opset, but (*other) in that one; 0: in none.
 * The row may be made in the arena. */
const AdapterRow *adapter_find(Arena *arena, const OnnxNode *node, int opset,
                               int *other);
/* The node's outputs get their values, or it is refused. */
void adapt_node(Import *import, const OnnxNode *node);

/* "node 'NAME': 'Conv' ..."; false. */
bool refuse(Adapt *a, const char *format, ...) PRINTF_LIKE(2, 3);

/* ---- attributes (attr.c) ------------------------------------------------------------------ */

bool attr_given(const Adapt *a, const char *name);
int64_t attr_int(Adapt *a, const char *name, int64_t fallback);
/* low..high, else refused */
int64_t attr_between(Adapt *a, const char *name, int64_t fallback, int64_t low,
                     int64_t high);
bool attr_flag(Adapt *a, const char *name, bool fallback); /* 0 or 1 */
/* A dimension of a tensor of this rank; a negative one counts from the end. */
int attr_axis(Adapt *a, const char *name, int64_t fallback, int rank);
double attr_float(Adapt *a, const char *name, double fallback);
/* fallback may be NULL */
const char *attr_string(Adapt *a, const char *name, const char *fallback);
/* The place of a word in a NULL-terminated list, the first by default. */
int attr_choice(Adapt *a, const char *name, const char *const *words);
/* How many, -1: not given. More than `most` are refused. */
int attr_ints(Adapt *a, const char *name, int64_t *list, int most);
/* count numbers in low..high, or the fallback for each where there are none. */
void attr_sizes(Adapt *a, const char *name, int64_t *list, int count,
                int64_t fallback, int64_t low, int64_t high);
int attr_floats(Adapt *a, const char *name, const float **list);
const OnnxTensor *attr_tensor(Adapt *a, const char *name);
/* It has been understood, and means nothing for us. */
void attr_ignore(Adapt *a, const char *name);

/* ---- inputs (inputs.c) -------------------------------------------------------------------------------- */

bool in_given(const Adapt *a, int i);
const char *in_name(const Adapt *a, int i); /* for messages; escaped */
/* Of any value that is given; in_dims writes ONNX_MAX_RANK numbers at most. */
DType in_type(const Adapt *a, int i);
int in_rank(const Adapt *a, int i);
int64_t in_dim(const Adapt *a, int i, int d);
/* A float32 tensor (when folding: of any numbers). */
Tensor *in_tensor(Adapt *a, int i);
/* A tensor of any type that the graph can have. */
Tensor *in_any(Adapt *a, int i);
/* It has been understood, and means nothing for us. */
void in_ignore(Adapt *a, int i);
/* All inputs from `first` on, for operators with lists; NULL where one is
 * refused. */
Tensor **in_tensors(Adapt *a, int first, int *count);
/* The constant, or NULL: it is known at run time only. */
const OnnxTensor *in_constant(Adapt *a, int i);
/* The same, refused where it is not there; what: "shape". */
const OnnxTensor *in_need_constant(Adapt *a, int i, const char *what);
/* A constant list (or one number) of whole numbers; -1 after a refusal. */
int in_ints(Adapt *a, int i, const char *what, int64_t *list, int most);
/* A constant of one number of any type; false after a refusal. */
bool in_number(Adapt *a, int i, const char *what, double *number);
/* `axes` as an input since opset `since`, as an attribute before: each is a
 * dimension of the `rank` ones, in their order; or sorted into flags by
 * dimension. How many, -1: not given. */
int in_axis_list(Adapt *a, int i, int since, int rank, int *list);
int in_axes(Adapt *a, int i, int since, int rank, bool *flags);
/* The elements of a float32 constant in the arena of the graph; NULL where it
 * is none. */
const float *in_floats(Adapt *a, int i);
/* Both inputs of a binary operator, with the axis and broadcast attributes of
 * opset 6. */
bool in_pair(Adapt *a, Tensor **pair);
bool in_pair_any(Adapt *a, Tensor **pair); /* of any type */

/* ---- nodes of the graph (build.c) ------------------------------------------------------------------------ */

/*
 * A node; its attributes are to be set, then add_end runs its shape rule and
 * gives its output (NULL: refused). role: what it does beside the operator's
 * main node ("perm" makes PATH.perm); NULL: it is the main one.
 */
Node *add_node(Adapt *a, Op op, const char *role, Tensor *const *in, int count);
Tensor *add_end(Adapt *a, Node *node);
/* The next parameter of the node: an input behind the data inputs. */
void add_parameter(Adapt *a, Node *node, Tensor *parameter);
/* Input i as a parameter with other data, or (NULL) with its own. */
Tensor *add_weight(Adapt *a, int i, Shape shape, const float *data,
                   ParameterLayout layout);
Tensor *add_constant(Adapt *a, const char *role, Shape shape,
                     const float *data);
Tensor *add_number(Adapt *a, const char *role, double number); /* a scalar */
/* Operators without attributes, and those that need one line. */
Tensor *add_1(Adapt *a, Op op, const char *role, Tensor *x);
Tensor *add_2(Adapt *a, Op op, const char *role, Tensor *x, Tensor *y);
Tensor *add_reshape(Adapt *a, const char *role, Tensor *x, Shape shape);
/* y's dimension d is x's dimension order[d]. */
Tensor *add_transpose(Adapt *a, const char *role, Tensor *x,
                      const int64_t *order);
/* [n, c, h, w] to and from [n, h, w, c], for any rank of at least 3. */
Tensor *image_in(Adapt *a, const char *role, Tensor *x);
Tensor *image_out(Adapt *a, const char *role, Tensor *x);

/*
 * The window of a convolution or pool over x: [n, c, height, width] in ONNX's
 * order, or [n, c, length], which is an image of one row. The kernel has to be
 * there; strides, pads, auto_pad and (where it has them) dilations are read.
 */
typedef struct Window {
    int dims; /* of ONNX: 1 or 2 */
    int64_t kernel[2], stride[2], dilation[2], begin[2], end[2];
} Window;

/* The spatial dimensions of x; false where there are none, or too many. */
bool window_begin(Adapt *a, const Shape *x, Window *window);
bool window_kernel(Adapt *a, Window *window); /* from kernel_shape */
bool window_read(Adapt *a, const Shape *x, bool dilated, Window *window);
void window_size(Size *size, const int64_t *at);
void window_pad(Pad *pad, const Window *window);
/* x as an image channels last, and an image as ONNX's. */
Tensor *window_in(Adapt *a, const Window *window, Tensor *x);
Tensor *window_out(Adapt *a, const Window *window, Tensor *y);

/* ---- outputs (adapt.c) ------------------------------------------------------------------------------------- */

bool out_used(const Adapt *a, int i);
/* Each gives false where there is nothing to give. */
bool out_tensor(Adapt *a, int i, Tensor *tensor);
/* For constants that are folded: the type of the result. */
bool out_typed(Adapt *a, int i, Tensor *tensor, DType type);
bool out_constant(Adapt *a, int i, const OnnxTensor *constant);
/* The input itself, whatever it is. */
bool out_input(Adapt *a, int i, int input);
/* Room for a constant: *data is to be filled. NULL after a refusal: too large. */
OnnxTensor *constant_new(Adapt *a, DType type, int rank, const int64_t *dim,
                         void **data);

/* The value as a tensor of the model's graph; NULL: there is no such constant
 * at run time, and *why says what it is. */
Tensor *value_tensor(Import *import, Value *value, const char **why);

/* ---- tensors without elements (adapt_nothing.c) ---------------------------------------- */

/* Whether the node's first input has no elements, or any of an elementwise
 * operator, and the operator has a rule for that. */
bool is_of_nothing(const Adapt *a);
bool adapt_nothing(Adapt *a);
/* A constant of this shape, which has no elements, with the type of input 0. */
bool out_nothing(Adapt *a, int i, int rank, const int64_t *dim);

/* ---- folding (fold.c) ------------------------------------------------------------------------------ */

/* Runs the adapter on constants alone. */
bool fold_node(Adapt *a);

/* ---- shared by adapters --------------------------------------------------------------------------- */

/* By ONNX's numbers; DT_COUNT: we have no such type (adapt_cast.c). */
DType type_of_number(int64_t number);

/* A pool over [n, c, d, h, w] (adapt_volume.c): OP_MAXPOOL, OP_AVGPOOL or
 * OP_LPPOOL. The attributes of the window are read. */
typedef struct VolumePool {
    Op op;
    bool dilated, ceil_mode, count_include_pad;
    int64_t p;
} VolumePool;

bool volume_pool(Adapt *a, const VolumePool *pool);

/* BatchNormalization with training_mode=1 (adapt_norm.c). */
bool norm_of_batch(Adapt *a);

/* ---- the adapters ------------------------------------------------------------------------------------ */

#define ADAPTER(op, since, until, least, most, outputs, function)              \
    Adapter adapt_##function;
#include "import/adapters.def"
Adapter adapt_column;

#endif
