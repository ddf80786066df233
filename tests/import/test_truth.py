"""Comparisons, logic and Where, of every type that they take."""
from models import expect, finish, i64, node, np, numbers, refuse

RELATIONS = {"Equal": np.equal, "Less": np.less, "LessOrEqual": np.less_equal,
             "Greater": np.greater, "GreaterOrEqual": np.greater_equal}


def comparisons():
    a, b = numbers(3, 4), numbers(4)[::-1].copy()
    a[1] = b
    for op, function in RELATIONS.items():
        expect([node(op, "a b", "y")], {"a": a, "b": b}, {"y": function(a, b)})
        for dtype in (np.int8, np.uint16, np.int32, np.int64, np.uint64):
            c, d = np.array([0, 1, 2, 100], dtype), np.array([1, 1, 100, 2], dtype)
            expect([node(op, "a b", "y")], {"a": c, "b": d},
                   {"y": function(c, d)}, what="%s of %s" % (op, dtype.__name__))
    t, f = np.array([True, True, False, False]), np.array([True, False] * 2)
    expect([node("Equal", "a b", "y")], {"a": t, "b": f}, {"y": t == f})
    expect([node("Greater", "a b", "y", broadcast=1, axis=0)],
           {"a": numbers(4, 3), "b": numbers(4)},
           {"y": numbers(4, 3) > numbers(4).reshape(4, 1)}, opset=6)
    refuse([node("Less", "a b", "y")], {"a": a, "b": i64(1)},
           {"y": np.array([True])}, "'less'", "i64")


def not_a_number():
    a = np.float32([np.nan, 1, np.inf, -np.inf, np.nan, 0])
    b = np.float32([np.nan, np.nan, np.inf, np.inf, 1, -0.0])
    for op, function in RELATIONS.items():
        expect([node(op, "a b", "y")], {"a": a, "b": b}, {"y": function(a, b)},
               what=op + " of NaN")
    expect([node("IsNaN", "a", "y")], {"a": a}, {"y": np.isnan(a)})
    for low in (0, 1):
        for high in (0, 1):
            y = np.isinf(a) & ((low == 1) & (a < 0) | (high == 1) & (a > 0))
            expect([node("IsInf", "a", "y", detect_negative=low,
                         detect_positive=high)], {"a": a}, {"y": y},
                   what="IsInf %d %d" % (low, high))
    expect([node("IsNaN", "a", "c"), node("Where", "c b a", "y")],
           {"a": a, "b": b}, {"y": np.where(np.isnan(a), b, a)},
           what="Where of IsNaN")


def logic():
    t, f = np.array([True, True, False, False]), np.array([True, False] * 2)
    for op, function in (("And", np.logical_and), ("Or", np.logical_or),
                         ("Xor", np.logical_xor)):
        expect([node(op, "a b", "y")], {"a": t, "b": f}, {"y": function(t, f)})
        expect([node(op, "a b", "y")], {"a": t.reshape(4, 1), "b": f},
               {"y": function(t.reshape(4, 1), f)}, what=op + " of a table")
    expect([node("Not", "a", "y")], {"a": t}, {"y": ~t})
    refuse([node("Not", "a", "y")], {"a": numbers(2)}, {"y": t}, "bool")


def choices():
    c = np.array([[True], [False]])
    a, b = numbers(2, 3), numbers(3)
    expect([node("Where", "c a b", "y")], {"c": c, "a": a, "b": b},
           {"y": np.where(c, a, b)})
    expect([node("Where", "c a b", "y")], {"a": a, "b": b},
           {"y": np.where(c, a, b)}, init={"c": c}, what="Where by a constant")
    expect([node("Where", "c a b", "y")], {"c": c, "a": i64(1, 2), "b": i64(3)},
           {"y": np.where(c, i64(1, 2), i64(3))}, what="Where of int64")
    expect([node("Greater", "a z", "g"), node("Less", "a o", "l"),
            node("And", "g l", "m"), node("Not", "m", "n"),
            node("Where", "n a z", "y")], {"a": a},
           {"y": np.where(~((a > 0) & (a < 1)), a, 0).astype(np.float32)},
           init={"z": np.float32(0).reshape(()), "o": np.float32(1).reshape(())},
           what="Where of a chain")


comparisons()
not_a_number()
logic()
choices()
finish()
