/*
 * summary.c - `cnnc summary`: the layers as they were written, and what became
 * of each.
 *
 *     layer     output   params     MACs  bytes  memory  computed
 *     conv1     28x28x6     156  117,600
 *     relu1     28x28x6                                  with conv1
 *     maxpool1  14x14x6                   4,704  at 0    with conv1
 */
#include "command/local.h"

#include "emit/emit.h"

#include <string.h>

#define SCHEDULE_SHOWN 40 /* characters, but for -v */

typedef struct Summary {
    Arena *arena;
    const CommandOptions *options;
    const Graph *graph; /* as it was written */
    Build build;
} Summary;

static int64_t node_parameters(const Node *node)
{
    int64_t sum = 0;

    for (int i = node->data_count; i < node->input_count; i++)
        if (node->input[i]->kind == TENSOR_PARAMETER)
            sum += shape_count(&node->input[i]->shape);
    return sum;
}

static const Node *built_node(const Summary *s, const Node *node)
{
    const Graph *graph = s->build.graph;

    for (int i = 0; i < graph->nodes.count; i++)
        if (strcmp(graph->nodes.at[i]->path, node->path) == 0)
            return graph->nodes.at[i];
    return NULL;
}

/* The kernel has the name of its first layer. */
static const Node *first_of_kernel(const Summary *s, const Node *node)
{
    const Graph *graph = s->build.graph;

    for (int i = 0; i < graph->nodes.count; i++)
        if (cluster_root(graph->nodes.at[i]) == cluster_root(node))
            return graph->nodes.at[i];
    BUG("'%s' has no kernel", node->path);
}

/* Bytes into the workspace, whatever tensor its memory belongs to. */
static int64_t offset_of(const Tensor *tensor)
{
    int64_t element = 0;
    const Tensor *owner = tensor;

    for (; owner->place.within; owner = owner->place.within)
        element += owner->place.within_offset;
    return owner->place.offset + element * dtype_size(tensor->type);
}

static const char *show_place(const Summary *s, const Tensor *tensor)
{
    const Place *place = &tensor->place;

    switch (place->kind) {
    case PLACE_NONE: return "";
    case PLACE_INPUT: return "input";
    case PLACE_OUTPUT: return "output";
    case PLACE_CONST: return "constant";
    case PLACE_ARENA:
        return arena_printf(s->arena, "at %lld", (long long)offset_of(tensor));
    }
    BUG("no kind of place %d", (int)place->kind);
}

/* The steps of a kernel's schedule, on one line. */
static const char *show_schedule(const Summary *s, const char *kernel)
{
    const char *text = text_get(&s->build.schedules);
    size_t length = strlen(kernel);
    Text line = { 0 };

    while (*text &&
           !(strncmp(text, kernel, length) == 0 && text[length] == ':')) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    text += *text ? length + 1 : 0;
    text += strspn(text, " ");
    while (*text && !(text[0] == '\n' && text[1] != ' ')) {
        size_t space = strspn(text, " \n");
        text_addn(&line, space ? " " : text, 1);
        text += space ? space : 1;
    }
    if (!s->options->verbose && line.length > SCHEDULE_SHOWN) {
        line.length = SCHEDULE_SHOWN - 3;
        text_add(&line, "...");
    }
    return text_take(&line, s->arena);
}

/* Where the value is computed. */
static const char *show_kernel(const Summary *s, const Node *node)
{
    const Node *first = first_of_kernel(s, node);

    if (node_is_free(node))
        return "no code";
    if (first != node)
        return arena_printf(s->arena, "with %s", first->path);
    const char *schedule = show_schedule(s, name_to_c(s->arena, node->path));
    if (node->op == OP_WINOGRAD)
        return arena_printf(s->arena, "tiles of %lld; %s",
                            (long long)node_attrs(node, WinogradAttrs)->tile,
                            schedule);
    return *schedule ? schedule : "plain loops";
}

/* The path, and what it is where the path does not say that. */
static const char *show_layer(const Summary *s, const Node *node)
{
    const char *kind = op_info[node->op].name;
    const char *dot = strrchr(node->path, '.');

    if (strncmp(dot ? dot + 1 : node->path, kind, strlen(kind)) == 0)
        return node->path;
    return arena_printf(s->arena, "%s (%s)", node->path, kind);
}

/* "28x28x6" */
static const char *show_size(const Summary *s, const Shape *shape)
{
    Text text = { 0 };

    for (int i = 0; i < shape->rank; i++)
        text_printf(&text, "%s%lld", i ? "x" : "", (long long)shape->dim[i]);
    return text_take(&text, s->arena);
}

static void add_row(const Summary *s, Table *table, const Node *node)
{
    const Node *built = built_node(s, node);
    const Tensor *out = node->output[0];
    const Tensor *planned = built ? built->output[0] : NULL;
    bool stored = planned && planned->place.kind != PLACE_NONE;
    int64_t bytes = stored ? (int64_t)tensor_bytes(planned) : 0;

    table_cell(table, "%s", show_layer(s, node));
    table_cell(table, "%s", show_size(s, &out->shape));
    table_cell(table, "%s", show_count(s->arena, node_parameters(node)));
    table_cell(table, "%s", show_count(s->arena, op_info[node->op].macs(node)));
    table_cell(table, "%s", show_count(s->arena, bytes));
    table_cell(table, "%s", stored ? show_place(s, planned) : "");
    table_cell(table, "%s", built ? show_kernel(s, built) : "folded");
}

static void add_layers(const Summary *s, Table *table)
{
    static const char *const titles[] = { "layer", "output", "params",  "MACs",
                                          "bytes", "memory", "computed" };

    for (size_t i = 0; i < COUNT_OF(titles); i++)
        table_cell(table, "%s", titles[i]);
    table_rule(table);
    for (int i = 0; i < s->graph->nodes.count; i++)
        add_row(s, table, s->graph->nodes.at[i]);
    table_rule(table);
}

static void add_totals(const Summary *s, Table *table)
{
    const Program *program = s->build.program;

    table_cell(table, "total");
    table_cell(table, "%s", "");
    table_cell(table, "%s", show_count(s->arena, program->parameters));
    table_cell(table, "%s", show_count(s->arena, program->macs));
    table_cell(table, "%s", "");
    table_cell(table, "%s", "");
    table_cell(table, "%d kernel%s", program->kernels.count,
               program->kernels.count == 1 ? "" : "s");
}

static void print_ports(Text *out, const Summary *s)
{
    const Graph *graph = s->graph;

    text_printf(out, "%s for %s\n", graph->name,
                s->build.program->target->name);
    for (int i = 0; i < graph->inputs.count; i++) {
        const Tensor *t = graph->inputs.at[i];
        text_printf(out, "  input   %s: %s %s\n", show_port(t->name, t->title),
                    dtype_name(t->type), shape_show(&t->shape));
    }
    for (int i = 0; i < graph->outputs.count; i++) {
        const Output *o = &graph->outputs.at[i];
        text_printf(out, "  output  %s: %s %s", show_port(o->name, o->title),
                    dtype_name(o->tensor->type), shape_show(&o->tensor->shape));
        if (o->classes)
            text_printf(out, ", %d classes", o->class_count);
        if (o->loss != LOSS_NONE)
            text_printf(out, ", loss %s", loss_name(o->loss));
        text_char(out, '\n');
    }
    text_char(out, '\n');
}

static void print_memory(Text *out, const Summary *s)
{
    const Program *program = s->build.program;
    const Graph *graph = s->build.graph;
    int64_t bound = graph->arena_bound;

    text_printf(out, "\nworkspace  %s at the fullest moment",
                show_bytes(s->arena, program->workspace));
    if (program->workspace > bound)
        text_printf(out, "; no plan needs less than %s",
                    show_bytes(s->arena, bound));
    else
        text_add(out, "; no plan needs less");
    text_printf(out, "\nstack      %s\n",
                show_bytes(s->arena, emit_stack_bytes(program)));
    text_printf(out, "weights    %s\n",
                show_bytes(s->arena, emit_weights_bytes(program)));
}

static void print_remarks(Text *out, const Summary *s)
{
    int line, column;

    for (int i = 0; i < s->build.context.remarks.count; i++) {
        const Remark *remark = &s->build.context.remarks.at[i];
        if (i == 0)
            text_char(out, '\n');
        if (remark->range.source) {
            source_position(remark->range.source, remark->range.start, &line,
                            &column);
            text_printf(out, "%s:%d:%d: ", remark->range.source->name, line,
                        column);
        }
        text_printf(out, "remark: %s\n", remark->text);
    }
}

static bool summarize(Summary *s)
{
    Table table = table_new(s->arena, "llrrrll");
    Text text = { 0 };

    table.cut = !s->options->verbose;
    print_ports(&text, s);
    add_layers(s, &table);
    add_totals(s, &table);
    table_print(&text, &table);
    table_free(&table);
    print_memory(&text, s);
    print_remarks(&text, s);
    return output_text("-", &text);
}

bool command_summary(const CommandOptions *options)
{
    Summary s = { .arena = arena_new(), .options = options };
    const Target *target = build_target(options);
    Graph *graph = target ? load_layers(s.arena, options) : NULL;
    bool done = graph && load_weights(graph, options, false);

    if (done) {
        s.graph = graph;
        done = build_program(&s.build, graph, target, options) && summarize(&s);
        build_free(&s.build);
    }
    if (graph)
        graph_free(graph);
    diag_flush();
    arena_free(s.arena);
    return done;
}
