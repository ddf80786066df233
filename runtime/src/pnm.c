/* SPDX-License-Identifier: 0BSD */
/*
 * pnm.c - PGM and PPM, as text (P2, P3) and as bytes (P5, P6).
 *
 *     P2               the kind
 *     # seven          a comment: it counts as the end of its line
 *     3 2              width, height
 *     255              the value of white
 *     0 128 255
 *     7  9  11         rows from the top
 *
 * In the binary kinds exactly one byte of white space follows the white value.
 */
#include "local.h"

#include <stdlib.h>
#include <string.h>

#define SIDE_LIMIT  ((int64_t)1 << 30)
#define WHITE_LIMIT 65535

static bool is_blank(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next byte, or -1 at the end; a whole comment is one line's end. */
static int next_char(Input *in)
{
    if (in->at >= in->size)
        return -1;
    if (in->data[in->at] != '#')
        return in->data[in->at++];
    while (in->at < in->size && in->data[in->at] != '\n')
        in->at++;
    if (in->at < in->size)
        in->at++;
    return '\n';
}

/* A number from low to high, with blanks before it and one behind it. */
static bool read_number(Input *in, const char *what, int64_t low, int64_t high,
                        int64_t *value)
{
    int c = next_char(in);
    size_t start;
    while (is_blank(c))
        c = next_char(in);
    start = c < 0 ? in->size : in->at - 1;
    if (c < '0' || c > '9')
        return cnnc_io_fail_at(in, start, CNNC_ERROR_FORMAT, "expected the %s",
                               what);
    for (*value = 0; c >= '0' && c <= '9'; c = next_char(in))
        if (*value <= high)
            *value = *value * 10 + (c - '0');
    if (c >= 0 && !is_blank(c))
        return cnnc_io_fail_at(in, in->at - 1, CNNC_ERROR_FORMAT,
                               "expected white space after the %s", what);
    if (*value < low || *value > high)
        return cnnc_io_fail_at(in, start, CNNC_ERROR_FORMAT,
                               "%s %s%lld is not from %lld to %lld", what,
                               *value > high ? "above " : "",
                               (long long)(*value > high ? high : *value),
                               (long long)low, (long long)high);
    return true;
}

static bool read_header(Input *in, CnncImage *image, bool *text)
{
    int64_t white = 0;
    char kind = in->size >= 2 && in->data[0] == 'P' ? (char)in->data[1] : 0;
    if (kind == '1' || kind == '4' || kind == '7')
        return cnnc_io_fail_at(in, 0, CNNC_ERROR_UNSUPPORTED,
                               "P%c images (%s) are not read, only P2, P3, P5 "
                               "and P6",
                               kind, kind == '7' ? "PAM" : "PBM");
    if (!kind || !strchr("2356", kind))
        return cnnc_io_fail_at(in, 0, CNNC_ERROR_FORMAT,
                               "this is no PGM or PPM image");
    *text = kind == '2' || kind == '3';
    image->channels = kind == '2' || kind == '5' ? 1 : 3;
    in->at = 2;
    if (!read_number(in, "width", 1, SIDE_LIMIT, &image->width) ||
        !read_number(in, "height", 1, SIDE_LIMIT, &image->height) ||
        !read_number(in, "white value", 1, WHITE_LIMIT, &white))
        return false;
    image->white = (int)white;
    image->type = white > 255 ? CNNC_U16 : CNNC_U8;
    return true;
}

static void put_sample(CnncImage *image, size_t i, unsigned value)
{
    if (image->type == CNNC_U16)
        ((uint16_t *)image->data)[i] = (uint16_t)value;
    else
        ((uint8_t *)image->data)[i] = (uint8_t)value;
}

static bool read_text(Input *in, CnncImage *image, size_t count)
{
    size_t i;
    for (i = 0; i < count; i++) {
        int64_t value = 0;
        if (!read_number(in, "sample", 0, image->white, &value))
            return false;
        put_sample(image, i, (unsigned)value);
    }
    return true;
}

static bool read_binary(Input *in, CnncImage *image, size_t count)
{
    size_t i;
    for (i = 0; i < count; i++) {
        size_t start = in->at;
        unsigned value = in->data[in->at++];
        if (image->type == CNNC_U16)
            value = value << 8 | in->data[in->at++];
        if (value > (unsigned)image->white)
            return cnnc_io_fail_at(in, start, CNNC_ERROR_FORMAT,
                                   "sample %u is above the white value %d",
                                   value, image->white);
        put_sample(image, i, value);
    }
    return true;
}

/* Whether the file can hold the samples that its header promises: bytes, or
 * digits with a blank between two of them. */
static bool check_length(const Input *in, const CnncImage *image, bool text)
{
    size_t left = in->size - in->at;
    uint64_t samples = (uint64_t)image->width * (uint64_t)image->height;
    uint64_t wide = image->type == CNNC_U16 ? 2 : 1;
    uint64_t most = text ? left / 2 + 1 : left / wide;
    if (samples <= most / (uint64_t)image->channels)
        return true;
    return cnnc_io_fail_at(in, in->at, CNNC_ERROR_FORMAT,
                           "%lldx%lld pixels do not fit into the %llu bytes "
                           "that are left",
                           (long long)image->width, (long long)image->height,
                           (unsigned long long)left);
}

static bool check_end(Input *in)
{
    while (in->at < in->size) {
        size_t start = in->at;
        if (!is_blank(next_char(in)))
            return cnnc_io_fail_at(in, start, CNNC_ERROR_FORMAT,
                                   "more data after the image");
    }
    return true;
}

bool cnnc_io_pnm(Input *in, CnncImage *image)
{
    bool text = false;
    size_t count;
    if (!read_header(in, image, &text) || !check_length(in, image, text) ||
        !cnnc_io_image_alloc(in, image))
        return false;
    count =
        (size_t)image->width * (size_t)image->height * (size_t)image->channels;
    return (text ? read_text(in, image, count)
                 : read_binary(in, image, count)) &&
           check_end(in);
}
