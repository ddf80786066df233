/*
 * dataset_array.c - data sets that are arrays: .npy and IDX.
 *
 *     images.npy  [10000, 28, 28]      t10k-images-idx3-ubyte.gz
 *     labels.npy  [10000]              t10k-labels-idx1-ubyte.gz
 */
#include "weights/local.h"

#include <string.h>

typedef bool ReadArray(const char *path, CnncArray *array, CnncError *error);

static bool read_array(const char *path, ReadArray *read, CnncArray *array)
{
    CnncError error;

    if (read(path, array, &error))
        return true;
    diag_error_file(path, "%s", error.message);
    return false;
}

/* ---- images ---------------------------------------------------------------------------- */

static int skip_ones(const int64_t *dim, int rank, int at)
{
    while (at < rank && dim[at] == 1)
        at++;
    return at;
}

/* Whether a[from..] is b but for dimensions of 1. */
static bool same_but_ones(const CnncArray *a, int from, const int64_t *b,
                          int rank)
{
    int i = skip_ones(a->dim, a->rank, from), k = skip_ones(b, rank, 0);

    while (i < a->rank && k < rank && a->dim[i] == b[k]) {
        i = skip_ones(a->dim, a->rank, i + 1);
        k = skip_ones(b, rank, k + 1);
    }
    return i == a->rank && k == rank;
}

/* Reads the images; there are samples, and they have the network's shape. */
static bool take_images(DataSet *set, const char *path, ReadArray *read)
{
    CnncArray *images = &set->images;
    const DataForm *form = &set->form;

    set->images_path = path;
    if (!read_array(path, read, images))
        return false;
    if (images->rank > 0 && images->dim[0] > 0 &&
        same_but_ones(images, 1, form->dim, form->rank)) {
        set->count = images->dim[0];
        return true;
    }
    diag_error_file(path, "is %s; samples of shape %s are needed",
                    dims_text(set->arena, images->dim, images->rank),
                    dims_text(set->arena, form->dim, form->rank));
    return false;
}

/* ---- labels ---------------------------------------------------------------------------- */

static bool check_length(const DataSet *set, const char *path,
                         const CnncArray *array)
{
    if (array->rank > 0 && array->dim[0] == set->count)
        return true;
    diag_error_file(path, "is %s, but '%s' has %lld samples",
                    dims_text(set->arena, array->dim, array->rank),
                    set->images_path, (long long)set->count);
    return false;
}

/* One label of whatever type; false where it is no whole number. */
static bool label_at(const CnncArray *array, size_t i, int64_t *label)
{
    size_t size = cnnc_type_size(array->type);
    const char *at = (const char *)array->data + i * size;
    float value;

    if (array->type == CNNC_I64) {
        memcpy(label, at, size);
        return true;
    }
    cnnc_to_f32(array->type, at, 1, &value);
    if (!(value >= -0x1p24f && value <= 0x1p24f)) /* a NaN is neither */
        return false;
    *label = (int64_t)value;
    return (float)*label == value;
}

static bool keep_labels(DataSet *set, const char *path, const CnncArray *array)
{
    if (!check_length(set, path, array))
        return false;
    if (array->count != (size_t)set->count) {
        diag_error_file(path, "is %s: one label a sample is needed",
                        dims_text(set->arena, array->dim, array->rank));
        return false;
    }
    set->label = NEW_N(set->arena, int64_t, set->count);
    for (int64_t i = 0; i < set->count; i++) {
        if (!label_at(array, (size_t)i, &set->label[i])) {
            diag_error_file(path, "label %lld is no whole number",
                            (long long)i);
            return false;
        }
        if (!data_check_label(set, path, i, set->label[i]))
            return false;
    }
    return true;
}

static bool keep_targets(DataSet *set, const char *path, const CnncArray *array)
{
    int64_t outputs = set->form.outputs;
    float *values;

    if (!check_length(set, path, array))
        return false;
    set->target_size = (int64_t)array->count / set->count;
    if (outputs && set->target_size != outputs) {
        diag_error_file(path, "is %s, the network has %lld outputs",
                        dims_text(set->arena, array->dim, array->rank),
                        (long long)outputs);
        return false;
    }
    values = NEW_N(set->arena, float, array->count);
    cnnc_to_f32(array->type, array->data, array->count, values);
    set->target = values;
    return true;
}

typedef bool Keep(DataSet *set, const char *path, const CnncArray *array);

static bool take(DataSet *set, const char *path, ReadArray *read, Keep *keep)
{
    CnncArray array;
    bool right = read_array(path, read, &array) && keep(set, path, &array);

    cnnc_array_free(&array);
    return right;
}

/* ---- .npy ---------------------------------------------------------------------------------- */

#define IMAGES  "images.npy"
#define LABELS  "labels.npy"
#define TARGETS "targets.npy"

static char *within(const DataSet *set, const char *name)
{
    return path_join(set->arena, set->path, name);
}

bool data_is_npy(const DataSet *set)
{
    return file_exists(within(set, IMAGES));
}

bool data_open_npy(DataSet *set)
{
    const char *labels = within(set, LABELS), *targets = within(set, TARGETS);

    if (!take_images(set, within(set, IMAGES), cnnc_npy_read))
        return false;
    if (file_exists(targets))
        return take(set, targets, cnnc_npy_read, keep_targets);
    if (file_exists(labels))
        return take(set, labels, cnnc_npy_read, keep_labels);
    diag_error_file(set->path, "has '" IMAGES "', but neither '" LABELS
                               "' nor '" TARGETS "'");
    return false;
}

/* ---- IDX ------------------------------------------------------------------------------------ */

/* The names that MNIST came with, and those of its unpacked copies. */
static const char *const image_ends[] = { "-images-idx3-ubyte",
                                          "-images-idx3-ubyte.gz",
                                          "-images.idx3-ubyte" };
static const char *const label_ends[] = { "-labels-idx1-ubyte",
                                          "-labels-idx1-ubyte.gz",
                                          "-labels.idx1-ubyte" };
_Static_assert(COUNT_OF(image_ends) == COUNT_OF(label_ends), "pairs");

/* The first of the files that is there, or NULL. */
static const char *find_idx(const DataSet *set, const char *half,
                            const char *const *ends)
{
    for (size_t i = 0; i < COUNT_OF(image_ends); i++) {
        const char *path =
            arena_printf(set->arena, "%s/%s%s", set->path, half, ends[i]);
        if (file_exists(path))
            return path;
    }
    return NULL;
}

/* "t10k" or "train", of which the images are there; or NULL. */
static const char *half_of(const DataSet *set)
{
    if (set->form.split != DATA_TRAIN && find_idx(set, "t10k", image_ends))
        return "t10k";
    if (set->form.split != DATA_TEST && find_idx(set, "train", image_ends))
        return "train";
    return NULL;
}

bool data_is_idx(const DataSet *set)
{
    return find_idx(set, "t10k", image_ends) ||
           find_idx(set, "train", image_ends);
}

bool data_open_idx(DataSet *set)
{
    const char *half = half_of(set);

    if (!half) {
        diag_error_file(set->path, "has no %s-images-idx3-ubyte",
                        set->form.split == DATA_TEST ? "t10k" : "train");
        return false;
    }
    const char *labels = find_idx(set, half, label_ends);
    if (!take_images(set, find_idx(set, half, image_ends), cnnc_idx_read))
        return false;
    set->scaled = set->images.type == CNNC_U8;
    if (labels)
        return take(set, labels, cnnc_idx_read, keep_labels);
    diag_error_file(set->path, "has no %s-labels-idx1-ubyte", half);
    return false;
}
