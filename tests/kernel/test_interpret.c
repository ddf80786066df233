/*
 * test_interpret.c - programs run: results by hand, and what must be found.
 */
#include "../unit.h"
#include "local.h"

#include <math.h>

static Arena *arena;

/* Runs a kernel on given inputs of one type each; out has room for all. */
static void run(const Program *program, const void *const *in, void *out)
{
    for (int i = 0; i < program->kernels.count; i++) {
        kernel_verify(program->kernels.at[i], NULL, false);
        kernel_prove(program->kernels.at[i]);
    }
    program_interpret(program, in, (void *const[]){ out });
}

static void check_floats(const char *buffers, const char *body,
                         const void *const *in, const float *expected,
                         int count)
{
    arena = arena_new();
    Program *program = kernel_of(arena, buffers, body);
    float *out = NEW_N(arena, float, count);
    run(program, in, out);
    for (int i = 0; i < count; i++) {
        CU_ASSERT(memcmp(&out[i], &expected[i], sizeof *out) == 0);
        if (memcmp(&out[i], &expected[i], sizeof *out) != 0)
            fprintf(stderr, "[%d]: %g, expected %g in\n%s", i, (double)out[i],
                    (double)expected[i], body);
    }
    program_free(program);
    arena_free(arena);
}

#define IN(...)     ((const void *const[]){ __VA_ARGS__ })
#define FLOATS(...) ((const float[]){ __VA_ARGS__ })
#define COUNT(...)  ((int)(sizeof(FLOATS(__VA_ARGS__)) / sizeof(float)))
#define GIVES(...)  FLOATS(__VA_ARGS__), COUNT(__VA_ARGS__)

/* ---- results ----------------------------------------------------------------------- */

static void test_window_leaves_out_the_padding(void)
{
    check_floats("x: input f32[4]\ny: output f32[4]\n",
                 "local acc: reg f32\n"
                 "for o in 0..4\n"
                 "    acc = 0.0\n"
                 "    for k in max(0, 1 - o)..min(3, 5 - o)\n"
                 "        acc += x[o + k - 1]\n"
                 "    y[o] = acc\n",
                 IN(FLOATS(1, 2, 4, 8)), GIVES(3, 7, 14, 12));
}

static void test_parts_of_the_callers_arrays(void)
{
    check_floats(
        "x: input f32[6]\n"
        "square: input f32[2][2] layout(d0*1 + d1*2 + 0, 4) at 8 of x\n"
        "y: output f32[4]\n"
        "second: output f32[2] layout(d0*2 + 0, 3) at 4 of y\n",
        "for i in 0..2\n"
        "    second[i] = square[1][i]\n"
        "    y[2*i] = x[i]\n",
        IN(FLOATS(1, 2, 4, 8, 16, 32)), GIVES(1, 8, 2, 32));
}

static void test_limits_are_rounded_up(void)
{
    /* k from ceil((3 - o)/2): 2 1 1 0 0 */
    check_floats("x: input f32[2]\ny: output f32[5]\n",
                 "for o in 0..5\n"
                 "    y[o] = x[0]\n"
                 "    for k in max(0, ceil((3 - o) / 2))..3\n"
                 "        y[o] += x[1]\n",
                 IN(FLOATS(0, 1)), GIVES(1, 2, 2, 3, 3));
}

static void test_every_operation_of_floats(void)
{
    check_floats("x: input f32[4]\ny: output f32[23]\n",
                 "let a = x[0]\n"
                 "let b = x[1]\n"
                 "let c = x[2]\n"
                 "y[0] = a + b\n"
                 "y[1] = a - b\n"
                 "y[2] = a * b\n"
                 "y[3] = a / b\n"
                 "y[4] = min(a, b)\n"
                 "y[5] = max(a, b)\n"
                 "y[6] = fma(a, b, c)\n"
                 "y[7] = neg(a)\n"
                 "y[8] = abs(b)\n"
                 "y[9] = sqrt(x[3])\n"
                 "y[10] = floor(b)\n"
                 "y[11] = ceil(b)\n"
                 "y[12] = round_even(b)\n"
                 "y[13] = select_lt(a, b, 1.0, 2.0)\n"
                 "y[14] = select_le(a, a, 1.0, 2.0)\n"
                 "y[15] = select_eq(a, b, 1.0, 2.0)\n"
                 "y[16] = exp(0.0)\n"
                 "y[17] = log(1.0)\n"
                 "y[18] = expm1(0.0)\n"
                 "y[19] = tanh(0.0)\n"
                 "y[20] = sigmoid(0.0)\n"
                 "y[21] = erf(0.0)\n"
                 "y[22] = round_even(a)\n",
                 IN(FLOATS(3.5F, -2.5F, 100, 16)),
                 GIVES(1, 6, -8.75F, -1.4F, -2.5F, 3.5F, 91.25F, -3.5F, 2.5F, 4,
                       -3, -2, -2, 2, 1, 2, 1, 0, 0, 0, 0.5F, 0, 4));
}

static void test_a_nan_in_the_second_operand_comes_out(void)
{
    Program *program;
    float out[6], nan = NAN;
    arena = arena_new();
    program = kernel_of(arena, "x: input f32\ny: output f32[6]\n",
                        "y[0] = min(x, 1.0)\n"
                        "y[1] = max(x, 1.0)\n"
                        "y[2] = min(1.0, x)\n"
                        "y[3] = max(1.0, x)\n"
                        "y[4] = select_le(x, x, 1.0, 2.0)\n"
                        "y[5] = x * 0.0\n");
    run(program, IN(&nan), out);
    CU_ASSERT(out[0] == 1 && out[1] == 1);
    CU_ASSERT(isnan(out[2]) && isnan(out[3]));
    CU_ASSERT(out[4] == 2 && isnan(out[5]));
    program_free(program);
    arena_free(arena);
}

static void test_fma_rounds_once(void)
{
    /* (1 + 2^-12)^2 - 1 - 2^-11 = 2^-24; the product alone rounds to that */
    check_floats("x: input f32\ny: output f32[3]\n",
                 "y[0] = fma(x, x, -1.00048828125)\n"
                 "y[1] = x * x - 1.00048828125\n"
                 "y[2] = -1.00048828125\n"
                 "y[2] fma= x, x\n",
                 IN(FLOATS(1 + 0x1p-12F)), GIVES(0x1p-24F, 0, 0x1p-24F));
}

static void test_mathematics_is_that_of_the_functions(void)
{
    static const struct {
        const char *name;
        double (*function)(double);
    } row[] = { { "exp", exp },     { "log", log },   { "expm1", expm1 },
                { "log1p", log1p }, { "tanh", tanh }, { "erf", erf } };
    for (size_t i = 0; i < COUNT_OF(row); i++) {
        float in[64], out[128];
        arena = arena_new();
        Program *program =
            kernel_of(arena, "x: input f32[64]\ny: output f32[128]\n",
                      arena_printf(arena,
                                   "for i in 0..64\n"
                                   "    y[i] = %s(x[i])\n"
                                   "    y[i + 64] = f32(%s(f64(x[i])))\n",
                                   row[i].name, row[i].name));
        for (int j = 0; j < 64; j++)
            in[j] = 0.07F * (float)(j + 1);
        run(program, IN(in), out);
        for (int j = 0; j < 64; j++) {
            double exact = row[i].function((double)in[j]);
            CU_ASSERT(fabs((double)out[j] - exact) <= 2.5e-7 * fabs(exact));
            CU_ASSERT(out[j + 64] == (float)exact);
        }
        program_free(program);
        arena_free(arena);
    }
}

static void test_accumulations(void)
{
    check_floats("x: input f32[3]\ny: output f32[4]\n",
                 "y[0] = 1.0\n"
                 "y[1] = 1.0\n"
                 "y[2] = 1.0\n"
                 "y[3] = 1.0\n"
                 "for i in 0..3\n"
                 "    y[0] += x[i]\n"
                 "    y[1] *= x[i]\n"
                 "    y[2] min= x[i]\n"
                 "    y[3] max= x[i]\n",
                 IN(FLOATS(2, -3, 5)), GIVES(5, -30, -3, 5));
}

static void test_integers_wrap_and_convert(void)
{
    static const uint8_t bytes[4] = { 0, 200, 255, 7 };
    check_floats("x: input u8[4]\ny: output f32[8]\n",
                 "for i in 0..4\n"
                 "    y[i] = f32(x[i])\n"
                 "y[4] = f32(x[1] + x[2])\n"
                 "y[5] = f32(i32(x[1]) + i32(x[2]))\n"
                 "y[6] = f32(i32(-2.75))\n"
                 "y[7] = f32(u8(300.5))\n",
                 IN(bytes), GIVES(0, 200, 255, 7, 199, 455, -2, 255));
}

static void test_doubles_are_doubles(void)
{
    check_floats("x: input f32[2]\ny: output f32\n",
                 "y = f32((f64(x[0]) + f64(x[1])) - f64(x[0]))\n",
                 IN(FLOATS(1, 0x1p-40F)), GIVES(0x1p-40F));
}

static void test_index_as_a_value(void)
{
    check_floats("y: output f32[4]\n",
                 "for i in 0..4\n"
                 "    y[3 - i] = f32(index(2*i - 3))\n",
                 IN(NULL), GIVES(3, 1, -1, -3));
}

static void test_vectors_lane_by_lane(void)
{
    check_floats(
        "x: input f32[8]\ny: output f32[16]\n",
        "let a = load4(x[0])\n"
        "let b = load4(x[4])\n"
        "y[0] = a * b + splat4(x[0])\n"
        "y[4] = max(a, 2.5:f32x4)\n"
        "y[8] = select_lt(a, b, even4(x[1]), b) first 4\n"
        "y[12] = sum(a)\n"
        "y[13] = max_across(b)\n"
        "y[14] = min_across(b)\n"
        "y[15] = sum(load4(x[6], 2))\n",
        IN(FLOATS(1, 2, 3, 4, 0, 9, 2, 7)),
        GIVES(1, 19, 7, 29, 2.5F, 2.5F, 3, 4, 0, 4, 2, 7, 10, 9, 0, 9));
}

static void test_part_of_a_vector_touches_nothing_else(void)
{
    check_floats("x: input f32[5]\ny: output f32[5]\n",
                 "for i in 0..5\n"
                 "    y[i] = 7.0\n"
                 "y[1] += load4(x[0], 3) first 3\n",
                 IN(FLOATS(1, 2, 3, 4, 5)), GIVES(7, 8, 9, 10, 7));
}

/* ---- memory -------------------------------------------------------------------------- */

static void test_layouts_change_nothing(void)
{
    check_floats("x: input f32[2][6]\n"
                 "t: arena f32[2][6] layout(d1/4*8 + d0*4 + d1%4*1 + 0, 16) "
                 "at 64\n"
                 "y: output f32[6][2]\n",
                 "for i in 0..2\n"
                 "    for c in 0..6\n"
                 "        t[i][c] = x[i][c]\n"
                 "for c in 0..6\n"
                 "    for i in 0..2\n"
                 "        y[c][i] = t[i][c]\n",
                 IN(FLOATS(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)),
                 GIVES(1, 7, 2, 8, 3, 9, 4, 10, 5, 11, 6, 12));
}

static void test_a_ring_of_rows(void)
{
    check_floats("x: input f32[5]\n"
                 "t: arena f32[5] layout(d0%2*1 + 0, 2) at 0\n"
                 "y: output f32[4]\n",
                 "t[0] = x[0]\n"
                 "for i in 0..4\n"
                 "    t[i + 1] = x[i + 1]\n"
                 "    y[i] = t[i] - t@(0; i + 1 % 2 * 1)\n",
                 IN(FLOATS(1, 2, 4, 8, 16)), GIVES(-1, -2, -4, -8));
}

static void test_a_halo_of_zeros(void)
{
    check_floats("x: input f32[3]\n"
                 "t: arena f32[1|3|1] at 0\n"
                 "y: output f32[3]\n",
                 "t[-1] = 0.0\n"
                 "t[3] = 0.0\n"
                 "for i in 0..3\n"
                 "    t[i] = x[i]\n"
                 "for i in 0..3\n"
                 "    y[i] = t[i - 1] + t[i] + t[i + 1]\n",
                 IN(FLOATS(1, 2, 4)), GIVES(3, 7, 6));
}

static void test_arena_buffers_share_the_workspace(void)
{
    check_floats("x: input f32[2]\n"
                 "t: arena f32[2] at 4\n"
                 "u: arena f32[2] at 8\n"
                 "y: output f32[2]\n",
                 "t[0] = x[0]\n"
                 "t[1] = x[1]\n"
                 "y[0] = u[0]\n"
                 "u[0] = 5.0\n"
                 "y[1] = t[1]\n",
                 IN(FLOATS(1, 2)), GIVES(2, 5));
}

static void test_each_sample_of_a_batch(void)
{
    Program *program;
    float in[6] = { 1, 2, 3, 4, 5, 6 }, out[3];
    arena = arena_new();
    program = kernel_of(arena, "x: input f32[2]\ny: output f32\n",
                        "y = x[0] * x[1]\n");
    program->batch = 3;
    run(program, IN(in), out);
    CU_ASSERT(out[0] == 2 && out[1] == 12 && out[2] == 30);
    program_free(program);
    arena_free(arena);
}

static void test_constants_are_packed_by_their_layout(void)
{
    static const float w[6] = { 1, 2, 3, 4, 5, 6 };
    Program *program;
    float out[7];
    arena = arena_new();
    program = kernel_of(arena,
                        "w: const f32[2][3] layout(d1*2 + d0*1 + 1, 8)\n"
                        "y: output f32[7]\n",
                        "for i in 0..2\n"
                        "    for j in 0..3\n"
                        "        y[3*i + j] = w[i][j]\n"
                        "y[6] = w@(7)\n"); /* a gap: zero */
    program->buffers.at[0]->data = w;
    run(program, IN(NULL), out);
    CU_ASSERT(memcmp(out, w, sizeof w) == 0);
    CU_ASSERT(out[6] == 0);
    program_free(program);
    arena_free(arena);
}

static void test_slack_may_be_read_by_lanes_that_nobody_keeps(void)
{
    /* Lanes 2 and 3 are computed from what was never written. */
    check_floats("x: input f32[2]\n"
                 "t: arena f32[0|2|2] at 0\n"
                 "u: arena f32[0|2|2] at 64\n"
                 "y: output f32[2]\n",
                 "t[0] = x[0]\n"
                 "t[1] = x[1]\n"
                 "u[0] = load4(t[0]) + splat4(x[1])\n"
                 "y[0] = u[0]\n"
                 "y[1] = u[1]\n",
                 IN(FLOATS(1, 2)), GIVES(3, 4));
}

/* ---- faults ------------------------------------------------------------------------------ */

typedef struct Case {
    const char *buffers, *body;
} Case;

static void interpret_case(void *argument)
{
    const Case *c = argument;
    Arena *own = arena_new();
    Program *program = kernel_of(own, c->buffers, c->body);
    int64_t count;
    program_output(own, program, 1, &count);
}

static void check_fault(const char *buffers, const char *body,
                        const char *words)
{
    Case c = { buffers, body };
    CU_ASSERT(ends_with_bug(interpret_case, &c, words));
}

static const char xy[] = "x: input f32[4]\ny: output f32[4]\n";

static void test_indices_outside_are_found(void)
{
    check_fault(xy, "for i in 0..4\n    y[i] = x[i + 1]\n",
                "x[i + 1]: index 0 is 4, outside of 0..3, i = 3");
    check_fault(xy, "for i in 0..5\n    y[i] = x[0]\n", "y[i]");
    check_fault(xy, "y[0] = load4(x[1])\n", "4 elements at 1");
    check_fault(xy, "y[0] = even4(x[0])\n", "7 elements at 0");
    check_fault(xy, "y[0] = x@(-1)\n", "at -1");
    check_fault(xy, "for i in 0..4\n    y[i] = x@(0; i - 1 % 2 * 1)\n",
                "the ring's index is -1");
}

static void test_reads_of_nothing_are_found(void)
{
    check_fault(xy, "local a: reg f32\ny[0] = a\n", "read before");
    check_fault(xy, "local a: local f32[2]\na[0] = 1.0\ny[0] = a[1]\n",
                "a[1]: is read before");
    check_fault(xy, "local a: reg f32\na += x[0]\n", "read before");
    check_fault("t: arena f32[4] at 0\ny: output f32\n", "y = t[3]\n",
                "read before");
}

static void test_lanes_of_nothing_are_found_where_they_count(void)
{
    check_fault("x: input f32\nt: arena f32[4] at 0\ny: output f32[4]\n",
                "t[0] = x\ny[0] = load4(t[0])\n",
                "element 1 of output 'y' is never written");
    check_fault("x: input f32\nt: arena f32[4] at 0\ny: output f32\n",
                "t[0] = x\ny = sum(load4(t[0]))\n", "sum of lanes");
    check_fault("x: input f32\nt: arena f32[4] at 0\nu: arena f32[4] at 64\n"
                "y: output f32\n",
                "t[0] = x\nu[0] = load4(t[0]) * 2.0:f32x4\ny = u[1]\n",
                "u[1]: is read before");
}

static void test_outputs_must_be_written_whole(void)
{
    check_fault(xy, "for i in 0..3\n    y[i] = x[i]\n",
                "element 3 of output 'y' is never written");
}

static void test_a_buffer_outside_of_the_workspace(void)
{
    check_fault("t: arena f32[4] at 65528\ny: output f32\n",
                "t[0] = 1.0\ny = t[0]\n", "leaves the workspace");
}

/* ---- random nests -------------------------------------------------------------------------- */

static void test_random_nests_run_and_are_proved(void)
{
    int distinct = 0;
    for (uint64_t seed = 0; seed < 300; seed++) {
        Arena *own = arena_new();
        Program *program = random_nest(own, seed);
        int64_t count;
        const float *out;
        kernel_verify(program->kernels.at[0], program->target, false);
        kernel_prove(program->kernels.at[0]);
        out = program_output(own, program, seed, &count);
        for (int64_t i = 0; i < count; i++) {
            /* Quarters of small whole numbers: exact in any order. */
            CU_ASSERT_FATAL(out[i] * 4 == rintf(out[i] * 4));
            CU_ASSERT_FATAL(fabsf(out[i]) < 0x1p20F);
            distinct += i > 0 && out[i] != out[0];
        }
        program_free(program);
        arena_free(own);
    }
    CU_ASSERT(distinct > 10000);
}

static const UnitTest tests[] = {
    UNIT(test_window_leaves_out_the_padding),
    UNIT(test_parts_of_the_callers_arrays),
    UNIT(test_limits_are_rounded_up),
    UNIT(test_every_operation_of_floats),
    UNIT(test_a_nan_in_the_second_operand_comes_out),
    UNIT(test_fma_rounds_once),
    UNIT(test_mathematics_is_that_of_the_functions),
    UNIT(test_accumulations),
    UNIT(test_integers_wrap_and_convert),
    UNIT(test_doubles_are_doubles),
    UNIT(test_index_as_a_value),
    UNIT(test_vectors_lane_by_lane),
    UNIT(test_part_of_a_vector_touches_nothing_else),
    UNIT(test_layouts_change_nothing),
    UNIT(test_a_ring_of_rows),
    UNIT(test_a_halo_of_zeros),
    UNIT(test_arena_buffers_share_the_workspace),
    UNIT(test_each_sample_of_a_batch),
    UNIT(test_constants_are_packed_by_their_layout),
    UNIT(test_slack_may_be_read_by_lanes_that_nobody_keeps),
    UNIT(test_indices_outside_are_found),
    UNIT(test_reads_of_nothing_are_found),
    UNIT(test_lanes_of_nothing_are_found_where_they_count),
    UNIT(test_outputs_must_be_written_whole),
    UNIT(test_a_buffer_outside_of_the_workspace),
    UNIT(test_random_nests_run_and_are_proved),
};

UNIT_MAIN("interpret", tests)
