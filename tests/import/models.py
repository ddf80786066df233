"""What the tests of this folder share: small models, compiled and run.

    expect([node("Relu", "x", "y")], {"x": x}, {"y": np.maximum(x, 0)})
    refuse([node("Frob", "x", "y")], {"x": x}, ["y"], "'Frob'")

A model is made with python3-onnx, compiled by cnnc, built by the C compiler as
a shared library, and called; what comes out is compared.
"""
import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import modules  # noqa: E402

modules.need("numpy", "onnx")
import numpy as np  # noqa: E402
import onnx  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402,F401

CNNC, SOURCE = os.environ["CNNC"], os.environ["CNNC_SOURCE"]
CC = os.environ.get("CC", "cc")
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wpedantic", "-Werror"]
if "without ONNX" in subprocess.run([CNNC, "--version"], capture_output=True,
                                    text=True).stdout:
    modules.skip("this cnnc was built without ONNX")

folder = tempfile.mkdtemp(prefix="cnnc-import-")
faults = []
count = 0


def finish():
    shutil.rmtree(folder)
    print("%d checks, %d faults" % (count, len(faults)))
    sys.exit(1 if faults or not count else 0)


def fault(what, text=""):
    faults.append(what)
    print("FAULT", what)
    print("".join("    %s\n" % line for line in text.splitlines()[:40]))


def check(good, what, text=""):
    global count
    count += 1
    if not good:
        fault(what, text)
    return good


def node(op, inputs, outputs, **attributes):
    """Inputs and outputs: names separated by blanks, '-' for none, or lists."""
    if isinstance(inputs, str):
        inputs = ["" if i == "-" else i for i in inputs.split()]
    if isinstance(outputs, str):
        outputs = ["" if i == "-" else i for i in outputs.split()]
    return helper.make_node(op, inputs, outputs, **attributes)


def tensor_type(x):
    """of an array or a type, as ONNX counts them"""
    dtype = np.dtype(x) if isinstance(x, type) else np.asarray(x).dtype
    return onnx.mapping.NP_TYPE_TO_TENSOR_TYPE[dtype]


def model(nodes, inputs, outputs, init=None, opset=13, shapes=None):
    """inputs: arrays by name; outputs: arrays by name, or names of float32
    tensors; shapes: of inputs, where they are not the arrays'"""
    types = {name: tensor_type(outputs[name] if isinstance(outputs, dict)
                               else np.float32) for name in outputs}
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info(
            name, tensor_type(x), (shapes or {}).get(name, x.shape))
         for name, x in inputs.items()],
        [helper.make_tensor_value_info(name, types[name], None)
         for name in outputs],
        [numpy_helper.from_array(x, name)
         for name, x in (init or {}).items()])
    domains = [helper.make_opsetid(d, 1)
               for d in sorted({n.domain for n in nodes} - {""})]
    return helper.make_model(graph, ir_version=8, opset_imports=[
        helper.make_opsetid("", opset), *domains])


def compile_model(proto, *flags, name="model"):
    """-> (exit status, what was said, the manifest or None)"""
    path = os.path.join(folder, name + ".onnx")
    for suffix in (".c", ".h", ".json"):
        if os.path.exists(os.path.join(folder, name + suffix)):
            os.remove(os.path.join(folder, name + suffix))
    with open(path, "wb") as f:
        f.write(proto if isinstance(proto, bytes) else
                proto.SerializeToString())
    if not any(flag.startswith("--target") for flag in flags):
        flags = ("--target=generic", *flags)
    run = subprocess.run(
        [CNNC, name + ".onnx", "-o", name + ".c", "--manifest", name + ".json",
         "-O0", *flags], cwd=folder, capture_output=True, text=True,
        errors="replace")
    manifest = None
    if run.returncode == 0:
        with open(os.path.join(folder, name + ".json")) as f:
            manifest = json.load(f)
    return run.returncode, run.stderr, manifest


serial = 0


def call(manifest, inputs, name="model", language="c99"):
    """The network's outputs, or None after a fault."""
    global serial
    serial += 1
    library = os.path.join(folder, "net%d.so" % serial)
    built = subprocess.run(
        CC.split() + ["-std=" + language, *WARNINGS, "-shared", "-fPIC", "-I",
                      os.path.join(SOURCE, "runtime", "include"), "-o", library,
                      os.path.join(folder, name + ".c")],
        capture_output=True, text=True)
    if built.returncode:
        fault("the C does not compile", built.stderr)
        return None
    keep, arguments = [], []
    for port in manifest["inputs"]:
        x = np.asarray(inputs[port["name"]], port["dtype"], order="C")
        if list(x.shape) != port["shape"]:
            fault("the input %s is %s" % (port["name"], port["shape"]))
            return None
        keep.append(x)
    outputs = [np.empty(port["shape"], port["dtype"])
               for port in manifest["outputs"]]
    workspace = np.empty(manifest["workspace"]["bytes"] + 64, np.uint8)
    arguments = [x.ctypes.data for x in keep + outputs]
    if manifest["workspace"]["bytes"]:
        at = workspace.ctypes.data
        arguments.append(at + -at % 64)
    function = getattr(ctypes.CDLL(library), manifest["run"])
    function.restype = None
    function(*map(ctypes.c_void_p, arguments))
    return {port["name"]: y for port, y in zip(manifest["outputs"], outputs)}


def expect(nodes, inputs, want, init=None, opset=13, flags=(), shapes=None,
           what=None, tolerance=1e-5):
    """The model computes what is wanted: arrays by name."""
    what = what or "%s in opset %d" % (" ".join(n.op_type for n in nodes), opset)
    status, text, manifest = compile_model(
        model(nodes, inputs, want, init, opset, shapes), *flags)
    if not check(status == 0, what + " compiles", text):
        return None
    got = call(manifest, inputs)
    if got is None:
        return None
    for name, array in want.items():
        array = np.asarray(array)
        check(name in got and got[name].shape == array.shape and
              got[name].dtype == array.dtype and
              np.allclose(got[name], array, tolerance, tolerance,
                          equal_nan=True),
              "%s: %s" % (what, name),
              "got %r\nwanted %r" % (got.get(name), array))
    return manifest


def refuse(nodes, inputs, outputs, *words, init=None, opset=13, flags=(),
           shapes=None, what=None):
    """cnnc refuses the model, says each of the words, and writes nothing."""
    what = what or "%s in opset %d" % (" ".join(n.op_type for n in nodes), opset)
    status, text, _ = compile_model(
        model(nodes, inputs, outputs, init, opset, shapes), *flags)
    check(status == 1, what + " is refused", "exit status %d\n%s" % (status, text))
    for word in words:
        check(word in text, "%s says %r" % (what, word), text)
    check(len(text.splitlines()) < 200, what + " is short", text)
    check(not os.path.exists(os.path.join(folder, "model.c")) and
          not os.path.exists(os.path.join(folder, "model.json")),
          what + " writes nothing")
    return text


def numbers(*shape):
    """Different numbers between -2 and 2, the same in each run."""
    size = int(np.prod(shape))
    return ((np.arange(size) * 37 % 101 - 50) / 25).astype(
        np.float32).reshape(shape)


def i64(*values):
    return np.array(values, np.int64)
