/* SPDX-License-Identifier: 0BSD */
/*
 * idx.c - IDX, the files of MNIST, plain or compressed with gzip.
 *
 *     00 00 08 03   two zeros, type (08: u8), rank
 *     00 00 27 10   10,000 images
 *     00 00 00 1c   28 rows
 *     00 00 00 1c   28 columns
 *     ...           the elements; all numbers are big-endian
 *
 * Bytes come from a Stream, which hides the compression. Deflate packs 1,032
 * bytes at most into one, so that a header that promises more than that is
 * refused before memory is asked for.
 */
#include "local.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#ifdef CNNC_HAVE_ZLIB
#define ZLIB_CONST
#include <zlib.h>
#endif

#define DEFLATE_RATIO 1032
#define HEADER_BYTES  ((size_t)1 << 17) /* hold any header, even compressed */

static const struct {
    uint8_t code;
    CnncType type;
} codes[] = {
    { 0x08, CNNC_U8 },  { 0x09, CNNC_I8 },  { 0x0b, CNNC_I16 },
    { 0x0c, CNNC_I32 }, { 0x0d, CNNC_F32 }, { 0x0e, CNNC_F64 },
};
#define CODE_COUNT (sizeof codes / sizeof codes[0])

/* ---- bytes, compressed or not ------------------------------------------------- */

typedef struct Stream {
    Input *in;
    bool packed;
#ifdef CNNC_HAVE_ZLIB
    z_stream z;
    bool ended;
#endif
} Stream;

#ifdef CNNC_HAVE_ZLIB

static bool gzip_begins(const Input *in, size_t at)
{
    return in->size - at >= 2 && in->data[at] == 0x1f &&
           in->data[at + 1] == 0x8b;
}

static bool stream_open(Stream *s, Input *in)
{
    memset(s, 0, sizeof *s);
    s->in = in;
    s->packed = gzip_begins(in, 0);
    if (s->packed && inflateInit2(&s->z, 16 + MAX_WBITS) != Z_OK)
        return cnnc_io_no_memory(in, sizeof s->z);
    return true;
}

static void stream_close(Stream *s)
{
    if (s->packed)
        inflateEnd(&s->z);
}

/* Runs inflate once, from the input's place; a file may be of several parts
 * of gzip data, one behind the other. */
static bool inflate_some(Stream *s)
{
    Input *in = s->in;
    size_t left = in->size - in->at;
    int status;
    s->z.next_in = in->data + in->at;
    s->z.avail_in = left > UINT_MAX ? UINT_MAX : (uInt)left;
    status = inflate(&s->z, Z_NO_FLUSH);
    in->at = (size_t)(s->z.next_in - in->data);
    if (status == Z_STREAM_END) {
        s->ended = !gzip_begins(in, in->at);
        return s->ended || inflateReset(&s->z) == Z_OK;
    }
    if (status == Z_OK)
        return true;
    if (status == Z_BUF_ERROR)
        return cnnc_io_fail_at(in, in->size, CNNC_ERROR_FORMAT,
                               "the gzip data ends too early");
    return cnnc_io_fail_at(in, in->at, CNNC_ERROR_FORMAT,
                           "the gzip data is damaged: %s",
                           s->z.msg ? s->z.msg : "no reason given");
}

/* Up to size bytes; *got is less only at the end. */
static bool inflate_bytes(Stream *s, uint8_t *out, size_t size, size_t *got)
{
    size_t done = 0;
    while (done < size && !s->ended) {
        size_t piece = size - done > UINT_MAX ? UINT_MAX : size - done;
        s->z.next_out = out + done;
        s->z.avail_out = (uInt)piece;
        if (!inflate_some(s))
            return false;
        done += piece - s->z.avail_out;
    }
    *got = done;
    return true;
}

#else

static bool stream_open(Stream *s, Input *in)
{
    s->in = in;
    s->packed = false;
    if (in->size >= 2 && in->data[0] == 0x1f && in->data[1] == 0x8b)
        return cnnc_io_fail(in, CNNC_ERROR_UNSUPPORTED,
                            "compressed with gzip, and this library was built "
                            "without zlib");
    return true;
}

static void stream_close(Stream *s)
{
    (void)s;
}

static bool inflate_bytes(Stream *s, uint8_t *out, size_t size, size_t *got)
{
    (void)s, (void)out, (void)size;
    *got = 0;
    return false;
}

#endif

static bool stream_read(Stream *s, uint8_t *out, size_t size, size_t *got)
{
    Input *in = s->in;
    if (s->packed)
        return inflate_bytes(s, out, size, got);
    *got = size < in->size - in->at ? size : in->size - in->at;
    memcpy(out, in->data + in->at, *got);
    in->at += *got;
    return true;
}

/* ---- the format ------------------------------------------------------------------ */

static bool read_exactly(Stream *s, void *out, size_t size, const char *what)
{
    size_t got = 0;
    if (!stream_read(s, (uint8_t *)out, size, &got))
        return false;
    return got == size ||
           cnnc_io_fail_at(s->in, s->in->size, CNNC_ERROR_FORMAT,
                           "the file ends within its %s: %llu of %llu bytes",
                           what, (unsigned long long)got,
                           (unsigned long long)size);
}

static bool read_type(Stream *s, CnncArray *array)
{
    uint8_t head[4];
    size_t i = 0;
    if (!read_exactly(s, head, sizeof head, "header"))
        return false;
    while (i < CODE_COUNT && codes[i].code != head[2])
        i++;
    if (head[0] || head[1] || i == CODE_COUNT)
        return cnnc_io_fail_at(s->in, 0, CNNC_ERROR_FORMAT,
                               "this is no IDX file: it starts with "
                               "%02x %02x %02x %02x",
                               head[0], head[1], head[2], head[3]);
    array->type = codes[i].type;
    array->rank = head[3];
    return array->rank <= CNNC_MAX_RANK ||
           cnnc_io_fail_at(s->in, 3, CNNC_ERROR_UNSUPPORTED,
                           "%d dimensions, more than %d", head[3],
                           CNNC_MAX_RANK);
}

static bool read_header(Stream *s, CnncArray *array)
{
    uint8_t sizes[4 * CNNC_MAX_RANK];
    int k;
    memset(array, 0, sizeof *array);
    if (!read_type(s, array) ||
        !read_exactly(s, sizes, (size_t)array->rank * 4, "header"))
        return false;
    for (k = 0; k < array->rank; k++)
        array->dim[k] = cnnc_io_big32(sizes + 4 * k);
    return cnnc_io_array_measure(array) ||
           cnnc_io_fail(s->in, CNNC_ERROR_FORMAT, "the array's size overflows");
}

/* The elements that the header promises, and nothing behind them. */
static bool read_elements(Stream *s, CnncArray *array)
{
    size_t got = 0, left = s->in->size - s->in->at;
    uint8_t more;
    if (array->size / (s->packed ? DEFLATE_RATIO : 1) > left)
        return cnnc_io_fail(s->in, CNNC_ERROR_FORMAT,
                            "the header promises %llu bytes, the file has "
                            "%llu%s",
                            (unsigned long long)array->size,
                            (unsigned long long)left,
                            s->packed ? ", compressed" : "");
    array->data = cnnc_io_alloc(array->size);
    if (!array->data)
        return cnnc_io_no_memory(s->in, array->size);
    if (!read_exactly(s, array->data, array->size, "elements") ||
        !stream_read(s, &more, 1, &got))
        return false;
    if (got)
        return cnnc_io_fail(s->in, CNNC_ERROR_FORMAT,
                            "more bytes than the %llu that the header promises",
                            (unsigned long long)array->size);
    if (cnnc_io_host_is_little())
        cnnc_io_swap(array->data, array->count, cnnc_type_size(array->type));
    return true;
}

static bool read_idx(Input *in, CnncArray *array, bool elements)
{
    Stream s;
    bool done;
    memset(array, 0, sizeof *array);
    if (!stream_open(&s, in))
        return false;
    done = read_header(&s, array) && (!elements || read_elements(&s, array));
    stream_close(&s);
    if (!done) {
        cnnc_array_free(array);
        memset(array, 0, sizeof *array);
    }
    return done;
}

static bool read_file(const char *path, CnncArray *array, CnncError *error,
                      bool elements)
{
    Input in = { path, NULL, 0, 0, NULL, error };
    bool done;
    memset(array, 0, sizeof *array);
    done = cnnc_io_load(&in, elements ? SIZE_MAX : HEADER_BYTES) &&
           read_idx(&in, array, elements);
    cnnc_io_unload(&in);
    return done;
}

bool cnnc_idx_read(const char *path, CnncArray *array, CnncError *error)
{
    return read_file(path, array, error, true);
}

bool cnnc_idx_read_header(const char *path, CnncArray *array, CnncError *error)
{
    return read_file(path, array, error, false);
}

bool cnnc_idx_parse(const void *bytes, size_t size, const char *name,
                    CnncArray *array, CnncError *error)
{
    Input in = { name, (const uint8_t *)bytes, size, 0, NULL, error };
    return read_idx(&in, array, true);
}
