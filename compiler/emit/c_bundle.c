/*
 * c_bundle.c - the runtime's header, inside of the file that needs it.
 *
 *     / *@block exp needs exp_parts tools * /
 *     ... f32x16_exp, f32_exp ...
 *     / *@end * /
 *
 * The header says at its head how it is divided, and where the blocks of other
 * files stand in it. Taken are the texts outside of blocks, and of the blocks
 * for the target those named `always`, those that the code mentions, and what
 * these need. A name is mentioned as it is, or behind an underscore: f32x8_exp
 * mentions `exp`.
 */
#include "emit/local.h"

#include <string.h>

extern const char runtime_net_h[], runtime_maths_h[], runtime_rare_h[];

#define BLOCK_HEAD "/*@block "
#define BLOCK_END  "/*@end */"

typedef VEC(const char *) NameList;

typedef struct Block {
    NameList names, needs;
    bool here, taken; /* for this target; part of the bundle */
    const char *start, *end;
} Block;

typedef VEC(Block) Blocks;

static bool holds(const NameList *list, const char *name)
{
    for (int i = 0; i < list->count; i++) {
        if (list->at[i] == name)
            return true;
    }
    return false;
}

/* What the header calls the target: x86-64-v4 is v4. */
static const char *short_name(const Target *target)
{
    const char *name = target->name;
    return name_intern(strncmp(name, "x86-64-", 7) == 0 ? name + 7 : name);
}

/* NAME... [on TARGET...] [needs NAME...], up to the comment's end. */
static void read_head(Block *block, const char *text, const char *target)
{
    NameList machines = { 0 };
    int part = 0;

    for (;;) {
        text += strspn(text, " ");
        size_t length = strcspn(text, " \n");
        const char *word = name_internn(text, length);
        text += length;
        if (strcmp(word, "*/") == 0)
            break;
        REQUIRE(length > 0);
        if (strcmp(word, "on") == 0)
            part = 1;
        else if (strcmp(word, "needs") == 0)
            part = 2;
        else if (part == 0)
            vec_push(&block->names, word);
        else if (part == 1)
            vec_push(&machines, word);
        else
            vec_push(&block->needs, word);
    }
    block->here = machines.count == 0 || holds(&machines, target);
    block->taken = block->here && holds(&block->names, name_intern("always"));
    vec_free(&machines);
}

static void read_blocks(Blocks *blocks, const char *text, const char *target);

/* include FILE: its blocks in place of this one. */
static void read_file(Blocks *blocks, const char *name, const char *target)
{
    if (strcmp(name, "maths.h") == 0)
        read_blocks(blocks, runtime_maths_h, target);
    else if (strcmp(name, "rare.h") == 0)
        read_blocks(blocks, runtime_rare_h, target);
    else
        BUG("no header '%s'", name);
}

static const char *next_line(const char *text)
{
    const char *end = strchr(text, '\n');
    return end ? end + 1 : text + strlen(text);
}

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The header's pieces in order; those outside of blocks are always taken. */
static void read_blocks(Blocks *blocks, const char *text, const char *target)
{
    while (*text) {
        Block block = { .here = true, .taken = true };
        bool named = starts(text, BLOCK_HEAD);
        if (named) {
            read_head(&block, text + strlen(BLOCK_HEAD), target);
            text = next_line(text);
        }
        block.start = text;
        while (*text && !starts(text, named ? BLOCK_END : BLOCK_HEAD))
            text = next_line(text);
        block.end = text;
        if (named) {
            REQUIRE(*text != '\0');
            text = next_line(text);
        }
        if (holds(&block.names, name_intern("include")))
            read_file(blocks, block.names.at[1], target);
        vec_push(blocks, block);
    }
}

/* ---- what the code mentions --------------------------------------------------- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_';
}

static void mention(NameList *names, const char *word, size_t length)
{
    const char *name = name_internn(word, length);
    const char *rest = strchr(name, '_');

    if (!starts(name, "f32") && !starts(name, "cnnc_"))
        return;
    if (holds(names, name))
        return;
    vec_push(names, name);
    if (rest)
        vec_push(names, name_intern(rest + 1));
}

/* Behind the literal that begins here: a string, or a character. */
static const char *skip_literal(const char *code)
{
    const char end = *code;
    for (code++; *code && *code != end; code++)
        code += *code == '\\' && code[1];
    return *code ? code + 1 : code;
}

/* Behind the comment: names in it may have quotes, or be called like ours. */
static const char *skip_comment(const char *code)
{
    const char *end = strstr(code + 2, "*/");
    return end ? end + 2 : code + strlen(code);
}

static void find_names(NameList *names, const char *code)
{
    while (*code) {
        size_t length = 0;
        if (*code == '"' || *code == '\'' || starts(code, "/*")) {
            code = *code == '/' ? skip_comment(code) : skip_literal(code);
            continue;
        }
        while (is_word(code[length]))
            length++;
        if (length > 3 && (*code == 'f' || *code == 'c'))
            mention(names, code, length);
        code += length ? length : 1;
    }
}

/* ---- the choice ------------------------------------------------------------------ */

/* Marks the block that has the name; true where it was not. */
static bool take(Blocks *blocks, const char *name)
{
    bool changed = false;

    for (int i = 0; i < blocks->count; i++) {
        Block *block = &blocks->at[i];
        if (!block->here || block->taken || !holds(&block->names, name))
            continue;
        block->taken = changed = true;
    }
    return changed;
}

static bool take_needs(Blocks *blocks)
{
    bool changed = false;

    for (int i = 0; i < blocks->count; i++) {
        const Block *block = &blocks->at[i];
        for (int j = 0; block->taken && j < block->needs.count; j++)
            changed |= take(blocks, block->needs.at[j]);
    }
    return changed;
}

void bundle_print(Text *out, const Target *target, const char *code)
{
    Blocks blocks = { 0 };
    NameList names = { 0 };

    read_blocks(&blocks, runtime_net_h, short_name(target));
    find_names(&names, code);
    for (int i = 0; i < names.count; i++)
        take(&blocks, names.at[i]);
    while (take_needs(&blocks))
        continue;
    text_add(out, "/* From here: the parts of cnnc's runtime header, "
                  "<cnnc/net.h>, that are used below. */\n");
    for (int i = 0; i < blocks.count; i++) {
        Block *block = &blocks.at[i];
        if (block->taken)
            text_addn(out, block->start, (size_t)(block->end - block->start));
        vec_free(&block->names);
        vec_free(&block->needs);
    }
    text_add(out, "/* To here. */\n\n");
    vec_free(&blocks);
    vec_free(&names);
}
