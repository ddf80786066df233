/* SPDX-License-Identifier: 0BSD */
/*
 * input.c - a network's input from whatever file there is.
 *
 *     seven.png   [28][28][1] by way of an image's fitting
 *     seven.npy   [28][28], [1][28][28], ...: the same but for ones
 *     cat.png     [3][32][32]: channel by channel
 */
#include "local.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The next dimension that is not 1, or 1 at the end. */
static int64_t next_dim(const int64_t *dim, int rank, int *k)
{
    while (*k < rank)
        if (dim[(*k)++] != 1)
            return dim[*k - 1];
    return 1;
}

static bool same_but_ones(const int64_t *a, int a_rank, const int64_t *b,
                          int b_rank)
{
    int i = 0, k = 0;
    while (i < a_rank || k < b_rank)
        if (next_dim(a, a_rank, &i) != next_dim(b, b_rank, &k))
            return false;
    return true;
}

static void put_dims(char *out, size_t room, const int64_t *dim, int rank)
{
    size_t used = (size_t)snprintf(out, room, "[");
    int k;
    for (k = 0; k < rank && used < room; k++)
        used += (size_t)snprintf(out + used, room - used, "%s%lld",
                                 k ? ", " : "", (long long)dim[k]);
    if (used < room)
        snprintf(out + used, room - used, "]");
}

static bool take_array(Input *in, CnncType type, int rank, const int64_t *dim,
                       void *out)
{
    CnncArray array;
    char have[100], want[100];
    bool done = true;
    if (!cnnc_io_npy(in, &array))
        return false;
    if (!same_but_ones(array.dim, array.rank, dim, rank)) {
        put_dims(have, sizeof have, array.dim, array.rank);
        put_dims(want, sizeof want, dim, rank);
        done = cnnc_io_fail(in, CNNC_ERROR_SHAPE,
                            "the array is %s, %s is needed", have, want);
    } else if (type == CNNC_F32) {
        cnnc_to_f32(array.type, array.data, array.count, (float *)out);
    } else {
        done = cnnc_to_u8(array.type, array.data, array.count, (uint8_t *)out,
                          in->error);
        if (!done && in->error) /* which knows the array only */
            snprintf(in->error->path, sizeof in->error->path, "%s", in->path);
    }
    cnnc_array_free(&array);
    return done;
}

static bool is_channels(int64_t size)
{
    return size == 1 || size == 3;
}

/* in[pixels][channels] to out[channels][pixels] */
static void turn(const char *in, char *out, size_t element, size_t pixels,
                 size_t channels)
{
    size_t c, i;
    for (c = 0; c < channels; c++)
        for (i = 0; i < pixels; i++, out += element)
            memcpy(out, in + (i * channels + c) * element, element);
}

/* The image as out[dim[0]][dim[1]][dim[2]], the channels first. */
static bool fit_planes(Input *in, const CnncImage *image, CnncType type,
                       const int64_t *dim, const CnncFit *fit, void *out)
{
    const int64_t full[3] = { dim[1], dim[2], dim[0] };
    const size_t element = cnnc_type_size(type), channels = (size_t)dim[0];
    const size_t count = (size_t)dim[1] * (size_t)dim[2];
    char *pixels = (char *)malloc(count * channels * element);
    bool done;
    if (!pixels)
        return cnnc_io_fail(in, CNNC_ERROR_MEMORY, "no memory for an image");
    done = cnnc_io_fit(in, image, type, full, fit, pixels);
    if (done)
        turn(pixels, (char *)out, element, count, channels);
    free(pixels);
    return done;
}

static bool take_image(Input *in, CnncType type, int rank, const int64_t *dim,
                       const CnncFit *fit, void *out)
{
    int64_t full[3] = { 1, 1, 1 };
    CnncImage image;
    bool done;
    if (rank != 2 && rank != 3)
        return cnnc_io_fail(in, CNNC_ERROR_SHAPE,
                            "an image is no input of %d dimensions", rank);
    memcpy(full, dim, (size_t)rank * sizeof *dim);
    if (!is_channels(full[2]) && !is_channels(full[0]))
        return cnnc_io_fail(in, CNNC_ERROR_SHAPE,
                            "an image becomes 1 or 3 channels, not %lld",
                            (long long)full[2]);
    if (!cnnc_io_image(in, &image))
        return false;
    done = is_channels(full[2]) ? cnnc_io_fit(in, &image, type, full, fit, out)
                                : fit_planes(in, &image, type, full, fit, out);
    cnnc_image_free(&image);
    return done;
}

bool cnnc_input_read(const char *path, CnncType type, int rank,
                     const int64_t *dim, const CnncFit *fit, void *out,
                     CnncError *error)
{
    Input in = { path, NULL, 0, 0, NULL, error };
    bool done;
    if (type != CNNC_U8 && type != CNNC_F32)
        return cnnc_io_fail(&in, CNNC_ERROR_UNSUPPORTED,
                            "an input of type %s is not read",
                            cnnc_type_name(type));
    done =
        cnnc_io_load(&in, SIZE_MAX) &&
        (cnnc_io_npy_matches(&in) ? take_array(&in, type, rank, dim, out)
                                  : take_image(&in, type, rank, dim, fit, out));
    cnnc_io_unload(&in);
    return done;
}
