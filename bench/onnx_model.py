"""
onnx_model.py - a network of nets.py as ONNX, for ONNX Runtime.

    conv -> batchnorm -> relu      three nodes, in NCHW: what an exporter writes

Nothing is prepared that the runtime does itself: it folds the batchnorm, it
chooses its own blocked layout. The weights are PyTorch's, and so they fit.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import nets


def names(path):
    """What a file calls its inputs and its outputs; weights are no input."""
    graph = onnx.load(path, load_external_data=False).graph
    known = {t.name for t in graph.initializer}
    return ([i.name for i in graph.input if i.name not in known],
            [o.name for o in graph.output])


def onnx_shape(shape):
    return [1, shape[2], *shape[:2]] if len(shape) == 3 else [1, *shape]


class Builder:
    def __init__(self, net, weights):
        self.net, self.weights = net, weights
        self.nodes, self.tensors, self.names = [], [], {}

    def tensor(self, name, array):
        self.tensors.append(numpy_helper.from_array(array, name))
        return name

    def parameters(self, node, *parts):
        return [self.tensor(f"{node.name}.{part}",
                            self.weights[f"{node.name}.{part}"])
                for part in parts]

    def window(self, node):
        (top, bottom), (left, right) = node.attrs["pads"]
        return {"kernel_shape": node.attrs["kernel"],
                "strides": node.attrs["stride"],
                "pads": [top, left, bottom, right]}

    def emit(self, op, node, inputs=(), **attrs):
        ins = [self.names[id(x)] for x in node.inputs] + list(inputs)
        out = "output" if node is self.net.output else f"v{len(self.names)}"
        self.names[id(node)] = out
        self.nodes.append(helper.make_node(op, ins, [out], **attrs))

    def parts(self, node):
        return ("weight", "bias") if node.attrs["bias"] else ("weight",)

    def conv(self, node):
        self.emit("Conv", node, self.parameters(node, *self.parts(node)),
                  group=node.attrs["groups"], **self.window(node))

    def dense(self, node):
        self.emit("Gemm", node, self.parameters(node, "weight", "bias"),
                  transB=1)

    def batchnorm(self, node):
        names = self.parameters(node, "weight", "bias", "running_mean",
                                "running_var")
        self.emit("BatchNormalization", node, names, epsilon=nets.EPSILON)

    def relu6(self, node):
        limits = [self.tensor(f"{self.names[id(node.inputs[0])]}.{end}",
                              np.array(value, np.float32))
                  for end, value in (("low", 0), ("high", 6))]
        self.emit("Clip", node, limits)

    def global_avgpool(self, node):
        pooled = f"{self.names[id(node.inputs[0])]}.pooled"
        self.nodes.append(helper.make_node(
            "GlobalAveragePool", [self.names[id(node.inputs[0])]], [pooled]))
        self.names[id(node)] = f"{pooled}.flat"
        self.nodes.append(helper.make_node(
            "Flatten", [pooled], [f"{pooled}.flat"]))

    def maxpool(self, node):
        self.emit("MaxPool", node, **self.window(node))

    def relu(self, node):
        self.emit("Relu", node)

    def leaky_relu(self, node):
        self.emit("LeakyRelu", node, alpha=node.attrs["alpha"])

    def add(self, node):
        self.emit("Add", node)

    def flatten(self, node):
        self.emit("Flatten", node)

    def softmax(self, node):
        self.emit("Softmax", node, axis=1)

    def model(self):
        self.names[id(self.net.input)] = "input"
        for node in self.net.nodes[1:]:
            getattr(self, node.kind)(node)
        ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT,
                                              onnx_shape(node.shape))
                for name, node in (("input", self.net.input),
                                   ("output", self.net.output))]
        graph = helper.make_graph(self.nodes, self.net.name, ends[:1],
                                  ends[1:], self.tensors)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 8
        onnx.checker.check_model(model)
        return model


def save(net, weights, path):
    onnx.save(Builder(net, weights).model(), path)
