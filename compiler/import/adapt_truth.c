/*
 * adapt_truth.c - comparisons, logic, and the choice by a truth value.
 *
 *     y = Where(Less(x, 0), 0, x)
 *
 * Numbers that are compared may be of any type, as long as it is one.
 */
#include <math.h>

#include "import/local.h"

/* ---- two operands ---------------------------------------------------------------- */

static bool two(Adapt *a, Op op)
{
    Tensor *pair[2];
    return in_pair_any(a, pair) &&
           out_tensor(a, 0, add_2(a, op, NULL, pair[0], pair[1]));
}

bool adapt_equal(Adapt *a)
{
    return two(a, OP_EQUAL);
}

bool adapt_less(Adapt *a)
{
    return two(a, OP_LESS);
}

bool adapt_less_equal(Adapt *a)
{
    return two(a, OP_LESS_EQUAL);
}

bool adapt_greater(Adapt *a)
{
    return two(a, OP_GREATER);
}

bool adapt_greater_equal(Adapt *a)
{
    return two(a, OP_GREATER_EQUAL);
}

bool adapt_and(Adapt *a)
{
    return two(a, OP_LOGICAL_AND);
}

bool adapt_or(Adapt *a)
{
    return two(a, OP_LOGICAL_OR);
}

bool adapt_xor(Adapt *a)
{
    return two(a, OP_LOGICAL_XOR);
}

bool adapt_not(Adapt *a)
{
    return out_tensor(a, 0, add_1(a, OP_LOGICAL_NOT, NULL, in_any(a, 0)));
}

/* ---- where ------------------------------------------------------------------------- */

bool adapt_where(Adapt *a)
{
    Tensor *in[3];
    for (int i = 0; i < 3; i++)
        in[i] = in_any(a, i);
    return out_tensor(a, 0, add_end(a, add_node(a, OP_WHERE, NULL, in, 3)));
}

/* ---- kinds of numbers ----------------------------------------------------------------- */

/* Only what is not a number differs from itself. */
bool adapt_is_nan(Adapt *a)
{
    Tensor *x = in_tensor(a, 0);
    x = add_2(a, OP_EQUAL, "itself", x, x);
    return out_tensor(a, 0, add_1(a, OP_LOGICAL_NOT, NULL, x));
}

bool adapt_is_inf(Adapt *a)
{
    const bool low = attr_flag(a, "detect_negative", true);
    const bool high = attr_flag(a, "detect_positive", true);
    Tensor *x = in_tensor(a, 0), *limit;
    if (!x)
        return false;
    if (low && high)
        x = add_1(a, OP_ABS, "size", x);
    limit = add_number(a, "limit", high ? INFINITY : low ? -INFINITY : NAN);
    return out_tensor(a, 0, add_2(a, OP_EQUAL, NULL, x, limit));
}
