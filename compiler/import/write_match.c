/*
 * write_match.c - whether a text that was written and read is the same graph.
 *
 *     written     conv(x, w1, b1; kernel=3x3)      relu(conv1)
 *     read        conv(image, c.weight, c.bias; kernel=3x3)   relu(c)
 *
 * Reading makes the nodes in the order in which the writer put them down: so
 * they are compared one by one, and each tensor that is read stands for the one
 * that is in its place.
 */
#include <string.h>

#include "import/write_local.h"

typedef struct Matcher {
    const Graph *graph, *read;
    const Tensor **of; /* by id of the tensor that was read */
    Text *why;
} Matcher;

static bool same_tensor(Matcher *m, const Tensor *tensor, const Tensor *read)
{
    const int64_t count = shape_count(&read->shape);
    if (m->of[read->id])
        return m->of[read->id] == tensor;
    if (!is_data(tensor) || !is_data(read) || tensor->type != read->type ||
        !shape_equal(&tensor->shape, &read->shape) ||
        (read->data &&
         memcmp(read->data, tensor->data, sizeof(float) * (size_t)count) != 0))
        return false;
    m->of[read->id] = tensor;
    return true;
}

static bool same_attributes(const Node *node, const Node *read)
{
    const OpInfo *info = &op_info[node->op];
    bool same = true;
    for (int i = 0; i < info->attr_count && same; i++) {
        Text a = { 0 }, b = { 0 };
        attr_text(&a, &info->attrs[i], node->attrs);
        attr_text(&b, &info->attrs[i], read->attrs);
        same = strcmp(text_get(&a), text_get(&b)) == 0;
        text_free(&a);
        text_free(&b);
    }
    return same;
}

static bool same_node(Matcher *m, const Node *node, const Node *read)
{
    const Tensor *out = node->output[0], *made = read->output[0];
    bool same = node->op == read->op && node->data_count == read->data_count &&
                node->input_count == read->input_count &&
                same_attributes(node, read) && out->type == made->type &&
                shape_equal(&out->shape, &made->shape);
    for (int i = 0; same && i < node->input_count; i++)
        same = same_tensor(m, node->input[i], read->input[i]);
    m->of[made->id] = out;
    if (!same)
        text_printf(m->why, "'%s' (%s) is read as '%s' (%s)", node->path,
                    op_info[node->op].name, read->path, op_info[read->op].name);
    return same;
}

static bool same_edges(Matcher *m)
{
    const Graph *graph = m->graph, *read = m->read;
    bool same = graph->inputs.count == read->inputs.count &&
                graph->outputs.count == read->outputs.count;
    for (int i = 0; same && i < graph->inputs.count; i++) {
        const Tensor *a = graph->inputs.at[i], *b = read->inputs.at[i];
        same = a->type == b->type && shape_equal(&a->shape, &b->shape);
        m->of[b->id] = a;
    }
    if (!same)
        text_add(m->why, "the inputs are others");
    return same;
}

static bool same_outputs(Matcher *m)
{
    for (int i = 0; i < m->graph->outputs.count; i++) {
        const Output *a = &m->graph->outputs.at[i];
        const Output *b = &m->read->outputs.at[i];
        if (a->loss == b->loss && a->class_count == b->class_count &&
            same_tensor(m, a->tensor, b->tensor))
            continue;
        text_printf(m->why, "the output '%s' is another", a->name);
        return false;
    }
    return true;
}

bool import_match(const Graph *graph, const Written *written, const Graph *read,
                  const Tensor **of, Text *why)
{
    Matcher m = { graph, read, of, why };
    memset(of, 0, sizeof *of * (size_t)read->tensors.count);
    if (!same_edges(&m))
        return false;
    if (written->nodes.count != read->nodes.count) {
        text_printf(why, "%d layers are read as %d", written->nodes.count,
                    read->nodes.count);
        return false;
    }
    for (int i = 0; i < read->nodes.count; i++)
        if (!same_node(&m, written->nodes.at[i], read->nodes.at[i]))
            return false;
    return same_outputs(&m);
}
