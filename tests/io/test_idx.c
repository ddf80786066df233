/*
 * test_idx.c - IDX files, plain and within gzip.
 *
 * The gzip data made here is of stored blocks; the digits of MNIST are
 * compressed for real, and are looked at where MNIST_DIR, or a folder
 * shared/data/mnist beside the project, has them.
 */
#include "bytes.h"

static Bytes idx(unsigned type, unsigned rank, const uint32_t *dim)
{
    Bytes b = { { 0 }, 0 };
    put_be16(&b, 0);
    put_byte(&b, type);
    put_byte(&b, rank);
    for (unsigned k = 0; k < rank; k++)
        put_be32(&b, dim[k]);
    return b;
}

static Bytes small_idx(void)
{
    static const uint32_t dim[3] = { 2, 2, 3 };
    Bytes b = idx(8, 3, dim);
    put(&b, "0123456789ab", 12);
    return b;
}

/* One gzip member that holds the bytes as they are. */
static void put_gzip(Bytes *out, const uint8_t *data, size_t size)
{
    put(out, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
    put_byte(out, 1); /* the last block, stored */
    put_le16(out, (unsigned)size);
    put_le16(out, ~(unsigned)size & 0xffff);
    put(out, data, size);
    put_le32(out, crc32_of(data, size, 0));
    put_le32(out, (uint32_t)size);
}

static bool parse(const void *bytes, size_t size, CnncError *error)
{
    CnncArray array;
    bool done = cnnc_idx_parse(bytes, size, "a.idx", &array, error);
    cnnc_array_free(&array);
    return done;
}

static void refused(const Bytes *b, CnncStatus status, const char *message)
{
    CnncError error = { 0 };
    CU_ASSERT_FALSE(parse_copy(b->at, b->size, parse, &error));
    CU_ASSERT_EQUAL(error.status, status);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, message));
    if (!strstr(error.message, message))
        printf("\n    got '%s', not '%s'\n", error.message, message);
}

static bool have_zlib(void)
{
    Bytes file = small_idx(), gzip = { { 0 }, 0 };
    CnncError error;
    put_gzip(&gzip, file.at, file.size);
    if (parse_copy(gzip.at, gzip.size, parse, &error))
        return true;
    CU_ASSERT_EQUAL(error.status, CNNC_ERROR_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "without zlib"));
    printf(" (skipped: built without zlib) ");
    return false;
}

static void test_every_type_is_read_big_endian(void)
{
    static const uint32_t one = 1;
    static const struct {
        unsigned code;
        CnncType type;
        const char *bytes;
        float value;
    } cases[] = {
        { 0x08, CNNC_U8, "\xfe", 254 },
        { 0x09, CNNC_I8, "\xfe", -2 },
        { 0x0b, CNNC_I16, "\xff\x00", -256 },
        { 0x0c, CNNC_I32, "\x00\x01\x00\x02", 65538 },
        { 0x0d, CNNC_F32, "\xbf\xc0\x00\x00", -1.5f },
        { 0x0e, CNNC_F64, "\x40\x04\x00\x00\x00\x00\x00\x00", 2.5f },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Bytes b = idx(cases[i].code, 1, &one);
        CnncArray array;
        float value;
        put(&b, cases[i].bytes, cnnc_type_size(cases[i].type));
        CU_ASSERT_FATAL(cnnc_idx_parse(b.at, b.size, "a", &array, NULL));
        CU_ASSERT_EQUAL(array.type, cases[i].type);
        cnnc_to_f32(array.type, array.data, 1, &value);
        CU_ASSERT_EQUAL(value, cases[i].value);
        cnnc_array_free(&array);
    }
}

static void test_rank_0_and_no_elements(void)
{
    static const uint32_t none[2] = { 3, 0 };
    Bytes b = idx(8, 0, NULL);
    CnncArray array;
    put_byte(&b, 7);
    CU_ASSERT_FATAL(cnnc_idx_parse(b.at, b.size, "a", &array, NULL));
    CU_ASSERT(array.rank == 0 && array.count == 1);
    cnnc_array_free(&array);
    b = idx(8, 2, none);
    CU_ASSERT_FATAL(cnnc_idx_parse(b.at, b.size, "a", &array, NULL));
    CU_ASSERT(array.rank == 2 && array.count == 0 && array.data != NULL);
    cnnc_array_free(&array);
}

static void test_mistakes_have_their_messages(void)
{
    static const uint32_t huge[8] = { ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u };
    Bytes b = { { 0 }, 0 };
    put_text(&b, "P5 1");
    refused(&b, CNNC_ERROR_FORMAT, "this is no IDX file");
    b = idx(10, 0, NULL);
    refused(&b, CNNC_ERROR_FORMAT, "it starts with 00 00 0a 00");
    b = idx(8, 9, (const uint32_t[9]){ 0 });
    refused(&b, CNNC_ERROR_UNSUPPORTED, "9 dimensions, more than 8");
    b = idx(14, 8, huge);
    refused(&b, CNNC_ERROR_FORMAT, "size overflows");
    b = idx(8, 1, huge);
    refused(&b, CNNC_ERROR_FORMAT, "promises 4294967295 bytes, the file has 0");
    b = small_idx();
    put_byte(&b, 0);
    refused(&b, CNNC_ERROR_FORMAT, "more bytes than the 12");
}

static void test_broken_files_are_refused(void)
{
    Bytes b = small_idx();
    attack_by_truncation(&b, 0, parse);
    attack_by_flips(&b, b.size, parse);
}

static void test_gzip(void)
{
    Bytes file = small_idx(), gzip = { { 0 }, 0 };
    CnncArray array;
    if (!have_zlib())
        return;
    put_gzip(&gzip, file.at, file.size);
    CU_ASSERT_FATAL(cnnc_idx_parse(gzip.at, gzip.size, "a", &array, NULL));
    CU_ASSERT_EQUAL(memcmp(array.data, "0123456789ab", 12), 0);
    cnnc_array_free(&array);
    attack_by_truncation(&gzip, 0, parse);
    attack_by_flips(&gzip, gzip.size, parse);
}

static void test_gzip_in_two_parts(void)
{
    Bytes file = small_idx(), gzip = { { 0 }, 0 };
    if (!have_zlib())
        return;
    put_gzip(&gzip, file.at, 9);
    put_gzip(&gzip, file.at + 9, file.size - 9);
    CU_ASSERT(parse(gzip.at, gzip.size, NULL));
}

static void test_gzip_that_promises_too_much(void)
{
    static const uint32_t dim = 1000000;
    Bytes file = idx(8, 1, &dim), gzip = { { 0 }, 0 };
    if (!have_zlib())
        return;
    put_gzip(&gzip, file.at, file.size);
    refused(&gzip, CNNC_ERROR_FORMAT, "compressed");
}

static void test_gzip_with_a_wrong_checksum_or_too_much(void)
{
    Bytes file = small_idx(), gzip = { { 0 }, 0 };
    if (!have_zlib())
        return;
    put_gzip(&gzip, file.at, file.size);
    gzip.at[gzip.size - 8] ^= 1;
    refused(&gzip, CNNC_ERROR_FORMAT, "gzip data is damaged");
    gzip.size = 0;
    put_byte(&file, 0);
    put_gzip(&gzip, file.at, file.size);
    refused(&gzip, CNNC_ERROR_FORMAT, "more bytes than the 12");
}

static void test_header_alone(void)
{
    const char *path = scratch_path("io_header.idx");
    static const uint32_t dim[3] = { 60000, 28, 28 };
    Bytes b = idx(8, 3, dim);
    CnncArray array;
    save(path, &b);
    CU_ASSERT(cnnc_idx_read_header(path, &array, NULL));
    CU_ASSERT(array.dim[0] == 60000 && array.count == 60000u * 784);
    CU_ASSERT_PTR_NULL(array.data);
    CU_ASSERT_FALSE(cnnc_idx_read(path, &array, NULL));
    CU_ASSERT_EQUAL(array.rank, 0);
    remove(path);
}

static void test_mnist(void)
{
    const char *folder = getenv("MNIST_DIR");
    char path[4096];
    CnncArray images, labels, header;
    snprintf(path, sizeof path, "%s/t10k-images-idx3-ubyte.gz",
             folder ? folder : TEST_SOURCE "/../shared/data/mnist");
    FILE *file = fopen(path, "rb");
    if (!file || !have_zlib()) {
        printf(" (skipped: no %s) ", path);
        return;
    }
    fclose(file);
    CU_ASSERT(cnnc_idx_read_header(path, &header, NULL));
    CU_ASSERT(cnnc_idx_read(path, &images, NULL));
    CU_ASSERT(header.count == images.count && images.count == 7840000);
    memcpy(strstr(path, "images-idx3"), "labels-idx1", 11);
    CU_ASSERT(cnnc_idx_read(path, &labels, NULL));
    CU_ASSERT(labels.rank == 1 && labels.count == 10000);
    CU_ASSERT_EQUAL(((uint8_t *)labels.data)[0], 7);
    cnnc_array_free(&images);
    cnnc_array_free(&labels);
}

static const UnitTest tests[] = {
    UNIT(test_every_type_is_read_big_endian),
    UNIT(test_rank_0_and_no_elements),
    UNIT(test_mistakes_have_their_messages),
    UNIT(test_broken_files_are_refused),
    UNIT(test_gzip),
    UNIT(test_gzip_in_two_parts),
    UNIT(test_gzip_that_promises_too_much),
    UNIT(test_gzip_with_a_wrong_checksum_or_too_much),
    UNIT(test_header_alone),
    UNIT(test_mnist),
};

UNIT_MAIN("idx", tests)
