/*
 * write_wanted.c - what layers should be called.
 *
 *     weight "layer1.0.conv1.weight"           layer1.0.conv1
 *     node   "/layer1/layer1.0/conv1/Conv"     layer1.0.conv1
 *
 * After its weights: then their keys are the model's own names. Where those say
 * nothing (an exporter that has put batchnorm into the convolution makes up new
 * ones) after the path of PyTorch's modules, in which a module in a list is
 * called by the list and its number.
 */
#include <ctype.h>
#include <string.h>

#include "import/write_local.h"

enum { LONGEST = 120, MOST_PARTS = 32 };

bool name_is_key(const char *name)
{
    for (const char *s = name; *s; s++) {
        bool word = isalnum((unsigned char)*s) || *s == '_';
        if (!word && (*s != '.' || s == name || s[-1] == '.' || !s[1]))
            return false;
    }
    return *name && strlen(name) <= LONGEST;
}

/* ---- after weights ------------------------------------------------------------------- */

/* The name without its last part, if that is the role; else NULL. */
static const char *stem_of(const char *name, const char *role)
{
    size_t length = strlen(name), tail = strlen(role);
    if (length <= tail + 1 || strcmp(name + length - tail, role) != 0 ||
        name[length - tail - 1] != '.')
        return NULL;
    return name_internn(name, length - tail - 1);
}

/* Of the first weight that says something. */
static const char *after_weights(const Node *node, const Layer *layer)
{
    for (int i = 0; i < layer->role_count; i++) {
        const Tensor *tensor = node->input[node->data_count + i];
        const char *stem;
        if (!layer->role[i] || !is_data(tensor))
            continue;
        stem = stem_of(import_foreign_name(tensor), layer->role[i]);
        if (stem && name_is_key(stem))
            return stem;
    }
    return NULL;
}

/* ---- after modules --------------------------------------------------------------------- */

typedef struct Path {
    const char *part[MOST_PARTS];
    int count;
    int base;  /* where the last module's own name begins */
    bool list; /* there is a module in a list */
} Path;

static bool is_number(const char *text)
{
    return *text && strspn(text, "0123456789") == strlen(text);
}

/* Whether the parts are the last module's name again, and a number. */
static bool is_in_list(const Path *path, const char *const *part, int left)
{
    const int length = path->count - path->base;
    if (length == 0 || left <= length || !is_number(part[length]))
        return false;
    for (int i = 0; i < length; i++)
        if (strcmp(part[i], path->part[path->base + i]) != 0)
            return false;
    return true;
}

/* layer1 layer1 0 conv1 -> layer1 0 conv1 */
static void add_modules(Path *path, const char *const *part, int count)
{
    for (int i = 0; i < count;) {
        if (is_in_list(path, part + i, count - i)) {
            i += path->count - path->base;
            path->part[path->count++] = part[i++];
            path->list = true;
        } else {
            path->base = path->count;
            path->part[path->count++] = part[i++];
        }
    }
}

/* The path of the module; what an operator's name begins ("Conv") and what
 * comes behind is not of it. *list: there is a module in a list. */
static const char *after_modules(Arena *arena, const char *name, bool *list)
{
    const char *part[MOST_PARTS];
    char *text = arena_text(arena, name);
    Path path = { 0 };
    Text made = { 0 };
    int count = 0;
    for (char *next = text; next && count < MOST_PARTS;) {
        char *here = next;
        next = strchr(here, '.');
        if (next)
            *next++ = '\0';
        if (isupper((unsigned char)here[0]))
            break;
        part[count++] = here;
    }
    add_modules(&path, part, count);
    *list |= path.list;
    for (int i = 0; i < path.count; i++)
        text_printf(&made, "%s%s", i ? "." : "", path.part[i]);
    return text_take(&made, arena);
}

/* ---- all layers --------------------------------------------------------------------------- */

static bool has_weights(const Node *node, const Layer *layer)
{
    for (int i = 0; i < layer->role_count; i++)
        if (layer->role[i] && is_data(node->input[node->data_count + i]))
            return true;
    return false;
}

static void want(Writer *w, int node, const char *name)
{
    name = name && name_is_key(name) ? name_intern(name) : NULL;
    for (int n = 0; name && n < w->graph->nodes.count; n++)
        if (w->layers[n].wanted == name)
            return; /* shared weights: the first is called so */
    w->layers[node].wanted = name;
}

void write_wanted(Writer *w)
{
    const int count = w->graph->nodes.count;
    bool lists = false;
    for (int n = 0; n < count; n++)
        want(w, n, after_weights(w->graph->nodes.at[n], &w->layers[n]));
    for (int n = 0; n < count; n++)
        after_modules(w->arena, w->graph->nodes.at[n]->path, &lists);
    for (int n = 0; n < count && lists; n++) {
        const Node *node = w->graph->nodes.at[n];
        if (!w->layers[n].wanted && has_weights(node, &w->layers[n]))
            want(w, n, after_modules(w->arena, node->path, &lists));
    }
}
