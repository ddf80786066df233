/*
 * language.h - from the text of a .cnn file to a graph.
 *
 *     network tiny
 *     input x : f32[8, 8, 1]          ->   x: f32[8, 8, 1]
 *     conv(4, 3x3) -> relu                 conv1 = conv(x, ...), relu1, ...
 *     output y                             output y = relu1
 *
 * The source must outlive the graph: ranges of its nodes point into it.
 */
#ifndef CNNC_LANGUAGE_H
#define CNNC_LANGUAGE_H

#include "graph/graph.h"

/* Limits, so that a small file cannot ask for an endless network. */
#define LANG_MAX_NESTING 200    /* brackets within brackets */
#define LANG_MAX_BLOCKS  100    /* blocks within blocks */
#define LANG_MAX_LAYERS  100000 /* after all blocks and repeats */
#define LANG_MAX_STEPS   300000 /* lines and layers looked at */

/* The network with every shape known, in the arena; NULL after diagnostics. */
Graph *lang_read(Arena *keep, const Source *source);

/*
 * The file in its standard form: spaces, indentation, aligned claims and
 * comments. Formatting the result again gives the same. False, with nothing
 * added, after the diagnostics of a file that cannot be parsed.
 */
bool lang_format(const Source *source, Text *out);

#endif
