/*
 * read_value.c - the reader's indices, accesses and values.
 *
 *     value    product { (+|-) product }
 *     product  atom { (*|/) atom }
 *     atom     1.5   3:u8   t   x[oh + 1][c]   x@(16*c)   f(value, ...)
 */
#include "kernel/read.h"

#include <math.h>
#include <string.h>

#define VALUE_DEPTH 256

/* ---- sums --------------------------------------------------------------------------- */

static const Var *read_var(Reader *r, const char *name)
{
    for (int i = 0; i < r->loops.count; i++) {
        if (r->loops.at[i]->loop.var->name == name)
            return r->loops.at[i]->loop.var;
    }
    read_fail(r, "no loop around is over '%s'", name);
    return NULL;
}

/* [number *] variable, or a number, times the sign. */
static const Affine *read_term(Reader *r, int64_t sign)
{
    const char *name = accept_name(r);
    int64_t factor = sign;
    const Var *var;

    if (!name) {
        factor = sign * read_integer(r, 0, READ_INDEX_MAX);
        if (!accept(r, "*"))
            return affine_const(r->kernel, factor);
        name = expect_name(r, "a variable");
    }
    var = name ? read_var(r, name) : NULL;
    if (!var)
        return affine_const(r->kernel, 0);
    return affine_scale(r->kernel, affine_var(r->kernel, var), factor);
}

const Affine *read_sum(Reader *r)
{
    const Affine *sum = read_term(r, accept(r, "-") ? -1 : 1);
    int terms = 1;

    for (; !r->failed; terms++) {
        int64_t sign = accept(r, "+") ? 1 : accept(r, "-") ? -1 : 0;
        if (sign == 0 || terms > 1000)
            break;
        sum = affine_add(r->kernel, sum, read_term(r, sign));
    }
    return sum;
}

/* ---- accesses ------------------------------------------------------------------------- */

static Buffer *find_buffer(Reader *r, const char *name)
{
    for (int i = 0; i < r->kernel->params.count; i++) {
        if (strcmp(r->kernel->params.at[i]->name, name) == 0)
            return r->kernel->params.at[i];
    }
    for (int i = 0; i < r->kernel->locals.count; i++) {
        if (strcmp(r->kernel->locals.at[i]->name, name) == 0)
            return r->kernel->locals.at[i];
    }
    read_fail(r, "kernel '%s' has no buffer '%s'", r->kernel->name, name);
    return NULL;
}

/* address [; ring % modulus * stride] ) */
static void read_flat(Reader *r, Access *access)
{
    access->flat = true;
    access->address = read_sum(r);
    if (accept(r, ";")) {
        access->ring = read_sum(r);
        expect(r, "%");
        access->modulus = read_integer(r, 1, READ_EXTENT_MAX);
        expect(r, "*");
        access->stride = read_integer(r, 0, READ_EXTENT_MAX);
    }
    expect(r, ")");
}

static bool access_of(Reader *r, const char *name, Access *access)
{
    Buffer *buffer = find_buffer(r, name);

    if (!buffer)
        return false;
    *access = (Access){ .buffer = buffer };
    if (accept(r, "@")) {
        expect(r, "(");
        read_flat(r, access);
        return !r->failed;
    }
    for (int i = 0; i < buffer->rank; i++) {
        if (!expect(r, "["))
            return false;
        access->index[i] = read_sum(r);
        expect(r, "]");
    }
    return !r->failed;
}

bool read_access(Reader *r, Access *access)
{
    const char *name = expect_name(r, "a buffer");
    return name && access_of(r, name, access);
}

/* ---- constants ---------------------------------------------------------------------------- */

/* f32, f32x16 */
static bool read_type(Reader *r, Type *type)
{
    const char *name = expect_name(r, "a type");
    const char *x = name ? strchr(name, 'x') : NULL;
    int64_t lanes = 1;

    if (!name)
        return false;
    if (x) {
        if (!parse_int64(x + 1, &lanes))
            lanes = 0;
        name = name_internn(name, (size_t)(x - name));
    }
    if (!dtype_parse(name, &type->elem) || lanes < 1 || lanes > 64) {
        read_fail(r, "expected a type");
        return false;
    }
    type->lanes = (int)lanes;
    return true;
}

static const Expr *finish_constant(Reader *r, double value, bool is_integer)
{
    Type type = { is_integer ? DT_I32 : DT_F32, 1 };
    if (accept(r, ":") && !read_type(r, &type))
        return NULL;
    if (!dtype_is_float(type.elem) && !(value >= -0x1p53 && value <= 0x1p53 &&
                                        value == (double)(int64_t)value)) {
        read_fail(r, "this is no %s", dtype_name(type.elem));
        return NULL;
    }
    return expr_const(r->kernel, type, value);
}

/* ---- functions ------------------------------------------------------------------------------ */

/* "load16" -> 16, for the prefix "load"; 0 where it is another word. */
static int lanes_after(const char *name, const char *prefix)
{
    size_t length = strlen(prefix);
    int64_t lanes;

    if (strncmp(name, prefix, length) != 0 ||
        !parse_int64(name + length, &lanes) || lanes < 2 || lanes > 64)
        return 0;
    return (int)lanes;
}

static const Expr *read_load(Reader *r, int lanes, int step)
{
    Access access;
    int active = lanes;

    if (!read_access(r, &access))
        return NULL;
    if (accept(r, ","))
        active = (int)read_integer(r, 1, lanes);
    if (!expect(r, ")"))
        return NULL;
    return step > 1 ? expr_load_every(r->kernel, access, step, lanes, active)
                    : expr_load_vector(r->kernel, access, lanes, active);
}

static const Expr *read_index(Reader *r)
{
    const Affine *sum = read_sum(r);
    return expect(r, ")") ? expr_index(r->kernel, sum) : NULL;
}

static const Expr *build_call(Reader *r, ExprKind kind, const Expr *const *arg)
{
    Kernel *k = r->kernel;

    if (!expr_types_fit(kind, arg)) {
        read_fail(r, "the operands of '%s' do not go together",
                  expr_name(kind));
        return NULL;
    }
    switch (expr_operands(kind)) {
    case 1: return expr_1(k, kind, arg[0]);
    case 2: return expr_2(k, kind, arg[0], arg[1]);
    case 3: return expr_3(k, kind, arg[0], arg[1], arg[2]);
    default: return expr_4(k, kind, arg[0], arg[1], arg[2], arg[3]);
    }
}

static const Expr *read_call(Reader *r, ExprKind kind)
{
    const Expr *arg[4];

    for (int i = 0; i < expr_operands(kind); i++) {
        if (i > 0 && !expect(r, ","))
            return NULL;
        arg[i] = read_value(r);
        if (!arg[i])
            return NULL;
    }
    return expect(r, ")") ? build_call(r, kind, arg) : NULL;
}

/* splat16(value), f32(value) */
static const Expr *read_conversion(Reader *r, DType to, int lanes)
{
    const Expr *a = read_value(r);

    if (!a || !expect(r, ")"))
        return NULL;
    if (lanes == 0)
        return expr_convert(r->kernel, to, a);
    if (a->type.lanes == 1)
        return expr_splat(r->kernel, lanes, a);
    read_fail(r, "'splat' of a vector");
    return NULL;
}

static bool find_call(const char *name, ExprKind *kind)
{
    for (int i = EXPR_MIN; i < EXPR_COUNT; i++) {
        *kind = (ExprKind)i;
        if (*kind != EXPR_CONVERT && *kind != EXPR_SPLAT &&
            strcmp(expr_name(*kind), name) == 0)
            return true;
    }
    return false;
}

static const Expr *read_function(Reader *r, const char *name)
{
    ExprKind kind;
    DType type;
    int lanes;

    if (strcmp(name, "index") == 0)
        return read_index(r);
    if (find_call(name, &kind))
        return read_call(r, kind);
    for (int step = 1; step <= 4; step++) {
        const char *load = expr_name((ExprKind)(EXPR_LOAD + step - 1));
        if ((lanes = lanes_after(name, load)) > 0)
            return read_load(r, lanes, step);
    }
    if ((lanes = lanes_after(name, "splat")) > 0)
        return read_conversion(r, DT_F32, lanes);
    if (dtype_parse(name, &type))
        return read_conversion(r, type, 0);
    read_fail(r, "no function '%s'", name);
    return NULL;
}

/* ---- values ----------------------------------------------------------------------------------- */

static const Expr *read_named(Reader *r, const char *name)
{
    Access access;

    if (accept(r, "("))
        return read_function(r, name);
    for (int i = r->known.count - 1; i >= 0; i--) {
        if (strcmp(r->known.at[i]->name, name) == 0)
            return expr_temp(r->kernel, r->known.at[i]);
    }
    if (!access_of(r, name, &access))
        return NULL;
    return expr_load(r->kernel, access);
}

/* inf:f32, -inf:f32, nan:f32; a buffer of that name has no colon. */
static const Expr *read_special(Reader *r)
{
    size_t back = r->at;
    double sign = accept(r, "-") ? -1 : 1;
    const char *name = accept_name(r);

    if (name && r->source->text[r->at] == ':') {
        if (strcmp(name, "inf") == 0)
            return finish_constant(r, sign * (double)INFINITY, false);
        if (strcmp(name, "nan") == 0)
            return finish_constant(r, (double)NAN, false);
    }
    r->at = back;
    return NULL;
}

static const Expr *read_atom(Reader *r)
{
    const Expr *value;
    const char *name;
    double number;
    bool is_integer;

    if (accept(r, "(")) {
        value = read_value(r);
        return value && expect(r, ")") ? value : NULL;
    }
    if (read_number(r, &number, &is_integer))
        return finish_constant(r, number, is_integer);
    value = read_special(r);
    if (value || r->failed)
        return value;
    name = expect_name(r, "a value");
    return name ? read_named(r, name) : NULL;
}

/* Operators of one level, from the left. */
static const Expr *read_level(Reader *r, const char *first, ExprKind one,
                              const char *second, ExprKind two,
                              const Expr *(*operand)(Reader *))
{
    const Expr *arg[2] = { operand(r), NULL };

    while (arg[0]) {
        ExprKind kind = accept(r, first)    ? one
                        : accept(r, second) ? two
                                            : EXPR_CONST;
        if (kind == EXPR_CONST)
            break;
        arg[1] = operand(r);
        arg[0] = arg[1] ? build_call(r, kind, arg) : NULL;
    }
    return arg[0];
}

static const Expr *read_product(Reader *r)
{
    return read_level(r, "*", EXPR_MUL, "/", EXPR_DIV, read_atom);
}

const Expr *read_value(Reader *r)
{
    const Expr *value = NULL;
    if (r->depth++ < VALUE_DEPTH)
        value = read_level(r, "+", EXPR_ADD, "-", EXPR_SUB, read_product);
    else
        read_fail(r, "values nest too deeply");
    r->depth--;
    return value;
}
