/*
 * machine.h - the machine under a benchmark: one processor, a clock, and how
 * many multiply-adds a second it really does at this moment.
 */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

/* Keeps this thread on one processor; -1: the last one it may use. Returns
 * the processor, or -1 where the system refuses. */
int machine_pin(int cpu);

/* Seconds that this process has computed: while another one has the processor
 * the clock stands still. All work under it is one thread's. */
double machine_clock(void);

/* Multiply-adds a second of one thread, in the widest vectors of this
 * program's target, all in registers. Takes about half a millisecond. */
double machine_peak(void);

/* Simple instructions a second, as many at a time as the processor can start.
 * It falls where another thread shares the core, long before the peak does. */
double machine_pace(void);

/* The width of those vectors, in floats. */
int machine_lanes(void);

#endif
