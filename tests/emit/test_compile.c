/*
 * test_compile.c - the printed C does what the kernels say, under every
 * compiler, on every machine at hand, without a warning.
 */
#include "emit/compile.h"

typedef struct Trial {
    Arena *arena;
    Work work;
    Program *program;
    const char *want;
} Trial;

static Trial trial_begin(const NamedNet *net, const Target *target,
                         const EmitOptions *options)
{
    Trial trial = { .arena = arena_new(), .work = work_begin() };
    Text driver = { 0 };

    trial.program = net->build(trial.arena, target);
    net_verify(trial.program);
    trial.want = expected_outputs(trial.arena, &trial.work, trial.program);
    work_emit(&trial.work, trial.program, options);
    driver_text(&driver, trial.program, "", "run", "", !options->no_static);
    work_write(&trial.work, "driver.c", driver.data, driver.length);
    text_free(&driver);
    return trial;
}

static void trial_end(Trial *trial)
{
    work_end(&trial->work);
    program_free(trial->program);
    arena_free(trial->arena);
}

/* All compilers on one target; how many there were. */
static int try_target(const NamedNet *net, const Target *target,
                      const EmitOptions *options)
{
    Trial trial = trial_begin(net, target, options);
    int count = 0;

    for (size_t i = 0; i < COUNT_OF(compilers); i++) {
        if (!compiler_serves(&compilers[i], target))
            continue;
        CU_ASSERT(work_try(&trial.work, trial.program, &compilers[i], "",
                           trial.want));
        count++;
    }
    trial_end(&trial);
    return count;
}

static const EmitOptions plain = { .source_name = "net.c",
                                   .header_name = "net.h" };

static void test_a_convolution_on_every_target_by_every_compiler(void)
{
    int count = 0;
    for (int i = 0; i < target_count; i++)
        count += try_target(&all_nets[0], &targets[i], &plain);
    CU_ASSERT(count > 0);
}

static void test_a_classifier_with_a_workspace_shared_in_place(void)
{
    CU_ASSERT(try_target(&all_nets[1], target_find("generic"), &plain) > 0);
    try_target(&all_nets[1], target_native(), &plain);
    try_target(&all_nets[1], target_find("aarch64"), &plain);
}

static void test_rings_bytes_and_parts_of_vectors(void)
{
    CU_ASSERT(try_target(&all_nets[2], target_find("generic"), &plain) > 0);
    try_target(&all_nets[2], target_native(), &plain);
    try_target(&all_nets[2], target_find("aarch64"), &plain);
}

static void test_weights_as_string_literals(void)
{
    EmitOptions options = plain;
    options.readable_bytes = -1;
    CU_ASSERT(try_target(&all_nets[0], target_find("generic"), &options) > 0);
    try_target(&all_nets[1], target_native(), &options);
}

static void test_a_bundle_needs_no_header(void)
{
    EmitOptions options = plain;
    size_t size;

    options.bundle = true;
    for (size_t i = 0; i < COUNT_OF(all_nets); i++) {
        Trial trial = trial_begin(&all_nets[i], target_native(), &options);
        char *text = work_read(&trial.work, "net.c", &size);
        CU_ASSERT_PTR_NULL(strstr(text, "<cnnc/net.h>\n#"));
        CU_ASSERT_PTR_NULL(strstr(text, "#include <cnnc/"));
        CU_ASSERT_PTR_NULL(strstr(text, "/*@"));
        mem_free(text);
        CU_ASSERT(
            work_run(&trial.work, "gcc -std=c99 -O2 " WARNINGS " -c net.c"));
        trial_end(&trial);
    }
    CU_ASSERT(try_target(&all_nets[1], target_find("generic"), &options) > 0);
    try_target(&all_nets[1], target_native(), &options);
    try_target(&all_nets[2], target_find("aarch64"), &options);
}

static void test_a_batch_is_a_loop_over_samples(void)
{
    for (size_t i = 0; i < COUNT_OF(all_nets); i++) {
        Trial trial = { .arena = arena_new(), .work = work_begin() };
        Text driver = { 0 };
        trial.program = all_nets[i].build(trial.arena, target_native());
        trial.program->batch = 3;
        trial.want = expected_outputs(trial.arena, &trial.work, trial.program);
        work_emit(&trial.work, trial.program, &plain);
        driver_text(&driver, trial.program, "", "run", "", true);
        work_write(&trial.work, "driver.c", driver.data, driver.length);
        CU_ASSERT(work_try(&trial.work, trial.program, &compilers[0], "",
                           trial.want));
        text_free(&driver);
        trial_end(&trial);
    }
}

static void test_sanitizers_find_nothing(void)
{
    for (size_t i = 0; i < COUNT_OF(all_nets); i++) {
        Trial trial = trial_begin(&all_nets[i], target_native(), &plain);
        CU_ASSERT(work_try(&trial.work, trial.program, &compilers[0],
                           "-g -fsanitize=address,undefined "
                           "-fno-sanitize-recover=all",
                           trial.want));
        trial_end(&trial);
    }
}

/* No -m flag, no level of optimisation, the oldest C: still no warning. */
static void test_a_bare_compiler_call_builds_it(void)
{
    Trial trial = trial_begin(&all_nets[0], target_native(), &plain);
    CU_ASSERT(
        work_run(&trial.work, "gcc -std=c99 -O2 -Werror -c net.c " RUNTIME));
    CU_ASSERT(work_run(&trial.work, "gcc -Werror -c net.c " RUNTIME));
    trial_end(&trial);
}

static void test_another_architecture_is_told_the_option(void)
{
    Trial trial = trial_begin(&all_nets[0], target_find("x86-64-v3"), &plain);
    size_t size;

    if (has_program("aarch64-linux-gnu-gcc")) {
        CU_ASSERT(work_run(
            &trial.work, "! aarch64-linux-gnu-gcc -c net.c " RUNTIME " 2>err"));
        char *text = work_read(&trial.work, "err", &size);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, "--target="));
        mem_free(text);
    }
    trial_end(&trial);
}

static const UnitTest tests[] = {
    UNIT(test_a_convolution_on_every_target_by_every_compiler),
    UNIT(test_a_classifier_with_a_workspace_shared_in_place),
    UNIT(test_rings_bytes_and_parts_of_vectors),
    UNIT(test_weights_as_string_literals),
    UNIT(test_a_bundle_needs_no_header),
    UNIT(test_a_batch_is_a_loop_over_samples),
    UNIT(test_sanitizers_find_nothing),
    UNIT(test_a_bare_compiler_call_builds_it),
    UNIT(test_another_architecture_is_told_the_option),
};

UNIT_MAIN("emit/compile", tests)
