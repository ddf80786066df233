/*
 * test_attr.c - attributes from text and back; the table of operators.
 */
#include "net.h"
#include "unit.h"

/* One attribute of each kind. */
static const AttrInfo kinds[] = {
    { "int", ATTR_INT, 0, NULL },   { "float", ATTR_FLOAT, 0, NULL },
    { "bool", ATTR_BOOL, 0, NULL }, { "size", ATTR_SIZE, 0, NULL },
    { "pad", ATTR_PAD, 0, NULL },   { "floats", ATTR_FLOATS, 0, NULL },
    { "ints", ATTR_INTS, 0, NULL }, { "dtype", ATTR_DTYPE, 0, NULL },
};

typedef union AnyAttr {
    int64_t number;
    double real;
    bool flag;
    Size size;
    Pad pad;
    FloatList floats;
    IntList ints;
    DType dtype;
} AnyAttr;

/* The text that the attribute prints after it read this one; NULL: refused. */
static const char *again(AttrKind kind, const char *text)
{
    Arena *arena = arena_new();
    AnyAttr value = { 0 };
    const char *result = NULL;
    Text out = { 0 };
    if (attr_parse(&kinds[kind], &value, text, arena)) {
        attr_text(&out, &kinds[kind], &value);
        result = name_intern(text_get(&out));
    }
    text_free(&out);
    arena_free(arena);
    return result;
}

static void test_values_of_every_kind(void)
{
    static const struct {
        AttrKind kind;
        const char *text, *again;
    } rows[] = {
        { ATTR_INT, "-7", "-7" },
        { ATTR_FLOAT, "1e-5", "1e-5" },
        { ATTR_FLOAT, "-inf", "-inf" },
        { ATTR_BOOL, "yes", "yes" },
        { ATTR_BOOL, "no", "no" },
        { ATTR_SIZE, "3", "3" },
        { ATTR_SIZE, "3x5", "3x5" },
        { ATTR_SIZE, "3x5x7", "3x5x7" },
        { ATTR_SIZE, "kernel", "kernel" },
        { ATTR_PAD, "same", "same" },
        { ATTR_PAD, "valid", "valid" },
        { ATTR_PAD, "2", "2" },
        { ATTR_PAD, "1x2", "[1, 2]" },
        { ATTR_PAD, "[1,2, 3 ,4]", "[1, 2, 3, 4]" },
        { ATTR_FLOATS, "0.5", "[0.5]" },
        { ATTR_FLOATS, "[0.5, -1]", "[0.5, -1]" },
        { ATTR_INTS, "[20, -1]", "[20, -1]" },
        { ATTR_INTS, "[]", "[]" },
        { ATTR_INTS, "5", "[5]" },
        { ATTR_DTYPE, "u8", "u8" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *text = again(rows[i].kind, rows[i].text);
        CU_ASSERT_PTR_NOT_NULL_FATAL(text);
        CU_ASSERT_STRING_EQUAL(text, rows[i].again);
        CU_ASSERT_STRING_EQUAL(again(rows[i].kind, text), rows[i].again);
    }
}

static void test_values_that_are_refused(void)
{
    static const struct {
        AttrKind kind;
        const char *text;
    } rows[] = {
        { ATTR_INT, "" },
        { ATTR_INT, "1.5" },
        { ATTR_INT, "99999999999999999999" },
        { ATTR_FLOAT, "x" },
        { ATTR_BOOL, "true" },
        { ATTR_SIZE, "" },
        { ATTR_SIZE, "5y5" },
        { ATTR_SIZE, "3x" },
        { ATTR_SIZE, "1x2x3x4" },
        { ATTR_PAD, "some" },
        { ATTR_PAD, "[1, 2" },
        { ATTR_PAD, "[]" },
        { ATTR_PAD, "[1,2,3,4,5,6,7]" },
        { ATTR_FLOATS, "[]" },
        { ATTR_FLOATS, "[1,,2]" },
        { ATTR_INTS, "[1, x]" },
        { ATTR_INTS, "" },
        { ATTR_INTS, "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]" },
        { ATTR_DTYPE, "f31" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (again(rows[i].kind, rows[i].text))
            fprintf(stderr, "\n'%s' was taken\n", rows[i].text);
        CU_ASSERT_PTR_NULL(again(rows[i].kind, rows[i].text));
    }
}

static void test_every_default_is_a_value(void)
{
    Arena *arena = arena_new();
    for (int op = 0; op < OP_COUNT; op++) {
        const OpInfo *info = &op_info[op];
        char *attrs = arena_alloc(arena, info->attrs_size);
        CU_ASSERT(info->attr_count <= MAX_ATTRS);
        CU_ASSERT(info->least_inputs >= 1);
        CU_ASSERT(info->most_inputs >= info->least_inputs);
        for (int i = 0; i < info->attr_count; i++) {
            CU_ASSERT(info->attrs[i].offset < info->attrs_size);
            if (info->attrs[i].fallback)
                CU_ASSERT(attr_parse(&info->attrs[i], attrs,
                                     info->attrs[i].fallback, arena));
        }
    }
    arena_free(arena);
}

static void test_operators_are_found_by_name(void)
{
    for (int op = 0; op < OP_COUNT; op++)
        CU_ASSERT_EQUAL(op_find(op_info[op].name), (Op)op);
    CU_ASSERT_EQUAL(op_find("maxpol"), OP_COUNT);
}

static void test_required_attributes_come_before_optional_ones(void)
{
    for (int op = 0; op < OP_COUNT; op++) {
        bool optional = false;
        for (int i = 0; i < op_info[op].attr_count; i++) {
            optional = optional || op_info[op].attrs[i].fallback;
            CU_ASSERT(optional == (op_info[op].attrs[i].fallback != NULL));
        }
    }
}

static void test_losses_have_names(void)
{
    Loss loss = LOSS_NONE;
    for (int i = LOSS_MEAN_SQUARED_ERROR; i <= LOSS_CATEGORICAL_CROSSENTROPY;
         i++) {
        CU_ASSERT(loss_parse(loss_name((Loss)i), &loss));
        CU_ASSERT_EQUAL(loss, (Loss)i);
    }
    CU_ASSERT_FALSE(loss_parse("none", &loss));
}

static const UnitTest tests[] = {
    UNIT(test_values_of_every_kind),
    UNIT(test_values_that_are_refused),
    UNIT(test_every_default_is_a_value),
    UNIT(test_operators_are_found_by_name),
    UNIT(test_required_attributes_come_before_optional_ones),
    UNIT(test_losses_have_names),
};
UNIT_MAIN("attributes", tests)
