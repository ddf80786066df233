/*
 * test_weave.c - planes in vectors become pixels in memory.
 *
 *     f32x4_store_weave3(p, a, b, c)     a0 b0 c0 a1 b1 c1 a2 b2 c2 a3 b3 c3
 *
 * For each number of vectors, all lanes and each number of lanes: what is
 * written is in its place, and nothing else is written.
 */
#include "target.h"

#include <CUnit/Basic.h>

#define MOST 8

/* Lane l of vector c; what stood in memory before. */
static float lanes[MOST][16];
static float memory[MOST * 16 + 16];
enum { BEFORE = -7 };

static void prepare(void)
{
    int c, l, i;
    for (c = 0; c < MOST; c++)
        for (l = 0; l < 16; l++)
            lanes[c][l] = (float)(100 * c + l);
    for (i = 0; i < MOST * 16 + 16; i++)
        memory[i] = BEFORE;
}

/* n lanes of `count` vectors, from memory + 3 on. */
static void check(int count, int n)
{
    int i;
    for (i = 0; i < MOST * 16 + 16; i++) {
        int at = i - 3;
        float want = at >= 0 && at < count * n ? lanes[at % count][at / count]
                                               : (float)BEFORE;
        CU_ASSERT(same_float(memory[i], want));
    }
}

#include "region_begin.h"

#define FIRST2(V) V##_load(lanes[0]), V##_load(lanes[1])
#define FIRST3(V) FIRST2(V), V##_load(lanes[2])
#define FIRST4(V) FIRST3(V), V##_load(lanes[3])
#define FIRST6(V) FIRST4(V), V##_load(lanes[4]), V##_load(lanes[5])
#define FIRST8(V) FIRST6(V), V##_load(lanes[6]), V##_load(lanes[7])

/* The number of lanes is a constant wherever these are used. */
#define PART(V, N, C, n)                                                       \
    if (n < N) {                                                               \
        prepare();                                                             \
        V##_store_weave##C##_part(memory + 3, FIRST##C(V), n < N ? n : 1);     \
        check(C, n);                                                           \
    }
#define PARTS(V, N, C, n) PART(V, N, C, n) PART(V, N, C, n + 1)
#define COUNT(V, N, C)                                                         \
    static void V##_check_##C(void)                                            \
    {                                                                          \
        prepare();                                                             \
        V##_store_weave##C(memory + 3, FIRST##C(V));                           \
        check(C, N);                                                           \
        PARTS(V, N, C, 1)                                                      \
        PARTS(V, N, C, 3)                                                      \
        PARTS(V, N, C, 5)                                                      \
        PARTS(V, N, C, 7)                                                      \
        PARTS(V, N, C, 9)                                                      \
        PARTS(V, N, C, 11)                                                     \
        PARTS(V, N, C, 13)                                                     \
        PART(V, N, C, 15)                                                      \
    }
#define COUNTS(V, N)                                                           \
    COUNT(V, N, 2) COUNT(V, N, 3) COUNT(V, N, 4) COUNT(V, N, 6) COUNT(V, N, 8)
EACH_VECTOR(COUNTS)

#include "region_end.h"

static void test_every_lane_lies_between_those_of_the_others(void)
{
#define CALL(V, N)                                                             \
    V##_check_2();                                                             \
    V##_check_3();                                                             \
    V##_check_4();                                                             \
    V##_check_6();                                                             \
    V##_check_8();
    EACH_VECTOR(CALL)
#undef CALL
}

int main(void)
{
    CU_pSuite suite;
    unsigned failures;
    skip_unless_supported();
    if (CU_initialize_registry() != CUE_SUCCESS)
        return EXIT_FAILURE;
    suite = CU_add_suite("weave, " TARGET_NAME, NULL, NULL);
    CU_add_test(suite, "every lane lies between those of the others",
                test_every_lane_lies_between_those_of_the_others);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
