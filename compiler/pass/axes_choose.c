/*
 * axes_choose.c - the order in which each operator does its work.
 *
 *     conv1 [h, w, c] -> transpose -> relu -> transpose -> conv2
 *     label of relu: as it is, 2 transposes; (1, 2, 0), none
 *
 * Labels to choose from are those in which a neighbour's tensor comes or is
 * wanted. The best ones are found from the inputs on, as if the graph were a
 * tree, are fixed from the outputs back, and are changed one by one as long as
 * that helps. What the transposes then cost is counted as it will be made; if
 * that is no less than before, everything stays as it is.
 */
#include "pass/axes.h"

#include <math.h>
#include <string.h>

#define MOST_SWEEPS 4
#define MANY_READS  32 /* of a tensor: each is looked at by itself then */
#define MOST_MOVERS 6  /* transposes and reshapes in a row on a way */
/* An element of a batch of one, for operators that are better off without it. */
#define SINGLE_COST 4

/* ---- edges ------------------------------------------------------------------- */

/* Inputs and outputs of the network are whole. */
static const Form *form_of_root(const Chooser *c, const Tensor *root, int label,
                                Form *form)
{
    const Node *node = root->producer;
    int output = 0;
    if (node == NULL) {
        *form = form_whole(root->shape.rank);
        return form;
    }
    while (node->output[output] != root)
        output++;
    *form = axes_made(node, output, &c->labels[node->id].form[label]);
    return form;
}

static void set_base(Chooser *c, const Node *node, int label)
{
    for (int i = 0; i < node->output_count; i++)
        form_of_root(c, node->output[i], label,
                     &c->ways.base[node->output[i]->id]);
}

static Tensor *edge_tensor(const Chooser *c, const Edge *edge)
{
    return edge->reader ? edge->reader->input[edge->input]
                        : c->graph->outputs.at[edge->input].tensor;
}

Tensor *unsorted_input(const Chooser *c, const Node *node)
{
    return c->ways.passes[node->input[0]->id] ? axes_unsorted(node) : NULL;
}

Way edge_way(const Chooser *c, const Edge *edge, const Form *label)
{
    const Node *node = edge->reader;
    Tensor *x = edge_tensor(c, edge);
    Form form;
    Way way;
    if (node == NULL) {
        form = form_whole(x->shape.rank);
        return way_to(&c->ways, x, &form, EXACT_SHAPE, true);
    }
    form = axes_read(node, edge->input, label);
    if (edge->input == 0 && unsorted_input(c, node) != NULL) {
        Shape flat = form_shape(&x->shape, &form);
        way = way_any(&c->ways, unsorted_input(c, node));
        way_reshape(&way, &flat);
        return way;
    }
    bool spread = axes_is_spread(node, edge->input, label);
    way =
        way_to(&c->ways, x, &form, spread ? EXACT_SPREAD : EXACT_SHAPE, false);
    if (spread && is_known(way.root)) {
        Shape narrow = { 0 };
        for (int d = 0; d < way.shape.rank; d++) {
            if (narrow.rank > 0 || way.shape.dim[d] > 1)
                narrow.dim[narrow.rank++] = way.shape.dim[d];
        }
        way_reshape(&way, &narrow);
    }
    return way;
}

static void count_edge(Chooser *c, const Edge *edge)
{
    c->start[way_root(&c->ways, edge_tensor(c, edge))->id]++;
}

static void store_edge(Chooser *c, const Edge *edge)
{
    int id = way_root(&c->ways, edge_tensor(c, edge))->id;
    c->edge[--c->start[id]] = *edge;
}

static int each_edge(Chooser *c, void (*visit)(Chooser *, const Edge *))
{
    const Graph *graph = c->graph;
    int count = 0;
    for (int i = 0; i < graph->outputs.count; i++, count++)
        visit(c, &(Edge){ NULL, i });
    for (int n = graph->nodes.count; n-- > 0;) {
        Node *node = graph->nodes.at[n];
        for (int i = 0; is_computed(c, node) && i < node->input_count;
             i++, count++)
            visit(c, &(Edge){ node, i });
    }
    return count;
}

/* Counts them by root, makes ends of the counts, and fills from the ends. */
static void index_edges(Chooser *c)
{
    const int tensors = c->graph->tensors.count;
    int count;
    c->start = NEW_N(c->scratch, int, tensors + 1);
    count = each_edge(c, count_edge);
    for (int i = 1; i <= tensors; i++)
        c->start[i] += c->start[i - 1];
    c->edge = NEW_N(c->scratch, Edge, count + 1);
    each_edge(c, store_edge);
}

static int reads_of(const Chooser *c, const Tensor *root)
{
    return c->start[root->id + 1] - c->start[root->id];
}

/* ---- what can be chosen ------------------------------------------------------------ */

static void add_label(Chooser *c, const Node *node, const Form *form)
{
    Labels *labels = &c->labels[node->id];
    const Shape *shape = &axes_domain(node)->shape;
    for (int i = 0; i < labels->count; i++) {
        if (form_equal(shape, &labels->form[i], form))
            return;
    }
    if (labels->count < MOST_LABELS)
        labels->form[labels->count++] = *form;
}

static void add_from_inputs(Chooser *c, const Node *node)
{
    for (int i = 0; i < node->data_count; i++) {
        Tensor *x = node->input[i], *root = way_root(&c->ways, x);
        int count = root->producer ? c->labels[root->producer->id].count : 1;
        for (int k = 0; k < count && !is_known(root); k++) {
            Form made, come, label;
            form_of_root(c, root, k, &made);
            if (form_down(&c->ways, x, &made, &come) &&
                axes_label_reading(node, i, &come, &label))
                add_label(c, node, &label);
        }
    }
}

static void add_from_reader(Chooser *c, const Node *node, const Edge *edge)
{
    const Labels *labels = &c->labels[edge->reader->id];
    const Tensor *x = edge->reader->input[edge->input];
    for (int k = 0; k < labels->count; k++) {
        Form read = axes_read(edge->reader, edge->input, &labels->form[k]);
        Form wanted, label;
        if (form_up(&c->ways, x, &read, &wanted) &&
            axes_label_making(node, &wanted, &label))
            add_label(c, node, &label);
    }
}

static void add_from_readers(Chooser *c, const Node *node)
{
    for (int o = 0; o < node->output_count; o++) {
        int id = node->output[o]->id;
        for (int e = c->start[id]; e < c->start[id + 1]; e++) {
            if (c->edge[e].reader != NULL)
                add_from_reader(c, node, &c->edge[e]);
        }
    }
}

static void find_labels(Chooser *c)
{
    const Graph *graph = c->graph;
    for (int n = 0; n < graph->nodes.count; n++) {
        const Node *node = graph->nodes.at[n];
        Form form = form_whole(axes_domain(node)->shape.rank);
        add_label(c, node, &form);
        if (axes_label_single(node, &form))
            add_label(c, node, &form);
        if (is_computed(c, node))
            add_from_inputs(c, node);
    }
    for (int n = graph->nodes.count; n-- > 0;) {
        if (is_computed(c, graph->nodes.at[n]))
            add_from_readers(c, graph->nodes.at[n]);
    }
    for (int n = 0; n < graph->nodes.count; n++) {
        if (is_computed(c, graph->nodes.at[n]))
            add_from_inputs(c, graph->nodes.at[n]);
    }
}

/* ---- costs ---------------------------------------------------------------------------- */

static int64_t own_cost(const Node *node, const Form *label)
{
    int64_t in = shape_count(&node->input[0]->shape);
    int64_t out = shape_count(&node->output[0]->shape);
    Form single;
    return axes_label_single(node, &single) && label->count > single.count
               ? SINGLE_COST * (in > out ? in : out)
               : 0;
}

/* Of the edge alone, its root and its reader with these labels. */
static double edge_cost(Chooser *c, const Edge *edge, const Tensor *root,
                        int root_label, const Form *label)
{
    Form old = c->ways.base[root->id];
    form_of_root(c, root, root_label, &c->ways.base[root->id]);
    int64_t cost = edge_way(c, edge, label).cost;
    c->ways.base[root->id] = old;
    return (double)cost;
}

/* The least for an input and all that is in front of it. What is in front is
 * paid by all that read the tensor, the edge by this one, or (`together`) by
 * all as well, as if they wanted the same. */
static double cost_before(Chooser *c, const Edge *edge, const Form *label,
                          bool together)
{
    Tensor *root = way_root(&c->ways, edge_tensor(c, edge));
    const double reads = reads_of(c, root);
    const double part = together ? 1 / reads : 1;
    const Labels *labels;
    double least = INFINITY;
    if (is_known(root))
        return 0;
    if (root->producer == NULL)
        return edge_cost(c, edge, root, 0, label) * part;
    labels = &c->labels[root->producer->id];
    for (int k = 0; k < labels->count; k++) {
        double cost =
            labels->cost[k] / reads + edge_cost(c, edge, root, k, label) * part;
        least = cost < least ? cost : least;
    }
    return least;
}

static void find_costs(Chooser *c, Node *node, bool together)
{
    Labels *labels = &c->labels[node->id];
    for (int k = 0; k < labels->count; k++) {
        labels->cost[k] = (double)own_cost(node, &labels->form[k]);
        for (int i = 0; i < node->input_count; i++) {
            if (i == 0 || node->input[i] != node->input[i - 1])
                labels->cost[k] += cost_before(c, &(Edge){ node, i },
                                               &labels->form[k], together);
        }
    }
}

static bool same_action(const Action *a, const Action *b)
{
    return a->transposes == b->transposes && a->list.count == b->list.count &&
           memcmp(a->list.at, b->list.at,
                  sizeof a->list.at[0] * (size_t)a->list.count) == 0;
}

static bool same_actions(const Way *a, const Way *b)
{
    for (int i = 0; i < a->count && i < b->count; i++) {
        if (!same_action(&a->action[i], &b->action[i]))
            return false;
    }
    return a->count == b->count;
}

static const Form *label_of(const Chooser *c, const Edge *edge)
{
    return edge->reader ? chosen_label(c, edge->reader) : NULL;
}

/* Of all edges from a root, as the labels are now; where two readers want the
 * same, it is made once. */
static double cost_from(const Chooser *c, const Tensor *root)
{
    enum { MOST = 8 };
    Way seen[MOST];
    double sum = 0;
    int count = 0;
    for (int e = c->start[root->id]; e < c->start[root->id + 1]; e++) {
        Way way = edge_way(c, &c->edge[e], label_of(c, &c->edge[e]));
        bool known = false;
        for (int i = 0; i < count && !known; i++)
            known = same_actions(&seen[i], &way);
        sum += known ? 0 : (double)way.cost;
        if (!known && count < MOST)
            seen[count++] = way;
    }
    return sum;
}

static double cost_behind(const Chooser *c, const Node *node)
{
    double sum = 0;
    for (int o = 0; o < node->output_count; o++)
        sum += cost_from(c, node->output[o]);
    return sum;
}

/* ---- choosing --------------------------------------------------------------------------- */

static void set_label(Chooser *c, Node *node, int label)
{
    c->labels[node->id].chosen = label;
    set_base(c, node, label);
}

static void choose_back(Chooser *c, Node *node)
{
    Labels *labels = &c->labels[node->id];
    double least = INFINITY;
    int best = 0;
    for (int k = 0; k < labels->count; k++) {
        set_label(c, node, k);
        double cost = labels->cost[k] + cost_behind(c, node);
        if (cost >= least)
            continue;
        least = cost;
        best = k;
    }
    set_label(c, node, best);
}

static bool is_read_before(const Chooser *c, const Node *node, int input)
{
    for (int i = 0; i < input; i++) {
        if (way_root(&c->ways, node->input[i]) ==
            way_root(&c->ways, node->input[input]))
            return true;
    }
    return false;
}

/* All around the node is fixed. */
static double cost_around(Chooser *c, Node *node, int label)
{
    double sum;
    set_label(c, node, label);
    sum = (double)own_cost(node, chosen_label(c, node)) + cost_behind(c, node);
    for (int i = 0; i < node->input_count; i++) {
        const Edge edge = { node, i };
        const Tensor *root = way_root(&c->ways, node->input[i]);
        if (reads_of(c, root) > MANY_READS)
            sum += (double)edge_way(c, &edge, chosen_label(c, node)).cost;
        else if (!is_read_before(c, node, i))
            sum += cost_from(c, root);
    }
    return sum;
}

static bool improve(Chooser *c, Node *node)
{
    Labels *labels = &c->labels[node->id];
    const int before = labels->chosen;
    double least;
    int best = before;
    if (labels->count == 1)
        return false;
    least = cost_around(c, node, before);
    for (int k = 0; k < labels->count; k++) {
        double cost = k == before ? least : cost_around(c, node, k);
        if (cost >= least)
            continue;
        least = cost;
        best = k;
    }
    set_label(c, node, best);
    return best != before;
}

static void choose(Chooser *c, bool together)
{
    const Graph *graph = c->graph;
    bool changed = true;
    for (int n = 0; n < graph->nodes.count; n++) {
        if (is_computed(c, graph->nodes.at[n]))
            find_costs(c, graph->nodes.at[n], together);
    }
    for (int n = graph->nodes.count; n-- > 0;) {
        if (is_computed(c, graph->nodes.at[n]))
            choose_back(c, graph->nodes.at[n]);
    }
    for (int sweep = 0; sweep < MOST_SWEEPS && changed; sweep++) {
        changed = false;
        for (int n = 0; n < graph->nodes.count; n++) {
            if (is_computed(c, graph->nodes.at[n]))
                changed |= improve(c, graph->nodes.at[n]);
        }
    }
}

/* ---- what it comes to ---------------------------------------------------------------------- */

typedef struct Bill {
    int64_t cost;
    int transposes;
} Bill;

int find_made(Chooser *c, const Tensor *root, int parent, const Action *action,
              bool *is_new)
{
    int *last = &c->last_made[root->id];
    *is_new = false;
    for (int i = *last; i >= 0; i = c->made.at[i].next) {
        const Made *m = &c->made.at[i];
        if (m->parent == parent && same_action(&m->action, action))
            return i;
    }
    *is_new = true;
    vec_push(&c->made, (Made){ parent, *last, *action, NULL });
    return *last = c->made.count - 1;
}

static void forget_made(Chooser *c)
{
    c->made.count = 0;
    for (int i = 0; i < c->graph->tensors.count; i++)
        c->last_made[i] = -1;
}

static void add_way(Chooser *c, Bill *bill, const Way *way, bool is_output)
{
    int parent = -1;
    for (int i = 0; i < way->count; i++) {
        bool is_new;
        parent = find_made(c, way->root, parent, &way->action[i], &is_new);
        if (!is_new || is_known(way->root))
            continue;
        bill->cost += action_cost(way, i, is_output);
        bill->transposes += way->action[i].transposes;
    }
}

static void add_node(Chooser *c, Bill *bill, Node *node)
{
    const Form *label = chosen_label(c, node);
    bill->cost += own_cost(node, label);
    bill->transposes += node->op == OP_TRANSPOSE;
    for (int i = 0; i < node->input_count; i++) {
        Way way = edge_way(c, &(Edge){ node, i }, label);
        add_way(c, bill, &way, false);
    }
}

static Bill bill_of(Chooser *c)
{
    const Graph *graph = c->graph;
    Bill bill = { 0, 0 };
    forget_made(c);
    for (int n = 0; n < graph->nodes.count; n++) {
        if (is_computed(c, graph->nodes.at[n]))
            add_node(c, &bill, graph->nodes.at[n]);
    }
    for (int i = 0; i < graph->outputs.count; i++) {
        Way way = edge_way(c, &(Edge){ NULL, i }, NULL);
        add_way(c, &bill, &way, true);
    }
    forget_made(c);
    return bill;
}

static int transposes_of(const Graph *graph)
{
    int count = 0;
    for (int n = 0; n < graph->nodes.count; n++)
        count += graph->nodes.at[n]->op == OP_TRANSPOSE;
    return count;
}

static void choose_whole(Chooser *c)
{
    for (int n = 0; n < c->graph->nodes.count; n++) {
        c->labels[n].chosen = 0;
        set_base(c, c->graph->nodes.at[n], 0);
    }
}

static bool is_better(const Bill *a, const Bill *b)
{
    return a->cost < b->cost ||
           (a->cost == b->cost && a->transposes < b->transposes);
}

static void copy_chosen(const Chooser *c, int *chosen)
{
    for (int n = 0; n < c->graph->nodes.count; n++)
        chosen[n] = c->labels[n].chosen;
}

static void set_chosen(Chooser *c, const int *chosen)
{
    for (int n = 0; n < c->graph->nodes.count; n++)
        set_label(c, c->graph->nodes.at[n], chosen[n]);
}

bool choose_labels(Chooser *c)
{
    int *best = NEW_N(c->scratch, int, c->graph->nodes.count + 1);
    Bill least = bill_of(c);
    const Bill now = { least.cost, transposes_of(c->graph) };
    for (int together = 0; together < 2; together++) {
        Bill bill;
        choose(c, together);
        bill = bill_of(c);
        if (!is_better(&bill, &least))
            continue;
        least = bill;
        copy_chosen(c, best);
    }
    set_chosen(c, best);
    return is_better(&least, &now);
}

/* ---- opening ------------------------------------------------------------------------------- */

const Form *chosen_label(const Chooser *c, const Node *node)
{
    const Labels *labels = &c->labels[node->id];
    return &labels->form[labels->chosen];
}

bool is_computed(const Chooser *c, const Node *node)
{
    return !c->ways.passes[node->output[0]->id];
}

/* Every few movers in a row one counts as computed, so that ways are short. */
static void find_movers(Chooser *c)
{
    const Graph *graph = c->graph;
    int *movers = NEW_N(c->scratch, int, graph->tensors.count + 1);
    for (int n = 0; n < graph->nodes.count; n++) {
        const Node *node = graph->nodes.at[n];
        int before = movers[node->input[0]->id];
        if (!axes_is_moving(node) || before == MOST_MOVERS)
            continue;
        movers[node->output[0]->id] = before + 1;
        c->ways.passes[node->output[0]->id] = true;
    }
}

void chooser_open(Chooser *c, Graph *graph)
{
    const int tensors = graph->tensors.count;
    *c = (Chooser){ .graph = graph, .scratch = arena_new() };
    c->ways.graph = graph;
    c->ways.base = NEW_N(c->scratch, Form, tensors + 1);
    c->ways.passes = NEW_N(c->scratch, bool, tensors + 1);
    c->labels = NEW_N(c->scratch, Labels, graph->nodes.count + 1);
    c->last_made = NEW_N(c->scratch, int, tensors + 1);
    for (int i = 0; i < tensors; i++)
        c->ways.base[i] = form_whole(graph->tensors.at[i]->shape.rank);
    find_movers(c);
    index_edges(c);
    find_labels(c);
    choose_whole(c);
}

void chooser_close(Chooser *c)
{
    vec_free(&c->made);
    arena_free(c->scratch);
}
