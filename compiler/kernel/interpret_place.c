/*
 * interpret_place.c - addresses, checked one by one.
 */
#include "kernel/interpret.h"

#include <inttypes.h>

int64_t sum_value(const Machine *m, const Affine *sum)
{
    int64_t value = sum->base;
    for (int i = 0; i < sum->count; i++)
        value += sum->term[i].coef * m->var[sum->term[i].var->id];
    return value;
}

static void print_vars(Text *text, const Machine *m, const Affine *sum)
{
    for (int i = 0; sum && i < sum->count; i++)
        text_printf(text, ", %s = %" PRId64, sum->term[i].var->name,
                    m->var[sum->term[i].var->id]);
}

void machine_fault(Machine *m, const Code *c, const char *format, ...)
{
    const Access *access = &c->access;
    Text text = { 0 };
    va_list list;

    access_print(&text, access);
    text_add(&text, ": ");
    va_start(list, format);
    text_vprintf(&text, format, list);
    va_end(list);
    print_vars(&text, m, access->flat ? access->address : NULL);
    print_vars(&text, m, access->modulus ? access->ring : NULL);
    for (int i = 0; !access->flat && i < access->buffer->rank; i++)
        print_vars(&text, m, access->index[i]);
    KERNEL_BUG(m->kernel, "kernel '%s': %s", m->kernel->name, text_get(&text));
}

static int64_t flat_address(Machine *m, const Code *c)
{
    int64_t address = sum_value(m, c->access.address), ring;

    if (c->access.modulus == 0)
        return address;
    ring = sum_value(m, c->access.ring);
    if (ring < 0)
        machine_fault(m, c, "the ring's index is %" PRId64, ring);
    return address + ring % c->access.modulus * c->access.stride;
}

static int64_t logical_address(Machine *m, const Code *c)
{
    const Buffer *buffer = c->access.buffer;
    int64_t index[KERNEL_RANK], address = buffer->layout.offset;

    for (int i = 0; i < buffer->rank; i++) {
        const Dim *dim = &buffer->dim[i];
        index[i] = sum_value(m, c->access.index[i]);
        if (index[i] < -dim->before || index[i] >= dim->extent + dim->after)
            machine_fault(
                m, c,
                "index %d is %" PRId64 ", outside of %" PRId64 "..%" PRId64, i,
                index[i], -dim->before, dim->extent + dim->after - 1);
    }
    for (int i = 0; i < buffer->layout.count; i++) {
        const Piece *piece = &buffer->layout.piece[i];
        int64_t value = index[piece->dim];
        if (piece->div != 1)
            value = value / piece->div;
        if (piece->mod != 0)
            value = value % piece->mod;
        address += value * piece->stride;
    }
    return address;
}

int64_t place_address(Machine *m, const Code *c, int span)
{
    int64_t address =
        c->access.flat ? flat_address(m, c) : logical_address(m, c);
    int64_t size = c->access.buffer->layout.size;

    if (address < 0 || address > size - span)
        machine_fault(m, c, "%d elements at %" PRId64 " leave the %" PRId64,
                      span, address, size);
    return address;
}
