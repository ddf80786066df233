"""Models as ONNX's own library writes them: the same network in several forms
becomes the same C, but for the numbers of the model's nodes in comments.

    raw data, typed data, data in another file, initialisers that are inputs,
    nodes in the wrong order, nodes in a function, constants as nodes
"""
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import modules  # noqa: E402

modules.need("numpy", "onnx")
import numpy as np  # noqa: E402
import onnx  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

CNNC = os.environ["CNNC"]
if "without ONNX" in subprocess.run([CNNC, "--version"], capture_output=True,
                                    text=True).stdout:
    modules.skip("this cnnc was built without ONNX")

random = np.random.default_rng(1)
W = random.standard_normal((4, 2, 3, 3)).astype(np.float32)
B = random.standard_normal(4).astype(np.float32)
NODES = [
    helper.make_node("Conv", ["x", "w", "b"], ["c"], kernel_shape=[3, 3]),
    helper.make_node("Relu", ["c"], ["r"]),
    helper.make_node("MaxPool", ["r"], ["y"], kernel_shape=[2, 2],
                     strides=[2, 2]),
]


def value(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def raw_tensors():
    return [numpy_helper.from_array(W, "w"), numpy_helper.from_array(B, "b")]


def model(nodes=NODES, tensors=None, more_inputs=(), **arguments):
    graph = helper.make_graph(
        nodes, "net", [value("x", [1, 2, 8, 8])] + list(more_inputs),
        [value("y", [1, 4, 3, 3])],
        raw_tensors() if tensors is None else tensors)
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    made = helper.make_model(graph, opset_imports=imports, **arguments)
    made.ir_version = 8
    return made


def typed_data():
    return model(tensors=[helper.make_tensor(n, 1, a.shape, a.flatten())
                          for n, a in (("w", W), ("b", B))])


def initialisers_that_are_inputs():
    return model(more_inputs=[value("w", W.shape), value("b", B.shape)])


def nodes_in_the_wrong_order():
    return model(nodes=NODES[::-1])


def attributes_without_types():
    made = model()
    for node in made.graph.node:
        for attribute in node.attribute:
            attribute.ClearField("type")
    return made


def unread_strings():
    words = helper.make_tensor("words", TensorProto.STRING, [1], [b"hello"])
    return model(tensors=raw_tensors() + [words])


def compile_model(folder, made, **arguments):
    """The C of the model, without the numbers of its nodes in comments."""
    path = os.path.join(folder, "net.onnx")
    onnx.save_model(made, path, **arguments)
    done = subprocess.run([CNNC, path, "-o", os.path.join(folder, "net.c")],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with open(os.path.join(folder, "net.c")) as f:
        return re.sub(r"net\.onnx:\d+", "net.onnx", f.read())


def same(name, made, **arguments):
    with tempfile.TemporaryDirectory() as folder:
        got = compile_model(folder, made, **arguments)
    with tempfile.TemporaryDirectory() as folder:
        want = compile_model(folder, model())
    print("same C:" if got == want else "OTHER C:", name)
    return got == want


def in_a_function():
    """The nodes as a function's body compile; their names are others."""
    body = [helper.make_node("Conv", ["a", "k", "o"], ["c"],
                             kernel_shape=[3, 3]),
            helper.make_node("Relu", ["c"], ["z"])]
    function = helper.make_function(
        "own", "ConvRelu", ["a", "k", "o"], ["z"], body,
        [helper.make_opsetid("", 17)])
    call = helper.make_node("ConvRelu", ["x", "w", "b"], ["r"], domain="own")
    with tempfile.TemporaryDirectory() as folder:
        text = compile_model(folder, model(nodes=[call, NODES[2]],
                                           functions=[function]))
    print("a function: %d lines" % text.count("\n"))
    return "ConvRelu" in text


def main():
    forms = (typed_data, initialisers_that_are_inputs, nodes_in_the_wrong_order,
             attributes_without_types, unread_strings)
    good = [same(f.__name__, f()) for f in forms]
    good.append(same("data in another file", model(),
                     save_as_external_data=True, location="net.bin",
                     size_threshold=0))
    good.append(in_a_function())
    return 0 if all(good) else 1


sys.exit(main())
