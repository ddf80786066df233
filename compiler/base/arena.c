/*
 * arena.c - memory that is freed at once.
 *
 *     arena -> chunk [used......|free   ] -> chunk [used.......|] -> NULL
 *
 * Chunks double from 4 KiB to 1 MiB; what does not fit into such a chunk gets
 * one of its own. calloc hands large ones out as untouched pages, so zeroing
 * costs nothing. With the address sanitizer each block is a chunk, so that
 * one byte too far is seen.
 */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHUNK_FIRST 0
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define CHUNK_FIRST 0
#endif
#ifndef CHUNK_FIRST
#define CHUNK_FIRST 4096
#endif
#define CHUNK_LAST ((size_t)1 << 20)
#define ALIGNMENT  sizeof(max_align_t)

typedef struct Chunk {
    struct Chunk *next;
    size_t size, used;
    max_align_t data[];
} Chunk;

struct Arena {
    Chunk *first; /* the one that is being filled */
    size_t next_size;
};

void mem_exhausted(size_t wanted)
{
    progress_end();
    diag_flush();
    fprintf(stderr, "cnnc: error: out of memory (%zu bytes wanted)\n", wanted);
    file_abandon();
    exit(EXIT_MISTAKE);
}

void *mem_alloc(size_t size)
{
    void *memory = malloc(size ? size : 1);
    if (!memory)
        mem_exhausted(size);
    return memory;
}

void *mem_realloc(void *old, size_t size)
{
    void *memory = realloc(old, size ? size : 1);
    if (!memory)
        mem_exhausted(size);
    return memory;
}

void mem_free(void *memory)
{
    free(memory);
}

Arena *arena_new(void)
{
    Arena *arena = mem_alloc(sizeof *arena);
    *arena = (Arena){ NULL, CHUNK_FIRST };
    return arena;
}

void arena_free(Arena *arena)
{
    if (!arena)
        return;
    for (Chunk *chunk = arena->first, *next; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    free(arena);
}

static Chunk *chunk_new(size_t size)
{
    if (size > PTRDIFF_MAX - sizeof(Chunk))
        mem_exhausted(size);
    Chunk *chunk = calloc(1, sizeof *chunk + size);
    if (!chunk)
        mem_exhausted(size);
    chunk->size = size;
    return chunk;
}

/* A chunk with room for size bytes. One that is filled by its first block
 * goes second in the list: the first one still has room. */
static Chunk *arena_chunk(Arena *arena, size_t size)
{
    if (size > arena->next_size / 2) {
        Chunk *chunk = chunk_new(size);
        if (arena->first) {
            chunk->next = arena->first->next;
            arena->first->next = chunk;
        } else {
            arena->first = chunk;
        }
        return chunk;
    }
    Chunk *chunk = chunk_new(arena->next_size);
    chunk->next = arena->first;
    arena->first = chunk;
    if (arena->next_size < CHUNK_LAST)
        arena->next_size *= 2;
    return chunk;
}

void *arena_alloc(Arena *arena, size_t size)
{
    if (size > PTRDIFF_MAX)
        mem_exhausted(size);
    size = size ? (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : ALIGNMENT;
    Chunk *chunk = arena->first;
    if (!chunk || chunk->size - chunk->used < size)
        chunk = arena_chunk(arena, size);
    void *memory = (char *)chunk->data + chunk->used;
    chunk->used += size;
    return memory;
}

void *arena_array(Arena *arena, size_t count, size_t size)
{
    if (size && count > PTRDIFF_MAX / size)
        mem_exhausted(SIZE_MAX);
    return arena_alloc(arena, count * size);
}

void *arena_copy(Arena *arena, const void *data, size_t size)
{
    void *copy = arena_alloc(arena, size);
    if (size)
        memcpy(copy, data, size);
    return copy;
}

char *arena_textn(Arena *arena, const char *text, size_t length)
{
    if (length == SIZE_MAX)
        mem_exhausted(length);
    char *copy = arena_alloc(arena, length + 1);
    if (length)
        memcpy(copy, text, length);
    return copy;
}

char *arena_text(Arena *arena, const char *text)
{
    return arena_textn(arena, text, strlen(text));
}

char *arena_printf(Arena *arena, const char *format, ...)
{
    Text text = { 0 };
    va_list list;

    va_start(list, format);
    text_vprintf(&text, format, list);
    va_end(list);
    return text_take(&text, arena);
}
