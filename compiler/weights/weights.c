/*
 * weights.c - opens a weight file by its content, and finds tensors in it.
 *
 *     first bytes              container
 *     \x93NUMPY                .npy
 *     a length, then '{'       safetensors
 *     (a folder)               its .npy files
 */
#include "weights/local.h"

#include <stdlib.h>
#include <string.h>

/* ---- element types --------------------------------------------------------------- */

static const struct {
    DType type;
    CnncType io;
} types[] = {
    { DT_BOOL, CNNC_BOOL }, { DT_U8, CNNC_U8 },     { DT_I8, CNNC_I8 },
    { DT_U16, CNNC_U16 },   { DT_I16, CNNC_I16 },   { DT_U32, CNNC_U32 },
    { DT_I32, CNNC_I32 },   { DT_U64, CNNC_U64 },   { DT_I64, CNNC_I64 },
    { DT_F16, CNNC_F16 },   { DT_BF16, CNNC_BF16 }, { DT_F32, CNNC_F32 },
    { DT_F64, CNNC_F64 },
};

_Static_assert(COUNT_OF(types) == DT_COUNT, "a row for every element type");

DType dtype_of_cnnc(CnncType type)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (types[i].io == type)
            return types[i].type;
    BUG("no element type %d", (int)type);
}

CnncType dtype_to_cnnc(DType type)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (types[i].type == type)
            return types[i].io;
    BUG("no element type %d", (int)type);
}

bool host_is_little(void)
{
    const uint16_t one = 1;
    uint8_t first;

    memcpy(&first, &one, 1);
    return first == 1;
}

void *bytes_swapped(Arena *arena, const void *data, size_t count,
                    size_t element)
{
    uint8_t *out = arena_array(arena, count, element);
    const uint8_t *in = data;

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < element; k++)
            out[i * element + k] = in[i * element + element - 1 - k];
    return out;
}

const char *dims_text(Arena *arena, const int64_t *dim, int rank)
{
    Text text = { 0 };

    text_char(&text, '[');
    for (int i = 0; i < rank; i++)
        text_printf(&text, "%s%lld", i ? ", " : "", (long long)dim[i]);
    text_char(&text, ']');
    return text_take(&text, arena);
}

void weights_to_float(const WeightTensor *tensor, float *out)
{
    cnnc_to_f32(dtype_to_cnnc(tensor->type), tensor->data, tensor->count, out);
}

/* ---- opening ----------------------------------------------------------------------- */

const uint8_t *weight_map(WeightFile *file, const char *path, size_t *size)
{
    const void *data = file_map(path, size);

    if (data)
        vec_push(&file->maps, (WeightMap){ data, *size });
    return data;
}

static bool read_file(WeightFile *file)
{
    size_t size;
    const uint8_t *data = weight_map(file, file->path, &size);

    if (!data)
        return false;
    if (size >= 6 && memcmp(data, "\x93NUMPY", 6) == 0)
        return npy_read(file, file->path, data, size);
    if (name_ends(file->path, ".safetensors") || (size > 8 && data[8] == '{'))
        return safetensors_read(file, data, size);
    diag_error_file(file->path, "is no weight file: neither safetensors nor "
                                ".npy");
    return false;
}

static int compare_tensors(const void *a, const void *b)
{
    return strcmp((*(const WeightTensor *const *)a)->name,
                  (*(const WeightTensor *const *)b)->name);
}

static void sort_tensors(WeightFile *file)
{
    size_t count = (size_t)file->tensors.count;

    file->by_name = NEW_N(file->arena, const WeightTensor *, count);
    for (size_t i = 0; i < count; i++)
        file->by_name[i] = &file->tensors.at[i];
    qsort(file->by_name, count, sizeof *file->by_name, compare_tensors);
}

WeightFile *weights_open(Arena *arena, const char *path)
{
    WeightFile *file = NEW(arena, WeightFile);

    file->arena = arena;
    file->path = arena_text(arena, path);
    file->layout = WEIGHTS_OIHW;
    if (folder_exists(path) ? npy_read_folder(file) : read_file(file)) {
        sort_tensors(file);
        return file;
    }
    weights_close(file);
    return NULL;
}

void weights_close(WeightFile *file)
{
    if (!file)
        return;
    for (int i = 0; i < file->maps.count; i++)
        file_unmap(file->maps.at[i].data, file->maps.at[i].size);
    vec_free(&file->maps);
    vec_free(&file->tensors);
    vec_free(&file->metadata);
}

/* ---- looking --------------------------------------------------------------------------- */

bool weights_parse_layout(const char *name, WeightLayout *layout)
{
    bool hwio = strcmp(name, "hwio") == 0;

    *layout = hwio ? WEIGHTS_HWIO : WEIGHTS_OIHW;
    return hwio || strcmp(name, "oihw") == 0;
}

const char *weights_path(const WeightFile *file)
{
    return file->path;
}

WeightLayout weights_layout(const WeightFile *file)
{
    return file->layout;
}

int weights_count(const WeightFile *file)
{
    return file->tensors.count;
}

const WeightTensor *weights_at(const WeightFile *file, int i)
{
    REQUIRE(i >= 0 && i < file->tensors.count);
    return &file->tensors.at[i];
}

const WeightTensor *weights_find(const WeightFile *file, const char *name)
{
    const WeightTensor key = { .name = name }, *wanted = &key, **found;

    if (file->tensors.count == 0)
        return NULL;
    found = bsearch(&wanted, file->by_name, (size_t)file->tensors.count,
                    sizeof *file->by_name, compare_tensors);
    return found ? *found : NULL;
}

const char *weights_metadata(const WeightFile *file, const char *key)
{
    for (int i = 0; i < file->metadata.count; i++)
        if (strcmp(file->metadata.at[i].key, key) == 0)
            return file->metadata.at[i].value;
    return NULL;
}
