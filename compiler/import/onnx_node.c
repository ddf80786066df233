/*
 * onnx_node.c - nodes as they are written, in the graph or in a function.
 *
 *     input "x" "" "w", output "y", op_type "Conv", attribute ...
 */
#include "import/onnx_local.h"

#include <string.h>

/* "ai.onnx" is ONNX's own domain spelt out. */
static const char *own_domain(const char *domain)
{
    return domain && strcmp(domain, "ai.onnx") == 0 ? "" : domain;
}

/* ---- imports ------------------------------------------------------------- */

const OnnxImport *onnx_import_of(const OnnxImports *imports, const char *domain)
{
    for (int i = 0; i < imports->count; i++)
        if (strcmp(imports->at[i].domain, domain) == 0)
            return &imports->at[i];
    return NULL;
}

static bool check_import(const OnnxReader *r, OnnxPlace place,
                         const OnnxImport *import)
{
    if (*import->domain == '\0' &&
        (import->version < ONNX_MIN_OPSET || import->version > ONNX_MAX_OPSET))
        return onnx_refuse(r, place, "has opset %lld, supported are %d to %d",
                           (long long)import->version, ONNX_MIN_OPSET,
                           ONNX_MAX_OPSET);
    return import->version > 0 ||
           onnx_refuse(r, place, "imports version %lld of '%s'",
                       (long long)import->version, onnx_show(import->domain));
}

bool onnx_imports(const OnnxReader *r, OnnxPlace place,
                  Pb__OperatorSet *const *file, size_t count,
                  OnnxImports *imports)
{
    if (count > ONNX_MAX_IMPORTS)
        return onnx_refuse(r, place, "imports %zu operator sets, more than %d",
                           count, ONNX_MAX_IMPORTS);
    *imports = (OnnxImports){ NEW_N(r->arena, OnnxImport, count), 0 };
    for (size_t i = 0; i < count; i++) {
        OnnxImport import = { onnx_text(r, place, file[i]->domain, "a domain"),
                              file[i]->version };
        import.domain = own_domain(import.domain);
        if (!import.domain || !check_import(r, place, &import))
            return false;
        if (onnx_import_of(imports, import.domain))
            return onnx_refuse(r, place, "imports '%s' twice",
                               onnx_show(import.domain));
        imports->at[imports->count++] = import;
    }
    return true;
}

/* ---- nodes --------------------------------------------------------------- */

int onnx_given(const char *const *names, int count)
{
    while (count > 0 && !names[count - 1])
        count--;
    return count;
}

static bool take_names(const OnnxReader *r, OnnxPlace place, const Bytes *file,
                       size_t count, const char *what, const char ***names,
                       int *name_count)
{
    *names = NEW_N(r->arena, const char *, count);
    for (size_t i = 0; i < count; i++)
        if (file[i].len > 0 &&
            !((*names)[i] = onnx_text(r, place, file[i], what)))
            return false;
    *name_count = onnx_given(*names, (int)count);
    return true;
}

static bool take_attrs(OnnxReader *r, OnnxPlace place, const Pb__Node *file,
                       bool is_function, OnnxDraft *draft)
{
    OnnxNode *node = &draft->node;

    if (file->n_attribute > ONNX_MAX_ATTRS)
        return onnx_refuse(r, place, "has %zu attributes, more than %d",
                           file->n_attribute, ONNX_MAX_ATTRS);
    node->attr = NEW_N(r->arena, OnnxAttr, file->n_attribute);
    draft->reference = NEW_N(r->arena, const char *, file->n_attribute);
    for (size_t i = 0; i < file->n_attribute; i++) {
        if (!onnx_attr(r, place, file->attribute[i], &node->attr[i],
                       is_function ? &draft->reference[i] : NULL))
            return false;
        for (size_t j = 0; j < i; j++)
            if (strcmp(node->attr[i].name, node->attr[j].name) == 0)
                return onnx_refuse(r, place, "has two attributes '%s'",
                                   onnx_show(node->attr[i].name));
        node->attr_count++;
    }
    return true;
}

static bool take_texts(const OnnxReader *r, OnnxPlace *place,
                       const Pb__Node *file, OnnxDraft *draft)
{
    OnnxNode *node = &draft->node;

    node->op = onnx_text(r, *place, file->op_type, "an operator");
    node->name = onnx_text(r, *place, file->name, "a name");
    node->domain = own_domain(onnx_text(r, *place, file->domain, "a domain"));
    draft->overload = onnx_text(r, *place, file->overload, "an overload");
    if (!node->op || !node->name || !node->domain || !draft->overload)
        return false;
    place->op = node->op;
    place->node = node->name;
    return *node->op || onnx_refuse(r, *place, "has no operator");
}

/* The place is that of the graph or function, and becomes the node's. */
static bool take_node(OnnxReader *r, OnnxPlace place, const Pb__Node *file,
                      bool is_function, OnnxDraft *draft)
{
    OnnxNode *node = &draft->node;

    if (!take_texts(r, &place, file, draft))
        return false;
    place.kind = "node";
    place.name = NULL;
    return take_names(r, place, file->input, file->n_input, "an input",
                      &node->input, &node->input_count) &&
           take_names(r, place, file->output, file->n_output, "an output",
                      &node->output, &node->output_count) &&
           take_attrs(r, place, file, is_function, draft);
}

bool onnx_body(OnnxReader *r, OnnxPlace place, Pb__Node *const *file,
               size_t count, bool is_function, OnnxBody *body)
{
    bool good = true;

    if (count > ONNX_MAX_NODES)
        return onnx_refuse(r, place, "has %zu nodes, more than %d", count,
                           ONNX_MAX_NODES);
    body->node = NEW_N(r->arena, OnnxDraft, count);
    body->count = (int)count;
    for (size_t i = 0; i < count; i++)
        good &= take_node(r, place, file[i], is_function, &body->node[i]);
    return good;
}
