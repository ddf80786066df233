"""Resize and Upsample of any dimensions, against sums written down here."""
import math

from models import expect, finish, node, np, numbers, refuse

x = numbers(1, 3, 4, 5)
NONE = np.zeros(0, np.float32)


def place(o, how, n, out, scale, region):
    """Where output o lies in a line of n; None: outside."""
    width = round(scale * n, 5)
    if how == "asymmetric":
        return o / scale
    if how == "tf_half_pixel_for_nn":
        return (o + 0.5) / scale
    if how == "align_corners":
        return o * (n - 1) / (width - 1) if width > 1 else 0
    if how == "pytorch_half_pixel" and out == 1:
        return 0
    if how == "tf_crop_and_resize":
        start, end = region
        share = o / (width - 1) if width > 1 else 0.5
        at = (start + share * (end - start)) * (n - 1)
        return at if 0 <= at <= n - 1 else None
    half = (o + 0.5) / scale - 0.5
    if how == "half_pixel_symmetric":
        return n / 2 * (1 - out / width) + half
    return half


ROUND = {"round_prefer_floor": lambda at: math.ceil(at - 0.5),
         "round_prefer_ceil": lambda at: math.floor(at + 0.5),
         "floor": math.floor, "ceil": math.ceil}


def kernel(mode, b, d):
    d = abs(d)
    if mode == "linear":
        return max(0, 1 - d)
    if d <= 1:
        return (b + 2) * d ** 3 - (b + 3) * d ** 2 + 1
    return b * (d ** 3 - 5 * d ** 2 + 8 * d - 4) if d < 2 else 0


def line(n, out, scale, region=(0, 1), mode="nearest",
         coordinate_transformation_mode="half_pixel",
         nearest_mode="round_prefer_floor", cubic_coeff_a=-0.75,
         exclude_outside=0, antialias=0):
    """The weights of each output, and which of them are outside."""
    m, outside = np.zeros((out, n)), np.zeros(out, bool)
    for o in range(out):
        at = place(o, coordinate_transformation_mode, n, out, scale, region)
        if at is None:
            outside[o] = True
            continue
        if mode == "nearest":
            pixel = ROUND[nearest_mode](round(at, 5))
            m[o, min(max(pixel, 0), n - 1)] = 1
            continue
        shrink = min(1, scale) if antialias else 1
        reach = math.ceil((1 if mode == "linear" else 2) / shrink)
        for pixel in range(math.floor(at) - reach, math.floor(at) + reach + 2):
            weight = kernel(mode, cubic_coeff_a, (pixel - at) * shrink)
            if 0 <= pixel < n or not exclude_outside:
                m[o, min(max(pixel, 0), n - 1)] += weight
        m[o] /= m[o].sum()
    return m, outside


def resized(x, size, scale, regions=None, extrapolation_value=0, **how):
    y = x.astype(np.float64)
    beside = np.zeros(size, bool)
    for d in range(x.ndim):
        if scale[d] == 1 and size[d] == x.shape[d] and not regions:
            continue
        m, outside = line(x.shape[d], size[d], scale[d],
                          regions[d] if regions else (0, 1), **how)
        y = np.moveaxis(np.tensordot(m, y, (1, d)), 0, d)
        beside |= outside.reshape([-1 if i == d else 1 for i in range(x.ndim)])
    return np.where(beside, extrapolation_value, y).astype(np.float32)


waiting = {}  # by opset: nodes, inputs, constants, and what they give


def later(inputs, x, constant, want, opset, **how):
    """One more node for the model that together() makes."""
    nodes, xs, init, wants = waiting.setdefault(opset, ([], {}, {}, {}))
    i = len(nodes)
    nodes.append(node("Resize", inputs % {"i": i}, "y%d" % i, **how))
    xs["x%d" % i], init["c%d" % i], wants["y%d" % i] = x, constant, want


def together(what):
    for opset, (nodes, xs, init, wants) in sorted(waiting.items()):
        expect(nodes, xs, wants, init=init, opset=opset, what=what)
    waiting.clear()


def by_scales(scales, x=x, opset=13, **how):
    s = np.array(scales, np.float32)
    size = [int(np.floor(np.float32(n) * f)) for n, f in zip(x.shape, s)]
    y = resized(x, size, [float(f) for f in s], **how)
    later("x%(i)d - c%(i)d", x, s, y, opset, **how)


def by_sizes(sizes, x=x, opset=13, **how):
    y = resized(x, sizes, [to / n for to, n in zip(sizes, x.shape)], **how)
    later("x%(i)d - - c%(i)d", x, np.array(sizes, np.int64), y, opset, **how)


def nearest_pixels():
    for how in ("half_pixel", "pytorch_half_pixel", "align_corners",
                "asymmetric", "half_pixel_symmetric"):
        for rounding in ROUND:
            by_scales([1, 1, 1.5, 0.6], coordinate_transformation_mode=how,
                      nearest_mode=rounding)
    for rounding in ROUND:
        by_sizes([1, 3, 7, 3], coordinate_transformation_mode=
                 "tf_half_pixel_for_nn", nearest_mode=rounding, opset=11)
    together("nearest pixels")


def whole_factors():
    for tall, wide in ((2, 2), (1, 3), (4, 1), (1, 1)):
        for how in ("asymmetric", "half_pixel", "half_pixel_symmetric"):
            for rounding in ROUND:
                by_scales([1, 1, tall, wide], nearest_mode=rounding,
                          coordinate_transformation_mode=how)
    together("whole factors")


def weighted_pixels():
    for mode in ("linear", "cubic"):
        for how in ("half_pixel", "pytorch_half_pixel", "align_corners",
                    "asymmetric", "half_pixel_symmetric"):
            by_scales([1, 1, 2, 0.7], mode=mode,
                      coordinate_transformation_mode=how)
        by_sizes([1, 3, 1, 9], mode=mode,
                 coordinate_transformation_mode="pytorch_half_pixel")
        by_sizes([1, 3, 3, 2], mode=mode, antialias=1, opset=18)
        by_sizes([1, 3, 3, 8], mode=mode, antialias=1, exclude_outside=1,
                 opset=18)
    by_scales([1, 1, 0.8, 0.8], mode="cubic", cubic_coeff_a=-0.5,
              exclude_outside=1)
    together("weighted pixels")


def any_dimensions():
    for mode in ("nearest", "linear", "cubic"):
        by_scales([1, 2, 1.5, 1], x=numbers(2, 3, 4, 2), mode=mode)
        by_scales([2, 1, 1, 1.5], x=numbers(2, 3, 4, 2), mode=mode)
        by_scales([1, 1.4, 2, 1.5], x=numbers(2, 3, 4, 2), mode=mode)
        by_scales([1, 1, 2.5], x=numbers(2, 3, 4), mode=mode)
        by_scales([1, 2.5, 0.5], x=numbers(2, 3, 4), mode=mode)
        by_scales([2, 3], x=numbers(3, 4), mode=mode)
        by_scales([2.5], x=numbers(4), mode=mode)
        by_scales([1, 1, 2, 1.5, 3], x=numbers(1, 2, 3, 4, 2), mode=mode)
    together("any dimensions")


def regions():
    roi = [0, 0, 0.25, -0.5, 1, 1, 0.75, 1.25]
    pairs = list(zip(roi[:4], roi[4:]))
    for mode in ("nearest", "linear", "cubic"):
        how = dict(mode=mode, extrapolation_value=7.5,
                   coordinate_transformation_mode="tf_crop_and_resize")
        sizes = [1, 3, 4, 7]
        y = resized(x, sizes, [to / n for to, n in zip(sizes, x.shape)],
                    pairs, **how)
        expect([node("Resize", "x r - n", "y", **how)], {"x": x}, {"y": y},
               init={"r": np.float32(roi), "n": np.array(sizes, np.int64)},
               what="a region, " + mode)
        expect([node("Resize", "x r - n", "y", axes=[-1, 2], **how)],
               {"x": x}, {"y": y}, opset=18,
               init={"r": np.float32([-0.5, 0.25, 1.25, 0.75]),
                     "n": np.array([7, 4], np.int64)})


def some_axes():
    expect([node("Resize", "x - s", "y", axes=[3, 2])], {"x": x},
           {"y": x.repeat(4, 2).repeat(2, 3)},
           init={"s": np.float32([2, 4])}, opset=18)


def ratio_that_is_kept():
    # 7/4 and 8/5
    for policy, size, scale in (("not_larger", (6, 8), 8 / 5),
                                ("not_smaller", (7, 9), 7 / 4)):
        expect([node("Resize", "x - - n", "y", axes=[2, 3], mode="linear",
                     keep_aspect_ratio_policy=policy)],
               {"x": x}, {"y": resized(x, (1, 3) + size, (1, 1, scale, scale),
                                       mode="linear")},
               init={"n": np.array([7, 8], np.int64)}, opset=19, what=policy)


def lists_that_are_there_and_empty():
    expect([node("Resize", "x r s n", "y")], {"x": x},
           {"y": x.repeat(2, 2).repeat(2, 3)},
           init={"r": NONE, "s": NONE, "n": np.array([1, 3, 8, 10])}, opset=11)
    expect([node("Resize", "x r s", "y")], {"x": x}, {"y": x},
           init={"r": NONE, "s": np.ones(4, np.float32)}, opset=11)


def older_forms():
    def blocks(tall, wide):
        return {"y": x.repeat(tall, 2).repeat(wide, 3)}
    expect([node("Resize", "x s", "y")], {"x": x}, blocks(2, 2),
           init={"s": np.float32([1, 1, 2, 2])}, opset=10)
    expect([node("Upsample", "x s", "y")], {"x": x}, blocks(3, 2),
           init={"s": np.float32([1, 1, 3, 2])}, opset=9)
    expect([node("Upsample", "x", "y", scales=[1.0, 1.0, 2.0, 1.0])],
           {"x": x}, blocks(2, 1), opset=7)
    # Smaller by the pixel behind, larger by the one before.
    expect([node("Resize", "x s", "y")], {"x": x},
           {"y": x[:, :, [0, 0, 1, 2, 2, 3]][..., [0, 2, 4]]},
           init={"s": np.float32([1, 1, 1.5, 0.6])}, opset=10)
    for opset, inputs, how in ((7, "x", {"scales": [1.0, 1.0, 2.0, 3.0]}),
                               (9, "x s", {})):
        expect([node("Upsample", inputs, "y", mode="linear", **how)], {"x": x},
               {"y": resized(x, [1, 3, 8, 15], [1, 1, 2, 3], mode="linear",
                             coordinate_transformation_mode="asymmetric")},
               init={} if how else {"s": np.float32([1, 1, 2, 3])},
               opset=opset)


def constants():
    small, large = numbers(1, 1, 2, 3), numbers(1, 1, 4, 6)
    expect([node("Resize", "c - s", "d", mode="linear"),
            node("Add", "x d", "y")], {"x": large},
           {"y": large + resized(small, [1, 1, 4, 6], [1, 1, 2, 2],
                                 mode="linear")},
           init={"c": small, "s": np.float32([1, 1, 2, 2])})


def refusals():
    def no(message, s=(1, 1, 2, 2), inputs="x - s", opset=13, more={}, **how):
        refuse([node("Resize", inputs, "y", **how)], {"x": x}, ["y"],
               "'Resize'", message, opset=opset,
               init=dict({"s": np.array(s, np.float32)}, **more))
    no("'quintic'", mode="quintic")
    no("'up'", nearest_mode="up")
    no("coordinate_transformation_mode='corners'",
       coordinate_transformation_mode="corners")
    no("'cubic'", mode="cubic", inputs="x s", opset=10)
    no("'antialias'", antialias=1, opset=13)
    no("factor of nan", (1, 1, float("nan"), 1))
    no("factor of 0.1", (1, 1, 0.1, 1))
    no("factor of -2", (1, 1, -2, 1))
    no("factor of 1e+30", (1, 1, 1e30, 1))
    no("3 scales for 4", (1, 2, 2))
    no("neither scales", inputs="x", more={"s": NONE})
    no("both scales and sizes", inputs="x - s n",
       more={"n": np.array([1, 3, 8, 10])})
    no("size of 0", inputs="x - - n", more={"n": np.array([1, 3, 0, 10])})
    no("size of -4", inputs="x - - n", more={"n": np.array([1, 3, -4, 10])})
    no("4 sizes for 1", inputs="x - - n", axes=[2], opset=18,
       more={"n": np.array([1, 3, 8, 10])})
    no("axis 4", axes=[4], opset=18)
    no("axis 2 twice", axes=[2, -2], opset=18)
    no("scales", keep_aspect_ratio_policy="not_larger", opset=18)
    no("region", coordinate_transformation_mode="tf_crop_and_resize")
    no("2 numbers in its region", inputs="x r s", more={"r": np.ones(
        2, np.float32)}, coordinate_transformation_mode="tf_crop_and_resize")
    refuse([node("Resize", "x - s", "y")],
           {"x": x, "s": np.ones(4, np.float32)}, ["y"], "'Resize'", "scales",
           "'s'")


for test in (nearest_pixels, whole_factors, weighted_pixels, any_dimensions,
             regions, some_axes, ratio_that_is_kept,
             lists_that_are_there_and_empty, older_forms, constants, refusals):
    test()
finish()
