/*
 * onnx_names.c - a table of names.
 *
 *     onnx_names_add(&names, "x", 0) ...      filled
 *     onnx_names_sort(&names)                 "conv1" 3, "x" 0, "x" 7
 *     onnx_names_find(&names, "x")->what      0: the one that was added first
 */
#include "import/onnx_local.h"

#include <stdlib.h>
#include <string.h>

void onnx_names_add(OnnxNames *names, const char *name, int what)
{
    vec_push(names, (OnnxName){ name, what, names->count });
}

static int compare_names(const void *a, const void *b)
{
    const OnnxName *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order ? order : (x->order > y->order) - (x->order < y->order);
}

void onnx_names_sort(OnnxNames *names)
{
    if (names->count > 1)
        qsort(names->at, (size_t)names->count, sizeof *names->at,
              compare_names);
}

const OnnxName *onnx_names_find(const OnnxNames *names, const char *name)
{
    int low = 0, high = names->count;

    while (low < high) {
        int middle = low + (high - low) / 2;
        if (strcmp(names->at[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < names->count && strcmp(names->at[low].name, name) == 0)
        return &names->at[low];
    return NULL;
}
