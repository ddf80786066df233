/*
 * reader.h - what the parts of the reader of the text form share.
 */
#ifndef CNNC_GRAPH_READER_H
#define CNNC_GRAPH_READER_H

#include "graph/local.h"

/* What a line says of a tensor, to be compared with its rule. */
typedef struct Claim {
    Tensor *tensor;
    DType type;
    Shape shape;
    Range range;
} Claim;

/* A name that may stand before its tensor. */
typedef struct Forward {
    Node *node;     /* its fused_into, or ... */
    Tensor *tensor; /* ... its place.within */
    const char *name;
    Range range;
} Forward;

typedef struct Reader {
    Arena *arena;
    const Source *source;
    size_t at, line; /* line: where the current one begins */
    Graph *graph;
    VEC(Claim) claims;
    VEC(Forward) forwards;
} Reader;

/* ---- characters and words (scan.c) -------------------------------------------- */

/* All skip blanks first; a mistake is reported where it is. */
char peek(const Reader *r);
void skip_blanks(Reader *r);
bool at_line_end(Reader *r);
Range range_here(const Reader *r); /* one character */
/* Reports, and is false. */
bool expected(const Reader *r, const char *what);
bool accept(Reader *r, const char *token);
bool expect(Reader *r, const char *token);
/* A word of these characters; NULL for an empty one, without a report. */
const char *read_word(Reader *r, const char *characters);
const char *read_string(Reader *r);
const char *read_name(Reader *r); /* bare, or in quotes */
bool read_int(Reader *r, int64_t *value);
bool read_double(Reader *r, double *value);

/* ---- what tensors have (scan.c) -------------------------------------------------- */

bool read_type(Reader *r, DType *type, Shape *shape);
bool read_place(Reader *r, Tensor *tensor); /* after the @ */
bool read_data(Reader *r, Tensor *tensor);
bool read_crc(Reader *r, Tensor *tensor);
bool read_layout(Reader *r, Tensor *tensor);

#endif
