/*
 * layout.c - where a logical position lies in a buffer's memory.
 *
 *     [c/16][h][w][16] over f32[32][8][8]  (dims c, h, w):
 *     address = c/16 * 1024 + h * 128 + w * 16 + c%16
 *
 * Nests are written on logical indices; a layout belongs to the buffer alone.
 */
#include "kernel/local.h"

#include <stdlib.h>
#include <string.h>

static int64_t dim_span(const Dim *dim)
{
    REQUIRE(dim->extent >= 0 && dim->before >= 0 && dim->after >= 0);
    return exact_add(exact_add(dim->before, dim->extent), dim->after);
}

Layout layout_plain(int rank, const Dim *dim)
{
    Layout layout = { .count = rank, .size = 1 };
    for (int i = rank - 1; i >= 0; i--) {
        layout.piece[i] = (Piece){ i, 1, 0, layout.size };
        layout.offset =
            exact_add(layout.offset, exact_mul(dim[i].before, layout.size));
        layout.size = exact_mul(layout.size, dim_span(&dim[i]));
    }
    return layout;
}

bool layout_equal(const Layout *a, const Layout *b)
{
    if (a->count != b->count || a->offset != b->offset || a->size != b->size)
        return false;
    for (int i = 0; i < a->count; i++) {
        const Piece *p = &a->piece[i], *q = &b->piece[i];
        if (p->dim != q->dim || p->div != q->div || p->mod != q->mod ||
            p->stride != q->stride)
            return false;
    }
    return true;
}

bool piece_is_linear(const Piece *piece)
{
    return piece->div == 1 && piece->mod == 0;
}

static int64_t piece_value(const Piece *piece, int64_t index)
{
    int64_t value =
        piece_is_linear(piece) ? index : floor_div(index, piece->div);
    return piece->mod ? value - piece->mod * floor_div(value, piece->mod)
                      : value;
}

int64_t layout_address(const Buffer *buffer, const int64_t *index)
{
    const Layout *layout = &buffer->layout;
    int64_t address = layout->offset;

    for (int i = 0; i < buffer->rank; i++)
        REQUIRE(index[i] >= -buffer->dim[i].before &&
                index[i] < buffer->dim[i].extent + buffer->dim[i].after);
    for (int i = 0; i < layout->count; i++) {
        const Piece *piece = &layout->piece[i];
        address += piece_value(piece, index[piece->dim]) * piece->stride;
    }
    REQUIRE(address >= 0 && address < layout->size);
    return address;
}

/* ---- verification ---------------------------------------------------------- */

/* Number of values that a piece takes over 0..extent-1. */
static int64_t piece_values(const Piece *piece, int64_t extent)
{
    int64_t values = ceil_div(extent, piece->div);
    return piece->mod && values > piece->mod ? piece->mod : values;
}

static const char *check_piece(const Buffer *buffer, const Piece *piece)
{
    if (piece->dim < 0 || piece->dim >= buffer->rank || piece->div < 1 ||
        piece->mod < 0 || piece->stride < 0)
        return "its layout is malformed";
    if (!piece_is_linear(piece) && buffer->dim[piece->dim].before > 0)
        return "a dimension with a halo before it is divided";
    return NULL;
}

/* The addresses of the whole box, halos and slack with it. */
static bool stays_inside(const Buffer *buffer)
{
    const Layout *layout = &buffer->layout;
    int64_t low = layout->offset, high = layout->offset;

    for (int i = 0; i < layout->count; i++) {
        const Piece *piece = &layout->piece[i];
        const Dim *dim = &buffer->dim[piece->dim];
        int64_t last = piece_values(piece, dim->extent + dim->after) - 1;
        low = exact_add(low, exact_mul(-dim->before, piece->stride));
        high = exact_add(high, exact_mul(last, piece->stride));
    }
    return low >= 0 && high < layout->size;
}

/* The size of the block of index values that the dim's pieces tell apart,
 * beginning with the piece of div `from`: 1 where there is none. */
static int64_t told_apart(const Layout *layout, int dim, int64_t from,
                          int64_t extent)
{
    for (int i = 0; i < layout->count; i++) {
        const Piece *piece = &layout->piece[i];
        if (piece->dim != dim || piece->div != from || piece->stride == 0)
            continue;
        if (piece->mod == 0 || exact_mul(from, piece->mod) >= extent)
            return extent;
        if (piece->mod > 1)
            return told_apart(layout, dim, from * piece->mod, extent);
    }
    return from;
}

/* By design in a ring of rows, else by mistake. */
static bool falls_together(const Buffer *buffer, int dim)
{
    int64_t extent = buffer->dim[dim].extent;
    return extent > 1 && told_apart(&buffer->layout, dim, 1, extent) < extent;
}

static bool has_modulus(const Layout *layout, int dim)
{
    for (int i = 0; i < layout->count; i++) {
        if (layout->piece[i].dim == dim && layout->piece[i].mod > 0)
            return true;
    }
    return false;
}

static int piece_compare(const void *a, const void *b)
{
    int64_t s = ((const Piece *)a)->stride, t = ((const Piece *)b)->stride;
    return (s > t) - (s < t);
}

/* Digits of a number: every stride exceeds all that the smaller ones reach. */
static bool strides_nest(const Buffer *buffer)
{
    Piece piece[COUNT_OF(buffer->layout.piece)];
    size_t count = (size_t)buffer->layout.count;
    int64_t reach = 0;

    memcpy(piece, buffer->layout.piece, count * sizeof *piece);
    qsort(piece, count, sizeof *piece, piece_compare);
    for (size_t i = 0; i < count; i++) {
        int64_t last =
            piece_values(&piece[i], buffer->dim[piece[i].dim].extent) - 1;
        if (last > 0 && piece[i].stride <= reach)
            return false;
        reach = exact_add(reach, exact_mul(last, piece[i].stride));
    }
    return true;
}

static bool layout_is_empty(const Buffer *buffer)
{
    for (int i = 0; i < buffer->rank; i++) {
        if (buffer->dim[i].extent == 0)
            return true;
    }
    return false;
}

static const char *check_pieces(const Buffer *buffer)
{
    const char *fault = NULL;
    for (int i = 0; i < buffer->layout.count && !fault; i++)
        fault = check_piece(buffer, &buffer->layout.piece[i]);
    return fault;
}

const char *layout_fault(const Buffer *buffer)
{
    const char *fault = check_pieces(buffer);

    REQUIRE(buffer->layout.count >= 0 &&
            buffer->layout.count <= (int)COUNT_OF(buffer->layout.piece));
    if (fault || layout_is_empty(buffer))
        return fault;
    for (int i = 0; i < buffer->rank; i++)
        dim_span(&buffer->dim[i]);
    if (!stays_inside(buffer))
        return "its addresses leave its memory";
    for (int i = 0; i < buffer->rank; i++) {
        if (falls_together(buffer, i) && !has_modulus(&buffer->layout, i))
            return "positions of a dimension fall together";
    }
    return strides_nest(buffer) ? NULL : "its positions may fall together";
}

void layout_verify(const Buffer *buffer)
{
    const char *fault = layout_fault(buffer);
    if (fault)
        BUG("buffer '%s': %s", buffer->name, fault);
}

int64_t buffer_elements(const Buffer *buffer)
{
    int64_t count = 1;
    for (int i = 0; i < buffer->rank; i++)
        count = exact_mul(count, buffer->dim[i].extent);
    return count;
}

bool buffer_fits_array(const Buffer *buffer)
{
    const int64_t size = dtype_size(buffer->type);
    return buffer->offset >= 0 && buffer->offset % size == 0 &&
           buffer->layout.size <=
               buffer->array->layout.size - buffer->offset / size;
}

/* ---- order --------------------------------------------------------------- */

/* Whether index i of the dim adds i * stride to the address: its pieces are
 * the digits of i, each where the digit counts. */
static bool dim_in_order(const Layout *layout, int dim, int64_t extent,
                         int64_t stride)
{
    int used = 0, there = 0;
    int64_t from = 1; /* of the next digit */

    for (int i = 0; i < layout->count; i++)
        there += layout->piece[i].dim == dim &&
                 piece_values(&layout->piece[i], extent) > 1;
    while (from < extent) {
        const Piece *piece = NULL;
        for (int i = 0; i < layout->count && !piece; i++)
            if (layout->piece[i].dim == dim && layout->piece[i].div == from)
                piece = &layout->piece[i];
        if (!piece || piece->stride != exact_mul(from, stride) ||
            piece->mod == 1)
            return false;
        used++;
        from = piece->mod && piece->mod < ceil_div(extent, from)
                   ? from * piece->mod
                   : extent;
    }
    return used == there;
}

bool layout_in_order(const Buffer *buffer)
{
    int64_t stride = 1;

    for (int i = buffer->rank - 1; i >= 0; i--) {
        const Dim *dim = &buffer->dim[i];
        if (dim->before || dim->after ||
            !dim_in_order(&buffer->layout, i, dim->extent, stride))
            return false;
        stride = exact_mul(stride, dim->extent);
    }
    return buffer->layout.offset == 0;
}

/* ---- packing --------------------------------------------------------------- */

/* The next logical position, the last dimension fastest; false after the last. */
bool position_next(const Buffer *buffer, int64_t *index)
{
    for (int i = buffer->rank - 1; i >= 0; i--) {
        if (++index[i] < buffer->dim[i].extent)
            return true;
        index[i] = 0;
    }
    return false;
}

/* What each index of a dim adds to the address: its pieces together. */
static size_t *dim_steps(Arena *arena, const Buffer *buffer, int dim)
{
    const Layout *layout = &buffer->layout;
    size_t *step = NEW_N(arena, size_t, buffer->dim[dim].extent);

    for (int i = 0; i < layout->count; i++) {
        const Piece *piece = &layout->piece[i];
        for (int64_t k = 0; piece->dim == dim && k < buffer->dim[dim].extent;
             k++)
            step[k] += (size_t)(piece_value(piece, k) * piece->stride);
    }
    return step;
}

/* The elements of a row, each to `to` and its step. */
static void scatter(char *to, const char *from, const size_t *step,
                    int64_t count, size_t size)
{
    for (int64_t i = 0; i < count; i++)
        memcpy(to + step[i] * size, from + (size_t)i * size, size);
}

/* A row at a time: the last dim's indices, with the others as in `index`. */
static void pack_rows(const Buffer *buffer, size_t *const *step, char *packed)
{
    const int last = buffer->rank - 1;
    const int64_t count = buffer->dim[last].extent;
    const size_t size = (size_t)dtype_size(buffer->type);
    const char *from = buffer->data;
    int64_t index[KERNEL_RANK] = { 0 };

    do {
        size_t at = (size_t)buffer->layout.offset;
        for (int i = 0; i < last; i++)
            at += step[i][index[i]];
        char *to = packed + at * size;
        if (size == sizeof(float)) /* a size that the compiler knows */
            scatter(to, from, step[last], count, sizeof(float));
        else
            scatter(to, from, step[last], count, size);
        from += (size_t)count * size;
        index[last] = count - 1;
    } while (position_next(buffer, index));
}

void *buffer_pack(Arena *arena, const Buffer *buffer)
{
    size_t size = (size_t)dtype_size(buffer->type);
    char *packed = arena_array(arena, (size_t)buffer->layout.size, size);
    size_t *step[KERNEL_RANK];

    REQUIRE(buffer->data != NULL);
    if (layout_is_empty(buffer))
        return packed;
    REQUIRE(!check_pieces(buffer) && stays_inside(buffer));
    for (int i = 0; i < buffer->rank; i++)
        step[i] = dim_steps(arena, buffer, i);
    if (buffer->rank > 0)
        pack_rows(buffer, step, packed);
    else
        memcpy(packed + (size_t)buffer->layout.offset * size, buffer->data,
               size);
    return packed;
}
