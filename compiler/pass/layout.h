/*
 * layout.h - what the layout pass is made of: kernels and groups of images,
 * and what a kernel costs in one layout or the other.
 */
#ifndef CNNC_PASS_LAYOUT_H
#define CNNC_PASS_LAYOUT_H

#include "pass/local.h"

/* What a kernel's heavy node does; it decides what vectors can run over. */
typedef enum Work {
    WORK_NONE,     /* softmax and the like: row-major is as good as any */
    WORK_CONV,     /* filters or pixels */
    WORK_CHANNELS, /* depthwise, pools, elementwise: the same on both sides */
    WORK_REDUCTION /* global pools: channels */
} Work;

/* A kernel: a root with what is fused into it. */
typedef struct Job {
    const Node *root, *heavy; /* heavy: its convolution, else its pool, ... */
    Work work;
    VEC(Tensor *) reads; /* images in memory */
    Tensor *wrote;       /* the root's output where it is an image, or NULL */
    bool wants_copy;     /* of the convolution's input, in planes */
} Job;

/* By tensor: images that share one layout form a group. */
typedef struct Image {
    int group;  /* an image's number that stands for the group */
    bool fixed; /* row-major, whatever others would like */
    /* Of the image that stands for the group: */
    bool planes;    /* it is planar */
    bool is_single; /* all have one channel: row-major is planar */
    bool blocks;    /* all channel counts are multiples of a vector */
} Image;

typedef struct Layouter {
    Graph *graph;
    int lanes;
    Image *image; /* by tensor id */
    VEC(Job) jobs;
} Layouter;

bool is_image(const Tensor *tensor);
int group_of(const Layouter *l, const Tensor *tensor);
/* Planar, or one channel, which is the same. */
bool is_planar(const Layouter *l, const Tensor *tensor);
bool is_depthwise(const Node *node);
/* The convolution of the job runs its vectors over pixels. */
bool job_runs_over_pixels(const Layouter *l, const Job *job, bool copied);
/* Zeros that the window reads outside of its input: top left bottom right. */
void window_halo(const Node *node, int64_t halo[4]);
/* Cycles, roughly, in the layouts that the images have now. Sets wants_copy. */
double job_cost(const Layouter *l, Job *job);
/* It leaves the planes of the caller's array by pixels, and had better do that
 * in an image of its own. */
bool job_writes_across(const Layouter *l, const Job *job);

/* to[i] is by[i] at least. */
void layout_widen(int64_t to[4], const int64_t by[4]);
int64_t layout_slack(const Layouter *l); /* elements behind planes */
bool layout_insert_copies(Layouter *l);

#endif
