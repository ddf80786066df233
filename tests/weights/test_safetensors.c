/*
 * test_safetensors.c - every rule of the format, and hostile files.
 */
#include "weights/files.h"
#include "weights/weights.h"

typedef struct File {
    uint8_t at[4096];
    size_t size;
} File;

static const char good[] =
    "{\"__metadata__\":{\"format\":\"pt\"},"
    "\"b\":{\"dtype\":\"I16\",\"shape\":[3],\"data_offsets\":[8,14]},"
    "\"a\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}}";

/* The header with so many bytes behind it: 0, 1, 2, ... */
static File file_of(const char *header, size_t data)
{
    File f = { { 0 }, 0 };
    size_t length = strlen(header);
    f.at[0] = (uint8_t)(length & 255);
    f.at[1] = (uint8_t)(length >> 8);
    memcpy(f.at + 8, header, length);
    for (size_t i = 0; i < data; i++)
        f.at[8 + length + i] = (uint8_t)i;
    f.size = 8 + length + data;
    return f;
}

static WeightFile *open_bytes(Arena *arena, const void *bytes, size_t size)
{
    const char *path = scratch("a.safetensors");
    save(path, bytes, size);
    return weights_open(arena, path);
}

static bool is_accepted(const File *f)
{
    Arena *arena = arena_new();
    WeightFile *file = open_bytes(arena, f->at, f->size);
    bool accepted = file != NULL;
    weights_close(file);
    arena_free(arena);
    return accepted;
}

/* One error that has this in it. */
static void refused(File f, const char *message)
{
    capture_start(DIAG_PLAIN);
    CU_ASSERT_FALSE(is_accepted(&f));
    CU_ASSERT_EQUAL(diag_error_count(), 1);
    CU_ASSERT(capture_has(message));
}

static void test_tensors_and_metadata_are_read(void)
{
    Arena *arena = arena_new();
    File f = file_of(good, 14);
    WeightFile *file = open_bytes(arena, f.at, f.size);
    CU_ASSERT_FATAL(file != NULL);
    CU_ASSERT_EQUAL(weights_count(file), 2);
    CU_ASSERT_STRING_EQUAL(weights_at(file, 0)->name, "b");
    CU_ASSERT_STRING_EQUAL(weights_metadata(file, "format"), "pt");
    CU_ASSERT_PTR_NULL(weights_metadata(file, "other"));
    CU_ASSERT_PTR_NULL(weights_find(file, "c"));
    const WeightTensor *a = weights_find(file, "a");
    const WeightTensor *b = weights_find(file, "b");
    CU_ASSERT_FATAL(a && b);
    CU_ASSERT(a->type == DT_F32 && a->rank == 2 && a->dim[1] == 2);
    CU_ASSERT(a->count == 2 && a->size == 8);
    float values[3];
    weights_to_float(b, values);
    CU_ASSERT(values[0] == 0x908 && values[2] == 0xd0c);
    CU_ASSERT_EQUAL(weights_layout(file), WEIGHTS_OIHW);
    weights_close(file);
    arena_free(arena);
}

static void test_rank_0_no_elements_and_blanks_at_the_end(void)
{
    File f =
        file_of("{\"s\":{\"dtype\":\"F32\",\"shape\":[],"
                "\"data_offsets\":[0,4]},"
                "\"e\":{\"dtype\":\"F32\",\"shape\":[0,9223372036854775807,"
                "9223372036854775807],\"data_offsets\":[4,4]}}   ",
                4);
    CU_ASSERT(is_accepted(&f));
    f = file_of("{}", 0);
    CU_ASSERT(is_accepted(&f));
}

#define ONE(dtype, shape, offsets)                                             \
    "{\"a\":{\"dtype\":" dtype ",\"shape\":" shape                             \
    ",\"data_offsets\":" offsets "}}"
#define TWO(first, second)                                                     \
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" first           \
    "},\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" second "}}"

static void test_broken_headers_have_their_messages(void)
{
    static const struct {
        const char *header, *message;
        size_t data;
    } cases[] = {
        { "", "at byte 8: the header does not start with '{'", 0 },
        { " {}", "at byte 8: the header does not start with '{'", 0 },
        { "{", "the header is no JSON: it ends too early", 0 },
        { "{]", "at byte 9: the header is no JSON", 0 },
        { "{} {}", "at byte 11: more text after the header's '}'", 0 },
        { "{\"a\":1}", "tensor 'a' is no object in the header", 0 },
        { "{\"a\\u0000b\":1}", "a name holds a NUL character", 0 },
        { "{\"__metadata__\":1}", "'__metadata__' is no object", 0 },
        { "{\"__metadata__\":{\"a\":1}}", "a value that is no text", 0 },
        { "{\"a\":{}}", "tensor 'a' has no 'dtype'", 0 },
        { "{\"a\":{\"dtype\":\"U8\"}}", "tensor 'a' has no 'shape'", 0 },
        { "{\"a\":{\"dtype\":\"U8\",\"shape\":[[[[]]]]}}", "no JSON", 0 },
        { ONE("8", "[]", "[0,1]"), "has a 'dtype' that is no text", 1 },
        { ONE("\"F8_E4M3\"", "[]", "[0,1]"), "'F8_E4M3', which is not read",
          1 },
        { ONE("\"U8\"", "3", "[0,1]"), "has a 'shape' that is no list", 1 },
        { ONE("\"U8\"", "[-1]", "[0,1]"), "a dimension that is no whole", 1 },
        { ONE("\"U8\"", "[1.0]", "[0,1]"), "a dimension that is no whole", 1 },
        { ONE("\"U8\"", "[1,1,1,1,1,1,1,1,1]", "[0,1]"),
          "has 9 dimensions, more than 8", 1 },
        { ONE("\"U8\"", "[1]", "[0]"), "'data_offsets' that are no two", 1 },
        { ONE("\"U8\"", "[1]", "[1,0]"), "from byte 1 to 0 of the 1 bytes", 1 },
        { ONE("\"U8\"", "[1]", "[0,2]"), "from byte 0 to 2 of the 1 bytes", 1 },
        { ONE("\"U8\"", "[2]", "[0,1]"), "takes 2 bytes by its shape", 1 },
        { ONE("\"F64\"", "[4611686018427387904,4]", "[0,0]"), "overflows", 0 },
        { ONE("\"U8\"", "[99999999999999999999,2]", "[0,1]"), "overflows", 1 },
        { ONE("\"U8\"", "[1]", "[0,1],\"more\":0"), "a field that is not known",
          1 },
        { TWO("[0,4]", "[3,7]"), "'b' overlaps with 'a' at byte 3", 8 },
        { TWO("[0,4]", "[0,4]"), "overlaps with", 4 },
        { TWO("[0,4]", "[5,9]"),
          "'b' starts at byte 5 of the data, with a "
          "hole from byte 4",
          9 },
        { TWO("[4,8]", "[0,4]"), "the tensors end at byte 8 of 9 bytes", 9 },
        { "{}", "the tensors end at byte 0 of 1 bytes of data", 1 },
        { "{\"\xff\":1}", "the header is no JSON", 0 },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        refused(file_of(cases[i].header, cases[i].data), cases[i].message);
}

static void test_a_name_that_stands_twice(void)
{
    const char *twice = "\"a\":{\"dtype\":\"U8\",\"shape\":[1],"
                        "\"data_offsets\":[0,1]}";
    char header[300];
    snprintf(header, sizeof header, "{%s,%s}", twice, twice);
    refused(file_of(header, 1), "the same name twice");
    refused(file_of(ONE("\"U8\",\"dtype\":\"I8\"", "[1]", "[0,1]"), 1),
            "the same name twice");
    refused(file_of("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0),
            "the same name twice");
}

static void test_the_header_fits_into_the_file(void)
{
    File f = file_of(good, 14);
    memset(f.at, 255, 8);
    refused(f, "a header of 18446744073709551615 bytes does not fit");
    f.size = 7;
    refused(f, "does not fit into this file of 7");
    f = file_of("{}", 0);
    f.at[0] = 3;
    refused(f, "a header of 3 bytes does not fit into this file of 10");
}

static void test_every_truncation_is_refused(void)
{
    File f = file_of(good, 14);
    CU_ASSERT(is_accepted(&f));
    capture_start(DIAG_PLAIN);
    for (size_t size = 0; size < f.size; size++) {
        File cut = f;
        cut.size = size;
        CU_ASSERT_FALSE(is_accepted(&cut));
    }
    CU_ASSERT_EQUAL(diag_error_count(), (int)f.size);
    free(capture_end());
}

static void test_flipped_bytes_do_no_harm(void)
{
    File f = file_of(good, 14);
    int refusals = 0;
    capture_start(DIAG_PLAIN);
    for (size_t i = 0; i + 14 < f.size; i++)
        for (int bit = 0; bit < 8; bit++) {
            File broken = f;
            broken.at[i] ^= (uint8_t)(1 << bit);
            refusals += !is_accepted(&broken);
        }
    CU_ASSERT_EQUAL(diag_error_count(), refusals);
    CU_ASSERT(refusals > 1000);
    free(capture_end());
}

static void test_writing_reads_back(void)
{
    static const float w[4] = { 1, -2, 3.5f, 0 };
    static const uint8_t u[3] = { 7, 8, 9 };
    static const double d[1] = { 0.1 };
    static const WeightTensor tensors[] = {
        { "u \"quoted\"\n", DT_U8, 1, { 3 }, u, 3, 3 },
        { "w", DT_F32, 2, { 2, 2 }, w, 4, 16 },
        { "d", DT_F64, 0, { 0 }, d, 1, 8 },
    };
    static const WeightMetadata metadata[] = { { "z", "1" }, { "a", "2" } };
    Arena *arena = arena_new();
    const char *path = scratch("w.safetensors");
    CU_ASSERT(weights_write_safetensors(path, tensors, 3, metadata, 2));
    CU_ASSERT(file_commit());
    WeightFile *file = weights_open(arena, path);
    CU_ASSERT_FATAL(file != NULL);
    CU_ASSERT_EQUAL(weights_count(file), 3);
    for (int i = 0; i < 3; i++) {
        const WeightTensor *t = weights_find(file, tensors[i].name);
        CU_ASSERT_FATAL(t != NULL);
        CU_ASSERT(t->type == tensors[i].type && t->rank == tensors[i].rank);
        CU_ASSERT_EQUAL(t->size, tensors[i].size);
        CU_ASSERT_EQUAL(memcmp(t->data, tensors[i].data, t->size), 0);
        CU_ASSERT_EQUAL((uintptr_t)t->data % (size_t)dtype_size(t->type), 0);
    }
    CU_ASSERT_STRING_EQUAL(weights_metadata(file, "a"), "2");
    weights_close(file);
    arena_free(arena);
}

static void test_the_written_bytes_are_the_same_in_any_order(void)
{
    static const float x[2] = { 1, 2 };
    WeightTensor tensors[] = { { "b", DT_F32, 1, { 1 }, x, 1, 4 },
                               { "a", DT_F32, 1, { 1 }, x + 1, 1, 4 } };
    Arena *arena = arena_new();
    size_t first_size, second_size;
    const char *one = scratch("1.safetensors"), *two = scratch("2.safetensors");
    CU_ASSERT(weights_write_safetensors(one, tensors, 2, NULL, 0));
    WeightTensor swap = tensors[0];
    tensors[0] = tensors[1];
    tensors[1] = swap;
    CU_ASSERT(weights_write_safetensors(two, tensors, 2, NULL, 0));
    CU_ASSERT(file_commit());
    const char *first = file_read(arena, one, 1 << 20, &first_size);
    const char *second = file_read(arena, two, 1 << 20, &second_size);
    CU_ASSERT_FATAL(first && second && first_size == second_size);
    CU_ASSERT_EQUAL(memcmp(first, second, first_size), 0);
    CU_ASSERT_EQUAL(
        memcmp(first + 8,
               "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}"
               ",\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}"
               "}",
               107),
        0);
    arena_free(arena);
}

static void test_a_file_that_is_not_there_or_no_weights(void)
{
    Arena *arena = arena_new();
    capture_start(DIAG_PLAIN);
    CU_ASSERT_PTR_NULL(weights_open(arena, scratch("none.safetensors")));
    CU_ASSERT(capture_has("cannot be opened: No such file"));
    save(scratch("x.bin"), "GIF89a and more", 15);
    capture_start(DIAG_PLAIN);
    CU_ASSERT_PTR_NULL(weights_open(arena, scratch("x.bin")));
    CU_ASSERT(capture_has("is no weight file"));
    save(scratch("x.bin"), "", 0);
    capture_start(DIAG_PLAIN);
    CU_ASSERT_PTR_NULL(weights_open(arena, scratch("x.bin")));
    CU_ASSERT(capture_has("is no weight file"));
    arena_free(arena);
}

static const UnitTest tests[] = {
    UNIT(test_tensors_and_metadata_are_read),
    UNIT(test_rank_0_no_elements_and_blanks_at_the_end),
    UNIT(test_broken_headers_have_their_messages),
    UNIT(test_a_name_that_stands_twice),
    UNIT(test_the_header_fits_into_the_file),
    UNIT(test_every_truncation_is_refused),
    UNIT(test_flipped_bytes_do_no_harm),
    UNIT(test_writing_reads_back),
    UNIT(test_the_written_bytes_are_the_same_in_any_order),
    UNIT(test_a_file_that_is_not_there_or_no_weights),
};

UNIT_MAIN("safetensors", tests)
