/*
 * fuse.c - which layers one kernel computes.
 *
 *     conv1 in relu1, relu1 in pool1:      for every pixel of pool1
 *     conv -> relu -> maxpool(2x2)             for the 4 pixels of its window
 *                                                  max(0, conv1), the largest
 *
 * A node is fused into its only reader where that reads each element at most
 * once, for it is computed where it is read: into an elementwise operator of
 * the same shape, into a pool whose windows do not overlap, or into what only
 * moves elements; but for transposes that are free (place.c). A sum (of two
 * convolutions, say) takes one heavy operand in; the others come from memory.
 */
#include "pass/local.h"

#define MOST_MEMBERS 24 /* nodes of a cluster */
#define MOST_READS   12 /* data tensors that a cluster reads */
#define MOST_WINDOW  4  /* of a pool that takes a convolution in */

/* ---- operators ------------------------------------------------------------------- */

typedef enum Role {
    ROLE_ALONE,   /* a kernel of its own: its nest is not one element at a time,
                     or its result is needed as a whole */
    ROLE_ELEMENT, /* an element from the same element */
    ROLE_MOVE,    /* an element from one elsewhere, each of those once */
    ROLE_POOL,
    ROLE_SUM /* of products */
} Role;

/* Activations and functions of two numbers are elementwise; what is not named
 * here is alone. */
static const Role roles[OP_COUNT] = {
#define UNARY(id, ...)  [OP_##id] = ROLE_ELEMENT,
#define UNARY1(id, ...) [OP_##id] = ROLE_ELEMENT,
#define UNARY2(id, ...) [OP_##id] = ROLE_ELEMENT,
#define BINARY(id, ...) [OP_##id] = ROLE_ELEMENT,
#define TRUTH(id, ...)  [OP_##id] = ROLE_ELEMENT,
#include "graph/ops.def"
    [OP_BATCHNORM] = ROLE_ELEMENT,
    [OP_NORMALIZE] = ROLE_ELEMENT,
    [OP_CONVERT] = ROLE_ELEMENT,
    [OP_CAST] = ROLE_ELEMENT,
    [OP_DROPOUT] = ROLE_ELEMENT,
    [OP_MAXPOOL] = ROLE_POOL,
    [OP_AVGPOOL] = ROLE_POOL,
    [OP_LPPOOL] = ROLE_POOL,
    [OP_GLOBAL_MAXPOOL] = ROLE_POOL,
    [OP_GLOBAL_AVGPOOL] = ROLE_POOL,
    [OP_CONV] = ROLE_SUM,
    [OP_WINOGRAD] = ROLE_SUM,
    [OP_WHERE] = ROLE_ELEMENT,
    [OP_DENSE] = ROLE_SUM,
    [OP_MATMUL] = ROLE_SUM,
    [OP_CONV_TRANSPOSE] = ROLE_SUM,
    [OP_RESIZE] = ROLE_SUM,
    [OP_TRANSPOSE] = ROLE_MOVE,
    [OP_SLICE] = ROLE_MOVE,
};

/* The loops are no plain nest over the output: with several groups of several
 * filters, several outputs a tile, or an own nest for each phase of a stride. What reads it element by
 * element is computed where those loops store. */
static bool has_own_loops(const Node *node)
{
    const ConvAttrs *a = node_attrs(node, ConvAttrs);
    if (node->op == OP_CONV_TRANSPOSE || node->op == OP_RESIZE ||
        node->op == OP_WINOGRAD)
        return true;
    return node->op == OP_CONV && a->groups > 1 && a->groups != a->filters;
}

/* ---- windows ---------------------------------------------------------------------- */

/* A pool of small windows side by side. For others see rows.c. */
static bool windows_are_apart(const Node *node)
{
    Window w;
    if (node->op == OP_CONV || !window_of(node, &w))
        return false;
    for (int i = 0; i < 2; i++) {
        if (w.stride->at[i] < window_span(&w, i) ||
            w.kernel->at[i] > MOST_WINDOW)
            return false;
    }
    return pad_is_none(w.pad);
}

/* ---- clusters ------------------------------------------------------------------------ */

/* What is known of the cluster that ends in a node so far. */
typedef struct Cluster {
    int members, reads;
    bool is_port; /* nothing but a transpose of the caller's planes */
    bool has_pool, has_sum, has_own_loops;
} Cluster;

static bool reads_once(const Node *reader, const Tensor *x)
{
    Role role = roles[reader->op];
    if (role == ROLE_ELEMENT)
        return shape_equal(&x->shape, &reader->output[0]->shape);
    return role == ROLE_MOVE ||
           (role == ROLE_POOL && windows_are_apart(reader));
}

/* What only moves is computed where it is read element by element, and where
 * nothing heavy is: neither would get vectors for the other. */
static bool moves_well(const Node *reader, const Cluster *c,
                       const Node *producer, const Cluster *p)
{
    if (roles[reader->op] != ROLE_MOVE && roles[producer->op] != ROLE_MOVE)
        return true;
    return !c->is_port && !p->is_port && !c->has_own_loops && !c->has_pool &&
           !c->has_sum && !p->has_own_loops && !p->has_pool && !p->has_sum;
}

static bool may_join(const Node *reader, const Cluster *c, const Node *producer,
                     const Cluster *p)
{
    bool heavy = p->has_pool || p->has_sum;
    if (roles[producer->op] == ROLE_ALONE ||
        (p->has_own_loops && roles[reader->op] != ROLE_ELEMENT) ||
        producer->output_count != 1 ||
        !reads_once(reader, producer->output[0]) ||
        !moves_well(reader, c, producer, p))
        return false;
    if (c->members + p->members > MOST_MEMBERS ||
        c->reads + p->reads - 1 > MOST_READS)
        return false;
    if (roles[reader->op] == ROLE_POOL)
        return !p->has_pool;
    return !heavy || !(c->has_pool || c->has_sum);
}

static void join(Node *reader, Cluster *c, Node *producer, const Cluster *p)
{
    producer->fused_into = reader;
    c->members += p->members;
    c->reads += p->reads - 1;
    c->has_pool |= p->has_pool;
    c->has_sum |= p->has_sum;
    c->has_own_loops |= p->has_own_loops;
}

/* Operands from the last on: what was computed last is nearest. Heavy ones
 * first, as there is room for one. */
static void fuse_operands(Node *node, Node *const *only, Cluster *clusters)
{
    Cluster *c = &clusters[node->id];
    for (int heavy = 1; heavy >= 0; heavy--) {
        for (int i = node->data_count - 1; i >= 0; i--) {
            const Tensor *x = node->input[i];
            Node *producer = x->producer;
            const Cluster *p;
            if (producer == NULL || only[x->id] != node)
                continue;
            p = &clusters[producer->id];
            if ((p->has_pool || p->has_sum) == heavy &&
                may_join(node, c, producer, p))
                join(node, c, producer, p);
        }
    }
}

/* Forgets who was fused into whom; gives it by node, to be freed. */
static Node **unfuse(Graph *graph)
{
    Node **before =
        mem_alloc(sizeof *before * (size_t)(graph->nodes.count + 1));
    for (int n = 0; n < graph->nodes.count; n++) {
        Node *node = graph->nodes.at[n];
        before[n] = node->fused_into;
        node->fused_into = NULL;
        node->output[0]->place.ring = 0;
    }
    return before;
}

bool pass_fuse(Graph *graph, PassContext *context)
{
    Node **only = find_only_readers(graph), **before = unfuse(graph);
    size_t size = sizeof(Cluster) * (size_t)(graph->nodes.count + 1);
    Cluster *clusters = mem_alloc(size);
    bool *is_output = find_outputs(graph), changed = false;
    (void)context;
    for (int n = 0; n < graph->nodes.count; n++) {
        Node *node = graph->nodes.at[n];
        clusters[n] =
            (Cluster){ .members = 1,
                       .reads = node->data_count,
                       .is_port = node_turns_port(node, only, is_output),
                       .has_pool = roles[node->op] == ROLE_POOL,
                       .has_sum = roles[node->op] == ROLE_SUM,
                       .has_own_loops = has_own_loops(node) };
        fuse_operands(node, only, clusters);
    }
    for (int n = 0; n < graph->nodes.count; n++)
        changed |= graph->nodes.at[n]->fused_into != before[n];
    mem_free(clusters);
    mem_free(is_output);
    mem_free(before);
    mem_free(only);
    return changed;
}

/* ---- what holds of clusters ------------------------------------------------------------- */

const Node *cluster_root(const Node *node)
{
    while (node->fused_into != NULL)
        node = node->fused_into;
    return node;
}

void clusters_check(const Graph *graph, const char *after)
{
    Node **only = find_only_readers(graph);
    for (int n = 0; n < graph->nodes.count; n++) {
        const Node *node = graph->nodes.at[n];
        if (node->fused_into == NULL)
            continue;
        if (node->output_count != 1 ||
            only[node->output[0]->id] != node->fused_into)
            BUG("after %s: '%s' is fused into '%s', which is not its only "
                "reader",
                after, node->path, node->fused_into->path);
    }
    mem_free(only);
}
