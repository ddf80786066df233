/*
 * write.h - a graph as the text of a .cnn file.
 *
 *     Written w = { 0 };
 *     import_write(&w, graph, &options);           w.text: "network ..."
 *     read = lang_read(arena, source of the text);
 *     import_match(graph, &w, read, of, &why);     of[i]: the tensor of graph
 *                                                  for tensor i of read
 *
 * Structure that repeats becomes blocks. What the text says depends on the
 * graph and the options alone; reading it gives the same nodes with the same
 * attributes, in the order of w.nodes.
 */
#ifndef CNNC_IMPORT_WRITE_H
#define CNNC_IMPORT_WRITE_H

#include "graph/graph.h"

typedef struct WriteOptions {
    const char *file, *from; /* of the head: what it is, made from what; NULL */
    const char *remark;      /* another line of the head; NULL: none */
    const char *weights;     /* the file of the weights line; NULL: none */
    const Bind *binds;
    int bind_count;
    bool keep_names; /* layers are called so that keys are the names that the
                        graph's parameters have */
    bool no_claims;
    int width; /* of a line; 0: 92 */
} WriteOptions;

typedef struct Written {
    Text text;
    VEC(const Node *) nodes; /* in the order in which reading makes them */
} Written;

void import_write(Written *written, const Graph *graph,
                  const WriteOptions *options);
void written_free(Written *written);

/*
 * Whether the graph that was read from the text is the one that was written,
 * but for names; where it is not, why says what differs. of has room for every
 * tensor of `read`.
 */
bool import_match(const Graph *graph, const Written *written, const Graph *read,
                  const Tensor **of, Text *why);

/* What the foreign model calls a parameter: its title, or its name. */
const char *import_foreign_name(const Tensor *tensor);

#endif
