/* SPDX-License-Identifier: 0BSD */
/*
 * local.h - what the readers share: the bytes at hand, errors, checked sizes.
 *
 * A reader works on an Input, a file's content in memory with a place in it;
 * the functions that take a path load the file and call the same reader, so
 * that everything can be tested without files.
 */
#ifndef CNNC_IO_LOCAL_H
#define CNNC_IO_LOCAL_H

#include <cnnc/io.h>

#if defined(__GNUC__)
#define IO_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define IO_PRINTF(f, a)
#endif

typedef struct Input {
    const char *path; /* for messages */
    const uint8_t *data;
    size_t size, at; /* at <= size */
    void *own;       /* data, where this input has to free it; or NULL */
    CnncError *error;
} Input;

/* Fill in the error and return false. cnnc_io_fail names no byte. */
bool cnnc_io_fail(const Input *in, CnncStatus status, const char *format, ...)
    IO_PRINTF(3, 4);
bool cnnc_io_fail_at(const Input *in, size_t offset, CnncStatus status,
                     const char *format, ...) IO_PRINTF(4, 5);
bool cnnc_io_no_memory(const Input *in, size_t size);

/* The first `limit` bytes of a file into memory of its own. */
bool cnnc_io_load(Input *in, size_t limit);
void cnnc_io_unload(Input *in);
/* Both parts into a file, which is removed where that fails. */
bool cnnc_io_save(Input *in, const void *head, size_t head_size,
                  const void *data, size_t size);

/* Sets count and size from type, rank and dim; false on overflow. */
bool cnnc_io_array_measure(CnncArray *array);
/* Memory for size bytes, at least one. */
void *cnnc_io_alloc(size_t size);
bool cnnc_io_host_is_little(void);
void cnnc_io_swap(void *data, size_t count, size_t element);
uint32_t cnnc_io_big32(const uint8_t *bytes);

bool cnnc_io_npy_matches(const Input *in);
bool cnnc_io_npy(Input *in, CnncArray *array);
bool cnnc_io_png_matches(const Input *in);
bool cnnc_io_png(Input *in, CnncImage *image);
bool cnnc_io_pnm(Input *in, CnncImage *image);
bool cnnc_io_image(Input *in, CnncImage *image);
/* Sets data to memory for the samples, after checking their number. */
bool cnnc_io_image_alloc(const Input *in, CnncImage *image);
/* The image as out[dim[0]][dim[1]][dim[2]] of type u8 or f32. */
bool cnnc_io_fit(const Input *in, const CnncImage *image, CnncType type,
                 const int64_t dim[3], const CnncFit *fit, void *out);

#endif
