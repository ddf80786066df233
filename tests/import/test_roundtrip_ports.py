"""test_roundtrip_ports.py - inputs, outputs and constants of every type, named
in every way, come through 'cnnc import': the same bits, no warnings.
"""
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import same_bits  # noqa: E402
from models import check, finish, model, node, np, onnx  # noqa: E402

x = np.ones((2, 3), np.float32)


def imported(what, proto):
    """The text, or '' after a fault."""
    with tempfile.TemporaryDirectory() as place:
        onnx.save(proto, place + "/model.onnx")
        try:
            text = same_bits.check(place + "/model.onnx", place)
        except AssertionError as why:
            check(False, what, str(why))
            return ""
    check(True, what)
    return text


def has(what, text, *parts):
    for part in parts:
        check(part in text, "%s: %s" % (what, part), text)


def names_that_would_be_one():
    names = ["a.b", "a/b", "a_b", "a b", "_a_b", "a_b_", "if", "if_", "relu",
             "relu_", "Relu", "x", "X"]
    outs = [n + "'" for n in names]
    imported("names that would be one",
             model([node("Neg", [n], [o]) for n, o in zip(names, outs)],
                   {n: x + i for i, n in enumerate(names)}, outs))
    imported("outputs called like inputs",
             model([node("Neg", [n], [o]) for n, o in zip(names, names[1:])],
                   {names[0]: x}, names[1:]))


def inputs_that_nobody_reads():
    text = imported("unused", model(
        [node("Relu", "x", "y")], {"a": x, "x": x, "_b": x, "if": x}, ["y"]))
    has("unused", text, "input _a ", "input x ", "input _b ", "input _if ")
    imported("an unused input called as another", model(
        [node("Relu", "_a", "y")], {"a": x, "_a": x}, ["y"]))


def networks_without_inputs():
    text = imported("only a constant", model(
        [node("Add", "k k", "y")], {}, ["y"], {"k": x}))
    has("only a constant", text, "parameter ", "output y = ")


def types():
    """Of each type two inputs, a constant (there is none of f64), and an
    output that is one."""
    nodes, inputs, outputs, init = [], {"c": x > 0}, {}, {}
    names = ("f64", "u64", "u32", "i64", "i32", "u16", "i16", "u8", "i8")
    for t in names:
        dtype = np.dtype(t[0] + str(int(t[1:]) // 8))
        a = inputs["a" + t] = np.array([[1, 2, 3], [4, 5, 6]], dtype)
        b = inputs["b" + t] = np.array([[3, 2, 1], [9, 5, 7]], dtype)
        nodes.append(node("Greater", [f"a{t}", f"b{t}"], [f"y{t}"]))
        outputs["y" + t] = a > b
        if t != "f64":
            init["k" + t] = b
            nodes += [node("Less", [f"a{t}", f"k{t}"], [f"z{t}"]),
                      node("Identity", [f"k{t}"], [f"c{t}"])]
            outputs.update({"z" + t: a < b, "c" + t: b})
    nodes += [node("And", "c kbool", "cbool"), node("Cast", "af64", "d", to=1)]
    init["kbool"] = x > 2
    outputs.update({"cbool": x > 0, "d": x})
    text = imported("all types", model(nodes, inputs, outputs, init))
    has("all types", text, *(": %s[2, 3]\n" % t for t in names + ("bool",)))


def names_too_long_for_a_line():
    long = "m" * 90
    text = imported("long names", model(
        [node("Add", "x k", "h"), node("Gemm", ["h", long, long + "2"], "y")],
        {"x": x}, ["y"], {"k": x, long: np.ones((3, 4), np.float32),
                          long + "2": np.ones(4, np.float32)}))
    check(long not in text, "a name that is too long for a bind is given up",
          text)
    long = "encoder." * 8 + "position"
    text = imported("a long key", model(
        [node("Add", ["x", long], "y")], {"x": x}, ["y"], {long: x}))
    has("a long key is bound", text, 'bind "%s" -> ' % long)


def layers_that_do_nothing():
    proto = model(
        [node("Expand", "x s", "a"), node("Tile", "a r", "b"),
         node("Cast", "b", "c", to=1), node("Concat", "c", "d", axis=0),
         node("Relu", "d", "y")], {"x": x}, ["y"],
        {"s": np.array([2, 3]), "r": np.array([1, 1])})
    text = imported("nothing", proto)
    check("\nrelu\n" in text and not any(
        word in text for word in ("expand", "tile", "cast", "concat")),
        "what does nothing is not there", text)


for test in (names_that_would_be_one, inputs_that_nobody_reads,
             networks_without_inputs, types, names_too_long_for_a_line,
             layers_that_do_nothing):
    test()
finish()
