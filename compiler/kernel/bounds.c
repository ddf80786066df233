/*
 * bounds.c - the interval of an affine sum under the loops around it.
 *
 *     for oh in 0..32
 *         for kh in max(0, 1 - oh)..min(3, 33 - oh)       oh + kh - 1 >= ?
 *
 *     kh := 0       oh - 1    ->  -1 by oh := 0
 *     kh := 1 - oh  0         ->   0            the better one is the bound
 *
 * From the innermost loop outward each variable is replaced by one of its
 * limits: a lower one where its coefficient is positive and we look for a
 * lower bound. Every choice of terms gives a bound that holds, so the best of
 * them is taken. An upper bound is minus the lower bound of minus the sum.
 *
 * Limits like ceil((1 - oh)/2) need rationals: a sum is held as integers over
 * one positive denominator. ceil(s/d) >= s/d serves as a lower limit, and
 * v <= ceil(s/d) - 1 <= (s - 1)/d as an upper one. Where the whole variable can
 * be rounded, that is tried too.
 */
#include "kernel/local.h"

#define EFFORT 20000 /* replacements tried for one bound */

/* (base + sum of coef[i] * variable of loop i) / den, den >= 1. */
typedef struct Ratio {
    int64_t base, den;
    int64_t coef[LOOPS_MOST];
} Ratio;

typedef struct Search {
    const Stmt *const *loops;
    int *effort; /* left, of this search and those within it */
    bool found;
    int64_t best; /* the greatest lower bound so far */
} Search;

/* Index of the loop, among the first `count`, that binds the variable; -1. */
static int loop_index(const Stmt *const *loops, int count, const Var *var)
{
    for (int i = count - 1; i >= 0; i--) {
        if (loops[i]->loop.var == var)
            return i;
    }
    return -1;
}

/* to += factor * from, for the variables of the first `count` loops; false
 * where a variable is free or a number overflows. */
static bool ratio_add(Ratio *to, int64_t factor, const Affine *from,
                      const Stmt *const *loops, int count)
{
    int64_t product;
    if (__builtin_mul_overflow(factor, from->base, &product) ||
        __builtin_add_overflow(to->base, product, &to->base))
        return false;
    for (int i = 0; i < from->count; i++) {
        int at = loop_index(loops, count, from->term[i].var);
        if (at < 0 ||
            __builtin_mul_overflow(factor, from->term[i].coef, &product) ||
            __builtin_add_overflow(to->coef[at], product, &to->coef[at]))
            return false;
    }
    return true;
}

static bool ratio_scale(Ratio *ratio, int64_t factor, int count)
{
    if (__builtin_mul_overflow(ratio->base, factor, &ratio->base) ||
        __builtin_mul_overflow(ratio->den, factor, &ratio->den))
        return false;
    for (int i = 0; i < count; i++) {
        if (__builtin_mul_overflow(ratio->coef[i], factor, &ratio->coef[i]))
            return false;
    }
    return true;
}

/* Replaces the variable of loop `at`, the innermost left, by a limit. */
static bool ratio_eliminate(Ratio *ratio, const Stmt *const *loops, int at,
                            const LimitTerm *term)
{
    int64_t coef = ratio->coef[at];

    ratio->coef[at] = 0;
    if (term->div != 1 && !ratio_scale(ratio, term->div, at))
        return false;
    if (!ratio_add(ratio, coef, term->sum, loops, at))
        return false;
    /* An upper limit is exclusive: its last integer is at most (s - 1)/d. */
    return coef > 0 || !__builtin_sub_overflow(ratio->base, coef, &ratio->base);
}

static bool lower_bound(const Affine *sum, int64_t factor,
                        const Stmt *const *loops, int count, int *effort,
                        int64_t *bound);

/* Replaces the variable of loop `at` by the integer that bounds a rational
 * limit, which may be nearer than the limit itself. */
static bool ratio_round(Ratio *ratio, const Stmt *const *loops, int at,
                        const LimitTerm *term, int *effort)
{
    int64_t coef = ratio->coef[at], bound, product;

    ratio->coef[at] = 0;
    if (!lower_bound(term->sum, coef > 0 ? 1 : -1, loops, at, effort, &bound) ||
        bound == INT64_MIN)
        return false;
    bound =
        coef > 0 ? ceil_div(bound, term->div) : ceil_div(-bound, term->div) - 1;
    return !__builtin_mul_overflow(coef, bound, &product) &&
           !__builtin_add_overflow(ratio->base, product, &ratio->base);
}

static void search_lower(Search *search, const Ratio *ratio, int count)
{
    const Limit *limit;

    while (count > 0 && ratio->coef[count - 1] == 0)
        count--;
    if (count == 0) {
        int64_t bound = ceil_div(ratio->base, ratio->den);
        if (!search->found || bound > search->best)
            search->best = bound;
        search->found = true;
        return;
    }
    count--;
    limit = ratio->coef[count] > 0 ? &search->loops[count]->loop.lo
                                   : &search->loops[count]->loop.hi;
    for (int i = 0; i < limit->count; i++) {
        Ratio next = *ratio;
        if (--*search->effort < 0)
            return;
        if (ratio_eliminate(&next, search->loops, count, &limit->term[i]))
            search_lower(search, &next, count);
        next = *ratio;
        if (limit->term[i].div > 1 &&
            ratio_round(&next, search->loops, count, &limit->term[i],
                        search->effort))
            search_lower(search, &next, count);
    }
}

/* The greatest proved lower bound of factor * sum. */
static bool lower_bound(const Affine *sum, int64_t factor,
                        const Stmt *const *loops, int count, int *effort,
                        int64_t *bound)
{
    Search search = { .loops = loops, .effort = effort };
    Ratio ratio = { .den = 1 };

    REQUIRE(count <= LOOPS_MOST);
    if (!ratio_add(&ratio, factor, sum, loops, count))
        return false;
    search_lower(&search, &ratio, count);
    if (search.found)
        *bound = search.best;
    return search.found;
}

bool affine_lower_bound(Kernel *kernel, const Affine *sum,
                        const Stmt *const *loops, int count, int64_t *bound)
{
    int effort = EFFORT;
    (void)kernel;
    return lower_bound(sum, 1, loops, count, &effort, bound);
}

bool affine_upper_bound(Kernel *kernel, const Affine *sum,
                        const Stmt *const *loops, int count, int64_t *bound)
{
    int effort = EFFORT;
    (void)kernel;
    if (!lower_bound(sum, -1, loops, count, &effort, bound) ||
        *bound == INT64_MIN)
        return false;
    *bound = -*bound;
    return true;
}
