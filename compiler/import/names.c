/*
 * names.c - from names that may be anything to names in the graph.
 *
 *     "/layer1/conv1/Conv"       layer1.conv1.Conv
 *     "weights (first)\n"        weights_first
 *     "3"                        n3
 *     "a/b" beside "a.b"         a.b_2
 *
 * Two names are taken for one where C would: a.b and a_b. So the generated C
 * has no second set of numbers at the ends of its names.
 */
#include <string.h>

#include "import/local.h"

#define LONGEST 60 /* of a name in the graph */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char last_of(const Text *text)
{
    return text->length ? text->data[text->length - 1] : '.';
}

/* Levels stay levels; a run of other characters is one '_'. */
static void add_char(Text *path, char c)
{
    if (c == '/' || c == ':' || c == '.') {
        if (last_of(path) == '_')
            path->data[--path->length] = '\0';
        if (last_of(path) != '.')
            text_char(path, '.');
    } else if (is_letter(c) || is_digit(c)) {
        if (path->length == 0 && is_digit(c))
            text_char(path, 'n');
        text_char(path, c);
    } else if (last_of(path) != '_' && last_of(path) != '.') {
        text_char(path, '_');
    }
}

static void trim(Text *path)
{
    while (path->length && (last_of(path) == '.' || last_of(path) == '_'))
        path->data[--path->length] = '\0';
}

/* A long name keeps its head, and a checksum of the whole. */
static const char *cleaned(Arena *arena, const char *name)
{
    Text path = { 0 };
    for (const char *c = name; *c && path.length <= LONGEST; c++)
        add_char(&path, *c);
    if (path.length > LONGEST) {
        path.length = LONGEST - 9;
        path.data[path.length] = '\0';
        trim(&path);
        text_printf(&path, "_%08x", (unsigned)crc32_of(name, strlen(name), 0));
    }
    trim(&path);
    return path.length ? text_take(&path, arena) : "value";
}

static TakenName *place_of(TakenName *at, size_t size, const char *name)
{
    size_t i = (size_t)((uintptr_t)name >> 3) * 0x9e3779b1u & (size - 1);
    while (at[i].name && at[i].name != name)
        i = (i + 1) & (size - 1);
    return &at[i];
}

static void grow(TakenNames *names)
{
    TakenName *old = names->at;
    const size_t old_size = names->size;
    names->size = old_size ? 2 * old_size : 256;
    names->at = mem_alloc(names->size * sizeof *names->at);
    memset(names->at, 0, names->size * sizeof *names->at);
    for (size_t i = 0; i < old_size; i++)
        if (old[i].name)
            *place_of(names->at, names->size, old[i].name) = old[i];
    mem_free(old);
}

/* The entry of the name as C sees it; *is_new: nobody had it. */
static TakenName *enter(TakenNames *names, const char *name, bool *is_new)
{
    Arena *scratch = arena_new();
    const char *key = name_intern(name_to_c(scratch, name));
    TakenName *entry;
    arena_free(scratch);
    if (2 * names->used >= names->size)
        grow(names);
    entry = place_of(names->at, names->size, key);
    *is_new = !entry->name;
    if (*is_new) {
        *entry = (TakenName){ key, 2 };
        names->used++;
    }
    return entry;
}

static const char *take(Arena *arena, TakenNames *names, const char *name)
{
    const char *base = cleaned(arena, name), *made = base;
    bool is_new;
    int number = enter(names, base, &is_new)->next;
    while (!is_new) {
        made = arena_printf(arena, "%s_%d", base, number++);
        enter(names, made, &is_new);
    }
    if (made != base)
        enter(names, base, &is_new)->next = number;
    return name_intern(made);
}

const char *name_take(Import *import, const char *name)
{
    return take(import->arena, &import->taken, name);
}

const char *name_take_port(Import *import, const char *name)
{
    return take(import->arena, &import->ports, name);
}

void names_free(TakenNames *names)
{
    mem_free(names->at);
    *names = (TakenNames){ 0 };
}
