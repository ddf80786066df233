/*
 * c_run.c - the functions that a program calls.
 *
 *     void lenet5_run(const uint8_t *image, float *digit, void *workspace)
 *     {
 *         unsigned char *const bytes = (unsigned char *)workspace;
 *         float *const conv1 = (float *)(void *)(bytes + 0);
 *
 *         lenet5_conv1(image, lenet5_conv1_w, lenet5_conv1_b, conv1);
 *         ...
 *     }
 *
 * Only here are addresses in the workspace (and in a sidecar) computed; the
 * kernels are given pointers.
 */
#include "emit/local.h"

/* The kernels in a row, and the pointers that they are given. */
typedef struct Run {
    Net *net;
    Writer *w;
    const char *bytes, *weight_bytes; /* NULL: not needed */
    bool workspace;                   /* something is in it */
    const char **buffer_name;         /* as in program->buffers */
} Run;

static int buffer_index(const Run *run, const Buffer *buffer)
{
    const Program *program = run->net->program;

    for (int i = 0; i < program->buffers.count; i++) {
        if (program->buffers.at[i] == buffer)
            return i;
    }
    BUG("'%s' is no buffer of the program", buffer->name);
}

static const Port *port_of(const Port *ports, int count, const Buffer *buffer)
{
    for (int i = 0; i < count; i++) {
        if (ports[i].port->buffer == buffer)
            return &ports[i];
    }
    return NULL;
}

static const char *declare_arena(Run *run, const Buffer *buffer)
{
    Net *net = run->net;
    const char *type = dtype_c(buffer->type);

    run->workspace = true;
    if (!run->bytes && buffer->offset) {
        run->bytes = names_add(&net->globals, "bytes");
        write_line(run->w, "unsigned char *const %s = (unsigned char *)%s;",
                   run->bytes, net->workspace);
    }
    const char *name = names_add(&net->globals, buffer->name);
    if (buffer->offset == 0)
        write_line(run->w, "%s *const %s = (%s *)%s;", type, name, type,
                   net->workspace);
    else
        write_line(run->w, "%s *const %s = (%s *)(void *)(%s + %lld);", type,
                   name, type, run->bytes, (long long)buffer->offset);
    return name;
}

static const char *declare_constant(Run *run, const Buffer *buffer)
{
    Net *net = run->net;
    const Constant *constant = net_constant(net, buffer);
    const char *type = dtype_c(buffer->type);

    if (!net->sidecar)
        return constant->literal
                   ? arena_printf(net->arena, "%s.value", constant->name)
                   : constant->name;
    if (!run->weight_bytes) {
        run->weight_bytes = names_add(&net->globals, "packed");
        write_line(run->w,
                   "const unsigned char *const %s = (const unsigned char *)%s;",
                   run->weight_bytes, net->weights);
    }
    const char *name = names_add(&net->globals, buffer->name);
    write_line(
        run->w, "const %s *const %s = (const %s *)(const void *)(%s + %lld);",
        type, name, type, run->weight_bytes, (long long)constant->offset);
    return name;
}

static const char *declare_buffer(Run *run, const Buffer *buffer)
{
    const Net *net = run->net;
    const Buffer *array = buffer->array ? buffer->array : buffer;
    const Port *port = port_of(net->inputs, net->input_count, array);

    if (!port)
        port = port_of(net->outputs, net->output_count, array);
    if (port) {
        run->buffer_name[buffer_index(run, array)] = port->name;
        return buffer->offset == 0
                   ? port->name
                   : arena_printf(run->net->arena, "%s + %lld", port->name,
                                  (long long)(buffer->offset /
                                              dtype_size(buffer->type)));
    }
    if (buffer->place == BUFFER_CONST)
        return declare_constant(run, buffer);
    REQUIRE(buffer->place == BUFFER_ARENA);
    return declare_arena(run, buffer);
}

/* A pointer for each buffer that a kernel touches, in the order of use. */
static void declare_buffers(Run *run)
{
    const Program *program = run->net->program;

    for (int i = 0; i < program->kernels.count; i++) {
        const Call *call = &run->net->calls[i];
        for (int j = 0; j < call->count; j++) {
            const Buffer *buffer = call->buffer[j];
            const char **name = &run->buffer_name[buffer_index(run, buffer)];
            if (!*name)
                *name = declare_buffer(run, buffer);
        }
    }
}

static bool is_used(const Run *run, const Port *port)
{
    return run->buffer_name[buffer_index(run, port->port->buffer)] != NULL;
}

static bool has_elements(const Port *port)
{
    for (int d = 0; d < port->port->rank; d++)
        if (port->port->dim[d] == 0)
            return false;
    return true;
}

/* Parameters that nothing reads, and those without elements. An output that
 * nothing writes, or two of one buffer, were forgotten when the program was
 * made. */
static void declare_unused(Run *run)
{
    const Net *net = run->net;

    for (int i = 0; i < net->input_count; i++) {
        if (!is_used(run, &net->inputs[i]) && net->program->batch == 1)
            write_line(run->w, "(void)%s;", net->inputs[i].name);
    }
    for (int i = 0; i < net->output_count; i++) {
        const Port *port = &net->outputs[i];
        if (!has_elements(port)) {
            if (net->program->batch == 1)
                write_line(run->w, "(void)%s;", port->name);
        } else if (!is_used(run, port) ||
                   port_of(net->outputs, i, port->port->buffer)) {
            BUG("output '%s' is not written", port->port->name);
        }
    }
    if (!run->workspace)
        write_line(run->w, "(void)%s;", net->workspace);
    if (net->sidecar && !run->weight_bytes)
        write_line(run->w, "(void)%s;", net->weights);
}

static void print_calls(Run *run)
{
    const Program *program = run->net->program;

    for (int i = 0; i < program->kernels.count; i++) {
        const Call *call = &run->net->calls[i];
        Text line = { 0 };
        text_printf(&line, "%s(", call->function);
        for (int j = 0; j < call->count; j++)
            text_printf(&line, "%s%s", j ? ", " : "",
                        run->buffer_name[buffer_index(run, call->buffer[j])]);
        write_line(run->w, "%s);", line.data);
        if (run->net->options->traced)
            write_line(run->w, "CNNC_AFTER(%d);", i);
        text_free(&line);
    }
}

static void print_steps(Run *run, const Port *ports, int count)
{
    for (int i = 0; i < count; i++)
        write_line(run->w, "%s += %lld;", ports[i].name,
                   (long long)ports[i].count);
}

static void print_body(Run *run)
{
    Net *net = run->net;
    long long batch = net->program->batch;

    declare_buffers(run);
    declare_unused(run);
    write_raw(run->w, "%s", "");
    if (batch == 1) {
        print_calls(run);
        return;
    }
    const char *name = names_add(&net->globals, "sample");
    write_open(run->w, "for (int %s = 0; %s < %lld; %s++)", name, name, batch,
               name);
    print_calls(run);
    print_steps(run, net->inputs, net->input_count);
    print_steps(run, net->outputs, net->output_count);
    write_close(run->w);
}

static void print_run(Net *net, Writer *w)
{
    Run run = { .net = net, .w = w };
    int mark = net->globals.name.count;
    Text head = { 0 };

    run.buffer_name =
        NEW_N(net->arena, const char *, net->program->buffers.count);
    net_prototype(net, &head, net->sidecar ? NET_RUN_WITH : NET_RUN);
    write_line(w, "%s", head.data);
    write_line(w, "{");
    w->indent++;
    print_body(&run);
    write_close(w);
    names_leave(&net->globals, mark);
    text_free(&head);
}

/* A function whose body is a call of another one, with `first` and `last`
 * around the inputs and outputs. */
static void print_wrapper(Net *net, Writer *w, NetCall call, const char *callee,
                          const char *first, const char *last)
{
    Text head = { 0 }, body = { 0 };

    net_prototype(net, &head, call);
    text_printf(&body, "%s(%s", callee, first);
    const char *comma = *first ? ", " : "";
    for (int i = 0; i < net->input_count; i++, comma = ", ")
        text_printf(&body, "%s%s", comma, net->inputs[i].name);
    for (int i = 0; i < net->output_count; i++, comma = ", ")
        text_printf(&body, "%s%s", comma, net->outputs[i].name);
    write_line(w, "%s", head.data);
    write_line(w, "{");
    w->indent++;
    if (call == NET_STATIC && net->program->workspace > 0)
        write_line(w, "CNNC_ALIGN(%lld) static unsigned char %s[%lld];",
                   (long long)net->program->alignment, net->workspace,
                   (long long)net->program->workspace);
    write_line(w, "%s%s%s);", body.data, comma, last);
    write_close(w);
    text_free(&head);
    text_free(&body);
}

void run_print(Net *net, Writer *w)
{
    print_run(net, w);
    if (net->sidecar) {
        write_raw(w, "\n#if defined(%s)", net->incbin);
        print_wrapper(net, w, NET_RUN, net->run_with, net->weights_data,
                      net->workspace);
    }
    if (!net->options->no_static) {
        write_raw(w, "%s", "");
        print_wrapper(net, w, NET_STATIC, net->run, "",
                      net->program->workspace > 0 ? net->workspace : "NULL");
    }
    if (net->sidecar)
        write_raw(w, "#endif");
}
