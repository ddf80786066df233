/*
 * test_onnx_function.c - a model's own functions, unfolded.
 */
#include "import/models.h"

enum {
    FUNCTION_NAME = 1,
    FUNCTION_INPUT = 4,
    FUNCTION_OUTPUT = 5,
    FUNCTION_ATTR = 6,
    FUNCTION_NODE = 7,
    FUNCTION_IMPORT = 9,
    FUNCTION_DOMAIN = 10,
    FUNCTION_PRESET = 11,
    FUNCTION_OVERLOAD = 13
};

/* Of the domain "f", without nodes. */
static Text make_function(const char *name, const char *inputs,
                          const char *outputs)
{
    Text function = { 0 };
    w_text(&function, FUNCTION_NAME, name);
    w_text(&function, FUNCTION_DOMAIN, "f");
    w_names(&function, FUNCTION_INPUT, inputs);
    w_names(&function, FUNCTION_OUTPUT, outputs);
    w_import(&function, FUNCTION_IMPORT, "", 13);
    w_import(&function, FUNCTION_IMPORT, "f", 1);
    return function;
}

static void body_node(Text *function, const char *domain, const char *op,
                      const char *inputs, const char *outputs)
{
    Text node = make_node(op, inputs, outputs);
    w_text(&node, NODE_DOMAIN, domain);
    w_message(function, FUNCTION_NODE, &node);
}

static void put_function(Builder *b, Text *function)
{
    w_message(&b->tail, MODEL_FUNCTION, function);
}

static void put_call(Builder *b, const char *op, const char *inputs,
                     const char *outputs, Text *attr)
{
    Text node = make_node(op, inputs, outputs);
    w_text(&node, NODE_DOMAIN, "f");
    if (attr)
        w_message(&node, NODE_ATTR, attr);
    w_message(&b->graph, GRAPH_NODE, &node);
}

/* x -> F -> y. */
static Builder call_model(void)
{
    Builder b = { 0 };
    put_input(&b, "x", 1, "2");
    put_call(&b, "F", "x", "y", NULL);
    put_output(&b, "y", 1, "2");
    return b;
}

static bool lists(Builder *b, const char *listing)
{
    OnnxModel *model = b_read(b);
    bool good = model && strcmp(model->listing->text, listing) == 0;
    if (!good)
        fprintf(stderr, "\n%s", model ? model->listing->text : b->said);
    b_free(b);
    return good;
}

static void test_a_call_becomes_its_nodes(void)
{
    Builder b = call_model();
    Text f = make_function("F", "a", "b");
    body_node(&f, "", "Erf", "a", "t");
    body_node(&f, "", "Mul", "a,t", "b");
    put_function(&b, &f);
    CU_ASSERT(lists(&b, "call1.F/t = Erf(x)\n"
                        "y = Mul(x, call1.F/t)\n"));
}

static void test_names_of_calls_do_not_meet(void)
{
    Builder b = { 0 };
    Text f = make_function("F", "a", "b"), g = make_function("G", "a", "b");
    put_input(&b, "x", 1, "2");
    put_call(&b, "G", "x", "call2.F/t", NULL);
    put_call(&b, "F", "call2.F/t", "y", NULL);
    put_output(&b, "y", 1, "2");
    body_node(&f, "", "Erf", "a", "t");
    body_node(&f, "", "Neg", "t", "b");
    body_node(&g, "f", "F", "a", "t");
    body_node(&g, "f", "F", "t", "b");
    put_function(&b, &g);
    put_function(&b, &f);
    CU_ASSERT(lists(&b, "call_2.F/t = Erf(x)\n"
                        "call_1.G/t = Neg(call_2.F/t)\n"
                        "call_3.F/t = Erf(call_1.G/t)\n"
                        "call2.F/t = Neg(call_3.F/t)\n"
                        "call_4.F/t = Erf(call2.F/t)\n"
                        "y = Neg(call_4.F/t)\n"));
}

static void test_inputs_and_outputs_that_are_left_out(void)
{
    Builder b = { 0 };
    Text f = make_function("F", "a,b,c", "p,q");
    put_input(&b, "x", 1, "2");
    put_call(&b, "F", "x,-", "-,y", NULL);
    put_output(&b, "y", 1, "2");
    body_node(&f, "", "Op", "a,b,c", "p,q");
    put_function(&b, &f);
    CU_ASSERT(lists(&b, "call1.F/p, y = Op(x)\n"));
}

static void test_an_output_that_is_an_input_is_copied(void)
{
    Builder b = { 0 };
    Text f = make_function("F", "a", "a,b");
    put_input(&b, "x", 1, "2");
    put_call(&b, "F", "x", "y,z", NULL);
    put_output(&b, "y", 1, "2");
    put_output(&b, "z", 1, "2");
    body_node(&f, "", "Neg", "a", "b");
    put_function(&b, &f);
    CU_ASSERT(lists(&b, "z = Neg(x)\n"
                        "y = Identity(x)\n"));
}

static Text alpha_of(int type, const char *reference)
{
    Text attr = make_attr("alpha", type);
    w_text(&attr, ATTR_REFERENCE, reference);
    return attr;
}

/* F(a; slope, [bias = 2]) = Op(a; alpha = slope, beta = bias). */
static Text function_with_attrs(void)
{
    Text f = make_function("F", "a", "b"), node = make_node("Op", "a", "b");
    Text alpha = alpha_of(ONNX_INT, "slope"),
         beta = make_attr("beta", ONNX_INT);
    Text preset = make_attr("bias", ONNX_INT);
    w_text(&f, FUNCTION_ATTR, "slope");
    w_int(&preset, ATTR_I, 2);
    w_message(&f, FUNCTION_PRESET, &preset);
    w_text(&beta, ATTR_REFERENCE, "bias");
    w_message(&node, NODE_ATTR, &alpha);
    w_message(&node, NODE_ATTR, &beta);
    w_message(&f, FUNCTION_NODE, &node);
    return f;
}

static void test_attributes_of_a_call_reach_the_body(void)
{
    Builder b = { 0 };
    Text attr = make_attr("slope", ONNX_INT), f = function_with_attrs();
    put_input(&b, "x", 1, "2");
    put_output(&b, "y", 1, "2");
    w_int(&attr, ATTR_I, 7);
    put_call(&b, "F", "x", "y", &attr);
    put_function(&b, &f);
    CU_ASSERT(lists(&b, "y = Op(x) alpha=7 beta=2\n"));
}

static void test_an_attribute_without_a_value_is_left_out(void)
{
    Builder b = call_model();
    Text f = function_with_attrs();
    put_function(&b, &f);
    CU_ASSERT(lists(&b, "y = Op(x) beta=2\n"));
}

static void test_an_attribute_that_the_function_does_not_know(void)
{
    Builder b = { 0 };
    Text attr = make_attr("slop", ONNX_INT), f = function_with_attrs();
    put_call(&b, "F", "x", "y", &attr);
    put_input(&b, "x", 1, "2");
    put_output(&b, "y", 1, "2");
    put_function(&b, &f);
    CU_ASSERT(b_refuses(&b, "node (F) has an attribute 'slop', which its "
                            "function does not know"));
}

static void test_an_attribute_of_another_type(void)
{
    Builder b = { 0 };
    Text attr = make_attr("slope", ONNX_STRING), f = function_with_attrs();
    put_call(&b, "F", "x", "y", &attr);
    put_input(&b, "x", 1, "2");
    put_output(&b, "y", 1, "2");
    put_function(&b, &f);
    CU_ASSERT(b_refuses(&b, "of another type than that of its function"));
}

static void test_a_function_has_operators_of_its_own_version(void)
{
    Builder b = call_model();
    Text f = { 0 }, node = make_node("Neg", "a", "b");
    w_text(&f, FUNCTION_NAME, "F");
    w_text(&f, FUNCTION_DOMAIN, "f");
    w_text(&f, FUNCTION_INPUT, "a");
    w_text(&f, FUNCTION_OUTPUT, "b");
    w_import(&f, FUNCTION_IMPORT, "", 18);
    w_message(&f, FUNCTION_NODE, &node);
    put_function(&b, &f);
    OnnxModel *model = b_read(&b);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    CU_ASSERT_EQUAL(model->opset, 13);
    CU_ASSERT_EQUAL(model->graph->node[0]->opset, 18);
    b_free(&b);
}

static void test_functions_told_apart_by_overload(void)
{
    Builder b = { 0 };
    Text f = make_function("F", "a", "b"), g = make_function("F", "a", "b");
    Text node = make_node("F", "x", "y");
    put_input(&b, "x", 1, "2");
    put_output(&b, "y", 1, "2");
    w_text(&node, NODE_DOMAIN, "f");
    w_text(&node, NODE_OVERLOAD, "two");
    w_message(&b.graph, GRAPH_NODE, &node);
    body_node(&f, "", "Neg", "a", "b");
    body_node(&g, "", "Abs", "a", "b");
    w_text(&g, FUNCTION_OVERLOAD, "two");
    put_function(&b, &f);
    put_function(&b, &g);
    CU_ASSERT(lists(&b, "y = Abs(x)\n"));
}

static void test_a_function_twice(void)
{
    Builder b = call_model();
    for (int i = 0; i < 2; i++) {
        Text f = make_function("F", "a", "b");
        body_node(&f, "", "Neg", "a", "b");
        put_function(&b, &f);
    }
    CU_ASSERT(b_refuses(&b, "function 'F' is there twice"));
}

static void test_a_function_that_calls_itself(void)
{
    Builder b = call_model();
    Text f = make_function("F", "a", "b"), g = make_function("G", "a", "b");
    body_node(&f, "f", "G", "a", "b");
    body_node(&g, "f", "F", "a", "b");
    put_function(&b, &f);
    put_function(&b, &g);
    CU_ASSERT(b_refuses(&b, "function 'F' calls itself"));
}

static void test_a_body_sees_nothing_but_its_inputs(void)
{
    Builder b = call_model();
    Text f = make_function("F", "a", "b");
    body_node(&f, "", "Add", "a,x", "b");
    put_function(&b, &f);
    CU_ASSERT(b_refuses(&b, "reads 'call1.F/x', which nothing makes"));
}

static void test_a_function_makes_its_outputs(void)
{
    Builder b = call_model();
    Text f = make_function("F", "a", "b");
    body_node(&f, "", "Neg", "a", "c");
    put_function(&b, &f);
    CU_ASSERT(b_refuses(&b, "function 'F' does not make its output 'b'"));
}

static void test_formal_names_are_there_once(void)
{
    Builder b = call_model();
    Text f = make_function("F", "a,a", "b");
    put_function(&b, &f);
    CU_ASSERT(b_refuses(&b, "function 'F' has 'a' twice"));
    b = call_model();
    f = make_function("F", "a", "b,b");
    put_function(&b, &f);
    CU_ASSERT(b_refuses(&b, "function 'F' has 'b' twice"));
}

static void test_too_many_inputs_or_outputs(void)
{
    Builder b = { 0 };
    Text f = make_function("F", "a", "b");
    body_node(&f, "", "Neg", "a", "b");
    put_input(&b, "x", 1, "2");
    put_call(&b, "F", "x,x", "y", NULL);
    put_output(&b, "y", 1, "2");
    Text twice = { 0 };
    text_addn(&twice, f.data, f.length);
    put_function(&b, &f);
    CU_ASSERT(b_refuses(&b, "has 2 inputs, its function takes 1"));
    put_input(&b, "x", 1, "2");
    put_call(&b, "F", "x", "y,z", NULL);
    put_output(&b, "y", 1, "2");
    put_function(&b, &twice);
    CU_ASSERT(b_refuses(&b, "has 2 outputs, its function makes 1"));
}

/* f0 calls f1 twice, f1 calls f2 twice, ... */
static void put_doubling(Builder *b, int depth, bool with_nodes)
{
    for (int i = 0; i < depth; i++) {
        char name[16], next[16];
        snprintf(name, sizeof name, i ? "f%d" : "F", i);
        snprintf(next, sizeof next, "f%d", i + 1);
        Text f = make_function(name, "a", "b");
        if (i + 1 < depth) {
            body_node(&f, "f", next, "a", "t");
            body_node(&f, "f", next, "t", "b");
        } else if (with_nodes) {
            body_node(&f, "", "Neg", "a", "b");
        }
        put_function(b, &f);
    }
}

static void test_functions_that_double_forty_times(void)
{
    Builder b = call_model();
    put_doubling(&b, 40, true);
    CU_ASSERT(b_refuses(&b, "nodes, functions unfolded"));
}

static void test_functions_that_unfold_to_long_names(void)
{
    Builder b = call_model();
    Text name = { 0 }, f = make_function("F", "a", "b");
    for (int i = 0; i < 100000; i++)
        text_char(&name, 'n');
    for (int i = 0; i < 200; i++)
        body_node(&f, "f", "G", "a", i ? "-" : "b");
    put_function(&b, &f);
    f = make_function("G", "a", "b");
    for (int i = 0; i < 200; i++)
        body_node(&f, "", "Neg", i ? name.data : "a", i ? "b" : name.data);
    put_function(&b, &f);
    CU_ASSERT(b_refuses(&b, "MiB unfolded"));
    text_free(&name);
}

static void test_a_chain_of_a_hundred_functions(void)
{
    Builder b = call_model();
    for (int i = 0; i < 100; i++) {
        char name[16], next[16];
        snprintf(name, sizeof name, i ? "f%d" : "F", i);
        snprintf(next, sizeof next, "f%d", i + 1);
        Text f = make_function(name, "a", "b");
        body_node(&f, i < 99 ? "f" : "", i < 99 ? next : "Neg", "a", "b");
        put_function(&b, &f);
    }
    CU_ASSERT(b_refuses(&b, "lies in 64 calls of functions"));
}

static const UnitTest tests[] = {
    UNIT(test_a_call_becomes_its_nodes),
    UNIT(test_names_of_calls_do_not_meet),
    UNIT(test_inputs_and_outputs_that_are_left_out),
    UNIT(test_an_output_that_is_an_input_is_copied),
    UNIT(test_attributes_of_a_call_reach_the_body),
    UNIT(test_an_attribute_without_a_value_is_left_out),
    UNIT(test_an_attribute_that_the_function_does_not_know),
    UNIT(test_an_attribute_of_another_type),
    UNIT(test_a_function_has_operators_of_its_own_version),
    UNIT(test_functions_told_apart_by_overload),
    UNIT(test_a_function_twice),
    UNIT(test_a_function_that_calls_itself),
    UNIT(test_a_body_sees_nothing_but_its_inputs),
    UNIT(test_a_function_makes_its_outputs),
    UNIT(test_formal_names_are_there_once),
    UNIT(test_too_many_inputs_or_outputs),
    UNIT(test_functions_that_double_forty_times),
    UNIT(test_functions_that_unfold_to_long_names),
    UNIT(test_a_chain_of_a_hundred_functions),
};
UNIT_MAIN("ONNX functions", tests)
