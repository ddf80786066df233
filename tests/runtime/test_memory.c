/*
 * test_memory.c - loads and stores touch their elements, and nothing else.
 *
 *     | no access |  page that may be used  | no access |
 *                 ^ data begins        data ends ^
 *
 * Every form runs with its data at either end, at each n that it can have. One
 * byte too many, and the system ends the program.
 */
#define _DEFAULT_SOURCE /* mmap */
#include "target.h"

#include <CUnit/Basic.h>
#include <sys/mman.h>

enum { PAGE = 65536 }; /* a multiple of every page size in use */

static unsigned char *page;

static void open_page(void)
{
    unsigned char *all =
        (unsigned char *)mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED || mprotect(all, PAGE, PROT_NONE) != 0 ||
        mprotect(all + 2 * PAGE, PAGE, PROT_NONE) != 0) {
        perror("mmap");
        exit(EXIT_FAILURE);
    }
    page = all + PAGE;
}

#include "region_begin.h"

/* The first bytes of the page, then the last ones. */
#define AT(end, bytes) (page + ((end) ? PAGE - (int)(bytes) : 0))

#define WHOLE(V, N)                                                            \
    static void V##_check_whole(int end)                                       \
    {                                                                          \
        float *p = (float *)(void *)AT(end, N * sizeof(float));                \
        const float *q =                                                       \
            (const float *)(void *)AT(end, (2 * N - 1) * sizeof(float));       \
        float y[N];                                                            \
        V##_store(p, V##_splat(3));                                            \
        CU_ASSERT(V##_sum(V##_load(p)) == 3 * N);                              \
        V##_store(y, V##_load_even(q));                                        \
        CU_ASSERT(y[0] == q[0] && y[N - 1] == q[2 * N - 2]);                   \
        memset(AT(end, N), 1, N);                                              \
        CU_ASSERT(V##_sum(V##_load_u8(AT(end, N))) == N);                      \
        CU_ASSERT(V##_sum(V##_load_i8((int8_t *)AT(end, N))) == N);            \
    }
EACH_VECTOR(WHOLE)

#define PART(V, n)                                                             \
    {                                                                          \
        float *p = (float *)(void *)AT(end, n * sizeof(float));                \
        V##_store_part(p, V##_splat(3), n);                                    \
        CU_ASSERT(V##_sum(V##_load_part(p, n)) == 3 * n);                      \
        memset(AT(end, n), 1, n);                                              \
        CU_ASSERT(V##_sum(V##_load_u8_part(AT(end, n), n)) == n);              \
        CU_ASSERT(V##_sum(V##_load_i8_part((int8_t *)AT(end, n), n)) == n);    \
    }
#define PARTS4(V) PART(V, 1) PART(V, 2) PART(V, 3) PART(V, 4)
#define PARTS8(V) PARTS4(V) PART(V, 5) PART(V, 6) PART(V, 7) PART(V, 8)
#define PARTS16(V)                                                             \
    PARTS8(V)                                                                  \
    PART(V, 9)                                                                 \
    PART(V, 10)                                                                \
    PART(V, 11) PART(V, 12) PART(V, 13) PART(V, 14) PART(V, 15) PART(V, 16)
#define PARTS(V, N)                                                            \
    static void V##_check_parts(int end)                                       \
    {                                                                          \
        PARTS##N(V)                                                            \
    }
EACH_VECTOR(PARTS)

/* Vectors at every element, whatever its alignment. */
#define UNALIGNED(V, N)                                                        \
    static void V##_check_unaligned(int shift)                                 \
    {                                                                          \
        float *p = (float *)(void *)(page + shift);                            \
        V##_store(p, V##_splat(2));                                            \
        CU_ASSERT(V##_sum(V##_load(p)) == 2 * N);                              \
    }
EACH_VECTOR(UNALIGNED)

#include "region_end.h"

static void test_whole_vectors_end_at_their_last_element(void)
{
#define CALL(V, N)                                                             \
    V##_check_whole(0);                                                        \
    V##_check_whole(1);
    EACH_VECTOR(CALL)
#undef CALL
}

static void test_parts_end_at_their_last_element(void)
{
#define CALL(V, N)                                                             \
    V##_check_parts(0);                                                        \
    V##_check_parts(1);
    EACH_VECTOR(CALL)
#undef CALL
}

static void test_vectors_at_any_address(void)
{
    int shift;
    for (shift = 0; shift < 64; shift += 4) {
#define CALL(V, N) V##_check_unaligned(shift);
        EACH_VECTOR(CALL)
#undef CALL
    }
}

int main(void)
{
    CU_pSuite suite;
    unsigned failures;
    skip_unless_supported();
    open_page();
    if (CU_initialize_registry() != CUE_SUCCESS)
        return EXIT_FAILURE;
    suite = CU_add_suite("memory, " TARGET_NAME, NULL, NULL);
    CU_add_test(suite, "whole vectors end at their last element",
                test_whole_vectors_end_at_their_last_element);
    CU_add_test(suite, "parts end at their last element",
                test_parts_end_at_their_last_element);
    CU_add_test(suite, "vectors at any address", test_vectors_at_any_address);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
