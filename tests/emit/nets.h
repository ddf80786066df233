/*
 * nets.h - small networks in final form, built by hand, for the tests of emit.
 *
 *     net_conv(arena, target)      conv(16, 3x3, pad=same) -> relu, padding
 *                                  peeled, accumulators in registers
 *     net_classify(arena, target)  dense -> softmax, classes, a local array
 *     net_mixed(arena)             scalars: u8 in, i32 out, rings, min and max
 *
 * Each has a reference in plain C to compare with. The same nests serve all
 * targets: `lanes` is the width of a vector, 1 where there are none.
 */
#ifndef TESTS_EMIT_NETS_H
#define TESTS_EMIT_NETS_H

#include "kernel/kernel.h"

#include <math.h>
#include <string.h>

/* ---- building ------------------------------------------------------------- */

static inline const Affine *number(Kernel *k, int64_t value)
{
    return affine_const(k, value);
}

static inline const Affine *plus(Kernel *k, const Affine *a, const Affine *b)
{
    return affine_add(k, a, b);
}

/* factor * var + base */
static inline const Affine *times(Kernel *k, const Var *var, int64_t factor,
                                  int64_t base)
{
    return affine_shift(k, affine_scale(k, affine_var(k, var), factor), base);
}

static inline const Expr *load(Kernel *k, Buffer *buffer, const Affine *address,
                               int lanes)
{
    Access access = access_flat(buffer, address);
    return lanes == 1 ? expr_load(k, access)
                      : expr_load_vector(k, access, lanes, lanes);
}

static inline const Expr *wide(Kernel *k, const Expr *scalar, int lanes)
{
    return lanes == 1 ? scalar : expr_splat(k, lanes, scalar);
}

static inline Buffer *port(Program *program, bool input, const char *name,
                           DType type, int rank, const int64_t *extent)
{
    Buffer *buffer =
        program_buffer(program, name, type,
                       input ? BUFFER_INPUT : BUFFER_OUTPUT, rank, extent);
    ProgramPort p = { .buffer = buffer, .name = name, .rank = rank };

    memcpy(p.dim, extent, (size_t)rank * sizeof *extent);
    if (input)
        vec_push(&program->inputs, p);
    else
        vec_push(&program->outputs, p);
    return buffer;
}

/* A constant with seeded values in steps of 1/64, exact in decimal. */
static inline Buffer *weights(Program *program, const char *name,
                              const char *what, int rank, const int64_t *extent)
{
    Buffer *buffer =
        program_buffer(program, name, DT_F32, BUFFER_CONST, rank, extent);
    float *data = NEW_N(program->arena, float, buffer->layout.size);
    Random random;

    random_seed(&random, (uint64_t)buffer->layout.size);
    for (int64_t i = 0; i < buffer->layout.size; i++)
        data[i] = (float)random_range(&random, -32, 32) / 64;
    buffer->data = data;
    buffer->what = what;
    program->parameters += buffer->layout.size;
    return buffer;
}

static inline Kernel *kernel_of(Program *program, const char *name,
                                const char *comment)
{
    Kernel *kernel = kernel_new(program->arena, name);
    kernel->comment = comment;
    vec_push(&program->kernels, kernel);
    return kernel;
}

static inline int lanes_up_to(const Target *target, int most)
{
    for (int i = 0; i < 4 && target->lanes[i] > 0; i++) {
        if (target->lanes[i] <= most)
            return target->lanes[i];
    }
    return 1;
}

/* ---- a convolution ------------------------------------------------------------ */

#define CONV_H  8
#define CONV_W  12
#define CONV_C  4
#define CONV_OC 16
#define CONV_P  4 /* columns of a tile */

/* The tile of columns [ow, ow + CONV_P); `at` is ow as a sum; the taps that
 * are in the padding for a first or last tile are left out. */
static inline void conv_tile(Kernel *k, Buffer *const *b, const Var *oh,
                             const Affine *at, int lanes, bool first, bool last)
{
    Buffer *x = b[0], *w = b[1], *bias = b[2], *y = b[3];
    int vectors = CONV_OC / lanes;
    const int64_t size[] = { CONV_P * CONV_OC };
    Buffer *acc = kernel_local(k, "acc", DT_F32, BUFFER_REG, 1, size);
    Limit lo = limit_of(number(k, 0)), hi = limit_of(number(k, 3));

    for (int i = 0; i < CONV_P * vectors; i++)
        kernel_store(k, access_flat(acc, number(k, i * lanes)),
                     load(k, bias, number(k, i % vectors * lanes), lanes));
    limit_add(&lo, times(k, oh, -1, 1), 1);
    limit_add(&hi, times(k, oh, -1, CONV_H + 1), 1);
    const Var *kh = kernel_for_within(k, "kh", lo, hi);
    const Var *c = kernel_for(k, "c", 0, CONV_C);
    const Affine *row = affine_scale(
        k, affine_shift(k, plus(k, affine_var(k, oh), affine_var(k, kh)), -1),
        CONV_W * CONV_C);
    row = plus(k, row, plus(k, affine_scale(k, at, CONV_C), affine_var(k, c)));
    const Affine *tap =
        plus(k, times(k, kh, 3 * CONV_C * CONV_OC, 0), times(k, c, CONV_OC, 0));
    const Expr *taps[3 * CONV_OC];
    for (int i = 0; i < 3 * vectors; i++)
        taps[i] = kernel_let(k, "w",
                             load(k, w,
                                  affine_shift(k, tap,
                                               i / vectors * CONV_C * CONV_OC +
                                                   i % vectors * lanes),
                                  lanes));
    for (int p = first ? 0 : -1; p < (last ? CONV_P : CONV_P + 1); p++) {
        const Expr *pixel = kernel_let(
            k, "x",
            wide(k, load(k, x, affine_shift(k, row, p * CONV_C), 1), lanes));
        for (int i = 0; i < CONV_P * vectors; i++) {
            int kw = p + 1 - i / vectors;
            if (kw >= 0 && kw < 3)
                kernel_fma(k, access_flat(acc, number(k, i * lanes)),
                           taps[kw * vectors + i % vectors], pixel);
        }
    }
    kernel_end(k);
    kernel_end(k);
    for (int i = 0; i < CONV_P * vectors; i++) {
        const Expr *value = load(k, acc, number(k, i * lanes), lanes);
        const Affine *place = plus(k, times(k, oh, CONV_W * CONV_OC, i * lanes),
                                   affine_scale(k, at, CONV_OC));
        kernel_store(k, access_flat(y, place),
                     expr_2(k, EXPR_MAX, expr_const(k, value->type, 0), value));
    }
}

static inline Program *net_conv(Arena *arena, const Target *target)
{
    Program *program = program_new(arena, "conv", target);
    const int64_t in[] = { CONV_H, CONV_W, CONV_C };
    const int64_t out[] = { CONV_H, CONV_W, CONV_OC };
    const int64_t taps[] = { 3, 3, CONV_C, CONV_OC }, wide_bias[] = { CONV_OC };
    int lanes = lanes_up_to(target, CONV_OC);
    Buffer *b[] = { port(program, true, "image", DT_F32, 3, in),
                    weights(program, "conv2_w", "conv2.weight", 4, taps),
                    weights(program, "conv2_b", "conv2.bias", 1, wide_bias),
                    port(program, false, "map", DT_F32, 3, out) };
    Kernel *k = kernel_of(program, "conv2",
                          "conv2 = conv(16, 3x3, pad=same) -> relu"
                          "   conv.cnn:3\n"
                          "image [8][12][4] -> map [8][12][16]");

    program->origin = "conv.cnn";
    program->target_note = "as asked for by --target";
    program->macs = k->macs = CONV_H * CONV_W * 9 * CONV_C * CONV_OC;
    for (size_t i = 0; i < COUNT_OF(b); i++)
        kernel_param(k, b[i]);
    const Var *oh = kernel_for(k, "oh", 0, CONV_H);
    conv_tile(k, b, oh, number(k, 0), lanes, true, false);
    const Var *ow = kernel_for(k, "ow.o", 1, CONV_W / CONV_P - 1);
    conv_tile(k, b, oh, times(k, ow, CONV_P, 0), lanes, false, false);
    kernel_end(k);
    conv_tile(k, b, oh, number(k, CONV_W - CONV_P), lanes, false, true);
    kernel_end(k);
    return program;
}

#endif
