"""What the tests of this folder share: cases beside the project, and the
program that runs them, in the folder CNNC_CONFORMANCE or ../shared/conformance.
"""
import importlib.util
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import modules  # noqa: E402

SOURCE, BUILD, CNNC = (os.environ[v] for v in
                       ("CNNC_SOURCE", "CNNC_BUILD", "CNNC"))
SUITE = os.environ.get("CNNC_CONFORMANCE") or os.path.join(
    SOURCE, "..", "shared", "conformance")


def unpack(name):
    """The folder of a pack, unpacked once for each state of it."""
    pack = os.path.join(SUITE, "packs", name + ".tar.xz")
    folder = os.path.join(BUILD, "conformance", name)
    stamp = os.path.join(folder, "unpacked")
    facts = "%d" % os.path.getsize(pack)
    if not os.path.exists(stamp) or open(stamp).read() != facts:
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["tar", "-C", folder, "-xf", pack], check=True)
        with open(stamp, "w") as f:
            f.write(facts)
    return folder


def load_harness():
    """The program that runs cases, as a module; ends the test where something
    that it needs is not there."""
    if not os.path.exists(os.path.join(SUITE, "run.py")):
        modules.skip("no conformance cases in " + SUITE)
    modules.need("numpy", "onnx")
    features = subprocess.run([CNNC, "--version"], capture_output=True,
                              text=True).stdout
    if "without ONNX" in features:
        modules.skip("this cnnc was built without ONNX")
    spec = importlib.util.spec_from_file_location(
        "harness", os.path.join(SUITE, "run.py"))
    harness = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(harness)
    return harness
