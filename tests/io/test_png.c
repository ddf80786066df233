/*
 * test_png.c - PNG of every colour type, made here without compression.
 */
#include "bytes.h"

typedef struct Png {
    unsigned width, height, depth, colour, interlace;
} Png;

static void put_chunk(Bytes *b, const char *name, const Bytes *content)
{
    size_t start = b->size + 4;
    put_be32(b, (uint32_t)content->size);
    put(b, name, 4);
    put(b, content->at, content->size);
    put_be32(b, crc32_of(b->at + start, b->size - start, 0));
}

static uint32_t adler32_of(const Bytes *b)
{
    uint32_t low = 1, high = 0;
    for (size_t i = 0; i < b->size; i++) {
        low = (low + b->at[i]) % 65521;
        high = (high + low) % 65521;
    }
    return high << 16 | low;
}

/* rows: with the filter byte before each, as they are to lie in the file.
 * extra is a chunk of that name before the pixels, or NULL. */
static Bytes png(Png p, const Bytes *rows, const char *extra,
                 const Bytes *content)
{
    Bytes b = { { 0 }, 0 }, part = { { 0 }, 0 };
    put(&b, "\x89PNG\r\n\x1a\n", 8);
    put_be32(&part, p.width);
    put_be32(&part, p.height);
    put_byte(&part, p.depth);
    put_byte(&part, p.colour);
    put_be16(&part, 0);
    put_byte(&part, p.interlace);
    put_chunk(&b, "IHDR", &part);
    if (extra)
        put_chunk(&b, extra, content);
    part.size = 0;
    put(&part, "\x78\x01\x01", 3); /* one stored block */
    put_le16(&part, (unsigned)rows->size);
    put_le16(&part, ~(unsigned)rows->size & 0xffff);
    put(&part, rows->at, rows->size);
    put_be32(&part, adler32_of(rows));
    put_chunk(&b, "IDAT", &part);
    part.size = 0;
    put_chunk(&b, "IEND", &part);
    return b;
}

static Bytes bytes_of(const char *data, size_t size)
{
    Bytes b = { { 0 }, 0 };
    put(&b, data, size);
    return b;
}

static bool parse(const void *bytes, size_t size, CnncError *error)
{
    CnncImage image;
    bool done = cnnc_image_parse(bytes, size, "a.png", &image, error);
    cnnc_image_free(&image);
    return done;
}

static bool have_png(void)
{
    Bytes rows = bytes_of("\0A", 2);
    Bytes b = png((Png){ 1, 1, 8, 0, 0 }, &rows, NULL, NULL);
    CnncError error;
    if (parse_copy(b.at, b.size, parse, &error))
        return true;
    CU_ASSERT_EQUAL(error.status, CNNC_ERROR_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "without libpng"));
    printf(" (skipped: built without libpng) ");
    return false;
}

static void expect(const Bytes *b, int channels, CnncType type,
                   const void *samples, size_t size)
{
    CnncImage image;
    CnncError error = { 0 };
    bool done = cnnc_image_parse(b->at, b->size, "a.png", &image, &error);
    CU_ASSERT(done);
    if (!done) {
        printf("\n    %s\n", error.message);
        return;
    }
    CU_ASSERT_EQUAL(image.channels, channels);
    CU_ASSERT_EQUAL(image.type, type);
    CU_ASSERT_EQUAL(image.white, type == CNNC_U8 ? 255 : 65535);
    CU_ASSERT_EQUAL(memcmp(image.data, samples, size), 0);
    cnnc_image_free(&image);
}

static void test_grey_of_1_to_16_bits(void)
{
    if (!have_png())
        return;
    Bytes rows = bytes_of("\0\xa0", 2);
    Bytes b = png((Png){ 3, 1, 1, 0, 0 }, &rows, NULL, NULL);
    expect(&b, 1, CNNC_U8, "\xff\x00\xff", 3);
    rows = bytes_of("\0\x1b", 2);
    b = png((Png){ 4, 1, 2, 0, 0 }, &rows, NULL, NULL);
    expect(&b, 1, CNNC_U8, "\x00\x55\xaa\xff", 4);
    rows = bytes_of("\0\x0f\0\xf0", 4);
    b = png((Png){ 2, 2, 4, 0, 0 }, &rows, NULL, NULL);
    expect(&b, 1, CNNC_U8, "\x00\xff\xff\x00", 4);
    rows = bytes_of("\0\x01\x02", 3);
    b = png((Png){ 1, 1, 16, 0, 0 }, &rows, NULL, NULL);
    expect(&b, 1, CNNC_U16, &(uint16_t){ 0x102 }, 2);
}

static void test_colour_and_alpha(void)
{
    if (!have_png())
        return;
    Bytes rows = bytes_of("\0\1\2\3\4\5\6", 7);
    Bytes b = png((Png){ 2, 1, 8, 2, 0 }, &rows, NULL, NULL);
    expect(&b, 3, CNNC_U8, "\1\2\3\4\5\6", 6);
    rows = bytes_of("\0\1\2\3\4", 5);
    b = png((Png){ 1, 1, 8, 6, 0 }, &rows, NULL, NULL);
    expect(&b, 4, CNNC_U8, "\1\2\3\4", 4);
    b = png((Png){ 2, 1, 8, 4, 0 }, &rows, NULL, NULL);
    expect(&b, 2, CNNC_U8, "\1\2\3\4", 4);
}

static void test_palette_is_unfolded(void)
{
    if (!have_png())
        return;
    Bytes palette = bytes_of("\1\2\3\xff\xfe\xfd", 6);
    Bytes rows = bytes_of("\0\x40", 2);
    Bytes b = png((Png){ 2, 1, 1, 3, 0 }, &rows, "PLTE", &palette);
    expect(&b, 3, CNNC_U8, "\1\2\3\xff\xfe\xfd", 6);
}

static void test_a_transparent_colour_becomes_alpha(void)
{
    if (!have_png())
        return;
    Bytes key = bytes_of("\0\2", 2);
    Bytes rows = bytes_of("\0\1\2", 3);
    Bytes b = png((Png){ 2, 1, 8, 0, 0 }, &rows, "tRNS", &key);
    expect(&b, 2, CNNC_U8, "\1\xff\2\0", 4);
}

/* Adam7 of 3x3: pass 1 has (0,0); 4: (2,0)... each row with its filter. */
static void test_interlaced(void)
{
    static const struct {
        unsigned x, y, dx, dy;
    } passes[7] = { { 0, 0, 8, 8 }, { 4, 0, 8, 8 }, { 0, 4, 4, 8 },
                    { 2, 0, 4, 4 }, { 0, 2, 2, 4 }, { 1, 0, 2, 2 },
                    { 0, 1, 1, 2 } };
    Bytes rows = { { 0 }, 0 }, want = { { 0 }, 0 };
    if (!have_png())
        return;
    for (size_t p = 0; p < 7; p++)
        for (unsigned y = passes[p].y; y < 5; y += passes[p].dy) {
            if (passes[p].x < 3)
                put_byte(&rows, 0);
            for (unsigned x = passes[p].x; x < 3; x += passes[p].dx)
                put_byte(&rows, 10 * y + x);
        }
    for (unsigned i = 0; i < 15; i++)
        put_byte(&want, i / 3 * 10 + i % 3);
    Bytes b = png((Png){ 3, 5, 8, 0, 1 }, &rows, NULL, NULL);
    expect(&b, 1, CNNC_U8, want.at, want.size);
    attack_by_truncation(&b, 0, parse);
}

static void test_a_header_that_promises_too_much(void)
{
    CnncError error;
    if (!have_png())
        return;
    Bytes rows = bytes_of("\0A", 2);
    Bytes b = png((Png){ 1000000, 1000000, 16, 6, 0 }, &rows, NULL, NULL);
    CU_ASSERT_FALSE(parse_copy(b.at, b.size, parse, &error));
    CU_ASSERT_EQUAL(error.status, CNNC_ERROR_FORMAT);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "do not fit into a file of"));
}

static void test_broken_files_are_refused(void)
{
    Bytes palette = bytes_of("\1\2\3\xff\xfe\xfd", 6);
    Bytes rows = bytes_of("\0\x40\0\x80", 4);
    Bytes b = png((Png){ 2, 2, 1, 3, 0 }, &rows, "PLTE", &palette);
    CnncError error;
    if (!have_png())
        return;
    attack_by_truncation(&b, 0, parse);
    attack_by_flips(&b, b.size, parse);
    b.at[b.size - 20] ^= 1;
    CU_ASSERT_FALSE(parse_copy(b.at, b.size, parse, &error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "not a right PNG image"));
}

static const UnitTest tests[] = {
    UNIT(test_grey_of_1_to_16_bits),
    UNIT(test_colour_and_alpha),
    UNIT(test_palette_is_unfolded),
    UNIT(test_a_transparent_colour_becomes_alpha),
    UNIT(test_interlaced),
    UNIT(test_a_header_that_promises_too_much),
    UNIT(test_broken_files_are_refused),
};

UNIT_MAIN("png", tests)
