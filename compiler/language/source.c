/*
 * source.c - values that no layer makes: inputs, and parameters of their own.
 *
 *     input image : u8[28, 28, 1] / 255        bytes; 0..1 flows on
 *     input ids   : i32[12]                    flows on as it is
 *     input codes : u8[16] as u8               so does this one
 *     parameter position : f32[12, 64]         learned, key "position"
 */
#include "language/local.h"

#include <string.h>

/* ---- types and scales -------------------------------------------------------------- */

/* What the loops can read. */
static bool type_is_known(const char *name, DType *type)
{
    return dtype_parse(name, type) && *type != DT_F16 && *type != DT_BF16;
}

static bool source_type(Scope *scope, const Statement *s, DType *type)
{
    const char *names[DT_COUNT], *nearest;
    int count = 0;
    if (type_is_known(s->input.type, type))
        return true;
    if (!report(scope, s->input.type_range, "%s cannot be of type '%s'",
                s->kind == STATEMENT_INPUT ? "an input" : "a parameter",
                s->input.type))
        return false;
    for (int i = 0; i < DT_COUNT; i++)
        if (type_is_known(dtype_name((DType)i), type))
            names[count++] = dtype_name((DType)i);
    nearest = name_nearest(s->input.type, names, count);
    if (nearest)
        diag_hint("did you mean '%s'?", nearest);
    else
        diag_hint("the usual types are f32 and u8");
    return false;
}

/* The product of all scales; false after an error. */
static bool input_scale(Scope *scope, const Statement *s, double *scale)
{
    *scale = 1;
    for (const Scale *part = s->input.scales; part; part = part->next) {
        Constant constant = constant_of(scope, part->by);
        double by = 0;
        if (constant.kind == CONSTANT_POISON)
            return false;
        if (!constant_number(&constant, &by)) {
            report(scope, part->by->range,
                   "an input is scaled by a number, "
                   "got %s",
                   constant_kind(&constant));
            return false;
        }
        if (by == 0) {
            report(scope, part->by->range,
                   part->op == OPERATOR_DIVIDE ? "division by zero"
                                               : "a scale of zero leaves "
                                                 "nothing of the input");
            return false;
        }
        *scale = part->op == OPERATOR_DIVIDE ? *scale / by : *scale * by;
    }
    return true;
}

/* The type of what flows on: as said, or f32 of bytes and of what is scaled. */
static bool input_flows(Scope *scope, const Statement *s, DType type,
                        DType *flows)
{
    bool scaled = s->input.scales != NULL;
    *flows = scaled || type == DT_U8 ? DT_F32 : type;
    if (!s->input.flows)
        return true;
    if (dtype_parse(s->input.flows, flows) &&
        (*flows == DT_F32 || (*flows == type && !scaled)))
        return true;
    report(scope, s->input.flows_range, "an input of %s%s cannot flow on as %s",
           s->input.type, scaled ? " with a scale" : "", s->input.flows);
    return false;
}

/* ---- inputs ------------------------------------------------------------------------- */

/* Bytes, or a scale: a node turns them into the numbers that flow on. */
static Tensor *input_converted(Scope *scope, Tensor *input, double scale,
                               Range range)
{
    Graph *graph = scope->e->graph;
    const char *path =
        name_intern(arena_printf(scope->e->scratch, "%s.scaled", input->name));
    Node *node = graph_add(graph, OP_CONVERT, path, &input, 1,
                           elaborate_origin(scope, range));
    node_attrs(node, ConvertAttrs)->type = DT_F32;
    node_attrs(node, ConvertAttrs)->scale = scale;
    node->output[0]->label = input->name;
    return graph_infer_node(graph, node) ? node->output[0] : NULL;
}

void elaborate_input(Scope *scope, const Statement *s)
{
    Elaborator *e = scope->e;
    Value *value = value_poison(scope, s->range);
    Tensor *tensor;
    DType type = DT_F32, flows = DT_F32;
    Shape shape = { 0 };
    double scale = 1;
    bool good = source_type(scope, s, &type);
    e->has_input = true;
    good &= elaborate_shape(scope, s->input.shape, &shape);
    good &= input_scale(scope, s, &scale);
    if (good && input_flows(scope, s, type, &flows)) {
        tensor = graph_input(e->graph, s->name, type, shape,
                             elaborate_origin(scope, s->range));
        if (type != flows || s->input.scales)
            tensor = input_converted(scope, tensor, scale, s->range);
        if (tensor)
            value = value_new(scope, tensor, s->name_range);
    }
    scope_define(scope, s->name, s->name_range, value);
    scope_flow(scope, value);
}

/* ---- parameters --------------------------------------------------------------------- */

void elaborate_parameter(Scope *scope, const Statement *s)
{
    Elaborator *e = scope->e;
    Value *value = value_poison(scope, s->range);
    const char *name = s->input.key ? s->input.key : s->name;
    DType type = DT_F32;
    Shape shape = { 0 };
    bool good = source_type(scope, s, &type);
    e->has_input = true;
    good &= elaborate_shape(scope, s->input.shape, &shape);
    if (good && path_is_free(scope, s->name_range, name)) {
        Tensor *tensor = graph_parameter_named(
            e->graph, path_join_names(e->scratch, scope->path, name), shape,
            elaborate_origin(scope, s->range));
        tensor->type = type;
        tensor->label = s->name;
        tensor->init_spread = type == DT_F32 ? 1 : 0;
        value = value_new(scope, tensor, s->name_range);
    }
    scope_define(scope, s->name, s->name_range, value);
}
