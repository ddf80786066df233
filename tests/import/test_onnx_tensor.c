/*
 * test_onnx_tensor.c - tensors: types, shapes, where their data are.
 */
#include "import/models.h"

/* A model with that initialiser, which nothing reads. */
static Builder with_tensor(Text *tensor)
{
    Builder b = relu_model();
    put_tensor(&b, tensor);
    return b;
}

static const OnnxTensor *first(Builder *b)
{
    OnnxModel *model = b_read(b);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    CU_ASSERT_EQUAL_FATAL(model->graph->initializer_count, 1);
    return model->graph->initializer[0];
}

typedef struct TypeCase {
    int code;
    DType type;
    const char *bytes; /* of the element */
    double value;
    int field; /* of the typed data */
    const char *wire;
    size_t wire_size;
} TypeCase;

static const TypeCase types[] = {
    { 1, DT_F32, "\x00\x00\xc0\xbf", -1.5, TENSOR_FLOAT, "\x00\x00\xc0\xbf",
      4 },
    { 2, DT_U8, "\xff", 255, TENSOR_INT32, "\xff\x01", 2 },
    { 3, DT_I8, "\xfe", -2, TENSOR_INT32,
      "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10 },
    { 4, DT_U16, "\xff\xff", 65535, TENSOR_INT32, "\xff\xff\x03", 3 },
    { 5, DT_I16, "\x00\x80", -32768, TENSOR_INT32,
      "\x80\x80\xfe\xff\xff\xff\xff\xff\xff\x01", 10 },
    { 6, DT_I32, "\x00\x00\x00\x80", -2147483648.0, TENSOR_INT32,
      "\x80\x80\x80\x80\xf8\xff\xff\xff\xff\x01", 10 },
    { 7, DT_I64, "\xff\xff\xff\xff\xff\xff\xff\xff", -1, TENSOR_INT64,
      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10 },
    { 9, DT_BOOL, "\x01", 1, TENSOR_INT32, "\x01", 1 },
    { 10, DT_F16, "\x00\xc0", -2, TENSOR_INT32, "\x80\x80\x03", 3 },
    { 11, DT_F64, "\x00\x00\x00\x00\x00\x00\x04\x40", 2.5, TENSOR_DOUBLE,
      "\x00\x00\x00\x00\x00\x00\x04\x40", 8 },
    { 12, DT_U32, "\xff\xff\xff\xff", 4294967295.0, TENSOR_UINT64,
      "\xff\xff\xff\xff\x0f", 5 },
    { 13, DT_U64, "\x00\x00\x00\x00\x00\x00\x00\x80", 9223372036854775808.0,
      TENSOR_UINT64, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 10 },
    { 16, DT_BF16, "\x40\xc0", -3, TENSOR_INT32, "\xc0\x80\x03", 3 },
};

static void check_element(Text *tensor, const TypeCase *c)
{
    Builder b = with_tensor(tensor);
    const OnnxTensor *t = first(&b);
    CU_ASSERT_EQUAL(t->type, c->type);
    CU_ASSERT_EQUAL(t->rank, 1);
    CU_ASSERT_EQUAL(t->count, 1);
    CU_ASSERT_EQUAL(onnx_tensor_number(t, 0), c->value);
    CU_ASSERT_EQUAL((uintptr_t)t->data % 8, 0);
    b_free(&b);
}

static void test_raw_data_of_every_type(void)
{
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        Text tensor = make_tensor("w", types[i].code, "1");
        w_bytes(&tensor, TENSOR_RAW, types[i].bytes,
                (size_t)dtype_size(types[i].type));
        check_element(&tensor, &types[i]);
    }
}

static void test_typed_data_of_every_type(void)
{
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        Text tensor = make_tensor("w", types[i].code, "1");
        w_bytes(&tensor, types[i].field, types[i].wire, types[i].wire_size);
        check_element(&tensor, &types[i]);
    }
}

static void test_typed_data_in_the_field_of_another_type(void)
{
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        Text tensor = make_tensor("w", types[i].code, "1");
        w_text(&tensor, TENSOR_STRING, "1");
        Builder b = with_tensor(&tensor);
        CU_ASSERT(b_refuses(&b, "initialiser 'w' has 0 elements of data"));
    }
}

static void test_halves_and_their_extremes(void)
{
    static const struct {
        uint16_t bits;
        double value;
    } halves[] = { { 0x0000, 0 },       { 0x3c00, 1 },
                   { 0x0001, 0x1p-24 }, { 0x03ff, 0x3ffp-24 },
                   { 0x0400, 0x1p-14 }, { 0x7bff, 65504 },
                   { 0xfbff, -65504 } };
    for (size_t i = 0; i < COUNT_OF(halves); i++) {
        OnnxTensor t = { .type = DT_F16, .count = 1, .data = &halves[i].bits };
        CU_ASSERT_EQUAL(onnx_tensor_number(&t, 0), halves[i].value);
    }
    const uint16_t infinity = 0x7c00, nan = 0x7e00;
    OnnxTensor t = { .type = DT_F16, .count = 1, .data = &infinity };
    CU_ASSERT(onnx_tensor_number(&t, 0) > 1e300);
    t.data = &nan;
    CU_ASSERT(onnx_tensor_number(&t, 0) != onnx_tensor_number(&t, 0));
}

static void test_integers_beyond_the_signed_ones(void)
{
    const uint64_t most = UINT64_MAX;
    OnnxTensor t = { .type = DT_U64, .count = 1, .data = &most };
    CU_ASSERT_EQUAL(onnx_tensor_integer(&t, 0), INT64_MAX);
}

static void test_raw_bools_are_0_or_1(void)
{
    Text tensor = make_tensor("w", 9, "3");
    w_bytes(&tensor, TENSOR_RAW, "\x00\x02\xff", 3);
    Builder b = with_tensor(&tensor);
    const OnnxTensor *t = first(&b);
    CU_ASSERT_EQUAL(memcmp(t->data, "\x00\x01\x01", 3), 0);
    b_free(&b);
}

static void test_an_element_outside_of_its_type(void)
{
    Text tensor = make_tensor("w", 3, "2");
    w_int(&tensor, TENSOR_INT32, 127);
    w_int(&tensor, TENSOR_INT32, 128);
    Builder b = with_tensor(&tensor);
    CU_ASSERT(b_refuses(&b, "initialiser 'w' has the element 128, which is no "
                            "int8 (element 1)"));
    tensor = make_tensor("w", 12, "1");
    w_int(&tensor, TENSOR_UINT64, INT64_C(1) << 32);
    b = with_tensor(&tensor);
    CU_ASSERT(b_refuses(&b, "which is no uint32"));
}

static void test_scalars_and_empty_tensors(void)
{
    Text tensor = make_tensor("w", 7, "");
    w_int(&tensor, TENSOR_INT64, -5);
    Builder b = with_tensor(&tensor);
    const OnnxTensor *t = first(&b);
    CU_ASSERT_EQUAL(t->rank, 0);
    CU_ASSERT_EQUAL(t->count, 1);
    CU_ASSERT_EQUAL(onnx_tensor_integer(t, 0), -5);
    b_free(&b);
    tensor = make_tensor("w", 7, "3,0");
    b = with_tensor(&tensor);
    t = first(&b);
    CU_ASSERT_EQUAL(t->count, 0);
    CU_ASSERT_PTR_NOT_NULL(t->data);
    b_free(&b);
}

static void test_data_as_long_as_the_shape_says(void)
{
    for (size_t size = 0; size < 40; size++) {
        Text tensor = make_tensor("w", 1, "2,3");
        w_bytes(&tensor, TENSOR_RAW, "0123456789012345678901234567890123456789",
                size);
        Builder b = with_tensor(&tensor);
        if (size != 24) {
            CU_ASSERT(b_refuses(&b, "its shape [2, 3] of float makes it"));
            continue;
        }
        first(&b);
        b_free(&b);
    }
}

static void test_data_in_two_places(void)
{
    Text tensor = make_tensor("w", 1, "1");
    w_bytes(&tensor, TENSOR_RAW, "0123", 4);
    w_float(&tensor, TENSOR_FLOAT, 1);
    Builder b = with_tensor(&tensor);
    CU_ASSERT(b_refuses(&b, "initialiser 'w' has data in more than one place"));
}

static void test_a_segment_is_refused(void)
{
    Text tensor = make_tensor("w", 1, "1");
    w_bytes(&tensor, TENSOR_RAW, "0123", 4);
    w_text(&tensor, TENSOR_SEGMENT, "");
    Builder b = with_tensor(&tensor);
    CU_ASSERT(b_refuses(&b, "is a segment of a tensor"));
}

static void test_shapes_that_are_none(void)
{
    static const struct {
        const char *shape, *message;
    } shapes[] = {
        { "-1", "has a negative dimension: [-1]" },
        { "1,1,1,1,1,1,1,1,1", "has 9 dimensions, more than 8" },
        { "4294967296,4294967296", "overflows: [4294967296, 4294967296]" },
        { "0,4294967296,4294967296", "overflows" },
        { "9223372036854775807", "overflows" },
        { "1099511627776", "has 4 bytes of data" },
    };
    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        Text tensor = make_tensor("w", 1, shapes[i].shape);
        w_bytes(&tensor, TENSOR_RAW, "0123", 4);
        Builder b = with_tensor(&tensor);
        CU_ASSERT(b_refuses(&b, shapes[i].message));
    }
}

static void test_an_unread_tensor_of_any_type_does_not_matter(void)
{
    Text tensor = make_tensor("words", 8, "1");
    w_text(&tensor, TENSOR_STRING, "hello");
    Builder b = with_tensor(&tensor);
    OnnxModel *model = b_read(&b);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    CU_ASSERT_EQUAL(model->graph->initializer_count, 0);
    b_free(&b);
}

static void test_a_tensor_that_is_read_has_a_supported_type(void)
{
    static const struct {
        int code;
        const char *name;
    } others[] = { { 0, "undefined" },     { 8, "string" }, { 14, "complex64" },
                   { 17, "float8e4m3fn" }, { 22, "int4" },  { 99, "number 99" },
                   { -1, "number -1" } };
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        Builder b = { 0 };
        Text tensor = make_tensor("w", others[i].code, "1");
        char message[100];
        put_tensor(&b, &tensor);
        put_node(&b, "Relu", "w", "y");
        put_output(&b, "y", 1, NULL);
        snprintf(message, sizeof message,
                 "reads 'w', an initialiser of type %s, which is not",
                 others[i].name);
        CU_ASSERT(b_refuses(&b, message));
    }
}

static void test_a_code_is_not_cut_to_a_known_one(void)
{
    Builder b = { 0 };
    Text tensor = make_tensor("w", 0, "1");
    w_bytes(&tensor, TENSOR_RAW, "0123", 4);
    tensor.length = 0;
    w_int(&tensor, TENSOR_DIM, 1);
    w_int(&tensor, TENSOR_TYPE, (INT64_C(1) << 32) + 1);
    w_text(&tensor, TENSOR_NAME, "w");
    w_bytes(&tensor, TENSOR_RAW, "0123", 4);
    put_tensor(&b, &tensor);
    put_node(&b, "Relu", "w", "y");
    put_output(&b, "y", 1, NULL);
    CU_ASSERT(b_refuses(&b, "of type number 4294967297"));
}

static void test_an_initialiser_has_a_name(void)
{
    Text tensor = make_tensor("", 1, "1");
    w_bytes(&tensor, TENSOR_RAW, "0123", 4);
    Builder b = with_tensor(&tensor);
    CU_ASSERT(b_refuses(&b, "an initialiser has no name"));
}

static void test_sparse_initialisers_are_refused(void)
{
    Builder b = relu_model();
    Text sparse = { 0 }, values = make_tensor("w", 1, "1");
    w_message(&sparse, 1, &values);
    w_message(&b.graph, GRAPH_SPARSE, &sparse);
    CU_ASSERT(b_refuses(&b, "sparse initialiser 'w' is not supported"));
}

static const UnitTest tests[] = {
    UNIT(test_raw_data_of_every_type),
    UNIT(test_typed_data_of_every_type),
    UNIT(test_typed_data_in_the_field_of_another_type),
    UNIT(test_halves_and_their_extremes),
    UNIT(test_integers_beyond_the_signed_ones),
    UNIT(test_raw_bools_are_0_or_1),
    UNIT(test_an_element_outside_of_its_type),
    UNIT(test_scalars_and_empty_tensors),
    UNIT(test_data_as_long_as_the_shape_says),
    UNIT(test_data_in_two_places),
    UNIT(test_a_segment_is_refused),
    UNIT(test_shapes_that_are_none),
    UNIT(test_an_unread_tensor_of_any_type_does_not_matter),
    UNIT(test_a_tensor_that_is_read_has_a_supported_type),
    UNIT(test_a_code_is_not_cut_to_a_known_one),
    UNIT(test_an_initialiser_has_a_name),
    UNIT(test_sparse_initialisers_are_refused),
};
UNIT_MAIN("ONNX tensors", tests)
