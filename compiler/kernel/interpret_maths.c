/*
 * interpret_maths.c - mathematics: of floats the runtime's own, of doubles the
 * C library's.
 *
 * The runtime is taken as generated code for `generic` takes it, so floats are
 * the same to the last bit there, and within its bounds on other targets.
 */
#include "kernel/interpret.h"

#define CNNC_TARGET_GENERIC 1
#include <cnnc/net.h>

#include <math.h>

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double softplus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

/* M(constant, function): f32_function of the runtime, and one of double */
#define MATHS(M)                                                               \
    M(EXP, exp)                                                                \
    M(LOG, log)                                                                \
    M(EXPM1, expm1)                                                            \
    M(LOG1P, log1p)                                                            \
    M(TANH, tanh)                                                              \
    M(SIGMOID, sigmoid)                                                        \
    M(ERF, erf)                                                                \
    M(SOFTPLUS, softplus)                                                      \
    M(SIN, sin)                                                                \
    M(COS, cos)                                                                \
    M(TAN, tan)                                                                \
    M(ASIN, asin)                                                              \
    M(ACOS, acos)                                                              \
    M(ATAN, atan)                                                              \
    M(SINH, sinh)                                                              \
    M(COSH, cosh)                                                              \
    M(ASINH, asinh)                                                            \
    M(ACOSH, acosh)                                                            \
    M(ATANH, atanh)

static const struct {
    float (*f32)(float);
    double (*f64)(double);
} rows[EXPR_COUNT] = {
#define M(id, function) [EXPR_##id] = { f32_##function, function },
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

/* The same of two operands. */
static const struct {
    float (*f32)(float, float);
    double (*f64)(double, double);
} rows2[EXPR_COUNT] = {
    [EXPR_POW] = { f32_pow, pow },
    [EXPR_FMOD] = { f32_fmod, fmod },
};

float (*maths2_f32(ExprKind kind))(float, float)
{
    return rows2[kind].f32;
}

double (*maths2_f64(ExprKind kind))(double, double)
{
    return rows2[kind].f64;
}
