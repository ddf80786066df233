/*
 * build.c - kernels and programs come into being here.
 *
 *     const Var *i = kernel_for(k, "i", 0, 10);      for i in 0..10
 *         kernel_store(k, y, AT(k, i), value);           y[i] = value
 *     kernel_end(k);
 *
 * The cursor is a stack of pointers to where the next statement is linked in:
 * the end of the list of the kernel, of its open loop, of the loop in that.
 */
#include "kernel/local.h"

#include <string.h>

/* ---- names ----------------------------------------------------------------- */

/* Which of NAME, NAME2, NAME3, ... there are. */
typedef struct Taken {
    const char *wanted;
    size_t length;
    bool *number; /* [1]: NAME itself */
    int most;
} Taken;

static Taken taken_of(const char *wanted, int names)
{
    Taken t = { wanted, strlen(wanted), NULL, names + 1 };
    t.number = mem_alloc((size_t)(t.most + 1) * sizeof *t.number);
    memset(t.number, 0, (size_t)(t.most + 1) * sizeof *t.number);
    return t;
}

static void note_name(Taken *t, const char *name)
{
    const char *rest = name + t->length;
    int number = 0;
    if (strncmp(name, t->wanted, t->length) != 0)
        return;
    if (*rest == '\0')
        t->number[1] = true;
    if (*rest < '1' || *rest > '9')
        return;
    for (; *rest >= '0' && *rest <= '9' && number <= t->most; rest++)
        number = 10 * number + (*rest - '0');
    if (*rest == '\0' && number > 1 && number <= t->most)
        t->number[number] = true;
}

/* As many names cannot take one number more. */
static const char *first_free(Arena *arena, Taken *t)
{
    int number = 1;
    while (t->number[number])
        number++;
    mem_free(t->number);
    return name_intern(number == 1
                           ? t->wanted
                           : arena_printf(arena, "%s%d", t->wanted, number));
}

/* Buffers and temporaries: what a value may be called. */
const char *kernel_unique_name(const Kernel *kernel, const char *wanted)
{
    Taken t = taken_of(wanted, kernel->params.count + kernel->locals.count +
                                   kernel->temps.count);
    for (int i = 0; i < kernel->params.count; i++)
        note_name(&t, kernel->params.at[i]->name);
    for (int i = 0; i < kernel->locals.count; i++)
        note_name(&t, kernel->locals.at[i]->name);
    for (int i = 0; i < kernel->temps.count; i++)
        note_name(&t, kernel->temps.at[i]->name);
    return first_free(kernel->arena, &t);
}

static const char *unique_var(const Kernel *kernel, const char *wanted)
{
    Taken t = taken_of(wanted, kernel->vars.count);
    for (int i = 0; i < kernel->vars.count; i++)
        note_name(&t, kernel->vars.at[i]->name);
    return first_free(kernel->arena, &t);
}

/* ---- programs -------------------------------------------------------------- */

Program *program_new(Arena *arena, const char *name, const Target *target)
{
    Program *program = NEW(arena, Program);
    program->arena = arena;
    program->name = arena_text(arena, name);
    program->target = target;
    program->alignment = target ? target->align : 1;
    program->batch = 1;
    return program;
}

void program_free(Program *program)
{
    for (int i = 0; i < program->kernels.count; i++)
        kernel_free(program->kernels.at[i]);
    vec_free(&program->kernels);
    vec_free(&program->buffers);
    vec_free(&program->inputs);
    vec_free(&program->outputs);
}

static Buffer *buffer_new(Arena *arena, DType type, BufferPlace place, int rank,
                          const int64_t *extent)
{
    Buffer *buffer = NEW(arena, Buffer);
    REQUIRE(rank >= 0 && rank <= KERNEL_RANK);
    buffer->type = type;
    buffer->place = place;
    buffer->rank = rank;
    for (int i = 0; i < rank; i++)
        buffer->dim[i].extent = extent[i];
    buffer->layout = layout_plain(rank, buffer->dim);
    return buffer;
}

static bool program_has(const Program *program, const char *name)
{
    for (int i = 0; i < program->buffers.count; i++) {
        if (strcmp(program->buffers.at[i]->name, name) == 0)
            return true;
    }
    return false;
}

Buffer *program_buffer(Program *program, const char *name, DType type,
                       BufferPlace place, int rank, const int64_t *extent)
{
    Buffer *buffer = buffer_new(program->arena, type, place, rank, extent);
    const char *wanted = name;

    for (int i = 2; program_has(program, name); i++)
        name = arena_printf(program->arena, "%s_%d", wanted, i);
    buffer->name = name_intern(name);
    vec_push(&program->buffers, buffer);
    return buffer;
}

/* ---- kernels --------------------------------------------------------------- */

Kernel *kernel_new(Arena *arena, const char *name)
{
    Kernel *kernel = NEW(arena, Kernel);
    kernel->arena = arena;
    kernel->name = name_intern(name);
    kernel->cursor[0] = &kernel->body;
    return kernel;
}

void kernel_free(Kernel *kernel)
{
    vec_free(&kernel->params);
    vec_free(&kernel->locals);
    vec_free(&kernel->vars);
    vec_free(&kernel->temps);
}

/* A buffer of the program keeps its name; what is the kernel's own gives way. */
static void yield_name(Kernel *kernel, const char *name)
{
    for (int i = 0; i < kernel->locals.count; i++) {
        Buffer *local = kernel->locals.at[i];
        if (strcmp(local->name, name) == 0)
            local->name = kernel_unique_name(kernel, name);
    }
    for (int i = 0; i < kernel->temps.count; i++) {
        Temp *temp = kernel->temps.at[i];
        if (strcmp(temp->name, name) == 0)
            temp->name = kernel_unique_name(kernel, name);
    }
}

Buffer *kernel_param(Kernel *kernel, Buffer *buffer)
{
    for (int i = 0; i < kernel->params.count; i++) {
        if (kernel->params.at[i] == buffer)
            return buffer;
    }
    REQUIRE(buffer->place <= BUFFER_ARENA);
    yield_name(kernel, buffer->name);
    vec_push(&kernel->params, buffer);
    return buffer;
}

Buffer *kernel_local(Kernel *kernel, const char *name, DType type,
                     BufferPlace place, int rank, const int64_t *extent)
{
    Buffer *buffer = buffer_new(kernel->arena, type, place, rank, extent);
    REQUIRE(place == BUFFER_LOCAL || place == BUFFER_REG);
    buffer->name = kernel_unique_name(kernel, name);
    vec_push(&kernel->locals, buffer);
    return buffer;
}

const Var *kernel_var(Kernel *kernel, const char *name)
{
    Var *var = NEW(kernel->arena, Var);
    var->name = unique_var(kernel, name);
    var->id = kernel->vars.count;
    vec_push(&kernel->vars, var);
    return var;
}

void kernel_adopt_vars(Kernel *reader, const Kernel *producer)
{
    for (int i = 0; i < producer->vars.count; i++) {
        Var *var = producer->vars.at[i];
        var->name = unique_var(reader, var->name);
        var->id = reader->vars.count; /* ascending as before */
        vec_push(&reader->vars, var);
    }
}

Temp *kernel_temp(Kernel *kernel, const char *name, Type type)
{
    Temp *temp = NEW(kernel->arena, Temp);
    temp->name = kernel_unique_name(kernel, name);
    temp->id = kernel->temps.count;
    temp->type = type;
    vec_push(&kernel->temps, temp);
    return temp;
}

/* ---- the cursor ------------------------------------------------------------ */

static void kernel_append(Kernel *kernel, Stmt *stmt)
{
    *kernel->cursor[kernel->depth] = stmt;
    kernel->cursor[kernel->depth] = &stmt->next;
}

static const Var *open_loop(Kernel *kernel, const char *name, Limit lo,
                            Limit hi)
{
    Stmt *stmt = stmt_new(kernel, STMT_LOOP);
    stmt->loop.var = kernel_var(kernel, name);
    stmt->loop.lo = lo;
    stmt->loop.hi = hi;
    kernel_append(kernel, stmt);
    REQUIRE(kernel->depth + 1 < (int)COUNT_OF(kernel->cursor));
    kernel->cursor[++kernel->depth] = &stmt->loop.body;
    return stmt->loop.var;
}

Limit limit_of(const Affine *sum)
{
    return (Limit){ .count = 1, .term = { { sum, 1 } } };
}

void limit_add(Limit *limit, const Affine *sum, int64_t div)
{
    REQUIRE(limit->count < LIMIT_TERMS && div >= 1);
    limit->term[limit->count++] = (LimitTerm){ sum, div };
}

const Var *kernel_for(Kernel *kernel, const char *name, int64_t lo, int64_t hi)
{
    return open_loop(kernel, name, limit_of(affine_const(kernel, lo)),
                     limit_of(affine_const(kernel, hi)));
}

static Limit limit_from(const Affine *const *list)
{
    Limit limit = { 0 };
    for (int i = 0; list[i]; i++)
        limit_add(&limit, list[i], 1);
    REQUIRE(limit.count > 0);
    return limit;
}

const Var *kernel_for_limits(Kernel *kernel, const char *name,
                             const Affine *const *lo, const Affine *const *hi)
{
    return open_loop(kernel, name, limit_from(lo), limit_from(hi));
}

const Var *kernel_for_within(Kernel *kernel, const char *name, Limit lo,
                             Limit hi)
{
    REQUIRE(lo.count > 0 && hi.count > 0);
    return open_loop(kernel, name, lo, hi);
}

void kernel_end(Kernel *kernel)
{
    REQUIRE(kernel->depth > 0);
    kernel->depth--;
}

/* ---- statements at the cursor ---------------------------------------------- */

static Stmt *append_store(Kernel *kernel, StmtKind kind, Access place,
                          const Expr *value)
{
    Stmt *stmt = stmt_new(kernel, kind);
    stmt->store.place = place;
    stmt->store.value = value;
    stmt->store.lanes = stmt->store.active = value->type.lanes;
    kernel_append(kernel, stmt);
    return stmt;
}

void kernel_store(Kernel *kernel, Access place, const Expr *value)
{
    append_store(kernel, STMT_STORE, place, value);
}

void kernel_accum(Kernel *kernel, AccumOp op, Access place, const Expr *value)
{
    REQUIRE(op != ACCUM_FMA);
    append_store(kernel, STMT_ACCUM, place, value)->store.op = op;
}

void kernel_fma(Kernel *kernel, Access place, const Expr *a, const Expr *b)
{
    Stmt *stmt = append_store(kernel, STMT_ACCUM, place, a);
    stmt->store.op = ACCUM_FMA;
    stmt->store.by = b;
}

const Expr *kernel_let(Kernel *kernel, const char *name, const Expr *value)
{
    Stmt *stmt = stmt_new(kernel, STMT_LET);
    stmt->let.temp = kernel_temp(kernel, name, value->type);
    stmt->let.value = value;
    kernel_append(kernel, stmt);
    return expr_temp(kernel, stmt->let.temp);
}

/* The lists of iterations that are not left out. */
static int64_t list_bytes(const Stmt *list)
{
    int64_t bytes = 0, count;
    for (; list != NULL; list = list->next) {
        Stmt **body = stmt_body((Stmt *)(uintptr_t)list);
        if (body != NULL)
            bytes = exact_add(bytes, list_bytes(*body));
        if (list->kind == STMT_LOOP && list->loop.mark == LOOP_NONZERO &&
            loop_factor(list, &count) != NULL)
            bytes += (count + NONZERO_ROOM) * dtype_size(DT_I32);
    }
    return bytes;
}

int64_t kernel_stack_bytes(const Kernel *kernel)
{
    int64_t bytes = list_bytes(kernel->body);
    for (int i = 0; i < kernel->locals.count; i++) {
        const Buffer *local = kernel->locals.at[i];
        if (local->place == BUFFER_LOCAL)
            bytes = exact_add(
                bytes, exact_mul(local->layout.size, dtype_size(local->type)));
    }
    return bytes;
}
