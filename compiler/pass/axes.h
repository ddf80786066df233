/*
 * axes.h - what the pass `axes` is made of: orders of dimensions, what
 * operators do with them, and ways from a tensor to another order of it.
 */
#ifndef CNNC_PASS_AXES_H
#define CNNC_PASS_AXES_H

#include "pass/local.h"

/* ---- forms (axes_form.c) -------------------------------------------------- */

/*
 * A form of a tensor: which of its dimensions stand where. Dimensions of 1 may
 * be left out; -1 is one more of them. [1, c, h, w] as (2, 3, 1) is [h, w, c].
 */
typedef struct Form {
    int count;
    int at[MAX_RANK];
} Form;

Form form_whole(int rank); /* the tensor as it is */
bool form_is_whole(const Form *form, int rank);
Shape form_shape(const Shape *shape, const Form *form);
/* Where the dimension stands, or -1. */
int form_find(const Form *form, int dim);
/* Each dimension larger than 1 once, the others once at most. */
bool form_is_complete(const Shape *shape, const Form *form);
/* The same elements in the same order, whatever the shapes. */
bool form_same_order(const Shape *shape, const Form *a, const Form *b);
/* And the same shape. */
bool form_equal(const Shape *shape, const Form *a, const Form *b);

/* A transpose's result in this form is its input in that one; and back. */
Form form_before(const IntList *perm, const Form *form);
Form form_behind(const IntList *perm, const Form *form);
/*
 * From one side of a reshape to the other: the order of `to` that has the same
 * elements in the same order as `from` in the form. False where there is none:
 * [c * h] of [c, h] as (1, 0). Dimensions of 1 are left out.
 */
bool form_reshape(const Shape *to, const Shape *from, const Form *form,
                  Form *result);
/* The form changed as little as may be so that form_reshape finds one; where
 * `late` says so, by dimensions that wait for others rather than the reverse. */
Form form_gathered(const Shape *to, const Shape *from, const Form *form,
                   bool late);

/* ---- operators (axes_rule.c) ---------------------------------------------- */

/*
 * An operator that can do its work in several orders has a label: the form of
 * its domain, which is its result where it takes several inputs, else its
 * input. Everything else follows from that.
 */
const Tensor *axes_domain(const Node *node);
bool axes_is_label(const Node *node, const Form *label);
/* How it reads an input and leaves an output then. */
Form axes_read(const Node *node, int input, const Form *label);
Form axes_made(const Node *node, int output, const Form *label);
/* The input may come without leading dimensions of 1. */
bool axes_is_spread(const Node *node, int input, const Form *label);
/* The label under which it reads an input, or leaves its outputs, in the form. */
bool axes_label_reading(const Node *node, int input, const Form *form,
                        Form *label);
bool axes_label_making(const Node *node, const Form *form, Form *label);
/* The label that leaves a batch of one out, where the operator is better off
 * without. */
bool axes_label_single(const Node *node, Form *label);
/* Attributes as the label needs them. */
void axes_apply(Node *node, const Form *label);
/* transpose, reshape, flatten: moves elements, or not even that. */
bool axes_is_moving(const Node *node);
/* A dense layer that may take the elements of its flattened input in any order,
 * as its weights can be sorted likewise; gives the tensor before that. */
Tensor *axes_unsorted(const Node *node);

/* ---- ways (axes_way.c) ------------------------------------------------------ */

#define MOST_ACTIONS 24

typedef struct Action {
    bool transposes; /* else reshapes */
    IntList list;    /* perm, or shape */
} Action;

/* From a tensor that is computed, in the form in which it is, to another one
 * by transposes and reshapes. */
typedef struct Way {
    Tensor *root;
    int count;
    Action action[MOST_ACTIONS];
    Form form;          /* of the tensor that was asked for */
    Shape start, shape; /* before the actions, and after them */
    int64_t cost;       /* of the actions */
} Way;

typedef enum Exact {
    EXACT_SHAPE,
    EXACT_SPREAD, /* without leading ones at will */
    EXACT_ORDER   /* elements in the order, in any shape */
} Exact;

typedef struct Ways {
    const Graph *graph;
    Form *base;   /* by tensor id: the form in which what is computed is */
    bool *passes; /* by tensor id: its maker only moves elements, and is no
                     more than a few such nodes away from what is computed */
} Ways;

/* Ways to outputs of the network are cheaper. */
Way way_to(const Ways *ways, Tensor *tensor, const Form *form, Exact exact,
           bool is_output);
/* The tensor in whatever order it has; the shape is that of the form. */
Way way_any(const Ways *ways, Tensor *tensor);
/* One more action at its end, where it is one. */
void way_reshape(Way *way, const Shape *shape);
/* The form of the root's, as it comes to the tensor or is wanted there: from
 * the one to the other without an action that moves something. */
bool form_down(const Ways *ways, const Tensor *tensor, const Form *form,
               Form *result);
bool form_up(const Ways *ways, const Tensor *tensor, const Form *form,
             Form *result);
int64_t action_cost(const Way *way, int action, bool is_output);
/* What is computed, or an input or constant, that the tensor's elements are. */
Tensor *way_root(const Ways *ways, Tensor *tensor);

/* ---- labels (axes_choose.c) --------------------------------------------------- */

/* What a node reads from: the root of a way. */
typedef struct Edge {
    Node *reader; /* NULL: an output of the network */
    int input;    /* number of the reader's input, or of the output */
} Edge;

#define MOST_LABELS 6

typedef struct Labels {
    int count, chosen;
    Form form[MOST_LABELS]; /* the first one is the domain as it is */
    double cost[MOST_LABELS];
} Labels;

/* What came out of the actions of ways so far: a tree at each root. */
typedef struct Made {
    int parent, next; /* -1: the root; the one before of the same root */
    Action action;
    Tensor *tensor; /* NULL: only counted */
} Made;

typedef struct Chooser {
    Graph *graph;
    Arena *scratch;
    Ways ways;
    Labels *labels; /* by node id */
    int *start;     /* by tensor id: its edges, as a root ... */
    Edge *edge;     /* ... edge[start[id]..start[id + 1]-1] */
    int *last_made; /* by tensor id: of those made from it, or -1 */
    VEC(Made) made;
} Chooser;

void chooser_open(Chooser *c, Graph *graph);
void chooser_close(Chooser *c);
/* Sets the labels; false where nothing is better than what there is. */
bool choose_labels(Chooser *c);
Way edge_way(const Chooser *c, const Edge *edge, const Form *label);
/* Its flattened input's elements may come in any order: of this tensor. */
Tensor *unsorted_input(const Chooser *c, const Node *node);
const Form *chosen_label(const Chooser *c, const Node *node);
/* Whether the node stays, with a label. */
bool is_computed(const Chooser *c, const Node *node);
/* The number of what the action makes of the parent (-1: of the root). */
int find_made(Chooser *c, const Tensor *root, int parent, const Action *action,
              bool *is_new);

#endif
