/*
 * batch.h - many networks in one program of C, compiled once and run.
 *
 *     n0.c n1.c ... --all.c includes them--> compiler --> program --in--> out
 *
 * The program gives each network inputs and outputs of exactly their size,
 * aligned to no more than an element, a workspace full of NaN, and calls it
 * twice.
 */
#ifndef CNNC_TESTS_GENERATED_BATCH_H
#define CNNC_TESTS_GENERATED_BATCH_H

#include "trial.h"

#define WARNINGS "-Wall -Wextra -Wconversion -Wpedantic -Wshadow -Werror"

/* A way to compile C. */
typedef struct Toolchain {
    const char *compiler; /* the program that must be there */
    const char *flags;
    const char *target; /* the only one it can serve; NULL: this machine's */
    const char *runner; /* in front of the program, or NULL */
} Toolchain;

extern const Toolchain toolchains[];
extern const int toolchain_count;
const Toolchain *toolchain_find(const char *compiler, const char *flag);
bool has_program(const char *name);
/* Why the toolchain's programs for the target cannot run here; or NULL. */
const char *toolchain_lacks(const Toolchain *toolchain, const Target *target);

/* A network of the batch and its trial, which receives what the C gives. */
typedef struct BatchItem {
    Trial *trial;
    Program *program;
} BatchItem;

/* The first item that is wrong, after saying why; -1: none. */
int batch_run(const Toolchain *toolchain, const BatchItem *items, int count);

#endif
