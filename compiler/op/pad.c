/*
 * pad.c - a border of one value around an image.
 */
#include <string.h>

#include "op/local.h"

bool pad_infer(Graph *graph, Node *node)
{
    PaddingAttrs *a = node_attrs(node, PaddingAttrs);
    Shape shape = *in_shape(node, 0);
    (void)graph;
    if (!op_need_f32(node) || !op_need_image(node))
        return false;
    if (a->pad.kind == PAD_SAME) {
        graph_error(node, attr_index(node, "pad"),
                    "'pad' needs sizes: 'same' depends on a kernel");
        return false;
    }
    if (!op_spread_pad(node, "pad", &a->pad, WINDOW_DIMS))
        return false;
    for (int i = 0; i < WINDOW_DIMS; i++)
        shape.dim[shape_height(&shape) + i] += a->pad.begin[i] + a->pad.end[i];
    return op_output(node, DT_F32, shape);
}

int64_t pad_macs(const Node *node)
{
    (void)node;
    return 0;
}

/* x: an image; y: the image with its border */
static void pad_image(const Node *node, const double *x, double *y)
{
    const PaddingAttrs *a = node_attrs(node, PaddingAttrs);
    const Shape *in = in_shape(node, 0), *out = out_shape(node);
    const int height = shape_height(in);
    const int64_t run = in->dim[height + 1] * channels_of(in);
    const int64_t width = out->dim[height + 1], count = image_count(out);
    for (int64_t i = 0; i < count; i++)
        y[i] = a->value;
    for (int64_t h = 0; h < in->dim[height]; h++)
        memcpy(y + ((h + a->pad.begin[0]) * width + a->pad.begin[1]) *
                       channels_of(out),
               x + h * run, sizeof *y * (size_t)run);
}

void pad_evaluate(const Node *node, const double *const *in, double *const *out)
{
    const int64_t from = image_count(in_shape(node, 0));
    const int64_t to = image_count(out_shape(node));
    for (int64_t n = 0; n < batch_of(out_shape(node)); n++)
        pad_image(node, in[0] + n * from, out[0] + n * to);
}

/* Rows lo..hi-1 of the output, and in them the columns left..right-1. */
typedef struct Region {
    int64_t lo, hi, left, right;
} Region;

/* One part of the output: the border's value, or (x not NULL) the image. */
static void fill(Kernel *k, const Node *node, Region r, Buffer *x, Buffer *y)
{
    const PaddingAttrs *a = node_attrs(node, PaddingAttrs);
    const Affine *n, *oh, *ow, *c;
    if (r.lo == r.hi || r.left == r.right)
        return;
    n = batch_loop(k, out_shape(node));
    oh = affine_var(k, kernel_for(k, "oh", r.lo, r.hi));
    ow = affine_var(k, kernel_for(k, "ow", r.left, r.right));
    c = affine_var(k, kernel_for(k, "c", 0, channels_of(out_shape(node))));
    kernel_store(
        k, image_at(y, n, oh, ow, c),
        x ? k_load(image_at(x, n, affine_shift(k, oh, -a->pad.begin[0]),
                            affine_shift(k, ow, -a->pad.begin[1]), c))
          : k_num(a->value));
    for (int i = n ? -1 : 0; i < WINDOW_DIMS + 1; i++)
        kernel_end(k);
}

void pad_lower(Lower *lower, const Node *node)
{
    const PaddingAttrs *a = node_attrs(node, PaddingAttrs);
    const int64_t *size = out_shape(node)->dim + shape_height(out_shape(node));
    const int64_t height = size[0], width = size[1];
    const int64_t top = a->pad.begin[0], left = a->pad.begin[1];
    const int64_t bottom = height - a->pad.end[0];
    const int64_t right = width - a->pad.end[1];
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    fill(k, node, (Region){ 0, top, 0, width }, NULL, y);
    fill(k, node, (Region){ top, bottom, 0, left }, NULL, y);
    fill(k, node, (Region){ top, bottom, left, right }, x, y);
    fill(k, node, (Region){ top, bottom, right, width }, NULL, y);
    fill(k, node, (Region){ bottom, height, 0, width }, NULL, y);
    lower_end(lower);
}
