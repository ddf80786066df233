"""Broken and hostile ONNX models that others derived from good ones: each is
refused with a message, or, where it is still a model, becomes C that compiles.
None may crash, hang, take more than 2 GB, or be accepted where it is broken.

CNNC_CASES=REGEX in the environment runs some of them.
"""
import os
import sys

from suite import CNNC, SOURCE, load_harness, unpack


def main():
    harness = load_harness()
    sys.argv = ["run.py", "--cnnc", CNNC, "--malformed",
                os.path.join(unpack("malformed"), "malformed"),
                "-I", os.path.join(SOURCE, "runtime", "include"),
                "--cc", os.environ.get("CC", "cc"), "--jobs",
                str(os.cpu_count()), "--failures"]
    if os.environ.get("CNNC_CASES"):
        sys.argv += ["--filter", os.environ["CNNC_CASES"]]
    return harness.main()


sys.exit(main())
