/*
 * scale.c - factors and summands of channels move into weights.
 *
 *     conv -> batchnorm -> relu                  conv -> relu
 *     image / 255 -> conv(3x3, pad=same)         image -> conv, weights / 255
 *     image -> normalize -> conv(3x3)            image -> conv
 *     relu -> batchnorm -> relu                  relu -> normalize -> relu
 *
 * Into the layer before where that is a sum of products, else two of them
 * become one, else into the layer behind. What remains of a batchnorm is one
 * multiplication and addition.
 */
#include "pass/channel.h"

typedef struct Scaler {
    Graph *graph;
    PassContext *context;
    Arena *scratch;
    Tensor **instead; /* by tensor id */
    int count;
    Node **only; /* by tensor id: the only reader */
    bool changed;
} Scaler;

static bool is_known_sum(const Node *node)
{
    if (node == NULL || (node->op != OP_CONV && node->op != OP_DENSE &&
                         node->op != OP_CONV_TRANSPOSE))
        return false;
    for (int i = 1; i < node->input_count; i++) {
        if (!is_known(node->input[i]))
            return false;
    }
    return true;
}

/* Readers of the node's result read another tensor; it takes the label on. */
static void bypass(Scaler *s, const Node *node, Tensor *by)
{
    const Tensor *out = node->output[0];
    s->instead[out->id] = by;
    if (s->only[by->id] == node)
        s->only[by->id] = s->only[out->id];
    if (by->label == NULL)
        by->label = out->label;
}

/* The map is done elsewhere now: a conversion remains one without a factor. */
static void take_away(Scaler *s, Node *node, const ChannelMap *map)
{
    if (node->op == OP_CONVERT && map->x->type != DT_F32)
        node_attrs(node, ConvertAttrs)->scale = 1;
    else
        bypass(s, node, map->x);
}

static bool move_forward(Scaler *s, Node *node, const ChannelMap *map)
{
    Node *sum = map->x->producer;
    if (!is_known_sum(sum) || s->only[map->x->id] != node ||
        !channel_into_producer(s->graph, sum, map))
        return false;
    bypass(s, node, map->x);
    return true;
}

static bool join_maps(Scaler *s, Node *node, const ChannelMap *map)
{
    Node *before = map->x->producer;
    ChannelMap first, both;
    if (before == NULL || s->only[map->x->id] != node ||
        !channel_map(s->scratch, before, &first))
        return false;
    both = channel_compose(s->scratch, &first, map);
    if (first.x->type != DT_F32)
        both.x = map->x; /* what was converted, as it will be */
    if (!channel_normalize(s->graph, node, &both))
        return false;
    if (both.x != map->x && s->only[both.x->id] == before)
        s->only[both.x->id] = node;
    if (both.x == map->x)
        node_attrs(before, ConvertAttrs)->scale = 1;
    return true;
}

static bool move_back(Scaler *s, Node *node, const ChannelMap *map)
{
    Node *sum = s->only[node->output[0]->id];
    if (!is_known_sum(sum))
        return false;
    if (sum->op == OP_CONV && !pad_is_none(&node_attrs(sum, ConvAttrs)->pad) &&
        !channel_only_scales(map)) {
        remark(s->context, s->graph, node,
               "'%s' stays a step of its own: '%s' pads its input with zeros, "
               "which would have to be shifted as well",
               node->path, sum->path);
        return false;
    }
    /* Nor do equally many taps reach every output of a transposed one. */
    if (sum->op == OP_CONV_TRANSPOSE && !channel_only_scales(map))
        return false;
    if (!channel_into_reader(s->graph, sum, map))
        return false;
    take_away(s, node, map);
    return true;
}

static void scale_node(Scaler *s, Node *node)
{
    ChannelMap map;
    if (!channel_map(s->scratch, node, &map))
        return;
    if (move_forward(s, node, &map)) {
        s->changed = true;
        return;
    }
    while (join_maps(s, node, &map)) {
        s->changed = true;
        if (!channel_map(s->scratch, node, &map))
            return;
    }
    if (move_back(s, node, &map) ||
        (node->op == OP_BATCHNORM && channel_normalize(s->graph, node, &map)))
        s->changed = true;
}

static void resolve_inputs(const Scaler *s, Node *node)
{
    for (int i = 0; i < node->input_count; i++) {
        Tensor *t = node->input[i];
        while (t->id < s->count && s->instead[t->id] != NULL)
            t = s->instead[t->id];
        node->input[i] = t;
    }
}

bool pass_scale(Graph *graph, PassContext *context)
{
    Scaler s = { .graph = graph, .context = context, .scratch = arena_new() };
    const int nodes = graph->nodes.count;
    s.count = graph->tensors.count;
    s.instead = NEW_N(s.scratch, Tensor *, s.count + 1);
    s.only = find_only_readers(graph);
    for (int n = 0; n < nodes; n++) {
        resolve_inputs(&s, graph->nodes.at[n]);
        scale_node(&s, graph->nodes.at[n]);
    }
    if (s.changed) {
        replace_all(graph, s.instead, s.count);
        graph_remove_dead(graph);
    }
    mem_free(s.only);
    arena_free(s.scratch);
    return s.changed;
}
