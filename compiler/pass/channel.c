/*
 * channel.c - which layers are a factor and a summand for each channel, and
 * how these get into weights.
 *
 *     (x . w + b) * s + t   =   x . (w * s) + (b * s + t)      s, t by filter
 *     (x * s + t) . w + b   =   x . (s * w) + (b + t . w)      s, t by input
 *
 * The second needs t = 0 where the convolution pads: its zeros would have to
 * be t as well. Numbers are computed in double and rounded once.
 */
#include "pass/channel.h"

#include <math.h>

double channel_scale(const ChannelMap *map, int64_t channel)
{
    return map->scale[map->count == 1 ? 0 : channel];
}

double channel_shift(const ChannelMap *map, int64_t channel)
{
    return map->shift[map->count == 1 ? 0 : channel];
}

bool channel_only_scales(const ChannelMap *map)
{
    for (int64_t c = 0; c < map->count; c++) {
        if (map->shift[c] != 0)
            return false;
    }
    return true;
}

/* ---- recognising them ------------------------------------------------------------- */

static ChannelMap new_map(Arena *arena, Tensor *x, int64_t count)
{
    ChannelMap map = { x, count, NEW_N(arena, double, count),
                       NEW_N(arena, double, count) };
    return map;
}

static bool of_batchnorm(Arena *arena, const Node *node, ChannelMap *map)
{
    const double epsilon = node_attrs(node, BatchnormAttrs)->epsilon;
    for (int i = 1; i < node->input_count; i++) {
        if (!is_known(node->input[i]))
            return false;
    }
    *map = new_map(arena, node->input[0], shape_count(&node->input[1]->shape));
    for (int64_t c = 0; c < map->count; c++) {
        double weight = (double)node->input[1]->data[c];
        double bias = (double)node->input[2]->data[c];
        double mean = (double)node->input[3]->data[c];
        double var = (double)node->input[4]->data[c];
        map->scale[c] = weight / sqrt(var + epsilon);
        map->shift[c] = bias - mean * map->scale[c];
    }
    return true;
}

static bool of_normalize(Arena *arena, const Node *node, ChannelMap *map)
{
    const NormalizeAttrs *a = node_attrs(node, NormalizeAttrs);
    *map = new_map(arena, node->input[0],
                   a->mean.count > a->std.count ? a->mean.count : a->std.count);
    for (int64_t c = 0; c < map->count; c++) {
        map->scale[c] = 1 / a->std.at[a->std.count == 1 ? 0 : c];
        map->shift[c] = -a->mean.at[a->mean.count == 1 ? 0 : c] * map->scale[c];
    }
    return true;
}

static bool of_convert(Arena *arena, const Node *node, ChannelMap *map)
{
    const ConvertAttrs *a = node_attrs(node, ConvertAttrs);
    if (a->type != DT_F32 || a->scale == 1)
        return false;
    *map = new_map(arena, node->input[0], 1);
    map->scale[0] = a->scale;
    return true;
}

/* A number, or one for each channel of x. */
static bool is_by_channel(const Tensor *constant, const Tensor *x)
{
    const Shape *s = &constant->shape;
    int64_t count = shape_count(s);
    if (!is_known(constant) || s->rank > x->shape.rank)
        return false;
    if (count == 1)
        return true;
    return s->dim[s->rank - 1] == count && x->shape.rank > 0 &&
           x->shape.dim[x->shape.rank - 1] == count;
}

/* k: the constant. mul and add either way round, x - k, k - x, x / k. */
static void binary_numbers(Op op, bool constant_first, double k, double *scale,
                           double *shift)
{
    *scale = 1;
    *shift = 0;
    if (op == OP_MUL)
        *scale = k;
    else if (op == OP_DIV)
        *scale = 1 / k;
    else if (op == OP_ADD)
        *shift = k;
    else if (constant_first)
        *scale = -1, *shift = k;
    else
        *shift = -k;
}

static bool of_binary(Arena *arena, const Node *node, ChannelMap *map)
{
    bool first = is_known(node->input[0]);
    const Tensor *constant = node->input[first ? 0 : 1];
    Tensor *x = node->input[first ? 1 : 0];
    if (node->data_count != 2 || (node->op == OP_DIV && first) || is_known(x) ||
        !is_by_channel(constant, x))
        return false;
    *map = new_map(arena, x, shape_count(&constant->shape));
    for (int64_t c = 0; c < map->count; c++)
        binary_numbers(node->op, first, (double)constant->data[c],
                       &map->scale[c], &map->shift[c]);
    return true;
}

static bool is_finite_map(const ChannelMap *map)
{
    for (int64_t c = 0; c < map->count; c++) {
        if (!isfinite(map->scale[c]) || !isfinite(map->shift[c]))
            return false;
    }
    return true;
}

static bool find_map(Arena *arena, const Node *node, ChannelMap *map)
{
    switch ((int)node->op) {
    case OP_BATCHNORM: return of_batchnorm(arena, node, map);
    case OP_NORMALIZE: return of_normalize(arena, node, map);
    case OP_CONVERT: return of_convert(arena, node, map);
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_DIV: return of_binary(arena, node, map);
    }
    return false;
}

bool channel_map(Arena *arena, const Node *node, ChannelMap *map)
{
    return find_map(arena, node, map) && is_finite_map(map) &&
           shape_equal(&map->x->shape, &node->output[0]->shape);
}

ChannelMap channel_compose(Arena *arena, const ChannelMap *first,
                           const ChannelMap *second)
{
    int64_t count = first->count > second->count ? first->count : second->count;
    ChannelMap map = new_map(arena, first->x, count);
    for (int64_t c = 0; c < count; c++) {
        map.scale[c] = channel_scale(first, c) * channel_scale(second, c);
        map.shift[c] = channel_shift(first, c) * channel_scale(second, c) +
                       channel_shift(second, c);
    }
    return map;
}

/* ---- as a normalize ------------------------------------------------------------------- */

bool channel_normalize(Graph *graph, Node *node, const ChannelMap *map)
{
    NormalizeAttrs *a = NEW(graph->arena, NormalizeAttrs);
    double *mean = NEW_N(graph->arena, double, map->count);
    double *std = NEW_N(graph->arena, double, map->count);
    if (map->x->type != DT_F32 || map->x->shape.rank == 0)
        return false;
    for (int64_t c = 0; c < map->count; c++) {
        std[c] = 1 / map->scale[c];
        mean[c] = 0 - map->shift[c] / map->scale[c];
        if (!isnormal((float)std[c]) || !isnormal(1 / (float)std[c]) ||
            !isfinite((float)mean[c]))
            return false;
    }
    a->mean = (FloatList){ (int)map->count, mean };
    a->std = (FloatList){ (int)map->count, std };
    node->op = OP_NORMALIZE;
    node->attrs = a;
    node->attr_range = NULL;
    node->input = arena_copy(graph->arena, &map->x, sizeof(Tensor *));
    node->input_count = node->data_count = 1;
    build_infer(graph, node);
    return true;
}

/* ---- into weights ---------------------------------------------------------------------- */

/* The weights as [taps][c][oc]: a dense layer has one tap. */
typedef struct Weights {
    int64_t taps, c, oc, groups;
} Weights;

static Weights weights_of(const Node *sum)
{
    const int64_t *dim = sum->input[1]->shape.dim;
    if (sum->op == OP_DENSE)
        return (Weights){ 1, dim[0], dim[1], 1 };
    return (Weights){ dim[0] * dim[1], dim[2], dim[3],
                      sum->op == OP_CONV
                          ? node_attrs(sum, ConvAttrs)->groups
                          : node_attrs(sum, ConvTransposeAttrs)->groups };
}

static bool *bias_flag(const Node *sum)
{
    if (sum->op == OP_DENSE)
        return &node_attrs(sum, DenseAttrs)->bias;
    return sum->op == OP_CONV ? &node_attrs(sum, ConvAttrs)->bias
                              : &node_attrs(sum, ConvTransposeAttrs)->bias;
}

static bool all_finite(const float *data, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(data[i]))
            return false;
    }
    return true;
}

static void add_bias(Graph *graph, Node *sum, const float *data, int64_t count)
{
    const char *name = arena_printf(graph->arena, "%s.bias", sum->path);
    Tensor *bias = graph_constant(graph, name, shape_of(1, &count), NULL);
    bias->kind = TENSOR_PARAMETER;
    bias->data = data;
    bias->origin = sum->origin;
    build_input(graph, sum, bias);
    *bias_flag(sum) = true;
}

/* The old weights and bias give way; a bias that is zero is not begun. */
static bool set_weights(Graph *graph, Node *sum, const float *weight,
                        const float *bias)
{
    const Tensor *old = sum->input[1];
    const int64_t oc = weights_of(sum).oc;
    bool has_bias = false;
    for (int64_t o = 0; o < oc; o++)
        has_bias |= bias[o] != 0;
    if (!all_finite(weight, shape_count(&old->shape)) || !all_finite(bias, oc))
        return false;
    sum->input[1] = build_parameter(graph, old, old->shape, weight);
    if (*bias_flag(sum))
        sum->input[2] =
            build_parameter(graph, sum->input[2], sum->input[2]->shape, bias);
    else if (has_bias)
        add_bias(graph, sum, bias, oc);
    return true;
}

static double old_bias(const Node *sum, int64_t o)
{
    return *bias_flag(sum) ? (double)sum->input[2]->data[o] : 0;
}

bool channel_into_producer(Graph *graph, Node *sum, const ChannelMap *map)
{
    const Weights w = weights_of(sum);
    const int64_t rows = w.taps * w.c;
    const float *old = sum->input[1]->data;
    float *weight = NEW_N(graph->arena, float, rows *w.oc);
    float *bias = NEW_N(graph->arena, float, w.oc);
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t o = 0; o < w.oc; o++)
            weight[r * w.oc + o] =
                (float)((double)old[r * w.oc + o] * channel_scale(map, o));
    }
    for (int64_t o = 0; o < w.oc; o++)
        bias[o] = (float)(old_bias(sum, o) * channel_scale(map, o) +
                          channel_shift(map, o));
    return set_weights(graph, sum, weight, bias);
}

/* One row of weights: those of one tap and input channel, of all filters. */
static void scale_row(const Weights *w, int64_t row, const ChannelMap *map,
                      const float *old, float *weight, double *total)
{
    for (int64_t o = 0; o < w->oc; o++) {
        int64_t group = o / (w->oc / w->groups);
        int64_t c = group * w->c + row % w->c;
        weight[o] = (float)((double)old[o] * channel_scale(map, c));
        total[o] += (double)old[o] * channel_shift(map, c);
    }
}

bool channel_into_reader(Graph *graph, Node *sum, const ChannelMap *map)
{
    const Weights w = weights_of(sum);
    const int64_t rows = w.taps * w.c;
    float *weight = NEW_N(graph->arena, float, rows *w.oc);
    float *bias = NEW_N(graph->arena, float, w.oc);
    double *total = mem_alloc(sizeof *total * (size_t)w.oc);
    for (int64_t o = 0; o < w.oc; o++)
        total[o] = old_bias(sum, o);
    for (int64_t r = 0; r < rows; r++)
        scale_row(&w, r, map, sum->input[1]->data + r * w.oc, weight + r * w.oc,
                  total);
    for (int64_t o = 0; o < w.oc; o++)
        bias[o] = (float)total[o];
    mem_free(total);
    return set_weights(graph, sum, weight, bias);
}
