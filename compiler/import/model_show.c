/*
 * model_show.c - names of a model, which may be anything, in messages.
 *
 *     conv1/w                 conv1/w
 *     say "hi" <newline>      say \"hi\" \n
 *     U+202E, byte 0xff       \u{202e}, \xff
 *     70,000 characters       the first 40, "...", the last 21
 *
 * What comes out is valid UTF-8 without a character that a terminal obeys or
 * that ends a quotation.
 */
#include "import/model.h"

#include <string.h>

#define SHOWN 64 /* characters */
#define RING  8  /* names that one message may show */

/* The character at the start of text as it is shown; bytes of it are taken. */
static size_t show_char(const char *text, size_t room, char out[16])
{
    uint32_t code;
    int bytes = utf8_decode(text, room, &code);

    if (strncmp(text, ONNX_NUL, 2) == 0) {
        strcpy(out, "\\x00");
        return 2;
    }
    if (bytes == 0) {
        snprintf(out, 16, "\\x%02x", (unsigned char)*text);
        return 1;
    }
    if (code == '\n')
        strcpy(out, "\\n");
    else if (code == '\t')
        strcpy(out, "\\t");
    else if (code == '\r')
        strcpy(out, "\\r");
    else if (code == '"' || code == '\'' || code == '\\')
        snprintf(out, 16, "\\%c", (char)code);
    else if (utf8_is_control(code))
        snprintf(out, 16, code < 0x80 ? "\\x%02x" : "\\u{%x}", (unsigned)code);
    else
        snprintf(out, 16, "%.*s", bytes, text);
    return (size_t)bytes;
}

/* Characters of what is shown. */
static int length_of(const char *shown)
{
    int length = 0;

    for (; *shown; shown++)
        length += ((unsigned char)*shown & 0xc0) != 0x80;
    return length;
}

/* Adds characters from the start, at most limit as shown; returns the bytes
 * that were taken. */
static size_t add_head(Text *out, const char *name, size_t size, int limit)
{
    char shown[16];
    size_t at = 0;

    while (at < size) {
        size_t bytes = show_char(name + at, size - at, shown);
        limit -= length_of(shown);
        if (limit < 0)
            break;
        text_add(out, shown);
        at += bytes;
    }
    return at;
}

/* The first byte of the last characters that are at most limit as shown. */
static size_t find_tail(const char *name, size_t size, int limit)
{
    char shown[16];
    size_t at = size;

    while (at > 0) {
        size_t start = at - 1;
        while (start > 0 && at - start < 4 &&
               ((unsigned char)name[start] & 0xc0) == 0x80)
            start--;
        if (show_char(name + start, at - start, shown) != at - start)
            show_char(name + (start = at - 1), 1, shown);
        limit -= length_of(shown);
        if (limit < 0)
            break;
        at = start;
    }
    return at;
}

void model_show(Text *out, const char *name, int limit)
{
    size_t size = strlen(name), start = out->length;
    int tail = (limit - 3) / 3;

    if (add_head(out, name, size, limit) == size)
        return;
    if (out->length > start) {
        out->length = start;
        out->data[start] = '\0';
    }
    add_head(out, name, size, limit - 3 - tail);
    text_add(out, "...");
    size_t at = find_tail(name, size, tail);
    add_head(out, name + at, size - at, tail);
}

const char *onnx_show(const char *name)
{
    static char ring[RING][4 * SHOWN + 1];
    static int next;
    char *shown = ring[next = (next + 1) % RING];
    Text text = { 0 };

    model_show(&text, name, SHOWN);
    snprintf(shown, sizeof ring[0], "%s", text_get(&text));
    text_free(&text);
    return shown;
}
