/*
 * test_file.c - files appear whole or not at all; sources are checked text.
 */
#include "base/base.h"
#include "base/capture.h"
#include "unit.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static Arena *arena;
static char folder[] = "/tmp/cnnc-test-XXXXXX";

static char *in_folder(const char *name)
{
    return path_join(arena, folder, name);
}

static void put(const char *name, const void *data, size_t size)
{
    FILE *file = fopen(in_folder(name), "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fwrite(data, 1, size, file);
    fclose(file);
}

static bool holds(const char *name, const char *content)
{
    size_t size;
    char *text = file_read(arena, in_folder(name), 1000, &size);
    return text && size == strlen(content) && strcmp(text, content) == 0;
}

/* How many files the folder has, hidden ones too. */
static int files_in_folder(void)
{
    DIR *listing = opendir(folder);
    int count = 0;

    for (struct dirent *entry; (entry = readdir(listing));)
        count += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
    closedir(listing);
    return count;
}

static void empty_folder(void)
{
    DIR *listing = opendir(folder);

    for (struct dirent *entry; (entry = readdir(listing));)
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            remove(in_folder(entry->d_name));
    closedir(listing);
}

static void test_a_file_is_read_whole(void)
{
    size_t size = 0;

    put("a", "one\0two", 7);
    char *text = file_read(arena, in_folder("a"), 7, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT(size == 7 && memcmp(text, "one\0two", 8) == 0);
    put("empty", "", 0);
    CU_ASSERT(holds("empty", ""));
    empty_folder();
}

static void test_a_file_that_cannot_be_read_is_reported(void)
{
    size_t size;

    put("a", "1234567", 7);
    capture_start(DIAG_PLAIN);
    CU_ASSERT_PTR_NULL(file_read(arena, in_folder("a"), 6, &size));
    CU_ASSERT_PTR_NULL(file_read(arena, in_folder("none"), 6, &size));
    CU_ASSERT_PTR_NULL(file_read(arena, folder, 6, &size));
    CU_ASSERT_PTR_NULL(file_map(in_folder("none"), &size));
    CU_ASSERT_PTR_NULL(file_map(folder, &size));
    CU_ASSERT_PTR_NULL(file_map("/dev/null", &size));
    char *expected = arena_printf(
        arena,
        "%s/a: error: is larger than 6 bytes\n"
        "%s/none: error: cannot be opened: No such file or directory\n"
        "%s: error: is a directory\n"
        "%s/none: error: cannot be opened: No such file or directory\n"
        "%s: error: is a directory\n"
        "/dev/null: error: is not a regular file\n",
        folder, folder, folder, folder, folder);
    CU_ASSERT(capture_is(expected));
    empty_folder();
}

static void test_a_file_is_mapped(void)
{
    size_t size = 0;

    put("a", "weights", 7);
    put("empty", "", 0);
    const char *data = file_map(in_folder("a"), &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    CU_ASSERT(size == 7 && memcmp(data, "weights", 7) == 0);
    file_unmap(data, size);
    data = file_map(in_folder("empty"), &size);
    CU_ASSERT(data != NULL && size == 0);
    file_unmap(data, size);
    empty_folder();
}

static void test_outputs_appear_at_the_commit(void)
{
    put("net.c", "old", 3);
    CU_ASSERT(file_write(in_folder("net.c"), "new", 3));
    CU_ASSERT(file_write(in_folder("net.h"), "head", 4));
    CU_ASSERT(holds("net.c", "old"));
    CU_ASSERT_NOT_EQUAL(access(in_folder("net.h"), F_OK), 0);
    CU_ASSERT(file_commit());
    CU_ASSERT(holds("net.c", "new"));
    CU_ASSERT(holds("net.h", "head"));
    CU_ASSERT_EQUAL(files_in_folder(), 2);
    empty_folder();
}

static void test_abandoned_outputs_leave_nothing(void)
{
    put("net.c", "old", 3);
    CU_ASSERT(file_write(in_folder("net.c"), "new", 3));
    CU_ASSERT(file_write(in_folder("net.h"), "head", 4));
    file_abandon();
    CU_ASSERT(holds("net.c", "old"));
    CU_ASSERT_EQUAL(files_in_folder(), 1);
    empty_folder();
}

static void test_parts_make_one_file(void)
{
    put("net.c", "old", 3);
    FileOutput *out = file_begin(in_folder("net.c"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    file_add(out, "a ", 2);
    CU_ASSERT(file_write(in_folder("net.h"), "head", 4));
    file_add(out, "", 0);
    file_add(out, "whole", 5);
    CU_ASSERT(file_end(out));
    CU_ASSERT(holds("net.c", "old"));
    CU_ASSERT(file_commit());
    CU_ASSERT(holds("net.c", "a whole"));
    CU_ASSERT(holds("net.h", "head"));
    CU_ASSERT_EQUAL(files_in_folder(), 2);
    empty_folder();
}

static void test_parts_that_have_no_room_are_reported_at_the_end(void)
{
    struct rlimit old, few;
    static const char zeros[100];

    getrlimit(RLIMIT_FSIZE, &old);
    few = old;
    few.rlim_cur = 150;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &few);
    capture_start(DIAG_PLAIN);
    FileOutput *out = file_begin(in_folder("net.c"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    for (int i = 0; i < 3; i++)
        file_add(out, zeros, sizeof zeros);
    bool written = file_end(out);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, SIG_DFL);
    CU_ASSERT_FALSE(written);
    CU_ASSERT(capture_is(arena_printf(
        arena, "%s/net.c: error: cannot be written: File too large\n",
        folder)));
    CU_ASSERT_EQUAL(files_in_folder(), 0);
    file_abandon();
}

static void test_a_text_for_a_file_stays_short(void)
{
    Text text = { .file = file_begin(in_folder("lines")) };
    Text all = { 0 };
    size_t size = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(text.file);
    for (int i = 0; i < 100000; i++) {
        text_printf(&text, "line %d\n", i);
        text_printf(&all, "line %d\n", i);
        text_pass(&text);
        text_pass(&all); /* for no file: nothing happens */
    }
    CU_ASSERT(text.length > 0 && text.room < all.length / 4);
    CU_ASSERT_EQUAL(text.passed + text.length, all.length);
    CU_ASSERT(text_end(&text) && file_commit());
    char *content = file_read(arena, in_folder("lines"), 1 << 24, &size);
    CU_ASSERT(size == all.length && memcmp(content, all.data, size) == 0);
    text_free(&all);
    empty_folder();
}

static void test_the_last_content_of_a_path_stays(void)
{
    CU_ASSERT(file_write(in_folder("a"), "first", 5));
    CU_ASSERT(file_write(in_folder("a"), "second", 6));
    CU_ASSERT(file_commit());
    CU_ASSERT(holds("a", "second"));
    CU_ASSERT_EQUAL(files_in_folder(), 1);
    empty_folder();
}

static void test_an_output_has_the_permissions_of_its_kind(void)
{
    struct stat facts;
    mode_t mask = umask(022);

    put("old", "", 0);
    chmod(in_folder("old"), 0640);
    CU_ASSERT(file_write(in_folder("old"), "x", 1));
    CU_ASSERT(file_write(in_folder("new"), "x", 1));
    CU_ASSERT(file_commit());
    CU_ASSERT(stat(in_folder("old"), &facts) == 0);
    CU_ASSERT_EQUAL(facts.st_mode & 0777, 0640);
    CU_ASSERT(stat(in_folder("new"), &facts) == 0);
    CU_ASSERT_EQUAL(facts.st_mode & 0777, 0644);
    umask(mask);
    empty_folder();
}

static void test_a_link_stays_a_link(void)
{
    struct stat facts;

    put("real", "old", 3);
    CU_ASSERT_EQUAL(symlink("real", in_folder("link")), 0);
    CU_ASSERT(file_write(in_folder("link"), "new", 3));
    CU_ASSERT(file_commit());
    CU_ASSERT(lstat(in_folder("link"), &facts) == 0 && S_ISLNK(facts.st_mode));
    CU_ASSERT(holds("real", "new"));
    empty_folder();
}

static void test_a_device_is_written_not_replaced(void)
{
    struct stat facts;

    CU_ASSERT(file_write("/dev/null", "x", 1));
    CU_ASSERT(file_commit());
    CU_ASSERT(stat("/dev/null", &facts) == 0 && S_ISCHR(facts.st_mode));
}

static void test_an_output_that_cannot_be_written_is_reported(void)
{
    capture_start(DIAG_PLAIN);
    CU_ASSERT_FALSE(file_write(in_folder("none/net.c"), "x", 1));
    CU_ASSERT_FALSE(file_write(folder, "x", 1));
    file_abandon();
    CU_ASSERT(capture_is(arena_printf(
        arena,
        "%s/none/net.c: error: cannot be written: No such file or directory\n"
        "%s: error: cannot be written: it is a directory\n",
        folder, folder)));
}

static void test_where_one_output_fails_none_is_left(void)
{
    CU_ASSERT(file_write(in_folder("net.c"), "x", 1));
    CU_ASSERT(file_write(in_folder("net.h"), "x", 1));
    mkdir(in_folder("net.h"), 0777);
    capture_start(DIAG_PLAIN);
    CU_ASSERT_FALSE(file_commit());
    CU_ASSERT(capture_is(arena_printf(
        arena, "%s/net.h: error: cannot be written: Is a directory\n",
        folder)));
    CU_ASSERT_EQUAL(files_in_folder(), 1);
    empty_folder();
}

/* Runs a child that has an uncommitted output and then does as told. */
static void after_write_in_child(void (*end)(void))
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        fclose(stderr);
        file_write(in_folder("net.c"), "x", 1);
        end();
        _exit(0);
    }
    waitpid(child, &status, 0);
    CU_ASSERT_EQUAL(files_in_folder(), 0);
    empty_folder();
}

static void end_by_exit(void)
{
    exit(1);
}

static void end_by_fault(void)
{
    BUG("a test of it");
}

static void end_by_signal(void)
{
    raise(SIGTERM);
}

/* The compiler prints into a file, and finds a fault of its own. */
static void end_in_the_middle(void)
{
    FileOutput *out = file_begin(in_folder("half.c"));
    file_add(out, "half", 4);
    BUG("a test of it");
}

static void test_no_output_is_left_however_the_program_ends(void)
{
    after_write_in_child(end_in_the_middle);
    after_write_in_child(end_by_exit);
    after_write_in_child(end_by_fault);
    after_write_in_child(end_by_signal);
}

static void test_a_child_leaves_its_parents_outputs_alone(void)
{
    CU_ASSERT(file_write(in_folder("net.c"), "x", 1));
    pid_t child = fork();
    if (child == 0) {
        file_abandon();
        _exit(0);
    }
    waitpid(child, NULL, 0);
    CU_ASSERT(file_commit());
    CU_ASSERT(holds("net.c", "x"));
    empty_folder();
}

static void test_a_dash_is_standard_output_at_the_commit(void)
{
    char text[16] = "";
    int pipes[2], old = dup(STDOUT_FILENO);

    fflush(stdout);
    CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
    dup2(pipes[1], STDOUT_FILENO);
    CU_ASSERT(file_write("-", "hello", 5));
    bool committed = file_commit();
    dup2(old, STDOUT_FILENO);
    close(old);
    close(pipes[1]);
    CU_ASSERT(committed);
    CU_ASSERT_EQUAL(read(pipes[0], text, sizeof text), 5);
    CU_ASSERT_STRING_EQUAL(text, "hello");
    close(pipes[0]);
}

static void test_paths_are_taken_apart_and_joined(void)
{
    CU_ASSERT_STRING_EQUAL(path_join(arena, "a/b", "c"), "a/b/c");
    CU_ASSERT_STRING_EQUAL(path_join(arena, "a/", "c"), "a/c");
    CU_ASSERT_STRING_EQUAL(path_join(arena, "a", "/c"), "/c");
    CU_ASSERT_STRING_EQUAL(path_join(arena, ".", "c"), "c");
    CU_ASSERT_STRING_EQUAL(path_join(arena, "", "c"), "c");
    CU_ASSERT_STRING_EQUAL(path_folder(arena, "a/b.c"), "a");
    CU_ASSERT_STRING_EQUAL(path_folder(arena, "b.c"), ".");
    CU_ASSERT_STRING_EQUAL(path_folder(arena, "/b.c"), "/");
    CU_ASSERT_STRING_EQUAL(path_base(arena, "a/b.c"), "b.c");
    CU_ASSERT_STRING_EQUAL(path_base(arena, "b.c"), "b.c");
    CU_ASSERT_STRING_EQUAL(path_with_suffix(arena, "a/b.c", ".h"), "a/b.h");
    CU_ASSERT_STRING_EQUAL(path_with_suffix(arena, "a.d/b", ".h"), "a.d/b.h");
    CU_ASSERT_STRING_EQUAL(path_with_suffix(arena, ".b", ".h"), ".b.h");
    CU_ASSERT_STRING_EQUAL(path_with_suffix(arena, "b.x.c", ""), "b.x");
}

static void test_positions_count_lines_and_characters(void)
{
    Source *source = source_from_text(arena, "n", "a\n\xc3\xa9z\n");
    static const int expected[][2] = { { 1, 1 }, { 1, 2 }, { 2, 1 }, { 2, 1 },
                                       { 2, 2 }, { 2, 3 }, { 3, 1 }, { 3, 1 } };

    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        int line, column;
        source_position(source, i, &line, &column);
        CU_ASSERT_EQUAL(line, expected[i][0]);
        CU_ASSERT_EQUAL(column, expected[i][1]);
    }
}

/* Reads a source of these bytes; what was reported without its caret. */
static bool source_says(const void *data, size_t size, const char *message)
{
    put("net.cnn", data, size);
    capture_start(DIAG_PLAIN);
    Source *source = source_read(arena, in_folder("net.cnn"));
    char *text = capture_end(), *newline = strchr(text, '\n');
    if (newline)
        *newline = '\0';
    bool same = strcmp(text, *message ? arena_printf(arena, "%s/net.cnn:%s",
                                                     folder, message)
                                      : "") == 0;
    if (!same)
        fprintf(stderr, "\nexpected %s, printed %s\n", message, text);
    free(text);
    return same && (source != NULL) == (*message == '\0');
}

static void test_a_source_is_utf8_without_nul(void)
{
    CU_ASSERT(source_says("a\0b", 3, "1:2: error: a NUL byte in a text"));
    CU_ASSERT(source_says("a\n \xff", 4, "2:2: error: byte 0xff is not UTF-8"));
    CU_ASSERT(source_says("\xc0\x80", 2, "1:1: error: byte 0xc0 is not UTF-8"));
    CU_ASSERT(
        source_says("\xed\xa0\x80", 3, "1:1: error: byte 0xed is not UTF-8"));
    CU_ASSERT(source_says("\xe6\xbc", 2, "1:1: error: byte 0xe6 is not UTF-8"));
    CU_ASSERT(source_says("\xf4\x90\x80\x80", 4,
                          "1:1: error: byte 0xf4 is not UTF-8"));
    CU_ASSERT(source_says("\xf0\x9f\x98\x80 \xe6\xbc\xa2 \xc3\xa9", 11, ""));
    CU_ASSERT(source_says("", 0, ""));
    empty_folder();
}

static void test_a_byte_order_mark_is_skipped(void)
{
    put("net.cnn", "\xef\xbb\xbfnetwork a", 12);
    Source *source = source_read(arena, in_folder("net.cnn"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(source);
    CU_ASSERT_STRING_EQUAL(source->text, "network a");
    CU_ASSERT_EQUAL(source->length, 9);
    empty_folder();
}

static const UnitTest tests[] = {
    UNIT(test_a_file_is_read_whole),
    UNIT(test_a_file_that_cannot_be_read_is_reported),
    UNIT(test_a_file_is_mapped),
    UNIT(test_outputs_appear_at_the_commit),
    UNIT(test_abandoned_outputs_leave_nothing),
    UNIT(test_parts_make_one_file),
    UNIT(test_parts_that_have_no_room_are_reported_at_the_end),
    UNIT(test_a_text_for_a_file_stays_short),
    UNIT(test_the_last_content_of_a_path_stays),
    UNIT(test_an_output_has_the_permissions_of_its_kind),
    UNIT(test_a_link_stays_a_link),
    UNIT(test_a_device_is_written_not_replaced),
    UNIT(test_an_output_that_cannot_be_written_is_reported),
    UNIT(test_where_one_output_fails_none_is_left),
    UNIT(test_no_output_is_left_however_the_program_ends),
    UNIT(test_a_child_leaves_its_parents_outputs_alone),
    UNIT(test_a_dash_is_standard_output_at_the_commit),
    UNIT(test_paths_are_taken_apart_and_joined),
    UNIT(test_positions_count_lines_and_characters),
    UNIT(test_a_source_is_utf8_without_nul),
    UNIT(test_a_byte_order_mark_is_skipped),
};

int main(void)
{
    arena = arena_new();
    if (!mkdtemp(folder))
        return 1;
    int status = unit_run("file", tests, COUNT_OF(tests));
    rmdir(folder);
    arena_free(arena);
    return status;
}
