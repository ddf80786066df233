/*
 * side.h - one of those who race: something that turns an input into an output.
 *
 *     ours=c:./lenet5.so:lenet5_run:4704:u8    a C function in a library, the
 *                                              bytes of its workspace, and u8
 *                                              where it takes bytes
 *     ort=ort:lenet5.onnx                      a model in ONNX Runtime
 *
 * All get the same numbers, each in its own layout: ours are channels last,
 * ONNX Runtime's channels first; but of a model that is an ONNX file all have
 * the layout of that file. Such a model may have several inputs and outputs:
 * they lie in one buffer, each on a boundary of PORT_ALIGNMENT floats.
 */
#ifndef BENCH_SIDE_H
#define BENCH_SIDE_H

#include "ort/ort.h"

#define PORT_ALIGNMENT 16 /* workshop.py relies on it */

/* A tensor of an ONNX file: what the file says of it, and where it begins. */
typedef struct {
    const char *name;
    int64_t dim[ORT_RANK];
    size_t rank, offset;
} Port;

/* A shape per sample: [h][w][c], or [n] as h = w = 1; with ports, n is the
 * length of the buffer that they share. */
typedef struct {
    int64_t h, w, c;
    size_t rank; /* 3 or 1 */
    Port port[ORT_PORTS];
    size_t ports; /* 0: no such file */
} Shape;

typedef struct {
    Shape input, output;
    double scale;         /* of bytes, where a side takes bytes */
    const char *library;  /* ONNX Runtime's, or NULL */
    unsigned char *bytes; /* the input as bytes, and as it is meant: */
    float *values;        /* bytes * scale, or any number, [h][w][c] */
} Task;

typedef void CFunction(const void *input, float *output, void *workspace);

typedef struct {
    const char *name;
    int channels_first;
    OrtModel ort;
    CFunction *function; /* NULL: ort */
    const void *input;
    float *buffer; /* input in this side's layout, where that differs */
    float *output;
    void *workspace;
    void *library;
} Side;

size_t shape_count(const Shape *shape);
size_t port_count(const Port *port);

/* Zeroed memory, aligned alike for every side; for free(). */
void *buffer_new(size_t bytes);

/* Opens what the text above says; a failure ends the program. */
void side_open(Side *side, char *text, const Task *task);
void side_run(const Side *side);
void side_close(Side *side);

/* The largest difference of two outputs, relative to the largest number of
 * the first, or to a hundredth if that is more; of several outputs the worst. */
double side_error(const Side *truth, const Side *side, const Shape *output);

#endif
