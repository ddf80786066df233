/*
 * onnx.h - an ONNX model as its file has it, checked.
 *
 *     OnnxModel *model = onnx_read(arena, "net.onnx");
 *     for (int i = 0; i < model->graph->node_count; i++) ...
 *
 * What is promised of a model that was read: names are valid UTF-8 (a NUL
 * within them is ONNX_NUL); each value has one maker (an input, an initialiser
 * or a node; an initialiser that is also an input counts once); every name that
 * is read was made; nodes stand in an order in which makers come before
 * readers; functions of the model are inlined; a tensor has as many elements as
 * its shape says. What the nodes mean, their operators, domains, attributes and
 * types, nobody has looked at.
 *
 * Names are the model's own and may be anything: C keywords, quotes, newlines.
 */
#ifndef CNNC_IMPORT_ONNX_H
#define CNNC_IMPORT_ONNX_H

#include "base/base.h"
#include "base/dtype.h"

#define ONNX_MAX_RANK  8
#define ONNX_MAX_OPSET 26
#define ONNX_MIN_OPSET 1

/* A NUL in a name: two bytes that are in no UTF-8. */
#define ONNX_NUL "\xc0\x80"

/* Dense, row-major, in the host's byte order; dimensions may be 0. */
typedef struct OnnxTensor {
    const char *name; /* "" where the file has none */
    DType type;
    int rank;
    int64_t dim[ONNX_MAX_RANK];
    int64_t count;    /* elements */
    const void *data; /* count * dtype_size(type) bytes, aligned to 8 */
} OnnxTensor;

/* Element i, whatever its type; f16 and bf16 are widened, 64-bit integers
 * beyond 2^53 are rounded. */
double onnx_tensor_number(const OnnxTensor *tensor, int64_t i);
/* Element i of a tensor of whole numbers, exactly (u64 beyond INT64_MAX is
 * INT64_MAX). */
int64_t onnx_tensor_integer(const OnnxTensor *tensor, int64_t i);

typedef enum OnnxAttrKind { /* the numbers are ONNX's */
                            ONNX_FLOAT = 1,
                            ONNX_INT = 2,
                            ONNX_STRING = 3,
                            ONNX_TENSOR = 4,
                            ONNX_GRAPH = 5,
                            ONNX_FLOATS = 6,
                            ONNX_INTS = 7,
                            ONNX_STRINGS = 8,
                            ONNX_OTHER /* sparse tensors, types, lists of graphs and tensors */
} OnnxAttrKind;

typedef struct OnnxAttr {
    const char *name;
    OnnxAttrKind kind;
    float f;
    int64_t i;
    const char *s; /* strings: like names */
    OnnxTensor *tensor;
    int count; /* of floats, ints or strings */
    const float *floats;
    const int64_t *ints;
    const char *const *strings;
    bool is_read; /* set by who understood it */
} OnnxAttr;

typedef struct OnnxNode {
    const char *name;   /* may be "" */
    const char *op;     /* "Conv" */
    const char *domain; /* "" is ONNX's own ("ai.onnx" is written "") */
    int64_t opset; /* the domain's version; functions can have another one than
                      the model: what a node means is said by this one */
    int input_count, output_count, attr_count;
    const char **input, **output; /* NULL: an optional one is left out; the
                                     last one is there */
    OnnxAttr *attr;
    int line;     /* of the listing; 1-based */
    size_t start; /* the line's first byte */
} OnnxNode;

/* A dimension is a number, a symbol, or neither. */
typedef struct OnnxDim {
    int64_t value; /* -1: not a number; 0 is possible */
    const char *symbol;
} OnnxDim;

typedef struct OnnxValueInfo {
    const char *name;
    bool is_tensor; /* no sequence, map, optional ... */
    bool has_type, has_shape;
    DType type; /* where is_tensor and has_type */
    int rank;
    OnnxDim dim[ONNX_MAX_RANK];
} OnnxValueInfo;

typedef struct OnnxGraph {
    const char *name;
    int node_count, initializer_count, input_count, output_count;
    OnnxNode **node;
    OnnxTensor **initializer;
    OnnxValueInfo **input; /* those with an initialiser are left out */
    OnnxValueInfo **output;
} OnnxGraph;

/* A file of external data, as the model names it, in the model's folder. */
typedef struct OnnxFile {
    const char *path;
    const struct OnnxFile *next;
} OnnxFile;

typedef struct OnnxModel {
    const char *path;
    const OnnxFile *files; /* each once, the last first */
    int64_t ir_version;
    int opset; /* of ONNX's own domain, ONNX_MIN_OPSET..ONNX_MAX_OPSET */
    OnnxGraph *graph;
    /*
     * A listing of the nodes, one a line, for diagnostics to point into; node
     * n is on line n->line:
     *     conv1_out = Conv(x, conv1.weight, conv1.bias) kernel_shape=[3, 3]
     * Names in it are escaped and cut to a readable length.
     */
    const Source *listing;
} OnnxModel;

/* The node's line in the listing. */
Range onnx_node_range(const OnnxModel *model, const OnnxNode *node);

/* NULL and diagnostics where the file cannot be read or breaks a rule above;
 * external data is read from the model's folder only. */
OnnxModel *onnx_read(Arena *arena, const char *path);
/* The same for bytes in memory, for tests and fuzzing; external data is
 * refused where folder is NULL. */
OnnxModel *onnx_read_bytes(Arena *arena, const char *path, const void *bytes,
                           size_t size, const char *folder);

/* False in a cnnc that was built without libprotobuf-c: nothing can be read. */
extern const bool onnx_is_there;

/* A name as a message shows it: quotes, controls and what is no UTF-8 escaped,
 * cut to at most 64 characters; in a ring of eight static buffers. */
const char *onnx_show(const char *name);

#endif
