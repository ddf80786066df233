/*
 * affine.c - sums of loop variables: indices, addresses, limits.
 *
 *     16*ow.o + ow.i - 1      base -1, terms (ow.o, 16), (ow.i, 1)
 *
 * A sum is a value: every function gives a new one. Terms ascend by the
 * variable's number and none is zero, so that equal sums look alike.
 */
#include "kernel/local.h"

#include <inttypes.h>

int64_t exact_add(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        BUG("%" PRId64 " + %" PRId64 " overflows", a, b);
    return sum;
}

int64_t exact_mul(int64_t a, int64_t b)
{
    int64_t product;
    if (__builtin_mul_overflow(a, b, &product))
        BUG("%" PRId64 " * %" PRId64 " overflows", a, b);
    return product;
}

static Affine *affine_new(Kernel *kernel, int terms)
{
    return arena_alloc(kernel->arena,
                       sizeof(Affine) + (size_t)terms * sizeof(AffineTerm));
}

static void affine_push(Affine *sum, const Var *var, int64_t coef)
{
    if (coef != 0)
        sum->term[sum->count++] = (AffineTerm){ var, coef };
}

const Affine *affine_const(Kernel *kernel, int64_t value)
{
    Affine *sum = affine_new(kernel, 0);
    sum->base = value;
    return sum;
}

const Affine *affine_var(Kernel *kernel, const Var *var)
{
    Affine *sum = affine_new(kernel, 1);
    affine_push(sum, var, 1);
    return sum;
}

/* a + factor * b: both lists ascend, so this is a merge. */
static const Affine *affine_combine(Kernel *kernel, const Affine *a,
                                    const Affine *b, int64_t factor)
{
    Affine *sum = affine_new(kernel, a->count + b->count);
    int i = 0, j = 0;

    sum->base = exact_add(a->base, exact_mul(factor, b->base));
    while (i < a->count || j < b->count) {
        const AffineTerm *s = i < a->count ? &a->term[i] : NULL;
        const AffineTerm *t = j < b->count ? &b->term[j] : NULL;
        int64_t coef = 0;
        const Var *var =
            s && (!t || s->var->id <= t->var->id) ? s->var : t->var;
        if (s && s->var == var)
            coef = s->coef, i++;
        if (t && t->var == var)
            coef = exact_add(coef, exact_mul(factor, t->coef)), j++;
        affine_push(sum, var, coef);
    }
    return sum;
}

const Affine *affine_add(Kernel *kernel, const Affine *a, const Affine *b)
{
    return affine_combine(kernel, a, b, 1);
}

const Affine *affine_sub(Kernel *kernel, const Affine *a, const Affine *b)
{
    return affine_combine(kernel, a, b, -1);
}

const Affine *affine_scale(Kernel *kernel, const Affine *a, int64_t factor)
{
    Affine *sum = affine_new(kernel, a->count);
    sum->base = exact_mul(a->base, factor);
    for (int i = 0; i < a->count; i++)
        affine_push(sum, a->term[i].var, exact_mul(a->term[i].coef, factor));
    return sum;
}

const Affine *affine_shift(Kernel *kernel, const Affine *a, int64_t offset)
{
    Affine *sum = affine_new(kernel, a->count);
    if (offset == 0)
        return a;
    sum->base = exact_add(a->base, offset);
    for (int i = 0; i < a->count; i++)
        affine_push(sum, a->term[i].var, a->term[i].coef);
    return sum;
}

int64_t affine_coef(const Affine *a, const Var *var)
{
    for (int i = 0; i < a->count; i++) {
        if (a->term[i].var == var)
            return a->term[i].coef;
    }
    return 0;
}

static const Affine *affine_without(Kernel *kernel, const Affine *a,
                                    const Var *var)
{
    Affine *sum = affine_new(kernel, a->count);
    sum->base = a->base;
    for (int i = 0; i < a->count; i++) {
        if (a->term[i].var != var)
            affine_push(sum, a->term[i].var, a->term[i].coef);
    }
    return sum;
}

const Affine *affine_substitute(Kernel *kernel, const Affine *a, const Var *var,
                                const Affine *by)
{
    int64_t coef = affine_coef(a, var);
    if (coef == 0)
        return a;
    return affine_combine(kernel, affine_without(kernel, a, var), by, coef);
}

bool affine_is_const(const Affine *a, int64_t *value)
{
    if (a->count == 0 && value)
        *value = a->base;
    return a->count == 0;
}

bool affine_equal(const Affine *a, const Affine *b)
{
    if (a->base != b->base || a->count != b->count)
        return false;
    for (int i = 0; i < a->count; i++) {
        if (a->term[i].var != b->term[i].var ||
            a->term[i].coef != b->term[i].coef)
            return false;
    }
    return true;
}

bool affine_apart(const Affine *a, const Affine *b, int64_t *offset)
{
    bool same = a->count == b->count;
    for (int i = 0; same && i < a->count; i++)
        same = a->term[i].var == b->term[i].var &&
               a->term[i].coef == b->term[i].coef;
    *offset = a->base - b->base;
    return same;
}

static void print_term(Text *text, const AffineTerm *term, bool first)
{
    /* The magnitude of INT64_MIN needs the unsigned type. */
    uint64_t size =
        term->coef < 0 ? 0 - (uint64_t)term->coef : (uint64_t)term->coef;
    if (!first)
        text_add(text, term->coef < 0 ? " - " : " + ");
    else if (term->coef < 0)
        text_add(text, "-");
    if (size != 1)
        text_printf(text, "%" PRIu64 "*", size);
    text_add(text, term->var->name);
}

/* A sum whose first term is negative begins with its base: "2 - oh". */
void affine_print(Text *text, const Affine *a)
{
    bool first;

    if (!a) { /* of a broken kernel that is shown */
        text_char(text, '?');
        return;
    }
    first = a->count == 0 || (a->base > 0 && a->term[0].coef < 0);
    if (first)
        text_printf(text, "%" PRId64, a->base);
    for (int i = 0; i < a->count; i++)
        print_term(text, &a->term[i], i == 0 && !first);
    if (!first && a->base > 0)
        text_printf(text, " + %" PRId64, a->base);
    else if (!first && a->base < 0)
        text_printf(text, " - %" PRIu64, 0 - (uint64_t)a->base);
}
