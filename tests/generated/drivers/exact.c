/*
 * exact.c - arrays of exactly their size, aligned to one element; a workspace
 * full of NaN; called twice, and once with the static workspace.
 */
#define _POSIX_C_SOURCE 200112L
#include "local.h"

static void *room(size_t size, size_t element)
{
    char *memory = (char *)malloc(size + element);
    need(memory != NULL, "no memory");
    return memory + element;
}

static void check_same(void *const *a, void *const *b, const char *what)
{
    for (int i = 0; i < NET_OUTPUTS; i++)
        need(memcmp(a[i], b[i], output_bytes[i]) == 0, what);
}

int main(void)
{
    void *input[NET_INPUTS], *output[NET_OUTPUTS], *again[NET_OUTPUTS];
    void *workspace = NULL;
    need(NET_SUPPORTED(), "not supported here");
    need(!posix_memalign(&workspace, NET_ALIGN < 8 ? 8 : NET_ALIGN,
                         NET_WORKSPACE ? NET_WORKSPACE : 1),
         "no memory");
    for (int i = 0; i < NET_INPUTS; i++)
        input[i] = room(input_bytes[i], input_element[i]);
    for (int i = 0; i < NET_OUTPUTS; i++) {
        output[i] = room(output_bytes[i], output_element[i]);
        again[i] = room(output_bytes[i], output_element[i]);
        memset(output[i], 0xaa, output_bytes[i]);
        memset(again[i], 0x55, output_bytes[i]);
    }
    read_inputs(input);
    memset(workspace, 0xff, NET_WORKSPACE);
    run(input, output, workspace);
    run(input, again, workspace);
    check_same(output, again, "the second call differs");
    memset(workspace, 0xff, NET_WORKSPACE);
    run(input, again, workspace);
    check_same(output, again, "a workspace full of NaN matters");
    NET_STATIC(NET_ARGUMENTS(input, again));
    check_same(output, again, "the static workspace differs");
    write_outputs(output);
    for (int i = 0; i < NET_INPUTS; i++)
        free((char *)input[i] - input_element[i]);
    for (int i = 0; i < NET_OUTPUTS; i++) {
        free((char *)output[i] - output_element[i]);
        free((char *)again[i] - output_element[i]);
    }
    free(workspace);
    return 0;
}
