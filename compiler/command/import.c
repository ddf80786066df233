/*
 * import.c - `cnnc import model.onnx -o net.cnn`: a foreign model as a network
 * that people can read, and its weights beside it.
 *
 *     model.onnx -> graph -> cleaned -> text -> read again -> net.safetensors
 *                     |                           ^               net.cnn
 *                     +------- the same? ---------+
 *
 * The text is not trusted: it is read as anyone would read it, and what comes
 * out is compared with the graph, layer by layer. That also says which key
 * each weight has.
 */
#include "command/import.h"

#include "command/local.h"
#include "import/import.h"
#include "import/onnx.h"
#include "import/write.h"
#include "language/language.h"
#include "pipeline.h"
#include "weights/weights.h"

#include <string.h>

enum { MOST_COLUMNS = 100, MOST_BINDS = 24 };

/* ---- the text ---------------------------------------------------------------------- */

/* The longest line, and how many there are. */
typedef struct Extent {
    int columns, lines;
} Extent;

static Extent extent_of(const Text *text)
{
    Extent extent = { 0, 0 };
    int column = 0;
    for (size_t i = 0; i < text->length; i++) {
        const unsigned char c = (unsigned char)text->data[i];
        column = c == '\n' ? 0 : column + ((c & 0xc0) != 0x80);
        extent.lines += c == '\n';
        extent.columns = column > extent.columns ? column : extent.columns;
    }
    return extent;
}

/* The text in standard form; the lines that it aligns may grow. */
static void format_once(Arena *arena, const Graph *graph,
                        const WriteOptions *options, Written *written,
                        Text *text)
{
    Source *source;
    import_write(written, graph, options);
    source = source_from_text(arena, options->file, text_get(&written->text));
    text_free(text);
    if (!lang_format(source, text))
        BUG("what 'import' wrote cannot be read:\n%s",
            text_get(&written->text));
}

/* Narrower until every line is at most 100 characters wide; there are networks
 * whose names alone are longer. */
static void format_text(Arena *arena, const Graph *graph, WriteOptions *options,
                        Written *written, Text *text)
{
    static const int widths[] = { 92, 84, 76, 68 };
    for (size_t i = 0; i < COUNT_OF(widths); i++) {
        options->width = widths[i];
        options->no_claims = false;
        format_once(arena, graph, options, written, text);
        if (extent_of(text).columns <= MOST_COLUMNS)
            return;
        options->no_claims = true;
        format_once(arena, graph, options, written, text);
        if (extent_of(text).columns <= MOST_COLUMNS)
            return;
    }
}

/* With the model's names where that does not make it much longer: names that
 * are numbered one by one keep what repeats from becoming a block. */
static void choose_text(Arena *arena, const Graph *graph, WriteOptions *options,
                        Written *written, Text *text)
{
    Written other = { 0 };
    Text free_text = { 0 };
    options->keep_names = true;
    format_text(arena, graph, options, written, text);
    options->keep_names = false;
    format_text(arena, graph, options, &other, &free_text);
    options->keep_names =
        extent_of(text).lines <= extent_of(&free_text).lines * 3 / 2 + 20;
    if (options->keep_names) {
        text_free(&free_text);
        written_free(&other);
        return;
    }
    text_free(text);
    written_free(written);
    *text = free_text;
    *written = other;
}

/* ---- read again ----------------------------------------------------------------------- */

static Graph *read_again(Arena *arena, const Graph *graph,
                         const Written *written, const Source *source,
                         const Tensor ***of)
{
    Graph *read = lang_read(arena, source);
    Text why = { 0 };
    if (!read)
        BUG("what 'import' wrote cannot be read:\n%s", source->text);
    *of = NEW_N(arena, const Tensor *, read->tensors.count);
    if (!import_match(graph, written, read, *of, &why))
        BUG("what 'import' wrote is another network: %s\n%s", text_get(&why),
            source->text);
    text_free(&why);
    for (int i = 0; i < read->tensors.count; i++) {
        Tensor *tensor = read->tensors.at[i];
        if (tensor->kind == TENSOR_PARAMETER)
            tensor->data = (*of)[i]->data;
    }
    return read;
}

/* ---- keys --------------------------------------------------------------------------------- */

/* A name that a text of the language can say, in a line that is not too long.
 */
static bool can_bind(const char *name, const char *key)
{
    size_t columns = strlen("bind \"\" -> ") + strlen(key);
    for (const char *s = name; *s; s++) {
        if ((unsigned char)*s < ' ' && *s != '\n' && *s != '\t')
            return false;
        columns += strchr("\n\t\"\\", *s) ? 2 : 1;
    }
    return columns <= MOST_COLUMNS;
}

/* Whether another parameter has the name already, as a key or by a bind. */
static bool is_used(const Graph *read, const char *name)
{
    for (int i = 0; i < read->tensors.count; i++)
        if (read->tensors.at[i]->kind == TENSOR_PARAMETER &&
            strcmp(read->tensors.at[i]->name, name) == 0)
            return true;
    for (int i = 0; i < read->binds.count; i++)
        if (strcmp(read->binds.at[i].from, name) == 0)
            return true;
    return false;
}

static bool same_weights(const Tensor *a, const Tensor *b)
{
    return a->type == b->type && a->layout == b->layout &&
           shape_equal(&a->shape, &b->shape) &&
           memcmp(a->data, b->data,
                  sizeof *a->data * (size_t)shape_count(&a->shape)) == 0;
}

/* The key of the parameter before this one that is the same weights of the
 * model; NULL: there is none. */
static const char *same_before(const Graph *read, const Tensor *const *of,
                               int at)
{
    const char *foreign = import_foreign_name(of[at]);
    for (int i = 0; i < at; i++)
        if (read->tensors.at[i]->kind == TENSOR_PARAMETER &&
            strcmp(import_foreign_name(of[i]), foreign) == 0 &&
            same_weights(read->tensors.at[i], read->tensors.at[at]))
            return read->tensors.at[i]->name;
    return NULL;
}

/* What the file calls the parameter of that key. A bind says it, if only that:
 * a name that is bound to others is no longer the key's of itself. */
static const char *name_in_file(Graph *read, const char *key)
{
    for (int i = 0; i < read->binds.count; i++)
        if (strcmp(read->binds.at[i].to, key) == 0)
            return read->binds.at[i].from;
    vec_push(&read->binds, (Bind){ key, key, NO_RANGE });
    return key;
}

/* Weights that several layers share are in the file once. */
static void bind_shared(Graph *read, const Tensor *const *of)
{
    for (int i = 0; i < read->tensors.count; i++) {
        const Tensor *tensor = read->tensors.at[i];
        const char *before =
            tensor->kind == TENSOR_PARAMETER ? same_before(read, of, i) : NULL;
        if (!before)
            continue;
        before = name_in_file(read, before);
        vec_push(&read->binds, (Bind){ before, tensor->name, NO_RANGE });
    }
}

/* A bind for each weight whose key is not the model's name; where those are too
 * many, none and false: then the weights are called as the network calls them.
 */
static bool find_binds(Graph *read, const Tensor *const *of)
{
    int others = 0;
    for (int i = 0; i < read->tensors.count; i++) {
        const Tensor *tensor = read->tensors.at[i];
        const char *foreign;
        if (tensor->kind != TENSOR_PARAMETER)
            continue;
        foreign = import_foreign_name(of[i]);
        if (strcmp(foreign, tensor->name) == 0 || same_before(read, of, i))
            continue;
        others++;
        if (can_bind(foreign, tensor->name) && !is_used(read, foreign))
            vec_push(&read->binds, (Bind){ foreign, tensor->name, NO_RANGE });
    }
    if (others > MOST_BINDS)
        read->binds.count = 0;
    bind_shared(read, of);
    return others <= MOST_BINDS;
}

static bool has_parameters(const Graph *graph)
{
    for (int i = 0; i < graph->tensors.count; i++)
        if (graph->tensors.at[i]->kind == TENSOR_PARAMETER)
            return true;
    return false;
}

/* ---- the whole ------------------------------------------------------------------------------ */

void import_compose(Arena *arena, const Graph *graph, const char *file,
                    const char *from, const char *weights, Imported *imported)
{
    WriteOptions options = { .file = file, .from = from, .weights = weights };
    Written written = { 0 };
    const Tensor **of;
    Graph *read;
    choose_text(arena, graph, &options, &written, &imported->text);
    read = read_again(arena, graph, &written,
                      source_from_text(arena, file, text_get(&imported->text)),
                      &of);
    if (!find_binds(read, of))
        options.remark = "the weights have other names than in the model: "
                         "more than would be bound here";
    options.binds = read->binds.at;
    options.bind_count = read->binds.count;
    if (!has_parameters(read))
        options.weights = read->weights = NULL;
    if (read->binds.count || !options.weights || options.remark)
        format_once(arena, graph, &options, &written, &imported->text);
    imported->graph = read;
    written_free(&written);
}

void imported_free(Imported *imported)
{
    text_free(&imported->text);
    graph_free(imported->graph);
}

/* ---- the command ---------------------------------------------------------------------------- */

typedef struct Import {
    Arena *arena;
    const CommandOptions *options;
    const char *text, *weights; /* the files that are written */
} Import;

/* The network has to say the name of its weights. */
static bool can_be_said(const char *name)
{
    for (int bytes; *name; name += bytes) {
        uint32_t code;
        bytes = utf8_decode(name, strlen(name), &code);
        if (!bytes || utf8_is_control(code))
            return false;
    }
    return true;
}

static bool name_files(Import *import)
{
    const char *model = import->options->files.at[0];

    import->text = import->options->output;
    if (!import_is_onnx(model)) {
        diag_error_file(model, "'import' reads models of ONNX: NAME.onnx");
        return false;
    }
    if (!import->text)
        import->text = path_with_suffix(
            import->arena, path_base(import->arena, model), ".cnn");
    import->weights =
        path_with_suffix(import->arena, import->text, ".safetensors");
    if (strcmp(import->text, "-") == 0) {
        diag_error_file(NULL, "'import' writes two files: -o NET.cnn");
        return false;
    }
    if (!can_be_said(path_base(import->arena, import->weights))) {
        diag_error_file(NULL,
                        "'%s' has characters that a network cannot say: "
                        "-o NET.cnn with another name",
                        onnx_show(import->text));
        return false;
    }
    if (strcmp(import->text, import->weights) == 0) {
        diag_error_file(import->text, "the weights of that name are written "
                                      "beside the network: give it another "
                                      "suffix");
        return false;
    }
    if (path_same_file(import->text, model) ||
        path_same_file(import->weights, model)) {
        diag_error_file(model, "the model itself would be overwritten");
        return false;
    }
    return true;
}

static bool write_files(const Import *import, const Imported *imported)
{
    return file_write(import->text, text_get(&imported->text),
                      imported->text.length) &&
           (!imported->graph->weights ||
            weights_save(imported->graph, import->weights));
}

/* The language has no arrays without elements. */
static bool check_elements(const Graph *graph, const char *model)
{
    for (int i = 0; i < graph->tensors.count; i++) {
        const Tensor *tensor = graph->tensors.at[i];
        if (!shape_is_empty(&tensor->shape))
            continue;
        diag_error_file(model,
                        "'%s' is %s: a network that people can read "
                        "needs elements",
                        tensor->name, shape_show(&tensor->shape));
        return false;
    }
    return true;
}

static bool read_and_write(Import *import)
{
    Graph *graph = load_layers(import->arena, import->options);
    Imported imported = { 0 };
    bool done;

    if (!graph)
        return false;
    if (!check_elements(graph, import->options->files.at[0])) {
        graph_free(graph);
        return false;
    }
    import_compose(import->arena, graph, path_base(import->arena, import->text),
                   path_base(import->arena, import->options->files.at[0]),
                   path_base(import->arena, import->weights), &imported);
    done = write_files(import, &imported);
    imported_free(&imported);
    graph_free(graph);
    return done;
}

bool command_import(const CommandOptions *options)
{
    Import import = { .arena = arena_new(), .options = options };
    bool done = name_files(&import) && read_and_write(&import);

    diag_flush();
    arena_free(import.arena);
    return done;
}
