/*
 * model_none.c - onnx_read of a cnnc that was built without libprotobuf-c.
 */
#include "import/onnx.h"

const bool onnx_is_there = false;

OnnxModel *onnx_read(Arena *arena, const char *path)
{
    return onnx_read_bytes(arena, path, NULL, 0, NULL);
}

OnnxModel *onnx_read_bytes(Arena *arena, const char *path, const void *bytes,
                           size_t size, const char *folder)
{
    (void)arena, (void)bytes, (void)size, (void)folder;
    diag_error_file(path,
                    "this cnnc was built without ONNX support (libprotobuf-c)");
    return NULL;
}
