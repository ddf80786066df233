/*
 * Basic.h - the few calls of CUnit that the runtime's tests make, for machines
 * that have CUnit only for the processor they build on: a test for another one
 * is compiled with -Itests/runtime/standin, and runs under an emulator.
 */
#ifndef STANDIN_CUNIT_BASIC_H
#define STANDIN_CUNIT_BASIC_H

#include <stdio.h>

typedef int *CU_pSuite;
enum { CUE_SUCCESS, CU_BRM_VERBOSE };

static unsigned standin_failures;

#define CU_ASSERT(condition)                                                   \
    ((condition) ? (void)0                                                     \
                 : (void)(standin_failures++, printf("%s:%d: %s\n", __FILE__,  \
                                                     __LINE__, #condition)))
#define CU_initialize_registry()    (standin_failures = 0, CUE_SUCCESS)
#define CU_add_suite(name, in, out) ((void)(name), (int *)&standin_failures)
#define CU_add_test(suite, name, f)                                            \
    ((void)(suite), printf("  Test: %s ...\n", name), (f)())
#define CU_basic_set_mode(mode)     ((void)(mode))
#define CU_basic_run_tests()        ((void)0)
#define CU_get_number_of_failures() standin_failures
#define CU_cleanup_registry()       ((void)0)

#endif
