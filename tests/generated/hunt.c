/*
 * hunt.c - looks for networks that are compiled wrongly, and makes them small.
 */
#include "hunt.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE 120 /* seconds for one network */
#define MOST     8   /* failures reported; then the hunt ends */
#define FOLDER   TEST_SOURCE "/tests/generated/found"

/* ---- what seeds stand for ------------------------------------------------------- */

/* A kind of network: its operators, separated by blanks. */
static const struct Kind {
    const char *operators; /* NULL: all */
    int64_t elements, macs;
    bool steps, channels_first;
} kinds[] = {
    { NULL, 3000, 100000, false, false },
    { "conv batchnorm relu leaky_relu maxpool avgpool add", 6000, 400000, false,
      false },
    { NULL, 6000, 200000, true, false },
    { NULL, 4000, 100000, false, true },
    { "conv relu maxpool concat add mul reduce_mean softmax flatten dense",
      6000, 200000, false, true },
    { "conv relu6 hard_swish add global_avgpool dense flatten mul", 8000,
      600000, false, false },
    { "conv maxpool relu concat upsample pad", 8000, 400000, false, false },
    { "dense relu tanh softmax batchnorm flatten reshape add", 2000, 400000,
      false, false },
    { "maxpool avgpool concat pad sigmoid conv normalize", 4000, 200000, false,
      false },
};

static bool has_word(const char *list, const char *word)
{
    const size_t length = strlen(word);
    for (; *list; list += strspn(list, " ")) {
        if (strcspn(list, " ") == length && strncmp(list, word, length) == 0)
            return true;
        list += strcspn(list, " ");
    }
    return false;
}

RandomOptions hunt_options(uint64_t seed)
{
    static bool only[COUNT_OF(kinds)][OP_COUNT];
    const size_t at = seed % COUNT_OF(kinds);
    const struct Kind *kind = &kinds[at];
    RandomOptions options = random_defaults();
    options.most_elements = kind->elements;
    options.most_macs = kind->macs;
    options.steps = kind->steps;
    options.channels_first = kind->channels_first;
    for (int op = 0; op < OP_COUNT && kind->operators; op++)
        only[at][op] = has_word(kind->operators, op_info[op].name);
    if (kind->operators)
        options.only = only[at];
    return options;
}

Variant hunt_variant(uint64_t seed, const Target *target)
{
    return variant_random(seed * 17 + (uint64_t)(target - targets), target);
}

void hunt_range(const char *variable, uint64_t *first, uint64_t *last)
{
    const char *text = getenv(variable);
    char *end;
    if (text == NULL)
        return;
    *first = strtoull(text, &end, 10);
    *last = *end == '-' ? strtoull(end + 1, NULL, 10) : *first;
}

/* ---- children --------------------------------------------------------------------- */

static int status_of(pid_t child)
{
    int status = 1;
    while (waitpid(child, &status, 0) < 0)
        ;
    return status;
}

int hunt_status(Check *check, const Graph *graph, const Variant *variant,
                bool quiet)
{
    fflush(NULL);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child > 0)
        return status_of(child);
    if (quiet && !freopen("/dev/null", "w", stderr))
        _exit(1);
    alarm(PATIENCE);
    _exit(check(trial_new(graph), variant) ? 0 : 1);
}

/* ---- what fails ---------------------------------------------------------------------- */

typedef struct Failure {
    Check *check;
    const Variant *variant;
    int status; /* what is shrunk must fail in the same way */
} Failure;

static bool fails_the_same(Graph *graph, void *context)
{
    const Failure *f = context;
    return hunt_status(f->check, graph, f->variant, true) == f->status;
}

static void keep(const char *name, const Text *text)
{
    char path[600];
    snprintf(path, sizeof path, FOLDER "/%s.graph", name);
    FILE *file = fopen(path, "w");
    if (file == NULL || fwrite(text->data, 1, text->length, file) == 0)
        fprintf(stderr, "%s cannot be written\n", path);
    if (file != NULL)
        fclose(file);
}

void hunt_report(Check *check, Graph *graph, const Variant *variant,
                 const char *name)
{
    Failure failure = { check, variant,
                        hunt_status(check, graph, variant, false) };
    Text text = { 0 };
    if (failure.status == 0) {
        fprintf(stderr, "%s fails only among others\n", name);
        return;
    }
    Graph *small = graph_shrink(graph, fails_the_same, &failure);
    text_add(&text, "# ");
    variant_print(&text, variant);
    text_char(&text, '\n');
    graph_print(&text, small);
    fprintf(stderr, "%s shrinks to\n%s", name, text_get(&text));
    hunt_status(check, small, variant, false);
    keep(name, &text);
    text_free(&text);
    graph_free(small);
}

/* ---- seeds ---------------------------------------------------------------------------- */

/* Where the child is, so that the parent knows what ended it. */
typedef struct Position {
    uint64_t seed;
    int target;
} Position;

static bool check_seed(Check *check, volatile Position *at,
                       const Target *const *list, int count)
{
    RandomOptions options = hunt_options(at->seed);
    Arena *arena = arena_new();
    Graph *graph = graph_random(arena, at->seed, &options);
    Trial *trial = trial_new(graph);
    bool good = true;
    alarm(PATIENCE);
    for (int i = 0; i < count && good; i++) {
        Variant variant = hunt_variant(at->seed, list[i]);
        at->target = i;
        good = check(trial, &variant);
    }
    trial_free(trial);
    graph_free(graph);
    arena_free(arena);
    return good;
}

/* Runs seeds up to the first that fails; false where one did. */
static bool run_seeds(Check *check, volatile Position *at, uint64_t last,
                      const Target *const *list, int count)
{
    fflush(NULL);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child > 0)
        return status_of(child) == 0;
    while (at->seed <= last && check_seed(check, at, list, count))
        at->seed++;
    _exit(at->seed <= last);
}

static void report_seed(Check *check, const Position *at,
                        const Target *const *list)
{
    Arena *arena = arena_new();
    RandomOptions options = hunt_options(at->seed);
    Graph *graph = graph_random(arena, at->seed, &options);
    Variant variant = hunt_variant(at->seed, list[at->target]);
    char *name =
        arena_printf(arena, "seed%llu-%s", (unsigned long long)at->seed,
                     list[at->target]->name);
    hunt_report(check, graph, &variant, name);
    graph_free(graph);
    arena_free(arena);
}

int hunt_seeds(Check *check, uint64_t first, uint64_t last,
               const Target *const *list, int count)
{
    Position *at = mmap(NULL, sizeof *at, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int failed = 0;
    REQUIRE(at != MAP_FAILED);
    at->seed = first;
    for (; at->seed <= last && failed < MOST; at->seed++) {
        if (run_seeds(check, at, last, list, count))
            break;
        failed++;
        report_seed(check, at, list);
    }
    munmap(at, sizeof *at);
    return failed;
}

/* ---- what was found ------------------------------------------------------------------------ */

/* Large constants are not in the text: others, 0.5 to 1.5, stand for them. */
static void make_constants(Graph *graph)
{
    Random random;
    random_seed(&random, 1);
    for (int i = 0; i < graph->tensors.count; i++) {
        Tensor *t = graph->tensors.at[i];
        if (t->kind != TENSOR_CONSTANT || t->data != NULL)
            continue;
        float *data = NEW_N(graph->arena, float, shape_count(&t->shape));
        for (int64_t k = 0; k < shape_count(&t->shape); k++)
            data[k] = (float)(0.5 + random_uniform(&random));
        t->data = data;
        t->data_crc = 0;
    }
}

static void read_found(const char *file, Found *found, void *context)
{
    Arena *arena = arena_new();
    const Source *source = source_read(arena, path_join(arena, FOLDER, file));
    Graph *graph = source ? graph_read(arena, source) : NULL;
    Variant variant;
    if (graph == NULL || source->text[0] != '#' ||
        !variant_read(arena_textn(arena, source->text + 2,
                                  strcspn(source->text, "\n") - 2),
                      &variant))
        BUG("%s/%s is no network with its variant", FOLDER, file);
    make_constants(graph);
    graph_init_weights(graph, 1);
    found(file, graph, &variant, context);
    graph_free(graph);
    arena_free(arena);
}

static int is_graph(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot != NULL && strcmp(dot, ".graph") == 0;
}

int hunt_found(Found *found, void *context)
{
    struct dirent **list;
    int count = scandir(FOLDER, &list, is_graph, alphasort);
    for (int i = 0; i < count; i++) {
        read_found(list[i]->d_name, found, context);
        free(list[i]);
    }
    if (count >= 0)
        free(list);
    return count;
}
