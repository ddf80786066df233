/*@block manual */
/*
 * rare.h - mathematical functions that networks seldom have, without libm.
 *
 * SPDX-License-Identifier: 0BSD
 * Permission to use, copy, modify, and/or distribute this file for any purpose
 * with or without fee is granted. It comes without any warranty.
 *
 *     #include <cnnc/net.h>                 includes this file; nobody else does
 *     f32x8_sin(x)  f32_sin(a)  f32x8_pow(x, y)  f32_pow(a, b)
 *
 *     sin cos tan asin acos atan sinh cosh asinh acosh atanh      (a)
 *     pow       (a, b)    special cases as C99 has them
 *     fmod      (a, b)    the remainder of a / b with the sign of a, exact
 *
 * They are computed in doubles, a lane at a time, by functions that are not
 * inlined: a program has each that it uses once. In doubles, polynomials that
 * are good to some 36 bits do; a result is off by its last rounding and little
 * more, below 0.51 ULP over all floats (tests/runtime, test_maths exhaustive).
 * As in maths.h, all targets with FMA agree in every bit, and those without.
 *
 * Blocks as in net.h; tests/runtime/tools/fit.py finds the polynomials.
 */
#ifndef CNNC_RARE_H
#define CNNC_RARE_H
/* clang-format off */
/*@end */

/*@block wide */
/* One function a program, whoever calls it. */
#if defined(__GNUC__) && !defined(__TINYC__)
#define CNNC_RARE static __attribute__((noinline, unused))
#else
#define CNNC_RARE static inline
#endif

/* V_name: each lane by f32_name. */
#if defined(CNNC_TARGET_GENERIC)
#define CNNC_LANES1(V, name)
#define CNNC_LANES2(V, name)
#else
#define CNNC_LANES1(V, name)                                                  \
    CNNC_FN V V##_##name(V a)                                                 \
    {                                                                         \
        float x[sizeof(V) / sizeof(float)];                                   \
        unsigned i;                                                           \
        V##_store(x, a);                                                      \
        for (i = 0; i < sizeof(V) / sizeof(float); i++)                       \
            x[i] = f32_##name(x[i]);                                          \
        return V##_load(x);                                                   \
    }
#define CNNC_LANES2(V, name)                                                  \
    CNNC_FN V V##_##name(V a, V b)                                            \
    {                                                                         \
        float x[sizeof(V) / sizeof(float)], y[sizeof(V) / sizeof(float)];     \
        unsigned i;                                                           \
        V##_store(x, a);                                                      \
        V##_store(y, b);                                                      \
        for (i = 0; i < sizeof(V) / sizeof(float); i++)                       \
            x[i] = f32_##name(x[i], y[i]);                                    \
        return V##_load(x);                                                   \
    }
#endif

CNNC_FN uint64_t cnnc_bits64(double a)
{
    union { double f; uint64_t u; } x;
    x.f = a;
    return x.u;
}

CNNC_FN double cnnc_double(uint64_t a)
{
    union { uint64_t u; double f; } x;
    x.u = a;
    return x.f;
}

/* p x + c: a step of Horner's rule. */
CNNC_FN double cnnc_step(double p, double x, double c)
{
#if CNNC_X86 >= 3 || defined(CNNC_TARGET_AARCH64)
    return __builtin_fma(p, x, c);
#else
    return p * x + c;
#endif
}

CNNC_FN double cnnc_abs(double a)
{
    return cnnc_double(cnnc_bits64(a) << 1 >> 1);
}

/* The size of a with the sign of b. */
CNNC_FN float cnnc_signed(double a, double b)
{
    return (float)cnnc_double((cnnc_bits64(a) << 1 >> 1) |
                              (cnnc_bits64(b) >> 63 << 63));
}
/*@end */

/*@block wide_exp needs wide */
/* e^t = s (1 + q), s = 2^k, |q| < 0.42; t from -300 to 300.
 * t = k ln(2) + r; q = r + r^2 P(r): relative error 2^-37.5. */
CNNC_FN double cnnc_exp_parts(double t, double *q)
{
    const double n = t * 1.4426950408889634;
    const int32_t k = (int32_t)(n < 0 ? n - 0.5 : n + 0.5);
    const double r = cnnc_step((double)k, -0.69314718055994531, t);
    double p = 2.47963831789e-05;
    p = cnnc_step(p, r, 1.99048454985e-04);
    p = cnnc_step(p, r, 1.38889850885e-03);
    p = cnnc_step(p, r, 8.33328914264e-03);
    p = cnnc_step(p, r, 4.16666659550e-02);
    p = cnnc_step(p, r, 1.66666667539e-01);
    p = cnnc_step(p, r, 5.00000000010e-01);
    *q = cnnc_step(r * r, p, r);
    return cnnc_double((uint64_t)(k + 1023) << 52);
}
/*@end */

/*@block wide_log needs wide */
/* log(w), with u = w - 1 given because it may be more exact; w a positive
 * normal number. w = 2^k m with m from 1/sqrt(2) to sqrt(2); s = (m-1) / (m+1);
 * log(m) = 2s + s^3 P(s^2): relative error 2^-37.6. */
CNNC_FN double cnnc_log(double w, double u)
{
    const uint64_t least = 0x3fe6a09e667f3bcdu; /* of 1/sqrt(2) */
    const uint64_t shift =
        (cnnc_bits64(w) - least + 0x3ff0000000000000u) >> 52 << 52;
    const double k = (double)(int32_t)(shift >> 52) - 1023.0;
    const double m =
        cnnc_double(cnnc_bits64(w) - shift + 0x3ff0000000000000u);
    const double s = k == 0 ? u / (2.0 + u) : (m - 1.0) / (m + 1.0);
    const double z = s * s;
    double p = 0.235814718849;
    p = cnnc_step(p, z, 0.285373469886);
    p = cnnc_step(p, z, 0.400003345341);
    p = cnnc_step(p, z, 0.666666656486);
    p = cnnc_step(s * z, p, 2.0 * s);
    return cnnc_step(k, 0.69314718055994531, p);
}
/*@end */

/*@block wide_sqrt needs wide */
/* Of 0, or of a positive normal number; infinity is its own. Each of Newton's
 * steps doubles the 5 good bits of the first guess. */
CNNC_FN double cnnc_root(double a)
{
    double y = cnnc_double((cnnc_bits64(a) >> 1) + 0x1ff7a3bea0000000u);
    int i;
    if (!(a > 0 && a <= 1e300))
        return a;
    for (i = 0; i < 4; i++)
        y = 0.5 * (y + a / y);
    return y;
}
/*@end */

/*@block wide_sin needs wide */
/* x = r + n pi/2 with |r| <= pi/4; returns r, and n modulo 4. x is a float.
 *
 * The binary digits of 2/pi of which x = m 2^e needs no more than 96: those
 * before would add a multiple of 4 to n, those behind less than 2^-61. No float
 * is closer to a multiple of pi/2 than 2^-30 of it. */
CNNC_FN double cnnc_quarter(double x, unsigned *n)
{
    static const uint32_t digits[] = { 0,           0xa2f9836eu, 0x4e441529u,
                                       0xfc2757d1u, 0xf534ddc0u, 0xdb629599u,
                                       0x3c439041u, 0xfe5163abu };
    const uint64_t bits = cnnc_bits64(cnnc_abs(x));
    const uint64_t m = (bits >> 29 & 0x7fffffu) | 0x800000u;
    unsigned at = (unsigned)(bits >> 52) - (1023u - 7u), i;
    uint64_t word[3], f;
    double r;
    *n = 0;
    if (cnnc_abs(x) < 0.78539816339744831)
        return x;
    for (i = 0; i < 3; i++, at += 32) {
        const uint32_t *d = digits + (at >> 5);
        word[i] = ((uint64_t)d[0] << 32 | d[1]) >> (32 - (at & 31));
        word[i] &= 0xffffffffu;
    }
    /* x 2/pi modulo 4, as a fraction with 62 digits behind the point */
    f = (m * word[0] << 32) + m * word[1] + (m * word[2] >> 32);
    *n = (unsigned)((f + 0x2000000000000000u) >> 62);
    f -= (uint64_t)*n << 62;
    r = f >> 63 ? -(double)(~f + 1) : (double)f;
    r *= 3.4061215800304843e-19; /* pi/2 2^-62 */
    if (x < 0) {
        *n = (4u - *n) & 3u;
        r = -r;
    }
    return r;
}

/* sin(r + n pi/2), |r| <= pi/4. sin(r) = r + r^3 P(r^2), error 2^-37.5;
 * cos(r) = 1 - r^2/2 + r^4 Q(r^2), error 2^-42.9. */
CNNC_FN double cnnc_sine(double r, unsigned n)
{
    const double z = r * r;
    double y;
    if (n & 1u) {
        y = -2.72057555555e-07;
        y = cnnc_step(y, z, 2.47994601715e-05);
        y = cnnc_step(y, z, -1.38888835001e-03);
        y = cnnc_step(y, z, 4.16666666195e-02);
        y = cnnc_step(z * z, y, cnnc_step(z, -0.5, 1.0));
    } else {
        y = 2.71812165200e-06;
        y = cnnc_step(y, z, -1.98393122725e-04);
        y = cnnc_step(y, z, 8.33332930485e-03);
        y = cnnc_step(y, z, -1.66666666408e-01);
        y = cnnc_step(z * r, y, r);
    }
    return n & 2u ? -y : y;
}
/*@end */

/*@block wide_atan needs wide */
/* atan(a / b) for a, b >= 0, not both 0; a may be infinite.
 * pi/4 + atan((a - b) / (a + b)), and pi/2 - atan(b / a), bring it down to
 * t <= tan(pi/8); atan(t) = t + t^3 P(t^2): relative error 2^-35.4. */
CNNC_FN double cnnc_arc(double a, double b)
{
    const double tan8 = 0.41421356237309505;
    const int part = a <= tan8 * b ? 0 : a * tan8 <= b ? 1 : 2;
    const double t = part == 0   ? a / b
                     : part == 1 ? (a - b) / (a + b)
                                 : -b / a;
    const double z = t * t;
    double p = 4.74405073907e-02;
    p = cnnc_step(p, z, -8.47626972155e-02);
    p = cnnc_step(p, z, 1.10446915928e-01);
    p = cnnc_step(p, z, -1.42820077468e-01);
    p = cnnc_step(p, z, 1.99999039073e-01);
    p = cnnc_step(p, z, -3.33333324991e-01);
    p = cnnc_step(t * z, p, t);
    return (double)part * 0.78539816339744831 + p;
}
/*@end */

/*@block sin needs wide_sin */
CNNC_RARE float f32_sin(float a)
{
    unsigned n;
    double r;
    if (!(cnnc_abs((double)a) <= 3.5e38))
        return a - a; /* infinity: not a number */
    if (a == 0)
        return a;
    r = cnnc_quarter((double)a, &n);
    return (float)cnnc_sine(r, n);
}
#define CNNC_SIN(V, ...) CNNC_LANES1(V, sin)
CNNC_EACH_VECTOR(CNNC_SIN)
/*@end */

/*@block cos needs wide_sin */
CNNC_RARE float f32_cos(float a)
{
    unsigned n;
    double r;
    if (!(cnnc_abs((double)a) <= 3.5e38))
        return a - a;
    r = cnnc_quarter((double)a, &n);
    return (float)cnnc_sine(r, n + 1u);
}
#define CNNC_COS(V, ...) CNNC_LANES1(V, cos)
CNNC_EACH_VECTOR(CNNC_COS)
/*@end */

/*@block tan needs wide_sin */
CNNC_RARE float f32_tan(float a)
{
    unsigned n;
    double r;
    if (!(cnnc_abs((double)a) <= 3.5e38))
        return a - a;
    if (a == 0)
        return a;
    r = cnnc_quarter((double)a, &n);
    return (float)(cnnc_sine(r, n) / cnnc_sine(r, n + 1u));
}
#define CNNC_TAN(V, ...) CNNC_LANES1(V, tan)
CNNC_EACH_VECTOR(CNNC_TAN)
/*@end */

/*@block asin needs wide_atan wide_sqrt */
/* The angle whose tangent is |x| / sqrt(1 - x^2). */
CNNC_RARE float f32_asin(float a)
{
    const double x = cnnc_abs((double)a);
    if (!(x <= 1.0))
        return CNNC_NAN;
    return cnnc_signed(cnnc_arc(x, cnnc_root((1.0 - x) * (1.0 + x))),
                       (double)a);
}
#define CNNC_ASIN(V, ...) CNNC_LANES1(V, asin)
CNNC_EACH_VECTOR(CNNC_ASIN)
/*@end */

/*@block acos needs wide_atan wide_sqrt */
CNNC_RARE float f32_acos(float a)
{
    const double x = cnnc_abs((double)a);
    double y;
    if (!(x <= 1.0))
        return CNNC_NAN;
    y = cnnc_arc(cnnc_root((1.0 - x) * (1.0 + x)), x);
    return (float)(a < 0 ? 3.1415926535897931 - y : y);
}
#define CNNC_ACOS(V, ...) CNNC_LANES1(V, acos)
CNNC_EACH_VECTOR(CNNC_ACOS)
/*@end */

/*@block atan needs wide_atan */
CNNC_RARE float f32_atan(float a)
{
    if (a != a)
        return a;
    return cnnc_signed(cnnc_arc(cnnc_abs((double)a), 1.0), (double)a);
}
#define CNNC_ATAN(V, ...) CNNC_LANES1(V, atan)
CNNC_EACH_VECTOR(CNNC_ATAN)
/*@end */

/*@block sinh needs wide_exp */
/* With u = e^|x| - 1: (u + u / (u + 1)) / 2. */
CNNC_RARE float f32_sinh(float a)
{
    double x = cnnc_abs((double)a), q, s, u;
    if (a != a)
        return a;
    s = cnnc_exp_parts(x < 100.0 ? x : 100.0, &q);
    u = cnnc_step(s, q, s - 1.0);
    return cnnc_signed(0.5 * (u + u / (u + 1.0)), (double)a);
}
#define CNNC_SINH(V, ...) CNNC_LANES1(V, sinh)
CNNC_EACH_VECTOR(CNNC_SINH)
/*@end */

/*@block cosh needs wide_exp */
CNNC_RARE float f32_cosh(float a)
{
    double x = cnnc_abs((double)a), q, s;
    if (a != a)
        return a;
    s = cnnc_exp_parts(x < 100.0 ? x : 100.0, &q);
    s = cnnc_step(s, q, s);
    return (float)(0.5 * (s + 1.0 / s));
}
#define CNNC_COSH(V, ...) CNNC_LANES1(V, cosh)
CNNC_EACH_VECTOR(CNNC_COSH)
/*@end */

/*@block asinh needs wide_log wide_sqrt */
/* log(x + sqrt(x^2 + 1)), where x + sqrt(x^2 + 1) - 1 is also
 * x + x^2 / (1 + sqrt(x^2 + 1)). */
CNNC_RARE float f32_asinh(float a)
{
    const double x = cnnc_abs((double)a), z = x * x;
    const double u = x + z / (1.0 + cnnc_root(z + 1.0));
    if (!(x <= 3.5e38))
        return a;
    return cnnc_signed(cnnc_log(1.0 + u, u), (double)a);
}
#define CNNC_ASINH(V, ...) CNNC_LANES1(V, asinh)
CNNC_EACH_VECTOR(CNNC_ASINH)
/*@end */

/*@block acosh needs wide_log wide_sqrt */
/* With t = x - 1: log(1 + t + sqrt(2t + t^2)). */
CNNC_RARE float f32_acosh(float a)
{
    const double t = (double)a - 1.0, u = t + cnnc_root(t * (t + 2.0));
    if (!(a >= 1.0f))
        return CNNC_NAN;
    return a <= 3.40282347e38f ? (float)cnnc_log(1.0 + u, u) : a;
}
#define CNNC_ACOSH(V, ...) CNNC_LANES1(V, acosh)
CNNC_EACH_VECTOR(CNNC_ACOSH)
/*@end */

/*@block atanh needs wide_log */
/* log((1 + x) / (1 - x)) / 2, where (1 + x) / (1 - x) - 1 is 2x / (1 - x). */
CNNC_RARE float f32_atanh(float a)
{
    const double x = cnnc_abs((double)a), u = 2.0 * x / (1.0 - x);
    if (!(x < 1.0))
        return x == 1.0 ? a * CNNC_INF : CNNC_NAN;
    return cnnc_signed(0.5 * cnnc_log(1.0 + u, u), (double)a);
}
#define CNNC_ATANH(V, ...) CNNC_LANES1(V, atanh)
CNNC_EACH_VECTOR(CNNC_ATANH)
/*@end */

/*@block pow needs wide_exp wide_log */
/* Every float from 2^24 on is even. */
CNNC_FN int cnnc_is_whole(double y)
{
    return y >= 16777216.0 || (double)(int32_t)y == y;
}

/* log(x) y where x is 0 or infinite, or y is infinite: any large number. */
CNNC_FN double cnnc_far_power(double x, double y)
{
    if (x == 1.0)
        return 0;
    return (x > 1.0) == (y > 0) ? 300.0 : -300.0;
}

/* e^(b log|a|), and negative where a is and b is odd. */
CNNC_RARE float f32_pow(float a, float b)
{
    const double x = cnnc_abs((double)a), y = cnnc_abs((double)b);
    double t, q;
    int odd;
    if (b == 0 || a == 1.0f)
        return 1.0f;
    if (a != a || b != b)
        return a + b;
    if (a < 0 && x <= 3.5e38 && !cnnc_is_whole(y))
        return CNNC_NAN;
    if (x > 0 && x <= 3.5e38 && y <= 3.5e38)
        t = (double)b * cnnc_log(x, x - 1.0);
    else
        t = cnnc_far_power(x, (double)b);
    t = t < -300.0 ? -300.0 : t > 300.0 ? 300.0 : t;
    t = cnnc_exp_parts(t, &q) * (1.0 + q);
    odd = y < 16777216.0 && cnnc_is_whole(y) && (int32_t)y % 2 == 1;
    return (float)(odd && cnnc_bits64((double)a) >> 63 ? -t : t);
}
#define CNNC_POW(V, ...) CNNC_LANES2(V, pow)
CNNC_EACH_VECTOR(CNNC_POW)
/*@end */

/*@block fmod needs wide */
/* Long division: |a| = m 2^i, |b| = n 2^k, and the remainder of m 2^(i-k) by
 * n, some digits at a time. */
CNNC_RARE float f32_fmod(float a, float b)
{
    const double x = cnnc_abs((double)a), y = cnnc_abs((double)b);
    const uint64_t one = (uint64_t)1 << 23;
    const uint64_t n = (cnnc_bits64(y) >> 29 & (one - 1)) | one;
    uint64_t m = (cnnc_bits64(x) >> 29 & (one - 1)) | one;
    int left = (int)(cnnc_bits64(x) >> 52) - (int)(cnnc_bits64(y) >> 52);
    double rest;
    if (!(x <= 3.5e38) || !(y > 0))
        return CNNC_NAN;
    if (x < y)
        return a;
    for (m %= n; left > 0; left -= 32)
        m = (m << (left < 32 ? left : 32)) % n;
    rest = (double)m * cnnc_double((cnnc_bits64(y) >> 52 << 52) - (23ull << 52));
    return cnnc_signed(rest, (double)a);
}
#define CNNC_FMOD(V, ...) CNNC_LANES2(V, fmod)
CNNC_EACH_VECTOR(CNNC_FMOD)
/*@end */

/*@block manual */
#endif
/*@end */
