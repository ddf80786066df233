/*
 * check.c - what shape rules check, each with its message for the user.
 */
#include <stdio.h>
#include <string.h>

#include "op/local.h"

static const char *name_of(const Node *node)
{
    return op_info[node->op].name;
}

bool op_need_f32(const Node *node)
{
    for (int i = 0; i < node->data_count; i++) {
        const Tensor *tensor = node->input[i];
        if (tensor->type == DT_F32)
            continue;
        graph_error(node, -1, "'%s' needs f32 elements, '%s' has %s",
                    name_of(node), tensor_show(tensor),
                    dtype_name(tensor->type));
        if (tensor->kind == TENSOR_INPUT)
            graph_hint("a scale makes numbers of bytes: "
                       "input NAME : u8[...] / 255");
        return false;
    }
    return true;
}

bool op_need_image(const Node *node)
{
    const Shape *shape = in_shape(node, 0);
    if (shape->rank == WINDOW_DIMS + 1 || shape_is_batch(shape))
        return true;
    graph_error(node, -1,
                "'%s' needs an image [height, width, channels], got %s",
                name_of(node), shape_show(shape));
    graph_note_inputs(node);
    return false;
}

bool op_need_rank_1_up(const Node *node)
{
    if (in_shape(node, 0)->rank > 0)
        return true;
    graph_error(node, -1, "'%s' needs at least one dimension, got a scalar",
                name_of(node));
    graph_note_inputs(node);
    return false;
}

static bool in_limits(const Node *node, const char *attr, int64_t value,
                      int64_t least)
{
    if (value >= least && value <= SIZE_LIMIT)
        return true;
    if (value < least)
        graph_error(node, attr_index(node, attr),
                    "'%s' of '%s' must be at least %lld, got %lld", attr,
                    name_of(node), (long long)least, (long long)value);
    else
        graph_error(node, attr_index(node, attr),
                    "'%s' of '%s' is too large: %lld", attr, name_of(node),
                    (long long)value);
    return false;
}

bool op_need_count(const Node *node, const char *attr, int64_t value)
{
    return in_limits(node, attr, value, 1);
}

bool op_need_word(const Node *node, const char *attr, Word word)
{
    const char *const *list = attr_words(node->op, attr);
    Text words = { 0 };
    for (int i = 0; list[i]; i++) {
        if (strcmp(list[i], word) == 0) {
            text_free(&words);
            return true;
        }
        text_printf(&words, "%s'%s'",
                    !i            ? ""
                    : list[i + 1] ? ", "
                                  : " or ",
                    list[i]);
    }
    graph_error(node, attr_index(node, attr), "'%s' of '%s' is %s, not '%s'",
                attr, name_of(node), text_get(&words), word);
    text_free(&words);
    return false;
}

bool op_need_axis(const Node *node, int64_t *axis, int rank)
{
    if (*axis >= -rank && *axis < rank) {
        *axis += *axis < 0 ? rank : 0;
        return true;
    }
    graph_error(node, attr_index(node, "axis"),
                "axis %lld of '%s' is not a dimension of %s", (long long)*axis,
                name_of(node), shape_show(in_shape(node, 0)));
    graph_note_inputs(node);
    return false;
}

static bool spread(const Node *node, const char *attr, Size *size, int dims,
                   int64_t least)
{
    if (size->count == 1)
        for (int i = 1; i < dims; i++)
            size->at[i] = size->at[0];
    else if (size->count != dims) {
        graph_error(node, attr_index(node, attr),
                    "'%s' of '%s' needs 1 or %d numbers, got %d", attr,
                    name_of(node), dims, size->count);
        return false;
    }
    size->count = dims;
    for (int i = 0; i < dims; i++)
        if (!in_limits(node, attr, size->at[i], least))
            return false;
    return true;
}

bool op_spread_size(const Node *node, const char *attr, Size *size, int dims)
{
    return spread(node, attr, size, dims, 1);
}

bool op_spread_count(const Node *node, const char *attr, Size *size, int dims)
{
    return spread(node, attr, size, dims, 0);
}

void op_set_pad(Pad *pad, int dims, const int64_t *begin, const int64_t *end)
{
    pad->kind = PAD_EXPLICIT;
    pad->count = 2 * dims;
    for (int i = 0; i < dims; i++) {
        pad->number[i] = pad->begin[i] = begin[i];
        pad->number[dims + i] = pad->end[i] = end[i];
    }
}

bool op_spread_pad(const Node *node, const char *attr, Pad *pad, int dims)
{
    int64_t begin[3] = { 0 }, end[3] = { 0 };
    int count = pad->kind == PAD_EXPLICIT ? pad->count : 0;
    if (pad->kind == PAD_SAME)
        return true;
    if (pad->kind == PAD_EXPLICIT && count != 1 && count != dims &&
        count != 2 * dims) {
        graph_error(node, attr_index(node, attr),
                    "'%s' of '%s' needs 1, %d or %d numbers, got %d", attr,
                    name_of(node), dims, 2 * dims, count);
        return false;
    }
    for (int i = 0; i < count; i++)
        if (!in_limits(node, attr, pad->number[i], 0))
            return false;
    for (int i = 0; i < dims && count; i++) {
        begin[i] = pad->number[count == 1 ? 0 : i];
        end[i] = count == 2 * dims ? pad->number[dims + i] : begin[i];
    }
    op_set_pad(pad, dims, begin, end);
    return true;
}

bool op_output(const Node *node, DType type, Shape shape)
{
    if (!shape_is_valid(&shape)) {
        graph_error(node, -1, "the output of '%s' is too large: %s",
                    name_of(node), shape_show(&shape));
        graph_note_inputs(node);
        return false;
    }
    node->output[0]->type = type;
    node->output[0]->shape = shape;
    return true;
}

bool op_output_like(const Node *node)
{
    return op_output(node, node->input[0]->type, *in_shape(node, 0));
}

AxisView axis_view(const Shape *shape, int64_t axis)
{
    AxisView view = { 1, shape->dim[axis], 1 };
    for (int i = 0; i < shape->rank; i++)
        if (i < axis)
            view.outer *= shape->dim[i];
        else if (i > axis)
            view.inner *= shape->dim[i];
    return view;
}

int64_t saturated_mul(int64_t a, int64_t b)
{
    int64_t product;
    return size_mul(a, b, &product) ? product : INT64_MAX;
}

static const char *const *names_from(const Shape *shape,
                                     const char *const *image)
{
    return shape->rank >= 1 && shape->rank <= 4 ? image + 4 - shape->rank
                                                : NULL;
}

const char *const *loop_names(const Shape *shape)
{
    static const char *const names[] = { "n", "h", "w", "c" };
    return names_from(shape, names);
}

const char *const *out_loop_names(const Shape *shape)
{
    static const char *const names[] = { "n", "oh", "ow", "oc" };
    return names_from(shape, names);
}

void row_loops(Kernel *k, const Shape *shape, int64_t axis, const Affine **at)
{
    const char *const *names = loop_names(shape);
    for (int d = 0; d < shape->rank; d++) {
        char made[16];
        snprintf(made, sizeof made, "i%d", d);
        if (d != axis)
            at[d] = affine_var(
                k, kernel_for(k, names ? names[d] : name_intern(made), 0,
                              shape->dim[d]));
    }
}
