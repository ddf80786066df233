/* SPDX-License-Identifier: 0BSD */
/*
 * npy.c - NumPy's file of one array.
 *
 *     \x93NUMPY  1 0  118 0                      magic, version, length
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   ...\n
 *     00 00 80 3f ...                            the elements
 *
 * The header is a literal of Python; only the three keys that it always has
 * are accepted, in any order. Versions 2 and 3 have a longer length field
 * (and names of fields in UTF-8, which an array without fields has none of).
 */
#include "local.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC      "\x93NUMPY"
#define MAGIC_SIZE 6

/* NumPy's letter and size of each type; BF16 has none. */
static const struct {
    char kind;
    char size;
    CnncType type;
} codes[] = {
    { 'b', '1', CNNC_BOOL }, { 'u', '1', CNNC_U8 },  { 'i', '1', CNNC_I8 },
    { 'u', '2', CNNC_U16 },  { 'i', '2', CNNC_I16 }, { 'u', '4', CNNC_U32 },
    { 'i', '4', CNNC_I32 },  { 'u', '8', CNNC_U64 }, { 'i', '8', CNNC_I64 },
    { 'f', '2', CNNC_F16 },  { 'f', '4', CNNC_F32 }, { 'f', '8', CNNC_F64 },
};
#define CODE_COUNT (sizeof codes / sizeof codes[0])

/* ---- the literal ------------------------------------------------------------- */

static void skip_blanks(Input *in)
{
    while (in->at < in->size &&
           (in->data[in->at] == ' ' || in->data[in->at] == '\n' ||
            in->data[in->at] == '\t' || in->data[in->at] == '\r'))
        in->at++;
}

static bool accept(Input *in, char c)
{
    skip_blanks(in);
    if (in->at >= in->size || in->data[in->at] != (uint8_t)c)
        return false;
    in->at++;
    return true;
}

static bool expect(Input *in, char c)
{
    return accept(in, c) || cnnc_io_fail_at(in, in->at, CNNC_ERROR_FORMAT,
                                            "expected '%c' in the header", c);
}

/* A word in quotes, without escapes, of at most room - 1 characters. */
static bool read_quoted(Input *in, char *word, size_t room)
{
    size_t length = 0;
    size_t start = in->at;
    char quote = accept(in, '\'') ? '\'' : '"';
    if (quote == '"' && !expect(in, '"'))
        return false;
    for (; in->at < in->size && in->data[in->at] != (uint8_t)quote; in->at++) {
        if (length + 1 >= room)
            return cnnc_io_fail_at(in, start, CNNC_ERROR_FORMAT,
                                   "a name in the header is too long");
        word[length++] = (char)in->data[in->at];
    }
    word[length] = '\0';
    return expect(in, quote);
}

static bool read_type(Input *in, CnncNpyHeader *header)
{
    char word[16];
    size_t start, i;
    skip_blanks(in);
    start = in->at;
    if (start < in->size && in->data[start] == '[')
        return cnnc_io_fail_at(in, start, CNNC_ERROR_UNSUPPORTED,
                               "an array of structures is not read");
    if (!read_quoted(in, word, sizeof word))
        return false;
    if (strlen(word) != 3 || !strchr("<>|=", word[0]))
        return cnnc_io_fail_at(in, start, CNNC_ERROR_UNSUPPORTED,
                               "element type '%s' is not read", word);
    for (i = 0; i < CODE_COUNT; i++)
        if (codes[i].kind == word[1] && codes[i].size == word[2])
            break;
    if (i == CODE_COUNT)
        return cnnc_io_fail_at(in, start, CNNC_ERROR_UNSUPPORTED,
                               "element type '%s' is not read", word);
    header->array.type = codes[i].type;
    header->swapped =
        word[2] != '1' && word[0] == (cnnc_io_host_is_little() ? '>' : '<');
    return true;
}

static bool read_order(Input *in, CnncNpyHeader *header)
{
    size_t left;
    skip_blanks(in);
    left = in->size - in->at;
    header->fortran = left >= 4 && memcmp(in->data + in->at, "True", 4) == 0;
    if (!header->fortran &&
        (left < 5 || memcmp(in->data + in->at, "False", 5) != 0))
        return cnnc_io_fail_at(in, in->at, CNNC_ERROR_FORMAT,
                               "expected True or False in the header");
    in->at += header->fortran ? 4 : 5;
    return true;
}

static bool read_dimension(Input *in, int64_t *value)
{
    size_t start;
    skip_blanks(in);
    start = in->at;
    *value = 0;
    for (; in->at < in->size; in->at++) {
        int digit = in->data[in->at] - '0';
        if (digit < 0 || digit > 9)
            break;
        if (*value > (INT64_MAX - digit) / 10)
            return cnnc_io_fail_at(in, start, CNNC_ERROR_FORMAT,
                                   "a dimension is out of range");
        *value = *value * 10 + digit;
    }
    if (in->at == start)
        return cnnc_io_fail_at(in, start, CNNC_ERROR_FORMAT,
                               "expected a dimension in the header");
    (void)accept(in, 'L'); /* Python 2 wrote some as longs */
    return true;
}

/* (), (3,), (3, 4) */
static bool read_shape(Input *in, CnncNpyHeader *header)
{
    CnncArray *array = &header->array;
    if (!expect(in, '('))
        return false;
    while (!accept(in, ')')) {
        if (array->rank == CNNC_MAX_RANK)
            return cnnc_io_fail_at(in, in->at, CNNC_ERROR_UNSUPPORTED,
                                   "more than %d dimensions", CNNC_MAX_RANK);
        if (!read_dimension(in, &array->dim[array->rank++]))
            return false;
        if (!accept(in, ','))
            return expect(in, ')');
    }
    return true;
}

static const struct {
    const char *name;
    bool (*read)(Input *in, CnncNpyHeader *header);
} keys[] = {
    { "descr", read_type },
    { "fortran_order", read_order },
    { "shape", read_shape },
};
#define KEY_COUNT (sizeof keys / sizeof keys[0])

/* One 'key': value; seen has a bit for each key that was there before. */
static bool read_entry(Input *in, CnncNpyHeader *header, unsigned *seen)
{
    char word[16];
    size_t start = in->at, i;
    if (!read_quoted(in, word, sizeof word))
        return false;
    for (i = 0; i < KEY_COUNT; i++)
        if (strcmp(word, keys[i].name) == 0)
            break;
    if (i == KEY_COUNT)
        return cnnc_io_fail_at(in, start, CNNC_ERROR_FORMAT,
                               "unknown key '%s' in the header", word);
    if (*seen & 1u << i)
        return cnnc_io_fail_at(in, start, CNNC_ERROR_FORMAT,
                               "'%s' stands twice in the header", word);
    *seen |= 1u << i;
    return expect(in, ':') && keys[i].read(in, header);
}

static bool read_literal(Input *in, CnncNpyHeader *header)
{
    unsigned seen = 0;
    size_t i;
    if (!expect(in, '{'))
        return false;
    while (!accept(in, '}')) {
        if (!read_entry(in, header, &seen))
            return false;
        if (!accept(in, ',')) {
            if (!expect(in, '}'))
                return false;
            break;
        }
    }
    for (i = 0; i < KEY_COUNT; i++)
        if (!(seen & 1u << i))
            return cnnc_io_fail_at(in, in->at, CNNC_ERROR_FORMAT,
                                   "the header has no '%s'", keys[i].name);
    skip_blanks(in);
    return in->at == in->size ||
           cnnc_io_fail_at(in, in->at, CNNC_ERROR_FORMAT,
                           "more text after the header's '}'");
}

/* ---- the file ---------------------------------------------------------------- */

bool cnnc_io_npy_matches(const Input *in)
{
    return in->size >= MAGIC_SIZE && memcmp(in->data, MAGIC, MAGIC_SIZE) == 0;
}

/* Sets *start and *end to the header's text. */
static bool find_header(const Input *in, size_t *start, size_t *end)
{
    const uint8_t *bytes = in->data;
    size_t length;
    if (!cnnc_io_npy_matches(in))
        return cnnc_io_fail_at(in, 0, CNNC_ERROR_FORMAT,
                               "this is no .npy file");
    if (in->size < 8 || bytes[6] < 1 || bytes[6] > 3)
        return cnnc_io_fail_at(in, 6, CNNC_ERROR_UNSUPPORTED,
                               "only versions 1, 2 and 3 of .npy are read");
    *start = bytes[6] == 1 ? 10 : 12;
    if (in->size < *start)
        return cnnc_io_fail_at(in, in->size, CNNC_ERROR_FORMAT,
                               "the file ends within its header");
    length = (size_t)bytes[8] | (size_t)bytes[9] << 8;
    if (bytes[6] > 1)
        length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (length > in->size - *start)
        return cnnc_io_fail_at(in, 8, CNNC_ERROR_FORMAT,
                               "the header has %llu bytes, only %llu are left",
                               (unsigned long long)length,
                               (unsigned long long)(in->size - *start));
    *end = *start + length;
    return true;
}

static bool read_header(Input *in, CnncNpyHeader *header)
{
    size_t end = 0, all = in->size;
    bool right;
    memset(header, 0, sizeof *header);
    if (!find_header(in, &in->at, &end))
        return false;
    in->size = end;
    right = read_literal(in, header);
    in->size = all;
    in->at = header->start = end;
    if (!right)
        return false;
    if (!cnnc_io_array_measure(&header->array))
        return cnnc_io_fail(in, CNNC_ERROR_FORMAT,
                            "the array's size overflows");
    if (header->array.size != all - end)
        return cnnc_io_fail_at(in, end, CNNC_ERROR_FORMAT,
                               "the shape takes %llu bytes, the file has %llu",
                               (unsigned long long)header->array.size,
                               (unsigned long long)(all - end));
    return true;
}

/* out (last index fastest) from data (first index fastest). */
static void reorder(const CnncArray *array, const uint8_t *data, uint8_t *out)
{
    size_t element = cnnc_type_size(array->type);
    int64_t index[CNNC_MAX_RANK] = { 0 };
    size_t stride[CNNC_MAX_RANK] = { 0 }, at = 0, step = element, i;
    int k;
    for (k = 0; k < array->rank; k++) {
        stride[k] = step;
        step *= (size_t)array->dim[k];
    }
    for (i = 0; i < array->count; i++) {
        memcpy(out + i * element, data + at, element);
        for (k = array->rank - 1; k >= 0; k--) {
            at += stride[k];
            if (++index[k] < array->dim[k])
                break;
            at -= stride[k] * (size_t)array->dim[k];
            index[k] = 0;
        }
    }
}

/* The elements as they lie; a file of our own is cut down to them. */
static void *take_elements(Input *in, const CnncNpyHeader *header)
{
    size_t size = header->array.size;
    void *data;
    if (in->own && !header->fortran && size) {
        data = in->own;
        memmove(data, in->data + header->start, size);
        in->own = NULL;
        return data;
    }
    data = cnnc_io_alloc(size);
    if (!data)
        cnnc_io_no_memory(in, size);
    else if (header->fortran)
        reorder(&header->array, in->data + header->start, (uint8_t *)data);
    else
        memcpy(data, in->data + header->start, size);
    return data;
}

bool cnnc_io_npy(Input *in, CnncArray *array)
{
    CnncNpyHeader header;
    memset(array, 0, sizeof *array);
    if (!read_header(in, &header))
        return false;
    header.array.data = take_elements(in, &header);
    if (!header.array.data)
        return false;
    if (header.swapped)
        cnnc_io_swap(header.array.data, header.array.count,
                     cnnc_type_size(header.array.type));
    *array = header.array;
    return true;
}

bool cnnc_npy_parse_header(const void *bytes, size_t size, const char *name,
                           CnncNpyHeader *header, CnncError *error)
{
    Input in = { name, (const uint8_t *)bytes, size, 0, NULL, error };
    bool right = read_header(&in, header);
    if (!right)
        memset(header, 0, sizeof *header);
    return right;
}

bool cnnc_npy_parse(const void *bytes, size_t size, const char *name,
                    CnncArray *array, CnncError *error)
{
    Input in = { name, (const uint8_t *)bytes, size, 0, NULL, error };
    return cnnc_io_npy(&in, array);
}

bool cnnc_npy_read(const char *path, CnncArray *array, CnncError *error)
{
    Input in = { path, NULL, 0, 0, NULL, error };
    bool done;
    memset(array, 0, sizeof *array);
    done = cnnc_io_load(&in, SIZE_MAX) && cnnc_io_npy(&in, array);
    cnnc_io_unload(&in);
    return done;
}

/* ---- writing ------------------------------------------------------------------ */

/* "(3, 4)", and "(3,)" for one dimension. */
static void put_shape(const CnncArray *array, char *out, size_t room)
{
    size_t used = 0;
    int k;
    out[0] = '\0';
    for (k = 0; k < array->rank && used < room; k++)
        used += (size_t)snprintf(out + used, room - used, "%s%lld%s",
                                 k ? " " : "", (long long)array->dim[k],
                                 k + 1 < array->rank || k == 0 ? "," : "");
}

size_t cnnc_npy_head(const CnncArray *array, char *head, size_t room)
{
    char shape[CNNC_MAX_RANK * 24], text[256];
    size_t i = 0, length, total;
    char order = cnnc_io_host_is_little() ? '<' : '>';
    while (i < CODE_COUNT && codes[i].type != array->type)
        i++;
    if (i == CODE_COUNT)
        return 0;
    put_shape(array, shape, sizeof shape);
    length = (size_t)snprintf(
        text, sizeof text,
        "{'descr': '%c%c%c', 'fortran_order': False, 'shape': (%s), }",
        codes[i].size == '1' ? '|' : order, codes[i].kind, codes[i].size,
        shape);
    total = (10 + length + 1 + 63) / 64 * 64;
    if (length >= sizeof text || total > room)
        return 0;
    memcpy(head, MAGIC "\x01\x00", 8);
    head[8] = (char)((total - 10) & 255);
    head[9] = (char)((total - 10) >> 8);
    memcpy(head + 10, text, length);
    memset(head + 10 + length, ' ', total - length - 11);
    head[total - 1] = '\n';
    return total;
}

bool cnnc_npy_write(const char *path, const CnncArray *array, CnncError *error)
{
    Input in = { path, NULL, 0, 0, NULL, error };
    char head[256];
    size_t length = cnnc_npy_head(array, head, sizeof head);
    if (!length)
        return cnnc_io_fail(&in, CNNC_ERROR_UNSUPPORTED,
                            "a .npy file cannot hold %s",
                            cnnc_type_name(array->type));
    return cnnc_io_save(&in, head, length, array->data, array->size);
}
