/*
 * test_affine.c - sums of loop variables and their intervals.
 */
#include "../unit.h"
#include "local.h"

static Arena *arena;
static Kernel *k;

static void setup(void)
{
    arena = arena_new();
    k = kernel_new(arena, "test");
}

static void teardown(void)
{
    kernel_free(k);
    arena_free(arena);
}

static const Affine *var(const Var *v)
{
    return affine_var(k, v);
}

static void check_prints(const Affine *a, const char *expected)
{
    Text text = { 0 };
    affine_print(&text, a);
    CU_ASSERT_STRING_EQUAL(text_get(&text), expected);
    text_free(&text);
}

static void test_sum_prints_as_one_would_write_it(void)
{
    const Var *o, *i;
    setup();
    o = kernel_var(k, "ow.o"), i = kernel_var(k, "ow.i");
    const Affine *a = affine_add(k, affine_scale(k, var(o), 16), var(i));
    check_prints(affine_const(k, 0), "0");
    check_prints(affine_const(k, -7), "-7");
    check_prints(affine_shift(k, a, -1), "16*ow.o + ow.i - 1");
    check_prints(affine_sub(k, affine_const(k, 2), var(o)), "2 - ow.o");
    check_prints(affine_scale(k, var(o), -3), "-3*ow.o");
    check_prints(affine_shift(k, affine_scale(k, var(o), -1), -2), "-ow.o - 2");
    check_prints(affine_const(k, INT64_MIN), "-9223372036854775808");
    teardown();
}

static void test_terms_that_cancel_are_gone(void)
{
    setup();
    const Affine *v = var(kernel_var(k, "v"));
    const Affine *zero = affine_sub(k, affine_shift(k, v, 4), v);
    int64_t value;
    CU_ASSERT(affine_is_const(zero, &value));
    CU_ASSERT_EQUAL(value, 4);
    CU_ASSERT(affine_is_const(affine_scale(k, v, 0), &value));
    CU_ASSERT_EQUAL(value, 0);
    teardown();
}

static void test_order_of_terms_does_not_matter(void)
{
    setup();
    const Affine *a = var(kernel_var(k, "a")), *b = var(kernel_var(k, "b"));
    CU_ASSERT(affine_equal(affine_add(k, a, b), affine_add(k, b, a)));
    CU_ASSERT(!affine_equal(affine_add(k, a, b), affine_sub(k, a, b)));
    CU_ASSERT(!affine_equal(a, affine_shift(k, a, 1)));
    teardown();
}

static void test_substitution_scales_and_merges(void)
{
    setup();
    const Var *w = kernel_var(k, "w"), *o = kernel_var(k, "o");
    const Affine *by = affine_shift(k, affine_scale(k, var(o), 4), 3);
    const Affine *sum = affine_add(k, affine_scale(k, var(w), 2), var(o));
    check_prints(affine_substitute(k, sum, w, by), "9*o + 6");
    CU_ASSERT_PTR_EQUAL(affine_substitute(k, by, w, by), by);
    CU_ASSERT_EQUAL(affine_coef(sum, w), 2);
    CU_ASSERT_EQUAL(affine_coef(by, w), 0);
    teardown();
}

static void test_variables_of_one_name_are_told_apart(void)
{
    setup();
    CU_ASSERT_STRING_EQUAL(kernel_var(k, "kh")->name, "kh");
    CU_ASSERT_STRING_EQUAL(kernel_var(k, "kh")->name, "kh2");
    CU_ASSERT_STRING_EQUAL(kernel_var(k, "kh")->name, "kh3");
    teardown();
}

/* ---- bounds ------------------------------------------------------------------ */

/* for o in 0..outputs, for t in max(0, ceil((pad - o*stride)/dilation)) ..
 * min(window, ceil((extent + pad - o*stride)/dilation)); the position under
 * the tap. */
typedef struct Window {
    int64_t outputs, window, stride, dilation, pad, extent;
} Window;

static const Affine *open_window(Window w, const Stmt **loops)
{
    const Affine *o = var(kernel_for(k, "o", 0, w.outputs));
    loops[0] = k->body;
    const Affine *at = affine_scale(k, o, w.stride);
    Limit lo = limit_of(affine_const(k, 0));
    Limit hi = limit_of(affine_const(k, w.window));
    limit_add(&lo, affine_sub(k, affine_const(k, w.pad), at), w.dilation);
    limit_add(&hi, affine_sub(k, affine_const(k, w.extent + w.pad), at),
              w.dilation);
    const Affine *t = var(kernel_for_within(k, "t", lo, hi));
    loops[1] = loops[0]->loop.body;
    return affine_shift(k, affine_add(k, at, affine_scale(k, t, w.dilation)),
                        -w.pad);
}

static void check_window(Window w)
{
    const Stmt *loops[2];
    int64_t low = 0, high = 0;
    setup();
    const Affine *at = open_window(w, loops);
    CU_ASSERT(affine_lower_bound(k, at, loops, 2, &low));
    CU_ASSERT(affine_upper_bound(k, at, loops, 2, &high));
    CU_ASSERT(low >= 0);
    CU_ASSERT(high <= w.extent - 1);
    teardown();
}

static void test_window_with_padding_stays_inside(void)
{
    check_window((Window){ 32, 3, 1, 1, 1, 32 });
    check_window((Window){ 16, 3, 2, 1, 1, 32 });
    check_window((Window){ 14, 5, 1, 1, 2, 14 });
    check_window((Window){ 112, 7, 2, 1, 3, 224 });
}

static void test_window_with_dilation_stays_inside(void)
{
    check_window((Window){ 32, 3, 1, 2, 2, 32 });
    check_window((Window){ 11, 5, 3, 4, 7, 33 });
    check_window((Window){ 7, 2, 5, 3, 1, 31 });
}

static void test_bounds_of_a_window_are_exact(void)
{
    const Stmt *loops[2];
    int64_t low = -1, high = -1;
    setup();
    const Affine *at = open_window((Window){ 32, 3, 1, 1, 1, 32 }, loops);
    CU_ASSERT(affine_lower_bound(k, at, loops, 2, &low));
    CU_ASSERT(affine_upper_bound(k, at, loops, 2, &high));
    CU_ASSERT_EQUAL(low, 0);
    CU_ASSERT_EQUAL(high, 31);
    teardown();
}

static void test_bound_is_the_best_of_many_terms(void)
{
    const Stmt *loop[2];
    int64_t low = 0, high = 0;
    setup();
    const Affine *o = var(kernel_for(k, "o", 0, 8));
    Limit lo = limit_of(affine_const(k, -9)), hi = limit_of(o);
    limit_add(&lo, affine_sub(k, affine_const(k, 3), o), 1);
    limit_add(&lo, affine_shift(k, o, -4), 1);
    limit_add(&hi, affine_const(k, 40), 1);
    limit_add(&hi, affine_const(k, 6), 1);
    const Affine *i = var(kernel_for_within(k, "i", lo, hi));
    loop[0] = k->body, loop[1] = loop[0]->loop.body;
    /* i + o >= (3 - o) + o; i <= o - 1; 2i - o <= 5 + (o - 1) - o */
    CU_ASSERT(affine_lower_bound(k, affine_add(k, i, o), loop, 2, &low));
    CU_ASSERT_EQUAL(low, 3);
    CU_ASSERT(affine_upper_bound(k, affine_sub(k, i, o), loop, 2, &high));
    CU_ASSERT_EQUAL(high, -1);
    CU_ASSERT(affine_upper_bound(k, i, loop, 2, &high));
    CU_ASSERT_EQUAL(high, 5);
    teardown();
}

static void test_a_free_variable_has_no_bound(void)
{
    int64_t bound;
    setup();
    const Affine *v = var(kernel_var(k, "v"));
    CU_ASSERT(!affine_lower_bound(k, v, NULL, 0, &bound));
    CU_ASSERT(!affine_upper_bound(k, v, NULL, 0, &bound));
    CU_ASSERT(affine_lower_bound(k, affine_sub(k, v, v), NULL, 0, &bound));
    CU_ASSERT_EQUAL(bound, 0);
    teardown();
}

static void test_overflow_gives_no_bound(void)
{
    const Stmt *loop;
    int64_t bound;
    setup();
    const Affine *v = var(kernel_for(k, "v", 0, INT64_MAX));
    loop = k->body;
    CU_ASSERT(!affine_upper_bound(k, affine_scale(k, v, 3), &loop, 1, &bound));
    CU_ASSERT(affine_lower_bound(k, affine_scale(k, v, 3), &loop, 1, &bound));
    CU_ASSERT_EQUAL(bound, 0);
    teardown();
}

/* ---- bounds against all iterations ------------------------------------------- */

typedef struct Trial {
    Random random;
    const Stmt *loop[4];
    int depth;
    const Affine *sum;
    int64_t value[8]; /* of the variables, by id */
    int64_t low, high;
    int64_t iterations;
} Trial;

static const Affine *random_sum(Trial *t, int64_t reach)
{
    const Affine *sum = affine_const(k, random_range(&t->random, -9, 9));
    for (int i = 0; i < k->vars.count; i++) {
        int64_t coef = random_range(&t->random, -reach, reach);
        sum = affine_add(k, sum, affine_scale(k, var(k->vars.at[i]), coef));
    }
    return sum;
}

static Limit random_limit(Trial *t, int64_t first)
{
    Limit limit = limit_of(affine_const(k, first));
    while (random_range(&t->random, 0, 2) == 0 && limit.count < LIMIT_TERMS)
        limit_add(&limit, random_sum(t, 2), random_range(&t->random, 1, 3));
    return limit;
}

static int64_t sum_now(const Trial *t, const Affine *sum)
{
    int64_t value = sum->base;
    for (int i = 0; i < sum->count; i++)
        value += sum->term[i].coef * t->value[sum->term[i].var->id];
    return value;
}

static int64_t limit_now(const Trial *t, const Limit *limit, bool maximum)
{
    int64_t best = 0;
    for (int i = 0; i < limit->count; i++) {
        int64_t value =
            ceil_div(sum_now(t, limit->term[i].sum), limit->term[i].div);
        if (i == 0 || (maximum ? value > best : value < best))
            best = value;
    }
    return best;
}

static void walk_iterations(Trial *t, int depth)
{
    if (depth == t->depth) {
        int64_t value = sum_now(t, t->sum);
        if (t->iterations++ == 0)
            t->low = t->high = value;
        t->low = value < t->low ? value : t->low;
        t->high = value > t->high ? value : t->high;
        return;
    }
    const Stmt *loop = t->loop[depth];
    int64_t end = limit_now(t, &loop->loop.hi, false);
    int64_t *value = &t->value[loop->loop.var->id];
    for (*value = limit_now(t, &loop->loop.lo, true); *value < end; ++*value)
        walk_iterations(t, depth + 1);
}

/* No iteration is outside of the bounds; and mostly they are reached. */
static void test_bounds_hold_for_every_iteration(void)
{
    int64_t tight = 0, all = 0;
    for (uint64_t seed = 0; seed < 5000; seed++) {
        Trial t = { .iterations = 0 };
        const Stmt *stmt;
        int64_t low, high;
        setup();
        random_seed(&t.random, seed);
        t.depth = (int)random_range(&t.random, 1, 4);
        for (int i = 0; i < t.depth; i++) {
            Limit lo = random_limit(&t, random_range(&t.random, -3, 3));
            Limit hi = random_limit(&t, random_range(&t.random, 2, 7));
            kernel_for_within(k, "v", lo, hi);
        }
        stmt = k->body;
        for (int i = 0; i < t.depth; i++, stmt = stmt->loop.body)
            t.loop[i] = stmt;
        t.sum = random_sum(&t, 3);
        CU_ASSERT_FATAL(affine_lower_bound(k, t.sum, t.loop, t.depth, &low));
        CU_ASSERT_FATAL(affine_upper_bound(k, t.sum, t.loop, t.depth, &high));
        walk_iterations(&t, 0);
        if (t.iterations > 0) {
            CU_ASSERT_FATAL(low <= t.low && t.high <= high);
            tight += (low == t.low) + (high == t.high);
            all += 2;
        }
        teardown();
    }
    CU_ASSERT(all > 3000);
    CU_ASSERT(tight * 4 > all * 3);
}

static const UnitTest tests[] = {
    UNIT(test_bounds_hold_for_every_iteration),
    UNIT(test_sum_prints_as_one_would_write_it),
    UNIT(test_terms_that_cancel_are_gone),
    UNIT(test_order_of_terms_does_not_matter),
    UNIT(test_substitution_scales_and_merges),
    UNIT(test_variables_of_one_name_are_told_apart),
    UNIT(test_window_with_padding_stays_inside),
    UNIT(test_window_with_dilation_stays_inside),
    UNIT(test_bounds_of_a_window_are_exact),
    UNIT(test_bound_is_the_best_of_many_terms),
    UNIT(test_a_free_variable_has_no_bound),
    UNIT(test_overflow_gives_no_bound),
};

UNIT_MAIN("affine", tests)
