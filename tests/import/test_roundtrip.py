"""test_roundtrip.py - what 'cnnc import' writes is the model, bit for bit, and
reads as a person would have written it.

The models are made here, with small seeded weights: ResNet-50 as PyTorch names
it, with batchnorm and with that folded into the convolutions, and others whose
structure, names or constants have to be said in some way of their own.
"""
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import same_bits  # noqa: E402
import numpy as np  # noqa: E402
import onnx  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402


class Maker:
    """Nodes one after the other; values are names."""

    def __init__(self, opset=13):
        self.nodes, self.weights = [], []
        self.rng = np.random.default_rng(1)
        self.opset = opset

    def weight(self, name, *shape, around=0.0):
        array = self.rng.normal(around, 0.3, shape).astype(np.float32)
        return self.constant(name, np.abs(array) if around else array)

    def constant(self, name, array):
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def node(self, op, *inputs, name="", **attributes):
        out = f"{name or op}_out{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [out], name=name,
                                           **attributes))
        return out

    def save(self, path, inputs, outputs):
        def ports(pairs):
            return [helper.make_tensor_value_info(n, TensorProto.FLOAT, s)
                    for n, s in pairs]
        nodes = self.nodes + [helper.make_node("Identity", [value], [name])
                              for value, name, _ in outputs]
        graph = helper.make_graph(
            nodes, "net", ports(inputs),
            ports([(name, shape) for _, name, shape in outputs]),
            self.weights)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 7
        onnx.checker.check_model(model)
        onnx.save(model, path)


class Torch(Maker):
    """Layers as torch.onnx writes them; modules by their paths."""

    folded = False

    def conv(self, x, path, c, filters, k=3, stride=1, groups=1, bias=False):
        names = [f"onnx::Conv_{len(self.weights)}",
                 f"onnx::Conv_{len(self.weights) + 1}"]
        if not self.folded:
            names = [path + ".weight", path + ".bias"]
        inputs = [x, self.weight(names[0], filters, c // groups, k, k)]
        if bias or self.folded:
            inputs.append(self.weight(names[1], filters))
        return self.node("Conv", *inputs, name=self.scope(path) + "/Conv",
                         kernel_shape=[k, k], strides=[stride] * 2,
                         pads=[k // 2] * 4, group=groups)

    def norm(self, x, path, c):
        if self.folded:
            return x
        return self.node(
            "BatchNormalization", x,
            self.weight(path + ".weight", c, around=1),
            self.weight(path + ".bias", c),
            self.weight(path + ".running_mean", c),
            self.weight(path + ".running_var", c, around=1),
            name=self.scope(path) + "/BatchNormalization")

    def linear(self, x, path, c, units):
        return self.node("Gemm", x, self.weight(path + ".weight", units, c),
                         self.weight(path + ".bias", units), transB=1,
                         name=self.scope(path) + "/Gemm")

    @staticmethod
    def scope(path):
        """layer1.0.conv1 -> /layer1/layer1.0/conv1"""
        scopes = []
        for part in path.split("."):
            in_list = part.isdigit() and scopes
            scopes.append(scopes[-1] + "." + part if in_list else part)
        return "/" + "/".join(scopes)


def resnet50(path, folded):
    m = Torch()
    m.folded = folded

    def bottleneck(x, name, c, width, stride):
        y = x
        for i, (a, b, k, s) in enumerate([(c, width, 1, 1),
                                          (width, width, 3, stride),
                                          (width, 4 * width, 1, 1)], 1):
            y = m.norm(m.conv(y, f"{name}.conv{i}", a, b, k, s),
                       f"{name}.bn{i}", b)
            if i < 3:
                y = m.node("Relu", y)
        if stride != 1 or c != 4 * width:
            x = m.conv(x, f"{name}.downsample.0", c, 4 * width, 1, stride)
            x = m.norm(x, f"{name}.downsample.1", 4 * width)
        return m.node("Relu", m.node("Add", y, x))

    x = m.norm(m.conv("image", "conv1", 3, 8, 7, 2), "bn1", 8)
    x = m.node("MaxPool", m.node("Relu", x), kernel_shape=[3, 3],
               strides=[2, 2], pads=[1] * 4)
    c = 8
    for layer, (width, count) in enumerate([(8, 3), (16, 4), (32, 6), (64, 3)],
                                           1):
        for i in range(count):
            stride = 2 if i == 0 and layer > 1 else 1
            x = bottleneck(x, f"layer{layer}.{i}", c, width, stride)
            c = 4 * width
    x = m.node("Flatten", m.node("GlobalAveragePool", x))
    x = m.linear(x, "fc", c, 10)
    m.save(path, [("image", [1, 3, 64, 64])], [(x, "scores", [1, 10])])


def mobilenet(path):
    """MobileNetV2: residual where nothing changes, modules in lists of lists."""
    m = Torch()

    def unit(x, name, c, filters, k, stride=1, groups=1):
        x = m.norm(m.conv(x, f"{name}.0", c, filters, k, stride, groups),
                   f"{name}.1", filters)
        return m.node("Clip", x, m.constant(f"low{len(m.nodes)}",
                                            np.float32(0)),
                      m.constant(f"high{len(m.nodes)}", np.float32(6)))

    x, c = unit("image", "features.0", 3, 8, 3, 2), 8
    blocks = [(8, 1), (12, 2), (12, 1), (16, 2), (16, 1), (16, 1), (24, 1)]
    for i, (filters, stride) in enumerate(blocks, 1):
        name = f"features.{i}.conv"
        y = unit(x, f"{name}.0", c, 6 * c, 1)
        y = unit(y, f"{name}.1", 6 * c, 6 * c, 3, stride, 6 * c)
        y = m.norm(m.conv(y, f"{name}.2", 6 * c, filters, 1), f"{name}.3",
                   filters)
        x = m.node("Add", x, y) if stride == 1 and filters == c else y
        c = filters
    m.save(path, [("image", [1, 3, 32, 32])], [(x, "features", [1, 24, 4, 4])])


def heads(path):
    """Several outputs, a value with several readers, concat, attention by
    channels, an output called by a keyword."""
    m = Maker()
    x = m.node("Conv", "input", m.weight("w (first)", 8, 3, 3, 3),
               kernel_shape=[3, 3], pads=[1] * 4)
    a = m.node("Relu", x)
    b = m.node("Sigmoid", m.node("Conv", a, m.weight("gate/kernel:0",
                                                     8, 8, 1, 1)))
    c = m.node("Mul", a, b)
    d = m.node("Concat", a, c, x, axis=1)
    e = m.node("Add", d, m.weight("learned", 1, 24, 1, 1))
    f = m.node("Mul", e, m.constant("two", np.float32(2)))
    g = m.node("Sub", m.constant("one", np.float32(1)), f)
    m.save(path, [("input", [1, 3, 8, 8])],
           [(c, "output", [1, 8, 8, 8]), (g, "far", [1, 24, 8, 8]),
            (m.weight("always", 2, 3), "constant", [2, 3])])


def weights_as_inputs(path):
    m = Maker()
    x = m.node("Conv", "image", "kernel", kernel_shape=[3, 3])
    y = m.node("Conv", x, "kernel2", m.weight("b", 2), kernel_shape=[1, 1])
    m.save(path, [("image", [1, 2, 6, 6]), ("kernel", [4, 2, 3, 3]),
                  ("kernel2", [2, 4, 1, 1])], [(y, "y", [1, 2, 4, 4])])


def shared(path):
    """Both towers have the same weights."""
    m = Maker()
    w, b = m.weight("tower.weight", 4, 2, 3, 3), m.weight("tower.bias", 4)
    left = m.node("Conv", "left", w, b, kernel_shape=[3, 3])
    right = m.node("Conv", "right", w, b, kernel_shape=[3, 3])
    y = m.node("Mul", left, m.node("Relu", right))
    m.save(path, [("left", [1, 2, 6, 6]), ("right", [1, 2, 6, 6])],
           [(y, "same", [1, 4, 4, 4])])


def hostile(path):
    """Names that no file should have."""
    m = Maker()
    names = ['"', "\\", "a\nb", "*/ // #", "conv1.weight", "relu", "x" * 500,
             "conv", "a.b.c.weight", "é", "0.weight", "in.weight"]
    x = "if"
    for name in names:
        x = m.node("Relu", m.node("Conv", x, m.weight(name, 2, 2, 1, 1)),
                   name=name)
    m.save(path, [("if", [1, 2, 3, 3])], [(x, "not", [1, 2, 3, 3])])


def long_and_flat(path):
    """Names that are numbered through: blocks are worth more."""
    m = Maker()
    x = "x"
    for i in range(24):
        y = m.node("Conv", x, m.weight(f"W{i}.weight", 4, 4, 3, 3),
                   m.weight(f"W{i}.bias", 4), kernel_shape=[3, 3],
                   pads=[1] * 4)
        y = m.node("Conv", m.node("Relu", y), m.weight(f"V{i}.weight",
                                                       4, 4, 1, 1))
        x = m.node("Add", x, m.node("Tanh", y))
    m.save(path, [("x", [1, 4, 5, 5])], [(x, "y", [1, 4, 5, 5])])


def decimals(path):
    """Attributes that somebody wrote as decimals, and are floats."""
    m = Maker()
    x = m.node("LeakyRelu", "x", alpha=0.1)
    x = m.node("Elu", x, alpha=0.7)
    x = m.node("Selu", x, alpha=1.6732632, gamma=1.0507009)
    x = m.node("BatchNormalization", x, m.weight("g", 2, around=1),
               m.weight("b", 2), m.weight("m", 2), m.weight("v", 2, around=1),
               epsilon=1e-3)
    m.save(path, [("x", [1, 2, 3, 3])], [(x, "y", [1, 2, 3, 3])])


def lines(text):
    return [s for s in text.split("\n") if s and not s.startswith("#")]


def binds(text):
    return len(re.findall(r"^bind ", text, re.M))


def test_resnet50(make):
    text = make(resnet50, False)
    assert len(lines(text)) <= 25, text
    assert "= bottleneck(16, stride=2) -> bottleneck(16) * 3" in text, text
    assert "if stride != 1 or in.channels != 4 * filters {" in text, text
    assert binds(text) == 0 and " as downsample.0" in text, text


def test_resnet50_without_batchnorm(make):
    text = make(resnet50, True)
    assert len(lines(text)) <= 25, text
    assert "layer3 = bottleneck(32, stride=2) -> bottleneck(32) * 5" in text
    assert binds(text) == 0 and "batchnorm" not in text, text


def test_mobilenet(make):
    text = make(mobilenet)
    assert "if stride == 1 and in.channels == filters {" in text, text
    assert "6 * in.channels" in text and binds(text) == 0, text
    assert len(lines(text)) <= 30, text


def test_heads(make):
    text = make(heads)
    assert 'bind "w (first)" -> ' in text, text
    assert 'bind "gate/kernel:0" -> ' in text, text
    assert "parameter learned : f32[24]" in text or "learned" in text, text
    assert re.search(r"^output output$", text, re.M), text


def test_weights_as_inputs(make):
    text = make(weights_as_inputs)
    assert "weight=" in text, text


def test_shared_weights(make):
    text = make(shared)
    assert 'bind "tower.weight" -> tower.weight\n' in text, text
    assert 'bind "tower.weight" -> conv2.weight\n' in text, text
    assert 'bind "tower.bias" -> conv2.bias\n' in text, text
    with open(make.folder + "/net.safetensors", "rb") as f:
        tensors = re.findall(r'"([^"]+)":{"dtype"', f.read(999).decode(
            "latin-1"))
    assert sorted(tensors) == ["tower.bias", "tower.weight"], tensors
    for name in ("direct", "through"):
        with open(f"{make.folder}/{name}.c") as f:
            arrays = re.findall(r"static const float (\w+)\[72\]", f.read())
        assert len(arrays) == 1, arrays


def test_hostile_names(make):
    text = make(hostile)
    assert r'bind "\"" -> ' in text and r'bind "a\nb" -> ' in text, text
    assert "x" * 200 not in text
    assert " as a.b.c" in text and " as 0 " in text, text


def test_decimals_are_as_they_were_written(make):
    text = make(decimals)
    for part in ("alpha=0.1)", "alpha=0.7)", "epsilon=0.001"):
        assert part in text, text
    assert not re.search(r"\d\.\d{9}", text), text


def test_blocks_before_flat_names(make):
    text = make(long_and_flat)
    assert len(lines(text)) <= 20 and " * 24" in text, text


def main():
    failed = 0
    tests = [(n, f) for n, f in globals().items() if n.startswith("test_")]
    for name, test in tests:
        with tempfile.TemporaryDirectory() as folder:
            def make(builder, *arguments):
                builder(f"{folder}/model.onnx", *arguments)
                return same_bits.check(f"{folder}/model.onnx", folder)
            make.folder = folder
            try:
                test(make)
            except AssertionError as why:
                failed += 1
                print(f"{name}: {why}")
    print(f"{len(tests)} models, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
