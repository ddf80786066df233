/*
 * onnx_function.c - calls of a model's functions become what they do.
 *
 *     Gelu(a) -> (b): t = Erf(a); b = Mul(a, t)
 *
 *     y = Gelu(x)     becomes     call1.Gelu/t = Erf(x)
 *                                 y            = Mul(x, call1.Gelu/t)
 *
 * Names within a call start with "call", its number and a dot; the model's own
 * do not: underscores are put behind "call" until none does. A function may
 * call others but not itself, and all that comes out is counted: forty
 * functions that each call the next one twice are a terabyte of nodes.
 */
#include "import/onnx_local.h"

#include <string.h>

#define DEPTH_LIMIT 64 /* calls within calls */

typedef struct OnnxFunction {
    const char *domain, *name, *overload;
    OnnxPlace place;
    OnnxBody body;
    const char **input, **output;
    int input_count, output_count;
    OnnxNames formals;   /* inputs by index, outputs by -1 - index */
    const char **needed; /* attributes without a default */
    int needed_count;
    OnnxAttr *preset; /* those with one */
    int preset_count;
    bool is_open; /* it is being unfolded */
} Function;

/* What the names of a body mean. */
typedef struct Frame {
    const Function *function; /* NULL: the model's graph */
    const OnnxBody *body;
    const OnnxNode *call;
    const char *prefix;
} Frame;

typedef struct Unfold {
    OnnxReader *r;
    Function *functions;
    int function_count;
    OnnxNames keys;      /* of functions: their indices */
    const char *mark;    /* what names within calls start with */
    int calls, depth;    /* calls up to now; those that are open */
    int64_t work, bytes; /* nodes and memory up to now */
    VEC(OnnxNode *) nodes;
} Unfold;

/* ---- the functions ------------------------------------------------------- */

static bool take_formals(const OnnxReader *r, Function *f, const Bytes *file,
                         size_t count, const char *what, const char ***names,
                         int *name_count)
{
    bool is_output = names == &f->output;

    *names = NEW_N(r->arena, const char *, count);
    *name_count = (int)count;
    for (size_t i = 0; i < count; i++) {
        const char *name = onnx_text(r, f->place, file[i], what);
        if (!name)
            return false;
        if (!*name)
            return onnx_refuse(r, f->place, "has %s without a name", what);
        (*names)[i] = name;
        onnx_names_add(&f->formals, name, is_output ? -1 - (int)i : (int)i);
    }
    return true;
}

static bool check_formals(const OnnxReader *r, const Function *f)
{
    for (int i = 1; i < f->formals.count; i++)
        if (strcmp(f->formals.at[i].name, f->formals.at[i - 1].name) == 0 &&
            (f->formals.at[i].what < 0) == (f->formals.at[i - 1].what < 0))
            return onnx_refuse(r, f->place, "has '%s' twice",
                               onnx_show(f->formals.at[i].name));
    return true;
}

static bool take_parameters(OnnxReader *r, Function *f,
                            const Pb__Function *file)
{
    if (file->n_attribute > ONNX_MAX_ATTRS ||
        file->n_attribute_proto > ONNX_MAX_ATTRS)
        return onnx_refuse(r, f->place, "has more than %d attributes",
                           ONNX_MAX_ATTRS);
    f->needed = NEW_N(r->arena, const char *, file->n_attribute);
    f->preset = NEW_N(r->arena, OnnxAttr, file->n_attribute_proto);
    for (size_t i = 0; i < file->n_attribute; i++) {
        const char *name =
            onnx_text(r, f->place, file->attribute[i], "an attribute");
        if (!name)
            return false;
        f->needed[f->needed_count++] = name;
    }
    for (size_t i = 0; i < file->n_attribute_proto; i++, f->preset_count++)
        if (!onnx_attr(r, f->place, file->attribute_proto[i], &f->preset[i],
                       NULL))
            return false;
    return true;
}

static bool take_function(OnnxReader *r, Function *f, const Pb__Function *file)
{
    f->place = (OnnxPlace){ .kind = "function" };
    f->name = onnx_text(r, f->place, file->name, "a name");
    f->place.name = f->name;
    f->domain = onnx_text(r, f->place, file->domain, "a domain");
    f->overload = onnx_text(r, f->place, file->overload, "an overload");
    if (!f->name || !f->domain || !f->overload)
        return false;
    if (strcmp(f->domain, "ai.onnx") == 0)
        f->domain = "";
    if (!take_formals(r, f, file->input, file->n_input, "an input", &f->input,
                      &f->input_count) ||
        !take_formals(r, f, file->output, file->n_output, "an output",
                      &f->output, &f->output_count))
        return false;
    onnx_names_sort(&f->formals);
    return check_formals(r, f) && take_parameters(r, f, file) &&
           onnx_imports(r, f->place, file->opset_import, file->n_opset_import,
                        &f->body.imports) &&
           onnx_body(r, f->place, file->node, file->n_node, true, &f->body);
}

/* Every output is made in the body, or is an input. */
static bool check_outputs(const OnnxReader *r, const Function *f)
{
    OnnxNames made = { 0 };
    const char *missing = NULL;

    for (int i = 0; i < f->body.count; i++)
        for (int j = 0; j < f->body.node[i].node.output_count; j++)
            if (f->body.node[i].node.output[j])
                onnx_names_add(&made, f->body.node[i].node.output[j], i);
    onnx_names_sort(&made);
    for (int i = 0; i < f->output_count; i++)
        if (!onnx_names_find(&made, f->output[i]) &&
            onnx_names_find(&f->formals, f->output[i])->what < 0)
            missing = f->output[i];
    vec_free(&made);
    return !missing || onnx_refuse(r, f->place, "does not make its output '%s'",
                                   onnx_show(missing));
}

/* One text for the three that name a function. */
static const char *function_key(Arena *arena, const char *domain,
                                const char *name, const char *overload)
{
    return arena_printf(arena, "%zu %zu %s%s%s", strlen(domain), strlen(name),
                        domain, name, overload);
}

static bool take_functions(Unfold *u)
{
    const OnnxReader *r = u->r;
    Function *f = NEW_N(r->arena, Function, r->file->n_functions);

    u->functions = f;
    for (size_t i = 0; i < r->file->n_functions; i++, f++) {
        u->function_count++;
        if (!take_function(u->r, f, r->file->functions[i]) ||
            !check_outputs(r, f))
            return false;
        onnx_names_add(&u->keys,
                       function_key(r->arena, f->domain, f->name, f->overload),
                       (int)i);
    }
    onnx_names_sort(&u->keys);
    for (int i = 1; i < u->keys.count; i++)
        if (strcmp(u->keys.at[i].name, u->keys.at[i - 1].name) == 0)
            return onnx_refuse(r, u->functions[u->keys.at[i].what].place,
                               "is there twice");
    return true;
}

/* Which nodes are calls, and of what. */
static void find_calls(const Unfold *u, const OnnxBody *body)
{
    for (int i = 0; i < body->count && u->function_count > 0; i++) {
        OnnxDraft *draft = &body->node[i];
        const OnnxName *found = onnx_names_find(
            &u->keys, function_key(u->r->arena, draft->node.domain,
                                   draft->node.op, draft->overload));
        if (found)
            draft->function = &u->functions[found->what];
    }
}

static void free_functions(Unfold *u)
{
    for (int i = 0; i < u->function_count; i++)
        vec_free(&u->functions[i].formals);
    vec_free(&u->keys);
    vec_free(&u->nodes);
}

/* ---- names --------------------------------------------------------------- */

/* Whether a name starts with the mark, a number and a dot follow, maybe. */
static bool has_mark(const char *name, const char *mark)
{
    size_t length = strlen(mark);

    return name && strncmp(name, mark, length) == 0 && name[length] >= '0' &&
           name[length] <= '9';
}

static bool any_has_mark(const char *const *names, int count, const char *mark)
{
    for (int i = 0; i < count; i++)
        if (has_mark(names[i], mark))
            return true;
    return false;
}

static bool graph_has_mark(const Unfold *u, const OnnxBody *body,
                           const char *mark)
{
    const OnnxGraph *graph = u->r->model->graph;

    for (int i = 0; i < graph->input_count; i++)
        if (has_mark(graph->input[i]->name, mark))
            return true;
    for (int i = 0; i < graph->initializer_count; i++)
        if (has_mark(graph->initializer[i]->name, mark))
            return true;
    for (int i = 0; i < body->count; i++) {
        const OnnxNode *node = &body->node[i].node;
        if (any_has_mark(node->input, node->input_count, mark) ||
            any_has_mark(node->output, node->output_count, mark))
            return true;
    }
    return false;
}

static const char *find_mark(const Unfold *u, const OnnxBody *body)
{
    const char *mark = "call";

    while (u->function_count > 0 && graph_has_mark(u, body, mark))
        mark = arena_printf(u->r->arena, "%s_", mark);
    return mark;
}

/* Memory that unfolding takes; false where it is too much. */
static bool spend(Unfold *u, OnnxPlace place, size_t bytes)
{
    if (++u->work > ONNX_MAX_NODES)
        return onnx_refuse(u->r, place,
                           "is one of more than %d nodes, functions unfolded",
                           ONNX_MAX_NODES);
    u->bytes += (int64_t)bytes;
    return u->bytes <= ONNX_UNFOLD_LIMIT ||
           onnx_refuse(u->r, place,
                       "is in functions that take more than %lld MiB unfolded",
                       (long long)(ONNX_UNFOLD_LIMIT >> 20));
}

/* A value of the body as the graph calls it; NULL: it is left out. */
static const char *map_name(Unfold *u, const Frame *frame, const char *name)
{
    const OnnxNode *call = frame->call;
    const OnnxName *formal =
        name ? onnx_names_find(&frame->function->formals, name) : NULL;
    int i = formal ? formal->what : 0;

    if (!name)
        return NULL;
    if (formal && i >= 0)
        return i < call->input_count ? call->input[i] : NULL;
    if (formal && -1 - i < call->output_count && call->output[-1 - i])
        return call->output[-1 - i];
    u->bytes += (int64_t)(strlen(frame->prefix) + strlen(name) + 1);
    return arena_printf(u->r->arena, "%s%s", frame->prefix, name);
}

static const char **map_names(Unfold *u, const Frame *frame,
                              const char *const *names, int count)
{
    const char **mapped = NEW_N(u->r->arena, const char *, count);

    for (int i = 0; i < count; i++)
        mapped[i] = map_name(u, frame, names[i]);
    return mapped;
}

/* ---- attributes ---------------------------------------------------------- */

static const OnnxAttr *find_attr(const OnnxAttr *attrs, int count,
                                 const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(attrs[i].name, name) == 0)
            return &attrs[i];
    return NULL;
}

/* Those that stand for an attribute that the call leaves out, and that has no
 * default, are left out as well. */
static bool map_attrs(Unfold *u, const Frame *frame, const OnnxDraft *draft,
                      OnnxNode *node)
{
    const Function *f = frame->function;
    OnnxPlace place = { "node", NULL, node->op, node->name };

    node->attr = NEW_N(u->r->arena, OnnxAttr, draft->node.attr_count);
    node->attr_count = 0;
    for (int i = 0; i < draft->node.attr_count; i++) {
        OnnxAttr attr = draft->node.attr[i];
        const char *reference = draft->reference[i];
        if (reference) {
            const OnnxAttr *value = find_attr(
                frame->call->attr, frame->call->attr_count, reference);
            if (!value)
                value = find_attr(f->preset, f->preset_count, reference);
            if (!value)
                continue;
            if (attr.kind != ONNX_OTHER && attr.kind != value->kind)
                return onnx_refuse(u->r, place,
                                   "has an attribute '%s' of another type "
                                   "than that of its function",
                                   onnx_show(attr.name));
            const char *name = attr.name;
            attr = *value;
            attr.name = name;
        }
        node->attr[node->attr_count++] = attr;
    }
    return true;
}

static bool check_call(const Unfold *u, const Function *f, const OnnxNode *call)
{
    OnnxPlace place = { "node", NULL, call->op, call->name };

    if (call->input_count > f->input_count)
        return onnx_refuse(u->r, place, "has %d inputs, its function takes %d",
                           call->input_count, f->input_count);
    if (call->output_count > f->output_count)
        return onnx_refuse(u->r, place, "has %d outputs, its function makes %d",
                           call->output_count, f->output_count);
    for (int i = 0; i < call->attr_count; i++) {
        const char *name = call->attr[i].name;
        bool known = find_attr(f->preset, f->preset_count, name) != NULL;
        for (int j = 0; j < f->needed_count && !known; j++)
            known = strcmp(f->needed[j], name) == 0;
        if (!known)
            return onnx_refuse(u->r, place,
                               "has an attribute '%s', which its function "
                               "does not know",
                               onnx_show(name));
    }
    return true;
}

/* ---- nodes --------------------------------------------------------------- */

static OnnxNode *make_node(Unfold *u, const Frame *frame, OnnxDraft *draft)
{
    Arena *arena = u->r->arena;
    OnnxPlace place = { "node", NULL, draft->node.op, draft->node.name };
    OnnxNode *node = &draft->node;
    size_t size =
        sizeof *node + (size_t)node->attr_count * sizeof *node->attr +
        (size_t)(node->input_count + node->output_count) * sizeof(char *);

    if (!spend(u, place, frame->function ? size : 0))
        return NULL;
    if (!frame->function)
        return node;
    node = arena_copy(arena, node, sizeof *node);
    if (*node->name)
        node->name = arena_printf(arena, "%s%s", frame->prefix, node->name);
    node->input = map_names(u, frame, node->input, node->input_count);
    node->output = map_names(u, frame, node->output, node->output_count);
    node->input_count = onnx_given(node->input, node->input_count);
    node->output_count = onnx_given(node->output, node->output_count);
    return map_attrs(u, frame, draft, node) ? node : NULL;
}

/* An operator that is no function: of a domain that is imported. */
static bool add_node(Unfold *u, const Frame *frame, OnnxNode *node)
{
    const OnnxImport *import =
        onnx_import_of(&frame->body->imports, node->domain);
    OnnxPlace place = { "node", NULL, node->op, node->name };

    if (!import)
        return onnx_refuse(u->r, place,
                           "is of the domain '%s', which is not imported",
                           onnx_show(*node->domain ? node->domain : "ai.onnx"));
    node->opset = import->version;
    vec_push(&u->nodes, node);
    return true;
}

/* Outputs of a function that are its inputs. */
static void add_copies(Unfold *u, const Frame *frame)
{
    const OnnxNode *call = frame->call;

    for (int i = 0; i < call->output_count; i++) {
        int from = onnx_names_find(&frame->function->formals,
                                   frame->function->output[i])
                       ->what;
        if (from < 0 || from >= call->input_count || !call->input[from] ||
            !call->output[i])
            continue;
        OnnxNode *node = NEW(u->r->arena, OnnxNode);
        *node = (OnnxNode){ .name = call->name,
                            .op = "Identity",
                            .domain = "",
                            .input_count = 1,
                            .output_count = 1,
                            .input = NEW(u->r->arena, const char *),
                            .output = NEW(u->r->arena, const char *),
                            .opset = u->r->model->opset };
        node->input[0] = call->input[from];
        node->output[0] = call->output[i];
        vec_push(&u->nodes, node);
    }
}

static bool unfold_body(Unfold *u, const Frame *frame);

static bool unfold_call(Unfold *u, Function *f, const OnnxNode *call)
{
    OnnxPlace place = { "node", NULL, call->op, call->name };
    Frame frame = { f, &f->body, call, NULL };

    if (f->is_open)
        return onnx_refuse(u->r, f->place, "calls itself");
    if (++u->depth > DEPTH_LIMIT)
        return onnx_refuse(u->r, place, "lies in %d calls of functions",
                           DEPTH_LIMIT);
    if (!check_call(u, f, call))
        return false;
    frame.prefix =
        arena_printf(u->r->arena, "%s%d.%s/", u->mark, ++u->calls, call->op);
    f->is_open = true;
    bool good = unfold_body(u, &frame);
    f->is_open = false;
    u->depth--;
    add_copies(u, &frame);
    return good;
}

/* Recursive, at most DEPTH_LIMIT deep. */
static bool unfold_body(Unfold *u, const Frame *frame)
{
    bool good = true;

    for (int i = 0; i < frame->body->count; i++) {
        OnnxDraft *draft = &frame->body->node[i];
        OnnxNode *node = make_node(u, frame, draft);
        if (!node)
            return false;
        good &= draft->function ? unfold_call(u, draft->function, node)
                                : add_node(u, frame, node);
    }
    return good;
}

bool onnx_unfold(OnnxReader *r, const OnnxBody *body)
{
    Unfold u = { .r = r };
    Frame frame = { .body = body };
    OnnxGraph *graph = r->model->graph;
    bool good = take_functions(&u);

    if (good) {
        find_calls(&u, body);
        for (int i = 0; i < u.function_count; i++)
            find_calls(&u, &u.functions[i].body);
        u.mark = find_mark(&u, body);
        good = unfold_body(&u, &frame);
    }
    graph->node_count = u.nodes.count;
    graph->node = arena_copy(r->arena, u.nodes.at,
                             (size_t)u.nodes.count * sizeof *u.nodes.at);
    free_functions(&u);
    return good;
}
