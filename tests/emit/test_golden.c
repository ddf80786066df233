/*
 * test_golden.c - what is printed, as a person would read it.
 *
 * Each file of golden/ is compared byte for byte; only cnnc's version is
 * written as VERSION. With CNNC_UPDATE=1 in the environment the files become
 * what is printed, and the difference is for git to show.
 */
#include "emit/compile.h"

typedef enum Kind { KIND_C, KIND_HEADER, KIND_MANIFEST } Kind;

static char *without_version(const char *text)
{
    Text out = { 0 };

    for (const char *at = text; *at;) {
        size_t length = strlen(CNNC_VERSION);
        if (strncmp(at, CNNC_VERSION, length) == 0) {
            text_add(&out, "VERSION");
            at += length;
        } else {
            text_char(&out, *at++);
        }
    }
    return out.data;
}

static bool is_golden(const char *name, const char *text)
{
    static const Work folder = { TEST_SOURCE "/tests/emit/golden" };
    size_t size;
    char *now = without_version(text);
    char *want = work_read(&folder, name, &size);
    bool same = strcmp(now, want) == 0;

    if (!same && getenv("CNNC_UPDATE")) {
        work_write(&folder, name, now, strlen(now));
        same = true;
    } else if (!same) {
        size_t at = 0;
        while (now[at] && now[at] == want[at])
            at++;
        while (at > 0 && now[at - 1] != '\n')
            at--;
        fprintf(stderr, "\n%s differs:\n%.200s\nshould be\n%.200s\n", name,
                now + at, want + at);
    }
    mem_free(now);
    mem_free(want);
    return same;
}

static void golden(const char *file, const char *net, const char *target,
                   Kind kind, const EmitOptions *options)
{
    Arena *arena = arena_new();
    Text text = { 0 };

    for (size_t i = 0; i < COUNT_OF(all_nets); i++) {
        if (strcmp(all_nets[i].name, net) != 0)
            continue;
        Program *program = all_nets[i].build(arena, target_find(target));
        if (kind == KIND_C)
            emit_c(&text, program, options);
        else if (kind == KIND_HEADER)
            emit_header(&text, program, options);
        else
            emit_manifest(&text, program, options);
        program_free(program);
    }
    CU_ASSERT(is_golden(file, text_get(&text)));
    text_free(&text);
    arena_free(arena);
}

static const EmitOptions plain = { .source_name = "net.c",
                                   .header_name = "net.h" };

static void test_a_convolution_in_registers(void)
{
    golden("conv-v4.c.txt", "conv", "x86-64-v4", KIND_C, &plain);
}

static void test_a_classifier(void)
{
    golden("classify-aarch64.c.txt", "classify", "aarch64", KIND_C, &plain);
    golden("classify.h.txt", "classify", "aarch64", KIND_HEADER, &plain);
    golden("classify.json.txt", "classify", "aarch64", KIND_MANIFEST, &plain);
}

static void test_rings_and_rounded_limits(void)
{
    golden("mixed-v2.c.txt", "mixed", "x86-64-v2", KIND_C, &plain);
}

static void test_a_program_with_main(void)
{
    EmitOptions options = plain;
    options.program = true;
    golden("classify-main.c.txt", "classify", "generic", KIND_C, &options);
}

static void test_a_sidecar(void)
{
    EmitOptions options = plain;
    options.weights_file = "classify.weights";
    golden("classify-sidecar.c.txt", "classify", "generic", KIND_C, &options);
    golden("classify-sidecar.h.txt", "classify", "generic", KIND_HEADER,
           &options);
}

static void test_no_static_workspace(void)
{
    EmitOptions options = plain;
    options.no_static = true;
    golden("classify-no-static.h.txt", "classify", "generic", KIND_HEADER,
           &options);
}

static const UnitTest tests[] = {
    UNIT(test_a_convolution_in_registers),
    UNIT(test_a_classifier),
    UNIT(test_rings_and_rounded_limits),
    UNIT(test_a_program_with_main),
    UNIT(test_a_sidecar),
    UNIT(test_no_static_workspace),
};

UNIT_MAIN("emit/golden", tests)
