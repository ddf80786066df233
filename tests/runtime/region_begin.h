/* region_begin.h - what a generated file prints in front of its functions. */
#if defined(CNNC_TARGET_X86_64_V4) && defined(__clang__)
#pragma clang attribute push(                                                  \
    __attribute__((target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,"       \
                          "avx2,fma,bmi,bmi2,f16c,lzcnt,movbe,popcnt"))),      \
    apply_to = function)
#elif defined(CNNC_TARGET_X86_64_V4)
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,"              \
                   "avx2,fma,bmi,bmi2,f16c,lzcnt,movbe,popcnt")
#elif defined(CNNC_TARGET_X86_64_V3) && defined(__clang__)
#pragma clang attribute push(                                                  \
    __attribute__((target("avx,avx2,fma,bmi,bmi2,f16c,lzcnt,movbe,popcnt"))),  \
    apply_to = function)
#elif defined(CNNC_TARGET_X86_64_V3)
#pragma GCC push_options
#pragma GCC target("avx,avx2,fma,bmi,bmi2,f16c,lzcnt,movbe,popcnt")
#elif defined(CNNC_TARGET_X86_64_V2) && defined(__clang__)
#pragma clang attribute push(                                                  \
    __attribute__((target("sse3,ssse3,sse4.1,sse4.2,popcnt"))),                \
    apply_to = function)
#elif defined(CNNC_TARGET_X86_64_V2)
#pragma GCC push_options
#pragma GCC target("sse3,ssse3,sse4.1,sse4.2,popcnt")
#endif
