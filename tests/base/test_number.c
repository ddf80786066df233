/*
 * test_number.c - checked sizes, exact decimals, checksums, random numbers.
 */
#include "base/base.h"
#include "unit.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void test_sizes_that_overflow_are_refused(void)
{
    int64_t n = 5;

    CU_ASSERT(size_mul(INT64_C(1) << 31, INT64_C(1) << 31, &n));
    CU_ASSERT_EQUAL(n, INT64_C(1) << 62);
    CU_ASSERT_FALSE(size_mul(INT64_C(1) << 32, INT64_C(1) << 31, &n));
    CU_ASSERT_FALSE(size_mul(-1, 2, &n));
    CU_ASSERT_FALSE(size_mul(2, -1, &n));
    CU_ASSERT(size_mul(INT64_MAX, 1, &n) && n == INT64_MAX);
    CU_ASSERT(size_mul(INT64_MAX, 0, &n) && n == 0);
    CU_ASSERT(size_add(INT64_MAX - 1, 1, &n) && n == INT64_MAX);
    CU_ASSERT_FALSE(size_add(INT64_MAX, 1, &n));
    CU_ASSERT_FALSE(size_add(-1, 1, &n));
}

static void test_division_rounds_as_its_name_says(void)
{
    for (int64_t a = -20; a <= 20; a++)
        for (int64_t b = 1; b <= 7; b++) {
            CU_ASSERT_EQUAL(floor_div(a, b),
                            (int64_t)floor((double)a / (double)b));
            CU_ASSERT_EQUAL(ceil_div(a, b),
                            (int64_t)ceil((double)a / (double)b));
        }
}

static bool float_prints(float value, bool dot, const char *expected)
{
    Text text = { 0 };
    text_float(&text, value, dot);
    bool same = strcmp(text_get(&text), expected) == 0;
    if (!same)
        fprintf(stderr, "\n%s is not %s\n", text_get(&text), expected);
    text_free(&text);
    return same;
}

static void test_floats_print_short(void)
{
    CU_ASSERT(float_prints(0.1f, false, "0.1"));
    CU_ASSERT(float_prints(1, false, "1"));
    CU_ASSERT(float_prints(1, true, "1.0"));
    CU_ASSERT(float_prints(-0.0f, true, "-0.0"));
    CU_ASSERT(float_prints(1e6f, true, "1e6"));
    CU_ASSERT(float_prints(1e-7f, false, "1e-7"));
    CU_ASSERT(float_prints(16777216, true, "16777216.0"));
    CU_ASSERT(float_prints(3.14159274f, false, "3.1415927"));
    CU_ASSERT(float_prints(FLT_MAX, false, "3.4028235e38"));
    CU_ASSERT(float_prints(0x1p-149f, false, "1e-45"));
    CU_ASSERT(float_prints(INFINITY, true, "inf"));
    CU_ASSERT(float_prints(-INFINITY, true, "-inf"));
    CU_ASSERT(float_prints(NAN, true, "nan"));
}

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* No shorter decimal reads back as the same float, and this one does. */
static void check_shortest(float value)
{
    Text text = { 0 };
    char shorter[400];

    text_float(&text, value, false);
    float back = strtof(text.data, NULL);
    CU_ASSERT(memcmp(&back, &value, sizeof value) == 0);
    int digits = 0;
    size_t mantissa = strcspn(text.data, "e"), trailing = 0;
    for (size_t i = 0; i < mantissa; i++) {
        char c = text.data[i];
        if (c < '0' || c > '9' || (c == '0' && digits == 0))
            continue;
        digits++;
        trailing = c == '0' ? trailing + 1 : 0;
    }
    digits -= strchr(text.data, '.') ? 0 : (int)trailing;
    if (digits > 1) {
        snprintf(shorter, sizeof shorter, "%.*g", digits - 1, (double)value);
        CU_ASSERT(strtof(shorter, NULL) != value);
    }
    text_free(&text);
}

static void test_floats_print_the_shortest_decimal_that_reads_back(void)
{
    Random random;

    random_seed(&random, 1);
    for (int i = 0; i < 50000; i++) {
        float value = float_of_bits((uint32_t)random_bits(&random));
        if (isfinite(value) && value != 0)
            check_shortest(value);
    }
    for (uint32_t bits = 1; bits < 3000; bits++)
        check_shortest(float_of_bits(bits));
}

static void test_doubles_read_back(void)
{
    Random random;
    Text text = { 0 };

    random_seed(&random, 2);
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = random_bits(&random);
        double value, back = 0;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        text_double(&text, value);
        CU_ASSERT(parse_double(text.data, &back));
        CU_ASSERT(memcmp(&back, &value, sizeof value) == 0);
        text_free(&text);
    }
}

static void test_numbers_do_not_depend_on_the_locale(void)
{
    static const char *const comma[] = { "de_DE.UTF-8", "de_DE.utf8", "de_DE",
                                         "fr_FR.UTF-8" };
    Text text = { 0 };
    double value = 0;

    for (size_t i = 0; i < COUNT_OF(comma); i++)
        if (setlocale(LC_ALL, comma[i]))
            break;
    text_float(&text, 0.5f, true);
    CU_ASSERT_STRING_EQUAL(text_get(&text), "0.5");
    CU_ASSERT(parse_double("0.5", &value) && value == 0.5);
    text_free(&text);
    setlocale(LC_ALL, "C");
}

static void test_thousands_are_grouped(void)
{
    static const struct {
        int64_t value;
        const char *text;
    } rows[] = {
        { 0, "0" },
        { 999, "999" },
        { 1000, "1,000" },
        { 1234567, "1,234,567" },
        { -100000, "-100,000" },
        { INT64_MIN, "-9,223,372,036,854,775,808" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Text text = { 0 };
        text_thousands(&text, rows[i].value);
        CU_ASSERT_STRING_EQUAL(text_get(&text), rows[i].text);
        text_free(&text);
    }
}

static void test_only_whole_integers_parse(void)
{
    int64_t n = 0;

    CU_ASSERT(parse_int64("-9223372036854775808", &n) && n == INT64_MIN);
    CU_ASSERT(parse_int64("007", &n) && n == 7);
    CU_ASSERT_FALSE(parse_int64("9223372036854775808", &n));
    CU_ASSERT_FALSE(parse_int64("", &n));
    CU_ASSERT_FALSE(parse_int64("-", &n));
    CU_ASSERT_FALSE(parse_int64(" 1", &n));
    CU_ASSERT_FALSE(parse_int64("+1", &n));
    CU_ASSERT_FALSE(parse_int64("1x", &n));
    CU_ASSERT_EQUAL(n, 7);
}

static void test_only_whole_decimals_parse(void)
{
    double x = 0;

    CU_ASSERT(parse_double("-1.5e3", &x) && x == -1500);
    CU_ASSERT(parse_double("-inf", &x) && isinf(x) && x < 0);
    CU_ASSERT(parse_double("nan", &x) && isnan(x));
    CU_ASSERT_FALSE(parse_double("0x10", &x));
    CU_ASSERT_FALSE(parse_double("1e999", &x));
    CU_ASSERT_FALSE(parse_double("1.5.2", &x));
    CU_ASSERT_FALSE(parse_double(" 1", &x));
    CU_ASSERT_FALSE(parse_double("", &x));
    CU_ASSERT_FALSE(parse_double(".", &x));
    CU_ASSERT_FALSE(parse_double("infinity", &x));
}

static void test_the_checksum_is_the_one_of_zlib(void)
{
    CU_ASSERT_EQUAL(crc32_of("123456789", 9, 0), 0xCBF43926u);
    CU_ASSERT_EQUAL(crc32_of("", 0, 0), 0);
    CU_ASSERT_EQUAL(crc32_of("56789", 5, crc32_of("1234", 4, 0)), 0xCBF43926u);
}

static void test_a_seed_gives_the_same_numbers_everywhere(void)
{
    Random random = { { 1, 2, 3, 4 } };

    /* The published sequence of xoshiro256** from this state. */
    CU_ASSERT_EQUAL(random_bits(&random), 11520);
    CU_ASSERT_EQUAL(random_bits(&random), 0);
    CU_ASSERT_EQUAL(random_bits(&random), 1509978240);
    CU_ASSERT_EQUAL(random_bits(&random), UINT64_C(1215971899390074240));
    /* splitmix64 from 0. */
    random_seed(&random, 0);
    CU_ASSERT_EQUAL(random.state[0], UINT64_C(0xE220A8397B1DCDAF));
    CU_ASSERT_EQUAL(random.state[1], UINT64_C(0x6E789E6AA1B965F4));
}

static void test_a_range_of_random_numbers_is_even_and_inclusive(void)
{
    Random random;
    int seen[7] = { 0 };

    random_seed(&random, 3);
    for (int i = 0; i < 70000; i++) {
        int64_t n = random_range(&random, -3, 3);
        CU_ASSERT_FATAL(n >= -3 && n <= 3);
        seen[n + 3]++;
    }
    for (int i = 0; i < 7; i++)
        CU_ASSERT(abs(seen[i] - 10000) < 500);
    CU_ASSERT_EQUAL(random_range(&random, 9, 9), 9);
    random_range(&random, INT64_MIN, INT64_MAX);
}

/* Mean, variance and kurtosis of many draws against 0, 1 and 3. */
static void test_normal_numbers_have_the_moments_of_a_normal(void)
{
    Random random;
    double sum = 0, squares = 0, fourths = 0;
    const int count = 200000;

    random_seed(&random, 4);
    for (int i = 0; i < count; i++) {
        double u = random_uniform(&random), x = random_normal(&random);
        CU_ASSERT(u >= 0 && u < 1);
        sum += x;
        squares += x * x;
        fourths += x * x * x * x;
    }
    CU_ASSERT_DOUBLE_EQUAL(sum / count, 0, 0.01);
    CU_ASSERT_DOUBLE_EQUAL(squares / count, 1, 0.02);
    CU_ASSERT_DOUBLE_EQUAL(fourths / count, 3, 0.15);
}

static const UnitTest tests[] = {
    UNIT(test_sizes_that_overflow_are_refused),
    UNIT(test_division_rounds_as_its_name_says),
    UNIT(test_floats_print_short),
    UNIT(test_floats_print_the_shortest_decimal_that_reads_back),
    UNIT(test_doubles_read_back),
    UNIT(test_numbers_do_not_depend_on_the_locale),
    UNIT(test_thousands_are_grouped),
    UNIT(test_only_whole_integers_parse),
    UNIT(test_only_whole_decimals_parse),
    UNIT(test_the_checksum_is_the_one_of_zlib),
    UNIT(test_a_seed_gives_the_same_numbers_everywhere),
    UNIT(test_a_range_of_random_numbers_is_even_and_inclusive),
    UNIT(test_normal_numbers_have_the_moments_of_a_normal),
};

UNIT_MAIN("number", tests)
