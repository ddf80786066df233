/*
 * import.h - a graph as a .cnn file and its weights; see import.c.
 */
#ifndef CNNC_COMMAND_IMPORT_H
#define CNNC_COMMAND_IMPORT_H

#include "graph/graph.h"

typedef struct Imported {
    Text text;    /* in standard form */
    Graph *graph; /* as read from the text, with data and binds */
} Imported;

/*
 * Writes the graph, which has all its weights, and reads that again. file,
 * from: names for the head, from may be NULL; weights: what the 'weights' line
 * says. What is read is the graph that was given, or this ends in BUG.
 */
void import_compose(Arena *arena, const Graph *graph, const char *file,
                    const char *from, const char *weights, Imported *imported);
void imported_free(Imported *imported);

#endif
