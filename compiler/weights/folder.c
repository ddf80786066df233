/*
 * folder.c - the names within a folder, in an order that is always the same.
 */
#include "weights/local.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool folder_exists(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

bool file_exists(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool folder_list(Arena *arena, const char *path, FolderList *list)
{
    VEC(const char *) names = { 0 };
    DIR *folder = opendir(path);
    struct dirent *entry;

    if (!folder) {
        diag_error_file(path, "cannot be opened: %s", strerror(errno));
        return false;
    }
    while ((entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            vec_push(&names, arena_text(arena, entry->d_name));
    closedir(folder);
    if (names.count)
        qsort(names.at, (size_t)names.count, sizeof *names.at, compare_names);
    list->count = names.count;
    list->at =
        arena_copy(arena, names.at, (size_t)names.count * sizeof *names.at);
    vec_free(&names);
    return true;
}

bool name_ends(const char *name, const char *suffix)
{
    size_t length = strlen(name), end = strlen(suffix);
    return length >= end && strcmp(name + length - end, suffix) == 0;
}
