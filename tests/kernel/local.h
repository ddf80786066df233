/*
 * local.h - what the tests of the loop IR share.
 */
#ifndef TEST_KERNEL_LOCAL_H
#define TEST_KERNEL_LOCAL_H

#include "kernel/kernel.h"

#include <stdlib.h>
#include <string.h>

#ifndef AT
#define AT(buffer, ...)                                                        \
    access_at((buffer), (const Affine *const[]){ __VA_ARGS__, NULL })
#endif

static const Type F32 = { DT_F32, 1 };

/* ---- programs as text (program_text.c) ------------------------------------- */

/* Reads the text form; the test ends where it is wrong. Constants get the
 * data of test_fill by the order of their buffers. */
Program *program_of(Arena *arena, const char *text);
char *text_of(Arena *arena, const Program *program);
char *text_of_kernel(Arena *arena, const Kernel *kernel);
/* A program of one kernel between given buffers: `head` holds lines such as
 * "x: input f32[8]", `body` the kernel's lines without indentation of 4. What
 * is "of" another buffer is no port. */
Program *kernel_of(Arena *arena, const char *buffers, const char *body);
/* Small whole numbers, so that every sum of products is exact in any order. */
void test_fill(DType type, void *data, int64_t count, uint64_t seed);
/* The elements of a buffer: extents multiplied. */
int64_t test_count(const Buffer *buffer);
/* Interprets with inputs of test_fill; the first output, *count elements. */
float *program_output(Arena *arena, const Program *program, uint64_t seed,
                      int64_t *count);
/* Runs f(argument) in a child: its exit status, what it wrote to stderr in
 * *message (to be freed). */
int run_in_child(void (*f)(void *), void *argument, char **message);
/* f ends with BUG and says so with these words. */
bool ends_with_bug(void (*f)(void *), void *argument, const char *words);

/* ---- random nests (random_nest.c) ------------------------------------------- */

/*
 * A program of one kernel as an operator's `lower` would build it: loops over
 * the output; an accumulator in a REG local of rank 0; a reduction over 0 to 2
 * windows with padding, stride and dilation and over channels (none, full,
 * one by one, in groups); an epilogue; one store. Inputs, weights and sizes
 * are random and small, values whole: any order of summation is exact.
 *
 * Rank, names and extents of the output's loops: "oh" "ow" "oc" where they
 * are; of the reduction: "kh" "kw" "c".
 */
Program *random_nest(Arena *arena, uint64_t seed);

#endif
