/*
 * compile.c - `cnnc net.cnn -o net.c`: C, header and what else is asked for.
 *
 *     -o net.c           net.c, net.h (and net.d with -MD)
 *     -o -               the C alone, to standard output
 *     --emit=schedule    one text, to standard output where there is no -o
 */
#include "command/local.h"

#include "emit/emit.h"
#include "weights/weights.h"

#include <string.h>

typedef struct Compile {
    Arena *arena;
    const CommandOptions *options;
    Graph *graph;
    Build build;
    EmitOptions emit;
    const char *output, *header; /* header NULL: none */
    TextList outputs;            /* all files that are written */
} Compile;

/* ---- kinds of output ---------------------------------------------------------- */

typedef enum Stage { STAGE_READ, STAGE_BUILT } Stage;

typedef struct EmitKind {
    const char *name;
    Stage stage; /* what must be there */
    void (*print)(Compile *c, Text *out);
} EmitKind;

static void print_c(Compile *c, Text *out)
{
    emit_c(out, c->build.program, &c->emit);
}

static void print_header(Compile *c, Text *out)
{
    emit_header(out, c->build.program, &c->emit);
}

static void print_manifest(Compile *c, Text *out)
{
    emit_manifest(out, c->build.program, &c->emit);
}

static void print_graph(Compile *c, Text *out)
{
    graph_print(out, c->graph);
}

static void print_plan(Compile *c, Text *out)
{
    graph_print(out, c->build.graph);
}

static void print_nests(Compile *c, Text *out)
{
    text_add(out, text_get(&c->build.nests));
}

static void print_schedule(Compile *c, Text *out)
{
    text_add(out, text_get(&c->build.schedules));
}

static void print_kernels(Compile *c, Text *out)
{
    program_print(out, c->build.program);
}

static const EmitKind emit_kinds[] = {
    { "c", STAGE_BUILT, print_c },
    { "header", STAGE_BUILT, print_header },
    { "manifest", STAGE_BUILT, print_manifest },
    { "graph", STAGE_READ, print_graph },
    { "plan", STAGE_BUILT, print_plan },
    { "nests", STAGE_BUILT, print_nests },
    { "schedule", STAGE_BUILT, print_schedule },
    { "kernels", STAGE_BUILT, print_kernels },
};

static const EmitKind *find_kind(const char *name)
{
    const char *names[COUNT_OF(emit_kinds) + 1] = { NULL };

    for (size_t i = 0; i < COUNT_OF(emit_kinds); i++)
        names[i] = emit_kinds[i].name;
    int i = options_choose(name ? name : "c", names, "kind of output");
    return i < 0 ? NULL : &emit_kinds[i];
}

/* ---- names of files --------------------------------------------------------------- */

static bool is_standard(const char *path)
{
    return strcmp(path, "-") == 0;
}

static bool is_c(const EmitKind *kind)
{
    return kind == &emit_kinds[0];
}

/* net.c in the current folder for some/where/net.cnn. */
static const char *default_output(Compile *c, const EmitKind *kind)
{
    const char *input = c->options->files.at[0];

    if (!is_c(kind) || is_standard(input))
        return "-";
    return path_with_suffix(c->arena, path_base(c->arena, input), ".c");
}

/* Takes it for writing; false where it is read, or written already. */
static bool claim(Compile *c, const char *path)
{
    const CommandOptions *o = c->options;
    const char *weights = load_weights_path(c->arena, c->graph, o);

    if (path_same_file(path, o->files.at[0]) && !is_standard(path)) {
        diag_error_file(path, "the network itself would be overwritten");
        return false;
    }
    if (weights && path_same_file(path, weights)) {
        diag_error_file(path, "the weights would be overwritten");
        return false;
    }
    for (int i = 0; i < c->outputs.count; i++) {
        if (path_same_file(path, c->outputs.at[i]) && !is_standard(path)) {
            diag_error_file(path, "two outputs cannot go to one file");
            return false;
        }
    }
    vec_push(&c->outputs, path);
    return true;
}

static const char *depends_path(Compile *c)
{
    return path_with_suffix(c->arena, c->output, ".d");
}

static bool name_outputs(Compile *c, const EmitKind *kind)
{
    const CommandOptions *o = c->options;

    c->output = o->output ? o->output : default_output(c, kind);
    if (is_c(kind) && !is_standard(c->output))
        c->header = path_with_suffix(c->arena, c->output, ".h");
    if (o->depends && is_standard(c->output)) {
        diag_error_file(NULL, "'-MD' needs an output that is a file: -o FILE");
        return false;
    }
    if (c->header && strcmp(c->header, c->output) == 0) {
        diag_error_file(c->output, "the header of that name is written beside "
                                   "the C: give the C another suffix");
        return false;
    }
    return claim(c, c->output) && (!c->header || claim(c, c->header)) &&
           (!o->manifest || claim(c, o->manifest)) &&
           (!o->weights_file || claim(c, o->weights_file)) &&
           (!o->save_weights || claim(c, o->save_weights)) &&
           (!o->depends || claim(c, depends_path(c)));
}

static void name_in_texts(Compile *c)
{
    const CommandOptions *o = c->options;
    const char *name = is_standard(c->output)
                           ? arena_printf(c->arena, "%s.c", c->graph->name)
                           : path_base(c->arena, c->output);

    c->emit = (EmitOptions){
        .source_name = name,
        .header_name = c->header ? path_base(c->arena, c->header) : NULL,
        .weights_file =
            o->weights_file ? path_base(c->arena, o->weights_file) : NULL,
        .no_static = o->no_static,
        .program = o->program,
        .bundle = o->bundle,
    };
}

/* ---- writing ------------------------------------------------------------------------ */

static bool write_depends(Compile *c)
{
    const CommandOptions *o = c->options;
    const int files = c->graph->files.count;
    const char **inputs = NEW_N(c->arena, const char *, files + 3), *weights;
    int count = 0;
    Text text = { 0 };

    inputs[count++] = c->graph->source->name;
    for (int i = files - 1; i >= 0; i--)
        inputs[count++] = c->graph->files.at[i];
    if ((weights = load_weights_path(c->arena, c->graph, o)))
        inputs[count++] = weights;
    if (o->schedule)
        inputs[count++] = o->schedule;
    /* The .d itself is no target of the rule. */
    emit_depends(&text, c->outputs.at, c->outputs.count - 1, inputs, count);
    return output_text(depends_path(c), &text);
}

static bool write_text(Compile *c, const char *path,
                       void (*print)(Compile *c, Text *out))
{
    Text text = { .file = file_begin(path) };

    if (!text.file)
        return false;
    print(c, &text);
    if (c->options->verbose)
        fprintf(stderr, "cnnc: %s: %zu bytes\n", path,
                text.passed + text.length);
    return text_end(&text);
}

static void print_weights_file(Compile *c, Text *out)
{
    emit_weights_file(out, c->build.program);
}

static bool write_outputs(Compile *c, const EmitKind *kind)
{
    const CommandOptions *o = c->options;

    return write_text(c, c->output, kind->print) &&
           (!c->header || write_text(c, c->header, print_header)) &&
           (!o->manifest || write_text(c, o->manifest, print_manifest)) &&
           (!o->weights_file ||
            write_text(c, o->weights_file, print_weights_file)) &&
           (!o->depends || write_depends(c));
}

/* ---- the whole ------------------------------------------------------------------------ */

static bool check_elements(const ProgramPort *port)
{
    for (int d = 0; d < port->rank; d++) {
        if (port->dim[d] != 0)
            continue;
        diag_error_file(NULL, "--main has no use for '%s': it has no elements",
                        port->name);
        return false;
    }
    return true;
}

/* What --main cannot read or write is a mistake that only shows here. */
static bool check_program(const Compile *c)
{
    const Program *program = c->build.program;

    if (!c->options->program)
        return true;
    if (program->inputs.count == 0) {
        diag_error_file(NULL, "--main reads files, and the network has no "
                              "input");
        return false;
    }
    for (int i = 0; i < program->outputs.count; i++)
        if (!check_elements(&program->outputs.at[i]))
            return false;
    for (int i = 0; i < program->inputs.count; i++) {
        if (!check_elements(&program->inputs.at[i]))
            return false;
        if (!emit_program_reads(&program->inputs.at[i])) {
            diag_error_file(NULL,
                            "--main cannot read the input '%s': it is not of "
                            "u8 or f32",
                            program->inputs.at[i].name);
            return false;
        }
    }
    return true;
}

static bool compile_built(Compile *c, const EmitKind *kind)
{
    const CommandOptions *o = c->options;
    const Target *target = build_target(o);

    if (!target || !load_weights(c->graph, o, true))
        return false;
    if (o->save_weights && !weights_save(c->graph, o->save_weights))
        return false;
    bool done = build_program(&c->build, c->graph, target, o);
    if (done && o->batch.given)
        c->build.program->batch = o->batch.value;
    done = done && check_program(c) && write_outputs(c, kind);
    build_free(&c->build);
    return done;
}

static bool compile(Compile *c)
{
    const EmitKind *kind = find_kind(c->options->emit);

    if (!kind || !(c->graph = load_network(c->arena, c->options)) ||
        !name_outputs(c, kind))
        return false;
    name_in_texts(c);
    if (kind->stage == STAGE_READ)
        return write_text(c, c->output, kind->print);
    return compile_built(c, kind);
}

bool command_compile(const CommandOptions *options)
{
    Compile c = { .arena = arena_new(), .options = options };
    bool done = compile(&c);

    if (c.graph)
        graph_free(c.graph);
    vec_free(&c.outputs);
    diag_flush();
    arena_free(c.arena);
    return done;
}
