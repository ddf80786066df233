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

/* ---- a classifier ------------------------------------------------------------- */

#define CLASS_IN  24
#define CLASS_OUT 10

/* hidden = b + image x w, sixteen wide; the image's bytes become floats. */
static inline void classify_dense(Program *program, Buffer *image, Buffer *w,
                                  Buffer *bias, Buffer *hidden, int lanes)
{
    Kernel *k =
        kernel_of(program, "dense", "dense = dense(10)   classify.cnn:2");
    const int64_t size[] = { 16 };

    kernel_param(k, image);
    kernel_param(k, w);
    kernel_param(k, bias);
    kernel_param(k, hidden);
    Buffer *acc = kernel_local(k, "acc", DT_F32, BUFFER_REG, 1, size);
    for (int o = 0; o < 16; o += lanes)
        kernel_store(k, access_flat(acc, number(k, o)),
                     load(k, bias, number(k, o), lanes));
    const Var *i = kernel_for(k, "i", 0, CLASS_IN);
    const Expr *pixel = kernel_let(
        k, "pixel",
        wide(k,
             expr_2(
                 k, EXPR_MUL,
                 expr_convert(k, DT_F32, load(k, image, times(k, i, 1, 0), 1)),
                 expr_const(k, (Type){ DT_F32, 1 }, 0.125)),
             lanes));
    for (int o = 0; o < 16; o += lanes)
        kernel_fma(k, access_flat(acc, number(k, o)), pixel,
                   load(k, w, times(k, i, 16, o), lanes));
    kernel_end(k);
    for (int o = 0; o < 16; o += lanes)
        kernel_store(k, access_flat(hidden, number(k, o)),
                     load(k, acc, number(k, o), lanes));
    k->macs = CLASS_IN * CLASS_OUT;
}

/* after[i] = max(before[i], -8), in the same memory. */
static inline void classify_clip(Program *program, Buffer *before,
                                 Buffer *after, int lanes)
{
    Kernel *k = kernel_of(program, "clip", "in place");
    kernel_param(k, before);
    kernel_param(k, after);
    const Var *i = kernel_for(k, "i", 0, 16 / lanes);
    const Expr *value = load(k, before, times(k, i, lanes, 0), lanes);
    kernel_store(k, access_flat(after, times(k, i, lanes, 0)),
                 expr_2(k, EXPR_MAX, value, expr_const(k, value->type, -8)));
    kernel_end(k);
}

/* Softmax by way of a local array, and the number of the largest. */
static inline void classify_softmax(Program *program, Buffer *hidden,
                                    Buffer *share, Buffer *best)
{
    Kernel *k =
        kernel_of(program, "softmax", "softmax, argmax   classify.cnn:3");
    const int64_t size[] = { CLASS_OUT };
    const Type f32 = { DT_F32, 1 };

    kernel_param(k, hidden);
    kernel_param(k, share);
    kernel_param(k, best);
    Buffer *e = kernel_local(k, "e", DT_F32, BUFFER_LOCAL, 1, size);
    Buffer *top = kernel_local(k, "top", DT_F32, BUFFER_REG, 0, NULL);
    Buffer *sum = kernel_local(k, "sum", DT_F32, BUFFER_REG, 0, NULL);
    Buffer *at = kernel_local(k, "at", DT_I32, BUFFER_REG, 0, NULL);
    Access reg_top = access_flat(top, number(k, 0));
    Access reg_sum = access_flat(sum, number(k, 0));
    Access reg_at = access_flat(at, number(k, 0));

    kernel_store(k, reg_top, expr_const(k, f32, -HUGE_VAL));
    kernel_store(k, reg_at, expr_const(k, (Type){ DT_I32, 1 }, 0));
    const Var *i = kernel_for(k, "i", 0, CLASS_OUT);
    const Expr *h = kernel_let(k, "h", load(k, hidden, times(k, i, 1, 0), 1));
    kernel_store(k, reg_at,
                 expr_4(k, EXPR_SELECT_LT, expr_load(k, reg_top), h,
                        expr_index(k, times(k, i, 1, 0)),
                        expr_load(k, reg_at)));
    kernel_accum(k, ACCUM_MAX, reg_top, h);
    kernel_end(k);
    kernel_store(k, reg_sum, expr_const(k, f32, 0));
    i = kernel_for(k, "i", 0, CLASS_OUT);
    const Expr *x = kernel_let(
        k, "x",
        expr_1(k, EXPR_EXP,
               expr_2(k, EXPR_SUB, load(k, hidden, times(k, i, 1, 0), 1),
                      expr_load(k, reg_top))));
    kernel_store(k, access_flat(e, times(k, i, 1, 0)), x);
    kernel_accum(k, ACCUM_ADD, reg_sum, x);
    kernel_end(k);
    i = kernel_for(k, "i", 0, CLASS_OUT);
    kernel_store(k, access_flat(share, times(k, i, 1, 0)),
                 expr_2(k, EXPR_DIV, load(k, e, times(k, i, 1, 0), 1),
                        expr_load(k, reg_sum)));
    kernel_end(k);
    kernel_store(k, access_flat(best, number(k, 0)), expr_load(k, reg_at));
}

static inline Buffer *in_arena(Program *program, const char *name, int64_t size,
                               int64_t offset)
{
    Buffer *buffer =
        program_buffer(program, name, DT_F32, BUFFER_ARENA, 1, &size);
    buffer->offset = offset;
    return buffer;
}

static inline Program *net_classify(Arena *arena, const Target *target)
{
    static const char *const names[] = { "zero",    "one",       "two",
                                         "three",   "four",      "\"5\"",
                                         "six*/",   "seven?\?/", "ei\nght",
                                         "\xc3\xa9" };
    Program *program = program_new(arena, "classify", target);
    const int64_t in[] = { 6, 4, 1 }, out[] = { CLASS_OUT }, one[] = { 1 };
    const int64_t taps[] = { CLASS_IN, 16 }, wide_bias[] = { 16 };
    int lanes = lanes_up_to(target, 8);
    Buffer *image = port(program, true, "image", DT_U8, 3, in);
    Buffer *share = port(program, false, "class", DT_F32, 1, out);
    Buffer *best = port(program, false, "best", DT_I32, 1, one);
    Buffer *w = weights(program, "dense_w", "dense.weight", 2, taps);
    Buffer *bias = weights(program, "dense_b", "dense.bias", 1, wide_bias);
    Buffer *hidden = in_arena(program, "hidden", 16, 64);
    Buffer *clipped = in_arena(program, "clipped", 16, 64);

    program->origin = "classify.cnn";
    program->workspace = 128;
    for (int i = 0; i < 2; i++) {
        program->outputs.at[i].classes = names;
        program->outputs.at[i].class_count = CLASS_OUT;
    }
    classify_dense(program, image, w, bias, hidden, lanes);
    classify_clip(program, hidden, clipped, lanes);
    classify_softmax(program, clipped, share, best);
    program->macs = CLASS_IN * CLASS_OUT;
    return program;
}

/* ---- rings, rounded limits, narrow integers, parts of vectors -------------------- */

#define MIXED_H 7
#define MIXED_W 24

static inline Access mixed_ring(Kernel *k, Buffer *ring, const Var *h,
                                int64_t shift, const Var *i, int64_t base)
{
    Access access = access_flat(ring, times(k, i, 1, base));
    access.ring = times(k, h, 1, shift);
    access.modulus = 3;
    access.stride = MIXED_W;
    return access;
}

/* The row h of x goes into the ring, as floats. */
static inline void mixed_fill(Kernel *k, Buffer *x, Buffer *ring, const Var *h)
{
    const Var *i = kernel_for(k, "i", 0, MIXED_W);
    const Affine *at = plus(k, times(k, h, MIXED_W, 0), times(k, i, 1, 0));
    kernel_store(k, mixed_ring(k, ring, h, 0, i, 0),
                 expr_convert(k, DT_F32, load(k, x, at, 1)));
    kernel_end(k);
}

/* y[h] = the largest of three rows, over a ring of three. */
static inline void mixed_rows(Program *program, Buffer *x, Buffer *y)
{
    Kernel *k = kernel_of(program, "rows", NULL);
    const int64_t size[] = { 3, MIXED_W };

    kernel_param(k, x);
    kernel_param(k, y);
    Buffer *ring = kernel_local(k, "ring", DT_F32, BUFFER_LOCAL, 2, size);
    const Var *h = kernel_for(k, "h", 0, 2);
    mixed_fill(k, x, ring, h);
    kernel_end(k);
    h = kernel_for(k, "h", 2, MIXED_H);
    mixed_fill(k, x, ring, h);
    const Var *i = kernel_for(k, "i", 0, MIXED_W);
    const Expr *a = expr_load(k, mixed_ring(k, ring, h, 0, i, 0));
    const Expr *b = expr_load(k, mixed_ring(k, ring, h, -1, i, 0));
    const Expr *c = expr_load(k, mixed_ring(k, ring, h, -2, i, 0));
    const Affine *at =
        plus(k, times(k, h, MIXED_W, -2 * MIXED_W), times(k, i, 1, 0));
    kernel_store(k, access_flat(y, at),
                 expr_2(k, EXPR_MAX, a, expr_2(k, EXPR_MAX, b, c)));
    kernel_end(k);
    kernel_end(k);
}

/* z[o] = sum of w[k] * y[o + 2k - 2] where that is inside: a dilated window,
 * whose limits are rounded up. */
static inline void mixed_window(Program *program, Buffer *y, Buffer *w,
                                Buffer *z)
{
    Kernel *k = kernel_of(program, "window", "dilated: limits are rounded up");
    Limit lo = limit_of(number(k, 0)), hi = limit_of(number(k, 3));

    kernel_param(k, y);
    kernel_param(k, w);
    kernel_param(k, z);
    Buffer *sum = kernel_local(k, "sum", DT_F32, BUFFER_REG, 0, NULL);
    Access reg = access_flat(sum, number(k, 0));
    const Var *o = kernel_for(k, "o", 0, MIXED_W);
    limit_add(&lo, times(k, o, -1, 2), 2);
    limit_add(&hi, times(k, o, -1, MIXED_W + 2), 2);
    kernel_store(k, reg, expr_const(k, (Type){ DT_F32, 1 }, 0));
    const Var *t = kernel_for_within(k, "t", lo, hi);
    kernel_fma(k, reg, load(k, w, times(k, t, 1, 0), 1),
               load(k, y, plus(k, times(k, t, 2, -2), times(k, o, 1, 0)), 1));
    kernel_end(k);
    kernel_store(k, access_flat(z, times(k, o, 1, 0)), expr_load(k, reg));
    kernel_end(k);
}

/* n[i] = max(x[i] / 2, x[i] - 3, |x[i] - 100|) mod 256, and the sum as i32. */
static inline void mixed_bytes(Program *program, Buffer *x, Buffer *n,
                               Buffer *total)
{
    Kernel *k = kernel_of(program, "bytes", NULL);
    const Type u8 = { DT_U8, 1 }, i32 = { DT_I32, 1 };

    kernel_param(k, x);
    kernel_param(k, n);
    kernel_param(k, total);
    kernel_store(k, access_flat(total, number(k, 0)), expr_const(k, i32, 0));
    const Var *i = kernel_for(k, "i", 0, MIXED_W);
    const Expr *v = kernel_let(k, "v", load(k, x, times(k, i, 1, 0), 1));
    const Expr *less = expr_2(k, EXPR_SUB, v, expr_const(k, u8, 3));
    const Expr *apart = expr_1(k, EXPR_ABS,
                               expr_2(k, EXPR_SUB, expr_convert(k, DT_I32, v),
                                      expr_const(k, i32, 100)));
    const Expr *most = expr_2(k, EXPR_MAX, less, expr_convert(k, DT_U8, apart));
    kernel_store(k, access_flat(n, times(k, i, 1, 0)), most);
    kernel_accum(k, ACCUM_MIN, access_flat(n, times(k, i, 1, 0)),
                 expr_const(k, u8, 200));
    kernel_accum(k, ACCUM_ADD, access_flat(total, number(k, 0)),
                 expr_2(k, EXPR_SUB, expr_index(k, times(k, i, 2, -1)),
                        expr_2(k, EXPR_SUB, apart, expr_const(k, i32, -5))));
    kernel_end(k);
}

/* p[0..10] = (z[0..10] and every second y) * 2, in parts of vectors. */
static inline void mixed_parts(Program *program, Buffer *y, Buffer *z,
                               Buffer *p, int lanes)
{
    Kernel *k = kernel_of(program, "parts", NULL);
    int active = lanes > 3 ? 3 : lanes;

    kernel_param(k, y);
    kernel_param(k, z);
    kernel_param(k, p);
    const Var *i = kernel_for(k, "i", 0, 2);
    Access from = access_flat(z, times(k, i, lanes, 0));
    Access even = access_flat(y, times(k, i, 2, 0));
    const Expr *part = lanes == 1 ? expr_load(k, from)
                                  : expr_load_vector(k, from, lanes, active);
    const Expr *second = lanes == 1 ? expr_load(k, even)
                                    : expr_load_every(k, even, 2, lanes, lanes);
    const Expr *both = expr_2(k, EXPR_ADD, part, second);
    kernel_store(k, access_flat(p, times(k, i, lanes, 0)), both);
    Stmt *twice = stmt_new(k, STMT_ACCUM);
    twice->store.place = access_flat(p, times(k, i, lanes, 0));
    twice->store.op = ACCUM_ADD;
    twice->store.value = second;
    twice->store.lanes = lanes;
    twice->store.active = active;
    *k->cursor[k->depth] = twice;
    k->cursor[k->depth] = &twice->next;
    kernel_end(k);
}

static inline Program *net_mixed(Arena *arena, const Target *target)
{
    Program *program = program_new(arena, "mixed", target);
    const int64_t in[] = { MIXED_H, MIXED_W }, out[] = { MIXED_H - 2, MIXED_W };
    const int64_t row[] = { MIXED_W }, one[] = { 1 }, three[] = { 3 };
    int lanes = lanes_up_to(target, 4);
    const int64_t two[] = { 2 * lanes };
    Buffer *x = port(program, true, "x", DT_U8, 2, in);
    Buffer *y = port(program, false, "y", DT_F32, 2, out);
    Buffer *z = port(program, false, "z", DT_F32, 1, row);
    Buffer *n = port(program, false, "n", DT_U8, 1, row);
    Buffer *total = port(program, false, "total", DT_I32, 1, one);
    Buffer *p = port(program, false, "p", DT_F32, 1, two);
    Buffer *w = weights(program, "window_w", NULL, 1, three);

    mixed_rows(program, x, y);
    mixed_window(program, y, w, z);
    mixed_bytes(program, x, n, total);
    mixed_parts(program, y, z, p, lanes);
    return program;
}

/* ---- all of them --------------------------------------------------------------- */

typedef struct NamedNet {
    const char *name;
    Program *(*build)(Arena *arena, const Target *target);
} NamedNet;

static const NamedNet all_nets[] = {
    { "conv", net_conv },
    { "classify", net_classify },
    { "mixed", net_mixed },
};

/* As the compiler does before it prints. */
static inline void net_verify(const Program *program)
{
    for (int i = 0; i < program->kernels.count; i++) {
        kernel_verify(program->kernels.at[i], program->target, true);
        kernel_prove(program->kernels.at[i]);
    }
}

#endif
