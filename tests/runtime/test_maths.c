/*
 * test_maths.c - the runtime's maths: error, special values, equal everywhere.
 *
 *     test_maths                    a dense subset of all floats
 *     test_maths brief              a sixteenth of it, for an emulator
 *     test_maths exhaustive [NAME]  all 2^32 of them, and the largest error
 *     test_maths digest [brief|all] a number per function, of all its results:
 *                                   targets that agree to the last bit print
 *                                   the same
 *
 * Results are compared with libm in double precision, whose error is some
 * 2^-29 of a float's ULP.
 */
#include "target.h"
#include "ulp.h"

#include <CUnit/Basic.h>
#include <math.h>

enum { CHUNK = 4096, AROUND = 1024 };

typedef void Map(const float *x, float *y, int count);
typedef float Scalar(float x);
typedef double Reference(double x);

typedef struct {
    const char *name;
    Reference *reference;
    Scalar *scalar;
    Map *maps[3]; /* by width, the widest last; none for scalars only */
    double limit; /* ULP */
} Function;

/* ---- the functions under test, and their references ---- */

#include "region_begin.h"
#define MAP(V, N, NAME)                                                        \
    static void V##_map_##NAME(const float *x, float *y, int count)            \
    {                                                                          \
        int i;                                                                 \
        for (i = 0; i < count; i += N)                                         \
            V##_store(y + i, V##_##NAME(V##_load(x + i)));                     \
    }
#define SCALAR(V, N, NAME)                                                     \
    static float scalar_##NAME(float x)                                        \
    {                                                                          \
        return V##_##NAME(x);                                                  \
    }
/* clang-format off */
#define WORDS(M, V, N)                                  \
    M(V, N, exp) M(V, N, expm1) M(V, N, log) M(V, N, log1p)                    \
    M(V, N, tanh) M(V, N, sigmoid) M(V, N, erf) M(V, N, softplus)              \
    M(V, N, sqrt) M(V, N, sin) M(V, N, cos) M(V, N, tan)                       \
    M(V, N, asin) M(V, N, acos) M(V, N, atan) M(V, N, sinh)                    \
    M(V, N, cosh) M(V, N, asinh) M(V, N, acosh) M(V, N, atanh)
/* clang-format on */
#define MAPS(V, N) WORDS(MAP, V, N)
EACH_VECTOR(MAPS)
WORDS(SCALAR, f32, 1)
#include "region_end.h"

static double within_200(double x)
{
    return x < -200 ? -200 : x > 200 ? 200 : x;
}

/* e^x; as a float it is 0 or infinite long before x reaches the limits, behind
 * which libm becomes slow. */
static double wide_exp(double x)
{
    return exp(within_200(x));
}

static double wide_expm1(double x)
{
    return expm1(x > 200 ? 200 : x);
}

static double wide_sinh(double x)
{
    return sinh(within_200(x));
}

static double wide_cosh(double x)
{
    return cosh(within_200(x));
}

static double sigmoid(double x)
{
    const double e = wide_exp(-fabs(x));
    return (x < 0 ? e : 1) / (1 + e);
}

static double softplus(double x)
{
    return (x < 0 ? 0 : x) + log1p(wide_exp(-fabs(x)));
}

#if defined(CNNC_TARGET_X86_64_V4)
#define WIDTHS(NAME)                                                           \
    {                                                                          \
        f32x4_map_##NAME, f32x8_map_##NAME, f32x16_map_##NAME                  \
    }
#elif defined(CNNC_TARGET_X86_64_V3)
#define WIDTHS(NAME)                                                           \
    {                                                                          \
        f32x4_map_##NAME, f32x8_map_##NAME, NULL                               \
    }
#elif defined(CNNC_TARGET_GENERIC)
#define WIDTHS(NAME)                                                           \
    {                                                                          \
        NULL, NULL, NULL                                                       \
    }
#else
#define WIDTHS(NAME)                                                           \
    {                                                                          \
        f32x4_map_##NAME, NULL, NULL                                           \
    }
#endif
#define ROW(NAME, REFERENCE, LIMIT)                                            \
    {                                                                          \
#NAME, REFERENCE, scalar_##NAME, WIDTHS(NAME), LIMIT                   \
    }

static const Function functions[] = {
    ROW(exp, wide_exp, 2),
    ROW(expm1, wide_expm1, 2),
    ROW(log, log, 2),
    ROW(log1p, log1p, 2),
    ROW(tanh, tanh, 2),
    ROW(sigmoid, sigmoid, 2),
    ROW(erf, erf, 2),
    ROW(softplus, softplus, 2),
    ROW(sqrt, sqrt, 0.5), /* correctly rounded */
    /* in doubles */
    ROW(sin, sin, 0.51),
    ROW(cos, cos, 0.51),
    ROW(tan, tan, 0.51),
    ROW(asin, asin, 0.51),
    ROW(acos, acos, 0.51),
    ROW(atan, atan, 0.51),
    ROW(sinh, wide_sinh, 0.51),
    ROW(cosh, wide_cosh, 0.51),
    ROW(asinh, asinh, 0.51),
    ROW(acosh, acosh, 0.51),
    ROW(atanh, atanh, 0.51),
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

/* ---- one chunk of arguments ---- */

/* The results of all forms; false where two of them differ. */
static int evaluate(const Function *f, const float *x, float *y, int count)
{
    float other[CHUNK];
    int i, w;
    for (i = 0; i < count; i++)
        y[i] = f->scalar(x[i]);
    for (w = 0; w < 3 && f->maps[w]; w++) {
        f->maps[w](x, other, count);
        for (i = 0; i < count; i++) {
            if (!same_float(y[i], other[i])) {
                printf("%s(%.9g): %.9g, but %.9g in %d lanes\n", f->name, x[i],
                       y[i], other[i], 4 << w);
                return 0;
            }
        }
    }
    return 1;
}

typedef struct {
    double error;
    float x, y; /* where the error is */
    int agree;  /* scalar and vectors */
    uint64_t digest;
} Outcome;

/* The widest vectors' results, or the scalar ones where there is no other. */
static void evaluate_widest(const Function *f, const float *x, float *y,
                            int count)
{
    int i, w = 2;
    while (w >= 0 && !f->maps[w])
        w--;
    if (w >= 0)
        f->maps[w](x, y, count);
    for (i = 0; w < 0 && i < count; i++)
        y[i] = f->scalar(x[i]);
}

static void note_error(const Function *f, float x, float y, Outcome *out)
{
    const double error = error_of(y, f->reference(x));
    if (error > out->error) {
        out->error = error;
        out->x = x;
        out->y = y;
    }
}

static void measure(const Function *f, const float *x, int count, Outcome *out)
{
    float y[CHUNK];
    int i;
    evaluate_widest(f, x, y, count);
    for (i = 0; i < count; i++)
        note_error(f, x[i], y[i], out);
}

/* The same for floats that follow one another. All functions here are monotone,
 * or have a top at +-1: where the results are all equal, the error is largest at
 * an end. So it is
 * where each result is its argument, as for tiny x, the exact ones being
 * x + c x^2 or x + c x^3 there. This spares libm most of the 2^32 calls. */
static void measure_run(const Function *f, const float *x, int count,
                        Outcome *out)
{
    float y[CHUNK];
    int i, equal = 1, same = 1;
    evaluate_widest(f, x, y, count);
    for (i = 0; i < count; i++) {
        equal &= bits_of(y[i]) == bits_of(y[0]);
        same &= bits_of(y[i]) == bits_of(x[i]);
    }
    if (equal || same) {
        note_error(f, x[0], y[0], out);
        note_error(f, x[count - 1], y[count - 1], out);
        return;
    }
    for (i = 0; i < count; i++)
        note_error(f, x[i], y[i], out);
}

static void judge(const Function *f, const float *x, int count, Outcome *out)
{
    float y[CHUNK];
    if (!evaluate(f, x, y, count))
        out->agree = 0;
    measure(f, x, count, out);
}

/* FNV-1a over the words of the results, every NaN being the same. */
static void digest(const Function *f, const float *x, int count, Outcome *out)
{
    float y[CHUNK];
    int i;
    evaluate_widest(f, x, y, count);
    for (i = 0; i < count; i++) {
        const uint32_t word = y[i] != y[i] ? 0x7fc00000u : bits_of(y[i]);
        out->digest = (out->digest ^ word) * 1099511628211u;
    }
}

/* ---- arguments ---- */

typedef void Chunk(const Function *, const float *, int, Outcome *);

static int thinned = 1; /* by this factor, the subset */

static void walk_all(const Function *f, Chunk *chunk, Outcome *out)
{
    float x[CHUNK];
    uint32_t base = 0;
    int i;
    do {
        for (i = 0; i < CHUNK; i++)
            x[i] = float_of(base + (uint32_t)i);
        chunk(f, x, CHUNK, out);
        base += CHUNK;
    } while (base != 0);
}

/* Each sign and exponent: the binade's ends, and random floats in between. */
static void walk_binades(const Function *f, Chunk *chunk, Outcome *out)
{
    float x[CHUNK];
    uint32_t binade, seed = 1;
    int i;
    for (binade = 0; binade < 512; binade++) {
        for (i = 0; i < CHUNK / thinned; i++) {
            uint32_t mantissa;
            seed = seed * 1664525u + 1013904223u;
            mantissa = i < 16   ? (uint32_t)i
                       : i < 32 ? 0u - (uint32_t)(i - 15)
                                : seed >> 9;
            x[i] = float_of(binade << 23 | (mantissa & 0x7fffff));
        }
        chunk(f, x, CHUNK / thinned, out);
    }
}

/* The floats around every place where an algorithm changes its mind: clamps,
 * thresholds, results that overflow, and multiples of ln(2)/2
 * and pi/4. */
static void walk_edges(const Function *f, Chunk *chunk, Outcome *out)
{
    static const float edges[] = {
        0.75f,       1,           4,        10,          18,
        64,          87.34f,      88.376f,  88.7228f,    89,
        103.3f,      103.98f,     104,      0.5f,        2,
        0.70710678f, 1.41421356f, 1.2e-38f, 0.78539816f, 0.41421356f,
        2.41421356f, 89.4159f,    16777216
    };
    const int count = (int)(sizeof edges / sizeof *edges);
    const int around = AROUND / thinned;
    float x[CHUNK];
    int edge, i;
    for (edge = 0; edge < count + 400; edge++) {
        const float at = edge < count ? edges[edge]
                         : edge < count + 300
                             ? 0.34657359f * (float)(edge - count + 1)
                             : 0.785398163f * (float)(edge - count - 299);
        for (i = 0; i < around; i++)
            x[i] = float_of((bits_of(at) + (uint32_t)(i / 2 - around / 4)) |
                            (i % 2 ? 0x80000000u : 0));
        chunk(f, x, around, out);
    }
}

static void walk_subset(const Function *f, Chunk *chunk, Outcome *out)
{
    walk_binades(f, chunk, out);
    walk_edges(f, chunk, out);
}

static Outcome try_function(const Function *f, Chunk *chunk, int all)
{
    Outcome out = { 0, 0, 0, 1, 14695981039346656037u };
    (all ? walk_all : walk_subset)(f, chunk, &out);
    return out;
}

/* ---- tests ---- */

static void test_error_is_at_most_the_limit(void)
{
    int i;
    for (i = 0; i < FUNCTIONS; i++) {
        const Outcome out = try_function(&functions[i], judge, 0);
        if (out.error > functions[i].limit)
            printf("%s(%.9g) = %.9g is off by %.3f ULP\n", functions[i].name,
                   out.x, out.y, out.error);
        CU_ASSERT(out.error <= functions[i].limit);
        CU_ASSERT(out.agree);
    }
}

static float call(const char *name, float x)
{
    int i = 0;
    while (strcmp(functions[i].name, name) != 0)
        i++;
    return functions[i].scalar(x);
}

typedef struct {
    const char *name;
    float x, y;
} Case;

static void check_cases(const Case *cases, int count)
{
    int i;
    for (i = 0; i < count; i++) {
        const float y = call(cases[i].name, cases[i].x);
        if (!same_float(y, cases[i].y))
            printf("%s(%g) = %g\n", cases[i].name, cases[i].x, y);
        CU_ASSERT(same_float(y, cases[i].y));
    }
}

/* C99, Annex F; sigmoid and softplus by their limits. */
static void test_special_values_are_those_of_annex_f(void)
{
    const float inf = HUGE_VALF, nan_ = float_of(0x7fc00001u);
    const Case cases[] = {
        { "exp", 0, 1 },           { "exp", -0.0f, 1 },
        { "exp", inf, inf },       { "exp", -inf, 0 },
        { "expm1", 0, 0 },         { "expm1", -0.0f, -0.0f },
        { "expm1", inf, inf },     { "expm1", -inf, -1 },
        { "log", 1, 0 },           { "log", 0, -inf },
        { "log", -0.0f, -inf },    { "log", -1, nan_ },
        { "log", inf, inf },       { "log", -inf, nan_ },
        { "log1p", 0, 0 },         { "log1p", -0.0f, -0.0f },
        { "log1p", -1, -inf },     { "log1p", -1.5f, nan_ },
        { "log1p", inf, inf },     { "log1p", -inf, nan_ },
        { "tanh", 0, 0 },          { "tanh", -0.0f, -0.0f },
        { "tanh", inf, 1 },        { "tanh", -inf, -1 },
        { "sigmoid", 0, 0.5f },    { "sigmoid", -0.0f, 0.5f },
        { "sigmoid", inf, 1 },     { "sigmoid", -inf, 0 },
        { "erf", 0, 0 },           { "erf", -0.0f, -0.0f },
        { "erf", inf, 1 },         { "erf", -inf, -1 },
        { "softplus", inf, inf },  { "softplus", -inf, 0 },
        { "sqrt", 0, 0 },          { "sqrt", -0.0f, -0.0f },
        { "sqrt", inf, inf },      { "sqrt", -inf, nan_ },
        { "sqrt", -1e-45f, nan_ }, { "sqrt", 4, 2 }
    };
    int i;
    check_cases(cases, (int)(sizeof cases / sizeof *cases));
    for (i = 0; i < FUNCTIONS; i++) {
        const float y = functions[i].scalar(nan_);
        CU_ASSERT(y != y);
    }
}

static void test_special_values_of_rare_functions(void)
{
    const float inf = HUGE_VALF, nan_ = float_of(0x7fc00001u);
    const Case cases[] = { { "sin", 0, 0 },
                           { "sin", -0.0f, -0.0f },
                           { "sin", inf, nan_ },
                           { "sin", -inf, nan_ },
                           { "cos", 0, 1 },
                           { "cos", -0.0f, 1 },
                           { "cos", inf, nan_ },
                           { "cos", -inf, nan_ },
                           { "tan", 0, 0 },
                           { "tan", -0.0f, -0.0f },
                           { "tan", inf, nan_ },
                           { "tan", -inf, nan_ },
                           { "asin", 0, 0 },
                           { "asin", -0.0f, -0.0f },
                           { "asin", 1.5f, nan_ },
                           { "asin", -1.5f, nan_ },
                           { "asin", inf, nan_ },
                           { "asin", 1, 1.57079637f },
                           { "acos", 1, 0 },
                           { "acos", -1, 3.14159274f },
                           { "acos", 1.5f, nan_ },
                           { "acos", -inf, nan_ },
                           { "atan", 0, 0 },
                           { "atan", -0.0f, -0.0f },
                           { "atan", inf, 1.57079637f },
                           { "atan", -inf, -1.57079637f },
                           { "sinh", 0, 0 },
                           { "sinh", -0.0f, -0.0f },
                           { "sinh", inf, inf },
                           { "sinh", -inf, -inf },
                           { "cosh", 0, 1 },
                           { "cosh", -0.0f, 1 },
                           { "cosh", inf, inf },
                           { "cosh", -inf, inf },
                           { "asinh", 0, 0 },
                           { "asinh", -0.0f, -0.0f },
                           { "asinh", inf, inf },
                           { "asinh", -inf, -inf },
                           { "acosh", 1, 0 },
                           { "acosh", 0.5f, nan_ },
                           { "acosh", -5, nan_ },
                           { "acosh", inf, inf },
                           { "acosh", -inf, nan_ },
                           { "atanh", 0, 0 },
                           { "atanh", -0.0f, -0.0f },
                           { "atanh", 1, inf },
                           { "atanh", -1, -inf },
                           { "atanh", 1.5f, nan_ },
                           { "atanh", inf, nan_ } };
    check_cases(cases, (int)(sizeof cases / sizeof *cases));
}

/* ---- the long run, and the digest ---- */

static int run_exhaustive(const char *name)
{
    int i, status = EXIT_SUCCESS;
    for (i = 0; i < FUNCTIONS; i++) {
        Outcome out;
        if (name && strcmp(name, functions[i].name) != 0)
            continue;
        out = try_function(&functions[i], measure_run, 1);
        printf("%-9s %-8s %.4f ULP at %.9g\n", TARGET_NAME, functions[i].name,
               out.error, out.x);
        fflush(stdout);
        if (out.error > functions[i].limit)
            status = EXIT_FAILURE;
    }
    return status;
}

static int run_digest(int all)
{
    int i;
    for (i = 0; i < FUNCTIONS; i++) {
        const Outcome out = try_function(&functions[i], digest, all);
        printf("%-8s %016llx\n", functions[i].name,
               (unsigned long long)out.digest);
        fflush(stdout);
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    CU_pSuite suite;
    unsigned failures;
    skip_unless_supported();
    if (argc > 1 && strcmp(argv[1], "exhaustive") == 0)
        return run_exhaustive(argc > 2 ? argv[2] : NULL);
    if (argc > 1 && strcmp(argv[argc - 1], "brief") == 0)
        thinned = 16;
    if (argc > 1 && strcmp(argv[1], "digest") == 0)
        return run_digest(argc > 2 && strcmp(argv[2], "all") == 0);
    if (CU_initialize_registry() != CUE_SUCCESS)
        return EXIT_FAILURE;
    suite = CU_add_suite("maths, " TARGET_NAME, NULL, NULL);
    CU_add_test(suite, "error is within the limit",
                test_error_is_at_most_the_limit);
    CU_add_test(suite, "special values are those of Annex F",
                test_special_values_are_those_of_annex_f);
    CU_add_test(suite, "special values of rare functions",
                test_special_values_of_rare_functions);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
