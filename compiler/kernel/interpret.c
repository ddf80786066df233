/*
 * interpret.c - runs a program on the compiler's own machine, checking all.
 *
 *     inputs -> memory of the input buffers, by their layout
 *     workspace, locals, outputs: poisoned, nothing counts as written
 *     kernels in order
 *     output buffers -> outputs; every element must have been written
 *
 * Arena buffers share the workspace by their offsets, so a plan that lets two
 * live tensors overlap gives wrong results here as it would in C.
 */
#include "kernel/interpret.h"

#include <inttypes.h>
#include <string.h>

#define POISON 0xff /* bytes of NaNs, and of -1 */

typedef struct World {
    const Program *program;
    Arena *arena;
    char *workspace;
    uint8_t *workspace_written;
    VEC(Memory) memory; /* of the program's buffers */
    VEC(Machine) machines;
} World;

static size_t buffer_bytes(const Buffer *buffer)
{
    return (size_t)exact_mul(buffer->layout.size, dtype_size(buffer->type));
}

static void memory_poison(const Memory *memory)
{
    memset(memory->data, POISON, buffer_bytes(memory->buffer));
    memset(memory->written, 0, buffer_bytes(memory->buffer));
}

static Memory memory_new(Arena *arena, const Buffer *buffer)
{
    Memory memory = { .buffer = buffer };
    memory.data = arena_alloc(arena, buffer_bytes(buffer));
    memory.written = arena_alloc(arena, buffer_bytes(buffer));
    memory_poison(&memory);
    return memory;
}

static Memory memory_constant(Arena *arena, const Buffer *buffer)
{
    Memory memory = { .buffer = buffer };
    if (!buffer->data)
        BUG("constant '%s' has no data", buffer->name);
    memory.data = buffer_pack(arena, buffer);
    memory.written = arena_alloc(arena, buffer_bytes(buffer));
    memset(memory.written, 1, buffer_bytes(buffer));
    return memory;
}

static Memory memory_arena(const World *world, const Buffer *buffer)
{
    int64_t end = exact_add(buffer->offset, (int64_t)buffer_bytes(buffer));
    if (buffer->offset < 0 || end > world->program->workspace)
        BUG("'%s' at %" PRId64 "..%" PRId64 " leaves the workspace of %" PRId64
            " bytes",
            buffer->name, buffer->offset, end, world->program->workspace);
    return (Memory){ buffer, world->workspace + buffer->offset,
                     world->workspace_written + buffer->offset };
}

static const Memory *memory_find(const World *world, const Buffer *buffer)
{
    for (int i = 0; i < world->memory.count; i++) {
        if (world->memory.at[i].buffer == buffer)
            return &world->memory.at[i];
    }
    BUG("buffer '%s' is no part of program '%s'", buffer->name,
        world->program->name);
}

/* Arrays of the caller come before what else they are seen as. */
static Memory memory_view(const World *world, const Buffer *buffer)
{
    const Memory *array = memory_find(world, buffer->array);
    REQUIRE(buffer_fits_array(buffer));
    return (Memory){ buffer, array->data + buffer->offset,
                     array->written + buffer->offset };
}

static Memory memory_for(const World *world, const Buffer *buffer)
{
    if (buffer->place == BUFFER_CONST)
        return memory_constant(world->arena, buffer);
    if (buffer->place == BUFFER_ARENA)
        return memory_arena(world, buffer);
    if (buffer->array)
        return memory_view(world, buffer);
    return memory_new(world->arena, buffer);
}

/* ---- inputs and outputs ------------------------------------------------------------- */

/* Copies between a row-major array and a buffer's memory. */
static void port_read(const Memory *memory, const char *from)
{
    const Buffer *buffer = memory->buffer;
    size_t size = (size_t)dtype_size(buffer->type);
    int64_t index[KERNEL_RANK] = { 0 };

    memory_poison(memory);
    if (buffer_elements(buffer) == 0)
        return;
    do {
        size_t at = (size_t)layout_address(buffer, index) * size;
        memcpy(memory->data + at, from, size);
        memset(memory->written + at, 1, size);
        from += size;
    } while (position_next(buffer, index));
}

static void port_write(const Memory *memory, char *to)
{
    const Buffer *buffer = memory->buffer;
    size_t size = (size_t)dtype_size(buffer->type);
    int64_t index[KERNEL_RANK] = { 0 };

    if (buffer_elements(buffer) == 0)
        return;
    do {
        size_t at = (size_t)layout_address(buffer, index) * size;
        if (memchr(memory->written + at, 0, size))
            BUG("element %zu of output '%s' is never written", at / size,
                buffer->name);
        memcpy(to, memory->data + at, size);
        to += size;
    } while (position_next(buffer, index));
}

static size_t sample_bytes(const Buffer *buffer)
{
    return (size_t)buffer_elements(buffer) * (size_t)dtype_size(buffer->type);
}

/* ---- a run ----------------------------------------------------------------------------- */

static void world_compile(World *world, Kernel *kernel)
{
    Memory *memory = NEW_N(world->arena, Memory,
                           kernel->params.count + kernel->locals.count);
    Machine machine;
    int count = 0;

    for (int i = 0; i < kernel->params.count; i++)
        memory[count++] = *memory_find(world, kernel->params.at[i]);
    for (int i = 0; i < kernel->locals.count; i++)
        memory[count++] = memory_new(world->arena, kernel->locals.at[i]);
    machine_compile(&machine, kernel, memory, count);
    vec_push(&world->machines, machine);
}

static World world_new(const Program *program)
{
    World world = { .program = program, .arena = arena_new() };
    size_t bytes = (size_t)program->workspace;

    REQUIRE(program->workspace >= 0 && program->batch >= 1);
    world.workspace = arena_alloc(world.arena, bytes);
    world.workspace_written = arena_alloc(world.arena, bytes);
    for (int i = 0; i < program->buffers.count; i++)
        vec_push(&world.memory, memory_for(&world, program->buffers.at[i]));
    for (int i = 0; i < program->kernels.count; i++)
        world_compile(&world, program->kernels.at[i]);
    return world;
}

static void world_free(World *world)
{
    for (int i = 0; i < world->machines.count; i++)
        machine_free(&world->machines.at[i]);
    vec_free(&world->machines);
    vec_free(&world->memory);
    arena_free(world->arena);
}

/* A function's locals hold nothing when it is entered. */
static void run_kernel(Machine *machine)
{
    for (int i = 0; i < machine->memory_count; i++) {
        if (machine->memory[i].buffer->place >= BUFFER_LOCAL)
            memory_poison(&machine->memory[i]);
    }
    machine_run(machine);
}

static void run_sample(const World *world, const void *const *inputs,
                       void *const *outputs, size_t sample)
{
    const Program *program = world->program;

    memset(world->workspace, POISON, (size_t)program->workspace);
    memset(world->workspace_written, 0, (size_t)program->workspace);
    for (int i = 0; i < program->outputs.count; i++)
        memory_poison(memory_find(world, program->outputs.at[i].buffer));
    for (int i = 0; i < program->inputs.count; i++) {
        const Buffer *buffer = program->inputs.at[i].buffer;
        port_read(memory_find(world, buffer),
                  (const char *)inputs[i] + sample * sample_bytes(buffer));
    }
    for (int i = 0; i < world->machines.count; i++)
        run_kernel(&world->machines.at[i]);
    for (int i = 0; i < program->outputs.count; i++) {
        const Buffer *buffer = program->outputs.at[i].buffer;
        port_write(memory_find(world, buffer),
                   (char *)outputs[i] + sample * sample_bytes(buffer));
    }
}

void program_interpret(const Program *program, const void *const *inputs,
                       void *const *outputs)
{
    World world = world_new(program);
    for (int64_t i = 0; i < program->batch; i++)
        run_sample(&world, inputs, outputs, (size_t)i);
    world_free(&world);
}
