/* region_end.h - what a generated file prints behind its functions. */
#if defined(CNNC_TARGET_X86_64_V4) || defined(CNNC_TARGET_X86_64_V3) ||        \
    defined(CNNC_TARGET_X86_64_V2)
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
