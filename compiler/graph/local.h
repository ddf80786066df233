/*
 * local.h - what the files of graph/ share and nobody else needs.
 */
#ifndef CNNC_GRAPH_LOCAL_H
#define CNNC_GRAPH_LOCAL_H

#include "graph/graph.h"

/* Whether the shape rule, run on the data inputs alone, gives the parameters
 * and the output that the node has; why receives what does not. */
bool node_obeys_rule(const Graph *graph, const Node *node, Text *why);

/* The words that begin a line of the text form; a name that equals one of them
 * is written in quotes. */
#define LINE_WORDS(WORD)                                                       \
    WORD(graph)                                                                \
    WORD(weights)                                                              \
    WORD(bind)                                                                 \
    WORD(input)                                                                \
    WORD(parameter)                                                            \
    WORD(constant)                                                             \
    WORD(output)

/* The numbers of a Place that the text form writes. */
#define PLACE_FIELDS(FIELD)                                                    \
    FIELD(offset)                                                              \
    FIELD(size)                                                                \
    FIELD(within_offset)                                                       \
    FIELD(block)                                                               \
    FIELD(pitch)                                                               \
    FIELD(pixel)                                                               \
    FIELD(ring)                                                                \
    FIELD(slack)

extern const char *const place_kind_names[5]; /* in the order of PlaceKind */
extern const char *const layout_names[4];     /* of ParameterLayout */

/* Characters of a name that need no quotes. */
bool text_is_bare(const char *name);

#endif
