/*
 * test_vocabulary.c - every word of the vector vocabulary against plain C.
 *
 * Each check runs over groups of arguments from one list of telling values, as
 *
 *     f32x8_min(a, b), lane i   equal in every bit to   a[i] < b[i] ? a[i] : b[i]
 */
#include "target.h"

#include <CUnit/Basic.h>
#include <math.h>

#define INF HUGE_VALF

static const float values[] = { 0,
                                -0.0f,
                                1,
                                -1,
                                0.5f,
                                -0.5f,
                                1.5f,
                                -1.5f,
                                2.5f,
                                -2.5f,
                                0.49999997f,
                                -0.49999997f,
                                3.7f,
                                -3.7f,
                                1e-45f,
                                -1e-45f,
                                1.17549435e-38f,
                                3.4e38f,
                                -3.4e38f,
                                8388607.5f,
                                -8388607.5f,
                                8388608,
                                -8388609,
                                4194303.5f,
                                16777216,
                                1e10f,
                                -1e10f,
                                123456.7f,
                                0.1f,
                                -0.3f,
                                1e-20f,
                                7,
                                -9,
                                100 };
enum { VALUES = sizeof values / sizeof *values, GROUPS = 400 };

/* Argument `lane` of operand `which` in group `group`; infinity and NaN too. */
static float argument(int group, int which, int lane)
{
    const uint32_t mixed =
        (uint32_t)(group * 7 + which * 131 + lane * 17) * 2654435761u >> 8;
    const uint32_t pick = mixed % (VALUES + 3);
    return pick < VALUES        ? values[pick]
           : pick == VALUES     ? INF
           : pick == VALUES + 1 ? -INF
                                : float_of(0x7fc00000u);
}

/* ---- what each word means ---- */

#if !defined(CNNC_TARGET_GENERIC) /* scalars have C's operators */
static inline float plain_add(float a, float b)
{
    return a + b;
}

static inline float plain_sub(float a, float b)
{
    return a - b;
}

static inline float plain_mul(float a, float b)
{
    return a * b;
}

static inline float plain_div(float a, float b)
{
    return a / b;
}
#endif

static inline float plain_min(float a, float b)
{
    return a < b ? a : b;
}

static inline float plain_max(float a, float b)
{
    return a > b ? a : b;
}

static inline float plain_neg(float a)
{
    return float_of(bits_of(a) ^ 0x80000000u);
}

static inline float plain_abs(float a)
{
    return float_of(bits_of(a) & 0x7fffffffu);
}

/* Rounded once where the target has FMA, twice where not. */
static inline float plain_fma(float a, float b, float c)
{
#if defined(CNNC_TARGET_X86_64_V2) || defined(CNNC_TARGET_GENERIC)
    volatile float product = a * b;
    return product + c;
#else
    return fmaf(a, b, c);
#endif
}

#define plain_sqrt       sqrtf
#define plain_floor      floorf
#define plain_ceil       ceilf
#define plain_round_even rintf

#define WORDS1(M) M(neg) M(abs) M(sqrt) M(floor) M(ceil) M(round_even)

/* ---- vectors ---- */

#include "region_begin.h"

#define CHECK1(V, N, WORD)                                                     \
    V##_store(y, V##_##WORD(V##_load(a)));                                     \
    for (i = 0; i < N; i++)                                                    \
        CU_ASSERT(same_float(y[i], plain_##WORD(a[i])));
#define CHECK2(V, N, WORD)                                                     \
    V##_store(y, V##_##WORD(V##_load(a), V##_load(b)));                        \
    for (i = 0; i < N; i++)                                                    \
        CU_ASSERT(same_float(y[i], plain_##WORD(a[i], b[i])));
#define CHECK_SELECT(V, N, WORD, OP)                                           \
    V##_store(y, V##_select_##WORD(V##_load(a), V##_load(b), V##_load(c),      \
                                   V##_load(d)));                              \
    for (i = 0; i < N; i++)                                                    \
        CU_ASSERT(same_float(y[i], a[i] OP b[i] ? c[i] : d[i]));

#define ARITHMETIC(V, N)                                                       \
    static void V##_check_arithmetic(int group)                                \
    {                                                                          \
        float a[N], b[N], c[N], d[N], y[N];                                    \
        int i;                                                                 \
        for (i = 0; i < N; i++) {                                              \
            a[i] = argument(group, 0, i);                                      \
            b[i] = i % 5 == 4 ? a[i] : argument(group, 1, i);                  \
            c[i] = argument(group, 2, i);                                      \
            d[i] = argument(group, 3, i);                                      \
        }                                                                      \
        CHECK1(V, N, neg)                                                      \
        CHECK1(V, N, abs)                                                      \
        CHECK1(V, N, sqrt)                                                     \
        CHECK1(V, N, floor)                                                    \
        CHECK1(V, N, ceil)                                                     \
        CHECK1(V, N, round_even)                                               \
        CHECK2(V, N, add)                                                      \
        CHECK2(V, N, sub)                                                      \
        CHECK2(V, N, mul)                                                      \
        CHECK2(V, N, div)                                                      \
        CHECK2(V, N, min)                                                      \
        CHECK2(V, N, max)                                                      \
        CHECK_SELECT(V, N, lt, <)                                              \
        CHECK_SELECT(V, N, le, <=)                                             \
        CHECK_SELECT(V, N, eq, ==)                                             \
        V##_store(y, V##_fma(V##_load(a), V##_load(b), V##_load(c)));          \
        for (i = 0; i < N; i++)                                                \
            CU_ASSERT(same_float(y[i], plain_fma(a[i], b[i], c[i])));          \
        V##_store(y, V##_splat(a[1]));                                         \
        for (i = 0; i < N; i++)                                                \
            CU_ASSERT(same_float(y[i], a[1]));                                 \
        V##_store(y, V##_zero());                                              \
        for (i = 0; i < N; i++)                                                \
            CU_ASSERT(bits_of(y[i]) == 0);                                     \
    }
EACH_VECTOR(ARITHMETIC)

/* Small integers: their sums are exact in any order. */
#define ACROSS(V, N)                                                           \
    static void V##_check_across(int seed)                                     \
    {                                                                          \
        float a[N], sum = 0, least = 1000, most = -1000;                       \
        int i;                                                                 \
        for (i = 0; i < N; i++) {                                              \
            a[i] = (float)((seed + 1) * (i + 3) * 37 % 101 - 50);              \
            sum += a[i];                                                       \
            least = a[i] < least ? a[i] : least;                               \
            most = a[i] > most ? a[i] : most;                                  \
        }                                                                      \
        CU_ASSERT(V##_sum(V##_load(a)) == sum);                                \
        CU_ASSERT(V##_min_across(V##_load(a)) == least);                       \
        CU_ASSERT(V##_max_across(V##_load(a)) == most);                        \
    }
EACH_VECTOR(ACROSS)

#define BYTES(V, N)                                                            \
    static void V##_check_bytes(int first)                                     \
    {                                                                          \
        uint8_t u[N];                                                          \
        int8_t s[N];                                                           \
        float y[N];                                                            \
        int i;                                                                 \
        for (i = 0; i < N; i++) {                                              \
            u[i] = (uint8_t)(first + 5 * i);                                   \
            s[i] = (int8_t)(u[i] - 128);                                       \
        }                                                                      \
        V##_store(y, V##_load_u8(u));                                          \
        for (i = 0; i < N; i++)                                                \
            CU_ASSERT(y[i] == (float)u[i]);                                    \
        V##_store(y, V##_load_i8(s));                                          \
        for (i = 0; i < N; i++)                                                \
            CU_ASSERT(y[i] == (float)s[i]);                                    \
    }
EACH_VECTOR(BYTES)

/* Each form with a constant n, as generated code has it. */
#define PART(V, N, n)                                                          \
    for (i = 0; i < N; i++)                                                    \
        y[i] = -7;                                                             \
    V##_store_part(y, V##_load(a), n);                                         \
    for (i = 0; i < N; i++)                                                    \
        CU_ASSERT(y[i] == (i < n ? a[i] : -7));                                \
    V##_store(y, V##_load_part(a, n));                                         \
    for (i = 0; i < N; i++)                                                    \
        CU_ASSERT(bits_of(y[i]) == (i < n ? bits_of(a[i]) : 0));               \
    V##_store(y, V##_load_u8_part(u, n));                                      \
    for (i = 0; i < N; i++)                                                    \
        CU_ASSERT(y[i] == (i < n ? (float)u[i] : 0));                          \
    V##_store(y, V##_load_i8_part(s, n));                                      \
    for (i = 0; i < N; i++)                                                    \
        CU_ASSERT(y[i] == (i < n ? (float)s[i] : 0));
#define PARTS4(V, N) PART(V, N, 1) PART(V, N, 2) PART(V, N, 3) PART(V, N, 4)
#define PARTS8(V, N)                                                           \
    PARTS4(V, N) PART(V, N, 5) PART(V, N, 6) PART(V, N, 7) PART(V, N, 8)
#define PARTS16(V, N)                                                          \
    PARTS8(V, N)                                                               \
    PART(V, N, 9)                                                              \
    PART(V, N, 10)                                                             \
    PART(V, N, 11)                                                             \
    PART(V, N, 12) PART(V, N, 13) PART(V, N, 14) PART(V, N, 15) PART(V, N, 16)

#define PARTS(V, N)                                                            \
    static void V##_check_parts(void)                                          \
    {                                                                          \
        float a[N], y[N], even[2 * N];                                         \
        uint8_t u[N];                                                          \
        int8_t s[N];                                                           \
        int i;                                                                 \
        for (i = 0; i < N; i++) {                                              \
            a[i] = (float)(i + 1);                                             \
            u[i] = (uint8_t)(200 + i);                                         \
            s[i] = (int8_t)(-100 + i);                                         \
        }                                                                      \
        PARTS##N(V, N) for (i = 0; i < 2 * N; i++) even[i] = (float)i;         \
        V##_store(y, V##_load_even(even));                                     \
        for (i = 0; i < N; i++)                                                \
            CU_ASSERT(y[i] == (float)(2 * i));                                 \
    }
EACH_VECTOR(PARTS)

/* ---- scalars ---- */

#define SCALAR1(WORD) CU_ASSERT(same_float(f32_##WORD(a), plain_##WORD(a)));

static void check_scalars(int group)
{
    const float a = argument(group, 0, 0), c = argument(group, 2, 0);
    const float b = group % 5 ? argument(group, 1, 0) : a;
    WORDS1(SCALAR1)
    CU_ASSERT(same_float(f32_min(a, b), plain_min(a, b)));
    CU_ASSERT(same_float(f32_max(a, b), plain_max(a, b)));
    CU_ASSERT(same_float(f32_fma(a, b, c), plain_fma(a, b, c)));
    CU_ASSERT(same_float(f32_select_lt(a, b, c, 5), a < b ? c : 5));
    CU_ASSERT(same_float(f32_select_le(a, b, c, 5), a <= b ? c : 5));
    CU_ASSERT(same_float(f32_select_eq(a, b, c, 5), a == b ? c : 5));
}

static int nonzero(int *list, const float *p, int n)
{
    return f32_nonzero(list, p, n);
}

#include "region_end.h"

/* ---- tests ---- */

static void test_arithmetic_is_that_of_c_in_each_lane(void)
{
    int group;
    for (group = 0; group < GROUPS; group++) {
#define CALL(V, N) V##_check_arithmetic(group);
        EACH_VECTOR(CALL)
#undef CALL
    }
}

static void test_scalars_are_those_of_c(void)
{
    int group;
    for (group = 0; group < 16 * GROUPS; group++)
        check_scalars(group);
}

static void test_sums_and_extremes_take_every_lane(void)
{
    int seed;
    for (seed = 0; seed < 100; seed++) {
#define CALL(V, N) V##_check_across(seed);
        EACH_VECTOR(CALL)
#undef CALL
    }
}

static void test_bytes_keep_their_values(void)
{
    int first;
    for (first = 0; first < 256; first++) {
#define CALL(V, N) V##_check_bytes(first);
        EACH_VECTOR(CALL)
#undef CALL
    }
}

static void test_parts_leave_the_other_lanes_alone(void)
{
#define CALL(V, N) V##_check_parts();
    EACH_VECTOR(CALL)
#undef CALL
}

static void test_what_is_not_zero_is_listed(void)
{
    enum { MOST = 45 };
    float x[MOST];
    int list[MOST + 17], n, i, count, found, group;
    for (group = 0; group < GROUPS; group++) {
        n = group % (MOST + 1);
        for (i = 0; i < n; i++)
            x[i] = (group >> i % 7 & 1) ? argument(group, 0, i)
                   : i % 2              ? 0.0f
                                        : -0.0f;
        list[n + 16] = -1;
        count = nonzero(list, x, n);
        for (i = found = 0; i < n; i++)
            if (!(x[i] == 0))
                CU_ASSERT(found < count && list[found++] == i);
        CU_ASSERT(count == found);
        CU_ASSERT(list[n + 16] == -1);
    }
}

static CNNC_ALIGN(64) const float aligned[3] = { 1, 2, 3 };

static float first_of(const float *CNNC_RESTRICT p)
{
    cnnc_prefetch(p);
    return p[0];
}

static void test_alignment_and_prefetch(void)
{
    CU_ASSERT((uintptr_t)aligned % 64 == 0);
    CU_ASSERT(first_of(aligned) == 1);
}

int main(void)
{
    CU_pSuite suite;
    unsigned failures;
    skip_unless_supported();
    if (CU_initialize_registry() != CUE_SUCCESS)
        return EXIT_FAILURE;
    suite = CU_add_suite("vocabulary, " TARGET_NAME, NULL, NULL);
    CU_add_test(suite, "arithmetic is that of C in each lane",
                test_arithmetic_is_that_of_c_in_each_lane);
    CU_add_test(suite, "scalars are those of C", test_scalars_are_those_of_c);
    CU_add_test(suite, "sums and extremes take every lane",
                test_sums_and_extremes_take_every_lane);
    CU_add_test(suite, "bytes keep their values", test_bytes_keep_their_values);
    CU_add_test(suite, "parts leave the other lanes alone",
                test_parts_leave_the_other_lanes_alone);
    CU_add_test(suite, "what is not zero is listed",
                test_what_is_not_zero_is_listed);
    CU_add_test(suite, "alignment and prefetch", test_alignment_and_prefetch);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
