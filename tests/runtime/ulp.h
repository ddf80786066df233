/*
 * ulp.h - how far a float is from an exact result.
 *
 * An ULP is that of the exact result's binade, down to 2^-149; infinity counts
 * as 2^128.
 */
#ifndef TESTS_RUNTIME_ULP_H
#define TESTS_RUNTIME_ULP_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* The distance to the next float, in the binade of x. */
static inline double ulp_of(double x)
{
    uint64_t bits;
    double ulp;
    int exponent;
    memcpy(&bits, &x, sizeof bits);
    exponent = (int)(bits >> 52 & 0x7ff) - 1023;
    if (exponent > 127)
        exponent = 127;
    if (exponent < -126)
        exponent = -126;
    bits = (uint64_t)(exponent - 23 + 1023) << 52;
    memcpy(&ulp, &bits, sizeof ulp);
    return ulp;
}

/* What infinity counts as, so that overflow has an error like all else. */
static inline double limited(double x)
{
    const double top = 340282366920938463463374607431768211456.0; /* 2^128 */
    return x > top ? top : x < -top ? -top : x;
}

/* Error in ULP; infinite when one of NaN, or the sign of a zero, is wrong. */
static inline double error_of(float got, double exact)
{
    if (got != got || exact != exact)
        return got != got && exact != exact ? 0 : HUGE_VAL;
    if (got == 0 && (signbit(got) != 0) != (signbit(exact) != 0))
        return HUGE_VAL;
    exact = limited(exact);
    return fabs(limited(got) - exact) / ulp_of(exact);
}

#endif
