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
    USE_VECTOR(V, round_even)
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
#include "region_end.h"
