/*
 * bind.c - gives a network's parameters the values of a weight file.
 *
 *     conv1.weight, f16 [6][1][5][5] (OIHW)  -->  f32 [5][5][1][6]
 *
 * A file with OIHW comes from where images are [channels][height][width]. That
 * shows once more behind a flatten: the weights of a dense layer there expect
 *
 *     file: channel by channel      we: pixel by pixel
 *     c0y0x0 c0y0x1 ... c1y0x0      y0x0c0 y0x0c1 ... y0x1c0
 *
 * so their rows move. The order of a flat value is followed through whatever
 * keeps elements where they are, and through concat, up to a dense layer or a
 * batchnorm. The files of an HWIO container have our order throughout.
 */
#include "graph/graph.h"
#include "weights/local.h"

#include <math.h>
#include <string.h>

/* One parameter and where its rows go. */
typedef struct Slot {
    Tensor *tensor;
    const int64_t *row; /* of the file's row k, ours; NULL: the same */
    int64_t groups;     /* of a transposed convolution; else 1 */
} Slot;

typedef struct Binder {
    Graph *graph;
    Arena *scratch;
    WeightLayout layout;
    const int64_t **order; /* of each tensor by id: file index -> our index */
    VEC(Slot) slots;
} Binder;

/* ---- the order of flat values ----------------------------------------------------------- */

/* Channels-first index -> channels-last index, of places x channels, again and
 * again for a batch. */
static const int64_t *channels_first(Arena *arena, int64_t batch,
                                     int64_t places, int64_t channels)
{
    int64_t *order = NEW_N(arena, int64_t, batch * places * channels);

    for (int64_t n = 0; n < batch; n++)
        for (int64_t c = 0; c < channels; c++)
            for (int64_t s = 0; s < places; s++)
                order[(n * channels + c) * places + s] =
                    (n * places + s) * channels + c;
    return order;
}

static const int64_t *order_of_flat(const Binder *b, const Tensor *in)
{
    int64_t channels, count = shape_count(&in->shape), batch;

    if (in->shape.rank < 2)
        return b->order[in->id];
    channels = in->shape.dim[in->shape.rank - 1];
    if (channels == 1 || channels == count)
        return NULL;
    batch = shape_is_batch(&in->shape) ? in->shape.dim[0] : 1;
    return channels_first(b->scratch, batch, count / batch / channels,
                          channels);
}

static const int64_t *order_of_concat(const Binder *b, const Node *node)
{
    int64_t *order, at = 0;
    bool moved = false;

    for (int i = 0; i < node->data_count; i++)
        moved = moved || b->order[node->input[i]->id];
    if (!moved)
        return NULL;
    order = NEW_N(b->scratch, int64_t, shape_count(&node->output[0]->shape));
    for (int i = 0; i < node->data_count; i++) {
        const Tensor *in = node->input[i];
        const int64_t *part = b->order[in->id];
        int64_t count = shape_count(&in->shape);
        for (int64_t k = 0; k < count; k++)
            order[at + k] = at + (part ? part[k] : k);
        at += count;
    }
    return order;
}

/* The order of the first input that has one: an add of two flat values makes
 * sense only where they agree. */
static const int64_t *order_of_inputs(const Binder *b, const Node *node)
{
    const int64_t *order = NULL;

    for (int i = 0; i < node->data_count && !order; i++)
        order = b->order[node->input[i]->id];
    return order;
}

static const int64_t *order_of(const Binder *b, const Node *node)
{
    const Tensor *out = node->output[0];

    if (out->shape.rank != 1)
        return NULL;
    if (node->op == OP_FLATTEN || node->op == OP_RESHAPE)
        return order_of_flat(b, node->input[0]);
    if (node->op == OP_CONCAT)
        return order_of_concat(b, node);
    return op_info[node->op].elementwise ? order_of_inputs(b, node) : NULL;
}

/* ---- what is wanted ------------------------------------------------------------------------ */

/* Ours is [kh][kw][c][oc]; the file's row k of oc is c by c, ours place by
 * place. */
static const int64_t *conv_rows(const Binder *b, const Tensor *tensor)
{
    int rank = tensor->shape.rank;
    int64_t channels = tensor->shape.dim[rank - 2];
    int64_t out = tensor->shape.dim[rank - 1];

    return channels_first(
        b->scratch, 1, shape_count(&tensor->shape) / out / channels, channels);
}

static void add_slot(Binder *b, const Node *node, Tensor *tensor)
{
    const int64_t *order = order_of_inputs(b, node);
    Slot slot = { tensor, NULL, 1 };

    for (int i = 0; i < b->slots.count; i++)
        if (b->slots.at[i].tensor == tensor)
            return;
    if (node->op == OP_CONV_TRANSPOSE)
        slot.groups = node_attrs(node, ConvTransposeAttrs)->groups;
    if (b->layout == WEIGHTS_OIHW) {
        if (tensor->layout == LAYOUT_CONV)
            slot.row = conv_rows(b, tensor);
        else if (tensor->layout == LAYOUT_DENSE ||
                 (tensor->shape.rank == 1 && op_info[node->op].elementwise))
            slot.row = order;
    }
    vec_push(&b->slots, slot);
}

/* Parameters that no layer has among its weights: as the file has them. */
static void add_lone_slots(Binder *b)
{
    const Graph *graph = b->graph;
    bool *found = NEW_N(b->scratch, bool, graph->tensors.count);

    for (int i = 0; i < b->slots.count; i++)
        found[b->slots.at[i].tensor->id] = true;
    for (int i = 0; i < graph->tensors.count; i++) {
        Tensor *tensor = graph->tensors.at[i];
        if (tensor->kind == TENSOR_PARAMETER && !found[i])
            vec_push(&b->slots, (Slot){ .tensor = tensor, .groups = 1 });
    }
}

static void find_slots(Binder *b)
{
    Graph *graph = b->graph;

    b->order = NEW_N(b->scratch, const int64_t *, graph->tensors.count);
    for (int n = 0; n < graph->nodes.count; n++) {
        const Node *node = graph->nodes.at[n];
        for (int i = node->data_count; i < node->input_count; i++)
            if (node->input[i]->kind == TENSOR_PARAMETER)
                add_slot(b, node, node->input[i]);
        if (b->layout == WEIGHTS_OIHW)
            b->order[node->output[0]->id] = order_of(b, node);
    }
    add_lone_slots(b);
}

/* Of a transposed convolution: [in][out of a group][kh][kw], or HWOI. */
static void want_transposed(const Binder *b, const Slot *slot,
                            WeightWanted *wanted)
{
    const int64_t *dim = slot->tensor->shape.dim; /* [kh][kw][c][oc] */
    const int at = b->layout == WEIGHTS_HWIO ? 0 : 2;

    wanted->dim[at] = dim[0];
    wanted->dim[at + 1] = dim[1];
    wanted->dim[at ? 0 : 3] = dim[2] * slot->groups;
    wanted->dim[at ? 1 : 2] = dim[3] / slot->groups;
}

/* The shape that the file has to have: the last two dimensions of ours go to
 * the front, the other way round. */
static WeightWanted wanted_of(const Binder *b, const Slot *slot)
{
    const Tensor *tensor = slot->tensor;
    const Shape *shape = &tensor->shape;
    int rank = shape->rank, places = rank - 2;
    WeightWanted wanted = { .name = tensor->name, .rank = rank };

    if (tensor->layout == LAYOUT_CONV_TRANSPOSE) {
        want_transposed(b, slot, &wanted);
        return wanted;
    }

    memcpy(wanted.dim, shape->dim, (size_t)rank * sizeof *shape->dim);
    if (b->layout == WEIGHTS_HWIO || tensor->layout == LAYOUT_AS_IS)
        return wanted;
    wanted.dim[0] = shape->dim[rank - 1];
    wanted.dim[1] = shape->dim[rank - 2];
    memcpy(wanted.dim + 2, shape->dim, (size_t)places * sizeof *shape->dim);
    return wanted;
}

_Static_assert(WEIGHT_MAX_RANK == MAX_RANK, "shapes are copied as a whole");

/* ---- filling in ------------------------------------------------------------------------------ */

#define BLOCK 16 /* outputs at a time: a cache line of theirs */

/* out[row[k]][o] = in[o][k] */
static void transpose(float *out, const float *in, int64_t outputs,
                      int64_t rows, const int64_t *row)
{
    for (int64_t first = 0; first < outputs; first += BLOCK) {
        int64_t last = first + BLOCK < outputs ? first + BLOCK : outputs;
        for (int64_t k = 0; k < rows; k++) {
            float *to = out + (row ? row[k] : k) * outputs;
            for (int64_t o = first; o < last; o++)
                to[o] = in[o * rows + k];
        }
    }
}

/* Where element i of ours, [kh][kw][c][oc], is in a file. */
static int64_t place_transposed(const Binder *b, const Slot *slot, int64_t i)
{
    const int64_t *dim = slot->tensor->shape.dim;
    const int64_t oc = i % dim[3], c = i / dim[3] % dim[2];
    const int64_t tap = i / dim[3] / dim[2], taps = dim[0] * dim[1];
    const int64_t outs = dim[3] / slot->groups, ins = dim[2] * slot->groups;
    const int64_t in = oc / outs * dim[2] + c, out = oc % outs;

    return b->layout == WEIGHTS_HWIO ? (tap * outs + out) * ins + in
                                     : (in * outs + out) * taps + tap;
}

/* What the type can have, of what a float holds exactly: a bool is 0 or 1, a
 * whole number within the type's limits. */
static void hold_type(DType type, float *at, int64_t count)
{
    const bool is_signed =
        type == DT_I8 || type == DT_I16 || type == DT_I32 || type == DT_I64;
    const int bits = 8 * dtype_size(type) - is_signed;
    const float high = bits < 24 ? (float)((1 << bits) - 1) : 16777216;
    const float low = is_signed ? -high - (bits < 24) : 0;

    for (int64_t i = 0; i < count && !dtype_is_float(type); i++)
        if (type == DT_BOOL)
            at[i] = at[i] != 0;
        else if (!(at[i] >= low && at[i] <= high))
            at[i] = at[i] > high ? high : at[i] < low ? low : 0;
        else
            at[i] = nearbyintf(at[i]);
}

static void fill(const Binder *b, const Slot *slot, const WeightTensor *found)
{
    Tensor *tensor = slot->tensor;
    const Shape *shape = &tensor->shape;
    bool as_is =
        tensor->layout == LAYOUT_AS_IS ||
        (b->layout == WEIGHTS_HWIO && tensor->layout != LAYOUT_CONV_TRANSPOSE);
    int64_t outputs = as_is ? 1 : shape->dim[shape->rank - 1];
    float *out = NEW_N(b->graph->arena, float, found->count);
    float *in;

    tensor->data = out;
    if (as_is && !slot->row) {
        weights_to_float(found, out);
        hold_type(tensor->type, out, (int64_t)found->count);
        return;
    }
    in = mem_alloc(found->count * sizeof *in);
    weights_to_float(found, in);
    if (tensor->layout == LAYOUT_CONV_TRANSPOSE)
        for (int64_t i = 0; i < (int64_t)found->count; i++)
            out[i] = in[place_transposed(b, slot, i)];
    else
        transpose(out, in, outputs, (int64_t)found->count / outputs, slot->row);
    mem_free(in);
}

static bool bind_file(Binder *b, const WeightFile *file, Range range)
{
    const Graph *graph = b->graph;
    size_t count = (size_t)b->slots.count;
    WeightWanted *wanted = NEW_N(b->scratch, WeightWanted, count);
    WeightBind *binds = NEW_N(b->scratch, WeightBind, graph->binds.count);
    const WeightTensor **found = NEW_N(b->scratch, const WeightTensor *, count);

    for (size_t i = 0; i < count; i++)
        wanted[i] = wanted_of(b, &b->slots.at[i]);
    for (int i = 0; i < graph->binds.count; i++)
        binds[i] = (WeightBind){ graph->binds.at[i].from, graph->binds.at[i].to,
                                 graph->binds.at[i].range };
    if (!weights_match(file, wanted, (int)count, binds, graph->binds.count,
                       range, found))
        return false;
    for (size_t i = 0; i < count; i++)
        fill(b, &b->slots.at[i], found[i]);
    return true;
}

/* ---- the file -------------------------------------------------------------------------------- */

/* The stated layout, or the container's. */
static bool choose_layout(Binder *b, const WeightFile *file, const char *stated)
{
    if (!stated)
        stated = b->graph->weights_layout;
    b->layout = weights_layout(file);
    if (!stated || weights_parse_layout(stated, &b->layout))
        return true;
    diag_error(b->graph->weights_range, "no layout of weights is called '%s'",
               stated);
    diag_hint("there are 'oihw' and 'hwio'");
    return false;
}

/* The file that the network names, from the network's own folder. */
static const char *path_of_network(const Graph *graph, Arena *arena)
{
    if (!graph->source)
        return graph->weights;
    return path_join(arena, path_folder(arena, graph->source->name),
                     graph->weights);
}

bool weights_bind(Graph *graph, const char *path, const char *layout)
{
    Binder b = { .graph = graph, .scratch = arena_new() };
    Range range = path ? NO_RANGE : graph->weights_range;
    bool done = false;

    REQUIRE(path || graph->weights);
    if (!path)
        path = path_of_network(graph, b.scratch);
    WeightFile *file = weights_open(b.scratch, path);
    if (file && choose_layout(&b, file, layout)) {
        find_slots(&b);
        done = bind_file(&b, file, range);
    }
    weights_close(file);
    vec_free(&b.slots);
    arena_free(b.scratch);
    return done;
}

/* ---- and back -------------------------------------------------------------------------------- */

/* What the network's file calls the parameter. */
static const char *name_in_file(const Graph *graph, const char *key)
{
    for (int i = 0; i < graph->binds.count; i++)
        if (strcmp(graph->binds.at[i].to, key) == 0)
            return graph->binds.at[i].from;
    return key;
}

/* in[o][k] = out[row[k]][o]: the inverse of `fill`. */
static void unfill(const Binder *b, const Slot *slot, WeightTensor *file)
{
    const WeightWanted wanted = wanted_of(b, slot);
    const Shape *shape = &slot->tensor->shape;
    bool as_is = slot->tensor->layout == LAYOUT_AS_IS;
    bool transposed = slot->tensor->layout == LAYOUT_CONV_TRANSPOSE;
    int64_t count = shape_count(shape);
    int64_t outputs = as_is ? 1 : shape->dim[shape->rank - 1];
    int64_t rows = count / outputs;
    float *in = NEW_N(b->scratch, float, count);

    for (int64_t i = 0; i < count && transposed; i++)
        in[place_transposed(b, slot, i)] = slot->tensor->data[i];
    for (int64_t k = 0; k < rows && !transposed; k++) {
        const int64_t row = slot->row ? slot->row[k] : k;
        for (int64_t o = 0; o < outputs; o++)
            in[o * rows + k] = slot->tensor->data[row * outputs + o];
    }
    *file = (WeightTensor){ .name = name_in_file(b->graph, wanted.name),
                            .type = DT_F32,
                            .rank = wanted.rank,
                            .data = in,
                            .count = (size_t)count,
                            .size = (size_t)count * sizeof *in };
    memcpy(file->dim, wanted.dim, sizeof file->dim);
}

/* Whether one of the first `count` is the same, data and all: two binds of one
 * tensor. */
static bool is_written(const WeightTensor *files, int count,
                       const WeightTensor *file)
{
    for (int i = 0; i < count; i++)
        if (strcmp(files[i].name, file->name) == 0 &&
            files[i].size == file->size &&
            memcmp(files[i].dim, file->dim, sizeof file->dim) == 0 &&
            memcmp(files[i].data, file->data, file->size) == 0)
            return true;
    return false;
}

bool weights_save(Graph *graph, const char *path)
{
    static const WeightMetadata metadata[] = { { "format", "pt" } };
    Binder b = { .graph = graph,
                 .scratch = arena_new(),
                 .layout = WEIGHTS_OIHW };

    find_slots(&b);
    WeightTensor *files = NEW_N(b.scratch, WeightTensor, b.slots.count);
    int count = 0;
    for (int i = 0; i < b.slots.count; i++) {
        unfill(&b, &b.slots.at[i], &files[count]);
        count += !is_written(files, count, &files[count]);
    }
    bool done = weights_write_safetensors(path, files, count, metadata,
                                          (int)COUNT_OF(metadata));
    vec_free(&b.slots);
    arena_free(b.scratch);
    return done;
}
