/*
 * depends.c - which files the output was made of, as make reads it.
 *
 *     net.c net.h: net.cnn \
 *      net.safetensors
 *
 *     net.cnn:
 *     net.safetensors:
 *
 * The empty rules let a build go on when an input was removed. Spaces, '#'
 * and '$' in names are escaped the way gcc does it for make; a name
 * with a newline cannot be written and is left out.
 */
#include "emit/local.h"

#include <string.h>

static bool is_writable(const char *path)
{
    return !strpbrk(path, "\n\r");
}

static void add_path(Text *out, const char *path)
{
    for (const char *c = path; *c; c++) {
        if (*c == ' ' || *c == '\t') {
            /* Backslashes in front of a space are doubled, and it escaped. */
            for (const char *b = c; b > path && b[-1] == '\\'; b--)
                text_char(out, '\\');
            text_char(out, '\\');
        } else if (*c == '#') {
            text_char(out, '\\');
        } else if (*c == '$') {
            text_char(out, '$');
        }
        text_char(out, *c);
    }
}

void emit_depends(Text *out, const char *const *outputs, int output_count,
                  const char *const *inputs, int input_count)
{
    for (int i = 0; i < output_count; i++) {
        if (!is_writable(outputs[i]))
            continue;
        text_add(out, out->length ? " " : "");
        add_path(out, outputs[i]);
    }
    text_char(out, ':');
    for (int i = 0; i < input_count; i++) {
        if (!is_writable(inputs[i]))
            continue;
        text_add(out, i ? " \\\n " : " ");
        add_path(out, inputs[i]);
    }
    text_char(out, '\n');
    for (int i = 0; i < input_count; i++) {
        if (!is_writable(inputs[i]))
            continue;
        text_char(out, '\n');
        add_path(out, inputs[i]);
        text_add(out, ":\n");
    }
}
