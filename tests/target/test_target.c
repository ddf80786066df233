/*
 * test_target.c - what holds for every row of the table of machines.
 */
#include "../unit.h"

#include "target/target.h"

#include <ctype.h>
#include <string.h>

/* Runs the test for each target. */
#define EACH(t) for (const Target *t = targets; t < targets + target_count; t++)

static void test_each_is_found_by_its_name_alone(void)
{
    EACH(t)
    {
        CU_ASSERT_PTR_EQUAL(target_find(t->name), t);
    }
    CU_ASSERT_PTR_NULL(target_find("z80"));
    CU_ASSERT_PTR_NULL(target_find(""));
    CU_ASSERT_PTR_NULL(target_find("X86-64-V4"));
}

/* CNNC_TARGET_ and the name in capitals, dashes as underscores. */
static void test_defines_follow_the_names(void)
{
    EACH(t)
    {
        char expected[64] = "CNNC_TARGET_";
        size_t n = strlen(expected);
        for (const char *s = t->name; *s; s++)
            expected[n++] =
                (char)(*s == '-' ? '_' : toupper((unsigned char)*s));
        CU_ASSERT_STRING_EQUAL(t->define, expected);
    }
}

static void test_widths_descend_from_the_widest(void)
{
    EACH(t)
    {
        CU_ASSERT_EQUAL(target_lanes(t), t->lanes[0] ? t->lanes[0] : 1);
        for (int i = 0; i < 4 && t->lanes[i]; i++) {
            CU_ASSERT(t->lanes[i] == 4 || t->lanes[i] == 8 ||
                      t->lanes[i] == 16);
            CU_ASSERT(i == 0 || t->lanes[i] < t->lanes[i - 1]);
        }
        CU_ASSERT_EQUAL(t->lanes[3], 0);
    }
}

static void test_sizes_are_sensible(void)
{
    EACH(t)
    {
        CU_ASSERT(t->align >= 4 * target_lanes(t));
        CU_ASSERT((t->align & (t->align - 1)) == 0);
        CU_ASSERT(t->registers >= 8);
        CU_ASSERT(t->l1_bytes < t->l2_bytes);
        CU_ASSERT(t->flops_per_cycle > 0);
        CU_ASSERT(t->load_bytes_per_cycle_l1 >= t->load_bytes_per_cycle_l2);
        CU_ASSERT(t->load_bytes_per_cycle_l2 >= t->load_bytes_per_cycle_memory);
        CU_ASSERT(t->load_bytes_per_cycle_memory > 0);
        CU_ASSERT_PTR_NOT_NULL(t->about);
        CU_ASSERT_PTR_NOT_NULL(t->guard);
    }
}

static void test_an_instruction_set_is_named_where_one_is_used(void)
{
    EACH(t)
    {
        bool x86 = strncmp(t->name, "x86", 3) == 0;
        CU_ASSERT_EQUAL(t->features != NULL, x86);
        if (x86)
            CU_ASSERT_EQUAL(t->fma, strstr(t->features, "fma") != NULL);
    }
}

static void test_generic_runs_everywhere(void)
{
    const Target *generic = target_find("generic");
    CU_ASSERT_PTR_NOT_NULL_FATAL(generic);
    CU_ASSERT(target_runs_here(generic));
    CU_ASSERT_EQUAL(target_lanes(generic), 1);
}

static void test_native_is_the_best_that_runs(void)
{
    const Target *native = target_native();
    CU_ASSERT_PTR_EQUAL(target_find("native"), native);
    CU_ASSERT(target_runs_here(native));
    EACH(t)
    {
        CU_ASSERT(!target_runs_here(t) ||
                  target_lanes(t) <= target_lanes(native));
    }
}

/* Where v4 runs, v3 does, and so on. */
static void test_a_machine_runs_what_its_ancestors_run(void)
{
    static const char *const names[] = { "x86-64-v4", "x86-64-v3",
                                         "x86-64-v2" };
    bool runs = false;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        bool this = target_runs_here(target_find(names[i]));
        CU_ASSERT(this || !runs);
        runs = this;
    }
}

static const UnitTest tests[] = {
    UNIT(test_each_is_found_by_its_name_alone),
    UNIT(test_defines_follow_the_names),
    UNIT(test_widths_descend_from_the_widest),
    UNIT(test_sizes_are_sensible),
    UNIT(test_an_instruction_set_is_named_where_one_is_used),
    UNIT(test_generic_runs_everywhere),
    UNIT(test_native_is_the_best_that_runs),
    UNIT(test_a_machine_runs_what_its_ancestors_run),
};
UNIT_MAIN("target", tests)
