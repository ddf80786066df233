"""test_commands.py - summary, graph, run, eval, verify, check and bench take a
model as they take a network: layers without scaffolding, images for inputs
whose channels come first, names that cannot harm a terminal."""
import os
import subprocess
import xml.dom.minidom

from models import CNNC, check, finish, folder, model, node, np, numbers, onnx


def cnnc(*words, status=0):
    done = subprocess.run([CNNC, *words], cwd=folder, capture_output=True)
    text = done.stdout + done.stderr
    check(done.returncode == status, " ".join(words),
          text.decode(errors="replace"))
    return text


def save(proto, name="net.onnx"):
    onnx.save(proto, os.path.join(folder, name))


def small_network(size=(6, 4), x="x", y="y"):
    """[1, 3, h, w] -> conv -> relu -> mean -> gemm -> [1, 5]"""
    return model(
        [node("Conv", [x, "k"], "c", kernel_shape=[3, 3], pads=[1] * 4,
              name="stem"),
         node("Relu", "c", "r"), node("GlobalAveragePool", "r", "g"),
         node("Flatten", "g", "f"), node("Gemm", ["f", "w"], [y])],
        {x: numbers(1, 3, *size)}, [y],
        {"k": numbers(8, 3, 3, 3), "w": numbers(8, 5)})


def image(name, pixels):
    height, width, _ = pixels.shape
    with open(os.path.join(folder, name), "wb") as f:
        f.write(b"P6 %d %d 255\n" % (width, height) + pixels.tobytes())


def summary_lists_layers():
    save(small_network())
    text = cnnc("summary", "net.onnx").decode()
    rows = text.split("---\n")[1].splitlines()
    kinds = [r.split("(")[1].split(")")[0] for r in rows if "(" in r]
    check("folded" not in "".join(r for r in rows if "(transpose)" in r),
          "no folded transposes", text)
    check(kinds.count("transpose") <= 1 and "conv" in kinds, "layers", text)
    check("6x4x8" in text and "216" in text and "5,184" in text,
          "shapes, parameters and MACs of the convolution", text)
    check("input   x: f32 [1, 3, 6, 4]" in text, "the model's input", text)


def images_for_channels_first():
    save(small_network())
    pixels = np.random.default_rng(3).integers(0, 256, (6, 4, 3), np.uint8)
    image("x.ppm", pixels)
    planes = np.float32(pixels.transpose(2, 0, 1)[None]) / 255
    np.save(folder + "/x.npy", planes)
    np.save(folder + "/pixels.npy", np.float32(pixels[None]) / 255)
    wanted = cnnc("run", "net.onnx", "x.npy")
    check(cnnc("run", "net.onnx", "x.ppm") == wanted, "an image is turned")
    text = cnnc("run", "net.onnx", "pixels.npy", status=1)
    check(b"[1, 3, 6, 4]" in text or b"[3, 6, 4]" in text,
          "an array is not turned", text.decode())
    check(cnnc("run", "net.onnx", "pixels.npy", "--io-layout=nhwc") == wanted,
          "with the layout of images an array is one")
    os.makedirs(folder + "/set/1", exist_ok=True)
    image("set/1/a.ppm", pixels)
    text = cnnc("eval", "net.onnx", "--data", "set", "--engine=kernel")
    check(b"1 samples" in text, "eval reads images", text.decode())


def other_commands():
    save(small_network())
    for words in (["check"], ["verify", "--samples=1"], ["bench"]):
        cnnc(words[0], "net.onnx", *words[1:])


def names_that_terminals_obey():
    evil = "\x1b[2J\x07\u009b\u202e\r\n\"<&'\\*/"
    save(small_network(x="x" + evil, y="y" + evil))
    np.save(folder + "/x.npy", np.ones((1, 3, 6, 4), np.float32))
    save(small_network(x="a" + evil, y="a" + evil), "bad.onnx")
    outputs = {
        "summary": cnnc("summary", "net.onnx"),
        "check": cnnc("check", "net.onnx"),
        "run": cnnc("run", "net.onnx", "x.npy"),
        "verify": cnnc("verify", "net.onnx", "--samples=1"),
        "dump": cnnc("net.onnx", "--dump-after=all", "-o", "net.c"),
        "an error": cnnc("check", "bad.onnx", status=1),
        "a false array": cnnc("run", "net.onnx", "k.npy", status=1),
        "dot": (cnnc("graph", "net.onnx", "-o", "net.dot"),
                open(folder + "/net.dot", "rb").read())[1],
        "svg": (cnnc("graph", "net.onnx", "-o", "net.svg"),
                open(folder + "/net.svg", "rb").read())[1],
    }
    for name, text in outputs.items():
        text = text.decode()
        found = [c for c in text if c != "\n" and
                 (ord(c) < 32 or 127 <= ord(c) < 160 or c == "\u202e")]
        check(not found, name + " obeys no name", repr(text))
    xml.dom.minidom.parse(folder + "/net.svg")


for test in (summary_lists_layers, images_for_channels_first, other_commands,
             names_that_terminals_obey):
    test()
finish()
