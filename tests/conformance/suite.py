"""What the tests of this folder share: cases beside the project, and the
program that runs them, in the folder CNNC_CONFORMANCE or ../shared/conformance.
"""
import importlib.util
import os
import subprocess
import sys

SOURCE, BUILD, CNNC = (os.environ[v] for v in
                       ("CNNC_SOURCE", "CNNC_BUILD", "CNNC"))
SUITE = os.environ.get("CNNC_CONFORMANCE") or os.path.join(
    SOURCE, "..", "shared", "conformance")


def skip(why):
    print("skipped:", why)
    sys.exit(77)


def find_modules():
    """onnx and numpy: of this python, or of Debian's"""
    try:
        import numpy, onnx  # noqa: F401
    except ImportError:
        other = "/usr/bin/python3"
        if os.path.realpath(sys.executable) == os.path.realpath(other) or \
                subprocess.run([other, "-c", "import numpy, onnx"],
                               stderr=subprocess.DEVNULL).returncode:
            skip("python3-onnx and python3-numpy are not there")
        os.execv(other, [other] + sys.argv)


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
        skip("no conformance cases in " + SUITE)
    find_modules()
    features = subprocess.run([CNNC, "--version"], capture_output=True,
                              text=True).stdout
    if "without ONNX" in features:
        skip("this cnnc was built without ONNX")
    spec = importlib.util.spec_from_file_location(
        "harness", os.path.join(SUITE, "run.py"))
    harness = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(harness)
    return harness
