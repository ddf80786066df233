/*
 * bytes.h - files in memory for the tests of the readers: building, breaking.
 *
 *     Bytes file = {0};
 *     put_text(&file, "P5 2 1 255\n"); put_be16(&file, 7); ...
 *     attack(&file, header, parse);   no crash, and truncation is refused
 *
 * A reader gets its file in a block of exactly its size, so that the address
 * sanitizer sees a read of one byte too many.
 */
#ifndef TESTS_IO_BYTES_H
#define TESTS_IO_BYTES_H

#include "base/base.h"
#include "unit.h"
#include <cnnc/io.h>

#include <stdlib.h>
#include <string.h>

typedef struct Bytes {
    uint8_t at[1 << 16];
    size_t size;
} Bytes;

static inline void put(Bytes *b, const void *data, size_t size)
{
    REQUIRE(size <= sizeof b->at - b->size);
    memcpy(b->at + b->size, data, size);
    b->size += size;
}

static inline void put_text(Bytes *b, const char *text)
{
    put(b, text, strlen(text));
}

static inline void put_byte(Bytes *b, unsigned byte)
{
    uint8_t one = (uint8_t)byte;
    put(b, &one, 1);
}

static inline void put_be16(Bytes *b, unsigned value)
{
    put_byte(b, value >> 8 & 255);
    put_byte(b, value & 255);
}

static inline void put_be32(Bytes *b, uint32_t value)
{
    put_be16(b, value >> 16);
    put_be16(b, value & 0xffff);
}

static inline void put_le16(Bytes *b, unsigned value)
{
    put_byte(b, value & 255);
    put_byte(b, value >> 8 & 255);
}

static inline void put_le32(Bytes *b, uint32_t value)
{
    put_le16(b, value & 0xffff);
    put_le16(b, value >> 16);
}

/* A reader under attack: parses and frees; whether the file was accepted. */
typedef bool Parse(const void *bytes, size_t size, CnncError *error);

static inline bool parse_copy(const uint8_t *bytes, size_t size, Parse *parse,
                              CnncError *error)
{
    uint8_t *copy = malloc(size ? size : 1);
    bool accepted;
    REQUIRE(copy != NULL);
    memcpy(copy, bytes, size);
    memset(error, 0, sizeof *error);
    accepted = parse(copy, size, error);
    free(copy);
    return accepted;
}

/* A refusal says why, and names the byte within the file if any. */
static inline void check_error(const CnncError *error, size_t size)
{
    CU_ASSERT_NOT_EQUAL(error->status, CNNC_OK);
    CU_ASSERT_NOT_EQUAL(error->message[0], '\0');
    CU_ASSERT(error->offset <= (int64_t)size);
}

/* Every truncation by at least `slack + 1` bytes is refused. */
static inline void attack_by_truncation(const Bytes *file, size_t slack,
                                        Parse *parse)
{
    CnncError error;
    CU_ASSERT(parse_copy(file->at, file->size, parse, &error));
    for (size_t size = 0; size + slack < file->size; size++) {
        CU_ASSERT_FALSE(parse_copy(file->at, size, parse, &error));
        check_error(&error, size);
    }
}

/* Each of the first `header` bytes becomes many others; none is a crash. */
static inline void attack_by_flips(const Bytes *file, size_t header,
                                   Parse *parse)
{
    static const uint8_t values[] = { 0,   1,   2,   9,   ' ', '0', '9',
                                      '#', '-', 127, 128, 254, 255 };
    Bytes broken = *file;
    CnncError error;
    for (size_t i = 0; i < header && i < file->size; i++) {
        for (size_t k = 0; k < COUNT_OF(values) + 8; k++) {
            uint8_t bit = (uint8_t)(1u << (k & 7));
            broken.at[i] = k < 8 ? file->at[i] ^ bit : values[k - 8];
            if (!parse_copy(broken.at, broken.size, parse, &error))
                check_error(&error, broken.size);
        }
        broken.at[i] = file->at[i];
    }
}

/* A path in the tests' own folder of the build. */
static inline const char *scratch_path(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/tests/%s", TEST_BUILD, name);
    return path;
}

static inline void save(const char *path, const Bytes *bytes)
{
    FILE *file = fopen(path, "wb");
    REQUIRE(file != NULL);
    REQUIRE(fwrite(bytes->at, 1, bytes->size, file) == bytes->size);
    REQUIRE(fclose(file) == 0);
}

#endif
