/*
 * axes.c - channels last inside, whatever the model's order is.
 *
 *     x [1, c, h, w]                          x [1, c, h, w]
 *     transpose -> conv -> transpose          transpose, reshape to [h, w, c]
 *     relu of [1, k, h, w]              ->    conv -> relu -> conv, [h, w, k]
 *     transpose -> conv -> transpose          transpose
 *     y [1, m, h, w]                          y [1, m, h, w]
 *
 * Each operator gets the order in which the fewest elements have to be moved
 * (axes_choose.c), its attributes and constants follow (axes_rule.c), and the
 * transposes and reshapes that are still needed are made anew (axes_way.c). A
 * batch of one disappears likewise.
 */
#include "pass/axes.h"

#include <string.h>

#define MOST_ROUNDS 8

typedef struct Rewriter {
    Chooser chooser;
    Graph *graph;
    Tensor **now; /* by tensor id: what is computed instead */
    int *count;   /* by tensor id: those made of it, for their names */
} Rewriter;

/* ---- constants -------------------------------------------------------------------- */

/* The tensor's elements in the order of the transposed one. */
static float *transposed_data(Arena *arena, const Tensor *tensor,
                              const IntList *perm)
{
    const Shape *shape = &tensor->shape;
    const int64_t count = shape_count(shape);
    float *data = NEW_N(arena, float, count);
    int64_t step[MAX_RANK], index[MAX_RANK] = { 0 }, size = 1, from = 0;
    for (int d = shape->rank; d-- > 0; size *= shape->dim[d])
        step[d] = size;
    for (int64_t i = 0; i < count; i++) {
        data[i] = tensor->data[from];
        for (int d = perm->count; d-- > 0;) {
            const int64_t dim = shape->dim[perm->at[d]];
            from += step[perm->at[d]];
            if (++index[d] < dim)
                break;
            from -= step[perm->at[d]] * dim;
            index[d] = 0;
        }
    }
    return data;
}

static Shape result_shape(const Shape *shape, const Action *action)
{
    Shape result = shape_of(action->list.count, action->list.at);
    for (int d = 0; action->transposes && d < result.rank; d++)
        result.dim[d] = shape->dim[action->list.at[d]];
    return result;
}

static Tensor *moved_constant(Graph *graph, const Tensor *tensor,
                              const Action *action)
{
    const float *data =
        action->transposes
            ? transposed_data(graph->arena, tensor, &action->list)
            : tensor->data;
    return build_parameter(graph, tensor, result_shape(&tensor->shape, action),
                           data);
}

/* ---- ways ----------------------------------------------------------------------------- */

static Tensor *moved_value(Rewriter *r, const Tensor *root, Tensor *tensor,
                           const Action *action, const Origin *origin)
{
    Graph *graph = r->graph;
    const char *what = action->transposes ? "order" : "shape";
    const int count = ++r->count[root->id];
    const char *path =
        count == 1
            ? arena_printf(graph->arena, "%s.%s", root->name, what)
            : arena_printf(graph->arena, "%s.%s%d", root->name, what, count);
    Node *node =
        graph_add(graph, action->transposes ? OP_TRANSPOSE : OP_RESHAPE, path,
                  &tensor, 1, root->producer ? root->producer->origin : origin);
    if (action->transposes)
        node_attrs(node, TransposeAttrs)->perm = action->list;
    else
        node_attrs(node, ReshapeAttrs)->shape = action->list;
    build_infer(graph, node);
    return node->output[0];
}

static Tensor *follow(Rewriter *r, const Way *way, const Origin *origin)
{
    Tensor *tensor = r->now[way->root->id];
    int parent = -1;
    for (int i = 0; i < way->count; i++) {
        const Action *a = &way->action[i];
        bool is_new;
        parent = find_made(&r->chooser, way->root, parent, a, &is_new);
        if (is_new)
            r->chooser.made.at[parent].tensor =
                is_known(tensor) ? moved_constant(r->graph, tensor, a)
                                 : moved_value(r, way->root, tensor, a, origin);
        tensor = r->chooser.made.at[parent].tensor;
    }
    return tensor;
}

/* ---- dense layers ------------------------------------------------------------------------ */

/* Rows of the weights in the order in which the elements come: the weights are
 * [c][h][w][units] if those were [c][h][w]. */
static Tensor *sorted_rows(Graph *graph, Tensor *weight, const Shape *shape,
                           const Form *form)
{
    Tensor rows = *weight;
    IntList perm = { 0 };
    Form order, whole = form_whole(shape->rank);
    rows.shape = *shape;
    rows.shape.dim[rows.shape.rank++] = weight->shape.dim[1];
    for (int d = 0; d < shape->rank; d++) {
        if (form_find(form, d) < 0)
            perm.at[perm.count++] = d;
    }
    for (int i = 0; i < form->count; i++) {
        if (form->at[i] >= 0)
            perm.at[perm.count++] = form->at[i];
    }
    order.count = perm.count;
    for (int d = 0; d < perm.count; d++)
        order.at[d] = (int)perm.at[d];
    if (form_same_order(shape, &order, &whole))
        return weight;
    perm.at[perm.count++] = shape->rank;
    return build_parameter(graph, weight, weight->shape,
                           transposed_data(graph->arena, &rows, &perm));
}

/* ---- nodes ---------------------------------------------------------------------------------- */

static void set_output(Rewriter *r, Node *node, const Shape *shape)
{
    Tensor *old = node->output[0];
    REQUIRE(node->output_count == 1);
    build_output(r->graph, node);
    build_infer(r->graph, node);
    if (!shape_equal(&node->output[0]->shape, shape))
        BUG("'%s' in another order is %s, not %s", node->path,
            shape_show(&node->output[0]->shape), shape_show(shape));
    r->now[old->id] = node->output[0];
}

static void rewrite_node(Rewriter *r, Node *node)
{
    const Form *label = chosen_label(&r->chooser, node);
    const bool whole = form_is_whole(label, axes_domain(node)->shape.rank);
    const Form made = axes_made(node, 0, label);
    const Shape shape = form_shape(&node->output[0]->shape, &made);
    const Tensor *unsorted = unsorted_input(&r->chooser, node);
    Tensor **inputs = NEW_N(r->graph->arena, Tensor *, node->input_count);
    Form first = { 0 };
    for (int i = 0; i < node->input_count; i++) {
        Way way = edge_way(&r->chooser, &(Edge){ node, i }, label);
        inputs[i] = follow(r, &way, node->origin);
        first = i == 0 ? way.form : first;
    }
    if (unsorted != NULL)
        inputs[1] = sorted_rows(r->graph, inputs[1], &unsorted->shape, &first);
    if (!whole)
        axes_apply(node, label);
    node->input = inputs;
    if (!whole)
        set_output(r, node, &shape);
}

static void rewrite_output(Rewriter *r, int number)
{
    Way way = edge_way(&r->chooser, &(Edge){ NULL, number }, NULL);
    r->graph->outputs.at[number].tensor = follow(r, &way, NULL);
}

/* ---- the pass -------------------------------------------------------------------------------- */

static bool rewrite_round(Graph *graph)
{
    Rewriter r = { .graph = graph };
    const int nodes = graph->nodes.count;
    chooser_open(&r.chooser, graph);
    bool better = choose_labels(&r.chooser);
    if (better) {
        Arena *scratch = r.chooser.scratch;
        const int tensors = graph->tensors.count;
        r.now = NEW_N(scratch, Tensor *, tensors + 1);
        r.count = NEW_N(scratch, int, tensors + 1);
        memcpy(r.now, graph->tensors.at, sizeof *r.now * (size_t)tensors);
        for (int n = 0; n < nodes; n++) {
            if (is_computed(&r.chooser, graph->nodes.at[n]))
                rewrite_node(&r, graph->nodes.at[n]);
        }
        for (int i = 0; i < graph->outputs.count; i++)
            rewrite_output(&r, i);
        graph_remove_dead(graph);
    }
    chooser_close(&r.chooser);
    return better;
}

bool pass_axes(Graph *graph, PassContext *context)
{
    bool changed = false;
    (void)context;
    for (int i = 0; i < MOST_ROUNDS && rewrite_round(graph); i++)
        changed = true;
    return changed;
}
