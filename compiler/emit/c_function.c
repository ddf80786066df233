/*
 * c_function.c - a kernel as a function of C.
 *
 *     static CNNC_NOINLINE void lenet5_dense1(const float *x, ...)
 *     {
 *         for (int n = 0; n < 120; n++) {
 *             float acc = b[n];
 *             for (int k = 0; k < 400; k++)
 *                 acc = f32_fma(x[k], w[400 * n + k], acc);
 *             y[n] = acc;
 *         }
 *     }
 *
 * c_plan.c has decided what each scope declares; this walk prints it, giving out
 * names as scopes are entered, and taking them back as they are left.
 */
#include "emit/local.h"

#include <stdlib.h>

/* ---- the function's facts -------------------------------------------------- */

/* An element for each address of each register that the kernel mentions. */
static void find_element(Function *f, const Access *access, int lanes)
{
    int64_t address;

    if (access->buffer->place != BUFFER_REG)
        return;
    REQUIRE(access->flat && affine_is_const(access->address, &address));
    for (int i = 0; i < f->kernel->locals.count; i++) {
        int *at = f->element_at[i];
        if (f->kernel->locals.at[i] != access->buffer || at[address] >= 0)
            continue;
        at[address] = f->elements.count;
        vec_push(&f->elements, (Element){ .buffer = access->buffer,
                                          .address = address,
                                          .lanes = lanes });
    }
}

static void find_in_expr(Function *f, const Expr *expr)
{
    if (expr->kind == EXPR_LOAD)
        find_element(f, &expr->access, expr->type.lanes);
    for (int i = 0; i < expr_operands(expr->kind); i++)
        find_in_expr(f, expr->arg[i]);
}

static void find_elements(Function *f, const Stmt *list)
{
    for (; list; list = list->next) {
        if (list->kind == STMT_LOOP) {
            find_elements(f, list->loop.body);
        } else if (list->kind == STMT_BLOCK) {
            find_elements(f, list->block);
        } else if (list->kind == STMT_LET) {
            find_in_expr(f, list->let.value);
        } else if (list->kind == STMT_STORE || list->kind == STMT_ACCUM) {
            find_element(f, &list->store.place, list->store.lanes);
            find_in_expr(f, list->store.value);
        }
        if (list->kind == STMT_ACCUM && list->store.op == ACCUM_FMA)
            find_in_expr(f, list->store.by);
    }
}

void function_begin(Function *f, Arena *arena, Kernel *kernel)
{
    int vars = kernel->vars.count, temps = kernel->temps.count;

    *f = (Function){ .arena = arena, .kernel = kernel };
    f->var_name = NEW_N(arena, const char *, vars);
    f->var_scope = NEW_N(arena, int, vars);
    f->reach = NEW_N(arena, int64_t, vars);
    f->temp_name = NEW_N(arena, const char *, temps);
    f->temp_live = NEW_N(arena, bool, temps);
    f->local_name = NEW_N(arena, const char *, kernel->locals.count);
    f->local_used = NEW_N(arena, bool, kernel->locals.count);
    f->element_at = NEW_N(arena, int *, kernel->locals.count);
    for (int i = 0; i < kernel->locals.count; i++) {
        const Buffer *local = kernel->locals.at[i];
        int64_t size = local->place == BUFFER_REG ? local->layout.size : 0;
        f->element_at[i] = NEW_N(arena, int, size);
        for (int64_t j = 0; j < size; j++)
            f->element_at[i][j] = -1;
    }
    find_elements(f, kernel->body);
}

void function_end(Function *f)
{
    vec_free(&f->params);
    vec_free(&f->scopes);
    vec_free(&f->rows);
    vec_free(&f->bounds);
    vec_free(&f->elements);
    vec_free(&f->lists);
}

/* ---- declarations ------------------------------------------------------------ */

static const char *index_type(const Function *f)
{
    return f->wide ? "ptrdiff_t" : "int";
}

static bool is_written(const Function *f, const Buffer *buffer)
{
    const Param *param = plan_param(f, buffer);
    return !param || param->written;
}

static void declare_row(Function *f, Row *row)
{
    Text text = { 0 };

    row->name = names_add(f->names,
                          arena_printf(f->arena, "%s_row", row->buffer->name));
    index_row(f, &text, row);
    write_line(f->w, "%s%s *%s = %s;",
               is_written(f, row->buffer) ? "" : "const ",
               dtype_c(row->buffer->type), row->name, text.data);
    text_free(&text);
}

static void declare_rows(Function *f, int scope)
{
    for (int i = 0; i < f->rows.count; i++) {
        if (f->rows.at[i].scope == scope && f->rows.at[i].named)
            declare_row(f, &f->rows.at[i]);
    }
}

/* Where the term, of one variable v, beats the number n, said of v itself:
 * base - k*v > n*d is v < (base - n*d)/k. ceil(s/d) > n is s > n*d, and
 * ceil(s/d) < n is s <= (n - 1)*d. */
static void compare_variable(Function *f, Text *out, bool upper,
                             const LimitTerm *term, int64_t number)
{
    const AffineTerm *v = &term->sum->term[0];
    int64_t edge = (upper ? number - 1 : number) * term->div - term->sum->base;
    int64_t k = llabs(v->coef), bound;

    if (v->coef < 0)
        bound = ceil_div(-edge, k) - upper;
    else
        bound = floor_div(edge, k) + upper;
    text_printf(out, "%s %s %lld", f->var_name[v->var->id],
                (v->coef < 0) == upper ? ">" : "<", (long long)bound);
}

/* "a > b ? a : b", or with a constant "oh < 1 ? 1 - oh : 0". */
static void better_of(Function *f, Text *out, const Bound *bound,
                      const char *best, const LimitTerm *term)
{
    int64_t number;
    bool simple = term->sum->count == 1 && parse_int64(best, &number);
    bool positive = simple && !bound->upper && number >= 0;
    Text text = { 0 };

    Precedence have = index_term(f, &text, term, positive);
    text_enclose(&text, 0, have, PREC_SUM);
    if (simple)
        compare_variable(f, out, bound->upper, term, number);
    else
        text_printf(out, "%s %s %s", text.data, bound->upper ? "<" : ">", best);
    text_printf(out, " ? %s : %s", text.data, best);
    text_free(&text);
}

/* The constants among the terms, folded into one; NULL: there is none. */
static const char *constant_term(Function *f, const Bound *bound)
{
    const Limit *limit = bound->limit;
    int64_t best = 0, value;
    bool any = false;

    for (int i = 0; i < limit->count; i++) {
        if (!affine_is_const(limit->term[i].sum, &value))
            continue;
        value = ceil_div(value, limit->term[i].div);
        if (!any || (bound->upper ? value < best : value > best))
            best = value;
        any = true;
    }
    return any ? arena_printf(f->arena, "%lld", (long long)best) : NULL;
}

/* A line for each term that is no constant. */
static void declare_bound(Function *f, Bound *bound)
{
    const char *best = constant_term(f, bound);
    const char *wanted =
        arena_printf(f->arena, "%s_%s", plan_var_name(f, bound->var),
                     bound->upper ? "hi" : "lo");

    for (int i = 0; i < bound->limit->count; i++) {
        const LimitTerm *term = &bound->limit->term[i];
        Text text = { 0 };
        if (affine_is_const(term->sum, NULL))
            continue;
        if (best)
            better_of(f, &text, bound, best, term);
        else
            index_term(f, &text, term, false);
        best = names_add(f->names, wanted);
        write_line(f->w, "const %s %s = %s;", index_type(f), best, text.data);
        text_free(&text);
    }
    bound->name = best;
}

static void declare_bounds(Function *f, int scope)
{
    for (int i = 0; i < f->bounds.count; i++) {
        if (f->bounds.at[i].scope == scope)
            declare_bound(f, &f->bounds.at[i]);
    }
}

/* Registers whose first use, `stmt`, does not simply set them. */
static void declare_elements(Function *f, const Stmt *stmt)
{
    for (int i = 0; i < f->elements.count; i++) {
        Element *e = &f->elements.at[i];
        if (!e->seen || e->first != stmt || e->starts)
            continue;
        e->name = element_name(f, e);
        const char *type = element_type(f, e);
        if (e->lanes > 1)
            write_line(f->w, "%s %s = %s_zero();", type, e->name, type);
        else
            write_line(f->w, "%s %s = 0;", type, e->name);
    }
}

/* ---- statements ----------------------------------------------------------------- */

static void print_list(Function *f, const Stmt *list);

static void print_scope(Function *f, int scope, const Stmt *list)
{
    declare_bounds(f, scope);
    declare_rows(f, scope);
    print_list(f, list);
}

/* A limit in the loop's head. */
static const char *limit_text(Function *f, const Stmt *loop, bool upper)
{
    const Limit *limit = upper ? &loop->loop.hi : &loop->loop.lo;
    const Bound *bound = plan_bound(f, loop, upper);
    Text text = { 0 };
    int64_t best = 0, value;

    if (bound)
        return bound->name;
    if (limit->count == 1 && limit->term[0].div == 1) {
        index_sum(f, &text, limit->term[0].sum);
        return text_take(&text, f->arena);
    }
    for (int i = 0; i < limit->count; i++) {
        affine_is_const(limit->term[i].sum, &value);
        value = ceil_div(value, limit->term[i].div);
        if (i == 0 || (upper ? value < best : value > best))
            best = value;
    }
    return arena_printf(f->arena, "%lld", (long long)best);
}

static void open_loop(Function *f, const Stmt *loop)
{
    const char *lo = limit_text(f, loop, false);
    const char *hi = limit_text(f, loop, true);
    const char *name = names_add(f->names, plan_var_name(f, loop->loop.var));

    f->var_name[loop->loop.var->id] = name;
    write_open(f->w, "for (%s %s = %s; %s < %s; %s++)", index_type(f), name, lo,
               name, hi, name);
}

/* ---- loops that leave out zeros ---------------------------------------------------- */

/* The first element that is a factor, of which each iteration has another. */
static const Affine *first_factor(Function *f, const Stmt *loop,
                                  const Access *factor)
{
    return affine_substitute(f->kernel, factor->address, loop->loop.var,
                             affine_const(f->kernel, 0));
}

/* The list of the iterations that count. */
static List declare_list(Function *f, const Stmt *loop)
{
    List list;
    const Access *factor = loop_factor(loop, &list.count);
    const char *x = plan_param(f, factor->buffer)->name;
    Text from = { 0 };

    list.buffer = factor->buffer;
    list.first = first_factor(f, loop, factor);
    list.name = names_add(f->names, arena_printf(f->arena, "%s_nonzero", x));
    list.end = names_add(f->names, arena_printf(f->arena, "%s_count", x));
    text_add(&from, x);
    if (!affine_equal(list.first, affine_const(f->kernel, 0))) {
        text_add(&from, " + ");
        index_sum(f, &from, list.first);
    }
    write_line(f->w, "int %s[%lld];", list.name,
               (long long)(list.count + NONZERO_ROOM));
    write_line(f->w, "const int %s = f32_nonzero(%s, %s, %lld);", list.end,
               list.name, from.data, (long long)list.count);
    text_free(&from);
    return list;
}

static const List *find_list(Function *f, const Stmt *loop)
{
    int64_t count;
    const Access *factor = loop_factor(loop, &count);
    const Affine *first = first_factor(f, loop, factor);
    for (int i = 0; i < f->lists.count; i++) {
        const List *list = &f->lists.at[i];
        if (list->buffer == factor->buffer && list->count == count &&
            affine_equal(list->first, first))
            return list;
    }
    return NULL;
}

/* One list for all loops around, where these have nothing to do with it. */
static void declare_lists(Function *f, const Stmt *body)
{
    for (; body; body = body->next) {
        int64_t count;
        Stmt **inside = stmt_body((Stmt *)(uintptr_t)body);
        if (!live_stmt(f, body))
            continue;
        if (inside)
            declare_lists(f, *inside);
        if (body->kind != STMT_LOOP || body->loop.mark != LOOP_NONZERO)
            continue;
        const Access *factor = loop_factor(body, &count);
        if (affine_is_const(first_factor(f, body, factor), NULL) &&
            !plan_param(f, factor->buffer)->written && !find_list(f, body))
            vec_push(&f->lists, declare_list(f, body));
    }
}

static void open_nonzero(Function *f, const Stmt *loop, const List *list)
{
    const char *i = names_add(f->names, "i");
    write_open(f->w, "for (int %s = 0; %s < %s; %s++)", i, i, list->end, i);
    const char *name = names_add(f->names, plan_var_name(f, loop->loop.var));
    f->var_name[loop->loop.var->id] = name;
    write_line(f->w, "const %s %s = %s[%s];", index_type(f), name, list->name,
               i);
}

static void print_loop(Function *f, const Stmt *loop)
{
    const int mark = f->names->name.count;
    const bool nonzero = loop->loop.mark == LOOP_NONZERO;
    const List *known = nonzero ? find_list(f, loop) : NULL;
    List own;

    if (nonzero && !known) {
        write_open(f->w, "%s", "");
        own = declare_list(f, loop);
    }
    if (nonzero)
        open_nonzero(f, loop, known ? known : &own);
    else
        open_loop(f, loop);
    int scope = f->next_scope++;
    plan_enter(f, loop, scope);
    print_scope(f, scope, loop->loop.body);
    plan_leave(f);
    write_close(f->w);
    if (nonzero && !known)
        write_close(f->w);
    names_leave(f->names, mark);
}

static void print_block(Function *f, const Stmt *block)
{
    int mark = f->names->name.count;

    write_open(f->w, "%s", "");
    print_scope(f, f->next_scope++, block->block);
    write_close(f->w);
    names_leave(f->names, mark);
}

static void print_let(Function *f, const Stmt *stmt)
{
    const Temp *temp = stmt->let.temp;
    const char *value = value_string(f, stmt->let.value, PREC_CONDITION);
    const char *name = names_add(f->names, plan_temp_name(f, temp));

    f->temp_name[temp->id] = name;
    write_line(f->w, "const %s %s = %s;", value_type(f, temp->type), name,
               value);
}

static void print_prefetch(Function *f, const Stmt *stmt)
{
    Text place = { 0 };

    index_pointer(f, &place, &stmt->prefetch);
    write_line(f->w, "cnnc_prefetch(%s);", place.data);
    text_free(&place);
}

static void print_list(Function *f, const Stmt *list)
{
    for (; list; list = list->next) {
        if (!live_stmt(f, list))
            continue;
        declare_elements(f, list);
        if (list->comment)
            write_comment(f->w, list->comment);
        switch (list->kind) {
        case STMT_LOOP: print_loop(f, list); break;
        case STMT_BLOCK: print_block(f, list); break;
        case STMT_STORE:
        case STMT_ACCUM: list = store_statement(f, list); break;
        case STMT_LET: print_let(f, list); break;
        case STMT_PREFETCH: print_prefetch(f, list); break;
        }
    }
}

/* ---- the whole function ------------------------------------------------------------ */

static void print_head(Function *f, const char *function)
{
    Text text = { 0 };

    for (int i = 0; i < f->params.count; i++) {
        Param *param = &f->params.at[i];
        param->name = names_add(f->names, param->buffer->name);
        text_printf(&text, "%s%s%s *%s%s", i ? ", " : "",
                    param->written ? "" : "const ",
                    dtype_c(param->buffer->type),
                    param->restricted ? "CNNC_RESTRICT " : "", param->name);
    }
    write_line(f->w, "static CNNC_NOINLINE void %s(%s)", function,
               f->params.count ? text.data : "void");
    text_free(&text);
}

/* Arrays that something reads or writes. */
static void declare_locals(Function *f)
{
    for (int i = 0; i < f->kernel->locals.count; i++) {
        const Buffer *local = f->kernel->locals.at[i];
        if (local->place != BUFFER_LOCAL || !f->local_used[i])
            continue;
        f->local_name[i] = names_add(f->names, local->name);
        write_line(f->w, "CNNC_ALIGN(64) %s %s[%lld];", dtype_c(local->type),
                   f->local_name[i], (long long)local->layout.size);
    }
}

static void find_call(const Function *f, Call *call)
{
    call->count = f->params.count;
    call->buffer = NEW_N(f->arena, Buffer *, call->count);
    for (int i = 0; i < call->count; i++)
        call->buffer[i] = f->params.at[i].buffer;
}

void kernel_function(Net *net, Writer *w, Kernel *kernel, Call *call)
{
    Function f;
    int mark = net->globals.name.count;

    function_begin(&f, net->arena, kernel);
    f.w = w;
    f.names = &net->globals;
    plan_function(&f);
    if (kernel->comment)
        write_comment(w, kernel->comment);
    find_call(&f, call);
    print_head(&f, call->function);
    write_line(w, "{");
    w->indent++;
    declare_locals(&f);
    declare_lists(&f, kernel->body);
    f.next_scope = 1;
    print_scope(&f, 0, kernel->body);
    write_close(w);
    names_leave(&net->globals, mark);
    function_end(&f);
}
