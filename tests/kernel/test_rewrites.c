/*
 * test_rewrites.c - a rewrite never changes what a kernel computes.
 *
 * Random nests, random lists of rewrites: what is legal is applied, what is
 * refused is left out, and the interpreter must find the same answer before,
 * after the list, and after expansion for some target. Values are small whole
 * numbers, so that a sum is the same in every order. Then the same for the
 * schedules that the cost model chooses.
 */
#include "../unit.h"
#include "local.h"

#include "kernel/schedule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Trial {
    Random random;
    Program *program;
    Kernel *kernel;
    Text list; /* the rewrites that were applied */
    int applied;
} Trial;

static const char *any_var(Trial *t)
{
    return t->kernel->vars
        .at[random_range(&t->random, 0, t->kernel->vars.count - 1)]
        ->name;
}

static const char *any_const(Trial *t)
{
    for (int i = 0; i < t->kernel->params.count; i++) {
        if (t->kernel->params.at[i]->place == BUFFER_CONST)
            return t->kernel->params.at[i]->name;
    }
    return "none";
}

typedef enum Kind {
    SPLIT,
    FUSE,
    PUSH,
    ORDER,
    PEEL,
    PACK,
    PARTIAL,
    UNROLL,
    VECTOR,
    KINDS
} Kind;

static bool rewrite(Trial *t, Kernel *k, Kind kind, Text *why)
{
    const char *a = any_var(t), *b = any_var(t), *c = any_var(t);
    int64_t n = random_range(&t->random, 1, 9);
    int64_t m = random_range(&t->random, 0, 2);
    text_printf(&t->list, "%d %s %s %s %d %d; ", (int)kind, a, b, c, (int)n,
                (int)m);
    switch (kind) {
    case SPLIT: return rewrite_split(k, a, n, why);
    case FUSE: return rewrite_fuse(k, a, b, NULL, why);
    case PUSH: return rewrite_push(k, a, why);
    case ORDER:
        return strcmp(a, b) && strcmp(b, c) && strcmp(a, c) &&
               rewrite_order(k, (const char *[]){ a, b, c }, 3, why);
    case PEEL: return rewrite_peel(k, a, m, n % 3, why);
    case PACK: return rewrite_pack(k, any_const(t), why);
    case PARTIAL: return rewrite_partial(k, a, n, m + 1, why);
    case UNROLL: return rewrite_mark(k, a, LOOP_UNROLL, why);
    case VECTOR: return rewrite_mark(k, a, LOOP_VECTOR, why);
    case KINDS: break;
    }
    return false;
}

static void take_over(Trial *t, Kernel *copy)
{
    kernel_free(t->kernel);
    t->kernel = copy;
    t->program->kernels.at[0] = copy;
}

/* One rewrite on a copy; the copy takes over where it was legal. */
static void try_rewrite(Trial *t, Kind kind)
{
    Text why = { 0 };
    size_t before = t->list.length;
    Kernel *copy = kernel_copy(t->kernel);
    if (rewrite(t, copy, kind, &why)) {
        take_over(t, copy);
        t->applied++;
        kernel_verify(copy, t->program->target, false);
        kernel_prove(copy);
    } else {
        kernel_free(copy);
        t->list.length = before;
        t->list.data[before] = '\0';
    }
    text_free(&why);
}

static void expect_same(Trial *t, Arena *arena, const float *expected,
                        int64_t count, uint64_t seed, const char *when)
{
    int64_t n;
    bug_context = text_get(&t->list);
    float *now = program_output(arena, t->program, seed, &n);
    bug_context = NULL;
    CU_ASSERT_EQUAL_FATAL(n, count);
    bool same = true;
    for (int64_t i = 0; i < n; i++) /* -0 is 0 */
        same &= now[i] == expected[i];
    if (!same)
        fprintf(stderr, "\nseed %llu %s: %s\n", (unsigned long long)seed, when,
                text_get(&t->list));
    CU_ASSERT_TRUE(same);
}

/* Expansion by itself may refuse (a vector of stride 7): then nothing more. */
static bool expand(Trial *t)
{
    Text why = { 0 };
    Kernel *copy = kernel_copy(t->kernel);
    const Target *target =
        &targets[random_range(&t->random, 0, target_count - 1)];
    bool ok = kernel_expand(copy, target, &why) && rewrite_spill(copy, &why);
    if (ok && random_range(&t->random, 0, 1))
        rewrite_reuse(copy, copy->params.at[0]->name, &why);
    if (ok)
        rewrite_share(copy);
    ok = ok && rewrite_weave(copy, &why);
    if (ok) {
        kernel_simplify(copy);
        kernel_prove(copy);
        take_over(t, copy);
    } else {
        kernel_free(copy);
    }
    text_free(&why);
    return ok;
}

#ifdef __SANITIZE_ADDRESS__ /* ten times as slow */
#define SEEDS 500
#else
#define SEEDS 1500
#endif

static void test_random_rewrites_keep_the_answer(void)
{
    int applied = 0, expanded = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        Arena *arena = arena_new();
        Trial t = { .program = random_nest(arena, seed) };
        int64_t count;
        random_seed(&t.random, seed);
        t.kernel = t.program->kernels.at[0];
        float *expected = program_output(arena, t.program, seed, &count);
        for (int i = 0; i < 14; i++)
            try_rewrite(&t, (Kind)random_range(&t.random, 0, KINDS - 1));
        expect_same(&t, arena, expected, count, seed, "rewritten");
        if (expand(&t)) {
            expanded++;
            expect_same(&t, arena, expected, count, seed, "expanded");
        }
        applied += t.applied;
        text_free(&t.list);
        program_free(t.program);
        arena_free(arena);
    }
    CU_ASSERT(applied > 3 * SEEDS);
    CU_ASSERT(expanded > SEEDS / 4);
}

static void test_chosen_schedules_keep_the_answer(void)
{
    int scheduled = 0;
    for (uint64_t seed = 0; seed < SEEDS / 2; seed++) {
        Arena *arena = arena_new();
        Trial t = { .program = random_nest(arena, seed) };
        const Target *target = &targets[seed % (uint64_t)target_count];
        Schedule schedule = { .kernel = "nest" };
        int64_t count;
        Text why = { 0 };
        t.kernel = t.program->kernels.at[0];
        float *expected = program_output(arena, t.program, seed, &count);
        schedule_choose(t.kernel, target, false, &schedule);
        scheduled += schedule.steps.count > 0;
        schedule_print(&t.list, &schedule);
        CU_ASSERT_TRUE(schedule_apply(t.kernel, &schedule, target, &why));
        kernel_simplify(t.kernel);
        kernel_verify(t.kernel, target, true);
        kernel_prove(t.kernel);
        expect_same(&t, arena, expected, count, seed, target->name);
        text_free(&t.list);
        text_free(&why);
        schedule_free(&schedule);
        program_free(t.program);
        arena_free(arena);
    }
    CU_ASSERT(scheduled > SEEDS / 4);
}

/* ---- planes and pixels ----------------------------------------------------------- */

/* for c, w: y[w][c] = 2 * x[c][w] */
static Program *planes_to_pixels(Arena *arena, int64_t channels)
{
    Program *p = program_new(arena, "planes", target_find("x86-64-v4"));
    Kernel *k = kernel_new(arena, "turn");
    int64_t planes[2] = { channels, 28 }, pixels[2] = { 28, channels };
    Buffer *x = kernel_param(
        k, program_buffer(p, "x", DT_F32, BUFFER_INPUT, 2, planes));
    Buffer *y = kernel_param(
        k, program_buffer(p, "y", DT_F32, BUFFER_OUTPUT, 2, pixels));
    const Affine *c = affine_var(k, kernel_for(k, "c", 0, channels));
    const Affine *w = affine_var(k, kernel_for(k, "w", 0, 28));
    const Affine *from[2] = { c, w }, *to[2] = { w, c };
    ProgramPort in = {
        .buffer = x, .name = "x", .rank = 2, .dim = { channels, 28 }
    };
    ProgramPort out = {
        .buffer = y, .name = "y", .rank = 2, .dim = { 28, channels }
    };
    kernel_store(k, access_at(y, to),
                 expr_2(k, EXPR_MUL, expr_load(k, access_at(x, from)),
                        expr_const(k, (Type){ DT_F32, 1 }, 2)));
    kernel_end(k);
    kernel_end(k);
    vec_push(&p->inputs, in);
    vec_push(&p->outputs, out);
    vec_push(&p->kernels, k);
    return p;
}

static bool apply_text(Arena *arena, Kernel *kernel, const char *text)
{
    ScheduleList list = { 0 };
    Text why = { 0 };
    CU_ASSERT_TRUE(schedule_read(source_from_text(arena, "s", text), &list));
    bool ok =
        schedule_apply(kernel, &list.at[0], target_find("x86-64-v4"), &why);
    CU_ASSERT_EQUAL(ok, why.length == 0);
    text_free(&why);
    schedule_free(&list.at[0]);
    vec_free(&list);
    return ok;
}

static int stores_apart(const Stmt *list)
{
    int count = 0;
    for (; list != NULL; list = list->next) {
        if (list->kind == STMT_LOOP)
            count += stores_apart(list->loop.body);
        if (list->kind == STMT_BLOCK)
            count += stores_apart(list->block);
        count += list->kind == STMT_STORE && list->store.apart != 0;
    }
    return count;
}

static void test_planes_are_woven_into_pixels(void)
{
    static const int64_t channels[] = { 2, 3, 4, 6, 8 };
    for (size_t i = 0; i < COUNT_OF(channels); i++) {
        Arena *arena = arena_new();
        Program *p = planes_to_pixels(arena, channels[i]);
        Kernel *k = p->kernels.at[0];
        int64_t count, again;
        float *before = program_output(arena, p, 1, &count);
        CU_ASSERT_TRUE(apply_text(
            arena, k,
            "turn: split w by 16; order w.o | c w.i; peel w.o first 0;"
            " unroll c; vectorize w.i\n"));
        kernel_simplify(k);
        kernel_verify(k, p->target, true);
        kernel_prove(k);
        CU_ASSERT_EQUAL(stores_apart(k->body), 2 * channels[i]);
        float *after = program_output(arena, p, 1, &again);
        CU_ASSERT_EQUAL_FATAL(count, again);
        CU_ASSERT_EQUAL(memcmp(before, after, 4 * (size_t)count), 0);
        program_free(p);
        arena_free(arena);
    }
}

static void test_a_channel_that_is_missing_is_refused(void)
{
    Arena *arena = arena_new();
    Program *p = planes_to_pixels(arena, 6), *odd = planes_to_pixels(arena, 5);
    CU_ASSERT_FALSE(apply_text(arena, p->kernels.at[0],
                               "turn: split w by 16; order c w.o | w.i;"
                               " peel w.o first 0; vectorize w.i\n"));
    CU_ASSERT_FALSE(apply_text(arena, odd->kernels.at[0],
                               "turn: split w by 16; order w.o | c w.i;"
                               " peel w.o first 0; unroll c; vectorize w.i\n"));
    program_free(p);
    program_free(odd);
    arena_free(arena);
}

/* ---- sums that take turns -------------------------------------------------------- */

static int registers_of(const Kernel *kernel)
{
    int64_t count = 0;
    for (int i = 0; i < kernel->locals.count; i++)
        count += kernel->locals.at[i]->place == BUFFER_REG
                     ? test_count(kernel->locals.at[i])
                     : 0;
    return (int)count;
}

static void test_sums_of_several_outputs_take_turns(void)
{
    for (int64_t products = 4; products < 40; products++) {
        Arena *arena = arena_new();
        const char *n = arena_printf(arena, "%d", (int)products);
        Program *p = kernel_of(
            arena,
            arena_printf(arena,
                         "x: input f32[%s]\nw: const f32[%s][24]\n"
                         "y: output f32[24]\n",
                         n, n),
            arena_printf(arena,
                         "local acc: reg f32[3][8]\n"
                         "for o in 0..3\n"
                         "    for i in 0..8\n"
                         "        acc[o][i] = 1.0\n"
                         "for k in 0..%s\n"
                         "    for o in 0..3\n"
                         "        for i in 0..8\n"
                         "            acc[o][i] fma= x[k], w[k][8*o + i]\n"
                         "for o in 0..3\n"
                         "    for i in 0..8\n"
                         "        y[8*o + i] = acc[o][i]\n",
                         n));
        Kernel *k = p->kernels.at[0];
        int64_t count, again;
        float *before = program_output(arena, p, 1, &count);
        CU_ASSERT_TRUE(apply_text(
            arena, k,
            "k: partial k times 4; unroll k.u; unroll o; vectorize i\n"));
        kernel_simplify(k);
        kernel_verify(k, p->target, true);
        kernel_prove(k);
        CU_ASSERT_EQUAL(registers_of(k), (1 + 4) * 24);
        float *after = program_output(arena, p, 1, &again);
        CU_ASSERT_EQUAL_FATAL(count, again);
        CU_ASSERT_EQUAL(memcmp(before, after, 4 * (size_t)count), 0);
        program_free(p);
        arena_free(arena);
    }
}

/* ---- tiles ------------------------------------------------------------------------ */

/* Two outputs of each three sums. */
static Program *tile_nest(Arena *arena, int tiles)
{
    const char *n = arena_printf(arena, "%d", tiles);
    const char *m = arena_printf(arena, "%d", 2 * tiles);
    return kernel_of(
        arena,
        arena_printf(arena, "x: input f32[%s][3]\ny: output f32[%s]\n", n, m),
        arena_printf(arena,
                     "local acc: reg f32[3]\n"
                     "for t in 0..%s\n"
                     "    for j in 0..3\n"
                     "        acc[j] = 1.0\n"
                     "        for k in 0..2\n"
                     "            acc[j] += x[t][j]\n"
                     "    y[2*t] = acc[0] + acc[1]\n"
                     "    y[2*t + 1] = acc[1] - acc[2]\n",
                     n));
}

/* Whether the steps apply, to the same answer; as many registers, and bytes of
 * the stack. */
static void expect_tiles(int tiles, const char *steps, bool applies,
                         int registers, int64_t stack)
{
    Arena *arena = arena_new();
    Program *p = tile_nest(arena, tiles);
    Kernel *k = p->kernels.at[0];
    int64_t count, again;
    float *before = program_output(arena, p, 1, &count);
    const bool did = apply_text(arena, k, steps);
    CU_ASSERT_EQUAL(did, applies);
    if (did) {
        kernel_simplify(k);
        kernel_verify(k, p->target, true);
        kernel_prove(k);
        CU_ASSERT_EQUAL(registers_of(k), registers);
        CU_ASSERT_EQUAL(kernel_stack_bytes(k), stack);
        float *after = program_output(arena, p, 1, &again);
        CU_ASSERT_EQUAL_FATAL(count, again);
        CU_ASSERT_EQUAL(memcmp(before, after, 4 * (size_t)count), 0);
    }
    program_free(p);
    arena_free(arena);
}

/* Sums in loops that stay are an array, if not too large a one. */
static void test_tiles_of_outputs(void)
{
    expect_tiles(8, "k: unroll j\n", true, 3, 0);
    expect_tiles(8, "k: order t k | j; unroll j\n", true, 3, 0);
    expect_tiles(8,
                 "k: split t by 4; order t.o k | j t.i; unroll j;"
                 " vectorize t.i\n",
                 true, 12, 0);
    expect_tiles(8, "k: split t by 4; order t.o k | j t.i; unroll j t.i\n",
                 true, 12, 0);
    expect_tiles(7,
                 "k: split t by 4; order t.o k | j t.i; peel t.o;"
                 " unroll j t.i\n",
                 true, 2 * 12, 0);
    expect_tiles(8, "k:\n", true, 0, 12);
    expect_tiles(8, "k: order k | j t\n", true, 0, 8 * 12);
    expect_tiles(4000, "k: order k | j t\n", false, 0, 0);
}

static Program *dense_nest(Arena *arena, int64_t inputs, const char *sum)
{
    const char *n = arena_printf(arena, "%lld", (long long)inputs);
    return kernel_of(arena,
                     arena_printf(arena,
                                  "x: input f32[%s]\nw: const f32[%s][8]\n"
                                  "y: output f32[8]\n",
                                  n, n),
                     arena_printf(arena,
                                  "local acc: reg f32[8]\n"
                                  "for i in 0..8\n"
                                  "    acc[i] = 1.0\n"
                                  "for k in 0..%s\n"
                                  "    for i in 0..8\n"
                                  "        %s\n"
                                  "for i in 0..8\n"
                                  "    y[i] = acc[i]\n",
                                  n, sum));
}

static void test_products_with_zero_are_left_out(void)
{
    for (int64_t inputs = 2; inputs <= NONZERO_MOST; inputs *= 32) {
        Arena *arena = arena_new();
        Program *p = dense_nest(arena, inputs, "acc[i] fma= x[k], w[k][i]");
        Kernel *k = p->kernels.at[0];
        int64_t count, again;
        float *before = program_output(arena, p, 1, &count);
        CU_ASSERT_TRUE(apply_text(arena, k, "k: vectorize i; nonzero k\n"));
        kernel_verify(k, p->target, true);
        kernel_prove(k);
        char *text = text_of(arena, p);
        CU_ASSERT_PTR_NOT_NULL(strstr(
            text, arena_printf(arena, "in 0..%d nonzero\n", (int)inputs)));
        CU_ASSERT_EQUAL(kernel_stack_bytes(k), 4 * (inputs + NONZERO_ROOM));
        float *after = program_output(arena, p, 1, &again);
        CU_ASSERT_EQUAL_FATAL(count, again);
        CU_ASSERT_EQUAL(memcmp(before, after, 4 * (size_t)count), 0);
        program_free(p);
        arena_free(arena);
    }
}

static void expect_no_list(int64_t inputs, const char *sum, float weight)
{
    Arena *arena = arena_new();
    Program *p = dense_nest(arena, inputs, sum);
    Buffer *w = p->buffers.at[1];
    ((float *)(uintptr_t)w->data)[5] = weight;
    CU_ASSERT_FALSE(
        apply_text(arena, p->kernels.at[0], "k: vectorize i; nonzero k\n"));
    program_free(p);
    arena_free(arena);
}

/* 0 * inf is not 0; x[0] is the same in each iteration; a weight's zeros are no
 * list's; what is added alone counts. */
static void test_zeros_that_count_stay(void)
{
    static const char product[] = "acc[i] fma= x[k], w[k][i]";
    expect_no_list(64, product, INFINITY);
    expect_no_list(64, product, NAN);
    expect_no_list(NONZERO_MOST + 1, product, 1);
    expect_no_list(64, "acc[i] fma= x[0], w[k][i]", 1);
    expect_no_list(64, "acc[i] fma= x[k], x[k]", 1);
    expect_no_list(64, "acc[i] fma= w[k][0], w[k][i]", 1);
    expect_no_list(64, "acc[i] += w[k][i]", 1);
    expect_no_list(64, "acc[i] max= x[k]", 1);
}

/* y[c][p] = x[p][c] */
static Program *turning_nest(Arena *arena, int64_t pixels, int64_t channels)
{
    Program *p = program_new(arena, "turn", NULL);
    const int64_t from[] = { pixels, channels }, to[] = { channels, pixels };
    Buffer *x = program_buffer(p, "x", DT_F32, BUFFER_INPUT, 2, from);
    Buffer *y = program_buffer(p, "y", DT_F32, BUFFER_OUTPUT, 2, to);
    Kernel *k = kernel_new(arena, "nest");
    const Affine *c = affine_var(k, kernel_for(k, "c", 0, channels));
    const Affine *at = affine_var(k, kernel_for(k, "p", 0, pixels));
    kernel_param(k, x);
    kernel_param(k, y);
    kernel_store(k, access_at(y, (const Affine *const[]){ c, at }),
                 expr_load(k, access_at(x, (const Affine *const[]){ at, c })));
    kernel_end(k);
    kernel_end(k);
    vec_push(&p->kernels, k);
    return p;
}

static void expect_schedule(int64_t pixels, int64_t channels, const char *steps)
{
    Arena *arena = arena_new();
    Program *program = turning_nest(arena, pixels, channels);
    Schedule schedule = { .kernel = "nest" };
    Text text = { 0 };
    schedule_choose(program->kernels.at[0], target_find("x86-64-v3"), false,
                    &schedule);
    schedule_print(&text, &schedule);
    CU_ASSERT_STRING_EQUAL(text_get(&text), steps);
    text_free(&text);
    schedule_free(&schedule);
    kernel_free(program->kernels.at[0]);
    program_free(program);
    arena_free(arena);
}

static void test_much_is_turned_tile_by_tile(void)
{
    expect_schedule(
        1000, 64,
        "nest: split p by 16; split c by 16; order p.o c.o c.i p.i\n");
    expect_schedule(1000, 8, "nest: split p by 16; order p.o c p.i\n");
    expect_schedule(20, 64, "nest:\n"); /* all of it is near */
}

static void test_a_schedule_reads_back(void)
{
    Arena *arena = arena_new();
    const char *text =
        "conv2: split ow by 14; split oc by 32;\n"
        "    order oc.o oh ow.o kh c | kw ow.i oc.i; pack w;\n"
        "    peel ow.o; peel oc.o first 0; fuse a b as i; unroll kw ow.i;\n"
        "    vectorize oc.i; reuse x; prefetch w c ahead 512;\n"
        "    nonzero c\n"
        "pool: partial i by 16 times 4; partial j by 8; partial k times 4;\n"
        "    vectorize c\n";
    ScheduleList list = { 0 };
    Text out = { 0 };
    CU_ASSERT_TRUE(schedule_read(source_from_text(arena, "s", text), &list));
    CU_ASSERT_EQUAL_FATAL(list.count, 2);
    for (int i = 0; i < list.count; i++)
        schedule_print(&out, &list.at[i]);
    ScheduleList again = { 0 };
    char *first = text_take(&out, arena);
    CU_ASSERT_TRUE(schedule_read(source_from_text(arena, "s", first), &again));
    for (int i = 0; i < again.count; i++)
        schedule_print(&out, &again.at[i]);
    CU_ASSERT_STRING_EQUAL(text_get(&out), first);
    text_free(&out);
    for (int i = 0; i < 2; i++) {
        schedule_free(&list.at[i]);
        schedule_free(&again.at[i]);
    }
    vec_free(&list);
    vec_free(&again);
    arena_free(arena);
}

static const UnitTest tests[] = {
    UNIT(test_products_with_zero_are_left_out),
    UNIT(test_zeros_that_count_stay),
    UNIT(test_random_rewrites_keep_the_answer),
    UNIT(test_chosen_schedules_keep_the_answer),
    UNIT(test_planes_are_woven_into_pixels),
    UNIT(test_a_channel_that_is_missing_is_refused),
    UNIT(test_sums_of_several_outputs_take_turns),
    UNIT(test_tiles_of_outputs),
    UNIT(test_much_is_turned_tile_by_tile),
    UNIT(test_a_schedule_reads_back),
};
UNIT_MAIN("rewrites", tests)
