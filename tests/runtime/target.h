/*
 * target.h - the header under test, for the target that the command line names.
 *
 *     cc -DCNNC_TARGET_X86_64_V3 -Iruntime/include test_maths.c
 *
 * EACH_VECTOR(M) is M(f32x4, 4) M(f32x8, 8) ... for the widths this target
 * has. Functions that use vectors stand between region_begin.h and region_end.h.
 */
#ifndef TESTS_RUNTIME_TARGET_H
#define TESTS_RUNTIME_TARGET_H

#include <cnnc/net.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(CNNC_TARGET_X86_64_V4)
#define TARGET_NAME    "x86-64-v4"
#define EACH_VECTOR(M) M(f32x4, 4) M(f32x8, 8) M(f32x16, 16)
#elif defined(CNNC_TARGET_X86_64_V3)
#define TARGET_NAME    "x86-64-v3"
#define EACH_VECTOR(M) M(f32x4, 4) M(f32x8, 8)
#elif defined(CNNC_TARGET_X86_64_V2)
#define TARGET_NAME    "x86-64-v2"
#define EACH_VECTOR(M) M(f32x4, 4)
#elif defined(CNNC_TARGET_AARCH64)
#define TARGET_NAME    "aarch64"
#define EACH_VECTOR(M) M(f32x4, 4)
#else
#define TARGET_NAME "generic"
#define EACH_VECTOR(M)
#endif

/* Exit status of a test that this machine cannot run (ctest: "Skipped"). */
#define EXIT_SKIPPED 77

static inline uint32_t bits_of(float a)
{
    uint32_t u;
    memcpy(&u, &a, sizeof u);
    return u;
}

static inline float float_of(uint32_t u)
{
    float a;
    memcpy(&a, &u, sizeof a);
    return a;
}

/* Equal in every bit, but one NaN is as good as another. */
static inline int same_float(float a, float b)
{
    return bits_of(a) == bits_of(b) || (a != a && b != b);
}

static inline void skip_unless_supported(void)
{
    if (!cnnc_cpu_supported()) {
        printf("skipped: this processor lacks %s\n", TARGET_NAME);
        exit(EXIT_SKIPPED);
    }
}

#endif
