/*
 * base.h - what every other folder stands on; knows nothing of networks.
 *
 *     Arena      memory that is freed at once       arena_new, arena_alloc
 *     VEC(T)     a growing array                    vec_push, vec_free
 *     Text       a growing string                   text_printf, text_take
 *     Name       an interned string, compared by ==  name_intern
 *     Source     a file's bytes with line numbers   source_read
 *     Diag       messages with carets and notes     diag_error, diag_note
 *     File       whole files, written atomically    file_read, file_write
 *     numbers    checked sizes, exact floats        size_mul, text_float
 *
 * Out of memory and a full disk end the program here, with one message and
 * exit status 1; a fault of the compiler ends it with BUG and status 70.
 */
#ifndef CNNC_BASE_H
#define CNNC_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#if defined(__GNUC__)
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define NORETURN          __attribute__((noreturn))
#else
#define PRINTF_LIKE(f, a)
#define NORETURN
#endif

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* ---- faults of ours (bug.c) -------------------------------------------- */

#define EXIT_MISTAKE 1  /* the input is wrong, or memory or disk ran out */
#define EXIT_USAGE   2  /* the command line is wrong */
#define EXIT_FAULT   70 /* the compiler is wrong */

/* Prints the message, asks to report it, deletes unfinished output files and
 * exits with EXIT_FAULT. */
#define BUG(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
#define REQUIRE(condition)                                                     \
    ((condition) ? (void)0 : BUG("'%s' does not hold", #condition))
NORETURN void bug_at(const char *file, int line, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* Text that bug_at prints after its message (the kernel at hand), or NULL. */
extern const char *bug_context;

/* ---- arenas (arena.c) --------------------------------------------------- */

typedef struct Arena Arena;

Arena *arena_new(void);
void arena_free(Arena *arena); /* NULL is fine */
/* Zeroed, aligned for any type; size 0 gives a valid pointer. */
void *arena_alloc(Arena *arena, size_t size);
char *arena_text(Arena *arena, const char *text); /* a copy */
char *arena_textn(Arena *arena, const char *text, size_t length);
char *arena_printf(Arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
void *arena_copy(Arena *arena, const void *data, size_t size);
#define NEW(arena, T)      ((T *)arena_alloc((arena), sizeof(T)))
#define NEW_N(arena, T, n) ((T *)arena_array((arena), (size_t)(n), sizeof(T)))
void *arena_array(Arena *arena, size_t count, size_t size); /* checked */

/* Heap memory that need not be zero; never NULL, exits when there is none. */
void *mem_alloc(size_t size);
void *mem_realloc(void *old, size_t size);
void mem_free(void *memory);
NORETURN void mem_exhausted(size_t wanted);

/* ---- growing arrays (vec.c) --------------------------------------------- */

/* VEC(int) v = {0}; vec_push(&v, 3); v.at[0], v.count; vec_free(&v). */
#define VEC(T)                                                                 \
    struct {                                                                   \
        T *at;                                                                 \
        int count, room;                                                       \
    }
#define vec_push(v, ...)                                                       \
    (vec_grow((void **)&(v)->at, &(v)->count, &(v)->room, sizeof *(v)->at),    \
     (v)->at[(v)->count++] = (__VA_ARGS__))
#define vec_free(v)                                                            \
    (mem_free((v)->at), (v)->at = NULL, (v)->count = (v)->room = 0)
void vec_grow(void **at, int *count, int *room, size_t size);

/* ---- growing strings (text.c) ------------------------------------------- */

typedef struct Text {
    char *data; /* always terminated, once anything was added */
    size_t length, room;
    struct FileOutput *file; /* what text_pass hands it to; mostly NULL */
    size_t passed;           /* bytes that are there already */
} Text;

void text_add(Text *text, const char *more);
void text_addn(Text *text, const char *more, size_t length);
void text_char(Text *text, char c);
void text_printf(Text *text, const char *format, ...) PRINTF_LIKE(2, 3);
void text_vprintf(Text *text, const char *format, va_list list);
const char *text_get(const Text *text);    /* "" for an empty one */
char *text_take(Text *text, Arena *arena); /* moves it to an arena */
void text_free(Text *text);
/* Says that what is there will not be changed any more: where it is long and
 * the text is for a file, it goes there and out of memory. */
void text_pass(Text *text);
/* The rest goes to the file, which is ended: as file_end; the text is freed. */
bool text_end(Text *text);

/* One character of UTF-8 at text, of which room bytes may be read: its length
 * in bytes, or 0 where the bytes are not valid UTF-8. room > 0. (source.c) */
int utf8_decode(const char *text, size_t room, uint32_t *code);
/* Whether a terminal would obey the character instead of showing it.
 * (caret.c) */
bool utf8_is_control(uint32_t code);

/* ---- names (name.c) ------------------------------------------------------ */

/* The one copy of a string for the life of the program; equal strings give
 * equal pointers. */
const char *name_intern(const char *text);
const char *name_internn(const char *text, size_t length);
bool name_is_identifier(const char *text); /* [A-Za-z_][A-Za-z0-9_]* */
/* The nearest candidate within a small edit distance, or NULL. */
const char *name_nearest(const char *word, const char *const *candidates,
                         int count);
/* An identifier for C from any text: letters, digits and '_', no keyword of C
 * or C++, not empty, at most 64 characters. */
char *name_to_c(Arena *arena, const char *text);

/* ---- numbers (number.c) --------------------------------------------------- */

/* Checked arithmetic on non-negative sizes; false on overflow. */
bool size_add(int64_t a, int64_t b, int64_t *sum);
bool size_mul(int64_t a, int64_t b, int64_t *product);
int64_t floor_div(int64_t a, int64_t b); /* b > 0 */
int64_t ceil_div(int64_t a, int64_t b);  /* b > 0 */
/* The shortest decimal that reads back as the same value; independent of the
 * locale; "inf", "-inf", "nan". No suffix; at least "1.0" where dot is set. */
void text_float(Text *text, float value, bool dot);
void text_double(Text *text, double value);
/* 1234567 -> "1,234,567". */
void text_thousands(Text *text, int64_t value);
/* Whole-string parses, locale-independent. */
bool parse_int64(const char *text, int64_t *value);
bool parse_double(const char *text, double *value);
uint32_t crc32_of(const void *data, size_t size, uint32_t start);
/* Seeded, portable random numbers: xoshiro256**; state from a seed. */
typedef struct Random {
    uint64_t state[4];
} Random;
void random_seed(Random *random, uint64_t seed);
uint64_t random_bits(Random *random);
int64_t random_range(Random *random, int64_t low, int64_t high); /* inclusive */
double random_uniform(Random *random);                           /* [0, 1) */
double random_normal(Random *random);

/* ---- sources and diagnostics (source.c, diag.c) --------------------------- */

typedef struct Source {
    const char *name; /* as the user gave it */
    const char *text; /* terminated by a NUL that is not counted */
    size_t length;
} Source;

/* Bytes [start, end) of a source; source NULL: no place. */
typedef struct Range {
    const Source *source;
    size_t start, end;
} Range;

/* 1-based line and column (in characters, not bytes). */
void source_position(const Source *source, size_t offset, int *line,
                     int *column);
/* A file's content in the arena, or that of standard input ("-"); a diagnostic
 * and NULL where it cannot be read, holds a NUL byte, is not UTF-8, or exceeds
 * 64 MiB. */
Source *source_read(Arena *arena, const char *path);
Source *source_from_text(Arena *arena, const char *name, const char *text);

/*
 * Messages go to stderr when they are complete (at the next error, warning or
 * diag_flush), in the form
 *
 *     net.cnn:12:5: error: 'add' needs equal shapes, got [32] and [16]
 *        12 |     add(main, skip) -> relu
 *           |     ^~~~~~~~~~~~~~~
 *     net.cnn:6:18: note: 'main' is [32]: 'conv1' has stride 2
 *
 * A note or hint belongs to the message before it. Lower case, no full stop.
 */
void diag_error(Range range, const char *format, ...) PRINTF_LIKE(2, 3);
void diag_warning(Range range, const char *format, ...) PRINTF_LIKE(2, 3);
void diag_note(Range range, const char *format, ...) PRINTF_LIKE(2, 3);
void diag_hint(const char *format, ...) PRINTF_LIKE(1, 2);
void diag_flush(void);
/* An error without a place in a text: "cnnc: error: ...", or the file's path
 * where it is not NULL: "net.safetensors: error: ...". */
void diag_error_file(const char *path, const char *format, ...)
    PRINTF_LIKE(2, 3);
void diag_warning_file(const char *path, const char *format, ...)
    PRINTF_LIKE(2, 3);
int diag_error_count(void);
/* After 20 errors the rest is counted, not shown. */
void diag_reset(void); /* for tests and for `verify`: forget the count */
typedef enum DiagStyle { DIAG_PLAIN, DIAG_COLOUR, DIAG_JSON } DiagStyle;
typedef struct DiagOptions {
    DiagStyle style;
    bool warnings_are_errors, no_warnings;
    FILE *stream; /* NULL: stderr */
} DiagOptions;
void diag_set_options(DiagOptions options);
static const Range NO_RANGE = { NULL, 0, 0 };
Range range_join(Range first, Range last);

/* ---- files (file.c) -------------------------------------------------------- */

/* Whole files: on failure a diagnostic naming the path, and NULL or false. */
void *file_read(Arena *arena, const char *path, int64_t limit, size_t *size);
/* Read-only memory map of a file; *size its length. file_unmap releases it. */
const void *file_map(const char *path, size_t *size);
void file_unmap(const void *data, size_t size);
/*
 * Output files appear whole or not at all: file_write puts the content into a
 * temporary file beside the target; file_commit renames all of them at the
 * very end; file_abandon (also called by BUG and at exit without commit)
 * deletes them. "-" as a path means standard output, written at commit.
 */
bool file_write(const char *path, const void *data, size_t size);
/* The same in parts. NULL after a diagnostic; of parts that cannot be written
 * it is file_end that tells. All are ended before file_commit. */
typedef struct FileOutput FileOutput;
FileOutput *file_begin(const char *path);
void file_add(FileOutput *out, const void *data, size_t size);
bool file_end(FileOutput *out);
bool file_commit(void);
void file_abandon(void);
char *path_join(Arena *arena, const char *folder, const char *name);
char *path_folder(Arena *arena, const char *path); /* "a/b.c" -> "a" */
char *path_base(Arena *arena, const char *path);   /* "a/b.c" -> "b.c" */
char *path_with_suffix(Arena *arena, const char *path,
                       const char *suffix); /* "a/b.c", ".h" -> "a/b.h" */

/* ---- progress (progress.c) -------------------------------------------------- */

/* One line on stderr, only where that is a terminal and work takes > 0.5 s. */
void progress_show(const char *what, int64_t done, int64_t total);
void progress_end(void);

#endif
