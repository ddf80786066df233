/*
 * host.c - builds and runs C on this machine, in a folder for a moment.
 *
 *     cnnc ----fork----> cc -O2 -o program main.c
 *      |   ----fork----> program in out            with a time limit
 *      |
 *      +---- pipe -----> janitor: when the pipe closes, removes the folder
 *
 * The janitor is a process of its own that nothing else ends, so the folder
 * goes whether cnnc comes to its end, finds a fault of its own or is killed.
 */
#include "command/local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_LIMIT 300  /* seconds */
#define SHOWN         4000 /* bytes of a compiler's messages */

/* ---- the folder --------------------------------------------------------------- */

static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;

    while (folder && (entry = readdir(folder)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
    rmdir(path);
}

NORETURN static void janitor_run(const char *folder, int end)
{
    int nothing = open("/dev/null", O_RDWR);
    char byte;

    setsid();
    for (int i = 0; i < 3; i++)
        dup2(nothing, i);
    while (read(end, &byte, 1) < 0 && errno == EINTR)
        ;
    remove_folder(folder);
    _exit(0);
}

static bool janitor_start(Host *host)
{
    int ends[2];

    if (pipe(ends) != 0)
        return false;
    for (int i = 0; i < 2; i++)
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    host->janitor = fork();
    if (host->janitor == 0) {
        close(ends[1]);
        janitor_run(host->folder, ends[0]);
    }
    close(ends[0]);
    host->pipe = ends[1];
    return host->janitor > 0;
}

static bool make_folder(Host *host)
{
    const char *base = getenv("TMPDIR");
    char *folder =
        path_join(host->arena, base && *base ? base : "/tmp", "cnnc-XXXXXX");

    if (mkdtemp(folder)) {
        host->folder = folder;
        if (janitor_start(host))
            return true;
        remove_folder(folder);
    }
    diag_error_file(folder, "cannot be made: %s", strerror(errno));
    return false;
}

/* ---- the compiler -------------------------------------------------------------- */

/* A command's words; no quotes are known. */
static void split_words(Arena *arena, const char *command, TextList *words)
{
    while (*(command += strspn(command, " \t"))) {
        size_t length = strcspn(command, " \t");
        vec_push(words, arena_textn(arena, command, length));
        command += length;
    }
}

static void find_cc(Arena *arena, const CommandOptions *options,
                    TextList *words)
{
    const char *given = options->cc ? options->cc : getenv("CC");

    split_words(arena, given ? given : "", words);
    if (words->count == 0)
        vec_push(words, "cc");
}

static bool is_program(const char *path)
{
    return access(path, X_OK) == 0;
}

static bool in_path(Arena *arena, const char *name)
{
    const char *path = getenv("PATH");

    if (strchr(name, '/'))
        return is_program(name);
    for (path = path ? path : ""; *path; path += *path == ':') {
        size_t length = strcspn(path, ":");
        const char *folder = arena_textn(arena, path, length);
        if (is_program(path_join(arena, folder, name)))
            return true;
        path += length;
    }
    return false;
}

bool host_has_cc(const CommandOptions *options)
{
    Arena *arena = arena_new();
    TextList words = { 0 };

    find_cc(arena, options, &words);
    bool there = in_path(arena, words.at[0]);
    vec_free(&words);
    arena_free(arena);
    return there;
}

bool host_open(Host *host, const CommandOptions *options)
{
    *host = (Host){ .arena = arena_new(), .options = options, .pipe = -1 };
    find_cc(host->arena, options, &host->cc);
    if (in_path(host->arena, host->cc.at[0]))
        return make_folder(host);
    diag_error_file(NULL, "the C compiler '%s' is not there", host->cc.at[0]);
    diag_hint("--cc=COMMAND or the variable CC names one");
    return false;
}

void host_close(Host *host)
{
    if (host->pipe >= 0) {
        close(host->pipe);
        waitpid(host->janitor, NULL, 0);
    }
    vec_free(&host->cc);
    arena_free(host->arena);
}

const char *host_path(const Host *host, const char *name)
{
    return path_join(host->arena, host->folder, name);
}

bool host_write(const Host *host, const char *name, Text *text)
{
    const char *path = host_path(host, name);
    FILE *file = fopen(path, "wb");
    bool good =
        file && fwrite(text_get(text), 1, text->length, file) == text->length;
    int error = errno;

    good = file && fclose(file) == 0 && good;
    if (!good)
        diag_error_file(path, "cannot be written: %s", strerror(error));
    text_free(text);
    return good;
}

/* ---- running ------------------------------------------------------------------------ */

static void redirect(const char *path, int to)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (file >= 0)
        dup2(file, to);
}

/* In the child: what is said goes to the file `output`. */
NORETURN static void become(char *const *words, const char *output,
                            int64_t limit)
{
    redirect(output, STDOUT_FILENO);
    dup2(STDOUT_FILENO, STDERR_FILENO);
    if (limit > 0)
        alarm((unsigned)(limit < INT_MAX ? limit : INT_MAX));
    execvp(words[0], words);
    _exit(127);
}

static bool wait_for(pid_t child, const char *what, int *status)
{
    struct timespec pause = { 0, 1000000 };
    int64_t waited = 0; /* milliseconds, about */

    for (;;) {
        pid_t ended = waitpid(child, status, WNOHANG);
        if (ended == child || (ended < 0 && errno != EINTR)) {
            progress_end();
            return ended == child;
        }
        nanosleep(&pause, NULL);
        waited += pause.tv_nsec / 1000000;
        if (waited > 20)
            pause.tv_nsec = 20000000;
        progress_show(what, waited / 1000, 0);
    }
}

static bool run_words(Host *host, TextList *words, const char *output,
                      int64_t limit, Outcome *outcome)
{
    Text said = { 0 };
    const char *what = arena_printf(host->arena, "seconds of %s", words->at[0]);
    int status;

    for (int i = 0; i < words->count; i++)
        text_printf(&said, "%s%s", i ? " " : "", words->at[i]);
    if (host->options->verbose)
        fprintf(stderr, "cnnc: %s\n", text_get(&said));
    text_free(&said);
    vec_push(words, NULL);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        become((char *const *)(uintptr_t)words->at, output, limit);
    if (child > 0 && !wait_for(child, what, &status))
        child = -1;
    if (child < 0) {
        diag_error_file(words->at[0], "cannot be started: %s", strerror(errno));
        return false;
    }
    *outcome =
        (Outcome){ .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                   .status = WIFEXITED(status) ? WEXITSTATUS(status) : 0 };
    outcome->timed_out = outcome->signal == SIGALRM;
    return true;
}

const char *outcome_show(const Host *host, const Outcome *outcome)
{
    if (outcome->timed_out)
        return arena_printf(host->arena, "took longer than %lld seconds",
                            (long long)(host->options->time_limit.given
                                            ? host->options->time_limit.value
                                            : DEFAULT_LIMIT));
    if (outcome->signal)
        return arena_printf(host->arena, "was ended by signal %d (%s)",
                            outcome->signal, strsignal(outcome->signal));
    return arena_printf(host->arena, "ended with exit status %d",
                        outcome->status);
}

/* The first lines of what the compiler had to say. */
static void note_messages(const Host *host, const char *path)
{
    size_t size;
    char *said = file_read(host->arena, path, INT_MAX, &size);

    if (!said || size == 0)
        return;
    if (size > SHOWN)
        said[SHOWN] = '\0';
    else
        said[size - 1] = '\0';
    diag_note(NO_RANGE, "%s", said);
}

bool host_build(Host *host, const char *program, const char *source,
                const char *const *flags)
{
    TextList words = { 0 };
    Outcome outcome = { 0 };
    const char *messages = host_path(host, "messages");

    for (int i = 0; i < host->cc.count; i++)
        vec_push(&words, host->cc.at[i]);
    vec_push(&words, "-O2");
    for (; flags && *flags; flags++)
        vec_push(&words, *flags);
    vec_push(&words, "-o");
    vec_push(&words, host_path(host, program));
    vec_push(&words, host_path(host, source));
    bool good = run_words(host, &words, messages, 0, &outcome);
    if (good && (outcome.signal || outcome.status)) {
        good = false;
        diag_error_file(NULL, "the C compiler '%s' %s on the generated C",
                        host->cc.at[0], outcome_show(host, &outcome));
        note_messages(host, messages);
        diag_hint("if '%s' is a working compiler of C99, please report this as "
                  "a fault of cnnc",
                  host->cc.at[0]);
    }
    vec_free(&words);
    return good;
}

bool host_run(Host *host, const char *program, const char *const *arguments,
              Outcome *outcome)
{
    const CommandOptions *o = host->options;
    int64_t limit = o->time_limit.given ? o->time_limit.value : DEFAULT_LIMIT;
    TextList words = { 0 };

    split_words(host->arena, o->runner ? o->runner : "", &words);
    vec_push(&words, host_path(host, program));
    for (; *arguments; arguments++)
        vec_push(&words, *arguments);
    bool good =
        run_words(host, &words, host_path(host, "said"), limit, outcome);
    vec_free(&words);
    return good;
}
