/*
 * test_pnm.c - PGM and PPM, read and written.
 */
#include "bytes.h"

static Bytes text_file(const char *text)
{
    Bytes b = { { 0 }, 0 };
    put_text(&b, text);
    return b;
}

static bool parse(const void *bytes, size_t size, CnncError *error)
{
    CnncImage image;
    bool done = cnnc_image_parse(bytes, size, "a.pgm", &image, error);
    cnnc_image_free(&image);
    return done;
}

static CnncImage parsed(const Bytes *b)
{
    CnncImage image;
    CnncError error = { 0 };
    bool done = cnnc_image_parse(b->at, b->size, "a.pgm", &image, &error);
    CU_ASSERT_FATAL(done);
    return image;
}

static void refused(const char *text, CnncStatus status, const char *message)
{
    Bytes b = text_file(text);
    CnncError error = { 0 };
    CU_ASSERT_FALSE(parse_copy(b.at, b.size, parse, &error));
    CU_ASSERT_EQUAL(error.status, status);
    CU_ASSERT_STRING_EQUAL(error.message, message);
    if (strcmp(error.message, message) != 0)
        printf("\n    got '%s'\n", error.message);
}

static void test_text_and_bytes_give_the_same(void)
{
    static const uint8_t want[6] = { 0, 128, 255, 7, 9, 11 };
    Bytes text = text_file("P2\n# seven\n3 2 #wide\n255\n0 128 255\n7 9 11");
    Bytes bytes = text_file("P5 3\t2\r\n255\n");
    put(&bytes, want, sizeof want);
    CnncImage a = parsed(&text), b = parsed(&bytes);
    CU_ASSERT(a.height == 2 && a.width == 3 && a.channels == 1);
    CU_ASSERT(b.height == 2 && b.width == 3 && b.channels == 1);
    CU_ASSERT(a.type == CNNC_U8 && a.white == 255);
    CU_ASSERT_EQUAL(memcmp(a.data, want, sizeof want), 0);
    CU_ASSERT_EQUAL(memcmp(b.data, want, sizeof want), 0);
    cnnc_image_free(&a);
    cnnc_image_free(&b);
}

static void test_colour_and_16_bits(void)
{
    Bytes text = text_file("P3 1 1 65535 1 256 65535 ");
    Bytes bytes = text_file("P6 1 1 1000\n");
    put_be16(&bytes, 1);
    put_be16(&bytes, 256);
    put_be16(&bytes, 1000);
    CnncImage a = parsed(&text), b = parsed(&bytes);
    const uint16_t *x = a.data, *y = b.data;
    CU_ASSERT(a.channels == 3 && a.type == CNNC_U16 && a.white == 65535);
    CU_ASSERT(x[0] == 1 && x[1] == 256 && x[2] == 65535);
    CU_ASSERT(b.channels == 3 && b.type == CNNC_U16 && b.white == 1000);
    CU_ASSERT(y[0] == 1 && y[1] == 256 && y[2] == 1000);
    cnnc_image_free(&a);
    cnnc_image_free(&b);
}

static void test_a_blank_byte_may_be_a_sample(void)
{
    Bytes b = text_file("P5 2 1 255\n \n");
    CnncImage image = parsed(&b);
    CU_ASSERT_EQUAL(((uint8_t *)image.data)[0], ' ');
    CU_ASSERT_EQUAL(((uint8_t *)image.data)[1], '\n');
    cnnc_image_free(&image);
}

static void test_a_comment_ends_the_header_like_a_line(void)
{
    Bytes b = text_file("P5 1 1 255#white\nA");
    CnncImage image = parsed(&b);
    CU_ASSERT_EQUAL(((uint8_t *)image.data)[0], 'A');
    cnnc_image_free(&image);
}

static void test_mistakes_have_their_messages(void)
{
    refused("P1 1 1 0", CNNC_ERROR_UNSUPPORTED,
            "at byte 0: P1 images (PBM) are not read, only P2, P3, P5 and P6");
    refused("P7\n", CNNC_ERROR_UNSUPPORTED,
            "at byte 0: P7 images (PAM) are not read, only P2, P3, P5 and P6");
    refused("P", CNNC_ERROR_FORMAT, "at byte 0: this is no PGM or PPM image");
    refused("GIF89a", CNNC_ERROR_FORMAT,
            "at byte 0: this is no PNG, PGM or PPM image");
    refused("P2 0 1 255", CNNC_ERROR_FORMAT,
            "at byte 3: width 0 is not from 1 to 1073741824");
    refused("P2 1 99999999999999999999999 255", CNNC_ERROR_FORMAT,
            "at byte 5: height above 1073741824 is not from 1 to 1073741824");
    refused("P2 1 1 65536 0", CNNC_ERROR_FORMAT,
            "at byte 7: white value above 65535 is not from 1 to 65535");
    refused("P2 1 1 255 256", CNNC_ERROR_FORMAT,
            "at byte 11: sample above 255 is not from 0 to 255");
    refused("P2 1 1 -1 0", CNNC_ERROR_FORMAT,
            "at byte 7: expected the white value");
    refused("P2 1x1 255 0", CNNC_ERROR_FORMAT,
            "at byte 4: expected white space after the width");
    refused("P2 2 1 255 1", CNNC_ERROR_FORMAT,
            "at byte 11: 2x1 pixels do not fit into the 1 bytes that are left");
    refused("P5 1073741824 1073741824 255\nA", CNNC_ERROR_FORMAT,
            "at byte 29: 1073741824x1073741824 pixels do not fit into the 1 "
            "bytes that are left");
    refused("P5 1 1 15\n\x10", CNNC_ERROR_FORMAT,
            "at byte 10: sample 16 is above the white value 15");
    refused("P5 1 1 255\nA\n P5", CNNC_ERROR_FORMAT,
            "at byte 14: more data after the image");
}

static void test_broken_files_are_refused(void)
{
    static const char *const files[] = {
        "P2 # c\n2 2 9\n1 2 3 4",
        "P3 1 1 255 10 20 30",
        "P5 2 2 255\nABCD",
        "P6 1 1 300\nABCDEF",
    };
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        Bytes b = text_file(files[i]);
        if (i == 3)
            memset(b.at + 11, 0, 6);
        /* The last number of a text may lose its last digit. */
        attack_by_truncation(&b, i == 1, parse);
        attack_by_flips(&b, b.size, parse);
    }
}

static void test_write_reads_back(void)
{
    const char *path = scratch_path("io_write.ppm");
    uint16_t grey[2] = { 258, 1000 };
    uint8_t colour[6] = { 1, 2, 3, 4, 5, 6 };
    CnncImage image = { 1, 2, 1, CNNC_U16, 1000, grey }, back;
    CU_ASSERT(cnnc_image_write(path, &image, NULL));
    CU_ASSERT_FATAL(cnnc_image_read(path, &back, NULL));
    CU_ASSERT(back.width == 2 && back.white == 1000);
    CU_ASSERT_EQUAL(memcmp(back.data, grey, sizeof grey), 0);
    cnnc_image_free(&back);
    image = (CnncImage){ 2, 1, 3, CNNC_U8, 255, colour };
    CU_ASSERT(cnnc_image_write(path, &image, NULL));
    CU_ASSERT_FATAL(cnnc_image_read(path, &back, NULL));
    CU_ASSERT(back.height == 2 && back.channels == 3);
    CU_ASSERT_EQUAL(memcmp(back.data, colour, sizeof colour), 0);
    cnnc_image_free(&back);
    image.channels = 4;
    CU_ASSERT_FALSE(cnnc_image_write(path, &image, NULL));
    remove(path);
}

static const UnitTest tests[] = {
    UNIT(test_text_and_bytes_give_the_same),
    UNIT(test_colour_and_16_bits),
    UNIT(test_a_blank_byte_may_be_a_sample),
    UNIT(test_a_comment_ends_the_header_like_a_line),
    UNIT(test_mistakes_have_their_messages),
    UNIT(test_broken_files_are_refused),
    UNIT(test_write_reads_back),
};

UNIT_MAIN("pnm", tests)
