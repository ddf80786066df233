/*
 * graph.c - `cnnc graph`: a picture of the network.
 *
 *     +---------------------+
 *     |        conv1        |     a box is a layer, and what follows it
 *     |   conv(16, 3x3)     |     element by element
 *     |  batchnorm -> relu  |
 *     |    32 x 32 x 16     |     the shape that comes out
 *     +---------------------+
 */
#include "command/draw.h"
#include "command/local.h"

#include <string.h>

typedef struct Picture {
    Drawing d;
    const Graph *graph;
    int *box;           /* by tensor id: the box that it comes out of, or -1 */
    const Node **first; /* by box: NULL for ports */
    const Tensor **out; /* by box: what comes out */
} Picture;

/* ---- what a box says ----------------------------------------------------------- */

static const char *shape_words(Arena *arena, const Tensor *tensor)
{
    Text text = { 0 };

    for (int i = 0; i < tensor->shape.rank; i++)
        text_printf(&text, "%s%lld", i ? " x " : "",
                    (long long)tensor->shape.dim[i]);
    if (tensor->shape.rank == 0)
        text_add(&text, "a number");
    if (tensor->type != DT_F32)
        text_printf(&text, " %s", dtype_name(tensor->type));
    return text_take(&text, arena);
}

static bool size_is(const Size *size, int64_t value)
{
    for (int i = 0; i < size->count; i++)
        if (size->at[i] != value)
            return false;
    return true;
}

static bool pad_is_nothing(const Pad *pad)
{
    for (int i = 0; i < 3; i++)
        if (pad->begin[i] || pad->end[i])
            return false;
    return true;
}

/* After inference a default may be spelled in full. */
static bool is_default(const Node *node, const AttrInfo *info, const char *text)
{
    const char *attrs = node->attrs;
    const void *field = attrs + info->offset;

    if (!info->fallback)
        return false;
    if (strcmp(text, info->fallback) == 0)
        return true;
    if (info->kind == ATTR_PAD)
        return strcmp(info->fallback, "valid") == 0 && pad_is_nothing(field);
    if (strcmp(info->name, "axis") == 0)
        return *(const int64_t *)field == node->input[0]->shape.rank - 1;
    if (info->kind != ATTR_SIZE)
        return false;
    if (strcmp(info->fallback, "1") == 0)
        return size_is(field, 1);
    const AttrInfo *kernel =
        &op_info[node->op].attrs[attr_index(node, "kernel")];
    return strcmp(info->fallback, "kernel") == 0 &&
           memcmp(field, attrs + kernel->offset, sizeof(Size)) == 0;
}

/* A size or padding that is the same everywhere is one number. */
static void add_value(Text *text, const Node *node, const AttrInfo *info)
{
    const void *field = (const char *)node->attrs + info->offset;
    const Size *size = field;
    const Pad *pad = field;

    if (info->kind == ATTR_SIZE && info->fallback &&
        size_is(size, size->at[0])) {
        text_printf(text, "%lld", (long long)size->at[0]);
        return;
    }
    if (info->kind == ATTR_PAD && pad->count > 1) {
        bool same = true;
        for (int i = 1; i < pad->count; i++)
            same = same && pad->number[i] == pad->number[0];
        if (same) {
            text_printf(text, "%lld", (long long)pad->number[0]);
            return;
        }
    }
    attr_text(text, info, node->attrs);
}

/* "conv(16, 3x3, stride=2)": what must be given, and what is unusual. */
static const char *layer_words(Arena *arena, const Node *node)
{
    const OpInfo *info = &op_info[node->op];
    Text text = { 0 };
    int count = 0;

    text_add(&text, info->name);
    for (int i = 0; i < info->attr_count; i++) {
        Text value = { 0 };
        attr_text(&value, &info->attrs[i], node->attrs);
        if (!is_default(node, &info->attrs[i], text_get(&value)) &&
            node->op != OP_CONVERT && node->op != OP_NORMALIZE) {
            text_add(&text, count++ ? ", " : "(");
            if (info->attrs[i].fallback)
                text_printf(&text, "%s=", info->attrs[i].name);
            add_value(&text, node, &info->attrs[i]);
        }
        text_free(&value);
    }
    text_add(&text, count ? ")" : "");
    return text_take(&text, arena);
}

static BoxKind kind_of(const Node *node)
{
    if (op_info[node->op].macs(node) > 0)
        return BOX_SUM;
    if (node->data_count > 1)
        return BOX_JOIN;
    switch (node->op) {
    case OP_MAXPOOL:
    case OP_AVGPOOL:
    case OP_LPPOOL:
    case OP_GLOBAL_MAXPOOL:
    case OP_GLOBAL_AVGPOOL: return BOX_POOL;
    default: return BOX_OTHER;
    }
}

/* ---- boxes and arrows ------------------------------------------------------------- */

static int add_box(Picture *p, BoxKind kind, const Node *first,
                   const char *title)
{
    int box = p->d.boxes.count;

    vec_push(&p->d.boxes, (Box){ .kind = kind });
    vec_push(&p->d.boxes.at[box].lines, title);
    p->first[box] = first;
    return box;
}

static void add_line(Picture *p, int box, const char *line)
{
    vec_push(&p->d.boxes.at[box].lines, line);
}

static void add_arrow(Picture *p, const Tensor *from, int to)
{
    if (p->box[from->id] >= 0)
        vec_push(&p->d.arrows, (Arrow){ .from = p->box[from->id], .to = to });
}

/* An element by element function of the box's value, which nothing else
 * reads, goes into the box. */
static bool joins(const Picture *p, const Node *node)
{
    const Tensor *in = node->input[0];
    int box = p->box[in->id];

    return op_info[node->op].elementwise && node->data_count == 1 && box >= 0 &&
           p->first[box] && p->out[box] == in &&
           graph_only_reader(p->graph, in) == node;
}

static void add_layer(Picture *p, const Node *node)
{
    Arena *arena = p->d.arena;
    const Tensor *out = node->output[0];
    int box = p->box[node->input[0]->id];

    if (joins(p, node)) {
        add_line(p, box, layer_words(arena, node));
    } else {
        box = add_box(p, kind_of(node), node, node->path);
        add_line(p, box, layer_words(arena, node));
        for (int i = 0; i < node->data_count; i++)
            add_arrow(p, node->input[i], box);
    }
    p->box[out->id] = box;
    p->out[box] = out;
}

static void add_ports(Picture *p, bool inputs)
{
    const Graph *graph = p->graph;
    Arena *arena = p->d.arena;
    int count = inputs ? graph->inputs.count : graph->outputs.count;

    for (int i = 0; i < count; i++) {
        const Tensor *tensor =
            inputs ? graph->inputs.at[i] : graph->outputs.at[i].tensor;
        const char *name = inputs ? show_port(tensor->name, tensor->title)
                                  : show_port(graph->outputs.at[i].name,
                                              graph->outputs.at[i].title);
        int box = add_box(p, BOX_PORT, NULL, arena_text(arena, name));
        p->out[box] = tensor;
        if (inputs)
            p->box[tensor->id] = box;
        else
            add_arrow(p, tensor, box);
    }
}

static void draw_graph(Picture *p, Arena *arena, const Graph *graph)
{
    int most = graph->inputs.count + graph->nodes.count + graph->outputs.count;

    *p = (Picture){ .d = { .arena = arena, .title = graph->name },
                    .graph = graph };
    p->box = NEW_N(arena, int, graph->tensors.count);
    p->first = NEW_N(arena, const Node *, most);
    p->out = NEW_N(arena, const Tensor *, most);
    for (int i = 0; i < graph->tensors.count; i++)
        p->box[i] = -1;
    add_ports(p, true);
    for (int i = 0; i < graph->nodes.count; i++)
        add_layer(p, graph->nodes.at[i]);
    add_ports(p, false);
    for (int i = 0; i < p->d.boxes.count; i++)
        add_line(p, i, shape_words(arena, p->out[i]));
}

/* ---- Graphviz --------------------------------------------------------------------------- */

static void add_quoted(Text *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            text_char(out, '\\');
        text_char(out, *text);
    }
}

static void print_dot(Text *out, const Drawing *d)
{
    text_add(out, "digraph \"");
    add_quoted(out, d->title);
    text_add(out, "\" {\n    node [shape=box, style=rounded, "
                  "fontname=\"Helvetica\"];\n");
    for (int i = 0; i < d->boxes.count; i++) {
        text_printf(out, "    n%d [label=\"", i);
        for (int k = 0; k < d->boxes.at[i].lines.count; k++) {
            text_add(out, k ? "\\n" : "");
            add_quoted(out, d->boxes.at[i].lines.at[k]);
        }
        text_add(out, "\"];\n");
    }
    for (int i = 0; i < d->arrows.count; i++)
        text_printf(out, "    n%d -> n%d;\n", d->arrows.at[i].from,
                    d->arrows.at[i].to);
    text_add(out, "}\n");
}

/* ---- the whole ---------------------------------------------------------------------------- */

typedef enum PictureKind { PICTURE_SVG, PICTURE_DOT } PictureKind;

/* By the suffix; false after a diagnostic. */
static bool find_kind(const char *path, PictureKind *kind)
{
    const char *dot = strrchr(path, '.');

    *kind = PICTURE_SVG;
    if (strcmp(path, "-") == 0 || (dot && strcmp(dot, ".svg") == 0))
        return true;
    *kind = PICTURE_DOT;
    if (dot && (strcmp(dot, ".dot") == 0 || strcmp(dot, ".gv") == 0))
        return true;
    diag_error_file(path, "the suffix says what is drawn: .svg or .dot");
    return false;
}

static const char *output_of(Arena *arena, const CommandOptions *options)
{
    const char *input = options->files.at[0];

    if (options->output)
        return options->output;
    if (strcmp(input, "-") == 0)
        return "-";
    return path_with_suffix(arena, path_base(arena, input), ".svg");
}

static bool draw(Arena *arena, const CommandOptions *options,
                 const Graph *graph)
{
    const char *path = output_of(arena, options);
    PictureKind kind;
    Text text = { 0 };
    Picture p;

    if (!find_kind(path, &kind))
        return false;
    draw_graph(&p, arena, graph);
    if (kind == PICTURE_DOT) {
        print_dot(&text, &p.d);
    } else {
        draw_layout(&p.d);
        draw_svg(&text, &p.d);
    }
    draw_free(&p.d);
    return output_text(path, &text);
}

bool command_graph(const CommandOptions *options)
{
    Arena *arena = arena_new();
    Graph *graph = load_layers(arena, options);
    bool done = graph && draw(arena, options, graph);

    if (graph)
        graph_free(graph);
    diag_flush();
    arena_free(arena);
    return done;
}
