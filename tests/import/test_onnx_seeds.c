/*
 * test_onnx_seeds.c - the models that the fuzzer starts from are models.
 *
 *     test_import_onnx_seeds            reads each
 *     test_import_onnx_seeds FOLDER     writes them there, for fuzz_onnx
 */
#include "import/seeds.h"

static void test_every_seed_is_read(void)
{
    for (size_t i = 0; i < COUNT_OF(seeds); i++) {
        Builder b = seed_model(seeds[i]);
        CU_ASSERT_PTR_NOT_NULL(b_read(&b));
        b_free(&b);
    }
}

static bool write_seeds(const char *folder)
{
    Arena *arena = arena_new();
    bool good = true;
    for (size_t i = 0; i < COUNT_OF(seeds); i++) {
        Builder b = seed_model(seeds[i]);
        Text bytes = b_bytes(&b);
        char name[32];
        snprintf(name, sizeof name, "seed_%zu.onnx", i);
        good &= file_write(path_join(arena, folder, name), bytes.data,
                           bytes.length);
        text_free(&bytes);
        b_free(&b);
    }
    arena_free(arena);
    return good && file_commit();
}

static const UnitTest tests[] = {
    UNIT(test_every_seed_is_read),
};

int main(int count, char **arguments)
{
    if (count == 2)
        return write_seeds(arguments[1]) ? 0 : 1;
    return unit_run("ONNX seeds", tests, COUNT_OF(tests));
}
