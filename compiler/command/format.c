/*
 * format.c - `cnnc format`: the usual form of a file.
 *
 *     cnnc format net.cnn            prints it
 *     cnnc format -i *.cnn           changes the files
 *     cnnc format --check *.cnn      says which are not in that form
 */
#include "command/local.h"

#include "language/language.h"

#include <string.h>

static bool check_file(const Source *source, const Text *text)
{
    size_t same = 0;

    while (same < text->length && same < source->length &&
           text->data[same] == source->text[same])
        same++;
    if (same == text->length && same == source->length)
        return true;
    size_t end = same < source->length ? same + 1 : same;
    diag_error((Range){ source, same, end }, "not in the usual form");
    diag_hint("'cnnc format -i' changes the file");
    return false;
}

static bool format_file(const CommandOptions *options, const Source *source)
{
    const char *path = options->in_place ? source->name
                       : options->output ? options->output
                                         : "-";
    Text text = { 0 };

    bool done = lang_format(source, &text);
    if (done && options->check)
        done = check_file(source, &text);
    else if (done && !(options->in_place && text.length == source->length &&
                       memcmp(text.data, source->text, text.length) == 0))
        done = file_write(path, text_get(&text), text.length);
    text_free(&text);
    return done;
}

static bool check_paths(const CommandOptions *options)
{
    if (options->output && options->files.count > 1) {
        diag_error_file(NULL, "'-o' takes the text of one file only");
        return false;
    }
    for (int i = 0; options->in_place && i < options->files.count; i++) {
        if (strcmp(options->files.at[i], "-") == 0) {
            diag_error_file(NULL, "standard input cannot be changed in place");
            return false;
        }
    }
    return true;
}

bool command_format(const CommandOptions *options)
{
    Arena *arena = arena_new();
    bool done = check_paths(options);

    for (int i = 0; done && i < options->files.count; i++) {
        const Source *source = source_read(arena, options->files.at[i]);
        /* Those after a faulty one are looked at as well. */
        if (source)
            format_file(options, source);
    }
    diag_flush();
    arena_free(arena);
    return done && diag_error_count() == 0;
}
