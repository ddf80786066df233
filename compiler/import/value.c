/*
 * value.c - what the names of a model stand for.
 *
 *     "x"             a tensor, at run time
 *     "conv1.weight"  a constant: elements of ONNX's type, kept exactly
 *     "shape_out"     a constant that was computed
 *
 * Values are found by the address of their interned name, in a hash table with
 * open addressing that is at most half full.
 */
#include <string.h>

#include "import/local.h"

/* ---- the table ------------------------------------------------------------------ */

static size_t place_of(const Value *const *at, size_t size, const char *name)
{
    size_t i = (size_t)((uintptr_t)name >> 3) * 0x9e3779b1u & (size - 1);
    while (at[i] && at[i]->name != name)
        i = (i + 1) & (size - 1);
    return i;
}

static const Value *const *entries(const ValueTable *table)
{
    return (const Value *const *)table->at;
}

static void grow(ValueTable *table)
{
    Value **old = table->at;
    const size_t old_size = table->size;
    table->size = old_size ? 2 * old_size : 256;
    table->at = mem_alloc(table->size * sizeof *table->at);
    memset(table->at, 0, table->size * sizeof *table->at);
    for (size_t i = 0; i < old_size; i++)
        if (old[i])
            table->at[place_of(entries(table), table->size, old[i]->name)] =
                old[i];
    mem_free(old);
}

Value *value_find(Import *import, const char *name)
{
    const ValueTable *table = &import->values;
    if (!table->size)
        return NULL;
    return table->at[place_of(entries(table), table->size, name_intern(name))];
}

Value *value_make(Import *import, const char *name)
{
    ValueTable *table = &import->values;
    size_t place;
    if (2 * table->used >= table->size)
        grow(table);
    name = name_intern(name);
    place = place_of(entries(table), table->size, name);
    if (!table->at[place]) {
        table->at[place] = NEW(import->arena, Value);
        table->at[place]->name = name;
        table->used++;
    }
    return table->at[place];
}

void values_free(Import *import)
{
    mem_free(import->values.at);
    import->values = (ValueTable){ 0 };
}

bool constant_shape(const OnnxTensor *constant, Shape *shape)
{
    *shape = shape_of(constant->rank, constant->dim);
    return shape_is_valid(shape);
}
