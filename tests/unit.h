/*
 * unit.h - what the CUnit programs share: a table of tests and its runner.
 *
 *     static const UnitTest tests[] = {
 *         UNIT(test_a_window_that_just_fits),
 *     };
 *     UNIT_MAIN("shapes", tests)
 *
 * The program's status is 1 where an assertion failed.
 */
#ifndef CNNC_TESTS_UNIT_H
#define CNNC_TESTS_UNIT_H

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

typedef struct UnitTest {
    const char *name;
    void (*run)(void);
} UnitTest;

#define UNIT(function)                                                         \
    {                                                                          \
#function, function                                                    \
    }
#define UNIT_MAIN(suite, tests)                                                \
    int main(void)                                                             \
    {                                                                          \
        return unit_run(suite, tests, sizeof(tests) / sizeof((tests)[0]));     \
    }

static int unit_run(const char *name, const UnitTest *tests, size_t count)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    CU_pSuite suite = CU_add_suite(name, NULL, NULL);
    for (size_t i = 0; i < count; i++)
        if (!CU_add_test(suite, tests[i].name, tests[i].run))
            return 1;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures =
        CU_get_number_of_failures() + (CU_get_number_of_tests_run() != count);
    CU_cleanup_registry();
    return failures != 0;
}

#endif
