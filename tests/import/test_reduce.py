"""Reductions, ArgMax, ArgMin and Hardmax in every form; numpy is what is
right."""
from models import expect, finish, i64, node, np, numbers, refuse

REDUCTIONS = {
    "ReduceSum": np.sum,
    "ReduceMean": np.mean,
    "ReduceMax": np.max,
    "ReduceMin": np.min,
    "ReduceProd": np.prod,
    "ReduceL1": lambda x, **k: np.sum(np.abs(x), **k),
    "ReduceL2": lambda x, **k: np.sqrt(np.sum(x * x, **k)),
    "ReduceSumSquare": lambda x, **k: np.sum(x * x, **k),
    "ReduceLogSum": lambda x, **k: np.log(np.sum(x, **k)),
    "ReduceLogSumExp": lambda x, **k: np.log(np.sum(np.exp(x), **k)),
}


def reductions():
    x = np.abs(numbers(2, 3, 4)) + np.float32(0.25)
    for op, function in REDUCTIONS.items():
        since = 13 if op == "ReduceSum" else 18
        forms = ((0, 2), 0), ((1,), 1), ((-1,), 0), (None, 1)
        for axes, keep in forms if op in ("ReduceSum", "ReduceMax") else forms[:1]:
            y = function(x, axis=axes, keepdims=keep == 1)
            given = {"axes": axes} if axes else {}
            expect([node(op, "x", "y", keepdims=keep, **given)], {"x": x},
                   {"y": y}, opset=since - 1,
                   what="%s %s of opset %d" % (op, axes, since - 1))
            names = "x a" if axes else "x"
            expect([node(op, names, "y", keepdims=keep)], {"x": x}, {"y": y},
                   init={"a": i64(*axes)} if axes else {}, opset=since,
                   what="%s %s of opset %d" % (op, axes, since))


def reductions_without_axes():
    x = numbers(2, 3)
    none = np.array([], np.int64)
    for names, init in (("x", {}), ("x a", {"a": none})):
        expect([node("ReduceSum", names, "y", noop_with_empty_axes=0)], {"x": x},
               {"y": x.sum(keepdims=True)}, init=init)
        expect([node("ReduceSum", names, "y", noop_with_empty_axes=1)], {"x": x},
               {"y": x}, init=init, what="ReduceSum of nothing")
    for op, function in REDUCTIONS.items():
        y = function(np.abs(x)[..., None], axis=2)
        if op != "ReduceSum":
            expect([node(op, "x", "y", noop_with_empty_axes=1)],
                   {"x": np.abs(x)}, {"y": y}, opset=18,
                   what="%s of each element" % op)
    for op in ("ReduceL1", "ReduceL2"):
        expect([node(op, "x", "y", noop_with_empty_axes=1)], {"x": x},
               {"y": np.abs(x)}, opset=18, what="%s of negative numbers" % op)
    expect([node("ReduceMax", "x", "y")], {"x": np.float32(3).reshape(())},
           {"y": np.float32(3)}, what="ReduceMax of a number")


def long_sums_stay_exact():
    x = np.full((3, 100001), 0.1, np.float32)
    for axis, want in ((1, np.float32([10000.1] * 3)), (0, x[0] * 3)):
        expect([node("ReduceSum", "x a", "y", keepdims=0)], {"x": x}, {"y": want},
               init={"a": i64(axis)}, tolerance=1e-5,
               what="a long sum over axis %d" % axis)
    big = np.float32([[1000, 1000, 999], [-1000, -999, -1000]])
    expect([node("ReduceLogSumExp", "x", "y", axes=[1], keepdims=0)], {"x": big},
           {"y": np.float32([1000 + np.log(2 + np.exp(-1)),
                             -999 + np.log(1 + 2 * np.exp(-1))])},
           what="exponentials that overflow")


def refusals():
    x = numbers(2, 3)
    refuse([node("ReduceSum", "x a", "y")], {"x": x}, ["y"], "axis 2",
           init={"a": i64(2)})
    refuse([node("ReduceSum", "x a", "y")], {"x": x}, ["y"], "twice",
           init={"a": i64(1, -1)})
    refuse([node("ReduceSum", "x a", "y")], {"x": x, "a": i64(1)}, ["y"],
           "run time")


def places():
    x = np.float32([[1, 7, 7], [3, 0, 0]])
    for op, find, sign in (("ArgMax", np.argmax, 1), ("ArgMin", np.argmin, -1)):
        for axis in (0, -1):
            for keep in (0, 1):
                first = find(x, axis)
                last = x.shape[axis] - 1 - find(np.flip(x, axis), axis)
                for name, y in ((0, first), (1, last)):
                    y = np.expand_dims(y, axis) if keep else y
                    expect([node(op, "x", "y", axis=axis, keepdims=keep,
                                 select_last_index=name)], {"x": x},
                           {"y": y.astype(np.int64)},
                           what="%s axis=%d keepdims=%d last=%d" %
                           (op, axis, keep, name))
    expect([node("ArgMax", "x", "y")], {"x": x},
           {"y": np.argmax(x, 0).reshape(1, 3)}, opset=11)
    expect([node("ArgMax", "x", "i", keepdims=0, axis=1),
            node("Cast", "i", "y", to=1)], {"x": x},
           {"y": np.float32([1, 0])}, what="ArgMax as a number")


def hardmax():
    x = numbers(2, 3, 4)
    for axis in (0, 1, 2, -1):
        y = (np.arange(x.shape[axis]).reshape(
            [-1 if d == axis % 3 else 1 for d in range(3)]) ==
            np.expand_dims(np.argmax(x, axis), axis))
        expect([node("Hardmax", "x", "y", axis=axis)], {"x": x},
               {"y": y.astype(np.float32)}, what="Hardmax axis=%d" % axis)
    flat = x.reshape(2, 12)
    expect([node("Hardmax", "x", "y")], {"x": x},
           {"y": np.eye(12, dtype=np.float32)[flat.argmax(1)].reshape(x.shape)},
           opset=11)


reductions()
reductions_without_axes()
long_sums_stay_exact()
refusals()
places()
hardmax()
finish()
