"""Normalisations by the values themselves, losses, powers; numpy is what is
right."""
import models
from models import finish, node, np, numbers, refuse


def expect(nodes, inputs, want, **more):
    models.expect(nodes, inputs, {name: np.asarray(y, np.float32)
                                  for name, y in want.items()}, **more)


def standard(x, axes, epsilon=1e-5):
    mean = x.mean(axes, keepdims=True)
    return (x - mean) / np.sqrt(((x - mean) ** 2).mean(axes, keepdims=True)
                                + epsilon)


def both(nodes, x, weights, y, **more):
    """with the weights as constants, and as inputs"""
    expect(nodes, {"x": x}, y, init=weights, **more)
    expect(nodes, {"x": x, **weights}, y, **more)


def layer_norm():
    for shape, axis in (((2, 3, 8), -1), ((2, 3, 8), 1), ((5,), 0),
                        ((1, 4, 3, 5), 2)):
        x = numbers(*shape)
        tail = shape[axis:]
        w = {"s": numbers(*tail) + 2, "b": numbers(*tail)}
        axes = tuple(range(len(shape) + axis if axis < 0 else axis,
                           len(shape)))
        want = standard(x, axes) * w["s"] + w["b"]
        both([node("LayerNormalization", "x s b", "y", axis=axis)], x, w,
             {"y": want}, opset=17)
        mean = x.mean(axes, keepdims=True)
        inverse = 1 / np.sqrt(x.var(axes, keepdims=True) + 0.1)
        expect([node("LayerNormalization", "x s", "y m i", axis=axis,
                     epsilon=0.1)], {"x": x},
               {"y": (x - mean) * inverse * w["s"], "m": mean, "i": inverse},
               init={"s": w["s"]}, opset=17,
               what="LayerNormalization of %s with statistics" % (shape,))


def far_from_zero():
    """x^2 would lose the variance altogether"""
    x = np.float32(1000) + numbers(4, 64)
    expect([node("LayerNormalization", "x s", "y")], {"x": x},
           {"y": standard(x.astype(np.float64), (1,)).astype(np.float32)},
           init={"s": np.ones(64, np.float32)}, opset=17, tolerance=1e-3,
           what="LayerNormalization of large numbers")


def rms_norm():
    x, s = numbers(2, 3, 8), numbers(3, 8)
    rms = np.sqrt((x ** 2).mean((1, 2), keepdims=True) + 1e-5)
    both([node("RMSNormalization", "x s", "y", axis=1)], x, {"s": s},
         {"y": x / rms * s}, opset=23)


def instance_norm():
    for shape in ((1, 3, 6, 5), (2, 3, 7), (1, 3, 2, 3, 4)):
        x = numbers(*shape)
        by = (3,) + (1,) * (len(shape) - 2)
        w = {"s": numbers(3), "b": numbers(3)}
        want = (standard(x, tuple(range(2, len(shape)))) * w["s"].reshape(by)
                + w["b"].reshape(by))
        for opset in (6, 22):
            both([node("InstanceNormalization", "x s b", "y")], x, w,
                 {"y": want}, opset=opset)


def instance_norm_between_convolutions():
    x, k = numbers(1, 3, 8, 8), numbers(16, 3, 1, 1)
    w = {"s": numbers(16), "b": numbers(16)}
    want = standard(np.einsum("nchw,oc->nohw", x, k[:, :, 0, 0]), (2, 3))
    want = want * w["s"].reshape(16, 1, 1) + w["b"].reshape(16, 1, 1)
    expect([node("Conv", "x k", "c"),
            node("InstanceNormalization", "c s b", "n"),
            node("Relu", "n", "y")], {"x": x}, {"y": np.maximum(want, 0)},
           init={"k": k, **w}, what="Conv, InstanceNormalization, Relu")


def group_norm():
    x = numbers(2, 6, 3, 5)
    plain = standard(x.reshape(2, 3, 2, 3, 5), (2, 3, 4)).reshape(x.shape)
    for opset, count in ((18, 3), (21, 6)):
        w = {"s": numbers(count), "b": numbers(count)}
        s, b = (np.repeat(w[n], 6 // count).reshape(6, 1, 1) for n in "sb")
        both([node("GroupNormalization", "x s b", "y", num_groups=3)], x, w,
             {"y": plain * s + b}, opset=opset)
    refuse([node("GroupNormalization", "x s b", "y", num_groups=4)], {"x": x},
           ["y"], "'GroupNormalization'", "4 groups",
           init={"s": numbers(4), "b": numbers(4)}, opset=18)


def batch_statistics():
    x, w = numbers(4, 3, 5, 5), {n: np.abs(numbers(3)) for n in "sbmv"}
    by = (3, 1, 1)
    want = standard(x, (0, 2, 3)) * w["s"].reshape(by) + w["b"].reshape(by)
    m, v = x.mean((0, 2, 3)), x.var((0, 2, 3))
    both([node("BatchNormalization", "x s b m v", "y rm rv", training_mode=1,
               momentum=0.75)], x, w,
         {"y": want, "rm": 0.75 * w["m"] + 0.25 * m,
          "rv": 0.75 * w["v"] + 0.25 * v}, opset=15)
    expect([node("BatchNormalization", "x s b m v", "y", training_mode=1)],
           {"x": x}, {"y": want}, init=w, opset=14)


def lp_norm():
    x = numbers(3, 4)
    x[1] = 0
    for p in (1, 2):
        for axis in (0, -1):
            size = (np.abs(x) ** p).sum(axis, keepdims=True) ** (1 / p)
            with np.errstate(all="ignore"):
                want = np.where(size == 0, 0, x / size).astype(np.float32)
            expect([node("LpNormalization", "x", "y", p=p, axis=axis)],
                   {"x": x}, {"y": want}, what="LpNormalization p=%d" % p)


def mean_variance():
    x = numbers(2, 3, 4, 5)
    for axes in ((0, 2, 3), (1,)):
        want = (x - x.mean(axes, keepdims=True)) / (
            x.std(axes, keepdims=True) + 1e-9)
        given = {} if len(axes) == 3 else {"axes": axes}
        expect([node("MeanVarianceNormalization", "x", "y", **given)],
               {"x": x}, {"y": want})


def log_softmax():
    x = 10 * numbers(2, 3, 4)

    def want(x, axis):
        x = x - x.max(axis, keepdims=True)
        return x - np.log(np.exp(x).sum(axis, keepdims=True))

    for axis in (0, 1, -1):
        expect([node("LogSoftmax", "x", "y", axis=axis)], {"x": x},
               {"y": want(x, axis)})
    expect([node("LogSoftmax", "x", "y")], {"x": x},
           {"y": want(x.reshape(2, 12), 1).reshape(x.shape)}, opset=11)


def losses():
    x = numbers(3, 5, 4)
    label = (np.arange(12) * 7 % 5).reshape(3, 4).astype(np.int64)
    label[1, 2] = -7
    log_of = x - x.max(1, keepdims=True)
    log_of = log_of - np.log(np.exp(log_of).sum(1, keepdims=True))
    w = np.abs(numbers(5)) + 0.5
    for ignore in (None, -7, 2):
        for weight in (False, True):
            hit = label[:, None] == np.arange(5)[:, None]
            by = (hit * (w[:, None] if weight else 1)).sum(1)
            if not weight:
                by = np.ones(label.shape)
            if ignore is not None:
                by = by * (label != ignore)
            loss = -(hit * log_of).sum(1) * by
            given = {} if ignore is None else {"ignore_index": ignore}
            for how, want in (("none", loss), ("sum", loss.sum()),
                              ("mean", loss.sum() / by.sum())):
                for kind in (np.int64, np.int32) if how == "none" else (np.int64,):
                    expect([node("SoftmaxCrossEntropyLoss",
                                 "x l w" if weight else "x l", "y p",
                                 reduction=how, **given)],
                           {"x": x, "l": label.astype(kind)},
                           {"y": np.float32(want), "p": log_of},
                           init={"w": w} if weight else {})
                expect([node("NegativeLogLikelihoodLoss",
                             "x l w" if weight else "x l", "y",
                             reduction=how, **given)],
                       {"x": log_of, "l": label, **({"w": w} if weight else {})},
                       {"y": np.float32(want)})
    refuse([node("NegativeLogLikelihoodLoss", "x l", "y")],
           {"x": x, "l": label[:, :3].copy()}, ["y"], "labels")


def powers():
    x = np.abs(numbers(3, 4)) + 0.5
    for exponent in (2.0, 3.0, 0.5, -0.5, -1.0, 1.0, 0.0, 1.7):
        for kind in (np.float32, np.int64):
            if kind is np.int64 and exponent != int(exponent):
                continue
            expect([node("Pow", "x e", "y"), node("Identity", "y", "z")],
                   {"x": x}, {"z": x ** np.float32(exponent)},
                   init={"e": np.array(exponent).astype(kind)},
                   what="Pow by %g" % exponent)
    e = numbers(4)
    expect([node("Pow", "x e", "y")], {"x": x, "e": e}, {"y": x ** e})
    expect([node("Pow", "x e", "y")], {"x": x}, {"y": x ** np.arange(4)},
           init={"e": np.arange(4)}, what="Pow by whole numbers")
    refuse([node("Pow", "x e", "y")], {"x": x}, ["y"], "'Pow'", "opset 12",
           init={"e": np.arange(4)}, opset=11)
    expect([node("Pow", "x e", "y", broadcast=1, axis=0)],
           {"x": x, "e": e[:3].copy()}, {"y": x ** e[:3, None]}, opset=6)
    wide = np.full((1, 1, 1), 2, np.float32)
    expect([node("Pow", "x e", "y")], {"x": x}, {"y": x ** wide},
           init={"e": wide}, what="Pow that widens x")


def remainders():
    x, y = 5 * numbers(3, 4), numbers(4)
    expect([node("Mod", "x y", "z", fmod=1)], {"x": x, "y": y},
           {"z": np.fmod(x, y)})
    refuse([node("Mod", "x y", "z")], {"x": x, "y": y}, ["z"], "fmod=1")


def slopes():
    x = numbers(2, 3, 4, 5)
    for shape, opset in (((3, 1, 1), 9), ((1,), 9), ((5,), 9), ((3,), 6)):
        s = numbers(*shape)
        by = s.reshape(3, 1, 1) if opset == 6 else s
        both([node("PRelu", "x s", "y")], x, {"s": s},
             {"y": np.where(x < 0, x * by, x)}, opset=opset)
    refuse([node("PRelu", "x s", "y")], {"x": numbers(3)}, ["y"], "slopes",
           init={"s": numbers(2, 3)})


layer_norm()
far_from_zero()
rms_norm()
instance_norm()
instance_norm_between_convolutions()
group_norm()
batch_statistics()
lp_norm()
mean_variance()
log_softmax()
losses()
powers()
remainders()
slopes()
finish()
