/*
 * map.c - a small table from interned names to pointers.
 *
 *     map_set(&m, name_intern("conv1"), value);  map_get(&m, name)
 *
 * Open addressing over entry numbers; the entries keep their order, so that
 * walking them gives the same output on every machine.
 */
#include "language/local.h"

#include <string.h>

/* Where the name's entry number is, or the free place where it belongs. The
 * hash is of the text: addresses differ from run to run. */
static int *map_place(const Map *map, const char *name)
{
    uint32_t hash = crc32_of(name, strlen(name), 0);
    int i = (int)(hash & (uint32_t)(map->slots - 1));
    while (map->slot[i] && map->entries.at[map->slot[i] - 1].name != name)
        i = (i + 1) & (map->slots - 1);
    return &map->slot[i];
}

static void map_grow(Map *map)
{
    map->slots = map->slots ? map->slots * 2 : 16;
    mem_free(map->slot);
    map->slot = mem_alloc((size_t)map->slots * sizeof *map->slot);
    memset(map->slot, 0, (size_t)map->slots * sizeof *map->slot);
    for (int i = 0; i < map->entries.count; i++)
        *map_place(map, map->entries.at[i].name) = i + 1;
}

void *map_get(const Map *map, const char *name)
{
    int entry = map->slots ? *map_place(map, name) : 0;
    return entry ? map->entries.at[entry - 1].value : NULL;
}

void map_set(Map *map, const char *name, void *value)
{
    int *place;
    if ((map->entries.count + 1) * 2 > map->slots)
        map_grow(map);
    place = map_place(map, name);
    if (*place) {
        map->entries.at[*place - 1].value = value;
        return;
    }
    vec_push(&map->entries, (MapEntry){ name, value });
    *place = map->entries.count;
}

void map_free(Map *map)
{
    vec_free(&map->entries);
    mem_free(map->slot);
    map->slot = NULL;
    map->slots = 0;
}
