"""test_options.py - options that mean something of their own for a model: -MD
lists all files it consists of, --dump-after shows its own names."""
import os
import subprocess

from models import (CNNC, check, finish, folder, model, node, np, numbers,
                    onnx)


def cnnc(*words):
    done = subprocess.run([CNNC, *words], cwd=folder, capture_output=True,
                          text=True)
    check(done.returncode == 0, " ".join(words), done.stderr)
    return done.stdout + done.stderr


def with_external_data(names):
    """y = x + w0 + w1 ..., each w in a file of its own"""
    weights = ["w%d" % i for i in range(len(names))]
    nodes = [node("Add", [i and "h%d" % i or "x", w], ["h%d" % (i + 1)])
             for i, w in enumerate(weights)]
    proto = model(nodes, {"x": numbers(9)}, ["h%d" % len(names)],
                  {w: numbers(9) for w in weights})
    for tensor, name in zip(proto.graph.initializer, names):
        onnx.external_data_helper.set_external_data(tensor, name)
    os.makedirs(folder + "/models/data")
    onnx.save(proto, folder + "/models/net.onnx")


def depends_on_external_data():
    with_external_data(["a.bin", "data/b.bin", "data/c d.bin"])
    cnnc("models/net.onnx", "-o", "net.c", "-MD")
    with open(folder + "/net.d") as f:
        rule = f.read().split("\n\n")[0].replace("\\\n", "").split()
    check(rule == ["net.c", "net.h:", "models/net.onnx", "models/a.bin",
                   "models/data/b.bin", "models/data/c\\", "d.bin"],
          "the dependencies", repr(rule))


def depends_on_imported_weights():
    cnnc("import", "models/net.onnx", "-o", "models/net.cnn")
    cnnc("models/net.cnn", "-o", "net.c", "-MD")
    with open(folder + "/net.d") as f:
        check("models/net.safetensors" in f.read(), "the imported weights")


def dumps_show_the_names_of_the_model():
    onnx.save(model([node("Relu", ["x:0\n"], ["\x1b[31m"])],
                    {"x:0\n": numbers(3)}, ["\x1b[31m"]), folder + "/n.onnx")
    text = cnnc("n.onnx", "--dump-after=all", "-o", "n.c")
    for stage in ("read", "weights", "infer", "plan"):
        check("# after %s" % stage in text, "a dump after " + stage, text)
    check(r' title="x:0\x0a"' in text, "the input's own name", text)
    check(r' title="\x1b[31m"' in text, "the output's own name", text)


for test in (depends_on_external_data, depends_on_imported_weights,
             dumps_show_the_names_of_the_model):
    test()
finish()
