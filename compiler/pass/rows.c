/*
 * rows.c - a convolution whose rows the pool behind it uses up as they come.
 *
 *     conv1 -> relu1 -> maxpool(3x3, stride=2)     for each row of the pool:
 *                                                      two rows of relu1, into
 *     ring of 3 rows:  r % 3                           a ring of three
 *                                                      the row
 *
 * Windows that overlap would compute what they share again and again if the
 * convolution were inlined (fuse.c); so its rows are kept, but only as many as
 * one row of windows looks at. The whole image is never in memory.
 */
#include "pass/local.h"

#include <string.h>

bool node_is_by_rows(const Node *node)
{
    return node->fused_into != NULL && node->output[0]->place.ring > 0;
}

/* By root: whether a convolution or dense layer is in the cluster, or a ring
 * belongs to it. */
typedef struct Cluster {
    bool has_conv, has_ring;
} Cluster;

static Cluster *find_clusters(const Graph *graph)
{
    Cluster *clusters = NEW_N(graph->arena, Cluster, graph->nodes.count + 1);
    for (int n = 0; n < graph->nodes.count; n++) {
        const Node *node = graph->nodes.at[n];
        Cluster *c = &clusters[cluster_root(node)->id];
        c->has_conv |= node->op == OP_CONV;
        c->has_ring |= node_is_by_rows(node);
    }
    return clusters;
}

/* The rows that one row of windows looks at; 0 where a ring of them would be
 * all of the image, or the loops over rows are none. */
static int64_t ring_of(const Node *pool)
{
    Window w;
    int64_t rows;
    if (pool->op == OP_CONV || !window_of(pool, &w) ||
        shape_is_batch(&pool->output[0]->shape))
        return 0;
    rows = window_span(&w, 0);
    return pool->output[0]->shape.dim[0] > 1 &&
                   rows < pool->input[0]->shape.dim[0]
               ? rows
               : 0;
}

static bool compute_by_rows(Node *pool, Node *const *only, Cluster *clusters)
{
    Tensor *x = pool->input[0];
    Node *producer = x->producer;
    Cluster *c = &clusters[cluster_root(pool)->id];
    int64_t ring = ring_of(pool);
    if (ring == 0 || producer == NULL || producer->fused_into != NULL ||
        only[x->id] != pool || c->has_ring ||
        !clusters[producer->id].has_conv || clusters[producer->id].has_ring)
        return false;
    producer->fused_into = pool;
    x->place.ring = ring;
    c->has_ring = true;
    return true;
}

bool pass_rows(Graph *graph, PassContext *context)
{
    Node **only = find_only_readers(graph);
    Cluster *clusters = find_clusters(graph);
    bool changed = false;
    (void)context;
    for (int n = 0; n < graph->nodes.count; n++)
        changed |= compute_by_rows(graph->nodes.at[n], only, clusters);
    mem_free(only);
    return changed;
}
