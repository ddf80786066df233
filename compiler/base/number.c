/*
 * number.c - checked sizes, exact decimals, checksums, random numbers.
 *
 *     size_mul(1 << 40, 1 << 40, &n)      false: it does not fit
 *     text_float(&t, 0.1f, true)          0.1
 *     text_float(&t, 16777216.0f, true)   16777216.0
 *
 * Nothing here depends on the locale or on a C library's mathematics: the
 * same input gives the same bytes on every machine.
 */
#include "base/base.h"

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool size_add(int64_t a, int64_t b, int64_t *sum)
{
    if (a < 0 || b < 0 || a > INT64_MAX - b)
        return false;
    *sum = a + b;
    return true;
}

bool size_mul(int64_t a, int64_t b, int64_t *product)
{
    if (a < 0 || b < 0 || (b && a > INT64_MAX / b))
        return false;
    *product = a * b;
    return true;
}

int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t ceil_div(int64_t a, int64_t b)
{
    return a / b + (a % b > 0);
}

/* ---- decimals ------------------------------------------------------------ */

/* Switches this thread to the locale "C"; returns what to give back. */
static locale_t locale_plain(void)
{
    static locale_t plain;

    if (!plain)
        plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!plain)
        mem_exhausted(0);
    return uselocale(plain);
}

/* Adds printf's %g with a short exponent: 1e+06 becomes 1e6. */
static void add_decimal(Text *text, const char *decimal, bool dot)
{
    size_t head = strcspn(decimal, "e");
    text_addn(text, decimal, head);
    if (dot && strcspn(decimal, ".e") == strlen(decimal))
        text_add(text, ".0");
    if (decimal[head] != 'e')
        return;
    const char *digits = decimal + head + 2;
    text_add(text, decimal[head + 1] == '-' ? "e-" : "e");
    text_add(text, digits + strspn(digits, "0"));
}

static bool add_special(Text *text, double value)
{
    if (isfinite(value))
        return false;
    text_add(text, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
    return true;
}

/* Six digits survive the way into a float and back, so two decimals of six
 * digits are never the same float, and a shorter one that reads back as the
 * value is the one of six without its zeros. Subnormals have fewer. */
void text_float(Text *text, float value, bool dot)
{
    char decimal[32];

    if (add_special(text, (double)value))
        return;
    locale_t old = locale_plain();
    for (int digits = fabsf(value) < FLT_MIN ? 1 : 6; digits <= 9; digits++) {
        snprintf(decimal, sizeof decimal, "%.*g", digits, (double)value);
        if (strtof(decimal, NULL) == value)
            break;
    }
    uselocale(old);
    add_decimal(text, decimal, dot);
}

void text_double(Text *text, double value)
{
    char decimal[32];

    if (add_special(text, value))
        return;
    locale_t old = locale_plain();
    for (int digits = fabs(value) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        snprintf(decimal, sizeof decimal, "%.*g", digits, value);
        if (strtod(decimal, NULL) == value)
            break;
    }
    uselocale(old);
    add_decimal(text, decimal, false);
}

void text_thousands(Text *text, int64_t value)
{
    char digits[24];
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    int length =
        snprintf(digits, sizeof digits, "%llu", (unsigned long long)size);

    if (value < 0)
        text_char(text, '-');
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text_char(text, ',');
        text_char(text, digits[i]);
    }
}

bool parse_int64(const char *text, int64_t *value)
{
    const char *digits = text + (*text == '-');

    if (!*digits || strspn(digits, "0123456789") != strlen(digits))
        return false;
    errno = 0;
    long long read = strtoll(text, NULL, 10);
    if (errno == ERANGE)
        return false;
    *value = read;
    return true;
}

bool parse_double(const char *text, double *value)
{
    const char *digits = text + (*text == '-');
    char *end;

    if (strcmp(digits, "inf") == 0 || strcmp(digits, "nan") == 0) {
        double special = *digits == 'i' ? (double)INFINITY : (double)NAN;
        *value = *text == '-' ? -special : special;
        return true;
    }
    if (!*digits || strspn(digits, "0123456789.eE+-") != strlen(digits))
        return false;
    locale_t old = locale_plain();
    double read = strtod(text, &end);
    uselocale(old);
    if (end == text || *end || isinf(read))
        return false;
    *value = read;
    return true;
}

/* ---- checksums ----------------------------------------------------------- */

/* The CRC-32 of zlib and PNG: polynomial 0xEDB88320, bits reflected. */
uint32_t crc32_of(const void *data, size_t size, uint32_t start)
{
    static uint32_t table[256];
    const unsigned char *bytes = data;
    uint32_t crc = ~start;

    if (!table[1])
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t c = i;
            for (int bit = 0; bit < 8; bit++)
                c = c & 1 ? c >> 1 ^ UINT32_C(0xEDB88320) : c >> 1;
            table[i] = c;
        }
    for (size_t i = 0; i < size; i++)
        crc = table[(crc ^ bytes[i]) & 0xff] ^ crc >> 8;
    return ~crc;
}

/* ---- random numbers ------------------------------------------------------ */

/* The seed is spread over the state by splitmix64, as the authors of
 * xoshiro256** advise. */
void random_seed(Random *random, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        seed += UINT64_C(0x9E3779B97F4A7C15);
        uint64_t z = seed;
        z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
        random->state[i] = z ^ z >> 31;
    }
}

static uint64_t rotate_left(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

uint64_t random_bits(Random *random)
{
    uint64_t *s = random->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

/* The last, incomplete copy of the range among the 2^64 values is drawn
 * again, so that every number is equally likely. */
int64_t random_range(Random *random, int64_t low, int64_t high)
{
    REQUIRE(low <= high);
    uint64_t count = (uint64_t)high - (uint64_t)low + 1;
    if (count == 0)
        return (int64_t)random_bits(random);
    uint64_t rest = (0 - count) % count, bits;
    do {
        bits = random_bits(random);
    } while (bits < rest);
    return (int64_t)((uint64_t)low + bits % count);
}

double random_uniform(Random *random)
{
    return (double)(random_bits(random) >> 11) * 0x1p-53;
}

/* The natural logarithm, x > 0: with x = m * 2^e and t = (m - 1) / (m + 1),
 * ln x = e ln 2 + 2 (t + t^3/3 + t^5/5 + ...), where |t| < 0.18. A C library's
 * may differ in the last bit from machine to machine. */
static double natural_log(double x)
{
    int exponent;
    double m = frexp(x, &exponent), sum = 0;

    if (m < 0.70710678118654752) {
        m *= 2;
        exponent--;
    }
    double t = (m - 1) / (m + 1);
    for (int k = 25; k >= 1; k -= 2)
        sum = sum * t * t + 1.0 / k;
    return exponent * 0.69314718055994531 + 2 * t * sum;
}

/* Marsaglia's polar method; the second number of each pair is dropped, so
 * that the state alone decides what comes next. */
double random_normal(Random *random)
{
    double x, y, s;

    do {
        x = 2 * random_uniform(random) - 1;
        y = 2 * random_uniform(random) - 1;
        s = x * x + y * y;
    } while (s >= 1 || s == 0);
    return x * sqrt(-2 * natural_log(s) / s);
}
