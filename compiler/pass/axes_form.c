/*
 * axes_form.c - orders of dimensions, and what transposes and reshapes make of
 * them.
 *
 *     [1, c, h, w]  as (2, 3, 1)        [h, w, c]
 *     [1, g*k, h]   as (2, 1), behind a reshape to [1, g, k, h]: (3, 1, 2)
 *
 * Dimensions of 1 stand nowhere in memory: two forms that differ in those alone
 * are the same array.
 */
#include "pass/axes.h"

Form form_whole(int rank)
{
    Form form = { .count = rank };
    for (int i = 0; i < rank; i++)
        form.at[i] = i;
    return form;
}

bool form_is_whole(const Form *form, int rank)
{
    if (form->count != rank)
        return false;
    for (int i = 0; i < rank; i++) {
        if (form->at[i] != i)
            return false;
    }
    return true;
}

static int64_t extent(const Shape *shape, int dim)
{
    return dim < 0 ? 1 : shape->dim[dim];
}

Shape form_shape(const Shape *shape, const Form *form)
{
    Shape result = { .rank = form->count };
    for (int i = 0; i < form->count; i++)
        result.dim[i] = extent(shape, form->at[i]);
    return result;
}

int form_find(const Form *form, int dim)
{
    for (int i = 0; i < form->count; i++) {
        if (form->at[i] == dim)
            return i;
    }
    return -1;
}

bool form_is_complete(const Shape *shape, const Form *form)
{
    int seen[MAX_RANK] = { 0 };
    if (form->count > MAX_RANK)
        return false;
    for (int i = 0; i < form->count; i++) {
        if (form->at[i] >= 0)
            seen[form->at[i]]++;
    }
    for (int d = 0; d < shape->rank; d++) {
        if (seen[d] > 1 || (seen[d] == 0 && shape->dim[d] > 1))
            return false;
    }
    return true;
}

/* The form without dimensions of 1. */
static Form squeezed(const Shape *shape, const Form *form)
{
    Form result = { 0 };
    for (int i = 0; i < form->count; i++) {
        if (extent(shape, form->at[i]) > 1)
            result.at[result.count++] = form->at[i];
    }
    return result;
}

static bool same_dims(const Form *a, const Form *b)
{
    for (int i = 0; i < a->count && i < b->count; i++) {
        if (a->at[i] != b->at[i])
            return false;
    }
    return a->count == b->count;
}

bool form_same_order(const Shape *shape, const Form *a, const Form *b)
{
    Form x = squeezed(shape, a), y = squeezed(shape, b);
    return same_dims(&x, &y);
}

bool form_equal(const Shape *shape, const Form *a, const Form *b)
{
    Shape x = form_shape(shape, a), y = form_shape(shape, b);
    return shape_equal(&x, &y) && form_same_order(shape, a, b);
}

/* ---- transposes ------------------------------------------------------------- */

Form form_before(const IntList *perm, const Form *form)
{
    Form result = *form;
    for (int i = 0; i < form->count; i++) {
        if (form->at[i] >= 0)
            result.at[i] = (int)perm->at[form->at[i]];
    }
    return result;
}

Form form_behind(const IntList *perm, const Form *form)
{
    Form result = *form;
    for (int i = 0; i < form->count; i++) {
        for (int d = 0; d < perm->count; d++) {
            if (perm->at[d] == form->at[i])
                result.at[i] = d;
        }
    }
    return result;
}

/* ---- reshapes ----------------------------------------------------------------- */

/* Dimensions of both shapes that have the same elements: [c] and [g, k]. Those
 * of 1 belong nowhere. */
typedef struct Group {
    int from, from_count; /* of the squeezed dimensions of one shape ... */
    int to, to_count;     /* ... and of the other */
} Group;

typedef struct Groups {
    int count;
    Group at[MAX_RANK];
    Form from, to; /* squeezed */
} Groups;

static Groups groups_of(const Shape *to, const Shape *from)
{
    Form whole_from = form_whole(from->rank), whole_to = form_whole(to->rank);
    Groups g = { .from = squeezed(from, &whole_from),
                 .to = squeezed(to, &whole_to) };
    int i = 0, j = 0;
    while (i < g.from.count) {
        Group *group = &g.at[g.count++];
        int64_t a = from->dim[g.from.at[i]], b = to->dim[g.to.at[j]];
        *group = (Group){ i++, 1, j++, 1 };
        while (a != b) {
            if (a < b) {
                a *= from->dim[g.from.at[i++]];
                group->from_count++;
            } else {
                b *= to->dim[g.to.at[j++]];
                group->to_count++;
            }
        }
    }
    return g;
}

/* The group that the dimension of `from` is in. */
static const Group *group_of_dim(const Groups *g, int dim)
{
    for (int i = 0; i < g->count; i++) {
        const Group *group = &g->at[i];
        for (int k = 0; k < group->from_count; k++) {
            if (g->from.at[group->from + k] == dim)
                return group;
        }
    }
    BUG("dimension %d is in no group", dim);
}

bool form_reshape(const Shape *to, const Shape *from, const Form *form,
                  Form *result)
{
    const Groups g = groups_of(to, from);
    const Form f = squeezed(from, form);
    *result = (Form){ 0 };
    for (int i = 0; i < f.count;) {
        const Group *group = group_of_dim(&g, f.at[i]);
        for (int k = 0; k < group->from_count; k++, i++) {
            if (i >= f.count || f.at[i] != g.from.at[group->from + k])
                return false;
        }
        for (int k = 0; k < group->to_count; k++)
            result->at[result->count++] = g.to.at[group->to + k];
    }
    return true;
}

/* A group stands where the first (or last) of its dimensions stood. */
Form form_gathered(const Shape *to, const Shape *from, const Form *form,
                   bool late)
{
    const Groups g = groups_of(to, from);
    const Form f = squeezed(from, form);
    int left[MAX_RANK];
    Form result = { 0 };
    for (int i = 0; i < g.count; i++)
        left[i] = late ? g.at[i].from_count : 1;
    for (int i = 0; i < f.count; i++) {
        const Group *group = group_of_dim(&g, f.at[i]);
        if (--left[group - g.at] != 0)
            continue;
        for (int k = 0; k < group->from_count; k++)
            result.at[result.count++] = g.from.at[group->from + k];
    }
    return result;
}
