/*
 * test_none.c - a cnnc without libprotobuf-c says so. The program has the
 * function of such a build in place of the reader's.
 */
#include "import/onnx.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static void test_a_build_without_the_library_says_so(void)
{
    Arena *arena = arena_new();
    size_t length;
    char *said = NULL;
    FILE *stream = open_memstream(&said, &length);
    diag_set_options((DiagOptions){ .stream = stream });
    CU_ASSERT_PTR_NULL(onnx_read(arena, "net.onnx"));
    diag_flush();
    diag_set_options((DiagOptions){ 0 });
    fclose(stream);
    CU_ASSERT_STRING_EQUAL(said, "net.onnx: error: this cnnc was built without "
                                 "ONNX support (libprotobuf-c)\n");
    free(said);
    arena_free(arena);
}

static const UnitTest tests[] = {
    UNIT(test_a_build_without_the_library_says_so),
};
UNIT_MAIN("no ONNX", tests)
