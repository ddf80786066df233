/*
 * source.c - the text of a file, and where in it a byte is.
 *
 *     "network a\ninput x"   offset 16 -> line 2, column 7
 *
 * Ranges are byte offsets; lines and columns are counted only for a message.
 * A mark of byte order at the start (EF BB BF) is skipped.
 */
#include "base/base.h"
#include "base/local.h"

#include <string.h>

#define SOURCE_LIMIT ((int64_t)64 << 20)

/* Lead bytes by the length of the character that they start. */
static int utf8_length(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef)
        return 3;
    if (lead >= 0xf0 && lead <= 0xf4)
        return 4;
    return 0;
}

/* Refuses what Unicode refuses: long forms, surrogates, over U+10FFFF. */
int utf8_decode(const char *text, size_t room, uint32_t *code)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *bytes = (const unsigned char *)text;
    int length = utf8_length(bytes[0]);

    if (length == 0 || (size_t)length > room)
        return 0;
    uint32_t c = length == 1 ? bytes[0] : bytes[0] & (0xffu >> (length + 1));
    for (int i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (bytes[i] & 0x3f);
    }
    if (c < least[length] || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
        return 0;
    *code = c;
    return length;
}

void source_position(const Source *source, size_t offset, int *line,
                     int *column)
{
    const char *start = source->text, *newline;
    const char *at =
        start + (offset < source->length ? offset : source->length);

    *line = *column = 1;
    while ((newline = memchr(start, '\n', (size_t)(at - start)))) {
        start = newline + 1;
        ++*line;
    }
    for (; start < at; start++)
        *column += ((unsigned char)*start & 0xc0) != 0x80;
    /* Inside a character its own column, not that of the next. */
    if (((unsigned char)*at & 0xc0) == 0x80 && *column > 1)
        --*column;
}

/* Every byte belongs to a character, and none is NUL. */
static bool source_check(const Source *source)
{
    uint32_t code;

    for (size_t at = 0; at < source->length;) {
        size_t room = source->length - at;
        int length = utf8_decode(source->text + at, room, &code);
        Range range = { source, at, at + 1 };
        if (length == 0) {
            diag_error(range, "byte 0x%02x is not UTF-8",
                       (unsigned char)source->text[at]);
            diag_hint("save the file as UTF-8, or is it no text at all?");
            return false;
        }
        if (code == 0) {
            diag_error(range, "a NUL byte in a text");
            diag_hint("is this the file you meant?");
            return false;
        }
        at += (size_t)length;
    }
    return true;
}

Source *source_read(Arena *arena, const char *path)
{
    size_t size;
    bool standard = strcmp(path, "-") == 0;
    char *text =
        file_read(arena, standard ? "/dev/stdin" : path, SOURCE_LIMIT, &size);

    if (!text)
        return NULL;
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        size -= 3;
    }
    Source *source = NEW(arena, Source);
    *source =
        (Source){ arena_text(arena, standard ? "<stdin>" : path), text, size };
    return source_check(source) ? source : NULL;
}

Source *source_from_text(Arena *arena, const char *name, const char *text)
{
    Source *source = NEW(arena, Source);

    *source = (Source){ arena_text(arena, name), arena_text(arena, text),
                        strlen(text) };
    return source;
}

Range range_join(Range first, Range last)
{
    if (!first.source)
        return last;
    if (last.source != first.source)
        return first;
    if (last.start < first.start)
        first.start = last.start;
    if (last.end > first.end)
        first.end = last.end;
    return first;
}
