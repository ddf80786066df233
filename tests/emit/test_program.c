/*
 * test_program.c - the program of its own that --main makes: it reads images
 * and arrays, prints classes, and says what is wrong.
 */
#include "emit/compile.h"

#define IO "-lm " TEST_SOURCE "/runtime/src/*.c"

typedef struct Trial {
    Arena *arena;
    Work work;
    Program *program;
} Trial;

static const EmitOptions options = { .source_name = "net.c",
                                     .program = true,
                                     .no_static = true };

static Trial trial_begin(Program *(*build)(Arena *arena, const Target *target),
                         int64_t batch)
{
    Trial trial = { .arena = arena_new(), .work = work_begin() };

    trial.program = build(trial.arena, target_find("generic"));
    trial.program->batch = batch;
    work_emit(&trial.work, trial.program, &options);
    CU_ASSERT(work_run(&trial.work, "gcc -std=c99 -O1 " WARNINGS
                                    " net.c -o program " RUNTIME " " IO));
    return trial;
}

static void trial_end(Trial *trial)
{
    work_end(&trial->work);
    program_free(trial->program);
    arena_free(trial->arena);
}

/* What the command prints, standard error included, and its status. */
static bool prints(const Trial *trial, const char *command, int status,
                   const char *part)
{
    Text line = { 0 };
    size_t size;

    text_printf(&line, "%s >printed 2>&1; test $? -eq %d", command, status);
    bool fine = work_run(&trial->work, line.data);
    char *text = work_read(&trial->work, "printed", &size);
    if (!strstr(text, part)) {
        fprintf(stderr, "\n%s printed %s\nwithout %s\n", command, text, part);
        fine = false;
    }
    mem_free(text);
    text_free(&line);
    return fine;
}

static void test_it_says_the_class_of_an_image(void)
{
    Trial trial = trial_begin(net_classify, 1);
    uint8_t image[CLASS_IN];
    float share[CLASS_OUT];
    int32_t best;
    Text pgm = { 0 }, expected = { 0 };

    for (int i = 0; i < CLASS_IN; i++)
        image[i] = (uint8_t)(i * 37);
    text_add(&pgm, "P5\n4 6\n255\n");
    text_addn(&pgm, (const char *)image, sizeof image);
    work_write(&trial.work, "a.pgm", pgm.data, pgm.length);
    program_interpret(trial.program, (const void *const[]){ image },
                      (void *const[]){ share, &best });
    const char *name = trial.program->outputs.at[0].classes[best];
    text_printf(&expected, "a.pgm: %s (%.3g) %s\n", name, (double)share[best],
                name);
    CU_ASSERT(prints(&trial, "./program a.pgm", 0, expected.data));
    CU_ASSERT(prints(&trial, "./program a.pgm a.pgm | uniq | wc -l", 0, "1\n"));
    text_free(&pgm);
    text_free(&expected);
    trial_end(&trial);
}

static void test_it_says_what_is_wrong(void)
{
    Trial trial = trial_begin(net_classify, 1);

    work_write(&trial.work, "b.pgm", "P5\n9 9\n255\n", 11);
    CU_ASSERT(prints(&trial, "./program", 2, "usage: ./program"));
    CU_ASSERT(prints(&trial, "./program --help", 2, "usage: ./program"));
    CU_ASSERT(prints(&trial, "./program none.pgm", 1, "none.pgm: "));
    CU_ASSERT(prints(&trial, "./program b.pgm", 1, "b.pgm: "));
    trial_end(&trial);
}

/* x -> y z n total p: five outputs, one behind the other. */
static void test_it_prints_numbers_where_there_are_no_classes(void)
{
    Trial trial = trial_begin(net_mixed, 1);
    Text pgm = { 0 };

    text_printf(&pgm, "P5\n%d %d\n255\n", MIXED_W, MIXED_H);
    for (int i = 0; i < MIXED_W * MIXED_H; i++)
        text_char(&pgm, (char)(i % 100));
    work_write(&trial.work, "x.pgm", pgm.data, pgm.length);
    CU_ASSERT(prints(&trial, "./program x.pgm", 0, "x.pgm: 48 49 50 "));
    CU_ASSERT(prints(&trial, "./program x.pgm | wc -w", 0, "172\n"));
    text_free(&pgm);
    trial_end(&trial);
}

static void test_a_batch_comes_as_an_array(void)
{
    Trial trial = trial_begin(net_classify, 2);
    char header[128], npy[128 + 2 * CLASS_IN];

    memset(npy, 5, sizeof npy);
    memset(header, ' ', sizeof header);
    memcpy(header, "\x93NUMPY\x01\x00\x76\x00", 10);
    memcpy(header + 10,
           "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 6, 4, 1), }",
           65);
    header[127] = '\n';
    memcpy(npy, header, sizeof header);
    work_write(&trial.work, "two.npy", npy, sizeof npy);
    CU_ASSERT(prints(&trial, "./program two.npy", 0, "two.npy: "));
    CU_ASSERT(
        prints(&trial, "./program two.npy | tr '(' '\\n' | wc -l", 0, "3\n"));
    trial_end(&trial);
}

static void test_main_is_cpp_too(void)
{
    Trial trial = trial_begin(net_classify, 1);
    CU_ASSERT(work_run(&trial.work,
                       "g++ -std=c++17 -x c++ " WARNINGS " -c net.c " RUNTIME));
    trial_end(&trial);
}

static const UnitTest tests[] = {
    UNIT(test_it_says_the_class_of_an_image),
    UNIT(test_it_says_what_is_wrong),
    UNIT(test_it_prints_numbers_where_there_are_no_classes),
    UNIT(test_a_batch_comes_as_an_array),
    UNIT(test_main_is_cpp_too),
};

UNIT_MAIN("emit/program", tests)
