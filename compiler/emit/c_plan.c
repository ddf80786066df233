/*
 * c_plan.c - where the names of a function are declared.
 *
 *     for (int oh = 0; oh < 32; oh++) {
 *         const int kh_lo = oh < 1 ? 1 - oh : 0;              a Bound
 *         f32x16 a0 = f32x16_zero();                          an Element
 *         for (int kh = kh_lo; kh < 3; kh++) {
 *             const float *x_row = x + 512 * (oh + kh - 1);   a Row
 *             for (int c = 0; c < 16; c++)
 *                 ... x_row[c + 16] ...
 *
 * One walk over the statements finds, for each limit, address and register,
 * the scope that has to declare it: for what is computed from loop variables
 * the outermost one that knows them all, for a register the innermost one
 * that holds all its uses. The printer walks the same way again, and so knows
 * a scope by its number.
 *
 * A row's pointer stays inside its buffer: where the least address of its
 * accesses, without the innermost variable, could be in front of it, the
 * constant stays in the subscript.
 */
#include "emit/local.h"

#include <stdlib.h>
#include <string.h>

#define INDEX_LARGEST ((int64_t)1 << 30)

/* ---- lookups ----------------------------------------------------------------- */

int plan_local(const Function *f, const Buffer *buffer)
{
    for (int i = 0; i < f->kernel->locals.count; i++) {
        if (f->kernel->locals.at[i] == buffer)
            return i;
    }
    BUG("'%s' is no local of '%s'", buffer->name, f->kernel->name);
}

Element *plan_element(const Function *f, const Access *access)
{
    int64_t address;
    const int *at = f->element_at[plan_local(f, access->buffer)];

    REQUIRE(access->flat && affine_is_const(access->address, &address));
    REQUIRE(address >= 0 && address < access->buffer->layout.size);
    REQUIRE(at[address] >= 0);
    return &f->elements.at[at[address]];
}

Param *plan_param(const Function *f, const Buffer *buffer)
{
    for (int i = 0; i < f->params.count; i++) {
        if (f->params.at[i].buffer == buffer)
            return &f->params.at[i];
    }
    return NULL;
}

/* Without the number at the end. */
static const char *stem(const Function *f, const char *name)
{
    size_t length = strlen(name);

    while (length > 0 && name[length - 1] >= '0' && name[length - 1] <= '9')
        length--;
    return length ? name_intern(arena_textn(f->arena, name, length)) : name;
}

const char *plan_var_name(const Function *f, const Var *var)
{
    return stem(f, var->name);
}

const char *plan_temp_name(const Function *f, const Temp *temp)
{
    return stem(f, temp->name);
}

const char *plan_local_name(const Function *f, const Buffer *buffer)
{
    return stem(f, buffer->name);
}

/* The number of the innermost open scope that binds a variable of the sum,
 * `skip` not counted; 0 where there is none. */
static int deepest_scope(const Function *f, const Affine *sum, const Var *skip)
{
    int scope = 0;

    for (int i = 0; sum && i < sum->count; i++) {
        int at = f->var_scope[sum->term[i].var->id];
        if (sum->term[i].var != skip &&
            f->scopes.at[at].level > f->scopes.at[scope].level)
            scope = at;
    }
    return scope;
}

/* The variable of the innermost loop, where that has no loop inside. */
static const Var *leaf_var(const Function *f)
{
    int n = f->loop_count;
    return n > 0 && f->leaf[n - 1] ? f->loops[n - 1]->loop.var : NULL;
}

static int loops_around(const Function *f, int scope)
{
    int count = 0;
    for (int i = 0; i < f->loop_count; i++) {
        if (f->scopes.at[f->var_scope[f->loops[i]->loop.var->id]].level <=
            f->scopes.at[scope].level)
            count++;
    }
    return count;
}

static bool same_sum(const Affine *a, const Affine *b)
{
    return a == b || (a && b && affine_equal(a, b));
}

Row *plan_row(Function *f, const Access *access)
{
    const Var *leaf = leaf_var(f);
    const Affine *ring = access->modulus ? access->ring : NULL;
    const Affine *sum =
        affine_shift(f->kernel, access->address, -access->address->base);

    if (ring && leaf && affine_coef(ring, leaf) != 0)
        ring = NULL;
    int scope = deepest_scope(f, sum, leaf), other = deepest_scope(f, ring, 0);
    if (f->scopes.at[other].level > f->scopes.at[scope].level)
        scope = other;
    if (scope == 0)
        return NULL;
    if (leaf && affine_coef(sum, leaf) != 0)
        sum =
            affine_substitute(f->kernel, sum, leaf, affine_const(f->kernel, 0));
    for (int i = 0; i < f->rows.count; i++) {
        Row *row = &f->rows.at[i];
        if (row->buffer == access->buffer && row->scope == scope &&
            affine_equal(row->sum, sum) && same_sum(row->ring, ring) &&
            (!ring || (row->modulus == access->modulus &&
                       row->stride == access->stride)))
            return row;
    }
    Row row = { .buffer = access->buffer,
                .scope = scope,
                .sum = sum,
                .ring = ring,
                .modulus = access->modulus,
                .stride = access->stride,
                .base = access->address->base,
                .loop_count = loops_around(f, scope) };
    row.loops = arena_copy(f->arena, f->loops,
                           (size_t)row.loop_count * sizeof *row.loops);
    vec_push(&f->rows, row);
    return &f->rows.at[f->rows.count - 1];
}

/* ---- sizes of indices ---------------------------------------------------------- */

/* No value of the sum or of a part of it is larger. */
static int64_t reach_of(const Function *f, const Affine *sum)
{
    int64_t reach = llabs(sum->base);

    for (int i = 0; i < sum->count; i++) {
        int64_t one;
        if (!size_mul(llabs(sum->term[i].coef), f->reach[sum->term[i].var->id],
                      &one) ||
            !size_add(reach, one, &reach))
            return INT64_MAX;
    }
    return reach;
}

static void note_reach(Function *f, const Affine *sum)
{
    f->wide |= reach_of(f, sum) >= INDEX_LARGEST;
}

static int64_t reach_of_limit(Function *f, const Limit *limit)
{
    int64_t least = INT64_MAX;

    for (int i = 0; i < limit->count; i++) {
        int64_t reach = reach_of(f, limit->term[i].sum);
        note_reach(f, limit->term[i].sum);
        least = reach < least ? reach : least;
    }
    return least;
}

/* ---- the walk -------------------------------------------------------------------- */

static int scope_open(Function *f, const Stmt *owner)
{
    int level = f->scopes.count ? f->scopes.at[f->scope].level + 1 : 0;
    vec_push(&f->scopes, (Scope){ owner, f->scope, level, f->order });
    return f->scopes.count - 1;
}

void plan_enter(Function *f, const Stmt *loop, int scope)
{
    REQUIRE(f->loop_count < NEST_DEEPEST);
    f->leaf[f->loop_count] = !live_has_loop(f, loop->loop.body);
    f->loops[f->loop_count++] = loop;
    f->var_scope[loop->loop.var->id] = scope;
}

void plan_leave(Function *f)
{
    f->loop_count--;
}

/* A limit that is a number, or one plain sum, stands in the loop's head. */
static bool is_plain(const Limit *limit)
{
    if (limit->count == 1 && limit->term[0].div == 1)
        return true;
    for (int i = 0; i < limit->count; i++) {
        if (!affine_is_const(limit->term[i].sum, NULL))
            return false;
    }
    return true;
}

static bool same_limit(const Limit *a, const Limit *b)
{
    if (a->count != b->count)
        return false;
    for (int i = 0; i < a->count; i++) {
        if (a->term[i].div != b->term[i].div ||
            !affine_equal(a->term[i].sum, b->term[i].sum))
            return false;
    }
    return true;
}

Bound *plan_bound(Function *f, const Stmt *loop, bool upper)
{
    const Limit *limit = upper ? &loop->loop.hi : &loop->loop.lo;
    int scope = 0;

    if (is_plain(limit))
        return NULL;
    for (int i = 0; i < limit->count; i++) {
        int at = deepest_scope(f, limit->term[i].sum, NULL);
        if (f->scopes.at[at].level > f->scopes.at[scope].level)
            scope = at;
    }
    for (int i = 0; i < f->bounds.count; i++) {
        Bound *bound = &f->bounds.at[i];
        if (bound->scope == scope && bound->upper == upper &&
            strcmp(plan_var_name(f, bound->var),
                   plan_var_name(f, loop->loop.var)) == 0 &&
            same_limit(bound->limit, limit))
            return bound;
    }
    vec_push(&f->bounds, (Bound){ .scope = scope,
                                  .var = loop->loop.var,
                                  .upper = upper,
                                  .limit = limit });
    return &f->bounds.at[f->bounds.count - 1];
}

static bool scope_holds(const Function *f, int outer, int inner)
{
    while (f->scopes.at[inner].level > f->scopes.at[outer].level)
        inner = f->scopes.at[inner].parent;
    return inner == outer;
}

/* Widens the scope of a register's variable to one that holds this use. */
static void note_element(Function *f, const Access *access, const Stmt *stmt,
                         bool starts)
{
    Element *e = plan_element(f, access);

    if (!e->seen) {
        e->seen = true;
        e->scope = f->scope;
        e->first = stmt;
        e->order = f->order;
        e->starts = starts;
    }
    while (!scope_holds(f, e->scope, f->scope)) {
        const Scope *scope = &f->scopes.at[e->scope];
        e->first = scope->owner;
        e->order = scope->order;
        e->scope = scope->parent;
        e->starts = false;
    }
}

static void note_memory(Function *f, const Access *access, bool written,
                        int uses)
{
    Param *param = plan_param(f, access->buffer);

    if (access->buffer->place == BUFFER_LOCAL) {
        f->local_used[plan_local(f, access->buffer)] = true;
    } else {
        if (!param) {
            vec_push(&f->params, (Param){ .buffer = access->buffer });
            param = &f->params.at[f->params.count - 1];
        }
        param->written |= written;
    }
    note_reach(f, access->address);
    f->wide |= access->buffer->layout.size >= INDEX_LARGEST;
    if (access->modulus)
        note_reach(f, access->ring);
    Row *row = plan_row(f, access);
    if (!row)
        return;
    row->uses += uses;
    row->leaf |= leaf_var(f) != NULL;
    if (access->address->base < row->base)
        row->base = access->address->base;
}

static void note_access(Function *f, const Access *access, const Stmt *stmt)
{
    REQUIRE(access->flat);
    if (access->buffer->place == BUFFER_REG)
        note_element(f, access, stmt, false);
    else
        note_memory(f, access, false, 1);
}

static void note_expr(Function *f, const Expr *expr, const Stmt *stmt)
{
    if (expr_is_load(expr))
        note_access(f, &expr->access, stmt);
    else if (expr->kind == EXPR_VAR)
        note_reach(f, expr->index);
    for (int i = 0; i < expr_operands(expr->kind); i++)
        note_expr(f, expr->arg[i], stmt);
}

static void note_store(Function *f, const Stmt *stmt)
{
    const Access *place = &stmt->store.place;
    bool accum = stmt->kind == STMT_ACCUM;

    note_expr(f, stmt->store.value, stmt);
    if (accum && stmt->store.op == ACCUM_FMA)
        note_expr(f, stmt->store.by, stmt);
    REQUIRE(place->flat);
    if (place->buffer->place != BUFFER_REG) {
        note_memory(f, place, true, accum ? 2 : 1);
        return;
    }
    note_element(f, place, stmt, !accum);
    plan_element(f, place)->writes++;
}

static void walk(Function *f, const Stmt *list);

static void walk_loop(Function *f, const Stmt *stmt)
{
    int64_t lo = reach_of_limit(f, &stmt->loop.lo);
    int64_t hi = reach_of_limit(f, &stmt->loop.hi);
    int64_t *reach = &f->reach[stmt->loop.var->id];
    int outer = f->scope;

    *reach = lo > hi ? lo : hi;
    plan_bound(f, stmt, false);
    plan_bound(f, stmt, true);
    f->scope = scope_open(f, stmt);
    plan_enter(f, stmt, f->scope);
    walk(f, stmt->loop.body);
    plan_leave(f);
    f->scope = outer;
}

static void walk_block(Function *f, const Stmt *stmt)
{
    int outer = f->scope;

    f->scope = scope_open(f, stmt);
    walk(f, stmt->block);
    f->scope = outer;
}

static void walk(Function *f, const Stmt *list)
{
    for (; list; list = list->next) {
        if (!live_stmt(f, list))
            continue;
        f->order++;
        switch (list->kind) {
        case STMT_LOOP: walk_loop(f, list); break;
        case STMT_BLOCK: walk_block(f, list); break;
        case STMT_STORE:
        case STMT_ACCUM: note_store(f, list); break;
        case STMT_LET: note_expr(f, list->let.value, list); break;
        case STMT_PREFETCH: note_access(f, &list->prefetch, list); break;
        }
    }
}

/* ---- decisions --------------------------------------------------------------------- */

static void settle_row(Function *f, Row *row)
{
    int64_t low;

    row->named = row->leaf || row->uses > 1;
    const Affine *least = affine_shift(f->kernel, row->sum, row->base);
    if (!affine_lower_bound(f->kernel, least, row->loops, row->loop_count,
                            &low) ||
        low >= 0)
        return;
    row->base = row->base - low <= 0 ? 0 : row->base - low;
}

/* A pointer may promise that nothing else writes its memory, unless another
 * buffer of the kernel shares its bytes and one of both is written. */
static bool is_alone(const Function *f, const Param *param)
{
    const Buffer *a = param->buffer;

    for (int i = 0; i < f->params.count; i++) {
        const Param *other = &f->params.at[i];
        const Buffer *b = other->buffer;
        if (a == b || (!param->written && !other->written) ||
            a->place != BUFFER_ARENA || b->place != BUFFER_ARENA)
            continue;
        if (a->offset < b->offset + buffer_bytes(b) &&
            b->offset < a->offset + buffer_bytes(a))
            return false;
    }
    return true;
}

/* Parameters in the kernel's order, for the walk finds them in another. */
static void settle_params(Function *f)
{
    int count = 0;

    for (int i = 0; i < f->kernel->params.count; i++) {
        Param *param = plan_param(f, f->kernel->params.at[i]);
        if (!param)
            continue;
        Param here = f->params.at[count];
        f->params.at[count++] = *param;
        *param = here;
    }
    REQUIRE(count == f->params.count);
    for (int i = 0; i < count; i++)
        f->params.at[i].restricted = is_alone(f, &f->params.at[i]);
}

void plan_function(Function *f)
{
    live_find(f);
    scope_open(f, NULL);
    walk(f, f->kernel->body);
    for (int i = 0; i < f->rows.count; i++)
        settle_row(f, &f->rows.at[i]);
    settle_params(f);
}
