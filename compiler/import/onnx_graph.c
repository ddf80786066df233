/*
 * onnx_graph.c - initialisers, inputs and outputs.
 *
 *     initializer w [8, 3, 3, 3]      a constant
 *     input       w [8, 3, 3, 3]      the same one: old files list them all
 *     input       x [N, 3, 32, 32]    what is given at run time
 *
 * An initialiser of a type that is not supported may be there as long as
 * nothing reads it.
 */
#include "import/onnx_local.h"

#include <string.h>

/* ---- initialisers -------------------------------------------------------- */

static bool take_initializer(OnnxReader *r, size_t index)
{
    const Pb__Tensor *file = r->file->graph->initializer[index];
    OnnxGraph *graph = r->model->graph;
    OnnxPlace place = { .kind = "initialiser" };
    DType type;

    place.name = onnx_text(r, place, file->name, "a name");
    if (!place.name)
        return false;
    if (!*place.name)
        return onnx_refuse(r, (OnnxPlace){ .kind = "an initialiser" },
                           "has no name");
    if (!onnx_type(file->data_type, &type)) {
        onnx_names_add(&r->unsupported, place.name, (int)index);
        return true;
    }
    OnnxTensor *tensor = onnx_tensor(r, place, file);
    if (tensor)
        graph->initializer[graph->initializer_count++] = tensor;
    return tensor != NULL;
}

const char *onnx_unsupported(const OnnxReader *r, const char *name)
{
    int index = onnx_names_find(&r->unsupported, name)->what;

    return onnx_type_name(r->file->graph->initializer[index]->data_type);
}

static bool take_initializers(OnnxReader *r)
{
    const Pb__Graph *file = r->file->graph;
    bool good = true;

    r->model->graph->initializer =
        NEW_N(r->arena, OnnxTensor *, file->n_initializer);
    for (size_t i = 0; i < file->n_initializer; i++)
        good &= take_initializer(r, i);
    for (size_t i = 0; i < file->n_sparse_initializer; i++) {
        const Pb__Tensor *values = file->sparse_initializer[i]->values;
        OnnxPlace place = { .kind = "sparse initialiser" };
        const Bytes none = { 0 };
        place.name =
            onnx_text(r, place, values ? values->name : none, "a name");
        good &= onnx_refuse(r, place, "is not supported");
    }
    onnx_names_sort(&r->unsupported);
    return good;
}

/* ---- inputs, outputs ----------------------------------------------------- */

static const char *dims_text(Arena *arena, const OnnxValueInfo *value)
{
    Text text = { 0 };

    text_char(&text, '[');
    for (int i = 0; i < value->rank; i++) {
        text_add(&text, i ? ", " : "");
        if (value->dim[i].value >= 0)
            text_printf(&text, "%lld", (long long)value->dim[i].value);
        else
            text_char(&text, '?');
    }
    text_char(&text, ']');
    return text_take(&text, arena);
}

/* An input that an initialiser gives a value has that one's type and shape. */
static bool check_input(const OnnxReader *r, const OnnxValueInfo *input,
                        const OnnxTensor *tensor)
{
    OnnxPlace place = { .kind = "input", .name = input->name };
    bool same = !input->has_shape || input->rank == tensor->rank;

    if (input->has_type && input->type != tensor->type)
        return onnx_refuse(r, place, "is %s, and its initialiser %s",
                           dtype_name(input->type), dtype_name(tensor->type));
    for (int i = 0; i < input->rank && same; i++)
        same = input->dim[i].value < 0 || input->dim[i].value == tensor->dim[i];
    if (same)
        return true;
    OnnxValueInfo shape = { .rank = tensor->rank };
    for (int i = 0; i < tensor->rank; i++)
        shape.dim[i].value = tensor->dim[i];
    return onnx_refuse(r, place, "is %s, and its initialiser %s",
                       dims_text(r->arena, input), dims_text(r->arena, &shape));
}

static bool check_twice(const OnnxReader *r, const OnnxNames *names,
                        const char *kind)
{
    bool good = true;

    for (int i = 1; i < names->count; i++)
        if (strcmp(names->at[i].name, names->at[i - 1].name) == 0)
            good = onnx_refuse(
                r, (OnnxPlace){ .kind = kind, .name = names->at[i].name },
                "is there twice");
    return good;
}

#define UNSUPPORTED (-1) /* instead of an initialiser's number */

/* Puts an input into the graph, where it has no initialiser. */
static bool add_input(OnnxReader *r, const OnnxNames *tensors,
                      OnnxValueInfo *input)
{
    OnnxGraph *graph = r->model->graph;
    const OnnxName *tensor = onnx_names_find(tensors, input->name);
    OnnxPlace place = { .kind = "input", .name = input->name };

    if (tensor)
        return tensor->what == UNSUPPORTED ||
               check_input(r, input, graph->initializer[tensor->what]);
    if (input->is_tensor && !input->has_type)
        return onnx_refuse(r, place, "has no type");
    graph->input[graph->input_count++] = input;
    return true;
}

static bool take_inputs(OnnxReader *r)
{
    const Pb__Graph *file = r->file->graph;
    OnnxGraph *graph = r->model->graph;
    OnnxNames tensors = { 0 }, names = { 0 };
    bool good = true;

    for (int i = 0; i < graph->initializer_count; i++)
        onnx_names_add(&tensors, graph->initializer[i]->name, i);
    for (int i = 0; i < r->unsupported.count; i++)
        onnx_names_add(&tensors, r->unsupported.at[i].name, UNSUPPORTED);
    onnx_names_sort(&tensors);
    graph->input = NEW_N(r->arena, OnnxValueInfo *, file->n_input);
    r->input_names = NEW_N(r->arena, const char *, file->n_input);
    for (size_t i = 0; i < file->n_input; i++) {
        OnnxValueInfo *input = onnx_value(r, "input", file->input[i]);
        good &= input && add_input(r, &tensors, input);
        if (!input)
            continue;
        r->input_names[i] = input->name;
        onnx_names_add(&names, input->name, (int)i);
    }
    onnx_names_sort(&names);
    good = check_twice(r, &tensors, "initialiser") &&
           check_twice(r, &names, "input") && good;
    vec_free(&tensors);
    vec_free(&names);
    return good;
}

static bool take_outputs(OnnxReader *r)
{
    const Pb__Graph *file = r->file->graph;
    OnnxGraph *graph = r->model->graph;
    OnnxNames names = { 0 };
    bool good = true;

    graph->output = NEW_N(r->arena, OnnxValueInfo *, file->n_output);
    for (size_t i = 0; i < file->n_output; i++) {
        OnnxValueInfo *output = onnx_value(r, "output", file->output[i]);
        good &= output != NULL;
        if (!output)
            continue;
        graph->output[graph->output_count++] = output;
        onnx_names_add(&names, output->name, (int)i);
    }
    onnx_names_sort(&names);
    good &= check_twice(r, &names, "output");
    vec_free(&names);
    return good;
}

bool onnx_interface(OnnxReader *r)
{
    bool good = take_initializers(r);

    good &= take_inputs(r);
    good &= take_outputs(r);
    if (good && r->model->graph->output_count == 0)
        return onnx_refuse(r, (OnnxPlace){ .kind = "the graph" },
                           "has no outputs");
    return good;
}
