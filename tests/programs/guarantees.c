/*
 * guarantees.c - several networks in one program, each called in ways that
 * must make no difference.
 *
 *     [ no access |.........array][ no access ]     the end at the page's end
 *     [ no access |array.........][ no access ]     the start at its start
 *
 * Each array ends, and then begins, at a page that cannot be touched; between
 * page and array there are no spare bytes but those of its alignment. Then two
 * threads run all networks at once, each with a workspace of its own.
 */
#define _DEFAULT_SOURCE

#include "autoencoder.h"
#include "dscnn.h"
#include "lenet5.h"
#include "robot.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NETS(NET)                                                              \
    NET(lenet5, LENET5, IMAGE, uint8_t, DIGIT)                                 \
    NET(robot, ROBOT, IMAGE, float, PLACES)                                    \
    NET(dscnn, DSCNN, FRAMES, float, WORD)                                     \
    NET(autoencoder, AUTOENCODER, FRAMES, float, AGAIN)

typedef struct Net {
    const char *name;
    size_t in_bytes, in_element, out_bytes, workspace_bytes, align;
    void (*run)(const void *in, float *out, void *workspace);
    void *in, *want;
} Net;

#define NET(name, NAME, IN, type, OUT)                                         \
    static void run_##name(const void *in, float *out, void *workspace)        \
    {                                                                          \
        name##_run((const type *)in, out, workspace);                          \
    }
NETS(NET)
#undef NET

static Net nets[] = {
#define NET(name, NAME, IN, type, OUT)                                         \
    { #name,                                                                   \
      NAME##_##IN##_SIZE * sizeof(type),                                       \
      sizeof(type),                                                            \
      NAME##_##OUT##_SIZE * sizeof(float),                                     \
      NAME##_WORKSPACE_SIZE,                                                   \
      NAME##_ALIGNMENT,                                                        \
      run_##name,                                                              \
      NULL,                                                                    \
      NULL },
    NETS(NET)
#undef NET
};

enum { NET_COUNT = sizeof nets / sizeof nets[0] };

static int faults;

static void expect(int good, const char *net, const char *what)
{
    if (!good)
        printf("%s: %s\n", net, what);
    faults += !good;
}

static void *page_memory(size_t size)
{
    void *p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return p;
}

/* An array between two pages that cannot be touched, full of NaN; never given
 * back. */
static void *guarded(size_t bytes, size_t align, int at_end)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t inner = (bytes + page - 1) / page * page;
    unsigned char *all = page_memory(inner + 2 * page);
    if (mprotect(all + page, inner, PROT_READ | PROT_WRITE) != 0) {
        perror("mprotect");
        exit(1);
    }
    memset(all + page, 0xff, inner);
    return all + page + (at_end ? (inner - bytes) / align * align : 0);
}

/* Numbers within 0..1, or bytes; the same in every run. */
static void fill(const Net *net)
{
    unsigned state = 1;
    for (size_t i = 0; i < net->in_bytes / net->in_element; i++) {
        state = state * 1664525u + 1013904223u;
        if (net->in_element == 1)
            ((uint8_t *)net->in)[i] = (uint8_t)(state >> 24);
        else
            ((float *)net->in)[i] = (float)(state >> 8) / 16777216;
    }
}

/* Arrays aligned to no more than an element, workspace of exact size. */
static void check_places(const Net *net)
{
    for (int at_end = 0; at_end < 2; at_end++) {
        void *in = guarded(net->in_bytes, net->in_element, at_end);
        float *out = guarded(net->out_bytes, sizeof(float), at_end);
        void *workspace = guarded(net->workspace_bytes, net->align, at_end);
        memcpy(in, net->in, net->in_bytes);
        net->run(in, out, workspace);
        expect(!memcmp(out, net->want, net->out_bytes), net->name,
               at_end ? "another answer at the end of a page"
                      : "another answer at the start of a page");
        expect(!memcmp(in, net->in, net->in_bytes), net->name,
               "the input was changed");
        net->run(in, out, workspace);
        expect(!memcmp(out, net->want, net->out_bytes), net->name,
               "another answer when called again");
    }
}

static void check_unaligned(const Net *net)
{
    size_t shift = net->in_element;
    unsigned char *in = guarded(net->in_bytes + 64, 64, 0);
    unsigned char *out = guarded(net->out_bytes + 64, 64, 0);
    void *workspace = guarded(net->workspace_bytes, net->align, 0);
    memcpy(in + shift, net->in, net->in_bytes);
    net->run(in + shift, (float *)(void *)(out + sizeof(float)), workspace);
    expect(!memcmp(out + sizeof(float), net->want, net->out_bytes), net->name,
           "another answer where arrays are not aligned");
}

/* Runs all networks again and again; counts wrong answers in *wrong. */
static void *run_all(void *wrong)
{
    for (int round = 0; round < 200; round++) {
        const Net *net = &nets[round % NET_COUNT];
        float *out = malloc(net->out_bytes);
        void *workspace =
            aligned_alloc(net->align, (net->workspace_bytes + net->align - 1) /
                                          net->align * net->align);
        if (!out || !workspace)
            exit(1);
        memset(workspace, 0xff, net->workspace_bytes);
        net->run(net->in, out, workspace);
        *(int *)wrong += memcmp(out, net->want, net->out_bytes) != 0;
        free(out);
        free(workspace);
    }
    return NULL;
}

static void check_threads(void)
{
    pthread_t thread[2];
    int wrong[2] = { 0, 0 };
    for (int i = 0; i < 2; i++) {
        if (pthread_create(&thread[i], NULL, run_all, &wrong[i]) != 0) {
            puts("no threads");
            exit(1);
        }
    }
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    expect(wrong[0] + wrong[1] == 0, "all", "other answers by two threads");
}

static void answer_first(Net *net)
{
    void *workspace = guarded(net->workspace_bytes, net->align, 0);
    net->in = guarded(net->in_bytes, 64, 0);
    net->want = guarded(net->out_bytes, 64, 0);
    fill(net);
    net->run(net->in, net->want, workspace);
    for (size_t i = 0; i < net->out_bytes / sizeof(float); i++) {
        float value = ((float *)net->want)[i];
        expect(value - value == 0, net->name, "a number that is not finite");
    }
}

int main(void)
{
    if (!lenet5_supported())
        return 77;
    for (int i = 0; i < NET_COUNT; i++)
        answer_first(&nets[i]);
    for (int i = 0; i < NET_COUNT; i++) {
        check_places(&nets[i]);
        check_unaligned(&nets[i]);
    }
    check_threads();
    return faults != 0;
}
