/*
 * axes_rule.c - in which orders operators can do their work.
 *
 *     add([1, c, h, w], [c, 1, 1])  as (2, 3, 1):  add([h, w, c], [c])
 *     concat(axis=1) of [1, c, h, w], likewise:    concat(axis=2)
 *
 * A table says for each operator what may become of its dimensions; the one not
 * named there keeps them as they are.
 */
#include "pass/axes.h"

#include <string.h>

typedef enum Axes {
    AXES_FIXED,  /* as they are */
    AXES_SPREAD, /* any; operands are spread over the result as numpy does */
    AXES_ALONG,  /* any; attribute 'axis' is one of them */
    AXES_OVER,   /* any; attribute 'axes' names some, which go or become 1 */
    AXES_WITHIN, /* any; attribute 'axes' names some, which stay; operands are
                    spread over the first one */
    AXES_LISTS,  /* any; the lists of the attributes have a number for each */
    AXES_ROWS,   /* of the first input any, but the last one is the last */
    AXES_MATRIX, /* the last two are; those before are spread as numpy does */
    AXES_IMAGE   /* [n, h, w, c], or [h, w, c] of a single one */
} Axes;

static const Axes axes[OP_COUNT] = {
#define UNARY(id, ...)  [OP_##id] = AXES_SPREAD,
#define UNARY1(id, ...) [OP_##id] = AXES_SPREAD,
#define UNARY2(id, ...) [OP_##id] = AXES_SPREAD,
#define BINARY(id, ...) [OP_##id] = AXES_SPREAD,
#define TRUTH(id, ...)  [OP_##id] = AXES_SPREAD,
#define REDUCE(id, ...) [OP_##id] = AXES_OVER,
#include "graph/ops.def"
    [OP_CONVERT] = AXES_SPREAD,       [OP_DROPOUT] = AXES_SPREAD,
    [OP_WHERE] = AXES_SPREAD,         [OP_EXPAND] = AXES_SPREAD,
    [OP_CONCAT] = AXES_ALONG,         [OP_SOFTMAX] = AXES_ALONG,
    [OP_ARGMAX] = AXES_ALONG,         [OP_ARGMIN] = AXES_ALONG,
    [OP_HARDMAX] = AXES_ALONG,        [OP_CUMSUM] = AXES_ALONG,
    [OP_LOG_SOFTMAX] = AXES_ALONG,    [OP_STANDARDIZE] = AXES_WITHIN,
    [OP_SLICE] = AXES_LISTS,          [OP_TILE] = AXES_LISTS,
    [OP_MATMUL] = AXES_MATRIX,        [OP_DENSE] = AXES_ROWS,
    [OP_BATCHNORM] = AXES_ROWS,       [OP_NORMALIZE] = AXES_ROWS,
    [OP_CONV] = AXES_IMAGE,           [OP_CONV_TRANSPOSE] = AXES_IMAGE,
    [OP_MAXPOOL] = AXES_IMAGE,        [OP_AVGPOOL] = AXES_IMAGE,
    [OP_LPPOOL] = AXES_IMAGE,         [OP_GLOBAL_MAXPOOL] = AXES_IMAGE,
    [OP_GLOBAL_AVGPOOL] = AXES_IMAGE, [OP_PAD] = AXES_IMAGE,
    [OP_UPSAMPLE] = AXES_IMAGE,       [OP_LRN] = AXES_ROWS,
    [OP_DEPTH_TO_SPACE] = AXES_IMAGE, [OP_SPACE_TO_DEPTH] = AXES_IMAGE,
};

/* A product by one matrix is one of rows; one by a vector stays. */
static Axes axes_of(const Node *node)
{
    if (axes[node->op] != AXES_MATRIX)
        return axes[node->op];
    if (node->input[0]->shape.rank < 2 || node->input[1]->shape.rank < 2)
        return AXES_FIXED;
    return node->input[1]->shape.rank == 2 ? AXES_ROWS : AXES_MATRIX;
}

bool axes_is_moving(const Node *node)
{
    return node->op == OP_TRANSPOSE || node->op == OP_RESHAPE ||
           node->op == OP_FLATTEN;
}

/* ---- attributes ---------------------------------------------------------------- */

static int64_t *axis_of(const Node *node)
{
    const AttrInfo *info = &op_info[node->op].attrs[attr_index(node, "axis")];
    return (int64_t *)((char *)node->attrs + info->offset);
}

static bool names_axes(const Node *node)
{
    return axes_of(node) == AXES_OVER || axes_of(node) == AXES_WITHIN;
}

static IntList *list_of(const Node *node)
{
    const AttrInfo *info = &op_info[node->op].attrs[attr_index(node, "axes")];
    return (IntList *)((char *)node->attrs + info->offset);
}

/* Dimensions of the input that it works along. */
static void find_worked(const Node *node, bool *worked)
{
    memset(worked, 0, MAX_RANK * sizeof *worked);
    if (axes_of(node) == AXES_ALONG)
        worked[*axis_of(node)] = true;
    for (int i = 0; names_axes(node) && i < list_of(node)->count; i++)
        worked[list_of(node)->at[i]] = true;
}

/* They disappear. */
static bool drops_worked(const Node *node)
{
    return (axes_of(node) == AXES_ALONG || axes_of(node) == AXES_OVER) &&
           node->output[0]->shape.rank < node->input[0]->shape.rank;
}

static void sort_axes(IntList *list, const Form *label)
{
    for (int i = 0; i < list->count; i++)
        list->at[i] = form_find(label, (int)list->at[i]);
}

/* Each stretch of as many numbers as there were dimensions, in their order. */
static void sort_list(IntList *list, const Form *label, int rank)
{
    IntList sorted = { 0 };
    for (int start = 0; start < list->count; start += rank) {
        for (int i = 0; i < label->count; i++)
            sorted.at[sorted.count++] = list->at[start + label->at[i]];
    }
    *list = sorted;
}

void axes_apply(Node *node, const Form *label)
{
    const OpInfo *info = &op_info[node->op];
    if (axes_of(node) == AXES_ALONG)
        *axis_of(node) = form_find(label, (int)*axis_of(node));
    if (node->op == OP_EXPAND) {
        Shape shape = form_shape(&node->output[0]->shape, label);
        node_attrs(node, ExpandAttrs)->shape = shape_list(&shape);
    }
    if (names_axes(node))
        sort_axes(list_of(node), label);
    for (int i = 0; axes_of(node) == AXES_LISTS && i < info->attr_count; i++) {
        if (info->attrs[i].kind == ATTR_INTS)
            sort_list((IntList *)((char *)node->attrs + info->attrs[i].offset),
                      label, node->input[0]->shape.rank);
    }
}

/* ---- labels --------------------------------------------------------------------- */

const Tensor *axes_domain(const Node *node)
{
    const Axes kind = axes_of(node);
    return kind == AXES_SPREAD || kind == AXES_MATRIX || node->op == OP_CONCAT
               ? node->output[0]
               : node->input[0];
}

/* How many of the last dimensions have to stay the last: where parameters are
 * numbers for each channel, those are. */
static int last_dims(const Node *node)
{
    switch ((int)axes_of(node)) {
    case AXES_WITHIN: return node->input_count > node->data_count;
    case AXES_ROWS: return 1;
    case AXES_MATRIX: return 2;
    case AXES_IMAGE: return 3;
    }
    return 0;
}

static bool keeps_last(const Node *node, const Form *label)
{
    const int rank = axes_domain(node)->shape.rank, count = last_dims(node);
    for (int i = 1; i <= count; i++) {
        if (label->count < i || label->at[label->count - i] != rank - i)
            return false;
    }
    return true;
}

/* No new dimensions of 1: where attributes speak of them. */
static bool has_no_new(const Form *label)
{
    return form_find(label, -1) < 0;
}

static bool has_worked(const Node *node, const Form *label)
{
    bool worked[MAX_RANK];
    find_worked(node, worked);
    for (int d = 0; d < MAX_RANK; d++) {
        if (worked[d] && form_find(label, d) < 0)
            return false;
    }
    return true;
}

bool axes_is_label(const Node *node, const Form *label)
{
    const Shape *shape = &axes_domain(node)->shape;
    if (form_is_whole(label, shape->rank))
        return true;
    if (!form_is_complete(shape, label))
        return false;
    switch (axes_of(node)) {
    case AXES_FIXED: return false;
    case AXES_SPREAD: return true;
    case AXES_ALONG:
    case AXES_OVER: return has_worked(node, label);
    case AXES_WITHIN: return has_worked(node, label) && keeps_last(node, label);
    case AXES_LISTS:
        return has_no_new(label) &&
               form_is_complete(&node->output[0]->shape, label);
    case AXES_ROWS:
    case AXES_MATRIX: return keeps_last(node, label);
    case AXES_IMAGE: return keeps_last(node, label) && label->count == 3;
    }
    BUG("no kind of axes %d", (int)axes_of(node));
}

bool axes_label_single(const Node *node, Form *label)
{
    const Shape *shape = &axes_domain(node)->shape;
    const int last = last_dims(node);
    int skip = 0;
    while (skip < shape->rank - last && shape->dim[skip] == 1)
        skip++;
    *label = form_whole(shape->rank - skip);
    for (int i = 0; i < label->count; i++)
        label->at[i] += skip;
    return last > 0 && skip > 0 && axes_is_label(node, label);
}

/* ---- what follows from a label ------------------------------------------------------ */

static bool spreads_freely(const Node *node)
{
    return axes_of(node) == AXES_SPREAD || axes_of(node) == AXES_WITHIN;
}

static bool is_spread(const Node *node, int input)
{
    return (spreads_freely(node) || axes_of(node) == AXES_MATRIX) &&
           input < node->data_count;
}

/* Its form follows from the label, or is that. */
static bool is_labelled(const Node *node, int input)
{
    return input < node->data_count &&
           (axes_of(node) != AXES_ROWS || input == 0);
}

/* The operand's dimensions are the last of the result's; before a matrix those
 * that it does not have are left out. */
static Form spread_form(const Node *node, int input, const Form *label)
{
    const int own = node->input[input]->shape.rank;
    const int missing = node->output[0]->shape.rank - own;
    Form form = { 0 };
    for (int i = 0; i < label->count; i++) {
        int dim = label->at[i];
        if (spreads_freely(node) || form.count > 0 || dim < 0 || dim >= missing)
            form.at[form.count++] = dim < missing ? -1 : dim - missing;
    }
    return form;
}

Form axes_read(const Node *node, int input, const Form *label)
{
    const Shape *domain = &axes_domain(node)->shape;
    if (!is_labelled(node, input) || form_is_whole(label, domain->rank))
        return form_whole(node->input[input]->shape.rank);
    return is_spread(node, input) ? spread_form(node, input, label) : *label;
}

bool axes_is_spread(const Node *node, int input, const Form *label)
{
    Shape shape = form_shape(&axes_domain(node)->shape, label);
    return is_spread(node, input) && spreads_freely(node) && shape.rank > 0 &&
           shape.dim[0] > 1;
}

static Form without_worked(const Node *node, const Form *label)
{
    bool worked[MAX_RANK];
    Form form = { 0 };
    find_worked(node, worked);
    for (int i = 0; i < label->count; i++) {
        int dim = label->at[i], before = 0;
        if (dim >= 0 && worked[dim])
            continue;
        for (int d = 0; d < dim; d++)
            before += worked[d];
        form.at[form.count++] = dim - before;
    }
    return form;
}

Form axes_made(const Node *node, int output, const Form *label)
{
    const int rank = node->output[output]->shape.rank;
    Form form = { 0 };
    if (form_is_whole(label, axes_domain(node)->shape.rank))
        return form_whole(rank);
    if (axes_of(node) == AXES_IMAGE) {
        for (int d = 1; d < rank; d++)
            form.at[form.count++] = d;
        return form;
    }
    return drops_worked(node) ? without_worked(node, label) : *label;
}

bool axes_label_reading(const Node *node, int input, const Form *form,
                        Form *label)
{
    *label = *form;
    if (!is_labelled(node, input) || axes_of(node) == AXES_FIXED)
        return false;
    if (is_spread(node, input)) {
        int missing =
            node->output[0]->shape.rank - node->input[input]->shape.rank;
        for (int i = 0; i < label->count; i++)
            label->at[i] += label->at[i] < 0 ? 0 : missing;
    }
    return axes_is_label(node, label);
}

/* What it works along is best the last. */
static bool with_worked(const Node *node, Form *label)
{
    bool worked[MAX_RANK];
    const bool drops = drops_worked(node);
    find_worked(node, worked);
    for (int d = 0; d < MAX_RANK; d++) {
        if (!worked[d])
            continue;
        for (int i = 0; drops && i < label->count; i++)
            label->at[i] += label->at[i] >= d;
        if (!drops && form_find(label, d) >= 0)
            continue;
        if (label->count == MAX_RANK)
            return false;
        label->at[label->count++] = d;
    }
    return true;
}

bool axes_label_making(const Node *node, const Form *form, Form *label)
{
    *label = *form;
    if (axes_of(node) == AXES_FIXED || axes_of(node) == AXES_IMAGE)
        return false;
    return with_worked(node, label) && axes_is_label(node, label);
}

/* ---- dense layers --------------------------------------------------------------------- */

Tensor *axes_unsorted(const Node *node)
{
    const Tensor *flat = node->input[0];
    const Node *flatten = flat->producer;
    if (node->op != OP_DENSE || flatten == NULL || !axes_is_moving(flatten) ||
        flatten->op == OP_TRANSPOSE || !is_known(node->input[1]) ||
        flatten->input[0]->shape.rank == MAX_RANK ||
        flat->shape.dim[flat->shape.rank - 1] != shape_count(&flat->shape))
        return NULL;
    return flatten->input[0];
}
