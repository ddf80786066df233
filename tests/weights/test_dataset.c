/*
 * test_dataset.c - labelled samples from arrays, IDX files and folders.
 */
#include "weights/dataset.h"
#include "weights/files.h"

static const int64_t dim_2x3[3] = { 2, 3, 1 };

static DataForm form_of(DType type)
{
    return (DataForm){ .type = type, .rank = 3, .dim = dim_2x3, .last = -1 };
}

static const char *folder(const char *name)
{
    const char *path = scratch(name);
    REQUIRE(mkdir(path, 0777) == 0 || errno == EEXIST);
    return path;
}

/* A .npy file of that type; the shape is of rank 1 to 4. */
static void save_npy(const char *path, CnncType type, int rank,
                     const int64_t *dim, const void *data)
{
    CnncArray array = { .type = type, .rank = rank, .count = 1 };
    CnncError error;
    for (int i = 0; i < rank; i++)
        array.count *= (size_t)(array.dim[i] = dim[i]);
    array.size = array.count * cnnc_type_size(type);
    array.data = (void *)(uintptr_t)data;
    REQUIRE(cnnc_npy_write(path, &array, &error));
}
#define DIM(...)                                                               \
    (const int64_t[])                                                          \
    {                                                                          \
        __VA_ARGS__                                                            \
    }

/* Opening fails with one error that has this in it. */
static void refused(const char *path, const DataForm *form, const char *message)
{
    Arena *arena = arena_new();
    capture_start(DIAG_PLAIN);
    DataSet *set = data_open(arena, path, form);
    CU_ASSERT_PTR_NULL(set);
    CU_ASSERT_EQUAL(diag_error_count(), 1);
    CU_ASSERT(capture_has(message));
    data_close(set);
    arena_free(arena);
}

static void test_ranges_are_inclusive(void)
{
    static const struct {
        const char *text;
        bool right;
        int64_t first, last;
    } cases[] = {
        { "8000..9999", true, 8000, 9999 },
        { "8000..", true, 8000, -1 },
        { "..7999", true, 0, 7999 },
        { "..", true, 0, -1 },
        { "5", true, 5, 5 },
        { "", false, 0, 0 },
        { "-1", false, 0, 0 },
        { "-1..2", false, 0, 0 },
        { "5..4", false, 0, 0 },
        { "1..2..3", false, 0, 0 },
        { "a..", false, 0, 0 },
        { "1..-1", false, 0, 0 },
        { "11111111111111111111111111111..", false, 0, 0 },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t first, last;
        bool right = data_parse_range(cases[i].text, &first, &last);
        CU_ASSERT_EQUAL(right, cases[i].right);
        if (right && cases[i].right) {
            CU_ASSERT_EQUAL(first, cases[i].first);
            CU_ASSERT_EQUAL(last, cases[i].last);
        }
    }
}

static void test_arrays_with_labels(void)
{
    static const uint8_t images[12] = { 0, 1, 2, 3, 4, 5, 10, 255, 0, 0, 0, 9 };
    static const int32_t labels[2] = { 3, 0 };
    const char *path = folder("npy");
    Arena *arena = arena_new();
    DataForm form = form_of(DT_U8);
    uint8_t bytes[6];
    float values[6];
    form.outputs = 4;
    save_npy(scratch("npy/images.npy"), CNNC_U8, 3, DIM(2, 2, 3), images);
    save_npy(scratch("npy/labels.npy"), CNNC_I32, 2, DIM(2, 1), labels);
    DataSet *set = data_open(arena, path, &form);
    CU_ASSERT_FATAL(set != NULL);
    CU_ASSERT_EQUAL(data_count(set), 2);
    CU_ASSERT(data_label(set, 0) == 3 && data_label(set, 1) == 0);
    CU_ASSERT_PTR_NULL(data_target(set, 0));
    CU_ASSERT(data_read(set, 1, bytes));
    CU_ASSERT_EQUAL(memcmp(bytes, images + 6, 6), 0);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(data_name(set, 1, arena), "npy/images.npy: sample 1"));
    data_close(set);
    form.type = DT_F32; /* of .npy as they are */
    set = data_open(arena, path, &form);
    CU_ASSERT_FATAL(set != NULL);
    CU_ASSERT(data_read(set, 1, values));
    CU_ASSERT(values[0] == 10 && values[1] == 255);
    data_close(set);
    form.outputs = 3;
    refused(path, &form, "sample 0 has label 3, the network has 3 outputs");
    arena_free(arena);
}

static void test_arrays_with_targets(void)
{
    static const float images[12] = { 0.5f, 1 };
    static const double targets[4] = { 1, 2, 3, 0.1 };
    const char *path = folder("targets");
    Arena *arena = arena_new();
    DataForm form = form_of(DT_F32);
    uint8_t bytes[6];
    form.outputs = 2;
    save_npy(scratch("targets/images.npy"), CNNC_F32, 4, DIM(2, 1, 2, 3),
             images);
    save_npy(scratch("targets/targets.npy"), CNNC_F64, 2, DIM(2, 2), targets);
    DataSet *set = data_open(arena, path, &form);
    CU_ASSERT_FATAL(set != NULL);
    CU_ASSERT_EQUAL(data_label(set, 0), -1);
    CU_ASSERT(data_target(set, 1)[0] == 3 && data_target(set, 1)[1] == 0.1f);
    data_close(set);
    form.outputs = 3;
    refused(path, &form, "is [2, 2], the network has 3 outputs");
    form = form_of(DT_U8);
    set = data_open(arena, path, &form);
    CU_ASSERT_FATAL(set != NULL);
    capture_start(DIAG_PLAIN);
    CU_ASSERT_FALSE(data_read(set, 0, bytes));
    CU_ASSERT(capture_has("sample 0: element 0 is 0.5, not a whole number"));
    data_close(set);
    arena_free(arena);
}

static void test_mistakes_of_arrays_have_their_messages(void)
{
    static const float zeros[36];
    static const float half[3] = { 0, 0.5f, 0 };
    const char *path = folder("wrong");
    const char *images = scratch("wrong/images.npy");
    const char *labels = scratch("wrong/labels.npy");
    DataForm form = form_of(DT_F32);
    remove(labels);
    save_npy(images, CNNC_F32, 2, DIM(3, 6), zeros);
    refused(path, &form, "is [3, 6]; samples of shape [2, 3, 1] are needed");
    save_npy(images, CNNC_F32, 3, DIM(0, 2, 3), zeros);
    refused(path, &form, "is [0, 2, 3]; samples of shape");
    save_npy(images, CNNC_F32, 3, DIM(3, 2, 3), zeros);
    refused(path, &form, "neither 'labels.npy' nor 'targets.npy'");
    save_npy(labels, CNNC_F32, 1, DIM(2), zeros);
    refused(path, &form, "is [2], but '");
    save_npy(labels, CNNC_F32, 2, DIM(3, 2), zeros);
    refused(path, &form, "is [3, 2]: one label a sample is needed");
    save_npy(labels, CNNC_F32, 1, DIM(3), half);
    refused(path, &form, "label 1 is no whole number");
    save_npy(labels, CNNC_I64, 1, DIM(3), (const int64_t[]){ 0, 0, -1 });
    refused(path, &form, "sample 2 has label -1");
    save_npy(labels, CNNC_F32, 1, DIM(3), zeros);
    form.first = 3;
    refused(path, &form, "samples 3..2 are not within 0..2");
    form.first = 1;
    form.last = 3;
    refused(path, &form, "samples 1..3 are not within 0..2");
    refused(scratch("nothing"), &form, "is no folder of data");
    save(images, "junk", 4);
    refused(path, &form, "images.npy: error: at byte 0: this is no .npy file");
}

static void save_idx(const char *half, const uint8_t *labels, uint8_t count)
{
    uint8_t images[16 + 6 * 4] = { 0, 0, 8, 3, 0, 0, 0, count,
                                   0, 0, 0, 2, 0, 0, 0, 3 };
    uint8_t tags[8 + 4] = { 0, 0, 8, 1, 0, 0, 0, count };
    char name[100];
    memset(images + 16, 51, 6u * count);
    memcpy(tags + 8, labels, count);
    snprintf(name, sizeof name, "idx/%s-images-idx3-ubyte", half);
    save(scratch(name), images, 16 + 6u * count);
    snprintf(name, sizeof name, "idx/%s-labels-idx1-ubyte", half);
    save(scratch(name), tags, 8u + count);
}

static void test_idx(void)
{
    const char *path = folder("idx");
    Arena *arena = arena_new();
    DataForm form = form_of(DT_F32);
    float values[6];
    save_idx("t10k", (const uint8_t[]){ 7, 2 }, 2);
    remove(scratch("idx/train-images-idx3-ubyte"));
    form.split = DATA_TRAIN;
    refused(path, &form, "has no train-images-idx3-ubyte");
    save_idx("train", (const uint8_t[]){ 1, 2, 3 }, 3);
    DataSet *set = data_open(arena, path, &form);
    CU_ASSERT_FATAL(set != NULL);
    CU_ASSERT_EQUAL(data_count(set), 3);
    data_close(set);
    form.split = DATA_ANY;
    form.first = 1;
    set = data_open(arena, path, &form);
    CU_ASSERT_FATAL(set != NULL);
    CU_ASSERT_EQUAL(data_count(set), 1);
    CU_ASSERT_EQUAL(data_label(set, 0), 2);
    CU_ASSERT(data_read(set, 0, values));
    CU_ASSERT(values[0] == 0.2f && values[5] == 0.2f);
    data_close(set);
    form.fit.white = 255;
    set = data_open(arena, path, &form);
    CU_ASSERT_FATAL(set != NULL);
    CU_ASSERT(data_read(set, 0, values));
    CU_ASSERT_EQUAL(values[0], 51);
    data_close(set);
    arena_free(arena);
}

static void save_text(const char *name, const char *text)
{
    save(scratch(name), text, strlen(text));
}

static void test_sub_folders_are_classes(void)
{
    static const char *const classes[] = { "dog", "cat" };
    const char *path = folder("classes");
    Arena *arena = arena_new();
    DataForm form = form_of(DT_U8);
    uint8_t bytes[6];
    folder("classes/cat");
    folder("classes/dog");
    save_text("classes/cat/b.pgm", "P2 3 2 255 1 2 3 4 5 6");
    save_text("classes/cat/a.pgm", "P2 3 2 255 9 9 9 9 9 9");
    save_text("classes/dog/x.ppm", "P2 1 1 255 1");
    save_text("classes/dog/notes.txt", "x");
    save_text("classes/readme.txt", "x");
    DataSet *set = data_open(arena, path, &form);
    CU_ASSERT_FATAL(set != NULL);
    CU_ASSERT_EQUAL(data_count(set), 3);
    CU_ASSERT(data_label(set, 0) == 0 && data_label(set, 2) == 1);
    CU_ASSERT(data_read(set, 1, bytes));
    CU_ASSERT_EQUAL(memcmp(bytes, "\1\2\3\4\5\6", 6), 0);
    capture_start(DIAG_PLAIN);
    CU_ASSERT_FALSE(data_read(set, 2, bytes));
    CU_ASSERT(capture_has("x.ppm: error: the image is 1x1"));
    data_close(set);
    form.classes = classes;
    form.class_count = 2;
    set = data_open(arena, path, &form);
    CU_ASSERT_FATAL(set != NULL);
    CU_ASSERT(data_label(set, 0) == 1 && data_label(set, 2) == 0);
    data_close(set);
    form.classes = (const char *const[]){ "cat", "dogs" };
    refused(path, &form,
            "sub-folder 'dog' is none of the network's classes\nhint: did you "
            "mean 'dogs'?");
    arena_free(arena);
}

static void test_sub_folders_that_are_numbers(void)
{
    const char *path = folder("numbers");
    Arena *arena = arena_new();
    DataForm form = form_of(DT_U8);
    folder("numbers/10");
    folder("numbers/2");
    save_text("numbers/10/a.pgm", "P2 3 2 255 1 2 3 4 5 6");
    save_text("numbers/2/a.pgm", "P2 3 2 255 1 2 3 4 5 6");
    DataSet *set = data_open(arena, path, &form);
    CU_ASSERT_FATAL(set != NULL);
    CU_ASSERT(data_label(set, 0) == 10 && data_label(set, 1) == 2);
    data_close(set);
    form.outputs = 10;
    refused(path, &form, "has label 10, the network has 10 outputs");
    refused(folder("nothing here"), &form, "has neither images.npy nor IDX");
    folder("no images");
    folder("no images/a");
    refused(scratch("no images"), &form, "has no samples");
    arena_free(arena);
}

static void test_mnist(void)
{
    static const int64_t dim[3] = { 28, 28, 1 };
    const char *path = getenv("MNIST_DIR");
    DataForm form = { .type = DT_U8,
                      .rank = 3,
                      .dim = dim,
                      .outputs = 10,
                      .first = 8000,
                      .last = -1 };
    Arena *arena = arena_new();
    uint8_t image[784];
    struct stat facts;
    bool unpacks = false;
#ifdef CNNC_HAVE_ZLIB
    unpacks = true;
#endif
    if (!path)
        path = TEST_SOURCE "/../shared/data/mnist";
    if (!unpacks || stat(path, &facts) != 0) {
        printf(" (skipped: no %s) ", unpacks ? path : "zlib");
        arena_free(arena);
        return;
    }
    DataSet *set = data_open(arena, path, &form);
    CU_ASSERT_FATAL(set != NULL);
    CU_ASSERT_EQUAL(data_count(set), 2000);
    for (int64_t i = 0; i < 2000; i++)
        if (!data_read(set, i, image) || data_label(set, i) > 9)
            CU_FAIL("a digit that cannot be read");
    data_close(set);
    arena_free(arena);
}

static const UnitTest tests[] = {
    UNIT(test_ranges_are_inclusive),
    UNIT(test_arrays_with_labels),
    UNIT(test_arrays_with_targets),
    UNIT(test_mistakes_of_arrays_have_their_messages),
    UNIT(test_idx),
    UNIT(test_sub_folders_are_classes),
    UNIT(test_sub_folders_that_are_numbers),
    UNIT(test_mnist),
};

UNIT_MAIN("data sets", tests)
