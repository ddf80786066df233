/*
 * test_npy.c - reading and writing .npy.
 */
#include "bytes.h"

static Bytes npy(unsigned version, const char *header)
{
    Bytes b = { { 0 }, 0 };
    put(&b, "\x93NUMPY", 6);
    put_byte(&b, version);
    put_byte(&b, 0);
    if (version == 1)
        put_le16(&b, (unsigned)strlen(header));
    else
        put_le32(&b, (uint32_t)strlen(header));
    put_text(&b, header);
    return b;
}

static Bytes npy_of(const char *type, const char *order, const char *shape,
                    const void *data, size_t size)
{
    char header[200];
    snprintf(header, sizeof header,
             "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n", type,
             order, shape);
    Bytes b = npy(1, header);
    put(&b, data, size);
    return b;
}

static bool parse(const void *bytes, size_t size, CnncError *error)
{
    CnncArray array;
    bool done = cnnc_npy_parse(bytes, size, "a.npy", &array, error);
    cnnc_array_free(&array);
    return done;
}

static CnncArray parsed(const Bytes *b)
{
    CnncArray array;
    CnncError error = { 0 };
    bool done = cnnc_npy_parse(b->at, b->size, "a.npy", &array, &error);
    CU_ASSERT(done);
    if (!done)
        printf("\n    %s: %s\n", error.path, error.message);
    return array;
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

static void test_every_element_type_has_its_code(void)
{
    static const struct {
        const char *code;
        CnncType type;
        size_t size;
    } cases[] = {
        { "|b1", CNNC_BOOL, 1 }, { "|u1", CNNC_U8, 1 },  { "|i1", CNNC_I8, 1 },
        { "<u2", CNNC_U16, 2 },  { "<i2", CNNC_I16, 2 }, { "<u4", CNNC_U32, 4 },
        { "<i4", CNNC_I32, 4 },  { "<u8", CNNC_U64, 8 }, { "<i8", CNNC_I64, 8 },
        { "<f2", CNNC_F16, 2 },  { "<f4", CNNC_F32, 4 }, { "<f8", CNNC_F64, 8 },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Bytes b = npy_of(cases[i].code, "False", "(1,)", "\1\0\0\0\0\0\0\0",
                         cases[i].size);
        CnncArray array = parsed(&b);
        CU_ASSERT_EQUAL(array.type, cases[i].type);
        CU_ASSERT_EQUAL(array.size, cases[i].size);
        CU_ASSERT_EQUAL(((uint8_t *)array.data)[0], 1);
        cnnc_array_free(&array);
    }
}

static void test_big_endian_is_turned(void)
{
    Bytes b = npy_of(">i4", "False", "(2,)", "\0\0\1\2\xff\xff\xff\xfe", 8);
    CnncArray array = parsed(&b);
    CU_ASSERT_EQUAL(((int32_t *)array.data)[0], 0x102);
    CU_ASSERT_EQUAL(((int32_t *)array.data)[1], -2);
    cnnc_array_free(&array);
}

static void test_fortran_order_becomes_c_order(void)
{
    /* a[i][j][k] = 100 i + 10 j + k of shape (2, 3, 2), i fastest. */
    uint8_t data[12], *got;
    size_t at = 0;
    for (int k = 0; k < 2; k++)
        for (int j = 0; j < 3; j++)
            for (int i = 0; i < 2; i++)
                data[at++] = (uint8_t)(100 * i + 10 * j + k);
    Bytes b = npy_of("|u1", "True", "(2, 3, 2)", data, sizeof data);
    CnncArray array = parsed(&b);
    got = array.data;
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 2; k++)
                CU_ASSERT_EQUAL(*got++, 100 * i + 10 * j + k);
    cnnc_array_free(&array);
}

static void test_shapes(void)
{
    Bytes b = npy_of("|u1", "False", "()", "\7", 1);
    CnncArray array = parsed(&b);
    CU_ASSERT(array.rank == 0 && array.count == 1);
    cnnc_array_free(&array);
    b = npy_of("|u1", "False", "(3, 0)", "", 0);
    array = parsed(&b);
    CU_ASSERT(array.rank == 2 && array.dim[0] == 3 && array.count == 0);
    CU_ASSERT_PTR_NOT_NULL(array.data);
    cnnc_array_free(&array);
    b = npy_of("|u1", "False", "(1L, 2L)", "ab", 2);
    array = parsed(&b);
    CU_ASSERT(array.rank == 2 && array.dim[1] == 2);
    cnnc_array_free(&array);
}

static void test_versions_1_to_3(void)
{
    for (unsigned version = 1; version <= 3; version++) {
        Bytes b = npy(version, "{\"shape\":(1,),\"descr\":\"|u1\","
                               "\"fortran_order\":False}");
        put_byte(&b, 9);
        CnncArray array = parsed(&b);
        CU_ASSERT_EQUAL(array.count, 1);
        cnnc_array_free(&array);
    }
    Bytes b = npy(4, "{}");
    refused(&b, CNNC_ERROR_UNSUPPORTED, "versions 1, 2 and 3");
}

static void test_mistakes_have_their_messages(void)
{
    Bytes b = npy_of("<c8", "False", "(1,)", "12345678", 8);
    refused(&b, CNNC_ERROR_UNSUPPORTED, "element type '<c8' is not read");
    b = npy_of("|O", "False", "(1,)", "12345678", 8);
    refused(&b, CNNC_ERROR_UNSUPPORTED, "element type '|O' is not read");
    b = npy_of("|u1", "false", "(1,)", "1", 1);
    refused(&b, CNNC_ERROR_FORMAT, "expected True or False");
    b = npy_of("|u1", "False", "(2,)", "1", 1);
    refused(&b, CNNC_ERROR_FORMAT, "takes 2 bytes, the file has 1");
    b = npy_of("|u1", "False", "(2,)", "123", 3);
    refused(&b, CNNC_ERROR_FORMAT, "takes 2 bytes, the file has 3");
    b = npy_of("|u1", "False", "(-2,)", "12", 2);
    refused(&b, CNNC_ERROR_FORMAT, "expected a dimension");
    b = npy_of("|u1", "False", "(1,1,1,1,1,1,1,1,1)", "1", 1);
    refused(&b, CNNC_ERROR_UNSUPPORTED, "more than 8 dimensions");
    b = npy_of("<f8", "False", "(4294967296, 4294967296)", "", 0);
    refused(&b, CNNC_ERROR_FORMAT, "size overflows");
    b = npy_of("<f8", "False", "(99999999999999999999,)", "", 0);
    refused(&b, CNNC_ERROR_FORMAT, "dimension is out of range");
    b = npy(1, "{'descr': '|u1', 'descr': '|u1'}");
    refused(&b, CNNC_ERROR_FORMAT, "'descr' stands twice");
    b = npy(1, "{'descr': '|u1', 'shape': ()}");
    refused(&b, CNNC_ERROR_FORMAT, "no 'fortran_order'");
    b = npy(1, "{'descr': [('a', '<f4')]}");
    refused(&b, CNNC_ERROR_UNSUPPORTED, "structures");
    b = npy(1, "{'more': 1}");
    refused(&b, CNNC_ERROR_FORMAT, "unknown key 'more'");
    b = npy(1, "{'descr': '|u1', 'fortran_order': False, 'shape': ()} x");
    refused(&b, CNNC_ERROR_FORMAT, "more text after");
}

static void test_the_message_names_the_byte(void)
{
    CnncError error;
    Bytes b = npy(1, "{'descr': '|u1', 'fortran_order': False, 'shape': 3}");
    CU_ASSERT_FALSE(parse_copy(b.at, b.size, parse, &error));
    CU_ASSERT_EQUAL(error.offset, 10 + 50);
    CU_ASSERT_STRING_EQUAL(error.path, "a.npy");
    CU_ASSERT_STRING_EQUAL(error.message,
                           "at byte 60: expected '(' in the header");
}

static void test_broken_files_are_refused(void)
{
    Bytes c = npy_of(">f4", "False", "(2, 2)", "0123456789abcdef", 16);
    Bytes f = npy_of("<i2", "True", "(2, 2)", "01234567", 8);
    attack_by_truncation(&c, 0, parse);
    attack_by_truncation(&f, 0, parse);
    attack_by_flips(&c, c.size, parse);
    attack_by_flips(&f, f.size, parse);
}

static void test_write_reads_back(void)
{
    const char *path = scratch_path("io_write.npy");
    CnncError error;
    for (int rank = 0; rank <= CNNC_MAX_RANK; rank++) {
        float data[1 << CNNC_MAX_RANK];
        CnncArray array = { CNNC_F32, rank, { 0 }, (size_t)1 << rank, 0, data };
        CnncArray back;
        array.size = array.count * sizeof *data;
        for (int k = 0; k < rank; k++)
            array.dim[k] = 2;
        for (size_t i = 0; i < array.count; i++)
            data[i] = (float)i + 0.5f;
        CU_ASSERT(cnnc_npy_write(path, &array, &error));
        CU_ASSERT(cnnc_npy_read(path, &back, &error));
        CU_ASSERT(back.type == CNNC_F32 && back.rank == rank);
        CU_ASSERT_EQUAL(back.size, array.size);
        CU_ASSERT_EQUAL(memcmp(back.data, data, array.size), 0);
        cnnc_array_free(&back);
    }
    remove(path);
}

static void test_head_is_what_numpy_writes(void)
{
    const CnncArray array = { CNNC_F32, 1, { 3 }, 3, 12, NULL };
    char head[256];
    CU_ASSERT_EQUAL(cnnc_npy_head(&array, head, sizeof head), 128);
    CU_ASSERT_EQUAL(memcmp(head,
                           "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', "
                           "'fortran_order': False, 'shape': (3,), }  ",
                           68),
                    0);
    CU_ASSERT_EQUAL(head[127], '\n');
    CU_ASSERT_EQUAL(cnnc_npy_head(&array, head, 127), 0);
}

static void test_bf16_is_not_written(void)
{
    const CnncArray array = { CNNC_BF16, 0, { 0 }, 1, 2, "ab" };
    CnncError error;
    CU_ASSERT_FALSE(cnnc_npy_write(scratch_path("no.npy"), &array, &error));
    CU_ASSERT_EQUAL(error.status, CNNC_ERROR_UNSUPPORTED);
}

static void test_a_file_that_is_not_there(void)
{
    CnncArray array;
    CnncError error;
    CU_ASSERT_FALSE(cnnc_npy_read(scratch_path("nothing"), &array, &error));
    CU_ASSERT_EQUAL(error.status, CNNC_ERROR_FILE);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "No such file"));
    CU_ASSERT_FALSE(cnnc_npy_read(TEST_BUILD, &array, &error));
    CU_ASSERT_EQUAL(error.status, CNNC_ERROR_FILE);
    CU_ASSERT_FALSE(cnnc_npy_read("/dev/null", &array, NULL));
}

static void test_a_long_path_keeps_its_end(void)
{
    char path[700];
    CnncArray array;
    CnncError error;
    memset(path, 'x', sizeof path);
    memcpy(path + sizeof path - 5, ".npy", 5);
    CU_ASSERT_FALSE(cnnc_npy_read(path, &array, &error));
    CU_ASSERT_EQUAL(strlen(error.path), sizeof error.path - 1);
    CU_ASSERT_EQUAL(memcmp(error.path, "...x", 4), 0);
    CU_ASSERT_STRING_EQUAL(error.path + sizeof error.path - 6, "x.npy");
}

static const UnitTest tests[] = {
    UNIT(test_every_element_type_has_its_code),
    UNIT(test_big_endian_is_turned),
    UNIT(test_fortran_order_becomes_c_order),
    UNIT(test_shapes),
    UNIT(test_versions_1_to_3),
    UNIT(test_mistakes_have_their_messages),
    UNIT(test_the_message_names_the_byte),
    UNIT(test_broken_files_are_refused),
    UNIT(test_write_reads_back),
    UNIT(test_head_is_what_numpy_writes),
    UNIT(test_bf16_is_not_written),
    UNIT(test_a_file_that_is_not_there),
    UNIT(test_a_long_path_keeps_its_end),
};

UNIT_MAIN("npy", tests)
