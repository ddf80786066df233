"""test_hostile.py - names in a model, in every place where ONNX has one, reach
no file and no terminal but as names.

    graph, nodes, inputs, outputs, weights, value_info, dim_param, functions and
    their domains, doc strings, metadata, producer; operators and attributes,
    which are refused; the model's file

What is written: .c (plain, as a program, as a bundle), .h, the manifest, .d,
.cnn, .safetensors, .svg, .dot; what is said: errors, dumps, tables.
"""
import json
import os
import struct
import subprocess

from models import (CC, CNNC, SOURCE, WARNINGS, TensorProto, check, finish,
                    folder, helper, node, np, numbers, numpy_helper, onnx)

NAMES = [
    "", "*/ int main(void) { abort(); } /*", "// \\", "\\", "\"", "'", "??/",
    "%s%n%99999d", "\n", "\r\n#error x\r\n", "\n\nbind \"a\" -> b\n", "\t",
    "\x1b[2J\x1b]0;x\x07", "\x7f\u009b31m", "\u202eabc\u2066", "\ufeff",
    "\u00e4\U0001f600\u4e2d", "l" * 70000, "int", "return", "_Bool", "main",
    "printf", "NULL", "INT_MAX", "net_run", "net", "cnnc_x", "cnnc_exp",
    "f32x8_load", "CNNC_FN", "a/b", "a.b", "a_b", "A_B", "A/b", "..", ".",
    "a..b", "-", "--weights", "0", "1e5", "inf", "nan", "in", "input", "conv",
    "relu", "block", "same", "network", "train", "x" * 63, "]}\",\"a\":[{",
    "</title><script>", "&amp;", "$(touch x)", "`touch x`", "a\\\nb", "_", "__",
]


def distinct(place):
    """The names, told apart by the place they stand in."""
    return [n + place if n else place for n in NAMES]


def hostile_model():
    """y = the weights added to x and taken from it again, one function each
    third time; every name is hostile"""
    nodes, weights, functions, infos = [], [], [], []
    inputs, outputs = distinct("i")[:12], distinct("o")[:12]
    values = dict(zip(inputs, inputs))
    last = inputs[0]
    for k, (value, weight) in enumerate(zip(distinct("v"), distinct("w"))):
        domain, function = distinct("d")[k], distinct("f")[k]
        weights.append(numpy_helper.from_array(numbers(2, 9), weight))
        if k % 3 or not domain or not function:
            nodes.append(helper.make_node(
                "Add", [last, weight], [value], name=NAMES[k],
                doc_string=NAMES[k]))
        else:
            functions.append(helper.make_function(
                domain, function, ["a", "b" + NAMES[k]], ["c" + NAMES[k]],
                [helper.make_node("Sub", ["a", "b" + NAMES[k]],
                                  ["c" + NAMES[k]], name=NAMES[k])],
                [helper.make_opsetid("", 15)]))
            nodes.append(helper.make_node(function, [last, weight], [value],
                                          domain=domain, name=NAMES[k]))
        infos.append(helper.make_tensor_value_info(value, 1, [2, 9]))
        last = value
    for i, (name, out) in enumerate(zip(inputs, outputs)):
        nodes.append(helper.make_node("Add", [last, values[name]], [out]))
    dim = NAMES[1]
    graph = helper.make_graph(
        nodes, NAMES[1],
        [helper.make_tensor_value_info(n, 1, [dim if i == 1 else 2, 9])
         for i, n in enumerate(inputs)],
        [helper.make_tensor_value_info(n, 1, [2, 9]) for n in outputs],
        weights, doc_string="".join(NAMES), value_info=infos)
    proto = helper.make_model(
        graph, ir_version=8, producer_name=NAMES[1], domain=NAMES[3],
        doc_string="".join(NAMES), functions=functions, opset_imports=[
            helper.make_opsetid("", 15)] + [
            helper.make_opsetid(f.domain, 1) for f in functions])
    helper.set_model_props(proto, {n: n for n in NAMES if n})
    return proto, dim, inputs, outputs


def run(*words):
    """-> (status, what was said)"""
    done = subprocess.run(words, cwd=folder, capture_output=True)
    return done.returncode, done.stdout + done.stderr


def is_harmless(what, text, lines=True):
    try:
        text = text.decode("utf-8")
    except UnicodeDecodeError as why:
        check(False, what + " is UTF-8", str(why))
        return
    found = sorted({c for c in text if c not in "\n" + "\t" * lines and
                    (ord(c) < 32 or 127 <= ord(c) < 160 or
                     c in "\u202e\u2066\ufeff")})
    check(not found, what + " has no control characters", repr(found))


def read(name):
    with open(os.path.join(folder, name), "rb") as f:
        return f.read()


def write(name, content):
    with open(os.path.join(folder, name), "wb") as f:
        f.write(content)


def compiles(name, *flags):
    runtime = ["-I", os.path.join(SOURCE, "runtime", "include")]
    for language in (["-std=c99"], ["-std=c++17", "-x", "c++"]):
        status, said = run(*CC.split(), *language, *WARNINGS, *runtime, *flags,
                           "-c", name, "-o", "hostile.o")
        check(status == 0, "%s compiles as %s" % (name, language[0]),
              said.decode(errors="replace")[:2000])


def all_files():
    proto, dim, inputs, outputs = hostile_model()
    write("net.onnx", proto.SerializeToString())
    fix = "--dim=%s=2" % dim
    for name, flags in (("net", []), ("program", ["--main"]),
                        ("bundle", ["--bundle"])):
        status, said = run(CNNC, "net.onnx", fix, "-O0", "-o", name + ".c",
                           "--manifest", "net.json", "-MD", *flags)
        check(status == 0, "written: " + name, said.decode(errors="replace"))
        is_harmless("what is said of " + name, said)
        is_harmless(name + ".c", read(name + ".c"))
        compiles(name + ".c")
    is_harmless("net.h", read("net.h"))
    write("user.c", b'#include "net.h"\nint user(void);\n'
          b'int user(void) { return 0; }\n')
    compiles("user.c")
    manifest = json.loads(read("net.json"))
    check([p["name"] for p in manifest["inputs"]] == inputs, "inputs by name")
    check([p["name"] for p in manifest["outputs"]] == outputs,
          "outputs by name")
    is_harmless("the manifest", read("net.json"))
    through_the_language(fix)
    for command, output in (("summary", None), ("check", None),
                            ("graph", "g.svg"), ("graph", "g.dot")):
        status, said = run(CNNC, command, "net.onnx", fix,
                           *(["-o", output] if output else []))
        check(status == 0, command, said.decode(errors="replace"))
        is_harmless(command, read(output) if output else said)
    status, said = run(CNNC, "net.onnx", fix, "--dump-after=all", "-o", "d.c")
    check(status == 0, "a dump")
    is_harmless("a dump", said)


def through_the_language(fix):
    status, said = run(CNNC, "import", "net.onnx", fix, "-o", "net.cnn")
    check(status == 0, "imported", said.decode(errors="replace"))
    is_harmless("net.cnn", read("net.cnn"))
    for words in (["check", "net.cnn"], ["format", "--check", "net.cnn"],
                  ["net.cnn", "-o", "again.c", "-O0"]):
        status, said = run(CNNC, *words)
        check(status == 0 and not said, " ".join(words), said.decode())
    compiles("again.c")
    file = read("net.safetensors")
    head = json.loads(file[8:8 + struct.unpack("<Q", file[:8])[0]])
    check(len(head) == len(NAMES) + 1, "all weights are there", str(len(head)))


def refusals():
    """Operators, attributes and types that there are not; cut, escaped."""
    for name in NAMES:
        for what, proto in (
                ("operator", [node(name or "?", "x", "y", name=name)]),
                ("domain", [node("Relu", "x", "y", domain=name or "?")]),
                ("attribute", [node("Relu", "x", "y", **{name or "?": 1})]),
                ("word", [node("Conv", "x x", "y", auto_pad=name)]),
                ("input", [node("Relu", [name or "?"], "y")])):
            graph = helper.make_graph(
                proto, name, [helper.make_tensor_value_info(
                    "x", TensorProto.FLOAT, [1, 1, 4, 4])],
                [helper.make_tensor_value_info("y", 1, None)])
            write("bad.onnx", helper.make_model(
                graph, ir_version=8, opset_imports=[
                    helper.make_opsetid("", 15),
                    helper.make_opsetid(name or "?", 1)]).SerializeToString())
            status, said = run(CNNC, "check", "bad.onnx")
            check(status == 1, "%s %.20r is refused" % (what, name),
                  said.decode(errors="replace"))
            is_harmless("%s %.20r" % (what, name), said)
            check(len(said) < 3000, "%s %.20r is cut" % (what, name))
        status, said = run(CNNC, "check", "bad.onnx", "--json")
        for line in said.decode().splitlines():
            json.loads(line)


def bytes_that_are_no_text():
    """Each place of a name, with a byte that is no UTF-8, is refused."""
    proto, dim, _, _ = hostile_model()
    for field in ("iQQQ", "oQQQ", "wQQQ", "vQQQ", "nQQQ", "gQQQ", "pQQQ",
                  "aQQQ", "dQQQ", "fQQQ"):
        graph = helper.make_graph(
            [helper.make_node("Add", ["iQQQ", "wQQQ"], ["vQQQ"], name="nQQQ"),
             helper.make_node("LeakyRelu", ["vQQQ"], ["oQQQ"], alpha=0.5,
                              doc_string="dQQQ")],
            "gQQQ", [helper.make_tensor_value_info("iQQQ", 1, ["pQQQ"])],
            [helper.make_tensor_value_info("oQQQ", 1, None)],
            [numpy_helper.from_array(numbers(3), "wQQQ")])
        proto = helper.make_model(graph, ir_version=8, producer_name="fQQQ",
                                  opset_imports=[helper.make_opsetid("", 15)])
        for bad in (b"\xff\xfe\xfd", b"\xc0\x80\xaf", b"\xed\xa0\x80",
                    b"\xf4\x90\x80"):
            content = proto.SerializeToString().replace(
                field.encode(), field[0].encode() + bad)
            write("net.onnx", content)
            status, said = run(CNNC, "net.onnx", "--dim=pQQQ=3", "-o", "bad.c")
            is_harmless("bytes in %s" % field, said)
            if field[0] in "df":  # nobody reads those
                check(status == 0, field, said.decode())
            elif field[0] != "a":
                check(status == 1, "%s is refused" % field, said.decode())


def names_of_files():
    write("weights.onnx", helper.make_model(
        helper.make_graph([node("Gemm", "x w", "y")], "g",
                          [helper.make_tensor_value_info("x", 1, [1, 3])],
                          [helper.make_tensor_value_info("y", 1, [1, 3])],
                          [numpy_helper.from_array(numbers(3, 3), "w")]),
        ir_version=8, opset_imports=[
            helper.make_opsetid("", 15)]).SerializeToString())
    proto = helper.make_model(
        helper.make_graph([node("Relu", "x", "y")], "g",
                          [helper.make_tensor_value_info("x", 1, [3])],
                          [helper.make_tensor_value_info("y", 1, [3])]),
        ir_version=8, opset_imports=[helper.make_opsetid("", 15)])
    for name in NAMES:
        file = name.replace("/", ":")[:200]
        if not file.strip(".") or file.startswith("-"):
            continue
        write(file + ".onnx", proto.SerializeToString())
        for words in ([file + ".onnx", "-o", "file.c", "--manifest", "f.json"],
                      ["import", file + ".onnx", "-o", "file.cnn"],
                      ["check", "file.cnn"]):
            status, said = run(CNNC, *words)
            check(status == 0, "file %.20r: %s" % (file, words[0][:9]),
                  said.decode(errors="replace"))
        status, said = run(CNNC, "import", "weights.onnx", "-o", file + ".cnn")
        is_harmless("what import says of %.20r" % file, said)
        check((status == 0) == all(32 <= ord(c) < 127 or c in "\u00e4\U0001f600"
                                   "\u4e2d" for c in file),
              "import to %.20r" % file, said.decode())
        if status == 0:
            status, said = run(CNNC, "check", "./" + file + ".cnn")
            check(status == 0, "its weights are found", said.decode())
        is_harmless("the C of %.20r" % file, read("file.c"))
        is_harmless("the network of %.20r" % file, read("file.cnn"))
        json.loads(read("f.json"))
        if name[:1] in "*/\\?'\"\n\r":
            compiles("file.c")
        os.remove(os.path.join(folder, file + ".onnx"))


for test in (all_files, refusals, bytes_that_are_no_text, names_of_files):
    test()
finish()
