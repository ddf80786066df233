/*
 * graph.h - what a network computes: operators on tensors.
 *
 *     image: u8[28,28,1] -> convert -> conv -> relu -> maxpool -> ... -> digit
 *
 * Shapes are per sample, channels last. Every node knows where in the user's
 * file it came from. Operators are rows of ops.def; what a row cannot say (its
 * shape rule, its reference, its loops) is one file in op/.
 */
#ifndef CNNC_GRAPH_H
#define CNNC_GRAPH_H

#include "base/base.h"
#include "base/dtype.h"

#define MAX_RANK   8
#define MAX_INPUTS 1024 /* of one node: concat and add take lists */

typedef struct Graph Graph;
typedef struct Node Node;
typedef struct Tensor Tensor;
struct Lower; /* kernel building; only op/ looks inside */

/* rank 0 is a scalar; dim[i] >= 1. */
typedef struct Shape {
    int rank;
    int64_t dim[MAX_RANK];
} Shape;

Shape shape_of(int rank, const int64_t *dim);
bool shape_equal(const Shape *a, const Shape *b);
int64_t shape_count(const Shape *shape); /* elements; checked when made */
/* False where the element count exceeds 2^40 or a dimension is below 1. */
bool shape_is_valid(const Shape *shape);
/* No elements: only what no node reads or makes may be so, that is, inputs
 * that are not used, and constants that are outputs. */
bool shape_is_empty(const Shape *shape);
void shape_text(Text *text, const Shape *shape); /* "[28, 28, 1]" */
/* "[28, 28, 1]" in a ring of static buffers, for messages. */
const char *shape_show(const Shape *shape);
/* An image is [h, w, c], a batch of them [n, h, w, c]: where the height
 * stands. */
static inline bool shape_is_batch(const Shape *image)
{
    return image->rank == 4;
}

static inline int shape_height(const Shape *image)
{
    return shape_is_batch(image) ? 1 : 0;
}

/* ---- where things came from ------------------------------------------------ */

/* A place in the user's file, and the block uses it is within, innermost
 * first: notes "in block 'residual' used here". */
typedef struct Origin Origin;
struct Origin {
    Range range;       /* the layer's call: conv(16, 3x3) */
    const char *block; /* name of the block used, for outer origins */
    const Origin *within;
};

/* ---- attributes -------------------------------------------------------------- */

/* Per spatial direction: height x width. As written: count 1 means the same in
 * each direction; after inference count is the number of spatial dimensions. */
typedef struct Size {
    int count;
    int64_t at[3];
} Size;

typedef enum PadKind { PAD_EXPLICIT, PAD_VALID, PAD_SAME } PadKind;

/* As written: count 1 (all sides), one per direction (1x2), or begins then
 * ends ([top, left, bottom, right]). After inference always PAD_EXPLICIT with
 * begin and end of every spatial dimension. */
typedef struct Pad {
    PadKind kind;
    int count; /* of numbers as written */
    int64_t number[6];
    int64_t begin[3], end[3];
} Pad;

typedef struct FloatList {
    int count;
    double *at;
} FloatList;

typedef struct IntList {
    int count;
    int64_t at[MAX_RANK * 2];
} IntList;

typedef const char *Word; /* interned; which ones there are, a rule says */

/* ATTR_TYPE(kind, C type, what a message calls it) */
#define ATTR_TYPES(ATTR_TYPE)                                                  \
    ATTR_TYPE(INT, int64_t, "a whole number")                                  \
    ATTR_TYPE(FLOAT, double, "a number")                                       \
    ATTR_TYPE(BOOL, bool, "yes or no")                                         \
    ATTR_TYPE(SIZE, Size, "a size such as 3 or 3x3")                           \
    ATTR_TYPE(PAD, Pad, "'same', 'valid', a size or a list")                   \
    ATTR_TYPE(FLOATS, FloatList, "a number or a list of numbers")              \
    ATTR_TYPE(INTS, IntList, "a list of whole numbers")                        \
    ATTR_TYPE(DTYPE, DType, "an element type")                                 \
    ATTR_TYPE(WORD, Word, "a word")

typedef enum AttrKind {
#define ATTR_TYPE(kind, type, what) ATTR_##kind,
    ATTR_TYPES(ATTR_TYPE)
#undef ATTR_TYPE
} AttrKind;

#define ATTR_TYPE(kind, type, what) typedef type AttrType_##kind;
ATTR_TYPES(ATTR_TYPE)
#undef ATTR_TYPE

#define MAX_ATTRS 12

/* One attribute of an operator. fallback is the default as source text ("1",
 * "valid", "yes", "0.01"); NULL: the argument must be given. The order is the
 * order of positional arguments. */
typedef struct AttrInfo {
    const char *name;
    AttrKind kind;
    size_t offset; /* in the node's attribute struct */
    const char *fallback;
} AttrInfo;

/* The attribute structs: ConvAttrs, PoolAttrs, ... as ops.def lists them. */
#define OP_BEGIN(id, name, Attrs, least, most, elementwise)                    \
    typedef struct Attrs {
#define ATTR(Attrs, kind, name, fallback) AttrType_##kind name;
#define OP_END(Attrs)                                                          \
    char no_more;                                                              \
    }                                                                          \
    Attrs;
#include "graph/ops.def"

/* Of every UNARY, UNARY1 (p) and UNARY2 (p and q), whatever their names. */
typedef struct UnaryAttrs {
    double p, q;
} UnaryAttrs;

/* Of every REDUCE. After inference the axes are listed, ascending. */
typedef struct ReduceAttrs {
    IntList axes;
    bool keep;
} ReduceAttrs;

/* Of every OP and BINARY. */
typedef struct NoAttrs {
    char end;
} NoAttrs;

typedef enum Op {
#define OP_BEGIN(id, ...) OP_##id,
#define OP(id, ...)       OP_##id,
#define UNARY(id, ...)    OP_##id,
#define UNARY1(id, ...)   OP_##id,
#define UNARY2(id, ...)   OP_##id,
#define BINARY(id, ...)   OP_##id,
#define REDUCE(id, ...)   OP_##id,
#define TRUTH(id, ...)    OP_##id,
#include "graph/ops.def"
    OP_COUNT
} Op;

/* ---- operators ----------------------------------------------------------------- */

/* What an operator is; the table op_info has a row for each. */
typedef struct OpInfo {
    const char *name;
    int least_inputs, most_inputs; /* data inputs, without parameters */
    size_t attrs_size;
    const AttrInfo *attrs;
    int attr_count;
    /*
     * The shape rule: checks inputs and attributes (reporting through
     * graph_error), normalises Size and Pad, sets type and shape of the
     * outputs, and makes the parameters (weight, bias, ...) with
     * graph_parameter where they are not there yet.
     */
    bool (*infer)(Graph *graph, Node *node);
    /* The reference, in double: in[i] and out[i] are row-major arrays of the
     * shapes of the node's inputs (parameters included) and outputs. */
    void (*evaluate)(const Node *node, const double *const *in,
                     double *const *out);
    /* Multiplications with accumulation per sample; 0 for what has none. */
    int64_t (*macs)(const Node *node);
    /* Builds the textbook's loop nest. */
    void (*lower)(struct Lower *lower, const Node *node);
    bool elementwise; /* one output element from the same one of the inputs */
} OpInfo;

extern const OpInfo op_info[OP_COUNT];
/* OP_COUNT where there is no such operator. */
Op op_find(const char *name);

/* ---- tensors, nodes, graphs -------------------------------------------------------- */

typedef enum TensorKind {
    TENSOR_INPUT,     /* of the network */
    TENSOR_PARAMETER, /* bound from a weight file, key in name */
    TENSOR_CONSTANT,  /* known to the compiler */
    TENSOR_VALUE      /* a node's output */
} TensorKind;

/* How a weight file lays out what we keep channels-last. */
typedef enum ParameterLayout {
    LAYOUT_AS_IS,         /* a vector, or anything stored as we keep it */
    LAYOUT_CONV,          /* we: [kh][kw][c][oc]; file: OIHW, or HWIO */
    LAYOUT_DENSE,         /* we: [in][out]; file: [out][in], or [in][out] */
    LAYOUT_CONV_TRANSPOSE /* we: [kh][kw][c][oc], c of a group; file:
                             [in][oc of a group][kh][kw], or HWOI */
} ParameterLayout;

/*
 * Where the plan puts a tensor, and how its elements lie there. Logical
 * indices are always the shape's; a layout is a property of the memory.
 */
typedef enum PlaceKind {
    PLACE_NONE,   /* not planned, or never in memory (fused) */
    PLACE_INPUT,  /* the caller's array, row-major */
    PLACE_OUTPUT, /* the caller's array, row-major */
    PLACE_CONST,  /* read-only data of the program */
    PLACE_ARENA   /* offset bytes into the workspace */
} PlaceKind;

typedef struct Place {
    PlaceKind kind;
    int64_t offset, size;  /* bytes; arena only */
    Tensor *within;        /* shares the memory of this tensor ... */
    int64_t within_offset; /* ... from this element on (concat, reshape) */
    /* [h][w][c] tensors of the arena: */
    int64_t block;   /* channels a block: [c/block][h][w][block];
                               0: row-major; 1: planar [c][h][w] */
    int64_t halo[4]; /* zeros around each plane: top left bottom right */
    int64_t pitch;   /* pixels from row to row, halo included, where it is
                               a part of the columns; 0: as many as it has */
    int64_t pixel;   /* row-major with a wider pixel: elements from one
                               pixel to the next (a slice of a concat, or
                               padded channels); 0: the channel count */
    int64_t ring;    /* only so many rows are in memory, row r at r % ring, as
                        the reader that its node is fused into uses them up;
                        0: all */
    int64_t slack;   /* elements behind the end that may be touched */
} Place;

struct Tensor {
    int id; /* dense; index in graph->tensors */
    TensorKind kind;
    const char *name;  /* "image", "layer1.0.conv1.weight", or made up */
    const char *label; /* the user's name for a value, or NULL */
    const char *title; /* of an input or a weight in a foreign model, may be
                          anything; NULL: as name */
    DType type;
    Shape shape;
    bool poisoned;     /* its maker failed and was reported */
    Node *producer;    /* NULL but for values */
    const float *data; /* constants and bound parameters, row-major; of any
                          type, as far as a float holds its values */
    ParameterLayout layout;
    uint32_t data_crc;  /* read from a text that left the data out; else 0 */
    double init_fan_in; /* parameters: for He initialisation; 0: around ... */
    double
        init_value; /* ... this value (bias 0, variance 1), and no more ... */
    double init_spread; /* ... than this far from it */
    const Origin *origin;
    Place place;
    int uses; /* graph_count_uses */
};

struct Node {
    int id;
    Op op;
    const char *path; /* "layer2.0.conv1": the key prefix of its parameters */
    Tensor **input;   /* data inputs, then parameters (or what takes their
                         place: weights may be computed, too) */
    int input_count, data_count;
    Tensor **output;
    int output_count;
    void *attrs;       /* the operator's struct: node_attrs(node, ConvAttrs) */
    Range *attr_range; /* where each attribute was written; NULL: nowhere */
    const Origin *origin;
    Node *fused_into; /* computed inside this later node's kernel */
};

#define node_attrs(node, Type) ((Type *)(node)->attrs)

typedef enum Loss {
    LOSS_NONE,
    LOSS_MEAN_SQUARED_ERROR,
    LOSS_MEAN_ABSOLUTE_ERROR,
    LOSS_BINARY_CROSSENTROPY,
    LOSS_CATEGORICAL_CROSSENTROPY
} Loss;

typedef struct Output {
    const char *name;
    const char *title; /* as in Tensor */
    Tensor *tensor;
    const char **classes; /* NULL: none */
    int class_count;
    Loss loss;
    Range range;
} Output;

typedef struct Bind {
    const char *from, *to; /* name in the file, our key */
    Range range;
} Bind;

struct Graph {
    Arena *arena; /* owns all of it */
    const char *name;
    const Source *source;
    VEC(Tensor *) tensors;
    VEC(Node *) nodes; /* in topological order */
    VEC(Tensor *) inputs;
    VEC(Output) outputs;
    const char *weights;        /* as written in the file, or NULL */
    const char *weights_layout; /* "oihw", "hwio", or NULL: the container's */
    Range weights_range;
    VEC(const char *) files; /* that it was read from, beside the source */
    VEC(Bind) binds;
    int64_t arena_bytes, arena_bound; /* the plan's peak, the lower bound */
};

Graph *graph_new(Arena *arena, const char *name);
void graph_free(Graph *graph); /* the vectors; the arena is the caller's */
/* A graph of its own in the arena; names, origins and data are shared. */
Graph *graph_copy(Arena *arena, const Graph *graph);
/* A node with its defaults filled in and room for its outputs; appended. */
Node *graph_add(Graph *graph, Op op, const char *path, Tensor *const *inputs,
                int count, const Origin *origin);
Tensor *graph_input(Graph *graph, const char *name, DType type, Shape shape,
                    const Origin *origin);
Tensor *graph_constant(Graph *graph, const char *name, Shape shape,
                       const float *data);
/* A parameter "PATH.name" of the node, appended to its inputs; the existing
 * one where the node has it already, which may be any tensor of the shape: a
 * constant, an input of the network, a value. fan_in as in Tensor. */
Tensor *graph_parameter(Graph *graph, Node *node, int index, const char *name,
                        Shape shape, ParameterLayout layout, double fan_in,
                        double value);
/* A parameter that no node has asked for. */
Tensor *graph_parameter_named(Graph *graph, const char *name, Shape shape,
                              const Origin *origin);
void graph_output(Graph *graph, const char *name, Tensor *tensor, Range range);
/* Sets an attribute struct's field from text as a default would be. */
bool attr_parse(const AttrInfo *info, void *attrs, const char *text,
                Arena *arena);
/* The field as a text that attr_parse reads. */
void attr_text(Text *text, const AttrInfo *info, const void *attrs);
/* The words that a WORD may be, NULL at the end. */
const char *const *attr_words(Op op, const char *name);
bool attr_is_word(const char *text); /* of any operator */
/* The index of a node's attribute; BUG where there is none. */
int attr_index(const Node *node, const char *name);

/* Every reader of `from` (outputs of the network too) reads `to`. */
void graph_replace(Graph *graph, Tensor *from, Tensor *to);
/* Removes nodes nothing reads, then renumbers. True if there were any. */
bool graph_remove_dead(Graph *graph);
void graph_count_uses(Graph *graph);
/* The only node that reads the tensor; NULL for none, several, an output, or
 * one that reads it twice. */
Node *graph_only_reader(const Graph *graph, const Tensor *tensor);
/* Restores topological order after a rewrite put nodes at the end. */
void graph_sort(Graph *graph);

/* Runs the shape rules in order; poisoned inputs are skipped silently. */
bool graph_infer(Graph *graph);
/* One node's rule without any report; false where it refuses. */
bool graph_try(Graph *graph, Node *node);
/* The same for one node whose inputs are known. */
bool graph_infer_node(Graph *graph, Node *node);
/* An error at the node (attr >= 0: at that attribute, where it was written),
 * followed by notes for its block uses; the node's outputs are poisoned. Within
 * a shape rule the notes for the block uses come after those of the rule. */
void graph_error(const Node *node, int attr, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* A hint to the last graph_error. */
void graph_hint(const char *hint);
/* A note for each data input: "'main' is [16, 16, 32]: 'conv1' is
 * conv(32, 3x3, stride=2) of [32, 32, 16]". */
void graph_note_inputs(const Node *node);
const char *tensor_show(const Tensor *tensor); /* its label, name or path */

/* BUG with the graph's text where something does not hold. */
void graph_verify(const Graph *graph, const char *after);
/* The text form, and back: graph_read(graph_print(g)) prints the same. */
void graph_print(Text *text, const Graph *graph);
Graph *graph_read(Arena *arena, const Source *source); /* NULL + diagnostics */

/*
 * The reference evaluator. Values as double, row-major; inputs in the order of
 * graph->inputs (copied). Afterwards evaluation_value gives any tensor's values
 * until evaluation_free; after graph_evaluate_outputs only the network's
 * outputs, all else was freed after its last use.
 */
typedef struct Evaluation Evaluation;
Evaluation *graph_evaluate(const Graph *graph, const double *const *inputs);
Evaluation *graph_evaluate_outputs(const Graph *graph,
                                   const double *const *inputs);
/* One node by itself, for constant folding: in and out as in OpInfo. */
void graph_evaluate_node(const Node *node, const double *const *in,
                         double *const *out);
const double *evaluation_value(const Evaluation *evaluation,
                               const Tensor *tensor);
void evaluation_free(Evaluation *evaluation);

/* Seeded He-normal weights for every parameter without data. */
void graph_init_weights(Graph *graph, uint64_t seed);
/* True where every parameter has data. */
bool graph_has_weights(const Graph *graph);
int64_t graph_macs(const Graph *graph);
int64_t graph_parameters(const Graph *graph);
const char *loss_name(Loss loss);
bool loss_parse(const char *name, Loss *loss);

#endif
