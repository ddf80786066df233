/*
 * test_onnx_external.c - data in other files: within the model's folder only.
 *
 *     SCRATCH/models/data.bin      bytes 0 to 63
 *     SCRATCH/models/inside.bin -> data.bin
 *     SCRATCH/models/outside.bin -> ../secret.bin
 *     SCRATCH/models/sub/more.bin
 *     SCRATCH/secret.bin
 */
#include "import/models.h"

#include <sys/stat.h>
#include <unistd.h>

static char scratch[] = "/tmp/cnnc-onnx-XXXXXX", folder[64];

static void write_bytes(const char *name, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", scratch, name);
    FILE *file = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (size_t i = 0; i < size; i++)
        fputc((int)i, file);
    fclose(file);
}

static void make_link(const char *target, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    CU_ASSERT_EQUAL(symlink(target, path), 0);
}

static void make_files(void)
{
    char path[256];
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(scratch));
    snprintf(folder, sizeof folder, "%s/models", scratch);
    CU_ASSERT_EQUAL_FATAL(mkdir(folder, 0700), 0);
    snprintf(path, sizeof path, "%s/sub", folder);
    CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/pipe", folder);
    CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
    write_bytes("models/data.bin", 64);
    write_bytes("models/sub/more.bin", 64);
    write_bytes("secret.bin", 64);
    write_bytes("models-too", 64);
    make_link("data.bin", "inside.bin");
    make_link("../secret.bin", "outside.bin");
    make_link("../models-too", "prefix.bin");
    make_link("..", "up");
    make_link("loop", "loop");
}

static void put_entry(Text *tensor, const char *key, const char *value)
{
    Text entry = { 0 };
    w_text(&entry, 1, key);
    w_text(&entry, 2, value);
    w_message(tensor, TENSOR_EXTERNAL, &entry);
}

/* A u8 tensor of four elements; NULL leaves an entry out. */
static Builder with_external(const char *location, const char *offset,
                             const char *length)
{
    Builder b = relu_model();
    Text tensor = make_tensor("w", 2, "4");
    w_int(&tensor, TENSOR_PLACE, 1);
    if (location)
        put_entry(&tensor, "location", location);
    if (offset)
        put_entry(&tensor, "offset", offset);
    if (length)
        put_entry(&tensor, "length", length);
    put_tensor(&b, &tensor);
    b.folder = folder;
    return b;
}

static int64_t first_byte(Builder *b)
{
    OnnxModel *model = b_read(b);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    int64_t byte = onnx_tensor_integer(model->graph->initializer[0], 0);
    b_free(b);
    return byte;
}

static void test_data_in_a_file_beside_the_model(void)
{
    make_files();
    Builder b = with_external("data.bin", "16", "4");
    CU_ASSERT_EQUAL(first_byte(&b), 16);
    b = with_external("data.bin", NULL, "4");
    CU_ASSERT_EQUAL(first_byte(&b), 0);
    b = with_external("data.bin", "60", NULL); /* the rest of the file */
    CU_ASSERT_EQUAL(first_byte(&b), 60);
    b = with_external("sub/more.bin", "8", "4");
    CU_ASSERT_EQUAL(first_byte(&b), 8);
    b = with_external("./sub//more.bin", "8", "4");
    CU_ASSERT_EQUAL(first_byte(&b), 8);
}

static void test_a_link_within_the_folder(void)
{
    Builder b = with_external("inside.bin", "4", "4");
    CU_ASSERT_EQUAL(first_byte(&b), 4);
}

static void test_files_outside_of_the_folder(void)
{
    const char *places[] = {
        "/etc/passwd", "../secret.bin", "sub/../data.bin", "..", "", "sub/.."
    };
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        Builder b = with_external(places[i], "0", "4");
        CU_ASSERT(b_refuses(&b, "which is not within the model's folder"));
    }
}

static void test_links_that_leave_the_folder(void)
{
    const char *places[] = { "outside.bin", "prefix.bin", "up/secret.bin" };
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        Builder b = with_external(places[i], "0", "4");
        CU_ASSERT(b_refuses(&b, "a link that leaves the model's folder"));
    }
}

static void test_what_is_no_regular_file(void)
{
    const char *places[] = { "sub", "pipe", "." };
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        Builder b = with_external(places[i], "0", "4");
        bool is_pipe = strcmp(places[i], "pipe") == 0;
        CU_ASSERT(b_refuses(&b, is_pipe ? "which is no regular file"
                                        : "external data in '"));
    }
    Builder b = with_external("loop", "0", "4");
    CU_ASSERT(b_refuses(&b, "cannot be opened"));
    b = with_external("nobody.bin", "0", "4");
    CU_ASSERT(b_refuses(&b,
                        "initialiser 'w' has external data in 'nobody.bin', "
                        "which cannot be opened"));
}

static void test_a_part_that_does_not_fit(void)
{
    static const struct {
        const char *offset, *length, *message;
    } parts[] = {
        { "61", "4", "4 bytes from byte 61 of 'data.bin', which has 64" },
        { "65", NULL, "from byte 65" },
        { "9223372036854775807", "4", "from byte 9223372036854775807" },
        { "0", "5",
          "has 5 bytes of external data, its shape and type make it "
          "4" },
        { "0", NULL, "has 64 bytes of external data" },
        { "-1", "4", "has external data with the offset '-1'" },
        { "abc", "4", "has external data with the offset 'abc'" },
        { "0", "9999999999999999999", "with the length '9999999999999999999'" },
        { "", "4", "with the offset ''" },
        { NULL, "-4", "with the length '-4'" },
    };
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        Builder b = with_external("data.bin", parts[i].offset, parts[i].length);
        CU_ASSERT(b_refuses(&b, parts[i].message));
    }
}

static void test_entries_that_are_wrong(void)
{
    Builder b = with_external(NULL, "0", "4");
    CU_ASSERT(b_refuses(&b, "has external data without a location"));
    b = relu_model();
    Text tensor = make_tensor("w", 2, "4");
    w_int(&tensor, TENSOR_PLACE, 1);
    put_entry(&tensor, "location", "data.bin");
    put_entry(&tensor, "location", "data.bin");
    put_tensor(&b, &tensor);
    b.folder = folder;
    CU_ASSERT(b_refuses(&b, "two values of 'location'"));
    b = relu_model();
    tensor = make_tensor("w", 2, "4");
    w_int(&tensor, TENSOR_PLACE, 2);
    put_tensor(&b, &tensor);
    CU_ASSERT(b_refuses(&b, "has its data in an unknown place: 2"));
}

static void test_a_model_without_a_folder_has_no_external_data(void)
{
    Builder b = with_external("data.bin", "0", "4");
    b.folder = NULL;
    CU_ASSERT(b_refuses(&b, "which is not within the model's folder"));
}

/* Sixty-four times the same quarter of a terabyte. */
static void test_external_data_is_limited_in_all(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/big.bin", folder);
    FILE *file = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(ftruncate(fileno(file), (off_t)6 << 30), 0);
    fclose(file);
    Builder b = relu_model();
    Text tensor = make_tensor("w", 2, "6442450944");
    w_int(&tensor, TENSOR_PLACE, 1);
    put_entry(&tensor, "location", "big.bin");
    put_tensor(&b, &tensor);
    b.folder = folder;
    CU_ASSERT(b_refuses(&b, "takes 6442450944 bytes of external data"));
}

static void test_a_model_in_a_file(void)
{
    Builder b = with_external("data.bin", "16", "4");
    Text bytes = b_bytes(&b);
    Arena *arena = arena_new();
    char *path = path_join(arena, folder, "net.onnx");
    CU_ASSERT(file_write(path, bytes.data, bytes.length) && file_commit());
    OnnxModel *model = onnx_read(arena, path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    CU_ASSERT_EQUAL(onnx_tensor_integer(model->graph->initializer[0], 3), 19);
    CU_ASSERT_STRING_EQUAL(model->path, path);
    text_free(&bytes);
    arena_free(arena);
    b_free(&b);
}

static void test_files_are_gone(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", scratch);
    CU_ASSERT_EQUAL(system(command), 0);
}

static const UnitTest tests[] = {
    UNIT(test_data_in_a_file_beside_the_model),
    UNIT(test_a_link_within_the_folder),
    UNIT(test_files_outside_of_the_folder),
    UNIT(test_links_that_leave_the_folder),
    UNIT(test_what_is_no_regular_file),
    UNIT(test_a_part_that_does_not_fit),
    UNIT(test_entries_that_are_wrong),
    UNIT(test_a_model_without_a_folder_has_no_external_data),
    UNIT(test_external_data_is_limited_in_all),
    UNIT(test_a_model_in_a_file),
    UNIT(test_files_are_gone),
};
UNIT_MAIN("ONNX external data", tests)
