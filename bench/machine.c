/*
 * machine.c - pins the thread, reads the clock, probes the peak.
 *
 *     a0 = a0 * m + c
 *     a1 = a1 * m + c      24 chains that wait for nobody but themselves
 *     ...
 *
 * A multiply-add takes 4 or 5 cycles and two can start in each, so ten chains
 * would fill the units; more do no harm while they stay in registers (32 with
 * AVX-512, 16 before: hence 12 chains there). The rate moves with the clock
 * and with the neighbours, so it is measured beside each sample, not once.
 */
#define _GNU_SOURCE
#include "machine.h"

#include <sched.h>
#include <time.h>

#if defined(__AVX512F__)
#define LANES 16
#define MORE(X)                                                                \
    X(12) X(13) X(14) X(15) X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23)
#define CHAINS 24
#elif defined(__AVX__)
#define LANES 8
#define MORE(X)
#define CHAINS 12
#else
#define LANES 4
#define MORE(X)
#define CHAINS 12
#endif
#define EACH(X)                                                                \
    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) MORE(X)

typedef float Vec __attribute__((vector_size(LANES * 4)));

#define TURNS 16384 /* some 150 microseconds */

/* The last processor that this thread may use. */
static int last_allowed(void)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return -1;
    size_t cpu = CPU_SETSIZE;
    while (cpu-- > 0)
        if (CPU_ISSET(cpu, &allowed))
            return (int)cpu;
    return -1;
}

int machine_pin(int cpu)
{
    if (cpu < 0)
        cpu = last_allowed();
    if (cpu < 0)
        return -1;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((size_t)cpu, &one);
    return sched_setaffinity(0, sizeof one, &one) == 0 ? cpu : -1;
}

double machine_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int machine_lanes(void)
{
    return LANES;
}

/* Hides a value from the optimiser, which would else do the sums itself. */
#define OPAQUE(v) __asm__ volatile("" : "+m"(v))

static double probe(void)
{
    float m = 0.999f, c = 1e-3f;
    OPAQUE(m);
    OPAQUE(c);
    Vec mul = m - (Vec){ 0 }, add = c - (Vec){ 0 }, sum = { 0 };
#define DECLARE(i) Vec a##i = (float)i - (Vec){ 0 };
#define STEP(i)    a##i = a##i * mul + add;
#define SUM(i)     sum += a##i;
    EACH(DECLARE)
    double start = machine_clock();
    for (int t = 0; t < TURNS; t++) {
        EACH(STEP)
    }
    double seconds = machine_clock() - start;
    EACH(SUM)
    OPAQUE(sum);
    return (double)TURNS * CHAINS * LANES / seconds;
}

#define PACE_TURNS 16384 /* some 10 microseconds */

double machine_pace(void)
{
    long a = 0, b = 0, c = 0, d = 0, e = 0, f = 0;
    double start = machine_clock();
    for (int t = 0; t < PACE_TURNS; t++) {
        /* The empty statement keeps the six sums apart, and in registers. */
        __asm__ volatile(""
                         : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e),
                           "+r"(f));
        a++, b++, c++, d++, e++, f++;
    }
    return 6.0 * PACE_TURNS / (machine_clock() - start);
}

double machine_peak(void)
{
    double best = 0;
    for (int i = 0; i < 4; i++) {
        double rate = probe();
        best = rate > best ? rate : best;
    }
    return best;
}
