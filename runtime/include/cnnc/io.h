/* SPDX-License-Identifier: 0BSD */
/*
 * cnnc/io.h - what a program around a network needs: images and arrays.
 *
 *     digit.png --cnnc_input_read--> uint8_t image[28][28][1] --> lenet5(...)
 *
 *     uint8_t image[LENET5_IMAGE_SIZE];
 *     const int64_t shape[3] = { 28, 28, 1 };
 *     CnncError error;
 *     if (!cnnc_input_read("digit.png", CNNC_U8, 3, shape, NULL, image, &error))
 *         fprintf(stderr, "%s: %s\n", error.path, error.message);
 *
 * Every function that can fail returns false and says what is wrong and where
 * in *error; error may be NULL. Results are then empty: there is nothing to
 * free. Files are not trusted: a size is checked against the bytes that are
 * there before memory is asked for.
 *
 * What follows the end of the content: an error for .npy and IDX; for PGM and
 * PPM white space is fine, a second image is an error; ignored for PNG and
 * after the gzip data of an IDX file, as those formats' own readers do.
 *
 * Nothing here is needed by generated code itself, nor by a program that
 * brings its data in another way. C99 and C++.
 */
#ifndef CNNC_IO_H
#define CNNC_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- errors ------------------------------------------------------------- */

typedef enum CnncStatus {
    CNNC_OK,
    CNNC_ERROR_FILE,        /* cannot be opened, read or written */
    CNNC_ERROR_FORMAT,      /* the content breaks the rules of its format */
    CNNC_ERROR_UNSUPPORTED, /* right, but not read here (or in this build) */
    CNNC_ERROR_SHAPE,       /* not the shape or value that was asked for */
    CNNC_ERROR_MEMORY
} CnncStatus;

typedef struct CnncError {
    CnncStatus status;
    int64_t offset;    /* the byte at fault, -1 where it is no single one */
    char path[512];    /* the file; of a longer path the end, after "..." */
    char message[256]; /* without the path: "at byte 8: width 0 is ..." */
} CnncError;

/* ---- arrays -------------------------------------------------------------- */

#define CNNC_MAX_RANK 8

typedef enum CnncType {
    CNNC_BOOL, /* a byte, 0 or 1 */
    CNNC_U8,
    CNNC_I8,
    CNNC_U16,
    CNNC_I16,
    CNNC_U32,
    CNNC_I32,
    CNNC_U64,
    CNNC_I64,
    CNNC_F16,  /* IEEE binary16, as uint16_t */
    CNNC_BF16, /* the upper half of an IEEE binary32, as uint16_t */
    CNNC_F32,
    CNNC_F64
} CnncType;

/* Dense and row-major: the last index runs fastest. Host byte order. */
typedef struct CnncArray {
    CnncType type;
    int rank; /* 0 for a single number */
    int64_t dim[CNNC_MAX_RANK];
    size_t count; /* elements: the product of dim */
    size_t size;  /* bytes of data */
    void *data;   /* from malloc; NULL where only the header was read */
} CnncArray;

void cnnc_array_free(CnncArray *array);    /* data; an empty array is fine */
size_t cnnc_type_size(CnncType type);      /* bytes of an element */
const char *cnnc_type_name(CnncType type); /* "u8", "f32" */

/*
 * Elements as float, correctly rounded (to nearest, ties to even; exact for
 * every type of at most 24 significant bits). data needs no alignment.
 */
void cnnc_to_f32(CnncType type, const void *data, size_t count, float *out);

/* Elements as bytes; false with CNNC_ERROR_SHAPE at the first that is not a
 * whole number from 0 to 255. */
bool cnnc_to_u8(CnncType type, const void *data, size_t count, uint8_t *out,
                CnncError *error);

/* ---- .npy (NumPy) --------------------------------------------------------- */

/*
 * Versions 1.0, 2.0 and 3.0; bool, integers of 8 to 64 bits, floats of 16 to
 * 64; either byte order, C or Fortran order. No structures, objects, strings,
 * complex numbers or dates; at most CNNC_MAX_RANK dimensions.
 */
bool cnnc_npy_read(const char *path, CnncArray *array, CnncError *error);

/* The same of a file's content in memory; name stands for it in messages. */
bool cnnc_npy_parse(const void *bytes, size_t size, const char *name,
                    CnncArray *array, CnncError *error);

/* Where the elements lie and how, for those who map a file. */
typedef struct CnncNpyHeader {
    CnncArray array; /* type and shape; data is NULL */
    size_t start;    /* offset of the first element */
    bool fortran;    /* the first index runs fastest */
    bool swapped;    /* not in the host's byte order */
} CnncNpyHeader;
bool cnnc_npy_parse_header(const void *bytes, size_t size, const char *name,
                           CnncNpyHeader *header, CnncError *error);

/* Version 1.0, C order, the host's byte order. No BF16: NumPy has none. */
bool cnnc_npy_write(const char *path, const CnncArray *array, CnncError *error);

/* The head of such a file, to be followed by array->data. Returns its length,
 * a multiple of 64; 0 for a BF16 array or where room is too small (256 always
 * suffice). */
size_t cnnc_npy_head(const CnncArray *array, char *head, size_t room);

/* ---- IDX (MNIST) ----------------------------------------------------------- */

/*
 * u8, i8, i16, i32, f32, f64; plain, or compressed with gzip where the library
 * was built with zlib (CNNC_HAVE_ZLIB).
 */
bool cnnc_idx_read(const char *path, CnncArray *array, CnncError *error);
bool cnnc_idx_read_header(const char *path, CnncArray *array, CnncError *error);
bool cnnc_idx_parse(const void *bytes, size_t size, const char *name,
                    CnncArray *array, CnncError *error);

/* ---- images ---------------------------------------------------------------- */

/*
 * [height][width][channels], the top row first. Samples are encoded as in the
 * file (sRGB, most often): gamma and colour profiles are not applied.
 */
typedef struct CnncImage {
    int64_t height, width;
    int channels;  /* 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha */
    CnncType type; /* CNNC_U8 or CNNC_U16 */
    int white;     /* the largest sample value: 255, 65535, a PGM's maxval */
    void *data;    /* from malloc */
} CnncImage;

/*
 * PGM and PPM (P2 P3 P5 P6, maxval 1 to 65535), and PNG of any kind where the
 * library was built with libpng (CNNC_HAVE_PNG); told apart by their content.
 * At most 1 GiB of samples.
 */
bool cnnc_image_read(const char *path, CnncImage *image, CnncError *error);
bool cnnc_image_parse(const void *bytes, size_t size, const char *name,
                      CnncImage *image, CnncError *error);
void cnnc_image_free(CnncImage *image);

/* P5 of a grey image, P6 of RGB; alpha is an error. */
bool cnnc_image_write(const char *path, const CnncImage *image,
                      CnncError *error);

typedef enum CnncResize {
    CNNC_RESIZE_NONE,     /* another size is an error */
    CNNC_RESIZE_NEAREST,  /* the sample under the centre */
    CNNC_RESIZE_BILINEAR, /* between the four around the centre */
    CNNC_RESIZE_AREA      /* the mean of the area; best for shrinking */
} CnncResize;

/* How an image becomes a network's input; all zero is a fair choice. */
typedef struct CnncFit {
    CnncResize resize;
    uint8_t background[3]; /* RGB, 0 to 255: what transparency lets through */
    bool invert;           /* black on white becomes white on black */
    float white; /* the f32 value of the brightest sample; 0 stands for 1 */
} CnncFit;

/*
 * The image as out[height][width][channels], channels 1 (grey) or 3 (RGB).
 * Grey is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601); grey to RGB repeats it.
 * u8 is 0 to 255, rounded to nearest, whatever the file's maxval; f32 is 0 to
 * fit->white. In this order: alpha, grey, invert, resize. fit NULL: all zero.
 */
bool cnnc_image_to_u8(const CnncImage *image, int64_t height, int64_t width,
                      int channels, const CnncFit *fit, uint8_t *out,
                      CnncError *error);
bool cnnc_image_to_f32(const CnncImage *image, int64_t height, int64_t width,
                       int channels, const CnncFit *fit, float *out,
                       CnncError *error);

/* ---- either ----------------------------------------------------------------- */

/*
 * A network's input from a file, an image or a .npy array by its content.
 * type is CNNC_U8 or CNNC_F32; out holds the product of dim elements.
 * An image needs [height][width], or [height][width][channels]; where the last
 * cannot be channels, [channels][height][width] is meant. An array's
 * elements are taken as they are (fit does not touch them); its shape may
 * differ in dimensions of 1 only.
 */
bool cnnc_input_read(const char *path, CnncType type, int rank,
                     const int64_t *dim, const CnncFit *fit, void *out,
                     CnncError *error);

#ifdef __cplusplus
}
#endif

#endif
