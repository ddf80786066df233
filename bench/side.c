/*
 * side.c - opens a side of the race, feeds it, compares what it says.
 *
 *     ours [h][w][c]  <-- transposed -->  ONNX Runtime [c][h][w]
 *
 * The transposition happens once, before any clock runs.
 */
#include "side.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64 /* of all buffers: a cache line, the widest vector */

/* Numbers that are all close to zero may come from others close to one, such
 * as a sigmoid's, and are then as coarse as those. */
#define LEAST_LARGEST 0.01

size_t shape_count(const Shape *s)
{
    return (size_t)(s->h * s->w * s->c);
}

size_t port_count(const Port *port)
{
    size_t count = 1;
    for (size_t i = 0; i < port->rank; i++)
        count *= (size_t)port->dim[i];
    return count;
}

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

void *buffer_new(size_t bytes)
{
    size_t whole = (bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    void *memory = aligned_alloc(ALIGNMENT, whole);
    if (!memory)
        fail("memory", "used up");
    memset(memory, 0, whole);
    return memory;
}

/* Where element [h][w][c] of a tensor lies in [c][h][w]. */
static size_t place_channels_first(const Shape *s, size_t i)
{
    size_t c = i % (size_t)s->c, pixel = i / (size_t)s->c;
    return c * (size_t)(s->h * s->w) + pixel;
}

/* name: of the one tensor of a network that is no ONNX file. */
static OrtBuffers ort_buffers(const Shape *s, const char *name, float *data)
{
    OrtBuffers buffers = { .count = s->ports };
    for (size_t i = 0; i < s->ports; i++) {
        const Port *port = &s->port[i];
        OrtBuffer *buffer = &buffers.at[i];
        *buffer = (OrtBuffer){ .data = data + port->offset,
                               .name = port->name,
                               .rank = port->rank };
        memcpy(buffer->shape, port->dim, sizeof buffer->shape);
    }
    if (s->ports > 0)
        return buffers;
    buffers.count = 1;
    buffers.at[0] = s->rank == 1
                        ? (OrtBuffer){ data, name, { 1, s->c }, 2 }
                        : (OrtBuffer){ data, name, { 1, s->c, s->h, s->w }, 4 };
    return buffers;
}

static void open_model(Side *side, const char *path, const Task *task)
{
    if (!task->library)
        fail(side->name, "needs --library");
    size_t count = shape_count(&task->input);
    side->buffer = buffer_new(count * sizeof(float));
    for (size_t i = 0; i < count; i++)
        side->buffer[place_channels_first(&task->input, i)] = task->values[i];
    side->channels_first = 1;
    side->input = side->buffer;
    OrtBuffers in = ort_buffers(&task->input, "input", side->buffer);
    OrtBuffers out = ort_buffers(&task->output, "output", side->output);
    ort_open(&side->ort, task->library, path, &in, &out);
}

/* PATH:SYMBOL:WORKSPACE[:u8] */
static void open_function(Side *side, char *text, const Task *task)
{
    const char *path = strtok(text, ":");
    const char *symbol = strtok(NULL, ":");
    const char *workspace = strtok(NULL, ":");
    const char *type = strtok(NULL, ":");
    if (!workspace)
        fail(side->name, "expected c:LIBRARY:SYMBOL:WORKSPACE[:u8]");
    side->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!side->library)
        fail(path, dlerror());
    union {
        void *data;
        CFunction *function;
    } found = { dlsym(side->library, symbol) };
    if (!found.data)
        fail(symbol, "no such function");
    side->function = found.function;
    side->workspace = buffer_new((size_t)strtoull(workspace, NULL, 10));
    side->input = task->values;
    if (type && strcmp(type, "u8") == 0)
        side->input = task->bytes;
}

void side_open(Side *side, char *text, const Task *task)
{
    memset(side, 0, sizeof *side);
    char *equals = strchr(text, '=');
    if (!equals)
        fail(text, "expected NAME=ort:... or NAME=c:...");
    *equals = '\0';
    side->name = text;
    side->output = buffer_new(shape_count(&task->output) * sizeof(float));
    char *rest = equals + 1;
    if (strncmp(rest, "ort:", 4) == 0)
        open_model(side, rest + 4, task);
    else if (strncmp(rest, "c:", 2) == 0)
        open_function(side, rest + 2, task);
    else
        fail(text, "expected ort: or c: after '='");
}

void side_run(const Side *side)
{
    if (side->function)
        side->function(side->input, side->output, side->workspace);
    else
        ort_run(&side->ort);
}

void side_close(Side *side)
{
    if (side->function)
        dlclose(side->library);
    else
        ort_close(&side->ort);
    free(side->buffer);
    free(side->output);
    free(side->workspace);
}

static float side_value(const Side *side, const Shape *s, size_t i)
{
    return side->output[side->channels_first ? place_channels_first(s, i) : i];
}

/* Of the elements from begin to before end. */
static double error_between(const Side *truth, const Side *side,
                            const Shape *output, size_t begin, size_t end)
{
    double largest = 0, apart = 0;
    for (size_t i = begin; i < end; i++) {
        double t = side_value(truth, output, i);
        double d = fabs(side_value(side, output, i) - t);
        if (!isfinite(d))
            return INFINITY;
        largest = fmax(largest, fabs(t));
        apart = fmax(apart, d);
    }
    return apart / fmax(largest, LEAST_LARGEST);
}

double side_error(const Side *truth, const Side *side, const Shape *output)
{
    double worst = 0;
    if (output->ports == 0)
        return error_between(truth, side, output, 0, shape_count(output));
    for (size_t i = 0; i < output->ports; i++) {
        const Port *port = &output->port[i];
        worst = fmax(worst, error_between(truth, side, output, port->offset,
                                          port->offset + port_count(port)));
    }
    return worst;
}
