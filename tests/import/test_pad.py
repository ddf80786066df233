"""Pad in every mode, for every dimension; numpy.pad is what is right."""
from models import expect, finish, i64, node, np, numbers, refuse

MODES = {"constant": "constant", "edge": "edge", "reflect": "reflect",
         "wrap": "wrap"}


def split(x, pads):
    return [(pads[d], pads[d + x.ndim]) for d in range(x.ndim)]


def borders():
    for shape, pads in (((1, 2, 4, 5), (0, 0, 1, 2, 0, 0, 3, 0)),
                        ((2, 3, 4, 5), (1, 0, 1, 2, 0, 1, 3, 2)),
                        ((4, 5), (1, 0, 2, 3)), ((6,), (2, 4)),
                        ((2, 3, 4), (0, 2, 1, 0, 0, 3))):
        x = numbers(*shape)
        for mode in MODES:
            expect([node("Pad", "x p", "y", mode=mode)], {"x": x},
                   {"y": np.pad(x, [(min(b, n - 1), min(e, n - 1))
                                    for (b, e), n in zip(split(x, pads), shape)],
                                mode=MODES[mode])},
                   init={"p": i64(*[min(p, shape[i % len(shape)] - 1)
                                    for i, p in enumerate(pads)])}, opset=19,
                   what="Pad %s of %s" % (mode, shape))


def the_value():
    x = numbers(2, 3)
    want = np.pad(x, ((1, 0), (0, 2)), constant_values=1.5)
    expect([node("Pad", "x p v", "y")], {"x": x}, {"y": want},
           init={"p": i64(1, 0, 0, 2), "v": np.float32(1.5)})
    expect([node("Pad", "x", "y", pads=[1, 0, 0, 2], value=1.5)], {"x": x},
           {"y": want}, opset=6)
    expect([node("Pad", "x p v a", "y")], {"x": x},
           {"y": np.pad(x, ((0, 0), (2, 1)), constant_values=1.5)},
           init={"p": i64(2, 1), "v": np.float32(1.5), "a": i64(-1)}, opset=18)


def axes_stand_in_any_order():
    x = numbers(2, 3, 4, 5)
    expect([node("Pad", "x p - a", "y")], {"x": x},
           {"y": np.pad(x, ((0, 0), (3, 4), (1, 2), (0, 5)))},
           init={"p": i64(1, 3, 0, 2, 4, 5), "a": i64(2, -3, 3)}, opset=18)


def what_is_negative_is_cut_off():
    x = numbers(3, 6)
    expect([node("Pad", "x p", "y")], {"x": x},
           {"y": np.pad(x, ((0, 2), (1, 0)))[1:, :-3]},
           init={"p": i64(-1, 1, 2, -3)})
    expect([node("Pad", "x", "y", pads=[0, -1, 0, -2])], {"x": x},
           {"y": x[:, 1:-2]}, opset=9)
    refuse([node("Pad", "x p", "y")], {"x": x}, ["y"], "'Pad'", "[3, 6]",
           init={"p": i64(-1, 0, -2, 0)})


def nothing_to_pad():
    expect([node("Pad", "x p", "y")], {"x": numbers(2, 3)},
           {"y": numbers(2, 3)}, init={"p": i64(0, 0, 0, 0)})


def what_is_not_possible():
    x = numbers(2, 3)
    refuse([node("Pad", "x p", "y", mode="reflect")], {"x": x}, ["y"], "'Pad'",
           "border", init={"p": i64(0, 3, 0, 0)})
    refuse([node("Pad", "x p", "y", mode="wrap")], {"x": x}, ["y"], "'wrap'",
           init={"p": i64(0, 3, 0, 0)}, opset=18)
    refuse([node("Pad", "x p", "y")], {"x": x}, ["y"], "4 numbers",
           init={"p": i64(0, 3, 0)})
    refuse([node("Pad", "x p", "y")], {"x": x}, ["y"], "'Pad'",
           init={"p": i64(0, 1 << 62, 0, 1 << 62)})


for test in list(globals().values()):
    if callable(test) and getattr(test, "__module__", "") == "__main__" and \
            test is not split:
        test()
finish()
