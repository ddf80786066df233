/* SPDX-License-Identifier: 0BSD */
/*
 * file.c - whole files in memory, and the errors of all readers.
 *
 *     error.path     digits/seven.pgm
 *     error.message  at byte 3: width 0 is not from 1 to 1073741824
 *
 * A file is read by its length where it has one; a pipe or a device has none
 * and is read in growing pieces, up to STREAM_LIMIT.
 */
#include "local.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_PIECE  ((size_t)1 << 16)
#define STREAM_LIMIT ((size_t)1 << 30)

/* ---- errors -------------------------------------------------------------- */

static void put_path(char *out, size_t room, const char *path)
{
    size_t length = strlen(path);
    if (length < room) {
        memcpy(out, path, length + 1);
        return;
    }
    memcpy(out, "...", 3);
    memcpy(out + 3, path + length - (room - 4), room - 3);
}

static void put_error(const Input *in, int64_t offset, CnncStatus status,
                      const char *format, va_list list)
{
    CnncError *error = in->error;
    int used = 0;
    if (!error)
        return;
    error->status = status;
    error->offset = offset;
    put_path(error->path, sizeof error->path, in->path);
    if (offset >= 0)
        used = snprintf(error->message, sizeof error->message,
                        "at byte %lld: ", (long long)offset);
    vsnprintf(error->message + used, sizeof error->message - (size_t)used,
              format, list);
}

bool cnnc_io_fail(const Input *in, CnncStatus status, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    put_error(in, -1, status, format, list);
    va_end(list);
    return false;
}

bool cnnc_io_fail_at(const Input *in, size_t offset, CnncStatus status,
                     const char *format, ...)
{
    va_list list;
    va_start(list, format);
    put_error(in, (int64_t)offset, status, format, list);
    va_end(list);
    return false;
}

bool cnnc_io_no_memory(const Input *in, size_t size)
{
    return cnnc_io_fail(in, CNNC_ERROR_MEMORY, "no memory for %llu bytes",
                        (unsigned long long)size);
}

/* ---- reading -------------------------------------------------------------- */

void *cnnc_io_alloc(size_t size)
{
    return malloc(size ? size : 1);
}

/* The file's length where it has one, else 0. A folder claims to have
 * LONG_MAX bytes; its first read will say what it is. */
static size_t file_length(FILE *file)
{
    long length;
    if (fseek(file, 0, SEEK_END) != 0)
        return 0;
    length = ftell(file);
    if (fseek(file, 0, SEEK_SET) != 0 || length < 0 || length == LONG_MAX)
        return 0;
    return (size_t)length;
}

/* Makes room for more than in->size bytes; false at the limit or without
 * memory. */
static bool grow(Input *in, size_t *room, size_t limit)
{
    size_t wanted = *room > limit / 2 ? limit : *room * 2;
    void *more;
    if (*room >= limit)
        return cnnc_io_fail(in, CNNC_ERROR_UNSUPPORTED,
                            "longer than %llu bytes and not a plain file",
                            (unsigned long long)limit);
    more = realloc(in->own, wanted);
    if (!more)
        return cnnc_io_no_memory(in, wanted);
    in->own = more;
    *room = wanted;
    return true;
}

/* One byte of room is left over, to see the end of a file of known length. */
static bool read_all(Input *in, FILE *file, size_t limit)
{
    size_t length = file_length(file);
    size_t room = length ? length + 1 : FIRST_PIECE;
    size_t most = length ? room : STREAM_LIMIT;
    if (room > limit)
        room = limit;
    in->own = cnnc_io_alloc(room);
    if (!in->own)
        return cnnc_io_no_memory(in, room);
    for (;;) {
        in->size += fread((char *)in->own + in->size, 1, room - in->size, file);
        if (ferror(file))
            return cnnc_io_fail(in, CNNC_ERROR_FILE, "cannot be read: %s",
                                strerror(errno));
        if (in->size < room || in->size == limit)
            return true;
        if (!grow(in, &room, most < limit ? most : limit))
            return false;
    }
}

bool cnnc_io_load(Input *in, size_t limit)
{
    FILE *file = fopen(in->path, "rb");
    bool done;
    in->own = NULL;
    in->size = in->at = 0;
    if (!file)
        return cnnc_io_fail(in, CNNC_ERROR_FILE, "cannot be opened: %s",
                            strerror(errno));
    done = read_all(in, file, limit);
    fclose(file);
    if (!done)
        cnnc_io_unload(in);
    in->data = (const uint8_t *)in->own;
    return done;
}

void cnnc_io_unload(Input *in)
{
    free(in->own);
    in->own = NULL;
    in->data = NULL;
    in->size = in->at = 0;
}

/* ---- writing --------------------------------------------------------------- */

bool cnnc_io_save(Input *in, const void *head, size_t head_size,
                  const void *data, size_t size)
{
    FILE *file = fopen(in->path, "wb");
    bool done;
    int reason;
    if (!file)
        return cnnc_io_fail(in, CNNC_ERROR_FILE, "cannot be created: %s",
                            strerror(errno));
    errno = 0;
    done = fwrite(head, 1, head_size, file) == head_size &&
           (size == 0 || fwrite(data, 1, size, file) == size);
    reason = errno;
    if (fclose(file) != 0 && done) {
        done = false;
        reason = errno;
    }
    if (done)
        return true;
    remove(in->path);
    return cnnc_io_fail(in, CNNC_ERROR_FILE, "cannot be written: %s",
                        strerror(reason));
}
