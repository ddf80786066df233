/*
 * adapt_loss.c - NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss.
 *
 *     x [n, c, d..] log probabilities, y [n, d..] labels, w [c] weights:
 *
 *     hit    = equal(y [n, 1, d..], 0..c-1 [c, 1..])         [n, c, d..]
 *     picked = reduce_sum(where(hit, x, 0); axes=[1])        [n, d..]
 *     weight = reduce_sum(where(hit, w, 0); axes=[1])
 *     loss   = -picked * weight, 0 where y is ignore_index
 *
 * Labels beyond the classes hit nothing. They are compared as floats, which
 * hold every number of classes that fits into memory.
 */
#include "import/local.h"

typedef struct Labelled {
    Tensor *x, *label; /* label [n, d..], f32 */
    Tensor *hit;       /* [n, c, d..] */
    Tensor *ignored;   /* [n, d..], or NULL */
    Tensor *zero;
    Shape list; /* [c, 1..]: numbers by class, seen beside x */
} Labelled;

static Tensor *add_where(Adapt *a, const char *role, Tensor *c, Tensor *yes,
                         Tensor *no)
{
    Tensor *in[3] = { c, yes, no };
    return add_end(a, add_node(a, OP_WHERE, role, in, 3));
}

static Tensor *add_sum(Adapt *a, const char *role, Tensor *x, int axis)
{
    Node *node = add_node(a, OP_REDUCE_SUM, role, &x, 1);
    if (node && axis >= 0) {
        node_attrs(node, ReduceAttrs)->axes.count = 1;
        node_attrs(node, ReduceAttrs)->axes.at[0] = axis;
    }
    return add_end(a, node);
}

/* ---- what is read ------------------------------------------------------------------ */

/* The shape of x without its classes. */
static bool check_labels(Adapt *a, const Shape *x)
{
    bool good = x->rank >= 2 && in_rank(a, 1) == x->rank - 1;
    for (int d = 0; good && d < x->rank - 1; d++)
        good = in_dim(a, 1, d) == x->dim[d ? d + 1 : 0];
    return good || refuse(a, "cannot take the labels '%s' for %s",
                          in_name(a, 1), shape_show(x));
}

static Tensor *add_classes(Adapt *a, const Labelled *loss)
{
    const int64_t count = loss->list.dim[0];
    float *data = NEW_N(a->graph->arena, float, count);
    for (int64_t i = 0; i < count; i++)
        data[i] = (float)i;
    return add_constant(a, "classes", loss->list, data);
}

static bool find_hits(Adapt *a, Labelled *loss)
{
    Tensor *label = in_any(a, 1);
    Shape shape = loss->x->shape;
    shape.dim[1] = 1;
    loss->label = add_1(a, OP_CONVERT, "labels", label);
    loss->hit =
        add_2(a, OP_EQUAL, "hit", add_reshape(a, "label", loss->label, shape),
              add_classes(a, loss));
    if (attr_given(a, "ignore_index"))
        loss->ignored =
            add_2(a, OP_EQUAL, "ignored", loss->label,
                  add_number(a, "ignore_index",
                             (double)attr_int(a, "ignore_index", 0)));
    return loss->hit && !a->failed;
}

/* ---- what comes out ------------------------------------------------------------------ */

/* By label: its weight, 0 where it is ignored; NULL: all have the weight 1. */
static Tensor *add_weights(Adapt *a, const Labelled *loss)
{
    Tensor *weight = NULL;
    if (in_given(a, 2)) {
        if (in_rank(a, 2) != 1 || in_dim(a, 2, 0) != loss->list.dim[0]) {
            refuse(a, "needs %lld weights in '%s'",
                   (long long)loss->list.dim[0], in_name(a, 2));
            return NULL;
        }
        weight = add_reshape(a, "list", in_tensor(a, 2), loss->list);
        weight = add_where(a, "by_class", loss->hit, weight, loss->zero);
        weight = add_sum(a, "weight", weight, 1);
    }
    if (!loss->ignored)
        return weight;
    return add_where(a, "counted", loss->ignored, loss->zero,
                     weight ? weight : add_number(a, "one", 1));
}

static Tensor *reduced(Adapt *a, Tensor *loss, Tensor *weight)
{
    static const char *const words[] = { "mean", "sum", "none", NULL };
    const int word = attr_choice(a, "reduction", words);
    if (word == 2)
        return loss;
    if (word == 1)
        return add_sum(a, "sum", loss, -1);
    if (!weight)
        return add_1(a, OP_REDUCE_MEAN, "mean", loss);
    return add_2(a, OP_DIV, "mean", add_sum(a, "sum", loss, -1),
                 add_sum(a, "weights", weight, -1));
}

/* x: log probabilities. */
static Tensor *add_loss(Adapt *a, Tensor *x)
{
    Labelled loss = { x, .zero = add_number(a, "zero", 0) };
    Tensor *picked, *weight;
    if (!x || !check_labels(a, &x->shape))
        return NULL;
    loss.list.rank = x->shape.rank - 1;
    for (int d = 0; d < loss.list.rank; d++)
        loss.list.dim[d] = d ? 1 : x->shape.dim[1];
    if (!find_hits(a, &loss))
        return NULL;
    picked = add_where(a, "by_label", loss.hit, x, loss.zero);
    picked = add_1(a, OP_NEG, "loss", add_sum(a, "picked", picked, 1));
    weight = add_weights(a, &loss);
    if (in_given(a, 2))
        picked = add_2(a, OP_MUL, "weighted", picked, weight);
    if (loss.ignored)
        picked = add_where(a, "kept", loss.ignored, loss.zero, picked);
    return a->failed ? NULL : reduced(a, picked, weight);
}

bool adapt_nll_loss(Adapt *a)
{
    return out_tensor(a, 0, add_loss(a, in_tensor(a, 0)));
}

bool adapt_softmax_loss(Adapt *a)
{
    Tensor *x = in_tensor(a, 0);
    Node *node = add_node(a, OP_LOG_SOFTMAX, "log_softmax", &x, 1);
    Tensor *log_of;
    if (!node)
        return false;
    node_attrs(node, LogSoftmaxAttrs)->axis = 1;
    log_of = add_end(a, node);
    return out_tensor(a, 0, add_loss(a, log_of)) &&
           (!out_used(a, 1) || out_tensor(a, 1, log_of));
}
