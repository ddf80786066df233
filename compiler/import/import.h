/*
 * import.h - foreign models as graphs.
 *
 *     ImportOptions options = { .dims = dims, .dim_count = 1 };
 *     Graph *graph = import_onnx(arena, "net.onnx", &options);
 *
 * The graph has the model's inputs and outputs in the model's order, with the
 * model's shapes and types, batch dimension included. Between them it is like
 * any other: images lie channels last, parameters are constants, and transposes
 * stand where the two orders meet; passes take out those that are not needed.
 * Names of tensors and paths of nodes are identifiers; the model's own name of
 * an input or output, which may be anything, is its title.
 */
#ifndef CNNC_IMPORT_IMPORT_H
#define CNNC_IMPORT_IMPORT_H

#include "graph/graph.h"

struct OnnxModel;

/* --dim NAME=VALUE */
typedef struct ImportDim {
    const char *name;
    int64_t value;
} ImportDim;

typedef struct ImportOptions {
    const ImportDim *dims;
    int dim_count;
    bool channels_last; /* --io-layout=nhwc: images at the interface */
} ImportOptions;

/* True for a path that ends in ".onnx". */
bool import_is_onnx(const char *path);
/* NULL and diagnostics: all that is not supported, at once. */
Graph *import_onnx(Arena *arena, const char *path,
                   const ImportOptions *options);
/* The same of a model that was read. */
Graph *import_model(Arena *arena, const struct OnnxModel *model,
                    const ImportOptions *options);

#endif
