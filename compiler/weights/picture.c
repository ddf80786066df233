/*
 * picture.c - an input of a network from a file, whatever its order.
 *
 *     [28][28][1]       an image as it is
 *     [1][3][32][32]    an image, its channels one plane after the other
 *
 * Where the channels come first an image is turned; an array is expected in the
 * input's own shape.
 */
#include "weights/local.h"

#include <stdio.h>
#include <string.h>

/* Dimensions of 1 in front that no file has to have; a number is [1]. */
static int file_shape(int rank, const int64_t *shape, int64_t *dim)
{
    int first = 0;

    while (rank - first > 3 && shape[first] == 1)
        first++;
    dim[0] = 1;
    memcpy(dim, shape + first, (size_t)(rank - first) * sizeof *dim);
    return rank ? rank - first : 1;
}

static bool is_channels(int64_t size)
{
    return size == 1 || size == 3;
}

/* An image has channels; where they could be at either end they come last. */
static bool is_planar(int rank, const int64_t *dim)
{
    return rank == 3 && is_channels(dim[0]) && !is_channels(dim[2]);
}

static bool is_array(const char *path)
{
    static const char magic[] = "\x93NUMPY";
    char start[sizeof magic - 1] = "";
    FILE *file = fopen(path, "rb");
    bool is = file && fread(start, sizeof start, 1, file) == 1 &&
              memcmp(start, magic, sizeof start) == 0;

    if (file)
        fclose(file);
    return is;
}

/* in[h][w][c] to out[c][h][w] */
static void turn(const char *in, char *out, size_t element, int64_t pixels,
                 int64_t channels)
{
    for (int64_t c = 0; c < channels; c++)
        for (int64_t i = 0; i < pixels; i++, out += element)
            memcpy(out, in + (size_t)(i * channels + c) * element, element);
}

bool picture_read(const char *path, CnncType type, int rank,
                  const int64_t *shape, const CnncFit *fit, void *out,
                  CnncError *error)
{
    int64_t dim[WEIGHT_MAX_RANK];
    const size_t element = cnnc_type_size(type);
    char *pixels;
    bool done;

    rank = file_shape(rank, shape, dim);
    if (!is_planar(rank, dim) || is_array(path))
        return cnnc_input_read(path, type, rank, dim, fit, out, error);
    const int64_t count = dim[1] * dim[2], channels = dim[0];
    const int64_t image[] = { dim[1], dim[2], channels };
    pixels = mem_alloc((size_t)(count * channels) * element);
    done = cnnc_input_read(path, type, 3, image, fit, pixels, error);
    if (done)
        turn(pixels, out, element, count, channels);
    mem_free(pixels);
    return done;
}
