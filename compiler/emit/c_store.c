/*
 * c_store.c - what is assigned: registers, elements of arrays, vectors.
 *
 *     acc = f32_fma(x[k], w[k], acc);
 *     f32x16_store(y_row + 16, f32x16_max(f32x16_zero(), acc1));
 *     f32x16_store_weave6_part(y_row + 96, acc0, acc1, ..., acc5, 12);
 *
 * A register is declared by the statement that first sets it.
 */
#include "emit/local.h"

/* ---- registers ---------------------------------------------------------------- */

static long long element_number(const Element *element)
{
    return element->address % element->lanes
               ? element->address
               : element->address / element->lanes;
}

/* What stands before the numbers of a buffer's elements: "acc", and "acc2_"
 * where a name of that sort is taken in the scope of the first. */
static const char *element_prefix(Function *f, const Element *element)
{
    const char **prefix = &f->local_name[plan_local(f, element->buffer)];

    if (*prefix)
        return *prefix;
    *prefix = plan_local_name(f, element->buffer);
    for (int i = 0; i < f->elements.count; i++) {
        const Element *e = &f->elements.at[i];
        if (e->buffer != element->buffer)
            continue;
        const char *name =
            arena_printf(f->arena, "%s%lld", plan_local_name(f, e->buffer),
                         element_number(e));
        if (names_have(f->names, name))
            *prefix = arena_printf(f->arena, "%s_", e->buffer->name);
    }
    return *prefix;
}

/* acc[3] of four, in vectors of 16: acc3; the only one: acc. */
const char *element_name(Function *f, const Element *element)
{
    const Buffer *buffer = element->buffer;

    if (buffer->layout.size / element->lanes <= 1)
        return names_add(f->names, plan_local_name(f, buffer));
    return names_add(f->names, arena_printf(f->arena, "%s%lld",
                                            element_prefix(f, element),
                                            element_number(element)));
}

const char *element_type(Function *f, const Element *element)
{
    return value_type(f, (Type){ element->buffer->type, element->lanes });
}

const char *value_string(Function *f, const Expr *expr, Precedence want)
{
    Text text = { 0 };
    Precedence have = value_text(f, &text, expr);

    text_enclose(&text, 0, have, want);
    return text_take(&text, f->arena);
}

/* ---- assignments --------------------------------------------------------------- */

/* What an accumulation computes from the place's old value. */
static void accumulated(Function *f, Text *out, const Stmt *stmt,
                        const char *old)
{
    static const char *const names[] = { "add", "mul", "min", "max", "fma" };
    static const char *const infix[] = { " + ", " * ", " < ", " > ", NULL };
    Type type = { stmt->store.place.buffer->type, stmt->store.lanes };
    AccumOp op = stmt->store.op;
    bool call = type.lanes > 1 ||
                (type.elem == DT_F32 && op != ACCUM_ADD && op != ACCUM_MUL);

    if (!call) {
        const char *value = value_string(f, stmt->store.value, PREC_UNARY);
        bool narrow = dtype_size(type.elem) < 4;
        REQUIRE(infix[op] != NULL);
        if (narrow)
            text_printf(out, "(%s)(", dtype_c(type.elem));
        text_printf(out, "%s%s%s", old, infix[op], value);
        if (op == ACCUM_MIN || op == ACCUM_MAX)
            text_printf(out, " ? %s : %s", old, value);
        text_add(out, narrow ? ")" : "");
        return;
    }
    value_call(out, type, names[op]);
    if (op != ACCUM_FMA)
        text_printf(out, "%s, ", old);
    value_text(f, out, stmt->store.value);
    if (op == ACCUM_FMA) {
        text_add(out, ", ");
        value_text(f, out, stmt->store.by);
        text_printf(out, ", %s", old);
    }
    text_char(out, ')');
}

/* acc += v and acc *= v, where that is all. */
static bool is_short(const Stmt *stmt)
{
    return stmt->kind == STMT_ACCUM && stmt->store.lanes == 1 &&
           (stmt->store.op == ACCUM_ADD || stmt->store.op == ACCUM_MUL) &&
           dtype_size(stmt->store.place.buffer->type) >= 4;
}

/* place = value, for a variable or an element. */
static void print_assignment(Function *f, const Stmt *stmt, const char *place,
                             const char *head)
{
    const char *value;

    if (is_short(stmt)) {
        value = value_string(f, stmt->store.value, PREC_CONDITION);
        write_line(f->w, "%s %s= %s;", place,
                   stmt->store.op == ACCUM_ADD ? "+" : "*", value);
        return;
    }
    if (stmt->kind == STMT_ACCUM) {
        Text text = { 0 };
        accumulated(f, &text, stmt, place);
        value = text_take(&text, f->arena);
    } else {
        value = value_string(f, stmt->store.value, PREC_CONDITION);
    }
    write_line(f->w, "%s%s = %s;", head, place, value);
}

static void print_register(Function *f, const Stmt *stmt)
{
    Element *e = plan_element(f, &stmt->store.place);
    const char *head = "";

    if (e->starts && e->first == stmt) {
        /* The value is printed before its name is given: it may not read it. */
        e->name = element_name(f, e);
        head = arena_printf(f->arena, "%s%s ", e->writes == 1 ? "const " : "",
                            element_type(f, e));
    }
    print_assignment(f, stmt, e->name, head);
}

static void print_vector_store(Function *f, const Stmt *stmt)
{
    Type type = { stmt->store.place.buffer->type, stmt->store.lanes };
    bool part = stmt->store.active < stmt->store.lanes;
    const char *count =
        part ? arena_printf(f->arena, ", %d", stmt->store.active) : "";
    Text place = { 0 }, line = { 0 };

    index_pointer(f, &place, &stmt->store.place);
    value_call(&line, type, part ? "store_part" : "store");
    text_printf(&line, "%s, ", place.data);
    if (stmt->kind == STMT_ACCUM) {
        const char *old =
            arena_printf(f->arena, "f32x%d_%s(%s%s)", type.lanes,
                         part ? "load_part" : "load", place.data, count);
        accumulated(f, &line, stmt, old);
    } else {
        value_text(f, &line, stmt->store.value);
    }
    write_line(f->w, "%s%s);", line.data, count);
    text_free(&place);
    text_free(&line);
}

/* All channels of some pixels: one call. */
static const Stmt *print_woven(Function *f, const Stmt *first)
{
    const int count = first->store.apart;
    Type type = { first->store.place.buffer->type, first->store.lanes };
    bool part = first->store.active < first->store.lanes;
    const Stmt *stmt = first, *last = NULL;
    Text line = { 0 };

    value_call(&line, type,
               arena_printf(f->arena,
                            part ? "store_weave%d_part" : "store_weave%d",
                            count));
    index_pointer(f, &line, &first->store.place);
    for (int i = 0; i < count; i++, stmt = stmt->next) {
        text_add(&line, ", ");
        value_text(f, &line, stmt->store.value);
        last = stmt;
    }
    if (part)
        text_printf(&line, ", %d", first->store.active);
    write_line(f->w, "%s);", text_get(&line));
    text_free(&line);
    return last;
}

const Stmt *store_statement(Function *f, const Stmt *stmt)
{
    Text place = { 0 };

    if (stmt->store.place.buffer->place == BUFFER_REG) {
        print_register(f, stmt);
    } else if (stmt->store.apart != 0) {
        return print_woven(f, stmt);
    } else if (stmt->store.lanes > 1) {
        print_vector_store(f, stmt);
    } else {
        index_element(f, &place, &stmt->store.place);
        print_assignment(f, stmt, place.data, "");
    }
    text_free(&place);
    return stmt;
}
