"""test_files.py - 'cnnc import' writes both of its files or none, and leaves
what it does not write as it was."""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import same_bits  # noqa: E402
import numpy as np  # noqa: E402
import onnx  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402


def save(path, *nodes, weights=()):
    """y from x, both [1, 4]."""
    def port(name):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4])
    graph = helper.make_graph(
        [helper.make_node(op, inputs, outputs, domain=domain)
         for op, inputs, outputs, domain in nodes], "net", [port("x")],
        [port("y")], [numpy_helper.from_array(array, name)
                      for name, array in weights])
    model = helper.make_model(graph, opset_imports=[
        helper.make_opsetid("", 13), helper.make_opsetid("elsewhere", 1)])
    model.ir_version = 7
    onnx.save(model, path)


def dense(path):
    save(path, ("Gemm", ["x", "w"], ["h"], ""), ("Relu", ["h"], ["y"], ""),
         weights=[("w", np.ones((4, 4), np.float32))])


def run(*words):
    done = subprocess.run([same_bits.CNNC, "import", *words],
                          capture_output=True, text=True)
    assert done.returncode in (0, 1), (words, done.returncode, done.stderr)
    return done.returncode == 0, done.stderr


def files():
    return sorted(os.listdir("."))


def content(path):
    return open(path, "rb").read()


def test_both_files_lie_beside_each_other():
    dense("net.onnx")
    os.mkdir("sub")
    assert run("net.onnx", "-o", "sub/a.cnn")[0]
    assert sorted(os.listdir("sub")) == ["a.cnn", "a.safetensors"]
    assert b'weights "a.safetensors"' in content("sub/a.cnn")


def test_without_o_the_name_is_the_models():
    os.mkdir("sub")
    dense("sub/net.onnx")
    assert run("sub/net.onnx")[0]
    assert files() == ["net.cnn", "net.safetensors", "sub"]


def test_no_weights_no_file_of_weights():
    save("net.onnx", ("Relu", ["x"], ["y"], ""))
    assert run("net.onnx")[0]
    assert files() == ["net.cnn", "net.onnx"]
    assert b"weights" not in content("net.cnn")


def test_names_of_keywords():
    save("input.onnx", ("Relu", ["x"], ["y"], ""))
    assert run("input.onnx")[0]
    same_bits.cnnc("check", "input.cnn")


def test_files_that_are_there_are_replaced():
    dense("net.onnx")
    for name in ["net.cnn", "net.safetensors"]:
        open(name, "w").write("old")
    assert run("net.onnx")[0]
    assert content("net.cnn") != b"old" and content("net.safetensors") != b"old"


def test_a_model_that_is_refused_changes_nothing():
    save("net.onnx", ("Odd", ["x"], ["y"], "elsewhere"))
    open("net.cnn", "w").write("old")
    good, messages = run("net.onnx")
    assert not good and "Odd" in messages
    assert files() == ["net.cnn", "net.onnx"] and content("net.cnn") == b"old"


def test_what_cannot_be_written_changes_nothing():
    dense("net.onnx")
    os.mkdir("net.safetensors")
    open("net.cnn", "w").write("old")
    assert not run("net.onnx")[0]
    assert files() == ["net.cnn", "net.onnx", "net.safetensors"]
    assert content("net.cnn") == b"old" and not os.listdir("net.safetensors")
    assert not run("net.onnx", "-o", "nowhere/net.cnn")[0]
    assert files() == ["net.cnn", "net.onnx", "net.safetensors"]


def test_nothing_that_is_read_is_written():
    dense("net.onnx")
    os.symlink("net.onnx", "net.cnn")
    before = content("net.onnx")
    for words, why in [(["net.onnx", "-o", "net.onnx"], "overwritten"),
                       (["net.onnx"], "overwritten"),
                       (["net.onnx", "-o", "a.safetensors"], "suffix"),
                       (["net.onnx", "-o", "-"], "two files"),
                       (["net.cnn"], "ONNX"), (["none.onnx"], "none.onnx")]:
        good, messages = run(*words)
        assert not good and why in messages, (words, messages)
    assert files() == ["net.cnn", "net.onnx"] and content("net.onnx") == before


def test_two_runs_write_the_same():
    dense("net.onnx")
    assert run("net.onnx", "-o", "a.cnn")[0]
    first = content("a.cnn"), content("a.safetensors")
    assert run("net.onnx", "-o", "a.cnn")[0]
    assert first == (content("a.cnn"), content("a.safetensors"))


def main():
    failed = 0
    tests = [(n, f) for n, f in globals().items() if n.startswith("test_")]
    same_bits.CNNC = os.path.abspath(same_bits.CNNC)
    for name, test in tests:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                test()
            except AssertionError as why:
                failed += 1
                print(f"{name}: {why}")
            os.chdir("/")
    print(f"{len(tests)} tests, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
