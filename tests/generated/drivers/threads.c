/*
 * threads.c - two threads at once, each with a workspace and inputs of its
 * own: every answer is what one thread alone gives.
 */
#define _POSIX_C_SOURCE 200112L
#include "local.h"

#include <pthread.h>

#define ROUNDS 50

typedef struct Thread {
    pthread_t id;
    void *input[NET_INPUTS], *want[NET_OUTPUTS], *got[NET_OUTPUTS];
    void *workspace;
    int wrong;
} Thread;

static void *get(size_t size)
{
    void *memory = NULL;
    need(!posix_memalign(&memory, 64, size ? size : 1), "no memory");
    return memory;
}

/* The second thread's inputs are the first one's backwards. */
static void start(Thread *t, int backwards)
{
    t->workspace = get(NET_WORKSPACE);
    t->wrong = 0;
    for (int i = 0; i < NET_INPUTS; i++)
        t->input[i] = get(input_bytes[i]);
    for (int i = 0; i < NET_OUTPUTS; i++) {
        t->want[i] = get(output_bytes[i]);
        t->got[i] = get(output_bytes[i]);
    }
    read_inputs(t->input);
    for (int i = 0; backwards && i < NET_INPUTS; i++) {
        size_t step = input_element[i], last = input_bytes[i] - step;
        char *a = (char *)t->input[i], swap[8];
        for (size_t k = 0; k < last - k; k += step) {
            memcpy(swap, a + k, step);
            memcpy(a + k, a + last - k, step);
            memcpy(a + last - k, swap, step);
        }
    }
    run(t->input, t->want, t->workspace);
}

static void *work(void *context)
{
    Thread *t = (Thread *)context;
    for (int round = 0; round < ROUNDS; round++) {
        run(t->input, t->got, t->workspace);
        for (int i = 0; i < NET_OUTPUTS; i++)
            t->wrong += memcmp(t->got[i], t->want[i], output_bytes[i]) != 0;
    }
    return NULL;
}

int main(void)
{
    Thread thread[2];
    for (int i = 0; i < 2; i++)
        start(&thread[i], i);
    for (int i = 0; i < 2; i++)
        need(!pthread_create(&thread[i].id, NULL, work, &thread[i]), "thread");
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i].id, NULL);
    need(!thread[0].wrong && !thread[1].wrong, "threads disturb each other");
    write_outputs(thread[0].want);
    return 0;
}
