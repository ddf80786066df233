/*
 * options.c - from the words of the command line to struct CommandOptions.
 *
 *     cnnc check a.cnn -w --json    ->    command: check
 *                                         files: a.cnn
 *                                         no_warnings, json: true
 *
 * The first word that is no option is the command, or else the first file:
 * then the network is compiled.
 */
#include "command/command.h"

#include "import/import.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the tables ----------------------------------------------------------- */

const Command commands[COMMAND_COUNT] = {
#define COMMAND(id, name, arguments, fewest, most, summary, text)              \
    [COMMAND_##id] = { #name,   arguments, fewest,        most,                \
                       summary, text,      command_##name },
#include "command/commands.def"
};

/* As options.def writes them. */
enum {
#define COMMAND(id, ...) id = 1 << COMMAND_##id,
#include "command/commands.def"
    EVERY_COMMAND = (1 << COMMAND_COUNT) - 1
};

/* A group stands in the table as a row without a spelling. */
const OptionInfo option_info[] = {
#define GROUP(title) { .group = (title) },
#define OPTION(field, kind, spelling, argument, commands, help)                \
    { spelling, argument, OPTION_##kind, offsetof(CommandOptions, field),      \
      commands, help,     NULL },
#include "command/options.def"
};

const int option_count = COUNT_OF(option_info);

/* ---- suggestions ------------------------------------------------------------ */

static void hint_list(const char *const *list)
{
    Text all = { 0 };

    for (int i = 0; list[i]; i++)
        text_printf(&all, "%s%s", i ? ", " : "", list[i]);
    diag_hint("there are: %s", text_get(&all));
    text_free(&all);
}

int options_choose(const char *word, const char *const *list, const char *what)
{
    int count = 0;

    for (; list[count]; count++)
        if (strcmp(word, list[count]) == 0)
            return count;
    const char *near = name_nearest(word, list, count);
    diag_error_file(NULL, "there is no %s '%s'", what, word);
    if (near)
        diag_hint("did you mean '%s'?", near);
    else
        hint_list(list);
    return -1;
}

static void hint_help(const Command *command)
{
    if (command && command != &commands[COMMAND_COMPILE])
        diag_hint("'cnnc %s --help' says what it takes", command->name);
    else
        diag_hint("'cnnc --help' says how cnnc is used");
}

static void report_unknown_option(const Command *command, const char *word)
{
    const char *names[64];
    int count = 0;
    size_t length = strcspn(word, "=");

    for (int i = 0; i < option_count; i++)
        if (option_info[i].spelling && count < (int)COUNT_OF(names))
            names[count++] = option_info[i].spelling;
    const char *near = name_nearest(name_internn(word, length), names, count);
    diag_error_file(NULL, "there is no option '%.*s'", (int)length, word);
    if (near)
        diag_hint("did you mean '%s'?", near);
    else
        hint_help(command);
}

static bool report_no_command(const char *word)
{
    const char *names[COMMAND_COUNT];
    int count = 0;

    for (int i = COMMAND_CHECK; i < COMMAND_COUNT; i++)
        names[count++] = commands[i].name;
    const char *near = name_nearest(word, names, count);
    diag_error_file(NULL, "'%s' is neither a command nor a file", word);
    if (near)
        diag_hint("did you mean 'cnnc %s'?", near);
    else
        hint_help(NULL);
    return false;
}

/* ---- words ------------------------------------------------------------------- */

typedef struct Words {
    char **at;
    int count, next;
} Words;

static const OptionInfo *find_option(const char *word, const char **argument)
{
    for (int i = 0; i < option_count; i++) {
        const OptionInfo *info = &option_info[i];
        size_t length = info->spelling ? strlen(info->spelling) : 0;
        if (length == 0 || strncmp(word, info->spelling, length) != 0)
            continue;
        *argument = word + length;
        if (**argument == '\0') {
            *argument = NULL;
            return info;
        }
        if (**argument == '=' && info->spelling[1] == '-') {
            ++*argument;
            return info;
        }
        if (length == 2 && info->argument)
            return info;
    }
    return NULL;
}

static bool store_number(const OptionInfo *info, const char *argument,
                         Number *number)
{
    number->given = parse_int64(argument, &number->value) && number->value >= 0;
    if (!number->given)
        diag_error_file(NULL, "'%s' takes a whole number, not '%s'",
                        info->spelling, argument);
    return number->given;
}

static bool store(CommandOptions *options, const OptionInfo *info,
                  const char *argument)
{
    void *field = (char *)options + info->offset;

    switch (info->kind) {
    case OPTION_FLAG: *(bool *)field = true; return true;
    case OPTION_TEXT: *(const char **)field = argument; return true;
    case OPTION_MAYBE:
        *(const char **)field = argument ? argument : "-";
        return true;
    case OPTION_NUMBER: return store_number(info, argument, field);
    case OPTION_LIST: vec_push((TextList *)field, argument); return true;
    }
    BUG("no kind of option %d", (int)info->kind);
}

static bool take_option(CommandOptions *options, Words *words, const char *word)
{
    const char *argument = NULL;
    const OptionInfo *info = find_option(word, &argument);

    if (!info) {
        report_unknown_option(options->command, word);
        return false;
    }
    if (argument && !info->argument) {
        diag_error_file(NULL, "'%s' takes no argument, got '%s'",
                        info->spelling, argument);
        return false;
    }
    if (!argument && info->argument && info->kind != OPTION_MAYBE) {
        if (words->next == words->count) {
            diag_error_file(NULL, "'%s' needs an argument: %s", info->spelling,
                            info->argument);
            return false;
        }
        argument = words->at[words->next++];
    }
    return store(options, info, argument);
}

static const Command *find_command(const char *word)
{
    for (int i = COMMAND_CHECK; i < COMMAND_COUNT; i++)
        if (strcmp(word, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

/* A word that cannot be meant as a file. */
static bool is_misspelled_command(const char *word)
{
    return strcmp(word, "-") != 0 && !strpbrk(word, "./") &&
           access(word, F_OK) != 0;
}

static bool take_file(CommandOptions *options, const char *word)
{
    bool first = !options->command;

    if (first)
        options->command = find_command(word);
    if (first && options->command)
        return true;
    if (first && strcmp(word, "help") == 0)
        options->help = true;
    else if (first && is_misspelled_command(word))
        return report_no_command(word);
    else
        vec_push(&options->files, word);
    if (!options->help)
        options->command =
            options->command ? options->command : &commands[COMMAND_COMPILE];
    return true;
}

static bool take_words(CommandOptions *options, Words *words)
{
    bool only_files = false;

    while (words->next < words->count) {
        const char *word = words->at[words->next++];
        if (!only_files && strcmp(word, "--") == 0)
            only_files = true;
        else if (only_files || word[0] != '-' || word[1] == '\0'
                     ? !take_file(options, word)
                     : !take_option(options, words, word))
            return false;
    }
    return true;
}

/* ---- what does not go together ------------------------------------------------ */

static bool is_given(const CommandOptions *options, const OptionInfo *info)
{
    const void *field = (const char *)options + info->offset;

    switch (info->kind) {
    case OPTION_FLAG: return *(const bool *)field;
    case OPTION_TEXT:
    case OPTION_MAYBE: return *(const char *const *)field != NULL;
    case OPTION_NUMBER: return ((const Number *)field)->given;
    case OPTION_LIST: return ((const TextList *)field)->count > 0;
    }
    BUG("no kind of option %d", (int)info->kind);
}

static bool check_options(const CommandOptions *options)
{
    int number = (int)(options->command - commands);

    for (int i = 0; i < option_count; i++) {
        const OptionInfo *info = &option_info[i];
        if (!info->spelling || (info->commands & 1u << number) ||
            !is_given(options, info))
            continue;
        if (number == COMMAND_COMPILE)
            diag_error_file(NULL, "'%s' is no option of compiling",
                            info->spelling);
        else
            diag_error_file(NULL, "'%s' is no option of 'cnnc %s'",
                            info->spelling, options->command->name);
        hint_help(options->command);
        return false;
    }
    return true;
}

static bool check_files(const CommandOptions *options)
{
    const Command *command = options->command;
    const char *space = command == &commands[COMMAND_COMPILE] ? "" : " ";

    if (options->files.count >= command->fewest_files &&
        options->files.count <= command->most_files)
        return true;
    diag_error_file(NULL, "%s",
                    options->files.count < command->fewest_files
                        ? "a file is missing"
                        : "too many files");
    diag_hint("cnnc%s%s %s", space, *space ? command->name : "",
              command->arguments);
    return false;
}

/* The network's file decides whether these mean anything. */
static bool check_network(const CommandOptions *options)
{
    const char *path = options->files.at[0];

    if (!import_is_onnx(path)) {
        if (!options->dim.count && !options->io_layout)
            return true;
        diag_error_file(path, "--dim and --io-layout are for models of ONNX, "
                              "not for .cnn");
        return false;
    }
    if (options->command == &commands[COMMAND_FORMAT]) {
        diag_error_file(path, "a model of ONNX has no text to format");
        diag_hint("'cnnc import' makes a network of it that has");
        return false;
    }
    if (!options->weights && !options->init.given)
        return true;
    diag_error_file(path,
                    "'%s' is for networks of the language: a model of ONNX has "
                    "its weights",
                    options->weights ? "--weights" : "--init");
    diag_hint("'cnnc import' makes a network of it that takes others");
    return false;
}

static bool check_pairs(const CommandOptions *options)
{
    if (options->weights && options->init.given)
        diag_error_file(NULL, "'--weights' and '--init' exclude each other");
    else if (options->in_place && (options->output || options->check))
        diag_error_file(NULL, "'-i' goes neither with '-o' nor with '--check'");
    else if (options->batch.given && options->batch.value < 1)
        diag_error_file(NULL, "a batch has at least one sample");
    else if (options->level && (strlen(options->level) != 1 ||
                                !strchr("0123", options->level[0])))
        diag_error_file(NULL, "'-O' takes 0, 1, 2 or 3, not '%s'",
                        options->level);
    else
        return true;
    return false;
}

static void set_diagnostics(const CommandOptions *options)
{
    const char *no_colour = getenv("NO_COLOR");
    bool colour = isatty(STDERR_FILENO) && !(no_colour && *no_colour);

    diag_set_options(
        (DiagOptions){ .style = options->json ? DIAG_JSON
                                : colour      ? DIAG_COLOUR
                                              : DIAG_PLAIN,
                       .warnings_are_errors = options->warnings_are_errors,
                       .no_warnings = options->no_warnings });
}

bool options_parse(CommandOptions *options, int argc, char **argv)
{
    Words words = { argv, argc, 1 };

    *options = (CommandOptions){ 0 };
    for (int i = 1; i < argc; i++) /* how mistakes in the others are shown */
        options->json |= strcmp(argv[i], "--json") == 0;
    set_diagnostics(options);
    if (!take_words(options, &words))
        return false;
    set_diagnostics(options);
    if (options->help || options->version)
        return true;
    if (!options->command) {
        diag_error_file(NULL, "there is no network to compile");
        hint_help(NULL);
        return false;
    }
    return check_options(options) && check_files(options) &&
           check_pairs(options) && check_network(options);
}

void options_free(CommandOptions *options)
{
    vec_free(&options->files);
    for (int i = 0; i < option_count; i++) {
        const OptionInfo *info = &option_info[i];
        if (info->spelling && info->kind == OPTION_LIST)
            vec_free((TextList *)(void *)((char *)options + info->offset));
    }
}
