"""What an ONNX model must not have is refused, all at once, by name."""
from models import (check, compile_model, expect, finish, helper, i64, model,
                    node, np, numbers, refuse)

x = numbers(1, 2, 6, 6)
w = numbers(3, 2, 3, 3)


def attribute_nobody_reads():
    refuse([node("Relu", "x", "y", colour=3)], {"x": x}, ["y"], "'Relu'",
           "'colour'")
    refuse([node("MaxPool", "x", "y", kernel_shape=[2, 2], ceil_mode=1)],
           {"x": x}, ["y"], "'ceil_mode'", opset=8)


def attribute_of_another_kind():
    refuse([node("LeakyRelu", "x", "y", alpha="big")], {"x": x}, ["y"],
           "'alpha'", "a number", "a string")
    refuse([node("Flatten", "x", "y", axis=1.0)], {"x": x}, ["y"], "'axis'",
           "a whole number")


def attribute_out_of_its_limits():
    refuse([node("Conv", "x w", "y", group=0)], {"x": x}, ["y"], "group=0",
           init={"w": w})
    refuse([node("Conv", "x w", "y", strides=[1])], {"x": x}, ["y"],
           "'strides'", init={"w": w})
    refuse([node("Conv", "x w", "y", pads=[0, -1, 0, 0])], {"x": x}, ["y"],
           "'pads'", init={"w": w})
    refuse([node("Concat", "x x", "y", axis=4)], {"x": x}, ["y"], "axis=4")
    refuse([node("MaxPool", "x", "y", kernel_shape=[2, 2], auto_pad="ROUND")],
           {"x": x}, ["y"], "'ROUND'")


def unknown_operators_are_listed_once_each():
    text = refuse([node("Frob", "x", "a"), node("Frob", "a", "b"),
                   node("Relu", "x", "c", colour=1),
                   helper.make_node("Twist", ["b"], ["y"], domain="org.else")],
                  {"x": x}, ["y"], "'Frob'", "(2 nodes)", "'colour'",
                  "'Twist' of the domain 'org.else'")
    check(text.count("error:") == 3, "three errors", text)


def operator_of_another_opset():
    refuse([node("HardSwish", "x", "y")], {"x": x}, ["y"], "'HardSwish'",
           "opset 14", opset=13)
    refuse([node("Upsample", "x s", "y")], {"x": x}, ["y"], "'Upsample'",
           init={"s": np.float32([1, 1, 2, 2])}, opset=10)


def number_of_inputs_and_outputs():
    refuse([node("Relu", "x x", "y")], {"x": x}, ["y"], "'Relu'", "1 input")
    refuse([node("Conv", "x", "y")], {"x": x}, ["y"], "'Conv'", "2 inputs")
    refuse([node("Conv", "x -", "y")], {"x": x}, ["y"], "'Conv'", "2 inputs")
    refuse([node("Relu", "x", "y z")], {"x": x}, ["y"], "'Relu'", "1 output")


def output_that_is_used_but_not_supported():
    refuse([node("MaxPool", "x", "y i", kernel_shape=[2, 2])], {"x": x},
           {"y": x, "i": i64(0)}, "'MaxPool'", "'i'")
    expect([node("MaxPool", "x", "y i", kernel_shape=[6, 6])], {"x": x},
           {"y": x.max((2, 3), keepdims=True)}, what="an output nobody reads")


def types_are_named():
    d = np.zeros((2, 2), np.float64)
    refuse([node("Relu", "x", "y")], {"x": d}, {"y": d}, "'Relu'", "float64")
    refuse([node("Relu", "x", "y")], {"x": x}, {"y": d}, "'y'", "float64",
           "float32")


def shapes_that_do_not_fit_are_explained():
    refuse([node("Add", "x a", "y")], {"x": x}, ["y"], "[1, 2, 6, 6]", "[5]",
           "Add(x, a)", init={"a": numbers(5)})
    refuse([node("Conv", "x w", "y")], {"x": x}, ["y"], "group=1", "5 channels",
           init={"w": numbers(3, 5, 3, 3)})
    refuse([node("Conv", "x w", "y", kernel_shape=[5, 5])], {"x": x}, ["y"],
           "5x5", "3x3", init={"w": w})
    refuse([node("Reshape", "x s", "y")], {"x": x}, ["y"], "'Reshape'", "72",
           init={"s": i64(5, -1)})
    refuse([node("Gemm", "x a", "y")], {"x": numbers(2, 3)}, ["y"], "'Gemm'",
           init={"a": numbers(4, 5)})


def one_mistake_is_reported_once():
    text = refuse([node("Frob", "x", "a"), node("Relu", "a", "b"),
                   node("Conv", "b w", "c"), node("Add", "c c", "y")],
                  {"x": x}, ["y"], "'Frob'", init={"w": w})
    check(text.count("error:") == 1, "one error", text)


def a_long_list_is_cut():
    nodes = [node("Frob%d" % i, "x", "a%d" % i) for i in range(300)]
    text = refuse(nodes + [node("Relu", "x", "y")], {"x": x}, ["y"],
                  what="300 unknown operators")
    check(text.count("'Frob") < 60, "20 of them", text)
    nodes = [node("Add", "x c", "a%d" % i) for i in range(300)]
    refuse(nodes + [node("Relu", "x", "y")], {"x": x}, ["y"],
           init={"c": numbers(5)}, what="300 shapes that do not fit")


def what_is_known_at_run_time_only():
    refuse([node("Reshape", "x s", "y")], {"x": x, "s": i64(72)}, ["y"],
           "'Reshape'", "shape", "'s'")


def training_is_refused():
    bn = {n: np.ones(2, np.float32) for n in "abcd"}
    refuse([node("BatchNormalization", "x a b c d", "y m v")], {"x": x},
           ["y", "m"], "training", init=bn, opset=6)
    refuse([node("Dropout", "x r t", "y")], {"x": x}, ["y"], "training",
           init={"r": np.float32(0.5), "t": np.array(True)})


def huge_constants_are_refused_before_they_are_made():
    refuse([node("ConstantOfShape", "s", "a"), node("Add", "x a", "y")],
           {"x": x}, ["y"], "'ConstantOfShape'", "too large",
           init={"s": i64(1 << 20, 1 << 20)})
    refuse([node("ConstantOfShape", "s", "a"), node("Add", "x a", "y")],
           {"x": x}, ["y"], "'ConstantOfShape'",
           init={"s": i64(1 << 62, 1 << 62)})
    nodes = [node("ConstantOfShape", "s", "a%d" % i) for i in range(40)]
    refuse(nodes + [node("Relu", "x", "y")], {"x": x}, ["y"], "too large",
           init={"s": i64(1 << 14, 1 << 13)}, what="40 times 512 MiB")


def a_model_without_its_name_is_no_model():
    status, text, _ = compile_model(b"")
    check(status == 1 and "error" in text, "an empty file is refused", text)


for test in list(globals().values()):
    if callable(test) and getattr(test, "__module__", "") == "__main__":
        test()
finish()
