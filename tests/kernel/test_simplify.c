/*
 * test_simplify.c - the rules, one by one, and that none changes a result.
 */
#include "../unit.h"
#include "local.h"

static const char buffers[] = "x: input f32[64]\ny: output f32[64]\n";

/* The kernel's lines after kernel_simplify, without their head. */
static char *simplified(Arena *arena, const char *body)
{
    Program *program = kernel_of(arena, buffers, body);
    Kernel *kernel = program->kernels.at[0];
    Text text = { 0 };
    kernel_verify(kernel, NULL, false);
    kernel_simplify(kernel);
    kernel_verify(kernel, NULL, false);
    CU_ASSERT(!kernel_simplify(kernel));
    text_add(&text, "");
    stmts_print(&text, kernel->body, 0);
    program_free(program);
    return text_take(&text, arena);
}

static void check(const char *body, const char *expected)
{
    Arena *arena = arena_new();
    char *got = simplified(arena, body);
    CU_ASSERT_STRING_EQUAL(got, expected);
    if (strcmp(got, expected) != 0)
        fprintf(stderr, "from\n%sgot\n%sexpected\n%s", body, got, expected);
    arena_free(arena);
}

/* The value, stored, becomes another, or stays where `to` is NULL. */
static void check_value(const char *from, const char *to)
{
    Arena *arena = arena_new();
    check(arena_printf(arena, "y[0] = %s\n", from),
          arena_printf(arena, "y[0] = %s\n", to ? to : from));
    arena_free(arena);
}

/* ---- values ------------------------------------------------------------------------- */

static void test_neutral_elements_go(void)
{
    check_value("x[0] * 1.0", "x[0]");
    check_value("1.0 * x[0]", "x[0]");
    check_value("x[0] / 1.0", "x[0]");
    check_value("x[0] - 0.0", "x[0]");
    check_value("x[0] + -0.0", "x[0]");
    check_value("-0.0 + x[0]", "x[0]");
    check_value("fma(x[0], 1.0, x[1])", "x[0] + x[1]");
    check_value("fma(1.0, x[0], x[1])", "x[0] + x[1]");
}

static void test_truth_values_become_choices_of_floats(void)
{
    check_value("select_eq(f32(select_lt(x[0], x[1], 1:bool, 0:bool)), 0.0, "
                "x[2], x[3])",
                "select_lt(x[0], x[1], x[3], x[2])");
    check_value("select_eq(f32(select_le(x[0], x[1], 0:bool, 1:bool)), 0.0, "
                "x[2], x[3])",
                "select_le(x[0], x[1], x[2], x[3])");
    check_value("f32(min(select_lt(x[0], x[1], 1:bool, 0:bool), "
                "select_lt(x[1], x[2], 1:bool, 0:bool)))",
                "min(select_lt(x[0], x[1], 1.0, 0.0), "
                "select_lt(x[1], x[2], 1.0, 0.0))");
    check_value("select_lt(x[0], x[1], 1.0, 0.0)", NULL);
}

static void test_what_would_change_a_sign_of_zero_stays(void)
{
    check_value("x[0] + 0.0", NULL);
    check_value("0.0 + x[0]", NULL);
    check_value("x[0] - -0.0", NULL);
    check_value("0.0 - x[0]", NULL);
    check_value("x[0] * 0.0", NULL);
    check_value("x[0] - x[0]", NULL);
    check_value("fma(x[0], x[1], 0.0)", NULL);
}

static void test_integers_have_one_zero(void)
{
    check_value("f32(i32(x[0]) + 0)", "f32(i32(x[0]))");
    check_value("f32(0 + i32(x[0]))", "f32(i32(x[0]))");
}

static void test_constants_are_folded_in_their_type(void)
{
    check_value("1.0 + 2.0", "3.0");
    check_value("16777216.0 + 1.0", "16777216.0");
    check_value("1.0 / 3.0", "0.33333334");
    check_value("max(min(4.0, 2.0), -1.0)", "2.0");
    check_value("neg(sqrt(abs(-16.0)))", "-4.0");
    check_value("floor(-1.5) + ceil(1.2) + round_even(2.5)", "2.0");
    check_value("f32(3)", "3.0");
    check_value("x[0] * (2.0 * 3.0)", "x[0] * 6.0");
}

static void test_maths_is_not_folded(void)
{
    check_value("exp(1.0)", NULL);
    check_value("tanh(neg(2.0))", "tanh(-2.0)");
}

static void test_bounds_are_joined(void)
{
    check_value("max(x[0], x[0])", "x[0]");
    check_value("min(x[1], x[1])", "x[1]");
    check_value("max(max(x[0], 0.0), 1.0)", "max(x[0], 1.0)");
    check_value("max(max(x[0], 1.0), 0.0)", "max(x[0], 1.0)");
    check_value("min(min(x[0], 6.0), 8.0)", "min(x[0], 6.0)");
    check_value("min(max(x[0], 0.0), 6.0)", NULL);
    check_value("max(0.0, max(0.0, x[0]))", NULL);
}

static void test_signs_are_joined(void)
{
    check_value("neg(neg(x[0]))", "x[0]");
    check_value("abs(neg(x[0]))", "abs(x[0])");
    check_value("abs(abs(x[0]))", "abs(x[0])");
    check_value("x[0] + neg(x[1])", "x[0] - x[1]");
    check_value("x[0] - neg(x[1])", "x[0] + x[1]");
}

static void test_equal_choices_need_no_question(void)
{
    check_value("select_lt(x[0], x[1], x[2], x[2])", "x[2]");
    check_value("select_le(x[0], x[1], 1.0, 1.0)", "1.0");
    check_value("select_eq(x[0], x[1], x[2], x[3])", NULL);
}

static void test_an_integer_equals_itself(void)
{
    check("let v = i64(x[3])\ny[0] = select_le(v, v, x[1], x[2])\n"
          "y[1] = select_lt(v, v, x[1], x[2])\n"
          "y[2] = select_eq(v, v, x[1], x[2])\n",
          "y[0] = x[1]\ny[1] = x[2]\ny[2] = x[1]\n");
}

static void test_a_float_may_not_equal_itself(void)
{
    check_value("select_eq(x[0], x[0], x[1], x[2])", NULL);
    check_value("select_le(x[0], x[0], x[1], x[2])", NULL);
}

static void test_splats_come_late(void)
{
    check_value("splat4(2.0)", "2.0:f32x4");
    check_value("splat4(x[0]) * splat4(x[1])", "splat4(x[0] * x[1])");
    check_value("max(splat4(x[0]), 0.0:f32x4)", "splat4(max(x[0], 0.0))");
    check_value("splat4(x[0]) * load4(x[0])", NULL);
}

static void test_a_constant_index_is_a_constant(void)
{
    check_value("f32(index(3))", "3.0");
    check("for i in 4..5\n    y[i] = f32(index(2*i))\n", "y[4] = 8.0\n");
}

/* ---- limits -------------------------------------------------------------------------- */

static void test_needless_limits_go(void)
{
    check("for o in 4..8\n"
          "    for k in max(0, 1 - o)..min(3, 33 - o)\n"
          "        y[k] = x[o]\n",
          "for o in 4..8\n"
          "    for k in 0..3\n"
          "        y[k] = x[o]\n");
    check("for o in 0..8\n"
          "    for k in max(0, 1 - o)..min(3, 9 - o, 9 - o)\n"
          "        y[k] = x[o]\n",
          "for o in 0..8\n"
          "    for k in max(0, 1 - o)..min(3, 9 - o)\n"
          "        y[k] = x[o]\n");
    check("for o in 0..8\n"
          "    for k in max(o, o + 1, 2*o)..min(20, o + 9)\n"
          "        y[k] = x[o]\n",
          "for o in 0..8\n"
          "    for k in max(o + 1, 2*o)..o + 9\n"
          "        y[k] = x[o]\n");
}

static void test_divided_limits_are_reduced(void)
{
    check("for o in 0..8\n"
          "    for k in ceil((4*o - 3) / 2)..ceil((63) / 4)\n"
          "        y[k] = x[o]\n",
          "for o in 0..8\n"
          "    for k in 2*o - 1..16\n"
          "        y[k] = x[o]\n");
    check("for o in 0..8\n"
          "    for k in ceil((2*o + 1) / 4)..9\n"
          "        y[k] = x[o]\n",
          "for o in 0..8\n"
          "    for k in ceil((o + 1) / 2)..9\n"
          "        y[k] = x[o]\n");
    /* ceil((1 - o)/2) is at most 0 from o = 1 on, if only by rounding */
    check("for o in 2..8\n"
          "    for k in max(0, ceil((1 - o) / 2))..9\n"
          "        y[k] = x[o]\n",
          "for o in 2..8\n"
          "    for k in 0..9\n"
          "        y[k] = x[o]\n");
    check("for o in 2..8\n"
          "    for k in max(0, ceil((2 - o) / 3))..9\n"
          "        y[k] = x[o]\n",
          "for o in 2..8\n"
          "    for k in 0..9\n"
          "        y[k] = x[o]\n");
}

/* ---- loops ----------------------------------------------------------------------------- */

static void test_a_loop_that_runs_once_is_its_body(void)
{
    check("for i in 3..4\n    y[i] = x[i + 1]\n", "y[3] = x[4]\n");
    check("for o in 0..8\n"
          "    for k in o..o + 1\n"
          "        y[k] = x[2*k]\n",
          "for o in 0..8\n    y[o] = x[2*o]\n");
    check("for o in 0..8\n"
          "    for k in max(o, 2*o - 7)..min(o + 1, 9)\n"
          "        y[k] = x[k]\n",
          "for o in 0..8\n    y[o] = x[o]\n");
    check("for o in 0..8\n"
          "    for k in 0..min(1, o)\n"
          "        y[k] = x[k]\n",
          "for o in 0..8\n"
          "    for k in 0..min(1, o)\n"
          "        y[k] = x[k]\n");
}

static void test_a_scope_stays_where_something_is_named(void)
{
    check("for i in 3..4\n"
          "    let t = x[i]\n"
          "    y[i] = t * t\n"
          "let t = x[0]\n"
          "y[1] = t\n",
          "block\n"
          "    let t = x[3]\n"
          "    y[3] = t * t\n"
          "let t = x[0]\n"
          "y[1] = t\n");
    check("block\n    y[0] = x[0]\n    y[1] = x[1]\ny[2] = x[2]\n",
          "y[0] = x[0]\ny[1] = x[1]\ny[2] = x[2]\n");
}

static void test_what_never_runs_is_nothing(void)
{
    check("for i in 3..3\n    y[i] = x[i]\n", "");
    check("for o in 0..8\n"
          "    for k in max(0, 8 - o)..min(1, o)\n"
          "        y[k] = x[k]\n",
          "");
    check("for o in 0..9\n"
          "    for k in 9..o\n"
          "        y[k] = x[k]\n"
          "    block\n",
          "");
}

static void test_a_name_that_nobody_uses_goes(void)
{
    check("let a = x[0]\nlet b = a * a\nlet c = b + a\ny[0] = a\n",
          "let a = x[0]\ny[0] = a\n");
}

static void test_comments_survive(void)
{
    check("# the first\nfor i in 3..4\n    y[i] = x[i]\n    y[0] = x[i]\n",
          "# the first\ny[3] = x[3]\ny[0] = x[3]\n");
}

/* ---- the whole ---------------------------------------------------------------------------- */

static void test_random_nests_keep_their_results(void)
{
    int changed = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        Arena *arena = arena_new();
        Program *program = random_nest(arena, seed);
        Kernel *kernel = program->kernels.at[0];
        int64_t count, after;
        float *old = program_output(arena, program, seed, &count), *new;
        changed += kernel_simplify(kernel);
        kernel_verify(kernel, NULL, false);
        kernel_prove(kernel);
        new = program_output(arena, program, seed, &after);
        CU_ASSERT_EQUAL_FATAL(count, after);
        CU_ASSERT(memcmp(old, new, (size_t)count * sizeof *old) == 0);
        program_free(program);
        arena_free(arena);
    }
    CU_ASSERT(changed > 50);
}

static const UnitTest tests[] = {
    UNIT(test_neutral_elements_go),
    UNIT(test_truth_values_become_choices_of_floats),
    UNIT(test_what_would_change_a_sign_of_zero_stays),
    UNIT(test_integers_have_one_zero),
    UNIT(test_constants_are_folded_in_their_type),
    UNIT(test_maths_is_not_folded),
    UNIT(test_bounds_are_joined),
    UNIT(test_signs_are_joined),
    UNIT(test_equal_choices_need_no_question),
    UNIT(test_an_integer_equals_itself),
    UNIT(test_a_float_may_not_equal_itself),
    UNIT(test_splats_come_late),
    UNIT(test_a_constant_index_is_a_constant),
    UNIT(test_needless_limits_go),
    UNIT(test_divided_limits_are_reduced),
    UNIT(test_a_loop_that_runs_once_is_its_body),
    UNIT(test_a_scope_stays_where_something_is_named),
    UNIT(test_what_never_runs_is_nothing),
    UNIT(test_a_name_that_nobody_uses_goes),
    UNIT(test_comments_survive),
    UNIT(test_random_nests_keep_their_results),
};

UNIT_MAIN("simplify", tests)
