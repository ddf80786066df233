/*
 * test_evaluate.c - the evaluator, seeded weights, shapes, counts.
 */
#include "bug.h"
#include "graph/random.h"
#include "net.h"
#include "unit.h"

#include <math.h>

/* x -> conv -> relu -> (add with conv) -> y */
static Net small_net(void)
{
    Net n = net_new(SHAPE(5, 5, 2));
    Tensor *inputs[2];
    net_add(&n, OP_CONV, "filters=3, kernel=3, pad=same");
    inputs[1] = n.last;
    net_add(&n, OP_RELU, "");
    inputs[0] = n.last;
    net_join(&n, OP_ADD, "", inputs, 2);
    CU_ASSERT_FATAL(net_infer(&n));
    graph_init_weights(n.graph, 1);
    return n;
}

static void test_every_value_is_kept_when_asked_for(void)
{
    Net n = small_net();
    double x[50] = { 1, 2, 3 };
    const double *conv, *relu, *sum, *weight;
    Evaluation *e;
    sum = net_run(&n, x, &e);
    conv = evaluation_value(e, n.graph->nodes.at[0]->output[0]);
    relu = evaluation_value(e, n.graph->nodes.at[1]->output[0]);
    weight = evaluation_value(e, n.graph->nodes.at[0]->input[1]);
    CU_ASSERT_EQUAL(weight[5], (double)n.graph->nodes.at[0]->input[1]->data[5]);
    CU_ASSERT_EQUAL(evaluation_value(e, n.graph->inputs.at[0])[2], 3);
    for (int i = 0; i < 75; i++)
        CU_ASSERT_EQUAL(sum[i], (conv[i] > 0 ? conv[i] : 0) + conv[i]);
    for (int i = 0; i < 75; i++)
        CU_ASSERT(relu[i] >= 0);
    evaluation_free(e);
    net_free(&n);
}

typedef struct Asked {
    const Evaluation *e;
    const Tensor *tensor;
} Asked;

static void ask(void *asked)
{
    const Asked *a = asked;
    evaluation_value(a->e, a->tensor);
}

static void test_only_outputs_are_kept_otherwise(void)
{
    Net n = small_net();
    double x[50] = { 1, 2, 3 };
    const double *inputs[] = { x };
    Evaluation *all = graph_evaluate(n.graph, inputs);
    Evaluation *few = graph_evaluate_outputs(n.graph, inputs);
    Asked asked = { few, n.graph->nodes.at[1]->output[0] };
    char *text = bug_text(ask, &asked);
    for (int i = 0; i < 75; i++)
        CU_ASSERT_EQUAL(evaluation_value(all, n.last)[i],
                        evaluation_value(few, n.last)[i]);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "the value of 'relu2' was not kept"));
    free(text);
    evaluation_free(all);
    evaluation_free(few);
    net_free(&n);
}

static void test_an_output_that_others_read_is_kept(void)
{
    Net n = net_new(SHAPE(1));
    const double x = -2, *inputs[] = { &x };
    Evaluation *e;
    Tensor *middle;
    net_add(&n, OP_RELU6, "");
    middle = n.last;
    net_add(&n, OP_SIGMOID, "");
    graph_output(n.graph, "y", n.last, NO_RANGE);
    graph_output(n.graph, "middle", middle, NO_RANGE);
    graph_output(n.graph, "x", n.graph->inputs.at[0], NO_RANGE);
    CU_ASSERT_FATAL(net_infer(&n));
    e = graph_evaluate_outputs(n.graph, inputs);
    CU_ASSERT_EQUAL(evaluation_value(e, middle)[0], 0);
    CU_ASSERT_EQUAL(evaluation_value(e, n.last)[0], 0.5);
    CU_ASSERT_EQUAL(evaluation_value(e, n.graph->inputs.at[0])[0], -2);
    evaluation_free(e);
    net_free(&n);
}

static void test_parameters_without_data_are_a_fault(void)
{
    Net n = small_net();
    char *text;
    Asked asked = { NULL, NULL };
    double x[50] = { 0 };
    const double *inputs[] = { x };
    Evaluation *e = graph_evaluate_outputs(n.graph, inputs);
    n.graph->nodes.at[0]->input[2]->data = NULL;
    asked.e = e;
    asked.tensor = n.graph->nodes.at[0]->input[2];
    text = bug_text(ask, &asked);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "'conv1.bias' has no data"));
    free(text);
    evaluation_free(e);
    net_free(&n);
}

/* ---- weights ------------------------------------------------------------------------ */

static void moments(const Tensor *t, double *mean, double *variance)
{
    const int64_t count = shape_count(&t->shape);
    *mean = *variance = 0;
    for (int64_t i = 0; i < count; i++)
        *mean += (double)t->data[i] / (double)count;
    for (int64_t i = 0; i < count; i++)
        *variance += pow((double)t->data[i] - *mean, 2) / (double)count;
}

static void test_weights_have_hes_variance(void)
{
    Net n = net_new(SHAPE(8, 8, 32));
    Node *node = net_add(&n, OP_CONV, "filters=64, kernel=3");
    double mean, variance;
    CU_ASSERT_FATAL(net_infer(&n));
    CU_ASSERT_FALSE(graph_has_weights(n.graph));
    graph_init_weights(n.graph, 5);
    CU_ASSERT(graph_has_weights(n.graph));
    moments(node->input[1], &mean, &variance);
    CU_ASSERT(fabs(mean) < 0.002);
    CU_ASSERT(fabs(variance * 288 / 2 - 1) < 0.05);
    net_free(&n);
}

static void test_statistics_are_plausible(void)
{
    Net n = net_new(SHAPE(8, 8, 200));
    Node *node = net_add(&n, OP_BATCHNORM, "");
    CU_ASSERT_FATAL(net_infer(&n));
    graph_init_weights(n.graph, 5);
    for (int c = 0; c < 200; c++) {
        CU_ASSERT(fabsf(node->input[1]->data[c] - 1) <= 0.25f);
        CU_ASSERT(fabsf(node->input[3]->data[c]) <= 0.1f);
        CU_ASSERT(fabsf(node->input[4]->data[c] - 1) <= 0.5f);
    }
    net_free(&n);
}

static void test_a_parameter_depends_on_seed_and_name_alone(void)
{
    float first[2];
    for (int i = 0; i < 3; i++) {
        Net n = net_new(SHAPE(4));
        Node *node = net_add(&n, OP_DENSE, "units=4");
        if (i == 1) /* another layer, another order */
            net_add(&n, OP_DENSE, "units=7");
        CU_ASSERT_FATAL(net_infer(&n));
        graph_init_weights(n.graph, i == 2 ? 8 : 9);
        if (i == 0)
            memcpy(first, node->input[1]->data, sizeof first);
        CU_ASSERT_EQUAL(memcmp(first, node->input[1]->data, sizeof first) == 0,
                        i != 2);
        net_free(&n);
    }
}

/* ---- shapes --------------------------------------------------------------------------- */

static void test_shapes(void)
{
    const Shape scalar = shape_of(0, NULL), image = SHAPE(28, 28, 6);
    const Shape limit = SHAPE((int64_t)1 << 40),
                over = SHAPE((int64_t)1 << 39, 3);
    const Shape overflow = SHAPE(INT64_MAX, INT64_MAX), empty = SHAPE(3, 0);
    CU_ASSERT_STRING_EQUAL(shape_show(&image), "[28, 28, 6]");
    CU_ASSERT_STRING_EQUAL(shape_show(&scalar), "[]");
    CU_ASSERT_EQUAL(shape_count(&image), 4704);
    CU_ASSERT_EQUAL(shape_count(&scalar), 1);
    CU_ASSERT(shape_is_valid(&scalar) && shape_is_valid(&limit));
    CU_ASSERT_FALSE(shape_is_valid(&over));
    CU_ASSERT_FALSE(shape_is_valid(&overflow));
    CU_ASSERT_FALSE(shape_is_valid(&empty));
    CU_ASSERT(shape_equal(&image, &image));
    CU_ASSERT_FALSE(shape_equal(&image, &scalar));
}

static const UnitTest tests[] = {
    UNIT(test_every_value_is_kept_when_asked_for),
    UNIT(test_only_outputs_are_kept_otherwise),
    UNIT(test_an_output_that_others_read_is_kept),
    UNIT(test_parameters_without_data_are_a_fault),
    UNIT(test_weights_have_hes_variance),
    UNIT(test_statistics_are_plausible),
    UNIT(test_a_parameter_depends_on_seed_and_name_alone),
    UNIT(test_shapes),
};
UNIT_MAIN("evaluation", tests)
