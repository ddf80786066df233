/*
 * scan.c - the words of the text form: names, strings, numbers, shapes, places.
 *
 *     f32[28, 28, 6]      "a name"      @ arena(offset=3136, block=16)
 */
#include <string.h>

#include "graph/reader.h"

/* ---- characters ------------------------------------------------------------------ */

char peek(const Reader *r)
{
    return r->source->text[r->at]; /* a NUL at the end */
}

void skip_blanks(Reader *r)
{
    while (peek(r) == ' ' || peek(r) == '\t' || peek(r) == '\r')
        r->at++;
}

bool at_line_end(Reader *r)
{
    skip_blanks(r);
    return !peek(r) || peek(r) == '\n';
}

Range range_here(const Reader *r)
{
    size_t end = r->at < r->source->length ? r->at + 1 : r->at;
    return (Range){ r->source, r->at, end };
}

bool expected(const Reader *r, const char *what)
{
    diag_error(range_here(r), "expected %s", what);
    return false;
}

bool accept(Reader *r, const char *token)
{
    size_t length = strlen(token);
    skip_blanks(r);
    if (strncmp(r->source->text + r->at, token, length) != 0)
        return false;
    r->at += length;
    return true;
}

bool expect(Reader *r, const char *token)
{
    char what[16];
    if (accept(r, token))
        return true;
    snprintf(what, sizeof what, "'%s'", token);
    return expected(r, what);
}

/* A word of these characters; NULL for an empty one. */
const char *read_word(Reader *r, const char *characters)
{
    const char *start;
    size_t length;
    skip_blanks(r);
    start = r->source->text + r->at;
    length = strspn(start, characters);
    r->at += length;
    return length ? name_internn(start, length) : NULL;
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *found = c ? strchr(digits, c) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* After a backslash. */
static bool read_escape(Reader *r, Text *text)
{
    char c = peek(r);
    if (c == '"' || c == '\\') {
        text_char(text, c);
        r->at++;
        return true;
    }
    if (c == 'x') {
        int high = hex_digit(r->source->text[r->at + 1]);
        int low = high < 0 ? -1 : hex_digit(r->source->text[r->at + 2]);
        if (low >= 0 && high + low > 0) {
            text_char(text, (char)(high * 16 + low));
            r->at += 3;
            return true;
        }
    }
    return expected(r, "an escape such as \\\" or \\x0a");
}

const char *read_string(Reader *r)
{
    Text text = { 0 };
    const char *result = NULL;
    if (!expect(r, "\""))
        return NULL;
    while (peek(r) && peek(r) != '"' && peek(r) != '\n') {
        char c = peek(r);
        r->at++;
        if (c != '\\')
            text_char(&text, c);
        else if (!read_escape(r, &text))
            goto done;
    }
    if (expect(r, "\""))
        result = name_intern(text_get(&text));
done:
    text_free(&text);
    return result;
}

const char *read_name(Reader *r)
{
    const char *name;
    skip_blanks(r);
    if (peek(r) == '"')
        return read_string(r);
    name = read_word(r, "abcdefghijklmnopqrstuvwxyz_/"
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-~$");
    if (!name)
        expected(r, "a name");
    return name;
}

bool read_int(Reader *r, int64_t *value)
{
    const char *word = read_word(r, "-0123456789");
    return (word && parse_int64(word, value)) || expected(r, "a whole number");
}

bool read_double(Reader *r, double *value)
{
    const char *word = read_word(r, "+-.0123456789einfa");
    return (word && parse_double(word, value)) || expected(r, "a number");
}

/* ---- types, places, data ------------------------------------------------------------ */

bool read_type(Reader *r, DType *type, Shape *shape)
{
    const char *name = read_word(r, "abcdefghijklmnopqrstuvwxyz0123456789");
    memset(shape, 0, sizeof *shape);
    if (!name || !dtype_parse(name, type))
        return expected(r, "an element type");
    if (!expect(r, "["))
        return false;
    while (!accept(r, "]")) {
        if (shape->rank == MAX_RANK)
            return expected(r, "']'");
        if ((shape->rank && !expect(r, ",")) ||
            !read_int(r, &shape->dim[shape->rank++]))
            return false;
    }
    return shape_is_valid(shape) || shape_is_empty(shape) ||
           expected(r, "a shape of a valid size");
}

static bool read_place_field(Reader *r, Tensor *tensor)
{
    Place *place = &tensor->place;
    const char *key = read_word(r, "abcdefghijklmnopqrstuvwxyz_");
    if (!key || !expect(r, "="))
        return key || expected(r, "a property of a place");
#define FIELD(name)                                                            \
    if (strcmp(key, #name) == 0)                                               \
        return read_int(r, &place->name);
    PLACE_FIELDS(FIELD)
#undef FIELD
    if (strcmp(key, "halo") == 0)
        return expect(r, "[") && read_int(r, &place->halo[0]) &&
               expect(r, ",") && read_int(r, &place->halo[1]) &&
               expect(r, ",") && read_int(r, &place->halo[2]) &&
               expect(r, ",") && read_int(r, &place->halo[3]) && expect(r, "]");
    if (strcmp(key, "within") == 0) {
        Range range = range_here(r);
        const char *name = read_name(r);
        vec_push(&r->forwards, (Forward){ NULL, tensor, name, range });
        return name;
    }
    return expected(r, "a property of a place");
}

bool read_place(Reader *r, Tensor *tensor)
{
    const char *word = read_word(r, "abcdefghijklmnopqrstuvwxyz");
    for (size_t i = 0; word && i < COUNT_OF(place_kind_names); i++)
        if (strcmp(word, place_kind_names[i]) == 0) {
            tensor->place.kind = (PlaceKind)i;
            word = NULL;
        }
    if (word || !expect(r, "("))
        return word ? expected(r, "a kind of place") : false;
    for (bool first = true; !accept(r, ")"); first = false)
        if ((!first && !expect(r, ",")) || !read_place_field(r, tensor))
            return false;
    return true;
}

bool read_data(Reader *r, Tensor *tensor)
{
    VEC(float) data = { 0 };
    double value;
    bool good = expect(r, "[");
    while (good && !accept(r, "]")) {
        good = (!data.count || expect(r, ",")) && read_double(r, &value);
        if (good)
            vec_push(&data, (float)value);
    }
    if (good && data.count != shape_count(&tensor->shape))
        good = expected(r, "as many numbers as the shape has elements");
    if (good)
        tensor->data =
            arena_copy(r->arena, data.at, sizeof(float) * (size_t)data.count);
    vec_free(&data);
    return good;
}

bool read_crc(Reader *r, Tensor *tensor)
{
    const char *word = read_word(r, "x0123456789abcdef");
    uint32_t crc = 0;
    if (!word || strlen(word) != 10 || strncmp(word, "0x", 2) != 0)
        return expected(r, "0x and eight digits");
    for (int i = 2; i < 10; i++) {
        if (word[i] == 'x')
            return expected(r, "0x and eight digits");
        crc = crc * 16 + (uint32_t)hex_digit(word[i]);
    }
    tensor->data_crc = crc;
    return true;
}

bool read_layout(Reader *r, Tensor *tensor)
{
    const char *word = read_name(r);
    for (size_t i = 0; word && i < COUNT_OF(layout_names); i++)
        if (strcmp(word, layout_names[i]) == 0) {
            tensor->layout = (ParameterLayout)i;
            return true;
        }
    return expected(r, "a layout");
}
