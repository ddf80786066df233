/*
 * test_compiled.c - random networks through the C that is printed: every
 * compiler and target at hand says what the reference says.
 *
 * CNNC_COMPILED_SEEDS=1-5000 hunts further.
 */
#include "batch.h"
#include "hunt.h"
#include "unit.h"

#include <string.h>

#define BATCH 16 /* networks a program */

/* Each row gets seeds of its own. */
static const struct Row {
    const char *compiler, *flag, *target;
} rows[] = {
    { "gcc", "-O2", "x86-64-v4" },
    { "tcc", "", "generic" },
    { "clang", "-O2", "x86-64-v3" },
    { "aarch64-linux-gnu-gcc", "", "aarch64" },
    { "gcc", "-fsanitize", "x86-64-v4" },
    { "gcc", "-O2", "x86-64-v2" },
    { "clang", "-O1", "x86-64-v4" },
    { "gcc", "-O2", "generic" },
    { "g++", "", "x86-64-v4" },
    { "clang++", "", "x86-64-v2" },
    { "gcc", "-O2", "x86-64-v3" },
    { "gcc", "-fsanitize", "generic" },
};

static const Toolchain *current; /* of check_compiled */

static bool check_compiled(const Trial *trial, const Variant *variant)
{
    BatchItem item = { (Trial *)trial, NULL };
    item.program = trial_program(trial, variant, "n0");
    bool good = batch_run(current, &item, 1) < 0;
    program_done(item.program);
    return good;
}

/* ---- what was found ------------------------------------------------------------- */

static void recheck(const char *name, const Graph *graph,
                    const Variant *variant, void *context)
{
    (void)context;
    current = toolchain_find("gcc", "-O2");
    if (strcmp(variant->target->name, "aarch64") == 0)
        current = toolchain_find("aarch64-linux-gnu-gcc", "");
    const char *lacks = toolchain_lacks(current, variant->target);
    if (lacks != NULL) {
        fprintf(stderr, "%s skipped: %s\n", name, lacks);
        return;
    }
    CU_ASSERT_EQUAL(hunt_status(check_compiled, graph, variant, false), 0);
}

static void test_what_was_found_stays_right(void)
{
    CU_ASSERT(hunt_found(recheck, NULL) >= 0);
}

/* ---- batches ----------------------------------------------------------------------- */

typedef struct Entry {
    Arena *arena;
    Graph *graph;
    Variant variant;
} Entry;

static Entry entry_new(uint64_t seed, const Target *target, BatchItem *item)
{
    RandomOptions options = hunt_options(seed);
    Entry e = { .arena = arena_new() };
    e.graph = graph_random(e.arena, seed, &options);
    e.variant = hunt_variant(seed, target);
    item->trial = trial_new(e.graph);
    item->program =
        trial_program(item->trial, &e.variant,
                      arena_printf(e.arena, "n%llu", (unsigned long long)seed));
    return e;
}

static void entry_free(Entry *e, BatchItem *item)
{
    program_done(item->program);
    trial_free(item->trial);
    graph_free(e->graph);
    arena_free(e->arena);
}

/* How many of the seeds were wrong, the first of which is reported. */
static int try_batch(const Toolchain *toolchain, const Target *target,
                     uint64_t first)
{
    Entry entries[BATCH];
    BatchItem items[BATCH];
    char name[128];
    for (int i = 0; i < BATCH; i++)
        entries[i] = entry_new(first + (uint64_t)i, target, &items[i]);
    int wrong = batch_run(toolchain, items, BATCH);
    if (wrong >= 0) {
        current = toolchain;
        snprintf(name, sizeof name, "seed%llu-%s-%s",
                 (unsigned long long)first + (unsigned)wrong,
                 toolchain->compiler, target->name);
        hunt_report(check_compiled, entries[wrong].graph,
                    &entries[wrong].variant, name);
    }
    for (int i = 0; i < BATCH; i++)
        entry_free(&entries[i], &items[i]);
    return wrong >= 0;
}

static void test_random_networks_under_every_compiler(void)
{
    uint64_t first = 1, last = BATCH * COUNT_OF(rows);
    int ran = 0;
    hunt_range("CNNC_COMPILED_SEEDS", &first, &last);
    for (uint64_t at = first, row = 0; at <= last; at += BATCH, row++) {
        const struct Row *r = &rows[row % COUNT_OF(rows)];
        const Toolchain *toolchain = toolchain_find(r->compiler, r->flag);
        const Target *target = target_find(r->target);
        const char *lacks = toolchain_lacks(toolchain, target);
        if (lacks != NULL) {
            fprintf(stderr, "%s for %s skipped: %s\n", r->compiler, r->target,
                    lacks);
            continue;
        }
        CU_ASSERT_EQUAL(try_batch(toolchain, target, at), 0);
        ran++;
    }
    CU_ASSERT(ran > 0);
}

static const UnitTest tests[] = {
    UNIT(test_what_was_found_stays_right),
    UNIT(test_random_networks_under_every_compiler),
};
UNIT_MAIN("generated/compiled", tests)
