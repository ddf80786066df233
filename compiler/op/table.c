/*
 * table.c - op_info: the rows of ops.def as a table.
 *
 * A row's functions are named after it; one that nobody wrote does not link.
 */
#include <stddef.h>
#include <string.h>

#include "op/local.h"

#define END                                                                    \
    {                                                                          \
        NULL, ATTR_INT, 0, NULL                                                \
    }

#define OP_BEGIN(id, name, ...) static const AttrInfo id##_attrs[] = {
#define ATTR(Attrs, kind, field, fallback)                                     \
    { #field, ATTR_##kind, offsetof(Attrs, field), fallback },
#define OP_END(Attrs)                                                          \
    END                                                                        \
    }                                                                          \
    ;
#define UNARY1(id, name, p_name, p_fallback, reference, loop)                  \
    static const AttrInfo id##_attrs[] = {                                     \
        { #p_name, ATTR_FLOAT, offsetof(UnaryAttrs, p), p_fallback }, END      \
    };
#define UNARY2(id, name, p_name, p_fallback, q_name, q_fallback, reference,    \
               loop)                                                           \
    static const AttrInfo id##_attrs[] = {                                     \
        { #p_name, ATTR_FLOAT, offsetof(UnaryAttrs, p), p_fallback },          \
        { #q_name, ATTR_FLOAT, offsetof(UnaryAttrs, q), q_fallback },          \
        END                                                                    \
    };
#include "graph/ops.def"

static const AttrInfo reduce_attrs[] = {
    { "axes", ATTR_INTS, offsetof(ReduceAttrs, axes), "[]" },
    { "keep", ATTR_BOOL, offsetof(ReduceAttrs, keep), "no" },
    END
};

static const AttrInfo no_attrs[] = { END };

#define ROW(name, least, most, size, attrs, elementwise)                       \
    { #name,        least,           most,                                     \
      size,         attrs,           (int)COUNT_OF(attrs) - 1,                 \
      name##_infer, name##_evaluate, name##_macs,                              \
      name##_lower, elementwise },

const OpInfo op_info[OP_COUNT] = {
#define OP_BEGIN(id, name, Attrs, least, most, elementwise)                    \
    ROW(name, least, most, sizeof(Attrs), id##_attrs, elementwise)
#define OP(id, name, least, most)                                              \
    ROW(name, least, most, sizeof(NoAttrs), no_attrs, false)
#define UNARY(id, name, ...) ROW(name, 1, 1, sizeof(UnaryAttrs), no_attrs, true)
#define UNARY1(id, name, ...)                                                  \
    ROW(name, 1, 1, sizeof(UnaryAttrs), id##_attrs, true)
#define UNARY2(id, name, ...)                                                  \
    ROW(name, 1, 1, sizeof(UnaryAttrs), id##_attrs, true)
#define BINARY(id, name, most, reference, loop)                                \
    ROW(name, 2, most, sizeof(NoAttrs), no_attrs, true)
#define TRUTH(id, name, inputs, ...)                                           \
    ROW(name, inputs, inputs, sizeof(NoAttrs), no_attrs, true)
#define REDUCE(id, name, ...)                                                  \
    ROW(name, 1, 1, sizeof(ReduceAttrs), reduce_attrs, false)
#include "graph/ops.def"
};

Op op_find(const char *name)
{
    for (int op = 0; op < OP_COUNT; op++)
        if (strcmp(op_info[op].name, name) == 0)
            return (Op)op;
    return OP_COUNT;
}
