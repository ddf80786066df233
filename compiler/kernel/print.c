/*
 * print.c - the loop IR as text, the form that read.c reads.
 *
 *     kernel relu(x: input f32[8], y: output f32[8]) macs 0
 *         local acc: reg f32
 *         # a comment of the next statement
 *         for i in 0..8
 *             acc = x[i]
 *             y[i] = max(acc, 0.0)
 *
 * The structure is in the indentation, four blanks a level. What a thing is
 * can be told from its spelling, whatever the network's names are: a variable
 * stands only in an index, a function has parentheses, a flat address an @.
 * Broken kernels print, too, with a ? for what is missing: the verifier shows
 * them.
 */
#include "kernel/local.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

const char *const place_names[] = {
    [BUFFER_INPUT] = "input", [BUFFER_OUTPUT] = "output",
    [BUFFER_CONST] = "const", [BUFFER_ARENA] = "arena",
    [BUFFER_LOCAL] = "local", [BUFFER_REG] = "reg",
};

const char *const mark_names[] = {
    [LOOP_SERIAL] = "",           [LOOP_UNROLL] = "unroll",
    [LOOP_VECTOR] = "vector",     [LOOP_NONZERO] = "nonzero",
    [LOOP_PARALLEL] = "parallel",
};

const char *const accum_names[] = {
    [ACCUM_ADD] = "+=",   [ACCUM_MUL] = "*=",   [ACCUM_MIN] = "min=",
    [ACCUM_MAX] = "max=", [ACCUM_FMA] = "fma=",
};

/* ---- buffers ----------------------------------------------------------------- */

static void print_string(Text *text, const char *s)
{
    text_char(text, '"');
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            text_printf(text, "\\%c", c);
        else if (c < ' ')
            text_printf(text, "\\x%02x", c);
        else
            text_char(text, *s);
    }
    text_char(text, '"');
}

static void print_dim(Text *text, const Dim *dim)
{
    if (dim->before == 0 && dim->after == 0)
        text_printf(text, "[%" PRId64 "]", dim->extent);
    else
        text_printf(text, "[%" PRId64 "|%" PRId64 "|%" PRId64 "]", dim->before,
                    dim->extent, dim->after);
}

/* layout(d0/16*1024 + d1*128 + d0%16*1 + 0, 4096) */
static void print_layout(Text *text, const Layout *layout)
{
    text_add(text, " layout(");
    for (int i = 0; i < layout->count; i++) {
        const Piece *piece = &layout->piece[i];
        text_printf(text, "d%d", piece->dim);
        if (piece->div != 1)
            text_printf(text, "/%" PRId64, piece->div);
        if (piece->mod != 0)
            text_printf(text, "%%%" PRId64, piece->mod);
        text_printf(text, "*%" PRId64 " + ", piece->stride);
    }
    text_printf(text, "%" PRId64 ", %" PRId64 ")", layout->offset,
                layout->size);
}

/* input f32[28][28][1] of image */
static void print_buffer_type(Text *text, const Buffer *buffer)
{
    Layout plain = layout_plain(buffer->rank, buffer->dim);

    text_printf(text, "%s %s", place_names[buffer->place],
                dtype_name(buffer->type));
    for (int i = 0; i < buffer->rank; i++)
        print_dim(text, &buffer->dim[i]);
    if (!layout_equal(&plain, &buffer->layout))
        print_layout(text, &buffer->layout);
    if (buffer->place == BUFFER_ARENA || buffer->offset > 0)
        text_printf(text, " at %" PRId64, buffer->offset);
    if (buffer->array)
        text_printf(text, " of %s", buffer->array->name);
}

/* Of the logical data. */
static uint32_t buffer_crc(const Buffer *buffer)
{
    size_t bytes =
        (size_t)buffer_elements(buffer) * (size_t)dtype_size(buffer->type);
    return crc32_of(buffer->data, bytes, 0);
}

static void print_buffer(Text *text, const Buffer *buffer)
{
    text_printf(text, "    buffer %s: ", buffer->name);
    print_buffer_type(text, buffer);
    if (buffer->what) {
        text_char(text, ' ');
        print_string(text, buffer->what);
    }
    if (buffer->data)
        text_printf(text, " # crc %08" PRIx32, buffer_crc(buffer));
    text_char(text, '\n');
}

/* ---- accesses and values ------------------------------------------------------- */

void access_print(Text *text, const Access *access)
{
    if (!access->buffer) {
        text_char(text, '?');
        return;
    }
    text_add(text, access->buffer->name);
    if (access->flat) {
        text_add(text, "@(");
        affine_print(text, access->address);
        if (access->modulus) {
            text_add(text, "; ");
            affine_print(text, access->ring);
            text_printf(text, " %% %" PRId64 " * %" PRId64, access->modulus,
                        access->stride);
        }
        text_char(text, ')');
        return;
    }
    for (int i = 0; i < access->buffer->rank; i++) {
        text_char(text, '[');
        affine_print(text, access->index[i]);
        text_char(text, ']');
    }
}

void type_print(Text *text, Type type)
{
    text_add(text, dtype_name(type.elem));
    if (type.lanes > 1)
        text_printf(text, "x%d", type.lanes);
}

/* 1.5 is an f32, 3 an i32; others carry their type: 1.5:f32x16, 3:u8. */
static void print_constant(Text *text, const Expr *expr)
{
    Type type = expr->type;
    bool plain = type.lanes == 1 && isfinite(expr->constant) &&
                 (type.elem == DT_F32 || type.elem == DT_I32);

    if (type.elem == DT_F32)
        text_float(text, (float)expr->constant, true);
    else
        text_double(text, expr->constant);
    if (plain)
        return;
    text_char(text, ':');
    type_print(text, type);
}

static void print_load(Text *text, const Expr *expr)
{
    int lanes = expr->type.lanes;
    if (expr->kind == EXPR_LOAD && lanes == 1) {
        access_print(text, &expr->access);
        return;
    }
    text_printf(text, "%s%d(", expr_name(expr->kind), lanes);
    access_print(text, &expr->access);
    if (expr->active < lanes)
        text_printf(text, ", %d", expr->active);
    text_char(text, ')');
}

/* 1 for a sum, 2 for a product, 3 for what needs no parentheses. */
static int precedence(ExprKind kind)
{
    if (kind == EXPR_ADD || kind == EXPR_SUB)
        return 1;
    return kind == EXPR_MUL || kind == EXPR_DIV ? 2 : 3;
}

static void print_operand(Text *text, const Expr *expr, int level)
{
    bool parens = expr && precedence(expr->kind) < level;
    if (parens)
        text_char(text, '(');
    expr_print(text, expr);
    if (parens)
        text_char(text, ')');
}

static void print_call(Text *text, const Expr *expr)
{
    if (expr->kind == EXPR_CONVERT)
        text_add(text, dtype_name(expr->type.elem));
    else
        text_add(text, expr_name(expr->kind));
    if (expr->kind == EXPR_SPLAT)
        text_printf(text, "%d", expr->type.lanes);
    for (int i = 0; i < expr_operands(expr->kind); i++) {
        text_add(text, i == 0 ? "(" : ", ");
        expr_print(text, expr->arg[i]);
    }
    text_char(text, ')');
}

void expr_print(Text *text, const Expr *expr)
{
    int level = expr ? precedence(expr->kind) : 3;

    if (!expr) {
        text_char(text, '?');
    } else if (expr->kind == EXPR_CONST) {
        print_constant(text, expr);
    } else if (expr_is_load(expr)) {
        print_load(text, expr);
    } else if (expr->kind == EXPR_TEMP) {
        text_add(text, expr->temp->name);
    } else if (expr->kind == EXPR_VAR) {
        text_add(text, "index(");
        affine_print(text, expr->index);
        text_char(text, ')');
    } else if (level < 3) {
        print_operand(text, expr->arg[0], level);
        text_printf(text, " %s ", expr_name(expr->kind));
        print_operand(text, expr->arg[1], level + 1);
    } else {
        print_call(text, expr);
    }
}

/* ---- statements ---------------------------------------------------------------- */

static void print_limit(Text *text, const Limit *limit, const char *join)
{
    if (limit->count != 1)
        text_printf(text, "%s(", join);
    for (int i = 0; i < limit->count && i < LIMIT_TERMS; i++) {
        const LimitTerm *term = &limit->term[i];
        if (i > 0)
            text_add(text, ", ");
        if (term->div != 1)
            text_add(text, "ceil((");
        affine_print(text, term->sum);
        if (term->div != 1)
            text_printf(text, ") / %" PRId64 ")", term->div);
    }
    if (limit->count != 1)
        text_char(text, ')');
}

static void indent(Text *text, int level)
{
    text_printf(text, "%*s", 4 * level, "");
}

static void print_comment(Text *text, const char *comment, int level)
{
    while (comment) {
        const char *end = strchr(comment, '\n');
        size_t length = end ? (size_t)(end - comment) : strlen(comment);
        indent(text, level);
        text_add(text, "# ");
        text_addn(text, comment, length);
        text_char(text, '\n');
        comment = end ? end + 1 : NULL;
    }
}

static void print_loop(Text *text, const Stmt *stmt, int level)
{
    text_printf(text, "for %s in ", stmt->loop.var->name);
    print_limit(text, &stmt->loop.lo, "max");
    text_add(text, "..");
    print_limit(text, &stmt->loop.hi, "min");
    if (stmt->loop.mark != LOOP_SERIAL)
        text_printf(text, " %s", mark_names[stmt->loop.mark]);
    text_char(text, '\n');
    stmts_print(text, stmt->loop.body, level + 1);
}

static void print_store(Text *text, const Stmt *stmt)
{
    access_print(text, &stmt->store.place);
    text_printf(text, " %s ",
                stmt->kind == STMT_STORE ? "=" : accum_names[stmt->store.op]);
    expr_print(text, stmt->store.value);
    if (stmt->store.by) {
        text_add(text, ", ");
        expr_print(text, stmt->store.by);
    }
    if (stmt->store.active < stmt->store.lanes)
        text_printf(text, " first %d", stmt->store.active);
    if (stmt->store.apart != 0)
        text_printf(text, " apart %d", stmt->store.apart);
    text_char(text, '\n');
}

static void print_stmt(Text *text, const Stmt *stmt, int level)
{
    print_comment(text, stmt->comment, level);
    indent(text, level);
    switch (stmt->kind) {
    case STMT_LOOP: print_loop(text, stmt, level); return;
    case STMT_STORE:
    case STMT_ACCUM: print_store(text, stmt); return;
    case STMT_LET:
        text_printf(text, "let %s = ", stmt->let.temp->name);
        expr_print(text, stmt->let.value);
        text_char(text, '\n');
        return;
    case STMT_PREFETCH:
        text_add(text, "prefetch ");
        access_print(text, &stmt->prefetch);
        text_char(text, '\n');
        return;
    case STMT_BLOCK:
        text_add(text, "block\n");
        stmts_print(text, stmt->block, level + 1);
        return;
    }
    BUG("no statement %d", (int)stmt->kind);
}

void stmts_print(Text *text, const Stmt *list, int level)
{
    for (; list; list = list->next)
        print_stmt(text, list, level);
}

/* The order of terms in sums is that of the variables' numbers, which a reader
 * gives out as it meets the loops. Where that is another order, a line says it:
 *     vars oh kh ow.o ow.i */
static bool is_in_order(const Stmt *list, int *last)
{
    for (; list; list = list->next) {
        const Stmt *body = list->kind == STMT_LOOP    ? list->loop.body
                           : list->kind == STMT_BLOCK ? list->block
                                                      : NULL;
        /* A smaller number may be that of a loop met before. */
        if (list->kind == STMT_LOOP) {
            if (list->loop.var->id < *last)
                return false;
            *last = list->loop.var->id;
        }
        if (!is_in_order(body, last))
            return false;
    }
    return true;
}

static void mark_used(const Stmt *list, bool *used)
{
    for (; list; list = list->next) {
        if (list->kind == STMT_LOOP)
            used[list->loop.var->id] = true;
        if (list->kind == STMT_LOOP || list->kind == STMT_BLOCK)
            mark_used(list->kind == STMT_LOOP ? list->loop.body : list->block,
                      used);
    }
}

static void print_vars(Text *text, const Kernel *kernel)
{
    bool *used;
    int last = -1;

    if (is_in_order(kernel->body, &last))
        return;
    used = NEW_N(kernel->arena, bool, kernel->vars.count);
    mark_used(kernel->body, used);
    text_add(text, "    vars");
    for (int i = 0; i < kernel->vars.count; i++) {
        if (used[i])
            text_printf(text, " %s", kernel->vars.at[i]->name);
    }
    text_char(text, '\n');
}

/* ---- kernels and programs -------------------------------------------------------- */

void kernel_print(Text *text, const Kernel *kernel)
{
    print_comment(text, kernel->comment, 0);
    text_printf(text, "kernel %s(", kernel->name);
    for (int i = 0; i < kernel->params.count; i++) {
        text_printf(text, "%s%s: ", i > 0 ? ", " : "",
                    kernel->params.at[i]->name);
        print_buffer_type(text, kernel->params.at[i]);
    }
    text_printf(text, ") macs %" PRId64 "\n", kernel->macs);
    for (int i = 0; i < kernel->locals.count; i++) {
        text_printf(text, "    local %s: ", kernel->locals.at[i]->name);
        print_buffer_type(text, kernel->locals.at[i]);
        text_char(text, '\n');
    }
    print_vars(text, kernel);
    stmts_print(text, kernel->body, 1);
}

static void print_port(Text *text, const char *kind, const ProgramPort *port)
{
    text_printf(text, "    %s %s ", kind, port->buffer->name);
    print_string(text, port->name);
    if (port->rank > 0)
        text_char(text, ' ');
    for (int i = 0; i < port->rank; i++)
        text_printf(text, "[%" PRId64 "]", port->dim[i]);
    if (port->class_count > 0)
        text_add(text, " classes");
    for (int i = 0; i < port->class_count; i++) {
        text_char(text, ' ');
        print_string(text, port->classes[i]);
    }
    text_char(text, '\n');
}

static void print_head(Text *text, const Program *program)
{
    text_add(text, "program ");
    print_string(text, program->name);
    text_char(text, '\n');
    if (program->origin) {
        text_add(text, "    origin ");
        print_string(text, program->origin);
        text_char(text, '\n');
    }
    if (program->target) {
        text_printf(text, "    target %s", program->target->name);
        if (program->target_note) {
            text_char(text, ' ');
            print_string(text, program->target_note);
        }
        text_char(text, '\n');
    }
    text_printf(text,
                "    workspace %" PRId64 " align %" PRId64
                " parameters %" PRId64 " macs %" PRId64 " batch %" PRId64 "\n",
                program->workspace, program->alignment, program->parameters,
                program->macs, program->batch);
}

void program_print(Text *text, const Program *program)
{
    print_head(text, program);
    for (int i = 0; i < program->buffers.count; i++)
        print_buffer(text, program->buffers.at[i]);
    for (int i = 0; i < program->inputs.count; i++)
        print_port(text, "input", &program->inputs.at[i]);
    for (int i = 0; i < program->outputs.count; i++)
        print_port(text, "output", &program->outputs.at[i]);
    for (int i = 0; i < program->kernels.count; i++) {
        text_char(text, '\n');
        kernel_print(text, program->kernels.at[i]);
    }
}

/* ---- faults ---------------------------------------------------------------------- */

/* The text lives as long as the program, which ends in a moment. */
void kernel_show_on_bug(const Kernel *kernel)
{
    static Text text;
    text_free(&text);
    text_add(&text, "in this kernel:\n");
    kernel_print(&text, kernel);
    bug_context = text_get(&text);
}
