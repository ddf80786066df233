/*
 * test_build.c - kernels built by calls: the cursor, names, types, copies.
 */
#include "../unit.h"
#include "local.h"

static Arena *arena;
static Program *program;
static Kernel *k;
static Buffer *x, *y;

static void setup(void)
{
    const int64_t extent[] = { 8 };
    arena = arena_new();
    program = program_new(arena, "p", target_find("generic"));
    k = kernel_new(arena, "k");
    vec_push(&program->kernels, k);
    x = kernel_param(
        k, program_buffer(program, "x", DT_F32, BUFFER_INPUT, 1, extent));
    y = kernel_param(
        k, program_buffer(program, "y", DT_F32, BUFFER_OUTPUT, 1, extent));
}

static void teardown(void)
{
    program_free(program);
    arena_free(arena);
}

static const Affine *at(const Var *v, int64_t offset)
{
    return affine_shift(k, affine_var(k, v), offset);
}

static void check_body(const char *expected)
{
    Text text = { 0 };
    stmts_print(&text, k->body, 0);
    CU_ASSERT_STRING_EQUAL(text_get(&text), expected);
    text_free(&text);
}

static void test_statements_follow_the_cursor(void)
{
    setup();
    const Affine *zero = affine_const(k, 0);
    kernel_store(k, AT(y, zero), expr_const(k, F32, 1));
    const Var *i = kernel_for(k, "i", 0, 8);
    kernel_accum(k, ACCUM_MAX, AT(y, at(i, 0)), expr_load(k, AT(x, at(i, 0))));
    const Var *j = kernel_for_limits(
        k, "j", (const Affine *const[]){ zero, at(i, -2), NULL },
        (const Affine *const[]){ at(i, 1), NULL });
    const Expr *t = kernel_let(k, "t", expr_load(k, AT(x, at(j, 0))));
    kernel_fma(k, AT(y, at(j, 0)), t, t);
    kernel_end(k);
    kernel_accum(k, ACCUM_MUL, AT(y, at(i, 0)), expr_const(k, F32, 2));
    kernel_end(k);
    kernel_store(k, AT(y, affine_const(k, 7)), expr_const(k, F32, 3));
    check_body("y[0] = 1.0\n"
               "for i in 0..8\n"
               "    y[i] max= x[i]\n"
               "    for j in max(0, i - 2)..i + 1\n"
               "        let t = x[j]\n"
               "        y[j] fma= t, t\n"
               "    y[i] *= 2.0\n"
               "y[7] = 3.0\n");
    kernel_verify(k, NULL, false);
    teardown();
}

static void test_names_are_made_unique(void)
{
    setup();
    Buffer *a = kernel_local(k, "x", DT_F32, BUFFER_REG, 0, NULL);
    Temp *b = kernel_temp(k, "x", F32);
    CU_ASSERT_STRING_EQUAL(a->name, "x2");
    CU_ASSERT_STRING_EQUAL(b->name, "x3");
    CU_ASSERT_STRING_EQUAL(
        program_buffer(program, "x", DT_F32, BUFFER_ARENA, 0, NULL)->name,
        "x_2");
    teardown();
}

static void test_a_buffer_of_the_program_keeps_its_name(void)
{
    setup();
    Buffer *acc = kernel_local(k, "acc", DT_F32, BUFFER_REG, 0, NULL);
    Temp *t = kernel_temp(k, "t", F32);
    Buffer *b = program_buffer(program, "acc", DT_F32, BUFFER_ARENA, 0, NULL);
    Buffer *c = program_buffer(program, "t", DT_F32, BUFFER_ARENA, 0, NULL);
    kernel_param(k, b);
    kernel_param(k, c);
    CU_ASSERT_STRING_EQUAL(b->name, "acc");
    CU_ASSERT_STRING_EQUAL(acc->name, "acc2");
    CU_ASSERT_STRING_EQUAL(c->name, "t");
    CU_ASSERT_STRING_EQUAL(t->name, "t2");
    CU_ASSERT_EQUAL(k->params.count, 4);
    kernel_param(k, b);
    CU_ASSERT_EQUAL(k->params.count, 4);
    teardown();
}

static void test_constants_are_of_their_type(void)
{
    setup();
    CU_ASSERT(expr_const(k, F32, 0.1)->constant == (double)0.1F);
    CU_ASSERT(expr_const(k, (Type){ DT_F64, 1 }, 0.1)->constant == 0.1);
    teardown();
}

static void mix_types(void *argument)
{
    (void)argument;
    setup();
    expr_2(k, EXPR_ADD, expr_const(k, F32, 1),
           expr_const(k, (Type){ DT_I32, 1 }, 1));
}

static void mix_lanes(void *argument)
{
    (void)argument;
    setup();
    expr_3(k, EXPR_FMA, expr_const(k, F32, 1), expr_const(k, F32, 1),
           expr_const(k, (Type){ DT_F32, 4 }, 1));
}

static void wrong_count(void *argument)
{
    (void)argument;
    setup();
    expr_2(k, EXPR_NEG, expr_const(k, F32, 1), expr_const(k, F32, 1));
}

static void test_constructors_check_types(void)
{
    CU_ASSERT(ends_with_bug(mix_types, NULL, "expr_types_fit"));
    CU_ASSERT(ends_with_bug(mix_lanes, NULL, "expr_types_fit"));
    CU_ASSERT(ends_with_bug(wrong_count, NULL, "expr_operands"));
}

static void test_conversions_to_the_same_are_nothing(void)
{
    setup();
    const Expr *a = expr_const(k, F32, 1);
    CU_ASSERT_PTR_EQUAL(expr_convert(k, DT_F32, a), a);
    CU_ASSERT_PTR_EQUAL(expr_splat(k, 1, a), a);
    CU_ASSERT_EQUAL(expr_splat(k, 8, a)->type.lanes, 8);
    CU_ASSERT_EQUAL(expr_convert(k, DT_I32, a)->type.elem, DT_I32);
    teardown();
}

static void test_values_are_compared_as_trees(void)
{
    setup();
    const Var *i = kernel_var(k, "i");
    const Expr *a = expr_load(k, AT(x, at(i, 0)));
    const Expr *same = expr_load(k, AT(x, at(i, 0)));
    const Expr *other = expr_load(k, AT(x, at(i, 1)));
    const Expr *zero = expr_const(k, F32, 0), *minus = expr_const(k, F32, -0.0);
    CU_ASSERT(expr_equal(expr_2(k, EXPR_ADD, a, zero),
                         expr_2(k, EXPR_ADD, same, zero)));
    CU_ASSERT(!expr_equal(expr_2(k, EXPR_ADD, a, zero),
                          expr_2(k, EXPR_ADD, other, zero)));
    CU_ASSERT(!expr_equal(expr_2(k, EXPR_ADD, a, zero),
                          expr_2(k, EXPR_SUB, a, zero)));
    CU_ASSERT(!expr_equal(zero, minus));
    CU_ASSERT(!expr_equal(a, expr_load(k, AT(y, at(i, 0)))));
    CU_ASSERT(!expr_equal(a, expr_load_vector(k, AT(x, at(i, 0)), 4, 4)));
    teardown();
}

static void test_a_copy_is_substituted_alone(void)
{
    setup();
    const Var *i = kernel_for(k, "i", 0, 4);
    const Var *j =
        kernel_for_limits(k, "j", (const Affine *const[]){ at(i, 0), NULL },
                          (const Affine *const[]){ affine_const(k, 8), NULL });
    const Expr *t = kernel_let(k, "t", expr_load(k, AT(x, at(i, 1))));
    kernel_store(k, AT(y, at(j, 0)), t);
    kernel_end(k);
    kernel_end(k);
    Stmt *copy = stmt_copy(k, k->body->loop.body);
    stmt_substitute(k, copy, i, affine_const(k, 4));
    k->body->next = copy;
    check_body("for i in 0..4\n"
               "    for j in i..8\n"
               "        let t = x[i + 1]\n"
               "        y[j] = t\n"
               "for j in 4..8\n"
               "    let t = x[5]\n"
               "    y[j] = t\n");
    kernel_verify(k, NULL, false);
    teardown();
}

static void test_substitution_reaches_flat_places(void)
{
    setup();
    const Var *i = kernel_var(k, "i");
    Access flat = { .buffer = x,
                    .flat = true,
                    .address = at(i, 0),
                    .ring = at(i, 1),
                    .modulus = 3,
                    .stride = 4 };
    Text text = { 0 };
    Access now = access_substitute(k, flat, i, affine_const(k, 5));
    access_print(&text, &now);
    CU_ASSERT_STRING_EQUAL(text_get(&text), "x@(5; 6 % 3 * 4)");
    CU_ASSERT(!access_equal(&now, &flat));
    CU_ASSERT(access_equal(&flat, &flat));
    text_free(&text);
    teardown();
}

static void test_the_stack_counts_locals_only(void)
{
    const int64_t extent[] = { 10, 3 };
    setup();
    kernel_local(k, "a", DT_F32, BUFFER_LOCAL, 2, extent);
    kernel_local(k, "b", DT_U8, BUFFER_LOCAL, 1, extent);
    kernel_local(k, "c", DT_F32, BUFFER_REG, 2, extent);
    CU_ASSERT_EQUAL(kernel_stack_bytes(k), 130);
    teardown();
}

static const UnitTest tests[] = {
    UNIT(test_statements_follow_the_cursor),
    UNIT(test_names_are_made_unique),
    UNIT(test_a_buffer_of_the_program_keeps_its_name),
    UNIT(test_constants_are_of_their_type),
    UNIT(test_constructors_check_types),
    UNIT(test_conversions_to_the_same_are_nothing),
    UNIT(test_values_are_compared_as_trees),
    UNIT(test_a_copy_is_substituted_alone),
    UNIT(test_substitution_reaches_flat_places),
    UNIT(test_the_stack_counts_locals_only),
};

UNIT_MAIN("build", tests)
