/*
 * dataset.c - opens a folder of samples by what lies in it, and reads them.
 *
 *     images.npy                  arrays            (dataset_array.c)
 *     t10k-*, train-*             IDX               (dataset_array.c)
 *     sub-folders                 a class each      (dataset_folder.c)
 *
 * Arrays are read whole, images one at a time.
 */
#include "weights/local.h"

#include <string.h>

/* ---- ranges ------------------------------------------------------------------------ */

/* A number, or the fallback where the text is empty. */
static bool parse_end(const char *text, int64_t fallback, int64_t *value)
{
    *value = fallback;
    return !*text || (parse_int64(text, value) && *value >= 0);
}

bool data_parse_range(const char *text, int64_t *first, int64_t *last)
{
    const char *dots = strstr(text, "..");
    char from[24] = "";

    if (!dots) {
        if (!parse_int64(text, first) || *first < 0)
            return false;
        *last = *first;
        return true;
    }
    if ((size_t)(dots - text) >= sizeof from)
        return false;
    memcpy(from, text, (size_t)(dots - text));
    return parse_end(from, 0, first) && parse_end(dots + 2, -1, last) &&
           (*last == -1 || *last >= *first);
}

static bool apply_range(DataSet *set)
{
    DataForm *form = &set->form;

    if (form->last == -1)
        form->last = set->count - 1;
    if (set->count == 0)
        diag_error_file(set->path, "has no samples");
    else if (form->first < 0 || form->first > form->last ||
             form->last >= set->count)
        diag_error_file(set->path, "samples %lld..%lld are not within 0..%lld",
                        (long long)form->first, (long long)form->last,
                        (long long)set->count - 1);
    else
        return true;
    return false;
}

/* ---- opening ------------------------------------------------------------------------- */

bool data_check_label(const DataSet *set, const char *path, int64_t i,
                      int64_t label)
{
    int64_t outputs = set->form.labels ? set->form.labels : set->form.outputs;

    if (label >= 0 && (outputs == 0 || label < outputs))
        return true;
    if (outputs)
        diag_error_file(path,
                        "sample %lld has label %lld, the network has "
                        "%lld outputs",
                        (long long)i, (long long)label, (long long)outputs);
    else
        diag_error_file(path, "sample %lld has label %lld", (long long)i,
                        (long long)label);
    return false;
}

static bool open_kind(DataSet *set)
{
    if (!folder_exists(set->path)) {
        diag_error_file(set->path, "is no folder of data");
        return false;
    }
    if (data_is_npy(set))
        return data_open_npy(set);
    if (data_is_idx(set))
        return data_open_idx(set);
    return data_open_folder(set);
}

DataSet *data_open(Arena *arena, const char *path, const DataForm *form)
{
    DataSet *set = NEW(arena, DataSet);

    REQUIRE(form->type == DT_U8 || form->type == DT_F32);
    set->arena = arena;
    set->path = arena_text(arena, path);
    set->form = *form;
    set->form.dim =
        arena_copy(arena, form->dim, (size_t)form->rank * sizeof *form->dim);
    set->elements = 1;
    for (int i = 0; i < form->rank; i++)
        set->elements *= form->dim[i];
    if (open_kind(set) && apply_range(set))
        return set;
    data_close(set);
    return NULL;
}

void data_close(DataSet *set)
{
    if (set)
        cnnc_array_free(&set->images);
}

/* ---- samples --------------------------------------------------------------------------- */

static int64_t place_of(const DataSet *set, int64_t i)
{
    REQUIRE(i >= 0 && i < data_count(set));
    return set->form.first + i;
}

int64_t data_count(const DataSet *set)
{
    return set->form.last - set->form.first + 1;
}

int64_t data_label(const DataSet *set, int64_t i)
{
    i = place_of(set, i);
    return set->label ? set->label[i] : -1;
}

const float *data_target(const DataSet *set, int64_t i)
{
    i = place_of(set, i);
    return set->target ? set->target + i * set->target_size : NULL;
}

const char *data_name(const DataSet *set, int64_t i, Arena *arena)
{
    i = place_of(set, i);
    if (set->path_of)
        return set->path_of[i];
    return arena_printf(arena, "%s: sample %lld", set->images_path,
                        (long long)i);
}

static bool read_element(const DataSet *set, int64_t i, void *input)
{
    const CnncArray *images = &set->images;
    size_t count = (size_t)set->elements;
    const char *data = (const char *)images->data +
                       (size_t)i * count * cnnc_type_size(images->type);
    CnncError error;

    if (set->form.type == DT_U8) {
        if (cnnc_to_u8(images->type, data, count, input, &error))
            return true;
        diag_error_file(set->images_path, "sample %lld: %s", (long long)i,
                        error.message);
        return false;
    }
    cnnc_to_f32(images->type, data, count, input);
    if (set->scaled) {
        float *out = input;
        float white = set->form.fit.white != 0 ? set->form.fit.white : 1;
        for (size_t k = 0; k < count; k++)
            out[k] = (float)(out[k] / 255.0 * white);
    }
    return true;
}

bool data_read(DataSet *set, int64_t i, void *input)
{
    CnncError error;

    i = place_of(set, i);
    if (!set->path_of)
        return read_element(set, i, input);
    if (picture_read(set->path_of[i], dtype_to_cnnc(set->form.type),
                     set->form.rank, set->form.dim, &set->form.fit, input,
                     &error))
        return true;
    diag_error_file(set->path_of[i], "%s", error.message);
    return false;
}
