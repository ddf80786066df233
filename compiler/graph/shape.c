/*
 * shape.c - shapes: [28, 28, 6] is 28 rows of 28 pixels of 6 channels.
 *
 * A valid shape has at most 2^40 elements, so that bytes, and sums of a few
 * shapes, fit into 64 bits without further checks.
 */
#include "graph/graph.h"

#define MAX_ELEMENTS ((int64_t)1 << 40)

Shape shape_of(int rank, const int64_t *dim)
{
    Shape shape = { 0 };
    REQUIRE(rank >= 0 && rank <= MAX_RANK);
    shape.rank = rank;
    for (int i = 0; i < rank; i++)
        shape.dim[i] = dim[i];
    return shape;
}

bool shape_equal(const Shape *a, const Shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i])
            return false;
    return true;
}

int64_t shape_count(const Shape *shape)
{
    int64_t count = 1;
    for (int i = 0; i < shape->rank; i++)
        count *= shape->dim[i];
    return count;
}

bool shape_is_valid(const Shape *shape)
{
    int64_t count = 1;
    if (shape->rank < 0 || shape->rank > MAX_RANK)
        return false;
    for (int i = 0; i < shape->rank; i++)
        if (shape->dim[i] < 1 || !size_mul(count, shape->dim[i], &count) ||
            count > MAX_ELEMENTS)
            return false;
    return true;
}

bool shape_is_empty(const Shape *shape)
{
    Shape rest = *shape;
    bool empty = false;
    for (int d = 0; d < shape->rank; d++) {
        if (shape->dim[d] != 0)
            continue;
        rest.dim[d] = 1;
        empty = true;
    }
    return empty && shape_is_valid(&rest);
}

void shape_text(Text *text, const Shape *shape)
{
    text_char(text, '[');
    for (int i = 0; i < shape->rank; i++)
        text_printf(text, "%s%lld", i ? ", " : "", (long long)shape->dim[i]);
    text_char(text, ']');
}

const char *shape_show(const Shape *shape)
{
    static char ring[8][MAX_RANK * 24];
    static unsigned next;
    char *slot = ring[next++ % COUNT_OF(ring)];
    Text text = { 0 };
    shape_text(&text, shape);
    snprintf(slot, sizeof ring[0], "%s", text_get(&text));
    text_free(&text);
    return slot;
}
