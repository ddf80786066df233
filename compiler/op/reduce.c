/*
 * reduce.c - sums, largest elements, norms over some of the dimensions:
 * everything from their lines in ops.def.
 *
 *     reduce_mean(axes=[0, 2]) of [h, w, c]:
 *
 *         for w
 *             acc = 0
 *             for h, for c: acc += x[h][w][c]
 *             y[w] = acc / (h * c)
 *
 * A long sum is one of shorter sums, so that what is added stays about as large
 * as what it is added to: with as many rounding errors as a part has elements
 * and as there are parts. A maximum has no such errors.
 */
#include <float.h>
#include <stdio.h>

#include "op/reduce.h"

#define PART                                                                   \
    512 /* elements that are added in one go; more where they are many */

/* ---- the formulas -------------------------------------------------------------- */

#define REDUCE(id, name, op, start, shifted, ref_element, ref_finish, element, \
               finish)                                                         \
    static double name##_ref_element(double x, double most)                    \
    {                                                                          \
        (void)most;                                                            \
        return ref_element;                                                    \
    }                                                                          \
    static double name##_ref_finish(double acc, double n, double most)         \
    {                                                                          \
        (void)n, (void)most;                                                   \
        return ref_finish;                                                     \
    }                                                                          \
    static const Expr *name##_element(Kernel *k, const Expr *x,                \
                                      const Expr *most)                        \
    {                                                                          \
        (void)k, (void)most;                                                   \
        return element;                                                        \
    }                                                                          \
    static const Expr *name##_finish(Kernel *k, const Expr *acc, double n,     \
                                     const Expr *most)                         \
    {                                                                          \
        (void)k, (void)n, (void)most;                                          \
        return finish;                                                         \
    }
#include "graph/ops.def"

static const Formula formulas[OP_COUNT] = {
#define REDUCE(id, name, op, start, shifted, ...)                              \
    [OP_##id] = { ACCUM_##op,        start,                                    \
                  shifted,           name##_ref_element,                       \
                  name##_ref_finish, name##_element,                           \
                  name##_finish },
#include "graph/ops.def"
};

/* ---- dimensions ------------------------------------------------------------------ */

static const IntList *axes_of(const Node *node)
{
    return &node_attrs(node, ReduceAttrs)->axes;
}

static void find_reduced(const IntList *axes, bool *reduced)
{
    for (int d = 0; d < MAX_RANK; d++)
        reduced[d] = false;
    for (int i = 0; i < axes->count; i++)
        reduced[axes->at[i]] = true;
}

static Shape reduced_shape(const Node *node)
{
    const Shape *x = in_shape(node, 0);
    Shape shape = { .rank = 0 };
    bool reduced[MAX_RANK];
    find_reduced(axes_of(node), reduced);
    for (int d = 0; d < x->rank; d++)
        if (!reduced[d] || node_attrs(node, ReduceAttrs)->keep)
            shape.dim[shape.rank++] = reduced[d] ? 1 : x->dim[d];
    return shape;
}

static bool check_axis(const Node *node, int64_t *axis, const bool *seen)
{
    const Shape *x = in_shape(node, 0);
    if (*axis < -x->rank || *axis >= x->rank) {
        graph_error(node, attr_index(node, "axes"),
                    "axis %lld of '%s' is not a dimension of %s",
                    (long long)*axis, op_info[node->op].name, shape_show(x));
        graph_note_inputs(node);
        return false;
    }
    *axis += *axis < 0 ? x->rank : 0;
    if (seen[*axis]) {
        graph_error(node, attr_index(node, "axes"),
                    "axis %lld stands twice in the axes of '%s'",
                    (long long)*axis, op_info[node->op].name);
        return false;
    }
    return true;
}

bool reduction_axes(const Node *node, IntList *axes)
{
    const int rank = in_shape(node, 0)->rank;
    bool seen[MAX_RANK] = { false };
    const bool all = axes->count == 0;
    for (int i = 0; i < axes->count; i++) {
        if (!check_axis(node, &axes->at[i], seen))
            return false;
        seen[axes->at[i]] = true;
    }
    axes->count = 0;
    for (int d = 0; d < rank; d++)
        if (seen[d] || all)
            axes->at[axes->count++] = d;
    return true;
}

static bool reduce_infer(const Node *node)
{
    return op_need_f32(node) &&
           reduction_axes(node, &node_attrs(node, ReduceAttrs)->axes) &&
           op_output(node, DT_F32, reduced_shape(node));
}

/* ---- reference ---------------------------------------------------------------------- */

static double accumulated(AccumOp op, double acc, double x)
{
    switch (op) {
    case ACCUM_ADD: return acc + x;
    case ACCUM_MUL: return acc * x;
    case ACCUM_MIN: return ref_min(acc, x);
    case ACCUM_MAX: return ref_max(acc, x);
    case ACCUM_FMA: break;
    }
    BUG("no reduction %d", (int)op);
}

static double ref_reduced(const Formula *f, const double *x, int64_t count)
{
    double most = -INFINITY, acc = f->start;
    for (int64_t i = 0; i < count && f->shifted; i++)
        most = ref_max(most, x[i]);
    most = ref_clip(most, -FLT_MAX, FLT_MAX);
    for (int64_t i = 0; i < count; i++)
        acc = accumulated(f->op, acc, f->ref_element(x[i], most));
    return f->ref_finish(acc, (double)count, most);
}

/* The input with what is reduced together lying in a row. */
static void gather(const Node *node, const double *x, double *rows)
{
    const Shape *shape = in_shape(node, 0);
    int64_t step[MAX_RANK], stride[MAX_RANK];
    bool reduced[MAX_RANK];
    Shape wanted = { .rank = 0 };
    find_reduced(axes_of(node), reduced);
    shape_strides(shape, step);
    for (int round = 0; round < 2; round++)
        for (int d = 0; d < shape->rank; d++)
            if (reduced[d] == (round == 1)) {
                stride[wanted.rank] = step[d];
                wanted.dim[wanted.rank++] = shape->dim[d];
            }
    ref_strided(&wanted, stride, x, rows);
}

static void reduce_evaluate(const Node *node, const double *x, double *y)
{
    const int64_t all = in_count(node, 0), rows = shape_count(out_shape(node));
    double *gathered = mem_alloc(sizeof *gathered * (size_t)all);
    gather(node, x, gathered);
    for (int64_t i = 0; i < rows; i++)
        y[i] = ref_reduced(&formulas[node->op], gathered + i * (all / rows),
                           all / rows);
    mem_free(gathered);
}

/* ---- loops ----------------------------------------------------------------------------- */

static const Affine *open_loop(Reduction *r, const char *name, int64_t count)
{
    return affine_var(r->k, kernel_for(r->k, name, 0, count));
}

void reduction_loops(Reduction *r, int from, int to)
{
    static const char *const names[] = { "r0", "r1", "r2", "r3",
                                         "r4", "r5", "r6", "r7" };
    for (int i = from; i < to; i++)
        r->at[r->axis[i]] = open_loop(r, names[i], r->gone.dim[i]);
}

static void close_loops(Reduction *r, int from, int to)
{
    for (int i = from; i < to; i++)
        kernel_end(r->k);
}

static void accumulate(Reduction *r)
{
    Kernel *k = r->k;
    const Expr *x = k_load(access_at(r->x, r->at));
    if (r->plain)
        kernel_accum(k, ACCUM_MAX, r->acc, x);
    else
        kernel_accum(k, r->formula->op, r->acc,
                     r->formula->element(k, x, r->most));
}

/* ---- parts of a long sum ------------------------------------------------------------ */

static Access begin_part(Reduction *r)
{
    Kernel *k = r->k;
    Access whole = r->acc;
    r->acc = lower_scalar(k, "part", DT_F32);
    kernel_store(k, r->acc, k_num(r->formula->start));
    return whole;
}

static void end_part(Reduction *r, Access whole)
{
    Kernel *k = r->k;
    kernel_accum(k, r->formula->op, whole, k_load(r->acc));
    r->acc = whole;
}

/* `count` elements of the last dimension from `start` on. */
static void add_stretch(Reduction *r, const Affine *start, int64_t count)
{
    Access whole = begin_part(r);
    const Affine *i = open_loop(r, "i", count);
    r->at[r->axis[r->gone.rank - 1]] = affine_add(r->k, start, i);
    accumulate(r);
    kernel_end(r->k);
    end_part(r, whole);
}

/* The last dimension, longer than a part. */
static void add_long_dimension(Reduction *r)
{
    const int64_t n = r->gone.dim[r->gone.rank - 1], parts = n / r->part;
    const Affine *o = open_loop(r, "o", parts);
    add_stretch(r, affine_scale(r->k, o, r->part), r->part);
    kernel_end(r->k);
    if (n % r->part != 0)
        add_stretch(r, affine_const(r->k, parts * r->part), n % r->part);
}

/* Parts are as many of the innermost dimensions as are not too long. */
void reduction_run(Reduction *r)
{
    const int rank = r->gone.rank;
    int inner = rank;
    int64_t count = 1;
    while (inner > 0 && count * r->gone.dim[inner - 1] <= r->part)
        count *= r->gone.dim[--inner];
    if (inner == 0 || r->plain || r->formula->op != ACCUM_ADD) {
        reduction_loops(r, 0, rank);
        accumulate(r);
        close_loops(r, 0, rank);
    } else if (inner == rank) {
        reduction_loops(r, 0, rank - 1);
        add_long_dimension(r);
        close_loops(r, 0, rank - 1);
    } else {
        reduction_loops(r, 0, inner);
        Access whole = begin_part(r);
        reduction_loops(r, inner, rank);
        accumulate(r);
        close_loops(r, inner, rank);
        end_part(r, whole);
        close_loops(r, 0, inner);
    }
}

/* ---- the nest ------------------------------------------------------------------------- */

/* Finite, so that nothing becomes infinity minus infinity. */
static void find_most(Reduction *r)
{
    Kernel *k = r->k;
    r->acc = lower_scalar(k, "most", DT_F32);
    r->plain = true;
    kernel_store(k, r->acc, k_num(-INFINITY));
    reduction_run(r);
    kernel_store(k, r->acc,
                 k_clip(k_load(r->acc), k_num(-FLT_MAX), k_num(FLT_MAX)));
    r->most = k_load(r->acc);
    r->plain = false;
}

static int64_t part_of(int64_t count)
{
    int64_t part = PART;
    while (part < count / part)
        part *= 2;
    return part;
}

Reduction reduction_open(Kernel *k, Buffer *x, const Shape *shape,
                         const IntList *axes, bool keep, const Affine **to)
{
    Reduction r = { .k = k, .x = x };
    bool reduced[MAX_RANK];
    int rank = 0;
    find_reduced(axes, reduced);
    for (int d = 0; d < shape->rank; d++) {
        char name[16];
        snprintf(name, sizeof name, "i%d", d);
        if (reduced[d]) {
            r.axis[r.gone.rank] = d;
            r.gone.dim[r.gone.rank++] = shape->dim[d];
        } else {
            r.at[d] = open_loop(&r, name_intern(name), shape->dim[d]);
        }
        if (keep || !reduced[d])
            to[rank++] = reduced[d] ? affine_const(k, 0) : r.at[d];
    }
    r.part = part_of(shape_count(&r.gone));
    return r;
}

static void reduce_lower(Lower *lower, const Node *node)
{
    const Formula *f = &formulas[node->op];
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const Affine *to[MAX_RANK];
    Reduction r = reduction_open(k, x, in_shape(node, 0), axes_of(node),
                                 node_attrs(node, ReduceAttrs)->keep, to);
    r.formula = f;
    if (f->shifted)
        find_most(&r);
    r.acc = lower_scalar(k, "acc", DT_F32);
    kernel_store(k, r.acc, k_num(f->start));
    reduction_run(&r);
    kernel_store(
        k, access_at(y, to),
        f->finish(k, k_load(r.acc), (double)shape_count(&r.gone), r.most));
    lower_end(lower);
}

#define REDUCE(id, name, ...)                                                  \
    OP_OF_KIND(name, reduce_infer, reduce_lower,                               \
               reduce_evaluate(node, in[0], out[0]))
#include "graph/ops.def"
