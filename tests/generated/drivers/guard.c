/*
 * guard.c - every array ends, and then begins, at a page that may not be
 * touched; inputs may not be written.
 *
 *     |none|      array|none|       |none|array      |none|
 */
#define _DEFAULT_SOURCE
#include "local.h"

#include <sys/mman.h>
#include <unistd.h>

typedef struct Array {
    char *pages;
    size_t size; /* of the pages that may be touched */
    void *at;
} Array;

/* align: of the array's start, where it may not be exact at the end. */
static Array guarded(size_t bytes, size_t align, int at_end)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    Array a = { NULL, (bytes + page - 1) / page * page, NULL };
    char *all;
    if (a.size == 0)
        a.size = page;
    all = (char *)mmap(NULL, a.size + 2 * page, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(all != (char *)MAP_FAILED, "no pages");
    a.pages = all + page;
    need(!mprotect(a.pages, a.size, PROT_READ | PROT_WRITE), "mprotect");
    a.at = at_end ? a.pages + (a.size - bytes) / align * align : a.pages;
    memset(a.pages, 0xff, a.size);
    return a;
}

static void one_side(int at_end)
{
    Array in[NET_INPUTS], out[NET_OUTPUTS];
    void *input[NET_INPUTS], *output[NET_OUTPUTS];
    Array workspace = guarded(NET_WORKSPACE, NET_ALIGN, at_end);
    for (int i = 0; i < NET_INPUTS; i++) {
        in[i] = guarded(input_bytes[i], input_element[i], at_end);
        input[i] = in[i].at;
    }
    for (int i = 0; i < NET_OUTPUTS; i++) {
        out[i] = guarded(output_bytes[i], output_element[i], at_end);
        output[i] = out[i].at;
    }
    read_inputs(input);
    for (int i = 0; i < NET_INPUTS; i++)
        need(!mprotect(in[i].pages, in[i].size, PROT_READ), "mprotect");
    run(input, output, workspace.at);
    write_outputs(output);
}

int main(void)
{
    one_side(1);
    one_side(0);
    return 0;
}
