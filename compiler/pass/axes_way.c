/*
 * axes_way.c - how a tensor gets into the form in which it is wanted.
 *
 *     conv1 is [h, w, c];   x = transpose([2, 0, 1]) of it,  y = reshape(x) to
 *     [g, k, h, w];         wanted: y as [h, w, g, k]
 *     reshape conv1 to [h, w, g, k]              no element moves
 *
 * Transposes and reshapes of the graph are only names for orders: a way goes up
 * through them to what is really computed, and then takes the actions that are
 * needed.
 */
#include "pass/axes.h"

#include <string.h>

/* What an element costs: moved, or where only shapes change, which keeps layers
 * from being computed together. Less at the caller's arrays, which are read or
 * written once anyway. */
#define MOVED         16
#define MOVED_AT_PORT 12
#define NAMED         2
#define NAMED_AT_PORT 1

/* ---- actions ------------------------------------------------------------------ */

static Shape list_shape(const IntList *list)
{
    return shape_of(list->count, list->at);
}

static Shape permuted(const Shape *shape, const IntList *perm)
{
    Shape result = { .rank = perm->count };
    for (int d = 0; d < perm->count; d++)
        result.dim[d] = shape->dim[perm->at[d]];
    return result;
}

/* The shape before the last action. */
static Shape shape_before_last(const Way *way)
{
    Shape shape = way->start;
    for (int i = 0; i < way->count - 1; i++) {
        const Action *a = &way->action[i];
        shape =
            a->transposes ? permuted(&shape, &a->list) : list_shape(&a->list);
    }
    return shape;
}

static bool last_is(const Way *w, bool transposes)
{
    return w->count > 0 && w->action[w->count - 1].transposes == transposes;
}

static void push(Way *w, bool transposes, const IntList *list)
{
    REQUIRE(w->count < MOST_ACTIONS);
    w->action[w->count++] = (Action){ transposes, *list };
}

static void push_reshape(Way *w, Shape shape)
{
    IntList list = shape_list(&shape);
    if (last_is(w, false)) {
        w->shape = shape_before_last(w);
        w->count--;
    }
    if (!shape_equal(&w->shape, &shape))
        push(w, false, &list);
    w->shape = shape;
}

static void push_transpose(Way *w, IntList perm)
{
    const Form none = form_whole(perm.count);
    Shape wanted = permuted(&w->shape, &perm);
    Form order = { .count = perm.count };
    if (last_is(w, true)) {
        const IntList first = w->action[w->count - 1].list;
        for (int d = 0; d < perm.count; d++)
            perm.at[d] = first.at[perm.at[d]];
        w->shape = shape_before_last(w);
        w->count--;
    }
    for (int d = 0; d < perm.count; d++)
        order.at[d] = (int)perm.at[d];
    if (form_same_order(&w->shape, &order, &none)) {
        push_reshape(w, wanted);
        return;
    }
    push(w, true, &perm);
    w->shape = wanted;
}

/* ---- from one form to another ---------------------------------------------------- */

static int leading_ones(const Shape *shape)
{
    int count = 0;
    while (count < shape->rank && shape->dim[count] == 1)
        count++;
    return count;
}

/* Equal but for leading ones, and not more of them. */
static bool spreads_alike(const Shape *have, const Shape *wanted)
{
    int skip = leading_ones(have), other = leading_ones(wanted);
    return have->rank <= wanted->rank &&
           have->rank - skip == wanted->rank - other &&
           memcmp(have->dim + skip, wanted->dim + other,
                  sizeof have->dim[0] * (size_t)(have->rank - skip)) == 0;
}

/* Behind a reshape: elements are in order, the form gives them their shape. */
static void name_as(Way *w, const Tensor *tensor, const Form *form, Exact exact)
{
    Shape wanted = form_shape(&tensor->shape, form);
    w->form = *form;
    if (exact == EXACT_SPREAD && spreads_alike(&w->shape, &wanted)) {
        int extra = wanted.rank - w->shape.rank;
        w->form.count -= extra;
        memmove(w->form.at, w->form.at + extra,
                sizeof w->form.at[0] * (size_t)w->form.count);
        return;
    }
    push_reshape(w, wanted);
}

static void set_shape(Way *w, const Tensor *tensor, const Form *form,
                      Exact exact)
{
    Shape wanted = form_shape(&tensor->shape, form);
    if (exact == EXACT_ORDER || shape_equal(&w->shape, &wanted) ||
        (exact == EXACT_SPREAD && spreads_alike(&w->shape, &wanted)))
        return;
    push_reshape(w, wanted);
    w->form = *form;
}

/* Leaves the dimensions of 1 out that the other form does not have. */
static void leave_out(Way *w, const Tensor *tensor, const Form *other)
{
    Form kept = { 0 };
    for (int i = 0; i < w->form.count; i++) {
        int dim = w->form.at[i];
        if (dim >= 0 && form_find(other, dim) >= 0)
            kept.at[kept.count++] = dim;
    }
    push_reshape(w, form_shape(&tensor->shape, &kept));
    w->form = kept;
}

static void convert(Way *w, const Tensor *tensor, const Form *form, Exact exact)
{
    IntList perm = { 0 };
    Form kept = { 0 };
    if (form_same_order(&tensor->shape, &w->form, form)) {
        set_shape(w, tensor, form, exact);
        return;
    }
    leave_out(w, tensor, form);
    for (int i = 0; i < form->count; i++) {
        int at = form->at[i] < 0 ? -1 : form_find(&w->form, form->at[i]);
        if (at < 0)
            continue;
        perm.at[perm.count++] = at;
        kept.at[kept.count++] = form->at[i];
    }
    push_transpose(w, perm);
    w->form = kept;
    set_shape(w, tensor, form, exact);
}

/* ---- up through the graph ----------------------------------------------------------- */

static Node *mover_of(const Ways *ways, const Tensor *tensor)
{
    return ways->passes[tensor->id] ? tensor->producer : NULL;
}

Tensor *way_root(const Ways *ways, Tensor *tensor)
{
    Node *node;
    while ((node = mover_of(ways, tensor)) != NULL)
        tensor = node->input[0];
    return tensor;
}

static void begin(const Ways *ways, Way *w, Tensor *root)
{
    *w = (Way){ .root = root, .form = ways->base[root->id] };
    w->start = w->shape = form_shape(&root->shape, &w->form);
}

static const IntList *perm_of(const Node *node)
{
    return &node_attrs(node, TransposeAttrs)->perm;
}

static int64_t way_cost(const Way *way, bool is_output)
{
    int64_t cost = 0;
    for (int i = 0; i < way->count; i++)
        cost += action_cost(way, i, is_output);
    return cost;
}

static void find(const Ways *ways, Way *w, Tensor *tensor, const Form *form,
                 Exact exact, bool choose);

/* Behind a reshape that knows no such order: in one that it knows, and then by
 * a transpose. */
static void find_between(const Ways *ways, Way *w, Tensor *tensor,
                         const Form *form, Exact exact, bool choose)
{
    Tensor *x = tensor->producer->input[0];
    const Form forms[] = {
        form_whole(tensor->shape.rank),
        form_gathered(&x->shape, &tensor->shape, form, false),
        form_gathered(&x->shape, &tensor->shape, form, true),
    };
    int64_t best = -1;
    for (int i = 0; i < (choose ? 3 : 1); i++) {
        Way tried;
        find(ways, &tried, tensor, &forms[i], EXACT_SHAPE, false);
        convert(&tried, tensor, form, exact);
        int64_t cost = way_cost(&tried, false);
        if (best >= 0 && cost >= best)
            continue;
        best = cost;
        *w = tried;
    }
}

static void find(const Ways *ways, Way *w, Tensor *tensor, const Form *form,
                 Exact exact, bool choose)
{
    const Node *node = mover_of(ways, tensor);
    Form before;
    if (node == NULL) {
        begin(ways, w, tensor);
        convert(w, tensor, form, exact);
        return;
    }
    Tensor *x = node->input[0];
    if (node->op == OP_TRANSPOSE) {
        before = form_before(perm_of(node), form);
        find(ways, w, x, &before, exact, choose);
        w->form = form_behind(perm_of(node), &w->form);
    } else if (form_reshape(&x->shape, &tensor->shape, form, &before)) {
        find(ways, w, x, &before, EXACT_ORDER, choose);
        name_as(w, tensor, form, exact);
    } else {
        find_between(ways, w, tensor, form, exact, choose);
    }
}

static void find_any(const Ways *ways, Way *w, Tensor *tensor)
{
    const Node *node = mover_of(ways, tensor);
    if (node == NULL) {
        begin(ways, w, tensor);
        return;
    }
    Tensor *x = node->input[0];
    Form whole = form_whole(x->shape.rank), behind;
    find_any(ways, w, x);
    if (node->op == OP_TRANSPOSE) {
        w->form = form_behind(perm_of(node), &w->form);
        return;
    }
    if (!form_reshape(&tensor->shape, &x->shape, &w->form, &behind)) {
        convert(w, x, &whole, EXACT_ORDER);
        behind = form_whole(tensor->shape.rank);
    }
    push_reshape(w, form_shape(&tensor->shape, &behind));
    w->form = behind;
}

void way_reshape(Way *way, const Shape *shape)
{
    push_reshape(way, *shape);
}

/* ---- without any action --------------------------------------------------------- */

bool form_up(const Ways *ways, const Tensor *tensor, const Form *form,
             Form *result)
{
    const Node *node;
    *result = *form;
    for (; (node = mover_of(ways, tensor)) != NULL; tensor = node->input[0]) {
        const Form behind = *result;
        if (node->op == OP_TRANSPOSE)
            *result = form_before(perm_of(node), &behind);
        else if (!form_reshape(&node->input[0]->shape, &tensor->shape, &behind,
                               result))
            return false;
    }
    return true;
}

bool form_down(const Ways *ways, const Tensor *tensor, const Form *form,
               Form *result)
{
    const Node *node = mover_of(ways, tensor);
    Form before;
    if (node == NULL) {
        *result = *form;
        return true;
    }
    if (!form_down(ways, node->input[0], form, &before))
        return false;
    if (node->op == OP_TRANSPOSE) {
        *result = form_behind(perm_of(node), &before);
        return true;
    }
    return form_reshape(&tensor->shape, &node->input[0]->shape, &before,
                        result);
}

/* ---- costs ------------------------------------------------------------------------------ */

int64_t action_cost(const Way *way, int action, bool is_output)
{
    const int64_t count = shape_count(&way->root->shape);
    bool at_port = is_output || way->root->kind == TENSOR_INPUT;
    if (is_known(way->root)) /* done once, by the compiler */
        return 0;
    if (way->action[action].transposes)
        return count * (at_port ? MOVED_AT_PORT : MOVED);
    return count * (at_port ? NAMED_AT_PORT : NAMED);
}

Way way_to(const Ways *ways, Tensor *tensor, const Form *form, Exact exact,
           bool is_output)
{
    Way w;
    find(ways, &w, tensor, form, exact, true);
    w.cost = way_cost(&w, is_output);
    return w;
}

Way way_any(const Ways *ways, Tensor *tensor)
{
    Way w;
    find_any(ways, &w, tensor);
    w.cost = way_cost(&w, false);
    return w;
}
