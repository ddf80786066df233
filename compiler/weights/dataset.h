/*
 * dataset.h - labelled samples for `eval` and `train`, from a folder.
 *
 *     mnist/t10k-images-idx3-ubyte.gz        IDX: t10k-* (test) or train-*,
 *     mnist/t10k-labels-idx1-ubyte.gz        plain or .gz
 *
 *     digits/0/a.png digits/1/b.pgm ...      a sub-folder of images a class
 *
 *     set/images.npy  set/labels.npy         arrays, the first index is the
 *     set/images.npy  set/targets.npy        sample: whole numbers as labels,
 *                                            or the wanted outputs
 *
 *     DataSet *set = data_open(arena, "mnist", &form);
 *     for (int64_t i = 0; i < data_count(set); i++)
 *         if (data_read(set, i, image)) ... data_label(set, i) ...
 *
 * u8 images become f32 as 0 to 1 (to fit.white); the elements of images.npy
 * are taken as they are.
 */
#ifndef CNNC_WEIGHTS_DATASET_H
#define CNNC_WEIGHTS_DATASET_H

#include "base/base.h"
#include "base/dtype.h"

#include <cnnc/io.h>

typedef enum DataSplit {
    DATA_ANY, /* the test half where it is there, else the training half */
    DATA_TEST,
    DATA_TRAIN
} DataSplit; /* of an IDX folder */

/* What the network takes and gives. */
typedef struct DataForm {
    DType type;         /* of its input: DT_U8 or DT_F32 */
    int rank;           /* of its input ... */
    const int64_t *dim; /* ... [height][width][channels], [n] */
    int64_t outputs;    /* elements of its output; 0: any */
    int64_t labels;     /* 0 to labels - 1; 0: as many as outputs */
    /* Names of the labels 0, 1, ...; NULL: sub-folders that are all numbers
     * are those labels, others count in the order of their names. */
    const char *const *classes;
    int class_count;
    DataSplit split;
    CnncFit fit;
    int64_t first, last; /* the samples, inclusive; last -1: to the end */
} DataForm;

typedef struct DataSet DataSet;

/* "8000..9999", "8000..", "..7999", "5": first and last, inclusive. */
bool data_parse_range(const char *text, int64_t *first, int64_t *last);

/* NULL after a diagnostic. Labels are checked against form->outputs, shapes
 * against form->dim; images of a folder are read by data_read only. */
DataSet *data_open(Arena *arena, const char *path, const DataForm *form);
void data_close(DataSet *set);          /* NULL is fine */
int64_t data_count(const DataSet *set); /* samples within the range */
/* The sample's input in the form's type and shape; false after a diagnostic. */
bool data_read(DataSet *set, int64_t i, void *input);
int64_t data_label(const DataSet *set, int64_t i); /* -1: there are targets */
/* The wanted outputs as form->outputs floats; NULL: there are labels. */
const float *data_target(const DataSet *set, int64_t i);
/* A place for messages: the image's path, or "images.npy" and the number. */
const char *data_name(const DataSet *set, int64_t i, Arena *arena);

#endif
