/*
 * local.h - what the readers of weight files share.
 */
#ifndef CNNC_WEIGHTS_LOCAL_H
#define CNNC_WEIGHTS_LOCAL_H

#include "weights/weights.h"

#include <cnnc/io.h>

typedef struct WeightMap {
    const void *data;
    size_t size;
} WeightMap;

struct WeightFile {
    Arena *arena;
    const char *path;
    WeightLayout layout;
    VEC(WeightTensor) tensors;
    const WeightTensor **by_name; /* sorted */
    VEC(WeightMetadata) metadata;
    VEC(WeightMap) maps; /* unmapped by weights_close */
};

/* Maps a file for as long as the weights are open; NULL and a diagnostic. */
const uint8_t *weight_map(WeightFile *file, const char *path, size_t *size);

/* Each fills in tensors; false after a diagnostic. */
bool safetensors_read(WeightFile *file, const uint8_t *data, size_t size);
bool npy_read(WeightFile *file, const char *path, const uint8_t *data,
              size_t size);
bool npy_read_folder(WeightFile *file);

bool host_is_little(void);
/* The elements' bytes the other way round, in the arena. */
void *bytes_swapped(Arena *arena, const void *data, size_t count,
                    size_t element);
DType dtype_of_cnnc(CnncType type);
CnncType dtype_to_cnnc(DType type);

/* ---- folders (folder.c) ---------------------------------------------------------- */

/* Names within a folder, sorted by their bytes, without hidden ones. */
typedef struct FolderList {
    const char **at;
    int count;
} FolderList;

bool folder_exists(const char *path);
/* A diagnostic and false where it cannot be read. */
bool folder_list(Arena *arena, const char *path, FolderList *list);
bool name_ends(const char *name, const char *suffix);

#endif
