"""
plain_c.py - a network of nets.py as plain loops in C: what one writes by hand.

    for each output pixel, for each tap, for each input channel:
        for each output channel: sum[oc] += x * w[oc]

No vectors, no blocking, no fusion; but constant sizes, batchnorm folded into
the convolution before it, and the loop over output channels innermost, so that
-O3 can vectorise it. The weights come from a file beside the program.
"""

from math import prod

import numpy as np

import nets

FUNCTIONS = """\
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* groups == 1: w [kh][kw][c][oc]; depthwise: w [kh][kw][c]. */
#define LOOP(i, n) for (int i = 0; i < (n); i++)
#define INLINE     static inline __attribute__((always_inline))

INLINE void conv(const float *x, const float *w, const float *b, float *y,
                 int h, int wd, int c, int oh, int ow, int oc, int kh, int kw,
                 int sh, int sw, int top, int left)
{
    LOOP(i, oh) LOOP(j, ow) {
        float *sum = y + (i * ow + j) * oc;
        LOOP(o, oc) sum[o] = b[o];
        LOOP(r, kh) LOOP(s, kw) {
            int ih = i * sh + r - top, iw = j * sw + s - left;
            if (ih < 0 || ih >= h || iw < 0 || iw >= wd)
                continue;
            LOOP(k, c) LOOP(o, oc)
                sum[o] += x[(ih * wd + iw) * c + k] *
                          w[((r * kw + s) * c + k) * oc + o];
        }
    }
}

INLINE void depthwise(const float *x, const float *w, const float *b, float *y,
                      int h, int wd, int c, int oh, int ow, int kh, int kw,
                      int sh, int sw, int top, int left)
{
    LOOP(i, oh) LOOP(j, ow) {
        float *sum = y + (i * ow + j) * c;
        LOOP(o, c) sum[o] = b[o];
        LOOP(r, kh) LOOP(s, kw) {
            int ih = i * sh + r - top, iw = j * sw + s - left;
            if (ih < 0 || ih >= h || iw < 0 || iw >= wd)
                continue;
            LOOP(o, c)
                sum[o] += x[(ih * wd + iw) * c + o] * w[(r * kw + s) * c + o];
        }
    }
}

INLINE void maxpool(const float *x, float *y, int h, int wd, int c, int oh,
                    int ow, int kh, int kw, int sh, int sw, int top, int left)
{
    LOOP(i, oh) LOOP(j, ow) {
        float *best = y + (i * ow + j) * c;
        LOOP(o, c) best[o] = -INFINITY;
        LOOP(r, kh) LOOP(s, kw) {
            int ih = i * sh + r - top, iw = j * sw + s - left;
            if (ih < 0 || ih >= h || iw < 0 || iw >= wd)
                continue;
            LOOP(o, c) {
                float v = x[(ih * wd + iw) * c + o];
                best[o] = v > best[o] ? v : best[o];
            }
        }
    }
}

INLINE void average(const float *x, float *y, int pixels, int c)
{
    LOOP(o, c) y[o] = 0;
    LOOP(i, pixels) LOOP(o, c) y[o] += x[i * c + o];
    LOOP(o, c) y[o] /= (float)pixels;
}

INLINE void softmax(const float *x, float *y, int n)
{
    float most = x[0], sum = 0;
    LOOP(i, n) most = x[i] > most ? x[i] : most;
    LOOP(i, n) sum += y[i] = expf(x[i] - most);
    LOOP(i, n) y[i] /= sum;
}

static float *weights;

/* Reads the weights when the library is opened. */
__attribute__((constructor)) static void load(void)
{
    const char *path = "%s";
    weights = malloc(%d * sizeof(float));
    FILE *file = fopen(path, "rb");
    if (!weights || !file || fread(weights, 4, %d, file) != %d)
        exit(1);
    fclose(file);
}
"""


def folded(net, weights):
    """id of conv or dense -> (weight, bias), its batchnorm multiplied in."""
    found = {}
    for node in net.nodes:
        if node.kind in ("conv", "dense"):
            weight = weights[f"{node.name}.weight"]
            bias = np.zeros(node.shape[-1], np.float32)
            if node.attrs["bias"]:
                bias = weights[f"{node.name}.bias"]
            found[id(node)] = weight, bias
        elif node.kind == "batchnorm":
            part = {p: weights[f"{node.name}.{p}"] for p in
                    ("weight", "bias", "running_mean", "running_var")}
            factor = part["weight"] / np.sqrt(part["running_var"]
                                              + nets.EPSILON)
            weight, bias = found[id(node.inputs[0])]
            found[id(node.inputs[0])] = (
                weight * factor.reshape(-1, *[1] * (weight.ndim - 1)),
                (bias - part["running_mean"]) * factor + part["bias"])
    return found


def channels_last_columns(weight, shape):
    """Columns of [out][c h w], reordered to [out][h w c]."""
    h, w, c = shape
    order = np.arange(h * w * c).reshape(c, h, w).transpose(1, 2, 0).ravel()
    return weight[:, order]


ACTIVATIONS = {
    "relu": "v > 0 ? v : 0",
    "relu6": "v < 0 ? 0 : v > 6 ? 6 : v",
    "leaky_relu": "v > 0 ? v : v * {alpha}f",
}
SAME_VALUE = {"batchnorm", "flatten"}


class Printer:
    def __init__(self, net, weights):
        self.net, self.folded = net, folded(net, weights)
        self.blob, self.count = [], 0
        self.place, self.size = {id(net.input): "input"}, 0

    def tensor(self, array):
        at = self.count
        self.blob.append(np.ascontiguousarray(array, np.float32).ravel())
        self.count += array.size
        return f"weights + {at}"

    def buffer(self, node):
        """Where a node's value lies: each its own, nothing is reused."""
        if node is self.net.output:
            self.place[id(node)] = "output"
        else:
            self.place[id(node)] = f"work + {self.size}"
            self.size += -(-prod(node.shape) // 16) * 16
        return self.place[id(node)]

    def call(self, name, node, *arguments):
        sources = [self.place[id(x)] for x in node.inputs]
        texts = [*sources, *map(str, arguments)]
        return f"    {name}({', '.join(texts)});"

    def window(self, node):
        (top, _), (left, _) = node.attrs["pads"]
        return [*node.attrs["kernel"], *node.attrs["stride"], top, left]

    def statement(self, node):
        source = node.inputs[0]
        if node.kind in ("conv", "dense"):
            weight, bias = self.folded[id(node)]
            depthwise = node.kind == "conv" and node.attrs["groups"] > 1
            if source.kind == "flatten":
                weight = channels_last_columns(weight, source.inputs[0].shape)
            order = (2, 3, 1, 0) if weight.ndim == 4 else (1, 0)
            w, b = self.tensor(weight.transpose(order)), self.tensor(bias)
            to = self.buffer(node)
            if node.kind == "dense":
                return self.call("conv", node, w, b, to, 1, 1,
                                 source.shape[0], 1, 1, node.shape[0],
                                 1, 1, 1, 1, 0, 0)
            ends = node.shape[:2] if depthwise else node.shape
            return self.call("depthwise" if depthwise else "conv", node, w, b,
                             to, *source.shape, *ends, *self.window(node))
        to = self.buffer(node)
        if node.kind == "maxpool":
            return self.call("maxpool", node, to, *source.shape,
                             *node.shape[:2], *self.window(node))
        if node.kind == "global_avgpool":
            return self.call("average", node, to, prod(source.shape[:2]),
                             source.shape[2])
        if node.kind == "softmax":
            return self.call("softmax", node, to, node.shape[0])
        return self.elementwise(node, to)

    def elementwise(self, node, to):
        a = self.place[id(node.inputs[0])]
        if node.kind == "add":
            value = f"({a})[i] + ({self.place[id(node.inputs[1])]})[i]"
            return f"    LOOP(i, {prod(node.shape)}) ({to})[i] = {value};"
        value = ACTIVATIONS[node.kind].format(**node.attrs)
        return (f"    LOOP(i, {prod(node.shape)}) {{\n"
                f"        float v = ({a})[i];\n"
                f"        ({to})[i] = {value};\n    }}")

    def text(self, blob_path):
        lines = []
        for node in self.net.nodes[1:]:
            if node.kind in SAME_VALUE:
                self.place[id(node)] = self.place[id(node.inputs[0])]
            else:
                lines.append(self.statement(node))
        head = FUNCTIONS % (blob_path, self.count, self.count, self.count)
        return "\n".join([
            head, "void plain_run(const float *input, float *output, "
            "float *work)", "{", *lines, "}", ""])


def save(net, weights, c_path, blob_path):
    """Writes the C file and its weights; returns the workspace's bytes."""
    printer = Printer(net, weights)
    text = printer.text(blob_path)
    with open(c_path, "w", encoding="utf-8") as file:
        file.write(text)
    np.concatenate(printer.blob).tofile(blob_path)
    return printer.size * 4
