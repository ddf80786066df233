/*
 * main.c - draws a blob, asks the network what it is, prints the scores.
 *
 *     $ ./blobs
 *     none   0.21
 *     round  0.47
 *     long   0.32
 *
 * The weights are random ones, so the scores are too.
 */
#include "blobs.h"

#include <stdio.h>

int main(void)
{
    float image[BLOBS_IMAGE_SIZE] = { 0 }; /* [8][8][1] */
    float kind[BLOBS_KIND_SIZE];
    float sum = 0;

    if (!blobs_supported()) {
        fputs("blobs: compiled for another processor\n", stderr);
        return 1;
    }
    for (int row = 2; row < 6; row++)
        for (int column = 2; column < 6; column++)
            image[row * 8 + column] = 1.0f;
    blobs(image, kind);
    for (int i = 0; i < BLOBS_KIND_SIZE; i++) {
        printf("%-6s %.2f\n", blobs_kind_classes[i], (double)kind[i]);
        sum += kind[i];
    }
    return sum < 0.999f || sum > 1.001f;
}
