/*
 * local.h - what the drivers share. ports.h, written by the test, says which
 * network it is and what its arrays are.
 */
#ifndef DRIVER_LOCAL_H
#define DRIVER_LOCAL_H

#include "ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t input_bytes[NET_INPUTS] = NET_INPUTS_BYTES;
static const size_t output_bytes[NET_OUTPUTS] = NET_OUTPUTS_BYTES;
static const size_t input_element[NET_INPUTS] = NET_INPUTS_ELEMENT;
static const size_t output_element[NET_OUTPUTS] = NET_OUTPUTS_ELEMENT;

static void run(void *const *input, void *const *output, void *workspace)
{
    NET_RUN(NET_ARGUMENTS(input, output), workspace);
}

/* The arrays' bytes from the file `in`, one behind the other. */
static void read_inputs(void *const *input)
{
    FILE *file = fopen("in", "rb");
    if (file == NULL)
        exit(9);
    for (int i = 0; i < NET_INPUTS; i++) {
        if (fread(input[i], 1, input_bytes[i], file) != input_bytes[i])
            exit(9);
    }
    fclose(file);
}

static void write_outputs(void *const *output)
{
    FILE *file = fopen("out", "wb");
    if (file == NULL)
        exit(9);
    for (int i = 0; i < NET_OUTPUTS; i++)
        fwrite(output[i], 1, output_bytes[i], file);
    fclose(file);
}

static void need(int condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "%s\n", what);
    exit(1);
}

#endif
