"""Pools of volumes, [n, c, d, h, w], against the windows one by one."""
import itertools

from models import expect, finish, node, np, numbers, refuse

x = numbers(2, 3, 5, 6, 7)
AVERAGE, MOST, NORM = "AveragePool", "MaxPool", "LpPool"


def windows(n, kernel, stride, dilation, begin, end, ceil):
    """For each output: the taps within begin + n + end."""
    slack = n + begin + end - (kernel - 1) * dilation - 1
    count = slack // stride + 1
    if ceil and slack % stride and count * stride < n + begin:
        count += 1
    for o in range(count):
        taps = [o * stride + t * dilation - begin for t in range(kernel)]
        yield [t for t in taps if t < n + end]


def pool(op, x, kernel, strides=(1, 1, 1), dilations=(1, 1, 1),
         pads=(0,) * 6, ceil_mode=0, count_include_pad=0, p=2):
    lists = [list(windows(x.shape[2 + i], kernel[i], strides[i], dilations[i],
                          pads[i], pads[3 + i], ceil_mode)) for i in range(3)]
    y = np.zeros(x.shape[:2] + tuple(map(len, lists)))
    for at in itertools.product(*(range(len(w)) for w in lists)):
        taps = [lists[i][at[i]] for i in range(3)]
        kept = [[t for t in taps[i] if 0 <= t < x.shape[2 + i]]
                for i in range(3)]
        box = x[(slice(None), slice(None)) + tuple(np.ix_(*kept))].astype(
            np.float64).reshape(x.shape[:2] + (-1,))
        count = np.prod([len(t) for t in
                         (taps if count_include_pad else kept)])
        y[(slice(None), slice(None)) + at] = {
            MOST: lambda: box.max(2), AVERAGE: lambda: box.sum(2) / count,
            NORM: lambda: (np.abs(box) ** p).sum(2) ** (1 / p)}[op]()
    return y.astype(np.float32)


def one(op, kernel, opset=19, x=x, **how):
    expect([node(op, "x", "y", kernel_shape=kernel, **how)], {"x": x},
           {"y": pool(op, x, kernel, **how)}, opset=opset,
           what="%s %s %s" % (op, kernel, how))


def every_attribute():
    for op in (MOST, AVERAGE, NORM):
        one(op, [2, 3, 1])
        one(op, [2, 3, 2], strides=[2, 1, 3])
        one(op, [3, 2, 3], pads=[1, 0, 2, 1, 1, 0], strides=[2, 2, 2])
        one(op, [2, 2, 2], dilations=[2, 3, 1])
        one(op, [2, 2, 3], strides=[2, 4, 3], ceil_mode=1)
    one(AVERAGE, [3, 2, 3], pads=[1, 0, 2, 1, 1, 0], count_include_pad=1)
    one(NORM, [2, 2, 2], p=3)
    one(NORM, [2, 2, 2], opset=11, p=1)
    one(MOST, [2, 2, 2], opset=8, strides=[2, 2, 2])


def padded_to_the_same_size():
    for auto, pads in (("SAME_UPPER", [1, 0, 0, 1, 1, 1]),
                       ("SAME_LOWER", [1, 1, 1, 1, 0, 0])):
        expect([node(MOST, "x", "y", kernel_shape=[3, 2, 2], auto_pad=auto)],
               {"x": x}, {"y": pool(MOST, x, [3, 2, 2], pads=pads)})
    expect([node(MOST, "x", "y", kernel_shape=[3, 2, 2], auto_pad="VALID")],
           {"x": x}, {"y": pool(MOST, x, [3, 2, 2])})


def the_whole():
    for shape in ((2, 3, 4, 2, 3), (1, 2, 3, 2, 2, 2)):
        v = numbers(*shape)
        axes = tuple(range(2, v.ndim))
        for op, want in (
                ("Average", v.mean(axes, keepdims=True)),
                ("Max", v.max(axes, keepdims=True)),
                ("Lp", np.sqrt((v ** 2).sum(axes, keepdims=True)))):
            expect([node("Global%sPool" % op, "x", "y")], {"x": v},
                   {"y": want}, what="Global%sPool of %s" % (op, shape))


def refusals():
    def no(*words, x=x, opset=19, **how):
        refuse([node(MOST, "x", "y", **how)], {"x": x}, ["y"], "MaxPool",
               *words, opset=opset)
    no("'kernel_shape'")
    no("3 numbers", kernel_shape=[2, 2])
    no("'pads'", kernel_shape=[2, 2, 2], pads=[0, 0, 0, 0, 0, -1])
    no("'auto_pad'", kernel_shape=[2, 2, 2], pads=[1] * 6,
       auto_pad="SAME_UPPER")
    no("'dilations'", kernel_shape=[2, 2, 2], dilations=[1, 1, 1], opset=8)
    no("9x1", kernel_shape=[9, 2, 2])
    no("[1, 1, 2, 2, 2, 2]", x=numbers(1, 1, 2, 2, 2, 2),
       kernel_shape=[1, 1, 1, 1])


for test in (every_attribute, padded_to_the_same_size, the_whole, refusals):
    test()
finish()
