/*
 * test_sidecar.c - weights in a file of their own: put into the object by the
 * assembler, or read by the caller and checked.
 */
#include "emit/compile.h"

typedef struct Trial {
    Arena *arena;
    Work work;
    Program *program;
    const char *want;
} Trial;

static const EmitOptions options = { .source_name = "net.c",
                                     .header_name = "net.h",
                                     .weights_file = "net \\\"%.weights" };

static Trial trial_begin(const char *prologue, const char *run,
                         const char *weights, bool has_static)
{
    Trial trial = { .arena = arena_new(), .work = work_begin() };
    Text driver = { 0 };

    trial.program = net_classify(trial.arena, target_native());
    trial.want = expected_outputs(trial.arena, &trial.work, trial.program);
    work_emit(&trial.work, trial.program, &options);
    driver_text(&driver, trial.program, prologue, run, weights, has_static);
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

static void test_the_assembler_includes_it(void)
{
    Trial trial = trial_begin("", "run", "", true);
    for (size_t i = 0; i < 4; i++) {
        if (compiler_serves(&compilers[i], trial.program->target))
            CU_ASSERT(work_try(&trial.work, trial.program, &compilers[i], "",
                               trial.want));
    }
    trial_end(&trial);
}

#define READ_WEIGHTS                                                           \
    "    static uint64_t weights[CLASSIFY_WEIGHTS_SIZE / 8];\n"                \
    "    FILE *const file = fopen(\"net \\\\\\\"%.weights\", \"rb\");\n"       \
    "    const size_t got = fread(weights, 1, sizeof weights, file);\n"        \
    "    fclose(file);\n"                                                      \
    "    if (!classify_weights_check(weights, got)) return 6;\n"

static void test_the_caller_reads_it(void)
{
    Trial trial = trial_begin(READ_WEIGHTS, "run_with", "weights", false);
    CU_ASSERT(work_try(&trial.work, trial.program, &compilers[0],
                       "-DCLASSIFY_NO_INCBIN", trial.want));
    CU_ASSERT(
        work_try(&trial.work, trial.program, &compilers[0], "", trial.want));
    trial_end(&trial);
}

/* Each byte that is changed makes the check fail, and so does each missing. */
static void test_other_bytes_do_not_pass_the_check(void)
{
    Trial trial = trial_begin(
        READ_WEIGHTS
        "    for (size_t i = 0; i < got; i++) {\n"
        "        if (i == 24) i = 64;\n"
        "        ((unsigned char *)weights)[i] ^= 1;\n"
        "        if (classify_weights_check(weights, got)) return 7;\n"
        "        ((unsigned char *)weights)[i] ^= 1;\n"
        "    }\n"
        "    if (classify_weights_check(weights, got - 1)) return 8;\n",
        "run_with", "weights", false);
    CU_ASSERT(
        work_try(&trial.work, trial.program, &compilers[0], "", trial.want));
    trial_end(&trial);
}

static void test_the_file_is_as_documented(void)
{
    Arena *arena = arena_new();
    Program *program = net_classify(arena, target_native());
    Text file = { 0 };
    uint64_t size;
    uint32_t crc, count;

    emit_weights_file(&file, program);
    memcpy(&size, file.data + 8, 8);
    memcpy(&crc, file.data + 16, 4);
    memcpy(&count, file.data + 20, 4);
    CU_ASSERT(memcmp(file.data, "CNNCWTS1", 8) == 0);
    CU_ASSERT_EQUAL(size, file.length);
    CU_ASSERT_EQUAL(count, 2);
    CU_ASSERT_EQUAL(file.length, 64 + 24 * 16 * 4 + 64);
    CU_ASSERT_EQUAL(crc, crc32_of(file.data + 64, file.length - 64, 0));
    for (int i = 0; i < program->buffers.count; i++) {
        const Buffer *buffer = program->buffers.at[i];
        if (strcmp(buffer->name, "dense_b") == 0)
            CU_ASSERT(memcmp(file.data + 64 + 24 * 16 * 4, buffer->data, 64) ==
                      0);
    }
    text_free(&file);
    program_free(program);
    arena_free(arena);
}

static const UnitTest tests[] = {
    UNIT(test_the_assembler_includes_it),
    UNIT(test_the_caller_reads_it),
    UNIT(test_other_bytes_do_not_pass_the_check),
    UNIT(test_the_file_is_as_documented),
};

UNIT_MAIN("emit/sidecar", tests)
