/*
 * names.c - identifiers of the generated C that meet no other.
 *
 *     names_add(n, "exp")  -> "exp"        names_add(n, "exp")  -> "exp2"
 *
 * A name is looked for in all scopes around, so that no declaration shadows
 * another; a scope that is left gives its names back.
 */
#include "emit/local.h"

#include <string.h>

/* Macros that a program may have defined before it includes our header. */
static const char macros[] =
    " BUFSIZ CHAR_BIT DOMAIN EOF FILE HUGE HUGE_VAL HUGE_VALF I INFINITY NAN "
    "NDEBUG NULL OVERFLOW RAND_MAX TMP_MAX assert bool complex errno far "
    "false imaginary interface near noreturn small stderr stdin stdout "
    "true ";

/* Of these the headers of C have whole families. */
static const char *const families[] = {
    "DBL_",   "E",     "FLT_",   "FP_",  "INT",    "LC_",    "LDBL_",
    "LLONG_", "LONG_", "M_",     "PRI",  "SCHAR_", "SCN",    "SEEK_",
    "SHRT_",  "SIG",   "UCHAR_", "UINT", "ULONG_", "USHRT_", "WCHAR_",
};

static bool is_upper(const char *name)
{
    for (; *name; name++) {
        if (*name >= 'a' && *name <= 'z')
            return false;
    }
    return true;
}

static bool is_macro(const char *name)
{
    char padded[72];
    int length = snprintf(padded, sizeof padded, " %s ", name);

    if (length < (int)sizeof padded && strstr(macros, padded))
        return true;
    for (size_t i = 0; length > 4 && i < COUNT_OF(families); i++) {
        if (strncmp(name, families[i], strlen(families[i])) == 0 &&
            is_upper(name))
            return true;
    }
    return false;
}

/* What the runtime's header calls its own, and macros of others. */
static bool is_foreign(const char *name)
{
    static const char *const prefixes[] = { "f32", "i32", "cnnc_", "CNNC_",
                                            "_" };
    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    }
    return is_macro(name);
}

static bool is_taken(const Names *names, const char *name)
{
    for (int i = names->name.count - 1; i >= 0; i--) {
        if (names->name.at[i] == name)
            return true;
    }
    return is_foreign(name);
}

const char *names_add(Names *names, const char *wanted)
{
    Arena *scratch = arena_new();
    const char *base = name_to_c(scratch, wanted);
    const char *name = name_intern(
        is_foreign(base) ? arena_printf(scratch, "n_%s", base) : base);
    const char *first = name;
    char last = first[strlen(first) - 1];
    const char *between = last >= '0' && last <= '9' ? "_" : "";

    for (int i = 2; is_taken(names, name); i++)
        name = name_intern(arena_printf(scratch, "%s%s%d", first, between, i));
    vec_push(&names->name, name);
    arena_free(scratch);
    return name;
}

bool names_have(const Names *names, const char *name)
{
    return is_taken(names, name_intern(name));
}

void names_leave(Names *names, int count)
{
    names->name.count = count;
}

char *name_upper(Arena *arena, const char *text)
{
    char *upper = arena_text(arena, text);

    for (char *c = upper; *c; c++) {
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    }
    return upper;
}
