/*
 * adapt_volume.c - pools of volumes, [n, c, d, h, w]: of each slice, then of
 * the slices.
 *
 *     MaxPool kernel_shape=[2, 3, 3]
 *
 *     [n*d, h, w, c]   maxpool 3x3      ->  [n*d, oh, ow, c]
 *     [n, d, oh*ow, c] maxpool 2x1      ->  [n, od, oh*ow, c]
 *
 * The mean of means is the mean: each of them is of as many elements as the
 * others of its window, because what lies within the volume is a box. So is the
 * norm of norms.
 */
#include "import/local.h"

#define MOST ((int64_t)1 << 30) /* of a number in an attribute */

enum { DIMS = 3 };

typedef struct Box {
    int64_t kernel[DIMS], stride[DIMS], dilation[DIMS], begin[DIMS], end[DIMS];
} Box;

static void pad_same(Box *box, const Shape *x, bool lower)
{
    for (int i = 0; i < DIMS; i++) {
        const int64_t in = x->dim[2 + i], stride = box->stride[i];
        const int64_t span = (box->kernel[i] - 1) * box->dilation[i] + 1;
        int64_t total = (in - 1) / stride * stride + span - in;
        total = total < 0 ? 0 : total;
        box->begin[i] = lower ? total - total / 2 : total / 2;
        box->end[i] = total - box->begin[i];
    }
}

static bool read_box(Adapt *a, const Shape *x, bool dilated, Box *box)
{
    static const char *const words[] = { "NOTSET", "SAME_UPPER", "SAME_LOWER",
                                         "VALID", NULL };
    enum { NOTSET, SAME_UPPER, SAME_LOWER };
    const int how = attr_choice(a, "auto_pad", words);
    int64_t pads[2 * DIMS];
    if (!attr_given(a, "kernel_shape"))
        return refuse(a, "needs the attribute 'kernel_shape'");
    attr_sizes(a, "kernel_shape", box->kernel, DIMS, 1, 1, MOST);
    attr_sizes(a, "strides", box->stride, DIMS, 1, 1, MOST);
    attr_sizes(a, "pads", pads, 2 * DIMS, 0, 0, MOST);
    for (int i = 0; i < DIMS; i++) {
        box->dilation[i] = 1;
        box->begin[i] = pads[i];
        box->end[i] = pads[DIMS + i];
        if (how != NOTSET && (pads[i] || pads[DIMS + i]))
            return refuse(a, "with both 'auto_pad' and 'pads' is not "
                             "supported");
    }
    if (dilated)
        attr_sizes(a, "dilations", box->dilation, DIMS, 1, 1, MOST);
    if (how == SAME_UPPER || how == SAME_LOWER)
        pad_same(box, x, how == SAME_LOWER);
    return !a->failed;
}

/* ---- nodes ----------------------------------------------------------------------- */

/* Dimension i of the box, or a single element. */
static int64_t number(const int64_t *at, int i, int64_t single)
{
    return i < DIMS ? at[i] : single;
}

/* Of dimensions i and j of the box (DIMS: none) as height and width. */
static Window window_of(const Box *box, int i, int j)
{
    return (Window){
        .dims = 2,
        .kernel = { box->kernel[i], number(box->kernel, j, 1) },
        .stride = { box->stride[i], number(box->stride, j, 1) },
        .dilation = { box->dilation[i], number(box->dilation, j, 1) },
        .begin = { box->begin[i], number(box->begin, j, 0) },
        .end = { box->end[i], number(box->end, j, 0) },
    };
}

#define SET_WINDOW(attrs, window, ceil)                                        \
    (window_size(&(attrs)->kernel, (window)->kernel),                          \
     window_size(&(attrs)->stride, (window)->stride),                          \
     window_size(&(attrs)->dilation, (window)->dilation),                      \
     window_pad(&(attrs)->pad, (window)), (attrs)->ceil_mode = (ceil))

static Tensor *add_pool(Adapt *a, const VolumePool *pool, const char *role,
                        const Window *window, Tensor *x)
{
    Node *node = add_node(a, pool->op, role, &x, 1);
    if (!node)
        return NULL;
    if (pool->op == OP_MAXPOOL) {
        SET_WINDOW(node_attrs(node, MaxpoolAttrs), window, pool->ceil_mode);
    } else if (pool->op == OP_AVGPOOL) {
        SET_WINDOW(node_attrs(node, AvgpoolAttrs), window, pool->ceil_mode);
        node_attrs(node, AvgpoolAttrs)->count_include_pad =
            pool->count_include_pad;
    } else {
        REQUIRE(pool->op == OP_LPPOOL);
        SET_WINDOW(node_attrs(node, LppoolAttrs), window, pool->ceil_mode);
        node_attrs(node, LppoolAttrs)->p = pool->p;
    }
    return add_end(a, node);
}

bool volume_pool(Adapt *a, const VolumePool *pool)
{
    Tensor *x = in_tensor(a, 0);
    Window slice, depth;
    Shape shape;
    Box box;
    if (!x || !read_box(a, &x->shape, pool->dilated, &box))
        return false;
    slice = window_of(&box, 1, 2);
    depth = window_of(&box, 0, DIMS);
    x = image_in(a, "ndhwc", x);
    if (!x)
        return false;
    shape = x->shape;
    x = add_reshape(
        a, "slices", x,
        shape_of(4, (int64_t[]){ shape.dim[0] * shape.dim[1], shape.dim[2],
                                 shape.dim[3], shape.dim[4] }));
    x = add_pool(a, pool, "slice", &slice, x);
    if (!x)
        return false;
    shape.dim[2] = x->shape.dim[1];
    shape.dim[3] = x->shape.dim[2];
    x = add_reshape(
        a, "depth", x,
        shape_of(4, (int64_t[]){ shape.dim[0], shape.dim[1],
                                 shape.dim[2] * shape.dim[3], shape.dim[4] }));
    x = add_pool(a, pool, NULL, &depth, x);
    if (!x)
        return false;
    shape.dim[1] = x->shape.dim[1];
    return out_tensor(
        a, 0, image_out(a, "ncdhw", add_reshape(a, "volume", x, shape)));
}
