/*
 * argmax.c - where the largest or smallest element along an axis is: argmax
 * and argmin give its index, hardmax 1 in its place and 0 elsewhere.
 *
 *     [1, 7, 7, 0]:    argmax 1, with last=yes 2;    hardmax [0, 1, 0, 0]
 */
#include <string.h>

#include "op/local.h"

/* ---- shapes ---------------------------------------------------------------------- */

static bool check_axis(const Node *node, int64_t *axis)
{
    const Shape *shape = in_shape(node, 0);
    if (!op_need_f32(node) || !op_need_rank_1_up(node) ||
        !op_need_axis(node, axis, shape->rank))
        return false;
    if (shape->dim[*axis] <= INT32_MAX)
        return true;
    graph_error(node, -1, "'%s' over %lld elements exceeds i32",
                op_info[node->op].name, (long long)shape->dim[*axis]);
    return false;
}

static bool arg_infer(const Node *node, int64_t *axis, bool keep, DType type)
{
    Shape shape = *in_shape(node, 0);
    if (!check_axis(node, axis))
        return false;
    if (type != DT_I32 && type != DT_I64) {
        graph_error(node, attr_index(node, "type"),
                    "an index is i32 or i64, not %s", dtype_name(type));
        return false;
    }
    if (keep) {
        shape.dim[*axis] = 1;
    } else {
        shape.rank--;
        memmove(shape.dim + *axis, shape.dim + *axis + 1,
                sizeof shape.dim[0] * (size_t)(shape.rank - *axis));
    }
    return op_output(node, type, shape);
}

bool argmax_infer(Graph *graph, Node *node)
{
    ArgmaxAttrs *a = node_attrs(node, ArgmaxAttrs);
    (void)graph;
    return arg_infer(node, &a->axis, a->keep, a->type);
}

bool argmin_infer(Graph *graph, Node *node)
{
    ArgminAttrs *a = node_attrs(node, ArgminAttrs);
    (void)graph;
    return arg_infer(node, &a->axis, a->keep, a->type);
}

bool hardmax_infer(Graph *graph, Node *node)
{
    (void)graph;
    return check_axis(node, &node_attrs(node, HardmaxAttrs)->axis) &&
           op_output_like(node);
}

int64_t argmax_macs(const Node *node)
{
    (void)node;
    return 0;
}

int64_t argmin_macs(const Node *node)
{
    (void)node;
    return 0;
}

int64_t hardmax_macs(const Node *node)
{
    (void)node;
    return 0;
}

/* ---- references -------------------------------------------------------------------- */

/* What is looked for along which axis. */
typedef struct Search {
    int64_t axis;
    bool keep, last, smallest;
} Search;

static Search search_of(const Node *node)
{
    const ArgmaxAttrs *most = node_attrs(node, ArgmaxAttrs);
    const ArgminAttrs *least = node_attrs(node, ArgminAttrs);
    const HardmaxAttrs *hard = node_attrs(node, HardmaxAttrs);
    switch ((int)node->op) {
    case OP_ARGMAX:
        return (Search){ most->axis, most->keep, most->last, false };
    case OP_ARGMIN:
        return (Search){ least->axis, least->keep, least->last, true };
    case OP_HARDMAX: return (Search){ hard->axis, true, false, false };
    }
    BUG("no search '%s'", op_info[node->op].name);
}

static bool is_better(const Search *s, double x, double best)
{
    if (s->last && x == best)
        return true;
    return s->smallest ? x < best : x > best;
}

/* Of n elements, stride apart. */
static int64_t ref_best(const Search *s, const double *x, int64_t n,
                        int64_t stride)
{
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++)
        if (is_better(s, x[i * stride], x[best * stride]))
            best = i;
    return best;
}

static void arg_evaluate(const Node *node, const double *x, double *y)
{
    const Search s = search_of(node);
    const AxisView view = axis_view(in_shape(node, 0), s.axis);
    for (int64_t o = 0; o < view.outer; o++)
        for (int64_t i = 0; i < view.inner; i++)
            y[o * view.inner + i] =
                (double)ref_best(&s, x + o * view.extent * view.inner + i,
                                 view.extent, view.inner);
}

void argmax_evaluate(const Node *node, const double *const *in,
                     double *const *out)
{
    arg_evaluate(node, in[0], out[0]);
}

void argmin_evaluate(const Node *node, const double *const *in,
                     double *const *out)
{
    arg_evaluate(node, in[0], out[0]);
}

void hardmax_evaluate(const Node *node, const double *const *in,
                      double *const *out)
{
    const Search s = search_of(node);
    const AxisView view = axis_view(in_shape(node, 0), s.axis);
    memset(out[0], 0, sizeof(double) * (size_t)in_count(node, 0));
    for (int64_t o = 0; o < view.outer; o++)
        for (int64_t i = 0; i < view.inner; i++) {
            const int64_t first = o * view.extent * view.inner + i;
            out[0]
               [first + ref_best(&s, in[0] + first, view.extent, view.inner) *
                            view.inner] = 1;
        }
}

/* ---- loops --------------------------------------------------------------------------- */

/* if x is better: index, else best */
static const Expr *chosen(Kernel *k, const Search *s, const Expr *x,
                          const Expr *value, const Expr *index,
                          const Expr *best)
{
    const Expr *low = s->smallest ? x : value, *high = s->smallest ? value : x;
    return expr_4(k, s->last ? EXPR_SELECT_LE : EXPR_SELECT_LT, low, high,
                  index, best);
}

/* The index, i32, of what is looked for in the row that `at` stands for. */
static Access find_best(Kernel *k, const Search *s, Buffer *x, int64_t n,
                        const Affine **at)
{
    Access value = lower_scalar(k, s->smallest ? "least" : "most", DT_F32);
    Access best = lower_scalar(k, "best", DT_I32);
    const Affine *i;
    at[s->axis] = affine_const(k, 0);
    kernel_store(k, value, k_load(access_at(x, at)));
    kernel_store(k, best, expr_const(k, (Type){ DT_I32, 1 }, 0));
    if (n == 1)
        return best;
    i = at[s->axis] = affine_var(k, kernel_for(k, "i", 1, n));
    const Expr *element = k_load(access_at(x, at));
    kernel_store(
        k, best,
        chosen(k, s, element, k_load(value), expr_index(k, i), k_load(best)));
    kernel_accum(k, s->smallest ? ACCUM_MIN : ACCUM_MAX, value, element);
    kernel_end(k);
    return best;
}

static void arg_lower(Lower *lower, const Node *node)
{
    const Search s = search_of(node);
    const Shape *shape = in_shape(node, 0);
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const Affine *at[MAX_RANK], *to[MAX_RANK];
    int rank = 0;
    row_loops(k, shape, s.axis, at);
    Access best = find_best(k, &s, x, shape->dim[s.axis], at);
    for (int d = 0; d < shape->rank; d++)
        if (d != s.axis)
            to[rank++] = at[d];
        else if (s.keep)
            to[rank++] = affine_const(k, 0);
    const Expr *index = k_load(best);
    kernel_store(k, access_at(y, to),
                 y->type == DT_I32 ? index : expr_convert(k, y->type, index));
    lower_end(lower);
}

void argmax_lower(Lower *lower, const Node *node)
{
    arg_lower(lower, node);
}

void argmin_lower(Lower *lower, const Node *node)
{
    arg_lower(lower, node);
}

void hardmax_lower(Lower *lower, const Node *node)
{
    const Search s = search_of(node);
    const Shape *shape = in_shape(node, 0);
    const int64_t n = shape->dim[s.axis];
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const Affine *at[MAX_RANK], *j;
    row_loops(k, shape, s.axis, at);
    Access best = find_best(k, &s, x, n, at);
    j = at[s.axis] = affine_var(k, kernel_for(k, "j", 0, n));
    kernel_store(k, access_at(y, at),
                 expr_4(k, EXPR_SELECT_EQ, expr_index(k, j), k_load(best),
                        k_num(1), k_num(0)));
    lower_end(lower);
}
