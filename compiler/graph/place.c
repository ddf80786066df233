/*
 * place.c - sizes and strides of planned tensors.
 */
#include "graph/place.h"

enum { TOP, LEFT, BOTTOM, RIGHT };

int64_t place_channels(const Shape *shape, const Place *place)
{
    int64_t channels = shape->dim[shape->rank - 1];
    if (place->block <= 1)
        return channels;
    return ceil_div(channels, place->block) * place->block;
}

bool place_is_view(const Place *place)
{
    return place->within != NULL &&
           (place->kind == PLACE_INPUT || place->kind == PLACE_OUTPUT);
}

bool place_is_plain(const Place *place)
{
    return place->block == 0 && place->pixel == 0 && place->pitch == 0 &&
           place->ring == 0 && place->halo[TOP] == 0 &&
           place->halo[LEFT] == 0 && place->halo[BOTTOM] == 0 &&
           place->halo[RIGHT] == 0;
}

Steps place_steps(const Shape *shape, const Place *place)
{
    REQUIRE(shape->rank == 3);
    int64_t rows = place->ring
                       ? place->ring
                       : place->halo[TOP] + shape->dim[0] + place->halo[BOTTOM];
    int64_t columns = place->halo[LEFT] + shape->dim[1] + place->halo[RIGHT];
    int64_t channels = shape->dim[2];
    Steps s = { .c = 1 };
    if (place->block > 0) {
        s.w = place->block;
        s.h = (place->pitch ? place->pitch : columns) * s.w;
        s.c = rows * s.h;
        s.size = place_channels(shape, place) / place->block * s.c;
    } else {
        s.w = place->pixel ? place->pixel : channels;
        s.h = (place->pitch ? place->pitch : columns) * s.w;
        s.size = rows * s.h - (s.w - channels); /* a slice ends early */
    }
    if (place->pitch) /* so does a part of the columns */
        s.size -= (place->pitch - columns) * s.w;
    s.offset = place->halo[TOP] * s.h + place->halo[LEFT] * s.w;
    s.size += place->slack;
    return s;
}

int64_t place_elements(const Shape *shape, const Place *place)
{
    if (shape->rank == 3)
        return place_steps(shape, place).size;
    return shape_count(shape) + place->slack;
}
