/*
 * test_verify.c - each way in which a kernel can be broken is found.
 */
#include "../unit.h"
#include "local.h"

/* A good kernel with all kinds of statements, to be broken by one step. */
typedef struct Subject {
    Arena *arena;
    Program *program;
    Kernel *k;
    Buffer *x, *w, *y, *acc, *row;
    const Var *i, *j;
    Stmt *outer, *inner, *let, *first, *last;
    const Target *target;
    bool final;
} Subject;

static const char text[] = "local acc: reg f32[4]\n"
                           "local row: local f32[8]\n"
                           "for i in 0..8\n"
                           "    acc@(0) = 0.0:f32x4\n"
                           "    for j in max(0, 1 - i)..min(4, 9 - i)\n"
                           "        let t = load4(x@(4*i))\n"
                           "        acc@(0) fma= t, load4(w@(4*j))\n"
                           "    row@(i) = sum(load4(acc@(0)))\n"
                           "    y@(i) = max(row@(i), 0.0)\n";

static Subject subject_new(void)
{
    Subject s = { .arena = arena_new(), .target = target_find("x86-64-v4") };
    s.program = kernel_of(s.arena,
                          "x: input f32[8][4]\n"
                          "w: const f32[4][4]\n"
                          "y: output f32[8]\n",
                          text);
    s.k = s.program->kernels.at[0];
    s.x = s.k->params.at[0];
    s.w = s.k->params.at[1];
    s.y = s.k->params.at[2];
    s.acc = s.k->locals.at[0];
    s.row = s.k->locals.at[1];
    s.outer = s.k->body;
    s.first = s.outer->loop.body;
    s.inner = s.first->next;
    s.let = s.inner->loop.body;
    s.last = s.inner->next->next;
    s.i = s.outer->loop.var;
    s.j = s.inner->loop.var;
    s.final = true;
    return s;
}

static void subject_free(Subject *s)
{
    program_free(s->program);
    arena_free(s->arena);
}

typedef void Break(Subject *s);

static void break_and_verify(void *argument)
{
    Subject s = subject_new();
    (*(Break **)argument)(&s);
    kernel_verify(s.k, s.target, s.final);
}

static void check_found(Break *step, const char *words)
{
    CU_ASSERT(ends_with_bug(break_and_verify, &step, words));
}

static void test_the_kernel_is_good(void)
{
    Subject s = subject_new();
    kernel_verify(s.k, s.target, true);
    kernel_verify(s.k, NULL, false);
    kernel_prove(s.k);
    subject_free(&s);
}

#define BREAK(name, ...)                                                       \
    static void name(Subject *s)                                               \
    {                                                                          \
        __VA_ARGS__;                                                           \
    }

/* ---- scopes --------------------------------------------------------------------- */

BREAK(use_j_outside, s->last->store.place.address = affine_var(s->k, s->j))
BREAK(limit_by_itself, s->inner->loop.lo.term[0].sum = affine_var(s->k, s->j))
BREAK(limit_by_inner, s->outer->loop.hi.term[0].sum = affine_var(s->k, s->j))
BREAK(same_variable, s->inner->loop.var = s->i)
BREAK(foreign_variable, Kernel *other = kernel_new(s->arena, "other");
      s->inner->loop.var = kernel_var(other, "v"))
BREAK(index_outside,
      s->last->store.value =
          expr_convert(s->k, DT_F32, expr_index(s->k, affine_var(s->k, s->j))))

static void test_variables_outside_of_their_loop(void)
{
    check_found(use_j_outside, "'j' is used outside of its loop");
    check_found(limit_by_itself, "'j' is used outside of its loop");
    check_found(limit_by_inner, "'j' is used outside of its loop");
    check_found(index_outside, "'j' is used outside of its loop");
    check_found(same_variable, "over 'i'");
    check_found(foreign_variable, "no part of kernel");
}

BREAK(temp_too_late,
      s->last->store.value = expr_1(s->k, EXPR_SUM,
                                    expr_temp(s->k, s->let->let.temp)))
BREAK(temp_too_early, Stmt *second = s->let->next; s->inner->loop.body = second;
      second->next = s->let; s->let->next = NULL)
BREAK(temp_twice, Stmt *copy = stmt_copy(s->k, s->let); copy->next->next = NULL;
      copy->next = s->let->next; s->let->next = copy)
BREAK(temp_type, ((Temp *)s->let->let.temp)->type.lanes = 8)
BREAK(temp_foreign, Kernel *other = kernel_new(s->arena, "other");
      s->let->let.temp = kernel_temp(other, "u", (Type){ DT_F32, 4 }))

static void test_temporaries_without_a_value(void)
{
    check_found(temp_too_late, "'t' is used where it has no value");
    check_found(temp_too_early, "'t' is used where it has no value");
    check_found(temp_twice, "'t' is defined twice");
    check_found(temp_type, "'t' has another type");
    check_found(temp_foreign, "temporary 'u' is no part");
}

/* ---- places ---------------------------------------------------------------------- */

BREAK(write_input, s->last->store.place.buffer = s->x)
BREAK(write_constant, s->last->store.place.buffer = s->w)
BREAK(unknown_buffer, s->k->params.count--)
BREAK(unknown_local, s->k->locals.count--)
BREAK(two_names, s->row->name = s->x->name)
BREAK(missing_index, s->last->store.place.flat = false; s->final = false)
BREAK(bad_layout, s->row->layout.size = 7)
BREAK(local_as_param, s->y->place = BUFFER_LOCAL)
BREAK(param_as_local, s->row->place = BUFFER_ARENA)

static void test_wrong_places(void)
{
    check_found(write_input, "'x' is written and read only");
    check_found(write_constant, "'w' is written and read only");
    check_found(unknown_buffer, "buffer 'y' is no part");
    check_found(unknown_local, "buffer 'row' is no part");
    check_found(two_names, "two buffers are called 'x'");
    check_found(missing_index, "an index is missing");
    check_found(bad_layout, "leave its memory");
    check_found(local_as_param, "'y' is a local among the parameters");
    check_found(param_as_local, "'row' is a parameter among the locals");
}

/* ---- types ------------------------------------------------------------------------ */

/* The value of the last statement with a changed copy of its first operand. */
static Expr *changed(Subject *s, const Expr *expr)
{
    return arena_copy(s->arena, expr, sizeof *expr);
}

BREAK(wrong_operand, Expr *e = changed(s, s->last->store.value);
      e->arg[1] = expr_const(s->k, (Type){ DT_I32, 1 }, 0);
      s->last->store.value = e)
BREAK(wrong_result, Expr *e = changed(s, s->last->store.value);
      e->type.elem = DT_F64; s->last->store.value = e)
BREAK(wrong_store,
      s->last->store.value = expr_const(s->k, (Type){ DT_I32, 1 }, 0))
BREAK(wrong_lanes, s->last->store.lanes = 4; s->last->store.active = 4)
BREAK(no_such_lanes, s->target = target_find("x86-64-v2");
      s->let->let.value = expr_load_vector(s->k, s->let->let.value->access, 8,
                                           8))
BREAK(no_vectors, s->target = target_find("generic"))
BREAK(too_many_active, s->last->store.active = 2)
BREAK(no_active, s->last->store.active = 0)
BREAK(fma_without_factor, s->let->next->store.by = NULL)
BREAK(factor_without_fma, s->let->next->store.op = ACCUM_ADD)
BREAK(factor_of_other_type, s->let->next->store.by = expr_const(s->k, F32, 1))
BREAK(no_float, s->last->store.value = expr_const(s->k, F32, 0);
      ((Expr *)s->last->store.value)->constant = 0.1)
BREAK(no_integer, s->last->store.value = expr_convert(
                      s->k, DT_F32, expr_const(s->k, (Type){ DT_U8, 1 }, 257)))
BREAK(half_float, s->row->type = DT_F16)
BREAK(float_only, Type i32 = { DT_I32, 1 };
      s->last->store.value = expr_convert(s->k, DT_F32,
                                          expr_1(s->k, EXPR_SQRT,
                                                 expr_const(s->k, i32, 4))))
BREAK(sum_of_scalar, Expr *e = changed(s, s->inner->next->store.value);
      e->arg[0] = expr_const(s->k, F32, 1); s->inner->next->store.value = e)

static void test_wrong_types(void)
{
    check_found(wrong_operand, "operands of 'max' differ");
    check_found(wrong_result, "'max' has a wrong type");
    check_found(wrong_store, "a value of i32");
    check_found(wrong_lanes, "is stored into 'y'");
    check_found(no_such_lanes, "no vectors of 8 lanes");
    check_found(no_vectors, "no vectors of 4 lanes");
    check_found(too_many_active, "2 lanes of 1");
    check_found(no_active, "0 lanes of 1");
    check_found(fma_without_factor, "second factor");
    check_found(factor_without_fma, "second factor");
    check_found(factor_of_other_type, "not of one type");
    check_found(no_float, "0.10000000000000001 is no f32");
    check_found(no_integer, "257 is no u8");
    check_found(half_float, "a value of f32");
    check_found(float_only, "'sqrt' of i32");
    check_found(sum_of_scalar, "'sum' of 1 lanes");
}

/* ---- limits ------------------------------------------------------------------------ */

BREAK(no_limit, s->inner->loop.lo.count = 0)
BREAK(many_limits, s->inner->loop.lo.count = LIMIT_TERMS + 1)
BREAK(bad_division, s->inner->loop.lo.term[1].div = 0)

static void test_bad_limits(void)
{
    check_found(no_limit, "a limit of 0 terms");
    check_found(many_limits, "a limit of 7 terms");
    check_found(bad_division, "divided by 0");
}

/* ---- what only the final form forbids ------------------------------------------------- */

BREAK(unrolled, s->inner->loop.mark = LOOP_UNROLL)
BREAK(vectorised, s->inner->loop.mark = LOOP_VECTOR)
BREAK(logical, Access y = AT(s->y, affine_var(s->k, s->i));
      s->last->store.place = y)
BREAK(register_varies, s->acc->layout = layout_plain(1, &(Dim){ .extent = 64 });
      s->acc->dim[0].extent = 64;
      s->first->store.place.address = affine_scale(s->k, affine_var(s->k, s->i),
                                                   4))
BREAK(register_part, s->first->store.active = 3)
BREAK(register_widths, s->last->store.value = expr_load(
                           s->k, access_flat(s->acc, affine_const(s->k, 0))))
BREAK(register_overlap, s->last->store.value = expr_load(
                            s->k, access_flat(s->acc, affine_const(s->k, 2))))
BREAK(register_outside, s->first->store.place.address = affine_const(s->k, 1))

/* Broken for the final form, good before it. */
static void check_final(Break *step, const char *words)
{
    Subject s = subject_new();
    check_found(step, words);
    step(&s);
    kernel_verify(s.k, s.target, false);
    subject_free(&s);
}

static void test_the_final_form(void)
{
    check_final(unrolled, "still marked unroll");
    check_final(vectorised, "still marked vector");
    check_final(logical, "an access to 'y' is not flat");
    check_final(register_varies, "at an address that varies");
    check_final(register_part, "3 lanes of 4");
    check_final(register_widths, "two widths");
    check_final(register_overlap, "two widths");
    check_final(register_outside, "no element 1");
}

static void test_the_message_shows_the_kernel(void)
{
    check_found(unrolled, "for j in max(0, 1 - i)..min(4, 9 - i) unroll");
}

static const UnitTest tests[] = {
    UNIT(test_the_kernel_is_good),
    UNIT(test_variables_outside_of_their_loop),
    UNIT(test_temporaries_without_a_value),
    UNIT(test_wrong_places),
    UNIT(test_wrong_types),
    UNIT(test_bad_limits),
    UNIT(test_the_final_form),
    UNIT(test_the_message_shows_the_kernel),
};

UNIT_MAIN("verify", tests)
