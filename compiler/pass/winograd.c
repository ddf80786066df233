/*
 * winograd.c - convolutions with fewer products.
 *
 *     x [32, 32, 16] -> conv1 = conv(16, 3x3, pad=same)
 *     x -> conv1.points [32, 48, 16] -> conv1 = winograd(16, 3x1) [32, 32, 16]
 *
 * Along a row, tiles of four outputs are made of six products each rather than
 * of twelve, tiles of two of four (graph/winograd.h). The points take memory, half
 * as much again as the image, and the weights twice as much; so it is only done
 * where the cycles saved are many: rows of whole tiles, channels that fill
 * vectors, weights that stay near. A pool behind the convolution would have
 * computed it as it goes, which saves the image: that is left as it is.
 */
#include "graph/winograd.h"
#include "pass/local.h"

#include <math.h>

#define TAPS WINOGRAD_TAPS
/* Of the cycles of a plain convolution that may be left. */
#define GAIN 0.85

/* ---- what is possible -------------------------------------------------------------- */

typedef struct Sizes {
    int64_t rows;  /* of the window */
    int64_t width; /* outputs in a row */
    int64_t height, channels, filters;
    int lanes;
} Sizes;

/* The pool that would take the convolution in, activations between. */
static bool feeds_pool(const Node *conv, Node *const *only)
{
    const Node *reader = only[conv->output[0]->id];
    Window w;
    while (reader != NULL && op_info[reader->op].elementwise)
        reader = only[reader->output[0]->id];
    return reader != NULL && reader->op != OP_CONV && window_of(reader, &w);
}

/* No value of the network, and without infinities, which would cancel out to
 * NaN. It may not have its data yet. */
static bool are_plain_weights(const Tensor *tensor)
{
    if (tensor->kind != TENSOR_PARAMETER && tensor->kind != TENSOR_CONSTANT)
        return false;
    for (int64_t i = 0; tensor->data && i < shape_count(&tensor->shape); i++) {
        if (!isfinite(tensor->data[i]))
            return false;
    }
    return true;
}

static bool has_sizes(const Node *node, const Target *target, Sizes *s)
{
    const ConvAttrs *a = node_attrs(node, ConvAttrs);
    const Shape *in, *out;
    if (node->op != OP_CONV || a->kernel.at[1] != TAPS ||
        a->stride.at[1] != 1 || a->dilation.at[0] != 1 ||
        a->dilation.at[1] != 1 || a->groups != 1 || a->flip ||
        !are_plain_weights(node->input[1]))
        return false;
    in = &node->input[0]->shape;
    out = &node->output[0]->shape;
    *s = (Sizes){ .rows = a->kernel.at[0],
                  .height = out->dim[shape_height(out)],
                  .width = out->dim[shape_height(out) + 1],
                  .channels = in->dim[shape_height(in) + 2],
                  .filters = a->filters,
                  .lanes = target_lanes(target) };
    return in->rank == 3 && s->lanes > 1 && s->channels % s->lanes == 0 &&
           s->filters % s->lanes == 0;
}

/* ---- what it costs ------------------------------------------------------------------- */

static double least(double a, double b)
{
    return a < b ? a : b;
}

static double most(double a, double b)
{
    return a > b ? a : b;
}

/* Cycles for weights that are read so many times, from memory at first. */
static double weight_cycles(const Target *t, double bytes, double times)
{
    if (bytes > (double)t->l2_bytes / 2)
        return bytes / t->load_bytes_per_cycle_memory +
               times * bytes / t->load_bytes_per_cycle_l2;
    return times * bytes / t->load_bytes_per_cycle_l2;
}

/* Loads for each vector of products where a register tile has nv vectors of
 * filters, and n tiles of points side by side or one below the other: rows of
 * the window then share the points' rows. */
static double loads(const Sizes *s, int64_t nv, int64_t n)
{
    const double beside = (double)(nv + n) / (double)(nv * n);
    const double below =
        (double)(nv * s->rows + n + s->rows - 1) / (double)(nv * n * s->rows);
    return beside < below ? beside : below;
}

/* Cycles a vector of products: units for multiply-adds, and two loads. */
static double product_cycles(const Target *t, const Sizes *s, int64_t tile)
{
    const double unit = 2 * s->lanes / t->flops_per_cycle;
    const int64_t points = tile + TAPS - 1;
    double best = 1;
    for (int64_t nv = 1; nv <= s->filters / s->lanes; nv++)
        for (int64_t n = 1; n <= s->height; n++) {
            const int64_t sums = points * nv * n;
            if (sums + nv + 1 > t->registers || sums > t->registers * 7 / 8)
                break;
            best = least(best, most(unit, loads(s, nv, n) / 2));
        }
    return best;
}

static double plain_cycles(const Target *t, const Sizes *s)
{
    const double macs = (double)(s->rows * s->height * s->width * TAPS) *
                        (double)(s->channels * s->filters);
    const double bytes =
        4 * (double)(s->rows * TAPS) * (double)(s->channels * s->filters);
    return macs * 2 / t->flops_per_cycle + weight_cycles(t, bytes, 1);
}

static double tile_cycles(const Target *t, const Sizes *s, int64_t tile)
{
    const int64_t points = tile + TAPS - 1;
    const double images = (double)(s->height * s->width / tile * points);
    const double weights =
        (double)(s->rows * points) * (double)(s->channels * s->filters);
    const double products = images * (double)(s->rows * s->channels) *
                            (double)(s->filters / s->lanes);
    /* Points are computed from about three others, stored, and loaded. */
    const double around = images * 3 * (double)(s->channels / s->lanes) +
                          images * 2 * (double)(s->filters / s->lanes);
    return most(products * product_cycles(t, s, tile),
                weight_cycles(t, 4 * weights, (double)s->height)) +
           around;
}

/* Outputs a tile; 0: none is worth it. */
static int64_t best_tile(const Target *target, const Sizes *s)
{
    double best = GAIN * plain_cycles(target, s);
    int64_t found = 0;
    for (int64_t tile = 2; tile <= WINOGRAD_TILE; tile += 2) {
        double cycles;
        if (s->width % tile != 0)
            continue;
        cycles = tile_cycles(target, s, tile);
        if (cycles < best) {
            best = cycles;
            found = tile;
        }
    }
    return found;
}

/* ---- the rewrite --------------------------------------------------------------------- */

static Tensor *weights_of(Graph *graph, const Node *conv, int64_t tile)
{
    const Tensor *w = conv->input[1]; /* [kh][3][c][oc] */
    const int64_t *dim = w->shape.dim, count = dim[2] * dim[3];
    Shape shape = w->shape;
    float *data = NULL;
    shape.dim[1] = tile + TAPS - 1;
    if (w->data != NULL) {
        data = NEW_N(graph->arena, float, shape_count(&shape));
        winograd_weights(tile, dim[0], count, w->data, data);
    }
    return build_parameter(graph, w, shape, data);
}

static Tensor *rewritten(Graph *graph, const Node *conv, int64_t tile)
{
    const ConvAttrs *a = node_attrs(conv, ConvAttrs);
    const char *path = arena_printf(graph->arena, "%s.points", conv->path);
    Node *input =
        build_node(graph, OP_WINOGRAD_INPUT, path, conv->input[0], conv);
    WinogradInputAttrs *i = node_attrs(input, WinogradInputAttrs);
    Node *sums;
    WinogradAttrs *s;
    i->tile = tile;
    i->left = a->pad.begin[1];
    i->right = a->pad.end[1];
    build_infer(graph, input);
    sums = build_node(graph, OP_WINOGRAD, conv->path, input->output[0], conv);
    s = node_attrs(sums, WinogradAttrs);
    s->filters = a->filters;
    s->kernel = (Size){ 2, { a->kernel.at[0], 1 } };
    s->stride = (Size){ 2, { a->stride.at[0], 1 } };
    s->pad = pad_explicit((int64_t[]){ a->pad.begin[0], 0 },
                          (int64_t[]){ a->pad.end[0], 0 });
    s->tile = tile;
    s->bias = a->bias;
    build_input(graph, sums, weights_of(graph, conv, tile));
    if (a->bias)
        build_input(graph, sums, conv->input[2]);
    build_infer(graph, sums);
    sums->output[0]->label = conv->output[0]->label;
    return sums->output[0];
}

bool pass_winograd(Graph *graph, PassContext *context)
{
    const int nodes = graph->nodes.count, count = graph->tensors.count;
    Tensor **instead =
        arena_array(graph->arena, (size_t)count + 1, sizeof(Tensor *));
    Node **only = find_only_readers(graph);
    bool changed = false;
    for (int n = 0; n < nodes; n++) {
        const Node *node = graph->nodes.at[n];
        int64_t tile;
        Sizes s;
        if (!has_sizes(node, context->target, &s) || feeds_pool(node, only) ||
            (tile = best_tile(context->target, &s)) == 0)
            continue;
        instead[node->output[0]->id] = rewritten(graph, node, tile);
        changed = true;
    }
    mem_free(only);
    if (!changed)
        return false;
    replace_all(graph, instead, count);
    graph_remove_dead(graph);
    graph_sort(graph);
    return true;
}
