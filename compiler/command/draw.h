/*
 * draw.h - a picture of boxes and arrows, layer below layer.
 *
 *        [conv1]            rank 0
 *        /     \
 *    [conv2]    |           rank 1: a point where the long arrow passes
 *        \     /
 *         [add]             rank 2
 */
#ifndef CNNC_COMMAND_DRAW_H
#define CNNC_COMMAND_DRAW_H

#include "base/base.h"

typedef enum BoxKind {
    BOX_POINT, /* no box: an arrow on its way */
    BOX_PORT,  /* an input or output */
    BOX_SUM,   /* sums of products */
    BOX_POOL,
    BOX_JOIN, /* of several values */
    BOX_OTHER
} BoxKind;

typedef struct Box {
    BoxKind kind;
    VEC(const char *) lines;    /* the first is the title */
    int rank, place;            /* from the top, from the left */
    double width, height, x, y; /* the centre of its top edge */
} Box;

typedef struct Arrow {
    int from, to;
    VEC(int) by; /* points between them, from the top */
} Arrow;

typedef struct Drawing {
    Arena *arena;
    const char *title;
    VEC(Box) boxes;
    VEC(Arrow) arrows; /* from an earlier box to a later one */
    int ranks;
    double width, height;
} Drawing;

/* Gives every box its place; adds points. Boxes have their lines. */
void draw_layout(Drawing *drawing);
void draw_svg(Text *out, const Drawing *drawing);
void draw_free(Drawing *drawing);

#endif
