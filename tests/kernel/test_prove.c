/*
 * test_prove.c - what is right is proved, what is off by one is refused.
 */
#include "../unit.h"
#include "local.h"

typedef struct Case {
    const char *buffers, *body;
} Case;

static void prove_case(void *argument)
{
    const Case *c = argument;
    Arena *arena = arena_new();
    Program *program = kernel_of(arena, c->buffers, c->body);
    kernel_verify(program->kernels.at[0], NULL, false);
    kernel_prove(program->kernels.at[0]);
    program_free(program);
    arena_free(arena);
}

static void check_proved(const char *buffers, const char *body)
{
    Case c = { buffers, body };
    char *message;
    int status = run_in_child(prove_case, &c, &message);
    CU_ASSERT_EQUAL(status, 0);
    if (status != 0)
        fprintf(stderr, "%s", message);
    mem_free(message);
}

static void check_refused(const char *buffers, const char *body)
{
    Case c = { buffers, body };
    CU_ASSERT(ends_with_bug(prove_case, &c, "cannot prove"));
}

static const char xy[] = "x: input f32[8][32]\ny: output f32[8][32]\n";

static void test_plain_loops(void)
{
    check_proved(xy, "for i in 0..8\n    for j in 0..32\n"
                     "        y[i][j] = x[7 - i][j]\n");
    check_refused(xy, "for i in 0..9\n    y[i][0] = 0.0\n");
    check_refused(xy, "for i in 0..8\n    y[i][0] = x[i][32]\n");
    check_refused(xy, "for i in 0..8\n    y[i][0] = x[i - 1][0]\n");
    check_refused(xy, "for i in 0..8\n    y[i][0] = x[8 - i][0]\n");
}

static void test_a_window_and_its_padding(void)
{
    check_proved(xy, "for o in 0..8\n"
                     "    y[o][0] = 0.0\n"
                     "    for k in max(0, 2 - o)..min(5, 10 - o)\n"
                     "        y[o][0] += x[o + k - 2][0]\n");
    check_refused(xy, "for o in 0..8\n"
                      "    for k in max(0, 1 - o)..min(5, 10 - o)\n"
                      "        y[o][0] = x[o + k - 2][0]\n");
    check_refused(xy, "for o in 0..8\n"
                      "    for k in max(0, 2 - o)..min(5, 11 - o)\n"
                      "        y[o][0] = x[o + k - 2][0]\n");
    check_refused(xy, "for o in 0..8\n"
                      "    for k in max(0, 2 - o)..5\n"
                      "        y[o][0] = x[o + k - 2][0]\n");
}

static void test_a_window_with_stride_and_dilation(void)
{
    check_proved(xy, "for o in 0..4\n"
                     "    for k in max(0, ceil((3 - 2*o) / 3))..min(3, "
                     "ceil((11 - 2*o) / 3))\n"
                     "        y[o][k] = x[2*o + 3*k - 3][0]\n");
    check_refused(xy, "for o in 0..4\n"
                      "    for k in max(0, ceil((3 - 2*o) / 3))..min(3, "
                      "ceil((12 - 2*o) / 3))\n"
                      "        y[o][k] = x[2*o + 3*k - 3][0]\n");
    check_refused(xy, "for o in 0..4\n"
                      "    for k in max(0, ceil((2 - 2*o) / 3))..min(3, "
                      "ceil((11 - 2*o) / 3))\n"
                      "        y[o][k] = x[2*o + 3*k - 3][0]\n");
}

static void test_a_split_with_a_tail(void)
{
    check_proved(xy, "for j.o in 0..5\n"
                     "    for j.i in 0..min(7, 32 - 7*j.o)\n"
                     "        y[0][7*j.o + j.i] = 0.0\n");
    check_refused(xy, "for j.o in 0..5\n"
                      "    for j.i in 0..min(7, 33 - 7*j.o)\n"
                      "        y[0][7*j.o + j.i] = 0.0\n");
    check_refused(xy, "for j.o in 0..5\n    for j.i in 0..7\n"
                      "        y[0][7*j.o + j.i] = 0.0\n");
}

static void test_lanes_of_a_vector(void)
{
    check_proved(xy, "for j in 0..2\n"
                     "    y[0][16*j] = load16(x[7][16*j])\n");
    check_refused(xy, "y[0][0] = load16(x[0][17])\n");
    check_refused(xy, "y[0][17] = load16(x[0][0])\n");
    check_refused(xy, "y[7][0] = load16(x[0][0]) + load16(x[0][30])\n");
}

static void test_active_lanes_count_alone(void)
{
    check_proved(xy, "y[0][27] = load16(x[0][27], 5) first 5\n");
    check_refused(xy, "y[0][27] = load16(x[0][27], 6) first 5\n");
    check_refused(xy, "y[0][28] = load16(x[0][27], 5) first 5\n");
}

static void test_even_lanes_reach_twice_as_far(void)
{
    check_proved(xy, "y[0][0] = even16(x[0][1])\n");
    check_refused(xy, "y[0][0] = even16(x[0][2])\n");
}

static void test_halo_and_slack_may_be_touched(void)
{
    static const char halo[] =
        "x: arena f32[1|8|2][4] at 0\ny: output f32[16]\n";
    check_proved(halo, "for i in 0..11\n    y[i] = x[i - 1][3]\n");
    check_refused(halo, "for i in 0..11\n    y[i] = x[i - 2][3]\n");
    check_refused(halo, "for i in 0..11\n    y[i] = x[i][3]\n");
}

static void test_flat_addresses_within_the_buffer(void)
{
    static const char halo[] =
        "x: arena f32[1|8|2][4] at 0\ny: output f32[16]\n";
    check_proved(halo, "for i in 0..11\n    y[i] = x@(4*i + 3)\n");
    check_refused(halo, "for i in 0..11\n    y[i] = x@(4*i + 4)\n");
    check_refused(halo, "for i in 0..11\n    y[i] = x@(4*i - 1)\n");
    check_proved(halo, "for i in 0..8\n    y[0] = load16(x@(4*i))\n");
    check_refused(halo, "for i in 0..8\n    y[0] = load16(x@(4*i + 1))\n");
}

static void test_flat_addresses_of_a_ring(void)
{
    static const char ring[] =
        "x: arena f32[8][4] layout(d0%3*4 + d1*1 + 0, 12) at 0\n"
        "y: output f32[8]\n";
    check_proved(ring, "for i in 0..8\n    y[i] = x@(3; i % 3 * 4)\n");
    check_proved(ring, "for i in 0..8\n    y[i] = x[i][3]\n");
    check_refused(ring, "for i in 0..8\n    y[i] = x@(4; i % 3 * 4)\n");
    check_refused(ring, "for i in 0..8\n    y[i] = x@(3; i - 1 % 3 * 4)\n");
    check_refused(ring, "for i in 0..8\n    y[i] = x@(3; i % 4 * 4)\n");
    check_proved(ring, "for i in 0..8\n    y[0] = load4(x@(0; i % 3 * 4))\n");
    check_refused(ring, "for i in 0..8\n    y[0] = load4(x@(1; i % 3 * 4))\n");
}

static void test_lanes_stay_in_their_block(void)
{
    static const char block[] =
        "x: arena f32[20][3] layout(d0/8*24 + d1*8 + d0%8*1 + 0, 72) at 0\n"
        "y: output f32[8]\n";
    check_proved(block, "for c in 0..2\n    y[0] = load8(x[8*c][1])\n");
    check_proved(block, "for c in 0..2\n    y[0] = load4(x[8*c + 4][1])\n");
    check_proved(block, "y[0] = load8(x[16][1])\n");
    check_refused(block, "for c in 0..2\n    y[0] = load8(x[8*c + 1][1])\n");
    check_refused(block, "for c in 0..2\n    y[0] = load8(x[4*c][1])\n");
    check_refused(block, "for c in 0..3\n    y[0] = x[10*c][1]\n");
}

static void test_a_prefetch_needs_no_proof(void)
{
    check_proved(xy, "prefetch x@(400)\n");
}

static void test_all_parts_of_a_value_are_proved(void)
{
    check_refused(xy, "let t = x[8][0]\ny[0][0] = t\n");
    check_refused(xy, "y[0][0] = max(0.0, neg(x[0][32]))\n");
    check_refused(xy, "y[0][0] fma= 1.0, x[0][32]\n");
    check_refused(xy, "block\n    y[0][0] = fma(1.0, 2.0, x[8][0])\n");
}

/* ---- random nests, one number off ------------------------------------------------ */

/* The accesses and the limits of the loops of a kernel, to be moved. */
typedef struct Spots {
    Access *access[64];
    Limit *limit[64];
    int accesses, limits;
} Spots;

static void find_in_value(Spots *s, const Expr *expr)
{
    if (expr->kind == EXPR_LOAD && expr->access.buffer->rank > 0)
        s->access[s->accesses++] = (Access *)&expr->access;
    for (int i = 0; i < expr_operands(expr->kind); i++)
        find_in_value(s, expr->arg[i]);
}

static void find_spots(Spots *s, Stmt *list)
{
    for (; list; list = list->next) {
        if (list->kind == STMT_LOOP) {
            s->limit[s->limits++] = &list->loop.lo;
            s->limit[s->limits++] = &list->loop.hi;
            find_spots(s, list->loop.body);
            continue;
        }
        find_in_value(s, list->store.value);
        if (list->store.by)
            find_in_value(s, list->store.by);
        if (list->store.place.buffer->rank > 0)
            s->access[s->accesses++] = &list->store.place;
    }
}

/* One term of a limit, or one index, by one up or down. */
static void move_something(Program *program, uint64_t seed)
{
    Kernel *kernel = program->kernels.at[0];
    Spots spots = { .accesses = 0 };
    Random random;
    int64_t step;

    random_seed(&random, seed + 77);
    step = random_range(&random, 0, 1) ? 1 : -1;
    find_spots(&spots, kernel->body);
    if (random_range(&random, 0, 1) == 0 && spots.limits > 0) {
        Limit *limit = spots.limit[random_range(&random, 0, spots.limits - 1)];
        int64_t i = random_range(&random, 0, limit->count - 1);
        limit->term[i].sum =
            affine_shift(kernel, limit->term[i].sum, step * limit->term[i].div);
    } else {
        Access *access =
            spots.access[random_range(&random, 0, spots.accesses - 1)];
        int64_t i = random_range(&random, 0, access->buffer->rank - 1);
        access->index[i] = affine_shift(kernel, access->index[i], step);
    }
}

static void prove_moved(void *argument)
{
    Program *program = argument;
    kernel_prove(program->kernels.at[0]);
}

static void run_moved(void *argument)
{
    int64_t count;
    program_output(((Program *)argument)->arena, argument, 1, &count);
}

/* What is proved never leaves a buffer when it runs; the interpreter's other
 * findings (an output that is left out) are none of the proof's business. */
static void test_no_nest_that_leaves_its_buffers_is_proved(void)
{
    int refused = 0, left = 0;
    for (uint64_t seed = 0; seed < 250; seed++) {
        Arena *arena = arena_new();
        Program *program = random_nest(arena, seed);
        char *proof, *outcome;
        bool proved, leaves;
        move_something(program, seed);
        proved = run_in_child(prove_moved, program, &proof) == 0;
        run_in_child(run_moved, program, &outcome);
        leaves = strstr(outcome, "outside of") || strstr(outcome, "leave the");
        CU_ASSERT(!(proved && leaves));
        CU_ASSERT(proved || strstr(proof, "cannot prove"));
        refused += !proved;
        left += leaves;
        mem_free(proof);
        mem_free(outcome);
        program_free(program);
        arena_free(arena);
    }
    CU_ASSERT(left > 60);
    CU_ASSERT(refused >= left);
    CU_ASSERT(refused < left + 30); /* and hardly anything without need */
}

static const UnitTest tests[] = {
    UNIT(test_no_nest_that_leaves_its_buffers_is_proved),
    UNIT(test_plain_loops),
    UNIT(test_a_window_and_its_padding),
    UNIT(test_a_window_with_stride_and_dilation),
    UNIT(test_a_split_with_a_tail),
    UNIT(test_lanes_of_a_vector),
    UNIT(test_active_lanes_count_alone),
    UNIT(test_even_lanes_reach_twice_as_far),
    UNIT(test_halo_and_slack_may_be_touched),
    UNIT(test_flat_addresses_within_the_buffer),
    UNIT(test_flat_addresses_of_a_ring),
    UNIT(test_lanes_stay_in_their_block),
    UNIT(test_a_prefetch_needs_no_proof),
    UNIT(test_all_parts_of_a_value_are_proved),
};

UNIT_MAIN("prove", tests)
