/*
 * test_power.c - the runtime's functions of two numbers, pow and fmod.
 *
 *     test_power            special values, each with each; dense samples
 *     test_power brief      a sixteenth of the samples
 *     test_power digest     a number per function, of all its results
 *
 * pow is compared with libm in double precision; fmod, which is exact, with
 * libm's own, bit by bit.
 */
#include "target.h"
#include "ulp.h"

#include <CUnit/Basic.h>

enum { CHUNK = 256, CHUNKS = 16000 };

#define POW_LIMIT 0.51 /* ULP */

typedef void Map(const float *a, const float *b, float *y, int count);

static int thinned = 1; /* by this factor, the samples */

/* ---- the functions under test ---- */

#include "region_begin.h"
#define MAP(V, N, NAME)                                                        \
    static void V##_map_##NAME(const float *a, const float *b, float *y,       \
                               int count)                                      \
    {                                                                          \
        int i;                                                                 \
        for (i = 0; i < count; i += N)                                         \
            V##_store(y + i, V##_##NAME(V##_load(a + i), V##_load(b + i)));    \
    }
#define MAPS(V, N) MAP(V, N, pow) MAP(V, N, fmod)
EACH_VECTOR(MAPS)

static float scalar_pow(float a, float b)
{
    return f32_pow(a, b);
}

static float scalar_fmod(float a, float b)
{
    return f32_fmod(a, b);
}
#include "region_end.h"

/* Vectors agree with the scalar function in every lane. */
#define CHECK_MAP(V, N, NAME)                                                  \
    V##_map_##NAME(a, b, other, CHUNK);                                        \
    for (i = 0; i < CHUNK; i++)                                                \
        if (!same_float(y[i], other[i]))                                       \
            return i;

static int pow_disagrees(const float *a, const float *b, const float *y)
{
    float other[CHUNK];
    int i;
    (void)other, (void)a, (void)b, (void)y, (void)i;
#define CHECK(V, N) CHECK_MAP(V, N, pow)
    EACH_VECTOR(CHECK)
#undef CHECK
    return -1;
}

static int fmod_disagrees(const float *a, const float *b, const float *y)
{
    float other[CHUNK];
    int i;
    (void)other, (void)a, (void)b, (void)y, (void)i;
#define CHECK(V, N) CHECK_MAP(V, N, fmod)
    EACH_VECTOR(CHECK)
#undef CHECK
    return -1;
}

/* ---- arguments ---- */

static uint32_t seed;

static uint32_t draw(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static float draw_float(void)
{
    return float_of(draw() << 8 ^ draw());
}

/* From 1 - 2^-9 to 1 + 2^-9. */
static float draw_near_one(void)
{
    return 1 + (float)((int)(draw() % 65536) - 32768) / 16777216;
}

static float draw_between(float low, float high)
{
    return low + (high - low) * (float)draw() / 16777216;
}

/* Bases and exponents of all kinds; results of every size, down to
 * subnormals and up to those that overflow. */
static void draw_pair(int kind, float *a, float *b)
{
    switch (kind % 8) {
    case 0: *a = draw_float(), *b = draw_float(); break;
    case 1: *a = draw_near_one(), *b = draw_between(-50000, 50000); break;
    case 2: *a = draw_float(), *b = (float)((int)(draw() % 41) - 20); break;
    case 3: *a = draw_float(), *b = draw_between(-2, 2); break;
    case 4: *a = draw_between(0, 100), *b = draw_between(-25, 25); break;
    case 5: *a = draw_between(-3, 3), *b = (float)(int)(draw() % 300); break;
    case 6: *a = draw_between(-1e6f, 1e6f), *b = draw_between(0, 10); break;
    default: *a = 2, *b = draw_between(-152, 130); break;
    }
}

static void draw_chunk(int number, float *a, float *b)
{
    int i;
    seed = (uint32_t)number * 77u + 1u;
    for (i = 0; i < CHUNK; i++)
        draw_pair(i, &a[i], &b[i]);
}

static const float telling[] = {
    0,         -0.0f,    1,         -1,        0.5f,     -0.5f,
    2,         -2,       3,         -3,        1.5f,     -1.5f,
    1e-45f,    -1e-45f,  1.2e-38f,  3.4e38f,   -3.4e38f, 8388607.5f,
    16777215,  16777216, -16777215, -16777218, 1e10f,    -1e10f,
    0.999999f, 1.00001f, 0.1f,      -7,        64,       1.0f / 3,
};
enum { TELLING = sizeof telling / sizeof *telling };

static float telling_at(int i)
{
    return i < TELLING        ? telling[i]
           : i == TELLING     ? HUGE_VALF
           : i == TELLING + 1 ? -HUGE_VALF
                              : float_of(0x7fc00001u);
}

/* ---- tests ---- */

static int is_good_pow(float a, float b, float y)
{
    const double error = error_of(y, pow((double)a, (double)b));
    if (!(error <= POW_LIMIT))
        printf("pow(%.9g, %.9g) = %.9g is off by %.3f ULP\n", (double)a,
               (double)b, (double)y, error);
    return error <= POW_LIMIT;
}

static int is_good_fmod(float a, float b, float y)
{
    const float exact = fmodf(a, b);
    if (!same_float(y, exact))
        printf("fmod(%.9g, %.9g) = %.9g, not %.9g\n", (double)a, (double)b,
               (double)y, (double)exact);
    return same_float(y, exact);
}

static void test_every_telling_number_with_every_other(void)
{
    int i, j;
    for (i = 0; i < TELLING + 3; i++)
        for (j = 0; j < TELLING + 3; j++) {
            const float a = telling_at(i), b = telling_at(j);
            CU_ASSERT(is_good_pow(a, b, scalar_pow(a, b)));
            CU_ASSERT(is_good_fmod(a, b, scalar_fmod(a, b)));
        }
}

static void check_chunk(const float *a, const float *b)
{
    float y[CHUNK];
    int i;
    for (i = 0; i < CHUNK; i++) {
        y[i] = scalar_pow(a[i], b[i]);
        CU_ASSERT(is_good_pow(a[i], b[i], y[i]));
    }
    CU_ASSERT(pow_disagrees(a, b, y) < 0);
    for (i = 0; i < CHUNK; i++) {
        y[i] = scalar_fmod(a[i], b[i]);
        CU_ASSERT(is_good_fmod(a[i], b[i], y[i]));
    }
    CU_ASSERT(fmod_disagrees(a, b, y) < 0);
}

static void test_many_pairs(void)
{
    float a[CHUNK], b[CHUNK];
    int chunk;
    for (chunk = 0; chunk < CHUNKS / thinned; chunk++) {
        draw_chunk(chunk, a, b);
        check_chunk(a, b);
    }
}

/* ---- the digest ---- */

static uint64_t digest_add(uint64_t digest, float y)
{
    const uint32_t word = y != y ? 0x7fc00000u : bits_of(y);
    return (digest ^ word) * 1099511628211u;
}

static int run_digest(void)
{
    uint64_t power = 14695981039346656037u, rest = power;
    float a[CHUNK], b[CHUNK];
    int chunk, i;
    for (chunk = 0; chunk < CHUNKS / 4; chunk++) {
        draw_chunk(chunk, a, b);
        for (i = 0; i < CHUNK; i++) {
            power = digest_add(power, scalar_pow(a[i], b[i]));
            rest = digest_add(rest, scalar_fmod(a[i], b[i]));
        }
    }
    printf("pow      %016llx\nfmod     %016llx\n", (unsigned long long)power,
           (unsigned long long)rest);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    CU_pSuite suite;
    unsigned failures;
    skip_unless_supported();
    if (argc > 1 && strcmp(argv[1], "digest") == 0)
        return run_digest();
    if (argc > 1 && strcmp(argv[1], "brief") == 0)
        thinned = 16;
    if (CU_initialize_registry() != CUE_SUCCESS)
        return EXIT_FAILURE;
    suite = CU_add_suite("power, " TARGET_NAME, NULL, NULL);
    CU_add_test(suite, "every telling number with every other",
                test_every_telling_number_with_every_other);
    CU_add_test(suite, "many pairs", test_many_pairs);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
