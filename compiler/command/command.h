/*
 * command.h - the command line: what was asked for, and who does it.
 *
 *     cnnc verify net.cnn --init 3 --target=generic
 *          |      |         |          a row of options.def each
 *          |      options->files
 *          options->command, a row of commands.def: command_verify
 *
 * A command is `bool command_NAME(const CommandOptions *)`: false after diagnostics.
 * What it prints goes through file_write to "-", so that nothing is printed
 * where something fails, and a full disk is noticed.
 */
#ifndef CNNC_COMMAND_COMMAND_H
#define CNNC_COMMAND_COMMAND_H

#include "base/base.h"

#include <limits.h>

typedef enum CommandNumber {
#define COMMAND(id, ...) COMMAND_##id,
#include "command/commands.def"
    COMMAND_COUNT
} CommandNumber;

typedef struct Number {
    bool given;
    int64_t value;
} Number;

typedef VEC(const char *) TextList;

typedef bool OptionType_FLAG;
typedef const char *OptionType_TEXT, *OptionType_MAYBE;
typedef Number OptionType_NUMBER;
typedef TextList OptionType_LIST;

typedef struct CommandOptions CommandOptions;

typedef struct Command {
    const char *name, *arguments;
    int fewest_files, most_files;
    const char *summary, *text;
    bool (*run)(const CommandOptions *options);
} Command;

/* In the order of commands.def: compiling first. */
extern const Command commands[COMMAND_COUNT];

struct CommandOptions {
    const Command *command;
    TextList files; /* never empty when a command runs */
#define GROUP(title)
#define OPTION(field, kind, ...) OptionType_##kind field;
#include "command/options.def"
};

typedef enum OptionKind {
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_MAYBE,
    OPTION_NUMBER,
    OPTION_LIST
} OptionKind;

typedef struct OptionInfo {
    const char *spelling, *argument; /* argument NULL: takes none */
    OptionKind kind;
    size_t offset;
    unsigned commands; /* a bit each: 1 << COMMAND_CHECK */
    const char *help;
    const char *group; /* that starts with this option, or NULL */
} OptionInfo;

extern const OptionInfo option_info[];
extern const int option_count;

/* False after a diagnostic: the command line is wrong. Diagnostics are as the
 * options ask from here on. */
bool options_parse(CommandOptions *options, int argc, char **argv);
void options_free(CommandOptions *options);
/* A word that should be one of a few: its place in the NULL-terminated list, or
 * -1 and a diagnostic that names `what`. */
int options_choose(const char *word, const char *const *list, const char *what);

/* command NULL: of cnnc as a whole. */
void help_print(Text *out, const Command *command);

#define COMMAND(id, name, ...)                                                 \
    bool command_##name(const CommandOptions *options);
#include "command/commands.def"

#endif
