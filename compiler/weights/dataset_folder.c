/*
 * dataset_folder.c - data sets that are folders of images, a class each.
 *
 *     digits/0/a.png  digits/0/b.png  digits/1/c.pgm
 *
 * Samples come by class, and by name within a class. Files that are no images
 * by their suffix are passed over.
 */
#include "weights/local.h"

#include <string.h>

static const char *const suffixes[] = { ".png", ".pgm", ".ppm", ".npy",
                                        ".PNG", ".PGM", ".PPM" };

typedef VEC(const char *) Paths;
typedef VEC(int64_t) Labels;

typedef struct Classes {
    const char **at;
    int count;
    bool numbers; /* the names are the labels */
} Classes;

static bool is_image(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(suffixes); i++)
        if (name_ends(name, suffixes[i]))
            return true;
    return false;
}

/* The sub-folders of the set. */
static bool list_classes(const DataSet *set, Classes *classes)
{
    FolderList all;

    if (!folder_list(set->arena, set->path, &all))
        return false;
    classes->at = all.at;
    classes->numbers = true;
    for (int i = 0; i < all.count; i++) {
        int64_t number;
        if (!folder_exists(path_join(set->arena, set->path, all.at[i])))
            continue;
        classes->at[classes->count++] = all.at[i];
        classes->numbers =
            classes->numbers && parse_int64(all.at[i], &number) && number >= 0;
    }
    if (classes->count)
        return true;
    diag_error_file(set->path, "has neither images.npy nor IDX files nor "
                               "sub-folders of images");
    return false;
}

/* The label of the i-th sub-folder; -1 after a diagnostic. */
static int64_t label_of(const DataSet *set, const Classes *classes, int i)
{
    const DataForm *form = &set->form;
    const char *name = classes->at[i], *near;
    int64_t label = i;

    for (int k = 0; k < form->class_count; k++)
        if (strcmp(form->classes[k], name) == 0)
            return k;
    if (classes->numbers && parse_int64(name, &label))
        return label;
    if (!form->class_count)
        return label;
    diag_error_file(set->path,
                    "sub-folder '%s' is none of the network's "
                    "classes",
                    name);
    near = name_nearest(name, form->classes, form->class_count);
    if (near)
        diag_hint("did you mean '%s'?", near);
    return -1;
}

static bool add_class(DataSet *set, const Classes *classes, int i, Paths *paths,
                      Labels *labels)
{
    const char *folder = path_join(set->arena, set->path, classes->at[i]);
    int64_t label = label_of(set, classes, i);
    FolderList files;

    if (label < 0 || !folder_list(set->arena, folder, &files))
        return false;
    for (int k = 0; k < files.count; k++) {
        if (!is_image(files.at[k]))
            continue;
        vec_push(paths, path_join(set->arena, folder, files.at[k]));
        vec_push(labels, label);
    }
    return data_check_label(set, folder, 0, label);
}

bool data_open_folder(DataSet *set)
{
    Classes classes = { 0 };
    Paths paths = { 0 };
    Labels labels = { 0 };
    bool right = true;

    if (!list_classes(set, &classes))
        return false;
    for (int i = 0; i < classes.count; i++)
        right = add_class(set, &classes, i, &paths, &labels) && right;
    set->count = paths.count;
    set->path_of = arena_copy(set->arena, paths.at,
                              (size_t)paths.count * sizeof *paths.at);
    set->label = arena_copy(set->arena, labels.at,
                            (size_t)labels.count * sizeof *labels.at);
    vec_free(&paths);
    vec_free(&labels);
    return right;
}
