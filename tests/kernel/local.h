/*
 * local.h - what the tests of the loop IR share.
 */
#ifndef TEST_KERNEL_LOCAL_H
#define TEST_KERNEL_LOCAL_H

#include "kernel/kernel.h"

#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#ifndef AT
#define AT(buffer, ...)                                                        \
    access_at((buffer), (const Affine *const[]){ __VA_ARGS__, NULL })
#endif

static const Type F32 = { DT_F32, 1 };

typedef struct TestRow {
    const char *name;
    CU_TestFunc run;
} TestRow;

/* Runs the table as one suite; main's exit status. */
static inline int run_tests(const char *suite, const TestRow *row, size_t count)
{
    unsigned failures;
    CU_initialize_registry();
    CU_pSuite s = CU_add_suite(suite, NULL, NULL);
    for (size_t i = 0; i < count; i++)
        CU_add_test(s, row[i].name, row[i].run);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures == 0 ? 0 : 1;
}

#endif
