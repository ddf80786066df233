/*
 * c_weights.c - the constants of a network as arrays of C.
 *
 *     CNNC_ALIGN(64) static const float lenet5_conv1_b[6] = {
 *         0.125f, -0.5f, ...
 *     };
 *
 * Numbers that people can read, where all of them are few; else the bytes in a
 * string literal, which takes a compiler a tenth of the time and memory:
 *
 *     CNNC_ALIGN(64) static const union {
 *         char bytes[601];
 *         float value[150];
 *     } lenet5_conv1_w = { "\1\17\274=..." };
 *
 * A literal's lines are printed last, when the code around them is known, so
 * that they need not be in memory: of these bytes there may be very many.
 *
 * The union makes the bytes floats in C99 as in C++, aligned, without a cast.
 * Literals of any length are fine for gcc, clang and tcc; a pragma says so to
 * -Wpedantic. The bytes are little-endian.
 */
#include "emit/local.h"

#include <math.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "packed constants are printed as they lie in memory");

#define READABLE_BYTES ((int64_t)64 * 1024)
#define LITERAL_LINE   640 /* bytes */

static void add_value(Text *out, DType type, const void *data, int64_t i)
{
    switch (type) {
    case DT_F32:
        text_float(out, ((const float *)data)[i], true);
        text_char(out, 'f');
        return;
    case DT_U8:
    case DT_BOOL: text_printf(out, "%d", ((const uint8_t *)data)[i]); return;
    case DT_I8: text_printf(out, "%d", ((const int8_t *)data)[i]); return;
    case DT_I32:
        text_printf(out, "%ld", (long)((const int32_t *)data)[i]);
        return;
    case DT_I64:
        text_printf(out, "%lld", (long long)((const int64_t *)data)[i]);
        return;
    default: BUG("no constants of %s", dtype_name(type));
    }
}

/* Types and values that have a literal. */
static bool has_literals(const Constant *constant, const void *data)
{
    switch (constant->buffer->type) {
    case DT_F32:
        for (int64_t i = 0; i < constant->count; i++) {
            if (!isfinite(((const float *)data)[i]))
                return false;
        }
        return true;
    case DT_U8:
    case DT_BOOL:
    case DT_I8: return true;
    case DT_I32:
        for (int64_t i = 0; i < constant->count; i++) {
            if (((const int32_t *)data)[i] == INT32_MIN)
                return false;
        }
        return true;
    default: return false;
    }
}

static void print_numbers(const Net *net, Writer *w, const Constant *constant,
                          const void *data)
{
    Text line = { 0 }, value = { 0 };

    write_line(w, "CNNC_ALIGN(%lld) static const %s %s[%lld] = {",
               (long long)net->program->alignment,
               dtype_c(constant->buffer->type), constant->name,
               (long long)constant->count);
    for (int64_t i = 0; i < constant->count; i++) {
        value.length = 0;
        add_value(&value, constant->buffer->type, data, i);
        if (i + 1 < constant->count)
            text_char(&value, ',');
        if (line.length + value.length + 5 > 80) {
            write_raw(w, "   %s", line.data);
            line.length = 0;
        }
        text_printf(&line, " %s", value.data);
    }
    write_raw(w, "   %s", line.data);
    write_line(w, "};");
    text_free(&line);
    text_free(&value);
}

/* A string literal's frame; its lines come at constant->at. */
static void print_union(const Net *net, Writer *w, Constant *constant)
{
    if (constant->bytes > LITERAL_LONGEST)
        write_long_literals_begin(w);
    write_line(w, "CNNC_ALIGN(%lld) static const union {",
               (long long)net->program->alignment);
    w->indent++;
    write_line(w, "char bytes[%lld];", (long long)constant->bytes + 1);
    write_line(w, "%s value[%lld];", dtype_c(constant->buffer->type),
               (long long)constant->count);
    w->indent--;
    write_line(w, "} %s = {", constant->name);
    constant->at = w->out->length;
    write_line(w, "};");
    if (constant->bytes > LITERAL_LONGEST)
        write_long_literals_end(w);
}

/* What the array is: "conv1.weight [5][5][1][6]". */
static void print_comment(Writer *w, const Buffer *buffer)
{
    Text text = { 0 };

    text_add(&text, buffer->what ? buffer->what : buffer->name);
    for (int i = 0; i < buffer->rank; i++)
        text_printf(&text, "%s[%lld]", i ? "" : " ",
                    (long long)buffer->dim[i].extent);
    write_comment(w, text.data);
    text_free(&text);
}

static bool is_readable(const Net *net)
{
    int64_t limit = net->options->readable_bytes;
    return net->weights_bytes <= (limit ? limit : READABLE_BYTES);
}

void weights_order_print(Writer *w)
{
    write_raw(w, "#if defined(__BYTE_ORDER__) && "
                 "__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__");
    write_raw(w, "#error \"the weights are little-endian\"");
    write_raw(w, "#endif\n");
}

void weights_print(Net *net, Writer *w)
{
    bool any_literal = false;

    for (int i = 0; i < net->constant_count; i++) {
        Constant *constant = &net->constants[i];
        Arena *scratch = arena_new();
        const void *data =
            is_readable(net) ? buffer_pack(scratch, constant->buffer) : NULL;
        constant->literal = !data || !has_literals(constant, data);
        if (constant->literal && !any_literal)
            weights_order_print(w);
        any_literal |= constant->literal;
        print_comment(w, constant->buffer);
        if (constant->literal)
            print_union(net, w, constant);
        else
            print_numbers(net, w, constant, data);
        write_raw(w, "%s", "");
        arena_free(scratch);
    }
}

/* ---- the bytes --------------------------------------------------------------- */

static void print_bytes(Text *out, const Literal *literal,
                        const Constant *constant)
{
    Arena *scratch = arena_new();
    const unsigned char *bytes = buffer_pack(scratch, constant->buffer);

    for (int64_t i = 0; i < constant->bytes; i += LITERAL_LINE) {
        int64_t left = constant->bytes - i;
        text_add(out, "    \"");
        literal_add(literal, out, bytes + i,
                    (size_t)(left < LITERAL_LINE ? left : LITERAL_LINE));
        text_add(out, "\"\n");
        text_pass(out);
    }
    arena_free(scratch);
}

void weights_splice(const Net *net, Text *out, const Text *code)
{
    Literal literal = { 0 };
    size_t done = 0;

    literal_begin(&literal);
    for (int i = 0; i < net->constant_count; i++) {
        const Constant *constant = &net->constants[i];
        if (!constant->literal)
            continue;
        text_addn(out, code->data + done, constant->at - done);
        done = constant->at;
        print_bytes(out, &literal, constant);
    }
    text_addn(out, code->data + done, code->length - done);
}
