/*
 * c_index.c - sums of loop variables as C, the way a person writes them.
 *
 *     512*oh + 512*kh - 512          512 * (oh + kh - 1)
 *     -oh + 1                        1 - oh
 *
 * Variables with the same coefficient share a parenthesis, and a constant that
 * is a multiple of it joins them where that saves a summand. A sum begins with
 * a positive summand where it has one.
 */
#include "emit/local.h"

#include <stdlib.h>

/* coef * (var + var + shift) */
typedef struct Group {
    int64_t coef, shift;
    int count;
    const Var *var[NEST_DEEPEST];
} Group;

typedef struct Groups {
    int count;
    Group *group;
    int64_t base; /* what no group took */
} Groups;

static Group *group_of(Groups *groups, int64_t coef)
{
    for (int i = 0; i < groups->count; i++) {
        if (groups->group[i].coef == coef)
            return &groups->group[i];
    }
    Group *group = &groups->group[groups->count++];
    group->coef = coef;
    group->count = 0;
    group->shift = 0;
    return group;
}

static void sort_groups(Groups *groups)
{
    for (int i = 1; i < groups->count; i++) {
        Group group = groups->group[i];
        int j = i;
        for (; j > 0 && llabs(groups->group[j - 1].coef) < llabs(group.coef);
             j--)
            groups->group[j] = groups->group[j - 1];
        groups->group[j] = group;
    }
}

/* Moves what it can of the constant into the group's parenthesis: a row in
 * front, 48 * (oh + kh) - 20, is 48 * (oh + kh - 1) + 28, but only where no
 * other group says a position in that row. */
static void take_base(Groups *groups, Group *group, bool last)
{
    int64_t times = groups->base / group->coef;

    if (last && group->count > 1 && groups->base < 0 && group->coef > 1)
        times = floor_div(groups->base, group->coef);
    if (llabs(group->coef) == 1 || llabs(times) > 64 ||
        (group->count < 2 && groups->base > 0))
        return;
    group->shift = times;
    groups->base -= times * group->coef;
}

static Groups group_sum(const Affine *sum)
{
    Groups groups = { .base = sum->base };

    groups.group = mem_alloc((size_t)(sum->count + 1) * sizeof(Group));
    for (int i = 0; i < sum->count; i++) {
        Group *group = group_of(&groups, sum->term[i].coef);
        REQUIRE(group->count < NEST_DEEPEST);
        group->var[group->count++] = sum->term[i].var;
    }
    sort_groups(&groups);
    for (int i = 0; i < groups.count; i++)
        take_base(&groups, &groups.group[i], i + 1 == groups.count);
    return groups;
}

/* Without its sign. */
static Precedence print_group(const Function *f, Text *out, const Group *group)
{
    int64_t coef = llabs(group->coef);
    bool one = group->count == 1 && group->shift == 0;

    if (coef != 1)
        text_printf(out, "%lld * ", (long long)coef);
    if (!one)
        text_char(out, '(');
    for (int i = 0; i < group->count; i++)
        text_printf(out, "%s%s", i ? " + " : "",
                    f->var_name[group->var[i]->id]);
    if (group->shift)
        text_printf(out, " %c %lld", group->shift < 0 ? '-' : '+',
                    llabs(group->shift));
    if (!one)
        text_char(out, ')');
    return coef != 1 ? PREC_PRODUCT : PREC_PRIMARY;
}

/* A group of coefficient 1 needs no parenthesis in a sum: each variable is a
 * group of its own then. */
static void split_ones(Groups *groups, const Affine *sum)
{
    Group *flat = mem_alloc((size_t)(sum->count + 1) * sizeof *flat);
    int count = 0;

    for (int i = 0; i < groups->count; i++) {
        const Group *group = &groups->group[i];
        if (llabs(group->coef) != 1) {
            flat[count++] = *group;
            continue;
        }
        for (int j = 0; j < group->count; j++)
            flat[count++] = (Group){ .coef = group->coef,
                                     .count = 1,
                                     .var = { group->var[j] } };
    }
    mem_free(groups->group);
    groups->group = flat;
    groups->count = count;
}

/* The summand that stands first: positive, or the first of all; -1: the
 * constant. */
static int first_summand(const Groups *groups)
{
    for (int i = 0; i < groups->count; i++) {
        if (groups->group[i].coef > 0)
            return i;
    }
    return groups->base > 0 || groups->count == 0 ? -1 : 0;
}

static Precedence print_sum(const Function *f, Text *out, const Affine *sum,
                            bool continues)
{
    Groups groups = group_sum(sum);
    Precedence have = PREC_PRIMARY;
    int printed = 0;

    split_ones(&groups, sum);
    int first = first_summand(&groups);
    for (int i = -1; i <= groups.count; i++) {
        /* The first one, the other groups, the constant last. */
        int at = i < 0 ? first : i == groups.count ? -1 : i;
        if (i >= 0 && at == first)
            continue;
        int64_t sign = at < 0 ? groups.base : groups.group[at].coef;
        if (at < 0 && sign == 0 && (printed || continues))
            continue;
        if (printed || continues)
            text_add(out, sign < 0 ? " - " : " + ");
        else if (sign < 0)
            text_char(out, '-');
        if (at < 0)
            text_printf(out, "%lld", llabs(groups.base));
        else
            have = print_group(f, out, &groups.group[at]);
        if (sign < 0 && have > PREC_UNARY)
            have = PREC_UNARY;
        printed++;
    }
    mem_free(groups.group);
    return printed > 1 ? PREC_SUM : have;
}

Precedence index_sum(const Function *f, Text *out, const Affine *sum)
{
    return print_sum(f, out, sum, false);
}

void index_offset(const Function *f, Text *out, const Affine *sum)
{
    if (sum->count || sum->base)
        print_sum(f, out, sum, true);
}

/* ---- limits ----------------------------------------------------------------- */

/* C divides towards 0, which is upwards only below it: the dividend is moved
 * up until it is never negative. */
Precedence index_term(Function *f, Text *out, const LimitTerm *term,
                      bool positive)
{
    int64_t low, times = 0, value;

    if (affine_is_const(term->sum, &value)) {
        text_printf(out, "%lld", (long long)ceil_div(value, term->div));
        return value < 0 ? PREC_UNARY : PREC_PRIMARY;
    }
    if (term->div == 1)
        return index_sum(f, out, term->sum);
    const Affine *sum = affine_shift(f->kernel, term->sum, term->div - 1);
    if (!affine_lower_bound(f->kernel, sum, f->loops, f->loop_count, &low))
        BUG("no least value of a limit in '%s'", f->kernel->name);
    if (low < 0 && !positive)
        times = ceil_div(-low, term->div);
    sum = affine_shift(f->kernel, sum, times * term->div);
    size_t start = out->length;
    text_enclose(out, start, index_sum(f, out, sum), PREC_PRIMARY);
    text_printf(out, " / %lld", (long long)term->div);
    if (times)
        text_printf(out, " - %lld", (long long)times);
    return times ? PREC_SUM : PREC_PRODUCT;
}

/* ---- places -------------------------------------------------------------------- */

/* " + 512 * ((oh + 2) % 3)"; C's remainder is the mathematical one only where
 * the dividend is not negative. */
static void index_ring(Function *f, Text *out, const Affine *ring,
                       int64_t modulus, int64_t stride,
                       const Stmt *const *loops, int loop_count)
{
    int64_t low;

    if (!affine_lower_bound(f->kernel, ring, loops, loop_count, &low))
        BUG("no least value of a ring's index in '%s'", f->kernel->name);
    if (low < 0)
        ring = affine_shift(f->kernel, ring, ceil_div(-low, modulus) * modulus);
    text_add(out, " + ");
    if (stride != 1)
        text_printf(out, "%lld * (", (long long)stride);
    size_t start = out->length;
    text_enclose(out, start, index_sum(f, out, ring), PREC_PRIMARY);
    text_printf(out, " %% %lld%s", (long long)modulus, stride != 1 ? ")" : "");
}

static const char *buffer_c_name(const Function *f, const Buffer *buffer)
{
    for (int i = 0; i < f->kernel->locals.count; i++) {
        if (f->kernel->locals.at[i] == buffer)
            return f->local_name[i];
    }
    return plan_param(f, buffer)->name;
}

void index_pointer(Function *f, Text *out, const Access *access)
{
    Row *row = plan_row(f, access);
    const Affine *left = access->address;

    if (row && row->named) {
        text_add(out, row->name);
        left = affine_sub(f->kernel, left, row->sum);
        left = affine_shift(f->kernel, left, -row->base);
    } else {
        text_add(out, buffer_c_name(f, access->buffer));
    }
    if (access->modulus && !(row && row->named && row->ring))
        index_ring(f, out, access->ring, access->modulus, access->stride,
                   f->loops, f->loop_count);
    index_offset(f, out, left);
}

/* "x_row + c + 16" becomes "x_row[c + 16]". */
void index_element(Function *f, Text *out, const Access *access)
{
    Text place = { 0 };

    index_pointer(f, &place, access);
    char *space = place.data;
    while (*space && *space != ' ')
        space++;
    text_addn(out, place.data, (size_t)(space - place.data));
    text_char(out, '[');
    if (!*space)
        text_char(out, '0');
    else if (space[1] == '-')
        text_printf(out, "-%s", space + 3);
    else
        text_add(out, space + 3);
    text_char(out, ']');
    text_free(&place);
}

void index_row(Function *f, Text *out, const Row *row)
{
    text_add(out, buffer_c_name(f, row->buffer));
    if (row->ring)
        index_ring(f, out, row->ring, row->modulus, row->stride, row->loops,
                   row->loop_count);
    index_offset(f, out, affine_shift(f->kernel, row->sum, row->base));
}

void text_enclose(Text *text, size_t start, Precedence have, Precedence want)
{
    if (have >= want)
        return;
    text_add(text, "()");
    for (size_t i = text->length - 2; i > start; i--)
        text->data[i] = text->data[i - 1];
    text->data[start] = '(';
    text->data[text->length - 1] = ')';
}
