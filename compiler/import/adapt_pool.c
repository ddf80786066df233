/*
 * adapt_pool.c - MaxPool, AveragePool and the global pools.
 *
 *     y = MaxPool(x) kernel_shape=[3, 3] strides=[2, 2] ceil_mode=1
 *
 * Unlike ours, a stride that is not given is 1.
 */
#include "import/local.h"

/* The window, without what only one of the two has. */
static Tensor *begin(Adapt *a, Window *window, bool dilated)
{
    Tensor *x = in_tensor(a, 0);
    if (!x || !window_begin(a, &x->shape, window) ||
        !window_kernel(a, window) ||
        !window_read(a, &x->shape, dilated, window))
        return NULL;
    if (window->dilation[0] != 1 || window->dilation[1] != 1) {
        refuse(a, "with dilations is not supported");
        return NULL;
    }
    return window_in(a, window, x);
}

bool adapt_max_pool(Adapt *a)
{
    Window window;
    Tensor *x = begin(a, &window, a->opset >= 10);
    Node *node = x ? add_node(a, OP_MAXPOOL, NULL, &x, 1) : NULL;
    if (!node)
        return false;
    MaxpoolAttrs *attrs = node_attrs(node, MaxpoolAttrs);
    window_size(&attrs->kernel, window.kernel);
    window_size(&attrs->stride, window.stride);
    window_pad(&attrs->pad, &window);
    attrs->ceil_mode = a->opset >= 10 && attr_flag(a, "ceil_mode", false);
    attr_between(a, "storage_order", 0, 0, 1); /* of the second output */
    return out_tensor(a, 0, window_out(a, &window, add_end(a, node)));
}

bool adapt_average_pool(Adapt *a)
{
    Window window;
    Tensor *x = begin(a, &window, a->opset >= 19);
    Node *node = x ? add_node(a, OP_AVGPOOL, NULL, &x, 1) : NULL;
    if (!node)
        return false;
    AvgpoolAttrs *attrs = node_attrs(node, AvgpoolAttrs);
    window_size(&attrs->kernel, window.kernel);
    window_size(&attrs->stride, window.stride);
    window_pad(&attrs->pad, &window);
    attrs->ceil_mode = a->opset >= 10 && attr_flag(a, "ceil_mode", false);
    attrs->count_include_pad =
        a->opset >= 7 && attr_flag(a, "count_include_pad", false);
    return out_tensor(a, 0, window_out(a, &window, add_end(a, node)));
}

/* [n, c, h, w] -> [n, c, 1, 1] */
bool adapt_global_pool(Adapt *a)
{
    const Op op = a->row->op[6] == 'A' ? OP_GLOBAL_AVGPOOL : OP_GLOBAL_MAXPOOL;
    Tensor *x = in_tensor(a, 0), *y;
    Window window;
    Shape shape;
    if (!x || !window_begin(a, &x->shape, &window))
        return false;
    shape = x->shape;
    for (int d = 2; d < shape.rank; d++)
        shape.dim[d] = 1;
    y = add_1(a, op, NULL, window_in(a, &window, x));
    return out_tensor(a, 0, add_reshape(a, "nchw", y, shape));
}
