/*
 * upsample.c - each pixel becomes a block of equal ones.
 */
#include <string.h>

#include "op/local.h"

bool upsample_infer(Graph *graph, Node *node)
{
    UpsampleAttrs *a = node_attrs(node, UpsampleAttrs);
    Shape shape = *in_shape(node, 0);
    (void)graph;
    if (!op_need_f32(node) || !op_need_image(node) ||
        !op_spread_size(node, "scale", &a->scale, WINDOW_DIMS))
        return false;
    for (int i = 0; i < WINDOW_DIMS; i++) {
        int64_t *dim = &shape.dim[shape_height(&shape) + i];
        *dim = saturated_mul(*dim, a->scale.at[i]);
    }
    return op_output(node, DT_F32, shape);
}

int64_t upsample_macs(const Node *node)
{
    (void)node;
    return 0;
}

/* x: an image; y: the larger one */
static void upsample_image(const Node *node, const double *x, double *y)
{
    const Size *scale = &node_attrs(node, UpsampleAttrs)->scale;
    const Shape *in = in_shape(node, 0), *out = out_shape(node);
    const int height = shape_height(in);
    const int64_t c = channels_of(out), width = in->dim[height + 1];
    for (int64_t oh = 0; oh < out->dim[height]; oh++)
        for (int64_t ow = 0; ow < out->dim[height + 1]; ow++, y += c)
            memcpy(y, x + (oh / scale->at[0] * width + ow / scale->at[1]) * c,
                   sizeof *y * (size_t)c);
}

void upsample_evaluate(const Node *node, const double *const *in,
                       double *const *out)
{
    const int64_t from = image_count(in_shape(node, 0));
    const int64_t to = image_count(out_shape(node));
    for (int64_t n = 0; n < batch_of(out_shape(node)); n++)
        upsample_image(node, in[0] + n * from, out[0] + n * to);
}

/* for h, i, w, j, c: y[h*scale + i][w*scale + j][c] = x[h][w][c] */
void upsample_lower(Lower *lower, const Node *node)
{
    static const char *const pixel[] = { "h", "w" }, *const copy[] = { "i",
                                                                       "j" };
    const Size *scale = &node_attrs(node, UpsampleAttrs)->scale;
    const Shape *in = in_shape(node, 0);
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const Affine *n = batch_loop(k, in), *from[WINDOW_DIMS], *to[WINDOW_DIMS];
    const Affine *c;
    for (int d = 0; d < WINDOW_DIMS; d++) {
        from[d] = affine_var(
            k, kernel_for(k, pixel[d], 0, in->dim[shape_height(in) + d]));
        to[d] =
            affine_add(k, affine_scale(k, from[d], scale->at[d]),
                       affine_var(k, kernel_for(k, copy[d], 0, scale->at[d])));
    }
    c = affine_var(k, kernel_for(k, "c", 0, channels_of(in)));
    kernel_store(k, image_at(y, n, to[0], to[1], c),
                 k_load(image_at(x, n, from[0], from[1], c)));
    lower_end(lower);
}
