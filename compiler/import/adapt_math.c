/*
 * adapt_math.c - Pow, Mod, PRelu, Gelu.
 *
 *     Pow(x, 2)   square(x)         Pow(x, 0.5)   sqrt(x)
 *     Pow(x, 3)   square(x) * x     Pow(x, y)     pow(x, y)
 *
 * The general power takes many times as long as the common ones.
 */
#include <math.h>

#include "import/local.h"

/* ---- Pow ------------------------------------------------------------------------- */

/* The exponent where it is one number that does not widen x. */
static bool one_exponent(Adapt *a, double *exponent)
{
    const OnnxTensor *constant = in_constant(a, 1);
    if (!constant || constant->count != 1 || constant->rank > in_rank(a, 0) ||
        a->folding)
        return false;
    *exponent = onnx_tensor_number(constant, 0);
    return true;
}

/* The exponents, which may be whole numbers beside floats. */
static Tensor *exponents(Adapt *a)
{
    const OnnxTensor *constant = in_constant(a, 1);
    Shape shape;
    float *data;
    if (!constant || constant->type == DT_F32 || a->folding)
        return in_tensor(a, 1);
    if (!constant_shape(constant, &shape)) {
        refuse(a, "with no exponents ('%s') is not supported", in_name(a, 1));
        return NULL;
    }
    data = NEW_N(a->graph->arena, float, constant->count);
    for (int64_t i = 0; i < constant->count; i++)
        data[i] = (float)onnx_tensor_number(constant, i);
    return add_constant(a, "exponent", shape, data);
}

/* NULL: nothing simpler than a power. */
static Tensor *simple_power(Adapt *a, Tensor *x, double exponent)
{
    if (exponent == 2)
        return add_1(a, OP_SQUARE, NULL, x);
    if (exponent == 3)
        return add_2(a, OP_MUL, NULL, add_1(a, OP_SQUARE, "square", x), x);
    if (exponent == 0.5)
        return add_1(a, OP_SQRT, NULL, x);
    if (exponent == -0.5)
        return add_1(a, OP_RECIPROCAL, NULL, add_1(a, OP_SQRT, "sqrt", x));
    if (exponent == -1)
        return add_1(a, OP_RECIPROCAL, NULL, x);
    return NULL;
}

/* The axis and broadcast attributes of opset 6 are those of in_pair. */
bool adapt_pow(Adapt *a)
{
    Tensor *pair[2], *x;
    double exponent;
    if (a->opset < 7)
        return in_pair(a, pair) &&
               out_tensor(a, 0, add_2(a, OP_POW, NULL, pair[0], pair[1]));
    if (a->opset < 12 && in_type(a, 0) != in_type(a, 1))
        return refuse(a, "of %s and %s needs opset 12",
                      dtype_numpy(in_type(a, 0)), dtype_numpy(in_type(a, 1)));
    x = in_tensor(a, 0);
    if (x && one_exponent(a, &exponent)) {
        Tensor *y;
        if (exponent == 1)
            return out_input(a, 0, 0);
        if ((y = simple_power(a, x, exponent)))
            return out_tensor(a, 0, y);
    }
    return out_tensor(a, 0, add_2(a, OP_POW, NULL, x, exponents(a)));
}

/* ---- Mod ------------------------------------------------------------------------- */

/* a - b * floor(a / b): the remainder has the sign of b. */
static Tensor *floored(Adapt *a, Tensor *x, Tensor *y)
{
    Tensor *whole = add_1(a, OP_FLOOR, "floor", add_2(a, OP_DIV, "div", x, y));
    return add_2(a, OP_SUB, NULL, x, add_2(a, OP_MUL, "mul", y, whole));
}

/* Floats have the remainder of C's fmod and no other, says ONNX. */
bool adapt_mod(Adapt *a)
{
    const bool fmod = attr_flag(a, "fmod", false);
    Tensor *pair[2];
    if (!in_pair(a, pair))
        return false;
    if (fmod)
        return out_tensor(a, 0, add_2(a, OP_FMOD, NULL, pair[0], pair[1]));
    if (dtype_is_float(in_type(a, 0)))
        return refuse(a, "of floats needs fmod=1");
    return out_tensor(a, 0, floored(a, pair[0], pair[1]));
}

/* ---- activations ----------------------------------------------------------------- */

/* Before opset 7 a list of slopes is one for each channel. */
static Tensor *slopes(Adapt *a, const Tensor *x)
{
    Tensor *slope = in_tensor(a, 1);
    Shape shape;
    if (!slope || a->opset >= 7 || slope->shape.rank != 1 || x->shape.rank < 2)
        return slope;
    shape = slope->shape;
    while (shape.rank < x->shape.rank - 1)
        shape.dim[shape.rank++] = 1;
    return add_reshape(a, "slope", slope, shape);
}

bool adapt_prelu(Adapt *a)
{
    Tensor *x = in_tensor(a, 0), *slope = x ? slopes(a, x) : NULL;
    Tensor *y = add_2(a, OP_PRELU, NULL, x, slope);
    if (y && !shape_equal(&y->shape, &x->shape))
        return refuse(a, "cannot spread slopes of %s over %s",
                      shape_show(&slope->shape), shape_show(&x->shape));
    return out_tensor(a, 0, y);
}

bool adapt_gelu(Adapt *a)
{
    static const char *const words[] = { "none", "tanh", NULL };
    const Op op = attr_choice(a, "approximate", words) ? OP_GELU_TANH : OP_GELU;
    return out_tensor(a, 0, add_1(a, op, NULL, in_tensor(a, 0)));
}
