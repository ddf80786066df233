/*
 * test_interpreted.c - random networks through all passes and schedules: the
 * kernels, interpreted, say what the reference says.
 *
 * CNNC_SEEDS=1-100000 hunts further.
 */
#include "hunt.h"
#include "unit.h"

static bool check_kernels(const Trial *trial, const Variant *variant)
{
    Program *program = trial_program(trial, variant, "net");
    program_interpret(program, trial->in, trial->got);
    program_done(program);
    return trial_agrees(trial);
}

static void check_found(const char *name, const Graph *graph,
                        const Variant *variant, void *context)
{
    Variant others[3] = { *variant, { .target = variant->target } };
    (void)context;
    others[2] = others[1];
    variant_skip_all(&others[2]);
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        int status = hunt_status(check_kernels, graph, &others[i], false);
        if (status != 0)
            fprintf(stderr, "found/%s fails again\n", name);
        CU_ASSERT_EQUAL(status, 0);
    }
}

static void test_what_was_found_stays_right(void)
{
    CU_ASSERT(hunt_found(check_found, NULL) >= 0);
}

static void test_random_networks_on_every_target(void)
{
    const Target *list[16];
    uint64_t first = 1, last = 700;
    hunt_range("CNNC_SEEDS", &first, &last);
    for (int i = 0; i < target_count; i++)
        list[i] = &targets[i];
    CU_ASSERT_EQUAL(hunt_seeds(check_kernels, first, last, list, target_count),
                    0);
}

/* A bound that everything meets proves nothing. */
static void test_bounds_are_narrow(void)
{
    int64_t weak = 0, all = 0;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        Arena *arena = arena_new();
        RandomOptions options = hunt_options(seed);
        Graph *graph = graph_random(arena, seed, &options);
        Trial *trial = trial_new(graph);
        trial_weakness(trial, &weak, &all);
        trial_free(trial);
        graph_free(graph);
        arena_free(arena);
    }
    fprintf(stderr, "weak: %lld of %lld elements\n", (long long)weak,
            (long long)all);
    CU_ASSERT(weak * 20 < all);
}

static const UnitTest tests[] = {
    UNIT(test_what_was_found_stays_right),
    UNIT(test_bounds_are_narrow),
    UNIT(test_random_networks_on_every_target),
};
UNIT_MAIN("generated/interpreted", tests)
