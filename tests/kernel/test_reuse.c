/*
 * test_reuse.c - statements change places, not what they compute.
 *
 * Random runs of statements without loops: registers are set, read and added
 * to, memory is stored and loaded, values get names, in an order that is legal
 * and mostly senseless. The interpreter must find the same answer once they
 * are sorted. Values are small whole numbers: sums are the same in any order.
 */
#include "../unit.h"
#include "local.h"

#include "kernel/schedule.h"

#define SEEDS 3000
#define REGS  5
#define CELLS 6

typedef struct Run {
    Random random;
    Kernel *kernel;
    Buffer *x, *y, *z, *r;
    bool is_set[REGS], y_stored[CELLS], z_stored[CELLS];
    const Expr *name; /* of a value: NULL before the first */
} Run;

static int64_t below(Run *run, int64_t n)
{
    return random_range(&run->random, 0, n - 1);
}

static Access at(Run *run, Buffer *buffer, int64_t index)
{
    return AT(buffer, affine_const(run->kernel, index));
}

/* Something that has a value already. */
static const Expr *operand(Run *run)
{
    const int64_t reg = below(run, REGS), cell = below(run, CELLS);
    switch (below(run, 8)) {
    case 0:
        if (run->y_stored[cell])
            return expr_load(run->kernel, at(run, run->y, cell));
        break;
    case 1:
        if (run->name != NULL)
            return run->name;
        break;
    case 2: return expr_const(run->kernel, F32, (double)cell);
    case 3:
    case 4:
    case 5:
        if (run->is_set[reg])
            return expr_load(run->kernel, at(run, run->r, reg));
        break;
    }
    return expr_load(run->kernel, at(run, run->x, cell));
}

static const Expr *value(Run *run)
{
    const Expr *a = operand(run);
    if (below(run, 2))
        return a;
    return expr_2(run->kernel, EXPR_ADD, a, operand(run));
}

static void set_register(Run *run)
{
    const int64_t reg = below(run, REGS);
    kernel_store(run->kernel, at(run, run->r, reg), value(run));
    run->is_set[reg] = true;
}

static void add_to_register(Run *run)
{
    const int64_t reg = below(run, REGS);
    const Access place = at(run, run->r, reg);
    if (!run->is_set[reg])
        return;
    if (below(run, 2))
        kernel_fma(run->kernel, place,
                   expr_load(run->kernel, at(run, run->x, below(run, CELLS))),
                   expr_const(run->kernel, F32, (double)below(run, 9)));
    else
        kernel_accum(run->kernel, below(run, 2) ? ACCUM_ADD : ACCUM_MAX, place,
                     value(run));
}

/* y is loaded now and then; z never. */
static void store(Run *run)
{
    const int64_t cell = below(run, CELLS);
    const bool to_y = below(run, 3) == 0;
    bool *stored = to_y ? &run->y_stored[cell] : &run->z_stored[cell];
    const Access place = at(run, to_y ? run->y : run->z, cell);
    if (*stored && below(run, 3) == 0)
        kernel_accum(run->kernel, ACCUM_ADD, place, value(run));
    else
        kernel_store(run->kernel, place, value(run));
    *stored = true;
}

static void statement(Run *run)
{
    switch (below(run, 10)) {
    case 0: run->name = kernel_let(run->kernel, "t", value(run)); break;
    case 1:
    case 2:
    case 3: set_register(run); break;
    case 4:
    case 5: store(run); break;
    default: add_to_register(run);
    }
}

static Buffer *cells_of(Program *p, const char *name, Run *run, bool is_input)
{
    static const int64_t cells = CELLS;
    const BufferPlace place = is_input ? BUFFER_INPUT : BUFFER_OUTPUT;
    Buffer *buffer = program_buffer(p, name, DT_F32, place, 1, &cells);
    const ProgramPort port = {
        .buffer = buffer, .name = name, .rank = 1, .dim = { CELLS }
    };
    kernel_param(run->kernel, buffer);
    if (is_input)
        vec_push(&p->inputs, port);
    else
        vec_push(&p->outputs, port);
    return buffer;
}

static Program *random_run(Arena *arena, uint64_t seed)
{
    static const int64_t regs = REGS;
    Program *p = program_new(arena, "run", NULL);
    Run run = { .kernel = kernel_new(arena, "straight") };
    random_seed(&run.random, seed);
    run.x = cells_of(p, "x", &run, true);
    run.y = cells_of(p, "y", &run, false);
    run.z = cells_of(p, "z", &run, false);
    run.r = kernel_local(run.kernel, "r", DT_F32, BUFFER_REG, 1, &regs);
    for (int64_t i = random_range(&run.random, 3, 28); i > 0; i--)
        statement(&run);
    for (int64_t i = 0; i < CELLS; i++) { /* nothing is left open */
        if (!run.z_stored[i])
            kernel_store(run.kernel, at(&run, run.z, i), operand(&run));
        if (!run.y_stored[i])
            kernel_store(run.kernel, at(&run, run.y, i), operand(&run));
    }
    vec_push(&p->kernels, run.kernel);
    return p;
}

typedef struct Answer {
    float y[CELLS], z[CELLS];
} Answer;

static Answer answer_of(const Program *program)
{
    static const float x[CELLS] = { 1, -2, 3, 5, -7, 2 };
    Answer a;
    memset(&a, 0, sizeof a);
    program_interpret(program, (const void *const[]){ x },
                      (void *const[]){ a.y, a.z });
    return a;
}

static void test_sorted_statements_keep_the_answer(void)
{
    int moved = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        Arena *arena = arena_new();
        Program *p = random_run(arena, seed);
        Kernel *k = p->kernels.at[0];
        Text why = { 0 };
        CU_ASSERT_TRUE_FATAL(kernel_expand(k, target_find("generic"), &why));
        const Answer before = answer_of(p);
        char *text = text_of_kernel(arena, k);
        CU_ASSERT_TRUE(rewrite_reuse(k, "x", &why));
        char *sorted = text_of_kernel(arena, k);
        const Answer after = answer_of(p);
        if (memcmp(&before, &after, sizeof after) != 0)
            fprintf(stderr, "\nseed %llu:\n%s\nbecame\n%s",
                    (unsigned long long)seed, text, sorted);
        CU_ASSERT_EQUAL(memcmp(&before, &after, sizeof after), 0);
        moved += strcmp(text, sorted) != 0;
        text_free(&why);
        program_free(p);
        arena_free(arena);
    }
    CU_ASSERT(moved > SEEDS / 3);
}

static void expect_sorted(const char *body, const char *expected)
{
    Arena *arena = arena_new();
    Program *p = kernel_of(arena, "x: input f32[3]\ny: output f32[2]\n", body);
    Program *q =
        kernel_of(arena, "x: input f32[3]\ny: output f32[2]\n", expected);
    Text why = { 0 };
    for (int i = 0; i < 2; i++)
        CU_ASSERT_TRUE(kernel_expand((i ? q : p)->kernels.at[0],
                                     target_find("generic"), &why));
    CU_ASSERT_TRUE(rewrite_reuse(p->kernels.at[0], "x", &why));
    CU_ASSERT_STRING_EQUAL(text_of_kernel(arena, p->kernels.at[0]),
                           text_of_kernel(arena, q->kernels.at[0]));
    text_free(&why);
    program_free(p);
    program_free(q);
    arena_free(arena);
}

static void test_a_sum_lives_from_first_to_last_product(void)
{
    expect_sorted("local a: reg f32[2]\n"
                  "a[0] = 0.0\n"
                  "a[1] = 0.0\n"
                  "a[1] += x[1] * 3.0\n"
                  "a[0] += x[0] * 2.0\n"
                  "a[1] += x[2] * 4.0\n"
                  "a[0] += x[1] * 5.0\n"
                  "y[0] = a[0]\n"
                  "y[1] = a[1]\n",
                  "local a: reg f32[2]\n"
                  "a[0] = 0.0\n"
                  "a[0] += x[0] * 2.0\n"
                  "a[1] = 0.0\n"
                  "a[1] += x[1] * 3.0\n"
                  "a[0] += x[1] * 5.0\n"
                  "y[0] = a[0]\n"
                  "a[1] += x[2] * 4.0\n"
                  "y[1] = a[1]\n");
}

static void test_what_is_only_set_is_set_before_it_is_read(void)
{
    const char *body = "local a: reg f32[2]\n"
                       "a[0] = x[0]\n"
                       "a[1] = 0.0\n"
                       "a[1] += a[0]\n"
                       "y[0] = a[0]\n"
                       "y[1] = a[1]\n";
    expect_sorted(body, "local a: reg f32[2]\n"
                        "a[0] = x[0]\n"
                        "y[0] = a[0]\n"
                        "a[1] = 0.0\n"
                        "a[1] += a[0]\n"
                        "y[1] = a[1]\n");
}

static const UnitTest tests[] = {
    UNIT(test_sorted_statements_keep_the_answer),
    UNIT(test_a_sum_lives_from_first_to_last_product),
    UNIT(test_what_is_only_set_is_set_before_it_is_read),
};
UNIT_MAIN("reuse", tests)
