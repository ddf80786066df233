"""
test_lenet5.py - the example classifies real digits: at least 98.5 % of the
last 2,000 of MNIST's t10k (where CNNC_MNIST or ../shared/data/mnist has them)
and 90 of the hundred drawn ones; and on each of them the generated C says what
`cnnc run` says, which computes in double precision.
"""

import array
import ctypes
import gzip
import json
import os
import struct
import subprocess
import sys
import tempfile

CNNC, SOURCE = os.environ["CNNC"], os.environ["CNNC_SOURCE"]
LENET5 = os.path.join(SOURCE, "examples", "lenet5")
MNIST = os.environ.get("CNNC_MNIST") or os.path.join(SOURCE, "..", "shared",
                                                     "data", "mnist")


def read_idx(path):
    if not os.path.exists(path):
        path += ".gz"
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        data = file.read()
    rank = data[3]
    count, *size = struct.unpack_from(f">{rank}I", data, 4)
    step = 1
    for n in size:
        step *= n
    start = 4 + 4 * rank
    return [data[start + i * step:start + (i + 1) * step]
            for i in range(count)]


def read_set(folder):
    return (read_idx(os.path.join(folder, "t10k-images-idx3-ubyte")),
            [b[0] for b in
             read_idx(os.path.join(folder, "t10k-labels-idx1-ubyte"))])


def build(work):
    """The generated C as a function from bytes to ten numbers."""
    source, facts = os.path.join(work, "lenet5.c"), os.path.join(work, "json")
    subprocess.run([CNNC, os.path.join(LENET5, "lenet5.cnn"), "--bundle",
                    "-o", source, "--manifest", facts], check=True)
    with open(facts, encoding="utf-8") as file:
        facts = json.load(file)
    assert facts["parameters"] == 61706, facts
    assert facts["inputs"][0]["shape"] == [28, 28, 1], facts
    library = os.path.join(work, "lenet5.so")
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-shared", "-fPIC",
                    source, "-o", library], check=True)
    function = ctypes.CDLL(library).lenet5

    def classify(image):
        digit = (ctypes.c_float * 10)()
        function(ctypes.c_char_p(image), digit)
        return list(digit)
    return classify


def reference(work, image):
    """What cnnc run says of an image."""
    path, out = os.path.join(work, "x.pgm"), os.path.join(work, "y.npy")
    with open(path, "wb") as file:
        file.write(b"P5\n28 28\n255\n" + image)
    subprocess.run([CNNC, "run", os.path.join(LENET5, "lenet5.cnn"), path,
                    "-o", out], check=True, stdout=subprocess.DEVNULL)
    with open(out, "rb") as file:
        return array.array("f", file.read()[-40:])


def judge(work, classify, images, labels, least):
    right = 0
    for i, (image, label) in enumerate(zip(images, labels)):
        ours, truth = classify(image), reference(work, image)
        apart = max(abs(a - b) for a, b in zip(ours, truth))
        assert apart < 1e-5, f"digit {i}: off by {apart}"
        right += ours.index(max(ours)) == label
    print(f"{right} of {len(labels)} right, {least} are enough")
    assert right >= least


def main():
    if not os.access(CNNC, os.X_OK):
        print(f"skipped: there is no {CNNC}")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as work:
        classify = build(work)
        judge(work, classify, *read_set(os.path.join(LENET5, "digits")), 90)
        if os.path.isdir(MNIST):
            images, labels = read_set(MNIST)
            judge(work, classify, images[8000:], labels[8000:], 1970)
        else:
            print(f"no MNIST in {MNIST}")


if __name__ == "__main__":
    main()
