/*
 * import.c - from an ONNX model to a graph.
 *
 *     inputs         tensors; symbolic dimensions are numbers from now on
 *     initialisers   constants
 *     nodes          one after the other, each through its adapter
 *     outputs        tensors again
 *
 * Nothing stops at the first thing that is not supported: all are listed, and
 * then there is no graph.
 */
#include <string.h>

#include "import/local.h"

#define MOST_ELEMENTS    ((int64_t)INT32_MAX) /* of an input */
#define MOST_RULE_ERRORS 10 /* each may have notes: the list stays short */

bool import_is_onnx(const char *path)
{
    static const char suffix[] = ".onnx";
    const size_t length = strlen(path), tail = sizeof suffix - 1;
    return length > tail && strcmp(path + length - tail, suffix) == 0;
}

/* ---- inputs ----------------------------------------------------------------------- */

PRINTF_LIKE(2, 3)
static void complain(Import *import, const char *format, ...)
{
    Text text = { 0 };
    va_list list;
    va_start(list, format);
    text_vprintf(&text, format, list);
    va_end(list);
    diag_error_file(import->model->path, "%s", text_get(&text));
    text_free(&text);
    import->failed = true;
}

static const ImportDim *given_dim(const Import *import, const char *symbol)
{
    for (int i = 0; i < import->options->dim_count; i++)
        if (strcmp(import->options->dims[i].name, symbol) == 0)
            return &import->options->dims[i];
    return NULL;
}

static bool fix_dim(Import *import, const OnnxValueInfo *info, int d,
                    int64_t *dim)
{
    const OnnxDim *from = &info->dim[d];
    const ImportDim *given =
        from->symbol ? given_dim(import, from->symbol) : NULL;
    *dim = given ? given->value : from->value;
    if (*dim >= 1 || (*dim == 0 && !given))
        return true;
    if (given) {
        complain(import, "dimension %d of the input '%s' cannot be %lld", d,
                 onnx_show(info->name), (long long)*dim);
    } else if (from->symbol) {
        complain(import, "dimension %d of the input '%s' is '%s', not a number",
                 d, onnx_show(info->name), onnx_show(from->symbol));
        diag_hint("--dim '%s=1' makes it one", onnx_show(from->symbol));
    } else {
        complain(import,
                 "dimension %d of the input '%s' is not known, and has "
                 "no name to fix it by",
                 d, onnx_show(info->name));
    }
    return false;
}

static bool input_shape(Import *import, const OnnxValueInfo *info, Shape *shape)
{
    bool good = true;
    *shape = (Shape){ 0 };
    if (!info->is_tensor || !info->has_type || !info->has_shape) {
        complain(import, "the input '%s' %s", onnx_show(info->name),
                 !info->is_tensor  ? "is no tensor: sequences, maps and "
                                     "optional values are not supported"
                 : !info->has_type ? "has no type"
                                   : "has no shape");
        return false;
    }
    shape->rank = info->rank;
    for (int d = 0; d < info->rank; d++)
        good = fix_dim(import, info, d, &shape->dim[d]) && good;
    if (!good || shape_is_empty(shape) ||
        (shape_is_valid(shape) && shape_count(shape) <= MOST_ELEMENTS))
        return good;
    complain(import, "the input '%s' of %s is too large", onnx_show(info->name),
             shape_show(shape));
    return false;
}

static Shape shape_to_last(const Shape *shape)
{
    return shape_of(4, (int64_t[]){ shape->dim[0], shape->dim[2], shape->dim[3],
                                    shape->dim[1] });
}

/* [n, c, h, w] for the model, [n, h, w, c] for the caller, or back. */
static Tensor *turned(Import *import, Tensor *tensor, const char *name,
                      bool to_last)
{
    static const int64_t orders[2][4] = { { 0, 3, 1, 2 }, { 0, 2, 3, 1 } };
    Graph *graph = import->graph;
    Node *node =
        graph_add(graph, OP_TRANSPOSE,
                  name_take(import, arena_printf(graph->arena, "%s.%s", name,
                                                 to_last ? "nhwc" : "nchw")),
                  &tensor, 1, NULL);
    IntList *perm = &node_attrs(node, TransposeAttrs)->perm;
    perm->count = 4;
    memcpy(perm->at, orders[to_last], sizeof orders[0]);
    if (!graph_infer_node(graph, node))
        BUG("an image cannot be transposed");
    return node->output[0];
}

/* What has no elements is known. */
static const OnnxTensor *nothing(Import *import, const OnnxValueInfo *info,
                                 const Shape *shape)
{
    OnnxTensor *made = NEW(import->arena, OnnxTensor);
    made->name = info->name;
    made->type = info->type;
    made->rank = shape->rank;
    memcpy(made->dim, shape->dim, sizeof made->dim);
    made->data = "";
    return made;
}

static void add_input(Import *import, const OnnxValueInfo *info)
{
    const bool last = import->options->channels_last && info->rank == 4;
    Value *value = value_make(import, info->name);
    const char *name = name_take_port(import, info->name);
    Tensor *tensor;
    Shape shape;
    value->type = info->type;
    value->poisoned = !input_shape(import, info, &shape);
    if (value->poisoned)
        return;
    if (shape_is_empty(&shape))
        value->constant = nothing(import, info, &shape);
    if (last)
        shape = shape_to_last(&shape);
    tensor = graph_input(import->graph, name_take(import, name), info->type,
                         shape, NULL);
    tensor->title = info->name;
    if (!value->constant)
        value->tensor = last ? turned(import, tensor, name, false) : tensor;
}

static bool has_symbol(const Import *import, const char *symbol)
{
    const OnnxGraph *graph = import->model->graph;
    for (int i = 0; i < graph->input_count; i++)
        for (int d = 0; d < graph->input[i]->rank; d++)
            if (graph->input[i]->dim[d].symbol &&
                strcmp(graph->input[i]->dim[d].symbol, symbol) == 0)
                return true;
    return false;
}

static void check_dims(Import *import)
{
    for (int i = 0; i < import->options->dim_count; i++)
        if (!has_symbol(import, import->options->dims[i].name))
            complain(import, "no input has a dimension '%s', as --dim says",
                     onnx_show(import->options->dims[i].name));
}

static void add_inputs(Import *import)
{
    const OnnxGraph *graph = import->model->graph;
    check_dims(import);
    for (int i = 0; i < graph->input_count; i++)
        add_input(import, graph->input[i]);
    for (int i = 0; i < graph->initializer_count; i++) {
        Value *value = value_make(import, graph->initializer[i]->name);
        value->type = graph->initializer[i]->type;
        value->constant = graph->initializer[i];
    }
}

/* ---- nodes ---------------------------------------------------------------------------- */

static void count_uses(Import *import)
{
    const OnnxGraph *graph = import->model->graph;
    for (int n = 0; n < graph->node_count; n++)
        for (int i = 0; i < graph->node[n]->input_count; i++)
            if (graph->node[n]->input[i])
                value_make(import, graph->node[n]->input[i])->uses++;
    for (int i = 0; i < graph->output_count; i++)
        value_make(import, graph->output[i]->name)->uses++;
}

/* An operator that nobody adapts, and how many nodes want it. */
typedef struct Missing {
    const OnnxNode *first;
    int count, other; /* other: an opset that has it, or 0 */
} Missing;

typedef VEC(Missing) MissingList;

static void add_missing(MissingList *list, const OnnxNode *node, int other)
{
    for (int i = 0; i < list->count; i++) {
        const OnnxNode *first = list->at[i].first;
        if (strcmp(first->op, node->op) == 0 &&
            strcmp(first->domain, node->domain) == 0) {
            list->at[i].count++;
            return;
        }
    }
    vec_push(list, (Missing){ node, 1, other });
}

static void report_missing(Import *import, const Missing *missing)
{
    const OnnxNode *node = missing->first;
    Text text = { 0 };
    if (node->name[0])
        text_printf(&text, "node '%s': ", onnx_show(node->name));
    text_printf(&text, "the operator '%s'", onnx_show(node->op));
    if (node->domain[0])
        text_printf(&text, " of the domain '%s'", onnx_show(node->domain));
    if (missing->other)
        text_printf(&text, " is supported in opset %d, not in opset %d",
                    missing->other, (int)node->opset);
    else
        text_add(&text, " is not supported");
    if (missing->count > 1)
        text_printf(&text, " (%d nodes)", missing->count);
    diag_error(onnx_node_range(import->model, node), "%s", text_get(&text));
    text_free(&text);
    import->failed = true;
}

/* First of all, so that the list of operators is complete. */
static void check_operators(Import *import)
{
    const OnnxGraph *graph = import->model->graph;
    Arena *scratch = arena_new();
    MissingList list = { 0 };
    int other;
    for (int n = 0; n < graph->node_count; n++)
        if (!adapter_find(scratch, graph->node[n], (int)graph->node[n]->opset,
                          &other))
            add_missing(&list, graph->node[n], other);
    for (int i = 0; i < list.count; i++)
        report_missing(import, &list.at[i]);
    vec_free(&list);
    arena_free(scratch);
}

static void adapt_nodes(Import *import)
{
    const OnnxGraph *graph = import->model->graph;
    for (int n = 0; n < graph->node_count; n++)
        if (import->rule_errors < MOST_RULE_ERRORS)
            adapt_node(import, graph->node[n]);
}

/* ---- outputs ----------------------------------------------------------------------------- */

/* "[1, N, ?]" */
static void said_shape(Text *text, const OnnxValueInfo *info)
{
    text_char(text, '[');
    for (int d = 0; d < info->rank; d++) {
        text_add(text, d ? ", " : "");
        if (info->dim[d].value >= 0)
            text_printf(text, "%lld", (long long)info->dim[d].value);
        else
            text_add(text, info->dim[d].symbol ? onnx_show(info->dim[d].symbol)
                                               : "?");
    }
    text_char(text, ']');
}

static bool is_as_said(const OnnxValueInfo *info, const Shape *shape)
{
    if (info->has_shape && info->rank != shape->rank)
        return false;
    for (int d = 0; d < info->rank; d++)
        if (info->dim[d].value >= 0 && info->dim[d].value != shape->dim[d])
            return false;
    return true;
}

/* One element may be of any rank: [] and [1] are often mixed up. */
static bool is_one(const OnnxValueInfo *info, const Shape *shape)
{
    for (int d = 0; d < info->rank; d++)
        if (info->dim[d].value != 1)
            return false;
    return shape_count(shape) == 1;
}

/* Whether anything is as the model says; [] mostly stands for "not known". */
static bool is_nearly(const Import *import, const OnnxValueInfo *info,
                      const Shape *shape)
{
    if (info->rank == 0 || import->some_as_said)
        return true;
    for (int d = 0; d < info->rank && info->rank == shape->rank; d++)
        if (info->dim[d].value < 0 || info->dim[d].value == shape->dim[d])
            return true;
    return false;
}

/*
 * What a model says of an output's shape is often a little wrong, left from
 * before somebody changed it: a warning. Where no dimension is as it says, nor
 * another output, it means another network.
 */
static bool check_output(Import *import, const OnnxValueInfo *info,
                         const Shape *shape)
{
    const bool nearly = is_nearly(import, info, shape);
    Text text = { 0 };
    if (is_as_said(info, shape) || is_one(info, shape))
        return true;
    said_shape(&text, info);
    if (nearly)
        diag_warning_file(
            import->model->path, "the output '%s' is said to be %s, and is %s",
            onnx_show(info->name), text_get(&text), shape_show(shape));
    else
        complain(import, "the output '%s' is said to be %s, and is %s",
                 onnx_show(info->name), text_get(&text), shape_show(shape));
    text_free(&text);
    return nearly;
}

/* Something to point to, for each output its own. */
static Tensor *empty_tensor(Import *import, const Value *value)
{
    const Shape shape = shape_of(value->constant->rank, value->constant->dim);
    Tensor *tensor = graph_constant(
        import->graph, name_take(import, value->name), shape, NULL);
    tensor->type = value->type;
    tensor->data = NEW(import->arena, float);
    return tensor;
}

static void add_output(Import *import, const OnnxValueInfo *info)
{
    Value *value = value_find(import, info->name);
    const char *why = NULL, *name;
    Tensor *tensor;
    if (!value || value->poisoned || (!value->tensor && !value->constant))
        return;
    if (info->has_type && info->is_tensor && info->type != value->type) {
        complain(import, "the output '%s' is said to be of %s, and is of %s",
                 onnx_show(info->name), dtype_numpy(info->type),
                 dtype_numpy(value->type));
        return;
    }
    if (value->constant && value->constant->count == 0)
        tensor = empty_tensor(import, value);
    else
        tensor = value_tensor(import, value, &why);
    if (!tensor) {
        complain(import,
                 "the output '%s' is a constant (%s), which is not "
                 "supported",
                 onnx_show(info->name), why);
        return;
    }
    if (!check_output(import, info, &tensor->shape))
        return;
    name = name_take_port(import, info->name);
    if (import->options->channels_last && tensor->shape.rank == 4) {
        if (shape_is_empty(&tensor->shape))
            tensor->shape = shape_to_last(&tensor->shape);
        else
            tensor = turned(import, tensor, name, true);
    }
    graph_output(import->graph, name, tensor, NO_RANGE);
    import->graph->outputs.at[import->graph->outputs.count - 1].title =
        info->name;
}

static void add_outputs(Import *import)
{
    const OnnxGraph *graph = import->model->graph;
    if (graph->output_count == 0)
        complain(import, "the model has no output");
    for (int i = 0; i < graph->output_count && graph->output_count > 1; i++) {
        const Value *value = value_find(import, graph->output[i]->name);
        if (value && value->tensor && graph->output[i]->has_shape)
            import->some_as_said |=
                is_as_said(graph->output[i], &value->tensor->shape);
    }
    for (int i = 0; i < graph->output_count; i++)
        add_output(import, graph->output[i]);
}

/* ---- the whole ------------------------------------------------------------------------------ */

static const char *model_name(Arena *arena, const char *path)
{
    return name_to_c(arena,
                     path_with_suffix(arena, path_base(arena, path), ""));
}

Graph *import_model(Arena *arena, const OnnxModel *model,
                    const ImportOptions *options)
{
    Import import = { .arena = arena, .model = model, .options = options };
    import.graph = graph_new(arena, model_name(arena, model->path));
    import.graph->source = model->listing;
    add_inputs(&import);
    count_uses(&import);
    check_operators(&import);
    adapt_nodes(&import);
    add_outputs(&import);
    values_free(&import);
    names_free(&import.taken);
    names_free(&import.ports);
    for (const OnnxFile *file = model->files; file; file = file->next)
        vec_push(&import.graph->files, file->path);
    if (!import.failed)
        return import.graph;
    graph_free(import.graph);
    return NULL;
}

Graph *import_onnx(Arena *arena, const char *path, const ImportOptions *options)
{
    const OnnxModel *model = onnx_read(arena, path);
    return model ? import_model(arena, model, options) : NULL;
}
