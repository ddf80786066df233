/*
 * rewrite_parts.c - nests side by side, to be scheduled each by itself.
 *
 *     for h ...  y[2*h] = ...                   a kernel of each,
 *     for h ...  y[2*h + 1] = ...       ->      and later one of both
 *
 * Only where no local is shared: each part has locals and variables of its
 * own.
 */
#include "kernel/rewrite.h"

/* ---- taking apart ---------------------------------------------------------------- */

static const Var *new_var(Kernel *part, const Var *old)
{
    Var *var = NEW(part->arena, Var);
    var->name = old->name;
    var->id = part->vars.count;
    vec_push(&part->vars, var);
    return var;
}

static void rename_loops(Kernel *part, Stmt *list)
{
    for (; list != NULL; list = list->next) {
        if (list->kind != STMT_LOOP)
            continue;
        const Var *old = list->loop.var;
        list->loop.var = new_var(part, old);
        stmt_substitute(part, list->loop.body, old,
                        affine_var(part, list->loop.var));
        rename_loops(part, list->loop.body);
    }
}

/* The variables of a part are nobody else's. Sums are sorted by their numbers:
 * the new ones come behind the old until those are gone. */
static void own_vars(Kernel *part)
{
    const int old = part->vars.count;
    rename_loops(part, part->body);
    part->vars.count -= old;
    for (int i = 0; i < part->vars.count; i++) {
        part->vars.at[i] = part->vars.at[old + i];
        part->vars.at[i]->id = i;
    }
}

typedef struct Uses {
    const Buffer *buffer;
    bool found;
} Uses;

static void see_use(void *context, const Access *access, Role role,
                    const Stmt *stmt)
{
    Uses *u = context;
    (void)role, (void)stmt;
    u->found = u->found || access->buffer == u->buffer;
}

static bool uses(const Stmt *stmt, const Buffer *buffer)
{
    Stmt alone = *stmt;
    Uses u = { buffer, false };
    alone.next = NULL;
    visit_accesses(&alone, see_use, &u);
    return u.found;
}

static bool are_loops_alone(const Kernel *kernel)
{
    for (const Stmt *s = kernel->body; s != NULL; s = s->next) {
        if (s->kind != STMT_LOOP)
            return false;
    }
    for (int i = 0; i < kernel->locals.count; i++) {
        int users = 0;
        for (const Stmt *s = kernel->body; s != NULL; s = s->next)
            users += uses(s, kernel->locals.at[i]);
        if (users > 1)
            return false;
    }
    return kernel->temps.count == 0;
}

static Kernel *part_of(const Kernel *kernel, int index)
{
    Kernel *part = kernel_copy(kernel);
    int kept = 0;
    for (int i = 0; i < index; i++)
        part->body = part->body->next;
    part->body->next = NULL;
    own_vars(part);
    for (int i = 0; i < part->params.count; i++) {
        if (uses(part->body, part->params.at[i]))
            part->params.at[kept++] = part->params.at[i];
    }
    part->params.count = kept;
    kept = 0;
    for (int i = 0; i < part->locals.count; i++) {
        if (uses(part->body, part->locals.at[i]))
            part->locals.at[kept++] = part->locals.at[i];
    }
    part->locals.count = kept;
    return part;
}

int kernel_parts(const Kernel *kernel, Kernel **parts, int most)
{
    int count = 0;
    for (const Stmt *s = kernel->body; s != NULL; s = s->next)
        count++;
    if (count < 2 || count > most || !are_loops_alone(kernel))
        return 0;
    for (int i = 0; i < count; i++)
        parts[i] = part_of(kernel, i);
    return count;
}

/* ---- and together ------------------------------------------------------------------ */

void kernel_adopt(Kernel *kernel, const Kernel *other)
{
    for (int i = 0; i < other->params.count; i++)
        kernel_param(kernel, other->params.at[i]);
    kernel_adopt_vars(kernel, other);
    for (int i = 0; i < other->locals.count; i++) {
        Buffer *local = other->locals.at[i];
        local->name = kernel_unique_name(kernel, local->name);
        vec_push(&kernel->locals, local);
    }
    for (int i = 0; i < other->temps.count; i++) {
        Temp *temp = other->temps.at[i];
        temp->name = kernel_unique_name(kernel, temp->name);
        temp->id = kernel->temps.count;
        vec_push(&kernel->temps, temp);
    }
    kernel->macs += other->macs;
}

void kernel_join(Kernel *kernel, const Kernel *other)
{
    kernel_adopt(kernel, other);
    list_last(kernel->body)->next = other->body;
}
