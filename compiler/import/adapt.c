/*
 * adapt.c - one node of the model: its adapter is found, run, and checked.
 *
 *     y = Conv(x, w) group=1 colour="red"
 *
 *     error: node 'conv1': 'Conv' has an attribute 'colour' that is not known
 *
 * An adapter takes what it understands; what is left over afterwards is refused
 * here. Outputs of a node that was refused are poisoned: who reads them is not
 * looked at again.
 */
#include <string.h>

#include "import/local.h"

#define MOST_MADE ((int64_t)1 << 30) /* bytes of constants that are computed */

/* ---- refusals -------------------------------------------------------------------- */

bool refuse(Adapt *a, const char *format, ...)
{
    const OnnxNode *node = a->node;
    Text text = { 0 };
    va_list list;
    if (node->name[0])
        text_printf(&text, "node '%s': ", onnx_show(node->name));
    text_printf(&text, "'%s' ", onnx_show(node->op));
    va_start(list, format);
    text_vprintf(&text, format, list);
    va_end(list);
    diag_error(onnx_node_range(a->import->model, node), "%s", text_get(&text));
    text_free(&text);
    a->failed = a->import->failed = true;
    return false;
}

static bool check_attributes(Adapt *a)
{
    bool good = true;
    if (a->opset < 6) /* inputs whose place the output may take: a hint */
        attr_ignore(a, "consumed_inputs");
    for (int i = 0; i < a->node->attr_count; i++) {
        const OnnxAttr *attr = &a->node->attr[i];
        if (attr->is_read)
            continue;
        good = refuse(a, "with the attribute '%s' is not supported",
                      onnx_show(attr->name));
    }
    return good;
}

static bool check_inputs(Adapt *a)
{
    bool good = true;
    for (int i = 0; i < a->node->input_count; i++)
        if (a->in[i] && !a->in_read[i])
            good = refuse(a, "with an input '%s' (number %d) is not supported",
                          in_name(a, i), i + 1);
    return good;
}

static bool check_outputs(Adapt *a)
{
    bool good = true;
    for (int i = 0; i < a->node->output_count; i++)
        if (out_used(a, i) && !a->out[i].tensor && !a->out[i].constant)
            good = refuse(a, "with an output '%s' (number %d) is not supported",
                          onnx_show(a->node->output[i]), i + 1);
    return good;
}

/* ---- outputs ------------------------------------------------------------------------ */

bool out_used(const Adapt *a, int i)
{
    const Value *value;
    if (i >= a->node->output_count || !a->node->output[i])
        return false;
    value = value_find(a->import, a->node->output[i]);
    return value && value->uses > 0;
}

static bool out_exists(const Adapt *a, int i)
{
    REQUIRE(i >= 0 && i < a->row->most_outputs);
    return i < a->node->output_count;
}

bool out_typed(Adapt *a, int i, Tensor *tensor, DType type)
{
    if (!tensor || a->failed)
        return false;
    if (out_exists(a, i)) {
        a->out[i].tensor = tensor;
        a->out[i].type = type;
    }
    return true;
}

bool out_tensor(Adapt *a, int i, Tensor *tensor)
{
    if (!tensor)
        return false;
    return out_typed(a, i, tensor,
                     a->folding && tensor->type == DT_F32 ? a->main_type
                                                          : tensor->type);
}

bool out_constant(Adapt *a, int i, const OnnxTensor *constant)
{
    if (!constant || a->failed)
        return false;
    if (out_exists(a, i)) {
        a->out[i].constant = constant;
        a->out[i].type = constant->type;
    }
    return true;
}

bool out_input(Adapt *a, int i, int input)
{
    const Value *value = a->in[input];
    a->in_read[input] = true;
    if (value->constant)
        return out_constant(a, i, value->constant);
    return out_typed(a, i, value->tensor, value->type);
}

OnnxTensor *constant_new(Adapt *a, DType type, int rank, const int64_t *dim,
                         void **data)
{
    OnnxTensor *made;
    int64_t count = 1, bytes;
    bool good = rank >= 0 && rank <= ONNX_MAX_RANK;
    for (int d = 0; d < rank && good; d++)
        good = dim[d] >= 0 && size_mul(count, dim[d], &count);
    good = good && size_mul(count, dtype_size(type), &bytes) &&
           bytes <= MOST_MADE - a->import->made_bytes;
    if (!good) {
        refuse(a, "makes a constant that is too large");
        return NULL;
    }
    a->import->made_bytes += bytes;
    made = NEW(a->import->arena, OnnxTensor);
    made->name = "";
    made->type = type;
    made->rank = rank;
    made->count = count;
    for (int d = 0; d < rank; d++)
        made->dim[d] = dim[d];
    made->data = *data = arena_alloc(a->import->arena, (size_t)bytes);
    return made;
}

/* ---- the node --------------------------------------------------------------------------- */

static bool check_count(Adapt *a)
{
    const OnnxNode *node = a->node;
    const AdapterRow *row = a->row;
    int needed = 0;
    for (int i = 0; i < row->least_inputs; i++)
        needed += i < node->input_count && node->input[i];
    if (needed < row->least_inputs)
        return refuse(a, "needs %d input%s, got %d", row->least_inputs,
                      row->least_inputs == 1 ? "" : "s", needed);
    if (node->input_count > row->most_inputs)
        return refuse(a, "takes at most %d input%s, got %d", row->most_inputs,
                      row->most_inputs == 1 ? "" : "s", node->input_count);
    if (node->output_count < 1)
        return refuse(a, "has no output");
    if (node->output_count > row->most_outputs)
        return refuse(a, "gives at most %d output%s, %d are asked for",
                      row->most_outputs, row->most_outputs == 1 ? "" : "s",
                      node->output_count);
    return true;
}

/* False where one is poisoned. */
static bool find_inputs(Adapt *a)
{
    const OnnxNode *node = a->node;
    bool good = true;
    a->folding = true;
    for (int i = 0; i < node->input_count; i++) {
        if (!node->input[i])
            continue;
        a->in[i] = value_find(a->import, node->input[i]);
        if (!a->in[i])
            BUG("'%s' is read before it is made", onnx_show(node->input[i]));
        good = good && !a->in[i]->poisoned;
        a->folding = a->folding && a->in[i]->constant;
    }
    return good;
}

static bool run(Adapt *a)
{
    if (!check_count(a))
        return false;
    if (!(is_of_nothing(a) ? adapt_nothing(a)
          : a->folding     ? fold_node(a)
                           : a->row->run(a)) ||
        a->failed) {
        if (!a->failed)
            BUG("'%s' was refused without a word", onnx_show(a->node->op));
        return false;
    }
    bool good = check_attributes(a); /* all that is wrong is said */
    good &= check_inputs(a);
    good &= check_outputs(a);
    return good;
}

static void store_outputs(const Adapt *a, bool good)
{
    for (int i = 0; i < a->node->output_count; i++) {
        Value *value;
        if (!a->node->output[i])
            continue;
        value = value_make(a->import, a->node->output[i]);
        value->type = a->out[i].type;
        value->tensor = good ? a->out[i].tensor : NULL;
        value->constant = good ? a->out[i].constant : NULL;
        value->poisoned = !value->tensor && !value->constant;
    }
}

/* Behind "y = ": what a person would have written. */
static const Origin *origin_of(Import *import, const OnnxNode *node)
{
    static const char equals[] = " = ";
    Origin *origin = NEW(import->graph->arena, Origin);
    Range range = onnx_node_range(import->model, node);
    for (size_t i = range.start; i + 3 < range.end; i++)
        if (memcmp(range.source->text + i, equals, 3) == 0) {
            range.start = i + 3;
            break;
        }
    origin->range = range;
    return origin;
}

void adapt_node(Import *import, const OnnxNode *node)
{
    Arena *scratch = arena_new();
    Adapt a = { .import = import,
                .node = node,
                .opset = (int)node->opset,
                .graph = import->graph };
    int other;
    bool good;
    a.in = NEW_N(scratch, Value *, node->input_count + 1);
    a.in_read = NEW_N(scratch, bool, node->input_count + 1);
    a.out = NEW_N(scratch, Value, node->output_count + 1);
    a.row = adapter_find(scratch, node, a.opset, &other);
    a.origin = origin_of(import, node);
    good = a.row && find_inputs(&a) && run(&a);
    store_outputs(&a, good);
    vec_free(&a.fold_in);
    arena_free(scratch);
}
