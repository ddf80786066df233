/*
 * interpret_code.c - a kernel becomes instructions, and they are run.
 */
#include "kernel/interpret.h"

typedef struct Coder {
    Machine *m;
    int *temp;           /* by id: its slot */
    VEC(int) free_slots; /* used before, free again */
} Coder;

static int slot_take(Coder *coder)
{
    if (coder->free_slots.count > 0)
        return coder->free_slots.at[--coder->free_slots.count];
    vec_push(&coder->m->slots, (Slot){ .poison = 0 });
    return coder->m->slots.count - 1;
}

static void emit(Coder *coder, Code code)
{
    vec_push(&coder->m->code, code);
}

static const Memory *memory_of(const Coder *coder, const Buffer *buffer)
{
    for (int i = 0; i < coder->m->memory_count; i++) {
        if (coder->m->memory[i].buffer == buffer)
            return &coder->m->memory[i];
    }
    KERNEL_BUG(coder->m->kernel, "buffer '%s' has no memory", buffer->name);
}

/* ---- values ---------------------------------------------------------------------- */

/* Slots that belong to one value, and are not free for another after it. */
static bool is_fixed(const Expr *expr)
{
    return expr->kind == EXPR_TEMP || expr->kind == EXPR_CONST;
}

static int code_constant(Coder *coder, const Expr *expr)
{
    Slot slot = { .poison = 0 };
    for (int i = 0; i < expr->type.lanes; i++) {
        Class class = class_of(expr->type.elem);
        if (class == CLASS_F32)
            slot.f[i] = (float)expr->constant;
        else if (class == CLASS_F64)
            slot.d[i] = expr->constant;
        else
            slot.i[i] = (int64_t)expr->constant;
    }
    vec_push(&coder->m->slots, slot);
    return coder->m->slots.count - 1;
}

static int code_load(Coder *coder, ExprKind kind, Access access, Type type,
                     int active)
{
    int out = slot_take(coder);
    emit(coder, (Code){ .run = run_of(kind, type),
                        .lanes = type.lanes,
                        .active = active,
                        .elem = type.elem,
                        .out = out,
                        .access = access,
                        .memory = memory_of(coder, access.buffer) });
    return out;
}

static int code_index(Coder *coder, const Expr *expr)
{
    int out = slot_take(coder);
    emit(coder, (Code){ .run = run_index,
                        .out = out,
                        .access = { .address = expr->index } });
    return out;
}

static int code_value(Coder *coder, const Expr *expr);

static int code_operation(Coder *coder, const Expr *expr)
{
    int count = expr_operands(expr->kind);
    Code code = { .run = run_of(expr->kind, expr->type),
                  .kind = expr->kind,
                  .lanes = expr->type.lanes,
                  .elem = expr->type.elem,
                  .from = expr->arg[0]->type.elem };

    if (expr->kind >= EXPR_SUM) /* lanes of the operand */
        code.lanes = expr->arg[0]->type.lanes;
    for (int i = 0; i < count; i++)
        code.arg[i] = code_value(coder, expr->arg[i]);
    for (int i = 0; i < count; i++) {
        if (!is_fixed(expr->arg[i]))
            vec_push(&coder->free_slots, code.arg[i]);
    }
    code.out = slot_take(coder);
    emit(coder, code);
    return code.out;
}

static int code_value(Coder *coder, const Expr *expr)
{
    if (expr->type.lanes > LANES_MAX)
        KERNEL_BUG(coder->m->kernel, "%d lanes", expr->type.lanes);
    if (expr->kind == EXPR_CONST)
        return code_constant(coder, expr);
    if (expr_is_load(expr))
        return code_load(coder, expr->kind, expr->access, expr->type,
                         expr->active);
    if (expr->kind == EXPR_TEMP)
        return coder->temp[expr->temp->id];
    if (expr->kind == EXPR_VAR)
        return code_index(coder, expr);
    return code_operation(coder, expr);
}

/* The slot is free once more. */
static void release(Coder *coder, const Expr *expr, int slot)
{
    if (expr && !is_fixed(expr))
        vec_push(&coder->free_slots, slot);
}

/* ---- statements -------------------------------------------------------------------- */

static void code_store(Coder *coder, const Stmt *stmt, Run *run, int slot)
{
    Access place = stmt->store.place;
    emit(coder, (Code){ .run = run,
                        .lanes = stmt->store.lanes,
                        .active = stmt->store.active,
                        .apart = stmt->store.apart,
                        .elem = place.buffer->type,
                        .arg = { slot },
                        .access = place,
                        .memory = memory_of(coder, place.buffer) });
}

static const ExprKind accum_kind[] = {
    [ACCUM_ADD] = EXPR_ADD, [ACCUM_MUL] = EXPR_MUL, [ACCUM_MIN] = EXPR_MIN,
    [ACCUM_MAX] = EXPR_MAX, [ACCUM_FMA] = EXPR_FMA,
};

/* The place is read last, so that its address is still known to the store. */
static void code_accum(Coder *coder, const Stmt *stmt)
{
    ExprKind kind = accum_kind[stmt->store.op];
    const Expr *by = stmt->store.by;
    Type type = stmt->store.value->type;
    int value = code_value(coder, stmt->store.value);
    int factor = by ? code_value(coder, by) : 0;
    int old = code_load(coder, EXPR_LOAD, stmt->store.place, type,
                        stmt->store.active);
    Code code = { .run = run_of(kind, type),
                  .kind = kind,
                  .lanes = type.lanes,
                  .elem = type.elem,
                  .out = old,
                  .arg = { old, value } };

    if (by) {
        code.arg[0] = value;
        code.arg[1] = factor;
        code.arg[2] = old;
    }
    emit(coder, code);
    code_store(coder, stmt, run_store_again, old);
    release(coder, stmt->store.value, value);
    release(coder, by, factor);
    vec_push(&coder->free_slots, old);
}

static void code_list(Coder *coder, const Stmt *list);

static void code_loop(Coder *coder, const Stmt *stmt)
{
    int start = coder->m->code.count;

    emit(coder, (Code){ .run = run_loop, .loop = stmt });
    code_list(coder, stmt->loop.body);
    emit(coder, (Code){ .run = run_next, .loop = stmt, .jump = start + 1 });
    coder->m->code.at[start].jump = coder->m->code.count;
}

static void code_let(Coder *coder, const Stmt *stmt)
{
    int from = code_value(coder, stmt->let.value);
    emit(coder, (Code){ .run = run_copy,
                        .out = coder->temp[stmt->let.temp->id],
                        .arg = { from } });
    release(coder, stmt->let.value, from);
}

static void code_stmt(Coder *coder, const Stmt *stmt)
{
    int value;

    switch (stmt->kind) {
    case STMT_LOOP: code_loop(coder, stmt); return;
    case STMT_STORE:
        value = code_value(coder, stmt->store.value);
        code_store(coder, stmt,
                   stmt->store.apart != 0 ? run_store_apart : run_store, value);
        release(coder, stmt->store.value, value);
        return;
    case STMT_ACCUM: code_accum(coder, stmt); return;
    case STMT_LET: code_let(coder, stmt); return;
    case STMT_PREFETCH: return;
    case STMT_BLOCK: code_list(coder, stmt->block); return;
    }
    BUG("no statement %d", (int)stmt->kind);
}

static void code_list(Coder *coder, const Stmt *list)
{
    for (; list; list = list->next)
        code_stmt(coder, list);
}

/* ---- the machine --------------------------------------------------------------------- */

void machine_compile(Machine *m, const Kernel *kernel, const Memory *memory,
                     int memory_count)
{
    Coder coder = { .m = m };
    size_t vars = (size_t)kernel->vars.count + 1;

    *m = (Machine){ .kernel = kernel,
                    .memory = memory,
                    .memory_count = memory_count };
    m->var = mem_alloc(vars * sizeof *m->var);
    m->end = mem_alloc(vars * sizeof *m->end);
    coder.temp = mem_alloc(((size_t)kernel->temps.count + 1) * sizeof(int));
    for (int i = 0; i < kernel->temps.count; i++)
        coder.temp[i] = slot_take(&coder);
    code_list(&coder, kernel->body);
    emit(&coder, (Code){ .run = run_stop });
    vec_free(&coder.free_slots);
    mem_free(coder.temp);
}

void machine_run(Machine *m)
{
    m->pc = 0;
    while (m->pc >= 0) {
        const Code *code = &m->code.at[m->pc++];
        code->run(m, code);
    }
}

void machine_free(Machine *m)
{
    vec_free(&m->code);
    vec_free(&m->slots);
    mem_free(m->var);
    mem_free(m->end);
}
