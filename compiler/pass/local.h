/*
 * local.h - what the passes share.
 */
#ifndef CNNC_PASS_LOCAL_H
#define CNNC_PASS_LOCAL_H

#include "graph/place.h"
#include "pass/pass.h"

#define PASS(name, ...) bool pass_##name(Graph *graph, PassContext *context);
#include "pass/passes.def"

bool context_skips(const PassContext *context, const char *name);
/* A remark at the node, for `summary`. */
void remark(PassContext *context, Graph *graph, const Node *node,
            const char *format, ...) PRINTF_LIKE(4, 5);

/* ---- facts (facts.c): BUG where one does not hold ------------------------- */

void ports_check(const Graph *graph, const char *after);
void clusters_check(const Graph *graph, const char *after);
void places_check(const Graph *graph, const char *after);
void shared_check(const Graph *graph, const char *after);

/* ---- building (build.c) ----------------------------------------------------- */

/* A node behind `input`, at the place in the source of `like`; its shapes are
 * known after build_infer, its place in the order after graph_sort. */
Node *build_node(Graph *graph, Op op, const char *path, Tensor *input,
                 const Node *like);
void build_infer(Graph *graph, Node *node);
/* A copy of the tensor: convert to its own type. */
Node *build_copy(Graph *graph, const char *path, Tensor *input,
                 const Node *like);
IntList shape_list(const Shape *shape); /* for a reshape */
/* A parameter like the old one (name, origin), of another shape or with other
 * data. */
Tensor *build_parameter(Graph *graph, const Tensor *like, Shape shape,
                        const float *data);
/* The node's result is a new tensor; the old one is left to be replaced. */
void build_output(Graph *graph, Node *node);
/* Appends an input to the node: a parameter. */
void build_input(Graph *graph, Node *node, Tensor *tensor);

/* By tensor id: the only node that reads the tensor, and that once; NULL for
 * outputs of the network too. The caller's, to be freed. */
Node **find_only_readers(const Graph *graph);
/* By tensor id: whether it is an output of the network. */
bool *find_outputs(const Graph *graph);
/* Every reader of tensor i reads instead[i], and of that in turn what stands
 * for it; NULL: itself. */
void replace_all(Graph *graph, Tensor *const *instead, int count);

/* A window that slides over an image: of a convolution or a pool. */
typedef struct Window {
    const Size *kernel, *stride, *dilation;
    const Pad *pad;
} Window;

/* False for what has none. */
bool window_of(const Node *node, Window *window);
/* Pixels from the first tap to the last, both included. */
int64_t window_span(const Window *window, int dim);
bool pad_is_none(const Pad *pad);
/* [top, left, bottom, right] as the attribute of a 2-D window. */
Pad pad_explicit(const int64_t begin[2], const int64_t end[2]);
bool is_known(const Tensor *tensor); /* a constant or parameter with data */

/* The rules of rules.def, unless they are skipped. */
bool apply_rules(Graph *graph, PassContext *context);

/* ---- lifetimes (lifetime.c) -------------------------------------------------- */

/* The tensor whose memory holds this one; *element: where it begins there. */
Tensor *memory_owner(const Tensor *tensor, int64_t *element);

/* Steps are node numbers: a kernel runs at its root's. */
typedef struct Lifetime {
    int first, last; /* first -1: not in the arena */
} Lifetime;

/* By tensor id; the owners' are those of all that lies within them. */
void find_lifetimes(const Graph *graph, Lifetime *lifetime);
bool layouts_equal(const Place *a, const Place *b);
/* A transpose between an image and the caller's planes: it may be free. Both
 * lists by tensor id. */
bool node_turns_port(const Node *node, Node *const *only,
                     const bool *is_output);
/* The only dimension of which a slice takes a part, each element of it; -1 where
 * there is none or several, or it skips or turns some. */
int slice_axis(const Node *node);
/* Row-major element order without gaps, whatever the layout is called. */
bool layout_is_linear(const Tensor *tensor);

#endif
