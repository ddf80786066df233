"""modules.py - Python's modules that a test needs, of this interpreter or of the
system's, where a distribution puts them.

    import modules
    modules.need("numpy", "onnx")      or the test is skipped, and says so
"""
import importlib
import os
import subprocess
import sys

SYSTEM = "/usr/bin/python3"


def skip(why):
    print("skipped:", why)
    sys.exit(77)


def need(*names):
    """Goes on, in the other interpreter perhaps: call it before anything else."""
    try:
        for name in names:
            importlib.import_module(name)
    except ImportError:
        if os.path.realpath(sys.executable) == os.path.realpath(SYSTEM) or \
                not os.path.exists(SYSTEM) or \
                subprocess.run([SYSTEM, "-c", "import " + ", ".join(names)],
                               stderr=subprocess.DEVNULL).returncode:
            skip(" and ".join("python3-" + name for name in names) +
                 " are needed")
        os.execv(SYSTEM, [SYSTEM] + sys.argv)
