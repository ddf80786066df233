/*
 * ort.h - one ONNX model in ONNX Runtime, one thread, ready to run again and
 * again on the same two buffers.
 *
 *     ort_open(&model, "libonnxruntime.so.1", "net.onnx", shapes, buffers)
 *     ort_run(&model)          input buffer -> output buffer
 *     ort_close(&model)
 *
 * The library is opened when it is asked for; nothing links against it. All
 * graph optimisations are on, spinning is off, the memory arena is on: as
 * fast as one thread gets. A failure prints its message and ends the program.
 */
#ifndef BENCH_ORT_H
#define BENCH_ORT_H

#include <stddef.h>
#include <stdint.h>

#define ORT_RANK 8 /* dimensions at most */

typedef struct {
    float *data; /* the caller's, as long as the model is open */
    const char *name;
    int64_t shape[ORT_RANK];
    size_t rank;
} OrtBuffer;

typedef struct {
    void *library;
    const void *const *api; /* the table of functions */
    void *env, *options, *session, *memory;
    const char *input_name, *output_name;
    void *input, *output; /* tensors around the caller's buffers */
} OrtModel;

void ort_open(OrtModel *model, const char *library, const char *path,
              const OrtBuffer *input, const OrtBuffer *output);
void ort_run(const OrtModel *model);
void ort_close(OrtModel *model);

#endif
