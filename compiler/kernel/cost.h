/*
 * cost.h - candidates of the cost model, and how they become steps.
 */
#ifndef CNNC_COST_H
#define CNNC_COST_H

#include "kernel/nest.h"

typedef struct Candidate {
    int vector, tile; /* loops of the nest; tile -1: none */
    int64_t nv, t;    /* vectors of the one, values of the other */
    int64_t rows;     /* by so many values of the loop around the tile's */
    int64_t strip;    /* so many vectors are the outermost loop, and tiles walk
                         down the columns of their image; 0: all are innermost */
    int windows;      /* so many innermost windows are kept in registers */
    bool fused;       /* the tile's loop and the one around it are one */
    bool all_taps; /* those of other loops too: rows at the edge stand apart */
    double cycles;
} Candidate;

typedef struct Cost {
    const Nest *nest;
    const Target *target;
    int lanes;
    bool rows;     /* the first loop stays outermost: no tile has several */
    bool is_light; /* counts no multiply-adds */
    VEC(Candidate) candidates;
} Cost;

/* Whether loop `index` is written out as taps, or kept as a window. */
bool cost_is_tap(const Cost *cost, const Candidate *candidate, int index);
bool cost_is_held(const Cost *cost, const Candidate *candidate, int index);
bool cost_is_per_channel(const Cost *cost, const Candidate *candidate);
/* Blocks of channels, or planes, are the outermost loop over the output. */
bool cost_is_outermost_in_memory(const Cost *cost, int index);
int64_t cost_vectors_of(const Cost *cost, const Candidate *candidate);
int64_t cost_tile_extent(const Cost *cost, const Candidate *candidate);
int cost_window_count(const Nest *nest);
/* Vectors of a strip, of channels that lie next to each other; 0 where strips
 * are of no use. */
int64_t cost_strip(const Cost *cost, const Candidate *candidate);
/* Whether the tile's sums and what they need fit the registers, and its code
 * is not too long. */
bool cost_fits_registers(const Cost *cost, const Candidate *candidate);
/* The loop of a sum that is taken as several, so that none waits for the one
 * before, and as how many; 1: it is not. */
int64_t cost_partial(const Cost *cost, const Candidate *candidate, int *loop);
/* Of the whole kernel. */
double cost_cycles(const Cost *cost, const Candidate *candidate);
bool cost_is_planar(const Cost *cost, const Candidate *candidate);
bool cost_sorts_input(const Cost *cost, const Candidate *candidate);

void cost_write(const Cost *cost, const Candidate *candidate,
                const Kernel *kernel, Schedule *schedule);
/* What makes one loop of all the loops over the output's elements, where every
 * access walks through memory from start to end. */
void cost_write_flat(const Kernel *kernel, const Nest *nest,
                     Schedule *schedule);
/* A schedule for a kernel that is several loops behind each other: true where
 * there is something to do. */
bool cost_sequence(const Kernel *kernel, const Target *target,
                   Schedule *schedule);
/* What is read along one loop and written along another one is taken in tiles,
 * small enough that the lines of both stay near; false for anything else. */
bool cost_write_tiles(const Kernel *kernel, const Nest *nest,
                      Schedule *schedule);

#endif
