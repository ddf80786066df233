"""Tensors without elements: inputs and outputs may be, and what is made of
them is known when compiling."""
import os
import subprocess

from models import (CNNC, call, check, compile_model, expect, finish, folder,
                    i64, model, node, np, numbers, refuse)

x = np.zeros((2, 0, 4), np.float32)
full = numbers(2, 3)


def reductions_have_the_value_of_nothing():
    inf = np.inf
    for op, value in (("Sum", 0), ("Prod", 1), ("Max", -inf), ("Min", inf),
                      ("L1", 0), ("L2", 0), ("SumSquare", 0), ("Mean", np.nan),
                      ("LogSum", -inf), ("LogSumExp", -inf)):
        want = np.full((2, 1, 4), value, np.float32)
        expect([node("Reduce" + op, "x a", "y")], {"x": x}, {"y": want},
               init={"a": i64(1)}, opset=18)
        expect([node("Reduce" + op, "x", "y", keepdims=0)], {"x": x},
               {"y": want[0, 0, 0]}, opset=18)
    expect([node("ReduceSum", "x a", "y", keepdims=0)], {"x": x},
           {"y": np.zeros((2, 0), np.float32)}, init={"a": i64(-1)})
    expect([node("ReduceSum", "x", "y", noop_with_empty_axes=1)], {"x": x},
           {"y": x})
    expect([node("ReduceMax", "x", "y", axes=[1])], {"x": x},
           {"y": np.full((2, 1, 4), -inf, np.float32)}, opset=11)
    n = np.zeros((0, 2), np.int64)
    expect([node("ReduceProd", "x", "y", axes=[0], keepdims=0)], {"x": n},
           {"y": i64(1, 1)}, opset=11)
    refuse([node("ReduceMin", "x", "y", axes=[0])], {"x": n}, {"y": n},
           "'ReduceMin'", "int64", opset=11)


def what_is_made_of_them_goes_on():
    expect([node("Mul", "x x", "s"), node("ReduceSum", "s a", "t"),
            node("Add", "t z", "y")], {"x": x, "z": numbers(2, 1, 4)},
           {"y": numbers(2, 1, 4)}, init={"a": i64(1)})


def element_by_element():
    for other in (x, numbers(1, 4), numbers(2, 1, 1), np.float32(3)):
        expect([node("Add", "x o", "y")], {"x": x, "o": other}, {"y": x + other},
               what="nothing + %s" % (other.shape,))
    expect([node("Relu", "x", "y")], {"x": x}, {"y": x})
    refuse([node("Add", "x o", "y")], {"x": x, "o": full}, ["y"], "'Add'")


def other_shapes():
    def one(op, want, second=None, opset=14, **how):
        expect([node(op, "x s" if second is not None else "x", "y", **how)],
               {"x": x}, {"y": want}, opset=opset,
               init={} if second is None else {"s": second})
    one("Reshape", x.reshape(4, 0, 2), i64(4, 0, 2), allowzero=1)
    one("Reshape", x.reshape(0, 3), i64(-1, 3))
    one("Reshape", x.reshape(5, 0), i64(5, 0))
    one("Flatten", x.reshape(2, 0))
    one("Transpose", x.T)
    one("Transpose", x.transpose(1, 0, 2), perm=[1, 0, 2])
    for shape in (i64(2, 4), i64(-1, 0), i64(-2, 0), i64(0, 1, 1, 4)):
        refuse([node("Reshape", "x s", "y")], {"x": x}, ["y"], "'Reshape'",
               init={"s": shape}, opset=14)
    refuse([node("Transpose", "x", "y", perm=[0, 0, 1])], {"x": x}, ["y"],
           "'perm'")


def parts():
    none = np.zeros(0, np.float32)
    expect([node("Split", "x s", "a b c")], {"x": none},
           {"a": none, "b": none, "c": none}, init={"s": i64(0, 0, 0)})
    expect([node("Split", "x s", "a b c", axis=1)], {"x": full},
           {"a": full[:, :0], "b": full[:, :1], "c": full[:, 1:]},
           init={"s": i64(0, 1, 2)}, opset=18)
    expect([node("Split", "x", "a b c", axis=1, num_outputs=3)],
           {"x": full[:, :2]},
           {"a": full[:, :1], "b": full[:, 1:2], "c": full[:, :0]}, opset=18)
    for start, end, step in ((1, 1, 1), (2, 1, 1), (0, 5, -1), (9, 99, 1)):
        expect([node("Slice", "x s e a t", "y")], {"x": full},
               {"y": full[:, start:end:step]},
               init={"s": i64(start), "e": i64(end), "a": i64(1),
                     "t": i64(step)}, what="[%d:%d:%d]" % (start, end, step))
    expect([node("Slice", "x s e", "y")], {"x": x}, {"y": x[1:]},
           init={"s": i64(1), "e": i64(9)})


def operators_without_a_rule_refuse():
    refuse([node("Softmax", "x", "y")], {"x": x}, ["y"], "'Softmax'", "empty")


def interface():
    image = np.zeros((1, 2, 0, 3), np.float32)
    m = model([node("Relu", "x", "y"), node("Relu", "z", "w")],
              {"x": image, "z": full}, {"y": image, "w": full})
    for flags, shape in (((), [1, 2, 0, 3]),
                         (("--io-layout=nhwc",), [1, 0, 3, 2])):
        status, text, manifest = compile_model(m, *flags)
        if check(status == 0, "compiles %s" % (flags,), text):
            check([p["shape"] for p in manifest["inputs"] +
                   manifest["outputs"]] == [shape, [2, 3], shape, [2, 3]],
                  "shapes %s" % (flags,), str(manifest))
            got = call(manifest, {"x": image.reshape(shape), "z": full})
            check(got and np.array_equal(got["w"], np.maximum(full, 0)),
                  "the other output")
    status, text, _ = compile_model(m, "--batch=3")
    check(status == 0, "compiles for a batch", text)
    status, text, _ = compile_model(m, "--main")
    check(status == 1 and "no elements" in text, "--main refuses", text)


def other_commands():
    path = os.path.join(folder, "empty.onnx")
    with open(path, "wb") as f:
        f.write(model([node("ReduceMax", "x a", "y")], {"x": x}, ["y"],
                      {"a": i64(1)}, opset=18).SerializeToString())
    for command, status, word in (
            (["check"], 0, ""), (["summary"], 0, "[2, 0, 4]"),
            (["graph"], 0, ""), (["verify"], 0, "differ"),
            (["import", "-o", os.path.join(folder, "e.cnn")], 1, "elements")):
        run = subprocess.run([CNNC, command[0], path] + command[1:],
                             capture_output=True, text=True, cwd=folder)
        check(run.returncode == status and word in run.stdout + run.stderr,
              "cnnc " + command[0], run.stdout + run.stderr)


for test in (reductions_have_the_value_of_nothing,
             what_is_made_of_them_goes_on, element_by_element, other_shapes,
             parts, operators_without_a_rule_refuse, interface,
             other_commands):
    test()
finish()
