/* SPDX-License-Identifier: 0BSD */
/*
 * image.c - images of any format by their content, and their fitting into a
 * network's input.
 *
 *     37x50 RGB and alpha  -->  over the background, grey, resized  -->  28x28
 *
 * Resizing takes each axis by itself: sample o of `out` is a weighted sum of
 * a span of the `in` samples. Weights add up to 1; for AREA they are overlaps
 * in units of 1/out of a sample, so that spans are exact integers.
 */
#include "local.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE_LIMIT ((uint64_t)1 << 30) /* bytes of an image */
#define SHAPE_LIMIT  ((int64_t)1 << 30)  /* a side of the result */

/* ---- reading and writing --------------------------------------------------------- */

bool cnnc_io_image_alloc(const Input *in, CnncImage *image)
{
    uint64_t pixels = (uint64_t)image->width * (uint64_t)image->height;
    uint64_t pixel = (uint64_t)image->channels * cnnc_type_size(image->type);
    if (pixels > SAMPLE_LIMIT / pixel)
        return cnnc_io_fail(in, CNNC_ERROR_UNSUPPORTED,
                            "%lldx%lld pixels take more than %llu bytes",
                            (long long)image->width, (long long)image->height,
                            (unsigned long long)SAMPLE_LIMIT);
    image->data = cnnc_io_alloc((size_t)(pixels * pixel));
    return image->data || cnnc_io_no_memory(in, (size_t)(pixels * pixel));
}

void cnnc_image_free(CnncImage *image)
{
    free(image->data);
    image->data = NULL;
}

bool cnnc_io_image(Input *in, CnncImage *image)
{
    bool done;
    memset(image, 0, sizeof *image);
    if (cnnc_io_png_matches(in))
        done = cnnc_io_png(in, image);
    else if (in->size && in->data[0] == 'P')
        done = cnnc_io_pnm(in, image);
    else
        done = cnnc_io_fail_at(in, 0, CNNC_ERROR_FORMAT,
                               "this is no PNG, PGM or PPM image");
    if (!done) {
        cnnc_image_free(image);
        memset(image, 0, sizeof *image);
    }
    return done;
}

bool cnnc_image_parse(const void *bytes, size_t size, const char *name,
                      CnncImage *image, CnncError *error)
{
    Input in = { name, (const uint8_t *)bytes, size, 0, NULL, error };
    return cnnc_io_image(&in, image);
}

bool cnnc_image_read(const char *path, CnncImage *image, CnncError *error)
{
    Input in = { path, NULL, 0, 0, NULL, error };
    bool done;
    memset(image, 0, sizeof *image);
    done = cnnc_io_load(&in, SIZE_MAX) && cnnc_io_image(&in, image);
    cnnc_io_unload(&in);
    return done;
}

bool cnnc_image_write(const char *path, const CnncImage *image,
                      CnncError *error)
{
    Input in = { path, NULL, 0, 0, NULL, error };
    size_t wide = cnnc_type_size(image->type);
    size_t size = (size_t)image->width * (size_t)image->height *
                  (size_t)image->channels * wide;
    char head[80];
    bool done;
    int length;
    void *copy;
    if (image->channels != 1 && image->channels != 3)
        return cnnc_io_fail(&in, CNNC_ERROR_UNSUPPORTED,
                            "a PGM or PPM image has no alpha");
    length = snprintf(head, sizeof head, "P%c\n%lld %lld\n%d\n",
                      image->channels == 1 ? '5' : '6', (long long)image->width,
                      (long long)image->height, image->white);
    copy = cnnc_io_alloc(size);
    if (!copy)
        return cnnc_io_no_memory(&in, size);
    memcpy(copy, image->data, size);
    if (wide == 2 && cnnc_io_host_is_little())
        cnnc_io_swap(copy, size / 2, 2);
    done = cnnc_io_save(&in, head, (size_t)length, copy, size);
    free(copy);
    return done;
}

/* ---- one pixel --------------------------------------------------------------------- */

typedef struct Fitting {
    const CnncImage *image;
    CnncFit fit;
    int channels;         /* of the result: 1 or 3 */
    double background[3]; /* 0 to 1 */
} Fitting;

static double luma(const double *rgb)
{
    return 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
}

static double sample(const CnncImage *image, size_t i)
{
    unsigned value = image->type == CNNC_U16
                         ? ((const uint16_t *)image->data)[i]
                         : ((const uint8_t *)image->data)[i];
    return (double)value / image->white;
}

/* The pixel in the result's channels, 0 to 1, opaque. */
static void pixel(const Fitting *f, int64_t y, int64_t x, double *out)
{
    const CnncImage *image = f->image;
    int has_alpha = image->channels == 2 || image->channels == 4;
    int colours = image->channels - has_alpha;
    size_t at = ((size_t)y * (size_t)image->width + (size_t)x) *
                (size_t)image->channels;
    double alpha = has_alpha ? sample(image, at + (size_t)colours) : 1;
    double rgb[3];
    int k;
    for (k = 0; k < 3; k++) {
        rgb[k] = sample(image, at + (size_t)(colours == 3 ? k : 0));
        if (has_alpha)
            rgb[k] = alpha * rgb[k] + (1 - alpha) * f->background[k];
    }
    /* A grey pixel's luma is the pixel, without rounding. */
    if (f->channels == 1 && (colours == 3 || has_alpha))
        rgb[0] = luma(rgb);
    for (k = 0; k < f->channels; k++)
        out[k] = f->fit.invert ? 1 - rgb[k] : rgb[k];
}

/* ---- resizing ------------------------------------------------------------------------ */

typedef struct Span {
    int64_t first, last; /* the in samples, inclusive */
    double fraction;     /* BILINEAR: the weight of last, where they differ */
} Span;

/* The samples of `in` under sample o of `out`; centres lie at o + 1/2. */
static Span span_of(CnncResize resize, int64_t in, int64_t out, int64_t o)
{
    Span span = { o, o, 0 };
    double centre;
    switch (resize) {
    case CNNC_RESIZE_NONE: break;
    case CNNC_RESIZE_NEAREST:
        span.first = span.last = (2 * o + 1) * in / (2 * out);
        break;
    case CNNC_RESIZE_BILINEAR:
        centre = ((double)o + 0.5) * (double)in / (double)out - 0.5;
        centre = centre < 0 ? 0 : centre;
        span.first = (int64_t)centre;
        span.first = span.first < in - 1 ? span.first : in - 1;
        span.last = span.first < in - 1 ? span.first + 1 : in - 1;
        span.fraction = centre - (double)span.first;
        break;
    case CNNC_RESIZE_AREA:
        span.first = o * in / out;
        span.last = ((o + 1) * in - 1) / out;
        break;
    }
    return span;
}

/* The overlap of [o in, (o+1) in) and [i out, (i+1) out), over in. */
static double area_weight(int64_t in, int64_t out, int64_t o, int64_t i)
{
    int64_t low = o * in > i * out ? o * in : i * out;
    int64_t high = (o + 1) * in < (i + 1) * out ? (o + 1) * in : (i + 1) * out;
    return (double)(high - low) / (double)in;
}

static double weight_of(CnncResize resize, const Span *span, int64_t in,
                        int64_t out, int64_t o, int64_t i)
{
    if (span->first == span->last)
        return 1;
    if (resize == CNNC_RESIZE_AREA)
        return area_weight(in, out, o, i);
    return i == span->first ? 1 - span->fraction : span->fraction;
}

static void resized_pixel(const Fitting *f, int64_t height, int64_t width,
                          int64_t oh, int64_t ow, double *out)
{
    const CnncImage *image = f->image;
    CnncResize resize = f->fit.resize;
    Span rows = span_of(resize, image->height, height, oh);
    Span columns = span_of(resize, image->width, width, ow);
    int64_t h, w;
    double one[3] = { 0, 0, 0 };
    int k;
    memset(out, 0, 3 * sizeof *out);
    for (h = rows.first; h <= rows.last; h++) {
        double down = weight_of(resize, &rows, image->height, height, oh, h);
        for (w = columns.first; w <= columns.last; w++) {
            double across =
                weight_of(resize, &columns, image->width, width, ow, w);
            pixel(f, h, w, one);
            for (k = 0; k < f->channels; k++)
                out[k] += down * across * one[k];
        }
    }
}

/* ---- fitting --------------------------------------------------------------------------- */

static bool check_shape(const Input *in, const Fitting *f, int64_t height,
                        int64_t width)
{
    const CnncImage *image = f->image;
    if (f->channels != 1 && f->channels != 3)
        return cnnc_io_fail(in, CNNC_ERROR_SHAPE,
                            "an image becomes 1 or 3 channels, not %d",
                            f->channels);
    if (height < 1 || width < 1 || height > SHAPE_LIMIT || width > SHAPE_LIMIT)
        return cnnc_io_fail(in, CNNC_ERROR_SHAPE,
                            "an image cannot become %lldx%lld",
                            (long long)height, (long long)width);
    if (f->fit.resize == CNNC_RESIZE_NONE &&
        (height != image->height || width != image->width))
        return cnnc_io_fail(in, CNNC_ERROR_SHAPE,
                            "the image is %lldx%lld (height x width), "
                            "%lldx%lld is needed, and no resizing was asked "
                            "for",
                            (long long)image->height, (long long)image->width,
                            (long long)height, (long long)width);
    return true;
}

static void put_byte(void *out, size_t i, double value, double white)
{
    double scaled = value * white + 0.5;
    ((uint8_t *)out)[i] = (uint8_t)(scaled > white ? white : scaled);
}

static void put_float(void *out, size_t i, double value, double white)
{
    ((float *)out)[i] = (float)(value * white);
}

bool cnnc_io_fit(const Input *in, const CnncImage *image, CnncType type,
                 const int64_t dim[3], const CnncFit *fit, void *out)
{
    static const CnncFit plain = { CNNC_RESIZE_NONE, { 0, 0, 0 }, false, 0 };
    Fitting f;
    double white, value[3];
    int64_t oh, ow;
    size_t i = 0;
    int k;
    f.image = image;
    f.fit = fit ? *fit : plain;
    f.channels = (int)dim[2];
    for (k = 0; k < 3; k++)
        f.background[k] = f.fit.background[k] / 255.0;
    if (!check_shape(in, &f, dim[0], dim[1]))
        return false;
    white = type == CNNC_U8 ? 255 : f.fit.white != 0 ? f.fit.white : 1;
    for (oh = 0; oh < dim[0]; oh++)
        for (ow = 0; ow < dim[1]; ow++) {
            resized_pixel(&f, dim[0], dim[1], oh, ow, value);
            for (k = 0; k < f.channels; k++)
                (type == CNNC_U8 ? put_byte : put_float)(out, i++, value[k],
                                                         white);
        }
    return true;
}

static bool fit_image(const CnncImage *image, CnncType type, int64_t height,
                      int64_t width, int channels, const CnncFit *fit,
                      void *out, CnncError *error)
{
    Input in = { "image", NULL, 0, 0, NULL, error };
    const int64_t dim[3] = { height, width, channels };
    return cnnc_io_fit(&in, image, type, dim, fit, out);
}

bool cnnc_image_to_u8(const CnncImage *image, int64_t height, int64_t width,
                      int channels, const CnncFit *fit, uint8_t *out,
                      CnncError *error)
{
    return fit_image(image, CNNC_U8, height, width, channels, fit, out, error);
}

bool cnnc_image_to_f32(const CnncImage *image, int64_t height, int64_t width,
                       int channels, const CnncFit *fit, float *out,
                       CnncError *error)
{
    return fit_image(image, CNNC_F32, height, width, channels, fit, out, error);
}
