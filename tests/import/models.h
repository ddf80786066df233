/*
 * models.h - writes ONNX models, right and broken ones, and reads them.
 *
 *     Builder b = { 0 };
 *     put_input(&b, "x", 1, "2,3");
 *     put_node(&b, "Relu", "x", "y");
 *     put_output(&b, "y", 1, "2,3");
 *     OnnxModel *model = b_read(&b);            b_free(&b)
 *     CU_ASSERT(b_refuses(&b, "reads 'x'"));    read, refused, said so; freed
 *
 * Fields go out one by one, as they are asked for: twice, of the wrong kind,
 * with a length that lies. Names of a list are parted by commas, "-" is "".
 */
#ifndef CNNC_TESTS_IMPORT_MODELS_H
#define CNNC_TESTS_IMPORT_MODELS_H

#include "import/onnx.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

/* Fields of ONNX's messages. */
enum {
    MODEL_IR = 1,
    MODEL_GRAPH = 7,
    MODEL_IMPORT = 8,
    MODEL_FUNCTION = 25,
    GRAPH_NODE = 1,
    GRAPH_NAME = 2,
    GRAPH_TENSOR = 5,
    GRAPH_INPUT = 11,
    GRAPH_OUTPUT = 12,
    GRAPH_SPARSE = 15,
    NODE_INPUT = 1,
    NODE_OUTPUT = 2,
    NODE_NAME = 3,
    NODE_OP = 4,
    NODE_ATTR = 5,
    NODE_DOMAIN = 7,
    NODE_OVERLOAD = 8,
    ATTR_NAME = 1,
    ATTR_F = 2,
    ATTR_I = 3,
    ATTR_S = 4,
    ATTR_T = 5,
    ATTR_G = 6,
    ATTR_FLOATS = 7,
    ATTR_INTS = 8,
    ATTR_STRINGS = 9,
    ATTR_TYPE = 20,
    ATTR_REFERENCE = 21,
    TENSOR_DIM = 1,
    TENSOR_TYPE = 2,
    TENSOR_SEGMENT = 3,
    TENSOR_FLOAT = 4,
    TENSOR_INT32 = 5,
    TENSOR_STRING = 6,
    TENSOR_INT64 = 7,
    TENSOR_NAME = 8,
    TENSOR_RAW = 9,
    TENSOR_DOUBLE = 10,
    TENSOR_UINT64 = 11,
    TENSOR_EXTERNAL = 13,
    TENSOR_PLACE = 14
};

typedef struct Builder {
    Text graph, tail;  /* tail: fields of the model behind the graph */
    int64_t ir, opset; /* 0: 8 and 13 */
    const char *folder;
    Arena *arena;
    OnnxModel *model;
    char *said; /* what was reported */
} Builder;

/* ---- the wire ------------------------------------------------------------- */

static inline void w_number(Text *out, uint64_t value)
{
    for (; value > 0x7f; value >>= 7)
        text_char(out, (char)(value | 0x80));
    text_char(out, (char)value);
}

static inline void w_int(Text *out, int field, int64_t value)
{
    w_number(out, (uint64_t)field << 3);
    w_number(out, (uint64_t)value);
}

static inline void w_bytes(Text *out, int field, const void *data, size_t size)
{
    w_number(out, (uint64_t)field << 3 | 2);
    w_number(out, size);
    text_addn(out, data, size);
}

static inline void w_text(Text *out, int field, const char *text)
{
    w_bytes(out, field, text, strlen(text));
}

static inline void w_float(Text *out, int field, float value)
{
    uint8_t bytes[4];
    memcpy(bytes, &value, 4); /* of a little-endian machine */
    w_number(out, (uint64_t)field << 3 | 5);
    text_addn(out, (const char *)bytes, 4);
}

/* The message becomes a field of another one, and is freed. */
static inline void w_message(Text *out, int field, Text *message)
{
    w_bytes(out, field, text_get(message), message->length);
    text_free(message);
}

/* Each name of "a,b,-" as a field. */
static inline void w_names(Text *out, int field, const char *names)
{
    while (*names) {
        size_t length = strcspn(names, ",");
        bool none = length == 1 && *names == '-';
        w_bytes(out, field, names, none ? 0 : length);
        names += length + (names[length] == ',');
    }
}

/* ---- messages of ONNX ------------------------------------------------------ */

static inline void w_import(Text *out, int field, const char *domain,
                            int64_t version)
{
    Text import = { 0 };
    w_text(&import, 1, domain);
    w_int(&import, 2, version);
    w_message(out, field, &import);
}

/* Of the shape "2,3", "" for a scalar; a letter is a symbol. */
static inline Text make_value(const char *name, int type, const char *shape)
{
    Text value = { 0 }, outer = { 0 }, tensor = { 0 }, dims = { 0 };
    for (const char *at = shape; at && *at;) {
        Text dim = { 0 };
        size_t length = strcspn(at, ",");
        if ((*at >= '0' && *at <= '9') || *at == '-')
            w_int(&dim, 1, strtoll(at, NULL, 10));
        else
            w_bytes(&dim, 2, at, length);
        w_message(&dims, 1, &dim);
        at += length + (at[length] == ',');
    }
    w_int(&tensor, 1, type);
    if (shape)
        w_message(&tensor, 2, &dims);
    w_message(&outer, 1, &tensor);
    w_text(&value, 1, name);
    w_message(&value, 2, &outer);
    return value;
}

/* Without its data. */
static inline Text make_tensor(const char *name, int type, const char *shape)
{
    Text tensor = { 0 };
    for (const char *at = shape; *at;) {
        w_int(&tensor, TENSOR_DIM, strtoll(at, NULL, 10));
        at += strcspn(at, ",");
        at += *at == ',';
    }
    w_int(&tensor, TENSOR_TYPE, type);
    w_text(&tensor, TENSOR_NAME, name);
    return tensor;
}

/* Without attributes. */
static inline Text make_node(const char *op, const char *inputs,
                             const char *outputs)
{
    Text node = { 0 };
    w_names(&node, NODE_INPUT, inputs);
    w_names(&node, NODE_OUTPUT, outputs);
    w_text(&node, NODE_OP, op);
    return node;
}

static inline Text make_attr(const char *name, int type)
{
    Text attr = { 0 };
    w_text(&attr, ATTR_NAME, name);
    if (type)
        w_int(&attr, ATTR_TYPE, type);
    return attr;
}

/* ---- models ----------------------------------------------------------------- */

static inline void put_input(Builder *b, const char *name, int type,
                             const char *shape)
{
    Text value = make_value(name, type, shape);
    w_message(&b->graph, GRAPH_INPUT, &value);
}

static inline void put_output(Builder *b, const char *name, int type,
                              const char *shape)
{
    Text value = make_value(name, type, shape);
    w_message(&b->graph, GRAPH_OUTPUT, &value);
}

static inline void put_node(Builder *b, const char *op, const char *inputs,
                            const char *outputs)
{
    Text node = make_node(op, inputs, outputs);
    w_message(&b->graph, GRAPH_NODE, &node);
}

/* A node with one attribute, which is freed. */
static inline void put_node_with(Builder *b, const char *op, const char *inputs,
                                 const char *outputs, Text *attr)
{
    Text node = make_node(op, inputs, outputs);
    w_message(&node, NODE_ATTR, attr);
    w_message(&b->graph, GRAPH_NODE, &node);
}

/* An initialiser; the tensor is freed. */
static inline void put_tensor(Builder *b, Text *tensor)
{
    w_message(&b->graph, GRAPH_TENSOR, tensor);
}

static inline void put_floats(Builder *b, const char *name, const char *shape,
                              const float *data, size_t count)
{
    Text tensor = make_tensor(name, 1, shape);
    w_bytes(&tensor, TENSOR_RAW, data, 4 * count);
    put_tensor(b, &tensor);
}

/* input x, y = Relu(x), output y. */
static inline Builder relu_model(void)
{
    Builder b = { 0 };
    put_input(&b, "x", 1, "2,3");
    put_node(&b, "Relu", "x", "y");
    put_output(&b, "y", 1, "2,3");
    return b;
}

static inline Text b_bytes(const Builder *b)
{
    Text model = { 0 };
    w_int(&model, MODEL_IR, b->ir ? b->ir : 8);
    w_bytes(&model, MODEL_GRAPH, text_get(&b->graph), b->graph.length);
    w_import(&model, MODEL_IMPORT, "", b->opset ? b->opset : 13);
    text_addn(&model, text_get(&b->tail), b->tail.length);
    return model;
}

/* ---- reading ------------------------------------------------------------------ */

/* Reads bytes, keeps what was said, checks that an error means no model. */
static inline OnnxModel *b_read_bytes(Builder *b, const void *data, size_t size)
{
    size_t length;
    FILE *stream = open_memstream(&b->said, &length);
    b->arena = arena_new();
    diag_set_options((DiagOptions){ .stream = stream });
    diag_reset();
    b->model = onnx_read_bytes(b->arena, "net.onnx", data, size, b->folder);
    diag_flush();
    CU_ASSERT((b->model != NULL) == (diag_error_count() == 0));
    diag_set_options((DiagOptions){ 0 });
    fclose(stream);
    return b->model;
}

static inline OnnxModel *b_read(Builder *b)
{
    Text bytes = b_bytes(b);
    OnnxModel *model = b_read_bytes(b, text_get(&bytes), bytes.length);
    text_free(&bytes);
    if (b->said[0])
        fprintf(stderr, "%s", b->said);
    return model;
}

static inline void b_free(Builder *b)
{
    arena_free(b->arena);
    free(b->said);
    text_free(&b->graph);
    text_free(&b->tail);
    *b = (Builder){ 0 };
}

/* Whether the bytes are refused with a message that holds the text. */
static inline bool b_refuses_bytes(Builder *b, const void *data, size_t size,
                                   const char *message)
{
    bool good =
        !b_read_bytes(b, data, size) && strstr(b->said, message) != NULL;
    if (!good)
        fprintf(stderr, "\nwanted: %s\ngot: %s\n", message, b->said);
    b_free(b);
    return good;
}

static inline bool b_refuses(Builder *b, const char *message)
{
    Text bytes = b_bytes(b);
    bool good = b_refuses_bytes(b, text_get(&bytes), bytes.length, message);
    text_free(&bytes);
    return good;
}

#endif
