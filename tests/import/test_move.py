"""Slice, Split, Gather, Expand, Tile and CumSum in every form; numpy is what is
right."""
from models import expect, finish, i64, node, np, numbers, refuse


def slices():
    x = numbers(4, 6, 5)
    cases = [  # starts, ends, axes, steps, numpy's
        ([1], [3], None, None, np.s_[1:3]),
        ([0, 1], [2, 5], None, None, np.s_[0:2, 1:5]),
        ([-3], [-1], [1], None, np.s_[:, -3:-1]),
        ([1, 0], [1 << 62, 2], [2, 0], [2, 1], np.s_[0:2, :, 1::2]),
        ([-1], [-100], [1], [-1], np.s_[:, ::-1]),
        ([4], [-(1 << 63)], [-2], [-3], np.s_[:, 4::-3]),
        ([2], [3], [-1], [100], np.s_[:, :, 2:3]),
        ([0], [(1 << 63) - 1], [0], [1], np.s_[:]),
    ]
    for starts, ends, axes, steps, at in cases:
        init = {"s": i64(*starts), "e": i64(*ends)}
        names = ["x", "s", "e"]
        for name, values in (("a", axes), ("t", steps)):
            names.append(name if values else "")
            if values:
                init[name] = i64(*values)
        while not names[-1]:
            names.pop()
        expect([node("Slice", names, "y")], {"x": x}, {"y": x[at]}, init=init,
               opset=13, what="Slice %s:%s axes %s steps %s" %
               (starts, ends, axes, steps))
        if not steps:
            given = {"axes": axes} if axes else {}
            expect([node("Slice", "x", "y", starts=starts,
                         ends=[min(e, 1 << 40) for e in ends], **given)],
                   {"x": x}, {"y": x[at]}, opset=9)
    b = np.arange(10) % 3 == 0
    expect([node("Slice", "x s e", "y")], {"x": b}, {"y": b[2:7]},
           init={"s": i64(2), "e": i64(7)}, what="Slice of truth values")
    init = {"s": i64(1), "e": i64(2), "a": i64(9), "z": i64(0), "aa": i64(0, 0),
            "ss": i64(1, 1)}
    refuse([node("Slice", "x s e a", "y")], {"x": x}, ["y"], "axis 9", init=init)
    refuse([node("Slice", "x ss ss aa", "y")], {"x": x}, ["y"], "twice", init=init)
    refuse([node("Slice", "x s ss", "y")], {"x": x}, ["y"], "as many", init=init)
    refuse([node("Slice", "x s e a z", "y")], {"x": x}, ["y"],
           init=dict(init, a=i64(0)))
    expect([node("Slice", "x s s", "y")], {"x": x}, {"y": x[1:1]}, init=init)


def splits():
    x = numbers(6, 4)
    for axis in (0, -2):
        expect([node("Split", "x", "a b c", axis=axis)], {"x": x},
               dict(zip("abc", np.split(x, 3))), opset=11)
        expect([node("Split", "x", "a b c", axis=axis)], {"x": x},
               dict(zip("abc", np.split(x, 3))), opset=13)
    parts = {"a": x[:, :1], "b": x[:, 1:]}
    expect([node("Split", "x", "a b", axis=1, split=[1, 3])], {"x": x}, parts,
           opset=11)
    expect([node("Split", "x s", "a b", axis=1)], {"x": x}, parts,
           init={"s": i64(1, 3)}, opset=13)
    expect([node("Split", "x s", "a b", axis=1)], {"x": x}, parts,
           init={"s": i64(1, 3)}, opset=18)
    y = numbers(7)
    expect([node("Split", "x", "a b c", num_outputs=3)], {"x": y},
           {"a": y[:3], "b": y[3:6], "c": y[6:]}, opset=18)
    expect([node("Split", "x", "a - c", axis=0), node("Add", "a c", "y")],
           {"x": x}, {"y": x[:2] + x[4:]}, what="Split without the middle")
    expect([node("Split", "x", "a")], {"x": x}, {"a": x}, what="Split into one")
    refuse([node("Split", "x", "a b c d")], {"x": x}, list("abcd"), "equal")
    refuse([node("Split", "x s", "a b")], {"x": x}, ["a", "b"], "over",
           init={"s": i64(1, 3)})
    refuse([node("Split", "x s", "a b")], {"x": x}, ["a", "b"], "3 sizes",
           init={"s": i64(1, 3, 2)})
    refuse([node("Split", "x s", "a b")], {"x": x}, ["a", "b"], "-1",
           init={"s": i64(-1, 7)})
    refuse([node("Split", "x s", "a b")], {"x": x}, ["a", "b"], "whole numbers",
           init={"s": np.array([2, 4], np.float32)})
    refuse([node("Split", "x", "a b", num_outputs=3)], {"x": x}, ["a", "b"],
           "outputs", opset=18)


def gathers():
    x = numbers(5, 6, 4)
    cases = [(0, i64(3)), (1, np.array(-1, np.int64)), (2, i64(0, 2)),
             (-1, i64(3, 2, 1, 0)), (0, i64(4, 0, 0, 2, 3)),
             (1, i64(0, 5, 1, 4).reshape(2, 2)), (0, np.array([1], np.int32)),
             (1, i64(2).reshape(1, 1, 1))]
    for axis, index in cases:
        expect([node("Gather", "x i", "y", axis=axis)], {"x": x},
               {"y": np.take(x, index, axis)}, init={"i": index},
               what="Gather axis=%d of %s" % (axis, index.tolist()))
    expect([node("Gather", "x i", "y")], {"x": x}, {"y": x[i64(2, 0)]},
           init={"i": i64(2, 0)}, opset=6)
    refuse([node("Gather", "x i", "y")], {"x": x}, ["y"], "index 5",
           init={"i": i64(5)})
    refuse([node("Gather", "x i", "y")], {"x": x}, ["y"], "index -6",
           init={"i": i64(-6)})
    refuse([node("Gather", "x i", "y")], {"x": x, "i": i64(0)}, ["y"],
           "run time")


def repetitions():
    x = numbers(3, 1)
    for shape in ([3, 4], [2, 1, 6], [1], [3, 1], [2, 3, 4]):
        expect([node("Expand", "x s", "y")], {"x": x},
               {"y": x * np.ones(shape, np.float32)}, init={"s": i64(*shape)},
               what="Expand to %s" % shape)
    expect([node("Expand", "x s", "y")], {"x": np.array([True, False])},
           {"y": np.array([[True, False]] * 3)}, init={"s": i64(3, 2)},
           what="Expand of truth values")
    refuse([node("Expand", "x s", "y")], {"x": x}, ["y"], "'expand'",
           init={"s": i64(2, 2)})
    x = numbers(2, 3)
    for repeats in ([1, 1], [2, 1], [1, 3], [2, 2]):
        expect([node("Tile", "x r", "y")], {"x": x}, {"y": np.tile(x, repeats)},
               init={"r": i64(*repeats)}, what="Tile %s" % repeats)
    refuse([node("Tile", "x r", "y")], {"x": x}, ["y"], "'tile'",
           init={"r": i64(2)})


def running_sums():
    x = numbers(3, 5)
    for axis in (0, -1):
        for exclusive in (0, 1):
            for reverse in (0, 1):
                y = np.flip(x, axis) if reverse else x
                y = np.cumsum(y, axis) - (y if exclusive else 0)
                expect([node("CumSum", "x a", "y", exclusive=exclusive,
                             reverse=reverse)], {"x": x},
                       {"y": np.flip(y, axis) if reverse else y},
                       init={"a": np.array(axis, np.int32)},
                       what="CumSum axis=%d exclusive=%d reverse=%d" %
                       (axis, exclusive, reverse))


slices()
splits()
gathers()
repetitions()
running_sums()
finish()
