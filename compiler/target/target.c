/*
 * target.c - the machines: a row each.
 *
 * Registers and widths are the architecture's; sizes of caches and bandwidths
 * are those of a current server core (per core, bytes a cycle) and only steer
 * the choice of schedules.
 */
#include "target/target.h"

#include <string.h>

#define X86_GUARD "defined(__x86_64__) || defined(_M_X64)"
#define KB        1024

const Target targets[] = {
    {
        .name = "generic",
        .define = "CNNC_TARGET_GENERIC",
        .guard = "1",
        .about = "plain C99 for any compiler and machine",
        .lanes = { 0 },
        .registers = 16,
        .align = 16,
        .l1_bytes = 32 * KB,
        .l2_bytes = 256 * KB,
        .flops_per_cycle = 2,
        .load_bytes_per_cycle_l1 = 8,
        .load_bytes_per_cycle_l2 = 8,
        .load_bytes_per_cycle_memory = 2,
    },
    {
        .name = "x86-64-v2",
        .define = "CNNC_TARGET_X86_64_V2",
        .features = "sse3,ssse3,sse4.1,sse4.2,popcnt",
        .guard = X86_GUARD,
        .about = "SSE4.2: 4 floats a register, no fma (2008)",
        .lanes = { 4, 0 },
        .registers = 16,
        .align = 64,
        .l1_bytes = 32 * KB,
        .l2_bytes = 256 * KB,
        .flops_per_cycle = 12,
        .load_bytes_per_cycle_l1 = 32,
        .load_bytes_per_cycle_l2 = 20,
        .load_bytes_per_cycle_memory = 4,
    },
    {
        .name = "x86-64-v3",
        .define = "CNNC_TARGET_X86_64_V3",
        .features = "avx,avx2,fma,bmi,bmi2,f16c,lzcnt,movbe,popcnt",
        .guard = X86_GUARD,
        .about = "AVX2 and fma: 8 floats a register (2013)",
        .lanes = { 8, 4, 0 },
        .registers = 16,
        .fma = true,
        .align = 64,
        .l1_bytes = 32 * KB,
        .l2_bytes = 512 * KB,
        .flops_per_cycle = 32,
        .load_bytes_per_cycle_l1 = 64,
        .load_bytes_per_cycle_l2 = 32,
        .load_bytes_per_cycle_memory = 6,
    },
    {
        .name = "x86-64-v4",
        .define = "CNNC_TARGET_X86_64_V4",
        .features = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,"
                    "avx2,fma,bmi,bmi2,f16c,lzcnt,movbe,popcnt",
        .guard = X86_GUARD,
        .about = "AVX-512: 16 floats a register (2017)",
        .lanes = { 16, 8, 4, 0 },
        .registers = 32,
        .fma = true,
        .masks = true,
        .align = 64,
        .l1_bytes = 48 * KB,
        .l2_bytes = 2048 * KB,
        .flops_per_cycle = 64,
        .load_bytes_per_cycle_l1 = 128,
        .load_bytes_per_cycle_l2 = 50,
        .load_bytes_per_cycle_memory = 8,
    },
    {
        .name = "aarch64",
        .define = "CNNC_TARGET_AARCH64",
        .guard = "defined(__aarch64__) || defined(_M_ARM64)",
        .about = "64-bit Arm with NEON: 4 floats a register",
        .lanes = { 4, 0 },
        .registers = 32,
        .fma = true,
        .align = 64,
        .l1_bytes = 64 * KB,
        .l2_bytes = 512 * KB,
        .flops_per_cycle = 16,
        .load_bytes_per_cycle_l1 = 32,
        .load_bytes_per_cycle_l2 = 24,
        .load_bytes_per_cycle_memory = 6,
    },
};

const int target_count = (int)COUNT_OF(targets);

bool target_runs_here(const Target *target)
{
    if (strcmp(target->name, "generic") == 0)
        return true;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (strcmp(target->name, "x86-64-v2") == 0)
        return __builtin_cpu_supports("sse4.2");
    if (strcmp(target->name, "x86-64-v3") == 0)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (strcmp(target->name, "x86-64-v4") == 0)
        return __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512cd") &&
               __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl");
#elif defined(__aarch64__)
    if (strcmp(target->name, "aarch64") == 0)
        return true;
#endif
    return false;
}

/* The last row that runs here: rows of one architecture ascend. */
const Target *target_native(void)
{
    const Target *best = &targets[0];
    for (int i = 1; i < target_count; i++) {
        if (target_runs_here(&targets[i]))
            best = &targets[i];
    }
    return best;
}

const Target *target_find(const char *name)
{
    if (strcmp(name, "native") == 0)
        return target_native();
    for (int i = 0; i < target_count; i++) {
        if (strcmp(targets[i].name, name) == 0)
            return &targets[i];
    }
    return NULL;
}

bool target_weaves(int64_t count)
{
    return count == 2 || count == 3 || count == 4 || count == 6 || count == 8;
}

int target_lanes(const Target *target)
{
    return target->lanes[0] > 0 ? target->lanes[0] : 1;
}
