/*
 * test_match.c - a file against what a network needs: all faults at once.
 */
#include "weights/files.h"
#include "weights/weights.h"

static const float zeros[64];

static WeightTensor tensor(const char *name, int rank, const int64_t *dim)
{
    WeightTensor t = { .name = name, .rank = rank, .data = zeros, .count = 1 };
    for (int i = 0; i < rank; i++)
        t.count *= (size_t)(t.dim[i] = dim[i]);
    t.size = 4 * t.count;
    return t;
}
#define DIM(...)                                                               \
    (const int64_t[])                                                          \
    {                                                                          \
        __VA_ARGS__                                                            \
    }
#define VECTOR(name, n) tensor(name, 1, DIM(n))

static WeightFile *file_of(Arena *arena, const WeightTensor *tensors, int count)
{
    const char *path = scratch("match.safetensors");
    REQUIRE(weights_write_safetensors(path, tensors, count, NULL, 0));
    REQUIRE(file_commit());
    return weights_open(arena, path);
}

/* The message without the path, which is not the same everywhere. */
static bool printed(const char *expected)
{
    char *text = capture_end(), *message = strstr(text, "match.safetensors");
    bool same = message && strcmp(message, expected) == 0;
    if (!same)
        fprintf(stderr, "\nexpected:\n%s\nprinted:\n%s\n", expected, text);
    free(text);
    return same;
}

static void test_a_file_that_fits(void)
{
    static const WeightWanted wanted[] = {
        { "a", 1, { 2 }, false },
        { "b", 1, { 3 }, true },
        { "none", 1, { 3 }, true },
    };
    const WeightTensor tensors[] = { VECTOR("b", 3), VECTOR("a", 2),
                                     VECTOR("bn.num_batches_tracked", 1) };
    const WeightTensor *found[3];
    Arena *arena = arena_new();
    WeightFile *file = file_of(arena, tensors, 3);
    capture_start(DIAG_PLAIN);
    CU_ASSERT(weights_match(file, wanted, 3, NULL, 0, NO_RANGE, found));
    CU_ASSERT(capture_is(""));
    CU_ASSERT_STRING_EQUAL(found[0]->name, "a");
    CU_ASSERT_STRING_EQUAL(found[1]->name, "b");
    CU_ASSERT_PTR_NULL(found[2]);
    weights_close(file);
    arena_free(arena);
}

static void test_all_faults_are_one_error(void)
{
    static const WeightWanted wanted[] = {
        { "conv1.weight", 2, { 6, 5 }, false },
        { "conv1.bias", 1, { 6 }, false },
        { "fc.weight", 2, { 10, 84 }, false },
    };
    const WeightTensor tensors[] = { tensor("conv_1.weight", 2, DIM(6, 5)),
                                     tensor("fc.weight", 1, DIM(10)),
                                     VECTOR("other", 1) };
    const WeightTensor *found[3];
    Arena *arena = arena_new();
    WeightFile *file = file_of(arena, tensors, 3);
    capture_start(DIAG_PLAIN);
    CU_ASSERT_FALSE(weights_match(file, wanted, 3, NULL, 0, NO_RANGE, found));
    CU_ASSERT_EQUAL(diag_error_count(), 1);
    CU_ASSERT(printed(
        "match.safetensors: error: does not fit the network: 2 tensors are "
        "missing, 1 has another shape, 2 are left over\n"
        "cnnc: note: missing: 'conv1.weight' [6, 5]; the file has "
        "'conv_1.weight' [6, 5]\n"
        "cnnc: note: missing: 'conv1.bias' [6]\n"
        "cnnc: note: another shape: 'fc.weight' is [10] in the file, [10, 84] "
        "is needed\n"
        "cnnc: note: left over: 'conv_1.weight' [6, 5]\n"
        "cnnc: note: left over: 'other' [1]\n"));
    weights_close(file);
    arena_free(arena);
}

static void test_left_over_alone_is_a_warning(void)
{
    static const WeightWanted wanted[] = { { "a", 1, { 2 }, false } };
    const WeightTensor tensors[] = { VECTOR("a", 2), VECTOR("b", 3) };
    const WeightTensor *found[1];
    Arena *arena = arena_new();
    WeightFile *file = file_of(arena, tensors, 2);
    capture_start(DIAG_PLAIN);
    CU_ASSERT(weights_match(file, wanted, 1, NULL, 0, NO_RANGE, found));
    CU_ASSERT_EQUAL(diag_error_count(), 0);
    CU_ASSERT(printed("match.safetensors: warning: has more than the network "
                      "needs: 1 tensor is left over\n"
                      "cnnc: note: left over: 'b' [3]\n"));
    weights_close(file);
    arena_free(arena);
}

static void test_the_place_in_the_network_is_shown(void)
{
    static const WeightWanted wanted[] = { { "a", 1, { 2 }, false } };
    const WeightTensor tensors[] = { VECTOR("x", 2) };
    const WeightTensor *found[1];
    Arena *arena = arena_new();
    WeightFile *file = file_of(arena, tensors, 1);
    Source *source = source_from_text(arena, "net.cnn", "weights \"w\"\n");
    capture_start(DIAG_PLAIN);
    CU_ASSERT_FALSE(weights_match(file, wanted, 1, NULL, 0,
                                  (Range){ source, 8, 11 }, found));
    CU_ASSERT(capture_has("does not fit the network: 1 tensor is missing, 1 is "
                          "left over\n    1 | weights \"w\"\n"));
    weights_close(file);
    arena_free(arena);
}

static void test_binds_give_names(void)
{
    static const WeightWanted wanted[] = {
        { "stem.weight", 1, { 2 }, false },
        { "kernel", 1, { 2 }, true },
    };
    static const WeightBind bind = { "kernel", "stem.weight", { NULL, 0, 0 } };
    const WeightTensor tensors[] = { VECTOR("kernel", 2) };
    const WeightTensor *found[2];
    Arena *arena = arena_new();
    WeightFile *file = file_of(arena, tensors, 1);
    capture_start(DIAG_PLAIN);
    CU_ASSERT(weights_match(file, wanted, 2, &bind, 1, NO_RANGE, found));
    CU_ASSERT(capture_is(""));
    CU_ASSERT_FATAL(found[0] != NULL);
    CU_ASSERT_STRING_EQUAL(found[0]->name, "kernel");
    CU_ASSERT_PTR_NULL(found[1]); /* the name is taken */
    weights_close(file);
    arena_free(arena);
}

static void test_binds_share_a_tensor(void)
{
    static const WeightWanted wanted[] = {
        { "a.weight", 1, { 2 }, false },
        { "b.weight", 1, { 2 }, false },
    };
    static const WeightBind binds[] = {
        { "a.weight", "b.weight", { NULL, 0, 0 } },
        { "a.weight", "a.weight", { NULL, 0, 0 } },
    };
    const WeightTensor tensors[] = { VECTOR("a.weight", 2) };
    const WeightTensor *found[2];
    Arena *arena = arena_new();
    WeightFile *file = file_of(arena, tensors, 1);
    CU_ASSERT(weights_match(file, wanted, 2, binds, 2, NO_RANGE, found));
    CU_ASSERT(found[0] && found[0] == found[1]);
    weights_close(file);
    arena_free(arena);
}

static void test_binds_of_unknown_names_are_errors(void)
{
    static const WeightWanted wanted[] = { { "stem.weight", 1, { 2 }, false } };
    static const WeightBind binds[] = {
        { "kernl", "stem.weight", { NULL, 0, 0 } },
        { "kernel", "stem.wieght", { NULL, 0, 0 } },
    };
    const WeightTensor tensors[] = { VECTOR("kernel", 2) };
    const WeightTensor *found[1];
    Arena *arena = arena_new();
    WeightFile *file = file_of(arena, tensors, 1);
    capture_start(DIAG_PLAIN);
    CU_ASSERT_FALSE(weights_match(file, wanted, 1, binds, 2, NO_RANGE, found));
    CU_ASSERT_EQUAL(diag_error_count(), 2);
    CU_ASSERT(printed("match.safetensors' has no tensor 'kernl'\n"
                      "hint: did you mean 'kernel'?\n"
                      "cnnc: error: the network has no parameter "
                      "'stem.wieght'\n"
                      "hint: did you mean 'stem.weight'?\n"));
    weights_close(file);
    arena_free(arena);
}

static void test_another_layout_is_recognised(void)
{
    static const WeightWanted wanted[] = {
        { "conv", 4, { 4, 2, 3, 1 }, false },
        { "fc", 2, { 3, 5 }, false },
    };
    const WeightTensor tensors[] = { tensor("conv", 4, DIM(3, 1, 2, 4)),
                                     tensor("fc", 2, DIM(5, 3)) };
    const WeightTensor *found[2];
    Arena *arena = arena_new();
    WeightFile *file = file_of(arena, tensors, 2);
    capture_start(DIAG_PLAIN);
    CU_ASSERT_FALSE(weights_match(file, wanted, 2, NULL, 0, NO_RANGE, found));
    CU_ASSERT(capture_has("hint: 'layout=hwio' would fit all of these shapes"));
    weights_close(file);
    arena_free(arena);
}

static void test_many_faults_are_not_all_shown(void)
{
    WeightWanted wanted[20];
    const WeightTensor *found[20];
    char names[20][8];
    Arena *arena = arena_new();
    WeightFile *file = file_of(arena, NULL, 0);
    for (int i = 0; i < 20; i++) {
        snprintf(names[i], sizeof names[i], "w%d", i);
        wanted[i] = (WeightWanted){ names[i], 1, { 1 }, false };
    }
    capture_start(DIAG_PLAIN);
    CU_ASSERT_FALSE(weights_match(file, wanted, 20, NULL, 0, NO_RANGE, found));
    CU_ASSERT(capture_has("'w7' [1]\ncnnc: note: ... and 12 more\n"));
    weights_close(file);
    arena_free(arena);
}

static const UnitTest tests[] = {
    UNIT(test_a_file_that_fits),
    UNIT(test_all_faults_are_one_error),
    UNIT(test_left_over_alone_is_a_warning),
    UNIT(test_the_place_in_the_network_is_shown),
    UNIT(test_binds_give_names),
    UNIT(test_binds_share_a_tensor),
    UNIT(test_binds_of_unknown_names_are_errors),
    UNIT(test_another_layout_is_recognised),
    UNIT(test_many_faults_are_not_all_shown),
};

UNIT_MAIN("match", tests)
