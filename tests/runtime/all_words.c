/* all_words.c - every function of maths, in functions of the target's region:
 * for test_header.sh, which looks at the object file. */
#include "target.h"

#include "region_begin.h"
#define USE(NAME)                                                              \
    void use_f32_##NAME(const float *x, float *y);                             \
    void use_f32_##NAME(const float *x, float *y)                              \
    {                                                                          \
        y[0] = f32_##NAME(x[0]);                                               \
    }
#define USE_VECTOR(V, NAME)                                                    \
    void use_##V##_##NAME(const float *x, float *y);                           \
    void use_##V##_##NAME(const float *x, float *y)                            \
    {                                                                          \
        V##_store(y, V##_##NAME(V##_load(x)));                                 \
    }
#define USE2(NAME)                                                             \
    void use_f32_##NAME(const float *x, float *y);                             \
    void use_f32_##NAME(const float *x, float *y)                              \
    {                                                                          \
        y[0] = f32_##NAME(x[0], x[1]);                                         \
    }
#define USE2_VECTOR(V, NAME)                                                   \
    void use_##V##_##NAME(const float *x, float *y);                           \
    void use_##V##_##NAME(const float *x, float *y)                            \
    {                                                                          \
        V##_store(y, V##_##NAME(V##_load(x), V##_load(y)));                    \
    }
#define USE_VECTORS(V, N)                                                      \
    USE_VECTOR(V, exp)                                                         \
    USE_VECTOR(V, expm1)                                                       \
    USE_VECTOR(V, log)                                                         \
    USE_VECTOR(V, log1p)                                                       \
    USE_VECTOR(V, tanh)                                                        \
    USE_VECTOR(V, sigmoid)                                                     \
    USE_VECTOR(V, erf)                                                         \
    USE_VECTOR(V, softplus)                                                    \
    USE_VECTOR(V, sqrt)                                                        \
    USE_VECTOR(V, round_even)                                                  \
    USE_VECTOR(V, sin)                                                         \
    USE_VECTOR(V, cos)                                                         \
    USE_VECTOR(V, tan)                                                         \
    USE_VECTOR(V, asin)                                                        \
    USE_VECTOR(V, acos)                                                        \
    USE_VECTOR(V, atan)                                                        \
    USE_VECTOR(V, sinh)                                                        \
    USE_VECTOR(V, cosh)                                                        \
    USE_VECTOR(V, asinh)                                                       \
    USE_VECTOR(V, acosh)                                                       \
    USE_VECTOR(V, atanh)                                                       \
    USE2_VECTOR(V, pow)                                                        \
    USE2_VECTOR(V, fmod)
EACH_VECTOR(USE_VECTORS)
USE(exp)
USE(expm1)
USE(log)
USE(log1p)
USE(tanh)
USE(sigmoid)
USE(erf)
USE(softplus)
USE(sqrt)
USE(floor)
USE(ceil)
USE(round_even)
USE(sin)
USE(cos)
USE(tan)
USE(asin)
USE(acos)
USE(atan)
USE(sinh)
USE(cosh)
USE(asinh)
USE(acosh)
USE(atanh)
USE2(pow)
USE2(fmod)
#include "region_end.h"
