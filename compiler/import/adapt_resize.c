/*
 * adapt_resize.c - Resize and Upsample where pixels become blocks of equal ones.
 *
 *     y = Resize(x, , scales) mode="nearest"      scales [1, 1, 2, 2]
 *
 *     a b         a a b b
 *     c d    ->   a a b b
 *                 c c d d
 *                 c c d d
 *
 * The nearest pixel of output i at the whole factor s is i / s, rounded down,
 * wherever it is looked for: from the corner and then down, or from the middle
 * of the pixel, (i + 0.5) / s - 0.5, which is never half way between two.
 */
#include "import/local.h"

#include <string.h>

enum { ASYMMETRIC, HALF_PIXEL, PYTORCH_HALF_PIXEL, HALF_PIXEL_SYMMETRIC };

static const char *const coordinates[] = { "asymmetric", "half_pixel",
                                           "pytorch_half_pixel",
                                           "half_pixel_symmetric", NULL };

enum { FLOOR, ROUND_PREFER_FLOOR, ROUND_PREFER_CEIL, CEIL };

static const char *const roundings[] = { "floor", "round_prefer_floor",
                                         "round_prefer_ceil", "ceil", NULL };

/* The place of the attribute's word; refused where it is none of them. */
static int read_word(Adapt *a, const char *name, const char *fallback,
                     const char *const *words)
{
    const char *word = attr_string(a, name, fallback);
    for (int i = 0; word && words[i]; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    if (word)
        refuse(a, "with %s=\"%s\" is not supported", name, onnx_show(word));
    return -1;
}

/* Whether each pixel becomes a block at the whole factor. */
static bool is_block(int coordinate, int rounding, int64_t factor)
{
    if (coordinate == ASYMMETRIC)
        return rounding == FLOOR || factor == 1 ||
               (rounding == ROUND_PREFER_FLOOR && factor == 2);
    return rounding == ROUND_PREFER_FLOOR || rounding == ROUND_PREFER_CEIL;
}

/* What only other modes than the nearest pixel use is read and means nothing. */
static bool read_mode(Adapt *a, int *coordinate, int *rounding)
{
    static const char *const modes[] = { "nearest", NULL };
    static const char *const policies[] = { "stretch", NULL };
    *coordinate = ASYMMETRIC;
    *rounding = FLOOR;
    if (read_word(a, "mode", "nearest", modes) < 0)
        return false;
    if (a->opset < 11)
        return true;
    *coordinate = read_word(a, "coordinate_transformation_mode", "half_pixel",
                            coordinates);
    *rounding = read_word(a, "nearest_mode", "round_prefer_floor", roundings);
    attr_ignore(a, "cubic_coeff_a");
    attr_ignore(a, "exclude_outside");
    attr_ignore(a, "extrapolation_value");
    if (a->opset >= 18 && attr_flag(a, "antialias", false))
        return refuse(a, "with antialias=1 is not supported");
    if (a->opset >= 18 &&
        read_word(a, "keep_aspect_ratio_policy", "stretch", policies) < 0)
        return false;
    return *coordinate >= 0 && *rounding >= 0;
}

/* The factor of each dimension, by the attribute or input `axes` of them. */
typedef struct Factors {
    int rank, count; /* of the list that is read */
    int axes[ONNX_MAX_RANK];
    int64_t at[ONNX_MAX_RANK];
} Factors;

static bool read_axes(Adapt *a, Factors *f)
{
    int64_t axes[ONNX_MAX_RANK];
    const int given =
        a->opset >= 18 ? attr_ints(a, "axes", axes, ONNX_MAX_RANK) : -1;
    f->count = given < 0 ? f->rank : given;
    for (int i = 0; i < f->count; i++) {
        int64_t axis = given < 0 ? i : axes[i];
        if (axis < -f->rank || axis >= f->rank)
            return refuse(a, "has the axis %lld of a tensor of rank %d",
                          (long long)axis, f->rank);
        f->axes[i] = (int)(axis < 0 ? axis + f->rank : axis);
    }
    for (int d = 0; d < f->rank; d++)
        f->at[d] = 1;
    return true;
}

static bool set_factor(Adapt *a, Factors *f, int i, double factor)
{
    if (!(factor >= 1 && factor <= 1 << 20) ||
        factor != (double)(int64_t)factor)
        return refuse(a,
                      "by a factor of %g is not supported: only whole ones "
                      "are",
                      factor);
    f->at[f->axes[i]] = (int64_t)factor;
    return true;
}

static bool check_count(Adapt *a, const Factors *f, const char *what,
                        int64_t count)
{
    return count == f->count || refuse(a, "has %lld %s for %d dimensions",
                                       (long long)count, what, f->count);
}

static bool is_there(Adapt *a, int i)
{
    const OnnxTensor *list = in_given(a, i) ? in_constant(a, i) : NULL;
    return in_given(a, i) && (!list || list->count > 0);
}

static bool read_scales(Adapt *a, Factors *f, int input)
{
    const OnnxTensor *scales = in_need_constant(a, input, "scales");
    if (!scales || !check_count(a, f, "scales", scales->count))
        return false;
    for (int i = 0; i < f->count; i++)
        if (!set_factor(a, f, i, onnx_tensor_number(scales, i)))
            return false;
    return true;
}

static bool read_sizes(Adapt *a, Factors *f, const Shape *x, int input)
{
    int64_t sizes[ONNX_MAX_RANK];
    const int count = in_ints(a, input, "sizes", sizes, ONNX_MAX_RANK);
    if (count < 0 || !check_count(a, f, "sizes", count))
        return false;
    for (int i = 0; i < f->count; i++)
        if (!set_factor(a, f, i, (double)sizes[i] / (double)x->dim[f->axes[i]]))
            return false;
    return true;
}

static bool read_attribute(Adapt *a, Factors *f)
{
    const float *list;
    const int count = attr_floats(a, "scales", &list);
    if (count < 0)
        return refuse(a, "needs the attribute 'scales'");
    if (!check_count(a, f, "scales", count))
        return false;
    for (int i = 0; i < f->count; i++)
        if (!set_factor(a, f, i, (double)list[i]))
            return false;
    return true;
}

static bool read_factors(Adapt *a, Factors *f, const Shape *x)
{
    f->rank = x->rank;
    if (!read_axes(a, f))
        return false;
    if (strcmp(a->row->op, "Upsample") == 0 && a->opset < 9)
        return read_attribute(a, f);
    if (a->opset < 11)
        return read_scales(a, f, 1);
    if (in_given(a, 1))
        in_ignore(a, 1); /* roi: of another mode */
    if (is_there(a, 2)) {
        if (is_there(a, 3))
            return refuse(a, "has both scales and sizes");
        if (in_given(a, 3))
            in_ignore(a, 3);
        return read_scales(a, f, 2);
    }
    if (in_given(a, 2))
        in_ignore(a, 2);
    if (!is_there(a, 3))
        return refuse(a, "has neither scales nor sizes");
    return read_sizes(a, f, x, 3);
}

bool adapt_resize(Adapt *a)
{
    Tensor *x = in_tensor(a, 0);
    Factors f;
    int coordinate, rounding;
    Node *node;
    if (!x || !read_mode(a, &coordinate, &rounding) ||
        !read_factors(a, &f, &x->shape))
        return false;
    if (f.rank != 4 || f.at[0] != 1 || f.at[1] != 1)
        return refuse(a,
                      "of %s is not supported: only images [n, c, h, w] "
                      "become larger",
                      shape_show(&x->shape));
    for (int d = 2; d < 4; d++)
        if (!is_block(coordinate, rounding, f.at[d]))
            return refuse(a,
                          "with coordinate_transformation_mode=\"%s\" and "
                          "nearest_mode=\"%s\" is not supported",
                          coordinates[coordinate], roundings[rounding]);
    x = image_in(a, "nhwc", x);
    if (!x || !(node = add_node(a, OP_UPSAMPLE, NULL, &x, 1)))
        return false;
    node_attrs(node, UpsampleAttrs)->scale = (Size){ 2, { f.at[2], f.at[3] } };
    return out_tensor(a, 0, image_out(a, "nchw", add_end(a, node)));
}
