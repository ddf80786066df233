/*
 * onnx_read.c - an ONNX file as a checked model, one step a line.
 *
 *     net.onnx: error: initialiser 'w' has 35 bytes of data, its shape [3, 3]
 *                      of float makes it 36
 *     net.onnx:7:1: error: reads 't', which nothing makes
 *         7 | y = Relu(t)
 */
#include "import/onnx_local.h"

#include <string.h>

/* ---- places -------------------------------------------------------------- */

static void add_place(Text *out, OnnxPlace place)
{
    text_add(out, place.kind);
    if (place.name)
        text_printf(out, " '%s'", onnx_show(place.name));
    if (!place.op)
        return;
    bool is_node = strcmp(place.kind, "node") == 0;
    if (place.node && *place.node)
        text_printf(out, "%s '%s'", is_node ? "" : " of node",
                    onnx_show(place.node));
    else if (!is_node)
        text_add(out, " of a node");
    text_printf(out, " (%s)", onnx_show(place.op));
}

bool onnx_refuse(const OnnxReader *r, OnnxPlace place, const char *format, ...)
{
    Text text = { 0 };
    va_list list;

    add_place(&text, place);
    text_char(&text, ' ');
    va_start(list, format);
    text_vprintf(&text, format, list);
    va_end(list);
    diag_error_file(r->path, "%s", text_get(&text));
    text_free(&text);
    return false;
}

const char *onnx_text(const OnnxReader *r, OnnxPlace place, Bytes bytes,
                      const char *what)
{
    const char *text = (const char *)bytes.data;
    Text out = { 0 };
    uint32_t code = 0;

    for (size_t at = 0; at < bytes.len;) {
        int length = utf8_decode(text + at, bytes.len - at, &code);
        if (length == 0) {
            onnx_refuse(r, place, "has %s that is not UTF-8: '%s'", what,
                        onnx_show(arena_textn(r->arena, text, bytes.len)));
            text_free(&out);
            return NULL;
        }
        text_addn(&out, code ? text + at : ONNX_NUL, code ? (size_t)length : 2);
        at += (size_t)length;
    }
    return text_take(&out, r->arena);
}

/* ---- the model ----------------------------------------------------------- */

static bool check_model(OnnxReader *r)
{
    OnnxPlace place = { .kind = "the model" };
    int64_t version = r->file->ir_version;

    if (!r->file->graph)
        return onnx_refuse(r, place, "has no graph");
    r->model->ir_version = version;
    return (version >= ONNX_MIN_IR && version <= ONNX_MAX_IR) ||
           onnx_refuse(r, place,
                       "is of ONNX's format %lld (ir_version), supported are "
                       "%d to %d",
                       (long long)version, ONNX_MIN_IR, ONNX_MAX_IR);
}

static bool take_imports(OnnxReader *r, OnnxBody *body)
{
    OnnxPlace place = { .kind = "the model" };

    if (!onnx_imports(r, place, r->file->opset_import, r->file->n_opset_import,
                      &body->imports))
        return false;
    const OnnxImport *own = onnx_import_of(&body->imports, "");
    if (!own && body->imports.count > 0)
        return onnx_refuse(r, place,
                           "imports no set of ONNX's operators, only those of "
                           "the domain '%s'",
                           onnx_show(body->imports.at[0].domain));
    if (!own)
        return onnx_refuse(r, place, "imports no set of ONNX's operators");
    r->model->opset = (int)own->version;
    return true;
}

static bool take_nodes(OnnxReader *r, OnnxBody *body)
{
    const Pb__Graph *file = r->file->graph;
    OnnxPlace place = { .kind = "the graph" };

    r->model->graph->name = onnx_text(r, place, file->name, "a name");
    return r->model->graph->name &&
           onnx_body(r, place, file->node, file->n_node, false, body);
}

static bool read_model(OnnxReader *r)
{
    OnnxBody body = { 0 };
    bool good = check_model(r) && take_imports(r, &body) && onnx_interface(r) &&
                take_nodes(r, &body) && onnx_unfold(r, &body);

    if (!good)
        return false;
    model_list(r->arena, r->model);
    return onnx_order(r);
}

const bool onnx_is_there = true;

OnnxModel *onnx_read_bytes(Arena *arena, const char *path, const void *bytes,
                           size_t size, const char *folder)
{
    OnnxReader r = { .arena = arena,
                     .path = arena_text(arena, path),
                     .folder = folder,
                     .model = NEW(arena, OnnxModel) };
    bool good;

    r.model->path = r.path;
    r.model->graph = NEW(arena, OnnxGraph);
    r.file = onnx_unpack(arena, r.path, bytes, size);
    if (!r.file)
        return NULL;
    good = read_model(&r);
    vec_free(&r.unsupported);
    return good ? r.model : NULL;
}

OnnxModel *onnx_read(Arena *arena, const char *path)
{
    size_t size;
    const void *bytes = file_map(path, &size);
    OnnxModel *model = NULL;

    if (!bytes)
        return NULL;
    if ((int64_t)size > ONNX_FILE_LIMIT)
        diag_error_file(path, "has %zu bytes, more than %lld", size,
                        (long long)ONNX_FILE_LIMIT);
    else
        model =
            onnx_read_bytes(arena, path, bytes, size, path_folder(arena, path));
    file_unmap(bytes, size);
    return model;
}
