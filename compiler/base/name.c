/*
 * name.c - interned strings, the nearest known word, names for C.
 *
 *     name_intern("conv1") == name_intern("conv1")
 *     name_nearest("maxpol", ...)              "maxpool"
 *     name_to_c(arena, "layer2.0.conv1")       "layer2_0_conv1"
 *
 * The table of names is a hash table with open addressing; its size is a power
 * of two and it is at most half full. Names live as long as the program.
 */
#include "base/base.h"

#include <string.h>

static struct {
    const char **at; /* NULL: a free place */
    size_t size, used;
    Arena *arena;
} names;

/* FNV-1a. */
static uint64_t name_hash(const char *text, size_t length)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
    return hash ^ hash >> 32;
}

/* Where the name is, or the free place where it belongs. */
static const char **name_place(const char *text, size_t length)
{
    size_t i = (size_t)name_hash(text, length) & (names.size - 1);
    while (names.at[i] && (strncmp(names.at[i], text, length) != 0 ||
                           names.at[i][length] != '\0'))
        i = (i + 1) & (names.size - 1);
    return &names.at[i];
}

static void names_grow(void)
{
    const char **old = names.at;
    size_t old_size = names.size;

    if (!names.arena)
        names.arena = arena_new();
    names.size = old_size ? old_size * 2 : 256;
    names.at = mem_alloc(names.size * sizeof *names.at);
    memset(names.at, 0, names.size * sizeof *names.at);
    for (size_t i = 0; i < old_size; i++)
        if (old[i])
            *name_place(old[i], strlen(old[i])) = old[i];
    mem_free(old);
}

const char *name_internn(const char *text, size_t length)
{
    REQUIRE(!memchr(text, '\0', length));
    if (names.used * 2 >= names.size)
        names_grow();
    const char **place = name_place(text, length);
    if (!*place) {
        *place = arena_textn(names.arena, text, length);
        names.used++;
    }
    return *place;
}

const char *name_intern(const char *text)
{
    return name_internn(text, strlen(text));
}

/* The letters and digits of ASCII, whatever the locale says. */
static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool name_is_identifier(const char *text)
{
    if (!*text || is_digit(*text))
        return false;
    while (is_name_char(*text))
        text++;
    return *text == '\0';
}

/* ---- the nearest word ---------------------------------------------------- */

#define LONGEST 128 /* longer words are not compared */

static int min_of(int a, int b)
{
    return a < b ? a : b;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/*
 * How many letters to insert, drop, change or swap with their neighbour to
 * make b of a; capitals do not count. The rows of the usual table: d[i][j] is
 * the distance of the first i letters of a from the first j of b; only the
 * last three rows are kept.
 */
static int name_distance(const char *a, size_t a_length, const char *b,
                         size_t b_length)
{
    int rows[3][LONGEST + 1];

    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = (int)j;
    for (size_t i = 1; i <= a_length; i++) {
        int *row = rows[i % 3], *up = rows[(i + 2) % 3],
            *up2 = rows[(i + 1) % 3];
        row[0] = (int)i;
        for (size_t j = 1; j <= b_length; j++) {
            char x = lower(a[i - 1]), y = lower(b[j - 1]);
            row[j] =
                min_of(min_of(up[j], row[j - 1]) + 1, up[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]))
                row[j] = min_of(row[j], up2[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

const char *name_nearest(const char *word, const char *const *candidates,
                         int count)
{
    const char *nearest = NULL;
    size_t length = strlen(word);
    int best = min_of((int)(min_of((int)length, LONGEST) + 1) / 3, 3) + 1;

    if (length > LONGEST)
        return NULL;
    for (int i = 0; i < count; i++) {
        size_t other = strlen(candidates[i]);
        size_t apart = other > length ? other - length : length - other;
        if (other > LONGEST || apart >= (size_t)best)
            continue;
        int distance = name_distance(word, length, candidates[i], other);
        if (distance < best) {
            best = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}

/* ---- names for C --------------------------------------------------------- */

/* Words that no identifier in C or C++ may be; 'linux' and 'unix' are macros
 * of many compilers, 'main' is taken by programs. */
static const char reserved[] =
    " alignas alignof and and_eq asm atomic auto bitand bitor bool break case "
    "catch char char16_t char32_t char8_t class co_await co_return co_yield "
    "compl concept const const_cast consteval constexpr constinit continue "
    "decltype default delete do double dynamic_cast else enum explicit export "
    "extern false float for friend goto i386 if inline int int16_t int32_t "
    "int64_t int8_t linux long main mutable namespace new noexcept not not_eq "
    "nullptr operator or or_eq private protected ptrdiff_t public register "
    "reinterpret_cast requires restrict return short signed size_t sizeof "
    "static static_assert static_cast struct switch template this "
    "thread_local throw true try typedef typeid typename typeof "
    "typeof_unqual uint16_t uint32_t uint64_t uint8_t union unix unsigned "
    "using virtual void volatile wchar_t while xor xor_eq ";

static bool is_reserved(const char *word)
{
    char padded[72];
    int length = snprintf(padded, sizeof padded, " %s ", word);
    return length < (int)sizeof padded && strstr(reserved, padded);
}

#define C_NAME_LONGEST 64

/*
 * Runs of other characters become one '_', for C++ reserves "__"; for the same
 * reason none is in front. A long name keeps its head, followed by a checksum
 * of the whole, so that long names stay different.
 */
char *name_to_c(Arena *arena, const char *text)
{
    Text name = { 0 };

    for (const char *at = text; *at; at++) {
        bool other = !is_name_char(*at) || *at == '_';
        if (!other && name.length == 0 && is_digit(*at))
            text_char(&name, 'n');
        if (!other)
            text_char(&name, *at);
        else if (name.length && name.data[name.length - 1] != '_')
            text_char(&name, '_');
    }
    if (name.length > 1 && name.data[name.length - 1] == '_')
        name.data[--name.length] = '\0';
    if (name.length > C_NAME_LONGEST) {
        name.length = C_NAME_LONGEST - 9;
        name.length -= name.data[name.length - 1] == '_';
        text_printf(&name, "_%08x", (unsigned)crc32_of(text, strlen(text), 0));
    }
    if (name.length == 0)
        text_add(&name, "unnamed");
    if (is_reserved(name.data))
        text_char(&name, '_');
    return text_take(&name, arena);
}
