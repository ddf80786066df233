/*@block manual */
/*
 * net.h - what a generated network needs: vectors of floats, and maths.
 *
 * SPDX-License-Identifier: 0BSD
 * Permission to use, copy, modify, and/or distribute this file for any purpose
 * with or without fee is granted. It comes without any warranty.
 *
 *     #define CNNC_TARGET_X86_64_V3 1
 *     #include <cnnc/net.h>
 *     ... constants, and functions that any processor can run ...
 *     #pragma GCC push_options
 *     #pragma GCC target("avx2,fma, ...")
 *     static void relu(const float *x, float *y)
 *     {
 *         f32x8_store(y, f32x8_max(f32x8_load(x), f32x8_zero()));
 *     }
 *     #pragma GCC pop_options
 *
 * The file brings its processor with it: a bare `cc -O2 -c net.c` compiles and
 * inlines everything. For that the functions below are compiled for the target
 * by a pragma, and those that call them must be too, with the same features.
 * So a generated file prints around its functions what stands here at "region"
 * (gcc's and clang's spelling differ), and nothing at all for `aarch64` and
 * `generic`. Outside of it, it calls cnnc_cpu_supported() and cnnc_prefetch()
 * at most.
 *
 * Targets, one of which is defined before the inclusion:
 *
 *     CNNC_TARGET_X86_64_V4    f32x4 f32x8 f32x16
 *         "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma,bmi,bmi2,f16c,
 *          lzcnt,movbe,popcnt"
 *     CNNC_TARGET_X86_64_V3    f32x4 f32x8
 *         "avx,avx2,fma,bmi,bmi2,f16c,lzcnt,movbe,popcnt"
 *     CNNC_TARGET_X86_64_V2    f32x4
 *         "sse3,ssse3,sse4.1,sse4.2,popcnt"
 *     CNNC_TARGET_AARCH64      f32x4                    no region
 *     CNNC_TARGET_GENERIC      scalars only             no region
 *
 * Vocabulary; V is f32x4, f32x8 or f32x16, N its lanes:
 *
 *     V_load(p) V_store(p, v)       N floats, at any address
 *     V_load_part(p, n)             lanes 0..n-1, the others 0; the constant n
 *     V_store_part(p, v, n)         is 1..N; no other element is touched
 *     V_load_even(p)                p[0] p[2] .. p[2N-2]; touches 2N-1 elements
 *     V_load_third(p) V_load_fourth(p)   every 3rd, 4th; 3N-2, 4N-3 elements
 *     V_load_even_part(p, n) ...    lanes 0..n-1 of it; touches 2n-1 elements
 *     V_store_weave2(p, a, b)       a0 b0 a1 b1 ..; also 3, 4, 6 and 8 vectors
 *     V_store_weave2_part(p, a, b, n)    n lanes of each
 *     V_load_u8(p) V_load_i8(p)     N bytes as floats; also V_load_u8_part(p, n)
 *     V_splat(a) V_zero()
 *     V_add V_sub V_mul V_div       (a, b)
 *     V_fma(a, b, c)                a * b + c, rounded once, on v2 twice
 *     V_min V_max                   (a, b): a < b ? a : b and a > b ? a : b, so
 *                                   that a NaN in b comes out, one in a does not
 *     V_neg V_abs V_sqrt V_floor V_ceil V_round_even              (a)
 *     V_select_lt V_select_le V_select_eq      (a, b, t, f): a < b ? t : f, ...
 *     V_sum V_max_across V_min_across          (v): a float; the order is open
 *
 * Scalars, with the same meaning on every target (a file for `generic` has only
 * these; there f32_fma is a * b + c):
 *
 *     f32_fma f32_min f32_max f32_neg f32_abs f32_sqrt f32_floor f32_ceil
 *     f32_round_even f32_select_lt f32_select_le f32_select_eq
 *     f32_nonzero(list, p, n)       where p[0] .. p[n-1] is not 0: how many, and
 *                                   their indices; list has room for n + 16
 *
 * Maths, as f32_NAME(x) and V_NAME(x): exp, tanh, sin and others, without libm;
 * see <cnnc/maths.h> and <cnnc/rare.h>, which this file includes. All of it
 * expects IEEE arithmetic: not -ffast-math.
 *
 * Other things: cnnc_prefetch(p); cnnc_cpu_supported(), whether this processor
 * runs the target; CNNC_RESTRICT; CNNC_ALIGN(n) at the head of a definition.
 *
 * `cnnc --bundle` copies only what a network uses, so the text is in blocks:
 *
 *     / *@block NAME... [on TARGET...] [needs NAME...] * /
 *     / *@end * /
 *
 * with TARGET one of v4 v3 v2 aarch64 generic (default: all). Take, in the order
 * of this file, all that is outside of blocks, and of those for the target: the
 * blocks named `always`, those with a name that the generated text uses, either
 * as the whole identifier (cnnc_cpu_supported) or behind its first underscore
 * (f32x8_select_lt, f32_exp: select_lt, exp), and whatever these need.
 * A target may have no block of a name. `include FILE` stands for the blocks of
 * that file.
 */
#ifndef CNNC_NET_H
#define CNNC_NET_H
/* Most of this file are tables of one line functions. */
/* clang-format off */
/*@end */

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) && !defined(__TINYC__)
#define CNNC_FN static inline __attribute__((always_inline, unused))
#else
#define CNNC_FN static inline
#endif

#if defined(__cplusplus) || defined(_MSC_VER)
#define CNNC_RESTRICT __restrict
#else
#define CNNC_RESTRICT restrict
#endif

#if defined(__TINYC__) /* glibc defines its __attribute__ away */
#define CNNC_ALIGN(n) __attribute((aligned(n)))
#elif defined(__GNUC__)
#define CNNC_ALIGN(n) __attribute__((aligned(n)))
#elif defined(_MSC_VER)
#define CNNC_ALIGN(n) __declspec(align(n))
#elif defined(__cplusplus)
#define CNNC_ALIGN(n) alignas(n)
#else
#define CNNC_ALIGN(n) _Alignas(n)
#endif

/* A kernel stays a function of its own: shorter to compile, named in profiles,
 * its stack given back. */
#if defined(__GNUC__) && !defined(__TINYC__)
#define CNNC_NOINLINE __attribute__((noinline))
#elif defined(_MSC_VER)
#define CNNC_NOINLINE __declspec(noinline)
#else
#define CNNC_NOINLINE
#endif

/* What no literal says. */
#if defined(CNNC_TARGET_GENERIC)
#define CNNC_INF cnnc_float(0x7f800000u)
#define CNNC_NAN cnnc_float(0x7fc00000u)
#else
#define CNNC_INF __builtin_inff()
#define CNNC_NAN __builtin_nanf("")
#endif

/* V_name(a), V_name(a, b), ... that return `value`. */
#define CNNC_FN1(V, name, value) \
    CNNC_FN V V##_##name(V a) { return value; }
#define CNNC_FN2(V, name, value) \
    CNNC_FN V V##_##name(V a, V b) { return value; }
#define CNNC_FN3(V, name, value) \
    CNNC_FN V V##_##name(V a, V b, V c) { return value; }
#define CNNC_SELECT(V, name, value) \
    CNNC_FN V V##_select_##name(V a, V b, V t, V f) { return value; }

typedef float f32;

#if defined(CNNC_TARGET_X86_64_V4)
#define CNNC_X86 4
#elif defined(CNNC_TARGET_X86_64_V3)
#define CNNC_X86 3
#elif defined(CNNC_TARGET_X86_64_V2)
#define CNNC_X86 2
#else
#define CNNC_X86 0
#endif

/*@block manual */
#if !CNNC_X86 && !defined(CNNC_TARGET_AARCH64) && !defined(CNNC_TARGET_GENERIC)
#error "define CNNC_TARGET_GENERIC or another target before <cnnc/net.h>"
#endif
/*@end */

/*@block cnnc_prefetch */
/* Fetches the line of p for reading. */
CNNC_FN void cnnc_prefetch(const void *p)
{
#if defined(__GNUC__) && !defined(__TINYC__)
    __builtin_prefetch(p, 0, 3);
#else
    (void)p;
#endif
}
/*@end */

/*@block always on v4 v3 v2 */
/* ---- targets: their headers, region and vector types ---- */

#if CNNC_X86
#if !defined(__x86_64__) || !defined(__GNUC__)
#error "made for x86-64 and gcc or clang; for others: cnnc --target=generic, or --target=aarch64"
#endif
#include <cpuid.h>
#include <immintrin.h>
#endif
/*@end */

/*@block cnnc_cpu_supported on v4 v3 v2 */
#if CNNC_X86
#define CNNC_CPU_V2 \
    ((unsigned)(bit_SSE3 | bit_SSSE3 | bit_SSE4_1 | bit_SSE4_2 | bit_POPCNT))
#define CNNC_CPU_V3 \
    ((unsigned)(bit_FMA | bit_MOVBE | bit_OSXSAVE | bit_AVX | bit_F16C))
#define CNNC_CPU_V3_7 ((unsigned)(bit_BMI | bit_AVX2 | bit_BMI2))
#define CNNC_CPU_V4_7 \
    ((unsigned)(bit_AVX512F | bit_AVX512DQ | bit_AVX512CD | bit_AVX512BW) | \
     (unsigned)bit_AVX512VL)

/* The instructions are there, and the system saves their registers: xmm and
 * ymm (6), opmasks and zmm (0xe0). */
CNNC_FN int cnnc_cpu_supported(void)
{
    const unsigned want1 = CNNC_CPU_V2 | (CNNC_X86 >= 3 ? CNNC_CPU_V3 : 0);
    const unsigned want7 = CNNC_CPU_V3_7 | (CNNC_X86 == 4 ? CNNC_CPU_V4_7 : 0);
    const unsigned saved = CNNC_X86 == 4 ? 0xe6u : 6u;
    unsigned a = 0, b = 0, c = 0, d = 0, xcr0 = 0, high;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & want1) != want1)
        return 0;
    if (CNNC_X86 == 2)
        return 1;
    __asm__ volatile("xgetbv" : "=a"(xcr0), "=d"(high) : "c"(0));
    (void)high;
    return (xcr0 & saved) == saved &&
           __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & want7) == want7 &&
           __get_cpuid(0x80000001u, &a, &b, &c, &d) && (c & bit_LZCNT) != 0;
}
#endif
/*@end */

/*@block cnnc_cpu_supported on aarch64 generic */
#if defined(CNNC_TARGET_AARCH64) || defined(CNNC_TARGET_GENERIC)
CNNC_FN int cnnc_cpu_supported(void) { return 1; }
#endif
/*@end */

/*@block always on v4 */
#if CNNC_X86 == 4
#if defined(__clang__) /* region */
#pragma clang attribute push( \
    __attribute__((target( \
        "avx512f,avx512bw,avx512cd,avx512dq,avx512vl," \
        "avx2,fma,bmi,bmi2,f16c,lzcnt,movbe,popcnt"))), \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target( \
    "avx512f,avx512bw,avx512cd,avx512dq,avx512vl," \
    "avx2,fma,bmi,bmi2,f16c,lzcnt,movbe,popcnt")
#endif
typedef __m128 f32x4;
typedef __m256 f32x8;
typedef __m512 f32x16;
/* F(type, prefix of its intrinsics, its bits, type of its masks) */
#define CNNC_EACH_VECTOR(F)         \
    F(f32x4, _mm, 128, __mmask8)    \
    F(f32x8, _mm256, 256, __mmask8) \
    F(f32x16, _mm512, 512, __mmask16)
/* `_mm512_max_ps(a, b)` and others make g++ 12 warn of an undefined value.
 * With a full mask they do not, and are the same unmasked instruction. */
#define CNNC_DO(P, K, op, ...) P##_maskz_##op((K)-1, __VA_ARGS__)
#endif
/*@end */

/*@block always on v3 */
#if CNNC_X86 == 3
#if defined(__clang__) /* region */
#pragma clang attribute push( \
    __attribute__((target( \
        "avx,avx2,fma,bmi,bmi2,f16c,lzcnt,movbe,popcnt"))), \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx,avx2,fma,bmi,bmi2,f16c,lzcnt,movbe,popcnt")
#endif
typedef __m128 f32x4;
typedef __m256 f32x8;
/* F(type, prefix of its intrinsics, its bits, -) */
#define CNNC_EACH_VECTOR(F) F(f32x4, _mm, 128, -) F(f32x8, _mm256, 256, -)
#define CNNC_DO(P, K, op, ...) P##_##op(__VA_ARGS__)
#endif
/*@end */

/*@block always on v2 */
#if CNNC_X86 == 2
#if defined(__clang__) /* region */
#pragma clang attribute push( \
    __attribute__((target("sse3,ssse3,sse4.1,sse4.2,popcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("sse3,ssse3,sse4.1,sse4.2,popcnt")
#endif
typedef __m128 f32x4;
/* F(type, prefix of its intrinsics, its bits, -) */
#define CNNC_EACH_VECTOR(F) F(f32x4, _mm, 128, -)
#define CNNC_DO(P, K, op, ...) P##_##op(__VA_ARGS__)
#endif
/*@end */

/*@block always on aarch64 */
#if defined(CNNC_TARGET_AARCH64)
#if !defined(__aarch64__) || !defined(__GNUC__)
#error "made for aarch64 and gcc or clang; for others: cnnc --target=generic, or --target=x86-64-v3"
#endif
#include <arm_neon.h>
typedef float32x4_t f32x4;
#define CNNC_EACH_VECTOR(F) F(f32x4, -)
#endif
/*@end */

/*@block always */
/* ---- load, store, arithmetic ---- */

CNNC_FN2(f32, min, a < b ? a : b)
CNNC_FN2(f32, max, a > b ? a : b)
CNNC_FN1(f32, neg, -a)
/*@end */

/*@block always on v4 v3 v2 */
#if CNNC_X86
#define CNNC_ARITHMETIC(V, P, B, K)                            \
    CNNC_FN V V##_load(const float *p) { return P##_loadu_ps(p); } \
    CNNC_FN void V##_store(float *p, V v) { P##_storeu_ps(p, v); } \
    CNNC_FN V V##_splat(float a) { return P##_set1_ps(a); }        \
    CNNC_FN V V##_zero(void) { return P##_setzero_ps(); }          \
    CNNC_FN2(V, add, P##_add_ps(a, b))                             \
    CNNC_FN2(V, sub, P##_sub_ps(a, b))                             \
    CNNC_FN2(V, mul, P##_mul_ps(a, b))                             \
    CNNC_FN2(V, div, P##_div_ps(a, b))                             \
    CNNC_FN2(V, min, CNNC_DO(P, K, min_ps, a, b))                  \
    CNNC_FN2(V, max, CNNC_DO(P, K, max_ps, a, b))                  \
    CNNC_FN1(V, neg, P##_xor_ps(a, P##_set1_ps(-0.0f)))            \
    CNNC_FN1(V, abs, P##_andnot_ps(P##_set1_ps(-0.0f), a))
CNNC_EACH_VECTOR(CNNC_ARITHMETIC)
CNNC_FN1(f32, abs, __builtin_fabsf(a))
CNNC_FN float f32x4_first(f32x4 v) { return _mm_cvtss_f32(v); }
#endif
/*@end */

/*@block always on v4 v3 */
#if CNNC_X86 >= 3
#define CNNC_FMA(V, P, B, K) CNNC_FN3(V, fma, P##_fmadd_ps(a, b, c))
CNNC_EACH_VECTOR(CNNC_FMA)
CNNC_FN3(f32, fma, __builtin_fmaf(a, b, c))
#endif
/*@end */

/*@block always on v2 */
#if CNNC_X86 == 2
CNNC_FN3(f32x4, fma, _mm_add_ps(_mm_mul_ps(a, b), c))
CNNC_FN3(f32, fma, a * b + c)
#endif
/*@end */

/*@block always on aarch64 */
#if defined(CNNC_TARGET_AARCH64)
CNNC_FN f32x4 f32x4_load(const float *p) { return vld1q_f32(p); }
CNNC_FN void f32x4_store(float *p, f32x4 v) { vst1q_f32(p, v); }
CNNC_FN f32x4 f32x4_splat(float a) { return vdupq_n_f32(a); }
CNNC_FN f32x4 f32x4_zero(void) { return vdupq_n_f32(0); }
CNNC_FN float f32x4_first(f32x4 v) { return vgetq_lane_f32(v, 0); }
CNNC_FN2(f32x4, add, vaddq_f32(a, b))
CNNC_FN2(f32x4, sub, vsubq_f32(a, b))
CNNC_FN2(f32x4, mul, vmulq_f32(a, b))
CNNC_FN2(f32x4, div, vdivq_f32(a, b))
CNNC_FN3(f32x4, fma, vfmaq_f32(c, a, b))
CNNC_FN2(f32x4, min, vbslq_f32(vcltq_f32(a, b), a, b))
CNNC_FN2(f32x4, max, vbslq_f32(vcgtq_f32(a, b), a, b))
CNNC_FN1(f32x4, neg, vnegq_f32(a))
CNNC_FN1(f32x4, abs, vabsq_f32(a))
CNNC_FN1(f32, abs, __builtin_fabsf(a))
CNNC_FN3(f32, fma, __builtin_fmaf(a, b, c))
#endif
/*@end */

/*@block always on generic */
#if defined(CNNC_TARGET_GENERIC)
#define CNNC_EACH_VECTOR(F) F(f32, -)

CNNC_FN uint32_t cnnc_bits(float a)
{
    union { float f; uint32_t u; } x;
    x.f = a;
    return x.u;
}

CNNC_FN float cnnc_float(uint32_t a)
{
    union { uint32_t u; float f; } x;
    x.u = a;
    return x.f;
}

CNNC_FN1(f32, abs, cnnc_float(cnnc_bits(a) & 0x7fffffffu))
CNNC_FN3(f32, fma, a * b + c)
#endif
/*@end */

/*@block load_part store_part on v4 v3 */
/* ---- parts of vectors, every second element, bytes ---- */

#if CNNC_X86 >= 3
/* AVX's masked moves, also where there are those of AVX-512: of the latter gcc
 * before 14 believes that they touch the whole vector, and may let them. */
CNNC_FN __m128i f32x4_mask(int n)
{
    return _mm_cmpgt_epi32(_mm_set1_epi32(n), _mm_setr_epi32(0, 1, 2, 3));
}

CNNC_FN __m256i f32x8_mask(int n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n),
                              _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

CNNC_FN f32x4 f32x4_load_part(const float *p, int n)
{
    return _mm_maskload_ps(p, f32x4_mask(n));
}

CNNC_FN f32x8 f32x8_load_part(const float *p, int n)
{
    return _mm256_maskload_ps(p, f32x8_mask(n));
}

/* Halves go without a mask: with one, rows of a convolution that end so took an
 * eighth longer. */
CNNC_FN void f32x4_store_part(float *p, f32x4 v, int n)
{
    if (n == 4)
        f32x4_store(p, v);
    else
        _mm_maskstore_ps(p, f32x4_mask(n), v);
}

CNNC_FN void f32x8_store_part(float *p, f32x8 v, int n)
{
    if (n == 8)
        f32x8_store(p, v);
    else if (n == 4)
        f32x4_store(p, _mm256_castps256_ps128(v));
    else
        _mm256_maskstore_ps(p, f32x8_mask(n), v);
}
#endif
/*@end */

/*@block load_part store_part on v4 */
#if CNNC_X86 == 4
CNNC_FN f32x16 f32x16_load_part(const float *p, int n)
{
    const f32x16 v = _mm512_maskz_insertf32x8(
        (__mmask16)-1, _mm512_setzero_ps(),
        n <= 8 ? f32x8_load_part(p, n) : f32x8_load(p), 0);
    return n <= 8 ? v
                  : _mm512_maskz_insertf32x8(
                        (__mmask16)-1, v, f32x8_load_part(p + 8, n - 8), 1);
}

CNNC_FN void f32x16_store_part(float *p, f32x16 v, int n)
{
    const f32x8 low = _mm512_maskz_extractf32x8_ps((__mmask8)-1, v, 0);
    if (n <= 8) {
        f32x8_store_part(p, low, n);
        return;
    }
    f32x8_store(p, low);
    f32x8_store_part(
        p + 8, _mm512_maskz_extractf32x8_ps((__mmask8)-1, v, 1), n - 8);
}
#endif
/*@end */

/*@block load_part store_part on v2 */
#if CNNC_X86 == 2
CNNC_FN f32x4 f32x4_load_part(const float *p, int n)
{
    return _mm_setr_ps(p[0], n > 1 ? p[1] : 0, n > 2 ? p[2] : 0,
                       n > 3 ? p[3] : 0);
}

CNNC_FN void f32x4_store_part(float *p, f32x4 v, int n)
{
    p[0] = _mm_cvtss_f32(v);
    if (n > 1)
        p[1] = _mm_cvtss_f32(_mm_shuffle_ps(v, v, 1));
    if (n > 2)
        p[2] = _mm_cvtss_f32(_mm_shuffle_ps(v, v, 2));
    if (n > 3)
        p[3] = _mm_cvtss_f32(_mm_shuffle_ps(v, v, 3));
}
#endif
/*@end */

/*@block load_part store_part on aarch64 */
#if defined(CNNC_TARGET_AARCH64)
CNNC_FN f32x4 f32x4_load_part(const float *p, int n)
{
    f32x4 v = vld1q_lane_f32(p, vdupq_n_f32(0), 0);
    if (n > 1)
        v = vld1q_lane_f32(p + 1, v, 1);
    if (n > 2)
        v = vld1q_lane_f32(p + 2, v, 2);
    return n > 3 ? vld1q_lane_f32(p + 3, v, 3) : v;
}

CNNC_FN void f32x4_store_part(float *p, f32x4 v, int n)
{
    vst1q_lane_f32(p, v, 0);
    if (n > 1)
        vst1q_lane_f32(p + 1, v, 1);
    if (n > 2)
        vst1q_lane_f32(p + 2, v, 2);
    if (n > 3)
        vst1q_lane_f32(p + 3, v, 3);
}
#endif
/*@end */

/*@block load_even on v4 v3 v2 */
#if CNNC_X86
/* Lanes 0 2 of p[0..3], then 1 3 of p[3..6]: nothing behind p[6] is read. */
CNNC_FN f32x4 f32x4_load_even(const float *p)
{
    return _mm_shuffle_ps(_mm_loadu_ps(p), _mm_loadu_ps(p + 3), 0xd8);
}
#endif
/*@end */

/*@block load_even on v4 v3 */
#if CNNC_X86 >= 3
/* The same in each half; then the middle quarters change places. */
CNNC_FN f32x8 f32x8_load_even(const float *p)
{
    const f32x8 v = _mm256_shuffle_ps(_mm256_loadu_ps(p),
                                      _mm256_loadu_ps(p + 7), 0xd8);
    return _mm256_castpd_ps(
        _mm256_permute4x64_pd(_mm256_castps_pd(v), 0xd8));
}
#endif
/*@end */

/*@block load_even on v4 */
#if CNNC_X86 == 4
CNNC_FN f32x16 f32x16_load_even(const float *p)
{
    return _mm512_permutex2var_ps(
        _mm512_loadu_ps(p),
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 17, 19, 21, 23, 25, 27,
                          29, 31),
        _mm512_loadu_ps(p + 15));
}
#endif
/*@end */

/*@block load_even on aarch64 */
#if defined(CNNC_TARGET_AARCH64)
/* Lanes 0 2 of p[0..3], then 1 3 of p[3..6]: nothing behind p[6] is read. */
CNNC_FN f32x4 f32x4_load_even(const float *p)
{
    const f32x4 b = vld1q_f32(p + 3);
    return vuzp1q_f32(vld1q_f32(p), vextq_f32(b, b, 1));
}
#endif
/*@end */

/*@block load_even_part load_third load_fourth load_third_part load_fourth_part on v4 v3 v2 aarch64 */
#if !defined(CNNC_TARGET_GENERIC)
/* Every STEP-th of the elements from p on, one by one: for the few at an edge,
 * and where vectors have no better way. */
#define CNNC_APART(V, N, NAME, STEP)                                          \
    CNNC_FN V V##_load_##NAME##_part(const float *p, int n)                   \
    {                                                                         \
        float lane[N] = { 0 };                                                \
        for (int i = 0; i < n; i++)                                           \
            lane[i] = p[STEP * i];                                            \
        return V##_load(lane);                                                \
    }
#define CNNC_APART_WHOLE(V, N, NAME)                                          \
    CNNC_FN V V##_load_##NAME(const float *p)                                 \
    {                                                                         \
        return V##_load_##NAME##_part(p, N);                                  \
    }
CNNC_APART(f32x4, 4, even, 2)
CNNC_APART(f32x4, 4, third, 3)
CNNC_APART(f32x4, 4, fourth, 4)
CNNC_APART_WHOLE(f32x4, 4, third)
CNNC_APART_WHOLE(f32x4, 4, fourth)
#if CNNC_X86 >= 3
CNNC_APART(f32x8, 8, even, 2)
CNNC_APART(f32x8, 8, third, 3)
CNNC_APART(f32x8, 8, fourth, 4)
CNNC_APART_WHOLE(f32x8, 8, third)
CNNC_APART_WHOLE(f32x8, 8, fourth)
#endif
#if CNNC_X86 == 4
CNNC_APART(f32x16, 16, even, 2)
CNNC_APART(f32x16, 16, third, 3)
CNNC_APART(f32x16, 16, fourth, 4)
/* From p[0..15], p[16..31] and p[30..45]. */
CNNC_FN f32x16 f32x16_load_third(const float *p)
{
    const f32x16 v = _mm512_permutex2var_ps(
        _mm512_loadu_ps(p),
        _mm512_setr_epi32(0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 0, 0, 0, 0,
                          0),
        _mm512_loadu_ps(p + 16));
    return _mm512_permutex2var_ps(
        v,
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 19, 22, 25, 28,
                          31),
        _mm512_loadu_ps(p + 30));
}

/* Halves from p[0..31] and p[29..60]. */
CNNC_FN f32x16 f32x16_load_fourth(const float *p)
{
    const __m512i low = _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 0, 0, 0,
                                          0, 0, 0, 0, 0);
    const __m512i high = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 3, 7, 11,
                                           15, 19, 23, 27, 31);
    const f32x16 a = _mm512_permutex2var_ps(_mm512_loadu_ps(p), low,
                                            _mm512_loadu_ps(p + 16));
    const f32x16 b = _mm512_permutex2var_ps(_mm512_loadu_ps(p + 29), high,
                                            _mm512_loadu_ps(p + 45));
    return _mm512_mask_blend_ps((__mmask16)0xff00, a, b);
}
#endif
#endif
/*@end */

/*@block weave on v4 v3 v2 aarch64 */
#if !defined(CNNC_TARGET_GENERIC)
/* V_put(p, v, n): of v's lanes those that still belong to n floats from p on; n
 * may be less than 1. Then lanes of a and b by turns, single floats, pairs or
 * fours of them: the first half of the result, and the second. */
#define CNNC_PUT(V, N)                         \
    CNNC_FN void V##_put(float *p, V v, int n) \
    {                                          \
        if (n >= N)                            \
            V##_store(p, v);                   \
        else if (n > 0)                        \
            V##_store_part(p, v, n);           \
    }
CNNC_PUT(f32x4, 4)
#if CNNC_X86
CNNC_FN2(f32x4, turns_low, _mm_unpacklo_ps(a, b))
CNNC_FN2(f32x4, turns_high, _mm_unpackhi_ps(a, b))
CNNC_FN2(f32x4, pairs_low, _mm_movelh_ps(a, b))
CNNC_FN2(f32x4, pairs_high, _mm_movehl_ps(b, a))
CNNC_FN2(f32x4, pairs_outer, _mm_shuffle_ps(a, b, 0xe4))
#else
#define CNNC_PAIR(v, half) vget_##half##_f32(v)
CNNC_FN2(f32x4, turns_low, vzip1q_f32(a, b))
CNNC_FN2(f32x4, turns_high, vzip2q_f32(a, b))
CNNC_FN2(f32x4, pairs_low, vcombine_f32(CNNC_PAIR(a, low), CNNC_PAIR(b, low)))
CNNC_FN2(f32x4, pairs_high, vcombine_f32(CNNC_PAIR(a, high), CNNC_PAIR(b, high)))
CNNC_FN2(f32x4, pairs_outer, vcombine_f32(CNNC_PAIR(a, low), CNNC_PAIR(b, high)))
#endif
CNNC_FN2(f32x4, fours_low, ((void)b, a))
CNNC_FN2(f32x4, fours_high, ((void)a, b))
#if CNNC_X86 >= 3
#define CNNC_LOW(v) _mm256_castps256_ps128(v)
#define CNNC_HIGH(v) _mm256_extractf128_ps(v, 1)
#endif
#if CNNC_X86 == 4
CNNC_PUT(f32x16, 16)
CNNC_FN f32x16 f32x16_pairs(f32x16 a, __m512i lane, f32x16 b)
{
    return _mm512_castpd_ps(_mm512_permutex2var_pd(_mm512_castps_pd(a), lane,
                                                   _mm512_castps_pd(b)));
}
CNNC_FN2(f32x16, turns_low, _mm512_permutex2var_ps(
    a,
    _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23),
    b))
CNNC_FN2(f32x16, turns_high, _mm512_permutex2var_ps(
    a,
    _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15,
                      31),
    b))
CNNC_FN2(f32x16, pairs_low, f32x16_pairs(
    a, _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11), b))
CNNC_FN2(f32x16, pairs_high, f32x16_pairs(
    a, _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15), b))
CNNC_FN2(f32x16, fours_low, f32x16_pairs(
    a, _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11), b))
CNNC_FN2(f32x16, fours_high, f32x16_pairs(
    a, _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15), b))
#endif
#endif
/*@end */

/*@block store_weave2 store_weave2_part on v4 v3 v2 aarch64 needs weave */
#if !defined(CNNC_TARGET_GENERIC)
/* The first n floats of a0 b0 a1 b1 a2 b2 ... go to p. What follows does so
 * with more vectors. */
#define CNNC_WEAVE2(V, N)                              \
    CNNC_FN void V##_weave2(float *p, V a, V b, int n) \
    {                                                  \
        V##_put(p, V##_turns_low(a, b), n);            \
        V##_put(p + N, V##_turns_high(a, b), n - N);   \
    }
CNNC_WEAVE2(f32x4, 4)
#if CNNC_X86 == 4
CNNC_WEAVE2(f32x16, 16)
#endif
#if CNNC_X86 >= 3
CNNC_FN void f32x8_weave2(float *p, f32x8 a, f32x8 b, int n)
{
    f32x4_weave2(p, CNNC_LOW(a), CNNC_LOW(b), n);
    f32x4_weave2(p + 8, CNNC_HIGH(a), CNNC_HIGH(b), n - 8);
}
#endif
#define CNNC_STORE_WEAVE2(V, N)                                   \
    CNNC_FN void V##_store_weave2_part(float *p, V a, V b, int n) \
    {                                                             \
        V##_weave2(p, a, b, 2 * n);                               \
    }                                                             \
    CNNC_FN void V##_store_weave2(float *p, V a, V b)             \
    {                                                             \
        V##_weave2(p, a, b, 2 * N);                               \
    }
CNNC_STORE_WEAVE2(f32x4, 4)
#if CNNC_X86 >= 3
CNNC_STORE_WEAVE2(f32x8, 8)
#endif
#if CNNC_X86 == 4
CNNC_STORE_WEAVE2(f32x16, 16)
#endif
#endif
/*@end */

/*@block store_weave3 store_weave3_part on v4 v3 v2 aarch64 needs weave */
#if !defined(CNNC_TARGET_GENERIC)
/* a0 b0 c0 a1 b1 c1 ... */
#if CNNC_X86
CNNC_FN void f32x4_weave3(float *p, f32x4 a, f32x4 b, f32x4 c, int n)
{
    const f32x4 ab = _mm_unpacklo_ps(a, b);       /* a0 b0 a1 b1 */
    const f32x4 ca = _mm_shuffle_ps(c, a, 0x50);  /* c0 c0 a1 a1 */
    const f32x4 bc = _mm_shuffle_ps(b, c, 0x55);  /* b1 b1 c1 c1 */
    const f32x4 ab2 = _mm_shuffle_ps(a, b, 0xaa); /* a2 a2 b2 b2 */
    const f32x4 ca2 = _mm_shuffle_ps(c, a, 0xfa); /* c2 c2 a3 a3 */
    const f32x4 bc3 = _mm_shuffle_ps(b, c, 0xff); /* b3 b3 c3 c3 */
    f32x4_put(p, _mm_shuffle_ps(ab, ca, 0x84), n);
    f32x4_put(p + 4, _mm_shuffle_ps(bc, ab2, 0x88), n - 4);
    f32x4_put(p + 8, _mm_shuffle_ps(ca2, bc3, 0x88), n - 8);
}
#else
CNNC_FN void f32x4_weave3(float *p, f32x4 a, f32x4 b, f32x4 c, int n)
{
    const float32x4x3_t v = { { a, b, c } };
    float t[12];
    if (n >= 12) {
        vst3q_f32(p, v);
        return;
    }
    vst3q_f32(t, v);
    for (int i = 0; i < n; i++)
        p[i] = t[i];
}
#endif
#if CNNC_X86 >= 3
CNNC_FN void f32x8_weave3(float *p, f32x8 a, f32x8 b, f32x8 c, int n)
{
    f32x4_weave3(p, CNNC_LOW(a), CNNC_LOW(b), CNNC_LOW(c), n);
    f32x4_weave3(p + 12, CNNC_HIGH(a), CNNC_HIGH(b), CNNC_HIGH(c), n - 12);
}
#endif
#if CNNC_X86 == 4
CNNC_FN void f32x16_weave3(float *p, f32x16 a, f32x16 b, f32x16 c, int n)
{
    const __m512i ab0 = _mm512_setr_epi32(0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19,
                                          0, 4, 20, 0, 5);
    const __m512i c0 = _mm512_setr_epi32(0, 1, 16, 3, 4, 17, 6, 7, 18, 9, 10,
                                         19, 12, 13, 20, 15);
    const __m512i ab1 = _mm512_setr_epi32(21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0,
                                          9, 25, 0, 10, 26);
    const __m512i c1 = _mm512_setr_epi32(0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24,
                                         11, 12, 25, 14, 15);
    const __m512i ab2 = _mm512_setr_epi32(0, 11, 27, 0, 12, 28, 0, 13, 29, 0,
                                          14, 30, 0, 15, 31, 0);
    const __m512i c2 = _mm512_setr_epi32(26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10,
                                         11, 30, 13, 14, 31);
    const f32x16 v0 = _mm512_permutex2var_ps(a, ab0, b);
    const f32x16 v1 = _mm512_permutex2var_ps(a, ab1, b);
    const f32x16 v2 = _mm512_permutex2var_ps(a, ab2, b);
    f32x16_put(p, _mm512_permutex2var_ps(v0, c0, c), n);
    f32x16_put(p + 16, _mm512_permutex2var_ps(v1, c1, c), n - 16);
    f32x16_put(p + 32, _mm512_permutex2var_ps(v2, c2, c), n - 32);
}
#endif
#define CNNC_WEAVE3(V, N)                                              \
    CNNC_FN void V##_store_weave3_part(float *p, V a, V b, V c, int n) \
    {                                                                  \
        V##_weave3(p, a, b, c, 3 * n);                                 \
    }                                                                  \
    CNNC_FN void V##_store_weave3(float *p, V a, V b, V c)             \
    {                                                                  \
        V##_weave3(p, a, b, c, 3 * N);                                 \
    }
CNNC_WEAVE3(f32x4, 4)
#if CNNC_X86 >= 3
CNNC_WEAVE3(f32x8, 8)
#endif
#if CNNC_X86 == 4
CNNC_WEAVE3(f32x16, 16)
#endif
#endif
/*@end */

/*@block store_weave4 store_weave4_part on v4 v3 v2 aarch64 needs weave */
#if !defined(CNNC_TARGET_GENERIC)
/* Pairs, then pairs of pairs. */
#define CNNC_WEAVE4(V, N)                                             \
    CNNC_FN void V##_weave4(float *p, V a, V b, V c, V d, int n)      \
    {                                                                 \
        const V ab = V##_turns_low(a, b), ab2 = V##_turns_high(a, b); \
        const V cd = V##_turns_low(c, d), cd2 = V##_turns_high(c, d); \
        V##_put(p, V##_pairs_low(ab, cd), n);                         \
        V##_put(p + N, V##_pairs_high(ab, cd), n - N);                \
        V##_put(p + 2 * N, V##_pairs_low(ab2, cd2), n - 2 * N);       \
        V##_put(p + 3 * N, V##_pairs_high(ab2, cd2), n - 3 * N);      \
    }
CNNC_WEAVE4(f32x4, 4)
#if CNNC_X86 == 4
CNNC_WEAVE4(f32x16, 16)
#endif
#if CNNC_X86 >= 3
CNNC_FN void f32x8_weave4(float *p, f32x8 a, f32x8 b, f32x8 c, f32x8 d,
                          int n)
{
    f32x4_weave4(p, CNNC_LOW(a), CNNC_LOW(b), CNNC_LOW(c), CNNC_LOW(d), n);
    f32x4_weave4(p + 16, CNNC_HIGH(a), CNNC_HIGH(b), CNNC_HIGH(c),
                 CNNC_HIGH(d), n - 16);
}
#endif
#define CNNC_STORE_WEAVE4(V, N)                                             \
    CNNC_FN void V##_store_weave4_part(float *p, V a, V b, V c, V d, int n) \
    {                                                                       \
        V##_weave4(p, a, b, c, d, 4 * n);                                   \
    }                                                                       \
    CNNC_FN void V##_store_weave4(float *p, V a, V b, V c, V d)             \
    {                                                                       \
        V##_weave4(p, a, b, c, d, 4 * N);                                   \
    }
CNNC_STORE_WEAVE4(f32x4, 4)
#if CNNC_X86 >= 3
CNNC_STORE_WEAVE4(f32x8, 8)
#endif
#if CNNC_X86 == 4
CNNC_STORE_WEAVE4(f32x16, 16)
#endif
#endif
/*@end */

/*@block store_weave6 store_weave6_part on v4 v3 v2 aarch64 needs weave */
#if !defined(CNNC_TARGET_GENERIC)
/* Pairs, and those by threes. */
CNNC_FN void f32x4_pairs_by_three(float *p, f32x4 x, f32x4 y, f32x4 z, int n)
{
    f32x4_put(p, f32x4_pairs_low(x, y), n);
    f32x4_put(p + 4, f32x4_pairs_outer(z, x), n - 4);
    f32x4_put(p + 8, f32x4_pairs_high(y, z), n - 8);
}
#if CNNC_X86 == 4
CNNC_FN void f32x16_pairs_by_three(float *p, f32x16 x, f32x16 y, f32x16 z,
                                   int n)
{
    const __m512i xy0 = _mm512_setr_epi64(0, 8, 0, 1, 9, 0, 2, 10);
    const __m512i z0 = _mm512_setr_epi64(0, 1, 8, 3, 4, 9, 6, 7);
    const __m512i xy1 = _mm512_setr_epi64(0, 3, 11, 0, 4, 12, 0, 5);
    const __m512i z1 = _mm512_setr_epi64(10, 1, 2, 11, 4, 5, 12, 7);
    const __m512i xy2 = _mm512_setr_epi64(13, 0, 6, 14, 0, 7, 15, 0);
    const __m512i z2 = _mm512_setr_epi64(0, 13, 2, 3, 14, 5, 6, 15);
    const f32x16 v0 = f32x16_pairs(x, xy0, y);
    const f32x16 v1 = f32x16_pairs(x, xy1, y);
    const f32x16 v2 = f32x16_pairs(x, xy2, y);
    f32x16_put(p, f32x16_pairs(v0, z0, z), n);
    f32x16_put(p + 16, f32x16_pairs(v1, z1, z), n - 16);
    f32x16_put(p + 32, f32x16_pairs(v2, z2, z), n - 32);
}
#endif
#define CNNC_WEAVE6(V, N)                                                  \
    CNNC_FN void V##_weave6(float *p, V a, V b, V c, V d, V e, V f, int n) \
    {                                                                      \
        const V ab = V##_turns_low(a, b), ab2 = V##_turns_high(a, b);      \
        const V cd = V##_turns_low(c, d), cd2 = V##_turns_high(c, d);      \
        const V ef = V##_turns_low(e, f), ef2 = V##_turns_high(e, f);      \
        V##_pairs_by_three(p, ab, cd, ef, n);                              \
        V##_pairs_by_three(p + 3 * N, ab2, cd2, ef2, n - 3 * N);           \
    }
CNNC_WEAVE6(f32x4, 4)
#if CNNC_X86 == 4
CNNC_WEAVE6(f32x16, 16)
#endif
#if CNNC_X86 >= 3
CNNC_FN void f32x8_weave6(float *p, f32x8 a, f32x8 b, f32x8 c, f32x8 d,
                          f32x8 e, f32x8 f, int n)
{
    f32x4_weave6(p, CNNC_LOW(a), CNNC_LOW(b), CNNC_LOW(c), CNNC_LOW(d),
                 CNNC_LOW(e), CNNC_LOW(f), n);
    f32x4_weave6(p + 24, CNNC_HIGH(a), CNNC_HIGH(b), CNNC_HIGH(c),
                 CNNC_HIGH(d), CNNC_HIGH(e), CNNC_HIGH(f), n - 24);
}
#endif
#define CNNC_STORE_WEAVE6(V, N)                                           \
    CNNC_FN void V##_store_weave6_part(float *p, V a, V b, V c, V d, V e, \
                                       V f, int n)                        \
    {                                                                     \
        V##_weave6(p, a, b, c, d, e, f, 6 * n);                           \
    }                                                                     \
    CNNC_FN void V##_store_weave6(float *p, V a, V b, V c, V d, V e, V f) \
    {                                                                     \
        V##_weave6(p, a, b, c, d, e, f, 6 * N);                           \
    }
CNNC_STORE_WEAVE6(f32x4, 4)
#if CNNC_X86 >= 3
CNNC_STORE_WEAVE6(f32x8, 8)
#endif
#if CNNC_X86 == 4
CNNC_STORE_WEAVE6(f32x16, 16)
#endif
#endif
/*@end */

/*@block store_weave8 store_weave8_part on v4 v3 v2 aarch64 needs weave */
#if !defined(CNNC_TARGET_GENERIC)
/* Pairs, pairs of pairs, and those once more. */
#define CNNC_PAIRS_BY_FOUR(V, N)                                          \
    CNNC_FN void V##_pairs_by_four(float *p, V a, V b, V c, V d, int n)   \
    {                                                                     \
        const V low = V##_pairs_low(a, b), high = V##_pairs_high(a, b);   \
        const V low2 = V##_pairs_low(c, d), high2 = V##_pairs_high(c, d); \
        V##_put(p, V##_fours_low(low, low2), n);                          \
        V##_put(p + N, V##_fours_high(low, low2), n - N);                 \
        V##_put(p + 2 * N, V##_fours_low(high, high2), n - 2 * N);        \
        V##_put(p + 3 * N, V##_fours_high(high, high2), n - 3 * N);       \
    }
CNNC_PAIRS_BY_FOUR(f32x4, 4)
#if CNNC_X86 == 4
CNNC_PAIRS_BY_FOUR(f32x16, 16)
#endif
#define CNNC_WEAVE8(V, N)                                                     \
    CNNC_FN void V##_weave8(float *p, V a, V b, V c, V d, V e, V f, V g, V h, \
                            int n)                                            \
    {                                                                         \
        const V ab = V##_turns_low(a, b), ab2 = V##_turns_high(a, b);         \
        const V cd = V##_turns_low(c, d), cd2 = V##_turns_high(c, d);         \
        const V ef = V##_turns_low(e, f), ef2 = V##_turns_high(e, f);         \
        const V gh = V##_turns_low(g, h), gh2 = V##_turns_high(g, h);         \
        V##_pairs_by_four(p, ab, cd, ef, gh, n);                              \
        V##_pairs_by_four(p + 4 * N, ab2, cd2, ef2, gh2, n - 4 * N);          \
    }
CNNC_WEAVE8(f32x4, 4)
#if CNNC_X86 == 4
CNNC_WEAVE8(f32x16, 16)
#endif
#if CNNC_X86 >= 3
CNNC_FN void f32x8_weave8(float *p, f32x8 a, f32x8 b, f32x8 c, f32x8 d,
                          f32x8 e, f32x8 f, f32x8 g, f32x8 h, int n)
{
    f32x4_weave8(p, CNNC_LOW(a), CNNC_LOW(b), CNNC_LOW(c), CNNC_LOW(d),
                 CNNC_LOW(e), CNNC_LOW(f), CNNC_LOW(g), CNNC_LOW(h), n);
    f32x4_weave8(p + 32, CNNC_HIGH(a), CNNC_HIGH(b), CNNC_HIGH(c),
                 CNNC_HIGH(d), CNNC_HIGH(e), CNNC_HIGH(f), CNNC_HIGH(g),
                 CNNC_HIGH(h), n - 32);
}
#endif
#define CNNC_STORE_WEAVE8(V, N)                                           \
    CNNC_FN void V##_store_weave8_part(float *p, V a, V b, V c, V d, V e, \
                                       V f, V g, V h, int n)              \
    {                                                                     \
        V##_weave8(p, a, b, c, d, e, f, g, h, 8 * n);                     \
    }                                                                     \
    CNNC_FN void V##_store_weave8(float *p, V a, V b, V c, V d, V e, V f, \
                                  V g, V h)                               \
    {                                                                     \
        V##_weave8(p, a, b, c, d, e, f, g, h, 8 * N);                     \
    }
CNNC_STORE_WEAVE8(f32x4, 4)
#if CNNC_X86 >= 3
CNNC_STORE_WEAVE8(f32x8, 8)
#endif
#if CNNC_X86 == 4
CNNC_STORE_WEAVE8(f32x16, 16)
#endif
#endif
/*@end */
/*@block bytes on v4 v3 v2 aarch64 */
#if !defined(CNNC_TARGET_GENERIC)
/* The first n bytes at p, at most 8, the first one lowest; with the constant n
 * = 4 or 8 it is one load. */
CNNC_FN uint64_t cnnc_bytes(const void *p, int n)
{
    const uint8_t *b = (const uint8_t *)p;
    uint64_t w = b[0];
    w |= n > 1 ? (uint64_t)b[1] << 8 : 0;
    w |= n > 2 ? (uint64_t)b[2] << 16 : 0;
    w |= n > 3 ? (uint64_t)b[3] << 24 : 0;
    w |= n > 4 ? (uint64_t)b[4] << 32 : 0;
    w |= n > 5 ? (uint64_t)b[5] << 40 : 0;
    w |= n > 6 ? (uint64_t)b[6] << 48 : 0;
    w |= n > 7 ? (uint64_t)b[7] << 56 : 0;
    return w;
}
#endif
/*@end */

/*@block load_u8 load_i8 load_u8_part load_i8_part on v4 v3 v2 needs bytes */
#if CNNC_X86
CNNC_FN __m128i cnnc_bytes_part(const void *p, int n)
{
    const uint8_t *b = (const uint8_t *)p;
    return _mm_set_epi64x(n > 8 ? (int64_t)cnnc_bytes(b + 8, n - 8) : 0,
                          (int64_t)cnnc_bytes(b, n));
}

#define f32x4_bytes(p)  cnnc_bytes_part(p, 4)
#define f32x8_bytes(p)  cnnc_bytes_part(p, 8)
#define f32x16_bytes(p) _mm_loadu_si128((const __m128i *)(const void *)(p))

#define CNNC_LOAD_BYTES(V, P, B, K)                                           \
    CNNC_FN V V##_from_u8(__m128i a)                                          \
    {                                                                         \
        return CNNC_DO(P, K, cvtepi32_ps, CNNC_DO(P, K, cvtepu8_epi32, a));   \
    }                                                                         \
    CNNC_FN V V##_from_i8(__m128i a)                                          \
    {                                                                         \
        return CNNC_DO(P, K, cvtepi32_ps, CNNC_DO(P, K, cvtepi8_epi32, a));   \
    }                                                                         \
    CNNC_FN V V##_load_u8(const uint8_t *p)                                   \
    {                                                                         \
        return V##_from_u8(V##_bytes(p));                                     \
    }                                                                         \
    CNNC_FN V V##_load_i8(const int8_t *p)                                    \
    {                                                                         \
        return V##_from_i8(V##_bytes(p));                                     \
    }                                                                         \
    CNNC_FN V V##_load_u8_part(const uint8_t *p, int n)                       \
    {                                                                         \
        return V##_from_u8(cnnc_bytes_part(p, n));                            \
    }                                                                         \
    CNNC_FN V V##_load_i8_part(const int8_t *p, int n)                        \
    {                                                                         \
        return V##_from_i8(cnnc_bytes_part(p, n));                            \
    }
CNNC_EACH_VECTOR(CNNC_LOAD_BYTES)
#endif
/*@end */

/*@block load_u8 load_i8 load_u8_part load_i8_part on aarch64 needs bytes */
#if defined(CNNC_TARGET_AARCH64)
CNNC_FN f32x4 f32x4_load_u8_part(const uint8_t *p, int n)
{
    const uint16x8_t v = vmovl_u8(vcreate_u8(cnnc_bytes(p, n)));
    return vcvtq_f32_u32(vmovl_u16(vget_low_u16(v)));
}

CNNC_FN f32x4 f32x4_load_i8_part(const int8_t *p, int n)
{
    const int16x8_t v = vmovl_s8(vcreate_s8(cnnc_bytes(p, n)));
    return vcvtq_f32_s32(vmovl_s16(vget_low_s16(v)));
}

CNNC_FN f32x4 f32x4_load_u8(const uint8_t *p)
{
    return f32x4_load_u8_part(p, 4);
}

CNNC_FN f32x4 f32x4_load_i8(const int8_t *p)
{
    return f32x4_load_i8_part(p, 4);
}
#endif
/*@end */

/*@block nonzero on v4 */
#if CNNC_X86 == 4
CNNC_FN int f32_nonzero(int *list, const float *p, int n)
{
    const __m512i step = _mm512_set1_epi32(16);
    __m512i index = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4,
                                     3, 2, 1, 0);
    int count = 0, i;
    for (i = 0; i < n; i += 16) {
        const __mmask16 in =
            (__mmask16)(n - i < 16 ? (1u << (n - i)) - 1 : 0xffffu);
        const __m512 v = _mm512_maskz_loadu_ps(in, p + i);
        const __mmask16 some = (__mmask16)_mm512_cmp_ps_mask(
            v, _mm512_setzero_ps(), _CMP_NEQ_UQ);
        _mm512_storeu_si512(list + count,
                            _mm512_maskz_compress_epi32(some, index));
        count += (int)_mm_popcnt_u32(some);
        index = _mm512_add_epi32(index, step);
    }
    return count;
}
#endif
/*@end */

/*@block nonzero on v3 v2 aarch64 generic */
#if CNNC_X86 != 4
CNNC_FN int f32_nonzero(int *list, const float *p, int n)
{
    int count = 0, i;
    for (i = 0; i < n; i++) {
        list[count] = i;
        count += p[i] != 0;
    }
    return count;
}
#endif
/*@end */

/*@block sqrt floor ceil round_even on v4 v3 v2 */
/* ---- square root, rounding, choice, across the lanes ---- */

#if CNNC_X86
#if CNNC_X86 == 4
#define CNNC_ROUND(P, K, a, mode) P##_maskz_roundscale_ps((K)-1, a, mode)
#else
#define CNNC_ROUND(P, K, a, mode) P##_round_ps(a, mode)
#endif
#define CNNC_ROUND1(a, mode) \
    _mm_cvtss_f32(_mm_round_ss(_mm_set_ss(a), _mm_set_ss(a), mode))

#define CNNC_ROUNDING(V, P, B, K)                                             \
    CNNC_FN1(V, sqrt, CNNC_DO(P, K, sqrt_ps, a))                              \
    CNNC_FN1(V, floor, CNNC_ROUND(P, K, a, 0x09))                             \
    CNNC_FN1(V, ceil, CNNC_ROUND(P, K, a, 0x0a))                              \
    CNNC_FN1(V, round_even, CNNC_ROUND(P, K, a, 0x08))
/* gcc -O0 has roundscale as a macro, which gives its mask another sign. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
CNNC_EACH_VECTOR(CNNC_ROUNDING)
#pragma GCC diagnostic pop
CNNC_FN1(f32, sqrt, _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(a))))
CNNC_FN1(f32, floor, CNNC_ROUND1(a, 0x09))
CNNC_FN1(f32, ceil, CNNC_ROUND1(a, 0x0a))
CNNC_FN1(f32, round_even, CNNC_ROUND1(a, 0x08))
#endif
/*@end */

/*@block sqrt floor ceil round_even on aarch64 */
#if defined(CNNC_TARGET_AARCH64)
CNNC_FN1(f32x4, sqrt, vsqrtq_f32(a))
CNNC_FN1(f32x4, floor, vrndmq_f32(a))
CNNC_FN1(f32x4, ceil, vrndpq_f32(a))
CNNC_FN1(f32x4, round_even, vrndnq_f32(a))
CNNC_FN1(f32, sqrt, f32x4_first(f32x4_sqrt(f32x4_splat(a))))
CNNC_FN1(f32, floor, f32x4_first(f32x4_floor(f32x4_splat(a))))
CNNC_FN1(f32, ceil, f32x4_first(f32x4_ceil(f32x4_splat(a))))
CNNC_FN1(f32, round_even, f32x4_first(f32x4_round_even(f32x4_splat(a))))
#endif
/*@end */

/*@block copysign on generic */
#if defined(CNNC_TARGET_GENERIC)
/* A value that is not negative, with the sign of b. */
CNNC_FN2(f32, copysign, cnnc_float(cnnc_bits(a) | (cnnc_bits(b) & 0x80000000u)))
#endif
/*@end */

/*@block sqrt floor ceil round_even on generic needs copysign */
#if defined(CNNC_TARGET_GENERIC)
/* Newton's steps in double double the 5 good bits of the first guess, halved
 * exponent bits, to more than 50. No root of a float is as close to the middle
 * between two floats as that, so its rounding is the correct one. */
CNNC_FN float f32_sqrt(float a)
{
    const float scaled = a < 1.17549435e-38f ? a * 16777216.0f : a;
    double y = (double)cnnc_float((cnnc_bits(scaled) >> 1) + 0x1fbd1df5u);
    int i;
    if (!(a > 0.0f && a <= 3.40282347e38f))
        return a < 0.0f ? cnnc_float(0x7fc00000u) : a;
    for (i = 0; i < 4; i++)
        y = 0.5 * (y + (double)scaled / y);
    return (float)(scaled > a ? y * (1.0 / 4096.0) : y);
}

/* From 2^23 on every float is integral (or infinite, or NaN). */
CNNC_FN float f32_floor(float a)
{
    if (!(f32_abs(a) < 8388608.0f))
        return a;
    {
        const float t = (float)(int32_t)a;
        return f32_copysign(f32_abs(t > a ? t - 1.0f : t), a);
    }
}

CNNC_FN1(f32, ceil, -f32_floor(-a))

CNNC_FN float f32_round_even(float a)
{
    const float y = f32_abs(a);
    if (!(y < 8388608.0f))
        return a;
    {
        const int32_t t = (int32_t)y;
        const float rest = y - (float)t;
        const int up = rest > 0.5f || (rest == 0.5f && t % 2 == 1);
        return f32_copysign((float)(t + up), a);
    }
}
#endif
/*@end */

/*@block select_lt select_le select_eq */
CNNC_SELECT(f32, lt, a < b ? t : f)
CNNC_SELECT(f32, le, a <= b ? t : f)
CNNC_SELECT(f32, eq, a == b ? t : f)
/*@end */

/*@block select_lt select_le select_eq on v4 v3 v2 */
#if CNNC_X86
#if CNNC_X86 == 4
#define CNNC_WHERE(P, how, mode) \
    P##_mask_blend_ps(P##_cmp_ps_mask(a, b, mode), f, t)
#elif CNNC_X86 == 3
#define CNNC_WHERE(P, how, mode) P##_blendv_ps(f, t, P##_cmp_ps(a, b, mode))
#else
#define CNNC_WHERE(P, how, mode) P##_blendv_ps(f, t, P##_cmp##how##_ps(a, b))
#endif
#define CNNC_CHOICE(V, P, B, K)                                               \
    CNNC_SELECT(V, lt, CNNC_WHERE(P, lt, 0x11))                               \
    CNNC_SELECT(V, le, CNNC_WHERE(P, le, 0x12))                               \
    CNNC_SELECT(V, eq, CNNC_WHERE(P, eq, 0x00))
CNNC_EACH_VECTOR(CNNC_CHOICE)
#endif
/*@end */

/*@block select_lt select_le select_eq on aarch64 */
#if defined(CNNC_TARGET_AARCH64)
CNNC_SELECT(f32x4, lt, vbslq_f32(vcltq_f32(a, b), t, f))
CNNC_SELECT(f32x4, le, vbslq_f32(vcleq_f32(a, b), t, f))
CNNC_SELECT(f32x4, eq, vbslq_f32(vceqq_f32(a, b), t, f))
#endif
/*@end */

/*@block sum max_across min_across on v4 v3 v2 */
#if CNNC_X86
/* The upper half onto the lower, until one lane is left. */
#define CNNC_ACROSS4(name, op)                                                \
    CNNC_FN float f32x4_##name(f32x4 v)                                       \
    {                                                                         \
        v = f32x4_##op(v, _mm_movehl_ps(v, v));                               \
        return f32x4_first(f32x4_##op(v, _mm_shuffle_ps(v, v, 1)));           \
    }
CNNC_ACROSS4(sum, add)
CNNC_ACROSS4(max_across, max)
CNNC_ACROSS4(min_across, min)
#endif
/*@end */

/*@block sum max_across min_across on v4 v3 */
#if CNNC_X86 >= 3
#define CNNC_ACROSS8(name, op)                                                \
    CNNC_FN float f32x8_##name(f32x8 v)                                       \
    {                                                                         \
        return f32x4_##name(f32x4_##op(_mm256_castps256_ps128(v),             \
                                       _mm256_extractf128_ps(v, 1)));         \
    }
CNNC_ACROSS8(sum, add)
CNNC_ACROSS8(max_across, max)
CNNC_ACROSS8(min_across, min)
#endif
/*@end */

/*@block sum max_across min_across on v4 */
#if CNNC_X86 == 4
#define CNNC_ACROSS16(name, op)                                               \
    CNNC_FN float f32x16_##name(f32x16 v)                                     \
    {                                                                         \
        return f32x8_##name(                                                  \
            f32x8_##op(_mm512_maskz_extractf32x8_ps((__mmask8)-1, v, 0),      \
                       _mm512_maskz_extractf32x8_ps((__mmask8)-1, v, 1)));    \
    }
CNNC_ACROSS16(sum, add)
CNNC_ACROSS16(max_across, max)
CNNC_ACROSS16(min_across, min)
#endif
/*@end */

/*@block sum max_across min_across on aarch64 */
#if defined(CNNC_TARGET_AARCH64)
#define CNNC_ACROSS4(name, op)                                                \
    CNNC_FN float f32x4_##name(f32x4 v)                                       \
    {                                                                         \
        v = f32x4_##op(v, vextq_f32(v, v, 2));                                \
        return f32x4_first(f32x4_##op(v, vextq_f32(v, v, 1)));                \
    }
CNNC_ACROSS4(sum, add)
CNNC_ACROSS4(max_across, max)
CNNC_ACROSS4(min_across, min)
#endif
/*@end */

/*@block include maths.h */
#include <cnnc/maths.h>
/*@end */

/*@block include rare.h */
#include <cnnc/rare.h>
/*@end */

/*@block always on v4 v3 v2 */
#if CNNC_X86 && defined(__clang__)
#pragma clang attribute pop
#elif CNNC_X86
#pragma GCC pop_options
#endif
/*@end */

/*@block manual */
#endif
/*@end */
