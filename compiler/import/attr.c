/*
 * attr.c - the attributes of a node, each marked as it is read.
 *
 *     attr_between(a, "group", 1, 1, INT32_MAX)
 *
 *     error: node 'conv1': 'Conv' with group=-3 is not possible
 *
 * What has the wrong kind, or is out of its limits, is refused here, and the
 * default is given: the adapter need not look again.
 */
#include <math.h>
#include <string.h>

#include "import/local.h"

static const char *kind_name(OnnxAttrKind kind)
{
    switch (kind) {
    case ONNX_FLOAT: return "a number";
    case ONNX_INT: return "a whole number";
    case ONNX_STRING: return "a string";
    case ONNX_TENSOR: return "a tensor";
    case ONNX_GRAPH: return "a graph";
    case ONNX_FLOATS: return "a list of numbers";
    case ONNX_INTS: return "a list of whole numbers";
    case ONNX_STRINGS: return "a list of strings";
    case ONNX_OTHER: return "something else";
    }
    BUG("no kind of attribute %d", (int)kind);
}

static OnnxAttr *find(const Adapt *a, const char *name)
{
    for (int i = 0; i < a->node->attr_count; i++)
        if (strcmp(a->node->attr[i].name, name) == 0)
            return &a->node->attr[i];
    return NULL;
}

/* Marks it; NULL where it is not there, or refused. */
static const OnnxAttr *take(Adapt *a, const char *name, OnnxAttrKind kind)
{
    OnnxAttr *attr = find(a, name);
    if (!attr)
        return NULL;
    attr->is_read = true;
    if (attr->kind == kind)
        return attr;
    refuse(a, "needs %s as attribute '%s', got %s", kind_name(kind), name,
           kind_name(attr->kind));
    return NULL;
}

bool attr_given(const Adapt *a, const char *name)
{
    return find(a, name);
}

void attr_ignore(Adapt *a, const char *name)
{
    OnnxAttr *attr = find(a, name);
    if (attr)
        attr->is_read = true;
}

int64_t attr_int(Adapt *a, const char *name, int64_t fallback)
{
    const OnnxAttr *attr = take(a, name, ONNX_INT);
    return attr ? attr->i : fallback;
}

int64_t attr_between(Adapt *a, const char *name, int64_t fallback, int64_t low,
                     int64_t high)
{
    int64_t value = attr_int(a, name, fallback);
    if (value >= low && value <= high)
        return value;
    refuse(a, "with %s=%lld is not possible", name, (long long)value);
    return fallback;
}

bool attr_flag(Adapt *a, const char *name, bool fallback)
{
    return attr_between(a, name, fallback, 0, 1);
}

int attr_axis(Adapt *a, const char *name, int64_t fallback, int rank)
{
    int64_t axis = attr_int(a, name, fallback);
    if (axis >= -rank && axis < rank)
        return (int)(axis < 0 ? axis + rank : axis);
    refuse(a, "with %s=%lld has no such dimension: there are %d", name,
           (long long)axis, rank);
    return 0;
}

/* The shortest decimal that is this float, which somebody wrote: 0.1 rather
 * than 0.10000000149. */
static double as_written(float value)
{
    Text text = { 0 };
    double number = (double)value;
    text_float(&text, value, false);
    if (isfinite(value) && !parse_double(text_get(&text), &number))
        BUG("'%s' is no number", text_get(&text));
    text_free(&text);
    return number;
}

double attr_float(Adapt *a, const char *name, double fallback)
{
    const OnnxAttr *attr = take(a, name, ONNX_FLOAT);
    return attr ? as_written(attr->f) : fallback;
}

const char *attr_string(Adapt *a, const char *name, const char *fallback)
{
    const OnnxAttr *attr = take(a, name, ONNX_STRING);
    return attr ? attr->s : fallback;
}

int attr_choice(Adapt *a, const char *name, const char *const *words)
{
    const char *word = attr_string(a, name, words[0]);
    for (int i = 0; words[i]; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    refuse(a, "with %s='%s' is not supported", name, onnx_show(word));
    return 0;
}

int attr_ints(Adapt *a, const char *name, int64_t *list, int most)
{
    const OnnxAttr *attr = take(a, name, ONNX_INTS);
    if (!attr)
        return -1;
    if (attr->count > most) {
        refuse(a, "has %d numbers in '%s', at most %d are possible",
               attr->count, name, most);
        return -1;
    }
    for (int i = 0; i < attr->count; i++)
        list[i] = attr->ints[i];
    return attr->count;
}

void attr_sizes(Adapt *a, const char *name, int64_t *list, int count,
                int64_t fallback, int64_t low, int64_t high)
{
    int64_t given[2 * ONNX_MAX_RANK];
    int found = attr_ints(a, name, given, (int)COUNT_OF(given));
    for (int i = 0; i < count; i++)
        list[i] = fallback;
    if (found < 0)
        return;
    if (found != count) {
        refuse(a, "needs %d numbers in '%s', got %d", count, name, found);
        return;
    }
    for (int i = 0; i < count; i++) {
        list[i] = given[i];
        if (given[i] >= low && given[i] <= high)
            continue;
        refuse(a, "with %lld in '%s' is not possible", (long long)given[i],
               name);
        list[i] = fallback;
    }
}

int attr_floats(Adapt *a, const char *name, const float **list)
{
    const OnnxAttr *attr = take(a, name, ONNX_FLOATS);
    if (!attr)
        return -1;
    *list = attr->floats;
    return attr->count;
}

const OnnxTensor *attr_tensor(Adapt *a, const char *name)
{
    const OnnxAttr *attr = take(a, name, ONNX_TENSOR);
    return attr ? attr->tensor : NULL;
}
