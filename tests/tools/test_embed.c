/*
 * test_embed.c - the runtime's header inside the compiler is the one in the
 * source, byte for byte.
 */
#include "base/base.h"
#include "unit.h"

#include <string.h>

extern const char runtime_net_h[];
extern const size_t runtime_net_h_size;

static void test_the_header_in_the_compiler_is_the_one_in_the_source(void)
{
    Arena *arena = arena_new();
    size_t size = 0;
    const char *text = file_read(
        arena, TEST_SOURCE "/runtime/include/cnnc/net.h", 1 << 20, &size);

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT(size > 1000 && size == runtime_net_h_size);
    CU_ASSERT(memcmp(text, runtime_net_h, size + 1) == 0);
    arena_free(arena);
}

static const UnitTest tests[] = {
    UNIT(test_the_header_in_the_compiler_is_the_one_in_the_source),
};

UNIT_MAIN("embed", tests)
