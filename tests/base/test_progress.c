/*
 * test_progress.c - a line of progress, only on a terminal and only when the
 * work takes long.
 */
#include "base/base.h"
#include "unit.h"

#include <pty.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void wait_milliseconds(long count)
{
    struct timespec time = { count / 1000, count % 1000 * 1000000 };
    nanosleep(&time, NULL);
}

/* What a child prints to stderr while it works for that long, then stops. */
static void print_of_work(int read_end, int write_end, long milliseconds,
                          char *text, size_t size)
{
    pid_t child = fork();

    if (child == 0) {
        close(read_end);
        dup2(write_end, STDERR_FILENO);
        progress_show("verify", 1, 4);
        wait_milliseconds(milliseconds);
        progress_show("verify", 2, 4);
        progress_show("verify", 3, 4);
        progress_end();
        _exit(0);
    }
    close(write_end);
    ssize_t got, length = 0;
    while (length + 1 < (ssize_t)size &&
           (got = read(read_end, text + length, size - 1 - (size_t)length)) > 0)
        length += got;
    text[length] = '\0';
    close(read_end);
    waitpid(child, NULL, 0);
}

static void test_long_work_shows_a_line_on_a_terminal_and_removes_it(void)
{
    int reader, terminal;
    char text[200];

    CU_ASSERT_EQUAL_FATAL(openpty(&reader, &terminal, NULL, NULL, NULL), 0);
    print_of_work(reader, terminal, 600, text, sizeof text);
    CU_ASSERT(strstr(text, "\rverify: 2 of 4  50 %\033[K") == text);
    /* A slow machine may have shown the third step too. */
    CU_ASSERT_STRING_EQUAL(text + strlen(text) - 7, "\033[K\r\033[K");
}

static void test_short_work_shows_nothing(void)
{
    int reader, terminal;
    char text[200];

    CU_ASSERT_EQUAL_FATAL(openpty(&reader, &terminal, NULL, NULL, NULL), 0);
    print_of_work(reader, terminal, 0, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "");
}

static void test_a_pipe_gets_nothing(void)
{
    int ends[2];
    char text[200];

    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    print_of_work(ends[0], ends[1], 600, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "");
}

static const UnitTest tests[] = {
    UNIT(test_long_work_shows_a_line_on_a_terminal_and_removes_it),
    UNIT(test_short_work_shows_nothing),
    UNIT(test_a_pipe_gets_nothing),
};

UNIT_MAIN("progress", tests)
