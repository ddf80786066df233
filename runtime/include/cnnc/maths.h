/*@block manual */
/*
 * maths.h - the mathematical functions that layers are made of, without libm.
 *
 * SPDX-License-Identifier: 0BSD
 * Permission to use, copy, modify, and/or distribute this file for any purpose
 * with or without fee is granted. It comes without any warranty.
 *
 *     #include <cnnc/net.h>                 includes this file; nobody else does
 *     f32x8_exp(x)  f32_exp(a)
 *
 * All lanes are computed at once, in floats. Scalar and vectors agree in every bit, and so do all targets with FMA (v3,
 * v4, aarch64), and those without (v2, generic). Largest error over all 2^32
 * floats, in ULP (measured by tests/runtime, test_maths exhaustive):
 *
 *     NAME       with FMA   without
 *     exp          0.86       0.87
 *     expm1        1.43       1.56
 *     log          0.86       0.86
 *     log1p        1.44       1.44
 *     tanh         1.05       1.05
 *     sigmoid      1.50       1.50       1 / (1 + exp(-x))
 *     erf          0.99       1.32
 *     softplus     1.51       1.51       log(1 + exp(x))
 *
 * Others, sin or pow, are in <cnnc/rare.h>.
 *
 * Infinity, NaN and signed zeros come out as C99's Annex F has it.
 *
 * Blocks as in net.h; tests/runtime/tools/fit.py finds the polynomials.
 */
#ifndef CNNC_MATHS_H
#define CNNC_MATHS_H
/* clang-format off */
/*@end */

/*@block tools */
/* ---- maths ---- */

/* V_copysign(a, b)  a >= 0 with the sign of b
 * V_pow2(n)         2^n; n integral in -126..127
 * V_scale(a, n)     a 2^n rounded once; |a| from 1/8 to 8, or n = 0;
 *                   n integral in -160..140
 * V_split(a, &m)    a = 2^k m with m from 1/sqrt(2) to sqrt(2), returns k;
 *                   anything for an a that is subnormal or not positive */
/*@end */

/*@block tools on v4 v3 v2 */
#if CNNC_X86
#define CNNC_TOOLS(V, P, B, K)                                                \
    CNNC_FN2(V, copysign,                                                     \
             P##_or_ps(a, P##_and_ps(b, P##_set1_ps(-0.0f))))                 \
    CNNC_FN V V##_split(V a, V *m)                                            \
    {                                                                         \
        const __m##B##i bits = P##_castps_si##B(a);                           \
        const __m##B##i k = P##_sub_epi32(bits, P##_set1_epi32(0x3f3504f3));  \
        const __m##B##i shift =                                               \
            P##_and_si##B(k, P##_set1_epi32((int)0xff800000));                \
        *m = P##_castsi##B##_ps(P##_sub_epi32(bits, shift));                  \
        return CNNC_DO(P, K, cvtepi32_ps, CNNC_DO(P, K, srai_epi32, k, 23));  \
    }
CNNC_EACH_VECTOR(CNNC_TOOLS)
#endif
/*@end */

/*@block tools on v4 */
#if CNNC_X86 == 4
#define CNNC_SCALING(V, P, B, K)                                              \
    CNNC_FN1(V, pow2, CNNC_DO(P, K, scalef_ps, P##_set1_ps(1.0f), a))         \
    CNNC_FN2(V, scale, CNNC_DO(P, K, scalef_ps, a, b))
CNNC_EACH_VECTOR(CNNC_SCALING)
#endif
/*@end */

/*@block tools on v3 v2 */
#if CNNC_X86 == 3 || CNNC_X86 == 2
#define CNNC_POWER(P, B, n)                                                   \
    P##_castsi##B##_ps(                                                       \
        P##_slli_epi32(P##_add_epi32(n, P##_set1_epi32(127)), 23))

#define CNNC_SCALING(V, P, B, K)                                              \
    CNNC_FN1(V, pow2, CNNC_POWER(P, B, P##_cvtps_epi32(a)))                   \
    CNNC_FN V V##_scale(V a, V n)                                             \
    {                                                                         \
        const __m##B##i all = P##_cvtps_epi32(n);                             \
        const __m##B##i half = P##_srai_epi32(all, 1);                        \
        a = P##_mul_ps(a, CNNC_POWER(P, B, half));                            \
        return P##_mul_ps(a, CNNC_POWER(P, B, P##_sub_epi32(all, half)));     \
    }
CNNC_EACH_VECTOR(CNNC_SCALING)
#endif
/*@end */

/*@block tools on aarch64 */
#if defined(CNNC_TARGET_AARCH64)
CNNC_FN f32x4 cnnc_power(int32x4_t n)
{
    return vreinterpretq_f32_s32(
        vshlq_n_s32(vaddq_s32(n, vdupq_n_s32(127)), 23));
}

CNNC_FN2(f32x4, copysign, vbslq_f32(vdupq_n_u32(0x80000000u), b, a))
CNNC_FN1(f32x4, pow2, cnnc_power(vcvtnq_s32_f32(a)))

CNNC_FN f32x4 f32x4_scale(f32x4 a, f32x4 n)
{
    const int32x4_t all = vcvtnq_s32_f32(n), half = vshrq_n_s32(all, 1);
    return vmulq_f32(vmulq_f32(a, cnnc_power(half)),
                     cnnc_power(vsubq_s32(all, half)));
}

CNNC_FN f32x4 f32x4_split(f32x4 a, f32x4 *m)
{
    const int32x4_t bits = vreinterpretq_s32_f32(a);
    const int32x4_t k =
        vshrq_n_s32(vsubq_s32(bits, vdupq_n_s32(0x3f3504f3)), 23);
    *m = vreinterpretq_f32_s32(vsubq_s32(bits, vshlq_n_s32(k, 23)));
    return vcvtq_f32_s32(k);
}
#endif
/*@end */

/*@block tools on generic needs copysign */
#if defined(CNNC_TARGET_GENERIC)
CNNC_FN2(f32, add, a + b)
CNNC_FN2(f32, sub, a - b)
CNNC_FN2(f32, mul, a * b)
CNNC_FN2(f32, div, a / b)
CNNC_FN1(f32, splat, a)

/* An integer for a NaN, too; what it gives is then multiplied by a NaN. */
CNNC_FN int32_t cnnc_integer(float n)
{
    return n >= -160.0f && n <= 160.0f ? (int32_t)n : 0;
}

CNNC_FN float cnnc_power(int32_t n)
{
    return cnnc_float((uint32_t)(n + 127) << 23);
}

CNNC_FN1(f32, pow2, cnnc_power(cnnc_integer(a)))

CNNC_FN float f32_scale(float a, float n)
{
    const int32_t all = cnnc_integer(n), half = all / 2;
    return a * cnnc_power(half) * cnnc_power(all - half);
}

/* 1/sqrt(2) has the bits 0x3f3504f3; moved up to 1 it is the bias, 127. */
CNNC_FN float f32_split(float a, float *m)
{
    const uint32_t bits = cnnc_bits(a);
    const uint32_t k = (bits + (0x3f800000u - 0x3f3504f3u)) >> 23;
    *m = cnnc_float(bits - ((k - 127u) << 23));
    return (float)k - 127.0f;
}
#endif
/*@end */

/*@block maths */
/* A step of Horner's rule. */
#define CNNC_STEP(V, ...) \
    CNNC_FN V V##_step(V p, V x, float c) { return V##_fma(p, x, V##_splat(c)); }
CNNC_EACH_VECTOR(CNNC_STEP)

#if defined(CNNC_TARGET_GENERIC)
#define CNNC_SCALAR(name)
#else /* lane 0 of a vector: the same to the last bit */
#define CNNC_SCALAR(name) \
    CNNC_FN1(f32, name, f32x4_first(f32x4_##name(f32x4_splat(a))))
#endif
/*@end */

/*@block exp_parts needs maths round_even */
/* e^x = 2^n (1 + q) with |q| < 0.42; returns n.
 * x = n ln(2) + r, and ln(2) = 0.693145752 + 1.42860677e-6, the former with 16
 * bits, so that n times it is exact; c is the rounding error of r.
 * q = r + r^2 P(r), P minimax for |r| <= ln(2)/2: relative error 2^-28.2. */
#define CNNC_EXP_PARTS(V, ...)                                                \
    CNNC_FN V V##_exp_parts(V x, V *q)                                        \
    {                                                                         \
        const V low = V##_splat(-1.42860677e-6f);                             \
        const V n = V##_round_even(V##_mul(x, V##_splat(1.44269504f)));       \
        const V s = V##_fma(n, V##_splat(-0.693145752f), x);                  \
        const V r = V##_fma(n, low, s);                                       \
        const V c = V##_fma(n, low, V##_sub(s, r));                           \
        V p = V##_splat(1.50450855e-4f);                                      \
        p = V##_step(p, r, 1.3930545e-3f);                                    \
        p = V##_step(p, r, 8.34151078e-3f);                                   \
        p = V##_step(p, r, 0.0416665114f);                                    \
        p = V##_step(p, r, 0.166666359f);                                     \
        p = V##_step(p, r, 0.5f);                                             \
        *q = V##_add(r, V##_fma(V##_mul(r, r), p, c));                        \
        return n;                                                             \
    }
CNNC_EACH_VECTOR(CNNC_EXP_PARTS)
/*@end */

/*@block log_sum needs maths */
/* k ln(2) + log(1 + r) + d with 1 + r from 1/sqrt(2) to sqrt(2), d tiny.
 * log(1 + r) = r - r^2/2 + r^3 P(r), P minimax: relative error 2^-27.2. */
#define CNNC_LOG_SUM(V, ...)                                                  \
    CNNC_FN V V##_log_sum(V k, V r, V d)                                      \
    {                                                                         \
        const V r2 = V##_mul(r, r);                                           \
        V y = V##_fma(k, V##_splat(1.42860677e-6f), d);                       \
        V p = V##_splat(-0.0764158368f);                                      \
        p = V##_step(p, r, 0.127661645f);                                     \
        p = V##_step(p, r, -0.131594419f);                                    \
        p = V##_step(p, r, 0.142009482f);                                     \
        p = V##_step(p, r, -0.166233346f);                                    \
        p = V##_step(p, r, 0.200012609f);                                     \
        p = V##_step(p, r, -0.250008225f);                                    \
        p = V##_step(p, r, 0.333333313f);                                     \
        y = V##_fma(V##_mul(r, r2), p, y);                                    \
        y = V##_fma(r2, V##_splat(-0.5f), y);                                 \
        return V##_fma(k, V##_splat(0.693145752f), V##_add(r, y));            \
    }
CNNC_EACH_VECTOR(CNNC_LOG_SUM)
/*@end */

/*@block exp needs exp_parts tools */
/* Below -104 the result is 0, above 89 it is infinite. */
#define CNNC_EXP(V, ...)                                                      \
    CNNC_FN V V##_exp(V x)                                                    \
    {                                                                         \
        V n, q;                                                               \
        x = V##_max(V##_splat(-104.0f), V##_min(V##_splat(89.0f), x));        \
        n = V##_exp_parts(x, &q);                                             \
        return V##_scale(V##_add(q, V##_splat(1.0f)), n);                     \
    }
CNNC_EACH_VECTOR(CNNC_EXP)
CNNC_SCALAR(exp)
/*@end */

/*@block expm1 needs exp_parts tools select_eq */
/* 2^n (q + (1 - 2^-n)): the sum is exact, or nearly so, for every n. */
#define CNNC_EXPM1(V, ...)                                                    \
    CNNC_FN V V##_expm1(V x)                                                  \
    {                                                                         \
        const V one = V##_splat(1.0f), zero = V##_splat(0.0f);                \
        V y = V##_max(V##_splat(-18.0f), V##_min(V##_splat(89.0f), x));       \
        V q;                                                                  \
        const V n = V##_exp_parts(y, &q);                                     \
        const V p = V##_pow2(V##_max(V##_splat(-64.0f), V##_neg(n)));         \
        y = V##_scale(V##_add(q, V##_sub(one, p)), n);                        \
        return V##_select_eq(x, zero, x, y);                                  \
    }
CNNC_EACH_VECTOR(CNNC_EXPM1)
CNNC_SCALAR(expm1)
/*@end */

/*@block log needs log_sum tools select_lt */
/* log(2^k m) = k ln(2) + log(m); a subnormal is multiplied by 2^23 before. */
#define CNNC_LOG(V, ...)                                                      \
    CNNC_FN V V##_log(V x)                                                    \
    {                                                                         \
        const V zero = V##_splat(0.0f), least = V##_splat(1.17549435e-38f);   \
        const V up = V##_mul(x, V##_splat(8388608.0f));                       \
        V m, y;                                                               \
        V k = V##_split(V##_select_lt(x, least, up, x), &m);                  \
        k = V##_add(k, V##_select_lt(x, least, V##_splat(-23.0f), zero));     \
        y = V##_log_sum(k, V##_sub(m, V##_splat(1.0f)), zero);                \
        y = V##_select_lt(x, V##_splat(CNNC_INF), y, x);                      \
        y = V##_select_lt(x, zero, V##_splat(CNNC_NAN), y);                   \
        return V##_select_eq(x, zero, V##_splat(-CNNC_INF), y);               \
    }
CNNC_EACH_VECTOR(CNNC_LOG)
CNNC_SCALAR(log)
/*@end */

/*@block log1p needs log_sum tools select_lt */
/* With u = 1 + x = 2^k m rounded and e = 1 + x - u its error, which is exact,
 * log1p(x) = k ln(2) + log(1 + r) with r = (m - 1) + 2^-k e. */
#define CNNC_LOG1P(V, ...)                                                    \
    CNNC_FN V V##_log1p(V x)                                                  \
    {                                                                         \
        const V one = V##_splat(1.0f), zero = V##_splat(0.0f);                \
        const V u = V##_add(x, one), e = V##_sub(x, V##_sub(u, one));         \
        V m, y;                                                               \
        const V k = V##_split(u, &m);                                         \
        const V s = V##_pow2(V##_max(V##_splat(-64.0f), V##_neg(k)));         \
        y = V##_log_sum(k, V##_fma(e, s, V##_sub(m, one)), zero);             \
        y = V##_select_lt(x, V##_splat(CNNC_INF), y, x);                      \
        y = V##_select_lt(x, V##_neg(one), V##_splat(CNNC_NAN), y);           \
        y = V##_select_eq(x, V##_neg(one), V##_splat(-CNNC_INF), y);          \
        return V##_select_eq(x, zero, x, y);                                  \
    }
CNNC_EACH_VECTOR(CNNC_LOG1P)
CNNC_SCALAR(log1p)
/*@end */

/*@block softplus needs exp_parts log_sum tools */
/* max(x, 0) + log1p(E) with E = e^-|x|, as exp and log1p compute them; what E
 * lost in rounding, w, comes back as a last term: log' (1 + r) w ~ (1 - r) w. */
#define CNNC_SOFTPLUS(V, ...)                                                 \
    CNNC_FN V V##_softplus(V x)                                               \
    {                                                                         \
        const V one = V##_splat(1.0f);                                        \
        V q, m;                                                               \
        const V n = V##_exp_parts(                                            \
            V##_max(V##_splat(-104.0f), V##_neg(V##_abs(x))), &q);            \
        const V h = V##_add(q, one), E = V##_scale(h, n);                     \
        const V u = V##_add(E, one), e = V##_sub(E, V##_sub(u, one));         \
        const V k = V##_split(u, &m), s = V##_pow2(V##_neg(k));               \
        const V r = V##_fma(e, s, V##_sub(m, one));                           \
        V w = V##_pow2(V##_max(V##_splat(-126.0f), V##_sub(n, k)));           \
        w = V##_mul(V##_sub(q, V##_sub(h, one)), w);                          \
        w = V##_fma(V##_neg(r), w, w);                                        \
        return V##_add(V##_max(V##_splat(0.0f), x), V##_log_sum(k, r, w));    \
    }
CNNC_EACH_VECTOR(CNNC_SOFTPLUS)
CNNC_SCALAR(softplus)
/*@end */

/*@block sigmoid needs exp_parts tools select_lt */
/* With E = e^-|x| = p (1 + q), p = 2^n: 1 / (1 + E), for negative x times E.
 * 1 + q is rounded to h, its error is l; 1 + E to d, its error is e. The result
 * is corrected by l / (1 + q) - e / (1 + E), both roughly. */
#define CNNC_SIGMOID(V, ...)                                                  \
    CNNC_FN V V##_sigmoid(V x)                                                \
    {                                                                         \
        const V one = V##_splat(1.0f), zero = V##_splat(0.0f);                \
        V q, y;                                                               \
        const V n = V##_exp_parts(                                            \
            V##_max(V##_splat(-104.0f), V##_neg(V##_abs(x))), &q);            \
        const V p = V##_pow2(V##_max(V##_splat(-126.0f), n));                 \
        const V s = V##_add(p, one), d = V##_fma(q, p, s);                    \
        const V e = V##_fma(q, p, V##_sub(s, d));                             \
        const V h = V##_add(q, one), l = V##_sub(q, V##_sub(h, one));         \
        V lost = V##_mul(l, V##_sub(one, q));                                 \
        lost = V##_select_lt(x, zero, lost, zero);                            \
        lost = V##_fma(e, V##_step(p, V##_splat(0.5f), -1.0f), lost);         \
        y = V##_div(V##_select_lt(x, zero, h, one), d);                       \
        y = V##_fma(y, lost, y);                                              \
        return V##_scale(y, V##_select_lt(x, zero, n, zero));                 \
    }
CNNC_EACH_VECTOR(CNNC_SIGMOID)
CNNC_SCALAR(sigmoid)
/*@end */

/*@block tanh needs exp_parts tools select_lt */
/* With y = |x|: y + y^3 P(y^2) below 0.75, P minimax: error below 2^-29.1;
 * from there on 1 - 2 / (e^(2y) + 1), with e^(2y) = p + q p. */
#define CNNC_TANH(V, ...)                                                     \
    CNNC_FN V V##_tanh(V x)                                                   \
    {                                                                         \
        const V one = V##_splat(1.0f);                                        \
        const V y = V##_min(V##_splat(10.0f), V##_abs(x));                    \
        const V z = V##_mul(y, y);                                            \
        V q, p, large;                                                        \
        p = V##_pow2(V##_exp_parts(V##_add(y, y), &q));                       \
        large = V##_fma(q, p, V##_add(p, one));                               \
        large = V##_sub(one, V##_div(V##_splat(2.0f), large));                \
        p = V##_splat(1.74175669e-3f);                                        \
        p = V##_step(p, z, -7.6658125e-3f);                                   \
        p = V##_step(p, z, 0.0214577932f);                                    \
        p = V##_step(p, z, -0.0538945347f);                                   \
        p = V##_step(p, z, 0.133327201f);                                     \
        p = V##_step(p, z, -0.333333164f);                                    \
        p = V##_fma(V##_mul(y, z), p, y);                                     \
        p = V##_select_lt(y, V##_splat(0.75f), p, large);                     \
        return V##_copysign(p, x);                                            \
    }
CNNC_EACH_VECTOR(CNNC_TANH)
CNNC_SCALAR(tanh)
/*@end */

/*@block erf needs exp_parts tools select_lt */
/* With y = |x|: y + y P(y^2) below 1, P minimax: relative error 2^-29.4;
 * from there on 1 - e^-Q(y) with Q ~ -log(1 - erf(y)): error below 2^-29.8.
 * At 4 it is 1 already, rounded. */
#define CNNC_ERF(V, ...)                                                      \
    CNNC_FN V V##_erf(V x)                                                    \
    {                                                                         \
        const V y = V##_min(V##_splat(4.0f), V##_abs(x));                     \
        const V z = V##_mul(y, y);                                            \
        V q, large, p = V##_splat(-1.86377059e-4f);                           \
        p = V##_step(p, y, 2.94763548e-3f);                                   \
        p = V##_step(p, y, -0.0218379758f);                                   \
        p = V##_step(p, y, 0.103106596f);                                     \
        p = V##_step(p, y, 0.63814497f);                                      \
        p = V##_step(p, y, 1.12708914f);                                      \
        p = V##_step(p, y, 3.41524661e-4f);                                   \
        p = V##_pow2(V##_exp_parts(V##_neg(p), &q));                          \
        large = V##_fma(V##_neg(q), p, V##_sub(V##_splat(1.0f), p));          \
        p = V##_splat(7.80690389e-5f);                                        \
        p = V##_step(p, z, -7.9978531e-4f);                                   \
        p = V##_step(p, z, 5.1871622e-3f);                                    \
        p = V##_step(p, z, -0.0268533472f);                                   \
        p = V##_step(p, z, 0.112835787f);                                     \
        p = V##_step(p, z, -0.37612626f);                                     \
        p = V##_step(p, z, 0.128379166f);                                     \
        p = V##_fma(y, p, y);                                                 \
        p = V##_select_lt(y, V##_splat(1.0f), p, large);                      \
        return V##_copysign(p, x);                                            \
    }
CNNC_EACH_VECTOR(CNNC_ERF)
CNNC_SCALAR(erf)
/*@end */

/*@block manual */
#endif
/*@end */
