/*
 * local.h - what the readers of weight files share.
 */
#ifndef CNNC_WEIGHTS_LOCAL_H
#define CNNC_WEIGHTS_LOCAL_H

#include "weights/dataset.h"
#include "weights/weights.h"

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

/* "[28, 28, 1]" */
const char *dims_text(Arena *arena, const int64_t *dim, int rank);

/* ---- folders (folder.c) ---------------------------------------------------------- */

/* Names within a folder, sorted by their bytes, without hidden ones. */
typedef struct FolderList {
    const char **at;
    int count;
} FolderList;

bool folder_exists(const char *path);
bool file_exists(const char *path); /* a plain file */
/* A diagnostic and false where it cannot be read. */
bool folder_list(Arena *arena, const char *path, FolderList *list);
bool name_ends(const char *name, const char *suffix);

/* ---- data sets ----------------------------------------------------------------------- */

struct DataSet {
    Arena *arena;
    const char *path;
    DataForm form;
    int64_t count;        /* samples, before the range */
    int64_t elements;     /* of one input */
    CnncArray images;     /* the first index is the sample; or data NULL: */
    const char **path_of; /* the image of each sample */
    const char *images_path;
    bool scaled;         /* 255 stands for white */
    int64_t *label;      /* of each sample, or NULL: */
    const float *target; /* [count][target_size] */
    int64_t target_size;
};

/* Whether the folder has the files of this kind; the other opens it. */
bool data_is_npy(const DataSet *set);
bool data_open_npy(DataSet *set);
bool data_is_idx(const DataSet *set);
bool data_open_idx(DataSet *set);
bool data_open_folder(DataSet *set);
bool data_check_label(const DataSet *set, const char *path, int64_t i,
                      int64_t label);

#endif
