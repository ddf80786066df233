/*
 * c_main.c - a main() around the network: a program of its own.
 *
 *     $ lenet5 three.png seven.png
 *     three.png: 3 (0.998)
 *     seven.png: 7 (0.981)
 *
 * A network of several inputs takes as many files at a time. Images and arrays
 * are read by the runtime's library (cnnc/io.h). Exit status 1 where a file
 * could not be read, 2 for a wrong command line.
 */
#include "emit/local.h"

/* cnnc/io.h's name of the type; NULL: it reads no inputs of it. */
static const char *io_type(DType type)
{
    return type == DT_U8 ? "CNNC_U8" : type == DT_F32 ? "CNNC_F32" : NULL;
}

bool emit_program_reads(const ProgramPort *input)
{
    return io_type(input->buffer->type) != NULL;
}

/* The shape of the file: that of the array, with a batch's samples in front,
 * and without dimensions of 1 that an image does not have. */
static void print_shape(const Net *net, Writer *w, const Port *port, int *rank)
{
    const ProgramPort *from = port->port;
    bool batch = net->program->batch > 1;
    int first = 0;
    Text text = { 0 };

    while (!batch && from->rank - first > 3 && from->dim[first] == 1)
        first++;
    *rank = from->rank - first + batch;
    if (batch)
        text_printf(&text, "%lld", (long long)net->program->batch);
    for (int i = first; i < from->rank; i++)
        text_printf(&text, "%s%lld", text.length ? ", " : "",
                    (long long)from->dim[i]);
    if (*rank == 0) { /* a single number: the file may say [1] */
        text_add(&text, "1");
        *rank = 1;
    }
    write_line(w, "static const int64_t %s[%d] = { %s };", port->shape, *rank,
               text.data);
    text_free(&text);
}

static void print_arrays(const Net *net, Writer *w, const Port *ports,
                         int count)
{
    for (int i = 0; i < count; i++)
        write_line(w, "static %s %s[%lld];",
                   dtype_c(ports[i].port->buffer->type), ports[i].name,
                   (long long)(ports[i].count * net->program->batch));
}

static void print_usage(const Net *net, Writer *w)
{
    Text files = { 0 };

    for (int i = 0; i < net->input_count; i++)
        text_printf(&files, " %s", name_upper(net->arena, net->inputs[i].name));
    write_open(w, "for (; first < argc && argv[first][0] == '-'; first++)");
    write_line(w, "const char *c = argv[first] + 1;");
    write_open(w, "for (; *c; c++)");
    write_line(w, "if (*c == 'i')");
    write_line(w, "    fit.invert = true;");
    write_line(w, "if (*c == 'r')");
    write_line(w, "    fit.resize = CNNC_RESIZE_AREA;");
    write_line(w, "if (*c != 'i' && *c != 'r')");
    write_line(w, "    usage = 1;");
    write_close(w);
    write_close(w);
    if (net->input_count > 1)
        write_open(w,
                   "if (usage || first >= argc || (argc - first) %% %d != 0)",
                   net->input_count);
    else
        write_open(w, "if (usage || first >= argc)");
    write_raw(
        w,
        "        fprintf(stderr,\n"
        "                \"usage: %%s [-i] [-r]%s...\\n\"\n"
        "                \"  images (PGM, PPM, PNG) or arrays (.npy)\\n\"\n"
        "                \"  -i  invert images: black on white\\n\"\n"
        "                \"  -r  resize images to what the network "
        "takes\\n\",\n                argv[0]);",
        files.data ? files.data : "");
    write_line(w, "return 2;");
    write_close(w);
    write_open(w, "if (!%s())", net->supported);
    write_raw(w,
              "        fputs(\"made for %s, which this processor is not\\n\", "
              "stderr);",
              net->program->target->name);
    write_line(w, "return 1;");
    write_close(w);
    text_free(&files);
}

static void print_reads(const Net *net, Writer *w, const int *rank)
{
    Text text = { 0 };

    for (int i = 0; i < net->input_count; i++) {
        const Port *port = &net->inputs[i];
        text_printf(&text,
                    "%s!cnnc_input_read(argv[first%s], %s, %d, %s, "
                    "&fit, %s, &error)",
                    i ? " || " : "",
                    i ? arena_printf(net->arena, " + %d", i) : "",
                    io_type(port->port->buffer->type), rank[i], port->shape,
                    port->name);
    }
    if (net->input_count == 0)
        return;
    write_open(w, "if (%s)", text.data);
    write_line(w, "fprintf(stderr, \"%%s: %%s\\n\", error.path, "
                  "error.message);");
    write_line(w, "failed = 1;");
    write_line(w, "continue;");
    write_close(w);
    text_free(&text);
}

static void print_call(const Net *net, Writer *w)
{
    Text text = { 0 };

    text_printf(&text, "%s(", net->run);
    for (int i = 0; i < net->input_count; i++)
        text_printf(&text, "%s, ", net->inputs[i].name);
    for (int i = 0; i < net->output_count; i++)
        text_printf(&text, "%s, ", net->outputs[i].name);
    write_line(w, "%s%s);", text.data,
               net->program->workspace > 0 ? net->workspace : "NULL");
    text_free(&text);
}

/* All elements of the output by one format; a single one without a loop. */
static void print_each(const Net *net, Writer *w, const Port *port,
                       const char *format, const char *before,
                       const char *after)
{
    long long count = port->count * net->program->batch;

    if (count > 1)
        write_open(w, "for (int at = 0; at < %lld; at++)", count);
    write_line(w, "printf(\" %%%s\", %s%s[%s]%s);", format, before, port->name,
               count > 1 ? "at" : "0", after);
    if (count > 1)
        write_close(w);
}

/* The class with the largest value. */
static void print_best(const Net *net, Writer *w, const Port *port)
{
    int classes = port->port->class_count;
    bool batch = net->program->batch > 1;
    const char *offset = batch ? " + at" : "";

    if (batch)
        write_open(w, "for (int at = 0; at < %lld; at += %d)",
                   (long long)(port->count * net->program->batch), classes);
    else
        write_open(w, "%s", "");
    write_line(w, "const int best = best_of(%s%s, %d);", port->name, offset,
               classes);
    write_line(w, "printf(\" %%s (%%.3g)\", %s[best], (double)%s[%sbest]);",
               port->classes, port->name, batch ? "at + " : "");
    write_close(w);
}

static bool has_best(const Port *port)
{
    return port->classes && port->port->buffer->type == DT_F32 &&
           port->count == port->port->class_count;
}

/* A class and its value, a class by its number, or all values. */
static void print_result(const Net *net, Writer *w, const Port *port)
{
    if (has_best(port))
        print_best(net, w, port);
    else if (port->classes && !dtype_is_float(port->port->buffer->type))
        print_each(net, w, port, "s",
                   arena_printf(net->arena, "%s[", port->classes), "]");
    else
        print_each(net, w, port, ".7g", "(double)", "");
}

static bool needs_best(const Net *net)
{
    for (int i = 0; i < net->output_count; i++) {
        if (has_best(&net->outputs[i]))
            return true;
    }
    return false;
}

static const char best_of[] =
    "static int best_of(const float *value, int count)\n"
    "{\n"
    "    int best = 0;\n"
    "    for (int i = 1; i < count; i++) {\n"
    "        if (value[i] > value[best])\n"
    "            best = i;\n"
    "    }\n"
    "    return best;\n"
    "}\n\n";

static void print_loop(const Net *net, Writer *w, const int *rank)
{
    if (net->input_count > 1)
        write_open(w, "for (; first < argc; first += %d)", net->input_count);
    else
        write_open(w, "for (; first < argc; first++)");
    print_reads(net, w, rank);
    print_call(net, w);
    write_line(w, "printf(\"%%s:\", argv[first]);");
    for (int i = 0; i < net->output_count; i++)
        print_result(net, w, &net->outputs[i]);
    write_line(w, "putchar('\\n');");
    write_close(w);
    write_line(w, "return failed;");
}

void program_main_print(Net *net, Writer *w)
{
    int *rank = NEW_N(net->arena, int, net->input_count);

    text_char(w->out, '\n');
    if (net->sidecar) {
        write_raw(w, "#if !defined(%s)", net->incbin);
        write_raw(w, "#error \"main() needs the weights in the object\"");
        write_raw(w, "#endif\n");
    }
    if (needs_best(net))
        text_add(w->out, best_of);
    write_raw(w, "int main(int argc, char **argv)\n{");
    w->indent++;
    for (int i = 0; i < net->input_count; i++)
        print_shape(net, w, &net->inputs[i], &rank[i]);
    print_arrays(net, w, net->inputs, net->input_count);
    print_arrays(net, w, net->outputs, net->output_count);
    if (net->program->workspace > 0)
        write_line(w, "CNNC_ALIGN(%lld) static unsigned char %s[%lld];",
                   (long long)net->program->alignment, net->workspace,
                   (long long)net->program->workspace);
    write_line(w, "CnncFit fit = { CNNC_RESIZE_NONE, { 0, 0, 0 }, false, 0 };");
    write_line(w, "CnncError error;");
    write_line(w, "int first = 1, usage = 0, failed = 0;\n");
    print_usage(net, w);
    print_loop(net, w, rank);
    write_close(w);
}
