/*
 * file.c - whole files: read, mapped, written all at once.
 *
 *     file_write("out/net.c")   ->  out/.net.c.k3Xa9Q   holds the content
 *     file_write("out/net.h")   ->  out/.net.h.Pq20Zd
 *     file_commit()             ->  out/net.c, out/net.h  by rename
 *
 * file_begin, file_add and file_end are file_write in parts: a text of hundreds
 * of megabytes need not be in memory.
 *
 * Without the commit the temporary files are deleted: by file_abandon, at
 * exit, by BUG, and by a signal that ends the program. What cannot be renamed
 * over (standard output, /dev/null, a pipe) is kept in memory and written at
 * the commit.
 */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- reading ------------------------------------------------------------- */

/* Opens a file that has bytes to read; -1 and a diagnostic otherwise. */
static int open_to_read(const char *path, struct stat *facts)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);

    if (file < 0 || fstat(file, facts) != 0) {
        diag_error_file(path, "cannot be opened: %s", strerror(errno));
    } else if (S_ISDIR(facts->st_mode)) {
        diag_error_file(path, "is a directory");
    } else {
        return file;
    }
    if (file >= 0)
        close(file);
    return -1;
}

/* Reads to the end, at most limit bytes; the size says little of a pipe. */
static bool read_all(int file, const char *path, int64_t limit, Text *content)
{
    static char buffer[1 << 16];

    for (;;) {
        ssize_t got = read(file, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            diag_error_file(path, "cannot be read: %s", strerror(errno));
            return false;
        }
        if (got == 0)
            return true;
        if ((int64_t)content->length + got > limit) {
            diag_error_file(path, "is larger than %lld bytes",
                            (long long)limit);
            return false;
        }
        text_addn(content, buffer, (size_t)got);
    }
}

void *file_read(Arena *arena, const char *path, int64_t limit, size_t *size)
{
    Text content = { 0 };
    struct stat facts;
    int file = open_to_read(path, &facts);

    if (file < 0)
        return NULL;
    bool complete = read_all(file, path, limit, &content);
    close(file);
    *size = content.length;
    if (complete)
        return text_take(&content, arena);
    text_free(&content);
    return NULL;
}

static const char empty_file[1];

const void *file_map(const char *path, size_t *size)
{
    struct stat facts;
    int file = open_to_read(path, &facts);

    if (file < 0)
        return NULL;
    const void *data = empty_file;
    *size = (size_t)facts.st_size;
    if (!S_ISREG(facts.st_mode)) {
        diag_error_file(path, "is not a regular file");
        data = NULL;
    } else if (*size > 0) {
        data = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, file, 0);
        if (data == MAP_FAILED) {
            diag_error_file(path, "cannot be mapped: %s", strerror(errno));
            data = NULL;
        }
    }
    close(file);
    return data;
}

void file_unmap(const void *data, size_t size)
{
    if (data && data != empty_file)
        munmap((void *)(uintptr_t)data, size);
}

/* ---- writing ------------------------------------------------------------- */

/* An output that waits for the commit, newest first. A signal may come at any
 * moment, so one is put into the list complete and never taken out. */
struct FileOutput {
    FileOutput *next;
    char *path; /* as the user gave it */
    char *real; /* where it goes: links are followed */
    char *temp; /* where its content is; NULL: in memory */
    Text memory;
    volatile sig_atomic_t waiting; /* the temporary file exists */
    bool in_place;                 /* this commit has put it there */
    int file;                      /* temp, open up to file_end; else -1 */
    int error;                     /* the first of errno while it was written */
    mode_t mode;
};

static FileOutput *volatile outputs;
static pid_t outputs_owner; /* a forked child must not delete our files */

/* Only what a signal handler may do. */
static void delete_waiting(void)
{
    for (FileOutput *out = outputs; out; out = out->next) {
        if (out->temp && out->waiting)
            unlink(out->temp);
        out->waiting = 0;
    }
}

static void outputs_free(void)
{
    while (outputs) {
        FileOutput *out = outputs;
        outputs = out->next;
        if (out->file >= 0)
            close(out->file);
        free(out->path);
        free(out->real);
        free(out->temp);
        text_free(&out->memory);
        free(out);
    }
}

void file_abandon(void)
{
    if (!outputs || outputs_owner != getpid())
        return;
    delete_waiting();
    outputs_free();
}

static void on_signal(int number)
{
    if (outputs_owner == getpid())
        delete_waiting();
    signal(number, SIG_DFL);
    raise(number);
}

static void guard_outputs(void)
{
    static const int deadly[] = { SIGINT, SIGTERM, SIGHUP };
    static bool guarded;

    outputs_owner = getpid();
    if (guarded)
        return;
    guarded = true;
    atexit(file_abandon);
    for (size_t i = 0; i < COUNT_OF(deadly); i++)
        if (signal(deadly[i], on_signal) == SIG_IGN)
            signal(deadly[i], SIG_IGN); /* as nohup asked */
}

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(mem_alloc(size), text, size);
}

/* The temporary file's pattern: beside the target, hidden, recognisable. */
static char *temp_pattern(const char *real)
{
    const char *slash = strrchr(real, '/');
    int folder = slash ? (int)(slash + 1 - real) : 0;
    size_t size = strlen(real) + sizeof "..XXXXXX";
    char *temp = mem_alloc(size);

    snprintf(temp, size, "%.*s.%s.XXXXXX", folder, real, real + folder);
    return temp;
}

static bool write_all(int file, const void *data, size_t size)
{
    const char *at = data, *end = at + size;

    while (at < end) {
        ssize_t done = write(file, at, (size_t)(end - at));
        if (done < 0 && errno != EINTR)
            return false;
        at += done > 0 ? done : 0;
    }
    return true;
}

/* The permissions of the file that is replaced, or those of a new one. */
static mode_t output_mode(const struct stat *facts, bool exists)
{
    mode_t mask = umask(0);

    umask(mask);
    return exists ? facts->st_mode & 0777 : 0666 & ~mask;
}

static void note_error(FileOutput *out)
{
    if (!out->error)
        out->error = errno;
}

static void open_temp(FileOutput *out)
{
    out->temp = temp_pattern(out->real);
    out->file = mkstemp(out->temp);
    if (out->file < 0)
        note_error(out);
    else
        out->waiting = 1;
}

static FileOutput *new_output(const char *path)
{
    FileOutput *out = mem_alloc(sizeof *out);

    guard_outputs();
    *out = (FileOutput){ .next = outputs, .path = copy_text(path), .file = -1 };
    return outputs = out;
}

FileOutput *file_begin(const char *path)
{
    FileOutput *out = new_output(path);
    struct stat facts;
    bool exists = strcmp(path, "-") != 0 && stat(path, &facts) == 0;

    if (exists && S_ISDIR(facts.st_mode)) {
        diag_error_file(path, "cannot be written: it is a directory");
        return NULL;
    }
    if (strcmp(path, "-") == 0 || (exists && !S_ISREG(facts.st_mode)))
        return out;
    out->mode = output_mode(&facts, exists);
    out->real = exists ? realpath(path, NULL) : copy_text(path);
    if (out->real)
        open_temp(out);
    else
        note_error(out);
    return out->error ? (file_end(out), NULL) : out;
}

void file_add(FileOutput *out, const void *data, size_t size)
{
    if (!out->real)
        text_addn(&out->memory, data, size);
    else if (!out->error && !write_all(out->file, data, size))
        note_error(out);
}

static void close_temp(FileOutput *out)
{
    if (!out->error && fchmod(out->file, out->mode) != 0)
        note_error(out);
    if (close(out->file) != 0)
        note_error(out);
    out->file = -1;
}

bool file_end(FileOutput *out)
{
    if (out->file >= 0)
        close_temp(out);
    if (!out->error)
        return true;
    diag_error_file(out->path, "cannot be written: %s", strerror(out->error));
    if (out->waiting)
        unlink(out->temp);
    out->waiting = 0;
    return false;
}

bool file_write(const char *path, const void *data, size_t size)
{
    FileOutput *out = file_begin(path);

    if (!out)
        return false;
    file_add(out, data, size);
    return file_end(out);
}

static bool commit_memory(const FileOutput *out)
{
    bool standard = strcmp(out->path, "-") == 0;
    int file = standard ? STDOUT_FILENO : open(out->path, O_WRONLY | O_CLOEXEC);

    if (standard)
        fflush(stdout);
    bool good =
        file >= 0 && write_all(file, out->memory.data, out->memory.length);
    int error = errno;
    if (file >= 0 && !standard)
        good = close(file) == 0 && good;
    errno = error;
    return good;
}

/* Oldest first, so that of two contents for one path the later one stays. */
static bool commit_from(FileOutput *out)
{
    if (!out)
        return true;
    if (!commit_from(out->next))
        return false;
    REQUIRE(out->file < 0); /* it is whole */
    if (!out->temp)
        out->in_place = !out->real && commit_memory(out);
    else if (out->waiting)
        out->in_place = rename(out->temp, out->real) == 0;
    if (out->in_place) {
        out->waiting = 0;
        return true;
    }
    diag_error_file(strcmp(out->path, "-") ? out->path : "standard output",
                    "cannot be written: %s", strerror(errno));
    return false;
}

/* All or none: where one fails, those already there go again. */
bool file_commit(void)
{
    bool good = commit_from(outputs);

    for (FileOutput *out = outputs; out && !good; out = out->next)
        if (out->in_place && out->real)
            unlink(out->real);
    file_abandon();
    return good;
}

/* ---- paths --------------------------------------------------------------- */

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *path_join(Arena *arena, const char *folder, const char *name)
{
    size_t length = strlen(folder);

    if (*name == '/' || length == 0 || strcmp(folder, ".") == 0)
        return arena_text(arena, name);
    return arena_printf(arena, "%s%s%s", folder,
                        folder[length - 1] == '/' ? "" : "/", name);
}

char *path_folder(Arena *arena, const char *path)
{
    const char *base = base_of(path);

    if (base == path)
        return arena_text(arena, ".");
    size_t length = (size_t)(base - path);
    return arena_textn(arena, path, length > 1 ? length - 1 : 1);
}

char *path_base(Arena *arena, const char *path)
{
    return arena_text(arena, base_of(path));
}

char *path_with_suffix(Arena *arena, const char *path, const char *suffix)
{
    const char *base = base_of(path), *dot = strrchr(base, '.');
    size_t length = dot && dot != base ? (size_t)(dot - path) : strlen(path);

    return arena_printf(arena, "%.*s%s", (int)length, path, suffix);
}
