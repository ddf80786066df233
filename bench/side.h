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
 * the layout of that file.
 */
#ifndef BENCH_SIDE_H
#define BENCH_SIDE_H

#include "ort/ort.h"

/* A shape per sample: [h][w][c], or [n] as h = w = 1. */
typedef struct {
    int64_t h, w, c;
    size_t rank; /* 3 or 1 */
    /* Of a tensor of an ONNX file: [n], and what the file says of it. */
    const char *name; /* NULL: no such file */
    int64_t dim[ORT_RANK];
    size_t dims;
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

size_t shape_count(Shape shape);

/* Zeroed memory, aligned alike for every side; for free(). */
void *buffer_new(size_t bytes);

/* Opens what the text above says; a failure ends the program. */
void side_open(Side *side, char *text, const Task *task);
void side_run(const Side *side);
void side_close(Side *side);

/* The largest difference of two outputs, relative to the largest number of
 * the first. */
double side_error(const Side *truth, const Side *side, Shape output);

#endif
