/*
 * adapt_pool.c - MaxPool, AveragePool, LpPool and the global pools.
 *
 *     y = MaxPool(x) kernel_shape=[3, 3] strides=[2, 2] ceil_mode=1
 *
 * Unlike ours, a stride that is not given is 1. Pools of volumes are in
 * adapt_volume.c.
 */
#include "import/local.h"

/* Since when an operator has them. */
typedef struct Since {
    int dilations, ceil_mode;
} Since;

/* What the pools of ours have in common. */
typedef struct PoolAttrs {
    Size *kernel, *stride, *dilation;
    Pad *pad;
    bool *ceil_mode;
} PoolAttrs;

#define POOL_ATTRS(attrs)                                                      \
    (PoolAttrs)                                                                \
    {                                                                          \
        &(attrs)->kernel, &(attrs)->stride, &(attrs)->dilation, &(attrs)->pad, \
            &(attrs)->ceil_mode                                                \
    }

static bool read_ceil(Adapt *a, Since since)
{
    return a->opset >= since.ceil_mode && attr_flag(a, "ceil_mode", false);
}

static bool is_volume(const Adapt *a)
{
    return in_rank(a, 0) == 5;
}

static Node *begin(Adapt *a, Op op, Since since, Window *window)
{
    Tensor *x = in_tensor(a, 0);
    if (!x || !window_begin(a, &x->shape, window) ||
        !window_kernel(a, window) ||
        !window_read(a, &x->shape, a->opset >= since.dilations, window))
        return NULL;
    x = window_in(a, window, x);
    return add_node(a, op, NULL, &x, 1);
}

static bool end(Adapt *a, Node *node, Since since, const Window *window,
                PoolAttrs attrs)
{
    window_size(attrs.kernel, window->kernel);
    window_size(attrs.stride, window->stride);
    window_size(attrs.dilation, window->dilation);
    window_pad(attrs.pad, window);
    *attrs.ceil_mode = read_ceil(a, since);
    return out_tensor(a, 0, window_out(a, window, add_end(a, node)));
}

static VolumePool volume(Adapt *a, Op op, Since since)
{
    return (VolumePool){ .op = op,
                         .dilated = a->opset >= since.dilations,
                         .ceil_mode = read_ceil(a, since) };
}

bool adapt_max_pool(Adapt *a)
{
    const Since since = { .dilations = 10, .ceil_mode = 10 };
    Window window;
    Node *node;
    attr_between(a, "storage_order", 0, 0, 1); /* of the second output */
    if (is_volume(a)) {
        const VolumePool pool = volume(a, OP_MAXPOOL, since);
        return volume_pool(a, &pool);
    }
    if (!(node = begin(a, OP_MAXPOOL, since, &window)))
        return false;
    return end(a, node, since, &window,
               POOL_ATTRS(node_attrs(node, MaxpoolAttrs)));
}

bool adapt_average_pool(Adapt *a)
{
    const Since since = { .dilations = 19, .ceil_mode = 10 };
    const bool all = a->opset >= 7 && attr_flag(a, "count_include_pad", false);
    Window window;
    Node *node;
    if (is_volume(a)) {
        VolumePool pool = volume(a, OP_AVGPOOL, since);
        pool.count_include_pad = all;
        return volume_pool(a, &pool);
    }
    if (!(node = begin(a, OP_AVGPOOL, since, &window)))
        return false;
    node_attrs(node, AvgpoolAttrs)->count_include_pad = all;
    return end(a, node, since, &window,
               POOL_ATTRS(node_attrs(node, AvgpoolAttrs)));
}

/* Which norm: a float in the first opset. */
static int64_t read_power(Adapt *a)
{
    double p;
    if (a->opset >= 2)
        return attr_between(a, "p", 2, 1, 1 << 30);
    p = attr_float(a, "p", 2);
    if (p >= 1 && p <= 64 && p == (double)(int64_t)p)
        return (int64_t)p;
    refuse(a, "with p=%g is not supported: only whole numbers are", p);
    return 2;
}

bool adapt_lp_pool(Adapt *a)
{
    const Since since = { .dilations = 18, .ceil_mode = 18 };
    const int64_t p = read_power(a);
    Window window;
    Node *node;
    if (is_volume(a)) {
        VolumePool pool = volume(a, OP_LPPOOL, since);
        pool.p = p;
        return volume_pool(a, &pool);
    }
    if (!(node = begin(a, OP_LPPOOL, since, &window)))
        return false;
    node_attrs(node, LppoolAttrs)->p = p;
    return end(a, node, since, &window,
               POOL_ATTRS(node_attrs(node, LppoolAttrs)));
}

/* The spatial dimensions of volumes, and beyond, as those of an image. */
static Tensor *flattened(Adapt *a)
{
    Tensor *x = in_tensor(a, 0);
    Shape shape;
    if (!x || x->shape.rank <= 4)
        return x;
    shape = x->shape;
    for (shape.rank = 4; shape.rank < x->shape.rank; shape.rank++)
        shape.dim[3] *= shape.dim[shape.rank];
    shape.rank = 4;
    return add_reshape(a, "image", x, shape);
}

/* All spatial dimensions become 1. */
static bool give_pooled(Adapt *a, Tensor *y)
{
    Shape shape;
    if (!y)
        return false;
    shape = y->shape;
    for (shape.rank = 4; shape.rank < in_rank(a, 0); shape.rank++)
        shape.dim[shape.rank] = 1;
    shape.rank = in_rank(a, 0);
    return out_tensor(a, 0, add_reshape(a, "volume", y, shape));
}

/* [n, c, h, w] -> [n, c, 1, 1] */
bool adapt_global_pool(Adapt *a)
{
    const Op op = a->row->op[6] == 'A' ? OP_GLOBAL_AVGPOOL : OP_GLOBAL_MAXPOOL;
    Tensor *x = flattened(a), *y;
    Window window;
    Shape shape;
    if (!x || !window_begin(a, &x->shape, &window))
        return false;
    shape = x->shape;
    for (int d = 2; d < shape.rank; d++)
        shape.dim[d] = 1;
    y = add_1(a, op, NULL, window_in(a, &window, x));
    return give_pooled(a, add_reshape(a, "nchw", y, shape));
}

/* One window over the whole. */
bool adapt_global_lp_pool(Adapt *a)
{
    Tensor *x = flattened(a);
    Window window;
    Node *node;
    if (!x || !window_begin(a, &x->shape, &window))
        return false;
    x = window_in(a, &window, x);
    node = add_node(a, OP_LPPOOL, NULL, &x, 1);
    if (!node)
        return false;
    window_size(&node_attrs(node, LppoolAttrs)->kernel, x->shape.dim + 1);
    node_attrs(node, LppoolAttrs)->p = read_power(a);
    return give_pooled(a, window_out(a, &window, add_end(a, node)));
}
