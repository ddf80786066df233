/*
 * safetensors.c - reads safetensors.
 *
 *     18 01 00 00 00 00 00 00              the header's length
 *     {"__metadata__": {"format": "pt"},
 *      "fc.bias": {"dtype": "F32", "shape": [10], "data_offsets": [0, 40]}}
 *     ...                                  the elements, little-endian
 *
 * Offsets count from the end of the header; sorted, they leave no byte out and
 * use none twice. A library reads the JSON, but keeps one of two equal keys
 * only: colons outside of strings are counted beforehand, and there must be as
 * many as the read objects have members.
 */
#include "weights/local.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_LIMIT 100000000 /* bytes; the format's own */
/* What the JSON's values may be in number, so that memory stays bounded. */
#define MEMBER_LIMIT 1000000
#define COMMA_LIMIT  4000000
#define DEPTH_LIMIT  4

static const struct {
    const char *name;
    DType type;
} types[] = {
    { "BOOL", DT_BOOL }, { "U8", DT_U8 },     { "I8", DT_I8 },
    { "U16", DT_U16 },   { "I16", DT_I16 },   { "U32", DT_U32 },
    { "I32", DT_I32 },   { "U64", DT_U64 },   { "I64", DT_I64 },
    { "F16", DT_F16 },   { "BF16", DT_BF16 }, { "F32", DT_F32 },
    { "F64", DT_F64 },
};

typedef struct Reader {
    WeightFile *file;
    const char *text; /* the header */
    int length;
    const uint8_t *data; /* the elements */
    uint64_t size;
    int colons, members;
} Reader;

/* ---- the JSON ----------------------------------------------------------------------- */

/* The end of the string that starts at text[at], or length. */
static int string_end(const Reader *r, int at)
{
    for (at++; at < r->length && r->text[at] != '"'; at++)
        if (r->text[at] == '\\')
            at++;
    return at < r->length ? at : r->length;
}

static bool refuse(const Reader *r, int at, const char *why)
{
    diag_error_file(r->file->path, "at byte %lld: %s", (long long)at + 8, why);
    return false;
}

/* Counts what the library will not tell, and refuses what it would cut off. */
static bool scan_header(Reader *r)
{
    int commas = 0;

    if (r->length == 0 || r->text[0] != '{')
        return refuse(r, 0, "the header does not start with '{'");
    for (int i = 0; i < r->length; i++) {
        char c = r->text[i];
        if (c == '"') {
            int end = string_end(r, i);
            if (memchr(r->text + i, '\0', (size_t)(end - i)))
                return refuse(r, i, "a name holds a NUL byte");
            for (; i + 5 < end; i++)
                if (memcmp(r->text + i, "\\u0000", 6) == 0)
                    return refuse(r, i, "a name holds a NUL character");
            i = end;
        }
        r->colons += c == ':';
        commas += c == ',';
    }
    if (r->colons > MEMBER_LIMIT || commas > COMMA_LIMIT)
        return refuse(r, 0, "the header describes too many tensors");
    return true;
}

/* NULL after a diagnostic. */
static json_object *parse_header(const Reader *r)
{
    json_tokener *tokener = json_tokener_new_ex(DEPTH_LIMIT);
    json_object *header;
    enum json_tokener_error error;
    size_t end;

    if (!tokener)
        mem_exhausted(sizeof(void *));
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT |
                                        JSON_TOKENER_VALIDATE_UTF8 |
                                        JSON_TOKENER_ALLOW_TRAILING_CHARS);
    header = json_tokener_parse_ex(tokener, r->text, r->length);
    error = json_tokener_get_error(tokener);
    end = json_tokener_get_parse_end(tokener);
    json_tokener_free(tokener);
    if (error != json_tokener_success) {
        diag_error_file(
            r->file->path, "at byte %lld: the header is no JSON: %s",
            (long long)end + 8,
            error == json_tokener_continue ? "it ends too early"
                                           : json_tokener_error_desc(error));
        json_object_put(header);
        return NULL;
    }
    while (end < (size_t)r->length && r->text[end] == ' ')
        end++;
    if (end == (size_t)r->length)
        return header;
    refuse(r, (int)end, "more text after the header's '}'");
    json_object_put(header);
    return NULL;
}

/* ---- tensors --------------------------------------------------------------------------- */

PRINTF_LIKE(3, 4)
static bool refuse_tensor(const Reader *r, const char *name, const char *format,
                          ...)
{
    Text text = { 0 };
    va_list list;

    va_start(list, format);
    text_vprintf(&text, format, list);
    va_end(list);
    diag_error_file(r->file->path, "tensor '%s' %s", name, text_get(&text));
    text_free(&text);
    return false;
}

static bool read_type(const Reader *r, WeightTensor *t, json_object *value)
{
    const char *name;

    if (!json_object_is_type(value, json_type_string))
        return refuse_tensor(r, t->name, "has a 'dtype' that is no text");
    name = json_object_get_string(value);
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (strcmp(types[i].name, name) == 0) {
            t->type = types[i].type;
            return true;
        }
    return refuse_tensor(r, t->name,
                         "has elements of type '%s', which is not "
                         "read",
                         name);
}

/* A whole number that is not negative; huge ones come as INT64_MAX. */
static bool is_size(json_object *value, int64_t *size)
{
    if (!json_object_is_type(value, json_type_int))
        return false;
    *size = json_object_get_int64(value);
    return *size >= 0;
}

static bool read_shape(const Reader *r, WeightTensor *t, json_object *value)
{
    if (!json_object_is_type(value, json_type_array))
        return refuse_tensor(r, t->name, "has a 'shape' that is no list");
    size_t rank = json_object_array_length(value);
    if (rank > WEIGHT_MAX_RANK)
        return refuse_tensor(r, t->name, "has %zu dimensions, more than %d",
                             rank, WEIGHT_MAX_RANK);
    t->rank = (int)rank;
    for (size_t i = 0; i < rank; i++)
        if (!is_size(json_object_array_get_idx(value, i), &t->dim[i]))
            return refuse_tensor(r, t->name,
                                 "has a dimension that is no whole number");
    return true;
}

static bool read_offsets(const Reader *r, WeightTensor *t, json_object *value)
{
    int64_t begin = 0, end = 0;

    if (!json_object_is_type(value, json_type_array) ||
        json_object_array_length(value) != 2 ||
        !is_size(json_object_array_get_idx(value, 0), &begin) ||
        !is_size(json_object_array_get_idx(value, 1), &end))
        return refuse_tensor(r, t->name,
                             "has 'data_offsets' that are no two sizes");
    if (begin > end || (uint64_t)end > r->size)
        return refuse_tensor(r, t->name,
                             "lies from byte %lld to %lld of the %llu bytes of "
                             "data",
                             (long long)begin, (long long)end,
                             (unsigned long long)r->size);
    t->data = r->data + begin;
    t->size = (size_t)(end - begin);
    return true;
}

static const struct {
    const char *name;
    bool (*read)(const Reader *r, WeightTensor *t, json_object *value);
} fields[] = {
    { "dtype", read_type },
    { "shape", read_shape },
    { "data_offsets", read_offsets },
};

/* The shape's product times the element's size is the size in the file. */
static bool check_size(const Reader *r, WeightTensor *t)
{
    int64_t size = dtype_size(t->type);

    for (int i = 0; i < t->rank; i++)
        if (t->dim[i] == 0)
            size = 0;
    for (int i = 0; i < t->rank && size; i++)
        if (!size_mul(size, t->dim[i], &size))
            return refuse_tensor(r, t->name,
                                 "has a shape whose size "
                                 "overflows");
    if ((uint64_t)size != t->size)
        return refuse_tensor(r, t->name,
                             "takes %lld bytes by its shape and type, its "
                             "offsets give it %lld",
                             (long long)size, (long long)t->size);
    t->count = t->size / (size_t)dtype_size(t->type);
    return true;
}

static bool read_tensor(Reader *r, const char *name, json_object *value)
{
    WeightTensor t = { .name = arena_text(r->file->arena, name) };
    json_object *field;

    if (!json_object_is_type(value, json_type_object))
        return refuse_tensor(r, name, "is no object in the header");
    r->members += json_object_object_length(value);
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (!json_object_object_get_ex(value, fields[i].name, &field))
            return refuse_tensor(r, name, "has no '%s'", fields[i].name);
        if (!fields[i].read(r, &t, field))
            return false;
    }
    if (json_object_object_length(value) != (int)COUNT_OF(fields))
        return refuse_tensor(r, name, "has a field that is not known");
    if (!check_size(r, &t))
        return false;
    vec_push(&r->file->tensors, t);
    return true;
}

static bool read_metadata(Reader *r, json_object *value)
{
    Arena *arena = r->file->arena;
    struct json_object_iter at;

    if (!json_object_is_type(value, json_type_object))
        return refuse(r, 0, "'__metadata__' is no object");
    r->members += json_object_object_length(value);
    json_object_object_foreachC(value, at)
    {
        if (!json_object_is_type(at.val, json_type_string))
            return refuse(r, 0, "'__metadata__' has a value that is no text");
        vec_push(&r->file->metadata,
                 (WeightMetadata){
                     arena_text(arena, at.key),
                     arena_text(arena, json_object_get_string(at.val)) });
    }
    return true;
}

static bool read_members(Reader *r, json_object *header)
{
    struct json_object_iter at;

    if (!json_object_is_type(header, json_type_object))
        return refuse(r, 0, "the header is no object");
    r->members += json_object_object_length(header);
    json_object_object_foreachC(header, at)
    {
        if (strcmp(at.key, "__metadata__") == 0
                ? !read_metadata(r, at.val)
                : !read_tensor(r, at.key, at.val))
            return false;
    }
    return r->members == r->colons ||
           refuse(r, 0, "the header has the same name twice");
}

/* ---- the elements ------------------------------------------------------------------------- */

/* By place; of those at one place, the empty ones first. */
static int compare_places(const void *a, const void *b)
{
    const WeightTensor *x = *(const WeightTensor *const *)a;
    const WeightTensor *y = *(const WeightTensor *const *)b;

    if (x->data != y->data)
        return (const char *)x->data < (const char *)y->data ? -1 : 1;
    return (x->size > y->size) - (x->size < y->size);
}

static bool check_cover(const Reader *r, const WeightTensor **sorted, int count)
{
    uint64_t at = 0;

    for (int i = 0; i < count; i++) {
        uint64_t begin = (uint64_t)((const uint8_t *)sorted[i]->data - r->data);
        if (begin < at)
            return refuse_tensor(r, sorted[i]->name,
                                 "overlaps with '%s' at byte %llu of the data",
                                 sorted[i - 1]->name,
                                 (unsigned long long)begin);
        if (begin > at)
            return refuse_tensor(r, sorted[i]->name,
                                 "starts at byte %llu of the data, with a hole "
                                 "from byte %llu",
                                 (unsigned long long)begin,
                                 (unsigned long long)at);
        at += sorted[i]->size;
    }
    if (at == r->size)
        return true;
    diag_error_file(r->file->path,
                    "the tensors end at byte %llu of %llu bytes of data",
                    (unsigned long long)at, (unsigned long long)r->size);
    return false;
}

static bool check_places(const Reader *r)
{
    int count = r->file->tensors.count;
    const WeightTensor **sorted = mem_alloc((size_t)count * sizeof *sorted);

    for (int i = 0; i < count; i++)
        sorted[i] = &r->file->tensors.at[i];
    qsort(sorted, (size_t)count, sizeof *sorted, compare_places);
    bool right = check_cover(r, sorted, count);
    mem_free(sorted);
    return right;
}

static void turn_elements(const Reader *r)
{
    for (int i = 0; i < r->file->tensors.count; i++) {
        WeightTensor *t = &r->file->tensors.at[i];
        t->data = bytes_swapped(r->file->arena, t->data, t->count,
                                (size_t)dtype_size(t->type));
    }
}

bool safetensors_read(WeightFile *file, const uint8_t *data, size_t size)
{
    Reader r = { .file = file };
    uint64_t length = 0;
    json_object *header;

    for (size_t i = 0; i < 8 && i < size; i++)
        length |= (uint64_t)data[i] << (8 * i);
    if (size < 8 || length > size - 8 || length > HEADER_LIMIT) {
        diag_error_file(file->path,
                        "at byte 0: a header of %llu bytes does not fit into "
                        "this file of %zu (no header exceeds %d)",
                        (unsigned long long)length, size, HEADER_LIMIT);
        return false;
    }
    r.text = (const char *)data + 8;
    r.length = (int)length;
    r.data = data + 8 + length;
    r.size = size - 8 - length;
    if (!scan_header(&r) || !(header = parse_header(&r)))
        return false;
    bool right = read_members(&r, header) && check_places(&r);
    json_object_put(header);
    if (right && !host_is_little())
        turn_elements(&r);
    return right;
}
