/*
 * rewrite_nonzero.c - leaves out what is multiplied by zero.
 *
 *     for c in 0..128                       for c in 0..128 nonzero
 *         acc{0}  fma= x{c}, w{128*c}:16        acc{0}  fma= x{c}, w{128*c}:16
 *         acc{16} fma= x{c}, w{128*c+16}:16     acc{16} fma= x{c}, w{128*c+16}:16
 *
 * Behind a relu about half of x is zero. Where all that a loop does is to add
 * multiples of x[c] to sums, and the other factors are finite constants, an
 * iteration whose x[c] is zero changes nothing (but the sign of a sum that is
 * -0). The mark says that such iterations may be left out; C then makes a list
 * of the others first, so that there is no branch to be guessed, and reads half
 * of the weights. Where these come from a cache that is slower than the
 * arithmetic, that is half of the time.
 */
#include "kernel/rewrite.h"

#include <math.h>

/* ---- what a loop multiplies by ---------------------------------------------------- */

static const Expr *value_of(const Stmt *loop, const Expr *expr)
{
    if (expr->kind != EXPR_TEMP)
        return expr;
    for (const Stmt *s = loop->loop.body; s != NULL; s = s->next) {
        if (s->kind == STMT_LET && s->let.temp == expr->temp)
            return s->let.value;
    }
    return expr;
}

static const Expr *without_splat(const Stmt *loop, const Expr *expr)
{
    expr = value_of(loop, expr);
    return expr->kind == EXPR_SPLAT ? value_of(loop, expr->arg[0]) : expr;
}

/* x{c + ...}, an f32 alone, of an array that the kernel is given. */
static const Access *factor_of(const Stmt *loop, const Expr *expr)
{
    const Expr *e = without_splat(loop, expr);
    if (e->kind != EXPR_LOAD || e->type.lanes != 1 || e->type.elem != DT_F32 ||
        !e->access.flat || e->access.modulus != 0 ||
        (e->access.buffer->place != BUFFER_INPUT &&
         e->access.buffer->place != BUFFER_ARENA) ||
        affine_coef(e->access.address, loop->loop.var) != 1)
        return NULL;
    return &e->access;
}

static const Buffer *constant_of(const Stmt *loop, const Expr *expr)
{
    const Expr *e = without_splat(loop, expr);
    return expr_is_load(e) && e->access.buffer->place == BUFFER_CONST
               ? e->access.buffer
               : NULL;
}

/* The sum's factor that is no constant; *constant: the other one's buffer. */
static const Access *factor_of_sum(const Stmt *loop, const Stmt *sum,
                                   const Buffer **constant)
{
    const Expr *a = sum->store.value, *b = sum->store.by;
    if (sum->kind != STMT_ACCUM || sum->store.op != ACCUM_FMA ||
        sum->store.place.buffer->place != BUFFER_REG)
        return NULL;
    if ((*constant = constant_of(loop, b)) == NULL) {
        *constant = constant_of(loop, a);
        a = b;
    }
    return *constant != NULL ? factor_of(loop, a) : NULL;
}

const Access *loop_factor(const Stmt *loop, int64_t *count)
{
    const Access *factor = NULL;
    const Buffer *constant;
    int64_t lo;
    if (!loop_constant(loop, &lo, count) || lo != 0 || *count < 1 ||
        *count > NONZERO_MOST)
        return NULL;
    for (const Stmt *s = loop->loop.body; s != NULL; s = s->next) {
        if (s->kind == STMT_LET)
            continue;
        const Access *found = factor_of_sum(loop, s, &constant);
        if (found == NULL || (factor != NULL && !access_equal(found, factor)))
            return NULL;
        factor = found;
    }
    return factor;
}

/* ---- the mark ------------------------------------------------------------------------ */

bool buffer_is_finite(const Buffer *buffer)
{
    const float *data = buffer->data;
    if (buffer->place != BUFFER_CONST || buffer->type != DT_F32 || data == NULL)
        return false;
    const int64_t count = buffer_elements(buffer);
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(data[i]))
            return false;
    }
    return true;
}

static bool mark_loop(void *context, Kernel *kernel, Stmt **link,
                      const Loops *around, Text *why)
{
    Stmt *loop = *link;
    const Buffer *constant = NULL, *last = NULL;
    int64_t count;
    (void)context, (void)kernel, (void)around;
    if (loop_factor(loop, &count) == NULL) {
        text_printf(why, "'%s' does not multiply all by one element",
                    loop->loop.var->name);
        return false;
    }
    for (const Stmt *s = loop->loop.body; s != NULL; s = s->next) {
        if (s->kind != STMT_ACCUM || !factor_of_sum(loop, s, &constant))
            continue;
        if (constant != last && !buffer_is_finite(constant)) {
            text_printf(why, "'%s' is not all finite", constant->name);
            return false;
        }
        last = constant;
    }
    loop->loop.mark = LOOP_NONZERO;
    return true;
}

bool rewrite_nonzero(Kernel *kernel, const char *var, Text *why)
{
    return each_loop(kernel, var, mark_loop, NULL, why);
}
