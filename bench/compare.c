/*
 * compare.c - races implementations of one network against each other.
 *
 *     compare --library libonnxruntime.so.1 --input 28,28,1 --output 10
 *             --scale 0.00392156862 --rounds 21
 *             ort=ort:lenet5.onnx ours=c:./lenet5.so:lenet5_run:4704:u8
 *
 *     round 1   peak ort peak ours         a sample: as many runs as fill a
 *     round 2   peak ours peak ort         millisecond, one before them unseen
 *
 * While a neighbour shares the core, all is slower by up to a half, but not
 * all alike. The pace before and after a sample tells, and such a sample is
 * taken again, as long as patience lasts; after that it counts as it is.
 *
 * Prints one line of JSON: of each side the seconds a run took in each round,
 * the peak measured beside each, and how far its output is from the first
 * side's. What the medians and ratios mean is left to the reader.
 */
#include "machine.h"
#include "side.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_SIDES 8

typedef struct {
    int cpu, rounds;
    double least;    /* seconds a sample takes at least */
    double patience; /* seconds left for taking samples again */
    double pace;     /* of an undisturbed core */
    Task task;
    Side sides[MOST_SIDES];
    double *seconds[MOST_SIDES], *peaks[MOST_SIDES]; /* [rounds] */
    long runs[MOST_SIDES];                           /* a sample */
    int count, disturbed; /* sides; samples that count all the same */
} Race;

static void usage(void)
{
    fputs(
        "usage: compare [--library FILE] [--cpu N] [--rounds N] [--ms N] "
        "[--patience SECONDS]\n               [--scale X] --input H,W,C|N --output H,W,C|N "
        "NAME=SIDE...\n"
        "   or with --onnx-input N,..:NAME and --onnx-output N,..:NAME, each "
        "once a tensor\n",
        stderr);
    exit(2);
}

static Shape parse_shape(const char *text)
{
    Shape s = { .h = 1, .w = 1, .c = 1, .rank = 3 };
    long long h, w, c;
    if (sscanf(text, "%lld,%lld,%lld", &h, &w, &c) == 3)
        s = (Shape){ .h = h, .w = w, .c = c, .rank = 3 };
    else if (sscanf(text, "%lld", &c) == 1)
        s = (Shape){ .h = 1, .w = 1, .c = c, .rank = 1 };
    else
        usage();
    if (s.h < 1 || s.w < 1 || s.c < 1)
        usage();
    return s;
}

/* 1,3,32,32:NAME; :NAME where there are no dimensions */
static Port parse_port(const char *text)
{
    const long long most = 1 << 30;
    Port port = { .name = *text == ':' ? text + 1 : NULL };
    const char *at = text;
    while (port.name == NULL) {
        char *end;
        long long dim = strtoll(at, &end, 10);
        if (end == at || dim < 1 || port.rank == ORT_RANK ||
            dim > most / (long long)port_count(&port) ||
            (*end != ',' && *end != ':'))
            usage();
        port.dim[port.rank++] = dim;
        at = end + 1;
        if (*end == ':')
            port.name = at;
    }
    return port;
}

/* Another tensor, behind those that are there. */
static void add_port(Shape *s, const char *text)
{
    Port port = parse_port(text);
    size_t end = s->ports ? (size_t)s->c : 0, count = port_count(&port);
    if (s->ports == ORT_PORTS) {
        fprintf(stderr, "compare: more than %d inputs or outputs\n", ORT_PORTS);
        exit(2);
    }
    port.offset = (end + PORT_ALIGNMENT - 1) / PORT_ALIGNMENT * PORT_ALIGNMENT;
    s->port[s->ports++] = port;
    s->h = s->w = 1;
    s->rank = 1;
    s->c = (int64_t)(port.offset + count);
}

static void *table_new(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (!memory)
        exit(1);
    return memory;
}

/* The same numbers in every run: 16 bits of a linear congruence. */
static void fill_input(Task *task)
{
    size_t count = shape_count(&task->input);
    task->bytes = buffer_new(count);
    task->values = buffer_new(count * sizeof(float));
    uint64_t state = 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        task->bytes[i] = (unsigned char)(state >> 56);
        task->values[i] = task->scale != 0
                              ? (float)(task->bytes[i] * task->scale)
                              : (float)(state >> 48) / 32768 - 1;
    }
}

/* How many runs fill a sample. The first ones warm caches and arenas. */
static long runs_of(const Side *side, double least)
{
    for (int i = 0; i < 3; i++)
        side_run(side);
    for (long runs = 1;; runs *= 2) {
        double start = machine_clock();
        for (long i = 0; i < runs; i++)
            side_run(side);
        if (machine_clock() - start >= least)
            return runs;
    }
}

/* Seconds of a sample, and whether the core was ours alone. */
static double sample_once(const Race *race, int which, bool *alone)
{
    const Side *side = &race->sides[which];
    long runs = race->runs[which];
    side_run(side);
    double before = machine_pace(), start = machine_clock();
    for (long i = 0; i < runs; i++)
        side_run(side);
    double seconds = machine_clock() - start, after = machine_pace();
    *alone = fmin(before, after) > 0.9 * race->pace;
    return seconds;
}

static void sample(Race *race, int which, int round)
{
    bool alone;
    race->peaks[which][round] = machine_peak();
    double seconds = sample_once(race, which, &alone);
    while (!alone && race->patience > 0) {
        race->patience -= seconds;
        race->peaks[which][round] = machine_peak();
        seconds = sample_once(race, which, &alone);
    }
    race->disturbed += !alone;
    race->seconds[which][round] = seconds / (double)race->runs[which];
}

/* Until the processor has found its speed under this kind of load; then the
 * best of many looks, each the least of three, is what it does undisturbed. */
static void warm_up(Race *race)
{
    for (int i = 0; i < 300; i++) {
        machine_peak();
        double pace = machine_pace();
        pace = fmin(pace, machine_pace());
        race->pace = fmax(race->pace, fmin(pace, machine_pace()));
    }
}

static void run(Race *race)
{
    warm_up(race);
    for (int i = 0; i < race->count; i++) {
        size_t rounds = (size_t)race->rounds;
        race->seconds[i] = table_new(rounds, sizeof(double));
        race->peaks[i] = table_new(rounds, sizeof(double));
        race->runs[i] = runs_of(&race->sides[i], race->least);
    }
    for (int round = 0; round < race->rounds; round++)
        for (int i = 0; i < race->count; i++)
            sample(race, (i + round) % race->count, round);
}

static void print_list(const char *name, const double *values, int count)
{
    printf(", \"%s\": [", name);
    for (int i = 0; i < count; i++)
        printf("%s%.6g", i ? ", " : "", values[i]);
    printf("]");
}

static void print(const Race *race)
{
    printf("{\"cpu\": %d, \"lanes\": %d, \"disturbed\": %d, \"sides\": [",
           race->cpu, machine_lanes(), race->disturbed);
    for (int i = 0; i < race->count; i++) {
        double error =
            side_error(&race->sides[0], &race->sides[i], &race->task.output);
        printf("%s{\"name\": \"%s\", \"runs\": %ld, \"error\": %.3g",
               i ? ", " : "", race->sides[i].name, race->runs[i],
               isfinite(error) ? error : 1e30);
        print_list("seconds", race->seconds[i], race->rounds);
        print_list("peak", race->peaks[i], race->rounds);
        printf("}");
    }
    printf("]}\n");
}

/* One option and its value; false where it is none. */
static int parse_option(Race *race, const char *name, const char *value)
{
    if (strcmp(name, "--library") == 0)
        race->task.library = value;
    else if (strcmp(name, "--cpu") == 0)
        race->cpu = atoi(value);
    else if (strcmp(name, "--rounds") == 0)
        race->rounds = atoi(value);
    else if (strcmp(name, "--ms") == 0)
        race->least = 1e-3 * atof(value);
    else if (strcmp(name, "--patience") == 0)
        race->patience = atof(value);
    else if (strcmp(name, "--scale") == 0)
        race->task.scale = atof(value);
    else if (strcmp(name, "--onnx-input") == 0)
        add_port(&race->task.input, value);
    else if (strcmp(name, "--onnx-output") == 0)
        add_port(&race->task.output, value);
    else if (strcmp(name, "--input") == 0)
        race->task.input = parse_shape(value);
    else if (strcmp(name, "--output") == 0)
        race->task.output = parse_shape(value);
    else
        return 0;
    return 1;
}

int main(int argc, char **argv)
{
    static Race race = {
        .cpu = -1, .rounds = 21, .least = 1e-3, .patience = 5
    };
    int at = 1;
    while (at + 1 < argc && parse_option(&race, argv[at], argv[at + 1]))
        at += 2;
    if (at == argc || argc - at > MOST_SIDES || race.rounds < 1 ||
        !race.task.input.c || !race.task.output.c)
        usage();
    fill_input(&race.task);
    race.cpu = machine_pin(race.cpu);
    for (; at < argc; at++)
        side_open(&race.sides[race.count++], argv[at], &race.task);
    run(&race);
    print(&race);
    for (int i = 0; i < race.count; i++) {
        side_close(&race.sides[i]);
        free(race.seconds[i]);
        free(race.peaks[i]);
    }
    free(race.task.bytes);
    free(race.task.values);
    return 0;
}
