/*
 * verify.c - whether a kernel is well-formed; BUG with its text where not.
 *
 *     types     operands agree, a store fits its buffer, lanes the target has
 *     scopes    a variable is used inside its loop, a temporary after its let
 *     places    nothing writes to inputs and constants
 *     final     serial loops, flat accesses; registers at constant addresses,
 *               each always read and written whole: it becomes one C variable
 *
 * Whether accesses stay inside their buffers is for prove.c to say.
 */
#include "kernel/local.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define REGISTER_ELEMENTS 65536 /* of one REG buffer, in the end */

typedef struct Check {
    const Kernel *kernel;
    const Target *target; /* NULL: any lanes */
    bool final;
    Loops loops;
    bool *known;  /* by id of temporary: in scope */
    int **widths; /* final: of each REG local, lanes at an address; 0: none,
                      -1: the middle of a vector */
    Arena *scratch;
} Check;

#define FAULT(check, ...) KERNEL_BUG((check)->kernel, __VA_ARGS__)

/* ---- places -------------------------------------------------------------------- */

static void verify_sum(const Check *check, const Affine *sum)
{
    if (!sum)
        FAULT(check, "an index is missing");
    for (int i = 0; i < sum->count; i++) {
        const Var *var = sum->term[i].var;
        bool bound = false;
        for (int j = 0; j < check->loops.count; j++)
            bound |= check->loops.at[j]->loop.var == var;
        if (!bound)
            FAULT(check, "'%s' is used outside of its loop", var->name);
        if (sum->term[i].coef == 0 ||
            (i > 0 && sum->term[i - 1].var->id >= var->id))
            FAULT(check, "an affine sum with '%s' is malformed", var->name);
    }
}

static int local_number(const Kernel *kernel, const Buffer *buffer)
{
    for (int i = 0; i < kernel->locals.count; i++) {
        if (kernel->locals.at[i] == buffer)
            return i;
    }
    return -1;
}

static bool kernel_has(const Kernel *kernel, const Buffer *buffer)
{
    for (int i = 0; i < kernel->params.count; i++) {
        if (kernel->params.at[i] == buffer)
            return true;
    }
    return local_number(kernel, buffer) >= 0;
}

static void verify_access(const Check *check, const Access *access)
{
    const Buffer *buffer = access->buffer;

    if (!buffer || !kernel_has(check->kernel, buffer))
        FAULT(check, "buffer '%s' is no part of kernel '%s'",
              buffer ? buffer->name : "(none)", check->kernel->name);
    if (access->flat) {
        verify_sum(check, access->address);
        if (access->modulus < 0)
            FAULT(check, "'%s': a ring of %" PRId64, buffer->name,
                  access->modulus);
        if (access->modulus)
            verify_sum(check, access->ring);
        return;
    }
    if (check->final)
        FAULT(check, "an access to '%s' is not flat", buffer->name);
    for (int i = 0; i < buffer->rank; i++)
        verify_sum(check, access->index[i]);
}

/* One element or vector of a REG buffer is one variable. */
static void verify_register(Check *check, const Access *access, int lanes,
                            int active)
{
    const Buffer *buffer = access->buffer;
    int *width = check->widths[local_number(check->kernel, buffer)];
    int64_t address;

    if (access->modulus || !affine_is_const(access->address, &address))
        FAULT(check, "register '%s' at an address that varies", buffer->name);
    if (active != lanes)
        FAULT(check, "register '%s': %d lanes of %d", buffer->name, active,
              lanes);
    if (address < 0 || address + lanes > buffer->layout.size)
        FAULT(check, "register '%s' has no element %" PRId64, buffer->name,
              address);
    for (int i = 0; i < lanes; i++) {
        int expected = i == 0 ? lanes : -1;
        if (width[address + i] != 0 && width[address + i] != expected)
            FAULT(check, "register '%s': two widths at %" PRId64, buffer->name,
                  address + i);
        width[address + i] = expected;
    }
}

static void verify_place(Check *check, const Access *access, int lanes,
                         int active)
{
    verify_access(check, access);
    if (active < 1 || active > lanes)
        FAULT(check, "'%s': %d lanes of %d", access->buffer->name, active,
              lanes);
    if (check->final && access->buffer->place == BUFFER_REG)
        verify_register(check, access, lanes, active);
}

/* ---- values -------------------------------------------------------------------- */

static void verify_type(const Check *check, Type type)
{
    bool found = type.lanes == 1 || !check->target;

    for (int i = 0; !found && check->target->lanes[i]; i++)
        found = check->target->lanes[i] == type.lanes;
    if (!found || type.lanes < 1)
        FAULT(check, "%s has no vectors of %d lanes",
              check->target ? check->target->name : "a target", type.lanes);
}

static void verify_constant(const Check *check, const Expr *expr)
{
    double value = expr->constant;
    int bits = 8 * dtype_size(expr->type.elem);

    if (expr->type.elem == DT_F32 && !isnan(value) &&
        (double)(float)value != value)
        FAULT(check, "%.17g is no f32", value);
    if (!dtype_is_float(expr->type.elem) &&
        !(floor(value) == value && fabs(value) <= ldexp(1, bits)))
        FAULT(check, "%g is no %s", value, dtype_name(expr->type.elem));
}

static bool is_float_only(ExprKind kind)
{
    return kind == EXPR_FMA || (kind >= EXPR_SQRT && kind <= EXPR_FMOD) ||
           kind >= EXPR_SUM || kind == EXPR_DIV;
}

static bool is_select(ExprKind kind)
{
    return kind == EXPR_SELECT_LT || kind == EXPR_SELECT_LE ||
           kind == EXPR_SELECT_EQ;
}

/* Halves are only moved, 64-bit numbers without a sign also compared. */
static void verify_arithmetic(const Check *check, const Expr *expr)
{
    const bool chooses = is_select(expr->kind);
    for (int i = 0; i < expr_operands(expr->kind); i++) {
        const DType type = expr->arg[i]->type.elem;
        if (chooses && (i >= 2 || type == DT_U64))
            continue;
        if (type == DT_F16 || type == DT_BF16 || type == DT_U64)
            FAULT(check, "no arithmetic on %s", dtype_name(type));
    }
}

/* The type that the operation has by its operands. */
static Type expected_type(const Check *check, const Expr *expr)
{
    Type type = expr->arg[0]->type;

    if (expr->kind == EXPR_CONVERT)
        return (Type){ expr->type.elem, type.lanes };
    if (expr->kind == EXPR_SPLAT || expr->kind >= EXPR_SUM) {
        if ((type.lanes == 1) != (expr->kind == EXPR_SPLAT))
            FAULT(check, "'%s' of %d lanes", expr_name(expr->kind), type.lanes);
        return (Type){ type.elem,
                       expr->kind == EXPR_SPLAT ? expr->type.lanes : 1 };
    }
    if (!is_select(expr->kind))
        return type;
    if (expr->arg[2]->type.lanes != type.lanes)
        FAULT(check, "'%s' of different lanes", expr_name(expr->kind));
    return expr->arg[2]->type;
}

static void verify_operation(const Check *check, const Expr *expr)
{
    int count = expr_operands(expr->kind);

    for (int i = 1; i < count; i++) {
        const Type *other =
            &expr->arg[is_select(expr->kind) && i == 3 ? 2 : 0]->type;
        if (is_select(expr->kind) && i == 2)
            continue;
        if (!type_equal(expr->arg[i]->type, *other))
            FAULT(check, "operands of '%s' differ in type",
                  expr_name(expr->kind));
    }
    verify_arithmetic(check, expr);
    if (!type_equal(expr->type, expected_type(check, expr)))
        FAULT(check, "'%s' has a wrong type", expr_name(expr->kind));
    if (expr->type.elem == DT_I64 && expr->kind <= EXPR_ABS)
        FAULT(check, "no arithmetic on i64");
    if (is_float_only(expr->kind) && !dtype_is_float(expr->type.elem))
        FAULT(check, "'%s' of %s", expr_name(expr->kind),
              dtype_name(expr->type.elem));
}

static void verify_load(Check *check, const Expr *expr)
{
    const Buffer *buffer = expr->access.buffer;

    verify_place(check, &expr->access, expr->type.lanes, expr->active);
    if (buffer->type != expr->type.elem)
        FAULT(check, "a load of %s from '%s' of %s",
              dtype_name(expr->type.elem), buffer->name,
              dtype_name(buffer->type));
    if (expr_step(expr) == 1)
        return;
    if (expr->type.lanes == 1)
        FAULT(check, "'%s' of a scalar", expr_name(expr->kind));
    if (check->final && buffer->place == BUFFER_REG)
        FAULT(check, "'%s' from register '%s'", expr_name(expr->kind),
              buffer->name);
}

static void verify_temp(const Check *check, const Temp *temp)
{
    const Kernel *kernel = check->kernel;
    if (!temp || temp->id < 0 || temp->id >= kernel->temps.count ||
        kernel->temps.at[temp->id] != temp)
        FAULT(check, "temporary '%s' is no part of kernel '%s'",
              temp ? temp->name : "(none)", kernel->name);
}

static void verify_value(Check *check, const Expr *expr)
{
    if (!expr)
        FAULT(check, "a value is missing");
    verify_type(check, expr->type);
    if (expr->kind == EXPR_CONST) {
        verify_constant(check, expr);
    } else if (expr_is_load(expr)) {
        verify_load(check, expr);
    } else if (expr->kind == EXPR_TEMP) {
        verify_temp(check, expr->temp);
        if (!check->known[expr->temp->id])
            FAULT(check, "'%s' is used where it has no value",
                  expr->temp->name);
        if (!type_equal(expr->type, expr->temp->type))
            FAULT(check, "'%s' has another type", expr->temp->name);
    } else if (expr->kind == EXPR_VAR) {
        verify_sum(check, expr->index);
        if (!type_equal(expr->type, (Type){ DT_I32, 1 }))
            FAULT(check, "an index that is no i32");
    } else {
        for (int i = 0; i < expr_operands(expr->kind); i++)
            verify_value(check, expr->arg[i]);
        verify_operation(check, expr);
    }
}

/* ---- statements ------------------------------------------------------------------ */

static void verify_store(Check *check, const Stmt *stmt)
{
    const Buffer *buffer = stmt->store.place.buffer;
    const Expr *value = stmt->store.value, *by = stmt->store.by;
    bool fma = stmt->kind == STMT_ACCUM && stmt->store.op == ACCUM_FMA;

    verify_value(check, value);
    verify_place(check, &stmt->store.place, stmt->store.lanes,
                 stmt->store.active);
    if (buffer->place == BUFFER_INPUT || buffer->place == BUFFER_CONST)
        FAULT(check, "'%s' is written and read only", buffer->name);
    if (value->type.elem != buffer->type ||
        value->type.lanes != stmt->store.lanes)
        FAULT(check, "a value of %s, %d lanes is stored into '%s' of %s",
              dtype_name(value->type.elem), value->type.lanes, buffer->name,
              dtype_name(buffer->type));
    if (stmt->store.apart != 0 &&
        (stmt->kind != STMT_STORE || stmt->store.apart < 2 ||
         stmt->store.apart > 8 || stmt->store.lanes < 2 ||
         buffer->type != DT_F32 || buffer->place == BUFFER_REG ||
         !stmt->store.place.flat || stmt->store.place.modulus != 0))
        FAULT(check, "lanes of '%s' are stored %d apart", buffer->name,
              stmt->store.apart);
    if (fma != (by != NULL))
        FAULT(check, "'%s': a second factor belongs to fma=", buffer->name);
    if (!fma)
        return;
    verify_value(check, by);
    if (!type_equal(by->type, value->type) || !dtype_is_float(value->type.elem))
        FAULT(check, "factors of '%s' are not of one type", buffer->name);
}

/* The last of the stores that begin with this one. */
static const Stmt *verify_woven(const Check *check, const Stmt *stmt)
{
    int count = store_woven(stmt);
    if (count == 0)
        FAULT(check, "a store to '%s' that is woven into no others",
              stmt->store.place.buffer->name);
    for (int i = 1; i < count; i++)
        stmt = stmt->next;
    return stmt;
}

static void verify_list(Check *check, const Stmt *list);

static void verify_limit(const Check *check, const Limit *limit)
{
    if (limit->count < 1 || limit->count > LIMIT_TERMS)
        FAULT(check, "a limit of %d terms", limit->count);
    for (int i = 0; i < limit->count; i++) {
        verify_sum(check, limit->term[i].sum);
        if (limit->term[i].div < 1)
            FAULT(check, "a limit is divided by %" PRId64, limit->term[i].div);
    }
}

static void verify_loop(Check *check, const Stmt *stmt)
{
    const Kernel *kernel = check->kernel;
    const Var *var = stmt->loop.var;
    int64_t count;

    if (var->id < 0 || var->id >= kernel->vars.count ||
        kernel->vars.at[var->id] != var)
        FAULT(check, "variable '%s' is no part of kernel '%s'", var->name,
              kernel->name);
    for (int i = 0; i < check->loops.count; i++) {
        if (check->loops.at[i]->loop.var == var)
            FAULT(check, "two loops around each other over '%s'", var->name);
    }
    verify_limit(check, &stmt->loop.lo);
    verify_limit(check, &stmt->loop.hi);
    if (check->final && stmt->loop.mark != LOOP_SERIAL &&
        stmt->loop.mark != LOOP_NONZERO)
        FAULT(check, "the loop over '%s' is still marked %s", var->name,
              mark_names[stmt->loop.mark]);
    if (stmt->loop.mark == LOOP_NONZERO && loop_factor(stmt, &count) == NULL)
        FAULT(check, "the loop over '%s' has no factor that may be 0",
              var->name);
    loops_enter(&check->loops, stmt);
    verify_list(check, stmt->loop.body);
    check->loops.count--;
}

static void verify_let(Check *check, const Stmt *stmt)
{
    const Temp *temp = stmt->let.temp;

    verify_value(check, stmt->let.value);
    verify_temp(check, temp);
    if (check->known[temp->id])
        FAULT(check, "'%s' is defined twice", temp->name);
    if (!type_equal(temp->type, stmt->let.value->type))
        FAULT(check, "'%s' has another type than its value", temp->name);
    check->known[temp->id] = true;
}

static void verify_stmt(Check *check, const Stmt *stmt)
{
    switch (stmt->kind) {
    case STMT_LOOP: verify_loop(check, stmt); return;
    case STMT_STORE:
    case STMT_ACCUM: verify_store(check, stmt); return;
    case STMT_LET: verify_let(check, stmt); return;
    case STMT_PREFETCH: verify_access(check, &stmt->prefetch); return;
    case STMT_BLOCK: verify_list(check, stmt->block); return;
    }
    FAULT(check, "no statement %d", (int)stmt->kind);
}

/* A list is a scope: what it names ends with it. */
static void verify_list(Check *check, const Stmt *list)
{
    const Stmt *woven = NULL; /* the last store of a complete group */
    for (const Stmt *stmt = list; stmt; stmt = stmt->next) {
        verify_stmt(check, stmt);
        if (check->final && stmt->kind == STMT_STORE &&
            stmt->store.apart != 0 && woven == NULL)
            woven = verify_woven(check, stmt);
        if (stmt == woven)
            woven = NULL;
    }
    for (const Stmt *stmt = list; stmt; stmt = stmt->next) {
        if (stmt->kind == STMT_LET)
            check->known[stmt->let.temp->id] = false;
    }
}

/* ---- the kernel --------------------------------------------------------------------- */

static void verify_names(const Check *check)
{
    const Kernel *k = check->kernel;
    int params = k->params.count, locals = params + k->locals.count,
        all = locals + k->temps.count;
    const char **name = NEW_N(check->scratch, const char *, all);

    for (int i = 0; i < all; i++) {
        name[i] = i < params   ? k->params.at[i]->name
                  : i < locals ? k->locals.at[i - params]->name
                               : k->temps.at[i - locals]->name;
        /* Names are interned, but a test's buffer may be made by hand. */
        for (int j = 0; j < i && i < locals; j++) {
            if (strcmp(name[i], name[j]) == 0)
                FAULT(check, "two buffers are called '%s'", name[i]);
        }
    }
}

static void verify_buffers(Check *check)
{
    const Kernel *kernel = check->kernel;

    for (int i = 0; i < kernel->params.count; i++) {
        const Buffer *param = kernel->params.at[i];
        layout_verify(param);
        if (param->place > BUFFER_ARENA)
            FAULT(check, "'%s' is a local among the parameters", param->name);
    }
    check->widths = NEW_N(check->scratch, int *, kernel->locals.count);
    for (int i = 0; i < kernel->locals.count; i++) {
        const Buffer *local = kernel->locals.at[i];
        layout_verify(local);
        if (local->place != BUFFER_LOCAL && local->place != BUFFER_REG)
            FAULT(check, "'%s' is a parameter among the locals", local->name);
        if (!check->final || local->place != BUFFER_REG)
            continue;
        if (local->layout.size > REGISTER_ELEMENTS)
            FAULT(check, "register '%s' has %" PRId64 " elements", local->name,
                  local->layout.size);
        check->widths[i] = NEW_N(check->scratch, int, local->layout.size);
    }
}

void kernel_verify(const Kernel *kernel, const Target *target, bool final)
{
    Check check = { .kernel = kernel, .target = target, .final = final };

    check.scratch = arena_new();
    check.known = NEW_N(check.scratch, bool, kernel->temps.count);
    verify_names(&check);
    verify_buffers(&check);
    verify_list(&check, kernel->body);
    arena_free(check.scratch);
}
