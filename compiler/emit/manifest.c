/*
 * manifest.c - the facts of a compiled network, for build systems and tests.
 *
 *     {"network": "lenet5", "run": "lenet5_run", "returns": "void",
 *      "inputs": [{"name": "image", "dtype": "uint8", "shape": [28, 28, 1]}],
 *      ...
 *
 * One key a line, always the same keys in the same order; only `classes` is
 * left out where there are none.
 */
#include "emit/local.h"

#include <string.h>

/* Bytes of the character at text, 0 where they are not valid UTF-8. */
static int utf8_length(const unsigned char *text)
{
    static const struct {
        unsigned char low, high, min2, max2;
        int length;
    } rows[] = {
        { 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
        { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
        { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
        { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
        { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (text[0] < rows[i].low || text[0] > rows[i].high)
            continue;
        for (int j = 1; j < rows[i].length; j++) {
            unsigned char min = j == 1 ? rows[i].min2 : 0x80;
            unsigned char max = j == 1 ? rows[i].max2 : 0xbf;
            if (text[j] < min || text[j] > max)
                return 0;
        }
        return rows[i].length;
    }
    return 0;
}

static void json_string(Text *out, const char *text)
{
    text_char(out, '"');
    for (const char *c = text; *c;) {
        int length = utf8_length((const unsigned char *)c);
        if (length == 0)
            text_add(out, "\\ufffd");
        else if (*c == '"' || *c == '\\')
            text_printf(out, "\\%c", *c);
        else if (length == 1 && (*c < ' ' || *c == 0x7f))
            text_printf(out, "\\u%04x", (unsigned)*c);
        else
            text_addn(out, c, (size_t)length);
        c += length ? length : 1;
    }
    text_char(out, '"');
}

static void json_port(Text *out, const ProgramPort *port)
{
    text_add(out, "{\"name\": ");
    json_string(out, port->title ? port->title : port->name);
    text_printf(out, ", \"dtype\": \"%s\", \"shape\": [",
                dtype_numpy(port->buffer->type));
    for (int i = 0; i < port->rank; i++)
        text_printf(out, "%s%lld", i ? ", " : "", (long long)port->dim[i]);
    text_char(out, ']');
    if (port->class_count > 0) {
        text_add(out, ",\n   \"classes\": [");
        for (int i = 0; i < port->class_count; i++) {
            text_add(out, i ? ", " : "");
            json_string(out, port->classes[i]);
        }
        text_char(out, ']');
    }
    text_char(out, '}');
}

static void json_ports(Text *out, const char *key, const ProgramPort *ports,
                       int count)
{
    text_printf(out, " \"%s\": [", key);
    for (int i = 0; i < count; i++) {
        text_add(out, i ? ",\n  " : "\n  ");
        json_port(out, &ports[i]);
    }
    text_add(out, "],\n");
}

void emit_manifest(Text *out, const Program *program,
                   const EmitOptions *options)
{
    Arena *arena = arena_new();
    Net net;

    net_begin(&net, arena, program, options);
    text_add(out, "{\"network\": ");
    json_string(out, program->name);
    text_printf(out, ",\n \"run\": \"%s\",\n \"returns\": \"void\",\n",
                net.run);
    json_ports(out, "inputs", program->inputs.at, program->inputs.count);
    json_ports(out, "outputs", program->outputs.at, program->outputs.count);
    text_printf(out, " \"workspace\": {\"bytes\": %lld, \"align\": %lld},\n",
                (long long)program->workspace, (long long)program->alignment);
    text_printf(out, " \"stack_bytes\": %lld,\n \"weights_bytes\": %lld,\n",
                (long long)emit_stack_bytes(program),
                (long long)net.weights_bytes);
    text_printf(out, " \"parameters\": %lld,\n \"macs\": %lld,\n",
                (long long)program->parameters, (long long)program->macs);
    text_add(out, " \"sources\": [");
    json_string(out, options->source_name ? options->source_name : "");
    text_add(out, "],\n \"header\": ");
    json_string(out, options->header_name ? options->header_name : "");
    text_add(out, ",\n \"cflags\": [],\n \"ldflags\": []}\n");
    net_end(&net);
    arena_free(arena);
}
