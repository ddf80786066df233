/*
 * seeds.h - small models of many operators, as texts.
 *
 *     opset 13
 *     in x 1 1,3,8,8                   an input: name, type, shape
 *     weight w 1 4,3,3,3               an initialiser that counts 0, 1, 2, ...
 *     list s 7 1,-1                    int64 elements that are listed
 *     node Conv x,w y pads=1,1,1,1     operator, inputs, outputs, attributes
 *     out y 1 1,4,8,8
 *
 * A node without inputs reads "none". An attribute is a list of integers where
 * it holds a comma ("2," for one of a single element), a number as it is
 * written, or else a text.
 */
#ifndef CNNC_TESTS_IMPORT_SEEDS_H
#define CNNC_TESTS_IMPORT_SEEDS_H

#include "import/models.h"

static const char *const seeds[] = {
    "opset 13\nin x 1 2,3\nnode Relu x y\nout y 1 2,3\n",
    /* a small network of today, and one of opset 6 */
    "opset 17\nin x 1 1,2,8,8\nweight w 1 4,2,3,3\nweight b 1 4\n"
    "weight f 1 64,5\nweight g 1 5\n"
    "node Conv x,w,b c kernel_shape=3,3 pads=1,1,1,1 strides=1,1 group=1\n"
    "node Relu c r\n"
    "node MaxPool r m kernel_shape=2,2 strides=2,2 ceil_mode=0\n"
    "node Flatten m v axis=1\nnode Gemm v,f,g h alpha=1.0 beta=1.0 transB=0\n"
    "node Softmax h y axis=-1\nout y 1 1,5\n",
    "opset 6\nin x 1 1,2,4,4\nin s 1 2\nweight s 1 2\nweight o 1 2\n"
    "weight m 1 2\nweight v 1 2\n"
    "node BatchNormalization x,s,o,m,v b epsilon=0.001 is_test=1\n"
    "node Sigmoid b c\nnode AveragePool c a kernel_shape=2,2 auto_pad=VALID\n"
    "node Clip a d min=-1.0 max=1.0\nnode Mul d,o y axis=1 broadcast=1\n"
    "out y 1 1,2,3,3\n",
    /* shapes computed by the model */
    "opset 13\nin x 1 2,3,4\nlist i 7 0,\nlist t 7 -1,\nlist z 7 0,\n"
    "node Shape x s\nnode Gather s,i g axis=0\nnode Concat g,t n axis=0\n"
    "node Reshape x,n y\nout y 1 2,12\n",
    "opset 13\nin x 1 N,3\nlist a 7 0,\nlist n 7 2,3\n"
    "node Unsqueeze x,a u\nnode Squeeze u,a q\nnode Identity q d\n"
    "node Constant none c value_float=0.5\nnode Add d,c e\n"
    "node ConstantOfShape n k\nnode Cast k l to=1\nnode Add e,l y\n"
    "out y 1 N,3\n",
    /* moving elements */
    "opset 13\nin x 1 2,3,4\nlist p 7 0,0,1,0,0,1\nlist b 7 0,\nlist e 7 2,\n"
    "list a 7 2,\nlist n 7 2,2\n"
    "node Transpose x t perm=2,0,1\nnode Pad x,p q mode=constant\n"
    "node Slice x,b,e,a s\nnode Split x,n l,r axis=2\nnode Concat l,r j axis=2\n"
    "out t 1 4,2,3\nout q 1 2,3,6\nout s 1 2,3,2\nout j 1 2,3,4\n",
    "opset 18\nin x 1 1,1,4,4\nlist d 7 1,1,8,8\n"
    "node Resize x,-,-,d z mode=nearest "
    "coordinate_transformation_mode=asymmetric nearest_mode=floor\n"
    "out z 1 1,1,8,8\n",
    "opset 13\nin x 1 1,4,2,2\nnode DepthToSpace x y blocksize=2 mode=CRD\n"
    "node SpaceToDepth y z blocksize=2\nout z 1 1,4,2,2\n",
    "opset 13\nin x 1 2,1\nlist e 7 2,3\nlist t 7 1,2\nnode Expand x,e a\n"
    "node Tile a,t y\nout y 1 2,6\n",
    /* arithmetic, comparisons, reductions */
    "opset 13\nin x 1 2,3\nin u 1 3\n"
    "node Greater x,u c\nnode Where c,x,u w\nnode Not c n\nnode Cast n f to=1\n"
    "node Sum w,f,u y\nout y 1 2,3\n",
    "opset 13\nin x 1 2,3\nlist a 7 1,\nnode ReduceSum x,a s keepdims=1\n"
    "node ReduceMean x m axes=0, keepdims=0\n"
    "node ReduceL2 x l axes=0,1 keepdims=0\n"
    "node ArgMax x i axis=1 keepdims=0\nout s 1 2,1\nout m 1 3\nout l 1\n"
    "out i 7 2\n",
    "opset 16\nin x 1 2,3\nweight u 1 3\nnode PRelu x,u p\n"
    "node LeakyRelu p l alpha=0.1\nnode Erf l e\nout e 1 2,3\n",
    "opset 13\nin x 1 2,3\nin m 1 3,4\nnode MatMul x,m a\n"
    "node Exp a b\nnode Sqrt b c\nnode Pow c,c y\nout y 1 2,4\n",
    /* images */
    "opset 13\nin q 2 1,2,4,4\nweight s 1 2\nnode Cast q f to=1\n"
    "node LRN f r size=3 alpha=0.1 beta=0.75 bias=1.0\n"
    "node InstanceNormalization r,s,s t epsilon=0.01\n"
    "node GlobalAveragePool t y\nout y 1 1,2,1,1\n",
    "opset 13\nin x 1 1,2,3,3\nweight w 1 2,1,2,2\n"
    "node ConvTranspose x,w y strides=2,2 kernel_shape=2,2\nout y 1 1,1,6,6\n",
    "opset 17\nin x 1 2,4\nweight s 1 4\n"
    "node LayerNormalization x,s,s y axis=-1 epsilon=0.01\n"
    "node LogSoftmax y z axis=1\nout z 1 2,4\n",
};

/* The next word of the line; "" at its end. */
static inline const char *seed_word(const char **at, char *word, size_t room)
{
    size_t length;
    *at += strspn(*at, " ");
    length = strcspn(*at, " \n");
    snprintf(word, room, "%.*s", (int)length, *at);
    *at += length;
    return word;
}

/* One element for each dimension's product, counted; listed: "1,-1". */
static inline void seed_tensor(Builder *b, const char *name, int type,
                               const char *shape, const char *list)
{
    char rank[16] = "";
    int64_t count = 1;
    int elements = list ? 0 : 1;
    for (const char *at = list; at && *at; at += *at == ',') {
        at += strcspn(at, ",");
        elements++;
    }
    snprintf(rank, sizeof rank, "%d", elements);
    Text tensor = make_tensor(name, type, list ? rank : shape);
    for (const char *at = shape; !list && *at; at += *at == ',') {
        count *= strtoll(at, NULL, 10);
        at += strcspn(at, ",");
    }
    for (int64_t i = 0; !list && i < count; i++)
        w_float(&tensor, TENSOR_FLOAT, (float)i);
    for (const char *at = list; at && *at; at += *at == ',') {
        w_int(&tensor, TENSOR_INT64, strtoll(at, NULL, 10));
        at += strcspn(at, ",");
    }
    put_tensor(b, &tensor);
}

static inline void seed_attr(Text *node, const char *word)
{
    char name[64];
    const char *value = strchr(word, '=') + 1;
    snprintf(name, sizeof name, "%.*s", (int)(value - word - 1), word);
    bool is_number = strspn(value, "-.0123456789,") == strlen(value);
    bool is_list = is_number && strchr(value, ',');
    bool is_float = is_number && strchr(value, '.');
    Text attr = make_attr(name, is_list     ? ONNX_INTS
                                : is_float  ? ONNX_FLOAT
                                : is_number ? ONNX_INT
                                            : ONNX_STRING);
    for (const char *at = value; is_list && *at; at += *at == ',') {
        w_int(&attr, ATTR_INTS, strtoll(at, NULL, 10));
        at += strcspn(at, ",");
    }
    if (is_float)
        w_float(&attr, ATTR_F, strtof(value, NULL));
    else if (is_number && !is_list)
        w_int(&attr, ATTR_I, strtoll(value, NULL, 10));
    else if (!is_list)
        w_text(&attr, ATTR_S, value);
    w_message(node, NODE_ATTR, &attr);
}

static inline void seed_node(Builder *b, const char *line)
{
    char op[64], in[64], out[64], word[64];
    seed_word(&line, op, sizeof op);
    seed_word(&line, in, sizeof in);
    seed_word(&line, out, sizeof out);
    Text node = make_node(op, strcmp(in, "none") == 0 ? "" : in, out);
    while (*seed_word(&line, word, sizeof word))
        seed_attr(&node, word);
    w_message(&b->graph, GRAPH_NODE, &node);
}

static inline void seed_line(Builder *b, const char *line)
{
    char kind[16], name[64], type[16], shape[64];
    seed_word(&line, kind, sizeof kind);
    if (strcmp(kind, "node") == 0) {
        seed_node(b, line);
        return;
    }
    seed_word(&line, name, sizeof name);
    seed_word(&line, type, sizeof type);
    seed_word(&line, shape, sizeof shape);
    if (strcmp(kind, "opset") == 0)
        b->opset = strtoll(name, NULL, 10);
    else if (strcmp(kind, "in") == 0)
        put_input(b, name, atoi(type), shape);
    else if (strcmp(kind, "out") == 0)
        put_output(b, name, atoi(type), shape);
    else
        seed_tensor(b, name, atoi(type), shape,
                    strcmp(kind, "list") == 0 ? shape : NULL);
}

/* The model of a text of the list. */
static inline Builder seed_model(const char *text)
{
    Builder b = { 0 };
    for (; *text; text++) {
        seed_line(&b, text);
        text += strcspn(text, "\n");
    }
    return b;
}

#endif
