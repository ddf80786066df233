/*
 * adapt_depth.c - DepthToSpace and SpaceToDepth.
 *
 *     y = DepthToSpace(x) blocksize=2 mode="CRD"
 *
 *     [n, 4*c, h, w]  ->  [n, c, 2*h, 2*w]
 */
#include "import/local.h"

#define MOST_BLOCK ((int64_t)1 << 20)

/* The image channels last; NULL after a refusal. */
static Tensor *read_image(Adapt *a, int64_t *block)
{
    Tensor *x = in_tensor(a, 0);
    *block = attr_between(a, "blocksize", 1, 1, MOST_BLOCK);
    if (!attr_given(a, "blocksize"))
        refuse(a, "needs the attribute 'blocksize'");
    if (x && x->shape.rank != 4)
        refuse(a, "needs images [n, c, h, w], got %s", shape_show(&x->shape));
    return a->failed ? NULL : image_in(a, "nhwc", x);
}

bool adapt_depth_to_space(Adapt *a)
{
    static const char *const modes[] = { "DCR", "CRD", NULL };
    static const char *const orders[] = { "dcr", "crd" };
    const int mode = a->opset < 11 ? 0 : attr_choice(a, "mode", modes);
    int64_t block;
    Tensor *x = read_image(a, &block);
    Node *node = add_node(a, OP_DEPTH_TO_SPACE, NULL, &x, 1);
    if (!node)
        return false;
    node_attrs(node, DepthToSpaceAttrs)->block = (Size){ 2, { block, block } };
    node_attrs(node, DepthToSpaceAttrs)->order = orders[mode];
    return out_tensor(a, 0, image_out(a, "nchw", add_end(a, node)));
}

bool adapt_space_to_depth(Adapt *a)
{
    int64_t block;
    Tensor *x = read_image(a, &block);
    Node *node = add_node(a, OP_SPACE_TO_DEPTH, NULL, &x, 1);
    if (!node)
        return false;
    node_attrs(node, SpaceToDepthAttrs)->block = (Size){ 2, { block, block } };
    return out_tensor(a, 0, image_out(a, "nchw", add_end(a, node)));
}
