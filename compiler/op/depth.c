/*
 * depth.c - channels that become blocks of pixels, and the way back.
 *
 *     [h][w][4*c]  ->  [2*h][2*w][c]      block 2x2
 *
 *     order=dcr    channel (bh*2 + bw)*c' + c   becomes channel c of pixel bh, bw
 *     order=crd    channel c*4 + bh*2 + bw      does
 */
#include <string.h>

#include "op/local.h"

/* Sizes of the small pixels: many, with few channels; c of them. */
typedef struct Blocks {
    int64_t h, w, c, bh, bw; /* h, w: of the image with more channels */
    bool crd;
} Blocks;

static Blocks blocks_of(const Node *node)
{
    const bool shrinks = node->op == OP_SPACE_TO_DEPTH;
    const Shape *deep = shrinks ? out_shape(node) : in_shape(node, 0);
    const Shape *flat = shrinks ? in_shape(node, 0) : out_shape(node);
    const DepthToSpaceAttrs *a = node_attrs(node, DepthToSpaceAttrs);
    const SpaceToDepthAttrs *b = node_attrs(node, SpaceToDepthAttrs);
    const Size *block = shrinks ? &b->block : &a->block;
    const int height = shape_height(deep);
    return (Blocks){ .h = deep->dim[height],
                     .w = deep->dim[height + 1],
                     .c = channels_of(flat),
                     .bh = block->at[0],
                     .bw = block->at[1],
                     .crd = strcmp(shrinks ? b->order : a->order, "crd") == 0 };
}

/* ---- shape ---------------------------------------------------------------------- */

bool depth_to_space_infer(Graph *graph, Node *node)
{
    DepthToSpaceAttrs *a = node_attrs(node, DepthToSpaceAttrs);
    const Shape *x = in_shape(node, 0);
    const int64_t *size = x->dim + shape_height(x);
    (void)graph;
    if (!op_need_f32(node) || !op_need_image(node) ||
        !op_need_word(node, "order", a->order) ||
        !op_spread_size(node, "block", &a->block, WINDOW_DIMS))
        return false;
    const int64_t area = a->block.at[0] * a->block.at[1];
    if (channels_of(x) % area == 0)
        return op_output(node, DT_F32,
                         image_shape(x, saturated_mul(size[0], a->block.at[0]),
                                     saturated_mul(size[1], a->block.at[1]),
                                     channels_of(x) / area));
    graph_error(node, attr_index(node, "block"),
                "'block' %lldx%lld does not divide %lld channels",
                (long long)a->block.at[0], (long long)a->block.at[1],
                (long long)channels_of(x));
    graph_note_inputs(node);
    return false;
}

bool space_to_depth_infer(Graph *graph, Node *node)
{
    SpaceToDepthAttrs *a = node_attrs(node, SpaceToDepthAttrs);
    const Shape *x = in_shape(node, 0);
    const int64_t *size = x->dim + shape_height(x);
    (void)graph;
    if (!op_need_f32(node) || !op_need_image(node) ||
        !op_need_word(node, "order", a->order) ||
        !op_spread_size(node, "block", &a->block, WINDOW_DIMS))
        return false;
    const int64_t area = a->block.at[0] * a->block.at[1];
    if (size[0] % a->block.at[0] == 0 && size[1] % a->block.at[1] == 0)
        return op_output(node, DT_F32,
                         image_shape(x, size[0] / a->block.at[0],
                                     size[1] / a->block.at[1],
                                     saturated_mul(channels_of(x), area)));
    graph_error(node, attr_index(node, "block"),
                "'block' %lldx%lld does not divide an image of %lldx%lld",
                (long long)a->block.at[0], (long long)a->block.at[1],
                (long long)size[0], (long long)size[1]);
    graph_note_inputs(node);
    return false;
}

int64_t depth_to_space_macs(const Node *node)
{
    (void)node;
    return 0;
}

int64_t space_to_depth_macs(const Node *node)
{
    (void)node;
    return 0;
}

/* ---- reference ------------------------------------------------------------------- */

/* The element of the deep image that is element i of the flat one. */
static int64_t deep_at(const Blocks *b, int64_t i)
{
    const int64_t c = i % b->c, ow = i / b->c % (b->w * b->bw);
    const int64_t oh = i / b->c / (b->w * b->bw); /* of the whole batch */
    const int64_t place = oh % b->bh * b->bw + ow % b->bw;
    const int64_t pixel = oh / b->bh * b->w + ow / b->bw;
    const int64_t area = b->bh * b->bw;
    return pixel * area * b->c + (b->crd ? c * area + place : place * b->c + c);
}

void depth_to_space_evaluate(const Node *node, const double *const *in,
                             double *const *out)
{
    const Blocks b = blocks_of(node);
    const int64_t count = shape_count(out_shape(node));
    for (int64_t i = 0; i < count; i++)
        out[0][i] = in[0][deep_at(&b, i)];
}

void space_to_depth_evaluate(const Node *node, const double *const *in,
                             double *const *out)
{
    const Blocks b = blocks_of(node);
    const int64_t count = in_count(node, 0);
    for (int64_t i = 0; i < count; i++)
        out[0][deep_at(&b, i)] = in[0][i];
}

/* ---- loops ------------------------------------------------------------------------ */

/* for h, bh, w, bw, c: the deep pixel's channel and the small pixel's */
static void blocks_lower(Lower *lower, const Node *node)
{
    const Blocks b = blocks_of(node);
    const bool shrinks = node->op == OP_SPACE_TO_DEPTH;
    Kernel *k = lower_begin(lower, node);
    Buffer *x = lower_input(lower, node, 0), *y = lower_output(lower, node, 0);
    const Affine *n = batch_loop(k, in_shape(node, 0));
    const Affine *h = affine_var(k, kernel_for(k, "h", 0, b.h));
    const Affine *bh = affine_var(k, kernel_for(k, "bh", 0, b.bh));
    const Affine *w = affine_var(k, kernel_for(k, "w", 0, b.w));
    const Affine *bw = affine_var(k, kernel_for(k, "bw", 0, b.bw));
    const Affine *c = affine_var(k, kernel_for(k, "c", 0, b.c));
    const Affine *place = affine_add(k, affine_scale(k, bh, b.bw), bw);
    const Affine *oc =
        b.crd ? affine_add(k, affine_scale(k, c, b.bh * b.bw), place)
              : affine_add(k, affine_scale(k, place, b.c), c);
    const Affine *oh = affine_add(k, affine_scale(k, h, b.bh), bh);
    const Affine *ow = affine_add(k, affine_scale(k, w, b.bw), bw);
    if (shrinks)
        kernel_store(k, image_at(y, n, h, w, oc),
                     k_load(image_at(x, n, oh, ow, c)));
    else
        kernel_store(k, image_at(y, n, oh, ow, c),
                     k_load(image_at(x, n, h, w, oc)));
    lower_end(lower);
}

void depth_to_space_lower(Lower *lower, const Node *node)
{
    blocks_lower(lower, node);
}

void space_to_depth_lower(Lower *lower, const Node *node)
{
    blocks_lower(lower, node);
}
