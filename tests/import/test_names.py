"""Names in a model may be anything. In the C they are identifiers that do not
collide, in the manifest they are what they were."""
import subprocess

from models import (CNNC, call, check, compile_model, finish, folder, model,
                    node, np, numbers)

HOSTILE = [
    "int", "return", "printf", "restrict", "_Bool", "INT_MAX", "x_run", "main",
    "model", "model_run", "workspace", "static", "f32x8", "cnnc_exp", "NULL",
    "a/b", "a.b", "a_b", "a:b", "a b", "A_B", "a__b", "_a", "0", "00", "1.5",
    "*/ int main(void) { abort(); } /*", "// \\", "\\", "\"", "'", "??/", "%s%n",
    "line\nbreak", "\r\n#error x", "\t", "\x01\x7f", "#define x", "\u202eabc",
    "\u00e4\u00f6\u00fc", "\u4e2d\u6587", "\U0001f600", "l" * 70000,
    "l" * 69999 + "m", "node", "parameter", "constant", "input", "output",
    "graph", "bind", "weights",
]
x = numbers(2, 3)


def build(name, proto, inputs, wanted):
    status, text, manifest = compile_model(proto)
    if not check(status == 0, name + " compiles", text):
        return
    check([p["name"] for p in manifest["inputs"]] == list(inputs),
          name + ": the inputs' names", repr(manifest["inputs"])[:1000])
    check([p["name"] for p in manifest["outputs"]] == list(wanted),
          name + ": the outputs' names", repr(manifest["outputs"])[:1000])
    got = call(manifest, inputs)
    if got:
        check(all(np.allclose(got[k], v) for k, v in wanted.items()),
              name + ": the answer")


def every_name_as_everything():
    """a = Relu(name); other = a * name2; and the nodes are called so."""
    for i, name in enumerate(HOSTILE):
        other = HOSTILE[i - 1]
        w = numbers(3) + 2
        proto = model([node("Relu", [name], ["hidden"], name=name),
                       node("Mul", ["hidden", "w"], [other], name=other)],
                      {name: x}, [other], {"w": w})
        build(repr(name[:40]), proto, {name: x}, {other: np.maximum(x, 0) * w})


def all_names_at_once():
    """A chain in which every name is a value, a weight or a port."""
    last, nodes, init, want = HOSTILE[0], [], {}, x
    for i, name in enumerate(HOSTILE[1:]):
        init[name + "w"] = numbers(3) / 8 + 1
        nodes.append(node("Mul", [last, name + "w"], [name], name=last))
        want = want * init[name + "w"]
        last = name
    proto = model(nodes, {HOSTILE[0]: x}, [last], init)
    build("a chain of names", proto, {HOSTILE[0]: x}, {last: want})


def ports_that_would_be_one():
    names = ["a/b", "a.b", "a_b", "a b", "a:b", "A_B", "A/b"]
    nodes = [node("Neg", [n], [n + "'"]) for n in names]
    build("names that C would mix up",
          model(nodes, {n: x for n in names}, [n + "'" for n in names]),
          {n: x + i for i, n in enumerate(names)},
          {n + "'": -(x + i) for i, n in enumerate(names)})


def paths_are_dotted_where_they_can_be():
    proto = model([node("Conv", ["x", "layer1.0.conv1.weight"], ["y"],
                        name="/layer1/layer1.0/conv1/Conv")],
                  {"x": numbers(1, 1, 4, 4)}, ["y"],
                  {"layer1.0.conv1.weight": numbers(2, 1, 3, 3)})
    compile_model(proto)
    graph = subprocess.run([CNNC, "--emit=graph", "model.onnx"], cwd=folder,
                           capture_output=True, text=True).stdout
    check("parameter layer1.0.conv1.weight:" in graph, "the weight's name", graph)
    check("layer1.layer1.0.conv1.Conv" in graph, "the node's path", graph)


for test in (every_name_as_everything, all_names_at_once,
             ports_that_would_be_one, paths_are_dotted_where_they_can_be):
    test()
finish()
