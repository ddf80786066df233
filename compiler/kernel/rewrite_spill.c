/*
 * rewrite_spill.c - registers at addresses that vary become arrays.
 *
 *     local acc: reg f32[6]              local acc: local f32[6]
 *     for j in 0..6                ->    for j in 0..6
 *         acc@(j) = 0.0                      acc@(j) = 0.0
 *
 * Unrolled loops leave each register an address of its own, and it becomes a
 * variable. Where a schedule left a loop over them, or reads one lane of what is
 * elsewhere a vector, they have to be memory: on the stack, as much as is
 * allowed.
 */
#include "kernel/rewrite.h"

#define STACK_MOST (16 * 1024) /* bytes of a kernel's arrays */

/* One register as it was seen last. */
typedef struct Register {
    const Buffer *buffer;
    int64_t address;
    int lanes;
} Register;

typedef struct Spill {
    Kernel *kernel;
    Loops loops;
    VEC(Register) registers;
    bool any;
    const Buffer *lost; /* an array, some address in it may be outside */
} Spill;

/* The prover will ask the same. */
static void check_array(Spill *s, const Access *access, int lanes)
{
    int64_t low, high;
    if (!access->flat ||
        !affine_lower_bound(s->kernel, access->address, s->loops.at,
                            s->loops.count, &low) ||
        !affine_upper_bound(s->kernel, access->address, s->loops.at,
                            s->loops.count, &high) ||
        low < 0 || high + lanes > access->buffer->layout.size)
        s->lost = access->buffer;
}

static void note_register(Spill *s, const Access *access, int lanes)
{
    Buffer *buffer = access->buffer;
    bool fits = true;
    Register r = { buffer, 0, lanes };
    if (buffer->place == BUFFER_LOCAL)
        check_array(s, access, lanes);
    if (buffer->place != BUFFER_REG)
        return;
    if (!access->flat || !affine_is_const(access->address, &r.address))
        fits = false;
    for (int i = 0; fits && i < s->registers.count; i++) {
        const Register *other = &s->registers.at[i];
        if (other->buffer != buffer || r.address + lanes <= other->address ||
            other->address + other->lanes <= r.address)
            continue;
        fits = other->address == r.address && other->lanes == lanes;
        if (fits)
            return;
    }
    if (fits) {
        vec_push(&s->registers, r);
    } else {
        buffer->place = BUFFER_LOCAL;
        s->any = true;
    }
}

static void note_loads(Spill *s, const Expr *expr)
{
    if (expr_is_load(expr))
        note_register(s, &expr->access, expr->type.lanes);
    for (int i = 0; i < expr_operands(expr->kind); i++)
        note_loads(s, expr->arg[i]);
}

static void note_list(Spill *s, Stmt *list)
{
    for (; list != NULL; list = list->next) {
        if (list->kind == STMT_BLOCK)
            note_list(s, list->block);
        if (list->kind == STMT_LOOP) {
            loops_enter(&s->loops, list);
            note_list(s, list->loop.body);
            s->loops.count--;
        }
        if (list->kind == STMT_LET)
            note_loads(s, list->let.value);
        if (list->kind != STMT_STORE && list->kind != STMT_ACCUM)
            continue;
        note_loads(s, list->store.value);
        if (list->store.by != NULL)
            note_loads(s, list->store.by);
        note_register(s, &list->store.place, list->store.lanes);
    }
}

bool rewrite_spill(Kernel *kernel, Text *why)
{
    Spill s = { .kernel = kernel };
    note_list(&s, kernel->body);
    if (s.any)
        note_list(&s, kernel->body); /* all accesses to the new arrays */
    vec_free(&s.registers);
    if (s.lost) {
        text_printf(why, "'%s' would be an array whose indices are unknown",
                    s.lost->name);
        return false;
    }
    int64_t bytes = s.any ? kernel_stack_bytes(kernel) : 0;
    if (bytes > STACK_MOST)
        text_printf(why,
                    "its sums would take %lld bytes of the stack, more than "
                    "%d: their loops have to be unrolled",
                    (long long)bytes, STACK_MOST);
    return bytes <= STACK_MOST;
}
