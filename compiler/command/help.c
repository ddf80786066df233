/*
 * help.c - what --help prints, all of it from the tables.
 *
 *     Output:
 *       -o FILE            where the output goes; '-' is standard output
 *       --emit=KIND        what to write: c (the default), header, manifest, or
 *                          a look inside: graph, plan, nests, ...
 */
#include "command/command.h"

#include "target/target.h"

#include <string.h>

#define HELP_COLUMN 24
#define HELP_WIDTH  79

/* The words, from `column` on to the right margin and below each other. */
static void print_wrapped(Text *out, const char *words, int column)
{
    int at = column;

    while (*words) {
        int length = (int)strcspn(words, " ");
        if (at > column && at + 1 + length > HELP_WIDTH) {
            text_printf(out, "\n%*s", column, "");
            at = column;
        }
        text_printf(out, "%s%.*s", at > column ? " " : "", length, words);
        at += (at > column) + length;
        words += length;
        words += strspn(words, " ");
    }
    text_char(out, '\n');
}

/* "--target=NAME", "-o FILE", "--dump-schedule[=FILE]" */
static void print_spelling(Text *out, const OptionInfo *info)
{
    text_add(out, info->spelling);
    if (!info->argument)
        return;
    if (info->kind == OPTION_MAYBE)
        text_printf(out, "[=%s]", info->argument);
    else if (info->spelling[1] == '-')
        text_printf(out, "=%s", info->argument);
    else
        text_printf(out, " %s", info->argument);
}

static void print_option(Text *out, const OptionInfo *info)
{
    size_t start = out->length;

    text_add(out, "  ");
    print_spelling(out, info);
    size_t width = out->length - start;
    if (width + 1 > HELP_COLUMN) {
        text_char(out, '\n');
        width = 0;
    }
    text_printf(out, "%*s", (int)(HELP_COLUMN - width), "");
    print_wrapped(out, info->help, HELP_COLUMN);
}

/* The groups in which the command has options. */
static void print_options(Text *out, unsigned command)
{
    const char *group = NULL;

    for (int i = 0; i < option_count; i++) {
        const OptionInfo *info = &option_info[i];
        if (!info->spelling)
            group = info->group;
        if (!(info->commands & command))
            continue;
        if (group)
            text_printf(out, "\n%s:\n", group);
        group = NULL;
        print_option(out, info);
    }
}

static void print_targets(Text *out)
{
    text_add(out, "\nTargets:\n");
    for (int i = 0; i < target_count; i++)
        text_printf(out, "  %-*s%s\n", HELP_COLUMN - 2, targets[i].name,
                    targets[i].about);
    text_printf(out, "  %-*s%s on this machine\n", HELP_COLUMN - 2, "native",
                target_native()->name);
}

static void print_status(Text *out)
{
    text_add(out, "\nExit status: 0 all is well, 1 a mistake in the input, "
                  "2 in the command line,\n70 a fault of cnnc.\n");
}

static bool takes_target(unsigned command)
{
    for (int i = 0; i < option_count; i++)
        if (option_info[i].spelling && (option_info[i].commands & command) &&
            strcmp(option_info[i].spelling, "--target") == 0)
            return true;
    return false;
}

static void print_command_help(Text *out, const Command *command)
{
    unsigned bit = 1u << (command - commands);

    text_printf(out, "Usage: cnnc %s %s [options]\n\n", command->name,
                command->arguments);
    print_wrapped(out, command->text, 0);
    print_options(out, bit);
    if (takes_target(bit))
        print_targets(out);
    print_status(out);
}

void help_print(Text *out, const Command *command)
{
    const Command *compile = &commands[COMMAND_COMPILE];

    if (command && command != compile) {
        print_command_help(out, command);
        return;
    }
    text_add(out, "cnnc compiles the description of a neural network to fast "
                  "C that stands alone.\n\nUsage:\n");
    text_printf(out, "  cnnc %s [options]\n", compile->arguments);
    for (int i = COMMAND_CHECK; i < COMMAND_COUNT; i++)
        text_printf(out, "  cnnc %s %s [options]\n", commands[i].name,
                    commands[i].arguments);
    text_printf(out, "\nCommands:\n  %-*s%s\n", HELP_COLUMN - 2, "(none)",
                compile->summary);
    for (int i = COMMAND_CHECK; i < COMMAND_COUNT; i++)
        text_printf(out, "  %-*s%s\n", HELP_COLUMN - 2, commands[i].name,
                    commands[i].summary);
    text_printf(out, "\n'cnnc COMMAND --help' says what a command takes. "
                     "Without one:\n\n");
    print_wrapped(out, compile->text, 0);
    print_options(out, 1u << COMMAND_COMPILE);
    print_targets(out);
    text_add(out, "\nTo begin with: write net.cnn, then\n"
                  "  cnnc summary net.cnn        is it what I meant?\n"
                  "  cnnc net.cnn --init 1       C with random weights, "
                  "to try it out\n");
    print_status(out);
}
