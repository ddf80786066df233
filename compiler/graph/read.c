/*
 * read.c - reads back what print.c wrote.
 *
 *     conv1: f32[28, 28, 6] = conv(image, conv1.weight; filters=6, ...) as c1
 *
 * A line is a tensor, a node or an output; the first mistake ends the reading.
 * Shapes are checked against the shape rules once all is read.
 */
#include <string.h>

#include "graph/reader.h"

/* ---- lines --------------------------------------------------------------------------- */

static bool read_label(Reader *r, Tensor *tensor)
{
    tensor->label = read_name(r);
    return tensor->label;
}

static Tensor *find_tensor(const Reader *r, const char *name)
{
    for (int i = r->graph->tensors.count; i-- > 0;)
        if (r->graph->tensors.at[i]->name == name)
            return r->graph->tensors.at[i];
    return NULL;
}

static Tensor *read_reference(Reader *r)
{
    Range range;
    const char *name;
    Tensor *tensor;
    skip_blanks(r);
    range = range_here(r);
    name = read_name(r);
    tensor = name ? find_tensor(r, name) : NULL;
    if (name && !tensor)
        diag_error(range, "there is no '%s' before this line", name);
    return tensor;
}

static const Origin *origin_here(Reader *r)
{
    Origin *origin = NEW(r->arena, Origin);
    size_t end = r->line;
    while (r->source->text[end] && r->source->text[end] != '\n')
        end++;
    origin->range = (Range){ r->source, r->line, end };
    return origin;
}

/* "NAME: f32[28, 28, 6]" of something new. */
static bool read_head(Reader *r, const char **name, DType *type, Shape *shape)
{
    Range range;
    skip_blanks(r);
    range = range_here(r);
    *name = read_name(r);
    if (!*name)
        return false;
    if (find_tensor(r, *name)) {
        diag_error(range, "'%s' is there already", *name);
        return false;
    }
    return expect(r, ":") && read_type(r, type, shape);
}

static void claim(Reader *r, Tensor *tensor, DType type, Shape shape)
{
    vec_push(&r->claims, (Claim){ tensor, type, shape, origin_here(r)->range });
}

static bool read_tensor_rest(Reader *r, Tensor *tensor)
{
    while (!at_line_end(r)) {
        bool good;
        if (accept(r, "@"))
            good = read_place(r, tensor);
        else if (accept(r, "label="))
            good = read_label(r, tensor);
        else if (accept(r, "title="))
            good = (tensor->title = read_name(r)) != NULL;
        else if (tensor->kind == TENSOR_INPUT)
            return expected(r, "the end of the line");
        else if (accept(r, "layout="))
            good = read_layout(r, tensor);
        else if (accept(r, "fan_in="))
            good = read_double(r, &tensor->init_fan_in);
        else if (accept(r, "value="))
            good = read_double(r, &tensor->init_value);
        else if (accept(r, "spread="))
            good = read_double(r, &tensor->init_spread);
        else if (accept(r, "crc="))
            good = read_crc(r, tensor);
        else if (accept(r, "="))
            good = read_data(r, tensor);
        else
            return expected(r, "a property of a tensor");
        if (!good)
            return false;
    }
    return true;
}

static bool read_tensor(Reader *r, TensorKind kind)
{
    const char *name;
    DType type;
    Shape shape;
    Tensor *tensor;
    if (!read_head(r, &name, &type, &shape))
        return false;
    if (kind == TENSOR_INPUT)
        tensor = graph_input(r->graph, name, type, shape, origin_here(r));
    else if (kind == TENSOR_PARAMETER)
        tensor = graph_parameter_named(r->graph, name, shape, origin_here(r));
    else
        tensor = graph_constant(r->graph, name, shape, NULL);
    tensor->type = type;
    claim(r, tensor, type, shape);
    if (!read_tensor_rest(r, tensor))
        return false;
    if (kind == TENSOR_CONSTANT && !tensor->data && !tensor->data_crc)
        return expected(r, "the data of the constant");
    return true;
}

/* ---- nodes ----------------------------------------------------------------------------- */

/* The text up to a comma or the closing parenthesis. */
static const char *read_value(Reader *r)
{
    const size_t start = r->at;
    int depth = 0;
    while (peek(r) && peek(r) != '\n') {
        char c = peek(r);
        if (depth == 0 && (c == ',' || c == ')'))
            break;
        depth += c == '[' ? 1 : c == ']' ? -1 : 0;
        r->at++;
    }
    return name_internn(r->source->text + start, r->at - start);
}

static bool read_attr(Reader *r, Node *node)
{
    const OpInfo *info = &op_info[node->op];
    const char *key = read_word(r, "abcdefghijklmnopqrstuvwxyz_"), *value;
    for (int i = 0; key && i < info->attr_count; i++) {
        const AttrInfo *attr = &info->attrs[i];
        if (strcmp(attr->name, key) != 0)
            continue;
        if (!expect(r, "="))
            return false;
        node->attr_range[i] = range_here(r);
        value = read_value(r);
        node->attr_range[i].end = r->at;
        if (attr_parse(attr, node->attrs, value, r->arena))
            return true;
        diag_error(node->attr_range[i], "'%s' is no value of '%s'", value, key);
        return false;
    }
    return expected(r, "an attribute of the operator");
}

static bool read_attrs(Reader *r, Node *node)
{
    const OpInfo *info = &op_info[node->op];
    node->attr_range = NEW_N(r->arena, Range, info->attr_count);
    if (accept(r, ";"))
        do {
            if (!read_attr(r, node))
                return false;
        } while (accept(r, ","));
    for (int i = 0; i < info->attr_count; i++)
        if (!info->attrs[i].fallback && !node->attr_range[i].source) {
            diag_error(range_here(r), "'%s' is missing", info->attrs[i].name);
            return false;
        }
    return expect(r, ")");
}

/* "conv(image, conv1.weight; filters=6, ...)" */
static Node *read_call(Reader *r, const char *name)
{
    VEC(Tensor *) inputs = { 0 };
    const char *word = read_word(r, "abcdefghijklmnopqrstuvwxyz_0123456789");
    Op op = word ? op_find(word) : OP_COUNT;
    bool good = op != OP_COUNT || expected(r, "an operator before this");
    Node *node = NULL;
    good = good && expect(r, "(");
    skip_blanks(r);
    while (good && peek(r) != ')' && peek(r) != ';') {
        Tensor *tensor;
        good = !inputs.count || expect(r, ",");
        tensor = good ? read_reference(r) : NULL;
        if (tensor && shape_is_empty(&tensor->shape)) {
            diag_error(origin_here(r)->range, "'%s' has no elements to read",
                       tensor->name);
            tensor = NULL;
        }
        good = tensor;
        if (good)
            vec_push(&inputs, tensor);
        skip_blanks(r);
    }
    if (good) {
        const OpInfo *info = &op_info[op];
        node = graph_add(r->graph, op, name, inputs.at, inputs.count,
                         origin_here(r));
        if (node->data_count > info->most_inputs)
            node->data_count = info->most_inputs;
        good = read_attrs(r, node);
    }
    vec_free(&inputs);
    return good ? node : NULL;
}

static bool read_node_rest(Reader *r, Node *node)
{
    while (!at_line_end(r)) {
        bool good;
        if (accept(r, "as ")) {
            node->path = read_name(r);
            good = node->path;
        } else if (accept(r, "label=")) {
            good = read_label(r, node->output[0]);
        } else if (accept(r, "@")) {
            good = read_place(r, node->output[0]);
        } else if (accept(r, "in ")) {
            Range range = range_here(r);
            const char *name = read_name(r);
            vec_push(&r->forwards, (Forward){ node, NULL, name, range });
            good = name;
        } else {
            return expected(r, "the end of the line");
        }
        if (!good)
            return false;
    }
    return true;
}

static bool read_node(Reader *r)
{
    const char *name;
    DType type;
    Shape shape;
    Node *node;
    if (!read_head(r, &name, &type, &shape) || !expect(r, "="))
        return false;
    node = read_call(r, name);
    if (!node)
        return false;
    claim(r, node->output[0], type, shape);
    return read_node_rest(r, node);
}

/* ---- outputs and the head ---------------------------------------------------------------- */

static bool read_classes(Reader *r, Output *output)
{
    VEC(const char *) names = { 0 };
    bool good = true;
    while (good && !accept(r, ")")) {
        const char *name = NULL;
        if (!names.count || expect(r, ","))
            name = read_string(r);
        good = name;
        vec_push(&names, name);
    }
    output->classes =
        arena_copy(r->arena, names.at, sizeof *names.at * (size_t)names.count);
    output->class_count = names.count;
    vec_free(&names);
    return good;
}

static bool read_output(Reader *r)
{
    const char *name = read_name(r), *loss;
    Tensor *tensor = name && expect(r, "=") ? read_reference(r) : NULL;
    Output *output;
    if (!tensor)
        return false;
    graph_output(r->graph, name, tensor, origin_here(r)->range);
    output = &r->graph->outputs.at[r->graph->outputs.count - 1];
    if (accept(r, "classes(") && !read_classes(r, output))
        return false;
    if (accept(r, "loss=")) {
        loss = read_name(r);
        if (!loss || !loss_parse(loss, &output->loss))
            return expected(r, "a loss");
    }
    return !accept(r, "title=") || (output->title = read_name(r));
}

static bool read_weights(Reader *r)
{
    r->graph->weights = read_string(r);
    r->graph->weights_range = origin_here(r)->range;
    if (r->graph->weights && accept(r, "layout="))
        r->graph->weights_layout = read_name(r);
    return r->graph->weights;
}

static bool read_bind(Reader *r)
{
    Bind bind = { read_string(r), NULL, origin_here(r)->range };
    if (bind.from && expect(r, "->"))
        bind.to = read_name(r);
    vec_push(&r->graph->binds, bind);
    return bind.to;
}

static bool read_graph_name(Reader *r)
{
    const char *name = read_name(r);
    if (name)
        r->graph->name = name;
    return name;
}

static bool read_line(Reader *r)
{
    if (accept(r, "graph "))
        return read_graph_name(r);
    if (accept(r, "weights "))
        return read_weights(r);
    if (accept(r, "bind "))
        return read_bind(r);
    if (accept(r, "input "))
        return read_tensor(r, TENSOR_INPUT);
    if (accept(r, "parameter "))
        return read_tensor(r, TENSOR_PARAMETER);
    if (accept(r, "constant "))
        return read_tensor(r, TENSOR_CONSTANT);
    if (accept(r, "output "))
        return read_output(r);
    return read_node(r);
}

/* ---- the whole ------------------------------------------------------------------------------ */

static bool resolve_forwards(Reader *r)
{
    for (int i = 0; i < r->forwards.count; i++) {
        const Forward *f = &r->forwards.at[i];
        Tensor *tensor = find_tensor(r, f->name);
        if (!tensor || (f->node && !tensor->producer)) {
            diag_error(f->range, "there is no node or tensor '%s'", f->name);
            return false;
        }
        if (f->node)
            f->node->fused_into = tensor->producer;
        else
            f->tensor->place.within = tensor;
    }
    return true;
}

static bool check_claims(const Reader *r)
{
    for (int i = 0; i < r->claims.count; i++) {
        const Claim *c = &r->claims.at[i];
        if (c->tensor->type == c->type &&
            shape_equal(&c->tensor->shape, &c->shape))
            continue;
        diag_error(c->range, "'%s' is %s%s, not %s%s", c->tensor->name,
                   dtype_name(c->tensor->type), shape_show(&c->tensor->shape),
                   dtype_name(c->type), shape_show(&c->shape));
        return false;
    }
    return true;
}

static bool check_nodes(const Reader *r)
{
    for (int n = 0; n < r->graph->nodes.count; n++) {
        const Node *node = r->graph->nodes.at[n];
        Text why = { 0 };
        bool good = node_obeys_rule(r->graph, node, &why);
        if (good && node->fused_into && node->fused_into->id <= n) {
            text_add(&why, "a node is fused into one behind it");
            good = false;
        }
        if (!good)
            diag_error(node->origin->range, "%s", text_get(&why));
        text_free(&why);
        if (!good)
            return false;
    }
    return true;
}

static bool read_all(Reader *r)
{
    while (peek(r)) {
        skip_blanks(r);
        r->line = r->at;
        if (peek(r) == '#')
            while (peek(r) && peek(r) != '\n')
                r->at++;
        else if (peek(r) != '\n' && peek(r) && !read_line(r))
            return false;
        if (!at_line_end(r))
            return expected(r, "the end of the line");
        if (peek(r))
            r->at++;
    }
    if (!r->graph->outputs.count)
        return expected(r, "an output");
    return resolve_forwards(r) && graph_infer(r->graph) && check_claims(r) &&
           check_nodes(r);
}

Graph *graph_read(Arena *arena, const Source *source)
{
    Reader r = { .arena = arena, .source = source };
    bool good;
    r.graph = graph_new(arena, "");
    r.graph->source = source;
    good = read_all(&r);
    vec_free(&r.claims);
    vec_free(&r.forwards);
    if (good)
        return r.graph;
    graph_free(r.graph);
    return NULL;
}
