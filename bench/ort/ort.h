/*
 * ort.h - one ONNX model in ONNX Runtime, one thread, ready to run again and
 * again on the same buffers.
 *
 *     ort_open(&model, "libonnxruntime.so.1", "net.onnx", &inputs, &outputs)
 *     ort_run(&model)          input buffers -> output buffers
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

#define ORT_RANK  8  /* dimensions at most */
#define ORT_PORTS 64 /* inputs, or outputs, at most */

typedef struct {
    float *data; /* the caller's, as long as the model is open */
    const char *name;
    int64_t shape[ORT_RANK];
    size_t rank;
} OrtBuffer;

typedef struct {
    OrtBuffer at[ORT_PORTS];
    size_t count;
} OrtBuffers;

/* Tensors around the caller's buffers. */
typedef struct {
    const char *name[ORT_PORTS];
    void *tensor[ORT_PORTS];
    size_t count;
} OrtPorts;

typedef struct {
    void *library;
    const void *const *api; /* the table of functions */
    void *env, *options, *session, *memory;
    OrtPorts inputs, outputs;
} OrtModel;

void ort_open(OrtModel *model, const char *library, const char *path,
              const OrtBuffers *inputs, const OrtBuffers *outputs);
void ort_run(const OrtModel *model);
void ort_close(OrtModel *model);

#endif
