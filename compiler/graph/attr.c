/*
 * attr.c - attributes as text, both ways.
 *
 *     kernel=5x5    pad=[1, 1, 2, 2]    bias=yes    mean=[0.485, 0.456, 0.406]
 *
 * The same text serves as a default in ops.def and as a value in the text form
 * of a graph. What is written is not judged here: that kernel=0x0 makes no
 * sense is for the shape rule to say.
 */
#include <string.h>

#include "graph/graph.h"

/* Splits at the separator, in place, and trims blanks; the number of pieces,
 * or -1 for more than there is room for. */
static int split(char *text, char separator, char **piece, int most)
{
    int count = 0;
    for (char *next = text; next;) {
        char *here = next + strspn(next, " ");
        next = strchr(here, separator);
        if (next)
            *next++ = '\0';
        for (size_t n = strlen(here); n && here[n - 1] == ' '; n--)
            here[n - 1] = '\0';
        if (count == most)
            return -1;
        piece[count++] = here;
    }
    return count;
}

/* The inside of "[...]", modifiable; NULL where there are no brackets. */
static char *inside_brackets(const char *text, Arena *arena)
{
    size_t length = strlen(text);
    if (length < 2 || text[0] != '[' || text[length - 1] != ']')
        return NULL;
    return arena_textn(arena, text + 1, length - 2);
}

static bool parse_ints(char *text, char separator, int64_t *at, int most,
                       int *count)
{
    char *piece[MAX_RANK * 2];
    *count = split(text, separator, piece, most);
    for (int i = 0; i < *count; i++)
        if (!parse_int64(piece[i], &at[i]))
            return false;
    return *count > 0;
}

static bool parse_bool(const char *text, bool *value)
{
    *value = strcmp(text, "yes") == 0;
    return *value || strcmp(text, "no") == 0;
}

static bool parse_word(const char *text, Word *word)
{
    *word = name_intern(text);
    return strspn(text, "abcdefghijklmnopqrstuvwxyz_0123456789") ==
               strlen(text) &&
           *text;
}

static bool parse_size(const char *text, Size *size, Arena *arena)
{
    memset(size, 0, sizeof *size);
    if (strcmp(text, "kernel") == 0)
        return true;
    return parse_ints(arena_text(arena, text), 'x', size->at, 3, &size->count);
}

static bool parse_pad(const char *text, Pad *pad, Arena *arena)
{
    char *list = inside_brackets(text, arena);
    memset(pad, 0, sizeof *pad);
    pad->kind = strcmp(text, "same") == 0    ? PAD_SAME
                : strcmp(text, "valid") == 0 ? PAD_VALID
                                             : PAD_EXPLICIT;
    if (pad->kind != PAD_EXPLICIT)
        return true;
    if (list)
        return parse_ints(list, ',', pad->number, 6, &pad->count);
    return parse_ints(arena_text(arena, text), 'x', pad->number, 3,
                      &pad->count);
}

static bool parse_floats(const char *text, FloatList *list, Arena *arena)
{
    char *inside = inside_brackets(text, arena);
    int most = 1;
    char **piece;
    if (!inside)
        inside = arena_text(arena, text);
    for (const char *s = inside; *s; s++)
        most += *s == ',';
    piece = NEW_N(arena, char *, most);
    list->at = NEW_N(arena, double, most);
    list->count = split(inside, ',', piece, most);
    for (int i = 0; i < list->count; i++)
        if (!parse_double(piece[i], &list->at[i]))
            return false;
    return true;
}

static bool parse_int_list(const char *text, IntList *list, Arena *arena)
{
    char *inside = inside_brackets(text, arena);
    memset(list, 0, sizeof *list);
    if (inside && strspn(inside, " ") == strlen(inside))
        return true;
    return parse_ints(inside ? inside : arena_text(arena, text), ',', list->at,
                      MAX_RANK * 2, &list->count);
}

bool attr_parse(const AttrInfo *info, void *attrs, const char *text,
                Arena *arena)
{
    void *field = (char *)attrs + info->offset;
    switch (info->kind) {
    case ATTR_INT: return parse_int64(text, field);
    case ATTR_FLOAT: return parse_double(text, field);
    case ATTR_BOOL: return parse_bool(text, field);
    case ATTR_SIZE: return parse_size(text, field, arena);
    case ATTR_PAD: return parse_pad(text, field, arena);
    case ATTR_FLOATS: return parse_floats(text, field, arena);
    case ATTR_INTS: return parse_int_list(text, field, arena);
    case ATTR_DTYPE: return dtype_parse(text, field);
    case ATTR_WORD: return parse_word(text, field);
    }
    BUG("no attribute kind %d", (int)info->kind);
}

static void print_ints(Text *text, const int64_t *at, int count,
                       const char *separator)
{
    for (int i = 0; i < count; i++)
        text_printf(text, "%s%lld", i ? separator : "", (long long)at[i]);
}

static void print_pad(Text *text, const Pad *pad)
{
    if (pad->kind != PAD_EXPLICIT) {
        text_add(text, pad->kind == PAD_SAME ? "same" : "valid");
        return;
    }
    text_add(text, pad->count == 1 ? "" : "[");
    print_ints(text, pad->number, pad->count, ", ");
    text_add(text, pad->count == 1 ? "" : "]");
}

static void print_floats(Text *text, const FloatList *list)
{
    text_char(text, '[');
    for (int i = 0; i < list->count; i++) {
        text_add(text, i ? ", " : "");
        text_double(text, list->at[i]);
    }
    text_char(text, ']');
}

static void print_int_list(Text *text, const IntList *list)
{
    text_char(text, '[');
    print_ints(text, list->at, list->count, ", ");
    text_char(text, ']');
}

static void print_size(Text *text, const Size *size)
{
    if (size->count == 0)
        text_add(text, "kernel");
    print_ints(text, size->at, size->count, "x");
}

void attr_text(Text *text, const AttrInfo *info, const void *attrs)
{
    const void *field = (const char *)attrs + info->offset;
    switch (info->kind) {
    case ATTR_INT:
        text_printf(text, "%lld", (long long)*(const int64_t *)field);
        return;
    case ATTR_FLOAT: text_double(text, *(const double *)field); return;
    case ATTR_BOOL: text_add(text, *(const bool *)field ? "yes" : "no"); return;
    case ATTR_SIZE: print_size(text, field); return;
    case ATTR_PAD: print_pad(text, field); return;
    case ATTR_FLOATS: print_floats(text, field); return;
    case ATTR_INTS: print_int_list(text, field); return;
    case ATTR_DTYPE: text_add(text, dtype_name(*(const DType *)field)); return;
    case ATTR_WORD: text_add(text, *(const Word *)field); return;
    }
    BUG("no attribute kind %d", (int)info->kind);
}

/* ---- words --------------------------------------------------------------------- */

static const struct {
    Op op;
    const char *name, *word[8];
} words[] = {
#define WORDS(id, attr, ...) { OP_##id, #attr, { __VA_ARGS__, NULL } },
#include "graph/ops.def"
};

const char *const *attr_words(Op op, const char *name)
{
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (words[i].op == op && strcmp(words[i].name, name) == 0)
            return words[i].word;
    BUG("'%s' of '%s' has no words", name, op_info[op].name);
}

bool attr_is_word(const char *text)
{
    for (size_t i = 0; i < COUNT_OF(words); i++)
        for (const char *const *word = words[i].word; *word; word++)
            if (strcmp(*word, text) == 0)
                return true;
    return false;
}

int attr_index(const Node *node, const char *name)
{
    const OpInfo *info = &op_info[node->op];
    for (int i = 0; i < info->attr_count; i++)
        if (strcmp(info->attrs[i].name, name) == 0)
            return i;
    BUG("'%s' has no attribute '%s'", info->name, name);
}
