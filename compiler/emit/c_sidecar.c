/*
 * c_sidecar.c - weights in a file of their own, beside the C.
 *
 *     lenet5.weights --.incbin-->  lenet5_run(image, digit, workspace)
 *                    --the caller reads it-->
 *                                  lenet5_run_with(weights, image, ...)
 *
 * gcc and clang put the file's bytes into the object, where the object format
 * is ELF or Mach-O; elsewhere, or with -DLENET5_NO_INCBIN, the caller reads the
 * file, lets lenet5_weights_check() look at it, and passes it on. The check
 * knows the checksum: another network's weights, or older ones, do not pass.
 */
#include "emit/local.h"

#include <string.h>

static void put(unsigned char *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

/* Calls `use` with all bytes behind the head, in order. */
static void each_part(const Net *net,
                      void (*use)(void *state, const void *data, size_t size),
                      void *state)
{
    static const char zeros[SIDECAR_ALIGN];

    for (int i = 0; i < net->constant_count; i++) {
        const Constant *constant = &net->constants[i];
        Arena *scratch = arena_new();
        int64_t rest = constant->bytes % SIDECAR_ALIGN;
        use(state, buffer_pack(scratch, constant->buffer),
            (size_t)constant->bytes);
        if (rest)
            use(state, zeros, (size_t)(SIDECAR_ALIGN - rest));
        arena_free(scratch);
    }
}

static void use_checksum(void *state, const void *data, size_t size)
{
    uint32_t *checksum = state;
    *checksum = crc32_of(data, size, *checksum);
}

static void use_append(void *state, const void *data, size_t size)
{
    text_addn(state, data, size);
    text_pass(state);
}

uint32_t sidecar_checksum(const Net *net)
{
    uint32_t checksum = 0;
    each_part(net, use_checksum, &checksum);
    return checksum;
}

static void sidecar_head(const Net *net, uint32_t checksum, unsigned char *head)
{
    memset(head, 0, SIDECAR_HEAD);
    memcpy(head, "CNNCWTS1", 8);
    put(head + 8, (uint64_t)net->sidecar_bytes, 8);
    put(head + 16, checksum, 4);
    put(head + 20, (uint64_t)net->constant_count, 4);
}

void emit_weights_file(Text *out, const Program *program)
{
    Arena *arena = arena_new();
    EmitOptions options = { .weights_file = "" };
    unsigned char head[SIDECAR_HEAD];
    Net net;

    net_begin(&net, arena, program, &options);
    sidecar_head(&net, sidecar_checksum(&net), head);
    text_addn(out, (const char *)head, sizeof head);
    each_part(&net, use_append, out);
    net_end(&net);
    arena_free(arena);
}

/* ---- in net.c ----------------------------------------------------------------- */

/* The file's name in a string of the assembler in a literal of C. */
static void add_path(Text *out, const char *path)
{
    for (const char *c = path; *c; c++) {
        if (*c >= ' ' && *c <= '~' && !strchr("\"\\?%", *c))
            text_char(out, *c);
        else
            text_printf(out, "\\\\%03o", (unsigned)(unsigned char)*c);
    }
}

static void print_incbin(const Net *net, Writer *w)
{
    const char *data = net->weights_data;
    Text path = { 0 };

    add_path(&path, net->options->weights_file);
    write_raw(w,
              "#if !defined(%s) && defined(__GNUC__) && "
              "!defined(__TINYC__) && \\\n"
              "    (defined(__ELF__) || defined(__APPLE__))",
              net->no_incbin);
    write_raw(w, "#define %s 1", net->incbin);
    write_raw(w, "#if defined(__APPLE__)");
    write_raw(w,
              "__asm__(\".section __TEXT,__const\\n\"\n"
              "        \".private_extern _%s\\n\"\n"
              "        \".globl _%s\\n\"\n"
              "        \".balign %d\\n\"\n"
              "        \"_%s:\\n\"\n"
              "        \".incbin \\\"%s\\\"\\n\"\n"
              "        \".text\\n\");",
              data, data, SIDECAR_ALIGN, data, path.data);
    write_raw(w, "#else");
    write_raw(w,
              "__asm__(\".pushsection .rodata\\n\"\n"
              "        \".globl %s\\n\"\n"
              "        \".hidden %s\\n\"\n"
              "        \".balign %d\\n\"\n"
              "        \"%s:\\n\"\n"
              "        \".incbin \\\"%s\\\"\\n\"\n"
              "        \".popsection\\n\");",
              data, data, SIDECAR_ALIGN, data, path.data);
    write_raw(w, "#endif");
    write_raw(w,
              "extern __attribute__((visibility(\"hidden\"))) const unsigned "
              "char\n    %s[%lld];",
              data, (long long)net->sidecar_bytes);
    write_raw(w, "#endif\n");
    text_free(&path);
}

/* CRC-32 (IEEE 802.3), four bits at a time. */
static const char check_body[] =
    "    static const uint32_t table[16] = {\n"
    "        0x00000000u, 0x1db71064u, 0x3b6e20c8u, 0x26d930acu,\n"
    "        0x76dc4190u, 0x6b6b51f4u, 0x4db26158u, 0x5005713cu,\n"
    "        0xedb88320u, 0xf00f9344u, 0xd6d6a3e8u, 0xcb61b38cu,\n"
    "        0x9b64c2b0u, 0x86d3d2d4u, 0xa00ae278u, 0xbdbdf21cu\n"
    "    };\n"
    "    const unsigned char *const byte = (const unsigned char *)%s;\n"
    "    uint32_t crc = 0xffffffffu;\n"
    "    size_t i;\n"
    "\n"
    "    if (size != %lldu)\n"
    "        return 0;\n"
    "    for (i = 0; i < 24; i++) {\n"
    "        if (byte[i] != head[i])\n"
    "            return 0;\n"
    "    }\n"
    "    for (i = 64; i < size; i++) {\n"
    "        crc = table[(crc ^ byte[i]) & 15u] ^ (crc >> 4);\n"
    "        crc = table[(crc ^ ((uint32_t)byte[i] >> 4)) & 15u] ^ (crc >> 4);\n"
    "    }\n"
    "    return ~crc == 0x%08lxu;\n"
    "}\n";

static void print_check(const Net *net, Writer *w)
{
    const uint32_t checksum = sidecar_checksum(net);
    unsigned char head[SIDECAR_HEAD];

    sidecar_head(net, checksum, head);
    write_comment(w, "Whether these are the bytes of this network's weights.");
    write_raw(w, "int %s(const void *%s, size_t size)\n{", net->weights_check,
              net->weights);
    write_raw(w, "    static const unsigned char head[24] = {");
    for (int i = 0; i < 24; i += 12) {
        text_add(w->out, "       ");
        for (int j = i; j < i + 12; j++)
            text_printf(w->out, " %d%s", head[j], j < 23 ? "," : "");
        text_char(w->out, '\n');
    }
    write_raw(w, "    };");
    text_printf(w->out, check_body, net->weights, (long long)net->sidecar_bytes,
                (unsigned long)checksum);
    text_char(w->out, '\n');
}

void sidecar_print(Net *net, Writer *w)
{
    Text text = { 0 };

    weights_order_print(w);
    text_printf(&text,
                "The weights are in the file %s, which the assembler looks for "
                "in the current folder and in those given by -I. Where it "
                "cannot, or with -D%s, read the file and call %s.",
                net->options->weights_file, net->no_incbin, net->run_with);
    write_comment(w, text.data);
    text_free(&text);
    print_incbin(net, w);
    print_check(net, w);
}
