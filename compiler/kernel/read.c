/*
 * read.c - the text form of a program, read back (see print.c).
 *
 *     program "net"
 *         target x86-64-v4
 *         workspace 0 align 64 parameters 0 macs 0 batch 1
 *         buffer x: input f32[8]
 *         buffer y: output f32[8]
 *         input x "image" [8]
 *         output y "out" [8]
 *
 *     kernel relu(x: input f32[8], y: output f32[8]) macs 0
 *         for i in 0..8
 *             y[i] = max(x[i], 0.0)
 *
 * The data of constants is not in it; it comes back as NULL.
 */
#include "kernel/read.h"

#include <inttypes.h>
#include <string.h>

/* ---- buffers ------------------------------------------------------------------------------ */

static bool read_place(Reader *r, BufferPlace *place)
{
    for (int i = BUFFER_INPUT; i <= BUFFER_REG; i++) {
        *place = (BufferPlace)i;
        if (accept_word(r, place_names[i]))
            return true;
    }
    read_fail(r, "expected the place of a buffer");
    return false;
}

/* n] or before|n|after] */
static Dim read_dim(Reader *r)
{
    Dim dim = { .extent = read_integer(r, 0, READ_EXTENT_MAX) };
    if (accept(r, "|")) {
        dim.before = dim.extent;
        dim.extent = read_integer(r, 0, READ_EXTENT_MAX);
        expect(r, "|");
        dim.after = read_integer(r, 0, READ_EXTENT_MAX);
    }
    expect(r, "]");
    return dim;
}

static void read_dims(Reader *r, Buffer *buffer)
{
    int64_t size = 1;
    while (accept(r, "[") && !r->failed) {
        Dim dim = read_dim(r);
        if (buffer->rank == KERNEL_RANK) {
            read_fail(r, "a buffer has at most %d dimensions", KERNEL_RANK);
            return;
        }
        buffer->dim[buffer->rank++] = dim;
        if (!size_mul(size, dim.before + dim.extent + dim.after, &size) ||
            size > READ_EXTENT_MAX)
            read_fail(r, "this buffer is too large");
    }
}

/* d0/16%4*1024 */
static Piece read_piece(Reader *r, const char *name)
{
    Piece piece = { .div = 1 };
    int64_t dim;

    if (name[0] != 'd' || !parse_int64(name + 1, &dim) || dim < 0 ||
        dim >= KERNEL_RANK)
        read_fail(r, "expected a dimension");
    else
        piece.dim = (int)dim;
    if (accept(r, "/"))
        piece.div = read_integer(r, 1, READ_EXTENT_MAX);
    if (accept(r, "%"))
        piece.mod = read_integer(r, 1, READ_EXTENT_MAX);
    expect(r, "*");
    piece.stride = read_integer(r, 0, READ_EXTENT_MAX);
    return piece;
}

/* ( piece + piece + offset, size ) */
static void read_layout(Reader *r, Layout *layout)
{
    const char *name;

    *layout = (Layout){ 0 };
    expect(r, "(");
    while ((name = accept_name(r)) && !r->failed) {
        if (layout->count == (int)COUNT_OF(layout->piece)) {
            read_fail(r, "this layout has too many pieces");
            return;
        }
        layout->piece[layout->count++] = read_piece(r, name);
        expect(r, "+");
    }
    layout->offset = read_integer(r, 0, READ_EXTENT_MAX);
    expect(r, ",");
    layout->size = read_integer(r, 0, READ_EXTENT_MAX);
    expect(r, ")");
}

static Buffer *find_in_program(const Program *program, const char *name)
{
    for (int i = 0; i < program->buffers.count; i++) {
        if (program->buffers.at[i]->name == name)
            return program->buffers.at[i];
    }
    return NULL;
}

/* The caller's array that the buffer is another view of. */
static Buffer *read_array(Reader *r, const Buffer *buffer)
{
    const char *name = expect_name(r, "a buffer");
    Buffer *array = name ? find_in_program(r->program, name) : NULL;
    if (name && (!array || array->place != buffer->place || array->array ||
                 array->type != buffer->type || buffer->place > BUFFER_OUTPUT))
        read_fail(r, "'%s' is no such array of the caller", name);
    return array;
}

/* input f32[28][28][1] layout(...) at 64 */
static Buffer read_buffer_type(Reader *r, const char *name)
{
    Buffer buffer = { .name = name };
    const char *type;

    read_place(r, &buffer.place);
    type = expect_name(r, "a type");
    if (type && !dtype_parse(type, &buffer.type))
        read_fail(r, "no type '%s'", type);
    read_dims(r, &buffer);
    if (r->failed)
        return buffer;
    if (accept_word(r, "layout"))
        read_layout(r, &buffer.layout);
    else
        buffer.layout = layout_plain(buffer.rank, buffer.dim);
    if (accept_word(r, "at"))
        buffer.offset = read_integer(r, 0, READ_INDEX_MAX);
    if (accept_word(r, "of"))
        buffer.array = read_array(r, &buffer);
    if (!r->failed && buffer.offset > 0 && buffer.place != BUFFER_ARENA &&
        !buffer.array)
        read_fail(r, "'%s' is at an offset of nothing", name);
    if (!r->failed && buffer.array && !buffer_fits_array(&buffer))
        read_fail(r, "'%s' leaves '%s'", name, buffer.array->name);
    if (!r->failed && layout_fault(&buffer))
        read_fail(r, "buffer '%s': %s", name, layout_fault(&buffer));
    return buffer;
}

static void read_buffer(Reader *r)
{
    const char *name = expect_name(r, "a name");
    Buffer buffer;

    if (!name || !expect(r, ":"))
        return;
    if (find_in_program(r->program, name))
        read_fail(r, "two buffers are called '%s'", name);
    buffer = read_buffer_type(r, name);
    if (!at_line_end(r))
        buffer.what = read_string(r);
    if (!r->failed)
        vec_push(&r->program->buffers,
                 arena_copy(r->arena, &buffer, sizeof buffer));
}

/* ---- the head --------------------------------------------------------------------------------- */

static void read_target(Reader *r)
{
    /* A target's name has dashes in it. */
    Text name = { 0 };
    while (!at_line_end(r) && r->source->text[r->at] != '"')
        text_char(&name, r->source->text[r->at++]);
    r->program->target = target_find(text_get(&name));
    if (!r->program->target)
        read_fail(r, "no target '%s'", text_get(&name));
    text_free(&name);
    if (!at_line_end(r))
        r->program->target_note = read_string(r);
}

static void read_sizes(Reader *r)
{
    Program *program = r->program;
    program->workspace = read_integer(r, 0, READ_INDEX_MAX);
    expect_word(r, "align");
    program->alignment = read_integer(r, 1, 4096);
    expect_word(r, "parameters");
    program->parameters = read_integer(r, 0, INT64_MAX);
    expect_word(r, "macs");
    program->macs = read_integer(r, 0, INT64_MAX);
    expect_word(r, "batch");
    program->batch = read_integer(r, 1, READ_INDEX_MAX);
}

static void read_classes(Reader *r, ProgramPort *port)
{
    VEC(const char *) classes = { 0 };
    while (!at_line_end(r) && !r->failed)
        vec_push(&classes, read_string(r));
    port->class_count = classes.count;
    if (classes.count > 0)
        port->classes = arena_copy(r->arena, (const void *)classes.at,
                                   (size_t)classes.count * sizeof(char *));
    vec_free(&classes);
}

/* input x "image" [28][28] classes "a" "b" */
static ProgramPort read_port(Reader *r, BufferPlace place)
{
    const char *name = expect_name(r, "a buffer");
    ProgramPort port = { 0 };

    port.buffer = name ? find_in_program(r->program, name) : NULL;
    if (name && (!port.buffer || port.buffer->place != place))
        read_fail(r, "no %s buffer '%s'", place_names[place], name);
    port.name = read_string(r);
    while (accept(r, "[") && !r->failed) {
        if (port.rank == KERNEL_RANK)
            read_fail(r, "at most %d dimensions", KERNEL_RANK);
        else
            port.dim[port.rank++] = read_integer(r, 0, READ_EXTENT_MAX);
        expect(r, "]");
    }
    if (accept_word(r, "classes"))
        read_classes(r, &port);
    return port;
}

static void read_head_line(Reader *r)
{
    const char *word = expect_name(r, "a line of the program's head");

    if (!word)
        return;
    if (strcmp(word, "origin") == 0)
        r->program->origin = read_string(r);
    else if (strcmp(word, "target") == 0)
        read_target(r);
    else if (strcmp(word, "workspace") == 0)
        read_sizes(r);
    else if (strcmp(word, "buffer") == 0)
        read_buffer(r);
    else if (strcmp(word, "input") == 0)
        vec_push(&r->program->inputs, read_port(r, BUFFER_INPUT));
    else if (strcmp(word, "output") == 0)
        vec_push(&r->program->outputs, read_port(r, BUFFER_OUTPUT));
    else
        read_fail(r, "no '%s' in the head of a program", word);
    end_line(r);
}

static void read_head(Reader *r)
{
    expect_word(r, "program");
    r->program->name = read_string(r);
    end_line(r);
    while (r->level == 1)
        read_head_line(r);
}

/* ---- kernels ------------------------------------------------------------------------------------ */

static bool same_buffer(const Buffer *a, const Buffer *b)
{
    return a->type == b->type && a->place == b->place && a->rank == b->rank &&
           memcmp(a->dim, b->dim, sizeof a->dim) == 0 &&
           layout_equal(&a->layout, &b->layout) && a->offset == b->offset &&
           a->array == b->array;
}

static void read_param(Reader *r)
{
    const char *name = expect_name(r, "a parameter");
    Buffer *known = name ? find_in_program(r->program, name) : NULL;
    Buffer stated;

    if (!name || !expect(r, ":"))
        return;
    stated = read_buffer_type(r, name);
    if (r->failed)
        return;
    if (!known || !same_buffer(known, &stated))
        read_fail(r, "'%s' is no such buffer of the program", name);
    else if (known->place > BUFFER_ARENA)
        read_fail(r, "'%s' cannot be a parameter", name);
    else
        kernel_param(r->kernel, known);
}

/* local name: ...  and no store to a buffer of that name */
static bool at_local(Reader *r)
{
    size_t back = r->at;
    bool found = accept_word(r, "local") && accept_name(r) && accept(r, ":");
    r->at = back;
    return found;
}

static void read_local(Reader *r)
{
    const char *name = expect_word(r, "local") ? accept_name(r) : NULL;
    Buffer stated, *local;

    if (!name || !expect(r, ":"))
        return;
    stated = read_buffer_type(r, name);
    if (!r->failed && stated.place < BUFFER_LOCAL)
        read_fail(r, "'%s' cannot be a local", name);
    if (!r->failed && kernel_unique_name(r->kernel, name) != name)
        read_fail(r, "two buffers are called '%s'", name);
    if (r->failed)
        return;
    local = kernel_local(r->kernel, name, stated.type, stated.place, 0, NULL);
    *local = stated;
    end_line(r);
}

/* vars oh kh ow.o: what is in a sum stands in this order. */
static void read_vars(Reader *r)
{
    size_t back = r->at;
    const char *name;

    if (r->level != 1 || !accept_word(r, "vars") || !(name = accept_name(r))) {
        r->at = back;
        return;
    }
    for (; name; name = accept_name(r)) {
        if (kernel_var(r->kernel, name)->name != name)
            read_fail(r, "'%s' is named twice", name);
    }
    end_line(r);
}

static void read_kernel(Reader *r)
{
    const char *comment = r->comment, *name;

    if (!expect_word(r, "kernel") || !(name = expect_name(r, "a name")))
        return;
    r->kernel = kernel_new(r->arena, name);
    r->kernel->comment = comment;
    vec_push(&r->program->kernels, r->kernel);
    expect(r, "(");
    while (!r->failed && !accept(r, ")")) {
        if (r->kernel->params.count > 0)
            expect(r, ",");
        read_param(r);
    }
    expect_word(r, "macs");
    r->kernel->macs = read_integer(r, 0, INT64_MAX);
    end_line(r);
    while (r->level == 1 && at_local(r))
        read_local(r);
    read_vars(r);
    r->kernel->body = read_stmts(r, 1);
}

Program *program_read(Arena *arena, const Source *source)
{
    Reader reader = { .arena = arena, .source = source };

    reader.program = program_new(arena, "", NULL);
    next_line(&reader);
    read_head(&reader);
    while (!reader.failed && reader.level >= 0)
        read_kernel(&reader);
    vec_free(&reader.known);
    if (!reader.failed)
        return reader.program;
    program_free(reader.program);
    return NULL;
}
