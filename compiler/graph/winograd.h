/*
 * winograd.h - the numbers of convolutions with fewer products.
 *
 *     y = output ((weight w) * (input x))       the product by elements
 *
 * gives `tile` outputs of a window of three taps w, from tile + 2 products of
 * the tile + 2 inputs x.
 */
#ifndef CNNC_GRAPH_WINOGRAD_H
#define CNNC_GRAPH_WINOGRAD_H

#include <stdint.h>

#define WINOGRAD_TAPS   3
#define WINOGRAD_TILE   4 /* at most */
#define WINOGRAD_POINTS (WINOGRAD_TILE + WINOGRAD_TAPS - 1)

typedef struct WinogradMatrices {
    int tile, points;
    double input[WINOGRAD_POINTS][WINOGRAD_POINTS];
    double weight[WINOGRAD_POINTS][WINOGRAD_TAPS];
    double output[WINOGRAD_TILE][WINOGRAD_POINTS];
} WinogradMatrices;

/* Of tiles of 2 or 4; NULL: there are none. */
const WinogradMatrices *winograd_matrices(int64_t tile);
/* The weights of a 'winograd' node with that tile, [rows][tile + 2][count], from
 * those of a convolution, [rows][3][count]. */
void winograd_weights(int64_t tile, int64_t rows, int64_t count,
                      const float *from, float *to);

#endif
