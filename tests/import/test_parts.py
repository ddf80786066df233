"""Slices of inputs and concats into outputs, in random models.

    x -> Slice -> Conv -> Relu  \\
    x -> MaxPool -> Slice        }  cut to one size -> Concat -> (Transpose) -> y
    x -> Conv (depthwise)       /

What is sliced is read, and what is concatenated is written, where the caller
keeps it: channels of planes or of pixels, rows, or elements of a flat array.
"""
import random

from models import expect, finish, i64, node, np, numbers

MODELS = 36


class Net:
    """A model that grows, and what it computes."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.nodes, self.init = [], {}
        self.x = numbers(self.pick(1, 1, 1, 2), self.pick(3, 4, 6, 16, 17, 32),
                         self.pick(1, 5, 8), self.pick(4, 7, 8))
        self.value = {"x": self.x}

    def pick(self, *words):
        return self.random.choice(words)

    def add(self, op, names, value, **attributes):
        name = "t%d" % len(self.value)
        self.nodes.append(node(op, names, [name], **attributes))
        self.value[name] = value
        return name

    def constant(self, value):
        name = "c%d" % len(self.init)
        self.init[name] = value
        return name

    def slice(self, t, axis=None, begin=None, end=None):
        x = self.value[t]
        if axis is None:
            axis = self.pick(0, 1, 1, 1, 2, 3)
            begin = self.random.randrange(x.shape[axis])
            end = self.random.randrange(begin, x.shape[axis]) + 1
        index = [slice(None)] * axis + [slice(begin, end)]
        return self.add("Slice", [t] + [self.constant(i64(n))
                                        for n in (begin, end, axis)],
                        x[tuple(index)])

    def conv(self, t, depthwise=False):
        x = self.value[t]
        channels = x.shape[1]
        kernel = 3 if depthwise else self.pick(1, 3)
        filters = channels if depthwise else self.pick(1, 2, 5, 8, 16, 24)
        w = numbers(filters, 1 if depthwise else channels, kernel, kernel) / 8
        return self.add("Conv", [t, self.constant(w)],
                        convolved(x, w, depthwise), pads=[kernel // 2] * 4,
                        group=channels if depthwise else 1)

    def depthwise(self, t):
        return self.conv(t, True)

    def activation(self, t):
        op, f = self.pick(("Relu", lambda x: np.maximum(x, 0)),
                          ("Tanh", np.tanh), ("Neg", np.negative))
        return self.add(op, [t], f(self.value[t]))

    def pool(self, t):
        x = self.value[t]
        if min(x.shape[2:]) < 2:
            return t
        x = x[:, :, :x.shape[2] // 2 * 2, :x.shape[3] // 2 * 2]
        taps = [x[:, :, i::2, j::2] for i in range(2) for j in range(2)]
        op, f = self.pick(("MaxPool", np.max), ("AveragePool", np.mean))
        return self.add(op, [t], f(taps, axis=0), kernel_shape=[2, 2],
                        strides=[2, 2])

    def branch(self):
        t = "x"
        for _ in range(self.random.randrange(1, 5)):
            t = self.pick(self.slice, self.slice, self.conv, self.conv,
                          self.depthwise, self.activation, self.pool)(t)
        return t

    def turned(self, t):
        return self.add("Transpose", [t],
                        self.value[t].transpose(0, 2, 3, 1), perm=[0, 2, 3, 1])

    def reshaped(self, t, *shape):
        return self.add("Reshape", [t, self.constant(i64(*shape))],
                        self.value[t].reshape(shape))

    def images(self, parts):
        """Side by side along the channels, first or last."""
        for axis in (0, 2, 3):
            size = min(self.value[t].shape[axis] for t in parts)
            parts = [t if self.value[t].shape[axis] == size
                     else self.slice(t, axis, 0, size) for t in parts]
        if self.random.random() < 0.3:
            return [self.turned(t) for t in parts], 3
        return parts, 1

    def flat(self, parts):
        if self.random.random() < 0.5:
            return [self.reshaped(t, 1, -1) for t in parts], 1
        return [self.reshaped(self.turned(t), 1, -1, 1) for t in parts], 1

    def output(self):
        parts = [self.branch() for _ in range(self.random.randrange(2, 5))]
        parts, axis = self.pick(self.images, self.images, self.flat)(parts)
        t = self.add("Concat", parts,
                     np.concatenate([self.value[p] for p in parts], axis),
                     axis=axis)
        return self.activation(t) if self.random.random() < 0.2 else t


def convolved(x, w, depthwise):
    pad = w.shape[2] // 2
    wide = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    y = 0
    for i in range(w.shape[2]):
        for j in range(w.shape[3]):
            tap = wide[:, :, i:i + x.shape[2], j:j + x.shape[3]]
            y = y + (tap * w[:, 0, i, j].reshape(1, -1, 1, 1) if depthwise
                     else np.einsum("nchw,oc->nohw", tap, w[:, :, i, j]))
    return y


for seed in range(MODELS):
    net = Net(seed)
    names = [net.output() for _ in range(net.pick(1, 1, 2))]
    expect(net.nodes, {"x": net.x}, {t: net.value[t] for t in names}, net.init,
           flags=("-O2",) if seed % 4 == 0 else ("-O2", "--target=native"),
           what="model %d" % seed)
finish()
