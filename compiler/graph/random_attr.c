/*
 * random_attr.c - attributes of random networks, by their kind.
 *
 *     SIZE of an operator on [8, 8, 3]      1, 3x2, 5, 8x1, ...
 *     INTS named 'perm'                     [2, 0, 1]
 *
 * Not all of them are valid: the shape rules decide that.
 */
#include <string.h>

#include "graph/random_local.h"

static int64_t draw_int(Maker *m, const Tensor *x)
{
    static const int64_t numbers[] = { -1, 0,  1,  1,  2,  3,  4, 8,
                                       15, 16, 17, 31, 33, 48, 64 };
    return chance(m, 3) ? channels_of(x) : PICK(m, numbers);
}

/* Wide borders make all that follows large. */
static int64_t draw_border(Maker *m)
{
    static const int64_t numbers[] = { -1, 0, 0, 1, 1, 2, 3, 9 };
    return PICK(m, numbers);
}

static double draw_float(Maker *m, Op op)
{
    static const double positive[] = { 0.5, 0.75, 1, 2 };
    static const double numbers[] = { 0, 1e-5, 0.01, 0.5, 1, 2, -0.5, -1 };
    return op == OP_LRN ? PICK(m, positive) : PICK(m, numbers);
}

static Size draw_size(Maker *m, const Tensor *x)
{
    static const int64_t numbers[] = { 1, 1, 2, 2, 3, 3, 4, 5, 7 };
    Size size = { chance(m, 2) ? 1 : 2, { 0 } };
    const int height = shape_height(&x->shape);
    for (int i = 0; i < size.count; i++)
        size.at[i] = height + i < x->shape.rank && chance(m, 8) /* just fits */
                         ? x->shape.dim[height + i]
                         : PICK(m, numbers);
    return size;
}

static Pad draw_pad(Maker *m)
{
    static const PadKind kinds[] = { PAD_EXPLICIT, PAD_EXPLICIT, PAD_VALID,
                                     PAD_SAME };
    static const int counts[] = { 1, 2, 4 };
    static const int64_t numbers[] = { 0, 1, 1, 2, 3 };
    Pad pad = { .kind = PICK(m, kinds) };
    if (pad.kind != PAD_EXPLICIT)
        return pad;
    pad.count = PICK(m, counts);
    for (int i = 0; i < pad.count; i++)
        pad.number[i] = PICK(m, numbers);
    return pad;
}

static FloatList draw_floats(Maker *m, const Tensor *x)
{
    FloatList list = { chance(m, 2) ? 1 : (int)channels_of(x), NULL };
    list.at = NEW_N(m->graph->arena, double, list.count);
    for (int i = 0; i < list.count; i++)
        list.at[i] = 0.25 + random_uniform(&m->random);
    return list;
}

/* A shape of the same count: its factors, dealt into a few dimensions. */
static IntList draw_shape(Maker *m, const Tensor *x)
{
    int64_t left = shape_count(&x->shape);
    IntList list = { (int)random_range(&m->random, 1, 4), { 0 } };
    for (int i = 0; i < list.count; i++)
        list.at[i] = 1;
    for (int64_t factor = 2; left > 1; factor++)
        while (left % factor == 0) {
            list.at[random_range(&m->random, 0, list.count - 1)] *= factor;
            left /= factor;
        }
    if (chance(m, 3))
        list.at[random_range(&m->random, 0, list.count - 1)] = -1;
    return list;
}

static IntList draw_order(Maker *m, const Tensor *x)
{
    IntList list = { x->shape.rank, { 0 } };
    for (int i = 0; i < list.count; i++) {
        int other = (int)random_range(&m->random, 0, i);
        list.at[i] = list.at[other];
        list.at[other] = i;
    }
    return list;
}

/* A place in each dimension: most often its first or its last ones, also from
 * its end, or beyond. */
static IntList draw_places(Maker *m, const Tensor *x)
{
    IntList list = { x->shape.rank, { 0 } };
    for (int i = 0; i < list.count; i++) {
        const int64_t dim = x->shape.dim[i];
        const int64_t places[] = { 0,   0,    1,  dim / 2, dim - 1, dim,
                                   dim, 1000, -1, -dim,    1 - dim, -1000 };
        list.at[i] = PICK(m, places);
    }
    return list;
}

static IntList draw_steps(Maker *m, const Tensor *x)
{
    static const int64_t steps[] = { 1, 1, 1, 1, 2, 3, 50, -1, -1, -2 };
    IntList list = { x->shape.rank, { 0 } };
    for (int i = 0; i < list.count; i++)
        list.at[i] = PICK(m, steps);
    return list;
}

/* Some of the dimensions, in any order, from either end; often all. */
static IntList draw_axes(Maker *m, const Tensor *x)
{
    IntList list = draw_order(m, x);
    if (chance(m, 3))
        return list;
    list.count = (int)random_range(&m->random, 0, list.count);
    for (int i = 0; i < list.count; i++)
        list.at[i] -= chance(m, 2) ? x->shape.rank : 0;
    return list;
}

/* Where x has a 1, or no dimension, any number. */
static IntList draw_wider(Maker *m, const Tensor *x)
{
    IntList list = { (int)random_range(&m->random, 0, x->shape.rank + 1),
                     { 0 } };
    for (int i = 0; i < list.count; i++) {
        int d = i - list.count + x->shape.rank;
        bool fixed = d >= 0 && x->shape.dim[d] > 1;
        list.at[i] = chance(m, 3) ? 1
                     : fixed      ? x->shape.dim[d]
                                  : draw_extent(m);
    }
    return list;
}

static IntList draw_repeats(Maker *m, const Tensor *x)
{
    static const int64_t repeats[] = { 1, 1, 1, 2, 3, 17 };
    IntList list = { x->shape.rank, { 0 } };
    for (int i = 0; i < list.count; i++)
        list.at[i] = PICK(m, repeats);
    return list;
}

/* Lists of whole numbers mean something else in each operator. */
static IntList draw_ints(Maker *m, Op op, const char *name, const Tensor *x)
{
    static const struct {
        Op op; /* OP_COUNT: any */
        const char *name;
        IntList (*draw)(Maker *m, const Tensor *x);
    } rows[] = {
        { OP_RESHAPE, "shape", draw_shape },
        { OP_EXPAND, "shape", draw_wider },
        { OP_TILE, "repeats", draw_repeats },
        { OP_TRANSPOSE, "perm", draw_order },
        { OP_SLICE, "begin", draw_places },
        { OP_SLICE, "end", draw_places },
        { OP_SLICE, "step", draw_steps },
        { OP_COUNT, "axes", draw_axes },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if ((rows[i].op == op || rows[i].op == OP_COUNT) &&
            strcmp(rows[i].name, name) == 0)
            return rows[i].draw(m, x);
    BUG("nothing is drawn for '%s' of '%s'", name, op_info[op].name);
}

static Word draw_word(Maker *m, Op op, const char *name)
{
    const char *const *words = attr_words(op, name);
    int count = 0;
    while (words[count])
        count++;
    return name_intern(words[random_range(&m->random, 0, count - 1)]);
}

static FloatList float_list(Maker *m, int count)
{
    FloatList list = { count, NEW_N(m->graph->arena, double, count) };
    return list;
}

/* Factors about which a size may have been rounded. */
static FloatList draw_scale(Maker *m)
{
    static const double factors[] = { 0, 0.3, 0.5, 0.6, 1, 1.7, 2, 3 };
    FloatList list = float_list(m, 2);
    for (int i = 0; i < 2; i++)
        list.at[i] = (double)(float)PICK(m, factors);
    return list;
}

/* Top, left, bottom, right; also beyond the image. */
static FloatList draw_crop(Maker *m)
{
    FloatList list = float_list(m, 4);
    for (int i = 0; i < 4; i++)
        list.at[i] = (i < 2 ? -0.25 : 0.75) + random_uniform(&m->random) / 2;
    return list;
}

static DType draw_dtype(Maker *m)
{
    static const DType types[] = { DT_F32, DT_U8,  DT_I8,  DT_I32,
                                   DT_I64, DT_I64, DT_BOOL };
    return m->options->steps ? PICK(m, types) : DT_F32;
}

void random_attr(Maker *m, const Node *node, const AttrInfo *attr)
{
    void *field = (char *)node->attrs + attr->offset;
    const Tensor *x = node->input[0];
    switch (attr->kind) {
    case ATTR_INT:
        *(int64_t *)field =
            node->op == OP_WINOGRAD_INPUT && strcmp(attr->name, "tile") != 0
                ? draw_border(m)
                : draw_int(m, x);
        return;
    case ATTR_FLOAT: *(double *)field = draw_float(m, node->op); return;
    case ATTR_BOOL: *(bool *)field = chance(m, 2); return;
    case ATTR_SIZE: *(Size *)field = draw_size(m, x); return;
    case ATTR_PAD: *(Pad *)field = draw_pad(m); return;
    case ATTR_FLOATS:
        *(FloatList *)field = node->op != OP_RESIZE ? draw_floats(m, x)
                              : strcmp(attr->name, "crop") == 0 ? draw_crop(m)
                                                                : draw_scale(m);
        return;
    case ATTR_INTS:
        *(IntList *)field = draw_ints(m, node->op, attr->name, x);
        return;
    case ATTR_DTYPE: *(DType *)field = draw_dtype(m); return;
    case ATTR_WORD: *(Word *)field = draw_word(m, node->op, attr->name); return;
    }
    BUG("no attribute kind %d", (int)attr->kind);
}
