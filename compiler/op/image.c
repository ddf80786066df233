/*
 * image.c - images, [h][w][c], and batches of them, [n][h][w][c].
 *
 *     for n in 0..2            only where there is a batch
 *         for oh, ow, oc
 *             ...
 *             y[n][oh][ow][oc] = acc
 *
 * Each image of a batch is computed like one by itself: a batch is one more
 * loop around the nest, and one more around the reference.
 */
#include "op/local.h"

int64_t batch_of(const Shape *image)
{
    return shape_is_batch(image) ? image->dim[0] : 1;
}

int64_t image_count(const Shape *image)
{
    return shape_count(image) / batch_of(image);
}

Shape image_shape(const Shape *like, int64_t h, int64_t w, int64_t c)
{
    Shape shape = *like;
    int64_t *dim = shape.dim + shape_height(like);
    dim[0] = h;
    dim[1] = w;
    dim[2] = c;
    return shape;
}

const Affine *batch_loop(Kernel *k, const Shape *image)
{
    return shape_is_batch(image)
               ? affine_var(k, kernel_for(k, "n", 0, image->dim[0]))
               : NULL;
}

Access image_at(Buffer *buffer, const Affine *n, const Affine *h,
                const Affine *w, const Affine *c)
{
    return n ? AT(buffer, n, h, w, c) : AT(buffer, h, w, c);
}
