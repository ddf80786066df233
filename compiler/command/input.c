/*
 * input.c - the inputs of a network from files.
 *
 *     digit.png          an image, fitted as the options say
 *     x.npy              an array of the input's shape
 *     images.idx3:17     the item 17 of an IDX file, plain or .gz
 */
#include "command/local.h"
#include "weights/weights.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool input_fit(const CommandOptions *options, CnncFit *fit)
{
    static const char *const names[] = { "none", "nearest", "bilinear", "area",
                                         NULL };
    static const CnncResize ways[] = { CNNC_RESIZE_NONE, CNNC_RESIZE_NEAREST,
                                       CNNC_RESIZE_BILINEAR, CNNC_RESIZE_AREA };

    *fit = (CnncFit){ .invert = options->invert };
    if (!options->resize)
        return true;
    int i = options_choose(options->resize, names, "way to resize");
    if (i >= 0)
        fit->resize = ways[i];
    return i >= 0;
}

/* "a.idx:17" where the whole is no file, but "a.idx" is. */
static bool split_item(Arena *arena, const char *path, const char **file,
                       int64_t *item)
{
    const char *colon = strrchr(path, ':');

    if (!colon || access(path, F_OK) == 0 || !parse_int64(colon + 1, item) ||
        *item < 0)
        return false;
    *file = arena_textn(arena, path, (size_t)(colon - path));
    return access(*file, F_OK) == 0;
}

static bool take_item(const CnncArray *array, const Tensor *tensor,
                      const char *path, int64_t item, void *out)
{
    size_t count = (size_t)shape_count(&tensor->shape);
    CnncError error;

    if (array->rank < 1 || item >= array->dim[0]) {
        diag_error_file(path, "has no item %lld: it has %lld", (long long)item,
                        array->rank < 1 ? 0LL : (long long)array->dim[0]);
        return false;
    }
    if (array->count / (size_t)array->dim[0] != count) {
        diag_error_file(path, "an item has %zu elements, '%s' is %s",
                        array->count / (size_t)array->dim[0],
                        show_port(tensor->name, tensor->title),
                        shape_show(&tensor->shape));
        return false;
    }
    const char *data = (const char *)array->data +
                       (size_t)item * count * cnnc_type_size(array->type);
    if (tensor->type == DT_U8) {
        if (cnnc_to_u8(array->type, data, count, out, &error))
            return true;
        diag_error_file(path, "%s", error.message);
        return false;
    }
    cnnc_to_f32(array->type, data, count, out);
    for (size_t i = 0; array->type == CNNC_U8 && i < count; i++)
        ((float *)out)[i] /= 255; /* as an image's */
    return true;
}

static bool read_item(const Tensor *tensor, const char *path, int64_t item,
                      void *out)
{
    CnncArray array = { 0 };
    CnncError error;

    if (!cnnc_idx_read(path, &array, &error)) {
        diag_error_file(path, "%s", error.message);
        return false;
    }
    bool good = take_item(&array, tensor, path, item, out);
    cnnc_array_free(&array);
    return good;
}

/* The same dimensions, but for those of 1. */
static bool same_shape(const CnncArray *array, const Shape *shape)
{
    int i = 0, d = 0;
    for (;; i++, d++) {
        while (i < array->rank && array->dim[i] == 1)
            i++;
        while (d < shape->rank && shape->dim[d] == 1)
            d++;
        if (i == array->rank || d == shape->rank)
            return i == array->rank && d == shape->rank;
        if (array->dim[i] != shape->dim[d])
            return false;
    }
}

/* Types that no image has: an array of just this one. */
static bool read_typed(const Tensor *tensor, const char *path, void *out)
{
    CnncArray array = { 0 };
    CnncError error;
    bool good;

    if (!cnnc_npy_read(path, &array, &error)) {
        diag_error_file(path, "%s", error.message);
        return false;
    }
    good = dtype_of_cnnc(array.type) == tensor->type &&
           same_shape(&array, &tensor->shape);
    if (good)
        memcpy(out, array.data, array.size);
    else
        diag_error_file(path, "is an array of %s, '%s' is %s %s",
                        cnnc_type_name(array.type),
                        show_port(tensor->name, tensor->title),
                        dtype_name(tensor->type), shape_show(&tensor->shape));
    cnnc_array_free(&array);
    return good;
}

void *input_read(Arena *arena, const Tensor *tensor, const char *path,
                 const CnncFit *fit)
{
    void *out = arena_alloc(arena, tensor_bytes(tensor));
    const char *file;
    int64_t item;
    CnncError error;

    if (tensor->type != DT_F32 && tensor->type != DT_U8)
        return read_typed(tensor, path, out) ? out : NULL;
    if (split_item(arena, path, &file, &item))
        return read_item(tensor, file, item, out) ? out : NULL;
    if (picture_read(path, tensor->type == DT_U8 ? CNNC_U8 : CNNC_F32,
                     tensor->shape.rank, tensor->shape.dim, fit, out, &error))
        return out;
    diag_error_file(path, "%s", error.message);
    return NULL;
}
