"""
nets.py - the networks of examples/ once more, for the other side of a race.

    net = Net("tiny", (28, 28, 1))
    x = net.conv(net.input, "conv1", 6, 5, pad="same")
    x = net.relu(x)                       ->  a list of nodes with shapes

Shapes are per sample and channels last, as in the .cnn files; parameters have
PyTorch's names and layouts, so that one safetensors file serves both sides.
That both sides compute the same is not believed but measured in every run.
"""

from dataclasses import dataclass, field
from math import prod

EPSILON = 1e-5


@dataclass
class Node:
    kind: str
    inputs: list        # of nodes
    shape: tuple        # of its value: (h, w, c) or (n,)
    name: str = ""      # the path of its parameters, or ""
    attrs: dict = field(default_factory=dict)


def pads(size, kernel, stride, pad):
    """Zeros before and after along one axis; 'same' puts the odd one after."""
    if pad == "same":
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        return total // 2, total - total // 2
    return (0, 0) if pad == "valid" else (pad, pad)


def pair(value):
    return value if isinstance(value, tuple) else (value, value)


class Net:
    def __init__(self, name, shape, scale=None):
        """scale: the .cnn file takes bytes and multiplies them by it."""
        self.name, self.scale = name, scale
        self.input = Node("input", [], tuple(shape))
        self.nodes = [self.input]

    def node(self, kind, inputs, shape, name="", **attrs):
        self.nodes.append(Node(kind, inputs, tuple(shape), name, attrs))
        return self.nodes[-1]

    @property
    def output(self):
        return self.nodes[-1]

    def window(self, x, kernel, stride, pad):
        """Output height and width, and attributes, of a sliding window."""
        k, s = pair(kernel), pair(stride)
        edges = [pads(n, kk, ss, pad) for n, kk, ss in zip(x.shape, k, s)]
        out = [(n + sum(e) - kk) // ss + 1
               for n, e, kk, ss in zip(x.shape, edges, k, s)]
        return out, {"kernel": k, "stride": s, "pads": edges}

    def conv(self, x, name, filters, kernel, stride=1, pad="valid", groups=1,
             bias=True):
        (h, w), attrs = self.window(x, kernel, stride, pad)
        return self.node("conv", [x], (h, w, filters), name, groups=groups,
                         bias=bias, **attrs)

    def maxpool(self, x, kernel, stride=None, pad="valid"):
        (h, w), attrs = self.window(x, kernel, stride or kernel, pad)
        return self.node("maxpool", [x], (h, w, x.shape[2]), **attrs)

    def dense(self, x, name, units):
        return self.node("dense", [x], (units,), name, bias=True)

    def batchnorm(self, x, name):
        return self.node("batchnorm", [x], x.shape, name)

    def relu(self, x):
        return self.node("relu", [x], x.shape)

    def relu6(self, x):
        return self.node("relu6", [x], x.shape)

    def leaky_relu(self, x, alpha):
        return self.node("leaky_relu", [x], x.shape, alpha=alpha)

    def add(self, a, b):
        return self.node("add", [a, b], a.shape)

    def global_avgpool(self, x):
        return self.node("global_avgpool", [x], (x.shape[2],))

    def flatten(self, x):
        return self.node("flatten", [x], (prod(x.shape),))

    def softmax(self, x):
        return self.node("softmax", [x], x.shape)

    def conv_bn(self, x, conv, bn, *args, act="relu", **kw):
        """conv without bias -> batchnorm -> activation (none for None)."""
        x = self.batchnorm(self.conv(x, conv, *args, bias=False, **kw), bn)
        return getattr(self, act)(x) if act else x

    def parameters(self):
        """(name, shape) of each tensor, in PyTorch's layouts."""
        for node in self.nodes:
            if node.kind == "conv":
                c = node.inputs[0].shape[2] // node.attrs["groups"]
                shape = (node.shape[2], c, *node.attrs["kernel"])
            elif node.kind == "dense":
                shape = (node.shape[0], node.inputs[0].shape[0])
            elif node.kind == "batchnorm":
                for part in "weight", "bias", "running_mean", "running_var":
                    yield f"{node.name}.{part}", (node.shape[-1],)
                continue
            else:
                continue
            yield f"{node.name}.weight", shape
            if node.attrs["bias"]:
                yield f"{node.name}.bias", shape[:1]

    def macs(self):
        shapes = dict(self.parameters())
        return sum(prod(shapes[f"{n.name}.weight"]) * prod(n.shape[:-1])
                   for n in self.nodes if n.kind in ("conv", "dense"))


# ---- small ones ---------------------------------------------------------------


def lenet5():
    n = Net("lenet5", (28, 28, 1), scale=1 / 255)
    x = n.relu(n.conv(n.input, "conv1", 6, 5, pad="same"))
    x = n.relu(n.conv(n.maxpool(x, 2), "conv2", 16, 5))
    x = n.flatten(n.maxpool(x, 2))
    x = n.relu(n.dense(x, "dense1", 120))
    x = n.relu(n.dense(x, "dense2", 84))
    n.softmax(n.dense(x, "dense3", 10))
    return n


def ball():
    n = Net("ball", (16, 16, 1))
    x = n.relu(n.conv(n.input, "conv1", 8, 5, stride=2, pad="same"))
    x = n.relu(n.conv(n.maxpool(x, 2), "conv2", 12, 3, pad="same"))
    n.softmax(n.flatten(n.conv(x, "conv3", 2, 4)))
    return n


def pedestrian():
    n = Net("pedestrian", (36, 18, 1))
    x = n.input
    for i, (filters, pool) in enumerate([(12, 2), (32, 2), (64, (4, 2))], 1):
        x = n.relu(n.conv(x, f"conv{i}", filters, 3, pad="same"))
        x = n.maxpool(x, pool)
    n.softmax(n.flatten(n.conv(x, "conv4", 2, 2)))
    return n


def robot():
    n = Net("robot", (60, 80, 3))
    x, count = n.input, 0

    def stage(x, filters):
        nonlocal count
        count += 1
        x = n.conv(x, f"stage{count}.conv1", filters, 3, pad="same", bias=False)
        return n.leaky_relu(n.batchnorm(x, f"stage{count}.batchnorm1"), 0.1)

    x = n.maxpool(stage(x, 8), 2)
    x = n.maxpool(stage(stage(x, 12), 8), 2)
    n.conv(stage(stage(x, 16), 20), "conv1", 20, 1)
    return n


def resnet8():
    n = Net("resnet8", (32, 32, 3))
    x = n.conv_bn(n.input, "conv1", "bn1", 16, 3, pad="same")
    for i, (filters, stride) in enumerate([(16, 1), (32, 2), (64, 2)], 1):
        at = f"layer{i}."
        y = n.conv_bn(x, at + "conv1", at + "bn1", filters, 3, stride=stride,
                      pad="same")
        y = n.conv_bn(y, at + "conv2", at + "bn2", filters, 3, pad="same",
                      act=None)
        if stride != 1:
            x = n.conv(x, at + "downsample", filters, 1, stride=stride)
        x = n.relu(n.add(y, x))
    n.softmax(n.dense(n.global_avgpool(x), "fc", 10))
    return n


def separable(n, x, at, filters, stride=1):
    """Depthwise 3x3, then 1x1, each with batchnorm and relu."""
    c = x.shape[2]
    x = n.conv_bn(x, at + "conv1", at + "bn1", c, 3, stride=stride, pad="same",
                  groups=c)
    return n.conv_bn(x, at + "conv2", at + "bn2", filters, 1)


def dscnn():
    n = Net("dscnn", (49, 10, 1))
    x = n.conv_bn(n.input, "conv1", "bn1", 64, (10, 4), stride=2, pad="same")
    for i in range(4):
        x = separable(n, x, f"blocks.{i}.", 64)
    n.softmax(n.dense(n.global_avgpool(x), "fc", 12))
    return n


def mobilenetv1():
    n = Net("mobilenetv1_025", (96, 96, 3))
    x = n.conv_bn(n.input, "conv1", "bn1", 8, 3, stride=2, pad="same")
    plan = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2)]
    plan += [(128, 1)] * 5 + [(256, 2), (256, 1)]
    for i, (filters, stride) in enumerate(plan):
        x = separable(n, x, f"blocks.{i}.", filters, stride)
    n.softmax(n.dense(n.global_avgpool(x), "fc", 2))
    return n


def autoencoder():
    n = Net("autoencoder", (640,))
    x, sizes = n.input, [128] * 4 + [8] + [128] * 4
    for i, units in enumerate(sizes, 1):
        x = n.relu(n.dense(x, f"dense{i}", units))
    n.dense(x, "dense10", 640)
    return n


# ---- large ones, as torchvision names them --------------------------------------


def mobilenetv2():
    n = Net("mobilenetv2", (224, 224, 3))
    x = n.conv_bn(n.input, "features.0.0", "features.0.1", 32, 3, stride=2,
                  pad=1, act="relu6")
    plan = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
            (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    count = 0
    for grow, filters, repeat, first in plan:
        for i in range(repeat):
            count += 1
            x = inverted(n, x, f"features.{count}.conv.", grow, filters,
                         first if i == 0 else 1)
    x = n.conv_bn(x, "features.18.0", "features.18.1", 1280, 1, act="relu6")
    n.dense(n.global_avgpool(x), "classifier.1", 1000)
    return n


def inverted(n, x, at, grow, filters, stride):
    """MobileNetV2's block: widen, depthwise, narrow, and add where it fits."""
    y, hidden, i = x, x.shape[2] * grow, 0
    if grow != 1:
        y = n.conv_bn(y, at + "0.0", at + "0.1", hidden, 1, act="relu6")
        i = 1
    y = n.conv_bn(y, at + f"{i}.0", at + f"{i}.1", hidden, 3, stride=stride,
                  pad=1, groups=hidden, act="relu6")
    y = n.conv_bn(y, at + f"{i + 1}", at + f"{i + 2}", filters, 1, act=None)
    return n.add(x, y) if stride == 1 and x.shape == y.shape else y


def basic(n, x, at, filters, stride):
    y = n.conv_bn(x, at + "conv1", at + "bn1", filters, 3, stride=stride, pad=1)
    return n.conv_bn(y, at + "conv2", at + "bn2", filters, 3, pad=1, act=None)


def bottleneck(n, x, at, filters, stride):
    y = n.conv_bn(x, at + "conv1", at + "bn1", filters, 1)
    y = n.conv_bn(y, at + "conv2", at + "bn2", filters, 3, stride=stride, pad=1)
    return n.conv_bn(y, at + "conv3", at + "bn3", 4 * filters, 1, act=None)


def resnet(name, block, repeats):
    n = Net(name, (224, 224, 3))
    x = n.conv_bn(n.input, "conv1", "bn1", 64, 7, stride=2, pad=3)
    x = n.maxpool(x, 3, stride=2, pad=1)
    for i, repeat in enumerate(repeats):
        for j in range(repeat):
            at, stride = f"layer{i + 1}.{j}.", 2 if i and not j else 1
            y = block(n, x, at, 64 << i, stride)
            if x.shape != y.shape:
                x = n.conv_bn(x, at + "downsample.0", at + "downsample.1",
                              y.shape[2], 1, stride=stride, act=None)
            x = n.relu(n.add(y, x))
    n.dense(n.global_avgpool(x), "fc", 1000)
    return n


def resnet18():
    return resnet("resnet18", basic, [2, 2, 2, 2])


def resnet50():
    return resnet("resnet50", bottleneck, [3, 4, 6, 3])


# ---- one layer each, for the fraction of the machine's peak -----------------------


def layer(name, shape, filters, kernel, pad="same", groups=1):
    def build():
        n = Net(name, shape)
        n.conv(n.input, "conv1", filters, kernel, pad=pad, groups=groups)
        return n
    return build


NETS = {
    "ball": ball,
    "lenet5": lenet5,
    "autoencoder": autoencoder,
    "pedestrian": pedestrian,
    "robot": robot,
    "dscnn": dscnn,
    "resnet8": resnet8,
    "mobilenetv1_025": mobilenetv1,
    "mobilenetv2": mobilenetv2,
    "resnet18": resnet18,
    "resnet50": resnet50,
}

LAYERS = {
    "conv3x3_56x56x64": layer("conv3x3_56x56x64", (56, 56, 64), 64, 3),
    "conv3x3_14x14x256": layer("conv3x3_14x14x256", (14, 14, 256), 256, 3),
    "conv1x1_28x28x256": layer("conv1x1_28x28x256", (28, 28, 256), 256, 1),
    "conv5x5_28x28x1": layer("conv5x5_28x28x1", (28, 28, 1), 6, 5),
    "depthwise3x3_14x14x512":
        layer("depthwise3x3_14x14x512", (14, 14, 512), 512, 3, groups=512),
    "tiles3x3_56x56x64": layer("tiles3x3_56x56x64", (56, 56, 64), 64, 3),
    "tiles3x3_14x14x256": layer("tiles3x3_14x14x256", (14, 14, 256), 256, 3),
}

# All multiply-adds are made, so that the fraction of the peak is one; but of
# those in tiles (Winograd).
OPTIONS = {name: ["--skip=winograd"]
           for name in LAYERS if not name.startswith("tiles")}
