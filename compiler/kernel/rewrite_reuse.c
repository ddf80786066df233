/*
 * rewrite_reuse.c - sums in the order of their inputs.
 *
 *     a0 = b                         a0 = b
 *     a1 = b                         a0 += x{0} * w0
 *     a0 += x{0} * w0                a0 += x{1} * w1
 *     a0 += x{1} * w1          ->    y{0} = a0
 *     a1 += x{1} * w0                a1 = b
 *     a1 += x{2} * w1                a1 += x{1} * w0
 *     y{0} = a0                      a1 += x{2} * w1
 *     y{1} = a1                      y{1} = a1
 *
 * What was loaded once is used at once, a sum begins where it gets its first
 * product, and is stored behind its last one. C compilers keep to that order
 * by and large, and then need as many registers as there are sums under way.
 * Sums that have no factor in common, directly or by way of others, come one
 * family after the other.
 */
#include "kernel/rewrite.h"

#include <stdlib.h>
#include <string.h>

static bool is_straight(const Stmt *stmt)
{
    return stmt != NULL && stmt->kind != STMT_LOOP && stmt->kind != STMT_BLOCK;
}

/* ---- by input --------------------------------------------------------------------- */

typedef struct Keyed {
    Stmt *stmt;
    int64_t key;
    int place, family; /* family: the place of its first */
} Keyed;

typedef struct KeyOf {
    const char *buffer;
    const Affine *address;
    bool reads_register; /* which another sum may be */
} KeyOf;

static void find_key(void *context, const Access *access, Role role,
                     const Stmt *stmt)
{
    (void)stmt;
    KeyOf *k = context;
    if (role == ROLE_READ && access->buffer->place == BUFFER_REG)
        k->reads_register = true;
    if (role == ROLE_READ && access->flat && k->address == NULL &&
        strcmp(access->buffer->name, k->buffer) == 0)
        k->address = access->address;
}

static bool key_of(Stmt *stmt, const char *buffer, const Affine **address)
{
    if (stmt->kind != STMT_ACCUM ||
        stmt->store.place.buffer->place != BUFFER_REG)
        return false;
    KeyOf k = { .buffer = buffer };
    Stmt alone = *stmt;
    alone.next = NULL;
    visit_accesses(&alone, find_key, &k);
    *address = k.address;
    return k.address != NULL && !k.reads_register;
}

/* Whether both may change places where they are of one sum. */
static bool commute(const Stmt *a, const Stmt *b)
{
    const bool a_adds = a->store.op == ACCUM_FMA || a->store.op == ACCUM_ADD;
    const bool b_adds = b->store.op == ACCUM_FMA || b->store.op == ACCUM_ADD;
    return a->store.op == b->store.op || (a_adds && b_adds);
}

static int compare_keyed(const void *a, const void *b)
{
    const Keyed *x = a, *y = b;
    if (x->family != y->family)
        return x->family - y->family;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->place - y->place;
}

/* They add to one sum, or have a factor in common. */
static bool are_related(const Keyed *a, const Keyed *b)
{
    const Stmt *s = a->stmt, *t = b->stmt;
    const Access *x = &s->store.place, *y = &t->store.place;
    if (a->key == b->key || expr_equal(s->store.value, t->store.value))
        return true;
    if (s->store.by && t->store.by && expr_equal(s->store.by, t->store.by))
        return true;
    return x->buffer == y->buffer && x->flat && y->flat &&
           affine_equal(x->address, y->address);
}

/* The first pass makes of each the oldest that it is related to, the others
 * spread what was found late; few are needed. */
static void find_families(Keyed *run, int count)
{
    bool changed = true;
    for (int i = 0; i < count; i++)
        run[i].family = i;
    while (changed) {
        changed = false;
        for (int i = 0; i < count; i++)
            for (int j = 0; j < count; j++) {
                if (run[j].family >= run[i].family ||
                    !are_related(&run[i], &run[j]))
                    continue;
                run[i].family = run[j].family;
                changed = true;
            }
    }
}

/* Sorts the accumulations from *link on whose addresses differ by constants. */
static Stmt **sort_run(Kernel *k, Stmt **link, const char *buffer)
{
    VEC(Keyed) run = { 0 };
    const Affine *first, *address;
    if (key_of(*link, buffer, &first)) {
        for (Stmt *s = *link; s != NULL && key_of(s, buffer, &address);
             s = s->next) {
            int64_t key;
            if (!commute(s, *link) ||
                !affine_is_const(affine_sub(k, address, first), &key))
                break;
            vec_push(&run, (Keyed){ s, key, run.count, 0 });
        }
    }
    if (run.count == 0)
        return &(*link)->next;
    Stmt *after = run.at[run.count - 1].stmt->next;
    find_families(run.at, run.count);
    qsort(run.at, (size_t)run.count, sizeof *run.at, compare_keyed);
    for (int i = 0; i < run.count; i++) {
        *link = run.at[i].stmt;
        link = &(*link)->next;
    }
    *link = after;
    vec_free(&run);
    return link;
}

/* ---- from the first product to the last -------------------------------------------- */

/* One element of a register, in a run of statements. */
typedef struct Life {
    const Buffer *buffer;
    int64_t address;
    int sets, set; /* how often, and where last, it is set; -1: nowhere */
    int first;     /* where it is first touched otherwise; -1: nowhere */
    int written;   /* where it is last added to; -1: nowhere */
} Life;

typedef struct Run {
    VEC(Stmt *) stmts;
    VEC(Life) lives;
    VEC(const Buffer *) loaded, stored; /* memory, not constants */
    int at;                             /* of the statement looked at */
    bool unknown; /* some register's element is known only when it runs */
} Run;

static Life *life_of(Run *run, const Access *access)
{
    int64_t address;
    if (!access->flat || !affine_is_const(access->address, &address))
        return NULL;
    for (int i = 0; i < run->lives.count; i++) {
        Life *life = &run->lives.at[i];
        if (life->buffer == access->buffer && life->address == address)
            return life;
    }
    vec_push(&run->lives, (Life){ .buffer = access->buffer,
                                  .address = address,
                                  .set = -1,
                                  .first = -1,
                                  .written = -1 });
    return &run->lives.at[run->lives.count - 1];
}

static bool has_buffer(const Buffer *const *list, int count,
                       const Buffer *buffer)
{
    for (int i = 0; i < count; i++) {
        if (list[i] == buffer)
            return true;
    }
    return false;
}

static void note_memory(Run *run, const Buffer *buffer, Role role)
{
    if (buffer->place == BUFFER_CONST)
        return;
    if (role != ROLE_STORE &&
        !has_buffer(run->loaded.at, run->loaded.count, buffer))
        vec_push(&run->loaded, buffer);
    if (role != ROLE_READ &&
        !has_buffer(run->stored.at, run->stored.count, buffer))
        vec_push(&run->stored, buffer);
}

static void note_access(void *context, const Access *access, Role role,
                        const Stmt *stmt)
{
    Run *run = context;
    (void)stmt;
    if (access->buffer->place != BUFFER_REG) {
        note_memory(run, access->buffer, role);
        return;
    }
    Life *life = life_of(run, access);
    if (life == NULL) {
        run->unknown = true;
        return;
    }
    if (role == ROLE_STORE) {
        life->sets++;
        life->set = run->at;
        return;
    }
    if (life->first < 0)
        life->first = run->at;
    if (role == ROLE_ACCUM)
        life->written = run->at;
}

typedef struct Reads {
    Run *run;
    bool memory; /* something that is stored in the run, or not constant */
    int written; /* the last statement that makes what it reads */
    bool known;
} Reads;

static void note_read(void *context, const Access *access, Role role,
                      const Stmt *stmt)
{
    Reads *r = context;
    (void)stmt;
    if (role != ROLE_READ)
        return;
    if (access->buffer->place != BUFFER_REG) {
        r->memory =
            r->memory ||
            has_buffer(r->run->stored.at, r->run->stored.count, access->buffer);
        return;
    }
    const Life *life = life_of(r->run, access);
    r->known = r->known && life != NULL && life->sets <= 1;
    if (life == NULL)
        return;
    int written = life->written > life->set ? life->written : life->set;
    if (written > r->written)
        r->written = written;
}

/* A name is given by a statement, which has to come first. */
static bool has_name(const Expr *expr)
{
    if (expr->kind == EXPR_TEMP)
        return true;
    for (int i = 0; i < expr_operands(expr->kind); i++) {
        if (has_name(expr->arg[i]))
            return true;
    }
    return false;
}

/* Whether the first to touch an element, once set, adds to it. */
static bool begins_a_sum(const Run *run, const Life *life)
{
    const Stmt *first = run->stmts.at[life->first];
    int64_t address;
    return first->kind == STMT_ACCUM &&
           first->store.place.buffer == life->buffer &&
           affine_is_const(first->store.place.address, &address) &&
           address == life->address;
}

/* Twice the place in the new order; odd: between two statements. */
static int64_t key_in_run(Run *run, int at)
{
    Stmt alone = *run->stmts.at[at];
    Reads r = { .run = run, .written = -1, .known = true };
    alone.next = NULL;
    if (run->unknown || alone.kind != STMT_STORE || has_name(alone.store.value))
        return 2 * (int64_t)at;
    visit_accesses(&alone, note_read, &r);
    const Buffer *to = alone.store.place.buffer;
    if (r.memory || !r.known)
        return 2 * (int64_t)at;
    if (to->place == BUFFER_REG) {
        const Life *life = life_of(run, &alone.store.place);
        bool movable = life != NULL && life->sets == 1 && r.written < 0 &&
                       life->first > at && begins_a_sum(run, life);
        return movable ? 2 * (int64_t)life->first - 1 : 2 * (int64_t)at;
    }
    bool movable = r.written >= 0 && r.written < at &&
                   !has_buffer(run->loaded.at, run->loaded.count, to);
    return movable ? 2 * (int64_t)r.written + 1 : 2 * (int64_t)at;
}

static bool is_memory_store(const Stmt *stmt)
{
    return (stmt->kind == STMT_STORE || stmt->kind == STMT_ACCUM) &&
           stmt->store.place.buffer->place != BUFFER_REG;
}

/* The statements from *link on up to a loop or block. Returns their end. */
static Stmt **tighten(Stmt **link)
{
    Run run = { .at = 0 };
    VEC(Keyed) keyed = { 0 };
    int64_t stored = 0;
    for (Stmt *stmt = *link; is_straight(stmt); stmt = stmt->next, run.at++) {
        Stmt alone = *stmt;
        alone.next = NULL;
        vec_push(&run.stmts, stmt);
        visit_accesses(&alone, note_access, &run);
    }
    Stmt *after =
        run.stmts.count ? run.stmts.at[run.stmts.count - 1]->next : *link;
    for (int i = 0; i < run.stmts.count; i++) {
        Keyed one = { run.stmts.at[i], key_in_run(&run, i), i, 0 };
        if (is_memory_store(one.stmt)) { /* these keep their order */
            if (one.key < stored)
                one.key = stored;
            stored = one.key;
        }
        vec_push(&keyed, one);
    }
    qsort(keyed.at, (size_t)keyed.count, sizeof *keyed.at, compare_keyed);
    for (int i = 0; i < keyed.count; i++) {
        *link = keyed.at[i].stmt;
        link = &(*link)->next;
    }
    *link = after;
    vec_free(&run.stmts);
    vec_free(&run.lives);
    vec_free(&run.loaded);
    vec_free(&run.stored);
    vec_free(&keyed);
    return link;
}

static void tighten_list(Stmt **link)
{
    while (*link != NULL) {
        Stmt **body = stmt_body(*link);
        if (body != NULL) {
            tighten_list(body);
            link = &(*link)->next;
        } else {
            link = tighten(link);
        }
    }
}

/* ---- the whole --------------------------------------------------------------------- */

static void reuse_list(Kernel *k, Stmt **link, const char *buffer)
{
    while (*link != NULL) {
        Stmt *stmt = *link;
        if (stmt->kind == STMT_LOOP)
            reuse_list(k, &stmt->loop.body, buffer);
        else if (stmt->kind == STMT_BLOCK)
            reuse_list(k, &stmt->block, buffer);
        if (is_straight(stmt))
            link = sort_run(k, link, buffer);
        else
            link = &stmt->next;
    }
}

bool rewrite_reuse(Kernel *kernel, const char *buffer, Text *why)
{
    for (int i = 0; i < kernel->params.count; i++) {
        if (strcmp(kernel->params.at[i]->name, buffer) == 0) {
            reuse_list(kernel, &kernel->body, buffer);
            tighten_list(&kernel->body);
            return true;
        }
    }
    text_printf(why, "no buffer '%s'", buffer);
    return false;
}
