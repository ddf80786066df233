/*
 * stack.c - how deep the stack is in use: a thread's stack is painted, and
 * what is no longer paint afterwards was used.
 */
#define _DEFAULT_SOURCE
#include "local.h"

#include <pthread.h>
#include <sys/mman.h>

#define STACK (1 << 21)
#define PAINT 0x5a
#define EXTRA 8192 /* spilled vectors, frames, the thread's own start */

static void *input[NET_INPUTS], *output[NET_OUTPUTS], *workspace;

static void *nothing(void *context)
{
    return context;
}

static void *call(void *context)
{
    run(input, output, workspace);
    return context;
}

static long used_by(void *(*function)(void *))
{
    pthread_attr_t attributes;
    pthread_t thread;
    long clean = 0;
    char *stack = (char *)mmap(NULL, STACK, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(stack != (char *)MAP_FAILED, "no memory");
    memset(stack, PAINT, STACK);
    pthread_attr_init(&attributes);
    need(!pthread_attr_setstack(&attributes, stack, STACK), "stack");
    need(!pthread_create(&thread, &attributes, function, NULL), "thread");
    pthread_join(thread, NULL);
    while (clean < STACK && stack[clean] == PAINT)
        clean++;
    munmap(stack, STACK);
    return STACK - clean;
}

int main(void)
{
    long alone, with;
    for (int i = 0; i < NET_INPUTS; i++)
        input[i] = malloc(input_bytes[i]);
    for (int i = 0; i < NET_OUTPUTS; i++)
        output[i] = malloc(output_bytes[i]);
    need(!posix_memalign(&workspace, 64, NET_WORKSPACE + 64), "no memory");
    read_inputs(input);
    alone = used_by(nothing);
    with = used_by(call);
    write_outputs(output);
    printf("%ld bytes of stack, %ld in arrays as reported\n", with - alone,
           (long)NET_STACK);
    need(with - alone <= NET_STACK + EXTRA, "more stack than reported");
    return 0;
}
