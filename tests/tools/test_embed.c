/*
 * test_embed.c - the runtime's headers inside the compiler are those in the
 * source, byte for byte.
 */
#include "base/base.h"
#include "unit.h"

#include <string.h>

#define HEADERS(H) H(net) H(maths) H(rare)
#define H(name)                                                                \
    extern const char runtime_##name##_h[];                                    \
    extern const size_t runtime_##name##_h_size;
HEADERS(H)
#undef H

static void compare(const char *path, const char *inside, size_t inside_size)
{
    Arena *arena = arena_new();
    size_t size = 0;
    const char *text = file_read(arena, path, 1 << 20, &size);

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT(size > 1000 && size == inside_size);
    CU_ASSERT(memcmp(text, inside, size + 1) == 0);
    arena_free(arena);
}

static void test_the_headers_in_the_compiler_are_those_in_the_source(void)
{
#define H(name)                                                                \
    compare(TEST_SOURCE "/runtime/include/cnnc/" #name ".h",                   \
            runtime_##name##_h, runtime_##name##_h_size);
    HEADERS(H)
}

static const UnitTest tests[] = {
    UNIT(test_the_headers_in_the_compiler_are_those_in_the_source),
};

UNIT_MAIN("embed", tests)
