"""test_torch.py - the references against PyTorch, in double.

Each case is one node: PyTorch computes it on random data with the batch and
the channels in front, evaluate_text computes the text form of a graph with
channels last.
"""
import os
import random
import subprocess
import sys
import tempfile
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import modules  # noqa: E402

modules.need("numpy", "torch")
import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

warnings.simplefilter("ignore")  # even kernels and 'same'
PROGRAM = os.path.join(os.environ["CNNC_BUILD"], "tests", "evaluate_text")
rng = random.Random(1)
torch.manual_seed(1)
torch.set_num_threads(1)


def yes(flag):
    return "yes" if flag else "no"


def image(h, w, c):
    return torch.randn(1, c, h, w, dtype=torch.float64)


def image_of(deep):
    return F.pixel_shuffle(deep, 2)


def floats(*shape):
    """Parameters are floats: the numbers must be the same on both sides."""
    return torch.randn(*shape).double()


def channels_last(tensor):
    array = tensor.detach().numpy()
    return array[0].transpose(1, 2, 0) if array.ndim == 4 else array[0]


def shape_text(array):
    return "[" + ", ".join(map(str, array.shape)) + "]"


def evaluate(folder, op, attrs, inputs, parameters, expected, kind):
    """Writes the graph and its arrays, runs it, reads the output."""
    lines = ["graph test"]
    for i, x in enumerate(inputs):
        lines.append(f"input x{i}: f32{shape_text(x)}")
        np.ascontiguousarray(x, np.float64).tofile(f"{folder}/x{i}.f64")
    for i, p in enumerate(parameters):
        lines.append(f"parameter p{i}: f32{shape_text(p)}")
        np.ascontiguousarray(p, np.float32).tofile(f"{folder}/p{i}.f32")
    reads = [f"x{i}" for i in range(len(inputs))]
    reads += [f"p{i}" for i in range(len(parameters))]
    attrs = "; " + attrs if attrs else ""
    lines.append(f"y: {kind}{shape_text(expected)} = "
                 f"{op}({', '.join(reads)}{attrs})")
    lines.append("output y = y\n")
    with open(f"{folder}/net.txt", "w") as file:
        file.write("\n".join(lines))
    run = subprocess.run([PROGRAM, f"{folder}/net.txt", folder],
                         stderr=subprocess.PIPE, text=True)
    if run.returncode != 0:
        return lines[-2], run.stderr
    y = np.fromfile(f"{folder}/y.out").reshape(expected.shape)
    off = np.abs(y - expected).max() / max(1, np.abs(expected).max())
    return lines[-2], "" if off < 1e-12 else f"off by {off:g}"


def conv_case():
    groups = rng.choice([1, 1, 2, 3])
    c, filters = groups * rng.choice([1, 2, 5]), groups * rng.choice([1, 3])
    kernel = [rng.choice([1, 2, 3, 5]) for _ in range(2)]
    stride = [rng.choice([1, 2, 3]) for _ in range(2)]
    dilation = [rng.choice([1, 1, 2]) for _ in range(2)]
    pad = [rng.choice([0, 1, 2, 3]) for _ in range(4)]
    x = image(rng.randint(9, 13), rng.randint(9, 13), c)
    w, b = floats(filters, c // groups, *kernel), floats(filters)
    padded = F.pad(x, (pad[1], pad[3], pad[0], pad[2]))
    y = F.conv2d(padded, w, b, stride, 0, dilation, groups)
    attrs = (f"filters={filters}, kernel={kernel[0]}x{kernel[1]}, "
             f"stride={stride[0]}x{stride[1]}, pad={pad}, "
             f"dilation={dilation[0]}x{dilation[1]}, groups={groups}")
    return "conv", attrs, [x], [w.numpy().transpose(2, 3, 1, 0), b.numpy()], y


def same_case():
    """'same' as PyTorch has it for stride 1."""
    kernel = [rng.choice([1, 3, 4, 5]) for _ in range(2)]
    dilation = rng.choice([1, 2])
    x, w = image(7, 9, 2), floats(3, 2, *kernel)
    y = F.conv2d(x, w, None, 1, "same", dilation)
    attrs = (f"filters=3, kernel={kernel[0]}x{kernel[1]}, pad=same, "
             f"dilation={dilation}, bias=no")
    return "conv", attrs, [x], [w.numpy().transpose(2, 3, 1, 0)], y


def pool_case():
    kernel = [rng.choice([1, 2, 3, 4]) for _ in range(2)]
    stride = [rng.choice([1, 2, 3]) for _ in range(2)]
    pad = [rng.randint(0, k // 2) for k in kernel]  # PyTorch allows no more
    ceil_mode, count = rng.random() < 0.5, rng.random() < 0.5
    x = image(rng.randint(5, 12), rng.randint(5, 12), 3)
    attrs = (f"kernel={kernel[0]}x{kernel[1]}, stride={stride[0]}x{stride[1]}, "
             f"pad=[{pad[0]}, {pad[1]}], ceil_mode={yes(ceil_mode)}")
    if rng.random() < 0.5:
        y = F.max_pool2d(x, kernel, stride, pad, ceil_mode=ceil_mode)
        return "maxpool", attrs, [x], [], y
    y = F.avg_pool2d(x, kernel, stride, pad, ceil_mode, count)
    return ("avgpool", f"{attrs}, count_include_pad={yes(count)}", [x], [], y)


def transposed_case():
    """PyTorch pads both ends alike: what is cut off more is cut off here."""
    groups = rng.choice([1, 1, 2, 3])
    c, filters = groups * rng.choice([1, 2, 5]), groups * rng.choice([1, 3])
    kernel = [rng.choice([1, 2, 3, 4, 5]) for _ in range(2)]
    stride = [rng.choice([1, 2, 2, 3, 4]) for _ in range(2)]
    dilation = [rng.choice([1, 1, 2, 3]) for _ in range(2)]
    more = [rng.randint(0, max(s, d) - 1) for s, d in zip(stride, dilation)]
    x = image(rng.randint(3, 6), rng.randint(3, 6), c)
    w, b = floats(c, filters // groups, *kernel), floats(filters)
    y = F.conv_transpose2d(x, w, b, stride, 0, more, groups, dilation)
    pad = [rng.randint(0, min(3, y.shape[2] // 2 - 1)) for _ in range(2)]
    pad += [rng.randint(0, min(3, y.shape[3] // 2 - 1)) for _ in range(2)]
    y = y[:, :, pad[0]:y.shape[2] - pad[1], pad[2]:y.shape[3] - pad[3]]
    attrs = (f"filters={filters}, kernel={kernel[0]}x{kernel[1]}, "
             f"stride={stride[0]}x{stride[1]}, "
             f"pad=[{pad[0]}, {pad[2]}, {pad[1]}, {pad[3]}], "
             f"output_padding={more[0]}x{more[1]}, "
             f"dilation={dilation[0]}x{dilation[1]}, groups={groups}")
    ours = w.numpy().reshape(groups, c // groups, filters // groups, *kernel)
    ours = ours.transpose(3, 4, 1, 0, 2).reshape(*kernel, c // groups, filters)
    return "conv_transpose", attrs, [x], [ours, b.numpy()], y


def dilated_pool_case():
    kernel = [rng.choice([1, 2, 3]) for _ in range(2)]
    stride = [rng.choice([1, 2, 3]) for _ in range(2)]
    dilation = [rng.choice([1, 2, 3]) for _ in range(2)]
    ceil_mode = rng.random() < 0.5
    x = image(rng.randint(7, 12), rng.randint(7, 12), 3)
    y = F.max_pool2d(x, kernel, stride, 0, dilation, ceil_mode)
    attrs = (f"kernel={kernel[0]}x{kernel[1]}, stride={stride[0]}x{stride[1]}, "
             f"dilation={dilation[0]}x{dilation[1]}, "
             f"ceil_mode={yes(ceil_mode)}")
    return "maxpool", attrs, [x], [], y


def resize_case():
    """PyTorch's bicubic with antialias has another factor, and looks at no
    pixel twice."""
    x = image(rng.randint(2, 9), rng.randint(2, 9), 2)
    size = [rng.randint(1, 20) for _ in range(2)]
    attrs = f"size={size[0]}x{size[1]}"
    mode = rng.choice(["nearest", "nearest-exact", "bilinear", "bicubic"])
    if mode.startswith("nearest"):
        y = F.interpolate(x, size, mode=mode)
        how = ("asymmetric, round=floor" if mode == "nearest" else
               "half_pixel, round=prefer_ceil")
        return "resize", f"{attrs}, mode=nearest, coordinates={how}", [x], [], y
    corners = rng.random() < 0.5
    antialias = not corners and rng.random() < 0.5
    y = F.interpolate(x, size, mode=mode, align_corners=corners,
                      antialias=antialias)
    attrs += (f", mode={mode[2:]}, coordinates="
              f"{'align_corners' if corners else 'half_pixel'}")
    if antialias:
        attrs += ", antialias=yes, exclude_outside=yes, cubic=-0.5"
    return "resize", attrs, [x], [], y


def norm_pool_case():
    kernel = [rng.choice([1, 2, 3]) for _ in range(2)]
    p = rng.choice([1, 2, 3, 5])
    x = image(6, 7, 3)  # PyTorch's sums have signs
    y = F.lp_pool2d(x.abs(), p, kernel)
    return ("lppool", f"kernel={kernel[0]}x{kernel[1]}, p={p}", [x], [], y)


def dense_case():
    n, units = rng.randint(1, 40), rng.randint(1, 20)
    x, w, b = torch.randn(1, n).double(), floats(units, n), floats(units)
    return ("dense", f"units={units}", [x], [w.numpy().T, b.numpy()],
            F.linear(x, w, b))


def batchnorm_case():
    x, w, b, mean = image(3, 4, 5), floats(5), floats(5), floats(5)
    var = torch.rand(5).double()
    y = F.batch_norm(x, mean, var, w, b, eps=1e-3)
    return ("batchnorm", "epsilon=1e-3", [x],
            [w.numpy(), b.numpy(), mean.numpy(), var.numpy()], y)


UNARY = [
    ("relu", "", F.relu), ("relu6", "", F.relu6), ("elu", "", F.elu),
    ("clip", "low=-0.5, high=1", lambda x: x.clamp(-0.5, 1)),
    ("leaky_relu", "", F.leaky_relu),
    ("leaky_relu", "alpha=0.3", lambda x: F.leaky_relu(x, 0.3)),
    ("elu", "alpha=0.5", lambda x: F.elu(x, 0.5)),
    ("sigmoid", "", torch.sigmoid), ("tanh", "", torch.tanh),
    ("softplus", "", lambda x: F.softplus(x, threshold=100)),
    ("hard_sigmoid", "", F.hardsigmoid), ("hard_swish", "", F.hardswish),
    ("silu", "", F.silu), ("gelu", "", F.gelu),
    ("gelu_tanh", "", lambda x: 0.5 * x * (1 + torch.tanh(
        (2 / np.pi) ** 0.5 * (x + 0.044715 * x ** 3)))),
    ("mish", "", F.mish), ("log_sigmoid", "", F.logsigmoid),
    ("softsign", "", F.softsign), ("selu", "", F.selu),
    ("celu", "alpha=0.7", lambda x: F.celu(x, 0.7)),
    ("thresholded_relu", "alpha=0.5", lambda x: F.threshold(x, 0.5, 0)),
    ("shrink", "lambda=0.6", lambda x: F.hardshrink(x, 0.6)),
    ("shrink", "lambda=0.6, bias=0.6", lambda x: F.softshrink(x, 0.6)),
    ("abs", "", torch.abs), ("neg", "", torch.neg), ("sign", "", torch.sign),
    ("square", "", torch.square), ("floor", "", torch.floor),
    ("ceil", "", torch.ceil), ("round", "", torch.round),
    ("exp", "", torch.exp), ("erf", "", torch.erf),
    ("reciprocal", "", torch.reciprocal),
]


def unary_case(row):
    x = image(4, 4, 40) * 4
    return row[0], row[1], [x], [], row[2](x)


def fixed_cases():
    x, other = image(4, 6, 3), image(4, 6, 3)
    vector = torch.rand(1, 3, 1, 1).double() + 0.5
    yield "global_avgpool", "", [x], [], x.mean((2, 3))
    yield "global_maxpool", "", [x], [], x.amax((2, 3))
    yield "softmax", "", [x], [], x.softmax(1)
    yield "softmax", "axis=0", [x], [], x.softmax(2)
    yield "upsample", "scale=2x3", [x], [], F.interpolate(
        x, scale_factor=(2, 3), mode="nearest")
    deep = image(3, 4, 24)
    yield "depth_to_space", "block=2, order=crd", [deep], [], \
        F.pixel_shuffle(deep, 2)
    yield "space_to_depth", "block=2, order=crd", [image_of(deep)], [], \
        F.pixel_unshuffle(image_of(deep), 2)
    for size in (1, 3, 5):  # PyTorch has the longer side in front
        yield "lrn", f"size={size}, alpha=0.3, beta=0.6, bias=2", [deep], [], \
            F.local_response_norm(deep, size, 0.3, 0.6, 2)
    yield "pad", "pad=[1, 0, 2, 3], value=0.5", [x], [], F.pad(
        x, (0, 3, 1, 2), value=0.5)
    yield "concat", "", [x, other, x], [], torch.cat([x, other, x], 1)
    yield "concat", "axis=1", [x, other], [], torch.cat([x, other], 3)
    yield "add", "", [x, other], [], x + other
    yield "sub", "", [x, vector], [], x - vector
    yield "mul", "", [vector, x], [], x * vector
    yield "div", "", [x, vector], [], x / vector
    yield "min", "", [x, other], [], torch.minimum(x, other)
    yield "max", "", [x, other], [], torch.maximum(x, other)
    yield "prelu", "", [x, vector], [], F.prelu(x, vector.flatten())
    yield "sqrt", "", [x.abs()], [], x.abs().sqrt()
    yield "log", "", [x.abs()], [], x.abs().log()
    yield "argmax", "", [x], [], x.argmax(1)
    yield "argmax", "axis=1", [x], [], x.argmax(3)


def cases():
    for _ in range(60):
        yield conv_case()
        yield pool_case()
        yield transposed_case()
        yield resize_case()
    for _ in range(10):
        yield same_case()
        yield dilated_pool_case()
        yield norm_pool_case()
        yield dense_case()
    yield batchnorm_case()
    yield from map(unary_case, UNARY)
    yield from fixed_cases()


def expected_array(op, attrs, y):
    if op == "argmax":  # [1, h, w], or [1, c, h]
        array = y.numpy()[0]
        return (array.T if attrs else array).astype(np.float64), "i32"
    return channels_last(y), "f32"


def main():
    count = faults = 0
    with tempfile.TemporaryDirectory() as folder:
        for op, attrs, inputs, parameters, y in cases():
            expected, kind = expected_array(op, attrs, y)
            line, fault = evaluate(folder, op, attrs,
                                   [channels_last(x) for x in inputs],
                                   parameters, expected, kind)
            count += 1
            if fault:
                faults += 1
                print(line, fault, sep="\n    ")
    print(f"{count} cases, {faults} faults")
    return faults > 0


sys.exit(main())
