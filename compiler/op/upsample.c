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
    for (int i = 0; i < WINDOW_DIMS; i++)
        shape.dim[i] = saturated_mul(shape.dim[i], a->scale.at[i]);
    return op_output(node, DT_F32, shape);
}

int64_t upsample_macs(const Node *node)
{
    (void)node;
    return 0;
}

void upsample_evaluate(const Node *node, const double *const *in,
                       double *const *out)
{
    const Size *scale = &node_attrs(node, UpsampleAttrs)->scale;
    const Shape *x = in_shape(node, 0), *y = out_shape(node);
    const int64_t c = y->dim[2];
    double *to = out[0];
    for (int64_t oh = 0; oh < y->dim[0]; oh++)
        for (int64_t ow = 0; ow < y->dim[1]; ow++, to += c)
            memcpy(to,
                   in[0] +
                       (oh / scale->at[0] * x->dim[1] + ow / scale->at[1]) * c,
                   sizeof *to * (size_t)c);
}

/* for h, i, w, j, c: y[h*scale + i][w*scale + j][c] = x[h][w][c] */
void upsample_lower(Lower *lower, const Node *node)
{
    static const char *const pixel[] = { "h", "w" }, *const copy[] = { "i",
                                                                       "j" };
    const Size *scale = &node_attrs(node, UpsampleAttrs)->scale;
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const Affine *from[WINDOW_DIMS], *to[WINDOW_DIMS], *c;
    for (int d = 0; d < WINDOW_DIMS; d++) {
        from[d] = affine_var(
            k, kernel_for(k, pixel[d], 0, in_shape(node, 0)->dim[d]));
        to[d] =
            affine_add(k, affine_scale(k, from[d], scale->at[d]),
                       affine_var(k, kernel_for(k, copy[d], 0, scale->at[d])));
    }
    c = affine_var(k, kernel_for(k, "c", 0, out_shape(node)->dim[2]));
    kernel_store(k, AT(y, to[0], to[1], c), k_load(AT(x, from[0], from[1], c)));
    lower_end(lower);
}
