/*
 * safetensors_write.c - writes safetensors; safetensors.c has a picture.
 *
 * The header is filled up with blanks to a multiple of 8 bytes, and tensors of
 * large elements come first, so that every element is aligned in the file.
 */
#include "weights/local.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[DT_COUNT] = {
    [DT_BOOL] = "BOOL", [DT_U8] = "U8",     [DT_I8] = "I8",   [DT_U16] = "U16",
    [DT_I16] = "I16",   [DT_U32] = "U32",   [DT_I32] = "I32", [DT_U64] = "U64",
    [DT_I64] = "I64",   [DT_BF16] = "BF16", [DT_F16] = "F16", [DT_F32] = "F32",
    [DT_F64] = "F64",
};

static int compare_for_file(const void *a, const void *b)
{
    const WeightTensor *x = *(const WeightTensor *const *)a;
    const WeightTensor *y = *(const WeightTensor *const *)b;
    int difference = dtype_size(y->type) - dtype_size(x->type);

    return difference ? difference : strcmp(x->name, y->name);
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp((*(const WeightMetadata *const *)a)->key,
                  (*(const WeightMetadata *const *)b)->key);
}

/* Puts a value that was just made into an object, or ends the program. */
static void put(json_object *object, const char *name, json_object *value)
{
    if (!value || json_object_object_add(object, name, value) != 0)
        mem_exhausted(strlen(name));
}

static json_object *list_of(const int64_t *at, int count)
{
    json_object *list = json_object_new_array();

    for (int i = 0; list && i < count; i++)
        if (json_object_array_add(list, json_object_new_int64(at[i])) != 0)
            mem_exhausted(sizeof *at);
    return list;
}

static json_object *describe(const WeightTensor *t, int64_t *at)
{
    json_object *object = json_object_new_object();
    int64_t offsets[2] = { *at, *at + (int64_t)t->size };

    put(object, "dtype", json_object_new_string(names[t->type]));
    put(object, "shape", list_of(t->dim, t->rank));
    put(object, "data_offsets", list_of(offsets, 2));
    *at = offsets[1];
    return object;
}

static json_object *describe_metadata(const WeightMetadata *metadata, int count)
{
    json_object *object = json_object_new_object();
    const WeightMetadata **sorted = mem_alloc((size_t)count * sizeof *sorted);

    for (int i = 0; i < count; i++)
        sorted[i] = &metadata[i];
    qsort(sorted, (size_t)count, sizeof *sorted, compare_keys);
    for (int i = 0; i < count; i++)
        put(object, sorted[i]->key, json_object_new_string(sorted[i]->value));
    mem_free(sorted);
    return object;
}

static void add_header(Text *out, json_object *header)
{
    size_t length;
    const char *text = json_object_to_json_string_length(
        header, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE,
        &length);
    size_t padded = (length + 7) / 8 * 8;

    for (int i = 0; i < 8; i++)
        text_char(out, (char)((uint64_t)padded >> (8 * i) & 255));
    text_addn(out, text, length);
    for (; length < padded; length++)
        text_char(out, ' ');
}

static void add_elements(Text *out, const WeightTensor *t)
{
    size_t element = (size_t)dtype_size(t->type);

    if (host_is_little()) {
        text_addn(out, t->data, t->size);
        return;
    }
    Arena *arena = arena_new();
    text_addn(out, bytes_swapped(arena, t->data, t->count, element), t->size);
    arena_free(arena);
}

bool weights_write_safetensors(const char *path, const WeightTensor *tensors,
                               int count, const WeightMetadata *metadata,
                               int metadata_count)
{
    Text out = { .file = file_begin(path) };
    if (!out.file)
        return false;
    const WeightTensor **sorted = mem_alloc((size_t)count * sizeof *sorted);
    json_object *header = json_object_new_object();
    int64_t at = 0;

    if (metadata_count)
        put(header, "__metadata__",
            describe_metadata(metadata, metadata_count));
    for (int i = 0; i < count; i++)
        sorted[i] = &tensors[i];
    qsort(sorted, (size_t)count, sizeof *sorted, compare_for_file);
    for (int i = 0; i < count; i++) {
        REQUIRE(!json_object_object_get(header, sorted[i]->name));
        put(header, sorted[i]->name, describe(sorted[i], &at));
    }
    add_header(&out, header);
    for (int i = 0; i < count; i++) {
        add_elements(&out, sorted[i]);
        text_pass(&out);
    }
    json_object_put(header);
    mem_free(sorted);
    return text_end(&out);
}
