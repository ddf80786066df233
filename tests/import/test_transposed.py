"""ConvTranspose, dilated pools and LpPool against plain loops of this file."""
from models import expect, finish, node, np, numbers, refuse


def scattered(x, w, b, strides, dilations, group, size):
    """Every pixel through every tap, before anything is cut off."""
    n, c, h, wide = x.shape
    more, kh, kw = w.shape[1:]
    y = np.zeros((n, more * group) + tuple(size), np.float64)
    for g in range(group):
        part = slice(g * c // group, (g + 1) * c // group)
        for i in range(kh):
            for j in range(kw):
                to = np.einsum("nchw,co->nohw", x[:, part].astype(np.float64),
                               w[part, :, i, j].astype(np.float64))
                y[:, g * more:(g + 1) * more,
                  i * dilations[0]:i * dilations[0] + h * strides[0]:strides[0],
                  j * dilations[1]:j * dilations[1] + wide * strides[1]:
                  strides[1]] += to
    return y if b is None else y + b.reshape(1, -1, 1, 1)


def transposed(x, w, b=None, strides=(1, 1), dilations=(1, 1),
               pads=(0, 0, 0, 0), group=1, output_padding=(0, 0)):
    reach = [(x.shape[2 + d] - 1) * strides[d] +
             (w.shape[2 + d] - 1) * dilations[d] + 1 for d in range(2)]
    y = scattered(x, w, b, strides, dilations, group,
                  [r + o + s for r, o, s in zip(reach, output_padding, strides)])
    end = [reach[d] + output_padding[d] - pads[2 + d] for d in range(2)]
    return y[:, :, pads[0]:end[0], pads[1]:end[1]].astype(np.float32)


x, w, b = numbers(1, 4, 5, 6), numbers(4, 3, 3, 2), numbers(3)


def attributes():
    expect([node("ConvTranspose", "x w", "y")], {"x": x},
           {"y": transposed(x, w)}, init={"w": w})
    for given in ({"strides": (2, 3)}, {"dilations": (2, 3)},
                  {"pads": (1, 0, 2, 1)}, {"strides": (2, 2), "pads": (1, 1, 0, 0)},
                  {"strides": (3, 4), "output_padding": (2, 1)},
                  {"strides": (2, 3), "dilations": (3, 2), "pads": (1, 2, 0, 1),
                   "output_padding": (1, 1)}):
        expect([node("ConvTranspose", "x w b", "y", kernel_shape=[3, 2],
                     **given)],
               {"x": x}, {"y": transposed(x, w, b, **given)},
               init={"w": w, "b": b}, what="ConvTranspose %s" % given)
    for group in (2, 4):
        expect([node("ConvTranspose", "x w", "y", group=group, strides=[2, 2])],
               {"x": x}, {"y": transposed(x, w, strides=(2, 2), group=group)},
               init={"w": w}, what="ConvTranspose group=%d" % group)


def cut_to(wanted, upper, **given):
    """pads for an output of that size"""
    pads = [0] * 4
    for d in range(2):
        total = ((x.shape[2 + d] - 1) * given["strides"][d] +
                 (w.shape[2 + d] - 1) + 1 - wanted[d])
        assert total >= 0
        pads[d] = total // 2 if upper else total - total // 2
        pads[2 + d] = total - pads[d]
    return pads


def the_size_of_the_output():
    for auto in (None, "SAME_UPPER", "SAME_LOWER"):
        some = {"auto_pad": auto} if auto else {}
        for wanted in ((10, 6), (9, 7), (11, 6)):
            pads = cut_to(wanted, auto == "SAME_UPPER", strides=(2, 1))
            expect([node("ConvTranspose", "x w", "y", strides=[2, 1],
                         output_shape=wanted, **some)], {"x": x},
                   {"y": transposed(x, w, strides=(2, 1), pads=pads)},
                   init={"w": w},
                   what="ConvTranspose output_shape=%s %s" % (wanted, auto))
        if auto:
            pads = cut_to((10, 6), auto == "SAME_UPPER", strides=(2, 1))
            expect([node("ConvTranspose", "x w", "y", strides=[2, 1], **some)],
                   {"x": x}, {"y": transposed(x, w, strides=(2, 1), pads=pads)},
                   init={"w": w}, what="ConvTranspose auto_pad=" + auto)
    expect([node("ConvTranspose", "x w", "y", auto_pad="VALID",
                 strides=[2, 2])], {"x": x},
           {"y": transposed(x, w, strides=(2, 2))}, init={"w": w})


def batches_lines_and_weights_at_run_time():
    many = numbers(3, 4, 4, 3)
    expect([node("ConvTranspose", "x w b", "y", strides=[2, 2])],
           {"x": many, "w": w, "b": b},
           {"y": transposed(many, w, b, strides=(2, 2))},
           what="ConvTranspose of a batch with weights at run time")
    expect([node("ConvTranspose", "x w", "y", strides=[2, 1], group=2)],
           {"x": x, "w": w}, {"y": transposed(x, w, strides=(2, 1), group=2)},
           what="ConvTranspose of groups with weights at run time")
    line, v = numbers(2, 4, 7), numbers(4, 2, 3)
    want = transposed(line[:, :, None], v[:, :, None], strides=(1, 3),
                      pads=(0, 1, 0, 0), output_padding=(0, 2))[:, :, 0]
    expect([node("ConvTranspose", "x w", "y", strides=[3], pads=[1, 0],
                 output_padding=[2])], {"x": line}, {"y": want}, init={"w": v},
           what="ConvTranspose of a sequence")


def an_activation_behind():
    expect([node("ConvTranspose", "x w b", "t", strides=[2, 2]),
            node("Relu", "t", "y")], {"x": x},
           {"y": np.maximum(transposed(x, w, b, strides=(2, 2)), 0)},
           init={"w": w, "b": b})


def under(x, kernel, strides, dilations, pads, fill):
    """[n, c, oh, ow, kh, kw]"""
    x = np.pad(x, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])),
               constant_values=fill)
    out = [(x.shape[2 + d] - (kernel[d] - 1) * dilations[d] - 1) // strides[d]
           + 1 for d in range(2)]
    taps = [[x[:, :, i * dilations[0]:, j * dilations[1]:]
             [:, :, :(out[0] - 1) * strides[0] + 1:strides[0],
              :(out[1] - 1) * strides[1] + 1:strides[1]]
             for j in range(kernel[1])] for i in range(kernel[0])]
    return np.moveaxis(np.array(taps), (0, 1), (4, 5))


def dilated_pools():
    image = numbers(2, 3, 9, 10)
    for kernel, strides, dilations, pads in (
            ((2, 3), (1, 1), (2, 2), (0, 0, 0, 0)),
            ((3, 2), (2, 1), (2, 3), (1, 1, 2, 0)),
            ((2, 2), (2, 3), (3, 4), (1, 0, 0, 1))):
        given = {"kernel_shape": kernel, "strides": strides,
                 "dilations": dilations, "pads": pads}
        most = under(image, kernel, strides, dilations, pads, -np.inf)
        some = under(image, kernel, strides, dilations, pads, 0)
        here = under(np.ones_like(image), kernel, strides, dilations, pads, 0)
        expect([node("MaxPool", "x", "y", **given)], {"x": image},
               {"y": most.max((4, 5))}, what="MaxPool %s" % given)
        expect([node("AveragePool", "x", "y", **given)], {"x": image},
               {"y": some.sum((4, 5)) / here.sum((4, 5))}, opset=19,
               what="AveragePool %s" % given)
        expect([node("AveragePool", "x", "y", count_include_pad=1, **given)],
               {"x": image}, {"y": some.mean((4, 5))}, opset=19,
               what="AveragePool with padding %s" % given)


def norms():
    image = numbers(2, 3, 7, 8)
    for p in (1, 2, 3):
        some = np.abs(under(image, (3, 2), (2, 1), (1, 1), (1, 0, 1, 1), 0))
        expect([node("LpPool", "x", "y", kernel_shape=[3, 2], strides=[2, 1],
                     pads=[1, 0, 1, 1], p=p)], {"x": image},
               {"y": ((some ** p).sum((4, 5))) ** np.float32(1 / p)},
               what="LpPool p=%d" % p)
        expect([node("GlobalLpPool", "x", "y", p=p)], {"x": image},
               {"y": (np.abs(image) ** p).sum((2, 3), keepdims=True)
                ** np.float32(1 / p)}, what="GlobalLpPool p=%d" % p)
    some = np.abs(under(image, (2, 3), (1, 2), (2, 2), (0, 0, 0, 0), 0))
    expect([node("LpPool", "x", "y", kernel_shape=[2, 3], strides=[1, 2],
                 dilations=[2, 2])], {"x": image},
           {"y": np.sqrt((some ** 2).sum((4, 5)))}, opset=18)


def what_is_refused():
    refuse([node("ConvTranspose", "x w", "y", kernel_shape=[2, 2])], {"x": x},
           ["y"], "2x2", "3x2", init={"w": w})
    refuse([node("ConvTranspose", "x w", "y", group=3)], {"x": x}, ["y"],
           "group=3", init={"w": w})
    refuse([node("ConvTranspose", "x w", "y", pads=[9, 0, 9, 0])], {"x": x},
           ["y"], "ConvTranspose", init={"w": w})
    refuse([node("ConvTranspose", "x w", "y", output_shape=[-1, 3])], {"x": x},
           ["y"], "output_shape", init={"w": w})
    refuse([node("MaxPool", "x", "y", kernel_shape=[2, 2], dilations=[4, 1],
                 pads=[1, 0, 1, 0])], {"x": numbers(1, 1, 3, 3)}, ["y"],
           "no pixel")


for test in list(globals().values()):
    if callable(test) and getattr(test, "__module__", "") == "__main__" and \
            test not in (scattered, transposed, cut_to, under):
        test()
finish()
