"""Conv and pools: every attribute against plain loops of this file."""
import os

from models import check, expect, finish, folder, node, np, numbers, refuse


def pads_of(auto, size, kernel, stride, dilation):
    if auto == "VALID":
        return 0, 0
    total = max((-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1
                - size, 0)
    small, large = total // 2, total - total // 2
    return (small, large) if auto == "SAME_UPPER" else (large, small)


def windows(x, kernel, strides, dilations, pads, fill, ceil=False):
    """[n, c, oh, ow, kh, kw]: what lies under each window."""
    x = np.pad(x, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])),
               constant_values=fill)
    out = []
    for d in range(2):
        slack = x.shape[2 + d] - (kernel[d] - 1) * dilations[d] - 1
        n = (-(-slack // strides[d]) if ceil else slack // strides[d]) + 1
        if ceil and (n - 1) * strides[d] >= x.shape[2 + d] - pads[2 + d]:
            n -= 1
        out.append(n)
    more = 64
    x = np.pad(x, ((0, 0), (0, 0), (0, more), (0, more)), constant_values=fill)
    y = np.empty(x.shape[:2] + tuple(out) + tuple(kernel), x.dtype)
    for oh in range(out[0]):
        for ow in range(out[1]):
            for kh in range(kernel[0]):
                for kw in range(kernel[1]):
                    y[:, :, oh, ow, kh, kw] = x[
                        :, :, oh * strides[0] + kh * dilations[0],
                        ow * strides[1] + kw * dilations[1]]
    return y


def conv(x, w, b=None, strides=(1, 1), dilations=(1, 1), pads=(0, 0, 0, 0),
         group=1):
    oc, c = w.shape[:2]
    y = windows(x, w.shape[2:], strides, dilations, pads, 0)
    y = np.concatenate([
        np.einsum("nchwij,ocij->nohw", y[:, g * c:(g + 1) * c],
                  w[g * oc // group:(g + 1) * oc // group])
        for g in range(group)], 1)
    return y if b is None else y + b.reshape(1, -1, 1, 1)


x, w, b = numbers(1, 4, 9, 10), numbers(6, 4, 3, 2), numbers(6)


def conv_attributes():
    expect([node("Conv", "x w", "y")], {"x": x}, {"y": conv(x, w)},
           init={"w": w})
    for given in ({"strides": (2, 3)}, {"dilations": (2, 1)},
                  {"pads": (1, 0, 2, 1)},
                  {"strides": (2, 1), "dilations": (1, 3), "pads": (0, 3, 1, 2)}):
        expect([node("Conv", "x w b", "y", kernel_shape=[3, 2], **given)],
               {"x": x}, {"y": conv(x, w, b, **given)},
               init={"w": w, "b": b}, what="Conv %s" % given)
    for group, channels in ((2, 2), (4, 1)):
        v = numbers(8, channels, 3, 3)
        expect([node("Conv", "x w", "y", group=group)], {"x": x},
               {"y": conv(x, v, group=group)}, init={"w": v},
               what="Conv group=%d" % group)


def auto_pad():
    for auto in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        for strides in ((1, 1), (2, 3)):
            for kernel in ((3, 2), (4, 5)):
                v = numbers(2, 4, *kernel)
                ph = pads_of(auto, 9, kernel[0], strides[0], 1)
                pw = pads_of(auto, 10, kernel[1], strides[1], 1)
                pads = (ph[0], pw[0], ph[1], pw[1])
                expect([node("Conv", "x w", "y", auto_pad=auto,
                             strides=strides)],
                       {"x": x}, {"y": conv(x, v, None, strides, pads=pads)},
                       init={"w": v}, what="Conv auto_pad=%s %s %s" % (
                           auto, strides, kernel))
        under = windows(x, (3, 3), (2, 2), (1, 1),
                        sum(zip(pads_of(auto, 9, 3, 2, 1),
                                pads_of(auto, 10, 3, 2, 1)), ()), -np.inf)
        expect([node("MaxPool", "x", "y", kernel_shape=[3, 3], strides=[2, 2],
                     auto_pad=auto)],
               {"x": x}, {"y": under.max((4, 5))},
               what="MaxPool auto_pad=" + auto)
    refuse([node("Conv", "x w", "y", auto_pad="VALID", pads=[1, 1, 1, 1])],
           {"x": x}, ["y"], "'auto_pad'", "'pads'", init={"w": w})


def a_batch_and_one_dimension():
    many = numbers(3, 4, 6, 5)
    expect([node("Conv", "x w b", "y")], {"x": many}, {"y": conv(many, w, b)},
           init={"w": w, "b": b}, what="Conv of a batch")
    line, v = numbers(2, 4, 12), numbers(5, 4, 3)
    want = conv(line[:, :, None], v[:, :, None], strides=(1, 2),
                pads=(0, 1, 0, 2))[:, :, 0]
    expect([node("Conv", "x w", "y", strides=[2], pads=[1, 2])], {"x": line},
           {"y": want}, init={"w": v}, what="Conv of a sequence")
    expect([node("MaxPool", "x", "y", kernel_shape=[3], strides=[2])],
           {"x": line},
           {"y": windows(line[:, :, None], (1, 3), (1, 2), (1, 1), [0] * 4,
                         0)[:, :, 0].max((3, 4))}, what="MaxPool of a sequence")
    expect([node("GlobalAveragePool", "x", "y")], {"x": line},
           {"y": line.mean(2, keepdims=True)})
    expect([node("GlobalMaxPool", "x", "y")], {"x": many},
           {"y": many.max((2, 3), keepdims=True)})


def weights_at_run_time():
    expect([node("Conv", "x w b", "y", pads=[1, 1, 1, 1])],
           {"x": x, "w": w, "b": b},
           {"y": conv(x, w, b, pads=(1, 1, 1, 1))},
           what="Conv with weights at run time")


def pool_strides_are_one_by_default():
    under = windows(x, (2, 3), (1, 1), (1, 1), [0] * 4, 0)
    for opset in (6, 9, 12):
        expect([node("MaxPool", "x", "y", kernel_shape=[2, 3])], {"x": x},
               {"y": under.max((4, 5))}, opset=opset)
        expect([node("AveragePool", "x", "y", kernel_shape=[2, 3])], {"x": x},
               {"y": under.mean((4, 5))}, opset=opset)


def pool_padding():
    pads = [1, 0, 1, 1]
    inside = windows(np.ones_like(x), (3, 2), (2, 2), (1, 1), pads, 0)
    under = windows(x, (3, 2), (2, 2), (1, 1), pads, 0)
    given = {"kernel_shape": [3, 2], "strides": [2, 2], "pads": pads}
    expect([node("AveragePool", "x", "y", **given)], {"x": x},
           {"y": under.sum((4, 5)) / inside.sum((4, 5))},
           what="AveragePool without the padding")
    expect([node("AveragePool", "x", "y", count_include_pad=1, **given)],
           {"x": x}, {"y": under.mean((4, 5))},
           what="AveragePool with the padding")


def ceil_mode():
    for kernel, strides, pads in (((3, 3), (2, 2), (0, 0, 0, 0)),
                                  ((2, 2), (2, 3), (0, 0, 0, 0)),
                                  ((3, 2), (2, 3), (1, 0, 1, 1))):
        under = windows(x, kernel, strides, (1, 1), pads, -np.inf, True)
        expect([node("MaxPool", "x", "y", kernel_shape=kernel, strides=strides,
                     pads=pads, ceil_mode=1)], {"x": x},
               {"y": under.max((4, 5))},
               what="MaxPool ceil_mode=1 %s %s" % (kernel, strides))


def powers():
    """However high, they are no more code."""
    size = {}
    for p in (1, 2, 3, 7, 33, 4000, 65536):
        under = np.abs(windows(x, (2, 2), (1, 1), (1, 1), (0, 0, 0, 0), 0,
                               False)).astype(np.float64)
        most = under.max((4, 5), keepdims=True)
        norm = most[..., 0, 0] * ((under / most) ** p).sum((4, 5)) ** (1 / p)
        expect([node("LpPool", "x", "y", kernel_shape=[2, 2], p=p)], {"x": x},
               {"y": norm.astype(np.float32)}, what="LpPool p=%d" % p)
        size[p] = os.path.getsize(os.path.join(folder, "model.c"))
    check(size[65536] <= size[33] + 100, "code of p=65536", str(size))


def what_cannot_be_a_window():
    refuse([node("MaxPool", "x", "y")], {"x": x}, ["y"], "'kernel_shape'")
    refuse([node("MaxPool", "x", "y", kernel_shape=[20, 2])], {"x": x}, ["y"],
           "20x2", "MaxPool")
    refuse([node("GlobalMaxPool", "x", "y")], {"x": numbers(2, 3)}, ["y"],
           "'GlobalMaxPool'", "[2, 3]")


for test in list(globals().values()):
    if callable(test) and getattr(test, "__module__", "") == "__main__" and \
            test not in (pads_of, windows, conv):
        test()
finish()
