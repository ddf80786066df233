/*
 * test_text.c - the text form: what is printed reads back as the same.
 */
#include "../unit.h"
#include "local.h"

#include "kernel/schedule.h"

static void check_round(const char *text)
{
    Arena *arena = arena_new();
    Program *program = program_of(arena, text);
    CU_ASSERT_STRING_EQUAL(text_of(arena, program), text);
    if (strcmp(text_of(arena, program), text) != 0)
        fprintf(stderr, "%s", text_of(arena, program));
    program_free(program);
    arena_free(arena);
}

static const char everything[] =
    "program \"net \\\"a\\\"\\x0a\"\n"
    "    origin \"net.cnn\"\n"
    "    target x86-64-v4 \"the host's own\"\n"
    "    workspace 8192 align 64 parameters 12 macs 34 batch 2\n"
    "    buffer x: input u8[4][32]\n"
    "    buffer t: arena f32[1|4|2][32] at 128\n"
    "    buffer z: arena f32[8][32] layout(d1/16*64 + d0%4*16 + d1%16*1 + 0, "
    "128) at 4096\n"
    "    buffer y: output f32[4]\n"
    "    buffer planes: input u8[32][4] layout(d0*1 + d1*32 + 0, 128) of x\n"
    "    buffer rest: output f32[3] at 4 of y\n"
    "    input x \"image\" [4][32]\n"
    "    output y \"digit\" [4] classes \"zero\" \"one\" \"two\" \"three\"\n"
    "\n"
    "# what it is for\n"
    "# and more\n"
    "kernel conv1(x: input u8[4][32], t: arena f32[1|4|2][32] at 128, "
    "z: arena f32[8][32] layout(d1/16*64 + d0%4*16 + d1%16*1 + 0, 128) "
    "at 4096, y: output f32[4], planes: input u8[32][4] layout(d0*1 + d1*32 + 0, "
    "128) of x) macs 99\n"
    "    local acc: reg f32\n"
    "    local row: local f32[16]\n"
    "    vars c.i kh oh p\n"
    "    # the outer loop\n"
    "    for oh in 0..4\n"
    "        acc = 0.0\n"
    "        for kh in max(0, 1 - oh, ceil((3 - 2*oh) / 2))..min(3, oh + 4) "
    "unroll\n"
    "            for c.i in 0..8 vector\n"
    "                acc += f32(x[oh][c.i]) * 0.5\n"
    "                acc min= (1.0 - acc) * acc - (acc - 2.0)\n"
    "                acc max= -1.5\n"
    "                acc *= inf:f32 / -2e-7\n"
    "                acc fma= acc, -inf:f32\n"
    "                prefetch t@(c.i - kh + oh)\n"
    "        let v = load16(t[oh][0])\n"
    "        let u = fma(v, splat16(acc), 1.0:f32x16)\n"
    "        t@(32*oh + 32) = u\n"
    "        z@(0; oh + 1 % 4 * 16) = max(load16(row@(0), 5), u) first 5\n"
    "        row[0] = even4(t[oh][0])\n"
    "        block\n"
    "            # inside\n"
    "            prefetch t[oh][0]\n"
    "            let s = sum(v)\n"
    "            row[oh] = select_lt(s, acc, f32(index(oh - 1)), s)\n"
    "        y[oh] = exp(acc) + log1p(neg(acc)) + round_even(acc)\n"
    "    for p in 0..2 parallel\n"
    "        y[p] = f32(3) + f32(7:u8) + f32(2.5:f64)\n";

static void test_everything_reads_back(void)
{
    check_round(everything);
}

static void test_names_that_are_words_of_the_form(void)
{
    check_round("program \"\"\n"
                "    workspace 0 align 1 parameters 0 macs 0 batch 1\n"
                "    buffer for: input f32\n"
                "    buffer let: input f32[2]\n"
                "    buffer block: output f32\n"
                "    buffer prefetch: output f32\n"
                "    buffer inf: input f32\n"
                "    buffer local: output f32[2]\n"
                "\n"
                "kernel k(for: input f32, let: input f32[2], block: output "
                "f32, prefetch: output f32, inf: input f32, local: output "
                "f32[2]) macs 0\n"
                "    local[0] = 1.0\n"
                "    for for in 0..2\n"
                "        local[for] = let[for] + for\n"
                "    block = for * inf\n"
                "    prefetch = -inf:f32\n"
                "    prefetch += block - inf\n");
}

/* The data of constants is not in the text, its checksum is a comment. */
static void drop_checksums(char *text)
{
    for (char *crc; (crc = strstr(text, " # crc "));)
        memmove(crc, crc + 15, strlen(crc + 15) + 1);
}

static void check_program(Arena *keep, const Program *program)
{
    char *text = text_of(keep, program);
    Program *again = program_read(keep, source_from_text(keep, "nest", text));
    CU_ASSERT_PTR_NOT_NULL_FATAL(again);
    drop_checksums(text);
    CU_ASSERT_STRING_EQUAL(text_of(keep, again), text);
    program_free(again);
}

static void test_random_nests_read_back(void)
{
    for (uint64_t seed = 0; seed < 500; seed++) {
        Arena *arena = arena_new();
        Program *program = random_nest(arena, seed);
        check_program(arena, program);
        program_free(program);
        arena_free(arena);
    }
}

/* After rewrites there are lets, vectors, flat places, variables renumbered. */
static void test_scheduled_nests_read_back(void)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        Arena *arena = arena_new();
        Program *program = random_nest(arena, seed);
        const Target *target = &targets[seed % (uint64_t)target_count];
        Schedule schedule = { .kernel = "nest" };
        Text why = { 0 };
        schedule_choose(program->kernels.at[0], target, false, &schedule);
        CU_ASSERT_TRUE(
            schedule_apply(program->kernels.at[0], &schedule, target, &why));
        check_program(arena, program);
        text_free(&why);
        schedule_free(&schedule);
        program_free(program);
        arena_free(arena);
    }
}

/* ---- mistakes --------------------------------------------------------------------- */

static const char head[] =
    "program \"p\"\n"
    "    workspace 0 align 1 parameters 0 macs 0 batch 1\n"
    "    buffer x: input f32[4]\n"
    "    buffer y: output f32[4]\n"
    "\n"
    "kernel k(x: input f32[4], y: output f32[4]) macs 0\n";

/* The reader says this, once, and gives NULL. */
static void check_refused(const char *before, const char *text,
                          const char *words)
{
    Arena *arena = arena_new();
    char *message = NULL, *whole = arena_printf(arena, "%s%s", before, text);
    size_t length;
    FILE *stream = open_memstream(&message, &length);

    diag_reset();
    diag_set_options((DiagOptions){ .stream = stream });
    CU_ASSERT_PTR_NULL(
        program_read(arena, source_from_text(arena, "test", whole)));
    diag_flush();
    fflush(stream);
    CU_ASSERT_PTR_NOT_NULL(strstr(message, words));
    if (!strstr(message, words))
        fprintf(stderr, "expected '%s', got '%s'\n", words, message);
    CU_ASSERT_EQUAL(diag_error_count(), 1);
    diag_set_options((DiagOptions){ .style = DIAG_PLAIN });
    fclose(stream);
    free(message);
    diag_reset();
    arena_free(arena);
}

static void test_mistakes_are_reported(void)
{
    check_refused("", "kernel k() macs 0\n", "expected 'program'");
    check_refused(head, "    y[i] = 1.0\n", "no loop around is over 'i'");
    check_refused(head, "    q[0] = 1.0\n", "no buffer 'q'");
    check_refused(head, "    y[0][1] = 1.0\n", "expected '='");
    check_refused(head, "    y[0] = 1\n", "a value of i32");
    check_refused(head, "    y[0] = 1.0 + 1\n", "do not go together");
    check_refused(head, "    y[0] = foo(1.0)\n", "no function 'foo'");
    check_refused(head, "    y[0] = max(1.0)\n", "expected ','");
    check_refused(head, "    y[0] = 1.0 2.0\n", "unexpected text");
    check_refused(head, "    y[0] = sum(x[0])\n", "do not go together");
    check_refused(head, "  y[0] = 1.0\n", "indentation");
    check_refused(head, "            y[0] = 1.0\n", "indented too much");
    check_refused(head, "    y[0] = load4(x[0], 5)\n", "from 1 to 4");
    check_refused(head, "    let t = 1.0\n    let t = 2.0\n", "twice");
    check_refused(head, "    for i in 0..2\n        for i in 0..2\n", "'i'");
    check_refused(head, "    for i in max(0, 1, 2, 3, 4, 5, 6)..9\n",
                  "at most 6");
    check_refused(head, "    y[99999999999999999999] = 1.0\n", "a number");
    check_refused(head, "    y[0] = 3.5:u8\n", "this is no u8");
    check_refused(head, "    local y: reg f32\n", "two buffers");
}

static void test_hostile_heads_are_reported(void)
{
    static const char start[] = "program \"p\"\n    ";
    check_refused(start, "buffer x: input f32[-1]\n", "a number");
    check_refused(start, "buffer x: input f32[100000][100000]\n", "too large");
    check_refused(start, "buffer x: input f32[1][1][1][1][1][1][1][1][1]\n",
                  "at most 8");
    check_refused(start, "buffer x: input f33[1]\n", "no type 'f33'");
    check_refused(start, "buffer x: input f32[4] layout(d0*2 + 0, 4)\n",
                  "leave its memory");
    check_refused(start, "buffer x: input f32[4] layout(d1*1 + 0, 4)\n",
                  "malformed");
    check_refused(start, "buffer x: input f32[4] layout(0, 4)\n",
                  "fall together");
    check_refused(start,
                  "buffer x: input f32[4]\n"
                  "    buffer z: input f32[2] at 12 of x\n",
                  "'z' leaves 'x'");
    check_refused(start,
                  "buffer x: input f32[4]\n"
                  "    buffer z: input f32[2] at 2 of x\n",
                  "'z' leaves 'x'");
    check_refused(start, "buffer x: input f32[4] at 4\n",
                  "an offset of nothing");
    check_refused(start, "target z80\n", "no target 'z80'");
    check_refused(start, "origin \"abc\n", "does not end");
    check_refused(start, "colour 5\n", "no 'colour'");
    check_refused(start, "input x \"x\"\n", "no input buffer 'x'");
}

static void test_deep_nesting_is_reported(void)
{
    Text text = { 0 };
    for (int i = 0; i < 100; i++)
        text_printf(&text, "%*sfor v%d in 0..2\n", 4 * (i + 1), "", i);
    check_refused(head, text_get(&text), "too deeply");
    text_free(&text);
    text_add(&text, "    y[0] = ");
    for (int i = 0; i < 10000; i++)
        text_add(&text, "(");
    check_refused(head, text_get(&text), "too deeply");
    text_free(&text);
}

/* Every prefix is read or refused, and nothing worse. */
static void test_a_text_that_breaks_off(void)
{
    FILE *nowhere = fopen("/dev/null", "w");
    diag_set_options((DiagOptions){ .stream = nowhere });
    for (size_t length = 0; length < strlen(everything); length++) {
        Arena *arena = arena_new();
        char *part = arena_textn(arena, everything, length);
        Program *program =
            program_read(arena, source_from_text(arena, "test", part));
        if (program)
            program_free(program);
        arena_free(arena);
    }
    diag_flush();
    diag_reset();
    diag_set_options((DiagOptions){ .style = DIAG_PLAIN });
    fclose(nowhere);
}

static const UnitTest tests[] = {
    UNIT(test_everything_reads_back),
    UNIT(test_names_that_are_words_of_the_form),
    UNIT(test_random_nests_read_back),
    UNIT(test_scheduled_nests_read_back),
    UNIT(test_mistakes_are_reported),
    UNIT(test_hostile_heads_are_reported),
    UNIT(test_deep_nesting_is_reported),
    UNIT(test_a_text_that_breaks_off),
};

UNIT_MAIN("text", tests)
