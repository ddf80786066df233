/*
 * picture.c - an input of a network from a file, with or without a batch.
 *
 *     [28][28][1]       an image as it is
 *     [1][3][32][32]    a batch of one: [3][32][32]
 */
#include "weights/local.h"

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

bool picture_read(const char *path, CnncType type, int rank,
                  const int64_t *shape, const CnncFit *fit, void *out,
                  CnncError *error)
{
    int64_t dim[WEIGHT_MAX_RANK];

    rank = file_shape(rank, shape, dim);
    return cnnc_input_read(path, type, rank, dim, fit, out, error);
}
