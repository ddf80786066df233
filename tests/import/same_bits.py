"""same_bits.py - what tests of 'cnnc import' share.

    model.onnx -> C -> library -> outputs on random inputs
        |                               the same bytes?
        +-> net.cnn + net.safetensors -> C -> library -> outputs

refused(...) tells a model that cnnc does not take from one that it fails on.
"""
import ctypes
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import modules  # noqa: E402

modules.need("numpy", "onnx")
import numpy as np  # noqa: E402

SOURCE = os.environ.get("CNNC_SOURCE", ".")
CNNC = os.environ.get("CNNC", "build/cnnc")
CC = os.environ.get("CC", "cc")


class Refused(Exception):
    """cnnc says that it does not support the model."""


def cnnc(*words):
    """Runs it; what it says on standard error."""
    done = subprocess.run([CNNC, *words], capture_output=True, text=True)
    if done.returncode == 1 and "not supported" in done.stderr:
        raise Refused(done.stderr)
    if done.returncode != 0:
        raise AssertionError(f"{words}: status {done.returncode}\n"
                             f"{done.stderr}")
    return done.stderr


def build(model, folder, name, options=()):
    """The network as a library, and its manifest. Without optimisation: what
    the C computes does not depend on it."""
    c, library = f"{folder}/{name}.c", f"{folder}/{name}.so"
    manifest = f"{folder}/{name}.json"
    cnnc(model, "-o", c, "--manifest", manifest, "--target=x86-64-v3"
         if os.uname().machine == "x86_64" else "--target=generic", *options)
    subprocess.run([CC, "-shared", "-fPIC", "-O0", "-w", "-I",
                    f"{SOURCE}/runtime/include", c, "-o", library], check=True)
    return library, json.load(open(manifest))


def random_array(rng, port):
    dtype, shape = np.dtype(port["dtype"]), port["shape"]
    if dtype == np.bool_:
        return rng.integers(0, 2, shape).astype(dtype)
    if dtype.kind in "iu":
        return rng.integers(0, 100, shape).astype(dtype)
    return rng.uniform(-1, 1, shape).astype(dtype)


def run(library, manifest, inputs):
    function = getattr(ctypes.CDLL(library), manifest["network"])
    outputs = [np.zeros(p["shape"], p["dtype"]) for p in manifest["outputs"]]
    function(*(a.ctypes.data_as(ctypes.c_void_p)
               for a in [np.ascontiguousarray(x) for x in inputs] + outputs))
    return outputs


def check(model, folder, options=(), seeds=(1, 2)):
    """The text of the network; AssertionError where outputs differ."""
    net = f"{folder}/net.cnn"
    direct, manifest = build(model, folder, "direct", options)
    cnnc("import", model, "-o", net, *options)
    through, again = build(net, folder, "through")
    assert len(manifest["inputs"]) == len(again["inputs"])
    for seed in seeds:
        rng = np.random.default_rng(seed)
        inputs = [random_array(rng, port) for port in manifest["inputs"]]
        for a, b, port in zip(run(direct, manifest, inputs),
                              run(through, again, inputs),
                              manifest["outputs"]):
            assert a.tobytes() == b.tobytes(), (
                f"{port['name']}: {np.count_nonzero(a != b)} of {a.size} "
                "elements differ")
    check_form(net)
    return open(net, encoding="utf-8").read()


def check_form(net):
    """Standard form, no warning, and no line of more than 100 characters."""
    cnnc("format", "--check", net)
    assert cnnc("check", net) == "", cnnc("check", net)
    for line in open(net, encoding="utf-8"):
        assert len(line.rstrip("\n")) <= 100, line
