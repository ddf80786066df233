/*
 * diag.c - errors and warnings, with their notes and hints.
 *
 *     net.cnn:9:9: error: no layer 'maxpol'
 *         9 |      -> maxpol(2x2)
 *           |         ^~~~~~
 *     hint: did you mean 'maxpool'?
 *
 * A message is put together when it is reported and printed when the next one
 * starts, so that its notes and hints come with it, and its source need not
 * outlive the call. As JSON it is one object on a line:
 *
 *     {"kind":"error","file":"net.cnn","line":9,"column":9,"end_line":9,
 *      "end_column":15,"message":"...","notes":[{...}],"hints":["..."]}
 */
#include "base/base.h"
#include "base/local.h"

#include <string.h>

#define ERRORS_SHOWN 20

typedef enum Kind { KIND_ERROR, KIND_WARNING, KIND_NOTE, KIND_HINT } Kind;

static const struct {
    const char *name, *colour;
} kinds[] = {
    [KIND_ERROR] = { "error", "\033[1;31m" },
    [KIND_WARNING] = { "warning", "\033[1;35m" },
    [KIND_NOTE] = { "note", "\033[1;36m" },
    [KIND_HINT] = { "hint", "\033[1;32m" },
};

static struct {
    DiagOptions options;
    int errors;
    bool open;         /* a message waits for its notes */
    bool hidden;       /* the last message is not shown: nor are its notes */
    Text text;         /* plain: the message; JSON: the object's head */
    Text notes, hints; /* JSON: the objects of the two arrays */
} diag;

static bool is_json(void)
{
    return diag.options.style == DIAG_JSON;
}

void diag_flush(void)
{
    FILE *stream = diag.options.stream ? diag.options.stream : stderr;

    if (!diag.open)
        return;
    diag.open = false;
    progress_end();
    fwrite(diag.text.data, 1, diag.text.length, stream);
    if (is_json())
        fprintf(stream, ",\"notes\":[%s],\"hints\":[%s]}\n",
                text_get(&diag.notes), text_get(&diag.hints));
    fflush(stream);
    text_free(&diag.text);
    text_free(&diag.notes);
    text_free(&diag.hints);
}

void diag_set_options(DiagOptions options)
{
    diag_flush();
    diag.options = options;
}

int diag_error_count(void)
{
    return diag.errors;
}

void diag_reset(void)
{
    diag_flush();
    diag.errors = 0;
    diag.hidden = false;
}

/* ---- JSON ---------------------------------------------------------------- */

/* A JSON string; bytes that are not UTF-8 become U+FFFD. */
static void json_string(Text *out, const char *text)
{
    size_t length = strlen(text);
    uint32_t code;

    text_char(out, '"');
    for (size_t at = 0; at < length;) {
        int bytes = utf8_decode(text + at, length - at, &code);
        if (bytes == 0)
            text_add(out, "\\ufffd");
        else if (code == '"' || code == '\\')
            text_printf(out, "\\%c", (char)code);
        else if (code < 0x20)
            text_printf(out, "\\u%04x", (unsigned)code);
        else
            text_addn(out, text + at, (size_t)bytes);
        at += (size_t)(bytes ? bytes : 1);
    }
    text_char(out, '"');
}

/* The object of a message or note, without its closing brace. */
static void json_open(Text *out, Kind kind, const char *file, Range range,
                      const char *message)
{
    int line, column;

    text_printf(out, "{\"kind\":\"%s\"", kinds[kind].name);
    if (file) {
        text_add(out, ",\"file\":");
        json_string(out, file);
    }
    if (range.source) {
        source_position(range.source, range.start, &line, &column);
        text_printf(out, ",\"line\":%d,\"column\":%d", line, column);
        source_position(range.source, range.end, &line, &column);
        text_printf(out, ",\"end_line\":%d,\"end_column\":%d", line, column);
    }
    text_add(out, ",\"message\":");
    json_string(out, message);
}

/* ---- plain text ---------------------------------------------------------- */

static void plain_message(Text *out, Kind kind, const char *file, Range range,
                          const char *message)
{
    bool colour = diag.options.style == DIAG_COLOUR;
    const char *bold = colour ? "\033[1m" : "";
    const char *tint = colour ? kinds[kind].colour : "";
    const char *normal = colour ? "\033[0m" : "";
    int line, column;

    if (kind != KIND_HINT) {
        text_add(out, bold);
        caret_add_safe(out, file ? file : "cnnc", strlen(file ? file : "cnnc"));
        if (range.source) {
            source_position(range.source, range.start, &line, &column);
            text_printf(out, ":%d:%d", line, column);
        }
        text_printf(out, ":%s ", normal);
    }
    text_printf(out, "%s%s:%s ", tint, kinds[kind].name, normal);
    caret_add_safe(out, message, strlen(message));
    text_char(out, '\n');
    if (range.source)
        caret_add(out, range, tint);
}

/* ---- messages ------------------------------------------------------------ */

static void message_add(Kind kind, const char *file, Range range,
                        const char *message)
{
    if (!is_json()) {
        plain_message(&diag.text, kind, file, range, message);
        return;
    }
    if (!diag.open) {
        json_open(&diag.text, kind, file, range, message);
        return;
    }
    Text *list = kind == KIND_NOTE ? &diag.notes : &diag.hints;
    if (list->length)
        text_char(list, ',');
    if (kind == KIND_HINT) {
        json_string(list, message);
        return;
    }
    json_open(list, kind, file, range, message);
    text_char(list, '}');
}

/* Closes the last message and decides whether this one is shown. */
static bool message_starts(Kind *kind)
{
    diag_flush();
    if (*kind == KIND_WARNING && diag.options.warnings_are_errors &&
        !diag.options.no_warnings)
        *kind = KIND_ERROR;
    diag.hidden = diag.errors >= ERRORS_SHOWN ||
                  (*kind == KIND_WARNING && diag.options.no_warnings);
    if (*kind != KIND_ERROR)
        return !diag.hidden;
    if (diag.errors++ == ERRORS_SHOWN) {
        message_add(KIND_NOTE, NULL, NO_RANGE,
                    "too many errors: only the first 20 are shown");
        diag.open = true;
        diag_flush();
    }
    return !diag.hidden;
}

static void message(Kind kind, const char *file, Range range,
                    const char *format, va_list list)
{
    Text text = { 0 };
    bool starts = kind == KIND_ERROR || kind == KIND_WARNING;

    if (starts ? !message_starts(&kind) : diag.hidden)
        return;
    text_vprintf(&text, format, list);
    if (range.source)
        file = range.source->name;
    message_add(kind, file, range, text_get(&text));
    diag.open = true;
    text_free(&text);
}

void diag_error(Range range, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    message(KIND_ERROR, NULL, range, format, list);
    va_end(list);
}

void diag_warning(Range range, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    message(KIND_WARNING, NULL, range, format, list);
    va_end(list);
}

void diag_note(Range range, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    message(KIND_NOTE, NULL, range, format, list);
    va_end(list);
}

void diag_hint(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    message(KIND_HINT, NULL, NO_RANGE, format, list);
    va_end(list);
}

void diag_error_file(const char *path, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    message(KIND_ERROR, path, NO_RANGE, format, list);
    va_end(list);
}

void diag_warning_file(const char *path, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    message(KIND_WARNING, path, NO_RANGE, format, list);
    va_end(list);
}
