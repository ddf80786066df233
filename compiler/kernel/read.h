/*
 * read.h - what the parts of the reader of the text form share.
 *
 * The reader stands at a byte of the text, within a line; next_line goes to
 * the next one that is not empty or a comment and measures its indentation.
 * The first mistake is reported and ends the reading: from then on everything
 * is at the end of the text, and what is being read is not used.
 */
#ifndef CNNC_KERNEL_READ_H
#define CNNC_KERNEL_READ_H

#include "kernel/local.h"

/* Numbers of a buffer: with these no product of them overflows. */
#define READ_EXTENT_MAX (INT64_C(1) << 29)
#define READ_INDEX_MAX  (INT64_C(1) << 40)

typedef struct Reader {
    Arena *arena;
    const Source *source;
    size_t at;    /* byte in the text */
    size_t start; /* of the line's first word */
    int level;    /* of the line's indentation, 4 blanks each; -1: the end */
    const char *comment; /* the lines before this one, or NULL */
    bool failed;
    Program *program;
    Kernel *kernel;
    Loops loops;             /* loops around */
    VEC(const Temp *) known; /* temporaries in scope */
    int depth;               /* of the value */
} Reader;

/* read_text.c: words and signs */
void read_fail(Reader *r, const char *format, ...) PRINTF_LIKE(2, 3);
void next_line(Reader *r);
void end_line(Reader *r);                 /* and on to the next */
bool accept(Reader *r, const char *sign); /* takes it where it is */
bool expect(Reader *r, const char *sign);
bool accept_word(Reader *r, const char *word);
bool expect_word(Reader *r, const char *word);
const char *accept_name(Reader *r); /* interned; NULL: none */
const char *expect_name(Reader *r, const char *what);
bool at_line_end(Reader *r);
int64_t read_integer(Reader *r, int64_t low, int64_t high);
bool read_number(Reader *r, double *value, bool *is_integer);
const char *read_string(Reader *r);

/* read_value.c */
const Affine *read_sum(Reader *r);
bool read_access(Reader *r, Access *access);
const Expr *read_value(Reader *r);

/* read_stmt.c */
Stmt *read_stmts(Reader *r, int level);

#endif
