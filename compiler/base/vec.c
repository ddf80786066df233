/*
 * vec.c - the growing half of VEC(T).
 *
 *     VEC(int) v = { 0 };   at = NULL, count = 0, room = 0
 *     vec_push(&v, 7);      at = [7 . . . . . . .], count = 1, room = 8
 *
 * The array's pointer is read and written by memcpy, for its type is the
 * caller's and not void *.
 */
#include "base/base.h"

#include <limits.h>
#include <string.h>

void vec_grow(void **at, int *count, int *room, size_t size)
{
    void *data;

    if (*count < *room)
        return;
    if (*room > INT_MAX / 2 || (size_t)*room * 2 > PTRDIFF_MAX / size)
        mem_exhausted(SIZE_MAX);
    *room = *room ? *room * 2 : 8;
    memcpy(&data, at, sizeof data);
    data = mem_realloc(data, (size_t)*room * size);
    memcpy(at, &data, sizeof data);
}
