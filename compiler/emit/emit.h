/*
 * emit.h - from a program of final kernels to text: C, header, manifest.
 *
 *     Text c = { 0 };
 *     emit_c(&c, program, &options);
 *     file_write("net.c", c.data, c.length);
 *
 * Final kernels: serial loops only, every access flat, REG addresses constant,
 * vectors explicit (kernel_verify checks it). Every text is a function of the
 * program and the options alone: no time, path, hash order or locale.
 *
 * The stack of the generated code is bounded: there is no recursion and no
 * array whose size is not a constant; emit_stack_bytes says what the arrays of
 * the deepest call take. What a C compiler adds for spilled variables and
 * return addresses is not in it.
 */
#ifndef CNNC_EMIT_EMIT_H
#define CNNC_EMIT_EMIT_H

#include "base/base.h"
#include "kernel/kernel.h"

typedef struct EmitOptions {
    const char *source_name; /* "lenet5.c", without a folder */
    const char *header_name; /* "lenet5.h"; NULL: no header is written */
    /* The sidecar's name as the assembler finds it (its own folder, then -I);
     * NULL: the weights are in the C. */
    const char *weights_file;
    bool no_static; /* leave out NET(), the call with a static workspace */
    bool program;   /* --main: add a main() */
    bool bundle;    /* copy what is needed of the runtime header */
    /* CNNC_AFTER(step); behind each kernel's call: a macro of the program that
     * includes net.c, to look at or to time the steps. */
    bool traced;
    /* Weights of at most so many bytes together are printed as numbers that
     * people can read; 0: 64 KiB; negative: never. */
    int64_t readable_bytes;
} EmitOptions;

/* The network's name as an identifier of C: "lenet5". */
char *emit_name(Arena *arena, const Program *program);

/* lenet5.c: C99 that is C++17 as well. */
void emit_c(Text *out, const Program *program, const EmitOptions *options);
/* Whether the main() of options->program can read such an input: u8 or f32. */
bool emit_program_reads(const ProgramPort *input);
/* lenet5.h: sizes, prototypes, classes. */
void emit_header(Text *out, const Program *program, const EmitOptions *options);
/* lenet5.json: the same facts for build systems and tests. */
void emit_manifest(Text *out, const Program *program,
                   const EmitOptions *options);
/*
 * The sidecar, little-endian: a head of 64 bytes, then the packed constants,
 * each at a multiple of 64 bytes.
 *
 *     0  "CNNCWTS1"              8  u64 size of the file in bytes
 *    16  u32 crc32 of the bytes  20  u32 count of constants
 *        from 64 to the end      24  zeros up to 64
 */
void emit_weights_file(Text *out, const Program *program);
/* "net.c net.h: net.cnn net.safetensors", as make reads it. */
void emit_depends(Text *out, const char *const *outputs, int output_count,
                  const char *const *inputs, int input_count);

/* Bytes of the kernels' local arrays, of the kernel that has most. */
int64_t emit_stack_bytes(const Program *program);
/* Bytes of the packed constants. */
int64_t emit_weights_bytes(const Program *program);

#endif
