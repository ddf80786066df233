"""The interface is the model's: inputs and outputs in its order, with its
names, types and shapes; dimensions without a number are fixed by --dim."""
import os
import subprocess

from models import (CNNC, TensorProto, call, check, compile_model, expect,
                    finish, folder, helper, i64, model, node, np, numbers,
                    numpy_helper, refuse)

x, z = numbers(1, 2, 4, 5), numbers(1, 2, 1, 5)


def order_names_types_and_shapes():
    nodes = [node("Add", "x z", "b"), node("Relu", "x", "a")]
    manifest = expect(nodes, {"z": z, "x": x},
                      {"b": x + z, "a": np.maximum(x, 0)})
    check([(p["name"], p["dtype"], p["shape"]) for p in manifest["inputs"]] ==
          [("z", "float32", [1, 2, 1, 5]), ("x", "float32", [1, 2, 4, 5])],
          "inputs in the model's order", str(manifest["inputs"]))
    check([p["name"] for p in manifest["outputs"]] == ["b", "a"],
          "outputs in the model's order")
    check(manifest["run"] == "model_run", "named after the file")


def initialisers_that_are_inputs_are_constants():
    w = numbers(5)
    proto = model([node("Mul", "x w", "y")], {"x": x, "w": w}, ["y"], {"w": w})
    status, text, manifest = compile_model(proto)
    check(status == 0 and [p["name"] for p in manifest["inputs"]] == ["x"],
          "one input", text)
    check(np.allclose(call(manifest, {"x": x})["y"], x * w), "it is multiplied")


def outputs_of_every_kind():
    expect([node("Identity", "x", "y")], {"x": x}, {"y": x},
           what="an input as an output")
    expect([node("Relu", "x", "a"), node("Neg", "a", "b")], {"x": x},
           {"a": np.maximum(x, 0), "b": -np.maximum(x, 0)},
           what="an output that is read as well")
    expect([node("Relu", "x", "a"), node("Identity", "a", "b"),
            node("Identity", "a", "c")], {"x": x},
           {"a": np.maximum(x, 0), "b": np.maximum(x, 0),
            "c": np.maximum(x, 0)}, what="one value as three outputs")
    expect([node("Relu", "x", "a"),
            node("Constant", "", "b", value=numpy_helper.from_array(numbers(3)))],
           {"x": x}, {"a": np.maximum(x, 0), "b": numbers(3)},
           what="a constant as an output")
    expect([node("Relu", "x", "a"), node("Shape", "x", "b")], {"x": x},
           {"a": np.maximum(x, 0), "b": i64(1, 2, 4, 5)},
           what="a shape as an output")
    for dtype in (np.bool_, np.uint8, np.int8, np.uint16, np.int16, np.uint32,
                  np.int32, np.uint64, np.int64):
        b = np.array([0, 1, 100], dtype)
        expect([node("Relu", "x", "a"), node("Constant", "", "b",
                value=numpy_helper.from_array(b))],
               {"x": x}, {"a": np.maximum(x, 0), "b": b},
               what="%s as an output" % dtype.__name__)
        expect([node("Identity", "c", "b")], {"c": b}, {"b": b},
               what="an input of %s as an output" % dtype.__name__)
    refuse([node("Relu", "x", "a"), node("Constant", "", "b",
            value=numpy_helper.from_array(i64(1 << 40)))],
           {"x": x}, {"a": x, "b": i64(1)}, "'b'", "int64",
           what="a large whole number as an output")


def an_input_nobody_reads():
    manifest = expect([node("Relu", "x", "y")], {"u": numbers(2), "x": x},
                      {"y": np.maximum(x, 0)})
    check([p["name"] for p in manifest["inputs"]] == ["u", "x"], "both are there")


def what_a_model_says_of_its_outputs():
    proto = model([node("Relu", "x", "y")], {"x": x}, ["y"])
    for said, status in (([1, 2, 4, 5], 0), ([1, 2, 4, 9], 0), ([1, "n", 4, 5], 0),
                         ([], 0), ([40], 1), ([7, 7, 7, 7], 1)):
        proto.graph.output[0].CopyFrom(
            helper.make_tensor_value_info("y", TensorProto.FLOAT, said))
        got, text, manifest = compile_model(proto)
        check(got == status, "an output said to be %s" % said, text)
        right = said in ([1, 2, 4, 5], [1, "n", 4, 5])
        check(("'y'" in text) != right, "it is mentioned", text)
        if not got:
            check(manifest["outputs"][0]["shape"] == [1, 2, 4, 5], "it is right")
    proto.graph.output[0].CopyFrom(
        helper.make_tensor_value_info("y", TensorProto.INT64, [1, 2, 4, 5]))
    got, text, manifest = compile_model(proto)
    check(got == 1 and "int64" in text, "an output of another type", text)


def dimensions_by_name():
    nodes = [node("Relu", "x", "y")]
    shapes = {"x": ["N", 2, "height", 5]}
    expect(nodes, {"x": x}, {"y": np.maximum(x, 0)}, shapes=shapes,
           flags=["--dim", "N=1", "--dim=height=4"])
    refuse(nodes, {"x": x}, ["y"], "'N'", "'height'", "--dim", shapes=shapes)
    refuse(nodes, {"x": x}, ["y"], "'height'", shapes=shapes,
           flags=["--dim", "N=1"])
    refuse(nodes, {"x": x}, ["y"], "'M'", shapes=shapes,
           flags=["--dim", "N=1", "--dim", "height=4", "--dim", "M=3"])
    refuse(nodes, {"x": x}, ["y"], "--dim", shapes=shapes,
           flags=["--dim", "N=none"])
    refuse(nodes, {"x": x}, ["y"], "--dim", shapes=shapes,
           flags=["--dim", "N=0"])
    refuse(nodes, {"x": x}, ["y"], "'x'", "too large", shapes=shapes,
           flags=["--dim", "N=%d" % (1 << 40), "--dim", "height=%d" % (1 << 40)])
    refuse(nodes, {"x": x}, ["y"], "'x'", "not known",
           shapes={"x": [None, 2, 4, 5]})


def images_channels_last():
    w = numbers(3, 2, 3, 3)
    nodes = [node("Conv", "x w", "a"), node("Relu", "a", "y"),
             node("GlobalMaxPool", "a", "g"), node("Flatten", "g", "f")]
    wanted = expect(nodes, {"x": x}, {"y": np.zeros((1, 3, 2, 3), np.float32),
                                      "f": np.zeros((1, 3), np.float32)},
                    init={"w": w}, tolerance=1e9)
    first = call(wanted, {"x": x})
    status, text, manifest = compile_model(
        model(nodes, {"x": x}, ["y", "f"], {"w": w}), "--io-layout=nhwc")
    check(status == 0, "--io-layout=nhwc compiles", text)
    check(manifest["inputs"][0]["shape"] == [1, 4, 5, 2] and
          manifest["outputs"][0]["shape"] == [1, 2, 3, 3] and
          manifest["outputs"][1]["shape"] == [1, 3], "shapes channels last")
    second = call(manifest, {"x": x.transpose(0, 2, 3, 1)})
    check(np.allclose(second["y"].transpose(0, 3, 1, 2), first["y"]) and
          np.allclose(second["f"], first["f"]), "the same answer")
    status, text, _ = compile_model(model(nodes, {"x": x}, ["y"], {"w": w}),
                                    "--io-layout=chwn")
    check(status == 1 and "chwn" in text, "there is no such layout", text)


def the_other_commands_take_models():
    w = numbers(3, 2, 3, 3)
    status, text, _ = compile_model(
        model([node("Conv", "x w", "a"), node("Relu", "a", "y")], {"x": x},
              ["y"], {"w": w}, shapes={"x": ["N", 2, 4, 5]}), "--dim=N=1")
    np.save(os.path.join(folder, "x.npy"), x)
    for words in (["check"], ["summary"], ["verify"], ["graph", "-o", "a.svg"],
                  ["bench", "--rounds=3"], ["run", "-o", "y.npy"]):
        command = [CNNC, words[0], "model.onnx", "--dim", "N=1", *words[1:]]
        if words[0] == "run":
            command.insert(3, "x.npy")
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        check(run.returncode == 0, "cnnc " + words[0], run.stdout + run.stderr)
    y = np.load(os.path.join(folder, "y.npy"))
    check(y.shape == (1, 3, 2, 3) and y.min() == 0, "cnnc run wrote an array")
    with open(os.path.join(folder, "net.cnn"), "w") as f:
        f.write("input x : f32[3]\nrelu\noutput y\n")
    run = subprocess.run([CNNC, "check", "net.cnn", "--dim", "N=1"], cwd=folder,
                         capture_output=True, text=True)
    check(run.returncode == 2 and "--dim" in run.stderr,
          "a network of ours has no such dimension", run.stderr)


for test in list(globals().values()):
    if callable(test) and getattr(test, "__module__", "") == "__main__":
        test()
finish()
