"""Resize and Upsample by whole factors: each pixel becomes a block."""
from models import expect, finish, node, np, numbers, refuse


def blocks(x, tall, wide):
    return x.repeat(tall, 2).repeat(wide, 3)


x = numbers(1, 3, 4, 5)
NONE = np.zeros(0, np.float32)


def scales(*at):
    return np.array(at, np.float32)


def whole_factors():
    for tall, wide in ((2, 2), (1, 3), (4, 1), (1, 1)):
        for coordinate, rounding in (
                ("asymmetric", "floor"), ("half_pixel", "round_prefer_floor"),
                ("half_pixel", "round_prefer_ceil"),
                ("pytorch_half_pixel", "round_prefer_floor"),
                ("half_pixel_symmetric", "round_prefer_floor")):
            expect([node("Resize", "x r s", "y", mode="nearest",
                         coordinate_transformation_mode=coordinate,
                         nearest_mode=rounding)],
                   {"x": x}, {"y": blocks(x, tall, wide)},
                   init={"r": NONE, "s": scales(1, 1, tall, wide)},
                   what="%s %s %dx%d" % (coordinate, rounding, tall, wide))


def sizes_and_batches():
    batch = numbers(2, 1, 3, 2)
    expect([node("Resize", "x - - n", "y")], {"x": batch},
           {"y": blocks(batch, 2, 3)},
           init={"n": np.array([2, 1, 6, 6], np.int64)})
    expect([node("Resize", "x - s", "y", axes=[3, 2])], {"x": x},
           {"y": blocks(x, 4, 2)}, init={"s": scales(2, 4)}, opset=18)


def older_forms():
    expect([node("Resize", "x s", "y")], {"x": x}, {"y": blocks(x, 2, 2)},
           init={"s": scales(1, 1, 2, 2)}, opset=10)
    expect([node("Upsample", "x s", "y")], {"x": x}, {"y": blocks(x, 3, 2)},
           init={"s": scales(1, 1, 3, 2)}, opset=9)
    expect([node("Upsample", "x", "y", scales=[1.0, 1.0, 2.0, 1.0])],
           {"x": x}, {"y": blocks(x, 2, 1)}, opset=7)


def refusals():
    def no(message, s=scales(1, 1, 2, 2), **attributes):
        refuse([node("Resize", "x - s", "y", **attributes)], {"x": x}, ["y"],
               message, init={"s": s})
    no("mode=\"linear\"", mode="linear")
    no("coordinate_transformation_mode=\"align_corners\"",
       coordinate_transformation_mode="align_corners")
    no("nearest_mode=\"ceil\"", nearest_mode="ceil")
    no("factor of 1.5", scales(1, 1, 2, 1.5))
    no("factor of 0.5", scales(1, 1, 0.5, 1))
    no("factor of nan", scales(1, 1, float("nan"), 1))
    no("only images", scales(1, 2, 2, 2))
    no("3 scales for 4", scales(1, 2, 2))
    refuse([node("Resize", "x", "y")], {"x": x}, ["y"], "neither scales")


whole_factors()
sizes_and_batches()
older_forms()
refusals()
finish()
