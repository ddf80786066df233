/*
 * rewrite_weave.c - planes in registers become pixels in memory.
 *
 *     y{0}  = a0:16 apart 2           y{0}  = a0:16 apart 2
 *     y{32} = a1:16 apart 2     ->    y{1}  = b0:16 apart 2
 *     y{1}  = b0:16 apart 2           y{32} = a1:16 apart 2
 *     y{33} = b1:16 apart 2           y{33} = b1:16 apart 2
 *
 * A vector of pixels of one channel is stored with gaps for the others. Stores
 * of all channels, one behind the other, are printed as one call that shuffles
 * the vectors and stores them whole. Nothing between the stores may read what
 * they write; names that are given between them are given before.
 */
#include "kernel/rewrite.h"

#include <stdlib.h>

typedef struct Woven {
    Stmt *stmt;
    int64_t offset; /* of its address from the first one's */
} Woven;

static int by_offset(const void *a, const void *b)
{
    const Woven *x = a, *y = b;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

typedef struct Reads {
    const Buffer *buffer;
    bool any;
} Reads;

static void find_read(void *context, const Access *access, Role role,
                      const Stmt *stmt)
{
    Reads *r = context;
    (void)stmt;
    r->any = r->any || (role == ROLE_READ && access->buffer == r->buffer);
}

static bool reads_buffer(const Stmt *stmt, const Buffer *buffer)
{
    Reads r = { buffer, false };
    Stmt alone = *stmt;
    alone.next = NULL;
    visit_accesses(&alone, find_read, &r);
    return r.any;
}

static bool is_apart(const Stmt *stmt)
{
    return stmt->kind == STMT_STORE && stmt->store.apart != 0;
}

/* The run from *link on: names first, then stores by address. Returns the link
 * behind it. */
static Stmt **sort_stores(Stmt **link)
{
    const Stmt *first = *link;
    const Buffer *buffer = first->store.place.buffer;
    VEC(Woven) stores = { 0 };
    Stmt *stmt = *link, *next;
    for (; stmt != NULL; stmt = next) {
        Woven w = { .stmt = stmt };
        next = stmt->next;
        if (reads_buffer(stmt, buffer))
            break;
        if (stmt->kind == STMT_LET) {
            *link = stmt;
            link = &stmt->next;
            continue;
        }
        if (!is_apart(stmt) || stmt->store.place.buffer != buffer ||
            stmt->store.apart != first->store.apart ||
            !affine_apart(stmt->store.place.address, first->store.place.address,
                          &w.offset))
            break;
        vec_push(&stores, w);
    }
    qsort(stores.at, (size_t)stores.count, sizeof *stores.at, by_offset);
    for (int i = 0; i < stores.count; i++) {
        *link = stores.at[i].stmt;
        link = &(*link)->next;
    }
    *link = stmt;
    vec_free(&stores);
    return link;
}

static bool are_woven(const Stmt *stmt, const Stmt *end, Text *why)
{
    while (stmt != end) {
        int count = is_apart(stmt) ? store_woven(stmt) : 1;
        if (count == 0) {
            text_printf(why, "not all %d beside it are stored with '%s'",
                        stmt->store.apart, stmt->store.place.buffer->name);
            return false;
        }
        for (; count > 0; count--)
            stmt = stmt->next;
    }
    return true;
}

static bool weave_list(Stmt **link, Text *why)
{
    while (*link != NULL) {
        Stmt *stmt = *link, **body = stmt_body(stmt);
        if (body != NULL && !weave_list(body, why))
            return false;
        if (!is_apart(stmt)) {
            link = &stmt->next;
            continue;
        }
        Stmt **end = sort_stores(link);
        if (!are_woven(*link, *end, why))
            return false;
        link = end;
    }
    return true;
}

bool rewrite_weave(Kernel *kernel, Text *why)
{
    return weave_list(&kernel->body, why);
}
