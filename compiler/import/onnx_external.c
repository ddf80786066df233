/*
 * onnx_external.c - tensors whose data lie in a file beside the model.
 *
 *     models/net.onnx      external_data: location "net.bin", offset 4096,
 *     models/net.bin                      length 1024
 *
 * A model comes from anywhere, and could ask for any file of the machine: only
 * regular files within the model's folder are read, whatever the links are
 * that lead there, and as many bytes as the tensor's shape says.
 */
#include "import/onnx_local.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Extent {
    const char *location;   /* NULL: none was given */
    int64_t offset, length; /* length -1: up to the end of the file */
    bool has_offset;
} Extent;

/* ---- where the data are -------------------------------------------------- */

static bool take_number(const OnnxReader *r, OnnxPlace place, const char *key,
                        const char *value, int64_t *number)
{
    return (parse_int64(value, number) && *number >= 0) ||
           onnx_refuse(r, place, "has external data with the %s '%s'", key,
                       onnx_show(value));
}

/* Other keys (a checksum, notes of tools) say nothing of where data are. */
static bool take_entry(const OnnxReader *r, OnnxPlace place, const char *key,
                       const char *value, Extent *extent)
{
    bool again = false;

    if (strcmp(key, "location") == 0) {
        again = extent->location != NULL;
        extent->location = value;
    } else if (strcmp(key, "offset") == 0) {
        again = extent->has_offset;
        extent->has_offset = true;
        if (!take_number(r, place, key, value, &extent->offset))
            return false;
    } else if (strcmp(key, "length") == 0) {
        again = extent->length >= 0;
        if (!take_number(r, place, key, value, &extent->length))
            return false;
    }
    return !again ||
           onnx_refuse(r, place, "has external data with two values of '%s'",
                       key);
}

static bool take_extent(const OnnxReader *r, OnnxPlace place,
                        const Pb__Tensor *file, Extent *extent)
{
    *extent = (Extent){ .length = -1 };
    for (size_t i = 0; i < file->n_external_data; i++) {
        const Pb__Entry *entry = file->external_data[i];
        const char *key = onnx_text(r, place, entry->key, "a key");
        const char *value = onnx_text(r, place, entry->value, "a value");
        if (!key || !value || !take_entry(r, place, key, value, extent))
            return false;
    }
    return extent->location ||
           onnx_refuse(r, place, "has external data without a location");
}

/* ---- which file that is -------------------------------------------------- */

/* Relative, and never up: "data/net.bin". */
static bool is_below(const char *location)
{
    if (*location == '/' || *location == '\0')
        return false;
    for (const char *at = location; *at;) {
        size_t length = strcspn(at, "/");
        if (length == 2 && memcmp(at, "..", 2) == 0)
            return false;
        at += length + (at[length] == '/');
    }
    return true;
}

/* The file with all links followed, where it is within the folder. */
static const char *find_file(const OnnxReader *r, OnnxPlace place,
                             const char *location)
{
    char *root = realpath(r->folder, NULL);
    char *path = path_join(r->arena, r->folder, location);
    char *real = realpath(path, NULL);
    const char *found = NULL;
    struct stat facts;

    if (!root || !real || stat(real, &facts) != 0) {
        onnx_refuse(r, place,
                    "has external data in '%s', which cannot be "
                    "opened: %s",
                    onnx_show(location), strerror(errno));
    } else if (strncmp(real, root, strlen(root)) != 0 ||
               (root[1] && real[strlen(root)] != '/')) {
        onnx_refuse(r, place,
                    "has external data in '%s', a link that leaves "
                    "the model's folder",
                    onnx_show(location));
    } else if (!S_ISREG(facts.st_mode)) {
        onnx_refuse(r, place,
                    "has external data in '%s', which is no regular file",
                    onnx_show(location));
    } else {
        found = arena_text(r->arena, real);
    }
    free(root);
    free(real);
    return found;
}

/* ---- its bytes ----------------------------------------------------------- */

static const void *copy_bytes(OnnxReader *r, OnnxPlace place, const char *path,
                              const Extent *extent, int64_t size)
{
    size_t mapped;
    const char *map = file_map(path, &mapped);
    const void *copy = NULL;

    if (!map)
        return NULL;
    int64_t left = (int64_t)mapped - extent->offset;
    if (left < 0 || size > left)
        onnx_refuse(r, place,
                    "has external data of %lld bytes from byte %lld of '%s', "
                    "which has %zu",
                    (long long)size, (long long)extent->offset,
                    onnx_show(extent->location), mapped);
    else if ((extent->length < 0 ? left : extent->length) != size)
        onnx_refuse(r, place,
                    "has %lld bytes of external data, its shape and type make "
                    "it %lld",
                    (long long)(extent->length < 0 ? left : extent->length),
                    (long long)size);
    else
        copy = arena_copy(r->arena, map + extent->offset, (size_t)size);
    file_unmap(map, mapped);
    return copy;
}

/* Notes that the model consists of this file, too. */
static void note_file(OnnxReader *r, const char *location)
{
    OnnxFile *made;
    const char *path = path_join(r->arena, r->folder, location);
    for (const OnnxFile *file = r->model->files; file; file = file->next)
        if (strcmp(file->path, path) == 0)
            return;
    made = NEW(r->arena, OnnxFile);
    *made = (OnnxFile){ path, r->model->files };
    r->model->files = made;
}

const void *onnx_external(OnnxReader *r, OnnxPlace place,
                          const Pb__Tensor *file, int64_t size)
{
    Extent extent;

    if (!take_extent(r, place, file, &extent))
        return NULL;
    if (!r->folder || !is_below(extent.location)) {
        onnx_refuse(r, place,
                    "has external data in '%s', which is not within the "
                    "model's folder",
                    onnx_show(extent.location));
        return NULL;
    }
    if (size > ONNX_EXTERNAL_LIMIT - r->external) {
        onnx_refuse(r, place,
                    "takes %lld bytes of external data: with those before "
                    "more than %lld MiB",
                    (long long)size, (long long)(ONNX_EXTERNAL_LIMIT >> 20));
        return NULL;
    }
    r->external += size;
    const char *path = find_file(r, place, extent.location);
    note_file(r, extent.location);
    return path ? copy_bytes(r, place, path, &extent, size) : NULL;
}
