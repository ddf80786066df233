/*
 * adapt_pad.c - Pad: borders around any dimensions, of a number or of the
 * elements themselves.
 *
 *     a b c d, pads 2 and 1:    constant   0 0 a b c d 0
 *                               edge       a a a b c d d
 *                               reflect    c b a b c d c
 *                               wrap       c d a b c d a
 *
 * What is negative is cut off first. A border of a number lies around the
 * height and width of an image, channels last; other dimensions are seen as
 * the rows of one: [before, d, 1, behind]. The other borders are slices of the
 * tensor, put before and behind it.
 */
#include <string.h>

#include "import/local.h"

typedef enum PadMode { PAD_CONSTANT, PAD_EDGE, PAD_REFLECT, PAD_WRAP } PadMode;

/* Begins and ends for every dimension. */
typedef struct Borders {
    int64_t begin[ONNX_MAX_RANK], end[ONNX_MAX_RANK];
} Borders;

/* ---- what is asked for ------------------------------------------------------------ */

static bool read_borders(Adapt *a, int rank, Borders *borders)
{
    int64_t given[2 * ONNX_MAX_RANK];
    int list[ONNX_MAX_RANK];
    int count, axes = -1;
    memset(borders, 0, sizeof *borders);
    if (a->opset >= 11) {
        if (!in_given(a, 1))
            return refuse(a, "needs pads");
        count = in_ints(a, 1, "pads", given, 2 * ONNX_MAX_RANK);
    } else {
        count = attr_ints(a, a->opset < 2 ? "paddings" : "pads", given,
                          2 * ONNX_MAX_RANK);
    }
    if (count >= 0 && in_given(a, 3))
        axes = in_axis_list(a, 3, 18, rank, list);
    if (a->failed)
        return false;
    if (count != 2 * (axes < 0 ? rank : axes))
        return refuse(a, "needs %d numbers in 'pads', got %d",
                      2 * (axes < 0 ? rank : axes), count < 0 ? 0 : count);
    for (int k = 0; k < count / 2; k++) {
        const int d = axes < 0 ? k : list[k];
        borders->begin[d] = given[k];
        borders->end[d] = given[count / 2 + k];
    }
    return true;
}

/* Neither beyond 2^30 nor more than there is to cut off. */
static bool check_borders(Adapt *a, const Shape *shape, const Borders *borders)
{
    const int64_t most = (int64_t)1 << 30;
    for (int d = 0; d < shape->rank; d++) {
        const int64_t begin = borders->begin[d], end = borders->end[d];
        if (begin < -most || begin > most || end < -most || end > most ||
            shape->dim[d] + (begin < 0 ? begin : 0) + (end < 0 ? end : 0) < 1)
            return refuse(a,
                          "with %lld and %lld around dimension %d of %s is "
                          "not possible",
                          (long long)begin, (long long)end, d,
                          shape_show(shape));
    }
    return true;
}

static bool read_value(Adapt *a, double *value)
{
    *value = 0;
    if (a->opset < 11)
        *value = attr_float(a, "value", 0);
    else if (in_given(a, 2))
        return in_number(a, 2, "constant_value", value);
    return !a->failed;
}

/* ---- pieces ------------------------------------------------------------------------- */

/* Every step-th element of a dimension from begin on, count of them. */
static Tensor *piece(Adapt *a, Tensor *x, int d, int64_t begin, int64_t count,
                     int64_t step)
{
    const int64_t last = begin + (count - 1) * step;
    Node *node;
    SliceAttrs *attrs;
    if (!x || (begin == 0 && step == 1 && count == x->shape.dim[d]))
        return x;
    node = add_node(a, OP_SLICE, "part", &x, 1);
    attrs = node_attrs(node, SliceAttrs);
    attrs->begin.count = attrs->end.count = attrs->step.count = x->shape.rank;
    for (int i = 0; i < x->shape.rank; i++) {
        attrs->begin.at[i] = i == d ? begin : 0;
        attrs->end.at[i] = i == d ? last + step : x->shape.dim[i];
        attrs->step.at[i] = i == d ? step : 1;
    }
    if (step < 0 && last == 0) /* -1 would count from the end */
        attrs->end.at[d] = -x->shape.dim[d] - 1;
    return add_end(a, node);
}

static Tensor *cut(Adapt *a, Tensor *x, Borders *borders)
{
    for (int d = 0; x && d < x->shape.rank; d++) {
        const int64_t begin = borders->begin[d], end = borders->end[d];
        const int64_t from = begin < 0 ? -begin : 0;
        const int64_t to = x->shape.dim[d] + (end < 0 ? end : 0);
        x = piece(a, x, d, from, to - from, 1);
        borders->begin[d] = begin < 0 ? 0 : begin;
        borders->end[d] = end < 0 ? 0 : end;
    }
    return x;
}

/* ---- a border of a number --------------------------------------------------------------- */

/* [n, h, w, c], with a border around h and w */
static Tensor *pad_image(Adapt *a, Tensor *x, const int64_t *begin,
                         const int64_t *end, double value)
{
    PaddingAttrs *attrs;
    Node *node = add_node(a, OP_PAD, NULL, &x, 1);
    if (!node)
        return NULL;
    attrs = node_attrs(node, PaddingAttrs);
    attrs->pad.kind = PAD_EXPLICIT;
    attrs->pad.count = 4;
    memcpy(attrs->pad.number, begin, 2 * sizeof *begin);
    memcpy(attrs->pad.number + 2, end, 2 * sizeof *end);
    attrs->value = value;
    return add_end(a, node);
}

/* Dimension d as the rows of an image. */
static Tensor *pad_rows(Adapt *a, Tensor *x, int d, int64_t begin, int64_t end,
                        double value)
{
    Shape shape, rows = { 4, { 1, 1, 1, 1 } };
    if (!x || (begin == 0 && end == 0))
        return x;
    shape = x->shape;
    for (int i = 0; i < shape.rank; i++)
        rows.dim[i < d ? 0 : i == d ? 1 : 3] *= shape.dim[i];
    x = pad_image(a, add_reshape(a, "rows", x, rows), (int64_t[]){ begin, 0 },
                  (int64_t[]){ end, 0 }, value);
    shape.dim[d] += begin + end;
    return add_reshape(a, "shape", x, shape);
}

static Tensor *pad_number(Adapt *a, Tensor *x, const Borders *borders,
                          double value)
{
    const int rank = x->shape.rank;
    bool is_image = rank == 4;
    for (int d = 0; d < 2 && is_image; d++)
        is_image = borders->begin[d] == 0 && borders->end[d] == 0;
    if (is_image)
        return image_out(a, "nchw",
                         pad_image(a, image_in(a, "nhwc", x),
                                   borders->begin + 2, borders->end + 2,
                                   value));
    for (int d = 0; d < rank; d++)
        x = pad_rows(a, x, d, borders->begin[d], borders->end[d], value);
    return x;
}

/* ---- a border of elements ------------------------------------------------------------------- */

/* One element of the dimension, so many times. */
static Tensor *repeated(Adapt *a, Tensor *x, int d, int64_t at, int64_t count)
{
    Node *node;
    x = piece(a, x, d, at, 1, 1);
    if (!x || count == 1)
        return x;
    node = add_node(a, OP_TILE, "edge", &x, 1);
    node_attrs(node, TileAttrs)->repeats.count = x->shape.rank;
    for (int i = 0; i < x->shape.rank; i++)
        node_attrs(node, TileAttrs)->repeats.at[i] = i == d ? count : 1;
    return add_end(a, node);
}

static Tensor *border(Adapt *a, Tensor *x, int d, PadMode mode, bool before,
                      int64_t count)
{
    const int64_t n = x->shape.dim[d];
    switch (mode) {
    case PAD_CONSTANT: break;
    case PAD_EDGE: return repeated(a, x, d, before ? 0 : n - 1, count);
    case PAD_REFLECT: return piece(a, x, d, before ? count : n - 2, count, -1);
    case PAD_WRAP: return piece(a, x, d, before ? n - count : 0, count, 1);
    }
    BUG("no mode of Pad %d", (int)mode);
}

static Tensor *pad_dimension(Adapt *a, Tensor *x, int d, PadMode mode,
                             int64_t begin, int64_t end)
{
    const int64_t n = x->shape.dim[d], most = begin > end ? begin : end;
    Tensor *parts[3];
    Node *node;
    int count = 0;
    if (most == 0)
        return x;
    if ((mode == PAD_REFLECT && most >= n) || (mode == PAD_WRAP && most > n)) {
        refuse(a, "cannot take a border of %lld from %lld elements",
               (long long)most, (long long)n);
        return NULL;
    }
    if (begin)
        parts[count++] = border(a, x, d, mode, true, begin);
    parts[count++] = x;
    if (end)
        parts[count++] = border(a, x, d, mode, false, end);
    if (!(node = add_node(a, OP_CONCAT, NULL, parts, count)))
        return NULL;
    node_attrs(node, ConcatAttrs)->axis = d;
    return add_end(a, node);
}

/* ---- Pad ------------------------------------------------------------------------------------- */

static bool any_border(const Shape *shape, const Borders *borders)
{
    for (int d = 0; d < shape->rank; d++)
        if (borders->begin[d] || borders->end[d])
            return true;
    return false;
}

bool adapt_pad(Adapt *a)
{
    static const char *const modes[] = { "constant", "edge", "reflect", "wrap",
                                         NULL };
    const PadMode mode = (PadMode)attr_choice(a, "mode", modes);
    Tensor *x = in_any(a, 0);
    Borders borders;
    double value;
    if (!x || !read_borders(a, x->shape.rank, &borders) ||
        !check_borders(a, &x->shape, &borders) || !read_value(a, &value))
        return false;
    if (mode == PAD_WRAP && a->opset < 19)
        return refuse(a, "with mode='wrap' is of opset 19, not of %d",
                      a->opset);
    if (!any_border(&x->shape, &borders))
        return out_input(a, 0, 0);
    if (!(x = cut(a, x, &borders)))
        return false;
    if (mode == PAD_CONSTANT)
        return out_tensor(a, 0, pad_number(a, x, &borders, value));
    for (int d = 0; x && d < x->shape.rank; d++)
        x = pad_dimension(a, x, d, mode, borders.begin[d], borders.end[d]);
    return out_tensor(a, 0, x);
}
