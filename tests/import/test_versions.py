"""Operators that changed from opset to opset mean what their opset says."""
from models import expect, finish, i64, node, np, numbers, refuse

x = numbers(2, 3, 4)


def softmax(a, axes):
    e = np.exp(a - a.max(axes, keepdims=True))
    return e / e.sum(axes, keepdims=True)


def softmax_of_a_matrix_or_along_an_axis():
    for opset in (6, 9, 11, 12):
        expect([node("Softmax", "x", "y")], {"x": x}, {"y": softmax(x, (1, 2))},
               opset=opset)
        expect([node("Softmax", "x", "y", axis=0)], {"x": x},
               {"y": softmax(x, (0, 1, 2))}, opset=opset)
        expect([node("Softmax", "x", "y", axis=2)], {"x": x},
               {"y": softmax(x, 2)}, opset=opset)
    for opset in (13, 17):
        expect([node("Softmax", "x", "y")], {"x": x}, {"y": softmax(x, 2)},
               opset=opset)
        expect([node("Softmax", "x", "y", axis=1)], {"x": x},
               {"y": softmax(x, 1)}, opset=opset)


def clip_by_attributes_or_inputs():
    lo, hi = np.float32(-0.5), np.float32(1.25)
    expect([node("Clip", "x", "y", min=-0.5, max=1.25)], {"x": x},
           {"y": x.clip(-0.5, 1.25)}, opset=10)
    expect([node("Clip", "x", "y", min=0.0)], {"x": x}, {"y": x.clip(0)},
           opset=6)
    expect([node("Clip", "x lo hi", "y")], {"x": x}, {"y": x.clip(lo, hi)},
           init={"lo": lo, "hi": hi}, opset=11)
    expect([node("Clip", "x - hi", "y")], {"x": x}, {"y": x.clip(None, hi)},
           init={"hi": hi})
    expect([node("Clip", "x", "y")], {"x": x}, {"y": x})
    expect([node("Clip", "x lo hi", "y")], {"x": x, "lo": lo, "hi": hi},
           {"y": x.clip(lo, hi)}, what="Clip by limits at run time")
    refuse([node("Clip", "x", "y", min=0.0)], {"x": x}, ["y"], "'min'", opset=11)


def squeeze_by_attributes_or_inputs():
    a = x.reshape(1, 2, 1, 12)
    for opset, kw in ((6, True), (11, True), (13, False), (21, False)):
        axes = "" if kw else " axes"
        init = {} if kw else {"axes": i64(0)}
        attr = {"axes": [0]} if kw else {}
        expect([node("Squeeze", "x" + axes, "y", **attr)], {"x": a},
               {"y": a[0]}, init=init, opset=opset)
        expect([node("Unsqueeze", "x" + axes, "y", **attr)], {"x": x},
               {"y": x[None]}, init=init, opset=opset)
    expect([node("Squeeze", "x", "y")], {"x": a}, {"y": a.reshape(2, 12)})
    expect([node("Unsqueeze", "x axes", "y")], {"x": x},
           {"y": x.reshape(2, 3, 1, 4, 1)}, init={"axes": i64(-1, 2)})
    refuse([node("Squeeze", "x axes", "y")], {"x": a}, ["y"], "'Squeeze'",
           "[1, 2, 1, 12]", init={"axes": i64(1)})
    refuse([node("Unsqueeze", "x axes", "y")], {"x": a}, ["y"], "twice",
           init={"axes": i64(1, 1)})


def reshape():
    expect([node("Reshape", "x s", "y")], {"x": x}, {"y": x.reshape(2, 12)},
           init={"s": i64(0, -1)})
    expect([node("Reshape", "x s", "y", allowzero=1)], {"x": x},
           {"y": x.reshape(24)}, init={"s": i64(24)}, opset=14)
    refuse([node("Reshape", "x s", "y", allowzero=1)], {"x": x}, ["y"],
           "'Reshape'", init={"s": i64(0, -1)}, opset=14)
    refuse([node("Reshape", "x s", "y")], {"x": x}, ["y"], "'Reshape'",
           init={"s": i64(-1, -1)})


def flatten():
    a = numbers(2, 3, 4, 5)
    for axis in range(5):
        n = int(np.prod(a.shape[:axis]))
        expect([node("Flatten", "x", "y", axis=axis)], {"x": a},
               {"y": a.reshape(n, -1)}, opset=9)
    expect([node("Flatten", "x", "y", axis=-1)], {"x": a},
           {"y": a.reshape(24, 5)}, opset=11)
    refuse([node("Flatten", "x", "y", axis=-1)], {"x": a}, ["y"], "axis=-1",
           opset=9)


def broadcasting_of_opset_6():
    a = numbers(2, 3, 4, 5)
    expect([node("Add", "x b", "y", broadcast=1, axis=1)], {"x": a},
           {"y": a + numbers(3, 4)[:, :, None]}, init={"b": numbers(3, 4)},
           opset=6)
    expect([node("Mul", "x b", "y", broadcast=1)], {"x": a},
           {"y": a * numbers(5)}, init={"b": numbers(5)}, opset=6)
    expect([node("Sub", "x b", "y", broadcast=1, axis=0)], {"x": a},
           {"y": a - numbers(2)[:, None, None, None]}, init={"b": numbers(2)},
           opset=6)
    refuse([node("Add", "x b", "y", broadcast=1)], {"x": a}, ["y"],
           "'broadcast'", init={"b": numbers(5)}, opset=7)


def batchnorm():
    a = numbers(2, 3, 4, 5)
    init = {"s": numbers(3) + 3, "b": numbers(3), "m": numbers(3),
            "v": np.abs(numbers(3)) + 1}

    def norm(a):
        by = (-1,) + (1,) * (a.ndim - 2)
        s, b, m, v = (init[k].reshape(by) for k in "sbmv")
        return (a - m) / np.sqrt(v + 1e-3) * s + b

    for opset, given in ((6, {"is_test": 1, "spatial": 1}), (7, {}),
                         (9, {"momentum": 0.5}), (14, {"training_mode": 0}),
                         (15, {})):
        for shape in ((2, 3, 4, 5), (2, 3), (2, 3, 7)):
            expect([node("BatchNormalization", "x s b m v", "y", epsilon=1e-3,
                         **given)], {"x": numbers(*shape)},
                   {"y": norm(numbers(*shape))}, init=init, opset=opset)
    expect([node("BatchNormalization", "x s b m v", "y", epsilon=1e-3)],
           {"x": a, **init}, {"y": norm(a)}, what="BatchNormalization by inputs")


def dropout():
    for opset in (7, 10, 12, 13):
        expect([node("Dropout", "x", "y")], {"x": x}, {"y": x}, opset=opset)
    expect([node("Dropout", "x", "y", ratio=0.3)], {"x": x}, {"y": x}, opset=10)
    expect([node("Dropout", "x r", "y", seed=7)], {"x": x}, {"y": x},
           init={"r": np.float32(0.3)})
    expect([node("Dropout", "x", "y m")], {"x": x},
           {"y": x, "m": np.ones(x.shape, bool)}, what="Dropout with its mask")
    refuse([node("Dropout", "x", "y m")], {"x": x},
           {"y": x, "m": np.ones(x.shape, np.float32)}, "'Dropout'", "mask",
           opset=7)
    expect([node("Dropout", "x r t", "y")], {"x": x}, {"y": x},
           init={"r": np.float32(0), "t": np.array(True)},
           what="Dropout of nothing, in training")


def lists_of_operands():
    a, b, c = numbers(2, 3), numbers(3) * 2, numbers(2, 1) - 1
    for op, want in (("Sum", a + b + c), ("Mean", (a + b + c) / 3),
                     ("Max", np.maximum(np.maximum(a, b), c)),
                     ("Min", np.minimum(np.minimum(a, b), c))):
        expect([node(op, "a b c", "y")], {"a": a, "b": b, "c": c}, {"y": want})
        expect([node(op, "a", "y")], {"a": a}, {"y": a}, what=op + " of one")


def transposes():
    a = numbers(2, 3, 4)
    expect([node("Transpose", "x", "y")], {"x": a}, {"y": a.T})
    expect([node("Transpose", "x", "y", perm=[1, 0, 2])], {"x": a},
           {"y": a.transpose(1, 0, 2)})
    refuse([node("Transpose", "x", "y", perm=[0, 0, 1])], {"x": a}, ["y"],
           "'perm'")


for test in list(globals().values()):
    if callable(test) and getattr(test, "__module__", "") == "__main__" and \
            test is not softmax:
        test()
finish()
