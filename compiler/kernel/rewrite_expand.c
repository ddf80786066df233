/*
 * rewrite_expand.c - writes marked loops out.
 *
 *     for ow.i in 0..2 (unroll)
 *         for oc.i in 0..16 (vector)         acc{0}:16  += x{k}    * w{n}:16
 *             acc{16*ow.i + oc.i} +=    ->   acc{16}:16 += x{k+64} * w{n}:16
 *                 x{k + 64*ow.i} * w{n + oc.i}
 *
 * First every access becomes one flat address. What the vector's variable
 * moves by one is loaded as a vector, by two with every other element, not at
 * all becomes a splat; anything else refuses. Stores apart from each other are
 * for rewrite_weave to bring together.
 */
#include "kernel/rewrite.h"

typedef struct Expand {
    Kernel *kernel;
    const Target *target;
    Text *why;
    Loops loops;
    int *lanes; /* by variable: the vectors that its loops become */
    int64_t statements;
    bool *single; /* by local: some elements are used one by one */
} Expand;

/* Unrolling is bounded: code grows with layers, not with multiplications. */
#define STATEMENTS_MOST 6000

/* ---- flat addresses ----------------------------------------------------------- */

static bool flatten_access(void *context, Kernel *k, const Access *access,
                           const Loops *loops, Access *result)
{
    Expand *e = context;
    Access flat = *access;
    if (!access->flat &&
        !access_flatten(k, access, loops->at, loops->count, &flat)) {
        text_printf(e->why, "the layout of '%s' needs its loops split",
                    access->buffer->name);
        return false;
    }
    *result = flat;
    return true;
}

/* ---- registers hold whole vectors ------------------------------------------------- */

/* The narrowest width that holds n elements; 0 where none does. */
static int lanes_for(const Target *target, int64_t n)
{
    int best = 0;
    for (int i = 0; i < 4 && target->lanes[i] > 0; i++) {
        if (target->lanes[i] >= n)
            best = target->lanes[i];
    }
    return best;
}

/* All loops over a variable become vectors of one width, also a shorter last
 * one: what is splatted for the others serves it too. */
static void find_lanes(Expand *e, const Stmt *list)
{
    for (; list != NULL; list = list->next) {
        if (list->kind == STMT_BLOCK)
            find_lanes(e, list->block);
        if (list->kind != STMT_LOOP)
            continue;
        find_lanes(e, list->loop.body);
        int64_t most = loop_iterations_most(list);
        int lanes = most > 0 ? lanes_for(e->target, most) : 0;
        int *known = &e->lanes[list->loop.var->id];
        if (list->loop.mark == LOOP_VECTOR && lanes > *known)
            *known = lanes;
    }
}

typedef struct Flat {
    const Buffer *buffer;
    bool found;
} Flat;

static void find_flat(void *context, const Access *access, Role role,
                      const Stmt *stmt)
{
    Flat *f = context;
    (void)role, (void)stmt;
    f->found = f->found || (access->flat && access->buffer == f->buffer);
}

/* Loops that were fused count its elements, one after the other. */
static bool has_addresses(const Kernel *k, const Buffer *buffer)
{
    Flat f = { buffer, false };
    visit_accesses(k->body, find_flat, &f);
    return f.found;
}

static bool *is_single(const Expand *e, const Buffer *local)
{
    for (int i = 0; i < e->kernel->locals.count; i++) {
        if (e->kernel->locals.at[i] == local)
            return &e->single[i];
    }
    BUG("'%s' is no local", local->name);
}

/* No loop around the access makes a vector of it. */
static bool stands_alone(const Access *access, const Loops *loops)
{
    for (int i = 0; i < loops->count; i++) {
        if (loops->at[i]->loop.mark == LOOP_VECTOR &&
            access_uses(access, loops->at[i]->loop.var))
            return false;
    }
    return true;
}

/* acc[5][6], vectorised over the 6, becomes acc[5][8]. */
static bool pad_access(void *context, Kernel *k, const Access *access,
                       const Loops *loops, Access *result)
{
    Expand *e = context;
    Access copy = *access;
    *result = copy;
    Buffer *b = copy.buffer;
    if (b->place != BUFFER_REG)
        return true;
    if (stands_alone(&copy, loops))
        *is_single(e, b) = true;
    if (b->rank == 0 || copy.flat)
        return true;
    Dim *last = &b->dim[b->rank - 1];
    for (int i = 0; i < loops->count; i++) {
        const Stmt *loop = loops->at[i];
        int lanes = lanes_for(e->target, last->extent);
        if (loop->loop.mark != LOOP_VECTOR || lanes <= last->extent ||
            affine_coef(copy.index[b->rank - 1], loop->loop.var) != 1 ||
            has_addresses(k, b))
            continue;
        last->extent = lanes;
        b->layout = layout_plain(b->rank, b->dim);
    }
    return true;
}

/* ---- vectors --------------------------------------------------------------------- */

typedef struct Vector {
    Expand *e;
    const Var *var;
    int lanes, active;
} Vector;

/* Whether `span` elements from the address on are always in the buffer. */
static bool has_elements(const Vector *v, const Access *access, int64_t span)
{
    int64_t high;
    const Loops *loops = &v->e->loops;
    return access->modulus == 0 &&
           affine_upper_bound(v->e->kernel, access->address, loops->at,
                              loops->count, &high) &&
           high + span <= access->buffer->layout.size;
}

/* A register's vectors are whole, with more lanes than are in use: they must
 * not reach into each other, into elements that another loop has, or out of the
 * buffer. */
static bool whole_fits(const Vector *v, const Access *access)
{
    const Affine *address = access->address;
    int64_t high;
    bool apart = address->base % v->lanes == 0;
    if (access->buffer->place != BUFFER_REG || v->active == v->lanes)
        return true;
    for (int i = 0; i < address->count; i++)
        apart = apart && address->term[i].coef % v->lanes == 0;
    if (apart && !*is_single(v->e, access->buffer) &&
        affine_upper_bound(v->e->kernel, address, v->e->loops.at,
                           v->e->loops.count, &high) &&
        high + v->lanes <= access->buffer->layout.size)
        return true;
    text_printf(v->e->why, "'%s' has no room for whole vectors of %d",
                access->buffer->name, v->lanes);
    return false;
}

/* Floats, and bytes, which become floats. */
static bool has_vectors(DType type)
{
    return type == DT_F32 || dtype_size(type) == 1;
}

/* Whole vectors where the buffer goes on behind what is needed: the last lanes
 * then hold anything, and nobody looks at them. */
static const Expr *vector_load(const Vector *v, const Expr *load, bool *ok)
{
    Kernel *k = v->e->kernel;
    Access access = load->access;
    int64_t step = affine_coef(access.address, v->var);
    if (access.modulus != 0 && affine_coef(access.ring, v->var) != 0)
        step = -1;
    if (step == 0)
        return load;
    if (!has_vectors(load->type.elem)) {
        text_printf(v->e->why, "there are no vectors of %s ('%s')",
                    dtype_name(load->type.elem), access.buffer->name);
        *ok = false;
        return load;
    }
    access.address =
        affine_substitute(k, access.address, v->var, affine_const(k, 0));
    bool apart = step >= 2 && step <= 4 && load->type.elem == DT_F32 &&
                 access.buffer->place != BUFFER_REG;
    if (step != 1 && !apart) {
        text_printf(v->e->why, "'%s' has stride %lld over '%s'",
                    access.buffer->name, (long long)step, v->var->name);
        *ok = false;
        return load;
    }
    bool whole = access.buffer->place == BUFFER_REG ||
                 has_elements(v, &access, step * (v->lanes - 1) + 1);
    int active = whole ? v->lanes : v->active;
    *ok = *ok && whole_fits(v, &access);
    return apart ? expr_load_every(k, access, (int)step, v->lanes, active)
                 : expr_load_vector(k, access, v->lanes, active);
}

/* Bytes become floats at once: nothing else is computed with them. */
static bool operands_fit(const Vector *v, const Expr *expr,
                         const Expr *const *arg, int count)
{
    const bool converts = expr->kind == EXPR_CONVERT;
    for (int i = 0; i < count; i++) {
        DType type = converts ? expr->type.elem : arg[i]->type.elem;
        if (arg[i]->type.lanes == 1 || type == DT_F32)
            continue;
        text_printf(v->e->why, "'%s' of vectors of %s", expr_name(expr->kind),
                    dtype_name(type));
        return false;
    }
    return true;
}

static const Expr *vector_expr(const Vector *v, const Expr *expr, bool *ok)
{
    Kernel *k = v->e->kernel;
    if (expr->kind == EXPR_LOAD)
        return vector_load(v, expr, ok);
    if (expr->kind == EXPR_VAR && affine_coef(expr->index, v->var) != 0) {
        text_printf(v->e->why, "'%s' is used as a value", v->var->name);
        *ok = false;
        return expr;
    }
    int count = expr_operands(expr->kind);
    const Expr *arg[4] = { NULL };
    bool any = false;
    for (int i = 0; i < count; i++) {
        arg[i] = vector_expr(v, expr->arg[i], ok);
        any = any || arg[i]->type.lanes > 1;
    }
    *ok = *ok && operands_fit(v, expr, arg, count);
    if (!*ok || !any)
        return expr;
    for (int i = 0; i < count; i++) {
        if (arg[i]->type.lanes == 1)
            arg[i] = expr_splat(k, v->lanes, arg[i]);
    }
    if (expr->kind == EXPR_CONVERT)
        return expr_convert(k, expr->type.elem, arg[0]);
    switch (count) {
    case 1: return expr_1(k, expr->kind, arg[0]);
    case 2: return expr_2(k, expr->kind, arg[0], arg[1]);
    case 3: return expr_3(k, expr->kind, arg[0], arg[1], arg[2]);
    case 4: return expr_4(k, expr->kind, arg[0], arg[1], arg[2], arg[3]);
    }
    BUG("%d operands", count);
}

static const Expr *as_vector(const Vector *v, const Expr *expr)
{
    return expr->type.lanes > 1 ? expr
                                : expr_splat(v->e->kernel, v->lanes, expr);
}

/* A sum over the vector's lanes into one place. */
static bool vector_across(const Vector *v, Stmt *stmt, const Expr *value,
                          Text *why)
{
    static const ExprKind across[] = {
        [ACCUM_ADD] = EXPR_SUM,
        [ACCUM_MIN] = EXPR_MIN_ACROSS,
        [ACCUM_MAX] = EXPR_MAX_ACROSS,
    };
    AccumOp op = stmt->store.op;
    bool sums = op == ACCUM_ADD || op == ACCUM_MIN || op == ACCUM_MAX;
    if (value->type.lanes == 1 && stmt->kind == STMT_STORE)
        return true; /* the same store in every lane */
    if (v->active != v->lanes && op == ACCUM_ADD && value->kind == EXPR_LOAD &&
        value->access.buffer->place != BUFFER_REG)
        value = expr_load_vector(v->e->kernel, value->access, v->lanes,
                                 v->active); /* the other lanes are 0 */
    else if (v->active != v->lanes)
        sums = false;
    if (stmt->kind != STMT_ACCUM || !sums || value->type.lanes == 1) {
        text_printf(why, "'%s' does not move with '%s'",
                    stmt->store.place.buffer->name, v->var->name);
        return false;
    }
    stmt->store.value = expr_1(v->e->kernel, across[op], value);
    return true;
}

static bool vector_store(const Vector *v, Stmt *stmt, Text *why)
{
    Kernel *k = v->e->kernel;
    bool ok = true;
    const Expr *value = vector_expr(v, stmt->store.value, &ok);
    const Expr *by = stmt->kind == STMT_ACCUM && stmt->store.op == ACCUM_FMA
                         ? vector_expr(v, stmt->store.by, &ok)
                         : NULL;
    if (!ok)
        return false;
    Access *place = &stmt->store.place;
    int64_t step = affine_coef(place->address, v->var);
    if (place->modulus != 0 && affine_coef(place->ring, v->var) != 0)
        step = -1;
    if (step == 0 && by == NULL)
        return vector_across(v, stmt, value, why);
    bool apart = stmt->kind == STMT_STORE && place->modulus == 0 &&
                 place->buffer->place != BUFFER_REG && target_weaves(step);
    if ((step != 1 && !apart) || value->type.elem != DT_F32 ||
        place->buffer->type != DT_F32) {
        text_printf(why, "'%s' is stored with stride %lld over '%s'",
                    place->buffer->name, (long long)step, v->var->name);
        return false;
    }
    place->address =
        affine_substitute(k, place->address, v->var, affine_const(k, 0));
    if (!whole_fits(v, place))
        return false;
    stmt->store.value = as_vector(v, value);
    if (by != NULL)
        stmt->store.by = as_vector(v, by);
    stmt->store.lanes = v->lanes;
    stmt->store.apart = apart ? (int)step : 0;
    /* Registers have all their lanes. */
    stmt->store.active =
        place->buffer->place == BUFFER_REG ? v->lanes : v->active;
    return true;
}

static bool expand_list(Expand *e, Stmt **link);

static bool expand_vector(Expand *e, Stmt **link)
{
    Stmt *loop = *link;
    int64_t lo, hi;
    if (!loop_constant(loop, &lo, &hi) || lo != 0) {
        text_printf(e->why, "the limits of vector '%s' are not constant",
                    loop->loop.var->name);
        return false;
    }
    if (hi <= 0) {
        *link = loop->next;
        return true;
    }
    Vector v = { e, loop->loop.var, e->lanes[loop->loop.var->id], (int)hi };
    if (v.lanes < hi) {
        text_printf(e->why, "'%s' has %lld elements: no vector holds them",
                    v.var->name, (long long)hi);
        return false;
    }
    /* Several statements would meet in another order. */
    Stmt *s = loop->loop.body;
    if (s->next != NULL || (s->kind != STMT_STORE && s->kind != STMT_ACCUM)) {
        text_printf(e->why, "vector '%s' holds more than one statement",
                    v.var->name);
        return false;
    }
    if (!vector_store(&v, s, e->why)) {
        text_printf(e->why, " (in vector '%s')", v.var->name);
        return false;
    }
    e->statements++;
    *link = s;
    s->next = loop->next;
    return true;
}

/* ---- unrolling ------------------------------------------------------------------------ */

static bool expand_unroll(Expand *e, Stmt **link)
{
    Stmt *loop = *link, *after = loop->next;
    int64_t lo, hi;
    if (!loop_constant(loop, &lo, &hi)) {
        text_printf(e->why, "the limits of unrolled '%s' are not constant",
                    loop->loop.var->name);
        return false;
    }
    for (int64_t value = lo; value < hi; value++) {
        Stmt *copy = stmt_copy(e->kernel, loop->loop.body);
        stmt_substitute(e->kernel, copy, loop->loop.var,
                        affine_const(e->kernel, value));
        *link = copy;
        if (!expand_list(e, link))
            return false;
        while (*link != NULL)
            link = &(*link)->next;
    }
    *link = after;
    return true;
}

static bool expand_inside(Expand *e, Stmt *loop)
{
    loops_enter(&e->loops, loop);
    bool ok = expand_list(e, &loop->loop.body);
    e->loops.count--;
    return ok;
}

static bool expand_stmt(Expand *e, Stmt **link)
{
    Stmt *stmt = *link;
    if (stmt->kind == STMT_BLOCK)
        return expand_list(e, &stmt->block);
    if (stmt->kind != STMT_LOOP) {
        e->statements++;
        return true;
    }
    if (stmt->loop.mark == LOOP_UNROLL)
        return expand_unroll(e, link);
    if (stmt->loop.mark == LOOP_VECTOR)
        return expand_vector(e, link);
    return expand_inside(e, stmt);
}

static bool expand_list(Expand *e, Stmt **link)
{
    while (*link != NULL) {
        Stmt *stmt = *link, *next = stmt->next;
        if (!expand_stmt(e, link))
            return false;
        if (e->statements > STATEMENTS_MOST) {
            text_add(e->why, "unrolling makes too much code");
            return false;
        }
        while (*link != next) {
            REQUIRE(*link != NULL);
            link = &(*link)->next;
        }
    }
    return true;
}

/* Locals that only other copies of a loop used to know. */
static void drop_locals(Kernel *kernel)
{
    int kept = 0;
    for (int i = 0; i < kernel->locals.count; i++) {
        if (count_accesses(kernel->body, kernel->locals.at[i]) > 0)
            kernel->locals.at[kept++] = kernel->locals.at[i];
    }
    kernel->locals.count = kept;
}

bool kernel_expand(Kernel *kernel, const Target *target, Text *why)
{
    Expand e = { .kernel = kernel, .target = target, .why = why };
    e.lanes = NEW_N(kernel->arena, int, kernel->vars.count);
    e.single = NEW_N(kernel->arena, bool, kernel->locals.count + 1);
    find_lanes(&e, kernel->body);
    Loops loops = { { NULL }, 0 };
    if (!map_accesses(kernel, kernel->body, &loops, pad_access, &e) ||
        !map_accesses(kernel, kernel->body, &loops, flatten_access, &e) ||
        !expand_list(&e, &kernel->body))
        return false;
    kernel_simplify(kernel);
    drop_locals(kernel);
    return true;
}
