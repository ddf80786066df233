/*
 * test_arena.c - memory that is freed at once, growing arrays, growing texts.
 */
#include "base/base.h"
#include "unit.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_blocks_are_zeroed_aligned_and_apart(void)
{
    Arena *arena = arena_new();
    unsigned char *blocks[200];

    for (size_t i = 0; i < 200; i++) {
        size_t size = i * 37 % 5000;
        blocks[i] = arena_alloc(arena, size);
        CU_ASSERT_EQUAL((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        for (size_t j = 0; j < size; j++)
            CU_ASSERT_EQUAL(blocks[i][j], 0);
        memset(blocks[i], (int)i, size);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t j = 0; j < i * 37 % 5000; j++)
            CU_ASSERT_EQUAL(blocks[i][j], i);
    arena_free(arena);
}

static void test_an_empty_block_is_a_valid_pointer(void)
{
    Arena *arena = arena_new();
    void *first = arena_alloc(arena, 0);

    CU_ASSERT_PTR_NOT_NULL(first);
    CU_ASSERT_PTR_NOT_EQUAL(first, arena_alloc(arena, 0));
    CU_ASSERT_PTR_NOT_NULL(NEW_N(arena, double, 0));
    arena_free(arena);
    arena_free(NULL);
}

static void test_copies_have_their_own_memory(void)
{
    Arena *arena = arena_new();
    char text[] = "conv1.weight";
    char *whole = arena_text(arena, text), *head = arena_textn(arena, text, 5);
    int *numbers = arena_copy(arena, (int[]){ 1, 2, 3 }, 3 * sizeof(int));

    memset(text, 'x', 3);
    CU_ASSERT_STRING_EQUAL(whole, "conv1.weight");
    CU_ASSERT_STRING_EQUAL(head, "conv1");
    CU_ASSERT_EQUAL(numbers[2], 3);
    CU_ASSERT_STRING_EQUAL(arena_printf(arena, "%s:%d", "a", 7), "a:7");
    CU_ASSERT_STRING_EQUAL(arena_printf(arena, "%s", ""), "");
    arena_free(arena);
}

/* The exit status of a child that runs the function, its stderr closed. */
static int status_of(void (*run)(void))
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        fclose(stderr);
        run();
        _exit(0);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void ask_for_too_many(void)
{
    arena_array(arena_new(), SIZE_MAX / 4, 8);
}

static void ask_for_a_negative_number(void)
{
    volatile int64_t count = -1;
    NEW_N(arena_new(), double, count)[0] = 1;
}

static void find_a_fault(void)
{
    bug_context = "in kernel 'conv1'";
    BUG("no operator %d", 99);
}

static void test_memory_that_is_not_there_ends_the_program_with_1(void)
{
    CU_ASSERT_EQUAL(status_of(ask_for_too_many), EXIT_MISTAKE);
    CU_ASSERT_EQUAL(status_of(ask_for_a_negative_number), EXIT_MISTAKE);
}

static void test_a_fault_ends_the_program_with_70(void)
{
    CU_ASSERT_EQUAL(status_of(find_a_fault), EXIT_FAULT);
}

static void test_a_vector_keeps_what_is_pushed(void)
{
    VEC(struct {
        int a;
        double b;
    })
    v = { 0 };
    VEC(const char *) words = { 0 };

    for (int i = 0; i < 1000; i++) {
        vec_push(&v, (__typeof__(*v.at)){ i, i * 0.5 });
        vec_push(&words, i % 2 ? "odd" : "even");
    }
    CU_ASSERT_EQUAL(v.count, 1000);
    CU_ASSERT(v.room >= 1000);
    for (int i = 0; i < 1000; i++)
        CU_ASSERT(v.at[i].a == i && v.at[i].b == i * 0.5);
    CU_ASSERT_STRING_EQUAL(words.at[999], "odd");
    vec_free(&v);
    vec_free(&words);
    CU_ASSERT(v.at == NULL && v.count == 0 && v.room == 0);
}

static void test_an_element_of_the_vector_itself_can_be_pushed(void)
{
    VEC(int) v = { 0 };

    vec_push(&v, 42);
    for (int i = 0; i < 100; i++)
        vec_push(&v, v.at[0]);
    CU_ASSERT_EQUAL(v.at[100], 42);
    vec_free(&v);
}

static void test_a_text_grows_and_stays_terminated(void)
{
    Text text = { 0 };
    Arena *arena = arena_new();

    CU_ASSERT_STRING_EQUAL(text_get(&text), "");
    for (int i = 0; i < 1000; i++) {
        text_printf(&text, "%d,", i % 10);
        CU_ASSERT_EQUAL(strlen(text_get(&text)), text.length);
    }
    text_char(&text, '!');
    text_addn(&text, "abc", 2);
    CU_ASSERT_EQUAL(text.length, 2003);
    CU_ASSERT_STRING_EQUAL(text.data + 1996, "8,9,!ab");
    char *taken = text_take(&text, arena);
    CU_ASSERT_EQUAL(strlen(taken), 2003);
    CU_ASSERT(text.data == NULL && text.length == 0);
    CU_ASSERT_STRING_EQUAL(text_take(&text, arena), "");
    arena_free(arena);
}

static void test_a_text_may_hold_a_long_format(void)
{
    Text text = { 0 };

    text_printf(&text, "%0500d", 7);
    CU_ASSERT_EQUAL(text.length, 500);
    CU_ASSERT_EQUAL(text.data[499], '7');
    text_free(&text);
}

static const UnitTest tests[] = {
    UNIT(test_blocks_are_zeroed_aligned_and_apart),
    UNIT(test_an_empty_block_is_a_valid_pointer),
    UNIT(test_copies_have_their_own_memory),
    UNIT(test_memory_that_is_not_there_ends_the_program_with_1),
    UNIT(test_a_fault_ends_the_program_with_70),
    UNIT(test_a_vector_keeps_what_is_pushed),
    UNIT(test_an_element_of_the_vector_itself_can_be_pushed),
    UNIT(test_a_text_grows_and_stays_terminated),
    UNIT(test_a_text_may_hold_a_long_format),
};

UNIT_MAIN("arena", tests)
