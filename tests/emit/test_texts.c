/*
 * test_texts.c - the smaller texts: literals, comments, lines, dependencies,
 * manifest.
 */
#include "emit/compile.h"
#include "emit/local.h"

#include <json-c/json.h>

/* ---- literals -------------------------------------------------------------- */

static bool is_literal(const char *bytes, size_t size, const char *expected)
{
    Text text = { 0 };
    text_literal(&text, bytes, size);
    bool same = strcmp(text_get(&text), expected) == 0;
    text_free(&text);
    return same;
}

static void test_escapes_are_as_short_as_the_next_byte_allows(void)
{
    CU_ASSERT(is_literal("", 0, ""));
    CU_ASSERT(is_literal("a\0b", 3, "a\\0b"));
    CU_ASSERT(is_literal("\0"
                         "7",
                         2, "\\0007"));
    CU_ASSERT(is_literal("\1"
                         "8",
                         2, "\\18"));
    CU_ASSERT(is_literal("\12\377", 2, "\\12\\377"));
    CU_ASSERT(is_literal("?"
                         "?/\"\\",
                         5, "\\?\\?/\\\"\\\\"));
    CU_ASSERT(is_literal("\200"
                         "0",
                         2, "\\2000"));
}

/* Every pair of bytes, through a C compiler. */
static void test_a_compiler_reads_the_bytes_back(void)
{
    Work work = work_begin();
    Text c = { 0 };
    char *bytes = mem_alloc(2 * 65536);

    for (int i = 0; i < 65536; i++) {
        bytes[2 * i] = (char)(i >> 8);
        bytes[2 * i + 1] = (char)i;
    }
    text_add(&c, "#include <stdio.h>\nstatic const char b[] = \"");
    text_literal(&c, bytes, 2 * 65536);
    text_add(&c, "\";\nint main(void) { return fwrite(b, 1, 131072, stdout) "
                 "!= 131072; }\n");
    work_write(&work, "b.c", c.data, c.length);
    work_write(&work, "want", bytes, 2 * 65536);
    CU_ASSERT(work_run(&work, "gcc -std=c99 b.c -o b && ./b | cmp - want"));
    mem_free(bytes);
    text_free(&c);
    work_end(&work);
}

/* ---- lines and comments --------------------------------------------------------- */

static void test_a_line_breaks_at_the_outermost_comma_in_reach(void)
{
    Text text = { 0 };
    Writer w = { .out = &text, .indent = 2 };

    write_line(&w, "acc0 = f32x16_fma(f32x16_load(weights_row + 256 + 16 * c), "
                   "f32x16_splat(x[16 + c]), acc0);");
    CU_ASSERT_STRING_EQUAL(
        text.data,
        "        acc0 = f32x16_fma(f32x16_load(weights_row + 256 + 16 * c),\n"
        "                          f32x16_splat(x[16 + c]), acc0);\n");
    text.length = 0;
    write_line(&w, "const int a_name = another_long_name + a_third_name * "
                   "seventy_of_them - the_last_one - some_more;");
    CU_ASSERT_STRING_EQUAL(
        text.data,
        "        const int a_name = another_long_name + a_third_name * "
        "seventy_of_them -\n"
        "                           the_last_one - some_more;\n");
    text_free(&text);
    text_free(&w.line);
}

static void test_a_right_side_that_fits_goes_to_the_next_line(void)
{
    Text text = { 0 };
    Writer w = { .out = &text, .indent = 3 };

    write_line(&w, "const f32x16 weight4 = f32x16_load_part(conv2_weight_row + "
                   "36 * c + 24, 12);");
    CU_ASSERT_STRING_EQUAL(
        text.data, "            const f32x16 weight4 =\n"
                   "                f32x16_load_part(conv2_weight_row + 36 * c "
                   "+ 24, 12);\n");
    text_free(&text);
    text_free(&w.line);
}

static void test_what_has_no_room_hangs(void)
{
    Text text = { 0 };
    Writer w = { .out = &text };

    write_line(&w, "static void a_function_of_a_long_name_of_a_layer(const "
                   "float *first_argument, const float *and_the_second_one)");
    CU_ASSERT_STRING_EQUAL(text.data,
                           "static void a_function_of_a_long_name_of_a_layer(\n"
                           "    const float *first_argument, "
                           "const float *and_the_second_one)\n");
    text.length = 0;
    w.indent = 4;
    write_line(&w, "f32x16_store(row, f32x16_max(f32x16_zero(), f32x16_fma("
                   "f32x16_load(running_mean), f32x16_load(weight), bias)));");
    CU_ASSERT_STRING_EQUAL(
        text.data, "                f32x16_store(row,\n"
                   "                             f32x16_max(f32x16_zero(),\n"
                   "                                        f32x16_fma(f32x16_"
                   "load(running_mean),\n"
                   "                                                   f32x16_"
                   "load(weight), bias)));\n");
    text_free(&text);
    text_free(&w.line);
}

static void test_no_line_is_longer_than_it_must_be(void)
{
    Text text = { 0 };
    Writer w = { .out = &text };
    Text call = { 0 };

    text_add(&call, "f(");
    for (int i = 0; i < 100; i++)
        text_printf(&call, "%sg(h(argument_%d, %d), 3)", i ? ", " : "", i, i);
    write_line(&w, "%s);", call.data);
    for (const char *at = text.data; *at;) {
        size_t length = strcspn(at, "\n");
        CU_ASSERT(length <= 80);
        at += length + 1;
    }
    text_free(&text);
    text_free(&call);
    text_free(&w.line);
}

static void test_a_comment_ends_where_we_end_it(void)
{
    Text text = { 0 };
    Writer w = { .out = &text };

    write_comment(&w, "a */ b /* c\n\nd ?\?/\n\xc3\xa9 \\");
    CU_ASSERT_STRING_EQUAL(text.data, "/* a * / b / * c\n *\n * d ? ?/\n"
                                      " * __ \\ */\n");
    text_free(&text);
    text_free(&w.line);
}

/* ---- dependencies ------------------------------------------------------------------ */

static void test_dependencies_as_make_reads_them(void)
{
    static const char *const outputs[] = { "net.c", "a b.h" };
    static const char *const inputs[] = { "x$1.cnn", "#2\\ 3", "bad\nname" };
    Text text = { 0 };

    emit_depends(&text, outputs, 2, inputs, 3);
    CU_ASSERT_STRING_EQUAL(text.data, "net.c a\\ b.h: x$$1.cnn \\\n"
                                      " \\#2\\\\\\ 3\n"
                                      "\nx$$1.cnn:\n\n\\#2\\\\\\ 3:\n");
    text_free(&text);
}

static void test_make_rebuilds_after_a_change(void)
{
    static const char *const outputs[] = { "net.c" };
    static const char *const inputs[] = { "a $b.cnn", "w #1.npy" };
    Work work = work_begin();
    Text text = { 0 };

    if (has_program("make")) {
        emit_depends(&text, outputs, 1, inputs, 2);
        text_add(&text, "net.c:\n\ttouch net.c\n");
        work_write(&work, "Makefile", text.data, text.length);
        work_write(&work, inputs[0], "", 0);
        work_write(&work, inputs[1], "", 0);
        CU_ASSERT(work_run(&work, "touch -d '1 hour ago' a* w* && make net.c "
                                  "&& make -q net.c"));
        CU_ASSERT(work_run(&work, "touch -d '1 hour' w* && ! make -q net.c"));
        CU_ASSERT(work_run(&work, "rm w* && make net.c"));
    }
    text_free(&text);
    work_end(&work);
}

/* ---- the manifest --------------------------------------------------------------------- */

static void test_a_manifest_has_these_keys_and_no_others(void)
{
    static const char *const keys[] = {
        "network",   "run",         "returns",       "inputs",     "outputs",
        "workspace", "stack_bytes", "weights_bytes", "parameters", "macs",
        "sources",   "header",      "cflags",        "ldflags",
    };
    static const EmitOptions options = { .source_name = "net.c",
                                         .header_name = "net.h" };
    Arena *arena = arena_new();
    Program *program = net_classify(arena, target_find("generic"));
    Text text = { 0 };
    struct json_object *value;

    emit_manifest(&text, program, &options);
    struct json_object *json = json_tokener_parse(text.data);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    CU_ASSERT_EQUAL(json_object_object_length(json), (int)COUNT_OF(keys));
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        CU_ASSERT(json_object_object_get_ex(json, keys[i], &value));
    json_object_object_get_ex(json, "stack_bytes", &value);
    CU_ASSERT_EQUAL(json_object_get_int(value), 4 * CLASS_OUT);
    json_object_object_get_ex(json, "weights_bytes", &value);
    CU_ASSERT_EQUAL(json_object_get_int(value), 4 * 16 * (CLASS_IN + 1));
    json_object_object_get_ex(json, "outputs", &value);
    value = json_object_array_get_idx(value, 0);
    json_object_object_get_ex(value, "classes", &value);
    CU_ASSERT_STRING_EQUAL(
        json_object_get_string(json_object_array_get_idx(value, 8)), "ei\nght");
    json_object_put(json);
    text_free(&text);
    program_free(program);
    arena_free(arena);
}

static const UnitTest tests[] = {
    UNIT(test_escapes_are_as_short_as_the_next_byte_allows),
    UNIT(test_a_compiler_reads_the_bytes_back),
    UNIT(test_a_line_breaks_at_the_outermost_comma_in_reach),
    UNIT(test_a_right_side_that_fits_goes_to_the_next_line),
    UNIT(test_what_has_no_room_hangs),
    UNIT(test_no_line_is_longer_than_it_must_be),
    UNIT(test_a_comment_ends_where_we_end_it),
    UNIT(test_dependencies_as_make_reads_them),
    UNIT(test_make_rebuilds_after_a_change),
    UNIT(test_a_manifest_has_these_keys_and_no_others),
};

UNIT_MAIN("emit/texts", tests)
