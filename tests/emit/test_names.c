/*
 * test_names.c - whatever people call things, the C compiles, in C and C++.
 */
#include "emit/compile.h"

/* Copies an input to an output, by a kernel and two constants of any name. */
static Program *copy_net(Arena *arena, const char *network, const char *input,
                         const char *output, const char *layer,
                         const char *class_name)
{
    Program *program = program_new(arena, network, target_find("generic"));
    const int64_t four[] = { 4 };
    const char **classes = NEW_N(arena, const char *, 4);
    Buffer *x = port(program, true, input, DT_F32, 1, four);
    Buffer *y = port(program, false, output, DT_F32, 1, four);
    Buffer *w = weights(program, layer, class_name, 1, four);
    Kernel *k = kernel_of(program, layer, class_name);

    for (int i = 0; i < 4; i++)
        classes[i] = class_name;
    program->origin = class_name;
    program->target_note = class_name;
    program->outputs.at[0].classes = classes;
    program->outputs.at[0].class_count = 4;
    kernel_param(k, x);
    kernel_param(k, w);
    kernel_param(k, y);
    const Var *i = kernel_for(k, layer, 0, 4);
    const Expr *a = kernel_let(k, layer, load(k, x, times(k, i, 1, 0), 1));
    kernel_store(k, access_flat(y, times(k, i, 1, 0)),
                 expr_2(k, EXPR_ADD, a, load(k, w, times(k, i, 1, 0), 1)));
    k->body->loop.body->comment = class_name;
    kernel_end(k);
    return program;
}

static bool compiles(Program *program, bool run, const EmitOptions *options)
{
    static const char *const commands[] = {
        "gcc -std=c99 " WARNINGS, "g++ -std=c++17 -x c++ " WARNINGS,
        "clang -std=c99 " WARNINGS, "clang++ -std=c++17 -x c++ " WARNINGS
    };
    Work work = work_begin();
    Text json = { 0 };
    bool fine = true;

    work_emit(&work, program, options);
    emit_manifest(&json, program, options);
    work_write(&work, "net.json", json.data, json.length);
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        char line[512];
        snprintf(line, sizeof line,
                 "%s " RUNTIME " -c net.c -o net.o && "
                 "echo '#include \"net.h\"' >user.c && "
                 "%s -include stdlib.h -include math.h -c user.c -o user.o",
                 commands[i], commands[i]);
        fine = fine && work_run(&work, line);
    }
    if (run && has_program("python3"))
        fine = fine && work_run(&work, "python3 -m json.tool net.json");
    text_free(&json);
    work_end(&work);
    return fine;
}

static void check(const char *network, const char *input, const char *output,
                  const char *layer, const char *class_name)
{
    static const EmitOptions plain = { .source_name = "net.c",
                                       .header_name = "net.h" };
    static const EmitOptions all = { .source_name = "net.c",
                                     .header_name = "net.h",
                                     .program = true,
                                     .weights_file = "net.weights" };
    Arena *arena = arena_new();
    Program *program =
        copy_net(arena, network, input, output, layer, class_name);

    CU_ASSERT(compiles(program, true, &plain));
    CU_ASSERT(compiles(program, true, &all));
    program_free(program);
    arena_free(arena);
}

static void test_words_of_the_languages(void)
{
    check("int", "for", "class", "while", "if");
    check("template", "restrict", "this", "namespace", "linux");
}

static void test_names_of_the_c_library(void)
{
    check("exp", "printf", "y1", "abs", "malloc");
    check("main", "stdin", "errno", "NULL", "INFINITY");
}

static void test_names_of_the_runtime(void)
{
    check("f32x16", "f32_exp", "cnnc_prefetch", "CNNC_ALIGN", "float32x4");
    check("cnnc", "uint8_t", "int32_t", "size_t", "f32");
}

static void test_names_that_collide(void)
{
    check("net", "x", "x", "x", "x");
    check("net", "net", "net_run", "run", "supported");
    check("net", "workspace", "bytes", "workspace", "sample");
    check("net", "H", "h", "SIZE", "ALIGNMENT");
    check("net", "argc", "error", "first", "fit");
}

static void test_quotes_comments_newlines_and_trigraphs(void)
{
    check("a\"b", "*/ int x; /*", "\n#error", "\\", "\\\n\"*/ /* // ?\?/ ?\?'");
    check("?\?/", "a\tb", "a b", "\"", "%s %d %n \\x41 \\u0041");
    check("\xff\xfe", "\xc3\xa9", "\xe2\x80\xae", "caf\xc3\xa9",
          "\xff\x80 \xe2\x80\xae \xc3\xa9");
    check("", "", "", "_", "*");
}

static void test_names_of_70000_characters(void)
{
    char *name = mem_alloc(70001);
    memset(name, 'a', 70000);
    name[70000] = '\0';
    check(name, name, name, name, name);
    mem_free(name);
}

static void test_output_is_the_same_every_time(void)
{
    static const EmitOptions options = { .source_name = "net.c" };
    Text text[2] = { { 0 }, { 0 } };

    for (int i = 0; i < 2; i++) {
        Arena *arena = arena_new();
        Program *program = net_classify(arena, target_find("x86-64-v3"));
        emit_c(&text[i], program, &options);
        emit_header(&text[i], program, &options);
        emit_manifest(&text[i], program, &options);
        program_free(program);
        arena_free(arena);
    }
    CU_ASSERT_STRING_EQUAL(text[0].data, text[1].data);
    text_free(&text[0]);
    text_free(&text[1]);
}

static const UnitTest tests[] = {
    UNIT(test_words_of_the_languages),
    UNIT(test_names_of_the_c_library),
    UNIT(test_names_of_the_runtime),
    UNIT(test_names_that_collide),
    UNIT(test_quotes_comments_newlines_and_trigraphs),
    UNIT(test_names_of_70000_characters),
    UNIT(test_output_is_the_same_every_time),
};

UNIT_MAIN("emit/names", tests)
