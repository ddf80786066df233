/*
 * weights.h - files of named tensors, whatever their container.
 *
 *     net.safetensors   { conv1.weight f32 [6, 1, 5, 5], conv1.bias f32 [6] }
 *
 *     WeightFile *file = weights_open(arena, "net.safetensors");
 *     weights_match(file, wanted, count, binds, bind_count, range, found);
 *     weights_to_float(found[0], data);
 *
 * A file is mapped, not copied: its tensors live until weights_close, and
 * their data may lie at any address, aligned or not.
 *
 *     container     content                    layout, where none is stated
 *     safetensors   tensors and metadata       OIHW, [out][in]
 *     x.npy         one tensor, named "x"      OIHW, [out][in]
 *     a folder      a tensor a .npy file       OIHW, [out][in]
 *
 * OIHW is how PyTorch keeps a convolution's weights: [out][in][height][width];
 * HWIO is TensorFlow's: [height][width][in][out], and [in][out] of a dense
 * layer.
 */
#ifndef CNNC_WEIGHTS_H
#define CNNC_WEIGHTS_H

#include "base/base.h"
#include "base/dtype.h"

#include <cnnc/io.h>

#define WEIGHT_MAX_RANK 8

/* The element types of files, as cnnc/io.h calls them. */
DType dtype_of_cnnc(CnncType type);
CnncType dtype_to_cnnc(DType type);

typedef enum WeightLayout { WEIGHTS_OIHW, WEIGHTS_HWIO } WeightLayout;
/* "oihw" or "hwio". */
bool weights_parse_layout(const char *name, WeightLayout *layout);

/* Row-major, in the host's byte order. */
typedef struct WeightTensor {
    const char *name; /* the key; as the file has it, may be any UTF-8 */
    DType type;
    int rank; /* 0: a single number */
    int64_t dim[WEIGHT_MAX_RANK];
    const void *data;
    size_t count, size; /* elements, bytes */
} WeightTensor;

/* A text of the file about itself. */
typedef struct WeightMetadata {
    const char *key, *value;
} WeightMetadata;

typedef struct WeightFile WeightFile;

/* NULL and a diagnostic that names the path, and the place in the file, where
 * it breaks a rule of its container. */
WeightFile *weights_open(Arena *arena, const char *path);
void weights_close(WeightFile *file); /* NULL is fine */
const char *weights_path(const WeightFile *file);
WeightLayout weights_layout(const WeightFile *file);
int weights_count(const WeightFile *file);
const WeightTensor *weights_at(const WeightFile *file, int i); /* file order */
const WeightTensor *weights_find(const WeightFile *file, const char *name);
const char *weights_metadata(const WeightFile *file, const char *key);

/* An input of a network from a file: as cnnc_input_read, for shapes with more
 * dimensions of 1 in front, too. */
bool picture_read(const char *path, CnncType type, int rank,
                  const int64_t *shape, const CnncFit *fit, void *out,
                  CnncError *error);

/* All elements, each rounded to the nearest float, ties to even. */
void weights_to_float(const WeightTensor *tensor, float *out);

/*
 * The same tensors give the same bytes: they are sorted by element size, the
 * largest first, then by name, so that each is aligned. Names must differ.
 * Goes through file_write: complete after file_commit.
 */
bool weights_write_safetensors(const char *path, const WeightTensor *tensors,
                               int count, const WeightMetadata *metadata,
                               int metadata_count);

/* ---- does a file fit a network? (match.c) -------------------------------------- */

/* A tensor that the network needs, in the shape that the file has to have. */
typedef struct WeightWanted {
    const char *name;
    int rank;
    int64_t dim[WEIGHT_MAX_RANK];
    bool optional; /* found is NULL where the file has none */
} WeightWanted;

/* The tensor `from` of the file is the network's `to`. */
typedef struct WeightBind {
    const char *from, *to;
    Range range;
} WeightBind;

/*
 * Sets found[i] for each wanted[i]. What is missing, of another shape or left
 * over is one error at range, with a note for each; tensors that are left over
 * and nothing else are a warning. PyTorch's num_batches_tracked may be left
 * over silently. A bind of names that do not exist is an error of its own.
 */
bool weights_match(const WeightFile *file, const WeightWanted *wanted,
                   int count, const WeightBind *binds, int bind_count,
                   Range range, const WeightTensor **found);

/* ---- into a network (bind.c) ------------------------------------------------------ */

struct Graph;

/*
 * Sets the data of every parameter from the file at path, or from the one that
 * the network names (relative to the network's file) where path is NULL.
 * layout is "oihw", "hwio" or NULL: the one that the network states, or the
 * container's. With OIHW a dense layer behind a flatten has its inputs in
 * [channels][height][width] order in the file. False after diagnostics.
 */
bool weights_bind(struct Graph *graph, const char *path, const char *layout);

/* The parameters as safetensors with OIHW, under the names that the network
 * binds, so that weights_bind of that file gives the same. All have data. Goes
 * through file_write. */
bool weights_save(struct Graph *graph, const char *path);

#endif
