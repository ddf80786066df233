/*
 * main.c - reads the digit in each image that is named.
 *
 *     $ digit seven.pgm
 *     seven.pgm: 7 (99.8 %)
 *
 *     file --cnnc_input_read--> uint8_t [28][28][1] --lenet5--> float [10]
 *
 * The network and its weights are part of the program: nothing is loaded but
 * the images. Of any size; white ink on black, or with -i black on white.
 */
#include "lenet5.h"

#include <cnnc/io.h>

#include <stdio.h>
#include <string.h>

static const int64_t image_shape[] = { 28, 28, 1 };

static int most_probable(const float *digit)
{
    int best = 0;
    for (int i = 1; i < LENET5_DIGIT_SIZE; i++)
        if (digit[i] > digit[best])
            best = i;
    return best;
}

static bool classify(const char *path, const CnncFit *fit)
{
    uint8_t image[LENET5_IMAGE_SIZE];
    float digit[LENET5_DIGIT_SIZE];
    CnncError error;
    if (!cnnc_input_read(path, CNNC_U8, 3, image_shape, fit, image, &error)) {
        fprintf(stderr, "%s: %s\n", error.path, error.message);
        return false;
    }
    lenet5(image, digit);
    int best = most_probable(digit);
    printf("%s: %s (%.1f %%)\n", path, lenet5_digit_classes[best],
           100 * (double)digit[best]);
    return true;
}

int main(int argc, char **argv)
{
    CnncFit fit = { .resize = CNNC_RESIZE_AREA };
    int first = 1;
    if (first < argc && strcmp(argv[first], "-i") == 0) {
        fit.invert = true;
        first++;
    }
    if (first >= argc) {
        fputs("usage: digit [-i] image.pgm|image.png...\n"
              "-i: the digits are black on white\n",
              stderr);
        return 2;
    }
    if (!lenet5_supported()) {
        fputs("digit: compiled for a newer processor than this one\n", stderr);
        return 1;
    }
    bool all = true;
    for (int i = first; i < argc; i++)
        all = classify(argv[i], &fit) && all;
    return all ? 0 : 1;
}
