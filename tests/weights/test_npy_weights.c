/*
 * test_npy_weights.c - weights from .npy files, one or a folder of them.
 */
#include "weights/files.h"
#include "weights/weights.h"

#include <cnnc/io.h>

static void save_npy(const char *path, const char *descr, const char *order,
                     const char *shape, const void *data, size_t size)
{
    char bytes[512];
    int length = snprintf(bytes + 10, sizeof bytes - 10,
                          "{'descr': '%s', 'fortran_order': %s, 'shape': %s}",
                          descr, order, shape);
    memcpy(bytes, "\x93NUMPY\1\0", 8);
    bytes[8] = (char)length;
    bytes[9] = 0;
    memcpy(bytes + 10 + length, data, size);
    save(path, bytes, 10 + (size_t)length + size);
}

static void test_one_file_is_named_after_itself(void)
{
    static const float data[2] = { 1.5f, -2 };
    Arena *arena = arena_new();
    float out[2];
    save_npy(scratch("fc.bias.npy"), "<f4", "False", "(2,)", data, 8);
    WeightFile *file = weights_open(arena, scratch("fc.bias.npy"));
    CU_ASSERT_FATAL(file != NULL);
    CU_ASSERT_EQUAL(weights_count(file), 1);
    const WeightTensor *t = weights_find(file, "fc.bias");
    CU_ASSERT_FATAL(t != NULL);
    weights_to_float(t, out);
    CU_ASSERT_EQUAL(memcmp(out, data, 8), 0);
    weights_close(file);
    arena_free(arena);
}

static void test_a_folder_is_a_tensor_a_file(void)
{
    Arena *arena = arena_new();
    float out[4];
    mkdir(scratch("npys"), 0777);
    save_npy(scratch("npys/b.npy"), ">i2", "False", "(2,)", "\0\1\xff\xfe", 4);
    save_npy(scratch("npys/a.npy"), "|u1", "True", "(2, 2)", "\1\2\3\4", 4);
    save(scratch("npys/readme.txt"), "x", 1);
    WeightFile *file = weights_open(arena, scratch("npys"));
    CU_ASSERT_FATAL(file != NULL);
    CU_ASSERT_EQUAL(weights_count(file), 2);
    CU_ASSERT_STRING_EQUAL(weights_at(file, 0)->name, "a");
    weights_to_float(weights_find(file, "b"), out);
    CU_ASSERT(out[0] == 1 && out[1] == -2);
    weights_to_float(weights_find(file, "a"), out);
    CU_ASSERT(out[0] == 1 && out[1] == 3 && out[2] == 2 && out[3] == 4);
    weights_close(file);
    arena_free(arena);
}

static void test_all_broken_files_of_a_folder_are_reported(void)
{
    Arena *arena = arena_new();
    mkdir(scratch("broken"), 0777);
    save(scratch("broken/a.npy"), "\x93NUMPY", 6);
    save_npy(scratch("broken/b.npy"), "<c8", "False", "()", "12345678", 8);
    capture_start(DIAG_PLAIN);
    CU_ASSERT_PTR_NULL(weights_open(arena, scratch("broken")));
    CU_ASSERT_EQUAL(diag_error_count(), 2);
    CU_ASSERT(capture_has("b.npy: error: at byte 20: element type '<c8'"));
    mkdir(scratch("empty"), 0777);
    capture_start(DIAG_PLAIN);
    CU_ASSERT_PTR_NULL(weights_open(arena, scratch("empty")));
    CU_ASSERT(capture_has("is a folder without .npy files"));
    arena_free(arena);
}

static const UnitTest tests[] = {
    UNIT(test_one_file_is_named_after_itself),
    UNIT(test_a_folder_is_a_tensor_a_file),
    UNIT(test_all_broken_files_of_a_folder_are_reported),
};

UNIT_MAIN("npy weights", tests)
