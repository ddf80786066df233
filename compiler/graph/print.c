/*
 * print.c - a graph as text, which read.c reads back.
 *
 *     graph lenet5
 *     input image: u8[28, 28, 1]
 *     parameter conv1.weight: f32[5, 5, 1, 6] layout=conv fan_in=25.0 crc=0x...
 *     parameter conv1.bias: f32[6] = [0.5, -1.0, ...]
 *     scale: f32[28, 28, 1] = convert(image; type=f32, scale=0.0039215...)
 *     conv1: f32[28, 28, 6] = conv(scale, conv1.weight, conv1.bias; filters=6, ...)
 *     output digit = conv1 classes("0", "1")
 *
 * Small constants are written out, of large ones their CRC. Names that another
 * tensor has already get a number: conv1~2.
 */
#include <inttypes.h>
#include <string.h>

#include "graph/local.h"

#define MOST_INLINE 64 /* elements of a constant that is written out */

const char *const place_kind_names[5] = { "none", "input", "output", "const",
                                          "arena" };
const char *const layout_names[4] = { "as_is", "conv", "dense",
                                      "conv_transpose" };

typedef struct Printer {
    Text *text;
    const Graph *graph;
    const char **shown; /* by tensor id: unique names */
} Printer;

/* ---- names ------------------------------------------------------------------- */

bool text_is_bare(const char *name)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz_/"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char later[] = "abcdefghijklmnopqrstuvwxyz_/"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-~$";
#define WORD(word)                                                             \
    if (strcmp(name, #word) == 0)                                              \
        return false;
    LINE_WORDS(WORD)
#undef WORD
    return name[0] && strchr(first, name[0]) &&
           strspn(name, later) == strlen(name);
}

/* What a terminal obeys, and what is no UTF-8, byte by byte: "\x1b". */
static void print_quoted(Text *text, const char *s)
{
    text_char(text, '"');
    for (int bytes; *s; s += bytes) {
        uint32_t code;
        const int found = utf8_decode(s, strlen(s), &code);
        bytes = found ? found : 1;
        for (int i = 0; i < bytes; i++)
            if (!found || utf8_is_control(code))
                text_printf(text, "\\x%02x", (unsigned char)s[i]);
            else if (s[i] == '"' || s[i] == '\\')
                text_printf(text, "\\%c", s[i]);
            else
                text_char(text, s[i]);
    }
    text_char(text, '"');
}

static void print_name(Text *text, const char *name)
{
    if (text_is_bare(name))
        text_add(text, name);
    else
        print_quoted(text, name);
}

static bool is_taken(const Printer *p, const char *name, int before)
{
    for (int i = 0; i < before; i++)
        if (p->shown[i] == name) /* interned */
            return true;
    return false;
}

static void choose_names(Printer *p)
{
    for (int i = 0; i < p->graph->tensors.count; i++) {
        const char *name = p->graph->tensors.at[i]->name;
        const char *unique = name_intern(name ? name : "?");
        for (int n = 2; is_taken(p, unique, i); n++) {
            char *numbered = arena_printf(p->graph->arena, "%s~%d", name, n);
            unique = name_intern(numbered);
        }
        p->shown[i] = unique;
    }
}

/* A broken graph is printed too, when the verifier complains of it. */
static const char *shown(const Printer *p, const Tensor *tensor)
{
    if (!tensor)
        return "?";
    if (tensor->id < 0 || tensor->id >= p->graph->tensors.count)
        return tensor->name ? tensor->name : "?";
    return p->shown[tensor->id];
}

/* ---- tensors ------------------------------------------------------------------- */

static void print_type(const Printer *p, const Tensor *tensor)
{
    text_printf(p->text, ": %s", dtype_name(tensor->type));
    shape_text(p->text, &tensor->shape);
}

static void print_data(const Printer *p, const Tensor *tensor)
{
    const int64_t count = shape_count(&tensor->shape);
    if (tensor->data && count <= MOST_INLINE) {
        text_add(p->text, " = [");
        for (int64_t i = 0; i < count; i++) {
            text_add(p->text, i ? ", " : "");
            text_float(p->text, tensor->data[i], false);
        }
        text_char(p->text, ']');
    } else if (tensor->data || tensor->data_crc) {
        uint32_t crc = tensor->data_crc;
        if (tensor->data)
            crc = crc32_of(tensor->data, sizeof(float) * (size_t)count, 0);
        /* 0 stands for "none" */
        text_printf(p->text, " crc=0x%08" PRIx32, crc ? crc : 1);
    }
}

static void print_number(Text *text, const char *name, double value)
{
    if (value == 0)
        return;
    text_printf(text, " %s=", name);
    text_double(text, value);
}

static void print_init(const Printer *p, const Tensor *tensor)
{
    if (tensor->layout != LAYOUT_AS_IS)
        text_printf(p->text, " layout=%s", layout_names[tensor->layout]);
    print_number(p->text, "fan_in", tensor->init_fan_in);
    print_number(p->text, "value", tensor->init_value);
    print_number(p->text, "spread", tensor->init_spread);
}

/* " @ arena(offset=3136, block=16, halo=[1, 1, 1, 1], within=x)" */
static void print_place(const Printer *p, const Place *place)
{
    const char *separator = "";
    if (place->kind == PLACE_NONE)
        return;
    text_printf(p->text, " @ %s(", place_kind_names[place->kind]);
#define FIELD(name)                                                            \
    if (place->name) {                                                         \
        text_printf(p->text, "%s" #name "=%lld", separator,                    \
                    (long long)place->name);                                   \
        separator = ", ";                                                      \
    }
    PLACE_FIELDS(FIELD)
#undef FIELD
    if (place->halo[0] || place->halo[1] || place->halo[2] || place->halo[3]) {
        text_printf(p->text, "%shalo=[%lld, %lld, %lld, %lld]", separator,
                    (long long)place->halo[0], (long long)place->halo[1],
                    (long long)place->halo[2], (long long)place->halo[3]);
        separator = ", ";
    }
    if (place->within) {
        text_printf(p->text, "%swithin=", separator);
        print_name(p->text, shown(p, place->within));
    }
    text_char(p->text, ')');
}

static void print_label(const Printer *p, const Tensor *tensor)
{
    if (!tensor->label)
        return;
    text_add(p->text, " label=");
    print_name(p->text, tensor->label);
}

static void print_title(const Printer *p, const char *title)
{
    if (!title)
        return;
    text_add(p->text, " title=");
    print_name(p->text, title);
}

static void print_tensor(const Printer *p, const char *word,
                         const Tensor *tensor)
{
    text_printf(p->text, "%s ", word);
    print_name(p->text, shown(p, tensor));
    print_type(p, tensor);
    if (tensor->kind == TENSOR_PARAMETER)
        print_init(p, tensor);
    print_label(p, tensor);
    print_title(p, tensor->title);
    print_place(p, &tensor->place);
    if (tensor->kind != TENSOR_INPUT)
        print_data(p, tensor);
    text_char(p->text, '\n');
}

static void print_tensors(const Printer *p, TensorKind kind, const char *word)
{
    for (int i = 0; i < p->graph->tensors.count; i++)
        if (p->graph->tensors.at[i]->kind == kind)
            print_tensor(p, word, p->graph->tensors.at[i]);
}

/* ---- nodes ------------------------------------------------------------------------ */

static void print_call(const Printer *p, const Node *node)
{
    const OpInfo *info = &op_info[node->op];
    text_printf(p->text, "%s(", info->name);
    for (int i = 0; i < node->input_count; i++) {
        text_add(p->text, i ? ", " : "");
        print_name(p->text, shown(p, node->input[i]));
    }
    for (int i = 0; i < info->attr_count; i++) {
        text_printf(p->text, "%s%s=", i ? ", " : "; ", info->attrs[i].name);
        attr_text(p->text, &info->attrs[i], node->attrs);
    }
    text_char(p->text, ')');
}

static void print_node(const Printer *p, const Node *node)
{
    const Tensor *result = node->output_count ? node->output[0] : NULL;
    print_name(p->text, shown(p, result));
    if (result)
        print_type(p, result);
    text_add(p->text, " = ");
    print_call(p, node);
    if (node->path != shown(p, result)) {
        text_add(p->text, " as ");
        print_name(p->text, node->path);
    }
    if (result) {
        print_label(p, result);
        print_place(p, &result->place);
    }
    if (node->fused_into) {
        text_add(p->text, " in ");
        print_name(p->text, shown(p, node->fused_into->output[0]));
    }
    text_char(p->text, '\n');
}

static void print_output(const Printer *p, const Output *output)
{
    text_add(p->text, "output ");
    print_name(p->text, output->name);
    text_add(p->text, " = ");
    print_name(p->text, shown(p, output->tensor));
    for (int i = 0; output->classes && i < output->class_count; i++) {
        text_add(p->text, i ? ", " : " classes(");
        print_quoted(p->text, output->classes[i]);
    }
    text_add(p->text, output->classes ? ")" : "");
    if (output->loss != LOSS_NONE)
        text_printf(p->text, " loss=%s", loss_name(output->loss));
    print_title(p, output->title);
    text_char(p->text, '\n');
}

static void print_head(const Printer *p)
{
    const Graph *graph = p->graph;
    text_add(p->text, "graph ");
    print_name(p->text, graph->name);
    text_char(p->text, '\n');
    if (graph->weights) {
        text_add(p->text, "weights ");
        print_quoted(p->text, graph->weights);
        if (graph->weights_layout)
            text_printf(p->text, " layout=%s", graph->weights_layout);
        text_char(p->text, '\n');
    }
    for (int i = 0; i < graph->binds.count; i++) {
        text_add(p->text, "bind ");
        print_quoted(p->text, graph->binds.at[i].from);
        text_add(p->text, " -> ");
        print_name(p->text, graph->binds.at[i].to);
        text_char(p->text, '\n');
    }
}

void graph_print(Text *text, const Graph *graph)
{
    Printer p = { text, graph, NULL };
    p.shown = mem_alloc(sizeof *p.shown * (size_t)(graph->tensors.count + 1));
    choose_names(&p);
    print_head(&p);
    for (int i = 0; i < graph->inputs.count; i++)
        print_tensor(&p, "input", graph->inputs.at[i]);
    print_tensors(&p, TENSOR_PARAMETER, "parameter");
    print_tensors(&p, TENSOR_CONSTANT, "constant");
    for (int n = 0; n < graph->nodes.count; n++)
        print_node(&p, graph->nodes.at[n]);
    for (int i = 0; i < graph->outputs.count; i++)
        print_output(&p, &graph->outputs.at[i]);
    mem_free(p.shown);
}
