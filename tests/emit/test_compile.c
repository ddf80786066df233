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

/* y[h] = x[h][0], of rows so long that an index needs more than 31 bits. */
static Program *net_large(Arena *arena, int64_t rows)
{
    Program *program = program_new(arena, "large", target_find("generic"));
    const int64_t in[] = { rows, 100000 }, out[] = { rows };
    Buffer *x = port(program, true, "x", DT_U8, 2, in);
    Buffer *y = port(program, false, "y", DT_I32, 1, out);
    Kernel *k = kernel_of(program, "first", NULL);

    kernel_param(k, x);
    kernel_param(k, y);
    const Var *h = kernel_for(k, "h", 0, rows);
    const Expr *value =
        expr_convert(k, DT_I32, load(k, x, times(k, h, 100000, 0), 1));
    kernel_store(k, access_flat(y, times(k, h, 1, 0)),
                 expr_2(k, EXPR_ADD, value, expr_index(k, times(k, h, 2, 1))));
    kernel_end(k);
    net_verify(program);
    return program;
}

static void test_indices_are_int_where_31_bits_hold_them(void)
{
    for (int large = 0; large < 2; large++) {
        Arena *arena = arena_new();
        Work work = work_begin();
        Program *program = net_large(arena, large ? 30000 : 3000);
        size_t size;

        work_emit(&work, program, &plain);
        char *text = work_read(&work, "net.c", &size);
        CU_ASSERT_EQUAL(strstr(text, "for (int h = 0;") != NULL, !large);
        CU_ASSERT_EQUAL(strstr(text, "for (ptrdiff_t h = 0;") != NULL, large);
        CU_ASSERT_EQUAL(strstr(text, "(int32_t)(2 * h + 1)") != NULL, large);
        mem_free(text);
        for (size_t i = 0; i < 4; i++) {
            char command[256];
            snprintf(command, sizeof command, "%s " RUNTIME " -c net.c",
                     compilers[i].command);
            if (compiler_serves(&compilers[i], program->target))
                CU_ASSERT(work_run(&work, command));
        }
        program_free(program);
        work_end(&work);
        arena_free(arena);
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
    UNIT(test_indices_are_int_where_31_bits_hold_them),
    UNIT(test_a_bare_compiler_call_builds_it),
    UNIT(test_another_architecture_is_told_the_option),
};

UNIT_MAIN("emit/compile", tests)
