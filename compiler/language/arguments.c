/*
 * arguments.c - the arguments of a layer, by the table of its operator.
 *
 *     conv(6, 5x5, pad=same)     filters = 6, kernel = 5x5, pad = same
 *     add(main, skip)            two values of the network
 *     mul(x, 0.5)                a value and a number
 *
 * An operator of several inputs takes values by their place; it takes numbers
 * there too where it works element by element.
 */
#include "language/local.h"

#include <string.h>

static const AttrInfo *attr_of(Op op, int attr)
{
    return &op_info[op].attrs[attr];
}

static const char *attr_kind_text(AttrKind kind)
{
    static const char *const texts[] = {
#define ATTR_TYPE(kind, type, what) what,
        ATTR_TYPES(ATTR_TYPE)
#undef ATTR_TYPE
    };
    return texts[kind];
}

/* ---- from constants to attributes ---------------------------------------------- */

static bool store_ints(const Constant *constant, int64_t *at, int most,
                       int *count)
{
    if (constant_whole(constant, &at[0])) {
        *count = 1;
        return true;
    }
    if (constant->kind != CONSTANT_LIST || constant->list.count > most)
        return false;
    *count = constant->list.count;
    for (int i = 0; i < *count; i++)
        if (!constant_whole(&constant->list.at[i], &at[i]))
            return false;
    return true;
}

static bool store_size(const Constant *constant, Size *size)
{
    return store_ints(constant, size->at, 3, &size->count) && size->count > 0;
}

static bool store_pad(const Constant *constant, Pad *pad)
{
    bool word = constant->kind == CONSTANT_WORD;
    memset(pad, 0, sizeof *pad);
    pad->kind = PAD_EXPLICIT;
    if (word && strcmp(constant->text, "same") == 0)
        pad->kind = PAD_SAME;
    else if (word && strcmp(constant->text, "valid") == 0)
        pad->kind = PAD_VALID;
    if (pad->kind != PAD_EXPLICIT)
        return true;
    return store_ints(constant, pad->number, 6, &pad->count) && pad->count > 0;
}

static bool store_floats(Arena *keep, const Constant *constant, FloatList *list)
{
    double number;
    if (constant_number(constant, &number)) {
        list->count = 1;
        list->at = arena_copy(keep, &number, sizeof number);
        return true;
    }
    if (constant->kind != CONSTANT_LIST)
        return false;
    list->count = constant->list.count;
    list->at = NEW_N(keep, double, list->count);
    for (int i = 0; i < list->count; i++)
        constant_number(&constant->list.at[i], &list->at[i]);
    return true;
}

static bool store_bool(const Constant *constant, bool *truth)
{
    if (constant->kind != CONSTANT_BOOL)
        return false;
    *truth = constant->truth;
    return true;
}

static bool store_dtype(const Constant *constant, DType *type)
{
    return constant->kind == CONSTANT_WORD && dtype_parse(constant->text, type);
}

static bool store_word(const Constant *constant, Word *word)
{
    if (constant->kind != CONSTANT_WORD)
        return false;
    *word = name_intern(constant->text);
    return true;
}

static bool store(Arena *keep, const AttrInfo *info, const Constant *constant,
                  void *attrs)
{
    void *field = (char *)attrs + info->offset;
    IntList *ints = field;
    switch (info->kind) {
    case ATTR_INT: return constant_whole(constant, field);
    case ATTR_FLOAT: return constant_number(constant, field);
    case ATTR_BOOL: return store_bool(constant, field);
    case ATTR_SIZE: return store_size(constant, field);
    case ATTR_PAD: return store_pad(constant, field);
    case ATTR_FLOATS: return store_floats(keep, constant, field);
    case ATTR_INTS:
        return store_ints(constant, ints->at, (int)COUNT_OF(ints->at),
                          &ints->count);
    case ATTR_DTYPE: return store_dtype(constant, field);
    case ATTR_WORD: return store_word(constant, field);
    }
    BUG("no attribute kind %d", (int)info->kind);
}

bool argument_store(Scope *scope, Op op, int attr, const Bound *bound,
                    void *attrs)
{
    const AttrInfo *info = attr_of(op, attr);
    const Constant *constant = &bound->attr[attr];
    Range range = bound->attr_range[attr];
    if (store(scope->e->keep, info, constant, attrs))
        return true;
    if (report_first(scope, range, "'%s' of '%s' is %s, got %s", info->name,
                     op_info[op].name, attr_kind_text(info->kind),
                     constant_show(scope->e->scratch, constant))) {
        report_constant(constant, range);
        report_uses(scope);
    }
    return false;
}

/* ---- from arguments to constants -------------------------------------------------- */

static int attr_find(Op op, const char *name)
{
    for (int i = 0; i < op_info[op].attr_count; i++)
        if (strcmp(attr_of(op, i)->name, name) == 0)
            return i;
    return -1;
}

static void report_unknown_argument(Scope *scope, Op op, const Arg *arg)
{
    Map attrs = { 0 };
    const Map *maps[] = { &attrs };
    if (!report(scope, arg->name_range, "'%s' has no argument '%s'",
                op_info[op].name, arg->name))
        return;
    for (int i = 0; i < op_info[op].attr_count; i++)
        map_set(&attrs, name_intern(attr_of(op, i)->name), &attrs);
    if (strcmp(arg->name, "activation") == 0)
        diag_hint("an activation is a layer of its own: -> relu");
    else
        report_nearest(arg->name, maps, 1, false);
    map_free(&attrs);
}

static bool is_near_argument(Op op, const char *name)
{
    const char *names[MAX_ATTRS];
    for (int i = 0; i < op_info[op].attr_count; i++)
        names[i] = attr_of(op, i)->name;
    return name_nearest(name, names, op_info[op].attr_count) != NULL;
}

/* strid=n is no argument, and n may be unknown beside that; weight=n would be
 * a weight that is given, were n known: the mistake is n. activation=relu is
 * one mistake. */
static void unknown_argument(Scope *scope, Op op, const Arg *arg)
{
    const bool name = arg->value->kind == EXPR_NAME;
    const bool layer = name && op_find(arg->value->text) != OP_COUNT;
    const bool first = layer || is_near_argument(op, arg->name);
    Constant constant = { .kind = CONSTANT_POISON };
    if (first)
        report_unknown_argument(scope, op, arg);
    if (!layer)
        constant = constant_of(scope, arg->value);
    if (!first && !(name && constant.kind == CONSTANT_POISON))
        report_unknown_argument(scope, op, arg);
}

/* Whether the constant is an input of the layer rather than an attribute. */
static bool is_input(Op op, const Constant *constant)
{
    if (op_info[op].most_inputs < 2)
        return false;
    return constant->kind == CONSTANT_VALUE ||
           constant->kind == CONSTANT_POISON || op_info[op].elementwise;
}

static bool bind_attr(Scope *scope, Op op, int attr, const Arg *arg,
                      const Constant *constant, Bound *bound)
{
    Range range = arg->value->range;
    if (bound->given[attr]) {
        if (report_first(scope, arg->name ? arg->name_range : range,
                         "'%s' is given twice", attr_of(op, attr)->name)) {
            diag_note(bound->attr_range[attr], "it is given here already");
            report_uses(scope);
        }
        return false;
    }
    bound->given[attr] = true;
    bound->attr[attr] = *constant;
    bound->attr_range[attr] = range;
    if (constant->kind == CONSTANT_POISON)
        bound->poisoned = true;
    return true;
}

/* A value where the layer takes none: relu(x). */
static bool report_value(Scope *scope, Op op, const Arg *arg,
                         const Constant *constant)
{
    const char *name = constant->value->name ? constant->value->name : "in";
    if (report(scope, arg->value->range,
               "'%s' takes no values as arguments, got '%s'", op_info[op].name,
               name))
        diag_hint("a value flows in by an arrow: %s -> %s", name,
                  op_info[op].name);
    return false;
}

static bool bind_positional(Scope *scope, Op op, const Arg *arg, int *place,
                            Bound *bound)
{
    int most = op_info[op].attr_count;
    Constant constant = constant_of(scope, arg->value);
    if (is_input(op, &constant)) {
        vec_push(&bound->inputs, constant);
        bound->has_values |= constant.kind == CONSTANT_VALUE;
        bound->poisoned |= constant.kind == CONSTANT_POISON;
        return true;
    }
    ++*place; /* a wrong one counts: those behind it keep their places */
    if (constant.kind == CONSTANT_VALUE)
        return report_value(scope, op, arg, &constant);
    if (*place <= most)
        return bind_attr(scope, op, *place - 1, arg, &constant, bound);
    if (most == 0)
        report(scope, arg->value->range, "'%s' takes no arguments",
               op_info[op].name);
    else
        report(scope, arg->value->range, "'%s' takes at most %d argument%s",
               op_info[op].name, most, most == 1 ? "" : "s");
    return false;
}

static bool bind_named(Scope *scope, Op op, const Arg *arg, Bound *bound)
{
    int attr = attr_find(op, arg->name);
    Constant constant;
    if (given_bind(scope, op, attr, arg, bound))
        return true;
    if (attr < 0) {
        unknown_argument(scope, op, arg);
        return false;
    }
    constant = constant_of(scope, arg->value);
    if (constant.kind == CONSTANT_VALUE)
        return report_value(scope, op, arg, &constant);
    return bind_attr(scope, op, attr, arg, &constant, bound);
}

static bool has_required(Scope *scope, const Step *step, Op op,
                         const Bound *bound)
{
    Text missing = { 0 };
    for (int i = 0; i < op_info[op].attr_count; i++)
        if (!bound->given[i] && !attr_of(op, i)->fallback)
            text_printf(&missing, "%s'%s'", missing.length ? " and " : "",
                        attr_of(op, i)->name);
    if (!missing.length)
        return true;
    report(scope, step->range, "'%s' needs %s", op_info[op].name,
           text_get(&missing));
    text_free(&missing);
    return false;
}

bool arguments_bind(Scope *scope, const Step *step, Op op, Bound *bound)
{
    bool good = true, named = false;
    int place = 0;
    for (const Arg *arg = step->args.first; arg; arg = arg->next) {
        if (!arg->name && named) {
            report(scope, arg->value->range,
                   "an argument without a name cannot follow one with a name");
            good = false;
        } else if (arg->name) {
            good &= bind_named(scope, op, arg, bound);
        } else {
            good &= bind_positional(scope, op, arg, &place, bound);
        }
        named |= arg->name != NULL;
    }
    return good && !bound->poisoned && has_required(scope, step, op, bound);
}
