/*
 * onnx_wire.c - the bytes of a file as the messages of onnx.proto.
 *
 *     08 07          field 1, ir_version: 7
 *     3a 8b 01 ...   field 7, graph: 139 bytes, again fields
 *
 * The bytes are walked over first, beside the descriptors of the messages: a
 * fault has a place then ("at byte 123: 'graph.node' is cut off"), and what is
 * valid to a library but to no model, one graph merged from two, is refused.
 * The library's memory is the arena's and limited: a small file can describe
 * a great many empty messages.
 */
#include "import/onnx_local.h"

typedef struct Wire {
    const char *path;
    const uint8_t *bytes;
    size_t size;
} Wire;

/* The fields that led to a message. */
typedef struct Step {
    const struct Step *up; /* NULL: the model's own fields */
    const char *field;
} Step;

/* ---- messages ------------------------------------------------------------ */

static void add_step(Text *out, const Step *step)
{
    if (step->up) {
        add_step(out, step->up);
        text_char(out, '.');
    }
    text_add(out, step->field);
}

static bool refuse(const Wire *wire, size_t at, const Step *step,
                   const char *why)
{
    Text name = { 0 };

    if (step) {
        text_add(&name, ": '");
        add_step(&name, step);
        text_char(&name, '\'');
    }
    diag_error_file(wire->path, "is no ONNX model: at byte %zu of %zu%s %s", at,
                    wire->size, text_get(&name), why);
    text_free(&name);
    return false;
}

/* ---- the walk ------------------------------------------------------------ */

/* What a number may take: seven bits a byte. */
#define VARINT_32 5
#define VARINT_64 10

/* False where the number is cut off or longer. */
static bool take_varint(const Wire *wire, size_t *at, size_t end, int most,
                        uint64_t *value)
{
    *value = 0;
    for (int shift = 0; shift < 7 * most && *at < end; shift += 7) {
        uint8_t byte = wire->bytes[(*at)++];
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

static int wire_type(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32: return PROTOBUF_C_WIRE_TYPE_32BIT;
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64: return PROTOBUF_C_WIRE_TYPE_64BIT;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE: return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM: return PROTOBUF_C_WIRE_TYPE_VARINT;
    }
    BUG("no field of type %d", (int)type);
}

/* The elements of a list in one piece end where the piece ends. */
static bool walk_packed(const Wire *wire, int type, size_t at, size_t end)
{
    uint64_t value;

    if (type == PROTOBUF_C_WIRE_TYPE_32BIT)
        return (end - at) % 4 == 0;
    if (type == PROTOBUF_C_WIRE_TYPE_64BIT)
        return (end - at) % 8 == 0;
    while (at < end)
        if (!take_varint(wire, &at, end, VARINT_64, &value))
            return false;
    return true;
}

/* Skips a field's value; *start is where the content of one with a length
 * begins. NULL, or what is wrong. */
static const char *take_value(const Wire *wire, int type, size_t *at,
                              size_t end, size_t *start)
{
    uint64_t value = 0;

    switch (type) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
        return take_varint(wire, at, end, VARINT_64, &value) ? NULL
                                                             : "is cut off";
    case PROTOBUF_C_WIRE_TYPE_64BIT: value = 8; break;
    case PROTOBUF_C_WIRE_TYPE_32BIT: value = 4; break;
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
        if (!take_varint(wire, at, end, VARINT_32, &value))
            return "is cut off";
        break;
    default: return "is written in a way that is not known";
    }
    if (value > end - *at)
        return "is cut off";
    *start = *at;
    *at += (size_t)value;
    return NULL;
}

static bool walk_message(const Wire *wire,
                         const ProtobufCMessageDescriptor *message,
                         const Step *up, size_t at, size_t end);

/* A known field's content; tag is the place for messages. */
static bool walk_field(const Wire *wire, const ProtobufCFieldDescriptor *field,
                       int type, const Step *step, size_t tag, size_t start,
                       size_t end)
{
    int wanted = wire_type(field->type);
    bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;

    if (type != wanted) {
        if (!is_list || type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
            return refuse(wire, tag, step, "has a value of another kind");
        return walk_packed(wire, wanted, start, end) ||
               refuse(wire, tag, step, "is no list of whole elements");
    }
    return field->type != PROTOBUF_C_TYPE_MESSAGE ||
           walk_message(wire, field->descriptor, step, start, end);
}

/* As deep as the messages of onnx.proto lie in one another: none in itself. */
static bool walk_message(const Wire *wire,
                         const ProtobufCMessageDescriptor *message,
                         const Step *up, size_t at, size_t end)
{
    uint32_t seen = 0; /* a bit for each field */

    REQUIRE(message->n_fields <= 32);
    while (at < end) {
        size_t tag = at, start = at;
        uint64_t number;
        if (!take_varint(wire, &at, end, VARINT_32, &number) ||
            number >> 3 == 0 || number > UINT32_MAX)
            return refuse(wire, tag, up, "has no field here");
        int type = (int)(number & 7);
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(message,
                                                    (unsigned)(number >> 3));
        Step step = { up, field ? field->name : "a field" };
        const char *why = take_value(wire, type, &at, end, &start);
        if (why)
            return refuse(wire, tag, &step, why);
        if (!field)
            continue;
        uint32_t bit = UINT32_C(1) << (field - message->fields);
        if (field->label != PROTOBUF_C_LABEL_REPEATED && seen & bit)
            return refuse(wire, tag, &step, "is there a second time");
        seen |= bit;
        if (!walk_field(wire, field, type, &step, tag, start, at))
            return false;
    }
    return true;
}

/* ---- memory -------------------------------------------------------------- */

typedef struct Budget {
    Arena *arena;
    size_t left;
} Budget;

static void *budget_alloc(void *data, size_t size)
{
    Budget *budget = data;

    if (size > budget->left) {
        budget->left = 0;
        return NULL;
    }
    budget->left -= size;
    return arena_alloc(budget->arena, size);
}

static void budget_free(void *data, void *memory)
{
    (void)data; /* goes with the arena */
    (void)memory;
}

/* Lists of small numbers become up to eight times as long; more than that, and
 * more than a gigabyte beyond the file, is no model of ours. */
static size_t budget_of(size_t size)
{
    size_t room = (size_t)64 << 20, most = (size_t)1 << 30;

    return size > (most - room) / 8 ? most + size : room + 8 * size;
}

Pb__Model *onnx_unpack(Arena *arena, const char *path, const void *bytes,
                       size_t size)
{
    Wire wire = { path, bytes, size };
    Budget budget = { arena, budget_of(size) };
    ProtobufCAllocator allocator = { budget_alloc, budget_free, &budget };
    Pb__Model *model;

    if (size == 0) {
        diag_error_file(path, "is empty");
        return NULL;
    }
    if (!walk_message(&wire, &pb__model__descriptor, NULL, 0, size))
        return NULL;
    model = pb__model__unpack(&allocator, size, bytes);
    if (!model && budget.left == 0)
        diag_error_file(path,
                        "is no ONNX model: its %zu bytes would take more than "
                        "%zu MiB of memory",
                        size, budget_of(size) >> 20);
    else if (!model)
        BUG("the library refuses what was walked over: %zu bytes", size);
    return model;
}
