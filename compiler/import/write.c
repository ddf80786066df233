/*
 * write.c - the whole file: its head, inputs, blocks, lines and outputs.
 *
 *     # resnet18.cnn - made by cnnc from resnet18.onnx
 *     # 11,699,112 parameters, 1,814,073,344 multiply-adds
 *     network resnet18
 *
 *     weights "resnet18.safetensors"
 *
 *     input image : u8[224, 224, 3] / 255
 *
 *     block residual(filters, stride=1) { ... }
 *
 *     conv(64, 7x7, stride=2, pad=3, bias=no) -> batchnorm as bn1 -> relu
 *     ...
 *     output scores
 */
#include <string.h>

#include "import/write_local.h"

#define USUAL_WIDTH 92

/* ---- the head ------------------------------------------------------------------------ */

/* Anything may be in a file's name; a comment ends with its line. */
static void add_clean(Text *out, const char *text)
{
    for (int bytes; *text; text += bytes) {
        uint32_t code;
        const int found = utf8_decode(text, strlen(text), &code);
        bytes = found ? found : 1;
        if (found && !utf8_is_control(code))
            text_addn(out, text, (size_t)found);
        else
            text_char(out, '?');
    }
}

static void add_quoted(Text *out, const char *text)
{
    text_char(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            text_char(out, '\\');
        if (*text == '\n' || *text == '\t')
            text_add(out, *text == '\n' ? "\\n" : "\\t");
        else
            text_char(out, *text);
    }
    text_char(out, '"');
}

/* The elements of everything that has data, each once. */
static int64_t parameters_of(const Graph *graph)
{
    int64_t sum = 0;
    for (int i = 0; i < graph->tensors.count; i++) {
        const Tensor *tensor = graph->tensors.at[i];
        if (is_data(tensor) &&
            !size_add(sum, shape_count(&tensor->shape), &sum))
            return INT64_MAX;
    }
    return sum;
}

static void write_head(const Writer *w, Text *out)
{
    const WriteOptions *o = w->options;
    if (o->file) {
        text_add(out, "# ");
        add_clean(out, o->file);
        text_add(out, " - made by cnnc");
        if (o->from) {
            text_add(out, " from ");
            add_clean(out, o->from);
        }
        text_add(out, "\n# ");
        text_thousands(out, parameters_of(w->graph));
        text_add(out, " parameters, ");
        text_thousands(out, graph_macs(w->graph));
        text_add(out, " multiply-adds\n");
    }
    if (o->remark)
        text_printf(out, "# %s\n", o->remark);
    text_printf(out, "network %s%s\n\n", port_name(w, w->graph->name),
                name_is_keyword(w->graph->name) ? "_" : "");
    if (o->weights) {
        text_add(out, "weights ");
        add_quoted(out, o->weights);
        text_add(out, "\n\n");
    }
    for (int i = 0; i < o->bind_count; i++) {
        text_add(out, "bind ");
        add_quoted(out, o->binds[i].from);
        text_printf(out, " -> %s\n", o->binds[i].to);
    }
    text_add(out, o->bind_count ? "\n" : "");
}

/* ---- inputs and outputs ------------------------------------------------------------------ */

/* / 255 where that is the factor; else * 0.5. */
static void add_scale(Text *out, double scale)
{
    double by = 1 / scale;
    if (scale == 1)
        return;
    if (by == (double)(int)by && by > 1 && by < 1e6 && 1.0 / by == scale) {
        text_printf(out, " / %d", (int)by);
        return;
    }
    text_add(out, " * ");
    text_add(out, scale < 0 ? "(" : "");
    text_double(out, scale);
    text_add(out, scale < 0 ? ")" : "");
}

static void write_inputs(Writer *w, Text *out)
{
    for (int i = 0; i < w->graph->inputs.count; i++) {
        const Tensor *input = w->graph->inputs.at[i];
        const Node *convert = input_convert(w, input);
        text_printf(out, "input %s : %s", input_name(w, input, false),
                    dtype_name(input->type));
        shape_text(out, &input->shape);
        if (convert) {
            double scale = node_attrs(convert, ConvertAttrs)->scale;
            add_scale(out, scale);
            if (scale == 1 && input->type != DT_U8)
                text_add(out, " as f32");
        } else if (input->type == DT_U8) {
            text_add(out, " as u8");
        }
        text_char(out, '\n');
    }
    text_char(out, '\n');
}

/* The item that makes the tensor; NULL: an input, or a constant. */
static const Item *maker_of(const Writer *w, const Tensor *tensor)
{
    for (int i = 0; i < w->network.items.count; i++)
        if (item_tensor(&w->network.items.at[i], 0) == tensor)
            return &w->network.items.at[i];
    return NULL;
}

/* " = name" where the output is not what its name alone says. */
static void add_source(Writer *w, Text *out, int index)
{
    const Output *output = &w->graph->outputs.at[index];
    const Tensor *input = input_of(w, output->tensor);
    const Item *item = maker_of(w, output->tensor);
    const char *name = input  ? input_name(w, input, true)
                       : item ? item->name
                              : NULL;
    for (int i = 0; i < w->network.lone.count; i++)
        if (w->network.lone.at[i].tensor == output->tensor)
            name = w->network.lone.at[i].name;
    if (name && strcmp(name, w->output_names[index]) != 0)
        text_printf(out, " = %s", name);
}

static void write_outputs(Writer *w, Text *out)
{
    text_char(out, '\n');
    for (int i = 0; i < w->graph->outputs.count; i++) {
        const Output *output = &w->graph->outputs.at[i];
        text_printf(out, "output %s", w->output_names[i]);
        add_source(w, out, i);
        for (int c = 0; c < output->class_count; c++) {
            text_add(out, c ? ", " : " : classes(");
            add_quoted(out, output->classes[c]);
        }
        text_add(out, output->class_count ? ")\n" : "\n");
    }
    for (int i = 0; i < w->graph->outputs.count; i++) {
        const Output *output = &w->graph->outputs.at[i];
        if (output->loss == LOSS_NONE)
            continue;
        text_printf(out, "\nloss %s", loss_name(output->loss));
        if (w->graph->outputs.count > 1)
            text_printf(out, "(%s)", w->output_names[i]);
        text_char(out, '\n');
    }
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static void write_block(Writer *w, Text *out, Block *block)
{
    text_printf(out, "block %s", block->name);
    for (int i = 0; i < block->params.count; i++) {
        const Param *p = &block->params.at[i];
        text_printf(out, "%s%s", i ? ", " : "(", p->name);
        if (p->fallback)
            text_printf(out, "=%s", p->fallback);
    }
    text_add(out, block->params.count ? ") {\n" : " {\n");
    write_body(w, out, &block->body);
    text_add(out, "}\n\n");
}

/* ---- all of it --------------------------------------------------------------------------------- */

static void free_body(Body *body)
{
    vec_free(&body->items);
    vec_free(&body->names);
    vec_free(&body->lone);
}

/* The lines come first: what they start from decides on names of inputs. */
static void write_all(Writer *w, Text *out)
{
    Text lines = { 0 };
    count_readers(&w->network);
    write_body(w, &lines, &w->network);
    write_outputs(w, &lines);
    write_head(w, out);
    write_inputs(w, out);
    for (int i = w->blocks.count - 1; i >= 0; i--) {
        count_readers(&w->blocks.at[i]->body);
        write_block(w, out, w->blocks.at[i]);
    }
    text_add(out, text_get(&lines));
    text_free(&lines);
}

void import_write(Written *written, const Graph *graph,
                  const WriteOptions *options)
{
    WriteOptions chosen = *options;
    Writer w = { .arena = arena_new(),
                 .graph = graph,
                 .options = &chosen,
                 .written = written };
    chosen.width = options->width ? options->width : USUAL_WIDTH;
    written_free(written);
    write_layers(&w);
    write_order(&w);
    write_ports(&w);
    write_blocks(&w);
    write_all(&w, &written->text);
    free_body(&w.network);
    for (int i = 0; i < w.blocks.count; i++) {
        free_body(&w.blocks.at[i]->body);
        vec_free(&w.blocks.at[i]->params);
    }
    vec_free(&w.blocks);
    arena_free(w.arena);
}

void written_free(Written *written)
{
    text_free(&written->text);
    vec_free(&written->nodes);
}
