/*
 * fuzz_onnx.c - any bytes at all as an ONNX model, for libFuzzer.
 *
 *     build-fuzz/tests/fuzz_onnx -timeout=20 CORPUS SEEDS
 *
 * What the reader takes is imported, and what is imported has to be a graph
 * that verifies and, where it is small, becomes C. Bytes changed at random
 * rarely stay a message, as each of its lengths is wrong then: most changes are
 * made to fields, at any depth, and the lengths around them are written anew.
 */
#include "fuzz.h"
#include "import/import.h"
#include "import/onnx.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most,
                               unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

/* Each symbol of the inputs stands for 2. */
static ImportOptions options_for(Arena *arena, const OnnxModel *model)
{
    const OnnxGraph *graph = model->graph;
    const int most = graph->input_count * ONNX_MAX_RANK;
    ImportDim *dims = NEW_N(arena, ImportDim, most);
    int count = 0;
    for (int i = 0; i < graph->input_count; i++)
        for (int d = 0; d < graph->input[i]->rank; d++)
            if (graph->input[i]->dim[d].symbol)
                dims[count++] =
                    (ImportDim){ graph->input[i]->dim[d].symbol, 2 };
    return (ImportOptions){ .dims = dims, .dim_count = count };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *nowhere;
    Arena *arena = arena_new();
    Graph *graph = NULL;
    if (!nowhere) {
        nowhere = fopen("/dev/null", "w");
        diag_set_options((DiagOptions){ .stream = nowhere });
    }
    diag_reset();
    OnnxModel *model = onnx_read_bytes(arena, "fuzz.onnx", data, size, NULL);
    REQUIRE((model != NULL) == (diag_error_count() == 0));
    if (model) {
        ImportOptions options = options_for(arena, model);
        graph = import_model(arena, model, &options);
    }
    REQUIRE((graph != NULL) == (diag_error_count() == 0));
    if (graph)
        graph_verify(graph, "the import");
    if (graph && fuzz_is_small(graph))
        fuzz_compile(arena, graph, "fuzz.onnx");
    graph_free(graph);
    arena_free(arena);
    return 0;
}

/* ---- changes that keep lengths right ----------------------------------------- */

#define FIELDS 4096 /* of a message */

/* A field of a message: its tag, and what follows the tag and the length. */
typedef struct Field {
    const uint8_t *start, *content, *end;
    uint64_t tag;
} Field;

static int pick(Random *random, int below)
{
    return (int)random_range(random, 0, below - 1);
}

static const uint8_t *read_number(const uint8_t *at, const uint8_t *end,
                                  uint64_t *value)
{
    *value = 0;
    for (int shift = 0; at < end && shift < 64; shift += 7) {
        *value |= (uint64_t)(*at & 0x7f) << shift;
        if (!(*at++ & 0x80))
            return at;
    }
    return NULL;
}

static void write_number(Text *out, uint64_t value)
{
    for (; value > 0x7f; value >>= 7)
        text_char(out, (char)(value | 0x80));
    text_char(out, (char)value);
}

/* Where the field at `at` ends; NULL where there is none. */
static const uint8_t *read_field(const uint8_t *at, const uint8_t *end,
                                 Field *field)
{
    uint64_t length = 0;
    field->start = at;
    at = read_number(at, end, &field->tag);
    if (!at || field->tag >> 3 == 0)
        return NULL;
    field->content = at;
    switch (field->tag & 7) {
    case 0: at = read_number(at, end, &length); break;
    case 1: length = 8; break;
    case 5: length = 4; break;
    case 2: field->content = at = read_number(at, end, &length); break;
    default: return NULL;
    }
    if (at && (field->tag & 7) != 0)
        at = length <= (uint64_t)(end - at) ? at + length : NULL;
    field->end = at;
    return at;
}

/* How many fields the bytes are; 0: they are no message. */
static int split(const uint8_t *at, const uint8_t *end, Field *fields)
{
    int count = 0;
    while (at && at < end && count < FIELDS)
        if ((at = read_field(at, end, &fields[count])))
            count++;
    return at == end ? count : 0;
}

static void copy(Text *out, const Field *field)
{
    text_addn(out, (const char *)field->start,
              (size_t)(field->end - field->start));
}

/* The content of a field as libFuzzer changes bytes. */
static void change_bytes(const Field *field, Text *out)
{
    size_t size = (size_t)(field->end - field->content), room = size + 64;
    uint8_t *bytes = mem_alloc(room);
    memcpy(bytes, field->content, size);
    text_addn(out, (const char *)bytes, LLVMFuzzerMutate(bytes, size, room));
    mem_free(bytes);
}

static uint64_t some_number(Random *random, uint64_t old)
{
    static const uint64_t numbers[] = {
        0,
        1,
        2,
        3,
        7,
        8,
        255,
        65536,
        INT32_MAX,
        UINT32_MAX,
        INT64_MAX,
        UINT64_MAX,
        (uint64_t)1 << 63,
        (uint64_t)1 << 31,
        (uint64_t)1 << 40,
    };
    switch (pick(random, 3)) {
    case 0: return old + (uint64_t)pick(random, 5) - 2;
    case 1: return numbers[pick(random, (int)COUNT_OF(numbers))];
    default: return (uint64_t)pick(random, 32);
    }
}

static void change_message(Random *random, const uint8_t *at,
                           const uint8_t *end, Text *out);

/* A field, with a change in it. */
static void change_field(Random *random, const Field *field, Text *out)
{
    Text inner = { 0 };
    uint64_t number;
    switch (field->tag & 7) {
    case 0:
        read_number(field->content, field->end, &number);
        write_number(out, field->tag);
        write_number(out, some_number(random, number));
        return;
    case 2:
        change_message(random, field->content, field->end, &inner);
        write_number(out, field->tag);
        write_number(out, inner.length);
        text_addn(out, text_get(&inner), inner.length);
        text_free(&inner);
        return;
    default:
        write_number(out, field->tag);
        for (const uint8_t *b = field->content; b < field->end; b++)
            text_char(
                out, (char)(*b ^ (pick(random, 4) ? 0 : 1 << pick(random, 8))));
    }
}

/* Bytes that are a message are mostly changed in a field. */
static void change_message(Random *random, const uint8_t *at,
                           const uint8_t *end, Text *out)
{
    Field *fields = mem_alloc(FIELDS * sizeof *fields);
    Field whole = { .content = at, .end = end };
    int count = split(at, end, fields);
    if (count == 0 || pick(random, 20) == 0) {
        change_bytes(&whole, out);
        mem_free(fields);
        return;
    }
    int chosen = pick(random, count), how = pick(random, 12);
    for (int i = 0; i < count; i++) {
        const Field *field = &fields[i];
        if (i != chosen)
            copy(out, field);
        else if (how == 0) /* left out */
            continue;
        else if (how == 1) { /* twice */
            copy(out, field);
            copy(out, field);
        } else if (how == 2) /* another one's content */
            copy(out, &fields[pick(random, count)]);
        else if (how == 3 && i + 1 < count) { /* behind the next one */
            copy(out, &fields[++i]);
            copy(out, field);
        } else
            change_field(random, field, out);
    }
    mem_free(fields);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most,
                               unsigned seed)
{
    Random random;
    random_seed(&random, seed);
    for (int round = pick(&random, 3); round >= 0; round--) {
        Text out = { 0 };
        change_message(&random, data, data + size, &out);
        size = out.length < most ? out.length : most;
        memcpy(data, text_get(&out), size);
        text_free(&out);
    }
    return size;
}
