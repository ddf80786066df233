/*
 * adapt_resize.c - Resize and Upsample.
 *
 *     y = Resize(x, , scales) mode="linear"      scales [1, 1, 2, 1.5]
 *
 * Any dimensions may change, each for itself: two neighbours at a time are the
 * height and width of an image, what lies before them is a batch, what lies
 * behind them (or, where nothing does, before them) are channels.
 *
 *     [n, c, h, w]      as [n, h, w, c]       the last two: turned
 *     [n, h, w, c]      as it is              neighbours within
 *     [n, c, l]         as [n, 1, l, c]       a single one
 *
 * The nearest pixel at a whole factor s is mostly i / s, rounded down, wherever
 * it is looked for: then pixels become blocks of equal ones, `upsample`.
 */
#include "import/local.h"

#include <math.h>

#define MOST ((double)INT32_MAX) /* pixels in a line */

enum { NEAREST, LINEAR, CUBIC };

static const char *const modes[] = { "nearest", "linear", "cubic", NULL };

enum { HALF_PIXEL, ASYMMETRIC, PYTORCH, SYMMETRIC, ALIGN, CROP, TF_HALF_PIXEL };

static const char *const coordinates[] = {
    "half_pixel",           "asymmetric",
    "pytorch_half_pixel",   "half_pixel_symmetric",
    "align_corners",        "tf_crop_and_resize",
    "tf_half_pixel_for_nn", NULL
};
static const char *const our_coordinates[] = {
    "half_pixel",    "asymmetric", "pytorch_half_pixel", "half_pixel_symmetric",
    "align_corners", "crop",       "tf_half_pixel"
};

enum { PREFER_FLOOR, PREFER_CEIL, FLOOR, CEIL };

static const char *const roundings[] = { "round_prefer_floor",
                                         "round_prefer_ceil", "floor", "ceil",
                                         NULL };
static const char *const our_roundings[] = { "prefer_floor", "prefer_ceil",
                                             "floor", "ceil" };

enum { STRETCH, NOT_LARGER, NOT_SMALLER };

static const char *const policies[] = { "stretch", "not_larger", "not_smaller",
                                        NULL };

/* How a dimension changes. */
typedef struct Change {
    int64_t in, out;
    double scale;      /* the size is this times the input's, rounded */
    double start, end; /* of the region, as shares of the input */
    int rounding;
} Change;

typedef struct Resizing {
    int mode, coordinate, rounding, policy;
    bool antialias, exclude_outside;
    double cubic, outside;
    int rank, count;         /* count: of the lists that are read */
    int axes[ONNX_MAX_RANK]; /* the dimensions of their items */
    Change at[ONNX_MAX_RANK];
} Resizing;

/* ---- attributes ---------------------------------------------------------------------- */

/* Before opset 11 there was one way to find a pixel, as Upsample does. */
static bool read_how(Adapt *a, Resizing *r)
{
    static const char *const old_modes[] = { "nearest", "linear", NULL };
    static const char *const first_modes[] = { "nearest", "bilinear", NULL };
    r->mode = attr_choice(a, "mode",
                          a->opset < 7    ? first_modes
                          : a->opset < 11 ? old_modes
                                          : modes);
    r->coordinate = ASYMMETRIC;
    r->rounding = FLOOR;
    if (a->opset < 11)
        return !a->failed;
    r->coordinate =
        attr_choice(a, "coordinate_transformation_mode", coordinates);
    r->rounding = attr_choice(a, "nearest_mode", roundings);
    r->cubic = attr_float(a, "cubic_coeff_a", -0.75);
    r->outside = attr_float(a, "extrapolation_value", 0);
    r->exclude_outside = attr_flag(a, "exclude_outside", false);
    if (a->opset < 18)
        return !a->failed;
    r->antialias = attr_flag(a, "antialias", false);
    r->policy = attr_choice(a, "keep_aspect_ratio_policy", policies);
    return !a->failed;
}

/* Which dimensions the lists are about, and at first no change of any. */
static bool read_axes(Adapt *a, const Shape *x, Resizing *r)
{
    bool seen[ONNX_MAX_RANK] = { false };
    int64_t axes[ONNX_MAX_RANK];
    const int given =
        a->opset >= 18 ? attr_ints(a, "axes", axes, ONNX_MAX_RANK) : -1;
    r->rank = x->rank;
    r->count = given < 0 ? x->rank : given;
    for (int d = 0; d < x->rank; d++)
        r->at[d] = (Change){ .in = x->dim[d],
                             .out = x->dim[d],
                             .scale = 1,
                             .end = 1,
                             .rounding = r->rounding };
    for (int i = 0; i < r->count; i++) {
        int64_t axis = given < 0 ? i : axes[i];
        if (axis < -x->rank || axis >= x->rank)
            return refuse(a, "has the axis %lld of a tensor of rank %d",
                          (long long)axis, x->rank);
        axis += axis < 0 ? x->rank : 0;
        if (seen[axis])
            return refuse(a, "names the axis %lld twice", (long long)axis);
        seen[axis] = true;
        r->axes[i] = (int)axis;
    }
    return !a->failed;
}

/* ---- sizes ----------------------------------------------------------------------------- */

static bool check_count(Adapt *a, const char *what, int64_t count, int wanted)
{
    return count == wanted || refuse(a, "has %lld %s for %d dimensions",
                                     (long long)count, what, wanted);
}

/* The size is rounded down, and the product to a float before: a factor of
 * 0.7, which no float is, makes 7 pixels of 10. */
static bool set_scale(Adapt *a, Resizing *r, int i, double scale)
{
    Change *change = &r->at[r->axes[i]];
    const float out = floorf((float)change->in * (float)scale);
    if (!((double)out >= 1 && (double)out <= MOST))
        return refuse(a, "by a factor of %g of %lld is not possible", scale,
                      (long long)change->in);
    change->out = (int64_t)out;
    change->scale = scale;
    if (a->opset < 11) /* towards the larger where there are less */
        change->rounding = scale < 1 ? CEIL : FLOOR;
    return true;
}

static bool read_scales(Adapt *a, Resizing *r, int input)
{
    const OnnxTensor *scales = in_need_constant(a, input, "scales");
    if (!scales || !check_count(a, "scales", scales->count, r->count))
        return false;
    if (r->policy != STRETCH)
        return refuse(a, "keeps the ratio of sizes, and has scales");
    for (int i = 0; i < r->count; i++)
        if (!set_scale(a, r, i, onnx_tensor_number(scales, i)))
            return false;
    return true;
}

/* Of images alone, in the first of all opsets that have it. */
static bool read_two_factors(Adapt *a, Resizing *r)
{
    if (r->rank != 4)
        return refuse(a, "needs images [n, c, h, w], got %d dimensions",
                      r->rank);
    if (!attr_given(a, "height_scale") || !attr_given(a, "width_scale"))
        return refuse(a, "needs the attributes 'height_scale' and "
                         "'width_scale'");
    return set_scale(a, r, 2, attr_float(a, "height_scale", 1)) &&
           set_scale(a, r, 3, attr_float(a, "width_scale", 1));
}

static bool read_attribute(Adapt *a, Resizing *r)
{
    const float *list;
    const int count = attr_floats(a, "scales", &list);
    if (count < 0)
        return refuse(a, "needs the attribute 'scales'");
    if (!check_count(a, "scales", count, r->count))
        return false;
    for (int i = 0; i < r->count; i++)
        if (!set_scale(a, r, i, (double)list[i]))
            return false;
    return true;
}

/* All dimensions by the least factor of them, or the largest. */
static void keep_ratio(Resizing *r)
{
    double scale = r->at[r->axes[0]].scale;
    for (int i = 1; i < r->count; i++) {
        const double other = r->at[r->axes[i]].scale;
        scale =
            r->policy == NOT_LARGER ? fmin(scale, other) : fmax(scale, other);
    }
    for (int i = 0; i < r->count; i++) {
        Change *change = &r->at[r->axes[i]];
        change->scale = scale;
        change->out = (int64_t)fmin(floor(scale * (double)change->in + 0.5),
                                    (double)INT64_MAX / 2);
    }
}

static bool read_sizes(Adapt *a, Resizing *r, int input)
{
    int64_t sizes[ONNX_MAX_RANK];
    const int count = in_ints(a, input, "sizes", sizes, ONNX_MAX_RANK);
    if (count < 0 || !check_count(a, "sizes", count, r->count))
        return false;
    for (int i = 0; i < r->count; i++) {
        Change *change = &r->at[r->axes[i]];
        change->out = sizes[i];
        change->scale = (double)sizes[i] / (double)change->in;
    }
    if (r->policy != STRETCH && r->count > 0)
        keep_ratio(r);
    for (int i = 0; i < r->count; i++) {
        int64_t out = r->at[r->axes[i]].out;
        if (out < 1 || (double)out > MOST)
            return refuse(a, "to a size of %lld is not possible",
                          (long long)out);
    }
    return true;
}

/* roi: the starts of all, then the ends. */
static bool read_region(Adapt *a, Resizing *r)
{
    const OnnxTensor *roi;
    if (r->coordinate != CROP) {
        in_ignore(a, 1);
        return true;
    }
    if (!in_given(a, 1))
        return refuse(a, "needs a region (roi)");
    roi = in_need_constant(a, 1, "region");
    if (!roi ||
        !check_count(a, "numbers in its region", roi->count, 2 * r->count))
        return false;
    for (int i = 0; i < r->count; i++) {
        Change *change = &r->at[r->axes[i]];
        change->start = onnx_tensor_number(roi, i);
        change->end = onnx_tensor_number(roi, r->count + i);
        if (!isfinite(change->start) || !isfinite(change->end))
            return refuse(a, "with a region from %g to %g is not possible",
                          change->start, change->end);
    }
    return true;
}

/* An input that is left out may be there and empty. */
static bool is_there(Adapt *a, int i)
{
    const OnnxTensor *list = in_given(a, i) ? in_constant(a, i) : NULL;
    return in_given(a, i) && (!list || list->count > 0);
}

static bool read_changes(Adapt *a, Resizing *r)
{
    if (a->opset < 7)
        return read_two_factors(a, r);
    if (a->opset < 9)
        return read_attribute(a, r);
    if (a->opset < 11)
        return read_scales(a, r, 1);
    if (!read_region(a, r))
        return false;
    if (is_there(a, 2) && is_there(a, 3))
        return refuse(a, "has both scales and sizes");
    if (is_there(a, 2))
        return read_scales(a, r, 2);
    if (is_there(a, 3))
        return read_sizes(a, r, 3);
    return refuse(a, "has neither scales nor sizes");
}

/* ---- nodes ------------------------------------------------------------------------------- */

static bool changes(const Resizing *r, int d)
{
    const Change *c = &r->at[d];
    return c->out != c->in || c->scale != 1 ||
           (r->coordinate == CROP && (c->start != 0 || c->end != 1));
}

/* Whether each pixel becomes a block of equal ones. */
static bool is_block(const Resizing *r, const Change *c)
{
    const int64_t factor = c->out / c->in;
    if (r->mode != NEAREST || c->scale != (double)factor || factor < 1 ||
        r->coordinate == CROP || r->coordinate == ALIGN)
        return false;
    if (factor == 1 || r->coordinate == TF_HALF_PIXEL)
        return factor == 1 || c->rounding == FLOOR;
    if (r->coordinate == ASYMMETRIC)
        return c->rounding == FLOOR ||
               (c->rounding == PREFER_FLOOR && factor == 2);
    return c->rounding == PREFER_FLOOR || c->rounding == PREFER_CEIL;
}

static Tensor *add_resize(Adapt *a, const Resizing *r, const Change *const at[],
                          Tensor *x)
{
    Node *node = add_node(a, OP_RESIZE, NULL, &x, 1);
    ResizeAttrs *attrs;
    if (!node)
        return NULL;
    attrs = node_attrs(node, ResizeAttrs);
    attrs->size = (Size){ 2, { at[0]->out, at[1]->out } };
    attrs->mode = modes[r->mode];
    attrs->coordinates = our_coordinates[r->coordinate];
    attrs->round = our_roundings[at[1]->rounding];
    attrs->cubic = r->cubic;
    attrs->antialias = r->antialias;
    attrs->exclude_outside = r->exclude_outside;
    attrs->outside = r->outside;
    attrs->scale = (FloatList){ 2, NEW_N(a->graph->arena, double, 2) };
    attrs->crop = (FloatList){ 4, NEW_N(a->graph->arena, double, 4) };
    for (int i = 0; i < 2; i++) {
        attrs->scale.at[i] = at[i]->scale;
        attrs->crop.at[i] = at[i]->start;
        attrs->crop.at[i + 2] = at[i]->end;
    }
    return add_end(a, node);
}

/* An image channels last. */
static Tensor *resize_image(Adapt *a, const Resizing *r,
                            const Change *const at[], Tensor *x)
{
    Node *node;
    if (!is_block(r, at[0]) || !is_block(r, at[1]))
        return add_resize(a, r, at, x);
    if (!(node = add_node(a, OP_UPSAMPLE, NULL, &x, 1)))
        return NULL;
    node_attrs(node, UpsampleAttrs)->scale =
        (Size){ 2, { at[0]->out / at[0]->in, at[1]->out / at[1]->in } };
    return add_end(a, node);
}

static int64_t product(const Shape *shape, int from, int to)
{
    int64_t count = 1;
    for (int d = from; d < to; d++)
        count *= shape->dim[d];
    return count;
}

/* Dimension `last` and, where first is not last, the one before it. */
static Tensor *resize_dims(Adapt *a, const Resizing *r, int first, int last,
                           Tensor *x)
{
    static const Change none = { 1, 1, 1, 0, 1, FLOOR };
    const Change *const at[] = { first < last ? &r->at[first] : &none,
                                 &r->at[last] };
    const bool turned = last == r->rank - 1;
    const int batch = !turned ? first : first > 1 ? 1 : 0; /* dimensions */
    Shape shape = x->shape;
    int64_t image[4] = { product(&shape, 0, batch), at[0]->in, at[1]->in,
                         product(&shape, last + 1, r->rank) };
    if (turned) {
        image[1] = product(&shape, batch, first);
        image[2] = at[0]->in;
        image[3] = at[1]->in;
    }
    x = add_reshape(a, "image", x, shape_of(4, image));
    x = turned ? image_in(a, "nhwc", x) : x;
    x = resize_image(a, r, at, x);
    x = turned ? image_out(a, "nchw", x) : x;
    if (first < last)
        shape.dim[first] = at[0]->out;
    shape.dim[last] = at[1]->out;
    return add_reshape(a, "resized", x, shape);
}

/* A pair of dimensions is found as one node where both round alike. */
static bool is_pair(const Resizing *r, int d)
{
    return d > 0 && changes(r, d - 1) &&
           (r->mode != NEAREST || r->at[d].rounding == r->at[d - 1].rounding);
}

bool adapt_resize(Adapt *a)
{
    Tensor *x = in_tensor(a, 0), *y = x;
    Resizing r = { .policy = STRETCH };
    if (!x || !read_how(a, &r) || !read_axes(a, &x->shape, &r) ||
        !read_changes(a, &r))
        return false;
    for (int d = x->shape.rank - 1; d >= 0 && y; d--) {
        const int last = d;
        if (!changes(&r, d))
            continue;
        d -= is_pair(&r, d);
        y = resize_dims(a, &r, d, last, y);
    }
    return y == x ? out_input(a, 0, 0) : out_tensor(a, 0, y);
}
