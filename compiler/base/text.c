/*
 * text.c - a string that grows.
 *
 *     Text t = { 0 };
 *     text_printf(&t, "%d layers", 5);
 *     char *line = text_take(&t, arena);
 *
 * Doubling, and always one byte of room for the terminating NUL. One that is
 * for a file may hand what is done to it, and so stay short:
 *
 *     Text t = { .file = file_begin("net.c") };
 *     for (...)
 *         text_printf(&t, ...), text_pass(&t);
 *     text_end(&t);
 */
#include "base/base.h"

#include <string.h>

#define PASS_LEAST ((size_t)1 << 16)

static void text_reserve(Text *text, size_t more)
{
    if (more > PTRDIFF_MAX - 1 - text->length)
        mem_exhausted(more);
    size_t need = text->length + more + 1;
    if (need <= text->room)
        return;
    size_t room = text->room < 32 ? 64 : text->room * 2;
    text->room = room < need ? need : room;
    text->data = mem_realloc(text->data, text->room);
}

void text_addn(Text *text, const char *more, size_t length)
{
    text_reserve(text, length);
    if (length)
        memcpy(text->data + text->length, more, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void text_add(Text *text, const char *more)
{
    text_addn(text, more, strlen(more));
}

void text_char(Text *text, char c)
{
    text_addn(text, &c, 1);
}

void text_vprintf(Text *text, const char *format, va_list list)
{
    va_list again;

    va_copy(again, list);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0)
        BUG("cannot print with the format '%s'", format);
    text_reserve(text, (size_t)length);
    vsnprintf(text->data + text->length, (size_t)length + 1, format, list);
    text->length += (size_t)length;
}

void text_printf(Text *text, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    text_vprintf(text, format, list);
    va_end(list);
}

const char *text_get(const Text *text)
{
    return text->data ? text->data : "";
}

char *text_take(Text *text, Arena *arena)
{
    char *copy = arena_textn(arena, text->data, text->length);
    text_free(text);
    return copy;
}

void text_free(Text *text)
{
    mem_free(text->data);
    *text = (Text){ 0 };
}

void text_pass(Text *text)
{
    if (!text->file || text->length < PASS_LEAST)
        return;
    file_add(text->file, text->data, text->length);
    text->passed += text->length;
    text->length = 0;
    text->data[0] = '\0';
}

bool text_end(Text *text)
{
    file_add(text->file, text_get(text), text->length);
    bool done = file_end(text->file);
    text_free(text);
    return done;
}
