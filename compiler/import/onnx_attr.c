/*
 * onnx_attr.c - attributes of nodes.
 *
 *     name "strides", type 7 (ints), ints 2 2
 *     name "alpha", type 1 (float), ref_attr_name "slope"    in a function
 *
 * The type says which field is meant, and no other may be there. Old writers
 * left the type out: then the one field that is there says it. A number or a
 * text that is not there is 0 or "": some writers leave those out.
 */
#include "import/onnx_local.h"

#include <string.h>

typedef struct KindRow {
    const char *name;
    OnnxAttrKind kind;
} KindRow;

/* By ONNX's code. */
static const KindRow kinds[] = {
    { "nothing", ONNX_OTHER },        { "a float", ONNX_FLOAT },
    { "an integer", ONNX_INT },       { "a string", ONNX_STRING },
    { "a tensor", ONNX_TENSOR },      { "a graph", ONNX_GRAPH },
    { "floats", ONNX_FLOATS },        { "integers", ONNX_INTS },
    { "strings", ONNX_STRINGS },      { "tensors", ONNX_OTHER },
    { "graphs", ONNX_OTHER },         { "a sparse tensor", ONNX_OTHER },
    { "sparse tensors", ONNX_OTHER }, { "a type", ONNX_OTHER },
    { "types", ONNX_OTHER },
};
#define KINDS ((int)COUNT_OF(kinds))

/* Whether the field of a code is there. */
static bool has_field(const Pb__Attribute *file, int code)
{
    const bool has[KINDS] = {
        [1] = file->has_f,
        [2] = file->has_i,
        [3] = file->has_s,
        [4] = file->t != NULL,
        [5] = file->has_g,
        [6] = file->n_floats > 0,
        [7] = file->n_ints > 0,
        [8] = file->n_strings > 0,
        [9] = file->n_tensors > 0,
        [10] = file->n_graphs > 0,
        [11] = file->has_sparse_tensor,
        [12] = file->n_sparse_tensors > 0,
        [13] = file->has_tp,
        [14] = file->n_type_protos > 0,
    };
    return has[code];
}

/* The code of the attribute's type; 0 after a diagnostic. */
static int find_type(const OnnxReader *r, OnnxPlace place,
                     const Pb__Attribute *file)
{
    int found = 0;

    if (file->type < 0 || file->type >= KINDS)
        return onnx_refuse(r, place, "has the unknown type %lld",
                           (long long)file->type);
    for (int code = 1; code < KINDS; code++) {
        if (!has_field(file, code))
            continue;
        if (found)
            return onnx_refuse(r, place, "has two values: %s and %s",
                               kinds[found].name, kinds[code].name);
        found = code;
    }
    if (file->type == 0 && found == 0)
        return onnx_refuse(r, place, "has no type and no value");
    if (file->type && found && found != file->type)
        return onnx_refuse(r, place, "is to be %s and has %s",
                           kinds[file->type].name, kinds[found].name);
    return file->type ? (int)file->type : found;
}

static bool take_strings(const OnnxReader *r, OnnxPlace place,
                         const Pb__Attribute *file, OnnxAttr *attr)
{
    const char **strings = NEW_N(r->arena, const char *, file->n_strings);

    for (size_t i = 0; i < file->n_strings; i++)
        if (!(strings[i] = onnx_text(r, place, file->strings[i], "a string")))
            return false;
    attr->strings = strings;
    return true;
}

static bool take_value(OnnxReader *r, OnnxPlace place,
                       const Pb__Attribute *file, OnnxAttr *attr)
{
    switch (attr->kind) {
    case ONNX_FLOAT: attr->f = file->f; return true;
    case ONNX_INT: attr->i = file->i; return true;
    case ONNX_STRING:
        attr->s = onnx_text(r, place, file->s, "a string");
        return attr->s != NULL;
    case ONNX_TENSOR:
        if (!file->t)
            return onnx_refuse(r, place, "is to be a tensor and has none");
        attr->tensor = onnx_tensor(r, place, file->t);
        return attr->tensor != NULL;
    case ONNX_FLOATS:
        attr->count = (int)file->n_floats;
        attr->floats = file->floats;
        return true;
    case ONNX_INTS:
        attr->count = (int)file->n_ints;
        attr->ints = file->ints;
        return true;
    case ONNX_STRINGS:
        attr->count = (int)file->n_strings;
        return take_strings(r, place, file, attr);
    case ONNX_GRAPH:
    case ONNX_OTHER: return true;
    }
    BUG("no attribute of kind %d", (int)attr->kind);
}

bool onnx_attr(OnnxReader *r, OnnxPlace place, const Pb__Attribute *file,
               OnnxAttr *attr, const char **reference)
{
    place.kind = "attribute";
    place.name = NULL;
    attr->name = onnx_text(r, place, file->name, "a name");
    if (!attr->name)
        return false;
    place.name = attr->name;
    if (!*attr->name)
        return onnx_refuse(r, place, "has no name");
    if (file->ref_attr_name.len > 0) {
        if (!reference)
            return onnx_refuse(r, place,
                               "stands for an attribute of a function, and "
                               "is in none");
        *reference = onnx_text(r, place, file->ref_attr_name, "a reference");
        for (int code = 1; code < KINDS; code++)
            if (has_field(file, code))
                return onnx_refuse(r, place, "has a value and a reference");
        if (file->type < 0 || file->type >= KINDS)
            return onnx_refuse(r, place, "has the unknown type %lld",
                               (long long)file->type);
        attr->kind = kinds[file->type].kind;
        return *reference != NULL;
    }
    int code = find_type(r, place, file);
    attr->kind = kinds[code].kind;
    return code && take_value(r, place, file, attr);
}
