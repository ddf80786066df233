/* SPDX-License-Identifier: 0BSD */
/*
 * png.c - PNG through libpng: palettes unfolded, 1 to 8 bits as u8, 16 as u16.
 *
 * libpng reports an error by longjmp; all that lives across it is in a
 * PngRead, which is complete before the jump's target is set.
 */
#include "local.h"

#include <stdlib.h>
#include <string.h>

bool cnnc_io_png_matches(const Input *in)
{
    static const uint8_t magic[8] = { 137, 'P', 'N', 'G', 13, 10, 26, 10 };
    return in->size >= sizeof magic &&
           memcmp(in->data, magic, sizeof magic) == 0;
}

#ifdef CNNC_HAVE_PNG

#include <png.h>

#define DEFLATE_RATIO 1032 /* most that a byte unpacks to */
#define CHUNK_LIMIT   ((png_alloc_size_t)8 << 20)
#define SIDE_LIMIT    ((png_uint_32)1 << 30)

typedef struct PngRead {
    Input *in;
    CnncImage *image;
    png_structp png;
    png_infop info;
    char problem[160];
} PngRead;

static void on_error(png_structp png, png_const_charp message)
{
    PngRead *read = (PngRead *)png_get_error_ptr(png);
    size_t length = strlen(message);
    if (length >= sizeof read->problem)
        length = sizeof read->problem - 1;
    memcpy(read->problem, message, length);
    read->problem[length] = '\0';
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png, (void)message;
}

static void on_read(png_structp png, png_bytep out, size_t size)
{
    Input *in = (Input *)png_get_io_ptr(png);
    if (size > in->size - in->at) {
        in->at = in->size;
        png_error(png, "the file ends too early");
    }
    memcpy(out, in->data + in->at, size);
    in->at += size;
}

/* Whether the compressed bytes can hold the pixels of the header at all. */
static bool header_is_possible(const PngRead *read)
{
    uint64_t row = png_get_rowbytes(read->png, read->info);
    uint64_t rows = png_get_image_height(read->png, read->info);
    uint64_t most = (uint64_t)read->in->size * DEFLATE_RATIO;
    return row <= most / rows;
}

static void ask_plain_samples(PngRead *read)
{
    png_set_expand(read->png);
    if (cnnc_io_host_is_little())
        png_set_swap(read->png);
}

static bool read_header(PngRead *read)
{
    CnncImage *image = read->image;
    png_read_info(read->png, read->info);
    image->width = png_get_image_width(read->png, read->info);
    image->height = png_get_image_height(read->png, read->info);
    if (!header_is_possible(read))
        return cnnc_io_fail(read->in, CNNC_ERROR_FORMAT,
                            "%lldx%lld pixels do not fit into a file of %llu "
                            "bytes",
                            (long long)image->width, (long long)image->height,
                            (unsigned long long)read->in->size);
    ask_plain_samples(read);
    (void)png_set_interlace_handling(read->png);
    png_read_update_info(read->png, read->info);
    image->channels = png_get_channels(read->png, read->info);
    image->type =
        png_get_bit_depth(read->png, read->info) == 16 ? CNNC_U16 : CNNC_U8;
    image->white = image->type == CNNC_U16 ? 65535 : 255;
    return cnnc_io_image_alloc(read->in, image);
}

static void read_rows(PngRead *read)
{
    int passes =
        png_get_interlace_type(read->png, read->info) == PNG_INTERLACE_NONE
            ? 1
            : PNG_INTERLACE_ADAM7_PASSES;
    size_t row = png_get_rowbytes(read->png, read->info);
    int pass;
    int64_t y;
    for (pass = 0; pass < passes; pass++)
        for (y = 0; y < read->image->height; y++)
            png_read_row(read->png,
                         (png_bytep)read->image->data + (size_t)y * row, NULL);
    png_read_end(read->png, NULL);
}

static bool decode(PngRead *read)
{
    if (setjmp(png_jmpbuf(read->png)))
        return cnnc_io_fail_at(read->in, read->in->at, CNNC_ERROR_FORMAT,
                               "not a right PNG image: %s", read->problem);
    png_set_read_fn(read->png, read->in, on_read);
    png_set_user_limits(read->png, SIDE_LIMIT, SIDE_LIMIT);
    png_set_chunk_malloc_max(read->png, CHUNK_LIMIT);
    if (!read_header(read))
        return false;
    read_rows(read);
    return true;
}

bool cnnc_io_png(Input *in, CnncImage *image)
{
    PngRead read = { in, image, NULL, NULL, "" };
    bool done = false;
    read.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &read, on_error,
                                      on_warning);
    if (read.png)
        read.info = png_create_info_struct(read.png);
    if (read.info)
        done = decode(&read);
    else
        (void)cnnc_io_no_memory(in, 0);
    png_destroy_read_struct(&read.png, &read.info, NULL);
    return done;
}

#else

bool cnnc_io_png(Input *in, CnncImage *image)
{
    (void)image;
    return cnnc_io_fail(in, CNNC_ERROR_UNSUPPORTED,
                        "a PNG image, and this library was built without "
                        "libpng");
}

#endif
