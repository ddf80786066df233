/*
 * plan_check.c - proves the plan by running it: every cell of the arena
 * remembers which element of which tensor it holds.
 *
 *     kernel of add1:  reads conv2[i], skip[i]:  do the cells hold just these?
 *                      writes add1[i]:           from now on they hold that
 *
 * It knows nothing of lifetimes and orders, and so finds an overlap, a read of
 * what was overwritten, a slice in the wrong place, or a border that is not
 * zero, whoever made the mistake. A cell that a kernel reads it may write only
 * for the same element, and where it reads it for that element alone.
 */
#include "pass/local.h"

#include <string.h>

/* A larger arena is checked tensor by tensor. */
#define MOST_CELLS ((int64_t)1 << 24)

typedef struct Cell {
    int32_t tensor;   /* number + 1; 0: never written */
    uint32_t element; /* modulo 2^32; HALO in a border */
    int32_t read;     /* step + 1 of the last read, negative: out of step */
} Cell;

#define HALO UINT32_MAX

/*
 * What a free node makes one and the same: element i of a flattened tensor is
 * element i of its input, and a part's is one of the whole's.
 */
typedef struct Link {
    const Tensor *to; /* NULL: none */
    int64_t run;      /* of a part: elements in a row; 0: all, the same ones */
    int64_t whole_run, start;
} Link;

typedef struct Check {
    const Graph *graph;
    const char *after;
    Link *link; /* by tensor id */
    Cell *cell;
    int64_t count, unit; /* cells, bytes of each */
    int step;
    bool in_step; /* the read at hand */
} Check;

/* ---- names for elements ----------------------------------------------------------- */

static void link_parts(const Check *k, const Node *node)
{
    const int64_t axis = node_attrs(node, ConcatAttrs)->axis;
    const Tensor *whole = node->output[0];
    int64_t inner = 1, start = 0;
    for (int d = (int)axis + 1; d < whole->shape.rank; d++)
        inner *= whole->shape.dim[d];
    for (int i = 0; i < node->data_count; i++) {
        const Tensor *part = node->input[i];
        int64_t run = part->shape.dim[axis] * inner;
        k->link[part->id] =
            (Link){ whole, run, whole->shape.dim[axis] * inner, start };
        start += run;
    }
}

static void link_slice(const Check *k, const Node *node)
{
    const Tensor *whole = node->input[0], *part = node->output[0];
    const int axis = slice_axis(node);
    int64_t inner = 1;
    for (int d = axis + 1; d < whole->shape.rank; d++)
        inner *= whole->shape.dim[d];
    k->link[part->id] =
        (Link){ whole, part->shape.dim[axis] * inner,
                whole->shape.dim[axis] * inner,
                node_attrs(node, SliceAttrs)->begin.at[axis] * inner };
}

static void link_reshape(const Check *k, const Node *node)
{
    const Tensor *in = node->input[0], *out = node->output[0];
    if (k->link[out->id].to == NULL)
        k->link[out->id] = (Link){ in, 0, 0, 0 };
    else
        k->link[in->id] = (Link){ out, 0, 0, 0 };
}

static void link_free_nodes(const Check *k)
{
    const Graph *graph = k->graph;
    for (int n = 0; n < graph->nodes.count; n++) {
        const Node *node = graph->nodes.at[n];
        if (node->op == OP_CONCAT && node_is_free(node))
            link_parts(k, node);
        if (node->op == OP_SLICE && node_is_free(node))
            link_slice(k, node);
    }
    for (int n = 0; n < graph->nodes.count; n++) {
        const Node *node = graph->nodes.at[n];
        if (node->op != OP_CONCAT && node->op != OP_SLICE &&
            node_is_free(node) && node->output[0]->place.kind == PLACE_ARENA)
            link_reshape(k, node);
    }
}

/* The cell's content for an element, or (element -1) for the border. */
static Cell name_of(const Check *k, const Tensor *t, int64_t element)
{
    for (const Link *l = &k->link[t->id]; l->to; l = &k->link[t->id]) {
        if (l->run && element >= 0)
            element =
                element / l->run * l->whole_run + l->start + element % l->run;
        t = l->to;
    }
    return (Cell){ t->id + 1, element < 0 ? HALO : (uint32_t)element, 0 };
}

/* So many elements from a multiple of it on have names in a row. */
static int64_t names_in_a_row(const Check *k, const Tensor *t)
{
    int64_t row = shape_count(&t->shape);
    for (const Link *l = &k->link[t->id]; l->to; l = &k->link[l->to->id]) {
        if (l->run && l->run < row)
            row = l->run;
    }
    return row;
}

/* ---- where elements lie --------------------------------------------------------------- */

static Cell *cell_at(const Check *k, const Tensor *t, int64_t address)
{
    int64_t size = dtype_size(t->type);
    int64_t byte = t->place.offset + address * size;
    if (address < 0 || byte < 0 || byte + size > k->graph->arena_bytes)
        BUG("after %s: '%s' leaves the arena", k->after, t->name);
    if (byte % k->unit != 0)
        BUG("after %s: '%s' is not aligned", k->after, t->name);
    return &k->cell[byte / k->unit];
}

/* The cell of a single element (count 1, or larger than a cell), or of several
 * in a row, the first of which has this name. */
typedef void Visit(const Check *k, const Tensor *t, Cell *cell, Cell name,
                   int64_t count);

/* Elements that lie in a row and have names in a row; of the border, where the
 * element is -1, all have the same. */
static void visit_row(const Check *k, const Tensor *t, Visit *visit,
                      int64_t address, int64_t element, int64_t count)
{
    Cell *first = cell_at(k, t, address);
    const int64_t cells = dtype_size(t->type) / k->unit;
    cell_at(k, t, address + count - 1);
    if (cells == 1 && element >= 0) {
        visit(k, t, first, name_of(k, t, element), count);
        return;
    }
    for (int64_t i = 0; i < count * cells; i++)
        visit(k, t, first + i,
              name_of(k, t, element < 0 ? -1 : element + i / cells), 1);
}

static void visit_image(const Check *k, const Tensor *t, Visit *visit)
{
    const int64_t *dim = t->shape.dim, *halo = t->place.halo;
    const int64_t block = t->place.block > 0 ? t->place.block : dim[2];
    Steps s = place_steps(&t->shape, &t->place);
    for (int64_t h = -halo[0]; h < dim[0] + halo[2]; h++)
        for (int64_t w = -halo[1]; w < dim[1] + halo[3]; w++) {
            bool inside = h >= 0 && h < dim[0] && w >= 0 && w < dim[1];
            int64_t first = (h * dim[1] + w) * dim[2];
            int64_t address = s.offset + h * s.h + w * s.w;
            for (int64_t c = 0; c < dim[2]; c += block)
                visit_row(k, t, visit, address + c / block * s.c,
                          inside ? first + c : -1, block);
        }
}

/* The parts of a concat are no smaller than a pixel, but a flattened one's
 * elements may have names of several parts. */
static void visit_cells(const Check *k, const Tensor *t, Visit *visit)
{
    const int64_t count = shape_count(&t->shape);
    int64_t row = names_in_a_row(k, t);
    if (t->place.kind != PLACE_ARENA)
        return;
    if (t->shape.rank == 3) {
        visit_image(k, t, visit);
        return;
    }
    for (int64_t i = 0; i < count; i += row)
        visit_row(k, t, visit, i, i, row);
}

/* ---- what kernels do -------------------------------------------------------------------- */

static const char *holder_of(const Check *k, const Cell *cell)
{
    return cell->tensor > 0 ? k->graph->tensors.at[cell->tensor - 1]->name
                            : "nothing";
}

static void read_cells(const Check *k, const Tensor *t, Cell *cell, Cell name,
                       int64_t count)
{
    const int32_t step = k->step + 1;
    for (int64_t i = 0; i < count; i++) {
        if (cell[i].tensor != name.tensor ||
            cell[i].element != (uint32_t)(name.element + i))
            BUG("after %s: '%s' reads an element of '%s' where the plan has "
                "'%s'",
                k->after, k->graph->nodes.at[k->step]->path, t->name,
                holder_of(k, &cell[i]));
        if (cell[i].read != -step)
            cell[i].read = k->in_step ? step : -step;
    }
}

static void write_cells(const Check *k, const Tensor *t, Cell *cell, Cell name,
                        int64_t count)
{
    const int32_t step = k->step + 1;
    for (int64_t i = 0; i < count; i++) {
        uint32_t element = (uint32_t)(name.element + i);
        if (cell[i].read == -step ||
            (cell[i].read == step && cell[i].element != element))
            BUG("after %s: '%s' overwrites '%s' while it reads it", k->after,
                t->name, holder_of(k, &cell[i]));
        cell[i] = (Cell){ name.tensor, element, 0 };
    }
}

/* Whether the node's kernel needs element i of x for element i of its result
 * and for no other. */
static bool is_in_step(const Node *node, const Tensor *x)
{
    bool same = true;
    for (const Node *n = node; n != NULL; n = n->fused_into) {
        same = same && op_info[n->op].elementwise;
        same = same && shape_equal(&n->output[0]->shape, &x->shape);
    }
    return same;
}

/* A ring of rows is written and read within the kernel: nothing that the
 * kernel reads may lie there, nor its result. */
static void use_ring(const Check *k, const Tensor *t)
{
    const int64_t size = place_elements(&t->shape, &t->place);
    for (int64_t i = 0; i < size; i++) {
        Cell *cell = cell_at(k, t, i);
        for (int64_t c = 0; c < dtype_size(t->type) / k->unit; c++) {
            if (cell[c].read == k->step + 1 || cell[c].read == -(k->step + 1))
                BUG("after %s: the ring of '%s' overwrites '%s'", k->after,
                    t->name, holder_of(k, &cell[c]));
            cell[c] = (Cell){ t->id + 1, (uint32_t)i, -(k->step + 1) };
        }
    }
}

/* Reads of a node from outside its kernel. */
static void read_inputs(Check *k, const Node *node)
{
    for (int i = 0; i < node->input_count; i++) {
        const Tensor *x = node->input[i];
        k->in_step = is_in_step(node, x);
        if (x->place.ring == 0)
            visit_cells(k, x, read_cells);
    }
}

static void run_kernel(Check *k, const Node *root, const Node *first,
                       const Node *const *next)
{
    for (const Node *n = first; n != NULL; n = next[n->id])
        read_inputs(k, n);
    for (const Node *n = first; n != NULL; n = next[n->id]) {
        if (node_is_by_rows(n))
            use_ring(k, n->output[0]);
    }
    for (int i = 0; i < root->output_count; i++)
        visit_cells(k, root->output[i], write_cells);
}

static void run_kernels(Check *k)
{
    const Graph *graph = k->graph;
    const int nodes = graph->nodes.count;
    const Node **first = mem_alloc(sizeof *first * (size_t)(nodes + 1) * 2);
    const Node **next = first + nodes + 1;
    for (int n = 0; n < nodes; n++)
        first[n] = NULL;
    for (int n = nodes - 1; n >= 0; n--) {
        const Node *node = graph->nodes.at[n];
        next[n] = first[cluster_root(node)->id];
        first[cluster_root(node)->id] = node;
    }
    for (k->step = 0; k->step < nodes; k->step++) {
        const Node *root = graph->nodes.at[k->step];
        if (root->fused_into != NULL || node_is_free(root))
            continue;
        run_kernel(k, root, first[k->step], next);
    }
    mem_free(first);
}

/* ---- large arenas -------------------------------------------------------------------------- */

static bool is_owner(const Tensor *t)
{
    return t->place.kind == PLACE_ARENA && t->place.within == NULL;
}

static void check_pairs(const Graph *graph, const char *after)
{
    Lifetime *life =
        mem_alloc(sizeof *life * (size_t)(graph->tensors.count + 1));
    find_lifetimes(graph, life);
    for (int i = 0; i < graph->tensors.count; i++) {
        const Tensor *a = graph->tensors.at[i];
        for (int j = 0; is_owner(a) && j < i; j++) {
            const Tensor *b = graph->tensors.at[j];
            if (is_owner(b) && life[i].first <= life[j].last &&
                life[j].first <= life[i].last &&
                a->place.offset < b->place.offset + b->place.size &&
                b->place.offset < a->place.offset + a->place.size)
                BUG("after %s: the plan puts '%s' over '%s'", after, a->name,
                    b->name);
        }
        if (is_owner(a) &&
            (a->place.offset < 0 ||
             a->place.offset + a->place.size > graph->arena_bytes))
            BUG("after %s: '%s' leaves the arena", after, a->name);
    }
    mem_free(life);
}

/* ---- the proof -------------------------------------------------------------------------------- */

/* The smallest element in the arena; cells are no larger. */
static int64_t cell_unit(const Graph *graph)
{
    int64_t unit = 8;
    for (int i = 0; i < graph->tensors.count; i++) {
        const Tensor *t = graph->tensors.at[i];
        if (t->place.kind == PLACE_ARENA && dtype_size(t->type) < unit)
            unit = dtype_size(t->type);
    }
    return unit;
}

void plan_check(const Graph *graph, const char *after)
{
    Check k = { .graph = graph, .after = after, .unit = cell_unit(graph) };
    k.count = graph->arena_bytes / k.unit + 1;
    if (k.count > MOST_CELLS) {
        check_pairs(graph, after);
        return;
    }
    k.cell = mem_alloc(sizeof *k.cell * (size_t)k.count);
    memset(k.cell, 0, sizeof *k.cell * (size_t)k.count);
    k.link = mem_alloc(sizeof *k.link * (size_t)(graph->tensors.count + 1));
    for (int i = 0; i < graph->tensors.count; i++)
        k.link[i] = (Link){ NULL, 0, 0, 0 };
    link_free_nodes(&k);
    run_kernels(&k);
    mem_free(k.cell);
    mem_free(k.link);
}
