/*
 * interpret_maths.c - the functions that the runtime offers, for one float.
 */
#include "kernel/interpret.h"

#include <math.h>

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double softplus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

/* MATHS(constant, function of double) */
#define MATHS(M)                                                               \
    M(EXP, exp)                                                                \
    M(LOG, log)                                                                \
    M(EXPM1, expm1)                                                            \
    M(LOG1P, log1p)                                                            \
    M(TANH, tanh)                                                              \
    M(SIGMOID, sigmoid)                                                        \
    M(ERF, erf)                                                                \
    M(SOFTPLUS, softplus)

#define M(id, function)                                                        \
    static float function##_of_float(float x)                                  \
    {                                                                          \
        return (float)function((double)x);                                     \
    }
MATHS(M)
#undef M

static const struct {
    float (*f32)(float);
    double (*f64)(double);
} rows[EXPR_COUNT] = {
#define M(id, function) [EXPR_##id] = { function##_of_float, function },
    MATHS(M)
#undef M
};

float (*maths_f32(ExprKind kind))(float)
{
    return rows[kind].f32;
}

double (*maths_f64(ExprKind kind))(double)
{
    return rows[kind].f64;
}
