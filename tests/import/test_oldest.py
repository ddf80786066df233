"""Opsets 1 to 5: what came as attributes, by other names, or as floats."""
from models import expect, finish, i64, node, np, numbers, refuse

x = numbers(1, 2, 3, 4)


def one(op, want, opset, inputs="x", init=None, x=x, **attributes):
    expect([node(op, inputs, "y", **attributes)], {"x": x}, {"y": want},
           init=init, opset=opset)


def hints_mean_nothing():
    for opset in (1, 4, 5):
        one("Relu", np.maximum(x, 0), opset, consumed_inputs=[0])
        one("Sum", x + x, opset, "x x", consumed_inputs=[0, 0])
    refuse([node("Relu", "x", "y", consumed_inputs=[0])], {"x": x}, ["y"],
           "'consumed_inputs'", opset=6)


def broadcast_along_an_axis():
    c, row = numbers(2), numbers(3, 4)
    for opset in (1, 5, 6):
        one("Mul", x * c[:, None, None], opset, "x c", {"c": c}, axis=1,
            broadcast=1)
        one("Sub", x - row, opset, "x c", {"c": row}, broadcast=1)
        one("Add", x + row[None, None], opset, "x c", {"c": row}, axis=2,
            broadcast=1)
        one("Add", x + x, opset, "x x", broadcast=0)
    expect([node("Less", "x c", "y", axis=1, broadcast=1)], {"x": x},
           {"y": x < c[:, None, None]}, init={"c": c}, opset=1)


def constants_of_their_own():
    selu = np.where(x < 0, 1.0507 * 1.6732 * np.expm1(x), 1.0507 * x)
    one("Selu", selu.astype(np.float32), 1)
    one("LeakyRelu", np.where(x < 0, 0.01 * x, x).astype(np.float32), 1)
    one("Clip", x.clip(-1), 1, min=-1.0)
    one("PRelu", np.where(x < 0, x * numbers(2)[:, None, None], x), 1, "x s",
        {"s": numbers(2)})


def types_are_words():
    one("Cast", x.astype(np.int32), 1, to="INT32")
    one("Cast", x != 0, 5, to="BOOL")
    for word in ("STRING", "INT3", "int32"):
        refuse([node("Cast", "x", "y", to=word)], {"x": x}, ["y"], "'Cast'",
               opset=5)
    refuse([node("Cast", "x", "y")], {"x": x}, ["y"], "'to'", opset=5)
    refuse([node("Cast", "x", "y", to=1)], {"x": x}, ["y"], "'to'", opset=5)


def shapes_are_attributes():
    one("Reshape", x.reshape(1, 6, 4), 4, shape=[0, -1, 4])
    one("Reshape", x.reshape(24), 5, "x s", {"s": i64(-1)})
    refuse([node("Reshape", "x", "y")], {"x": x}, ["y"], "'shape'", opset=4)
    refuse([node("Reshape", "x s", "y")], {"x": x}, ["y"], "'Reshape'",
           init={"s": i64(-1)}, opset=4)


def channels_are_joined():
    one("Concat", np.concatenate([x, x], 1), 1, "x x")
    one("Concat", np.concatenate([x, x], 1), 3, "x x")
    one("Concat", np.concatenate([x, x], 2), 1, "x x", axis=2)
    refuse([node("Concat", "x x", "y")], {"x": x}, ["y"], "'axis'", opset=4)


def borders():
    pads = [0, 0, 1, 0, 0, 0, 0, 2]
    want = np.pad(x, ((0, 0), (0, 0), (1, 0), (0, 2)))
    one("Pad", want, 1, paddings=pads)
    one("Pad", want, 2, pads=pads)
    refuse([node("Pad", "x", "y", pads=pads)], {"x": x}, ["y"], "'pads'",
           opset=1)


def parts_and_copies():
    for inputs, init, how in (("x", None, {"split": [1, 3]}),
                              ("x s", {"s": i64(1, 3)}, {})):
        expect([node("Split", inputs, "a b", axis=3, **how)], {"x": x},
               {"a": x[..., :1], "b": x[..., 1:]}, init=init, opset=1)
    three, two = np.float32(3), np.float32(2)
    one("Tile", np.tile(x, (1, 1, 3, 1)), 1, "x t a", {"t": three, "a": two})
    one("Tile", np.tile(x, (1, 1, 1, 2)), 5, "x t a", {"t": two, "a": three})
    for t, a in ((2, 4), (0, 1), (1.5, 1), (2, -1), (np.nan, 1)):
        refuse([node("Tile", "x t a", "y")], {"x": x}, ["y"], "'Tile'",
               init={"t": np.float32(t), "a": np.float32(a)}, opset=1)


def images_become_larger():
    large = x.repeat(3, 2).repeat(2, 3)
    one("Upsample", large, 1, height_scale=3.0, width_scale=2.0)
    one("Upsample", x, 6, height_scale=1.0, width_scale=1.0, mode="bilinear")
    line = np.float32([[[[1, 3]]]])
    one("Upsample", np.float32([[[[1, 2, 3, 3]]]]), 5, x=line, mode="bilinear",
        height_scale=1.0, width_scale=2.0)
    refuse([node("Upsample", "x", "y", height_scale=3.0)], {"x": x}, ["y"],
           "'width_scale'", opset=1)
    refuse([node("Upsample", "x", "y", height_scale=3.0, width_scale=2.0,
                 scales=[1.0, 1.0, 3.0, 2.0])], {"x": x}, ["y"], "'scales'",
           opset=1)


def norms_and_layers():
    w, b = numbers(5, 24), numbers(5)
    s = np.abs(numbers(2)) + 1
    one("BatchNormalization", ((x - 0.5) / np.sqrt(s + 1e-5)[:, None, None])
        .astype(np.float32), 1, "x o z m v", dict(
            o=np.ones(2, np.float32), z=np.zeros(2, np.float32),
            m=np.full(2, 0.5, np.float32), v=s),
        is_test=1, consumed_inputs=[0, 0, 0, 1, 1])
    one("Gemm", (x.reshape(1, 24) @ w.T + b), 1, "x w b", {"w": w, "b": b},
        x=x.reshape(1, 24), transB=1, broadcast=1)
    one("Dropout", x, 1, is_test=1, ratio=0.5, consumed_inputs=[0])
    one("LpPool", np.sqrt((x ** 2).sum(3, keepdims=True)), 1,
        kernel_shape=[1, 4], p=2.0)
    one("GlobalLpPool", np.abs(x).sum((2, 3), keepdims=True), 1, p=1.0)
    refuse([node("LpPool", "x", "y", kernel_shape=[1, 4], p=2.5)], {"x": x},
           ["y"], "p=2.5", opset=1)
    refuse([node("Affine", "x", "y", alpha=1.0)], {"x": x}, ["y"], "'Affine'",
           opset=1)


for test in (hints_mean_nothing, broadcast_along_an_axis,
             constants_of_their_own, types_are_words, shapes_are_attributes,
             channels_are_joined, borders, parts_and_copies,
             images_become_larger, norms_and_layers):
    test()
finish()
