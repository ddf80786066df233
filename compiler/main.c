/*
 * main.c - the program cnnc.
 *
 *     options -> a command -> output files appear, or none
 *
 * Exit status: 0; 1 for a mistake in the input; 2 for a wrong command line;
 * 70 (by BUG) for a fault of ours.
 */
#include "command/command.h"
#include "import/onnx.h"

#include <stdlib.h>

static bool print_version(void)
{
    Text text = { 0 };
    text_printf(&text, "cnnc " CNNC_VERSION "%s\n",
                onnx_is_there ? "" : ", without ONNX");
    text_add(&text, "MIT licence; what it writes is under 0BSD: use it for "
                    "anything.\n");
    bool done = file_write("-", text_get(&text), text.length);
    text_free(&text);
    return done;
}

static bool print_help(const Command *command)
{
    Text text = { 0 };

    help_print(&text, command);
    bool done = file_write("-", text_get(&text), text.length);
    text_free(&text);
    return done;
}

static bool run(const CommandOptions *options)
{
    if (options->help)
        return print_help(options->command);
    if (options->version)
        return print_version();
    return options->command->run(options);
}

int main(int argc, char **argv)
{
    CommandOptions options;
    int status = EXIT_USAGE;

    if (options_parse(&options, argc, argv)) {
        /* -Werror makes errors of what a command went on after. */
        bool done = run(&options) && diag_error_count() == 0;
        progress_end();
        status = done && file_commit() ? EXIT_SUCCESS : EXIT_MISTAKE;
    }
    diag_flush();
    file_abandon();
    options_free(&options);
    return status;
}
