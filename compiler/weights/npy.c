/*
 * npy.c - weights from .npy files: one, or a folder of them.
 *
 *     weights/conv1.weight.npy   the tensor "conv1.weight"
 *     weights/conv1.bias.npy     the tensor "conv1.bias"
 *
 * Elements in C order and the host's byte order stay where they are mapped;
 * others are turned once, into the arena.
 */
#include "weights/local.h"

#include <string.h>

#define SUFFIX ".npy"

static bool report(const CnncError *error)
{
    diag_error_file(error->path, "%s", error->message);
    return false;
}

/* "a/conv1.weight.npy" -> "conv1.weight" */
static const char *tensor_name(Arena *arena, const char *path)
{
    char *name = path_base(arena, path);

    if (name_ends(name, SUFFIX))
        name[strlen(name) - strlen(SUFFIX)] = '\0';
    return name;
}

/* The elements in C order and host byte order; NULL after a diagnostic. */
static const void *turned_elements(WeightFile *file, const char *path,
                                   const uint8_t *data, size_t size)
{
    CnncArray array;
    CnncError error;

    if (!cnnc_npy_parse(data, size, path, &array, &error)) {
        report(&error);
        return NULL;
    }
    const void *turned = arena_copy(file->arena, array.data, array.size);
    cnnc_array_free(&array);
    return turned;
}

bool npy_read(WeightFile *file, const char *path, const uint8_t *data,
              size_t size)
{
    CnncNpyHeader header;
    CnncError error;
    WeightTensor tensor = { 0 };

    if (!cnnc_npy_parse_header(data, size, path, &header, &error))
        return report(&error);
    tensor.name = tensor_name(file->arena, path);
    tensor.type = dtype_of_cnnc(header.array.type);
    tensor.rank = header.array.rank;
    memcpy(tensor.dim, header.array.dim, sizeof tensor.dim);
    tensor.count = header.array.count;
    tensor.size = header.array.size;
    tensor.data = data + header.start;
    if (header.swapped || header.fortran)
        tensor.data = turned_elements(file, path, data, size);
    if (!tensor.data)
        return false;
    vec_push(&file->tensors, tensor);
    return true;
}

_Static_assert(WEIGHT_MAX_RANK == CNNC_MAX_RANK, "dim is copied as a whole");

bool npy_read_folder(WeightFile *file)
{
    FolderList list;
    bool right = true;

    if (!folder_list(file->arena, file->path, &list))
        return false;
    for (int i = 0; i < list.count; i++) {
        size_t size;
        if (!name_ends(list.at[i], SUFFIX))
            continue;
        const char *path = path_join(file->arena, file->path, list.at[i]);
        const uint8_t *data = weight_map(file, path, &size);
        right = data && npy_read(file, path, data, size) && right;
    }
    if (right && file->tensors.count == 0) {
        diag_error_file(file->path, "is a folder without .npy files");
        return false;
    }
    return right;
}
