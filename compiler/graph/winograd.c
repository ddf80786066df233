/*
 * winograd.c - the matrices, and weights made with them.
 *
 * They are those of A. Lavin and S. Gray, "Fast Algorithms for Convolutional
 * Neural Networks", 2015, in one direction: F(2, 3) and F(4, 3) with the points
 * 0, 1, -1, (2, -2) and infinity.
 */
#include "graph/winograd.h"

#include "base/base.h"

static const WinogradMatrices matrices[] = {
    {
        .tile = 2,
        .points = 4,
        .input = { { 1, 0, -1, 0 },
                   { 0, 1, 1, 0 },
                   { 0, -1, 1, 0 },
                   { 0, 1, 0, -1 } },
        .weight = { { 1, 0, 0 },
                    { 0.5, 0.5, 0.5 },
                    { 0.5, -0.5, 0.5 },
                    { 0, 0, 1 } },
        .output = { { 1, 1, 1, 0 }, { 0, 1, -1, -1 } },
    },
    {
        .tile = 4,
        .points = 6,
        .input = { { 4, 0, -5, 0, 1, 0 },
                   { 0, -4, -4, 1, 1, 0 },
                   { 0, 4, -4, -1, 1, 0 },
                   { 0, -2, -1, 2, 1, 0 },
                   { 0, 2, -1, -2, 1, 0 },
                   { 0, 4, 0, -5, 0, 1 } },
        .weight = { { 1.0 / 4, 0, 0 },
                    { -1.0 / 6, -1.0 / 6, -1.0 / 6 },
                    { -1.0 / 6, 1.0 / 6, -1.0 / 6 },
                    { 1.0 / 24, 1.0 / 12, 1.0 / 6 },
                    { 1.0 / 24, -1.0 / 12, 1.0 / 6 },
                    { 0, 0, 1 } },
        .output = { { 1, 1, 1, 1, 1, 0 },
                    { 0, 1, -1, 2, -2, 0 },
                    { 0, 1, 1, 4, 4, 0 },
                    { 0, 1, -1, 8, -8, 1 } },
    },
};

const WinogradMatrices *winograd_matrices(int64_t tile)
{
    for (int i = 0; i < (int)COUNT_OF(matrices); i++) {
        if (matrices[i].tile == tile)
            return &matrices[i];
    }
    return NULL;
}

void winograd_weights(int64_t tile, int64_t rows, int64_t count,
                      const float *from, float *to)
{
    const WinogradMatrices *m = winograd_matrices(tile);
    for (int64_t kh = 0; kh < rows; kh++)
        for (int j = 0; j < m->points; j++)
            for (int64_t i = 0; i < count; i++) {
                double sum = 0;
                for (int tap = 0; tap < WINOGRAD_TAPS; tap++)
                    sum += m->weight[j][tap] *
                           (double)from[(kh * WINOGRAD_TAPS + tap) * count + i];
                to[(kh * m->points + j) * count + i] = (float)sum;
            }
}
